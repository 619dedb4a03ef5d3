//! Schemas and values. A target's schema does not depend on the run's seed, so that a saved finding has its schema.

use std::collections::HashMap;

use apache_avro::{BigDecimal, Days, Decimal, Duration, Millis, Months, Schema, to_avro_datum, types::Value};

use crate::random::Random;

/// Scalars of every type; what nests; logical types; unions and what takes no bytes.
pub(super) const SCHEMAS: [&str; 4] = [
    r#"{"type":"record","name":"r","fields":[
        {"name":"a","type":"boolean"},{"name":"b","type":"int"},{"name":"c","type":"long"},{"name":"d","type":"float"},
        {"name":"e","type":"double"},{"name":"f","type":"bytes"},{"name":"g","type":"string"},
        {"name":"h","type":{"type":"enum","name":"h","symbols":["A","B","C"]}},{"name":"i","type":{"type":"fixed","name":"i","size":3}},
        {"name":"j","type":["null","long"]},{"name":"k","type":["string","null"]},{"name":"l","type":["null","boolean"]}]}"#,
    r#"{"type":"record","name":"r","fields":[
        {"name":"a","type":{"type":"array","items":"string"}},{"name":"b","type":{"type":"map","values":["null","int"]}},
        {"name":"c","type":{"type":"record","name":"s","fields":[{"name":"a","type":"long"},
            {"name":"b","type":["null",{"type":"record","name":"t","fields":[{"name":"a","type":"string"}]}]}]}},
        {"name":"d","type":{"type":"array","items":{"type":"record","name":"u","fields":[
            {"name":"a","type":"double"},{"name":"b","type":{"type":"array","items":"int"}}]}}},
        {"name":"e","type":["null",{"type":"array","items":["null","bytes"]}]},
        {"name":"f","type":{"type":"map","values":{"type":"map","values":"boolean"}}}]}"#,
    r#"{"type":"record","name":"r","fields":[
        {"name":"a","type":{"type":"bytes","logicalType":"decimal","precision":9,"scale":2}},
        {"name":"b","type":["null",{"type":"fixed","name":"b","size":16,"logicalType":"decimal","precision":38,"scale":10}]},
        {"name":"c","type":{"type":"int","logicalType":"date"}},{"name":"d","type":{"type":"int","logicalType":"time-millis"}},
        {"name":"e","type":{"type":"long","logicalType":"time-micros"}},{"name":"f","type":{"type":"long","logicalType":"timestamp-millis"}},
        {"name":"g","type":{"type":"long","logicalType":"timestamp-micros"}},
        {"name":"h","type":["null",{"type":"long","logicalType":"timestamp-nanos"}]},
        {"name":"i","type":{"type":"long","logicalType":"local-timestamp-micros"}},
        {"name":"j","type":{"type":"fixed","name":"j","size":12,"logicalType":"duration"}},
        {"name":"k","type":{"type":"string","logicalType":"uuid"}},{"name":"l","type":{"type":"bytes","logicalType":"big-decimal"}}]}"#,
    r#"{"type":"record","name":"r","fields":[
        {"name":"a","type":["null","int","string",{"type":"record","name":"s","fields":[{"name":"a","type":"long"}]}]},
        {"name":"b","type":["boolean","double",{"type":"array","items":"string"}]},{"name":"c","type":"null"},
        {"name":"d","type":{"type":"array","items":"null"}},{"name":"e","type":{"type":"record","name":"t","fields":[]}},
        {"name":"f","type":{"type":"array","items":["null","long","bytes"]}},{"name":"g","type":["int"]}]}"#,
];

/// The schema of a target: one of [`SCHEMAS`], then random ones.
pub(super) fn schema_of(target: usize) -> String {
    match SCHEMAS.get(target) {
        Some(text) => (*text).to_owned(),
        None => record(&mut Random(target as u64), 3, &mut 0),
    }
}

fn record(random: &mut Random, depth: usize, names: &mut usize) -> String {
    *names += 1;
    let name = *names;
    let fields =
        (0..1 + random.below(8)).map(|at| format!(r#"{{"name":"f{at}","type":{}}}"#, any(random, depth, names)));
    let fields: Vec<String> = fields.collect();
    format!(r#"{{"type":"record","name":"r{name}","fields":[{}]}}"#, fields.join(","))
}

fn any(random: &mut Random, depth: usize, names: &mut usize) -> String {
    match random.below(if depth == 0 { 6 } else { 12 }) {
        0..=3 => scalar(random, names),
        4 => format!(r#"["null",{}]"#, scalar(random, names)),
        5 => format!(r#"[{},"null"]"#, scalar(random, names)),
        6 => format!(r#"{{"type":"array","items":{}}}"#, any(random, depth - 1, names)),
        7 => format!(r#"{{"type":"map","values":{}}}"#, any(random, depth - 1, names)),
        8 => record(random, depth - 1, names),
        9 => format!(r#"["null",{}]"#, record(random, depth - 1, names)),
        10 => format!(r#"["null",{{"type":"array","items":{}}}]"#, any(random, depth - 1, names)),
        // A branch of each kind at most, since a union has no two of a type.
        _ => {
            let array = format!(r#"{{"type":"array","items":{}}}"#, any(random, depth - 1, names));
            let mut branches =
                vec![r#""long""#.to_owned(), r#""string""#.to_owned(), record(random, depth - 1, names), array];
            branches.push(if random.below(2) == 0 { r#""null""# } else { r#""double""# }.to_owned());
            while branches.len() > 2 && random.below(2) == 0 {
                branches.swap_remove(random.below(branches.len()));
            }
            format!("[{}]", branches.join(","))
        }
    }
}

fn scalar(random: &mut Random, names: &mut usize) -> String {
    *names += 1;
    let name = *names;
    match random.below(16) {
        0 => r#""boolean""#.to_owned(),
        1 => r#""int""#.to_owned(),
        2 | 3 => r#""long""#.to_owned(),
        4 => r#""float""#.to_owned(),
        5 => r#""double""#.to_owned(),
        6 => r#""bytes""#.to_owned(),
        7..=9 => r#""string""#.to_owned(),
        10 => format!(r#"{{"type":"enum","name":"e{name}","symbols":["X","Y"]}}"#),
        11 => format!(r#"{{"type":"fixed","name":"x{name}","size":{}}}"#, 1 + random.below(20)),
        12 => r#"{"type":"bytes","logicalType":"decimal","precision":18,"scale":4}"#.to_owned(),
        13 => {
            format!(r#"{{"type":"fixed","name":"x{name}","size":9,"logicalType":"decimal","precision":18,"scale":0}}"#)
        }
        14 => r#"{"type":"int","logicalType":"date"}"#.to_owned(),
        _ => r#"{"type":"long","logicalType":"timestamp-micros"}"#.to_owned(),
    }
}

/// A random value of a schema, as apache-avro writes it.
pub(super) fn datum(schema: &Schema, random: &mut Random) -> Vec<u8> {
    let value = value(schema, random);
    to_avro_datum(schema, value.clone()).unwrap_or_else(|e| panic!("{e}: {value:?}"))
}

fn value(schema: &Schema, random: &mut Random) -> Value {
    match schema {
        Schema::Null => Value::Null,
        Schema::Boolean => Value::Boolean(random.below(2) == 1),
        Schema::Int => Value::Int(random.integer() as i32),
        Schema::Long => Value::Long(random.integer()),
        Schema::Float => Value::Float(f32::from_bits(random.bits() as u32)),
        Schema::Double => Value::Double(f64::from_bits(random.bits())),
        Schema::Bytes => Value::Bytes(bytes(random)),
        Schema::String => Value::String(random.text(6)),
        Schema::Array(of) => Value::Array((0..random.below(4)).map(|_| value(&of.items, random)).collect()),
        Schema::Map(of) => {
            let pairs = (0..random.below(4)).map(|_| (random.text(2), value(&of.types, random)));
            Value::Map(pairs.collect::<HashMap<_, _>>())
        }
        Schema::Union(of) => {
            let taken = random.below(of.variants().len());
            Value::Union(taken as u32, Box::new(value(&of.variants()[taken], random)))
        }
        Schema::Record(of) => {
            Value::Record(of.fields.iter().map(|f| (f.name.clone(), value(&f.schema, random))).collect())
        }
        Schema::Enum(of) => {
            let at = random.below(of.symbols.len());
            Value::Enum(at as u32, of.symbols[at].clone())
        }
        Schema::Fixed(of) => Value::Fixed(of.size, (0..of.size).map(|_| random.bits() as u8).collect()),
        Schema::Decimal(of) => {
            let wide = i128::from(random.integer()) * i128::from(random.integer());
            let unscaled = wide % 10_i128.pow(of.precision as u32);
            let bytes = unscaled.to_be_bytes();
            let sign = if unscaled < 0 { 0xff } else { 0 };
            let is_spare = |at: &usize| bytes[*at] == sign && (bytes[at + 1] ^ sign) & 0x80 == 0;
            let start = (0..15).take_while(is_spare).count();
            Value::Decimal(Decimal::from(&bytes[start..]))
        }
        Schema::BigDecimal => {
            let (digits, scale) = (random.integer(), random.below(30) as i64 - 10);
            Value::BigDecimal(BigDecimal::new(digits.into(), scale))
        }
        Schema::Uuid => {
            let hex = format!("{:016x}{:016x}", random.bits(), random.bits());
            let parts = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]];
            // Their type of UUIDs is not exported, but a text is one as well.
            Value::String(parts.join("-")).resolve(schema).unwrap_or_else(|e| panic!("{e}: {hex}"))
        }
        Schema::Date => Value::Date(random.integer() as i32),
        Schema::TimeMillis => Value::TimeMillis(random.below(86_400_000) as i32),
        Schema::TimeMicros => Value::TimeMicros(random.below(86_400_000_000) as i64),
        Schema::TimestampMillis => Value::TimestampMillis(random.integer()),
        Schema::TimestampMicros => Value::TimestampMicros(random.integer()),
        Schema::TimestampNanos => Value::TimestampNanos(random.integer()),
        Schema::LocalTimestampMillis => Value::LocalTimestampMillis(random.integer()),
        Schema::LocalTimestampMicros => Value::LocalTimestampMicros(random.integer()),
        Schema::LocalTimestampNanos => Value::LocalTimestampNanos(random.integer()),
        Schema::Duration => {
            let mut part = || random.bits() as u32 >> random.pick(&[1, 8, 20]);
            Value::Duration(Duration::new(Months::new(part()), Days::new(part()), Millis::new(part())))
        }
        Schema::Ref { name } => panic!("the schemas name nothing twice, but {name:?}"),
    }
}

fn bytes(random: &mut Random) -> Vec<u8> {
    (0..random.below(9)).map(|_| random.bits() as u8).collect()
}
