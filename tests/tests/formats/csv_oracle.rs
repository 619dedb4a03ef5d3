//! CSV against arrow-csv, against itself in other batches, and there and back again.

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, IntervalUnit, Schema, SchemaRef, TimeUnit};
use arrow_select::concat::concat_batches;
use expect_test::expect;
use laminar_formats::{
    AnyDecoder, AnyEncoder,
    csv::{CsvDecoder, CsvEncoder},
};
use laminar_schema::{
    DecodeSpec, Decoded, DecoderSet, EncodeSpec, EncodedBatch, EncoderSet, FormatDecoder, FormatEncoder, FormatSpec,
    NewRecord, Options, RawBatch, ddl::parse_columns, field,
};
use laminar_tests::{frames::file_records, random::Random};

fn format(options: &[(&str, &str)]) -> FormatSpec {
    FormatSpec::new("csv").with_options(Options::from_pairs(options.iter().copied()))
}

fn decoder(schema: &SchemaRef, format: &FormatSpec) -> CsvDecoder {
    CsvDecoder::build(&DecodeSpec::new(Arc::clone(schema), format.clone())).unwrap().unwrap()
}

fn decode_file(schema: &SchemaRef, format: &FormatSpec, file: &[u8]) -> RecordBatch {
    let framing = CsvDecoder::framing(format).unwrap().unwrap();
    let (records, faults) = file_records(&framing, file);
    assert!(faults.is_empty(), "{faults:?}");
    let Decoded { batch, rejected, .. } = decoder(schema, format).decode(&records).unwrap();
    assert!(rejected.is_empty(), "{:?}", rejected[0]);
    batch
}

fn schema(types: &[DataType], nullable: bool) -> SchemaRef {
    let fields = types.iter().enumerate().map(|(i, t)| Field::new(format!("c{i}"), t.clone(), nullable));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// A field as arrow-csv accepts it, quoted or not. Neither it nor we take blanks around numbers.
fn oracle_field(random: &mut Random, data_type: &DataType) -> String {
    let text = match data_type {
        DataType::Boolean => random.pick(&["true", "false", "TRUE", "False"]).to_owned(),
        DataType::Int64 => random.integer().to_string(),
        DataType::Float64 => format!("{:?}", random.integer() as f64 / 1024.0),
        DataType::Decimal128(..) => format!("{}.{:02}", random.integer() % 1_000_000, random.below(100)),
        DataType::Date32 => format!("2024-{:02}-{:02}", random.below(12) + 1, random.below(28) + 1),
        DataType::Timestamp(..) => format!("2024-02-29T{:02}:00:{:02}.5", random.below(24), random.below(60)),
        // An empty text in quotes is a text here and null there.
        _ => random.text(5) + "x",
    };
    let must = text.contains([',', '"', '\n', '\r']);
    if random.below(8) == 0 {
        String::new()
    } else if must || random.below(3) == 0 {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

#[test]
fn agrees_with_arrow_csv() {
    let types = [
        DataType::Utf8,
        DataType::Boolean,
        DataType::Int64,
        DataType::Float64,
        DataType::Decimal128(20, 2),
        DataType::Date32,
        DataType::Timestamp(TimeUnit::Microsecond, None),
        DataType::Utf8,
    ];
    let schema = schema(&types, true);
    for seed in 0..200 {
        let mut random = Random(seed);
        let line_end = random.pick(&["\n", "\r\n"]);
        let mut file = "c0,c1,c2,c3,c4,c5,c6,c7".to_owned();
        for _ in 0..random.below(20) {
            file += line_end;
            let fields: Vec<String> = types.iter().map(|t| oracle_field(&mut random, t)).collect();
            file += &fields.join(",");
        }
        let mut reader = arrow_csv::ReaderBuilder::new(Arc::clone(&schema))
            .with_header(true)
            .build(std::io::Cursor::new(&file))
            .unwrap();
        let theirs = reader.next().transpose().unwrap().unwrap_or_else(|| RecordBatch::new_empty(Arc::clone(&schema)));
        assert_eq!(decode_file(&schema, &format(&[]), file.as_bytes()), theirs, "seed {seed}:\n{file}");
    }
}

#[test]
fn every_split_into_batches_gives_the_same_rows() {
    let schema = schema(&[DataType::Int64, DataType::Utf8, DataType::Boolean], true);
    let header: Arc<[u8]> = (*b"c1,c0,c2").into();
    for seed in 0..100 {
        let mut random = Random(seed);
        // Good records and all kinds of bad ones.
        let records: Vec<String> = (0..random.below(30))
            .map(|_| match random.below(8) {
                0 => random.text(5),
                1 => "x,y,true".to_owned(),
                2 => "a,1".to_owned(),
                3 => String::new(),
                _ => {
                    format!("\"{}\",{},{}", random.text(3).replace('"', "\"\""), random.integer(), random.below(2) == 1)
                }
            })
            .collect();
        let decode = |decoder: &mut CsvDecoder, records: &[String]| {
            let mut batch = RawBatch::new();
            let partition = batch.partition(&"p".into(), Some(&header));
            for record in records {
                batch.push(NewRecord { partition: Some(partition), ..NewRecord::new(record.as_bytes()) });
            }
            decoder.decode(&batch).unwrap()
        };
        let errors = |decoded: &Decoded, from: usize| -> Vec<(usize, String)> {
            decoded.rejected.iter().map(|r| (r.record + from, r.error.to_string())).collect()
        };
        let rows = |decoded: &Decoded, from: usize| -> Vec<usize> {
            (0..decoded.batch.num_rows()).map(|row| decoded.rows.record_of(row) + from).collect()
        };
        let whole = decode(&mut decoder(&schema, &format(&[])), &records);
        let mut one = decoder(&schema, &format(&[]));
        let (mut batches, mut all_errors, mut all_rows, mut from) = (Vec::new(), Vec::new(), Vec::new(), 0);
        while from < records.len() {
            let to = (from + 1 + random.below(6)).min(records.len());
            let part = decode(&mut one, &records[from..to]);
            all_errors.extend(errors(&part, from));
            all_rows.extend(rows(&part, from));
            batches.push(part.batch);
            from = to;
        }
        assert_eq!(concat_batches(&schema, &batches).unwrap(), whole.batch, "seed {seed}");
        assert_eq!((all_errors, all_rows), (errors(&whole, 0), rows(&whole, 0)), "seed {seed}");
    }
}

fn all_types() -> Vec<DataType> {
    use TimeUnit::{Microsecond, Millisecond, Nanosecond, Second};
    let mut types = vec![
        DataType::Utf8,
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
        DataType::Decimal32(9, 4),
        DataType::Decimal64(18, 0),
        DataType::Decimal128(38, 10),
        DataType::Decimal256(76, 38),
        DataType::LargeUtf8,
        DataType::Utf8View,
        DataType::Binary,
        DataType::LargeBinary,
        DataType::FixedSizeBinary(3),
        DataType::Date32,
        DataType::Date64,
        DataType::Time32(Second),
        DataType::Time32(Millisecond),
        DataType::Time64(Microsecond),
        DataType::Time64(Nanosecond),
        DataType::Interval(IntervalUnit::YearMonth),
        DataType::Interval(IntervalUnit::DayTime),
        DataType::Interval(IntervalUnit::MonthDayNano),
        DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)),
    ];
    for unit in [Second, Millisecond, Microsecond, Nanosecond] {
        types.push(DataType::Timestamp(unit, None));
        types.push(DataType::Timestamp(unit, Some("UTC".into())));
        types.push(DataType::Timestamp(unit, Some("+05:30".into())));
        types.push(DataType::Duration(unit));
    }
    types
}

/// Dictionaries of equal values may differ in their keys.
fn comparable(column: &ArrayRef) -> ArrayRef {
    match column.data_type() {
        DataType::Dictionary(_, value) => arrow_cast::cast(column, value).unwrap(),
        _ => Arc::clone(column),
    }
}

fn encode_file(batch: &RecordBatch, format: &FormatSpec) -> Vec<u8> {
    let mut encoder = CsvEncoder::build(&EncodeSpec::new(batch.schema(), format.clone())).unwrap().unwrap();
    let mut records = EncodedBatch::new();
    encoder.encode(batch, &mut records).unwrap();
    let mut file = encoder.prologue();
    for record in records.iter() {
        file.extend_from_slice(record);
        file.extend_from_slice(encoder.delimiter());
    }
    file.extend(encoder.finish().unwrap());
    file
}

fn check_round_trip(schema: &SchemaRef, options: &[(&str, &str)], seed: u64) {
    let mut random = Random(seed);
    let (rows, null_every) = (random.below(12), if schema.field(0).is_nullable() { 4 } else { 0 });
    let columns = schema.fields().iter().map(|f| random.column(f.data_type(), rows, null_every)).collect();
    let batch = RecordBatch::try_new(Arc::clone(schema), columns).unwrap();
    let format = format(options);
    let file = encode_file(&batch, &format);
    let back = decode_file(schema, &format, &file);
    for (index, (before, after)) in batch.columns().iter().zip(back.columns()).enumerate() {
        let text = String::from_utf8_lossy(&file);
        let name = schema.field(index).data_type();
        assert_eq!(&comparable(before), &comparable(after), "seed {seed}, options {options:?}, {name}:\n{text}");
    }
}

#[test]
fn every_type_comes_back() {
    let fields = schema(&all_types(), true);
    let uuid = Arc::new(field::uuid_field("id", true));
    let fields: Vec<_> = fields.fields().iter().cloned().chain([uuid]).collect();
    let schema = Arc::new(Schema::new(fields));
    for seed in 0..100 {
        check_round_trip(&schema, &[], seed);
        check_round_trip(&schema, &[("binary_encoding", "hex"), ("quote_style", "always")], seed);
    }
}

#[test]
fn every_text_comes_back_in_every_dialect() {
    let dialects: [&[(&str, &str)]; 14] = [
        &[("column_null_values", "c0: NULL,,a"), ("quoted_nulls", "never")],
        &[("null_values", "NULL"), ("column_null_values", "c0: \\N"), ("quote_style", "always")],
        &[("line_end", "cr")],
        &[("line_end", "crlf"), ("quote_style", "always")],
        &[],
        &[("quote_style", "always")],
        &[("null_values", "NULL")],
        &[("null_values", ",NULL,\\N,a")],
        &[("escape", "\\")],
        &[("delimiter", "||")],
        &[("delimiter", "\\t"), ("quote", "'"), ("trim", "true")],
        &[("trim", "true"), ("comment", "#"), ("null_values", "-")],
        &[("header", "false")],
        &[("delimiter", "é"), ("escape", "\\"), ("trim", "true")],
    ];
    for seed in 0..300 {
        for dialect in dialects {
            check_round_trip(&schema(&[DataType::Utf8, DataType::Int64, DataType::Utf8], true), dialect, seed);
            check_round_trip(&schema(&[DataType::Utf8], true), dialect, seed);
            check_round_trip(&schema(&[DataType::Utf8, DataType::Utf8], false), dialect, seed);
        }
    }
}

#[test]
fn containers_come_back_as_json_text() {
    let declared = parse_columns("l BIGINT[], s STRUCT(a VARCHAR, b DOUBLE[]), m MAP(VARCHAR, DATE), j JSON").unwrap();
    let schema = Arc::new(Schema::new(declared.columns.iter().map(|c| c.to_field()).collect::<Vec<_>>()));
    let documents = [
        r#"{"l":[1,null,-3],"s":{"a":"x,\"y\"\n","b":[0.5]},"m":{"k":"2024-02-29"},"j":{"any": [1,"a"]}}"#,
        r#"{"l":[],"s":{"a":null,"b":null},"m":{},"j":"text"}"#,
        r#"{"l":null,"s":null,"m":null,"j":null}"#,
        r#"{"l":[9223372036854775807],"s":{"a":"","b":[]},"m":{"":null,"NULL":"1969-12-31"},"j":[]}"#,
    ];
    let json = DecodeSpec::new(Arc::clone(&schema), FormatSpec::new("json"));
    let decoded = AnyDecoder::build(&json).unwrap().unwrap().decode(&RawBatch::from_values(documents)).unwrap();
    assert!(decoded.rejected.is_empty(), "{:?}", decoded.rejected[0]);
    let format = format(&[]);
    assert_eq!(decode_file(&schema, &format, &encode_file(&decoded.batch, &format)), decoded.batch);
}

/// Rows of `file` as JSON lines, and the rejections.
fn read_nulls(options: &[(&str, &str)], file: &str) -> String {
    let declared = parse_columns("a VARCHAR, b BIGINT").unwrap();
    let schema = Arc::new(Schema::new(declared.columns.iter().map(|c| c.to_field()).collect::<Vec<_>>()));
    let format = format(options);
    let (records, _) = file_records(&CsvDecoder::framing(&format).unwrap().unwrap(), file.as_bytes());
    let decoded = decoder(&schema, &format).decode(&records).unwrap();
    let json = EncodeSpec::new(schema, FormatSpec::new("json"));
    let mut encoder = AnyEncoder::build(&json).unwrap().unwrap();
    let mut out = EncodedBatch::default();
    encoder.encode(&decoded.batch, &mut out).unwrap();
    let rows = out.iter().map(|row| String::from_utf8_lossy(row).into_owned());
    let errors = decoded.rejected.iter().map(|r| r.error.to_string());
    rows.chain(errors).collect::<Vec<_>>().join("\n")
}

#[test]
fn each_column_has_its_null_texts() {
    let file = "a,b\nNA,1\n-,-\n,\n\"NA\",\"-\"\n";
    let options = [("column_null_values", "a: NA; b: ,-")];
    let rows = read_nulls(&options, file);
    expect![[r#"
        {"a":null,"b":1}
        {"a":"-","b":null}
        {"a":"","b":null}
        {"a":"NA","b":null}"#]]
    .assert_eq(&rows);
    let always = [options[0], ("quoted_nulls", "always")];
    expect![[r#"
        {"a":null,"b":1}
        {"a":"-","b":null}
        {"a":"","b":null}
        {"a":null,"b":null}"#]]
    .assert_eq(&read_nulls(&always, file));
    let never = [options[0], ("quoted_nulls", "never")];
    expect![[r#"
        {"a":null,"b":1}
        {"a":"-","b":null}
        {"a":"","b":null}
        field b: expected BIGINT, found text "-""#]]
    .assert_eq(&read_nulls(&never, file));
}

#[test]
fn null_texts_of_no_column_are_refused() {
    let schema = schema(&[DataType::Utf8], true);
    let error = |options: &[(&str, &str)]| {
        let spec = DecodeSpec::new(Arc::clone(&schema), format(options));
        CsvDecoder::build(&spec).unwrap_err().to_string()
    };
    expect!["option `column_null_values` = 'c1': expected a column of the schema: there is no such column; did you mean `c0`?"].assert_eq(&error(&[("column_null_values", "c1: NA")]));
    expect!["option `column_null_values` = 'NA': expected list of columns with their null texts, `price: NA,-; note: none`: a column's name and a colon stand in front of its null texts: `price: NA,-`"].assert_eq(&error(&[("column_null_values", "NA")]));
}

#[test]
fn what_would_be_read_as_null_is_not_written() {
    let schema = schema(&[DataType::Utf8], true);
    let column: ArrayRef = Arc::new(arrow_array::StringArray::from(vec![None, Some("x"), Some("NA")]));
    let batch = RecordBatch::try_new(Arc::clone(&schema), vec![column]).unwrap();
    let options = [("column_null_values", "c0: NA"), ("quoted_nulls", "always")];
    let mut encoder = CsvEncoder::build(&EncodeSpec::new(schema, format(&options))).unwrap().unwrap();
    let mut out = EncodedBatch::default();
    encoder.encode(&batch.slice(0, 2), &mut out).unwrap();
    assert_eq!(out.iter().collect::<Vec<_>>(), [&b"NA"[..], b"x"]);
    let error = encoder.encode(&batch, &mut EncodedBatch::default()).unwrap_err();
    expect![[r#"field c0: format csv cannot write text "NA"; it would be read as null: set `quoted_nulls` or another null text"#]].assert_eq(&error.to_string());
}
