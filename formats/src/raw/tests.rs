//! Raw records in and out.

use std::{fmt::Write as _, sync::Arc};

use arrow_array::{Array, cast::AsArray};
use arrow_schema::{DataType, Field, Schema};
use expect_test::{Expect, expect};
use laminar_schema::{
    DecodeSpec, DecoderSet, EncodeSpec, EncodedBatch, EncoderSet, FormatDecoder, FormatEncoder, FormatSpec, Options,
    RawBatch, RawRecord, field::DEFAULT_METADATA, field::with_metadata,
};

use super::*;

/// Decodes text records, tombstones among them, and encodes the rows again.
fn check(field: Field, options: &[(&str, &str)], records: &[Option<&[u8]>], expected: Expect) {
    let mut shown = String::new();
    match round_trip(field, options, records, &mut shown) {
        Ok(()) => {}
        Err(e) => writeln!(shown, "error: {e}").unwrap(),
    }
    expected.assert_eq(&shown);
}

fn round_trip(
    field: Field,
    options: &[(&str, &str)],
    records: &[Option<&[u8]>],
    shown: &mut String,
) -> SchemaResult<()> {
    let format = FormatSpec::new("raw").with_options(Options::from_pairs(options.iter().copied()));
    let schema = Arc::new(Schema::new(vec![field]));
    let mut decoder = RawDecoder::build(&DecodeSpec::new(Arc::clone(&schema), format.clone()))?.unwrap();
    let records: Vec<RawRecord> =
        records.iter().map(|v| RawRecord { value: v.map(<[u8]>::to_vec), ..RawRecord::default() }).collect();
    let decoded = decoder.decode(&RawBatch::from_records(&records))?;
    let column = arrow_cast::cast(decoded.batch.column(0), &DataType::Binary)?;
    let column = column.as_binary::<i32>();
    for row in 0..column.len() {
        let value = (!column.is_null(row)).then(|| column.value(row).escape_ascii().to_string());
        writeln!(shown, "{} {}", decoded.rows.record_of(row), value.as_deref().unwrap_or("NULL")).unwrap();
    }
    for rejected in &decoded.rejected {
        writeln!(shown, "{} ! {}", rejected.record, rejected.error).unwrap();
    }
    let mut encoder = RawEncoder::build(&EncodeSpec::new(schema, format))?.unwrap();
    let mut out = EncodedBatch::new();
    encoder.encode(&decoded.batch, &mut out)?;
    let encoded: Vec<String> = out.iter().map(|r| r.escape_ascii().to_string()).collect();
    writeln!(shown, "encoded {encoded:?}, each with {:?} behind it", encoder.delimiter().escape_ascii().to_string())
        .unwrap();
    Ok(())
}

fn blob() -> Field {
    Field::new("value", DataType::Binary, true)
}

#[test]
fn bytes_and_text() {
    check(
        blob(),
        &[],
        &[Some(b"a"), Some(b""), Some(b"\xFF\n\0")],
        expect![[r#"
        0 a
        1 
        2 \xff\n\x00
        encoded ["a", "", "\\xff\\n\\x00"], each with "\\n" behind it
    "#]],
    );
    check(
        Field::new("line", DataType::Utf8, false),
        &[],
        &[Some(b"a"), Some(b"\xFF"), Some("é".as_bytes())],
        expect![[r#"
            0 a
            2 \xc3\xa9
            1 ! field line: expected VARCHAR, found bytes that are no UTF-8 text
            encoded ["a", "\\xc3\\xa9"], each with "\\n" behind it
        "#]],
    );
    check(
        blob(),
        &[("framing", "whole")],
        &[Some(b"a\nb")],
        expect![[r#"
        0 a\nb
        encoded ["a\\nb"], each with "" behind it
    "#]],
    );
}

#[test]
fn tombstones() {
    let (not_null, tombstone) = (Field::new("value", DataType::Binary, false), [None, Some(&b"a"[..])]);
    check(
        blob(),
        &[],
        &tombstone,
        expect![[r#"
        0 NULL
        1 a
        error: field value: format raw cannot write null; set `null_value` to what shall be written instead
    "#]],
    );
    check(
        blob(),
        &[("null_value", "\\N")],
        &tombstone,
        expect![[r#"
        0 NULL
        1 a
        encoded ["\\\\N", "a"], each with "\\n" behind it
    "#]],
    );
    check(
        blob(),
        &[("tombstones", "skip")],
        &tombstone,
        expect![[r#"
        1 a
        encoded ["a"], each with "\\n" behind it
    "#]],
    );
    check(
        blob(),
        &[("tombstones", "reject")],
        &tombstone,
        expect![[r#"
            1 a
            0 ! expected a document, found a tombstone; set `tombstones` to 'skip' or 'null'
            encoded ["a"], each with "\\n" behind it
        "#]],
    );
    check(
        not_null.clone(),
        &[],
        &tombstone,
        expect![[r#"
        1 a
        0 ! field value: expected BLOB (NOT NULL), found no such field; give the column a DEFAULT or drop NOT NULL
        encoded ["a"], each with "\\n" behind it
    "#]],
    );
    check(
        with_metadata(not_null, DEFAULT_METADATA, "'-'").with_data_type(DataType::Utf8),
        &[],
        &tombstone,
        expect![[r#"
        0 -
        1 a
        encoded ["-", "a"], each with "\\n" behind it
    "#]],
    );
}

#[test]
fn schemas_and_options() {
    check(
        Field::new("n", DataType::Int64, true),
        &[],
        &[],
        expect![[r#"
        error: column `n`: the format cannot carry BIGINT; declare it as BLOB or VARCHAR
    "#]],
    );
    check(
        blob(),
        &[("framing", "blocks"), ("frames", "whole")],
        &[],
        expect![[r#"
        error: unknown option `frames`; expected one of: framing, tombstones, null_value; option `framing` = 'blocks': expected lines or whole
    "#]],
    );
    let two = Schema::new(vec![blob(), Field::new("n", DataType::Int64, true)]);
    expect![
        "option `columns` = 'value, n': expected one column, such as `value BLOB`: format raw has one value per record"
    ]
    .assert_eq(&check_schema(&two).unwrap_err().to_string());
}
