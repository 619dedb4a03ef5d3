//! A running source: deliveries as records, and acknowledgements at checkpoints.

use std::{sync::Arc, time::Duration};

use futures_util::{FutureExt, StreamExt};
use laminar_schema::{ConnectorError, Position, Positions, RecordStream, SchemaError, SchemaResult, SourceBatch};
use lapin::{Consumer, message::Delivery, options::BasicAckOptions};
use tokio::{task::unconstrained, time::Instant};

use crate::{
    config::RabbitMqSourceConfig,
    connect::{self, backoff},
    error::RabbitMqFault,
    queue::{self, Queue},
    record::{self, Shape, Standing},
    start::StartAt,
    words::OnLost,
};

/// How long nothing comes before the queue is looked at.
const TICK: Duration = Duration::from_millis(250);
/// Ticks for which nothing may come because nothing is acknowledged; a pipeline does that as soon as it is asked.
const MAX_STALLED: u32 = 40;
/// How long a server that has just started may refuse what it allowed before.
const REFUSALS: Duration = Duration::from_secs(10);
/// How long a look at a stream queue's first record may take.
const LOOK: Duration = Duration::from_secs(10);

/// A running [`RabbitMqSource`](crate::RabbitMqSource).
///
/// A queue other than a stream queue keeps no places. Positions count the records that were handed over; a channel numbers its
/// deliveries from 1, so that what a checkpoint covers is one acknowledgement of everything up to a number.
pub struct RabbitMqStream {
    config: Arc<RabbitMqSourceConfig>,
    partition: Arc<str>,
    shape: Shape,
    link: Option<Link>,
    /// The position behind everything that was handed over: a count, or the next offset of a stream queue. `None` until a stream
    /// queue's is known.
    next: Option<u64>,
    /// The position before which a bounded read ends.
    end: Option<u64>,
    is_ended: bool,
    outage: Option<Outage>,
    /// Ticks without anything, one after the other, while all that may be unacknowledged is.
    num_stalled: u32,
}

/// A consumer, with what it was made by.
struct Link {
    queue: Queue,
    consumer: Consumer,
    /// A delivery that was received and not taken yet: what has to be waited for behind it may be interrupted.
    held: Option<Delivery>,
    /// The position before the channel's first delivery.
    base: u64,
    /// Deliveries of the channel that were taken, and the last of them that is acknowledged.
    taken: u64,
    acknowledged: u64,
    /// Whether the queue had nothing ready when it was looked at last, and nothing came since.
    is_empty: bool,
    /// Whether a gap before the first delivery was looked at.
    is_checked: bool,
}

/// Since when nothing works, and why.
struct Outage {
    since: Instant,
    attempts: usize,
    last: String,
    /// Since when a server answers and refuses.
    refused_since: Option<Instant>,
}

/// What became of a delivery.
#[derive(PartialEq)]
enum Taken {
    Pushed,
    /// It lies before what is to be read next.
    Again,
    /// It cannot be taken before something is looked at, or is beyond the end.
    Stop,
}

impl std::fmt::Debug for RabbitMqStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RabbitMqStream").field("partition", &self.partition).finish_non_exhaustive()
    }
}

impl RabbitMqStream {
    pub(crate) async fn start(config: Arc<RabbitMqSourceConfig>, from: Option<&Positions>) -> SchemaResult<Self> {
        let partition: Arc<str> = config.source.queue.as_str().into();
        let mut next = None;
        for (name, position) in from.into_iter().flat_map(Positions::iter) {
            let bad = |reason: String| ConnectorError::BadPosition { partition: name.to_string(), reason };
            if **name != *partition {
                return Err(bad(format!("the source reads queue `{partition}`")).into());
            }
            next = Some(position.as_u64().ok_or_else(|| bad("it is no number".to_owned()))?);
        }
        let connection = connect::connect(&config.server).await?;
        let queue = Queue::find(Arc::clone(&config), connection).await?;
        if !config.is_stream() {
            next = Some(next.unwrap_or(0));
        }
        let end = match (config.source.end, next) {
            (None, _) => None,
            (Some(_), Some(next)) if !config.is_stream() => Some(next + u64::from(queue.num_ready)),
            (Some(_), _) => Some(queue.end().await?.unwrap_or(0)),
        };
        let mut stream = Self {
            partition,
            shape: Shape::new(config.source.headers.unwrap_or(true)),
            link: None,
            next,
            end,
            is_ended: false,
            outage: None,
            num_stalled: 0,
            config,
        };
        stream.is_ended = match (end, next, stream.config.source.offset) {
            (None, ..) => false,
            (Some(end), Some(next), _) => end <= next,
            (Some(_), None, Some(StartAt::Next)) => true,
            (Some(end), None, Some(StartAt::Offset(offset))) => end <= offset,
            (Some(end), None, Some(at @ StartAt::Time(_))) => {
                queue.offset_at(at, queue::EMPTY).await?.is_none_or(|first| end <= first)
            }
            (Some(end), None, Some(StartAt::First | StartAt::Last) | None) => end == 0,
        };
        if !stream.is_ended {
            stream.link = Some(stream.open(queue).await?);
        }
        Ok(stream)
    }

    async fn open(&self, queue: Queue) -> SchemaResult<Link> {
        let source = &self.config.source;
        let at = match self.next {
            Some(next) => StartAt::Offset(next),
            None => source.offset.unwrap_or(StartAt::First),
        };
        let consumer = queue.consume(source.prefetch, at).await?;
        let base = self.next.unwrap_or(0);
        Ok(Link { queue, consumer, held: None, base, taken: 0, acknowledged: 0, is_empty: false, is_checked: false })
    }

    /// Connects again, at growing distances, until the time for outages is over.
    async fn reopen(&mut self) -> SchemaResult<()> {
        self.check_outage()?;
        if let Some(outage) = &self.outage {
            tokio::time::sleep(backoff(outage.attempts)).await;
        }
        let opening = async {
            let connection = connect::connect_once(&self.config.server).await?;
            let queue = Queue::find(Arc::clone(&self.config), connection).await?;
            self.open(queue).await
        };
        match opening.await {
            Ok(link) => self.link = Some(link),
            Err(error) => {
                let refused_since = self.outage.as_ref().and_then(|outage| outage.refused_since);
                let refused_since = (!error.is_retryable()).then(|| refused_since.unwrap_or_else(Instant::now));
                if refused_since.is_some_and(|since| since.elapsed() >= REFUSALS) {
                    return Err(error);
                }
                self.fails(error.to_string());
                if let Some(outage) = &mut self.outage {
                    outage.refused_since = refused_since;
                }
            }
        }
        Ok(())
    }

    #[cold]
    fn fails(&mut self, why: String) {
        // What was taken and not acknowledged comes again, and counts again.
        if let (Some(link), Some(end), false) = (&self.link, &mut self.end, self.config.is_stream()) {
            *end += link.taken - link.acknowledged;
        }
        self.link = None;
        let outage = self.outage.get_or_insert_with(|| Outage {
            since: Instant::now(),
            attempts: 0,
            last: String::new(),
            refused_since: None,
        });
        outage.attempts += 1;
        outage.last = why;
    }

    fn check_outage(&self) -> SchemaResult<()> {
        let limit = self.config.source.outage_timeout;
        let Some(outage) = self.outage.as_ref().filter(|outage| outage.since.elapsed() >= limit) else {
            return Ok(());
        };
        let (servers, seconds) = (self.config.server.servers.join(", "), outage.since.elapsed().as_secs());
        Err(RabbitMqFault::Outage { servers, seconds, last: outage.last.clone() }.during("read the queue"))
    }

    /// Takes a first delivery and all that are there behind it. Never waits, so that it is not interrupted.
    fn fill(&mut self, first: Delivery, out: &mut SourceBatch, max: usize) -> SchemaResult<usize> {
        let (before, max_bytes) = (out.len(), self.config.source.max_batch_bytes);
        let partition = out.raw_mut().partition(&self.partition, None);
        let mut next = Some(first);
        while let Some(delivery) = next.take() {
            if self.take(&delivery, partition, out)? == Taken::Stop {
                break;
            }
            if out.len() - before >= max || out.raw_mut().num_value_bytes() >= max_bytes {
                break;
            }
            let Some(link) = &mut self.link else { break };
            // Tokio makes a task pause after some of them; a batch would end there.
            match unconstrained(link.consumer.next()).now_or_never() {
                Some(Some(Ok(delivery))) => next = Some(delivery),
                Some(Some(Err(e))) => self.fails(e.to_string()),
                Some(None) => self.fails("the server has ended the consumer".to_owned()),
                None => {}
            }
        }
        Ok(out.len() - before)
    }

    fn take(&mut self, delivery: &Delivery, partition: u32, out: &mut SourceBatch) -> SchemaResult<Taken> {
        let Some(link) = &mut self.link else { return Ok(Taken::Stop) };
        let offset = record::stream_offset(&delivery.properties);
        let position = match (offset, self.config.is_stream()) {
            (Some(offset), true) => offset,
            (None, true) => return Err(queue::no_stream(&self.config)),
            (Some(_), false) => return Err(stream_unasked(&self.partition)),
            (None, false) => self.next.unwrap_or(0),
        };
        link.taken = delivery.delivery_tag;
        if self.next.is_some_and(|next| position < next) {
            return Ok(Taken::Again);
        }
        if self.end.is_some_and(|end| position >= end) {
            self.is_ended = true;
            return Ok(Taken::Stop);
        }
        let standing = Standing { partition: Some(partition), offset: position };
        self.shape.push(delivery, standing, out.raw_mut());
        self.next = Some(position + 1);
        if self.end.is_some_and(|end| position + 1 >= end) {
            self.is_ended = true;
            return Ok(Taken::Stop);
        }
        Ok(Taken::Pushed)
    }

    /// Sees that the stream queue still has what is to be read next, where its first delivery, which is held, lies behind that.
    async fn check_gap(&mut self) -> SchemaResult<()> {
        let is_stream = self.config.is_stream();
        let Some(link) = self.link.as_mut().filter(|link| is_stream && !link.is_checked) else { return Ok(()) };
        let wanted = self.next.or(match self.config.source.offset {
            Some(StartAt::Offset(offset)) => Some(offset),
            _ => None,
        });
        let found = link.held.as_ref().and_then(|held| record::stream_offset(&held.properties));
        if let (Some(wanted), Some(found), OnLost::Fail) = (wanted, found, self.config.source.on_lost)
            && found > wanted
        {
            // Offsets may have gaps of their own.
            let Some(first) = link.queue.offset_at(StartAt::First, LOOK).await? else {
                self.fails("the server does not tell the queue's first record".to_owned());
                return Ok(());
            };
            if first > wanted {
                let queue = self.config.source.queue.clone();
                return Err(RabbitMqFault::OffsetLost { queue, wanted, first }.during("read the queue"));
            }
        }
        link.is_checked = true;
        Ok(())
    }

    /// Tells the server what of a stream queue was taken, for which it sends more. Nothing is taken away by that.
    fn ask_for_more(&mut self) {
        let Some(link) = self.link.as_mut().filter(|link| link.taken > link.acknowledged) else { return };
        // What is to be sent is in the client's queue when this is polled once, and there is no answer to wait for.
        let sent = link.queue.channel.basic_ack(link.taken, BasicAckOptions { multiple: true }).now_or_never();
        link.acknowledged = link.taken;
        if let Some(Err(e)) = sent {
            self.fails(e.to_string());
        }
    }

    /// Nothing came for a while: a bounded read may be at its end although it has not read as many records as there were.
    async fn idle(&mut self) -> SchemaResult<()> {
        self.outage = None;
        self.check_stall().await?;
        let Some(link) = &mut self.link else { return Ok(()) };
        if self.end.is_none() || self.config.is_stream() {
            return Ok(());
        }
        match link.queue.count().await {
            // Others may have taken some, or they have expired. The server's count may overtake what it has sent to us already, and
            // its next answer does not, so that only the second look is believed.
            Ok(0) => match link.consumer.next().now_or_never() {
                None if link.is_empty => self.is_ended = true,
                None => link.is_empty = true,
                Some(received) => self.receive(received),
            },
            Ok(_) => link.is_empty = false,
            Err(e) => self.fails(e.to_string()),
        }
        Ok(())
    }

    /// Deliveries that were taken and are not acknowledged.
    fn num_unacknowledged(&self) -> u64 {
        self.link.as_ref().map_or(0, |link| link.taken - link.acknowledged)
    }

    /// Ends what would wait for ever: the server has more, and sends none of it until something is acknowledged, and nothing is.
    async fn check_stall(&mut self) -> SchemaResult<()> {
        let prefetch = self.config.source.prefetch;
        if self.config.is_stream() || self.num_unacknowledged() < prefetch.into() {
            self.num_stalled = 0;
            return Ok(());
        }
        self.num_stalled += 1;
        if self.num_stalled < MAX_STALLED {
            return Ok(());
        }
        self.num_stalled = 0;
        let Some(link) = &self.link else { return Ok(()) };
        match link.queue.count().await {
            Ok(0) => return Ok(()),
            Ok(_) => {}
            Err(e) => {
                self.fails(e.to_string());
                return Ok(());
            }
        }
        let queue = self.config.source.queue.clone();
        Err(RabbitMqFault::Stalled { queue, prefetch }.during("read the queue"))
    }

    fn receive(&mut self, received: Option<lapin::Result<Delivery>>) {
        match (received, &mut self.link) {
            (Some(Ok(delivery)), Some(link)) => {
                self.num_stalled = 0;
                link.held = Some(delivery);
                link.is_empty = false;
            }
            (Some(Err(e)), _) => self.fails(e.to_string()),
            _ => self.fails("the server has ended the consumer".to_owned()),
        }
    }
}

#[cold]
fn stream_unasked(queue: &str) -> SchemaError {
    let reason = format!("`{queue}` is a stream queue; set queue_type = 'stream', so that it is read by offsets");
    RabbitMqFault::Refused { reason }.during("read the queue")
}

impl RecordStream for RabbitMqStream {
    async fn next(&mut self, out: &mut SourceBatch, max: usize) -> SchemaResult<usize> {
        while !self.is_ended {
            if self.link.is_none() {
                self.reopen().await?;
            }
            let Some(link) = &mut self.link else { continue };
            if link.held.is_none() {
                // What is received is held before anything else is waited for.
                match tokio::time::timeout(TICK, link.consumer.next()).await {
                    Err(_) => self.idle().await?,
                    Ok(received) => self.receive(received),
                }
                continue;
            }
            self.check_gap().await?;
            let Some(first) = self.link.as_mut().and_then(|link| link.held.take()) else { continue };
            let count = self.fill(first, out, max.max(1))?;
            if self.config.is_stream() {
                self.ask_for_more();
            }
            if count > 0 {
                self.outage = None;
                if let Some(next) = self.next {
                    out.positions.set(Arc::clone(&self.partition), Position::from_u64(next));
                }
                return Ok(count);
            }
        }
        Ok(0)
    }

    fn wants_commit(&self) -> bool {
        !self.config.is_stream() && self.num_unacknowledged() * 2 >= self.config.source.prefetch.into()
    }

    /// Acknowledges everything before a position.
    async fn commit(&mut self, upto: &Positions) -> SchemaResult<()> {
        let Some(upto) = upto.get(&self.partition).and_then(Position::as_u64) else { return Ok(()) };
        if self.config.is_stream() {
            return Ok(());
        }
        let Some(link) = &mut self.link else { return Ok(()) };
        // What a channel before this one delivered, the server has taken back: it comes again.
        let tag = upto.saturating_sub(link.base).min(link.taken);
        if tag <= link.acknowledged {
            return Ok(());
        }
        let sent = link.queue.channel.basic_ack(tag, BasicAckOptions { multiple: true }).await;
        // Acknowledgements are not answered. An answer to what is asked behind them says that the server has them.
        let asked = match sent {
            Ok(()) => link.queue.count().await.map(drop).map_err(|e| e.to_string()),
            Err(e) => Err(e.to_string()),
        };
        match asked {
            Ok(()) => (link.acknowledged, self.num_stalled) = (tag, 0),
            // The records may come again on the next connection, which is all that can be done about it.
            Err(why) => self.fails(why),
        }
        Ok(())
    }
}
