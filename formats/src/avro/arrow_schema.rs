//! Arrow's schema as an Avro schema: what is written when no schema is given.

use std::collections::HashSet;

use arrow_schema::{DataType, Field, Fields, IntervalUnit, Schema, TimeUnit};
use laminar_schema::{EncodeError, SchemaError, SchemaResult, field};
use serde_json::{Value, json};

/// Property of a record's field that keeps a column's name which Avro does not allow.
pub const NAME_PROPERTY: &str = "laminar.name";

/// Logical type of a string that is a JSON document.
pub(super) const JSON_LOGICAL_TYPE: &str = "json";

/// Yields the Avro schema, as JSON text, in which every value of columns of `schema` can be written exactly.
///
/// `name` is the record's, `namespace` that of all names where it is not empty. Records inside are named after their place.
/// A nullable column is a union with null, which is its default.
///
/// # Errors
/// [`EncodeError::UnsupportedType`] for a column that no Avro type can hold, by its path.
pub fn avro_schema_of(schema: &Schema, name: &str, namespace: &str) -> SchemaResult<String> {
    let mut names = HashSet::new();
    let name = legal(name, &mut names);
    let mut record = record(schema.fields(), &name, &mut names)?;
    if let (Value::Object(record), false) = (&mut record, namespace.is_empty()) {
        record.insert("namespace".to_owned(), namespace.into());
    }
    Ok(record.to_string())
}

fn record(fields: &Fields, name: &str, names: &mut HashSet<String>) -> SchemaResult<Value> {
    let mut own = HashSet::new();
    let mut written = Vec::with_capacity(fields.len());
    for f in fields {
        let key = field::payload_key(f);
        let legal = legal(key, &mut own);
        let mut object = json!({ "name": legal });
        if legal != *key {
            object[NAME_PROPERTY] = key.into();
        }
        if let Some(doc) = f.metadata().get(field::DESCRIPTION_METADATA) {
            object["doc"] = doc.as_str().into();
        }
        object["type"] = nullable(f, &format!("{name}_{legal}"), names).map_err(|e| e.in_field(f.name()))?;
        if f.is_nullable() {
            object["default"] = Value::Null;
        }
        written.push(object);
    }
    Ok(json!({ "type": "record", "name": name, "fields": written }))
}

/// A field's type, null being one of two where it may be null.
fn nullable(f: &Field, place: &str, names: &mut HashSet<String>) -> SchemaResult<Value> {
    let plain = of_type(f, place, names)?;
    Ok(match f.is_nullable() && plain != "null" {
        true => json!(["null", plain]),
        false => plain,
    })
}

fn of_type(f: &Field, place: &str, names: &mut HashSet<String>) -> SchemaResult<Value> {
    let logical = |physical: &str, logical: &str| json!({ "type": physical, "logicalType": logical });
    Ok(match f.data_type() {
        DataType::Null => "null".into(),
        DataType::Boolean => "boolean".into(),
        DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::UInt8 | DataType::UInt16 => "int".into(),
        DataType::Int64 | DataType::UInt32 => "long".into(),
        // Avro has no unsigned numbers: one of 64 bits is a decimal without a fraction.
        DataType::UInt64 => decimal(20, 0),
        DataType::Float16 | DataType::Float32 => "float".into(),
        DataType::Float64 => "double".into(),
        // A logical type of our own, which others pass over as the specification asks: the text is a document.
        DataType::Utf8 if field::is_json(f) => logical("string", JSON_LOGICAL_TYPE),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "string".into(),
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => "bytes".into(),
        DataType::FixedSizeBinary(16) if field::is_uuid(f) => logical("string", "uuid"),
        DataType::FixedSizeBinary(size) => json!({ "type": "fixed", "name": legal(place, names), "size": size }),
        DataType::Decimal32(precision, scale)
        | DataType::Decimal64(precision, scale)
        | DataType::Decimal128(precision, scale)
        | DataType::Decimal256(precision, scale) => match u8::try_from(*scale) {
            // Avro's scale is never above its precision: more digits hold the same numbers.
            Ok(scale) => decimal((*precision).max(scale), scale),
            Err(_) => return Err(unsupported(f, "cast it to a DECIMAL with a scale from 0 on")),
        },
        DataType::Date32 | DataType::Date64 => logical("int", "date"),
        DataType::Time32(_) => logical("int", "time-millis"),
        DataType::Time64(_) => logical("long", "time-micros"),
        DataType::Timestamp(unit, zone) => {
            let digits = match unit {
                TimeUnit::Second | TimeUnit::Millisecond => "millis",
                TimeUnit::Microsecond => "micros",
                TimeUnit::Nanosecond => "nanos",
            };
            let local = if zone.is_some() { "" } else { "local-" };
            logical("long", &format!("{local}timestamp-{digits}"))
        }
        DataType::Interval(IntervalUnit::YearMonth | IntervalUnit::DayTime | IntervalUnit::MonthDayNano) => {
            json!({ "type": "fixed", "name": legal(place, names), "size": 12, "logicalType": "duration" })
        }
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
            json!({ "type": "array", "items": nullable(item, place, names)? })
        }
        DataType::Struct(fields) => {
            let name = legal(place, names);
            record(fields, &name, names)?
        }
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(pair) if pair.len() == 2 && is_text(pair[0].data_type()) => {
                json!({ "type": "map", "values": nullable(&pair[1], place, names)? })
            }
            _ => return Err(unsupported(f, "keys of an Avro map are text; cast them to VARCHAR")),
        },
        DataType::Dictionary(_, value) => of_type(&Field::new("", (**value).clone(), true), place, names)?,
        DataType::Duration(_) => return Err(unsupported(f, "cast it to INTERVAL or BIGINT")),
        _ => return Err(unsupported(f, "cast it to a plain list, a struct or text")),
    })
}

fn decimal(precision: u8, scale: u8) -> Value {
    json!({ "type": "bytes", "logicalType": "decimal", "precision": precision, "scale": scale })
}

/// Whether values are texts.
pub(super) fn is_text(data_type: &DataType) -> bool {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Dictionary(_, value) => is_text(value),
        _ => false,
    }
}

/// `name` with `_` for what a name in Avro may not have, and with a number where it is taken.
fn legal(name: &str, taken: &mut HashSet<String>) -> String {
    let letter = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' };
    let mut legal: String = name.chars().map(letter).collect();
    if legal.chars().next().is_none_or(|c| c.is_ascii_digit()) {
        legal.insert(0, '_');
    }
    let mut unique = legal.clone();
    let mut number = 2_usize;
    while !taken.insert(unique.clone()) {
        unique = format!("{legal}_{number}");
        number += 1;
    }
    unique
}

#[cold]
fn unsupported(f: &Field, help: &'static str) -> SchemaError {
    EncodeError::UnsupportedType { format: super::NAME, data_type: f.data_type().clone(), help }.into()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use expect_test::{Expect, expect};
    use laminar_schema::ddl;

    use super::*;

    fn check(columns: &str, expected: Expect) {
        let declared = ddl::parse_columns(columns).expect("columns");
        let fields: Vec<Field> = declared.columns.iter().map(laminar_schema::DeclaredColumn::to_field).collect();
        let shown = match avro_schema_of(&Schema::new(fields), "row", "") {
            Ok(schema) => {
                apache_avro::Schema::parse_str(&schema).expect("a schema that apache-avro reads");
                let value: Value = serde_json::from_str(&schema).expect("JSON");
                let fields = value["fields"].as_array().expect("fields").iter().map(Value::to_string);
                fields.collect::<Vec<_>>().join("\n")
            }
            Err(error) => format!("error: {error}"),
        };
        expected.assert_eq(&shown);
    }

    #[test]
    fn every_type_has_one() {
        check(
            "a BIGINT NOT NULL, b INTEGER, c UBIGINT, d DOUBLE NOT NULL, e FLOAT",
            expect![[r#"
            {"name":"a","type":"long"}
            {"default":null,"name":"b","type":["null","int"]}
            {"default":null,"name":"c","type":["null",{"logicalType":"decimal","precision":20,"scale":0,"type":"bytes"}]}
            {"name":"d","type":"double"}
            {"default":null,"name":"e","type":["null","float"]}"#]],
        );
        check(
            "a VARCHAR, b BLOB NOT NULL, c UUID NOT NULL, d JSON NOT NULL",
            expect![[r#"
                {"default":null,"name":"a","type":["null","string"]}
                {"name":"b","type":"bytes"}
                {"name":"c","type":{"logicalType":"uuid","type":"string"}}
                {"name":"d","type":{"logicalType":"json","type":"string"}}"#]],
        );
        check(
            "a DECIMAL(10,2) NOT NULL, b DATE NOT NULL, c TIME NOT NULL, d INTERVAL NOT NULL",
            expect![[r#"
            {"name":"a","type":{"logicalType":"decimal","precision":10,"scale":2,"type":"bytes"}}
            {"name":"b","type":{"logicalType":"date","type":"int"}}
            {"name":"c","type":{"logicalType":"time-micros","type":"long"}}
            {"name":"d","type":{"logicalType":"duration","name":"row_d","size":12,"type":"fixed"}}"#]],
        );
        check(
            "a TIMESTAMP NOT NULL, b TIMESTAMPTZ NOT NULL, c TIMESTAMP_NS NOT NULL, d TIMESTAMP_MS NOT NULL",
            expect![[r#"
                {"name":"a","type":{"logicalType":"local-timestamp-micros","type":"long"}}
                {"name":"b","type":{"logicalType":"timestamp-micros","type":"long"}}
                {"name":"c","type":{"logicalType":"local-timestamp-nanos","type":"long"}}
                {"name":"d","type":{"logicalType":"local-timestamp-millis","type":"long"}}"#]],
        );
        check(
            "a BIGINT[], b STRUCT(a STRUCT(x BIGINT), a_a STRUCT(y VARCHAR)) NOT NULL, c MAP(VARCHAR, DOUBLE)",
            expect![[r#"
                {"default":null,"name":"a","type":["null",{"items":["null","long"],"type":"array"}]}
                {"name":"b","type":{"fields":[{"default":null,"name":"a","type":["null",{"fields":[{"default":null,"name":"x","type":["null","long"]}],"name":"row_b_a","type":"record"}]},{"default":null,"name":"a_a","type":["null",{"fields":[{"default":null,"name":"y","type":["null","string"]}],"name":"row_b_a_a","type":"record"}]}],"name":"row_b","type":"record"}}
                {"default":null,"name":"c","type":["null",{"type":"map","values":["null","double"]}]}"#]],
        );
    }

    #[test]
    fn names_become_legal() {
        check(
            r#""größe" BIGINT NOT NULL, "gr__e" BIGINT NOT NULL, "1st" BIGINT NOT NULL, "" BIGINT NOT NULL"#,
            expect![[r#"
                {"laminar.name":"größe","name":"gr__e","type":"long"}
                {"laminar.name":"gr__e","name":"gr__e_2","type":"long"}
                {"laminar.name":"1st","name":"_1st","type":"long"}
                {"laminar.name":"","name":"_","type":"long"}"#]],
        );
    }

    #[test]
    fn what_would_lose_something_is_refused() {
        check(
            "a MAP(BIGINT, VARCHAR)",
            expect![
                "error: field a: format avro cannot write MAP(BIGINT, VARCHAR); keys of an Avro map are text; cast them to VARCHAR"
            ],
        );
        let field = Field::new("d", DataType::Duration(TimeUnit::Second), true);
        let list = Field::new("l", DataType::List(Arc::new(field)), true);
        let error = avro_schema_of(&Schema::new(vec![list]), "row", "").expect_err("no type");
        expect!["field l: format avro cannot write INTERVAL; cast it to INTERVAL or BIGINT"]
            .assert_eq(&error.to_string());
    }
}
