//! A running source: chunks of the reader thread, and commits to the group.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc as std_mpsc,
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use laminar_schema::{ConnectorError, Measures, Positions, RecordStream, SchemaResult, SourceBatch};
use rdkafka::{
    Offset, TopicPartitionList,
    consumer::{CommitMode, Consumer},
    error::{KafkaError, RDKafkaErrorCode},
};
use tokio::sync::mpsc;

use crate::{
    chunk::{Chunk, Event},
    context::{ReaderConsumer, Resume},
    error,
    fetched::Fetched,
    member::is_member,
    partition,
    reader::Reader,
    retry::wait,
};

/// Chunks that may wait, so that neither side stands still while the other does not get a processor.
const CHUNKS: usize = 4;
/// How long a group is waited for before it is left; librdkafka waits as long for its answer.
const LEAVE_TIMEOUT: Duration = Duration::from_secs(5);

/// A running [`KafkaSource`](crate::KafkaSource).
///
/// Dropping it ends its thread and leaves the group, which takes a few round trips.
pub struct KafkaStream {
    consumer: Option<Arc<ReaderConsumer>>,
    chunks: mpsc::Receiver<Event>,
    spare: std_mpsc::Sender<Chunk>,
    /// A chunk of which not all records were taken.
    open: Option<Chunk>,
    is_ended: bool,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    commits: bool,
}

impl std::fmt::Debug for KafkaStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KafkaStream").field("is_ended", &self.is_ended).finish_non_exhaustive()
    }
}

impl KafkaStream {
    /// Starts the reader thread.
    pub(crate) fn spawn(
        consumer: Arc<ReaderConsumer>,
        fetched: Fetched,
        manual: &[(String, i32)],
        starts: &TopicPartitionList,
        ends: Option<&Resume>,
    ) -> SchemaResult<Self> {
        let commits = consumer.context().config.source.group_id.is_some();
        let (out, chunks) = mpsc::channel(CHUNKS);
        let (spare, spares) = std_mpsc::channel();
        let stop = Arc::new(AtomicBool::new(false));
        let reader = Reader::new(Arc::clone(&consumer), manual, starts, ends, (out, spares, Arc::clone(&stop)));
        let thread = std::thread::Builder::new().name("kafka-reader".to_owned()).spawn(move || reader.run(fetched));
        let thread = thread.map_err(|e| ConnectorError::io("start", "the Kafka reader's thread", e))?;
        Ok(Self {
            consumer: Some(consumer),
            chunks,
            spare,
            open: None,
            is_ended: false,
            stop,
            thread: Some(thread),
            commits,
        })
    }
}

impl RecordStream for KafkaStream {
    async fn next(&mut self, out: &mut SourceBatch, max: usize) -> SchemaResult<usize> {
        let max = max.max(1);
        // The one await comes before anything is taken, and what it yields is kept at once.
        while self.open.as_ref().is_none_or(|chunk| chunk.remaining() == 0) {
            if self.is_ended {
                return Ok(0);
            }
            match self.chunks.recv().await {
                Some(Event::Chunk(chunk)) => self.open = Some(chunk),
                Some(Event::Ended) => self.is_ended = true,
                Some(Event::Failed(error)) => {
                    self.is_ended = true;
                    return Err(error);
                }
                None => return Err(error::panicked("read the topic")),
            }
        }
        let Some(chunk) = &mut self.open else { return Ok(0) };
        let count = chunk.hand_over(out, max);
        if chunk.remaining() == 0
            && let Some(mut chunk) = self.open.take()
        {
            chunk.clear();
            // A reader that has ended needs none.
            let _ = self.spare.send(chunk);
        }
        Ok(count)
    }

    async fn commit(&mut self, upto: &Positions) -> SchemaResult<()> {
        let Some(consumer) = self.consumer.as_ref().filter(|_| self.commits).map(Arc::clone) else { return Ok(()) };
        let upto = upto.clone();
        let committing = tokio::task::spawn_blocking(move || commit(&consumer, &upto));
        committing.await.map_err(|_| error::panicked("commit offsets"))?
    }

    fn measures(&self) -> Option<Measures> {
        self.consumer.as_ref().map(|consumer| consumer.context().measures.clone())
    }
}

/// Commits the positions of partitions that are assigned to us now: those of others are theirs to commit.
fn commit(consumer: &ReaderConsumer, upto: &Positions) -> SchemaResult<()> {
    use RDKafkaErrorCode as Code;
    let config = &consumer.context().config;
    let failed = |e: KafkaError| error::client("commit offsets", format_args!("`{}`", config.topics()), e);
    let deadline = Instant::now() + config.source.outage_timeout;
    loop {
        let mut offsets = TopicPartitionList::new();
        let assigned = consumer.assignment().map_err(failed)?;
        for (name, position) in upto.iter() {
            let Some((topic, number, offset)) = partition::parse_position(name, position) else { continue };
            let is_ours = assigned.find_partition(topic, number).is_some();
            if is_ours && consumer.context().may_commit(topic, number, offset) {
                offsets.add_partition_offset(topic, number, Offset::Offset(offset)).map_err(failed)?;
            }
        }
        if offsets.count() == 0 {
            return Ok(());
        }
        let Err(error) = consumer.commit(&offsets, CommitMode::Sync) else { return Ok(()) };
        match error.rdkafka_error_code() {
            Some(Code::NoOffset) => return Ok(()),
            // The group is giving the partitions to somebody, who begins where the last commit says: the records since
            // come again, and the next checkpoint commits for what is ours then.
            Some(
                Code::RebalanceInProgress | Code::IllegalGeneration | Code::UnknownMemberId | Code::AssignmentLost,
            ) if config.is_grouped() => {
                return Ok(());
            }
            Some(code) if error::is_transient(code) && Instant::now() < deadline => {
                wait(Duration::from_millis(100));
            }
            _ => return Err(failed(error)),
        }
    }
}

impl Drop for KafkaStream {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.chunks.close();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        // The consumer must leave its group before a process ends, or the group waits for it until its session is over.
        if let Some(consumer) = self.consumer.take() {
            leave(&consumer);
        }
    }
}

/// Has a member leave its group before its consumer is closed, which by itself does not always: librdkafka (2.12) closes a member
/// without partitions of a group that rebalances cooperatively and tells nobody, and what it tells of one that is joining the
/// broker hears only once the others have answered. The group's next rebalance would wait for such a member.
fn leave(consumer: &ReaderConsumer) {
    let config = &consumer.context().config;
    if !config.is_grouped() || config.stays_member() {
        return;
    }
    consumer.unsubscribe();
    // What is under way in the group comes first. Nobody takes records any more; it is polled to hear what the group says.
    let deadline = Instant::now() + LEAVE_TIMEOUT;
    while is_member(consumer) && Instant::now() < deadline {
        let _ = consumer.poll(Duration::from_millis(10));
    }
}
