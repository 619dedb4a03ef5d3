//! Samples of JSON → a schema with evidence.

mod document;
mod scan;

use laminar_schema::{ConnectorConfig, FormatInference, InferenceConfig, InferredSchema, RawRecord, SchemaResult};

use self::{document::Documents, scan::Scanner};
use super::JsonOptions;
use crate::{
    infer::{DocumentFormat, DocumentReader, DocumentSample, Sample, Value},
    wire::{self, unglued::Unglued},
};

/// Bytes of the payloads of a sample whose messages have headers, at most.
const MAX_UNPACKED_BYTES: usize = 256 << 20;

/// Infers a schema from JSON records: a column per key, in the order in which keys stand.
///
/// A sample of no objects at all gives one column, `value`.
#[derive(Debug, Clone, Copy, Default)]
pub struct JsonInference;

impl FormatInference for JsonInference {
    fn format_name(&self) -> &str {
        super::NAME
    }

    fn infer(&self, samples: &[RawRecord], config: &InferenceConfig) -> SchemaResult<InferredSchema> {
        let options = &config.format_options;
        let is_framed =
            |header: &str| options.get("wire_format").is_some_and(|w| w.trim().eq_ignore_ascii_case(header));
        let confluent = is_framed("confluent");
        if !confluent && !is_framed("glue") {
            return JsonSample::of(samples, config)?.finish(config);
        }
        let mut glue = Unglued::documents(JsonOptions::from_options(options)?.max_record_bytes);
        // A sample without a header stays as it is, and says as a document what is wrong with it.
        let mut payload = |sample: &RawRecord| {
            let payload = sample.value.as_deref().and_then(|value| match confluent {
                true => Some(wire::confluent::split(value).ok()?.1.to_vec()),
                false => Some(glue.payload(value).ok()?.to_vec()),
            });
            RawRecord { value: payload.or_else(|| sample.value.clone()), ..sample.clone() }
        };
        let (mut payloads, mut room) = (Vec::with_capacity(samples.len()), MAX_UNPACKED_BYTES);
        for sample in samples {
            let payload = payload(sample);
            let size = payload.value.as_ref().map_or(0, Vec::len);
            // What was small when it was sampled may be large unpacked; a part of the sample is one, too.
            if size > room {
                break;
            }
            room -= size;
            payloads.push(payload);
        }
        JsonSample::of(&payloads, config)?.finish(config)
    }

    fn replay(&self, evidence: &str, config: &InferenceConfig) -> SchemaResult<InferredSchema> {
        JsonSample::replayed(evidence, config)?.finish(config)
    }
}

/// What a part of a JSON sample says. Parts merge in any order.
pub type JsonSample = DocumentSample<JsonDocuments>;

/// JSON, as inference reads it.
#[derive(Debug, Clone, Copy)]
pub struct JsonDocuments;

impl DocumentFormat for JsonDocuments {
    type Options = JsonOptions;
    type Document<'a> = Value<'a>;
    const NAME: &'static str = super::NAME;
    const DOCUMENT: &'static str = "document";
    const ROW: &'static str = "an object";

    fn row_rules(options: &JsonOptions) -> SchemaResult<JsonOptions> {
        Ok(options.clone())
    }

    fn documents(record: &[u8], max_depth: usize) -> Result<Vec<Value<'_>>, String> {
        let text = std::str::from_utf8(record).map_err(|e| format!("invalid UTF-8 at byte {}", e.valid_up_to()))?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut rest = Documents::new(text, max_depth);
        let mut documents = Vec::new();
        while let Some(document) = rest.next().map_err(|e| e.to_string())? {
            documents.push(document);
        }
        Ok(documents)
    }

    fn observe_all(reader: DocumentReader<'_, Self>, sample: &mut Sample, records: &[RawRecord]) {
        match Scanner::new(records, reader.options, reader.max_depth(), reader.rules) {
            Some(scanner) => scanner.read(sample, |sample, record| reader.observe(sample, record)),
            None => records.iter().for_each(|record| reader.observe(sample, record)),
        }
    }
}

#[cfg(test)]
mod tests;
