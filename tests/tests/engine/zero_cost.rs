//! A capability that is not there costs nothing: no bytes, no branch, no virtual call. Sizes and types are compared
//! here, at compile time; `benches/gates/examples/resolve_cost.rs` has the functions whose instructions are counted.

use std::mem::size_of;

use laminar_schema::{
    Absent, InferenceConfig, SchemaEvolvable, SchemaInferable, SchemaProvider, SchemaRegistryAware, SourceConnector,
};
use laminar_tests::capable::{CapableSource, PlainSource, SampledSource};
use static_assertions::{assert_impl_all, assert_not_impl_any, assert_type_eq_all};

type Provider<S> = <S as SourceConnector>::Provider<'static>;
type Inferable<S> = <S as SourceConnector>::Inferable<'static>;
type Registry<S> = <S as SourceConnector>::Registry<'static>;
type Evolvable<S> = <S as SourceConnector>::Evolvable<'static>;

// A struct's view is the struct, by reference, or nothing at all.
assert_type_eq_all!(Inferable<SampledSource>, &'static SampledSource);
assert_type_eq_all!(Inferable<PlainSource>, Absent);
assert_type_eq_all!(Provider<SampledSource>, Provider<PlainSource>, Absent);
assert_not_impl_any!(PlainSource: SchemaProvider, SchemaInferable, SchemaRegistryAware, SchemaEvolvable);
assert_not_impl_any!(SampledSource: SchemaProvider, SchemaRegistryAware, SchemaEvolvable);

// Views move between threads, so futures that hold them do.
assert_impl_all!(Inferable<CapableSource>: Send, Sync, SchemaInferable);
assert_impl_all!(Provider<CapableSource>: Send, Sync, SchemaProvider);
assert_impl_all!(<CapableSource as laminar_schema::Source>::Stream: Send);

#[test]
fn an_absent_capability_takes_no_space() {
    let check = |what: &str, bytes: usize| assert_eq!(bytes, 0, "{what}");
    check("Absent", size_of::<Option<Absent>>());
    check("a struct's missing view", size_of::<Option<Inferable<PlainSource>>>());
    check("the provider that no variant is", size_of::<Option<Provider<CapableSource>>>());
    check("the registry that no variant has", size_of::<Option<Registry<CapableSource>>>());
    check("the evolution that no variant follows", size_of::<Option<Evolvable<CapableSource>>>());
}

#[test]
fn an_enum_with_one_capable_variant_is_seen_through_one_pointer() {
    assert_eq!(size_of::<Inferable<CapableSource>>(), size_of::<&SampledSource>());
    assert_eq!(size_of::<Option<Inferable<CapableSource>>>(), size_of::<&SampledSource>());
}

#[test]
fn a_view_can_be_sampled_on_another_thread() {
    fn movable<F: Future + Send>(_: F) {}
    let source = CapableSource::from(SampledSource);
    let config = InferenceConfig::default();
    let seen = source.as_schema_inferable().map(|view| movable(view.sample_records(&config)));
    assert_eq!(seen, Some(()));
    let seen = CapableSource::from(PlainSource).as_schema_inferable().map(|_| ());
    assert_eq!(seen, None);
}
