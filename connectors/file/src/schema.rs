//! Sampling: the first records of files, and of a stream that is read once.

use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use laminar_schema::{
    ConnectorError, DecoderSet, Framing, InferenceConfig, RawRecord, SchemaError, SchemaInferable, SchemaResult,
    SourceMetadata, StreamHead,
};
use tokio::time::timeout_at;

use crate::{
    open::{Bytes, HEADROOM, ReadPlan, Records, fill, place},
    reader::{Event, Reader},
    source::{FileSource, OnceState},
};

/// Files that are looked into, at most, spread evenly over all of them.
const MAX_SAMPLED_FILES: usize = 16;

/// Bytes of a stream that are kept for its start, at most; sampling ends there.
const MAX_KEPT_BYTES: usize = 64 << 20;

/// How long more bytes of a stream's head are waited for once there are some.
const MAX_SILENCE: Duration = Duration::from_millis(50);

impl<D: DecoderSet> SchemaInferable for FileSource<D> {
    /// Samples the first records of up to 16 of the files, each giving about as many.
    ///
    /// Where files begin with a header line, the first record of the sample is that line; files with another header are
    /// left out. Where files are followed and hold nothing yet, their first records are waited for. A stream that is
    /// read once keeps what was sampled in memory (up to 64 MiB) until it is started.
    async fn sample_records(&self, config: &InferenceConfig) -> SchemaResult<Vec<RawRecord>> {
        if self.target.is_read_once() {
            return self.sample_once(config).await;
        }
        let deadline = Instant::now() + config.sample_timeout;
        loop {
            let files = if self.config.follow { self.target.files()? } else { self.target.some_files()? };
            let (plan, size) = (self.plan.clone(), config.sample_size);
            let sampling = tokio::task::spawn_blocking(move || sample_files(&plan, files, size, deadline));
            let sample = sampling.await.map_err(panicked)??;
            if !sample.is_empty() || !self.config.follow || Instant::now() >= deadline {
                return Ok(sample);
            }
            // A followed file may be empty, or not there yet.
            tokio::time::sleep(self.config.poll_interval).await;
        }
    }

    /// The first bytes of the first file that has any; of a stream that is read once, what comes without a pause.
    async fn sample_head(&self, config: &InferenceConfig) -> SchemaResult<Option<StreamHead>> {
        if self.target.is_read_once() {
            return self.head_of_once(config, StreamHead::MAX_BYTES).await.map(Some);
        }
        let deadline = Instant::now() + config.sample_timeout;
        loop {
            let files = if self.config.follow { self.target.files()? } else { self.target.some_files()? };
            let plan = self.plan.clone();
            let looking = tokio::task::spawn_blocking(move || head_of_files(&plan, &files));
            let head = looking.await.map_err(panicked)??;
            if !head.bytes.is_empty() || !self.config.follow || Instant::now() >= deadline {
                // A file that is followed may grow.
                return Ok(Some(StreamHead { is_whole: head.is_whole && !self.config.follow, ..head }));
            }
            tokio::time::sleep(self.config.poll_interval).await;
        }
    }
}

/// A file that begins with another header line than the first one does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherHeader {
    /// The first file that has a header, whose columns the schema has.
    pub first: String,
    /// The file.
    pub file: String,
    /// Its header line, without the line end.
    pub header: String,
}

impl<D: DecoderSet> FileSource<D> {
    /// The files whose header line is not that of the first. A column that the schema lacks is left out of their rows, and one
    /// that they lack is null, unless the options of the format or `ON SCHEMA CHANGE` say otherwise.
    ///
    /// Nothing where the format has no header line, or the input is a stream that is read once.
    /// Cost: opens every file and reads its first lines; blocks.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn other_headers(&self) -> SchemaResult<Vec<OtherHeader>> {
        let mut others = Vec::new();
        if self.target.is_read_once() || !matches!(self.plan.framing, Framing::Csv(_)) {
            return Ok(others);
        }
        let mut first: Option<(Arc<str>, Arc<[u8]>)> = None;
        for path in self.target.files()? {
            let (mut bytes, mut records) = self.plan.open(&path, &path.to_string_lossy().into(), None)?;
            if !records.frames.framer().has_preamble() {
                return Ok(others);
            }
            while !records.frames.find_preamble().map_err(|e| e.at(place(&records.name)))? {
                if records.frames.has_ended() {
                    break;
                }
                fill(&mut bytes, &mut records)?;
            }
            let Some(header) = records.frames.framer().preamble() else { continue };
            let (name, known) = first.get_or_insert_with(|| (Arc::clone(&records.name), Arc::clone(header)));
            if known.trim_ascii_end() != header.trim_ascii_end() {
                others.push(OtherHeader {
                    first: name.to_string(),
                    file: records.name.to_string(),
                    header: String::from_utf8_lossy(header).trim_end().to_owned(),
                });
            }
        }
        Ok(others)
    }
}

/// The first bytes of the first file that has any.
fn head_of_files(plan: &ReadPlan, files: &[PathBuf]) -> SchemaResult<StreamHead> {
    for path in files.iter().take(MAX_SAMPLED_FILES) {
        let (bytes, is_whole) = plan.head(path, StreamHead::MAX_BYTES)?;
        if !bytes.is_empty() {
            return Ok(StreamHead { bytes, is_whole });
        }
    }
    Ok(StreamHead { bytes: Vec::new(), is_whole: true })
}

#[cold]
fn panicked(error: tokio::task::JoinError) -> SchemaError {
    ConnectorError::External { action: "sample the files", source: error.into(), retryable: false }.into()
}

fn sample_files(plan: &ReadPlan, files: Vec<PathBuf>, size: usize, deadline: Instant) -> SchemaResult<Vec<RawRecord>> {
    let count = files.len().min(MAX_SAMPLED_FILES);
    let mut heads: Vec<(Bytes, Records)> = Vec::with_capacity(count);
    for i in 0..count {
        let path = &files[i * files.len() / count];
        heads.push(plan.open(path, &path.to_string_lossy().into(), None)?);
    }
    let mut sample = Sample::default();
    // The first round takes each file's share; the second lets long files make up for short ones.
    for shares in [count.max(1), 1] {
        for (i, (bytes, records)) in heads.iter_mut().enumerate() {
            let missing = size.saturating_sub(sample.records.len());
            let share = if shares == 1 { missing } else { missing.div_ceil(count - i) };
            let full = sample.records.len() + share;
            while sample.records.len() < full && Instant::now() < deadline {
                if !sample.take_next(records)? {
                    if records.frames.has_ended() {
                        break;
                    }
                    fill(bytes, records)?;
                }
            }
        }
    }
    Ok(sample.into_records())
}

/// Records collected so far.
#[derive(Default)]
struct Sample {
    header: Option<(Arc<str>, Arc<[u8]>)>,
    records: Vec<RawRecord>,
}

impl Sample {
    /// Takes the next record that is in `from`'s buffer; false when there is none before more is read.
    fn take_next(&mut self, from: &mut Records) -> SchemaResult<bool> {
        let name = Arc::clone(&from.name);
        if from.frames.framer().has_preamble() {
            if !from.frames.find_preamble().map_err(|e| e.at(place(&name)))? {
                return Ok(false);
            }
            let Some(found) = from.frames.framer().preamble() else { return Ok(false) };
            let (_, header) = self.header.get_or_insert_with(|| (Arc::clone(&name), Arc::clone(found)));
            if header != found {
                // Its records have other columns; inference would take them for values of the first file's.
                from.frames.end();
                return Ok(false);
            }
        }
        loop {
            match from.frames.next() {
                Ok(None) => return Ok(false),
                Ok(Some(frame)) => {
                    let metadata = SourceMetadata::at(Some(name), Some(frame.offset), frame.place_line());
                    self.records.push(RawRecord { metadata, ..RawRecord::new(frame.bytes) });
                    return Ok(true);
                }
                // A broken record is reported when it is read in earnest; the sample goes on behind it.
                Err(e) if e.is_row_level() => {}
                Err(e) => return Err(e.at(place(&name))),
            }
        }
    }

    fn into_records(mut self) -> Vec<RawRecord> {
        if let Some((name, header)) = self.header {
            let metadata = SourceMetadata::at(Some(name), None, None);
            self.records.insert(0, RawRecord { metadata, ..RawRecord::new(header.to_vec()) });
        }
        self.records
    }
}

/// A stream that is being read, and what of it was looked at.
pub(crate) struct Tap {
    pub(crate) kept: Vec<Event>,
    pub(crate) reader: Reader,
}

impl Tap {
    /// Waits for the next event, and keeps it. False when none came in time.
    async fn receive(&mut self, deadline: tokio::time::Instant) -> bool {
        match timeout_at(deadline, self.reader.next()).await {
            Ok(event) => {
                self.kept.push(event);
                true
            }
            Err(_) => false,
        }
    }

    /// Whether the last event was received, behind which there is none to wait for.
    fn has_ended(&self) -> bool {
        matches!(self.kept.last(), Some(Event::Ended { .. } | Event::Failed(_) | Event::Finished))
    }
}

/// Puts a tap back where it was taken from, also when sampling is cancelled.
struct Borrowed<'a, D: DecoderSet> {
    source: &'a FileSource<D>,
    tap: Option<Tap>,
}

impl<D: DecoderSet> Drop for Borrowed<'_, D> {
    fn drop(&mut self) {
        if let Some(tap) = self.tap.take() {
            self.source.put_once(OnceState::Sampled(Box::new(tap)));
        }
    }
}

impl<D: DecoderSet> FileSource<D> {
    /// The first bytes of a stream that is read once: what there is when `max` is reached, the stream ends, or nothing
    /// came for a while. A terminal or a slow writer is not waited for longer than its first bytes take.
    pub(crate) async fn head_of_once(&self, config: &InferenceConfig, max: usize) -> SchemaResult<StreamHead> {
        let mut borrowed = Borrowed { source: self, tap: Some(self.take_once()?) };
        let mut head = StreamHead { bytes: Vec::new(), is_whole: false };
        let Some(tap) = &mut borrowed.tap else { return Ok(head) };
        let deadline = tokio::time::Instant::now() + config.sample_timeout;
        let mut looked_at = 0;
        while head.bytes.len() <= max {
            if looked_at == tap.kept.len() {
                let until = if head.bytes.is_empty() { deadline } else { tokio::time::Instant::now() + MAX_SILENCE };
                if tap.has_ended() || !tap.receive(until.min(deadline)).await {
                    break;
                }
            }
            match &tap.kept[looked_at] {
                Event::Bytes { bytes, .. } => head.bytes.extend_from_slice(&bytes[HEADROOM..]),
                Event::Ended { .. } => head.is_whole = head.bytes.len() <= max,
                // Whoever samples next is told of a failure.
                Event::Opened(_)
                | Event::Rows(_)
                | Event::NewSchema(_)
                | Event::RowsEnded { .. }
                | Event::Finished
                | Event::Failed(_) => {}
            }
            looked_at += 1;
        }
        head.bytes.truncate(max);
        Ok(head)
    }

    async fn sample_once(&self, config: &InferenceConfig) -> SchemaResult<Vec<RawRecord>> {
        let mut borrowed = Borrowed { source: self, tap: Some(self.take_once()?) };
        let Some(tap) = &mut borrowed.tap else { return Ok(Vec::new()) };
        let deadline = tokio::time::Instant::now() + config.sample_timeout;
        let mut records = self.plan.records(self.config.path.as_str().into(), 0)?;
        let mut sample = Sample::default();
        let (mut looked_at_bytes, mut looked_at) = (0, 0);
        while sample.records.len() < config.sample_size {
            if sample.take_next(&mut records)? {
                continue;
            }
            let is_enough = records.frames.has_ended() || looked_at_bytes >= MAX_KEPT_BYTES;
            if looked_at == tap.kept.len() && (is_enough || !tap.receive(deadline).await) {
                break;
            }
            match &tap.kept[looked_at] {
                Event::Opened(_) | Event::Rows(_) | Event::NewSchema(_) | Event::RowsEnded { .. } | Event::Finished => {
                }
                Event::Bytes { bytes, .. } => {
                    records.add(&bytes[HEADROOM..]);
                    looked_at_bytes += bytes.len() - HEADROOM;
                }
                Event::Ended { .. } => records.end(),
                // What came before the failure can be sampled; the stream reports it.
                Event::Failed(_) if !sample.records.is_empty() => break,
                Event::Failed(_) => {
                    if let Event::Failed(error) = tap.kept.swap_remove(looked_at) {
                        // Nothing is left that a stream could yield; who asks for one is told why.
                        borrowed.tap = None;
                        self.put_once(OnceState::Failed(error.to_string()));
                        return Err(error);
                    }
                }
            }
            looked_at += 1;
        }
        Ok(sample.into_records())
    }
}
