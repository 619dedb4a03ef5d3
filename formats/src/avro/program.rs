//! What reading a datum takes, decided once for each writer: values in the writer's order, and where they go.

use super::{schema::NodeId, stride::Stride};

/// One value of the writer's, on its way into a column.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) nulls: Nulls,
    /// The column is NOT NULL.
    pub(super) is_required: bool,
    pub(super) op: Op,
}

/// Where null stands in a union of null and one other type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Nulls {
    /// There is no union.
    Never,
    First,
    Second,
}

/// How one value is read and pushed. The column's type goes with it: `Int64` is pushed into an `Int64` column alone.
// A tag of its own: what tells variants apart would otherwise hide in a field, at four instructions a value.
#[derive(Debug)]
#[repr(u8)]
pub(super) enum Op {
    Null,
    Boolean,
    Int32,
    Int64,
    Float32,
    Float64,
    /// Text into VARCHAR.
    Text,
    /// Bytes or text into BLOB.
    Bytes,
    /// A count into a TIMESTAMP of the same unit, milliseconds or microseconds.
    Timestamp,
    /// A number of days into DATE.
    Date,
    /// Anything that the column takes as a scalar.
    Scalar(Source),
    /// A number of days, or of parts of a second or of a day, in another unit than the column's.
    Count(Source, Ratio),
    /// A decimal's unscaled digits in big-endian bytes.
    Decimal {
        size: Size,
        scale: u8,
    },
    /// A decimal that brings its scale.
    BigDecimal,
    /// Sixteen bytes, as the text of a UUID.
    UuidText,
    Duration,
    /// What each symbol stands for, if the reader knows it.
    Enum(Box<[Option<Box<str>>]>),
    List(Box<Items>),
    Map(Box<Items>),
    Record(Box<Record>),
    /// A branch each.
    Union(Box<[Branch]>),
    /// The field of a union's struct that is the value's.
    Member(u32, Box<Slot>),
    /// The value as JSON text.
    Json(NodeId),
    /// A value that no column wants.
    Skip(Skip),
    /// A value of a type that never fits its column: null, and rescued.
    Unfit(NodeId),
}

/// How a scalar is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    Int,
    Long,
    Float,
    Double,
    /// An integer that the reader's schema makes a float or a double of.
    LongToFloat,
    LongToDouble,
    Text,
    /// Text or bytes, as bytes.
    Bytes,
    /// Bytes that the reader's schema says are text.
    BytesAsText,
    Fixed(u32),
}

/// What a count is multiplied with and then divided by, without a rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ratio {
    pub(super) times: i64,
    pub(super) over: i64,
}

impl Nulls {
    /// The byte of the branch that is not null.
    #[inline]
    pub(super) fn value_branch(self) -> u8 {
        match self {
            Self::Never | Self::First => 2,
            Self::Second => 0,
        }
    }
}

impl Ratio {
    /// The units are the same.
    pub(super) const ONE: Self = Self { times: 1, over: 1 };
}

/// How many bytes a value has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Size {
    Fixed(u32),
    Length,
}

/// Items of an array, or values of a map.
#[derive(Debug)]
pub(super) struct Items {
    /// What an item takes at least, in bytes.
    pub(super) least: usize,
    /// How an item is passed over, or a map's entry, where that is simple.
    pub(super) strides: Option<Box<[Stride]>>,
    pub(super) slot: Slot,
}

/// A record's fields in the writer's order, and what fills columns that the writer knows nothing of.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) steps: Box<[Step]>,
    pub(super) fills: Box<[Fill]>,
}

impl Record {
    /// Whether values of the writer's never fit their columns, at any depth; with `unknown`, or have none.
    pub(super) fn leaves_any(&self, unknown: bool) -> bool {
        self.steps.iter().any(|step| match step.column {
            Step::NOWHERE => unknown,
            _ => step.slot.leaves_any(unknown),
        })
    }
}

impl Slot {
    fn leaves_any(&self, unknown: bool) -> bool {
        match &self.op {
            Op::Unfit(_) => true,
            Op::Record(record) => record.leaves_any(unknown),
            Op::List(items) | Op::Map(items) => items.slot.leaves_any(unknown),
            Op::Member(_, slot) => slot.leaves_any(unknown),
            Op::Union(branches) => {
                branches.iter().any(|branch| matches!(branch, Branch::Value(slot) if slot.leaves_any(unknown)))
            }
            _ => false,
        }
    }
}

/// One field of the writer's.
#[derive(Debug)]
pub(super) struct Step {
    /// The column, or [`Step::NOWHERE`].
    pub(super) column: u32,
    pub(super) slot: Slot,
    pub(super) name: Box<str>,
}

impl Step {
    /// The field goes into no column.
    pub(super) const NOWHERE: u32 = u32::MAX;
}

/// A column that the writer knows nothing of.
#[derive(Debug)]
pub(super) struct Fill {
    pub(super) column: u32,
    pub(super) with: FillWith,
}

#[derive(Debug)]
pub(super) enum FillWith {
    Null,
    /// The column's DEFAULT, once for the batch.
    Default,
    /// What did not fit of the datum, or has no column.
    Rescued {
        /// The writer has fields without a column, or of types that never fit theirs: each datum is gone through for them.
        always: bool,
    },
    /// The reader's default: a datum with room behind it that wide loads reach into, and how it is read.
    Datum(Box<[u8]>, Box<Slot>),
}

/// A branch of a union.
#[derive(Debug)]
pub(super) enum Branch {
    Null,
    Value(Slot),
    /// It does not fit the column, and why; and the type that it has.
    Unfit(Box<str>, NodeId),
}

/// How a value is passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Skip {
    /// Values of so many bytes together.
    Fixed(usize),
    Boolean,
    Int,
    Long,
    Bytes,
    Text,
    /// Anything else, by its type.
    Node(NodeId),
}
