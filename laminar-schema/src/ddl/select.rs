//! `INSERT INTO sink SELECT … FROM source`.

use sqlparser::tokenizer::Token;

use super::{
    ast::{Insert, SelectItem},
    cursor::{Cursor, is_reserved},
    error::DdlError,
    expression,
};

const ONE_SOURCE: &str = "a pipeline copies columns of one source: INSERT INTO sink SELECT a, b AS c FROM source";

/// Reads what follows the word INSERT.
pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<Insert, DdlError> {
    cursor.expect_word("INTO", "`INTO`")?;
    let sink = cursor.name("a sink name")?;
    if cursor.peek() == Some(&Token::LParen) {
        return Err(cursor.expected_or(&["`SELECT`"], "name the sink's columns in SELECT: SELECT price AS p"));
    }
    cursor.expect_word("SELECT", "`SELECT`")?;
    let mut projection = Vec::new();
    loop {
        projection.push(item(cursor)?);
        if !cursor.eat(&Token::Comma) {
            break;
        }
    }
    if !cursor.eat_words(&["FROM"]) {
        return Err(cursor.expected(&["`AS`", "`,`", "`FROM`"]));
    }
    let source = cursor.name("a source name")?;
    let mut filter = None;
    if cursor.eat_words(&["WHERE"]) {
        filter = Some(expression::parse(cursor, |_, _| false)?);
    }
    if !matches!(cursor.peek(), None | Some(Token::SemiColon)) {
        let expected: &[&str] = if filter.is_some() { &["`;`"] } else { &["`WHERE`", "`;`"] };
        return Err(cursor.expected_or(expected, ONE_SOURCE));
    }
    Ok(Insert { sink, projection, source, filter })
}

fn item(cursor: &mut Cursor<'_>) -> Result<SelectItem, DdlError> {
    if cursor.peek() == Some(&Token::Mul) {
        let span = cursor.span();
        cursor.advance();
        return Ok(SelectItem::Wildcard(span));
    }
    if cursor.word().is_some_and(|w| w.eq_ignore_ascii_case("FROM"))
        || matches!(cursor.peek(), None | Some(Token::SemiColon))
    {
        return Err(cursor.expected(&["a column", "`*`"]));
    }
    // A plain column ends after one or two names; whatever else follows makes it an expression.
    let ends = |n: usize| match cursor.peek_nth(n) {
        None | Some(Token::Comma | Token::SemiColon) => true,
        Some(_) => cursor.word_nth(n).is_some_and(|w| ["AS", "FROM"].iter().any(|k| k.eq_ignore_ascii_case(w))),
    };
    let is_name = |n: usize| match cursor.peek_nth(n) {
        Some(Token::Word(word)) => word.quote_style.is_some() || !is_reserved(&word.value),
        _ => false,
    };
    if is_name(0) && ends(1) {
        let column = cursor.ident("a column")?;
        return Ok(SelectItem::Column { qualifier: None, column, alias: alias(cursor)? });
    }
    if is_name(0) && cursor.peek_nth(1) == Some(&Token::Period) && is_name(2) && ends(3) {
        let qualifier = Some(cursor.name("a source name")?);
        cursor.advance();
        let column = cursor.ident("a column")?;
        return Ok(SelectItem::Column { qualifier, column, alias: alias(cursor)? });
    }
    if is_name(0) && is_name(1) && ends(2) {
        cursor.advance();
        return Err(cursor.expected_or(&["`AS`", "`,`", "`FROM`"], "write AS before a new name"));
    }
    let expression = expression::parse(cursor, |token, cursor| {
        *token == Token::Comma || cursor.at_words(&["AS"]) || cursor.at_words(&["FROM"])
    })?;
    Ok(SelectItem::Expression { expression, alias: alias(cursor)? })
}

fn alias(cursor: &mut Cursor<'_>) -> Result<Option<super::Ident>, DdlError> {
    if cursor.eat_words(&["AS"]) { cursor.ident("a column name").map(Some) } else { Ok(None) }
}
