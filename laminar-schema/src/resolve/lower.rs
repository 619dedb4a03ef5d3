//! Which inferred columns keep records of the sample from being decoded, and what holds their values instead.

use std::collections::BTreeMap;

use arrow_schema::Field;

use super::{FieldOrigin, ResolvedSchema};
use crate::{
    error::{DecodeError, ErrorKind, SchemaError},
    field,
    format::Wrapping,
    inference::{InferenceConfig, InferenceWarning, Proof, TypeHint},
    types::field_type_name,
};

/// Rounds of inferring and decoding, at most: a field that fails inside one that fails shows one round later.
pub(super) const MAX_ROUNDS: usize = 8;

/// Fields that were lowered so far, and what to.
#[derive(Debug)]
pub(super) struct Lowering {
    /// The type that holds whatever a field of the format may hold.
    widest: Field,
    /// How records wrap the rows that errors in records are about.
    wrapping: Option<Wrapping>,
    lowered: BTreeMap<String, InferenceWarning>,
}

impl Lowering {
    pub(super) fn new(widest: Field, wrapping: Option<Wrapping>) -> Self {
        Self { widest, wrapping, lowered: BTreeMap::new() }
    }

    /// Adds a hint for each inferred field whose type rejects a record. False when nothing is left to lower.
    pub(super) fn lower(&mut self, resolved: &ResolvedSchema, proof: &Proof, config: &mut InferenceConfig) -> bool {
        let before = self.lowered.len();
        // Counted first: the warning says how many records one field stands in the way of.
        let mut rejecting: BTreeMap<String, (usize, &SchemaError)> = BTreeMap::new();
        for error in &proof.errors {
            if let Some(path) = self.culprit(resolved, error, config) {
                rejecting.entry(path.to_owned()).or_insert((0, error)).0 += 1;
            }
        }
        let widest = field_type_name(&self.widest);
        for (path, (records, first)) in rejecting {
            let from = resolved.field_details.iter().find(|d| d.field_name == path);
            let from = from.map_or("", |d| d.sql_type.as_str());
            let message = format!(
                "lowered from {from} to {widest}: {records} of {} sampled records do not decode otherwise, the first: \
                 {first}",
                proof.sampled
            );
            config.hints.push(TypeHint { path: path.clone(), field: self.widest.clone() });
            self.lowered.insert(path.clone(), InferenceWarning::warning(path, message));
        }
        self.lowered.len() > before
    }

    /// A warning for each field that was lowered, as the outcome has it: a hint may have been passed over, or what is
    /// around the field have been lowered after it.
    pub(super) fn warnings(self, resolved: &ResolvedSchema) -> Vec<InferenceWarning> {
        let widest = field_type_name(&self.widest);
        let is_lowered =
            |path: &str| resolved.field_details.iter().any(|d| d.field_name == path && d.sql_type == widest);
        self.lowered.into_iter().filter(|(path, _)| is_lowered(path)).map(|(_, warning)| warning).collect()
    }

    /// The innermost inferred field that can be lowered for the record that `error` rejects.
    fn culprit<'a>(
        &self,
        resolved: &'a ResolvedSchema,
        error: &SchemaError,
        config: &InferenceConfig,
    ) -> Option<&'a str> {
        // Other errors are about the record: no type of any column would take it.
        let is_about_a_type = matches!(
            error.kind(),
            ErrorKind::Decode(DecodeError::TypeMismatch { .. } | DecodeError::OutOfRange { .. })
        );
        let place = error.location().field.as_deref().filter(|_| is_about_a_type)?;
        let place = without_indices(self.wrapping.as_ref().map_or(place, |w| w.place_in_row(place)));
        let mut path = inferred_path(resolved, &place)?;
        let widest = field_type_name(&self.widest);
        loop {
            if self.lowered.contains_key(&path) {
                // Inference did not take the hint, and lowering what is around would cost more than it helps.
                return None;
            }
            let detail = resolved.field_details.iter().find(|d| d.field_name == path);
            match detail {
                // The user says which type this field has.
                _ if config.hints.iter().any(|h| h.path == path) => return None,
                Some(detail) if detail.sql_type != widest => return Some(&detail.field_name),
                _ => path.truncate(parent_len(&path)?),
            }
        }
    }
}

/// The path in inference's words of a place in decoding's, where its column was inferred.
fn inferred_path(resolved: &ResolvedSchema, place: &str) -> Option<String> {
    // Formats say a column's name or its key, and a key may have dots of its own: the longest that fits is meant.
    let columns = resolved.schema.fields().iter().flat_map(|f| [(f, f.name().as_str()), (f, field::payload_key(f))]);
    let (f, rest) = columns
        .filter_map(|(f, name)| Some((f, place.strip_prefix(name)?)))
        .filter(|(_, rest)| rest.is_empty() || rest.starts_with(['.', '[']))
        .min_by_key(|(_, rest)| rest.len())?;
    let key = field::payload_key(f);
    match resolved.field_origins.get(f.name()) {
        Some(FieldOrigin::AutoResolved | FieldOrigin::WildcardInferred) => Some(format!("{key}{rest}")),
        Some(FieldOrigin::UserDeclared | FieldOrigin::DefaultAdded) | None => None,
    }
}

/// `items[2].sku` → `items[].sku`
fn without_indices(place: &str) -> String {
    let mut path = String::with_capacity(place.len());
    let mut rest = place;
    while let Some((front, behind)) = rest.split_once('[') {
        path.push_str(front);
        path.push('[');
        let digits = behind.len() - behind.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        // A key may hold a bracket; only an index is none of the path.
        rest = if behind[digits..].starts_with(']') { &behind[digits..] } else { behind };
    }
    path + rest
}

/// Length of the path around a path: `a.b[]` of `a.b[].c`, `a.b` of that, `a` of that.
fn parent_len(path: &str) -> Option<usize> {
    match path.strip_suffix("[]") {
        Some(list) => Some(list.len()),
        None => path.rfind(['.', ']']).map(|at| if path.as_bytes()[at] == b']' { at + 1 } else { at }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_become_paths() {
        let check = |place: &str, expected: &str| assert_eq!(without_indices(place), expected);
        check("a", "a");
        check("items[2].sku", "items[].sku");
        check("a[0][13]", "a[][]");
        check("a[b].c[1]", "a[b].c[]");
        check("a[", "a[");
    }

    #[test]
    fn a_path_has_a_path_around_it() {
        let check = |path: &str, expected: Option<&str>| assert_eq!(parent_len(path).map(|len| &path[..len]), expected);
        check("a.b[].c", Some("a.b[]"));
        check("a.b[]", Some("a.b"));
        check("a[][]", Some("a[]"));
        check("a.b", Some("a"));
        check("a", None);
    }
}
