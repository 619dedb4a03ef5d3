//! Shared fixtures of the integration tests.

pub mod bare;
pub mod frames;
