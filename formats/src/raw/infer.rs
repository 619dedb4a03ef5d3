//! Samples of raw records → the one schema they have.

use std::{collections::BTreeMap, sync::Arc};

use arrow_schema::{DataType, Field, Schema};
use laminar_schema::{
    FieldInferenceDetail, FormatInference, InferenceConfig, InferenceWarning, InferredSchema, RawRecord, SchemaResult,
    WarningSeverity,
};

use crate::infer::{VALUE_COLUMN, wilson_lower};

/// Infers one column `value` of type BLOB, whatever the records hold.
///
/// That a sample is all text does not make it VARCHAR: the next record may not be, and would be rejected.
#[derive(Debug, Clone, Copy, Default)]
pub struct RawInference;

impl FormatInference for RawInference {
    fn format_name(&self) -> &str {
        super::NAME
    }

    fn infer(&self, samples: &[RawRecord], _: &InferenceConfig) -> SchemaResult<InferredSchema> {
        let values = samples.iter().filter_map(|r| r.value.as_deref());
        let (mut text, mut bytes) = (0, 0);
        for value in values {
            *(if std::str::from_utf8(value).is_ok() { &mut text } else { &mut bytes }) += 1;
        }
        let observed = [("VARCHAR", text), ("BLOB", bytes)];
        let observed_types: BTreeMap<String, u64> =
            observed.into_iter().filter(|(_, n)| *n > 0).map(|(name, n)| (name.to_owned(), n)).collect();
        let field = Field::new(VALUE_COLUMN, DataType::Binary, true);
        let detail = FieldInferenceDetail {
            appearance_rate: if samples.is_empty() { 0.0 } else { (text + bytes) as f64 / samples.len() as f64 },
            non_null_rate: if text + bytes == 0 { 0.0 } else { 1.0 },
            confidence: wilson_lower(text + bytes, text + bytes),
            observed_types,
            ..FieldInferenceDetail::new(VALUE_COLUMN, &field)
        };
        let all_text = (bytes == 0 && text > 0).then(|| InferenceWarning {
            field_name: VALUE_COLUMN.to_owned(),
            message: format!("all {text} samples are UTF-8 text; declare the column VARCHAR to read it as such"),
            severity: WarningSeverity::Info,
        });
        Ok(InferredSchema {
            field_details: vec![detail],
            warnings: all_text.into_iter().collect(),
            ..InferredSchema::new(Arc::new(Schema::new(vec![field])), samples.len())
        })
    }
}
