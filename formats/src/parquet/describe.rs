//! What a file says of itself: columns, field ids, and a summary of its statistics.

use std::{cmp::Ordering, collections::HashMap, sync::Arc};

use arrow_array::{Array, ArrayRef};
use arrow_cast::display::array_value_to_string;
use arrow_ord::ord::make_comparator;
use arrow_schema::{DataType, Field, Schema, SchemaRef, SortOptions};
use laminar_schema::{
    FieldMeta, SchemaResult, SelfDescription,
    field::{FIELD_ID_METADATA, SOURCE_TYPE_METADATA},
};
use parquet::{
    arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, statistics::StatisticsConverter},
    basic::Type as PhysicalType,
    file::metadata::{PageIndexPolicy, ParquetMetaData},
};

use super::{
    ParquetOptions,
    error::{ParquetReadError, guarded},
    file::SharedFile,
    project::check_names,
};

/// Key under which Arrow writers keep the Arrow schema, which is no metadata of the user's.
const ARROW_SCHEMA: &str = "ARROW:schema";

/// The footer of a file, and its columns as the reader will yield them.
///
/// Cost: reads the footer, and the page index where `with_pages`.
pub(super) fn footer(
    file: &SharedFile<'_>,
    options: &ParquetOptions,
    with_pages: bool,
) -> Result<ArrowReaderMetadata, ParquetReadError> {
    let pages = if with_pages { PageIndexPolicy::Optional } else { PageIndexPolicy::Skip };
    let reading = ArrowReaderOptions::new().with_page_index_policy(pages);
    let loaded = guarded(|| {
        let loaded = ArrowReaderMetadata::load(file, reading.clone())?;
        match with_int96_in(loaded.schema(), loaded.metadata(), options) {
            Some(schema) => ArrowReaderMetadata::try_new(Arc::clone(loaded.metadata()), reading.with_schema(schema)),
            None => Ok(loaded),
        }
    });
    loaded.map_err(ParquetReadError::of_file)
}

/// The schema with INT96 columns in the unit asked for; `None` where there is none of them.
fn with_int96_in(schema: &SchemaRef, metadata: &ParquetMetaData, options: &ParquetOptions) -> Option<SchemaRef> {
    let unit = options.int96.unit();
    let roots = metadata.file_metadata().schema_descr().root_schema().get_fields();
    let is_int96 = |index: usize| {
        roots.get(index).is_some_and(|root| root.is_primitive() && root.get_physical_type() == PhysicalType::INT96)
    };
    let mut found = false;
    let fields: Vec<Arc<Field>> = schema
        .fields()
        .iter()
        .enumerate()
        .map(|(index, field)| match field.data_type() {
            DataType::Timestamp(known, zone) if *known != unit && is_int96(index) => {
                found = true;
                Arc::new(field.as_ref().clone().with_data_type(DataType::Timestamp(unit, zone.clone())))
            }
            _ => Arc::clone(field),
        })
        .collect();
    found.then(|| Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone())))
}

/// The description of a file.
pub(super) fn describe(file: &SharedFile<'_>, options: &ParquetOptions) -> SchemaResult<SelfDescription> {
    let footer = footer(file, options, false)?;
    check_names(footer.schema())?;
    let mut metadata = footer.schema().metadata().clone();
    metadata.remove(ARROW_SCHEMA);
    let schema = Schema::new_with_metadata(footer.schema().fields().clone(), metadata);
    let fields = schema.fields().iter().map(|f| (f.name().clone(), meta(f, &footer))).collect();
    Ok(SelfDescription { schema: Arc::new(schema), fields, is_authoritative: true })
}

fn meta(field: &Field, footer: &ArrowReaderMetadata) -> FieldMeta {
    let mut properties = HashMap::new();
    // A summary is told where there is one; a file without statistics is as good a file.
    let _ = guarded(|| {
        properties.extend(summary(field, footer)?);
        Ok(())
    });
    FieldMeta {
        field_id: field.metadata().get(FIELD_ID_METADATA).and_then(|id| id.parse().ok()),
        source_type: field.metadata().get(SOURCE_TYPE_METADATA).cloned(),
        properties,
        ..FieldMeta::default()
    }
}

/// Null count, least and greatest value of a column, where every row group tells them.
fn summary(field: &Field, footer: &ArrowReaderMetadata) -> parquet::errors::Result<Vec<(String, String)>> {
    let metadata = footer.metadata();
    let groups = metadata.row_groups();
    if field.data_type().is_nested() || groups.is_empty() {
        return Ok(Vec::new());
    }
    let converter =
        StatisticsConverter::try_new(field.name(), footer.schema(), metadata.file_metadata().schema_descr())?
            .with_missing_null_counts_as_zero(false);
    let mut told = Vec::new();
    let nulls = converter.row_group_null_counts(groups.iter())?;
    if nulls.null_count() == 0 {
        told.push(("laminar.null_count".to_owned(), nulls.values().iter().sum::<u64>().to_string()));
    }
    for (name, values, wanted) in [
        ("laminar.min", converter.row_group_mins(groups.iter())?, Ordering::Less),
        ("laminar.max", converter.row_group_maxes(groups.iter())?, Ordering::Greater),
    ] {
        if let Some(extreme) = extreme(&values, wanted).and_then(|row| array_value_to_string(&values, row).ok()) {
            told.push((name.to_owned(), laminar_schema::error::cut(&extreme)));
        }
    }
    if let (1, Some(index)) = (groups.len(), converter.parquet_column_index()) {
        let distinct = groups[0].column(index).statistics().and_then(|s| s.distinct_count_opt());
        told.extend(distinct.map(|n| ("laminar.distinct_count".to_owned(), n.to_string())));
    }
    Ok(told)
}

/// The row of the least or greatest of `values`; none where one of them is not known.
fn extreme(values: &ArrayRef, wanted: Ordering) -> Option<usize> {
    if values.is_empty() || values.null_count() > 0 {
        return None;
    }
    let compare = make_comparator(values, values, SortOptions::default()).ok()?;
    Some((1..values.len()).fold(0, |best, row| if compare(row, best) == wanted { row } else { best }))
}
