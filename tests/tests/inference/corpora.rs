//! Inference held against DuckDB's, on its own test files: one peer's opinion, not truth. Options of the format are found
//! from the file's bytes, as a source does it. `tests/corpora/` lists every file on which both differ, with the reason.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use arrow_schema::DataType;
use laminar_formats::{csv::CsvDecoder, framing::text_of_head, json::JsonDecoder};
use laminar_schema::{
    DecodeSpec, DecoderSet, FormatDecoder, FormatInferenceRegistry, FormatSpec, Framing, InferenceConfig,
    InferenceWarning, InferredSchema, Options, RawRecord, SampleHead, WarningSeverity, types::field_type_name,
};
use laminar_tests::frames::file_records;
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

/// Reasons for a difference that are allowed; a bug of DuckDB's needs a link.
const REASONS: [&str; 5] = ["exact integers", "order independence", "spec says so", "DuckDB bug", "not yet"];

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
    let records = batch.iter().map(|r| r.to_owned()).take(InferenceConfig::default().sample_size);
    (header.into_iter().chain(records).collect(), !faults.is_empty())
}

fn judge<D: DecoderSet>(format: &str, config: &InferenceConfig, bytes: &[u8], expected: &Value) -> Verdict {
    let registry = FormatInferenceRegistry::of::<D>();
    let head = SampleHead::Bytes { bytes, is_whole: true };
    let detected = match registry.get(format).unwrap().detect(head, config) {
        Ok(detected) => detected,
        Err(e) => return Verdict::WeRefuse(e.to_string()),
    };
    let is_doubtful = |w: &InferenceWarning| w.severity == WarningSeverity::Error;
    let faulty_dialect = detected.iter().any(|d| d.warnings.iter().any(is_doubtful));
    let config = &match detected {
        Some(detected) => InferenceConfig { format_options: detected.options, ..config.clone() },
        None => config.clone(),
    };
    let spec = FormatSpec::new(format).with_options(config.format_options.clone());
    let bytes: &[u8] = &text_of_head(bytes, true, D::framing(&spec).unwrap().unwrap().encoding());
    let (samples, faulty) = sample_of::<D>(&spec, bytes);
    let inferred = FormatInferenceRegistry::of::<D>().infer(format, &samples, config);
    let Some(columns) = expected.get("columns") else {
        let complains = |i: &InferredSchema| i.warnings.iter().any(|w| w.severity == WarningSeverity::Error);
        return match &inferred {
            Ok(schema) if !faulty && !faulty_dialect && !complains(schema) => Verdict::DuckDbRefuses,
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

/// A difference as the committed list has it.
struct Known<'a> {
    file: &'a str,
    reason: &'a str,
    words: &'a str,
}

fn known_differences(list: &str) -> Vec<Known<'_>> {
    let lines = list.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let known = lines.map(|line| {
        let mut parts = line.splitn(3, " | ");
        let mut next = || parts.next().unwrap_or_else(|| panic!("`{line}` is not: file | reason | in words"));
        Known { file: next(), reason: next(), words: next() }
    });
    known.collect()
}

/// Compares every file of a suite with DuckDB's answer. Differences must be those of the list, at least 80 % of the files
/// have none, and less than 5 % differ for want of work.
fn compare<D: DecoderSet>(suite: &str, format: &str, config: &InferenceConfig, list: &str) {
    let Some(corpora) = std::env::var_os("LAMINAR_CORPORA").map(PathBuf::from) else {
        println!("skipped: LAMINAR_CORPORA does not name the corpora");
        return;
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
            different.push(name.as_str());
        }
    }
    println!("{} files: {counts:?}", expected.len());

    let known = known_differences(list);
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for Known { file, reason, words } in &known {
        assert!(REASONS.contains(reason), "{file}: `{reason}` is none of {REASONS:?}");
        assert!(*reason != "DuckDB bug" || words.contains("https://"), "{file}: a bug of DuckDB's needs a link");
        *reasons.entry(reason).or_default() += 1;
    }
    println!("differences: {reasons:?}");
    let listed: Vec<&str> = known.iter().map(|k| k.file).collect();
    let new: Vec<&&str> = different.iter().filter(|name| !listed.contains(name)).collect();
    let stale: Vec<&&str> = listed.iter().filter(|name| !different.contains(name)).collect();
    assert!(new.is_empty() && stale.is_empty(), "not in the list: {new:?}\nno longer different: {stale:?}");
    let agreed = expected.len() - different.len();
    assert!(agreed * 100 >= expected.len() * 80, "{agreed} of {} files agree", expected.len());
    let not_yet = reasons.get("not yet").copied().unwrap_or(0);
    assert!(not_yet * 100 < expected.len() * 5, "{not_yet} of {} files are not yet read alike", expected.len());
}

#[test]
fn json_agrees_with_duckdb() {
    let options = [("multiple_documents", "split"), ("empty_records", "skip")];
    let config = like_duckdb(DataType::Null, &options);
    compare::<JsonDecoder>("json-inference", "json", &config, include_str!("../../corpora/json_duckdb.txt"));
}

#[test]
fn csv_agrees_with_duckdb() {
    let config = like_duckdb(DataType::Utf8, &[]);
    compare::<CsvDecoder>("csv/duckdb", "csv", &config, include_str!("../../corpora/csv_duckdb.txt"));
}

/// Counts the rows that the file gives under the schema and the options that are found for it, and what is rejected.
fn count_rows(bytes: &[u8], config: &InferenceConfig) -> Result<(usize, usize), String> {
    let registry = FormatInferenceRegistry::of::<CsvDecoder>();
    let head = SampleHead::Bytes { bytes, is_whole: true };
    let detected = registry.get("csv").unwrap().detect(head, config).map_err(|e| e.to_string())?;
    let options = detected.map_or_else(Options::new, |detected| detected.options);
    let config = InferenceConfig { format_options: options.clone(), ..config.clone() };
    let format = FormatSpec::new("csv").with_options(options);
    let framing = CsvDecoder::framing(&format).unwrap().unwrap();
    let text = text_of_head(bytes, true, framing.encoding());
    let (samples, _) = sample_of::<CsvDecoder>(&format, &text);
    let inferred = registry.infer("csv", &samples, &config).map_err(|e| e.to_string())?;
    let (records, faults) = file_records(&framing, &text);
    let spec = DecodeSpec::new(inferred.schema, format);
    let mut decoder = CsvDecoder::build(&spec).map_err(|e| e.to_string())?.unwrap();
    let decoded = decoder.decode(&records).unwrap();
    Ok((decoded.batch.num_rows(), decoded.rejected.len() + faults.len()))
}

/// As many rows as DuckDB counts. Files with another number are listed with the number and the reason.
#[test]
fn csv_has_as_many_rows_as_in_duckdb() {
    let Some(corpora) = std::env::var_os("LAMINAR_CORPORA").map(PathBuf::from) else {
        println!("skipped: LAMINAR_CORPORA does not name the corpora");
        return;
    };
    let suite = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(corpora).join("csv/duckdb");
    let expected: BTreeMap<String, Value> =
        serde_json::from_slice(&fs::read(suite.join("expected.json")).unwrap()).unwrap();
    let config = like_duckdb(DataType::Utf8, &[]);
    let (mut compared, mut different) = (0, Vec::new());
    for (name, expected) in &expected {
        let Some(theirs) = expected.get("rows").and_then(Value::as_u64) else { continue };
        compared += 1;
        let found = match count_rows(&fs::read(suite.join("data").join(name)).unwrap(), &config) {
            Ok((rows, 0)) if rows as u64 == theirs => continue,
            Ok((rows, rejected)) => format!("{name} | {theirs} rows, not {rows} and {rejected} rejected"),
            Err(e) => format!("{name} | {theirs} rows, not `{e}`"),
        };
        different.push(found);
    }
    println!("{compared} files, {} with another number of rows", different.len());
    // What stands behind the second bar of a line is the reason.
    let list = include_str!("../../corpora/csv_duckdb_rows.txt");
    let lines = list.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let known: Vec<&str> = lines.map(|line| line.rsplit_once(" | ").expect("file | difference | reason").0).collect();
    assert_eq!(different, known);
}
