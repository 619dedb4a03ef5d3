//! From a pipeline over a set of sources to one over the source it holds.

use std::future::Future;

use super::{Metrics, OnError, Output, Pipeline, PipelineConfig, Summary};
use crate::{
    connector::{BoxFuture, SinkConnector, SourceConnector, SourceSet, SourceVisitor},
    error::SchemaResult,
    format::DecodeSpec,
};

impl<S: SourceSet, K: SinkConnector> Pipeline<S, K> {
    /// Runs as [`Pipeline::run`] does, with the loop compiled for the very source: the set is matched once, here.
    ///
    /// # Errors
    /// As [`Pipeline::run`].
    pub fn dispatch<'m>(
        self,
        shutdown: impl Future<Output = ()> + Send + 'm,
        metrics: &'m Metrics,
    ) -> BoxFuture<'m, SchemaResult<Summary>> {
        let Self { source, spec, outputs, on_error, config } = self;
        source.dispatch(Run { spec, outputs, on_error, config, shutdown, metrics })
    }
}

/// The rest of a pipeline, waiting for its source.
struct Run<'m, K, F> {
    spec: DecodeSpec,
    outputs: Vec<Output<K>>,
    on_error: OnError<K>,
    config: PipelineConfig,
    shutdown: F,
    metrics: &'m Metrics,
}

impl<'m, K: SinkConnector, F: Future<Output = ()> + Send + 'm> SourceVisitor for Run<'m, K, F> {
    /// Boxed once per pipeline: the futures of different sources differ in type.
    type Output = BoxFuture<'m, SchemaResult<Summary>>;

    fn visit<S: SourceConnector>(self, source: S) -> Self::Output {
        let Self { spec, outputs, on_error, config, shutdown, metrics } = self;
        let pipeline = Pipeline::new(source, spec, outputs, on_error, config);
        Box::pin(async move { pipeline.run(shutdown, metrics).await })
    }
}
