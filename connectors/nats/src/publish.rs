//! Records on their way to a stream: published, kept until they are acknowledged, and published again where that fails.

use std::{collections::VecDeque, future::IntoFuture, time::Duration};

use async_nats::{
    HeaderMap, Subject,
    jetstream::{self, context::PublishAckFuture, context::PublishErrorKind, message::PublishMessage},
};
use bytes::Bytes;
use futures_util::FutureExt;
use laminar_schema::{SchemaError, SchemaResult};
use tokio::time::Instant;

use crate::{
    connect::{Connection, backoff},
    error::{self, NatsFault},
};

/// How long no acknowledgement comes before the connection is looked at.
const TICK: Duration = Duration::from_millis(250);
/// How long one acknowledgement is waited for before the record is published again.
const ACK_WAIT: Duration = Duration::from_secs(5);
/// How long a server may say that it has no stream or refuse a record: it does so for a moment after it has started.
const REFUSALS: Duration = Duration::from_secs(10);

/// A record that is not acknowledged yet.
struct Sent {
    subject: Subject,
    headers: Option<HeaderMap>,
    payload: Bytes,
    /// `None` where it could not be published, or where waiting was interrupted: it is published again.
    ack: Option<PublishAckFuture>,
}

/// Publishes to streams.
pub(crate) struct Publisher {
    connection: Connection,
    context: jetstream::Context,
    in_flight: VecDeque<Sent>,
    max_in_flight: usize,
    timeout: Duration,
    num_connects: u64,
}

/// Why a record is not acknowledged.
enum Failure {
    /// Until a server answers again.
    Away(String),
    /// The server answers, and does not want it.
    Unwanted(String),
}

impl Publisher {
    pub(crate) fn new(connection: Connection, domain: Option<&str>, max_in_flight: usize, timeout: Duration) -> Self {
        let max_in_flight = max_in_flight.max(1);
        // We bound what waits, and a bound of the client's own below ours would never be left.
        let bounded = jetstream::ContextBuilder::new().max_ack_inflight(max_in_flight + 1).timeout(ACK_WAIT);
        let client = connection.client.clone();
        let context = match domain {
            Some(domain) => bounded.domain(domain).build(client),
            None => bounded.build(client),
        };
        let num_connects = connection.num_connects();
        Self { connection, context, in_flight: VecDeque::new(), max_in_flight, timeout, num_connects }
    }

    pub(crate) fn context(&self) -> &jetstream::Context {
        &self.context
    }

    /// Publishes a record, waiting for older ones where too many wait already.
    pub(crate) async fn publish(
        &mut self,
        subject: Subject,
        headers: Option<HeaderMap>,
        payload: Bytes,
    ) -> SchemaResult<()> {
        while self.in_flight.len() >= self.max_in_flight {
            self.settle_first().await?;
        }
        let mut sent = Sent { subject, headers, payload, ack: None };
        sent.ack = self.send(&sent).await?;
        self.in_flight.push_back(sent);
        Ok(())
    }

    /// Waits until everything is acknowledged.
    pub(crate) async fn flush(&mut self) -> SchemaResult<()> {
        while !self.in_flight.is_empty() {
            self.settle_first().await?;
        }
        Ok(())
    }

    /// Forgets everything that was not acknowledged; what a server has stays there.
    pub(crate) fn forget(&mut self) {
        self.in_flight.clear();
    }

    async fn send(&self, record: &Sent) -> SchemaResult<Option<PublishAckFuture>> {
        let mut message = PublishMessage::build().payload(record.payload.clone());
        if let Some(headers) = &record.headers {
            message = message.headers(headers.clone());
        }
        match self.context.send_publish(record.subject.clone(), message).await {
            Ok(ack) => Ok(Some(ack)),
            Err(e) if e.kind() == PublishErrorKind::MaxPayloadExceeded => {
                let target = format!("a record of {} bytes for subject `{}`", record.payload.len(), record.subject);
                Err(error::refused("publish", target, e))
            }
            // The client's queue was full for as long as an answer takes: the server is away.
            Err(_) => Ok(None),
        }
    }

    /// Waits for the oldest record, and publishes again what waits where its server went away.
    async fn settle_first(&mut self) -> SchemaResult<()> {
        let since = Instant::now();
        for attempt in 1.. {
            let failure = match self.first_ack().await {
                Ok(()) => return Ok(()),
                Err(failure) => failure,
            };
            let (limit, reason, retryable) = match failure {
                Failure::Away(reason) => (self.timeout, reason, true),
                Failure::Unwanted(reason) => (self.timeout.min(REFUSALS), reason, false),
            };
            if since.elapsed() + backoff(attempt) >= limit {
                return Err(self.give_up(reason, retryable));
            }
            tokio::time::sleep(backoff(attempt)).await;
            self.publish_again().await?;
        }
        Ok(())
    }

    /// Takes the oldest record out once it is acknowledged.
    async fn first_ack(&mut self) -> Result<(), Failure> {
        let Some(ack) = self.in_flight.front_mut().map(|sent| sent.ack.take()) else { return Ok(()) };
        let Some(ack) = ack else { return Err(Failure::Away("it could not be sent".to_owned())) };
        let mut ack = ack.into_future();
        loop {
            match tokio::time::timeout(TICK, &mut ack).await {
                Ok(Ok(_)) => {
                    self.in_flight.pop_front();
                    return Ok(());
                }
                Ok(Err(e)) => {
                    return Err(match e.kind() {
                        PublishErrorKind::TimedOut | PublishErrorKind::BrokenPipe => Failure::Away(e.to_string()),
                        _ => Failure::Unwanted(e.to_string()),
                    });
                }
                // An answer that was under way on the connection before this one does not come any more.
                Err(_) if self.num_connects != self.connection.num_connects() => {
                    return Err(Failure::Away("the connection was lost".to_owned()));
                }
                Err(_) => {}
            }
        }
    }

    /// Publishes again everything whose acknowledgement is not there, in the same order.
    async fn publish_again(&mut self) -> SchemaResult<()> {
        self.num_connects = self.connection.num_connects();
        for _ in 0..self.in_flight.len() {
            let Some(mut sent) = self.in_flight.pop_front() else { break };
            let acknowledged = sent.ack.take().and_then(|ack| ack.into_future().now_or_never());
            if !matches!(acknowledged, Some(Ok(_))) {
                // It stays in the queue while it is sent: what is interrupted there is published again.
                self.in_flight.push_back(sent);
                let last = self.in_flight.len() - 1;
                let ack = self.send(&self.in_flight[last]).await?;
                self.in_flight[last].ack = ack;
            }
        }
        Ok(())
    }

    #[cold]
    fn give_up(&self, reason: String, retryable: bool) -> SchemaError {
        let subject = self.in_flight.front().map(|sent| sent.subject.to_string()).unwrap_or_default();
        NatsFault::Unacknowledged { records: self.in_flight.len(), subject, reason, retryable }.during("publish")
    }
}
