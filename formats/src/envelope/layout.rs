//! What is decoded of a record in an envelope, and where the columns of a row come from.

use std::sync::Arc;

use arrow_schema::{DataType, Field, FieldRef, Fields, Schema, SchemaRef, TimeUnit};
use laminar_schema::{
    ConfigError, SchemaResult, Wrapping,
    config::FormatSpec,
    field::{self, RESCUE_COLUMN, payload_key},
};

use super::options::{ConnectSchema, EnvelopeKind, EnvelopeOptions, Updates};

/// Key of Kafka Connect's wrapper that holds the message.
pub(super) const PAYLOAD: &str = "payload";
const SCHEMA: &str = "schema";
pub(super) const BEFORE: &str = "before";
pub(super) const AFTER: &str = "after";
const DATA: &str = "data";
const SOURCE: &str = "source";
const TRANSACTION: &str = "transaction";

/// What an envelope calls its parts.
struct Names {
    op: &'static str,
    before: &'static str,
    after: &'static str,
    time: &'static str,
    /// What else is known to stand there.
    more: &'static [&'static str],
}

const DEBEZIUM: Names =
    Names { op: "op", before: BEFORE, after: AFTER, time: "ts_ms", more: &[SOURCE, TRANSACTION, "ts_us", "ts_ns"] };

const MAXWELL: Names = Names {
    op: "type",
    before: "old",
    after: DATA,
    time: "ts",
    more: &[
        "database",
        "table",
        "xid",
        "xoffset",
        "commit",
        "position",
        "gtid",
        "server_id",
        "thread_id",
        "schema_id",
        "query",
        "primary_key",
        "primary_key_columns",
        "comment",
    ],
};

/// Where the values of an output column come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// A column of the row, by its index there; from the message key where no image has it.
    Row { column: usize, key: Option<usize> },
    /// A column of the message key alone, by its index there.
    Key(usize),
    /// What became of the row.
    Change,
    /// The time of the change.
    Time,
    /// A field of the envelope beside the row, by its index in [`Layout::beside`].
    Beside(usize),
    /// A column that the decoder fills for the whole record, by its index in the inner batch.
    Whole(usize),
}

/// A part of the inner batch that an envelope lies in: its columns, or those of its field `payload`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Top,
    Payload(usize),
}

/// What the inner decoder makes, and what becomes of it.
#[derive(Debug)]
pub(super) struct Layout {
    /// Schema of the inner decoder.
    pub(super) inner: SchemaRef,
    /// Where envelopes may lie in it.
    pub(super) places: Vec<Place>,
    /// One for each output column.
    pub(super) roles: Vec<Role>,
    /// Columns of a row.
    pub(super) row: Vec<FieldRef>,
    /// Number of fields beside the row, behind operation, images and time.
    pub(super) beside: usize,
    /// Columns that the message key has, in the order of its columns.
    pub(super) key: Vec<FieldRef>,
}

/// Formats that tell a field which a record lacks from one that is null, inside structs too.
const KNOWS_ABSENT: [&str; 2] = ["json", "msgpack"];

/// Columns of a place that changes lie in, in this order; fields beside the row follow.
pub(super) mod at {
    pub(in super::super) const OP: usize = 0;
    pub(in super::super) const BEFORE: usize = 1;
    pub(in super::super) const AFTER: usize = 2;
    pub(in super::super) const TIME: usize = 3;
    pub(in super::super) const BESIDE: usize = 4;
}

impl Layout {
    /// The layout of rows of `schema` in the envelope.
    ///
    /// # Errors
    /// Columns that contradict the options, or what an envelope can carry.
    pub(super) fn new(schema: &Schema, options: &EnvelopeOptions, format: &FormatSpec) -> SchemaResult<Self> {
        let mut layout = Self {
            inner: Arc::new(Schema::empty()),
            places: Vec::new(),
            roles: Vec::new(),
            row: Vec::new(),
            beside: 0,
            key: Vec::new(),
        };
        let key_names = options.key_columns.as_deref().unwrap_or_default();
        for name in key_names {
            match schema.fields().iter().find(|f| f.name() == name) {
                Some(f) => layout.key.push(Arc::clone(f)),
                None => return Err(invalid("key_columns", name, "a declared column", "there is no such column")),
            }
        }
        let mut wholes: Vec<(usize, FieldRef)> = Vec::new();
        let mut beside: Vec<Field> = Vec::new();
        for (index, column) in schema.fields().iter().enumerate() {
            let name = Some(column.name().as_str());
            let role = if name == Some(options.change_column.as_str()) {
                require(column, &change_field(options), "change_column")?;
                Role::Change
            } else if name == options.timestamp_column.as_deref() {
                require(column, &time_field(column.name()), "timestamp_column")?;
                Role::Time
            } else if name == options.source_column.as_deref() || name == options.transaction_column.as_deref() {
                let key = if name == options.source_column.as_deref() { SOURCE } else { TRANSACTION };
                let unnamed = without_key(column).with_name(key).with_nullable(true);
                beside.push(unnamed);
                Role::Beside(beside.len() - 1)
            } else if name == Some(RESCUE_COLUMN) || name == format.options.get("document_column") {
                wholes.push((index, Arc::clone(column)));
                Role::Whole(0)
            } else {
                let key = layout.key.iter().position(|k| k.name() == column.name());
                match (options.kind, key) {
                    // The value may hold them too, where nothing that it holds may be unknown.
                    (EnvelopeKind::Upsert, Some(key)) => {
                        if minds_unknown(format) {
                            layout.row.push(Arc::new(without_default(column).with_nullable(true)));
                        }
                        Role::Key(key)
                    }
                    _ => {
                        layout.row.push(Arc::clone(column));
                        Role::Row { column: layout.row.len() - 1, key }
                    }
                }
            };
            layout.roles.push(role);
        }
        layout.beside = beside.len();
        let mut top = match options.kind {
            EnvelopeKind::Upsert => layout.upsert(options, format)?,
            EnvelopeKind::Maxwell => {
                if layout.beside > 0 {
                    let reason = "records of ENVELOPE MAXWELL have neither";
                    return Err(invalid("source_column", "", "no columns of source and transaction", reason));
                }
                if options.updates == Updates::Both {
                    let reason = "ENVELOPE MAXWELL has the changed columns alone in `old`";
                    return Err(invalid("updates", "both", "after", reason));
                }
                layout.changes(&MAXWELL, options, format, &beside)?
            }
            EnvelopeKind::Debezium | EnvelopeKind::None => layout.changes(&DEBEZIUM, options, format, &beside)?,
        };
        for (output, whole) in wholes {
            layout.roles[output] = Role::Whole(top.len());
            top.push(whole);
        }
        layout.inner = Arc::new(Schema::new(top));
        Ok(layout)
    }

    fn changes(
        &mut self,
        names: &Names,
        options: &EnvelopeOptions,
        format: &FormatSpec,
        beside: &[Field],
    ) -> SchemaResult<Vec<FieldRef>> {
        let has_default = |f: &&FieldRef| field::default_expr(f).is_some();
        if let Some(column) =
            self.row.iter().find(has_default).filter(|_| !KNOWS_ABSENT.contains(&format.name.as_str()))
        {
            let default = field::default_expr(column).unwrap_or_default();
            let reason =
                format!("in an image, format {} does not tell an absent `{}` from null", format.name, column.name());
            return Err(ConfigError::invalid("DEFAULT", default, "a column without DEFAULT", reason).into());
        }
        let after: Fields = self.row.iter().cloned().collect();
        // An image before a change may be the key alone.
        let before: Fields = self.row.iter().map(|f| without_default(f).with_nullable(true)).collect();
        let mut fields = vec![
            Field::new(names.op, DataType::Utf8, true),
            Field::new(names.before, DataType::Struct(before), true),
            Field::new(names.after, DataType::Struct(after), true),
            Field::new(names.time, DataType::Int64, true),
        ];
        fields.extend(beside.iter().cloned());
        // What is known of the envelope is not unknown; see `unknown_fields`.
        let minds_unknown = minds_unknown(format);
        if minds_unknown {
            let left = names.more.iter().filter(|name| beside.iter().all(|f| f.name() != *name));
            fields.extend(left.map(|name| field::json_field(*name, true)));
        }
        let (top, payload) = match options.connect_schema {
            ConnectSchema::Auto => (true, format.name == "json" && options.kind == EnvelopeKind::Debezium),
            ConnectSchema::Absent => (true, false),
            ConnectSchema::Present => (false, true),
        };
        let mut columns: Vec<FieldRef> = Vec::new();
        if top {
            self.places.push(Place::Top);
            columns.extend(fields.iter().cloned().map(Arc::new));
        }
        if payload {
            self.places.push(Place::Payload(columns.len()));
            columns.push(Arc::new(Field::new(PAYLOAD, DataType::Struct(fields.into()), true)));
            if minds_unknown {
                columns.push(Arc::new(field::json_field(SCHEMA, true)));
            }
        }
        Ok(columns)
    }

    fn upsert(&mut self, options: &EnvelopeOptions, format: &FormatSpec) -> SchemaResult<Vec<FieldRef>> {
        if self.key.is_empty() {
            return Err(invalid(
                "key_columns",
                "",
                "columns that the message key holds",
                "ENVELOPE UPSERT needs the key of each row",
            ));
        }
        if self.beside > 0 || self.roles.contains(&Role::Time) {
            let reason = "messages of ENVELOPE UPSERT are rows, and nothing beside";
            return Err(invalid("source_column", "", "no columns of source, transaction and time", reason));
        }
        let columns = self.row.clone();
        if options.connect_schema != ConnectSchema::Present {
            self.places.push(Place::Top);
            return Ok(columns);
        }
        self.places.push(Place::Payload(0));
        let mut top = vec![Arc::new(Field::new(PAYLOAD, DataType::Struct(columns.into()), true))];
        if minds_unknown(format) {
            top.push(Arc::new(field::json_field(SCHEMA, true)));
        }
        Ok(top)
    }
}

/// How the envelope wraps rows, for the resolver.
pub(super) fn wrapping(options: &EnvelopeOptions) -> Wrapping {
    let rows = match options.kind {
        EnvelopeKind::Debezium => {
            vec![vec![AFTER], vec![BEFORE], vec![PAYLOAD, AFTER], vec![PAYLOAD, BEFORE]]
        }
        EnvelopeKind::Maxwell => vec![vec![MAXWELL.after], vec![MAXWELL.before]],
        EnvelopeKind::Upsert | EnvelopeKind::None => vec![vec![PAYLOAD]],
    };
    let rows = if options.kind == EnvelopeKind::Upsert && options.connect_schema != ConnectSchema::Present {
        Vec::new()
    } else {
        rows
    };
    let mut added = vec![change_field(options)];
    added.extend(options.timestamp_column.as_deref().map(time_field));
    let beside = [&options.source_column, &options.transaction_column];
    added.extend(beside.into_iter().flatten().map(|name| field::json_field(name, true)));
    Wrapping { rows, added }
}

fn change_field(options: &EnvelopeOptions) -> Field {
    Field::new(&options.change_column, DataType::Utf8, false)
}

fn time_field(name: &str) -> Field {
    Field::new(name, DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())), true)
}

/// A column that the user declares under the name of one of ours must have its type.
fn require(declared: &Field, ours: &Field, option: &str) -> SchemaResult<()> {
    if declared.data_type() == ours.data_type() && (declared.is_nullable() || !ours.is_nullable()) {
        return Ok(());
    }
    if declared.data_type() == ours.data_type() {
        return Err(invalid(option, declared.name(), "a column that may be null", "it is declared NOT NULL"));
    }
    let expected = format!("a column of type {}", laminar_schema::types::field_type_name(ours));
    let found = format!("it is declared {}", laminar_schema::types::field_type_name(declared));
    Err(invalid(option, declared.name(), expected, found))
}

fn invalid(
    option: &str,
    value: &str,
    expected: impl Into<String>,
    reason: impl Into<String>,
) -> laminar_schema::SchemaError {
    ConfigError::invalid(format!("envelope.{option}"), value, expected, reason).into()
}

fn minds_unknown(format: &FormatSpec) -> bool {
    format.options.get("unknown_fields").is_some_and(|word| !word.trim().eq_ignore_ascii_case("ignore"))
}

fn without_key(f: &Field) -> Field {
    let mut metadata = f.metadata().clone();
    metadata.remove(field::KEY_METADATA);
    f.clone().with_metadata(metadata)
}

pub(super) fn without_default(f: &Field) -> Field {
    let mut metadata = f.metadata().clone();
    metadata.remove(field::DEFAULT_METADATA);
    f.clone().with_metadata(metadata)
}

/// The columns that the message key is decoded into, and where they lie: the key's own, or those of its `payload`.
pub(super) fn of_key(key: &[FieldRef], options: &EnvelopeOptions, format: &FormatSpec) -> (SchemaRef, Vec<Place>) {
    let columns: Vec<FieldRef> = key.iter().map(|f| Arc::new(without_default(f).with_nullable(true))).collect();
    let has_payload = key.iter().any(|f| payload_key(f) == PAYLOAD);
    let (top, payload) = match options.connect_schema {
        ConnectSchema::Auto => (true, format.name == "json" && options.kind == EnvelopeKind::Debezium && !has_payload),
        ConnectSchema::Absent => (true, false),
        // A key that is taken whole is no message of its own.
        ConnectSchema::Present => (format.name == "raw", format.name != "raw"),
    };
    let wrapped = Arc::new(Field::new(PAYLOAD, DataType::Struct(columns.iter().cloned().collect()), true));
    let mut places = Vec::new();
    let mut fields = Vec::new();
    if top {
        places.push(Place::Top);
        fields.extend(columns);
    }
    if payload {
        places.push(Place::Payload(fields.len()));
        fields.push(wrapped);
        if minds_unknown(format) {
            fields.push(Arc::new(field::json_field(SCHEMA, true)));
        }
    }
    (Arc::new(Schema::new(fields)), places)
}
