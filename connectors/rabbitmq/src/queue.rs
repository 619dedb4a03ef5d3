//! The queue that a source reads: found or made, bound, and consumed from.
//!
//! Everything here is done again after a connection was lost, so that a queue that a server has forgotten is made anew.

use std::{future::Future, sync::Arc, time::Duration};

use futures_util::StreamExt;
use laminar_schema::{SchemaError, SchemaResult};
use lapin::{
    Channel, Connection, Consumer,
    message::Delivery,
    options::{BasicConsumeOptions, BasicQosOptions, QueueBindOptions, QueueDeclareOptions},
    types::{AMQPValue, FieldTable},
};
use tokio::time::Instant;

use crate::{
    config::RabbitMqSourceConfig,
    error::{self, RabbitMqFault},
    record,
    start::StartAt,
    words::QueueType,
};

/// How long a server may take for one step.
const ANSWER: Duration = Duration::from_secs(10);

/// A channel on which the queue is known to be there.
#[derive(Debug)]
pub(crate) struct Queue {
    pub(crate) config: Arc<RabbitMqSourceConfig>,
    // A connection ends with its last handle.
    pub(crate) connection: Connection,
    pub(crate) channel: Channel,
    /// Records that were ready when the queue was found.
    pub(crate) num_ready: u32,
}

impl Queue {
    /// Finds the queue by way of `connection`, or makes it, and binds it.
    ///
    /// # Errors
    /// No such queue or exchange; one of other properties; [`SchemaError::is_retryable`] tells what passes.
    pub(crate) async fn find(config: Arc<RabbitMqSourceConfig>, connection: Connection) -> SchemaResult<Self> {
        let finding = async {
            let channel = connection.create_channel().await.map_err(|e| error::client("open a channel", "", e))?;
            let num_ready = find(&config, &channel, !config.source.declare).await?;
            bind(&config, &channel).await?;
            SchemaResult::Ok((channel, num_ready))
        };
        let (channel, num_ready) = within(&config, "look the queue up", finding).await?;
        Ok(Self { config, connection, channel, num_ready })
    }

    /// Records that are ready now: that are neither delivered to somebody nor acknowledged.
    pub(crate) async fn count(&self) -> SchemaResult<u32> {
        within(&self.config, "look the queue up", find(&self.config, &self.channel, true)).await
    }

    /// Consumes from the queue; a stream queue from `at` on.
    pub(crate) async fn consume(&self, prefetch: u16, at: StartAt) -> SchemaResult<Consumer> {
        consume(&self.config, &self.channel, prefetch, at).await
    }

    /// The offset of the first record that a stream queue delivers from `at` on; `None` where none comes within `patience`.
    pub(crate) async fn offset_at(&self, at: StartAt, patience: Duration) -> SchemaResult<Option<u64>> {
        let (_channel, mut consumer) = self.look(1, at).await?;
        let first = tokio::time::timeout(patience, consumer.next()).await.ok().flatten();
        first.map(|delivery| self.offset_of(delivery)).transpose()
    }

    /// The offset behind the last record that a stream queue holds; `None` where it is empty.
    pub(crate) async fn end(&self) -> SchemaResult<Option<u64>> {
        // The server delivers whole chunks, and says not which is their last record: that is the one behind which nothing comes.
        let (_channel, mut consumer) = self.look(u16::MAX, StartAt::Last).await?;
        // Its count of records lags behind, so that 0 is no proof.
        let (mut end, mut patience) = (None, if self.num_ready == 0 { EMPTY } else { ANSWER });
        // Somebody may go on writing, which is no part of what the queue holds.
        let mut until = None;
        while let Ok(Some(delivery)) = tokio::time::timeout(patience, consumer.next()).await {
            end = Some(self.offset_of(delivery)? + 1);
            patience = QUIET;
            if *until.get_or_insert_with(|| Instant::now() + CHUNK) <= Instant::now() {
                break;
            }
        }
        Ok(end)
    }

    /// A consumer on a channel of its own, for looking at a stream queue, in which that takes nothing away.
    async fn look(&self, prefetch: u16, at: StartAt) -> SchemaResult<(Channel, Consumer)> {
        let channel = self.connection.create_channel().await;
        let channel = channel.map_err(|e| error::client("open a channel", self.about(), e))?;
        let consumer = consume(&self.config, &channel, prefetch, at).await?;
        Ok((channel, consumer))
    }

    fn offset_of(&self, delivery: lapin::Result<Delivery>) -> SchemaResult<u64> {
        let delivery = delivery.map_err(|e| error::client("read the queue", self.about(), e))?;
        record::stream_offset(&delivery.properties).ok_or_else(|| no_stream(&self.config))
    }

    pub(crate) fn about(&self) -> String {
        about(&self.config)
    }
}

/// How long a stream queue that seems to be empty is waited for.
pub(crate) const EMPTY: Duration = Duration::from_secs(2);
/// How long the records of a stream queue's last chunk may take.
const CHUNK: Duration = Duration::from_secs(3);
/// How long nothing comes behind the last record of a stream queue that is at its end.
const QUIET: Duration = Duration::from_millis(250);

fn about(config: &RabbitMqSourceConfig) -> String {
    format!("queue `{}`", config.source.queue)
}

#[cold]
pub(crate) fn no_stream(config: &RabbitMqSourceConfig) -> SchemaError {
    let reason = format!("{} is no stream queue, whose records have offsets; leave queue_type out", about(config));
    RabbitMqFault::Refused { reason }.during("read the queue")
}

async fn within<T>(
    config: &RabbitMqSourceConfig,
    action: &'static str,
    step: impl Future<Output = SchemaResult<T>>,
) -> SchemaResult<T> {
    tokio::time::timeout(ANSWER, step).await.unwrap_or_else(|_| {
        let source = "the server does not answer".into();
        Err(RabbitMqFault::Client { target: about(config), source, retryable: true }.during(action))
    })
}

/// Sees that the queue is there, or, if not `passive`, makes it; yields the number of ready records.
async fn find(config: &RabbitMqSourceConfig, channel: &Channel, passive: bool) -> SchemaResult<u32> {
    let source = &config.source;
    let mut arguments = FieldTable::default();
    // What a classic queue is called by default differs from server to server, and an argument that is not there fits all.
    if !passive && source.queue_type != QueueType::Classic {
        arguments.insert("x-queue-type".into(), AMQPValue::LongString(source.queue_type.word().into()));
    }
    let options = QueueDeclareOptions { passive, durable: source.durable, ..QueueDeclareOptions::default() };
    let declared = channel.queue_declare(source.queue.as_str().into(), options, arguments).await;
    let queue = declared.map_err(|e| match error::is_not_found(&e) {
        true => {
            let help = "create it, check the name and `vhost`, or set declare = 'true'";
            RabbitMqFault::NotFound { target: about(config), help }.during("look the queue up")
        }
        false => error::client("look the queue up", about(config), e),
    })?;
    Ok(queue.message_count())
}

async fn bind(config: &RabbitMqSourceConfig, channel: &Channel) -> SchemaResult<()> {
    let source = &config.source;
    let Some(exchange) = &source.exchange else { return Ok(()) };
    let no_key = [String::new()];
    for key in source.routing_key.as_deref().unwrap_or(&no_key) {
        let (options, arguments) = (QueueBindOptions::default(), FieldTable::default());
        let names = (source.queue.as_str().into(), exchange.as_str().into(), key.as_str().into());
        let bound = channel.queue_bind(names.0, names.1, names.2, options, arguments).await;
        bound.map_err(|e| match error::is_not_found(&e) {
            true => {
                let target = format!("exchange `{exchange}`");
                let help = "declare it, or check the name and `vhost`";
                RabbitMqFault::NotFound { target, help }.during("bind the queue")
            }
            false => error::client("bind the queue", format_args!("exchange `{exchange}`"), e),
        })?;
    }
    Ok(())
}

async fn consume(
    config: &RabbitMqSourceConfig,
    channel: &Channel,
    prefetch: u16,
    at: StartAt,
) -> SchemaResult<Consumer> {
    let consuming = async {
        let limited = channel.basic_qos(prefetch, BasicQosOptions::default()).await;
        limited.map_err(|e| error::client("set prefetch", about(config), e))?;
        let mut arguments = FieldTable::default();
        if config.is_stream() {
            arguments.insert("x-stream-offset".into(), at.argument());
        }
        let (queue, options) = (config.source.queue.as_str().into(), BasicConsumeOptions::default());
        let consuming = channel.basic_consume(queue, "".into(), options, arguments).await;
        consuming.map_err(|e| error::client("read the queue", about(config), e))
    };
    within(config, "read the queue", consuming).await
}
