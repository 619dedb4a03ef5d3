//! `WATERMARK FOR column AS column - INTERVAL '5' SECOND`: how far behind the latest event time others may come.

use std::time::Duration;

use sqlparser::tokenizer::Token;

use super::{Cursor, DdlError, Watermark};

/// Names of units, and their milliseconds.
const UNITS: [(&str, u64); 5] =
    [("MILLISECOND", 1), ("SECOND", 1_000), ("MINUTE", 60_000), ("HOUR", 3_600_000), ("DAY", 86_400_000)];

const FORM: &str = "a watermark is the column, or the column less a time: ts - INTERVAL '5' SECOND";
const INTERVAL: &str = "write a number and MILLISECOND, SECOND, MINUTE, HOUR or DAY: INTERVAL '5' SECOND";

/// How far a watermark stays behind the latest event time.
///
/// # Errors
/// Where and why the expression is none that is understood.
pub fn parse_watermark_delay(sql: &str, watermark: &Watermark) -> Result<Duration, DdlError> {
    let expression = &watermark.expression;
    let offset = expression.span.start;
    let parsed = Cursor::new(&expression.text).and_then(|cursor| delay(cursor, &watermark.column.name));
    parsed.map_err(|e| DdlError::new(sql, e.span.start + offset..e.span.end + offset, e.kind))
}

fn delay(mut cursor: Cursor<'_>, column: &str) -> Result<Duration, DdlError> {
    if !matches!(cursor.peek(), Some(Token::Word(word)) if word.value.eq_ignore_ascii_case(column)) {
        return Err(cursor.expected_or(&["the column of the watermark"], FORM));
    }
    cursor.advance();
    if cursor.is_at_end() {
        return Ok(Duration::ZERO);
    }
    if !cursor.eat(&Token::Minus) {
        return Err(cursor.expected_or(&["`-`", "the end of the clause"], FORM));
    }
    if !cursor.eat_words(&["INTERVAL"]) {
        return Err(cursor.expected_or(&["`INTERVAL`"], FORM));
    }
    let number = match cursor.peek() {
        Some(Token::SingleQuotedString(text)) => text.clone(),
        Some(Token::Number(text, _)) => text.clone(),
        _ => return Err(cursor.expected_or(&["a number"], INTERVAL)),
    };
    // Both `'5' SECOND` and `'5 seconds'`.
    let (number, unit_within) = match number.trim().split_once(' ') {
        Some((number, unit)) => (number.to_owned(), Some(unit.trim().to_owned())),
        None => (number.trim().to_owned(), None),
    };
    let milliseconds = |unit: &str| {
        let unit = unit.to_ascii_uppercase();
        let unit = unit.strip_suffix('S').unwrap_or(&unit);
        let (_, milliseconds) = UNITS.iter().find(|(name, _)| *name == unit)?;
        number.parse::<u64>().ok()?.checked_mul(*milliseconds)
    };
    let wrong = |cursor: &Cursor<'_>| cursor.expected_or(&["a number and a unit"], INTERVAL);
    let delay = match unit_within {
        Some(unit) => milliseconds(&unit).ok_or_else(|| wrong(&cursor))?,
        None => {
            let unit = cursor.word_nth(1).unwrap_or("").to_owned();
            let delay = milliseconds(&unit).ok_or_else(|| wrong(&cursor))?;
            cursor.advance();
            delay
        }
    };
    cursor.advance();
    if cursor.is_at_end() {
        return Ok(Duration::from_millis(delay));
    }
    Err(cursor.expected_or(&["the end of the clause"], FORM))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ddl::{StatementKind, parse};

    fn delay_of(expression: &str) -> Result<Duration, String> {
        let sql = format!("CREATE SOURCE s (ts TIMESTAMP, WATERMARK FOR ts AS {expression}) FROM FILE");
        let statement = parse(&sql).unwrap().remove(0);
        let StatementKind::CreateSource(source) = statement.kind else { panic!("no source") };
        parse_watermark_delay(&sql, source.watermark.as_ref().unwrap()).map_err(|e| format!("{e}"))
    }

    #[test]
    fn times_are_read_in_every_unit() {
        let check = |expression: &str, millis| {
            assert_eq!(delay_of(expression), Ok(Duration::from_millis(millis)), "{expression}");
        };
        check("ts", 0);
        check("ts - INTERVAL '5' SECOND", 5_000);
        check("TS - interval 5 seconds", 5_000);
        check("ts - INTERVAL '5 seconds'", 5_000);
        check("ts - INTERVAL '250' MILLISECOND", 250);
        check("ts - INTERVAL '2' MINUTES", 120_000);
        check("ts - INTERVAL 1 HOUR", 3_600_000);
        check("\"ts\" - INTERVAL '1 day'", 86_400_000);
    }

    #[test]
    fn what_is_no_watermark_says_where() {
        let check = |expression: &str, expected: &str| {
            let error = delay_of(expression).unwrap_err();
            assert!(error.contains(expected), "{expression}: {error}");
        };
        check("other", "expected the column of the watermark");
        check("ts + INTERVAL '5' SECOND", "expected `-`");
        check("ts - 5", "expected `INTERVAL`");
        check("ts - INTERVAL '5' FORTNIGHT", "expected a number and a unit");
        check("ts - INTERVAL '5'", "expected a number and a unit");
        check("ts - INTERVAL '-5' SECOND", "expected a number and a unit");
        check("ts - INTERVAL '99999999999999999999' DAY", "expected a number and a unit");
        check("ts - INTERVAL '5' SECOND - INTERVAL '1' SECOND", "expected the end of the clause");
    }
}
