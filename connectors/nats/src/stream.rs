//! A running source, of either kind.

use laminar_schema::{Positions, RecordStream, SchemaResult, SourceBatch};

use crate::{live::Live, replay::Replay};

/// A running [`NatsSource`](crate::NatsSource).
pub struct NatsStream(pub(crate) Kind);

pub(crate) enum Kind {
    /// A stream, which is read again where a checkpoint says.
    Replay(Box<Replay>),
    /// Plain subjects, which keep nothing.
    Live(Box<Live>),
}

impl std::fmt::Debug for NatsStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = match self.0 {
            Kind::Replay(_) => "jetstream",
            Kind::Live(_) => "core",
        };
        f.debug_struct("NatsStream").field("mode", &kind).finish_non_exhaustive()
    }
}

impl RecordStream for NatsStream {
    async fn next(&mut self, out: &mut SourceBatch, max: usize) -> SchemaResult<usize> {
        match &mut self.0 {
            Kind::Replay(replay) => replay.next(out, max).await,
            Kind::Live(live) => live.next(out, max).await,
        }
    }

    async fn commit(&mut self, upto: &Positions) -> SchemaResult<()> {
        match &mut self.0 {
            Kind::Replay(replay) => replay.commit(upto).await,
            // There is nobody to tell.
            Kind::Live(_) => Ok(()),
        }
    }
}
