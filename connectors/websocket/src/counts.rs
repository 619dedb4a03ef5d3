//! What a running source and a running sink tell of themselves, beside what the pipeline counts.

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

/// Connections of a sink that were made in place of lost ones.
pub(crate) const SINK_RECONNECTS: Measure = counter(
    "laminar_websocket_sink_reconnects_total",
    "Connections to the server that were made in place of lost ones",
);
/// Rows that clients of a listening sink did not get.
pub(crate) const SINK_DROPPED: Measure = counter(
    "laminar_websocket_sink_dropped_total",
    "Rows that were dropped for clients that were too slow, one for each client and row",
);
/// Clients that a listening sink let go.
pub(crate) const SINK_DISCONNECTED: Measure =
    counter("laminar_websocket_sink_disconnected_total", "Clients that were disconnected, since they were too slow");
/// Clients of a listening sink.
pub(crate) const SINK_CLIENTS: Measure =
    Measure { name: "laminar_websocket_sink_clients", help: "Clients that get rows", kind: MeasureKind::Gauge };
