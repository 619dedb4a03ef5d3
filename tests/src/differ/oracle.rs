//! What a record must become, told by serde_json, the standard library and a mapping that shares no code with ours.
//!
//! Known differences of serde_json, none of which reach a verdict here:
//! - It takes a byte order mark for an error. RFC 8259 §8.1 lets a parser ignore it, and ours does, once.
//! - It limits depth to 128 when it builds values, and not where it passes over them; ours counts everywhere.
//! - It checks escapes only in strings that it builds, so every string is built here.
//! - Of equal keys it keeps the last in some targets and refuses them in others; here all are kept and the last counts.
//! - It refuses or rounds numbers beyond 64 bits and beyond DOUBLE; here a number stays text (RFC 8259 §6 sets no limit).

use std::fmt;

use arrow_array::{Array, cast::AsArray, types::*};
use arrow_schema::{DataType, Field, Fields};
use laminar_schema::{Decoded, field::is_json};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// A value, with its text.
#[derive(Debug)]
pub struct Node<'a> {
    text: &'a str,
    value: Value<'a>,
}

#[derive(Debug)]
enum Value<'a> {
    Null,
    Bool(bool),
    /// Only its text is known.
    Number,
    String(String),
    Array(Vec<Node<'a>>),
    Object(Vec<(String, Node<'a>)>),
}

/// The members of an object in the order in which they stand, equal keys too.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Gather;
        impl<'de> Visitor<'de> for Gather {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Gather)
    }
}

/// The document of a record; `None` where it is none, by RFC 8259, or nested deeper than `max_depth`.
pub fn document(record: &[u8], max_depth: usize) -> Option<Node<'_>> {
    let record = record.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(record);
    let text = std::str::from_utf8(record).ok()?;
    node(serde_json::from_str(text).ok()?, max_depth)
}

fn node(raw: &RawValue, max_depth: usize) -> Option<Node<'_>> {
    let text = raw.get();
    let inner = || max_depth.checked_sub(1);
    let value = match text.as_bytes().first()? {
        b'{' => {
            let (inner, members) = (inner()?, serde_json::from_str::<Members<'_>>(text).ok()?);
            let members = members.0.into_iter().map(|(key, raw)| Some((key, node(raw, inner)?)));
            Value::Object(members.collect::<Option<_>>()?)
        }
        b'[' => {
            let (inner, items) = (inner()?, serde_json::from_str::<Vec<&RawValue>>(text).ok()?);
            Value::Array(items.into_iter().map(|raw| node(raw, inner)).collect::<Option<_>>()?)
        }
        b'"' => Value::String(serde_json::from_str(text).ok()?),
        b't' | b'f' => Value::Bool(text == "true"),
        b'n' => Value::Null,
        _ => Value::Number,
    };
    Some(Node { text, value })
}

/// True where the oracle knows the type; columns of others are only looked at by the engines.
pub fn knows(data_type: &DataType) -> bool {
    match data_type {
        DataType::Boolean | DataType::Utf8 | DataType::LargeUtf8 | DataType::Decimal128(..) => true,
        DataType::Float32 | DataType::Float64 => true,
        DataType::List(item) | DataType::FixedSizeList(item, _) | DataType::Map(item, _) => knows(item.data_type()),
        DataType::Struct(fields) => fields.iter().all(|f| knows(f.data_type())),
        other => other.is_integer(),
    }
}

/// Compares what became of `records` with what must become of them, under the default options but for
/// `type_mismatch = 'null'` where `forgives`.
///
/// # Errors
/// The first record that is wrong, and how.
pub fn check<'r>(
    records: impl IntoIterator<Item = &'r [u8]>,
    decoded: &Decoded,
    forgives: bool,
    max_depth: usize,
) -> Result<(), String> {
    let (schema, mut row, mut rejected) = (decoded.batch.schema(), 0, decoded.rejected.iter().peekable());
    for (index, record) in records.into_iter().enumerate() {
        let document = document(record, max_depth);
        let members = document.as_ref().and_then(|node| match &node.value {
            Value::Object(members) => Some(members),
            _ => None,
        });
        let expected = members.filter(|members| members_fit(schema.fields(), members, forgives));
        let refusal = rejected.next_if(|r| r.record == index);
        match (expected, refusal) {
            (None, Some(_)) => continue,
            (Some(_), Some(refusal)) => return Err(format!("#{index} is fine, but: {}", refusal.error)),
            (None, None) => {
                let why = if members.is_none() { "no object by RFC 8259" } else { "of values that do not fit" };
                return Err(format!("#{index} is accepted, but is {why}"));
            }
            (Some(members), None) => {
                for (field, column) in schema.fields().iter().zip(decoded.batch.columns()) {
                    let node = last(members, field.name());
                    if !holds(field, column.as_ref(), row, node, forgives) {
                        let (found, node) = (column.slice(row, 1), node.map(|n| n.text));
                        return Err(format!("#{index} field {}: expected {node:?}, found {found:?}", field.name()));
                    }
                }
                row += 1;
            }
        }
    }
    if row != decoded.batch.num_rows() || rejected.next().is_some() {
        return Err("more rows or rejections than records".to_owned());
    }
    Ok(())
}

fn last<'n, 'a>(members: &'n [(String, Node<'a>)], key: &str) -> Option<&'n Node<'a>> {
    members.iter().rfind(|(k, _)| k == key).map(|(_, node)| node)
}

fn members_fit(fields: &Fields, members: &[(String, Node<'_>)], forgives: bool) -> bool {
    fields.iter().all(|f| match last(members, f.name()) {
        Some(node) => fits(f, node, forgives),
        None => f.is_nullable(),
    })
}

/// Whether a value may stand in a field: as it is, or as null.
fn fits(field: &Field, node: &Node<'_>, forgives: bool) -> bool {
    match (field.data_type(), &node.value) {
        (_, Value::Null) => field.is_nullable(),
        (DataType::Utf8, _) if is_json(field) => true,
        (DataType::Struct(fields), Value::Object(members)) => members_fit(fields, members, forgives),
        (DataType::List(item), Value::Array(items)) => items.iter().all(|node| fits(item, node, forgives)),
        (DataType::FixedSizeList(item, n), Value::Array(items)) => {
            items.iter().all(|node| fits(item, node, forgives))
                && (items.len() == *n as usize || (forgives && field.is_nullable()))
        }
        (DataType::Map(pair, _), Value::Object(members)) => match pair.data_type() {
            DataType::Struct(pair) => pairs(members).all(|(_, node)| fits(&pair[1], node, forgives)),
            _ => false,
        },
        (data_type, _) => is_of(data_type, node) || (forgives && field.is_nullable()),
    }
}

/// The pairs of a MAP: of equal keys the last, where it stands.
fn pairs<'n, 'a>(members: &'n [(String, Node<'a>)]) -> impl Iterator<Item = (&'n str, &'n Node<'a>)> {
    let stands_again = move |i: usize| members[i + 1..].iter().any(|(key, _)| *key == members[i].0);
    members.iter().enumerate().filter(move |(i, _)| !stands_again(*i)).map(|(_, (key, node))| (key.as_str(), node))
}

/// Whether a scalar column's type can hold the value exactly, or by the rounding that its type means.
fn is_of(data_type: &DataType, node: &Node<'_>) -> bool {
    match (data_type, &node.value) {
        (DataType::Boolean, Value::Bool(_)) | (DataType::Utf8 | DataType::LargeUtf8, Value::String(_)) => true,
        (DataType::Float64, Value::Number) => float64(node.text).is_some(),
        (DataType::Float32, Value::Number) => float32(node.text).is_some(),
        (DataType::Decimal128(precision, scale), Value::Number) => {
            unscaled(node.text, *scale).is_some_and(|v| v.unsigned_abs() < 10_u128.pow(u32::from(*precision)))
        }
        (data_type, Value::Number) if data_type.is_integer() => {
            let (min, max) = match data_type {
                DataType::Int8 => (i128::from(i8::MIN), i128::from(i8::MAX)),
                DataType::Int16 => (i128::from(i16::MIN), i128::from(i16::MAX)),
                DataType::Int32 => (i128::from(i32::MIN), i128::from(i32::MAX)),
                DataType::Int64 => (i128::from(i64::MIN), i128::from(i64::MAX)),
                DataType::UInt8 => (0, i128::from(u8::MAX)),
                DataType::UInt16 => (0, i128::from(u16::MAX)),
                DataType::UInt32 => (0, i128::from(u32::MAX)),
                _ => (0, i128::from(u64::MAX)),
            };
            unscaled(node.text, 0).is_some_and(|v| (min..=max).contains(&v))
        }
        _ => false,
    }
}

/// Whether row `row` of a column is what the value, or its absence, must become.
fn holds(field: &Field, column: &dyn Array, row: usize, node: Option<&Node<'_>>, forgives: bool) -> bool {
    let Some(node) = node.filter(|node| !matches!(node.value, Value::Null)) else { return column.is_null(row) };
    if column.is_null(row) {
        // That it may be null, `fits` has said; a value that the type can hold must be there.
        let container = matches!(node.value, Value::Array(_) | Value::Object(_));
        return forgives && (container || !is_of(column.data_type(), node));
    }
    match (column.data_type(), &node.value) {
        (DataType::Utf8, _) if is_json(field) => column.as_string::<i32>().value(row) == node.text,
        (DataType::Utf8, Value::String(text)) => column.as_string::<i32>().value(row) == text,
        (DataType::LargeUtf8, Value::String(text)) => column.as_string::<i64>().value(row) == text,
        (DataType::Boolean, Value::Bool(v)) => column.as_boolean().value(row) == *v,
        (DataType::Struct(fields), Value::Object(members)) => {
            let columns = column.as_struct().columns();
            fields.iter().zip(columns).all(|(f, c)| holds(f, c.as_ref(), row, last(members, f.name()), forgives))
        }
        (DataType::List(item), Value::Array(items)) => {
            let list = column.as_list::<i32>();
            let (from, to) = (list.value_offsets()[row] as usize, list.value_offsets()[row + 1] as usize);
            to - from == items.len()
                && (from..to)
                    .zip(items)
                    .all(|(row, node)| holds(item, list.values().as_ref(), row, Some(node), forgives))
        }
        (DataType::FixedSizeList(item, n), Value::Array(items)) => {
            let list = column.as_fixed_size_list();
            let rows = row * *n as usize..(row + 1) * *n as usize;
            items.len() == rows.len()
                && rows.zip(items).all(|(row, node)| holds(item, list.values().as_ref(), row, Some(node), forgives))
        }
        (DataType::Map(pair, _), Value::Object(members)) => {
            let DataType::Struct(pair) = pair.data_type() else { return false };
            let map = column.as_map();
            let keys = map.keys().as_string::<i32>();
            let mut rows = map.value_offsets()[row] as usize..map.value_offsets()[row + 1] as usize;
            pairs(members).all(|(key, node)| {
                let row = rows.next();
                row.is_some_and(|r| {
                    keys.value(r) == key && holds(&pair[1], map.values().as_ref(), r, Some(node), forgives)
                })
            }) && rows.next().is_none()
        }
        (DataType::Float64, Value::Number) => {
            let found = column.as_primitive::<Float64Type>().value(row);
            float64(node.text).is_some_and(|v| v.to_bits() == found.to_bits())
        }
        (DataType::Float32, Value::Number) => {
            let found = column.as_primitive::<Float32Type>().value(row);
            float32(node.text).is_some_and(|v| v.to_bits() == found.to_bits())
        }
        (DataType::Decimal128(_, scale), Value::Number) => {
            unscaled(node.text, *scale) == Some(column.as_primitive::<Decimal128Type>().value(row))
        }
        (data_type, Value::Number) => {
            let found = match data_type {
                DataType::Int8 => i128::from(column.as_primitive::<Int8Type>().value(row)),
                DataType::Int16 => i128::from(column.as_primitive::<Int16Type>().value(row)),
                DataType::Int32 => i128::from(column.as_primitive::<Int32Type>().value(row)),
                DataType::Int64 => i128::from(column.as_primitive::<Int64Type>().value(row)),
                DataType::UInt8 => i128::from(column.as_primitive::<UInt8Type>().value(row)),
                DataType::UInt16 => i128::from(column.as_primitive::<UInt16Type>().value(row)),
                DataType::UInt32 => i128::from(column.as_primitive::<UInt32Type>().value(row)),
                DataType::UInt64 => i128::from(column.as_primitive::<UInt64Type>().value(row)),
                _ => return false,
            };
            unscaled(node.text, 0) == Some(found)
        }
        _ => false,
    }
}

/// A number times 10^`scale`, where that is an integer of 128 bits.
pub fn unscaled(text: &str, scale: i8) -> Option<i128> {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let (integer, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = [integer, fraction].concat();
    let significant = digits.trim_start_matches('0').trim_end_matches('0');
    if significant.is_empty() {
        return Some(0);
    }
    // Written exponents may have any number of digits; one that does not fit 64 bits fits no column.
    let zeros = digits.len() - digits.trim_end_matches('0').len();
    let exponent =
        exponent.parse::<i64>().ok()?.checked_add(zeros as i64 - fraction.len() as i64 + i64::from(scale))?;
    let zeros = usize::try_from(exponent).ok().filter(|zeros| *zeros < 40)?;
    [sign, significant, &"0".repeat(zeros)].concat().parse().ok()
}

macro_rules! floats {
    ($($name:ident, $ty:ty;)*) => { $(
        /// The floating-point value of a number: the nearest one; but an integer must be exactly it, or have the
        /// digits that it is printed with.
        pub fn $name(text: &str) -> Option<$ty> {
            let value: $ty = text.parse().ok().filter(|v: &$ty| v.is_finite())?;
            let digits = text.trim_start_matches('-');
            if digits.contains(['.', 'e', 'E']) || format!("{:.0}", value.abs()) == digits {
                return Some(value);
            }
            let shortest = format!("{:e}", value.abs());
            let (mantissa, exponent) = shortest.split_once('e')?;
            let same = digits.trim_end_matches('0') == mantissa.replace('.', "");
            (same && exponent.parse() == Ok(digits.len() - 1)).then_some(value)
        }
    )* };
}
floats! { float64, f64; float32, f32; }
