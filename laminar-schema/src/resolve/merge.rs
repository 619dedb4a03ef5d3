//! Declared columns and what was found, joined: declarations win, `*` brings in the rest.

use std::collections::BTreeMap;

use arrow_schema::{Field, Schema, SchemaRef};

use super::{FieldOrigin, ResolutionKind, ResolveError, ResolvedSchema};
use crate::{
    config::{FormatSpec, did_you_mean},
    declared::{DeclaredColumn, DeclaredSchema},
    error::SchemaResult,
    field::{self, KEY_METADATA},
    inference::{FieldInferenceDetail, InferenceWarning},
    types::field_type_name,
};

/// A schema that a strategy found, before declarations are laid over it.
pub(super) struct Candidate {
    pub(super) schema: SchemaRef,
    pub(super) kind: ResolutionKind,
    pub(super) warnings: Vec<InferenceWarning>,
    pub(super) details: Vec<FieldInferenceDetail>,
}

/// Columns gathered so far, each with a description for the error about a collision.
#[derive(Default)]
struct Columns {
    fields: Vec<Field>,
    origins: BTreeMap<String, FieldOrigin>,
    described: BTreeMap<String, String>,
}

impl Columns {
    fn push(&mut self, f: Field, origin: FieldOrigin, description: String) -> SchemaResult<()> {
        let name = f.name().clone();
        if let Some(first) = self.described.insert(name.clone(), description.clone()) {
            return Err(ResolveError::NameCollision { name, first, second: description }.into());
        }
        self.origins.insert(name, origin);
        self.fields.push(f);
        Ok(())
    }
}

pub(super) fn merge(declared: Option<&DeclaredSchema>, mut found: Candidate) -> SchemaResult<ResolvedSchema> {
    let mut columns = Columns::default();
    let mut warnings = std::mem::take(&mut found.warnings);
    let declared_columns = declared.map_or(&[][..], |d| &d.columns);
    for column in declared_columns {
        columns.push(column.to_field(), FieldOrigin::UserDeclared, format!("declared column `{}`", column.name))?;
    }
    let has_wildcard = declared.is_some_and(|d| d.has_wildcard);
    if has_wildcard {
        warnings.extend(declared_columns.iter().filter_map(|column| not_found(column, &found)));
    }
    if has_wildcard || declared_columns.is_empty() {
        let prefix = declared.and_then(|d| d.wildcard_prefix.as_deref()).unwrap_or("");
        for f in found.schema.fields() {
            if let Some(column) = declared_columns.iter().find(|c| c.payload_key() == field::payload_key(f)) {
                if column.data_type != *f.data_type() {
                    warnings.push(overruled(&column.to_field(), f));
                }
                continue;
            }
            let (origin, description) = if has_wildcard {
                (FieldOrigin::WildcardInferred, format!("field `{}` brought in by *", f.name()))
            } else {
                (FieldOrigin::AutoResolved, format!("field `{}`", f.name()))
            };
            columns.push(prefixed(f, prefix, has_wildcard), origin, description)?;
        }
    }
    Ok(ResolvedSchema {
        schema: Schema::new_with_metadata(columns.fields, found.schema.metadata().clone()).into(),
        resolution: found.kind,
        field_origins: columns.origins,
        warnings,
        field_details: found.details,
        strategies: Vec::new(),
        format: FormatSpec::default(),
        registered: None,
        found_options: Vec::new(),
        inference: None,
        sample: Vec::new(),
        evidence: None,
    })
}

/// Adds a column of the framework's own behind the others.
pub(super) fn add_column(resolved: &mut ResolvedSchema, f: Field, origin: FieldOrigin) {
    resolved.field_origins.insert(f.name().clone(), origin);
    let mut fields: Vec<Field> = resolved.schema.fields().iter().map(|f| f.as_ref().clone()).collect();
    fields.push(f);
    resolved.schema = Schema::new_with_metadata(fields, resolved.schema.metadata().clone()).into();
}

/// A column that `*` brings in: nullable, and with a prefix it remembers the payload's key.
fn prefixed(f: &Field, prefix: &str, has_wildcard: bool) -> Field {
    let nullable = f.is_nullable() || has_wildcard;
    let renamed = f.clone().with_nullable(nullable).with_name(format!("{prefix}{}", f.name()));
    if prefix.is_empty() { renamed } else { field::with_metadata(renamed, KEY_METADATA, field::payload_key(f)) }
}

/// A declared column that nothing found has is null in every row, which is seldom what was meant. Of records that were not
/// sampled nobody knows.
fn not_found(column: &DeclaredColumn, found: &Candidate) -> Option<InferenceWarning> {
    let keys = || found.schema.fields().iter().map(|f| field::payload_key(f));
    if keys().any(|key| key == column.payload_key()) {
        return None;
    }
    let near =
        did_you_mean(column.payload_key(), keys()).map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
    let place = match &found.kind {
        ResolutionKind::Inferred { sample_count: 1, .. } => "not in the one record that was sampled".to_owned(),
        ResolutionKind::Inferred { sample_count, .. } => {
            format!("in none of the {sample_count} records that were sampled")
        }
        _ => "in nothing that was found".to_owned(),
    };
    Some(InferenceWarning::warning(&column.name, format!("declared, and {place}{near}")))
}

fn overruled(declared: &Field, found: &Field) -> InferenceWarning {
    InferenceWarning {
        field_name: declared.name().clone(),
        message: format!(
            "declared {}, found {}; the declaration wins",
            field_type_name(declared),
            field_type_name(found)
        ),
        severity: crate::inference::WarningSeverity::Info,
    }
}
