//! The way to us: a listener, TLS, and handshakes that are refused to whom they do not concern.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use subtle::ConstantTimeEq;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{sleep, timeout},
};
use tokio_rustls::{TlsAcceptor, TlsStream};
use tokio_tungstenite::{
    accept_hdr_async_with_config,
    tungstenite::{
        handshake::server::{ErrorResponse, Request, Response},
        http::{HeaderValue, StatusCode, header},
        protocol::{Role, WebSocketConfig},
    },
};

use crate::{
    config::LinkOptions,
    error::{WebSocketFault, lasting},
    line::Line,
    socket::Socket,
    tls,
    wire::Wire,
};

/// How long a client may take for its handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// A listener.
pub(crate) struct Acceptor {
    listener: TcpListener,
    door: Arc<Door>,
    limits: WebSocketConfig,
    room: Arc<Semaphore>,
}

/// What a client must show to be let in.
pub(crate) struct Door {
    path: String,
    /// The only value of `Authorization` that is right.
    authorization: Option<String>,
    subprotocol: Option<HeaderValue>,
    tls: Option<TlsAcceptor>,
}

/// A client that has come, before its handshake.
pub(crate) struct Arrival {
    tcp: TcpStream,
    pub(crate) from: SocketAddr,
    door: Arc<Door>,
    limits: WebSocketConfig,
    permit: Option<OwnedSemaphorePermit>,
}

/// A client that was let in; there is room for another one when the permit is dropped.
pub(crate) type Guest = (Socket, OwnedSemaphorePermit);

impl Acceptor {
    /// Listens.
    ///
    /// # Errors
    /// An address that is taken, a certificate that cannot be read.
    pub(crate) async fn bind(
        address: &str,
        link: &LinkOptions,
        limits: WebSocketConfig,
    ) -> Result<Self, WebSocketFault> {
        let subprotocol = link.subprotocol.as_deref().map(HeaderValue::from_str).transpose();
        let subprotocol = subprotocol.map_err(|e| lasting("subprotocol", e))?;
        let tls = tls::server(link)?.map(TlsAcceptor::from);
        let listener =
            TcpListener::bind(address).await.map_err(|e| lasting(format_args!("listen = '{address}'"), e))?;
        let door = Arc::new(Door { path: link.path.clone(), authorization: link.authorization(), subprotocol, tls });
        Ok(Self { listener, door, limits, room: Arc::new(Semaphore::new(link.max_clients)) })
    }

    /// The next one that comes.
    pub(crate) async fn next(&self) -> Arrival {
        loop {
            match self.listener.accept().await {
                Ok((tcp, from)) => {
                    let permit = Arc::clone(&self.room).try_acquire_owned().ok();
                    return Arrival { tcp, from, door: Arc::clone(&self.door), limits: self.limits, permit };
                }
                // It went away again, or there are too many open files: neither is an end.
                Err(_) => sleep(Duration::from_millis(50)).await,
            }
        }
    }
}

impl Arrival {
    /// Shakes hands; `None` where it was refused, or went away.
    pub(crate) async fn welcome(self) -> Option<Guest> {
        let Self { tcp, door, limits, permit, .. } = self;
        let has_room = permit.is_some();
        tcp.set_nodelay(true).ok()?;
        let socket = timeout(HANDSHAKE, async {
            let wire = match &door.tls {
                None => Wire::Plain(tcp),
                Some(acceptor) => Wire::Tls(Box::new(TlsStream::Server(acceptor.accept(tcp).await.ok()?))),
            };
            #[allow(clippy::result_large_err, reason = "the library's own signature")]
            let judge = |request: &Request, response: Response| door.judge(request, response, has_room);
            // A client says nothing more before it is answered, which the library insists on.
            let line =
                accept_hdr_async_with_config(Line::answering(wire), judge, Some(limits)).await.ok()?.into_inner();
            Some(Socket::new(line, Role::Server, limits))
        });
        socket.await.ok()?.zip(permit)
    }
}

impl Door {
    #[allow(clippy::result_large_err, reason = "the library's own signature")]
    fn judge(&self, request: &Request, mut response: Response, has_room: bool) -> Result<Response, ErrorResponse> {
        let shown = request.headers().get(header::AUTHORIZATION).map_or(&b""[..], HeaderValue::as_bytes);
        let is_known = self.authorization.as_ref().is_none_or(|right| bool::from(shown.ct_eq(right.as_bytes())));
        if !is_known {
            return Err(refusal(StatusCode::UNAUTHORIZED, "credentials are missing or wrong"));
        }
        if request.uri().path() != self.path {
            return Err(refusal(StatusCode::NOT_FOUND, "nothing is served at this path"));
        }
        if !has_room {
            return Err(refusal(StatusCode::SERVICE_UNAVAILABLE, "too many clients are connected"));
        }
        if let Some(wanted) = &self.subprotocol {
            let offered = request.headers().get_all(header::SEC_WEBSOCKET_PROTOCOL).iter();
            let mut offered = offered.filter_map(|value| value.to_str().ok()).flat_map(|list| list.split(','));
            if !offered.any(|one| one.trim().as_bytes() == wanted.as_bytes()) {
                return Err(refusal(StatusCode::BAD_REQUEST, "another subprotocol is spoken here"));
            }
            response.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, wanted.clone());
        }
        Ok(response)
    }
}

fn refusal(status: StatusCode, why: &str) -> ErrorResponse {
    let mut response = ErrorResponse::new(Some(why.to_owned()));
    *response.status_mut() = status;
    if status == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic"));
    }
    response
}
