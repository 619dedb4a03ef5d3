//! Rows as records: which columns are routing key, headers and message id, and which make the value.

use std::sync::Arc;

use arrow_array::{
    Array, BooleanArray, Float64Array, Int64Array, RecordBatch, RecordBatchOptions, StringArray, cast::AsArray,
};
use arrow_cast::{CastOptions, cast_with_options};
use arrow_schema::{DataType, Schema, SchemaRef};
use laminar_schema::{SchemaError, SchemaResult, config::ConfigError, config::column_of_option, error::cut};
use lapin::types::{AMQPValue, FieldTable, ShortString};

use crate::{
    config::{MAX_NAME, SinkOptions},
    error::RabbitMqFault,
};

/// Where the parts of a record stand among a batch's columns.
#[derive(Debug)]
pub(crate) struct Parts {
    routing_key: Option<(String, usize)>,
    message_id: Option<(String, usize)>,
    headers: Vec<(ShortString, usize)>,
    value: Vec<usize>,
    value_schema: SchemaRef,
}

/// Routing keys, headers and message ids of a batch.
pub(crate) struct Sides<'a> {
    parts: &'a Parts,
    routing_key: Option<StringArray>,
    message_id: Option<StringArray>,
    headers: Vec<Values>,
}

/// A column as AMQP has values.
enum Values {
    Boolean(BooleanArray),
    Integer(Int64Array),
    Double(Float64Array),
    Text(StringArray),
}

impl Parts {
    /// Whether a sink of these options wants columns; otherwise a row's bytes are all of the record.
    pub(crate) fn are_wanted(options: &SinkOptions) -> bool {
        options.routing_key_column.is_some()
            || options.headers.is_some()
            || options.value.is_some()
            || options.message_id.is_some()
    }

    /// Finds the columns that `options` name.
    ///
    /// # Errors
    /// A column that is not there, or that is not one plain value; no column left for the value.
    pub(crate) fn find(options: &SinkOptions, schema: &SchemaRef) -> SchemaResult<Self> {
        let named = |option: &str, name: &Option<String>| -> SchemaResult<Option<(String, usize)>> {
            name.as_deref().map(|name| Ok((name.to_owned(), plain_column(schema, option, name)?))).transpose()
        };
        let routing_key = named("routing_key_column", &options.routing_key_column)?;
        let message_id = named("message_id", &options.message_id)?;
        let mut headers = Vec::new();
        for name in options.headers.iter().flatten() {
            let header = ShortString::try_new(name.as_str()).map_err(|_| {
                ConfigError::invalid("headers", cut(name), "names of at most 255 bytes", "rename it with AS")
            })?;
            headers.push((header, plain_column(schema, "headers", name)?));
        }
        let is_side = |at: usize| routing_key.as_ref().is_some_and(|k| k.1 == at) || headers.iter().any(|h| h.1 == at);
        let value: Vec<usize> = match &options.value {
            Some(names) => {
                names.iter().map(|name| Ok(column_of_option(schema, "value", name)?)).collect::<SchemaResult<_>>()?
            }
            None => (0..schema.fields().len()).filter(|at| !is_side(*at)).collect(),
        };
        if value.is_empty() {
            let reason = "every column is a routing key or a header, and none is left for the value";
            return Err(ConfigError::invalid("value", "", "columns that make the value", reason).into());
        }
        let value_schema = Arc::new(schema.project(&value)?);
        Ok(Self { routing_key, message_id, headers, value, value_schema })
    }

    /// Schema of the columns that make the value.
    pub(crate) fn value_schema(&self) -> &SchemaRef {
        &self.value_schema
    }

    /// The columns that make the value.
    pub(crate) fn value(&self, batch: &RecordBatch) -> SchemaResult<RecordBatch> {
        let columns = self.value.iter().map(|at| Arc::clone(batch.column(*at))).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        Ok(RecordBatch::try_new_with_options(Arc::clone(&self.value_schema), columns, &options)?)
    }

    /// Everything of a batch that is not its value.
    pub(crate) fn sides(&self, batch: &RecordBatch) -> SchemaResult<Sides<'_>> {
        let text = |named: &Option<(String, usize)>| named.as_ref().map(|(_, at)| to_text(batch, *at)).transpose();
        let headers = self.headers.iter().map(|(_, at)| Values::of(batch, *at)).collect::<SchemaResult<Vec<_>>>()?;
        Ok(Sides { parts: self, routing_key: text(&self.routing_key)?, message_id: text(&self.message_id)?, headers })
    }
}

impl Sides<'_> {
    /// The routing key of row `row`; `None` where it does not come from a column.
    ///
    /// # Errors
    /// A null; one that is longer than AMQP has it.
    pub(crate) fn routing_key(&self, row: usize) -> SchemaResult<Option<ShortString>> {
        short(&self.routing_key, &self.parts.routing_key, row, "a record needs a routing key")
    }

    /// The message id of row `row`; `None` where there is to be none.
    ///
    /// # Errors
    /// A null; one that is longer than AMQP has it.
    pub(crate) fn message_id(&self, row: usize) -> SchemaResult<Option<ShortString>> {
        short(&self.message_id, &self.parts.message_id, row, "the sink was told that every record has a message id")
    }

    /// The headers of row `row`; nulls are left out.
    pub(crate) fn headers(&self, row: usize) -> Option<FieldTable> {
        if self.headers.is_empty() {
            return None;
        }
        let mut headers = FieldTable::default();
        for ((name, _), values) in self.parts.headers.iter().zip(&self.headers) {
            if let Some(value) = values.get(row) {
                headers.insert(name.clone(), value);
            }
        }
        Some(headers)
    }
}

impl Values {
    fn of(batch: &RecordBatch, at: usize) -> SchemaResult<Self> {
        let as_type = |ty: &DataType| cast_with_options(batch.column(at), ty, &strict());
        Ok(match batch.column(at).data_type() {
            DataType::Boolean => Self::Boolean(batch.column(at).as_boolean().clone()),
            // A larger number than AMQP's own has no place there, and becomes text.
            ty if ty.is_integer() && *ty != DataType::UInt64 => {
                Self::Integer(as_type(&DataType::Int64)?.as_primitive().clone())
            }
            ty if ty.is_floating() => Self::Double(as_type(&DataType::Float64)?.as_primitive().clone()),
            _ => Self::Text(to_text(batch, at)?),
        })
    }

    fn get(&self, row: usize) -> Option<AMQPValue> {
        match self {
            Self::Boolean(values) => values.is_valid(row).then(|| AMQPValue::Boolean(values.value(row))),
            Self::Integer(values) => values.is_valid(row).then(|| AMQPValue::LongLongInt(values.value(row))),
            Self::Double(values) => values.is_valid(row).then(|| AMQPValue::Double(values.value(row))),
            Self::Text(values) => values.is_valid(row).then(|| AMQPValue::LongString(values.value(row).into())),
        }
    }
}

fn short(
    texts: &Option<StringArray>,
    named: &Option<(String, usize)>,
    row: usize,
    why: &str,
) -> SchemaResult<Option<ShortString>> {
    let (Some(texts), Some((name, _))) = (texts, named) else { return Ok(None) };
    if texts.is_null(row) {
        return Err(bad_row(row, name, format!("it is null, and {why}")));
    }
    let text = texts.value(row);
    let short = ShortString::try_new(text).map_err(|_| {
        let reason = format!("`{}` has {} bytes: expected at most {MAX_NAME}", cut(text), text.len());
        bad_row(row, name, reason)
    })?;
    Ok(Some(short))
}

#[cold]
fn bad_row(row: usize, column: &str, reason: String) -> SchemaError {
    RabbitMqFault::BadRow { row, column: column.to_owned(), reason }.during("publish")
}

fn plain_column(schema: &Schema, option: &str, name: &str) -> SchemaResult<usize> {
    let at = column_of_option(schema, option, name)?;
    let ty = schema.field(at).data_type();
    if ty.is_nested() {
        let reason = format!("{ty} is not one plain value; select one of its fields");
        return Err(ConfigError::invalid(option, name, "a column of text or one plain value", reason).into());
    }
    Ok(at)
}

/// What cannot be cast is an error, and not null.
fn strict() -> CastOptions<'static> {
    CastOptions { safe: false, ..CastOptions::default() }
}

fn to_text(batch: &RecordBatch, at: usize) -> SchemaResult<StringArray> {
    let text = cast_with_options(batch.column(at), &DataType::Utf8, &strict())?;
    Ok(text.as_string::<i32>().clone())
}

#[cfg(test)]
mod tests {
    use arrow_array::BinaryArray;
    use laminar_schema::{ConnectorConfig, Options};

    use super::*;

    fn batch() -> RecordBatch {
        let keys = StringArray::from(vec![Some("a.b".to_owned()), None, Some("k".repeat(256))]);
        let bytes = BinaryArray::from(vec![&b"ok"[..], b"ok", b"\xff"]);
        RecordBatch::try_from_iter([
            ("to", Arc::new(keys) as _),
            ("id", Arc::new(Int64Array::from(vec![Some(7), None, Some(9)])) as _),
            ("ratio", Arc::new(Float64Array::from(vec![0.5, 1.5, 2.5])) as _),
            ("is_new", Arc::new(BooleanArray::from(vec![true, false, true])) as _),
            ("raw", Arc::new(bytes) as _),
        ])
        .unwrap_or_else(|e| panic!("{e}"))
    }

    fn options(pairs: &[(&str, &str)]) -> SinkOptions {
        SinkOptions::from_options(&Options::from_pairs(pairs.iter().copied())).unwrap_or_else(|e| panic!("{e}"))
    }

    #[test]
    fn the_value_is_what_is_left_and_headers_keep_their_types() {
        let options = options(&[("routing_key_column", "to"), ("headers", "ratio, is_new, id"), ("message_id", "id")]);
        let batch = batch();
        let parts = Parts::find(&options, &batch.schema()).unwrap_or_else(|e| panic!("{e}"));
        let names: Vec<&str> = parts.value_schema().fields().iter().map(|f| f.name().as_str()).collect();
        assert_eq!(names, ["raw"]);
        let sides = parts.sides(&batch).unwrap_or_else(|e| panic!("{e}"));
        let headers = sides.headers(0).unwrap_or_default();
        let get = |name: &str| headers.inner().get(name).cloned();
        assert_eq!(get("ratio"), Some(AMQPValue::Double(0.5)));
        assert_eq!(get("is_new"), Some(AMQPValue::Boolean(true)));
        assert_eq!(get("id"), Some(AMQPValue::LongLongInt(7)));
        assert!(!sides.headers(1).unwrap_or_default().contains_key("id"), "a null is left out");
        assert_eq!(sides.routing_key(0).ok().flatten().map(|key| key.to_string()).as_deref(), Some("a.b"));
        assert_eq!(sides.message_id(0).ok().flatten().map(|id| id.to_string()).as_deref(), Some("7"));
        let error = |result: SchemaResult<Option<ShortString>>| result.err().map(|e| e.to_string()).unwrap_or_default();
        for (result, expected) in [
            (sides.routing_key(1), "row 1 of the batch, column `to`: it is null"),
            (sides.routing_key(2), "has 256 bytes: expected at most 255"),
            (sides.message_id(1), "column `id`: it is null"),
        ] {
            let error = error(result);
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn columns_that_cannot_serve_are_told_by_name() {
        let check = |pairs: &[(&str, &str)], expected: &str| {
            let found = Parts::find(&options(pairs), &batch().schema());
            let error = found.err().map(|e| e.to_string()).unwrap_or_default();
            assert!(error.contains(expected), "{pairs:?}: {error}");
        };
        check(&[("routing_key_column", "too")], "did you mean `to`?");
        check(&[("headers", "to, id, ratio, is_new, raw")], "none is left");
        check(&[("value", "zzz")], "the columns are");
    }

    #[test]
    fn bytes_that_are_no_text_are_an_error() {
        let parts = Parts::find(&options(&[("headers", "raw")]), &batch().schema()).unwrap_or_else(|e| panic!("{e}"));
        assert!(parts.sides(&batch()).is_err());
    }
}
