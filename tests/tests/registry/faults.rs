//! Each fault gives the outcome that `docs/registry.md` has in its table.

use std::time::Duration;

use laminar_registry::RetryPolicy;
use laminar_schema::RegistryError;
use laminar_tests::registry::{Fault, StandInRegistry, StoredSchema};

use crate::client;

const DOCUMENT: &str = include_str!("../../../docs/registry.md");

/// What a fault leads to, in the words of the table.
fn outcome(error: &RegistryError) -> &'static str {
    match error {
        RegistryError::Unreachable { .. } => "`Unreachable`",
        RegistryError::Refused { .. } => "`Refused`",
        RegistryError::Malformed { .. } => "`Malformed`",
        RegistryError::Contradiction { .. } => "`Contradiction`",
        RegistryError::TooLarge { .. } => "`TooLarge`",
        _ => "another error",
    }
}

/// Injects a fault for good, and then once; holds both against the line of the table that begins with `name`.
async fn check(name: &str, fault: Fault) {
    let registry = StandInRegistry::start().await;
    let id = registry.plant("s", StoredSchema::avro("\"int\""));
    let client = client(&registry.url());
    registry.inject(fault.clone(), usize::MAX);
    let error = client.schema_by_id(id).await.unwrap_err();
    let requests = registry.total();
    registry.heal();
    assert_eq!(client.schema_by_id(id).await.unwrap().schema, "\"int\"", "{name}: it recovers");

    let fresh = self::client(&registry.url());
    registry.inject(fault, 1);
    let once = match fresh.schema_by_id(id).await {
        Ok(_) => "answered",
        Err(_) => "fails",
    };
    let tries = if requests == 1 { "no" } else { "yes" };
    assert!(requests == 1 || requests == 3, "{name}: {requests} requests");
    assert_eq!(error.is_retryable(), requests == 3, "{name}: {error}");
    let line = format!("| {name} | {} | {tries} | {once} |", outcome(&error));
    assert!(DOCUMENT.contains(&line), "docs/registry.md lacks the line {line}\n{error}");
    assert!(!error.to_string().contains('\n'), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_has_its_documented_outcome() {
    let big = 4 << 20;
    for (name, fault) in [
        ("no answer in time", Fault::Slow(Duration::from_millis(600))),
        ("500 with the code 50001", Fault::InternalError),
        ("502 with a page of HTML", Fault::BadGateway),
        ("429", Fault::TooManyRequests(None)),
        ("429 with `Retry-After`", Fault::TooManyRequests(Some(3600))),
        ("the body ends early", Fault::TruncatedBody),
        ("the connection is reset", Fault::ConnectionReset),
        ("the body is no JSON", Fault::GarbageJson),
        ("JSON of another shape", Fault::WrongShape),
        ("no body", Fault::EmptyBody),
        ("a body without end", Fault::HugeBody(big)),
        ("another id than the one asked for", Fault::WrongId),
        ("a redirect", Fault::Redirect("http://127.0.0.1:1/".to_owned())),
        ("403", Fault::EchoedCredentials),
    ] {
        check(name, fault).await;
    }
}

#[tokio::test]
async fn nobody_at_the_address() {
    let registry = StandInRegistry::start().await;
    let url = registry.url();
    drop(registry);
    tokio::task::yield_now().await;
    let error = client(&url).schema_by_id(1).await.unwrap_err();
    assert!(matches!(&error, RegistryError::Unreachable { url: named, .. } if named.starts_with(&url)), "{error}");
}

#[tokio::test]
async fn versions_of_another_subject_or_number_are_caught() {
    let registry = StandInRegistry::start().await;
    registry.plant("s", StoredSchema::avro("\"int\""));
    registry.inject(Fault::WrongId, 1);
    let version = laminar_registry::Version::Number(1);
    let error = client(&registry.url()).version("s", version, laminar_registry::Deleted::Without).await.unwrap_err();
    let expected = "expected version 1, found 2";
    assert!(matches!(error, RegistryError::Contradiction { .. }) && error.to_string().contains(expected), "{error}");
}

#[tokio::test]
async fn a_wrong_path_is_not_taken_for_a_schema_that_is_missing() {
    let registry = StandInRegistry::start().await;
    let error = client(&format!("{}/nowhere", registry.url())).schema_by_id(1).await.unwrap_err();
    assert!(matches!(error, RegistryError::Refused { status: 404, .. }), "{error}");
}

#[tokio::test]
async fn one_try_is_one_request() {
    let registry = StandInRegistry::start().await;
    let options = laminar_registry::ClientOptions { retry: RetryPolicy::NEVER, ..crate::quick() };
    let client = laminar_registry::RegistryClient::new(&crate::config(&registry.url(), None), options).unwrap();
    registry.inject(Fault::InternalError, 1);
    assert!(client.schema_by_id(1).await.is_err());
    assert_eq!(registry.total(), 1);
}

#[tokio::test]
async fn no_answer_makes_the_client_panic() {
    let registry = StandInRegistry::start().await;
    let city = r#"{"type": "record", "name": "City", "fields": [{"name": "n", "type": "string"}]}"#;
    let trade = r#"{"type": "record", "name": "Trade", "fields": [{"name": "at", "type": ["null", "City"]}]}"#;
    registry.plant("city", StoredSchema::avro(city));
    registry.plant("s", StoredSchema::avro(trade).with_reference("City", "city", 1));
    let (mut kinds, mut answered) = (std::collections::BTreeSet::new(), 0);
    for seed in 0..400 {
        // A client each: what one has learned from a wrong answer is no concern of the next.
        let client = client(&registry.url());
        registry.heal();
        registry.inject(Fault::Mutated(seed), usize::MAX);
        let columns = async {
            let latest = client.latest("s").await?;
            client.with_references(&latest.schema).await?.arrow_schema(None)
        };
        match columns.await {
            Ok(_) => answered += 1,
            Err(error) => drop(kinds.insert(error.to_string().split(':').next().unwrap_or_default().len())),
        }
    }
    // Some bytes do not matter, and others are noticed in more than one way.
    assert!(answered > 0 && kinds.len() > 2, "{answered} answered, {kinds:?}");
}
