//! What columns a schema stands for.

use std::sync::Arc;

use arrow_schema::{DataType, Field, Fields, IntervalUnit, Schema as ArrowSchema, TimeUnit};
use laminar_schema::{ResolveError, SchemaResult, field};

use super::{
    options::{AvroOptions, Enums, Recursion, Unions, UnreadFields},
    schema::{Kind, Logical, NodeId, Schema},
};

use crate::policy::TypeMismatch;

/// The column of values that are no records.
pub(super) const VALUE_COLUMN: &str = "value";

/// Most columns, nested ones included: a short schema whose records name each other may stand for any number.
const MAX_COLUMNS: usize = 1 << 16;

/// Most records inside each other.
const MAX_DEPTH: usize = 100;

/// Yields the columns that records of a schema fill, with nothing lost.
///
/// # Errors
/// A type that contains itself, under `recursion = 'reject'`.
pub(super) fn arrow_schema_of(schema: &Schema, options: &AvroOptions) -> SchemaResult<ArrowSchema> {
    let mut mapping = Mapping { schema, options, open: Vec::new(), num_columns: 0 };
    let mut fields = match schema.kind(schema.root()) {
        Kind::Record { .. } => mapping.fields(schema.root())?,
        _ => vec![mapping.field(VALUE_COLUMN, schema.root())?],
    };
    let rescues = options.type_mismatch == TypeMismatch::Rescue || options.unknown_fields == UnreadFields::Rescue;
    if rescues && !fields.iter().any(|f| f.name() == field::RESCUE_COLUMN) {
        fields.push(field::json_field(field::RESCUE_COLUMN, true));
    }
    Ok(ArrowSchema::new(fields))
}

struct Mapping<'a> {
    schema: &'a Schema,
    options: &'a AvroOptions,
    /// Records around the place that is looked at.
    open: Vec<NodeId>,
    num_columns: usize,
}

impl Mapping<'_> {
    fn fields(&mut self, record: NodeId) -> SchemaResult<Vec<Field>> {
        let schema = self.schema;
        let Kind::Record { fields, .. } = schema.kind(record) else { return Ok(Vec::new()) };
        self.open.push(record);
        let mapped = fields.iter().map(|f| {
            let mut column = self.field(f.key(), f.node).map_err(|e| e.in_field(f.key()))?;
            if let Some(doc) = &f.doc {
                column = field::with_metadata(column, field::DESCRIPTION_METADATA, doc);
            }
            Ok(column)
        });
        let mapped = mapped.collect();
        self.open.pop();
        mapped
    }

    fn field(&mut self, name: &str, id: NodeId) -> SchemaResult<Field> {
        let schema = self.schema;
        self.num_columns += 1;
        if self.num_columns > MAX_COLUMNS || self.open.len() > MAX_DEPTH {
            return Err(ResolveError::UnsupportedType {
                column: name.to_owned(),
                data_type: schema.shown(id),
                help: "records that name each other are more columns than a table should have; declare the column as JSON",
            }
            .into());
        }
        let (nullable, id) = match schema.kind(id) {
            Kind::Union(branches) => {
                let values: Vec<NodeId> =
                    branches.iter().copied().filter(|b| !matches!(schema.kind(*b), Kind::Null)).collect();
                let nullable = values.len() < branches.len();
                match values[..] {
                    [] => return Ok(Field::new(name, DataType::Null, true)),
                    [only] => (nullable, only),
                    _ => return self.union(name, &values, nullable),
                }
            }
            Kind::Null => return Ok(Field::new(name, DataType::Null, true)),
            _ => (false, id),
        };
        if self.open.contains(&id) {
            return match self.options.recursion {
                Recursion::Json => Ok(source_type(field::json_field(name, nullable), schema, id)),
                Recursion::Reject => Err(ResolveError::UnsupportedType {
                    column: name.to_owned(),
                    data_type: format!("{}, which contains itself", schema.shown(id)),
                    help: "set `recursion` to 'json' to read it as JSON from there on",
                }
                .into()),
            };
        }
        let column = match (schema.kind(id), schema.node(id).logical) {
            (_, Logical::Uuid) => field::uuid_field(name, nullable),
            (_, Logical::Json) => field::json_field(name, nullable),
            _ => Field::new(name, self.data_type(id)?, nullable),
        };
        Ok(source_type(column, schema, id))
    }

    fn data_type(&mut self, id: NodeId) -> SchemaResult<DataType> {
        let schema = self.schema;
        let node = schema.node(id);
        Ok(match (&node.kind, node.logical) {
            (_, Logical::Date) => DataType::Date32,
            (_, Logical::TimeMillis) => DataType::Time32(TimeUnit::Millisecond),
            (_, Logical::TimeMicros) => DataType::Time64(TimeUnit::Microsecond),
            (_, Logical::Timestamp { per_second, is_instant }) => {
                let unit = match per_second {
                    1_000 => TimeUnit::Millisecond,
                    1_000_000 => TimeUnit::Microsecond,
                    _ => TimeUnit::Nanosecond,
                };
                DataType::Timestamp(unit, is_instant.then(|| "UTC".into()))
            }
            (_, Logical::Decimal { precision, scale }) if precision > 38 => {
                DataType::Decimal256(precision, scale as i8)
            }
            (_, Logical::Decimal { precision, scale }) => DataType::Decimal128(precision, scale as i8),
            // Each value has a scale of its own, which no column of decimals has.
            (_, Logical::BigDecimal) => DataType::Utf8,
            (_, Logical::Duration) => DataType::Interval(IntervalUnit::MonthDayNano),
            (Kind::Null, _) => DataType::Null,
            (Kind::Boolean, _) => DataType::Boolean,
            (Kind::Int, _) => DataType::Int32,
            (Kind::Long, _) => DataType::Int64,
            (Kind::Float, _) => DataType::Float32,
            (Kind::Double, _) => DataType::Float64,
            (Kind::Bytes, _) => DataType::Binary,
            (Kind::String, _) => DataType::Utf8,
            // Its size is below 2^31: `Schema::parse` sees to it.
            (Kind::Fixed { size, .. }, _) => DataType::FixedSizeBinary(*size as i32),
            (Kind::Enum { .. }, _) => match self.options.enums {
                Enums::Dictionary => DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)),
                Enums::Text => DataType::Utf8,
            },
            (Kind::Array(item), _) => {
                DataType::List(Arc::new(self.field("item", *item).map_err(|e| e.in_field("[]"))?))
            }
            (Kind::Map(value), _) => {
                let value = self.field("values", *value).map_err(|e| e.in_field("[]"))?;
                let pair = Fields::from(vec![Field::new("keys", DataType::Utf8, false), value]);
                DataType::Map(Arc::new(Field::new("entries", DataType::Struct(pair), false)), false)
            }
            (Kind::Record { .. }, _) => DataType::Struct(self.fields(id)?.into()),
            // `field` takes unions apart, and none stands directly in another.
            (Kind::Union(_), _) => DataType::Null,
        })
    }

    /// A union of several types that are not null.
    fn union(&mut self, name: &str, branches: &[NodeId], nullable: bool) -> SchemaResult<Field> {
        if self.options.unions == Unions::Json {
            return Ok(field::json_field(name, nullable));
        }
        let members = branches.iter().map(|b| {
            let member = self.schema.branch_name(*b);
            // Only one of them holds a value.
            self.field(member, *b).map(|f| f.with_nullable(true)).map_err(|e| e.in_field(member))
        });
        let members = members.collect::<SchemaResult<Vec<_>>>()?;
        let column = Field::new(name, DataType::Struct(members.into()), nullable);
        Ok(field::with_metadata(column, field::SOURCE_TYPE_METADATA, "union"))
    }
}

fn source_type(column: Field, schema: &Schema, id: NodeId) -> Field {
    let node = schema.node(id);
    let word = match node.logical {
        Logical::BigDecimal => "big-decimal".to_owned(),
        Logical::Duration => "duration".to_owned(),
        Logical::Decimal { .. } => format!("decimal in {}", node.kind.word()),
        _ => match &node.kind {
            Kind::Fixed { .. } | Kind::Enum { .. } | Kind::Record { .. } => schema.shown(id),
            // The column's type says it all.
            _ => return with_doc(column, node.doc.as_deref()),
        },
    };
    with_doc(field::with_metadata(column, field::SOURCE_TYPE_METADATA, &word), node.doc.as_deref())
}

fn with_doc(column: Field, doc: Option<&str>) -> Field {
    match doc {
        Some(doc) => field::with_metadata(column, field::DESCRIPTION_METADATA, doc),
        None => column,
    }
}
