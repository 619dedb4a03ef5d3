//! Sinks: subjects and headers from columns, message ids, and plain subjects.

use futures_util::StreamExt;
use laminar_tests::served::{account, unique};

use crate::{
    ids,
    server::{Stream, server},
    sql::run,
};

#[tokio::test(flavor = "multi_thread")]
async fn subjects_headers_and_message_ids_come_from_columns() {
    let Some(server) = server() else { return };
    let (from, to) = (Stream::create(server, "rows").await, Stream::create(server, "parts").await);
    let row = |id: u64, below: &str| format!(r#"{{"id":{id},"place":"{}.{below}","kind":"k{id}"}}"#, to.name);
    from.write("a", [row(0, "eu"), row(1, "us.west"), row(0, "eu")]).await;
    let sql = format!(
        "CREATE SOURCE s (id BIGINT, place VARCHAR, kind VARCHAR)
         FROM NATS (servers = '{server}', stream = '{}', end = latest) FORMAT JSON;
         CREATE SINK out INTO NATS (servers = '{server}', subject_column = 'place', headers = 'kind', message_id = 'id')
         FORMAT JSON; INSERT INTO out SELECT * FROM s",
        from.name
    );
    run(&sql).await.unwrap();
    let seen = to.read().await;
    assert_eq!(seen.len(), 2, "the third row has the first one's message id: {seen:?}");
    assert_eq!(seen[1].subject, format!("{}.us.west", to.name));
    assert_eq!(seen[1].value, r#"{"id":1}"#);
    let headers = [("Nats-Msg-Id", "1"), ("kind", "k1")].map(|(n, v)| (n.to_owned(), v.to_owned()));
    assert_eq!(seen[1].headers, headers);
}

#[tokio::test(flavor = "multi_thread")]
async fn numbered_message_ids_make_a_repeated_run_write_once() {
    let Some(server) = server() else { return };
    let (from, to) = (Stream::create(server, "numbered").await, Stream::create(server, "once").await);
    from.write("a", ids(0..500)).await;
    let sql = format!(
        "CREATE SOURCE s (id BIGINT) FROM NATS (servers = '{server}', stream = '{}', end = latest) FORMAT JSON;
         CREATE SINK out INTO NATS (servers = '{server}', subject = '{}.x', message_id_prefix = 'run') FORMAT JSON;
         INSERT INTO out SELECT * FROM s",
        from.name, to.name
    );
    // Without a checkpoint the second run begins again, as after a crash before the first one.
    run(&sql).await.unwrap();
    run(&sql).await.unwrap();
    assert_eq!(account(to.values().await, 500), (vec![], vec![]));
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_subjects_take_what_is_published() {
    let Some(server) = server() else { return };
    let from = Stream::create(server, "plain").await;
    from.write("a", ids(0..1000)).await;
    let subject = unique("listened");
    let client = async_nats::connect(server).await.unwrap();
    let mut listening = client.subscribe(subject.clone()).await.unwrap();
    client.flush().await.unwrap();
    let sql = format!(
        "CREATE SOURCE s (id BIGINT) FROM NATS (servers = '{server}', stream = '{}', end = latest) FORMAT JSON;
         CREATE SINK out INTO NATS (servers = '{server}', subject = '{subject}', mode = 'core') FORMAT JSON;
         INSERT INTO out SELECT * FROM s",
        from.name
    );
    run(&sql).await.unwrap();
    let mut seen = Vec::new();
    while seen.len() < 1000 {
        let next = tokio::time::timeout(std::time::Duration::from_secs(20), listening.next()).await;
        seen.push(String::from_utf8(next.unwrap().unwrap().payload.to_vec()).unwrap());
    }
    assert_eq!(account(&seen, 1000), (vec![], vec![]));
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_sinks_are_refused_by_name() {
    let Some(server) = server() else { return };
    let (from, to) = (Stream::create(server, "refused").await, Stream::create(server, "refused-to").await);
    from.write("a", [r#"{"id":0,"l":[1],"t":"a b"}"#]).await;
    let check = async |options: &str, format: &str, expected: &str| {
        let sql = format!(
            "CREATE SOURCE s (id BIGINT, l BIGINT[], t VARCHAR) FROM NATS (servers = '{server}', stream = '{}', end = latest)
             FORMAT JSON; CREATE SINK out INTO NATS (servers = '{server}', {options}) FORMAT {format};
             INSERT INTO out SELECT * FROM s",
            from.name
        );
        let error = run(&sql).await.unwrap_err();
        assert!(error.contains(expected), "{options}\n{error}");
    };
    let subject = format!("subject = '{}.x'", to.name);
    check("mode = 'jetstream'", "JSON", "it says where to publish").await;
    check("subject = 'a.*'", "JSON", "nothing can be published there").await;
    check("subject = 'a', subject_column = 't'", "JSON", "one is enough").await;
    check("subject = 'a', mode = 'core', message_id = 'id'", "JSON", "know no record again").await;
    check(&format!("subject = '{}'", unique("nowhere")), "JSON", "no JetStream stream of").await;
    check(&format!("{subject}, message_id = 'idd'"), "JSON", "did you mean `id`?").await;
    check(&format!("{subject}, headers = 'l'"), "JSON", "has no text of its own").await;
    check(&subject, "PARQUET", "writes files here, and a subject has records").await;
    check("subject_column = 't'", "JSON", "column `t`: `a b` is no subject").await;
    assert_eq!(to.read().await, []);
}
