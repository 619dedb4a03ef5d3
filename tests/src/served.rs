//! Pipelines between servers: run until something has happened, with names of their own, and judged by ids.

use std::{
    collections::BTreeMap,
    future::Future,
    path::Path,
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, SystemTime},
};

use laminar_connector_memory::MemoryStore;
use laminar_schema::{
    Metrics, SinkSet, SourceSet, Summary,
    engine::{Engine, RunOptions},
};

/// A name that no other test and no other run has.
pub fn unique(what: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let nanos = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_nanos());
    format!("{what}-{nanos:x}-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

/// Runs the only pipeline of `sql` until `stop`, with a checkpoint every tenth of a second in that folder.
///
/// # Errors
/// The text of what went wrong.
///
/// # Panics
/// When there is another number of pipelines.
pub async fn run_until<S: SourceSet, K: SinkSet>(
    sql: &str,
    checkpoints: Option<&Path>,
    stop: impl Future<Output = ()> + Send,
) -> Result<Summary, String> {
    run_measured::<S, K>(sql, checkpoints, stop, &Metrics::new()).await
}

/// [`run_until`], with counters that the caller looks at while it runs.
///
/// # Errors
/// The text of what went wrong.
///
/// # Panics
/// When there is another number of pipelines.
pub async fn run_measured<S: SourceSet, K: SinkSet>(
    sql: &str,
    checkpoints: Option<&Path>,
    stop: impl Future<Output = ()> + Send,
    metrics: &Metrics,
) -> Result<Summary, String> {
    let mut engine = Engine::<S, K>::new();
    let script = engine.load(sql).map_err(|e| e.to_string())?;
    let options = RunOptions {
        checkpoint_dir: checkpoints.map(Path::to_owned),
        checkpoint_interval: Duration::from_millis(100),
        ..RunOptions::default()
    };
    let mut planned = Box::pin(engine.plan(&script, &options)).await.map_err(|e| e.to_string())?;
    assert_eq!(planned.len(), 1, "one pipeline");
    let pipeline = planned.remove(0).pipeline;
    Box::pin(pipeline.run(stop, metrics)).await.map_err(|e| e.to_string())
}

/// [`run_until`] its end, which is to come within a minute.
///
/// # Errors
/// The text of what went wrong.
pub async fn run<S: SourceSet, K: SinkSet>(sql: &str) -> Result<Summary, String> {
    let running = run_until::<S, K>(sql, None, std::future::pending());
    tokio::time::timeout(Duration::from_secs(60), running).await.map_err(|_| "it has no end".to_owned())?
}

/// A memory sink of a name of its own: what it holds, and the statement that makes it.
///
/// # Panics
/// When the name is taken.
pub fn memory() -> (MemoryStore, String) {
    let (store, name) = (MemoryStore::new(), unique("store"));
    assert!(store.register(&name), "{name} is taken");
    (store, format!("CREATE SINK out INTO MEMORY (name = '{name}') FORMAT JSON (explicit_nulls = 'true');"))
}

/// How often each id from 0 stands in lines of JSON with an `id`: ids that are missing, and those there twice.
///
/// # Panics
/// When a line is no such JSON.
pub fn account<T: AsRef<str>>(lines: impl IntoIterator<Item = T>, ids: u64) -> (Vec<u64>, Vec<u64>) {
    let mut seen = BTreeMap::<u64, u64>::new();
    for line in lines {
        let row: serde_json::Value = serde_json::from_str(line.as_ref()).expect("a line of JSON");
        *seen.entry(row["id"].as_u64().expect("a number as id")).or_default() += 1;
    }
    let missing = (0..ids).filter(|id| !seen.contains_key(id)).collect();
    (missing, seen.into_iter().filter(|(_, n)| *n > 1).map(|(id, _)| id).collect())
}
