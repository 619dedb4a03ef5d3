//! Whom a registry lets in, and that no password, token or key is shown by anything.

use laminar_registry::{ClientOptions, RegistryClient, TlsOptions};
use laminar_schema::{RegistryCredentials, RegistryError, config::Secret};
use laminar_tests::registry::{Auth, Fault, StandInOptions, StandInRegistry, StoredSchema};

use crate::{config, quick};

const SECRET: &str = "hunter2-s3cret";

fn basic(password: &str) -> RegistryCredentials {
    RegistryCredentials::Basic { username: "me".to_owned(), password: Secret::new(password) }
}

fn bearer(token: &str) -> RegistryCredentials {
    RegistryCredentials::Bearer(Secret::new(token))
}

async fn check(auth: Auth, right: RegistryCredentials, wrong: RegistryCredentials) {
    let registry = StandInRegistry::with(StandInOptions { auth, ..StandInOptions::default() }).await;
    let id = registry.plant("s", StoredSchema::avro("\"int\""));
    let client = |credentials| RegistryClient::new(&config(&registry.url(), credentials), quick()).unwrap();
    client(Some(right)).schema_by_id(id).await.unwrap();
    for credentials in [None, Some(wrong)] {
        let error = client(credentials).schema_by_id(id).await.unwrap_err();
        assert!(matches!(error, RegistryError::Refused { status: 401, .. }), "{error}");
        assert!(!error.is_retryable());
    }
}

#[tokio::test]
async fn only_the_right_credentials_are_let_in() {
    check(Auth::Basic("me".to_owned(), SECRET.to_owned()), basic(SECRET), basic("wrong")).await;
    check(Auth::Bearer(SECRET.to_owned()), bearer(SECRET), bearer("wrong")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_shown() {
    // `me:hunter2-s3cret` as basic authentication spells it.
    let hidden = [SECRET, "bWU6aHVudGVyMi1zM2NyZXQ="];
    let shown = |text: String| assert!(hidden.iter().all(|secret| !text.contains(secret)), "{text}");
    for credentials in [basic(SECRET), bearer(SECRET)] {
        let registry = StandInRegistry::start().await;
        let config = config(&registry.url(), Some(credentials));
        let tls = TlsOptions { ca_pem: None, identity_pem: Some(Secret::new(SECRET)) };
        shown(format!("{:?} {:?}", config, ClientOptions { tls, ..quick() }));
        let client = RegistryClient::new(&config, quick()).unwrap();
        shown(format!("{client:?}"));
        for fault in [
            Fault::EchoedCredentials,
            Fault::InternalError,
            Fault::ConnectionReset,
            Fault::TruncatedBody,
            Fault::GarbageJson,
            Fault::BadGateway,
        ] {
            registry.inject(fault, usize::MAX);
            let error = client.schema_by_id(1).await.unwrap_err();
            shown(format!("{error} {error:?} {client:?}"));
            registry.heal();
        }
        registry.inject(Fault::EchoedCredentials, 1);
        let error = client.schema_by_id(1).await.unwrap_err().to_string();
        assert!(error.contains("***"), "{error}");
    }
    // One that JSON spells otherwise.
    let quoted = "hunter2\"\\s3cret";
    let registry = StandInRegistry::start().await;
    let client = RegistryClient::new(&config(&registry.url(), Some(bearer(quoted))), quick()).unwrap();
    registry.inject(Fault::EchoedCredentials, 1);
    let error = client.schema_by_id(1).await.unwrap_err().to_string();
    assert!(error.contains("***") && !error.contains("hunter2"), "{error}");
    let url = format!("http://me:{SECRET}@127.0.0.1:1");
    let error = RegistryClient::new(&config(&url, None), quick()).unwrap_err();
    shown(format!("{error} {error:?}"));
    let tls = TlsOptions { ca_pem: None, identity_pem: Some(Secret::new(SECRET)) };
    let error =
        RegistryClient::new(&config("https://127.0.0.1:1", None), ClientOptions { tls, ..quick() }).unwrap_err();
    shown(format!("{error} {error:?}"));
}
