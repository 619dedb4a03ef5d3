//! How records lie in a stream of bytes: data, so that any format can name one; the code that cuts is in
//! `laminar-formats` (`framing/`).

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
    /// The whole file is one record.
    Whole,
}

/// What cutting CSV into records depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CsvFraming {
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
}
