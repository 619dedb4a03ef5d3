//! Type names as DuckDB spells them: Arrow type → text.
//!
//! The other way round, text → Arrow type, is part of the DDL ([`crate::ddl`]).

use std::fmt::Write as _;

use arrow_schema::{DataType, Field, Fields, TimeUnit};

use crate::field;

/// Arrow type of HUGEINT: 38 decimal digits, no fraction.
pub const HUGEINT: DataType = DataType::Decimal128(38, 0);

/// The name of a type: `BIGINT`, `DECIMAL(18,4)`, `STRUCT(a BIGINT, b VARCHAR[])`.
///
/// Types that DuckDB lacks keep Arrow's name, lower case: `float16`.
pub fn type_name(data_type: &DataType) -> String {
    let mut out = String::new();
    write_type(&mut out, data_type, Spelling::Shown);
    out
}

/// The name of a field's type, which also knows JSON and UUID from the field's extension type.
pub fn field_type_name(f: &Field) -> String {
    let mut out = String::new();
    write_field_type(&mut out, f, Spelling::Shown);
    out
}

/// The name of a field's type as a declaration needs it: also nanoseconds that `TIME` and `TIMESTAMPTZ` do not show, and
/// the patterns of dates and timestamps, in nested fields too: `STRUCT(at DATE FORMAT '%d/%m/%Y')`.
pub fn declared_type_name(f: &Field) -> String {
    let mut out = String::new();
    write_field_type(&mut out, f, Spelling::Declared);
    out
}

/// How much of a type its name says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spelling {
    /// What it is.
    Shown,
    /// Also how its texts are read.
    Declared,
}

fn write_field_type(out: &mut String, f: &Field, spelling: Spelling) {
    match field::extension_name(f) {
        Some(field::JSON_EXTENSION) => out.push_str("JSON"),
        Some(field::UUID_EXTENSION) => out.push_str("UUID"),
        _ => write_type(out, f.data_type(), spelling),
    }
    let formats = f.metadata().get(field::TIMESTAMP_FORMATS_METADATA).filter(|_| spelling == Spelling::Declared);
    if let Some(formats) = formats {
        let quoted: Vec<String> = formats.lines().map(quote_literal).collect();
        let _ = match &quoted[..] {
            [one] => write!(out, " FORMAT {one}"),
            several => write!(out, " FORMAT ({})", several.join(", ")),
        };
    }
}

fn write_type(out: &mut String, data_type: &DataType, spelling: Spelling) {
    let is_declared = spelling == Spelling::Declared;
    let simple = match data_type {
        DataType::Null => "NULL",
        DataType::Boolean => "BOOLEAN",
        DataType::Int8 => "TINYINT",
        DataType::Int16 => "SMALLINT",
        DataType::Int32 => "INTEGER",
        DataType::Int64 => "BIGINT",
        DataType::UInt8 => "UTINYINT",
        DataType::UInt16 => "USMALLINT",
        DataType::UInt32 => "UINTEGER",
        DataType::UInt64 => "UBIGINT",
        // SQL has no name for half a float; a declared FLOAT holds every one of them.
        DataType::Float16 if is_declared => "FLOAT",
        DataType::Float16 => "FLOAT16",
        DataType::Float32 => "FLOAT",
        DataType::Float64 => "DOUBLE",
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "VARCHAR",
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => "BLOB",
        DataType::Date32 | DataType::Date64 => "DATE",
        DataType::Time64(TimeUnit::Nanosecond) if is_declared => "TIME_NS",
        DataType::Time32(_) | DataType::Time64(_) => "TIME",
        DataType::Timestamp(TimeUnit::Second, None) => "TIMESTAMP_S",
        DataType::Timestamp(TimeUnit::Millisecond, None) => "TIMESTAMP_MS",
        DataType::Timestamp(TimeUnit::Microsecond, None) => "TIMESTAMP",
        DataType::Timestamp(TimeUnit::Nanosecond, None) => "TIMESTAMP_NS",
        DataType::Timestamp(TimeUnit::Nanosecond, Some(_)) if is_declared => "TIMESTAMPTZ_NS",
        DataType::Timestamp(_, Some(_)) => "TIMESTAMPTZ",
        DataType::Interval(_) | DataType::Duration(_) => "INTERVAL",
        t if *t == HUGEINT => "HUGEINT",
        _ => "",
    };
    if !simple.is_empty() {
        return out.push_str(simple);
    }
    match data_type {
        DataType::Decimal32(p, s)
        | DataType::Decimal64(p, s)
        | DataType::Decimal128(p, s)
        | DataType::Decimal256(p, s) => {
            let _ = write!(out, "DECIMAL({p},{s})");
        }
        DataType::List(item) | DataType::LargeList(item) | DataType::ListView(item) | DataType::LargeListView(item) => {
            write_field_type(out, item, spelling);
            out.push_str("[]");
        }
        DataType::FixedSizeList(item, n) => {
            write_field_type(out, item, spelling);
            let _ = write!(out, "[{n}]");
        }
        DataType::Struct(fields) => write_struct(out, fields, spelling),
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(kv) if kv.len() == 2 => {
                out.push_str("MAP(");
                write_field_type(out, &kv[0], spelling);
                out.push_str(", ");
                write_field_type(out, &kv[1], spelling);
                out.push(')');
            }
            other => out.push_str(&other.to_string()),
        },
        DataType::Dictionary(_, value) => write_type(out, value, spelling),
        DataType::RunEndEncoded(_, values) => write_field_type(out, values, spelling),
        other => out.push_str(&other.to_string().to_lowercase()),
    }
}

fn write_struct(out: &mut String, fields: &Fields, spelling: Spelling) {
    out.push_str("STRUCT(");
    for (i, f) in fields.iter().enumerate() {
        if i > 0 {
            out.push_str(", ");
        }
        out.push_str(&quote_ident(f.name()));
        out.push(' ');
        write_field_type(out, f, spelling);
    }
    out.push(')');
}

/// A name as it must stand in SQL: bare where that is safe, in double quotes otherwise.
pub fn quote_ident(name: &str) -> String {
    let bare = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !RESERVED.iter().any(|r| r.eq_ignore_ascii_case(name));
    if bare { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

/// A string as it must stand in SQL: in single quotes, those inside it doubled.
pub fn quote_literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Words that our grammar would take for something else where a column name may stand.
const RESERVED: &[&str] = &[
    "as",
    "create",
    "default",
    "from",
    "format",
    "include",
    "infer",
    "insert",
    "into",
    "not",
    "null",
    "on",
    "prefix",
    "select",
    "sink",
    "source",
    "table",
    "using",
    "watermark",
    "where",
];
