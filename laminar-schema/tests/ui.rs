//! Every diagnostic of the derives and traits, one file per mistake: `ui/<topic>/<mistake>.rs` and what rustc says.
//!
//! `TRYBUILD=overwrite cargo test -p laminar-schema --test ui` rewrites the expected output; read the difference as
//! the person who made the mistake would. It is here, and not with the other tests, because the cases are built with every
//! dependency of the crate that they are tests of.

#[test]
fn every_mistake_is_explained() {
    trybuild::TestCases::new().compile_fail("tests/ui/*/*.rs");
}
