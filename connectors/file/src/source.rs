//! The file source: records of one file, of many, or of a stream that is read once.

use std::{
    collections::HashMap,
    fmt,
    fs::File,
    io::Read,
    marker::PhantomData,
    sync::{Arc, Mutex, PoisonError},
};

use laminar_formats::AnyDecoder;
use laminar_schema::{
    ConfigError, ConnectorError, DecoderSet, FormatSpec, Framing, Positions, Scan, SchemaError, SchemaEvolvable,
    SchemaResult, Source, SourceConfig, SourceConnector, SourceFromConfig, format::Encoding,
};

use crate::{
    changed::{self, Known, is_begun},
    columns::{self, ColumnsPlan},
    config::{FileSourceConfig, STANDARD_STREAM, StartAt},
    discover::Target,
    follow::{Follow, follow},
    in_use::Reading,
    open::{ReadPlan, bad_position, stored_len},
    position::FilePosition,
    reader::{Event, FileToRead, Once, Reader, read_files, read_once},
    schema::Tap,
    stream::FileStream,
};

/// Reads files, glob patterns and standard input, plain or compressed.
///
/// Each file is a partition, named by its path; a position is a place in its uncompressed bytes.
#[derive(SourceConnector)]
#[connector(name = "file")]
#[capabilities(inferable, provider(avro, parquet), evolvable(avro, json, csv, msgpack, parquet))]
pub struct FileSource<D: DecoderSet = AnyDecoder> {
    pub(crate) config: FileSourceConfig,
    pub(crate) target: Target,
    pub(crate) plan: ReadPlan,
    pub(crate) format: FormatSpec,
    /// What is wanted of files that hold columns.
    scan: Option<Arc<Scan>>,
    /// What is read only once lives here from the first sample to the start.
    pub(crate) once: Mutex<OnceState>,
    decoder: PhantomData<fn() -> D>,
}

/// How far an input that is read once has got.
pub(crate) enum OnceState {
    /// Nobody has asked for it yet. The reader is the caller's, where there is one.
    Untouched(Option<Box<dyn Read + Send>>),
    /// It was sampled: what was read is kept, so that a stream yields it again.
    Sampled(Box<Tap>),
    /// It holds columns, and was written to a temporary file to be read in any place.
    Spooled(File),
    /// It failed before its first record, and why.
    Failed(String),
    /// A stream has it.
    Taken,
}

impl<D: DecoderSet> fmt::Debug for FileSource<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileSource").field("config", &self.config).field("plan", &self.plan).finish_non_exhaustive()
    }
}

impl<D: DecoderSet> FileSource<D> {
    /// A source of what `config` names, whose records lie in it as those of `format` do. Does no I/O.
    ///
    /// # Errors
    /// A pattern that cannot be read, options that contradict each other, a format that is not in `D`.
    pub fn new(config: FileSourceConfig, format: &FormatSpec) -> SchemaResult<Self> {
        let target = Target::parse(&config.path)?;
        Self::with_target(config, target, format)
    }

    fn with_target(config: FileSourceConfig, target: Target, format: &FormatSpec) -> SchemaResult<Self> {
        let framing = framing_of::<D>(format)?;
        check_options(&config, &framing)?;
        let plan = ReadPlan {
            compression: config.compression,
            framing,
            max_record_bytes: config.max_record_bytes,
            follow: config.follow,
        };
        let once = Mutex::new(OnceState::Untouched(None));
        Ok(Self { config, target, plan, format: format.clone(), scan: None, once, decoder: PhantomData })
    }

    /// A source of several paths and patterns, read one after another, in place of the one that `config` names.
    ///
    /// # Errors
    /// As [`FileSource::new`]; a path that can be read only once.
    pub fn of_paths(paths: &[String], mut config: FileSourceConfig, format: &FormatSpec) -> SchemaResult<Self> {
        let target = match paths {
            [only] => Target::parse(only)?,
            several => Target::several(several)?,
        };
        config.path = paths.join(", ");
        Self::with_target(config, target, format)
    }

    /// A source of the bytes that `reader` yields, in place of standard input.
    ///
    /// # Errors
    /// As [`FileSource::new`].
    pub fn from_reader(
        reader: impl Read + Send + 'static,
        mut config: FileSourceConfig,
        format: &FormatSpec,
    ) -> SchemaResult<Self> {
        STANDARD_STREAM.clone_into(&mut config.path);
        let mut source = Self::new(config, format)?;
        source.once = Mutex::new(OnceState::Untouched(Some(Box::new(reader))));
        Ok(source)
    }

    /// Takes the stream that is read once, starting to read it if nobody has.
    pub(crate) fn take_once(&self) -> SchemaResult<Tap> {
        // A panic elsewhere leaves the state whole: it is only ever replaced.
        let mut state = self.once.lock().unwrap_or_else(PoisonError::into_inner);
        match std::mem::replace(&mut *state, OnceState::Taken) {
            OnceState::Sampled(tap) => Ok(*tap),
            OnceState::Untouched(reader) => {
                let once = self.once(reader);
                let (plan, name) = (self.plan.clone(), Arc::from(self.config.path.as_str()));
                let reader = Reader::spawn(move |out| read_once(&plan, &name, once, out))?;
                Ok(Tap { kept: Vec::new(), reader })
            }
            OnceState::Failed(reason) => {
                let source = reason.clone().into();
                *state = OnceState::Failed(reason);
                Err(ConnectorError::External { action: "start", source, retryable: false }.into())
            }
            OnceState::Taken | OnceState::Spooled(_) => Err(self.taken()),
        }
    }

    fn once(&self, reader: Option<Box<dyn Read + Send>>) -> Once {
        match (reader, &self.target) {
            (Some(reader), _) => Once::Reader(reader),
            (None, Target::One(path)) => Once::Pipe(path.clone()),
            (None, _) => Once::Stdin,
        }
    }

    #[cold]
    fn taken(&self) -> SchemaError {
        let source = format!("{} was started already, and can be read only once", self.target);
        ConnectorError::External { action: "start", source: source.into(), retryable: false }.into()
    }

    /// Takes the stream that is read once as a file that can be read in any place, reading it to its end if nobody has.
    pub(crate) async fn take_spooled(&self) -> SchemaResult<File> {
        let state = {
            let mut state = self.once.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *state, OnceState::Taken)
        };
        match state {
            OnceState::Spooled(file) => Ok(file),
            OnceState::Untouched(reader) => {
                let (once, plan, limit) = (self.once(reader), self.plan.clone(), self.config.max_spool_bytes);
                let name = Arc::from(self.config.path.as_str());
                columns::blocking(move || columns::spool_once(&plan, &name, once, limit)).await
            }
            OnceState::Sampled(_) | OnceState::Taken => Err(self.taken()),
            OnceState::Failed(reason) => {
                let source = reason.into();
                Err(ConnectorError::External { action: "start", source, retryable: false }.into())
            }
        }
    }

    /// Starts reading files that hold columns.
    async fn start_columns(&self, from: HashMap<Arc<str>, FilePosition>) -> SchemaResult<FileStream> {
        let plan = ColumnsPlan {
            plan: self.plan.clone(),
            format: self.format.clone(),
            scan: self.scan.clone(),
            max_batch_bytes: self.config.max_batch_bytes,
            max_spool_bytes: self.config.max_spool_bytes,
        };
        if self.target.is_read_once() {
            let name: Arc<str> = self.config.path.as_str().into();
            let file = self.take_spooled().await?;
            let from = from.get(&name).copied();
            let reader = Reader::spawn(move |out| columns::read_one::<D>(&plan, &name, file, from, None, out))?;
            return Ok(FileStream::new(reader, self.config.max_batch_bytes));
        }
        let files = self.files_to_read(from)?;
        let reader = Reader::spawn(move |out| columns::read_files::<D>(&plan, files, out))?;
        Ok(FileStream::new(reader, self.config.max_batch_bytes).holding(Reading::new(self.target.files()?)))
    }

    /// What files are compared with before they are read, where they say their schema and somebody asks.
    fn known(&self) -> Option<Known> {
        Known::of(&self.format, self.scan.as_ref())
    }

    /// A stream that only tells the schema of what is read once, where that is new. It stays to be read.
    async fn stop_before_once(&self, from: &HashMap<Arc<str>, FilePosition>) -> SchemaResult<Option<FileStream>> {
        let name: Arc<str> = self.config.path.as_str().into();
        let known = self.known().filter(|_| self.target.is_read_once() && !is_begun(from.get(&name).copied()));
        let Some(known) = known else { return Ok(None) };
        let described = match self.description().await {
            Ok(described) => Some(described),
            // What was spooled for it and could not be is not there to be read any more.
            Err(error) if self.plan.framing == Framing::Columns => return Err(error),
            // Damage is for whoever reads it.
            Err(_) => None,
        };
        let Some(file) = described.and_then(|d| known.new_of(&name, d.schema)) else { return Ok(None) };
        let reader = Reader::spawn(move |out| out.send(Event::NewSchema(Box::new(file))))?;
        Ok(Some(FileStream::new(reader, self.config.max_batch_bytes)))
    }

    /// Puts the stream that is read once back.
    pub(crate) fn put_once(&self, state: OnceState) {
        *self.once.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }

    /// The files to read now, each from where the checkpoint says; what it has finished is left out.
    fn files_to_read(&self, mut from: HashMap<Arc<str>, FilePosition>) -> SchemaResult<Vec<FileToRead>> {
        let mut files = Vec::new();
        for path in self.target.some_files()? {
            let name: Arc<str> = path.to_string_lossy().into();
            let from = from.remove(&name);
            if from.and_then(|p| p.finished).is_none_or(|stored| stored != stored_len(&path)) {
                files.push(FileToRead { path, name, from });
            }
        }
        // A file that was read to its end may be archived; one that was not is missed.
        match from.into_iter().find(|(_, position)| position.finished.is_none()) {
            Some((name, position)) => {
                let reason = format!(
                    "it was read up to offset {} and is not among the files of `{}` any more",
                    position.at.offset, self.target
                );
                Err(bad_position(&name, reason))
            }
            None => Ok(files),
        }
    }
}

impl<D: DecoderSet> SchemaEvolvable for FileSource<D> {}

impl<D: DecoderSet> SourceFromConfig for FileSource<D> {
    type Config = FileSourceConfig;

    fn from_config(config: FileSourceConfig, source: &SourceConfig) -> SchemaResult<Self> {
        Self::new(config, &source.format)
    }
}

impl<D: DecoderSet> Source for FileSource<D> {
    type Decoder = D;
    type Stream = FileStream;

    fn is_bounded(&self) -> bool {
        !self.config.follow
    }

    /// What was sampled of a stream that is read once stays: bytes are kept as they came, before any framing.
    fn with_format(mut self, format: &FormatSpec) -> SchemaResult<Self> {
        self.plan.framing = framing_of::<D>(format)?;
        check_options(&self.config, &self.plan.framing)?;
        self.format = format.clone();
        Ok(self)
    }

    fn with_scan(mut self, scan: &Scan) -> SchemaResult<Self> {
        changed::check_followed(&self.config, &self.plan.framing, scan)?;
        self.scan = Some(Arc::new(scan.clone()));
        Ok(self)
    }

    async fn validate(&self) -> SchemaResult<()> {
        if self.config.follow || self.target.is_read_once() {
            return Ok(());
        }
        self.target.some_files().map(drop)
    }

    async fn start(&self, from: Option<&Positions>) -> SchemaResult<FileStream> {
        let from = parse_positions(from)?;
        // Boxed: it is rare, and would be most of the future of every start.
        if let Some(stream) = Box::pin(self.stop_before_once(&from)).await? {
            return Ok(stream);
        }
        if self.plan.framing == Framing::Columns {
            return self.start_columns(from).await;
        }
        if self.target.is_read_once() {
            let Tap { kept, reader } = self.take_once()?;
            let skip_to = from.get(self.config.path.as_str()).map_or(0, |p| p.at.offset);
            let records = self.plan.records(self.config.path.as_str().into(), skip_to)?;
            return Ok(FileStream::new(reader, self.config.max_batch_bytes).once(records, kept));
        }
        let plan = self.plan.clone();
        let reader = if self.config.follow {
            let (target, config) = (self.target.clone(), &self.config);
            let (start, on_truncate, poll_interval) = (config.start, config.on_truncate, config.poll_interval);
            let spec = Follow { plan, target, poll_interval, start, on_truncate, from };
            Reader::spawn(move |out| follow(spec, out))?
        } else {
            let files = self.files_to_read(from)?;
            let known = self.known();
            Reader::spawn(move |out| read_files::<D>(&plan, known.as_ref(), files, out))?
        };
        Ok(FileStream::new(reader, self.config.max_batch_bytes).holding(Reading::new(self.target.files()?)))
    }
}

fn parse_positions(from: Option<&Positions>) -> SchemaResult<HashMap<Arc<str>, FilePosition>> {
    let parse = |(name, position): (&Arc<str>, &_)| match FilePosition::from_position(position) {
        Some(position) => Ok((Arc::clone(name), position)),
        None => Err(bad_position(name, "it is not a position of the file connector".to_owned())),
    };
    from.into_iter().flat_map(Positions::iter).map(parse).collect()
}

fn framing_of<D: DecoderSet>(format: &FormatSpec) -> SchemaResult<Framing> {
    D::framing(format)?.ok_or_else(|| unsupported_format(format, D::FORMATS))
}

fn check_options(config: &FileSourceConfig, framing: &Framing) -> SchemaResult<()> {
    let conflict = |key: &str, value: &str, expected: &str, reason: &str| {
        Err(SchemaError::from(ConfigError::invalid(key, value, expected, reason)))
    };
    if config.start == StartAt::End && !config.follow {
        return conflict("start", "end", "beginning", "there is nothing behind the end unless `follow` is on");
    }
    if config.follow && config.path == STANDARD_STREAM {
        return conflict("follow", "true", "false", "standard input is read as it comes anyway");
    }
    if config.follow && matches!(framing, Framing::Whole) {
        return conflict(
            "follow",
            "true",
            "false",
            "the whole file is one record, which never ends while it is followed",
        );
    }
    if config.follow && matches!(framing, Framing::Columns) {
        let reason = "a file of columns ends with its footer, and nothing is appended to it";
        return conflict("follow", "true", "false", reason);
    }
    if config.follow && framing.encoding() != Encoding::Utf8 {
        let encoding = framing.encoding().name();
        let reason = format!("files in {encoding} are read from their beginning, and cannot be followed");
        return conflict("follow", "true", "false", &reason);
    }
    for (key, value) in [("max_record_bytes", config.max_record_bytes), ("max_batch_bytes", config.max_batch_bytes)] {
        if value == 0 {
            return conflict(key, "0", "a positive number of bytes", "");
        }
    }
    Ok(())
}

#[cold]
fn unsupported_format(format: &FormatSpec, known: &[&str]) -> SchemaError {
    ConnectorError::UnsupportedFormat {
        connector: "file".to_owned(),
        format: format.name.clone(),
        known: known.iter().map(|k| (*k).to_owned()).collect(),
        suggestion: laminar_schema::config::did_you_mean(&format.name, known.iter().copied()).map(str::to_owned),
    }
    .into()
}
