//! Inferences that find options or guess wrongly in ways that a test can choose, in place of the shipped ones.

use laminar_formats::csv::CsvInference;
use laminar_schema::{
    DetectedFormat, FormatInference, InferenceConfig, InferenceWarning, InferredSchema, RawRecord, SampleHead,
    SchemaResult,
};

/// CSV's own inference, with a detection that knows two options: `;` between fields, UTF-16 by its byte order mark.
#[derive(Debug, Default)]
pub struct Semicolons;

impl FormatInference for Semicolons {
    fn format_name(&self) -> &str {
        "csv"
    }

    fn infer(&self, samples: &[RawRecord], config: &InferenceConfig) -> SchemaResult<InferredSchema> {
        CsvInference.infer(samples, config)
    }

    fn detect(&self, head: SampleHead<'_>, config: &InferenceConfig) -> SchemaResult<Option<DetectedFormat>> {
        let (looked_at, whole) = match head {
            SampleHead::Bytes { bytes, is_whole } => (bytes.to_vec(), is_whole),
            SampleHead::Records(records) => (records.iter().flat_map(|r| r.value.clone()).flatten().collect(), false),
        };
        let mut detected =
            DetectedFormat { options: config.format_options.clone(), found: Vec::new(), warnings: Vec::new() };
        let mut find = |key: &str, value: &str| {
            if detected.options.get(key).is_none() {
                detected.options.insert(key, value, None);
                detected.found.push(key.to_owned());
            }
        };
        if looked_at.starts_with(b"\xFE\xFF") || looked_at.starts_with(b"\xFF\xFE") {
            find("encoding", "utf-16");
        }
        if looked_at.contains(&b';') {
            find("delimiter", ";");
        }
        let from = match head {
            SampleHead::Bytes { .. } => {
                format!("{} bytes, {}", looked_at.len(), if whole { "all" } else { "the first" })
            }
            SampleHead::Records(records) => format!("{} records", records.len()),
        };
        detected.warnings.push(InferenceWarning::warning("", format!("looked at {from}")));
        Ok(Some(detected))
    }
}
