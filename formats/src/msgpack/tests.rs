#![allow(clippy::unwrap_used, reason = "a test that fails to unwrap says where")]

use std::{fmt::Write as _, sync::Arc};

use arrow_array::ArrayRef;
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_schema::{DataType, Field, Schema};
use expect_test::{Expect, expect};
use laminar_schema::{ConnectorConfig, FormatDecoder, Options, RawBatch, ddl::parse_columns};

use super::{MsgPackDecoder, MsgPackOptions};

/// Bytes from hexadecimal digits; `'text'` stands for a short string of it.
fn bytes(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if c == '\'' {
            let end = rest[1..].find('\'').unwrap() + 1;
            out.push(0xa0 | (end - 1) as u8);
            out.extend_from_slice(&rest.as_bytes()[1..end]);
            rest = &rest[end + 1..];
        } else if c.is_whitespace() || c == '-' {
            rest = &rest[1..];
        } else {
            out.push(u8::from_str_radix(&rest[..2], 16).unwrap());
            rest = &rest[2..];
        }
    }
    out
}

fn decoder(options: &[(&str, &str)], columns: &str) -> MsgPackDecoder {
    let declared = parse_columns(columns).unwrap();
    let fields: Vec<Field> = declared.columns.iter().map(|c| c.to_field()).collect();
    let options = Options::from_pairs(options.iter().copied());
    MsgPackDecoder::new(Arc::new(Schema::new(fields)), &MsgPackOptions::from_options(&options).unwrap()).unwrap()
}

/// Decodes records, written as `bytes` reads them, and shows the rows and what was rejected.
fn check(options: &[(&str, &str)], columns: &str, records: &[&str], expected: &Expect) {
    let records: Vec<Vec<u8>> = records.iter().map(|r| bytes(r)).collect();
    let decoded = decoder(options, columns).decode(&RawBatch::from_values(&records)).unwrap();
    let formats = FormatOptions::new().with_null("∅");
    let columns: Vec<ArrayRef> = decoded.batch.columns().iter().map(without_zone).collect();
    let columns: Vec<_> = columns.iter().map(|c| ArrayFormatter::try_new(c, &formats).unwrap()).collect();
    let mut out = String::new();
    for row in 0..decoded.batch.num_rows() {
        let cells: Vec<String> = columns.iter().map(|c| c.value(row).to_string()).collect();
        writeln!(out, "{}: {}", decoded.rows.record_of(row), cells.join(" | ")).unwrap();
    }
    for rejected in &decoded.rejected {
        writeln!(out, "{}: {}", rejected.record, rejected.error).unwrap();
    }
    expected.assert_eq(&out);
}

/// Arrow prints named zones with a database of them alone.
fn without_zone(column: &ArrayRef) -> ArrayRef {
    match column.data_type() {
        DataType::Timestamp(unit, Some(_)) => arrow_cast::cast(column, &DataType::Timestamp(*unit, None)).unwrap(),
        _ => Arc::clone(column),
    }
}

#[test]
fn every_type_has_its_column() {
    check(
        &[],
        "b BOOLEAN, i BIGINT, u UBIGINT, d DOUBLE, f FLOAT, s VARCHAR, x BLOB, ts TIMESTAMP, tz TIMESTAMPTZ",
        &[
            "89 'b' c3 'i' ff 'u' cf ffffffffffffffff 'd' ca 3fc00000 'f' cb 3fe0000000000000 's' 'héllo' \
             'x' c4 03 00ff80 'ts' d6ff 5a4af6a5 'tz' d7ff 00000fa0 00000000",
            "81 'tz' d7ff 00000004 00000000",
            "89 'b' c0 'i' c0 'u' c0 'd' c0 'f' c0 's' c0 'x' c0 'ts' c0 'tz' c0",
            "84 'ts' '2018-01-02 03:04:05' 'tz' '2018-01-02T03:04:05+01:00' 'x' 'text' 's' c4 02 6162",
            "82 'i' cb 4045000000000000 'd' 2a",
        ],
        &expect![[r#"
            0: true | -1 | 18446744073709551615 | 1.5 | 0.5 | héllo | 00ff80 | 2018-01-02T03:04:05 | 1970-01-01T00:00:00.000001
            2: ∅ | ∅ | ∅ | ∅ | ∅ | ∅ | ∅ | ∅ | ∅
            3: ∅ | ∅ | ∅ | ∅ | ∅ | ab | 74657874 | 2018-01-02T03:04:05 | 2018-01-02T02:04:05
            4: ∅ | 42 | ∅ | 42.0 | ∅ | ∅ | ∅ | ∅ | ∅
            1: field tz at byte 4: expected TIMESTAMPTZ, found timestamp 1970-01-01T00:00:00.000000001Z, which does not fit without loss
        "#]],
    );
}

#[test]
fn integers_are_exact_or_refused() {
    let columns = "t TINYINT, i BIGINT, d DOUBLE, h HUGEINT, p DECIMAL(6,2)";
    check(
        &[],
        columns,
        &[
            "81 't' d0 80",
            "81 't' d1 ff7f",
            "81 'i' cf 8000000000000000",
            "81 'i' cb 3ff8000000000000",
            "81 'i' cb 7ff8000000000000",
            "81 'd' cf 0020000000000001",
            "81 'd' cf 0020000000000000",
            "81 'h' cf ffffffffffffffff",
            "81 'p' ca 3dcccccd",
            "81 'p' cb 3fb999999999999a",
            "81 'p' '1234.50'",
            "81 'p' '1234.505'",
            "81 'p' cb 7ff0000000000000",
            "81 'h' cb 4450000000000001",
            "81 'h' ca 4f000000",
            "81 'i' '1'",
            "81 'd' cb fff0000000000000",
        ],
        &expect![[r#"
            0: -128 | ∅ | ∅ | ∅ | ∅
            6: ∅ | ∅ | 9007199254740992.0 | ∅ | ∅
            7: ∅ | ∅ | ∅ | 18446744073709551615 | ∅
            9: ∅ | ∅ | ∅ | ∅ | 0.10
            10: ∅ | ∅ | ∅ | ∅ | 1234.50
            13: ∅ | ∅ | ∅ | 1180591620717411565568 | ∅
            14: ∅ | ∅ | ∅ | 2147483648 | ∅
            16: ∅ | ∅ | -inf | ∅ | ∅
            1: field t at byte 3: expected TINYINT, found integer -129, which does not fit without loss
            2: field i at byte 3: expected BIGINT, found integer 9223372036854775808, which does not fit without loss
            3: field i at byte 3: expected BIGINT, found float 1.5, which does not fit without loss
            4: field i at byte 3: expected BIGINT, found float NaN, which does not fit without loss
            5: field d at byte 3: expected DOUBLE, found integer 9007199254740993, which does not fit without loss
            8: field p at byte 3: expected DECIMAL(6,2), found float 0.10000000149011612, which does not fit without loss
            11: field p at byte 3: expected DECIMAL(6,2), found string "1234.505", which does not fit without loss
            12: field p at byte 3: expected DECIMAL(6,2), found float Infinity, which does not fit without loss
            15: field i at byte 3: expected BIGINT, found string "1"
        "#]],
    );
}

#[test]
fn containers() {
    check(
        &[],
        "l BIGINT[], s STRUCT(a BIGINT, b VARCHAR), m MAP(VARCHAR, BIGINT), mi MAP(BIGINT, VARCHAR)",
        &[
            "84 'l' 93 01 c0 03 's' 82 'b' 'x' 'a' 01 'm' 82 'x' 01 'y' 02 'mi' 82 01 'a' ff 'b'",
            "81 'l' dd 00000001 cd 0100",
            "81 'm' 83 'x' 01 01 02 'x' 03",
            "81 'm' 81 c3 01",
            "81 'mi' 81 '7' 'seven'",
            "81 'm' 81 90 01",
            "81 'l' 81 01 01",
            "81 'l' 92 01 'x'",
            "81 's' 81 'a' 'x'",
        ],
        &expect![[r#"
            0: [1, ∅, 3] | {a: 1, b: x} | {x: 1, y: 2} | {1: a, -1: b}
            1: [256] | ∅ | ∅ | ∅
            2: ∅ | ∅ | {1: 2, x: 3} | ∅
            3: ∅ | ∅ | {true: 1} | ∅
            4: ∅ | ∅ | ∅ | {7: seven}
            5: field m at byte 4: expected a key that is text, a number or a boolean
            6: field l at byte 3: expected BIGINT[], found map
            7: field l[1] at byte 5: expected BIGINT, found string "x"
            8: field s.a at byte 6: expected BIGINT, found string "x"
        "#]],
    );
}

#[test]
fn json_columns_hold_anything() {
    check(
        &[],
        "j JSON",
        &[
            "81 'j' 83 'a' 93 01 c0 c2 'b' c4 02 00ff 'c' d6ff 5a4af6a5",
            "81 'j' c7 03 05 010203",
            "81 'j' cb 7ff8000000000000",
            "81 'j' 82 01 ca 3dcccccd c0 cf ffffffffffffffff",
            "81 'j' 'q\"\n'",
            "81 'j' c0",
            "81 'j' 81 80 01",
        ],
        &expect![[r#"
            0: {"a":[1,null,false],"b":"AP8=","c":"2018-01-02T03:04:05Z"}
            1: {"ext":5,"data":"AQID"}
            2: "NaN"
            3: {"1":0.10000000149011612,"null":18446744073709551615}
            4: "q\"\n"
            5: ∅
            6: field j at byte 4: expected a key that is text, a number or a boolean
        "#]],
    );
}

#[test]
fn malformed_records_are_refused_alone() {
    check(
        &[("max_depth", "3")],
        "a BIGINT, s VARCHAR",
        &[
            "81 'a' 01",
            "",
            "81 'a'",
            "81 'a' cd 01",
            "81 's' d9 05 6162",
            "81 's' a2 c328",
            "81 'z' a2 c328",
            "81 a2 c328 01",
            "81 'z' c1",
            "c1",
            "81 'a' 01 81 'a' 02",
            "93 01 02 03",
            "81 'z' 91 91 01",
            "81 'z' 91 91 91 01",
            "df ffffffff 'a' 01",
            "81 'z' dd ffffffff",
            "81 91 01 01",
            "82 'a' 'x' 'a' 02",
            "82 'a' 02 'a' 'x'",
        ],
        &expect![[r#"
            0: 1 | ∅
            12: ∅ | ∅
            17: 2 | ∅
            1: expected a document, found an empty record; set `empty_records` to 'skip' or 'null'
            2: at byte 3: expected the rest of a value, found the end of the record
            3: at byte 3: expected the rest of a value, found the end of the record
            4: at byte 3: expected the rest of a value, found the end of the record
            5: at byte 3: expected UTF-8 text, found invalid bytes; convert it to UTF-8 first, or read it as raw
            6: at byte 3: expected UTF-8 text, found invalid bytes; convert it to UTF-8 first, or read it as raw
            7: at byte 1: expected UTF-8 text, found invalid bytes; convert it to UTF-8 first, or read it as raw
            8: at byte 3: expected a value, found byte 0xc1, which begins none
            9: at byte 0: expected a value, found byte 0xc1, which begins none
            10: at byte 4: expected one document, found several in one record; set `multiple_documents` to 'split' to make a row of each
            11: at byte 0: expected a map, found array
            13: at byte 5: expected at most 3 levels of nesting, found more; raise `max_depth`
            14: at byte 8: expected the rest of a value, found the end of the record
            15: at byte 8: expected the rest of a value, found the end of the record
            16: at byte 1: expected a key that is text, a number or a boolean
            18: field a at byte 6: expected BIGINT, found string "x"
        "#]],
    );
}

/// Texts are looked at all together, but each is refused by itself: halves of a character make no text between them.
#[test]
fn texts_are_refused_alone() {
    let columns = "s VARCHAR, l VARCHAR[], o STRUCT(t VARCHAR)";
    let records = [
        "81 's' 'é'",
        "81 's' a1 c3",
        "81 's' a1 a9",
        "81 'l' 92 a1 c3 a1 a9",
        "81 'o' 81 't' a1 ff",
        "81 'l' 91 '日本'",
        "81 's' d921 616161616161616161616161616161616161616161616161616161616161616180",
        "82 's' a1 e9 's' 'e'",
        "81 'o' 81 't' 'ü'",
    ];
    check(
        &[],
        columns,
        &records,
        &expect![[r#"
            0: é | ∅ | ∅
            5: ∅ | [日本] | ∅
            8: ∅ | ∅ | {t: ü}
            1: at byte 3: expected UTF-8 text, found invalid bytes; convert it to UTF-8 first, or read it as raw
            2: at byte 3: expected UTF-8 text, found invalid bytes; convert it to UTF-8 first, or read it as raw
            3: at byte 4: expected UTF-8 text, found invalid bytes; convert it to UTF-8 first, or read it as raw
            4: at byte 6: expected UTF-8 text, found invalid bytes; convert it to UTF-8 first, or read it as raw
            6: at byte 3: expected UTF-8 text, found invalid bytes; convert it to UTF-8 first, or read it as raw
            7: at byte 3: expected UTF-8 text, found invalid bytes; convert it to UTF-8 first, or read it as raw
        "#]],
    );
    // And so are they where a batch goes on behind them, which is decoded the direct way again.
    let good = ["81 's' 'é'"; 3];
    let mut decoder = decoder(&[], columns);
    for (records, rejected) in [(&records[..], 6), (&good[..], 0), (&records[1..2], 1), (&good[..], 0)] {
        let batch = RawBatch::from_values(records.iter().map(|record| bytes(record)));
        let decoded = decoder.decode(&batch).unwrap();
        assert_eq!((decoded.batch.num_rows(), decoded.rejected.len()), (records.len() - rejected, rejected));
    }
}

#[test]
fn policies() {
    let records = ["82 'a' 'x' 'z' 91 01", "82 'a' 01 'a' 02", "81 01 02", "81 's' 81 'n' c4 01 ff", "80"];
    let columns = "a BIGINT, s STRUCT(n BIGINT), _rescued JSON";
    check(
        &[("type_mismatch", "rescue"), ("unknown_fields", "rescue")],
        columns,
        &records,
        &expect![[r#"
            0: ∅ | ∅ | {"a":{"value":"x","reason":"type_mismatch"},"z":{"value":[1],"reason":"unknown_field"}}
            1: 2 | ∅ | ∅
            2: ∅ | ∅ | {"1":{"value":2,"reason":"unknown_field"}}
            3: ∅ | {n: ∅} | {"s.n":{"value":"/w==","reason":"type_mismatch"}}
            4: ∅ | ∅ | ∅
        "#]],
    );
    check(
        &[("type_mismatch", "null"), ("unknown_fields", "reject"), ("duplicate_fields", "reject")],
        "a BIGINT DEFAULT 7, s STRUCT(n BIGINT)",
        &records,
        &expect![[r#"
            3: 7 | {n: ∅}
            4: 7 | ∅
            0: field z at byte 5: the schema has no such field; declare it, or set `unknown_fields` to 'ignore' or 'rescue'
            1: field a at byte 4: the field stands twice in the record; set `duplicate_fields` to 'last' to take the last one
            2: field 1 at byte 1: the schema has no such field; declare it, or set `unknown_fields` to 'ignore' or 'rescue'
        "#]],
    );
    check(
        &[("multiple_documents", "split"), ("document_column", "doc"), ("empty_records", "null")],
        "a BIGINT, doc JSON",
        &["81 'a' 01 81 'a' 02", "81 'a' 01 c1", "", "81 'b' 91 c2"],
        &expect![[r#"
            0: 1 | {"a":1}
            0: 2 | {"a":2}
            2: ∅ | ∅
            3: ∅ | {"b":[false]}
            1: at byte 4: expected a value, found byte 0xc1, which begins none
        "#]],
    );
    check(
        &[],
        "value JSON",
        &["01", "93 01 02 03", "81 'a' 01", "81 'value' 'x'"],
        &expect![[r#"
        0: 1
        1: [1,2,3]
        2: {"a":1}
        3: "x"
    "#]],
    );
    check(
        &[],
        "value BIGINT",
        &["01", "81 'value' 02", "'x'"],
        &expect![[r#"
        0: 1
        1: 2
        2: field value at byte 0: expected BIGINT, found string "x"
    "#]],
    );
    check(
        &[],
        "a BIGINT NOT NULL",
        &["81 'a' c0", "80", "81 'a' 01"],
        &expect![[r#"
        2: 1
        0: field a at byte 3: expected BIGINT (NOT NULL), found null; drop NOT NULL to keep such records
        1: field a at byte 0: expected BIGINT (NOT NULL), found no such field; give the column a DEFAULT or drop NOT NULL
    "#]],
    );
}
