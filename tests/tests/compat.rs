//! Schema compatibility held against what other projects expect: pairs of Avro schemas from six of them, Apicurio's pairs of
//! Avro and JSON Schema, and buf's breaking changes of Protobuf. `docs/compatibility.md` lists every difference with the rule
//! that decides it.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test that fails to unwrap says where; counts are shown"
)]

use std::{
    fs,
    path::{Path, PathBuf},
};

use laminar_formats::compat::{CompatibilityOptions, CompatibilityReport, check};
use laminar_schema::registry::{CompatibilityMode, RegistrySchemaType};
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
