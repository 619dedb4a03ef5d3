//! A given Avro schema, walked by name: definitions, and what a node is.

use std::collections::HashMap;

use serde_json::{Map, Value};

/// A type in a schema, with the namespace that names in it are looked up in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Node<'s> {
    pub(crate) value: &'s Value,
    namespace: &'s str,
}

/// The definitions of a schema by their full names. Its text must have been found to be a schema.
#[derive(Debug)]
pub(crate) struct Names<'s> {
    definitions: HashMap<String, Node<'s>>,
}

const PRIMITIVES: [&str; 8] = ["null", "boolean", "int", "long", "float", "double", "bytes", "string"];

impl<'s> Names<'s> {
    pub(crate) fn of(schema: &'s Value) -> (Self, Node<'s>) {
        let mut names = Self { definitions: HashMap::new() };
        let root = Node { value: schema, namespace: "" };
        names.collect(root);
        (names, root)
    }

    fn collect(&mut self, node: Node<'s>) {
        match node.value {
            Value::Array(branches) => branches.iter().for_each(|b| self.collect(Node { value: b, ..node })),
            Value::Object(object) => {
                match object.get("type") {
                    Some(nested @ (Value::Object(_) | Value::Array(_))) => {
                        return self.collect(Node { value: nested, ..node });
                    }
                    Some(Value::String(kind)) if ["record", "error", "enum", "fixed"].contains(&kind.as_str()) => {
                        let inner = inside(object, node.namespace);
                        if let Some(Value::String(name)) = object.get("name") {
                            let short = name.rsplit('.').next().unwrap_or(name);
                            let full = if inner.is_empty() { short.to_owned() } else { format!("{inner}.{short}") };
                            self.definitions.insert(full, node);
                        }
                        for field in object.get("fields").and_then(Value::as_array).into_iter().flatten() {
                            if let Some(value) = field.get("type") {
                                self.collect(Node { value, namespace: inner });
                            }
                        }
                    }
                    _ => {}
                }
                for attribute in ["items", "values"] {
                    if let Some(value) = object.get(attribute) {
                        self.collect(Node { value, ..node });
                    }
                }
            }
            _ => {}
        }
    }

    /// What a node stands for: a name is looked up, a type in a type taken out.
    pub(crate) fn resolved(&self, node: Node<'s>) -> Node<'s> {
        match node.value {
            Value::String(name) if !PRIMITIVES.contains(&name.as_str()) => {
                let qualified = match node.namespace {
                    "" => name.clone(),
                    _ if name.contains('.') => name.trim_start_matches('.').to_owned(),
                    namespace => format!("{namespace}.{name}"),
                };
                let found = self.definitions.get(&qualified).or_else(|| self.definitions.get(name));
                found.copied().unwrap_or(node)
            }
            Value::Object(object) => match object.get("type") {
                Some(nested @ (Value::Object(_) | Value::Array(_))) => self.resolved(Node { value: nested, ..node }),
                Some(name @ Value::String(kind)) if !is_keyword(kind) => self.resolved(Node { value: name, ..node }),
                _ => node,
            },
            _ => node,
        }
    }
}

impl<'s> Node<'s> {
    /// `int`, `record`, `union`, …
    pub(crate) fn kind(self) -> &'s str {
        match self.value {
            Value::String(name) => name,
            Value::Array(_) => "union",
            value => value.get("type").and_then(Value::as_str).unwrap_or(""),
        }
    }

    pub(crate) fn logical(self) -> &'s str {
        self.value.get("logicalType").and_then(Value::as_str).unwrap_or("")
    }

    /// An attribute that is a number from zero on.
    pub(crate) fn number(self, attribute: &str) -> Option<u64> {
        match self.value.get(attribute)? {
            Value::String(digits) => digits.parse().ok(),
            value => value.as_u64(),
        }
    }

    /// The type in an attribute: `items`, `values`.
    pub(crate) fn child(self, attribute: &str) -> Option<Self> {
        self.value.get(attribute).map(|value| Self { value, ..self })
    }

    pub(crate) fn branches(self) -> impl Iterator<Item = Self> {
        self.value.as_array().into_iter().flatten().map(move |value| Self { value, ..self })
    }

    /// Fields of a record: each object, and its type.
    pub(crate) fn fields(self) -> impl Iterator<Item = (&'s Map<String, Value>, Self)> {
        let namespace = self.value.as_object().map_or(self.namespace, |object| inside(object, self.namespace));
        let fields = self.value.get("fields").and_then(Value::as_array).into_iter().flatten();
        fields.filter_map(move |f| Some((f.as_object()?, Self { value: f.get("type")?, namespace })))
    }

    pub(crate) fn symbols(self) -> impl Iterator<Item = &'s str> {
        self.value.get("symbols").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
    }
}

fn is_keyword(kind: &str) -> bool {
    PRIMITIVES.contains(&kind) || ["record", "error", "enum", "fixed", "array", "map"].contains(&kind)
}

/// The namespace of names in a named type.
fn inside<'s>(object: &'s Map<String, Value>, namespace: &'s str) -> &'s str {
    let name = object.get("name").and_then(Value::as_str).unwrap_or("");
    match name.rsplit_once('.') {
        Some((own, _)) => own,
        None => object.get("namespace").and_then(Value::as_str).unwrap_or(namespace),
    }
}
