//! Columns of the record's metadata, appended behind a decoder's columns: `INCLUDE OFFSET AS o`.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, Int64Array, RecordBatch, RecordBatchOptions, StringArray,
    builder::{BinaryBuilder, Int64Builder, MapBuilder, MapFieldNames, StringBuilder, TimestampMicrosecondBuilder},
    new_null_array,
};
use arrow_schema::SchemaRef;

use super::{MetadataColumn, MetadataKind, RowRecords};
use crate::{
    error::SchemaResult,
    record::{RawBatch, RecordRef, RowsOrigin},
};

/// Appends `columns` to `batch`, whose rows came from the records of `raw` that `rows` says.
///
/// Cost: none without columns; otherwise O(rows), and a few allocations per batch and column.
///
/// `schema` is the output schema: the batch's fields followed by the columns' ([`super::DecodeSpec::output_schema`]).
///
/// # Errors
/// Arrow's, when `schema` does not fit.
pub fn append_metadata(
    batch: RecordBatch,
    schema: &SchemaRef,
    columns: &[MetadataColumn],
    raw: &RawBatch,
    rows: &RowRecords,
) -> SchemaResult<RecordBatch> {
    if columns.is_empty() {
        return Ok(batch);
    }
    let num_rows = batch.num_rows();
    let records = || (0..num_rows).map(|row| raw.record(rows.record_of(row)));
    let (_, mut arrays, _) = batch.into_parts();
    for column in columns {
        arrays.push(build(column.kind, num_rows, records())?);
    }
    let options = RecordBatchOptions::new().with_row_count(Some(num_rows));
    Ok(RecordBatch::try_new_with_options(Arc::clone(schema), arrays, &options)?)
}

/// The metadata columns of rows that a table source yields as columns: there are no records, so a row's partition and
/// its number are all that is known of it.
///
/// # Errors
/// None is known to happen.
pub fn metadata_of_rows(
    columns: &[MetadataColumn],
    origin: Option<&RowsOrigin>,
    num_rows: usize,
) -> SchemaResult<Vec<ArrayRef>> {
    let of = |column: &MetadataColumn| -> ArrayRef {
        match (column.kind, origin) {
            (MetadataKind::Partition, Some(origin)) => {
                Arc::new(StringArray::from_iter_values(std::iter::repeat_n(&*origin.partition, num_rows)))
            }
            (MetadataKind::Offset, Some(origin)) => {
                let numbers = origin.rows.iter().cloned().flatten().take(num_rows);
                Arc::new(numbers.map(|n| i64::try_from(n).ok()).collect::<Int64Array>())
            }
            _ => new_null_array(column.field().data_type(), num_rows),
        }
    };
    Ok(columns.iter().map(of).collect())
}

fn build<'a>(
    kind: MetadataKind,
    num_rows: usize,
    records: impl Iterator<Item = RecordRef<'a>>,
) -> SchemaResult<ArrayRef> {
    Ok(match kind {
        MetadataKind::Key => {
            let mut column = BinaryBuilder::with_capacity(num_rows, 0);
            records.for_each(|r| column.append_option(r.key()));
            Arc::new(column.finish())
        }
        MetadataKind::Timestamp => {
            let mut column = TimestampMicrosecondBuilder::with_capacity(num_rows).with_timezone("UTC");
            records.for_each(|r| column.append_option(r.timestamp().and_then(|ms| ms.checked_mul(1000))));
            Arc::new(column.finish())
        }
        MetadataKind::Partition => {
            let mut column = StringBuilder::with_capacity(num_rows, 0);
            records.for_each(|r| column.append_option(r.partition().map(|p| &*p.name)));
            Arc::new(column.finish())
        }
        MetadataKind::Offset => {
            let mut column = Int64Builder::with_capacity(num_rows);
            records.for_each(|r| column.append_option(r.offset().and_then(|o| i64::try_from(o).ok())));
            Arc::new(column.finish())
        }
        MetadataKind::Headers => {
            let mut column = MapBuilder::new(Some(header_names()), StringBuilder::new(), BinaryBuilder::new());
            for record in records {
                for (name, value) in record.headers() {
                    column.keys().append_value(name);
                    column.values().append_value(value);
                }
                column.append(true)?;
            }
            Arc::new(column.finish())
        }
    })
}

/// What the fields of a column of headers are called.
pub(crate) fn header_names() -> MapFieldNames {
    MapFieldNames { entry: "entries".into(), key: "keys".into(), value: "values".into() }
}
