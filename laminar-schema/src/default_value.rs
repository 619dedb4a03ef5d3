//! DEFAULT: SQL literal → value, and filling it in where a record lacks the key.
//!
//! Done once per batch and column, the same way for every format and for table sources.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, BooleanArray, FixedSizeBinaryArray, StringArray};
use arrow_cast::{CastOptions, cast_with_options};
use arrow_schema::{DataType, Field, Schema};
use arrow_select::interleave::interleave;

use crate::{
    error::SchemaResult,
    field::{default_expr, is_uuid},
    resolve::ResolveError,
    types::field_type_name,
};

/// The DEFAULTs of a schema, evaluated once, ready to be filled in.
#[derive(Debug, Clone, Default)]
pub struct DefaultFiller {
    /// One entry per column: the DEFAULT as an array of length one.
    values: Vec<Option<ArrayRef>>,
}

impl DefaultFiller {
    /// Evaluates every DEFAULT of the schema's columns.
    ///
    /// # Errors
    /// [`ResolveError::InvalidDefault`] for one that is no literal of its column's type, or null in a NOT NULL column.
    pub fn new(schema: &Schema) -> SchemaResult<Self> {
        let values: SchemaResult<Vec<_>> = schema.fields().iter().map(|f| evaluate(f)).collect();
        Ok(Self { values: values? })
    }

    /// Whether the column has a DEFAULT.
    pub fn has_default(&self, column: usize) -> bool {
        self.values.get(column).is_some_and(Option::is_some)
    }

    /// Puts the column's DEFAULT into `rows`, which are in growing order.
    ///
    /// Cost: one copy of the column when there is a row to fill, nothing otherwise.
    ///
    /// # Errors
    /// Arrow's, when `array` is not of the column's type.
    pub fn fill(&self, column: usize, array: ArrayRef, rows: &[u32]) -> SchemaResult<ArrayRef> {
        let Some(Some(value)) = self.values.get(column).filter(|_| !rows.is_empty()) else {
            return Ok(array);
        };
        // Unlike `zip`, this knows the size of what it builds: one allocation for a batch of any size.
        let mut from: Vec<(usize, usize)> = (0..array.len()).map(|row| (0, row)).collect();
        for row in rows {
            from[*row as usize] = (1, 0);
        }
        Ok(interleave(&[&array, value], &from)?)
    }
}

/// The DEFAULT of a field as an array of length one.
///
/// # Errors
/// [`ResolveError::InvalidDefault`] when it is no literal of the field's type.
pub(crate) fn evaluate(field: &Field) -> SchemaResult<Option<ArrayRef>> {
    let Some(text) = default_expr(field) else { return Ok(None) };
    match literal(text).and_then(|l| to_array(field, l)) {
        Ok(array) => Ok(Some(array)),
        Err(reason) => Err(ResolveError::InvalidDefault {
            column: field.name().clone(),
            default: text.to_owned(),
            data_type: field_type_name(field),
            reason,
        }
        .into()),
    }
}

/// A SQL literal.
enum Literal {
    Null,
    Boolean(bool),
    Number(String),
    Text(String),
}

/// Reads `NULL`, `TRUE`, `-1.5`, `'text'`, `DATE '2024-01-01'`.
fn literal(sql: &str) -> Result<Literal, String> {
    let sql = sql.trim();
    match sql.to_ascii_uppercase().as_str() {
        "NULL" => return Ok(Literal::Null),
        "TRUE" => return Ok(Literal::Boolean(true)),
        "FALSE" => return Ok(Literal::Boolean(false)),
        _ => {}
    }
    if let Some(open) = sql.find('\'') {
        let is_type_word = sql[..open].trim_end().chars().all(|c| c.is_ascii_alphabetic() || c == ' ');
        let body = sql[open..].strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
        return match body {
            Some(body) if is_type_word && !body.replace("''", "").contains('\'') => {
                Ok(Literal::Text(body.replace("''", "'")))
            }
            _ => Err("expected one literal".to_owned()),
        };
    }
    let number = sql.strip_prefix(['-', '+']).unwrap_or(sql);
    let is_number = number.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && number.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '-' | '+'));
    if is_number {
        Ok(Literal::Number(sql.to_owned()))
    } else {
        Err("expected a literal: a number, 'text', TRUE, FALSE or NULL".to_owned())
    }
}

/// An SQL literal as an array of length one, of the field's type.
///
/// # Errors
/// Why it is no value of that type.
pub(crate) fn literal_of(field: &Field, sql: &str) -> Result<ArrayRef, String> {
    to_array(field, literal(sql)?)
}

fn to_array(field: &Field, literal: Literal) -> Result<ArrayRef, String> {
    let data_type = field.data_type();
    let text = match literal {
        Literal::Null if field.is_nullable() => return Ok(arrow_array::new_null_array(data_type, 1)),
        Literal::Null => return Err("the column is NOT NULL".to_owned()),
        Literal::Boolean(b) if *data_type == DataType::Boolean => return Ok(Arc::new(BooleanArray::from(vec![b]))),
        Literal::Boolean(_) => return Err("a boolean".to_owned()),
        Literal::Number(_) if *data_type == DataType::Boolean => return Err("a number".to_owned()),
        Literal::Number(n) | Literal::Text(n) => n,
    };
    if is_uuid(field) {
        return uuid(&text);
    }
    if let DataType::Decimal32(_, s)
    | DataType::Decimal64(_, s)
    | DataType::Decimal128(_, s)
    | DataType::Decimal256(_, s) = data_type
    {
        let fraction = text.split_once('.').map_or(0, |(_, f)| f.trim_end_matches('0').len());
        if fraction > usize::try_from(*s).unwrap_or(0) {
            return Err(format!("it has {fraction} digits after the point"));
        }
    }
    if data_type.is_nested() {
        return Err("DEFAULT of a nested column can only be NULL".to_owned());
    }
    let options = CastOptions { safe: false, ..CastOptions::default() };
    let cast = |array: &dyn Array, to: &DataType| cast_with_options(array, to, &options).map_err(|e| e.to_string());
    let text = StringArray::from(vec![text]);
    match data_type {
        // Arrow reads no text into a named zone without a database of zones; the instant is the same in every zone.
        DataType::Timestamp(unit, Some(_)) => {
            cast(&cast(&text, &DataType::Timestamp(*unit, Some("+00:00".into())))?, data_type)
        }
        _ => cast(&text, data_type),
    }
}

fn uuid(text: &str) -> Result<ArrayRef, String> {
    let digits: Vec<u8> = text.bytes().filter(|b| *b != b'-').collect();
    let byte = |pair: &[u8]| std::str::from_utf8(pair).ok().and_then(|p| u8::from_str_radix(p, 16).ok());
    let bytes: Option<Vec<u8>> = digits.chunks(2).map(byte).collect();
    let bytes = bytes.filter(|b| b.len() == 16).ok_or("expected 32 hexadecimal digits")?;
    let array = FixedSizeBinaryArray::try_from_iter([bytes].into_iter()).map_err(|e| e.to_string())?;
    Ok(Arc::new(array))
}

#[cfg(test)]
mod tests {
    use arrow_array::{Int64Array, TimestampMicrosecondArray};
    use arrow_cast::display::array_value_to_string;
    use arrow_schema::TimeUnit;

    use super::*;
    use crate::declared::DeclaredColumn;

    fn check(data_type: DataType, default: &str, expected: &str) {
        let column = DeclaredColumn { default: Some(default.to_owned()), ..DeclaredColumn::new("c", data_type) };
        let shown = match DefaultFiller::new(&Schema::new(vec![column.to_field()])) {
            Ok(filler) => match &filler.values[0] {
                Some(v) => array_value_to_string(v, 0).unwrap_or_else(|e| e.to_string()),
                None => "no default".to_owned(),
            },
            Err(e) => e.to_string(),
        };
        assert_eq!(shown, expected, "{default}");
    }

    #[test]
    fn literals_of_every_kind() {
        check(DataType::Float64, "0.0", "0.0");
        check(DataType::Int64, "-7", "-7");
        check(DataType::Utf8, "'it''s'", "it's");
        check(DataType::Boolean, "TRUE", "true");
        check(DataType::Decimal128(10, 2), "1.50", "1.50");
        check(DataType::Date32, "DATE '2024-02-29'", "2024-02-29");
        check(DataType::Timestamp(TimeUnit::Microsecond, None), "'2024-02-29T01:02:03'", "2024-02-29T01:02:03");
        check(DataType::Int64, "NULL", "");
    }

    #[test]
    fn instants_in_a_named_zone() -> SchemaResult<()> {
        let data_type = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
        for text in ["'1970-01-01T00:00:01Z'", "'1970-01-01 01:00:01+01:00'", "'1970-01-01 00:00:01'"] {
            let column = DeclaredColumn { default: Some(text.into()), ..DeclaredColumn::new("c", data_type.clone()) };
            let filler = DefaultFiller::new(&Schema::new(vec![column.to_field()]))?;
            let filled = filler.fill(0, arrow_array::new_null_array(&data_type, 1), &[0])?;
            let expected = TimestampMicrosecondArray::from(vec![1_000_000]).with_timezone("UTC");
            assert_eq!(filled.as_ref(), &expected as &dyn Array, "{text}");
        }
        Ok(())
    }

    #[test]
    fn defaults_that_do_not_fit() {
        check(
            DataType::Decimal128(10, 2),
            "1.505",
            "column `c`: DEFAULT 1.505 is no DECIMAL(10,2): it has 3 digits after the point",
        );
        check(DataType::Boolean, "1", "column `c`: DEFAULT 1 is no BOOLEAN: a number");
        check(
            DataType::Int64,
            "now()",
            "column `c`: DEFAULT now() is no BIGINT: expected a literal: a number, 'text', TRUE, FALSE or NULL",
        );
        check(
            DataType::Int64,
            "'x'",
            "column `c`: DEFAULT 'x' is no BIGINT: Cast error: Cannot cast string 'x' to value of Int64 type",
        );
    }

    #[test]
    fn only_the_rows_named_are_filled() -> SchemaResult<()> {
        let column = DeclaredColumn { default: Some("5".into()), ..DeclaredColumn::new("c", DataType::Int64) };
        let filler = DefaultFiller::new(&Schema::new(vec![column.to_field()]))?;
        let array: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), None, None]));
        let filled = filler.fill(0, array, &[2])?;
        assert_eq!(filled.as_ref(), &Int64Array::from(vec![Some(1), None, Some(5)]) as &dyn Array);
        Ok(())
    }
}
