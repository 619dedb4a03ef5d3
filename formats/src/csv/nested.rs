//! Columns of containers, which a field carries as JSON text.

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{Field, Schema};
use laminar_schema::{ConnectorConfig, EncodedBatch, FormatEncoder, Options, SchemaError, SchemaResult};

use super::{CsvOptions, column::NoValue};
use crate::{
    column::Mismatch,
    json::{self, JsonDecoder, JsonEncoder, JsonOptions},
    policy::{TypeMismatch, UnknownFields},
};

/// Builds a STRUCT, MAP or list column from JSON texts, as the JSON decoder does.
#[derive(Debug)]
pub(super) struct NestedColumn {
    decoder: JsonDecoder,
    scanner: json::syntax::Scanner,
    /// `{"name":`, and behind it the text of the record being decoded.
    record: Vec<u8>,
    prefix: usize,
    error: Option<SchemaError>,
}

impl NestedColumn {
    pub(super) fn new(field: &Field, options: &CsvOptions) -> SchemaResult<Self> {
        let mut json_options = JsonOptions::from_options(&Options::new())?;
        json_options.binary_encoding = options.binary_encoding;
        json_options.timestamp_formats.clone_from(&options.timestamp_formats);
        json_options.type_mismatch = match options.type_mismatch {
            TypeMismatch::Null => TypeMismatch::Null,
            // A field is rescued whole.
            TypeMismatch::Reject | TypeMismatch::Rescue => TypeMismatch::Reject,
        };
        json_options.unknown_fields = match options.unknown_fields {
            UnknownFields::Reject => UnknownFields::Reject,
            // There is no column beside it to rescue them into.
            UnknownFields::Ignore | UnknownFields::Rescue => UnknownFields::Ignore,
        };
        let alone = Field::new(field.name(), field.data_type().clone(), field.is_nullable());
        let decoder = JsonDecoder::new(Arc::new(Schema::new(vec![alone])), &json_options)?;
        let mut record = b"{".to_vec();
        json::quote(&mut record, field.name());
        record.push(b':');
        Ok(Self { decoder, scanner: json::syntax::Scanner::default(), prefix: record.len(), record, error: None })
    }

    pub(super) fn push_text(&mut self, text: &str) -> Result<(), NoValue> {
        // Checked by itself first: `1,"other":2` is no value, though it would be one inside the braces.
        if !self.scanner.is_document(text.as_bytes()) {
            return Err(NoValue::Mismatch(Mismatch::Type));
        }
        self.record.truncate(self.prefix);
        self.record.extend_from_slice(text.as_bytes());
        self.record.push(b'}');
        self.decoder.push_record(&self.record).map_err(|e| {
            // Its bytes are counted in `record`, which is no part of the source.
            self.error = Some(e.without_span());
            NoValue::Nested
        })
    }

    pub(super) fn push_null(&mut self) {
        self.decoder.push_null_row();
    }

    pub(super) fn truncate(&mut self, rows: usize) {
        self.decoder.truncate(rows);
    }

    pub(super) fn finish(&mut self) -> SchemaResult<ArrayRef> {
        Ok(self.decoder.finish()?.remove_column(0))
    }

    #[cold]
    pub(super) fn take_error(&mut self) -> Option<SchemaError> {
        self.error.take()
    }
}

/// Writes STRUCT, MAP and list columns as JSON texts, as the JSON encoder does.
#[derive(Debug)]
pub(super) struct NestedTexts {
    encoder: JsonEncoder,
    /// `{"name":` in front of each text, and `}` behind it.
    objects: EncodedBatch,
    prefix: usize,
}

impl NestedTexts {
    pub(super) fn new(field: &Field, options: &CsvOptions) -> SchemaResult<Self> {
        let mut json_options = JsonOptions::from_options(&Options::new())?;
        json_options.binary_encoding = options.binary_encoding;
        let encoder = JsonEncoder::new(Arc::new(Schema::new(vec![field.clone()])), &json_options)?;
        let mut name = Vec::new();
        json::quote(&mut name, field.name());
        Ok(Self { encoder, objects: EncodedBatch::new(), prefix: name.len() + 2 })
    }

    /// Takes over a column of the next batch.
    pub(super) fn start(&mut self, column: &ArrayRef) -> SchemaResult<()> {
        self.objects.clear();
        let batch = RecordBatch::try_new(self.encoder.input_schema(), vec![Arc::clone(column)])?;
        self.encoder.encode(&batch, &mut self.objects)
    }

    /// The text of a row, which must not be null.
    pub(super) fn text(&self, row: usize) -> &[u8] {
        let object = self.objects.record(row);
        &object[self.prefix..object.len() - 1]
    }
}
