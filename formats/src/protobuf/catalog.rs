//! Descriptors as tables: what the decoder and the encoder look up per field.

use std::collections::HashMap;

use laminar_schema::{ConfigError, SchemaResult};
use prost_reflect::{
    Cardinality, DescriptorPool, EnumDescriptor, FieldDescriptor, Kind as ReflectKind, MessageDescriptor, Value,
};

use super::varint::{I32, I64, LEN, VARINT};

/// Entry of a [`TagTable`] that is no field.
const NO_FIELD: u16 = u16::MAX;
/// Set in the entry of a tag under which a repeated number stands alone, and not packed.
const ALONE: u16 = 1 << 15;
/// Tags below this are found by their place.
const DENSE_TAGS: u32 = 1 << 11;

/// All messages and enums that a message can hold, itself first.
#[derive(Debug)]
pub(super) struct Catalog {
    pub(super) messages: Vec<Message>,
    pub(super) enums: Vec<Enum>,
}

/// A message.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) full_name: String,
    pub(super) known: Option<WellKnown>,
    /// In the order of their numbers, which is that of writers.
    pub(super) fields: Vec<FieldType>,
    /// The fields of each oneof.
    pub(super) oneofs: Vec<Vec<u16>>,
    tags: TagTable,
}

/// A field of a message.
#[derive(Debug)]
pub(super) struct FieldType {
    pub(super) number: u32,
    pub(super) name: String,
    pub(super) json_name: String,
    pub(super) kind: Kind,
    pub(super) label: Label,
    pub(super) presence: Presence,
    /// The oneof that it is in.
    pub(super) oneof: Option<u16>,
    /// What it is where it is absent, if that is not null.
    pub(super) default: Default,
    /// Whether writers pack it.
    pub(super) is_packed: bool,
    /// Its tag: number and wire type.
    pub(super) tag: u32,
}

/// What a field is where it is absent.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Default {
    /// Zero, false, the enum's first value, or the declared one: the raw value.
    Raw(u64),
    /// Empty, or the declared text or bytes.
    Bytes(Vec<u8>),
    /// It has none.
    None,
}

/// What stands in a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Double,
    Float,
    Int32,
    Int64,
    Uint32,
    Uint64,
    Sint32,
    Sint64,
    Fixed32,
    Fixed64,
    Sfixed32,
    Sfixed64,
    Bool,
    String,
    Bytes,
    /// Number of the enum in the catalog.
    Enum(u32),
    /// Number of the message in the catalog.
    Message(u32),
}

/// How often it stands there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Label {
    Singular,
    Repeated,
    /// Repeated entries of a key and a value.
    Map,
}

/// What it means that it is absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    /// It is zero, or empty.
    Implicit,
    /// It is not set.
    Explicit,
    /// The record is none.
    Required,
}

/// An enum.
#[derive(Debug)]
pub(super) struct Enum {
    /// Whether it is `google.protobuf.NullValue`.
    pub(super) is_null_value: bool,
    /// Names in the order of their numbers; of several for one, the first.
    pub(super) values: Vec<(i32, String)>,
    /// Aliases, too.
    pub(super) numbers: HashMap<String, i32>,
}

/// Messages with a meaning of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WellKnown {
    Any,
    Timestamp,
    Duration,
    /// One field, `value`, that tells null from zero.
    Wrapper,
    Struct,
    Value,
    ListValue,
    FieldMask,
}

/// Finds fields by their tags.
#[derive(Debug)]
struct TagTable {
    dense: Vec<u16>,
    /// Larger tags, in order.
    sparse: Vec<(u32, u16)>,
}

/// A field found by its tag.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    pub(super) index: usize,
    /// Whether it is one value of a field that may be packed.
    pub(super) is_alone: bool,
}

impl Catalog {
    /// The catalog of a message and everything that it can hold.
    ///
    /// # Errors
    /// A group, by its name; more fields in one message than can be counted.
    pub(super) fn new(root: &MessageDescriptor) -> SchemaResult<Self> {
        let mut builder = Builder::default();
        builder.message(root);
        let mut messages = Vec::new();
        // Grows while messages are looked at.
        while let Some(message) = builder.queue.get(messages.len()).cloned() {
            if message.full_name() == "google.protobuf.Any" {
                builder.everything(&message);
            }
            messages.push(builder.build(&message)?);
        }
        Ok(Self { messages, enums: builder.enums })
    }

    pub(super) fn message(&self, index: u32) -> &Message {
        &self.messages[index as usize]
    }

    pub(super) fn enumeration(&self, index: u32) -> &Enum {
        &self.enums[index as usize]
    }

    /// The message of that name, if it can be held.
    pub(super) fn message_of(&self, full_name: &[u8]) -> Option<u32> {
        let index = self.messages.iter().position(|m| m.full_name.as_bytes() == full_name)?;
        Some(index as u32)
    }
}

#[derive(Default)]
struct Builder {
    queue: Vec<MessageDescriptor>,
    numbers: HashMap<String, u32>,
    enums: Vec<Enum>,
    enum_numbers: HashMap<String, u32>,
}

impl Builder {
    fn message(&mut self, message: &MessageDescriptor) -> u32 {
        let next = self.queue.len() as u32;
        *self.numbers.entry(message.full_name().to_owned()).or_insert_with(|| {
            self.queue.push(message.clone());
            next
        })
    }

    /// All messages that are known: any of them may stand in an `Any`. Where one has a group, none but those that are
    /// reached otherwise.
    fn everything(&mut self, any: &MessageDescriptor) {
        let all: Vec<MessageDescriptor> = any.parent_pool().all_messages().collect();
        if !all.iter().any(|message| message.fields().any(|f| f.is_group())) {
            all.iter().for_each(|message| _ = self.message(message));
        }
    }

    fn enumeration(&mut self, descriptor: &EnumDescriptor) -> u32 {
        let next = self.enums.len() as u32;
        *self.enum_numbers.entry(descriptor.full_name().to_owned()).or_insert_with(|| {
            self.enums.push(Enum::new(descriptor));
            next
        })
    }

    fn build(&mut self, message: &MessageDescriptor) -> SchemaResult<Message> {
        let mut descriptors: Vec<FieldDescriptor> = message.fields().collect();
        descriptors.sort_by_key(FieldDescriptor::number);
        if descriptors.len() >= usize::from(ALONE) {
            return Err(refused(message.full_name(), "a message of fewer than 32768 fields"));
        }
        let mut oneofs: Vec<Vec<u16>> = Vec::new();
        let mut oneof_numbers = HashMap::new();
        let mut fields = Vec::with_capacity(descriptors.len());
        for (index, descriptor) in descriptors.iter().enumerate() {
            if descriptor.is_group() {
                return Err(refused(descriptor.full_name(), "a field that is no group; make it a message"));
            }
            // One of a single member is what `optional` stands for in proto3.
            let oneof = descriptor.containing_oneof().filter(|oneof| !oneof.is_synthetic()).map(|oneof| {
                let number = *oneof_numbers.entry(oneof.full_name().to_owned()).or_insert_with(|| {
                    oneofs.push(Vec::new());
                    (oneofs.len() - 1) as u16
                });
                oneofs[usize::from(number)].push(index as u16);
                number
            });
            fields.push(self.field(descriptor, oneof));
        }
        Ok(Message {
            full_name: message.full_name().to_owned(),
            known: WellKnown::of(message),
            tags: TagTable::new(&fields),
            fields,
            oneofs,
        })
    }

    fn field(&mut self, f: &FieldDescriptor, oneof: Option<u16>) -> FieldType {
        let kind = match f.kind() {
            ReflectKind::Double => Kind::Double,
            ReflectKind::Float => Kind::Float,
            ReflectKind::Int32 => Kind::Int32,
            ReflectKind::Int64 => Kind::Int64,
            ReflectKind::Uint32 => Kind::Uint32,
            ReflectKind::Uint64 => Kind::Uint64,
            ReflectKind::Sint32 => Kind::Sint32,
            ReflectKind::Sint64 => Kind::Sint64,
            ReflectKind::Fixed32 => Kind::Fixed32,
            ReflectKind::Fixed64 => Kind::Fixed64,
            ReflectKind::Sfixed32 => Kind::Sfixed32,
            ReflectKind::Sfixed64 => Kind::Sfixed64,
            ReflectKind::Bool => Kind::Bool,
            ReflectKind::String => Kind::String,
            ReflectKind::Bytes => Kind::Bytes,
            ReflectKind::Enum(e) => Kind::Enum(self.enumeration(&e)),
            ReflectKind::Message(m) => Kind::Message(self.message(&m)),
        };
        let label = match (f.is_map(), f.is_list()) {
            (true, _) => Label::Map,
            (_, true) => Label::Repeated,
            _ => Label::Singular,
        };
        let presence = match f.cardinality() {
            Cardinality::Required => Presence::Required,
            _ if label != Label::Singular || !f.supports_presence() => Presence::Implicit,
            _ => Presence::Explicit,
        };
        let has_default = f.field_descriptor_proto().default_value.is_some();
        let is_entry = f.parent_message().is_map_entry() && !matches!(kind, Kind::Message(_));
        let default = match (label, presence) {
            (Label::Singular, Presence::Implicit) => default_of(&f.default_value()),
            (Label::Singular, Presence::Explicit) if has_default || is_entry => default_of(&f.default_value()),
            _ => Default::None,
        };
        FieldType {
            number: f.number(),
            name: f.name().to_owned(),
            json_name: f.json_name().to_owned(),
            kind,
            label,
            presence,
            oneof,
            default,
            // Said in the definition, or what its syntax does by itself.
            is_packed: declared_packed(f).unwrap_or_else(|| f.is_packed()),
            tag: f.number() << 3 | kind.wire_type(),
        }
    }
}

fn declared_packed(f: &FieldDescriptor) -> Option<bool> {
    f.field_descriptor_proto().options.as_ref().and_then(|options| options.packed)
}

fn refused(name: &str, expected: &str) -> laminar_schema::SchemaError {
    ConfigError::invalid("message", name, expected, "").into()
}

/// A field's default as it would stand on the wire.
fn default_of(value: &Value) -> Default {
    Default::Raw(match value {
        Value::Bool(v) => u64::from(*v),
        Value::I32(v) | Value::EnumNumber(v) => i64::from(*v).cast_unsigned(),
        Value::I64(v) => v.cast_unsigned(),
        Value::U32(v) => u64::from(*v),
        Value::U64(v) => *v,
        Value::F32(v) => u64::from(v.to_bits()),
        Value::F64(v) => v.to_bits(),
        Value::String(text) => return Default::Bytes(text.as_bytes().to_vec()),
        Value::Bytes(bytes) => return Default::Bytes(bytes.to_vec()),
        Value::Message(_) | Value::List(_) | Value::Map(_) => return Default::None,
    })
}

impl Message {
    /// The field of a tag; `previous` is the one that came before it, whose successor it most often is.
    #[inline(always)]
    pub(super) fn find(&self, tag: u32, expected: usize) -> Option<Found> {
        if let Some(field) = self.fields.get(expected)
            && field.tag == tag
            && !field.is_packable()
        {
            return Some(Found { index: expected, is_alone: false });
        }
        self.tags.find(tag)
    }

    /// The field of that name.
    pub(super) fn field_of(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|f| f.name == name)
    }
}

impl FieldType {
    /// Whether several values may stand behind one tag.
    #[inline(always)]
    pub(super) fn is_packable(&self) -> bool {
        self.label == Label::Repeated && self.kind.wire_type() != LEN
    }
}

impl Kind {
    /// The wire type of one value.
    #[inline(always)]
    pub(super) fn wire_type(self) -> u32 {
        match self {
            Self::Double | Self::Fixed64 | Self::Sfixed64 => I64,
            Self::Float | Self::Fixed32 | Self::Sfixed32 => I32,
            Self::String | Self::Bytes | Self::Message(_) => LEN,
            _ => VARINT,
        }
    }

    /// Its word in a `.proto` file; that of enums and messages is their name.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Double => "double",
            Self::Float => "float",
            Self::Int32 => "int32",
            Self::Int64 => "int64",
            Self::Uint32 => "uint32",
            Self::Uint64 => "uint64",
            Self::Sint32 => "sint32",
            Self::Sint64 => "sint64",
            Self::Fixed32 => "fixed32",
            Self::Fixed64 => "fixed64",
            Self::Sfixed32 => "sfixed32",
            Self::Sfixed64 => "sfixed64",
            Self::Bool => "bool",
            Self::String => "string",
            Self::Bytes => "bytes",
            Self::Enum(_) => "enum",
            Self::Message(_) => "message",
        }
    }
}

impl Enum {
    fn new(descriptor: &EnumDescriptor) -> Self {
        let mut values: Vec<(i32, String)> = Vec::new();
        let mut numbers = HashMap::new();
        for value in descriptor.values() {
            numbers.insert(value.name().to_owned(), value.number());
            values.push((value.number(), value.name().to_owned()));
        }
        // Stable, so that of aliases the first stays in front.
        values.sort_by_key(|(number, _)| *number);
        values.dedup_by_key(|(number, _)| *number);
        Self { is_null_value: descriptor.full_name() == "google.protobuf.NullValue", values, numbers }
    }

    /// The name of a number.
    #[inline]
    pub(super) fn name(&self, number: i32) -> Option<&str> {
        // Most enums count from zero on.
        let near = usize::try_from(number).ok().and_then(|index| self.values.get(index));
        if let Some((_, name)) = near.filter(|(n, _)| *n == number) {
            return Some(name);
        }
        let index = self.values.binary_search_by_key(&number, |(n, _)| *n).ok()?;
        Some(&self.values[index].1)
    }
}

impl WellKnown {
    /// What a message is by its name, if it has the fields that the name promises: definitions come from outside.
    fn of(message: &MessageDescriptor) -> Option<Self> {
        let name = message.full_name().strip_prefix("google.protobuf.")?;
        let own = DescriptorPool::global().get_message_by_name(message.full_name())?;
        let shape = |of: &MessageDescriptor| -> Vec<String> {
            let of_kind = |kind: ReflectKind| match kind {
                ReflectKind::Message(message) => message.full_name().to_owned(),
                ReflectKind::Enum(of) => of.full_name().to_owned(),
                scalar => format!("{scalar:?}"),
            };
            of.fields().map(|f| format!("{} {:?} {}", f.number(), f.cardinality(), of_kind(f.kind()))).collect()
        };
        if shape(message) != shape(&own) {
            return None;
        }
        Some(match name {
            "Any" => Self::Any,
            "Timestamp" => Self::Timestamp,
            "Duration" => Self::Duration,
            "Struct" => Self::Struct,
            "Value" => Self::Value,
            "ListValue" => Self::ListValue,
            "FieldMask" => Self::FieldMask,
            "DoubleValue" | "FloatValue" | "Int64Value" | "UInt64Value" | "Int32Value" | "UInt32Value"
            | "BoolValue" | "StringValue" | "BytesValue" => Self::Wrapper,
            _ => return None,
        })
    }
}

impl TagTable {
    fn new(fields: &[FieldType]) -> Self {
        let (mut dense, mut sparse) = (Vec::new(), Vec::new());
        for (index, field) in fields.iter().enumerate() {
            let index = index as u16;
            let mut add = |tag: u32, entry: u16| {
                if tag >= DENSE_TAGS {
                    sparse.push((tag, entry));
                    return;
                }
                let at = tag as usize;
                if dense.len() <= at {
                    dense.resize(at + 1, NO_FIELD);
                }
                dense[at] = entry;
            };
            if field.is_packable() {
                add(field.number << 3 | LEN, index);
                add(field.tag, index | ALONE);
            } else {
                add(field.tag, index);
            }
        }
        sparse.sort_unstable();
        Self { dense, sparse }
    }

    #[inline]
    fn find(&self, tag: u32) -> Option<Found> {
        let entry = match self.dense.get(tag as usize) {
            Some(entry) => *entry,
            None => {
                let index = self.sparse.binary_search_by_key(&tag, |(t, _)| *t).ok()?;
                self.sparse[index].1
            }
        };
        (entry != NO_FIELD).then_some(Found { index: usize::from(entry & !ALONE), is_alone: entry & ALONE != 0 })
    }
}
