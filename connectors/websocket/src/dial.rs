//! The way to a server: TCP, TLS, the handshake with its headers, and the messages that come first.

use std::time::Duration;

use rustls::pki_types::ServerName;
use tokio::{
    net::TcpStream,
    time::{Instant, sleep, timeout},
};
use tokio_rustls::{TlsConnector, TlsStream};
use tokio_tungstenite::{
    client_async_with_config,
    tungstenite::{
        Message,
        client::IntoClientRequest,
        handshake::client::Request,
        http::{HeaderName, HeaderValue, header},
        protocol::{Role, WebSocketConfig},
    },
};

use crate::{
    backoff,
    config::LinkOptions,
    error::{WebSocketFault, lasting, of_library, passing},
    line::Line,
    place::Target,
    socket::Socket,
    tls,
    wire::Wire,
};

/// How long a single attempt may take.
const ATTEMPT: Duration = Duration::from_secs(10);

/// Everything that is needed to connect, again and again.
pub(crate) struct Dialer {
    target: Target,
    tls: Option<TlsConnector>,
    request: Request,
    limits: WebSocketConfig,
    /// Text messages to send after each connecting.
    greetings: Vec<String>,
    connect_timeout: Duration,
    outage_timeout: Duration,
}

/// How long there has been no connection that was of use: one that is lost before anything was read or written on it does not
/// end an outage.
#[derive(Debug, Default)]
pub(crate) struct Outage {
    pub(crate) since: Option<Instant>,
    attempt: u32,
}

impl Dialer {
    /// Reads certificates, and makes the request.
    ///
    /// # Errors
    /// What a person must change.
    pub(crate) fn new(
        target: Target,
        link: &LinkOptions,
        limits: WebSocketConfig,
        subscribe: Option<&str>,
    ) -> Result<Self, WebSocketFault> {
        let tls = target.is_tls.then(|| tls::client(link)).transpose()?.map(TlsConnector::from);
        let request = request(&target, link)?;
        let login = link.login.as_ref().map(|login| login.expose().to_owned());
        let subscribe = subscribe.into_iter().flat_map(str::lines).map(str::trim).filter(|line| !line.is_empty());
        let greetings = login.into_iter().chain(subscribe.map(str::to_owned)).collect();
        let (connect_timeout, outage_timeout) = (link.connect_timeout, link.outage_timeout);
        Ok(Self { target, tls, request, limits, greetings, connect_timeout, outage_timeout })
    }

    pub(crate) fn about(&self) -> &str {
        &self.target.about
    }

    /// The first connection: what the server refuses it will refuse again.
    ///
    /// # Errors
    /// A server that cannot be reached in time, or that does not let us in.
    pub(crate) async fn first(&self) -> Result<Socket, WebSocketFault> {
        let started = Instant::now();
        for attempt in 0.. {
            let left = self.connect_timeout.saturating_sub(started.elapsed());
            let fault = match self.attempt(left).await {
                Ok(socket) => return Ok(socket),
                Err(fault) => fault,
            };
            let wait = backoff::before(attempt);
            if !fault.is_retryable() || started.elapsed() + wait >= self.connect_timeout {
                return Err(fault);
            }
            sleep(wait).await;
        }
        Err(passing(self.about(), "no attempt was made"))
    }

    /// A connection in place of one that was lost for `reason`. A server that starts again may refuse for a while, so that every
    /// error is tried again.
    ///
    /// # Errors
    /// An outage that is longer than the options allow.
    pub(crate) async fn again(&self, outage: &mut Outage, reason: String) -> Result<Socket, WebSocketFault> {
        let (since, mut last) = (*outage.since.get_or_insert_with(Instant::now), reason);
        loop {
            let wait = backoff::before(outage.attempt);
            if since.elapsed() + wait >= self.outage_timeout {
                break;
            }
            outage.attempt = outage.attempt.saturating_add(1);
            sleep(wait).await;
            match self.attempt(ATTEMPT).await {
                Ok(socket) => return Ok(socket),
                Err(fault) => last = fault.to_string(),
            }
        }
        let (target, seconds) = (self.target.about.clone(), since.elapsed().as_secs());
        Err(WebSocketFault::Outage { target, seconds, last })
    }

    async fn attempt(&self, left: Duration) -> Result<Socket, WebSocketFault> {
        let limit = left.min(ATTEMPT);
        match timeout(limit, self.connect()).await {
            Ok(connected) => connected,
            Err(_) => Err(passing(self.about(), format!("no answer within {} ms", limit.as_millis()))),
        }
    }

    async fn connect(&self) -> Result<Socket, WebSocketFault> {
        let tcp = TcpStream::connect((self.target.host.as_str(), self.target.port)).await;
        let tcp = tcp.map_err(|e| passing(self.about(), e))?;
        // Messages are gathered before they are written, and what is written is not to wait.
        tcp.set_nodelay(true).map_err(|e| passing(self.about(), e))?;
        let wire = match &self.tls {
            None => Wire::Plain(tcp),
            Some(connector) => {
                let name = ServerName::try_from(self.target.host.clone()).map_err(|e| lasting(self.about(), e))?;
                let tls = connector.connect(name, tcp).await.map_err(|e| match e.get_ref() {
                    // A certificate that is not trusted now will not be trusted later.
                    Some(inner) if inner.is::<rustls::Error>() => lasting(self.about(), e),
                    _ => passing(self.about(), e),
                })?;
                Wire::Tls(Box::new(TlsStream::Client(tls)))
            }
        };
        let shaken = client_async_with_config(self.request.clone(), Line::asking(wire), Some(self.limits)).await;
        let (socket, _) = shaken.map_err(|e| of_library(self.about(), e))?;
        let line = socket.into_inner().after_handshake();
        let mut socket = Socket::new(line, Role::Client, self.limits);
        for greeting in &self.greetings {
            socket.send(Message::text(greeting.as_str())).await.map_err(|e| of_library(self.about(), e))?;
        }
        Ok(socket)
    }
}

fn request(target: &Target, link: &LinkOptions) -> Result<Request, WebSocketFault> {
    let about = &target.about;
    let mut request = target.uri.clone().into_client_request().map_err(|e| of_library(about, e))?;
    let mut set = |name: HeaderName, value: &str| {
        let mut value = HeaderValue::from_str(value).map_err(|_| unfit(&name))?;
        value.set_sensitive(true);
        request.headers_mut().insert(name, value);
        Ok(())
    };
    if let Some(authorization) = link.authorization() {
        set(header::AUTHORIZATION, &authorization)?;
    }
    if let Some(subprotocol) = &link.subprotocol {
        set(header::SEC_WEBSOCKET_PROTOCOL, subprotocol)?;
    }
    let lines = link.headers.iter().flat_map(|headers| headers.expose().lines());
    for (number, line) in lines.enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let pair = line.split_once(':').and_then(|(name, value)| Some((name.trim().parse().ok()?, value.trim())));
        let Some((name, value)) = pair else {
            let reason = format!("line {} of `headers` is no `Name: value`", number + 1);
            return Err(WebSocketFault::Unusable { reason });
        };
        set(name, value)?;
    }
    Ok(request)
}

fn unfit(name: &HeaderName) -> WebSocketFault {
    WebSocketFault::Unusable { reason: format!("the value of header `{name}` has characters that no header can have") }
}
