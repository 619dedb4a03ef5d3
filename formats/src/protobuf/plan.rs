//! Columns × message: which field each column is written as, decided once.

use arrow_schema::{DataType, Field, Fields, TimeUnit};
use laminar_schema::{ConfigError, EncodeError, SchemaError, SchemaResult, field, field::payload_key};

use super::catalog::{Catalog, FieldType, Kind, Label, Message, Presence, WellKnown};
use crate::cell::Cells;

/// How a column is written.
#[derive(Debug)]
pub(super) struct Plan {
    /// Place of the column.
    pub(super) column: usize,
    /// Message and place of the field.
    pub(super) message: u32,
    pub(super) field: usize,
    pub(super) name: String,
    pub(super) shape: Shape,
}

/// What a value is written as.
#[derive(Debug)]
pub(super) enum Shape {
    Scalar,
    Struct(Vec<Plan>),
    Timestamp(TimeUnit),
    Duration(TimeUnit),
    /// The one field of a message.
    Wrapper(u32),
    /// The paths of a field mask, from text with commas between them.
    Paths,
    List(Box<Shape>),
    /// The message of an entry, and what its value is.
    Map(u32, Box<Shape>),
}

impl Plan {
    /// The plans of a message's columns, in the order of the fields' numbers: that in which writers write them.
    ///
    /// # Errors
    /// A column without a field, or of another type; a required field without a column.
    pub(super) fn all(catalog: &Catalog, message: u32, columns: &Fields) -> SchemaResult<Vec<Self>> {
        let definition = catalog.message(message);
        let mut plans = Vec::with_capacity(columns.len());
        for (number, column) in columns.iter().enumerate() {
            let Some(index) = definition.field_of(payload_key(column)) else {
                return Err(no_field(definition, column.name()));
            };
            let f = &definition.fields[index];
            let shape = Shape::of_field(catalog, f, column).map_err(|e| e.in_field(column.name()))?;
            plans.push(Self { column: number, message, field: index, name: column.name().clone(), shape });
        }
        plans.sort_by_key(|plan| plan.field);
        for (index, f) in definition.fields.iter().enumerate() {
            if f.presence == Presence::Required && !plans.iter().any(|plan| plan.field == index) {
                return Err(no_column(definition, f));
            }
        }
        Ok(plans)
    }
}

impl Shape {
    fn of_field(catalog: &Catalog, f: &FieldType, column: &Field) -> SchemaResult<Self> {
        match (f.label, column.data_type()) {
            (Label::Singular, _) => Self::of_kind(catalog, f, column),
            (Label::Repeated, DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _)) => {
                Ok(Self::List(Box::new(Self::of_kind(catalog, f, item)?)))
            }
            (Label::Map, DataType::Map(entries, _)) => {
                let (Kind::Message(entry), DataType::Struct(pair)) = (f.kind, entries.data_type()) else {
                    return Err(unsupported(column));
                };
                let [key, value] = &catalog.message(entry).fields[..] else { return Err(unsupported(column)) };
                Self::of_kind(catalog, key, &pair[0])?;
                Ok(Self::Map(entry, Box::new(Self::of_kind(catalog, value, &pair[1])?)))
            }
            _ => Err(unsupported(column)),
        }
    }

    fn of_kind(catalog: &Catalog, f: &FieldType, column: &Field) -> SchemaResult<Self> {
        let data_type = match column.data_type() {
            DataType::Dictionary(_, value) => value,
            other => other,
        };
        if let Kind::Message(index) = f.kind {
            let message = catalog.message(index);
            return match (message.known, data_type) {
                (_, DataType::Struct(columns)) => Ok(Self::Struct(Plan::all(catalog, index, columns)?)),
                (Some(WellKnown::Timestamp), DataType::Timestamp(unit, Some(_))) => Ok(Self::Timestamp(*unit)),
                (Some(WellKnown::Duration), DataType::Duration(unit)) => Ok(Self::Duration(*unit)),
                (Some(WellKnown::Wrapper), _) if message.fields.len() == 1 => {
                    Self::of_kind(catalog, &message.fields[0], column)?;
                    Ok(Self::Wrapper(index))
                }
                (Some(WellKnown::FieldMask), DataType::Utf8) => Ok(Self::Paths),
                _ => Err(unsupported(column)),
            };
        }
        let is_text = matches!(data_type, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
        let fits = match f.kind {
            Kind::Double | Kind::Float => data_type.is_floating(),
            Kind::Bool => *data_type == DataType::Boolean,
            // What Protobuf has no type for has a usual text.
            Kind::String => {
                let has_own = matches!(data_type, DataType::Boolean | DataType::Null)
                    || data_type.is_integer()
                    || data_type.is_floating()
                    || data_type.is_nested()
                    || is_bytes(column);
                is_text || !has_own && Cells::carry(column)
            }
            Kind::Bytes => is_bytes(column),
            Kind::Enum(_) => is_text || data_type.is_integer(),
            _ => data_type.is_integer(),
        };
        if fits { Ok(Self::Scalar) } else { Err(unsupported(column)) }
    }
}

fn is_bytes(column: &Field) -> bool {
    match column.data_type() {
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => true,
        DataType::FixedSizeBinary(_) => !field::is_uuid(column),
        _ => false,
    }
}

#[cold]
fn unsupported(column: &Field) -> SchemaError {
    let help = "its field is of another type; cast it to what the definition says";
    EncodeError::UnsupportedType { format: super::NAME, data_type: column.data_type().clone(), help }.into()
}

#[cold]
fn no_field(message: &Message, column: &str) -> SchemaError {
    let names: Vec<&str> = message.fields.iter().take(20).map(|f| f.name.as_str()).collect();
    let expected = format!("a message with a field `{column}`");
    ConfigError::invalid("message", &message.full_name, expected, format!("it has {}", names.join(", "))).into()
}

#[cold]
fn no_column(message: &Message, f: &FieldType) -> SchemaError {
    let expected = format!("a column `{}`, which is required", f.name);
    ConfigError::invalid("message", &message.full_name, expected, "there is no such column").into()
}
