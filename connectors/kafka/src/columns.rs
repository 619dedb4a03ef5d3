//! Rows as records: which columns are the key, which are headers, and which make the value.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, BinaryArray, RecordBatch, RecordBatchOptions};
use arrow_cast::cast;
use arrow_schema::{DataType, Schema, SchemaRef};
use laminar_schema::{SchemaResult, config::ConfigError, config::column_of_option};

use crate::config::SinkOptions;

/// Where the parts of a record stand among a batch's columns.
#[derive(Debug)]
pub(crate) struct Parts {
    key: Option<usize>,
    headers: Vec<(String, usize)>,
    value: Vec<usize>,
    value_schema: SchemaRef,
}

/// The keys and headers of a batch, as bytes.
pub(crate) struct Sides<'a> {
    key: Option<BinaryArray>,
    headers: Vec<(&'a str, BinaryArray)>,
}

impl Parts {
    /// Whether a sink of these options wants columns; otherwise a row's bytes are all of the record.
    pub(crate) fn are_wanted(options: &SinkOptions) -> bool {
        options.key.is_some() || options.headers.is_some() || options.value.is_some()
    }

    /// Finds the columns that `options` name.
    ///
    /// # Errors
    /// A column that is not there, or whose type cannot be a key or a header; no column left for the value.
    pub(crate) fn find(options: &SinkOptions, schema: &SchemaRef) -> SchemaResult<Self> {
        let key = options.key.as_deref().map(|name| bytes_column(schema, "key", name)).transpose()?;
        let names = options.headers.as_deref().unwrap_or_default();
        let header = |name: &String| Ok((name.clone(), bytes_column(schema, "headers", name)?));
        let headers = names.iter().map(header).collect::<SchemaResult<Vec<_>>>()?;
        let value: Vec<usize> = match &options.value {
            Some(names) => {
                names.iter().map(|name| Ok(column_of_option(schema, "value", name)?)).collect::<SchemaResult<_>>()?
            }
            None => (0..schema.fields().len()).filter(|i| headers.iter().all(|(_, h)| h != i)).collect(),
        };
        if value.is_empty() {
            let reason = "every column is a header, and none is left for the value";
            return Err(ConfigError::invalid("headers", names.join(", "), "fewer columns", reason).into());
        }
        let value_schema = Arc::new(schema.project(&value)?);
        Ok(Self { key, headers, value, value_schema })
    }

    /// Schema of the columns that make the value.
    pub(crate) fn value_schema(&self) -> &SchemaRef {
        &self.value_schema
    }

    /// The columns that make the value.
    pub(crate) fn value(&self, batch: &RecordBatch) -> SchemaResult<RecordBatch> {
        let columns = self.value.iter().map(|i| Arc::clone(batch.column(*i))).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        Ok(RecordBatch::try_new_with_options(Arc::clone(&self.value_schema), columns, &options)?)
    }

    /// Keys and headers of a batch.
    pub(crate) fn sides(&self, batch: &RecordBatch) -> SchemaResult<Sides<'_>> {
        let key = self.key.map(|i| to_bytes(batch.column(i))).transpose()?;
        let bytes = self.headers.iter().map(|(_, i)| to_bytes(batch.column(*i))).collect::<SchemaResult<Vec<_>>>()?;
        let headers = self.headers.iter().map(|(name, _)| name.as_str()).zip(bytes).collect();
        Ok(Sides { key, headers })
    }
}

impl Sides<'_> {
    /// The key of row `row`.
    pub(crate) fn key(&self, row: usize) -> Option<&[u8]> {
        self.key.as_ref().filter(|key| key.is_valid(row)).map(|key| key.value(row))
    }

    /// Puts the headers of row `row` into `into`; nulls are left out.
    pub(crate) fn headers<'a>(&'a self, row: usize, into: &mut Vec<(&'a str, &'a [u8])>) {
        into.clear();
        into.extend(self.headers.iter().filter(|(_, c)| c.is_valid(row)).map(|(name, c)| (*name, c.value(row))));
    }
}

fn bytes_column(schema: &Schema, option: &str, name: &str) -> SchemaResult<usize> {
    let at = column_of_option(schema, option, name)?;
    let ty = schema.field(at).data_type();
    if ty.is_nested() {
        let reason = format!("{ty} has no bytes of its own; select one of its fields");
        return Err(ConfigError::invalid(option, name, "a column of text, bytes or one plain value", reason).into());
    }
    Ok(at)
}

/// Bytes as they are, and everything else as its text.
fn to_bytes(column: &ArrayRef) -> SchemaResult<BinaryArray> {
    let bytes = match column.data_type() {
        DataType::Binary => Arc::clone(column),
        DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => cast(column, &DataType::Binary)?,
        _ => cast(&cast(column, &DataType::Utf8)?, &DataType::Binary)?,
    };
    Ok(BinaryArray::from(bytes.to_data()))
}
