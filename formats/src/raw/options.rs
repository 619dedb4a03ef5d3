//! Options of `FORMAT RAW (…)`, for reading and writing.

use laminar_schema::{ConnectorConfig, Framing};

use crate::policy::{NoContent, words};

/// Options of the raw decoder and encoder.
#[derive(Debug, Clone, ConnectorConfig)]
pub struct RawOptions {
    /// How records lie in a byte stream: `lines`, or `whole` for one record per file
    #[config(default = "lines")]
    pub framing: RawFraming,
    /// What to do with a message without a value
    #[config(default = "null")]
    pub tombstones: NoContent,
    /// Text that is written for null; without it a null cannot be written
    pub null_value: Option<String>,
}

/// How raw records lie in a byte stream.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RawFraming {
    /// One per line.
    #[default]
    Lines,
    /// One per file.
    Whole,
}
words! { RawFraming: "lines or whole", "lines" => Lines, "whole" => Whole }

impl From<RawFraming> for Framing {
    fn from(framing: RawFraming) -> Self {
        match framing {
            RawFraming::Lines => Self::Lines,
            RawFraming::Whole => Self::Whole,
        }
    }
}
