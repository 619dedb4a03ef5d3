//! The head of a stream as one dialect cuts it: rows and how many fields each has.

use laminar_schema::{Framing, RawRecord, SchemaResult};

use crate::{
    csv::{CsvOptions, Dialect, Field, Splitter},
    framing::{FrameBuffer, Framer},
};

/// Rows of the head that are looked at.
const MAX_ROWS: usize = 20_000;

/// Rows of the head, not their fields: those are split again where they are wanted, which is for few dialects.
#[derive(Debug)]
pub(super) struct Grid<'t> {
    text: &'t [u8],
    line_end: u8,
    splitter: Splitter,
    /// Rows that are not empty, in their order.
    pub(super) rows: Vec<Row>,
    /// Whether any field stood in quotes.
    pub(super) has_quoted: bool,
}

/// One row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    /// Where it starts in the head.
    pub(super) start: usize,
    end: usize,
    /// How many fields it has; `None` where the dialect cannot read it.
    pub(super) width: Option<usize>,
}

impl<'t> Grid<'t> {
    /// The grid of a stream's first bytes, which are UTF-8.
    ///
    /// # Errors
    /// Options that contradict each other.
    pub(super) fn of_stream(text: &'t [u8], is_whole: bool, options: &CsvOptions) -> SchemaResult<Self> {
        let dialect = Dialect::new(options)?;
        let framing = Framing::Csv(dialect.framing(&CsvOptions { header: false, ..options.clone() }));
        let mut grid = Self::new(text, dialect, options);
        let mut frames = FrameBuffer::new(Framer::new(&framing, usize::MAX)?);
        frames.space(text.len())[..text.len()].copy_from_slice(text);
        frames.filled(text.len());
        if is_whole {
            frames.end();
        }
        while let Some(frame) = frames.next()? {
            let start = usize::try_from(frame.offset).unwrap_or(usize::MAX);
            if grid.rows.len() == MAX_ROWS || !grid.add(start, start.saturating_add(frame.bytes.len())) {
                break;
            }
        }
        Ok(grid)
    }

    /// The grid of records that are no stream; `text` is theirs, each ended by a line end.
    ///
    /// # Errors
    /// Options that contradict each other.
    pub(super) fn of_records(text: &'t [u8], records: &[RawRecord], options: &CsvOptions) -> SchemaResult<Self> {
        let mut grid = Self::new(text, Dialect::new(options)?, options);
        let mut start = 0;
        for record in records.iter().filter_map(|r| r.value.as_deref()).take(MAX_ROWS) {
            if !grid.add(start, start + record.len()) {
                break;
            }
            start += record.len() + 1;
        }
        Ok(grid)
    }

    fn new(text: &'t [u8], dialect: Dialect, options: &CsvOptions) -> Self {
        Self {
            text,
            line_end: options.line_end.byte(),
            splitter: Splitter::new(dialect),
            rows: Vec::new(),
            has_quoted: false,
        }
    }

    /// Adds a row; false when there is none in the text.
    fn add(&mut self, start: usize, end: usize) -> bool {
        let Some(bytes) = self.text.get(start..end) else { return false };
        if self.splitter.is_blank(bytes.strip_suffix(b"\r").unwrap_or(bytes)) {
            return true;
        }
        let width = match std::str::from_utf8(bytes) {
            Ok(record) if self.splitter.split(record).is_ok() => {
                self.has_quoted |= self.splitter.fields(record).any(|field| field.quoted);
                Some(self.splitter.len())
            }
            _ => None,
        };
        self.rows.push(Row { start, end, width });
        true
    }

    /// The fields of a row; none where it cannot be read.
    pub(super) fn fields(&mut self, row: Row) -> Vec<Field<'_>> {
        let record = self.text.get(row.start..row.end).and_then(|bytes| std::str::from_utf8(bytes).ok());
        match record {
            Some(record) if self.splitter.split(record).is_ok() => self.splitter.fields(record).collect(),
            _ => Vec::new(),
        }
    }

    /// Lines in front of a row.
    pub(super) fn lines_before(&self, row: Row) -> usize {
        memchr::memchr_iter(self.line_end, self.text.get(..row.start).unwrap_or_default()).count()
    }
}
