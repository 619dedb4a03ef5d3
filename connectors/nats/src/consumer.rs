//! Consumers of a stream: made, found, and set back to where a source wants to go on.

use std::time::Duration;

use async_nats::jetstream::{
    ErrorCode,
    consumer::{self, AckPolicy, DeliverPolicy, PullConsumer, pull},
    context::ConsumerInfoErrorKind,
    stream::ConsumerErrorKind,
};
use laminar_schema::{SchemaError, SchemaResult};

use crate::{
    error::{self, NatsFault},
    place::Place,
    words::Acks,
};

/// How long the server keeps a consumer without a name that nobody asks for records.
const EPHEMERAL_LIFE: Duration = Duration::from_secs(60);
/// How long one request for records waits at the server.
const EXPIRES: Duration = Duration::from_secs(30);
/// How often an idle server says that it is there; it is given up after two that do not come.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// A consumer, ready to deliver.
pub(crate) struct Opened {
    pub(crate) records: pull::Stream,
    pub(crate) consumer: PullConsumer,
    /// Number of the last delivery before the first one that is to come.
    pub(crate) consumer_sequence: u64,
    /// Where a durable consumer goes on, if it was read before.
    pub(crate) next: Option<u64>,
}

impl Place {
    /// Opens a consumer that delivers from sequence `at` on, or, without it, where the options and the server say.
    ///
    /// # Errors
    /// What the server refused; [`SchemaError::is_retryable`] tells what passes.
    pub(crate) async fn open(&self, at: Option<u64>) -> SchemaResult<Opened> {
        let (consumer, next) = match &self.config.source.durable {
            None => (self.create(self.consumer_config(at, None)).await?, at),
            Some(name) => self.open_durable(name, at).await?,
        };
        let consumer_sequence = consumer.cached_info().delivered.consumer_sequence;
        // Requests overlap by half, and all of what they ask for fits into the client's buffer.
        let batch = (self.config.source.max_buffered_records / 2).max(1);
        let records = consumer.stream().max_messages_per_batch(batch).expires(EXPIRES).heartbeat(HEARTBEAT);
        let records = records.messages().await.map_err(|e| error::client("read the stream", self.about(), e))?;
        Ok(Opened { records, consumer, consumer_sequence, next })
    }

    async fn open_durable(&self, name: &str, at: Option<u64>) -> SchemaResult<(PullConsumer, Option<u64>)> {
        let info = match self.stream.consumer_info(name).await {
            Ok(info) => info,
            Err(e) if matches!(e.kind(), ConsumerInfoErrorKind::NotFound) => {
                return Ok((self.create(self.consumer_config(at, Some(name))).await?, at));
            }
            Err(e) => return Err(error::client("look the consumer up", self.consumer_about(name), e)),
        };
        self.check_durable(name, &info.config)?;
        let mut consumer: PullConsumer = self.stream.get_consumer(name).await.map_err(|e| {
            let reason = format!("{}: {e}", self.consumer_about(name));
            NatsFault::Client { target: name.to_owned(), source: reason.into(), retryable: true }
                .during("look the consumer up")
        })?;
        if self.config.source.shared {
            return Ok((consumer, None));
        }
        let was_read = info.delivered.consumer_sequence > 0 || info.ack_floor.stream_sequence > 0;
        let Some(want) = at.or_else(|| was_read.then_some(info.ack_floor.stream_sequence + 1)) else {
            return Ok((consumer, None));
        };
        // What was delivered and not acknowledged would come again only after `ack_wait`, and behind younger records.
        if info.delivered.stream_sequence + 1 != want || info.num_ack_pending > 0 {
            consumer = self.set_back(consumer, want).await?;
        }
        Ok((consumer, Some(want)))
    }

    /// Makes a consumer deliver from sequence `next` on. Servers before 2.14 cannot, so that it is made again there.
    async fn set_back(&self, mut consumer: PullConsumer, next: u64) -> SchemaResult<PullConsumer> {
        let name = consumer.cached_info().name.clone();
        if self.connection.client.is_server_compatible(2, 14, 0) {
            let set_back = consumer.reset(Some(next)).await;
            set_back.map_err(|e| error::client("set the consumer back", self.consumer_about(&name), e))?;
            return Ok(consumer);
        }
        let mut config = self.consumer_config(Some(next), Some(&name));
        let old = &consumer.cached_info().config;
        // What a person has set stays.
        (config.ack_policy, config.ack_wait, config.max_ack_pending) =
            (old.ack_policy, old.ack_wait, old.max_ack_pending);
        (config.max_deliver, config.num_replicas) = (old.max_deliver, old.num_replicas);
        (config.description, config.metadata) = (old.description.clone(), old.metadata.clone());
        (config.max_batch, config.max_expires, config.max_bytes) = (old.max_batch, old.max_expires, old.max_bytes);
        let deleted = self.stream.delete_consumer(&name).await;
        deleted.map_err(|e| error::client("set the consumer back", self.consumer_about(&name), e))?;
        self.create(config).await
    }

    /// Sees that a consumer that is there already is one that we can be exact with.
    fn check_durable(&self, name: &str, found: &consumer::Config) -> SchemaResult<()> {
        let source = &self.config.source;
        let wrong = if found.deliver_subject.is_some() {
            Some("it pushes, and a source pulls; name another one".to_owned())
        } else if found.ack_policy == AckPolicy::None {
            Some("it takes no acknowledgements; name another one, or none".to_owned())
        } else if found.headers_only {
            Some("it delivers headers alone; name another one".to_owned())
        } else if source.ack_policy == Acks::All && found.ack_policy != AckPolicy::All {
            Some("it wants each record acknowledged by itself; leave ack_policy out, or name another one".to_owned())
        } else if source.shared && found.ack_policy != AckPolicy::Explicit {
            Some(
                "it is shared, and acknowledges not each record by itself; make it again with ack policy explicit"
                    .to_owned(),
            )
        } else {
            let mut has = found.filter_subjects.clone();
            has.extend((!found.filter_subject.is_empty()).then(|| found.filter_subject.clone()));
            let mut wants = self.filters.clone();
            has.sort();
            wants.sort();
            // One that delivers more would have us acknowledge what we never read.
            (has != wants).then(|| {
                let list = |subjects: &[String]| {
                    if subjects.is_empty() { "everything".to_owned() } else { subjects.join(", ") }
                };
                format!(
                    "it delivers {}, and the source reads {}; name another one, or change `subject`",
                    list(&has),
                    list(&wants)
                )
            })
        };
        match wrong {
            None => Ok(()),
            Some(what) => Err(self.refuse(&format!("{}: {what}", self.consumer_about(name)))),
        }
    }

    async fn create(&self, config: pull::Config) -> SchemaResult<PullConsumer> {
        self.stream.create_consumer(config).await.map_err(|e| match e.kind() {
            ConsumerErrorKind::JetStream(inner) if is_passing(inner.error_code()) => {
                error::client("make a consumer", self.about(), e)
            }
            ConsumerErrorKind::JetStream(_)
            | ConsumerErrorKind::InvalidName
            | ConsumerErrorKind::InvalidConsumerType => error::refused("make a consumer", self.about(), e),
            _ => error::client("make a consumer", self.about(), e),
        })
    }

    fn consumer_config(&self, at: Option<u64>, durable: Option<&str>) -> pull::Config {
        let source = &self.config.source;
        let deliver_policy = match at {
            // Sequences begin at 1.
            Some(next) => DeliverPolicy::ByStartSequence { start_sequence: next.max(1) },
            None => self.config.start().policy(),
        };
        let config = pull::Config { deliver_policy, filter_subjects: self.filters.clone(), ..pull::Config::default() };
        match durable {
            Some(name) => pull::Config {
                durable_name: Some(name.to_owned()),
                ack_policy: if source.ack_policy == Acks::All { AckPolicy::All } else { AckPolicy::Explicit },
                ack_wait: source.ack_wait,
                // Records wait for their checkpoint, however many there are.
                max_ack_pending: -1,
                ..config
            },
            None => pull::Config {
                ack_policy: AckPolicy::None,
                inactive_threshold: EPHEMERAL_LIFE,
                memory_storage: true,
                num_replicas: 1,
                ..config
            },
        }
    }

    fn consumer_about(&self, name: &str) -> String {
        format!("consumer `{name}` of stream `{}`", self.name)
    }

    #[cold]
    fn refuse(&self, reason: &str) -> SchemaError {
        NatsFault::Refused { reason: reason.to_owned() }.during("use the consumer")
    }
}

/// Codes of a server that is not ready, rather than of a request that is wrong.
fn is_passing(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::CLUSTER_NOT_AVAILABLE
            | ErrorCode::CLUSTER_NOT_LEADER
            | ErrorCode::CLUSTER_NOT_ACTIVE
            | ErrorCode::INSUFFICIENT_RESOURCES
            | ErrorCode::STREAM_OFFLINE
            | ErrorCode::CONSUMER_OFFLINE
    )
}
