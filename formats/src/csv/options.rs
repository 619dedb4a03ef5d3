//! Options of `FORMAT CSV (…)`, for reading and writing.

use laminar_schema::{ConnectorConfig, format::Encoding};

use super::{
    dialect::{Delimiter, Mark},
    nulls::{ColumnNullValues, NullValues, QuotedNulls},
};
use crate::{
    column::BinaryEncoding,
    policy::{NoContent, TypeMismatch, UnknownFields, words},
};

/// Options of the CSV decoder and encoder.
#[derive(Debug, Clone, ConnectorConfig)]
pub struct CsvOptions {
    /// Text between fields: one character or several; `\t` is a tab
    #[config(default = ",", alias = "delim", alias = "sep")]
    pub delimiter: Delimiter,
    /// Character around fields that hold delimiters, quotes or line ends; nothing to read quotes as text
    #[config(default = "\"")]
    pub quote: Mark,
    /// Character before a quote that is meant as text, inside quotes; a doubled quote is always one
    pub escape: Option<Mark>,
    /// First character of lines that are no records
    pub comment: Option<Mark>,
    /// Whether a byte stream's first record names its columns; messages never have one and go by position
    #[config(default = true)]
    pub header: bool,
    /// Lines to skip before anything else in a byte stream
    #[config(default = 0)]
    pub skip_lines: usize,
    /// What ends a line of a byte stream: `lf`, with a carriage return in front of it or not, `crlf`, read as `lf`, or `cr`
    #[config(default = "lf")]
    pub line_end: LineEnd,
    /// Unquoted texts that mean null, comma-separated; an empty entry is the empty field. The first is written
    #[config(default = "", alias = "null_value", alias = "nullstr")]
    pub null_values: NullValues,
    /// Null texts of single columns, in place of `null_values`: `price: NA,-; "a;b": none`
    #[config(default = "")]
    pub column_null_values: ColumnNullValues,
    /// Whether a null text in quotes is null: `unless_value` where its column has no such value, `always` or `never`
    #[config(default = "unless_value")]
    pub quoted_nulls: QuotedNulls,
    /// Whether blanks around fields are dropped
    #[config(default = false)]
    pub trim: bool,
    /// What to do with a row that has more or fewer fields than the header or the schema
    #[config(default = "reject")]
    pub ragged_rows: RaggedRows,
    /// What to do with a value that does not fit its column
    #[config(default = "reject")]
    pub type_mismatch: TypeMismatch,
    /// What to do with columns of the header that the schema lacks
    #[config(default = "ignore")]
    pub unknown_fields: UnknownFields,
    /// Which of several columns of the same name in the header is taken
    #[config(default = "reject")]
    pub duplicate_fields: DuplicateColumns,
    /// What to do with an empty line; where there is one column it is a row with an empty field
    #[config(default = "skip")]
    pub empty_records: NoContent,
    /// What to do with a message without a value
    #[config(default = "skip")]
    pub tombstones: NoContent,
    /// Patterns of timestamps, tried in order: `iso8601`, `epoch_s`, `epoch_ms`, `epoch_us`, `epoch_ns`, or strftime's
    #[config(default = "")]
    pub timestamp_formats: Vec<String>,
    /// Character in front of a number's fraction
    #[config(default = ".")]
    pub decimal_separator: Mark,
    /// Character between groups of three digits of a number
    pub thousands_separator: Option<Mark>,
    /// How text stands for bytes in BLOB columns
    #[config(default = "base64")]
    pub binary_encoding: BinaryEncoding,
    /// Character encoding of a byte stream: `utf-8`, `utf-16`, `utf-16le`, `utf-16be`, `latin-1`; messages are UTF-8
    #[config(default = "utf-8")]
    pub encoding: Encoding,
    /// Longest record that is read, in bytes
    #[config(default = 16_777_216)]
    pub max_record_bytes: usize,
    /// Which fields are written in quotes
    #[config(default = "needed")]
    pub quote_style: QuoteStyle,
}

/// What ends a line of a byte stream.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LineEnd {
    /// A line feed is written; where one is read, a carriage return in front of it belongs to it.
    #[default]
    Lf,
    /// Both are written.
    CrLf,
    /// A carriage return, as in files of old Macs.
    Cr,
}
words! { LineEnd: "lf, crlf or cr", "lf" => Lf, "crlf" => CrLf, "cr" => Cr }

impl LineEnd {
    /// The bytes that are written.
    pub fn bytes(self) -> &'static [u8] {
        match self {
            Self::Lf => b"\n",
            Self::CrLf => b"\r\n",
            Self::Cr => b"\r",
        }
    }

    /// The byte that ends a line that is read.
    pub fn byte(self) -> u8 {
        match self {
            Self::Lf | Self::CrLf => b'\n',
            Self::Cr => b'\r',
        }
    }
}

/// A row of more or fewer fields than the header or the schema.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RaggedRows {
    /// The record is rejected.
    #[default]
    Reject,
    /// Missing fields are absent: DEFAULT or null. One with more fields is rejected.
    Pad,
    /// Further fields are passed over. One with fewer fields is rejected.
    IgnoreExtra,
    /// Both.
    Accept,
}

impl RaggedRows {
    /// Its name as an option.
    pub fn name(self) -> &'static str {
        match self {
            Self::Reject => "reject",
            Self::Pad => "pad",
            Self::IgnoreExtra => "ignore_extra",
            Self::Accept => "accept",
        }
    }
}
words! {
    RaggedRows: "reject, pad, ignore_extra or accept",
    "reject" => Reject, "pad" => Pad, "ignore_extra" => IgnoreExtra, "accept" => Accept,
}

/// A column name that stands in the header more than once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum DuplicateColumns {
    /// Every record below such a header is rejected, where the schema has the column.
    #[default]
    Reject,
    /// The first one is taken.
    First,
    /// The last one is taken.
    Last,
    /// All are columns: further ones of a name are `a_1`, `a_2`, one without a name is `column0` by its position, and
    /// blanks around names go.
    Rename,
}
words! {
    DuplicateColumns: "reject, first, last or rename",
    "reject" => Reject, "first" => First, "last" => Last, "rename" => Rename,
}

/// Which fields are written in quotes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum QuoteStyle {
    /// Those that would not read back as they are.
    #[default]
    Needed,
    /// All but nulls.
    Always,
}
words! { QuoteStyle: "needed or always", "needed" => Needed, "always" => Always }
