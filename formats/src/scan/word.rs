//! The three words of JSON.
#![allow(unsafe_code, reason = "passing over what was just compared")]

use super::cursor::Cursor;

/// Reads `true` or `false`, without a branch on which of them it is: of values nothing is harder to predict.
#[inline(always)]
pub(crate) fn boolean(at: Cursor<'_>) -> Option<(bool, Cursor<'_>)> {
    const TRUE: u64 = u64::from_le_bytes(*b"true\0\0\0\0");
    const FALSE: u64 = u64::from_le_bytes(*b"false\0\0\0");
    let word = u64::from_le_bytes(*at.window());
    let value = at.byte() == b't';
    let (expected, len) = if value { (TRUE, 4) } else { (FALSE, 5) };
    if word << (64 - 8 * len) != expected << (64 - 8 * len) {
        return None;
    }
    // SAFETY: these bytes are the word's.
    Some((value, unsafe { at.skip(len) }))
}

/// Passes over `true`, `false` or `null`.
#[inline(always)]
pub(crate) fn skip(at: Cursor<'_>) -> Option<Cursor<'_>> {
    let len = match at.window::<5>() {
        [b't', b'r', b'u', b'e', _] | [b'n', b'u', b'l', b'l', _] => 4,
        b"false" => 5,
        _ => return None,
    };
    // SAFETY: these bytes are the word's.
    Some(unsafe { at.skip(len) })
}
