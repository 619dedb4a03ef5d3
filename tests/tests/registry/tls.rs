//! Encryption: whom the client trusts, and that it can say who it is.

use laminar_registry::{ClientOptions, RegistryClient, TlsOptions};
use laminar_schema::{RegistryError, config::Secret};
use laminar_tests::{
    registry::{StandInRegistry, StoredSchema},
    tls::TlsFront,
};

use crate::{config, quick};

/// Asks with these certificates, and yields the error, if there is one.
async fn ask(front: &TlsFront, ca_pem: Option<&str>, identity_pem: Option<&str>) -> Result<(), RegistryError> {
    let ca_pem = ca_pem.map(|pem| pem.as_bytes().to_vec());
    let tls = TlsOptions { ca_pem, identity_pem: identity_pem.map(Secret::new) };
    let client = RegistryClient::new(&config(&front.url(), None), ClientOptions { tls, ..quick() })?;
    client.schema_by_id(1).await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn both_sides_are_known_to_each_other() {
    let registry = StandInRegistry::start().await;
    registry.plant("s", StoredSchema::avro("\"int\""));
    let (front, other) = (TlsFront::start(registry.address).await, TlsFront::start(registry.address).await);
    let (ca, identity) = (Some(front.ca_pem.as_str()), Some(front.identity_pem.as_str()));
    ask(&front, ca, identity).await.unwrap();
    assert_eq!(registry.total(), 1);
    for (what, ca, identity) in [
        ("no certificate of the client", ca, None),
        ("a client of another authority", ca, Some(other.identity_pem.as_str())),
        ("a server of another authority", Some(other.ca_pem.as_str()), identity),
    ] {
        let error = ask(&front, ca, identity).await.unwrap_err();
        assert!(matches!(error, RegistryError::Unreachable { .. }), "{what}: {error}");
        assert!(!error.to_string().contains("PRIVATE"), "{error}");
    }
    let error = ask(&front, Some(&other.ca_pem), identity).await.unwrap_err().to_string();
    assert!(error.contains("certificate"), "it says why: {error}");
    assert_eq!(registry.total(), 1, "nobody else came through");
}

#[tokio::test]
async fn a_key_of_another_certificate_is_refused_at_once() {
    let registry = StandInRegistry::start().await;
    let (one, other) = (TlsFront::start(registry.address).await, TlsFront::start(registry.address).await);
    let key = other.identity_pem.find("-----BEGIN PRIVATE KEY").unwrap();
    let certificate = one.identity_pem.find("-----BEGIN PRIVATE KEY").unwrap();
    let mixed = format!("{}{}", &one.identity_pem[..certificate], &other.identity_pem[key..]);
    let error = ask(&one, Some(&one.ca_pem), Some(&mixed)).await.unwrap_err();
    assert!(matches!(error, RegistryError::Misconfigured { setting: "identity_pem", .. }), "{error}");
}
