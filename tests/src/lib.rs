//! Shared fixtures of the integration tests: connectors and a format that have what no shipped one has yet.
//!
//! Each is a stand-in and says so; the shipped connectors are tested with real files and, later, real servers.

pub mod bare;
pub mod capable;
pub mod differ;
pub mod differential;
pub mod engine;
pub mod framed;
pub mod frames;
pub mod fuzz_bodies;
pub mod guesses;
pub mod inferred;
pub mod killed;
pub mod protobuf;
pub mod random;
pub mod registry;
pub mod sasl;
pub mod served;
pub mod stand_in;
pub mod tls;
