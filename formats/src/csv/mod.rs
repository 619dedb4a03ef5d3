//! CSV: one record per row, fields by header or by position.
//!
//! Lives here: the dialect, splitting a record into fields, decoding, encoding and inference. Does not live here:
//! cutting a byte stream into records ([`crate::framing`]), text → typed value ([`crate::column`]).

mod column;
mod decode;
mod dialect;
mod direct;
mod encode;
mod infer;
mod layout;
mod names;
mod nested;
mod nulls;
mod number_style;
mod options;
mod quoting;
mod rescue;
mod sniff;
mod split;
mod typing;

pub use decode::CsvDecoder;
pub use dialect::{Delimiter, Dialect, Mark};
pub use direct::CsvEngine;
pub use encode::CsvEncoder;
pub use infer::{CsvInference, CsvSample};
pub use nulls::{ColumnNullValues, NullValues, QuotedNulls};
pub use options::{CsvOptions, DuplicateColumns, LineEnd, QuoteStyle, RaggedRows};
pub use split::{Field, SplitError, Splitter};

pub use laminar_schema::format::Encoding;
use laminar_schema::{ConnectorConfig, FormatInfo};

const NAME: &str = "csv";

fn info() -> FormatInfo {
    FormatInfo {
        name: NAME,
        options: CsvOptions::config_schema(),
        doc: "Comma-separated values and their relatives: one record per row, quoted where needed.",
    }
}
