//! Columns of a batch → JSON values, row by row.
//!
//! ```text
//! schema ─▶ Plan: the text before each value, made once       batch ─▶ Column: each array, downcast once
//!                          └──────────────────┬─────────────────────────────────┘
//!                                     Output::record(row) ─▶ Arena: bytes, in reserved room
//! ```
//!
//! Lives here: how rows become objects. Does not live here: the text of single values ([`crate::cell`]), and escapes
//! ([`quote`](super::quote)).

mod arena;
mod column;
mod output;
mod plan;

pub(super) use arena::Arena;
pub(super) use column::Column;
pub(super) use output::Output;
pub(super) use plan::Plan;
