//! The loop: poll, decode, dispose of bad records, write, checkpoint.

use std::{
    collections::{BTreeMap, VecDeque},
    future::Future,
    pin::pin,
    sync::Arc,
    time::Duration,
};

use arrow_schema::SchemaRef;
use tokio::{
    sync::oneshot,
    time::{Instant, sleep_until},
};

use super::{
    CheckpointStore, Ended, ErrorBudget, Metrics, Output, StoredCheckpoint, Summary,
    budget::Spent,
    dead_letters,
    lane::{Lane, Made, Projection, Share, Watch, wanted},
    output::RunningOutput,
    schema_change::{Follower, SchemaChanges, Seen, note_rescued},
    watermark::{WatermarkConfig, Watermarks},
    workers::{Done, Workers},
};
use crate::{
    capability::SchemaRegistryAware,
    connector::{Checkpoint, RecordStream, SinkConnector, SourceConnector},
    error::{ConnectorError, Location, SchemaError, SchemaResult},
    evolution::{DriftStore, DriftVerdict, OnSchemaChange},
    format::{DecodeSpec, EncodedBatch, MetadataKind, Scan, WriterSchema, WriterSchemaId, registered},
    position::Positions,
    predicate::Predicate,
    record::{BatchContent, NewRecord, RawBatch, SourceBatch},
    registry::{RegistryConfig, RegistryError},
};

/// What happens with records that do not fit: `ON ERROR …`.
#[derive(Debug)]
pub enum OnError<K> {
    /// The first one stops the pipeline; nothing of its batch is written.
    Fail,
    /// They are counted and left out.
    Skip,
    /// They go to another sink, as rows of [`dead_letter_schema`](super::dead_letter_schema).
    DeadLetter(Output<K>),
}

/// How a pipeline runs.
#[derive(Debug, Clone)]
pub struct PipelineConfig {
    /// Name of the source in errors and dead letters.
    pub source_name: Arc<str>,
    /// Records per batch, at most.
    pub max_batch_records: usize,
    /// Time between checkpoints.
    pub checkpoint_interval: Duration,
    /// Where checkpoints are kept; without it every run starts at the beginning.
    pub store: Option<CheckpointStore>,
    /// The registry to ask for writer schemas that records name.
    pub registry: Option<RegistryConfig>,
    /// What happens when the source's schema changes; without it nobody looks, and the format's own options decide.
    pub schema_changes: Option<Box<SchemaChanges>>,
    /// Where the drift report is kept, beside the checkpoint.
    pub drift: Option<DriftStore>,
    /// Whether the source is told how far it was read: not where nothing was written.
    pub commits: bool,
    /// Threads that decode and encode; 0 means one. With one, that is done where the source is polled and the sinks are
    /// written to. A pipeline with a registry has one, and so has one that stops or follows at a schema change: what it
    /// learns from a record changes how the next one is decoded.
    ///
    /// Memory: two batches per thread are on their way at most, each as its bytes and as what was encoded of them.
    pub threads: usize,
    /// Which column says how far event time has come; nobody looks without it.
    pub watermark: Option<WatermarkConfig>,
    /// How many records may be rejected before the run ends; any number without it, where `ON ERROR` is not FAIL.
    pub error_budget: Option<ErrorBudget>,
}

impl PipelineConfig {
    /// The usual settings: 8,192 records per batch, a checkpoint every 10 s, no store, one thread.
    pub fn new(source_name: impl Into<Arc<str>>) -> Self {
        Self {
            source_name: source_name.into(),
            max_batch_records: 8192,
            checkpoint_interval: Duration::from_secs(10),
            store: None,
            registry: None,
            schema_changes: None,
            drift: None,
            commits: true,
            threads: 1,
            watermark: None,
            error_budget: None,
        }
    }
}

/// One source, its decoder, and the outputs that share it.
#[derive(Debug)]
pub struct Pipeline<S, K> {
    pub(super) source: S,
    pub(super) spec: DecodeSpec,
    pub(super) outputs: Vec<Output<K>>,
    pub(super) on_error: OnError<K>,
    pub(super) config: PipelineConfig,
}

impl<S: SourceConnector, K: SinkConnector> Pipeline<S, K> {
    /// A pipeline that is ready to run. Outputs take columns of `spec.output_schema()`.
    pub fn new(
        source: S,
        spec: DecodeSpec,
        outputs: Vec<Output<K>>,
        on_error: OnError<K>,
        config: PipelineConfig,
    ) -> Self {
        Self { source, spec, outputs, on_error, config }
    }

    /// Runs until the source ends, `shutdown` is ready, or an error.
    ///
    /// # Errors
    /// Whatever stopped it; under [`OnError::Fail`] the first rejected record, located. All sinks are aborted back
    /// to the last checkpoint.
    pub async fn run(self, shutdown: impl Future<Output = ()> + Send, metrics: &Metrics) -> SchemaResult<Summary> {
        let source_name = Arc::clone(&self.config.source_name);
        let in_source = |e: SchemaError| e.at(Location::source(Arc::clone(&source_name)));
        if let Some(store) = &self.config.drift {
            metrics.resume_drift(store.load().map_err(in_source)?);
        }
        let mut running = Box::pin(Running::open(self, metrics)).await.map_err(in_source)?;
        metrics.show_measures(running.stream.measures());
        match running.run(shutdown, metrics).await {
            Ok(ended) => Ok(metrics.summary(ended, running.positions)),
            Err(error) => {
                // The first error is the one to show; a sink that cannot even abort is undone by its next recovery.
                // Once the checkpoint is stored its transactions are decided: they must be committed, now or by the
                // next run's recovery, and undoing one would lose what the source will not send again.
                if !running.is_decided {
                    for output in running.outputs.iter_mut().chain(&mut running.dead_letter) {
                        let _ = output.abort().await;
                    }
                }
                if let Some(store) = &running.config.drift {
                    // As above: the first error is the one to show.
                    let _ = store.keep_failures_of(&metrics.drift());
                }
                Err(in_source(error))
            }
        }
    }
}

/// A pipeline with everything open.
struct Running<S: SourceConnector, K: SinkConnector> {
    source: S,
    /// What the outputs take columns of.
    spec: DecodeSpec,
    follower: Option<Box<Follower>>,
    watermarks: Option<Watermarks>,
    spent: Option<Spent>,
    /// Decodes here, where there are no workers.
    lane: Lane<S::Decoder, K::Encoder>,
    workers: Option<Workers>,
    stream: S::Stream,
    outputs: Vec<RunningOutput<K>>,
    dead_letter: Option<RunningOutput<K>>,
    fails_on_rejection: bool,
    config: PipelineConfig,
    /// What was read and not yet disposed of, in the order in which it was read.
    on_its_way: VecDeque<OnItsWay>,
    spare: Spare,
    positions: Positions,
    epoch: u64,
    /// Whether anything was read since the last checkpoint.
    is_dirty: bool,
    /// Whether a stored checkpoint waits for sinks to commit.
    is_decided: bool,
}

/// What one poll of the source came to.
enum Step {
    /// A batch, and what was made of it.
    Done(Done),
    /// A record that could not be cut out of its bytes.
    Uncut(SchemaError),
    /// It cannot go on.
    Failed(SchemaError),
    /// The source has ended, and these are its last positions.
    End(SourceBatch),
}

/// A step that comes after all before it.
#[allow(clippy::large_enum_variant, reason = "a handful of them are alive at once")]
enum OnItsWay {
    /// A worker has it.
    Working(oneshot::Receiver<Done>),
    Ready(Step),
}

/// What batches were in and will be in again.
#[derive(Default)]
struct Spare {
    batches: Vec<SourceBatch>,
    arenas: Vec<EncodedBatch>,
}

impl Spare {
    /// As many arenas as there are, and `count` at most: a batch that held all of them would have every other batch
    /// on its way make new ones, again and again.
    fn lend_arenas(&mut self, count: usize) -> Vec<EncodedBatch> {
        self.arenas.split_off(self.arenas.len().saturating_sub(count))
    }
}

/// Batches on their way for each worker: one that it is at, and one that waits for it.
const BATCHES_PER_WORKER: usize = 2;

impl<S: SourceConnector, K: SinkConnector> Running<S, K> {
    async fn open(pipeline: Pipeline<S, K>, metrics: &Metrics) -> SchemaResult<Self> {
        let Pipeline { source, mut spec, mut outputs, on_error, mut config } = pipeline;
        let last = config.store.as_ref().map(CheckpointStore::load).transpose()?.flatten();
        let follower = match config.schema_changes.take() {
            None => None,
            Some(changes) => {
                let (mut follower, in_force) = Follower::open::<S::Decoder>(*changes, &spec, last.as_ref())?;
                let known =
                    last.as_ref().and_then(|last| last.writer_id).filter(|id| follower.writer_id() != Some(*id));
                if let (Some(id), Some(registry), Some(config)) =
                    (known, source.as_schema_registry_aware(), &config.registry)
                {
                    follower.resume_writer(&mut spec, registry.fetch_schema_by_id(config, id).await?);
                }
                let planned = spec.output_schema();
                spec.schema = in_force;
                for output in &mut outputs {
                    output.resume(&planned, &spec.output_schema()).await?;
                }
                Some(Box::new(follower))
            }
        };
        let (decode_spec, watch) = decoding(&spec, follower.as_deref());
        let event_time = event_time(&spec, &config);
        let source =
            source.with_scan(&scan(&spec, &outputs, matches!(on_error, OnError::DeadLetter(_)), event_time))?;
        let decoder = source.build_decoder(&decode_spec)?;
        let stream = source.start(last.as_ref().map(|l| &l.positions)).await?;
        let prepared = |name: &str| last.as_ref().and_then(|l| l.sinks.get(name));
        let mut opened = Vec::with_capacity(outputs.len());
        for output in outputs {
            let last = prepared(output.name());
            opened.push(output.open(last).await?);
        }
        let fails_on_rejection = matches!(on_error, OnError::Fail);
        let dead_letter = match on_error {
            OnError::DeadLetter(output) => {
                let last = prepared(output.name());
                Some(output.open(last).await?)
            }
            OnError::Fail | OnError::Skip => None,
        };
        let lane = Lane::new(decoder, &spec, shares(&opened, false)?, watch, event_time);
        let workers = match config.threads {
            2.. if config.registry.is_none() && watch != Watch::UnknownFields => {
                let lane = |_| {
                    let decoder = source.build_decoder(&decode_spec)?;
                    Ok(Lane::new(decoder, &spec, shares(&opened, true)?, watch, event_time))
                };
                Some(Workers::spawn((0..config.threads).map(lane).collect::<SchemaResult<_>>()?)?)
            }
            _ => None,
        };
        Ok(Self {
            source,
            lane,
            workers,
            spec,
            follower,
            stream,
            outputs: opened,
            dead_letter,
            fails_on_rejection,
            on_its_way: VecDeque::new(),
            spare: Spare::default(),
            epoch: last.as_ref().map_or(0, |l| l.epoch),
            watermarks: config
                .watermark
                .clone()
                .map(|watermark| Watermarks::new(watermark, last.as_ref().and_then(|last| last.watermark), metrics)),
            spent: config.error_budget.clone().map(Spent::new),
            config,
            positions: last.map(|l| l.positions).unwrap_or_default(),
            is_dirty: false,
            is_decided: false,
        })
    }

    async fn run(&mut self, shutdown: impl Future<Output = ()> + Send, metrics: &Metrics) -> SchemaResult<Ended> {
        let mut shutdown = pin!(shutdown);
        for output in self.outputs.iter_mut().chain(&mut self.dead_letter) {
            self.is_dirty |= output.begin().await?;
        }
        let max_on_their_way = self.workers.as_ref().map_or(1, |_| BATCHES_PER_WORKER * self.config.threads);
        let mut batch = SourceBatch::new();
        let mut due = Instant::now() + self.config.checkpoint_interval;
        let mut ended = None;
        // What was read is disposed of before the end, whatever the end is.
        while ended.is_none() || !self.on_its_way.is_empty() {
            let may_read = ended.is_none() && self.on_its_way.len() < max_on_their_way;
            tokio::select! {
                biased;
                () = &mut shutdown, if ended.is_none() => ended = Some(Ended::Interrupted),
                () = sleep_until(due), if self.is_dirty => {}
                step = first(&mut self.on_its_way), if !self.on_its_way.is_empty() => self.dispose(step, metrics).await?,
                read = self.stream.next(&mut batch, self.config.max_batch_records), if may_read => {
                    let next = self.spare.batches.pop().unwrap_or_default();
                    let (step, is_last) = self.step(read, std::mem::replace(&mut batch, next));
                    self.on_its_way.push_back(step);
                    if is_last {
                        ended = Some(Ended::SourceEnded);
                    }
                }
            }
            if Instant::now() >= due {
                if self.config.store.is_some() || !self.has_footers() {
                    self.checkpoint(metrics).await?;
                }
                due = Instant::now() + self.config.checkpoint_interval;
            }
        }
        self.checkpoint(metrics).await?;
        for output in self.outputs.iter_mut().chain(&mut self.dead_letter) {
            output.close().await?;
        }
        Ok(ended.unwrap_or(Ended::SourceEnded))
    }

    /// Has a batch that was read worked on, here or by a worker; yields also whether nothing is to be read behind it.
    fn step(&mut self, read: SchemaResult<usize>, batch: SourceBatch) -> (OnItsWay, bool) {
        match read {
            Ok(0) => (OnItsWay::Ready(Step::End(batch)), true),
            Ok(_) => {
                let mut spare = self.spare.lend_arenas(self.outputs.len());
                let step = match &self.workers {
                    Some(workers) => OnItsWay::Working(workers.hand_over(batch, spare)),
                    None => {
                        let made = self.lane.work(&batch, &mut spare);
                        OnItsWay::Ready(Step::Done(Done { batch, made, spare }))
                    }
                };
                (step, false)
            }
            Err(error) if error.is_row_level() => (OnItsWay::Ready(Step::Uncut(error)), false),
            Err(error) => (OnItsWay::Ready(Step::Failed(error)), true),
        }
    }

    async fn dispose(&mut self, step: Step, metrics: &Metrics) -> SchemaResult<()> {
        match step {
            Step::Done(done) => self.dispose_of_batch(done, metrics).await,
            Step::Uncut(error) => self.reject_uncut(error, metrics).await,
            Step::Failed(error) => Err(error),
            Step::End(batch) => {
                metrics.count_skipped(batch.skipped);
                self.advance(&batch);
                if let Some(watermarks) = &mut self.watermarks {
                    self.is_dirty |= watermarks.end(metrics);
                }
                Ok(())
            }
        }
    }

    async fn dispose_of_batch(&mut self, done: Done, metrics: &Metrics) -> SchemaResult<()> {
        let Done { mut batch, made, mut spare } = done;
        self.spare.arenas.append(&mut spare);
        match batch.content() {
            BatchContent::Raw(raw) => {
                metrics.count_input(raw.len(), raw.num_value_bytes());
                self.finish(raw, made, metrics).await?;
            }
            BatchContent::Columns(columns) => {
                metrics.count_input(columns.num_rows(), columns.get_array_memory_size());
                self.take_over(&RawBatch::new(), made, metrics).await?;
            }
        }
        self.advance(&batch);
        metrics.count_skipped(batch.skipped);
        self.is_dirty = true;
        batch.clear();
        self.spare.batches.push(batch);
        Ok(())
    }

    /// Whether some output is a file that a checkpoint ends. Without a store nothing resumes from one, so that the run
    /// makes one file, and its one checkpoint at its end.
    fn has_footers(&self) -> bool {
        self.outputs.iter().chain(&self.dead_letter).any(RunningOutput::has_footer)
    }

    /// Takes over how far the source was read: behind a batch, or behind the end of its last partition.
    fn advance(&mut self, batch: &SourceBatch) {
        if !batch.positions.is_empty() {
            self.positions.advance(&batch.positions);
            self.is_dirty = true;
        }
    }

    /// Takes over what was made of `raw`, and of its rest when it names writer schemas that are not known yet, or has
    /// fields that the schema lacks.
    async fn finish(&mut self, raw: &RawBatch, made: Made, metrics: &Metrics) -> SchemaResult<()> {
        let Some((stop, consumed)) = self.take_over(raw, made, metrics).await? else { return Ok(()) };
        let mut rest = raw.suffix(consumed);
        Box::pin(self.go_on(stop, &rest, metrics)).await?;
        loop {
            let made = self.lane.decode(&rest, &mut self.spare.arenas);
            let Some((stop, consumed)) = self.take_over(&rest, made, metrics).await? else { return Ok(()) };
            rest = rest.suffix(consumed);
            Box::pin(self.go_on(stop, &rest, metrics)).await?;
        }
    }

    /// Changes what the first record of `rest` needs to have changed. Boxed where it is called: it is rare, and would be most of
    /// the future of every run.
    #[cold]
    async fn go_on(&mut self, stop: Stop, rest: &RawBatch, metrics: &Metrics) -> SchemaResult<()> {
        match stop {
            Stop::UnknownWriter(id) => {
                let mut place = rest.record(0).location();
                place.fill_from(Location::source(Arc::clone(&self.config.source_name)));
                self.learn(id, place, metrics).await
            }
            Stop::UnknownField(error) => self.follow(rest, error, metrics).await,
        }
    }

    /// Goes on with the schema that the first record of `rest` asks for, or fails.
    async fn follow(&mut self, rest: &RawBatch, error: SchemaError, metrics: &Metrics) -> SchemaResult<()> {
        // Without a follower nobody looks out for unknown fields.
        let Some(follower) = &mut self.follower else { return Err(error) };
        let record = Seen { place: error.location().clone(), positions: &self.positions, metrics };
        let next = {
            let evolvable = self.source.as_schema_evolvable();
            follower.on_unknown_field(&self.spec, rest, &record, evolvable.as_ref())?
        };
        self.change_schema(next).await
    }

    /// Goes on with another schema: another decoder, and outputs that take their columns of its rows.
    async fn change_schema(&mut self, next: SchemaRef) -> SchemaResult<()> {
        let old = self.spec.output_schema();
        self.spec.schema = next;
        let new = self.spec.output_schema();
        for output in &mut self.outputs {
            output.follow(&old, &new).await?;
        }
        let (decode_spec, watch) = decoding(&self.spec, self.follower.as_deref());
        let decoder = self.source.build_decoder(&decode_spec)?;
        let event_time = event_time(&self.spec, &self.config);
        self.lane = Lane::new(decoder, &self.spec, shares(&self.outputs, false)?, watch, event_time);
        Ok(())
    }

    /// Disposes of what did not fit, then writes what did; yields why it stopped before the end, and at which record.
    async fn take_over(
        &mut self,
        raw: &RawBatch,
        made: Made,
        metrics: &Metrics,
    ) -> SchemaResult<Option<(Stop, usize)>> {
        let Made { rejected, num_rows, num_left_out, portions, error, needs, unknown, rescued, event_times } = made;
        if let Some(rescued) = rescued {
            let (column, rows) = *rescued;
            let found = column.iter().enumerate().filter_map(|(row, text)| Some((row, text?)));
            let source = Location::source(Arc::clone(&self.config.source_name));
            let located = found.map(|(row, text)| {
                let mut place = raw.record(rows.record_of(row)).location();
                place.fill_from(source.clone());
                (text, place)
            });
            note_rescued(located, self.rescue_verdict(), metrics);
        }
        let num_rejected = rejected.len();
        let last = self.spent.as_ref().and_then(|_| rejected.last()).map(|(_, error)| error.to_string());
        if !rejected.is_empty() {
            self.reject(raw, rejected, metrics).await?;
        }
        for (output, portion) in self.outputs.iter_mut().zip(portions) {
            self.spare.arenas.extend(output.write_portion(portion).await?);
        }
        self.spend(num_rows + num_rejected, num_rejected, last)?;
        match error {
            Some(error) => return Err(error),
            None => metrics.count_rows(num_rows, num_left_out),
        }
        if let (Some(watermarks), Some(times)) = (&mut self.watermarks, event_times) {
            watermarks.observe(raw, &times, metrics);
        }
        let unknown = unknown.map(|(record, error)| {
            let source = Location::source(Arc::clone(&self.config.source_name));
            (Stop::UnknownField(error.at(source)), record)
        });
        Ok(unknown.or(needs.map(|(id, record)| (Stop::UnknownWriter(id), record))))
    }

    /// Counts records against the error budget, where there is one.
    fn spend(&mut self, records: usize, rejected: usize, last: Option<String>) -> SchemaResult<()> {
        let Some(spent) = &mut self.spent else { return Ok(()) };
        Ok(spent.count(records as u64, rejected as u64, || last.unwrap_or_default())?)
    }

    fn rescue_verdict(&self) -> DriftVerdict {
        match self.follower.as_ref().map(|follower| follower.config.policy) {
            Some(OnSchemaChange::Ignore) => DriftVerdict::Ignored,
            _ => DriftVerdict::Rescued,
        }
    }

    /// Disposes of records of `raw` that did not fit: counts them, then fails, skips, or writes dead letters.
    #[cold]
    async fn reject(
        &mut self,
        raw: &RawBatch,
        rejected: Vec<(usize, SchemaError)>,
        metrics: &Metrics,
    ) -> SchemaResult<()> {
        let source = Location::source(Arc::clone(&self.config.source_name));
        let mut rejected: Vec<(usize, SchemaError)> =
            rejected.into_iter().map(|(index, e)| (index, e.at(source.clone()))).collect();
        metrics.count_rejected(&rejected);
        if self.fails_on_rejection && !rejected.is_empty() {
            return Err(rejected.swap_remove(0).1);
        }
        match &mut self.dead_letter {
            Some(output) => {
                output.write(&dead_letters(&self.config.source_name, &self.spec.format, raw, &rejected)?).await
            }
            None => Ok(()),
        }
    }

    /// Disposes of a record that the source could not even cut out of its bytes. One that was cut off by the end of the
    /// input brings what there is of it; of others the dead letter names the place alone.
    #[cold]
    async fn reject_uncut(&mut self, error: SchemaError, metrics: &Metrics) -> SchemaResult<()> {
        let mut raw = RawBatch::new();
        let (place, value) = (error.location(), error.record());
        let partition = place.partition.as_ref().map(|name| raw.partition(name, None));
        raw.push(NewRecord { value, partition, offset: place.offset, line: place.line, ..NewRecord::default() });
        metrics.count_input(1, value.map_or(0, <[u8]>::len));
        self.is_dirty = true;
        let last = self.spent.as_ref().map(|_| error.to_string());
        self.reject(&raw, vec![(0, error)], metrics).await?;
        self.spend(1, 1, last)
    }

    /// Fetches a writer schema that a record named, and rebuilds the decoder with it.
    #[cold]
    async fn learn(&mut self, id: WriterSchemaId, place: Location, metrics: &Metrics) -> SchemaResult<()> {
        let unknown = |why: &str| RegistryError::NotFound { what: format!("schema with id {id}, {why}") };
        if self.spec.writer_schemas.iter().any(|known| known.id == id) {
            return Err(unknown("which it has just given").into());
        }
        let fetched = {
            let registry = self.source.as_schema_registry_aware();
            let (Some(registry), Some(config)) = (registry, &self.config.registry) else {
                return Err(unknown("for there is no USING SCHEMA REGISTRY").into());
            };
            registry.fetch_schema_by_id(config, id.0).await?
        };
        self.spec.writer_schemas.push(WriterSchema { id, raw: fetched.raw_schema.clone() });
        let new = match &mut self.follower {
            None => None,
            Some(follower) => {
                let record = Seen { place, positions: &self.positions, metrics };
                let evolvable = self.source.as_schema_evolvable();
                follower.on_new_writer(&self.spec, fetched, &record, evolvable.as_ref())?
            }
        };
        if let Some(new) = new {
            registered::read_on(&mut self.spec.format, &new.before, &new.now);
            return self.change_schema(new.schema).await;
        }
        let (decode_spec, _) = decoding(&self.spec, self.follower.as_deref());
        self.lane.set_decoder(self.source.build_decoder(&decode_spec)?);
        Ok(())
    }

    /// Prepares every sink, stores the checkpoint, commits every sink, tells the source.
    async fn checkpoint(&mut self, metrics: &Metrics) -> SchemaResult<()> {
        if !self.is_dirty {
            return Ok(());
        }
        self.epoch += 1;
        let checkpoint = Checkpoint { epoch: self.epoch, positions: &self.positions };
        let mut prepared = BTreeMap::new();
        for output in self.outputs.iter_mut().chain(&mut self.dead_letter) {
            prepared.insert(output.name().to_owned(), output.prepare(checkpoint).await?);
        }
        let mut stored = StoredCheckpoint::new(self.epoch, self.positions.clone(), prepared);
        stored.drift = metrics.drift();
        stored.watermark = self.watermarks.as_ref().and_then(Watermarks::current);
        stored.writer_id = self.follower.as_ref().and_then(|follower| follower.writer_id());
        stored.schema_version = self.follower.as_ref().map_or(0, |follower| follower.version());
        if let Some(store) = &self.config.store {
            // Set first: an error may come after the new checkpoint has replaced the old one. Recovery can follow
            // either of the two as long as nothing was undone.
            self.is_decided = true;
            store.store(&stored)?;
        }
        for output in self.outputs.iter_mut().chain(&mut self.dead_letter) {
            if let Some(prepared) = stored.sinks.get(output.name()) {
                output.commit(prepared).await?;
            }
        }
        self.is_decided = false;
        if self.config.commits {
            self.stream.commit(&self.positions).await?;
        }
        metrics.count_checkpoint();
        self.is_dirty = false;
        Ok(())
    }
}

/// Why a batch was not decoded to its end.
enum Stop {
    /// A record names a writer schema that is not known.
    UnknownWriter(WriterSchemaId),
    /// A record has a field that the schema lacks.
    UnknownField(SchemaError),
}

/// What the decoder is built from, and what its lane looks out for.
fn decoding(spec: &DecodeSpec, follower: Option<&Follower>) -> (DecodeSpec, Watch) {
    follower.map_or_else(|| (spec.clone(), Watch::Nothing), |follower| follower.decoding(spec))
}

/// Which column of the output schema says when something happened, where there is a watermark.
fn event_time(spec: &DecodeSpec, config: &PipelineConfig) -> Option<usize> {
    spec.output_schema().index_of(&config.watermark.as_ref()?.column).ok()
}

/// What the outputs want of the source, all of them together.
fn scan<K: SinkConnector>(
    spec: &DecodeSpec,
    outputs: &[Output<K>],
    has_dead_letters: bool,
    event_time: Option<usize>,
) -> Scan {
    let projections: Vec<Projection> = outputs.iter().map(Output::projection).collect();
    let wanted = wanted(spec, projections.iter(), event_time);
    let columns = (0..wanted.len()).filter(|column| wanted[*column]).collect();
    // A row is wanted when some output wants it; an output without a filter wants all.
    let filters: Option<Vec<_>> = projections.into_iter().map(|p| p.filter).collect();
    let predicate = filters.filter(|f| !f.is_empty()).map(|mut filters| match filters.len() {
        1 => filters.swap_remove(0),
        _ => Predicate::Any(filters),
    });
    let headers = has_dead_letters || spec.metadata_columns.iter().any(|column| column.kind == MetadataKind::Headers);
    Scan { schema: Arc::clone(&spec.schema), columns, predicate, headers }
}

fn shares<K: SinkConnector>(outputs: &[RunningOutput<K>], encode: bool) -> SchemaResult<Vec<Share<K::Encoder>>> {
    outputs.iter().map(|output| output.share(encode)).collect()
}

/// Takes the first step once it is ready; waits for ever when there is none. Safe to cancel: the step stays.
async fn first(on_its_way: &mut VecDeque<OnItsWay>) -> Step {
    let worked_on = match on_its_way.front_mut() {
        Some(OnItsWay::Working(answer)) => Some(answer.await),
        Some(OnItsWay::Ready(_)) => None,
        None => std::future::pending().await,
    };
    match (on_its_way.pop_front(), worked_on) {
        (_, Some(Ok(done))) => Step::Done(done),
        (Some(OnItsWay::Ready(step)), _) => step,
        _ => {
            let source = "a decoding thread panicked".into();
            Step::Failed(ConnectorError::External { action: "decode", source, retryable: false }.into())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::{EncodedBatch, Spare};

    #[test]
    fn arenas_are_as_many_as_batches_on_their_way_need() {
        for (on_their_way, outputs) in [(1, 1), (4, 1), (8, 3)] {
            let (mut spare, mut lent, mut made) = (Spare::default(), VecDeque::new(), 0);
            for _ in 0..1000 {
                let mut arenas = spare.lend_arenas(outputs);
                made += outputs - arenas.len();
                arenas.resize_with(outputs, EncodedBatch::new);
                lent.push_back(arenas);
                if lent.len() == on_their_way {
                    spare.arenas.extend(lent.pop_front().unwrap_or_default());
                }
            }
            assert_eq!(made, on_their_way * outputs, "{on_their_way} batches, {outputs} outputs");
        }
    }
}
