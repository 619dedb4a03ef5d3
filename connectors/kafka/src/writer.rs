//! A running sink: rows to records, and the steps of its transactions.

use laminar_formats::AnyEncoder;
use laminar_schema::{Checkpoint, EncodedBatch, EncoderSet, Prepared, RecordSink, SchemaResult, SinkBatch};

use crate::{
    columns::Parts,
    delivery::{Outgoing, Topic},
    error::{self, KafkaFault},
    transaction::Transactions,
};

/// A running [`KafkaSink`](crate::KafkaSink).
pub struct KafkaWriter<E: EncoderSet = AnyEncoder> {
    pub(crate) topic: Topic,
    /// Where the parts of a record stand, and what encodes the value; `None` where records come encoded.
    pub(crate) columns: Option<(Parts, E)>,
    pub(crate) transactions: Option<Transactions>,
    pub(crate) encoded: EncodedBatch,
}

impl<E: EncoderSet> std::fmt::Debug for KafkaWriter<E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KafkaWriter").field("topic", &self.topic.config.sink.topic).finish_non_exhaustive()
    }
}

async fn send(topic: &Topic, transactions: &mut Option<Transactions>, record: Outgoing<'_>) -> SchemaResult<()> {
    if let Some(transactions) = transactions {
        transactions.spool(topic, record)?;
    }
    if topic.try_send(record)? { Ok(()) } else { topic.send(record).await }
}

/// Runs `work` on a blocking thread.
async fn blocking<R: Send + 'static>(work: impl FnOnce() -> SchemaResult<R> + Send + 'static) -> SchemaResult<R> {
    tokio::task::spawn_blocking(work).await.map_err(|_| error::panicked("write to the topic"))?
}

impl<E: EncoderSet> KafkaWriter<E> {
    /// Runs a step of the transactions on a blocking thread.
    async fn step<R: Send + 'static>(
        &mut self,
        step: impl FnOnce(&mut Transactions, &Topic) -> SchemaResult<R> + Send + 'static,
    ) -> SchemaResult<Option<R>> {
        let Some(mut transactions) = self.transactions.take() else { return Ok(None) };
        let topic = self.topic.clone();
        let (transactions, result) = blocking(move || {
            let result = step(&mut transactions, &topic);
            Ok((transactions, result))
        })
        .await?;
        self.transactions = Some(transactions);
        result.map(Some)
    }

    fn is_transactional(&self) -> bool {
        self.topic.config.sink.transactional_id.is_some()
    }
}

impl<E: EncoderSet> RecordSink for KafkaWriter<E> {
    async fn write(&mut self, batch: SinkBatch<'_>) -> SchemaResult<()> {
        let Self { topic, columns, transactions, encoded } = self;
        if topic.config.sink.transactional_id.is_some() && transactions.is_none() {
            return Err(cancelled());
        }
        topic.check()?;
        let mut headers = Vec::new();
        match (batch, columns) {
            (SinkBatch::Columns(batch), Some((parts, encoder))) => {
                encoded.clear();
                encoder.encode(&parts.value(batch)?, encoded)?;
                let sides = parts.sides(batch)?;
                for (row, value) in encoded.iter().enumerate() {
                    sides.headers(row, &mut headers);
                    let (key, partition) = (sides.key(row), sides.partition(row)?);
                    let value = (!sides.is_deleted(row)?).then_some(value);
                    let record = Outgoing { key, value, headers: &headers, partition };
                    send(topic, transactions, record).await?;
                }
            }
            // What starts a byte stream is for files.
            (SinkBatch::Encoded { records, .. }, _) => {
                for value in records.iter() {
                    let record = Outgoing { value: Some(value), ..Outgoing::default() };
                    send(topic, transactions, record).await?;
                }
            }
            (SinkBatch::Columns(_), None) => {
                let reason = "it takes encoded records, not columns".to_owned();
                return Err(KafkaFault::Refused { reason }.during("write to the topic"));
            }
        }
        Ok(())
    }

    async fn prepare(&mut self, checkpoint: Checkpoint<'_>) -> SchemaResult<Prepared> {
        if self.is_transactional() {
            let (epoch, positions) = (checkpoint.epoch, checkpoint.positions.clone());
            return self.step(move |t, topic| t.prepare(topic, epoch, &positions)).await?.ok_or_else(cancelled);
        }
        let topic = self.topic.clone();
        blocking(move || topic.flush()).await.map(|()| Prepared::default())
    }

    async fn commit(&mut self, prepared: &Prepared) -> SchemaResult<()> {
        let prepared = prepared.clone();
        self.step(move |t, topic| t.commit(topic, &prepared)).await.map(drop)
    }

    async fn abort(&mut self) -> SchemaResult<()> {
        if self.is_transactional() {
            return self.step(|t, topic| t.abort(topic)).await.map(drop);
        }
        let topic = self.topic.clone();
        blocking(move || {
            topic.purge();
            Ok(())
        })
        .await
    }

    async fn recover(&mut self, last: Option<&Prepared>) -> SchemaResult<()> {
        let last = last.cloned();
        self.step(move |t, topic| t.recover(topic, last.as_ref())).await.map(drop)
    }

    async fn close(&mut self, _: &[u8]) -> SchemaResult<()> {
        if self.is_transactional() {
            return Ok(());
        }
        let topic = self.topic.clone();
        blocking(move || topic.flush()).await
    }
}

#[cold]
fn cancelled() -> laminar_schema::SchemaError {
    let reason = "an earlier call was cancelled while it was at work".to_owned();
    KafkaFault::Refused { reason }.during("write to the topic")
}
