//! Rows as records: which columns are subject, headers and message id, and which make the value.

use std::sync::Arc;

use arrow_array::{Array, RecordBatch, RecordBatchOptions, StringArray, cast::AsArray};
use arrow_cast::{CastOptions, cast_with_options};
use arrow_schema::{DataType, Schema, SchemaRef};
use async_nats::{HeaderMap, HeaderName, HeaderValue};
use laminar_schema::{SchemaError, SchemaResult, config::ConfigError, config::column_of_option, error::cut};

use crate::{config::SinkOptions, error::NatsFault};

/// Where the parts of a record stand among a batch's columns.
#[derive(Debug)]
pub(crate) struct Parts {
    subject: Option<(String, usize)>,
    message_id: Option<(String, usize)>,
    headers: Vec<(HeaderName, String, usize)>,
    value: Vec<usize>,
    value_schema: SchemaRef,
}

/// Subjects, headers and message ids of a batch, as text.
pub(crate) struct Sides<'a> {
    parts: &'a Parts,
    subject: Option<StringArray>,
    message_id: Option<StringArray>,
    headers: Vec<StringArray>,
}

impl Parts {
    /// Whether a sink of these options wants columns; otherwise a row's bytes are all of the record.
    pub(crate) fn are_wanted(options: &SinkOptions) -> bool {
        options.subject_column.is_some()
            || options.headers.is_some()
            || options.value.is_some()
            || options.message_id.is_some()
    }

    /// Finds the columns that `options` name.
    ///
    /// # Errors
    /// A column that is not there, or whose type has no text; no column left for the value.
    pub(crate) fn find(options: &SinkOptions, schema: &SchemaRef) -> SchemaResult<Self> {
        let named = |option: &str, name: &Option<String>| -> SchemaResult<Option<(String, usize)>> {
            name.as_deref().map(|name| Ok((name.to_owned(), text_column(schema, option, name)?))).transpose()
        };
        let subject = named("subject_column", &options.subject_column)?;
        let message_id = named("message_id", &options.message_id)?;
        let mut headers = Vec::new();
        for name in options.headers.iter().flatten() {
            let header = name.parse::<HeaderName>().map_err(|_| {
                let reason = "a header's name is of visible ASCII without a colon; rename the column with AS";
                ConfigError::invalid("headers", name, "columns that headers can be named after", reason)
            })?;
            headers.push((header, name.clone(), text_column(schema, "headers", name)?));
        }
        let is_side = |at: usize| subject.as_ref().is_some_and(|s| s.1 == at) || headers.iter().any(|h| h.2 == at);
        let value: Vec<usize> = match &options.value {
            Some(names) => {
                names.iter().map(|name| Ok(column_of_option(schema, "value", name)?)).collect::<SchemaResult<_>>()?
            }
            None => (0..schema.fields().len()).filter(|at| !is_side(*at)).collect(),
        };
        if value.is_empty() {
            let reason = "every column is a subject or a header, and none is left for the value";
            return Err(ConfigError::invalid("value", "", "columns that make the value", reason).into());
        }
        let value_schema = Arc::new(schema.project(&value)?);
        Ok(Self { subject, message_id, headers, value, value_schema })
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
        let headers = self.headers.iter().map(|(_, _, at)| to_text(batch, *at)).collect::<SchemaResult<Vec<_>>>()?;
        Ok(Sides { parts: self, subject: text(&self.subject)?, message_id: text(&self.message_id)?, headers })
    }
}

impl Sides<'_> {
    /// The subject of row `row`; `None` where it does not come from a column.
    ///
    /// # Errors
    /// A value that is no subject.
    pub(crate) fn subject(&self, row: usize) -> SchemaResult<Option<&str>> {
        let (Some(texts), Some((name, _))) = (&self.subject, &self.parts.subject) else { return Ok(None) };
        if texts.is_null(row) {
            return Err(bad_row(row, name, "it is null, and a record needs a subject".to_owned()));
        }
        let subject = texts.value(row);
        match is_subject(subject) {
            true => Ok(Some(subject)),
            false => Err(bad_row(
                row,
                name,
                format!("`{}` is no subject: expected words between dots, without blanks, `*` and `>`", cut(subject)),
            )),
        }
    }

    /// The headers of row `row`, its message id among them; nulls are left out.
    ///
    /// # Errors
    /// A text with a line break; a message id that is null.
    pub(crate) fn headers(&self, row: usize) -> SchemaResult<Option<HeaderMap>> {
        if self.headers.is_empty() && self.message_id.is_none() {
            return Ok(None);
        }
        let mut headers = HeaderMap::new();
        for ((header, name, _), texts) in self.parts.headers.iter().zip(&self.headers) {
            if texts.is_valid(row) {
                headers.insert(header.clone(), header_value(row, name, texts.value(row))?);
            }
        }
        if let (Some(ids), Some((name, _))) = (&self.message_id, &self.parts.message_id) {
            if ids.is_null(row) || ids.value(row).is_empty() {
                return Err(bad_row(row, name, "it is null or empty, and no message id".to_owned()));
            }
            headers.insert(async_nats::header::NATS_MESSAGE_ID, header_value(row, name, ids.value(row))?);
        }
        Ok(Some(headers))
    }
}

/// Whether something can be published there.
pub(crate) fn is_subject(text: &str) -> bool {
    let is_word = |word: &str| {
        !word.is_empty() && word != "*" && word != ">" && !word.chars().any(|c| c.is_whitespace() || c.is_control())
    };
    text.split('.').all(is_word)
}

fn header_value(row: usize, name: &str, text: &str) -> SchemaResult<HeaderValue> {
    text.parse()
        .map_err(|_| bad_row(row, name, format!("`{}` has a line break, which a header cannot have", cut(text))))
}

#[cold]
fn bad_row(row: usize, column: &str, reason: String) -> SchemaError {
    NatsFault::BadRow { row, column: column.to_owned(), reason }.during("publish")
}

fn text_column(schema: &Schema, option: &str, name: &str) -> SchemaResult<usize> {
    let at = column_of_option(schema, option, name)?;
    let ty = schema.field(at).data_type();
    if ty.is_nested() {
        let reason = format!("{ty} has no text of its own; select one of its fields");
        return Err(ConfigError::invalid(option, name, "a column of text or one plain value", reason).into());
    }
    Ok(at)
}

/// Values as text; bytes that are none are an error, and not null.
fn to_text(batch: &RecordBatch, at: usize) -> SchemaResult<StringArray> {
    let options = CastOptions { safe: false, ..CastOptions::default() };
    let text = cast_with_options(batch.column(at), &DataType::Utf8, &options)?;
    Ok(text.as_string::<i32>().clone())
}

#[cfg(test)]
mod tests {
    use arrow_array::{BinaryArray, Int64Array};
    use laminar_schema::{ConnectorConfig, Options};

    use super::*;

    fn batch() -> RecordBatch {
        let subjects = StringArray::from(vec![Some("a.b"), None, Some("a b"), Some("a.*")]);
        let notes = StringArray::from(vec![Some("x"), None, Some("two\r\nlines"), Some("y")]);
        let bytes = BinaryArray::from(vec![&b"ok"[..], b"ok", b"ok", b"\xff"]);
        RecordBatch::try_from_iter([
            ("to", Arc::new(subjects) as _),
            ("id", Arc::new(Int64Array::from(vec![Some(7), None, Some(9), Some(10)])) as _),
            ("note", Arc::new(notes) as _),
            ("raw", Arc::new(bytes) as _),
        ])
        .unwrap_or_else(|e| panic!("{e}"))
    }

    fn options(pairs: &[(&str, &str)]) -> SinkOptions {
        let pairs = pairs.iter().copied().chain([("servers", "s")]);
        SinkOptions::from_options(&Options::from_pairs(pairs)).unwrap_or_else(|e| panic!("{e}"))
    }

    #[test]
    fn the_value_is_what_is_left() {
        let options = options(&[("subject_column", "to"), ("headers", "note"), ("message_id", "id")]);
        let parts = Parts::find(&options, &batch().schema()).unwrap_or_else(|e| panic!("{e}"));
        let names: Vec<&str> = parts.value_schema().fields().iter().map(|f| f.name().as_str()).collect();
        assert_eq!(names, ["id", "raw"]);
        let batch = batch();
        let sides = parts.sides(&batch).unwrap_or_else(|e| panic!("{e}"));
        let headers = sides.headers(0).ok().flatten().unwrap_or_default();
        let get = |name: &str| headers.get(name).map(|value| value.as_str().to_owned());
        assert_eq!((get("note"), get("Nats-Msg-Id")), (Some("x".to_owned()), Some("7".to_owned())));
        assert_eq!(sides.subject(0).ok(), Some(Some("a.b")));
        let error = |result: SchemaResult<()>| result.err().map(|e| e.to_string()).unwrap_or_default();
        for (row, expected) in
            [(1, "row 1 of the batch, column `to`: it is null"), (2, "`a b` is no subject"), (3, "`a.*` is no subject")]
        {
            let error = error(sides.subject(row).map(drop));
            assert!(error.contains(expected), "{error}");
        }
        assert!(error(sides.headers(1).map(drop)).contains("no message id"));
        assert!(error(sides.headers(2).map(drop)).contains("has a line break"));
    }

    #[test]
    fn columns_that_cannot_serve_are_told_by_name() {
        let check = |pairs: &[(&str, &str)], expected: &str| {
            let found = Parts::find(&options(pairs), &batch().schema());
            let error = found.err().map(|e| e.to_string()).unwrap_or_default();
            assert!(error.contains(expected), "{pairs:?}: {error}");
        };
        check(&[("subject_column", "too")], "did you mean `to`?");
        check(&[("headers", "to, id, note, raw")], "none is left");
        check(&[("value", "zzz")], "the columns are");
    }

    #[test]
    fn bytes_that_are_no_text_are_an_error() {
        let parts = Parts::find(&options(&[("headers", "raw")]), &batch().schema()).unwrap_or_else(|e| panic!("{e}"));
        assert!(parts.sides(&batch()).is_err());
    }
}
