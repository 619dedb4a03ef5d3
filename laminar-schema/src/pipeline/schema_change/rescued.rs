//! What the column `_rescued` says, counted.

use crate::{
    error::{Location, cut},
    evolution::DriftVerdict,
    pipeline::Metrics,
};

/// What the column `_rescued` says of one record: each path with what has changed there and its value, as JSON text.
fn rescued_paths(text: &str) -> Vec<(String, String, String)> {
    let entry = |path: String, kept: &serde_json::Value| {
        let change = match kept["reason"].as_str() {
            Some("type_mismatch") => format!("{path} does not fit"),
            _ => format!("no place for {path}"),
        };
        (path, change, kept["value"].to_string())
    };
    match serde_json::from_str(text) {
        Ok(serde_json::Value::Object(fields)) => fields.into_iter().map(|(path, kept)| entry(path, &kept)).collect(),
        // Protobuf's: fields have numbers, and no names.
        Ok(serde_json::Value::Array(items)) => items
            .iter()
            .map(|item| {
                let path = item["path"].as_str().unwrap_or_default();
                let dot = if path.is_empty() { "" } else { "." };
                entry(format!("{path}{dot}#{}", item["number"]), item)
            })
            .collect(),
        _ => vec![(String::new(), "no place for ".to_owned(), cut(text).to_string())],
    }
}

/// Counts what the column `_rescued` says of a batch.
pub(in crate::pipeline) fn note_rescued<'a>(
    rescued: impl Iterator<Item = (&'a str, Location)>,
    verdict: DriftVerdict,
    metrics: &Metrics,
) {
    for (text, place) in rescued {
        for (path, change, value) in rescued_paths(text) {
            metrics.note_drift(&path, &change, verdict, &place, &value);
        }
    }
}
