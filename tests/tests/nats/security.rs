//! Servers that want to know who asks, and that show certificates.

use laminar_tests::served::memory;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

use crate::{ids, server::Own, sql::run};

/// Reads a stream that `client` has made, with `options`.
async fn read(own: &Own, stream: &str, options: &str) -> Result<u64, String> {
    let (_store, out) = memory();
    let sql = format!(
        "CREATE SOURCE s (id BIGINT) FROM NATS (servers = '{}', stream = '{stream}', end = latest, connect_timeout = '3s'{options})
         FORMAT JSON; {out} INSERT INTO out SELECT * FROM s",
        own.address
    );
    let read = run(&sql).await;
    if let Err(error) = &read {
        assert!(!error.contains("hunter") && !error.contains("SUA"), "a secret is printed: {error}");
    }
    read.map(|summary| summary.records)
}

async fn fill(client: async_nats::Client, name: &str) {
    let context = async_nats::jetstream::new(client);
    let (name, subjects) = (name.to_owned(), vec!["secured".to_owned()]);
    let config = async_nats::jetstream::stream::Config { name, subjects, ..Default::default() };
    context.create_stream(config).await.unwrap();
    for id in ids(0..5) {
        context.publish("secured", id.into()).await.unwrap().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn passwords_tokens_and_nkeys_open_what_wants_them() {
    let (pair, other) = (nkeys::KeyPair::new_user(), nkeys::KeyPair::new_user());
    let (seed, other) = (pair.seed().unwrap(), other.seed().unwrap());
    let nkey = format!("authorization {{ users: [ {{ nkey: {} }} ] }}", pair.public_key());
    let with_seed = format!(", nkey_secret = '{seed}'");
    for (configuration, options, client) in [
        (
            "authorization { user: u, password: hunter2 }",
            ", user = 'u', password = 'hunter2'",
            async_nats::ConnectOptions::new().user_and_password("u".into(), "hunter2".into()),
        ),
        (
            "authorization { token: hunter2 }",
            ", token = 'hunter2'",
            async_nats::ConnectOptions::new().token("hunter2".into()),
        ),
        (&nkey, &with_seed, async_nats::ConnectOptions::with_nkey(seed.clone())),
    ] {
        let Some(own) = Own::start(configuration, &[]) else { return };
        fill(client.connect(&own.address).await.unwrap(), "S").await;
        assert_eq!(read(&own, "S", options).await, Ok(5), "{configuration}");
        let wrong = options.replace("hunter2", "hunter3").replace(&seed, &other);
        for wrong in [wrong.as_str(), ""] {
            let error = read(&own, "S", wrong).await.unwrap_err();
            assert!(error.contains("cannot connect to NATS") && error.contains("authorization violation"), "{error}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authority_of_ones_own_is_trusted_when_it_is_named() {
    let authority_key = KeyPair::generate().unwrap();
    let mut authority = CertificateParams::new(vec![]).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_certificate = authority.self_signed(&authority_key).unwrap();
    let issuer = Issuer::new(authority, authority_key);
    let make = |name: &str| {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
        (certificate.pem(), key.serialize_pem())
    };
    let (server, client) = (make("127.0.0.1"), make("client"));
    let files = [
        ("ca.pem", authority_certificate.pem()),
        ("server.pem", server.0),
        ("server.key", server.1),
        ("client.pem", client.0),
        ("client.key", client.1),
    ];
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let tls = "tls { cert_file: {dir}/server.pem, key_file: {dir}/server.key, ca_file: {dir}/ca.pem, verify: true }";
    let Some(own) = Own::start(tls, &files) else { return };
    let path = |name: &str| own.dir().join(name);
    let connected = async_nats::ConnectOptions::new()
        .add_root_certificates(path("ca.pem"))
        .add_client_certificate(path("client.pem"), path("client.key"))
        .connect(&own.address)
        .await;
    fill(connected.unwrap(), "S").await;
    let named = |names: &[(&str, &str)]| -> String {
        names.iter().map(|(option, file)| format!(", {option} = '{}'", path(file).display())).collect()
    };
    let all = [("tls_ca", "ca.pem"), ("tls_certificate", "client.pem"), ("tls_key", "client.key")];
    assert_eq!(read(&own, "S", &named(&all)).await, Ok(5));
    let error = read(&own, "S", ", tls = true").await.unwrap_err();
    println!("without the authority: {error}");
    assert!(error.contains("cannot connect to NATS") && error.contains("certificate"), "{error}");
    let error = read(&own, "S", &named(&[("tls_ca", "missing.pem")])).await.unwrap_err();
    println!("with a file that is not there: {error}");
    assert!(error.contains("cannot connect to NATS"), "{error}");
    let error = read(&own, "S", ", creds_file = '/no/such/file.creds'").await.unwrap_err();
    assert!(error.contains("cannot read the credentials: /no/such/file.creds"), "{error}");
}
