//! CSV streams: the engines against each other, and our records and fields against those of the `csv` crate.

use std::sync::Arc;

use laminar_formats::{
    csv::{CsvDecoder, CsvEngine, CsvOptions, Dialect, Splitter},
    framing::{FrameBuffer, Framer},
};
use laminar_schema::{ConnectorConfig, FormatDecoder, NewRecord, Options, RawBatch, format::Framing};

use super::records::{SCHEMAS, schema};
use crate::random::Random;

/// Columns that lines which were not made for them may fit.
const COLUMNS: &str = "a VARCHAR, b DOUBLE, c BIGINT";

/// Cuts a stream into records, and those into fields and rows.
///
/// # Panics
/// When engines differ, or our fields are not those of the `csv` crate.
pub(super) fn engines_and_fields(bytes: &[u8]) {
    let options = |pairs: &[(&str, &str)]| {
        CsvOptions::from_options(&Options::from_pairs(pairs.iter().copied())).expect("options that agree")
    };
    let headless = options(&[("header", "false")]);
    let lenient = options(&[("header", "false"), ("ragged_rows", "accept"), ("type_mismatch", "null")]);
    for (columns, options) in
        [(SCHEMAS[0], &headless), (COLUMNS, &headless), (COLUMNS, &lenient), (COLUMNS, &options(&[]))]
    {
        assert_same_engines(columns, options, bytes);
    }
    assert_same_fields(&headless, bytes);
}

/// Makes as many streams, changes bytes of them, and looks at each as the fuzz target does; says what was done.
///
/// # Panics
/// As `engines_and_fields`.
pub fn csv_mutations(streams: u64, seed: u64) -> String {
    const PIECES: [&str; 16] = [
        "1",
        "-2.5",
        "text",
        "\"a,b\"",
        "\"a\"\"b\"",
        "\"a\nb\"",
        "",
        ",",
        ",",
        ",",
        "\n",
        "\n",
        "\r\n",
        "naïve",
        "\"",
        "2024-02-29",
    ];
    let mut num_records = 0;
    for stream in 0..streams {
        let mut random = Random(seed.wrapping_add(stream));
        let mut bytes: Vec<u8> = Vec::new();
        for _ in 0..random.below(400) {
            // Mostly rows of three fields, which is what the columns are.
            match random.below(3) {
                0 => bytes.extend_from_slice(random.pick(&PIECES).as_bytes()),
                _ => bytes.extend_from_slice(random.pick(&["t,1.5,7\n", "\"q\",,-3\n", ",1e3,\n"]).as_bytes()),
            }
        }
        for _ in 0..random.below(6) {
            if !bytes.is_empty() {
                let at = random.below(bytes.len());
                bytes[at] = random.below(256) as u8;
            }
        }
        num_records += bytes.iter().filter(|byte| **byte == b'\n').count();
        engines_and_fields(&bytes);
    }
    format!("{streams} CSV streams of {num_records} lines from seed {seed}: no difference")
}

fn assert_same_engines(columns: &str, options: &CsvOptions, bytes: &[u8]) {
    let (records, schema) = (records(options, bytes), schema(columns));
    let decode = |engine| {
        let mut decoder = CsvDecoder::with_engine(Arc::clone(&schema), options, engine).expect("columns of CSV");
        let decoded = decoder.decode(&records).expect("a batch that fits");
        let errors: Vec<_> = decoded.rejected.iter().map(|r| (r.record, r.error.to_string())).collect();
        // NaN has the same text, though it is no equal of itself.
        (format!("{:?} {:?}", decoded.batch, decoded.rows), errors)
    };
    let plain = decode(CsvEngine::Plain);
    for engine in CsvEngine::available() {
        assert_eq!(decode(engine), plain, "{engine:?}, {columns}, {options:?}");
    }
}

/// Both read RFC 4180. What goes beyond it is passed over: the crate takes text behind a closing quote as part of the field,
/// and a lone CR for a line end.
fn assert_same_fields(options: &CsvOptions, bytes: &[u8]) {
    if bytes.contains(&b'\r') || bytes.starts_with(b"\xEF\xBB\xBF") || std::str::from_utf8(bytes).is_err() {
        return;
    }
    let mut splitter = Splitter::new(Dialect::new(options).expect("the default dialect"));
    let records = records(options, bytes);
    let mut ours: Vec<Vec<String>> = Vec::new();
    // The crate passes over empty lines.
    for record in (0..records.len()).map(|index| records.value(index)).filter(|record| !record.is_empty()) {
        let Ok(text) = std::str::from_utf8(record) else { return };
        if splitter.split(text).is_err() {
            return;
        }
        ours.push(splitter.fields(text).map(|field| field.text.to_owned()).collect());
    }
    let mut reader = ::csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
    let theirs = reader.records().map(|record| record.expect("text").iter().map(str::to_owned).collect());
    assert_eq!(ours, theirs.collect::<Vec<Vec<String>>>());
}

/// The stream's records, below their header.
fn records(options: &CsvOptions, bytes: &[u8]) -> RawBatch {
    let framing = Framing::Csv(Dialect::new(options).expect("options that agree").framing(options));
    let mut buffer = FrameBuffer::new(Framer::new(&framing, 1 << 20).expect("CSV's framing"));
    buffer.space(bytes.len())[..bytes.len()].copy_from_slice(bytes);
    buffer.filled(bytes.len());
    buffer.end();
    let mut batch = RawBatch::new();
    if buffer.find_preamble().is_err() {
        return batch;
    }
    let preamble = buffer.framer().preamble().cloned();
    let partition = batch.partition(&"file".into(), preamble.as_ref());
    loop {
        match buffer.next() {
            Ok(Some(frame)) => batch.push(NewRecord { partition: Some(partition), ..NewRecord::new(frame.bytes) }),
            Err(fault) if fault.is_row_level() => {}
            Ok(None) | Err(_) => return batch,
        }
    }
}
