//! Bytes of logical types → numbers and texts.

use arrow_buffer::{IntervalDayTime, IntervalMonthDayNano, i256};

use super::cursor::{Cursor, Malformed};
use crate::{
    cell,
    column::{Column, Mismatch},
};

/// A number of up to sixteen bytes.
#[inline]
pub(super) fn small(bytes: &[u8]) -> Option<i128> {
    let sign = if bytes.first()? & 0x80 == 0 { 0 } else { 0xff };
    // Writers of fixed decimals fill up with the sign.
    let cut = bytes.len().saturating_sub(16);
    if bytes[..cut].iter().any(|b| *b != sign) || (cut > 0 && (bytes[cut] ^ sign) & 0x80 != 0) {
        return None;
    }
    let digits = &bytes[cut..];
    let mut wide = [sign; 16];
    wide[16 - digits.len()..].copy_from_slice(digits);
    Some(i128::from_be_bytes(wide))
}

/// Most digits behind the point that a number is written out with.
const MAX_SCALE: i64 = 1_000;

/// The text of a decimal, in `out` instead of what it held; `None` for one that is too long.
pub(super) fn decimal_text<'t>(bytes: &[u8], scale: i64, out: &'t mut Vec<u8>) -> Option<&'t str> {
    let sign = if bytes.first()? & 0x80 == 0 { 0 } else { 0xff };
    let cut = bytes.len().saturating_sub(32);
    if bytes[..cut].iter().any(|b| *b != sign) || (cut > 0 && (bytes[cut] ^ sign) & 0x80 != 0) {
        return None;
    }
    let digits = &bytes[cut..];
    let mut wide = [sign; 32];
    wide[32 - digits.len()..].copy_from_slice(digits);
    let value = i256::from_be_bytes(wide);
    out.clear();
    if !(-MAX_SCALE..=MAX_SCALE).contains(&scale) {
        return None;
    }
    let mut room = [0; 96 + cell::integer::ROOM];
    let end = cell::integer::write_i256(&mut room, 0, value);
    let (sign, digits) = match room[..end].strip_prefix(b"-") {
        Some(digits) => (&b"-"[..], digits),
        None => (&b""[..], &room[..end]),
    };
    out.extend_from_slice(sign);
    match usize::try_from(scale) {
        Ok(0) => out.extend_from_slice(digits),
        Ok(scale) => {
            let whole = digits.len().saturating_sub(scale);
            out.extend_from_slice(if whole == 0 { b"0" } else { &digits[..whole] });
            out.push(b'.');
            out.resize(out.len() + (scale - (digits.len() - whole)), b'0');
            out.extend_from_slice(&digits[whole..]);
        }
        Err(_) => {
            out.extend_from_slice(digits);
            if digits != b"0" {
                out.resize(out.len() + scale.unsigned_abs() as usize, b'0');
            }
        }
    }
    std::str::from_utf8(out).ok()
}

/// The digits and the scale of a big-decimal: bytes behind their length, and a number.
///
/// Source: the Java implementation's `BigDecimalConversion`, which the specification leaves the bytes to.
pub(super) fn big_decimal(bytes: &[u8]) -> Result<(&[u8], i64), Malformed> {
    let mut cursor = Cursor::new(bytes, 0);
    let digits = cursor.bytes()?;
    let scale = cursor.int()?;
    if cursor.at != bytes.len() || digits.is_empty() {
        return Err(Malformed::Decimal);
    }
    Ok((digits, scale.into()))
}

/// The text of a UUID, in `out` instead of what it held.
pub(super) fn uuid_text<'t>(bytes: &[u8; 16], out: &'t mut Vec<u8>) -> &'t str {
    out.clear();
    out.resize(cell::UUID_ROOM, 0);
    cell::write_uuid(out, 0, bytes);
    // Digits and hyphens.
    std::str::from_utf8(out).unwrap_or("")
}

/// Months, days and milliseconds, little-endian and never below zero.
pub(super) fn duration_parts(bytes: &[u8; 12]) -> [u32; 3] {
    let (parts, _) = bytes.as_chunks::<4>();
    [parts[0], parts[1], parts[2]].map(u32::from_le_bytes)
}

pub(super) fn push_duration(bytes: &[u8; 12], column: &mut Column) -> Result<(), Mismatch> {
    let [months, days, millis] = duration_parts(bytes);
    let fit = |part: u32| i32::try_from(part).map_err(|_| Mismatch::Range);
    match column {
        Column::IntervalMonthDayNano(rows) => {
            let nanos = i64::from(millis) * 1_000_000;
            rows.push_value(IntervalMonthDayNano::new(fit(months)?, fit(days)?, nanos));
        }
        Column::IntervalDayTime(rows) if months == 0 => {
            rows.push_value(IntervalDayTime::new(fit(days)?, fit(millis)?));
        }
        Column::IntervalYearMonth(rows) if days == 0 && millis == 0 => rows.push_value(fit(months)?),
        _ => return Err(Mismatch::Range),
    }
    Ok(())
}
