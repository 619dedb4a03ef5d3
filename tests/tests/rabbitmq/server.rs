//! The server that tests talk to, and another client that fills and reads queues on it.

use std::{
    fs,
    net::TcpListener,
    ops::RangeInclusive,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::OnceLock,
    time::{Duration, Instant},
};

use futures_util::{StreamExt, future::join_all};
use laminar_tests::served::unique;
use lapin::{
    BasicProperties, Channel, Connection, ConnectionProperties,
    options::{
        BasicConsumeOptions, BasicGetOptions, BasicNackOptions, BasicPublishOptions, ConfirmSelectOptions,
        ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions,
    },
    types::{AMQPValue, FieldTable},
    uri::AMQPUri,
};
use tempfile::TempDir;

/// The server, or `None` after saying why there is none.
///
/// `LAMINAR_TEST_RABBITMQ=amqp://user:password@host:port/vhost` names it; without it, `scripts/services rabbitmq` starts one.
pub(crate) fn server() -> Option<&'static Server> {
    static SERVER: OnceLock<Result<Server, String>> = OnceLock::new();
    match SERVER.get_or_init(find) {
        Ok(server) => Some(server),
        Err(why) => {
            println!("skipped: no RabbitMQ server: {why}");
            None
        }
    }
}

/// A server, and how it is reached.
#[derive(Debug, Clone)]
pub(crate) struct Server(AMQPUri);

impl Server {
    fn at(port: u16) -> Self {
        Self(format!("amqp://127.0.0.1:{port}/%2f").parse().unwrap())
    }

    pub(crate) fn address(&self) -> String {
        format!("{}:{}", self.0.authority.host, self.0.authority.port)
    }

    /// The options that reach it, by way of `address`.
    pub(crate) fn options_by(&self, address: &str) -> Vec<(&'static str, String)> {
        let user = &self.0.authority.userinfo;
        vec![
            ("servers", address.to_owned()),
            ("vhost", self.0.vhost.clone()),
            ("user", user.username.clone()),
            ("password", user.password.clone()),
        ]
    }

    /// The same, in SQL.
    pub(crate) fn sql(&self) -> String {
        self.sql_by(&self.address())
    }

    /// The same, by way of `address`.
    pub(crate) fn sql_by(&self, address: &str) -> String {
        let options = self.options_by(address);
        options.iter().map(|(key, value)| format!("{key} = '{value}'")).collect::<Vec<_>>().join(", ")
    }

    pub(crate) async fn connect(&self) -> Connection {
        Connection::connect_uri(self.0.clone(), ConnectionProperties::default()).await.unwrap()
    }
}

fn find() -> Result<Server, String> {
    if let Ok(named) = std::env::var("LAMINAR_TEST_RABBITMQ") {
        let server = Server(named.parse()?);
        return std::net::TcpStream::connect(server.address()).map(|_| server).map_err(|e| e.to_string());
    }
    service(&["rabbitmq"])?;
    let port = std::env::var("LAMINAR_RABBITMQ_PORT").unwrap_or_else(|_| "15672".to_owned());
    Ok(Server::at(port.parse().map_err(|e| format!("LAMINAR_RABBITMQ_PORT: {e}"))?))
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

/// A server of a test's own, which can be killed and started again with its data. It ends with the test.
pub(crate) struct Own {
    pub(crate) server: Server,
    dir: TempDir,
    port: u16,
    child: Option<Child>,
}

impl Own {
    /// Starts one with lines of configuration; `{dir}` in them is its folder. `None` where there is no program to start.
    pub(crate) fn start(configuration: &str, files: &[(&str, &str)]) -> Option<Self> {
        if let Err(why) = service(&["--unpack", "rabbitmq"]) {
            println!("skipped: no RabbitMQ server to start: {why}");
            return None;
        }
        let dir = tempfile::tempdir().unwrap();
        let configuration = configuration.replace("{dir}", &dir.path().display().to_string());
        files.iter().for_each(|(name, text)| fs::write(dir.path().join(name), text).unwrap());
        fs::write(dir.path().join("more.conf"), configuration).unwrap();
        let port = free_port();
        let mut own = Self { server: Server::at(port), dir, port, child: None };
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
        let mut command = Command::new("bash");
        command.arg(root().join("scripts/rabbitmq_node")).arg(self.dir.path()).arg(self.port.to_string());
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        self.child = Some(command.spawn().unwrap());
        let deadline = Instant::now() + Duration::from_secs(60);
        while std::net::TcpStream::connect(self.server.address()).is_err() {
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
        // The port mapper that came with it serves nobody else.
        let port = (self.port + 2).to_string();
        let ended =
            Command::new("epmd").args(["-port", &port, "-kill"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
        drop(ended);
    }
}

/// A port that is free now, as the two behind it are.
pub(crate) fn free_port() -> u16 {
    loop {
        let first = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = first.local_addr().unwrap().port();
        if port < 65_000 && (1..=2).all(|next| TcpListener::bind(("127.0.0.1", port + next)).is_ok()) {
            return port;
        }
    }
}

/// A queue of a test's own.
pub(crate) struct Queue {
    pub(crate) name: String,
    pub(crate) channel: Channel,
    connection: Connection,
}

/// A record as another client reads it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Seen {
    pub(crate) value: String,
    pub(crate) routing_key: String,
    pub(crate) redelivered: bool,
    pub(crate) properties: BasicProperties,
}

impl Queue {
    pub(crate) async fn create(server: &Server, what: &str) -> Self {
        Self::create_as(server, what, "classic").await
    }

    /// Makes a queue of that type.
    pub(crate) async fn create_as(server: &Server, what: &str, queue_type: &str) -> Self {
        let queue = Self::named(server, unique(what)).await;
        let mut arguments = FieldTable::default();
        arguments.insert("x-queue-type".into(), AMQPValue::LongString(queue_type.into()));
        let options = QueueDeclareOptions::durable();
        queue.channel.queue_declare(queue.name.as_str().into(), options, arguments).await.unwrap();
        queue
    }

    /// A channel for a queue of that name, which may not be there.
    pub(crate) async fn named(server: &Server, name: String) -> Self {
        let connection = server.connect().await;
        let channel = connection.create_channel().await.unwrap();
        channel.confirm_select(ConfirmSelectOptions::default()).await.unwrap();
        Self { name, channel, connection }
    }

    /// Makes an exchange and binds the queue to it.
    pub(crate) async fn bind(&self, kind: lapin::ExchangeKind, exchange: &str, key: &str) {
        let (options, none) = (ExchangeDeclareOptions::default(), FieldTable::default());
        self.channel.exchange_declare(exchange.into(), kind, options, none.clone()).await.unwrap();
        let (queue, options) = (self.name.as_str().into(), QueueBindOptions::default());
        self.channel.queue_bind(queue, exchange.into(), key.into(), options, none).await.unwrap();
    }

    /// Publishes persistent records, all of which are confirmed behind this.
    pub(crate) async fn write<V: Into<String>>(&self, values: impl IntoIterator<Item = V>) {
        self.write_with("", &self.name, BasicProperties::default().with_delivery_mode(2), values).await;
    }

    pub(crate) async fn write_with<V: Into<String>>(
        &self,
        exchange: &str,
        key: &str,
        properties: BasicProperties,
        values: impl IntoIterator<Item = V>,
    ) {
        let options = BasicPublishOptions::default();
        let values: Vec<String> = values.into_iter().map(Into::into).collect();
        for values in values.chunks(1000) {
            // Polled in turn, so that they are published in this order.
            let publishing = values.iter().map(|value| {
                let bytes = value.as_bytes();
                self.channel.basic_publish(exchange.into(), key.into(), options, bytes, properties.clone())
            });
            for confirm in join_all(publishing).await {
                assert!(confirm.unwrap().await.unwrap().is_ack());
            }
        }
    }

    /// How many records are ready.
    pub(crate) async fn count(&self) -> u32 {
        let passive = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
        let declared = self.channel.queue_declare(self.name.as_str().into(), passive, FieldTable::default());
        declared.await.unwrap().message_count()
    }

    /// Waits until so many records are ready, as when a server has seen that a connection is gone.
    pub(crate) async fn has(&self, wanted: RangeInclusive<u32>) {
        let deadline = Instant::now() + Duration::from_secs(30);
        while !wanted.contains(&self.count().await) {
            assert!(Instant::now() < deadline, "{} records are ready, expected {wanted:?}", self.count().await);
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Takes everything that is ready out of the queue.
    pub(crate) async fn read(&self) -> Vec<Seen> {
        let (count, mut seen) = (self.count().await as usize, Vec::new());
        // On a channel of its own, which takes the consumer along when it ends.
        let channel = self.connection.create_channel().await.unwrap();
        let options = BasicConsumeOptions { no_ack: true, ..BasicConsumeOptions::default() };
        let consuming = channel.basic_consume(self.name.as_str().into(), "".into(), options, FieldTable::default());
        let mut consumer = consuming.await.unwrap();
        while seen.len() < count {
            let next = tokio::time::timeout(Duration::from_secs(20), consumer.next()).await;
            let delivery = next.unwrap_or_else(|_| panic!("{} of {count} came", seen.len())).unwrap().unwrap();
            seen.push(Seen {
                value: String::from_utf8(delivery.data).unwrap(),
                routing_key: delivery.routing_key.to_string(),
                redelivered: delivery.redelivered,
                properties: delivery.properties,
            });
        }
        seen
    }

    /// The values of everything that is ready, which is taken out.
    pub(crate) async fn values(&self) -> Vec<String> {
        self.read().await.into_iter().map(|seen| seen.value).collect()
    }

    /// The values of everything that is ready, which stays there.
    pub(crate) async fn peek(&self) -> Vec<String> {
        let (mut values, mut last) = (Vec::new(), None);
        let get = || self.channel.basic_get(self.name.as_str().into(), BasicGetOptions::default());
        while let Some(got) = get().await.unwrap() {
            last = Some(got.delivery.delivery_tag);
            values.push(String::from_utf8(got.delivery.data).unwrap());
        }
        if let Some(last) = last {
            let back = BasicNackOptions { multiple: true, requeue: true };
            self.channel.basic_nack(last, back).await.unwrap();
            // The answer says that they are back.
            self.count().await;
        }
        values
    }
}
