//! The text of an edition as text that our compiler reads: proto2, which has everything but the features.
//!
//! What a feature says stays where it stands, as an option; [`super::lower`] takes it from the descriptors. Lines stay, columns
//! behind a word that is put in do not.
//!
//! Source: Protocol Buffers language specification, editions 2023 and 2024.

use std::{borrow::Cow, ops::Range};

/// A word, a text or a sign of a definition, and where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'t> {
    Word(&'t str),
    /// With its quotes.
    Text(&'t str),
    /// Anything else, byte by byte; of a number it is enough to know that it is no word.
    Sign(u8),
}

/// The tokens of a text, without its comments.
pub(super) fn tokens(text: &str) -> Vec<(Token<'_>, Range<usize>)> {
    let bytes = text.as_bytes();
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some(&byte) = bytes.get(at) {
        let rest = &bytes[at..];
        let length_until = |is_end: &dyn Fn(u8) -> bool| rest.iter().position(|b| is_end(*b)).unwrap_or(rest.len());
        let length = match byte {
            b'#' => length_until(&|b| b == b'\n'),
            b'/' if rest.starts_with(b"//") => length_until(&|b| b == b'\n'),
            b'/' if rest.starts_with(b"/*") => {
                rest[2..].windows(2).position(|pair| pair == b"*/").map_or(rest.len(), |end| end + 4)
            }
            b'"' | b'\'' => {
                let length = text_length(rest);
                found.push((Token::Text(&text[at..at + length]), at..at + length));
                length
            }
            b'A'..=b'Z' | b'a'..=b'z' | b'_' => {
                let length = length_until(&|b| !b.is_ascii_alphanumeric() && b != b'_');
                found.push((Token::Word(&text[at..at + length]), at..at + length));
                length
            }
            // The letters behind a digit are a number's.
            b'0'..=b'9' => {
                found.push((Token::Sign(byte), at..at + 1));
                length_until(&|b| !b.is_ascii_alphanumeric())
            }
            byte if byte.is_ascii_whitespace() => 1,
            _ => {
                found.push((Token::Sign(byte), at..at + 1));
                1
            }
        };
        at += length;
    }
    found
}

/// Length of the text at the front, quotes included; up to the end of the line where it is not closed.
fn text_length(bytes: &[u8]) -> usize {
    let mut at = 1;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\n' => return at,
            b'\\' => at += 2,
            _ if byte == bytes[0] => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// The edition that a text says it is of; `None` for one of proto2 or proto3.
pub(super) fn edition(text: &str) -> Option<&str> {
    match tokens(text).get(..3)? {
        [(Token::Word("edition"), _), (Token::Sign(b'='), _), (Token::Text(edition), _)] => {
            Some(edition.trim_matches(['"', '\'']))
        }
        _ => None,
    }
}

/// The text of an edition as proto2.
///
/// # Errors
/// What editions do not have: a label but `repeated`, a group.
pub(super) fn as_proto2(text: &str) -> Result<String, String> {
    let mut rewriting = Rewriting { text, tokens: tokens(text), at: 0, edits: Vec::new(), scopes: Vec::new() };
    rewriting.run()?;
    let (mut out, mut at) = (String::with_capacity(text.len() + 16 * rewriting.edits.len()), 0);
    for (place, new) in &rewriting.edits {
        out.push_str(&text[at..place.start]);
        out.push_str(new);
        at = place.end;
    }
    out.push_str(&text[at..]);
    Ok(out)
}

/// What a block's statements are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scope {
    Message,
    Extend,
    Oneof,
    Enum,
    /// Nothing in it is changed: a service.
    Other,
}

struct Rewriting<'t> {
    text: &'t str,
    tokens: Vec<(Token<'t>, Range<usize>)>,
    at: usize,
    /// In the order of their places.
    edits: Vec<(Range<usize>, Cow<'static, str>)>,
    /// From the outermost inwards; none at the level of the file. No recursion: a text may be nested as deep as it is long.
    scopes: Vec<Scope>,
}

impl<'t> Rewriting<'t> {
    fn run(&mut self) -> Result<(), String> {
        self.replace(0, "syntax");
        self.replace(2, "\"proto2\"");
        self.skip_statement();
        while self.at < self.tokens.len() {
            self.statement()?;
        }
        Ok(())
    }

    fn token(&self, ahead: usize) -> Option<Token<'t>> {
        self.tokens.get(self.at + ahead).map(|(token, _)| *token)
    }

    fn word(&self, ahead: usize) -> Option<&'t str> {
        match self.token(ahead)? {
            Token::Word(word) => Some(word),
            _ => None,
        }
    }

    fn replace(&mut self, token: usize, new: impl Into<Cow<'static, str>>) {
        if let Some((_, place)) = self.tokens.get(token) {
            self.edits.push((place.clone(), new.into()));
        }
    }

    fn statement(&mut self) -> Result<(), String> {
        match self.token(0) {
            Some(Token::Sign(b'}')) => {
                self.scopes.pop();
                self.at += 1;
                return Ok(());
            }
            Some(Token::Sign(b';')) => {
                self.at += 1;
                return Ok(());
            }
            _ => {}
        }
        let scope = self.scopes.last().copied();
        // A message or an enum that others may see or not (2024): who may does not change what it is.
        let is_visibility = matches!(self.word(0), Some("export" | "local"))
            && matches!(self.word(1), Some("message" | "enum"))
            && self.word(2).is_some();
        if is_visibility && matches!(scope, None | Some(Scope::Message)) {
            self.replace(self.at, "");
            self.at += 1;
        }
        let opens = |inner| (matches!(scope, None | Some(Scope::Message)) && self.block_follows()).then_some(inner);
        let inner = match self.word(0) {
            Some("message") => opens(Scope::Message),
            Some("enum") => opens(Scope::Enum),
            Some("extend") => opens(Scope::Extend),
            Some("oneof") => opens(Scope::Oneof),
            Some("service") => opens(Scope::Other),
            _ => None,
        };
        if let Some(inner) = inner {
            while self.token(0) != Some(Token::Sign(b'{')) {
                self.at += 1;
            }
            self.at += 1;
            self.scopes.push(inner);
            return Ok(());
        }
        match (scope, self.word(0)) {
            // An import of options only (2024).
            (None, Some("import")) if self.word(1) == Some("option") => self.replace(self.at + 1, ""),
            (Some(Scope::Message | Scope::Enum), Some("reserved")) => self.quote_names(),
            (_, Some("option")) | (Some(Scope::Message), Some("extensions")) => {}
            (Some(Scope::Message | Scope::Extend), _) => self.label()?,
            _ => {}
        }
        self.skip_statement();
        Ok(())
    }

    /// Whether words and dots lead to a `{`, as in `extend a.B {`.
    fn block_follows(&self) -> bool {
        let mut rest = self.tokens[self.at + 1..].iter().map(|(token, _)| token);
        let end = rest.find(|token| !matches!(token, Token::Word(_) | Token::Sign(b'.')));
        end == Some(&Token::Sign(b'{'))
    }

    /// Fields have labels in proto2, but for maps.
    fn label(&mut self) -> Result<(), String> {
        match (self.word(0), self.token(1)) {
            (Some("repeated"), _) | (Some("map"), Some(Token::Sign(b'<'))) => Ok(()),
            (Some(label @ ("optional" | "required")), Some(Token::Word(_) | Token::Sign(b'.'))) => {
                Err(self.refused(&format!(
                    "a field without the label `{label}`, which editions do not have: features.field_presence says it"
                )))
            }
            (Some("group"), Some(Token::Word(_))) => Err(self.refused("no group, which editions do not have")),
            _ => {
                if let Some((_, place)) = self.tokens.get(self.at) {
                    self.edits.push((place.start..place.start, Cow::Borrowed("optional ")));
                }
                Ok(())
            }
        }
    }

    /// Reserved names are words in editions, and texts before.
    fn quote_names(&mut self) {
        for at in self.at + 1..self.tokens.len() {
            match self.tokens[at].0 {
                Token::Word(name) if matches!(self.tokens[at - 1].0, Token::Word("reserved") | Token::Sign(b',')) => {
                    self.replace(at, format!("\"{name}\""));
                }
                Token::Sign(b';' | b'}') => return,
                _ => {}
            }
        }
    }

    /// Goes behind the statement's semicolon; not out of the block that it is in.
    fn skip_statement(&mut self) {
        let mut depth = 0_usize;
        while let Some(token) = self.token(0) {
            match token {
                Token::Sign(b'{' | b'[') => depth += 1,
                Token::Sign(b'}') if depth == 0 => return,
                Token::Sign(b'}' | b']') => depth = depth.saturating_sub(1),
                Token::Sign(b';') if depth == 0 => {
                    self.at += 1;
                    return;
                }
                _ => {}
            }
            self.at += 1;
        }
    }

    #[cold]
    fn refused(&self, expected: &str) -> String {
        let start = self.tokens.get(self.at).map_or(self.text.len(), |(_, place)| place.start);
        let before = &self.text[..start];
        let line = before.matches('\n').count() + 1;
        let column = before.len() - before.rfind('\n').map_or(0, |at| at + 1) + 1;
        format!("{line}:{column}: expected {expected}")
    }
}
