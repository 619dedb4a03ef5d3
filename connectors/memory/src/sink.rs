//! The memory sink: writes transactions into a store.

use std::marker::PhantomData;

use laminar_formats::AnyEncoder;
use laminar_registry::{RegistryHandle, registry_aware};
use laminar_schema::{
    Checkpoint, EncodeSpec, EncoderSet, Prepared, RecordSink, SchemaEvolvable, SchemaResult, Sink, SinkBatch,
    SinkConfig, SinkConnector, SinkFromConfig,
};

use crate::{
    config::MemorySinkConfig,
    fault::SinkStep,
    store::{MemoryStore, Written},
};

/// Keeps what is written in a store that the program can look at.
///
/// Exactly once: nothing is visible before it is committed. One sink writes a store at a time.
#[derive(Debug, SinkConnector)]
#[connector(name = "memory")]
#[capabilities(evolvable(json, msgpack, avro, protobuf), registry(avro, protobuf, json))]
pub struct MemorySink<E: EncoderSet = AnyEncoder> {
    store: MemoryStore,
    takes_columns: bool,
    registry: RegistryHandle,
    encoder: PhantomData<fn() -> E>,
}

impl<E: EncoderSet> MemorySink<E> {
    pub(crate) fn new(store: MemoryStore, takes_columns: bool) -> Self {
        Self { store, takes_columns, registry: RegistryHandle::new(), encoder: PhantomData }
    }
}

registry_aware!([E: EncoderSet] MemorySink<E>);

impl<E: EncoderSet> SchemaEvolvable for MemorySink<E> {}

impl<E: EncoderSet> SinkFromConfig for MemorySink<E> {
    type Config = MemorySinkConfig;

    fn from_config(config: MemorySinkConfig, _: &SinkConfig) -> SchemaResult<Self> {
        Ok(Self::new(MemoryStore::find(&config.name)?, false))
    }
}

impl<E: EncoderSet> Sink for MemorySink<E> {
    type Encoder = E;
    type Writer = MemoryWriter;

    fn takes_columns(&self) -> bool {
        self.takes_columns
    }

    async fn start(&self, _: &EncodeSpec) -> SchemaResult<MemoryWriter> {
        self.store.state().enter(SinkStep::Start, "open the memory sink")?;
        Ok(MemoryWriter { store: self.store.clone() })
    }
}

/// A running [`MemorySink`].
#[derive(Debug)]
pub struct MemoryWriter {
    store: MemoryStore,
}

impl RecordSink for MemoryWriter {
    async fn write(&mut self, batch: SinkBatch<'_>) -> SchemaResult<()> {
        let mut state = self.store.state();
        state.enter(SinkStep::Write, "write to the memory sink")?;
        match batch {
            SinkBatch::Encoded { records, prologue, .. } => {
                state.begin(prologue);
                state.open.extend(records.iter().map(|r| Written::Record(r.to_vec())));
            }
            SinkBatch::Columns(batch) => state.open.push(Written::Columns(batch.clone())),
        }
        Ok(())
    }

    async fn prepare(&mut self, _: Checkpoint<'_>) -> SchemaResult<Prepared> {
        let mut state = self.store.state();
        state.enter(SinkStep::Prepare, "prepare the memory sink")?;
        Ok(state.prepare())
    }

    async fn commit(&mut self, prepared: &Prepared) -> SchemaResult<()> {
        let mut state = self.store.state();
        state.enter(SinkStep::Commit, "commit the memory sink")?;
        state.commit(prepared).map(drop)
    }

    async fn abort(&mut self) -> SchemaResult<()> {
        let mut state = self.store.state();
        state.enter(SinkStep::Abort, "abort the memory sink")?;
        state.abort();
        Ok(())
    }

    async fn recover(&mut self, last: Option<&Prepared>) -> SchemaResult<()> {
        let mut state = self.store.state();
        state.enter(SinkStep::Recover, "recover the memory sink")?;
        state.recover(last)
    }

    async fn close(&mut self, epilogue: &[u8]) -> SchemaResult<()> {
        let mut state = self.store.state();
        state.enter(SinkStep::Close, "close the memory sink")?;
        state.close(epilogue);
        Ok(())
    }
}
