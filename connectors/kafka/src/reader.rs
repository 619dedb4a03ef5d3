//! The thread that polls a consumer and fills chunks: the only place where a record's bytes are copied.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc as std_mpsc,
    },
    time::{Duration, Instant},
};

use laminar_schema::{Location, NewRecord, RawBatch, SchemaError, SchemaResult};
use rdkafka::{
    Message, Offset, TopicPartitionList,
    consumer::Consumer,
    error::{KafkaError, RDKafkaErrorCode},
    message::{BorrowedHeaders, BorrowedMessage, Headers},
};
use tokio::sync::mpsc::{Sender, error::TrySendError};

use crate::{
    assignment::partitions_of,
    chunk::{Chunk, Event},
    context::{ReaderConsumer, Resume},
    error::{self, KafkaFault},
    measures::ERRORS,
    partition,
    retry::wait,
    words::OnOffsetLost,
};

/// Records in one chunk, at most: as many as a pipeline's batch has, so that a chunk becomes one without a copy.
const MAX_CHUNK_RECORDS: usize = 8192;
/// How long one poll waits, at most: so often a stopped source is noticed.
const POLL: Duration = Duration::from_millis(100);
/// How often a consumer is polled whose records nobody takes: a group gives up members that never poll, after
/// `max.poll.interval.ms`, which is five minutes unless the user says otherwise.
const STAY_ALIVE: Duration = Duration::from_secs(30);
/// Headers of a record that need no allocation.
const USUAL_HEADERS: usize = 16;

/// The state of the reader thread.
pub(crate) struct Reader {
    consumer: Arc<ReaderConsumer>,
    out: Sender<Event>,
    spare: std_mpsc::Receiver<Chunk>,
    stop: Arc<AtomicBool>,
    slots: Vec<Slot>,
    /// The slot of the last record: the next one is mostly of the same partition.
    last: usize,
    /// Number of the chunk that is being filled, from 1.
    chunk_no: u64,
    /// Partitions that have an end and have not reached it; `None` for a source without an end.
    unfinished: Option<usize>,
    outage_since: Option<Instant>,
    /// What went wrong while a chunk waited to be taken.
    failure: Option<SchemaError>,
    /// When to look for new partitions; never where a group assigns them.
    discover_at: Option<Instant>,
}

/// What is known of one partition.
struct Slot {
    topic: String,
    partition: i32,
    name: Arc<str>,
    /// The next offset.
    next: i64,
    end: Option<i64>,
    is_finished: bool,
    /// Its index in the batch of chunk `chunk_no`.
    in_batch: u32,
    chunk_no: u64,
    /// `next` was looked up and nothing was read since: the next chunk tells it, so that a partition without records is
    /// resumed where it began, and not at what is its end by then.
    is_looked_up: bool,
}

impl Slot {
    fn new(topic: &str, partition: i32, end: Option<i64>) -> Self {
        let name = partition::name(topic, partition);
        let topic = topic.to_owned();
        Self { topic, partition, name, next: 0, end, is_finished: false, in_batch: 0, chunk_no: 0, is_looked_up: false }
    }
}

impl Slot {
    fn begin_at(&mut self, offset: i64) {
        (self.next, self.is_looked_up) = (offset, true);
    }
}

impl Reader {
    /// A reader of what `consumer` is assigned. With `ends`, it stops behind them.
    pub(crate) fn new(
        consumer: Arc<ReaderConsumer>,
        manual: &[(String, i32)],
        starts: &TopicPartitionList,
        ends: Option<&Resume>,
        (out, spare, stop): (Sender<Event>, std_mpsc::Receiver<Chunk>, Arc<AtomicBool>),
    ) -> Self {
        let config = Arc::clone(&consumer.context().config);
        let slot = |p: &(String, i32)| Slot::new(&p.0, p.1, ends.map(|e| e.get(p).copied().unwrap_or(0)));
        let mut slots: Vec<Slot> = manual.iter().map(slot).collect();
        for slot in &mut slots {
            let start = starts.find_partition(&slot.topic, slot.partition).map(|e| e.offset());
            if let Some(Offset::Offset(start)) = start {
                slot.begin_at(start);
            }
            slot.is_finished = match (slot.end, start) {
                (Some(0), _) => true,
                (Some(end), Some(Offset::Offset(start))) => start >= end,
                _ => false,
            };
        }
        let unfinished = ends.map(|_| slots.iter().filter(|s| !s.is_finished).count());
        let looks = !config.is_grouped() && ends.is_none();
        let discover_at = looks.then(|| Instant::now() + config.source.discovery_interval);
        let (last, chunk_no, outage_since, failure) = (0, 1, None, None);
        Self { consumer, out, spare, stop, slots, last, chunk_no, unfinished, outage_since, failure, discover_at }
    }

    /// Reads until the end, an error, or until nobody listens.
    pub(crate) fn run(mut self) {
        // What came before an error or the end is handed over first.
        let mut chunk = Chunk::default();
        let last = match self.read(&mut chunk) {
            Ok(true) => Event::Ended,
            Ok(false) => return,
            Err(error) => Event::Failed(error),
        };
        if chunk.raw.is_empty() || self.deliver(&mut chunk, true) {
            let _ = self.out.blocking_send(last);
        }
    }

    /// Yields true at the end, and false when it was stopped.
    fn read(&mut self, chunk: &mut Chunk) -> SchemaResult<bool> {
        let consumer = Arc::clone(&self.consumer);
        let mut is_crowded = false;
        loop {
            if self.stop.load(Ordering::Relaxed) || self.out.is_closed() {
                return Ok(false);
            }
            if self.unfinished == Some(0) {
                return Ok(true);
            }
            if let Some(failure) = self.failure.take().or_else(|| consumer.context().take_failure()) {
                return Err(failure);
            }
            if self.discover_at.is_some_and(|at| at <= Instant::now()) {
                self.discover()?;
            }
            let timeout = match (chunk.raw.is_empty(), is_crowded) {
                (true, _) => POLL,
                // Nobody waits for a chunk that is not full.
                (false, true) => Duration::from_millis(1),
                (false, false) => Duration::ZERO,
            };
            let mut polled = consumer.poll(timeout);
            // Rebalances happen while it is polled.
            for (topic, partition, offset) in consumer.context().take_begun() {
                let at = self.slot_of(&topic, partition);
                self.slots[at].begin_at(offset);
            }
            // What is there already is taken without looking at anything else, up to a full chunk or the end.
            while let Some(Ok(message)) = &polled {
                self.take(message, chunk)?;
                if self.is_full(chunk) || self.unfinished == Some(0) {
                    break;
                }
                polled = consumer.poll(Duration::ZERO);
            }
            match polled {
                Some(Ok(_)) => {
                    self.outage_since = None;
                    if !self.deliver(chunk, true) {
                        return Ok(false);
                    }
                    is_crowded = false;
                }
                Some(Err(KafkaError::PartitionEOF(partition))) => self.reached_log_end(partition),
                Some(Err(error)) => self.judge(error)?,
                None if chunk.raw.is_empty() => self.idle()?,
                None => {
                    self.outage_since = None;
                    if !self.deliver(chunk, false) {
                        return Ok(false);
                    }
                    is_crowded = !chunk.raw.is_empty();
                }
            }
        }
    }

    fn is_full(&self, chunk: &Chunk) -> bool {
        chunk.raw.len() >= MAX_CHUNK_RECORDS
            || chunk.raw.num_value_bytes() >= self.consumer.context().config.source.max_batch_bytes
    }

    /// Appends a record.
    fn take(&mut self, message: &BorrowedMessage<'_>, chunk: &mut Chunk) -> SchemaResult<()> {
        let at = self.slot_of(message.topic(), message.partition());
        let (slot, offset) = (&mut self.slots[at], message.offset());
        if let Some(end) = slot.end {
            if !slot.is_finished && offset + 1 >= end {
                slot.is_finished = true;
                self.unfinished = self.unfinished.map(|n| n - 1);
            }
            if offset >= end {
                return Ok(());
            }
        }
        if slot.chunk_no != self.chunk_no {
            slot.in_batch = chunk.raw.partition(&slot.name, None);
            slot.chunk_no = self.chunk_no;
            // Should this record not come in, it is the next one.
            slot.next = offset;
        }
        let record = NewRecord {
            value: message.payload(),
            key: message.key(),
            timestamp: message.timestamp().to_millis(),
            partition: Some(slot.in_batch),
            // Offsets of records are never negative.
            offset: u64::try_from(offset).ok(),
            line: None,
            headers: &[],
        };
        match message.headers().filter(|_| self.consumer.context().config.source.headers) {
            None => chunk.raw.push(record),
            Some(headers) => {
                // rdkafka panics at a header's name that is not UTF-8, and Kafka does not check names.
                let pushed = catch_unwind(AssertUnwindSafe(|| push_with_headers(&mut chunk.raw, record, headers)));
                pushed.map_err(|_| bad_header(&slot.name, record.offset))?;
            }
        }
        slot.next = offset + 1;
        Ok(())
    }

    fn slot_of(&mut self, topic: &str, partition: i32) -> usize {
        let is = |slot: &Slot| slot.partition == partition && slot.topic == topic;
        if !self.slots.get(self.last).is_some_and(is) {
            self.last = self.slots.iter().position(is).unwrap_or_else(|| {
                self.slots.push(Slot::new(topic, partition, None));
                self.slots.len() - 1
            });
        }
        self.last
    }

    /// Hands a chunk over. Where nobody takes it, waits when `must`, and keeps it otherwise. Yields false when stopped.
    fn deliver(&mut self, chunk: &mut Chunk, must: bool) -> bool {
        let chunk_no = self.chunk_no;
        self.note_next(chunk);
        let mut polled = Instant::now();
        let mut event = Event::Chunk(std::mem::take(chunk));
        loop {
            event = match self.out.try_send(event) {
                Ok(()) => {
                    let context = self.consumer.context();
                    for slot in &mut self.slots {
                        if slot.chunk_no == chunk_no {
                            context.has_reached(&slot.topic, slot.partition, slot.next);
                        }
                        slot.is_looked_up = false;
                    }
                    *chunk = self.spare.try_recv().unwrap_or_default();
                    self.chunk_no += 1;
                    return true;
                }
                Err(TrySendError::Closed(_)) => return false,
                Err(TrySendError::Full(event)) => event,
            };
            let Event::Chunk(full) = &mut event else { return false };
            if !must {
                *chunk = std::mem::take(full);
                return true;
            }
            if self.stop.load(Ordering::Relaxed) {
                return false;
            }
            if polled.elapsed() >= STAY_ALIVE {
                polled = Instant::now();
                let consumer = Arc::clone(&self.consumer);
                // One record more than a chunk holds. What librdkafka says of a partition it says once.
                let judged = match consumer.poll(Duration::ZERO) {
                    None => Ok(()),
                    Some(Ok(message)) => self.take(&message, full),
                    Some(Err(KafkaError::PartitionEOF(partition))) => {
                        self.reached_log_end(partition);
                        Ok(())
                    }
                    Some(Err(error)) => self.judge(error),
                };
                if let Err(error) = judged {
                    self.failure.get_or_insert(error);
                }
                self.note_next(full);
            }
            wait(Duration::from_millis(1));
        }
    }

    /// Writes into a chunk where each partition goes on behind it.
    fn note_next(&self, chunk: &mut Chunk) {
        chunk.next.clear();
        let told = self.slots.iter().filter(|s| s.chunk_no == self.chunk_no || s.is_looked_up);
        chunk.next.extend(told.map(|s| (Arc::clone(&s.name), u64::try_from(s.next).unwrap_or(0))));
    }

    /// The log of a partition ends here, which for a bounded read is at or behind its end.
    fn reached_log_end(&mut self, partition: i32) {
        self.outage_since = None;
        // Bounded reads are of one topic, so the number says which partition it is.
        for slot in self.slots.iter_mut().filter(|s| s.partition == partition && !s.is_finished) {
            slot.is_finished = true;
            self.unfinished = self.unfinished.map(|n| n - 1);
        }
    }

    /// Tells what ends reading from what librdkafka gets over.
    fn judge(&mut self, error: KafkaError) -> SchemaResult<()> {
        use RDKafkaErrorCode as Code;
        self.consumer.context().measures.add(&ERRORS, 1);
        let about = || format!("`{}`", self.consumer.context().config.topics());
        let fatal = |error| Err(error::client("read the topic", about(), error));
        match (&error, error.rdkafka_error_code()) {
            (KafkaError::MessageConsumptionFatal(_), _) => fatal(error),
            (_, Some(Code::AutoOffsetReset | Code::OffsetOutOfRange)) => {
                if self.consumer.context().config.source.on_offset_lost == OnOffsetLost::Fail {
                    return Err(KafkaFault::OffsetLost { partition: about() }.during("read the topic"));
                }
                Ok(())
            }
            (_, Some(Code::UnknownTopicOrPartition | Code::UnknownTopic | Code::UnknownPartition)) => {
                // A broker that has just started may say so of a topic that is there.
                match partitions_of(&self.consumer, &self.consumer.context().config) {
                    Err(error) if !error.is_retryable() => Err(error),
                    _ => Ok(()),
                }
            }
            // The member joins again by itself.
            (_, Some(Code::PollExceeded | Code::IllegalGeneration | Code::UnknownMemberId)) => Ok(()),
            (_, Some(code)) if error::is_transient(code) => {
                self.outage_since.get_or_insert_with(Instant::now);
                Ok(())
            }
            _ => fatal(error),
        }
    }

    /// Nothing came for a while.
    fn idle(&mut self) -> SchemaResult<()> {
        self.check_outage()
    }

    /// Gives up when brokers have been out of reach for too long, and are still.
    fn check_outage(&mut self) -> SchemaResult<()> {
        let config = &self.consumer.context().config.source;
        let Some(since) = self.outage_since.filter(|since| since.elapsed() >= config.outage_timeout) else {
            return Ok(());
        };
        if self.consumer.fetch_metadata(config.topic.first().map(String::as_str), Duration::from_secs(5)).is_ok() {
            self.outage_since = None;
            return Ok(());
        }
        let seconds = since.elapsed().as_secs();
        Err(KafkaFault::Outage { brokers: config.brokers.clone(), seconds }.during("read the topic"))
    }

    /// Takes partitions over that were added to the topic. Everything in them is new, so they are read from their
    /// beginning.
    fn discover(&mut self) -> SchemaResult<()> {
        let config = Arc::clone(&self.consumer.context().config);
        self.discover_at = Some(Instant::now() + config.source.discovery_interval);
        let there = match partitions_of(&self.consumer, &config) {
            Ok(there) => there,
            Err(error) if error.is_retryable() => return Ok(()),
            Err(error) => return Err(error),
        };
        let mut added = TopicPartitionList::new();
        for (topic, number) in there {
            if self.slots.iter().all(|s| s.topic != topic || s.partition != number) {
                let failed = |e| -> SchemaError { error::client("take over a new partition", &topic, e) };
                added.add_partition_offset(&topic, number, Offset::Beginning).map_err(failed)?;
                self.slots.push(Slot::new(&topic, number, None));
            }
        }
        if added.count() == 0 {
            return Ok(());
        }
        let assigned = self.consumer.incremental_assign(&added);
        assigned.map_err(|e| error::client("take over new partitions", config.topics(), e))
    }
}

/// Appends a record with its headers; those of most records fit on the stack.
fn push_with_headers(raw: &mut RawBatch, record: NewRecord<'_>, headers: &BorrowedHeaders) {
    let count = headers.count();
    if count > USUAL_HEADERS {
        let all: Vec<_> = headers.iter().map(|h| (h.key, h.value.unwrap_or_default())).collect();
        return raw.push(NewRecord { headers: &all, ..record });
    }
    let mut usual: [(&str, &[u8]); USUAL_HEADERS] = [("", &[]); USUAL_HEADERS];
    for (place, header) in usual.iter_mut().zip(headers.iter()) {
        *place = (header.key, header.value.unwrap_or_default());
    }
    raw.push(NewRecord { headers: &usual[..count], ..record });
}

#[cold]
fn bad_header(partition: &Arc<str>, offset: Option<u64>) -> SchemaError {
    let reason =
        "a header's name is not UTF-8; set headers = false to read the records without their headers".to_owned();
    let place = Location { partition: Some(Arc::clone(partition)), offset, ..Location::default() };
    KafkaFault::Refused { reason }.during("read a record").at(place)
}
