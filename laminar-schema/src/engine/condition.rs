//! A WHERE as written → a predicate of the source's columns, with its literals in their types.

use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, Float16Array, Float32Array, Float64Array,
    types::{ArrowPrimitiveType, Float16Type},
};
use arrow_schema::{DataType, Field, Schema};

use super::StatementError;
use crate::{
    ddl::{self, Condition, ConditionKind, Expression, Ident, LiteralKind, LiteralText, Span},
    default_value::literal_of,
    field::is_json,
    pipeline::output::find,
    predicate::{Comparison, Predicate, compare_with_zero},
    resolve::ResolveError,
    types::field_type_name,
};

/// Binds the condition of a statement in `text` to the columns of `schema`.
pub(super) fn bind(
    filter: &Expression,
    source: &str,
    schema: &Schema,
    text: &Arc<str>,
) -> Result<Predicate, StatementError> {
    let condition = ddl::parse_condition(text, filter, source).map_err(|e| StatementError::ddl(e, text))?;
    predicate(&condition, schema).map_err(|(error, span)| StatementError::new(error, text, span))
}

type Bound<T> = Result<T, (crate::SchemaError, Span)>;

fn predicate(condition: &Condition, schema: &Schema) -> Bound<Predicate> {
    let several = |parts: &[Condition]| parts.iter().map(|part| predicate(part, schema)).collect::<Bound<Vec<_>>>();
    Ok(match &condition.kind {
        ConditionKind::All(parts) => Predicate::All(flat(several(parts)?)),
        ConditionKind::Any(parts) => Predicate::Any(several(parts)?),
        ConditionKind::Not(inner) => Predicate::Not(Box::new(predicate(inner, schema)?)),
        ConditionKind::IsNull(name) => Predicate::IsNull { column: column(name, schema)?.0 },
        ConditionKind::IsTrue(name) => {
            let (column, field) = column(name, schema)?;
            if *field.data_type() != DataType::Boolean {
                let reason = "a column by itself is a condition only where it is BOOLEAN; compare it with a literal";
                return Err((not_comparable(field, "", reason.to_owned()), name.span.clone()));
            }
            Predicate::IsTrue { column }
        }
        ConditionKind::Compare { column: name, comparison, value } => {
            let (column, field) = column(name, schema)?;
            compare(column, field, *comparison, value).map_err(|reason| {
                let shown = crate::error::cut(&value.text);
                (not_comparable(field, &shown, reason), value.span.clone())
            })?
        }
    })
}

/// `a AND (b AND c)` is `a AND b AND c`: sources judge each part by itself.
fn flat(parts: Vec<Predicate>) -> Vec<Predicate> {
    let mut all = Vec::with_capacity(parts.len());
    for part in parts {
        match part {
            Predicate::All(inner) => all.extend(inner),
            other => all.push(other),
        }
    }
    all
}

fn column<'a>(name: &Ident, schema: &'a Schema) -> Bound<(usize, &'a Field)> {
    find(schema, &name.name).map_err(|e| (e, name.span.clone()))
}

#[cold]
fn not_comparable(field: &Field, literal: &str, reason: String) -> crate::SchemaError {
    ResolveError::NotComparable {
        column: field.name().clone(),
        data_type: field_type_name(field),
        literal: literal.to_owned(),
        reason,
    }
    .into()
}

fn compare(column: usize, field: &Field, comparison: Comparison, literal: &LiteralText) -> Result<Predicate, String> {
    let data_type = match field.data_type() {
        DataType::Dictionary(_, value) => value.as_ref(),
        plain => plain,
    };
    if is_json(field) {
        return Err("JSON has no order, and one value has many texts; take the field out as a column".to_owned());
    }
    if data_type.is_nested() || matches!(data_type, DataType::Interval(_)) {
        return Err("only IS NULL and IS NOT NULL can be asked of it".to_owned());
    }
    let is_text = matches!(data_type, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
    match (literal.kind, data_type) {
        (LiteralKind::Number | LiteralKind::Boolean, _) if is_text => {
            return Err("text stands in single quotes".to_owned());
        }
        (LiteralKind::Boolean, t) if *t != DataType::Boolean => return Err("it is a BOOLEAN".to_owned()),
        (LiteralKind::Number | LiteralKind::Text, DataType::Boolean) => return Err("write TRUE or FALSE".to_owned()),
        (LiteralKind::Number, t) if t.is_temporal() => return Err("write it as text: '2024-01-31'".to_owned()),
        _ => {}
    }
    let of_type = Field::new(field.name(), data_type.clone(), true).with_metadata(field.metadata().clone());
    if let (true, LiteralKind::Number, Some((whole, fraction))) =
        (data_type.is_integer(), literal.kind, literal.text.split_once('.'))
    {
        return compare_with_fraction(column, &of_type, comparison, whole, fraction);
    }
    let value = literal_of(&of_type, &literal.text)?;
    if value.is_null(0) {
        return Err("nothing equals NULL; write IS NULL or IS NOT NULL".to_owned());
    }
    if is_nan(&value) {
        return Err("no number is less than, equal to or greater than NaN".to_owned());
    }
    Ok(match zeros(&value) {
        Some((minus, plus)) => compare_with_zero(column, comparison, minus, plus),
        None => Predicate::Compare { column, comparison, value },
    })
}

/// An integer column compared with a number that has a fraction: with the integers on both sides of it.
fn compare_with_fraction(
    column: usize,
    field: &Field,
    comparison: Comparison,
    whole: &str,
    fraction: &str,
) -> Result<Predicate, String> {
    if !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return Err("write it without an exponent".to_owned());
    }
    let whole = if whole.trim_start_matches(['-', '+']).is_empty() { format!("{whole}0") } else { whole.to_owned() };
    let value = literal_of(field, &whole)?;
    if fraction.bytes().all(|b| b == b'0') {
        return Ok(Predicate::Compare { column, comparison, value });
    }
    // Of a negative number the integer in front of the point lies above, of a positive one below.
    let comparison = match (comparison, whole.starts_with('-')) {
        (Comparison::Less | Comparison::LessOrEqual, false) => Comparison::LessOrEqual,
        (Comparison::Greater | Comparison::GreaterOrEqual, false) => Comparison::Greater,
        (Comparison::Less | Comparison::LessOrEqual, true) => Comparison::Less,
        (Comparison::Greater | Comparison::GreaterOrEqual, true) => Comparison::GreaterOrEqual,
        (Comparison::Equal | Comparison::NotEqual, _) => return Err("no integer is that number".to_owned()),
    };
    Ok(Predicate::Compare { column, comparison, value })
}

fn is_nan(value: &ArrayRef) -> bool {
    let any = value.as_any();
    any.downcast_ref::<Float64Array>().is_some_and(|v| v.value(0).is_nan())
        || any.downcast_ref::<Float32Array>().is_some_and(|v| v.value(0).is_nan())
        || any.downcast_ref::<Float16Array>().is_some_and(|v| v.value(0).is_nan())
}

/// Both zeros of the value's type, where it is a floating-point zero.
fn zeros(value: &ArrayRef) -> Option<(ArrayRef, ArrayRef)> {
    let any = value.as_any();
    if any.downcast_ref::<Float64Array>().is_some_and(|v| v.value(0) == 0.0) {
        return Some((Arc::new(Float64Array::from(vec![-0.0])), Arc::new(Float64Array::from(vec![0.0]))));
    }
    if any.downcast_ref::<Float32Array>().is_some_and(|v| v.value(0) == 0.0) {
        return Some((Arc::new(Float32Array::from(vec![-0.0])), Arc::new(Float32Array::from(vec![0.0]))));
    }
    let half = any.downcast_ref::<Float16Array>().map(|v| v.value(0))?;
    let zero = <Float16Type as ArrowPrimitiveType>::Native::default();
    (half == zero).then(|| {
        let of = |zero| Arc::new(Float16Array::from(vec![zero])) as ArrayRef;
        (of(-zero), of(zero))
    })
}
