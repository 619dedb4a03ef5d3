//! The drift report: every schema change that a source has shown, where first, how often, and what became of it.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    fmt, fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::{
    atomic_file,
    error::{ConnectorError, Location, SchemaResult, cut},
    pipeline::{CheckpointStore, file_name_of},
};

/// How many changes a report tells apart. Those beyond are counted together.
pub const MAX_DRIFT_ENTRIES: usize = 1000;

/// Longest path or change that a report shows whole, in bytes.
const MAX_SHOWN: usize = 512;

/// What became of a schema change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DriftVerdict {
    /// The pipeline ended.
    Failed,
    /// The values were left out.
    Ignored,
    /// The schema followed.
    Evolved,
    /// The values are in the column `_rescued`.
    Rescued,
}

impl fmt::Display for DriftVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Failed => "failed",
            Self::Ignored => "ignored",
            Self::Evolved => "evolved",
            Self::Rescued => "rescued",
        })
    }
}

/// One change: what it is, where it was first seen, an example, how often.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DriftEntry {
    /// Path of the field, as `address.city`.
    pub path: String,
    /// The change, as `add address.city VARCHAR`.
    pub change: String,
    /// What became of it.
    pub verdict: DriftVerdict,
    /// Place of the first record that showed it.
    pub first: String,
    /// The value there, cut short; where the pipeline followed or ended, the beginning of the record, or the writer's schema.
    pub example: String,
    /// Records that showed it; where the schema followed, how often it did.
    pub count: u64,
}

/// Every change that a source has shown.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DriftReport {
    /// The changes, in the order in which they were first seen.
    pub entries: Vec<DriftEntry>,
    /// How often something changed that found no room: there are [`MAX_DRIFT_ENTRIES`].
    pub others: u64,
    /// Index of each entry, by path and verdict.
    #[serde(skip)]
    index: BTreeMap<(String, String), usize>,
}

impl DriftReport {
    /// Nothing seen.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether nothing has changed.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Notes a change once more. Only the first time its place and example are kept.
    pub fn note(&mut self, path: &str, change: &str, verdict: DriftVerdict, first: &Location, example: &str) {
        // A payload's key may be as long as it likes.
        let (path, change) = (shortened(path), shortened(change));
        let key = (path.clone().into_owned(), format!("{verdict} {change}"));
        if let Some(known) = self.index.get(&key) {
            self.entries[*known].count += 1;
            return;
        }
        if self.entries.len() == MAX_DRIFT_ENTRIES {
            self.others += 1;
            return;
        }
        self.index.insert(key, self.entries.len());
        let first = Location { field: None, span: None, row: None, ..first.clone() };
        self.entries.push(DriftEntry {
            path: path.into_owned(),
            change: change.into_owned(),
            verdict,
            first: first.to_string(),
            example: cut(example).to_string(),
            count: 1,
        });
    }

    /// This report and a later one as one: what both have is counted together, and keeps the earlier place and example.
    #[must_use]
    pub fn followed_by(mut self, later: &Self) -> Self {
        for entry in &later.entries {
            let key = (entry.path.clone(), format!("{} {}", entry.verdict, entry.change));
            match self.index.get(&key) {
                Some(known) => self.entries[*known].count += entry.count,
                None if self.entries.len() < MAX_DRIFT_ENTRIES => {
                    self.index.insert(key, self.entries.len());
                    self.entries.push(entry.clone());
                }
                None => self.others += entry.count,
            }
        }
        self.others += later.others;
        self
    }

    /// The report with this verdict on every change but what ended the reading: what one that follows no change says of a
    /// policy.
    #[must_use]
    pub fn with_verdict(mut self, verdict: DriftVerdict) -> Self {
        let changes = self.entries.iter_mut().filter(|entry| entry.verdict != DriftVerdict::Failed);
        changes.for_each(|entry| entry.verdict = verdict);
        self.with_index()
    }

    /// Takes over what ended a run.
    fn add_failures_of(&mut self, later: &Self) {
        for entry in later.entries.iter().filter(|e| e.verdict == DriftVerdict::Failed) {
            let is_same =
                |e: &DriftEntry| e.verdict == entry.verdict && e.path == entry.path && e.change == entry.change;
            match self.entries.iter().position(is_same) {
                Some(known) => self.entries[known].count = entry.count,
                None if self.entries.len() < MAX_DRIFT_ENTRIES => self.entries.push(entry.clone()),
                None => self.others += 1,
            }
        }
    }

    fn with_index(mut self) -> Self {
        let key = |e: &DriftEntry| (e.path.clone(), format!("{} {}", e.verdict, e.change));
        self.index = self.entries.iter().enumerate().map(|(i, e)| (key(e), i)).collect();
        self
    }
}

/// A text of at most [`MAX_SHOWN`] bytes; of a longer one the beginning and its length, by which others differ.
fn shortened(text: &str) -> Cow<'_, str> {
    match text.len() {
        0..=MAX_SHOWN => text.into(),
        len => {
            let end = (0..=MAX_SHOWN).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
            format!("{}… ({len} bytes)", &text[..end]).into()
        }
    }
}

/// The drift report of one pipeline, in the folder of its checkpoints: what the checkpoint has counted, and the changes that
/// ended a run, in a file beside it.
#[derive(Debug, Clone)]
pub struct DriftStore {
    checkpoints: CheckpointStore,
    failures: PathBuf,
}

impl DriftStore {
    /// The report of the pipeline `name` in the folder of its checkpoints. Does no I/O.
    pub fn new(dir: &Path, name: &str) -> Self {
        let failures = dir.join(format!("{}.drift.json", file_name_of(name)));
        Self { checkpoints: CheckpointStore::in_folder(dir, name), failures }
    }

    /// The report; an empty one where there are no files.
    ///
    /// # Errors
    /// [`ConnectorError::Io`]; [`ConnectorError::BadCheckpoint`] when a file is none of ours.
    pub fn load(&self) -> SchemaResult<DriftReport> {
        let counted = self.checkpoints.load()?.map(|checkpoint| checkpoint.drift).unwrap_or_default();
        let mut report = counted.with_index();
        let text = match fs::read(&self.failures) {
            Ok(text) => text,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(report),
            Err(e) => return Err(ConnectorError::io("read", self.failures.display(), e).into()),
        };
        let failures: DriftReport = serde_json::from_slice(&text).map_err(|e| ConnectorError::BadCheckpoint {
            reason: format!("{} is no drift report: {e}", self.failures.display()),
        })?;
        report.add_failures_of(&failures);
        Ok(report.with_index())
    }

    /// Keeps what ended a run; what it has counted beside that since its last checkpoint, the next run will count again.
    ///
    /// # Errors
    /// [`ConnectorError::Io`]; what was kept before is then still there.
    pub(crate) fn keep_failures_of(&self, report: &DriftReport) -> SchemaResult<()> {
        let mut failures = DriftReport::new();
        failures.add_failures_of(report);
        if failures.is_empty() {
            return Ok(());
        }
        let io_error = |e| ConnectorError::io("write", self.failures.display(), e);
        let text = serde_json::to_vec_pretty(&failures).map_err(|e| io_error(e.into()))?;
        Ok(atomic_file::replace(&self.failures, &text).map_err(io_error)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{pipeline::StoredCheckpoint, position::Positions};

    #[test]
    fn a_change_is_counted_where_it_was_first_seen() -> Result<(), Box<dyn std::error::Error>> {
        let mut report = DriftReport::new();
        for offset in 3..6 {
            let place = Location { partition: Some("p".into()), offset: Some(offset), ..Location::default() };
            report.note("b", "add b BIGINT", DriftVerdict::Ignored, &place, "1");
        }
        let first = Location { offset: Some(9), ..Location::default() };
        report.note("b", "add b BIGINT", DriftVerdict::Rescued, &first, "2");
        assert_eq!(report.entries.len(), 2);
        assert_eq!((report.entries[0].count, report.entries[1].count), (3, 1));
        assert!(report.entries[0].first.contains('3'), "{}", report.entries[0].first);

        let dir = tempfile::tempdir()?;
        let store = DriftStore::new(dir.path(), "s");
        assert!(store.load()?.is_empty());
        store.keep_failures_of(&report)?;
        assert!(store.load()?.is_empty(), "what is counted is the checkpoint's");
        let mut checkpoint = StoredCheckpoint::new(1, Positions::new(), BTreeMap::new());
        checkpoint.drift = report.clone();
        CheckpointStore::open(dir.path(), "s")?.store(&checkpoint)?;
        let mut back = store.load()?;
        assert_eq!(back, report);
        back.note("b", "add b BIGINT", DriftVerdict::Rescued, &first, "3");
        assert_eq!((back.entries.len(), back.entries[1].count), (2, 2));
        back.note("c", "add c BIGINT", DriftVerdict::Failed, &first, "3");
        store.keep_failures_of(&back)?;
        let with_failure = store.load()?;
        assert_eq!((with_failure.entries.len(), with_failure.entries[1].count), (3, 1));
        fs::write(dir.path().join("s.drift.json"), "{")?;
        assert!(store.load().is_err_and(|e| e.to_string().contains("is no drift report")));
        Ok(())
    }

    #[test]
    fn a_later_report_adds_to_an_earlier_one() {
        let report = |changes: &[(&str, u64)]| {
            let mut report = DriftReport::new();
            for (path, offset) in changes {
                let place = Location { offset: Some(*offset), ..Location::default() };
                report.note(path, "add", DriftVerdict::Ignored, &place, "");
            }
            report
        };
        let all = report(&[("a", 1), ("b", 2)]).followed_by(&report(&[("b", 8), ("b", 9), ("c", 9)]));
        assert_eq!(all, report(&[("a", 1), ("b", 2), ("b", 8), ("b", 9), ("c", 9)]));
        let names: Vec<String> = (0..MAX_DRIFT_ENTRIES).map(|i| i.to_string()).collect();
        let full: Vec<(&str, u64)> = names.iter().map(|name| (name.as_str(), 1)).collect();
        let all = report(&full).followed_by(&report(&[("b", 8), ("b", 9)]));
        assert_eq!((all.entries.len(), all.others), (MAX_DRIFT_ENTRIES, 2));
    }

    #[test]
    fn a_report_has_a_largest_size() {
        let mut report = DriftReport::new();
        for number in 0..MAX_DRIFT_ENTRIES + 5 {
            report.note(&format!("f{number}"), "add", DriftVerdict::Ignored, &Location::default(), "");
        }
        assert_eq!((report.entries.len(), report.others), (MAX_DRIFT_ENTRIES, 5));
    }
}
