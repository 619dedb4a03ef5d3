//! What may happen with a set of changes.

use super::SchemaChange;

/// What may happen with a set of changes.
#[derive(Debug, Clone, PartialEq)]
pub enum EvolutionVerdict {
    /// They are safe and can be applied at once.
    Compatible(Vec<SchemaChange>),
    /// A person must agree first, for the reason given.
    RequiresConfirmation(Vec<SchemaChange>, String),
    /// They are refused, for the reason given.
    Incompatible(String),
}
