//! Decoders, encoders and inference between bytes and Arrow: JSON, CSV, raw
#![deny(unsafe_code)]

mod any;
pub mod cell;
pub mod column;
pub mod csv;
pub mod framing;
pub mod infer;
pub mod json;
pub mod policy;
pub mod raw;
mod scan;

pub use any::{AnyDecoder, AnyEncoder};
