//! For machines: the keys that docs/cli.md lists.

use std::collections::BTreeMap;

use arrow_schema::Field;
use laminar_schema::{
    FieldInferenceDetail, ResolvedSchema, SampleValue, field::payload_key, fingerprint, types::field_type_name,
};
use serde_json::{Map, Value, json};

use super::{detail, is_nullable, sample_count};

/// The schema as one object.
pub(in super::super) fn to_json(resolved: &ResolvedSchema) -> Value {
    let fields: Vec<Value> = resolved.schema.fields().iter().map(|f| field_json(resolved, f)).collect();
    let is_column = |d: &&FieldInferenceDetail| resolved.schema.fields().iter().any(|f| payload_key(f) == d.field_name);
    let nested: Vec<Value> = resolved.field_details.iter().filter(|d| !is_column(d)).map(nested_json).collect();
    let warnings: Vec<Value> = resolved
        .warnings
        .iter()
        .map(|w| json!({"field": w.field_name, "severity": w.severity.to_string(), "message": w.message}))
        .collect();
    let options: BTreeMap<&str, &str> =
        resolved.format.options.iter().map(|(key, value)| (key, value.text.as_str())).collect();
    json!({
        "format": resolved.format.name,
        "options": options,
        "found_options": resolved.found_options,
        "sample_count": sample_count(resolved),
        "fingerprint": fingerprint(&resolved.schema).to_string(),
        "fields": fields,
        "nested_fields": nested,
        "warnings": warnings,
    })
}

fn field_json(resolved: &ResolvedSchema, field: &Field) -> Value {
    let detail = detail(resolved, payload_key(field));
    let mut object = evidence_json(detail);
    object.insert("name".to_owned(), field.name().as_str().into());
    object.insert("type".to_owned(), field_type_name(field).into());
    object.insert("nullable".to_owned(), is_nullable(field, detail).into());
    object.insert("origin".to_owned(), json!(resolved.field_origins.get(field.name()).map(ToString::to_string)));
    object.into()
}

fn nested_json(detail: &FieldInferenceDetail) -> Value {
    let mut object = evidence_json(Some(detail));
    object.insert("name".to_owned(), detail.field_name.as_str().into());
    object.insert("type".to_owned(), detail.sql_type.as_str().into());
    object.into()
}

fn evidence_json(detail: Option<&FieldInferenceDetail>) -> Map<String, Value> {
    let value = |of: fn(&FieldInferenceDetail) -> &Option<SampleValue>| {
        detail
            .and_then(|d| of(d).as_ref())
            .map(|v| json!({"text": v.text, "partition": v.partition.as_deref(), "offset": v.offset, "line": v.line}))
    };
    let entries = [
        ("appearance_rate", json!(detail.map(|d| d.appearance_rate))),
        ("non_null_rate", json!(detail.map(|d| d.non_null_rate))),
        ("confidence", json!(detail.map(|d| d.confidence))),
        ("observed_types", json!(detail.map(|d| d.observed_types.clone()).unwrap_or_default())),
        ("first", json!(value(|d| &d.first))),
        ("last", json!(value(|d| &d.last))),
    ];
    entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}
