//! JSON Schema → columns.

use std::{cell::Cell, sync::Arc};

use super::{
    MAX_DEPTH, MAX_SUBSCHEMAS,
    node::{Node, Object},
};
use arrow_schema::{DataType, Field, FieldRef, Fields, TimeUnit};
use laminar_schema::field::{DESCRIPTION_METADATA, json_field, uuid_field, with_metadata};

/// A schema with those that it refers to.
pub(super) struct Mapping<'a> {
    pub(super) root: &'a Node,
    /// By the name in `$ref`.
    pub(super) others: &'a [(&'a str, Node)],
    /// Subschemas that were looked into: one that is referred to from several places counts for each.
    pub(super) visited: Cell<usize>,
}

/// A subschema, and in which document its references begin.
#[derive(Clone, Copy)]
struct At<'a> {
    schema: &'a Node,
    document: &'a Node,
}

/// What a value may be.
#[derive(Clone)]
enum Shape {
    /// Nothing but null.
    Null,
    /// A type of its own.
    Plain(DataType),
    Uuid,
    /// Whatever there is.
    Any,
}

/// A shape, and whether null may stand there too.
struct Found {
    shape: Shape,
    nullable: bool,
}

impl Found {
    fn new(shape: Shape) -> Self {
        Self { shape, nullable: false }
    }

    fn any() -> Self {
        Self { shape: Shape::Any, nullable: true }
    }
}

type Result<T> = std::result::Result<T, String>;

impl<'a> Mapping<'a> {
    pub(super) fn columns(&self) -> Result<Fields> {
        let root = At { schema: self.root, document: self.root };
        match self.value(root, &mut Vec::new())?.shape {
            Shape::Plain(DataType::Struct(fields)) => Ok(fields),
            _ => Err("expected an object with `properties`, found another schema".to_owned()),
        }
    }

    /// `open` holds the schemas that are being looked into: one that comes again contains itself.
    fn value(&self, at: At<'a>, open: &mut Vec<&'a Node>) -> Result<Found> {
        let schema = match at.schema {
            Node::Bool(true) => return Ok(Found::any()),
            Node::Object(schema) => schema,
            other => return Err(format!("expected a schema, found {other}")),
        };
        self.visited.set(self.visited.get() + 1);
        if self.visited.get() > MAX_SUBSCHEMAS {
            return Err(format!(
                "expected at most {MAX_SUBSCHEMAS} subschemas, each as often as it is referred to, found more"
            ));
        }
        if open.len() >= MAX_DEPTH {
            return Err(format!("expected at most {MAX_DEPTH} levels, found more"));
        }
        if open.iter().any(|known| std::ptr::eq(*known, at.schema)) {
            return Ok(Found::any());
        }
        open.push(at.schema);
        let found = self.opened(schema, at, open);
        open.pop();
        found
    }

    fn opened(&self, schema: &'a Object, at: At<'a>, open: &mut Vec<&'a Node>) -> Result<Found> {
        if let Some(Node::Text(reference)) = schema.get("$ref") {
            return self.value(self.referenced(reference, at)?, open);
        }
        if let Some(Node::Array(parts)) = schema.get("allOf") {
            return self.all_of(schema, parts, at, open);
        }
        for key in ["oneOf", "anyOf"] {
            if let Some(Node::Array(choices)) = schema.get(key) {
                return self.one_of(choices, at, open);
            }
        }
        match schema.get("type") {
            Some(Node::Text(word)) => self.typed(word, schema, at, open),
            Some(Node::Array(words)) => {
                let mut words: Vec<&str> = words.iter().filter_map(Node::as_text).collect();
                let nullable = words.contains(&"null");
                words.retain(|word| *word != "null");
                // Every integer is a number.
                if words.contains(&"number") {
                    words.retain(|word| *word != "integer");
                }
                match words[..] {
                    [] => Ok(Found { shape: Shape::Null, nullable: true }),
                    [word] => {
                        self.typed(word, schema, at, open).map(|f| Found { nullable: f.nullable || nullable, ..f })
                    }
                    _ => Ok(Found { shape: Shape::Any, nullable }),
                }
            }
            _ if schema.has("properties") => self.typed("object", schema, at, open),
            _ if schema.has("items") => self.typed("array", schema, at, open),
            _ => Ok(self.of_values(schema)),
        }
    }

    /// A schema that only lists its values.
    fn of_values(&self, schema: &Object) -> Found {
        let values: Vec<&Node> = match (schema.get("const"), schema.get("enum")) {
            (Some(value), _) => vec![value],
            (None, Some(Node::Array(values))) => values.iter().collect(),
            _ => return Found::any(),
        };
        let nullable = values.contains(&&Node::Null);
        let all = |is: fn(&Node) -> bool| values.iter().filter(|value| ***value != Node::Null).all(|value| is(value));
        let shape = match () {
            () if all(|value| matches!(value, Node::Text(_))) => Shape::Plain(DataType::Utf8),
            () if all(|value| matches!(value, Node::Bool(_))) => Shape::Plain(DataType::Boolean),
            () if all(|value| matches!(value, Node::Number(number) if number.is_i64())) => {
                Shape::Plain(DataType::Int64)
            }
            () => Shape::Any,
        };
        Found { shape, nullable }
    }

    fn referenced(&self, reference: &str, at: At<'a>) -> Result<At<'a>> {
        let (name, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let document = match name {
            "" => at.document,
            name => {
                let same =
                    |own: &Node| matches!(own, Node::Object(own) if own.text("$id").or(own.text("id")) == Some(name));
                let other = self.others.iter().find(|(known, _)| *known == name).map(|(_, document)| document);
                let other = other.or_else(|| same(self.root).then_some(self.root));
                other.ok_or_else(|| format!("`$ref` names `{reference}`, which is not there"))?
            }
        };
        let schema = match fragment {
            "" => Some(document),
            pointer if pointer.starts_with('/') => document.pointer(pointer),
            anchor => anchored(document, anchor, 0),
        };
        let schema = schema.ok_or_else(|| format!("`$ref` names `{reference}`, which is not there"))?;
        Ok(At { schema, document })
    }

    /// Objects put together; anything else is JSON, unless there is only one part.
    fn all_of(&self, schema: &'a Object, parts: &'a [Node], at: At<'a>, open: &mut Vec<&'a Node>) -> Result<Found> {
        let mut fields: Vec<FieldRef> = Vec::new();
        let mut alone = None;
        for part in parts {
            let found = self.value(At { schema: part, ..at }, open)?;
            match found.shape {
                Shape::Plain(DataType::Struct(more)) => join(&mut fields, &more),
                _ => alone = Some(found),
            }
        }
        if schema.has("properties")
            && let Shape::Plain(DataType::Struct(more)) = self.typed("object", schema, at, open)?.shape
        {
            join(&mut fields, &more);
        }
        match (alone, fields.is_empty()) {
            (Some(only), true) if parts.len() == 1 => Ok(only),
            (None, false) => Ok(Found::new(Shape::Plain(DataType::Struct(fields.into())))),
            _ => Ok(Found::any()),
        }
    }

    /// One choice beside null is that, nullable; several are JSON.
    fn one_of(&self, choices: &'a [Node], at: At<'a>, open: &mut Vec<&'a Node>) -> Result<Found> {
        let mut only: Option<Found> = None;
        let (mut nullable, mut several) = (false, false);
        for choice in choices {
            let found = self.value(At { schema: choice, ..at }, open)?;
            nullable |= found.nullable;
            match found.shape {
                Shape::Null => nullable = true,
                _ if only.is_some() => several = true,
                _ => only = Some(found),
            }
        }
        Ok(match only {
            None => Found { shape: Shape::Null, nullable: true },
            Some(_) if several => Found { shape: Shape::Any, nullable },
            Some(found) => Found { nullable, ..found },
        })
    }

    fn typed(&self, word: &str, schema: &'a Object, at: At<'a>, open: &mut Vec<&'a Node>) -> Result<Found> {
        let said = |key: &str| schema.text(key);
        let plain = |data_type| Ok(Found::new(Shape::Plain(data_type)));
        match word {
            "null" => Ok(Found { shape: Shape::Null, nullable: true }),
            "boolean" => plain(DataType::Boolean),
            "integer" => plain(integer(said("connect.type"), schema)),
            "number" => plain(match said("connect.type") {
                Some("float32") => DataType::Float32,
                _ => DataType::Float64,
            }),
            "string" => match said("format") {
                Some("uuid") => Ok(Found::new(Shape::Uuid)),
                Some("date") => plain(DataType::Date32),
                Some("date-time") => plain(DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))),
                _ => plain(DataType::Utf8),
            },
            "array" => match schema.get("items") {
                Some(items @ Node::Object(_)) if !schema.has("prefixItems") => {
                    let item = self.value(At { schema: items, ..at }, open)?;
                    plain(DataType::List(Arc::new(field_of("item", item, true))))
                }
                // A tuple, or nothing said: a list of JSON could not say that an item is a number.
                _ => Ok(Found::new(Shape::Any)),
            },
            "object" => self.object(schema, at, open),
            other => Err(format!("expected a type of JSON, found `{other}`")),
        }
    }

    fn object(&self, schema: &'a Object, at: At<'a>, open: &mut Vec<&'a Node>) -> Result<Found> {
        let properties = match schema.get("properties") {
            Some(Node::Object(properties)) if !properties.0.is_empty() => properties,
            _ => {
                return Ok(match schema.get("additionalProperties") {
                    Some(values @ Node::Object(_)) => {
                        let value = self.value(At { schema: values, ..at }, open)?;
                        let parts = Fields::from(vec![
                            Field::new("keys", DataType::Utf8, false),
                            field_of("values", value, true),
                        ]);
                        let entries = Field::new("entries", DataType::Struct(parts), false);
                        Found::new(Shape::Plain(DataType::Map(Arc::new(entries), false)))
                    }
                    _ => Found::new(Shape::Any),
                });
            }
        };
        let required: Vec<&str> =
            schema.get("required").map_or(&[][..], Node::items).iter().filter_map(Node::as_text).collect();
        let mut fields = Vec::with_capacity(properties.0.len());
        for (name, property) in &properties.0 {
            let found = self.value(At { schema: property, ..at }, open).map_err(|reason| {
                if reason.starts_with("field ") { reason } else { format!("field {name}: {reason}") }
            })?;
            let field = field_of(name, found, !required.contains(&name.as_str()));
            let description = if let Node::Object(property) = property { property.text("description") } else { None };
            fields.push(match description {
                Some(text) => with_metadata(field, DESCRIPTION_METADATA, text),
                None => field,
            });
        }
        Ok(Found::new(Shape::Plain(DataType::Struct(fields.into()))))
    }
}

fn field_of(name: &str, found: Found, may_lack: bool) -> Field {
    let nullable = found.nullable || may_lack;
    match found.shape {
        Shape::Plain(data_type) => Field::new(name, data_type, nullable),
        Shape::Uuid => uuid_field(name, nullable),
        Shape::Any => json_field(name, nullable),
        Shape::Null => json_field(name, true),
    }
}

/// The type of integers: as Kafka Connect says, or as large as the bounds allow.
fn integer(connect: Option<&str>, schema: &Object) -> DataType {
    let is_beyond = |key: &str| matches!(schema.get(key), Some(Node::Number(n)) if n.is_u64() && !n.is_i64());
    match connect {
        Some("int8") => DataType::Int8,
        Some("int16") => DataType::Int16,
        Some("int32") => DataType::Int32,
        _ if is_beyond("maximum") => DataType::UInt64,
        _ => DataType::Int64,
    }
}

/// Adds the fields of another part of `allOf`; of one that both have, the later says what it is.
fn join(fields: &mut Vec<FieldRef>, more: &Fields) {
    for field in more {
        match fields.iter_mut().find(|known| known.name() == field.name()) {
            Some(known) => *known = Arc::clone(field),
            None => fields.push(Arc::clone(field)),
        }
    }
}

fn anchored<'a>(schema: &'a Node, anchor: &str, depth: usize) -> Option<&'a Node> {
    if let Node::Object(own) = schema
        && (own.text("$anchor") == Some(anchor) || own.text("$id").and_then(|id| id.strip_prefix('#')) == Some(anchor))
    {
        return Some(schema);
    }
    if depth > MAX_DEPTH {
        return None;
    }
    schema.parts().find_map(|part| anchored(part, anchor, depth + 1))
}
