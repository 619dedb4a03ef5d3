//! What a stranger to `laminar-schema` adds to an engine: the format CBOR (RFC 8949), and a kind of schema registry.
//!
//! ```text
//! bytes ─▶ tokens ─┬─▶ decode ─▶ laminar_formats::column     rows
//!                  ├─▶ infer ──▶ laminar_formats::infer      evidence
//!                  └─▶ json                                  text of JSON columns, and what errors and evidence show
//! rows ──▶ encode
//!
//! engine: CBOR beside the shipped formats     folder_registry: schemas by id, asked on the control plane
//! ```
#![forbid(unsafe_code)]

mod decode;
mod encode;
mod engine;
mod folder_registry;
mod infer;
mod json;
mod options;
mod tokens;

pub use decode::CborDecoder;
pub use encode::CborEncoder;
pub use engine::{EngineDecoder, EngineEncoder, EngineSinks, EngineSources};
pub use folder_registry::{FolderConfig, FolderRegistry};
pub use infer::CborInference;
pub use options::{CborFraming, CborOptions};

use laminar_schema::{ConnectorConfig, FormatInfo};

/// The format's name in SQL.
const NAME: &str = "cbor";

fn info() -> FormatInfo {
    FormatInfo { name: NAME, options: CborOptions::config_schema(), doc: "CBOR maps (RFC 8949)" }
}
