//! SQL text → statements: CREATE SOURCE and its neighbours.
//!
//! Lives here: the grammar, the types' spelling, and errors that point into the text.
//! Does not live here: what a statement does; engines decide that.

mod error;

pub use error::{DdlError, DdlErrorKind};
