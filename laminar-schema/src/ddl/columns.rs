//! The column list of CREATE SOURCE, and of `convert --schema`.

use std::collections::HashSet;

use sqlparser::tokenizer::Token;

use super::{
    ast::{Span, Watermark},
    cursor::Cursor,
    error::{DdlError, DdlErrorKind},
    expression, types,
};
use crate::{
    declared::{DeclaredColumn, DeclaredSchema},
    types::quote_literal,
};

/// What a column list says.
#[derive(Default)]
pub(super) struct ColumnList {
    pub(super) schema: DeclaredSchema,
    pub(super) spans: Vec<Span>,
    pub(super) watermark: Option<Watermark>,
    names: HashSet<String>,
}

const TRAILING_COMMA: &str = "remove the comma before it";
const CONSTRAINTS: [&str; 2] = ["`NOT NULL`", "`DEFAULT`"];

/// Reads `(columns)`.
pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<ColumnList, DdlError> {
    let open = cursor.expect_open()?;
    if cursor.peek() == Some(&Token::RParen) {
        return Err(cursor.expected_or(&["a column"], "leave the parentheses out to have the columns found"));
    }
    let mut list = ColumnList::default();
    loop {
        if cursor.peek() == Some(&Token::RParen) {
            return Err(cursor.expected_or(&["a column"], TRAILING_COMMA));
        }
        if cursor.is_at_end() {
            return Err(cursor.unclosed(open));
        }
        list.entry(cursor)?;
        if !cursor.list_goes_on(&open, &CONSTRAINTS)? {
            return Ok(list);
        }
    }
}

/// Reads columns without parentheses around them, to the end of the text.
pub(super) fn parse_bare(cursor: &mut Cursor<'_>) -> Result<ColumnList, DdlError> {
    let mut list = ColumnList::default();
    loop {
        list.entry(cursor)?;
        if cursor.is_at_end() {
            return Ok(list);
        }
        if !cursor.eat(&Token::Comma) {
            return Err(cursor.expected(&["`NOT NULL`", "`DEFAULT`", "`,`", "the end of the text"]));
        }
    }
}

impl ColumnList {
    /// A column, `*`, or the watermark.
    fn entry(&mut self, cursor: &mut Cursor<'_>) -> Result<(), DdlError> {
        if cursor.peek() == Some(&Token::Mul) {
            return self.wildcard(cursor);
        }
        // A column may be called `watermark`; only the clause goes on with FOR.
        if cursor.at_words(&["WATERMARK", "FOR"]) {
            return self.watermark(cursor);
        }
        if cursor.at_words(&["PRIMARY", "KEY"]) {
            let (what, instead) = ("PRIMARY KEY", "a source has no keys; remove the clause");
            return Err(cursor.error(cursor.span(), DdlErrorKind::NotYet { what, instead }));
        }
        let start = cursor.span().start;
        let name = cursor.ident("a column name")?;
        if !self.names.insert(name.name.clone()) {
            return Err(cursor.error(name.span, DdlErrorKind::Duplicate { what: "column", name: name.name }));
        }
        let sql_type = types::parse(cursor, 0)?;
        let mut column = DeclaredColumn {
            extension: sql_type.extension.map(str::to_owned),
            timestamp_formats: sql_type.timestamp_formats,
            ..DeclaredColumn::new(name.name, sql_type.data_type)
        };
        let mut nullability_given = false;
        loop {
            let span = cursor.span();
            if cursor.at_words(&["NOT"]) || cursor.at_words(&["NULL"]) {
                if nullability_given {
                    return Err(cursor.error(span, DdlErrorKind::DuplicateClause { clause: "NULL or NOT NULL" }));
                }
                nullability_given = true;
                column.nullable = !cursor.eat_words(&["NOT"]);
                cursor.expect_word("NULL", "`NULL`")?;
            } else if cursor.at_words(&["DEFAULT"]) {
                if column.default.is_some() {
                    return Err(cursor.error(span, DdlErrorKind::DuplicateClause { clause: "DEFAULT" }));
                }
                cursor.advance();
                column.default = Some(literal(cursor)?);
            } else if cursor.at_words(&["KEY"]) {
                if column.key.is_some() {
                    return Err(cursor.error(span, DdlErrorKind::DuplicateClause { clause: "KEY" }));
                }
                cursor.advance();
                column.key = Some(cursor.string("the payload's key as a string")?);
            } else {
                break;
            }
        }
        self.schema.columns.push(column);
        self.spans.push(start..cursor.previous_end());
        Ok(())
    }

    fn wildcard(&mut self, cursor: &mut Cursor<'_>) -> Result<(), DdlError> {
        if self.schema.has_wildcard {
            return Err(cursor.error(cursor.span(), DdlErrorKind::SecondWildcard));
        }
        cursor.advance();
        self.schema.has_wildcard = true;
        if cursor.eat_words(&["PREFIX"]) {
            self.schema.wildcard_prefix = Some(cursor.string("the prefix as a string")?);
        } else if !matches!(cursor.peek(), None | Some(Token::Comma | Token::RParen | Token::SemiColon)) {
            return Err(cursor.expected(&["`PREFIX`", "`,`", "`)`"]));
        }
        Ok(())
    }

    fn watermark(&mut self, cursor: &mut Cursor<'_>) -> Result<(), DdlError> {
        let start = cursor.span();
        if self.watermark.is_some() {
            return Err(cursor.error(start, DdlErrorKind::DuplicateClause { clause: "WATERMARK" }));
        }
        cursor.eat_words(&["WATERMARK", "FOR"]);
        let column = cursor.ident("the column of the watermark")?;
        cursor.expect_word("AS", "`AS`")?;
        let expression = expression::parse(cursor, |token, _| *token == Token::Comma)?;
        let span = start.start..cursor.previous_end();
        self.watermark = Some(Watermark { column, expression, span });
        Ok(())
    }
}

/// A literal in one spelling: sign and number, string, TRUE, FALSE, NULL, or a word and a string (`DATE '2026-01-01'`).
fn literal(cursor: &mut Cursor<'_>) -> Result<String, DdlError> {
    const WHAT: [&str; 1] = ["a literal"];
    const HELP: &str = "a DEFAULT is a number, a string, TRUE, FALSE, NULL, or a type and a string: DATE '2026-01-01'";
    let minus = cursor.eat(&Token::Minus);
    let signed = minus || cursor.eat(&Token::Plus);
    let text = match cursor.peek() {
        Some(Token::Number(..)) => {
            let number = cursor.text(cursor.span());
            if minus { format!("-{number}") } else { number.to_owned() }
        }
        _ if signed => return Err(cursor.expected(&["a number"])),
        Some(Token::SingleQuotedString(text)) => quote_literal(text),
        Some(Token::Word(word)) if word.quote_style.is_none() => {
            let word = word.value.to_ascii_uppercase();
            match (word.as_str(), cursor.peek_nth(1)) {
                ("TRUE" | "FALSE" | "NULL", _) => word,
                (_, Some(Token::SingleQuotedString(text))) if word.is_ascii() => {
                    let text = format!("{word} {}", quote_literal(text));
                    cursor.advance();
                    text
                }
                _ => return Err(cursor.expected_or(&WHAT, HELP)),
            }
        }
        _ => return Err(cursor.expected_or(&WHAT, HELP)),
    };
    cursor.advance();
    Ok(text)
}
