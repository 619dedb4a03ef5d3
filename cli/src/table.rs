//! Tables with aligned columns, for people; the same as Markdown, for documents.

use std::fmt::Write as _;

/// Rows of text under a header.
#[derive(Debug)]
pub(crate) struct Table<const N: usize> {
    header: [&'static str; N],
    rows: Vec<[String; N]>,
}

impl<const N: usize> Table<N> {
    pub(crate) fn new(header: [&'static str; N]) -> Self {
        Self { header, rows: Vec::new() }
    }

    pub(crate) fn push(&mut self, row: [String; N]) {
        self.rows.push(row);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Aligned with spaces; the last column is not padded.
    pub(crate) fn to_text(&self) -> String {
        let width = |column: usize| {
            let cells = self.rows.iter().map(|r| r[column].chars().count());
            cells.chain([self.header[column].chars().count()]).max().unwrap_or(0)
        };
        let widths: [usize; N] = std::array::from_fn(width);
        let mut out = String::new();
        for row in [&self.header.map(str::to_owned)].into_iter().chain(&self.rows) {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(widths) {
                let _ = write!(line, "{cell:<width$}  ");
            }
            out.push_str(line.trim_end());
            out.push('\n');
        }
        out
    }

    /// As a Markdown table.
    pub(crate) fn to_markdown(&self) -> String {
        let mut out = format!("| {} |\n|{}\n", self.header.join(" | "), "---|".repeat(N));
        for row in &self.rows {
            let _ = writeln!(out, "| {} |", row.each_ref().map(|cell| cell.replace('|', "\\|")).join(" | "));
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_markdown_escapes_its_bars() {
        let mut table = Table::new(["name", "doc"]);
        table.push(["größe".to_owned(), "a | b".to_owned()]);
        table.push(["x".to_owned(), String::new()]);
        assert_eq!(table.to_text(), "name   doc\ngröße  a | b\nx\n");
        assert_eq!(table.to_markdown(), "| name | doc |\n|---|---|\n| größe | a \\| b |\n| x |  |\n");
    }
}
