//! A writer's schema → columns.

use std::{collections::HashMap, sync::Arc};

use arrow_schema::{DataType, Field, Fields, IntervalUnit, Schema, SchemaRef, TimeUnit};
use laminar_schema::{
    ConfigError, SchemaResult,
    field::{DESCRIPTION_METADATA, SOURCE_TYPE_METADATA, json_field, uuid_field, with_metadata},
    inference::FieldMeta,
};

use super::types::{Type, TypeId, Types, Zone};

/// More columns than this are no table: records used in many places multiply.
const MAX_COLUMNS: usize = 1 << 16;

/// The columns of a record: a column per field, in the order in which they are declared.
///
/// # Errors
/// A schema that is no record's, or one of too many columns.
pub(super) fn schema_of(types: &Types) -> SchemaResult<SchemaRef> {
    let mut mapping = Mapping { types, open: Vec::new(), columns: 0 };
    match types.get(types.root) {
        Type::Record(record) if !record.fields.is_empty() => {
            mapping.open.push(types.root);
            let fields = record.fields.iter().map(|f| mapping.described(f)).collect::<SchemaResult<Vec<_>>>()?;
            Ok(Arc::new(Schema::new(fields)))
        }
        Type::Record(record) => {
            Err(ConfigError::invalid("schema", record.name.clone(), "a record with a field", "").into())
        }
        _ => {
            // A value that is no record is the one column of its row, as in other formats.
            let field = mapping.field("value", types.root)?;
            Ok(Arc::new(Schema::new(vec![field])))
        }
    }
}

/// What the schema says of its fields beyond Arrow's types.
pub(super) fn fields_of(types: &Types) -> HashMap<String, FieldMeta> {
    let Type::Record(record) = types.get(types.root) else { return HashMap::new() };
    let meta = |f: &super::types::RecordField| FieldMeta {
        description: f.doc.clone(),
        source_type: Some(f.source_type.clone()),
        ..FieldMeta::default()
    };
    record.fields.iter().map(|f| (f.name.clone(), meta(f))).collect()
}

struct Mapping<'t> {
    types: &'t Types,
    /// Records around the one that is looked at.
    open: Vec<TypeId>,
    columns: usize,
}

impl Mapping<'_> {
    fn described(&mut self, f: &super::types::RecordField) -> SchemaResult<Field> {
        let mut field = self.field(&f.name, f.ty).map_err(|e| e.in_field(&f.name))?;
        field = with_metadata(field, SOURCE_TYPE_METADATA, f.source_type.clone());
        Ok(match &f.doc {
            Some(doc) => with_metadata(field, DESCRIPTION_METADATA, doc.clone()),
            None => field,
        })
    }

    fn field(&mut self, name: &str, id: TypeId) -> SchemaResult<Field> {
        self.columns += 1;
        if self.columns > MAX_COLUMNS {
            let expected = "a record of at most 65536 columns, nested ones included";
            return Err(ConfigError::invalid("schema", name, expected, "declare those that you want").into());
        }
        let plain = |data_type| Ok(Field::new(name, data_type, false));
        match self.types.get(id) {
            Type::Null => Ok(Field::new(name, DataType::Null, true)),
            Type::Boolean => plain(DataType::Boolean),
            Type::Int => plain(DataType::Int32),
            Type::Long => plain(DataType::Int64),
            Type::Float => plain(DataType::Float32),
            Type::Double => plain(DataType::Float64),
            Type::Bytes => plain(DataType::Binary),
            Type::String => plain(DataType::Utf8),
            Type::Json => Ok(json_field(name, false)),
            Type::Uuid | Type::UuidBytes => Ok(uuid_field(name, false)),
            Type::Fixed(size) => plain(match i32::try_from(*size) {
                Ok(size) => DataType::FixedSizeBinary(size),
                Err(_) => DataType::LargeBinary,
            }),
            Type::Decimal { precision: precision @ ..=38, scale, .. } => {
                plain(DataType::Decimal128(*precision, *scale))
            }
            Type::Decimal { precision, scale, .. } => plain(DataType::Decimal256(*precision, *scale)),
            Type::Date => plain(DataType::Date32),
            Type::TimeMillis | Type::TimeMicros => plain(DataType::Time64(TimeUnit::Microsecond)),
            Type::Timestamp(unit, zone) => {
                plain(DataType::Timestamp(*unit, (*zone == Zone::Utc).then(|| "UTC".into())))
            }
            Type::Duration => plain(DataType::Interval(IntervalUnit::MonthDayNano)),
            Type::Enum(_) => plain(DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))),
            Type::Array(items) => plain(DataType::List(Arc::new(self.field("item", *items)?))),
            Type::Map(values) => {
                let pair = vec![Field::new("keys", DataType::Utf8, false), self.field("values", *values)?];
                let entries = Field::new("entries", DataType::Struct(Fields::from(pair)), false);
                plain(DataType::Map(Arc::new(entries), false))
            }
            Type::Record(record) => {
                // A struct of no fields cannot be written by most formats, and one of itself would have no end.
                if record.fields.is_empty() || self.open.contains(&id) {
                    return Ok(json_field(name, false));
                }
                self.open.push(id);
                let fields = record.fields.iter().map(|f| self.described(f)).collect::<SchemaResult<Vec<_>>>();
                self.open.pop();
                plain(DataType::Struct(fields?.into()))
            }
            Type::Union(branches) => {
                let mut values = branches.iter().filter(|b| !matches!(self.types.get(**b), Type::Null));
                let has_null = values.clone().count() < branches.len();
                match (values.next(), values.next()) {
                    (Some(only), None) => {
                        let field = self.field(name, *only)?;
                        let nullable = has_null || field.is_nullable();
                        Ok(field.with_nullable(nullable))
                    }
                    (None, _) => Ok(Field::new(name, DataType::Null, true)),
                    (Some(_), Some(_)) => Ok(json_field(name, has_null)),
                }
            }
        }
    }
}
