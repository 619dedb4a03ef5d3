//! The decoder: records → columns.

use std::{collections::HashMap, fmt};

use arrow_schema::SchemaRef;
use laminar_schema::{
    ConfigError, ConnectorConfig, ConnectorError, DecodeError, DecodeSpec, Decoded, DecoderSet, FormatDecoder,
    FormatInfo, FormatSpec, Framing, RawBatch, SchemaError, SchemaResult, SelfDescription,
    format::{FormatFile, WriterSchema, WriterSchemaId},
};

use super::{
    arrow_type::{arrow_schema_of, no_more},
    canonical_form,
    cursor::Cursor,
    encode::AvroFraming,
    options::AvroOptions,
    program::Record,
    resolve::Resolver,
    run::{Failure, Run},
    schema::Schema,
};
use crate::{
    column::{ColumnOps, ColumnOptions},
    json::push_absent,
    policy::{NoContent, TypeMismatch},
    rows::{Account, RootRows},
    wire::{self, WireFormat},
};

/// Decodes Avro datums into one column per schema field.
///
/// Input: one datum per record, of a schema that the options, the record's header or its container name; see
/// [`AvroOptions`].
/// Shape: one row per record × one column per field; rejected records are listed beside it.
/// Units: timestamps are of the column's unit since the Unix epoch.
/// Cost: O(bytes). Allocates per batch and column, never per accepted record once warm; a writer's schema is resolved once.
///
/// Source: Avro 1.12 specification.
pub struct AvroDecoder {
    writers: Vec<Writer>,
    /// Of the schema that the options give.
    given: Option<usize>,
    by_id: HashMap<u32, usize>,
    by_fingerprint: HashMap<u64, usize>,
    /// The last id and its writer: records of one writer come in runs.
    last: Option<(u32, usize)>,
    rows: RootRows,
    /// Rows in front of the record that is being decoded.
    rows_before: usize,
    options: AvroOptions,
    reader: Option<Schema>,
    max_record_bytes: usize,
    scratch: Scratch,
}

/// One writer's schema, and how it is read.
struct Writer {
    schema: Schema,
    /// Why records of it are rejected, where it does not go into the columns.
    program: Result<Record, String>,
}

#[derive(Debug, Default)]
struct Scratch {
    text: Vec<u8>,
    digits: Vec<u8>,
}

impl AvroDecoder {
    /// A decoder for the columns of `schema`, of writers whose schemas are `known` by their ids and the one that the options
    /// give.
    ///
    /// # Errors
    /// A schema that is none, or that the columns do not take; a DEFAULT that does not fit.
    pub fn new(schema: SchemaRef, options: &AvroOptions, known: &[WriterSchema]) -> SchemaResult<Self> {
        if options.type_mismatch == TypeMismatch::Rescue {
            let reason = "a datum's values have no text that could be kept";
            return Err(ConfigError::invalid("type_mismatch", "rescue", "reject or null", reason).into());
        }
        let rows = RootRows::new(schema, &ColumnOptions::default())?;
        let mut decoder = Self {
            writers: Vec::new(),
            given: None,
            by_id: HashMap::new(),
            by_fingerprint: HashMap::new(),
            last: None,
            rows,
            rows_before: 0,
            reader: options.reader()?,
            max_record_bytes: options.max_record_bytes.unwrap_or(usize::MAX),
            options: options.clone(),
            scratch: Scratch::default(),
        };
        if let Some(text) = options.writer_text()? {
            let writer = options.writer()?;
            if let Some(writer) = writer {
                let index = decoder.add(&text, writer);
                if let Err(reason) = &decoder.writers[index].program {
                    return Err(unresolved(reason.clone()));
                }
                decoder.given = Some(index);
            }
        }
        for WriterSchema { id: WriterSchemaId(id), raw } in known {
            let text = String::from_utf8_lossy(raw);
            let index = decoder.add_text(&text)?;
            decoder.by_id.insert(*id, index);
        }
        if options.wire_format == WireFormat::SingleObject && decoder.writers.is_empty() {
            let expected = "`schema` or `schema_file` beside it: fingerprints are looked up there";
            return Err(ConfigError::invalid("wire_format", "single_object", expected, "").into());
        }
        Ok(decoder)
    }

    /// Adds a writer's schema from its text.
    pub(super) fn add_text(&mut self, text: &str) -> SchemaResult<usize> {
        let schema = Schema::parse(text).map_err(|e| unresolved(e.to_string()))?;
        Ok(self.add(text, schema))
    }

    fn add(&mut self, text: &str, schema: Schema) -> usize {
        let resolver = Resolver { writer: &schema, reader: self.reader.as_ref().unwrap_or(&schema) };
        let program = resolver.program(self.rows.schema().fields(), |_| false).map_err(|e| e.to_string());
        let index = self.writers.len();
        if let Ok(form) = canonical_form(text) {
            self.by_fingerprint.insert(wire::rabin::fingerprint(form.as_bytes()), index);
        }
        self.writers.push(Writer { schema, program });
        index
    }

    /// Which writer a record is of, and where its datum begins.
    ///
    /// # Errors
    /// A header that is none; a writer that is unknown and that nobody could fetch.
    #[inline]
    fn writer_of(&mut self, record: &[u8]) -> Result<(usize, usize), Unknown> {
        match self.options.wire_format {
            WireFormat::None => match self.given {
                Some(writer) => Ok((writer, 0)),
                None => Err(Unknown::Record(no_schema())),
            },
            WireFormat::Confluent => {
                let (id, _) = wire::confluent::split(record).map_err(|e| Unknown::Record(syntax(e.to_string())))?;
                match self.last {
                    Some((last, writer)) if last == id => Ok((writer, wire::confluent::HEADER_BYTES)),
                    _ => self.writer_of_id(id),
                }
            }
            WireFormat::SingleObject => {
                let (fingerprint, _) =
                    wire::single_object::split(record).map_err(|e| Unknown::Record(syntax(e.to_string())))?;
                match self.by_fingerprint.get(&fingerprint) {
                    Some(writer) => Ok((*writer, wire::single_object::HEADER_BYTES)),
                    None => Err(Unknown::Record(syntax(format!(
                        "expected the fingerprint of a schema that is given, found {fingerprint:016x}, which none has"
                    )))),
                }
            }
        }
    }

    #[inline(never)]
    fn writer_of_id(&mut self, id: u32) -> Result<(usize, usize), Unknown> {
        match self.by_id.get(&id).copied().or(self.given) {
            Some(writer) => {
                self.last = Some((id, writer));
                Ok((writer, wire::confluent::HEADER_BYTES))
            }
            None => Err(Unknown::Writer(WriterSchemaId(id))),
        }
    }

    /// Decodes the datum of `writer` at `at` in `bytes`, which go on to `end`, and yields where it ends. What lies behind
    /// `end` may be read, and is not looked at.
    ///
    /// # Errors
    /// Why it does not fit; the columns may then hold parts of it, which the caller takes back.
    #[inline]
    pub(super) fn datum(&mut self, writer: usize, bytes: &[u8], at: usize) -> Result<usize, DatumError> {
        let Writer { schema, program } = &self.writers[writer];
        let program = match program {
            Ok(program) => program,
            Err(reason) => return Err(DatumError::Writer(syntax(reason.clone()))),
        };
        let mut run = Run {
            cursor: Cursor::new(bytes, at),
            writer: schema,
            max_depth: self.options.max_depth,
            is_lenient: self.options.type_mismatch == TypeMismatch::Null,
            text: &mut self.scratch.text,
            digits: &mut self.scratch.digits,
        };
        match run.record(program, &mut self.rows.root) {
            Ok(()) => Ok(run.cursor.at),
            Err(failure) => Err(DatumError::Failure(failure)),
        }
    }

    /// Decodes one record: the root of everything that happens per record.
    ///
    /// # Errors
    /// Why the record does not fit; the columns may then hold parts of it, which the caller takes back.
    #[inline(never)]
    fn decode_record(&mut self, batch: &RawBatch, record: usize) -> Result<(), Unknown> {
        let span = batch.span(record);
        if batch.is_tombstone(record) {
            return self.tombstone().map_err(Unknown::Record);
        }
        if span.len() > self.max_record_bytes {
            let error = DecodeError::TooLarge { size: span.len(), limit: self.max_record_bytes };
            return Err(Unknown::Record(error.into()));
        }
        let (writer, header) = self.writer_of(batch.value(record))?;
        let start = span.start + header;
        if let Ok(end) = self.datum(writer, batch.padded_values(), start)
            && end == span.end
        {
            return Ok(());
        }
        self.decode_again(writer, batch.value(record), header).map_err(Unknown::Record)
    }

    /// Decodes a record with nothing behind it, for the error that it has.
    #[cold]
    #[inline(never)]
    fn decode_again(&mut self, writer: usize, record: &[u8], header: usize) -> SchemaResult<()> {
        let root = &mut self.rows.root;
        // Rows that were ended for this record are taken back too: it may have been read beyond its end.
        root.truncate(self.rows_before);
        match self.datum(writer, record, header) {
            Ok(end) if end == record.len() => Ok(()),
            Ok(end) => Err(syntax(format!(
                "expected the record to end behind its datum at byte {end}, found {} bytes more; is it of another schema?",
                record.len() - end
            ))),
            Err(error) => Err(error.into_error(0)),
        }
    }

    #[cold]
    #[inline(never)]
    fn tombstone(&mut self) -> SchemaResult<()> {
        match self.options.tombstones {
            NoContent::Skip => Ok(()),
            NoContent::Reject => Err(DecodeError::Tombstone.into()),
            NoContent::Null => {
                // No record has been seen with this number, so that every field is absent.
                push_absent(&mut self.rows.root, u64::MAX)?;
                self.rows.root.end_row();
                Ok(())
            }
        }
    }
}

/// Why a datum was not decoded.
#[derive(Debug)]
pub(super) enum DatumError {
    /// Nothing of its writer can be.
    Writer(SchemaError),
    Failure(Box<Failure>),
}

impl DatumError {
    /// Whether it is not known where the datum ends.
    #[allow(dead_code, reason = "containers ask")]
    pub(super) fn is_malformed(&self) -> bool {
        match self {
            Self::Writer(_) => true,
            Self::Failure(failure) => failure.is_malformed(),
        }
    }

    /// The error, with places counted from `start`.
    #[cold]
    pub(super) fn into_error(self, start: usize) -> SchemaError {
        match self {
            Self::Writer(error) => error,
            Self::Failure(failure) => failure.into_error(start),
        }
    }
}

/// Why a record has no row.
enum Unknown {
    /// It does not fit.
    Record(SchemaError),
    /// Its writer has to be fetched first.
    Writer(WriterSchemaId),
}

#[cold]
fn syntax(reason: String) -> SchemaError {
    DecodeError::Syntax { reason }.into()
}

#[cold]
fn unresolved(reason: String) -> SchemaError {
    ConnectorError::External { action: "resolve the Avro schema", source: reason.into(), retryable: false }.into()
}

#[cold]
fn no_schema() -> SchemaError {
    syntax("expected a schema of the writer's, found none; give `schema` or `schema_file`, or say in `wire_format` what stands in front of the datum".to_owned())
}

impl FormatDecoder for AvroDecoder {
    fn output_schema(&self) -> SchemaRef {
        SchemaRef::clone(self.rows.schema())
    }

    fn decode(&mut self, batch: &RawBatch) -> SchemaResult<Decoded> {
        let mut account = Account::of(batch.len());
        for record in 0..batch.len() {
            let before = self.rows.num_rows();
            self.rows_before = before;
            let decoded = match self.decode_record(batch, record) {
                Ok(()) => Ok(()),
                Err(Unknown::Record(error)) => Err(error),
                Err(Unknown::Writer(id)) => {
                    let decoded = account.decoded(self.rows.finish()?);
                    return Ok(Decoded { consumed: record, needs: Some(id), ..decoded });
                }
            };
            account.settle(&mut self.rows, record, before, decoded);
        }
        Ok(account.decoded(self.rows.finish()?))
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
        let is_container = options.framing == AvroFraming::Container && options.wire_format == WireFormat::None;
        Ok(Some(if is_container { Framing::AvroContainer } else { Framing::Whole }))
    }

    fn describe(format: &FormatSpec, _file: Option<&mut dyn FormatFile>) -> SchemaResult<Option<SelfDescription>> {
        if format.name != super::NAME {
            return Ok(None);
        }
        let options = AvroOptions::from_options(&format.options)?;
        let reader = match options.reader()? {
            Some(reader) => Some(reader),
            None => options.writer()?,
        };
        let Some(reader) = reader else { return Ok(None) };
        let schema = arrow_schema_of(&reader, &options)?;
        Ok(Some(SelfDescription { schema: schema.into(), fields: no_more(), is_authoritative: true }))
    }

    fn format_info(format: &str) -> Option<FormatInfo> {
        (format == super::NAME).then(super::info)
    }
}

impl fmt::Debug for AvroDecoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AvroDecoder")
            .field("schema", self.rows.schema())
            .field("writers", &self.writers.len())
            .finish_non_exhaustive()
    }
}
