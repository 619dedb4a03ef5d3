//! A schema with the fields of a record that it lacks.

use std::sync::Arc;

use arrow_schema::{DataType, Field, FieldRef, Fields};

use crate::field::{self, KEY_METADATA};

/// The current fields, and behind them those of `first` that are not among them, with their types in `all`. Whatever is new
/// is nullable: records before it had none.
pub(super) fn merged(current: &Fields, first: &Fields, all: &Fields, prefix: &str) -> Fields {
    let mut fields: Vec<FieldRef> = current.iter().cloned().collect();
    for found in first {
        let key = field::payload_key(found);
        let widest = all.iter().find(|f| field::payload_key(f) == key).unwrap_or(found);
        match fields.iter_mut().find(|f| field::payload_key(f) == key) {
            Some(known) => {
                if let Some(data_type) = grown(known.data_type(), found.data_type(), widest.data_type()) {
                    *known = Arc::new(known.as_ref().clone().with_data_type(data_type));
                }
            }
            None => {
                let added = nullable(widest);
                let name = format!("{prefix}{}", added.name());
                let added = match prefix.is_empty() {
                    true => added,
                    false => field::with_metadata(added.with_name(name), KEY_METADATA, key),
                };
                fields.push(Arc::new(added));
            }
        }
    }
    fields.into()
}

/// A type with the nested fields that it lacks; `None` where it lacks none.
fn grown(known: &DataType, first: &DataType, all: &DataType) -> Option<DataType> {
    let within = |known: &FieldRef, first: &FieldRef, all: &FieldRef| {
        let data_type = grown(known.data_type(), first.data_type(), all.data_type())?;
        Some(Arc::new(known.as_ref().clone().with_data_type(data_type)))
    };
    match (known, first) {
        (DataType::Struct(known), DataType::Struct(first)) => {
            let all = if let DataType::Struct(all) = all { all } else { first };
            let fields = merged(known, first, all, "");
            (fields != *known).then_some(DataType::Struct(fields))
        }
        (DataType::List(known), DataType::List(first)) => {
            let all = if let DataType::List(all) = all { all } else { first };
            within(known, first, all).map(DataType::List)
        }
        (DataType::Map(known, sorted), DataType::Map(first, _)) => {
            let all = if let DataType::Map(all, _) = all { all } else { first };
            let parts = [known, first, all].map(|entries| match entries.data_type() {
                DataType::Struct(parts) if parts.len() == 2 => Some((&parts[0], &parts[1])),
                _ => None,
            });
            let [Some((key, known_value)), Some((_, first)), Some((_, all))] = parts else { return None };
            let value = within(known_value, first, all)?;
            let entries = Field::clone(known).with_data_type(DataType::Struct(vec![Arc::clone(key), value].into()));
            Some(DataType::Map(Arc::new(entries), *sorted))
        }
        _ => None,
    }
}

/// A new field: it and every field in it may be null, and one that has been nothing else yet may become anything.
fn nullable(field: &Field) -> Field {
    let within = |f: &FieldRef| Arc::new(nullable(f));
    let data_type = match field.data_type() {
        DataType::Null => return field::json_field(field.name(), true),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(within).collect()),
        DataType::List(item) => DataType::List(within(item)),
        // Keys and entries of a map are never null.
        other => other.clone(),
    };
    field.clone().with_data_type(data_type).with_nullable(true)
}
