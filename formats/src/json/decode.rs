//! The decoder: records → tape → columns.

use std::{fmt, mem::ManuallyDrop, ops::Range};

use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_schema::SchemaRef;
use laminar_schema::{
    ConnectorConfig, DecodeError, DecodeSpec, Decoded, DecoderSet, FormatDecoder, FormatInference, FormatInfo,
    FormatSpec, Framing, Location, RawBatch, Rejected, RowRecords, SchemaError, SchemaResult,
    default_value::DefaultFiller,
};
use simd_json::{Buffers, INPUT_PADDING, Tape};

use super::{
    direct::{Run, Walk},
    engine::{Dispatch, JsonEngine},
    options::{JsonFraming, JsonOptions, MultipleDocuments},
    plan::Plan,
    rescue::Rescue,
    source::{Marks, Source},
    syntax::{Problem, Scanner, SyntaxError, skip_space},
    walk::{WalkState, Walker, push_absent},
};
use crate::{
    column::{ColumnOps, ColumnOptions, OnAbsent, StructColumn},
    policy::NoContent,
    scan::Utf8Span,
};

/// Bytes of records whose UTF-8 is checked at once: few enough to be in the first-level cache when they are decoded.
const CHECKED_BYTES: usize = 16 << 10;

/// What a record adds to a decoder's reluctance when its direct engine leaves it to the tape; one that it takes takes one
/// away. Where few are taken, most are spared the attempt.
const REFUSAL: u16 = 8;
const RELUCTANT: u16 = 64;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Decodes JSON documents into one column per schema field.
///
/// Input: one document per record; see [`JsonOptions`] for everything that deviates from it.
/// Shape: one row per document × one column per field; rejected records are listed beside it.
/// Cost: O(bytes). Allocates per batch and column, never per accepted record once warm.
///
/// Source: RFC 8259.
pub struct JsonDecoder {
    schema: SchemaRef,
    engine: Dispatch,
    /// What the direct engines need.
    walk: Option<Box<Walk>>,
    /// Grows with every record that the direct engine leaves to the tape.
    reluctance: u16,
    /// From where on records are spared the attempt.
    reluctant: u16,
    plan: Plan,
    root: StructColumn,
    defaults: DefaultFiller,
    state: WalkState,
    /// A copy of the record, in which simd-json unescapes strings.
    scratch: Vec<u8>,
    buffers: Buffers,
    /// `None` only while a record is being decoded.
    tape: Option<Tape<'static>>,
    scanner: Scanner,
    masks: Vec<Range<usize>>,
}

/// Why simd-json refused a document. Never dropped: parsing from memory fails without anything on the heap, and the
/// error's drop is a virtual call, for the I/O errors that it could hold.
#[derive(Debug)]
struct Refused(ManuallyDrop<simd_json::Error>);

impl Refused {
    #[cold]
    #[inline(never)]
    fn to_error(&self) -> SchemaError {
        DecodeError::Syntax { reason: self.0.to_string() }.into()
    }
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
        let mut root = StructColumn::new(schema.fields(), &columns)?;
        let defaults = DefaultFiller::new(&schema)?;
        for (index, field) in root.fields.iter_mut().enumerate() {
            if defaults.has_default(index) {
                field.on_absent = OnAbsent::Default;
            }
        }
        let plan = Plan::new(&mut root, options)?;
        let rescue = Rescue::new(plan.rescue.is_some());
        // Where the only column takes documents whole, what an object is depends on its keys: the tape's matter.
        let walk = Walk::new(schema.fields(), options).filter(|_| !plan.value_is_whole).map(Box::new);
        Ok(Self {
            schema,
            engine: if walk.is_some() { Dispatch::new(engine) } else { Dispatch::Tape },
            walk,
            reluctance: 0,
            reluctant: RELUCTANT,
            root,
            defaults,
            state: WalkState {
                type_mismatch: options.type_mismatch,
                unknown_fields: options.unknown_fields,
                duplicate_fields: options.duplicate_fields,
                coerce_strings: options.coerce_strings,
                rescue,
                marks: Marks::default(),
                masked: false,
                objects: 0,
                map_keys: Vec::new(),
            },
            scratch: Vec::new(),
            buffers: Buffers::with_max_depth(4096, plan.max_depth),
            tape: Some(Tape::null()),
            scanner: Scanner::default(),
            masks: Vec::new(),
            plan,
        })
    }

    /// Lets a direct engine try every record, however many it has left to the tape: for tests of the engine, which
    /// otherwise rests while most records are malformed.
    #[must_use]
    pub fn eager(mut self) -> Self {
        self.reluctant = u16::MAX;
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
        if self.reluctance > self.reluctant {
            self.reluctance -= 1;
            return Ok(first);
        }
        let has_reserved = self.plan.document.is_some() || self.plan.rescue.is_some();
        let until = if has_reserved { first + 1 } else { checked.until };
        let before = self.root.num_rows();
        let max_record_bytes = self.plan.max_record_bytes;
        let run = Run { batch, checked: span, first, until, max_record_bytes };
        let left = self.engine.records(walk, &mut self.root, run);
        let taken = left - first;
        self.reluctance = self.reluctance.saturating_sub(u16::try_from(taken).unwrap_or(u16::MAX));
        if left < until {
            walk.start_over();
            self.root.truncate(before + taken);
            // Records without content say nothing about the others.
            if !batch.span(left).is_empty() {
                self.reluctance = self.reluctance.saturating_add(REFUSAL);
            }
        }
        if has_reserved && taken > 0 {
            let document = std::str::from_utf8(batch.value(first)).unwrap_or("").trim_matches(is_space);
            let pushed = self.plan.push_reserved(&mut self.root, Some(document), None);
            pushed.inspect_err(|_| self.root.truncate(before))?;
        }
        Ok(left)
    }

    /// Decodes one record that the direct engine has left.
    ///
    /// # Errors
    /// Why the record does not fit; the columns may then hold parts of it, which the caller takes back.
    fn decode_record(&mut self, batch: &RawBatch, record: usize) -> SchemaResult<()> {
        if batch.is_tombstone(record) {
            return self.blank(self.plan.tombstones, DecodeError::Tombstone);
        }
        self.decode_by_tape(batch.value(record))
    }

    /// Decodes one record by way of simd-json's tape, and says what is wrong with it.
    #[inline(never)]
    fn decode_by_tape(&mut self, record: &[u8]) -> SchemaResult<()> {
        if record.len() > self.plan.max_record_bytes {
            return Err(too_large(record.len(), self.plan.max_record_bytes));
        }
        let start = if record.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
        if record.get(start) != Some(&b'{') && skip_space(record, start) == record.len() {
            return self.blank(self.plan.empty_records, DecodeError::EmptyRecord);
        }
        match self.attempt(record, start..record.len(), false) {
            Ok(walked) => walked,
            Err(refusal) => self.recover(record, start, &refusal),
        }
    }

    /// Decodes one record, or leaves the columns as they were: for a format whose fields hold JSON.
    ///
    /// # Errors
    /// Why the record does not fit.
    pub(crate) fn push_record(&mut self, record: &[u8]) -> SchemaResult<()> {
        let before = self.root.num_rows();
        self.decode_by_tape(record).inspect_err(|_| self.root.truncate(before))
    }

    /// Appends a row of nulls.
    pub(crate) fn push_null_row(&mut self) {
        self.root.fields.iter_mut().for_each(|f| f.column.push_null());
        self.root.end_row();
    }

    /// Removes all rows from `rows` on.
    pub(crate) fn truncate(&mut self, rows: usize) {
        self.root.truncate(rows);
    }

    fn blank(&mut self, policy: NoContent, error: DecodeError) -> SchemaResult<()> {
        match policy {
            NoContent::Skip => Ok(()),
            NoContent::Reject => Err(error.into()),
            NoContent::Null => {
                self.state.objects += 1;
                push_absent(&mut self.root, self.state.objects)?;
                for reserved in [self.plan.document, self.plan.rescue].into_iter().flatten() {
                    self.root.fields[reserved].column.push_null();
                }
                self.root.end_row();
                Ok(())
            }
        }
    }

    /// Parses one document of the record and walks it, with `masks` in place of its numbers if `masked`. The outer error
    /// is simd-json's: the document did not parse.
    fn attempt(&mut self, record: &[u8], span: Range<usize>, masked: bool) -> Result<SchemaResult<()>, Refused> {
        let base = span.start;
        let document = &record[span];
        self.scratch.clear();
        self.scratch.extend_from_slice(document);
        if masked {
            self.mask_numbers(base);
        }
        // simd-json takes spaces for the end of a number; it never takes them for part of one.
        self.scratch.resize(document.len() + INPUT_PADDING, b' ');
        self.state.masked = masked;
        self.state.marks.clear();
        let mut tape = self.tape.take().unwrap_or_else(Tape::null).reset();
        let parsed = simd_json::fill_tape_padded(&mut self.scratch, document.len(), &mut self.buffers, &mut tape);
        let walked = parsed.map(|()| {
            let source = Source { bytes: document, base, structurals: self.buffers.structural_indexes() };
            Walker { tape: &tape.0, source, state: &mut self.state }.document(&mut self.root, &self.plan)
        });
        self.tape = Some(tape.reset());
        walked.map_err(|e| Refused(ManuallyDrop::new(e)))
    }

    #[cold]
    #[inline(never)]
    fn mask_numbers(&mut self, base: usize) {
        for mask in &self.masks {
            let number = &mut self.scratch[mask.start - base..mask.end - base];
            number.fill(b' ');
            number[0] = b'0';
        }
    }

    /// Finds out why simd-json refused a record, and goes on where it is well-formed after all.
    #[cold]
    #[inline(never)]
    fn recover(&mut self, record: &[u8], start: usize, refusal: &Refused) -> SchemaResult<()> {
        if let Err(e) = std::str::from_utf8(record) {
            return Err(at_byte(DecodeError::InvalidUtf8, e.valid_up_to()));
        }
        let end = self.scan(record, start)?;
        if skip_space(record, end) == record.len() {
            return self.attempt_masked(record, start..record.len(), refusal);
        }
        let (mut documents, mut from) = (Vec::new(), start);
        let mut to = end;
        while from < record.len() {
            documents.push(from..to);
            from = skip_space(record, to);
            if from < record.len() {
                to = self.scan(record, from)?;
            }
        }
        if self.plan.multiple_documents == MultipleDocuments::Reject {
            return Err(at_byte(DecodeError::MultipleDocuments, documents[1].start));
        }
        for document in documents {
            match self.attempt(record, document.clone(), false) {
                Ok(walked) => walked?,
                Err(refusal) => {
                    self.scan(record, document.start)?;
                    self.attempt_masked(record, document, &refusal)?;
                }
            }
        }
        Ok(())
    }

    /// Scans the document at `at`, leaving its numbers in `masks`, and returns its end.
    fn scan(&mut self, record: &[u8], at: usize) -> SchemaResult<usize> {
        let masks = &mut self.masks;
        masks.clear();
        let scanned = self.scanner.document(record, at, self.plan.max_depth, &mut |number| masks.push(number));
        scanned.map_err(|e| syntax_error(e, record, self.plan.max_depth))
    }

    /// Parses a well-formed document with every number replaced by a placeholder: simd-json refuses integers of
    /// more than 64 bits and numbers beyond f64, which decimals, JSON columns and unwanted fields may have.
    fn attempt_masked(&mut self, record: &[u8], span: Range<usize>, refusal: &Refused) -> SchemaResult<()> {
        let walked = if self.masks.is_empty() { None } else { self.attempt(record, span, true).ok() };
        walked.unwrap_or_else(|| Err(refusal.to_error()))
    }

    /// Hands out all rows and starts over, warm.
    pub(crate) fn finish(&mut self) -> SchemaResult<RecordBatch> {
        let rows = self.root.num_rows();
        let mut arrays = self.root.finish_fields();
        for (index, field) in self.root.fields.iter_mut().enumerate() {
            if !field.default_rows.is_empty() {
                let array =
                    std::mem::replace(&mut arrays[index], arrow_array::new_empty_array(field.field.data_type()));
                arrays[index] = self.defaults.fill(index, array, &field.default_rows)?;
                field.default_rows.clear();
            }
        }
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        Ok(RecordBatch::try_new_with_options(SchemaRef::clone(&self.schema), arrays, &options)?)
    }
}

/// Records that were checked for UTF-8 together.
struct Checked<'b> {
    /// The first record that was not.
    until: usize,
    /// `None` where one of them is no UTF-8: then all of them are the tape's, which finds out which.
    span: Option<Utf8Span<'b>>,
}

impl<'b> Checked<'b> {
    /// No record up to `until` was checked.
    fn nothing(until: usize) -> Self {
        Self { until, span: None }
    }

    /// Checks records from `first` on.
    #[inline(never)]
    fn from(batch: &'b RawBatch, first: usize) -> Self {
        let start = batch.span(first).start;
        let (mut until, mut end) = (first, start);
        while until < batch.len() && (until == first || batch.span(until).end - start <= CHECKED_BYTES) {
            end = batch.span(until).end;
            until += 1;
        }
        Self { until, span: Utf8Span::check(batch.padded_values(), start..end) }
    }
}

/// What RFC 8259 takes for white space.
fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

#[cold]
#[inline(never)]
fn too_large(size: usize, limit: usize) -> SchemaError {
    DecodeError::TooLarge { size, limit }.into()
}

#[cold]
#[inline(never)]
fn at_byte(error: DecodeError, at: usize) -> SchemaError {
    SchemaError::from(error).at(Location { span: Some(at..at + 1), ..Location::default() })
}

#[cold]
#[inline(never)]
fn syntax_error(e: SyntaxError, record: &[u8], limit: usize) -> SchemaError {
    let error = match e.problem {
        Problem::TooDeep => DecodeError::TooDeep { limit },
        _ => DecodeError::Syntax { reason: e.reason(record) },
    };
    at_byte(error, e.at)
}

impl FormatDecoder for JsonDecoder {
    fn output_schema(&self) -> SchemaRef {
        SchemaRef::clone(&self.schema)
    }

    fn decode(&mut self, batch: &RawBatch) -> SchemaResult<Decoded> {
        let mut rejected = Vec::new();
        // Filled from the first record on that did not give exactly one row.
        let mut rows: Option<Vec<u32>> = None;
        let mut checked = Checked::nothing(if self.walk.is_some() { 0 } else { batch.len() });
        let mut record = 0;
        while record < batch.len() {
            if record == checked.until {
                checked = Checked::from(batch, record);
            }
            let before = self.root.num_rows();
            let decoded = match self.decode_records(batch, record, &checked) {
                // One row each.
                Ok(left) if left > record => {
                    if let Some(rows) = &mut rows {
                        rows.extend(record as u32..left as u32);
                    }
                    record = left;
                    continue;
                }
                Ok(_) => self.decode_record(batch, record),
                Err(full) => Err(full),
            };
            if let Err(error) = decoded {
                self.root.truncate(before);
                rejected.push(Rejected { record, error });
            }
            let given = self.root.num_rows() - before;
            if given != 1 && rows.is_none() {
                let mut identity = Vec::with_capacity(batch.len());
                identity.extend(0..before as u32);
                rows = Some(identity);
            }
            if let Some(rows) = &mut rows {
                rows.extend(std::iter::repeat_n(record as u32, given));
            }
            record += 1;
        }
        Ok(Decoded {
            batch: self.finish()?,
            rejected,
            rows: rows.map_or(RowRecords::Identity, RowRecords::Indices),
            consumed: batch.len(),
            needs: None,
        })
    }

    fn format_name(&self) -> &'static str {
        super::NAME
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
        f.debug_struct("JsonDecoder").field("schema", &self.schema).field("plan", &self.plan).finish_non_exhaustive()
    }
}
