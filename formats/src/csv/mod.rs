//! CSV: one record per row, fields by header or by position.
//!
//! Lives here: the dialect, splitting a record into fields, decoding, encoding and inference. Does not live here:
//! cutting a byte stream into records ([`crate::framing`]), text → typed value ([`crate::column`]).

mod decode;
mod dialect;
mod encode;
mod infer;
mod layout;
mod options;
mod rescue;
mod split;

pub use decode::CsvDecoder;
pub use dialect::{Delimiter, Dialect, Mark};
pub use encode::CsvEncoder;
pub use infer::{CsvInference, CsvSample};
pub use options::{CsvOptions, DuplicateColumns, Encoding, NullValues, QuoteStyle, RaggedRows};
pub use split::{Field, SplitError, Splitter};

use laminar_schema::{ConnectorConfig, FormatInfo, SchemaResult, resolve::ResolveError, types::field_type_name};

const NAME: &str = "csv";

fn info() -> FormatInfo {
    FormatInfo {
        name: NAME,
        options: CsvOptions::config_schema(),
        doc: "Comma-separated values and their relatives: one record per row, quoted where needed.",
    }
}

/// The field, when one field of a CSV record can carry its type.
fn carried(field: &arrow_schema::Field) -> SchemaResult<&arrow_schema::Field> {
    if field.data_type().is_nested() {
        return Err(ResolveError::UnsupportedType {
            column: field.name().clone(),
            data_type: field_type_name(field),
            help: "a CSV field holds one value; declare the column as JSON",
        }
        .into());
    }
    Ok(field)
}
