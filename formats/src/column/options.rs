//! What column builders can be told.

use laminar_schema::config::FromConfigValue;

/// Options of all columns of one decoder.
#[derive(Debug, Clone, Default)]
pub struct ColumnOptions {
    /// How text stands for bytes in BLOB columns.
    pub binary_encoding: BinaryEncoding,
    /// Patterns of timestamps, tried in order, for columns whose field names none itself
    /// ([`TIMESTAMP_FORMATS_METADATA`](laminar_schema::field::TIMESTAMP_FORMATS_METADATA)); ISO 8601 when empty.
    ///
    /// A pattern is `iso8601`, a count since 1970 (`epoch_s`, `epoch_ms`, `epoch_us`, `epoch_ns`), or strftime's.
    pub timestamp_formats: Vec<String>,
}

/// How text stands for bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum BinaryEncoding {
    /// Base64 with the standard alphabet; padding is optional.
    #[default]
    Base64,
    /// Two hexadecimal digits a byte, in either case.
    Hex,
    /// The text's own UTF-8 bytes.
    Utf8,
}

impl FromConfigValue for BinaryEncoding {
    const TYPE_NAME: &'static str = "base64, hex or utf8";
    fn from_value(text: &str) -> Result<Self, String> {
        match text.trim().to_ascii_lowercase().as_str() {
            "base64" => Ok(Self::Base64),
            "hex" => Ok(Self::Hex),
            "utf8" => Ok(Self::Utf8),
            _ => Err(String::new()),
        }
    }
}
