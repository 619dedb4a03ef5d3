//! What the columns of a grid hold.

use super::{
    grid::{Grid, Row},
    shape::Shape,
};
use crate::{
    csv::{Field, typing::Typing},
    infer::{Fallback, Kind, Member, Place},
};

/// Rows whose values are looked at.
const MAX_ROWS: usize = 2_000;

/// Columns that are looked at.
const MAX_COLUMNS: usize = 1_000;

/// Whether a kind is more than text.
pub(super) fn is_typed(kind: Kind) -> bool {
    !matches!(kind, Kind::Null | Kind::Varchar)
}

/// Rows of the table's width behind its first one, which may be a header.
pub(super) fn body(grid: &Grid<'_>, shape: &Shape) -> Vec<Row> {
    let rows = grid.rows.iter().skip(shape.start + 1);
    rows.filter(|row| row.width == Some(shape.width)).take(MAX_ROWS).copied().collect()
}

/// The evidence of each column, of the fields as `read` has them.
pub(super) fn columns(grid: &mut Grid<'_>, rows: &[Row], typing: &Typing, read: impl Fn(&str) -> &str) -> Vec<Member> {
    let place = Place::default();
    let mut columns: Vec<Member> = Vec::new();
    for row in rows {
        let fields = grid.fields(*row);
        columns.resize_with(fields.len().min(MAX_COLUMNS), Member::default);
        for (column, field) in columns.iter_mut().zip(fields) {
            typing.observe(column, Field { text: read(field.text), ..field }, &typing.nulls, &place);
        }
    }
    columns
}

/// Columns of text that hold some other usual delimiter in every field: they look like several.
pub(super) fn compound_columns(grid: &mut Grid<'_>, rows: &[Row], kinds: &[Kind], delimiters: &[&str]) -> usize {
    let mut are_compound: Vec<bool> = kinds.iter().map(|kind| !is_typed(*kind) && !rows.is_empty()).collect();
    for row in rows {
        for (is_compound, field) in are_compound.iter_mut().zip(grid.fields(*row)) {
            *is_compound &= !field.quoted && delimiters.iter().any(|d| field.text.contains(d));
        }
    }
    are_compound.into_iter().filter(|is_compound| *is_compound).count()
}

/// The kind of each column.
pub(super) fn kinds(columns: &[Member]) -> Vec<Kind> {
    columns.iter().map(|column| column.value.kind(Fallback::Varchar)).collect()
}
