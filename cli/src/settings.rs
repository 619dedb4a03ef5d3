//! `--set KEY=VALUE`: options of a format, of inference, or of both, told apart by their declarations.

use std::{fmt, num::NonZeroUsize};

use laminar_schema::{
    ConnectorConfig, DecoderSet, InferenceConfig, Options,
    config::{ConfigKey, did_you_mean},
    format::format_options,
};

use crate::{engine::CliDecoder, error::CliError};

/// One `KEY=VALUE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Setting {
    key: String,
    value: String,
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.key.strip_prefix(OF_FORMAT).unwrap_or(&self.key);
        // No option of a format is a secret today. One that will be must not turn up on a page.
        let is_secret = |key: &&ConfigKey| key.secret && declares(std::slice::from_ref(key), name);
        let mut keys = CliDecoder::FORMATS.iter().flat_map(|format| format_options::<CliDecoder>(format));
        let value = match keys.any(|key| is_secret(&&key)) {
            true => "***",
            false => &self.value,
        };
        write!(f, "{}={value}", self.key)
    }
}

/// Reads `KEY=VALUE` for clap.
pub(crate) fn parse_setting(text: &str) -> Result<Setting, String> {
    let (key, value) = text.split_once('=').ok_or("expected KEY=VALUE")?;
    Ok(Setting { key: key.trim().to_owned(), value: value.to_owned() })
}

/// More threads than any machine has use for; starting very many of them ends the process.
const MAX_THREADS: usize = 256;

/// Reads a number of threads for clap.
pub(crate) fn parse_threads(text: &str) -> Result<NonZeroUsize, String> {
    let threads = text.parse().ok().filter(|threads: &NonZeroUsize| threads.get() <= MAX_THREADS);
    threads.ok_or_else(|| format!("expected a number from 1 to {MAX_THREADS}"))
}

/// Settings as plain options.
pub(crate) fn options_of(settings: &[Setting]) -> Options {
    Options::from_pairs(settings.iter().map(|s| (s.key.clone(), s.value.clone())))
}

/// What inference and formats call by one name and do not mean alike: levels that are looked into, and levels that a
/// record may have. By this name it is inference's; the format's is `format.max_depth`.
const OF_INFERENCE: &str = "max_depth";

/// In front of an option that is meant for the format, whatever inference calls by that name.
const OF_FORMAT: &str = "format.";

/// Divides settings into options of the format and of inference; one that both have goes to both, if it means the same.
pub(crate) fn divide(settings: &[Setting], format: &str) -> Result<(Options, Options), CliError> {
    let format_keys = &format_options::<CliDecoder>(format);
    let (mut for_format, mut for_inference) = (Options::new(), Options::new());
    for Setting { key, value } in settings {
        if let Some(key) = key.strip_prefix(OF_FORMAT) {
            if !declares(format_keys, key) {
                return Err(unknown_of_format(key, format, format_keys));
            }
            for_format.insert(key.to_owned(), value.clone(), None);
            continue;
        }
        let (in_format, in_inference) = (declares(format_keys, key), declares(InferenceConfig::KEYS, key));
        if !in_format && !in_inference {
            return Err(unknown(key, format, format_keys));
        }
        let in_format = in_format && !(in_inference && key.eq_ignore_ascii_case(OF_INFERENCE));
        for (is_meant, options) in [(in_format, &mut for_format), (in_inference, &mut for_inference)] {
            if is_meant {
                options.insert(key.clone(), value.clone(), None);
            }
        }
    }
    Ok((for_format, for_inference))
}

fn declares(keys: &[ConfigKey], name: &str) -> bool {
    keys.iter().any(|k| k.key.eq_ignore_ascii_case(name) || k.aliases.iter().any(|a| a.eq_ignore_ascii_case(name)))
}

fn unknown(key: &str, format: &str, format_keys: &[ConfigKey]) -> CliError {
    let known = || InferenceConfig::KEYS.iter().chain(format_keys).map(|k| k.key);
    let help = match did_you_mean(key, known()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("expected one of: {}", known().collect::<Vec<_>>().join(", ")),
    };
    CliError::usage(format!("neither inference nor format {format} has an option `{key}`"), help)
}

fn unknown_of_format(key: &str, format: &str, format_keys: &[ConfigKey]) -> CliError {
    let known = || format_keys.iter().map(|k| k.key);
    let help = match did_you_mean(key, known()) {
        Some(near) => format!("did you mean `{OF_FORMAT}{near}`?"),
        None => format!("expected one of: {}", known().collect::<Vec<_>>().join(", ")),
    };
    CliError::usage(format!("format {format} has no option `{key}`"), help)
}
