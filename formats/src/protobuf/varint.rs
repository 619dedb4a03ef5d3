//! Bytes → tags and raw values: the wire format, without knowing what a field means.
//!
//! Source: Protocol Buffers documentation, "Encoding".

use std::fmt;

/// Wire type of integers.
pub(super) const VARINT: u32 = 0;
/// Wire type of eight bytes.
pub(super) const I64: u32 = 1;
/// Wire type of bytes with their length before them.
pub(super) const LEN: u32 = 2;
/// Wire type that opens a group.
pub(super) const GROUP: u32 = 3;
/// Wire type that closes one.
pub(super) const END_GROUP: u32 = 4;
/// Wire type of four bytes.
pub(super) const I32: u32 = 5;

/// Why bytes are no message, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) at: usize,
    pub(super) why: Malformed,
}

/// Why bytes are no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Malformed {
    /// The record or an embedded message ends within a field.
    Truncated,
    /// A varint of more than 64 bits.
    LongVarint,
    /// A tag that no field can have: number 0, or more than 32 bits.
    Tag,
    /// Wire type 6 or 7.
    WireType,
    /// The end of a group that was not begun, or of another one.
    EndGroup,
    /// A string that is none.
    InvalidUtf8,
    /// Messages deeper in each other than allowed.
    TooDeep,
    /// A packed field whose bytes are no whole number of values.
    Packed,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Truncated => "expected the rest of a field, found the end of the message",
            Self::LongVarint => "expected a varint of at most 64 bits, found a longer one",
            Self::Tag => "expected a field's tag, found number 0 or one of more than 29 bits",
            Self::WireType => "expected a field's tag, found wire type 6 or 7, which do not exist",
            Self::EndGroup => "expected a field's tag, found the end of a group that is not open",
            Self::InvalidUtf8 => "expected UTF-8 text",
            Self::TooDeep => "expected fewer levels of nesting",
            Self::Packed => "expected packed values, found bytes that are no whole number of them",
        })
    }
}

/// Reads the varint at `at`, and returns where it ends.
#[inline(always)]
pub(super) fn varint(bytes: &[u8], at: usize) -> Result<(u64, usize), Fault> {
    match bytes.get(at) {
        Some(&first) if first < 0x80 => Ok((u64::from(first), at + 1)),
        Some(&first) => match bytes.get(at + 1) {
            Some(&second) if second < 0x80 => Ok((u64::from(first & 0x7f) | u64::from(second) << 7, at + 2)),
            _ => long_varint(bytes, at),
        },
        None => Err(Fault { at, why: Malformed::Truncated }),
    }
}

/// One of three bytes and more.
#[inline]
fn long_varint(bytes: &[u8], at: usize) -> Result<(u64, usize), Fault> {
    let mut value = 0;
    for (index, byte) in bytes[at..].iter().take(10).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * index);
        if *byte < 0x80 {
            // The tenth byte has room for one bit.
            if index == 9 && *byte > 1 {
                break;
            }
            return Ok((value, at + index + 1));
        }
    }
    let why = if bytes.len() - at < 10 { Malformed::Truncated } else { Malformed::LongVarint };
    Err(Fault { at, why })
}

/// Reads the tag at `at`: a field's number and its wire type.
#[inline(always)]
pub(super) fn tag(bytes: &[u8], at: usize) -> Result<(u32, usize), Fault> {
    let (tag, end) = varint(bytes, at)?;
    match u32::try_from(tag) {
        Ok(tag) if tag >= 8 => Ok((tag, end)),
        _ => Err(Fault { at, why: Malformed::Tag }),
    }
}

/// A span of the record as a raw value.
#[inline(always)]
pub(super) fn span(start: usize, end: usize) -> u64 {
    (start as u64) << 32 | end as u64
}

/// The span that a raw value is.
#[inline(always)]
pub(super) fn span_of(raw: u64) -> (usize, usize) {
    ((raw >> 32) as usize, (raw & 0xffff_ffff) as usize)
}

/// Reads the value at `at` as its wire type says: an integer's or float's bits, or the [`span`] of bytes. A group is the
/// span of its fields, up to the tag that ends it.
#[inline(always)]
pub(super) fn value(bytes: &[u8], at: usize, tag: u32, levels: usize) -> Result<(u64, usize), Fault> {
    match tag & 7 {
        VARINT => varint(bytes, at),
        LEN => {
            let (len, start) = varint(bytes, at)?;
            match usize::try_from(len).ok().and_then(|len| start.checked_add(len)) {
                Some(end) if end <= bytes.len() => Ok((span(start, end), end)),
                _ => Err(Fault { at, why: Malformed::Truncated }),
            }
        }
        I64 => match bytes.get(at..).and_then(|rest| rest.first_chunk()) {
            Some(chunk) => Ok((u64::from_le_bytes(*chunk), at + 8)),
            None => Err(Fault { at, why: Malformed::Truncated }),
        },
        I32 => match bytes.get(at..).and_then(|rest| rest.first_chunk()) {
            Some(chunk) => Ok((u64::from(u32::from_le_bytes(*chunk)), at + 4)),
            None => Err(Fault { at, why: Malformed::Truncated }),
        },
        GROUP => group(bytes, at, tag, levels),
        END_GROUP => Err(Fault { at, why: Malformed::EndGroup }),
        _ => Err(Fault { at, why: Malformed::WireType }),
    }
}

/// Passes over a group whose first field is at `start`; at most `levels` groups lie in each other.
#[cold]
#[inline(never)]
fn group(bytes: &[u8], start: usize, tag: u32, levels: usize) -> Result<(u64, usize), Fault> {
    let Some(levels) = levels.checked_sub(1) else { return Err(Fault { at: start, why: Malformed::TooDeep }) };
    let mut at = start;
    loop {
        let (inner, value_at) = self::tag(bytes, at)?;
        if inner & 7 == END_GROUP {
            if inner >> 3 != tag >> 3 {
                return Err(Fault { at, why: Malformed::EndGroup });
            }
            return Ok((span(start, at), value_at));
        }
        at = value(bytes, value_at, inner, levels)?.1;
    }
}

/// An integer that is written with its sign in the lowest bit.
#[inline(always)]
pub(super) fn zigzag(v: u64) -> i64 {
    (v >> 1).cast_signed() ^ -((v & 1).cast_signed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn varints_have_at_most_64_bits() {
        let check = |bytes: &[u8], expected: Result<u64, Malformed>| {
            assert_eq!(varint(bytes, 0).map(|(v, _)| v).map_err(|fault| fault.why), expected, "{bytes:x?}");
        };
        check(&[0], Ok(0));
        check(&[0x96, 0x01], Ok(150));
        check(&[0x80, 0x80, 0x00], Ok(0));
        check(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], Ok(u64::MAX));
        check(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02], Err(Malformed::LongVarint));
        check(&[0x80; 11], Err(Malformed::LongVarint));
        check(&[0x80; 9], Err(Malformed::Truncated));
        check(&[], Err(Malformed::Truncated));
    }

    #[test]
    fn groups_end_where_they_say() {
        let check = |bytes: &[u8], expected: Result<usize, Malformed>| {
            let (tag, at) = tag(bytes, 0).unwrap();
            assert_eq!(value(bytes, at, tag, 2).map(|(_, end)| end).map_err(|fault| fault.why), expected, "{bytes:x?}");
        };
        check(&[0x0b, 0x0c], Ok(2));
        check(&[0x0b, 0x10, 0x05, 0x13, 0x14, 0x0c], Ok(6));
        check(&[0x0b, 0x14], Err(Malformed::EndGroup));
        check(&[0x0b, 0x10], Err(Malformed::Truncated));
        check(&[0x0b, 0x0b, 0x0b, 0x0c, 0x0c, 0x0c], Err(Malformed::TooDeep));
    }
}
