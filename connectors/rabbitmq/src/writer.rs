//! A running sink: rows to records, and checkpoints that wait for confirmations.

use arrow_array::RecordBatch;
use bytes::Bytes;
use laminar_formats::AnyEncoder;
use laminar_schema::{Checkpoint, EncodedBatch, EncoderSet, Prepared, RecordSink, SchemaResult, SinkBatch};
use lapin::{BasicProperties, types::ShortString};

use crate::{columns::Parts, config::RabbitMqSinkConfig, error::RabbitMqFault, publish::Publisher};

/// AMQP's word for a record that is written to disk.
const PERSISTENT: u8 = 2;

/// A running [`RabbitMqSink`](crate::RabbitMqSink).
pub struct RabbitMqWriter<E: EncoderSet = AnyEncoder> {
    publisher: Publisher,
    /// Where the parts of a record stand, and what encodes the value; `None` where records come encoded.
    columns: Option<(Parts, E)>,
    encoded: EncodedBatch,
    /// The routing key of all records, where it does not come from a column.
    routing_key: ShortString,
    /// What all records have.
    properties: BasicProperties,
}

impl<E: EncoderSet> std::fmt::Debug for RabbitMqWriter<E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RabbitMqWriter").field("routing_key", &self.routing_key.as_str()).finish_non_exhaustive()
    }
}

impl<E: EncoderSet> RabbitMqWriter<E> {
    pub(crate) fn new(config: &RabbitMqSinkConfig, publisher: Publisher, columns: Option<(Parts, E)>) -> Self {
        let mut properties = BasicProperties::default();
        if config.sink.persistent {
            properties = properties.with_delivery_mode(PERSISTENT);
        }
        if let Some(content_type) = &config.sink.content_type {
            properties = properties.with_content_type(content_type.as_str().into());
        }
        let routing_key = config.sink.routing_key.as_deref().unwrap_or_default().into();
        Self { publisher, columns, encoded: EncodedBatch::new(), routing_key, properties }
    }

    async fn write_encoded(&mut self, records: &EncodedBatch) -> SchemaResult<()> {
        let mut rest = Bytes::copy_from_slice(records.bytes());
        for record in records.iter() {
            let payload = rest.split_to(record.len());
            self.publisher.publish(self.routing_key.clone(), self.properties.clone(), payload).await?;
        }
        self.publisher.send().await
    }

    async fn write_columns(&mut self, parts: &Parts, encoder: &mut E, batch: &RecordBatch) -> SchemaResult<()> {
        self.encoded.clear();
        encoder.encode(&parts.value(batch)?, &mut self.encoded)?;
        let sides = parts.sides(batch)?;
        let mut rest = Bytes::copy_from_slice(self.encoded.bytes());
        for row in 0..self.encoded.len() {
            let payload = rest.split_to(self.encoded.record(row).len());
            let routing_key = sides.routing_key(row)?.unwrap_or_else(|| self.routing_key.clone());
            let mut properties = self.properties.clone();
            if let Some(headers) = sides.headers(row) {
                properties = properties.with_headers(headers);
            }
            if let Some(id) = sides.message_id(row)? {
                properties = properties.with_message_id(id);
            }
            self.publisher.publish(routing_key, properties, payload).await?;
        }
        self.publisher.send().await
    }
}

impl<E: EncoderSet> RecordSink for RabbitMqWriter<E> {
    async fn write(&mut self, batch: SinkBatch<'_>) -> SchemaResult<()> {
        let batch = match batch {
            // What starts a byte stream is for files.
            SinkBatch::Encoded { records, .. } => return self.write_encoded(records).await,
            SinkBatch::Columns(batch) => batch,
        };
        let Some((parts, mut encoder)) = self.columns.take() else {
            let reason = "it takes encoded records, not columns, or an earlier call was cancelled at work".to_owned();
            return Err(RabbitMqFault::Refused { reason }.during("publish"));
        };
        let written = self.write_columns(&parts, &mut encoder, batch).await;
        self.columns = Some((parts, encoder));
        written
    }

    async fn prepare(&mut self, _: Checkpoint<'_>) -> SchemaResult<Prepared> {
        self.publisher.flush().await?;
        Ok(Prepared::default())
    }

    async fn commit(&mut self, _: &Prepared) -> SchemaResult<()> {
        Ok(())
    }

    async fn abort(&mut self) -> SchemaResult<()> {
        self.publisher.forget();
        Ok(())
    }

    async fn recover(&mut self, _: Option<&Prepared>) -> SchemaResult<()> {
        Ok(())
    }

    async fn close(&mut self, _: &[u8]) -> SchemaResult<()> {
        self.publisher.flush().await
    }
}
