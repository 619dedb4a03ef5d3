//! Messages of writers that take turns and have some fields each give what each of them gives alone.

use serde_json::{Value, json};

use super::tests::{EVERY_KIND, FIELDS, Numbers, check_writers};

const CONFLUENT: (&str, &str) = ("wire_format", "confluent");

/// Which fields a version of a schema has, by their places.
type Has = fn(usize, usize) -> bool;

/// How the versions of a schema differ.
#[derive(Clone, Copy)]
struct History {
    has: Has,
    /// Whether they write what may be null and what is long in several ways.
    differs: bool,
}

/// How a version writes a field.
#[derive(Clone, Copy, PartialEq)]
enum Written {
    AsEver,
    /// With null as the other branch of the union.
    Turned,
    /// Never null.
    Plain,
    /// A long as an int.
    AsInt,
}

impl History {
    fn written(self, version: usize, field: &str) -> Written {
        let may_be_null = ["nb", "ni", "nl", "f", "d", "ns", "ny", "at"].contains(&field);
        match version % 3 {
            1 if self.differs && may_be_null => Written::Turned,
            2 if self.differs && may_be_null => Written::Plain,
            0 if self.differs && field == "l" => Written::AsInt,
            _ => Written::AsEver,
        }
    }
}

const VERSIONS: usize = 10;
/// Versions that only gain fields; that gain and lose some; that have any; and one of which the others have nothing.
const FIELDS_BY_VERSION: [Has; 5] = [
    |version, field| field < 3 + 2 * version,
    |version, field| (version..version + 14).contains(&field),
    |version, field| !(field * 7 + version * 5).is_multiple_of(3),
    |version, field| (field % 2 == 0) == (version == 4),
    |_, _| true,
];

fn histories() -> impl Iterator<Item = History> {
    FIELDS_BY_VERSION.into_iter().flat_map(|has| [false, true].map(|differs| History { has, differs }))
}

/// Defaults that are of the first branch of each union.
fn first_default(field: &str) -> Value {
    match field {
        "b" => json!(true),
        "i" | "ni" | "day" | "time" => json!(7),
        "l" => json!(-300),
        "f" => json!(0.5),
        "s" => json!("Zürich"),
        "y" | "ny" => json!(""),
        "large" => json!("\u{1}\u{2}"),
        "r" => json!({"x": null, "y": "default"}),
        "many" | "none" => json!([]),
        "map" => json!({}),
        _ => Value::Null,
    }
}

/// Defaults that are of the other one.
fn second_default(field: &str) -> Value {
    match field {
        "nb" => json!(true),
        "ni" | "f" | "ny" => Value::Null,
        "nl" | "at" => json!(1_000_000),
        "d" => json!(-0.25),
        "s" | "ns" => json!(""),
        "small" => json!("\u{1}"),
        "e" => json!("C"),
        "nr" => json!({"x": 5, "y": ""}),
        "many" => json!([{"x": 1, "y": "a"}, {"x": null, "y": ""}]),
        "map" => json!({"a": 1, "b": null}),
        other => first_default(other),
    }
}

/// [`EVERY_KIND`] with some of the fields.
fn schema(
    has: impl Fn(usize) -> bool,
    written: impl Fn(&str) -> Written,
    default: Option<fn(&str) -> Value>,
) -> String {
    let mut schema: Value = serde_json::from_str(EVERY_KIND).unwrap();
    let all = schema["fields"].as_array().unwrap().clone();
    assert_eq!(all.iter().map(|field| field["name"].as_str().unwrap()).collect::<Vec<_>>(), FIELDS);
    let inner = all[FIELDS.iter().position(|field| *field == "r").unwrap()]["type"].to_string();
    let fields = all.into_iter().enumerate().filter(|(index, _)| has(*index)).map(|(_, mut field)| {
        match (written(field["name"].as_str().unwrap()), field["type"].as_array().map(Vec::as_slice)) {
            (Written::Turned, Some([first, second])) => field["type"] = json!([second, first]),
            (Written::Plain, Some([kind, null] | [null, kind])) if null == "null" => field["type"] = kind.clone(),
            (Written::AsInt, None) => field["type"] = json!("int"),
            (written, _) => assert!(written == Written::AsEver),
        }
        if let Some(default) = default {
            field["default"] = default(field["name"].as_str().unwrap());
        }
        field
    });
    schema["fields"] = fields.collect();
    let text = schema.to_string();
    // Where it is used first it is defined.
    if text.contains(&inner) { text } else { text.replacen(r#""in""#, &inner, 1) }
}

fn whole(default: Option<fn(&str) -> Value>) -> String {
    schema(|_| true, |_| Written::AsEver, default)
}

fn value(written: Written, field: &str, numbers: &mut Numbers, message: &mut Vec<u8>) {
    let mut value = Vec::new();
    // Its branch alone is a null.
    while value.is_empty() || written == Written::Plain && value.len() == 1 {
        value.clear();
        numbers.value(if written == Written::AsInt { "i" } else { field }, &mut value);
    }
    if written == Written::Turned {
        value[0] ^= 2;
    }
    message.extend_from_slice(&value[usize::from(written == Written::Plain)..]);
}

/// Messages of versions in no order: mostly each of another than the one before, sometimes many of one.
fn messages(history: History, seed: u64, count: usize) -> Vec<Vec<u8>> {
    let mut numbers = Numbers(seed);
    let mut messages = Vec::new();
    while messages.len() < count {
        let version = numbers.below(VERSIONS as u64) as usize;
        let run = if numbers.below(50) == 0 { 30 } else { 1 };
        for _ in 0..run.min(count - messages.len()) {
            let mut message = vec![0, 0, 0, 0, version as u8 + 1];
            let fields = FIELDS.iter().enumerate().filter(|(field, _)| (history.has)(version, *field));
            fields.for_each(|(_, field)| value(history.written(version, field), field, &mut numbers, &mut message));
            messages.push(message);
        }
    }
    messages
}

/// Messages of a history's versions, together and each alone; yields rows, rejections, and how many were read abreast.
fn check(
    history: History,
    reader: Option<&str>,
    columns: Option<&str>,
    options: &[(&str, &str)],
    messages: &[Vec<u8>],
) -> (usize, usize, usize) {
    let writer = |version| schema(|field| (history.has)(version, field), |field| history.written(version, field), None);
    let writers: Vec<String> = (0..VERSIONS).map(writer).collect();
    let writers: Vec<&str> = writers.iter().map(String::as_str).collect();
    let reader = reader.map(|reader| ("reader_schema", reader));
    let options: Vec<_> = options.iter().copied().chain([CONFLUENT]).chain(reader).collect();
    check_writers(&whole(None), &writers, columns, &options, messages)
}

#[test]
fn fields_that_some_have_are_the_readers_defaults_for_others() {
    for default in [first_default, second_default] {
        let reader = whole(Some(default));
        for (seed, history) in (0..).zip(histories()) {
            for count in [4, 127, 128, 129, 700] {
                let messages = messages(history, seed, count);
                let (num_rows, rejected, abreast) = check(history, Some(&reader), None, &[], &messages);
                assert_eq!((num_rows, rejected), (count, 0));
                assert!(abreast + 4 > count, "{abreast} of {count} were read abreast");
            }
        }
    }
}

/// Columns of some of the fields, of other types than they have, and of no field.
const COLUMNS: &str = "b BOOLEAN, nl BIGINT, l BIGINT, f REAL, d DOUBLE DEFAULT 0.5, s VARCHAR, ns VARCHAR DEFAULT 'none', \
                       y BLOB, at TIMESTAMP, day DATE DEFAULT DATE '2020-01-01', small DECIMAL(9, 2), e VARCHAR, \
                       r STRUCT(x BIGINT, y VARCHAR), map MAP(VARCHAR, INTEGER), many STRUCT(x BIGINT, y VARCHAR)[], \
                       i BIGINT DEFAULT 7, more BIGINT DEFAULT 7, none_of_them VARCHAR";

#[test]
fn fields_that_some_have_are_null_or_a_columns_default_for_others() {
    for (seed, history) in (10..).zip(histories()) {
        let messages = messages(history, seed, 500);
        let (num_rows, rejected, abreast) = check(history, None, Some(COLUMNS), &[], &messages);
        assert_eq!((num_rows, rejected), (500, 0));
        assert!(abreast > 490, "{abreast} were read abreast");
    }
}

#[test]
fn what_does_not_fit_is_told_as_when_alone() {
    let narrow = "i SMALLINT, nl BIGINT NOT NULL DEFAULT 3, s VARCHAR, e VARCHAR, l INTEGER";
    for (seed, history) in (20..).zip(histories()) {
        let messages = messages(history, seed, 400);
        for mismatch in ["reject", "null"] {
            let (num_rows, rejected, _) = check(history, None, Some(narrow), &[("type_mismatch", mismatch)], &messages);
            assert_eq!(num_rows + rejected, 400);
            assert!(rejected > 0);
        }
        let rescued = format!("{COLUMNS}, _rescued JSON");
        let rescued = rescued.replace("i BIGINT", "i SMALLINT");
        for unknown in ["ignore", "rescue"] {
            let options = [("type_mismatch", "rescue"), ("unknown_fields", unknown)];
            let (num_rows, rejected, _) = check(history, None, Some(&rescued), &options, &messages);
            assert_eq!((num_rows, rejected), (400, 0));
        }
    }
}

#[test]
fn one_bad_message_costs_itself() {
    let reader = whole(Some(first_default));
    for (seed, history) in (30..).zip(histories()) {
        for at in [0, 1, 64, 127, 128, 299] {
            let mut messages = messages(history, seed, 300);
            messages[at].push(0);
            let (num_rows, rejected, abreast) = check(history, Some(&reader), None, &[], &messages);
            assert_eq!((num_rows, rejected), (299, 1));
            assert!(abreast > 0);
            messages[at][0] = 1;
            assert_eq!(check(history, Some(&reader), None, &[], &messages).1, 1);
        }
    }
}

#[test]
fn broken_messages_are_told_as_when_alone() {
    let reader = whole(Some(second_default));
    let mut numbers = Numbers(40);
    for round in 0..40 {
        let history = histories().nth(round % 10).unwrap();
        let mut messages = messages(history, 50 + round as u64, 150);
        for _ in 0..1 + round % 4 {
            let message = &mut messages[numbers.below(150) as usize];
            let len = message.len() as u64 - 5;
            match numbers.below(3) {
                0 => message.truncate(5 + numbers.below(len + 1) as usize),
                1 => message.insert(5 + numbers.below(len + 1) as usize, numbers.below(256) as u8),
                _ if len == 0 => {}
                _ => message[5 + numbers.below(len) as usize] ^= 1 << numbers.below(8),
            }
        }
        let (num_rows, rejected, _) = check(history, Some(&reader), None, &[], &messages);
        assert_eq!(num_rows + rejected, 150);
    }
}

/// A null of the reader's default is none that a column without nulls takes, though the writers that have the field have no nulls.
#[test]
fn a_null_by_default_is_refused_where_a_column_takes_none() {
    const FIELDS: [(&str, &str, &str); 3] = [
        ("n", r#""long""#, "BIGINT"),
        ("s", r#""string""#, "VARCHAR"),
        ("e", r#"{"type":"enum","name":"e","symbols":["A"]}"#, "VARCHAR"),
    ];
    let record = |fields: &[String]| {
        let fields = [&[r#"{"name":"id","type":"long"}"#.to_owned()], fields].concat();
        format!(r#"{{"type":"record","name":"r","fields":[{}]}}"#, fields.join(","))
    };
    for (name, kind, column) in FIELDS {
        let reader = record(&[format!(r#"{{"name":"{name}","type":["null",{kind}],"default":null}}"#)]);
        let writers = [record(&[format!(r#"{{"name":"{name}","type":{kind}}}"#)]), record(&[])];
        // A long, an empty text and the first symbol are a zero.
        let messages: Vec<Vec<u8>> =
            (0..40).map(|row| if row % 3 == 0 { vec![0, 0, 0, 0, 2, 8] } else { vec![0, 0, 0, 0, 1, 8, 0] }).collect();
        let columns = format!("id BIGINT, {name} {column} NOT NULL");
        let options = [CONFLUENT, ("reader_schema", &reader)];
        let writers: Vec<&str> = writers.iter().map(String::as_str).collect();
        let (num_rows, rejected, _) = check_writers(&reader, &writers, Some(&columns), &options, &messages);
        assert_eq!((num_rows, rejected), (26, 14), "{name}");
    }
}

/// What one writer may not write is refused of it, also where another one's field in its place may hold it.
#[test]
fn each_way_to_write_has_its_own_limits() {
    let (long, int, first, second) = (r#""long""#, r#""int""#, r#"["null","long"]"#, r#"["long","null"]"#);
    let first_int = r#"["null","int"]"#;
    // 2^31 is a byte more than any int.
    let (small, large) = ([4].as_slice(), [0x80, 0x80, 0x80, 0x80, 0x10].as_slice());
    let check = |types: [&str; 3], values: [&[u8]; 3], (bad, value): (usize, &[u8]), columns: Option<&str>| {
        let record = |kind: &&str| {
            let id = r#"{"name":"id","type":"long"}"#;
            format!(r#"{{"type":"record","name":"r","fields":[{id},{{"name":"v","type":{kind}}}]}}"#)
        };
        let reader = record(&first).replace(first, &format!(r#"{first},"default":null"#));
        let writers: Vec<String> = types.iter().map(record).collect();
        let writers: Vec<&str> = writers.iter().map(String::as_str).collect();
        let message = |row: usize| [&[0, 0, 0, 0, row as u8 % 3 + 1, 8], values[row % 3]].concat();
        let mut messages: Vec<Vec<u8>> = (0..90).map(message).collect();
        let options = [CONFLUENT, ("reader_schema", &reader)];
        assert_eq!(check_writers(&reader, &writers, columns, &options, &messages), (90, 0, 90), "{types:?}");
        messages[30 + bad] = [&[0, 0, 0, 0, bad as u8 + 1, 8], value].concat();
        let (num_rows, rejected, _) = check_writers(&reader, &writers, columns, &options, &messages);
        assert_eq!((num_rows, rejected), (89, 1), "{types:?}");
    };
    check([long, int, int], [large, small, small], (1, large), None);
    let (null, has_large, has_small) = ([0].as_slice(), [&[2], large].concat(), [&[2], small].concat());
    check([first, first_int, first], [&has_large, &has_small, null], (1, &has_large), None);
    check([long, int, first], [large, small, &has_large], (1, large), None);
    for branch in [1, 4] {
        check([long, first, second], [large, &has_large, &[0, 4]], (2, &[branch]), None);
    }
    check([long, int, first], [large, small, &has_large], (2, null), Some("id BIGINT, v BIGINT NOT NULL"));
}

/// Text is checked of a whole batch, and of each value only where that was amiss. What is told of a record does not depend on others.
#[test]
fn the_first_thing_amiss_is_told_whatever_other_records_have() {
    let schema =
        r#"{"type":"record","name":"r","fields":[{"name":"s","type":"string"},{"name":"n","type":["null","int"]}]}"#;
    let message = |datum: [u8; 3]| [&[0, 0, 0, 0, 1], &datum[..]].concat();
    // Text of one byte that is no UTF-8 and a branch that there is not; the text alone; nothing amiss.
    let messages = [[2, 0xFF, 9], [2, 0xFF, 0], [2, b'a', 0]].map(message);
    assert_eq!(check_writers(schema, &[schema], None, &[CONFLUENT], &messages).1, 2);
}
