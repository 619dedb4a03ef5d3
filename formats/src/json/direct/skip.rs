//! Values that no column wants: checked as strictly as any other, and passed over.

use super::{Instance, Walk};
use crate::scan::{Cursor, Isa, number, string, word};

/// Passes over a value.
#[inline(always)]
pub(crate) fn value<'a, I: Instance>(isa: I, walk: &mut Walk, at: Cursor<'a>) -> Option<Cursor<'a>> {
    match at.byte() {
        b'"' => string::skip(isa, at),
        b'{' | b'[' => isa.skip_container(walk, at),
        b'-' | b'0'..=b'9' => number::token(isa, at),
        // A guess may end with a colon where white space follows this time. A container may be any value.
        b' ' | b'\t' | b'\n' | b'\r' => isa.skip_container(walk, at.skip_space()),
        _ => word::skip(at),
    }
}

/// Passes over an object or array, or any other value, without recursion.
#[inline(always)]
pub(super) fn container<'a, I: Instance>(isa: I, walk: &mut Walk, start: Cursor<'a>) -> Option<Cursor<'a>> {
    let mut at = start;
    walk.open.clear();
    loop {
        at = match at.byte() {
            open @ (b'{' | b'[') => {
                if walk.depth + walk.open.len() >= walk.max_depth {
                    return None;
                }
                let is_object = open == b'{';
                let inside = at.advance(1).skip_space();
                if inside.byte() == closing(is_object) {
                    inside.advance(1)
                } else {
                    walk.open.push(is_object);
                    at = if is_object { key(isa, inside)? } else { inside };
                    continue;
                }
            }
            b'"' => string::skip(isa, at)?,
            b'-' | b'0'..=b'9' => number::token(isa, at)?,
            _ => word::skip(at)?,
        };
        // Behind a value: close what ends here, up to a comma.
        loop {
            let Some(is_object) = walk.open.last().copied() else { return Some(at) };
            at = at.skip_space();
            let byte = at.byte();
            at = at.advance(1);
            if byte == b',' {
                at = at.skip_space();
                if is_object {
                    at = key(isa, at)?;
                }
                break;
            }
            if byte != closing(is_object) {
                return None;
            }
            walk.open.pop();
        }
    }
}

#[inline(always)]
fn closing(is_object: bool) -> u8 {
    if is_object { b'}' } else { b']' }
}

/// Passes over a key and its colon, up to the value.
#[inline(always)]
fn key<I: Instance>(isa: I, at: Cursor<'_>) -> Option<Cursor<'_>> {
    colon(string::skip(isa, at)?)
}

/// Passes over the colon behind a key, up to the value.
#[inline(always)]
pub(crate) fn colon(at: Cursor<'_>) -> Option<Cursor<'_>> {
    let at = at.skip_space();
    (at.byte() == b':').then(|| at.advance(1).skip_space())
}

/// Unescapes the string whose opening quote stands at `at`, in place of what is in `out`.
#[inline(always)]
pub(crate) fn unescape<'a, I: Isa>(isa: I, at: Cursor<'a>, out: &mut Vec<u8>) -> Option<Cursor<'a>> {
    out.clear();
    string::append(isa, at, out)
}
