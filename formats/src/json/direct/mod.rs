//! The direct engines: bytes → columns in one pass, in step with the schema, without a tape.
//!
//! Lives here: the parser, once, generic over an instruction set ([`crate::scan::Isa`]); what it learns about the order of
//! keys ([`glue`]); and the closed set of its instances ([`instance`]). Does not live here: any policy about a value that
//! does not fit. Where a record needs one (a mismatch, a key twice, a missing NOT NULL field, an unknown field that is to be
//! rejected or rescued, several documents, anything malformed), the parser gives up, its part of the row is taken back, and
//! the tape decodes the record into the same columns. So both engines cannot differ in what they say about a record, only
//! in what they take; and that is what `tests/` compares.

pub(crate) mod glue;
mod instance;
mod object;
mod skip;
mod value;

use std::ops::Range;

use arrow_schema::{DataType, Field, Fields};
use laminar_schema::RawBatch;

pub(super) use instance::Instance;
pub(crate) use instance::compiled;
pub(crate) use object::push_absent_fields;
pub(super) use skip::{colon, unescape, value as skip_value};

use super::options::JsonOptions;
use crate::{column::StructColumn, policy::UnknownFields, scan::Utf8Span};

/// What a walk over records needs beside the columns; kept from record to record.
#[derive(Debug)]
pub(super) struct Walk {
    ignores_unknown: bool,
    coerce_strings: bool,
    max_depth: usize,
    /// The record is the tape's matter: an object within it was not taken, so that no other way into it is tried. With two
    /// ways at each level their number would double with each.
    refused: bool,
    /// Containers that are open around the current value.
    depth: usize,
    /// Containers that are open within a value that no column wants; true for an object.
    open: Vec<bool>,
    /// The string that is being unescaped.
    text: Vec<u8>,
    /// Keys of the maps that are open, in `map_text`.
    map_keys: Vec<Range<usize>>,
    map_text: Vec<u8>,
}

impl Walk {
    /// `None` where these options or this schema are the tape's alone: the schema itself nests deeper than allowed.
    pub(super) fn new(fields: &Fields, options: &JsonOptions) -> Option<Self> {
        (depth_of(fields) <= options.max_depth).then(|| Self {
            ignores_unknown: options.unknown_fields == UnknownFields::Ignore,
            coerce_strings: options.coerce_strings,
            max_depth: options.max_depth,
            refused: false,
            depth: 0,
            open: Vec::new(),
            text: Vec::new(),
            map_keys: Vec::new(),
            map_text: Vec::new(),
        })
    }

    /// Says how many containers are open around the value that comes next.
    #[inline(always)]
    pub(super) fn nest(&mut self, depth: usize) {
        self.depth = depth;
    }

    /// Forgets what a record that was not finished has left.
    pub(super) fn start_over(&mut self) {
        self.refused = false;
        self.depth = 0;
        self.map_keys.clear();
        self.map_text.clear();
    }
}

/// Records of a batch that are known to be UTF-8.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run<'b> {
    pub(super) batch: &'b RawBatch,
    pub(super) checked: &'b Utf8Span<'b>,
    /// The records' numbers.
    pub(super) first: usize,
    pub(super) until: usize,
    pub(super) max_record_bytes: usize,
}

/// Appends the rows of records up to the first that is the tape's matter, and returns its number. Its row, or parts of it,
/// may have been appended too.
#[inline(always)]
pub(super) fn records<I: Instance>(isa: I, walk: &mut Walk, root: &mut StructColumn, run: Run<'_>) -> usize {
    for record in run.first..run.until {
        let Some(start) = run.checked.record(run.batch.span(record)) else { return record };
        if start.remaining() > run.max_record_bytes {
            return record;
        }
        let Some(inside) = start.skip_space().behind(b'{') else { return record };
        let Some(end) = object::object(isa, walk, root, inside) else { return record };
        if !end.skip_space().is_at_end() {
            return record;
        }
    }
    run.until
}

/// How deep objects with all of these fields nest.
fn depth_of(fields: &Fields) -> usize {
    1 + fields.iter().map(|field| depth_of_value(field)).max().unwrap_or(0)
}

fn depth_of_value(field: &Field) -> usize {
    match field.data_type() {
        DataType::Struct(fields) => depth_of(fields),
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => 1 + depth_of_value(item),
        // Its entries are a struct, which is the object itself.
        DataType::Map(entries, _) => depth_of_value(entries),
        _ => 0,
    }
}
