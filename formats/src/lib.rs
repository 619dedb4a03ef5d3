//! Decoders, encoders and inference between bytes and Arrow: JSON, CSV, raw

pub mod framing;
