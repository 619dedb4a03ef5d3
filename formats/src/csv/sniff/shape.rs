//! What the widths of the rows say of a dialect: the right one gives every row as many fields.

use std::collections::BTreeMap;

use super::grid::{Grid, Row};

/// Rows out of line that a table may have, as a share of all: one in so many.
const TOLERATED: usize = 10;

/// Where the table starts, and how even its rows are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shape {
    /// Fields that most rows have.
    pub(super) width: usize,
    /// Rows in front of the table.
    pub(super) start: usize,
    /// Rows of that width.
    pub(super) even: usize,
    /// Rows of the table that have fewer fields.
    pub(super) short: usize,
    /// Rows of the table that have more fields.
    pub(super) long: usize,
    /// Rows of the table that cannot be read.
    pub(super) broken: usize,
    /// All rows, those in front of the table included.
    pub(super) rows: usize,
}

impl Shape {
    /// The shape of these rows.
    pub(super) fn of(rows: &[Row]) -> Self {
        let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
        for width in rows.iter().filter_map(|row| row.width) {
            *counts.entry(width).or_default() += 1;
        }
        // Of two widths that are as frequent the larger one is no accident.
        let width = counts.iter().max_by_key(|(width, count)| (**count, **width)).map_or(0, |(width, _)| *width);
        let start = rows.iter().position(|row| row.width == Some(width)).unwrap_or(0);
        let mut shape = Self { width, start, even: 0, short: 0, long: 0, broken: 0, rows: rows.len() };
        for row in &rows[start..] {
            match row.width {
                None => shape.broken += 1,
                Some(found) if found < width => shape.short += 1,
                Some(found) if found > width => shape.long += 1,
                Some(_) => shape.even += 1,
            }
        }
        shape
    }

    /// Whether every row but the header ends in a delimiter: `a,b` above `1,2,`.
    pub(super) fn has_trailing_delimiter(&self, grid: &mut Grid<'_>) -> bool {
        let Some(above) = self.start.checked_sub(1).map(|at| grid.rows[at]) else { return false };
        if above.width.is_none_or(|width| width + 1 != self.width) {
            return false;
        }
        let rows: Vec<Row> = grid.rows[self.start..].iter().filter(|r| r.width == Some(self.width)).copied().collect();
        rows.into_iter().all(|row| grid.fields(row).last().is_some_and(|field| field.text.is_empty()))
    }

    /// Whether the rows may pass for a table of several columns.
    pub(super) fn is_table(&self) -> bool {
        let uneven = self.short + self.long + self.broken;
        self.width > 1 && (uneven * TOLERATED <= self.rows || self.is_ragged())
    }

    /// Whether short rows stand in a table whose first row has all fields: rows that end early rather than text that
    /// happens to hold delimiters. One delimiter alone is too easily text.
    pub(super) fn is_ragged(&self) -> bool {
        let has_short_only = self.short > 0 && self.long + self.broken == 0;
        self.width > 2 && self.start == 0 && has_short_only && self.short * 3 <= self.rows
    }

    /// Share of rows that are as they should be, in millionths.
    pub(super) fn evenness(&self) -> usize {
        self.even * 1_000_000 / self.rows.max(1)
    }
}
