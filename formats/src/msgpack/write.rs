//! The shortest encoding of each value.
//!
//! Source: MessagePack specification, "Serialization: type to format conversion".

/// Appends an integer.
#[inline]
pub(super) fn push_i64(out: &mut Vec<u8>, v: i64) {
    if let Ok(v) = u64::try_from(v) {
        return push_u64(out, v);
    }
    match (i8::try_from(v), i16::try_from(v), i32::try_from(v)) {
        (Ok(v @ -32..), ..) => out.push(v.cast_unsigned()),
        (Ok(v), ..) => push(out, 0xd0, v.to_be_bytes()),
        (_, Ok(v), _) => push(out, 0xd1, v.to_be_bytes()),
        (.., Ok(v)) => push(out, 0xd2, v.to_be_bytes()),
        _ => push(out, 0xd3, v.to_be_bytes()),
    }
}

/// Appends an integer.
#[inline]
pub(super) fn push_u64(out: &mut Vec<u8>, v: u64) {
    match (u8::try_from(v), u16::try_from(v), u32::try_from(v)) {
        (Ok(v @ ..0x80), ..) => out.push(v),
        (Ok(v), ..) => push(out, 0xcc, [v]),
        (_, Ok(v), _) => push(out, 0xcd, v.to_be_bytes()),
        (.., Ok(v)) => push(out, 0xce, v.to_be_bytes()),
        _ => push(out, 0xcf, v.to_be_bytes()),
    }
}

/// Appends a float: in four bytes where they hold it to the last bit.
#[inline]
pub(super) fn push_f64(out: &mut Vec<u8>, v: f64) {
    let short = v as f32;
    if f64::from(short).to_bits() == v.to_bits() {
        return push_f32(out, short);
    }
    push(out, 0xcb, v.to_be_bytes());
}

/// Appends a float of four bytes.
#[inline]
pub(super) fn push_f32(out: &mut Vec<u8>, v: f32) {
    push(out, 0xca, v.to_be_bytes());
}

/// Appends a boolean.
#[inline]
pub(super) fn push_bool(out: &mut Vec<u8>, v: bool) {
    out.push(0xc2 | u8::from(v));
}

/// Appends what stands for null.
#[inline]
pub(super) fn push_nil(out: &mut Vec<u8>) {
    out.push(0xc0);
}

/// Appends text; false when there is too much of it.
#[inline]
#[must_use]
pub(super) fn push_str(out: &mut Vec<u8>, text: &[u8]) -> bool {
    let fits = match text.len() {
        len @ ..32 => {
            out.push(0xa0 | len as u8);
            true
        }
        len => push_len(out, len, [Some(0xd9), Some(0xda), Some(0xdb)]),
    };
    out.extend_from_slice(text);
    fits
}

/// Appends bytes; false when there are too many.
#[inline]
#[must_use]
pub(super) fn push_bin(out: &mut Vec<u8>, data: &[u8]) -> bool {
    let fits = push_len(out, data.len(), [Some(0xc4), Some(0xc5), Some(0xc6)]);
    out.extend_from_slice(data);
    fits
}

/// Appends the head of an array; false when it has too many items.
#[inline]
#[must_use]
pub(super) fn push_array(out: &mut Vec<u8>, len: usize) -> bool {
    match len {
        ..16 => out.push(0x90 | len as u8),
        _ => return push_len(out, len, [None, Some(0xdc), Some(0xdd)]),
    }
    true
}

/// Appends the head of a map; false when it has too many pairs.
#[inline]
#[must_use]
pub(super) fn push_map(out: &mut Vec<u8>, len: usize) -> bool {
    match len {
        ..16 => out.push(0x80 | len as u8),
        _ => return push_len(out, len, [None, Some(0xde), Some(0xdf)]),
    }
    true
}

/// Appends a length of one, two or four bytes behind its head; false when four are too few.
fn push_len(out: &mut Vec<u8>, len: usize, heads: [Option<u8>; 3]) -> bool {
    match (u8::try_from(len), u16::try_from(len), u32::try_from(len), heads) {
        (Ok(len), _, _, [Some(head), ..]) => push(out, head, [len]),
        (_, Ok(len), _, [_, Some(head), _]) => push(out, head, len.to_be_bytes()),
        (_, _, Ok(len), [.., Some(head)]) => push(out, head, len.to_be_bytes()),
        _ => return false,
    }
    true
}

#[inline]
fn push<const N: usize>(out: &mut Vec<u8>, head: u8, content: [u8; N]) {
    out.push(head);
    out.extend_from_slice(&content);
}
