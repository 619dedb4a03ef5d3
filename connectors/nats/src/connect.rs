//! Connections to NATS servers: authentication, TLS, and what happens when servers go away.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_nats::{Client, ConnectErrorKind, ConnectOptions, Event, ServerAddr};
use laminar_schema::{SchemaResult, Secret, config::ConfigError};

use crate::{config::SecurityOptions, error};

/// The longest time between two attempts to reach a server again.
const MAX_BACKOFF: Duration = Duration::from_secs(4);
const MIN_BACKOFF: Duration = Duration::from_millis(50);

/// What both sides need of a connection.
#[derive(Debug)]
pub(crate) struct Connecting<'a> {
    pub(crate) servers: &'a [String],
    pub(crate) security: &'a SecurityOptions,
    /// Records of a subscription that may wait.
    pub(crate) capacity: usize,
    pub(crate) timeout: Duration,
}

/// A client, and how often its subscriptions have dropped records.
#[derive(Debug, Clone)]
pub(crate) struct Connection {
    pub(crate) client: Client,
    dropped: Arc<AtomicU64>,
}

impl Connection {
    /// How often records were dropped since the start.
    pub(crate) fn num_drops(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// How often the connection was made; more than before means that something may have been lost in between.
    pub(crate) fn num_connects(&self) -> u64 {
        self.client.statistics().connects.load(Ordering::Relaxed)
    }
}

/// How long to wait before attempt number `attempt`, from 1.
pub(crate) fn backoff(attempt: usize) -> Duration {
    let doublings = u32::try_from(attempt.saturating_sub(1)).unwrap_or(u32::MAX).min(16);
    MIN_BACKOFF.saturating_mul(1 << doublings).min(MAX_BACKOFF)
}

/// Checks options of servers and security against each other. Does no I/O.
///
/// # Errors
/// What a person must change.
pub(crate) fn check(servers: &[String], security: &SecurityOptions) -> SchemaResult<()> {
    for server in servers {
        // What stands before an `@` may be a password, and is not repeated.
        if server.contains('@') {
            let reason =
                "credentials do not belong into an address, which is shown; use `user` and `password`, or `token`";
            return Err(ConfigError::invalid("servers", "***", "host:port", reason).into());
        }
        match server.parse::<ServerAddr>() {
            Ok(address) if !address.is_websocket() => {}
            Ok(_) => {
                return Err(ConfigError::invalid("servers", server, "host:port", "websockets are not built in").into());
            }
            Err(e) => return Err(ConfigError::invalid("servers", server, "host:port", e.to_string()).into()),
        }
    }
    let (user, password) = (security.user.is_some(), security.password.is_some());
    if user != password {
        let (missing, given) = if user { ("password", "user") } else { ("user", "password") };
        return Err(ConfigError::invalid(missing, "", format!("a value beside `{given}`"), "").into());
    }
    let ways = [
        ("user", user),
        ("token", security.token.is_some()),
        ("nkey_secret", security.nkey_secret.is_some()),
        ("creds_file", security.creds_file.is_some()),
    ];
    let mut given = ways.iter().filter(|(_, is_given)| *is_given);
    if let (Some((first, _)), Some((second, _))) = (given.next(), given.next()) {
        return Err(ConfigError::invalid(*second, "***", format!("no `{first}` beside it"), "one is enough").into());
    }
    if security.tls_certificate.is_some() != security.tls_key.is_some() {
        let reason = "a client shows a certificate with its key";
        return Err(ConfigError::invalid("tls_certificate", "", "a file, with `tls_key`", reason).into());
    }
    Ok(())
}

/// Connects, trying again until the time is over; afterwards the client reconnects by itself, for as long as it lives.
///
/// # Errors
/// Servers that cannot be reached in time, or that do not let us in.
pub(crate) async fn connect(wanted: &Connecting<'_>) -> SchemaResult<Connection> {
    let deadline = tokio::time::Instant::now() + wanted.timeout;
    let servers = wanted.servers.join(", ");
    for attempt in 1.. {
        let dropped = Arc::new(AtomicU64::new(0));
        let options = options(wanted, Arc::clone(&dropped)).await?;
        let error = match tokio::time::timeout_at(deadline, options.connect(wanted.servers)).await {
            Ok(Ok(client)) => return Ok(Connection { client, dropped }),
            Ok(Err(error)) => error,
            Err(_) => break,
        };
        use ConnectErrorKind as Kind;
        match error.kind() {
            Kind::Authentication | Kind::AuthorizationViolation | Kind::Tls | Kind::ServerParse => {
                return Err(error::refused("connect to NATS", servers, error));
            }
            _ if tokio::time::Instant::now() + backoff(attempt) >= deadline => {
                return Err(error::client("connect to NATS", servers, error));
            }
            _ => tokio::time::sleep(backoff(attempt)).await,
        }
    }
    let reason = format!("no answer within {} ms", wanted.timeout.as_millis());
    Err(error::client("connect to NATS", servers, reason))
}

async fn options(wanted: &Connecting<'_>, dropped: Arc<AtomicU64>) -> SchemaResult<ConnectOptions> {
    let security = wanted.security;
    let exposed = |secret: &Secret| secret.expose().to_owned();
    let mut options = ConnectOptions::new()
        .name("laminar")
        .subscription_capacity(wanted.capacity)
        .connection_timeout(wanted.timeout.min(Duration::from_secs(10)))
        .max_reconnects(None)
        .reconnect_delay_callback(backoff)
        .event_callback(move |event| {
            if let Event::SlowConsumer(_) = event {
                dropped.fetch_add(1, Ordering::Relaxed);
            }
            std::future::ready(())
        });
    if let (Some(user), Some(password)) = (&security.user, &security.password) {
        options = options.user_and_password(user.clone(), exposed(password));
    }
    if let Some(token) = &security.token {
        options = options.token(exposed(token));
    }
    if let Some(seed) = &security.nkey_secret {
        options = options.nkey(exposed(seed));
    }
    if let Some(path) = &security.creds_file {
        let read = options.credentials_file(path).await;
        options = read.map_err(|e| error::refused("read the credentials", path.display(), e))?;
    }
    if let Some(path) = &security.tls_ca {
        options = options.add_root_certificates(path.clone());
    }
    if let (Some(certificate), Some(key)) = (&security.tls_certificate, &security.tls_key) {
        options = options.add_client_certificate(certificate.clone(), key.clone());
    }
    if security.tls_first {
        options = options.tls_first();
    }
    let wants_tls =
        security.tls || security.tls_first || security.tls_ca.is_some() || security.tls_certificate.is_some();
    Ok(if wants_tls { options.require_tls(true) } else { options })
}

#[cfg(test)]
mod tests {
    use laminar_schema::{ConnectorConfig, Options};

    use super::*;

    fn checked(servers: &str, pairs: &[(&str, &str)]) -> String {
        let security = SecurityOptions::from_options(&Options::from_pairs(pairs.iter().copied()));
        let servers = [servers.to_owned()];
        let checked = security.map_err(Into::into).and_then(|security| check(&servers, &security));
        checked.err().map(|e: laminar_schema::SchemaError| e.to_string()).unwrap_or_default()
    }

    #[test]
    fn options_that_contradict_each_other_are_told_by_name() {
        let fails = |servers: &str, pairs: &[(&str, &str)], expected: &str| {
            let error = checked(servers, pairs);
            assert!(error.contains(expected) && !error.contains("hunter2"), "{servers} {pairs:?}: {error}");
        };
        assert_eq!(checked("localhost", &[("user", "u"), ("password", "hunter2")]), "");
        assert_eq!(checked("tls://localhost:4222", &[("token", "hunter2")]), "");
        fails("nats://u:hunter2@localhost", &[], "use `user` and `password`");
        fails("http://localhost", &[], "host:port");
        fails("a", &[("user", "u")], "`password`");
        fails("a", &[("password", "hunter2")], "`user`");
        fails("a", &[("token", "hunter2"), ("nkey_secret", "hunter2")], "no `token` beside it");
        fails("a", &[("tls_key", "k.pem")], "tls_certificate");
    }

    #[test]
    fn attempts_come_at_growing_distances_up_to_a_limit() {
        let waits: Vec<u128> = [1, 2, 3, 7, 8, 1000].map(|n| backoff(n).as_millis()).to_vec();
        assert_eq!(waits, [50, 100, 200, 3200, 4000, 4000]);
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_is_told_with_its_address() {
        let (servers, security) = (["127.0.0.1:1".to_owned()], SecurityOptions::default());
        let timeout = Duration::from_millis(200);
        let error = connect(&Connecting { servers: &servers, security: &security, capacity: 1, timeout }).await.err();
        let printed = error.as_ref().map(ToString::to_string).unwrap_or_default();
        assert!(printed.contains("127.0.0.1:1"), "{printed}");
        assert!(error.is_some_and(|e| e.is_retryable()), "{printed}");
    }
}
