//! Columns → JSON Schema, draft 7.

use arrow_schema::{DataType, Field, Schema};
use laminar_schema::field::{DESCRIPTION_METADATA, is_json, is_uuid, payload_key};

use super::node::{Node, Object};

pub(super) fn schema(schema: &Schema, title: &str) -> Node {
    let mut out = Object::default();
    out.push("$schema", "http://json-schema.org/draft-07/schema#");
    out.push("title", title);
    out.0.extend(object(schema.fields().iter().map(|f| f.as_ref())).0);
    out.into()
}

fn object<'a>(fields: impl Iterator<Item = &'a Field>) -> Object {
    let (mut properties, mut required) = (Object::default(), Vec::new());
    for field in fields {
        let key = payload_key(field);
        let mut property = of_field(field);
        if let (Some(text), Node::Object(property)) = (field.metadata().get(DESCRIPTION_METADATA), &mut property) {
            property.push("description", text.as_str());
        }
        properties.push(key, property);
        if !field.is_nullable() {
            required.push(Node::from(key));
        }
    }
    let mut out = words("object", []);
    out.push("properties", properties);
    if !required.is_empty() {
        out.push("required", required);
    }
    out
}

fn of_field(field: &Field) -> Node {
    if is_json(field) {
        // Whatever it is; null too.
        return Object::default().into();
    }
    let mut out = if is_uuid(field) { words("string", [("format", "uuid")]) } else { of_type(field.data_type()) };
    if field.is_nullable() {
        for (_, word) in out.0.iter_mut().filter(|(key, _)| key == "type") {
            *word = vec![word.clone(), Node::from("null")].into();
        }
    }
    out.into()
}

fn of_type(data_type: &DataType) -> Object {
    match data_type {
        DataType::Boolean => words("boolean", []),
        DataType::Int8 => words("integer", [("connect.type", "int8")]),
        DataType::Int16 | DataType::UInt8 => words("integer", [("connect.type", "int16")]),
        DataType::Int32 | DataType::UInt16 => words("integer", [("connect.type", "int32")]),
        DataType::Int64 | DataType::UInt32 => words("integer", [("connect.type", "int64")]),
        DataType::UInt64 => {
            let mut out = words("integer", []);
            out.push("minimum", 0);
            out.push("maximum", u64::MAX);
            out
        }
        DataType::Float16 | DataType::Float32 => words("number", [("connect.type", "float32")]),
        DataType::Float64 => words("number", [("connect.type", "float64")]),
        DataType::Decimal32(..) | DataType::Decimal64(..) | DataType::Decimal128(..) | DataType::Decimal256(..) => {
            words("number", [])
        }
        DataType::Date32 | DataType::Date64 => words("string", [("format", "date")]),
        DataType::Timestamp(_, Some(_)) => words("string", [("format", "date-time")]),
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
            let mut out = words("array", []);
            out.push("items", of_field(item));
            out
        }
        DataType::Struct(fields) => object(fields.iter().map(|f| f.as_ref())),
        DataType::Map(entries, _) => {
            let mut out = words("object", []);
            if let DataType::Struct(parts) = entries.data_type()
                && let Some(value) = parts.get(1)
            {
                out.push("additionalProperties", of_field(value));
            }
            out
        }
        DataType::Dictionary(_, value) => of_type(value),
        // Text, and what is written as text that JSON Schema has no format for.
        _ => words("string", []),
    }
}

fn words<const N: usize>(word: &str, more: [(&str, &str); N]) -> Object {
    let mut out = Object::default();
    out.push("type", word);
    more.into_iter().for_each(|(key, value)| out.push(key, value));
    out
}
