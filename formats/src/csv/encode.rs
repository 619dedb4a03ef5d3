//! Columns → CSV records.

use std::sync::Arc;

use arrow_array::{Array, RecordBatch};
use arrow_schema::SchemaRef;
use laminar_schema::{
    ConnectorConfig, EncodeError, EncodeSpec, EncodedBatch, EncoderSet, FormatEncoder, FormatInfo, Found, SchemaError,
    SchemaResult, config::ConfigError,
};
use memchr::{memchr, memmem};

use super::{
    CsvOptions, Dialect,
    nested::NestedTexts,
    options::{NullValues, QuoteStyle},
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
    dialect: Dialect,
    comment: Option<u8>,
    null_values: NullValues,
    quote_style: QuoteStyle,
    binary_encoding: BinaryEncoding,
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
    /// Options that contradict each other; a column type that one field cannot carry.
    pub fn new(schema: SchemaRef, options: &CsvOptions) -> SchemaResult<Self> {
        let nested: SchemaResult<Vec<Option<NestedTexts>>> = schema
            .fields()
            .iter()
            .map(|f| if Cells::carry(f) { Ok(None) } else { NestedTexts::new(f, options).map(Some) })
            .collect();
        let mut encoder = Self {
            schema,
            dialect: Dialect::new(options)?,
            comment: options.comment.and_then(|c| c.0),
            null_values: options.null_values.clone(),
            quote_style: options.quote_style,
            binary_encoding: options.binary_encoding,
            prologue: Vec::new(),
            nested: nested?,
            scratch: Vec::new(),
        };
        let null = encoder.null_values.written.as_bytes();
        if encoder.has_structure(null) || encoder.starts_comment(null) {
            let expected = "a first entry that can stand without quotes";
            return Err(ConfigError::invalid("null_values", &encoder.null_values.written, expected, "").into());
        }
        if options.header {
            encoder.prologue = encoder.header()?;
        }
        Ok(encoder)
    }

    fn header(&mut self) -> SchemaResult<Vec<u8>> {
        let schema = Arc::clone(&self.schema);
        let mut out = Vec::new();
        for (index, f) in schema.fields().iter().enumerate() {
            if index > 0 {
                out.extend_from_slice(&self.dialect.delimiter);
            }
            let start = out.len();
            out.extend_from_slice(f.name().as_bytes());
            self.quote_field(&mut out, start, index == 0).map_err(|e| e.in_field(f.name()))?;
        }
        out.push(b'\n');
        Ok(out)
    }

    /// Puts quotes around the field at the end of `out` that starts at `start`, where they are needed.
    fn quote_field(&mut self, out: &mut Vec<u8>, start: usize, is_first: bool) -> SchemaResult<()> {
        let needs_quotes = self.needs_quotes(&out[start..], is_first);
        let Some(quote) = self.dialect.quote else {
            return if needs_quotes { Err(unquotable(&out[start..])) } else { Ok(()) };
        };
        if !needs_quotes && self.quote_style == QuoteStyle::Needed {
            return Ok(());
        }
        self.scratch.clear();
        self.scratch.extend_from_slice(&out[start..]);
        out.truncate(start);
        out.push(quote);
        for byte in &self.scratch {
            if *byte == quote || Some(*byte) == self.dialect.escape {
                out.push(*byte);
            }
            out.push(*byte);
        }
        out.push(quote);
        Ok(())
    }

    /// Whether a field would read back as something else without quotes.
    fn needs_quotes(&self, field: &[u8], is_first: bool) -> bool {
        self.has_structure(field) || (is_first && self.starts_comment(field)) || self.null_values.contains(field)
    }

    /// Whether the text holds what gives CSV its structure.
    fn has_structure(&self, field: &[u8]) -> bool {
        let is_blank = |byte: Option<&u8>| self.dialect.trim && matches!(byte, Some(b' ' | b'\t'));
        let has_delimiter = match &*self.dialect.delimiter {
            [byte] => memchr(*byte, field).is_some(),
            several => {
                // Half a delimiter at the field's end could become a whole one with what follows.
                memmem::find(field, several).is_some() || field.last().is_some_and(|last| several.contains(last))
            }
        };
        has_delimiter
            || field.iter().any(|byte| matches!(byte, b'\n' | b'\r') || Some(*byte) == self.dialect.quote)
            || is_blank(field.first())
            || is_blank(field.last())
    }

    /// Whether a record that starts with the text would be taken for a comment or a byte order mark.
    fn starts_comment(&self, field: &[u8]) -> bool {
        field.first().is_some_and(|first| Some(*first) == self.comment) || field.starts_with(b"\xEF\xBB\xBF")
    }
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
        let fields = fields.iter().zip(batch.columns());
        let cells: Vec<Option<Cells<'_>>> = fields.map(|(f, c)| Cells::new(f, c, self.binary_encoding)).collect();
        for row in 0..batch.num_rows() {
            for (index, cells) in cells.iter().enumerate() {
                let bytes = out.bytes_mut();
                if index > 0 {
                    bytes.extend_from_slice(&self.dialect.delimiter);
                }
                if cells.as_ref().map_or_else(|| batch.column(index).is_null(row), |cells| cells.is_null(row)) {
                    bytes.extend_from_slice(self.null_values.written.as_bytes());
                    continue;
                }
                let start = bytes.len();
                match (cells, &self.nested[index]) {
                    (Some(cells), _) => cells.write(row, bytes),
                    (None, Some(texts)) => bytes.extend_from_slice(texts.text(row)),
                    (None, None) => return Err(schema_mismatch(&self.schema, batch)),
                }
                if let Err(e) = self.quote_field(bytes, start, index == 0) {
                    return Err(e.in_field(self.schema.field(index).name()));
                }
            }
            out.end_record();
        }
        Ok(())
    }

    fn prologue(&mut self) -> Vec<u8> {
        self.prologue.clone()
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
