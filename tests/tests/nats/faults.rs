//! Processes and servers that are killed in the middle, networks that are cut: every id is accounted for. `scripts/queue_faults` runs
//! them with a million records.

use std::time::Duration;

use laminar_connector_nats::{NatsSource, NatsSourceConfig};
use laminar_schema::{ConnectorConfig, Options, RecordStream, Source, SourceBatch};
use laminar_testkit::Proxy;
use laminar_tests::{
    killed,
    served::{account, memory},
};

use crate::{
    ids,
    server::{Own, Stream, server},
    sql::{Sinks, Sources, run, run_until},
    until,
};

const RECORDS: u64 = 20_000;

/// Not a test by itself: the process that is killed.
#[tokio::test(flavor = "multi_thread")]
async fn child() {
    killed::child::<Sources, Sinks>().await;
}

/// From stream to stream, while the process is killed, the server is killed and the network is cut, in turn.
#[tokio::test(flavor = "multi_thread")]
async fn whatever_fails_nothing_is_lost_and_with_message_ids_nothing_comes_twice() {
    let records = killed::num_records("LAMINAR_QUEUE_RECORDS", RECORDS);
    for (options, is_once) in [("", false), (", message_id = 'id'", true)] {
        let Some(mut own) = Own::start("", &[]) else { return };
        let (from, to) = (Stream::create(&own.address, "from").await, Stream::create(&own.address, "to").await);
        from.write("a", ids(0..records)).await;
        let (proxy, dir) =
            (Proxy::start(own.address.parse().unwrap(), 17).await.unwrap(), tempfile::tempdir().unwrap());
        let sql = format!(
            "CREATE SOURCE s (id BIGINT) FROM NATS (servers = '{0}', stream = '{1}', end = latest) FORMAT JSON;
             CREATE SINK out INTO NATS (servers = '{0}', subject = '{2}.x', max_in_flight = 256{options}) FORMAT JSON;
             INSERT INTO out SELECT * FROM s",
            proxy.address(),
            from.name,
            to.name
        );
        let mut process = killed::spawn("faults::child", &sql, dir.path());
        let mut at = Vec::new();
        for part in 1..=6 {
            let wanted = records * part / 8;
            loop {
                let messages = to.stream().await.info().await.unwrap().state.messages;
                if messages >= wanted {
                    at.push(messages);
                    break;
                }
                assert!(process.try_wait().unwrap().is_none(), "it is at work");
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            assert!(process.try_wait().unwrap().is_none(), "it is still at work");
            match part % 3 {
                1 => {
                    process.kill().unwrap();
                    process.wait().unwrap();
                    process = killed::spawn("faults::child", &sql, dir.path());
                }
                2 => {
                    own.kill();
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    own.run();
                }
                _ => {
                    proxy.refuse(true);
                    proxy.cut();
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    proxy.refuse(false);
                }
            }
        }
        let ended = tokio::task::spawn_blocking(move || process.wait()).await.unwrap().unwrap();
        assert!(ended.success(), "{ended}");
        let (missing, twice) = account(to.values().await, records);
        println!(
            "process killed, server killed, network cut, twice each, at {at:?} of {records} records{options}: {} missing, {} twice",
            missing.len(),
            twice.len()
        );
        assert_eq!(missing, Vec::<u64>::new(), "{options}");
        if is_once {
            assert_eq!(twice, Vec::<u64>::new(), "{options}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_checkpoint_has_comes_again_after_a_new_connection() {
    let Some(mut own) = Own::start("", &[]) else { return };
    let stream = Stream::create(&own.address, "fresh").await;
    stream.write("a", ids(0..200)).await;
    let (servers, stream) = (own.address.clone(), stream.name.clone());
    // Few, so that not all of it is on its way already when the server is killed.
    let options = [("servers", &*servers), ("stream", &*stream), ("durable", "d"), ("max_buffered_records", "16")];
    let config = NatsSourceConfig::from_options(&Options::from_pairs(options)).unwrap();
    let source: NatsSource = NatsSource::new(config).unwrap();
    let mut batch = SourceBatch::new();
    let mut running = source.start(None).await.unwrap();
    while batch.len() < 100 {
        let left = 100 - batch.len();
        running.next(&mut batch, left).await.unwrap();
    }
    own.kill();
    own.run();
    while batch.len() < 200 {
        running.next(&mut batch, 100).await.unwrap();
    }
    // Nothing was committed, so that all of it is the next run's.
    drop(running);
    batch.clear();
    let mut running = source.start(None).await.unwrap();
    while batch.len() < 200 {
        let next = tokio::time::timeout(Duration::from_secs(20), running.next(&mut batch, 200));
        next.await.expect("all of it comes again").unwrap();
    }
    let raw = batch.raw_mut();
    let seen: Vec<_> = (0..raw.len()).map(|index| String::from_utf8_lossy(raw.value(index)).into_owned()).collect();
    assert_eq!(account(seen, 200), (vec![], vec![]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_goes_on_exactly_when_its_server_was_killed() {
    for extra in ["", ", durable = 'd'"] {
        let Some(mut own) = Own::start("", &[]) else { return };
        let stream = Stream::create(&own.address, "killed").await;
        stream.write("a", ids(0..RECORDS)).await;
        let (store, out) = memory();
        let sql = format!(
            "CREATE SOURCE s (id BIGINT) FROM NATS (servers = '{}', stream = '{}', max_buffered_records = 64{extra})
             FORMAT JSON; {out} INSERT INTO out SELECT * FROM s",
            own.address, stream.name
        );
        let mut kills = Vec::new();
        let enough = async {
            for part in 1..=3 {
                until(|| store.texts().len() >= usize::try_from(RECORDS * part / 5).unwrap()).await;
                kills.push(store.texts().len());
                own.kill();
                tokio::time::sleep(Duration::from_millis(200)).await;
                own.run();
            }
            until(|| store.texts().len() >= usize::try_from(RECORDS).unwrap()).await;
        };
        Box::pin(run_until(&sql, None, enough)).await.unwrap();
        println!("killed after {kills:?} of {RECORDS} records{extra}");
        assert_eq!(account(store.texts(), RECORDS), (vec![], vec![]), "{extra}");
        if !extra.is_empty() {
            assert_eq!(stream.acknowledged("d").await, (RECORDS, 0));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sink_loses_nothing_when_its_server_was_killed_and_repeats_nothing_with_message_ids() {
    let Some(server) = server() else { return };
    let from = Stream::create(server, "source").await;
    from.write("a", ids(0..RECORDS)).await;
    for (ids, is_once) in [("", false), (", message_id = 'id'", true), (", message_id_prefix = 'run'", true)] {
        let Some(mut own) = Own::start("", &[]) else { return };
        let to = Stream::create(&own.address, "killed").await;
        // As many records as a stream has now, counted by another client.
        let count = async || to.stream().await.info().await.unwrap().state.messages;
        let sql = format!(
            "CREATE SOURCE s (id BIGINT) FROM NATS (servers = '{server}', stream = '{}', end = latest) FORMAT JSON;
             CREATE SINK out INTO NATS (servers = '{}', subject = '{}.x', max_in_flight = 256{ids}) FORMAT JSON;
             INSERT INTO out SELECT * FROM s",
            from.name, own.address, to.name
        );
        let running = tokio::spawn(async move { run(&sql).await });
        let mut kills = Vec::new();
        for part in 1..=2 {
            while count().await < RECORDS * part / 6 {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            own.kill();
            tokio::time::sleep(Duration::from_millis(200)).await;
            own.run();
            let context = async_nats::jetstream::new(async_nats::connect(&own.address).await.unwrap());
            let mut stream = context.get_stream(&to.name).await.unwrap();
            kills.push(stream.info().await.unwrap().state.messages);
        }
        let summary = running.await.unwrap().unwrap();
        assert_eq!(summary.rows, RECORDS);
        let (missing, twice) = account(to.values().await, RECORDS);
        println!("killed at {kills:?} of {RECORDS} records{ids}: {} missing, {} twice", missing.len(), twice.len());
        assert_eq!(missing, Vec::<u64>::new(), "{ids}");
        if is_once {
            assert_eq!(twice, Vec::<u64>::new(), "{ids}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stays_away_ends_the_run() {
    let Some(mut own) = Own::start("", &[]) else { return };
    let stream = Stream::create(&own.address, "away").await;
    stream.write("a", ids(0..10)).await;
    let (store, out) = memory();
    let sql = format!(
        "CREATE SOURCE s (id BIGINT) FROM NATS (servers = '{}', stream = '{}', outage_timeout = '1s') FORMAT JSON;
         {out} INSERT INTO out SELECT * FROM s",
        own.address, stream.name
    );
    let running = tokio::spawn(async move { run(&sql).await });
    until(|| store.texts().len() == 10).await;
    own.kill();
    let error = running.await.unwrap().unwrap_err();
    assert!(error.contains("no server of") && error.contains("see that they run"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_the_server_does_not_take_is_told_with_its_size() {
    let Some(server) = server() else { return };
    let Some(own) = Own::start("max_payload: 2000", &[]) else { return };
    let (from, to) = (Stream::create(server, "large").await, Stream::create(&own.address, "small").await);
    from.write("a", [format!(r#"{{"id":0,"t":"{}"}}"#, "x".repeat(5000))]).await;
    for mode in ["jetstream", "core"] {
        let sql = format!(
            "CREATE SOURCE s (id BIGINT, t VARCHAR) FROM NATS (servers = '{server}', stream = '{}', end = latest) FORMAT JSON;
             CREATE SINK out INTO NATS (servers = '{}', subject = '{}.x', mode = '{mode}') FORMAT JSON;
             INSERT INTO out SELECT * FROM s",
            from.name, own.address, to.name
        );
        let error = run(&sql).await.unwrap_err();
        assert!(error.contains("a record of 5015 bytes for subject") && error.contains("2000"), "{mode}: {error}");
    }
}
