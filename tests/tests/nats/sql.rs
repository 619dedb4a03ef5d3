//! SQL on an engine that has NATS.

use std::{collections::BTreeMap, future::Future, path::Path, time::Duration};

use laminar_connector_file::{FileSink, FileSource};
use laminar_connector_generator::GeneratorSource;
use laminar_connector_memory::{MemorySink, MemorySource, MemoryStore};
use laminar_connector_nats::{NatsSink, NatsSource};
use laminar_formats::{AnyDecoder, AnyEncoder};
use laminar_schema::{
    Metrics, SinkConnector, SourceConnector, Summary,
    engine::{Engine, RunOptions},
};

use crate::server::unique;

#[derive(Debug, SourceConnector)]
#[connector(decoder = AnyDecoder)]
pub(crate) enum Sources {
    File(FileSource),
    Generator(GeneratorSource),
    Nats(NatsSource),
    Memory(MemorySource),
}

#[derive(Debug, SinkConnector)]
#[connector(encoder = AnyEncoder)]
pub(crate) enum Sinks {
    File(FileSink),
    Nats(NatsSink),
    Memory(MemorySink),
}

/// Runs every pipeline of `sql` until `stop`; how often is a checkpoint's time, and where it is kept.
pub(crate) async fn run_until(
    sql: &str,
    checkpoints: Option<&Path>,
    stop: impl Future<Output = ()> + Send,
) -> Result<Summary, String> {
    let mut engine = Engine::<Sources, Sinks>::new();
    let script = engine.load(sql).map_err(|e| e.to_string())?;
    let options = RunOptions {
        checkpoint_dir: checkpoints.map(Path::to_owned),
        checkpoint_interval: Duration::from_millis(100),
        ..RunOptions::default()
    };
    let mut planned = Box::pin(engine.plan(&script, &options)).await.map_err(|e| e.to_string())?;
    assert_eq!(planned.len(), 1, "one pipeline");
    let pipeline = planned.remove(0).pipeline;
    Box::pin(pipeline.run(stop, &Metrics::new())).await.map_err(|e| e.to_string())
}

/// Runs it to its end.
pub(crate) async fn run(sql: &str) -> Result<Summary, String> {
    let running = run_until(sql, None, std::future::pending());
    tokio::time::timeout(Duration::from_secs(60), running).await.map_err(|_| "it has no end".to_owned())?
}

/// A memory sink of a name of its own: what it holds, and the statement that makes it.
pub(crate) fn memory() -> (MemoryStore, String) {
    let (store, name) = (MemoryStore::new(), unique("store"));
    assert!(store.register(&name));
    (store, format!("CREATE SINK out INTO MEMORY (name = '{name}') FORMAT JSON (explicit_nulls = 'true');"))
}

/// How often each id from 0 stands in lines of JSON with an `id`: ids that are missing, and those there twice.
pub(crate) fn account<T: AsRef<str>>(lines: impl IntoIterator<Item = T>, ids: u64) -> (Vec<u64>, Vec<u64>) {
    let mut seen = BTreeMap::<u64, u64>::new();
    for line in lines {
        let row: serde_json::Value = serde_json::from_str(line.as_ref()).unwrap();
        *seen.entry(row["id"].as_u64().unwrap()).or_default() += 1;
    }
    let missing = (0..ids).filter(|id| !seen.contains_key(id)).collect();
    (missing, seen.into_iter().filter(|(_, n)| *n > 1).map(|(id, _)| id).collect())
}
