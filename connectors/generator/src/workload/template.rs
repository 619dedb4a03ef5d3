//! What a record looks like, as data: one table yields both the bytes and the Arrow schema, so they cannot disagree.

use std::sync::Arc;

use arrow_schema::{DataType, Field, Fields, TimeUnit};

/// One key of an object.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) value: Value,
    /// How many of 100 objects have the key at all.
    pub(super) present_percent: u8,
}

/// How one JSON value is drawn.
#[derive(Debug)]
pub(super) enum Value {
    /// A string of pieces.
    Text(&'static [Piece]),
    /// An integer from `min..=max`.
    Int { min: i64, max: i64 },
    /// `start + record × step + jitter`: grows with the record number when `jitter ≤ step`.
    Sequence { start: i64, step: i64, jitter: u64 },
    /// A number from `min..=max` units of `10^-scale`, always written with `scale` digits after the point.
    Decimal { min: i64, max: i64, scale: u32 },
    /// A positive number with `scale` digits after the point, whose digits before it number 1 to `max_digits` alike often.
    Magnitude { max_digits: u32, scale: u32 },
    /// A float of either sign below `scale`, in its shortest form that reads back exactly: 15 to 17 digits.
    Float { scale: f64 },
    /// `true` or `false`.
    Bool { true_percent: u8 },
    /// An RFC 3339 instant in UTC with milliseconds, which grows with the record number.
    Instant { start_s: i64, step_ms: i64 },
    /// The value, or `null` in `null_percent` of 100 objects.
    Nullable { null_percent: u8, value: &'static Value },
    /// An object.
    Object(&'static [Column]),
    /// An array of `min..=max` elements.
    List { min: i64, max: i64, element: &'static Value },
}

/// Part of a string, as JSON source text: escapes are written as they stand.
#[derive(Debug)]
pub(super) enum Piece {
    Literal(&'static str),
    OneOf(&'static [&'static str]),
    /// `min..=max` draws from the list, with spaces between.
    Words {
        min: i64,
        max: i64,
        from: &'static [&'static str],
    },
    /// `min..=max` draws, each from one of the lists, with nothing between.
    Mix {
        min: i64,
        max: i64,
        from: &'static [&'static [&'static str]],
    },
    /// A decimal number from `min..=max`.
    Number {
        min: i64,
        max: i64,
    },
    /// This many lower-case hexadecimal digits.
    Hex(u32),
}

impl Column {
    /// The Arrow field that the key decodes to; nullable, as inference would freeze it.
    pub(super) fn field(&self) -> Field {
        Field::new(self.name, self.value.data_type(), true)
    }
}

impl Value {
    /// Is every value drawn a string that decodes as text?
    pub(super) fn is_text(&self) -> bool {
        match self {
            Self::Text(_) => true,
            Self::Nullable { value, .. } => value.is_text(),
            _ => false,
        }
    }

    /// The Arrow type that holds every value drawn.
    pub(super) fn data_type(&self) -> DataType {
        match self {
            Self::Text(_) => DataType::Utf8,
            Self::Int { .. } | Self::Sequence { .. } => DataType::Int64,
            Self::Decimal { .. } | Self::Magnitude { .. } | Self::Float { .. } => DataType::Float64,
            Self::Bool { .. } => DataType::Boolean,
            Self::Instant { .. } => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            Self::Nullable { value, .. } => value.data_type(),
            Self::Object(columns) => DataType::Struct(columns.iter().map(Column::field).collect::<Fields>()),
            Self::List { element, .. } => DataType::List(Arc::new(Field::new_list_field(element.data_type(), true))),
        }
    }
}

/// A key that every object has.
pub(super) const fn column(name: &'static str, value: Value) -> Column {
    Column { name, value, present_percent: 100 }
}

/// A key that `present_percent` of 100 objects have.
pub(super) const fn optional(name: &'static str, present_percent: u8, value: Value) -> Column {
    Column { name, value, present_percent }
}

pub(super) const fn text(pieces: &'static [Piece]) -> Value {
    Value::Text(pieces)
}

pub(super) const fn int(min: i64, max: i64) -> Value {
    Value::Int { min, max }
}

pub(super) const fn sequence(start: i64, step: i64, jitter: u64) -> Value {
    Value::Sequence { start, step, jitter }
}

pub(super) const fn decimal(min: i64, max: i64, scale: u32) -> Value {
    Value::Decimal { min, max, scale }
}

pub(super) const fn magnitude(max_digits: u32, scale: u32) -> Value {
    Value::Magnitude { max_digits, scale }
}

pub(super) const fn float(scale: f64) -> Value {
    Value::Float { scale }
}

pub(super) const fn bool(true_percent: u8) -> Value {
    Value::Bool { true_percent }
}

pub(super) const fn instant(start_s: i64, step_ms: i64) -> Value {
    Value::Instant { start_s, step_ms }
}

pub(super) const fn nullable(null_percent: u8, value: &'static Value) -> Value {
    Value::Nullable { null_percent, value }
}

pub(super) const fn object(columns: &'static [Column]) -> Value {
    Value::Object(columns)
}

pub(super) const fn list(min: i64, max: i64, element: &'static Value) -> Value {
    Value::List { min, max, element }
}

pub(super) const fn literal(text: &'static str) -> Piece {
    Piece::Literal(text)
}

pub(super) const fn one_of(from: &'static [&'static str]) -> Piece {
    Piece::OneOf(from)
}

pub(super) const fn words_of(min: i64, max: i64, from: &'static [&'static str]) -> Piece {
    Piece::Words { min, max, from }
}

pub(super) const fn mix_of(min: i64, max: i64, from: &'static [&'static [&'static str]]) -> Piece {
    Piece::Mix { min, max, from }
}

pub(super) const fn number(min: i64, max: i64) -> Piece {
    Piece::Number { min, max }
}

pub(super) const fn hex(digits: u32) -> Piece {
    Piece::Hex(digits)
}
