//! A running sink: rows to messages, and checkpoints that wait for them.

use std::{ops::Range, sync::Arc, time::Duration};

use laminar_schema::{Checkpoint, EncodedBatch, Measures, Prepared, RecordSink, SchemaError, SchemaResult, SinkBatch};
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::{
    Utf8Bytes,
    protocol::{CloseFrame, frame::coding::CloseCode},
};

use crate::{
    config::WebSocketSinkConfig,
    counts::{SINK_DISCONNECTED, SINK_DROPPED, SINK_RECONNECTS},
    dial::{Dialer, Outage},
    error::{WebSocketFault, passing},
    fan::Fan,
    outbox::{Outbox, Put},
    portion::Portion,
    receive::{Habits, Parting},
    rows::Rows,
    send::{goodbye, send},
    socket::Socket,
    words::OnSlow,
};

/// A connection that lasted as long was one that worked.
const WORKED: Duration = Duration::from_secs(1);
/// Bytes of rows from which on they are handed over.
const PART_BYTES: usize = 128 << 10;
/// How long a server may take to answer a farewell.
const FAREWELL: Duration = Duration::from_secs(5);

/// A running [`WebSocketSink`](crate::WebSocketSink).
pub struct WebSocketWriter {
    config: Arc<WebSocketSinkConfig>,
    about: String,
    way: Way,
    measures: Measures,
    is_text: bool,
    has_begun: bool,
}

/// Where messages go.
pub(crate) enum Way {
    /// To a server.
    Server(Arc<Outbox>),
    /// To every client of ours.
    Clients(Arc<Fan>),
}

impl std::fmt::Debug for WebSocketWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WebSocketWriter").field("about", &self.about).finish_non_exhaustive()
    }
}

impl Drop for WebSocketWriter {
    fn drop(&mut self) {
        match &self.way {
            Way::Server(outbox) => outbox.end(None),
            Way::Clients(fan) => fan.stop(),
        }
    }
}

impl WebSocketWriter {
    pub(crate) fn new(
        config: Arc<WebSocketSinkConfig>,
        about: String,
        way: Way,
        measures: Measures,
        is_text: bool,
    ) -> Self {
        Self { config, about, way, measures, is_text, has_begun: false }
    }

    /// Rows that were dropped for clients that were too slow, one for each client and row.
    pub fn num_dropped(&self) -> u64 {
        self.measures.total(SINK_DROPPED.name).unwrap_or(0)
    }

    /// Clients that were disconnected, since they were too slow.
    pub fn num_disconnected(&self) -> u64 {
        self.measures.total(SINK_DISCONNECTED.name).unwrap_or(0)
    }

    /// Some rows of a batch, which has `bytes` of them, in a buffer of their own.
    fn gather(&self, records: &EncodedBatch, rows: Range<usize>, bytes: &[u8]) -> SchemaResult<Portion> {
        let first = rows.start;
        let ends = rows.scan(0, |end, row| {
            *end += records.record(row).len();
            Some(*end)
        });
        let no_text = |row| WebSocketFault::NoText { row: first + row }.during("write");
        Ok(Portion::whole(Rows::new(bytes, ends, self.is_text).map_err(no_text)?))
    }

    /// Hands rows over, waiting for room where that is wanted.
    async fn put(&self, mut rows: Portion) -> SchemaResult<()> {
        let outbox = match &self.way {
            Way::Clients(fan) => {
                fan.write(&rows).await;
                return Ok(());
            }
            Way::Server(outbox) => outbox,
        };
        loop {
            match outbox.put(&mut rows, OnSlow::Block) {
                Put::Done { .. } => return Ok(()),
                Put::Full => outbox.room(rows.first_bytes()).await,
                Put::Over | Put::TooSlow => return Err(self.ended(outbox)),
            }
        }
    }

    #[cold]
    fn ended(&self, outbox: &Outbox) -> SchemaError {
        let fault = outbox.take_fault().unwrap_or_else(|| passing(&self.about, "the connection has ended"));
        fault.during("write")
    }
}

impl RecordSink for WebSocketWriter {
    async fn write(&mut self, batch: SinkBatch<'_>) -> SchemaResult<()> {
        let SinkBatch::Encoded { records, .. } = batch else {
            let reason = "it takes encoded records, not columns".to_owned();
            return Err(WebSocketFault::Unusable { reason }.during("write"));
        };
        if let Way::Clients(fan) = &self.way
            && !self.has_begun
        {
            fan.gather(self.config.sink.min_clients).await;
            self.has_begun = true;
        }
        // Part by part, so that the first is being sent while the next is copied, and is still in the processor's cache.
        let (mut row, mut at) = (0, 0);
        while row < records.len() {
            let (first, start) = (row, at);
            while row < records.len() && (row == first || at - start < PART_BYTES) {
                at += records.record(row).len();
                row += 1;
            }
            let rows = self.gather(records, first..row, &records.bytes()[start..at])?;
            self.put(rows).await?;
        }
        Ok(())
    }

    async fn prepare(&mut self, _: Checkpoint<'_>) -> SchemaResult<Prepared> {
        match &self.way {
            Way::Clients(fan) => fan.flush().await,
            Way::Server(outbox) => {
                if !outbox.flushed().await {
                    return Err(self.ended(outbox));
                }
            }
        }
        Ok(Prepared::default())
    }

    async fn commit(&mut self, _: &Prepared) -> SchemaResult<()> {
        Ok(())
    }

    async fn abort(&mut self) -> SchemaResult<()> {
        match &self.way {
            Way::Clients(fan) => fan.forget(),
            Way::Server(outbox) => outbox.forget(),
        }
        Ok(())
    }

    async fn recover(&mut self, _: Option<&Prepared>) -> SchemaResult<()> {
        Ok(())
    }

    async fn close(&mut self, _: &[u8]) -> SchemaResult<()> {
        match &self.way {
            Way::Clients(fan) => fan.close().await,
            Way::Server(outbox) => {
                if !outbox.flushed().await {
                    return Err(self.ended(outbox));
                }
                outbox.close();
                outbox.ended().await;
            }
        }
        Ok(())
    }

    fn measures(&self) -> Option<Measures> {
        Some(self.measures.clone())
    }
}

/// Sends what the outbox has to a server, connecting again where a connection is lost.
pub(crate) async fn write_on(
    dialer: Dialer,
    mut socket: Socket,
    outbox: Arc<Outbox>,
    habits: Habits,
    acknowledge: bool,
    measures: Measures,
) {
    measures.set(&SINK_RECONNECTS, 0);
    let mut outage = Outage::default();
    loop {
        let started = Instant::now();
        let parting = send(&mut socket, &outbox, habits, acknowledge).await;
        if outbox.is_done() || outbox.has_ended() {
            let code = if outbox.is_done() { CloseCode::Normal } else { CloseCode::Away };
            goodbye(&mut socket, Some(CloseFrame { code, reason: Utf8Bytes::default() }), FAREWELL).await;
            return outbox.end(None);
        }
        let reason = match parting {
            Parting::Lost(reason) => reason,
            Parting::Fault(e) => e.to_string(),
            Parting::Done | Parting::Unwanted => "the server closed the connection".to_owned(),
        };
        outbox.restore();
        if started.elapsed() >= WORKED {
            outage = Outage::default();
        }
        let again = tokio::select! {
            again = dialer.again(&mut outage, reason) => again,
            _ = outbox.ended() => return,
        };
        match again {
            Ok(connected) => socket = connected,
            Err(fault) => return outbox.end(Some(fault)),
        }
        measures.add(&SINK_RECONNECTS, 1);
    }
}
