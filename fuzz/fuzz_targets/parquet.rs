//! Parquet files; the body is in `tests/src/fuzz_bodies/`, where `cargo test` runs it too.

#![no_main]

use laminar_fuzz::fuzz_bodies;

libfuzzer_sys::fuzz_target!(
    // The parquet crate panics about some damage, which our decoder makes an error of; libFuzzer's own hook would end the
    // process before it could. A panic that nobody makes an error of ends it all the same.
    init: std::panic::set_hook(Box::new(|panic| eprintln!("{panic}"))),
    |data: &[u8]| fuzz_bodies::parquet(data)
);
