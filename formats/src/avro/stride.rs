//! Where values end: how items are passed over, so that they can then be read abreast.

use super::{
    cursor::Cursor,
    program::{Nulls, Op, Size, Skip, Slot, Source},
};

/// How far it is behind one value of the writer's, or several of them together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stride {
    nulls: Nulls,
    pace: Pace,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pace {
    /// So many bytes.
    Fixed(usize),
    Varint,
    /// A length, and so many bytes behind it.
    Length,
}

/// The strides over a value; `None` where they depend on more than values that stand in a row, or there are no bytes.
pub(super) fn strides_over(slot: &Slot) -> Option<Box<[Stride]>> {
    let mut strides = Vec::new();
    (append(slot, &mut strides) && !strides.is_empty()).then(|| strides.into())
}

/// The same for a map's entries: keys are text.
pub(super) fn strides_over_entry(value: &Slot) -> Option<Box<[Stride]>> {
    let mut strides = vec![Stride { nulls: Nulls::Never, pace: Pace::Length }];
    append(value, &mut strides).then(|| strides.into())
}

fn append(slot: &Slot, strides: &mut Vec<Stride>) -> bool {
    let pace = match &slot.op {
        Op::Record(record) => {
            return slot.nulls == Nulls::Never && record.steps.iter().all(|step| append(&step.slot, strides));
        }
        Op::Boolean | Op::Skip(Skip::Boolean) => Pace::Fixed(1),
        Op::Int32 | Op::Int64 | Op::Timestamp | Op::Date | Op::Count(..) | Op::Enum(_) => Pace::Varint,
        Op::Skip(Skip::Int | Skip::Long) => Pace::Varint,
        Op::Float32 => Pace::Fixed(4),
        Op::Float64 => Pace::Fixed(8),
        Op::Text | Op::Bytes | Op::BigDecimal | Op::Skip(Skip::Bytes | Skip::Text) => Pace::Length,
        Op::Scalar(source) => match source {
            Source::Int | Source::Long | Source::LongToFloat | Source::LongToDouble => Pace::Varint,
            Source::Float => Pace::Fixed(4),
            Source::Double => Pace::Fixed(8),
            Source::Text | Source::Bytes | Source::BytesAsText => Pace::Length,
            Source::Fixed(size) => Pace::Fixed(*size as usize),
        },
        Op::Decimal { size: Size::Length, .. } => Pace::Length,
        Op::Decimal { size: Size::Fixed(size), .. } => Pace::Fixed(*size as usize),
        Op::UuidText => Pace::Fixed(16),
        Op::Duration => Pace::Fixed(12),
        Op::Skip(Skip::Fixed(size)) => Pace::Fixed(*size),
        Op::Null | Op::List(_) | Op::Map(_) | Op::Union(_) | Op::Member(..) | Op::Json(_) | Op::Unfit(_) => {
            return false;
        }
        Op::Skip(Skip::Node(_)) => return false,
    };
    strides.push(Stride { nulls: slot.nulls, pace });
    true
}

/// How many bytes a value has, where all have as many.
pub(super) fn fixed(strides: &[Stride]) -> Option<usize> {
    match strides {
        [Stride { nulls: Nulls::Never, pace: Pace::Fixed(size) }] => Some(*size),
        _ => None,
    }
}

/// Passes over a value, which is not looked at; `None` where it has no end.
#[inline(always)]
pub(super) fn pass(cursor: &mut Cursor<'_>, strides: &[Stride]) -> Option<()> {
    for stride in strides {
        if stride.nulls != Nulls::Never && cursor.is_null(stride.nulls)? {
            continue;
        }
        match stride.pace {
            Pace::Fixed(size) => cursor.at = cursor.at.checked_add(size)?,
            Pace::Varint => cursor.skip_long().ok()?,
            Pace::Length => {
                let len = cursor.length().ok()?;
                cursor.at = cursor.at.checked_add(len)?;
            }
        }
    }
    Some(())
}
