//! Tape → columns: one pass over a document's tape, in step with the schema.

use arrow_array::OffsetSizeTrait;
use arrow_schema::Field;
use laminar_schema::{DecodeError, Found, Location, SchemaError, SchemaResult};
use simd_json::{Node, StaticNode};

use super::{
    misfits::Misfits,
    options::DuplicateFields,
    rescue::Rescue,
    source::{Marks, Source},
};
use crate::{
    column::{
        Column, ColumnOps, FixedListColumn, JsonColumn, ListColumn, MapColumn, Mismatch, OnAbsent, Scalar, StructColumn,
    },
    policy::{RescueReason, TypeMismatch, UnknownFields},
};

/// What a walk needs beside the tape and the columns; kept from record to record.
#[derive(Debug)]
pub(super) struct WalkState {
    pub(super) type_mismatch: TypeMismatch,
    pub(super) unknown_fields: UnknownFields,
    pub(super) duplicate_fields: DuplicateFields,
    pub(super) coerce_strings: bool,
    pub(super) rescue: Rescue,
    pub(super) marks: Marks,
    /// Numbers on the tape are placeholders; their text is in the record.
    pub(super) masked: bool,
    /// Counts objects, so that a field knows whether it was seen in this one.
    pub(super) objects: u64,
    /// Tape indices of the keys to pass over in the maps that are being walked, the innermost map's last.
    pub(super) map_keys: Vec<u32>,
}

/// One walk over one document.
pub(super) struct Walker<'t, 's> {
    pub(super) tape: &'t [Node<'t>],
    pub(super) source: Source<'t>,
    pub(super) state: &'s mut WalkState,
}

impl<'t> Walker<'t, '_> {
    /// Pushes one row: the object whose `len` fields begin at `at`. Returns the index behind it.
    pub(super) fn object(&mut self, row: &mut StructColumn, at: usize, len: usize) -> SchemaResult<usize> {
        self.state.objects += 1;
        let object = self.state.objects;
        let (rows, node) = (row.num_rows(), at - 1);
        let (mut at, mut previous, mut absent) = (at, None, row.fields.len());
        let mut misfits = Misfits::default();
        for _ in 0..len {
            let Some(Node::String(key)) = self.tape.get(at) else { break };
            at += 1;
            let Some(index) = row.keys.find(key, previous) else {
                at = match self.unknown(key, at) {
                    Ok(end) => end,
                    Err(e) => self.pass_over(&mut misfits, None, at, e)?,
                };
                continue;
            };
            previous = Some(index);
            let field = &mut row.fields[index];
            if field.seen == object {
                if self.state.duplicate_fields == DuplicateFields::Reject {
                    return Err(self.at(duplicate(key), at - 1));
                }
                // Of a value that did not fit, too, parts may have been pushed.
                field.column.truncate(rows);
                self.state.rescue.forget(field.rescued.clone());
                misfits.forget(index);
            } else {
                field.seen = object;
                absent -= 1;
            }
            let end = if self.state.rescue.enabled {
                let (mark, from) = (self.state.rescue.enter_field(key), self.state.rescue.len());
                let end = self.value(&mut field.column, &field.field, at);
                field.rescued = from..self.state.rescue.len();
                self.state.rescue.leave(mark);
                end
            } else {
                self.value(&mut field.column, &field.field, at)
            };
            at = match end {
                Ok(end) => end,
                Err(e) => self.pass_over(&mut misfits, Some(index), at, e.in_field(key))?,
            };
        }
        misfits.finish()?;
        if absent > 0 {
            push_absent(row, object).map_err(|e| self.at(e, node))?;
        }
        row.end_row();
        Ok(at)
    }

    /// Passes over the value at `at`, which is refused, as long as a later one may overwrite it.
    #[cold]
    #[inline(never)]
    fn pass_over(
        &self,
        misfits: &mut Misfits,
        field: Option<usize>,
        at: usize,
        reason: SchemaError,
    ) -> SchemaResult<usize> {
        if self.state.duplicate_fields == DuplicateFields::Reject {
            return Err(reason);
        }
        misfits.keep(field, at, reason);
        Ok(self.skip(at))
    }

    /// Pushes the value at `at` and returns the index behind it.
    pub(super) fn value(&mut self, column: &mut Column, field: &Field, at: usize) -> SchemaResult<usize> {
        if let Column::Json(json) = column {
            return self.json(json, field, at);
        }
        let pushed = match self.tape[at] {
            Node::String(text) if self.state.coerce_strings => column.push_scalar(Scalar::Text(text)),
            Node::String(text) => column.push_scalar(Scalar::Str(text)),
            Node::Static(StaticNode::Null) => return self.null(column, field, at),
            Node::Static(StaticNode::Bool(v)) => column.push_scalar(Scalar::Bool(v)),
            Node::Static(number) => self.number(column, number, at),
            Node::Object { len, .. } => match column {
                Column::Struct(row) => return self.object(row, at + 1, len),
                Column::Map(map) => return self.map(map, field, at, len),
                _ => Err(Mismatch::Type),
            },
            Node::Array { len, .. } => match column {
                Column::List(list) => return self.list(list, field, at, len),
                Column::LargeList(list) => return self.list(list, field, at, len),
                Column::FixedSizeList(list) => return self.fixed_list(list, field, at, len),
                _ => Err(Mismatch::Type),
            },
        };
        match pushed {
            Ok(()) => Ok(self.skip(at)),
            Err(mismatch) => self.mismatch(column, field, at, mismatch),
        }
    }

    #[inline]
    fn number(&mut self, column: &mut Column, number: StaticNode, at: usize) -> Result<(), Mismatch> {
        let exact = column.wants_exact_numbers();
        match number {
            _ if self.state.masked => column.push_scalar(Scalar::Number(self.text(at))),
            // simd-json gives negative integers as I64: this is `-0`, whose sign a floating-point number keeps.
            StaticNode::I64(0) if !exact => column.push_scalar(Scalar::F64(-0.0)),
            StaticNode::I64(v) => column.push_scalar(Scalar::I64(v)),
            StaticNode::U64(v) => column.push_scalar(Scalar::U64(v)),
            StaticNode::F64(v) if exact || column.is_tie(v) => column.push_scalar(Scalar::Number(self.text(at))),
            StaticNode::F64(v) => column.push_scalar(Scalar::F64(v)),
            StaticNode::Bool(_) | StaticNode::Null => Err(Mismatch::Type),
        }
    }

    #[inline]
    fn null(&mut self, column: &mut Column, field: &Field, at: usize) -> SchemaResult<usize> {
        if !field.is_nullable() {
            return Err(self.at(null_field(field), at));
        }
        column.push_null();
        Ok(at + 1)
    }

    fn json(&mut self, column: &mut JsonColumn, field: &Field, at: usize) -> SchemaResult<usize> {
        if let Node::Static(StaticNode::Null) = self.tape[at] {
            if !field.is_nullable() {
                return Err(self.at(null_field(field), at));
            }
            column.push_null();
        } else {
            let text = self.text(at);
            column.push_document(text).map_err(|mismatch| self.error(field, at, mismatch))?;
        }
        Ok(self.skip(at))
    }

    fn items(&mut self, column: &mut Column, field: &Field, at: usize, len: usize) -> SchemaResult<usize> {
        let mut at = at + 1;
        for index in 0..len {
            let mark = if self.state.rescue.enabled { self.state.rescue.enter_item(index) } else { 0 };
            at = self.value(column, field, at).map_err(|e| in_item(e, index))?;
            if self.state.rescue.enabled {
                self.state.rescue.leave(mark);
            }
        }
        Ok(at)
    }

    fn list<O: OffsetSizeTrait>(
        &mut self,
        list: &mut ListColumn<O>,
        field: &Field,
        at: usize,
        len: usize,
    ) -> SchemaResult<usize> {
        let (item, item_field) = list.item_and_field();
        let end = self.items(item, item_field, at, len)?;
        list.end_row().map_err(|mismatch| self.error(field, at, mismatch))?;
        Ok(end)
    }

    fn fixed_list(&mut self, list: &mut FixedListColumn, field: &Field, at: usize, len: usize) -> SchemaResult<usize> {
        let (item, item_field) = list.item_and_field();
        let end = self.items(item, item_field, at, len)?;
        match list.end_row() {
            Ok(()) => Ok(end),
            Err(_) if self.forgives(field, at) => {
                list.push_null();
                Ok(end)
            }
            Err(mismatch) => Err(self.error(field, at, mismatch)),
        }
    }

    /// Pushes an object as pairs; of pairs with the same key the last counts.
    fn map(&mut self, map: &mut MapColumn, field: &Field, at: usize, len: usize) -> SchemaResult<usize> {
        let from = self.state.map_keys.len();
        let end = self.pairs(map, field, at, len, from);
        // Where it failed, too: the walk goes on behind a value that is overwritten.
        self.state.map_keys.truncate(from);
        end
    }

    /// Pushes the pairs of the map at `at`, whose keys to pass over begin at `from` in `map_keys`.
    fn pairs(&mut self, map: &mut MapColumn, field: &Field, at: usize, len: usize, from: usize) -> SchemaResult<usize> {
        self.mark_duplicate_keys(at + 1, len)?;
        let start = at;
        let mut at = at + 1;
        for _ in 0..len {
            let Some(Node::String(key)) = self.tape.get(at) else { break };
            // Maps within this one have removed their own keys again.
            if self.state.map_keys[from..].binary_search(&(at as u32)).is_ok() {
                at = self.skip(at + 1);
                continue;
            }
            let (column, key_field) = map.key_and_field();
            column.push_scalar(Scalar::Text(key)).map_err(|mismatch| {
                self.at(mismatch.into_error(key_field.data_type().clone(), Found::new("key", key)).into(), at)
            })?;
            let (column, value_field) = map.value_and_field();
            let mark = if self.state.rescue.enabled { self.state.rescue.enter_field(key) } else { 0 };
            at = self.value(column, value_field, at + 1).map_err(|e| e.in_field(key))?;
            if self.state.rescue.enabled {
                self.state.rescue.leave(mark);
            }
        }
        map.end_row().map_err(|mismatch| self.error(field, start, mismatch))?;
        Ok(at)
    }

    /// Appends to `map_keys` the tape indices of keys that stand again further on, in growing order.
    fn mark_duplicate_keys(&mut self, at: usize, len: usize) -> SchemaResult<()> {
        let mut all = std::mem::take(&mut self.state.map_keys);
        let from = all.len();
        let mut next = at;
        for _ in 0..len {
            all.push(next as u32);
            next = self.skip(next + 1);
        }
        let key = |at: u32| match self.tape[at as usize] {
            Node::String(key) => key,
            _ => "",
        };
        let keys = &mut all[from..];
        keys.sort_unstable_by(|a, b| key(*a).cmp(key(*b)).then(a.cmp(b)));
        let mut kept = 0;
        for i in 1..keys.len() {
            if key(keys[i - 1]) == key(keys[i]) {
                keys[kept] = keys[i - 1];
                kept += 1;
            }
        }
        let found = kept > 0 && self.state.duplicate_fields == DuplicateFields::Reject;
        let error = if found { Err(self.at(duplicate(key(keys[0])), keys[0] as usize)) } else { Ok(()) };
        keys[..kept].sort_unstable();
        all.truncate(from + kept);
        self.state.map_keys = all;
        error
    }

    /// The value at `at` does not fit: null where that is asked for and possible, an error otherwise.
    #[cold]
    #[inline(never)]
    fn mismatch(&mut self, column: &mut Column, field: &Field, at: usize, why: Mismatch) -> SchemaResult<usize> {
        if !self.forgives(field, at) {
            return Err(self.error(field, at, why));
        }
        column.push_null();
        Ok(self.skip(at))
    }

    /// Whether a value that does not fit may become null; it is rescued then if that is asked for.
    fn forgives(&mut self, field: &Field, at: usize) -> bool {
        if !field.is_nullable() || self.state.type_mismatch == TypeMismatch::Reject {
            return false;
        }
        if self.state.type_mismatch == TypeMismatch::Rescue {
            let text = self.text(at);
            self.state.rescue.keep(text, RescueReason::TypeMismatch);
        }
        true
    }

    /// A field that the schema lacks; its value is at `at`.
    #[inline]
    fn unknown(&mut self, key: &str, at: usize) -> SchemaResult<usize> {
        match self.state.unknown_fields {
            UnknownFields::Ignore => {}
            UnknownFields::Reject => return Err(self.at(unknown(key), at - 1)),
            UnknownFields::Rescue => {
                let text = self.text(at);
                let mark = self.state.rescue.enter_field(key);
                self.state.rescue.keep(text, RescueReason::UnknownField);
                self.state.rescue.leave(mark);
            }
        }
        Ok(self.skip(at))
    }

    /// The index behind the value at `at`.
    #[inline]
    pub(super) fn skip(&self, at: usize) -> usize {
        match self.tape[at] {
            Node::Object { count, .. } | Node::Array { count, .. } => at + 1 + count,
            Node::String(_) | Node::Static(_) => at + 1,
        }
    }

    /// The value at `at` as it is written in the record.
    pub(super) fn text(&mut self, at: usize) -> &'t str {
        self.state.marks.text(self.source, self.tape, at)
    }

    #[cold]
    #[inline(never)]
    fn error(&mut self, field: &Field, at: usize, mismatch: Mismatch) -> SchemaError {
        let found = self.found(at);
        self.at(mismatch.into_error(field.data_type().clone(), found).into(), at)
    }

    /// The error, at the bytes of the node that it is about.
    #[cold]
    #[inline(never)]
    pub(super) fn at(&mut self, error: SchemaError, at: usize) -> SchemaError {
        let span = self.state.marks.span(self.source, self.tape, at);
        let base = self.source.base;
        error.at(Location { span: Some(base + span.start..base + span.end), ..Location::default() })
    }

    /// What stands at `at`, for a message.
    #[cold]
    #[inline(never)]
    pub(super) fn found(&mut self, at: usize) -> Found {
        match self.tape[at] {
            Node::Object { .. } => Found::kind("object"),
            Node::Array { .. } => Found::kind("array"),
            Node::String(text) => Found::new("string", text),
            Node::Static(StaticNode::Null) => Found::kind("null"),
            Node::Static(StaticNode::Bool(_)) => Found::new("boolean", self.text(at)),
            Node::Static(_) => Found::new("number", self.text(at)),
        }
    }
}

/// Pushes what the fields get that object number `object` does not have.
#[inline(never)]
pub(crate) fn push_absent(row: &mut StructColumn, object: u64) -> SchemaResult<()> {
    let rows = row.num_rows();
    for field in row.fields.iter_mut().filter(|f| f.seen != object) {
        match field.on_absent {
            OnAbsent::Null => field.column.push_null(),
            OnAbsent::Default => {
                field.column.push_null();
                field.default_rows.push(rows as u32);
            }
            OnAbsent::Reject => return Err(missing(&field.field)),
            OnAbsent::Decoder => {}
        }
    }
    Ok(())
}

#[cold]
#[inline(never)]
fn missing(field: &Field) -> SchemaError {
    let key = laminar_schema::field::payload_key(field);
    SchemaError::from(DecodeError::MissingField { expected: field.data_type().clone() }).in_field(key)
}

#[cold]
#[inline(never)]
pub(crate) fn null_field(field: &Field) -> SchemaError {
    DecodeError::NullField { expected: field.data_type().clone() }.into()
}

#[cold]
#[inline(never)]
pub(crate) fn unknown(key: &str) -> SchemaError {
    SchemaError::from(DecodeError::UnknownField).in_field(key)
}

#[cold]
#[inline(never)]
pub(crate) fn duplicate(key: &str) -> SchemaError {
    SchemaError::from(DecodeError::DuplicateField).in_field(key)
}

#[cold]
#[inline(never)]
pub(crate) fn in_item(error: SchemaError, index: usize) -> SchemaError {
    error.in_field(&format!("[{index}]"))
}
