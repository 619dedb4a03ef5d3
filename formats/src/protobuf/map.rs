//! Maps: entries of a key and a value, of which the last one of a key counts.

use std::cmp::Ordering;

use arrow_schema::Field;
use laminar_schema::SchemaResult;

use super::{
    bind::{Action, MapBinding},
    catalog::{Default, FieldType, Kind, Message},
    check,
    gather::{Slot, Wanted},
    varint::span_of,
    walk::Walker,
};
use crate::column::MapColumn;

/// Entries up to which keys are compared each with each.
const FEW: usize = 8;

/// An entry of a map.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    /// Raw value of the key; zero and empty where there is none.
    pub(super) key: u64,
    pub(super) value: Slot,
    /// Whether a later one has the same key.
    pub(super) is_dropped: bool,
}

impl Walker<'_, '_, '_> {
    /// Pushes a map as pairs.
    pub(super) fn map(
        &mut self,
        map: &mut MapColumn,
        f: &Field,
        binding: &MapBinding,
        slot: Slot,
        depth: usize,
    ) -> SchemaResult<()> {
        let from = self.state.entries.len();
        self.entries(binding.entry, slot, depth)?;
        let entry = self.catalog.message(binding.entry);
        let [key_field, value_field] = &entry.fields[..] else { return Ok(()) };
        for index in from..self.state.entries.len() {
            let Entry { key, value, is_dropped } = self.state.entries[index];
            if is_dropped {
                continue;
            }
            let (column, field) = map.key_and_field();
            if let Err(unfit) = self.scalar(column, binding.key, key) {
                return Err(self.unfit(unfit, field, key_field, key));
            }
            let (column, field) = map.value_and_field();
            let pushed = self.entry_value(column, field, &binding.value, value_field, value, depth);
            pushed.map_err(|e| e.in_field(&self.key_text(binding.key, key)))?;
        }
        self.state.entries.truncate(from);
        map.end_row().map_err(|mismatch| self.error(f, value_field, slot.raw, mismatch))
    }

    fn entry_value(
        &mut self,
        column: &mut crate::column::Column,
        f: &Field,
        action: &Action,
        field: &FieldType,
        value: Slot,
        depth: usize,
    ) -> SchemaResult<()> {
        self.field(column, f, action, field, value, depth)
    }

    /// Appends the entries of a map to those of the maps around it.
    pub(super) fn entries(&mut self, message: u32, slot: Slot, depth: usize) -> SchemaResult<()> {
        let from = self.state.entries.len();
        let (mut raw, mut next) = (slot.raw, slot.second());
        loop {
            let base = self.gather(message, Wanted::All, Slot::single(raw), depth)?;
            let (key, value) = (self.state.gathered.slots[base], self.state.gathered.slots[base + 1]);
            self.state.gathered.slots.truncate(base);
            // A value that is not there is the first of its enum, which proto2 need not number zero; or zero, or empty, or a
            // message of nothing: all of these are one raw value.
            let absent = match self.catalog.message(message).fields.get(1).map(|field| &field.default) {
                Some(Default::Raw(raw)) => *raw,
                _ => 0,
            };
            let value = if value.is_empty() { Slot::single(absent) } else { value };
            self.state.entries.push(Entry { key: key.raw, value, is_dropped: false });
            match Slot::after(&self.state.gathered.chain, next) {
                Some(entry) => (raw, next) = entry,
                None => break,
            }
        }
        let message = self.catalog.message(message);
        self.drop_duplicates(message, from, depth)
    }

    /// Marks entries whose key comes again.
    fn drop_duplicates(&mut self, message: &Message, from: usize, depth: usize) -> SchemaResult<()> {
        let kind = message.fields[0].kind;
        let record = self.record;
        let entries = &mut self.state.entries[from..];
        let len = entries.len();
        if len <= FEW {
            for i in 1..len {
                let key = entries[i].key;
                for earlier in &mut entries[..i] {
                    earlier.is_dropped |= order(record, kind, earlier.key, key).is_eq();
                }
            }
        } else {
            let order_of = &mut self.state.gathered.order;
            order_of.clear();
            order_of.extend(0..len as u32);
            order_of.sort_unstable_by(|a, b| {
                order(record, kind, entries[*a as usize].key, entries[*b as usize].key).then(a.cmp(b))
            });
            for pair in order_of.windows(2) {
                let (earlier, later) = (pair[0] as usize, pair[1] as usize);
                if order(record, kind, entries[earlier].key, entries[later].key).is_eq() {
                    entries[earlier].is_dropped = true;
                }
            }
        }
        for index in from..from + len {
            if self.state.entries[index].is_dropped {
                self.check_dropped(message, index, depth)?;
            }
        }
        Ok(())
    }

    /// What is dropped is checked all the same. Its key is that of one that stays.
    #[cold]
    fn check_dropped(&mut self, message: &Message, index: usize, depth: usize) -> SchemaResult<()> {
        let value = self.state.entries[index].value;
        let (mut raw, mut next) = (value.raw, value.second());
        loop {
            let max_depth = self.state.rules.max_depth;
            check::value(self.catalog, self.record, &message.fields[1], raw, depth, max_depth)
                .map_err(|fault| self.fault(fault))?;
            match Slot::after(&self.state.gathered.chain, next) {
                Some(part) => (raw, next) = part,
                None => return Ok(()),
            }
        }
    }
}

/// Orders keys, so that equal ones stand together.
fn order(record: &[u8], kind: Kind, a: u64, b: u64) -> Ordering {
    match kind {
        Kind::String => {
            let ((a, a_end), (b, b_end)) = (span_of(a), span_of(b));
            record[a..a_end].cmp(&record[b..b_end])
        }
        Kind::Bool => (a != 0).cmp(&(b != 0)),
        // The upper half of a varint that is longer than its type does not count.
        Kind::Int32 | Kind::Uint32 | Kind::Sint32 => (a as u32).cmp(&(b as u32)),
        _ => a.cmp(&b),
    }
}
