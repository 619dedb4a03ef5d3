//! Tokens with their bytes, and how the grammar walks over them.
//!
//! The tokenizer is sqlparser's. Its parser is not used: it has no place for our clauses, and its recursion
//! costs far more stack per level than ours.

use std::ops::Range;

use sqlparser::{
    dialect::Dialect,
    tokenizer::{Token, TokenWithSpan, Tokenizer},
};

use super::{
    MAX_SQL_BYTES,
    ast::{Ident, Span},
    error::{DdlError, DdlErrorKind},
    secrets,
};
use crate::{config::did_you_mean, error::cut};

/// Words that are no name unless they stand in double quotes, because the grammar looks for them where a name may
/// stand. A subset of what [`quote_ident`](crate::types::quote_ident) quotes.
pub(super) const RESERVED: &[&str] =
    &["as", "create", "default", "from", "insert", "into", "not", "null", "on", "select", "using", "where"];

/// SQL's lexical rules as DuckDB has them.
#[derive(Debug)]
struct LaminarDialect;

impl Dialect for LaminarDialect {
    fn is_identifier_start(&self, ch: char) -> bool {
        ch.is_alphabetic() || ch == '_'
    }

    fn is_identifier_part(&self, ch: char) -> bool {
        ch.is_alphanumeric() || ch == '_'
    }

    fn is_delimited_identifier_start(&self, ch: char) -> bool {
        ch == '"'
    }

    fn supports_nested_comments(&self) -> bool {
        true
    }

    fn supports_numeric_literal_underscores(&self) -> bool {
        true
    }

    // Otherwise `$tag$ … $tag$` would be one more kind of string.
    fn supports_dollar_placeholder(&self) -> bool {
        true
    }
}

/// The tokens of a text without white space and comments, and the place the grammar has come to.
pub(super) struct Cursor<'a> {
    sql: &'a str,
    tokens: Vec<(Token, Span)>,
    at: usize,
}

impl<'a> Cursor<'a> {
    /// Splits a text into tokens.
    pub(super) fn new(sql: &'a str) -> Result<Self, DdlError> {
        if sql.len() > MAX_SQL_BYTES {
            return Err(DdlError::new(sql, 0..0, DdlErrorKind::TooLong { bytes: sql.len() }));
        }
        let mut located = Vec::new();
        let outcome = Tokenizer::new(&LaminarDialect, sql).tokenize_with_location_into_buf(&mut located);
        let (tokens, end) = with_bytes(sql, located);
        match outcome {
            Ok(()) => Ok(Self { sql, tokens, at: 0 }),
            Err(_) => Err(untokenizable(sql, end)),
        }
    }

    /// The text behind a place.
    pub(super) fn text(&self, span: Range<usize>) -> &'a str {
        // Spans are made from token ends, which are character boundaries.
        self.sql.get(span).unwrap_or_default()
    }

    /// The next token.
    pub(super) fn peek(&self) -> Option<&Token> {
        self.peek_nth(0)
    }

    /// The token `n` after the next one.
    pub(super) fn peek_nth(&self, n: usize) -> Option<&Token> {
        self.tokens.get(self.at + n).map(|(token, _)| token)
    }

    /// Where the next token stands; an empty place behind the last one at the end.
    pub(super) fn span(&self) -> Span {
        match self.tokens.get(self.at) {
            Some((_, span)) => span.clone(),
            None => self.end()..self.end(),
        }
    }

    /// Where the token before the next one ends.
    pub(super) fn previous_end(&self) -> usize {
        self.at.checked_sub(1).and_then(|i| self.tokens.get(i)).map_or(0, |(_, span)| span.end)
    }

    fn end(&self) -> usize {
        self.tokens.last().map_or(0, |(_, span)| span.end)
    }

    /// True behind the last token.
    pub(super) fn is_at_end(&self) -> bool {
        self.at >= self.tokens.len()
    }

    /// Goes one token on.
    pub(super) fn advance(&mut self) {
        self.at += 1;
    }

    /// The next token when it is an unquoted word.
    pub(super) fn word(&self) -> Option<&str> {
        self.word_nth(0)
    }

    /// The token `n` after the next one when it is an unquoted word.
    pub(super) fn word_nth(&self, n: usize) -> Option<&str> {
        match self.peek_nth(n) {
            Some(Token::Word(word)) if word.quote_style.is_none() => Some(&word.value),
            _ => None,
        }
    }

    /// Whether the next tokens are these words.
    pub(super) fn at_words(&self, words: &[&str]) -> bool {
        words.iter().enumerate().all(|(i, w)| self.word_nth(i).is_some_and(|found| found.eq_ignore_ascii_case(w)))
    }

    /// Takes these words if they are next.
    pub(super) fn eat_words(&mut self, words: &[&str]) -> bool {
        let there = self.at_words(words);
        if there {
            self.at += words.len();
        }
        there
    }

    /// Takes one token if it is next.
    pub(super) fn eat(&mut self, token: &Token) -> bool {
        let there = self.peek() == Some(token);
        if there {
            self.at += 1;
        }
        there
    }

    /// Takes a word that must be next. `shown` is the word in backquotes, for the message.
    pub(super) fn expect_word(&mut self, word: &str, shown: &'static str) -> Result<(), DdlError> {
        if self.eat_words(&[word]) { Ok(()) } else { Err(self.expected(&[shown])) }
    }

    /// Takes `(` and says where it stood.
    pub(super) fn expect_open(&mut self) -> Result<Span, DdlError> {
        let span = self.span();
        if self.eat(&Token::LParen) { Ok(span) } else { Err(self.expected(&["`(`"])) }
    }

    /// Behind an entry of a list in parentheses: true when it goes on, false when it was closed.
    pub(super) fn list_goes_on(&mut self, open: &Span, also: &[&'static str]) -> Result<bool, DdlError> {
        match self.peek() {
            Some(Token::Comma) => {
                self.advance();
                Ok(true)
            }
            Some(Token::RParen) => {
                self.advance();
                Ok(false)
            }
            None | Some(Token::SemiColon) => Err(self.unclosed(open.clone())),
            Some(_) => {
                let mut expected = also.to_vec();
                expected.extend(["`,`", "`)`"]);
                Err(self.expected(&expected))
            }
        }
    }

    /// A name, bare or in double quotes. Its case is kept.
    pub(super) fn ident(&mut self, what: &'static str) -> Result<Ident, DdlError> {
        let span = self.span();
        let name = match self.peek() {
            Some(Token::Word(word)) if word.quote_style.is_some() || !is_reserved(&word.value) => word.value.clone(),
            Some(Token::Word(_)) => {
                return Err(self.expected_or(&[what], "to use a reserved word as a name, write it in double quotes"));
            }
            Some(Token::SingleQuotedString(_)) => {
                return Err(self.expected_or(&[what], "names stand in double quotes, strings in single ones"));
            }
            _ => return Err(self.expected(&[what])),
        };
        self.advance();
        Ok(Ident { name, span })
    }

    /// A name that is not empty: of a source, a sink, a connector or a format.
    pub(super) fn name(&mut self, what: &'static str) -> Result<Ident, DdlError> {
        if matches!(self.peek(), Some(Token::Word(word)) if word.value.is_empty()) {
            return Err(self.expected(&[what]));
        }
        self.ident(what)
    }

    /// A string in single quotes.
    pub(super) fn string(&mut self, what: &'static str) -> Result<String, DdlError> {
        match self.peek() {
            Some(Token::SingleQuotedString(text)) => {
                let text = text.clone();
                self.advance();
                Ok(text)
            }
            _ => Err(self.expected(&[what])),
        }
    }

    /// An error about the bytes of `span`.
    #[cold]
    pub(super) fn error(&self, span: Span, kind: DdlErrorKind) -> DdlError {
        DdlError::new(self.sql, span, kind)
    }

    /// Something else should be next.
    #[cold]
    pub(super) fn expected(&self, expected: &[&'static str]) -> DdlError {
        self.expected_with(expected, None)
    }

    /// Something else should be next, and here is what to do.
    #[cold]
    pub(super) fn expected_or(&self, expected: &[&'static str], help: &'static str) -> DdlError {
        self.expected_with(expected, Some(help))
    }

    fn expected_with(&self, expected: &[&'static str], help: Option<&'static str>) -> DdlError {
        // A clause is named by all its words in one pair of backquotes; the first is the one that may be misspelled.
        let first_word = |shown: &'static str| shown.trim_matches('`').split(' ').next().unwrap_or_default();
        let suggestion = self.word().and_then(|found| {
            let near = did_you_mean(found, expected.iter().filter(|e| e.starts_with('`')).map(|e| first_word(e)))?;
            if near.eq_ignore_ascii_case(found) {
                return None;
            }
            expected.iter().copied().find(|e| first_word(e) == near)
        });
        let kind = DdlErrorKind::Expected { expected: expected.to_vec(), found: self.found(), help, suggestion };
        self.error(self.span(), kind)
    }

    /// The parenthesis at `open` is not closed.
    #[cold]
    pub(super) fn unclosed(&self, open: Span) -> DdlError {
        self.error(open, DdlErrorKind::Unclosed { end: ")" })
    }

    /// The next token in words. A string is not shown: it may be a password.
    fn found(&self) -> String {
        match self.peek() {
            None => "the end of the text".to_owned(),
            Some(Token::SingleQuotedString(_)) => "a string".to_owned(),
            Some(_) if secrets::hidden(self.sql).iter().any(|r| r.contains(&self.span().start)) => "***".to_owned(),
            Some(Token::Word(_) | Token::Number(..)) => format!("`{}`", cut(self.text(self.span()))),
            Some(_) => match self.text(self.span()) {
                text if text.contains('\'') => "a string with a prefix".to_owned(),
                text => format!("`{}`", cut(text)),
            },
        }
    }
}

/// Whether a bare word is no name.
pub(super) fn is_reserved(word: &str) -> bool {
    RESERVED.iter().any(|r| r.eq_ignore_ascii_case(word))
}

/// Turns lines and columns into bytes, drops white space, and says where the last token of any kind ends.
fn with_bytes(sql: &str, located: Vec<TokenWithSpan>) -> (Vec<(Token, Span)>, usize) {
    let mut rest = sql.char_indices();
    let (mut line, mut column, mut byte) = (1, 1, 0);
    let mut tokens = Vec::new();
    for TokenWithSpan { token, span } in located {
        let start = byte;
        // The tokenizer hands out every character in order, so one walk over the text finds all ends.
        while (line, column) != (span.end.line, span.end.column) {
            let Some((_, c)) = rest.next() else { break };
            (line, column) = if c == '\n' { (line + 1, 1) } else { (line, column + 1) };
            byte = rest.offset();
        }
        if !matches!(token, Token::Whitespace(_)) {
            tokens.push((token, start..byte));
        }
    }
    (tokens, byte)
}

/// Why the text from `at` on is no token.
#[cold]
fn untokenizable(sql: &str, at: usize) -> DdlError {
    let rest = sql.get(at..).unwrap_or_default();
    let line_end = at + rest.find('\n').unwrap_or(rest.len());
    let (what, end) = match rest.chars().next() {
        Some('"') => ("quoted name", "`\"`"),
        Some('/') => ("comment", "`*/`"),
        Some('\'') => ("string", "`'`"),
        // Left are prefixed strings, such as x'…', and a dot with nothing before it.
        _ if rest.contains('\'') => ("string", "`'`"),
        _ => {
            let kind = DdlErrorKind::Expected {
                expected: vec!["a name or a number"],
                found: "`.`".to_owned(),
                help: None,
                suggestion: None,
            };
            return DdlError::new(sql, at..at + rest.chars().next().map_or(0, char::len_utf8), kind);
        }
    };
    DdlError::new(sql, at..line_end, DdlErrorKind::Unterminated { what, end })
}
