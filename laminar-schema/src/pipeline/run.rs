//! The loop: poll, decode, dispose of bad records, write, checkpoint.

use std::{collections::BTreeMap, future::Future, pin::pin, sync::Arc, time::Duration};

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use tokio::time::{Instant, sleep_until};

use super::{CheckpointStore, Ended, Metrics, Output, StoredCheckpoint, Summary, dead_letters, output::RunningOutput};
use crate::{
    capability::SchemaRegistryAware,
    connector::{Checkpoint, RecordStream, SinkConnector, SourceConnector},
    error::{EncodeError, Location, SchemaError, SchemaResult},
    format::{DecodeSpec, Decoded, FormatDecoder, Rejected, WriterSchema, WriterSchemaId, append_metadata},
    position::Positions,
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
}

impl PipelineConfig {
    /// The usual settings: 8,192 records per batch, a checkpoint every 10 s, no store.
    pub fn new(source_name: impl Into<Arc<str>>) -> Self {
        Self {
            source_name: source_name.into(),
            max_batch_records: 8192,
            checkpoint_interval: Duration::from_secs(10),
            store: None,
            registry: None,
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
        let mut running = Running::open(self).await.map_err(in_source)?;
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
                Err(in_source(error))
            }
        }
    }
}

/// A pipeline with everything open.
struct Running<S: SourceConnector, K: SinkConnector> {
    source: S,
    spec: DecodeSpec,
    output_schema: SchemaRef,
    decoder: S::Decoder,
    stream: S::Stream,
    outputs: Vec<RunningOutput<K>>,
    dead_letter: Option<RunningOutput<K>>,
    fails_on_rejection: bool,
    config: PipelineConfig,
    positions: Positions,
    epoch: u64,
    /// Whether anything was read since the last checkpoint.
    is_dirty: bool,
    /// Whether a stored checkpoint waits for sinks to commit.
    is_decided: bool,
}

impl<S: SourceConnector, K: SinkConnector> Running<S, K> {
    async fn open(pipeline: Pipeline<S, K>) -> SchemaResult<Self> {
        let Pipeline { source, spec, outputs, on_error, config } = pipeline;
        let last = config.store.as_ref().map(CheckpointStore::load).transpose()?.flatten();
        let decoder = source.build_decoder(&spec)?;
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
        Ok(Self {
            source,
            output_schema: spec.output_schema(),
            spec,
            decoder,
            stream,
            outputs: opened,
            dead_letter,
            fails_on_rejection,
            config,
            epoch: last.as_ref().map_or(0, |l| l.epoch),
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
        let mut batch = SourceBatch::new();
        let mut due = Instant::now() + self.config.checkpoint_interval;
        let ended = loop {
            batch.clear();
            let read = tokio::select! {
                biased;
                () = &mut shutdown => break Ended::Interrupted,
                () = sleep_until(due), if self.is_dirty => None,
                read = self.stream.next(&mut batch, self.config.max_batch_records) => Some(read),
            };
            match read {
                Some(Ok(0)) => {
                    self.advance(&batch);
                    break Ended::SourceEnded;
                }
                Some(Ok(_)) => self.process(&batch, metrics).await?,
                Some(Err(error)) if error.is_row_level() => self.reject_uncut(error, metrics).await?,
                Some(Err(error)) => return Err(error),
                None => {}
            }
            if Instant::now() >= due {
                self.checkpoint(metrics).await?;
                due = Instant::now() + self.config.checkpoint_interval;
            }
        };
        self.checkpoint(metrics).await?;
        for output in self.outputs.iter_mut().chain(&mut self.dead_letter) {
            output.close().await?;
        }
        Ok(ended)
    }

    async fn process(&mut self, batch: &SourceBatch, metrics: &Metrics) -> SchemaResult<()> {
        match batch.content() {
            BatchContent::Raw(raw) => {
                metrics.count_input(raw.len(), raw.num_value_bytes());
                self.decode_and_write(raw, metrics).await?;
            }
            BatchContent::Columns(columns) => {
                metrics.count_input(columns.num_rows(), columns.get_array_memory_size());
                let projected = project(columns, &self.spec.schema)?;
                self.write(&projected, metrics).await?;
            }
        }
        self.advance(batch);
        self.is_dirty = true;
        Ok(())
    }

    /// Takes over how far the source was read: behind a batch, or behind the end of its last partition.
    fn advance(&mut self, batch: &SourceBatch) {
        if !batch.positions.is_empty() {
            self.positions.advance(&batch.positions);
            self.is_dirty = true;
        }
    }

    /// Decodes all of `raw`, in parts when it names writer schemas that are not known yet.
    async fn decode_and_write(&mut self, raw: &RawBatch, metrics: &Metrics) -> SchemaResult<()> {
        let Some((needed, consumed)) = self.decode_part(raw, metrics).await? else { return Ok(()) };
        self.learn(needed).await?;
        let mut rest = raw.suffix(consumed);
        while let Some((needed, consumed)) = self.decode_part(&rest, metrics).await? {
            self.learn(needed).await?;
            rest = rest.suffix(consumed);
        }
        Ok(())
    }

    /// Decodes up to the first unknown writer schema: yields it and the record that names it.
    async fn decode_part(
        &mut self,
        raw: &RawBatch,
        metrics: &Metrics,
    ) -> SchemaResult<Option<(WriterSchemaId, usize)>> {
        let Decoded { batch, rejected, rows, consumed, needs } = self.decoder.decode(raw)?;
        if !rejected.is_empty() {
            let located = |r: Rejected| (r.record, r.error.at(raw.record(r.record).location()));
            self.reject(raw, rejected.into_iter().map(located).collect(), metrics).await?;
        }
        let columns = &self.spec.metadata_columns;
        let batch = append_metadata(&batch, &self.output_schema, columns, raw, &rows)?;
        self.write(&batch, metrics).await?;
        Ok(needs.map(|id| (id, consumed)))
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
            Some(output) => output.write(&dead_letters(&self.config.source_name, raw, &rejected)?).await,
            None => Ok(()),
        }
    }

    /// Disposes of a record that the source could not even cut out of its bytes. They stay where they are, at the
    /// place that the dead letter names; it has no copy of them.
    #[cold]
    async fn reject_uncut(&mut self, error: SchemaError, metrics: &Metrics) -> SchemaResult<()> {
        let mut raw = RawBatch::new();
        let place = error.location();
        let partition = place.partition.as_ref().map(|name| raw.partition(name, None));
        raw.push(NewRecord { partition, offset: place.offset, line: place.line, ..NewRecord::default() });
        metrics.count_input(1, 0);
        self.is_dirty = true;
        self.reject(&raw, vec![(0, error)], metrics).await
    }

    /// Fetches a writer schema that a record named, and rebuilds the decoder with it.
    #[cold]
    async fn learn(&mut self, id: WriterSchemaId) -> SchemaResult<()> {
        let unknown = |why: &str| RegistryError::NotFound { what: format!("schema with id {id}, {why}") };
        if self.spec.writer_schemas.iter().any(|known| known.id == id) {
            return Err(unknown("which it has just given").into());
        }
        let registry = self.source.as_schema_registry_aware();
        let (Some(registry), Some(config)) = (registry, &self.config.registry) else {
            return Err(unknown("for there is no USING SCHEMA REGISTRY").into());
        };
        let fetched = registry.fetch_schema_by_id(config, id.0).await?;
        self.spec.writer_schemas.push(WriterSchema { id, raw: fetched.raw_schema });
        self.decoder = self.source.build_decoder(&self.spec)?;
        Ok(())
    }

    async fn write(&mut self, batch: &RecordBatch, metrics: &Metrics) -> SchemaResult<()> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        for output in &mut self.outputs {
            output.write(batch).await?;
        }
        metrics.count_rows(batch.num_rows());
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
        let stored = StoredCheckpoint::new(self.epoch, self.positions.clone(), prepared);
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
        self.stream.commit(&self.positions).await?;
        metrics.count_checkpoint();
        self.is_dirty = false;
        Ok(())
    }
}

/// The columns of a table source in the order of the frozen schema, matched by name.
fn project(columns: &RecordBatch, schema: &SchemaRef) -> SchemaResult<RecordBatch> {
    let arrays: Option<Vec<_>> = schema
        .fields()
        .iter()
        .map(|f| columns.column_by_name(f.name()).filter(|a| a.data_type() == f.data_type()).cloned())
        .collect();
    let Some(arrays) = arrays else {
        let shown = |s: &SchemaRef| {
            let fields: Vec<String> =
                s.fields().iter().map(|f| format!("{} {}", f.name(), crate::types::field_type_name(f))).collect();
            fields.join(", ")
        };
        return Err(EncodeError::SchemaMismatch { expected: shown(schema), found: shown(&columns.schema()) }.into());
    };
    Ok(RecordBatch::try_new(Arc::clone(schema), arrays)?)
}
