//! Parquet files that nobody made: described, read as columns under a predicate, and decoded as one record.

use std::{
    io::Cursor,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use arrow_array::{ArrayRef, BooleanArray, Float64Array, Int32Array, Int64Array, ListArray, RecordBatch, StringArray};
use arrow_schema::SchemaRef;
use laminar_formats::parquet::{ParquetDecoder, ParquetEncoder, ParquetOptions};
use laminar_schema::{
    ColumnsReader, ColumnsRequest, Comparison, ConnectorConfig, DecoderSet, EncodedBatch, FormatDecoder, FormatEncoder,
    FormatSpec, Options, Predicate, RawBatch, Scan, SchemaResult,
};

/// Batches that are read of one file: a few bytes may promise any number of rows, of which each batch is as good.
const MAX_BATCHES: usize = 16;
const MAX_BATCH_ROWS: usize = 1024;

/// Reads bytes as a Parquet file. That it is none is an answer; a panic, and a batch beyond what was asked for, are not.
///
/// # Panics
/// When what comes out contradicts itself.
pub fn parquet(bytes: &[u8]) {
    read(bytes);
}

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Refused,
    Read,
}

fn read(bytes: &[u8]) -> Outcome {
    let format = FormatSpec::new("parquet");
    let described = ParquetDecoder::describe(&format, Some(&mut Cursor::new(bytes.to_vec())));
    let whole = rows(&format, bytes, None, 0);
    let Ok(Some(described)) = described else {
        assert!(whole.is_err(), "a file that says nothing of itself is not read");
        return Outcome::Refused;
    };
    let schema = described.schema;
    // A predicate leaves out rows at most: what is read under it is some of what is read without.
    let scan = Scan { predicate: predicate(&schema), ..Scan::all(Arc::clone(&schema)) };
    let some = rows(&format, bytes, Some(&scan), 0);
    if let (Ok(whole), Ok(some)) = (&whole, &some) {
        assert!(some <= whole, "{some} rows of {whole}");
    }
    let _ = rows(&format, bytes, Some(&Scan::all(Arc::clone(&schema))), 3);
    // Files that promise much are left to the reader above, which need not take all of it.
    if matches!(whole, Ok(rows) if rows < MAX_BATCHES * MAX_BATCH_ROWS) {
        let mut decoder = ParquetDecoder::build(&laminar_schema::DecodeSpec::new(schema, format))
            .ok()
            .flatten()
            .expect("a schema that a file has told");
        let decoded = decoder.decode(&RawBatch::from_values([bytes])).expect("damage is about the record");
        assert_eq!(whole.ok(), (decoded.rejected.is_empty()).then_some(decoded.batch.num_rows()));
        return Outcome::Read;
    }
    if whole.is_ok() { Outcome::Read } else { Outcome::Refused }
}

fn rows(format: &FormatSpec, bytes: &[u8], scan: Option<&Scan>, from_row: u64) -> SchemaResult<usize> {
    let request = ColumnsRequest { scan, from_row, max_batch_rows: MAX_BATCH_ROWS, max_batch_bytes: 1 << 20 };
    let opened = ParquetDecoder::open_columns(format, &request, Box::new(Cursor::new(bytes.to_vec())))?;
    let mut reader: Box<dyn ColumnsReader> = opened.expect("the format is this one");
    let mut rows = 0;
    for _ in 0..MAX_BATCHES {
        let Some(batch) = reader.next()? else { break };
        assert!(batch.columns.num_rows() <= MAX_BATCH_ROWS, "no more than was asked for");
        let numbers: u64 = batch.rows.iter().map(|r| r.end - r.start).sum();
        assert_eq!(numbers, batch.columns.num_rows() as u64, "each row has its number");
        rows += batch.columns.num_rows();
    }
    Ok(rows)
}

/// A condition on the first column of numbers.
fn predicate(schema: &SchemaRef) -> Option<Predicate> {
    let (column, field) = schema.fields().iter().enumerate().find(|(_, f)| f.data_type().is_numeric())?;
    let five: ArrayRef = Arc::new(Int64Array::from(vec![5]));
    let value = arrow_cast::cast(&five, field.data_type()).ok()?;
    Some(Predicate::Compare { column, comparison: Comparison::Greater, value })
}

/// Small files of every kind of page.
///
/// # Panics
/// When one cannot be written.
pub fn parquet_seeds() -> Vec<Vec<u8>> {
    let ids = || 0..40_i64;
    let list = ListArray::from_iter_primitive::<arrow_array::types::Int32Type, _, _>(
        ids().map(|i| (i % 3 > 0).then(|| (0..i as i32 % 4).map(Some).collect::<Vec<_>>())),
    );
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("id", Arc::new(Int64Array::from_iter_values(ids()))),
        ("small", Arc::new(Int32Array::from_iter(ids().map(|i| (i % 4 > 0).then_some(i as i32 % 7))))),
        ("x", Arc::new(Float64Array::from_iter_values(ids().map(|i| i as f64 * 0.5)))),
        ("name", Arc::new(StringArray::from_iter_values(ids().map(|i| format!("n{}", i % 5))))),
        ("flag", Arc::new(BooleanArray::from_iter(ids().map(|i| (i % 6 > 0).then_some(i % 2 == 0))))),
        ("list", Arc::new(list)),
    ];
    let batch = RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, c)| (n, c, true)));
    let batch = batch.expect("columns of one length");
    let variants = [
        vec![("compression", "none")],
        vec![("compression", "snappy"), ("row_group_rows", "16"), ("bloom_filters", "*")],
        vec![("compression", "zstd"), ("version", "2"), ("data_page_bytes", "64")],
        vec![("compression", "gzip"), ("dictionary", "false"), ("version", "2")],
        vec![("compression", "lz4_raw"), ("statistics", "none"), ("dictionary", "false")],
        vec![("compression", "brotli"), ("row_group_rows", "7")],
    ];
    let file = |options: &Vec<(&str, &str)>| {
        let options = ParquetOptions::from_options(&Options::from_pairs(options.iter().copied())).expect("options");
        let mut encoder = ParquetEncoder::new(batch.schema(), &options).expect("types that Parquet has");
        let mut file = encoder.prologue();
        let mut out = EncodedBatch::new();
        encoder.encode(&batch, &mut out).expect("values that Parquet has");
        out.iter().for_each(|part| file.extend_from_slice(part));
        file.extend(encoder.finish().expect("a footer"));
        file
    };
    variants.iter().map(file).collect()
}

/// How many of the mutated files were read, and how many refused.
#[derive(Debug, Clone, Copy, Default)]
pub struct ParquetMutations {
    /// Files that were read all the same.
    pub read: u64,
    /// Files that were refused with an error.
    pub refused: u64,
}

/// Reads `count` mutated files. Panics inside the `parquet` crate are expected and answered; the hook that prints them
/// should be off.
///
/// # Panics
/// At the first one that is a finding, with its seed.
pub fn parquet_mutations(seed: u64, count: u64) -> ParquetMutations {
    let seeds = parquet_seeds();
    let mut found = ParquetMutations::default();
    for number in 0..count {
        let mut random = Random(seed.wrapping_add(number).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        let mut file = seeds[random.below(seeds.len())].clone();
        for _ in 0..=random.below(4) {
            mutate(&mut file, &mut random);
        }
        match catch_unwind(AssertUnwindSafe(|| read(&file))) {
            Ok(Outcome::Read) => found.read += 1,
            Ok(Outcome::Refused) => found.refused += 1,
            Err(panic) => panic!("file {number} of seed {seed}: {:?}", panic.downcast_ref::<String>()),
        }
    }
    found
}

fn mutate(file: &mut Vec<u8>, random: &mut Random) {
    if file.len() < 16 {
        return;
    }
    // Half of the places lie in the footer, which says where everything else is.
    let footer = file.len() * 2 / 3;
    let at = if random.below(2) == 0 { random.below(file.len()) } else { footer + random.below(file.len() - footer) };
    match random.below(7) {
        0 => file[at] ^= 1 << random.below(8),
        1 => file[at] = [0, 1, 0x7f, 0x80, 0xff][random.below(5)],
        2 => file[at] = file[at].wrapping_add(1),
        3 => file.truncate(at),
        4 => {
            let len = random.below(8).min(file.len() - at);
            file.drain(at..at + len);
        }
        5 => {
            let from = random.below(file.len() - 8);
            let piece = file[from..from + 8].to_vec();
            let at = at.min(file.len() - 8);
            file[at..at + 8].copy_from_slice(&piece);
        }
        _ => file.insert(at, random.below(256) as u8),
    }
}

/// xorshift64*
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        ((self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % bound as u64) as usize
    }
}
