//! What a value must become in a column: `docs/formats/msgpack.md`, written a second time over rmpv's tree.

use arrow_schema::{DataType, Field, Fields};
use base64::{Engine, engine::general_purpose::STANDARD};
use laminar_schema::field::is_json;
use rmpv::ValueRef;

use super::{
    super::{
        Cell, Class,
        number::{keeps, scaled},
    },
    ISO_8601, YEARS, pair_of,
};

/// Why there is no cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Miss {
    /// The record is to be refused.
    Refused,
    /// Nobody here knows.
    Unknown(Class),
}

type Fit = Result<Cell, Miss>;

/// The row of a record.
pub(super) fn row(fields: &Fields, value: &ValueRef<'_>) -> Result<Vec<Cell>, Miss> {
    let ValueRef::Map(pairs) = value else { return Err(Miss::Refused) };
    let mut cells: Vec<Option<Fit>> = vec![None; fields.len()];
    for (key, value) in pairs {
        let name = key_text(key)?;
        let index = fields.iter().position(|field| name.as_deref() == Some(field.name().as_bytes()));
        let Some(index) = index else {
            // A field that nobody wants must be well-formed all the same, and so must its name.
            if matches!(key, ValueRef::String(text) if text.as_str().is_none()) || !is_well_formed(value) {
                return Err(Miss::Refused);
            }
            continue;
        };
        // The last one counts; what it overwrites may be anything that can be passed over.
        if let Some(Err(_)) = cells[index].replace(fit(&fields[index], value))
            && !earlier_can_be_passed_over(fields, pairs, index)
        {
            return Err(Miss::Refused);
        }
    }
    let cells = cells.into_iter().zip(fields).map(|(cell, field)| match cell {
        Some(cell) => cell,
        None if field.is_nullable() => Ok(Cell::Null),
        None => Err(Miss::Refused),
    });
    all(cells)
}

/// Whether all values of a field but the last fit, or are well-formed.
fn earlier_can_be_passed_over(fields: &Fields, pairs: &[(ValueRef<'_>, ValueRef<'_>)], index: usize) -> bool {
    let name = fields[index].name().as_bytes();
    let same = pairs.iter().filter(|(key, _)| key_text(key).ok().flatten().as_deref() == Some(name));
    let mut values: Vec<_> = same.map(|(_, value)| value).collect();
    values.pop();
    values.iter().all(|value| is_well_formed(value) || fit(&fields[index], value).is_ok())
}

/// All cells; of what is missing, a refusal comes before what nobody knows.
fn all(cells: impl Iterator<Item = Fit>) -> Result<Vec<Cell>, Miss> {
    let (mut found, mut unknown) = (Vec::new(), None);
    for cell in cells {
        match cell {
            Ok(cell) => found.push(cell),
            Err(Miss::Refused) => return Err(Miss::Refused),
            Err(miss) => unknown = Some(miss),
        }
    }
    unknown.map_or(Ok(found), Err)
}

/// A key as a field's name; `None` for bytes that are no text, which no field has. Containers and extensions are no keys.
fn key_text(key: &ValueRef<'_>) -> Result<Option<Vec<u8>>, Miss> {
    Ok(match key {
        ValueRef::String(text) => Some(text.as_bytes().to_vec()),
        ValueRef::Binary(data) if std::str::from_utf8(data).is_ok() => Some(data.to_vec()),
        ValueRef::Binary(data) => Some(STANDARD.encode(data).into_bytes()),
        ValueRef::Ext(..) => Some(instant_text(instant(key).ok_or(Miss::Refused)?)?.into_bytes()),
        ValueRef::Array(_) | ValueRef::Map(_) => return Err(Miss::Refused),
        other => Some(json(other)?.trim_matches('"').as_bytes().to_vec()),
    })
}

fn is_well_formed(value: &ValueRef<'_>) -> bool {
    match value {
        ValueRef::String(text) => text.as_str().is_some(),
        ValueRef::Array(items) => items.iter().all(is_well_formed),
        ValueRef::Map(pairs) => pairs.iter().all(|(key, value)| is_well_formed(key) && is_well_formed(value)),
        _ => true,
    }
}

/// The value's cell in a column.
fn fit(field: &Field, value: &ValueRef<'_>) -> Fit {
    if matches!(value, ValueRef::Nil) {
        return if field.is_nullable() { Ok(Cell::Null) } else { Err(Miss::Refused) };
    }
    if is_json(field) {
        return json(value).map(|text| Cell::Json(super::super::cell::json_text(&text)));
    }
    let data_type = field.data_type();
    match (data_type, value) {
        (DataType::Boolean, ValueRef::Boolean(v)) => Ok(Cell::Bool(*v)),
        (DataType::Int8, _) => integer(value, i8::MIN.into(), i8::MAX.into()),
        (DataType::Int64, _) => integer(value, i64::MIN.into(), i64::MAX.into()),
        (DataType::UInt64, _) => integer(value, 0, u64::MAX.into()),
        (DataType::Decimal128(precision, scale), _) => decimal(value, *precision, *scale),
        (DataType::Float64, ValueRef::F64(v)) => Ok(Cell::double(*v)),
        (DataType::Float64, ValueRef::F32(v)) => Ok(Cell::double((*v).into())),
        (DataType::Float64, ValueRef::Integer(v)) => {
            let text = v.to_string();
            let near: f64 = text.parse().map_err(|_| Miss::Refused)?;
            if keeps(near, &near.to_string(), &text) { Ok(Cell::double(near)) } else { Err(Miss::Refused) }
        }
        (DataType::Float32, ValueRef::F32(v)) => Ok(Cell::float(*v)),
        (DataType::Float32, ValueRef::F64(v)) => {
            let near = *v as f32;
            if v.is_finite() && near.is_infinite() { Err(Miss::Refused) } else { Ok(Cell::float(near)) }
        }
        (DataType::Float32, ValueRef::Integer(v)) => {
            let text = v.to_string();
            let near: f32 = text.parse().map_err(|_| Miss::Refused)?;
            if keeps(near.into(), &near.to_string(), &text) { Ok(Cell::float(near)) } else { Err(Miss::Refused) }
        }
        (DataType::Utf8, _) => text(value).map(Cell::Text),
        (DataType::Binary, ValueRef::Binary(data)) => Ok(Cell::Bytes(data.to_vec())),
        (DataType::Binary, ValueRef::String(text)) => Ok(Cell::Bytes(text.as_bytes().to_vec())),
        (DataType::Binary, ValueRef::Ext(..)) => {
            Ok(Cell::Bytes(instant_text(instant(value).ok_or(Miss::Refused)?)?.into_bytes()))
        }
        (DataType::Timestamp(..), ValueRef::Ext(..)) => {
            let (seconds, nanos) = instant(value).ok_or(Miss::Refused)?;
            let micros = i128::from(seconds) * 1_000_000 + i128::from(nanos / 1000);
            let fits = nanos.is_multiple_of(1000) && i64::try_from(micros).is_ok();
            if fits { Ok(Cell::Int(micros)) } else { Err(Miss::Refused) }
        }
        (DataType::Timestamp(..), ValueRef::String(text)) => match text.as_str() {
            Some(text) if text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-')) => {
                Err(Miss::Unknown(ISO_8601))
            }
            _ => Err(Miss::Refused),
        },
        (DataType::List(item), ValueRef::Array(items)) => {
            all(items.iter().map(|value| fit(item, value))).map(Cell::List)
        }
        (DataType::Struct(fields), ValueRef::Map(_)) => row(fields, value).map(Cell::Struct),
        (_, ValueRef::Map(pairs)) => match pair_of(data_type) {
            Some(pair) => map(pair, pairs),
            None => Err(Miss::Refused),
        },
        _ => Err(Miss::Refused),
    }
}

/// An integer of any encoding, a float that is one among them.
fn integer(value: &ValueRef<'_>, min: i128, max: i128) -> Fit {
    let v = match value {
        ValueRef::Integer(v) => v.as_i64().map_or_else(|| v.as_u64().map(i128::from), |v| Some(v.into())),
        ValueRef::F64(v) => whole(*v),
        ValueRef::F32(v) => whole((*v).into()),
        _ => None,
    };
    v.filter(|v| (min..=max).contains(v)).map(Cell::Int).ok_or(Miss::Refused)
}

/// A float that is an integer of less than 127 bits.
fn whole(v: f64) -> Option<i128> {
    (v.is_finite() && v.trunc() == v && v.abs() < 2_f64.powi(126)).then_some(v as i128)
}

fn decimal(value: &ValueRef<'_>, precision: u8, scale: i8) -> Fit {
    let text = match value {
        ValueRef::Integer(v) => v.to_string(),
        ValueRef::F64(v) => float_digits(*v).ok_or(Miss::Refused)?,
        ValueRef::F32(v) => float_digits((*v).into()).ok_or(Miss::Refused)?,
        ValueRef::String(text) => text.as_str().ok_or(Miss::Refused)?.to_owned(),
        _ => return Err(Miss::Refused),
    };
    let limit = 10_i128.pow(precision.into());
    let digits = scaled(&text, scale.into()).filter(|v| v.abs() < limit);
    digits.map(Cell::Int).ok_or(Miss::Refused)
}

/// All digits of an integer, or the shortest that are this DOUBLE.
fn float_digits(v: f64) -> Option<String> {
    match whole(v) {
        Some(integer) => Some(integer.to_string()),
        None => v.is_finite().then(|| format!("{v:e}")),
    }
}

fn text(value: &ValueRef<'_>) -> Result<String, Miss> {
    match value {
        ValueRef::String(text) => text.as_str().map(str::to_owned).ok_or(Miss::Refused),
        ValueRef::Binary(data) => std::str::from_utf8(data).map(str::to_owned).map_err(|_| Miss::Refused),
        ValueRef::Ext(..) => instant_text(instant(value).ok_or(Miss::Refused)?),
        _ => Err(Miss::Refused),
    }
}

/// Pairs; of those with the same key the last.
fn map(pair: &Fields, pairs: &[(ValueRef<'_>, ValueRef<'_>)]) -> Fit {
    // Where there may be duplicates, they are looked for by passing over all values.
    if pairs.len() > 1 && !pairs.iter().all(|(_, value)| is_well_formed(value)) {
        return Err(Miss::Refused);
    }
    let (mut cells, mut unknown) = (Vec::new(), None);
    for (at, (key, value)) in pairs.iter().enumerate() {
        if pairs[at + 1..].iter().any(|(later, _)| is_same_key(key, later)) {
            continue;
        }
        match map_key(&pair[0], key).and_then(|key| Ok((key, fit(&pair[1], value)?))) {
            Ok(cell) => cells.push(cell),
            Err(Miss::Refused) => return Err(Miss::Refused),
            Err(miss) => unknown = Some(miss),
        }
    }
    unknown.map_or(Ok(Cell::Map(cells)), Err)
}

fn is_same_key(a: &ValueRef<'_>, b: &ValueRef<'_>) -> bool {
    match (a, b) {
        (ValueRef::F64(a), ValueRef::F64(b)) => a.to_bits() == b.to_bits(),
        (ValueRef::F32(a), ValueRef::F32(b)) => a.to_bits() == b.to_bits(),
        (ValueRef::String(a), ValueRef::String(b)) => a.as_bytes() == b.as_bytes(),
        // No keys, whether they are the same or not.
        (ValueRef::Array(_) | ValueRef::Map(_), _) => false,
        (a, b) => a == b,
    }
}

/// A key as the value that it is, where the column takes that; else as its text.
fn map_key(field: &Field, key: &ValueRef<'_>) -> Fit {
    if matches!(key, ValueRef::String(text) if text.as_str().is_none()) {
        return Err(Miss::Refused);
    }
    let is_text = *field.data_type() == DataType::Utf8;
    if let ValueRef::Integer(_) = key
        && !is_text
    {
        return fit(field, key);
    }
    let Some(text) = key_text(key)? else { return Err(Miss::Refused) };
    let text = String::from_utf8(text).map_err(|_| Miss::Refused)?;
    if is_text {
        return Ok(Cell::Text(text));
    }
    let v = scaled(&text, 0).filter(|v| i64::try_from(*v).is_ok());
    v.map(Cell::Int).ok_or(Miss::Refused)
}

/// Seconds and nanoseconds of a timestamp extension.
fn instant(value: &ValueRef<'_>) -> Option<(i64, u32)> {
    let ValueRef::Ext(-1, data) = value else { return None };
    let (seconds, nanos) = match data.len() {
        4 => (i64::from(u32::from_be_bytes((*data).try_into().ok()?)), 0),
        8 => {
            let both = u64::from_be_bytes((*data).try_into().ok()?);
            ((both % (1 << 34)) as i64, (both / (1 << 34)) as u32)
        }
        12 => (i64::from_be_bytes(data[4..].try_into().ok()?), u32::from_be_bytes(data[..4].try_into().ok()?)),
        _ => return None,
    };
    (nanos <= 999_999_999).then_some((seconds, nanos))
}

/// ISO 8601 in UTC, the fraction in groups of three digits.
fn instant_text((seconds, nanos): (i64, u32)) -> Result<String, Miss> {
    let (days, of_day) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // From 0000-01-01 up to 9999-12-31.
    if !(-719_528..=2_932_896).contains(&days) {
        return Err(Miss::Unknown(YEARS));
    }
    let (mut year, mut day) = (0, days + 719_528);
    let is_leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    year += day / 146_097 * 400;
    day %= 146_097;
    while day >= 365 + i64::from(is_leap(year)) {
        day -= 365 + i64::from(is_leap(year));
        year += 1;
    }
    let mut month = 1;
    for days in [31, 28 + i64::from(is_leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if day < days {
            break;
        }
        day -= days;
        month += 1;
    }
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    let fraction = match nanos {
        0 => String::new(),
        n if n % 1_000_000 == 0 => format!(".{:03}", n / 1_000_000),
        n if n % 1000 == 0 => format!(".{:06}", n / 1000),
        n => format!(".{n:09}"),
    };
    Ok(format!("{year:04}-{month:02}-{:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z", day + 1))
}

/// The JSON text of a value.
fn json(value: &ValueRef<'_>) -> Result<String, Miss> {
    let quoted = |text: &str| serde_json::to_string(text).map_err(|_| Miss::Refused);
    Ok(match value {
        ValueRef::Nil => "null".to_owned(),
        ValueRef::Boolean(v) => v.to_string(),
        ValueRef::Integer(v) => v.to_string(),
        ValueRef::F32(v) => return json(&ValueRef::F64((*v).into())),
        ValueRef::F64(v) if v.is_nan() => "\"NaN\"".to_owned(),
        ValueRef::F64(v) if v.is_infinite() => (if *v > 0.0 { "\"Infinity\"" } else { "\"-Infinity\"" }).to_owned(),
        // The shortest digits; a sign in front of the exponent is a matter of taste.
        ValueRef::F64(v) => serde_json::to_string(v).map_err(|_| Miss::Refused)?.replace("e+", "e"),
        ValueRef::String(text) => quoted(text.as_str().ok_or(Miss::Refused)?)?,
        ValueRef::Binary(data) => format!("\"{}\"", STANDARD.encode(data)),
        ValueRef::Ext(kind, data) => match instant(value) {
            Some(instant) => format!("\"{}\"", instant_text(instant)?),
            None => format!("{{\"ext\":{kind},\"data\":\"{}\"}}", STANDARD.encode(data)),
        },
        ValueRef::Array(items) => {
            let items = texts(items.iter().map(json))?;
            format!("[{}]", items.join(","))
        }
        ValueRef::Map(pairs) => {
            let members = texts(pairs.iter().map(|(key, value)| {
                let key = key_text(key)?.ok_or(Miss::Refused)?;
                let key = String::from_utf8(key).map_err(|_| Miss::Refused)?;
                Ok(format!("{}:{}", quoted(&key)?, json(value)?))
            }))?;
            format!("{{{}}}", members.join(","))
        }
    })
}

/// All texts; a refusal comes before what nobody knows.
fn texts(found: impl Iterator<Item = Result<String, Miss>>) -> Result<Vec<String>, Miss> {
    let (mut texts, mut unknown) = (Vec::new(), None);
    for text in found {
        match text {
            Ok(text) => texts.push(text),
            Err(Miss::Refused) => return Err(Miss::Refused),
            Err(miss) => unknown = Some(miss),
        }
    }
    unknown.map_or(Ok(texts), Err)
}
