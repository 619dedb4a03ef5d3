//! The thread that polls a consumer and fills chunks: the only place where a record's bytes are copied.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{self as std_mpsc, RecvTimeoutError},
    },
    time::{Duration, Instant},
};

use laminar_schema::{NewRecord, SchemaError, SchemaResult};
use rdkafka::{
    Message, Offset, TopicPartitionList,
    consumer::Consumer,
    error::{KafkaError, RDKafkaErrorCode},
};
use tokio::sync::mpsc::{Sender, error::TrySendError};

use crate::{
    assignment::partitions_of,
    chunk::{Chunk, Event},
    context::{ReaderConsumer, Resume},
    error::{self, KafkaFault},
    fetched::{Fetched, Record},
    headers::{bad_header, push_with_headers},
    measures::ERRORS,
    slot::Slot,
    words::OnOffsetLost,
};

/// Records in one chunk, at most: as many as a pipeline's batch has, so that a chunk becomes one without a copy.
const MAX_CHUNK_RECORDS: usize = 8192;
/// How long to wait for records, at most: so often a stopped source is noticed, and rebalances are.
const POLL: Duration = Duration::from_millis(20);
/// How often to listen to a consumer whose records nobody takes: a group gives up members that do not, statistics are told,
/// and partitions that another member waits for are given up.
const STAY_ALIVE: Duration = Duration::from_millis(200);

/// The state of the reader thread.
pub(crate) struct Reader {
    consumer: Arc<ReaderConsumer>,
    out: Sender<Event>,
    /// Chunks that come back, and those of them that wait to be filled.
    spare: std_mpsc::Receiver<Chunk>,
    spares: Vec<Chunk>,
    stop: Arc<AtomicBool>,
    slots: Vec<Slot>,
    /// Topic and partition of the last record that was taken, and their slot: the next one is mostly of the same partition.
    last: Option<((usize, i32), usize)>,
    takes_headers: bool,
    max_bytes: usize,
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
        let (takes_headers, max_bytes) = (config.takes_headers(), config.source.max_batch_bytes);
        Self {
            consumer,
            out,
            spare,
            spares: Vec::new(),
            stop,
            slots,
            last: None,
            takes_headers,
            max_bytes,
            chunk_no: 1,
            unfinished,
            outage_since: None,
            failure: None,
            discover_at,
        }
    }

    /// Reads until the end, an error, or until nobody listens.
    pub(crate) fn run(mut self, mut fetched: Fetched) {
        // What came before an error or the end is handed over first.
        let mut chunk = Chunk::default();
        let last = match self.read(&mut fetched, &mut chunk) {
            Ok(true) => Event::Ended,
            Ok(false) => return,
            Err(error) => Event::Failed(error),
        };
        if chunk.raw.is_empty() || self.deliver(&mut chunk, true) {
            let _ = self.out.blocking_send(last);
        }
    }

    /// Yields true at the end, and false when it was stopped.
    fn read(&mut self, fetched: &mut Fetched, chunk: &mut Chunk) -> SchemaResult<bool> {
        let mut is_crowded = false;
        loop {
            if self.stop.load(Ordering::Relaxed) || self.out.is_closed() {
                return Ok(false);
            }
            if self.unfinished == Some(0) {
                return Ok(true);
            }
            if self.discover_at.is_some_and(|at| at <= Instant::now()) {
                self.discover()?;
            }
            self.listen()?;
            for (topic, partition) in self.consumer.context().take_given_up() {
                fetched.forget(&topic, partition);
            }
            for (topic, partition, offset) in self.consumer.context().take_begun() {
                let at = self.slot_named(&topic, partition);
                self.slots[at].begin_at(offset);
            }
            let timeout = match (chunk.raw.is_empty(), is_crowded) {
                (true, _) => POLL,
                // Nobody waits for a chunk that is not full.
                (false, true) => Duration::from_millis(1),
                (false, false) => Duration::ZERO,
            };
            if fetched.fill(timeout) {
                if self.take_all(fetched, chunk)? && !self.deliver(chunk, true) {
                    return Ok(false);
                }
                if chunk.raw.is_empty() {
                    self.check_outage()?;
                }
                is_crowded = false;
            } else if chunk.raw.is_empty() {
                self.check_outage()?;
            } else {
                if !self.deliver(chunk, false) {
                    return Ok(false);
                }
                is_crowded = !chunk.raw.is_empty();
            }
        }
    }

    /// Hears what librdkafka has to say beside records: rebalances and statistics, which call back, and errors.
    fn listen(&mut self) -> SchemaResult<()> {
        let consumer = Arc::clone(&self.consumer);
        loop {
            let said = consumer.poll(Duration::ZERO);
            if let Some(failure) = self.failure.take().or_else(|| consumer.context().take_failure()) {
                return Err(failure);
            }
            match said {
                None => return Ok(()),
                Some(Err(error)) => self.hear(error)?,
                Some(Ok(record)) => {
                    let (topic, partition, offset) = (record.topic(), record.partition(), record.offset());
                    let reason = format!("{topic}/{partition} has sent offset {offset} past its queue");
                    return Err(KafkaFault::Refused { reason }.during("read the topic"));
                }
            }
        }
    }

    /// Takes what was fetched, up to a full chunk or the end. Yields whether the chunk is full.
    fn take_all(&mut self, fetched: &mut Fetched, chunk: &mut Chunk) -> SchemaResult<bool> {
        // What it was may have gone, and its number be another's.
        self.last = None;
        while let Some(next) = fetched.peek() {
            match next {
                Ok(record) => {
                    self.outage_since = None;
                    self.take(record, chunk)?;
                }
                Err(error) => self.hear(error)?,
            }
            fetched.advance();
            if self.is_full(chunk) {
                return Ok(true);
            }
            if self.unfinished == Some(0) {
                break;
            }
        }
        Ok(false)
    }

    fn hear(&mut self, error: KafkaError) -> SchemaResult<()> {
        match error {
            KafkaError::PartitionEOF(partition) => {
                self.reached_log_end(partition);
                Ok(())
            }
            error => self.judge(error),
        }
    }

    fn is_full(&self, chunk: &Chunk) -> bool {
        chunk.raw.len() >= MAX_CHUNK_RECORDS || chunk.raw.num_value_bytes() >= self.max_bytes
    }

    /// Appends a record.
    fn take(&mut self, record: Record<'_>, chunk: &mut Chunk) -> SchemaResult<()> {
        let at = self.slot_of(record);
        let (slot, offset) = (&mut self.slots[at], record.offset());
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
        let new = NewRecord {
            value: record.value(),
            key: record.key(),
            timestamp: record.timestamp(),
            partition: Some(slot.in_batch),
            // Offsets of records are never negative.
            offset: u64::try_from(offset).ok(),
            line: None,
            headers: &[],
        };
        if self.takes_headers {
            let pushed = push_with_headers(&mut chunk.raw, new, record.headers());
            pushed.map_err(|_| bad_header(&slot.name, new.offset))?;
        } else {
            chunk.raw.push(new);
        }
        slot.next = offset + 1;
        Ok(())
    }

    fn slot_of(&mut self, record: Record<'_>) -> usize {
        let key = (record.topic_id(), record.partition());
        match self.last {
            Some((last, at)) if last == key => at,
            _ => {
                let at = self.slot_named(record.topic(), record.partition());
                self.last = Some((key, at));
                at
            }
        }
    }

    fn slot_named(&mut self, topic: &str, partition: i32) -> usize {
        let is = |slot: &Slot| slot.partition == partition && slot.topic == topic;
        self.slots.iter().position(is).unwrap_or_else(|| {
            self.slots.push(Slot::new(topic, partition, None));
            self.slots.len() - 1
        })
    }

    /// Hands a chunk over. Where nobody takes it, waits when `must`, and keeps it otherwise. Yields false when stopped.
    fn deliver(&mut self, chunk: &mut Chunk, must: bool) -> bool {
        self.note_next(chunk);
        self.note_reached();
        let mut polled = Instant::now();
        let mut event = Event::Chunk(std::mem::take(chunk));
        loop {
            event = match self.out.try_send(event) {
                Ok(()) => {
                    self.slots.iter_mut().for_each(|slot| slot.is_looked_up = false);
                    *chunk = self.spares.pop().or_else(|| self.spare.try_recv().ok()).unwrap_or_default();
                    self.chunk_no += 1;
                    return true;
                }
                Err(TrySendError::Closed(_)) => return false,
                Err(TrySendError::Full(event)) => event,
            };
            if !must {
                let Event::Chunk(kept) = event else { return false };
                *chunk = kept;
                return true;
            }
            if self.stop.load(Ordering::Relaxed) {
                return false;
            }
            if polled.elapsed() >= STAY_ALIVE {
                polled = Instant::now();
                if let Err(error) = self.listen() {
                    self.failure.get_or_insert(error);
                }
            }
            // A chunk comes back where one was taken, so that there is room for this one.
            match self.spare.recv_timeout(POLL) {
                Ok(spare) => self.spares.push(spare),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return false,
            }
        }
    }

    /// Has a partition that the group takes away and gives back go on behind the chunk: it will be handed over, unless the run
    /// stops.
    fn note_reached(&self) {
        let context = self.consumer.context();
        for slot in self.slots.iter().filter(|slot| slot.chunk_no == self.chunk_no) {
            context.has_reached(&slot.topic, slot.partition, slot.next);
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
                self.consumer.context().diversion.divert(&self.consumer, &topic, number)?;
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
