//! Errors with the line they point to.

use std::{fmt::Write as _, ops::Range};

use super::{
    error::{DdlError, line_and_column},
    secrets,
};
use crate::config::{ConfigError, ConfigErrors};

/// Most characters of a line that are shown.
const SHOWN_LINE: usize = 100;
/// Characters shown before the place in a longer line.
const SHOWN_BEFORE: usize = 40;

/// The error with the line it points to and what to do about it. Secrets in that line are hidden.
///
/// ```
/// use laminar_schema::ddl;
///
/// let sql = "CREATE SOURCE t (a BIGNT) FROM FILE FORMAT JSON";
/// let error = ddl::parse(sql).unwrap_err();
/// assert_eq!(ddl::render(sql, &error), "\
/// error: unknown type `BIGNT`
///  --> line 1, column 20
///   |
/// 1 | CREATE SOURCE t (a BIGNT) FROM FILE FORMAT JSON
///   |                    ^^^^^
/// help: did you mean `BIGINT`?
/// ");
/// ```
pub fn render(sql: &str, error: &DdlError) -> String {
    snippet(sql, &error.kind.to_string(), error.span.clone(), error.help().as_deref())
}

/// Errors of options, each with the line it points to; `clause` is where those point that have no place of their own:
/// the connector's or format's name.
pub fn render_config(sql: &str, errors: &ConfigErrors, clause: &Range<usize>) -> String {
    let mut out = String::new();
    for error in &errors.0 {
        if !out.is_empty() {
            out.push('\n');
        }
        let span = error.span().unwrap_or_else(|| clause.clone());
        out.push_str(&match error {
            ConfigError::Unknown { key, help, .. } => {
                snippet(sql, &format!("unknown option `{key}`"), span, Some(help))
            }
            ConfigError::Missing { key, doc } => {
                snippet(sql, &format!("missing required option `{key}`"), span, Some(&format!("{key}: {doc}")))
            }
            other => snippet(sql, &other.to_string(), span, None),
        });
    }
    out
}

/// A message with the line that `span` starts in: for errors of upper layers about something in the text.
pub fn snippet(sql: &str, message: &str, span: Range<usize>, help: Option<&str>) -> String {
    let (number, column) = line_and_column(sql, span.start);
    let mut out = format!("error: {message}\n --> line {number}, column {column}\n");
    let start = sql.get(..span.start).and_then(|before| before.rfind('\n')).map_or(0, |i| i + 1);
    let end = sql.get(start..).and_then(|rest| rest.find('\n')).map_or(sql.len(), |i| start + i);
    let end = if sql.get(start..end).is_some_and(|line| line.ends_with('\r')) { end - 1 } else { end };
    let (line, marks) = marked_line(sql, start..end, &span);
    let number = number.to_string();
    let margin = " ".repeat(number.len());
    // Trailing spaces would be an accident of the margin.
    let _ = write!(
        out,
        "{margin} |\n{}\n{}\n",
        format!("{number} | {line}").trim_end(),
        format!("{margin} | {marks}").trim_end()
    );
    if let Some(help) = help {
        let _ = writeln!(out, "help: {help}");
    }
    out
}

/// The bytes `line` of the text as they are shown, and the marks to stand below them.
fn marked_line(sql: &str, line: Range<usize>, span: &Range<usize>) -> (String, String) {
    let mut hidden = secrets::hidden(sql).into_iter().peekable();
    let mut shown: Vec<(char, bool)> = Vec::new();
    let mut in_mask = false;
    for (i, c) in sql.get(line.clone()).unwrap_or_default().char_indices() {
        let byte = line.start + i;
        let marked = span.contains(&byte);
        while hidden.next_if(|r| r.end <= byte).is_some() {
            in_mask = false;
        }
        if hidden.peek().is_some_and(|r| r.contains(&byte)) {
            // One `***` for the whole of it: its length is nobody's business either.
            if !in_mask {
                in_mask = true;
                shown.extend([('*', marked); 3]);
            }
        } else {
            // A tab would put the marks elsewhere; other control characters must not reach a terminal.
            shown.push((
                if c == '\t' {
                    ' '
                } else if c.is_control() {
                    '\u{fffd}'
                } else {
                    c
                },
                marked,
            ));
        }
    }
    if !shown.iter().any(|(_, marked)| *marked) {
        // The place is at the end of the line: between two tokens, or at the end of the text.
        let column = sql.get(line.start..span.start).map_or(shown.len(), |before| before.chars().count());
        if let Some(c) = shown.get_mut(column) { c.1 = true } else { shown.push((' ', true)) }
    }
    let first = shown.iter().position(|(_, marked)| *marked).unwrap_or(0);
    let from = if shown.len() > SHOWN_LINE { first.saturating_sub(SHOWN_BEFORE) } else { 0 };
    let to = shown.len().min(from + SHOWN_LINE);
    let mut text: String = shown[from..to].iter().map(|(c, _)| c).collect();
    let mut marks: String = shown[from..to].iter().map(|(_, marked)| if *marked { '^' } else { ' ' }).collect();
    if from > 0 {
        text.insert(0, '…');
        marks.insert(0, ' ');
    }
    if to < shown.len() {
        text.push('…');
    }
    (text, marks.trim_end().to_owned())
}
