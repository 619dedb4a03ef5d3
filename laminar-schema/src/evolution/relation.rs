//! How two types relate: whether every value of the one is a value of the other.

use arrow_schema::{DataType, IntervalUnit, TimeUnit};

/// What becomes of a column whose type changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Relation {
    /// The same values in another layout.
    Layout,
    /// Every value fits, and more would.
    Wider,
    /// Some value may not fit, or none does.
    Narrower,
}

/// The relation of two types that differ. Nested types that differ are `Narrower`: [`diff`](super::diff) looks into them.
pub(super) fn relate(from: &DataType, to: &DataType) -> Relation {
    match (widens(from, to), widens(to, from)) {
        (true, true) => Relation::Layout,
        (true, false) => Relation::Wider,
        (false, _) => Relation::Narrower,
    }
}

/// Whether every value of `from` is exactly a value of `to`; true for equal types.
///
/// Strictly so: seconds do not widen to microseconds, because a year 300 000 would not fit. How many bytes of text one
/// array can hold, and how many runs, is no matter of values.
pub(super) fn widens(from: &DataType, to: &DataType) -> bool {
    use DataType::{Date32, Date64, Interval, Null, Time32, Time64, Timestamp};
    use TimeUnit::{Millisecond, Second};
    if from == to || *from == Null {
        return true;
    }
    if let DataType::Dictionary(key, _) = to
        && !is_wide_key(key)
        && !matches!(from, DataType::Dictionary(k, _) if k == key)
    {
        return false;
    }
    if matches!(to, DataType::RunEndEncoded(..)) {
        return false;
    }
    let (from, to) = (decoded(from), decoded(to));
    if from == to {
        return true;
    }
    if let (Some(from), Some(to)) = (Number::of(from), Number::of(to)) {
        return from.widens(to);
    }
    match (from, to) {
        (Timestamp(a, Some(_)), Timestamp(b, Some(_))) => a == b,
        (Date32, Date64 | Timestamp(Second | Millisecond, None)) | (Date64, Timestamp(Millisecond, None)) => true,
        (Time32(Second), Time32(_) | Time64(_)) | (Time32(_) | Time64(_), Time64(TimeUnit::Nanosecond)) => true,
        (Time32(_), Time64(_)) => true,
        (Interval(_), Interval(IntervalUnit::MonthDayNano)) => true,
        _ => (is_text(from) && (is_text(to) || is_binary(to))) || (is_bytes(from) && is_binary(to)),
    }
}

/// The type of the values, without how they are encoded.
pub(super) fn decoded(data_type: &DataType) -> &DataType {
    match data_type {
        DataType::Dictionary(_, values) => values,
        DataType::RunEndEncoded(_, values) => values.data_type(),
        other => other,
    }
}

/// Keys that number more values than a batch has rows.
fn is_wide_key(key: &DataType) -> bool {
    matches!(key, DataType::Int32 | DataType::Int64 | DataType::UInt32 | DataType::UInt64)
}

pub(super) fn is_text(t: &DataType) -> bool {
    matches!(t, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)
}

pub(super) fn is_binary(t: &DataType) -> bool {
    matches!(t, DataType::Binary | DataType::LargeBinary | DataType::BinaryView)
}

fn is_bytes(t: &DataType) -> bool {
    is_binary(t) || matches!(t, DataType::FixedSizeBinary(_))
}

/// A numeric type by what it can hold.
#[derive(Debug, Clone, Copy)]
enum Number {
    Int { signed: bool, bits: u32 },
    Float { mantissa: u32 },
    Decimal { precision: i32, scale: i32 },
}

impl Number {
    fn of(data_type: &DataType) -> Option<Self> {
        let int = |signed, bits| Some(Self::Int { signed, bits });
        match data_type {
            DataType::Int8 => int(true, 8),
            DataType::Int16 => int(true, 16),
            DataType::Int32 => int(true, 32),
            DataType::Int64 => int(true, 64),
            DataType::UInt8 => int(false, 8),
            DataType::UInt16 => int(false, 16),
            DataType::UInt32 => int(false, 32),
            DataType::UInt64 => int(false, 64),
            DataType::Float16 => Some(Self::Float { mantissa: 11 }),
            DataType::Float32 => Some(Self::Float { mantissa: 24 }),
            DataType::Float64 => Some(Self::Float { mantissa: 53 }),
            DataType::Decimal32(p, s)
            | DataType::Decimal64(p, s)
            | DataType::Decimal128(p, s)
            | DataType::Decimal256(p, s) => Some(Self::Decimal { precision: i32::from(*p), scale: i32::from(*s) }),
            _ => None,
        }
    }

    fn widens(self, to: Self) -> bool {
        use Number::{Decimal, Float, Int};
        match (self, to) {
            (Int { signed: a, bits }, Int { signed: b, bits: more }) if a == b => bits <= more,
            (Int { signed, bits }, Int { signed: to_signed, bits: more }) => !signed && to_signed && bits < more,
            (Int { signed, bits }, Float { mantissa }) => bits - u32::from(signed) <= mantissa,
            (Float { mantissa: a }, Float { mantissa: b }) => a <= b,
            (Int { bits, signed }, Decimal { precision, scale }) => {
                let digits = match (bits, signed) {
                    (8, _) => 3,
                    (16, _) => 5,
                    (32, _) => 10,
                    (_, true) => 19,
                    (_, false) => 20,
                };
                scale >= 0 && precision - scale >= digits
            }
            (Decimal { precision: p, scale: s }, Decimal { precision, scale }) => {
                scale >= s && precision - scale >= p - s
            }
            (Float { .. } | Decimal { .. }, Int { .. } | Decimal { .. } | Float { .. }) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use arrow_cast::can_cast_types;

    use super::*;

    /// Types of every family.
    fn types() -> Vec<DataType> {
        use DataType::*;
        let mut types = vec![
            Null,
            Boolean,
            Int8,
            Int16,
            Int32,
            Int64,
            UInt8,
            UInt16,
            UInt32,
            UInt64,
            Float16,
            Float32,
            Float64,
            Utf8,
            LargeUtf8,
            Utf8View,
            Binary,
            LargeBinary,
            BinaryView,
            FixedSizeBinary(16),
            Date32,
            Date64,
        ];
        types.extend([(9, 2), (9, 0), (4, 2)].map(|(p, s)| Decimal32(p, s)));
        types.extend([(18, 2), (10, 0)].map(|(p, s)| Decimal64(p, s)));
        types.extend([(18, 2), (38, 0), (38, 10), (20, 0)].map(|(p, s)| Decimal128(p, s)));
        types.extend([(76, 0), (76, 38)].map(|(p, s)| Decimal256(p, s)));
        for unit in [TimeUnit::Second, TimeUnit::Millisecond, TimeUnit::Microsecond, TimeUnit::Nanosecond] {
            types.extend([Timestamp(unit, None), Timestamp(unit, Some("UTC".into())), Duration(unit)]);
            types.push(Timestamp(unit, Some("+01:00".into())));
        }
        types.extend([Time32(TimeUnit::Second), Time32(TimeUnit::Millisecond)]);
        types.extend([Time64(TimeUnit::Microsecond), Time64(TimeUnit::Nanosecond)]);
        types.extend([IntervalUnit::YearMonth, IntervalUnit::DayTime, IntervalUnit::MonthDayNano].map(Interval));
        types.extend([Int8, Int32].map(|key| Dictionary(Box::new(key), Box::new(Utf8))));
        types
    }

    #[test]
    fn what_widens_can_be_cast() {
        for from in &types() {
            for to in types().iter().filter(|to| widens(from, to)) {
                assert!(can_cast_types(from, to), "{from} → {to}");
            }
        }
    }

    #[test]
    fn widening_is_an_order() {
        let types = types();
        for a in &types {
            assert!(widens(a, a), "{a}");
            for b in types.iter().filter(|b| widens(a, b)) {
                for c in types.iter().filter(|c| widens(b, c)) {
                    assert!(widens(a, c), "{a} → {b} → {c}");
                }
            }
        }
    }

    #[test]
    fn relations_of_every_kind() {
        use DataType::*;
        let check = |from: DataType, to: DataType, expected| assert_eq!(relate(&from, &to), expected, "{from} → {to}");
        check(Int32, Int64, Relation::Wider);
        check(Int64, Int32, Relation::Narrower);
        check(UInt32, Int64, Relation::Wider);
        check(UInt64, Int64, Relation::Narrower);
        check(Int8, UInt64, Relation::Narrower);
        check(Int32, Float64, Relation::Wider);
        check(Int64, Float64, Relation::Narrower);
        check(Int64, Decimal128(19, 0), Relation::Wider);
        check(UInt64, Decimal128(19, 0), Relation::Narrower);
        check(Decimal128(10, 2), Decimal128(12, 4), Relation::Wider);
        check(Decimal128(10, 2), Decimal128(12, 5), Relation::Narrower);
        check(Decimal128(10, 2), Decimal256(10, 2), Relation::Layout);
        check(Utf8, Utf8View, Relation::Layout);
        check(Utf8, Binary, Relation::Wider);
        check(Binary, Utf8, Relation::Narrower);
        check(Utf8, Dictionary(Box::new(Int32), Box::new(Utf8)), Relation::Layout);
        check(Utf8, Dictionary(Box::new(Int8), Box::new(Utf8)), Relation::Narrower);
        check(Dictionary(Box::new(Int8), Box::new(Utf8)), LargeUtf8, Relation::Wider);
        check(Timestamp(TimeUnit::Second, None), Timestamp(TimeUnit::Microsecond, None), Relation::Narrower);
        check(Timestamp(TimeUnit::Second, None), Timestamp(TimeUnit::Second, Some("UTC".into())), Relation::Narrower);
        check(Utf8, Int64, Relation::Narrower);
        check(Null, Utf8, Relation::Wider);
    }
}
