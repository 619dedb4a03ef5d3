//! A broker that is reached through encryption only, or wants to know who is there. The broker does neither: proxies in front of it
//! decrypt, and ask.

use std::{
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use laminar_tests::{
    sasl::SaslFront,
    served::{account, memory, unique},
    tls::TlsFront,
};

use crate::{
    broker::service,
    ids,
    sql::{run, run_until},
    until,
};

/// A broker of a test's own, which tells clients to come to another address than where it listens.
struct Tansu {
    address: SocketAddr,
    process: Child,
}

impl Tansu {
    /// Starts one; `None` after saying why there is none.
    fn start(advertised: SocketAddr) -> Option<Self> {
        if let Err(why) = service(&["--unpack", "tansu"]) {
            println!("skipped: no broker to put a proxy in front of: {why}");
            return None;
        }
        let binary = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/services/tansu/tansu");
        let address = free_port();
        let mut command = Command::new(binary);
        command
            .args(["broker", "--storage-engine", "memory://tansu/", "--silent"])
            .args(["--listener-url", &format!("tcp://{address}")])
            .args(["--advertised-listener-url", &format!("tcp://{advertised}")])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let broker = Self { address, process: command.spawn().unwrap() };
        let deadline = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(address).is_err() {
            assert!(Instant::now() < deadline, "the broker did not start");
            std::thread::sleep(Duration::from_millis(20));
        }
        Some(broker)
    }
}

impl Drop for Tansu {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn free_port() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// Whether librdkafka was built with TLS, after saying that it was not.
fn has_tls() -> bool {
    if !cfg!(feature = "kafka-ssl") {
        println!("skipped: built without the feature kafka-ssl");
    }
    cfg!(feature = "kafka-ssl")
}

/// Writes text to a file in `dir`, for an option that wants a path.
fn file(dir: &Path, name: &str, text: &str) -> PathBuf {
    let path = dir.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

/// Writes a hundred rows to a topic, and reads them back, both with `options`.
async fn there_and_back(brokers: SocketAddr, options: &str) -> Result<(), String> {
    let (dir, topic) = (tempfile::tempdir().unwrap(), unique("secured"));
    let input = file(dir.path(), "rows.ndjson", &ids(0..100).map(|row| row + "\n").collect::<String>());
    let connection = format!("brokers = '{brokers}', topic = '{topic}', connect_timeout = '3s', {options}");
    run(&format!(
        "CREATE SOURCE s (id BIGINT, name VARCHAR) FROM FILE (path = '{}') FORMAT JSON;
         CREATE SINK out INTO KAFKA ({connection}) FORMAT JSON; INSERT INTO out SELECT * FROM s",
        input.display()
    ))
    .await?;
    let (store, out) = memory();
    // Not `end = latest`: this broker counts batches where it is asked for the end of a log.
    let sql = format!(
        "CREATE SOURCE s FROM KAFKA ({connection}) FORMAT JSON INFER SCHEMA; {out} INSERT INTO out SELECT * FROM s"
    );
    run_until(&sql, None, until(|| store.texts().len() >= 100)).await?;
    assert_eq!(account(store.texts(), 100), (vec![], vec![]));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn brokers_behind_tls_are_believed_by_their_authority() {
    let advertised = free_port();
    let (true, Some(broker)) = (has_tls(), Tansu::start(advertised)) else { return };
    let front = TlsFront::listen(&advertised.to_string(), broker.address, false).await;
    let dir = tempfile::tempdir().unwrap();
    let ca = file(dir.path(), "ca.pem", &front.ca_pem).display().to_string();
    let tls = format!("'security.protocol' = ssl, 'ssl.ca.location' = '{ca}'");
    there_and_back(advertised, &tls).await.unwrap();

    let stranger = TlsFront::start(broker.address).await;
    let other = file(dir.path(), "other.pem", &stranger.ca_pem).display().to_string();
    for (options, expected) in [
        (tls.replace(&ca, &other), "certificate verify failed"),
        ("'security.protocol' = ssl".to_owned(), "certificate verify failed"),
    ] {
        let error = there_and_back(advertised, &options).await.unwrap_err();
        assert!(error.contains(expected), "{options}: {error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn brokers_that_want_a_certificate_get_one() {
    let advertised = free_port();
    let (true, Some(broker)) = (has_tls(), Tansu::start(advertised)) else { return };
    let front = TlsFront::listen(&advertised.to_string(), broker.address, true).await;
    let dir = tempfile::tempdir().unwrap();
    let ca = file(dir.path(), "ca.pem", &front.ca_pem).display().to_string();
    let identity = file(dir.path(), "client.pem", &front.identity_pem).display().to_string();
    let tls = format!("'security.protocol' = ssl, 'ssl.ca.location' = '{ca}'");
    let mutual = format!("{tls}, 'ssl.certificate.location' = '{identity}', 'ssl.key.location' = '{identity}'");
    there_and_back(advertised, &mutual).await.unwrap();
    let error = there_and_back(advertised, &tls).await.unwrap_err();
    println!("{error}");
    assert!(error.contains("certificate required"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn passwords_and_tokens_are_told_and_shown_to_nobody() {
    let dir = tempfile::tempdir().unwrap();
    let token = file(dir.path(), "token", "hunter2-token\n").display().to_string();
    let wrong = file(dir.path(), "wrong", "hunter3-token").display().to_string();
    let bearer = b"n,,\x01auth=Bearer hunter2-token\x01\x01".to_vec();
    let plain = b"\0ann\0hunter2".to_vec();
    for (mechanism, answer, options) in [
        ("PLAIN", &plain, "'sasl.username' = 'ann', 'sasl.password' = 'hunter2'".to_owned()),
        ("OAUTHBEARER", &bearer, "'sasl.oauthbearer.token' = 'hunter2-token'".to_owned()),
        ("OAUTHBEARER", &bearer, format!("'sasl.oauthbearer.token_file' = '{token}'")),
    ] {
        let advertised = free_port();
        // Tokens are a part of librdkafka's OpenSSL, passwords are not.
        let (true, Some(broker)) = (mechanism == "PLAIN" || has_tls(), Tansu::start(advertised)) else { return };
        let _front = SaslFront::listen(advertised, broker.address, mechanism, answer.clone()).await;
        let options = format!("'security.protocol' = sasl_plaintext, 'sasl.mechanism' = {mechanism}, {options}");
        there_and_back(advertised, &options).await.unwrap();

        let options = options.replace("hunter2", "hunter3").replace(&token, &wrong);
        let error = there_and_back(advertised, &options).await.unwrap_err();
        assert!(error.contains("who are you?") && !error.contains("hunter"), "{error}");
    }
}
