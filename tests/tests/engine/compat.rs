//! Schema compatibility held against what other projects expect: pairs of Avro schemas from six of them, Apicurio's pairs of
//! Avro and JSON Schema, and buf's breaking changes of Protobuf. `docs/compatibility.md` lists every difference with the rule
//! that decides it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use laminar_formats::{
    compat::{ChangedPart, CompatibilityOptions, CompatibilityReport, check, check_descriptors},
    protobuf::descriptors_of_files,
};
use laminar_schema::registry::{CompatibilityMode, RegistrySchemaType};
use prost_reflect::DescriptorPool;
use serde_json::Value;

fn corpus(name: &str) -> Option<PathBuf> {
    match std::env::var_os("LAMINAR_CORPORA") {
        Some(root) => Some(Path::new(&root).join("compat").join(name)),
        None => {
            println!("skipped: LAMINAR_CORPORA is not set; it names the folder with compat/{name}");
            None
        }
    }
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn full(language: RegistrySchemaType, new: &str, old: &str, options: &CompatibilityOptions) -> CompatibilityReport {
    let checked = check(language, CompatibilityMode::Full, new, &[old], options);
    checked.unwrap_or_else(|e| panic!("{e}\nold {old}\nnew {new}"))
}

fn reads_back(report: &CompatibilityReport) -> bool {
    !report.changes.iter().any(|change| change.breaks_backward)
}

fn reads_forward(report: &CompatibilityReport) -> bool {
    !report.changes.iter().any(|change| change.breaks_forward)
}

#[test]
fn avro_pairs_have_the_verdict_that_six_projects_expect() {
    let Some(folder) = corpus("avro-pairs") else { return };
    let pairs = json(&folder.join("avro_pairs.json"));
    let pairs = pairs.as_array().unwrap();
    let (mut agreed, mut aliases, mut missed) = (0, 0, Vec::new());
    for pair in pairs {
        let (reader, writer) = (pair["reader"].to_string(), pair["writer"].to_string());
        let expected = pair["compatible"].as_bool().unwrap();
        let report = full(RegistrySchemaType::Avro, &reader, &writer, &CompatibilityOptions::default());
        match reads_back(&report) == expected {
            true => agreed += 1,
            false => {
                missed.push(format!("{} {}: expected {expected}\n  {writer}\n  {reader}", pair["id"], pair["name"]))
            }
        }
        let without = CompatibilityOptions { aliases: false, ..CompatibilityOptions::default() };
        let without = full(RegistrySchemaType::Avro, &reader, &writer, &without);
        aliases += usize::from(reads_back(&without) != reads_back(&report));
    }
    println!("avro-pairs: {agreed} of {} verdicts equal; aliases decide {aliases}", pairs.len());
    assert_eq!(missed, [""; 0], "{}", missed.join("\n"));
    assert!(agreed > 0 && aliases > 0);
}

/// Apicurio's pairs: `backward` is readable that way only, `both` either way, `none` neither.
fn apicurio(language: RegistrySchemaType, file: &str, differences: &[&str]) {
    let Some(folder) = corpus("apicurio") else { return };
    let cases = json(&folder.join(file));
    let cases = cases["tests"].as_array().unwrap();
    let (mut agreed, mut missed) = (0, Vec::new());
    for case in cases {
        let (old, new) = (case["original"].to_string(), case["updated"].to_string());
        let report = full(language, &new, &old, &CompatibilityOptions::default());
        let found = match (reads_back(&report), reads_forward(&report)) {
            (true, true) => "both",
            (true, false) => "backward",
            (false, true) => "forward",
            (false, false) => "none",
        };
        let expected = case["compatibility"].as_str().unwrap();
        match found == expected {
            true => agreed += 1,
            false => {
                println!("  {}: expected {expected}, found {found}: {old} => {new}", case["id"]);
                report.changes.iter().for_each(|c| println!("     {c} b{} f{}", c.breaks_backward, c.breaks_forward));
                missed.push(case["id"].as_str().unwrap().to_owned());
            }
        }
    }
    println!("apicurio {file}: {agreed} of {} verdicts equal", cases.len());
    assert_eq!(missed, differences);
    assert!(agreed * 100 >= cases.len() * 95);
}

#[test]
fn avro_agrees_with_apicurio() {
    let file = "avro/src/test/resources/io/apicurio/registry/rules/compatibility/avro/compatibility-test-data.json";
    apicurio(RegistrySchemaType::Avro, file, &[]);
}

#[test]
fn json_schema_agrees_with_apicurio() {
    let file =
        "json/src/test/resources/io/apicurio/registry/rules/compatibility/jsonschema/compatibility-test-data.json";
    apicurio(RegistrySchemaType::JsonSchema, file, &[]);
}

/// What a rule of buf's is about beside binary data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum About {
    Binary,
    Json,
    /// What is in each file: buf has this rule for languages with code per file, and for Confluent's registry.
    Files,
}

impl About {
    fn options(self) -> CompatibilityOptions {
        let (protobuf_json, protobuf_files) = (self == Self::Json, self == Self::Files);
        CompatibilityOptions { protobuf_json, protobuf_files, ..CompatibilityOptions::default() }
    }
}

/// What a rule of buf's says about data: whether JSON or files are meant, and what we call it. `None` for rules about source code, and
/// for those about what later versions may do; `docs/compatibility.md` has both lists.
fn data_rule(rule: &str) -> Option<(About, &'static [ChangedPart])> {
    use About::{Binary, Files, Json};
    Some(match rule {
        "FIELD_WIRE_COMPATIBLE_TYPE" => (Binary, &[ChangedPart::Type, ChangedPart::Encoding]),
        "FIELD_WIRE_COMPATIBLE_CARDINALITY" => (Binary, &[ChangedPart::Cardinality]),
        "FIELD_SAME_ONEOF" => (Binary, &[ChangedPart::Oneof]),
        "MESSAGE_SAME_REQUIRED_FIELDS" => (Binary, &[ChangedPart::RequiredField, ChangedPart::Cardinality]),
        "PACKAGE_MESSAGE_NO_DELETE" => (Binary, &[ChangedPart::Message]),
        "MESSAGE_NO_DELETE" => (Files, &[ChangedPart::Message]),
        "FIELD_WIRE_JSON_COMPATIBLE_TYPE" => (Json, &[ChangedPart::Type, ChangedPart::Encoding]),
        "FIELD_WIRE_JSON_COMPATIBLE_CARDINALITY" => (Json, &[ChangedPart::Cardinality]),
        "FIELD_SAME_JSON_NAME" | "FIELD_SAME_NAME" => (Json, &[ChangedPart::Name]),
        "FIELD_NO_DELETE" | "FIELD_NO_DELETE_UNLESS_NAME_RESERVED" => (Json, &[ChangedPart::Field]),
        "ENUM_VALUE_SAME_NAME" | "ENUM_VALUE_NO_DELETE" | "ENUM_VALUE_NO_DELETE_UNLESS_NAME_RESERVED" => {
            (Json, &[ChangedPart::Symbol])
        }
        _ => return None,
    })
}

/// All files of a folder together, but copies of Google's features of single languages, which are no messages of the folder's.
fn definitions(folder: &Path) -> DescriptorPool {
    let (mut files, mut left) = (Vec::new(), vec![folder.to_path_buf()]);
    while let Some(at) = left.pop() {
        for entry in fs::read_dir(at).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                left.push(path);
            } else if path.extension().is_some_and(|extension| extension == "proto")
                && !path.ends_with("google/protobuf/cpp_features.proto")
            {
                files.push(path);
            }
        }
    }
    files.sort();
    descriptors_of_files(&[folder.to_path_buf()], &files).unwrap_or_else(|e| panic!("{}: {e}", folder.display()))
}

/// Rules that are decided otherwise where files are one schema, which they are unless it is asked for; by which rule,
/// `docs/compatibility.md` says.
const DECIDED_OTHERWISE: &[&str] = &["breaking_message_message MESSAGE_NO_DELETE"];

/// Folders whose rules are about source code, and whose files differ in what data is as well.
const DIFFER_IN_DATA_TOO: &[&str] = &[
    "breaking_custom_plugins",
    "breaking_field_same_cardinality",
    "breaking_field_same_default",
    "breaking_field_same_type",
    "breaking_ignore_unstable_packages_delete_file",
    "breaking_message_enum",
    "breaking_message_int",
    "breaking_oneof_no_delete",
    "breaking_policy_local",
];

#[test]
fn protobuf_agrees_with_buf() {
    let Some(folder) = corpus("buf-breaking") else { return };
    let expected = json(&folder.join("expected_rules.json"));
    let (mut rules, mut quiet) = (0, 0);
    let (mut missed, mut by_files, mut differ) = (Vec::new(), Vec::new(), Vec::new());
    for (name, runs) in expected["dirs"].as_object().unwrap() {
        let [old, new] = ["previous", "current"].map(|side| definitions(&folder.join(side).join(name)));
        let found = |about: About| check_descriptors(CompatibilityMode::Full, &new, &[&old], &about.options()).unwrap();
        let listed = runs.as_array().unwrap().iter().flat_map(|run| run["expected"].as_array().unwrap());
        let listed: Vec<&str> = listed.map(|rule| rule.as_str().unwrap()).collect();
        let of_data: Vec<_> = listed.iter().filter_map(|rule| Some((*rule, data_rule(rule)?))).collect();
        for (rule, (about, parts)) in &of_data {
            rules += 1;
            let is_found = |about| found(about).breaking().any(|change| parts.contains(&change.kind.part));
            if !is_found(*about) {
                missed.push(format!("{name} {rule}"));
            }
            if *about == About::Files && !is_found(About::Binary) {
                by_files.push(format!("{name} {rule}"));
            }
        }
        if of_data.is_empty() {
            quiet += 1;
            let report = found(About::Binary);
            if !report.compatible {
                let why: Vec<String> = report.breaking().take(3).map(ToString::to_string).collect();
                println!("  {name} {listed:?}: {}", why.join("; "));
                differ.push(name.as_str());
            }
        }
    }
    println!("buf-breaking: {} of {rules} rules about data found broken; otherwise: {missed:?}", rules - missed.len());
    println!("buf-breaking: {} of {quiet} folders with rules about source code found readable", quiet - differ.len());
    println!("buf-breaking: of these found only where each file is a schema: {by_files:?}");
    assert_eq!(missed, [""; 0]);
    assert_eq!(by_files, DECIDED_OTHERWISE);
    assert_eq!(differ, DIFFER_IN_DATA_TOO);
}

/// What buf's own messages are named after.
#[test]
fn protobuf_types_are_compatible_where_buf_names_them_so() {
    let Some(folder) = corpus("buf-breaking") else { return };
    for (name, protobuf_json) in
        [("breaking_field_wire_compatible_type", false), ("breaking_field_wire_json_compatible_type", true)]
    {
        let [old, new] = ["previous", "current"].map(|side| definitions(&folder.join(side).join(name)));
        let options = CompatibilityOptions { protobuf_json, ..CompatibilityOptions::default() };
        let report = check_descriptors(CompatibilityMode::Full, &new, &[&old], &options).unwrap();
        // Their names differ as well, which JSON minds and this is not about.
        let is_type = |part| matches!(part, ChangedPart::Type | ChangedPart::Encoding);
        let of_types = || report.breaking().filter(|c| c.breaks_backward && is_type(c.kind.part));
        let breaking = |message: &str| of_types().filter(|c| c.path.starts_with(message)).count();
        assert_eq!(breaking("/a.CompatiblePrimitives"), 0, "{name}");
        assert_eq!(breaking("/a.WithCompatibleEnums"), 0, "{name}");
        let fields = new.get_message_by_name("a.IncompatiblePrimitives").unwrap().fields().len();
        println!("{name}: {} of {fields} incompatible fields found", breaking("/a.IncompatiblePrimitives"));
        assert!(breaking("/a.IncompatiblePrimitives") > 0);
    }
}

/// One line for each version's change, in the words of a report.
fn listed(language: RegistrySchemaType, mode: &str, new: &str, old: &[&str]) -> Vec<String> {
    let options = CompatibilityOptions::default();
    let report = check(language, mode.parse().unwrap(), new, old, &options).unwrap();
    report.changes.iter().map(|c| format!("{}{c}", if c.breaks { "! " } else { "" })).collect()
}

#[test]
fn modes_look_at_the_versions_and_directions_that_they_name() {
    let first = r#"{"type":"record","name":"R","fields":[{"name":"price","type":"double"}]}"#;
    let second = r#"{"type":"record","name":"R","fields":[{"name":"price","type":"string"}]}"#;
    let avro = |mode, new, old: &[&str]| listed(RegistrySchemaType::Avro, mode, new, old);
    let (retyped, back) = ("/price: type_changed from double to string", "/price: type_changed from string to double");
    assert_eq!(avro("NONE", second, &[first]), [retyped]);
    for mode in ["BACKWARD", "FORWARD", "FULL", "FULL_TRANSITIVE"] {
        assert_eq!(avro(mode, second, &[first]), [format!("! {retyped}")], "{mode}");
    }
    assert_eq!(avro("BACKWARD", second, &[first, second]), [""; 0], "the last one only");
    for mode in ["BACKWARD_TRANSITIVE", "FORWARD_TRANSITIVE", "FULL_TRANSITIVE"] {
        assert_eq!(avro(mode, second, &[first, second]), [format!("! {retyped}")], "{mode}");
    }
    assert_eq!(avro("FULL", first, &[second]), [format!("! {back}")]);
    assert_eq!(avro("FULL", first, &[]), [""; 0], "nothing was before it");
    let wider = r#"{"type":"record","name":"R","fields":[{"name":"price","type":"double"},{"name":"q","type":"int"}]}"#;
    assert_eq!(avro("BACKWARD", wider, &[first]), ["! /q: field_added, int"]);
    assert_eq!(avro("FORWARD", wider, &[first]), ["/q: field_added, int"]);
    assert_eq!(avro("BACKWARD", first, &[wider]), ["/q: field_removed, int"]);
    assert_eq!(avro("FORWARD", first, &[wider]), ["! /q: field_removed, int"]);
}

#[test]
fn protobuf_fields_are_their_numbers() {
    let of = |fields: &str| format!("syntax = \"proto3\"; package a; message M {{ {fields} }}");
    let cases: &[(&str, &str, &str, &[&str])] = &[
        ("BACKWARD", "int32 a = 1;", "int64 a = 1;", &["/M/a: type_changed from int32 to int64"]),
        ("BACKWARD", "int32 a = 1;", "sint32 a = 1;", &["! /M/a: type_changed from int32 to sint32"]),
        ("BACKWARD", "string a = 1;", "bytes a = 1;", &["/M/a: type_changed from string to bytes"]),
        ("FORWARD", "string a = 1;", "bytes a = 1;", &["! /M/a: type_changed from string to bytes"]),
        ("FULL", "string a = 1;", "string b = 1;", &["/M/b: name_changed from a to b"]),
        (
            "BACKWARD",
            "string a = 1;",
            "repeated string a = 1;",
            &["/M/a: cardinality_changed from optional to repeated"],
        ),
        (
            "FORWARD",
            "string a = 1;",
            "repeated string a = 1;",
            &["! /M/a: cardinality_changed from optional to repeated"],
        ),
        (
            "BACKWARD",
            "int32 a = 1; int32 b = 2;",
            "oneof o { int32 a = 1; int32 b = 2; }",
            &["! /M/a: oneof_added, o", "! /M/b: oneof_added, o"],
        ),
        ("FULL", "int32 a = 1;", "oneof o { int32 a = 1; }", &["/M/a: oneof_added, o"]),
        (
            "FULL",
            "int32 a = 1; oneof o { int32 b = 2; }",
            "oneof o { int32 a = 1; } int32 b = 2;",
            &["! /M/a: oneof_added, o", "/M/b: oneof_removed, o"],
        ),
        (
            "FORWARD",
            "oneof o { int32 a = 1; }",
            "oneof o { int32 b = 2; } int32 a = 1;",
            &["/M/b: field_added, int32 b = 2", "/M/a: oneof_removed, o"],
        ),
        ("FULL", "int32 a = 1; int32 b = 2;", "int32 a = 1;", &["/M/b: field_removed, int32 b = 2"]),
    ];
    for (mode, old, new, expected) in cases {
        let found = listed(RegistrySchemaType::Protobuf, mode, &of(new), &[&of(old)]);
        assert_eq!(found, *expected, "{mode} {old} => {new}");
    }
}

#[test]
fn content_models_are_open_or_closed() {
    let of =
        |more: &str, rest: &str| format!(r#"{{"type":"object","properties":{{"a":{{"type":"string"}}{more}}}{rest}}}"#);
    let (closed, added) = (r#","additionalProperties":false"#, r#","b":{"type":"integer"}"#);
    let json = |mode, new: &str, old: &str| listed(RegistrySchemaType::JsonSchema, mode, new, &[old]);
    let shown = r#"{"type":"integer"}"#;
    assert_eq!(json("BACKWARD", &of(added, ""), &of("", "")), [format!("! /b: field_added, {shown}")], "open");
    assert_eq!(json("BACKWARD", &of(added, closed), &of("", closed)), [format!("/b: field_added, {shown}")], "closed");
    assert_eq!(json("BACKWARD", &of("", ""), &of(added, "")), [format!("/b: field_removed, {shown}")]);
    assert_eq!(json("BACKWARD", &of("", closed), &of(added, closed)), [format!("! /b: field_removed, {shown}")]);
    assert_eq!(json("BACKWARD", &of("", closed), &of("", "")), ["! /: content_model_changed from open to closed"]);
}

#[test]
fn what_is_no_schema_or_too_much_is_an_error() {
    let said = |language, new: &str, old: &str| {
        check(language, CompatibilityMode::Full, new, &[old], &CompatibilityOptions::default()).unwrap_err().to_string()
    };
    let error = said(RegistrySchemaType::Avro, "\"int\"", "{}");
    assert!(
        error.starts_with("version 0 of the history: expected an Avro schema") && error.contains("`type`"),
        "{error}"
    );
    let error = said(RegistrySchemaType::JsonSchema, "3", "{}");
    assert!(error.starts_with("the proposed schema: expected a JSON Schema"), "{error}");
    let error = said(RegistrySchemaType::Protobuf, "message", "message");
    assert!(error.contains("expected a Protobuf definition"), "{error}");
    let chain: Vec<String> =
        (0..5_000).map(|i| format!(r##""d{i}":{{"items":{{"$ref":"#/$defs/d{}"}}}}"##, i + 1)).collect();
    let deep = |last: &str| {
        format!(r##"{{"$ref":"#/$defs/d0","$defs":{{{},"d5000":{{"type":"{last}"}}}}}}"##, chain.join(","))
    };
    let error = said(RegistrySchemaType::JsonSchema, &deep("string"), &deep("number"));
    assert!(error.contains("at most 128 types inside each other"), "{error}");
    let endless = r##"{"$ref":"#/$defs/a","$defs":{"a":{"$ref":"#/$defs/b"},"b":{"$ref":"#/$defs/a"}}}"##;
    assert_eq!(listed(RegistrySchemaType::JsonSchema, "FULL", endless, &[endless]), [""; 0]);
}
