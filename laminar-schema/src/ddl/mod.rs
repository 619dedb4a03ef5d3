//! SQL text → statements: CREATE SOURCE and its neighbours.
//!
//! Lives here: the grammar, the types' spelling, statements as data, their text again, and errors that point into
//! the text. Does not live here: what a statement does; engines decide that. `docs/sql.md` describes the language.
//!
//! ```
//! use laminar_schema::ddl::{self, StatementKind};
//!
//! let statements = ddl::parse("CREATE SOURCE trades (price DOUBLE, *) FROM FILE (path = 'trades.ndjson') FORMAT JSON")?;
//! let StatementKind::CreateSource(source) = &statements[0].kind else { unreachable!() };
//! assert_eq!(source.connector.options.get("path"), Some("trades.ndjson"));
//! assert!(source.declared.has_wildcard);
//! # Ok::<(), ddl::DdlError>(())
//! ```

mod ast;
mod columns;
mod condition;
mod cursor;
mod erase;
mod error;
mod expression;
mod inference;
mod options;
mod print;
mod registry;
mod render;
mod secrets;
mod select;
mod source;
mod statement;
#[cfg(test)]
mod tests;
mod types;
mod watermark;

pub use ast::{
    AlterSource, ConnectorClause, CreateSink, CreateSource, Drop, Expression, FormatClause, Ident, Insert, OnError,
    SelectItem, Span, Spanned, Statement, StatementKind, Watermark,
};
pub use condition::{Condition, ConditionKind, LiteralKind, LiteralText, MAX_CONDITION_DEPTH, parse_condition};
pub use error::{DdlError, DdlErrorKind};
pub use print::{Secrets, columns_of, ddl_of};
pub use render::{render, render_config, snippet};
pub use types::SqlType;
pub use watermark::parse_watermark_delay;

use crate::declared::DeclaredSchema;
use cursor::Cursor;

/// Longest text that is read, in bytes.
pub const MAX_SQL_BYTES: usize = 1 << 20;
/// Most levels of types inside a type.
pub const MAX_TYPE_DEPTH: usize = 64;

/// Reads the statements of a text.
///
/// Cost: O(bytes); stack bounded by [`MAX_TYPE_DEPTH`].
///
/// # Errors
/// The first place where the text is no statement.
pub fn parse(sql: &str) -> Result<Vec<Statement>, DdlError> {
    statement::parse_all(&mut Cursor::new(sql)?)
}

/// Reads one type: `STRUCT(a BIGINT, b VARCHAR[])`.
///
/// # Errors
/// Where and why the text is no type.
pub fn parse_type(text: &str) -> Result<SqlType, DdlError> {
    let mut cursor = Cursor::new(text)?;
    let parsed = types::parse(&mut cursor, 0)?;
    if cursor.is_at_end() { Ok(parsed) } else { Err(cursor.expected(&["`[`", "the end of the text"])) }
}

/// Reads columns as they stand in CREATE SOURCE, with or without the parentheses: `a BIGINT, b STRUCT(c DOUBLE)`.
///
/// # Errors
/// Where and why the text is no list of columns. A WATERMARK is no column.
pub fn parse_columns(text: &str) -> Result<DeclaredSchema, DdlError> {
    let mut cursor = Cursor::new(text)?;
    let list = if cursor.peek() == Some(&sqlparser::tokenizer::Token::LParen) {
        let list = columns::parse(&mut cursor)?;
        if !cursor.is_at_end() {
            return Err(cursor.expected(&["the end of the text"]));
        }
        list
    } else {
        columns::parse_bare(&mut cursor)?
    };
    match list.watermark {
        Some(watermark) => {
            let (what, instead) = ("WATERMARK", "remove the clause");
            Err(DdlError::new(text, watermark.span, DdlErrorKind::NotYet { what, instead }))
        }
        None => Ok(list.schema),
    }
}
