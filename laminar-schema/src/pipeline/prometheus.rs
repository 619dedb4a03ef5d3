//! Counters as Prometheus scrapes them.

use std::fmt::Write as _;

use super::Metrics;

/// One counter: its name, help text, and where it is read.
type Counter = (&'static str, &'static str, fn(&Metrics) -> u64);

const COUNTERS: [Counter; 11] = [
    ("laminar_records_total", "Records read from the source", Metrics::records),
    ("laminar_record_bytes_total", "Bytes of the records read from the source", Metrics::bytes),
    ("laminar_rows_total", "Rows decoded, before any WHERE", Metrics::rows),
    ("laminar_rows_left_out_total", "Rows that a WHERE left out, added up over the outputs", Metrics::left_out),
    ("laminar_skipped_row_groups_total", "Row groups left unread because no output wants them", |m| {
        m.skipped().row_groups
    }),
    ("laminar_skipped_rows_total", "Rows left unread because no output wants them", |m| m.skipped().rows),
    ("laminar_rejected_records_total", "Records that did not fit", Metrics::rejected),
    ("laminar_schema_changes_total", "Different changes that the source's schema has shown", |m| {
        m.drift().entries.len() as u64
    }),
    ("laminar_schema_change_records_total", "How often one of them was seen", |m| {
        m.drift().entries.iter().map(|entry| entry.count).sum()
    }),
    ("laminar_batches_total", "Batches processed", Metrics::batches),
    ("laminar_checkpoints_total", "Checkpoints taken", Metrics::checkpoints),
];

/// The counters of several pipelines, each labelled with its source's name, in the text format.
///
/// Source: Prometheus, "Exposition formats", text format 0.0.4.
pub fn prometheus_text<'a>(pipelines: impl Iterator<Item = (&'a str, &'a Metrics)> + Clone) -> String {
    let mut out = String::new();
    for (name, help, value) in COUNTERS {
        let _ = write!(out, "# HELP {name} {help}\n# TYPE {name} counter\n");
        for (source, metrics) in pipelines.clone() {
            let label = source.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let _ = writeln!(out, "{name}{{source=\"{label}\"}} {}", value(metrics));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pipeline_has_its_line_and_labels_are_escaped() {
        let (a, b) = (Metrics::new(), Metrics::new());
        a.count_input(3, 40);
        let text = prometheus_text([("a", &a), ("b\"\\\n", &b)].into_iter());
        let lines: Vec<&str> = text.lines().take(4).collect();
        let expected = [
            "# HELP laminar_records_total Records read from the source",
            "# TYPE laminar_records_total counter",
            "laminar_records_total{source=\"a\"} 3",
            r#"laminar_records_total{source="b\"\\\n"} 0"#,
        ];
        assert_eq!(lines, expected);
        assert_eq!(text.lines().count(), 4 * COUNTERS.len());
    }
}
