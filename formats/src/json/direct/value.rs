//! Values → columns.

use super::{
    Instance, Walk,
    skip::{self, colon, unescape},
};
use crate::{
    column::{Column, ColumnOps, MapColumn, Scalar},
    scan::{Cursor, Isa, number, word},
};

/// Appends the value at `at` as row `row` of the column, and returns where it ends; `None` where that takes
/// [`any_value`], and then the column is as before, or where the record was refused.
///
/// It has no more arguments than it needs: each would be kept in memory for every value.
#[inline(always)]
pub(super) fn plain_value<'a, I: Instance>(
    isa: I,
    walk: &mut Walk,
    column: &mut Column,
    row: usize,
    at: Cursor<'a>,
) -> Option<Cursor<'a>> {
    match column {
        Column::Utf8(text) => text.push_json(isa, row, at),
        Column::Int64(integers) => {
            let (value, end) = number::integer(isa, at)?;
            integers.push_at(row, value).then_some(end)
        }
        Column::Float64(floats) => {
            let (value, end) = number::float(isa, at)?;
            floats.push_at(row, value).then_some(end)
        }
        Column::Boolean(booleans) => {
            let (value, end) = word::boolean(at)?;
            booleans.push_at(row, value).then_some(end)
        }
        Column::Struct(object) if object.num_rows() == row => {
            let end = isa.object(walk, object, at.behind(b'{')?);
            if end.is_none() {
                walk.refused = true;
            }
            end
        }
        Column::Null(_) | Column::Json(_) | Column::Map(_) | Column::Dictionary(_) | Column::List(_) => None,
        _ => count(isa, column, row, at),
    }
}

/// Appends an integer to a column of counts.
#[inline(always)]
fn count<'a, I: Isa>(isa: I, column: &mut Column, row: usize, at: Cursor<'a>) -> Option<Cursor<'a>> {
    if at.byte() > b'9' || at.byte() < b'-' {
        return None;
    }
    let (value, end) = number::integer(isa, at)?;
    let pushed = match column {
        Column::Int8(c) => c.push_at(row, value),
        Column::Int16(c) => c.push_at(row, value),
        Column::Int32(c) => c.push_at(row, value),
        Column::UInt8(c) => c.push_at(row, value),
        Column::UInt16(c) => c.push_at(row, value),
        Column::UInt32(c) => c.push_at(row, value),
        Column::UInt64(c) => c.push_at(row, value),
        Column::TimestampSecond(c) => c.push_at(row, value),
        Column::TimestampMillisecond(c) => c.push_at(row, value),
        Column::TimestampMicrosecond(c) => c.push_at(row, value),
        Column::TimestampNanosecond(c) => c.push_at(row, value),
        _ => false,
    };
    pushed.then_some(end)
}

/// Appends an array to a list column of any kind.
macro_rules! list_items {
    ($isa:expr, $walk:expr, $list:expr, $at:expr) => {{
        let start = $at.behind(b'[')?;
        let (item, field) = $list.item_and_field();
        let nullable = field.is_nullable();
        let end = $isa.items($walk, item, nullable, start)?;
        $list.end_row().ok()?;
        Some(end)
    }};
}

/// The same as [`plain_value`] for every type and every value that a column may take, by way of its text.
#[inline(always)]
pub(super) fn any_value<'a, I: Instance>(
    isa: I,
    walk: &mut Walk,
    column: &mut Column,
    nullable: bool,
    row: usize,
    at: Cursor<'a>,
) -> Option<Cursor<'a>> {
    // Not the next row: the object has the key twice.
    if walk.refused || column.num_rows() != row {
        return None;
    }
    // A guess may end with a colon where white space follows this time.
    let at = at.skip_space();
    if at.byte() == b'n' {
        let end = word::skip(at).filter(|_| nullable)?;
        column.push_null();
        return Some(end);
    }
    match column {
        Column::Json(json) => {
            let end = skip::value(isa, walk, at)?;
            json.push_document(std::str::from_utf8(end.since(at)).ok()?).ok()?;
            Some(end)
        }
        Column::Struct(object) if at.byte() == b'{' => isa.object(walk, object, at.advance(1)),
        Column::Map(map) if at.byte() == b'{' => map_entries(isa, walk, map, at.advance(1)),
        Column::List(list) => list_items!(isa, walk, list, at),
        Column::LargeList(list) => list_items!(isa, walk, list, at),
        Column::FixedSizeList(list) => list_items!(isa, walk, list, at),
        scalar => any_scalar(isa, walk, scalar, at),
    }
}

#[inline(always)]
fn any_scalar<'a, I: Isa>(isa: I, walk: &mut Walk, column: &mut Column, at: Cursor<'a>) -> Option<Cursor<'a>> {
    match at.byte() {
        b'"' => {
            let end = unescape(isa, at, &mut walk.text)?;
            let text = std::str::from_utf8(&walk.text).ok()?;
            let scalar = if walk.coerce_strings { Scalar::Text(text) } else { Scalar::Str(text) };
            column.push_scalar(scalar).ok()?;
            Some(end)
        }
        b'-' | b'0'..=b'9' => {
            let end = number::token(isa, at)?;
            column.push_scalar(Scalar::Number(std::str::from_utf8(end.since(at)).ok()?)).ok()?;
            Some(end)
        }
        word => {
            let end = word::skip(at)?;
            column.push_scalar(Scalar::Bool(word == b't')).ok()?;
            Some(end)
        }
    }
}

/// Appends the items of the array whose bracket opens right in front of `start`, and returns where it ends.
#[inline(always)]
pub(super) fn items<'a, I: Instance>(
    isa: I,
    walk: &mut Walk,
    column: &mut Column,
    nullable: bool,
    start: Cursor<'a>,
) -> Option<Cursor<'a>> {
    let mut at = start.skip_space();
    if let Some(end) = at.behind(b']') {
        return Some(end);
    }
    walk.depth += 1;
    let mut row = column.num_rows();
    loop {
        at = match plain_value(isa, walk, column, row, at) {
            Some(end) => end,
            None => isa.value(walk, column, nullable, row, at)?,
        };
        at = at.skip_space();
        row += 1;
        match at.behind(b',') {
            Some(next) => at = next.skip_space(),
            None => {
                at = at.behind(b']')?;
                break;
            }
        }
    }
    walk.depth -= 1;
    Some(at)
}

/// Appends the pairs of the object whose brace opens right in front of `start`, and returns where it ends. A key that
/// stands twice is left to the tape.
#[inline(always)]
fn map_entries<'a, I: Instance>(isa: I, walk: &mut Walk, map: &mut MapColumn, start: Cursor<'a>) -> Option<Cursor<'a>> {
    let mut at = start.skip_space();
    let (first_key, first_byte) = (walk.map_keys.len(), walk.map_text.len());
    walk.depth += 1;
    if at.byte() == b'}' {
        at = at.advance(1);
    } else {
        loop {
            at = colon(unescape(isa, at, &mut walk.text)?)?;
            let key = std::str::from_utf8(&walk.text).ok()?;
            map.key().push_scalar(Scalar::Text(key)).ok()?;
            let from = walk.map_text.len();
            walk.map_text.extend_from_slice(&walk.text);
            walk.map_keys.push(from..walk.map_text.len());
            let (column, field) = map.value_and_field();
            let row = column.num_rows();
            at = isa.value(walk, column, field.is_nullable(), row, at)?.skip_space();
            let byte = at.byte();
            at = at.advance(1);
            match byte {
                b',' => at = at.skip_space(),
                b'}' => break,
                _ => return None,
            }
        }
    }
    walk.depth -= 1;
    let keys = &mut walk.map_keys[first_key..];
    let text = &walk.map_text;
    keys.sort_unstable_by(|a, b| text[a.clone()].cmp(&text[b.clone()]));
    let has_twins = keys.windows(2).any(|pair| text[pair[0].clone()] == text[pair[1].clone()]);
    walk.map_keys.truncate(first_key);
    walk.map_text.truncate(first_byte);
    if has_twins {
        return None;
    }
    map.end_row().ok()?;
    Some(at)
}
