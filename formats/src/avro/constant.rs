//! Defaults of a reader's schema as datums, so that they are read like any other value.
//!
//! Source: Avro 1.12 specification, "Complex Types: Records", the table of field defaults.

use serde_json::Value;

use super::{
    container::write_varint,
    schema::{Kind, NodeId, Schema},
};

/// Levels that a default may have.
const MAX_DEPTH: usize = 100;

/// Appends the default `value` of a field of type `id` as a datum; `None` where it is none of that type.
pub(super) fn datum(schema: &Schema, id: NodeId, value: &Value, out: &mut Vec<u8>, depth: usize) -> Option<()> {
    if depth > MAX_DEPTH {
        return None;
    }
    match schema.kind(id) {
        Kind::Null => value.is_null().then_some(()),
        Kind::Boolean => value.as_bool().map(|v| out.push(u8::from(v))),
        Kind::Int => {
            let v = i32::try_from(value.as_i64()?).ok()?;
            write_varint(i64::from(v), out);
            Some(())
        }
        Kind::Long => value.as_i64().map(|v| write_varint(v, out)),
        Kind::Float => float(value).map(|v| out.extend_from_slice(&(v as f32).to_le_bytes())),
        Kind::Double => float(value).map(|v| out.extend_from_slice(&v.to_le_bytes())),
        Kind::String => value.as_str().map(|text| write_bytes(text.as_bytes(), out)),
        Kind::Bytes => bytes(value).map(|bytes| write_bytes(&bytes, out)),
        Kind::Fixed { size, .. } => {
            let bytes = bytes(value).filter(|b| b.len() == *size)?;
            out.extend_from_slice(&bytes);
            Some(())
        }
        Kind::Enum { symbols, .. } => {
            let index = symbols.iter().position(|s| Some(s.as_str()) == value.as_str())?;
            write_varint(index as i64, out);
            Some(())
        }
        Kind::Array(item) => {
            let items = value.as_array()?;
            if !items.is_empty() {
                write_varint(items.len() as i64, out);
                items.iter().try_for_each(|v| datum(schema, *item, v, out, depth + 1))?;
            }
            out.push(0);
            Some(())
        }
        Kind::Map(of) => {
            let entries = value.as_object()?;
            if !entries.is_empty() {
                write_varint(entries.len() as i64, out);
                for (key, v) in entries {
                    write_bytes(key.as_bytes(), out);
                    datum(schema, *of, v, out, depth + 1)?;
                }
            }
            out.push(0);
            Some(())
        }
        Kind::Record { fields, .. } => {
            let object = value.as_object()?;
            fields.iter().try_for_each(|f| {
                let v = object.get(&f.name).or(f.default.as_ref())?;
                datum(schema, f.node, v, out, depth + 1)
            })
        }
        // Of a union, the default is of the first branch; since 1.12, of any.
        Kind::Union(branches) => branches.iter().enumerate().find_map(|(index, branch)| {
            let start = out.len();
            write_varint(index as i64, out);
            let written = datum(schema, *branch, value, out, depth + 1);
            if written.is_none() {
                out.truncate(start);
            }
            written
        }),
    }
}

/// A number, or what JSON has no number for, as Java writes it.
fn float(value: &Value) -> Option<f64> {
    match value.as_str() {
        Some("NaN") => Some(f64::NAN),
        Some("Infinity" | "INF") => Some(f64::INFINITY),
        Some("-Infinity" | "-INF") => Some(f64::NEG_INFINITY),
        _ => value.as_f64(),
    }
}

/// Bytes as text of the characters 0 to 255.
fn bytes(value: &Value) -> Option<Vec<u8>> {
    value.as_str()?.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect()
}

fn write_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    write_varint(bytes.len() as i64, out);
    out.extend_from_slice(bytes);
}
