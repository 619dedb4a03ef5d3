//! What a running source tells of itself, beside what the pipeline counts.

use laminar_schema::{Measure, MeasureKind};

const fn counter(name: &'static str, help: &'static str) -> Measure {
    Measure { name, help, kind: MeasureKind::Counter }
}

/// Connections that were made in place of lost ones.
pub(crate) const RECONNECTS: Measure =
    counter("laminar_websocket_reconnects_total", "Connections that were made in place of lost ones");
/// Connections that were given up, since the peer sent what cannot be read.
pub(crate) const FAULTS: Measure = counter(
    "laminar_websocket_faults_total",
    "Connections that were given up, since the peer sent too large a message or what is no WebSocket's",
);
/// Messages that were dropped from a full buffer.
pub(crate) const DROPPED: Measure =
    counter("laminar_websocket_dropped_total", "Messages that were dropped, since more came than was taken");
/// Gaps in the numbering of records.
pub(crate) const GAPS: Measure = counter("laminar_websocket_gaps_total", "Gaps in the numbering of records");
/// Numbers that are missing in those gaps.
pub(crate) const MISSING: Measure =
    counter("laminar_websocket_missing_total", "Numbers of records that are missing in gaps");
/// Numbers that were not greater than the one before.
pub(crate) const REPEATS: Measure =
    counter("laminar_websocket_repeats_total", "Numbers of records that were not greater than the one before them");
/// Clients of a listening source.
pub(crate) const CLIENTS: Measure =
    Measure { name: "laminar_websocket_clients", help: "Clients that are connected", kind: MeasureKind::Gauge };
