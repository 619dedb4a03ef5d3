//! Which schema wins (SPEC.md §3): declared, registry, self-described or sampled, and why.

mod account;
mod error;
mod explain;
mod lower;
mod merge;
mod offline;
mod outcome;
mod resolver;

pub use error::ResolveError;
pub use outcome::{FieldOrigin, ResolutionKind, ResolvedSchema, Strategy, StrategyReport, StrategyVerdict};
pub use resolver::{ResolveRequest, SchemaResolver};
