//! Gathered fields → columns, in the order of the columns.

use arrow_schema::Field;
use laminar_schema::{DecodeError, Found, Location, SchemaError, SchemaResult};

use super::{
    bind::{Action, Binding, Source},
    catalog::{Catalog, Default, FieldType, Kind},
    gather::{Gather, Gathered, Refused, Rules, Slot, Wanted},
    options::UnknownEnums,
    rescue::Rescue,
    varint::{Fault, Malformed, span_of, zigzag},
};
use crate::{
    column::{Column, ColumnOps, IntegerText, Mismatch, OnAbsent, Scalar, StructColumn},
    policy::{RescueReason, TypeMismatch},
};

/// What a walk needs beside the record and the columns; kept from record to record.
#[derive(Debug)]
pub(super) struct WalkState {
    pub(super) rules: Rules,
    pub(super) type_mismatch: TypeMismatch,
    pub(super) unknown_enums: UnknownEnums,
    pub(super) gathered: Gathered,
    pub(super) rescue: Rescue,
    /// JSON text that is being written.
    pub(super) json: Vec<u8>,
    /// Text that is made up for a column.
    pub(super) text: Vec<u8>,
    /// The entries of maps that are being walked, the innermost one's last.
    pub(super) entries: Vec<super::map::Entry>,
}

/// One walk over one record.
pub(super) struct Walker<'p, 'r, 's> {
    pub(super) catalog: &'p Catalog,
    pub(super) record: &'r [u8],
    pub(super) state: &'s mut WalkState,
}

impl Walker<'_, '_, '_> {
    pub(super) fn gather(
        &mut self,
        message: u32,
        wanted: Wanted<'_>,
        parts: Slot,
        depth: usize,
    ) -> SchemaResult<usize> {
        let mut gather = Gather {
            catalog: self.catalog,
            record: self.record,
            rules: self.state.rules,
            gathered: &mut self.state.gathered,
            rescue: &mut self.state.rescue,
        };
        match gather.message(self.catalog.message(message), wanted, parts, depth) {
            Ok(base) => Ok(base),
            Err(refused) => Err(self.refused(refused)),
        }
    }

    /// Pushes one row from the message whose parts are given, with `depth` messages around it.
    pub(super) fn row(
        &mut self,
        row: &mut StructColumn,
        binding: &Binding,
        parts: Slot,
        depth: usize,
    ) -> SchemaResult<()> {
        let message = self.catalog.message(binding.message);
        let base = self.gather(binding.message, Wanted::Some(&binding.wanted), parts, depth)?;
        let rows = row.num_rows();
        for (column, source) in row.fields.iter_mut().zip(&binding.sources) {
            let Some(Source { index, action }) = source else {
                absent(&mut column.column, &column.field, column.on_absent, &mut column.default_rows, rows)?;
                continue;
            };
            let (field, slot) = (&message.fields[*index], self.state.gathered.slots[base + index]);
            let mark = if self.state.rescue.is_enabled { self.state.rescue.enter_field(&field.name) } else { 0 };
            let pushed = if slot.is_empty() {
                match self.default(&mut column.column, &column.field, action, field, depth) {
                    Ok(true) => Ok(()),
                    Ok(false) => {
                        absent(&mut column.column, &column.field, column.on_absent, &mut column.default_rows, rows)?;
                        Ok(())
                    }
                    Err(error) => Err(error),
                }
            } else {
                self.field(&mut column.column, &column.field, action, field, slot, depth)
            };
            if let Err(error) = pushed {
                return Err(error.in_field(&field.name));
            }
            if self.state.rescue.is_enabled {
                self.state.rescue.leave(mark);
            }
        }
        self.state.gathered.slots.truncate(base);
        row.end_row();
        Ok(())
    }

    /// Pushes what an absent field stands for, if that is not null.
    #[inline(always)]
    fn default(
        &mut self,
        column: &mut Column,
        f: &Field,
        action: &Action,
        field: &FieldType,
        depth: usize,
    ) -> SchemaResult<bool> {
        match action {
            Action::Scalar(kind) => match &field.default {
                Default::Raw(raw) => {
                    let pushed = self.scalar(column, *kind, *raw);
                    self.done(pushed, column, f, field, *raw).map(|()| true)
                }
                Default::Bytes(bytes) => {
                    let pushed = match kind {
                        Kind::Bytes => column.push_scalar(Scalar::Bytes(bytes)),
                        _ => column.push_scalar(Scalar::Str(std::str::from_utf8(bytes).unwrap_or(""))),
                    };
                    match pushed {
                        Ok(()) => Ok(true),
                        Err(mismatch) => self.mismatch(column, f, field, 0, mismatch).map(|()| true),
                    }
                }
                Default::None => Ok(false),
            },
            Action::List(_) | Action::Map(_) => self.empty(column, f, field).map(|()| true),
            Action::Json => self.json_default(column, f, field, depth),
            _ => Ok(false),
        }
    }

    /// Pushes a list or a map of nothing.
    fn empty(&mut self, column: &mut Column, f: &Field, field: &FieldType) -> SchemaResult<()> {
        let pushed = match column {
            Column::List(list) => list.end_row(),
            Column::LargeList(list) => list.end_row(),
            Column::FixedSizeList(list) => list.end_row(),
            Column::Map(map) => map.end_row(),
            _ => Err(Mismatch::Type),
        };
        match pushed {
            Ok(()) => Ok(()),
            Err(mismatch) => self.mismatch(column, f, field, 0, mismatch),
        }
    }

    /// Pushes a field that is there.
    #[inline(always)]
    pub(super) fn field(
        &mut self,
        column: &mut Column,
        f: &Field,
        action: &Action,
        field: &FieldType,
        slot: Slot,
        depth: usize,
    ) -> SchemaResult<()> {
        match action {
            Action::Scalar(kind) => {
                let pushed = self.scalar(column, *kind, slot.raw);
                self.done(pushed, column, f, field, slot.raw)
            }
            _ => self.rare(column, f, action, field, slot, depth),
        }
    }

    #[inline]
    pub(super) fn done(
        &mut self,
        pushed: Result<(), Unfit>,
        column: &mut Column,
        f: &Field,
        field: &FieldType,
        raw: u64,
    ) -> SchemaResult<()> {
        match pushed {
            Ok(()) => Ok(()),
            Err(Unfit::Mismatch(mismatch)) => self.mismatch(column, f, field, raw, mismatch),
            Err(Unfit::Fault(fault)) => Err(self.fault(fault)),
        }
    }

    /// Pushes what is no single value.
    #[inline(never)]
    fn rare(
        &mut self,
        column: &mut Column,
        f: &Field,
        action: &Action,
        field: &FieldType,
        slot: Slot,
        depth: usize,
    ) -> SchemaResult<()> {
        match (action, column) {
            (Action::Scalar(kind), column) => {
                let pushed = self.scalar(column, *kind, slot.raw);
                self.done(pushed, column, f, field, slot.raw)
            }
            (Action::Struct(binding), Column::Struct(row)) => self.row(row, binding, slot, depth + 1),
            (Action::List(item), Column::List(list)) => self.list(list, f, item, field, slot, depth),
            (Action::List(item), Column::LargeList(list)) => self.list(list, f, item, field, slot, depth),
            (Action::List(item), Column::FixedSizeList(list)) => self.fixed_list(list, f, item, field, slot, depth),
            (Action::Map(binding), Column::Map(map)) => self.map(map, f, binding, slot, depth),
            (Action::Json, column) => self.json(column, f, field, slot, depth),
            (Action::JsonItem, column) => self.json_item(column, f, field, slot, depth),
            (Action::Timestamp(message), column) => self.timestamp(column, f, field, *message, slot, depth + 1),
            (Action::Duration(message), column) => self.duration(column, f, field, *message, slot, depth + 1),
            (Action::Wrapper(message, kind), column) => {
                self.wrapper(column, f, field, (*message, *kind), slot, depth + 1)
            }
            (Action::Paths(message), column) => self.paths(column, f, field, *message, slot, depth + 1),
            // Columns are built from the fields that actions are chosen by.
            (Action::Struct(_) | Action::List(_) | Action::Map(_), column) => {
                self.mismatch(column, f, field, slot.raw, Mismatch::Type)
            }
        }
    }

    /// A value does not fit: null where that is asked for and possible, an error otherwise.
    #[cold]
    #[inline(never)]
    pub(super) fn mismatch(
        &mut self,
        column: &mut Column,
        f: &Field,
        field: &FieldType,
        raw: u64,
        why: Mismatch,
    ) -> SchemaResult<()> {
        if !self.forgives(f, field, raw) {
            return Err(self.error(f, field, raw, why));
        }
        column.push_null();
        Ok(())
    }

    /// Whether a value that does not fit may become null; it is rescued then if that is asked for.
    pub(super) fn forgives(&mut self, f: &Field, field: &FieldType, raw: u64) -> bool {
        if !f.is_nullable() || self.state.type_mismatch == TypeMismatch::Reject {
            return false;
        }
        if self.state.type_mismatch == TypeMismatch::Rescue {
            self.state.rescue.keep(self.record, field.tag, raw, RescueReason::TypeMismatch);
        }
        true
    }

    #[cold]
    #[inline(never)]
    pub(super) fn unfit(&self, unfit: Unfit, f: &Field, field: &FieldType, raw: u64) -> SchemaError {
        match unfit {
            Unfit::Mismatch(mismatch) => self.error(f, field, raw, mismatch),
            Unfit::Fault(fault) => self.fault(fault),
        }
    }

    #[cold]
    #[inline(never)]
    pub(super) fn refused(&self, refused: Refused) -> SchemaError {
        match refused {
            Refused::Fault(fault) => self.fault(fault),
            Refused::Unknown(number, at) => place(DecodeError::UnknownField.into(), at).in_field(&format!("#{number}")),
        }
    }

    #[cold]
    #[inline(never)]
    pub(super) fn fault(&self, fault: Fault) -> SchemaError {
        let error = match fault.why {
            Malformed::TooDeep => DecodeError::TooDeep { limit: self.state.rules.max_depth },
            Malformed::InvalidUtf8 => DecodeError::InvalidUtf8,
            why => DecodeError::Syntax { reason: why.to_string() },
        };
        place(error.into(), fault.at)
    }

    #[cold]
    #[inline(never)]
    pub(super) fn error(&self, f: &Field, field: &FieldType, raw: u64, mismatch: Mismatch) -> SchemaError {
        mismatch.into_error(f.data_type().clone(), self.found(field, raw)).into()
    }

    /// What stood in a field, for an error.
    #[cold]
    fn found(&self, field: &FieldType, raw: u64) -> Found {
        let number = |v: i128| Found::new(field.kind.word(), IntegerText::new(v).as_str());
        match field.kind {
            Kind::Double => Found::new("double", &f64::from_bits(raw).to_string()),
            Kind::Float => Found::new("float", &f32::from_bits(raw as u32).to_string()),
            Kind::Int32 | Kind::Sfixed32 | Kind::Enum(_) => number(i128::from(raw as u32 as i32)),
            Kind::Int64 | Kind::Sfixed64 => number(i128::from(raw.cast_signed())),
            Kind::Sint32 => number(i128::from(zigzag(raw & 0xffff_ffff))),
            Kind::Sint64 => number(i128::from(zigzag(raw))),
            Kind::Uint32 | Kind::Fixed32 => number(i128::from(raw as u32)),
            Kind::Uint64 | Kind::Fixed64 => number(i128::from(raw)),
            Kind::Bool => Found::new("bool", if raw == 0 { "false" } else { "true" }),
            Kind::String => {
                let (start, end) = span_of(raw);
                Found::new("string", &String::from_utf8_lossy(&self.record[start..end]))
            }
            Kind::Bytes => Found::kind("bytes"),
            Kind::Message(_) => Found::kind("message"),
        }
    }
}

/// Why a value could not be pushed.
#[derive(Debug, Clone, Copy)]
pub(super) enum Unfit {
    Mismatch(Mismatch),
    Fault(Fault),
}

impl From<Mismatch> for Unfit {
    fn from(mismatch: Mismatch) -> Self {
        Self::Mismatch(mismatch)
    }
}

impl From<Fault> for Unfit {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// Pushes what a column gets that no field of the record fills.
#[inline]
pub(super) fn absent(
    column: &mut Column,
    f: &Field,
    on_absent: OnAbsent,
    default_rows: &mut Vec<u32>,
    rows: usize,
) -> SchemaResult<()> {
    match on_absent {
        OnAbsent::Null => column.push_null(),
        OnAbsent::Default => {
            column.push_null();
            default_rows.push(rows as u32);
        }
        OnAbsent::Reject => return Err(missing(f)),
        OnAbsent::Decoder => {}
    }
    Ok(())
}

#[cold]
#[inline(never)]
fn missing(f: &Field) -> SchemaError {
    let key = laminar_schema::field::payload_key(f);
    SchemaError::from(DecodeError::MissingField { expected: f.data_type().clone() }).in_field(key)
}

#[cold]
fn place(error: SchemaError, at: usize) -> SchemaError {
    error.at(Location { span: Some(at..at + 1), ..Location::default() })
}
