//! Encryption in front of a server that has none.

use std::{net::SocketAddr, sync::Arc};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
};
use rustls::{
    RootCertStore, ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
    server::WebPkiClientVerifier,
};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::AbortHandle,
};
use tokio_rustls::TlsAcceptor;

/// A port that decrypts and hands on; a strict one lets in who has a certificate of its own authority.
#[derive(Debug)]
pub struct TlsFront {
    address: SocketAddr,
    /// PEM of the authority that signed its certificate.
    pub ca_pem: String,
    /// PEM of a client's certificate and key that it accepts.
    pub identity_pem: String,
    server: AbortHandle,
}

impl TlsFront {
    /// Starts a strict one in front of `to`, with a new authority.
    ///
    /// # Panics
    /// No port can be listened on, or a certificate cannot be made.
    pub async fn start(to: SocketAddr) -> Self {
        Self::listen("127.0.0.1:0", to, true).await
    }

    /// Starts one at `at`, strict or not, in front of `to`.
    ///
    /// # Panics
    /// The port cannot be listened on, or a certificate cannot be made.
    pub async fn listen(at: &str, to: SocketAddr, is_strict: bool) -> Self {
        let (ca, ca_pem, ca_der) = authority();
        let (server_der, server_key, _) = certificate(&ca, ExtendedKeyUsagePurpose::ServerAuth);
        let (_, _, identity_pem) = certificate(&ca, ExtendedKeyUsagePurpose::ClientAuth);
        let mut roots = RootCertStore::empty();
        roots.add(ca_der).expect("an authority of our own making");
        let provider = Arc::new(ring::default_provider());
        let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), Arc::clone(&provider));
        let verifier = if is_strict { verifier } else { verifier.allow_unauthenticated() };
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions of TLS")
            .with_client_cert_verifier(verifier.build().expect("a verifier with one authority"))
            .with_single_cert(vec![server_der], server_key)
            .expect("a certificate and its key");
        let listener = TcpListener::bind(at).await.expect("a port of 127.0.0.1");
        let address = listener.local_addr().expect("a socket that listens has an address");
        let server = tokio::spawn(hand_on(listener, TlsAcceptor::from(Arc::new(config)), to));
        Self { address, ca_pem, identity_pem, server: server.abort_handle() }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its base URL.
    pub fn url(&self) -> String {
        format!("https://{}", self.address)
    }
}

impl Drop for TlsFront {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn hand_on(listener: TcpListener, acceptor: TlsAcceptor, to: SocketAddr) {
    while let Ok((stream, _)) = listener.accept().await {
        let acceptor = acceptor.clone();
        tokio::spawn(async move {
            // Who is not let in, or leaves, is no concern of the others.
            let Ok(mut outer) = acceptor.accept(stream).await else { return };
            let Ok(mut inner) = TcpStream::connect(to).await else { return };
            let _ = copy_bidirectional(&mut outer, &mut inner).await;
        });
    }
}

/// A new authority, its certificate as PEM and as bytes.
fn authority() -> (Issuer<'static, KeyPair>, String, CertificateDer<'static>) {
    let mut params = named("an authority of tests", CertificateParams::default());
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().expect("a key");
    let certificate = params.self_signed(&key).expect("a certificate");
    let (pem, der) = (certificate.pem(), certificate.der().clone());
    (Issuer::new(params, key), pem, der)
}

/// The same with a name of its own: OpenSSL takes a certificate that is called like its authority for one that signed itself.
fn named(name: &str, mut params: CertificateParams) -> CertificateParams {
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

/// A certificate for 127.0.0.1, its key, and the PEM of both.
fn certificate(
    ca: &Issuer<'static, KeyPair>,
    purpose: ExtendedKeyUsagePurpose,
) -> (CertificateDer<'static>, PrivateKeyDer<'static>, String) {
    let mut params = named("127.0.0.1", CertificateParams::new(["127.0.0.1".to_owned()]).expect("a name"));
    params.extended_key_usages = vec![purpose];
    let key = KeyPair::generate().expect("a key");
    let certificate = params.signed_by(&key, ca).expect("a certificate");
    let pem = certificate.pem() + &key.serialize_pem();
    (certificate.der().clone(), PrivatePkcs8KeyDer::from(key.serialize_der()).into(), pem)
}
