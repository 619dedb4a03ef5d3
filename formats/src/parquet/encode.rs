//! Batches → one file.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{DataType, Field, FieldRef, Fields, Schema, SchemaRef};
use laminar_schema::{
    ConnectorConfig, EncodeError, EncodeSpec, EncodedBatch, EncoderSet, FormatEncoder, FormatInfo, Found, SchemaError,
    SchemaResult, config::ConfigError, field::DESCRIPTION_METADATA, resolve::ResolveError, types::field_type_name,
};
use parquet::{
    arrow::{ArrowSchemaConverter, ArrowWriter},
    file::{
        metadata::KeyValue,
        properties::{WriterProperties, WriterPropertiesBuilder},
    },
    schema::types::ColumnPath,
};

use super::ParquetOptions;
use crate::cell::schema_mismatch;

/// What a file begins with, and ends with too.
const MAGIC: &[u8; 4] = b"PAR1";

/// Encodes batches into a byte stream that is one Parquet file. A record of it is what is ready to be written, a few row
/// groups or none, and not a row.
///
/// Memory: one row group ([`row_group_bytes`](ParquetOptions::row_group_bytes)), and the footer.
pub struct ParquetEncoder {
    schema: SchemaRef,
    /// The same without what no reader needs to know.
    written: SchemaRef,
    properties: Box<WriterProperties>,
    /// The file that is open.
    writer: Option<Box<ArrowWriter<Vec<u8>>>>,
    /// Bytes of the file's beginning that are the prologue, and still to come out of the writer.
    of_prologue: usize,
}

impl std::fmt::Debug for ParquetEncoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ParquetEncoder").field("schema", &self.schema).finish_non_exhaustive()
    }
}

impl ParquetEncoder {
    /// Builds an encoder.
    ///
    /// # Errors
    /// A column of a type that Parquet lacks; a bloom filter for a column that is not there; a size of nothing.
    pub fn new(schema: SchemaRef, options: &ParquetOptions) -> SchemaResult<Self> {
        schema.fields().iter().try_for_each(check_type)?;
        let written = Arc::new(Schema::new_with_metadata(
            schema.fields().iter().map(without_internal).collect::<Fields>(),
            schema.metadata().clone(),
        ));
        let properties = Box::new(properties(&schema, options)?);
        Ok(Self { schema, written, properties, writer: None, of_prologue: 0 })
    }

    fn writer(&mut self) -> SchemaResult<&mut ArrowWriter<Vec<u8>>> {
        if self.writer.is_none() {
            let made = ArrowWriter::try_new(Vec::new(), Arc::clone(&self.written), Some((*self.properties).clone()));
            self.writer = Some(Box::new(made.map_err(failed)?));
            self.of_prologue = MAGIC.len();
        }
        self.writer.as_deref_mut().ok_or_else(|| failed("it is closed"))
    }
}

/// The field without what we keep in its metadata for ourselves: where it comes from, how its texts were read, statistics of
/// the file that it was read from. Descriptions, field ids and what is not ours stay.
fn without_internal(f: &FieldRef) -> FieldRef {
    let inside = |f: &FieldRef| without_internal(f);
    let data_type = match f.data_type() {
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(inside).collect()),
        DataType::List(item) => DataType::List(inside(item)),
        DataType::LargeList(item) => DataType::LargeList(inside(item)),
        DataType::FixedSizeList(item, len) => DataType::FixedSizeList(inside(item), *len),
        DataType::Map(entries, sorted) => DataType::Map(inside(entries), *sorted),
        other => other.clone(),
    };
    let is_kept = |key: &str| !key.starts_with("laminar.") || key == DESCRIPTION_METADATA;
    let mut metadata = f.metadata().clone();
    metadata.retain(|key, _| is_kept(key));
    Arc::new(f.as_ref().clone().with_data_type(data_type).with_metadata(metadata))
}

/// Drops what the prologue has said already.
fn without_prologue(bytes: Vec<u8>, of_prologue: &mut usize) -> Vec<u8> {
    let said = bytes.len().min(*of_prologue);
    *of_prologue -= said;
    if said == 0 { bytes } else { bytes[said..].to_vec() }
}

impl FormatEncoder for ParquetEncoder {
    fn input_schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn encode(&mut self, batch: &RecordBatch, out: &mut EncodedBatch) -> SchemaResult<()> {
        let is_fitting = batch.num_columns() == self.schema.fields().len()
            && batch.columns().iter().zip(self.schema.fields()).all(|(c, f)| c.data_type() == f.data_type());
        if !is_fitting {
            return Err(schema_mismatch(&self.schema, batch));
        }
        let writer = self.writer()?;
        writer.write(batch).map_err(failed)?;
        let ready = std::mem::take(writer.inner_mut());
        let ready = without_prologue(ready, &mut self.of_prologue);
        out.bytes_mut().extend_from_slice(&ready);
        out.end_record();
        Ok(())
    }

    fn prologue(&mut self) -> Vec<u8> {
        MAGIC.to_vec()
    }

    fn delimiter(&self) -> &'static [u8] {
        b""
    }

    fn finish(&mut self) -> SchemaResult<Vec<u8>> {
        self.writer()?;
        let rest = match self.writer.take() {
            Some(writer) => writer.into_inner().map_err(failed)?,
            None => Vec::new(),
        };
        Ok(without_prologue(rest, &mut self.of_prologue))
    }

    fn has_footer(&self) -> bool {
        true
    }

    fn format_name(&self) -> &'static str {
        super::NAME
    }
}

impl EncoderSet for ParquetEncoder {
    const FORMATS: &'static [&'static str] = &[super::NAME];

    fn build(spec: &EncodeSpec) -> SchemaResult<Option<Self>> {
        if spec.format.name != super::NAME {
            return Ok(None);
        }
        let options = ParquetOptions::from_options(&spec.format.options)?;
        Self::new(Arc::clone(&spec.schema), &options).map(Some)
    }

    fn format_info(format: &str) -> Option<FormatInfo> {
        (format == super::NAME).then(super::info)
    }
}

fn properties(schema: &Schema, options: &ParquetOptions) -> SchemaResult<WriterProperties> {
    let sizes = [
        ("row_group_rows", options.row_group_rows),
        ("row_group_bytes", options.row_group_bytes),
        ("data_page_bytes", options.data_page_bytes),
    ];
    if let Some((key, _)) = sizes.iter().find(|(_, size)| *size == 0) {
        return Err(ConfigError::invalid(*key, "0", "a positive number", "").into());
    }
    let metadata = options.metadata.iter().filter(|entry| !entry.is_empty()).map(|entry| {
        let (key, value) = entry.split_once('=').ok_or_else(|| {
            ConfigError::invalid("metadata", entry.as_str(), "entries such as `origin=laminar`", "it has no `=`")
        })?;
        Ok(KeyValue::new(key.trim().to_owned(), value.trim().to_owned()))
    });
    let metadata: Vec<KeyValue> = metadata.collect::<Result<_, SchemaError>>()?;
    let builder = WriterProperties::builder()
        .set_max_row_group_row_count(Some(options.row_group_rows))
        .set_max_row_group_bytes(Some(options.row_group_bytes))
        .set_compression(options.compression.0)
        .set_dictionary_enabled(options.dictionary)
        .set_statistics_enabled(options.statistics.into())
        .set_data_page_size_limit(options.data_page_bytes)
        .set_writer_version(options.version.into())
        .set_created_by(concat!("laminar-schema version ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_key_value_metadata(Some(metadata).filter(|m| !m.is_empty()));
    let mut named = options.bloom_filters.iter().filter(|name| !name.is_empty());
    Ok(named.try_fold(builder, |builder, name| with_bloom_filter(builder, schema, name))?.build())
}

fn with_bloom_filter(
    builder: WriterPropertiesBuilder,
    schema: &Schema,
    name: &str,
) -> SchemaResult<WriterPropertiesBuilder> {
    if name == "*" {
        return Ok(builder.set_bloom_filter_enabled(true));
    }
    let field = schema.column_with_name(name).map(|(_, field)| field);
    let reason = match field {
        Some(field) if !field.data_type().is_nested() => {
            let path = ColumnPath::new(vec![name.to_owned()]);
            return Ok(builder.set_column_bloom_filter_enabled(path, true));
        }
        Some(_) => "it holds other columns, which have no filter together".to_owned(),
        None => {
            let names: Vec<&str> = schema.fields().iter().map(|f| f.name().as_str()).collect();
            match laminar_schema::config::did_you_mean(name, names.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the columns are {}", names.join(", ")),
            }
        }
    };
    Err(ConfigError::invalid("bloom_filters", name, "names of columns, or `*`", reason).into())
}

/// Checks that Parquet has the column's type, and that the writer knows it.
fn check_type(field: &Arc<Field>) -> SchemaResult<()> {
    if has_interval(field.data_type()) {
        let help = "leave the column out, or make it VARCHAR: Parquet's INTERVAL has no nanoseconds";
        return Err(unsupported(field, help));
    }
    let alone = Schema::new(vec![Arc::clone(field)]);
    match ArrowSchemaConverter::new().convert(&alone) {
        Ok(_) => Ok(()),
        Err(_) => Err(unsupported(field, "leave the column out, or make it one of another type")),
    }
}

fn has_interval(data_type: &DataType) -> bool {
    match data_type {
        DataType::Interval(_) => true,
        DataType::List(f) | DataType::LargeList(f) | DataType::FixedSizeList(f, _) | DataType::Map(f, _) => {
            has_interval(f.data_type())
        }
        DataType::Struct(fields) => fields.iter().any(|f| has_interval(f.data_type())),
        DataType::Dictionary(_, value) => has_interval(value),
        _ => false,
    }
}

#[cold]
fn unsupported(field: &Field, help: &'static str) -> SchemaError {
    let (column, data_type) = (field.name().clone(), field_type_name(field));
    ResolveError::UnsupportedType { column, data_type, help }.into()
}

#[cold]
fn failed(error: impl std::fmt::Display) -> SchemaError {
    let found = Found::new("a batch that the writer refuses:", &error.to_string());
    EncodeError::Unrepresentable { format: super::NAME, found, help: "leave the column out" }.into()
}
