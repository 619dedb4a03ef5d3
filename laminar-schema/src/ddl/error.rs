//! What can be wrong with SQL text.

use std::{fmt, ops::Range};

/// The SQL text is wrong: what, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DdlError {
    /// What is wrong.
    pub kind: DdlErrorKind,
    /// Bytes of the SQL text that are wrong.
    pub span: Range<usize>,
    /// Line of the first of them, from 1.
    pub line: usize,
    /// Column of the first of them in characters, from 1.
    pub column: usize,
}

/// What is wrong with SQL text.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DdlErrorKind {
    /// The text is longer than [`MAX_SQL_BYTES`](super::MAX_SQL_BYTES).
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// A string, a quoted name or a comment has no end.
    Unterminated {
        /// Which of them.
        what: &'static str,
        /// What would end it.
        end: &'static str,
    },
    /// A parenthesis has no partner.
    Unclosed {
        /// What would close it.
        end: &'static str,
    },
    /// Something else should stand here.
    Expected {
        /// What should stand here: any of these.
        expected: Vec<&'static str>,
        /// What stands here.
        found: String,
        /// What to do about it.
        help: Option<&'static str>,
        /// The expected word that the found one is a misspelling of.
        suggestion: Option<&'static str>,
    },
    /// There is no such type.
    UnknownType {
        /// The name given.
        name: String,
        /// What to write instead.
        suggestion: Option<&'static str>,
    },
    /// DuckDB has this type, but there is nothing to decode it into.
    UnsupportedType {
        /// The type.
        name: &'static str,
        /// What to write instead.
        instead: &'static str,
    },
    /// A number in parentheses or brackets behind a type is out of range.
    TypeParameter {
        /// What it is: `precision of DECIMAL`.
        what: &'static str,
        /// The number given.
        found: String,
        /// The least it may be.
        min: u64,
        /// The most it may be.
        max: u64,
    },
    /// A type is nested more than [`MAX_TYPE_DEPTH`](super::MAX_TYPE_DEPTH) levels deep.
    TooDeep,
    /// Two things have the same name.
    Duplicate {
        /// What they are: `column`, `option`.
        what: &'static str,
        /// Their name.
        name: String,
    },
    /// A clause is given twice.
    DuplicateClause {
        /// Its first words: `FORMAT`.
        clause: &'static str,
    },
    /// `*` is given twice.
    SecondWildcard,
    /// The connector's records need a format, and none is given.
    FormatMissing {
        /// What the connector reads or writes.
        known: Vec<String>,
    },
    /// There is an envelope, and no format of what is in it.
    NothingToWrap,
    /// The statement is understood, but nothing can carry it out yet.
    NotYet {
        /// What cannot be done.
        what: &'static str,
        /// What to do instead.
        instead: &'static str,
    },
}

impl DdlError {
    /// An error about the bytes `span` of `sql`.
    #[cold]
    pub fn new(sql: &str, span: Range<usize>, kind: DdlErrorKind) -> Self {
        let (line, column) = line_and_column(sql, span.start);
        Self { kind, span, line, column }
    }

    /// What to do about it, where there is more to say than the message does.
    pub fn help(&self) -> Option<String> {
        match &self.kind {
            DdlErrorKind::Expected { suggestion: Some(word), .. } => Some(format!("did you mean {word}?")),
            DdlErrorKind::Expected { help: Some(help), .. } => Some((*help).to_owned()),
            DdlErrorKind::UnknownType { suggestion: Some(word), .. } => Some(format!("did you mean `{word}`?")),
            DdlErrorKind::UnknownType { .. } => Some(
                "types are spelled as in DuckDB: BIGINT, DOUBLE, VARCHAR, TIMESTAMP, STRUCT(a BIGINT), …".to_owned(),
            ),
            DdlErrorKind::UnsupportedType { instead, .. } | DdlErrorKind::NotYet { instead, .. } => {
                Some((*instead).to_owned())
            }
            DdlErrorKind::TooDeep => Some("declare the inner part as JSON".to_owned()),
            DdlErrorKind::TooLong { .. } => Some("split it into several files".to_owned()),
            DdlErrorKind::DuplicateClause { .. } | DdlErrorKind::SecondWildcard => Some("keep one of them".to_owned()),
            DdlErrorKind::Duplicate { .. } => Some("rename or remove one of them".to_owned()),
            DdlErrorKind::Unterminated { what: "string", .. } => {
                Some("perhaps a quote is missing further up; one inside a string is written twice: 'it''s'".to_owned())
            }
            DdlErrorKind::FormatMissing { known } if !known.is_empty() => Some(format!(
                "add one of: {}",
                known.iter().map(|f| format!("FORMAT {}", f.to_uppercase())).collect::<Vec<_>>().join(", ")
            )),
            DdlErrorKind::NothingToWrap => Some("say which format is in the envelope: FORMAT JSON".to_owned()),
            _ => None,
        }
    }
}

/// Line and column in characters, both from 1, of a byte in a text.
pub(super) fn line_and_column(sql: &str, at: usize) -> (usize, usize) {
    let before = sql.get(..at).unwrap_or(sql);
    let line_start = before.rfind('\n').map_or(0, |i| i + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

impl fmt::Display for DdlErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { bytes } => {
                write!(f, "the text has {bytes} bytes; at most {} are read", super::MAX_SQL_BYTES)
            }
            Self::Unterminated { what, end } => write!(f, "this {what} has no end: {end} is missing"),
            Self::Unclosed { end } => write!(f, "this has no partner: `{end}` is missing"),
            Self::Expected { expected, found, .. } => {
                f.write_str("expected ")?;
                for (i, one) in expected.iter().enumerate() {
                    let separator = match i {
                        0 => "",
                        _ if i + 1 == expected.len() => " or ",
                        _ => ", ",
                    };
                    write!(f, "{separator}{one}")?;
                }
                write!(f, ", found {found}")
            }
            Self::UnknownType { name, .. } => write!(f, "unknown type `{}`", crate::error::cut(name)),
            Self::UnsupportedType { name, .. } => write!(f, "type {name} is not supported"),
            Self::TypeParameter { what, found, min, max } => {
                write!(f, "{what} is {min} to {max}, found {}", crate::error::cut(found))
            }
            Self::TooDeep => write!(f, "the type is nested more than {} levels deep", super::MAX_TYPE_DEPTH),
            Self::Duplicate { what, name } => write!(f, "{what} `{}` is given twice", crate::error::cut(name)),
            Self::DuplicateClause { clause } => write!(f, "a second {clause} clause"),
            Self::SecondWildcard => f.write_str("a second `*`"),
            Self::FormatMissing { .. } => f.write_str("FORMAT is missing"),
            Self::NothingToWrap => f.write_str("ENVELOPE without FORMAT"),
            Self::NotYet { what, .. } => write!(f, "{what} is not supported yet"),
        }
    }
}

impl fmt::Display for DdlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.kind)?;
        match self.help() {
            Some(help) => write!(f, "; {help}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for DdlError {}
