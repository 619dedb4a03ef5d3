//! Values as Avro's binary encoding.
//!
//! Source: Avro 1.12 specification, "Binary Encoding".

use std::ops::Range;

use arrow_buffer::{IntervalDayTime, IntervalMonthDayNano};
use laminar_schema::{EncodeError, Found, SchemaError, SchemaResult};

use super::column::{Column, Decimals, Values};
use crate::{avro::container::write_varint, cell};

/// Appends one row: the root of everything that happens per record.
#[inline(never)]
pub(super) fn encode_record(columns: &[Column<'_>], row: usize, out: &mut Vec<u8>) -> SchemaResult<()> {
    for column in columns {
        item(column, row, out).map_err(|e| in_field(e, column))?;
    }
    Ok(())
}

#[inline]
fn item(column: &Column<'_>, row: usize, out: &mut Vec<u8>) -> SchemaResult<()> {
    let is_null = column.is_null(row) || matches!(column.values, Values::Null);
    if let Some(union) = column.union {
        match if is_null { union.null } else { union.value } {
            Some(branch) => write_varint(branch, out),
            None => return Err(unexpected_null()),
        }
    } else if is_null && !matches!(column.values, Values::Null) {
        return Err(unexpected_null());
    }
    if is_null { Ok(()) } else { value(&column.values, row, out) }
}

fn value(values: &Values<'_>, row: usize, out: &mut Vec<u8>) -> SchemaResult<()> {
    match values {
        Values::Null => {}
        Values::Boolean(v) => out.push(v.value(row).into()),
        Values::Int8(v) => write_varint(v[row].into(), out),
        Values::Int16(v) => write_varint(v[row].into(), out),
        Values::Int32(v) => write_varint(v[row].into(), out),
        Values::Int64(v) => write_varint(v[row], out),
        Values::UInt8(v) => write_varint(v[row].into(), out),
        Values::UInt16(v) => write_varint(v[row].into(), out),
        Values::UInt32(v) => write_varint(v[row].into(), out),
        Values::Float32(v) => out.extend_from_slice(&v[row].to_le_bytes()),
        Values::Float64(v) => out.extend_from_slice(&v[row].to_le_bytes()),
        Values::AsFloat(v) => out.extend_from_slice(&(v.get(row) as f32).to_le_bytes()),
        Values::AsDouble(v) => out.extend_from_slice(&v.get(row).to_le_bytes()),
        Values::Bytes(ends, data) => bytes(&data[ends[row] as usize..ends[row + 1] as usize], out),
        Values::LargeBytes(ends, data) => bytes(&data[ends[row] as usize..ends[row + 1] as usize], out),
        Values::TextView(texts) => bytes(texts.value(row).as_bytes(), out),
        Values::BytesView(data) => bytes(data.value(row), out),
        Values::Fixed(data) => out.extend_from_slice(data.value(row)),
        Values::Uuid(data) => uuid(data.value(row), out),
        Values::Decimal(numbers, size) => return decimal(numbers, row, *size, out),
        Values::Scaled32(v, times, by) => return scaled(v[row].into(), *times, *by, out),
        Values::Scaled64(v, times, by) => return scaled(v[row], *times, *by, out),
        Values::Months(v) => return duration(v[row].into(), 0, 0, out),
        Values::DayTime(v) => {
            let IntervalDayTime { days, milliseconds } = v[row];
            return duration(0, days.into(), i64::from(milliseconds) * 1_000_000, out);
        }
        Values::MonthDayNano(v) => {
            let IntervalMonthDayNano { months, days, nanoseconds } = v[row];
            return duration(months.into(), days.into(), nanoseconds, out);
        }
        Values::Enum(places, texts) => match places[row] {
            Some(place) => write_varint(place, out),
            None => return Err(no_symbol(texts.bytes(row).unwrap_or_default())),
        },
        Values::List(spans, items) => return list(items, spans.of(row), out),
        Values::Record(columns) => {
            for column in columns {
                item(column, row, out).map_err(|e| in_field(e, column))?;
            }
        }
        Values::Map(ends, pair) => return map(pair, ends[row] as usize..ends[row + 1] as usize, out),
        Values::Dictionary(keys, entries) => return value(entries, keys[row], out),
    }
    Ok(())
}

#[inline]
fn bytes(data: &[u8], out: &mut Vec<u8>) {
    write_varint(data.len() as i64, out);
    out.extend_from_slice(data);
}

fn uuid(data: &[u8], out: &mut Vec<u8>) {
    let mut text = [0; cell::UUID_ROOM];
    cell::write_uuid(&mut text, 0, data);
    bytes(&text, out);
}

fn decimal(numbers: &Decimals<'_>, row: usize, size: Option<usize>, out: &mut Vec<u8>) -> SchemaResult<()> {
    match numbers {
        Decimals::UInt64(v) => unscaled(&i128::from(v[row]).to_be_bytes(), size, out),
        Decimals::Decimal32(v) => unscaled(&v[row].to_be_bytes(), size, out),
        Decimals::Decimal64(v) => unscaled(&v[row].to_be_bytes(), size, out),
        Decimals::Decimal128(v) => unscaled(&v[row].to_be_bytes(), size, out),
        Decimals::Decimal256(v) => unscaled(&v[row].to_be_bytes(), size, out),
    }
}

/// A number in two's complement, its highest byte first, in the fewest bytes or in `size`.
fn unscaled(number: &[u8], size: Option<usize>, out: &mut Vec<u8>) -> SchemaResult<()> {
    let sign = if number[0] & 0x80 == 0 { 0 } else { 0xff };
    // A byte of nothing but signs is not needed before one that has the sign too.
    let redundant = number.windows(2).take_while(|pair| pair[0] == sign && (pair[1] ^ sign) & 0x80 == 0).count();
    let shortest = &number[redundant..];
    match size {
        None => bytes(shortest, out),
        Some(size) if size < shortest.len() => return Err(too_many_digits()),
        Some(size) => {
            out.extend(std::iter::repeat_n(sign, size - shortest.len()));
            out.extend_from_slice(shortest);
        }
    }
    Ok(())
}

#[inline]
fn scaled(value: i64, times: i64, by: i64, out: &mut Vec<u8>) -> SchemaResult<()> {
    match value.checked_mul(times) {
        Some(scaled) if scaled % by == 0 => {
            write_varint(scaled / by, out);
            Ok(())
        }
        _ => Err(too_fine(value)),
    }
}

/// Source: Avro 1.12, "Duration": three unsigned little-endian numbers of 32 bits, of months, days and milliseconds.
fn duration(months: i64, days: i64, nanos: i64, out: &mut Vec<u8>) -> SchemaResult<()> {
    let parts = [Some(months), Some(days), (nanos % 1_000_000 == 0).then_some(nanos / 1_000_000)];
    for part in parts {
        let Some(part) = part.and_then(|p| u32::try_from(p).ok()) else { return Err(no_duration(months, days, nanos)) };
        out.extend_from_slice(&part.to_le_bytes());
    }
    Ok(())
}

fn list(items: &Column<'_>, rows: Range<usize>, out: &mut Vec<u8>) -> SchemaResult<()> {
    if !rows.is_empty() {
        write_varint(rows.len() as i64, out);
        let start = rows.start;
        for row in rows {
            item(items, row, out).map_err(|e| in_item(e, row - start))?;
        }
    }
    out.push(0);
    Ok(())
}

fn map(pair: &[Column<'_>; 2], rows: Range<usize>, out: &mut Vec<u8>) -> SchemaResult<()> {
    let [keys, values] = pair;
    if !rows.is_empty() {
        write_varint(rows.len() as i64, out);
        for row in rows {
            item(keys, row, out)?;
            item(values, row, out)?;
        }
    }
    out.push(0);
    Ok(())
}

#[cold]
#[inline(never)]
fn in_field(error: SchemaError, column: &Column<'_>) -> SchemaError {
    error.in_field(column.name)
}

#[cold]
#[inline(never)]
fn in_item(error: SchemaError, index: usize) -> SchemaError {
    error.in_field(&format!("[{index}]"))
}

#[cold]
fn unexpected_null() -> SchemaError {
    unrepresentable(Found::kind("null"), "the schema has no null there; make its type a union with null")
}

#[cold]
fn too_many_digits() -> SchemaError {
    unrepresentable(Found::kind("decimal"), "it has more digits than its type; make the type larger")
}

#[cold]
fn too_fine(value: i64) -> SchemaError {
    let help = "it does not fit the type's unit without loss; cast it to the unit that the schema has";
    unrepresentable(Found::new("time", &value.to_string()), help)
}

#[cold]
fn no_duration(months: i64, days: i64, nanos: i64) -> SchemaError {
    let shown = format!("of {months} months, {days} days and {nanos} ns");
    unrepresentable(
        Found::new("interval", &shown),
        "a duration of Avro has months, days and whole milliseconds from 0 on; cast it to VARCHAR",
    )
}

#[cold]
fn no_symbol(text: &[u8]) -> SchemaError {
    unrepresentable(Found::new("text", &String::from_utf8_lossy(text)), "it is no symbol of the schema's enum")
}

#[cold]
pub(super) fn unrepresentable(found: Found, help: &'static str) -> SchemaError {
    EncodeError::Unrepresentable { format: crate::avro::NAME, found, help }.into()
}
