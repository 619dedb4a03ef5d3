//! Avro datums beside apache-avro; the body is in `tests/src/fuzz_bodies/`, where `cargo test` runs it too.

#![no_main]

use laminar_fuzz::fuzz_bodies;

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_bodies::avro(data));
