//! The file sink: encoded records into one file, in transactions.

use std::marker::PhantomData;

use laminar_formats::AnyEncoder;
use laminar_schema::{
    Checkpoint, ConnectorError, EncodeSpec, EncodedBatch, EncoderSet, Prepared, RecordSink, SchemaEvolvable,
    SchemaResult, Sink, SinkBatch, SinkConfig, SinkConnector, SinkFromConfig,
};

use crate::{config::FileSinkConfig, output::Output, parts::Parts};

/// Writes one file, or standard output, plain or compressed.
///
/// Exactly once for files: what a transaction wrote is cut off again when its checkpoint was not stored.
#[derive(Debug, SinkConnector)]
#[connector(name = "file")]
#[capabilities(evolvable(json, msgpack))]
pub struct FileSink<E: EncoderSet = AnyEncoder> {
    config: FileSinkConfig,
    encoder: PhantomData<fn() -> E>,
}

impl<E: EncoderSet> FileSink<E> {
    /// A sink that writes where `config` says. Does no I/O.
    pub fn new(config: FileSinkConfig) -> Self {
        Self { config, encoder: PhantomData }
    }
}

/// Records in these formats name their fields, so that a later one may have more.
impl<E: EncoderSet> SchemaEvolvable for FileSink<E> {}

impl<E: EncoderSet> SinkFromConfig for FileSink<E> {
    type Config = FileSinkConfig;

    fn from_config(config: FileSinkConfig, _: &SinkConfig) -> SchemaResult<Self> {
        Ok(Self::new(config))
    }
}

impl<E: EncoderSet> Sink for FileSink<E> {
    type Encoder = E;
    type Writer = FileWriter;

    async fn start(&self, spec: &EncodeSpec) -> SchemaResult<FileWriter> {
        let config = self.config.clone();
        // Only an encoder knows whether its file needs an end.
        if self.build_encoder(spec)?.has_footer() {
            let parts = blocking(move || Parts::new(&config)).await?;
            return Ok(FileWriter { output: None, parts: Some(parts) });
        }
        // Opening a pipe waits for its reader.
        let output = blocking(move || Output::open(&config)).await??;
        Ok(FileWriter { output: Some(output), parts: None })
    }
}

/// A running [`FileSink`].
///
/// Writes to a file land in the page cache and are made where they are called; syncing, and everything on pipes and
/// standard output, may take as long as a disk or a reader likes, and is done on the runtime's blocking threads.
#[derive(Debug)]
pub struct FileWriter {
    /// Lent to a blocking thread while it works there; lost when a call is cancelled meanwhile.
    output: Option<Output>,
    /// For a format whose files need an end: the output is the open one of several.
    parts: Option<Parts>,
}

impl FileWriter {
    fn output(&mut self) -> SchemaResult<&mut Output> {
        if let Some(parts) = self.parts.as_mut().filter(|parts| !parts.is_open()) {
            self.output = Some(parts.open()?);
        }
        let output = self.output.as_mut().ok_or_else(cancelled)?;
        if !output.is_recovered() {
            output.recover(None)?;
        }
        Ok(output)
    }

    /// Runs `work` on a blocking thread where the output is one that may block for long, else right here.
    async fn run<R: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut Output) -> SchemaResult<R> + Send + 'static,
    ) -> SchemaResult<R> {
        if !self.output()?.is_live() {
            return work(self.output()?);
        }
        let mut output = self.output.take().ok_or_else(cancelled)?;
        let (output, result) = blocking(move || {
            let result = work(&mut output);
            (output, result)
        })
        .await?;
        self.output = Some(output);
        result
    }
}

impl RecordSink for FileWriter {
    async fn write(&mut self, batch: SinkBatch<'_>) -> SchemaResult<()> {
        let SinkBatch::Encoded { records, prologue, delimiter } = batch else {
            let source = "it takes encoded records, not columns".into();
            return Err(ConnectorError::External { action: "write to the file sink", source, retryable: false }.into());
        };
        let output = self.output()?;
        append(records, delimiter, output.begin(prologue, delimiter)?);
        if output.is_live() {
            // Whoever reads the other end wants to see each batch as it comes.
            return self.run(Output::seal).await;
        }
        output.end_batch()
    }

    async fn prepare(&mut self, _: Checkpoint<'_>) -> SchemaResult<Prepared> {
        if let Some(parts) = self.parts.as_ref().filter(|parts| !parts.is_open()) {
            return Ok(parts.prepared());
        }
        self.run(Output::seal).await?;
        let output = self.output()?;
        let prepared = output.prepared();
        if let Some(sync) = output.sync() {
            blocking(sync).await??;
        }
        if let Some(parts) = &mut self.parts {
            // The pipeline has written the end of the part before this call.
            self.output = None;
            parts.close();
            return Ok(parts.prepared());
        }
        Ok(prepared)
    }

    async fn commit(&mut self, prepared: &Prepared) -> SchemaResult<()> {
        if let Some(parts) = &mut self.parts {
            return parts.commit();
        }
        self.output()?.commit(prepared);
        Ok(())
    }

    async fn abort(&mut self) -> SchemaResult<()> {
        if let Some(parts) = &mut self.parts {
            self.output = None;
            return parts.abort();
        }
        self.output()?.abort()
    }

    async fn recover(&mut self, last: Option<&Prepared>) -> SchemaResult<()> {
        if let Some(parts) = &mut self.parts {
            return parts.recover(last);
        }
        self.output.as_mut().ok_or_else(cancelled)?.recover(last)
    }

    async fn close(&mut self, epilogue: &[u8]) -> SchemaResult<()> {
        if self.parts.as_ref().is_some_and(|parts| !parts.is_open()) {
            return Ok(());
        }
        let epilogue = epilogue.to_vec();
        self.run(move |output| output.finish(&epilogue)).await?;
        match self.output()?.sync() {
            Some(sync) => blocking(sync).await?,
            None => Ok(()),
        }
    }
}

fn append(records: &EncodedBatch, delimiter: &[u8], out: &mut Vec<u8>) {
    out.reserve(records.num_bytes() + records.len() * delimiter.len());
    for record in records.iter() {
        if records.is_length_delimited() {
            push_length(out, record.len());
        }
        out.extend_from_slice(record);
        out.extend_from_slice(delimiter);
    }
}

/// Appends a length as a varint: seven bits in a byte, the lowest first.
fn push_length(out: &mut Vec<u8>, mut len: usize) {
    while len >= 0x80 {
        out.push(len as u8 | 0x80);
        len >>= 7;
    }
    out.push(len as u8);
}

async fn blocking<R: Send + 'static>(work: impl FnOnce() -> R + Send + 'static) -> SchemaResult<R> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|e| ConnectorError::External { action: "write the file", source: e.into(), retryable: false }.into())
}

#[cold]
fn cancelled() -> laminar_schema::SchemaError {
    let source = "an earlier call was cancelled while it was writing".into();
    ConnectorError::External { action: "write to the file sink", source, retryable: false }.into()
}
