//! Whether values that no column wants are well-formed: a record is not accepted for what is left out of it.

use super::{
    catalog::{Catalog, FieldType, Kind, Label},
    varint::{Fault, I32, I64, LEN, Malformed, VARINT, span_of, tag, value as raw_value, varint},
};
use crate::column::is_text;

/// Checks the value of a field, or the packed ones of a repeated one, in a message at `depth`.
#[inline]
pub(super) fn value(
    catalog: &Catalog,
    record: &[u8],
    field: &FieldType,
    raw: u64,
    depth: usize,
    max_depth: usize,
) -> Result<(), Fault> {
    match field.kind {
        Kind::String => text(record, raw),
        // The entries of a map are no messages to those who count levels.
        Kind::Message(_) if field.label == Label::Map => message(catalog, record, field, raw, depth, max_depth),
        Kind::Message(_) => message(catalog, record, field, raw, depth + 1, max_depth),
        _ if field.is_packable() => packed(record, field.kind.wire_type(), raw),
        _ => Ok(()),
    }
}

/// Checks that a span is UTF-8.
pub(super) fn text(record: &[u8], raw: u64) -> Result<(), Fault> {
    let (start, end) = span_of(raw);
    if is_text(&record[start..end]) { Ok(()) } else { Err(Fault { at: start, why: Malformed::InvalidUtf8 }) }
}

fn message(
    catalog: &Catalog,
    record: &[u8],
    field: &FieldType,
    raw: u64,
    depth: usize,
    max_depth: usize,
) -> Result<(), Fault> {
    let Kind::Message(index) = field.kind else { return Ok(()) };
    let message = catalog.message(index);
    let (mut at, end) = span_of(raw);
    if depth > max_depth {
        return Err(Fault { at, why: Malformed::TooDeep });
    }
    let (bytes, mut expected) = (&record[..end], 0);
    while at < end {
        let (tag, value_at) = tag(bytes, at)?;
        let Some(found) = message.find(tag, expected) else {
            at = raw_value(bytes, value_at, tag, max_depth - depth)?.1;
            continue;
        };
        expected = found.index + 1;
        let (raw, next) = raw_value(bytes, value_at, tag, 0)?;
        at = next;
        if !found.is_alone {
            value(catalog, record, &message.fields[found.index], raw, depth, max_depth)?;
        }
    }
    Ok(())
}

/// Checks that a span is packed values and nothing else.
fn packed(record: &[u8], wire_type: u32, raw: u64) -> Result<(), Fault> {
    let (mut at, end) = span_of(raw);
    let bytes = &record[..end];
    match wire_type {
        VARINT => {
            while at < end {
                at = varint(bytes, at)?.1;
            }
            Ok(())
        }
        I32 | I64 => {
            let width = if wire_type == I32 { 4 } else { 8 };
            if (end - at).is_multiple_of(width) { Ok(()) } else { Err(Fault { at, why: Malformed::Packed }) }
        }
        _ => {
            debug_assert_eq!(wire_type, LEN, "strings are not packed");
            Ok(())
        }
    }
}
