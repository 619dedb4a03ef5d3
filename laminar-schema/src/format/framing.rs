//! How records lie in a stream of bytes: data, so that any format can name one; the code that cuts is in
//! `laminar-formats` (`framing/`).

use crate::config::FromConfigValue;

/// The rule by which a byte stream is cut into records.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Framing {
    /// One record per line, ended by LF or CRLF.
    Lines,
    /// JSON documents: one per line, or the elements of one array that fills the file. Which one is seen from the
    /// first byte that is no white space.
    JsonDocuments,
    /// MessagePack values, one behind the other.
    MsgPack,
    /// CSV records: quoted fields may hold line ends.
    Csv(CsvFraming),
    /// Records behind their lengths, each a varint: Protobuf's delimited messages.
    Delimited,
    /// The blocks of an Avro container file, each with what stands in front of its values: their number and its size. The
    /// file's header is the partition's preamble.
    AvroContainer,
    /// The whole file is one record.
    Whole,
    /// The file holds columns and has no records to cut: a source reads it with
    /// [`DecoderSet::open_columns`](super::DecoderSet::open_columns).
    Columns,
}

impl Framing {
    /// Character encoding of the stream. A source turns it into UTF-8 before anything is cut.
    pub fn encoding(&self) -> Encoding {
        match self {
            Self::Csv(csv) => csv.encoding,
            // Bytes, or text that its own standard says is UTF-8.
            Self::Lines
            | Self::JsonDocuments
            | Self::MsgPack
            | Self::Delimited
            | Self::AvroContainer
            | Self::Whole
            | Self::Columns => Encoding::Utf8,
        }
    }
}

/// Character encoding of a stream of text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, which ASCII is too.
    #[default]
    Utf8,
    /// UTF-16 in the byte order that its mark says, or little-endian where it has none.
    Utf16,
    /// UTF-16, little-endian.
    Utf16Le,
    /// UTF-16, big-endian.
    Utf16Be,
    /// Latin-1, read as Windows-1252 as browsers do: the same but for 0x80 to 0x9f, which are no text in Latin-1.
    Latin1,
}

impl Encoding {
    /// Its name as an option.
    pub fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Utf16 => "utf-16",
            Self::Utf16Le => "utf-16le",
            Self::Utf16Be => "utf-16be",
            Self::Latin1 => "latin-1",
        }
    }
}

impl FromConfigValue for Encoding {
    const TYPE_NAME: &'static str = "utf-8, utf-16, utf-16le, utf-16be or latin-1";

    fn from_value(text: &str) -> Result<Self, String> {
        match text.trim().to_ascii_lowercase().replace('_', "-").as_str() {
            "utf-8" | "utf8" | "us-ascii" | "ascii" => Ok(Self::Utf8),
            "utf-16" | "utf16" => Ok(Self::Utf16),
            "utf-16le" | "utf16le" | "utf-16-le" => Ok(Self::Utf16Le),
            "utf-16be" | "utf16be" | "utf-16-be" => Ok(Self::Utf16Be),
            "latin-1" | "latin1" | "iso-8859-1" | "windows-1252" | "cp1252" => Ok(Self::Latin1),
            _ => Err("convert the input first".to_owned()),
        }
    }
}

/// What cutting CSV into records depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CsvFraming {
    /// Character encoding of the stream. All else here is about the UTF-8 that it is turned into.
    pub encoding: Encoding,
    /// Bytes between fields: a quote opens a quoted field only behind one, so `5" pipe` stays one line.
    pub delimiter: Vec<u8>,
    /// Whether blanks around fields are dropped, so that a quote behind them opens a quoted field.
    pub trim: bool,
    /// Quote character; `None` when nothing is quoted.
    pub quote: Option<u8>,
    /// Escape character inside quotes; the quote itself when doubling escapes.
    pub escape: Option<u8>,
    /// First byte of lines that are no records.
    pub comment: Option<u8>,
    /// Whether the first record names the columns. It becomes the partition's preamble.
    pub has_header: bool,
    /// Lines to skip before anything else.
    pub skip_lines: usize,
    /// The byte that ends a line: a line feed, with a carriage return in front of it or not, or a carriage return.
    pub line_end: u8,
}
