//! Descriptor sets with files of editions, as protoc writes them.

use prost_reflect::{
    DescriptorPool, DynamicMessage, Value,
    prost::Message as _,
    prost_types::{
        DescriptorProto, FieldDescriptorProto, FileDescriptorProto, FileDescriptorSet, UninterpretedOption,
        uninterpreted_option::NamePart,
    },
};

use super::{EDITIONS, lower};

/// What protoc has in the place of a syntax.
const SYNTAX: &str = "editions";

/// The descriptors of a set.
///
/// # Errors
/// It is none; a file of an edition that is not read, by its name.
pub(in crate::protobuf) fn pool_of_set(bytes: &[u8]) -> Result<DescriptorPool, String> {
    let mut set = FileDescriptorSet::decode(bytes).map_err(|e| e.to_string())?;
    if !set.file.iter().any(|file| file.syntax() == SYNTAX) {
        return DescriptorPool::decode(bytes).map_err(|e| e.to_string());
    }
    let google = DescriptorPool::global();
    let known = google.get_message_by_name("google.protobuf.FileDescriptorSet");
    // The descriptors that we have types for know no features; those of the reflection do.
    let whole = known.ok_or("no descriptor of descriptors")?;
    let whole = DynamicMessage::decode(whole, bytes).map_err(|e| e.to_string())?;
    for (file, of) in set.file.iter_mut().zip(messages(&whole, "file")) {
        if file.syntax() == SYNTAX {
            lower_file(file, &of).map_err(|e| format!("{}: {e}", file.name()))?;
        }
    }
    let mut pool = DescriptorPool::new();
    pool.add_file_descriptor_set(set).map_err(|e| e.to_string())?;
    Ok(pool)
}

fn lower_file(file: &mut FileDescriptorProto, of: &DynamicMessage) -> Result<(), String> {
    let edition = of.get_field_by_name("edition").and_then(|edition| edition.as_enum_number());
    // Their numbers are a thousand and a count, as 1000 for 2023.
    let year = edition.and_then(|number| number.checked_add(1023)).unwrap_or_default().to_string();
    if !EDITIONS.contains(&year.as_str()) {
        let found = edition.unwrap_or_default();
        return Err(format!("expected edition {}, found the one of number {found}", EDITIONS.join(" or ")));
    }
    if let Some(features) = features(of) {
        file.options.get_or_insert_default().uninterpreted_option.extend(features);
    }
    fields_of(&mut file.extension, of, "extension");
    for (message, of) in file.message_type.iter_mut().zip(messages(of, "message_type")) {
        message_of(message, &of);
    }
    lower::lower(file)
}

fn message_of(message: &mut DescriptorProto, of: &DynamicMessage) {
    fields_of(&mut message.field, of, "field");
    fields_of(&mut message.extension, of, "extension");
    for (nested, of) in message.nested_type.iter_mut().zip(messages(of, "nested_type")) {
        message_of(nested, &of);
    }
}

fn fields_of(fields: &mut [FieldDescriptorProto], of: &DynamicMessage, name: &str) {
    for (field, of) in fields.iter_mut().zip(messages(of, name)) {
        if let Some(features) = features(&of) {
            field.options.get_or_insert_default().uninterpreted_option.extend(features);
        }
    }
}

/// An element's features as a text would have set them.
fn features(of: &DynamicMessage) -> Option<Vec<UninterpretedOption>> {
    let options = of.get_field_by_name("options")?;
    let features = options.as_message()?.get_field_by_name("features")?.into_owned();
    let part = |name: &str| NamePart { name_part: name.to_owned(), is_extension: false };
    let option = |(field, value): (prost_reflect::FieldDescriptor, &Value)| {
        let number = value.as_enum_number()?;
        let kind = field.kind();
        let value = kind.as_enum()?.get_value(number).map_or(number.to_string(), |value| value.name().to_owned());
        Some(UninterpretedOption {
            name: vec![part("features"), part(field.name())],
            identifier_value: Some(value),
            ..UninterpretedOption::default()
        })
    };
    Some(features.as_message()?.fields().filter_map(option).collect())
}

fn messages(of: &DynamicMessage, field: &str) -> Vec<DynamicMessage> {
    let found = of.get_field_by_name(field);
    let list = found.as_ref().and_then(|value| value.as_list()).unwrap_or_default();
    list.iter().filter_map(|value| value.as_message().cloned()).collect()
}
