//! Which parser a [`JsonDecoder`](super::JsonDecoder) runs.

#[cfg(all(target_arch = "x86_64", not(laminar_no_avx2)))]
use crate::scan::Avx2;
use crate::{column::StructColumn, scan::Portable};

use super::direct::{Instance, Run, Walk};

/// The parser behind a [`JsonDecoder`](super::JsonDecoder). All of them accept, reject and decode exactly alike; they
/// differ in speed alone.
///
/// The choice is made once, when the decoder is built: [`JsonEngine::best`] unless the caller says otherwise. No build
/// flag is needed for any of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum JsonEngine {
    /// simd-json's tape, walked in step with the schema: the plain twin, and where the others hand a record that they
    /// do not take.
    Tape,
    /// Straight from bytes to columns, for every processor.
    Portable,
    /// The same, for x86-64 processors with AVX2.
    Avx2,
}

impl JsonEngine {
    /// The engines that this machine can run, the slowest first.
    pub fn available() -> impl Iterator<Item = Self> {
        let best = Self::best();
        [Self::Tape, Self::Portable].into_iter().chain((best != Self::Portable).then_some(best))
    }

    /// The fastest engine that this machine can run.
    pub fn best() -> Self {
        Dispatch::best().engine()
    }
}

/// An engine with the proof that this machine has what it needs.
#[derive(Debug, Clone, Copy)]
pub(super) enum Dispatch {
    Tape,
    Portable(Portable),
    #[cfg(all(target_arch = "x86_64", not(laminar_no_avx2)))]
    Avx2(Avx2),
}

impl Dispatch {
    pub(super) fn best() -> Self {
        #[cfg(all(target_arch = "x86_64", not(laminar_no_avx2)))]
        if let Some(avx2) = Avx2::detect() {
            return Self::Avx2(avx2);
        }
        Self::Portable(Portable)
    }

    /// The engine, or the next best one that this machine has.
    pub(super) fn new(engine: JsonEngine) -> Self {
        match engine {
            JsonEngine::Tape => Self::Tape,
            JsonEngine::Portable => Self::Portable(Portable),
            JsonEngine::Avx2 => Self::best(),
        }
    }

    pub(super) fn engine(self) -> JsonEngine {
        match self {
            Self::Tape => JsonEngine::Tape,
            Self::Portable(_) => JsonEngine::Portable,
            #[cfg(all(target_arch = "x86_64", not(laminar_no_avx2)))]
            Self::Avx2(_) => JsonEngine::Avx2,
        }
    }

    /// Appends the rows of records up to the first that is the tape's matter, and returns its number. Its row, or parts of
    /// it, may have been appended too.
    #[inline(always)]
    pub(super) fn records(self, walk: &mut Walk, root: &mut StructColumn, run: Run<'_>) -> usize {
        match self {
            Self::Tape => run.first,
            Self::Portable(isa) => isa.records(walk, root, run),
            #[cfg(all(target_arch = "x86_64", not(laminar_no_avx2)))]
            Self::Avx2(isa) => isa.records(walk, root, run),
        }
    }
}
