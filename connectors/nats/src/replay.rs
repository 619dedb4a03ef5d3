//! A running source of a stream: in order, exact, and acknowledged at checkpoints.

use std::{future::poll_fn, sync::Arc, task::Poll, time::Duration};

use async_nats::{
    client::RequestErrorKind,
    jetstream::{self, consumer::PullConsumer, consumer::pull},
};
use futures_util::StreamExt;
use laminar_schema::{ConnectorError, Position, Positions, SchemaError, SchemaResult, SourceBatch};
use tokio::{task::unconstrained, time::Instant};

use crate::{
    connect::backoff,
    consumer::Opened,
    delivery::Delivery,
    error::{self, NatsFault},
    pending::Pending,
    place::Place,
    record::{Shape, Standing},
    words::Acks,
};

/// How long nothing comes before the connection is looked at.
const TICK: Duration = Duration::from_millis(250);
/// How often a consumer that does not answer is told what is safe; afterwards the next checkpoint tells it.
const ACK_ATTEMPTS: usize = 3;
/// How long one answer to that is waited for: one that was under way when the connection was lost never comes.
const ACK_WAIT: Duration = Duration::from_secs(2);

/// A stream that is being read.
pub(crate) struct Replay {
    place: Place,
    shape: Shape,
    partition: Arc<str>,
    records: Option<Box<pull::Stream>>,
    consumer: Option<PullConsumer>,
    /// Number of the last delivery; the next one is one higher, unless one was lost.
    consumer_sequence: u64,
    /// The sequence of the next record; everything before it was handed over. `None` until that is known.
    next: Option<u64>,
    /// The sequence before which everything is safe. `None` until that is known.
    committed: Option<u64>,
    /// Records that were handed over: what positions count where a consumer is shared, since sequences come in any order.
    handed_over: u64,
    /// The sequence before which a bounded read ends.
    end: Option<u64>,
    is_ended: bool,
    pending: Pending,
    num_connects: u64,
    failures: usize,
    outage: Option<Outage>,
}

/// Since when nothing works, and why.
struct Outage {
    since: Instant,
    last: String,
}

/// What became of a delivery.
#[derive(PartialEq)]
enum Taken {
    Pushed,
    /// It was handed over before.
    Again,
    /// A delivery before it was lost, or the read is at its end.
    Stop,
}

impl Replay {
    /// A source of `place`, from sequence `from` on.
    pub(crate) async fn start(place: Place, from: Resumed) -> SchemaResult<Self> {
        let Resumed { next: from, handed_over } = from;
        let source = &place.config.source;
        let (is_shared, is_durable) = (source.shared, source.durable.is_some());
        let mut next = from.filter(|_| !is_shared);
        if let Some(next) = next {
            place.check(next).await?;
        } else if !is_durable {
            next = place.begin().await?;
        }
        let end = match source.end {
            Some(_) => Some(place.last_sequence().await? + 1),
            None => None,
        };
        let partition = match &source.durable {
            Some(durable) if is_shared => format!("{}/{durable}", place.name).into(),
            _ => Arc::clone(&place.name),
        };
        let mut replay = Self {
            shape: Shape::new(source.bucket.as_deref(), source.headers),
            partition,
            records: None,
            consumer: None,
            consumer_sequence: 0,
            next,
            committed: next.filter(|_| is_durable),
            handed_over,
            end,
            is_ended: end.is_some_and(|end| end <= next.unwrap_or(1)),
            pending: Pending::default(),
            num_connects: place.connection.num_connects(),
            failures: 0,
            outage: None,
            place,
        };
        // What is wrong with a consumer is told at the start.
        replay.open().await?;
        Ok(replay)
    }

    pub(crate) async fn next(&mut self, out: &mut SourceBatch, max: usize) -> SchemaResult<usize> {
        while !self.is_ended {
            if self.records.is_none() {
                self.reopen().await?;
            }
            let Some(records) = &mut self.records else { continue };
            // A delivery that was under way while the connection was away is lost, and may be the last one.
            if self.num_connects != self.place.connection.num_connects() {
                self.records = None;
                continue;
            }
            // Nothing is taken out before it is there, and there is no await behind that.
            let first = match tokio::time::timeout(TICK, poll_fn(|cx| records.poll_next_unpin(cx).map(Some))).await {
                Err(_) => {
                    self.idle().await?;
                    continue;
                }
                Ok(first) => first.flatten(),
            };
            let count = match first {
                Some(Ok(first)) => self.fill(first, out, max.max(1)).await?,
                Some(Err(e)) => {
                    self.fails(e.to_string());
                    continue;
                }
                None => {
                    self.fails("the subscription ended".to_owned());
                    continue;
                }
            };
            if count > 0 {
                (self.failures, self.outage) = (0, None);
                out.positions.set(Arc::clone(&self.partition), Position::from_u64(self.position()));
                return Ok(count);
            }
        }
        Ok(0)
    }

    /// Where to go on behind everything that was handed over.
    fn position(&self) -> u64 {
        if self.place.config.source.shared { self.handed_over } else { self.next.unwrap_or(1) }
    }

    /// Takes a first record and all that are there behind it. Never waits, so that it is not interrupted.
    async fn fill(&mut self, first: jetstream::Message, out: &mut SourceBatch, max: usize) -> SchemaResult<usize> {
        let (before, max_bytes) = (out.len(), self.place.config.source.max_batch_bytes);
        let partition = out.raw_mut().partition(&self.partition, None);
        let mut next = Some(first);
        while let Some(message) = next.take() {
            if self.take(&message, partition, out)? == Taken::Stop {
                break;
            }
            if out.len() - before >= max || out.raw_mut().num_value_bytes() >= max_bytes {
                break;
            }
            let Some(records) = &mut self.records else { break };
            // Tokio makes a task pause after some messages; a batch would end there.
            let polled = unconstrained(poll_fn(|cx| match records.poll_next_unpin(cx) {
                Poll::Ready(message) => Poll::Ready(message),
                Poll::Pending => Poll::Ready(None),
            }));
            match polled.await {
                Some(Ok(message)) => next = Some(message),
                Some(Err(e)) => self.fails(e.to_string()),
                None => {}
            }
        }
        Ok(out.len() - before)
    }

    fn take(&mut self, message: &jetstream::Message, partition: u32, out: &mut SourceBatch) -> SchemaResult<Taken> {
        let reply = message.reply.as_deref().unwrap_or_default();
        let Some(delivery) = Delivery::parse(reply) else { return Err(not_of_a_stream(reply)) };
        let source = &self.place.config.source;
        let sequence = delivery.sequence;
        if !source.shared {
            if delivery.consumer_sequence != self.consumer_sequence + 1 {
                // The consumer is set back, so that what is missing comes before this one.
                self.fails("a delivery is missing: it was lost, or somebody else reads from the consumer".to_owned());
                return Ok(Taken::Stop);
            }
            self.consumer_sequence = delivery.consumer_sequence;
            if self.next.is_some_and(|next| sequence < next) {
                self.note(sequence, reply);
                return Ok(Taken::Again);
            }
            if self.end.is_some_and(|end| sequence >= end) {
                self.is_ended = true;
                return Ok(Taken::Stop);
            }
        }
        let mark = if source.shared { self.handed_over } else { sequence };
        self.note(mark, reply);
        let standing = Standing { partition, sequence: Some(sequence), timestamp: Some(delivery.timestamp) };
        self.shape.push(message, standing, out.raw_mut());
        self.handed_over += 1;
        let source = &self.place.config.source;
        if source.durable.is_some() && !source.shared {
            // Nothing is safe from the first one on, until a checkpoint says so.
            self.committed.get_or_insert(sequence);
        }
        self.next = Some(sequence + 1);
        if self.end.is_some_and(|end| sequence + 1 >= end) {
            self.is_ended = true;
            return Ok(Taken::Stop);
        }
        Ok(Taken::Pushed)
    }

    fn note(&mut self, mark: u64, reply: &str) {
        if self.place.config.source.durable.is_some() {
            self.pending.push(mark, reply);
        }
    }

    /// Opens the consumer where it is to go on.
    async fn open(&mut self) -> SchemaResult<()> {
        let num_connects = self.place.connection.num_connects();
        // A durable consumer goes back to what is safe, so that it still knows what is not; the rest is passed over.
        let at = self.committed.or(self.next);
        let Opened { records, consumer, consumer_sequence, next } = self.place.open(at).await?;
        if !self.place.config.source.shared {
            self.pending.clear();
            if self.place.config.source.durable.is_some() {
                self.committed = self.committed.or(next);
                self.next = self.next.or(next);
            }
        }
        self.consumer_sequence = consumer_sequence;
        (self.records, self.consumer, self.num_connects) = (Some(Box::new(records)), Some(consumer), num_connects);
        Ok(())
    }

    /// Opens the consumer again, at growing distances, until the time for outages is over.
    async fn reopen(&mut self) -> SchemaResult<()> {
        self.check_outage()?;
        if self.failures > 0 {
            tokio::time::sleep(backoff(self.failures)).await;
        }
        // What retention has taken meanwhile is no gap of deliveries.
        let checked = match self.next.or(self.committed).filter(|_| !self.place.config.source.shared) {
            Some(next) => self.place.check(next).await,
            None => Ok(()),
        };
        let opened = match checked {
            Ok(()) => self.open().await,
            Err(e) => Err(e),
        };
        match opened {
            Err(e) if e.is_retryable() => {
                self.fails(e.to_string());
                Ok(())
            }
            opened => opened,
        }
    }

    #[cold]
    fn fails(&mut self, why: String) {
        self.records = None;
        self.failures += 1;
        match &mut self.outage {
            Some(outage) => outage.last = why,
            None => self.outage = Some(Outage { since: Instant::now(), last: why }),
        }
    }

    fn check_outage(&self) -> SchemaResult<()> {
        let source = &self.place.config.source;
        let Some(outage) = self.outage.as_ref().filter(|o| o.since.elapsed() >= source.outage_timeout) else {
            return Ok(());
        };
        let (servers, seconds) = (source.servers.join(", "), outage.since.elapsed().as_secs());
        Err(NatsFault::Outage { servers, seconds, last: outage.last.clone() }.during("read the stream"))
    }

    /// Nothing came for a while.
    async fn idle(&mut self) -> SchemaResult<()> {
        if self.place.connection.client.connection_state() != async_nats::connection::State::Connected {
            let last = "not connected".to_owned();
            self.outage.get_or_insert(Outage { since: Instant::now(), last });
            return self.check_outage();
        }
        if self.failures == 0 {
            self.outage = None;
        }
        // Records before the end may have been removed since, and are not waited for.
        if let (Some(_), Some(consumer)) = (self.end, &self.consumer)
            && let Ok(info) = consumer.get_info().await
            && info.num_pending == 0
            && info.delivered.consumer_sequence == self.consumer_sequence
        {
            self.is_ended = true;
        }
        Ok(())
    }

    /// Acknowledges everything before a position.
    pub(crate) async fn commit(&mut self, upto: &Positions) -> SchemaResult<()> {
        let Some(upto) = upto.get(&self.partition).and_then(Position::as_u64) else { return Ok(()) };
        let source = &self.place.config.source;
        if source.durable.is_none() {
            return Ok(());
        }
        if !source.shared {
            self.committed = Some(upto);
        }
        let mut safe = self.pending.take_before(upto);
        if source.ack_policy == Acks::All {
            let last = safe.iter().max_by_key(|(mark, _)| *mark).cloned();
            safe = last.into_iter().collect();
        }
        let Some((last, others)) = safe.split_last() else { return Ok(()) };
        let client = &self.place.connection.client;
        for (_, reply) in others {
            let sent = client.publish(reply.clone(), "+ACK".into()).await;
            if let Err(e) = sent {
                self.pending.put_back(&safe);
                return Err(error::client("acknowledge records", self.place.about(), e));
            }
        }
        // The answer to the last one says that the server has taken those before it as well.
        for attempt in 1..=ACK_ATTEMPTS {
            let asked = client.request(last.1.clone(), "+ACK".into());
            match tokio::time::timeout(ACK_WAIT, asked).await {
                Ok(Ok(_)) => return Ok(()),
                Ok(Err(e)) if !matches!(e.kind(), RequestErrorKind::TimedOut | RequestErrorKind::NoResponders) => {
                    self.pending.put_back(&safe);
                    return Err(error::client("acknowledge records", self.place.about(), e));
                }
                Ok(Err(_)) | Err(_) => tokio::time::sleep(backoff(attempt)).await,
            }
        }
        // What is not acknowledged is delivered again and passed over, so that it can wait for the next checkpoint.
        self.pending.put_back(&safe);
        Ok(())
    }
}

#[cold]
fn not_of_a_stream(reply: &str) -> SchemaError {
    let reason =
        format!("a delivery has reply subject `{reply}`, which says no sequence; see that nothing rewrites `$JS.ACK`");
    NatsFault::Refused { reason }.during("read the stream")
}

/// What a checkpoint says of the one partition there is.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Resumed {
    /// The sequence of the next record.
    next: Option<u64>,
    /// How many records were handed over, where the consumer was shared. Its own progress is what counts then; going on
    /// counting keeps positions of this run apart from those of runs before it.
    handed_over: u64,
}

pub(crate) fn resume(from: Option<&Positions>, stream: &str) -> SchemaResult<Resumed> {
    let mut resumed = Resumed::default();
    for (name, position) in from.into_iter().flat_map(Positions::iter) {
        let bad = |reason: String| ConnectorError::BadPosition { partition: name.to_string(), reason };
        let count = position.as_u64().ok_or_else(|| bad("it is no sequence".to_owned()))?;
        if name.split_once('/').is_some_and(|(of, _)| of == stream) {
            resumed.handed_over = resumed.handed_over.max(count);
            continue;
        }
        if **name != *stream {
            return Err(bad(format!("the source reads stream `{stream}`")).into());
        }
        resumed.next = Some(count);
    }
    Ok(resumed)
}
