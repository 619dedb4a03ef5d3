//! A resolution as a person reads it: `EXPLAIN SOURCE`.

use std::fmt::Write as _;

use super::{ResolvedSchema, StrategyVerdict};
use crate::{field, types::field_type_name};

impl ResolvedSchema {
    /// The decision, step by step, then every column with its type, origin and evidence, then the warnings.
    pub fn explain(&self) -> String {
        let mut out = format!("schema: {}\nstrategies:\n", self.resolution);
        for (step, report) in self.strategies.iter().enumerate() {
            let mark = match report.verdict {
                StrategyVerdict::Taken => '✓',
                StrategyVerdict::NotPossible => '✗',
                StrategyVerdict::NotNeeded => '–',
            };
            let _ = writeln!(out, "  {mark} {} {report}", step + 1);
        }
        if !self.found_options.is_empty() {
            let found = self.found_options.iter().map(|key| {
                let value = self.format.options.get(key).unwrap_or_default();
                format!("{key} = '{}'", value.replace('\'', "''"))
            });
            let _ = writeln!(
                out,
                "options of {} found in the data: {}",
                self.format.name,
                found.collect::<Vec<_>>().join(", ")
            );
        }
        out.push_str("columns:\n");
        let rows: Vec<[String; 5]> = self.schema.fields().iter().map(|f| self.column_row(f)).collect();
        write_table(&mut out, ["name", "type", "null", "origin", "evidence"], &rows);
        if !self.warnings.is_empty() {
            out.push_str("warnings:\n");
            for warning in &self.warnings {
                let _ = writeln!(out, "  {warning}");
            }
        }
        out
    }

    fn column_row(&self, f: &arrow_schema::Field) -> [String; 5] {
        let origin = self.field_origins.get(f.name()).map_or_else(String::new, ToString::to_string);
        let mut evidence = Vec::new();
        let key = field::payload_key(f);
        if key != f.name() {
            evidence.push(format!("key {key}"));
        }
        if let Some(default) = field::default_expr(f) {
            evidence.push(format!("DEFAULT {default}"));
        }
        if let Some(detail) = self.field_details.iter().find(|d| d.field_name == key) {
            let seen: Vec<String> = detail.observed_types.iter().map(|(t, n)| format!("{t} × {n}")).collect();
            evidence.push(format!(
                "in {:.1} % of records, confidence {:.3}, seen {}",
                detail.appearance_rate * 100.0,
                detail.confidence,
                if seen.is_empty() { "nothing but null".to_owned() } else { seen.join(", ") }
            ));
        }
        let null = if f.is_nullable() { "yes" } else { "no" };
        [f.name().clone(), field_type_name(f), null.to_owned(), origin, evidence.join("; ")]
    }
}

/// Writes a table with aligned columns, indented by two; the last column is not padded.
fn write_table<const N: usize>(out: &mut String, header: [&str; N], rows: &[[String; N]]) {
    let width = |column: usize| {
        let cells = rows.iter().map(|r| r[column].chars().count());
        cells.chain([header[column].chars().count()]).max().unwrap_or(0)
    };
    let widths: [usize; N] = std::array::from_fn(width);
    let header = header.map(str::to_owned);
    for row in [&header].into_iter().chain(rows) {
        let mut line = String::from(" ");
        for (cell, width) in row.iter().zip(widths) {
            let _ = write!(line, " {cell:<width$} ");
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
}
