//! A running sink: rows to messages, and checkpoints that wait for acknowledgements.

use std::sync::Arc;

use arrow_array::RecordBatch;
use async_nats::{HeaderMap, HeaderValue, Subject, client::PublishErrorKind, header::NATS_MESSAGE_ID};
use bytes::Bytes;
use laminar_formats::AnyEncoder;
use laminar_schema::{Checkpoint, EncodedBatch, EncoderSet, Prepared, RecordSink, SchemaResult, SinkBatch};

use crate::{
    columns::Parts,
    config::NatsSinkConfig,
    connect::Connection,
    error::{self, NatsFault},
    publish::Publisher,
};

/// A running [`NatsSink`](crate::NatsSink).
pub struct NatsWriter<E: EncoderSet = AnyEncoder> {
    config: Arc<NatsSinkConfig>,
    way: Way,
    /// Where the parts of a record stand, and what encodes the value; `None` where records come encoded.
    columns: Option<(Parts, E)>,
    encoded: EncodedBatch,
    /// The subject of all records, where it does not come from a column.
    subject: Subject,
    /// Rows since the pipeline's first start, which numbered message ids count; and as many as the last checkpoint has.
    rows: u64,
    prepared_rows: u64,
}

/// How messages go out.
pub(crate) enum Way {
    /// To a stream, which acknowledges them.
    JetStream(Box<Publisher>),
    /// To whoever listens.
    Core(Connection),
}

impl<E: EncoderSet> std::fmt::Debug for NatsWriter<E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NatsWriter").field("subject", &self.config.sink.subject).finish_non_exhaustive()
    }
}

impl Way {
    async fn publish(&mut self, subject: Subject, headers: Option<HeaderMap>, payload: Bytes) -> SchemaResult<()> {
        let client = match self {
            Self::JetStream(publisher) => return publisher.publish(subject, headers, payload).await,
            Self::Core(connection) => &connection.client,
        };
        let about = format!("a record of {} bytes for subject `{subject}`", payload.len());
        let published = match headers {
            Some(headers) => client.publish_with_headers(subject, headers, payload).await,
            None => client.publish(subject, payload).await,
        };
        published.map_err(|e| match e.kind() {
            PublishErrorKind::Send => error::client("publish", about, e),
            PublishErrorKind::MaxPayloadExceeded | PublishErrorKind::InvalidSubject => {
                error::refused("publish", about, e)
            }
        })
    }

    async fn flush(&mut self) -> SchemaResult<()> {
        match self {
            Self::JetStream(publisher) => publisher.flush().await,
            Self::Core(connection) => {
                connection.client.flush().await.map_err(|e| error::client("publish", "the connection", e))
            }
        }
    }
}

impl<E: EncoderSet> NatsWriter<E> {
    pub(crate) fn new(
        config: Arc<NatsSinkConfig>,
        way: Way,
        columns: Option<(Parts, E)>,
        encoded: EncodedBatch,
    ) -> Self {
        let subject = config.sink.subject.as_deref().unwrap_or_default().into();
        Self { config, way, columns, encoded, subject, rows: 0, prepared_rows: 0 }
    }

    /// Adds the numbered message id of the next row, if there are to be such.
    fn numbered(&mut self, headers: Option<HeaderMap>) -> Option<HeaderMap> {
        let number = self.rows;
        self.rows += 1;
        let Some(prefix) = &self.config.sink.message_id_prefix else { return headers };
        let mut headers = headers.unwrap_or_default();
        headers.insert(NATS_MESSAGE_ID, HeaderValue::from(format!("{prefix}-{number}").as_str()));
        Some(headers)
    }

    async fn write_encoded(&mut self, records: &EncodedBatch) -> SchemaResult<()> {
        let (mut rest, subject) = (Bytes::copy_from_slice(records.bytes()), self.subject.clone());
        for record in records.iter() {
            let headers = self.numbered(None);
            self.way.publish(subject.clone(), headers, rest.split_to(record.len())).await?;
        }
        Ok(())
    }

    async fn write_columns(&mut self, parts: &Parts, encoder: &mut E, batch: &RecordBatch) -> SchemaResult<()> {
        self.encoded.clear();
        encoder.encode(&parts.value(batch)?, &mut self.encoded)?;
        let sides = parts.sides(batch)?;
        let mut rest = Bytes::copy_from_slice(self.encoded.bytes());
        for row in 0..self.encoded.len() {
            let payload = rest.split_to(self.encoded.record(row).len());
            let subject = sides.subject(row)?.map_or_else(|| self.subject.clone(), Subject::from);
            let headers = self.numbered(sides.headers(row)?);
            self.way.publish(subject, headers, payload).await?;
        }
        Ok(())
    }
}

impl<E: EncoderSet> RecordSink for NatsWriter<E> {
    async fn write(&mut self, batch: SinkBatch<'_>) -> SchemaResult<()> {
        let batch = match batch {
            // What starts a byte stream is for files.
            SinkBatch::Encoded { records, .. } => return self.write_encoded(records).await,
            SinkBatch::Columns(batch) => batch,
        };
        let Some((parts, mut encoder)) = self.columns.take() else {
            let reason = "it takes encoded records, not columns, or an earlier call was cancelled at work".to_owned();
            return Err(NatsFault::Refused { reason }.during("publish"));
        };
        let written = self.write_columns(&parts, &mut encoder, batch).await;
        self.columns = Some((parts, encoder));
        written
    }

    async fn prepare(&mut self, _: Checkpoint<'_>) -> SchemaResult<Prepared> {
        self.way.flush().await?;
        self.prepared_rows = self.rows;
        Ok(match self.config.sink.message_id_prefix {
            Some(_) => Prepared(self.rows.to_be_bytes().to_vec()),
            None => Prepared::default(),
        })
    }

    async fn commit(&mut self, _: &Prepared) -> SchemaResult<()> {
        Ok(())
    }

    async fn abort(&mut self) -> SchemaResult<()> {
        if let Way::JetStream(publisher) = &mut self.way {
            publisher.forget();
        }
        self.rows = self.prepared_rows;
        Ok(())
    }

    /// Numbers rows from where the last checkpoint ended, so that a row that comes again has the id it had.
    async fn recover(&mut self, last: Option<&Prepared>) -> SchemaResult<()> {
        let Some(last) = last.filter(|_| self.config.sink.message_id_prefix.is_some()) else { return Ok(()) };
        let bytes: Result<[u8; 8], _> = last.0.as_slice().try_into();
        let Ok(bytes) = bytes else {
            let reason =
                "the checkpoint was written without message_id_prefix, and says not how many rows there were; start \
                          over with another checkpoint, or leave the option out"
                    .to_owned();
            return Err(NatsFault::Refused { reason }.during("number the rows"));
        };
        self.rows = u64::from_be_bytes(bytes);
        self.prepared_rows = self.rows;
        Ok(())
    }

    async fn close(&mut self, _: &[u8]) -> SchemaResult<()> {
        self.way.flush().await
    }
}
