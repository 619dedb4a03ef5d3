//! The WebSocket sink: a message for each row, to a server or to every client of ours.

use std::{marker::PhantomData, sync::Arc};

use laminar_formats::AnyEncoder;
use laminar_schema::{
    EncodeSpec, EncoderSet, Measures, SchemaResult, Sink, SinkConfig, SinkConnector, SinkFromConfig,
    config::ConfigError,
};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use crate::{
    accept::Acceptor,
    config::{SinkOptions, WebSocketSinkConfig},
    dial::Dialer,
    fan::Fan,
    outbox::Outbox,
    place::Place,
    receive::Habits,
    words::{MessageKind, OnSlow},
    writer::{Way, WebSocketWriter, write_on},
};

/// Sends rows: to a server at least once as far as its WebSocket, to clients of ours at most once each.
#[derive(Debug, SinkConnector)]
#[connector(name = "websocket")]
pub struct WebSocketSink<E: EncoderSet = AnyEncoder> {
    config: Arc<WebSocketSinkConfig>,
    place: Place,
    encoder: PhantomData<fn() -> E>,
}

impl<E: EncoderSet> WebSocketSink<E> {
    /// A sink that sends where `config` says. Does no I/O.
    ///
    /// # Errors
    /// Options that contradict each other.
    pub fn new(config: WebSocketSinkConfig) -> SchemaResult<Self> {
        let place = Place::of(&config.link)?;
        let SinkOptions { on_slow, min_clients, replay, .. } = config.sink;
        let is_for_clients = on_slow != OnSlow::default() || min_clients > 0 || replay > 0;
        if matches!(place, Place::Client(_)) && is_for_clients {
            let reason = "`on_slow`, `min_clients` and `replay` are for clients of ours";
            return Err(ConfigError::invalid("url", "", "`listen` in its place", reason).into());
        }
        Ok(Self { config: Arc::new(config), place, encoder: PhantomData })
    }
}

impl<E: EncoderSet> SinkFromConfig for WebSocketSink<E> {
    type Config = WebSocketSinkConfig;

    fn from_config(config: WebSocketSinkConfig, _: &SinkConfig) -> SchemaResult<Self> {
        Self::new(config)
    }
}

impl<E: EncoderSet> Sink for WebSocketSink<E> {
    type Encoder = E;
    type Writer = WebSocketWriter;

    async fn start(&self, spec: &EncodeSpec) -> SchemaResult<WebSocketWriter> {
        // Asked for its complaints alone: the pipeline has an encoder of its own.
        self.build_message_encoder(spec, "message")?;
        let (sink, link) = (&self.config.sink, &self.config.link);
        let is_text = match sink.message {
            MessageKind::Text => true,
            MessageKind::Binary => false,
            MessageKind::Auto => matches!(spec.format.name.as_str(), "json" | "csv"),
        };
        let limits = WebSocketConfig::default();
        let (way, measures) = match &self.place {
            Place::Client(target) => {
                let dialer =
                    Dialer::new(target.clone(), link, limits, None).map_err(|fault| fault.during("connect"))?;
                let socket = Box::pin(dialer.first()).await.map_err(|fault| fault.during("connect"))?;
                let outbox = Outbox::new(sink, sink.acknowledge);
                let habits = Habits::new(link, 0);
                let measures = Measures::new();
                let writing = write_on(dialer, socket, Arc::clone(&outbox), habits, sink.acknowledge, measures.clone());
                tokio::spawn(writing);
                (Way::Server(outbox), measures)
            }
            Place::Server(address) => {
                let acceptor = Acceptor::bind(address, link, limits).await.map_err(|fault| fault.during("listen"))?;
                let fan = Fan::start(acceptor, Arc::clone(&self.config));
                let measures = fan.measures.clone();
                (Way::Clients(fan), measures)
            }
        };
        Ok(WebSocketWriter::new(Arc::clone(&self.config), self.place.about(link), way, measures, is_text))
    }
}
