//! Objects → rows.

use super::{
    Instance, Walk,
    glue::Step,
    skip::{self, colon, unescape},
    value::value,
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
    let (mut at, mut state, mut found, mut keys) = (start, Step::FIRST, 0, 0);
    walk.depth += 1;
    loop {
        let (step, value_at) = match row.glue.guess(isa, state, at) {
            Some(guessed) => guessed,
            None => isa.key(walk, row, state, at)?,
        };
        state = step.next;
        keys += 1;
        at = match row.fields.get_mut(step.field as usize) {
            Some(field) => {
                found += 1;
                value(isa, walk, &mut field.column, &field.field, rows, value_at)?
            }
            None if step.field == Step::END => {
                at = value_at;
                break;
            }
            None => skip::value(isa, walk, value_at)?,
        };
    }
    walk.depth -= 1;
    row.glue.cool(keys);
    // No field has two values here: the second one would not have been of the next row.
    if found < row.num_nameable() {
        push_absent(row, rows)?;
    }
    row.end_row();
    Some(at)
}

/// Reads a key that was not guessed, up to its value; or the object's end.
#[inline(always)]
pub(super) fn key<'a, I: Instance>(
    isa: I,
    walk: &mut Walk,
    row: &mut StructColumn,
    state: u32,
    start: Cursor<'a>,
) -> Option<(Step, Cursor<'a>)> {
    let hot = row.glue.miss();
    if hot && let Some(step) = compact_key(isa, walk, row, state, start) {
        return Some(step);
    }
    any_key(walk, row, state, start, !hot)
}

/// Reads a key that is written without escapes or white space, and learns nothing.
#[inline(always)]
fn compact_key<'a, I: Instance>(
    isa: I,
    walk: &Walk,
    row: &mut StructColumn,
    state: u32,
    start: Cursor<'a>,
) -> Option<(Step, Cursor<'a>)> {
    row.glue.learn_names(&row.keys);
    let comma = usize::from(state != Step::FIRST);
    let opening = start.window::<2>();
    if comma == 1 && opening[0] != b',' || opening[comma] != b'"' {
        return None;
    }
    let at = start.advance(comma + 1);
    let window = at.window::<WINDOW>();
    let len = isa.plain_prefix(window);
    if window.get(len..len + 2) != Some(b"\":") {
        return None;
    }
    let step = match row.glue.named(isa, &row.keys, window, len) {
        Some(field) => Step::field(field),
        None if walk.ignores_unknown => Step { field: Step::SKIP, next: Step::LOST },
        None => return None,
    };
    Some((step, at.advance(len + 2)))
}

/// Reads any key, and learns from it.
#[inline(never)]
fn any_key<'a>(
    walk: &mut Walk,
    row: &mut StructColumn,
    state: u32,
    start: Cursor<'a>,
    learns: bool,
) -> Option<(Step, Cursor<'a>)> {
    let mut at = start.skip_space();
    let (step, at) = if at.byte() == b'}' {
        (Step { field: Step::END, next: Step::FIRST }, at.advance(1))
    } else {
        if state != Step::FIRST {
            if at.byte() != b',' {
                return None;
            }
            at = at.advance(1).skip_space();
        }
        let at = colon(unescape(Portable, at, &mut walk.text)?)?;
        let step = match row.keys.probe(std::str::from_utf8(&walk.text).ok()?) {
            Some(field) => Step::field(field),
            None if walk.ignores_unknown => row.glue.unknown(&row.keys, &walk.text),
            None => return None,
        };
        (step, at)
    };
    if learns {
        row.glue.learn(&row.keys, state, at.since(start), step);
    }
    Some((step, at))
}

/// Pushes what the fields get that the object does not have; `None` where that rejects the record.
#[inline(never)]
fn push_absent(row: &mut StructColumn, rows: usize) -> Option<()> {
    for field in row.fields.iter_mut().filter(|f| f.column.num_rows() == rows) {
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
