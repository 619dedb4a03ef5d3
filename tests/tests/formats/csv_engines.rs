//! The engines of the CSV decoder against each other: the fast ones must say what the plain one says, of good records and of
//! bad ones.

use std::sync::Arc;

use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use laminar_formats::csv::{CsvDecoder, CsvEngine, CsvOptions};
use laminar_schema::{ConnectorConfig, FormatDecoder, NewRecord, Options, RawBatch, ddl::parse_columns};
use laminar_tests::{fuzz_bodies, random::Random};

/// One record: a value, or none, below a header or not.
type Record = (Option<Vec<u8>>, Option<usize>);

fn batch(records: &[Record], headers: &[&str]) -> RawBatch {
    let headers: Vec<Arc<[u8]>> = headers.iter().map(|header| header.as_bytes().into()).collect();
    let mut batch = RawBatch::new();
    for (value, header) in records {
        let partition = header.map(|header| batch.partition(&format!("{header}").into(), Some(&headers[header])));
        batch.push(NewRecord { value: value.as_deref(), partition, ..NewRecord::default() });
    }
    batch
}

/// Every engine decodes the batch twice, once cold and once warm, and all of them give the same.
fn check(schema: &SchemaRef, options: &[(&str, &str)], batch: &RawBatch) {
    let options = CsvOptions::from_options(&Options::from_pairs(options.iter().copied())).unwrap();
    let mut expected = None;
    for engine in CsvEngine::available() {
        let mut decoder = CsvDecoder::with_engine(Arc::clone(schema), &options, engine).unwrap();
        for _ in 0..2 {
            let decoded = decoder.decode(batch).unwrap();
            let errors: Vec<_> = decoded.rejected.iter().map(|r| (r.record, r.error.to_string())).collect();
            let rows: Vec<usize> = (0..decoded.batch.num_rows()).map(|row| decoded.rows.record_of(row)).collect();
            let found = (decoded.batch, errors, rows);
            let expected = expected.get_or_insert_with(|| found.clone());
            let shown = || batch.iter().map(|r| String::from_utf8_lossy(r.value().unwrap_or(b"-"))).collect::<Vec<_>>();
            assert_eq!(found, *expected, "{engine:?}, {options:?}, {:?}", shown());
        }
    }
}

fn check_values(schema: &SchemaRef, options: &[(&str, &str)], values: &[&[u8]]) {
    let records: Vec<Record> = values.iter().map(|value| (Some(value.to_vec()), None)).collect();
    check(schema, options, &batch(&records, &[]));
    // Alone, a record is at the end of its arena.
    for record in records {
        check(schema, options, &batch(&[record], &[]));
    }
}

fn columns(ddl: &str) -> SchemaRef {
    let columns = parse_columns(ddl).unwrap().columns;
    Arc::new(Schema::new(columns.iter().map(|c| c.to_field()).collect::<Vec<_>>()))
}

/// Texts that are values, nearly values, and none.
const TEXTS: &[&str] = &[
    "",
    "0",
    "-0",
    "7",
    "-7",
    "007",
    "+7",
    "127",
    "128",
    "-128",
    "-129",
    "255",
    "256",
    "32767",
    "65536",
    "2147483647",
    "2147483648",
    "4294967295",
    "999999999999999999",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
    "-9223372036854775808",
    "1.0",
    "1.5",
    "-1.5",
    "1.",
    ".5",
    "-.5",
    "-",
    "--1",
    "1e3",
    "1E-3",
    "1.5e",
    "0.1",
    "00.5",
    "123456789012345",
    "1234567890123456",
    "12345678901234567",
    "9007199254740993",
    "123456789.123456789",
    "0.30000000000000004",
    "179769313486231570000000000000000000000",
    "1.7976931348623157e309",
    "NaN",
    "inf",
    "-Infinity",
    "3.14159265358979323846",
    "99999999.9999",
    "123456789012.1234",
    "0.0001",
    "0.00001",
    "1.10000",
    "-99999.99",
    "true",
    "false",
    "TRUE",
    "tru",
    "falsey",
    "t",
    "2024-02-29",
    "2023-02-29",
    "2024-13-01",
    "2024-00-10",
    "2024-1-01",
    "0000-01-01",
    "9999-12-31",
    "+12024-01-01",
    "2024-04-31",
    "2024-02-29T12:34:56",
    "2024-02-29 12:34:56.789",
    "2024-02-29T12:34:56.789123456Z",
    "2024-02-29T12:34:56.7891234567Z",
    "2024-02-29T12:34:56+01:00",
    "2024-02-29T12:34:56.Z",
    "2024-02-29T24:00:00",
    "2024-02-29T12:60:00",
    "2024-02-29T12:34:60",
    "2024-02-29T12:34",
    "2024-02-29t12:34:56z",
    "2024-02-29T12:34:56.5 Z",
    "1969-12-31T23:59:59.999",
    "2262-04-12T00:00:00Z",
    "1677-01-01T00:00:00Z",
    "2024-02-29X12:34:56",
    "2024/02/29",
    "12:34:56",
    "12:34:56.789",
    "NULL",
    "NA",
    "a",
    "naïve",
    "zwölf,",
    "日本",
    "a\"b",
    "\"",
    "\"\"",
    "\"a\"\"b\"",
    "\"a\",",
    "\"a\"b",
    "\"a\nb\"",
    "a\nb",
    "\"a",
    "a\r",
    "\"NULL\"",
    "\"12\"",
    "\"1.5\"",
    "\"true\"",
    "\"2024-02-29\"",
    "\"\"\"\"",
    "\"\"\"a\"\"\"",
    " 1",
    "1 ",
    "\t1",
    "a text that is longer than the thirty-two bytes of a window",
    "\"a quoted text that is longer than the \"\"thirty-two\"\" bytes of a window, with a comma\"",
    "\0",
    "a\0b",
];

const OPTIONS: &[&[(&str, &str)]] = &[
    &[],
    &[("type_mismatch", "null")],
    &[("null_values", "NULL")],
    &[("null_values", ",NA,0,true,a,2024-02-29")],
    &[("column_null_values", "a: 12,a\"b,1.5")],
    &[("null_values", "NULL"), ("column_null_values", "a: ,true,日本,\""), ("quoted_nulls", "always")],
    &[("null_values", ",12,2024-02-29"), ("quoted_nulls", "never")],
    &[("quote", "")],
    &[("quote", "'")],
    &[("delimiter", ";"), ("ragged_rows", "accept")],
    &[("delimiter", "1")],
    &[("timestamp_formats", "%Y/%m/%d")],
    &[("timestamp_formats", "iso8601,epoch_ms")],
    &[("empty_records", "null"), ("tombstones", "null"), ("ragged_rows", "pad")],
    &[("empty_records", "reject"), ("tombstones", "reject")],
    &[("max_record_bytes", "20")],
    &[("decimal_separator", ","), ("delimiter", ";"), ("thousands_separator", ".")],
    &[("trim", "true")],
    &[("escape", "\\")],
    &[("delimiter", "||")],
];

fn types() -> Vec<DataType> {
    use TimeUnit::{Microsecond, Millisecond, Nanosecond, Second};
    let mut types = vec![
        DataType::Boolean,
        DataType::Int8,
        DataType::Int16,
        DataType::Int32,
        DataType::Int64,
        DataType::UInt8,
        DataType::UInt16,
        DataType::UInt32,
        DataType::UInt64,
        DataType::Float16,
        DataType::Float32,
        DataType::Float64,
        DataType::Decimal32(6, 2),
        DataType::Decimal64(12, 4),
        DataType::Decimal128(12, 4),
        DataType::Decimal128(38, 20),
        DataType::Decimal128(5, -2),
        DataType::Decimal256(50, 4),
        DataType::Utf8,
        DataType::LargeUtf8,
        DataType::Utf8View,
        DataType::Date32,
        DataType::Date64,
        DataType::Time64(Microsecond),
        DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)),
    ];
    for unit in [Second, Millisecond, Microsecond, Nanosecond] {
        for zone in [None, Some("UTC"), Some("+05:30"), Some("Europe/Berlin")] {
            types.push(DataType::Timestamp(unit, zone.map(Into::into)));
        }
    }
    types
}

#[test]
fn a_nul_is_no_delimiter() {
    // As many separators as the columns ask for, with a NUL or a line feed where a delimiter has to be.
    for (ddl, rows) in [
        ("a VARCHAR, b VARCHAR", &["c,d", "a\0b", "\0", "a\nb", "\"a\0\",b", "\"a\"\0b"][..]),
        (
            "a VARCHAR, b VARCHAR, c VARCHAR",
            &["1,2,3", "a\0b,c", "a,b\0c", "a\0,b,c", "\"a\nb\",\"\0\",c", "a\nb,c"][..],
        ),
    ] {
        let values: Vec<&[u8]> = rows.iter().map(|row| row.as_bytes()).collect();
        check_values(&columns(ddl), &[], &values);
        for row in values {
            check_values(&columns(ddl), &[], &[row; 3]);
        }
    }
}

#[test]
fn every_text_in_every_type() {
    let values: Vec<&[u8]> = TEXTS.iter().map(|text| text.as_bytes()).collect();
    for data_type in types() {
        for nullable in [true, false] {
            let schema = Arc::new(Schema::new(vec![Field::new("a", data_type.clone(), nullable)]));
            let own: &[(&str, &str)] =
                &[("column_null_values", "a: 12,a\"b,\",1.5,2024-02-29"), ("quoted_nulls", "always")];
            let never: &[(&str, &str)] = &[("null_values", ",NULL,12,true"), ("quoted_nulls", "never")];
            for options in [OPTIONS[0], OPTIONS[1], OPTIONS[3], OPTIONS[12], own, never] {
                check_values(&schema, options, &values);
            }
        }
    }
}

#[test]
fn any_records_in_any_dialect() {
    let schemas = [
        columns("a BIGINT, b VARCHAR, c DOUBLE"),
        columns("a VARCHAR NOT NULL, b BOOLEAN, c INTEGER NOT NULL DEFAULT 5, d TIMESTAMP"),
        columns("a VARCHAR"),
        columns("a DATE, b DECIMAL(10, 2), c VARCHAR, d JSON, e BIGINT[]"),
    ];
    let headers = ["a,b,c", "c,a", "b;a;d;c", "x,b,a,a2,c", "a", "a,a"];
    for seed in 0..40 {
        let mut random = Random(seed);
        for options in OPTIONS {
            let delimiter = random.pick(&[",", ",", ",", ";", "||", "1"]);
            let schema = &schemas[random.below(schemas.len())];
            let (typical, uniform) = (schema.fields().len(), random.below(2) == 0);
            let header = (random.below(2) == 0).then(|| random.below(headers.len()));
            let records: Vec<Record> = (0..random.below(300))
                .map(|_| {
                    let odd = random.below(20);
                    let fields = if odd == 0 { random.below(6) } else { typical };
                    let texts: Vec<&str> = (0..fields)
                        .map(|_| if uniform { random.pick(&["1", "5", "", "2024-02-29"]) } else { random.pick(TEXTS) })
                        .collect();
                    let mut value = texts.join(delimiter).into_bytes();
                    value.extend_from_slice(random.pick(&["", "", "", "\n", "\r\n"]).as_bytes());
                    if odd == 1 && !value.is_empty() {
                        let at = random.below(value.len());
                        value[at] = random.below(256) as u8;
                    }
                    ((odd != 2).then_some(value), if odd == 3 { None } else { header })
                })
                .collect();
            check(schema, options, &batch(&records, &headers));
        }
    }
}

#[test]
fn records_of_any_size() {
    let schema = columns("a VARCHAR, b BIGINT");
    let value = |len: usize| [vec![b'x'; len], b",5".to_vec()].concat();
    let sizes = [0, 1, 31, 32, 33, 63, 64, 65, 1000, 65_000, 65_536, 70_000, 300_000];
    let records: Vec<Record> = sizes.iter().map(|len| (Some(value(*len)), None)).collect();
    check(&schema, &[], &batch(&records, &[]));
    check(&schema, &[("max_record_bytes", "65000")], &batch(&records, &[]));
    let many: Vec<Record> = (0..1000).map(|i| (Some(value(i)), None)).collect();
    check(&schema, &[], &batch(&many, &[]));
}

/// `LAMINAR_MUTATIONS` and `LAMINAR_SEED` say how many streams, and which.
#[test]
fn changed_streams_read_alike() {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let (streams, seed) = (number("LAMINAR_MUTATIONS").unwrap_or(300), number("LAMINAR_SEED").unwrap_or(1));
    println!("{}", fuzz_bodies::csv_mutations(streams, seed));
}
