//! Columns → the text of a `.proto` file: the definition that rows are written with where none is given.
//!
//! Numbers are field ids where columns have them, and places otherwise. Nullable columns are `optional`. What Protobuf has no
//! type for is text in its usual form: dates, times, decimals, UUIDs, JSON.

use std::{collections::HashSet, fmt::Write};

use arrow_schema::{DataType, Field, Fields, Schema};
use laminar_schema::{
    EncodeError, SchemaError, SchemaResult,
    field::{FIELD_ID_METADATA, payload_key},
};

use crate::cell::Cells;

/// Numbers that no field may have: they are protoc's own.
const RESERVED: std::ops::RangeInclusive<u32> = 19_000..=19_999;
const MAX_NUMBER: u32 = (1 << 29) - 1;

/// The text of a `.proto` file with one message, of that full name, that has the columns of `schema`.
///
/// # Errors
/// [`EncodeError::UnsupportedType`] for a column that no field can hold, by its path; a name that none can have.
pub fn proto_text(schema: &Schema, full_name: &str) -> SchemaResult<String> {
    let (package, name) = match full_name.rsplit_once('.') {
        Some((package, name)) => (Some(package), name),
        None => (None, full_name),
    };
    let mut body = String::new();
    let mut imports = Imports::default();
    message(&mut body, &mut imports, name, schema.fields(), 0)?;
    let mut text = "syntax = \"proto3\";\n".to_owned();
    if let Some(package) = package {
        let _ = write!(text, "\npackage {package};\n");
    }
    if imports.duration || imports.timestamp {
        text.push('\n');
    }
    if imports.duration {
        text.push_str("import \"google/protobuf/duration.proto\";\n");
    }
    if imports.timestamp {
        text.push_str("import \"google/protobuf/timestamp.proto\";\n");
    }
    text.push('\n');
    text.push_str(&body);
    Ok(text)
}

#[derive(Default)]
struct Imports {
    duration: bool,
    timestamp: bool,
}

fn message(out: &mut String, imports: &mut Imports, name: &str, fields: &Fields, depth: usize) -> SchemaResult<()> {
    let indent = "  ".repeat(depth);
    let _ = writeln!(out, "{indent}message {name} {{");
    let numbers = numbers(fields);
    let mut names = HashSet::new();
    for (f, number) in fields.iter().zip(numbers) {
        let key = payload_key(f);
        if !is_name(key) || !names.insert(key) {
            return Err(unsupported(
                f,
                "Protobuf's names are letters, digits and underscores; select it AS one of those",
            ));
        }
        let (type_name, inner) = field_type(f, number, imports).map_err(|e| e.in_field(key))?;
        if let Some((inner, fields)) = inner {
            message(out, imports, &inner, fields, depth + 1).map_err(|e| e.in_field(key))?;
        }
        let optional = match f.data_type() {
            DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(..) | DataType::Map(..) => "",
            // A message is optional by itself.
            DataType::Struct(_) | DataType::Duration(_) | DataType::Timestamp(_, Some(_)) => "",
            _ if f.is_nullable() => "optional ",
            _ => "",
        };
        let _ = writeln!(out, "{indent}  {optional}{type_name} {key} = {number};");
    }
    let _ = writeln!(out, "{indent}}}");
    Ok(())
}

/// The type of a field as a definition writes it, and the message that it is, if it is one of its own.
fn field_type<'f>(
    f: &'f Field,
    number: u32,
    imports: &mut Imports,
) -> SchemaResult<(String, Option<(String, &'f Fields)>)> {
    match f.data_type() {
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
            let (name, inner) = single_type(item, (payload_key(f), number), imports)?;
            Ok((format!("repeated {name}"), inner))
        }
        DataType::Map(entries, _) => {
            let DataType::Struct(pair) = entries.data_type() else { return Err(unsupported(f, NESTED)) };
            let [key, value] = &pair[..] else { return Err(unsupported(f, NESTED)) };
            let (key_name, _) = single_type(key, (payload_key(f), number), imports)?;
            if matches!(key_name.as_str(), "double" | "float" | "bytes") || key_name.contains('.') {
                return Err(unsupported(f, "a map's keys are integers, booleans or text"));
            }
            let (name, inner) = single_type(value, (payload_key(f), number), imports)?;
            Ok((format!("map<{key_name}, {name}>"), inner))
        }
        _ => single_type(f, (payload_key(f), number), imports),
    }
}

const NESTED: &str = "a list or a map within another is no field; make the inner one a struct";

fn single_type<'f>(
    f: &'f Field,
    (name, number): (&str, u32),
    imports: &mut Imports,
) -> SchemaResult<(String, Option<(String, &'f Fields)>)> {
    let word = match f.data_type() {
        DataType::Boolean => "bool",
        DataType::Int8 | DataType::Int16 | DataType::Int32 => "int32",
        DataType::Int64 => "int64",
        DataType::UInt8 | DataType::UInt16 | DataType::UInt32 => "uint32",
        DataType::UInt64 => "uint64",
        DataType::Float16 | DataType::Float32 => "float",
        DataType::Float64 => "double",
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => "bytes",
        DataType::FixedSizeBinary(_) if !laminar_schema::field::is_uuid(f) => "bytes",
        DataType::Timestamp(_, Some(_)) => {
            imports.timestamp = true;
            "google.protobuf.Timestamp"
        }
        DataType::Duration(_) => {
            imports.duration = true;
            "google.protobuf.Duration"
        }
        DataType::Struct(fields) => {
            let inner = type_name(name, number);
            return Ok((inner.clone(), Some((inner, fields))));
        }
        DataType::Null => {
            return Err(unsupported(f, "a column of nothing but nulls has no type; leave it out or cast it"));
        }
        data_type if data_type.is_nested() => return Err(unsupported(f, NESTED)),
        _ if Cells::carry(f) => "string",
        _ => return Err(unsupported(f, "cast it to text")),
    };
    Ok((word.to_owned(), None))
}

/// Numbers of fields: their ids where all have one that can be a number, and else their places.
fn numbers(fields: &Fields) -> Vec<u32> {
    let id = |f: &Field| f.metadata().get(FIELD_ID_METADATA).and_then(|id| id.parse::<u32>().ok());
    let ids: Option<Vec<u32>> = fields.iter().map(|f| id(f)).collect();
    let are_numbers = |ids: &Vec<u32>| {
        let distinct: HashSet<&u32> = ids.iter().collect();
        distinct.len() == ids.len() && ids.iter().all(|id| (1..=MAX_NUMBER).contains(id) && !RESERVED.contains(id))
    };
    if let Some(ids) = ids.filter(are_numbers) {
        return ids;
    }
    let places = (1..).filter(|n| !RESERVED.contains(n));
    places.take(fields.len()).collect()
}

/// A message's name from the field that it is the type of: field 3, `line_items`, has `LineItems_3`. The number keeps it from
/// being that of another field's.
fn type_name(field: &str, number: u32) -> String {
    let mut name = String::new();
    for part in field.split('_').filter(|part| !part.is_empty()) {
        let mut chars = part.chars();
        name.extend(chars.next().map(|c| c.to_ascii_uppercase()));
        name.push_str(chars.as_str());
    }
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        name.insert(0, 'M');
    }
    let _ = write!(name, "_{number}");
    name
}

fn is_name(name: &str) -> bool {
    let is_first = |c: char| c.is_ascii_alphabetic() || c == '_';
    name.starts_with(is_first) && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cold]
fn unsupported(f: &Field, help: &'static str) -> SchemaError {
    SchemaError::from(EncodeError::UnsupportedType { format: super::NAME, data_type: f.data_type().clone(), help })
        .in_field(f.name())
}
