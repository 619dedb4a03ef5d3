//! Connections: servers in turn, at growing distances, with what they are to know of us.

use std::{path::Path, time::Duration};

use laminar_schema::{SchemaError, SchemaResult};
use lapin::{
    Connection, ConnectionProperties,
    tcp::OwnedTLSConfig,
    uri::{AMQPAuthority, AMQPQueryString, AMQPScheme, AMQPUri, AMQPUserInfo},
};
use tokio::time::Instant;

use crate::{
    config::{Address, ServerOptions, address},
    error::{self, RabbitMqFault},
};

/// How long one server is waited for before the next one is tried.
const ATTEMPT: Duration = Duration::from_secs(5);

/// Bytes of a frame, at most: the server's own limit, since a record's headers come in one frame and may be of others who have that
/// limit. Longer records come in several. The client library has room for 32 frames in each direction: 8 MiB.
const FRAME_MAX: u32 = 128 << 10;

/// How long to wait before attempt number `attempt`, counted from 1.
pub(crate) fn backoff(attempt: usize) -> Duration {
    let doublings = u32::try_from(attempt.saturating_sub(1)).unwrap_or(u32::MAX).min(7);
    Duration::from_millis(50 << doublings).min(Duration::from_secs(4))
}

/// Connects to one of the servers, and tries until the time for it is over.
///
/// # Errors
/// Servers out of reach; servers that do not let us in.
pub(crate) async fn connect(options: &ServerOptions) -> SchemaResult<Connection> {
    let deadline = Instant::now() + options.connect_timeout;
    let (mut attempt, mut last) = (1, None);
    loop {
        let error = match attempt_within(options, deadline).await {
            Ok(connection) => return Ok(connection),
            Err(error) => error,
        };
        if !error.is_retryable() {
            return Err(error);
        }
        // The attempt that the end of the time has cut short says less than the one before it.
        let is_over = Instant::now() >= deadline;
        if !is_over || last.is_none() {
            last = Some(error);
        }
        if (is_over || Instant::now() + backoff(attempt) >= deadline)
            && let Some(error) = last
        {
            return Err(error);
        }
        tokio::time::sleep(backoff(attempt)).await;
        attempt += 1;
    }
}

/// Tries each of the servers once.
///
/// # Errors
/// What the last one said, or the first one that does not let us in.
pub(crate) async fn connect_once(options: &ServerOptions) -> SchemaResult<Connection> {
    attempt_within(options, Instant::now() + Duration::from_secs(3600)).await
}

async fn attempt_within(options: &ServerOptions, deadline: Instant) -> SchemaResult<Connection> {
    let tls = tls(options).await?;
    let mut last = None;
    for server in &options.servers {
        let until = deadline.min(Instant::now() + ATTEMPT);
        let uri = uri(options, address(server, options.tls)?);
        let name = ConnectionProperties::default().with_connection_name("laminar".into());
        // Our own attempts are all there are: the library's would hide how long nothing works.
        let runtime = lapin::runtime::default_runtime().map_err(|e| error::client("connect to RabbitMQ", server, e))?;
        let connecting = Connection::connect_uri_with_config(uri, name, tls.clone(), runtime);
        let error = match tokio::time::timeout_at(until, connecting).await {
            Ok(Ok(connection)) => return Ok(connection),
            Ok(Err(e)) => error::client("connect to RabbitMQ", server, e),
            Err(_) => no_answer(server),
        };
        if !error.is_retryable() {
            return Err(error);
        }
        last = Some(error);
    }
    Err(last.unwrap_or_else(|| no_answer("no server")))
}

#[cold]
fn no_answer(server: &str) -> SchemaError {
    let source = "it does not answer in time".into();
    RabbitMqFault::Client { target: server.to_owned(), source, retryable: true }.during("connect to RabbitMQ")
}

fn uri(options: &ServerOptions, Address { host, port, tls }: Address) -> AMQPUri {
    let password = options.password.as_ref().map_or("guest", |password| password.expose());
    let userinfo = AMQPUserInfo { username: options.user.clone(), password: password.to_owned() };
    AMQPUri {
        scheme: if tls { AMQPScheme::AMQPS } else { AMQPScheme::AMQP },
        authority: AMQPAuthority { userinfo, host, port },
        vhost: options.vhost.clone(),
        query: AMQPQueryString {
            heartbeat: Some(u16::try_from(options.heartbeat.as_secs()).unwrap_or(u16::MAX)),
            frame_max: Some(FRAME_MAX),
            connection_timeout: Some(u64::try_from(ATTEMPT.as_millis()).unwrap_or(u64::MAX)),
            ..AMQPQueryString::default()
        },
    }
}

/// What certificates are checked against, and which one is shown.
async fn tls(options: &ServerOptions) -> SchemaResult<OwnedTLSConfig> {
    let mut tls = OwnedTLSConfig::default();
    if let Some(path) = &options.tls_ca {
        tls.cert_chain = Some(String::from_utf8_lossy(&read(path).await?).into_owned());
    }
    if let (Some(certificate), Some(key)) = (&options.tls_certificate, &options.tls_key) {
        let (pem, key) = (read(certificate).await?, read(key).await?);
        tls.identity = Some(lapin::tcp::OwnedIdentity::PKCS8 { pem, key });
    }
    Ok(tls)
}

async fn read(path: &Path) -> SchemaResult<Vec<u8>> {
    let target = path.display().to_string();
    let owned = path.to_owned();
    let read = tokio::task::spawn_blocking(move || std::fs::read(owned)).await.unwrap_or_else(|e| Err(e.into()));
    read.map_err(|e| {
        RabbitMqFault::Client { target, source: e.into(), retryable: false }.during("read a certificate or a key")
    })
}

#[cfg(test)]
mod tests {
    use laminar_schema::{ConnectorConfig, Options};

    use super::*;

    #[test]
    fn attempts_come_at_growing_distances_up_to_a_limit() {
        let waits: Vec<u128> = [1, 2, 3, 7, 8, 1000].map(|n| backoff(n).as_millis()).to_vec();
        assert_eq!(waits, [50, 100, 200, 3200, 4000, 4000]);
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_is_told_with_its_address() {
        let pairs = [("servers", "127.0.0.1:1"), ("connect_timeout", "200ms"), ("password", "hunter2")];
        let options = ServerOptions::from_options(&Options::from_pairs(pairs)).unwrap_or_else(|e| panic!("{e}"));
        let error = connect(&options).await.err();
        let printed = error.as_ref().map(ToString::to_string).unwrap_or_default();
        assert!(printed.contains("127.0.0.1:1") && !printed.contains("hunter2"), "{printed}");
        assert!(error.is_some_and(|e| e.is_retryable()), "{printed}");
    }
}
