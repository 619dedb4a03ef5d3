//! Types: text → Arrow. The other way round is [`crate::types`].

use std::{collections::HashSet, sync::Arc};

use arrow_schema::{
    DECIMAL128_MAX_PRECISION, DECIMAL256_MAX_PRECISION, DataType, Field, Fields, IntervalUnit, TimeUnit,
};
use sqlparser::tokenizer::Token;

use super::{
    MAX_TYPE_DEPTH,
    ast::Span,
    cursor::Cursor,
    error::{DdlError, DdlErrorKind},
};
use crate::{
    config::did_you_mean,
    field::{EXTENSION_NAME, JSON_EXTENSION, TIMESTAMP_FORMATS_METADATA, UUID_EXTENSION},
    types::HUGEINT,
};

/// A type as SQL knows it: JSON and UUID are more than their Arrow types.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlType {
    /// The Arrow type.
    pub data_type: DataType,
    /// Name of the Arrow extension type: `arrow.json`, `arrow.uuid`.
    pub extension: Option<&'static str>,
    /// Patterns of dates and timestamps, one a line: `DATE FORMAT '%d/%m/%Y'`.
    pub timestamp_formats: Option<String>,
}

impl SqlType {
    /// A field of this type.
    pub fn into_field(self, name: impl Into<String>, nullable: bool) -> Field {
        let extension = self.extension.map(|e| (EXTENSION_NAME.to_owned(), e.to_owned()));
        let formats = self.timestamp_formats.map(|f| (TIMESTAMP_FORMATS_METADATA.to_owned(), f));
        Field::new(name, self.data_type, nullable).with_metadata(extension.into_iter().chain(formats).collect())
    }
}

impl From<DataType> for SqlType {
    fn from(data_type: DataType) -> Self {
        Self { data_type, extension: None, timestamp_formats: None }
    }
}

/// A type that is more than its Arrow type.
fn extended(data_type: DataType, extension: &'static str) -> SqlType {
    SqlType { extension: Some(extension), ..data_type.into() }
}

/// Longest fixed-size array, as in DuckDB. Nulls take as much memory as values, so it is a limit worth having.
const MAX_ARRAY_SIZE: u64 = 100_000;

/// Types of one word without parameters. The first name of each type is the one that is printed.
fn simple(word: &str) -> Option<SqlType> {
    let micros = TimeUnit::Microsecond;
    let data_type = match word {
        "NULL" => DataType::Null,
        "BOOLEAN" | "BOOL" | "LOGICAL" => DataType::Boolean,
        "TINYINT" | "INT1" => DataType::Int8,
        "SMALLINT" | "INT2" | "INT16" | "SHORT" => DataType::Int16,
        "INTEGER" | "INT" | "INT4" | "INT32" | "SIGNED" => DataType::Int32,
        "BIGINT" | "INT8" | "INT64" | "LONG" => DataType::Int64,
        "HUGEINT" | "INT128" => HUGEINT,
        "UTINYINT" | "UINT8" => DataType::UInt8,
        "USMALLINT" | "UINT16" => DataType::UInt16,
        "UINTEGER" | "UINT32" => DataType::UInt32,
        "UBIGINT" | "UINT64" => DataType::UInt64,
        "FLOAT" | "FLOAT4" | "REAL" => DataType::Float32,
        "DOUBLE" | "FLOAT8" => DataType::Float64,
        "BLOB" | "BYTEA" | "BINARY" | "VARBINARY" => DataType::Binary,
        "DATE" => DataType::Date32,
        "TIME" => DataType::Time64(micros),
        "TIMESTAMP_S" => DataType::Timestamp(TimeUnit::Second, None),
        "TIMESTAMP_MS" => DataType::Timestamp(TimeUnit::Millisecond, None),
        "TIMESTAMP_US" | "DATETIME" => DataType::Timestamp(micros, None),
        "TIMESTAMP_NS" => DataType::Timestamp(TimeUnit::Nanosecond, None),
        "TIME_NS" => DataType::Time64(TimeUnit::Nanosecond),
        "TIMESTAMPTZ_NS" => DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into())),
        "TIMESTAMPTZ" => DataType::Timestamp(micros, Some("UTC".into())),
        "INTERVAL" => DataType::Interval(IntervalUnit::MonthDayNano),
        "JSON" | "JSONB" => return Some(extended(DataType::Utf8, JSON_EXTENSION)),
        "UUID" | "GUID" => return Some(extended(DataType::FixedSizeBinary(16), UUID_EXTENSION)),
        _ => return None,
    };
    Some(data_type.into())
}

/// Words for the suggestions of a misspelt type.
const KNOWN: &[&str] = &[
    "BIGINT",
    "BLOB",
    "BOOLEAN",
    "DATE",
    "DECIMAL",
    "DOUBLE",
    "FLOAT",
    "HUGEINT",
    "INT",
    "INTEGER",
    "INTERVAL",
    "JSON",
    "MAP",
    "NUMERIC",
    "REAL",
    "SMALLINT",
    "STRING",
    "STRUCT",
    "TEXT",
    "TIME",
    "TIMESTAMP",
    "TIMESTAMPTZ",
    "TIMESTAMP_MS",
    "TIMESTAMP_NS",
    "TIMESTAMP_S",
    "TINYINT",
    "UBIGINT",
    "UINTEGER",
    "USMALLINT",
    "UTINYINT",
    "UUID",
    "VARCHAR",
];

/// Types that other systems or later versions have, with what to write instead.
const UNSUPPORTED: &[(&str, &str)] = &[
    ("ARRAY", "write the element's type and `[]`: BIGINT[]"),
    ("BIT", "use VARCHAR or BLOB"),
    ("ENUM", "use VARCHAR"),
    ("GEOMETRY", "use BLOB"),
    ("LIST", "write the element's type and `[]`: BIGINT[]"),
    ("OBJECT", "use STRUCT(…), MAP(K, V) or JSON"),
    ("ROW", "use STRUCT(a BIGINT, b VARCHAR)"),
    ("TIMETZ", "use TIME or TIMESTAMPTZ"),
    ("UHUGEINT", "use HUGEINT or DECIMAL(38,0)"),
    ("UNION", "use JSON"),
    ("VARIANT", "use JSON"),
];

/// Reads one type. `depth` is how many types it stands in.
pub(super) fn parse(cursor: &mut Cursor<'_>, depth: usize) -> Result<SqlType, DdlError> {
    let start = cursor.span();
    let mut parsed = element(cursor, depth)?;
    if is_moment(&parsed.data_type) && cursor.at_words(&["FORMAT"]) {
        cursor.advance();
        parsed.timestamp_formats = Some(formats(cursor)?);
    }
    let mut levels = depth + nesting(&parsed.data_type);
    while cursor.peek() == Some(&Token::LBracket) {
        levels += 1;
        let open = cursor.span();
        if levels > MAX_TYPE_DEPTH {
            return Err(cursor.error(start.start..open.end, DdlErrorKind::TooDeep));
        }
        cursor.advance();
        let size = match cursor.peek() {
            Some(Token::RBracket) => None,
            Some(Token::Number(..)) => Some(number(cursor, "size of an array", 1, MAX_ARRAY_SIZE)?),
            _ => {
                return Err(cursor.expected_or(&["`]`", "a number"], "a list is BIGINT[], an array of three BIGINT[3]"));
            }
        };
        if !cursor.eat(&Token::RBracket) {
            if cursor.is_at_end() {
                return Err(cursor.error(open, DdlErrorKind::Unclosed { end: "]" }));
            }
            return Err(cursor.expected(&["`]`"]));
        }
        let item = Arc::new(parsed.into_field("item", true));
        parsed = match size {
            None => DataType::List(item),
            // At most MAX_ARRAY_SIZE, which an i32 holds.
            Some(size) => DataType::FixedSizeList(item, size as i32),
        }
        .into();
    }
    Ok(parsed)
}

/// Whether texts of the type are read with patterns.
fn is_moment(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Date32 | DataType::Timestamp(..))
}

/// What follows the word FORMAT behind a type: a pattern, or several in parentheses, which are tried in order.
fn formats(cursor: &mut Cursor<'_>) -> Result<String, DdlError> {
    if cursor.peek() != Some(&Token::LParen) {
        return pattern(cursor);
    }
    let open = cursor.expect_open()?;
    let mut lines = Vec::new();
    loop {
        lines.push(pattern(cursor)?);
        if !cursor.list_goes_on(&open, &[])? {
            return Ok(lines.join("\n"));
        }
    }
}

fn pattern(cursor: &mut Cursor<'_>) -> Result<String, DdlError> {
    const HELP: &str = "a pattern is a word such as 'iso8601' or 'epoch_ms', or strftime's: DATE FORMAT '%d/%m/%Y'";
    match cursor.peek() {
        // Fields keep one pattern a line.
        Some(Token::SingleQuotedString(text)) if !text.is_empty() && !text.contains(['\n', '\r']) => {
            cursor.string("a pattern")
        }
        _ => Err(cursor.expected_or(&["a pattern"], HELP)),
    }
}

/// A type without brackets behind it.
fn element(cursor: &mut Cursor<'_>, depth: usize) -> Result<SqlType, DdlError> {
    let span = cursor.span();
    let Some(word) = cursor.word().map(str::to_ascii_uppercase) else {
        return Err(cursor.expected(&["a type"]));
    };
    if depth >= MAX_TYPE_DEPTH {
        return Err(cursor.error(span, DdlErrorKind::TooDeep));
    }
    if let Some((name, instead)) = UNSUPPORTED.iter().find(|(name, _)| *name == word) {
        return Err(cursor.error(span, DdlErrorKind::UnsupportedType { name, instead }));
    }
    match word.as_str() {
        "VARCHAR" | "TEXT" | "STRING" | "CHAR" | "BPCHAR" | "NVARCHAR" | "CHARACTER" => {
            cursor.advance();
            if word == "CHARACTER" {
                cursor.eat_words(&["VARYING"]);
            }
            // A length is read and dropped, as in DuckDB.
            if cursor.peek() == Some(&Token::LParen) {
                parameters(cursor, &[("length of VARCHAR", 1, u64::from(u32::MAX))])?;
            }
            Ok(DataType::Utf8.into())
        }
        "DECIMAL" | "NUMERIC" => {
            cursor.advance();
            decimal(cursor)
        }
        "TIMESTAMP" => {
            cursor.advance();
            timestamp(cursor)
        }
        "STRUCT" => structure(cursor, depth),
        "MAP" => map(cursor, depth),
        _ => {
            let Some(found) = simple(&word) else {
                let suggestion = did_you_mean(&word, KNOWN.iter().copied());
                let name = cursor.text(span.clone()).to_owned();
                return Err(cursor.error(span, DdlErrorKind::UnknownType { name, suggestion }));
            };
            cursor.advance();
            match word.as_str() {
                "DOUBLE" => {
                    cursor.eat_words(&["PRECISION"]);
                }
                "TIME" if cursor.at_words(&["WITH", "TIME", "ZONE"]) => {
                    let (name, instead) = ("TIME WITH TIME ZONE", "use TIME or TIMESTAMPTZ");
                    return Err(cursor.error(span, DdlErrorKind::UnsupportedType { name, instead }));
                }
                "TIME" => {
                    cursor.eat_words(&["WITHOUT", "TIME", "ZONE"]);
                }
                _ => {}
            }
            Ok(found)
        }
    }
}

/// `DECIMAL`, `DECIMAL(p)`, `DECIMAL(p, s)`; (18, 3) where nothing is said, as in DuckDB.
fn decimal(cursor: &mut Cursor<'_>) -> Result<SqlType, DdlError> {
    let (precision, scale) = if cursor.peek() == Some(&Token::LParen) {
        let start = cursor.span().start;
        let bounds = [
            ("precision of DECIMAL", 1, u64::from(DECIMAL256_MAX_PRECISION)),
            ("scale of DECIMAL", 0, u64::from(DECIMAL256_MAX_PRECISION)),
        ];
        let given = parameters(cursor, &bounds)?;
        // There is always a first parameter.
        let (precision, scale) = (given.first().copied().unwrap_or(18), given.get(1).copied().unwrap_or(0));
        if scale > precision {
            let kind = DdlErrorKind::TypeParameter {
                what: "scale of DECIMAL",
                found: scale.to_string(),
                min: 0,
                max: precision,
            };
            return Err(cursor.error(start..cursor.previous_end(), kind));
        }
        (precision as u8, scale as i8)
    } else {
        (18, 3)
    };
    Ok(if precision <= DECIMAL128_MAX_PRECISION {
        DataType::Decimal128(precision, scale)
    } else {
        DataType::Decimal256(precision, scale)
    }
    .into())
}

/// What follows the word TIMESTAMP: digits of the second, a time zone.
fn timestamp(cursor: &mut Cursor<'_>) -> Result<SqlType, DdlError> {
    let mut unit = TimeUnit::Microsecond;
    if cursor.peek() == Some(&Token::LParen) {
        let given = parameters(cursor, &[("precision of TIMESTAMP", 0, 9)])?;
        unit = match given.first().copied().unwrap_or(6) {
            0 => TimeUnit::Second,
            1..=3 => TimeUnit::Millisecond,
            4..=6 => TimeUnit::Microsecond,
            _ => TimeUnit::Nanosecond,
        };
    }
    if cursor.eat_words(&["WITH", "TIME", "ZONE"]) {
        // As in DuckDB, there is one TIMESTAMPTZ, and it has microseconds.
        return Ok(DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())).into());
    }
    cursor.eat_words(&["WITHOUT", "TIME", "ZONE"]);
    Ok(DataType::Timestamp(unit, None).into())
}

/// `STRUCT(a T, b T)`
fn structure(cursor: &mut Cursor<'_>, depth: usize) -> Result<SqlType, DdlError> {
    cursor.advance();
    if cursor.peek() == Some(&Token::Lt) {
        return Err(cursor.expected_or(&["`(`"], "fields stand in parentheses: STRUCT(a BIGINT, b VARCHAR)"));
    }
    let open = cursor.expect_open()?;
    let mut fields = Vec::new();
    let mut names = HashSet::new();
    loop {
        let name = cursor.ident("a field name")?;
        if !names.insert(name.name.clone()) {
            return Err(cursor.error(name.span, DdlErrorKind::Duplicate { what: "field", name: name.name }));
        }
        if cursor.peek() == Some(&Token::Colon) {
            return Err(cursor.expected_or(&["a type"], "a field is a name and a type: STRUCT(a BIGINT, b VARCHAR)"));
        }
        fields.push(parse(cursor, depth + 1)?.into_field(name.name, true));
        if cursor.at_words(&["NOT"]) || cursor.at_words(&["DEFAULT"]) {
            return Err(cursor
                .expected_or(&["`,`", "`)`"], "only columns have NOT NULL and DEFAULT, fields of a STRUCT do not"));
        }
        if !cursor.list_goes_on(&open, &[])? {
            return Ok(DataType::Struct(Fields::from(fields)).into());
        }
    }
}

/// `MAP(K, V)`
fn map(cursor: &mut Cursor<'_>, depth: usize) -> Result<SqlType, DdlError> {
    cursor.advance();
    let open = cursor.expect_open()?;
    let key = parse(cursor, depth + 1)?;
    if !cursor.eat(&Token::Comma) {
        return Err(cursor.expected_or(&["`,`"], "a map has two types: MAP(VARCHAR, BIGINT)"));
    }
    let value = parse(cursor, depth + 1)?;
    if !cursor.eat(&Token::RParen) {
        return Err(if cursor.is_at_end() { cursor.unclosed(open) } else { cursor.expected(&["`)`"]) });
    }
    let entries = Fields::from(vec![key.into_field("keys", false), value.into_field("values", true)]);
    Ok(DataType::Map(Arc::new(Field::new("entries", DataType::Struct(entries), false)), false).into())
}

/// Numbers in parentheses: at least one, at most as many as there are bounds.
fn parameters(cursor: &mut Cursor<'_>, bounds: &[(&'static str, u64, u64)]) -> Result<Vec<u64>, DdlError> {
    let open = cursor.expect_open()?;
    let mut given = Vec::new();
    for (i, (what, min, max)) in bounds.iter().enumerate() {
        given.push(number(cursor, what, *min, *max)?);
        if cursor.eat(&Token::RParen) {
            return Ok(given);
        }
        if cursor.is_at_end() {
            return Err(cursor.unclosed(open));
        }
        if i + 1 == bounds.len() || !cursor.eat(&Token::Comma) {
            break;
        }
    }
    Err(cursor.expected(if given.len() < bounds.len() { &["`,`", "`)`"] } else { &["`)`"] }))
}

fn number(cursor: &mut Cursor<'_>, what: &'static str, min: u64, max: u64) -> Result<u64, DdlError> {
    let span: Span = cursor.span();
    let Some(Token::Number(text, _)) = cursor.peek() else {
        return Err(cursor.expected(&["a number"]));
    };
    match text.parse::<u64>() {
        Ok(n) if (min..=max).contains(&n) => {
            cursor.advance();
            Ok(n)
        }
        _ => {
            let found = text.clone();
            Err(cursor.error(span, DdlErrorKind::TypeParameter { what, found, min, max }))
        }
    }
}

/// Levels of types inside a type. Recursion is bounded because the type was parsed with a bound.
fn nesting(data_type: &DataType) -> usize {
    match data_type {
        DataType::List(item) | DataType::FixedSizeList(item, _) => 1 + nesting(item.data_type()),
        DataType::Map(entries, _) => nesting(entries.data_type()),
        DataType::Struct(fields) => 1 + fields.iter().map(|f| nesting(f.data_type())).max().unwrap_or(0),
        _ => 0,
    }
}
