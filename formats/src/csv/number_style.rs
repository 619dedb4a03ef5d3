//! Numbers as other languages write them: `1.234,56`.

use laminar_schema::ConfigErrors;
use laminar_schema::config::ConfigError;

use super::CsvOptions;
use super::typing::is_number_without_zero;
use crate::infer::is_number;

/// What stands in numbers beside digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NumberStyle {
    /// In front of the fraction.
    pub(super) decimal: u8,
    /// Between groups of three digits.
    pub(super) thousands: Option<u8>,
}

impl NumberStyle {
    /// Numbers as JSON and SQL write them.
    pub(super) const PLAIN: Self = Self { decimal: b'.', thousands: None };

    /// The style of the options.
    pub(super) fn new(options: &CsvOptions) -> Self {
        Self {
            decimal: options.decimal_separator.0.unwrap_or(b'.'),
            thousands: options.thousands_separator.and_then(|mark| mark.0),
        }
    }

    /// Whether there is nothing to rewrite.
    pub(super) fn is_plain(self) -> bool {
        self == Self::PLAIN
    }

    /// Checks that numbers can be read at all.
    ///
    /// # Errors
    /// Separators that are the same, or part of a number's other text.
    pub(super) fn check(self) -> Result<(), ConfigErrors> {
        let is_of_number = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+');
        let mut errors = Vec::new();
        if is_of_number(self.decimal) {
            let shown = char::from(self.decimal).to_string();
            errors.push(ConfigError::invalid("decimal_separator", &shown, "a character that no number has", ""));
        }
        if let Some(thousands) = self.thousands.filter(|t| is_of_number(*t) || *t == self.decimal) {
            let shown = char::from(thousands).to_string();
            let expected = "a character that no number has, and other than decimal_separator";
            errors.push(ConfigError::invalid("thousands_separator", &shown, expected, ""));
        }
        if errors.is_empty() { Ok(()) } else { Err(ConfigErrors(errors)) }
    }

    /// A number of this style as JSON writes it; `None` where the style is plain or the text is none.
    pub(super) fn canonical(self, text: &str) -> Option<String> {
        if self.is_plain() {
            return None;
        }
        let mut out = String::with_capacity(text.len());
        self.rewrite(text, &mut out).then_some(out)
    }

    /// Writes a number of this style into `out` as JSON writes it; false where the text is none. Allocates nothing once
    /// `out` has room.
    pub(super) fn rewrite(self, text: &str, out: &mut String) -> bool {
        out.clear();
        let bytes = text.as_bytes();
        let whole = bytes.iter().position(|b| *b == self.decimal || matches!(b, b'e' | b'E')).unwrap_or(bytes.len());
        let mut digits = 0_usize;
        let mut has_groups = false;
        for (at, byte) in bytes.iter().enumerate() {
            let in_whole = at < whole;
            if in_whole && Some(*byte) == self.thousands {
                // The first group has up to three digits, each further one three.
                if digits == 0 || digits > 3 || (has_groups && digits != 3) {
                    return false;
                }
                (has_groups, digits) = (true, 0);
                continue;
            }
            if *byte == self.decimal && at == whole {
                out.push('.');
            } else if byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'e' | b'E') {
                digits += usize::from(in_whole && byte.is_ascii_digit());
                out.push(char::from(*byte));
            } else {
                return false;
            }
        }
        (!has_groups || digits == 3) && (is_number(out) || is_number_without_zero(out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_rewritten() {
        let german = NumberStyle { decimal: b',', thousands: Some(b'.') };
        let english = NumberStyle { decimal: b'.', thousands: Some(b',') };
        for (style, text, expected) in [
            (german, "1.234,56", Some("1234.56")),
            (german, "-1.234.567", Some("-1234567")),
            (german, "12", Some("12")),
            (german, "1,5e3", Some("1.5e3")),
            (german, ",5", Some(".5")),
            (german, "1.23,5", None),
            (german, "1234.567,5", None),
            (german, "1.2345", None),
            (german, ".123", None),
            (german, "1.,5", None),
            (german, "1,2,3", None),
            (german, "", None),
            (german, "007", None),
            (english, "1,234.56", Some("1234.56")),
            (english, "1.5", Some("1.5")),
            (english, "1,23", None),
            (NumberStyle::PLAIN, "1.5", None),
        ] {
            assert_eq!(style.canonical(text).as_deref(), expected, "{text}");
        }
    }
}
