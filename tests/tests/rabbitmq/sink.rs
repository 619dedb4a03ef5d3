//! Sinks: routing keys and headers from columns, and records that no queue takes.

use laminar_tests::served::{account, unique};
use lapin::{ExchangeKind, types::AMQPValue};

use crate::{
    ids,
    server::{Queue, server},
    sql::run,
};

#[tokio::test(flavor = "multi_thread")]
async fn routing_keys_headers_and_message_ids_come_from_columns() {
    let Some(server) = server() else { return };
    let (from, exchange) = (Queue::create(server, "rows").await, unique("exchange"));
    let (eu, us) = (Queue::create(server, "eu").await, Queue::create(server, "us").await);
    eu.bind(ExchangeKind::Topic, &exchange, "eu.#").await;
    us.bind(ExchangeKind::Topic, &exchange, "us.#").await;
    let row = |id: u64, place: &str| format!(r#"{{"id":{id},"place":"{place}","kind":"k{id}","ratio":0.5}}"#);
    from.write([row(0, "eu.a"), row(1, "us.b"), row(2, "eu.c")]).await;
    let sql = format!(
        "CREATE SOURCE s (id BIGINT, place VARCHAR, kind VARCHAR, ratio DOUBLE)
         FROM RABBITMQ ({0}, queue = '{1}', end = latest) FORMAT JSON;
         CREATE SINK out INTO RABBITMQ ({0}, exchange = '{exchange}', routing_key_column = 'place', headers = 'kind, ratio',
         message_id = 'id', persistent = false) FORMAT JSON; INSERT INTO out SELECT * FROM s",
        server.sql(),
        from.name
    );
    run(&sql).await.unwrap();
    let seen = eu.read().await;
    let parts: Vec<_> = seen.iter().map(|seen| (seen.routing_key.as_str(), seen.value.as_str())).collect();
    assert_eq!(parts, [("eu.a", r#"{"id":0}"#), ("eu.c", r#"{"id":2}"#)]);
    let properties = &seen[1].properties;
    assert_eq!(properties.message_id().as_ref().map(|id| id.as_str()), Some("2"));
    assert_eq!(*properties.delivery_mode(), None);
    let headers = properties.headers().clone().unwrap_or_default();
    assert_eq!(headers.inner().get("kind"), Some(&AMQPValue::LongString("k2".into())));
    assert_eq!(headers.inner().get("ratio"), Some(&AMQPValue::Double(0.5)));
    assert_eq!(us.values().await, [r#"{"id":1}"#]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_no_queue_takes_is_told_by_its_row() {
    let Some(server) = server() else { return };
    let (from, exchange) = (Queue::create(server, "rows").await, unique("exchange"));
    let to = Queue::create(server, "routed").await;
    to.bind(ExchangeKind::Direct, &exchange, "known").await;
    let row = |id: u64| format!(r#"{{"id":{id},"place":"{}"}}"#, if id == 1234 { "nowhere" } else { "known" });
    let sql = |from: &Queue, mandatory: bool| {
        format!(
            "CREATE SOURCE s (id BIGINT, place VARCHAR) FROM RABBITMQ ({0}, queue = '{1}', end = latest) FORMAT JSON;
             CREATE SINK out INTO RABBITMQ ({0}, exchange = '{exchange}', routing_key_column = 'place', mandatory = {mandatory})
             FORMAT JSON; INSERT INTO out SELECT * FROM s",
            server.sql(),
            from.name
        )
    };
    from.write((0..2000).map(row)).await;
    let error = run(&sql(&from, true)).await.unwrap_err();
    let expected = format!(
        "row 1234 since the start, for exchange `{exchange}` with routing key `nowhere`: no queue takes it, {{\"id\":1234}}"
    );
    assert!(error.contains(&expected), "{error}");
    // Checkpoints before it have acknowledged what was confirmed, and nothing else: the rest is there again.
    let confirmed = u32::try_from(to.values().await.len()).unwrap();
    assert!(confirmed < 2000, "{confirmed}");
    from.has(2000 - confirmed..=2000).await;
    // Where nobody minds, the server drops it.
    let from = Queue::create(server, "dropped").await;
    from.write((0..2000).map(row)).await;
    assert_eq!(run(&sql(&from, false)).await.unwrap().rows, 2000);
    assert_eq!(account(to.values().await, 2000), (vec![1234], vec![]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_holds_the_sink_back_until_it_gives_up() {
    let Some(server) = server() else { return };
    let from = Queue::create(server, "rows").await;
    from.write(ids(0..10)).await;
    let to = Queue::named(server, unique("full")).await;
    let mut arguments = lapin::types::FieldTable::default();
    arguments.insert("x-max-length".into(), AMQPValue::LongInt(3));
    arguments.insert("x-overflow".into(), AMQPValue::LongString("reject-publish".into()));
    let options = lapin::options::QueueDeclareOptions::durable();
    to.channel.queue_declare(to.name.as_str().into(), options, arguments).await.unwrap();
    let sql = format!(
        "CREATE SOURCE s (id BIGINT) FROM RABBITMQ ({0}, queue = '{1}', end = latest) FORMAT JSON;
         CREATE SINK out INTO RABBITMQ ({0}, routing_key = '{2}', delivery_timeout = '500ms') FORMAT JSON;
         INSERT INTO out SELECT * FROM s",
        server.sql(),
        from.name,
        to.name
    );
    let error = run(&sql).await.unwrap_err();
    assert!(error.contains("are not confirmed") && error.contains("where a queue is full"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_sinks_are_refused_by_name() {
    let Some(server) = server() else { return };
    let (from, to) = (Queue::create(server, "refused").await, Queue::create(server, "refused-to").await);
    from.write([r#"{"id":0,"l":[1],"t":null}"#]).await;
    let check = async |options: &str, format: &str, expected: &str| {
        let sql = format!(
            "CREATE SOURCE s (id BIGINT, l BIGINT[], t VARCHAR) FROM RABBITMQ ({0}, queue = '{1}', end = latest)
             FORMAT JSON; CREATE SINK out INTO RABBITMQ ({0}, {options}) FORMAT {format}; INSERT INTO out SELECT * FROM s",
            server.sql(),
            from.name
        );
        let error = run(&sql).await.unwrap_err();
        assert!(error.contains(expected), "{options}\n{error}");
    };
    let (key, missing) = (format!("routing_key = '{}'", to.name), unique("missing"));
    check("persistent = true", "JSON", "which queue the default exchange means").await;
    check("routing_key = 'a', routing_key_column = 't'", "JSON", "one is enough").await;
    check(&format!("routing_key = '{missing}'"), "JSON", &format!("no queue `{missing}`; create it")).await;
    check(&format!("exchange = '{missing}'"), "JSON", &format!("no exchange `{missing}`; declare it")).await;
    check(&format!("{key}, message_id = 'idd'"), "JSON", "did you mean `id`?").await;
    check(&format!("{key}, headers = 'l'"), "JSON", "is not one plain value").await;
    check(&key, "PARQUET", "writes files here, and a queue has records").await;
    check("exchange = 'amq.direct', routing_key_column = 't'", "JSON", "column `t`: it is null").await;
    assert_eq!(to.read().await, []);
}
