//! Several Avro schemas → one: names of referenced types give way to their definitions where they are first used.

use std::collections::{HashMap, HashSet};

use laminar_schema::RegistryError;
use serde_json::{Map, Value, json};

use crate::ReferencedSchemas;

/// Deepest nesting of types in the one schema.
const MAX_DEPTH: usize = 256;

/// Words of the language that are no names.
const WORDS: [&str; 14] = [
    "null", "boolean", "int", "long", "float", "double", "bytes", "string", "record", "error", "enum", "fixed",
    "array", "map",
];

/// Yields one text that stands for an Avro schema and all that it refers to.
///
/// Each definition is written once, so that the result is no longer than its parts together.
///
/// # Errors
/// A text that is no JSON; types nested more than 256 deep.
pub(crate) fn bundle(schemas: &ReferencedSchemas) -> Result<String, RegistryError> {
    if schemas.referenced.is_empty() {
        return Ok(schemas.text.schema.clone());
    }
    let texts = schemas.referenced.iter().map(|(_, schema)| parsed(&schema.subject, &schema.text.schema));
    let texts = texts.collect::<Result<Vec<Value>, _>>()?;
    let mut bundle = Bundle::default();
    for text in &texts {
        bundle.collect(text, "", 0)?;
    }
    let root = parsed("", &schemas.text.schema)?;
    Ok(bundle.written(&root, "", 0)?.to_string())
}

fn parsed(subject: &str, text: &str) -> Result<Value, RegistryError> {
    // A schema may also be a bare name, without quotes, as old registries keep primitive types.
    serde_json::from_str(text).or_else(|e| {
        let is_bare = WORDS[..8].contains(&text.trim());
        let bare = is_bare.then(|| Value::from(text.trim()));
        bare.ok_or_else(|| RegistryError::InvalidSchema { subject: subject.to_owned(), reason: e.to_string() })
    })
}

#[derive(Default)]
struct Bundle<'v> {
    /// Definitions of the referenced schemas by full name, with the namespace that each stands in.
    definitions: HashMap<String, (&'v Value, String)>,
    /// Full names that are written already.
    written: HashSet<String>,
}

impl<'v> Bundle<'v> {
    /// Notes all definitions in a referenced schema.
    fn collect(&mut self, schema: &'v Value, namespace: &str, depth: usize) -> Result<(), RegistryError> {
        deep_enough(depth)?;
        match schema {
            Value::Array(branches) => branches.iter().try_for_each(|branch| self.collect(branch, namespace, depth + 1)),
            Value::Object(object) => {
                let mut inner = namespace.to_owned();
                if let Some(full) = full_name(object, namespace) {
                    inner = namespace_of(&full).to_owned();
                    self.definitions.entry(full).or_insert_with(|| (schema, namespace.to_owned()));
                }
                for part in parts(object) {
                    self.collect(part, &inner, depth + 1)?;
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The schema with definitions in place of names that have none yet.
    fn written(&mut self, schema: &Value, namespace: &str, depth: usize) -> Result<Value, RegistryError> {
        deep_enough(depth)?;
        match schema {
            Value::String(name) => self.named(name, namespace, depth),
            Value::Array(branches) => {
                branches.iter().map(|branch| self.written(branch, namespace, depth + 1)).collect()
            }
            Value::Object(object) => self.object(object, namespace, depth),
            other => Ok(other.clone()),
        }
    }

    fn named(&mut self, name: &str, namespace: &str, depth: usize) -> Result<Value, RegistryError> {
        if WORDS.contains(&name) {
            return Ok(name.into());
        }
        let mut full = in_namespace(name, namespace);
        if !self.written.contains(&full) && !self.definitions.contains_key(&full) {
            // A name without a namespace may also be one of the types without any.
            full = name.to_owned();
        }
        match self.definitions.get(&full).filter(|_| !self.written.contains(&full)).cloned() {
            Some((definition, namespace)) => self.written(definition, &namespace, depth + 1),
            None => Ok(full.into()),
        }
    }

    fn object(&mut self, object: &Map<String, Value>, outer: &str, depth: usize) -> Result<Value, RegistryError> {
        let (mut result, mut namespace) = (Map::new(), outer.to_owned());
        let full = full_name(object, outer);
        if let Some(full) = &full {
            if !self.written.insert(full.clone()) {
                return Ok(full.clone().into());
            }
            namespace = namespace_of(full).to_owned();
        }
        for (key, part) in object {
            let part = match (key.as_str(), part) {
                ("type" | "items" | "values", part) => self.written(part, &namespace, depth + 1)?,
                ("fields", Value::Array(fields)) => {
                    let field = |field: &Value| self.field(field, &namespace, depth + 1);
                    fields.iter().map(field).collect::<Result<_, _>>()?
                }
                (_, part) => part.clone(),
            };
            result.insert(key.clone(), part);
        }
        if let Some(full) = full {
            // Where it is written now, another namespace may surround it.
            result.insert("name".to_owned(), json!(full[namespace.len()..].trim_start_matches('.')));
            result.insert("namespace".to_owned(), json!(namespace));
        }
        Ok(Value::Object(result))
    }

    fn field(&mut self, field: &Value, namespace: &str, depth: usize) -> Result<Value, RegistryError> {
        let Value::Object(field) = field else { return Ok(field.clone()) };
        let mut result = Map::new();
        for (key, part) in field {
            let part = if key == "type" { self.written(part, namespace, depth + 1)? } else { part.clone() };
            result.insert(key.clone(), part);
        }
        Ok(result.into())
    }
}

/// The schemas that an object of a schema has in it.
fn parts(object: &Map<String, Value>) -> impl Iterator<Item = &Value> {
    let own = ["type", "items", "values"].into_iter().filter_map(|key| object.get(key));
    let fields = object.get("fields").and_then(Value::as_array).into_iter().flatten();
    own.chain(fields.filter_map(|field| field.get("type")))
}

/// Full name of the type that an object defines.
fn full_name(object: &Map<String, Value>, outer: &str) -> Option<String> {
    let kind = object.get("type")?.as_str()?;
    let name = object.get("name")?.as_str().filter(|_| matches!(kind, "record" | "error" | "enum" | "fixed"))?;
    Some(in_namespace(name, object.get("namespace").and_then(Value::as_str).unwrap_or(outer)))
}

fn in_namespace(name: &str, namespace: &str) -> String {
    if name.contains('.') || namespace.is_empty() { name.to_owned() } else { format!("{namespace}.{name}") }
}

fn namespace_of(full: &str) -> &str {
    full.rsplit_once('.').map_or("", |(namespace, _)| namespace)
}

fn deep_enough(depth: usize) -> Result<(), RegistryError> {
    if depth < MAX_DEPTH {
        return Ok(());
    }
    let (subject, what) = ("of the outermost schema".to_owned(), "types in each other");
    Err(RegistryError::TooManyReferences { subject, what, limit: MAX_DEPTH })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use expect_test::{Expect, expect};
    use laminar_schema::RegistrySchemaType::Avro;

    use super::*;
    use crate::{SchemaText, SubjectSchema};

    fn check(root: &str, referenced: &[(&str, &str)], expected: Expect) {
        let schema = |text: &str| Arc::new(SchemaText::new(Avro, text));
        let subject = |(name, text): &(&str, &str)| {
            let schema = SubjectSchema { subject: (*name).to_owned(), version: 1, id: 1, text: schema(text) };
            ((*name).to_owned(), Arc::new(schema))
        };
        let all = ReferencedSchemas { text: schema(root), referenced: referenced.iter().map(subject).collect() };
        let text = bundle(&all).unwrap();
        laminar_formats::avro::arrow_schema_of(&text).unwrap();
        expected.assert_eq(&text);
    }

    #[test]
    fn the_first_use_of_a_name_becomes_its_definition() {
        let city =
            r#"{"type": "record", "name": "City", "namespace": "geo", "fields": [{"name": "n", "type": "string"}]}"#;
        let order = r#"{"type": "record", "name": "Order", "namespace": "shop", "fields": [
            {"name": "from", "type": "geo.City"}, {"name": "to", "type": ["null", "geo.City"], "default": null}]}"#;
        check(
            order,
            &[("geo.City", city)],
            expect![[
                r#"{"fields":[{"name":"from","type":{"fields":[{"name":"n","type":"string"}],"name":"City","namespace":"geo","type":"record"}},{"default":null,"name":"to","type":["null","geo.City"]}],"name":"Order","namespace":"shop","type":"record"}"#
            ]],
        );
    }

    #[test]
    fn names_within_a_definition_keep_their_namespace() {
        let size = r#"{"type": "enum", "name": "Size", "namespace": "shop", "symbols": ["S"]}"#;
        let item = r#"{"type": "record", "name": "shop.Item", "fields": [{"name": "size", "type": "Size"}]}"#;
        let root = r#"{"type": "record", "name": "Root", "fields": [{"name": "items", "type": {"type": "array", "items": "shop.Item"}}]}"#;
        check(
            root,
            &[("shop.Size", size), ("shop.Item", item)],
            expect![[
                r#"{"fields":[{"name":"items","type":{"items":{"fields":[{"name":"size","type":{"name":"Size","namespace":"shop","symbols":["S"],"type":"enum"}}],"name":"Item","namespace":"shop","type":"record"},"type":"array"}}],"name":"Root","namespace":"","type":"record"}"#
            ]],
        );
    }

    #[test]
    fn nesting_has_a_bound() {
        let chain = |i: usize| {
            let next = if i == 300 { json!("int") } else { json!(format!("R{}", i + 1)) };
            json!({"type": "record", "name": format!("R{i}"), "fields": [{"name": "f", "type": next}]}).to_string()
        };
        let schema =
            |i| SubjectSchema { subject: "s".into(), version: 1, id: 1, text: SchemaText::new(Avro, chain(i)).into() };
        let referenced = (1..=300).map(|i| (format!("R{i}"), Arc::new(schema(i)))).collect();
        let all = ReferencedSchemas { text: SchemaText::new(Avro, chain(0)).into(), referenced };
        assert!(matches!(bundle(&all), Err(RegistryError::TooManyReferences { limit: 256, .. })));
    }
}
