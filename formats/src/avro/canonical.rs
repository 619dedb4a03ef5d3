//! Parsing Canonical Form: the text by which two schemas are the same to a reader of data.
//!
//! Source: Avro 1.12 specification, "Parsing Canonical Form for Schemas"; where it leaves a choice, what the Java library
//! does, since fingerprints are for comparing with it: an `error` is written as the `record` that it is.

use std::{collections::HashSet, fmt};

use serde_json::{Map, Value};

/// A text that is no Avro schema.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CanonicalError {
    /// The text is no JSON.
    Json {
        /// What the JSON parser says, with line and column.
        reason: String,
    },
    /// A value that is neither a name, an object nor a union.
    NotASchema {
        /// Where in the schema.
        path: String,
        /// What stands there.
        found: &'static str,
    },
    /// An attribute is missing, or of another kind.
    Attribute {
        /// Where in the schema.
        path: String,
        /// The attribute.
        name: &'static str,
        /// What it has to be.
        expected: &'static str,
    },
    /// A name that is no type and was not defined before.
    UnknownName {
        /// Where in the schema.
        path: String,
        /// The name as it stands there.
        name: String,
    },
    /// Two definitions of one full name.
    DefinedTwice {
        /// Where in the schema.
        path: String,
        /// The full name.
        name: String,
    },
    /// A name with characters other than letters, digits and `_` between its dots.
    BadName {
        /// Where in the schema.
        path: String,
        /// The name as it stands there.
        name: String,
    },
}

impl fmt::Display for CanonicalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json { reason } => write!(f, "expected an Avro schema in JSON: {reason}"),
            Self::NotASchema { path, found } => {
                write!(f, "{path}: expected a type's name, an object with a `type` or an array of types, found {found}")
            }
            Self::Attribute { path, name, expected } => write!(f, "{path}: expected `{name}` to be {expected}"),
            Self::UnknownName { path, name } => write!(
                f,
                "{path}: expected a type, found the name `{}`, which is not defined in front of it; define it, or write its namespace",
                laminar_schema::error::cut(name)
            ),
            Self::DefinedTwice { path, name } => {
                write!(f, "{path}: `{}` is defined a second time; rename one of them", laminar_schema::error::cut(name))
            }
            Self::BadName { path, name } => write!(
                f,
                "{path}: expected a name of letters, digits and `_` that starts with no digit, found `{}`",
                laminar_schema::error::cut(name)
            ),
        }
    }
}

impl std::error::Error for CanonicalError {}

/// Yields the Parsing Canonical Form of `schema`, an Avro schema as JSON text.
///
/// Full names instead of short ones, only attributes that reading depends on, in one order, without white space; integers
/// without quotes and leading zeros, strings without escapes that they need not have.
///
/// # Errors
/// A text that is no schema: [`CanonicalError`].
pub fn canonical_form(schema: &str) -> Result<String, CanonicalError> {
    let schema: Value =
        serde_json::from_str(schema).map_err(|error| CanonicalError::Json { reason: error.to_string() })?;
    let mut writer = Writer { out: String::new(), defined: HashSet::new(), path: vec!["schema".to_owned()] };
    writer.schema(&schema, "")?;
    Ok(writer.out)
}

const PRIMITIVES: [&str; 8] = ["null", "boolean", "int", "long", "float", "double", "bytes", "string"];

/// Its depth is bounded by that of the JSON parser, 128 levels.
struct Writer {
    out: String,
    /// Full names so far.
    defined: HashSet<String>,
    path: Vec<String>,
}

type Written = Result<(), CanonicalError>;

impl Writer {
    fn schema(&mut self, schema: &Value, namespace: &str) -> Written {
        match schema {
            Value::String(name) => self.reference(name, namespace),
            Value::Array(branches) => {
                self.list(branches, |writer, branch, index| writer.at(index, |w| w.schema(branch, namespace)))
            }
            Value::Object(object) => self.object(object, namespace),
            other => Err(CanonicalError::NotASchema { path: self.place(), found: kind_of(other) }),
        }
    }

    fn object(&mut self, object: &Map<String, Value>, namespace: &str) -> Written {
        let name = match object.get("type") {
            Some(Value::String(name)) => name.as_str(),
            // Libraries take a type in a type, and leave out what is around it.
            Some(nested @ (Value::Object(_) | Value::Array(_))) => return self.schema(nested, namespace),
            _ => return Err(self.attribute("type", "a type's name, an object or an array")),
        };
        match name {
            "record" | "error" => self.record(object, namespace),
            "enum" => self.enumeration(object, namespace),
            "fixed" => self.fixed(object, namespace),
            "array" | "map" => {
                let attribute = if name == "array" { "items" } else { "values" };
                let Some(content) = object.get(attribute) else { return Err(self.attribute(attribute, "a schema")) };
                self.out.push_str("{\"type\":\"");
                self.out.push_str(name);
                self.out.push_str("\",\"");
                self.out.push_str(attribute);
                self.out.push_str("\":");
                self.at(attribute, |w| w.schema(content, namespace))?;
                self.out.push('}');
                Ok(())
            }
            _ => self.reference(name, namespace),
        }
    }

    fn record(&mut self, object: &Map<String, Value>, namespace: &str) -> Written {
        let inner = self.definition(object, namespace, "record")?;
        let Some(Value::Array(fields)) = object.get("fields") else {
            return Err(self.attribute("fields", "an array of fields"));
        };
        self.out.push_str(",\"fields\":");
        self.list(fields, |writer, field, index| {
            let Some(Value::String(name)) = field.get("name") else {
                return writer.at(index, |w| Err(w.attribute("name", "the field's name")));
            };
            let Some(schema) = field.get("type") else {
                return writer.at(name, |w| Err(w.attribute("type", "the field's schema")));
            };
            writer.out.push_str("{\"name\":");
            writer.string(name);
            writer.out.push_str(",\"type\":");
            writer.at(name, |w| w.schema(schema, &inner))?;
            writer.out.push('}');
            Ok(())
        })?;
        self.out.push('}');
        Ok(())
    }

    fn enumeration(&mut self, object: &Map<String, Value>, namespace: &str) -> Written {
        self.definition(object, namespace, "enum")?;
        let Some(Value::Array(symbols)) = object.get("symbols") else {
            return Err(self.attribute("symbols", "an array of names"));
        };
        self.out.push_str(",\"symbols\":");
        self.list(symbols, |writer, symbol, _| match symbol {
            Value::String(symbol) => {
                writer.string(symbol);
                Ok(())
            }
            _ => Err(writer.attribute("symbols", "an array of names")),
        })?;
        self.out.push('}');
        Ok(())
    }

    fn fixed(&mut self, object: &Map<String, Value>, namespace: &str) -> Written {
        self.definition(object, namespace, "fixed")?;
        let size = match object.get("size") {
            Some(Value::Number(size)) => size.as_u64(),
            Some(Value::String(size)) if size.bytes().all(|b| b.is_ascii_digit()) => size.parse().ok(),
            _ => None,
        };
        let Some(size) = size else { return Err(self.attribute("size", "a number of bytes")) };
        self.out.push_str(",\"size\":");
        self.out.push_str(&size.to_string());
        self.out.push('}');
        Ok(())
    }

    /// Writes the start of a named type; returns the namespace of the names in it.
    fn definition(
        &mut self,
        object: &Map<String, Value>,
        namespace: &str,
        kind: &str,
    ) -> Result<String, CanonicalError> {
        let Some(Value::String(name)) = object.get("name") else {
            return Err(self.attribute("name", "the type's name"));
        };
        let own = match object.get("namespace") {
            Some(Value::String(own)) => own.as_str(),
            None | Some(Value::Null) => namespace,
            Some(_) => return Err(self.attribute("namespace", "names with dots between them")),
        };
        let full = full_name(name, own);
        let (space, short) = full.rsplit_once('.').unwrap_or(("", &full));
        let is_legal = is_name(short) && (space.is_empty() || space.split('.').all(is_name));
        if !is_legal || PRIMITIVES.contains(&full.as_str()) {
            return Err(CanonicalError::BadName { path: self.place(), name: full });
        }
        if !self.defined.insert(full.clone()) {
            return Err(CanonicalError::DefinedTwice { path: self.place(), name: full });
        }
        self.out.push_str("{\"name\":");
        self.string(&full);
        self.out.push_str(",\"type\":\"");
        self.out.push_str(kind);
        self.out.push('"');
        Ok(space.to_owned())
    }

    fn reference(&mut self, name: &str, namespace: &str) -> Written {
        if PRIMITIVES.contains(&name) {
            self.string(name);
            return Ok(());
        }
        let full = full_name(name, namespace);
        // A name that its own namespace lacks is looked up without one, as older schemas rely on.
        let found = [full.as_str(), name].into_iter().find(|name| self.defined.contains(*name));
        match found.map(str::to_owned) {
            Some(found) => {
                self.string(&found);
                Ok(())
            }
            None => Err(CanonicalError::UnknownName { path: self.place(), name: name.to_owned() }),
        }
    }

    fn list(&mut self, items: &[Value], mut write: impl FnMut(&mut Self, &Value, &str) -> Written) -> Written {
        self.out.push('[');
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.out.push(',');
            }
            write(self, item, &format!("[{index}]"))?;
        }
        self.out.push(']');
        Ok(())
    }

    /// Escapes what JSON must have escaped and nothing else, as serde_json does.
    fn string(&mut self, text: &str) {
        self.out.push_str(&Value::from(text).to_string());
    }

    fn at(&mut self, step: &str, write: impl FnOnce(&mut Self) -> Written) -> Written {
        self.path.push(step.to_owned());
        let written = write(self);
        self.path.pop();
        written
    }

    fn place(&self) -> String {
        laminar_schema::error::cut(&self.path.join("."))
    }

    fn attribute(&self, name: &'static str, expected: &'static str) -> CanonicalError {
        CanonicalError::Attribute { path: self.place(), name, expected }
    }
}

/// A name with dots is a full one already; one that starts with its dot is in no namespace.
fn full_name(name: &str, namespace: &str) -> String {
    match name.strip_prefix('.') {
        Some(name) if !name.contains('.') => name.to_owned(),
        _ if name.contains('.') || namespace.is_empty() => name.to_owned(),
        _ => format!("{namespace}.{name}"),
    }
}

fn is_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(schema: &str, expected: Expect) {
        expected.assert_eq(&canonical_form(schema).unwrap_or_else(|error| format!("error: {error}")));
    }

    /// A canonical form is its own.
    fn check_form(schema: &str, expected: Expect) {
        let form = canonical_form(schema).expect("a schema");
        assert_eq!(canonical_form(&form).as_ref(), Ok(&form));
        expected.assert_eq(&form);
    }

    #[test]
    fn primitives_are_names() {
        check_form(r#""int""#, expect![[r#""int""#]]);
        check_form(r#" {"type" : "long", "logicalType": "timestamp-millis"} "#, expect![[r#""long""#]]);
        check_form(r#"{"type":{"type":"string"}}"#, expect![[r#""string""#]]);
        check_form(r#"[ "null", {"type":"bytes"} ]"#, expect![[r#"["null","bytes"]"#]]);
        check_form("[]", expect!["[]"]);
    }

    #[test]
    fn names_are_full() {
        check_form(
            r#"{"type":"record","name":"R","namespace":"x.y","fields":[{"name":"next","type":["null","R"],"default":null}]}"#,
            expect![[r#"{"name":"x.y.R","type":"record","fields":[{"name":"next","type":["null","x.y.R"]}]}"#]],
        );
        // A name with dots has its namespace in it, and what is inside inherits that. The form has no way to say that `F`,
        // inside, has none: the specification's own loss.
        check(
            r#"{"type":"record","name":"a.R","namespace":"b","fields":[
                {"name":"e","type":{"type":"enum","name":"E","symbols":["A"],"default":"A"}},
                {"name":"f","type":{"type":"fixed","name":"F","namespace":"","size":"016"}},
                {"name":"g","type":"F"},
                {"name":"h","type":"a.E"}]}"#,
            expect![[
                r#"{"name":"a.R","type":"record","fields":[{"name":"e","type":{"name":"a.E","type":"enum","symbols":["A"]}},{"name":"f","type":{"name":"F","type":"fixed","size":16}},{"name":"g","type":"F"},{"name":"h","type":"a.E"}]}"#
            ]],
        );
        check_form(
            r#"{"type":"error","name":"Oops","doc":"d","aliases":["A"],"fields":[]}"#,
            expect![[r#"{"name":"Oops","type":"record","fields":[]}"#]],
        );
    }

    #[test]
    fn attributes_stand_in_one_order() {
        check_form(
            r#"{"items":{"values":"\u0069nt","type":"map","extra":1},"type":"array","java-class":"x"}"#,
            expect![[r#"{"type":"array","items":{"type":"map","values":"int"}}"#]],
        );
        check_form(
            r#"{"size":1.6e1,"type":"fixed","name":"\u0046"}"#.replace("1.6e1", "16").as_str(),
            expect![[r#"{"name":"F","type":"fixed","size":16}"#]],
        );
    }

    #[test]
    fn what_is_no_schema_is_said() {
        check("{", expect!["error: expected an Avro schema in JSON: EOF while parsing an object at line 1 column 1"]);
        check(
            "7",
            expect![
                "error: schema: expected a type's name, an object with a `type` or an array of types, found a number"
            ],
        );
        check(
            r#"{"type":"record","name":"R","fields":[{"name":"a","type":"S"}]}"#,
            expect![
                "error: schema.a: expected a type, found the name `S`, which is not defined in front of it; define it, or write its namespace"
            ],
        );
        check(
            r#"[{"type":"fixed","name":"F","size":1},{"type":"fixed","name":"F","size":1}]"#,
            expect!["error: schema.[1]: `F` is defined a second time; rename one of them"],
        );
        check(
            r#"{"type":"fixed","name":"F-1","size":1}"#,
            expect!["error: schema: expected a name of letters, digits and `_` that starts with no digit, found `F-1`"],
        );
        check(
            r#"{"type":"fixed","name":"F","size":-1}"#,
            expect!["error: schema: expected `size` to be a number of bytes"],
        );
        check(r#"{"type":"array"}"#, expect!["error: schema: expected `items` to be a schema"]);
        check(r#"{"type":"record","name":"R"}"#, expect!["error: schema: expected `fields` to be an array of fields"]);
        check(
            &format!("{}1{}", "[".repeat(500), "]".repeat(500)),
            expect!["error: expected an Avro schema in JSON: recursion limit exceeded at line 1 column 128"],
        );
    }
}
