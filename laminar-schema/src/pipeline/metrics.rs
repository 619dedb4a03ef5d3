//! What a pipeline has done so far.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU64, Ordering},
};

use super::Unseen;
use crate::{
    connector::{Measured, Measures},
    error::Location,
    evolution::{DriftReport, DriftVerdict},
    format::Skipped,
    position::Positions,
};

/// Most rejections whose text a summary keeps.
const SHOWN_REJECTIONS: usize = 5;

/// Counters of a running pipeline, to be read from another task.
#[derive(Debug, Default)]
pub struct Metrics {
    records: AtomicU64,
    bytes: AtomicU64,
    rows: AtomicU64,
    left_out: AtomicU64,
    skipped_row_groups: AtomicU64,
    skipped_rows: AtomicU64,
    rejected: AtomicU64,
    late: AtomicU64,
    watermark: Mutex<Option<i64>>,
    batches: AtomicU64,
    checkpoints: AtomicU64,
    first_rejections: Mutex<Vec<String>>,
    /// What earlier runs have seen.
    earlier_drift: Mutex<DriftReport>,
    /// What this run sees.
    drift: Mutex<DriftReport>,
    /// What the running source tells of itself.
    source: Mutex<Option<Measures>>,
    /// What the running sinks tell of themselves, by name.
    sinks: Mutex<Vec<(Arc<str>, Measures)>>,
}

/// How a pipeline came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The bounded source has no more records.
    SourceEnded,
    /// It was asked to stop.
    Interrupted,
}

/// What a pipeline did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Records read from the source.
    pub records: u64,
    /// Bytes of those records.
    pub bytes: u64,
    /// Rows decoded. An output without a WHERE was written all of them.
    pub rows: u64,
    /// Rows of these that a WHERE left out, added up over the outputs.
    pub left_out: u64,
    /// What a table source left unread because no output wanted it.
    pub skipped: Skipped,
    /// Records that did not fit.
    pub rejected: u64,
    /// How far event time has come, in microseconds since the Unix epoch; `None` without WATERMARK FOR, and before the first row.
    pub watermark: Option<i64>,
    /// Rows behind the watermark when they came.
    pub late: u64,
    /// Batches processed.
    pub batches: u64,
    /// Checkpoints taken.
    pub checkpoints: u64,
    /// The first rejections, as a person reads them.
    pub first_rejections: Vec<String>,
    /// Every schema change that the source has shown in this run; [`Metrics::drift`] has those of earlier runs too.
    pub drift: DriftReport,
    /// Declared columns that no row had a value in, where the run began at its source's beginning and came to the end.
    pub unseen: Vec<Unseen>,
    /// What the sinks told of themselves in the end, such as rows that one has dropped, each beside its sink's name.
    pub sinks: Vec<(Arc<str>, Measured)>,
    /// How it ended.
    pub ended: Ended,
    /// Where it would resume.
    pub positions: Positions,
}

impl Metrics {
    /// Everything at zero.
    pub fn new() -> Self {
        Self::default()
    }

    /// Records read so far.
    pub fn records(&self) -> u64 {
        self.records.load(Ordering::Relaxed)
    }

    /// Bytes of the records read so far.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Rows decoded so far.
    pub fn rows(&self) -> u64 {
        self.rows.load(Ordering::Relaxed)
    }

    /// Rows of these that a WHERE left out so far, added up over the outputs.
    pub fn left_out(&self) -> u64 {
        self.left_out.load(Ordering::Relaxed)
    }

    /// What a table source left unread so far because no output wanted it.
    pub fn skipped(&self) -> Skipped {
        Skipped {
            row_groups: self.skipped_row_groups.load(Ordering::Relaxed),
            rows: self.skipped_rows.load(Ordering::Relaxed),
        }
    }

    /// Records rejected so far.
    pub fn rejected(&self) -> u64 {
        self.rejected.load(Ordering::Relaxed)
    }

    /// How far event time has come, in microseconds since the Unix epoch; `None` without WATERMARK FOR, and before the first row.
    pub fn watermark(&self) -> Option<i64> {
        self.watermark.lock().ok().and_then(|watermark| *watermark)
    }

    /// Rows so far that were behind the watermark when they came. They were written all the same.
    pub fn late(&self) -> u64 {
        self.late.load(Ordering::Relaxed)
    }

    /// Batches processed so far.
    pub fn batches(&self) -> u64 {
        self.batches.load(Ordering::Relaxed)
    }

    /// Checkpoints taken so far.
    pub fn checkpoints(&self) -> u64 {
        self.checkpoints.load(Ordering::Relaxed)
    }

    /// What the source tells of itself now, such as how far behind it is; empty for a source that tells nothing.
    pub fn source_measures(&self) -> Vec<Measured> {
        self.source.lock().ok().and_then(|source| source.as_ref().map(Measures::all)).unwrap_or_default()
    }

    /// The sum over the partitions of one number that the source tells of itself; `None` where it does not tell it.
    pub fn source_total(&self, name: &str) -> Option<u64> {
        self.source.lock().ok()?.as_ref()?.total(name)
    }

    /// What the sinks tell of themselves now, such as how many rows were dropped, each beside its sink's name, the one of dead
    /// letters included; nothing of a sink that tells nothing.
    pub fn sink_measures(&self) -> Vec<(Arc<str>, Measured)> {
        let Ok(sinks) = self.sinks.lock() else { return Vec::new() };
        let named = |(name, measures): &(Arc<str>, Measures)| {
            let name = Arc::clone(name);
            measures.all().into_iter().map(move |measured| (Arc::clone(&name), measured))
        };
        sinks.iter().flat_map(named).collect()
    }

    /// From now on shows what the source of `measures` tells.
    pub(super) fn show_measures(&self, measures: Option<Measures>) {
        if let Ok(mut source) = self.source.lock() {
            *source = measures;
        }
    }

    /// From now on shows what these sinks tell.
    pub(super) fn show_sinks(&self, measures: Vec<(Arc<str>, Measures)>) {
        if let Ok(mut sinks) = self.sinks.lock() {
            *sinks = measures;
        }
    }

    /// Every schema change that the source has shown so far, in this run and, where there is a checkpoint, in those before it.
    pub fn drift(&self) -> DriftReport {
        let earlier = self.earlier_drift.lock().map(|report| report.clone()).unwrap_or_default();
        earlier.followed_by(&self.drift_of_this_run())
    }

    pub(super) fn drift_of_this_run(&self) -> DriftReport {
        self.drift.lock().map(|report| report.clone()).unwrap_or_default()
    }

    /// Takes up the report of an earlier run.
    pub(super) fn resume_drift(&self, report: DriftReport) {
        if let Ok(mut earlier) = self.earlier_drift.lock() {
            *earlier = report;
        }
    }

    #[cold]
    pub(super) fn note_drift(&self, path: &str, change: &str, verdict: DriftVerdict, place: &Location, example: &str) {
        if let Ok(mut drift) = self.drift.lock() {
            drift.note(path, change, verdict, place, example);
        }
    }

    pub(super) fn count_input(&self, records: usize, bytes: usize) {
        self.records.fetch_add(records as u64, Ordering::Relaxed);
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        self.batches.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_rows(&self, rows: usize, left_out: usize) {
        self.rows.fetch_add(rows as u64, Ordering::Relaxed);
        self.left_out.fetch_add(left_out as u64, Ordering::Relaxed);
    }

    pub(super) fn count_skipped(&self, skipped: Skipped) {
        self.skipped_row_groups.fetch_add(skipped.row_groups, Ordering::Relaxed);
        self.skipped_rows.fetch_add(skipped.rows, Ordering::Relaxed);
    }

    pub(super) fn count_late(&self, rows: u64) {
        self.late.fetch_add(rows, Ordering::Relaxed);
    }

    pub(super) fn set_watermark(&self, now: Option<i64>) {
        if let Ok(mut watermark) = self.watermark.lock() {
            *watermark = now;
        }
    }

    pub(super) fn count_checkpoint(&self) {
        self.checkpoints.fetch_add(1, Ordering::Relaxed);
    }

    #[cold]
    pub(super) fn count_rejected(&self, rejected: &[(usize, crate::SchemaError)]) {
        self.rejected.fetch_add(rejected.len() as u64, Ordering::Relaxed);
        let Ok(mut shown) = self.first_rejections.lock() else { return };
        let room = SHOWN_REJECTIONS.saturating_sub(shown.len());
        shown.extend(rejected.iter().take(room).map(|(_, e)| e.to_string()));
    }

    pub(super) fn summary(&self, ended: Ended, positions: Positions) -> Summary {
        Summary {
            records: self.records(),
            bytes: self.bytes(),
            rows: self.rows(),
            left_out: self.left_out(),
            skipped: self.skipped(),
            rejected: self.rejected(),
            watermark: self.watermark(),
            late: self.late(),
            batches: self.batches(),
            checkpoints: self.checkpoints(),
            first_rejections: self.first_rejections.lock().map(|s| s.clone()).unwrap_or_default(),
            drift: self.drift_of_this_run(),
            unseen: Vec::new(),
            sinks: self.sink_measures(),
            ended,
            positions,
        }
    }
}
