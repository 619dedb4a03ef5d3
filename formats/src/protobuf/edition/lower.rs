//! The descriptor of an edition's file as one of proto2 or proto3, whose fields say themselves what the features said for them.
//!
//! proto3 where a field is without presence, and proto2 else: presence, labels, packing and groups then are each field's own, and
//! the bytes the same. What is left out by that is about generated code.

use prost_reflect::prost_types::{
    DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorProto, UninterpretedOption,
    field_descriptor_proto::{Label, Type},
};

use super::features::{Features, Presence, Setting};

/// Google's files with features of single languages, which are about their code.
const OF_LANGUAGES: [&str; 3] =
    ["google/protobuf/cpp_features.proto", "google/protobuf/java_features.proto", "google/protobuf/go_features.proto"];

/// Lowers a file whose features are options that nobody has interpreted yet, as the parser leaves them.
///
/// # Errors
/// A feature that is none, or that the other syntax has no word for, with what has it.
pub(super) fn lower(file: &mut FileDescriptorProto) -> Result<(), String> {
    let features = Features::DEFAULT.with(&taken(file.options.as_mut().map(|o| &mut o.uninterpreted_option))?);
    let mut has_implicit = false;
    for message in &mut file.message_type {
        has_implicit |= lower_message(message, features)?;
    }
    for extension in &mut file.extension {
        lower_field(extension, features, false)?;
    }
    for of in &mut file.enum_type {
        lower_enum(of)?;
    }
    for service in &mut file.service {
        taken(service.options.as_mut().map(|o| &mut o.uninterpreted_option))?;
        for method in &mut service.method {
            taken(method.options.as_mut().map(|o| &mut o.uninterpreted_option))?;
        }
    }
    without_languages(file);
    file.syntax = Some(if has_implicit { "proto3" } else { "proto2" }.to_owned());
    if has_implicit { begins_with_zero(&file.enum_type, &file.message_type) } else { Ok(()) }
}

/// Whether a field of it, or of one inside, is without presence.
fn lower_message(message: &mut DescriptorProto, outer: Features) -> Result<bool, String> {
    if message.options.as_ref().is_some_and(|options| options.map_entry()) {
        return Ok(false);
    }
    let features = outer.with(&taken(message.options.as_mut().map(|o| &mut o.uninterpreted_option))?);
    let mut has_implicit = false;
    let name = message.name.as_deref().unwrap_or_default();
    for field in &mut message.field {
        let is_map = message.nested_type.iter().any(|nested| {
            let is_entry = nested.options.as_ref().is_some_and(|options| options.map_entry());
            is_entry && field.type_name().rsplit('.').next() == Some(nested.name())
        });
        let lowered = lower_field(field, features, is_map);
        has_implicit |= lowered.map_err(|e| format!("field `{name}.{}`: {e}", field.name()))?;
    }
    for extension in &mut message.extension {
        lower_field(extension, features, false)?;
    }
    for nested in &mut message.nested_type {
        has_implicit |= lower_message(nested, features)?;
    }
    for of in &mut message.enum_type {
        lower_enum(of)?;
    }
    for oneof in &mut message.oneof_decl {
        taken(oneof.options.as_mut().map(|o| &mut o.uninterpreted_option))?;
    }
    for range in &mut message.extension_range {
        taken(range.options.as_mut().map(|o| &mut o.uninterpreted_option))?;
    }
    Ok(has_implicit)
}

/// Whether it is without presence.
fn lower_field(field: &mut FieldDescriptorProto, outer: Features, is_map: bool) -> Result<bool, String> {
    let own = taken(field.options.as_mut().map(|o| &mut o.uninterpreted_option))?;
    let features = outer.with(&own);
    let is_named = field.type_name.is_some();
    if features.is_delimited && !is_map && is_named {
        // A parsed field does not say yet whether the name is a message's or an enum's, which a whole file's feature is not
        // about. Where it is the field's own, it is a message's.
        if field.r#type.is_none() && !own.contains(&Setting::Delimited(true)) {
            return Err("expected features.message_encoding = DELIMITED at the fields that it is for, \
                        found it for all of them"
                .to_owned());
        }
        if field.r#type != Some(Type::Enum.into()) {
            field.r#type = Some(Type::Group.into());
        }
    }
    if field.label() == Label::Repeated {
        if !is_map && !matches!(field.r#type, Some(t) if t == i32::from(Type::String) || t == i32::from(Type::Bytes)) {
            field.options.get_or_insert_default().packed = Some(features.is_packed);
        }
        return Ok(false);
    }
    // Members of a oneof and extensions have presence, whatever a file says.
    if field.oneof_index.is_some() || field.extendee.is_some() {
        return Ok(false);
    }
    match features.presence {
        Presence::Explicit => field.proto3_optional = Some(true),
        Presence::Required => field.label = Some(Label::Required.into()),
        Presence::Implicit => return Ok(true),
    }
    Ok(false)
}

fn lower_enum(of: &mut EnumDescriptorProto) -> Result<(), String> {
    taken(of.options.as_mut().map(|o| &mut o.uninterpreted_option))?;
    for value in &mut of.value {
        taken(value.options.as_mut().map(|o| &mut o.uninterpreted_option))?;
    }
    Ok(())
}

fn taken(options: Option<&mut Vec<UninterpretedOption>>) -> Result<Vec<Setting>, String> {
    options.map_or(Ok(Vec::new()), Setting::take)
}

/// Leaves out the imports of features that are gone.
fn without_languages(file: &mut FileDescriptorProto) {
    let mut at = 0;
    while at < file.dependency.len() {
        if !OF_LANGUAGES.contains(&file.dependency[at].as_str()) {
            at += 1;
            continue;
        }
        file.dependency.remove(at);
        for places in [&mut file.public_dependency, &mut file.weak_dependency] {
            places.retain(|place| *place as usize != at);
            places.iter_mut().filter(|place| **place as usize > at).for_each(|place| *place -= 1);
        }
    }
}

/// In proto3 enums do, and a file has one syntax.
fn begins_with_zero(enums: &[EnumDescriptorProto], messages: &[DescriptorProto]) -> Result<(), String> {
    if let Some(of) = enums.iter().find(|of| of.value.first().is_some_and(|value| value.number() != 0)) {
        return Err(format!(
            "enum `{}`: expected zero as its first value in a file with fields of IMPLICIT presence: move it to another file",
            of.name()
        ));
    }
    messages.iter().try_for_each(|message| begins_with_zero(&message.enum_type, &message.nested_type))
}
