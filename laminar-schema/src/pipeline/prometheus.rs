//! Counters as Prometheus scrapes them.

use std::{collections::BTreeMap, fmt::Write as _, sync::Arc};

use super::Metrics;
use crate::connector::{MeasureKind, Measured};

/// One counter: its name, help text, and where it is read.
type Counter = (&'static str, &'static str, fn(&Metrics) -> u64);

const COUNTERS: [Counter; 12] = [
    ("laminar_records_total", "Records read from the source", Metrics::records),
    ("laminar_record_bytes_total", "Bytes of the records read from the source", Metrics::bytes),
    ("laminar_rows_total", "Rows decoded, before any WHERE", Metrics::rows),
    ("laminar_rows_left_out_total", "Rows that a WHERE left out, added up over the outputs", Metrics::left_out),
    ("laminar_skipped_row_groups_total", "Row groups left unread because no output wants them", |m| {
        m.skipped().row_groups
    }),
    ("laminar_skipped_rows_total", "Rows left unread because no output wants them", |m| m.skipped().rows),
    ("laminar_rejected_records_total", "Records that did not fit", Metrics::rejected),
    ("laminar_late_rows_total", "Rows behind the watermark when they came", Metrics::late),
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
            let _ = writeln!(out, "{name}{{source=\"{}\"}} {}", label(source), value(metrics));
        }
    }
    watermarks(&mut out, pipelines.clone());
    measures(&mut out, pipelines);
    out
}

/// How far event time has come, in seconds, where there is a watermark.
fn watermarks<'a>(out: &mut String, pipelines: impl Iterator<Item = (&'a str, &'a Metrics)>) {
    let mut known = pipelines.filter_map(|(source, metrics)| Some((source, metrics.watermark()?))).peekable();
    if known.peek().is_none() {
        return;
    }
    let name = "laminar_watermark_timestamp_seconds";
    let _ = write!(out, "# HELP {name} How far event time has come\n# TYPE {name} gauge\n");
    for (source, micros) in known {
        let _ = writeln!(out, "{name}{{source=\"{}\"}} {}", label(source), micros as f64 / 1e6);
    }
}

/// A source, its sink where it is the one that tells, and what is told.
type Told<'a> = (&'a str, Option<Arc<str>>, Measured);

/// What sources and sinks tell of themselves: all lines of one name stand together, as the format asks.
fn measures<'a>(out: &mut String, pipelines: impl Iterator<Item = (&'a str, &'a Metrics)>) {
    let mut by_name: BTreeMap<&str, Vec<Told<'_>>> = BTreeMap::new();
    for (source, metrics) in pipelines {
        let of_source = metrics.source_measures().into_iter().map(|measured| (None, measured));
        let of_sinks = metrics.sink_measures().into_iter().map(|(sink, measured)| (Some(sink), measured));
        for (sink, measured) in of_source.chain(of_sinks) {
            by_name.entry(measured.measure.name).or_default().push((source, sink, measured));
        }
    }
    for (name, lines) in by_name {
        let Some((_, _, first)) = lines.first() else { continue };
        let kind = match first.measure.kind {
            MeasureKind::Counter => "counter",
            MeasureKind::Gauge => "gauge",
        };
        let _ = write!(out, "# HELP {name} {}\n# TYPE {name} {kind}\n", first.measure.help);
        for (source, sink, measured) in &lines {
            let _ = write!(out, "{name}{{source=\"{}\"", label(source));
            if let Some(sink) = sink {
                let _ = write!(out, ",sink=\"{}\"", label(sink));
            }
            if !measured.partition.is_empty() {
                let _ = write!(out, ",partition=\"{}\"", label(&measured.partition));
            }
            let _ = writeln!(out, "}} {}", measured.value);
        }
    }
}

/// A label's value with what must be escaped in it.
fn label(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connector::{Measure, Measures};

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

    #[test]
    fn what_sources_and_sinks_tell_of_themselves_stands_by_name_and_partition() {
        const LAG: Measure = Measure { name: "lag", help: "How far behind", kind: MeasureKind::Gauge };
        const ERRORS: Measure = Measure { name: "errors_total", help: "Errors", kind: MeasureKind::Counter };
        let (a, b, none) = (Metrics::new(), Metrics::new(), Metrics::new());
        for (metrics, lag) in [(&a, 7), (&b, 9)] {
            let measures = Measures::new();
            measures.set_of(&LAG, &"t/1".into(), lag);
            measures.add(&ERRORS, 1);
            metrics.show_measures(Some(measures));
        }
        let of_sink = Measures::new();
        of_sink.add(&ERRORS, 4);
        a.show_sinks(vec![("out\"".into(), of_sink)]);
        let text = prometheus_text([("a", &a), ("b", &b), ("none", &none)].into_iter());
        let lines: Vec<&str> = text.lines().skip(5 * COUNTERS.len()).collect();
        let expected = [
            "# HELP errors_total Errors",
            "# TYPE errors_total counter",
            r#"errors_total{source="a"} 1"#,
            r#"errors_total{source="a",sink="out\""} 4"#,
            r#"errors_total{source="b"} 1"#,
            "# HELP lag How far behind",
            "# TYPE lag gauge",
            r#"lag{source="a",partition="t/1"} 7"#,
            r#"lag{source="b",partition="t/1"} 9"#,
        ];
        assert_eq!(lines, expected);
        assert_eq!((a.source_total("lag"), none.source_total("lag")), (Some(7), None));
    }
}
