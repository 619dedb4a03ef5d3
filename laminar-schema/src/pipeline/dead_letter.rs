//! Rejected records as rows: for any sink.

use std::sync::Arc;

use arrow_array::{
    RecordBatch,
    builder::{BinaryBuilder, Int64Builder, MapBuilder, StringBuilder, TimestampMicrosecondBuilder},
};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};

use crate::{
    config::FormatSpec,
    error::{ErrorKind, SchemaError, SchemaResult},
    format::{WriterSchemaId, header_field, header_names, registered},
    record::RawBatch,
};

/// Columns of a dead letter: where the record came from, why it was rejected, and its bytes as they came.
///
/// `kind` is [`DecodeError::name`](crate::DecodeError::name). `schema_id` is what a message in the Confluent wire format names;
/// [`dead_letter_schema_of`] a source whose messages name UUIDs has text there.
pub fn dead_letter_schema() -> SchemaRef {
    schema_with(DataType::Int64)
}

/// The columns of dead letters of a source in `format`: `schema_id` is BIGINT, and where messages have AWS Glue's header the text of
/// a UUID.
pub fn dead_letter_schema_of(format: &FormatSpec) -> SchemaRef {
    schema_with(if registered::has_uuids(format) { DataType::Utf8 } else { DataType::Int64 })
}

fn schema_with(schema_id: DataType) -> SchemaRef {
    let utc = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    Arc::new(Schema::new(vec![
        Field::new("source", DataType::Utf8, false),
        Field::new("partition", DataType::Utf8, true),
        Field::new("offset", DataType::Int64, true),
        Field::new("line", DataType::Int64, true),
        Field::new("timestamp", utc, true),
        Field::new("field", DataType::Utf8, true),
        Field::new("kind", DataType::Utf8, false),
        Field::new("error", DataType::Utf8, false),
        Field::new("schema_id", schema_id, true),
        Field::new("key", DataType::Binary, true),
        header_field("headers"),
        Field::new("record", DataType::Binary, true),
    ]))
}

/// The rejected records of `raw` as rows of [`dead_letter_schema_of`] their format.
///
/// Input: the format that the source is read in; each rejection's record index and its error, located.
///
/// # Errors
/// Arrow's; none is known to happen.
pub fn dead_letters(
    source: &str,
    format: &FormatSpec,
    raw: &RawBatch,
    rejected: &[(usize, SchemaError)],
) -> SchemaResult<RecordBatch> {
    let (mut sources, mut partitions) = (StringBuilder::new(), StringBuilder::new());
    let (mut offsets, mut lines) = (Int64Builder::new(), Int64Builder::new());
    let mut timestamps = TimestampMicrosecondBuilder::new().with_timezone("UTC");
    let (mut fields, mut kinds, mut errors) = (StringBuilder::new(), StringBuilder::new(), StringBuilder::new());
    let (mut schema_ids, mut schema_uuids) = (Int64Builder::new(), StringBuilder::new());
    let has_uuids = registered::has_uuids(format);
    let mut headers = MapBuilder::new(Some(header_names()), StringBuilder::new(), BinaryBuilder::new());
    let (mut keys, mut records) = (BinaryBuilder::new(), BinaryBuilder::new());
    let number = |n: Option<u64>| n.and_then(|n| i64::try_from(n).ok());
    for (index, error) in rejected {
        let record = raw.record(*index);
        sources.append_value(source);
        partitions.append_option(record.partition().map(|p| &*p.name));
        offsets.append_option(number(record.offset()));
        lines.append_option(number(record.line()));
        timestamps.append_option(record.timestamp().and_then(|ms| ms.checked_mul(1000)));
        fields.append_option(error.location().field.as_deref());
        kinds.append_value(match error.kind() {
            ErrorKind::Decode(e) => e.name(),
            _ => "other",
        });
        errors.append_value(match &error.location().span {
            Some(span) => format!("at byte {}: {}", span.start, error.message()),
            None => error.message(),
        });
        if has_uuids {
            let uuid = record.value().and_then(registered::schema_uuid_of);
            schema_uuids.append_option(uuid.map(WriterSchemaId::as_uuid));
        } else {
            let id = record.value().and_then(|value| registered::schema_id_of(format, value));
            schema_ids.append_option(id.map(i64::from));
        }
        keys.append_option(record.key());
        for (name, value) in record.headers() {
            headers.keys().append_value(name);
            headers.values().append_value(value);
        }
        // Empty where there are none: not every format has maps that are null.
        headers.append(true)?;
        records.append_option(record.value());
    }
    Ok(RecordBatch::try_new(
        dead_letter_schema_of(format),
        vec![
            Arc::new(sources.finish()),
            Arc::new(partitions.finish()),
            Arc::new(offsets.finish()),
            Arc::new(lines.finish()),
            Arc::new(timestamps.finish()),
            Arc::new(fields.finish()),
            Arc::new(kinds.finish()),
            Arc::new(errors.finish()),
            match has_uuids {
                true => Arc::new(schema_uuids.finish()),
                false => Arc::new(schema_ids.finish()),
            },
            Arc::new(keys.finish()),
            Arc::new(headers.finish()),
            Arc::new(records.finish()),
        ],
    )?)
}
