//! The targets' bodies. They live among the tests, which run them over saved inputs; they are compiled from there
//! rather than linked, because the crate of the tests brings much that would have to be instrumented too.

#[path = "../../tests/src/differ/mod.rs"]
pub mod differ;
#[path = "../../tests/src/differential/mod.rs"]
pub mod differential;
#[path = "../../tests/src/fuzz_bodies/mod.rs"]
pub mod fuzz_bodies;
#[path = "../../tests/src/protobuf/mod.rs"]
pub mod protobuf;
#[path = "../../tests/src/random.rs"]
pub mod random;

/// Lets panics be caught, in targets whose bodies call libraries that panic about some input. libFuzzer's own hook would end the
/// process before. A panic that nobody catches ends it all the same.
pub fn panics_can_be_caught() {
    std::panic::set_hook(Box::new(|panic| eprintln!("{panic}")));
}
