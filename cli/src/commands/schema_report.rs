//! A resolved schema as a table, as JSON, and as CREATE SOURCE.

use arrow_schema::Field;
use laminar_schema::{
    FieldInferenceDetail, ResolutionKind, ResolvedSchema, field::payload_key, fingerprint, types::field_type_name,
};
use serde_json::{Value, json};

use crate::table::Table;

/// Records that a schema was inferred from; 0 where it was not.
fn sample_count(resolved: &ResolvedSchema) -> usize {
    match resolved.resolution {
        ResolutionKind::Inferred { sample_count, .. } => sample_count,
        _ => 0,
    }
}

/// The evidence for a column.
fn detail<'a>(resolved: &'a ResolvedSchema, field: &Field) -> Option<&'a FieldInferenceDetail> {
    resolved.field_details.iter().find(|d| d.field_name == payload_key(field))
}

/// Whether nulls were seen, or may be there for all that is known. The Arrow field of an inferred column is nullable
/// even where every sample has a value.
fn is_nullable(resolved: &ResolvedSchema, field: &Field) -> bool {
    field.is_nullable() && detail(resolved, field).is_none_or(FieldInferenceDetail::nullable)
}

/// For people.
pub(super) fn to_text(format: &str, resolved: &ResolvedSchema) -> String {
    let mut table = Table::new(["name", "type", "null", "in", "confidence", "seen"]);
    for field in resolved.schema.fields() {
        let mut row =
            [field.name().clone(), field_type_name(field), String::new(), String::new(), String::new(), String::new()];
        row[2] = if is_nullable(resolved, field) { "yes" } else { "no" }.to_owned();
        if let Some(detail) = detail(resolved, field) {
            row[3] = format!("{:.1} %", detail.appearance_rate * 100.0);
            row[4] = format!("{:.3}", detail.confidence);
            let seen: Vec<String> = detail.observed_types.iter().map(|(t, n)| format!("{t} × {n}")).collect();
            row[5] = seen.join(", ");
        }
        table.push(row);
    }
    let mut out = format!(
        "format {format}, {} records sampled, fingerprint {}\n{}",
        sample_count(resolved),
        fingerprint(&resolved.schema),
        table.to_text()
    );
    for warning in &resolved.warnings {
        out.push_str(&format!("{warning}\n"));
    }
    out
}

/// For machines: the keys that docs/cli.md lists, with nested evidence beside it.
pub(super) fn to_json(format: &str, resolved: &ResolvedSchema) -> Value {
    let fields: Vec<Value> = resolved.schema.fields().iter().map(|f| field_json(resolved, f)).collect();
    let is_column = |d: &&FieldInferenceDetail| resolved.schema.fields().iter().any(|f| payload_key(f) == d.field_name);
    let nested: Vec<Value> = resolved.field_details.iter().filter(|d| !is_column(d)).map(nested_json).collect();
    let warnings: Vec<Value> = resolved
        .warnings
        .iter()
        .map(|w| json!({"field": w.field_name, "severity": w.severity.to_string(), "message": w.message}))
        .collect();
    json!({
        "format": format,
        "sample_count": sample_count(resolved),
        "fingerprint": fingerprint(&resolved.schema).to_string(),
        "fields": fields,
        "nested_fields": nested,
        "warnings": warnings,
    })
}

fn field_json(resolved: &ResolvedSchema, field: &Field) -> Value {
    let detail = detail(resolved, field);
    json!({
        "name": field.name(),
        "type": field_type_name(field),
        "nullable": is_nullable(resolved, field),
        "origin": resolved.field_origins.get(field.name()).map(ToString::to_string),
        "appearance_rate": detail.map(|d| d.appearance_rate),
        "confidence": detail.map(|d| d.confidence),
        "observed_types": detail.map(|d| d.observed_types.clone()).unwrap_or_default(),
    })
}

fn nested_json(detail: &FieldInferenceDetail) -> Value {
    json!({
        "name": detail.field_name,
        "type": detail.sql_type,
        "appearance_rate": detail.appearance_rate,
        "confidence": detail.confidence,
        "observed_types": detail.observed_types,
    })
}
