//! A schema as a graph: named types resolved, logical types read, defaults kept.
//!
//! Lives here: what the JSON text of a schema says. Does not live here: what it means for columns ([`super::arrow_type`]), or
//! what a reader makes of a writer ([`super::resolve`]).
//!
//! Source: Avro 1.12 specification, "Schema Declaration".

use std::{collections::HashMap, fmt};

use serde_json::{Map, Value};

/// Levels of types inside each other that a schema may have.
const MAX_NESTING: usize = 100;

/// A type of a schema, by its place in [`Schema::nodes`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct NodeId(u32);

/// A schema: its types, the outermost of them first to be asked for.
#[derive(Debug, Clone)]
pub struct Schema {
    nodes: Vec<Node>,
    /// Of each node, whether its values take a byte at least.
    takes_bytes: Vec<bool>,
    root: NodeId,
}

/// One type.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    pub(crate) logical: Logical,
    pub(crate) doc: Option<String>,
}

/// What values of a type are made of.
#[derive(Debug, Clone)]
pub(crate) enum Kind {
    Null,
    Boolean,
    Int,
    Long,
    Float,
    Double,
    Bytes,
    String,
    Fixed { name: Name, size: usize },
    Enum { name: Name, symbols: Vec<String>, default: Option<usize> },
    Array(NodeId),
    Map(NodeId),
    Record { name: Name, fields: Vec<RecordField> },
    Union(Vec<NodeId>),
}

/// The name of a named type, with its namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name {
    pub(crate) full: String,
    /// Full names that it also goes by.
    pub(crate) aliases: Vec<String>,
}

impl Name {
    /// The name without its namespace.
    pub(crate) fn short(&self) -> &str {
        self.full.rsplit('.').next().unwrap_or(&self.full)
    }
}

/// A field of a record.
#[derive(Debug, Clone)]
pub(crate) struct RecordField {
    pub(crate) name: String,
    /// The column's name, where Avro did not allow it.
    pub(crate) column: Option<String>,
    pub(crate) aliases: Vec<String>,
    pub(crate) doc: Option<String>,
    pub(crate) default: Option<Value>,
    pub(crate) node: NodeId,
}

impl RecordField {
    /// The name that columns know it by.
    pub(crate) fn key(&self) -> &str {
        self.column.as_deref().unwrap_or(&self.name)
    }
}

/// What values of a type stand for. One that does not suit its type is none, as the specification asks of readers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Logical {
    None,
    Decimal {
        precision: u8,
        scale: u8,
    },
    BigDecimal,
    Uuid,
    /// Text that is a JSON document: our own, which others take for plain text.
    Json,
    Date,
    TimeMillis,
    TimeMicros,
    /// Units of a second, and whether it is an instant and not what a clock shows.
    Timestamp {
        per_second: i64,
        is_instant: bool,
    },
    Duration,
}

/// Why a text is no schema.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AvroSchemaError {
    /// It is no JSON.
    NotJson {
        /// What the parser says.
        reason: String,
    },
    /// Something stands where a type is expected.
    NotAType {
        /// Where: names of types and fields from the outermost in.
        path: String,
        /// What stands there.
        found: String,
    },
    /// A property is missing or of another kind.
    Property {
        /// Where.
        path: String,
        /// What is expected.
        expected: &'static str,
    },
    /// A name that no type has.
    UnknownName {
        /// Where.
        path: String,
        /// The name.
        name: String,
    },
    /// Two types of one name, two fields or symbols of one name, or a union with the same type twice.
    Twice {
        /// Where.
        path: String,
        /// What stands twice.
        name: String,
    },
    /// Types inside types, deeper than any reader should go.
    TooDeep {
        /// Where.
        path: String,
    },
}

impl fmt::Display for AvroSchemaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotJson { reason } => write!(f, "expected an Avro schema, found no JSON: {reason}"),
            Self::NotAType { path, found } => write!(f, "{path}: expected an Avro type, found {found}"),
            Self::Property { path, expected } => write!(f, "{path}: expected {expected}, found none"),
            Self::UnknownName { path, name } => {
                write!(f, "{path}: expected a type that stands before it, found the name `{name}`, which none has")
            }
            Self::Twice { path, name } => write!(f, "{path}: expected names to be different, found `{name}` twice"),
            Self::TooDeep { path } => write!(f, "{path}: expected at most {MAX_NESTING} levels of types, found more"),
        }
    }
}

impl std::error::Error for AvroSchemaError {}

impl Schema {
    /// Reads a schema from its JSON text.
    ///
    /// # Errors
    /// [`AvroSchemaError`], which says where.
    pub fn parse(text: &str) -> Result<Self, AvroSchemaError> {
        let value: Value = match serde_json::from_str(text) {
            Ok(value) => value,
            // Registries serve a primitive type by its bare name.
            Err(_) if primitive(text.trim()).is_some() => text.trim().into(),
            Err(e) => return Err(AvroSchemaError::NotJson { reason: e.to_string() }),
        };
        let mut parser = Parser { nodes: Vec::new(), names: HashMap::new(), path: Vec::new() };
        let root = parser.node(&value, "")?;
        let takes_bytes = takes_bytes(&parser.nodes);
        Ok(Self { nodes: parser.nodes, takes_bytes, root })
    }

    pub(crate) fn root(&self) -> NodeId {
        self.root
    }

    #[inline]
    pub(crate) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    #[inline]
    pub(crate) fn kind(&self, id: NodeId) -> &Kind {
        &self.node(id).kind
    }

    /// What a value takes at least, in bytes: one or none.
    #[inline]
    pub(crate) fn least(&self, id: NodeId) -> usize {
        usize::from(self.takes_bytes[id.0 as usize])
    }

    /// A type in a person's words.
    pub(crate) fn shown(&self, id: NodeId) -> String {
        let node = self.node(id);
        match &node.kind {
            Kind::Fixed { name, .. } => format!("fixed {}", name.full),
            Kind::Enum { name, .. } => format!("enum {}", name.full),
            Kind::Record { name, .. } => format!("record {}", name.full),
            Kind::Array(item) => format!("array of {}", self.shown(*item)),
            Kind::Map(value) => format!("map of {}", self.shown(*value)),
            Kind::Union(branches) => {
                let shown: Vec<String> = branches.iter().map(|b| self.shown(*b)).collect();
                format!("union of {}", shown.join(", "))
            }
            kind => kind.word().to_owned(),
        }
    }

    /// The name of a union's branch among the others: Avro's JSON encoding calls it so.
    pub(crate) fn branch_name(&self, id: NodeId) -> &str {
        match self.kind(id) {
            Kind::Fixed { name, .. } | Kind::Enum { name, .. } | Kind::Record { name, .. } => &name.full,
            kind => kind.word(),
        }
    }
}

impl Kind {
    /// The word of the type.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean => "boolean",
            Self::Int => "int",
            Self::Long => "long",
            Self::Float => "float",
            Self::Double => "double",
            Self::Bytes => "bytes",
            Self::String => "string",
            Self::Fixed { .. } => "fixed",
            Self::Enum { .. } => "enum",
            Self::Array(_) => "array",
            Self::Map(_) => "map",
            Self::Record { .. } => "record",
            Self::Union(_) => "union",
        }
    }
}

fn primitive(word: &str) -> Option<Kind> {
    Some(match word {
        "null" => Kind::Null,
        "boolean" => Kind::Boolean,
        "int" => Kind::Int,
        "long" => Kind::Long,
        "float" => Kind::Float,
        "double" => Kind::Double,
        "bytes" => Kind::Bytes,
        "string" => Kind::String,
        _ => return None,
    })
}

struct Parser {
    nodes: Vec<Node>,
    names: HashMap<String, NodeId>,
    path: Vec<String>,
}

type Parsed<T> = Result<T, AvroSchemaError>;

impl Parser {
    fn path(&self) -> String {
        if self.path.is_empty() { "schema".to_owned() } else { self.path.join(".") }
    }

    fn property(&self, expected: &'static str) -> AvroSchemaError {
        AvroSchemaError::Property { path: self.path(), expected }
    }

    fn push(&mut self, kind: Kind, logical: Logical, doc: Option<String>) -> NodeId {
        // A schema's text is far shorter than 4 GiB, and every node takes some of it.
        self.nodes.push(Node { kind, logical, doc });
        NodeId((self.nodes.len() - 1) as u32)
    }

    fn node(&mut self, value: &Value, namespace: &str) -> Parsed<NodeId> {
        if self.path.len() > MAX_NESTING {
            return Err(AvroSchemaError::TooDeep { path: self.path() });
        }
        match value {
            Value::String(word) => self.reference(word, namespace),
            Value::Array(branches) => self.union(branches, namespace),
            Value::Object(object) => self.object(object, namespace),
            other => Err(AvroSchemaError::NotAType { path: self.path(), found: shown(other) }),
        }
    }

    fn reference(&mut self, word: &str, namespace: &str) -> Parsed<NodeId> {
        if let Some(kind) = primitive(word) {
            return Ok(self.push(kind, Logical::None, None));
        }
        let full = full_name(word, namespace);
        // A name without a namespace inside one may still mean the one that has none.
        let found = self.names.get(&full).or_else(|| self.names.get(word));
        found.copied().ok_or_else(|| AvroSchemaError::UnknownName { path: self.path(), name: full })
    }

    fn union(&mut self, branches: &[Value], namespace: &str) -> Parsed<NodeId> {
        let mut ids = Vec::with_capacity(branches.len());
        let mut seen = std::collections::HashSet::new();
        for branch in branches {
            let id = self.node(branch, namespace)?;
            let kind = &self.nodes[id.0 as usize].kind;
            if matches!(kind, Kind::Union(_)) {
                return Err(AvroSchemaError::NotAType {
                    path: self.path(),
                    found: "a union inside a union".to_owned(),
                });
            }
            let name = match kind {
                Kind::Fixed { name, .. } | Kind::Enum { name, .. } | Kind::Record { name, .. } => name.full.clone(),
                kind => kind.word().to_owned(),
            };
            if let Some(name) = seen.replace(name) {
                return Err(AvroSchemaError::Twice { path: self.path(), name });
            }
            ids.push(id);
        }
        Ok(self.push(Kind::Union(ids), Logical::None, None))
    }

    fn object(&mut self, object: &Map<String, Value>, namespace: &str) -> Parsed<NodeId> {
        let word = match object.get("type") {
            Some(Value::String(word)) => word.as_str(),
            // `{"type": {"type": "int"}}` is the type inside.
            Some(inner @ (Value::Object(_) | Value::Array(_))) => return self.node(inner, namespace),
            Some(other) => return Err(AvroSchemaError::NotAType { path: self.path(), found: shown(other) }),
            None => return Err(self.property("`type`")),
        };
        let doc = text_of(object, "doc");
        match word {
            "array" => {
                let items = object.get("items").ok_or_else(|| self.property("`items` of an array"))?;
                let item = self.inside("[]", |parser| parser.node(items, namespace))?;
                Ok(self.push(Kind::Array(item), Logical::None, doc))
            }
            "map" => {
                let values = object.get("values").ok_or_else(|| self.property("`values` of a map"))?;
                let value = self.inside("{}", |parser| parser.node(values, namespace))?;
                Ok(self.push(Kind::Map(value), Logical::None, doc))
            }
            "fixed" => {
                let size = object.get("size").and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());
                let size =
                    size.filter(|n| i32::try_from(*n).is_ok()).ok_or_else(|| self.property("`size` of a fixed"))?;
                let (name, _) = self.name(object, namespace)?;
                let kind = Kind::Fixed { name: name.clone(), size };
                let logical = logical_of(object, &kind);
                let id = self.push(kind, logical, doc);
                self.register(&name, id)?;
                Ok(id)
            }
            "enum" => self.enumeration(object, namespace, doc),
            "record" | "error" => self.record(object, namespace, doc),
            word => match primitive(word) {
                Some(kind) => {
                    let logical = logical_of(object, &kind);
                    Ok(self.push(kind, logical, doc))
                }
                None => self.reference(word, namespace),
            },
        }
    }

    fn inside<T>(&mut self, name: &str, parse: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        self.path.push(name.to_owned());
        let parsed = parse(self)?;
        self.path.pop();
        Ok(parsed)
    }

    /// The name of a named type, and the namespace of what is inside it.
    fn name(&self, object: &Map<String, Value>, namespace: &str) -> Parsed<(Name, String)> {
        let name = object.get("name").and_then(Value::as_str).filter(|n| !n.is_empty());
        let name = name.ok_or_else(|| self.property("`name` of a named type"))?;
        let own = object.get("namespace").and_then(Value::as_str).unwrap_or(namespace);
        let full = full_name(name, own);
        let inner = full.rsplit_once('.').map_or("", |(space, _)| space).to_owned();
        let aliases = texts(object, "aliases").map(|alias| full_name(alias, &inner)).collect();
        Ok((Name { full, aliases }, inner))
    }

    fn register(&mut self, name: &Name, id: NodeId) -> Parsed<()> {
        match self.names.insert(name.full.clone(), id) {
            None => Ok(()),
            Some(_) => Err(AvroSchemaError::Twice { path: self.path(), name: name.full.clone() }),
        }
    }

    fn enumeration(&mut self, object: &Map<String, Value>, namespace: &str, doc: Option<String>) -> Parsed<NodeId> {
        let (name, _) = self.name(object, namespace)?;
        let listed = object.get("symbols").and_then(Value::as_array).ok_or_else(|| self.property("`symbols`"))?;
        let mut symbols: Vec<String> = Vec::with_capacity(listed.len());
        let mut seen = std::collections::HashSet::new();
        for symbol in listed {
            let symbol = symbol.as_str().ok_or_else(|| self.property("symbols that are text"))?;
            if !seen.insert(symbol) {
                return Err(AvroSchemaError::Twice { path: self.path(), name: symbol.to_owned() });
            }
            symbols.push(symbol.to_owned());
        }
        let default = match object.get("default").and_then(Value::as_str) {
            Some(default) => {
                let at = symbols.iter().position(|s| s == default);
                Some(at.ok_or_else(|| self.property("the enum's default to be one of its symbols"))?)
            }
            None => None,
        };
        let id = self.push(Kind::Enum { name: name.clone(), symbols, default }, Logical::None, doc);
        self.register(&name, id)?;
        Ok(id)
    }

    fn record(&mut self, object: &Map<String, Value>, namespace: &str, doc: Option<String>) -> Parsed<NodeId> {
        let (name, inner) = self.name(object, namespace)?;
        // Registered before its fields are read: one of them may be of the same type.
        let id = self.push(Kind::Record { name: name.clone(), fields: Vec::new() }, Logical::None, doc);
        self.register(&name, id)?;
        let listed =
            object.get("fields").and_then(Value::as_array).ok_or_else(|| self.property("`fields` of a record"))?;
        let mut fields: Vec<RecordField> = Vec::with_capacity(listed.len());
        let mut seen = std::collections::HashSet::new();
        for field in listed {
            let field = field.as_object().ok_or_else(|| self.property("fields that are objects"))?;
            let of_field =
                field.get("name").and_then(Value::as_str).ok_or_else(|| self.property("`name` of a field"))?;
            if !seen.insert(of_field) {
                return Err(AvroSchemaError::Twice { path: self.path(), name: of_field.to_owned() });
            }
            let declared = field.get("type").ok_or_else(|| self.property("`type` of a field"))?;
            // A field may carry the properties of its type beside it, as older writers do.
            let node = self.inside(of_field, |parser| match declared {
                Value::String(word) if primitive(word).is_some() && field.contains_key("logicalType") => {
                    parser.object(field, &inner)
                }
                declared => parser.node(declared, &inner),
            })?;
            fields.push(RecordField {
                name: of_field.to_owned(),
                column: text_of(field, super::NAME_PROPERTY),
                aliases: texts(field, "aliases").map(str::to_owned).collect(),
                doc: text_of(field, "doc"),
                default: field.get("default").cloned(),
                node,
            });
        }
        self.nodes[id.0 as usize].kind = Kind::Record { name, fields };
        Ok(id)
    }
}

/// Of each node, whether its values take a byte at least. From what does, it goes on to the records that have it, so that
/// neither their number nor how they name each other matters.
fn takes_bytes(nodes: &[Node]) -> Vec<bool> {
    let mut holders: Vec<Vec<usize>> = vec![Vec::new(); nodes.len()];
    let mut found: Vec<usize> = Vec::new();
    for (index, node) in nodes.iter().enumerate() {
        match &node.kind {
            Kind::Null | Kind::Fixed { size: 0, .. } => {}
            Kind::Record { fields, .. } => fields.iter().for_each(|f| holders[f.node.0 as usize].push(index)),
            _ => found.push(index),
        }
    }
    let mut takes = vec![false; nodes.len()];
    while let Some(index) = found.pop() {
        if !std::mem::replace(&mut takes[index], true) {
            found.extend_from_slice(&holders[index]);
        }
    }
    takes
}

fn full_name(name: &str, namespace: &str) -> String {
    match name.contains('.') || namespace.is_empty() {
        true => name.trim_start_matches('.').to_owned(),
        false => format!("{namespace}.{name}"),
    }
}

fn text_of(object: &Map<String, Value>, key: &str) -> Option<String> {
    object.get(key).and_then(Value::as_str).map(str::to_owned)
}

fn texts<'a>(object: &'a Map<String, Value>, key: &str) -> impl Iterator<Item = &'a str> {
    object.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

fn shown(value: &Value) -> String {
    laminar_schema::error::cut(&value.to_string())
}

/// The logical type of a type's properties, if it suits the type.
fn logical_of(object: &Map<String, Value>, kind: &Kind) -> Logical {
    let Some(word) = object.get("logicalType").and_then(Value::as_str) else { return Logical::None };
    let timestamp = |per_second, is_instant| Logical::Timestamp { per_second, is_instant };
    match (word, kind) {
        ("decimal", Kind::Bytes | Kind::Fixed { .. }) => decimal_of(object, kind),
        ("big-decimal", Kind::Bytes) => Logical::BigDecimal,
        (super::arrow_schema::JSON_LOGICAL_TYPE, Kind::String) => Logical::Json,
        ("uuid", Kind::String | Kind::Fixed { size: 16, .. }) => Logical::Uuid,
        ("date", Kind::Int) => Logical::Date,
        ("time-millis", Kind::Int) => Logical::TimeMillis,
        ("time-micros", Kind::Long) => Logical::TimeMicros,
        ("timestamp-millis", Kind::Long) => timestamp(1_000, true),
        ("timestamp-micros", Kind::Long) => timestamp(1_000_000, true),
        ("timestamp-nanos", Kind::Long) => timestamp(1_000_000_000, true),
        ("local-timestamp-millis", Kind::Long) => timestamp(1_000, false),
        ("local-timestamp-micros", Kind::Long) => timestamp(1_000_000, false),
        ("local-timestamp-nanos", Kind::Long) => timestamp(1_000_000_000, false),
        ("duration", Kind::Fixed { size: 12, .. }) => Logical::Duration,
        _ => Logical::None,
    }
}

/// A decimal whose digits fit its bytes and Arrow's widest decimal, or none.
fn decimal_of(object: &Map<String, Value>, kind: &Kind) -> Logical {
    let number = |key: &str| object.get(key).and_then(Value::as_u64).and_then(|n| u8::try_from(n).ok());
    let scale = if object.contains_key("scale") { number("scale") } else { Some(0) };
    let (Some(precision), Some(scale)) = (number("precision"), scale) else { return Logical::None };
    let fits = match kind {
        // floor(log10(2^(8n - 1) - 1)), which log10 of the power gives but for a power of ten.
        Kind::Fixed { size, .. } => f64::from(precision) <= ((8.0 * *size as f64 - 1.0) * 2_f64.log10()).floor(),
        _ => true,
    };
    match fits && precision > 0 && scale <= precision && precision <= 76 {
        true => Logical::Decimal { precision, scale },
        false => Logical::None,
    }
}
