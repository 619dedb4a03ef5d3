//! Options as text: `brokers = 'localhost:9092', 'group.id' = 'g1'`.

use std::{collections::BTreeMap, fmt, ops::Range};

/// Options as the user wrote them. Names are compared without regard to case.
///
/// `Debug` shows names only: a value may be a secret, and only the connector knows which.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Options(BTreeMap<String, OptionValue>);

/// One option's text, and where it stands in the SQL.
#[derive(Clone, PartialEq, Eq)]
pub struct OptionValue {
    /// The text, without quotes.
    pub text: String,
    /// Bytes of the SQL text that hold the name and value.
    pub span: Option<Range<usize>>,
}

impl Options {
    /// No options.
    pub fn new() -> Self {
        Self::default()
    }

    /// Options from names and values.
    pub fn from_pairs<K: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (K, V)>) -> Self {
        let mut options = Self::new();
        for (key, value) in pairs {
            options.insert(key, value, None);
        }
        options
    }

    /// Sets an option; returns false when it was set before (the new value wins).
    pub fn insert(&mut self, key: impl Into<String>, text: impl Into<String>, span: Option<Range<usize>>) -> bool {
        let key = key.into().to_ascii_lowercase();
        self.0.insert(key, OptionValue { text: text.into(), span }).is_none()
    }

    /// The text of an option.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.value(key).map(|v| v.text.as_str())
    }

    /// An option with its place in the SQL.
    pub fn value(&self, key: &str) -> Option<&OptionValue> {
        self.0.get(&key.to_ascii_lowercase())
    }

    /// Takes an option out.
    pub fn remove(&mut self, key: &str) -> Option<OptionValue> {
        self.0.remove(&key.to_ascii_lowercase())
    }

    /// All options, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &OptionValue)> {
        self.0.iter().map(|(k, v)| (k.as_str(), v))
    }

    /// Takes over all of `others`, in place of those of the same name.
    pub fn extend(&mut self, others: &Options) {
        self.0.extend(others.0.iter().map(|(key, value)| (key.clone(), value.clone())));
    }

    /// True when there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl fmt::Debug for OptionValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OptionValue").field("span", &self.span).finish_non_exhaustive()
    }
}

/// The option of a format that says in which envelope its rows come; what else there is to say of that has the same word and
/// a dot in front: `ENVELOPE DEBEZIUM (updates = 'both')` is `envelope = 'debezium', envelope.updates = 'both'`.
pub const ENVELOPE_OPTION: &str = "envelope";

/// A format by name, with its options: `FORMAT JSON (unknown_fields = 'reject')`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FormatSpec {
    /// Lower-case name; empty where the source knows its own format.
    pub name: String,
    /// Options of the format.
    pub options: Options,
}

impl FormatSpec {
    /// A format without options.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into().to_ascii_lowercase(), options: Options::new() }
    }

    /// The same format with `options`.
    #[must_use]
    pub fn with_options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }
}

/// Everything a source is made from: its own options and the format its records are in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceConfig {
    /// Options of the connector.
    pub options: Options,
    /// Format of the records, which a byte stream needs for its framing.
    pub format: FormatSpec,
}

/// Everything a sink is made from: its own options and the format to write.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SinkConfig {
    /// Options of the connector.
    pub options: Options,
    /// Format to write.
    pub format: FormatSpec,
}
