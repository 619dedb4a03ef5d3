//! Whether the first row names the columns.

use super::columns::is_typed;
use crate::{
    csv::typing::Typing,
    infer::{Fallback, Kind},
};

/// Whether a first row is a header above columns of these kinds; `None` where nothing is below it.
pub(super) fn is_header(first: &[String], below: Option<&[Kind]>, typing: &Typing) -> bool {
    let kinds: Vec<Kind> = first.iter().map(|text| typing.kind(text)).collect();
    let is_named = kinds.iter().all(|kind| *kind != Kind::Null);
    let Some(below) = below else {
        // A single row of nothing but texts is a header without rows; one with a value is a row.
        return is_named && kinds.iter().all(|kind| !is_typed(*kind));
    };
    if below.iter().any(|kind| is_typed(*kind)) {
        let differs =
            |(first, below): (&Kind, &Kind)| is_typed(*below) && first.join(*below, Fallback::Varchar) != *below;
        return kinds.iter().zip(below).any(differs);
    }
    is_named
}
