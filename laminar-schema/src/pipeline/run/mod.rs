//! The loop: poll, decode, dispose of bad records, write, checkpoint.

mod dispose;
mod follow;

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
    CheckpointStore, Ended, Metrics, OnError, Output, PipelineConfig, StoredCheckpoint, Summary, Unseen,
    budget::Spent,
    lane::{Lane, Projection, Share, Watch, wanted},
    output::RunningOutput,
    schema_change::Follower,
    unseen::UnseenColumns,
    watermark::Watermarks,
    workers::{Done, Workers},
};
use crate::{
    capability::SchemaRegistryAware,
    connector::{Checkpoint, RecordStream, SinkConnector, SourceConnector},
    error::{ConnectorError, Location, SchemaError, SchemaResult},
    format::{DecodeSpec, EncodedBatch, MetadataKind, Scan},
    position::Positions,
    predicate::Predicate,
    record::SourceBatch,
};

/// Time between checkpoints that the source asks for, at least: each has files synced and transactions ended.
const LEAST_INTERVAL: Duration = Duration::from_millis(50);

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

    /// Runs until the source ends, `shutdown` is ready, or an error. One that is to stop while it still waits for what it opens has read and
    /// written nothing, and its summary has no positions.
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
        let mut shutdown = pin!(shutdown);
        // Boxed, so that futures with a pipeline in them stay small.
        let opening = Box::pin(Running::open(self, metrics));
        let opened = tokio::select! {
            biased;
            opened = opening => opened,
            // What waits for servers is left as by a kill, before anything was read.
            () = &mut shutdown => return Ok(metrics.summary(Ended::Interrupted, Positions::default())),
        };
        let mut running = Box::new(opened.map_err(in_source)?);
        metrics.show_measures(running.stream.measures());
        let sinks = running.outputs.iter().chain(&running.dead_letter);
        metrics.show_sinks(sinks.filter_map(RunningOutput::measures).collect());
        match running.run(shutdown, metrics).await {
            Ok(ended) => {
                let unseen = running.unseen(ended, metrics);
                Ok(Summary { unseen, ..metrics.summary(ended, running.positions) })
            }
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
    source: Held<S>,
    /// What the outputs take columns of.
    spec: DecodeSpec,
    follower: Option<Box<Follower>>,
    watermarks: Option<Watermarks>,
    spent: Option<Spent>,
    unseen: Box<UnseenColumns>,
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

/// A source that may be told anew what is wanted of it.
struct Held<S>(Option<S>);

impl<S: SourceConnector> Held<S> {
    fn rescan(&mut self, scan: &Scan) -> SchemaResult<()> {
        self.0 = self.0.take().map(|source| source.with_scan(scan)).transpose()?;
        Ok(())
    }
}

impl<S> std::ops::Deref for Held<S> {
    type Target = S;

    fn deref(&self) -> &S {
        match &self.0 {
            Some(source) => source,
            // An error of `rescan` ends the run, which asks the source nothing more.
            None => unreachable!("the source is there until the run ends"),
        }
    }
}

/// What one poll of the source came to.
enum Step {
    /// A batch, and what was made of it.
    Done(Done),
    /// A record that could not be cut out of its bytes.
    Uncut(SchemaError),
    /// It cannot go on.
    Failed(SchemaError),
    /// The source has stopped before a file whose schema is new.
    File(SourceBatch),
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
                let (mut follower, in_force) = Follower::open(&source, *changes, &spec, last.as_ref())?;
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
        let projections = outputs.iter().map(Output::projection).collect();
        let known = follower.as_ref().map(|follower| follower.known_files(&spec.schema)).unwrap_or_default();
        let has_dead_letters = matches!(on_error, OnError::DeadLetter(_));
        let source = match &follower {
            Some(follower) if follower.rescues_files() => source.with_format(&decode_spec.format)?,
            _ => source,
        };
        let source =
            source.with_scan(&scan(&spec, projections, has_dead_letters, (event_time, watch), known.clone()))?;
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
        // What earlier runs have seen is not known.
        let unseen = Box::new(UnseenColumns::of(if last.is_none() { &config.declared } else { &[] }));
        let lane = Lane::new(decoder, &spec, shares(&opened, false)?, watch, event_time).looking_for(unseen.names());
        let workers = match config.threads {
            2.. if config.registry.is_none() && watch != Watch::UnknownFields && known.is_empty() => {
                let lane = |_| {
                    let decoder = source.build_decoder(&decode_spec)?;
                    let lane = Lane::new(decoder, &spec, shares(&opened, true)?, watch, event_time);
                    Ok(lane.looking_for(unseen.names()))
                };
                Some(Workers::spawn((0..config.threads).map(lane).collect::<SchemaResult<_>>()?)?)
            }
            _ => None,
        };
        Ok(Self {
            source: Held(Some(source)),
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
            unseen,
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
        let may_checkpoint = self.config.store.is_some() || !self.has_footers();
        let mut last = Instant::now();
        let mut ended = None;
        // What was read is disposed of before the end, whatever the end is.
        while ended.is_none() || !self.on_its_way.is_empty() {
            let may_read = ended.is_none() && self.on_its_way.len() < max_on_their_way;
            let interval = self.config.checkpoint_interval;
            let due = last + if self.stream.wants_commit() { interval.min(LEAST_INTERVAL) } else { interval };
            tokio::select! {
                biased;
                () = &mut shutdown, if ended.is_none() => ended = Some(Ended::Interrupted),
                () = sleep_until(due), if self.is_dirty && may_checkpoint => {}
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
            if may_checkpoint && Instant::now() >= due {
                self.checkpoint(metrics).await?;
                last = Instant::now();
            }
        }
        self.checkpoint(metrics).await?;
        for output in self.outputs.iter_mut().chain(&mut self.dead_letter) {
            output.close().await?;
        }
        Ok(ended.unwrap_or(Ended::SourceEnded))
    }

    /// Declared columns without a value, once there was all of the source to find one in.
    fn unseen(&self, ended: Ended, metrics: &Metrics) -> Vec<Unseen> {
        if ended != Ended::SourceEnded || metrics.rows() == 0 {
            return Vec::new();
        }
        self.unseen.told::<S::Decoder>(&self.spec.schema, &self.spec.format, &metrics.drift_of_this_run())
    }

    /// Has a batch that was read worked on, here or by a worker; yields also whether nothing is to be read behind it.
    fn step(&mut self, read: SchemaResult<usize>, batch: SourceBatch) -> (OnItsWay, bool) {
        match read {
            // There are no workers where files are looked at, so that nothing is read before this is dealt with.
            Ok(0) if batch.file.is_some() => (OnItsWay::Ready(Step::File(batch)), false),
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

    /// Whether some output is a file that a checkpoint ends. Without a store nothing resumes from one, so that the run
    /// makes one file, and its one checkpoint at its end.
    fn has_footers(&self) -> bool {
        self.outputs.iter().chain(&self.dead_letter).any(RunningOutput::has_footer)
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

/// What the decoder is built from, and what its lane looks out for.
fn decoding(spec: &DecodeSpec, follower: Option<&Follower>) -> (DecodeSpec, Watch) {
    follower.map_or_else(|| (spec.clone(), Watch::Nothing), |follower| follower.decoding(spec))
}

/// Which column of the output schema says when something happened, where there is a watermark.
fn event_time(spec: &DecodeSpec, config: &PipelineConfig) -> Option<usize> {
    spec.output_schema().index_of(&config.watermark.as_ref()?.column).ok()
}

/// What the outputs want of the source, all of them together.
fn scan(
    spec: &DecodeSpec,
    projections: Vec<Projection>,
    has_dead_letters: bool,
    (event_time, watch): (Option<usize>, Watch),
    known: Vec<SchemaRef>,
) -> Scan {
    let wanted = wanted(spec, projections.iter(), event_time, watch);
    let columns = (0..wanted.len()).filter(|column| wanted[*column]).collect();
    // A row is wanted when some output wants it; an output without a filter wants all.
    let filters: Option<Vec<_>> = projections.into_iter().map(|p| p.filter).collect();
    let predicate = filters.filter(|f| !f.is_empty()).map(|mut filters| match filters.len() {
        1 => filters.swap_remove(0),
        _ => Predicate::Any(filters),
    });
    let headers = has_dead_letters || spec.metadata_columns.iter().any(|column| column.kind == MetadataKind::Headers);
    Scan { schema: Arc::clone(&spec.schema), columns, predicate, headers, known }
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
