//! The connections of a source, at work in tasks of their own: one as a client, any number as a server.

use std::sync::Arc;

use laminar_schema::SchemaResult;
use tokio::{sync::watch, task::JoinSet, time::Instant};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use crate::{
    accept::{Acceptor, Arrival},
    config::WebSocketSourceConfig,
    counts::{CLIENTS, FAULTS, RECONNECTS},
    dial::{Dialer, Outage},
    error::lasting,
    inbox::{End, Inbox, Peer},
    place::{Place, Target},
    receive::{Habits, Parting, farewell, receive},
    socket::Socket,
    words::OnFault,
};

/// What brings messages. Dropped, it closes its connections.
pub(crate) struct Feed {
    pub(crate) inbox: Arc<Inbox>,
    /// The server, where there is only one; its records go on being numbered over connections.
    pub(crate) server: Option<Arc<Peer>>,
    /// Tasks end when it is dropped.
    _stop: watch::Sender<()>,
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.inbox.end(End::Closed);
    }
}

impl Feed {
    /// Connects, or listens.
    ///
    /// # Errors
    /// A server that cannot be reached in time or that does not let us in; an address that is taken; a wrong certificate.
    pub(crate) async fn start(config: &Arc<WebSocketSourceConfig>, place: &Place) -> SchemaResult<Self> {
        match place {
            Place::Client(target) => Self::connect(config, target).await,
            Place::Server(address) => Self::listen(config, address, place.about(&config.link).into()).await,
        }
    }

    async fn connect(config: &Arc<WebSocketSourceConfig>, target: &Target) -> SchemaResult<Self> {
        let dialer = Dialer::new(target.clone(), &config.link, limits(config), config.source.subscribe.as_deref());
        let dialer = dialer.map_err(|fault| fault.during("connect"))?;
        let socket = dialer.first().await.map_err(|fault| fault.during("connect"))?;
        let inbox = Inbox::new(&config.source, dialer.about().into(), false);
        let peer = Peer::new(dialer.about().to_owned());
        let (sender, stop) = watch::channel(());
        let reading = read_on(dialer, socket, Arc::clone(&inbox), Arc::clone(&peer), Arc::clone(config), stop);
        tokio::spawn(reading);
        Ok(Self { inbox, server: Some(peer), _stop: sender })
    }

    async fn listen(config: &Arc<WebSocketSourceConfig>, address: &str, about: Arc<str>) -> SchemaResult<Self> {
        let acceptor = Acceptor::bind(address, &config.link, limits(config)).await;
        let acceptor = acceptor.map_err(|fault| fault.during("listen"))?;
        let inbox = Inbox::new(&config.source, about, true);
        let (sender, stop) = watch::channel(());
        tokio::spawn(serve(acceptor, Arc::clone(&inbox), Arc::clone(config), stop));
        Ok(Self { inbox, server: None, _stop: sender })
    }
}

/// Bytes of answers to pings that wait for a peer that does not read, at most; the library leaves out older ones for the last.
const MAX_UNSENT_BYTES: usize = 1 << 20;

fn limits(config: &WebSocketSourceConfig) -> WebSocketConfig {
    let (message, frame) = (config.source.max_message_bytes, config.source.max_frame_bytes);
    let unsent = MAX_UNSENT_BYTES + config.source.subscribe.as_ref().map_or(0, String::len);
    let limits = WebSocketConfig::default().max_message_size(Some(message)).max_frame_size(Some(frame));
    limits.max_write_buffer_size(unsent)
}

/// Reads a server, connecting again where a connection is lost.
async fn read_on(
    dialer: Dialer,
    mut socket: Socket,
    inbox: Arc<Inbox>,
    peer: Arc<Peer>,
    config: Arc<WebSocketSourceConfig>,
    mut stop: watch::Receiver<()>,
) {
    let (habits, mut outage) = (Habits::new(&config.link, config.source.skip_first), Outage::default());
    loop {
        let (parting, any) = receive(&mut socket, &inbox, &peer, habits, &mut stop).await;
        if any {
            outage = Outage::default();
        }
        outage.since.get_or_insert_with(Instant::now);
        let reason = match parting {
            Parting::Done if config.source.end.is_some() => return inbox.end(End::Closed),
            Parting::Done => "the server closed the connection".to_owned(),
            Parting::Lost(reason) => reason,
            Parting::Unwanted => return farewell(&mut socket, &parting).await,
            Parting::Fault(_) => {
                inbox.measures.add(&FAULTS, 1);
                farewell(&mut socket, &parting).await;
                let Parting::Fault(error) = parting else { return };
                if config.source.on_fault == OnFault::Fail {
                    let reason =
                        format!("{error}; see `max_message_bytes`, `max_frame_bytes` and on_fault = 'reconnect'");
                    return inbox.end(End::Failed(lasting(dialer.about(), reason)));
                }
                error.to_string()
            }
        };
        let again = tokio::select! {
            again = dialer.again(&mut outage, reason) => again,
            _ = stop.changed() => return,
        };
        match again {
            Ok(connected) => socket = connected,
            Err(fault) => return inbox.end(End::Failed(fault)),
        }
        inbox.measures.add(&RECONNECTS, 1);
    }
}

/// Reads every client that comes.
async fn serve(
    acceptor: Acceptor,
    inbox: Arc<Inbox>,
    config: Arc<WebSocketSourceConfig>,
    mut stop: watch::Receiver<()>,
) {
    let habits = Habits::new(&config.link, config.source.skip_first);
    let mut clients = JoinSet::new();
    loop {
        inbox.measures.set(&CLIENTS, u64::try_from(clients.len()).unwrap_or(u64::MAX));
        tokio::select! {
            arrival = acceptor.next() => {
                clients.spawn(read_client(arrival, Arc::clone(&inbox), habits, stop.clone()));
            }
            Some(_) = clients.join_next(), if !clients.is_empty() => {}
            _ = stop.changed() => break,
        }
    }
    // Nobody can come any more, and those that are there are told so.
    drop(acceptor);
    while clients.join_next().await.is_some() {}
}

async fn read_client(arrival: Arrival, inbox: Arc<Inbox>, habits: Habits, mut stop: watch::Receiver<()>) {
    let peer = Peer::new(arrival.from.to_string());
    let Some((mut socket, _permit)) = arrival.welcome().await else { return };
    let (parting, _) = receive(&mut socket, &inbox, &peer, habits, &mut stop).await;
    if matches!(parting, Parting::Fault(_)) {
        inbox.measures.add(&FAULTS, 1);
    }
    farewell(&mut socket, &parting).await;
}
