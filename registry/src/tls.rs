//! Whom an `https` connection trusts, and who it says the client is.

use std::sync::Arc;

use laminar_schema::RegistryError;
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use rustls_platform_verifier::Verifier;

use crate::TlsOptions;

/// The configuration of all connections; `is_https` says whether any certificate will be judged by it.
///
/// # Errors
/// A text that is no PEM of a certificate or of a key; the key's own text is never in the error.
pub(crate) fn client_config(options: &TlsOptions, is_https: bool) -> Result<ClientConfig, RegistryError> {
    let provider = Arc::new(ring::default_provider());
    let versions = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|e| wrong("tls", "versions of TLS that the cryptography has", &e))?;
    let trusting = match &options.ca_pem {
        Some(pem) => versions.with_root_certificates(roots(pem)?),
        // The platform's certificates are looked for only where they are needed: a container may have none.
        None if is_https => {
            let verifier = Verifier::new(provider).map_err(|e| wrong("tls", "the platform's certificates", &e))?;
            versions.dangerous().with_custom_certificate_verifier(Arc::new(verifier))
        }
        None => versions.with_root_certificates(RootCertStore::empty()),
    };
    let Some(identity) = &options.identity_pem else { return Ok(trusting.with_no_client_auth()) };
    let pem = identity.expose().as_bytes();
    let chain: Vec<_> = CertificateDer::pem_slice_iter(pem).filter_map(Result::ok).collect();
    if chain.is_empty() {
        return Err(misconfigured("identity_pem", IDENTITY, "no certificate"));
    }
    let key =
        PrivateKeyDer::from_pem_slice(pem).map_err(|_| misconfigured("identity_pem", IDENTITY, "no private key"))?;
    let found = "a key that is not the certificate's, or of a kind that TLS does not use";
    trusting.with_client_auth_cert(chain, key).map_err(|_| misconfigured("identity_pem", IDENTITY, found))
}

/// What an identity consists of.
const IDENTITY: &str = "PEM text of a certificate chain and its private key";

fn roots(pem: &[u8]) -> Result<RootCertStore, RegistryError> {
    const EXPECTED: &str = "PEM text of certificates";
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|e| wrong("ca_pem", EXPECTED, &e))?;
        roots.add(certificate).map_err(|e| wrong("ca_pem", EXPECTED, &e))?;
    }
    if roots.is_empty() {
        return Err(misconfigured("ca_pem", EXPECTED, "no certificate"));
    }
    Ok(roots)
}

#[cold]
fn wrong(setting: &'static str, expected: &'static str, found: &dyn std::fmt::Display) -> RegistryError {
    RegistryError::Misconfigured { setting, expected, found: found.to_string() }
}

#[cold]
fn misconfigured(setting: &'static str, expected: &'static str, found: &str) -> RegistryError {
    RegistryError::Misconfigured { setting, expected, found: found.to_owned() }
}

#[cfg(test)]
mod tests {
    use laminar_schema::config::Secret;

    use super::*;

    fn check(options: &TlsOptions, expected: &str) {
        let error = client_config(options, true).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
    }

    #[test]
    fn a_bad_identity_is_refused_without_its_text() {
        let ca_pem = None;
        check(&TlsOptions { ca_pem, identity_pem: Some(Secret::new("hunter2")) }, "found no certificate");
        let pem = "-----BEGIN CERTIFICATE-----\naHVudGVyMg==\n-----END CERTIFICATE-----\n";
        check(&TlsOptions { ca_pem: None, identity_pem: Some(Secret::new(pem)) }, "found no private key");
    }

    #[test]
    fn authorities_must_be_certificates() {
        check(&TlsOptions { ca_pem: Some(b"hello".to_vec()), identity_pem: None }, "found no certificate");
    }
}
