//! A deterministic source of synthetic records for quickstarts, tests and benchmarks
