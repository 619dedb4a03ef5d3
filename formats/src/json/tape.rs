//! The tape engine: records → simd-json's tape → columns, and what is wrong with a record.

use std::{fmt, mem::ManuallyDrop, ops::Range};

use laminar_schema::{DecodeError, Location, SchemaError, SchemaResult};
use simd_json::{Buffers, INPUT_PADDING, Tape};

use super::{
    options::{JsonOptions, MultipleDocuments},
    plan::Plan,
    rescue::Rescue,
    source::{Marks, Source},
    syntax::{Problem, Scanner, SyntaxError, skip_space},
    walk::{WalkState, Walker, push_absent},
};
use crate::{
    column::{ColumnOps, StructColumn},
    policy::NoContent,
};

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// What decoding by way of a tape needs beside the columns; kept from record to record.
pub(super) struct TapeEngine {
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

impl TapeEngine {
    pub(super) fn new(options: &JsonOptions, plan: &Plan) -> Self {
        Self {
            state: WalkState {
                type_mismatch: options.type_mismatch,
                unknown_fields: options.unknown_fields,
                duplicate_fields: options.duplicate_fields,
                coerce_strings: options.coerce_strings,
                rescue: Rescue::new(plan.rescue.is_some()),
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
        }
    }

    /// Decodes one record by way of simd-json's tape, and says what is wrong with it.
    #[inline(never)]
    pub(super) fn record(&mut self, root: &mut StructColumn, plan: &Plan, record: &[u8]) -> SchemaResult<()> {
        if record.len() > plan.max_record_bytes {
            return Err(too_large(record.len(), plan.max_record_bytes));
        }
        let start = if record.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
        if record.get(start) != Some(&b'{') && skip_space(record, start) == record.len() {
            return self.blank(root, plan, plan.empty_records, DecodeError::EmptyRecord);
        }
        match self.attempt(root, plan, record, start..record.len(), false) {
            Ok(walked) => walked,
            Err(refusal) => self.recover(root, plan, record, start, &refusal),
        }
    }

    /// Does what is asked for with a record without a value.
    ///
    /// # Errors
    /// It is rejected.
    pub(super) fn tombstone(&mut self, root: &mut StructColumn, plan: &Plan) -> SchemaResult<()> {
        self.blank(root, plan, plan.tombstones, DecodeError::Tombstone)
    }

    fn blank(
        &mut self,
        root: &mut StructColumn,
        plan: &Plan,
        policy: NoContent,
        error: DecodeError,
    ) -> SchemaResult<()> {
        match policy {
            NoContent::Skip => Ok(()),
            NoContent::Reject => Err(error.into()),
            NoContent::Null => {
                self.state.objects += 1;
                push_absent(root, self.state.objects)?;
                for reserved in [plan.document, plan.rescue].into_iter().flatten() {
                    root.fields[reserved].column.push_null();
                }
                root.end_row();
                Ok(())
            }
        }
    }

    /// Parses one document of the record and walks it, with `masks` in place of its numbers if `masked`. The outer error
    /// is simd-json's: the document did not parse.
    fn attempt(
        &mut self,
        root: &mut StructColumn,
        plan: &Plan,
        record: &[u8],
        span: Range<usize>,
        masked: bool,
    ) -> Result<SchemaResult<()>, Refused> {
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
            Walker { tape: &tape.0, source, state: &mut self.state }.document(root, plan)
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
    fn recover(
        &mut self,
        root: &mut StructColumn,
        plan: &Plan,
        record: &[u8],
        start: usize,
        refusal: &Refused,
    ) -> SchemaResult<()> {
        if let Err(e) = std::str::from_utf8(record) {
            return Err(at_byte(DecodeError::InvalidUtf8, e.valid_up_to()));
        }
        let end = self.scan(plan, record, start)?;
        if skip_space(record, end) == record.len() {
            return self.attempt_masked(root, plan, record, start..record.len(), refusal);
        }
        let (mut documents, mut from) = (Vec::new(), start);
        let mut to = end;
        while from < record.len() {
            documents.push(from..to);
            from = skip_space(record, to);
            if from < record.len() {
                to = self.scan(plan, record, from)?;
            }
        }
        if plan.multiple_documents == MultipleDocuments::Reject {
            return Err(at_byte(DecodeError::MultipleDocuments, documents[1].start));
        }
        for document in documents {
            match self.attempt(root, plan, record, document.clone(), false) {
                Ok(walked) => walked?,
                Err(refusal) => {
                    self.scan(plan, record, document.start)?;
                    self.attempt_masked(root, plan, record, document, &refusal)?;
                }
            }
        }
        Ok(())
    }

    /// Scans the document at `at`, leaving its numbers in `masks`, and returns its end.
    fn scan(&mut self, plan: &Plan, record: &[u8], at: usize) -> SchemaResult<usize> {
        let masks = &mut self.masks;
        masks.clear();
        let scanned = self.scanner.document(record, at, plan.max_depth, &mut |number| masks.push(number));
        scanned.map_err(|e| syntax_error(e, record, plan.max_depth))
    }

    /// Parses a well-formed document with every number replaced by a placeholder: simd-json refuses integers of
    /// more than 64 bits and numbers beyond f64, which decimals, JSON columns and unwanted fields may have.
    fn attempt_masked(
        &mut self,
        root: &mut StructColumn,
        plan: &Plan,
        record: &[u8],
        span: Range<usize>,
        refusal: &Refused,
    ) -> SchemaResult<()> {
        let walked = if self.masks.is_empty() { None } else { self.attempt(root, plan, record, span, true).ok() };
        walked.unwrap_or_else(|| Err(refusal.to_error()))
    }
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

impl fmt::Debug for TapeEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TapeEngine").field("state", &self.state).finish_non_exhaustive()
    }
}
