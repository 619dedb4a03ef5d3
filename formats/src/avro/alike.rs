//! Whether values of two writers are read in the same way, so that messages of both are read together.

use super::program::{Branch, FillWith, Items, Op, Record, Skip, Slot, Source};

impl Slot {
    /// Whether values are read in the same way. What is read by its type never is: that is a node of one writer's schema.
    pub(super) fn is_alike(&self, other: &Self) -> bool {
        self.nulls == other.nulls && self.is_required == other.is_required && self.op.is_alike(&other.op)
    }
}

impl Slot {
    /// Whether values are read in ways that are told apart at no cost: of one plain type, in a union with null or not, an `int` where the
    /// other is a `long`.
    pub(super) fn is_near(&self, other: &Self) -> bool {
        match (&self.op, &other.op) {
            (Op::Scalar(Source::Int), Op::Int64) | (Op::Int64, Op::Scalar(Source::Int)) => true,
            (op, other) => op.is_plain() && op.is_alike(other),
        }
    }
}

impl Op {
    /// Whether values are read as a column of their type stores them.
    pub(super) fn is_plain(&self) -> bool {
        matches!(
            self,
            Self::Int64
                | Self::Timestamp
                | Self::Int32
                | Self::Date
                | Self::Float64
                | Self::Float32
                | Self::Boolean
                | Self::Text
                | Self::Bytes
        )
    }

    /// As [`Slot::is_alike`], for what stands behind the branch of a union with null.
    pub(super) fn is_alike(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Scalar(source), Self::Scalar(other)) => source == other,
            (Self::Count(source, ratio), Self::Count(other, other_ratio)) => (source, ratio) == (other, other_ratio),
            (Self::Decimal { size, scale }, Self::Decimal { size: other, scale: other_scale }) => {
                (size, scale) == (other, other_scale)
            }
            (Self::Enum(symbols), Self::Enum(others)) => symbols == others,
            (Self::List(items), Self::List(others)) | (Self::Map(items), Self::Map(others)) => items.is_alike(others),
            (Self::Record(record), Self::Record(other)) => record.is_alike(other),
            (Self::Union(branches), Self::Union(others)) => all_alike(branches, others, Branch::is_alike),
            (Self::Member(index, slot), Self::Member(other_index, other)) => {
                index == other_index && slot.is_alike(other)
            }
            (Self::Skip(skip), Self::Skip(other)) => !matches!(skip, Skip::Node(_)) && skip == other,
            (Self::Null, Self::Null)
            | (Self::Boolean, Self::Boolean)
            | (Self::Int32, Self::Int32)
            | (Self::Int64, Self::Int64)
            | (Self::Float32, Self::Float32)
            | (Self::Float64, Self::Float64)
            | (Self::Text, Self::Text)
            | (Self::Bytes, Self::Bytes)
            | (Self::Timestamp, Self::Timestamp)
            | (Self::Date, Self::Date)
            | (Self::BigDecimal, Self::BigDecimal)
            | (Self::UuidText, Self::UuidText)
            | (Self::Duration, Self::Duration) => true,
            // Two that differ, and those with a node of the writer's: Json, Unfit.
            _ => false,
        }
    }
}

impl Items {
    fn is_alike(&self, other: &Self) -> bool {
        self.least == other.least && self.strides == other.strides && self.slot.is_alike(&other.slot)
    }
}

impl Record {
    fn is_alike(&self, other: &Self) -> bool {
        all_alike(&self.steps, &other.steps, |step, other| {
            step.column == other.column && step.slot.is_alike(&other.slot)
        }) && all_alike(&self.fills, &other.fills, |fill, other| {
            fill.column == other.column && fill.with.is_alike(&other.with)
        })
    }
}

impl Branch {
    fn is_alike(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Value(slot), Self::Value(other)) => slot.is_alike(other),
            _ => false,
        }
    }
}

impl FillWith {
    /// Whether columns are filled with the same. What has to be looked for in each datum never is.
    pub(super) fn is_alike(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null)
            | (Self::Default, Self::Default)
            | (Self::Rescued { always: false }, Self::Rescued { always: false }) => true,
            (Self::Datum(datum, slot), Self::Datum(other, other_slot)) => datum == other && slot.is_alike(other_slot),
            _ => false,
        }
    }
}

fn all_alike<T>(these: &[T], others: &[T], is_alike: impl Fn(&T, &T) -> bool) -> bool {
    these.len() == others.len() && these.iter().zip(others).all(|(this, other)| is_alike(this, other))
}
