//! Columns → CSV records.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::SchemaRef;
use laminar_schema::{
    ConnectorConfig, EncodeError, EncodeSpec, EncodedBatch, EncoderSet, FormatEncoder, FormatInfo, Found, SchemaError,
    SchemaResult, config::ConfigError, field::payload_key, format::Encoding,
};

use super::{
    CsvOptions, Dialect, LineEnd,
    nested::NestedTexts,
    number_style::NumberStyle,
    quoting::{Known, Quoting},
};
use crate::{
    cell::{Cells, schema_mismatch},
    column::BinaryEncoding,
};

/// Encodes rows as CSV records that [`CsvDecoder`](super::CsvDecoder) with the same options reads back.
///
/// Cost: O(bytes). Allocates per batch and column, never per row once warm.
#[derive(Debug)]
pub struct CsvEncoder {
    schema: SchemaRef,
    quoting: Quoting,
    binary_encoding: BinaryEncoding,
    line_end: LineEnd,
    /// The header line; empty when there is none.
    prologue: Vec<u8>,
    /// For each column that is a container: its JSON texts.
    nested: Vec<Option<NestedTexts>>,
    /// A field's text while its quotes are written.
    scratch: Vec<u8>,
}

impl CsvEncoder {
    /// Builds an encoder.
    ///
    /// # Errors
    /// Options that contradict each other; a column type that one field cannot carry; an encoding other than UTF-8.
    pub fn new(schema: SchemaRef, options: &CsvOptions) -> SchemaResult<Self> {
        if options.encoding != Encoding::Utf8 {
            let reason = "other encodings are read, not written";
            return Err(ConfigError::invalid("encoding", options.encoding.name(), "utf-8", reason).into());
        }
        if !NumberStyle::new(options).is_plain() {
            let reason = "other numbers are read, not written: leave out decimal_separator and thousands_separator";
            let found = char::from(NumberStyle::new(options).decimal).to_string();
            return Err(ConfigError::invalid("decimal_separator", found, ".", reason).into());
        }
        let nested: SchemaResult<Vec<Option<NestedTexts>>> = schema
            .fields()
            .iter()
            .map(|f| if Cells::carry(f) { Ok(None) } else { NestedTexts::new(f, options).map(Some) })
            .collect();
        options.column_null_values.check(&schema, options)?;
        let names = schema.fields().iter().map(|f| payload_key(f));
        let mut encoder = Self {
            quoting: Quoting::new(Dialect::new(options)?, options, names),
            schema: Arc::clone(&schema),
            binary_encoding: options.binary_encoding,
            line_end: options.line_end,
            prologue: Vec::new(),
            nested: nested?,
            scratch: Vec::new(),
        };
        if let Some(column) = (0..schema.fields().len()).find(|column| !encoder.quoting.can_write_null(*column)) {
            let own = options.column_null_values.of(payload_key(schema.field(column)));
            let option = if own.is_some() { "column_null_values" } else { "null_values" };
            let expected = "a first entry that can stand without quotes";
            let found = &own.unwrap_or(&options.null_values).written;
            return Err(ConfigError::invalid(option, found, expected, "").into());
        }
        if options.header {
            encoder.prologue = encoder.header()?;
        }
        Ok(encoder)
    }

    fn header(&mut self) -> SchemaResult<Vec<u8>> {
        let Self { schema, quoting, scratch, .. } = self;
        let mut out = Vec::new();
        for (index, f) in schema.fields().iter().enumerate() {
            if index > 0 {
                out.extend_from_slice(quoting.delimiter());
            }
            let (start, end) = (out.len(), out.len() + f.name().len());
            out.extend_from_slice(f.name().as_bytes());
            out.resize(start + Quoting::room(Known::Nothing, f.name().len()), 0);
            let Some(end) = quoting.quote(&mut out, (start, end), Known::Nothing, index, scratch) else {
                return Err(unquotable(f.name().as_bytes()).in_field(f.name()));
            };
            out.truncate(end);
        }
        out.extend_from_slice(self.line_end.bytes());
        Ok(out)
    }
}

/// A column of a batch, and what is known of its texts.
struct Column<'a> {
    texts: Texts<'a>,
    known: Known,
}

enum Texts<'a> {
    Cells(Cells<'a>),
    Nested(&'a NestedTexts, &'a ArrayRef),
}

impl Column<'_> {
    fn is_null(&self, row: usize) -> bool {
        match &self.texts {
            Texts::Cells(cells) => cells.is_null(row),
            Texts::Nested(_, column) => column.is_null(row),
        }
    }

    /// Bytes that any row takes at most, where the type has a bound.
    fn most(&self) -> usize {
        match &self.texts {
            Texts::Cells(cells) => cells.room(0),
            Texts::Nested(..) => 0,
        }
    }

    /// Bytes that a row takes at most; 0 where it is null.
    #[inline]
    fn room(&self, row: usize) -> usize {
        if self.is_null(row) {
            return 0;
        }
        let len = match &self.texts {
            Texts::Cells(cells) => cells.room(row),
            Texts::Nested(texts, _) => texts.text(row).len(),
        };
        Quoting::room(self.known, len)
    }

    /// Writes a row, which is not null, into `out` from `at` on, and yields where it ends.
    #[inline]
    fn write(&self, row: usize, out: &mut [u8], at: usize) -> usize {
        match &self.texts {
            Texts::Cells(cells) => cells.write_at(row, out, at),
            Texts::Nested(texts, _) => put(out, at, texts.text(row)),
        }
    }
}

#[inline]
fn put(out: &mut [u8], at: usize, text: &[u8]) -> usize {
    // A call of memcpy costs more than what is mostly copied here.
    if let [byte] = text {
        out[at] = *byte;
        return at + 1;
    }
    let end = at + text.len();
    out[at..end].copy_from_slice(text);
    end
}

#[cold]
fn unquotable(field: &[u8]) -> SchemaError {
    EncodeError::Unrepresentable {
        format: super::NAME,
        found: Found::new("text", &String::from_utf8_lossy(field)),
        help: "it needs quotes: set `quote`",
    }
    .into()
}

#[cold]
fn only_null(field: &[u8]) -> SchemaError {
    EncodeError::Unrepresentable {
        format: super::NAME,
        found: Found::new("text", &String::from_utf8_lossy(field)),
        help: "it would be read as null: set `quoted_nulls` or another null text",
    }
    .into()
}

impl FormatEncoder for CsvEncoder {
    fn input_schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn encode(&mut self, batch: &RecordBatch, out: &mut EncodedBatch) -> SchemaResult<()> {
        let fields = self.schema.fields();
        let same_types = fields.iter().zip(batch.columns()).all(|(f, c)| f.data_type() == c.data_type());
        if batch.num_columns() != fields.len() || !same_types {
            return Err(schema_mismatch(&self.schema, batch));
        }
        for (nested, column) in self.nested.iter_mut().zip(batch.columns()) {
            if let Some(texts) = nested {
                texts.start(column)?;
            }
        }
        let Self { schema, quoting, binary_encoding, nested, scratch, .. } = self;
        let fields = schema.fields();
        let mut columns = Vec::with_capacity(fields.len());
        for (index, (f, array)) in fields.iter().zip(batch.columns()).enumerate() {
            let texts = match (&nested[index], Cells::new(f, array, *binary_encoding)) {
                (Some(texts), _) => Texts::Nested(texts, array),
                (None, Some(cells)) => Texts::Cells(cells),
                (None, None) => return Err(schema_mismatch(schema, batch)),
            };
            columns.push(Column { texts, known: quoting.known(array, index) });
        }
        let delimiter = quoting.delimiter();
        // A column that needs no quotes has texts of a bounded length, whatever the row.
        let is_bounded = |column: &&Column<'_>| column.known == Known::Bare;
        let bounded: usize = match batch.num_rows() {
            0 => 0,
            _ => columns.iter().filter(is_bounded).map(Column::most).sum(),
        };
        let unbounded: Vec<&Column<'_>> = columns.iter().filter(|column| !is_bounded(column)).collect();
        let nulls: usize = (0..columns.len()).map(|column| quoting.null(column).len()).sum();
        let fixed = bounded + columns.len() * delimiter.len() + nulls;
        for row in 0..batch.num_rows() {
            let bytes = out.bytes_mut();
            let mut at = bytes.len();
            // Room for the longest text that the row can have, at once: fields are then written without asking.
            bytes.resize(at + fixed + unbounded.iter().map(|column| column.room(row)).sum::<usize>(), 0);
            for (index, column) in columns.iter().enumerate() {
                if index > 0 {
                    at = put(bytes, at, delimiter);
                }
                if column.is_null(row) {
                    at = put(bytes, at, quoting.null(index));
                    continue;
                }
                let end = column.write(row, bytes, at);
                at = match column.known {
                    Known::Bare => end,
                    _ if quoting.is_only_null(index, &bytes[at..end]) => {
                        return Err(only_null(&bytes[at..end]).in_field(schema.field(index).name()));
                    }
                    known => match quoting.quote(bytes, (at, end), known, index, scratch) {
                        Some(end) => end,
                        None => return Err(unquotable(&bytes[at..end]).in_field(schema.field(index).name())),
                    },
                };
            }
            bytes.truncate(at);
            out.end_record();
        }
        Ok(())
    }

    fn prologue(&mut self) -> Vec<u8> {
        self.prologue.clone()
    }

    fn delimiter(&self) -> &'static [u8] {
        self.line_end.bytes()
    }

    fn is_stateless(&self) -> bool {
        true
    }

    fn format_name(&self) -> &'static str {
        super::NAME
    }
}

impl EncoderSet for CsvEncoder {
    const FORMATS: &'static [&'static str] = &[super::NAME];

    fn build(spec: &EncodeSpec) -> SchemaResult<Option<Self>> {
        if spec.format.name != super::NAME {
            return Ok(None);
        }
        let options = CsvOptions::from_options(&spec.format.options)?;
        Self::new(Arc::clone(&spec.schema), &options).map(Some)
    }

    fn format_info(format: &str) -> Option<FormatInfo> {
        (format == super::NAME).then(super::info)
    }
}
