//! Ring 2 only: erased sources and sinks, so that run-time plugins can join.
//!
//! [`BoxSource<D>`] keeps the decoder type `D` static, so decoding stays free of virtual calls even for a plugin;
//! what is boxed is one future per batch.

use std::{collections::HashMap, fmt, future::Future, pin::Pin};

use arrow_schema::SchemaRef;

use super::{
    Checkpoint, Measures, Prepared, RecordSink, RecordStream, Sink, SinkBatch, SinkConnector, Source, SourceConnector,
};
use crate::{
    capability::{Capabilities, ConnectorInfo, SchemaEvolvable, SchemaInferable, SchemaProvider, SchemaRegistryAware},
    config::FormatSpec,
    error::SchemaResult,
    evolution::{ColumnProjection, EvolutionVerdict, SchemaChange},
    format::WriterSchemaId,
    format::{DecodeSpec, DecoderSet, EncodeSpec, EncoderSet, Scan},
    inference::{FieldMeta, FormatInferenceRegistry, InferenceConfig, InferredSchema, StreamHead},
    position::Positions,
    record::{RawRecord, SourceBatch},
    registry::{CompatibilityMode, RegisteredSchema, RegistryConfig},
};

/// A boxed future that may move between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Declares an object-safe mirror of a capability trait, its blanket impl, and a boxed view that implements the
/// trait itself. Mirror methods are named `dyn_…`: with the trait's own names, calls would be ambiguous (E0034).
/// Every argument is a reference of one lifetime, which is what lets the boxed future hold them.
macro_rules! erased_capability {
    ($mirror:ident, $view:ident, $capability:ident {
        $( async $m:ident / $dm:ident ( $($a:ident : $t:ty),* ) -> $r:ty; )*
        $( sync $sm:ident / $dsm:ident ( $($sa:ident : $st:ty),* ) -> $sr:ty; )*
    }) => {
        trait $mirror: Send + Sync {
            $( fn $dm<'a>(&'a self, $($a: &'a $t),*) -> BoxFuture<'a, $r>; )*
            $( fn $dsm(&self, $($sa: $st),*) -> $sr; )*
        }
        impl<T: $capability> $mirror for T {
            $( fn $dm<'a>(&'a self, $($a: &'a $t),*) -> BoxFuture<'a, $r> { Box::pin(self.$m($($a),*)) } )*
            $( fn $dsm(&self, $($sa: $st),*) -> $sr { self.$sm($($sa),*) } )*
        }
        #[doc = concat!("A boxed [`", stringify!($capability), "`] of an erased connector.")]
        pub struct $view<'v>(Box<dyn $mirror + 'v>);
        impl<'v> $view<'v> {
            fn new(view: impl $capability + 'v) -> Self { Self(Box::new(view)) }
        }
        impl fmt::Debug for $view<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(stringify!($view)) }
        }
        #[diagnostic::do_not_recommend]
        impl $capability for $view<'_> {
            $( async fn $m(&self, $($a: &$t),*) -> $r { (*self.0).$dm($($a),*).await } )*
            $( fn $sm(&self, $($sa: $st),*) -> $sr { (*self.0).$dsm($($sa),*) } )*
        }
    };
}

erased_capability!(ProviderMirror, DynProvider, SchemaProvider {
    async provide_schema / dyn_provide_schema() -> SchemaResult<SchemaRef>;
    async field_metadata / dyn_field_metadata() -> SchemaResult<HashMap<String, FieldMeta>>;
    sync is_authoritative / dyn_is_authoritative() -> bool;
});
erased_capability!(InferableMirror, DynInferable, SchemaInferable {
    async sample_records / dyn_sample_records(config: InferenceConfig) -> SchemaResult<Vec<RawRecord>>;
    async sample_head / dyn_sample_head(config: InferenceConfig) -> SchemaResult<Option<StreamHead>>;
    async infer_from_samples / dyn_infer_from_samples(
        samples: [RawRecord], format: str, config: InferenceConfig, formats: FormatInferenceRegistry
    ) -> SchemaResult<InferredSchema>;
});
erased_capability!(EvolvableMirror, DynEvolvable, SchemaEvolvable {
    sync diff_schemas / dyn_diff_schemas(current: &SchemaRef, proposed: &SchemaRef) -> Vec<SchemaChange>;
    sync evaluate_evolution / dyn_evaluate_evolution(
        changes: &[SchemaChange], mode: CompatibilityMode
    ) -> EvolutionVerdict;
    sync apply_evolution / dyn_apply_evolution(
        current: &SchemaRef, changes: &[SchemaChange]
    ) -> SchemaResult<(SchemaRef, ColumnProjection)>;
    sync follows / dyn_follows() -> bool;
    sync schema_version / dyn_schema_version() -> u64;
});

/// Written out, not by the macro above: `fetch_schema_by_id` takes its id by value.
pub(crate) trait RegistryMirror: Send + Sync {
    fn dyn_fetch_schema<'a>(&'a self, c: &'a RegistryConfig) -> BoxFuture<'a, SchemaResult<RegisteredSchema>>;
    fn dyn_fetch_by_id<'a>(
        &'a self,
        c: &'a RegistryConfig,
        id: WriterSchemaId,
    ) -> BoxFuture<'a, SchemaResult<RegisteredSchema>>;
    fn dyn_check<'a>(
        &'a self,
        c: &'a RegistryConfig,
        current: &'a RegisteredSchema,
        proposed: &'a SchemaRef,
    ) -> BoxFuture<'a, SchemaResult<bool>>;
    fn dyn_register<'a>(
        &'a self,
        c: &'a RegistryConfig,
        schema: &'a SchemaRef,
    ) -> BoxFuture<'a, SchemaResult<RegisteredSchema>>;
}

impl<T: SchemaRegistryAware> RegistryMirror for T {
    fn dyn_fetch_schema<'a>(&'a self, c: &'a RegistryConfig) -> BoxFuture<'a, SchemaResult<RegisteredSchema>> {
        Box::pin(self.fetch_schema(c))
    }
    fn dyn_fetch_by_id<'a>(
        &'a self,
        c: &'a RegistryConfig,
        id: WriterSchemaId,
    ) -> BoxFuture<'a, SchemaResult<RegisteredSchema>> {
        Box::pin(self.fetch_schema_by_id(c, id))
    }
    fn dyn_check<'a>(
        &'a self,
        c: &'a RegistryConfig,
        current: &'a RegisteredSchema,
        proposed: &'a SchemaRef,
    ) -> BoxFuture<'a, SchemaResult<bool>> {
        Box::pin(self.check_compatibility(c, current, proposed))
    }
    fn dyn_register<'a>(
        &'a self,
        c: &'a RegistryConfig,
        schema: &'a SchemaRef,
    ) -> BoxFuture<'a, SchemaResult<RegisteredSchema>> {
        Box::pin(self.register_schema(c, schema))
    }
}

/// A boxed [`SchemaRegistryAware`] of an erased connector.
pub struct DynRegistry<'v>(Box<dyn RegistryMirror + 'v>);

impl<'v> DynRegistry<'v> {
    fn new(view: impl SchemaRegistryAware + 'v) -> Self {
        Self(Box::new(view))
    }
}

impl fmt::Debug for DynRegistry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DynRegistry")
    }
}

#[diagnostic::do_not_recommend]
impl SchemaRegistryAware for DynRegistry<'_> {
    async fn fetch_schema(&self, c: &RegistryConfig) -> SchemaResult<RegisteredSchema> {
        (*self.0).dyn_fetch_schema(c).await
    }
    async fn fetch_schema_by_id(&self, c: &RegistryConfig, id: WriterSchemaId) -> SchemaResult<RegisteredSchema> {
        (*self.0).dyn_fetch_by_id(c, id).await
    }
    async fn check_compatibility(
        &self,
        c: &RegistryConfig,
        current: &RegisteredSchema,
        proposed: &SchemaRef,
    ) -> SchemaResult<bool> {
        (*self.0).dyn_check(c, current, proposed).await
    }
    async fn register_schema(&self, c: &RegistryConfig, schema: &SchemaRef) -> SchemaResult<RegisteredSchema> {
        (*self.0).dyn_register(c, schema).await
    }
}

trait StreamMirror: Send {
    fn dyn_next<'a>(&'a mut self, out: &'a mut SourceBatch, max: usize) -> BoxFuture<'a, SchemaResult<usize>>;
    fn dyn_commit<'a>(&'a mut self, upto: &'a Positions) -> BoxFuture<'a, SchemaResult<()>>;
    fn dyn_wants_commit(&self) -> bool;
    fn dyn_measures(&self) -> Option<Measures>;
}

impl<T: RecordStream> StreamMirror for T {
    fn dyn_next<'a>(&'a mut self, out: &'a mut SourceBatch, max: usize) -> BoxFuture<'a, SchemaResult<usize>> {
        Box::pin(self.next(out, max))
    }
    fn dyn_commit<'a>(&'a mut self, upto: &'a Positions) -> BoxFuture<'a, SchemaResult<()>> {
        Box::pin(self.commit(upto))
    }
    fn dyn_wants_commit(&self) -> bool {
        self.wants_commit()
    }
    fn dyn_measures(&self) -> Option<Measures> {
        self.measures()
    }
}

/// A boxed [`RecordStream`]: one box per batch.
pub struct BoxStream(Box<dyn StreamMirror>);

impl fmt::Debug for BoxStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BoxStream")
    }
}

impl RecordStream for BoxStream {
    async fn next(&mut self, out: &mut SourceBatch, max: usize) -> SchemaResult<usize> {
        self.0.dyn_next(out, max).await
    }
    async fn commit(&mut self, upto: &Positions) -> SchemaResult<()> {
        self.0.dyn_commit(upto).await
    }
    fn wants_commit(&self) -> bool {
        self.0.dyn_wants_commit()
    }
    fn measures(&self) -> Option<Measures> {
        self.0.dyn_measures()
    }
}

/// Object-safe mirror of a source connector, implemented only for the private `ErasedSource`.
trait SourceMirror<D>: Send + Sync + fmt::Debug {
    fn info(&self) -> ConnectorInfo;
    fn is_bounded(&self) -> bool;
    fn validate(&self) -> BoxFuture<'_, SchemaResult<()>>;
    fn with_format(self: Box<Self>, format: &FormatSpec) -> SchemaResult<Box<dyn SourceMirror<D>>>;
    fn with_scan(self: Box<Self>, scan: &Scan) -> SchemaResult<Box<dyn SourceMirror<D>>>;
    fn build_decoder(&self, spec: &DecodeSpec) -> SchemaResult<D>;
    fn start<'a>(&'a self, from: Option<&'a Positions>) -> BoxFuture<'a, SchemaResult<BoxStream>>;
    fn provider(&self) -> Option<DynProvider<'_>>;
    fn inferable(&self) -> Option<DynInferable<'_>>;
    fn registry(&self) -> Option<DynRegistry<'_>>;
    fn evolvable(&self) -> Option<DynEvolvable<'_>>;
}

#[derive(Debug)]
struct ErasedSource<S>(S);

impl<S, D> SourceMirror<D> for ErasedSource<S>
where
    S: SourceConnector,
    S::Decoder: Into<D>,
{
    fn info(&self) -> ConnectorInfo {
        self.0.info()
    }
    fn is_bounded(&self) -> bool {
        self.0.is_bounded()
    }
    fn validate(&self) -> BoxFuture<'_, SchemaResult<()>> {
        Box::pin(self.0.validate())
    }
    fn with_format(self: Box<Self>, format: &FormatSpec) -> SchemaResult<Box<dyn SourceMirror<D>>> {
        Ok(Box::new(Self(self.0.with_format(format)?)))
    }
    fn with_scan(self: Box<Self>, scan: &Scan) -> SchemaResult<Box<dyn SourceMirror<D>>> {
        Ok(Box::new(Self(self.0.with_scan(scan)?)))
    }
    fn build_decoder(&self, spec: &DecodeSpec) -> SchemaResult<D> {
        self.0.build_decoder(spec).map(Into::into)
    }
    fn start<'a>(&'a self, from: Option<&'a Positions>) -> BoxFuture<'a, SchemaResult<BoxStream>> {
        Box::pin(async move { Ok(BoxStream(Box::new(self.0.start(from).await?))) })
    }
    fn provider(&self) -> Option<DynProvider<'_>> {
        self.0.as_schema_provider().map(DynProvider::new)
    }
    fn inferable(&self) -> Option<DynInferable<'_>> {
        self.0.as_schema_inferable().map(DynInferable::new)
    }
    fn registry(&self) -> Option<DynRegistry<'_>> {
        self.0.as_schema_registry_aware().map(DynRegistry::new)
    }
    fn evolvable(&self) -> Option<DynEvolvable<'_>> {
        self.0.as_schema_evolvable().map(DynEvolvable::new)
    }
}

/// A source whose type is known at run time only. It is a [`SourceConnector`] itself, so it also fits into a derived
/// enum: `#[connector(no_create)] Plugin(BoxSource<EngineDecoder>)`.
///
/// Which capabilities a value has is known from [`SourceConnector::info`], not from its type.
pub struct BoxSource<D>(Box<dyn SourceMirror<D>>);

impl<D> fmt::Debug for BoxSource<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<D: DecoderSet> BoxSource<D> {
    /// Erases a source whose decoder is `D` or turns into it.
    pub fn new<S>(source: S) -> Self
    where
        S: SourceConnector,
        S::Decoder: Into<D>,
    {
        Self(Box::new(ErasedSource(source)))
    }
}

#[diagnostic::do_not_recommend]
impl<D: DecoderSet> Source for BoxSource<D> {
    type Decoder = D;
    type Stream = BoxStream;

    fn is_bounded(&self) -> bool {
        self.0.is_bounded()
    }
    async fn validate(&self) -> SchemaResult<()> {
        self.0.validate().await
    }
    fn with_format(self, format: &FormatSpec) -> SchemaResult<Self> {
        self.0.with_format(format).map(Self)
    }
    fn with_scan(self, scan: &Scan) -> SchemaResult<Self> {
        self.0.with_scan(scan).map(Self)
    }
    fn build_decoder(&self, spec: &DecodeSpec) -> SchemaResult<D> {
        self.0.build_decoder(spec)
    }
    async fn start(&self, from: Option<&Positions>) -> SchemaResult<BoxStream> {
        self.0.start(from).await
    }
}

#[diagnostic::do_not_recommend]
impl<D: DecoderSet> SourceConnector for BoxSource<D> {
    const CAPABILITIES: Capabilities = Capabilities::ALL;
    const CAPABILITIES_ALL: Capabilities = Capabilities::NONE;

    type Provider<'a> = DynProvider<'a>;
    type Inferable<'a> = DynInferable<'a>;
    type Registry<'a> = DynRegistry<'a>;
    type Evolvable<'a> = DynEvolvable<'a>;

    fn info(&self) -> ConnectorInfo {
        self.0.info()
    }
    fn as_schema_provider(&self) -> Option<DynProvider<'_>> {
        self.0.provider()
    }
    fn as_schema_inferable(&self) -> Option<DynInferable<'_>> {
        self.0.inferable()
    }
    fn as_schema_registry_aware(&self) -> Option<DynRegistry<'_>> {
        self.0.registry()
    }
    fn as_schema_evolvable(&self) -> Option<DynEvolvable<'_>> {
        self.0.evolvable()
    }
}

trait WriterMirror: Send {
    fn dyn_write<'a>(&'a mut self, batch: SinkBatch<'a>) -> BoxFuture<'a, SchemaResult<()>>;
    fn dyn_prepare<'a>(&'a mut self, checkpoint: Checkpoint<'a>) -> BoxFuture<'a, SchemaResult<Prepared>>;
    fn dyn_commit<'a>(&'a mut self, prepared: &'a Prepared) -> BoxFuture<'a, SchemaResult<()>>;
    fn dyn_abort(&mut self) -> BoxFuture<'_, SchemaResult<()>>;
    fn dyn_recover<'a>(&'a mut self, last: Option<&'a Prepared>) -> BoxFuture<'a, SchemaResult<()>>;
    fn dyn_close<'a>(&'a mut self, epilogue: &'a [u8]) -> BoxFuture<'a, SchemaResult<()>>;
    fn dyn_measures(&self) -> Option<Measures>;
}

impl<T: RecordSink> WriterMirror for T {
    fn dyn_write<'a>(&'a mut self, batch: SinkBatch<'a>) -> BoxFuture<'a, SchemaResult<()>> {
        Box::pin(self.write(batch))
    }
    fn dyn_prepare<'a>(&'a mut self, checkpoint: Checkpoint<'a>) -> BoxFuture<'a, SchemaResult<Prepared>> {
        Box::pin(self.prepare(checkpoint))
    }
    fn dyn_commit<'a>(&'a mut self, prepared: &'a Prepared) -> BoxFuture<'a, SchemaResult<()>> {
        Box::pin(self.commit(prepared))
    }
    fn dyn_abort(&mut self) -> BoxFuture<'_, SchemaResult<()>> {
        Box::pin(self.abort())
    }
    fn dyn_recover<'a>(&'a mut self, last: Option<&'a Prepared>) -> BoxFuture<'a, SchemaResult<()>> {
        Box::pin(self.recover(last))
    }
    fn dyn_close<'a>(&'a mut self, epilogue: &'a [u8]) -> BoxFuture<'a, SchemaResult<()>> {
        Box::pin(self.close(epilogue))
    }
    fn dyn_measures(&self) -> Option<Measures> {
        self.measures()
    }
}

/// A boxed [`RecordSink`].
pub struct BoxWriter(Box<dyn WriterMirror>);

impl fmt::Debug for BoxWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BoxWriter")
    }
}

impl RecordSink for BoxWriter {
    async fn write(&mut self, batch: SinkBatch<'_>) -> SchemaResult<()> {
        self.0.dyn_write(batch).await
    }
    async fn prepare(&mut self, checkpoint: Checkpoint<'_>) -> SchemaResult<Prepared> {
        self.0.dyn_prepare(checkpoint).await
    }
    async fn commit(&mut self, prepared: &Prepared) -> SchemaResult<()> {
        self.0.dyn_commit(prepared).await
    }
    async fn abort(&mut self) -> SchemaResult<()> {
        self.0.dyn_abort().await
    }
    async fn recover(&mut self, last: Option<&Prepared>) -> SchemaResult<()> {
        self.0.dyn_recover(last).await
    }
    async fn close(&mut self, epilogue: &[u8]) -> SchemaResult<()> {
        self.0.dyn_close(epilogue).await
    }
    fn measures(&self) -> Option<Measures> {
        self.0.dyn_measures()
    }
}

trait SinkMirror<E>: Send + Sync + fmt::Debug {
    fn info(&self) -> ConnectorInfo;
    fn takes_columns(&self) -> bool;
    fn value_schema(&self, schema: &SchemaRef) -> SchemaResult<SchemaRef>;
    fn validate(&self) -> BoxFuture<'_, SchemaResult<()>>;
    fn build_encoder(&self, spec: &EncodeSpec) -> SchemaResult<E>;
    fn start<'a>(&'a self, spec: &'a EncodeSpec) -> BoxFuture<'a, SchemaResult<BoxWriter>>;
    fn registry(&self) -> Option<DynRegistry<'_>>;
    fn evolvable(&self) -> Option<DynEvolvable<'_>>;
}

#[derive(Debug)]
struct ErasedSink<S>(S);

impl<S, E> SinkMirror<E> for ErasedSink<S>
where
    S: SinkConnector,
    S::Encoder: Into<E>,
{
    fn info(&self) -> ConnectorInfo {
        self.0.info()
    }
    fn takes_columns(&self) -> bool {
        self.0.takes_columns()
    }
    fn value_schema(&self, schema: &SchemaRef) -> SchemaResult<SchemaRef> {
        self.0.value_schema(schema)
    }
    fn validate(&self) -> BoxFuture<'_, SchemaResult<()>> {
        Box::pin(self.0.validate())
    }
    fn build_encoder(&self, spec: &EncodeSpec) -> SchemaResult<E> {
        self.0.build_encoder(spec).map(Into::into)
    }
    fn start<'a>(&'a self, spec: &'a EncodeSpec) -> BoxFuture<'a, SchemaResult<BoxWriter>> {
        Box::pin(async move { Ok(BoxWriter(Box::new(self.0.start(spec).await?))) })
    }
    fn registry(&self) -> Option<DynRegistry<'_>> {
        self.0.as_schema_registry_aware().map(DynRegistry::new)
    }
    fn evolvable(&self) -> Option<DynEvolvable<'_>> {
        self.0.as_schema_evolvable().map(DynEvolvable::new)
    }
}

/// A sink whose type is known at run time only; a [`SinkConnector`] itself, as [`BoxSource`] is.
pub struct BoxSink<E>(Box<dyn SinkMirror<E>>);

impl<E> fmt::Debug for BoxSink<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<E: EncoderSet> BoxSink<E> {
    /// Erases a sink whose encoder is `E` or turns into it.
    pub fn new<S>(sink: S) -> Self
    where
        S: SinkConnector,
        S::Encoder: Into<E>,
    {
        Self(Box::new(ErasedSink(sink)))
    }
}

#[diagnostic::do_not_recommend]
impl<E: EncoderSet> Sink for BoxSink<E> {
    type Encoder = E;
    type Writer = BoxWriter;

    async fn validate(&self) -> SchemaResult<()> {
        self.0.validate().await
    }
    fn takes_columns(&self) -> bool {
        self.0.takes_columns()
    }
    fn value_schema(&self, schema: &SchemaRef) -> SchemaResult<SchemaRef> {
        self.0.value_schema(schema)
    }
    fn build_encoder(&self, spec: &EncodeSpec) -> SchemaResult<E> {
        self.0.build_encoder(spec)
    }
    async fn start(&self, spec: &EncodeSpec) -> SchemaResult<BoxWriter> {
        self.0.start(spec).await
    }
}

#[diagnostic::do_not_recommend]
impl<E: EncoderSet> SinkConnector for BoxSink<E> {
    const CAPABILITIES: Capabilities = Capabilities::ALL;
    const CAPABILITIES_ALL: Capabilities = Capabilities::NONE;

    type Registry<'a> = DynRegistry<'a>;
    type Evolvable<'a> = DynEvolvable<'a>;

    fn info(&self) -> ConnectorInfo {
        self.0.info()
    }
    fn as_schema_registry_aware(&self) -> Option<DynRegistry<'_>> {
        self.0.registry()
    }
    fn as_schema_evolvable(&self) -> Option<DynEvolvable<'_>> {
        self.0.evolvable()
    }
}
