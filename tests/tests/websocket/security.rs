//! Who is let in: paths, passwords, tokens, headers, subprotocols, and certificates of both sides.

use laminar_tests::served::memory;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

use crate::{peers::free_port, sql::run, until};

/// Reads three records from a listening sink with `theirs`, as a source with `ours`.
async fn read(theirs: &str, url: &str, ours: &str) -> Result<u64, String> {
    let (port, dir) = (free_port(), tempfile::tempdir().unwrap());
    let path = dir.path().join("in.ndjson");
    std::fs::write(&path, "{\"id\":0}\n{\"id\":1}\n{\"id\":2}\n").unwrap();
    let writing = format!(
        "CREATE SOURCE f (id BIGINT) FROM FILE (path = '{}') FORMAT JSON;
         CREATE SINK w INTO WEBSOCKET (listen = '127.0.0.1:{port}', path = '/feed', min_clients = 1{theirs}) FORMAT JSON;
         INSERT INTO w SELECT * FROM f",
        path.display()
    );
    let writing = tokio::spawn(async move { run(&writing).await });
    until(|| std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() || writing.is_finished()).await;
    let (_store, out) = memory();
    let sql = format!(
        r#"CREATE SOURCE s (id BIGINT) FROM WEBSOCKET (url = '{}', "end" = 'close', connect_timeout = '2s'{ours}) FORMAT JSON;
           {out} INSERT INTO out SELECT * FROM s"#,
        url.replace("HOST", &format!("localhost:{port}"))
    );
    let read = run(&sql).await;
    writing.abort();
    if let Err(error) = &read {
        assert!(!error.contains("hunter"), "a secret is printed: {error}");
    }
    read.map(|summary| summary.records)
}

#[tokio::test(flavor = "multi_thread")]
async fn paths_passwords_tokens_headers_and_subprotocols_open_what_wants_them() {
    let good = async |theirs: &str, ours: &str| {
        assert_eq!(read(theirs, "ws://HOST/feed", ours).await, Ok(3), "{theirs} {ours}");
    };
    let bad = async |theirs: &str, url: &str, ours: &str, expected: &[&str]| {
        let error = read(theirs, url, ours).await.unwrap_err();
        for part in expected {
            assert!(error.contains(part), "{theirs} {ours}: {error}");
        }
    };
    let (login, token) = (", user = 'u', password = 'hunter2'", ", token = 'hunter2'");
    good("", "").await;
    good(login, login).await;
    good(token, token).await;
    good(token, ", headers = 'X-A: b\nAuthorization: Bearer hunter2'").await;
    good(", subprotocol = 'v1'", ", subprotocol = 'v1'").await;
    bad("", "ws://HOST/other", "", &["status 404", "see the path in `url`"]).await;
    bad(login, "ws://HOST/feed", "", &["status 401", "see `user` and `password`"]).await;
    bad(login, "ws://HOST/feed", ", user = 'u', password = 'hunter3'", &["status 401"]).await;
    bad(token, "ws://HOST/feed?key=hunter2", ", token = 'hunter3'", &["status 401"]).await;
    bad(", subprotocol = 'v1'", "ws://HOST/feed", "", &["status 400", "`subprotocol`"]).await;
    bad("", "ws://HOST/feed", ", headers = 'hunter2'", &["line 1 of `headers`"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_are_shown_and_judged_on_both_sides() {
    let dir = tempfile::tempdir().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let ca = params.self_signed(&key).unwrap();
    let issuer = Issuer::new(params, key);
    let write = |name: &str, text: String| std::fs::write(dir.path().join(name), text).unwrap();
    write("ca.pem", ca.pem());
    for name in ["server", "client"] {
        let key = KeyPair::generate().unwrap();
        let signed = CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
        write(&format!("{name}.pem"), signed.pem());
        write(&format!("{name}.key"), key.serialize_pem());
    }
    let named = |names: &[(&str, &str)]| -> String {
        names.iter().map(|(option, file)| format!(", {option} = '{}'", dir.path().join(file).display())).collect()
    };
    let ca = ("tls_ca", "ca.pem");
    let theirs = named(&[("tls_certificate", "server.pem"), ("tls_key", "server.key")]);
    let asking = named(&[ca, ("tls_certificate", "server.pem"), ("tls_key", "server.key")]);
    let shown = named(&[ca, ("tls_certificate", "client.pem"), ("tls_key", "client.key")]);
    assert_eq!(read(&theirs, "wss://HOST/feed", &named(&[ca])).await, Ok(3));
    assert_eq!(read(&asking, "wss://HOST/feed", &shown).await, Ok(3));
    let error = read(&theirs, "wss://HOST/feed", "").await.unwrap_err();
    assert!(error.contains("certificate"), "{error}");
    assert!(read(&asking, "wss://HOST/feed", &named(&[ca])).await.is_err());
    let error = read(&theirs, "wss://HOST/feed", &named(&[("tls_ca", "missing.pem")])).await.unwrap_err();
    assert!(error.contains("tls_ca = '"), "{error}");
    let error = read(&theirs, "wss://HOST/feed", &named(&[("tls_ca", "server.key")])).await.unwrap_err();
    assert!(error.contains("no certificate in PEM"), "{error}");
}
