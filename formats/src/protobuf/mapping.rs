//! Message → columns: the Arrow schema that a definition stands for.

use std::{collections::HashMap, sync::Arc};

use arrow_schema::{DataType, Field, Fields, Schema, SchemaRef, TimeUnit};
use laminar_schema::{
    SchemaResult,
    field::{
        DESCRIPTION_METADATA, EXTENSION_NAME, FIELD_ID_METADATA, JSON_EXTENSION, RESCUE_COLUMN, SOURCE_TYPE_METADATA,
        json_field,
    },
};
use prost_reflect::{Cardinality, FieldDescriptor, Kind, MessageDescriptor};

use super::{
    descriptor::invalid,
    options::{Anys, Enums, ProtobufOptions, Recursion, TimeUnits},
};
use crate::policy::{TypeMismatch, UnknownFields};

/// The columns of a message: a column per field, in the order in which they are declared.
///
/// # Errors
/// A group, by its name; a message that contains itself, where that is refused, with the cycle.
pub(super) fn schema_of(root: &MessageDescriptor, options: &ProtobufOptions) -> SchemaResult<SchemaRef> {
    let mut mapping = Mapping { options, open: Vec::new(), columns: 0, comments: HashMap::new() };
    let mut fields = mapping.fields(root)?;
    if let Some(name) = &options.document_column {
        // The decoder fills this column with whole records, and reads no field of its name.
        fields.retain(|f| f.name() != name);
        fields.push(json_field(name, true));
    }
    let rescues = options.unknown_fields == UnknownFields::Rescue || options.type_mismatch == TypeMismatch::Rescue;
    if rescues && !fields.iter().any(|f| f.name() == RESCUE_COLUMN) {
        fields.push(json_field(RESCUE_COLUMN, true));
    }
    Ok(Arc::new(Schema::new(fields)))
}

/// More columns than this are no table: messages used in many places multiply.
const MAX_COLUMNS: usize = 1 << 16;

/// Comments of a file, by the path of what they stand at.
type Comments = HashMap<Vec<i32>, String>;

struct Mapping<'o> {
    options: &'o ProtobufOptions,
    /// Messages around the one that is looked at, outermost first.
    open: Vec<String>,
    /// Columns so far, nested ones included.
    columns: usize,
    comments: HashMap<String, Comments>,
}

/// What a type is in Arrow.
struct Mapped {
    data_type: DataType,
    is_json: bool,
}

impl From<DataType> for Mapped {
    fn from(data_type: DataType) -> Self {
        Self { data_type, is_json: false }
    }
}

impl Mapped {
    const JSON: Self = Self { data_type: DataType::Utf8, is_json: true };

    fn field(self, name: &str, nullable: bool) -> Field {
        if self.is_json { json_field(name, nullable) } else { Field::new(name, self.data_type, nullable) }
    }
}

impl Mapping<'_> {
    fn fields(&mut self, message: &MessageDescriptor) -> SchemaResult<Vec<Field>> {
        self.open.push(message.full_name().to_owned());
        let fields = declared(message).iter().map(|f| self.field(f)).collect();
        self.open.pop();
        fields
    }

    fn field(&mut self, f: &FieldDescriptor) -> SchemaResult<Field> {
        if f.is_group() {
            return Err(invalid("message", f.full_name(), "a field that is no group", "make it a message"));
        }
        self.columns += 1;
        if self.columns > MAX_COLUMNS {
            let expected = "a message of at most 65536 columns, nested ones included";
            return Err(invalid("message", f.parent_message().full_name(), expected, "declare those that you want"));
        }
        let (mapped, source) = if f.is_map() {
            let Kind::Message(entry) = f.kind() else { unreachable_entry() };
            let (key, value) = (entry.map_entry_key_field(), entry.map_entry_value_field());
            let source = format!("map<{}, {}>", source_type(&key), source_type(&value));
            let pair = vec![self.kind(&key)?.field("keys", false), self.kind(&value)?.field("values", false)];
            let entries = Field::new("entries", DataType::Struct(pair.into()), false);
            (DataType::Map(Arc::new(entries), false).into(), source)
        } else if f.is_list() {
            let item = self.kind(f)?.field("item", false);
            (DataType::List(Arc::new(item)).into(), format!("repeated {}", source_type(f)))
        } else {
            (self.kind(f)?, source_type(f))
        };
        let has_default = f.field_descriptor_proto().default_value.is_some();
        let is_nullable = f.supports_presence() && f.cardinality() != Cardinality::Required && !has_default;
        let mut metadata = HashMap::from([
            (FIELD_ID_METADATA.to_owned(), f.number().to_string()),
            (SOURCE_TYPE_METADATA.to_owned(), source),
        ]);
        if let Some(comment) = self.comment(f) {
            metadata.insert(DESCRIPTION_METADATA.to_owned(), comment);
        }
        if mapped.is_json {
            metadata.insert(EXTENSION_NAME.to_owned(), JSON_EXTENSION.to_owned());
        }
        Ok(Field::new(f.name(), mapped.data_type, is_nullable).with_metadata(metadata))
    }

    fn kind(&mut self, f: &FieldDescriptor) -> SchemaResult<Mapped> {
        Ok(match f.kind() {
            Kind::Double => DataType::Float64.into(),
            Kind::Float => DataType::Float32.into(),
            Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => DataType::Int32.into(),
            Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => DataType::Int64.into(),
            Kind::Uint32 | Kind::Fixed32 => DataType::UInt32.into(),
            Kind::Uint64 | Kind::Fixed64 => DataType::UInt64.into(),
            Kind::Bool => DataType::Boolean.into(),
            Kind::String => DataType::Utf8.into(),
            Kind::Bytes => DataType::Binary.into(),
            Kind::Enum(e) if e.full_name() == "google.protobuf.NullValue" => Mapped::JSON,
            Kind::Enum(_) => match self.options.enums {
                Enums::Dictionary => DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)).into(),
                Enums::Varchar => DataType::Utf8.into(),
                Enums::Integer => DataType::Int32.into(),
            },
            Kind::Message(message) => self.message(&message)?,
        })
    }

    fn message(&mut self, message: &MessageDescriptor) -> SchemaResult<Mapped> {
        if let Some(mapped) = self.well_known(message)? {
            return Ok(mapped);
        }
        if self.open.iter().any(|open| open == message.full_name()) {
            if self.options.recursion == Recursion::Json {
                return Ok(Mapped::JSON);
            }
            let from = self.open.iter().position(|open| open == message.full_name()).unwrap_or(0);
            let cycle = format!("{} > {}", self.open[from..].join(" > "), message.full_name());
            return Err(invalid(
                "recursion",
                "reject",
                "messages that do not contain themselves",
                &format!("there is the cycle {cycle}; 'json' makes JSON of the inner one"),
            ));
        }
        // A struct of no fields cannot be written by most formats, and records are no deeper than that.
        if message.fields().len() == 0 || self.open.len() > self.options.max_depth {
            return Ok(Mapped::JSON);
        }
        Ok(DataType::Struct(Fields::from(self.fields(message)?)).into())
    }

    fn well_known(&mut self, message: &MessageDescriptor) -> SchemaResult<Option<Mapped>> {
        let Some(name) = message.full_name().strip_prefix("google.protobuf.") else { return Ok(None) };
        let unit = match self.options.time_unit {
            TimeUnits::Second => TimeUnit::Second,
            TimeUnits::Milli => TimeUnit::Millisecond,
            TimeUnits::Micro => TimeUnit::Microsecond,
            TimeUnits::Nano => TimeUnit::Nanosecond,
        };
        Ok(Some(match name {
            "Timestamp" => DataType::Timestamp(unit, Some("UTC".into())).into(),
            "Duration" => DataType::Duration(unit).into(),
            "Struct" | "Value" | "ListValue" | "Empty" => Mapped::JSON,
            "Any" if self.options.any == Anys::Json => Mapped::JSON,
            "FieldMask" => DataType::Utf8.into(),
            "DoubleValue" | "FloatValue" | "Int64Value" | "UInt64Value" | "Int32Value" | "UInt32Value"
            | "BoolValue" | "StringValue" | "BytesValue" => match message.get_field(1) {
                Some(value) => self.kind(&value)?,
                None => return Ok(None),
            },
            _ => return Ok(None),
        }))
    }

    /// What is written before the field, or else behind it.
    fn comment(&mut self, f: &FieldDescriptor) -> Option<String> {
        let file = f.parent_file();
        let comments = self.comments.entry(file.name().to_owned()).or_insert_with(|| {
            let info = file.file_descriptor_proto().source_code_info.as_ref();
            let locations = info.map_or(&[][..], |info| &info.location);
            let commented = locations.iter().filter_map(|location| {
                let comment = location.leading_comments.as_ref().or(location.trailing_comments.as_ref())?;
                let lines: Vec<&str> = comment.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
                (!lines.is_empty()).then(|| (location.path.clone(), lines.join(" ")))
            });
            commented.collect()
        });
        comments.get(f.path()).cloned()
    }
}

/// Fields in the order of their declaration.
fn declared(message: &MessageDescriptor) -> Vec<FieldDescriptor> {
    let mut fields: Vec<FieldDescriptor> = message.fields().collect();
    // The last part of a path is the place among its parent's fields.
    fields.sort_by_key(|f| f.path().last().copied());
    fields
}

/// The type as its definition writes it.
fn source_type(f: &FieldDescriptor) -> String {
    format!("{:?}", f.kind())
}

/// A map is a repeated message by its definition.
#[cold]
fn unreachable_entry() -> ! {
    unreachable!("a map field whose type is no message")
}
