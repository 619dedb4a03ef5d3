//! Expressions, read no further than to their end: nothing evaluates them yet.

use sqlparser::tokenizer::Token;

use super::{ast::Expression, cursor::Cursor, error::DdlError};

/// Reads tokens up to one outside all parentheses that `ends` the expression, that closes what was opened before
/// it, or to the end of the statement. `ends` sees the token and whether it is the first.
///
/// Nesting is counted, not recursed into, so it has no limit.
pub(super) fn parse(
    cursor: &mut Cursor<'_>,
    ends: impl Fn(&Token, &Cursor<'_>) -> bool,
) -> Result<Expression, DdlError> {
    let start = cursor.span().start;
    let mut open = Vec::new();
    while let Some(token) = cursor.peek() {
        match token {
            Token::SemiColon => break,
            Token::LParen | Token::LBracket => open.push(cursor.span()),
            Token::RParen | Token::RBracket if open.pop().is_none() => break,
            _ if open.is_empty() && ends(token, cursor) => break,
            _ => {}
        }
        cursor.advance();
    }
    if let Some(open) = open.pop() {
        return Err(cursor.unclosed(open));
    }
    let span = start..cursor.previous_end();
    if span.is_empty() || span.end <= span.start {
        return Err(cursor.expected(&["an expression"]));
    }
    Ok(Expression { text: cursor.text(span.clone()).to_owned(), span })
}
