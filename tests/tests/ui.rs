//! Every diagnostic of the derives and traits, one file per mistake: `ui/<topic>/<mistake>.rs` and what rustc says.
//!
//! `TRYBUILD=overwrite cargo test -p laminar-testkit --test ui` rewrites the expected output; read the difference as
//! the person who made the mistake would.

#[test]
fn every_mistake_is_explained() {
    trybuild::TestCases::new().compile_fail("ui/*/*.rs");
}
