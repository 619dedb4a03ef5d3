//! The WebSocket source: what a server sends, or what clients send to us.

use std::{
    marker::PhantomData,
    sync::{Arc, PoisonError},
};

use laminar_formats::AnyDecoder;
use laminar_schema::{
    ConnectorError, DecoderSet, Positions, SchemaResult, Source, SourceConfig, SourceConnector, SourceFromConfig,
    config::{ConfigError, FormatSpec},
    format::Framing,
};
use tokio::sync::Mutex;

use crate::{
    config::WebSocketSourceConfig,
    cut::{self, Cutter},
    feed::Feed,
    place::Place,
    sequence::Sequence,
    stream::WebSocketStream,
};

/// Reads messages, each a record or several.
///
/// It is one partition of the server's address, or of the address listened at. Nothing can be read again: a position is no place to
/// go on at, and there is one only where records are numbered, so that the next run notices what it missed.
#[derive(Debug, SourceConnector)]
#[connector(name = "websocket", formats(json, csv, msgpack, raw))]
#[capabilities(inferable)]
pub struct WebSocketSource<D: DecoderSet = AnyDecoder> {
    pub(crate) config: Arc<WebSocketSourceConfig>,
    pub(crate) place: Place,
    /// How messages are cut; `None` where each is one record.
    pub(crate) framing: Option<Framing>,
    /// A listener that sampling opened, with what came since: the run goes on with it.
    pub(crate) listening: Mutex<Option<Listening>>,
    decoder: PhantomData<fn() -> D>,
}

/// A feed that was opened before the run.
pub(crate) struct Listening(pub(crate) Feed);

impl std::fmt::Debug for Listening {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Listening").finish_non_exhaustive()
    }
}

impl<D: DecoderSet> WebSocketSource<D> {
    /// A source of what `config` names, with records in `format`. Does no I/O.
    ///
    /// # Errors
    /// Options that contradict each other, or the format.
    pub fn new(config: WebSocketSourceConfig, format: &FormatSpec) -> SchemaResult<Self> {
        let place = Place::of(&config.link)?;
        if let Place::Server(address) = &place
            && (config.source.subscribe.is_some() || config.source.end.is_some())
        {
            let (expected, reason) =
                ("`url` in place of `listen`", "`subscribe` and `end` are for a server that is connected to");
            return Err(ConfigError::invalid("listen", address.to_string(), expected, reason).into());
        }
        let framing = config.source.split.then(|| cut::framing_of::<D>(format)).transpose()?;
        if let Some(sequence) =
            config.source.sequence.as_deref().filter(|_| format.name == "csv" || format.name == "msgpack")
        {
            let reason = format!("the number is looked for in JSON, and records are {}", format.name);
            return Err(ConfigError::invalid("sequence", sequence, "format json", reason).into());
        }
        Ok(Self { config: Arc::new(config), place, framing, listening: Mutex::default(), decoder: PhantomData })
    }

    pub(crate) fn about(&self) -> String {
        self.place.about(&self.config.link)
    }

    pub(crate) fn cutter(&self) -> SchemaResult<Option<Cutter>> {
        let max = self.config.source.max_message_bytes;
        self.framing.as_ref().map(|framing| Cutter::new(framing, max)).transpose()
    }
}

impl<D: DecoderSet> SourceFromConfig for WebSocketSource<D> {
    type Config = WebSocketSourceConfig;

    fn from_config(config: WebSocketSourceConfig, source: &SourceConfig) -> SchemaResult<Self> {
        Self::new(config, &source.format)
    }
}

impl<D: DecoderSet> Source for WebSocketSource<D> {
    type Decoder = D;
    type Stream = WebSocketStream;

    fn is_bounded(&self) -> bool {
        self.config.source.end.is_some()
    }

    fn with_format(mut self, format: &FormatSpec) -> SchemaResult<Self> {
        self.framing = self.framing.is_some().then(|| cut::framing_of::<D>(format)).transpose()?;
        Ok(self)
    }

    async fn start(&self, from: Option<&Positions>) -> SchemaResult<WebSocketStream> {
        let (source, partition) = (&self.config.source, Arc::<str>::from(self.about()));
        let sequence = source.sequence.as_deref().map(|path| Sequence::new(path, source.on_gap));
        let feed = match self.listening.lock().await.take() {
            Some(Listening(feed)) => feed,
            None => Box::pin(Feed::start(&self.config, &self.place)).await?,
        };
        let before = from.and_then(|from| from.get(&partition));
        if let (Some(position), Some(server), Some(_)) = (before, &feed.server, &sequence) {
            let number = position.as_u64().ok_or_else(|| ConnectorError::BadPosition {
                partition: partition.to_string(),
                reason: "it is not the number of a record".to_owned(),
            })?;
            *server.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(number);
        }
        Ok(WebSocketStream::new(feed, partition, source.max_batch_bytes, sequence, self.cutter()?))
    }
}
