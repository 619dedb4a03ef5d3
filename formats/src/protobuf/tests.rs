#![allow(clippy::unwrap_used, reason = "a test that fails to unwrap says where")]

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::Schema;
use expect_test::{Expect, expect};
use laminar_schema::{
    ConnectorConfig, EncodedBatch, FormatDecoder, FormatEncoder, Options, RawBatch, types::field_type_name,
};

use crate::json::{JsonEncoder, JsonOptions};

use super::{ProtobufDecoder, ProtobufOptions, infer::describe};

/// Options of a definition, in the words of SQL: `key=value` separated by blanks.
fn options(schema: &str, more: &[(&str, &str)]) -> Options {
    Options::from_pairs(more.iter().copied().chain([("schema", schema)]))
}

/// The bytes of a record in the notation of the tests: hexadecimal digits, and text in single quotes.
pub(super) fn bytes(notation: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (index, part) in notation.split('\'').enumerate() {
        if index % 2 == 1 {
            bytes.extend_from_slice(part.as_bytes());
            continue;
        }
        let digits: Vec<u8> = part.bytes().filter(u8::is_ascii_hexdigit).collect();
        for pair in digits.chunks(2) {
            bytes.push(u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap());
        }
    }
    bytes
}

fn shown(batch: &RecordBatch) -> String {
    let options = Options::from_pairs([("binary_encoding", "hex"), ("non_finite", "null")]);
    let options = JsonOptions::from_options(&options).unwrap();
    let mut encoded = EncodedBatch::default();
    JsonEncoder::new(batch.schema(), &options).unwrap().encode(batch, &mut encoded).unwrap();
    encoded.iter().map(|row| format!("{}\n", std::str::from_utf8(row).unwrap())).collect()
}

fn check_with(schema: &str, more: &[(&str, &str)], records: &[&str], expected: Expect) {
    let options = options(schema, more);
    let described = describe(&options).unwrap().unwrap();
    let options = ProtobufOptions::from_options(&options).unwrap();
    let mut decoder = ProtobufDecoder::new(Arc::clone(&described.schema), &options).unwrap();
    let records: Vec<Vec<u8>> = records.iter().map(|record| bytes(record)).collect();
    let batch = RawBatch::from_values(&records);
    let decoded = decoder.decode(&batch).unwrap();
    let mut text = shown(&decoded.batch);
    for rejected in decoded.rejected {
        text += &format!("{}: {}\n", rejected.record, rejected.error);
    }
    expected.assert_eq(&text);
}

fn check(schema: &str, records: &[&str], expected: Expect) {
    check_with(schema, &[], records, expected);
}

fn check_schema(schema: &str, more: &[(&str, &str)], expected: Expect) {
    let text = match describe(&options(schema, more)) {
        Ok(Some(described)) => print(&described.schema),
        Ok(None) => "none".to_owned(),
        Err(error) => error.to_string(),
    };
    expected.assert_eq(&text);
}

fn print(schema: &Schema) -> String {
    let fields = schema.fields().iter().map(|f| {
        let null = if f.is_nullable() { "" } else { " NOT NULL" };
        format!("{} {}{null}", f.name(), field_type_name(f))
    });
    fields.collect::<Vec<_>>().join("\n")
}

const ALL: &str = r#"syntax = "proto3";
import "google/protobuf/timestamp.proto";
import "google/protobuf/duration.proto";
import "google/protobuf/wrappers.proto";
import "google/protobuf/struct.proto";
import "google/protobuf/any.proto";
import "google/protobuf/field_mask.proto";
import "google/protobuf/empty.proto";
message All {
    double a = 1; float b = 2; int32 c = 3; int64 d = 4; uint32 e = 5; uint64 f = 6; sint32 g = 7; sint64 h = 8;
    fixed32 i = 9; fixed64 j = 10; sfixed32 k = 11; sfixed64 l = 12; bool m = 13; string n = 14; bytes o = 15;
    optional int32 p = 16; Color q = 17; repeated int32 r = 18; map<string, int64> s = 19; Inner t = 20;
    oneof u { string v = 21; Inner w = 22; }
    google.protobuf.Timestamp x = 23; google.protobuf.Duration y = 24; google.protobuf.Int64Value z = 25;
    google.protobuf.Struct aa = 26; google.protobuf.Value ab = 27; google.protobuf.ListValue ac = 28;
    google.protobuf.Any ad = 29; google.protobuf.FieldMask ae = 30; google.protobuf.Empty af = 31;
    repeated Inner ag = 32; All ah = 33;
}
message Inner { int32 a = 1; string b = 2; }
enum Color { RED = 0; GREEN = 1; BLUE = 5; }
"#;

#[test]
fn every_type_has_a_column() {
    check_schema(
        ALL,
        &[("message", "All")],
        expect![[r#"
        a DOUBLE NOT NULL
        b FLOAT NOT NULL
        c INTEGER NOT NULL
        d BIGINT NOT NULL
        e UINTEGER NOT NULL
        f UBIGINT NOT NULL
        g INTEGER NOT NULL
        h BIGINT NOT NULL
        i UINTEGER NOT NULL
        j UBIGINT NOT NULL
        k INTEGER NOT NULL
        l BIGINT NOT NULL
        m BOOLEAN NOT NULL
        n VARCHAR NOT NULL
        o BLOB NOT NULL
        p INTEGER
        q VARCHAR NOT NULL
        r INTEGER[] NOT NULL
        s MAP(VARCHAR, BIGINT) NOT NULL
        t STRUCT(a INTEGER, b VARCHAR)
        v VARCHAR
        w STRUCT(a INTEGER, b VARCHAR)
        x TIMESTAMPTZ
        y INTERVAL
        z BIGINT
        aa JSON
        ab JSON
        ac JSON
        ad STRUCT(type_url VARCHAR, value BLOB)
        ae VARCHAR
        af JSON
        ag STRUCT(a INTEGER, b VARCHAR)[] NOT NULL
        ah JSON"#]],
    );
    check_schema(
        ALL,
        &[],
        expect!["option `message` = '': expected the full name of the message that a record is: it has All, Inner"],
    );
    check_schema(
        ALL,
        &[("message", "All"), ("recursion", "reject")],
        expect![
            "option `recursion` = 'reject': expected messages that do not contain themselves: there is the cycle All > All; 'json' makes JSON of the inner one"
        ],
    );
}

const FLAT: &str = r#"syntax = "proto3"; message Flat { int32 a = 1; string b = 2; optional int64 c = 3; }"#;

#[test]
fn fields_come_in_any_order_and_the_last_counts() {
    check(
        FLAT,
        &["08 96 01 12 03 'abc' 18 05", "18 05 12 01 'x' 08 01", "", "08 01 08 02 12 01 'y' 12 00"],
        expect![[r#"
        {"a":150,"b":"abc","c":5}
        {"a":1,"b":"x","c":5}
        {"a":0,"b":"","c":null}
        {"a":2,"b":"","c":null}
    "#]],
    );
}

#[test]
fn what_is_malformed_is_rejected() {
    check(
        FLAT,
        &["08", "12 05 'ab'", "12 02 ff ff", "0f", "00", "07", "0c", "08 ffffffffffffffffffff01", "12 01 ff 12 01 'a'"],
        expect![[r#"
        0: at byte 1: expected the rest of a field, found the end of the message
        1: at byte 1: expected the rest of a field, found the end of the message
        2: field b at byte 2: expected UTF-8 text, found invalid bytes; convert it to UTF-8 first, or read it as raw
        3: at byte 1: expected a field's tag, found wire type 6 or 7, which do not exist
        4: at byte 0: expected a field's tag, found number 0 or one of more than 29 bits
        5: at byte 0: expected a field's tag, found number 0 or one of more than 29 bits
        6: at byte 1: expected a field's tag, found the end of a group that is not open
        7: at byte 1: expected a varint of at most 64 bits, found a longer one
        8: at byte 2: expected UTF-8 text, found invalid bytes; convert it to UTF-8 first, or read it as raw
    "#]],
    );
}

#[test]
fn unknown_fields_are_passed_over_or_kept() {
    let records = &["08 01 20 07", "08 01 2b 08 02 2c", "08 01 0d 01000000", "0a 01 'a'"];
    check(
        FLAT,
        records,
        expect![[r#"
        {"a":1,"b":"","c":null}
        {"a":1,"b":"","c":null}
        {"a":1,"b":"","c":null}
        {"a":0,"b":"","c":null}
    "#]],
    );
    check_with(
        FLAT,
        &[("unknown_fields", "rescue")],
        records,
        expect![[r#"
        {"a":1,"b":"","c":null,"_rescued":[{"path":"","number":4,"wire_type":"varint","value":"7"}]}
        {"a":1,"b":"","c":null,"_rescued":[{"path":"","number":5,"wire_type":"group","value":"CAI="}]}
        {"a":1,"b":"","c":null,"_rescued":[{"path":"","number":1,"wire_type":"i32","value":"1"}]}
        {"a":0,"b":"","c":null,"_rescued":[{"path":"","number":1,"wire_type":"len","value":"YQ=="}]}
    "#]],
    );
    check_with(
        FLAT,
        &[("unknown_fields", "reject")],
        records,
        expect![[r#"
        0: field #4 at byte 2: the schema has no such field; declare it, or set `unknown_fields` to 'ignore' or 'rescue'
        1: field #5 at byte 2: the schema has no such field; declare it, or set `unknown_fields` to 'ignore' or 'rescue'
        2: field #1 at byte 2: the schema has no such field; declare it, or set `unknown_fields` to 'ignore' or 'rescue'
        3: field #1 at byte 0: the schema has no such field; declare it, or set `unknown_fields` to 'ignore' or 'rescue'
    "#]],
    );
}

const NESTED: &str = r#"syntax = "proto3";
message Outer { Inner one = 1; repeated Inner many = 2; map<string, int32> map = 3; repeated int32 numbers = 4; repeated string texts = 5;
  oneof either { int32 number = 6; Inner inner = 7; } }
message Inner { int32 a = 1; string b = 2; repeated int32 c = 3; }
"#;

#[test]
fn parts_of_a_message_are_one() {
    let with = [("message", "Outer")];
    check_with(
        NESTED,
        &with,
        &["0a 02 08 01 0a 03 12 01 'x'", "0a 04 08 01 18 01 0a 04 08 02 18 02", "0a 00", ""],
        expect![[r#"
        {"one":{"a":1,"b":"x","c":[]},"many":[],"map":{},"numbers":[],"texts":[],"number":null,"inner":null}
        {"one":{"a":2,"b":"","c":[1,2]},"many":[],"map":{},"numbers":[],"texts":[],"number":null,"inner":null}
        {"one":{"a":0,"b":"","c":[]},"many":[],"map":{},"numbers":[],"texts":[],"number":null,"inner":null}
        {"one":null,"many":[],"map":{},"numbers":[],"texts":[],"number":null,"inner":null}
    "#]],
    );
    check_with(
        NESTED,
        &with,
        &["12 02 08 01 20 05 12 02 08 02 22 02 06 07 2a 01 'a' 20 08 2a 01 'b'"],
        expect![[r#"
        {"one":null,"many":[{"a":1,"b":"","c":[]},{"a":2,"b":"","c":[]}],"map":{},"numbers":[5,6,7,8],"texts":["a","b"],"number":null,"inner":null}
    "#]],
    );
    check_with(
        NESTED,
        &with,
        &["1a 05 0a 01 'k' 10 01 1a 05 0a 01 'j' 10 02 1a 05 0a 01 'k' 10 03", "1a 00", "1a 02 10 05"],
        expect![[r#"
        {"one":null,"many":[],"map":{"j":2,"k":3},"numbers":[],"texts":[],"number":null,"inner":null}
        {"one":null,"many":[],"map":{"":0},"numbers":[],"texts":[],"number":null,"inner":null}
        {"one":null,"many":[],"map":{"":5},"numbers":[],"texts":[],"number":null,"inner":null}
    "#]],
    );
    check_with(
        NESTED,
        &with,
        &["30 05 3a 02 08 01", "3a 02 08 01 30 05", "3a 02 08 01 3a 02 18 02", "3a 02 08 01 30 00 3a 00"],
        expect![[r#"
        {"one":null,"many":[],"map":{},"numbers":[],"texts":[],"number":null,"inner":{"a":1,"b":"","c":[]}}
        {"one":null,"many":[],"map":{},"numbers":[],"texts":[],"number":5,"inner":null}
        {"one":null,"many":[],"map":{},"numbers":[],"texts":[],"number":null,"inner":{"a":1,"b":"","c":[2]}}
        {"one":null,"many":[],"map":{},"numbers":[],"texts":[],"number":null,"inner":{"a":0,"b":"","c":[]}}
    "#]],
    );
}
