//! The server that tests talk to, and another client that writes and reads streams on it.

use std::{
    collections::VecDeque,
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::OnceLock,
    time::{Duration, Instant},
};

use async_nats::{
    HeaderMap,
    jetstream::{self, consumer::DeliverPolicy, consumer::pull, context::PublishAckFuture, stream},
};
use futures_util::StreamExt;
use laminar_tests::served::unique;
use tempfile::TempDir;

/// The server's address, or `None` after saying why there is none.
///
/// `LAMINAR_TEST_NATS=host:port` names it; without it, `scripts/services nats` starts one.
pub(crate) fn server() -> Option<&'static str> {
    static SERVER: OnceLock<Result<String, String>> = OnceLock::new();
    match SERVER.get_or_init(find) {
        Ok(server) => Some(server),
        Err(why) => {
            println!("skipped: no NATS server: {why}");
            None
        }
    }
}

fn find() -> Result<String, String> {
    if let Ok(named) = std::env::var("LAMINAR_TEST_NATS") {
        return std::net::TcpStream::connect(&named).map(|_| named).map_err(|e| e.to_string());
    }
    service(&["nats"])?;
    Ok(format!("127.0.0.1:{}", std::env::var("LAMINAR_NATS_PORT").unwrap_or_else(|_| "14222".to_owned())))
}

/// Runs `scripts/services`.
fn service(arguments: &[&str]) -> Result<(), String> {
    let mut command = Command::new("bash");
    command.arg("scripts/services").args(arguments).current_dir(root()).stdin(Stdio::null());
    let output = command.output().map_err(|e| format!("scripts/services: {e}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("scripts/services {arguments:?}: {}", String::from_utf8_lossy(&output.stderr)))
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The server's program, or `None` after saying why there is none.
fn program() -> Option<&'static Path> {
    static PROGRAM: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let program = PROGRAM.get_or_init(|| {
        // Somebody else's server may listen where ours would, so that nothing has brought it yet.
        service(&["--unpack", "nats"]).map(|()| root().join("target/services/nats/nats-server"))
    });
    if let Err(why) = program {
        println!("skipped: no NATS server to start: {why}");
    }
    program.as_deref().ok()
}

/// A server of a test's own, which can be killed and started again with its data. It ends with the test.
pub(crate) struct Own {
    pub(crate) address: String,
    binary: &'static Path,
    dir: TempDir,
    arguments: Vec<String>,
    child: Option<Child>,
}

impl Own {
    /// Starts one with lines of configuration; `{dir}` in them is its folder. `None` where there is no program to start.
    pub(crate) fn start(configuration: &str, files: &[(&str, &str)]) -> Option<Self> {
        let binary = program()?;
        let dir = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        files.iter().for_each(|(name, text)| fs::write(dir.path().join(name), text).unwrap());
        let path = dir.path().display().to_string();
        let configuration = configuration.replace("{dir}", &path);
        fs::write(
            dir.path().join("nats.conf"),
            format!("listen: 127.0.0.1:{port}\njetstream {{ store_dir: {path}/data }}\n{configuration}\n"),
        )
        .unwrap();
        let arguments = vec!["-c".to_owned(), format!("{path}/nats.conf")];
        let mut own = Self { address: format!("127.0.0.1:{port}"), binary, dir, arguments, child: None };
        own.run();
        Some(own)
    }

    /// Its folder.
    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Starts it again, with its data.
    pub(crate) fn run(&mut self) {
        let log = fs::File::create(self.dir.path().join("log")).unwrap();
        let mut command = Command::new(self.binary);
        command.args(&self.arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        self.child = Some(command.spawn().unwrap());
        let deadline = Instant::now() + Duration::from_secs(20);
        while std::net::TcpStream::connect(&self.address).is_err() {
            let log = || fs::read_to_string(self.dir.path().join("log")).unwrap_or_default();
            assert!(Instant::now() < deadline, "the server did not start: {}", log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Ends it as `kill -9` does.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A stream of the subjects below its own name.
pub(crate) struct Stream {
    pub(crate) name: String,
    pub(crate) context: jetstream::Context,
}

/// A message as another client reads it: subject, value, headers in order.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Seen {
    pub(crate) subject: String,
    pub(crate) value: String,
    pub(crate) headers: Vec<(String, String)>,
}

impl Stream {
    pub(crate) async fn create(server: &str, what: &str) -> Self {
        let client = async_nats::connect(server).await.unwrap();
        let (name, context) = (unique(what), jetstream::new(client));
        let subjects = vec![format!("{name}.>")];
        let config = stream::Config { name: name.clone(), subjects, ..stream::Config::default() };
        context.create_stream(config).await.unwrap();
        Self { name, context }
    }

    /// Publishes values to a subject below the stream's name.
    pub(crate) async fn write<V: Into<String>>(&self, below: &str, values: impl IntoIterator<Item = V>) {
        let mut acks = VecDeque::new();
        for value in values {
            // The client makes us wait for ever where too many are not asked for.
            if acks.len() == 1000 {
                let ack: PublishAckFuture = acks.pop_front().unwrap();
                ack.await.unwrap();
            }
            let subject = format!("{}.{below}", self.name);
            acks.push_back(self.context.publish(subject, value.into().into()).await.unwrap());
        }
        for ack in acks {
            ack.await.unwrap();
        }
    }

    pub(crate) async fn write_with(&self, below: &str, headers: &[(&str, &str)], value: &str) {
        let mut map = HeaderMap::new();
        headers.iter().for_each(|(name, value)| map.append(*name, *value));
        let subject = format!("{}.{below}", self.name);
        self.context.publish_with_headers(subject, map, value.to_owned().into()).await.unwrap().await.unwrap();
    }

    pub(crate) async fn stream(&self) -> stream::Stream {
        self.context.get_stream(&self.name).await.unwrap()
    }

    /// Everything that the stream holds now.
    pub(crate) async fn read(&self) -> Vec<Seen> {
        let mut stream = self.stream().await;
        let count = usize::try_from(stream.info().await.unwrap().state.messages).unwrap();
        let config = pull::OrderedConfig { deliver_policy: DeliverPolicy::All, ..pull::OrderedConfig::default() };
        let mut messages = stream.create_consumer(config).await.unwrap().messages().await.unwrap();
        let mut seen = Vec::new();
        while seen.len() < count {
            let next = tokio::time::timeout(Duration::from_secs(20), messages.next()).await;
            let message = next.unwrap_or_else(|_| panic!("{} of {count} came", seen.len())).unwrap().unwrap();
            let value = String::from_utf8(message.payload.to_vec()).unwrap();
            let headers = message.headers.iter().flat_map(HeaderMap::iter);
            let headers = headers.flat_map(|(n, vs)| vs.iter().map(move |v| (n.to_string(), v.as_str().to_owned())));
            let mut headers: Vec<(String, String)> = headers.collect();
            headers.sort();
            seen.push(Seen { subject: message.subject.to_string(), value, headers });
        }
        seen
    }

    /// The values that the stream holds now.
    pub(crate) async fn values(&self) -> Vec<String> {
        self.read().await.into_iter().map(|seen| seen.value).collect()
    }

    /// How far a durable consumer is acknowledged, and how many deliveries are not.
    pub(crate) async fn acknowledged(&self, durable: &str) -> (u64, usize) {
        let info = self.stream().await.consumer_info(durable).await.unwrap();
        (info.ack_floor.stream_sequence, info.num_ack_pending)
    }
}
