//! Objects → rows.

use super::{
    Instance, Walk,
    glue::State,
    skip::{self, colon, unescape},
    value::{any_value, plain_value},
};
use crate::{
    column::{ColumnOps, OnAbsent, StructColumn},
    scan::{Cursor, Portable, WINDOW},
};

/// Appends the object whose brace opens right in front of `start`, and returns where it ends.
#[inline(always)]
pub(super) fn object<'a, I: Instance>(
    isa: I,
    walk: &mut Walk,
    row: &mut StructColumn,
    start: Cursor<'a>,
) -> Option<Cursor<'a>> {
    let rows = row.num_rows();
    let (mut at, mut state, mut seen) = (start, State::FIRST, 0_u64);
    walk.depth += 1;
    loop {
        (state, at) = match row.glue.guess(isa, state, at) {
            Some(guessed) => guessed,
            None => isa.key(walk, row, state, at)?,
        };
        let index = state.field();
        at = match row.fields.get_mut(index) {
            Some(field) => {
                seen |= 1_u64.wrapping_shl(index as u32);
                match plain_value(isa, walk, &mut field.column, rows, at) {
                    Some(end) => end,
                    None => isa.field(walk, row, index, at)?,
                }
            }
            None if state == State::END => break,
            None => skip::value(isa, walk, at)?,
        };
    }
    walk.depth -= 1;
    row.glue.cool();
    // No field has two values here: the second one would not have been of the next row.
    if Some(seen) != row.all_seen() {
        push_absent_fields(row, rows, seen)?;
    }
    row.end_row();
    Some(at)
}

/// Appends the value at `at` to a field, whatever it is.
#[inline(always)]
pub(super) fn field_value<'a, I: Instance>(
    isa: I,
    walk: &mut Walk,
    row: &mut StructColumn,
    index: usize,
    at: Cursor<'a>,
) -> Option<Cursor<'a>> {
    let rows = row.num_rows();
    let field = row.fields.get_mut(index)?;
    any_value(isa, walk, &mut field.column, field.field.is_nullable(), rows, at)
}

/// Reads a key that was not guessed, up to its value; or the object's end.
#[inline(always)]
pub(super) fn key<'a, I: Instance>(
    isa: I,
    walk: &mut Walk,
    row: &mut StructColumn,
    state: State,
    start: Cursor<'a>,
) -> Option<(State, Cursor<'a>)> {
    let hot = row.glue.miss();
    if hot && let Some(found) = compact_key(isa, walk, row, state, start) {
        return Some(found);
    }
    any_key(walk, row, state, start, !hot)
}

/// Reads a key that is written without escapes or white space, and learns nothing.
#[inline(always)]
fn compact_key<'a, I: Instance>(
    isa: I,
    walk: &Walk,
    row: &mut StructColumn,
    state: State,
    start: Cursor<'a>,
) -> Option<(State, Cursor<'a>)> {
    let comma = usize::from(state != State::FIRST);
    let opening = start.window::<2>();
    if comma == 1 && opening[0] != b',' || opening[comma] != b'"' {
        return None;
    }
    let at = start.advance(comma + 1);
    let window = at.window::<WINDOW>();
    let len = isa.plain_prefix(window);
    if window.get(len..len + 2) != Some(b"\":") || at.advance(len + 2).byte() <= b' ' {
        return None;
    }
    let next = match row.glue.named(isa, &row.keys, window, len)? {
        Some(field) => State::of_field(field),
        None if walk.ignores_unknown => State::LOST,
        None => return None,
    };
    Some((next, at.advance(len + 2)))
}

/// Reads any key, and learns from it.
#[inline(never)]
fn any_key<'a>(
    walk: &mut Walk,
    row: &mut StructColumn,
    state: State,
    start: Cursor<'a>,
    learns: bool,
) -> Option<(State, Cursor<'a>)> {
    let mut at = start.skip_space();
    let (next, at) = if at.byte() == b'}' {
        (State::END, at.advance(1))
    } else {
        if state != State::FIRST {
            if at.byte() != b',' {
                return None;
            }
            at = at.advance(1).skip_space();
        }
        let at = colon(unescape(Portable, at, &mut walk.text)?)?;
        let next = match row.keys.probe(std::str::from_utf8(&walk.text).ok()?) {
            Some(field) => State::of_field(field),
            None if walk.ignores_unknown => row.glue.unknown(&row.keys, &walk.text),
            None => return None,
        };
        (next, at)
    };
    if learns {
        row.glue.learn(&row.keys, state, at.since(start), next);
    }
    Some((next, at))
}

/// Pushes what the fields get that the object does not have; `None` where that rejects the record. Bit i mod 64 of `seen`
/// is set for every field i that it has.
#[inline(never)]
pub(crate) fn push_absent_fields(row: &mut StructColumn, rows: usize, seen: u64) -> Option<()> {
    let is_exact = row.fields.len() <= 64;
    for (at, field) in row.fields.iter_mut().enumerate() {
        if seen & 1_u64.wrapping_shl(at as u32) != 0 && (is_exact || field.column.num_rows() != rows) {
            continue;
        }
        match field.on_absent {
            OnAbsent::Null => field.column.push_null(),
            OnAbsent::Default => {
                field.column.push_null();
                field.default_rows.push(rows as u32);
            }
            OnAbsent::Reject => return None,
            OnAbsent::Decoder => {}
        }
    }
    Some(())
}
