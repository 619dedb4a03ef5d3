//! Message × columns: what becomes of each field, decided once.

use arrow_schema::{DataType, Field, Fields};
use laminar_schema::{SchemaResult, field, field::payload_key, resolve::ResolveError, types::field_type_name};

use super::catalog::{Catalog, FieldType, Kind, Label, Message, WellKnown};

/// How a message fills the fields of a struct column, or of the record.
#[derive(Debug)]
pub(super) struct Binding {
    /// Number of the message in the catalog.
    pub(super) message: u32,
    /// Per column: the field that fills it.
    pub(super) sources: Vec<Option<Source>>,
    /// Per field of the message: whether a column wants it.
    pub(super) wanted: Vec<bool>,
}

/// A column's field, and what to do with it.
#[derive(Debug)]
pub(super) struct Source {
    /// Number of the field in its message.
    pub(super) index: usize,
    pub(super) action: Action,
}

/// What to do with a field's value.
#[derive(Debug)]
pub(super) enum Action {
    Scalar(Kind),
    /// A message of columns.
    Struct(Box<Binding>),
    /// JSON text of whatever the field is, all of it.
    Json,
    /// JSON text of one value of the field.
    JsonItem,
    Timestamp(u32),
    Duration(u32),
    /// The one field of a message.
    Wrapper(u32, Kind),
    /// The paths of a field mask, as one text.
    Paths(u32),
    /// The items of a list.
    List(Box<Action>),
    Map(Box<MapBinding>),
}

/// How entries fill a MAP column.
#[derive(Debug)]
pub(super) struct MapBinding {
    /// The message that an entry is.
    pub(super) entry: u32,
    pub(super) key: Kind,
    pub(super) value: Action,
}

impl Binding {
    /// How `message` fills `columns`. Those that are reserved are somebody else's to fill.
    ///
    /// # Errors
    /// [`ResolveError::UnsupportedType`] for a column that its field cannot fill whatever it holds, by its path.
    pub(super) fn new(
        catalog: &Catalog,
        message: u32,
        columns: &Fields,
        is_reserved: impl Fn(usize) -> bool,
    ) -> SchemaResult<Self> {
        let definition = catalog.message(message);
        let mut wanted = vec![false; definition.fields.len()];
        let mut sources = Vec::with_capacity(columns.len());
        for (number, column) in columns.iter().enumerate() {
            let index = definition.field_of(payload_key(column)).filter(|_| !is_reserved(number));
            let source = match index {
                Some(index) => {
                    wanted[index] = true;
                    let action = Action::of_field(catalog, definition, index, column);
                    Some(Source { index, action: action.map_err(|e| e.in_field(column.name()))? })
                }
                None => None,
            };
            sources.push(source);
        }
        Ok(Self { message, sources, wanted })
    }
}

impl Action {
    fn of_field(catalog: &Catalog, message: &Message, index: usize, column: &Field) -> SchemaResult<Self> {
        let f = &message.fields[index];
        if field::is_json(column) {
            return Ok(Self::Json);
        }
        match (f.label, column.data_type()) {
            (Label::Singular, _) => Self::of_kind(catalog, f, column),
            (
                Label::Repeated | Label::Map,
                DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _),
            ) => Ok(Self::List(Box::new(Self::of_kind(catalog, f, item)?))),
            (Label::Map, DataType::Map(entries, _)) => {
                let (Kind::Message(entry), DataType::Struct(pair)) = (f.kind, entries.data_type()) else {
                    return Err(unsupported(f, column));
                };
                let [_, value_column] = &pair[..] else { return Err(unsupported(f, column)) };
                let [key, value] = &catalog.message(entry).fields[..] else { return Err(unsupported(f, column)) };
                let action = Self::of_kind(catalog, value, value_column)?;
                Ok(Self::Map(Box::new(MapBinding { entry, key: key.kind, value: action })))
            }
            _ => Err(unsupported(f, column)),
        }
    }

    fn of_kind(catalog: &Catalog, f: &FieldType, column: &Field) -> SchemaResult<Self> {
        let Kind::Message(index) = f.kind else {
            return match column.data_type().is_nested() {
                false if field::is_json(column) => Ok(Self::JsonItem),
                false => Ok(Self::Scalar(f.kind)),
                true => Err(unsupported(f, column)),
            };
        };
        if field::is_json(column) {
            return Ok(Self::JsonItem);
        }
        let message = catalog.message(index);
        match (message.known, column.data_type()) {
            (_, DataType::Struct(columns)) => {
                Ok(Self::Struct(Box::new(Binding::new(catalog, index, columns, |_| false)?)))
            }
            (Some(WellKnown::Timestamp), DataType::Timestamp(..) | DataType::Utf8) => Ok(Self::Timestamp(index)),
            (Some(WellKnown::Duration), DataType::Duration(_) | DataType::Interval(_) | DataType::Utf8) => {
                Ok(Self::Duration(index))
            }
            (Some(WellKnown::Wrapper), data_type) if !data_type.is_nested() && message.fields.len() == 1 => {
                Ok(Self::Wrapper(index, message.fields[0].kind))
            }
            (Some(WellKnown::FieldMask), DataType::Utf8) if message.fields.len() == 1 => Ok(Self::Paths(index)),
            _ => Err(unsupported(f, column)),
        }
    }
}

#[cold]
fn unsupported(f: &FieldType, column: &Field) -> laminar_schema::SchemaError {
    let help = match (f.label, f.kind) {
        (Label::Map, _) => "a map fills a MAP, a list of its entries, or JSON",
        (Label::Repeated, _) => "a repeated field fills a list, or JSON",
        (_, Kind::Message(_)) => "a message fills a STRUCT or JSON, and those of Google what they stand for",
        _ => "a single value fills a column of one, or JSON",
    };
    ResolveError::UnsupportedType { column: column.name().clone(), data_type: field_type_name(column), help }.into()
}
