//! The characters that give CSV its structure.

use laminar_schema::{
    config::{ConfigError, ConfigErrors, FromConfigValue},
    format::CsvFraming,
};

use super::{CsvOptions, number_style::NumberStyle};

/// Text between fields: one character or several, no line end among them. `\t` stands for a tab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delimiter(pub String);

impl FromConfigValue for Delimiter {
    const TYPE_NAME: &'static str = "one or several characters; \\t is a tab";
    fn from_value(text: &str) -> Result<Self, String> {
        let text = text.replace("\\t", "\t");
        if text.is_empty() || text.contains(['\n', '\r']) {
            return Err("it is empty or holds a line end".to_owned());
        }
        Ok(Self(text))
    }
}

/// A character that may also be switched off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark(pub Option<u8>);

impl FromConfigValue for Mark {
    const TYPE_NAME: &'static str = "one ASCII character, or nothing";
    fn from_value(text: &str) -> Result<Self, String> {
        match text.as_bytes() {
            [] => Ok(Self(None)),
            [byte] if byte.is_ascii() && !matches!(byte, b'\n' | b'\r') => Ok(Self(Some(*byte))),
            _ => Err(String::new()),
        }
    }
}

/// What splitting a record into fields depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialect {
    /// Bytes between fields; never empty.
    pub delimiter: Box<[u8]>,
    /// Character around fields that hold delimiters, quotes or line ends.
    pub quote: Option<u8>,
    /// Character before a quote that is meant as text, beside doubling it.
    pub escape: Option<u8>,
    /// Whether blanks around fields are dropped; those inside quotes stay.
    pub trim: bool,
}

impl Dialect {
    /// The dialect that the options describe.
    ///
    /// # Errors
    /// Characters that contradict each other.
    pub fn new(options: &CsvOptions) -> Result<Self, ConfigErrors> {
        let delimiter = options.delimiter.0.as_bytes();
        let quote = options.quote.0;
        let escape = options.escape.and_then(|e| e.0).filter(|_| quote.is_some());
        let comment = options.comment.and_then(|c| c.0);
        let marks = [("quote", quote), ("escape", escape), ("comment", comment)];
        let mut errors = Vec::new();
        for (i, (name, mark)) in marks.iter().enumerate() {
            let Some(mark) = mark else { continue };
            let shown = char::from(*mark).to_string();
            if delimiter.contains(mark) {
                errors.push(ConfigError::invalid(*name, &shown, "a character that the delimiter lacks", ""));
            }
            // A quote that escapes itself is RFC 4180's doubling.
            let rivals = marks[..i].iter().filter(|(rival, _)| (*rival, *name) != ("quote", "escape"));
            if let Some((rival, _)) = rivals.into_iter().find(|(_, other)| *other == Some(*mark)) {
                errors.push(ConfigError::invalid(*name, &shown, "a character of its own", format!("`{rival}` has it")));
            }
        }
        if !errors.is_empty() {
            return Err(ConfigErrors(errors));
        }
        NumberStyle::new(options).check()?;
        let escape = escape.filter(|e| Some(*e) != quote);
        Ok(Self { delimiter: delimiter.into(), quote, escape, trim: options.trim })
    }

    /// How records of this dialect lie in a byte stream.
    pub fn framing(&self, options: &CsvOptions) -> CsvFraming {
        CsvFraming {
            encoding: options.encoding,
            delimiter: self.delimiter.to_vec(),
            trim: self.trim,
            quote: self.quote,
            escape: self.escape.or(self.quote),
            comment: options.comment.and_then(|c| c.0),
            has_header: options.header,
            skip_lines: options.skip_lines,
            line_end: options.line_end.byte(),
        }
    }
}
