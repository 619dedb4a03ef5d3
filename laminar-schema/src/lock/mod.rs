//! `laminar.lock`: what the sources of an SQL file were found to be, so that a later day can be held against it.
//!
//! Lives here: the file's model, reading and writing it, and what counts as a change. Does not live here: making
//! sources and resolving them; [`Engine::lock`](crate::engine::Engine::lock) and its neighbours do that.
//!
//! ```
//! use laminar_schema::lock::{LockFile, compare};
//!
//! let text = r#"{"version": 1, "sources": []}"#;
//! let locked = LockFile::from_text(text, "laminar.lock")?;
//! assert!(compare(&locked, &LockFile::default()).is_empty());
//! # Ok::<(), laminar_schema::lock::LockError>(())
//! ```

mod change;
mod compare;
mod file;
mod inference;
mod model;

pub use change::{Compared, LockChange, LockReport, SourceVerdict};
pub use compare::{compare, compare_source, contradictions};
pub use file::{LOCK_FILE_NAME, LockError};
pub use inference::{LockedHint, LockedInference};
pub(crate) use model::Facts;
pub use model::{
    LOCK_VERSION, LockFile, LockedField, LockedFormat, LockedPlace, LockedRange, LockedResolution, LockedSource,
    LockedWarning,
};

#[cfg(test)]
mod tests;
