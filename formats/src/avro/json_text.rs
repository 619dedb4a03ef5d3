//! Values as JSON text, for JSON columns.

use std::io::Write;

use arrow_buffer::i256;
use base64::{Engine, engine::general_purpose::STANDARD};
use laminar_schema::{DecodeError, SchemaResult};

use super::{
    cursor::Cursor,
    types::{Type, TypeId, Types, Zone},
};
use crate::cell::temporal::{ROOM, per_second, write_instant};

/// Appends the value at the cursor as JSON text: bytes as base64, times as ISO 8601, a union's value without its branch.
pub(super) fn write(
    cursor: &mut Cursor<'_>,
    types: &Types,
    id: TypeId,
    depth: usize,
    out: &mut Vec<u8>,
) -> SchemaResult<()> {
    if depth > cursor.max_depth {
        return Err(DecodeError::TooDeep { limit: cursor.max_depth }.into());
    }
    match types.get(id) {
        Type::Null => out.extend_from_slice(b"null"),
        Type::Boolean => out.extend_from_slice(if cursor.boolean()? { b"true" } else { b"false" }),
        Type::Int => integer(cursor.int()?.into(), out),
        Type::Long => integer(cursor.long()?, out),
        Type::Float => float(f32::from_le_bytes(cursor.array()?).into(), out),
        Type::Double => float(f64::from_le_bytes(cursor.array()?), out),
        Type::Bytes => base64(cursor.bytes()?, out),
        Type::String | Type::Uuid => text(cursor.text()?, out),
        Type::Json => {
            let document = cursor.text()?;
            match serde_json::from_str::<serde::de::IgnoredAny>(document) {
                Ok(_) => out.extend_from_slice(document.as_bytes()),
                Err(_) => text(document, out),
            }
        }
        Type::Fixed(size) => base64(cursor.take(*size)?, out),
        Type::UuidBytes => {
            let bytes: [u8; 16] = cursor.array()?;
            let digits = format!("{:032x}", u128::from_be_bytes(bytes));
            let parts = [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]];
            text(&parts.join("-"), out);
        }
        Type::Decimal { scale, size, .. } => {
            let bytes = match size {
                Some(size) => cursor.take(*size)?,
                None => cursor.bytes()?,
            };
            match unscaled(bytes) {
                Some(number) => out.extend_from_slice(decimal_text(number, *scale).as_bytes()),
                None => base64(bytes, out),
            }
        }
        Type::Date => instant(i64::from(cursor.int()?) * 86_400, 0, Part::Date, out),
        Type::TimeMillis => {
            let millis = cursor.int()?;
            instant(
                millis.div_euclid(1000).into(),
                millis.rem_euclid(1000).unsigned_abs() * 1_000_000,
                Part::Time,
                out,
            );
        }
        Type::TimeMicros => {
            let micros = cursor.long()?;
            instant(micros.div_euclid(1_000_000), micros.rem_euclid(1_000_000) as u32 * 1000, Part::Time, out);
        }
        Type::Timestamp(unit, zone) => {
            let per_second = per_second(*unit);
            let count = cursor.long()?;
            let nanos = count.rem_euclid(per_second) * (1_000_000_000 / per_second);
            let part = if *zone == Zone::Utc { Part::Instant } else { Part::Local };
            instant(count.div_euclid(per_second), nanos as u32, part, out);
        }
        Type::Duration => {
            let [months, days, millis] = duration(cursor.array()?);
            let (seconds, rest) = (millis / 1000, millis % 1000);
            let fraction = if rest == 0 { String::new() } else { format!(".{rest:03}") };
            text(&format!("P{months}M{days}DT{seconds}{fraction}S"), out);
        }
        Type::Enum(symbols) => text(&symbols[cursor.index(symbols.len())?], out),
        Type::Array(items) => {
            out.push(b'[');
            list(cursor, out, |cursor, out| write(cursor, types, *items, depth + 1, out))?;
            out.push(b']');
        }
        Type::Map(values) => {
            out.push(b'{');
            list(cursor, out, |cursor, out| {
                text(cursor.text()?, out);
                out.push(b':');
                write(cursor, types, *values, depth + 1, out)
            })?;
            out.push(b'}');
        }
        Type::Record(record) => {
            out.push(b'{');
            for (index, f) in record.fields.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                text(&f.name, out);
                out.push(b':');
                write(cursor, types, f.ty, depth + 1, out)?;
            }
            out.push(b'}');
        }
        Type::Union(branches) => {
            let branch = branches[cursor.index(branches.len())?];
            write(cursor, types, branch, depth + 1, out)?;
        }
    }
    Ok(())
}

fn list<'a>(
    cursor: &mut Cursor<'a>,
    out: &mut Vec<u8>,
    mut item: impl FnMut(&mut Cursor<'a>, &mut Vec<u8>) -> SchemaResult<()>,
) -> SchemaResult<()> {
    let mut is_first = true;
    loop {
        let count = cursor.block()?;
        if count == 0 {
            return Ok(());
        }
        for _ in 0..count {
            if !std::mem::replace(&mut is_first, false) {
                out.push(b',');
            }
            let start = cursor.at;
            item(cursor, out)?;
            cursor.item_since(start)?;
        }
    }
}

/// Months, days and milliseconds.
pub(super) fn duration(bytes: [u8; 12]) -> [u32; 3] {
    let [a, b, c, d, e, f, g, h, i, j, k, l] = bytes;
    [[a, b, c, d], [e, f, g, h], [i, j, k, l]].map(u32::from_le_bytes)
}

/// A number in two's complement, its highest byte first; `None` where it has more than 256 bits.
pub(super) fn unscaled(bytes: &[u8]) -> Option<i256> {
    let sign = if bytes.first().is_some_and(|b| b & 0x80 != 0) { 0xff } else { 0 };
    let redundant = bytes.len().saturating_sub(32);
    let (front, number) = bytes.split_at(redundant);
    if front.iter().any(|b| *b != sign) || number.first().is_some_and(|b| redundant > 0 && (b ^ sign) & 0x80 != 0) {
        return None;
    }
    let mut all = [sign; 32];
    all[32 - number.len()..].copy_from_slice(number);
    Some(i256::from_be_bytes(all))
}

/// All digits of a decimal.
pub(super) fn decimal_text(unscaled: i256, scale: i8) -> String {
    let digits = unscaled.to_string();
    let (sign, digits) = match digits.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", digits.as_str()),
    };
    let scale = usize::from(scale.unsigned_abs());
    if scale == 0 {
        return format!("{sign}{digits}");
    }
    let padded = format!("{digits:0>width$}", width = scale + 1);
    let (whole, fraction) = padded.split_at(padded.len() - scale);
    format!("{sign}{whole}.{fraction}")
}

fn integer(value: i64, out: &mut Vec<u8>) {
    // Writing into a vector does not fail.
    let _ = write!(out, "{value}");
}

fn float(value: f64, out: &mut Vec<u8>) {
    if value.is_finite() {
        out.extend_from_slice(ryu::Buffer::new().format_finite(value).as_bytes());
    } else if value.is_nan() {
        out.extend_from_slice(b"\"NaN\"");
    } else {
        out.extend_from_slice(if value > 0.0 { b"\"Infinity\"" } else { b"\"-Infinity\"" });
    }
}

fn base64(bytes: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(STANDARD.encode(bytes).as_bytes());
    out.push(b'"');
}

fn text(text: &str, out: &mut Vec<u8>) {
    // Writing into a vector does not fail, and text is always JSON.
    let _ = serde_json::to_writer(out, text);
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Instant,
    Local,
    Date,
    Time,
}

fn instant(seconds: i64, nanos: u32, part: Part, out: &mut Vec<u8>) {
    let mut room = [0; ROOM + 8];
    let end = write_instant(&mut room, 0, seconds, nanos);
    let written = &room[..end];
    let day_end = written.iter().position(|b| *b == b'T').unwrap_or(end);
    let without_zone = written.strip_suffix(b"Z").unwrap_or(written);
    out.push(b'"');
    out.extend_from_slice(match part {
        Part::Instant => written,
        Part::Local => without_zone,
        Part::Date => &written[..day_end],
        Part::Time => without_zone.get(day_end + 1..).unwrap_or_default(),
    });
    out.push(b'"');
}
