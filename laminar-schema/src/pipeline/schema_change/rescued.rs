//! What the column `_rescued` says, counted.

use crate::{
    error::{Location, cut},
    evolution::DriftVerdict,
    pipeline::Metrics,
};

/// What the column `_rescued` says of one record: each path with its value, as JSON text. Beside it stands the reason.
fn rescued_paths(text: &str) -> Vec<(String, String)> {
    match serde_json::from_str(text) {
        Ok(serde_json::Value::Object(fields)) => {
            fields.into_iter().map(|(path, kept)| (path, kept["value"].to_string())).collect()
        }
        // Protobuf's: fields have numbers, and no names.
        Ok(serde_json::Value::Array(items)) => items
            .iter()
            .map(|item| {
                let path = item["path"].as_str().unwrap_or_default();
                let dot = if path.is_empty() { "" } else { "." };
                (format!("{path}{dot}#{}", item["number"]), item["value"].to_string())
            })
            .collect(),
        _ => vec![(String::new(), cut(text).to_string())],
    }
}

/// Counts what the column `_rescued` says of a batch.
pub(in crate::pipeline) fn note_rescued<'a>(
    rescued: impl Iterator<Item = (&'a str, Location)>,
    verdict: DriftVerdict,
    metrics: &Metrics,
) {
    for (text, place) in rescued {
        for (path, value) in rescued_paths(text) {
            metrics.note_drift(&path, &format!("no place for {path}"), verdict, &place, &value);
        }
    }
}
