use prost_reflect::{DescriptorPool, prost_types::FileDescriptorSet};

use super::text;

/// What the compiler is given for a text.
#[track_caller]
fn check_text(edition: &str, expected: &str) {
    let expected = if expected.contains(": expected") { Err(expected.to_owned()) } else { Ok(expected.to_owned()) };
    assert_eq!(text::as_proto2(edition), expected, "{edition}");
}

#[test]
fn texts_become_proto2() {
    let of = |body: &str| format!("edition = \"2023\"; {body}");
    let into = |body: &str| format!("syntax = \"proto2\"; {body}");
    for (edition, expected) in [
        ("message M { int32 a = 1; }", "message M { optional int32 a = 1; }"),
        (
            "message M { .a.B b = 1; repeated int32 c = 2; map<int32, string> d = 3; }",
            "message M { optional .a.B b = 1; repeated int32 c = 2; map<int32, string> d = 3; }",
        ),
        (
            "message M { oneof o { int32 a = 1; } message N { int32 b = 2; } int32 c = 3; }",
            "message M { oneof o { int32 a = 1; } message N { optional int32 b = 2; } optional int32 c = 3; }",
        ),
        (
            "enum E { A = 0; reserved B, C; reserved 4 to max; }",
            "enum E { A = 0; reserved \"B\", \"C\"; reserved 4 to max; }",
        ),
        (
            "message M { reserved a, b; reserved 4 to 6, 9; extensions 10 to max; }",
            "message M { reserved \"a\", \"b\"; reserved 4 to 6, 9; extensions 10 to max; }",
        ),
        ("extend a.M { int32 b = 1 [default = 3]; }", "extend a.M { optional int32 b = 1 [default = 3]; }"),
        ("export message M { local enum E { A = 0; } }", " message M {  enum E { A = 0; } }"),
        ("import option \"a.proto\"; import \"b.proto\";", "import  \"a.proto\"; import \"b.proto\";"),
        (
            "message M { option (x) = { a: { b: 1 } }; int32 c = 1 [(y) = { d: 2 }]; }",
            "message M { option (x) = { a: { b: 1 } }; optional int32 c = 1 [(y) = { d: 2 }]; }",
        ),
        (
            "// int32 a = 1;\nmessage /* { */ M { string s = 1 [default = \"} ; \\\" {\"]; }",
            "// int32 a = 1;\nmessage /* { */ M { optional string s = 1 [default = \"} ; \\\" {\"]; }",
        ),
        (
            "service S { rpc R(M) returns (M) { option x = 1; } } message M { int32 a = 1; }",
            "service S { rpc R(M) returns (M) { option x = 1; } } message M { optional int32 a = 1; }",
        ),
        // Words of the language may be names.
        (
            "message M { message message = 1; local message = 2; enum enum = 3; option.X o = 4; }",
            "message M { optional message message = 1; optional local message = 2; optional enum enum = 3; option.X o = 4; }",
        ),
    ] {
        check_text(&of(edition), &into(expected));
    }
    check_text(
        &of("message M {\n  optional int32 a = 1; }"),
        "2:3: expected a field without the label `optional`, which editions do not have: features.field_presence says it",
    );
    check_text(&of("message M { group G = 1 {} }"), "1:31: expected no group, which editions do not have");
}

/// Whatever a text is, it is rewritten or refused.
#[test]
fn damaged_texts_are_no_panic() {
    let whole = "edition = \"2023\"; message M { oneof o { int32 a = 1 [features = {field_presence: IMPLICIT}]; } reserved x; /* */ }";
    for end in 0..=whole.len() {
        _ = text::as_proto2(&whole[..end]);
        _ = super::parse("a.proto", &whole[..end]);
        _ = text::as_proto2(&format!("{}}}}}]]'é\\", &whole[..end]));
    }
    _ = text::as_proto2(&"edition=\"2023\";".repeat(3));
    _ = text::as_proto2(&format!("edition=\"2023\";{}", "message M{".repeat(100_000)));
}

/// What protoc 35.1 writes for a file of edition 2023, whose features are those that a text would have.
#[test]
fn sets_of_protoc_are_read() {
    const SET: &[u8] = include_bytes!("tests/edition_2023.desc");
    assert_eq!(
        shown(&super::pool_of_set(SET).unwrap()),
        "proto3, a implicit, b explicit, c repeated, d packed, e explicit group, f required, g repeated"
    );
    for end in 0..SET.len() {
        _ = super::pool_of_set(&SET[..end]);
    }
}

#[test]
fn sets_of_other_editions_are_refused_by_number() {
    // One file, of which all is that its syntax is `editions`, and its edition the number.
    let of_number = |number: &[u8]| {
        let file = [b"\x62\x08editions\x70", number].concat();
        [&[0x0a, file.len() as u8][..], &file].concat()
    };
    for (number, found) in [(&[0xea, 0x07][..], "1002"), (b"\xff\xff\xff\xff\x07", "2147483647"), (b"\0", "0")] {
        let refused = super::pool_of_set(&of_number(number)).unwrap_err();
        assert_eq!(refused, format!(": expected edition 2023 or 2024, found the one of number {found}"));
    }
}

/// Each field as `name presence packed group`, with its file's syntax in front.
fn fields(source: &str) -> Result<String, String> {
    let file = super::parse("a.proto", source).expect("an edition").map_err(|e| format!("{e:?}"))?;
    let mut pool = DescriptorPool::new();
    pool.add_file_descriptor_set(FileDescriptorSet { file: vec![file.file_descriptor_proto().clone()] })
        .map_err(|e| format!("{e:?}"))?;
    // And the same from a set that was written and read.
    let again = super::pool_of_set(&pool.encode_to_vec())?;
    assert_eq!(shown(&again), shown(&pool));
    Ok(shown(&pool))
}

#[track_caller]
fn check_fields(body: &str, expected: &str) {
    let found = fields(&format!("edition = \"2023\"; {body}")).unwrap_or_else(|e| e);
    assert_eq!(found, expected, "{body}");
}

#[test]
fn features_are_each_fields_own() {
    check_fields(
        "message M { int32 a = 1; M b = 2; repeated int32 c = 3; repeated string d = 4; }",
        "proto2, a explicit, b explicit, c packed, d repeated",
    );
    check_fields(
        "option features.field_presence = IMPLICIT; message M { int32 a = 1; M b = 2; string c = 3 [features.field_presence = EXPLICIT]; oneof o { int32 d = 4; } map<string, int32> e = 5; }",
        "proto3, a implicit, b explicit, c explicit, d explicit, e repeated",
    );
    check_fields(
        "message M { int32 a = 1 [features.field_presence = LEGACY_REQUIRED]; int32 b = 2 [features = { field_presence: IMPLICIT, [pb.java] { x: Y } }]; }",
        "proto3, a required, b implicit",
    );
    check_fields(
        "option features.repeated_field_encoding = EXPANDED; message M { repeated int32 a = 1; repeated E b = 2 [features.repeated_field_encoding = PACKED]; } enum E { X = 1; }",
        "proto2, a repeated, b packed",
    );
    check_fields(
        "message M { M a = 1 [features.message_encoding = DELIMITED]; repeated M b = 2 [features.message_encoding = DELIMITED]; }",
        "proto2, a explicit group, b repeated group",
    );
    check_fields(
        "import \"google/protobuf/java_features.proto\"; option features.(pb.java).utf8_validation = NONE; option features.enum_type = CLOSED; message M { option features.json_format = ALLOW; string a = 1 [default = \"x\", features.utf8_validation = NONE]; }",
        "proto2, a explicit",
    );
    check_fields(
        "option features.message_encoding = DELIMITED; message M { M a = 1; }",
        "a.proto: field `M.a`: expected features.message_encoding = DELIMITED at the fields that it is for, found it for all of them",
    );
    check_fields(
        "message M { int32 a = 1 [features.field_presence = OFTEN]; }",
        "a.proto: field `M.a`: expected features.field_presence of EXPLICIT, IMPLICIT, LEGACY_REQUIRED, found `OFTEN`",
    );
    check_fields(
        "option features.colour = RED;",
        "a.proto: expected a feature of edition 2023 or 2024, found `colour`, which may change what bytes mean",
    );
    check_fields(
        "enum E { X = 1; } message M { int32 a = 1 [features.field_presence = IMPLICIT]; }",
        "a.proto: enum `E`: expected zero as its first value in a file with fields of IMPLICIT presence: move it to another file",
    );
    let found = fields("edition = \"2026\"; message M { int32 a = 1; }").unwrap_err();
    assert_eq!(found, "a.proto:1:1: expected edition 2023 or 2024, found `2026`");
}

fn shown(pool: &DescriptorPool) -> String {
    let mut shown = vec![format!("{:?}", pool.files().next().unwrap().syntax())];
    let messages: Vec<_> = pool.all_messages().filter(|m| !m.is_map_entry()).collect();
    shown.extend(messages.iter().flat_map(|m| m.fields()).map(|f| {
        let presence = match (f.cardinality(), f.supports_presence()) {
            (prost_reflect::Cardinality::Required, _) => "required",
            (prost_reflect::Cardinality::Repeated, _) if f.is_packed() => "packed",
            (prost_reflect::Cardinality::Repeated, _) => "repeated",
            (_, true) => "explicit",
            (_, false) => "implicit",
        };
        format!("{} {presence}{}", f.name(), if f.is_group() { " group" } else { "" })
    }));
    shown.join(", ")
}
