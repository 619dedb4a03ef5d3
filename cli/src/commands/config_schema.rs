//! JSON Schema of options, for editors and for tools that generate configurations.

use laminar_schema::config::ConfigKey;
use serde_json::{Map, Value, json};

/// The schema of an object with these options: types, bounds and defaults as far as their words tell them, and which must be
/// there. Options beyond them are not refused here: a connector may hand those of a kind on to its client library, as Kafka does.
pub(super) fn config_schema(title: &str, description: &str, keys: &[ConfigKey]) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for key in keys {
        let names = || [key.key].into_iter().chain(key.aliases.iter().copied());
        for name in names() {
            properties.insert(name.to_owned(), property(key));
        }
        if key.required {
            let one_of: Vec<Value> = names().map(|name| json!({ "required": [name] })).collect();
            required.push(json!({ "oneOf": one_of }));
        }
    }
    let mut schema = json!({ "title": title, "description": description, "type": "object", "properties": properties });
    if !required.is_empty() {
        schema["allOf"] = required.into();
    }
    schema
}

fn property(key: &ConfigKey) -> Value {
    let words: Vec<&str> = key.type_name.split_whitespace().collect();
    let mut property = match words[..] {
        ["integer", ..] => json!({ "type": "integer" }),
        ["number", ..] => json!({ "type": "number" }),
        ["true", "or", "false", ..] => json!({ "type": "boolean" }),
        _ => json!({ "type": "string" }),
    };
    if let ["integer", "from", least, ref rest @ ..] = words[..] {
        property["minimum"] = number(least);
        if let ["to", most, ..] = rest[..] {
            property["maximum"] = number(most);
        }
    }
    property["description"] = format!("{} ({})", key.doc, key.type_name).into();
    if let Some(default) = key.default {
        // What is no number after all stays the text that SQL has.
        let parsed = serde_json::from_str(default).ok().filter(|_| property["type"] != "string");
        property["default"] = parsed.unwrap_or_else(|| default.into());
    }
    if key.secret {
        property["writeOnly"] = true.into();
    }
    property
}

fn number(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or(Value::Null)
}
