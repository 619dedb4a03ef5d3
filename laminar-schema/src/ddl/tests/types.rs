//! Types: every spelling, and that every type that is printed reads back as itself.

use std::sync::Arc;

use arrow_schema::{DataType, Field, Fields, IntervalUnit, TimeUnit};

use crate::{
    ddl::{MAX_TYPE_DEPTH, SqlType, parse_type},
    field::{json_field, uuid_field},
    types::{HUGEINT, declared_type_name, field_type_name},
};

/// Checks that all spellings, separated by `|`, name the type that is printed as `printed`.
fn check(spellings: &str, printed: &str) {
    for spelling in spellings.split('|') {
        let parsed = parse_type(spelling.trim()).unwrap_or_else(|e| panic!("{spelling}: {e}"));
        assert_eq!(field_type_name(&parsed.into_field("x", true)), printed, "{spelling}");
    }
}

#[test]
fn half_a_float_is_declared_as_one() {
    let half = Field::new("x", DataType::Float16, true);
    assert_eq!(field_type_name(&half), "FLOAT16");
    let declared = declared_type_name(&half);
    let parsed = parse_type(&declared).unwrap().into_field("x", true);
    assert_eq!(parsed.data_type(), &DataType::Float32);
}

#[test]
fn spellings() {
    check("BOOLEAN | bool | Logical", "BOOLEAN");
    check("TINYINT | INT1", "TINYINT");
    check("SMALLINT | INT2 | SHORT | INT16", "SMALLINT");
    check("INTEGER | INT | INT4 | INT32 | SIGNED", "INTEGER");
    check("BIGINT | INT8 | LONG | INT64", "BIGINT");
    check("HUGEINT | INT128 | DECIMAL(38, 0) | NUMERIC(38)", "HUGEINT");
    check("UTINYINT | UINT8", "UTINYINT");
    check("USMALLINT | UINT16", "USMALLINT");
    check("UINTEGER | UINT32", "UINTEGER");
    check("UBIGINT | UINT64", "UBIGINT");
    check("FLOAT | FLOAT4 | REAL", "FLOAT");
    check("DOUBLE | FLOAT8 | DOUBLE PRECISION | double precision", "DOUBLE");
    check("DECIMAL | NUMERIC | DECIMAL(18, 3)", "DECIMAL(18,3)");
    check("DECIMAL(5) | DECIMAL(5,0)", "DECIMAL(5,0)");
    check("DECIMAL(39, 2)", "DECIMAL(39,2)");
    check("VARCHAR | TEXT | STRING | CHAR | VARCHAR(20) | CHARACTER VARYING(3) | BPCHAR", "VARCHAR");
    check("BLOB | BYTEA | BINARY | VARBINARY", "BLOB");
    check("DATE", "DATE");
    check("TIME | TIME WITHOUT TIME ZONE", "TIME");
    check("TIMESTAMP | DATETIME | TIMESTAMP_US | TIMESTAMP(6) | TIMESTAMP WITHOUT TIME ZONE", "TIMESTAMP");
    check("TIMESTAMP_S | TIMESTAMP(0)", "TIMESTAMP_S");
    check("TIMESTAMP_MS | TIMESTAMP(3)", "TIMESTAMP_MS");
    check("TIMESTAMP_NS | TIMESTAMP(9)", "TIMESTAMP_NS");
    check("TIMESTAMPTZ | TIMESTAMP WITH TIME ZONE | TIMESTAMP(3) WITH TIME ZONE", "TIMESTAMPTZ");
    // What a declaration says beyond the type is not shown with it.
    check("TIME_NS", "TIME");
    check("TIMESTAMPTZ_NS | TIMESTAMPTZ FORMAT '%s'", "TIMESTAMPTZ");
    check("INTERVAL", "INTERVAL");
    check("UUID | GUID", "UUID");
    check("JSON | JSONB", "JSON");
    check("NULL", "NULL");
    check("INT [ ] | INT[]", "INTEGER[]");
    check("INT[3][]", "INTEGER[3][]");
    check(
        "struct(a int, \"B c\" varchar[], d struct(e json))",
        "STRUCT(a INTEGER, \"B c\" VARCHAR[], d STRUCT(e JSON))",
    );
    check("MAP(VARCHAR, DECIMAL(10,2)[]) | map ( text,numeric(10,2)[] )", "MAP(VARCHAR, DECIMAL(10,2)[])");
}

#[test]
fn a_declaration_says_how_texts_are_read() {
    let check = |spelling: &str, declared: &str| {
        let field = |text: &str| parse_type(text).unwrap_or_else(|e| panic!("{text}: {e}")).into_field("x", true);
        assert_eq!(declared_type_name(&field(spelling)), declared);
        assert_eq!(field(declared), field(spelling));
    };
    check("date format '%d/%m/%Y'", "DATE FORMAT '%d/%m/%Y'");
    check("TIMESTAMP FORMAT ('iso8601', 'it''s %H, %M')", "TIMESTAMP FORMAT ('iso8601', 'it''s %H, %M')");
    check("TIMESTAMP WITH TIME ZONE FORMAT ('epoch_ms')", "TIMESTAMPTZ FORMAT 'epoch_ms'");
    check("DATE FORMAT '%d'[]", "DATE FORMAT '%d'[]");
    check("STRUCT(a DATE FORMAT '%d', format TIME_NS)[3]", "STRUCT(a DATE FORMAT '%d', \"format\" TIME_NS)[3]");
    check("MAP(VARCHAR, TIMESTAMPTZ_NS FORMAT '%s')", "MAP(VARCHAR, TIMESTAMPTZ_NS FORMAT '%s')");
    check("JSON", "JSON");
    for wrong in [
        "DATE FORMAT",
        "DATE FORMAT ''",
        "DATE FORMAT 'a\nb'",
        "DATE FORMAT ()",
        "DATE FORMAT ('a',)",
        "TIME FORMAT '%H'",
    ] {
        assert!(parse_type(wrong).is_err(), "{wrong}");
    }
}

/// Every type that has no parts, as a field.
fn leaves() -> Vec<Field> {
    use DataType as T;
    let timestamp = |unit| T::Timestamp(unit, None);
    let mut leaves: Vec<Field> = [
        T::Null,
        T::Boolean,
        T::Int8,
        T::Int16,
        T::Int32,
        T::Int64,
        T::UInt8,
        T::UInt16,
        T::UInt32,
        T::UInt64,
        T::Float32,
        T::Float64,
        T::Utf8,
        T::Binary,
        T::Date32,
        HUGEINT,
        T::Time64(TimeUnit::Microsecond),
        timestamp(TimeUnit::Second),
        timestamp(TimeUnit::Millisecond),
        timestamp(TimeUnit::Microsecond),
        timestamp(TimeUnit::Nanosecond),
        T::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        T::Interval(IntervalUnit::MonthDayNano),
        T::Decimal128(1, 0),
        T::Decimal128(18, 3),
        T::Decimal128(38, 38),
        T::Decimal256(39, 0),
        T::Decimal256(76, 76),
    ]
    .into_iter()
    .map(|t| Field::new("item", t, true))
    .collect();
    leaves.extend([json_field("item", true), uuid_field("item", true)]);
    leaves
}

/// Every way to put fields into a larger type.
fn containers(item: &Field, other: &Field) -> Vec<Field> {
    let list_item = Arc::new(item.clone().with_name("item"));
    let key = other.clone().with_name("keys").with_nullable(false);
    let entries = Fields::from(vec![key, item.clone().with_name("values")]);
    let names = ["a", "A", "select", "with \"quotes\"", "ünï", "", "two\nlines", "0"];
    let fields: Fields =
        names.iter().zip([item, other].into_iter().cycle()).map(|(n, f)| f.clone().with_name(*n)).collect();
    [
        DataType::List(Arc::clone(&list_item)),
        DataType::FixedSizeList(list_item, 3),
        DataType::Map(Arc::new(Field::new("entries", DataType::Struct(entries), false)), false),
        DataType::Struct(fields),
    ]
    .into_iter()
    .map(|t| Field::new("item", t, true))
    .collect()
}

#[test]
fn printed_types_read_back_as_themselves() {
    let mut fields = leaves();
    let mut layer = fields.clone();
    for _ in 0..2 {
        let shifted = layer.iter().cycle().skip(7);
        layer = layer.iter().zip(shifted).flat_map(|(a, b)| containers(a, b)).collect();
        fields.extend(layer.iter().cloned());
    }
    assert_eq!(fields.len(), 30 * (1 + 4 + 16));
    for field in fields {
        let printed = field_type_name(&field);
        let parsed = parse_type(&printed).unwrap_or_else(|e| panic!("{printed}: {e}"));
        assert_eq!(parsed.into_field("item", true), field, "{printed}");
    }
}

#[test]
fn nesting_is_limited() {
    let nested = |levels: usize| format!("{}INT{}", "STRUCT(a ".repeat(levels), ")".repeat(levels));
    let lists = |levels: usize| format!("INT{}", "[]".repeat(levels));
    let too_deep = |text: &str| parse_type(text).map_err(|e| e.kind.to_string());
    let refused = Err::<SqlType, _>("the type is nested more than 64 levels deep".to_owned());
    assert!(parse_type(&nested(MAX_TYPE_DEPTH - 1)).is_ok());
    assert_eq!(too_deep(&nested(MAX_TYPE_DEPTH)), refused);
    assert_eq!(too_deep(&nested(10_000)), refused);
    assert!(parse_type(&lists(MAX_TYPE_DEPTH)).is_ok());
    assert_eq!(too_deep(&lists(MAX_TYPE_DEPTH + 1)), refused);
    assert_eq!(too_deep(&lists(100_000)), refused);
    assert_eq!(too_deep(&format!("{}[]", nested(MAX_TYPE_DEPTH - 1)).repeat(1)).map(|_| ()), Ok(()));
    assert_eq!(too_deep(&format!("{}[][]", nested(MAX_TYPE_DEPTH - 1))), refused);
}
