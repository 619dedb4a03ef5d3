//! The code that a derived `ConnectorConfig` calls: one line per field in the expansion, the rest here.

use super::{ConfigError, ConfigErrors, ConfigKey, Options, did_you_mean};

/// Reads typed values out of [`Options`] and keeps every error. Used by `#[derive(ConnectorConfig)]`.
#[derive(Debug)]
pub struct OptionReader<'a> {
    options: &'a Options,
    keys: &'static [ConfigKey],
    errors: Vec<ConfigError>,
}

/// What to write instead of a name that none of the sets has.
fn help(given: &str, sets: &[&[ConfigKey]]) -> String {
    match did_you_mean(given, names(sets)) {
        Some(near) => format!("did you mean `{near}`?"),
        None if sets.iter().all(|keys| keys.is_empty()) => "there are no options here".to_owned(),
        None => {
            let keys: Vec<_> = sets.iter().flat_map(|keys| keys.iter()).map(|k| k.key).collect();
            format!("expected one of: {}", keys.join(", "))
        }
    }
}

fn names<'k>(sets: &'k [&'k [ConfigKey]]) -> impl Iterator<Item = &'static str> + 'k {
    sets.iter().flat_map(|keys| keys.iter()).flat_map(|k| [k.key].into_iter().chain(k.aliases.iter().copied()))
}

impl ConfigErrors {
    /// Where options come in several sets and one of them refused what none has: what is told of it is about all sets.
    #[must_use]
    pub fn among(mut self, sets: &[&[ConfigKey]]) -> Self {
        for error in &mut self.0 {
            if let ConfigError::Unknown { key, help: told, .. } = error {
                *told = help(key, sets);
            }
        }
        self
    }
}

impl<'a> OptionReader<'a> {
    /// Starts reading; unknown names are noted right away.
    pub fn new(options: &'a Options, keys: &'static [ConfigKey]) -> Self {
        let is_known = |given: &str| names(&[keys]).any(|name| name.eq_ignore_ascii_case(given));
        let unknown = options.iter().filter(|(given, _)| !is_known(given));
        let errors = unknown.map(|(given, value)| ConfigError::Unknown {
            key: given.to_owned(),
            help: help(given, &[keys]),
            span: value.span.clone(),
        });
        let errors = errors.collect();
        Self { options, keys, errors }
    }

    /// Reads option number `index`: `None` when it is absent without a default, or wrong (then an error is kept).
    pub fn read<T>(&mut self, index: usize, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let key = &self.keys[index];
        let mut found = self.options.value(key.key);
        for alias in key.aliases {
            match (self.options.value(alias), found) {
                (Some(second), Some(_)) => {
                    self.errors.push(ConfigError::Duplicate { key: key.key, alias, span: second.span.clone() });
                }
                (Some(first), None) => found = Some(first),
                (None, _) => {}
            }
        }
        let Some(text) = found.map(|v| v.text.as_str()).or(key.default) else {
            if key.required {
                self.errors.push(ConfigError::Missing { key: key.key, doc: key.doc });
            }
            return None;
        };
        match parse(text) {
            Ok(value) => Some(value),
            Err(reason) => {
                self.errors.push(ConfigError::Invalid {
                    key: key.key.to_owned(),
                    value: if key.secret { "***".to_owned() } else { crate::error::cut(text) },
                    expected: key.type_name.to_owned(),
                    // A parser's reason may quote its input, which must not happen with a secret.
                    reason: if key.secret { String::new() } else { reason },
                    span: found.and_then(|v| v.span.clone()),
                });
                None
            }
        }
    }

    /// Ends reading: the errors kept, or `build`'s value.
    ///
    /// # Errors
    /// Everything that was wrong.
    pub fn finish<T: Default>(self) -> Result<T, ConfigErrors> {
        self.build(|| Some(T::default()))
    }

    /// Ends reading: `value` when nothing was wrong and every required option was there.
    ///
    /// # Errors
    /// Everything that was wrong.
    pub fn build<T>(self, value: impl FnOnce() -> Option<T>) -> Result<T, ConfigErrors> {
        if !self.errors.is_empty() {
            return Err(ConfigErrors(self.errors));
        }
        value().ok_or(ConfigErrors(self.errors))
    }
}
