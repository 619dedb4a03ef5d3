//! A resolved schema with its evidence, as a table, as JSON, and as a page.
//!
//! Lives here: what all three show. Does not live here: finding any of it.

mod html;
mod json;
mod text;

pub(super) use html::{Reproduction, to_html};
pub(super) use json::to_json;
pub(super) use text::to_text;

use arrow_schema::{DataType, Field};
use laminar_schema::{
    FieldInferenceDetail, InferenceWarning, ResolutionKind, ResolvedSchema, field::payload_key, types::field_type_name,
};

/// A column or a field inside one, in the order of the schema, parents before what they hold.
#[derive(Debug)]
struct Row<'a> {
    /// Containers around it.
    depth: usize,
    /// What it is called within them: `[]` for elements, `{}` for values of a MAP.
    name: &'a str,
    /// `a.b[].c`
    path: String,
    /// Its type; members of a STRUCT are rows of their own.
    short_type: String,
    /// Whether nulls were seen, or may be there for all that is known.
    nullable: bool,
    /// Whether rows of what it holds follow.
    is_parent: bool,
    /// The evidence for it.
    detail: Option<&'a FieldInferenceDetail>,
}

/// All rows of a schema.
fn rows(resolved: &ResolvedSchema) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    for field in resolved.schema.fields() {
        push_rows(&mut rows, resolved, field, field.name(), payload_key(field).to_owned(), 0);
    }
    rows
}

fn push_rows<'a>(
    rows: &mut Vec<Row<'a>>,
    resolved: &'a ResolvedSchema,
    field: &'a Field,
    name: &'a str,
    path: String,
    depth: usize,
) {
    let detail = detail(resolved, &path);
    let inner = inner(field);
    rows.push(Row {
        depth,
        name,
        short_type: short_type(field),
        nullable: is_nullable(field, detail),
        is_parent: !inner.is_empty(),
        detail,
        path: path.clone(),
    });
    for (name, separator, field) in inner {
        push_rows(rows, resolved, field, name, format!("{path}{separator}{name}"), depth + 1);
    }
}

/// What a field holds: its name, what stands before that in a path, and the field.
fn inner(field: &Field) -> Vec<(&str, &'static str, &Field)> {
    match field.data_type() {
        DataType::Struct(members) => members.iter().map(|f| (f.name().as_str(), ".", f.as_ref())).collect(),
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => vec![("[]", "", item)],
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(kv) if kv.len() == 2 => vec![("{}", "", &kv[1])],
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// The type without the members of STRUCTs.
fn short_type(field: &Field) -> String {
    match field.data_type() {
        DataType::Struct(_) => "STRUCT".to_owned(),
        DataType::List(item) | DataType::LargeList(item) => format!("{}[]", short_type(item)),
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(kv) if kv.len() == 2 => format!("MAP({}, {})", short_type(&kv[0]), short_type(&kv[1])),
            _ => field_type_name(field),
        },
        _ => field_type_name(field),
    }
}

/// Records that a schema was inferred from; 0 where it was not.
fn sample_count(resolved: &ResolvedSchema) -> usize {
    match resolved.resolution {
        ResolutionKind::Inferred { sample_count, .. } => sample_count,
        _ => 0,
    }
}

/// The evidence for the field at a path.
fn detail<'a>(resolved: &'a ResolvedSchema, path: &str) -> Option<&'a FieldInferenceDetail> {
    resolved.field_details.iter().find(|d| d.field_name == path)
}

/// The Arrow field of an inferred column is nullable even where every sample has a value.
fn is_nullable(field: &Field, detail: Option<&FieldInferenceDetail>) -> bool {
    field.is_nullable() && detail.is_none_or(FieldInferenceDetail::nullable)
}

/// Options of the format that were found in the data.
fn found_options(resolved: &ResolvedSchema) -> Vec<(&str, &str)> {
    let is_found = |key: &str| resolved.found_options.iter().any(|found| found.eq_ignore_ascii_case(key));
    let options = resolved.format.options.iter().filter(|(key, _)| is_found(key));
    options.map(|(key, value)| (key, value.text.as_str())).collect()
}

/// Warnings by the field that they are about, in the order of the first of each.
fn grouped(warnings: &[InferenceWarning]) -> Vec<(&str, Vec<&InferenceWarning>)> {
    let mut groups: Vec<(&str, Vec<&InferenceWarning>)> = Vec::new();
    for warning in warnings {
        match groups.iter_mut().find(|(field, _)| *field == warning.field_name) {
            Some((_, group)) => group.push(warning),
            None => groups.push((&warning.field_name, vec![warning])),
        }
    }
    groups
}

/// A number with a comma after every three digits.
fn count(number: usize) -> String {
    crate::progress::grouped(number as u64)
}

/// A share as people read it. What is not all does not look like all, nor what is something like nothing.
fn percent(share: f64) -> String {
    match format!("{:.1}", share * 100.0).as_str() {
        "100.0" if share < 1.0 => "99.9 %".to_owned(),
        "0.0" if share > 0.0 => "<0.1 %".to_owned(),
        text => format!("{text} %"),
    }
}

/// A confidence with three digits. None is certain, and none looks it.
fn confidence_text(detail: &FieldInferenceDetail) -> String {
    format!("{:.3}", detail.confidence.min(0.999))
}

/// `options` as a person reads them: `delimiter = ';', header = 'false'`.
fn options_text(options: &[(&str, &str)]) -> String {
    let shown = |(key, value): &(&str, &str)| format!("{key} = {}", laminar_schema::types::quote_literal(value));
    options.iter().map(shown).collect::<Vec<_>>().join(", ")
}
