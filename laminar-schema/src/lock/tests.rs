//! What counts as a change, and what is no lock.

use std::path::Path;

use arrow_schema::Schema;

use super::*;
use crate::{
    FormatSpec, InferenceConfig, Options, ResolutionKind, ResolvedSchema, SampleValue, SampledRange, TypeHint,
    config::ConfigKey,
    ddl,
    declared::DeclaredSchema,
    field::{TIMESTAMP_FORMATS_METADATA, with_metadata},
    inference::FieldInferenceDetail,
};

fn schema(columns: &str) -> Schema {
    let DeclaredSchema { columns, .. } = ddl::parse_columns(columns).unwrap();
    Schema::new(columns.iter().map(|c| c.to_field()).collect::<Vec<_>>())
}

fn resolved(schema: Schema, options: &[(&str, &str)]) -> ResolvedSchema {
    ResolvedSchema {
        schema: schema.into(),
        resolution: ResolutionKind::Inferred { sample_count: 10, warnings: Vec::new() },
        field_origins: [].into(),
        warnings: Vec::new(),
        field_details: Vec::new(),
        strategies: Vec::new(),
        format: FormatSpec::new("csv").with_options(Options::from_pairs(options.iter().copied())),
        registered: None,
        found_options: vec!["delim".to_owned()],
        inference: None,
        sample: Vec::new(),
        evidence: None,
    }
}

const KEYS: &[ConfigKey] = &[key("delimiter", false), key("password", true)];

const fn key(key: &'static str, secret: bool) -> ConfigKey {
    ConfigKey { key, aliases: &["delim"], type_name: "text", required: false, default: None, doc: "", secret }
}

fn locked_with(resolved: &ResolvedSchema, inference: &InferenceConfig) -> LockedSource {
    let facts = Facts { name: "s", connector: "file", format_keys: KEYS, inference, resolved };
    LockedSource::new(&facts).unwrap()
}

fn locked(resolved: &ResolvedSchema) -> LockedSource {
    locked_with(resolved, &InferenceConfig::default())
}

/// What has changed between two, without the fingerprints, which would only repeat that.
#[track_caller]
fn check(from: &LockedSource, to: &LockedSource, expected: &[&str]) {
    let shown: Vec<String> = compare_source(from, to)
        .iter()
        .filter(|c| !matches!(c, LockChange::FingerprintChanged { .. }))
        .map(ToString::to_string)
        .collect();
    assert_eq!(shown, expected);
}

#[test]
fn changes_of_fields_are_named_where_they_are() {
    let check = |from: &str, to: &str, expected: &[&str]| {
        let (from, to) = (locked(&resolved(schema(from), &[])), locked(&resolved(schema(to), &[])));
        check(&from, &to, expected);
        assert_eq!(from.fingerprint != to.fingerprint, !expected.is_empty());
    };
    check("a BIGINT, b DATE", "a BIGINT, b DATE", &[]);
    check("a BIGINT", "a DOUBLE", &["~ field a: BIGINT → DOUBLE"]);
    check("a BIGINT", "a BIGINT, b UUID", &["+ field b UUID"]);
    check("a BIGINT, b UUID", "a BIGINT", &["- field b UUID"]);
    check("a BIGINT", "a BIGINT, \"\x1b[2J\nb\" UUID", &["+ field \\u{1b}[2J\\nb UUID"]);
    check("a BIGINT NOT NULL", "a BIGINT", &["~ field a: NOT NULL → NULL"]);
    check("a BIGINT, b DATE", "b DATE, a BIGINT", &["~ order: a, b → b, a"]);
    check(
        "a STRUCT(x BIGINT, y DATE)",
        "a STRUCT(x DOUBLE, z DATE)",
        &["~ field a.x: BIGINT → DOUBLE", "- field a.y DATE", "+ field a.z DATE"],
    );
    check("a STRUCT(x BIGINT)[]", "a STRUCT(x JSON)[]", &["~ field a[].x: BIGINT → JSON"]);
    check("a MAP(VARCHAR, BIGINT)", "a MAP(VARCHAR, DATE)", &["~ field a{}: BIGINT → DATE"]);
    check(
        "a MAP(VARCHAR, BIGINT)",
        "a MAP(BIGINT, BIGINT)",
        &["~ field a: MAP(VARCHAR, BIGINT) → MAP(BIGINT, BIGINT)"],
    );
    // What held fields and does no longer is one change, not one for each of them.
    check("a STRUCT(x BIGINT, y DATE)", "a JSON", &["~ field a: STRUCT(x BIGINT, y DATE) → JSON"]);
    check("a BIGINT[]", "a STRUCT(x BIGINT)", &["~ field a: BIGINT[] → STRUCT(x BIGINT)"]);
}

#[test]
fn types_may_nest_as_deep_as_they_parse() {
    let deep = |inside: &str| format!("{}{inside}{}", "a STRUCT(".repeat(62) + "a ", ")".repeat(62));
    let (from, to) = (deep("BIGINT"), deep("DATE"));
    let file = LockFile { sources: vec![locked(&resolved(schema(&from), &[]))], ..LockFile::default() };
    let back = LockFile::from_text(&file.to_text().unwrap(), "l").unwrap();
    assert_eq!(back, file);
    let path = vec!["a"; 63].join(".");
    check(&back.sources[0], &locked(&resolved(schema(&to), &[])), &[&format!("~ field {path}: BIGINT → DATE")]);
}

#[test]
fn changes_around_the_fields_are_named() {
    let base = || resolved(schema("a TIMESTAMP"), &[("delimiter", ";")]);
    let from = locked(&base());
    let check_resolved = |to: ResolvedSchema, expected: &[&str]| check(&from, &locked(&to), expected);
    check_resolved(
        ResolvedSchema { format: FormatSpec::new("csv"), ..base() },
        &["~ format option delimiter: ';' → none"],
    );
    check_resolved(ResolvedSchema { format: FormatSpec::new("json"), ..base() }, &["~ format: csv → json"]);
    check_resolved(
        ResolvedSchema { resolution: ResolutionKind::SourceProvided, ..base() },
        &["~ resolution: inferred → provided by the source"],
    );
    let field = with_metadata(base().schema.field(0).clone(), TIMESTAMP_FORMATS_METADATA, "%d/%m/%Y\n%s");
    check_resolved(
        ResolvedSchema { schema: Schema::new(vec![field]).into(), ..base() },
        &["~ field a: timestamp formats iso8601 → %d/%m/%Y, %s"],
    );
    let config = InferenceConfig { max_depth: 7, sample_size: 2, ..InferenceConfig::default() };
    check(
        &from,
        &locked_with(&base(), &config),
        &["~ inference option max_depth: '5' → '7'", "~ inference option sample_size: '1000' → '2'"],
    );
    check(&from, &LockedSource { connector: "kafka".into(), ..from.clone() }, &["~ connector: file → kafka"]);
    let registry = |schema_id| ResolvedSchema { resolution: ResolutionKind::Registry { schema_id }, ..base() };
    check(
        &locked(&registry(1.into())),
        &locked(&registry(2.into())),
        &["~ resolution: schema registry, id 1 → schema registry, id 2"],
    );
}

#[test]
fn another_sample_with_the_same_schema_is_no_change() {
    let from = resolved(schema("a BIGINT"), &[]);
    let detail = FieldInferenceDetail {
        appearance_rate: 0.25,
        first: Some(SampleValue { text: "secret value".into(), line: Some(3), ..SampleValue::default() }),
        ..FieldInferenceDetail::new("a", from.schema.field(0))
    };
    let to = ResolvedSchema {
        resolution: ResolutionKind::Inferred { sample_count: 99, warnings: Vec::new() },
        warnings: vec![crate::InferenceWarning::warning("a", "rare")],
        field_details: vec![detail],
        sample: vec![SampledRange { partition: None, records: 99, first_offset: Some(0), last_offset: Some(9) }],
        evidence: Some("{ \"n\": 1.50 }".into()),
        ..from.clone()
    };
    check(&locked(&from), &locked(&to), &[]);
    // All of it is kept all the same: the places of values, and not the values.
    let file = LockFile { sources: vec![locked(&to)], ..LockFile::default() };
    let text = file.to_text().unwrap();
    assert_eq!(LockFile::from_text(&text, "l").unwrap(), file);
    assert_eq!(text, LockFile::from_text(&text, "l").unwrap().to_text().unwrap());
    for part in ["\"line\": 3", "\"records\": 99", "\"message\": \"rare\"", "{ \"n\": 1.50 }"] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    assert!(!text.contains("secret value"), "{text}");
}

#[test]
fn sources_come_and_go() {
    let source = |name: &str| LockedSource { name: name.into(), ..locked(&resolved(schema("a DATE"), &[])) };
    let file = |names: &[&str]| LockFile { sources: names.iter().map(|n| source(n)).collect(), ..LockFile::default() };
    let check = |from: &[&str], to: &[&str], expected: &[(&str, LockChange)]| {
        let expected: Vec<_> =
            expected.iter().map(|(name, change)| ((*name).to_owned(), vec![change.clone()])).collect();
        assert_eq!(compare(&file(from), &file(to)), expected);
    };
    check(&["a", "b"], &["A", "b"], &[]);
    check(&["a"], &["a", "b"], &[("b", LockChange::SourceAdded)]);
    check(&["a", "b"], &["b"], &[("a", LockChange::SourceRemoved)]);
    check(&[], &[], &[]);
}

#[test]
fn secrets_and_options_that_nobody_declares_are_masked() {
    let options = [("delim", ";"), ("password", "hunter2"), ("other", "hunter2")];
    let format = locked(&resolved(schema("a DATE"), &options)).format;
    let expected = [("delim", ";"), ("other", "***"), ("password", "***")];
    assert_eq!(format.options, expected.map(|(k, v)| (k.to_owned(), v.to_owned())).into());
    assert_eq!(format.found, ["delim"]);
}

#[test]
fn an_edited_lock_contradicts_itself() {
    let whole = locked(&resolved(schema("a DATE"), &[]));
    assert_eq!(contradictions(&whole), []);
    let edited = LockedSource { schema: whole.schema.replace("DATE", "TIME"), ..whole };
    assert!(matches!(contradictions(&edited)[..], [LockChange::Contradiction { .. }]));
    let without = LockedSource { replay: Some(edited.fingerprint.clone()), ..edited };
    assert_eq!(contradictions(&without).len(), 2);
}

#[test]
fn inference_comes_back_as_it_was() {
    let config = InferenceConfig {
        sample_size: 7,
        number_type: crate::NumberInference::Decimal(20, 4),
        array_strategy: crate::ArrayInference::FirstElement,
        null_type: arrow_schema::DataType::Int64,
        timestamp_formats: vec!["%d, %m".into()],
        hints: vec![
            TypeHint { path: "a.b[].c".into(), field: crate::field::uuid_field("a.b[].c", true) },
            TypeHint { path: "m".into(), field: schema("m MAP(VARCHAR, JSON)").field(0).clone() },
            TypeHint { path: "d".into(), field: schema("d DATE FORMAT '%d/%m/%Y'").field(0).clone() },
            TypeHint { path: "t".into(), field: schema("t TIME_NS").field(0).clone() },
        ],
        detect_dates: false,
        min_confidence: 0.25,
        ..InferenceConfig::default()
    };
    for config in [config, InferenceConfig::default()] {
        let text = serde_json::to_string(&LockedInference::from(&config)).unwrap();
        let back: LockedInference = serde_json::from_str(&text).unwrap();
        assert_eq!(back.to_config(&[], Options::new()).unwrap(), config);
    }
    let bad = LockedInference { number_type: "float".into(), ..LockedInference::from(&InferenceConfig::default()) };
    assert!(bad.to_config(&[], Options::new()).unwrap_err().to_string().contains("`number_type` is \"float\""));
}

#[test]
fn what_is_no_lock_says_why() {
    let check = |text: &str, expected: &str| {
        let error = LockFile::from_text(text, "x.lock").unwrap_err().to_string();
        assert!(error.contains("x.lock") && error.contains(expected), "{error}");
    };
    check("", "EOF while parsing");
    check("{\"version\": 1, \"sources\": [", "EOF while parsing");
    check("[1]", "no lock");
    check("{\"version\": 0, \"sources\": []}", "there is no version 0");
    // Only its version has to be readable.
    check("{\"version\": 2, \"pipelines\": 3}", "has version 2");
    check("{\"version\": 1, \"sources\": [{\"name\": 3}]}", "line 1 column");
    assert!(matches!(LockFile::read(Path::new("/absent/x.lock")), Err(LockError::Missing { .. })));
    assert!(matches!(LockFile::read(Path::new("/")), Err(LockError::Io { .. })));
}

#[test]
fn a_lock_of_another_file_is_not_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(LOCK_FILE_NAME);
    let of = |sql: &str| LockFile { sql: Some(sql.to_owned()), ..LockFile::default() };
    of("a.sql").write(&path).unwrap();
    of("a.sql").write(&path).unwrap();
    // a.sql was renamed to b.sql.
    of("b.sql").write(&path).unwrap();
    std::fs::write(dir.path().join("b.sql"), "").unwrap();
    let error = of("c.sql").write(&path).unwrap_err().to_string();
    assert!(error.contains("belongs to b.sql, not to c.sql") && error.contains("--lock"), "{error}");
    assert_eq!(LockFile::read(&path).unwrap(), of("b.sql"));
    // Nothing is left beside it.
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 2);
    assert!(of("b.sql").write(&dir.path().join("absent/l")).unwrap_err().is_io());
}
