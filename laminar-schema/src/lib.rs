//! Schema resolution, capability traits and pipelines for Rust streaming engines
