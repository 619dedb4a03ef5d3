//! Struct columns, and the record itself, which is one.

use std::{ops::Range, sync::Arc};

use arrow_array::{ArrayRef, StructArray};
use arrow_schema::{FieldRef, Fields, Schema};
use laminar_schema::{SchemaResult, default_value::DefaultFiller, field::payload_key};

use super::{Column, ColumnOps, ColumnOptions, KeyTable, Mismatch, Scalar, storage::NullRows};
use crate::{json::GlueTable, msgpack::KeyOrder};

/// Builds a struct column: push one value into every field's column, then [`StructColumn::end_row`].
#[derive(Debug)]
pub struct StructColumn {
    /// Payload keys of the fields.
    pub keys: KeyTable,
    /// The fields, in schema order.
    pub fields: Vec<StructField>,
    /// What stood between values so far, for the JSON engines.
    pub(crate) glue: GlueTable,
    /// What followed what so far, for MessagePack.
    pub(crate) order: KeyOrder,
    /// [`StructColumn::all_seen`].
    all_seen: Option<u64>,
    arrow_fields: Fields,
    /// Of a struct inside a record; those of the record itself are its decoder's matter.
    defaults: DefaultFiller,
    rows: usize,
    nulls: NullRows,
}

/// One field of a struct column.
#[derive(Debug)]
pub struct StructField {
    /// The field of the schema.
    pub field: FieldRef,
    /// Its builder.
    pub column: Column,
    /// What a record without the key gets.
    pub on_absent: OnAbsent,
    /// The object in which the key was seen last; for decoders to tell duplicates and absent keys with.
    pub seen: u64,
    /// Where a decoder that rescues has put what did not fit in the value of that key.
    pub rescued: Range<usize>,
    /// Rows, in growing order, that wait for their DEFAULT and are null until then.
    pub default_rows: Vec<u32>,
}

/// What a field's column gets from a record that lacks the field's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnAbsent {
    /// A null.
    Null,
    /// Its DEFAULT, once per batch.
    Default,
    /// The record is rejected: the field is NOT NULL.
    Reject,
    /// Whatever the decoder pushes itself; no key of the record is ever this field's.
    Decoder,
}

impl StructColumn {
    /// A builder of structs.
    ///
    /// # Errors
    /// As [`Column::new`], for the fields; the error names the field.
    pub fn new(fields: &Fields, options: &ColumnOptions) -> SchemaResult<Self> {
        let defaults = DefaultFiller::new(&Schema::new(fields.clone()))?;
        let columns = fields.iter().enumerate().map(|(index, f)| {
            Ok(StructField {
                field: Arc::clone(f),
                column: Column::new(f, options).map_err(|e| e.in_field(f.name()))?,
                on_absent: match (defaults.has_default(index), f.is_nullable()) {
                    (true, _) => OnAbsent::Default,
                    (false, true) => OnAbsent::Null,
                    (false, false) => OnAbsent::Reject,
                },
                seen: 0,
                rescued: 0..0,
                default_rows: Vec::new(),
            })
        });
        let keys = KeyTable::new(fields.iter().map(|f| payload_key(f)), &[]);
        Ok(Self {
            order: KeyOrder::new(&keys),
            keys,
            fields: columns.collect::<SchemaResult<Vec<_>>>()?,
            glue: GlueTable::default(),
            all_seen: all_seen(fields.len(), &[]),
            arrow_fields: fields.clone(),
            defaults,
            rows: 0,
            nulls: NullRows::default(),
        })
    }

    /// Keeps a field for the decoder to fill: [`OnAbsent::Decoder`].
    ///
    /// # Panics
    /// When there is no such field.
    pub fn reserve_field(&mut self, index: usize) {
        self.fields[index].on_absent = OnAbsent::Decoder;
        let reserved = self.fields.iter().enumerate().filter(|(_, f)| f.on_absent == OnAbsent::Decoder);
        let reserved: Vec<usize> = reserved.map(|(i, _)| i).collect();
        self.all_seen = all_seen(self.fields.len(), &reserved);
        self.keys = KeyTable::new(self.arrow_fields.iter().map(|f| payload_key(f)), &reserved);
        self.order = KeyOrder::new(&self.keys);
    }

    /// One bit for every field that a record can name, which is all but those that a decoder fills itself; `None` where
    /// there are more than 64.
    #[inline]
    pub(crate) fn all_seen(&self) -> Option<u64> {
        self.all_seen
    }

    /// Whether all texts that were pushed without a look at them are UTF-8.
    pub(crate) fn check_text(&mut self) -> bool {
        self.fields.iter_mut().all(|field| field.column.check_text())
    }

    /// Pushes what the fields get that have no value in this row: those whose [`StructField::seen`] is not `object`.
    ///
    /// # Errors
    /// [`DecodeError::MissingField`](laminar_schema::DecodeError::MissingField) for a NOT NULL field without a DEFAULT.
    pub fn push_absent(&mut self, object: u64) -> SchemaResult<()> {
        crate::json::push_absent(self, object)
    }

    /// Ends a row; every field's column has got its value.
    #[inline]
    pub fn end_row(&mut self) {
        self.rows += 1;
    }

    /// Ends so many rows; every field's column has got their values.
    #[inline]
    pub(crate) fn end_rows(&mut self, rows: usize) {
        self.rows += rows;
    }

    /// Hands out the fields' arrays, as [`ColumnOps::finish`] does, without wrapping them.
    pub fn finish_fields(&mut self) -> Vec<ArrayRef> {
        self.rows = 0;
        self.nulls.truncate(0);
        self.fields.iter_mut().map(|f| f.column.finish()).collect()
    }
}

fn all_seen(fields: usize, reserved: &[usize]) -> Option<u64> {
    let named = (0..fields).filter(|i| !reserved.contains(i));
    (fields <= 64).then(|| named.fold(0, |all, i| all | 1 << i))
}

impl ColumnOps for StructColumn {
    fn num_rows(&self) -> usize {
        self.rows
    }

    fn push_null(&mut self) {
        self.nulls.push(self.rows);
        for field in &mut self.fields {
            field.column.push_null();
        }
        self.rows += 1;
    }

    fn push_scalar(&mut self, _: Scalar<'_>) -> Result<(), Mismatch> {
        Err(Mismatch::Type)
    }

    fn truncate(&mut self, rows: usize) {
        self.rows = self.rows.min(rows);
        self.nulls.truncate(self.rows);
        for field in &mut self.fields {
            field.column.truncate(self.rows);
            while field.default_rows.last().is_some_and(|row| *row as usize >= self.rows) {
                field.default_rows.pop();
            }
        }
    }

    fn finish(&mut self) -> ArrayRef {
        let rows = self.rows;
        let nulls = self.nulls.finish(rows);
        let mut columns = self.finish_fields();
        for (index, field) in self.fields.iter_mut().enumerate().filter(|(_, f)| !f.default_rows.is_empty()) {
            match self.defaults.fill(index, Arc::clone(&columns[index]), &field.default_rows) {
                Ok(filled) => columns[index] = filled,
                // A DEFAULT was made for the type that its column has.
                Err(_) => unreachable!("a DEFAULT is not of its column's type"),
            }
            field.default_rows.clear();
        }
        match StructArray::try_new_with_length(self.arrow_fields.clone(), columns, nulls, rows) {
            Ok(array) => Arc::new(array),
            // Every column has `rows` rows of its field's type; nulls in NOT NULL fields are refused upstream.
            Err(_) => unreachable!("a struct's columns do not match its fields"),
        }
    }
}
