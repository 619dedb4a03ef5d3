//! WHERE: comparisons of columns with literals, joined by AND, OR and NOT.
//!
//! Statements keep a condition as text, as every expression; this reads it further, for whoever carries it out.

use sqlparser::tokenizer::Token;

use super::{
    ast::{Expression, Ident, Span},
    cursor::Cursor,
    error::DdlError,
};
use crate::predicate::Comparison;

/// Most levels of parentheses and NOTs in a condition.
pub const MAX_CONDITION_DEPTH: usize = 64;

const NO_ARITHMETIC: &str = "WHERE compares columns with literals: price > 100 AND symbol IN ('A', 'B')";

/// A condition on rows, as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// What it says.
    pub kind: ConditionKind,
    /// Where it stands in the SQL text.
    pub span: Span,
}

/// What a condition says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConditionKind {
    /// `a AND b`
    All(Vec<Condition>),
    /// `a OR b`
    Any(Vec<Condition>),
    /// `NOT a`
    Not(Box<Condition>),
    /// `price > 100`, also written `100 < price`.
    Compare {
        /// The column.
        column: Ident,
        /// How it is compared.
        comparison: Comparison,
        /// With what.
        value: LiteralText,
    },
    /// `price IS NULL`
    IsNull(Ident),
    /// A BOOLEAN column by itself.
    IsTrue(Ident),
}

/// A literal as written: `-1.5`, `'text'`, `DATE '2024-01-01'`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiteralText {
    /// Its SQL text.
    pub text: String,
    /// What kind of literal it is.
    pub kind: LiteralKind,
    /// Where it stands in the SQL text.
    pub span: Span,
}

/// Kinds of literals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LiteralKind {
    /// A number with its sign.
    Number,
    /// A string, perhaps with a type's name in front.
    Text,
    /// TRUE or FALSE.
    Boolean,
}

/// Reads a WHERE's text. `source` is the name that columns may be qualified with.
///
/// # Errors
/// Where and why it is no condition.
pub fn parse_condition(sql: &str, expression: &Expression, source: &str) -> Result<Condition, DdlError> {
    let offset = expression.span.start;
    let parsed = Cursor::new(&expression.text).and_then(|cursor| {
        let mut parser = Parser { cursor, offset, source };
        let condition = parser.any(0)?;
        if parser.cursor.is_at_end() {
            return Ok(condition);
        }
        Err(parser.cursor.expected_or(&["`AND`", "`OR`", "the end of the statement"], NO_ARITHMETIC))
    });
    parsed.map_err(|e| DdlError::new(sql, e.span.start + offset..e.span.end + offset, e.kind))
}

struct Parser<'a> {
    cursor: Cursor<'a>,
    /// Where the condition begins in the SQL text.
    offset: usize,
    source: &'a str,
}

impl Parser<'_> {
    fn since(&self, start: usize) -> Span {
        start + self.offset..self.cursor.previous_end() + self.offset
    }

    fn any(&mut self, depth: usize) -> Result<Condition, DdlError> {
        self.joined(depth, "OR", Self::all, ConditionKind::Any)
    }

    fn all(&mut self, depth: usize) -> Result<Condition, DdlError> {
        self.joined(depth, "AND", Self::not, ConditionKind::All)
    }

    fn joined(
        &mut self,
        depth: usize,
        word: &str,
        part: fn(&mut Self, usize) -> Result<Condition, DdlError>,
        join: fn(Vec<Condition>) -> ConditionKind,
    ) -> Result<Condition, DdlError> {
        let start = self.cursor.span().start;
        let first = part(self, depth)?;
        if !self.cursor.at_words(&[word]) {
            return Ok(first);
        }
        let mut parts = vec![first];
        while self.cursor.eat_words(&[word]) {
            parts.push(part(self, depth)?);
        }
        Ok(Condition { kind: join(parts), span: self.since(start) })
    }

    fn not(&mut self, depth: usize) -> Result<Condition, DdlError> {
        if depth > MAX_CONDITION_DEPTH {
            let help = "a condition has at most 64 levels of parentheses and NOT";
            return Err(self.cursor.expected_or(&["a comparison"], help));
        }
        let start = self.cursor.span().start;
        if self.cursor.eat_words(&["NOT"]) {
            let inner = self.not(depth + 1)?;
            return Ok(Condition { kind: ConditionKind::Not(Box::new(inner)), span: self.since(start) });
        }
        let open = self.cursor.span();
        if self.cursor.eat(&Token::LParen) {
            let inner = self.any(depth + 1)?;
            if !self.cursor.eat(&Token::RParen) {
                return Err(match self.cursor.peek() {
                    None => self.cursor.unclosed(open),
                    Some(_) => self.cursor.expected_or(&["`AND`", "`OR`", "`)`"], NO_ARITHMETIC),
                });
            }
            return Ok(inner);
        }
        self.comparison(start)
    }

    fn comparison(&mut self, start: usize) -> Result<Condition, DdlError> {
        if let Some(value) = self.literal()? {
            let comparison = self.operator()?.ok_or_else(|| self.cursor.expected_or(&[OPERATORS], NO_ARITHMETIC))?;
            let column = self.column()?;
            let kind = ConditionKind::Compare { column, comparison: comparison.flipped(), value };
            return Ok(Condition { kind, span: self.since(start) });
        }
        let column = self.column()?;
        if let Some(comparison) = self.operator()? {
            let value = self.expect_literal()?;
            return Ok(Condition {
                kind: ConditionKind::Compare { column, comparison, value },
                span: self.since(start),
            });
        }
        if self.cursor.eat_words(&["IS"]) {
            let is_not = self.cursor.eat_words(&["NOT"]);
            self.cursor.expect_word("NULL", "`NULL`")?;
            return Ok(self.negated(is_not, ConditionKind::IsNull(column), start));
        }
        let is_not = self.cursor.eat_words(&["NOT"]);
        if self.cursor.eat_words(&["BETWEEN"]) {
            let low = self.expect_literal()?;
            self.cursor.expect_word("AND", "`AND`")?;
            let high = self.expect_literal()?;
            let bound = |comparison, value: LiteralText| {
                let span = value.span.clone();
                Condition { kind: ConditionKind::Compare { column: column.clone(), comparison, value }, span }
            };
            let both = vec![bound(Comparison::GreaterOrEqual, low), bound(Comparison::LessOrEqual, high)];
            return Ok(self.negated(is_not, ConditionKind::All(both), start));
        }
        if self.cursor.eat_words(&["IN"]) {
            let open = self.cursor.expect_open()?;
            let mut values = Vec::new();
            loop {
                let value = self.expect_literal()?;
                let span = value.span.clone();
                let (column, comparison) = (column.clone(), Comparison::Equal);
                values.push(Condition { kind: ConditionKind::Compare { column, comparison, value }, span });
                if !self.cursor.list_goes_on(&open, &[])? {
                    break;
                }
            }
            return Ok(self.negated(is_not, ConditionKind::Any(values), start));
        }
        if is_not {
            return Err(self.cursor.expected(&["`BETWEEN`", "`IN`"]));
        }
        let goes_on = ["AND", "OR"].iter().any(|word| self.cursor.at_words(&[word]));
        if goes_on || matches!(self.cursor.peek(), None | Some(Token::RParen)) {
            return Ok(Condition { kind: ConditionKind::IsTrue(column), span: self.since(start) });
        }
        Err(self.cursor.expected_or(&[OPERATORS, "`IS`", "`IN`", "`BETWEEN`"], NO_ARITHMETIC))
    }

    fn negated(&self, is_not: bool, kind: ConditionKind, start: usize) -> Condition {
        let condition = Condition { kind, span: self.since(start) };
        if !is_not {
            return condition;
        }
        let span = condition.span.clone();
        Condition { kind: ConditionKind::Not(Box::new(condition)), span }
    }

    fn operator(&mut self) -> Result<Option<Comparison>, DdlError> {
        let comparison = match self.cursor.peek() {
            Some(Token::Eq | Token::DoubleEq) => Comparison::Equal,
            Some(Token::Neq) => Comparison::NotEqual,
            Some(Token::Lt) => Comparison::Less,
            Some(Token::LtEq) => Comparison::LessOrEqual,
            Some(Token::Gt) => Comparison::Greater,
            Some(Token::GtEq) => Comparison::GreaterOrEqual,
            _ => return Ok(None),
        };
        self.cursor.advance();
        Ok(Some(comparison))
    }

    /// A column, perhaps behind the source's name.
    fn column(&mut self) -> Result<Ident, DdlError> {
        let mut column = self.cursor.ident("a column")?;
        if self.cursor.peek() == Some(&Token::Period) && column.name.eq_ignore_ascii_case(self.source) {
            self.cursor.advance();
            column = self.cursor.ident("a column")?;
        }
        if matches!(self.cursor.peek(), Some(Token::LParen | Token::Period)) {
            return Err(self.cursor.expected_or(&[OPERATORS], NO_ARITHMETIC));
        }
        column.span = column.span.start + self.offset..column.span.end + self.offset;
        Ok(column)
    }

    fn expect_literal(&mut self) -> Result<LiteralText, DdlError> {
        if self.cursor.at_words(&["NULL"]) {
            let help = "nothing equals NULL; write IS NULL or IS NOT NULL";
            return Err(self.cursor.expected_or(&["a number", "a string", "`TRUE`", "`FALSE`"], help));
        }
        let open = self.cursor.span();
        if self.cursor.eat(&Token::LParen) {
            let value = self.literal()?;
            return match value {
                Some(value) if self.cursor.eat(&Token::RParen) => Ok(value),
                Some(_) if self.cursor.is_at_end() => Err(self.cursor.unclosed(open)),
                _ => Err(self.cursor.expected_or(&["a number", "a string", "`TRUE`", "`FALSE`"], NO_ARITHMETIC)),
            };
        }
        self.literal()?
            .ok_or_else(|| self.cursor.expected_or(&["a number", "a string", "`TRUE`", "`FALSE`"], NO_ARITHMETIC))
    }

    /// A literal if one is next.
    fn literal(&mut self) -> Result<Option<LiteralText>, DdlError> {
        let start = self.cursor.span().start;
        let sign = match self.cursor.peek() {
            Some(Token::Minus) => "-",
            Some(Token::Plus) => "+",
            _ => "",
        };
        let at = usize::from(!sign.is_empty());
        let is_type = |word: &str| {
            ["DATE", "TIME", "TIMESTAMP", "TIMESTAMPTZ", "UUID"].iter().any(|t| t.eq_ignore_ascii_case(word))
        };
        let (text, kind, tokens) = match self.cursor.peek_nth(at) {
            Some(Token::Number(number, _)) => {
                (format!("{sign}{}", number.replace('_', "")), LiteralKind::Number, at + 1)
            }
            _ if at > 0 => return Err(self.cursor.expected_or(&["a number"], NO_ARITHMETIC)),
            Some(Token::SingleQuotedString(text)) => (quoted(text), LiteralKind::Text, 1),
            Some(Token::Word(word)) if word.quote_style.is_none() => match self.cursor.peek_nth(1) {
                Some(Token::SingleQuotedString(text)) if is_type(&word.value) => (quoted(text), LiteralKind::Text, 2),
                _ if ["TRUE", "FALSE"].iter().any(|b| b.eq_ignore_ascii_case(&word.value)) => {
                    (word.value.clone(), LiteralKind::Boolean, 1)
                }
                _ => return Ok(None),
            },
            _ => return Ok(None),
        };
        (0..tokens).for_each(|_| self.cursor.advance());
        Ok(Some(LiteralText { text, kind, span: self.since(start) }))
    }
}

const OPERATORS: &str = "a comparison";

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
