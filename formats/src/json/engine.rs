//! Which parser a [`JsonDecoder`](super::JsonDecoder) runs.

/// The parser behind a [`JsonDecoder`](super::JsonDecoder). All of them accept, reject and decode exactly alike; they
/// differ in speed alone.
///
/// The choice is made once, when the decoder is built: [`JsonEngine::best`] unless the caller says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JsonEngine {
    /// simd-json's tape, walked in step with the schema: the plain twin, and where the others hand a record that they
    /// do not take.
    Tape,
}

impl JsonEngine {
    /// The engines that this machine can run, the slowest first.
    pub fn available() -> impl Iterator<Item = Self> {
        [Self::Tape].into_iter()
    }

    /// The fastest engine that this machine can run.
    pub fn best() -> Self {
        Self::Tape
    }
}
