//! A format of our own: logfmt, `key=value key="quoted value"`, one record per line.

use std::{collections::BTreeMap, sync::Arc};

use arrow_array::{
    Array, ArrayRef, RecordBatch, RecordBatchOptions,
    builder::{Float64Builder, Int64Builder, StringBuilder},
    cast::AsArray,
    types::{Float64Type, Int64Type},
};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use laminar_schema::{
    ConnectorConfig, DecodeError, DecodeSpec, Decoded, DecoderSet, DetectedFormat, EncodeError, EncodeSpec,
    EncodedBatch, EncoderSet, FieldInferenceDetail, FormatDecoder, FormatEncoder, FormatInference, FormatInfo, Found,
    InferenceConfig, InferredSchema, RawBatch, RawRecord, Rejected, RowRecords, SampleHead, SchemaError, SchemaResult,
};

const INFO: FormatInfo =
    FormatInfo { name: "logfmt", options: LogfmtOptions::SCHEMA, doc: "key=value pairs, one record per line" };

/// Options of the format.
#[derive(Debug, Clone, ConnectorConfig)]
pub struct LogfmtOptions {
    /// What stands between key and value
    #[config(default = '=')]
    pub separator: char,
}

impl LogfmtOptions {
    const SCHEMA: laminar_schema::ConnectorConfigSchema =
        laminar_schema::ConnectorConfigSchema { keys: <Self as ConnectorConfig>::KEYS };
}

/// Splits a record into its pairs.
fn pairs(text: &str, separator: char) -> Result<Vec<(&str, &str)>, DecodeError> {
    let mut found = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let Some((key, value)) = rest.split_once(separator) else {
            return Err(DecodeError::Syntax { reason: format!("expected `{separator}` in \"{rest}\"") });
        };
        let (value, after) = match value.strip_prefix('"') {
            Some(quoted) => quoted
                .split_once('"')
                .ok_or_else(|| DecodeError::Syntax { reason: "a quoted value has no end".to_owned() })?,
            None => value.split_once(' ').unwrap_or((value, "")),
        };
        found.push((key, value));
        rest = after.trim_start();
    }
    Ok(found)
}

#[derive(Debug)]
enum Column {
    Int(Int64Builder),
    Float(Float64Builder),
    Text(StringBuilder),
}

/// Decodes logfmt into BIGINT, DOUBLE and VARCHAR columns.
#[derive(Debug)]
pub struct LogfmtDecoder {
    schema: SchemaRef,
    options: LogfmtOptions,
}

impl LogfmtDecoder {
    fn parse<'r>(&self, record: &'r [u8]) -> Result<Vec<Option<&'r str>>, SchemaError> {
        let text = std::str::from_utf8(record).map_err(|_| DecodeError::InvalidUtf8)?;
        let pairs = pairs(text, self.options.separator)?;
        self.schema.fields().iter().map(|f| self.value(f, &pairs)).collect()
    }

    /// The column's text, checked against its type, so that filling the builders afterwards cannot fail.
    fn value<'r>(&self, f: &Field, pairs: &[(&'r str, &'r str)]) -> Result<Option<&'r str>, SchemaError> {
        let value = pairs.iter().rev().find(|(key, _)| key == f.name()).map(|(_, value)| *value);
        let fits = value.is_none_or(|v| match f.data_type() {
            DataType::Int64 => v.parse::<i64>().is_ok(),
            DataType::Float64 => v.parse::<f64>().is_ok(),
            _ => true,
        });
        let expected = f.data_type().clone();
        match value {
            None if !f.is_nullable() => Err(SchemaError::from(DecodeError::MissingField { expected }).in_field(f.name())),
            Some(v) if !fits => {
                let found = Found::new("text", v);
                Err(SchemaError::from(DecodeError::TypeMismatch { expected, found }).in_field(f.name()))
            }
            value => Ok(value),
        }
    }
}

impl FormatDecoder for LogfmtDecoder {
    fn output_schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn decode(&mut self, batch: &RawBatch) -> SchemaResult<Decoded> {
        let mut columns: Vec<Column> = self
            .schema
            .fields()
            .iter()
            .map(|f| match f.data_type() {
                DataType::Int64 => Column::Int(Int64Builder::new()),
                DataType::Float64 => Column::Float(Float64Builder::new()),
                _ => Column::Text(StringBuilder::new()),
            })
            .collect();
        let (mut rejected, mut rows) = (Vec::new(), Vec::new());
        for record in 0..batch.len() {
            match self.parse(batch.value(record)) {
                Err(error) => rejected.push(Rejected { record, error }),
                Ok(values) => {
                    rows.push(u32::try_from(record).unwrap_or(u32::MAX));
                    for (column, value) in columns.iter_mut().zip(values) {
                        match column {
                            Column::Int(c) => c.append_option(value.and_then(|v| v.parse().ok())),
                            Column::Float(c) => c.append_option(value.and_then(|v| v.parse().ok())),
                            Column::Text(c) => c.append_option(value),
                        }
                    }
                }
            }
        }
        let arrays = columns
            .into_iter()
            .map(|column| match column {
                Column::Int(mut c) => Arc::new(c.finish()) as ArrayRef,
                Column::Float(mut c) => Arc::new(c.finish()),
                Column::Text(mut c) => Arc::new(c.finish()),
            })
            .collect();
        let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
        let decoded = RecordBatch::try_new_with_options(self.output_schema(), arrays, &options)?;
        Ok(Decoded { batch: decoded, rejected, rows: RowRecords::Indices(rows), consumed: batch.len(), needs: None })
    }

    fn format_name(&self) -> &'static str {
        INFO.name
    }
}

impl DecoderSet for LogfmtDecoder {
    const FORMATS: &'static [&'static str] = &[INFO.name];

    fn build(spec: &DecodeSpec) -> SchemaResult<Option<Self>> {
        if spec.format.name != INFO.name {
            return Ok(None);
        }
        let options = LogfmtOptions::from_options(&spec.format.options)?;
        Ok(Some(Self { schema: Arc::clone(&spec.schema), options }))
    }

    fn inference(format: &str) -> Option<Box<dyn FormatInference>> {
        (format == INFO.name).then(|| Box::new(LogfmtInference) as _)
    }

    fn format_info(format: &str) -> Option<FormatInfo> {
        (format == INFO.name).then_some(INFO)
    }
}

/// Infers BIGINT, DOUBLE or VARCHAR for every key of the sample.
#[derive(Debug)]
pub struct LogfmtInference;

impl FormatInference for LogfmtInference {
    fn format_name(&self) -> &str {
        INFO.name
    }

    /// The separator is the first of `=` and `:` that the first line has.
    fn detect(&self, head: SampleHead<'_>, config: &InferenceConfig) -> SchemaResult<Option<DetectedFormat>> {
        let first = match head {
            SampleHead::Bytes { bytes, .. } => bytes.split(|b| *b == b'\n').next(),
            SampleHead::Records(records) => records.first().and_then(|r| r.value.as_deref()),
        };
        let separator = first.unwrap_or_default().iter().find(|b| b"=:".contains(b));
        match (config.format_options.get("separator"), separator) {
            (None, Some(separator)) => {
                let mut options = config.format_options.clone();
                options.insert("separator", char::from(*separator), None);
                Ok(Some(DetectedFormat { options, found: vec!["separator".to_owned()], warnings: Vec::new() }))
            }
            _ => Ok(None),
        }
    }

    fn infer(&self, samples: &[RawRecord], config: &InferenceConfig) -> SchemaResult<InferredSchema> {
        let options = LogfmtOptions::from_options(&config.format_options)?;
        let mut fields: BTreeMap<String, (DataType, u64)> = BTreeMap::new();
        for sample in samples {
            let text = String::from_utf8_lossy(sample.value.as_deref().unwrap_or_default());
            for (key, value) in pairs(&text, options.separator)? {
                let seen = if value.parse::<i64>().is_ok() {
                    DataType::Int64
                } else if value.parse::<f64>().is_ok() {
                    DataType::Float64
                } else {
                    DataType::Utf8
                };
                let entry = fields.entry(key.to_owned()).or_insert((seen.clone(), 0));
                entry.1 += 1;
                entry.0 = match (&entry.0, seen) {
                    (a, b) if *a == b => b,
                    (DataType::Int64 | DataType::Float64, DataType::Int64 | DataType::Float64) => DataType::Float64,
                    _ => DataType::Utf8,
                };
            }
        }
        let detail = |(name, (data_type, n)): (&String, &(DataType, u64))| FieldInferenceDetail {
            appearance_rate: *n as f64 / samples.len() as f64,
            confidence: 1.0,
            observed_types: BTreeMap::from([(data_type.to_string(), *n)]),
            ..FieldInferenceDetail::new(name, &Field::new(name, data_type.clone(), true))
        };
        let field_details = fields.iter().map(detail).collect();
        let fields: Vec<_> = fields.into_iter().map(|(name, (t, _))| Field::new(name, t, true)).collect();
        Ok(InferredSchema { field_details, ..InferredSchema::new(Arc::new(Schema::new(fields)), samples.len()) })
    }
}

/// Writes BIGINT, DOUBLE and VARCHAR columns as logfmt; nulls are left out.
#[derive(Debug)]
pub struct LogfmtEncoder {
    schema: SchemaRef,
}

impl FormatEncoder for LogfmtEncoder {
    fn input_schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn encode(&mut self, batch: &RecordBatch, out: &mut EncodedBatch) -> SchemaResult<()> {
        use std::io::Write as _;
        for row in 0..batch.num_rows() {
            let bytes = out.bytes_mut();
            let start = bytes.len();
            for (f, column) in self.schema.fields().iter().zip(batch.columns()) {
                if column.is_null(row) {
                    continue;
                }
                if bytes.len() > start {
                    bytes.push(b' ');
                }
                // Writing to a vector cannot fail.
                let _ = match column.data_type() {
                    DataType::Int64 => write!(bytes, "{}={}", f.name(), column.as_primitive::<Int64Type>().value(row)),
                    DataType::Float64 => {
                        write!(bytes, "{}={}", f.name(), column.as_primitive::<Float64Type>().value(row))
                    }
                    _ => write!(bytes, "{}=\"{}\"", f.name(), column.as_string::<i32>().value(row)),
                };
            }
            out.end_record();
        }
        Ok(())
    }

    fn format_name(&self) -> &'static str {
        INFO.name
    }
}

impl EncoderSet for LogfmtEncoder {
    const FORMATS: &'static [&'static str] = &[INFO.name];

    fn build(spec: &EncodeSpec) -> SchemaResult<Option<Self>> {
        if spec.format.name != INFO.name {
            return Ok(None);
        }
        for f in spec.schema.fields() {
            if !matches!(f.data_type(), DataType::Int64 | DataType::Float64 | DataType::Utf8) {
                return Err(EncodeError::UnsupportedType {
                    format: INFO.name,
                    data_type: f.data_type().clone(),
                    help: "select BIGINT, DOUBLE and VARCHAR columns",
                }
                .into());
            }
        }
        Ok(Some(Self { schema: Arc::clone(&spec.schema) }))
    }

    fn format_info(format: &str) -> Option<FormatInfo> {
        (format == INFO.name).then_some(INFO)
    }
}
