//! Sampling: what a server sends to a connection of its own, or what clients send, which is kept for the run.

use laminar_schema::{
    DecoderSet, InferenceConfig, RawRecord, RecordStream, SchemaInferable, SchemaResult, SourceBatch,
};
use tokio::time::{Instant, timeout_at};

use crate::{
    error::WebSocketFault,
    feed::Feed,
    place::Place,
    source::{Listening, WebSocketSource},
    stream::WebSocketStream,
};

impl<D: DecoderSet> SchemaInferable for WebSocketSource<D> {
    /// Waits for messages until there are enough, or until the time is over.
    async fn sample_records(&self, config: &InferenceConfig) -> SchemaResult<Vec<RawRecord>> {
        let (size, wait) = (config.sample_size.max(1), config.sample_timeout);
        let deadline = Instant::now() + wait;
        let records = match &self.place {
            Place::Client(_) => Box::pin(self.read(size, deadline)).await?,
            Place::Server(_) => Box::pin(self.watch(size, deadline)).await?,
        };
        if records.is_empty() {
            let (target, seconds) = (self.about(), wait.as_secs());
            return Err(WebSocketFault::Empty { target, seconds }.during("infer a schema"));
        }
        Ok(records)
    }
}

impl<D: DecoderSet> WebSocketSource<D> {
    /// What a server sends to a connection of its own, which is closed afterwards.
    async fn read(&self, size: usize, deadline: Instant) -> SchemaResult<Vec<RawRecord>> {
        let feed = Feed::start(&self.config, &self.place).await?;
        let source = &self.config.source;
        let mut stream = WebSocketStream::new(feed, self.about().into(), source.max_batch_bytes, None, self.cutter()?);
        let (mut records, mut batch) = (Vec::new(), SourceBatch::new());
        while records.len() < size {
            batch.clear();
            match timeout_at(deadline, stream.next(&mut batch, size - records.len())).await {
                // A record that could not be cut out shows nothing, and is told again when it is read.
                Ok(Err(e)) if e.is_row_level() => continue,
                Ok(Ok(0)) | Err(_) => break,
                Ok(read) => read?,
            };
            let raw = batch.raw_mut();
            records.extend((0..raw.len()).map(|index| raw.record(index).to_owned()));
        }
        Ok(records)
    }

    /// What clients send to the listener, which stays open and has all of it for the run.
    async fn watch(&self, size: usize, deadline: Instant) -> SchemaResult<Vec<RawRecord>> {
        let mut listening = self.listening.lock().await;
        let Listening(feed) = match &mut *listening {
            Some(listening) => listening,
            none => none.insert(Listening(Feed::start(&self.config, &self.place).await?)),
        };
        let shown = match timeout_at(deadline, feed.inbox.show(size)).await {
            Ok(shown) => shown,
            Err(_) => feed.inbox.show_now(size),
        };
        let mut cutter = self.cutter()?;
        let mut records = Vec::new();
        for (payload, at) in &shown {
            let mut keep = |value: &[u8]| records.push(RawRecord { timestamp: *at, ..RawRecord::new(value.to_vec()) });
            let Some(cutter) = &mut cutter else {
                keep(payload);
                continue;
            };
            cutter.begin(payload);
            // One that cannot be cut is told when it is read.
            while let Ok(Some(frame)) = cutter.frames.next() {
                keep(frame.bytes);
            }
            cutter.is_at_work = false;
        }
        records.truncate(size);
        Ok(records)
    }
}
