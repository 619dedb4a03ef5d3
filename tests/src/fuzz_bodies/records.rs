//! Records of a format, decoded against a few fixed schemas.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{Field, Schema, SchemaRef};
use laminar_formats::{
    csv::{CsvDecoder, CsvInference, CsvOptions, Dialect},
    framing::{FrameBuffer, Framer},
    json::JsonDecoder,
    msgpack::{MsgPackDecoder, MsgPackEncoder, MsgPackInference},
};
use laminar_schema::{
    ConnectorConfig, DeclaredColumn, DecodeSpec, Decoded, DecoderSet, EncodeSpec, EncoderSet, FormatDecoder,
    FormatEncoder, FormatInference, FormatSpec, InferenceConfig, Options, RawBatch, RawRecord, SampleHead, ddl,
    format::Framing,
};

/// Columns of every type that text can carry, flat; then nested; then what options do.
pub(super) const SCHEMAS: [&str; 3] = [
    "a BIGINT, b DOUBLE, c VARCHAR, d BOOLEAN, e DECIMAL(20,4), f DATE, g TIMESTAMP, h TIMESTAMPTZ, i TIME, j UUID, k BLOB,
     l UTINYINT, m FLOAT, n HUGEINT, o TIMESTAMP_NS, p UBIGINT, q SMALLINT",
    "a BIGINT NOT NULL DEFAULT 7, s STRUCT(a BIGINT, b VARCHAR[]), m MAP(VARCHAR, DOUBLE), l BIGINT[], f INTEGER[2], j JSON",
    "a BIGINT NOT NULL, b VARCHAR DEFAULT 'x', _rescued JSON",
];

/// Records looked at per input; each is decoded again by itself.
const MAX_RECORDS: usize = 64;

/// Decodes lines as JSON records.
///
/// # Panics
/// When what comes out contradicts itself.
pub fn json(bytes: &[u8]) {
    let defaults = Options::new();
    // In JSON a record without content is rejected by default, so each record is a row or a rejection.
    check::<JsonDecoder>("json", SCHEMAS[0], &defaults, bytes, |_| false);
    check::<JsonDecoder>("json", SCHEMAS[1], &defaults, bytes, |_| false);
    let rescue =
        Options::from_pairs([("unknown_fields", "rescue"), ("type_mismatch", "rescue"), ("coerce_strings", "true")]);
    check::<JsonDecoder>("json", SCHEMAS[2], &rescue, bytes, |_| false);
}

/// Finds options in a CSV stream's first bytes, and infers and decodes with them.
///
/// # Panics
/// When options that were found are refused, or are not the same the next time.
pub fn csv_sniff(bytes: &[u8]) {
    let config = InferenceConfig::default();
    for is_whole in [true, false] {
        let detect = |config: &InferenceConfig| {
            CsvInference.detect(SampleHead::Bytes { bytes, is_whole }, config).expect("defaults are no contradiction")
        };
        let detected = detect(&config).expect("CSV always has a dialect");
        assert_eq!(detect(&config).as_ref(), Some(&detected), "the same bytes have the same dialect");
        let options = CsvOptions::from_options(&detected.options).expect("found options are options");
        Dialect::new(&options).expect("found options do not contradict each other");
        // What was found is taken as given, and leaves nothing to be found but what the defaults are.
        let config = InferenceConfig { format_options: detected.options.clone(), ..config.clone() };
        let again = detect(&config).expect("CSV always has a dialect");
        assert!(!again.found.iter().any(|key| detected.found.contains(key)), "{:?} {:?}", detected.found, again.found);
    }
    let records: Vec<RawRecord> = bytes.split(|b| *b == b'\n').take(MAX_RECORDS).map(RawRecord::new).collect();
    let of_records = CsvInference.detect(SampleHead::Records(&records), &config);
    let options = of_records.expect("defaults are no contradiction").expect("CSV always has a dialect").options;
    let config = InferenceConfig { format_options: options, ..config };
    // That there is no schema is an answer; there is no panic.
    let _ = CsvInference.infer(&records, &config);
}

/// Decodes lines as CSV records, by position.
///
/// # Panics
/// When what comes out contradicts itself.
pub fn csv(bytes: &[u8]) {
    let defaults = Options::new();
    // In CSV an empty line is skipped by default.
    let is_empty = |record: &[u8]| record.trim_ascii().is_empty();
    check::<CsvDecoder>("csv", SCHEMAS[0], &defaults, bytes, is_empty);
    let padded = Options::from_pairs([
        ("ragged_rows", "pad"),
        ("type_mismatch", "null"),
        ("escape", "\\"),
        ("trim", "true"),
        ("null_values", "NULL,"),
        ("timestamp_formats", "iso8601,epoch_ms,%d/%m/%Y"),
    ]);
    check::<CsvDecoder>("csv", SCHEMAS[0], &padded, bytes, is_empty);
    let lenient = Options::from_pairs([
        ("ragged_rows", "accept"),
        ("type_mismatch", "null"),
        ("unknown_fields", "rescue"),
        ("trim", "true"),
        ("delimiter", "||"),
        ("escape", "\\"),
    ]);
    check::<CsvDecoder>("csv", SCHEMAS[2], &lenient, bytes, is_empty);
    super::csv_engines::engines_and_fields(bytes);
}

/// Cuts a stream into MessagePack values and decodes them; what was decoded is written, read back and the same, and a
/// schema that is inferred decodes it.
///
/// # Panics
/// When what comes out contradicts itself.
pub fn msgpack(bytes: &[u8]) {
    let values = values(bytes);
    assert_eq!(values.concat(), bytes, "values are cut one behind the other");
    let values = &values[..values.len().min(MAX_RECORDS)];
    let defaults = Options::new();
    for columns in &SCHEMAS[..2] {
        check_records::<MsgPackDecoder>("msgpack", columns, &defaults, values, |_| false);
        assert_same_plainly(columns, &defaults, values);
        write_back(columns, values);
    }
    let rescue =
        Options::from_pairs([("unknown_fields", "rescue"), ("type_mismatch", "rescue"), ("coerce_strings", "true")]);
    check_records::<MsgPackDecoder>("msgpack", SCHEMAS[2], &rescue, values, |_| false);
    assert_same_plainly(SCHEMAS[2], &rescue, values);
    let sample: Vec<RawRecord> = values.iter().map(|value| RawRecord::new(*value)).collect();
    if let Ok(inferred) = MsgPackInference.infer(&sample, &InferenceConfig::default()) {
        // A record that is nil, beside maps, is no row either.
        let usable = inferred.warnings.iter().all(|w| !w.message.contains("are unusable"))
            && values.iter().all(|value| *value != [0xc0]);
        let spec = DecodeSpec::new(inferred.schema, FormatSpec::new("msgpack"));
        let decoder = MsgPackDecoder::build(&spec).unwrap_or_else(|e| panic!("an inferred schema is refused: {e}"));
        let decoded = decode(&mut decoder.unwrap_or_else(|| panic!("there is no MessagePack")), values);
        assert!(!usable || decoded.rejected.is_empty(), "{}", decoded.rejected[0].error);
    }
}

/// The direct way and the walker give the same rows and the same errors.
fn assert_same_plainly(columns: &str, options: &Options, values: &[&[u8]]) {
    let spec = DecodeSpec::new(schema(columns), FormatSpec::new("msgpack").with_options(options.clone()));
    let decoder = || match MsgPackDecoder::build(&spec) {
        Ok(Some(decoder)) => decoder,
        other => panic!("there is no MessagePack: {other:?}"),
    };
    let (direct, plain) = (decode(&mut decoder(), values), decode(&mut decoder().plain(), values));
    let errors = |decoded: &Decoded| -> Vec<(usize, String)> {
        decoded.rejected.iter().map(|r| (r.record, r.error.to_string())).collect()
    };
    assert_eq!(errors(&direct), errors(&plain), "{columns}");
    // NaN has the same bits, though it is no equal of itself.
    assert_eq!(format!("{:?}", direct.batch), format!("{:?}", plain.batch), "{columns}");
}

/// The values of a stream, and whatever is left at its end.
fn values(bytes: &[u8]) -> Vec<&[u8]> {
    let framer = Framer::new(&Framing::MsgPack, usize::MAX).unwrap_or_else(|e| panic!("{e}"));
    let mut buffer = FrameBuffer::new(framer);
    buffer.space(bytes.len())[..bytes.len()].copy_from_slice(bytes);
    buffer.filled(bytes.len());
    buffer.end();
    let (mut values, mut at) = (Vec::new(), 0);
    while let Some(frame) = buffer.next().unwrap_or_else(|e| panic!("{e}")) {
        let end = at + frame.bytes.len();
        values.push(&bytes[at..end]);
        at = end;
    }
    values
}

/// The rows of the records that have one, written and read again, are the same.
fn write_back(columns: &str, values: &[&[u8]]) {
    let schema = schema(columns);
    let decoder = MsgPackDecoder::build(&DecodeSpec::new(Arc::clone(&schema), FormatSpec::new("msgpack")));
    let encoder = MsgPackEncoder::build(&EncodeSpec::new(schema, FormatSpec::new("msgpack")));
    let (Ok(Some(mut decoder)), Ok(Some(mut encoder))) = (decoder, encoder) else { panic!("there is no MessagePack") };
    let rows = decode(&mut decoder, values).batch;
    let written = encoder.encode_batch(&rows).unwrap_or_else(|e| panic!("{rows:?}: {e}"));
    let written: Vec<&[u8]> = written.iter().map(Vec::as_slice).collect();
    let again = decode(&mut decoder, &written);
    assert!(again.rejected.is_empty(), "{}", again.rejected[0].error);
    // NaN has the same bits, though it is no equal of itself.
    assert_eq!(format!("{rows:?}"), format!("{:?}", again.batch));
}

/// Each line must be one row or one rejection, or nothing where `may_skip` says so; and by itself it must be the same.
fn check<D: DecoderSet>(
    format: &str,
    columns: &str,
    options: &Options,
    bytes: &[u8],
    may_skip: impl Fn(&[u8]) -> bool,
) {
    let records: Vec<&[u8]> = bytes.split(|b| *b == b'\n').take(MAX_RECORDS).collect();
    check_records::<D>(format, columns, options, &records, may_skip);
}

/// The same for records.
fn check_records<D: DecoderSet>(
    format: &str,
    columns: &str,
    options: &Options,
    records: &[&[u8]],
    may_skip: impl Fn(&[u8]) -> bool,
) {
    let spec = DecodeSpec::new(schema(columns), FormatSpec::new(format).with_options(options.clone()));
    let decoder = D::build(&spec).unwrap_or_else(|e| panic!("{format} cannot decode {columns}: {e}"));
    let mut decoder = decoder.unwrap_or_else(|| panic!("there is no format {format}"));
    let all = decode(&mut decoder, records);
    assert_eq!(all.consumed, records.len());
    let fates = fates(&all, records.len());
    for (i, record) in records.iter().enumerate() {
        let shown = || format!("record {i} {:?} of {format} with {columns}", String::from_utf8_lossy(record));
        let alone = decode(&mut decoder, &[record]);
        match fates[i] {
            Fate::Row(row) => {
                assert_eq!(alone.batch, all.batch.slice(row, 1), "{}", shown());
            }
            Fate::Rejected(at) => {
                assert_eq!(alone.rejected.len(), 1, "{}", shown());
                assert_eq!(alone.rejected[0].error.message(), all.rejected[at].error.message(), "{}", shown());
            }
            Fate::Nothing => {
                assert!(may_skip(record), "neither row nor rejection: {}", shown());
                assert!(alone.rejected.is_empty() && alone.batch.num_rows() == 0, "{}", shown());
            }
        }
    }
}

/// What became of a record.
#[derive(Debug, Clone, Copy)]
enum Fate {
    Row(usize),
    Rejected(usize),
    Nothing,
}

fn fates(decoded: &Decoded, records: usize) -> Vec<Fate> {
    let mut fates = vec![Fate::Nothing; records];
    let mut settle = |record: usize, fate| {
        assert!(matches!(fates[record], Fate::Nothing), "record {record} is {:?} and {fate:?}", fates[record]);
        fates[record] = fate;
    };
    for row in 0..decoded.batch.num_rows() {
        settle(decoded.rows.record_of(row), Fate::Row(row));
    }
    for (at, rejected) in decoded.rejected.iter().enumerate() {
        settle(rejected.record, Fate::Rejected(at));
    }
    fates
}

fn decode<D: FormatDecoder>(decoder: &mut D, records: &[&[u8]]) -> Decoded {
    let decoded = decoder.decode(&RawBatch::from_values(records)).unwrap_or_else(|e| panic!("{records:?}: {e}"));
    assert!(decoded.needs.is_none());
    assert!(decoded.rejected.is_sorted_by_key(|r| r.record));
    assert_valid(&decoded.batch, &decoder.output_schema());
    decoded
}

/// Everything that Arrow checks of a batch, also of data that it did not build itself.
fn assert_valid(batch: &RecordBatch, schema: &SchemaRef) {
    assert_eq!(&batch.schema(), schema);
    for column in batch.columns() {
        column.to_data().validate_full().unwrap_or_else(|e| panic!("{e}"));
    }
}

pub(super) fn schema(columns: &str) -> SchemaRef {
    let declared = ddl::parse_columns(columns).unwrap_or_else(|e| panic!("{columns}: {e}"));
    Arc::new(Schema::new(declared.columns.iter().map(DeclaredColumn::to_field).collect::<Vec<Field>>()))
}
