//! A writer's schema as an arena of types: names are looked up, logical types told, and a recursive type is an index.

use std::collections::HashMap;

use arrow_schema::TimeUnit;
use laminar_schema::{ConfigError, SchemaResult};
use serde_json::Value;

use super::{
    arrow_schema::{JSON_LOGICAL_TYPE, NAME_PROPERTY},
    canonical_form,
    names::{Names, Node},
};

/// Index of a type.
pub(super) type TypeId = usize;

/// A schema whose names are all resolved.
#[derive(Debug)]
pub(super) struct Types {
    types: Vec<Type>,
    pub(super) root: TypeId,
}

/// A type, with the logical type that changes what a value is.
#[derive(Debug, Clone)]
pub(super) enum Type {
    Null,
    Boolean,
    Int,
    Long,
    Float,
    Double,
    Bytes,
    String,
    /// Text that is a JSON document.
    Json,
    /// Text of a UUID.
    Uuid,
    Fixed(usize),
    /// Sixteen bytes of a UUID.
    UuidBytes,
    /// An unscaled number, of so many bytes or behind their number.
    Decimal {
        precision: u8,
        scale: i8,
        size: Option<usize>,
    },
    Date,
    TimeMillis,
    TimeMicros,
    /// An instant, or what a clock shows.
    Timestamp(TimeUnit, Zone),
    Duration,
    Enum(Vec<String>),
    Array(TypeId),
    Map(TypeId),
    Record(Record),
    Union(Vec<TypeId>),
}

/// Whether a timestamp is an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Zone {
    Utc,
    Local,
}

#[derive(Debug, Clone)]
pub(super) struct Record {
    pub(super) name: String,
    pub(super) fields: Vec<RecordField>,
}

#[derive(Debug, Clone)]
pub(super) struct RecordField {
    /// The name, or the column's that it was made of.
    pub(super) name: String,
    pub(super) doc: Option<String>,
    pub(super) source_type: String,
    pub(super) ty: TypeId,
}

impl Types {
    /// The types of a schema.
    ///
    /// # Errors
    /// A text that is no schema.
    pub(super) fn of(schema: &str) -> SchemaResult<Self> {
        let refuse = |reason: String| {
            ConfigError::invalid("schema", laminar_schema::error::cut(schema), "an Avro schema", reason)
        };
        canonical_form(schema).map_err(|e| refuse(e.to_string()))?;
        let value: Value = serde_json::from_str(schema).map_err(|e| refuse(e.to_string()))?;
        let (names, root) = Names::of(&value);
        let mut builder = Builder { names, known: HashMap::new(), types: Vec::new() };
        let root = builder.add(root);
        Ok(Self { types: builder.types, root })
    }

    pub(super) fn get(&self, id: TypeId) -> &Type {
        &self.types[id]
    }
}

struct Builder<'s> {
    names: Names<'s>,
    /// Types that have a name, by where they are defined.
    known: HashMap<*const Value, TypeId>,
    types: Vec<Type>,
}

impl<'s> Builder<'s> {
    fn add(&mut self, node: Node<'s>) -> TypeId {
        let node = self.names.resolved(node);
        let place = std::ptr::from_ref(node.value);
        if let Some(known) = self.known.get(&place) {
            return *known;
        }
        let id = self.types.len();
        // A type that contains itself finds this place taken.
        self.types.push(Type::Null);
        if matches!(node.kind(), "record" | "error") {
            self.known.insert(place, id);
        }
        self.types[id] = self.of_node(node);
        id
    }

    fn of_node(&mut self, node: Node<'s>) -> Type {
        match (node.kind(), node.logical()) {
            ("boolean", _) => Type::Boolean,
            ("int", "date") => Type::Date,
            ("int", "time-millis") => Type::TimeMillis,
            ("int", _) => Type::Int,
            ("long", "time-micros") => Type::TimeMicros,
            ("long", "timestamp-millis") => Type::Timestamp(TimeUnit::Millisecond, Zone::Utc),
            ("long", "timestamp-micros") => Type::Timestamp(TimeUnit::Microsecond, Zone::Utc),
            ("long", "timestamp-nanos") => Type::Timestamp(TimeUnit::Nanosecond, Zone::Utc),
            ("long", "local-timestamp-millis") => Type::Timestamp(TimeUnit::Millisecond, Zone::Local),
            ("long", "local-timestamp-micros") => Type::Timestamp(TimeUnit::Microsecond, Zone::Local),
            ("long", "local-timestamp-nanos") => Type::Timestamp(TimeUnit::Nanosecond, Zone::Local),
            ("long", _) => Type::Long,
            ("float", _) => Type::Float,
            ("double", _) => Type::Double,
            ("bytes", "decimal") => decimal(node, None).unwrap_or(Type::Bytes),
            ("bytes", _) => Type::Bytes,
            ("string", "uuid") => Type::Uuid,
            ("string", JSON_LOGICAL_TYPE) => Type::Json,
            ("string", _) => Type::String,
            ("fixed", logical) => {
                let size = node.number("size").and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
                match (logical, size) {
                    ("decimal", _) => decimal(node, Some(size)).unwrap_or(Type::Fixed(size)),
                    ("uuid", 16) => Type::UuidBytes,
                    ("duration", 12) => Type::Duration,
                    _ => Type::Fixed(size),
                }
            }
            ("enum", _) => Type::Enum(node.symbols().map(str::to_owned).collect()),
            ("array", _) => node.child("items").map_or(Type::Null, |items| Type::Array(self.add(items))),
            ("map", _) => node.child("values").map_or(Type::Null, |values| Type::Map(self.add(values))),
            ("union", _) => Type::Union(node.branches().map(|branch| self.add(branch)).collect()),
            ("record" | "error", _) => {
                let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
                let fields = node.fields().map(|(object, ty)| RecordField {
                    name: text(object.get(NAME_PROPERTY)).or_else(|| text(object.get("name"))).unwrap_or_default(),
                    doc: text(object.get("doc")),
                    source_type: laminar_schema::error::cut(&match ty.value {
                        Value::String(name) => name.clone(),
                        other => other.to_string(),
                    }),
                    ty: self.add(ty),
                });
                Type::Record(Record {
                    name: text(node.value.get("name")).unwrap_or_default(),
                    fields: fields.collect(),
                })
            }
            _ => Type::Null,
        }
    }
}

/// Source: Avro 1.12, "Decimal": attributes that make no decimal leave the type what it is without them.
fn decimal(node: Node<'_>, size: Option<usize>) -> Option<Type> {
    let precision = u8::try_from(node.number("precision")?).ok().filter(|p| (1..=76).contains(p))?;
    let scale = u8::try_from(node.number("scale").unwrap_or(0)).ok().filter(|s| *s <= precision)?;
    Some(Type::Decimal { precision, scale: scale.cast_signed(), size })
}
