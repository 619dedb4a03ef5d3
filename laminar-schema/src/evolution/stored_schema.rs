//! An Arrow schema as JSON, with everything that `==` sees.

use std::{collections::BTreeMap, sync::Arc};

use arrow_schema::{DataType, Field, FieldRef, Fields, Schema};
use serde::{Deserialize, Serialize};

use super::{diff::list_item, path};

/// How deep a stored schema may be nested. Each level is two of JSON, of which serde reads 128.
pub(super) const MAX_STORED_DEPTH: usize = 56;

/// Why a schema cannot be stored, or what was stored is none.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NotStorable {
    /// Path of the field.
    pub(super) path: String,
    /// What is wrong with it.
    pub(super) reason: String,
}

/// A schema.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StoredSchema {
    fields: Vec<StoredField>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    metadata: BTreeMap<String, String>,
}

/// A field: a type of one word, or a container with what it contains.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredField {
    name: String,
    r#type: String,
    nullable: bool,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    metadata: BTreeMap<String, String>,
    /// Length of a list of fixed size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    length: Option<i32>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    fields: Vec<StoredField>,
}

impl StoredSchema {
    pub(super) fn of(schema: &Schema) -> Result<Self, NotStorable> {
        let fields = schema.fields().iter().map(|f| StoredField::of("", f, 1)).collect::<Result<_, _>>()?;
        Ok(Self { fields, metadata: schema.metadata().clone().into_iter().collect() })
    }

    pub(super) fn to_schema(&self) -> Result<Schema, NotStorable> {
        let fields = self.fields.iter().map(|f| f.to_field("")).collect::<Result<Vec<_>, _>>()?;
        Ok(Schema::new_with_metadata(fields, self.metadata.clone().into_iter().collect()))
    }
}

impl StoredField {
    fn of(parent: &str, field: &Field, depth: usize) -> Result<Self, NotStorable> {
        let path = path::child(parent, field.name());
        if depth > MAX_STORED_DEPTH {
            let reason = format!("expected at most {MAX_STORED_DEPTH} levels of nesting, found more");
            return Err(NotStorable { path, reason });
        }
        let data_type = field.data_type();
        let mut length = None;
        let name = match data_type {
            DataType::Struct(_) => "struct",
            DataType::List(_) => "list",
            DataType::LargeList(_) => "large_list",
            DataType::ListView(_) => "list_view",
            DataType::LargeListView(_) => "large_list_view",
            DataType::FixedSizeList(_, n) => {
                length = Some(*n);
                "fixed_size_list"
            }
            DataType::Map(_, false) => "map",
            DataType::Map(_, true) => "sorted_map",
            _ => "",
        };
        let parts: Vec<&FieldRef> = match data_type {
            DataType::Struct(fields) => fields.iter().collect(),
            DataType::Map(entries, _) => vec![entries],
            other => list_item(other).into_iter().collect(),
        };
        let r#type = if name.is_empty() { spelled(&path, data_type)? } else { name.to_owned() };
        Ok(Self {
            name: field.name().clone(),
            r#type,
            nullable: field.is_nullable(),
            metadata: field.metadata().clone().into_iter().collect(),
            length,
            fields: parts.into_iter().map(|f| Self::of(&path, f, depth + 1)).collect::<Result<_, _>>()?,
        })
    }

    fn to_field(&self, parent: &str) -> Result<Field, NotStorable> {
        let path = path::child(parent, &self.name);
        let fields = self.fields.iter().map(|f| f.to_field(&path)).collect::<Result<Vec<_>, _>>()?;
        let wrong = |reason: String| NotStorable { path: path.clone(), reason };
        let one = || match &fields[..] {
            [only] => Ok(Arc::new(only.clone())),
            all => Err(wrong(format!("expected one field in a {}, found {}", self.r#type, all.len()))),
        };
        let data_type = match self.r#type.as_str() {
            "struct" => DataType::Struct(Fields::from(fields.clone())),
            "list" => DataType::List(one()?),
            "large_list" => DataType::LargeList(one()?),
            "list_view" => DataType::ListView(one()?),
            "large_list_view" => DataType::LargeListView(one()?),
            "fixed_size_list" => match self.length {
                Some(length) if length >= 0 => DataType::FixedSizeList(one()?, length),
                found => return Err(wrong(format!("expected a length of at least 0, found {found:?}"))),
            },
            "map" | "sorted_map" => {
                let entries = one()?;
                match entries.data_type() {
                    DataType::Struct(parts) if parts.len() == 2 => DataType::Map(entries, self.r#type == "sorted_map"),
                    other => return Err(wrong(format!("expected a struct of key and value in a map, found {other}"))),
                }
            }
            text => text.parse().map_err(|_| wrong(format!("expected an Arrow type, found `{text}`")))?,
        };
        Ok(Field::new(&self.name, data_type, self.nullable).with_metadata(self.metadata.clone().into_iter().collect()))
    }
}

/// A type that is no container, as Arrow writes and reads it.
fn spelled(path: &str, data_type: &DataType) -> Result<String, NotStorable> {
    let text = data_type.to_string();
    match text.parse::<DataType>() {
        Ok(read) if read == *data_type => Ok(text),
        _ => Err(NotStorable { path: path.to_owned(), reason: format!("type {text} cannot be stored") }),
    }
}

#[cfg(test)]
mod tests {
    use arrow_schema::{IntervalUnit, TimeUnit};

    use super::*;

    #[test]
    fn every_type_comes_back() {
        use DataType::*;
        let mut types = vec![
            Null,
            Boolean,
            Int8,
            UInt64,
            Float16,
            Float64,
            Utf8,
            LargeUtf8,
            Utf8View,
            Binary,
            LargeBinary,
            BinaryView,
            FixedSizeBinary(16),
            Date32,
            Date64,
            Decimal32(9, 2),
            Decimal64(18, 2),
            Decimal128(38, 10),
            Decimal256(76, 38),
        ];
        types.push(Dictionary(Box::new(Int32), Box::new(LargeUtf8)));
        for unit in [TimeUnit::Second, TimeUnit::Millisecond, TimeUnit::Microsecond, TimeUnit::Nanosecond] {
            types.extend([Timestamp(unit, None), Timestamp(unit, Some("Europe/Berlin".into())), Duration(unit)]);
        }
        types.extend([Time32(TimeUnit::Second), Time64(TimeUnit::Nanosecond)]);
        types.extend([IntervalUnit::YearMonth, IntervalUnit::DayTime, IntervalUnit::MonthDayNano].map(Interval));
        let item = || Arc::new(Field::new("item \"q\"", Int32, false));
        types.extend([
            List(item()),
            LargeList(item()),
            ListView(item()),
            LargeListView(item()),
            FixedSizeList(item(), 3),
        ]);
        let parts = Fields::from(vec![Field::new("k", Utf8, false), Field::new("v", List(item()), true)]);
        let entries = Arc::new(Field::new("entries", Struct(parts), false));
        types.extend([Map(Arc::clone(&entries), true), Map(entries, false), Struct(Fields::empty())]);
        for data_type in types {
            let schema = Schema::new(vec![crate::field::with_metadata(Field::new("c", data_type, true), "k", "v")]);
            let text = serde_json::to_string(&StoredSchema::of(&schema).expect("storable")).expect("JSON");
            let stored: StoredSchema = serde_json::from_str(&text).expect("JSON");
            assert_eq!(stored.to_schema(), Ok(schema), "{text}");
        }
    }

    #[test]
    fn what_is_too_deep_is_refused() {
        let nested = |levels| {
            let wrap = |t, _| DataType::List(Arc::new(Field::new_list_field(t, true)));
            Schema::new(vec![Field::new("c", (1..levels).fold(DataType::Int8, wrap), true)])
        };
        let deepest = StoredSchema::of(&nested(MAX_STORED_DEPTH)).expect("storable");
        let text = serde_json::to_string(&[[[[deepest.clone()]]]]).expect("JSON");
        assert_eq!(serde_json::from_str::<[[[[StoredSchema; 1]; 1]; 1]; 1]>(&text).ok(), Some([[[[deepest]]]]));
        let error = StoredSchema::of(&nested(MAX_STORED_DEPTH + 1)).map(drop).unwrap_err();
        assert!(error.reason.contains("at most 56 levels"), "{error:?}");
    }

    #[test]
    fn a_type_is_stored_as_it_is_or_refused() {
        let part = |name: &str| Arc::new(Field::new(name, DataType::Int32, true));
        let fields = [(0, part("a"))].into_iter().collect();
        let union = DataType::Union(fields, arrow_schema::UnionMode::Sparse);
        let runs = DataType::RunEndEncoded(part("run_ends"), part("values"));
        for data_type in
            [union, runs, DataType::Dictionary(Box::new(DataType::Int8), Box::new(DataType::List(part("x"))))]
        {
            let schema = Schema::new(vec![Field::new("c", data_type.clone(), true)]);
            match StoredSchema::of(&schema) {
                Err(error) => assert_eq!(error.path, "c"),
                Ok(stored) => assert_eq!(stored.to_schema(), Ok(schema), "{data_type}"),
            }
        }
    }
}
