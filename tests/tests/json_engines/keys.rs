//! Keys: their lengths, their escapes, their order, and what they are next to.

use std::sync::Arc;

use arrow_schema::{DataType, Field, Fields, Schema};
use laminar_schema::{RawBatch, field::json_field};
use laminar_tests::{
    differ::{
        Engines,
        engines::difference,
        target::{options, schema},
    },
    random::Random,
};

use crate::{check, check_schema};

fn columns_of(keys: &[String]) -> Arc<Schema> {
    let field = |key: &String| Field::new(key, DataType::Int64, true);
    Arc::new(Schema::new(keys.iter().map(field).collect::<Fields>()))
}

/// A key of `length` bytes that differs from others of its length at byte `at` alone.
fn key(length: usize, at: usize, letter: u8) -> String {
    let mut key: Vec<u8> = (0..length).map(|i| b'a' + (i % 26) as u8).collect();
    if let Some(byte) = key.get_mut(at) {
        *byte = letter;
    }
    String::from_utf8(key).unwrap()
}

#[test]
fn keys_of_every_length() {
    for length in [0, 1, 2, 7, 8, 9, 15, 16, 17].into_iter().chain(26..=40).chain([63, 64, 65]).chain(255..=300) {
        let mut keys =
            vec![key(length, 0, b'A'), key(length, length / 2, b'B'), key(length, length.saturating_sub(1), b'C')];
        keys.dedup();
        let mut near: Vec<String> = keys.clone();
        near.extend([key(length, 0, b'_'), key(length, length.saturating_sub(1), b'_'), key(length + 1, length, b'_')]);
        near.extend(keys.iter().filter_map(|k| k.get(..length.checked_sub(1)?)).map(str::to_owned));
        near.extend(keys.iter().map(|k| k.replace('a', "\\u0061")));
        near.extend(keys.iter().map(|k| format!("{k}\\u0000")));
        let mut records = Vec::new();
        for first in &near {
            records.push(format!(r#"{{"{first}":1}}"#));
            for second in &near {
                records.push(format!(r#"{{"{first}":1,"{second}":2}}"#));
                records.push(format!(r#"{{"{first}" : 1 , "{second}" : 2, "{first}":3}}"#));
            }
        }
        check_schema(&columns_of(&keys), &options(&[]), &records);
    }
}

/// Of two fields with one key the first has the value, whatever order was learnt.
#[test]
fn fields_with_one_key() {
    let keys = ["a", "x", "a"].map(str::to_owned);
    let records = [
        r#"{"a":1,"x":2}"#,
        r#"{"x":3,"a":4}"#,
        r#"{"x":5,"a":6}"#,
        r#"{"a":7,"x":8,"a":9}"#,
        r#"{ "x" : 10 , "a" : 11 }"#,
    ];
    let decoded = check_schema(&columns_of(&keys), &options(&[]), &records);
    assert_eq!(decoded.batch.column(2).null_count(), records.len());
}

#[test]
fn a_key_of_one_mebibyte() {
    let keys = [key(1 << 20, 1 << 19, b'X'), key(1 << 20, 0, b'Y')];
    let other = key(1 << 20, (1 << 20) - 1, b'Z');
    let [a, b] = &keys;
    let records = [
        format!(r#"{{"{a}":1,"{b}":2}}"#),
        format!(r#"{{"{b}":3,"{other}":"{a}"}}"#),
        format!(r#"{{"{a}x":4,"\u0061":5,"{b}":6"#),
    ];
    let decoded = check_schema(&columns_of(&keys), &options(&[]), &records);
    assert_eq!((decoded.batch.num_rows(), decoded.rejected.len()), (2, 1));
}

#[test]
fn keys_with_escapes() {
    let columns = r#"a BIGINT, "q""r" BIGINT, "b\c" BIGINT, "é" BIGINT, "🦀" BIGINT, "s/l" BIGINT"#;
    let spelt = [
        "a",
        "\\u0061",
        "\\u0041",
        "q\\\"r",
        "q\\u0022r",
        "b\\\\c",
        "b\\u005cc",
        "b\\c",
        "é",
        "\\u00e9",
        "\\u00E9",
        "e\\u0301",
        "🦀",
        "\\ud83e\\udd80",
        "\\ud83e",
        "\\udd80",
        "s/l",
        "s\\/l",
        "a\\u0000",
        "a ",
        " a",
        "",
        "\\u00zz",
        "q\"r",
        "\\ud83e\\u0061",
    ];
    let mut records: Vec<String> = spelt.iter().map(|key| format!(r#"{{"{key}":1}}"#)).collect();
    for first in spelt {
        records.extend(spelt.iter().map(|second| format!(r#"{{"{first}":1,"{second}":2,"a":3}}"#)));
    }
    check(columns, &[], &records);
    check(
        "s STRUCT(a BIGINT), m MAP(VARCHAR, BIGINT)",
        &[],
        &records.iter().map(|r| format!(r#"{{"s":{r},"m":{r}}}"#)).collect::<Vec<_>>(),
    );
    check(
        "m MAP(VARCHAR, BIGINT)",
        &[("duplicate_fields", "reject")],
        &records.iter().map(|r| format!(r#"{{"m":{r}}}"#)).collect::<Vec<_>>(),
    );
}

/// Names that read like a key, a colon and the beginning of its value, in records of no order.
#[test]
fn names_that_hold_quotes() {
    for table in 0..40 {
        let names: Vec<String> = (0..64).map(|i| format!(r#"{table}k{i}":{{"b"#)).collect();
        let mut random = Random(table);
        let records: Vec<String> = (0..400)
            .map(|_| match random.below(64) {
                i if random.below(2) == 0 => format!(r#"{{"{table}k{i}":{{"b":1}}}}"#),
                i => format!(r#"{{"{table}k{i}\":{{\"b":{i}}}"#),
            })
            .collect();
        let batch = RawBatch::from_values(&records);
        let fields = names.iter().map(|name| json_field(name, true));
        let schema = Arc::new(Schema::new(fields.collect::<Fields>()));
        let mut engines = Engines::new(&schema, &options(&[])).unwrap();
        let first = engines.decode(&batch).unwrap();
        difference(&first, &engines.decode(&batch).unwrap()).unwrap();
        assert!(first.rejected.is_empty(), "{}", first.rejected[0].error);
    }
}

/// Glue between two values at every place of a 64-byte block, as it is expected and nearly so.
#[test]
fn glue_at_every_alignment() {
    const GLUES: &[&str] = &[
        r#","key":"#,
        r#", "key":"#,
        r#","key": "#,
        r#" ,"key":"#,
        r#","key" :"#,
        r#","keY":"#,
        r#","key""#,
        r#""key":"#,
        r#",key":"#,
        r#","key:"#,
        r#",,"key":"#,
        r#","key"::"#,
        r#";"key":"#,
        r#","key","#,
        r#","k\u0065y":"#,
        r#","ke\u0079":"#,
        ",\n\t\"key\"\r:\n",
    ];
    for before in ["\"{}\"", "1{}", "[\"{}\"]"] {
        let mut records = Vec::new();
        for length in 0..130 {
            let filler = "1".repeat(length);
            for glue in GLUES {
                records.push(format!(r#"{{"p":{}{glue}true}}"#, before.replace("{}", &filler)));
                records.push(format!(r#"{{"p":{}{glue}1,"after":"x"}}"#, before.replace("{}", &filler)));
            }
        }
        check(r#"p VARCHAR, "key" BOOLEAN, "after" VARCHAR"#, &[], &records);
        check(r#"p JSON, "key" JSON"#, &[], &records);
        check(r#""after" VARCHAR, "key" TINYINT"#, &[], &records);
    }
}

/// What was learnt from records in one order must not tell in another.
#[test]
fn key_orders_leave_no_trace() {
    let schema =
        schema("a BIGINT, bb VARCHAR, c DOUBLE, d STRUCT(x BIGINT, y BIGINT, z BOOLEAN), e BOOLEAN[], f DECIMAL(9,2)");
    let members = [
        r#""a":1"#,
        r#""bb":"text""#,
        r#""c":1.5"#,
        r#""d":{"x":1,"z":true,"y":2}"#,
        r#""e":[true,null]"#,
        r#""f":1.25"#,
        r#""u":{"a":[1]}"#,
        r#""a":"no""#,
        r#""d":{"y":1,"x":2}"#,
        r#""f":1.253"#,
        r#""bb":"\n""#,
        r#""uu":01"#,
    ];
    let mut random = Random(11);
    let mut warm = Engines::new(&schema, &options(&[])).unwrap();
    for round in 0..300 {
        let mut order = members.to_vec();
        (1..order.len()).rev().for_each(|i| order.swap(i, random.below(i + 1)));
        let some = order[..random.below(8)].join(",");
        // The same order several times, so that it is learnt, with one record of another order among them.
        let mut records = vec![format!("{{{some}}}"); 1 + random.below(5)];
        order.reverse();
        records.insert(random.below(records.len()), format!("{{{}}}", order[..random.below(8)].join(", ")));
        let batch = RawBatch::from_values(&records);
        let cold = Engines::new(&schema, &options(&[])).unwrap().decode(&batch).unwrap();
        let warm = warm.decode(&batch).unwrap();
        difference(&cold, &warm).unwrap_or_else(|e| panic!("round {round}: {e} in {records:?}"));
    }
}
