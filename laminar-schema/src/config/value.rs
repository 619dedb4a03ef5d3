//! Text → typed option value.

use std::{fmt, path::PathBuf, time::Duration};

/// A type that an option can have.
///
/// Parsers are written by hand rather than taken from serde: its messages name Rust types, stop at the first
/// error, and quote the value even where that is a password.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be read from a connector option",
    label = "no `FromConfigValue` for `{Self}`",
    note = "implement `laminar_schema::config::FromConfigValue`, or name a function with `#[config(parse = path::to::function)]`"
)]
pub trait FromConfigValue: Sized {
    /// What a value looks like, in words.
    const TYPE_NAME: &'static str;
    /// Whether values are never shown.
    const SECRET: bool = false;

    /// Reads a value.
    ///
    /// # Errors
    /// Why the text is no such value; without the text itself.
    fn from_value(text: &str) -> Result<Self, String>;
}

/// Reads a list that has to name something, for `#[config(parse = some_of_list)]`.
///
/// # Errors
/// The list is empty, or an item of it is.
pub fn some_of_list(text: &str) -> Result<Vec<String>, String> {
    let list = Vec::<String>::from_value(text)?;
    if list.is_empty() { Err("it names none".to_owned()) } else { Ok(list) }
}

macro_rules! numbers {
    ($($ty:ty => $name:literal),* $(,)?) => { $(
        impl FromConfigValue for $ty {
            const TYPE_NAME: &'static str = $name;
            fn from_value(text: &str) -> Result<Self, String> {
                text.trim().replace('_', "").parse().map_err(|e| format!("{e}"))
            }
        }
    )* };
}
numbers! {
    u8 => "integer from 0 to 255", u16 => "integer from 0 to 65535", u32 => "integer from 0 to 4294967295",
    u64 => "integer from 0", usize => "integer from 0", i32 => "integer", i64 => "integer", f64 => "number",
}

impl FromConfigValue for bool {
    const TYPE_NAME: &'static str = "true or false";
    fn from_value(text: &str) -> Result<Self, String> {
        match text.trim().to_ascii_lowercase().as_str() {
            "true" | "on" | "1" => Ok(true),
            "false" | "off" | "0" => Ok(false),
            _ => Err(String::new()),
        }
    }
}

impl FromConfigValue for String {
    const TYPE_NAME: &'static str = "text";
    fn from_value(text: &str) -> Result<Self, String> {
        Ok(text.to_owned())
    }
}

impl FromConfigValue for char {
    const TYPE_NAME: &'static str = "one character";
    fn from_value(text: &str) -> Result<Self, String> {
        let mut chars = text.chars();
        match (chars.next(), chars.next()) {
            (Some(c), None) => Ok(c),
            _ => Err(format!("found {} characters", text.chars().count())),
        }
    }
}

impl FromConfigValue for PathBuf {
    const TYPE_NAME: &'static str = "path";
    fn from_value(text: &str) -> Result<Self, String> {
        Ok(Self::from(text))
    }
}

impl FromConfigValue for Vec<String> {
    const TYPE_NAME: &'static str = "comma-separated list";
    fn from_value(text: &str) -> Result<Self, String> {
        Ok(text.split(',').map(|s| s.trim().to_owned()).filter(|s| !s.is_empty()).collect())
    }
}

impl FromConfigValue for Duration {
    const TYPE_NAME: &'static str = "duration such as 500ms, 10s, 5m, 1h";
    fn from_value(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let at = text.find(|c: char| !c.is_ascii_digit()).ok_or("the unit is missing")?;
        let count: u64 = text[..at].parse().map_err(|_| "the number is missing".to_owned())?;
        let millis = match text[at..].trim() {
            "ms" => 1,
            "s" => 1_000,
            "m" | "min" => 60_000,
            "h" => 3_600_000,
            unit => return Err(format!("unknown unit `{unit}`")),
        };
        count.checked_mul(millis).map(Self::from_millis).ok_or_else(|| "too long".to_owned())
    }
}

/// A text that no `Debug`, error or log shows.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes over the text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one call that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl FromConfigValue for Secret {
    const TYPE_NAME: &'static str = "secret text";
    const SECRET: bool = true;
    fn from_value(text: &str) -> Result<Self, String> {
        Ok(Self::new(text))
    }
}
