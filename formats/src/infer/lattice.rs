//! The type lattice: what one value can be, and what a column must be that held two kinds of value.
//!
//! [`Kind::join`] is total, commutative, associative and idempotent, so a fold over any order, split or merge of
//! the sample ends at the same kind. `docs/inference.md` shows it as a table, which a test compares with this code.

use std::fmt;

use arrow_schema::{DataType, Field};
use laminar_schema::field::{is_json, is_uuid};
use serde::{Deserialize, Serialize};

/// The kind of one value, or of all values of a column together.
///
/// The width of integers and the digits of decimals are not part of the kind: `NumberRange`
/// narrows a numeric kind to the smallest type that holds every number seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// No value at all.
    Null,
    /// `true` or `false`.
    Boolean,
    /// An integer from -2^63 to 2^63 - 1.
    BigInt,
    /// An integer from 2^63 to 2^64 - 1.
    UBigInt,
    /// Any other integer of up to 38 digits.
    HugeInt,
    /// A number with a fraction or an exponent.
    Double,
    /// Numbers that may need more digits than DOUBLE has: large integers beside fractions. No single value is of this kind.
    Decimal,
    /// A number that no type holds: 39 digits and more, or beyond DOUBLE.
    Number,
    /// Text that is a day: `2024-02-29`.
    Date,
    /// Text that is a time of day: `23:59:59.5`.
    Time,
    /// Text that is a day and a time, without a zone.
    Timestamp,
    /// Text that is an instant: day, time and zone.
    TimestampTz,
    /// Text that is an ISO 8601 duration: `PT5M`, `P1DT2H`, `P1Y2M`.
    Interval,
    /// Text that is a UUID: `8-4-4-4-12` hexadecimal digits.
    Uuid,
    /// Any other text.
    Varchar,
    /// Bytes that the format itself tells from text.
    Blob,
    /// An array.
    List,
    /// An object with few keys.
    Struct,
    /// An object with more keys than `map_threshold`.
    Map,
    /// Anything, kept as JSON text.
    Json,
}

/// What a column becomes that holds scalars without a common type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fallback {
    /// JSON text, in formats whose values have types of their own.
    Json,
    /// The text as it stood, in formats where every value is text.
    Varchar,
}

impl Kind {
    /// Every kind, in the order of the table in the documentation.
    pub const ALL: [Self; 20] = [
        Self::Null,
        Self::Boolean,
        Self::BigInt,
        Self::UBigInt,
        Self::HugeInt,
        Self::Double,
        Self::Decimal,
        Self::Number,
        Self::Date,
        Self::Time,
        Self::Timestamp,
        Self::TimestampTz,
        Self::Interval,
        Self::Uuid,
        Self::Varchar,
        Self::Blob,
        Self::List,
        Self::Struct,
        Self::Map,
        Self::Json,
    ];

    /// The name under which values of this kind are counted: the SQL type's where there is one.
    pub fn name(self) -> &'static str {
        match self {
            Self::Null => "NULL",
            Self::Boolean => "BOOLEAN",
            Self::BigInt => "BIGINT",
            Self::UBigInt => "UBIGINT",
            Self::HugeInt => "HUGEINT",
            Self::Double => "DOUBLE",
            Self::Decimal => "DECIMAL",
            Self::Number => "NUMBER",
            Self::Date => "DATE",
            Self::Time => "TIME",
            Self::Timestamp => "TIMESTAMP",
            Self::TimestampTz => "TIMESTAMPTZ",
            Self::Interval => "INTERVAL",
            Self::Uuid => "UUID",
            Self::Varchar => "VARCHAR",
            Self::Blob => "BLOB",
            Self::List => "LIST",
            Self::Struct => "STRUCT",
            Self::Map => "MAP",
            Self::Json => "JSON",
        }
    }

    /// The narrowest kind that holds every value of `self` and of `other`.
    #[must_use]
    pub fn join(self, other: Self, fallback: Fallback) -> Self {
        use Kind::{BigInt, Blob, Date, Decimal, Double, HugeInt, Json, Map, Null, Struct, Timestamp, Varchar};
        // The table is symmetric, so only one order of each pair is written down.
        let (a, b) = if self <= other { (self, other) } else { (other, self) };
        match (a, b) {
            (a, b) if a == b => a,
            (Null, b) => b,
            // Integers of two widths need the widest; DOUBLE holds the narrowest only.
            (BigInt, Double) => Double,
            (a, b) if a.is_integer() && b.is_integer() => HugeInt,
            (a, b) if a.is_number() && b.is_number() => b.max(Decimal),
            (Date, Timestamp) => Timestamp,
            (a, b) if a.is_text() && b.is_text() => Varchar,
            // Every text is bytes as well.
            (a, Blob) if fallback == Fallback::Json && a.is_text() => Blob,
            (Struct, Map) => Map,
            (a, b) if fallback == Fallback::Varchar && a.is_scalar() && b.is_scalar() => Varchar,
            _ => Json,
        }
    }

    /// Whether values of this kind look like a field's type. Text in the field's form is all that is asked of texts.
    pub fn fits(self, field: &Field) -> bool {
        use DataType::{
            Boolean, Date32, Date64, Decimal128, Decimal256, Duration, Float16, Float32, Float64, Int8, Int16, Int32,
            Int64, Interval, LargeList, LargeUtf8, List, Map, Struct, Time32, Time64, Timestamp, UInt8, UInt16, UInt32,
            UInt64, Utf8, Utf8View,
        };
        if is_json(field) {
            return true;
        }
        match field.data_type() {
            Boolean => self == Self::Boolean,
            Int8 | Int16 | Int32 | Int64 => self == Self::BigInt,
            UInt8 | UInt16 | UInt32 | UInt64 => matches!(self, Self::BigInt | Self::UBigInt),
            Float16 | Float32 | Float64 => matches!(self, Self::BigInt | Self::Double),
            Decimal128(..) | Decimal256(..) => self.is_number() && self != Self::Number,
            Date32 | Date64 => self == Self::Date,
            Time32(_) | Time64(_) => self == Self::Time,
            Timestamp(_, None) => matches!(self, Self::Date | Self::Timestamp),
            Timestamp(_, Some(_)) => matches!(self, Self::Date | Self::Timestamp | Self::TimestampTz),
            Interval(_) => self == Self::Interval,
            Duration(_) => matches!(self, Self::BigInt | Self::Interval),
            Utf8 | LargeUtf8 | Utf8View => self.is_text(),
            List(_) | LargeList(_) => self == Self::List,
            Struct(_) => self == Self::Struct,
            Map(..) => matches!(self, Self::Struct | Self::Map),
            _ => is_uuid(field) && self == Self::Uuid,
        }
    }

    /// True for integers that a type holds.
    pub fn is_integer(self) -> bool {
        matches!(self, Self::BigInt | Self::UBigInt | Self::HugeInt)
    }

    /// True for numbers, those included that no type holds.
    pub fn is_number(self) -> bool {
        (Self::BigInt..=Self::Number).contains(&self)
    }

    /// True for kinds that a text can have in a format with typed values.
    pub fn is_text(self) -> bool {
        (Self::Date..=Self::Varchar).contains(&self)
    }

    /// True for texts that say when.
    pub fn is_temporal(self) -> bool {
        (Self::Date..=Self::TimestampTz).contains(&self)
    }

    /// True for single values.
    pub fn is_scalar(self) -> bool {
        self <= Self::Blob
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FALLBACKS: [Fallback; 2] = [Fallback::Json, Fallback::Varchar];

    #[test]
    fn join_is_a_semilattice() {
        for f in FALLBACKS {
            for a in Kind::ALL {
                assert_eq!(a.join(a, f), a);
                assert_eq!(Kind::Null.join(a, f), a);
                assert_eq!(a.join(Kind::Json, f), Kind::Json);
                for b in Kind::ALL {
                    assert_eq!(a.join(b, f), b.join(a, f), "{a} {b}");
                    for c in Kind::ALL {
                        assert_eq!(a.join(b, f).join(c, f), a.join(b.join(c, f), f), "{f:?}: {a} {b} {c}");
                    }
                }
            }
        }
    }

    #[test]
    fn documented_table_is_the_code() {
        let mut table = String::from("|");
        for b in Kind::ALL {
            table += &format!(" | {b}");
        }
        table += " |\n|---";
        table += &"|---".repeat(Kind::ALL.len());
        table += "|\n";
        for a in Kind::ALL {
            table += &format!("| **{a}**");
            for b in Kind::ALL {
                table += &format!(" | {}", a.join(b, Fallback::Json));
            }
            table += " |\n";
        }
        let docs = include_str!("../../../docs/inference.md");
        assert!(docs.contains(&table), "docs/inference.md should hold this table:\n{table}");
    }
}
