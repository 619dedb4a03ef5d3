//! What is asked once, what is not asked at all, and what stands in while the registry is down.

use std::{sync::Arc, time::Duration};

use laminar_registry::{ClientOptions, Normalize, Origin, PinnedSchema, RegistryClient};
use laminar_schema::{RegistryError, SchemaRegistryAware};
use laminar_tests::registry::{Fault, StandInRegistry, StoredSchema};

use crate::{client, config, quick, record};

const BY_ID: &str = "GET /schemas/ids/{id}";
const BY_VERSION: &str = "GET /subjects/{subject}/versions/{version}";

/// Starts 64 tasks that ask for one id, and yields how many got a schema.
async fn herd(client: &RegistryClient, id: u32) -> usize {
    let tasks: Vec<_> = (0..64)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.schema_by_id(id).await.is_ok() })
        })
        .collect();
    let mut answered = 0;
    for task in tasks {
        answered += usize::from(task.await.unwrap());
    }
    answered
}

#[tokio::test(flavor = "multi_thread")]
async fn a_herd_on_one_id_makes_one_request() {
    let registry = StandInRegistry::start().await;
    let id = registry.plant("s", StoredSchema::avro("\"int\""));
    let client = client(&registry.url());
    registry.inject(Fault::Slow(Duration::from_millis(50)), 1);
    assert_eq!(herd(&client, id).await, 64);
    assert_eq!(registry.count(BY_ID), 1);
    assert_eq!(herd(&client, id).await, 64);
    assert_eq!(registry.count(BY_ID), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_herd_on_an_id_that_there_is_not_makes_one_request_too() {
    let registry = StandInRegistry::start().await;
    let client = client(&registry.url());
    registry.inject(Fault::Slow(Duration::from_millis(50)), 1);
    assert_eq!(herd(&client, 7).await, 0);
    assert_eq!(herd(&client, 7).await, 0);
    assert_eq!(registry.count(BY_ID), 1);
}

#[tokio::test]
async fn an_unknown_id_is_asked_for_again_after_a_while() {
    let registry = StandInRegistry::start().await;
    let options = ClientOptions { unknown_id_ttl: Duration::from_millis(30), ..quick() };
    let client = RegistryClient::new(&config(&registry.url(), None), options).unwrap();
    for _ in 0..3 {
        assert!(matches!(client.schema_by_id(1).await, Err(RegistryError::NotFound { .. })));
    }
    assert_eq!(registry.count(BY_ID), 1);
    registry.plant("s", StoredSchema::avro("\"int\""));
    tokio::time::sleep(Duration::from_millis(40)).await;
    assert_eq!(client.schema_by_id(1).await.unwrap().schema, "\"int\"");
    assert_eq!(registry.count(BY_ID), 2);
}

#[tokio::test]
async fn a_known_id_never_waits_on_the_registry() {
    let registry = StandInRegistry::start().await;
    let client = client(&registry.url());
    let text = record("trades", &["price"]);
    let id = client.register("trades-value", &text, Normalize::AsConfigured).await.unwrap();
    let config = config(&registry.url(), None);
    let before = client.fetch_schema_by_id(&config, id.into()).await.unwrap();
    registry.stop();
    assert_eq!(client.schema_by_id(id).await.unwrap().schema, text.schema);
    assert!(client.known_schema(id).is_some());
    let after = client.fetch_schema_by_id(&config, id.into()).await.unwrap();
    assert_eq!((after.schema, after.version, after.subject), (before.schema, 1, "trades-value".to_owned()));
    let error = client.schema_by_id(id + 1).await.unwrap_err();
    assert!(error.is_retryable(), "{error}");
}

#[tokio::test]
async fn the_latest_schema_is_known_by_its_id_too() {
    let registry = StandInRegistry::start().await;
    let id = registry.plant("trades-value", StoredSchema::avro(record("T", &["x"]).schema));
    let client = client(&registry.url());
    let config = config(&registry.url(), None);
    let latest = client.fetch_schema(&config).await.unwrap();
    registry.stop();
    let by_id = client.fetch_schema_by_id(&config, id.into()).await.unwrap();
    assert_eq!((by_id.schema, by_id.version), (latest.schema, latest.version));
}

#[tokio::test]
async fn ids_are_kept_up_to_a_number() {
    let registry = StandInRegistry::start().await;
    for name in ["A", "B", "C"] {
        registry.plant(name, StoredSchema::avro(record(name, &["x"]).schema));
    }
    let options = ClientOptions { max_cached_ids: 2, ..quick() };
    let client = RegistryClient::new(&config(&registry.url(), None), options).unwrap();
    for id in [1, 2, 1, 3] {
        client.schema_by_id(id).await.unwrap();
    }
    assert_eq!(registry.count(BY_ID), 3);
    let known = [1, 2, 3].map(|id| client.known_schema(id).is_some());
    assert_eq!(known, [true, false, true], "the one that was not asked for the longest is gone");
}

#[tokio::test]
async fn the_latest_version_is_kept_for_a_while_and_stands_in_afterwards() {
    let registry = StandInRegistry::start().await;
    let options = ClientOptions { latest_ttl: Duration::from_millis(40), ..quick() };
    let client = RegistryClient::new(&config(&registry.url(), None), options).unwrap();
    client.register("s", &record("S", &["x"]), Normalize::AsConfigured).await.unwrap();
    assert_eq!(client.latest("s").await.unwrap().origin, Origin::Registry);
    assert_eq!(client.latest("s").await.unwrap().origin, Origin::Cache);
    assert_eq!(registry.count(BY_VERSION), 1);
    // One's own registration is seen at once.
    client.register("s", &record("S", &[]), Normalize::AsConfigured).await.unwrap();
    assert_eq!(client.latest("s").await.unwrap().schema.version, 2);
    registry.stop();
    tokio::time::sleep(Duration::from_millis(50)).await;
    let latest = client.latest("s").await.unwrap();
    assert_eq!(latest.schema.version, 2);
    assert!(matches!(latest.origin, Origin::Stale { why: RegistryError::Unreachable { .. } }), "{:?}", latest.origin);
}

#[tokio::test]
async fn a_pinned_schema_stands_in_from_the_start_and_says_so() {
    let registry = StandInRegistry::start().await;
    let city = r#"{"type": "record", "name": "City", "fields": [{"name": "n", "type": "string"}]}"#;
    let trade = r#"{"type": "record", "name": "Trade", "fields": [{"name": "at", "type": "City"}]}"#;
    registry.plant("city", StoredSchema::avro(city));
    let id = registry.plant("trades-value", StoredSchema::avro(trade).with_reference("City", "city", 1));
    let pin = client(&registry.url()).pin("trades-value").await.unwrap();
    let pin = PinnedSchema::from_text(&pin.to_text()).unwrap();
    registry.stop();

    let config = config(&registry.url(), None);
    let pinned = RegistryClient::with_pins(&config, quick(), [pin]).unwrap();
    let latest = pinned.latest("trades-value").await.unwrap();
    assert_eq!(latest.schema.id, id);
    assert!(matches!(latest.origin.outage(), Some(RegistryError::Unreachable { .. })), "{:?}", latest.origin);
    assert!(latest.origin.to_string().starts_with("the pinned one (cannot reach"), "{}", latest.origin);
    let schema = pinned.fetch_schema(&config).await.unwrap().schema;
    assert_eq!(schema.field(0).name(), "at");
    assert_eq!(pinned.fetch_schema_by_id(&config, id.into()).await.unwrap().schema, schema);
    let unpinned = pinned.latest("other").await.unwrap_err();
    assert!(unpinned.is_retryable(), "{unpinned}");
}

#[tokio::test]
async fn a_pinned_schema_hides_no_answer() {
    let registry = StandInRegistry::start().await;
    registry.plant("s", StoredSchema::avro("\"int\""));
    let pin = client(&registry.url()).pin("s").await.unwrap();
    let empty = StandInRegistry::start().await;
    let client = RegistryClient::with_pins(&config(&empty.url(), None), quick(), [pin]).unwrap();
    assert!(matches!(client.latest("s").await, Err(RegistryError::NotFound { .. })));
    let error = PinnedSchema::from_text("{}").unwrap_err();
    assert!(error.to_string().contains("`pin`"), "{error}");
}

#[tokio::test]
async fn a_registry_that_changes_an_id_is_caught() {
    let registry = StandInRegistry::start().await;
    registry.plant("s", StoredSchema::avro("\"int\""));
    let client = client(&registry.url());
    assert_eq!(client.schema_by_id(1).await.unwrap().schema, "\"int\"");
    registry.plant("other", StoredSchema::avro("\"long\""));
    // The answer about id 2 claims to be about id 3, which is known to be something else.
    let known = Arc::clone(&client.schema_by_id(2).await.unwrap());
    registry.plant("third", StoredSchema::avro("\"string\""));
    registry.inject(Fault::WrongId, 1);
    let error = client.latest("s").await.unwrap_err();
    assert!(matches!(error, RegistryError::Contradiction { what: "schema", .. }), "{error}");
    assert_eq!(*client.known_schema(2).unwrap(), *known);
}
