//! Options of `FORMAT CBOR`.

use laminar_schema::{ConfigError, ConnectorConfig, Options, SchemaResult, impl_option_words};

/// Readers recurse, so that nesting has a limit that no option raises.
const DEEPEST: usize = 512;

/// Options for reading and writing CBOR.
#[derive(Debug, Clone, ConnectorConfig)]
pub struct CborOptions {
    /// How records lie in a byte stream: `delimited` (each behind its length, a varint) or `whole` (the file is one); a record of several maps, a CBOR sequence, gives a row of each
    #[config(default = "delimited")]
    pub framing: CborFraming,
    /// Deepest nesting of a record, unwanted fields included, from 1 to 512
    #[config(default = 64)]
    pub max_depth: usize,
    /// Largest record in bytes
    #[config(default = 16777216)]
    pub max_record_bytes: usize,
}

/// How records lie in a byte stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CborFraming {
    /// Each behind its length.
    Delimited,
    /// The whole file is one record.
    Whole,
}
impl_option_words! { CborFraming: "delimited or whole", "delimited" => Delimited, "whole" => Whole }

impl CborOptions {
    /// Reads the options, and checks what each by itself does not show.
    ///
    /// # Errors
    /// Wrong options, all at once; a depth that no reader has the stack for.
    pub fn read(options: &Options) -> SchemaResult<Self> {
        let read = Self::from_options(options)?;
        if !(1..=DEEPEST).contains(&read.max_depth) {
            let found = read.max_depth.to_string();
            return Err(ConfigError::invalid("max_depth", found, format!("1 to {DEEPEST}"), "readers recurse").into());
        }
        Ok(read)
    }
}
