//! What the column `_rescued` says, counted.

use crate::{
    error::{Location, cut},
    evolution::DriftVerdict,
    format::Wrapping,
    pipeline::Metrics,
};

/// Behind the path of a field, where its value was rescued since it is of another type.
pub(in crate::pipeline) const DOES_NOT_FIT: &str = " does not fit";

/// Why a value was rescued.
#[derive(Debug, Clone, Copy)]
enum Reason {
    UnknownField,
    TypeMismatch,
}

/// What the column `_rescued` says of one record: each path with the reason and its value, as JSON text.
fn rescued_paths(text: &str) -> Vec<(String, Reason, String)> {
    let entry = |path: String, kept: &serde_json::Value| {
        let reason = match kept["reason"].as_str() {
            Some("type_mismatch") => Reason::TypeMismatch,
            _ => Reason::UnknownField,
        };
        (path, reason, kept["value"].to_string())
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
        _ => vec![(String::new(), Reason::UnknownField, cut(text).to_string())],
    }
}

/// Counts what the column `_rescued` says of a batch. Paths are those in the row: what both images of one have in an envelope
/// counts once.
pub(in crate::pipeline) fn note_rescued<'a>(
    rescued: impl Iterator<Item = (&'a str, Location)>,
    wrapping: Option<&Wrapping>,
    verdict: DriftVerdict,
    metrics: &Metrics,
) {
    let mut last: Option<(&str, Location)> = None;
    for (text, place) in rescued {
        // Both images of a row have the whole record's.
        if wrapping.is_some() && last.as_ref().is_some_and(|last| *last == (text, place.clone())) {
            continue;
        }
        let mut seen = Vec::new();
        for (path, reason, value) in rescued_paths(text) {
            let path = wrapping.map_or(path.as_str(), |wrapping| wrapping.place_in_row(&path)).to_owned();
            if wrapping.is_none() || !seen.contains(&path) {
                let change = match reason {
                    Reason::TypeMismatch => format!("{path}{DOES_NOT_FIT}"),
                    Reason::UnknownField => format!("no place for {path}"),
                };
                metrics.note_drift(&path, &change, verdict, &place, &value);
                seen.push(path);
            }
        }
        last = Some((text, place));
    }
}
