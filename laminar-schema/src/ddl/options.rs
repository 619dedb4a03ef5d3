//! Lists of options: `(brokers = 'localhost:9092', 'group.id' = 'g1')`.

use sqlparser::tokenizer::Token;

use super::{
    cursor::Cursor,
    error::{DdlError, DdlErrorKind},
    secrets,
};
use crate::config::Options;

const DURATION_HELP: &str = "write a value with a unit as a string: '5s'";

/// Reads a list of options in parentheses, if there is one.
pub(super) fn parse_optional(cursor: &mut Cursor<'_>) -> Result<Options, DdlError> {
    if cursor.peek() == Some(&Token::LParen) { parse(cursor) } else { Ok(Options::new()) }
}

/// Reads a list of options in parentheses; it may be empty.
pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<Options, DdlError> {
    let open = cursor.expect_open()?;
    let mut options = Options::new();
    if cursor.eat(&Token::RParen) {
        return Ok(options);
    }
    loop {
        let start = cursor.span().start;
        let key = key(cursor)?;
        let key_span = start..cursor.previous_end();
        if !cursor.eat(&Token::Eq) {
            if secrets::looks_secret(&key) {
                let kind = DdlErrorKind::Expected {
                    expected: vec!["`=`"],
                    found: "***".to_owned(),
                    help: None,
                    suggestion: None,
                };
                return Err(cursor.error(key_span, kind));
            }
            return Err(cursor.expected_or(&["`=`"], "an option is a name and a value: topic = 'trades'"));
        }
        let value = value(cursor)?;
        if options.value(&key).is_some() {
            return Err(cursor.error(key_span, DdlErrorKind::Duplicate { what: "option", name: key }));
        }
        options.insert(key, value, Some(start..cursor.previous_end()));
        if !cursor.list_goes_on(&open, &[])? {
            return Ok(options);
        }
    }
}

/// `topic`, `group.id`, `'group.id'` or `"group.id"`. Reserved words are fine: nothing else can stand here.
fn key(cursor: &mut Cursor<'_>) -> Result<String, DdlError> {
    let mut key = match cursor.peek() {
        Some(Token::SingleQuotedString(text)) => text.clone(),
        Some(Token::Word(word)) => word.value.clone(),
        Some(Token::RParen) => return Err(cursor.expected_or(&["an option"], "remove the comma before `)`")),
        _ => return Err(cursor.expected(&["an option"])),
    };
    cursor.advance();
    while cursor.peek() == Some(&Token::Period) {
        cursor.advance();
        match cursor.peek() {
            Some(Token::Word(word)) => {
                key.push('.');
                key.push_str(&word.value);
            }
            _ => return Err(cursor.expected(&["an option"])),
        }
        cursor.advance();
    }
    Ok(key)
}

/// A string, a number with or without a sign, or a bare word such as `true`.
fn value(cursor: &mut Cursor<'_>) -> Result<String, DdlError> {
    let minus = cursor.eat(&Token::Minus);
    let signed = minus || cursor.eat(&Token::Plus);
    let mut value = String::from(if minus { "-" } else { "" });
    match cursor.peek() {
        Some(Token::SingleQuotedString(text)) if !signed => value.push_str(text),
        Some(Token::Word(word)) if !signed => value.push_str(&word.value),
        Some(Token::Number(..)) => {
            // The text itself rather than the token's: a suffix such as `L` must not get lost.
            value.push_str(cursor.text(cursor.span()));
            let end = cursor.span().end;
            cursor.advance();
            if cursor.span().start == end && matches!(cursor.peek(), Some(Token::Word(_))) {
                return Err(cursor.expected_or(&["`,`", "`)`"], DURATION_HELP));
            }
            return Ok(value);
        }
        _ if signed => return Err(cursor.expected(&["a number"])),
        _ => return Err(cursor.expected(&["a string", "a number", "a word"])),
    }
    cursor.advance();
    Ok(value)
}
