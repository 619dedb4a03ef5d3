//! For people: a table with bars, and the warnings by field.

use std::fmt::Write as _;

use laminar_schema::{FieldInferenceDetail, ResolvedSchema, WarningSeverity, fingerprint};
use unicode_width::UnicodeWidthStr as _;

use super::{Row, confidence_text, count, found_options, grouped, options_text, percent, rows, sample_count};
use crate::terminal::{Screen, Style, harmless};

/// Cells of a bar.
const BAR: usize = 8;
const HEADER: [&str; 7] = ["name", "type", "null", "appears", "confidence", "seen", "first value"];
/// Columns of the table that are cut where it is too wide, first to last, with what is left of them at least.
const CUT: [(usize, usize); 4] = [(6, 12), (5, 12), (1, 10), (0, 12)];
const GAP: &str = "  ";

/// The schema as text.
pub(in super::super) fn to_text(resolved: &ResolvedSchema, screen: Screen) -> String {
    let found = found_options(resolved);
    let mut head = format!("format {}", resolved.format.name);
    if !found.is_empty() {
        let _ = write!(head, " (found: {})", harmless(&options_text(&found)));
    }
    let records = if sample_count(resolved) == 1 { "record" } else { "records" };
    let fingerprint = fingerprint(&resolved.schema);
    let _ = write!(head, ", {} {records} sampled, fingerprint {fingerprint}", count(sample_count(resolved)));
    let mut out = screen.styled(Style::Bold, &head);
    out.push_str("\n\n");
    write_table(&mut out, &rows(resolved), screen);
    write_warnings(&mut out, resolved, screen);
    out
}

fn write_table(out: &mut String, rows: &[Row<'_>], screen: Screen) {
    let room = screen.width.unwrap_or(usize::MAX);
    let cells = |bar| -> Vec<[String; 7]> { rows.iter().map(|row| cells(row, screen, bar)).collect() };
    let mut table = cells(BAR);
    let mut widths = fitting(&table, room);
    if total(&widths) > room {
        // Numbers say the same as bars.
        table = cells(0);
        widths = fitting(&table, room);
    }
    // What is too narrow for every column has the first of them.
    let shown = (1..=widths.len()).rev().find(|n| total(&widths[..*n]) <= room).unwrap_or(1);
    let mut line = |row: &[String; 7], style: &dyn Fn(usize, &str) -> String| {
        let mut line = String::new();
        let last = row.iter().take(shown).rposition(|cell| !cell.is_empty()).unwrap_or(0);
        for (i, (cell, width)) in row.iter().zip(widths).enumerate().take(last + 1) {
            let cut = screen.cut(cell, width);
            let padded = if i == last { cut } else { Screen::padded(&cut, width) + GAP };
            line.push_str(&style(i, &padded));
        }
        out.push_str(line.trim_end());
        out.push('\n');
    };
    line(&HEADER.map(str::to_owned), &|_, text| screen.styled(Style::Dim, text));
    for (row, cells) in rows.iter().zip(&table) {
        line(cells, &|i, text| match (i, row.detail) {
            (0, _) if row.depth == 0 => screen.styled(Style::Bold, text),
            (4, Some(detail)) => screen.styled(trust(detail), text),
            (5 | 6, _) => screen.styled(Style::Dim, text),
            _ => text.to_owned(),
        });
    }
}

/// How good a confidence is: from 0.9 on, which takes 36 values, and below a half.
fn trust(detail: &FieldInferenceDetail) -> Style {
    match detail.confidence {
        c if c >= 0.9 => Style::Green,
        c if c >= 0.5 => Style::Yellow,
        _ => Style::Red,
    }
}

fn cells(row: &Row<'_>, screen: Screen, bar: usize) -> [String; 7] {
    let name = format!("{:indent$}{}", "", harmless(row.name), indent = 2 * row.depth);
    let null = if row.nullable { "yes" } else { "no" }.to_owned();
    let short_type = harmless(&row.short_type);
    let Some(detail) = row.detail else {
        return [name, short_type, null, String::new(), String::new(), String::new(), String::new()];
    };
    let with_bar = |share: f64, text: String| {
        if bar == 0 { text } else { format!("{} {text}", screen.bar(share, bar)) }
    };
    let appears = with_bar(detail.appearance_rate, format!("{:>7}", percent(detail.appearance_rate)));
    let confidence = with_bar(detail.confidence, confidence_text(detail));
    let seen: Vec<String> =
        detail.observed_types.iter().map(|(t, n)| format!("{t} {} {}", screen.times(), count(*n as usize))).collect();
    let first = detail.first.as_ref().map_or(String::new(), |v| harmless(&v.text));
    [name, short_type, null, appears, confidence, seen.join(", "), first]
}

/// Widths of the columns, cut to `room` as far as that goes.
fn fitting(table: &[[String; 7]], room: usize) -> [usize; 7] {
    let natural = |i: usize| table.iter().map(|row| row[i].width()).chain([HEADER[i].width()]).max().unwrap_or(0);
    let mut widths: [usize; 7] = std::array::from_fn(natural);
    for (i, least) in CUT {
        let over = total(&widths).saturating_sub(room);
        widths[i] = widths[i].saturating_sub(over).max(least.min(widths[i]));
    }
    widths
}

fn total(widths: &[usize]) -> usize {
    widths.iter().sum::<usize>() + GAP.len() * widths.len().saturating_sub(1)
}

fn write_warnings(out: &mut String, resolved: &ResolvedSchema, screen: Screen) {
    for (field, warnings) in grouped(&resolved.warnings) {
        let title = if field.is_empty() { "the whole sample" } else { field };
        let _ = writeln!(out, "\n{}", screen.styled(Style::Bold, &harmless(title)));
        for warning in warnings {
            let style = match warning.severity {
                WarningSeverity::Info => Style::Dim,
                WarningSeverity::Warning => Style::Yellow,
                WarningSeverity::Error => Style::Red,
            };
            let severity = format!("{}:", warning.severity);
            let _ = writeln!(out, "  {} {}", screen.styled(style, &severity), harmless(&warning.message));
        }
    }
}

#[cfg(test)]
mod tests;
