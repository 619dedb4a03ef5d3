//! Inference held against DuckDB's, on its own test files: one peer's opinion, not truth. The number of files on
//! which both find the same names and types is pinned, and only goes up; where they differ, the difference is counted by its kind.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test that fails to unwrap says where; counts are shown"
)]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use arrow_schema::DataType;
use laminar_formats::{csv::CsvDecoder, json::JsonDecoder};
use laminar_schema::{
    DecoderSet, FormatInferenceRegistry, FormatSpec, Framing, InferenceConfig, InferredSchema, Options, RawRecord,
    WarningSeverity, types::field_type_name,
};
use laminar_testkit::frames::file_records;
use serde_json::Value;

/// What became of one file.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    /// The same names and types.
    Agree,
    /// DuckDB refuses the file, and we refuse it or a part of it: not always for the same reason.
    BothComplain,
    /// DuckDB refuses the file, and we read all of it.
    DuckDbRefuses,
    /// We refuse the file.
    WeRefuse(String),
    /// Other columns: their number or names.
    OtherColumns(String),
    /// Other types.
    OtherTypes(String),
}

impl Verdict {
    fn kind(&self) -> &'static str {
        match self {
            Self::Agree => "agree",
            Self::BothComplain => "both complain",
            Self::DuckDbRefuses => "DuckDB refuses",
            Self::WeRefuse(_) => "we refuse",
            Self::OtherColumns(_) => "other columns",
            Self::OtherTypes(_) => "other types",
        }
    }
}

/// JSON files on which we differ, and why.
const JSON_DIFFERENCES: [(&str, &str); 7] = [
    ("13725/month=07/mytest.json", "a column from the path is no data of the record"),
    ("15601/bunch_of_key_collisions.json", "keys that differ in case are different columns, under their own names"),
    ("duplicate_column_names.json", "keys that differ in case are different columns, under their own names"),
    ("empty.ndjson", "no record says nothing: an error, not a column of JSON"),
    ("empty_array.json", "no record says nothing: an error, not a column of JSON"),
    ("empty_no_newline.json", "no record says nothing: an error, not a column of JSON"),
    ("top_level_map.jsonl", "the columns themselves never become a MAP"),
];

/// CSV files on which we agree.
const CSV_FLOOR: usize = 113;

/// DuckDB's defaults, where our configuration has the same word for them.
fn like_duckdb(null_type: DataType, options: &[(&str, &str)]) -> InferenceConfig {
    InferenceConfig {
        null_type,
        map_threshold: 200,
        max_depth: 100,
        format_options: Options::from_pairs(options.iter().copied()),
        ..InferenceConfig::default()
    }
}

/// The records of a file as a sample, a header first, and whether the framing found a fault.
fn sample_of<D: DecoderSet>(format: &FormatSpec, bytes: &[u8]) -> (Vec<RawRecord>, bool) {
    let framing = D::framing(format).unwrap().unwrap();
    let (batch, faults) = file_records(&framing, bytes);
    let header = match framing {
        Framing::Csv(_) => batch.partitions().first().and_then(|p| p.preamble.as_deref()).map(RawRecord::new),
        _ => None,
    };
    (header.into_iter().chain(batch.iter().map(|r| r.to_owned())).collect(), !faults.is_empty())
}

fn judge<D: DecoderSet>(format: &str, config: &InferenceConfig, bytes: &[u8], expected: &Value) -> Verdict {
    let spec = FormatSpec::new(format).with_options(config.format_options.clone());
    let (samples, faulty) = sample_of::<D>(&spec, bytes);
    let inferred = FormatInferenceRegistry::of::<D>().infer(format, &samples, config);
    let Some(columns) = expected.get("columns") else {
        let complains = |i: &InferredSchema| i.warnings.iter().any(|w| w.severity == WarningSeverity::Error);
        return match &inferred {
            Ok(schema) if !faulty && !complains(schema) => Verdict::DuckDbRefuses,
            _ => Verdict::BothComplain,
        };
    };
    let theirs: Vec<(String, String)> = columns.as_array().unwrap().iter().map(column).collect();
    let inferred = match inferred {
        Ok(inferred) => inferred,
        Err(e) => return Verdict::WeRefuse(e.to_string()),
    };
    let fields = inferred.schema.fields().iter();
    let ours: Vec<(String, String)> = fields.map(|f| (f.name().clone(), normal(&field_type_name(f)))).collect();
    let names = |columns: &[(String, String)]| columns.iter().map(|c| c.0.clone()).collect::<Vec<_>>();
    let difference = || format!("theirs {theirs:?}\n    ours   {ours:?}");
    // What is no object has no name: theirs is `json`, ours `value`.
    let unnamed = names(&theirs) == ["json"] && names(&ours) == ["value"];
    if names(&ours) != names(&theirs) && !unnamed {
        Verdict::OtherColumns(difference())
    } else if ours.iter().zip(&theirs).any(|(a, b)| a.1 != b.1) {
        Verdict::OtherTypes(difference())
    } else {
        Verdict::Agree
    }
}

fn column(column: &Value) -> (String, String) {
    (column[0].as_str().unwrap().to_owned(), normal(column[1].as_str().unwrap()))
}

/// DuckDB quotes more names, and spells one type differently.
fn normal(type_name: &str) -> String {
    type_name.replace('"', "").replace("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ")
}

/// Names of the files on which we differ; `None` without the corpora.
fn differences<D: DecoderSet>(
    suite: &str,
    format: &str,
    config: &InferenceConfig,
    floor: usize,
) -> Option<Vec<String>> {
    let Some(corpora) = std::env::var_os("LAMINAR_CORPORA").map(PathBuf::from) else {
        println!("skipped: LAMINAR_CORPORA does not name the corpora");
        return None;
    };
    // Tests run in their crate's folder; the variable is relative to the workspace.
    let suite = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(corpora).join(suite);
    let expected: BTreeMap<String, Value> =
        serde_json::from_slice(&fs::read(suite.join("expected.json")).unwrap()).unwrap();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut different = Vec::new();
    for (name, expected) in &expected {
        let verdict = judge::<D>(format, config, &fs::read(suite.join("data").join(name)).unwrap(), expected);
        *counts.entry(verdict.kind()).or_default() += 1;
        if !matches!(verdict, Verdict::Agree | Verdict::BothComplain) {
            println!("{name}: {verdict:?}");
            different.push(name.clone());
        }
    }
    println!("{} files: {counts:?}", expected.len());
    let agree = counts.get("agree").copied().unwrap_or(0);
    assert!(agree >= floor, "{agree} files agree, and {floor} did before");
    Some(different)
}

#[test]
fn json_agrees_with_duckdb() {
    let options = [("multiple_documents", "split"), ("empty_records", "skip")];
    let config = like_duckdb(DataType::Null, &options);
    let Some(different) = differences::<JsonDecoder>("json-inference", "json", &config, 34) else { return };
    let known: Vec<&str> = JSON_DIFFERENCES.iter().map(|(name, _)| *name).collect();
    assert_eq!(different, known, "every difference has a reason, and every reason a difference");
}

#[test]
fn csv_agrees_with_duckdb() {
    // Without a sniffer the dialect is that of the options; most differences are delimiters and headers.
    differences::<CsvDecoder>("csv/duckdb", "csv", &like_duckdb(DataType::Utf8, &[]), CSV_FLOOR);
}
