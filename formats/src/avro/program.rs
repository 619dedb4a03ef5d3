//! A writer's schema against the columns, resolved once: what is read into which column, and what is passed over.

use arrow_schema::{DataType, Field, Fields, IntervalUnit};
use laminar_schema::{ConfigError, SchemaError, SchemaResult, field, types::field_type_name};

use super::{
    arrow_schema::is_text,
    types::{Record, Type, TypeId, Types},
};

/// How datums of one writer's schema become rows.
#[derive(Debug)]
pub(super) struct Program {
    pub(super) types: Types,
    pub(super) root: Root,
}

/// What a datum is.
#[derive(Debug)]
pub(super) enum Root {
    /// A record, whose fields are columns.
    Record(RecordPlan),
    /// Another value, which is the one column.
    Value(Action),
}

/// The fields of a record in the order in which they are written.
#[derive(Debug)]
pub(super) struct RecordPlan {
    pub(super) steps: Vec<Step>,
    /// Columns that no field fills.
    pub(super) absent: Vec<usize>,
}

#[derive(Debug)]
pub(super) enum Step {
    Read { column: usize, action: Action },
    Skip(TypeId),
}

/// What becomes of a value.
#[derive(Debug)]
pub(super) enum Action {
    /// One value into one column.
    Scalar(TypeId),
    /// Any value, as JSON text.
    Json(TypeId),
    List(Box<Action>),
    Map(Box<Action>),
    Struct(RecordPlan),
    /// By the branch; null has none.
    Union(Vec<Option<Action>>),
}

impl Program {
    /// Resolves `schema`, as JSON text, against columns.
    ///
    /// # Errors
    /// A text that is no schema; a column that its field cannot fill, by its path; a NOT NULL column without a field and
    /// without a DEFAULT.
    pub(super) fn new(schema: &str, fields: &Fields) -> SchemaResult<Self> {
        let types = Types::of(schema)?;
        let resolver = Resolver { types: &types };
        let root = match types.get(types.root) {
            Type::Record(record) => Root::Record(resolver.record(record, fields)?),
            _ => match &fields[..] {
                [only] => Root::Value(resolver.action(types.root, only).map_err(|e| e.in_field(only.name()))?),
                _ => return Err(resolver.misfit(types.root, "a record, or one column for the value")),
            },
        };
        Ok(Self { types, root })
    }
}

struct Resolver<'t> {
    types: &'t Types,
}

impl Resolver<'_> {
    fn record(&self, record: &Record, fields: &Fields) -> SchemaResult<RecordPlan> {
        let mut filled = vec![false; fields.len()];
        let mut steps = Vec::with_capacity(record.fields.len());
        for written in &record.fields {
            let column = fields.iter().position(|f| field::payload_key(f) == written.name);
            steps.push(match column.filter(|c| !filled[*c]) {
                Some(column) => {
                    filled[column] = true;
                    let f = &fields[column];
                    let action = self.action(written.ty, f).map_err(|e| e.in_field(&written.name))?;
                    Step::Read { column, action }
                }
                None => Step::Skip(written.ty),
            });
        }
        let absent: Vec<usize> = (0..fields.len()).filter(|c| !filled[*c]).collect();
        let required =
            absent.iter().map(|c| &fields[*c]).find(|f| !f.is_nullable() && field::default_expr(f).is_none());
        match required {
            Some(f) => {
                let reason = "the writer has no such field; give the column a DEFAULT, or drop NOT NULL";
                let expected = format!("a field for {} NOT NULL", field_type_name(f));
                Err(SchemaError::from(ConfigError::invalid("schema", record.name.clone(), expected, reason))
                    .in_field(field::payload_key(f)))
            }
            None => Ok(RecordPlan { steps, absent }),
        }
    }

    fn action(&self, id: TypeId, f: &Field) -> SchemaResult<Action> {
        let boxed = |id: TypeId, f: &Field| self.action(id, f).map(Box::new).map_err(|e| e.in_field("[]"));
        match (self.types.get(id), f.data_type()) {
            (Type::Json, _) if field::is_json(f) => Ok(Action::Scalar(id)),
            (Type::Union(branches), _) => {
                let branch = |id: &TypeId| match self.types.get(*id) {
                    Type::Null => Ok(None),
                    _ => self.action(*id, f).map(Some),
                };
                Ok(Action::Union(branches.iter().map(branch).collect::<SchemaResult<_>>()?))
            }
            (Type::Null, _) if f.is_nullable() => Ok(Action::Scalar(id)),
            _ if field::is_json(f) => Ok(Action::Json(id)),
            (
                Type::Array(items),
                DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _),
            ) => boxed(*items, item).map(Action::List),
            (Type::Map(values), DataType::Map(entries, _)) => match entries.data_type() {
                DataType::Struct(pair) if pair.len() == 2 && is_text(pair[0].data_type()) => {
                    boxed(*values, &pair[1]).map(Action::Map)
                }
                _ => Err(self.misfit(id, "a MAP with keys of VARCHAR")),
            },
            (Type::Record(record), DataType::Struct(fields)) => self.record(record, fields).map(Action::Struct),
            (written, column) if fits(written, column) => Ok(Action::Scalar(id)),
            _ => Err(self.misfit(id, &format!("a type that {} can take", field_type_name(f)))),
        }
    }

    #[cold]
    fn misfit(&self, id: TypeId, expected: &str) -> SchemaError {
        let reason = "declare the column with the type that the writer has, or as JSON";
        ConfigError::invalid("schema", name_of(self.types.get(id)), expected, reason).into()
    }
}

/// Whether some values of a type fit a column: those that do not are rejected one by one.
fn fits(written: &Type, column: &DataType) -> bool {
    let is_text = is_text(column);
    let is_bytes = matches!(column, DataType::Binary | DataType::LargeBinary | DataType::FixedSizeBinary(_));
    match written {
        Type::Null => false,
        Type::Boolean => *column == DataType::Boolean,
        Type::Int | Type::Long => column.is_numeric(),
        Type::Float | Type::Double => column.is_numeric() && !column.is_decimal(),
        Type::Bytes => is_bytes || is_text,
        Type::String | Type::Json => is_text || matches!(column, DataType::Binary | DataType::LargeBinary),
        Type::Uuid => is_text || *column == DataType::FixedSizeBinary(16),
        Type::Fixed(_) | Type::UuidBytes => is_bytes,
        Type::Decimal { .. } => column.is_numeric(),
        Type::Date => matches!(column, DataType::Date32 | DataType::Date64),
        Type::TimeMillis | Type::TimeMicros => matches!(column, DataType::Time32(_) | DataType::Time64(_)),
        Type::Timestamp(..) => matches!(column, DataType::Timestamp(..)),
        Type::Duration => *column == DataType::Interval(IntervalUnit::MonthDayNano),
        Type::Enum(_) => is_text,
        Type::Array(_) | Type::Map(_) | Type::Record(_) | Type::Union(_) => false,
    }
}

/// A type in the words of its schema.
pub(super) fn name_of(ty: &Type) -> String {
    match ty {
        Type::Null => "null",
        Type::Boolean => "boolean",
        Type::Int => "int",
        Type::Long => "long",
        Type::Float => "float",
        Type::Double => "double",
        Type::Bytes => "bytes",
        Type::String | Type::Json => "string",
        Type::Uuid | Type::UuidBytes => "uuid",
        Type::Fixed(size) => return format!("fixed({size})"),
        Type::Decimal { precision, scale, .. } => return format!("decimal({precision},{scale})"),
        Type::Date => "date",
        Type::TimeMillis => "time-millis",
        Type::TimeMicros => "time-micros",
        Type::Timestamp(..) => "timestamp",
        Type::Duration => "duration",
        Type::Enum(_) => "enum",
        Type::Array(_) => "array",
        Type::Map(_) => "map",
        Type::Record(record) => return format!("record {}", record.name),
        Type::Union(_) => "union",
    }
    .to_owned()
}
