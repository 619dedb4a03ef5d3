//! Avro container files; the body is in `tests/src/fuzz_bodies/`, where `cargo test` runs it too.

#![no_main]

use laminar_fuzz::{fuzz_bodies, panics_can_be_caught};

libfuzzer_sys::fuzz_target!(
    // The oracle, apache-avro, panics about some names.
    init: panics_can_be_caught(),
    |data: &[u8]| fuzz_bodies::avro_ocf(data)
);
