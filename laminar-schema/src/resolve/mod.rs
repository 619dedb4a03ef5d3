//! Which schema wins (SPEC.md §3): declared, registry, self-described or sampled, and why.

mod error;
mod outcome;

pub use error::ResolveError;
pub use outcome::{FieldOrigin, ResolutionKind, ResolvedSchema, Strategy, StrategyReport, StrategyVerdict};
