//! What runs, for people: a line that is rewritten while it runs, and a summary at the end.

use std::{
    fmt::Write as _,
    io::{self, IsTerminal, Write},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use laminar_schema::{MeasureKind, Measured, Metrics, Summary, connector::LAG, pipeline::Ended};

use crate::terminal::harmless;

/// Time between two states of the line.
const REDRAW_EVERY: Duration = Duration::from_millis(250);

/// Schema changes that a summary shows.
const SHOWN_CHANGES: usize = 5;

/// A progress line on standard error, when that is a terminal. Gone when dropped.
#[derive(Debug)]
pub(crate) struct ProgressLine(Option<Shown>);

#[derive(Debug)]
struct Shown {
    task: tokio::task::JoinHandle<()>,
    /// Whether there is a line to take away.
    is_drawn: Arc<AtomicBool>,
}

impl ProgressLine {
    /// Starts to show what `pipelines`, by name, do.
    pub(crate) fn show(pipelines: Vec<(String, Arc<Metrics>)>) -> Self {
        // Work that is over by the first tick shows no line at all.
        Self::redrawn(REDRAW_EVERY, move |elapsed| line(&pipelines, elapsed))
    }

    /// Starts to say `what` is being done, and for how long, if it takes long enough to be worth saying.
    pub(crate) fn working(what: &str) -> Self {
        let what = harmless(what);
        Self::redrawn(2 * REDRAW_EVERY, move |elapsed| format!("{what}: {:.1} s", elapsed.as_secs_f64()))
    }

    fn redrawn(after: Duration, line: impl Fn(Duration) -> String + Send + 'static) -> Self {
        if !io::stderr().is_terminal() {
            return Self(None);
        }
        let is_drawn = Arc::new(AtomicBool::new(false));
        let drawn = Arc::clone(&is_drawn);
        let started = Instant::now();
        let task = tokio::spawn(async move {
            tokio::time::sleep(after).await;
            loop {
                drawn.store(true, Ordering::Relaxed);
                draw(&line(started.elapsed()));
                tokio::time::sleep(REDRAW_EVERY).await;
            }
        });
        Self(Some(Shown { task, is_drawn }))
    }
}

impl Drop for ProgressLine {
    fn drop(&mut self) {
        if let Some(Shown { task, is_drawn }) = self.0.take() {
            task.abort();
            if is_drawn.load(Ordering::Relaxed) {
                draw("");
            }
        }
    }
}

/// Puts `text` in place of the line that the cursor is in.
fn draw(text: &str) {
    let mut err = io::stderr().lock();
    let _ = write!(err, "\r\x1b[K{text}").and_then(|()| err.flush());
}

fn line(pipelines: &[(String, Arc<Metrics>)], elapsed: Duration) -> String {
    let mut out = String::new();
    for (name, metrics) in pipelines {
        let gap = if out.is_empty() { "" } else { "  |  " };
        let _ = write!(out, "{gap}{name}: {} records", grouped(metrics.records()));
        if metrics.rejected() > 0 {
            let _ = write!(out, ", {} rejected", grouped(metrics.rejected()));
        }
        if let Some(behind) = metrics.source_total(LAG.name) {
            let _ = write!(out, ", {} behind", grouped(behind));
        }
        let _ = write!(out, ", {}", speed(metrics.bytes(), elapsed));
    }
    out
}

/// What a pipeline did, in one line and one more for each of the first schema changes, for what sinks counted, and for each of the
/// first rejections.
pub(crate) fn summary(name: &str, summary: &Summary, elapsed: Duration) -> String {
    let mut out = format!(
        "{}; {} rows written, {} rejected",
        read(name, summary, elapsed),
        // Rows that a WHERE left out are counted for each output; where there are several, so are these.
        grouped(summary.rows.saturating_sub(summary.left_out)),
        grouped(summary.rejected),
    );
    if summary.left_out > 0 {
        let _ = write!(out, ", {} left out by WHERE", grouped(summary.left_out));
    }
    if summary.skipped.rows > 0 {
        let _ = write!(out, ", {} not read", grouped(summary.skipped.rows));
    }
    if let Some(watermark) = summary.watermark {
        let _ = write!(out, "; watermark {}, {} late", instant(watermark), grouped(summary.late));
    }
    if summary.ended == Ended::Interrupted {
        out.push_str("; stopped before the end");
    }
    for change in summary.drift.entries.iter().take(SHOWN_CHANGES) {
        let _ = write!(out, "\n  schema change, {}: {}, first at {}", change.verdict, change.change, change.first);
        if change.count > 1 {
            let _ = write!(out, ", {} times", grouped(change.count));
        }
    }
    let unshown = summary.drift.entries.len().saturating_sub(SHOWN_CHANGES);
    if unshown > 0 {
        let _ = write!(out, "\n  and {} more; `laminar drift` has all", grouped(unshown as u64));
    }
    push_unseen(summary, &mut out);
    let counted = |measured: &Measured| measured.measure.kind == MeasureKind::Counter && measured.value > 0;
    for (sink, measured) in summary.sinks.iter().filter(|(_, measured)| counted(measured)) {
        let _ = write!(out, "\n  sink {sink}: {}: {}", measured.measure.help, grouped(measured.value));
    }
    push_rejections(summary, &mut out);
    out
}

/// Declared columns that no record had a value for.
fn push_unseen(summary: &Summary, out: &mut String) {
    for unseen in &summary.unseen {
        let _ = write!(out, "\n  warning: column {}: no row had a value for it", unseen.column);
        if let Some(similar) = &unseen.similar {
            let _ = write!(out, "; records have `{similar}`, which no column takes: is that meant?");
        }
    }
}

/// Microseconds since the Unix epoch as a person reads them.
fn instant(micros: i64) -> String {
    match arrow_array::temporal_conversions::timestamp_us_to_datetime(micros) {
        Some(time) => format!("{time} UTC"),
        None => format!("{micros} µs"),
    }
}

/// What a pipeline did that only reads, in one line and one more for each of the first rejections.
pub(crate) fn reading(name: &str, summary: &Summary, elapsed: Duration) -> String {
    let mut out =
        format!("{}; nothing is written, {} rejected", read(name, summary, elapsed), grouped(summary.rejected));
    push_unseen(summary, &mut out);
    push_rejections(summary, &mut out);
    out
}

fn read(name: &str, summary: &Summary, elapsed: Duration) -> String {
    format!(
        "{name}: {} records ({}) in {:.2} s, {}",
        grouped(summary.records),
        sized(summary.bytes as f64),
        elapsed.as_secs_f64(),
        speed(summary.bytes, elapsed),
    )
}

fn push_rejections(summary: &Summary, out: &mut String) {
    for rejection in &summary.first_rejections {
        let _ = write!(out, "\n  rejected: {rejection}");
    }
    let unshown = summary.rejected.saturating_sub(summary.first_rejections.len() as u64);
    if unshown > 0 && !summary.first_rejections.is_empty() {
        let _ = write!(out, "\n  and {} more", grouped(unshown));
    }
}

/// A number of bytes in the unit that suits it; units are powers of 1000.
fn sized(bytes: f64) -> String {
    match bytes {
        b if b < 1e3 => format!("{b:.0} B"),
        b if b < 1e6 => format!("{:.1} kB", b / 1e3),
        b if b < 1e9 => format!("{:.1} MB", b / 1e6),
        b => format!("{:.2} GB", b / 1e9),
    }
}

fn speed(bytes: u64, elapsed: Duration) -> String {
    format!("{}/s", sized(bytes as f64 / elapsed.as_secs_f64().max(1e-6)))
}

/// A number with a comma after every three digits.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use laminar_schema::Measure;

    use super::*;

    #[test]
    fn numbers_are_grouped() {
        for (number, expected) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), expected);
        }
    }

    #[test]
    fn sizes_have_the_unit_that_suits_them() {
        for (bytes, expected) in
            [(0.0, "0 B"), (999.0, "999 B"), (1500.0, "1.5 kB"), (9e7, "90.0 MB"), (2.5e9, "2.50 GB")]
        {
            assert_eq!(sized(bytes), expected);
        }
    }

    #[test]
    fn a_summary_says_what_was_rejected_and_how_much_is_not_shown() {
        const DROPPED: Measure =
            Measure { name: "dropped", help: "Rows that were dropped", kind: MeasureKind::Counter };
        const LOST: Measure = Measure { name: "lost", help: "Rows that were lost", kind: MeasureKind::Counter };
        const CLIENTS: Measure = Measure { name: "clients", help: "Clients", kind: MeasureKind::Gauge };
        let told = |measure, value| ("out".into(), Measured { measure, partition: "".into(), value });
        let done = Summary {
            records: 1_000_000,
            bytes: 90_000_000,
            rows: 999_990,
            left_out: 0,
            skipped: laminar_schema::Skipped::default(),
            watermark: None,
            late: 0,
            rejected: 10,
            batches: 1,
            checkpoints: 1,
            first_rejections: vec!["orders[line 3]: bad".to_owned()],
            drift: Default::default(),
            unseen: Vec::new(),
            sinks: vec![told(&DROPPED, 1_500), told(&CLIENTS, 2), told(&LOST, 0)],
            ended: Ended::Interrupted,
            positions: laminar_schema::Positions::new(),
        };
        let expected = "orders: 1,000,000 records (90.0 MB) in 2.00 s, 45.0 MB/s; 999,990 rows written, 10 rejected; \
                        stopped before the end\n  sink out: Rows that were dropped: 1,500\n  rejected: orders[line 3]: bad\n  and 9 more";
        assert_eq!(summary("orders", &done, Duration::from_secs(2)), expected);
    }
}
