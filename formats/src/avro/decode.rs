//! The decoder: messages, blocks of container files, and whole files in a message → rows.

use std::{fmt, io::Read, sync::Arc};

use arrow_schema::SchemaRef;
use laminar_schema::{
    ConfigError, ConnectorConfig, DecodeError, DecodeSpec, Decoded, DecoderSet, FormatDecoder, FormatFile, FormatInfo,
    FormatSpec, Framing, Location, RawBatch, Rejected, RowRecords, SchemaError, SchemaResult, SelfDescription,
    format::{WriterSchema, WriterSchemaId},
};

use super::{
    AvroFraming, AvroOptions, FingerprintAlgorithm, avro_schema_of,
    container::{Codec, Decompressor, Header, MAGIC},
    cursor::Cursor,
    fingerprint,
    mapping::{fields_of, schema_of},
    options::AvroTombstones,
    program::Program,
    read::{Scratch, datum},
    types::Types,
};
use crate::{
    column::{ColumnOps, ColumnOptions},
    framing::{DEFAULT_MAX_RECORD_BYTES, read_varint},
    rows::RootRows,
    wire::{self, WireFormat},
};

/// Values deeper in each other than this are not looked into, whatever `max_depth` allows: reading them recurses.
const MAX_DEPTH: usize = 1000;

/// Programs of container files that are kept: files of one source mostly have one schema.
const MAX_PROGRAMS: usize = 64;

/// Decodes Avro into one column per schema field.
///
/// Input: a datum, a message with a schema's id, a block of a container file whose header is the partition's preamble, or a
/// whole container file per record; see [`AvroOptions`].
/// Shape: a row per datum × one column per field; rejected records are listed beside it, those of a block with their row in it.
/// Cost: O(bytes). Allocates per batch and column, never per accepted datum once warm.
///
/// Source: Avro 1.12 specification.
pub struct AvroDecoder {
    rows: RootRows,
    wire_format: WireFormat,
    tombstones: AvroTombstones,
    max_depth: usize,
    max_record_bytes: usize,
    /// What bare datums are written with.
    plain: Option<Program>,
    /// What messages are written with, by what stands in front of them: a registry's id or a fingerprint.
    known: Vec<(u64, Program)>,
    containers: Containers,
    scratch: Scratch,
}

/// Container files so far.
#[derive(Debug)]
struct Containers {
    /// The header that was met last, and what it says.
    current: Option<(Arc<[u8]>, Result<Opened, String>)>,
    /// Programs by the text of their schema.
    programs: Vec<(String, Program)>,
    decompressor: Decompressor,
}

/// What blocks need of their header.
#[derive(Debug, Clone, Copy)]
struct Opened {
    codec: Codec,
    program: usize,
}

/// What happened to the rows of one record.
#[derive(Default)]
struct Outcome {
    rejected: Vec<SchemaError>,
}

impl AvroDecoder {
    /// A decoder for the columns of `schema`. `writer_schemas` are those that messages name by their id.
    ///
    /// # Errors
    /// A schema that is none, or whose values a column cannot take; a DEFAULT that does not fit.
    pub fn new(schema: SchemaRef, options: &AvroOptions, writer_schemas: &[WriterSchema]) -> SchemaResult<Self> {
        if options.max_depth > MAX_DEPTH {
            let given = options.max_depth.to_string();
            return Err(ConfigError::invalid("max_depth", given, "at most 1000 levels", "").into());
        }
        let given = options.given_schema()?;
        let is_plain = options.wire_format == WireFormat::None && options.framing == AvroFraming::Datum;
        let plain = match (&given, is_plain) {
            (Some(given), true) => Some(Program::new(given, schema.fields())?),
            (None, true) => {
                let made = avro_schema_of(&schema, &options.record_name, &options.namespace)?;
                Some(Program::new(&made, schema.fields())?)
            }
            (_, false) => None,
        };
        let mut known = Vec::new();
        for writer in writer_schemas {
            let text = String::from_utf8_lossy(&writer.raw);
            let key = match options.wire_format {
                WireFormat::SingleObject => rabin_of(&text)?,
                _ => writer.id.0.into(),
            };
            known.push((key, Program::new(&text, schema.fields())?));
        }
        if let (Some(given), WireFormat::SingleObject) = (&given, options.wire_format) {
            known.push((rabin_of(given)?, Program::new(given, schema.fields())?));
        }
        Ok(Self {
            rows: RootRows::new(schema, &ColumnOptions::default())?,
            wire_format: options.wire_format,
            tombstones: options.tombstones,
            max_depth: options.max_depth,
            max_record_bytes: options.max_record_bytes.unwrap_or(usize::MAX),
            plain,
            known,
            containers: Containers {
                current: None,
                programs: Vec::new(),
                decompressor: Decompressor::new(options.max_block_bytes),
            },
            scratch: Scratch { type_mismatch: options.type_mismatch, json: Vec::new() },
        })
    }

    /// Decodes one record into any number of rows; the schema that it needs where that is unknown.
    fn decode_record(&mut self, batch: &RawBatch, record: usize, out: &mut Outcome) -> Result<(), WriterSchemaId> {
        let decoded = self.try_record(batch, record, out)?;
        if let Err(error) = decoded {
            out.rejected.push(error);
        }
        Ok(())
    }

    fn try_record(
        &mut self,
        batch: &RawBatch,
        record: usize,
        out: &mut Outcome,
    ) -> Result<SchemaResult<()>, WriterSchemaId> {
        if batch.is_tombstone(record) {
            return Ok(match self.tombstones {
                AvroTombstones::Skip => Ok(()),
                AvroTombstones::Reject => Err(DecodeError::Tombstone.into()),
            });
        }
        let message = batch.value(record);
        if message.len() > self.max_record_bytes {
            return Ok(Err(DecodeError::TooLarge { size: message.len(), limit: self.max_record_bytes }.into()));
        }
        let reference = batch.record(record);
        let preamble = reference.partition().and_then(|p| p.preamble.as_ref());
        Ok(match preamble.filter(|p| p.starts_with(MAGIC)) {
            Some(header) => self.block_of(header, message, out),
            None => match self.wire_format {
                WireFormat::None => match &self.plain {
                    Some(program) => one(&mut self.rows, &mut self.scratch, self.max_depth, program, message),
                    None => self.whole(message, out),
                },
                WireFormat::Confluent => match wire::confluent::split(message) {
                    Ok((id, payload)) => match self.known.iter().find(|(known, _)| *known == u64::from(id)) {
                        Some((_, program)) => one(&mut self.rows, &mut self.scratch, self.max_depth, program, payload),
                        None => return Err(WriterSchemaId(id)),
                    },
                    Err(error) => Err(syntax(error.to_string())),
                },
                WireFormat::SingleObject => match wire::single_object::split(message) {
                    Ok((key, payload)) => match self.known.iter().find(|(known, _)| *known == key) {
                        Some((_, program)) => one(&mut self.rows, &mut self.scratch, self.max_depth, program, payload),
                        None => Err(syntax(format!(
                            "expected a message of a schema that is given, found the fingerprint {key:016x}; give its schema with `schema`"
                        ))),
                    },
                    Err(error) => Err(syntax(error.to_string())),
                },
            },
        })
    }

    /// A block: its number of values, its size, and its bytes.
    fn block_of(&mut self, header: &Arc<[u8]>, block: &[u8], out: &mut Outcome) -> SchemaResult<()> {
        let opened = self.containers.open(header, &self.rows)?;
        self.block(opened, block, 0, out)
    }

    /// A container file that is one message.
    fn whole(&mut self, message: &[u8], out: &mut Outcome) -> SchemaResult<()> {
        let header = Header::read(message).map_err(|e| syntax(e.to_string()))?;
        let opened = self.containers.open_header(&header, &self.rows)?;
        let mut at = header.len;
        while at < message.len() {
            let (_, first) = number(message, at)?;
            let (size, second) = number(message, at + first)?;
            let end = usize::try_from(size).ok().and_then(|size| (at + first + second).checked_add(size));
            let Some(block) = end.and_then(|end| message.get(at..end)) else {
                return Err(syntax(format!(
                    "expected a block of {size} bytes at byte {at}, found the end of the file"
                )));
            };
            let next = at + block.len() + header.sync.len();
            if message.get(at + block.len()..next) != Some(&header.sync[..]) {
                return Err(syntax(format!("expected the file's sync marker behind the block at byte {at}")));
            }
            self.block(opened, block, at, out)?;
            at = next;
        }
        Ok(())
    }

    /// The rows of a block. A datum that does not fit is rejected alone where its end is known; otherwise what follows it is
    /// rejected too.
    fn block(&mut self, opened: Opened, block: &[u8], offset: usize, out: &mut Outcome) -> SchemaResult<()> {
        let (count, first) = number(block, 0)?;
        let (size, second) = number(block, first)?;
        let data = &block[first + second..];
        if data.len() as u64 != size {
            return Err(syntax(format!("expected a block of {size} bytes, found {}", data.len())));
        }
        if count == 0 && data.is_empty() {
            return Ok(());
        }
        let Containers { decompressor, programs, .. } = &mut self.containers;
        let program = &programs[opened.program].1;
        let data = decompressor.decompress(opened.codec, data).map_err(|e| syntax(e.to_string()))?;
        let mut cursor = Cursor::new(data, 0, self.max_depth);
        let mut empty = 0_u64;
        for index in 0..count {
            let (start, before) = (cursor.at, self.rows.num_rows());
            if let Err(error) = datum(&mut cursor, program, &mut self.rows.root, &mut self.scratch) {
                self.rows.root.truncate(before);
                let error = in_row(error, index);
                cursor.at = start;
                cursor.begin();
                if cursor.skip(&program.types, program.types.root, 0).is_err() {
                    let rest = format!("the rows behind it in the block, {}, are lost with it", count - index - 1);
                    return Err(if index + 1 < count { with_help(error, &rest) } else { error });
                }
                out.rejected.push(error);
            }
            // Datums of no bytes could be any number.
            empty += u64::from(cursor.at == start);
            if empty > MAX_EMPTY_ROWS {
                return Err(syntax(format!(
                    "expected at most {MAX_EMPTY_ROWS} rows that take no bytes, found {count}"
                )));
            }
        }
        if !cursor.is_at_end() {
            let trailing = data.len() - cursor.at;
            return Err(syntax(format!(
                "expected the block at byte {offset} to end with its {count} rows, found {trailing} more bytes"
            )));
        }
        Ok(())
    }
}

/// Rows of a block that may take no bytes.
const MAX_EMPTY_ROWS: u64 = 1 << 20;

/// A message that is one datum.
fn one(
    rows: &mut RootRows,
    scratch: &mut Scratch,
    max_depth: usize,
    program: &Program,
    payload: &[u8],
) -> SchemaResult<()> {
    let before = rows.num_rows();
    let mut cursor = Cursor::new(payload, 0, max_depth);
    let read = datum(&mut cursor, program, &mut rows.root, scratch).and_then(|()| match cursor.is_at_end() {
        true => Ok(()),
        false => Err(cursor.broken("the end of the message behind its value")),
    });
    if read.is_err() {
        rows.root.truncate(before);
    }
    read
}

impl Containers {
    fn open(&mut self, header: &Arc<[u8]>, rows: &RootRows) -> SchemaResult<Opened> {
        let is_current = self.current.as_ref().is_some_and(|(known, _)| Arc::ptr_eq(known, header) || known == header);
        if !is_current {
            let opened = match Header::read(header) {
                Ok(read) => self.open_header(&read, rows).map_err(|e| e.to_string()),
                Err(error) => Err(error.to_string()),
            };
            self.current = Some((Arc::clone(header), opened));
        }
        match &self.current {
            Some((_, Ok(opened))) => Ok(*opened),
            Some((_, Err(reason))) => Err(syntax(reason.clone())),
            None => Err(syntax("expected a header".to_owned())),
        }
    }

    fn open_header(&mut self, header: &Header<'_>, rows: &RootRows) -> SchemaResult<Opened> {
        let known = self.programs.iter().position(|(schema, _)| schema == header.schema);
        let program = match known {
            Some(known) => known,
            None => {
                let program = Program::new(header.schema, rows.schema().fields())?;
                if self.programs.len() == MAX_PROGRAMS {
                    self.programs.clear();
                    self.current = None;
                }
                self.programs.push((header.schema.to_owned(), program));
                self.programs.len() - 1
            }
        };
        Ok(Opened { codec: header.codec, program })
    }
}

fn rabin_of(schema: &str) -> SchemaResult<u64> {
    match fingerprint(schema, FingerprintAlgorithm::Rabin) {
        Ok(super::Fingerprint::Rabin(number)) => Ok(number),
        Ok(_) => Ok(0),
        Err(error) => {
            let shown = laminar_schema::error::cut(schema);
            Err(ConfigError::invalid("schema", shown, "an Avro schema", error.to_string()).into())
        }
    }
}

/// A number from zero on.
fn number(bytes: &[u8], at: usize) -> SchemaResult<(u64, usize)> {
    let read = read_varint(bytes.get(at..).unwrap_or_default());
    match read.ok().flatten().and_then(|(value, len)| Some((u64::try_from(value).ok()?, len))) {
        Some(found) => Ok(found),
        None => {
            Err(syntax(format!("expected the number of a block's values or bytes at byte {at}, a varint from 0 on")))
        }
    }
}

#[cold]
fn syntax(reason: String) -> SchemaError {
    DecodeError::Syntax { reason }.into()
}

#[cold]
fn in_row(error: SchemaError, row: u64) -> SchemaError {
    error.at(Location { row: Some(row), ..Location::default() })
}

#[cold]
fn with_help(error: SchemaError, rest: &str) -> SchemaError {
    let place = error.location().clone();
    let shown = match error.kind() {
        laminar_schema::ErrorKind::Decode(error) => error.to_string(),
        _ => error.to_string(),
    };
    syntax(format!("{shown}; {rest}")).at(place)
}

impl FormatDecoder for AvroDecoder {
    fn output_schema(&self) -> SchemaRef {
        SchemaRef::clone(self.rows.schema())
    }

    fn decode(&mut self, batch: &RawBatch) -> SchemaResult<Decoded> {
        let mut rejected = Vec::new();
        let mut indices: Option<Vec<u32>> = None;
        let (mut consumed, mut needs) = (batch.len(), None);
        for record in 0..batch.len() {
            let before = self.rows.num_rows();
            let mut out = Outcome::default();
            if let Err(id) = self.decode_record(batch, record, &mut out) {
                (consumed, needs) = (record, Some(id));
                break;
            }
            let given = self.rows.num_rows() - before;
            if given != 1 && indices.is_none() {
                indices = Some((0..before as u32).collect());
            }
            if let Some(indices) = &mut indices {
                indices.extend(std::iter::repeat_n(record as u32, given));
            }
            rejected.extend(out.rejected.into_iter().map(|error| Rejected { record, error }));
        }
        let rows = indices.map_or(RowRecords::Identity, RowRecords::Indices);
        Ok(Decoded { batch: self.rows.finish()?, rejected, rows, consumed, needs })
    }

    fn format_name(&self) -> &'static str {
        super::NAME
    }
}

impl DecoderSet for AvroDecoder {
    const FORMATS: &'static [&'static str] = &[super::NAME];

    fn build(spec: &DecodeSpec) -> SchemaResult<Option<Self>> {
        if spec.format.name != super::NAME {
            return Ok(None);
        }
        let options = AvroOptions::from_options(&spec.format.options)?;
        Self::new(SchemaRef::clone(&spec.schema), &options, &spec.writer_schemas).map(Some)
    }

    fn framing(format: &FormatSpec) -> SchemaResult<Option<Framing>> {
        if format.name != super::NAME {
            return Ok(None);
        }
        let options = AvroOptions::from_options(&format.options)?;
        Ok(Some(match (options.framing, options.wire_format) {
            (AvroFraming::Container, WireFormat::None) => Framing::AvroContainer,
            // Nothing says where a datum ends but its schema.
            _ => Framing::Whole,
        }))
    }

    fn describe(format: &FormatSpec, file: Option<&mut dyn FormatFile>) -> SchemaResult<Option<SelfDescription>> {
        if format.name != super::NAME {
            return Ok(None);
        }
        let options = AvroOptions::from_options(&format.options)?;
        let types = match (options.given_schema()?, file) {
            (Some(schema), _) => Types::of(&schema)?,
            (None, Some(file)) => {
                let limit = options.max_record_bytes.unwrap_or(DEFAULT_MAX_RECORD_BYTES);
                let mut head = Vec::new();
                let chunk = 64 << 10;
                // Most headers are a few kilobytes; a longer one is read as far as it goes.
                loop {
                    let read = file.take(chunk).read_to_end(&mut head);
                    let read = read.map_err(|e| laminar_schema::ConnectorError::io("read", "the header", e))?;
                    match Header::read(&head) {
                        Ok(header) => break Types::of(header.schema)?,
                        Err(_) if read > 0 && head.len() < limit && head.starts_with(MAGIC) => {}
                        Err(error) => return Err(syntax(error.to_string())),
                    }
                }
            }
            (None, None) => return Ok(None),
        };
        let (schema, fields) = (schema_of(&types)?, fields_of(&types));
        Ok(Some(SelfDescription { schema, fields, is_authoritative: true }))
    }

    fn format_info(format: &str) -> Option<FormatInfo> {
        (format == super::NAME).then(super::info)
    }
}

impl fmt::Debug for AvroDecoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AvroDecoder").field("schema", self.rows.schema()).finish_non_exhaustive()
    }
}
