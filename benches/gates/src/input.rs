//! Records in memory, cut into batches.

use std::hint::black_box;

use arrow_schema::SchemaRef;
use laminar_connector_generator::workload::Workload;
use laminar_schema::RawBatch;

const SEED: u64 = 42;

/// What one round of a comparison decodes: enough for no decoder to learn the records by heart.
pub const BYTES_PER_ROUND: usize = 8 << 20;

/// What one turn of a comparison decodes, as far as whole batches allow: about what the second-level cache holds.
const BYTES_PER_TURN: usize = 1 << 20;

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

/// The batches of one turn each.
pub fn turns<'b, 'a>(batches: &'b [Batch<'a>]) -> Vec<&'b [Batch<'a>]> {
    let bytes_per_batch = batches.first().map_or(1, |batch| batch.lines.len());
    batches.chunks((BYTES_PER_TURN / bytes_per_batch).max(1)).collect()
}

/// Reads every byte of the batches, in each form that they have: a source has just written the records that an engine
/// decodes.
pub fn bring_into_cache(batches: &[Batch<'_>]) {
    for batch in batches {
        let in_arena = (0..batch.raw.len()).map(|record| batch.raw.value(record));
        let all = std::iter::once(batch.lines).chain(in_arena);
        black_box(all.flatten().fold(0_u8, |sum, byte| sum ^ byte));
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
