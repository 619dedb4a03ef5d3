//! Whether a fast way that takes plain records alone is worth a try.

/// What a record adds when the fast way leaves it; one that it takes takes one away.
const REFUSAL: u16 = 8;
const RELUCTANT: u16 = 64;

/// Grows with every record that a fast way leaves to the one that knows everything. Where few are taken, most are spared the
/// attempt.
#[derive(Debug)]
pub(crate) struct Reluctance {
    grown: u16,
    /// From where on records are spared the attempt.
    limit: u16,
}

impl Default for Reluctance {
    fn default() -> Self {
        Self { grown: 0, limit: RELUCTANT }
    }
}

impl Reluctance {
    /// None, whatever is left: for tests of the fast way.
    pub(crate) fn none() -> Self {
        Self { grown: 0, limit: u16::MAX }
    }

    /// Whether the next record is spared the attempt.
    #[inline]
    pub(crate) fn spares(&mut self) -> bool {
        let spares = self.grown > self.limit;
        self.grown -= u16::from(spares);
        spares
    }

    /// Notes so many records that were taken.
    #[inline]
    pub(crate) fn took(&mut self, records: usize) {
        self.grown = self.grown.saturating_sub(u16::try_from(records).unwrap_or(u16::MAX));
    }

    /// Notes a record that was left.
    #[inline]
    pub(crate) fn left_one(&mut self) {
        self.grown = self.grown.saturating_add(REFUSAL);
    }
}
