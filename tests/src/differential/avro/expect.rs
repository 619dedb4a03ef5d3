//! apache-avro's values as cells of our columns, by the types that `docs/formats/avro.md` lists.

use apache_avro::{BigDecimal, Schema, types::Value};

use crate::differential::{Cell, Class};

const PRECISION: Class = Class {
    name: "a decimal of more digits than its precision",
    clause: "apache-avro does not look; \"Decimal\": precision is the maximum number of digits",
};

const NO_DIGITS: Class = Class {
    name: "a decimal of no bytes",
    clause: "apache-avro takes it for zero; \"Decimal\": the array must contain the two's complement of the unscaled value, which is \
             one byte at least",
};

const INTERVAL: Class = Class {
    name: "a duration of 2^31 months or days",
    clause: "Arrow's intervals hold no more; \"Duration\": unsigned integers of 32 bits",
};

const DAY: Class = Class {
    name: "a time of day that no day has",
    clause: "apache-avro does not look; \"Time\": the number of units after midnight, 00:00:00",
};

const BIG: Class = Class {
    name: "a big-decimal of more than 256 bits or a scale beyond 1000",
    clause: "our limit: its text would be as long as its scale",
};

/// The cells of a record; the class by which it must be refused.
pub(super) fn cells(schema: &Schema, fields: &[(String, Value)]) -> Result<Vec<Cell>, Class> {
    let Schema::Record(record) = schema else { panic!("not a record: {schema:?}") };
    record.fields.iter().zip(fields).map(|(field, (_, value))| cell(&field.schema, value)).collect()
}

fn cell(schema: &Schema, value: &Value) -> Result<Cell, Class> {
    Ok(match (schema, value) {
        (_, Value::Null) => Cell::Null,
        (_, Value::Boolean(v)) => Cell::Bool(*v),
        (_, Value::TimeMillis(v)) if !(0..86_400_000).contains(v) => return Err(DAY),
        (_, Value::TimeMicros(v)) if !(0..86_400_000_000).contains(v) => return Err(DAY),
        (_, Value::Int(v) | Value::Date(v) | Value::TimeMillis(v)) => Cell::Int((*v).into()),
        (
            _,
            Value::Long(v)
            | Value::TimeMicros(v)
            | Value::TimestampMillis(v)
            | Value::TimestampMicros(v)
            | Value::TimestampNanos(v)
            | Value::LocalTimestampMillis(v)
            | Value::LocalTimestampMicros(v)
            | Value::LocalTimestampNanos(v),
        ) => Cell::Int((*v).into()),
        (_, Value::Float(v)) => Cell::float(*v),
        (_, Value::Double(v)) => Cell::double(*v),
        (_, Value::Bytes(v) | Value::Fixed(_, v)) => Cell::Bytes(v.clone()),
        (_, Value::String(v) | Value::Enum(_, v)) => Cell::Text(v.clone()),
        (_, Value::Uuid(v)) => Cell::Bytes(v.as_bytes().to_vec()),
        (Schema::Decimal(of), Value::Decimal(v)) => {
            let Ok(bytes) = Vec::<u8>::try_from(v) else { return Err(NO_DIGITS) };
            let unscaled = unscaled(&bytes).filter(|v| v.unsigned_abs() < 10_u128.pow(of.precision as u32));
            Cell::Int(unscaled.ok_or(PRECISION)?)
        }
        (_, Value::BigDecimal(v)) => Cell::Text(plain(v)?),
        (_, Value::Duration(v)) => {
            let parts: [u8; 12] = (*v).into();
            let (parts, _) = parts.as_chunks::<4>();
            let [months, days, millis] = [parts[0], parts[1], parts[2]].map(u32::from_le_bytes);
            if months.max(days) > i32::MAX as u32 {
                return Err(INTERVAL);
            }
            Cell::List(vec![
                Cell::Int(months.into()),
                Cell::Int(days.into()),
                Cell::Int(i128::from(millis) * 1_000_000),
            ])
        }
        (Schema::Array(of), Value::Array(items)) => {
            Cell::List(items.iter().map(|item| cell(&of.items, item)).collect::<Result<_, _>>()?)
        }
        (Schema::Map(of), Value::Map(pairs)) => {
            let pairs = pairs.iter().map(|(key, v)| Ok((Cell::Text(key.clone()), cell(&of.types, v)?)));
            normal(Cell::Map(pairs.collect::<Result<_, Class>>()?))
        }
        (Schema::Record(_), Value::Record(fields)) => Cell::Struct(cells(schema, fields)?),
        (Schema::Union(of), Value::Union(taken, v)) => {
            let taken = *taken as usize;
            let inner = cell(&of.variants()[taken], v)?;
            let is_value = |(_, s): &(usize, &Schema)| **s != Schema::Null;
            let values: Vec<usize> = of.variants().iter().enumerate().filter(is_value).map(|(i, _)| i).collect();
            match (values.len() > 1, of.variants()[taken] == Schema::Null) {
                (true, false) => {
                    let of_branch = |i: &usize| if *i == taken { inner.clone() } else { Cell::Null };
                    Cell::Struct(values.iter().map(of_branch).collect())
                }
                _ => inner,
            }
        }
        (schema, value) => panic!("{value:?} of {schema:?}"),
    })
}

/// A cell whose maps are in the order of their keys, with the last value of each: apache-avro has forgotten the rest.
pub(super) fn normal(cell: Cell) -> Cell {
    match cell {
        Cell::List(items) => Cell::List(items.into_iter().map(normal).collect()),
        Cell::Struct(fields) => Cell::Struct(fields.into_iter().map(normal).collect()),
        Cell::Map(pairs) => {
            let text = |key: &Cell| match key {
                Cell::Text(key) => key.clone(),
                other => panic!("a key is text, not {other:?}"),
            };
            let last: std::collections::BTreeMap<String, Cell> =
                pairs.into_iter().map(|(key, value)| (text(&key), normal(value))).collect();
            Cell::Map(last.into_iter().map(|(key, value)| (Cell::Text(key), value)).collect())
        }
        other => other,
    }
}

/// The number that bytes are in two's complement, if 128 bits hold it.
fn unscaled(bytes: &[u8]) -> Option<i128> {
    let sign = if bytes.first()? & 0x80 == 0 { 0 } else { 0xff };
    let spare = bytes.iter().take_while(|b| **b == sign).count();
    let digits = &bytes[spare..];
    if digits.len() > 15 {
        // All of the sixteenth's bits are digits, but for the sign's.
        (digits.len() == 16 && (digits[0] ^ sign) & 0x80 == 0).then_some(())?;
    }
    let mut wide = [sign; 16];
    wide[16 - digits.len()..].copy_from_slice(digits);
    Some(i128::from_be_bytes(wide))
}

/// All digits of a big-decimal, without an exponent.
fn plain(v: &BigDecimal) -> Result<String, Class> {
    let (digits, scale) = v.as_bigint_and_exponent();
    if scale.unsigned_abs() > 1_000 || digits.to_signed_bytes_be().len() > 32 {
        return Err(BIG);
    }
    let text = digits.to_string();
    let (sign, digits) = text.strip_prefix('-').map_or(("", text.as_str()), |rest| ("-", rest));
    let scale = scale as isize;
    Ok(match scale {
        0 => text,
        1.. => {
            let padded = format!("{digits:0>width$}", width = scale as usize + 1);
            let (whole, rest) = padded.split_at(padded.len() - scale as usize);
            format!("{sign}{whole}.{rest}")
        }
        _ if digits == "0" => text,
        _ => format!("{text}{}", "0".repeat(scale.unsigned_abs())),
    })
}
