//! Bytes → tokens: one value's head, with its bytes where they have a length.

use std::fmt;

/// One value, or the head of a container. Every way to write a value gives the same token.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Token<'a> {
    Nil,
    Bool(bool),
    /// An integer that `i64` holds.
    Int(i64),
    /// An integer above `i64::MAX`.
    Uint(u64),
    F32(f32),
    F64(f64),
    /// Bytes that should be UTF-8; nobody has looked yet.
    Str(&'a [u8]),
    Bin(&'a [u8]),
    /// That many values follow.
    Array(u32),
    /// That many pairs of values follow.
    Map(u32),
    Ext(i8, &'a [u8]),
}

/// Why bytes are no MessagePack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Malformed {
    /// The record ends within a value.
    Truncated,
    /// The byte 0xc1, which begins no value.
    Reserved,
    /// A `str` that is none.
    InvalidUtf8,
    /// More containers in each other than allowed.
    TooDeep,
    /// A key that no field can have: a container, or an extension.
    Key,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Truncated => "expected the rest of a value, found the end of the record",
            Self::Reserved => "expected a value, found byte 0xc1, which begins none",
            Self::InvalidUtf8 => "expected UTF-8 text",
            Self::TooDeep => "expected fewer levels of nesting",
            Self::Key => "expected a key that is text, a number or a boolean",
        })
    }
}

/// Reads the token at `at`, and returns where the next one begins.
///
/// Source: MessagePack specification, "Formats".
#[inline(always)]
pub(super) fn token(bytes: &[u8], at: usize) -> Result<(Token<'_>, usize), Malformed> {
    let Some(&head) = bytes.get(at) else { return Err(Malformed::Truncated) };
    let at = at + 1;
    match head {
        0x00..=0x7f => Ok((Token::Int(i64::from(head)), at)),
        0x80..=0x8f => Ok((Token::Map(u32::from(head & 0x0f)), at)),
        0x90..=0x9f => Ok((Token::Array(u32::from(head & 0x0f)), at)),
        0xa0..=0xbf => string(bytes, at, usize::from(head & 0x1f)),
        0xc0 => Ok((Token::Nil, at)),
        0xc2 | 0xc3 => Ok((Token::Bool(head == 0xc3), at)),
        0xca => fixed(bytes, at).map(|(v, at)| (Token::F32(f32::from_be_bytes(v)), at)),
        0xcb => fixed(bytes, at).map(|(v, at)| (Token::F64(f64::from_be_bytes(v)), at)),
        0xcc => fixed(bytes, at).map(|([v], at)| (Token::Int(i64::from(v)), at)),
        0xcd => fixed(bytes, at).map(|(v, at)| (Token::Int(i64::from(u16::from_be_bytes(v))), at)),
        0xce => fixed(bytes, at).map(|(v, at)| (Token::Int(i64::from(u32::from_be_bytes(v))), at)),
        0xcf => fixed(bytes, at).map(|(v, at)| (unsigned(u64::from_be_bytes(v)), at)),
        0xd0 => fixed(bytes, at).map(|(v, at)| (Token::Int(i64::from(i8::from_be_bytes(v))), at)),
        0xd1 => fixed(bytes, at).map(|(v, at)| (Token::Int(i64::from(i16::from_be_bytes(v))), at)),
        0xd2 => fixed(bytes, at).map(|(v, at)| (Token::Int(i64::from(i32::from_be_bytes(v))), at)),
        0xd3 => fixed(bytes, at).map(|(v, at)| (Token::Int(i64::from_be_bytes(v)), at)),
        0xd9 => length8(bytes, at).and_then(|(len, at)| string(bytes, at, len)),
        0xe0..=0xff => Ok((Token::Int(i64::from(head.cast_signed())), at)),
        _ => rare(bytes, at, head),
    }
}

/// The tokens of long values, of bytes and of extension types. Out of line, so that what is common stays small.
#[inline(never)]
fn rare(bytes: &[u8], at: usize, head: u8) -> Result<(Token<'_>, usize), Malformed> {
    match head {
        0xc4 => length8(bytes, at).and_then(|(len, at)| binary(bytes, at, len)),
        0xc5 => length16(bytes, at).and_then(|(len, at)| binary(bytes, at, len as usize)),
        0xc6 => length32(bytes, at).and_then(|(len, at)| binary(bytes, at, len as usize)),
        0xc7 => length8(bytes, at).and_then(|(len, at)| extension(bytes, at, len)),
        0xc8 => length16(bytes, at).and_then(|(len, at)| extension(bytes, at, len as usize)),
        0xc9 => length32(bytes, at).and_then(|(len, at)| extension(bytes, at, len as usize)),
        0xd4..=0xd8 => extension(bytes, at, 1 << (head - 0xd4)),
        0xda => length16(bytes, at).and_then(|(len, at)| string(bytes, at, len as usize)),
        0xdb => length32(bytes, at).and_then(|(len, at)| string(bytes, at, len as usize)),
        0xdc => length16(bytes, at).map(|(len, at)| (Token::Array(len), at)),
        0xdd => length32(bytes, at).map(|(len, at)| (Token::Array(len), at)),
        0xde => length16(bytes, at).map(|(len, at)| (Token::Map(len), at)),
        0xdf => length32(bytes, at).map(|(len, at)| (Token::Map(len), at)),
        _ => Err(Malformed::Reserved),
    }
}

#[inline(always)]
fn unsigned(v: u64) -> Token<'static> {
    i64::try_from(v).map_or(Token::Uint(v), Token::Int)
}

#[inline(always)]
fn fixed<const N: usize>(bytes: &[u8], at: usize) -> Result<([u8; N], usize), Malformed> {
    match bytes[at..].first_chunk() {
        Some(value) => Ok((*value, at + N)),
        None => Err(Malformed::Truncated),
    }
}

#[inline(always)]
fn length8(bytes: &[u8], at: usize) -> Result<(usize, usize), Malformed> {
    fixed(bytes, at).map(|([len], at)| (usize::from(len), at))
}

fn length16(bytes: &[u8], at: usize) -> Result<(u32, usize), Malformed> {
    fixed(bytes, at).map(|(len, at)| (u32::from(u16::from_be_bytes(len)), at))
}

fn length32(bytes: &[u8], at: usize) -> Result<(u32, usize), Malformed> {
    fixed(bytes, at).map(|(len, at)| (u32::from_be_bytes(len), at))
}

#[inline(always)]
fn payload(bytes: &[u8], at: usize, len: usize) -> Result<&[u8], Malformed> {
    bytes[at..].get(..len).ok_or(Malformed::Truncated)
}

#[inline(always)]
fn string(bytes: &[u8], at: usize, len: usize) -> Result<(Token<'_>, usize), Malformed> {
    payload(bytes, at, len).map(|text| (Token::Str(text), at + len))
}

fn binary(bytes: &[u8], at: usize, len: usize) -> Result<(Token<'_>, usize), Malformed> {
    payload(bytes, at, len).map(|data| (Token::Bin(data), at + len))
}

fn extension(bytes: &[u8], at: usize, len: usize) -> Result<(Token<'_>, usize), Malformed> {
    let ([kind], at) = fixed(bytes, at)?;
    payload(bytes, at, len).map(|data| (Token::Ext(kind.cast_signed(), data), at + len))
}
