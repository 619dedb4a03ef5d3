//! The column `_rescued`: values that do not fit their columns, as an object of path → value and reason.
//!
//! What does not fit is noted by its place in the datum alone. At the datum's end the writer's schema is gone through once more,
//! for the paths and the values at these places, so that datums that fit pay nothing.

use super::{
    arrow_type::VALUE_COLUMN,
    cursor::Malformed,
    json_text,
    program::{Branch, Op, Record, Slot, Step},
    run::Run,
    schema::{Kind, NodeId, RecordField},
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
        let (root, program) = (run.writer.root(), run.program);
        let found = match run.writer.kind(root) {
            Kind::Record { fields, .. } => members(run, &mut object, fields, Some(program), 0),
            _ => within(run, &mut object, VALUE_COLUMN, (root, program.steps.first().map(|step| &step.slot)), 0),
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

/// Keeps what is to be rescued of the value at the cursor, which is read as the slot says, where that is known.
fn values(
    run: &mut Run<'_, '_>,
    object: &mut json::Rescue,
    (id, slot): (NodeId, Option<&Slot>),
    depth: usize,
) -> Result<(), Malformed> {
    if depth >= run.max_depth {
        return Err(Malformed::Depth);
    }
    let writer = run.writer;
    let kind = writer.kind(id);
    let never_fits = matches!(slot, Some(Slot { op: Op::Unfit(_), .. }));
    // The first value of a record stands where the record does, and so does what follows null.
    let is_noted = || {
        !matches!(kind, Kind::Null | Kind::Record { .. } | Kind::Union(_))
            && run.rescue.places.binary_search(&run.cursor.at).is_ok()
    };
    if never_fits || is_noted() {
        return keep(run, object, id, RescueReason::TypeMismatch, depth);
    }
    // A field of the struct that a union is.
    let mut slot = slot;
    while let Some(Slot { op: Op::Member(_, inner), .. }) = slot {
        slot = Some(inner);
    }
    match (kind, slot.map(|slot| &slot.op)) {
        (Kind::Record { fields, .. }, op) => {
            if writer.least(id) == 0 {
                run.cursor.spend(1)?;
            }
            let record = if let Some(Op::Record(record)) = op { Some(&**record) } else { None };
            members(run, object, fields, record, depth)
        }
        (Kind::Union(branches), op) => {
            let index = run.cursor.long()?;
            let index = usize::try_from(index).map_err(|_| Malformed::Branch)?;
            let branch = *branches.get(index).ok_or(Malformed::Branch)?;
            let of_branch = match op {
                Some(Op::Union(ways)) => match ways.get(index) {
                    Some(Branch::Value(slot)) => Some(slot),
                    Some(Branch::Unfit(..)) if run.keeps.misfits => {
                        return keep(run, object, branch, RescueReason::TypeMismatch, depth);
                    }
                    _ => None,
                },
                // Null and one type, which is what the slot is about.
                _ => slot,
            };
            values(run, object, (branch, of_branch), depth + 1)
        }
        (Kind::Array(item), op) => {
            let of_item = if let Some(Op::List(items)) = op { Some(&items.slot) } else { None };
            let mut index = 0;
            loop {
                let count = run.cursor.block(writer.least(*item))?;
                if count == 0 {
                    return Ok(());
                }
                for _ in 0..count {
                    let mark = object.enter_item(index);
                    values(run, object, (*item, of_item), depth + 1)?;
                    object.leave(mark);
                    index += 1;
                }
            }
        }
        (Kind::Map(of), op) => {
            let of_value = if let Some(Op::Map(items)) = op { Some(&items.slot) } else { None };
            loop {
                let count = run.cursor.block(1 + writer.least(*of))?;
                if count == 0 {
                    return Ok(());
                }
                for _ in 0..count {
                    let key = run.cursor.text()?;
                    within(run, object, key, (*of, of_value), depth)?;
                }
            }
        }
        _ => super::skip::value(&mut run.cursor, writer, id, run.max_depth),
    }
}

/// The fields of a record, and those of them that no column has. Its steps are one for each field.
fn members(
    run: &mut Run<'_, '_>,
    object: &mut json::Rescue,
    fields: &[RecordField],
    record: Option<&Record>,
    depth: usize,
) -> Result<(), Malformed> {
    for (index, field) in fields.iter().enumerate() {
        let step = record.and_then(|record| record.steps.get(index));
        match step {
            Some(Step { column: Step::NOWHERE, .. }) if run.keeps.unknown => {
                let mark = object.enter_field(field.key());
                keep(run, object, field.node, RescueReason::UnknownField, depth + 1)?;
                object.leave(mark);
            }
            Some(Step { column: Step::NOWHERE, .. }) => {
                super::skip::value(&mut run.cursor, run.writer, field.node, run.max_depth)?;
            }
            step => within(run, object, field.key(), (field.node, step.map(|step| &step.slot)), depth)?,
        }
    }
    Ok(())
}

/// Keeps the value at the cursor; a null has nothing to keep.
fn keep(
    run: &mut Run<'_, '_>,
    object: &mut json::Rescue,
    id: NodeId,
    reason: RescueReason,
    depth: usize,
) -> Result<(), Malformed> {
    run.text.clear();
    json_text::value(run, id, depth)?;
    // Made of pieces of UTF-8 only.
    match std::str::from_utf8(run.text).unwrap_or("null") {
        "null" => {}
        text => object.keep(text, reason),
    }
    Ok(())
}

fn within(
    run: &mut Run<'_, '_>,
    object: &mut json::Rescue,
    name: &str,
    (id, slot): (NodeId, Option<&Slot>),
    depth: usize,
) -> Result<(), Malformed> {
    let mark = object.enter_field(name);
    values(run, object, (id, slot), depth + 1)?;
    object.leave(mark);
    Ok(())
}
