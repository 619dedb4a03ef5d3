//! Stopping: a source that is dropped while it reads is gone in time, and its runtime with it.

use std::{sync::mpsc, time::Duration};

use laminar_schema::{Positions, RecordStream as _, Source as _, SourceBatch, SourceConfig};

use super::{SourceHarness, make};
use crate::{
    place::Wanted,
    verdict::{Failed, Passed, Verdict},
};

/// A stream is dropped while it reads, and while it waits: neither dropping it nor ending its runtime takes longer than it
/// promises. What was read before was committed, which must not fail.
pub async fn stops_in_time<H: SourceHarness>(harness: H) -> Verdict {
    let promises = harness.promises();
    for all in [false, true] {
        // Each at a place of its own: a queue is without what was committed.
        let place = harness.fill(Wanted::new(500)).await;
        let records = if all { place.records.len() } else { 1 };
        let (config, ending) = (place.config.clone(), promises.stops_within);
        let within = promises.answers_within;
        let (started, done) = (mpsc::channel(), mpsc::channel());
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
            if let Ok(runtime) = runtime {
                let read = runtime.block_on(read_and_drop::<H>(config, records, within));
                let _ = started.0.send(read);
                // Ends only when what the source left running has.
                drop(runtime);
                let _ = done.0.send(());
            }
        });
        let waiting = tokio::task::spawn_blocking(move || {
            let read =
                started.1.recv_timeout(20 * within).unwrap_or_else(|_| Err("it never came to an end".to_owned()));
            read.map(|()| done.1.recv_timeout(ending).is_ok())
        });
        let expected = format!("a stream dropped after {records} records to be gone in {ending:?}");
        let help = "end threads and tasks when the stream is dropped: a channel that closes, an aborted task; never join them there without a bound";
        match waiting.await {
            Ok(Ok(true)) => {}
            Ok(Ok(false)) => return Err(Failed::new(expected, "its runtime still waiting for it", help)),
            Ok(Err(found)) => return Err(Failed::new(expected, found, help)),
            Err(e) => return Err(Failed::new(expected, e.to_string(), help)),
        }
    }
    Ok(Passed::Checked)
}

async fn read_and_drop<H: SourceHarness>(config: SourceConfig, records: usize, within: Duration) -> Result<(), String> {
    let source = make::<H>(&config).map_err(|e| e.to_string())?;
    let mut stream = source.start(None).await.map_err(|e| e.to_string())?;
    let (mut batch, mut reached, mut count) = (SourceBatch::new(), Positions::new(), 0);
    while count < records {
        batch.clear();
        let polled = tokio::time::timeout(within, stream.next(&mut batch, 100)).await;
        match polled.map_err(|_| format!("nothing in {within:?}"))?.map_err(|e| e.to_string())? {
            0 => break,
            read => count += read,
        }
        reached.advance(&batch.positions);
    }
    stream.commit(&reached).await.map_err(|e| format!("commit failed: {e}"))?;
    batch.clear();
    // Another poll is under way when everything is dropped.
    let _ = tokio::time::timeout(Duration::from_millis(20), stream.next(&mut batch, 100)).await;
    let dropping = tokio::task::spawn_blocking(move || drop((stream, source)));
    dropping.await.map_err(|e| format!("dropping it failed: {e}"))
}
