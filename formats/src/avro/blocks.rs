//! Container files: blocks of datums, each file with a writer's schema of its own.

use std::{collections::HashMap, sync::Arc};

use laminar_schema::{DecodeError, Location, SchemaError, SchemaResult};

use super::{
    container::{Codec, Decompressor, Header},
    cursor::Cursor,
    decode::{AvroDecoder, syntax},
    skip,
};
use crate::{column::ColumnOps, framing::read_varint};

/// Schemas of container files that are kept: files of one source mostly have one.
const MAX_SCHEMAS: usize = 256;

/// Rows of no bytes, such as empty records, that a block may have: nothing else bounds their number.
const MAX_EMPTY_ROWS: u64 = 1 << 20;

/// Container files so far.
#[derive(Debug)]
pub(super) struct Containers {
    /// The header that was met last, and what it says or why it says nothing.
    current: Option<(Arc<[u8]>, Result<Opened, SchemaErrorText>)>,
    /// Writers by the texts of their schemas.
    writers: HashMap<String, usize>,
    /// Lent to a block while it is decoded.
    decompressor: Option<Decompressor>,
    max_block_bytes: usize,
}

/// An error that many records have.
type SchemaErrorText = String;

/// What blocks need of their header.
#[derive(Debug, Clone, Copy)]
struct Opened {
    codec: Codec,
    writer: usize,
}

impl Containers {
    pub(super) fn new(max_block_bytes: usize) -> Self {
        Self { current: None, writers: HashMap::new(), decompressor: None, max_block_bytes }
    }
}

impl AvroDecoder {
    /// Decodes a block of the file whose header is given: its number of values, its size, its bytes. Rows that do not fit are
    /// added to `refused`.
    ///
    /// # Errors
    /// Why the rest of the block is lost. Rows before that are kept.
    pub(super) fn decode_block(
        &mut self,
        header: &Arc<[u8]>,
        block: &[u8],
        refused: &mut Vec<SchemaError>,
    ) -> SchemaResult<()> {
        let is_current = |known: &Arc<[u8]>| Arc::ptr_eq(known, header) || known == header;
        if !self.containers.current.as_ref().is_some_and(|(known, _)| is_current(known)) {
            let opened = match Header::read(header) {
                Ok(read) => self.open(&read).map_err(|e| e.to_string()),
                Err(error) => Err(error.to_string()),
            };
            self.containers.current = Some((Arc::clone(header), opened));
        }
        match &self.containers.current {
            Some((_, Ok(opened))) => {
                let opened = *opened;
                self.block(opened, block, refused)
            }
            Some((_, Err(reason))) => Err(syntax(reason.clone())),
            // It was put there above.
            None => Ok(()),
        }
    }

    /// Decodes a container file that is one record.
    ///
    /// # Errors
    /// As [`AvroDecoder::decode_block`].
    #[inline(never)]
    pub(super) fn decode_file(&mut self, file: &[u8], refused: &mut Vec<SchemaError>) -> SchemaResult<()> {
        let header = Header::read(file).map_err(|e| syntax(e.to_string()))?;
        let opened = self.open(&header)?;
        let mut at = header.len;
        while at < file.len() {
            let (_, first) = number(file, at)?;
            let (size, second) = number(file, at + first)?;
            let end = usize::try_from(size).ok().and_then(|size| (at + first + second).checked_add(size));
            let Some(block) = end.and_then(|end| file.get(at..end)) else {
                let reason = format!("expected a block of {size} bytes at byte {at}, found the end of the file");
                return Err(syntax(reason));
            };
            let next = at + block.len() + header.sync.len();
            if file.get(at + block.len()..next) != Some(&header.sync[..]) {
                let reason =
                    format!("expected the file's sync marker behind the block at byte {at}, found other bytes");
                return Err(syntax(reason));
            }
            self.block(opened, block, refused)?;
            at = next;
        }
        Ok(())
    }

    fn open(&mut self, header: &Header<'_>) -> SchemaResult<Opened> {
        let codec = header.codec;
        if let Some(writer) = self.containers.writers.get(header.schema) {
            return Ok(Opened { codec, writer: *writer });
        }
        if self.containers.writers.len() == MAX_SCHEMAS {
            self.forget_containers();
            self.containers.writers.clear();
            self.containers.current = None;
        }
        let writer = self.add_text(header.schema)?;
        self.containers.writers.insert(header.schema.to_owned(), writer);
        Ok(Opened { codec, writer })
    }

    fn block(&mut self, opened: Opened, block: &[u8], refused: &mut Vec<SchemaError>) -> SchemaResult<()> {
        let limit = self.containers.max_block_bytes;
        let mut decompressor = self.containers.decompressor.take().unwrap_or_else(|| Decompressor::new(limit));
        let decoded = self.rows_of(&mut decompressor, opened, block, refused);
        self.containers.decompressor = Some(decompressor);
        decoded
    }

    fn rows_of(
        &mut self,
        decompressor: &mut Decompressor,
        opened: Opened,
        block: &[u8],
        refused: &mut Vec<SchemaError>,
    ) -> SchemaResult<()> {
        let (count, first) = number(block, 0)?;
        let (size, second) = number(block, first)?;
        let data = &block[first + second..];
        if data.len() as u64 != size {
            return Err(syntax(format!("expected a block of {size} bytes, found {}", data.len())));
        }
        if count == 0 && data.is_empty() {
            return Ok(());
        }
        let data = decompressor.decompress(opened.codec, data).map_err(|e| syntax(e.to_string()))?;
        let (mut at, mut empty) = (0, 0);
        for row in 0..count {
            let (start, before) = (at, self.rows.num_rows());
            match self.datum(opened.writer, data, at) {
                Ok(end) => at = end,
                Err(error) => {
                    self.rows.root.truncate(before);
                    let end = if error.is_malformed() { None } else { self.end_of(opened.writer, data, start) };
                    let error = in_row(error.into_error(0), row);
                    let Some(end) = end else { return Err(with_rest(error, count - row - 1)) };
                    refused.push(error);
                    at = end;
                }
            }
            empty += u64::from(at == start);
            if empty > MAX_EMPTY_ROWS {
                let reason = format!("expected at most {MAX_EMPTY_ROWS} rows of no bytes in a block, found {count}");
                return Err(syntax(reason));
            }
        }
        match data.len() - at {
            0 => Ok(()),
            more => Err(syntax(format!("expected the block to end with its {count} rows, found {more} bytes more"))),
        }
    }

    /// Where the datum at `start` ends, though it does not fit; `None` where it is none.
    #[cold]
    fn end_of(&self, writer: usize, data: &[u8], start: usize) -> Option<usize> {
        let schema = self.schema_of(writer);
        let mut cursor = Cursor { bytes: data, at: start };
        skip::value(&mut cursor, schema, schema.root(), self.max_depth()).ok()?;
        Some(cursor.at)
    }
}

/// A number from zero on, and the bytes that it takes.
fn number(bytes: &[u8], at: usize) -> SchemaResult<(u64, usize)> {
    let read = read_varint(bytes.get(at..).unwrap_or_default()).ok().flatten();
    match read.and_then(|(value, len)| Some((u64::try_from(value).ok()?, len))) {
        Some(found) => Ok(found),
        None => Err(syntax(format!(
            "expected the number of a block's values or bytes, a varint from 0 on, at byte {at}, found other bytes"
        ))),
    }
}

#[cold]
fn in_row(error: SchemaError, row: u64) -> SchemaError {
    error.at(Location { row: Some(row), ..Location::default() })
}

/// The error of a row behind which nothing can be read.
#[cold]
fn with_rest(error: SchemaError, rest: u64) -> SchemaError {
    if rest == 0 {
        return error;
    }
    let reason = match error.kind() {
        laminar_schema::ErrorKind::Decode(DecodeError::Syntax { reason }) => reason.clone(),
        other => other.to_string(),
    };
    let place = error.location().clone();
    syntax(format!("{reason}; the rows behind it in the block, {rest}, are lost with it")).at(place)
}
