//! Records in memory, cut into batches.

use arrow_schema::SchemaRef;
use laminar_connector_generator::workload::Workload;
use laminar_schema::RawBatch;

const SEED: u64 = 42;

/// What one round of a comparison decodes: enough for the records to come from beyond the second-level cache, as they do
/// in a running engine.
pub const BYTES_PER_ROUND: usize = 8 << 20;

/// One line of a benchmark's table: a workload, and whether its keys come in random order with 5 % of them missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Case {
    pub name: &'static str,
    pub workload: Workload,
    pub shuffled: bool,
}

impl Case {
    const fn plain(workload: Workload) -> Self {
        Self { name: workload.name(), workload, shuffled: false }
    }

    pub const ALL: [Self; 7] = [
        Self::plain(Workload::Trades),
        Self::plain(Workload::Wide),
        Self::plain(Workload::Nested),
        Self::plain(Workload::Projected),
        Self::plain(Workload::Escapes),
        Self::plain(Workload::Floats),
        Self { name: "shuffled", workload: Workload::Wide, shuffled: true },
    ];

    pub fn schema(&self) -> SchemaRef {
        self.workload.schema()
    }

    /// Is it one of the six workloads whose geometric mean is the headline? `shuffled` is one of them over again.
    pub fn counts_in_mean(&self) -> bool {
        !self.shuffled
    }

    /// As many whole batches as it takes to fill `num_bytes`.
    pub fn records_of(&self, num_bytes: usize, rows_per_batch: usize) -> Records {
        self.records((num_bytes / self.workload.mean_record_bytes()).max(1).next_multiple_of(rows_per_batch))
    }

    /// Writes `num_rows` records.
    pub fn records(&self, num_rows: usize) -> Records {
        let mut generator = self.workload.generator(SEED);
        if self.shuffled {
            generator = generator.with_shuffled_keys().with_missing_rate(0.05);
        }
        let mut records = Records { bytes: Vec::new(), ends: Vec::with_capacity(num_rows) };
        for _ in 0..num_rows {
            generator.write_record(&mut records.bytes);
            records.bytes.push(b'\n');
            records.ends.push(records.bytes.len());
        }
        records
    }
}

/// Owns the bytes of records, a line feed after each.
#[derive(Debug)]
pub struct Records {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Records {
    pub fn num_bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Cuts the records into batches of `num_rows`; the last may have fewer.
    pub fn batches(&self, num_rows: usize) -> Vec<Batch<'_>> {
        let mut start = 0;
        let cut = |ends: &[usize]| {
            let mut records = Vec::with_capacity(ends.len());
            let first = start;
            for &end in ends {
                records.push(&self.bytes[start..end - 1]);
                start = end;
            }
            Batch { lines: &self.bytes[first..start], raw: RawBatch::from_values(&records), records }
        };
        self.ends.chunks(num_rows).map(cut).collect()
    }
}

/// One batch, as each kind of decoder likes it.
#[derive(Debug)]
pub struct Batch<'a> {
    /// All records, a line feed after each.
    pub lines: &'a [u8],
    /// The same records one by one, without line feeds.
    pub records: Vec<&'a [u8]>,
    /// The same records as a source of ours hands them on.
    pub raw: RawBatch,
}
