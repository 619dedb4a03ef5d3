//! Random records, written by rmpv, or in encodings that are longer than they need be.

use arrow_schema::{DataType, Field, Fields};
use rmpv::Value;

use super::pair_of;
use crate::random::Random;

/// A record with most of the fields, and some that nobody asked for.
pub(super) fn record(random: &mut Random, fields: &Fields) -> Vec<u8> {
    let value = map(random, fields, 0);
    let mut out = Vec::new();
    if random.below(3) == 0 {
        write_wide(random, &mut out, &value);
    } else {
        rmpv::encode::write_value(&mut out, &value).unwrap_or_else(|e| panic!("{e}"));
    }
    out
}

fn map(random: &mut Random, fields: &Fields, depth: usize) -> Value {
    let mut pairs: Vec<(Value, Value)> = Vec::new();
    for field in fields {
        if random.below(8) > 0 {
            pairs.push((Value::from(field.name().as_str()), value_for(random, field, depth + 1)));
        }
        if random.below(40) == 0 {
            pairs.push((key(random), any(random, depth + 1)));
        }
    }
    if random.below(8) == 0 && pairs.len() > 1 {
        let at = random.below(pairs.len());
        pairs.swap(0, at);
    }
    Value::Map(pairs)
}

fn key(random: &mut Random) -> Value {
    match random.below(12) {
        0 => any(random, 9),
        1 => Value::from(random.pick(&["a_key_that_is_longer_than_a_short_string_can_be", "é", "", "s", "i"])),
        n => Value::from(["x", "unknown", "yy", "zzz", "1", "n", "j", "l", "m", "k"][n - 2]),
    }
}

/// A value that fits the field, most of the time.
fn value_for(random: &mut Random, field: &Field, depth: usize) -> Value {
    if random.below(64) == 0 {
        return any(random, depth);
    }
    if field.is_nullable() && random.below(12) == 0 {
        return Value::Nil;
    }
    match field.data_type() {
        DataType::Boolean => Value::Boolean(random.below(2) == 0),
        DataType::Int8 => Value::from(random.bits() as i8),
        DataType::UInt64 if random.below(4) > 0 => Value::from(random.bits() >> random.below(64)),
        DataType::Float32 if random.below(4) > 0 => Value::F32(f32::from_bits(random.bits() as u32)),
        DataType::Float64 if random.below(4) > 0 => Value::F64(f64::from_bits(random.bits())),
        DataType::Float64 | DataType::Float32 => number(random),
        DataType::Binary => Value::Binary((0..random.below(40)).map(|_| random.bits() as u8).collect()),
        DataType::Utf8 => Value::from(random.text(12)),
        DataType::Timestamp(..) => timestamp(random),
        DataType::Decimal128(_, scale) => match random.below(8) {
            0 => number(random),
            1 => Value::F64((random.integer() >> 34) as f64 / 100.0),
            2 | 3 if *scale > 0 => Value::from(format!("{}.{}", random.integer() >> 32, random.below(100))),
            _ => Value::from(random.integer() >> 34),
        },
        DataType::List(item) => {
            Value::Array((0..random.below(5)).map(|_| value_for(random, item, depth + 1)).collect())
        }
        DataType::Struct(fields) => map(random, fields, depth),
        data_type => match pair_of(data_type) {
            Some(pair) => {
                let pairs = (0..random.below(10)).map(|_| {
                    let key = if random.below(8) == 0 { key(random) } else { value_for(random, &pair[0], 9) };
                    (key, value_for(random, &pair[1], depth + 1))
                });
                Value::Map(pairs.collect())
            }
            None => Value::from(random.integer()),
        },
    }
}

fn number(random: &mut Random) -> Value {
    match random.below(6) {
        0 => Value::from(random.integer()),
        1 => Value::from(random.bits()),
        2 => Value::F32(f32::from_bits(random.bits() as u32)),
        3 => Value::F32((random.integer() >> 40) as f32 / 8.0),
        4 => Value::F64((random.integer() >> 32) as f64 / 100.0),
        _ => Value::F64(f64::from_bits(random.bits())),
    }
}

fn timestamp(random: &mut Random) -> Value {
    let data = match random.below(4) {
        0 => (random.bits() as u32).to_be_bytes().to_vec(),
        1 => ((random.bits() % 1_000_000 * 1000) << 34 | random.bits() >> 31).to_be_bytes().to_vec(),
        2 => {
            let nanos = (random.bits() % 1_000_000 * 1000) as u32;
            let seconds = random.integer() >> 20;
            [&nanos.to_be_bytes()[..], &seconds.to_be_bytes()].concat()
        }
        _ => (0..random.pick(&[0, 1, 4, 8, 12])).map(|_| random.bits() as u8).collect(),
    };
    Value::Ext(-1, data)
}

fn any(random: &mut Random, depth: usize) -> Value {
    match random.below(if depth > 4 { 9 } else { 11 }) {
        0 => Value::Nil,
        1 => Value::Boolean(random.below(2) == 0),
        2 => Value::from(random.integer()),
        3 => number(random),
        4 => {
            let pieces = random.pick(&[3, 3, 3, 40, 90]);
            Value::from(random.text(pieces))
        }
        5 => Value::Binary((0..random.below(300)).map(|_| random.bits() as u8).collect()),
        6 => timestamp(random),
        7 => Value::Ext(random.bits() as i8, (0..random.below(20)).map(|_| random.bits() as u8).collect()),
        8 => Value::from(random.pick(&["1", "12.5", "true", "2024-02-29T12:34:56Z", "-7", "x"])),
        9 => Value::Array((0..random.below(20)).map(|_| any(random, depth + 1)).collect()),
        _ => Value::Map((0..random.below(18)).map(|_| (key(random), any(random, depth + 1))).collect()),
    }
}

/// Writes a value with heads that may be longer than they need be.
fn write_wide(random: &mut Random, out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Integer(v) => match (v.as_i64(), v.as_u64()) {
            (Some(v), _) if random.below(2) == 0 => match (i16::try_from(v), i32::try_from(v)) {
                (Ok(v), _) if random.below(2) == 0 => head(out, 0xd1, &v.to_be_bytes()),
                (_, Ok(v)) if random.below(2) == 0 => head(out, 0xd2, &v.to_be_bytes()),
                _ => head(out, 0xd3, &v.to_be_bytes()),
            },
            (_, Some(v)) => match u16::try_from(v) {
                Ok(v) => head(out, 0xcd, &v.to_be_bytes()),
                Err(_) => head(out, 0xcf, &v.to_be_bytes()),
            },
            (v, _) => head(out, 0xd3, &v.unwrap_or(0).to_be_bytes()),
        },
        Value::String(text) => bytes(random, out, [0xd9, 0xda, 0xdb], text.as_bytes()),
        Value::Binary(data) => bytes(random, out, [0xc4, 0xc5, 0xc6], data),
        Value::Array(items) => {
            length(random, out, [0xdc, 0xdd], items.len());
            items.iter().for_each(|item| write_wide(random, out, item));
        }
        Value::Map(pairs) => {
            length(random, out, [0xde, 0xdf], pairs.len());
            for (key, value) in pairs {
                if random.below(2) == 0 {
                    rmpv::encode::write_value(out, key).unwrap_or_else(|e| panic!("{e}"));
                } else {
                    write_wide(random, out, key);
                }
                write_wide(random, out, value);
            }
        }
        Value::Ext(kind, data) if data.len() < 256 => {
            out.extend_from_slice(&[0xc7, data.len() as u8, kind.cast_unsigned()]);
            out.extend_from_slice(data);
        }
        other => rmpv::encode::write_value(out, other).unwrap_or_else(|e| panic!("{e}")),
    }
}

fn head(out: &mut Vec<u8>, head: u8, bytes: &[u8]) {
    out.push(head);
    out.extend_from_slice(bytes);
}

fn length(random: &mut Random, out: &mut Vec<u8>, heads: [u8; 2], len: usize) {
    if random.below(2) == 0 {
        head(out, heads[0], &(len as u16).to_be_bytes());
    } else {
        head(out, heads[1], &(len as u32).to_be_bytes());
    }
}

fn bytes(random: &mut Random, out: &mut Vec<u8>, heads: [u8; 3], data: &[u8]) {
    match random.below(3) {
        0 if data.len() < 256 => head(out, heads[0], &[data.len() as u8]),
        0 | 1 => head(out, heads[1], &(data.len() as u16).to_be_bytes()),
        _ => head(out, heads[2], &(data.len() as u32).to_be_bytes()),
    }
    out.extend_from_slice(data);
}
