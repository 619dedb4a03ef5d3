//! Inferences that find options or guess wrongly in ways that a test can choose, in place of the shipped ones.

use std::sync::Arc;

use arrow_schema::{DataType, Field, Schema};
use laminar_formats::csv::CsvInference;
use laminar_schema::{
    DetectedFormat, FieldInferenceDetail, FormatInference, InferenceConfig, InferenceWarning, InferredSchema,
    RawRecord, SampleHead, SchemaResult,
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

/// Another inference, but for fields that it claims have other types, wherever no hint says otherwise.
pub struct Claims {
    of: Box<dyn FormatInference>,
    /// Claims by path: `a.b`, `items[].n`.
    claims: Vec<(&'static str, DataType)>,
    /// Whether hints are passed over, as an inference of a third party might.
    is_deaf: bool,
}

impl Claims {
    /// Claims about the fields of a sample of `of`'s format.
    pub fn new(of: impl FormatInference + 'static, claims: &[(&'static str, DataType)]) -> Self {
        Self { of: Box::new(of), claims: claims.to_vec(), is_deaf: false }
    }

    /// The same, deaf to hints.
    #[must_use]
    pub fn deaf(self) -> Self {
        Self { is_deaf: true, ..self }
    }

    fn claimed(&self, path: &str, f: &Field, config: &InferenceConfig) -> Field {
        let is_hinted = !self.is_deaf && config.hints.iter().any(|h| h.path == path);
        if let Some((_, claimed)) = self.claims.iter().find(|(at, _)| *at == path && !is_hinted) {
            return Field::new(f.name(), claimed.clone(), true);
        }
        let data_type = match f.data_type() {
            DataType::Struct(inside) => {
                let inside = inside.iter().map(|f| self.claimed(&format!("{path}.{}", f.name()), f, config));
                DataType::Struct(inside.collect())
            }
            DataType::List(item) => DataType::List(Arc::new(self.claimed(&format!("{path}[]"), item, config))),
            other => other.clone(),
        };
        f.clone().with_data_type(data_type)
    }
}

impl FormatInference for Claims {
    fn format_name(&self) -> &str {
        self.of.format_name()
    }

    fn widest_type(&self) -> Field {
        self.of.widest_type()
    }

    fn infer(&self, samples: &[RawRecord], config: &InferenceConfig) -> SchemaResult<InferredSchema> {
        let inferred = self.of.infer(samples, &self.heard(config))?;
        Ok(self.with_claims(inferred, config))
    }

    fn replay(&self, evidence: &str, config: &InferenceConfig) -> SchemaResult<InferredSchema> {
        let inferred = self.of.replay(evidence, &self.heard(config))?;
        Ok(self.with_claims(inferred, config))
    }
}

impl Claims {
    fn heard(&self, config: &InferenceConfig) -> InferenceConfig {
        let hints = if self.is_deaf { Vec::new() } else { config.hints.clone() };
        InferenceConfig { hints, ..config.clone() }
    }

    fn with_claims(&self, mut inferred: InferredSchema, config: &InferenceConfig) -> InferredSchema {
        let fields: Vec<Field> = inferred.schema.fields().iter().map(|f| self.claimed(f.name(), f, config)).collect();
        for detail in &mut inferred.field_details {
            let is_hinted = !self.is_deaf && config.hints.iter().any(|h| h.path == detail.field_name);
            if let Some((_, claimed)) = self.claims.iter().find(|(at, _)| *at == detail.field_name && !is_hinted) {
                let claimed = Field::new("", claimed.clone(), true);
                *detail = FieldInferenceDetail {
                    inferred_type: claimed.data_type().clone(),
                    sql_type: FieldInferenceDetail::new("", &claimed).sql_type,
                    ..detail.clone()
                };
            }
        }
        inferred.schema = Arc::new(Schema::new(fields));
        inferred
    }
}
