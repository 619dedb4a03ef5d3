//! Values → JSON text, for columns that are declared JSON or have no other type.
//!
//! Decimals are numbers with all their digits, bytes are base64, dates and times are ISO 8601, durations too; what JSON has no
//! number for is text, as in the other formats. A union is the value of its branch.

use arrow_schema::TimeUnit;

use super::{
    cursor::Malformed,
    logical::{big_decimal, decimal_text, duration_parts, uuid_text},
    run::Run,
    schema::{Kind, Logical, NodeId},
};
use crate::{
    cell::{integer, temporal},
    json::{quote, quote_base64},
};

/// Appends the value of type `id` that stands at the cursor to the run's text, `depth` levels in.
pub(super) fn value(run: &mut Run<'_, '_>, id: NodeId, depth: usize) -> Result<(), Malformed> {
    if depth >= run.max_depth {
        return Err(Malformed::Depth);
    }
    let writer = run.writer;
    let node = writer.node(id);
    match &node.kind {
        Kind::Null => run.text.extend_from_slice(b"null"),
        Kind::Boolean => {
            let v = run.cursor.boolean()?;
            run.text.extend_from_slice(if v { b"true" } else { b"false" });
        }
        Kind::Int => {
            let v = run.cursor.int()?;
            integer(run.text, i64::from(v), node.logical);
        }
        Kind::Long => {
            let v = run.cursor.long()?;
            integer(run.text, v, node.logical);
        }
        Kind::Float => {
            // Four bytes are the same number as eight, so they have the same text.
            let v = run.cursor.float()?;
            float(run.text, v.into());
        }
        Kind::Double => {
            let v = run.cursor.double()?;
            float(run.text, v);
        }
        Kind::String => {
            let text = run.cursor.text()?;
            quote(run.text, text);
        }
        Kind::Bytes => {
            let bytes = run.cursor.bytes()?;
            of_bytes(run.text, run.digits, bytes, node.logical)?;
        }
        Kind::Fixed { size, .. } => {
            let bytes = run.cursor.take(*size)?;
            of_bytes(run.text, run.digits, bytes, node.logical)?;
        }
        Kind::Enum { symbols, .. } => {
            let index = run.cursor.int()?;
            let symbol = usize::try_from(index).ok().and_then(|i| symbols.get(i)).ok_or(Malformed::Symbol)?;
            quote(run.text, symbol);
        }
        Kind::Union(branches) => {
            let index = run.cursor.long()?;
            let branch = usize::try_from(index).ok().and_then(|i| branches.get(i)).ok_or(Malformed::Branch)?;
            value(run, *branch, depth + 1)?;
        }
        Kind::Record { fields, .. } => {
            if writer.least(id) == 0 {
                run.cursor.spend(1)?;
            }
            run.text.push(b'{');
            for (index, field) in fields.iter().enumerate() {
                if index > 0 {
                    run.text.push(b',');
                }
                quote(run.text, field.key());
                run.text.push(b':');
                value(run, field.node, depth + 1)?;
            }
            run.text.push(b'}');
        }
        Kind::Array(item) => {
            let least = writer.least(*item);
            run.text.push(b'[');
            blocks(run, least, |run| value(run, *item, depth + 1))?;
            run.text.push(b']');
        }
        Kind::Map(of) => {
            let least = 1 + writer.least(*of);
            run.text.push(b'{');
            blocks(run, least, |run| {
                let key = run.cursor.text()?;
                quote(run.text, key);
                run.text.push(b':');
                value(run, *of, depth + 1)
            })?;
            run.text.push(b'}');
        }
    }
    Ok(())
}

fn blocks<'b, 's>(
    run: &mut Run<'b, 's>,
    least: usize,
    mut item: impl FnMut(&mut Run<'b, 's>) -> Result<(), Malformed>,
) -> Result<(), Malformed> {
    let mut so_far = 0;
    loop {
        let count = run.cursor.block(least)?;
        if count == 0 {
            return Ok(());
        }
        for index in 0..count {
            if so_far + index > 0 {
                run.text.push(b',');
            }
            item(run)?;
        }
        so_far += count;
    }
}

/// Appends what `write` puts into its room, of which it says how much.
fn written<const N: usize>(out: &mut Vec<u8>, write: impl FnOnce(&mut [u8; N]) -> usize) {
    let mut room = [0; N];
    let end = write(&mut room);
    out.extend_from_slice(&room[..end]);
}

fn quoted(out: &mut Vec<u8>, write: impl FnOnce(&mut [u8]) -> usize) {
    out.push(b'"');
    written::<{ temporal::ROOM }>(out, |room| write(room));
    out.push(b'"');
}

fn integer(out: &mut Vec<u8>, v: i64, logical: Logical) {
    match logical {
        Logical::Date => quoted(out, |room| temporal::write_date(room, 0, v)),
        Logical::TimeMillis => quoted(out, |room| temporal::write_time(room, 0, v, TimeUnit::Millisecond)),
        Logical::TimeMicros => quoted(out, |room| temporal::write_time(room, 0, v, TimeUnit::Microsecond)),
        Logical::Timestamp { per_second, is_instant } => {
            let unit = match per_second {
                1_000 => TimeUnit::Millisecond,
                1_000_000 => TimeUnit::Microsecond,
                _ => TimeUnit::Nanosecond,
            };
            quoted(out, |room| temporal::write_timestamp(room, 0, v, unit, is_instant));
        }
        _ => plain(out, v),
    }
}

fn plain(out: &mut Vec<u8>, v: i64) {
    written::<{ integer::ROOM }>(out, |room| integer::write_i64(room, 0, v));
}

fn float(out: &mut Vec<u8>, v: f64) {
    match v.is_finite() {
        true => out.extend_from_slice(ryu::Buffer::new().format_finite(v).as_bytes()),
        false if v.is_nan() => out.extend_from_slice(b"\"NaN\""),
        false => out.extend_from_slice(if v > 0.0 { b"\"Infinity\"" } else { b"\"-Infinity\"" }),
    }
}

fn of_bytes(out: &mut Vec<u8>, text: &mut Vec<u8>, bytes: &[u8], logical: Logical) -> Result<(), Malformed> {
    match (logical, bytes.first_chunk::<16>(), bytes.first_chunk::<12>()) {
        (Logical::Decimal { scale, .. }, ..) => {
            let digits = decimal_text(bytes, i64::from(scale), text).ok_or(Malformed::Decimal)?;
            out.extend_from_slice(digits.as_bytes());
        }
        (Logical::BigDecimal, ..) => {
            let (digits, scale) = big_decimal(bytes)?;
            let digits = decimal_text(digits, scale, text).ok_or(Malformed::Decimal)?;
            out.extend_from_slice(digits.as_bytes());
        }
        (Logical::Uuid, Some(uuid), _) => quote(out, uuid_text(uuid, text)),
        (Logical::Duration, _, Some(parts)) => {
            let [months, days, millis] = duration_parts(parts);
            out.extend_from_slice(b"\"P");
            for (part, unit) in [(months, &b"M"[..]), (days, b"DT"), (millis / 1_000, b".")] {
                plain(out, part.into());
                out.extend_from_slice(unit);
            }
            let millis = millis % 1_000;
            for digit in [millis / 100, millis / 10 % 10, millis % 10] {
                out.push(b'0' + digit as u8);
            }
            out.extend_from_slice(b"S\"");
        }
        _ => quote_base64(out, bytes),
    }
    Ok(())
}
