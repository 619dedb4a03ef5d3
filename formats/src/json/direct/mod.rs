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

pub(super) use instance::Instance;

use super::options::JsonOptions;
use crate::{column::StructColumn, policy::UnknownFields, scan::Cursor};

/// What a walk over records needs beside the columns; kept from record to record.
#[derive(Debug)]
pub(super) struct Walk {
    ignores_unknown: bool,
    coerce_strings: bool,
    max_depth: usize,
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
            depth: 0,
            open: Vec::new(),
            text: Vec::new(),
            map_keys: Vec::new(),
            map_text: Vec::new(),
        })
    }

    /// Appends the row of the record at `start`; false where that is the tape's matter, and then parts of the row may
    /// have been appended.
    #[inline(always)]
    pub(super) fn record<I: Instance>(&mut self, isa: I, root: &mut StructColumn, start: Cursor<'_>) -> bool {
        self.depth = 0;
        self.map_keys.clear();
        self.map_text.clear();
        let at = start.skip_space();
        if at.byte() != b'{' {
            return false;
        }
        isa.object(self, root, at.advance(1)).is_some_and(|end| end.skip_space().is_at_end())
    }
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
