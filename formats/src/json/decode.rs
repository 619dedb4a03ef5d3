//! The decoder: records → columns, by a direct engine or the tape.

use std::fmt;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use laminar_schema::{
    ConnectorConfig, DecodeSpec, Decoded, DecoderSet, FormatDecoder, FormatInference, FormatInfo, FormatSpec, Framing,
    RawBatch, SchemaResult,
};

use super::{
    checked::Checked,
    direct::{Run, Walk},
    engine::{Dispatch, JsonEngine},
    options::{JsonFraming, JsonOptions},
    plan::Plan,
    tape::TapeEngine,
};
use crate::{
    column::{ColumnOps, ColumnOptions},
    rows::{Account, Reluctance, RootRows},
    wire::{DocumentHeader, payloads::Payloads, unglued::Unglued},
};

/// Decodes JSON documents into one column per schema field.
///
/// Input: one document per record; see [`JsonOptions`] for everything that deviates from it.
/// Shape: one row per document × one column per field; rejected records are listed beside it.
/// Cost: O(bytes). Allocates per batch and column, never per accepted record once warm.
///
/// Source: RFC 8259.
pub struct JsonDecoder {
    engine: Dispatch,
    /// What the direct engines need.
    walk: Option<Box<Walk>>,
    /// To let the direct engine try.
    reluctance: Reluctance,
    plan: Plan,
    rows: RootRows,
    tape: Box<TapeEngine>,
    /// What takes headers off, where records have them.
    headers: Option<Box<Payloads>>,
}

impl JsonDecoder {
    /// A decoder for the columns of `schema`.
    ///
    /// # Errors
    /// A column type that JSON cannot carry; a DEFAULT that does not fit; options that name a column which is not
    /// there or no JSON.
    pub fn new(schema: SchemaRef, options: &JsonOptions) -> SchemaResult<Self> {
        Self::with_engine(schema, options, JsonEngine::best())
    }

    /// A decoder for the columns of `schema` that runs `engine`, or the next best one that this machine and these
    /// options allow: for tests and benchmarks.
    ///
    /// # Errors
    /// As [`JsonDecoder::new`].
    pub fn with_engine(schema: SchemaRef, options: &JsonOptions, engine: JsonEngine) -> SchemaResult<Self> {
        let columns = ColumnOptions {
            binary_encoding: options.binary_encoding,
            timestamp_formats: options.timestamp_formats.clone(),
        };
        let mut rows = RootRows::new(schema, &columns)?;
        let plan = Plan::new(&mut rows.root, options)?;
        // Where the only column takes documents whole, what an object is depends on its keys: the tape's matter.
        let walk = Walk::new(rows.schema().fields(), options).filter(|_| !plan.value_is_whole).map(Box::new);
        Ok(Self {
            engine: if walk.is_some() { Dispatch::new(engine) } else { Dispatch::Tape },
            walk,
            reluctance: Reluctance::default(),
            rows,
            tape: Box::new(TapeEngine::new(options, &plan)),
            plan,
            headers: match options.wire_format {
                DocumentHeader::None => None,
                DocumentHeader::Confluent => Some(Box::new(Payloads::confluent())),
                DocumentHeader::Glue => Some(Box::new(Payloads::glue(Unglued::documents(options.max_record_bytes)))),
            },
        })
    }

    /// Lets a direct engine try every record, however many it has left to the tape: for tests of the engine, which
    /// otherwise rests while most records are malformed.
    #[must_use]
    pub fn eager(mut self) -> Self {
        self.reluctance = Reluctance::none();
        self
    }

    /// The engine that this decoder runs.
    pub fn engine(&self) -> JsonEngine {
        self.engine.engine()
    }

    /// Decodes records from `first` on without a tape, and returns the number of the first that is left to it: the root of
    /// everything that happens per record.
    ///
    /// # Errors
    /// A column that no field fills is full; its row is taken back.
    #[inline(never)]
    fn decode_records(&mut self, batch: &RawBatch, first: usize, checked: &Checked<'_>) -> SchemaResult<usize> {
        let (Some(walk), Some(span)) = (&mut self.walk, &checked.span) else { return Ok(first) };
        if self.reluctance.spares() {
            return Ok(first);
        }
        let has_reserved = self.plan.document.is_some() || self.plan.rescue.is_some();
        let until = if has_reserved { first + 1 } else { checked.until };
        let before = self.rows.num_rows();
        let max_record_bytes = self.plan.max_record_bytes;
        let run = Run { batch, checked: span, first, until, max_record_bytes };
        let left = self.engine.records(walk, &mut self.rows.root, run);
        let taken = left - first;
        self.reluctance.took(taken);
        if left < until {
            walk.start_over();
            self.rows.root.truncate(before + taken);
            // Records without content say nothing about the others.
            if !batch.span(left).is_empty() {
                self.reluctance.left_one();
            }
        }
        if has_reserved && taken > 0 {
            let document = std::str::from_utf8(batch.value(first)).unwrap_or("").trim_matches(is_space);
            let pushed = self.plan.push_reserved(&mut self.rows.root, Some(document), None);
            pushed.inspect_err(|_| self.rows.root.truncate(before))?;
        }
        Ok(left)
    }

    /// Decodes one record that the direct engine has left.
    ///
    /// # Errors
    /// Why the record does not fit; the columns may then hold parts of it, which the caller takes back.
    fn decode_record(&mut self, batch: &RawBatch, record: usize) -> SchemaResult<()> {
        if batch.is_tombstone(record) {
            return self.tape.tombstone(&mut self.rows.root, &self.plan);
        }
        self.tape.record(&mut self.rows.root, &self.plan, batch.value(record))
    }

    /// Decodes one record, or leaves the columns as they were: for a format whose fields hold JSON.
    ///
    /// # Errors
    /// Why the record does not fit.
    pub(crate) fn push_record(&mut self, record: &[u8]) -> SchemaResult<()> {
        let before = self.rows.num_rows();
        self.tape.record(&mut self.rows.root, &self.plan, record).inspect_err(|_| self.rows.root.truncate(before))
    }

    /// Appends a row of nulls.
    pub(crate) fn push_null_row(&mut self) {
        self.rows.root.fields.iter_mut().for_each(|f| f.column.push_null());
        self.rows.root.end_row();
    }

    /// Removes all rows from `rows` on.
    pub(crate) fn truncate(&mut self, rows: usize) {
        self.rows.root.truncate(rows);
    }

    /// Hands out all rows and starts over, warm.
    pub(crate) fn finish(&mut self) -> SchemaResult<RecordBatch> {
        self.rows.finish()
    }
}

/// What RFC 8259 takes for white space.
fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

impl FormatDecoder for JsonDecoder {
    fn output_schema(&self) -> SchemaRef {
        SchemaRef::clone(self.rows.schema())
    }

    fn decode(&mut self, batch: &RawBatch) -> SchemaResult<Decoded> {
        let Some(mut headers) = self.headers.take() else { return self.decode_documents(batch) };
        let decoded = headers.decode(batch, |documents| self.decode_documents(documents));
        self.headers = Some(headers);
        decoded
    }

    fn format_name(&self) -> &'static str {
        super::NAME
    }
}

impl JsonDecoder {
    /// Decodes records that are documents and nothing else.
    fn decode_documents(&mut self, batch: &RawBatch) -> SchemaResult<Decoded> {
        let mut account = Account::of(batch.len());
        let tape_only = matches!(self.engine, Dispatch::Tape);
        let mut checked = Checked::nothing(if tape_only { batch.len() } else { 0 });
        let mut record = 0;
        while record < batch.len() {
            if record == checked.until {
                checked = Checked::from(batch, record);
            }
            let before = self.rows.num_rows();
            let decoded = match self.decode_records(batch, record, &checked) {
                Ok(left) if left > record => {
                    account.one_each(record..left);
                    record = left;
                    continue;
                }
                Ok(_) => self.decode_record(batch, record),
                Err(full) => Err(full),
            };
            account.settle(&mut self.rows, record, before, decoded);
            record += 1;
        }
        Ok(account.decoded(self.rows.finish()?))
    }
}

impl DecoderSet for JsonDecoder {
    const FORMATS: &'static [&'static str] = &[super::NAME];

    fn build(spec: &DecodeSpec) -> SchemaResult<Option<Self>> {
        if spec.format.name != super::NAME {
            return Ok(None);
        }
        let options = JsonOptions::from_options(&spec.format.options)?;
        Self::new(SchemaRef::clone(&spec.schema), &options).map(Some)
    }

    fn inference(format: &str) -> Option<Box<dyn FormatInference>> {
        crate::infer::inference(format).filter(|_| format == super::NAME)
    }

    fn framing(format: &FormatSpec) -> SchemaResult<Option<Framing>> {
        if format.name != super::NAME {
            return Ok(None);
        }
        Ok(Some(match JsonOptions::from_options(&format.options)?.framing {
            JsonFraming::Documents => Framing::JsonDocuments,
            JsonFraming::Lines => Framing::Lines,
            JsonFraming::Whole => Framing::Whole,
        }))
    }

    fn format_info(format: &str) -> Option<FormatInfo> {
        (format == super::NAME).then(super::info)
    }
}

impl fmt::Debug for JsonDecoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JsonDecoder")
            .field("schema", self.rows.schema())
            .field("plan", &self.plan)
            .finish_non_exhaustive()
    }
}
