//! Opening one input at the place to read from: decompression, character encoding, framing, resuming.

use std::{
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom},
    path::Path,
    sync::Arc,
};

use laminar_formats::framing::{FrameBuffer, Framer, Resume, Transcoder};
use laminar_schema::{ConnectorError, Framing, Location, SchemaError, SchemaResult, format::Encoding};

use crate::{
    compression::{Codec, Compression, Decompressor, MAGIC_BYTES},
    position::FilePosition,
};

/// Bytes that are read at once.
pub(crate) const CHUNK_BYTES: usize = 256 * 1024;

/// Bytes in front of what is read, for the unfinished record before it: one that fits saves copying the chunk.
pub(crate) const HEADROOM: usize = 4096;

/// How every input of a source is read.
#[derive(Debug, Clone)]
pub(crate) struct ReadPlan {
    pub(crate) compression: Compression,
    pub(crate) framing: Framing,
    pub(crate) max_record_bytes: usize,
    /// Whether inputs are followed, which a compressed or transcoded one cannot be.
    pub(crate) follow: bool,
}

/// One input's uncompressed bytes, in the character encoding that they have.
pub(crate) enum Bytes {
    /// A plain file, which can be read in any place and grows under our eyes.
    File(File),
    /// Anything else: compressed, a pipe, a reader of the caller's.
    Stream(Box<Decompressor<Box<dyn Read + Send>>>),
}

impl Read for Bytes {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.read(buf),
            Self::Stream(stream) => stream.read(buf),
        }
    }
}

impl Bytes {
    /// Reads, again where a signal interrupts.
    fn read_some(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.read(buf) {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                done => return done,
            }
        }
    }
}

/// The records of one input: its name, and its bytes cut so far.
#[derive(Debug)]
pub(crate) struct Records {
    pub(crate) name: Arc<str>,
    pub(crate) frames: FrameBuffer,
    /// Records that start before this offset were yielded before the restart: the stream cannot seek, so they come
    /// again and are passed over.
    pub(crate) skip_to: u64,
    /// Length in storage, once the input has been read to its end.
    pub(crate) stored: Option<u64>,
    /// Makes UTF-8 of what is read; `None` where it is UTF-8.
    transcoder: Option<Transcoder>,
    /// Text on its way from the transcoder into the frames.
    text: Vec<u8>,
}

impl Records {
    /// Takes over `bytes[from..]` as read, and yields a buffer to be filled anew.
    pub(crate) fn take_over(&mut self, bytes: Vec<u8>, from: usize) -> Vec<u8> {
        if self.transcoder.is_none() {
            return self.frames.take_over(bytes, from);
        }
        self.add(&bytes[from..]);
        bytes
    }

    /// Takes bytes in as read.
    pub(crate) fn add(&mut self, bytes: &[u8]) {
        match &mut self.transcoder {
            None => push(&mut self.frames, bytes),
            Some(transcoder) => {
                self.text.clear();
                transcoder.push(bytes, &mut self.text);
                push(&mut self.frames, &self.text);
            }
        }
    }

    /// Says that nothing follows.
    pub(crate) fn end(&mut self) {
        // Taken, so that an input that is said to end twice has one end.
        if let Some(mut transcoder) = self.transcoder.take() {
            self.text.clear();
            transcoder.end(&mut self.text);
            push(&mut self.frames, &self.text);
        }
        self.frames.end();
    }
}

fn push(frames: &mut FrameBuffer, bytes: &[u8]) {
    frames.space(bytes.len())[..bytes.len()].copy_from_slice(bytes);
    frames.filled(bytes.len());
}

impl ReadPlan {
    /// Records of an input that is read from its first byte.
    pub(crate) fn records(&self, name: Arc<str>, skip_to: u64) -> SchemaResult<Records> {
        let frames = FrameBuffer::new(Framer::new(&self.framing, self.max_record_bytes)?);
        let transcoder = Transcoder::new(self.framing.encoding());
        Ok(Records { name, frames, skip_to, stored: None, transcoder, text: Vec::new() })
    }

    /// Opens a file at `from`, or at its beginning.
    ///
    /// Cost: a plain file is entered where `from` says; a compressed or transcoded one is read up to there.
    pub(crate) fn open(
        &self,
        path: &Path,
        name: &Arc<str>,
        from: Option<FilePosition>,
    ) -> SchemaResult<(Bytes, Records)> {
        let failed = |action, e| io_error(action, name, e);
        let mut file = File::open(path).map_err(|e| failed("open", e))?;
        let is_regular = file.metadata().map_err(|e| failed("open", e))?.is_file();
        let head = read_head(&mut file).map_err(|e| failed("read", e))?;
        let codec = Codec::of_input(self.compression, &head);
        if codec == Codec::Plain {
            self.check_extension(path, name, &head)?;
        }
        if codec != Codec::Plain && self.follow {
            let reason = format!("{name} is compressed ({}), and compressed files cannot be followed", codec.name());
            return Err(unreadable(reason).at(place(name)));
        }
        if codec != Codec::Plain || !is_regular || self.framing.encoding() != Encoding::Utf8 {
            let bytes = self.stream(name, codec, head, Box::new(file))?;
            return Ok((bytes, self.records(Arc::clone(name), from.map_or(0, |p| p.at.offset))?));
        }
        let mut records = self.records(Arc::clone(name), 0)?;
        let mut bytes = Bytes::File(file);
        rewind(&mut bytes, name, 0)?;
        if let Some(from) = from {
            resume_in_file(&mut bytes, &mut records, from.at)?;
        }
        Ok((bytes, records))
    }

    /// Whether a file's bytes are those of its records, in storage, so that any place of them can be entered.
    pub(crate) fn is_plain_file(&self, path: &Path) -> SchemaResult<bool> {
        let name = path.to_string_lossy().into();
        let mut file = File::open(path).map_err(|e| io_error("open", &name, e))?;
        let is_regular = file.metadata().map_err(|e| io_error("open", &name, e))?.is_file();
        let head = read_head(&mut file).map_err(|e| io_error("read", &name, e))?;
        Ok(is_regular && Codec::of_input(self.compression, &head) == Codec::Plain)
    }

    /// The first bytes of a file, uncompressed and in their own encoding, up to `max`; and whether these are all.
    pub(crate) fn head(&self, path: &Path, max: usize) -> SchemaResult<(Vec<u8>, bool)> {
        let name = path.to_string_lossy().into();
        let (bytes, _) = self.open(path, &name, None)?;
        let mut head = Vec::new();
        // One byte more tells whether these are all.
        let is_whole = match bytes.take(max as u64 + 1).read_to_end(&mut head) {
            Ok(_) => head.len() <= max,
            // What comes before the damage is good to look at; who reads that far is told of it.
            Err(_) if !head.is_empty() => false,
            Err(e) => return Err(io_error("read", &name, e)),
        };
        head.truncate(max);
        Ok((head, is_whole))
    }

    /// The bytes of a stream that is read once.
    pub(crate) fn open_once(&self, name: &Arc<str>, mut input: Box<dyn Read + Send>) -> SchemaResult<Bytes> {
        let head = match self.compression {
            // Looking at the first bytes may block until there are some, which is as long as a read would.
            Compression::Auto => read_head(&mut input).map_err(|e| io_error("read", name, e))?,
            _ => Vec::new(),
        };
        self.stream(name, Codec::of_input(self.compression, &head), head, input)
    }

    fn stream(&self, name: &Arc<str>, codec: Codec, head: Vec<u8>, rest: Box<dyn Read + Send>) -> SchemaResult<Bytes> {
        let stream = Decompressor::new(codec, head, rest).map_err(|e| io_error("decompress", name, e))?;
        Ok(Bytes::Stream(Box::new(stream)))
    }

    /// A file that is called compressed and is not would otherwise surface as a baffling syntax error.
    fn check_extension(&self, path: &Path, name: &Arc<str>, head: &[u8]) -> SchemaResult<()> {
        match Codec::of_extension(path) {
            Some(promised) if self.compression == Compression::Auto && !head.is_empty() => {
                let promised = promised.name();
                let reason = format!(
                    "its name says {promised}, its first bytes do not; set `compression` to 'none' or '{promised}'"
                );
                Err(unreadable(reason).at(place(name)))
            }
            _ => Ok(()),
        }
    }
}

/// Goes to `at`, having read the head of the file where its records cannot be understood without it.
fn resume_in_file(bytes: &mut Bytes, records: &mut Records, at: Resume) -> SchemaResult<()> {
    let name = Arc::clone(&records.name);
    let Bytes::File(file) = bytes else { return Ok(()) };
    let len = file.metadata().map_err(|e| io_error("read", &name, e))?.len();
    if len < at.offset {
        let reason = format!("the file has {len} bytes, and {} had been read; it was truncated or replaced", at.offset);
        return Err(bad_position(&name, reason));
    }
    if records.frames.framer().has_preamble() && at.offset > 0 {
        while !records.frames.find_preamble().map_err(|e| e.at(place(&name)))? {
            if records.frames.has_ended() {
                let reason = "the file has no header line any more; it was replaced".to_owned();
                return Err(bad_position(&name, reason));
            }
            fill(bytes, records)?;
        }
    }
    records.frames.seek(at);
    rewind(bytes, &name, at.offset)
}

/// The place behind the last line end of a file, as a resumed source would be given it.
///
/// Cost: reads the file once, to count its lines.
pub(crate) fn end_of_file(plan: &ReadPlan, path: &Path, name: &Arc<str>) -> SchemaResult<FilePosition> {
    let (mut bytes, mut records) = plan.open(path, name, None)?;
    // The first record tells the framing what kind of file this is; every record behind it is in the same state.
    while !records.frames.has_ended() && records.frames.next().map_err(|e| e.at(place(name)))?.is_none() {
        fill(&mut bytes, &mut records)?;
    }
    let mut at = records.frames.framer().resume_at();
    rewind(&mut bytes, name, 0)?;
    let (mut line, mut offset, mut seen) = (1, 0, 0);
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        let read = bytes.read_some(&mut chunk).map_err(|e| io_error("read", name, e))?;
        if read == 0 {
            break;
        }
        for end in memchr::memchr_iter(b'\n', &chunk[..read]) {
            line += 1;
            offset = seen + end as u64 + 1;
        }
        seen += read as u64;
    }
    if offset < at.offset {
        return Ok(FilePosition { at: Resume::START, finished: None });
    }
    (at.offset, at.line) = (offset, line);
    Ok(FilePosition { at, finished: None })
}

/// Reads a chunk straight into the records' buffer; at the end of the input, tells it so.
pub(crate) fn fill(bytes: &mut Bytes, records: &mut Records) -> SchemaResult<()> {
    let failed = |e| io_error("read", &records.name, e);
    let read = if records.transcoder.is_some() {
        let mut chunk = vec![0; CHUNK_BYTES];
        let read = bytes.read_some(&mut chunk).map_err(failed)?;
        records.add(&chunk[..read]);
        read
    } else {
        let read = bytes.read_some(records.frames.space(CHUNK_BYTES)).map_err(failed)?;
        records.frames.filled(read);
        read
    };
    if read == 0 {
        records.end();
    }
    Ok(())
}

/// Length of a file in storage, 0 where there is no such thing.
pub(crate) fn stored_len(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |m| m.len())
}

fn rewind(bytes: &mut Bytes, name: &Arc<str>, to: u64) -> SchemaResult<()> {
    match bytes {
        Bytes::File(file) => file.seek(SeekFrom::Start(to)).map(drop).map_err(|e| io_error("seek in", name, e)),
        Bytes::Stream(_) => Ok(()),
    }
}

fn read_head(input: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(MAGIC_BYTES);
    input.by_ref().take(MAGIC_BYTES as u64).read_to_end(&mut head)?;
    Ok(head)
}

/// The place that is known of an input as a whole.
pub(crate) fn place(name: &Arc<str>) -> Location {
    Location { partition: Some(Arc::clone(name)), ..Location::default() }
}

#[cold]
pub(crate) fn io_error(action: &'static str, name: &Arc<str>, error: io::Error) -> SchemaError {
    ConnectorError::io(action, name, error).into()
}

#[cold]
pub(crate) fn bad_position(name: &Arc<str>, reason: String) -> SchemaError {
    ConnectorError::BadPosition { partition: name.to_string(), reason }.into()
}

#[cold]
fn unreadable(reason: String) -> SchemaError {
    ConnectorError::External { action: "read the file", source: reason.into(), retryable: false }.into()
}
