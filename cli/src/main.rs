//! The laminar command line.
fn main() {}
