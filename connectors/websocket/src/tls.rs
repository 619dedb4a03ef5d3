//! TLS of both sides: rustls over ring, with the system's authorities and own ones.

use std::{error::Error, path::Path, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::WebPkiClientVerifier,
};

use crate::{
    config::LinkOptions,
    error::{WebSocketFault, lasting},
};

/// What a client needs: it trusts the system's authorities and those of `tls_ca`, and shows its certificate if it has one.
///
/// # Errors
/// A file that cannot be read, or that does not hold what it should.
pub(crate) fn client(link: &LinkOptions) -> Result<Arc<ClientConfig>, WebSocketFault> {
    let mut roots = RootCertStore::empty();
    // A system without authorities of its own can still have those of `tls_ca`.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    add_own(&mut roots, link)?;
    let versions = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|e| lasting("TLS", e))?;
    let trusting = versions.with_root_certificates(roots);
    let config = match own_certificate(link)? {
        Some((chain, key)) => trusting.with_client_auth_cert(chain, key).map_err(|e| lasting("tls_certificate", e))?,
        None => trusting.with_no_client_auth(),
    };
    Ok(Arc::new(config))
}

/// What a server needs, where it has a certificate; with `tls_ca` it insists on one of its clients.
///
/// # Errors
/// A file that cannot be read, or that does not hold what it should.
pub(crate) fn server(link: &LinkOptions) -> Result<Option<Arc<ServerConfig>>, WebSocketFault> {
    let Some((chain, key)) = own_certificate(link)? else { return Ok(None) };
    let provider = Arc::new(ring::default_provider());
    let versions = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|e| lasting("TLS", e))?;
    let asking = if link.tls_ca.is_some() {
        let mut roots = RootCertStore::empty();
        add_own(&mut roots, link)?;
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
        versions.with_client_cert_verifier(verifier.map_err(|e| lasting("tls_ca", e))?)
    } else {
        versions.with_no_client_auth()
    };
    let config = asking.with_single_cert(chain, key).map_err(|e| lasting("tls_certificate", e))?;
    Ok(Some(Arc::new(config)))
}

fn add_own(roots: &mut RootCertStore, link: &LinkOptions) -> Result<(), WebSocketFault> {
    let Some(path) = &link.tls_ca else { return Ok(()) };
    for certificate in certificates("tls_ca", path)? {
        roots.add(certificate).map_err(|e| unreadable("tls_ca", path, e))?;
    }
    Ok(())
}

type Shown = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn own_certificate(link: &LinkOptions) -> Result<Option<Shown>, WebSocketFault> {
    let (Some(certificate), Some(key)) = (&link.tls_certificate, &link.tls_key) else { return Ok(None) };
    let chain = certificates("tls_certificate", certificate)?;
    Ok(Some((chain, PrivateKeyDer::from_pem_file(key).map_err(|e| unreadable("tls_key", key, e))?)))
}

fn certificates(option: &str, path: &Path) -> Result<Vec<CertificateDer<'static>>, WebSocketFault> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let certificates = read.map_err(|e| unreadable(option, path, e))?;
    match certificates.is_empty() {
        true => Err(unreadable(option, path, "it holds no certificate in PEM")),
        false => Ok(certificates),
    }
}

fn unreadable<E: Into<Box<dyn Error + Send + Sync>>>(option: &str, path: &Path, error: E) -> WebSocketFault {
    lasting(format_args!("{option} = '{}'", path.display()), error)
}
