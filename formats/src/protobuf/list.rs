//! Repeated fields → lists, with items from everywhere in the message.

use arrow_array::OffsetSizeTrait;
use arrow_schema::Field;
use laminar_schema::SchemaResult;

use super::{
    bind::Action,
    catalog::{FieldType, Kind},
    gather::Slot,
    varint::{Fault, I32, LEN, Malformed, VARINT, span_of, varint},
    walk::Walker,
};
use crate::{
    column::{Column, ColumnOps, FixedListColumn, ListColumn, Mismatch},
    json::in_item,
};

impl Walker<'_, '_, '_> {
    pub(super) fn list<O: OffsetSizeTrait>(
        &mut self,
        list: &mut ListColumn<O>,
        f: &Field,
        action: &Action,
        field: &FieldType,
        slot: Slot,
        depth: usize,
    ) -> SchemaResult<()> {
        let (item, item_field) = list.item_and_field();
        self.items(item, item_field, action, field, slot, depth)?;
        list.end_row().map_err(|mismatch| self.error(f, field, slot.raw, mismatch))
    }

    pub(super) fn fixed_list(
        &mut self,
        list: &mut FixedListColumn,
        f: &Field,
        action: &Action,
        field: &FieldType,
        slot: Slot,
        depth: usize,
    ) -> SchemaResult<()> {
        let (item, item_field) = list.item_and_field();
        self.items(item, item_field, action, field, slot, depth)?;
        match list.end_row() {
            Ok(()) => Ok(()),
            Err(_) if self.forgives(f, field, slot.raw) => {
                list.push_null();
                Ok(())
            }
            Err(_) => Err(self.error(f, field, slot.raw, Mismatch::Range)),
        }
    }

    /// Pushes the items of a list, from everywhere in the message.
    fn items(
        &mut self,
        item: &mut Column,
        f: &Field,
        action: &Action,
        field: &FieldType,
        slot: Slot,
        depth: usize,
    ) -> SchemaResult<()> {
        let (mut raw, mut next, mut index) = (slot.raw, slot.second(), 0);
        loop {
            match action {
                Action::Scalar(kind) if field.is_packable() => self.packed(item, f, *kind, field, raw, &mut index)?,
                _ => {
                    let mark = if self.state.rescue.is_enabled { self.state.rescue.enter_item(index) } else { 0 };
                    let pushed = self.field(item, f, action, field, Slot::single(raw), depth);
                    pushed.map_err(|e| in_item(e, index))?;
                    if self.state.rescue.is_enabled {
                        self.state.rescue.leave(mark);
                    }
                    index += 1;
                }
            }
            match Slot::after(&self.state.gathered.chain, next) {
                Some(item) => (raw, next) = item,
                None => return Ok(()),
            }
        }
    }

    /// Pushes packed values, or the one that stands alone.
    fn packed(
        &mut self,
        item: &mut Column,
        f: &Field,
        kind: Kind,
        field: &FieldType,
        packed: u64,
        index: &mut usize,
    ) -> SchemaResult<()> {
        let (mut at, end) = span_of(packed);
        let bytes = &self.record[..end];
        while at < end {
            let raw;
            (raw, at) = match next_packed(bytes, at, kind) {
                Ok(next) => next,
                Err(fault) => return Err(self.fault(fault)),
            };
            let pushed = self.scalar(item, kind, raw);
            self.done(pushed, item, f, field, raw).map_err(|e| in_item(e, *index))?;
            *index += 1;
        }
        Ok(())
    }
}

/// The value at `at` of those that are packed.
#[inline(always)]
pub(super) fn next_packed(bytes: &[u8], at: usize, kind: Kind) -> Result<(u64, usize), Fault> {
    let truncated = Fault { at, why: Malformed::Packed };
    match kind.wire_type() {
        VARINT => varint(bytes, at),
        I32 => match bytes[at..].first_chunk() {
            Some(chunk) => Ok((u64::from(u32::from_le_bytes(*chunk)), at + 4)),
            None => Err(truncated),
        },
        LEN => Err(truncated),
        _ => match bytes[at..].first_chunk() {
            Some(chunk) => Ok((u64::from_le_bytes(*chunk), at + 8)),
            None => Err(truncated),
        },
    }
}
