//! What one would write for any message: prost-reflect's `DynamicMessage` of each record, then Arrow's builders.

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{Schema, SchemaRef};
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor, ReflectMessage, Value};

use super::builder::{Builder, Column};

/// Decodes messages of one type with prost-reflect.
pub struct Reflect {
    message: MessageDescriptor,
    schema: SchemaRef,
    columns: Vec<Column>,
    /// A message of the rows so far has no JSON, which a column asks for.
    pub has_no_json: bool,
}

impl Reflect {
    /// For the columns of a schema, all of which are fields of the message.
    pub fn new(message: MessageDescriptor, schema: SchemaRef) -> Self {
        Self { columns: Column::all(&message, schema.fields()), message, schema, has_no_json: false }
    }

    /// The message in a record, or why it is none.
    ///
    /// # Errors
    /// What prost says.
    pub fn decode(&self, record: &[u8]) -> Result<DynamicMessage, String> {
        DynamicMessage::decode(self.message.clone(), record).map_err(|e| e.to_string())
    }

    /// The type of the messages.
    pub fn message(&self) -> &MessageDescriptor {
        &self.message
    }

    /// Appends a row.
    pub fn push(&mut self, message: &DynamicMessage) {
        for Column { field, builder } in &mut self.columns {
            push_field(builder, field, message);
            self.has_no_json |= NO_JSON.replace(false);
        }
    }

    /// The rows so far.
    pub fn finish(&mut self) -> RecordBatch {
        self.has_no_json = false;
        let columns: Vec<ArrayRef> = self.columns.iter_mut().map(|column| column.builder.finish()).collect();
        // Null in columns of no nulls is a finding that comparing them shows.
        let schema = Schema::new(self.schema.fields().clone());
        RecordBatch::try_new(Arc::new(schema), columns).expect("the columns are those of the schema")
    }
}

thread_local! {
    static NO_JSON: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

fn push_field(builder: &mut Builder, field: &FieldDescriptor, message: &DynamicMessage) {
    // The default of a field that proto2 declares one for is its value.
    let has_default = field.field_descriptor_proto().default_value.is_some();
    if field.supports_presence() && !message.has_field(field) && !has_default {
        return builder.push_null();
    }
    let value = message.get_field(field);
    match (builder, &*value) {
        (Builder::Json(b), value) => b.append_value(json(value, field)),
        (builder @ Builder::List(..), Value::List(items)) => {
            if let Builder::List(_, _, column) = builder {
                items.iter().for_each(|item| push(column, item, field));
            }
            builder.end();
        }
        (builder @ Builder::Map(..), Value::Map(pairs)) => {
            let Kind::Message(entry) = field.kind() else { unreachable!("a map is of entries") };
            let value_field = entry.map_entry_value_field();
            if let Builder::Map(_, _, _, pair) = builder {
                let mut sorted: Vec<(&MapKey, &Value)> = pairs.iter().collect();
                sorted.sort_by(|a, b| a.0.partial_cmp(b.0).expect("keys of one type"));
                for (key, value) in sorted {
                    push_key(&mut pair[0], key);
                    push(&mut pair[1], value, &value_field);
                }
            }
            builder.end();
        }
        (builder, value) => push(builder, value, field),
    }
}

fn push_key(builder: &mut Builder, key: &MapKey) {
    match (builder, key) {
        (Builder::Bool(b), MapKey::Bool(v)) => b.append_value(*v),
        (Builder::I32(b), MapKey::I32(v)) => b.append_value(*v),
        (Builder::I64(b), MapKey::I64(v)) => b.append_value(*v),
        (Builder::U32(b), MapKey::U32(v)) => b.append_value(*v),
        (Builder::U64(b), MapKey::U64(v)) => b.append_value(*v),
        (Builder::Text(b), MapKey::String(v)) => b.append_value(v),
        _ => unreachable!("a key of another type than its column"),
    }
}

fn push(builder: &mut Builder, value: &Value, field: &FieldDescriptor) {
    match (builder, value) {
        (Builder::Bool(b), Value::Bool(v)) => b.append_value(*v),
        (Builder::I32(b), Value::I32(v)) => b.append_value(*v),
        (Builder::I64(b), Value::I64(v)) => b.append_value(*v),
        (Builder::U32(b), Value::U32(v)) => b.append_value(*v),
        (Builder::U64(b), Value::U64(v)) => b.append_value(*v),
        (Builder::F32(b), Value::F32(v)) => b.append_value(*v),
        (Builder::F64(b), Value::F64(v)) => b.append_value(*v),
        (Builder::Text(b), Value::String(v)) => b.append_value(v),
        (Builder::Bytes(b), Value::Bytes(v)) => b.append_value(v),
        (Builder::Json(b), value) => b.append_value(json(value, field)),
        (Builder::Enum(b), Value::EnumNumber(number)) => {
            let Kind::Enum(names) = field.kind() else { unreachable!("an enum's column") };
            match names.get_value(*number) {
                Some(value) => b.append_value(value.name()),
                None => b.append_value(number.to_string()),
            }
        }
        (Builder::Struct(_, columns, nulls), Value::Message(message)) => {
            for Column { field, builder } in columns {
                push_field(builder, field, message);
            }
            nulls.append_non_null();
        }
        (builder, Value::Message(message)) => push_well_known(builder, message),
        _ => unreachable!("a value of another type than its column"),
    }
}

fn push_well_known(builder: &mut Builder, message: &DynamicMessage) {
    let number = |number: u32| message.get_field_by_number(number).map(|value| (*value).clone());
    let micros = || match (number(1), number(2)) {
        (Some(Value::I64(seconds)), Some(Value::I32(nanos))) => {
            // What does not fit is refused by the decoder, and is not compared.
            seconds.wrapping_mul(1_000_000).wrapping_add(i64::from(nanos / 1_000))
        }
        _ => unreachable!("a message of seconds and nanoseconds"),
    };
    match builder {
        Builder::Timestamp(b) => b.append_value(micros()),
        Builder::Duration(b) => b.append_value(micros()),
        builder if message.descriptor().name() == "FieldMask" => {
            let Some(Value::List(paths)) = number(1) else { unreachable!("a field mask has paths") };
            let paths: Vec<&str> = paths.iter().filter_map(Value::as_str).collect();
            let Builder::Text(b) = builder else { unreachable!("paths are text") };
            b.append_value(paths.join(","));
        }
        builder => {
            let value = message.descriptor().get_field(1).expect("a wrapper has one field");
            push(builder, &message.get_field(&value), &value);
        }
    }
}

/// A value in Protobuf's JSON mapping.
fn json(value: &Value, field: &FieldDescriptor) -> String {
    use prost_reflect::SerializeOptions;
    let options = SerializeOptions::new();
    let mut text = Vec::new();
    let mut serializer = serde_json::Serializer::new(&mut text);
    let written = match value {
        Value::Message(message) => message.serialize_with_options(&mut serializer, &options),
        other => unreachable!("only messages are JSON by default, not {other:?} of {}", field.full_name()),
    };
    match written {
        Ok(()) => String::from_utf8(text).expect("serde_json writes UTF-8"),
        // Such as a NaN in a `Value`: the decoder refuses it, too.
        Err(_) => {
            NO_JSON.set(true);
            String::new()
        }
    }
}
