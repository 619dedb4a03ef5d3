//! The decoder: records → columns.

use std::fmt;

use arrow_schema::{Fields, SchemaRef};
use laminar_schema::{
    ConfigError, ConnectorConfig, DecodeError, DecodeSpec, Decoded, DecoderSet, FormatDecoder, FormatInference,
    FormatInfo, FormatSpec, Framing, Options, RawBatch, SchemaResult, SelfDescription,
    format::{FormatFile, WriterSchema, WriterSchemaId},
};
use prost_reflect::MessageDescriptor;

use super::{
    definition::{Chosen, Definition, Definitions},
    gather::{Gathered, Rules, Slot},
    infer::describe,
    options::{ProtobufFraming, ProtobufOptions},
    rescue::Rescue,
    varint::span,
    walk::{WalkState, Walker, absent},
};
use crate::{
    column::{ColumnOps, ColumnOptions},
    json::{JsonOptions, Plan},
    policy::NoContent,
    rows::{Account, RootRows},
};

/// Messages deeper in each other than this are not looked into, whatever `max_depth` allows: reading them recurses.
const MAX_DEPTH: usize = 1000;

/// Decodes Protobuf messages into one column per schema field.
///
/// Input: one message per record, of the type that the options name; see [`ProtobufOptions`].
/// Shape: one row per record × one column per field; rejected records are listed beside it.
/// Units: timestamps are of the column's unit since the Unix epoch, UTC.
/// Cost: O(bytes). Allocates per batch and column, never per accepted record once warm.
///
/// Source: Protocol Buffers documentation, "Encoding".
pub struct ProtobufDecoder {
    definitions: Definitions,
    plan: Plan,
    rows: RootRows,
    state: WalkState,
}

impl ProtobufDecoder {
    /// A decoder for the columns of `schema`. Reads the definition that the options name.
    ///
    /// # Errors
    /// No definition, or one that cannot be read; a column that its field cannot fill; a DEFAULT that does not fit;
    /// options that name a column which is not there or no JSON.
    pub fn new(schema: SchemaRef, options: &ProtobufOptions) -> SchemaResult<Self> {
        Self::with_writers(schema, options, &[])
    }

    /// A decoder that knows schemas of a registry, too: those that records name in their headers.
    ///
    /// # Errors
    /// As [`ProtobufDecoder::new`], for each of the definitions.
    pub fn with_writers(schema: SchemaRef, options: &ProtobufOptions, writers: &[WriterSchema]) -> SchemaResult<Self> {
        Self::build_with(schema, options, |columns, is_reserved| {
            Definitions::new(options, writers, columns, is_reserved)
        })
    }

    /// A decoder for messages of a type that is known already.
    ///
    /// # Errors
    /// As [`ProtobufDecoder::new`].
    pub fn of_message(schema: SchemaRef, message: &MessageDescriptor, options: &ProtobufOptions) -> SchemaResult<Self> {
        Self::build_with(schema, options, |columns, is_reserved| {
            Definitions::of_message(message, options, columns, is_reserved)
        })
    }

    fn build_with(
        schema: SchemaRef,
        options: &ProtobufOptions,
        definitions: impl FnOnce(&Fields, &dyn Fn(usize) -> bool) -> SchemaResult<Definitions>,
    ) -> SchemaResult<Self> {
        if options.max_depth > MAX_DEPTH {
            let given = options.max_depth.to_string();
            return Err(ConfigError::invalid("max_depth", given, "at most 1000 levels", "").into());
        }
        let mut rows = RootRows::new(schema, &ColumnOptions::default())?;
        let plan = Plan::new(&mut rows.root, &row_rules(options)?)?;
        let is_reserved = |index: usize| plan.document == Some(index) || plan.rescue == Some(index);
        let definitions = definitions(rows.schema().fields(), &is_reserved)?;
        Ok(Self {
            definitions,
            rows,
            state: WalkState {
                rules: Rules { unknown_fields: options.unknown_fields, max_depth: options.max_depth },
                type_mismatch: options.type_mismatch,
                unknown_enums: options.unknown_enums,
                gathered: Gathered::default(),
                rescue: Rescue::new(plan.rescue.is_some()),
                json: Vec::new(),
                text: Vec::new(),
                entries: Vec::new(),
            },
            plan,
        })
    }

    /// Decodes one record: the root of everything that happens per record.
    ///
    /// # Errors
    /// Why the record does not fit; the columns may then hold parts of it, which the caller takes back.
    #[inline(never)]
    fn decode_record(&mut self, batch: &RawBatch, record: usize) -> SchemaResult<Option<WriterSchemaId>> {
        if batch.is_tombstone(record) {
            return self.tombstone().map(|()| None);
        }
        let place = batch.span(record);
        let len = place.len();
        if len > self.plan.max_record_bytes {
            return Err(DecodeError::TooLarge { size: len, limit: self.plan.max_record_bytes }.into());
        }
        let Self { definitions, plan, rows, state } = self;
        let root = &mut rows.root;
        let (definition, message_len) = match definitions.choose(batch.value(record))? {
            Chosen::Known(index, message) => (definitions.get(index), message.len()),
            Chosen::Unknown(id) => return Ok(Some(id)),
        };
        let Definition { catalog, binding, .. } = definition;
        state.gathered.slots.clear();
        state.gathered.chain.clear();
        state.entries.clear();
        if state.rescue.is_enabled {
            state.rescue.clear();
        }
        // Behind the record come others and the arena's padding, which short texts are read with as if they were theirs.
        let mut walker = Walker { catalog, record: &batch.padded_values()[place.start..], state };
        let parts = Slot::single(span(len - message_len, len));
        walker.row(root, binding, parts, 0)?;
        if plan.document.is_none() && plan.rescue.is_none() {
            return Ok(None);
        }
        // Fields that are rescued have been by now.
        let is_rescuing = std::mem::take(&mut walker.state.rescue.is_enabled);
        let document = match plan.document {
            Some(_) => {
                walker.state.json.clear();
                walker.json_message(0, parts, 0).map(Some)
            }
            None => Ok(None),
        };
        walker.state.rescue.is_enabled = is_rescuing;
        let document = document?.map(|()| std::str::from_utf8(&walker.state.json).unwrap_or(""));
        plan.push_reserved(root, document, walker.state.rescue.finish())?;
        Ok(None)
    }

    #[cold]
    #[inline(never)]
    fn tombstone(&mut self) -> SchemaResult<()> {
        match self.plan.tombstones {
            NoContent::Skip => Ok(()),
            NoContent::Reject => Err(DecodeError::Tombstone.into()),
            NoContent::Null => {
                let root = &mut self.rows.root;
                let rows = root.num_rows();
                for field in &mut root.fields {
                    absent(&mut field.column, &field.field, field.on_absent, &mut field.default_rows, rows)?;
                }
                self.plan.push_reserved(root, None, None)?;
                root.end_row();
                Ok(())
            }
        }
    }
}

/// What it has in common with JSON: the columns that no field fills.
fn row_rules(options: &ProtobufOptions) -> SchemaResult<JsonOptions> {
    Ok(JsonOptions {
        type_mismatch: options.type_mismatch,
        unknown_fields: options.unknown_fields,
        tombstones: options.tombstones,
        document_column: options.document_column.clone(),
        max_depth: options.max_depth,
        // A record's bytes are counted in 32 bits.
        max_record_bytes: Some(options.max_record_bytes.unwrap_or(usize::MAX).min(u32::MAX as usize)),
        ..JsonOptions::from_options(&Options::new())?
    })
}

impl FormatDecoder for ProtobufDecoder {
    fn output_schema(&self) -> SchemaRef {
        SchemaRef::clone(self.rows.schema())
    }

    fn decode(&mut self, batch: &RawBatch) -> SchemaResult<Decoded> {
        let mut account = Account::of(batch.len());
        let (mut consumed, mut needs) = (batch.len(), None);
        for record in 0..batch.len() {
            let before = self.rows.num_rows();
            let decoded = match self.decode_record(batch, record) {
                Ok(None) => Ok(()),
                Err(error) => Err(error),
                Ok(unknown) => {
                    (consumed, needs) = (record, unknown);
                    break;
                }
            };
            account.settle(&mut self.rows, record, before, decoded);
        }
        Ok(Decoded { consumed, needs, ..account.decoded(self.rows.finish()?) })
    }

    fn format_name(&self) -> &'static str {
        super::NAME
    }
}

impl DecoderSet for ProtobufDecoder {
    const FORMATS: &'static [&'static str] = &[super::NAME];

    fn build(spec: &DecodeSpec) -> SchemaResult<Option<Self>> {
        if spec.format.name != super::NAME {
            return Ok(None);
        }
        let options = ProtobufOptions::from_options(&spec.format.options)?;
        Self::with_writers(SchemaRef::clone(&spec.schema), &options, &spec.writer_schemas).map(Some)
    }

    fn inference(format: &str) -> Option<Box<dyn FormatInference>> {
        crate::infer::inference(format).filter(|_| format == super::NAME)
    }

    fn framing(format: &FormatSpec) -> SchemaResult<Option<Framing>> {
        if format.name != super::NAME {
            return Ok(None);
        }
        Ok(Some(match ProtobufOptions::from_options(&format.options)?.framing {
            ProtobufFraming::Delimited => Framing::Delimited,
            ProtobufFraming::Whole => Framing::Whole,
        }))
    }

    fn describe(format: &FormatSpec, _: Option<&mut dyn FormatFile>) -> SchemaResult<Option<SelfDescription>> {
        if format.name != super::NAME {
            return Ok(None);
        }
        describe(&format.options)
    }

    fn format_info(format: &str) -> Option<FormatInfo> {
        (format == super::NAME).then(super::info)
    }
}

impl fmt::Debug for ProtobufDecoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProtobufDecoder")
            .field("schema", self.rows.schema())
            .field("message", &self.definitions.name())
            .finish_non_exhaustive()
    }
}
