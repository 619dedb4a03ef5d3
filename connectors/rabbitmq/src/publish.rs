//! Records on their way to an exchange: published, kept until they are confirmed, and published again where that fails.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::future::join_all;
use laminar_schema::{SchemaError, SchemaResult, error::cut};
use lapin::{
    BasicProperties, Channel, Connection, PublisherConfirm,
    message::BasicReturnMessage,
    options::{BasicPublishOptions, ConfirmSelectOptions, ExchangeDeclareOptions, QueueDeclareOptions},
    types::{FieldTable, ShortString},
};
use tokio::time::{Instant, timeout_at};

use crate::{
    config::RabbitMqSinkConfig,
    connect::{self, backoff},
    error::{self, RabbitMqFault},
};

/// Records that are handed to the client library at once: it answers each when it is written, and they go out together.
const BURST: usize = 512;
/// How long a server may refuse a record: one whose queue is full does until somebody has read it. Also how long one that has just
/// started may refuse a connection that it allowed before.
const REFUSALS: Duration = Duration::from_secs(10);

/// A record that is not confirmed yet.
struct Sent {
    routing_key: ShortString,
    properties: BasicProperties,
    payload: Bytes,
    /// Rows before it, since the sink was started.
    row: u64,
    /// `None` where it is to be published, or published again.
    confirm: Option<PublisherConfirm>,
}

/// A channel that confirms. A connection ends with its last handle.
struct Link {
    _connection: Connection,
    channel: Channel,
}

/// Publishes to an exchange.
pub(crate) struct Publisher {
    config: Arc<RabbitMqSinkConfig>,
    exchange: ShortString,
    link: Option<Link>,
    in_flight: VecDeque<Sent>,
    /// Those at the end of `in_flight` that were never handed to the client library.
    num_new: usize,
    rows: u64,
}

/// Why a record is not confirmed.
enum Failure {
    /// Until a server answers again.
    Away(String),
    /// The server answers, and does not want it.
    Unwanted(String),
    /// For good.
    Final(SchemaError),
}

impl Failure {
    fn of(error: lapin::Error, target: &str) -> Self {
        match error::is_passing(&error) {
            true => Self::Away(error.to_string()),
            false => Self::Final(error::client("publish", target, error)),
        }
    }
}

impl Publisher {
    /// Connects, and sees that what is published to is there.
    ///
    /// # Errors
    /// Servers out of reach; no such exchange, or no such queue behind the default one.
    pub(crate) async fn start(config: Arc<RabbitMqSinkConfig>) -> SchemaResult<Self> {
        let connection = connect::connect(&config.server).await?;
        look_up(&config, &connection).await?;
        let link = confirming(connection).await?;
        let exchange = config.sink.exchange.as_deref().unwrap_or_default().into();
        Ok(Self { config, exchange, link: Some(link), in_flight: VecDeque::new(), num_new: 0, rows: 0 })
    }

    /// Takes a record over, waiting for older ones where too many wait already.
    pub(crate) async fn publish(
        &mut self,
        routing_key: ShortString,
        properties: BasicProperties,
        payload: Bytes,
    ) -> SchemaResult<()> {
        let max = self.config.sink.max_in_flight.max(1);
        while self.in_flight.len() >= max {
            self.settle_first().await?;
        }
        self.in_flight.push_back(Sent { routing_key, properties, payload, row: self.rows, confirm: None });
        self.rows += 1;
        self.num_new += 1;
        if self.num_new >= BURST.min(max) {
            self.send().await?;
        }
        Ok(())
    }

    /// Hands everything over that was not yet.
    ///
    /// # Errors
    /// A record that can never be sent. What a lost connection interrupts is published again later.
    pub(crate) async fn send(&mut self) -> SchemaResult<()> {
        if self.num_new == 0 {
            return Ok(());
        }
        match self.send_unconfirmed().await {
            Ok(()) => Ok(()),
            Err(Failure::Final(error)) => Err(error),
            Err(Failure::Away(_) | Failure::Unwanted(_)) => {
                self.link = None;
                Ok(())
            }
        }
    }

    /// Waits until everything is confirmed.
    pub(crate) async fn flush(&mut self) -> SchemaResult<()> {
        self.send().await?;
        while !self.in_flight.is_empty() {
            self.settle_first().await?;
        }
        Ok(())
    }

    /// Forgets everything that was not confirmed; what a server has stays there.
    pub(crate) fn forget(&mut self) {
        self.in_flight.clear();
        self.num_new = 0;
    }

    /// Publishes every record that has no confirmation to wait for, in order.
    async fn send_unconfirmed(&mut self) -> Result<(), Failure> {
        let Some(link) = &self.link else { return Err(Failure::Away("there is no connection".to_owned())) };
        let sink = &self.config.sink;
        let options = BasicPublishOptions { mandatory: sink.mandatory, ..BasicPublishOptions::default() };
        let deadline = Instant::now() + sink.delivery_timeout;
        let (about, mut failure) = (self.exchange_about(), None);
        let mut waiting: Vec<&mut Sent> = self.in_flight.iter_mut().filter(|sent| sent.confirm.is_none()).collect();
        for burst in waiting.chunks_mut(BURST) {
            // Each is in the client's queue once it is polled, so that they go out in this order.
            let publishing = join_all(burst.iter().map(|sent| {
                let (exchange, key) = (self.exchange.clone(), sent.routing_key.clone());
                link.channel.basic_publish(exchange, key, options, &sent.payload, sent.properties.clone())
            }));
            let Ok(published) = timeout_at(deadline, publishing).await else {
                failure = Some(Failure::Away("the server takes nothing".to_owned()));
                break;
            };
            for (sent, published) in burst.iter_mut().zip(published) {
                match published {
                    Ok(confirm) => sent.confirm = Some(confirm),
                    Err(e) => failure = failure.or_else(|| Some(Failure::of(e, &about))),
                }
            }
            if failure.is_some() {
                break;
            }
        }
        self.num_new = 0;
        failure.map_or(Ok(()), Err)
    }

    /// Waits for the oldest record, and publishes again what waits where its server went away.
    async fn settle_first(&mut self) -> SchemaResult<()> {
        self.send().await?;
        let since = Instant::now();
        let deadline = since + self.config.sink.delivery_timeout;
        // Since when a server that answers lets nobody in, and what it says.
        let mut refused: Option<(Instant, SchemaError)> = None;
        for attempt in 1.. {
            let failure = match self.first_confirmed(deadline).await {
                Ok(()) => return Ok(()),
                Err(failure) => failure,
            };
            let (limit, reason, retryable) = match failure {
                Failure::Final(error) => return Err(error),
                Failure::Unwanted(reason) => (self.config.sink.delivery_timeout.min(REFUSALS), reason, false),
                Failure::Away(reason) => {
                    self.lose_link();
                    (self.config.sink.delivery_timeout, reason, true)
                }
            };
            if since.elapsed() + backoff(attempt) >= limit {
                return Err(refused.map_or_else(|| self.give_up(reason, retryable), |(_, error)| error));
            }
            tokio::time::sleep(backoff(attempt)).await;
            let first = refused.map_or_else(Instant::now, |(first, _)| first);
            refused = self.reopen().await.err().map(|error| (first, error));
            if let Some((_, error)) = refused.take_if(|(first, _)| first.elapsed() >= REFUSALS) {
                return Err(error);
            }
            if let Err(Failure::Final(error)) = self.send_unconfirmed().await {
                return Err(error);
            }
        }
        Ok(())
    }

    /// Takes the oldest record out once it is confirmed.
    async fn first_confirmed(&mut self, deadline: Instant) -> Result<(), Failure> {
        let Some(first) = self.in_flight.front_mut() else { return Ok(()) };
        let Some(confirm) = &mut first.confirm else { return Err(Failure::Away("it could not be sent".to_owned())) };
        let confirmed = timeout_at(deadline, confirm).await;
        let confirmation = match confirmed {
            Ok(Ok(confirmation)) => confirmation,
            Ok(Err(e)) => return Err(Failure::of(e, &self.exchange_about())),
            Err(_) => return Err(Failure::Away("the server confirms nothing".to_owned())),
        };
        // One that was answered is not asked again.
        if let Some(first) = self.in_flight.front_mut() {
            first.confirm = None;
        }
        let is_refused = confirmation.is_nack();
        if let Some(returned) = confirmation.take_message() {
            return Err(Failure::Final(self.unroutable(&returned)));
        }
        if is_refused {
            return Err(Failure::Unwanted("the server refuses it, as it does where a queue is full".to_owned()));
        }
        self.in_flight.pop_front();
        Ok(())
    }

    fn lose_link(&mut self) {
        self.link = None;
        self.in_flight.iter_mut().for_each(|sent| sent.confirm = None);
    }

    /// Connects again, if there is no connection; one that fails is tried again by who asks.
    async fn reopen(&mut self) -> SchemaResult<()> {
        if self.link.is_some() {
            return Ok(());
        }
        let opening = async { confirming(connect::connect_once(&self.config.server).await?).await };
        match opening.await {
            Ok(link) => self.link = Some(link),
            Err(error) if error.is_retryable() => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// The error of a record that came back. The client library says of another one that it did, where several are confirmed at
    /// once, so that the record itself is looked for.
    #[cold]
    fn unroutable(&self, returned: &BasicReturnMessage) -> SchemaError {
        let is_it = |sent: &&Sent| sent.payload == returned.data && sent.routing_key == returned.routing_key;
        let row = self.in_flight.iter().find(is_it).or(self.in_flight.front()).map_or(0, |sent| sent.row);
        let target = self.about(&returned.routing_key);
        RabbitMqFault::Unroutable { row, target, value: cut(&String::from_utf8_lossy(&returned.data)) }
            .during("publish")
    }

    #[cold]
    fn give_up(&self, reason: String, retryable: bool) -> SchemaError {
        let target = self.in_flight.front().map(|sent| self.about(&sent.routing_key)).unwrap_or_default();
        RabbitMqFault::Unconfirmed { records: self.in_flight.len(), target, reason, retryable }.during("publish")
    }

    fn about(&self, routing_key: &ShortString) -> String {
        format!("{} with routing key `{routing_key}`", self.exchange_about())
    }

    fn exchange_about(&self) -> String {
        match self.exchange.as_str() {
            "" => "the default exchange".to_owned(),
            name => format!("exchange `{name}`"),
        }
    }
}

async fn confirming(connection: Connection) -> SchemaResult<Link> {
    let failed = |e| error::client("open a channel", "the server", e);
    let channel = connection.create_channel().await.map_err(failed)?;
    channel.confirm_select(ConfirmSelectOptions::default()).await.map_err(failed)?;
    Ok(Link { _connection: connection, channel })
}

/// Sees that the exchange is there; behind the default one, that the queue is which every record is for.
async fn look_up(config: &RabbitMqSinkConfig, connection: &Connection) -> SchemaResult<()> {
    let sink = &config.sink;
    // On a channel of its own: the server ends one on which it was asked for what is not there.
    let channel = connection.create_channel().await.map_err(|e| error::client("open a channel", "the server", e))?;
    let no_arguments = FieldTable::default();
    let (target, help, asked) = match (&sink.exchange, &sink.routing_key) {
        (Some(exchange), _) => {
            let options = ExchangeDeclareOptions { passive: true, ..ExchangeDeclareOptions::default() };
            // The kind is not looked at where nothing is made.
            let kind = lapin::ExchangeKind::Direct;
            let asked = channel.exchange_declare(exchange.as_str().into(), kind, options, no_arguments).await;
            (format!("exchange `{exchange}`"), "declare it, or check the name and `vhost`", asked)
        }
        (None, Some(queue)) if sink.mandatory => {
            let options = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
            let asked = channel.queue_declare(queue.as_str().into(), options, no_arguments).await;
            let help = "create it, check the name and `vhost`, or set mandatory = 'false' to have records dropped";
            (format!("queue `{queue}`"), help, asked.map(drop))
        }
        _ => return Ok(()),
    };
    asked.map_err(|e| match error::is_not_found(&e) {
        true => RabbitMqFault::NotFound { target, help }.during("look up where to publish"),
        false => error::client("look up where to publish", target, e),
    })
}
