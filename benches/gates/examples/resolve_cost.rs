//! The resolver for a source without capabilities, with one, with three, and for an enum: functions to disassemble.
//!
//! `.ci/resolve_disassembly` builds and compares them: what `resolve_plain_source` reaches has no trace of registry,
//! provider and inference; `resolve_able_source` reaches all of them.

use std::{
    hint::black_box,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use arrow_schema::{Schema, SchemaRef};
use laminar_schema::{
    FormatSpec, InferenceConfig, RawRecord, RegisteredSchema, RegistryConfig, RegistryError, SchemaInferable,
    SchemaProvider, SchemaRegistryAware, SchemaResult, SourceConnector,
    resolve::{ResolveRequest, SchemaResolver},
};

// The sources of the tests, as modules: their crate would bring every dependency of the tests along.
#[macro_use]
#[path = "../../../tests/src/bare.rs"]
mod bare;
#[path = "../../../tests/src/capable.rs"]
mod capable;

use bare::BareDecoder;
use capable::{CapableSource, PlainSource, SampledSource};

/// Resolves a source that can do nothing but read.
#[inline(never)]
pub fn resolve_plain_source(resolver: &SchemaResolver, source: &PlainSource, request: &ResolveRequest<'_>) -> bool {
    resolves(resolver, source, request)
}

/// Resolves a source that can be sampled.
#[inline(never)]
pub fn resolve_sampled_source(resolver: &SchemaResolver, source: &SampledSource, request: &ResolveRequest<'_>) -> bool {
    resolves(resolver, source, request)
}

/// Resolves a source that has a registry and a schema of its own, and can be sampled.
#[inline(never)]
pub fn resolve_able_source(resolver: &SchemaResolver, source: &AbleSource, request: &ResolveRequest<'_>) -> bool {
    resolves(resolver, source, request)
}

/// Resolves an enum of the first two.
#[inline(never)]
pub fn resolve_enum_of_sources(
    resolver: &SchemaResolver,
    source: &CapableSource,
    request: &ResolveRequest<'_>,
) -> bool {
    resolves(resolver, source, request)
}

/// Whether the source has a schema. None of these sources waits, so polling once is enough.
#[inline(always)]
fn resolves<S: SourceConnector>(resolver: &SchemaResolver, source: &S, request: &ResolveRequest<'_>) -> bool {
    let resolution = pin!(resolver.resolve(source, request));
    matches!(resolution.poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(Ok(_)))
}

/// Can do all that the resolver asks for. Each capability ends in a function that stays visible in the disassembly.
#[derive(Debug, Default, SourceConnector)]
#[connector(name = "able")]
#[capabilities(provider, registry, inferable)]
pub struct AbleSource;

bare_source!(AbleSource);

impl SchemaProvider for AbleSource {
    async fn provide_schema(&self) -> SchemaResult<SchemaRef> {
        provide_schema_of_its_own()
    }
}

impl SchemaRegistryAware for AbleSource {
    async fn fetch_schema(&self, _: &RegistryConfig) -> SchemaResult<RegisteredSchema> {
        fetch_schema_from_registry()
    }

    async fn fetch_schema_by_id(&self, _: &RegistryConfig, _: laminar_schema::format::WriterSchemaId) -> SchemaResult<RegisteredSchema> {
        fetch_schema_from_registry()
    }

    async fn check_compatibility(&self, _: &RegistryConfig, _: &RegisteredSchema, _: &SchemaRef) -> SchemaResult<bool> {
        Ok(true)
    }
}

impl SchemaInferable for AbleSource {
    async fn sample_records(&self, _: &InferenceConfig) -> SchemaResult<Vec<RawRecord>> {
        sample_records_of_source()
    }
}

#[inline(never)]
fn provide_schema_of_its_own() -> SchemaResult<SchemaRef> {
    Ok(black_box(Arc::new(Schema::empty())))
}

#[inline(never)]
fn fetch_schema_from_registry() -> SchemaResult<RegisteredSchema> {
    Err(black_box(RegistryError::NotFound { what: "any schema".to_owned() }).into())
}

#[inline(never)]
fn sample_records_of_source() -> SchemaResult<Vec<RawRecord>> {
    Ok(black_box(Vec::new()))
}

fn main() {
    let resolver = SchemaResolver::of::<BareDecoder>();
    let format = FormatSpec::new("json");
    let request = ResolveRequest::new(&format);
    let (resolver, request) = (black_box(&resolver), black_box(&request));
    let found = [
        resolve_plain_source(resolver, black_box(&PlainSource), request),
        resolve_sampled_source(resolver, black_box(&SampledSource), request),
        resolve_able_source(resolver, black_box(&AbleSource), request),
        resolve_enum_of_sources(resolver, black_box(&CapableSource::from(PlainSource)), request),
    ];
    black_box(found);
}
