//! Fields → JSON text, in Protobuf's JSON mapping: for columns that are declared JSON or have no other type.
//!
//! 64-bit integers are text, bytes are base64, enums are names, fields have their JSON names, and those that are zero
//! without having presence are left out.
//!
//! Source: Protocol Buffers documentation, "ProtoJSON Format".

use arrow_schema::{DataType, Field};
use laminar_schema::{DecodeError, Found, Location, SchemaError, SchemaResult};

use super::{
    catalog::{FieldType, Kind, Label, Presence, WellKnown},
    gather::{Slot, Wanted},
    list::next_packed,
    varint::{Fault, Malformed, span_of, zigzag},
    walk::Walker,
};
use crate::{
    column::{Column, ColumnOps, IntegerText, Scalar},
    json::{quote, quote_base64},
};

impl Walker<'_, '_, '_> {
    /// Pushes a field as JSON text.
    pub(super) fn json(
        &mut self,
        column: &mut Column,
        f: &Field,
        field: &FieldType,
        slot: Slot,
        depth: usize,
    ) -> SchemaResult<()> {
        self.state.json.clear();
        self.json_field(field, slot, depth)?;
        self.push_json(column, f, field, slot.raw)
    }

    /// Pushes one value of a field as JSON text.
    pub(super) fn json_item(
        &mut self,
        column: &mut Column,
        f: &Field,
        field: &FieldType,
        slot: Slot,
        depth: usize,
    ) -> SchemaResult<()> {
        self.state.json.clear();
        self.json_single(field, slot, depth)?;
        self.push_json(column, f, field, slot.raw)
    }

    /// Pushes what an absent field stands for, if that is not null.
    pub(super) fn json_default(
        &mut self,
        column: &mut Column,
        f: &Field,
        field: &FieldType,
        depth: usize,
    ) -> SchemaResult<bool> {
        use super::catalog::Default;
        self.state.json.clear();
        match (&field.default, field.label) {
            (_, Label::Map) => self.state.json.extend_from_slice(b"{}"),
            (_, Label::Repeated) => self.state.json.extend_from_slice(b"[]"),
            (Default::Raw(raw), _) => self.json_single(field, Slot::single(*raw), depth)?,
            (Default::Bytes(bytes), _) if field.kind == Kind::String => {
                quote(&mut self.state.json, std::str::from_utf8(bytes).unwrap_or(""));
            }
            (Default::Bytes(bytes), _) => {
                quote_base64(&mut self.state.json, bytes);
            }
            (Default::None, _) => return Ok(false),
        }
        self.push_json(column, f, field, 0).map(|()| true)
    }

    fn push_json(&mut self, column: &mut Column, f: &Field, field: &FieldType, raw: u64) -> SchemaResult<()> {
        // Made of UTF-8 pieces only.
        let text = std::str::from_utf8(&self.state.json).unwrap_or("");
        let pushed = match column {
            Column::Json(json) => json.push_document(text),
            _ => column.push_scalar(Scalar::Str(text)),
        };
        match pushed {
            Ok(()) => Ok(()),
            Err(mismatch) => self.mismatch(column, f, field, raw, mismatch),
        }
    }

    /// Writes a record, or another message.
    pub(super) fn json_message(&mut self, message: u32, parts: Slot, depth: usize) -> SchemaResult<()> {
        match self.catalog.message(message).known {
            None => {
                self.state.json.push(b'{');
                self.json_members(message, parts, depth, true)?;
                self.state.json.push(b'}');
                Ok(())
            }
            Some(WellKnown::Timestamp) => {
                let time = self.time(message, parts, depth)?;
                if !time.is_timestamp() {
                    return Err(unrepresentable("timestamp", Some(parts), "a time of the years 1 to 9999"));
                }
                self.state.json.push(b'"');
                time.push_timestamp(&mut self.state.json);
                self.state.json.push(b'"');
                Ok(())
            }
            Some(WellKnown::Duration) => {
                let time = self.time(message, parts, depth)?;
                if !time.is_duration() {
                    return Err(unrepresentable("duration", Some(parts), "at most 10,000 years, of one sign"));
                }
                self.state.json.push(b'"');
                time.push_duration(&mut self.state.json);
                self.state.json.push(b'"');
                Ok(())
            }
            Some(known) => self.json_known(known, message, parts, depth),
        }
    }

    #[inline(never)]
    fn json_known(&mut self, known: WellKnown, message: u32, parts: Slot, depth: usize) -> SchemaResult<()> {
        let base = self.gather(message, Wanted::All, parts, depth)?;
        let fields = &self.catalog.message(message).fields;
        let slot = |walker: &Self, index: usize| walker.state.gathered.slots.get(base + index).copied();
        let first = slot(self, 0).unwrap_or(Slot::EMPTY);
        match known {
            WellKnown::Wrapper => {
                // Zero or empty where it is not there.
                let value = if first.is_empty() { Slot::single(0) } else { first };
                self.json_single(&fields[0], value, depth)?;
            }
            WellKnown::Struct | WellKnown::ListValue => {
                if first.is_empty() {
                    self.state.json.extend_from_slice(if known == WellKnown::Struct { b"{}" } else { b"[]" });
                } else {
                    self.json_field(&fields[0], first, depth)?;
                }
            }
            WellKnown::Value => {
                let set = (0..fields.len()).find_map(|i| slot(self, i).filter(|s| !s.is_empty()).map(|s| (i, s)));
                match set {
                    Some((index, value)) if fields[index].kind == Kind::Double => {
                        if !f64::from_bits(value.raw).is_finite() {
                            return Err(unrepresentable("value", None, "a number that JSON has"));
                        }
                        self.json_single(&fields[index], value, depth)?;
                    }
                    Some((index, value)) => self.json_single(&fields[index], value, depth)?,
                    None => self.state.json.extend_from_slice(b"null"),
                }
            }
            WellKnown::FieldMask => self.json_mask(first)?,
            WellKnown::Any => self.json_any(first, slot(self, 1).unwrap_or(Slot::EMPTY), depth)?,
            // Looked at before.
            WellKnown::Timestamp | WellKnown::Duration => {}
        }
        self.state.gathered.slots.truncate(base);
        Ok(())
    }

    /// Writes the members of an object, behind others unless it is fresh.
    fn json_members(&mut self, message: u32, parts: Slot, depth: usize, mut is_fresh: bool) -> SchemaResult<()> {
        let base = self.gather(message, Wanted::All, parts, depth)?;
        for (index, field) in self.catalog.message(message).fields.iter().enumerate() {
            let slot = self.state.gathered.slots[base + index];
            if slot.is_empty() || is_default(field, slot) {
                continue;
            }
            let (before, was_fresh) = (self.state.json.len(), is_fresh);
            if !std::mem::take(&mut is_fresh) {
                self.state.json.push(b',');
            }
            quote(&mut self.state.json, &field.json_name);
            self.state.json.push(b':');
            let value = self.state.json.len();
            self.json_field(field, slot, depth).map_err(|e| e.in_field(&field.name))?;
            // No items at all, packed, leave the field empty, of which JSON tells nothing.
            if field.label == Label::Repeated && self.state.json.get(value..) == Some(b"[]") {
                self.state.json.truncate(before);
                is_fresh = was_fresh;
            }
        }
        self.state.gathered.slots.truncate(base);
        Ok(())
    }

    /// Writes a field that is there.
    fn json_field(&mut self, field: &FieldType, slot: Slot, depth: usize) -> SchemaResult<()> {
        match field.label {
            Label::Singular => self.json_single(field, slot, depth),
            Label::Repeated => self.json_list(field, slot, depth),
            Label::Map => self.json_map(field, slot, depth),
        }
    }

    fn json_list(&mut self, field: &FieldType, slot: Slot, depth: usize) -> SchemaResult<()> {
        let start = self.state.json.len();
        let (mut raw, mut next) = (slot.raw, slot.second());
        loop {
            if field.is_packable() {
                let (mut at, end) = span_of(raw);
                while at < end {
                    let value;
                    (value, at) = next_packed(&self.record[..end], at, field.kind).map_err(|f| self.fault(f))?;
                    self.state.json.push(b',');
                    self.json_single(field, Slot::single(value), depth)?;
                }
            } else {
                self.state.json.push(b',');
                self.json_single(field, Slot::single(raw), depth)?;
            }
            match Slot::after(&self.state.gathered.chain, next) {
                Some(item) => (raw, next) = item,
                None => break,
            }
        }
        // The first comma is where the bracket belongs.
        if self.state.json.len() == start {
            self.state.json.push(b'[');
        } else {
            self.state.json[start] = b'[';
        }
        self.state.json.push(b']');
        Ok(())
    }

    fn json_map(&mut self, field: &FieldType, slot: Slot, depth: usize) -> SchemaResult<()> {
        let Kind::Message(entry) = field.kind else { return Ok(()) };
        let from = self.state.entries.len();
        self.entries(entry, slot, depth)?;
        let [key_field, value_field] = &self.catalog.message(entry).fields[..] else { return Ok(()) };
        self.state.json.push(b'{');
        let mut is_fresh = true;
        for index in from..self.state.entries.len() {
            let super::map::Entry { key, value, is_dropped } = self.state.entries[index];
            if is_dropped {
                continue;
            }
            if !std::mem::take(&mut is_fresh) {
                self.state.json.push(b',');
            }
            let start = self.state.json.len();
            self.json_single(key_field, Slot::single(key), depth)?;
            // Keys are text, whatever they are.
            if self.state.json.get(start) != Some(&b'"') {
                self.state.json.insert(start, b'"');
                self.state.json.push(b'"');
            }
            self.state.json.push(b':');
            self.json_single(value_field, value, depth)?;
        }
        self.state.json.push(b'}');
        self.state.entries.truncate(from);
        Ok(())
    }

    /// Writes one value; of a message, all its parts.
    fn json_single(&mut self, field: &FieldType, slot: Slot, depth: usize) -> SchemaResult<()> {
        let raw = slot.raw;
        match field.kind {
            Kind::Int32 | Kind::Sfixed32 => self.json_integer(i64::from(raw as u32 as i32)),
            Kind::Sint32 => self.json_integer(zigzag(raw & 0xffff_ffff)),
            Kind::Uint32 | Kind::Fixed32 => self.json_integer(i64::from(raw as u32)),
            Kind::Int64 | Kind::Sfixed64 => self.json_long(i128::from(raw.cast_signed())),
            Kind::Sint64 => self.json_long(i128::from(zigzag(raw))),
            Kind::Uint64 | Kind::Fixed64 => self.json_long(i128::from(raw)),
            Kind::Double => {
                push_float(&mut self.state.json, f64::from_bits(raw), ryu::Buffer::new().format(f64::from_bits(raw)))
            }
            Kind::Float => {
                let v = f32::from_bits(raw as u32);
                push_float(&mut self.state.json, f64::from(v), ryu::Buffer::new().format(v));
            }
            Kind::Bool => self.state.json.extend_from_slice(if raw == 0 { b"false" } else { b"true" }),
            Kind::String => {
                let text = self.utf8(raw)?;
                quote(&mut self.state.json, text);
            }
            Kind::Bytes => {
                let (start, end) = span_of(raw);
                quote_base64(&mut self.state.json, &self.record[start..end]);
            }
            Kind::Enum(index) => {
                let (enumeration, number) = (self.catalog.enumeration(index), raw as u32 as i32);
                match enumeration.name(number) {
                    _ if enumeration.is_null_value => self.state.json.extend_from_slice(b"null"),
                    Some(name) => quote(&mut self.state.json, name),
                    None => self.json_integer(i64::from(number)),
                }
            }
            Kind::Message(message) => return self.json_message(message, slot, depth + 1),
        }
        Ok(())
    }

    fn json_integer(&mut self, v: i64) {
        self.state.json.extend_from_slice(IntegerText::new(i128::from(v)).as_str().as_bytes());
    }

    /// 64 bits are more than most readers of JSON have for a number.
    fn json_long(&mut self, v: i128) {
        self.state.json.push(b'"');
        self.state.json.extend_from_slice(IntegerText::new(v).as_str().as_bytes());
        self.state.json.push(b'"');
    }

    /// Writes the paths of a field mask in lower camel case, with commas between them.
    fn json_mask(&mut self, paths: Slot) -> SchemaResult<()> {
        self.state.json.push(b'"');
        let (mut raw, mut next) = (paths.raw, paths.second());
        while !paths.is_empty() {
            let path = self.utf8(raw)?;
            // Only what a name can have comes back from camel case as it was.
            if !path.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.')) {
                return Err(unrepresentable("field mask", Some(paths), "paths of field names"));
            }
            let mut bytes = path.bytes();
            while let Some(byte) = bytes.next() {
                match byte {
                    b'_' => self.state.json.extend(bytes.next().map(|b| b.to_ascii_uppercase())),
                    byte => self.state.json.push(byte),
                }
            }
            match Slot::after(&self.state.gathered.chain, next) {
                Some(path) => (raw, next) = path,
                None => break,
            }
            self.state.json.push(b',');
        }
        self.state.json.push(b'"');
        Ok(())
    }

    /// Writes an `Any`: the members of its message where that is known, its bytes otherwise.
    fn json_any(&mut self, url: Slot, value: Slot, depth: usize) -> SchemaResult<()> {
        if url.is_empty() {
            self.state.json.extend_from_slice(b"{}");
            return Ok(());
        }
        let name = self.utf8(url.raw)?;
        self.state.json.extend_from_slice(b"{\"@type\":");
        quote(&mut self.state.json, name);
        let name = name.rsplit('/').next().unwrap_or(name);
        let value = if value.is_empty() { Slot::single(0) } else { value };
        match self.catalog.message_of(name.as_bytes()) {
            Some(message) if self.catalog.message(message).known.is_none() => {
                self.json_members(message, value, depth + 1, false)?;
            }
            Some(message) => {
                self.state.json.extend_from_slice(b",\"value\":");
                self.json_message(message, value, depth + 1)?;
            }
            None => {
                let (start, end) = span_of(value.raw);
                self.state.json.extend_from_slice(b",\"value\":");
                quote_base64(&mut self.state.json, &self.record[start..end]);
            }
        }
        self.state.json.push(b'}');
        Ok(())
    }

    /// The text of a key, for an error.
    #[cold]
    pub(super) fn key_text(&self, kind: Kind, raw: u64) -> String {
        match kind {
            Kind::String => {
                let (start, end) = span_of(raw);
                String::from_utf8_lossy(&self.record[start..end]).into_owned()
            }
            Kind::Bool => (raw != 0).to_string(),
            Kind::Sint32 => zigzag(raw & 0xffff_ffff).to_string(),
            Kind::Sint64 => zigzag(raw).to_string(),
            Kind::Int32 | Kind::Sfixed32 => (raw as u32 as i32).to_string(),
            Kind::Int64 | Kind::Sfixed64 => raw.cast_signed().to_string(),
            _ => raw.to_string(),
        }
    }
}

impl<'r> Walker<'_, 'r, '_> {
    fn utf8(&self, raw: u64) -> SchemaResult<&'r str> {
        let (start, end) = span_of(raw);
        let fault = Fault { at: start, why: Malformed::InvalidUtf8 };
        std::str::from_utf8(&self.record[start..end]).map_err(|_| self.fault(fault))
    }
}

/// Whether a field without presence is what it would be if it were absent.
fn is_default(field: &FieldType, slot: Slot) -> bool {
    if field.presence != Presence::Implicit || field.label != Label::Singular {
        return false;
    }
    match field.kind {
        Kind::String | Kind::Bytes => {
            let (start, end) = span_of(slot.raw);
            start == end
        }
        Kind::Message(_) => false,
        // What is longer than its type does not count.
        Kind::Int32 | Kind::Uint32 | Kind::Sint32 | Kind::Enum(_) => slot.raw as u32 == 0,
        _ => slot.raw == 0,
    }
}

/// Writes a float as the shortest number that is it.
fn push_float(out: &mut Vec<u8>, v: f64, text: &str) {
    let text = match v {
        v if v.is_nan() => "\"NaN\"",
        f64::INFINITY => "\"Infinity\"",
        f64::NEG_INFINITY => "\"-Infinity\"",
        _ => text,
    };
    out.extend_from_slice(text.as_bytes());
}

#[cold]
#[inline(never)]
fn unrepresentable(kind: &'static str, message: Option<Slot>, expected: &'static str) -> SchemaError {
    let found = Found::new(kind, &format!("that is not {expected}"));
    let span = message.map(|slot| {
        let (start, end) = span_of(slot.raw);
        start..end
    });
    SchemaError::from(DecodeError::OutOfRange { expected: DataType::Utf8, found })
        .at(Location { span, ..Location::default() })
}
