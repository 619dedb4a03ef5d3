//! The decoder: messages, blocks of container files, and whole files in a message → rows.

use std::{fmt, io::Read, sync::Arc};

use arrow_schema::{Schema as ArrowSchema, SchemaRef};
use laminar_schema::{
    ARENA_PADDING, ConfigError, ConnectorConfig, ConnectorError, DecodeError, DecodeSpec, Decoded, DecoderSet,
    FormatDecoder, FormatFile, FormatInfo, FormatSpec, Framing, Location, Options, RawBatch, SchemaError, SchemaResult,
    SelfDescription,
    format::{WriterSchema, WriterSchemaId},
};

use super::{
    AvroFraming, AvroOptions, FingerprintAlgorithm, UnreadFields,
    abreast::Abreast,
    arrow_type::arrow_schema_of,
    avro_schema_of,
    container::{Codec, Decompressor, Header, MAGIC},
    cursor::Cursor,
    fingerprint,
    options::parsed,
    rescue::Rescue,
    resolve::Keeps,
    run::{Failure, Run},
    schema::Schema,
    writers::{Unreadable, Writer, Writers},
};
use crate::{
    column::{ColumnOps, ColumnOptions, OnAbsent},
    framing::{DEFAULT_MAX_RECORD_BYTES, read_varint},
    json::{JsonOptions, Plan},
    policy::{NoContent, TypeMismatch, UnknownFields},
    rows::{Account, RootRows},
    wire::{self, WireFormat, payloads::Payloads, unglued::Unglued},
};

/// Values deeper in each other than this are not looked into, whatever `max_depth` allows: reading them recurses.
const MAX_DEPTH: usize = 1000;

/// Writers of container files that are kept: files of one source mostly have one schema.
const MAX_WRITERS: usize = 64;

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
    rules: Rules,
    reader: Option<Arc<Schema>>,
    writers: Writers,
    containers: Box<Containers>,
    scratch: Scratch,
    abreast: Abreast,
    /// What takes headers of AWS Glue's off, where messages have them.
    glue: Option<Box<Payloads>>,
}

/// What the options say about every record.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    pub(super) wire_format: WireFormat,
    tombstones: NoContent,
    pub(super) max_depth: usize,
    pub(super) max_record_bytes: usize,
    pub(super) is_lenient: bool,
    /// What the column `_rescued` takes.
    pub(super) keeps: Keeps,
    /// Texts are looked at one by one: some of the batch is none.
    pub(super) checks_text: bool,
    /// No message is a container, whatever it begins with.
    pub(super) is_datum: bool,
}

/// Room for what values are turned into on their way.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    pub(super) text: Vec<u8>,
    pub(super) digits: Vec<u8>,
    pub(super) rescue: Rescue,
}

/// Container files so far.
#[derive(Debug)]
struct Containers {
    /// The header that was met last, and what it says.
    current: Option<Met>,
    /// Writers by the text of their schema.
    writers: Vec<(String, Writer)>,
    decompressor: Decompressor,
}

/// A header that was met, and what it says.
type Met = (Arc<[u8]>, Result<Opened, Unreadable>);

/// What blocks need of their header.
#[derive(Debug, Clone, Copy)]
struct Opened {
    codec: Codec,
    writer: usize,
}

/// What happened to the rows of one record.
#[derive(Default)]
struct Outcome {
    rejected: Vec<SchemaError>,
}

impl AvroDecoder {
    /// How many messages were read abreast.
    #[cfg(test)]
    pub(super) fn num_abreast(&self) -> usize {
        self.abreast.num_read()
    }

    /// A decoder for the columns of `schema`. `writer_schemas` are those that messages name by their id.
    ///
    /// # Errors
    /// A schema that is none, or whose values a column cannot take; a DEFAULT that does not fit.
    pub fn new(schema: SchemaRef, options: &AvroOptions, writer_schemas: &[WriterSchema]) -> SchemaResult<Self> {
        if options.max_depth > MAX_DEPTH {
            let given = options.max_depth.to_string();
            return Err(ConfigError::invalid("max_depth", given, "at most 1000 levels", "").into());
        }
        let mut rows = RootRows::new(schema, &ColumnOptions::default())?;
        let keeps = Keeps {
            misfits: options.type_mismatch == TypeMismatch::Rescue,
            unknown: options.unknown_fields == UnreadFields::Rescue,
        };
        let rules = JsonOptions {
            type_mismatch: options.type_mismatch,
            unknown_fields: if keeps.unknown { UnknownFields::Rescue } else { UnknownFields::Ignore },
            ..JsonOptions::from_options(&Options::new())?
        };
        // The column `_rescued` is found, or missed, as in JSON.
        let rescue = Plan::new(&mut rows.root, &rules)?.rescue;
        let reader = options.reader()?.map(Arc::new);
        let given = options.given_schema()?;
        let writer = |text: &str| Writer::new(parsed("schema", text)?, reader.as_ref(), &rows, keeps);
        let is_plain = options.wire_format == WireFormat::None && options.framing == AvroFraming::Datum;
        let plain = match (&given, is_plain) {
            // A message without a header of its own is of the schema that is given, whatever files hold.
            (Some(given), _) if options.wire_format != WireFormat::SingleObject => Some(writer(given)?),
            (None, true) => {
                let columns = rows.schema().fields().iter().enumerate().filter(|(index, _)| Some(*index) != rescue);
                let columns = ArrowSchema::new(columns.map(|(_, f)| Arc::clone(f)).collect::<Vec<_>>());
                Some(writer(&avro_schema_of(&columns, &options.record_name, &options.namespace)?)?)
            }
            _ => None,
        };
        let mut writers = Writers::of_plain(plain);
        for (number, WriterSchema { id, raw }) in (1..).zip(writer_schemas) {
            let text = String::from_utf8_lossy(raw);
            let key = match options.wire_format {
                WireFormat::SingleObject => rabin_of(&text)?,
                WireFormat::Glue => number,
                // Ids of Confluent's have 32 bits; those of Glue's never come here as they are.
                _ => id.0 as u64,
            };
            writers.add(key, writer(&text).map_err(|e| Unreadable::new(&e)));
        }
        if let (Some(given), WireFormat::SingleObject) = (&given, options.wire_format) {
            writers.add(rabin_of(given)?, Ok(writer(given)?));
        }
        writers.merge();
        Ok(Self {
            rows,
            rules: Rules {
                wire_format: options.wire_format,
                tombstones: options.tombstones,
                max_depth: options.max_depth,
                max_record_bytes: options.max_record_bytes.unwrap_or(usize::MAX),
                is_lenient: options.type_mismatch != TypeMismatch::Reject,
                keeps,
                checks_text: false,
                is_datum: options.framing == AvroFraming::Datum,
            },
            reader,
            writers,
            containers: Box::new(Containers {
                current: None,
                writers: Vec::new(),
                decompressor: Decompressor::new(options.max_block_bytes),
            }),
            scratch: Scratch::default(),
            abreast: Abreast::default(),
            glue: (options.wire_format == WireFormat::Glue).then(|| {
                let known = writer_schemas.iter().map(|writer| writer.id);
                Box::new(Payloads::glue(Unglued::messages(known, options.max_record_bytes)))
            }),
        })
    }

    /// Decodes the records in turn. One whose schema is not known ends that, and is yielded with the schema's id.
    fn decode_all(&mut self, batch: &RawBatch) -> (Account, Option<(usize, WriterSchemaId)>) {
        let mut account = Account::of(batch.len());
        let mut preambles = batch.partitions().iter().filter_map(|partition| partition.preamble.as_ref());
        let has_containers = preambles.any(|header| header.starts_with(MAGIC));
        self.abreast.restart();
        let mut record = 0;
        while record < batch.len() {
            if !has_containers {
                let first = record;
                record = self.decode_run(batch, first);
                account.one_each(first..record);
                if record == batch.len() {
                    break;
                }
            }
            let before = self.rows.num_rows();
            let mut out = Outcome::default();
            if let Err(id) = self.decode_record(batch, record, &mut out) {
                return (account, Some((record, id)));
            }
            account.gave(record, self.rows.num_rows() - before);
            out.rejected.into_iter().for_each(|error| account.reject_part(record, error));
            record += 1;
        }
        (account, None)
    }

    /// Decodes messages from `first` on that give a row each, and yields the first that is not so, which has left no trace:
    /// the root of everything that happens per usual record.
    #[inline(never)]
    fn decode_run(&mut self, batch: &RawBatch, first: usize) -> usize {
        let Self { rows, rules, writers, scratch, abreast, .. } = self;
        let bytes = batch.padded_values();
        let mut record = first;
        while record < batch.len() {
            match abreast.decode(batch, record, (writers, *rules, scratch), &mut rows.root) {
                0 => {}
                taken => {
                    record += taken;
                    continue;
                }
            }
            let span = batch.span(record);
            if batch.is_tombstone(record) || span.len() > rules.max_record_bytes {
                return record;
            }
            let Some(header) = Writers::header(*rules, &bytes[span.clone()]) else { return record };
            let Some(writer) = writers.of_header(header) else { return record };
            // No further than a wide load reaches: what a record claims to hold is compared with what is there.
            let readable = &bytes[..bytes.len().min(span.end + ARENA_PADDING)];
            let before = rows.num_rows();
            let mut run = Run::new(writer, scratch, *rules, Cursor::new(readable, span.start + header.len));
            if run.record(&writer.program, &mut rows.root).is_err() || run.cursor.at != span.end {
                rows.root.truncate(before);
                return record;
            }
            record += 1;
        }
        record
    }

    /// Decodes one record into any number of rows, or says which schema it needs: the root of everything that happens to
    /// a record that is no part of a run.
    #[inline(never)]
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
            return Ok(match self.rules.tombstones {
                NoContent::Skip => Ok(()),
                NoContent::Reject => Err(DecodeError::Tombstone.into()),
                NoContent::Null => self.push_absent_row(),
            });
        }
        let message = batch.value(record);
        if message.len() > self.rules.max_record_bytes {
            return Ok(Err(DecodeError::TooLarge { size: message.len(), limit: self.rules.max_record_bytes }.into()));
        }
        let preamble = batch.partition_index(record).and_then(|p| batch.partitions()[p as usize].preamble.as_ref());
        if let Some(header) = preamble.filter(|p| p.starts_with(MAGIC)) {
            return Ok(self.block_of(header, message, out));
        }
        let (key, header) = match self.rules.wire_format {
            WireFormat::None if self.rules.is_datum => (None, 0),
            WireFormat::None if self.writers.plain.is_some() && !message.starts_with(MAGIC) => (None, 0),
            WireFormat::None => return Ok(self.whole(message, out)),
            WireFormat::Confluent | WireFormat::Glue => match wire::confluent::split(message) {
                Ok((id, _)) => (Some(u64::from(id)), wire::confluent::HEADER_BYTES),
                Err(error) => return Ok(Err(bad_header(&error))),
            },
            WireFormat::SingleObject => match wire::single_object::split(message) {
                Ok((key, _)) => (Some(key), wire::single_object::HEADER_BYTES),
                Err(error) => return Ok(Err(bad_header(&error))),
            },
        };
        let Self { rows, rules, writers, scratch, .. } = self;
        let named = key.and_then(|key| writers.find(key));
        let writer = match (named.map(|index| &writers.named[index]), &writers.plain) {
            (Some(Ok(writer)), _) | (None, Some(writer)) => writer,
            (Some(Err(unreadable)), _) => return Ok(Err(unreadable.error())),
            (None, None) => match (rules.wire_format, key.unwrap_or_default()) {
                // An id is a number of four bytes.
                (WireFormat::Confluent | WireFormat::Glue, id) => return Err(WriterSchemaId(id.into())),
                (_, fingerprint) => return Ok(Err(unknown_fingerprint(fingerprint))),
            },
        };
        // A run has tried it, with a look at what is behind it, unless there are containers in the batch. Its text is checked where it
        // stands, so that what is amiss first is told whatever other records are in the batch.
        let rules = Rules { checks_text: true, ..*rules };
        Ok(one(writer, rows, scratch, rules, message, header))
    }

    /// The row of a message without a value.
    fn push_absent_row(&mut self) -> SchemaResult<()> {
        let rows = self.rows.num_rows();
        let root = &mut self.rows.root;
        for field in &mut root.fields {
            match field.on_absent {
                OnAbsent::Null | OnAbsent::Decoder => field.column.push_null(),
                OnAbsent::Default => {
                    field.column.push_null();
                    field.default_rows.push(rows as u32);
                }
                OnAbsent::Reject => {
                    let expected = field.field.data_type().clone();
                    let error = SchemaError::from(DecodeError::MissingField { expected });
                    let error = error.in_field(field.field.name());
                    root.truncate(rows);
                    return Err(error);
                }
            }
        }
        root.end_row();
        Ok(())
    }

    /// A block: its number of values, its size, and its bytes.
    #[inline(never)]
    fn block_of(&mut self, header: &Arc<[u8]>, block: &[u8], out: &mut Outcome) -> SchemaResult<()> {
        let opened = self.containers.open(header, self.reader.as_ref(), &self.rows, self.rules.keeps)?;
        self.block(opened, block, 0, out)
    }

    /// A container file that is one message.
    #[inline(never)]
    fn whole(&mut self, message: &[u8], out: &mut Outcome) -> SchemaResult<()> {
        let header = Header::read(message).map_err(|e| syntax(e.to_string()))?;
        let opened = self.containers.open_header(&header, self.reader.as_ref(), &self.rows, self.rules.keeps)?;
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
        let Self { rows, rules, containers, scratch, .. } = self;
        let Containers { decompressor, writers, .. } = &mut **containers;
        let writer = &writers[opened.writer].1;
        let data = decompressor.decompress(opened.codec, data).map_err(|e| syntax(e.to_string()))?;
        let (mut at, mut empty) = (0, 0_u64);
        for index in 0..count {
            let (start, before) = (at, rows.num_rows());
            match datum(writer, rows, scratch, *rules, data, at) {
                Ok(end) => at = end,
                Err(failure) => {
                    rows.root.truncate(before);
                    let error = in_row(failure.into_error(0), index);
                    // A value that does not fit has an end all the same, and what follows it is read on.
                    let mut cursor = Cursor::new(data, start);
                    let root = writer.schema.root();
                    if super::skip::value(&mut cursor, &writer.schema, root, rules.max_depth).is_err() {
                        let rest = format!("the rows behind it in the block, {}, are lost with it", count - index - 1);
                        return Err(if index + 1 < count { with_help(error, &rest) } else { error });
                    }
                    at = cursor.at;
                    out.rejected.push(error);
                }
            }
            // Datums of no bytes could be any number.
            empty += u64::from(at == start);
            if empty > MAX_EMPTY_ROWS {
                return Err(syntax(format!(
                    "expected at most {MAX_EMPTY_ROWS} rows that take no bytes, found {count}"
                )));
            }
        }
        if at != data.len() {
            let trailing = data.len() - at;
            return Err(syntax(format!(
                "expected the block at byte {offset} to end with its {count} rows, found {trailing} more bytes"
            )));
        }
        Ok(())
    }
}

/// Rows of a block that may take no bytes.
const MAX_EMPTY_ROWS: u64 = 1 << 20;

/// Decodes the datum at `at`, and yields where it ends: the root of everything that happens per row of a container.
///
/// # Errors
/// Why it does not fit; the columns may then hold parts of it, which the caller takes back.
#[inline(never)]
fn datum(
    writer: &Writer,
    rows: &mut RootRows,
    scratch: &mut Scratch,
    rules: Rules,
    bytes: &[u8],
    at: usize,
) -> Result<usize, Box<Failure>> {
    let mut run = Run::new(writer, scratch, rules, Cursor::new(bytes, at));
    run.record(&writer.program, &mut rows.root).map(|()| run.cursor.at)
}

/// A message that is one datum behind its header, with nothing behind it that could be read.
#[cold]
#[inline(never)]
fn one(
    writer: &Writer,
    rows: &mut RootRows,
    scratch: &mut Scratch,
    rules: Rules,
    message: &[u8],
    header: usize,
) -> SchemaResult<()> {
    let before = rows.num_rows();
    let read = datum(writer, rows, scratch, rules, message, header).map_err(|failure| failure.into_error(0));
    let read = read.and_then(|end| match end == message.len() {
        true => Ok(()),
        false => Err(syntax(format!(
            "expected the message to end behind its datum at byte {end}, found {} bytes more; is it of another schema?",
            message.len() - end
        ))),
    });
    if read.is_err() {
        rows.root.truncate(before);
    }
    read
}

impl Containers {
    fn open(
        &mut self,
        header: &Arc<[u8]>,
        reader: Option<&Arc<Schema>>,
        rows: &RootRows,
        keeps: Keeps,
    ) -> SchemaResult<Opened> {
        let is_current = self.current.as_ref().is_some_and(|(known, _)| Arc::ptr_eq(known, header) || known == header);
        if !is_current {
            let opened = match Header::read(header) {
                Ok(read) => self.open_header(&read, reader, rows, keeps).map_err(|e| Unreadable::again(&e)),
                Err(error) => Err(Unreadable::again(&syntax(error.to_string()))),
            };
            self.current = Some((Arc::clone(header), opened));
        }
        match &self.current {
            Some((_, Ok(opened))) => Ok(*opened),
            Some((_, Err(unreadable))) => Err(unreadable.error()),
            None => Err(syntax("expected a header".to_owned())),
        }
    }

    fn open_header(
        &mut self,
        header: &Header<'_>,
        reader: Option<&Arc<Schema>>,
        rows: &RootRows,
        keeps: Keeps,
    ) -> SchemaResult<Opened> {
        let known = self.writers.iter().position(|(schema, _)| schema == header.schema);
        let writer = match known {
            Some(known) => known,
            None => {
                let schema = Schema::parse(header.schema).map_err(|e| syntax(e.to_string()))?;
                let writer = Writer::new(schema, reader, rows, keeps).map_err(|e| Unreadable::new(&e).error())?;
                if self.writers.len() == MAX_WRITERS {
                    self.writers.clear();
                    self.current = None;
                }
                self.writers.push((header.schema.to_owned(), writer));
                self.writers.len() - 1
            }
        };
        Ok(Opened { codec: header.codec, writer })
    }
}

/// The schema in a container file's header.
fn schema_of_file(file: &mut dyn FormatFile, options: &AvroOptions) -> SchemaResult<Schema> {
    let limit = options.max_record_bytes.unwrap_or(DEFAULT_MAX_RECORD_BYTES);
    let mut head = Vec::new();
    // Most headers are a few kilobytes; a longer one is read as far as it goes.
    let chunk = 64 << 10;
    loop {
        let read = file.take(chunk).read_to_end(&mut head);
        let read = read.map_err(|e| ConnectorError::io("read", "the header", e))?;
        match Header::read(&head) {
            Ok(header) => return Schema::parse(header.schema).map_err(|e| syntax(e.to_string())),
            Err(_) if read > 0 && head.len() < limit && head.starts_with(MAGIC) => {}
            Err(error) => return Err(syntax(error.to_string())),
        }
    }
}

#[cold]
#[inline(never)]
fn bad_header(error: &wire::WireError) -> SchemaError {
    syntax(error.to_string())
}

#[cold]
#[inline(never)]
fn unknown_fingerprint(found: u64) -> SchemaError {
    syntax(format!(
        "expected a message of a schema that is given, found the fingerprint {found:016x}; give its schema with `schema`"
    ))
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
#[inline(never)]
fn syntax(reason: String) -> SchemaError {
    DecodeError::Syntax { reason }.into()
}

#[cold]
fn in_row(error: SchemaError, row: u64) -> SchemaError {
    error.at(Location { row_of_record: Some(row), ..Location::default() })
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
        let Some(mut glue) = self.glue.take() else { return self.decode_messages(batch) };
        let decoded = glue.decode(batch, |messages| self.decode_messages(messages));
        self.glue = Some(glue);
        decoded
    }

    fn format_name(&self) -> &'static str {
        super::NAME
    }
}

impl AvroDecoder {
    fn decode_messages(&mut self, batch: &RawBatch) -> SchemaResult<Decoded> {
        let Self { rows, rules, writers, scratch, abreast, .. } = self;
        let mut is_by_writer = abreast.decode_by_writer(batch, (writers, *rules, scratch), &mut rows.root);
        let (mut account, mut unknown) = match is_by_writer {
            true => {
                let mut account = Account::of(batch.len());
                account.one_each(0..batch.len());
                (account, None)
            }
            false => self.decode_all(batch),
        };
        if !self.rows.root.check_text() {
            // Each text is looked at, to find out which record's is none.
            self.rows.root.truncate(0);
            is_by_writer = false;
            self.rules.checks_text = true;
            (account, unknown) = self.decode_all(batch);
            self.rules.checks_text = false;
        }
        let rows = match is_by_writer {
            true => self.rows.finish_in(self.abreast.order()),
            false => self.rows.finish(),
        };
        let decoded = account.decoded(rows?);
        Ok(match unknown {
            None => decoded,
            Some((record, id)) => Decoded { consumed: record, needs: Some(id), ..decoded },
        })
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
        let schema = match (options.reader()?, options.given_schema()?, file) {
            (Some(reader), ..) => reader,
            (None, Some(given), _) => parsed("schema", &given)?,
            (None, None, Some(file)) => schema_of_file(file, &options)?,
            (None, None, None) => return Ok(None),
        };
        arrow_schema_of(&schema, &options).map(|schema| Some(SelfDescription::authoritative(schema.into())))
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
