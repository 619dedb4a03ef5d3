//! Generated records through whole pipelines: they decode, the bad ones are the ones announced, and a run goes on.

use std::{
    future::{Future, poll_fn},
    path::Path,
    pin::pin,
    task::Poll,
    time::Duration,
};

use laminar_connector_generator::{GeneratorConfig, GeneratorSource, workload::Workload};
use laminar_connector_memory::{MemorySink, MemoryStore};
use laminar_schema::{
    DecodeSpec, FormatSpec, Metrics, SchemaResult, Summary,
    pipeline::{CheckpointStore, OnError, Output, Pipeline, PipelineConfig},
};

const ROWS: u64 = 500;

fn pipeline(
    config: GeneratorConfig,
    store: &MemoryStore,
    checkpoints: Option<&Path>,
) -> SchemaResult<Pipeline<GeneratorSource, MemorySink>> {
    let json = FormatSpec::new("json");
    let schema = config.workload.schema();
    let output = Output::all("out", store.sink(), json.clone(), &schema);
    let running = PipelineConfig {
        max_batch_records: 64,
        checkpoint_interval: Duration::ZERO,
        store: checkpoints.map(|dir| CheckpointStore::open(dir, "p")).transpose()?,
        ..PipelineConfig::new("generated")
    };
    let source = GeneratorSource::new(GeneratorConfig { rows: Some(ROWS), ..config });
    Ok(Pipeline::new(source, DecodeSpec::new(schema, json), vec![output], OnError::Skip, running))
}

async fn run(config: GeneratorConfig, store: &MemoryStore, checkpoints: Option<&Path>) -> SchemaResult<Summary> {
    pipeline(config, store, checkpoints)?.run(std::future::pending(), &Metrics::new()).await
}

#[tokio::test]
async fn every_workload_decodes() {
    for workload in Workload::ALL {
        let store = MemoryStore::new();
        let summary = run(GeneratorConfig::new(workload), &store, None).await.unwrap();
        assert_eq!((summary.records, summary.rows, summary.rejected), (ROWS, ROWS, 0), "{workload:?}");

        // The order of the keys is none of a row's business.
        let shuffled = MemoryStore::new();
        run(GeneratorConfig { shuffled_keys: true, ..GeneratorConfig::new(workload) }, &shuffled, None).await.unwrap();
        assert_eq!(shuffled.records(), store.records(), "{workload:?}");
    }
}

#[tokio::test]
async fn bad_records_are_rejected_and_the_others_stay_what_they_are() {
    for workload in Workload::ALL {
        let (clean, dirty) = (MemoryStore::new(), MemoryStore::new());
        run(GeneratorConfig::new(workload), &clean, None).await.unwrap();
        let config = GeneratorConfig { bad_rate: 0.1, ..GeneratorConfig::new(workload) };
        let summary = run(config.clone(), &dirty, None).await.unwrap();
        let announced = workload.generator(config.seed).with_bad_rate(config.bad_rate);
        let good: Vec<Vec<u8>> = (0..ROWS)
            .zip(clean.records())
            .filter(|(record, _)| announced.defect_at(*record).is_none())
            .map(|(_, bytes)| bytes)
            .collect();
        assert!(good.len() < ROWS as usize, "{workload:?}");
        assert_eq!(summary.rejected, ROWS - good.len() as u64, "{workload:?}");
        assert!(dirty.records() == good, "{workload:?}");
    }
}

#[tokio::test]
async fn a_crash_anywhere_leaves_each_row_once() {
    let config = GeneratorConfig::new(Workload::Orders);
    let whole = MemoryStore::new();
    run(config.clone(), &whole, None).await.unwrap();
    let mut crashes = 0;
    for waits in 0.. {
        let (dir, store) = (tempfile::tempdir().unwrap(), MemoryStore::new());
        let mut left = waits;
        let ended = {
            let mut running = pin!(run(config.clone(), &store, Some(dir.path())));
            poll_fn(|cx| match running.as_mut().poll(cx) {
                Poll::Ready(summary) => Poll::Ready(summary.map(|_| true)),
                Poll::Pending if left == 0 => Poll::Ready(Ok(false)),
                Poll::Pending => {
                    left -= 1;
                    Poll::Pending
                }
            })
            .await
            .unwrap()
        };
        if ended {
            break;
        }
        crashes += 1;
        run(config.clone(), &store, Some(dir.path())).await.unwrap();
        assert_eq!(store.records(), whole.records(), "dropped after {waits} waits");
    }
    assert!(crashes > 5, "only {crashes} places to crash");
}
