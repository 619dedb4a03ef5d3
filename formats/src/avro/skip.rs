//! Values that no column wants: passed over, and checked all the same.

use super::{
    cursor::{Cursor, Malformed},
    schema::{Kind, NodeId, Schema},
};

/// Passes over a value of type `id`, in at most `depth` levels.
pub(super) fn value(cursor: &mut Cursor<'_>, schema: &Schema, id: NodeId, depth: usize) -> Result<(), Malformed> {
    let Some(depth) = depth.checked_sub(1) else { return Err(Malformed::Depth) };
    match schema.kind(id) {
        Kind::Null => cursor.spend(1),
        Kind::Boolean => cursor.boolean().map(drop),
        Kind::Int => cursor.int().map(drop),
        Kind::Long => cursor.long().map(drop),
        Kind::Float => cursor.take(4).map(drop),
        Kind::Double => cursor.take(8).map(drop),
        Kind::Fixed { size, .. } => cursor.take(*size).map(drop),
        Kind::Bytes => cursor.bytes().map(drop),
        Kind::String => cursor.skip_text(),
        Kind::Enum { symbols, .. } => {
            let index = cursor.int()?;
            match usize::try_from(index).is_ok_and(|i| i < symbols.len()) {
                true => Ok(()),
                false => Err(Malformed::Symbol),
            }
        }
        Kind::Union(branches) => {
            let index = cursor.long()?;
            let branch = usize::try_from(index).ok().and_then(|i| branches.get(i)).ok_or(Malformed::Branch)?;
            match schema.kind(*branch) {
                // The branch's number is what it takes.
                Kind::Null => Ok(()),
                _ => value(cursor, schema, *branch, depth),
            }
        }
        Kind::Record { fields, .. } => {
            // Records of records that take no bytes would go on for ever.
            if schema.least(id) == 0 {
                cursor.spend(1)?;
            }
            fields.iter().try_for_each(|f| value(cursor, schema, f.node, depth))
        }
        Kind::Array(item) => blocks(cursor, schema.least(*item), |cursor| value(cursor, schema, *item, depth)),
        Kind::Map(of) => blocks(cursor, 1 + schema.least(*of), |cursor| {
            cursor.skip_text()?;
            value(cursor, schema, *of, depth)
        }),
    }
}

/// Calls `item` for every item of an array or a map.
pub(super) fn blocks<'b>(
    cursor: &mut Cursor<'b>,
    least: usize,
    mut item: impl FnMut(&mut Cursor<'b>) -> Result<(), Malformed>,
) -> Result<(), Malformed> {
    loop {
        let count = cursor.block(least)?;
        if count == 0 {
            return Ok(());
        }
        for _ in 0..count {
            item(cursor)?;
        }
    }
}
