//! The column `_rescued`: values that do not fit their columns, as an object of path → value and reason.
//!
//! What does not fit is noted by its place in the datum alone. At the datum's end the writer's schema is gone through once more,
//! for the paths and the values at these places, so that datums that fit pay nothing.

use super::{
    arrow_type::VALUE_COLUMN,
    cursor::Malformed,
    json_text,
    run::Run,
    schema::{Kind, NodeId},
};
use crate::{json, policy::RescueReason};

/// What is rescued from one datum.
#[derive(Debug, Default)]
pub(super) struct Rescue {
    /// Where values stand that did not fit, in their order.
    pub(super) places: Vec<usize>,
    object: json::Rescue,
}

impl Rescue {
    /// The object of what is rescued from the datum that begins at `start`; yields whether there is anything.
    ///
    /// # Errors
    /// The datum is none: it was read once, so it is one.
    #[cold]
    #[inline(never)]
    pub(super) fn object(run: &mut Run<'_, '_>, start: usize) -> Result<bool, Malformed> {
        let mut object = std::mem::take(&mut run.rescue.object);
        object.clear();
        let end = std::mem::replace(&mut run.cursor.at, start);
        let root = run.writer.root();
        let found = match run.writer.kind(root) {
            Kind::Record { .. } => values(run, &mut object, root, 0),
            _ => within(run, &mut object, VALUE_COLUMN, root, 0),
        };
        run.cursor.at = end;
        run.text.clear();
        let text = object.finish();
        run.text.extend_from_slice(text.unwrap_or_default().as_bytes());
        let is_some = text.is_some();
        run.rescue.object = object;
        found.map(|()| is_some)
    }
}

/// Keeps what is to be rescued of the value at the cursor.
fn values(run: &mut Run<'_, '_>, object: &mut json::Rescue, id: NodeId, depth: usize) -> Result<(), Malformed> {
    if depth >= run.max_depth {
        return Err(Malformed::Depth);
    }
    let writer = run.writer;
    let kind = writer.kind(id);
    // The first value of a record stands where the record does, and so does what follows null.
    if !matches!(kind, Kind::Null | Kind::Record { .. } | Kind::Union(_))
        && run.rescue.places.binary_search(&run.cursor.at).is_ok()
    {
        run.text.clear();
        json_text::value(run, id, depth)?;
        // Made of pieces of UTF-8 only.
        object.keep(std::str::from_utf8(run.text).unwrap_or("null"), RescueReason::TypeMismatch);
        return Ok(());
    }
    match kind {
        Kind::Record { fields, .. } => {
            if writer.least(id) == 0 {
                run.cursor.spend(1)?;
            }
            fields.iter().try_for_each(|field| within(run, object, field.key(), field.node, depth))
        }
        Kind::Union(branches) => {
            let index = run.cursor.long()?;
            let branch = usize::try_from(index).ok().and_then(|i| branches.get(i)).ok_or(Malformed::Branch)?;
            values(run, object, *branch, depth + 1)
        }
        Kind::Array(item) => {
            let mut index = 0;
            loop {
                let count = run.cursor.block(writer.least(*item))?;
                if count == 0 {
                    return Ok(());
                }
                for _ in 0..count {
                    let mark = object.enter_item(index);
                    values(run, object, *item, depth + 1)?;
                    object.leave(mark);
                    index += 1;
                }
            }
        }
        Kind::Map(of) => loop {
            let count = run.cursor.block(1 + writer.least(*of))?;
            if count == 0 {
                return Ok(());
            }
            for _ in 0..count {
                let key = run.cursor.text()?;
                within(run, object, key, *of, depth)?;
            }
        },
        _ => super::skip::value(&mut run.cursor, writer, id, run.max_depth),
    }
}

fn within(
    run: &mut Run<'_, '_>,
    object: &mut json::Rescue,
    name: &str,
    id: NodeId,
    depth: usize,
) -> Result<(), Malformed> {
    let mark = object.enter_field(name);
    values(run, object, id, depth + 1)?;
    object.leave(mark);
    Ok(())
}
