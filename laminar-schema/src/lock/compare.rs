//! What counts as a change: the schema, the format's options, the strategy, and how was inferred. Not the sample, its
//! rates, examples and warnings: more records with the same schema are no news.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde_json::Value;

use super::{
    Compared, LockChange, LockFile, LockReport, LockedField, LockedFormat, LockedInference, LockedResolution,
    LockedSource, SourceVerdict,
};
use crate::fingerprint::Fingerprint;

/// Holds sources against a lock; returns what has changed, source by source. Sources without changes are left out.
pub fn compare(locked: &LockFile, now: &LockFile) -> Vec<(String, Vec<LockChange>)> {
    let report = LockReport::between(locked, now, |_| Compared::Resolved);
    let changed = report.sources.into_iter().filter(|s| !s.changes.is_empty());
    changed.map(|s| (s.source, s.changes)).collect()
}

impl LockReport {
    /// Holds sources against a lock. SQL compares names without regard to case, and so does this.
    pub fn between(locked: &LockFile, now: &LockFile, compared: impl Fn(&LockedSource) -> Compared) -> Self {
        let by_name = |file: &'_ LockFile| -> BTreeMap<String, LockedSource> {
            file.sources.iter().map(|s| (s.name.to_lowercase(), s.clone())).collect()
        };
        let (locked, now) = (by_name(locked), by_name(now));
        let names: BTreeSet<&String> = locked.keys().chain(now.keys()).collect();
        let verdict = |name: &String| match (locked.get(name), now.get(name)) {
            (Some(old), Some(new)) => {
                let changes = contradictions(old).into_iter().chain(compare_source(old, new)).collect();
                SourceVerdict { source: new.name.clone(), compared: compared(new), changes }
            }
            (Some(old), None) => SourceVerdict::only(old, LockChange::SourceRemoved),
            (None, new) => {
                // The name comes from one of the two.
                let source = new.map_or_else(|| name.clone(), |s| s.name.clone());
                SourceVerdict { source, compared: Compared::NotCompared, changes: vec![LockChange::SourceAdded] }
            }
        };
        Self { sources: names.into_iter().map(verdict).collect() }
    }
}

impl SourceVerdict {
    /// A source of which only this is to be said.
    pub(crate) fn only(source: &LockedSource, change: LockChange) -> Self {
        Self { source: source.name.clone(), compared: Compared::NotCompared, changes: vec![change] }
    }
}

/// What has changed of one source.
pub fn compare_source(locked: &LockedSource, now: &LockedSource) -> Vec<LockChange> {
    let mut changes = Vec::new();
    if locked.connector != now.connector {
        changes.push(LockChange::ConnectorChanged { from: locked.connector.clone(), to: now.connector.clone() });
    }
    compare_formats(&locked.format, &now.format, &mut changes);
    let kind = |r: &LockedResolution| match r {
        // How many records were looked at is no matter.
        LockedResolution::Inferred { .. } => LockedResolution::Inferred { sample_count: 0 },
        other => other.clone(),
    };
    if kind(&locked.resolution) != kind(&now.resolution) {
        let (from, to) = (locked.resolution.to_string(), now.resolution.to_string());
        changes.push(LockChange::ResolutionChanged { from, to });
    }
    if locked.strategies != now.strategies {
        changes.push(LockChange::StrategyChanged { from: locked.strategies.clone(), to: now.strategies.clone() });
    }
    if let (Some(locked), Some(now)) = (&locked.inference, &now.inference) {
        compare_inference(locked, now, &mut changes);
    }
    compare_fields("", 0, &locked.fields, &now.fields, &mut changes);
    if locked.fingerprint != now.fingerprint {
        let (from, to) = (locked.fingerprint.clone(), now.fingerprint.clone());
        changes.push(LockChange::FingerprintChanged { from, to });
    }
    changes
}

/// Where a lock contradicts itself, which only an edit can have brought about.
pub fn contradictions(locked: &LockedSource) -> Vec<LockChange> {
    let mut reasons = Vec::new();
    let of_schema = Fingerprint::of_canonical_text(&locked.schema).to_string();
    if of_schema != locked.fingerprint {
        reasons.push(format!("its schema has fingerprint {of_schema}, and it says {}", locked.fingerprint));
    }
    match (&locked.evidence, &locked.replay) {
        (None, Some(_)) => reasons.push("its evidence is missing".to_owned()),
        (Some(_), None) => reasons.push("its `replay` is missing, which goes with evidence".to_owned()),
        (None, None) | (Some(_), Some(_)) => {}
    }
    reasons.into_iter().map(|reason| LockChange::Contradiction { reason }).collect()
}

fn compare_formats(locked: &LockedFormat, now: &LockedFormat, changes: &mut Vec<LockChange>) {
    if locked.name != now.name {
        // Options of different formats have nothing to do with each other.
        return changes.push(LockChange::FormatChanged { from: locked.name.clone(), to: now.name.clone() });
    }
    for option in keys(&locked.options, &now.options) {
        let (from, to) = (locked.options.get(option), now.options.get(option));
        if from != to {
            let option = option.clone();
            changes.push(LockChange::FormatOptionChanged { option, from: from.cloned(), to: to.cloned() });
        }
    }
}

fn compare_inference(locked: &LockedInference, now: &LockedInference, changes: &mut Vec<LockChange>) {
    let values = |inference| -> BTreeMap<String, String> {
        // A map of plain values, which serde cannot fail on; without one there is nothing to compare.
        let value = serde_json::to_value(inference).unwrap_or_default();
        let text = |v: &Value| v.as_str().map_or_else(|| v.to_string(), str::to_owned);
        value.as_object().into_iter().flatten().map(|(k, v)| (k.clone(), text(v))).collect()
    };
    let (locked, now) = (values(locked), values(now));
    for option in keys(&locked, &now) {
        let (from, to) = (locked.get(option), now.get(option));
        if from != to {
            let option = option.clone();
            changes.push(LockChange::InferenceChanged { option, from: from.cloned(), to: to.cloned() });
        }
    }
}

fn keys<'a>(a: &'a BTreeMap<String, String>, b: &'a BTreeMap<String, String>) -> BTreeSet<&'a String> {
    a.keys().chain(b.keys()).collect()
}

/// A field with the fields inside it.
type Node<'a> = (&'a LockedField, &'a [LockedField]);

/// The fields that are `depth` deep, each with those behind it that are deeper.
fn nodes(fields: &[LockedField], depth: usize) -> Vec<Node<'_>> {
    let starts: Vec<usize> = (0..fields.len()).filter(|at| fields[*at].depth == depth).collect();
    let ends = starts.iter().skip(1).copied().chain([fields.len()]);
    starts.iter().zip(ends).map(|(start, end)| (&fields[*start], &fields[start + 1..end])).collect()
}

/// Compares what stands in `path`. A container whose fields have changed is not reported itself as well.
fn compare_fields(path: &str, depth: usize, locked: &[LockedField], now: &[LockedField], out: &mut Vec<LockChange>) {
    let (locked, now) = (nodes(locked, depth), nodes(now, depth));
    let find = |nodes: &'_ [Node<'_>], name: &str| nodes.iter().position(|(f, _)| f.name == name);
    for old in &locked {
        match find(&now, &old.0.name).and_then(|at| now.get(at)) {
            None => out.push(LockChange::FieldRemoved { path: old.0.path.clone(), from: old.0.sql_type.clone() }),
            Some(new) => compare_field(old, new, out),
        }
    }
    for (new, _) in now.iter().filter(|(new, _)| find(&locked, &new.name).is_none()) {
        out.push(LockChange::FieldAdded { path: new.path.clone(), to: new.sql_type.clone() });
    }
    let kept = |of: &'_ [Node<'_>], other: &[Node<'_>]| -> Vec<String> {
        of.iter().filter(|(f, _)| find(other, &f.name).is_some()).map(|(f, _)| f.name.clone()).collect()
    };
    let (from, to) = (kept(&locked, &now), kept(&now, &locked));
    if from != to {
        out.push(LockChange::OrderChanged { path: path.to_owned(), from, to });
    }
}

fn compare_field((old, old_inside): &Node<'_>, (new, new_inside): &Node<'_>, out: &mut Vec<LockChange>) {
    let path = || new.path.clone();
    if old.nullable != new.nullable {
        out.push(LockChange::NullabilityChanged { path: path(), from: old.nullable, to: new.nullable });
    }
    if old.timestamp_formats != new.timestamp_formats && old.sql_type == new.sql_type {
        let (from, to) = (old.timestamp_formats.clone(), new.timestamp_formats.clone());
        out.push(LockChange::TimestampFormatsChanged { path: path(), from, to });
    }
    let before = out.len();
    if is_same_container(old_inside, new_inside) {
        compare_fields(&new.path, new.depth + 1, old_inside, new_inside, out);
    }
    if old.sql_type != new.sql_type && out.len() == before {
        out.push(LockChange::TypeChanged { path: path(), from: old.sql_type.clone(), to: new.sql_type.clone() });
    }
}

/// Whether both hold fields, in the same way: members, elements or values.
fn is_same_container(old: &[LockedField], new: &[LockedField]) -> bool {
    let way =
        |inside: &[LockedField]| inside.first().map(|f| matches!(f.name.as_str(), "[]" | "{}").then(|| f.name.clone()));
    way(old).is_some() && way(old) == way(new)
}

impl fmt::Display for LockedResolution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Declared => f.write_str("declared"),
            Self::Provided => f.write_str("provided by the source"),
            Self::Registry { schema_id } => write!(f, "schema registry, id {schema_id}"),
            Self::Inferred { .. } => f.write_str("inferred"),
        }
    }
}
