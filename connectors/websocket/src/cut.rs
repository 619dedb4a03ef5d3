//! Messages that hold several records: cut as the format's files are.

use laminar_formats::framing::{FrameBuffer, Framer, Resume};
use laminar_schema::{
    DecoderSet, SchemaResult,
    config::{ConfigError, FormatSpec},
    format::Framing,
};

/// What cuts one message after the other. Each is copied once more for it.
#[derive(Debug)]
pub(crate) struct Cutter {
    pub(crate) frames: FrameBuffer,
    /// Whether there is a message of which not every record was taken.
    pub(crate) is_at_work: bool,
}

/// How messages in `format` are cut.
///
/// # Errors
/// A format whose files are no plain sequence of records.
pub(crate) fn framing_of<D: DecoderSet>(format: &FormatSpec) -> SchemaResult<Framing> {
    let framing = D::framing(format)?.filter(|framing| {
        matches!(framing, Framing::Lines | Framing::JsonDocuments | Framing::MsgPack | Framing::Delimited)
            || matches!(framing, Framing::Csv(_)) && Framer::new(framing, 1).is_ok_and(|framer| !framer.has_preamble())
    });
    framing.ok_or_else(|| {
        let (expected, reason) =
            ("false", format!("messages in format {} as it is set are not cut into records", format.name));
        ConfigError::invalid("split", "true", expected, reason).into()
    })
}

impl Cutter {
    /// What cuts by `framing` records of up to `max_record_bytes`.
    ///
    /// # Errors
    /// A framing that is not known.
    pub(crate) fn new(framing: &Framing, max_record_bytes: usize) -> SchemaResult<Self> {
        Ok(Self { frames: FrameBuffer::new(Framer::new(framing, max_record_bytes)?), is_at_work: false })
    }

    /// Begins with `message`, unless it has begun already.
    pub(crate) fn begin(&mut self, message: &[u8]) {
        if self.is_at_work {
            return;
        }
        self.frames.seek(Resume::START);
        self.frames.space(message.len())[..message.len()].copy_from_slice(message);
        self.frames.filled(message.len());
        self.frames.end();
        self.is_at_work = true;
    }
}
