//! Processes and servers that are killed, connections that are cut: every id is accounted for. `scripts/queue_faults` runs them with a
//! million records.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use laminar_testkit::Proxy;
use laminar_tests::{
    killed,
    served::{account, memory},
};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::{
    ids,
    security::reads_over_tls,
    server::{Own, Queue, free_port, server},
    sql::{Sinks, Sources, run, run_until},
    until,
};

/// Not a test by itself: the process that is killed.
#[tokio::test(flavor = "multi_thread")]
async fn child() {
    killed::child::<Sources, Sinks>().await;
}

/// From queue to queue, while the process is killed and the network is cut, in turn.
#[tokio::test(flavor = "multi_thread")]
async fn whatever_fails_nothing_is_lost() {
    let records = killed::num_records("LAMINAR_QUEUE_RECORDS", 8_000);
    let Some(server) = server() else { return };
    let Ok(upstream) = server.address().parse() else { return };
    let (from, to) = (Queue::create(server, "from").await, Queue::create(server, "to").await);
    from.write(ids(0..records)).await;
    let (proxy, dir) = (Proxy::start(upstream, 17).await.unwrap(), tempfile::tempdir().unwrap());
    let at = server.sql_by(&proxy.address().to_string());
    let sql = format!(
        "CREATE SOURCE s (id BIGINT) FROM RABBITMQ ({at}, queue = '{}', prefetch = 1000) FORMAT JSON;
         CREATE SINK out INTO RABBITMQ ({at}, routing_key = '{}', max_in_flight = 256) FORMAT JSON;
         INSERT INTO out SELECT * FROM s",
        from.name, to.name
    );
    let mut process = killed::spawn("faults::child", &sql, dir.path());
    let mut at = Vec::new();
    for part in 1..=4 {
        let wanted = u32::try_from(records * part / 6).unwrap();
        while to.count().await < wanted {
            assert!(process.try_wait().unwrap().is_none(), "it is at work");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        at.push(to.count().await);
        assert!(process.try_wait().unwrap().is_none(), "it is still at work");
        if part % 2 == 1 {
            process.kill().unwrap();
            process.wait().unwrap();
            process = killed::spawn("faults::child", &sql, dir.path());
        } else {
            proxy.refuse(true);
            proxy.cut();
            tokio::time::sleep(Duration::from_millis(100)).await;
            proxy.refuse(false);
        }
    }
    // What a process that was killed had not acknowledged is the queue's again when the server has seen that it is gone.
    settled(&from, &to, records, || process.try_wait().unwrap().is_none()).await;
    process.kill().unwrap();
    process.wait().unwrap();
    let (missing, twice) = account(to.values().await, records);
    println!(
        "process killed and network cut, twice each, at {at:?} of {records} records: {} missing, {} twice",
        missing.len(),
        twice.len()
    );
    assert_eq!(missing, Vec::<u64>::new());
    assert_eq!(from.count().await, 0, "everything was acknowledged in the end");
}

/// Waits until a pipeline from queue to queue has nothing more to do. Some records come twice, so that their number does not say when
/// all are there: that is when no more come.
async fn settled(from: &Queue, to: &Queue, records: u64, mut is_at_work: impl FnMut() -> bool) {
    let (mut count, mut since) = (to.count().await, Instant::now());
    while from.count().await > 0 || u64::from(count) < records || since.elapsed() < Duration::from_secs(1) {
        assert!(since.elapsed() < Duration::from_secs(40) && is_at_work(), "{count} of {records}");
        tokio::time::sleep(Duration::from_millis(50)).await;
        let now = to.count().await;
        if now != count {
            (count, since) = (now, Instant::now());
        }
    }
}

/// A certificate for `localhost`, its key, and the authority that signed it.
fn certificates() -> [(&'static str, String); 3] {
    let (ca_key, key) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let mut ca = CertificateParams::new(Vec::new()).unwrap();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca_pem = ca.self_signed(&ca_key).unwrap().pem();
    let issuer = Issuer::new(ca, ca_key);
    let server = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let server_pem = server.signed_by(&key, &issuer).unwrap().pem();
    [("ca.pem", ca_pem), ("server.pem", server_pem), ("server.key", key.serialize_pem())]
}

/// One server for both, since each takes seconds to start.
#[tokio::test(flavor = "multi_thread")]
async fn a_pipeline_goes_on_when_its_server_was_killed_and_tls_is_spoken() {
    const RECORDS: u64 = 10_000;
    let tls_port = free_port();
    let files = certificates();
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let configuration = format!(
        "listeners.ssl.1 = 127.0.0.1:{tls_port}\nssl_options.cacertfile = {{dir}}/ca.pem\nssl_options.certfile = {{dir}}/server.pem\n\
         ssl_options.keyfile = {{dir}}/server.key\nssl_options.verify = verify_none\n"
    );
    let Some(mut own) = Own::start(&configuration, &files) else { return };
    let (from, to) = (Queue::create(&own.server, "from").await, Queue::create(&own.server, "to").await);
    // RabbitMQ 3.10 may forget the last queue that was made before it was killed: its record is in the server's log, from where a start
    // leaves it out.
    Queue::create(&own.server, "forgotten").await;
    from.write(ids(0..RECORDS)).await;
    let at = own.server.sql();
    let sql = format!(
        "CREATE SOURCE s (id BIGINT) FROM RABBITMQ ({at}, queue = '{}', prefetch = 1000) FORMAT JSON;
         CREATE SINK out INTO RABBITMQ ({at}, routing_key = '{}', max_in_flight = 256) FORMAT JSON;
         INSERT INTO out SELECT * FROM s",
        from.name, to.name
    );
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let running = tokio::spawn(async move { run_until(&sql, None, async { drop(stopped.await) }).await });
    while to.count().await < 2000 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    own.kill();
    own.run();
    let (from, to) =
        (Queue::named(&own.server, from.name.clone()).await, Queue::named(&own.server, to.name.clone()).await);
    let after = to.count().await;
    settled(&from, &to, RECORDS, || !running.is_finished()).await;
    stop.send(()).unwrap();
    running.await.unwrap().unwrap();
    let (missing, twice) = account(to.values().await, RECORDS);
    println!("killed at {after} of {RECORDS} records: {} missing, {} twice", missing.len(), twice.len());
    assert_eq!(missing, Vec::<u64>::new());
    assert_eq!(from.count().await, 0, "everything was acknowledged in the end");
    reads_over_tls(&own, tls_port, &from).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sink_publishes_again_what_a_cut_connection_did_not_confirm() {
    const RECORDS: u64 = 8000;
    let Some(server) = server() else { return };
    let Ok(upstream) = server.address().parse() else { return };
    let (from, to) = (Queue::create(server, "from").await, Queue::create(server, "to").await);
    from.write(ids(0..RECORDS)).await;
    let proxy = Proxy::start(upstream, 11).await.unwrap();
    let sql = format!(
        "CREATE SOURCE s (id BIGINT) FROM RABBITMQ ({}, queue = '{}', end = latest) FORMAT JSON;
         CREATE SINK out INTO RABBITMQ ({}, routing_key = '{}', max_in_flight = 256) FORMAT JSON; INSERT INTO out SELECT * FROM s",
        server.sql(),
        from.name,
        server.sql_by(&proxy.address().to_string()),
        to.name
    );
    let running = tokio::spawn(async move { run(&sql).await });
    for part in 1..=3 {
        while to.count().await < part * 1500 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        proxy.refuse(true);
        proxy.cut();
        tokio::time::sleep(Duration::from_millis(100)).await;
        proxy.refuse(false);
    }
    assert_eq!(running.await.unwrap().unwrap().rows, RECORDS);
    let (missing, twice) = account(to.values().await, RECORDS);
    println!("cut three times: {} missing, {} twice", missing.len(), twice.len());
    assert_eq!(missing, Vec::<u64>::new());
}

/// Lets one client through to the server, answers the next ones as a server does that speaks another protocol, and lets others through
/// again: what a server may say of a client while it starts cannot be had of it at will. Yields its address.
async fn refusing(upstream: SocketAddr, times: usize) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        for number in 0.. {
            let (mut client, _) = listener.accept().await.unwrap();
            if (1..=times).contains(&number) {
                // Its own version, for the client's; the client leaves.
                client.read_exact(&mut [0; 8]).await.unwrap();
                client.write_all(b"AMQP\x00\x00\x08\x00").await.unwrap();
                tokio::spawn(async move { tokio::io::copy(&mut client, &mut tokio::io::sink()).await });
                continue;
            }
            let mut server = TcpStream::connect(upstream).await.unwrap();
            tokio::spawn(async move {
                let copying = tokio::io::copy_bidirectional(&mut client, &mut server);
                // The first one is cut off.
                let limit = Duration::from_secs(if number == 0 { 1 } else { 60 });
                let _ = tokio::time::timeout(limit, copying).await;
            });
        }
    });
    address
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sink_bears_refusals_behind_a_cut_for_a_while() {
    let Some(server) = server() else { return };
    let Ok(upstream) = server.address().parse() else { return };
    for (times, goes_on) in [(2, true), (1000, false)] {
        let (from, to) = (Queue::create(server, "from").await, Queue::create(server, "to").await);
        from.write(ids(0..10)).await;
        let at = server.sql_by(&refusing(upstream, times).await.to_string());
        let sql = format!(
            "CREATE SOURCE s (id BIGINT) FROM RABBITMQ ({}, queue = '{}') FORMAT JSON;
             CREATE SINK out INTO RABBITMQ ({at}, routing_key = '{}') FORMAT JSON; INSERT INTO out SELECT * FROM s",
            server.sql(),
            from.name,
            to.name
        );
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let running = tokio::spawn(async move { run_until(&sql, None, async { drop(stopped.await) }).await });
        to.has(10..=10).await;
        // The connection is cut by then.
        tokio::time::sleep(Duration::from_millis(1500)).await;
        from.write(ids(10..20)).await;
        if goes_on {
            to.has(20..=20).await;
            stop.send(()).unwrap();
            running.await.unwrap().unwrap();
        } else {
            let error = running.await.unwrap().unwrap_err();
            assert!(error.contains("the server only supports AMQP 0.8.0"), "{error}");
        }
    }
}

/// What was not acknowledged comes again behind a cut, and must not stand for records that were not read yet.
#[tokio::test(flavor = "multi_thread")]
async fn a_bounded_read_over_a_cut_connection_misses_nothing() {
    const RECORDS: u64 = 1000;
    let Some(server) = server() else { return };
    let Ok(upstream) = server.address().parse() else { return };
    let queue = Queue::create(server, "bounded").await;
    queue.write(ids(0..RECORDS)).await;
    let proxy = Proxy::start(upstream, 13).await.unwrap();
    let (store, out) = memory();
    let sql = format!(
        "CREATE SOURCE s (id BIGINT) FROM RABBITMQ ({}, queue = '{}', prefetch = 600, end = latest) FORMAT JSON;
         {out} INSERT INTO out SELECT * FROM s",
        server.sql_by(&proxy.address().to_string()),
        queue.name
    );
    let running = tokio::spawn(async move { run(&sql).await });
    until(|| store.texts().len() >= 600).await;
    proxy.cut();
    running.await.unwrap().unwrap();
    let (missing, _) = account(store.texts(), RECORDS);
    assert_eq!(missing, Vec::<u64>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stays_away_ends_the_run() {
    let Some(server) = server() else { return };
    let Ok(upstream) = server.address().parse() else { return };
    let queue = Queue::create(server, "away").await;
    queue.write(ids(0..10)).await;
    let proxy = Proxy::start(upstream, 12).await.unwrap();
    let (store, out) = memory();
    let sql = format!(
        "CREATE SOURCE s (id BIGINT) FROM RABBITMQ ({}, queue = '{}', outage_timeout = '1s') FORMAT JSON;
         {out} INSERT INTO out SELECT * FROM s",
        server.sql_by(&proxy.address().to_string()),
        queue.name
    );
    let running = tokio::spawn(async move { run(&sql).await });
    until(|| store.texts().len() == 10).await;
    proxy.refuse(true);
    proxy.cut();
    let error = running.await.unwrap().unwrap_err();
    assert!(error.contains("no server of") && error.contains("see that they run"), "{error}");
}
