//! A running source of plain subjects: what is published while it listens, at most once.

use std::{future::poll_fn, sync::Arc, task::Poll, time::Duration};

use async_nats::{Message, Subscriber, connection::State};
use futures_util::{StreamExt, stream::SelectAll};
use laminar_schema::{SchemaResult, SourceBatch};
use tokio::{task::unconstrained, time::Instant};

use crate::{
    config::NatsSourceConfig,
    connect::Connection,
    error::{self, NatsFault},
    place,
    record::{Shape, Standing},
    words::OnLost,
};

/// How long nothing comes before the connection is looked at.
const TICK: Duration = Duration::from_millis(250);

/// Subjects that are being listened to.
pub(crate) struct Live {
    config: Arc<NatsSourceConfig>,
    connection: Connection,
    subscriptions: SelectAll<Subscriber>,
    shape: Shape,
    partition: Arc<str>,
    num_drops: u64,
    away_since: Option<Instant>,
}

impl Live {
    /// Subscribes, and sees that the server knows of it.
    pub(crate) async fn start(config: Arc<NatsSourceConfig>) -> SchemaResult<Self> {
        let connection = place::connect(&config).await?;
        let client = &connection.client;
        let mut subscriptions = SelectAll::new();
        for subject in config.source.subject.iter().flatten().cloned() {
            let subscribed = match &config.source.queue_group {
                Some(group) => client.queue_subscribe(subject.clone(), group.clone()).await,
                None => client.subscribe(subject.clone()).await,
            };
            subscriptions.push(subscribed.map_err(|e| error::refused("subscribe", subject, e))?);
        }
        client.flush().await.map_err(|e| error::client("subscribe", config.about(), e))?;
        let (shape, partition) = (Shape::new(None, config.source.headers), config.about().into());
        let num_drops = connection.num_drops();
        Ok(Self { config, connection, subscriptions, shape, partition, num_drops, away_since: None })
    }

    pub(crate) async fn next(&mut self, out: &mut SourceBatch, max: usize) -> SchemaResult<usize> {
        let first = loop {
            self.check_drops()?;
            match tokio::time::timeout(TICK, self.subscriptions.next()).await {
                Ok(Some(first)) => break first,
                Ok(None) => {
                    let reason = format!("the subscription of `{}` ended: the connection is closed", self.partition);
                    return Err(error::client("read the subject", &self.partition, reason));
                }
                Err(_) => self.check_outage()?,
            }
        };
        self.away_since = None;
        let (before, max, max_bytes) = (out.len(), max.max(1), self.config.source.max_batch_bytes);
        let partition = out.raw_mut().partition(&self.partition, None);
        self.take(&first, partition, out);
        while out.len() - before < max && out.raw_mut().num_value_bytes() < max_bytes {
            // Never waits: Tokio would make the task pause after some messages, and a batch would end there.
            let subscriptions = &mut self.subscriptions;
            let polled = unconstrained(poll_fn(|cx| match subscriptions.poll_next_unpin(cx) {
                Poll::Ready(message) => Poll::Ready(message),
                Poll::Pending => Poll::Ready(None),
            }));
            let Some(message) = polled.await else { break };
            self.take(&message, partition, out);
        }
        Ok(out.len() - before)
    }

    fn take(&self, message: &Message, partition: u32, out: &mut SourceBatch) {
        let standing = Standing { partition, sequence: None, timestamp: None };
        self.shape.push(message, standing, out.raw_mut());
    }

    /// Tells once that records were dropped; reading may go on behind the error.
    fn check_drops(&mut self) -> SchemaResult<()> {
        let before = std::mem::replace(&mut self.num_drops, self.connection.num_drops());
        if self.num_drops > before && self.config.source.on_lost == OnLost::Fail {
            return Err(NatsFault::SlowConsumer { subject: self.partition.to_string() }.during("read the subject"));
        }
        Ok(())
    }

    fn check_outage(&mut self) -> SchemaResult<()> {
        if self.connection.client.connection_state() == State::Connected {
            self.away_since = None;
            return Ok(());
        }
        let (source, since) = (&self.config.source, *self.away_since.get_or_insert_with(Instant::now));
        if since.elapsed() < source.outage_timeout {
            return Ok(());
        }
        let (servers, seconds, last) =
            (source.servers.join(", "), since.elapsed().as_secs(), "not connected".to_owned());
        Err(NatsFault::Outage { servers, seconds, last }.during("read the subject"))
    }
}
