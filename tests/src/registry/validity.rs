//! Whether a text is a schema, by the languages' own libraries.

use std::collections::HashMap;

use apache_avro::Schema;
use protox::{
    Compiler,
    file::{ChainFileResolver, File, FileResolver, GoogleFileResolver},
};
use serde_json::Value;

use super::store::{Store, StoredSchema, context_of, qualified};

/// Checks a schema that is to be registered in a subject.
///
/// # Errors
/// What is wrong with it.
pub(super) fn check(store: &Store, subject: &str, schema: &StoredSchema) -> Result<(), String> {
    let mut referenced = Vec::new();
    collect(store, context_of(subject), schema, &mut referenced, 0)?;
    match schema.schema_type.as_str() {
        "AVRO" => {
            let texts: Vec<&str> = referenced.iter().map(|(_, text)| text.as_str()).collect();
            if texts.is_empty() {
                return Schema::parse_str(&schema.schema).map(drop).map_err(|e| e.to_string());
            }
            Schema::parse_str_with_list(&schema.schema, texts).map(drop).map_err(|e| e.to_string())
        }
        "PROTOBUF" => {
            let files = referenced.into_iter().chain([("__root.proto".to_owned(), schema.schema.clone())]).collect();
            let mut resolver = ChainFileResolver::new();
            resolver.add(Files(files));
            resolver.add(GoogleFileResolver::new());
            Compiler::with_file_resolver(resolver).open_file("__root.proto").map(drop).map_err(|e| e.to_string())
        }
        "JSON" => match serde_json::from_str(&schema.schema) {
            Ok(Value::Object(_) | Value::Bool(_)) => Ok(()),
            Ok(_) => Err("a JSON Schema is an object or a boolean".to_owned()),
            Err(e) => Err(e.to_string()),
        },
        other => Err(format!("Invalid schema type {other}")),
    }
}

/// All that a schema refers to, by name, those first that others refer to.
fn collect(
    store: &Store,
    context: &str,
    schema: &StoredSchema,
    into: &mut Vec<(String, String)>,
    depth: usize,
) -> Result<(), String> {
    if depth > 32 {
        return Err("references are nested too deep".to_owned());
    }
    for reference in &schema.references {
        let subject = qualified(context, &reference.subject);
        let versions = store.subjects.get(&subject).map(|subject| &subject.versions);
        let found = versions.and_then(|all| all.iter().find(|v| i64::from(v.version) == reference.version));
        let found = found.and_then(|version| store.schema_of(&subject, version));
        let Some(found) = found else {
            let version = reference.version;
            return Err(format!("No schema reference found for subject \"{subject}\" and version {version}"));
        };
        collect(store, context_of(&subject), found, into, depth + 1)?;
        if into.iter().all(|(name, _)| *name != reference.name) {
            into.push((reference.name.clone(), found.schema.clone()));
        }
    }
    Ok(())
}

/// Files that are texts.
struct Files(HashMap<String, String>);

impl FileResolver for Files {
    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        let text = self.0.get(name).ok_or_else(|| protox::Error::file_not_found(name))?;
        File::from_source(name, text)
    }
}
