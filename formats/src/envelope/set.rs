//! A set of decoders that takes envelopes around each of its formats.

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use laminar_schema::{
    ColumnsReader, ColumnsRequest, ConnectorConfig, DecodeSpec, Decoded, DecoderSet, FormatDecoder, FormatFile,
    FormatInference, FormatInfo, Framing, RawBatch, RawRecord, SchemaResult, SelfDescription, Wrapping,
    config::{ConfigError, ConfigKey, ENVELOPE_OPTION, FormatSpec},
};

use super::{
    decode::EnvelopeDecoder,
    infer::EnvelopeInference,
    layout,
    options::{self, EnvelopeOptions},
};

/// Decodes any format of `D`, with or without an envelope around its rows.
///
/// ```
/// use std::sync::Arc;
///
/// use arrow_schema::{DataType, Field, Schema};
/// use laminar_formats::{AnyDecoder, envelope::Enveloped};
/// use laminar_schema::{
///     DecodeSpec, DecoderSet, FormatDecoder, RawBatch,
///     config::{FormatSpec, Options},
/// };
///
/// let schema = Schema::new(vec![Field::new("id", DataType::Int64, false), Field::new("_op", DataType::Utf8, false)]);
/// let format = FormatSpec::new("json").with_options(Options::from_pairs([("envelope", "debezium")]));
/// let spec = DecodeSpec::new(Arc::new(schema), format);
/// let mut decoder = Enveloped::<AnyDecoder>::build(&spec)?.expect("JSON is in the set");
/// let records = RawBatch::from_values([r#"{"before": {"id": 7}, "after": null, "op": "d"}"#, r#"{"id": 8}"#]);
/// let decoded = decoder.decode(&records)?;
/// assert_eq!(decoded.batch.num_rows(), 1, "the row that was deleted");
/// assert_eq!(decoded.rejected[0].record, 1, "no envelope");
/// # Ok::<(), laminar_schema::SchemaError>(())
/// ```
#[derive(Debug)]
pub enum Enveloped<D> {
    /// A record is a row.
    Plain(D),
    /// A record is more than a row, or less.
    Wrapped(Box<EnvelopeDecoder<D>>),
}

impl<D> From<D> for Enveloped<D> {
    fn from(decoder: D) -> Self {
        Self::Plain(decoder)
    }
}

impl<D: DecoderSet> FormatDecoder for Enveloped<D> {
    fn output_schema(&self) -> SchemaRef {
        match self {
            Self::Plain(decoder) => decoder.output_schema(),
            Self::Wrapped(decoder) => decoder.output_schema(),
        }
    }

    fn decode(&mut self, batch: &RawBatch) -> SchemaResult<Decoded> {
        match self {
            Self::Plain(decoder) => decoder.decode(batch),
            Self::Wrapped(decoder) => decoder.decode(batch),
        }
    }

    fn decode_batch(&mut self, records: &[RawRecord]) -> SchemaResult<RecordBatch> {
        if let Self::Plain(decoder) = self {
            return decoder.decode_batch(records);
        }
        let raw = RawBatch::from_records(records);
        let decoded = self.decode(&raw)?;
        match decoded.rejected.into_iter().next() {
            Some(first) => Err(first.error.at(raw.record(first.record).location())),
            None => Ok(decoded.batch),
        }
    }

    fn format_name(&self) -> &'static str {
        match self {
            Self::Plain(decoder) => decoder.format_name(),
            Self::Wrapped(decoder) => decoder.inner.format_name(),
        }
    }
}

impl<D: DecoderSet> DecoderSet for Enveloped<D> {
    const FORMATS: &'static [&'static str] = D::FORMATS;

    fn build(spec: &DecodeSpec) -> SchemaResult<Option<Self>> {
        if !D::FORMATS.contains(&spec.format.name.as_str()) {
            return Ok(None);
        }
        match options::divide(&spec.format)? {
            Some((options, format)) => {
                let wrapped = EnvelopeDecoder::build(spec, &options, format)?;
                Ok(wrapped.map(|decoder| Self::Wrapped(Box::new(decoder))))
            }
            None if spec.format.options.iter().any(|(key, _)| key == ENVELOPE_OPTION) => {
                let format = bare(&spec.format);
                Ok(D::build(&DecodeSpec { format, ..spec.clone() })?.map(Self::Plain))
            }
            None => Ok(D::build(spec)?.map(Self::Plain)),
        }
    }

    fn inference(format: &str) -> Option<Box<dyn FormatInference>> {
        D::inference(format).map(|inner| Box::new(EnvelopeInference::new(inner)) as Box<dyn FormatInference>)
    }

    fn framing(format: &FormatSpec) -> SchemaResult<Option<Framing>> {
        D::framing(&bare(format))
    }

    fn describe(format: &FormatSpec, file: Option<&mut dyn FormatFile>) -> SchemaResult<Option<SelfDescription>> {
        D::describe(&bare(format), file)
    }

    fn wrapping(format: &FormatSpec) -> SchemaResult<Option<Wrapping>> {
        if !D::FORMATS.contains(&format.name.as_str()) {
            return Ok(None);
        }
        let Some((options, own)) = options::divide(format)? else { return Ok(None) };
        if matches!(D::framing(&own)?, Some(Framing::Columns)) {
            let reason = format!("format {} holds columns, and no records that could be in an envelope", own.name);
            let kind = format.options.get(ENVELOPE_OPTION).unwrap_or_default();
            return Err(ConfigError::invalid(ENVELOPE_OPTION, kind, "a format of records", reason).into());
        }
        Ok(Some(layout::wrapping(&options)))
    }

    fn open_columns(
        format: &FormatSpec,
        request: &ColumnsRequest<'_>,
        file: Box<dyn FormatFile>,
    ) -> SchemaResult<Option<Box<dyn ColumnsReader>>> {
        // An envelope around columns was refused when the schema was resolved.
        D::open_columns(&bare(format), request, file)
    }

    fn wrapping_options(format: &str) -> Option<&'static [ConfigKey]> {
        D::FORMATS.contains(&format).then_some(EnvelopeOptions::KEYS)
    }

    fn format_info(format: &str) -> Option<FormatInfo> {
        D::format_info(format)
    }
}

/// The format in the envelope.
fn bare(format: &FormatSpec) -> FormatSpec {
    FormatSpec::new(&format.name).with_options(options::without_envelope(&format.options))
}
