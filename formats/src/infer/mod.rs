//! Samples → schemas with evidence, for every format.
//!
//! ```text
//! record ──<format>/infer──▶ Value ──observe──▶ Evidence ──merge──▶ Evidence ──choose──▶ Field + detail + warnings
//!                                     per field: counts by Kind, number range, text facts, elements, members
//! ```
//!
//! Lives here: the type lattice ([`Kind`]), mergeable evidence ([`Evidence`]), and the choice of a type from it.
//! Does not live here: how a format's bytes are read (`<format>/infer.rs`), and where samples come from (sources).
//!
//! The result does not depend on the order of the records, nor on how a sample was split before it was merged. The
//! rules are in `docs/inference.md`.

mod any;
mod choose;
mod confidence;
mod documents;
mod evidence;
mod example;
mod lattice;
mod members;
mod moment;
mod number;
mod parts;
mod sample;
mod text;
mod value;

pub use any::{AnyInference, inference};
pub use confidence::wilson_lower;
pub use documents::{Document, DocumentFormat, DocumentReader, DocumentSample};
pub use evidence::{Evidence, Rules, Seen};
pub use example::{Example, Place};
pub use lattice::{Fallback, Kind};
pub use members::{MAX_KEYS, Member, Members};
pub use sample::{Columns, MAX_FIELDS, Sample, Unusable, VALUE_COLUMN};
pub use value::Value;

pub(crate) use number::{NumberRange, is_number};
pub(crate) use parts::{Part, in_parts};
pub(crate) use sample::{replayed, stored};
pub(crate) use text::TextFacts;
