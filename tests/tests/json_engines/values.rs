//! Every Arrow type against every kind of value.

use std::sync::Arc;

use arrow_schema::{DataType as T, Field, Fields, IntervalUnit, Schema, TimeUnit};
use laminar_schema::field::{json_field, uuid_field};
use laminar_tests::differ::{seeds::VALUES, target::options};

use crate::{check, check_schema};

/// Values beside those that the fuzzer uses: texts that temporal, binary and decimal types know.
const MORE: &[&str] = &[
    r#""0""#,
    r#""-0""#,
    r#""12.50""#,
    r#""1e3""#,
    r#""TRUE""#,
    r#""NaN""#,
    r#""00:00""#,
    r#""00:00:00.000000001""#,
    r#""23:59:59.999999999""#,
    r#""24:00:00""#,
    r#""1970-01-01""#,
    r#""0000-01-01""#,
    r#""9999-12-31""#,
    r#""-0001-01-01""#,
    r#""10000-01-01""#,
    r#""2024-02-29T12:34""#,
    r#""2024-02-29T12:34:56""#,
    r#""2024-02-29T12:34:56,789""#,
    r#""2024-02-29T12:34:56.1234567Z""#,
    r#""2024-02-29T12:34:56.123456789+05:30""#,
    r#""2024-02-29t12:34:56z""#,
    r#""2024-02-29T12:34:56+0530""#,
    r#""2024-02-29T25:00:00""#,
    r#""1677-09-21T00:12:43.145224193""#,
    r#""2262-04-11T23:47:16.854775807""#,
    r#""2262-04-11T23:47:16.854775808""#,
    r#""2024\u002d02-29""#,
    r#"" 2024-02-29""#,
    r#""2024-02-29 ""#,
    r#""68656c6c6f""#,
    r#""68656C6C6f6""#,
    r#""aGVsbG8gd29ybGQ=""#,
    r#""aGVsbG8*""#,
    r#""aGVs\u0062G8=""#,
    r#""P1D""#,
    r#""PT0.000000001S""#,
    r#""P""#,
    r#""-P1Y""#,
    r#""6ba7b8109dad11d180b400c04fd430c8""#,
    r#""6ba7b810-9dad-11d1-80b4-00c04fd430cx""#,
    r#""a\u0000b""#,
    r#""\u00e9\u20ac""#,
    "[true]",
    "[1e400]",
    "[[1],[2]]",
    r#"["a","b"]"#,
    r#"{"a":"x"}"#,
    r#"{"a":null}"#,
    r#"{"b":1}"#,
    r#"{"k1":1,"k2":2}"#,
    r#"{"1":1,"1":2}"#,
    "1709210096",
    "1709210096.789",
    "1.7e9",
    "-62135596800000",
];

fn types() -> Vec<Field> {
    let item = |t: T| Arc::new(Field::new("item", t, true));
    let fields = |nullable| Fields::from(vec![Field::new("a", T::Int64, nullable), Field::new("b", T::Utf8, true)]);
    let map = |value: T| {
        let pair = vec![Field::new("key", T::Utf8, false), Field::new("value", value, true)];
        T::Map(Arc::new(Field::new("entries", T::Struct(pair.into()), false)), false)
    };
    let units = [TimeUnit::Second, TimeUnit::Millisecond, TimeUnit::Microsecond, TimeUnit::Nanosecond];
    let mut types = vec![
        T::Null,
        T::Boolean,
        T::Int8,
        T::Int16,
        T::Int32,
        T::Int64,
        T::UInt8,
        T::UInt16,
        T::UInt32,
        T::UInt64,
        T::Float16,
        T::Float32,
        T::Float64,
        T::Decimal32(9, 2),
        T::Decimal64(18, 0),
        T::Decimal128(38, 0),
        T::Decimal128(20, 4),
        T::Decimal128(5, -2),
        T::Decimal256(76, 10),
        T::Utf8,
        T::LargeUtf8,
        T::Utf8View,
        T::Binary,
        T::LargeBinary,
        T::FixedSizeBinary(5),
        T::Date32,
        T::Date64,
        T::Time32(TimeUnit::Second),
        T::Time32(TimeUnit::Millisecond),
        T::Time64(TimeUnit::Microsecond),
        T::Time64(TimeUnit::Nanosecond),
        T::Interval(IntervalUnit::YearMonth),
        T::Interval(IntervalUnit::DayTime),
        T::Interval(IntervalUnit::MonthDayNano),
        T::Dictionary(Box::new(T::Int8), Box::new(T::Utf8)),
        T::Dictionary(Box::new(T::UInt32), Box::new(T::Utf8)),
        T::List(item(T::Int64)),
        T::List(item(T::Utf8)),
        T::List(item(T::List(item(T::Float64)))),
        T::LargeList(item(T::Boolean)),
        T::FixedSizeList(item(T::Int32), 2),
        T::List(Arc::new(Field::new("item", T::Int64, false))),
        T::Struct(fields(true)),
        T::Struct(fields(false)),
        T::List(item(T::Struct(fields(true)))),
        map(T::Int64),
        map(T::Utf8),
        map(T::Struct(fields(true))),
    ];
    for unit in units {
        types.push(T::Duration(unit));
        types.extend(
            [None, Some("UTC"), Some("+02:00"), Some("Europe/Berlin")]
                .map(|zone| T::Timestamp(unit, zone.map(Arc::from))),
        );
    }
    let mut fields: Vec<Field> = types.into_iter().map(|t| Field::new("a", t, true)).collect();
    fields.extend([json_field("a", true), uuid_field("a", true)]);
    fields
}

/// Values as they are, with a neighbour that must come through untouched.
fn records() -> Vec<String> {
    let values = VALUES.iter().chain(MORE);
    values.flat_map(|v| [format!(r#"{{"a":{v}}}"#), format!(r#"{{"n":1, "a" : {v} ,"t":"x"}}"#)]).collect()
}

#[test]
fn every_type_with_every_value() {
    let (records, mut accepted) = (records(), 0);
    for field in types() {
        for nullable in [true, false] {
            let neighbours = [Field::new("n", T::Int64, true), Field::new("t", T::Utf8, true)];
            let fields =
                [field.clone().with_nullable(nullable || *field.data_type() == T::Null)].into_iter().chain(neighbours);
            let schema = Arc::new(Schema::new(fields.collect::<Fields>()));
            let mut words = vec![&[][..]];
            if nullable {
                words.extend([
                    &[("type_mismatch", "null")][..],
                    &[("coerce_strings", "true")],
                    &[("binary_encoding", "hex"), ("timestamp_formats", "epoch_s,%d/%m/%Y,iso8601")],
                ]);
            }
            for words in words {
                accepted += check_schema(&schema, &options(words), &records).batch.num_rows();
            }
        }
    }
    assert!(accepted > 10_000, "{accepted}");
}

/// By the oracle, too: types that it knows, in containers that it knows.
#[test]
fn every_known_type_by_the_oracle() {
    let records = records();
    for t in [
        "BOOLEAN",
        "TINYINT",
        "SMALLINT",
        "INTEGER",
        "BIGINT",
        "UTINYINT",
        "USMALLINT",
        "UINTEGER",
        "UBIGINT",
        "HUGEINT",
        "FLOAT",
        "DOUBLE",
        "DECIMAL(9,2)",
        "DECIMAL(38,10)",
        "VARCHAR",
        "JSON",
    ] {
        for columns in [
            format!("a {t}"),
            format!("n BIGINT, a {t} NOT NULL, t VARCHAR"),
            format!("a {t}[], n UTINYINT"),
            format!("a MAP(VARCHAR, {t})"),
            format!("a STRUCT(a {t}, b {t})"),
            format!("a {t}[2]"),
        ] {
            check(&columns, &[], &records);
            check(&columns, &[("type_mismatch", "null")], &records);
        }
    }
}

/// Keys that stand again in one of two maps, or in both.
#[test]
fn duplicates_in_nested_maps() {
    let inner = [r#"{"p":1}"#, r#"{"p":1,"p":2}"#, r#"{"p":"x","q":3,"p":4}"#, r#"{"q":5,"p":6,"q":"x"}"#, r#""x""#];
    let mut records = Vec::new();
    for first in inner {
        for second in inner {
            records.push(format!(r#"{{"a":{{"k":{first},"l":{second},"l":{first}}}}}"#));
            records.push(format!(r#"{{"a":{{"k":{first},"l":{first},"k":{second},"l":{{}}}}}}"#));
            records.push(format!(r#"{{"a":{{"k":{first}}},"a":{{"k":{second},"l":{first},"l":{second}}}}}"#));
        }
    }
    for columns in ["a MAP(VARCHAR, MAP(VARCHAR, BIGINT))", "a MAP(VARCHAR, STRUCT(p BIGINT, q BIGINT))"] {
        let accepted = check(columns, &[], &records).batch.num_rows();
        assert!(accepted > 10 && accepted < records.len(), "{columns}: {accepted}");
        check(columns, &[("type_mismatch", "null")], &records);
        check(columns, &[("duplicate_fields", "reject")], &records);
    }
}

/// Integers at the edges of every width, written in every way that means the same.
#[test]
fn integers_at_every_edge() {
    let mut records = Vec::new();
    for bits in 0..=129 {
        let power = if bits < 128 { 1_u128 << bits } else { u128::MAX };
        for near in power.saturating_sub(1)..=power.saturating_add(1) {
            for sign in ["", "-"] {
                records.extend(["", ".0", "E+00", ".5", "0e-1"].map(|end| format!("{sign}{near}{end}")));
            }
        }
    }
    for digits in 1..=45 {
        for digit in ["1", "9"] {
            records.extend([
                digit.repeat(digits),
                format!("-{digit}{}", "0".repeat(digits - 1)),
                format!("{digit}e{digits}"),
            ]);
        }
    }
    let records: Vec<String> = records.iter().map(|number| format!(r#"{{"a":{number}}}"#)).collect();
    for t in [
        "TINYINT",
        "SMALLINT",
        "INTEGER",
        "BIGINT",
        "UTINYINT",
        "USMALLINT",
        "UINTEGER",
        "UBIGINT",
        "HUGEINT",
        "DECIMAL(38,2)",
        "DOUBLE",
        "FLOAT",
    ] {
        let decoded = check(&format!("a {t}"), &[], &records);
        assert!(decoded.batch.num_rows() > 50 && !decoded.rejected.is_empty(), "{t}");
    }
}
