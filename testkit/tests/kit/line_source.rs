//! A source of a line server's lines, sound or with one flaw.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use laminar_formats::AnyDecoder;
use laminar_schema::{
    ConnectorConfig, ConnectorError, FormatInferenceRegistry, InferenceConfig, InferredSchema, NewRecord, Options,
    Position, Positions, RawRecord, RecordStream, SchemaInferable, SchemaResult, Secret, Source, SourceBatch,
    SourceConfig, SourceConnector, SourceFromConfig,
    config::{ConfigError, ConfigErrors, ConfigKey},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    sync::mpsc,
};

/// What is wrong with a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Flaw {
    Nothing,
    SkipsRecords,
    ResumesOneEarly,
    BuffersWithoutBound,
    ForgetsWhenCancelled,
    SamplingTakesAway,
    TellsOneError,
    TakesContradictions,
    ShowsSecrets,
    InfersNothing,
    GivesUp,
    Allocates,
    LeavesThreads,
}

const fn has<const FLAW: u8>(flaw: Flaw) -> bool {
    FLAW == flaw as u8
}

/// Options of the source of lines.
#[derive(ConnectorConfig)]
pub(crate) struct LineOptions {
    /// Address of the server
    pub(crate) address: String,
    /// Lines that a batch has, at most
    #[config(default = 10_000)]
    pub(crate) batch: usize,
    /// Whether to wait a little between batches
    #[config(default = false)]
    pub(crate) slow: bool,
    /// Token that nobody looks at
    pub(crate) token: Option<Secret>,
}

/// The same, read as soundly as the flaw lets it.
pub(crate) struct LineConfig<const FLAW: u8>(LineOptions);

impl<const FLAW: u8> ConnectorConfig for LineConfig<FLAW> {
    const KEYS: &'static [ConfigKey] = LineOptions::KEYS;

    fn from_options(options: &Options) -> Result<Self, ConfigErrors> {
        LineOptions::from_options(options).map(Self).map_err(|mut errors| {
            if has::<FLAW>(Flaw::TellsOneError) {
                errors.0.truncate(1);
            }
            errors
        })
    }
}

#[derive(SourceConnector)]
#[connector(name = "lines", formats(json))]
#[capabilities(inferable)]
pub(crate) struct LineSource<const FLAW: u8> {
    options: LineOptions,
    /// Lines that a flawed sampling has taken away.
    taken: Arc<AtomicU64>,
}

impl<const FLAW: u8> fmt::Debug for LineSource<FLAW> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let token = self.options.token.as_ref().filter(|_| has::<FLAW>(Flaw::ShowsSecrets));
        f.debug_struct("LineSource")
            .field("address", &self.options.address)
            .field("token", &token.map(Secret::expose))
            .finish()
    }
}

impl<const FLAW: u8> SourceFromConfig for LineSource<FLAW> {
    type Config = LineConfig<FLAW>;

    fn from_config(config: LineConfig<FLAW>, _: &SourceConfig) -> SchemaResult<Self> {
        if config.0.slow && config.0.batch == 1 && !has::<FLAW>(Flaw::TakesContradictions) {
            return Err(
                ConfigError::invalid("slow", "true", "a batch of more than 1 beside it", "it would take ages").into()
            );
        }
        Ok(Self { options: config.0, taken: Arc::default() })
    }
}

impl<const FLAW: u8> Source for LineSource<FLAW> {
    type Decoder = AnyDecoder;
    type Stream = LineStream<FLAW>;

    fn is_bounded(&self) -> bool {
        false
    }

    async fn start(&self, from: Option<&Positions>) -> SchemaResult<LineStream<FLAW>> {
        let stored = from.and_then(|p| p.get("lines")).and_then(Position::as_u64);
        let mut next = stored.unwrap_or(0).max(self.taken.load(Relaxed));
        if has::<FLAW>(Flaw::ResumesOneEarly) {
            next = next.saturating_sub(1);
        }
        if has::<FLAW>(Flaw::LeavesThreads) {
            tokio::task::spawn_blocking(|| std::thread::sleep(Duration::from_secs(4)));
        }
        let mut lines = Lines::<FLAW> { address: self.options.address.clone(), next, reader: None, line: Vec::new() };
        lines.connect().await?;
        let ahead = has::<FLAW>(Flaw::BuffersWithoutBound).then(|| {
            let mut lines = Lines::<FLAW> {
                line: Vec::new(),
                reader: lines.reader.take(),
                address: lines.address.clone(),
                ..lines
            };
            let (sender, receiver) = mpsc::unbounded_channel();
            tokio::spawn(async move {
                while let Ok(()) = lines.read().await {
                    if sender.send(std::mem::take(&mut lines.line)).is_err() {
                        return;
                    }
                    lines.next += 1;
                }
            });
            receiver
        });
        Ok(LineStream { lines, ahead, partition: Arc::from("lines"), max: self.options.batch })
    }
}

impl<const FLAW: u8> SchemaInferable for LineSource<FLAW> {
    async fn sample_records(&self, config: &InferenceConfig) -> SchemaResult<Vec<RawRecord>> {
        let mut stream = self.start(None).await?;
        let mut batch = SourceBatch::new();
        let mut sample = Vec::new();
        let sampling = async {
            while sample.len() < config.sample_size {
                batch.clear();
                stream.next(&mut batch, config.sample_size - sample.len()).await?;
                sample.extend(batch.raw_mut().iter().map(|record| record.to_owned()));
            }
            Ok::<(), laminar_schema::SchemaError>(())
        };
        // Out of time is no error: what there is then is the sample.
        tokio::time::timeout(config.sample_timeout, sampling).await.unwrap_or(Ok(()))?;
        if has::<FLAW>(Flaw::SamplingTakesAway) {
            self.taken.store(sample.len() as u64, Relaxed);
        }
        Ok(sample)
    }

    async fn infer_from_samples(
        &self,
        samples: &[RawRecord],
        format: &str,
        config: &InferenceConfig,
        formats: &FormatInferenceRegistry,
    ) -> SchemaResult<InferredSchema> {
        if has::<FLAW>(Flaw::InfersNothing) {
            let source = "lines have no schema".into();
            return Err(ConnectorError::External { action: "infer", source, retryable: false }.into());
        }
        formats.infer(format, samples, config)
    }
}

/// A connection, and how far it has been read.
struct Lines<const FLAW: u8> {
    address: String,
    next: u64,
    reader: Option<BufReader<TcpStream>>,
    /// The line that is being read, over several calls where they are cancelled.
    line: Vec<u8>,
}

impl<const FLAW: u8> Lines<FLAW> {
    async fn connect(&mut self) -> SchemaResult<()> {
        let error = |e| ConnectorError::io("connect to", "the server of lines", e);
        let mut stream = TcpStream::connect(&self.address).await.map_err(error)?;
        stream.write_all(&self.next.to_be_bytes()).await.map_err(error)?;
        self.line.clear();
        self.reader = Some(BufReader::new(stream));
        Ok(())
    }

    /// Reads the next line whole, without its end, over as many connections as that takes.
    async fn read(&mut self) -> SchemaResult<()> {
        loop {
            let Some(reader) = &mut self.reader else {
                tokio::time::sleep(Duration::from_millis(10)).await;
                let connected = self.connect().await;
                if has::<FLAW>(Flaw::GivesUp) {
                    connected?;
                }
                continue;
            };
            match reader.read_until(b'\n', &mut self.line).await {
                Ok(n) if n > 0 && self.line.last() == Some(&b'\n') => {
                    self.line.pop();
                    return Ok(());
                }
                _ if has::<FLAW>(Flaw::GivesUp) => {
                    let source = "the connection is gone".into();
                    return Err(ConnectorError::External { action: "read lines", source, retryable: false }.into());
                }
                _ => self.reader = None,
            }
        }
    }

    /// Whether there is something to read at once.
    fn is_ready(&self) -> bool {
        self.reader.as_ref().is_some_and(|reader| reader.buffer().contains(&b'\n'))
    }
}

/// The running source.
pub(crate) struct LineStream<const FLAW: u8> {
    lines: Lines<FLAW>,
    ahead: Option<mpsc::UnboundedReceiver<Vec<u8>>>,
    partition: Arc<str>,
    max: usize,
}

impl<const FLAW: u8> RecordStream for LineStream<FLAW> {
    async fn next(&mut self, out: &mut SourceBatch, max: usize) -> SchemaResult<usize> {
        let (max, mut count) = (max.min(self.max), 0);
        while count < max {
            match &mut self.ahead {
                Some(_) if count > 0 => break,
                Some(ahead) => match ahead.recv().await {
                    Some(line) => self.lines.line = line,
                    None => return Ok(0),
                },
                None if count > 0 && !self.lines.is_ready() => break,
                None => self.lines.read().await?,
            }
            if has::<FLAW>(Flaw::ForgetsWhenCancelled) {
                let line = std::mem::take(&mut self.lines.line);
                self.lines.next += 1;
                if count == 0 {
                    tokio::task::yield_now().await;
                }
                self.lines.next -= 1;
                self.lines.line = line;
            }
            let offset = self.lines.next;
            self.lines.next += 1;
            if !(has::<FLAW>(Flaw::SkipsRecords) && offset == 17) {
                if has::<FLAW>(Flaw::Allocates) {
                    drop(std::hint::black_box(self.lines.line.clone()));
                }
                let raw = out.raw_mut();
                let partition = Some(raw.partition(&self.partition, None));
                raw.push(NewRecord { partition, offset: Some(offset), ..NewRecord::new(&self.lines.line) });
                count += 1;
            }
            self.lines.line.clear();
        }
        out.positions.set(Arc::clone(&self.partition), Position::from_u64(self.lines.next));
        Ok(count)
    }
}
