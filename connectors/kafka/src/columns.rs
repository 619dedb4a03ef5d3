//! Rows as records: which columns are the key, which are headers, and which make the value; which rows are deleted, and
//! which partition each goes to.

use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, BinaryArray, Int64Array, MapArray, RecordBatch, RecordBatchOptions, StringArray, cast::AsArray,
};
use arrow_cast::cast;
use arrow_schema::{DataType, Schema, SchemaRef};
use laminar_schema::{SchemaResult, config::ConfigError, config::column_of_option, error::cut};

use crate::{config::SinkOptions, error::KafkaFault};

/// Where the parts of a record stand among a batch's columns.
#[derive(Debug)]
pub(crate) struct Parts {
    key: Option<usize>,
    headers: Vec<Header>,
    changes: Option<usize>,
    partition: Option<usize>,
    value: Vec<usize>,
    value_schema: SchemaRef,
}

/// The keys and headers of a batch, as bytes.
pub(crate) struct Sides<'a> {
    key: Option<BinaryArray>,
    headers: Vec<Headers<'a>>,
    changes: Option<BinaryArray>,
    partition: Option<Int64Array>,
}

/// A column of which headers are made.
#[derive(Debug)]
enum Header {
    /// One, of the column's name.
    Named(String, usize),
    /// All that a MAP of names holds, such as those of a dead letter's record.
    Spread(usize),
}

/// Headers of a batch's rows.
#[allow(clippy::large_enum_variant, reason = "a few for each batch")]
enum Headers<'a> {
    Named(&'a str, BinaryArray),
    Spread { rows: MapArray, names: StringArray, values: BinaryArray },
}

impl Header {
    fn find(schema: &Schema, name: &str) -> SchemaResult<Self> {
        let at = column_of_option(schema, "headers", name)?;
        if let DataType::Map(entries, _) = schema.field(at).data_type()
            && let DataType::Struct(fields) = entries.data_type()
            && let [names, values] = &**fields
            && names.data_type().is_string()
            && !values.data_type().is_nested()
        {
            return Ok(Self::Spread(at));
        }
        Ok(Self::Named(name.to_owned(), bytes_column(schema, "headers", name)?))
    }

    fn column(&self) -> usize {
        match self {
            Self::Named(_, at) | Self::Spread(at) => *at,
        }
    }

    fn of<'a>(&'a self, batch: &RecordBatch) -> SchemaResult<Headers<'a>> {
        match self {
            Self::Named(name, at) => Ok(Headers::Named(name, to_bytes(batch.column(*at))?)),
            Self::Spread(at) => {
                let rows = batch.column(*at).as_map().clone();
                let names = cast(rows.keys(), &DataType::Utf8)?.as_string().clone();
                let values = to_bytes(rows.values())?;
                Ok(Headers::Spread { rows, names, values })
            }
        }
    }
}

impl Parts {
    /// Whether a sink of these options wants columns; otherwise a row's bytes are all of the record.
    pub(crate) fn are_wanted(options: &SinkOptions) -> bool {
        options.key.is_some()
            || options.headers.is_some()
            || options.value.is_some()
            || options.changes.is_some()
            || options.partition.is_some()
    }

    /// Finds the columns that `options` name.
    ///
    /// # Errors
    /// A column that is not there, or whose type cannot be what it is to be; no column left for the value; `changes`
    /// without `key`.
    pub(crate) fn find(options: &SinkOptions, schema: &SchemaRef) -> SchemaResult<Self> {
        let key = options.key.as_deref().map(|name| bytes_column(schema, "key", name)).transpose()?;
        let names = options.headers.as_deref().unwrap_or_default();
        let headers = names.iter().map(|name| Header::find(schema, name)).collect::<SchemaResult<Vec<_>>>()?;
        let changes = options.changes.as_deref().map(|name| changes_column(schema, name)).transpose()?;
        if let (Some(name), None) = (&options.changes, key) {
            let reason = "what is deleted is known by its key";
            return Err(ConfigError::invalid("changes", name, "`key` beside it", reason).into());
        }
        let partition = options.partition.as_deref().map(|name| partition_column(schema, name)).transpose()?;
        let is_aside = |column: &usize| {
            headers.iter().any(|header| header.column() == *column) || [changes, partition].contains(&Some(*column))
        };
        let value: Vec<usize> = match &options.value {
            Some(names) => {
                names.iter().map(|name| Ok(column_of_option(schema, "value", name)?)).collect::<SchemaResult<_>>()?
            }
            None => (0..schema.fields().len()).filter(|column| !is_aside(column)).collect(),
        };
        if value.is_empty() {
            let reason = "every column is a header or tells of the record, and none is left for the value";
            return Err(ConfigError::invalid("headers", names.join(", "), "fewer columns", reason).into());
        }
        let value_schema = Arc::new(schema.project(&value)?);
        Ok(Self { key, headers, changes, partition, value, value_schema })
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
        let headers = self.headers.iter().map(|header| header.of(batch)).collect::<SchemaResult<Vec<_>>>()?;
        let changes = self.changes.map(|i| to_bytes(batch.column(i))).transpose()?;
        let partition = self.partition.map(|i| to_numbers(batch.column(i))).transpose()?;
        Ok(Sides { key, headers, changes, partition })
    }
}

impl Sides<'_> {
    /// The key of row `row`.
    pub(crate) fn key(&self, row: usize) -> Option<&[u8]> {
        self.key.as_ref().filter(|key| key.is_valid(row)).map(|key| key.value(row))
    }

    /// Whether row `row` is to be a record without a value. A row as it was before an update is one, too: should its key
    /// be another than the one after it, nothing else says that the old one is gone.
    ///
    /// # Errors
    /// A change that is none; a row without a key in a topic of changes.
    pub(crate) fn is_deleted(&self, row: usize) -> SchemaResult<bool> {
        let Some(changes) = &self.changes else { return Ok(false) };
        let change = changes.is_valid(row).then(|| String::from_utf8_lossy(changes.value(row)));
        let is_deleted = match change.as_deref() {
            Some("insert" | "read" | "update" | "update_after" | "upsert") => false,
            Some("delete" | "update_before") => true,
            other => {
                let found = other.map_or_else(|| "null".to_owned(), |word| format!("`{}`", cut(word)));
                let expected = "insert, read, update, update_before, update_after, upsert or delete";
                let reason = format!("row {row} of a batch has {found} as its change, expected {expected}");
                return Err(KafkaFault::Refused { reason }.during("write to the topic"));
            }
        };
        if self.key(row).is_none() {
            let reason = format!("row {row} of a batch has no key, and says neither what changes nor what is deleted");
            return Err(KafkaFault::Refused { reason }.during("write to the topic"));
        }
        Ok(is_deleted)
    }

    /// The partition that row `row` names.
    ///
    /// # Errors
    /// A number that no partition has.
    pub(crate) fn partition(&self, row: usize) -> SchemaResult<Option<i32>> {
        let Some(column) = self.partition.as_ref().filter(|column| column.is_valid(row)) else { return Ok(None) };
        match i32::try_from(column.value(row)) {
            Ok(number @ 0..) => Ok(Some(number)),
            _ => {
                let found = column.value(row);
                let reason = format!("row {row} of a batch names partition {found}, expected a number from 0");
                Err(KafkaFault::Refused { reason }.during("write to the topic"))
            }
        }
    }

    /// Puts the headers of row `row` into `into`; nulls are left out.
    pub(crate) fn headers<'a>(&'a self, row: usize, into: &mut Vec<(&'a str, &'a [u8])>) {
        into.clear();
        for headers in &self.headers {
            match headers {
                Headers::Named(name, column) if column.is_valid(row) => into.push((name, column.value(row))),
                Headers::Spread { rows, names, values } if rows.is_valid(row) => {
                    let (from, to) = (rows.value_offsets()[row] as usize, rows.value_offsets()[row + 1] as usize);
                    let entries = (from..to).filter(|entry| values.is_valid(*entry));
                    into.extend(entries.map(|entry| (names.value(entry), values.value(entry))));
                }
                Headers::Named(..) | Headers::Spread { .. } => {}
            }
        }
    }
}

fn changes_column(schema: &Schema, name: &str) -> SchemaResult<usize> {
    let at = column_of_option(schema, "changes", name)?;
    let ty = schema.field(at).data_type();
    let text = if let DataType::Dictionary(_, value) = ty { value } else { ty };
    if !text.is_string() {
        let reason = format!("it is {ty}");
        return Err(ConfigError::invalid("changes", name, "a column of text", reason).into());
    }
    Ok(at)
}

fn partition_column(schema: &Schema, name: &str) -> SchemaResult<usize> {
    let at = column_of_option(schema, "partition", name)?;
    let ty = schema.field(at).data_type();
    if !ty.is_integer() || *ty == DataType::UInt64 {
        let reason = format!("it is {ty}");
        return Err(ConfigError::invalid("partition", name, "a column of whole numbers, BIGINT at most", reason).into());
    }
    Ok(at)
}

fn to_numbers(column: &ArrayRef) -> SchemaResult<Int64Array> {
    Ok(Int64Array::from(cast(column, &DataType::Int64)?.to_data()))
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
