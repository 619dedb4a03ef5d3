//! Servers that want to know who asks, and that show certificates.

use laminar_tests::served::memory;

use crate::{
    ids,
    server::{Own, Queue, server},
    sql::run,
};

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_let_in_is_told_without_a_secret() {
    let Some(server) = server() else { return };
    let queue = Queue::create(server, "secured").await;
    let check = async |more: &str, expected: &str| {
        let (_store, out) = memory();
        let address = server.address();
        for sql in [
            format!(
                "CREATE SOURCE s (id BIGINT) FROM RABBITMQ (servers = '{address}', queue = '{}', {more}) FORMAT JSON;
                 {out} INSERT INTO out SELECT * FROM s",
                queue.name
            ),
            format!(
                "CREATE SOURCE s FROM GENERATOR (rows = 1) FORMAT JSON; CREATE SINK out INTO RABBITMQ \
                 (servers = '{address}', routing_key = '{}', {more}) FORMAT JSON; INSERT INTO out SELECT * FROM s",
                queue.name
            ),
        ] {
            let error = run(&sql).await.unwrap_err();
            assert!(error.contains(expected), "{sql}\n{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    };
    check("user = 'guest', password = 'hunter2'", "ACCESS_REFUSED").await;
    check("user = 'guest', password = 'hunter2'", "check `user` and `password`").await;
    check("vhost = 'nowhere'", "vhost nowhere not found").await;
}

/// Reads everything over TLS; the server's certificate is signed by `ca.pem` in its folder.
pub(crate) async fn reads_over_tls(own: &Own, port: u16, queue: &Queue) {
    queue.write(ids(0..5)).await;
    let read = async |server: &str, more: &str| {
        let (_store, out) = memory();
        let sql = format!(
            "CREATE SOURCE s (id BIGINT) FROM RABBITMQ (servers = '{server}', queue = '{}', end = latest, connect_timeout = '20s'{more})
             FORMAT JSON; {out} INSERT INTO out SELECT * FROM s",
            queue.name
        );
        run(&sql).await.map(|summary| summary.records)
    };
    let ca = format!(", tls_ca = '{}'", own.dir().join("ca.pem").display());
    // It is told at once, since no other attempt would end otherwise.
    let started = std::time::Instant::now();
    let error = read(&format!("amqps://localhost:{port}"), "").await.unwrap_err();
    assert!(started.elapsed().as_secs() < 15, "{error}");
    assert!(error.contains("certificate") || error.contains("UnknownIssuer"), "{error}");
    assert_eq!(read(&format!("localhost:{port}"), &format!(", tls = true{ca}")).await, Ok(5));
}
