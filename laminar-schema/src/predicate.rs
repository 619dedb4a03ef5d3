//! Conditions on rows, typed against a schema and evaluated column by column: `WHERE price > 100`.
//!
//! Lives here: the tree and what it says of a batch. Does not live here: its SQL text (`ddl`), and what a format makes of
//! it to leave bytes unread (a format's own `prune`).

use std::{collections::BTreeSet, fmt, sync::Arc};

use arrow_arith::boolean::{and_kleene, is_null, not, or_kleene};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Scalar,
    cast::AsArray,
    types::{ArrowPrimitiveType, Float16Type, Float32Type, Float64Type},
};
use arrow_buffer::BooleanBuffer;
use arrow_cast::display::array_value_to_string;
use arrow_ord::cmp;
use arrow_schema::DataType;

use crate::error::SchemaResult;

/// A condition on the rows of one schema, in the three-valued logic of SQL: a comparison with null is neither true nor
/// false, and a row is kept where the whole is true.
///
/// Floating point compares as IEEE 754 says: NaN is neither less, equal nor greater than any number, and only `<>` is
/// true of it; the two zeros are equal. Text and bytes compare byte by byte.
#[derive(Debug, Clone)]
pub enum Predicate {
    /// Every one of them.
    All(Vec<Predicate>),
    /// At least one of them.
    Any(Vec<Predicate>),
    /// The opposite, where it is known.
    Not(Box<Predicate>),
    /// A column compared with a value.
    Compare {
        /// Index of the column in the schema.
        column: usize,
        /// How.
        comparison: Comparison,
        /// The value: an array of length one, of the column's type.
        value: ArrayRef,
    },
    /// A column that has no value.
    IsNull {
        /// Index of the column in the schema.
        column: usize,
    },
    /// A BOOLEAN column by itself.
    IsTrue {
        /// Index of the column in the schema.
        column: usize,
    },
}

/// A comparison of a column with a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `<>`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

impl Comparison {
    /// The same with its sides exchanged: what `5 < a` says of `a`.
    #[must_use]
    pub fn flipped(self) -> Self {
        match self {
            Self::Less => Self::Greater,
            Self::LessOrEqual => Self::GreaterOrEqual,
            Self::Greater => Self::Less,
            Self::GreaterOrEqual => Self::LessOrEqual,
            Self::Equal | Self::NotEqual => self,
        }
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Equal => "=",
            Self::NotEqual => "<>",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        })
    }
}

impl Predicate {
    /// Which rows of `columns`, those of the schema in order, the condition is true, false or unknown of.
    ///
    /// Cost: one pass of Arrow's kernels per comparison; allocates per batch, never per row.
    ///
    /// # Errors
    /// Arrow's, when `columns` are not those of the schema that the predicate was made for.
    pub fn evaluate(&self, columns: &[ArrayRef]) -> SchemaResult<BooleanArray> {
        Ok(match self {
            Self::All(parts) => combined(parts, columns, true, and_kleene)?,
            Self::Any(parts) => combined(parts, columns, false, or_kleene)?,
            Self::Not(inner) => not(&inner.evaluate(columns)?)?,
            Self::Compare { column, comparison, value } => compare(&columns[*column], *comparison, value)?,
            Self::IsNull { column } => is_null(&columns[*column])?,
            Self::IsTrue { column } => columns[*column].as_boolean().clone(),
        })
    }

    /// Indices of the columns that it looks at.
    pub fn columns(&self) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        self.collect_columns(&mut found);
        found
    }

    fn collect_columns(&self, found: &mut BTreeSet<usize>) {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.collect_columns(found)),
            Self::Not(inner) => inner.collect_columns(found),
            Self::Compare { column, .. } | Self::IsNull { column } | Self::IsTrue { column } => {
                found.insert(*column);
            }
        }
    }

    /// The same condition for a schema in which column `i` stands at `places[i]`.
    ///
    /// # Panics
    /// When `places` has no place for a column that it looks at.
    #[must_use]
    pub(crate) fn moved(&self, places: &[usize]) -> Self {
        let all = |parts: &[Self]| parts.iter().map(|part| part.moved(places)).collect();
        match self {
            Self::All(parts) => Self::All(all(parts)),
            Self::Any(parts) => Self::Any(all(parts)),
            Self::Not(inner) => Self::Not(Box::new(inner.moved(places))),
            Self::Compare { column, comparison, value } => {
                Self::Compare { column: places[*column], comparison: *comparison, value: Arc::clone(value) }
            }
            Self::IsNull { column } => Self::IsNull { column: places[*column] },
            Self::IsTrue { column } => Self::IsTrue { column: places[*column] },
        }
    }

    /// The parts that every kept row satisfies, from the outermost `AND`s.
    pub fn conjuncts(&self) -> &[Self] {
        match self {
            Self::All(parts) => parts,
            other => std::slice::from_ref(other),
        }
    }

    /// The condition with the columns' names, for people.
    pub fn shown<'a>(&'a self, names: &'a [&'a str]) -> impl fmt::Display + 'a {
        Shown { predicate: self, names }
    }
}

struct Shown<'a> {
    predicate: &'a Predicate,
    names: &'a [&'a str],
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |column: &usize| self.names.get(*column).copied().unwrap_or("?");
        let several = |f: &mut fmt::Formatter<'_>, parts: &[Predicate], word: &str| {
            f.write_str("(")?;
            for (i, part) in parts.iter().enumerate() {
                if i > 0 {
                    write!(f, " {word} ")?;
                }
                write!(f, "{}", part.shown(self.names))?;
            }
            f.write_str(")")
        };
        match self.predicate {
            Predicate::All(parts) => several(f, parts, "AND"),
            Predicate::Any(parts) => several(f, parts, "OR"),
            Predicate::Not(inner) => write!(f, "NOT {}", inner.shown(self.names)),
            Predicate::Compare { column, comparison, value } => {
                let value = array_value_to_string(value, 0).unwrap_or_default();
                write!(f, "{} {comparison} {value}", name(column))
            }
            Predicate::IsNull { column } => write!(f, "{} IS NULL", name(column)),
            Predicate::IsTrue { column } => f.write_str(name(column)),
        }
    }
}

fn combined(
    parts: &[Predicate],
    columns: &[ArrayRef],
    of_none: bool,
    combine: fn(&BooleanArray, &BooleanArray) -> Result<BooleanArray, arrow_schema::ArrowError>,
) -> SchemaResult<BooleanArray> {
    let mut whole: Option<BooleanArray> = None;
    for part in parts {
        let part = part.evaluate(columns)?;
        whole = Some(match whole {
            Some(before) => combine(&before, &part)?,
            None => part,
        });
    }
    let num_rows = columns.first().map_or(0, |c| c.len());
    Ok(whole.unwrap_or_else(|| BooleanArray::from(vec![of_none; num_rows])))
}

fn compare(column: &ArrayRef, comparison: Comparison, value: &ArrayRef) -> SchemaResult<BooleanArray> {
    let scalar = Scalar::new(value);
    let compared = match comparison {
        Comparison::Equal => cmp::eq(column, &scalar),
        Comparison::NotEqual => cmp::neq(column, &scalar),
        Comparison::Less => cmp::lt(column, &scalar),
        Comparison::LessOrEqual => cmp::lt_eq(column, &scalar),
        Comparison::Greater => cmp::gt(column, &scalar),
        Comparison::GreaterOrEqual => cmp::gt_eq(column, &scalar),
    }?;
    // Arrow orders NaN above all numbers, which statistics of files know nothing of.
    Ok(match column.data_type() {
        DataType::Float16 => without_nan::<Float16Type>(column, compared, comparison, |v| v.is_nan()),
        DataType::Float32 => without_nan::<Float32Type>(column, compared, comparison, f32::is_nan),
        DataType::Float64 => without_nan::<Float64Type>(column, compared, comparison, f64::is_nan),
        _ => compared,
    })
}

fn without_nan<T: ArrowPrimitiveType>(
    column: &ArrayRef,
    compared: BooleanArray,
    comparison: Comparison,
    is_nan: impl Fn(T::Native) -> bool,
) -> BooleanArray {
    let values = column.as_primitive::<T>().values();
    if comparison == Comparison::NotEqual || !values.iter().any(|v| is_nan(*v)) {
        return compared;
    }
    let numbers = BooleanBuffer::collect_bool(values.len(), |row| !is_nan(values[row]));
    BooleanArray::new(compared.values() & &numbers, compared.nulls().cloned())
}

/// The comparison of a floating-point column with a zero: Arrow tells the zeros apart, IEEE 754 does not.
///
/// `minus` and `plus` are the two zeros as arrays of length one.
pub(crate) fn compare_with_zero(column: usize, comparison: Comparison, minus: ArrayRef, plus: ArrayRef) -> Predicate {
    let with = |comparison, value: &ArrayRef| Predicate::Compare { column, comparison, value: Arc::clone(value) };
    let equal = || Predicate::All(vec![with(Comparison::GreaterOrEqual, &minus), with(Comparison::LessOrEqual, &plus)]);
    match comparison {
        Comparison::Equal => equal(),
        // Not the opposite of `=`, which would be unknown of nothing but null, as `<>` is: the same of NaN too.
        Comparison::NotEqual => Predicate::Not(Box::new(equal())),
        Comparison::Less | Comparison::GreaterOrEqual => with(comparison, &minus),
        Comparison::LessOrEqual | Comparison::Greater => with(comparison, &plus),
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::{BooleanArray, Float64Array, Int64Array, StringArray};

    use super::*;

    fn columns() -> Vec<ArrayRef> {
        vec![
            Arc::new(Int64Array::from(vec![Some(1), Some(5), None, Some(9)])),
            Arc::new(Float64Array::from(vec![Some(f64::NAN), Some(-0.0), Some(2.5), None])),
            Arc::new(StringArray::from(vec![Some("a"), None, Some("b"), Some("")])),
            Arc::new(BooleanArray::from(vec![Some(true), Some(false), None, Some(true)])),
        ]
    }

    fn check(predicate: &Predicate, expected: [Option<bool>; 4]) {
        let found: Vec<Option<bool>> = predicate.evaluate(&columns()).unwrap().iter().collect();
        assert_eq!(found, expected, "{}", predicate.shown(&["i", "f", "s", "b"]));
    }

    fn with(column: usize, comparison: Comparison, value: impl Array + 'static) -> Predicate {
        Predicate::Compare { column, comparison, value: Arc::new(value) }
    }

    #[test]
    fn logic_has_three_values() {
        use Comparison::{Equal, Greater, Less};
        const T: Option<bool> = Some(true);
        const F: Option<bool> = Some(false);
        let above = |n| with(0, Greater, Int64Array::from(vec![n]));
        check(&above(4), [F, T, None, T]);
        check(&Predicate::Not(Box::new(above(4))), [T, F, None, F]);
        check(&Predicate::IsNull { column: 0 }, [F, F, T, F]);
        check(&Predicate::IsTrue { column: 3 }, [T, F, None, T]);
        let text = with(2, Equal, StringArray::from(vec!["a"]));
        check(&Predicate::All(vec![above(0), text.clone()]), [T, None, F, F]);
        check(&Predicate::Any(vec![above(4), text]), [T, T, None, T]);
        check(&with(2, Less, StringArray::from(vec!["b"])), [T, None, F, T]);
    }

    #[test]
    fn floats_compare_as_ieee_754_says() {
        use Comparison::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};
        const T: Option<bool> = Some(true);
        const F: Option<bool> = Some(false);
        let zero = |comparison| {
            let of = |zero: f64| Arc::new(Float64Array::from(vec![zero])) as ArrayRef;
            compare_with_zero(1, comparison, of(-0.0), of(0.0))
        };
        check(&with(1, Greater, Float64Array::from(vec![1.0])), [F, F, T, None]);
        check(&with(1, NotEqual, Float64Array::from(vec![2.5])), [T, T, F, None]);
        check(&zero(Equal), [F, T, F, None]);
        check(&zero(NotEqual), [T, F, T, None]);
        check(&zero(Less), [F, F, F, None]);
        check(&zero(LessOrEqual), [F, T, F, None]);
        check(&zero(Greater), [F, F, T, None]);
        check(&zero(GreaterOrEqual), [F, T, T, None]);
    }
}
