#![allow(clippy::unwrap_used, reason = "a test that fails to unwrap says where")]

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{DataType, Field, Schema};
use expect_test::{Expect, expect};
use laminar_schema::{
    ConnectorConfig, EncodedBatch, FormatDecoder, FormatEncoder, Options, RawBatch,
    format::{WriterSchema, WriterSchemaId},
    types::field_type_name,
};

use crate::json::{JsonEncoder, JsonOptions};

use super::{ProtobufDecoder, ProtobufEncoder, ProtobufOptions, infer::describe, proto_text};

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
            {"a":1,"b":"","c":null,"_rescued":[{"path":"","number":4,"wire_type":"varint","value":"7","reason":"unknown_field"}]}
            {"a":1,"b":"","c":null,"_rescued":[{"path":"","number":5,"wire_type":"group","value":"CAI=","reason":"unknown_field"}]}
            {"a":1,"b":"","c":null,"_rescued":[{"path":"","number":1,"wire_type":"i32","value":"1","reason":"unknown_field"}]}
            {"a":0,"b":"","c":null,"_rescued":[{"path":"","number":1,"wire_type":"len","value":"YQ==","reason":"unknown_field"}]}
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

/// Encodes what was decoded, and shows whether the same bytes come out.
fn check_round_trip(schema: &str, more: &[(&str, &str)], records: &[&str], expected: Expect) {
    let options = options(schema, more);
    let described = describe(&options).unwrap().unwrap();
    let options = ProtobufOptions::from_options(&options).unwrap();
    let mut decoder = ProtobufDecoder::new(Arc::clone(&described.schema), &options).unwrap();
    let mut encoder = ProtobufEncoder::new(Arc::clone(&described.schema), &options).unwrap();
    let mut text = String::new();
    for record in records {
        let record = bytes(record);
        let decoded = decoder.decode(&RawBatch::from_values([&record])).unwrap();
        match encoder.encode_batch(&decoded.batch) {
            Ok(written) if written == [record.clone()] => text += "the same\n",
            Ok(written) => {
                let again = decoder.decode(&RawBatch::from_values(&written)).unwrap();
                let same = if again.batch == decoded.batch { "the same rows" } else { "other rows" };
                text += &format!("{same}: {:02x?}\n", written[0]);
            }
            Err(error) => text += &format!("{error}\n"),
        }
    }
    expected.assert_eq(&text);
}

#[test]
fn rows_are_written_as_they_were() {
    check_round_trip(
        FLAT,
        &[],
        &["08 96 01 12 03 'abc' 18 05", "18 05 12 01 'x' 08 01", "", "18 00"],
        expect![[r#"
        the same
        the same rows: [08, 01, 12, 01, 78, 18, 05]
        the same
        the same
    "#]],
    );
    check_round_trip(
        &NESTED.replace(
            "repeated int32 c = 3; }",
            "repeated int32 c = 3 [packed = false]; repeated sint64 d = 4; bytes e = 5; }",
        ),
        &[("message", "Outer")],
        &[
            "0a 02 08 01",
            "0a 00",
            "12 04 18 01 18 02 12 00",
            "1a 05 0a 01 'k' 10 01 1a 05 0a 01 'j' 10 02",
            "22 02 05 06 2a 01 'a'",
            "30 00",
            "3a 02 08 01",
            "12 06 22 04 01 02 80 01",
        ],
        expect![[r#"
            the same
            the same
            the same
            the same
            the same
            the same
            the same
            the same
        "#]],
    );
}

/// The definition that is made of columns, and whether rows come back with it.
fn check_derived(columns: &str, expected: Expect) {
    let declared = laminar_schema::ddl::parse_columns(columns).unwrap();
    let fields: Vec<Field> = declared.columns.iter().map(|c| c.to_field()).collect();
    let text = proto_text(&Schema::new(fields), "shop.Order").unwrap_or_else(|e| e.to_string());
    expected.assert_eq(&text);
}

#[test]
fn columns_have_a_definition() {
    check_derived(
        "a BIGINT NOT NULL, b VARCHAR, c DOUBLE, d TIMESTAMPTZ, e TIMESTAMP, f DECIMAL(10,2), g STRUCT(x INTEGER, line_items STRUCT(y BLOB)[]), \
         h MAP(VARCHAR, BIGINT), i BOOLEAN[], j JSON, k UUID, l DATE, m INTERVAL, n UBIGINT, o FLOAT, p TINYINT",
        expect![[r#"
            syntax = "proto3";

            package shop;

            import "google/protobuf/timestamp.proto";

            message Order {
              int64 a = 1;
              optional string b = 2;
              optional double c = 3;
              google.protobuf.Timestamp d = 4;
              optional string e = 5;
              optional string f = 6;
              message G_7 {
                optional int32 x = 1;
                message LineItems_2 {
                  optional bytes y = 1;
                }
                repeated LineItems_2 line_items = 2;
              }
              G_7 g = 7;
              map<string, int64> h = 8;
              repeated bool i = 9;
              optional string j = 10;
              optional string k = 11;
              optional string l = 12;
              optional string m = 13;
              optional uint64 n = 14;
              optional float o = 15;
              optional int32 p = 16;
            }
        "#]],
    );
    check_derived(
        "a BIGINT[][]",
        expect![
            "field a.item: format protobuf cannot write BIGINT[]; a list or a map within another is no field; make the inner one a struct"
        ],
    );
    check_derived(
        "\"a b\" BIGINT",
        expect![
            "field a b: format protobuf cannot write BIGINT; Protobuf's names are letters, digits and underscores; select it AS one of those"
        ],
    );
    check_derived(
        "a STRUCT(b MAP(DOUBLE, INTEGER))",
        expect![
            "field a.b.b: format protobuf cannot write MAP(DOUBLE, INTEGER); a map's keys are integers, booleans or text"
        ],
    );
}

#[test]
fn well_known_messages_are_what_they_stand_for() {
    let with = [("message", "All")];
    let records = &[
        "ba 01 06 08 01 10 c0 84 3d",
        "ba 01 04 08 01 10 01",
        "ba 01 0b 08 ff ff ff ff ff ff ff ff ff 01",
        "ba 01 0a 08 80 e2 cf aa 85 80 80 80 01",
        "c2 01 02 08 05 ca 01 00",
        "c2 01 0d 08 01 10 c0 fb c2 ff ff ff ff ff ff 01",
        "d2 01 0c 0a 0a 0a 01 'k' 12 05 1a 03 'abc'",
        "da 01 09 11 00 00 00 00 00 00 f0 3f e2 01 06 0a 04 08 00 20 01",
        "da 01 09 11 00 00 00 00 00 00 f0 7f",
        "f2 01 0a 0a 01 'a' 0a 05 'b.c_d' fa 01 00",
        "ea 01 06 0a 01 't' 12 01 ff",
        "8a 02 05 18 05 88 01 05",
        "88 01 05",
        "88 01 07",
    ];
    check_with(
        ALL,
        &with,
        records,
        expect![[r#"
        {"a":0.0,"b":0.0,"c":0,"d":0,"e":0,"f":0,"g":0,"h":0,"i":0,"j":0,"k":0,"l":0,"m":false,"n":"","o":"","p":null,"q":"RED","r":[],"s":{},"t":null,"v":null,"w":null,"x":"1970-01-01T00:00:01.001Z","y":null,"z":null,"aa":null,"ab":null,"ac":null,"ad":null,"ae":null,"af":null,"ag":[],"ah":null}
        {"a":0.0,"b":0.0,"c":0,"d":0,"e":0,"f":0,"g":0,"h":0,"i":0,"j":0,"k":0,"l":0,"m":false,"n":"","o":"","p":null,"q":"RED","r":[],"s":{},"t":null,"v":null,"w":null,"x":"1969-12-31T23:59:59Z","y":null,"z":null,"aa":null,"ab":null,"ac":null,"ad":null,"ae":null,"af":null,"ag":[],"ah":null}
        {"a":0.0,"b":0.0,"c":0,"d":0,"e":0,"f":0,"g":0,"h":0,"i":0,"j":0,"k":0,"l":0,"m":false,"n":"","o":"","p":null,"q":"RED","r":[],"s":{},"t":null,"v":null,"w":null,"x":null,"y":"PT5S","z":0,"aa":null,"ab":null,"ac":null,"ad":null,"ae":null,"af":null,"ag":[],"ah":null}
        {"a":0.0,"b":0.0,"c":0,"d":0,"e":0,"f":0,"g":0,"h":0,"i":0,"j":0,"k":0,"l":0,"m":false,"n":"","o":"","p":null,"q":"RED","r":[],"s":{},"t":null,"v":null,"w":null,"x":null,"y":null,"z":null,"aa":{"k":"abc"},"ab":null,"ac":null,"ad":null,"ae":null,"af":null,"ag":[],"ah":null}
        {"a":0.0,"b":0.0,"c":0,"d":0,"e":0,"f":0,"g":0,"h":0,"i":0,"j":0,"k":0,"l":0,"m":false,"n":"","o":"","p":null,"q":"RED","r":[],"s":{},"t":null,"v":null,"w":null,"x":null,"y":null,"z":null,"aa":null,"ab":1.0,"ac":[true],"ad":null,"ae":null,"af":null,"ag":[],"ah":null}
        {"a":0.0,"b":0.0,"c":0,"d":0,"e":0,"f":0,"g":0,"h":0,"i":0,"j":0,"k":0,"l":0,"m":false,"n":"","o":"","p":null,"q":"RED","r":[],"s":{},"t":null,"v":null,"w":null,"x":null,"y":null,"z":null,"aa":null,"ab":null,"ac":null,"ad":null,"ae":"a,b.c_d","af":{},"ag":[],"ah":null}
        {"a":0.0,"b":0.0,"c":0,"d":0,"e":0,"f":0,"g":0,"h":0,"i":0,"j":0,"k":0,"l":0,"m":false,"n":"","o":"","p":null,"q":"RED","r":[],"s":{},"t":null,"v":null,"w":null,"x":null,"y":null,"z":null,"aa":null,"ab":null,"ac":null,"ad":{"type_url":"t","value":"ff"},"ae":null,"af":null,"ag":[],"ah":null}
        {"a":0.0,"b":0.0,"c":0,"d":0,"e":0,"f":0,"g":0,"h":0,"i":0,"j":0,"k":0,"l":0,"m":false,"n":"","o":"","p":null,"q":"RED","r":[],"s":{},"t":null,"v":null,"w":null,"x":null,"y":null,"z":null,"aa":null,"ab":null,"ac":null,"ad":null,"ae":null,"af":null,"ag":[],"ah":{"c":5,"q":"BLUE"}}
        {"a":0.0,"b":0.0,"c":0,"d":0,"e":0,"f":0,"g":0,"h":0,"i":0,"j":0,"k":0,"l":0,"m":false,"n":"","o":"","p":null,"q":"BLUE","r":[],"s":{},"t":null,"v":null,"w":null,"x":null,"y":null,"z":null,"aa":null,"ab":null,"ac":null,"ad":null,"ae":null,"af":null,"ag":[],"ah":null}
        {"a":0.0,"b":0.0,"c":0,"d":0,"e":0,"f":0,"g":0,"h":0,"i":0,"j":0,"k":0,"l":0,"m":false,"n":"","o":"","p":null,"q":"7","r":[],"s":{},"t":null,"v":null,"w":null,"x":null,"y":null,"z":null,"aa":null,"ab":null,"ac":null,"ad":null,"ae":null,"af":null,"ag":[],"ah":null}
        1: field x: expected TIMESTAMPTZ, found message of 1 seconds and 1 nanoseconds, which does not fit without loss
        3: field x: expected TIMESTAMPTZ, found message of 72057595469492480 seconds and 0 nanoseconds, which does not fit without loss
        5: field y: expected INTERVAL, found message of 1 seconds and -1000000 nanoseconds, which does not fit without loss
        8: field ab: expected VARCHAR, found value that is not a number that JSON has, which does not fit without loss
    "#]],
    );
    check_with(
        ALL,
        &[("message", "All"), ("unknown_enums", "reject"), ("time_unit", "ns"), ("any", "json"), ("enums", "varchar")],
        records,
        expect![[r#"
        {"a":0.0,"b":0.0,"c":0,"d":0,"e":0,"f":0,"g":0,"h":0,"i":0,"j":0,"k":0,"l":0,"m":false,"n":"","o":"","p":null,"q":"RED","r":[],"s":{},"t":null,"v":null,"w":null,"x":"1970-01-01T00:00:01.001Z","y":null,"z":null,"aa":null,"ab":null,"ac":null,"ad":null,"ae":null,"af":null,"ag":[],"ah":null}
        {"a":0.0,"b":0.0,"c":0,"d":0,"e":0,"f":0,"g":0,"h":0,"i":0,"j":0,"k":0,"l":0,"m":false,"n":"","o":"","p":null,"q":"RED","r":[],"s":{},"t":null,"v":null,"w":null,"x":"1970-01-01T00:00:01.000000001Z","y":null,"z":null,"aa":null,"ab":null,"ac":null,"ad":null,"ae":null,"af":null,"ag":[],"ah":null}
        {"a":0.0,"b":0.0,"c":0,"d":0,"e":0,"f":0,"g":0,"h":0,"i":0,"j":0,"k":0,"l":0,"m":false,"n":"","o":"","p":null,"q":"RED","r":[],"s":{},"t":null,"v":null,"w":null,"x":"1969-12-31T23:59:59Z","y":null,"z":null,"aa":null,"ab":null,"ac":null,"ad":null,"ae":null,"af":null,"ag":[],"ah":null}
        {"a":0.0,"b":0.0,"c":0,"d":0,"e":0,"f":0,"g":0,"h":0,"i":0,"j":0,"k":0,"l":0,"m":false,"n":"","o":"","p":null,"q":"RED","r":[],"s":{},"t":null,"v":null,"w":null,"x":null,"y":"PT5S","z":0,"aa":null,"ab":null,"ac":null,"ad":null,"ae":null,"af":null,"ag":[],"ah":null}
        {"a":0.0,"b":0.0,"c":0,"d":0,"e":0,"f":0,"g":0,"h":0,"i":0,"j":0,"k":0,"l":0,"m":false,"n":"","o":"","p":null,"q":"RED","r":[],"s":{},"t":null,"v":null,"w":null,"x":null,"y":null,"z":null,"aa":{"k":"abc"},"ab":null,"ac":null,"ad":null,"ae":null,"af":null,"ag":[],"ah":null}
        {"a":0.0,"b":0.0,"c":0,"d":0,"e":0,"f":0,"g":0,"h":0,"i":0,"j":0,"k":0,"l":0,"m":false,"n":"","o":"","p":null,"q":"RED","r":[],"s":{},"t":null,"v":null,"w":null,"x":null,"y":null,"z":null,"aa":null,"ab":1.0,"ac":[true],"ad":null,"ae":null,"af":null,"ag":[],"ah":null}
        {"a":0.0,"b":0.0,"c":0,"d":0,"e":0,"f":0,"g":0,"h":0,"i":0,"j":0,"k":0,"l":0,"m":false,"n":"","o":"","p":null,"q":"RED","r":[],"s":{},"t":null,"v":null,"w":null,"x":null,"y":null,"z":null,"aa":null,"ab":null,"ac":null,"ad":null,"ae":"a,b.c_d","af":{},"ag":[],"ah":null}
        {"a":0.0,"b":0.0,"c":0,"d":0,"e":0,"f":0,"g":0,"h":0,"i":0,"j":0,"k":0,"l":0,"m":false,"n":"","o":"","p":null,"q":"RED","r":[],"s":{},"t":null,"v":null,"w":null,"x":null,"y":null,"z":null,"aa":null,"ab":null,"ac":null,"ad":{"@type":"t","value":"/w=="},"ae":null,"af":null,"ag":[],"ah":null}
        {"a":0.0,"b":0.0,"c":0,"d":0,"e":0,"f":0,"g":0,"h":0,"i":0,"j":0,"k":0,"l":0,"m":false,"n":"","o":"","p":null,"q":"RED","r":[],"s":{},"t":null,"v":null,"w":null,"x":null,"y":null,"z":null,"aa":null,"ab":null,"ac":null,"ad":null,"ae":null,"af":null,"ag":[],"ah":{"c":5,"q":"BLUE"}}
        {"a":0.0,"b":0.0,"c":0,"d":0,"e":0,"f":0,"g":0,"h":0,"i":0,"j":0,"k":0,"l":0,"m":false,"n":"","o":"","p":null,"q":"BLUE","r":[],"s":{},"t":null,"v":null,"w":null,"x":null,"y":null,"z":null,"aa":null,"ab":null,"ac":null,"ad":null,"ae":null,"af":null,"ag":[],"ah":null}
        3: field x: expected TIMESTAMPTZ, found message of 72057595469492480 seconds and 0 nanoseconds, which does not fit without loss
        5: field y: expected INTERVAL, found message of 1 seconds and -1000000 nanoseconds, which does not fit without loss
        8: field ab: expected VARCHAR, found value that is not a number that JSON has, which does not fit without loss
        13: field q: expected VARCHAR, found enum 7, which does not fit without loss
    "#]],
    );
    check_with(
        ALL,
        &[("message", "All"), ("type_mismatch", "rescue"), ("document_column", "doc")],
        &records[..4],
        expect![[r#"
            {"a":0.0,"b":0.0,"c":0,"d":0,"e":0,"f":0,"g":0,"h":0,"i":0,"j":0,"k":0,"l":0,"m":false,"n":"","o":"","p":null,"q":"RED","r":[],"s":{},"t":null,"v":null,"w":null,"x":"1970-01-01T00:00:01.001Z","y":null,"z":null,"aa":null,"ab":null,"ac":null,"ad":null,"ae":null,"af":null,"ag":[],"ah":null,"doc":{"x":"1970-01-01T00:00:01.001Z"},"_rescued":null}
            {"a":0.0,"b":0.0,"c":0,"d":0,"e":0,"f":0,"g":0,"h":0,"i":0,"j":0,"k":0,"l":0,"m":false,"n":"","o":"","p":null,"q":"RED","r":[],"s":{},"t":null,"v":null,"w":null,"x":null,"y":null,"z":null,"aa":null,"ab":null,"ac":null,"ad":null,"ae":null,"af":null,"ag":[],"ah":null,"doc":{"x":"1970-01-01T00:00:01.000000001Z"},"_rescued":[{"path":"x","number":23,"wire_type":"len","value":"CAEQAQ==","reason":"type_mismatch"}]}
            {"a":0.0,"b":0.0,"c":0,"d":0,"e":0,"f":0,"g":0,"h":0,"i":0,"j":0,"k":0,"l":0,"m":false,"n":"","o":"","p":null,"q":"RED","r":[],"s":{},"t":null,"v":null,"w":null,"x":"1969-12-31T23:59:59Z","y":null,"z":null,"aa":null,"ab":null,"ac":null,"ad":null,"ae":null,"af":null,"ag":[],"ah":null,"doc":{"x":"1969-12-31T23:59:59Z"},"_rescued":null}
            3: field x at byte 3: expected VARCHAR, found timestamp that is not a time of the years 1 to 9999, which does not fit without loss
        "#]],
    );
}

#[test]
fn confluent_headers_say_which_message() {
    let two = r#"syntax = "proto3"; package p; message A { int32 a = 1; } message B { message C { string c = 1; } int32 b = 1; }"#;
    let with = |message| [("wire_format", "confluent"), ("message", message)];
    let records = &[
        "00 00000007 00 08 05",
        "00 00000008 02 00 08 06",
        "00 00000007 02 02 08 05",
        "00 00000007 04 02 00 0a 01 'x'",
        "00 00000007 02 12 08 05",
        "00 000000",
        "01 00000007 00",
        "00 00000007",
    ];
    check_with(
        two,
        &with("p.A"),
        records,
        expect![[r#"
        {"a":5}
        {"a":6}
        2: expected the message `p.A`, found `p.B` (message indexes [1])
        3: expected the message `p.A`, found `p.B.C` (message indexes [1, 0])
        4: expected the message `p.A`, found none of its file's (message indexes [9])
        5: expected a magic byte 0x00 and a schema id of 4 bytes, found a message of 4 bytes; if no serializer of a schema registry wrote it, set `wire_format` to 'none'
        6: expected a magic byte 0x00 and a schema id of 4 bytes, found a message that starts with 0x01; if no serializer of a schema registry wrote it, set `wire_format` to 'none'
        7: expected the message indexes of Protobuf behind the schema id, found a message of 5 bytes; if no serializer of a schema registry wrote it, set `wire_format` to 'none'
    "#]],
    );
    check_with(
        two,
        &with("p.B.C"),
        records,
        expect![[r#"
        {"c":"x"}
        0: expected the message `p.B.C`, found `p.A` (message indexes [0])
        1: expected the message `p.B.C`, found `p.A` (message indexes [0])
        2: expected the message `p.B.C`, found `p.B` (message indexes [1])
        4: expected the message `p.B.C`, found none of its file's (message indexes [9])
        5: expected a magic byte 0x00 and a schema id of 4 bytes, found a message of 4 bytes; if no serializer of a schema registry wrote it, set `wire_format` to 'none'
        6: expected a magic byte 0x00 and a schema id of 4 bytes, found a message that starts with 0x01; if no serializer of a schema registry wrote it, set `wire_format` to 'none'
        7: expected the message indexes of Protobuf behind the schema id, found a message of 5 bytes; if no serializer of a schema registry wrote it, set `wire_format` to 'none'
    "#]],
    );
    check_round_trip(
        two,
        &[("wire_format", "confluent"), ("message", "p.B.C"), ("schema_id", "258")],
        &["00 00000102 04 02 00 0a 01 'x'"],
        expect![[r#"
            the same
        "#]],
    );
}

/// Records that name their writer's schema, of which some are known.
#[test]
fn unknown_schemas_are_asked_for() {
    let options = ProtobufOptions::from_options(&Options::from_pairs([("wire_format", "confluent"), ("message", "M")]));
    let (options, writer) =
        (options.unwrap(), |id, raw: &str| WriterSchema { id: WriterSchemaId(id), raw: raw.into() });
    let schema = Arc::new(Schema::new(vec![Field::new("a", DataType::Int64, true)]));
    let known = [
        writer(1, "syntax = \"proto3\"; message M { int32 a = 1; }"),
        writer(2, "syntax = \"proto3\"; message X {} message M { sint64 a = 2; }"),
    ];
    let batch = RawBatch::from_values(["00 00000001 00 08 05", "00 00000002 02 02 10 03", "00 00000003 00"].map(bytes));
    let decode = |known: &[WriterSchema]| {
        let mut decoder = ProtobufDecoder::with_writers(Arc::clone(&schema), &options, known).unwrap();
        let decoded = decoder.decode(&batch).unwrap();
        assert!(decoded.rejected.is_empty(), "{:?}", decoded.rejected);
        (shown(&decoded.batch), decoded.consumed, decoded.needs)
    };
    assert_eq!(decode(&[]), (String::new(), 0, Some(WriterSchemaId(1))));
    let rows = "{\"a\":5}\n{\"a\":-2}\n".to_owned();
    assert_eq!(decode(&known), (rows, 2, Some(WriterSchemaId(3))));
}
