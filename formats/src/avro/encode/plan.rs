//! Columns against the schema to write with, resolved once: what of a row the schemas alone decide.

use arrow_schema::{DataType, Field, Fields, IntervalUnit, TimeUnit};
use laminar_schema::{ConfigError, SchemaError, SchemaResult, field, types::field_type_name};
use serde_json::Value;

use crate::avro::{
    arrow_schema::{NAME_PROPERTY, is_text},
    names::{Names, Node},
};

/// How a column is written.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) name: String,
    /// What is written in front of a null, and of a value, where the type is a union.
    pub(super) union: Option<Branches>,
    pub(super) kind: Kind,
}

/// Places in a union.
#[derive(Debug, Clone, Copy)]
pub(super) struct Branches {
    pub(super) null: Option<i64>,
    pub(super) value: Option<i64>,
}

/// How a value is written.
#[derive(Debug)]
pub(super) enum Kind {
    /// As Arrow has it: the type of the array says how.
    Plain,
    /// As 4 or 8 bytes of a float.
    Float,
    Double,
    /// Bytes without a length before them.
    Fixed,
    /// The unscaled number, in the fewest bytes behind their length, or in so many.
    Decimal(Option<usize>),
    UuidText,
    /// A count of units: multiplied, then divided without a rest.
    Scaled {
        times: i64,
        by: i64,
    },
    Duration,
    /// The symbol's place.
    Enum(Vec<String>),
    List(Box<Plan>),
    Map(Box<Plan>),
    /// Each of the record's fields: the column's place, and its plan. A field without a column is null.
    Record(Vec<(Option<usize>, Plan)>),
}

/// The plan of a row.
///
/// # Errors
/// A schema that is no record's, or that values of a column may not fit.
pub(super) fn plan_of(fields: &Fields, schema: &Value) -> SchemaResult<Vec<(Option<usize>, Plan)>> {
    let (names, root) = Names::of(schema);
    let root = names.resolved(root);
    if root.kind() != "record" {
        return Err(refused(root, "a record, whose fields are the columns"));
    }
    Resolver { names }.record(fields, root)
}

struct Resolver<'s> {
    names: Names<'s>,
}

impl<'s> Resolver<'s> {
    fn record(&self, fields: &Fields, node: Node<'s>) -> SchemaResult<Vec<(Option<usize>, Plan)>> {
        let mut plans = Vec::new();
        let mut used = vec![false; fields.len()];
        for (object, node) in node.fields() {
            let name = object.get("name").and_then(Value::as_str).unwrap_or("");
            let original = object.get(NAME_PROPERTY).and_then(Value::as_str).unwrap_or(name);
            let column = fields.iter().position(|f| field::payload_key(f) == original);
            let plan = match column {
                Some(index) => {
                    used[index] = true;
                    let f = &fields[index];
                    self.column(f, node).map_err(|e| e.in_field(f.name()))?
                }
                None => Self::absent(name, node).map_err(|e| e.in_field(name))?,
            };
            plans.push((column, plan));
        }
        match used.iter().position(|used| !used) {
            Some(index) => {
                let expected = "a schema with a field for each column";
                let reason = "add the field, or leave the column out";
                let name = field::payload_key(&fields[index]);
                Err(SchemaError::from(ConfigError::invalid("schema", format!("no field `{name}`"), expected, reason))
                    .in_field(name))
            }
            None => Ok(plans),
        }
    }

    /// A field without a column.
    fn absent(name: &str, node: Node<'s>) -> SchemaResult<Plan> {
        let null = match node.kind() {
            "null" => Some(None),
            "union" => node.branches().position(|b| b.kind() == "null").map(|index| Some(index as i64)),
            _ => None,
        };
        match null {
            Some(null) => {
                let union = null.map(|null| Branches { null: Some(null), value: None });
                Ok(Plan { name: name.to_owned(), union, kind: Kind::Plain })
            }
            None => Err(refused(node, "a column for the field, or a type that may be null")),
        }
    }

    fn column(&self, f: &Field, node: Node<'s>) -> SchemaResult<Plan> {
        let node = self.names.resolved(node);
        let plan = |union, kind| Plan { name: f.name().clone(), union, kind };
        let may_be_null = f.is_nullable() && *f.data_type() != DataType::Null;
        if node.kind() != "union" {
            if may_be_null && node.kind() != "null" {
                return Err(refused(node, "a union with null, since the column may be null"));
            }
            return Ok(plan(None, self.kind(f, node)?));
        }
        let branches: Vec<_> = node.branches().map(|b| self.names.resolved(b)).collect();
        let null = branches.iter().position(|b| b.kind() == "null").map(|index| index as i64);
        if may_be_null && null.is_none() {
            return Err(refused(node, "a union with null, since the column may be null"));
        }
        if *f.data_type() == DataType::Null {
            return match null {
                Some(_) => Ok(plan(Some(Branches { null, value: None }), Kind::Plain)),
                None => Err(refused(node, "a union with null")),
            };
        }
        if field::is_json(f) && branches.iter().filter(|b| b.kind() != "null").count() > 1 {
            // Its text would go into the branch of texts, whatever it says.
            return Err(refused(node, "one type beside null: values of a JSON column are text"));
        }
        let mut first_error = None;
        for (index, branch) in branches.iter().enumerate().filter(|(_, b)| b.kind() != "null") {
            match self.kind(f, *branch) {
                Ok(kind) => return Ok(plan(Some(Branches { null, value: Some(index as i64) }), kind)),
                Err(error) => first_error = first_error.or(Some(error)),
            }
        }
        Err(first_error.unwrap_or_else(|| misfit(f, node)))
    }

    fn kind(&self, f: &Field, node: Node<'s>) -> SchemaResult<Kind> {
        if let DataType::Dictionary(_, value) = f.data_type() {
            let entry = Field::new(f.name(), (**value).clone(), f.is_nullable()).with_metadata(f.metadata().clone());
            return self.kind(&entry, node);
        }
        let boxed = |f: &Field, child: Option<Node<'s>>| match child {
            Some(child) => self.column(f, child).map(Box::new),
            None => Err(misfit(f, node)),
        };
        match (node.kind(), f.data_type()) {
            ("array", DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _)) => {
                boxed(item, node.child("items")).map(Kind::List)
            }
            ("map", DataType::Map(entries, _)) => match entries.data_type() {
                DataType::Struct(pair) if pair.len() == 2 && is_text(pair[0].data_type()) => {
                    boxed(&pair[1], node.child("values")).map(Kind::Map)
                }
                _ => Err(misfit(f, node)),
            },
            ("record" | "error", DataType::Struct(fields)) => self.record(fields, node).map(Kind::Record),
            _ => scalar(f, node).ok_or_else(|| misfit(f, node)),
        }
    }
}

/// How values of a column without columns inside are written as a type; `None` where some of them do not fit.
fn scalar(f: &Field, node: Node<'_>) -> Option<Kind> {
    use DataType as D;
    let decimal = |size| decimal(f.data_type(), node, size);
    Some(match (node.kind(), node.logical(), f.data_type()) {
        ("null", _, D::Null) | ("boolean", _, D::Boolean) => Kind::Plain,
        ("int", "date", D::Date32) => Kind::Plain,
        ("int", "date", D::Date64) => Kind::Scaled { times: 1, by: 86_400_000 },
        ("int", "time-millis", D::Time32(unit) | D::Time64(unit)) => scaled(*unit, 1_000),
        ("long", "time-micros", D::Time32(unit) | D::Time64(unit)) => scaled(*unit, 1_000_000),
        ("long", "timestamp-millis" | "local-timestamp-millis", D::Timestamp(unit, _)) => scaled(*unit, 1_000),
        ("long", "timestamp-micros" | "local-timestamp-micros", D::Timestamp(unit, _)) => scaled(*unit, 1_000_000),
        ("long", "timestamp-nanos" | "local-timestamp-nanos", D::Timestamp(unit, _)) => scaled(*unit, 1_000_000_000),
        // Of a type for times a plain number would be one that nobody meant.
        ("int" | "long", logical, _) if logical.contains("time") || logical == "date" => return None,
        ("int" | "long", _, D::Int8 | D::Int16 | D::Int32 | D::UInt8 | D::UInt16) => Kind::Plain,
        ("long", _, D::Int64 | D::UInt32) => Kind::Plain,
        ("float", _, D::Float16 | D::Float32 | D::Int8 | D::Int16 | D::UInt8 | D::UInt16) => Kind::Float,
        ("double", _, D::Float16 | D::Float32 | D::Float64) => Kind::Double,
        ("double", _, D::Int8 | D::Int16 | D::Int32 | D::UInt8 | D::UInt16 | D::UInt32) => Kind::Double,
        ("bytes", "decimal", data_type) if data_type.is_decimal() || *data_type == D::UInt64 => decimal(None)?,
        ("bytes", logical, D::Binary | D::LargeBinary | D::BinaryView) if !logical.ends_with("decimal") => Kind::Plain,
        ("string", "uuid", D::FixedSizeBinary(16)) if field::is_uuid(f) => Kind::UuidText,
        ("string", logical, data_type) if logical != "uuid" && is_text(data_type) => Kind::Plain,
        (
            "fixed",
            "duration",
            D::Interval(IntervalUnit::YearMonth | IntervalUnit::DayTime | IntervalUnit::MonthDayNano),
        ) if node.number("size") == Some(12) => Kind::Duration,
        ("fixed", "decimal", data_type) if data_type.is_decimal() || *data_type == D::UInt64 => {
            decimal(Some(usize::try_from(node.number("size")?).ok()?))?
        }
        ("fixed", "" | "uuid", D::FixedSizeBinary(size)) if node.number("size") == u64::try_from(*size).ok() => {
            Kind::Fixed
        }
        ("enum", _, data_type) if is_text(data_type) => Kind::Enum(node.symbols().map(str::to_owned).collect()),
        _ => return None,
    })
}

fn scaled(from: TimeUnit, to: i64) -> Kind {
    let from = match from {
        TimeUnit::Second => 1,
        TimeUnit::Millisecond => 1_000,
        TimeUnit::Microsecond => 1_000_000,
        TimeUnit::Nanosecond => 1_000_000_000,
    };
    if from <= to { Kind::Scaled { times: to / from, by: 1 } } else { Kind::Scaled { times: 1, by: from / to } }
}

fn decimal(data_type: &DataType, node: Node<'_>, size: Option<usize>) -> Option<Kind> {
    let (precision, scale) = match data_type {
        DataType::UInt64 => (20, 0),
        DataType::Decimal32(p, s)
        | DataType::Decimal64(p, s)
        | DataType::Decimal128(p, s)
        | DataType::Decimal256(p, s) => (*p, *s),
        _ => return None,
    };
    let fits = node.number("scale").unwrap_or(0) == u64::try_from(scale).ok()?
        && node.number("precision")? >= precision.into();
    // So many bytes hold all numbers of floor(log10(2^(8 n - 1) - 1)) digits.
    let has_room = size.is_none_or(|n| f64::from(precision) <= ((8 * n) as f64 - 1.0) * std::f64::consts::LOG10_2);
    (fits && has_room).then_some(Kind::Decimal(size))
}

#[cold]
fn misfit(f: &Field, node: Node<'_>) -> SchemaError {
    refused(node, &format!("a type that every value of {} fits", field_type_name(f)))
}

#[cold]
fn refused(node: Node<'_>, expected: &str) -> SchemaError {
    let shown = laminar_schema::error::cut(&node.value.to_string());
    ConfigError::invalid("schema", shown, expected, "").into()
}
