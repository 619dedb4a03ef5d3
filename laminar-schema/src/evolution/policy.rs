//! What happens when a schema changes.

/// What happens when the source's schema changes: `ON SCHEMA CHANGE …`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnSchemaChange {
    /// The pipeline ends at the first record that shows a change, with the change.
    #[default]
    Fail,
    /// The schema stays, and what it has no place for is counted.
    Ignore,
    /// The schema follows between two records, where that is compatible.
    Evolve,
    /// The schema stays; what it has no place for is counted, and kept in the column `_rescued`.
    Rescue,
}

impl OnSchemaChange {
    /// Its word in SQL.
    pub fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, policy)| *policy == self).map_or("", |(word, _)| word)
    }

    /// All choices with their words.
    pub const WORDS: [(&'static str, Self); 4] =
        [("FAIL", Self::Fail), ("IGNORE", Self::Ignore), ("EVOLVE", Self::Evolve), ("RESCUE", Self::Rescue)];
}
