//! Options as the user writes them, and their typed form.
//!
//! Lives here: [`Options`] (text), [`ConnectorConfig`] (typed, derived), the errors between the two, [`Secret`].
//! Does not live here: what any connector's options are; each connector and format declares its own.

pub(crate) mod column;
mod error;
mod joined;
mod options;
mod reader;
mod value;
mod words;

pub use column::column_of_option;
pub use error::{ConfigError, ConfigErrors};
pub use joined::{joined_keys, read_joined};
pub use options::{ENVELOPE_OPTION, FormatSpec, OptionValue, Options, SinkConfig, SourceConfig};
pub use reader::OptionReader;
pub use value::{FromConfigValue, Secret, some_of_list};

use serde::Serialize;

/// Options of a connector or format as typed fields. Derived: doc comments are the help text.
///
/// ```
/// use laminar_schema::{ConnectorConfig, config::Options};
///
/// #[derive(Debug, ConnectorConfig)]
/// struct TickConfig {
///     /// Ticks to send before the stream ends
///     #[config(default = 10)]
///     count: u64,
///     /// Text of every tick
///     label: String,
/// }
///
/// let config = TickConfig::from_options(&Options::from_pairs([("label", "t")]))?;
/// assert_eq!((config.count, config.label.as_str()), (10, "t"));
/// # Ok::<(), laminar_schema::config::ConfigErrors>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no set of connector options",
    label = "`ConnectorConfig` is not implemented for `{Self}`",
    note = "add `#[derive(ConnectorConfig)]` to a struct with named, documented fields"
)]
pub trait ConnectorConfig: Sized {
    /// Every option, in declaration order.
    const KEYS: &'static [ConfigKey];

    /// Reads all options.
    ///
    /// # Errors
    /// Every problem at once: missing, unknown (with the nearest name), malformed, given twice.
    fn from_options(options: &Options) -> Result<Self, ConfigErrors>;

    /// What a person or a tool needs to know to fill the options in.
    fn config_schema() -> ConnectorConfigSchema {
        ConnectorConfigSchema { keys: Self::KEYS }
    }
}

/// No options at all: for connectors and formats that have none.
impl ConnectorConfig for () {
    const KEYS: &'static [ConfigKey] = &[];

    fn from_options(options: &Options) -> Result<Self, ConfigErrors> {
        OptionReader::new(options, Self::KEYS).finish()
    }
}

/// One option: its name, type, default and help text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ConfigKey {
    /// Name in SQL, compared without regard to case.
    pub key: &'static str,
    /// Other names it goes by.
    pub aliases: &'static [&'static str],
    /// Type in words: `duration such as 500ms, 10s, 5m`.
    pub type_name: &'static str,
    /// Whether it must be given.
    pub required: bool,
    /// Default as text; `None` where the option is simply absent.
    pub default: Option<&'static str>,
    /// Help text.
    pub doc: &'static str,
    /// Whether its value is never shown.
    pub secret: bool,
}

impl ConfigKey {
    /// An option that may be left out and has no default.
    pub const fn new(key: &'static str, type_name: &'static str, doc: &'static str) -> Self {
        Self { key, aliases: &[], type_name, required: false, default: None, doc, secret: false }
    }
}

/// All options of one connector or format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ConnectorConfigSchema {
    /// The options, in declaration order.
    pub keys: &'static [ConfigKey],
}

/// Longest word that is taken for a misspelling of something, in bytes.
const LONGEST_MISSPELLING: usize = 64;

/// The entry of `known` nearest to `word`, when it is near enough to be a misspelling of it.
pub fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Comparing costs time and memory in proportion to the length, which outsiders choose.
    if word.len() > LONGEST_MISSPELLING {
        return None;
    }
    let word = word.to_ascii_lowercase();
    known
        .into_iter()
        .map(|k| (strsim::damerau_levenshtein(&word, &k.to_ascii_lowercase()), k))
        .filter(|(distance, k)| *distance <= 2.min(k.len() / 2).max(k.len() / 3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, k)| k)
}
