//! A value as JSON text (RFC 8949 §6.1): for JSON columns, and for what evidence shows.

use laminar_schema::DecodeError;

use crate::tokens::{Token, Tokens};

/// Appends the text of the next value.
///
/// # Errors
/// It is no CBOR, nested too deep, or has a key that is a container.
pub(crate) fn write(tokens: &mut Tokens<'_>, out: &mut Vec<u8>, depth: usize) -> Result<(), DecodeError> {
    let mut token = tokens.next()?;
    while matches!(token, Token::Tag(_)) {
        token = tokens.next()?;
    }
    match token {
        Token::Array(mut left) => {
            let depth = tokens.enter(depth)?;
            out.push(b'[');
            let mut is_first = true;
            while tokens.has_more(&mut left)? {
                separate(out, &mut is_first);
                write(tokens, out, depth)?;
            }
            out.push(b']');
        }
        Token::Map(mut left) => {
            let depth = tokens.enter(depth)?;
            out.push(b'{');
            let mut is_first = true;
            while tokens.has_more(&mut left)? {
                separate(out, &mut is_first);
                let key = tokens.next()?;
                write_text(out, &key_text(&key)?);
                out.push(b':');
                write(tokens, out, depth)?;
            }
            out.push(b'}');
        }
        scalar => write_scalar(out, &scalar),
    }
    Ok(())
}

/// Appends what stands in front of an item but the first.
pub(crate) fn separate(out: &mut Vec<u8>, is_first: &mut bool) {
    if !std::mem::replace(is_first, false) {
        out.push(b',');
    }
}

/// Appends a value that contains no others.
pub(crate) fn write_scalar(out: &mut Vec<u8>, token: &Token<'_>) {
    use std::io::Write as _;
    // Writing to a vector cannot fail.
    let _ = match token {
        Token::Bool(v) => write!(out, "{v}"),
        Token::Int(v) => write!(out, "{v}"),
        // The shortest text that reads back as the same float.
        Token::Float(v) if v.is_finite() => write!(out, "{v:?}"),
        Token::Text(text) => return write_text(out, text),
        Token::Bytes(bytes) => {
            out.push(b'"');
            base64url(out, bytes);
            out.push(b'"');
            return;
        }
        _ => out.write_all(b"null"),
    };
}

/// Appends a text with its quotes.
pub(crate) fn write_text(out: &mut Vec<u8>, text: &str) {
    // Texts are always JSON, and writing to a vector cannot fail.
    let _ = serde_json::to_writer(out, text);
}

/// A key as the name of a field: a text, or an integer's digits.
///
/// # Errors
/// It is something else.
pub(crate) fn key_text<'k>(key: &'k Token<'_>) -> Result<std::borrow::Cow<'k, str>, DecodeError> {
    match key {
        Token::Text(text) => Ok(text.as_ref().into()),
        Token::Int(v) => Ok(v.to_string().into()),
        other => Err(DecodeError::Syntax {
            reason: format!("expected a text or an integer as key of a map, found {}", other.found()),
        }),
    }
}

fn base64url(out: &mut Vec<u8>, bytes: &[u8]) {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().enumerate().fold(0, |bits, (i, b)| bits | u32::from(*b) << (16 - 8 * i));
        for digit in 0..=chunk.len() {
            out.push(ALPHABET[(bits >> (18 - 6 * digit)) as usize & 63]);
        }
    }
}
