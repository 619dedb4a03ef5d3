//! Saved inputs: the batch of records on which something went wrong, for `cargo test` to replay.

use std::{fs, io, path::Path};

use laminar_schema::{DecodeError, ErrorKind, RawBatch, SchemaError};

use super::{Engines, Target, oracle};

/// A batch that engines, or an engine and the oracle, disagree about.
#[derive(Debug)]
pub struct Finding {
    /// The target's name.
    pub target: String,
    /// The records, decoded as one batch.
    pub records: Vec<Vec<u8>>,
}

/// All engines of a target, and the oracle where it can judge.
#[derive(Debug)]
pub struct Examiner {
    engines: Engines,
    judged: Option<bool>,
}

impl Examiner {
    /// Fresh engines.
    pub fn new(target: &Target) -> Self {
        Self { engines: target.engines(), judged: target.judged() }
    }

    /// Decodes records as one batch with all engines, and judges them where the oracle can. Returns how many fit.
    ///
    /// # Errors
    /// What is wrong.
    pub fn examine<R: AsRef<[u8]>>(&mut self, records: &[R], batch: &RawBatch) -> Result<usize, String> {
        let decoded = self.engines.decode(batch)?;
        for rejected in &decoded.rejected {
            let record = records[rejected.record].as_ref();
            points_at_what_is_wrong(record, &rejected.error).ok_or_else(|| {
                format!("#{} {}: not at {:?}", rejected.record, rejected.error, rejected.error.location().span)
            })?;
        }
        if let Some(forgives) = self.judged {
            oracle::check(records.iter().map(AsRef::as_ref), &decoded, forgives, 128)?;
        }
        Ok(decoded.batch.num_rows())
    }
}

/// Whether an error's bytes lie in the record, or right behind it where more was expected; and are a value where a value
/// is what does not fit.
fn points_at_what_is_wrong(record: &[u8], error: &SchemaError) -> Option<()> {
    let span = error.location().span.clone();
    let is_value = matches!(
        error.kind(),
        ErrorKind::Decode(
            DecodeError::TypeMismatch { .. } | DecodeError::OutOfRange { .. } | DecodeError::NullField { .. }
        )
    );
    if is_value {
        oracle::document(record.get(span?)?, 128).map(|_| ())
    } else {
        span.is_none_or(|span| span.start < span.end && span.end <= record.len() + 1).then_some(())
    }
}

impl Finding {
    /// Examines the records in one batch and one by one, by fresh decoders and by those that just saw them.
    ///
    /// # Errors
    /// What is wrong.
    ///
    /// # Panics
    /// When there is no such target.
    pub fn replay(&self) -> Result<(), String> {
        let target = Target::named(&self.target).unwrap_or_else(|| panic!("there is no target {}", self.target));
        let (mut warm, batch) = (Examiner::new(target), RawBatch::from_values(&self.records));
        warm.examine(&self.records, &batch)?;
        for records in self.records.chunks(1) {
            let batch = RawBatch::from_values(records);
            warm.examine(records, &batch)?;
            Examiner::new(target).examine(records, &batch)?;
        }
        warm.examine(&self.records, &batch).map(|_| ())
    }

    /// What is wrong, if anything still is; a panic is.
    pub fn fault(&self) -> Option<String> {
        std::panic::catch_unwind(|| self.replay()).unwrap_or_else(|_| Err("panics".to_owned())).err()
    }

    /// Drops records for as long as the rest is still a finding.
    #[must_use]
    pub fn reduced(mut self) -> Self {
        let mut size = self.records.len().div_ceil(2);
        while size > 0 {
            let mut from = 0;
            while from < self.records.len() {
                let to = (from + size).min(self.records.len());
                let rest = [&self.records[..from], &self.records[to..]].concat();
                let rest = Self { target: self.target.clone(), records: rest };
                if rest.fault().is_some() {
                    self = rest;
                } else {
                    from = to;
                }
            }
            size = if size == 1 { 0 } else { size.div_ceil(2) };
        }
        self
    }

    /// Writes it as `FOLDER/TARGET.NAME`.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn save(&self, folder: &Path, name: &str) -> io::Result<()> {
        let mut text = Vec::new();
        for record in &self.records {
            text.extend_from_slice(format!("{}:", record.len()).as_bytes());
            text.extend_from_slice(record);
            text.push(b'\n');
        }
        fs::create_dir_all(folder)?;
        fs::write(folder.join(format!("{}.{name}", self.target)), text)
    }

    /// Reads what [`Finding::save`] wrote: records of `LENGTH:BYTES` and a line feed, so that any byte may be in one.
    ///
    /// # Errors
    /// The file cannot be read, or is no such file.
    pub fn load(path: &Path) -> io::Result<Self> {
        let bad = || io::Error::new(io::ErrorKind::InvalidData, format!("{} is no saved input", path.display()));
        let name = path.file_name().and_then(|name| name.to_str()).ok_or_else(bad)?;
        let target = name.split('.').next().unwrap_or(name).to_owned();
        let (bytes, mut at, mut records) = (fs::read(path)?, 0, Vec::new());
        while at < bytes.len() {
            let digits = bytes[at..].iter().position(|b| *b == b':').ok_or_else(bad)?;
            let length = std::str::from_utf8(&bytes[at..at + digits]).ok().and_then(|text| text.parse::<usize>().ok());
            let from = at + digits + 1;
            let record = length.and_then(|n| bytes.get(from..from + n)).ok_or_else(bad)?;
            records.push(record.to_vec());
            at = from + record.len() + 1;
        }
        Ok(Self { target, records })
    }
}
