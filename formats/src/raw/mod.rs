//! Raw: a record's bytes are one value, whatever they mean.
//!
//! Lives here: decoding into and encoding from one BLOB or VARCHAR column. Does not live here: anything that looks
//! inside the bytes.

mod decode;
mod encode;
mod infer;
mod options;
#[cfg(test)]
mod tests;

pub use decode::RawDecoder;
pub use encode::RawEncoder;
pub use infer::RawInference;
pub use options::{RawFraming, RawOptions};

use arrow_schema::{DataType, Schema};
use laminar_schema::{
    ConnectorConfig, FormatInfo, SchemaResult, config::ConfigError, resolve::ResolveError, types::field_type_name,
};

const NAME: &str = "raw";

fn info() -> FormatInfo {
    FormatInfo {
        name: NAME,
        options: RawOptions::config_schema(),
        doc: "Bytes as they are: one record, one value of one BLOB or VARCHAR column.",
    }
}

/// Checks that there is one column, of bytes or text.
fn check_schema(schema: &Schema) -> SchemaResult<()> {
    let [field] = &schema.fields()[..] else {
        let names: Vec<&str> = schema.fields().iter().map(|f| f.name().as_str()).collect();
        return Err(ConfigError::invalid(
            "columns",
            names.join(", "),
            "one column, such as `value BLOB`",
            "format raw has one value per record",
        )
        .into());
    };
    match field.data_type() {
        DataType::Binary | DataType::LargeBinary | DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Ok(()),
        _ => Err(ResolveError::UnsupportedType {
            column: field.name().clone(),
            data_type: field_type_name(field),
            help: "declare it as BLOB or VARCHAR",
        }
        .into()),
    }
}
