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
