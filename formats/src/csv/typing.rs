//! What one field of a row is: the same for inference and for the sniffer.

use std::borrow::Cow;

use laminar_schema::InferenceConfig;

use super::{CsvOptions, NullValues, number_style::NumberStyle};
use crate::infer::{Fallback, Kind, Member, Place, Rules, Value, is_number};

/// Days and times as tables of the world write them, behind the configuration's own formats. Of two that fit every text
/// of a column the first is taken, so the day stands in front of the month where nothing decides.
const FORMATS: [&str; 45] = [
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%d.%m.%Y",
    "%m.%d.%Y",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%Y-%m-%d",
    "%Y %m %d",
    "%d %m %Y",
    "%d/%m/%y",
    "%m/%d/%y",
    "%d-%m-%y",
    "%m-%d-%y",
    "%y/%m/%d",
    "%y-%m-%d",
    "%d/%m/%Y %H:%M:%S%.f",
    "%m/%d/%Y %H:%M:%S%.f",
    "%d-%m-%Y %H:%M:%S%.f",
    "%m-%d-%Y %H:%M:%S%.f",
    "%d.%m.%Y %H:%M:%S%.f",
    "%Y/%m/%d %H:%M:%S%.f",
    "%Y.%m.%d %H:%M:%S%.f",
    "%Y-%m-%d %H:%M:%S%.f",
    "%d/%m/%Y %H:%M",
    "%m/%d/%Y %H:%M",
    "%d-%m-%Y %H:%M",
    "%m-%d-%Y %H:%M",
    "%d.%m.%Y %H:%M",
    "%Y/%m/%d %H:%M",
    "%d/%m/%Y %I:%M:%S %p",
    "%m/%d/%Y %I:%M:%S %p",
    "%d-%m-%Y %I:%M:%S %p",
    "%m-%d-%Y %I:%M:%S %p",
    "%d/%m/%Y %I:%M %p",
    "%m/%d/%Y %I:%M %p",
    "%d/%m/%y %H:%M:%S%.f",
    "%m/%d/%y %H:%M:%S%.f",
    "%d-%m-%y %H:%M:%S%.f",
    "%m-%d-%y %H:%M:%S%.f",
    "%d/%m/%y %H:%M",
    "%m/%d/%y %H:%M",
    "%m/%d/%y %I:%M:%S %p",
    "%m-%d-%y %I:%M:%S %p",
];

/// How fields are looked at.
#[derive(Debug, Clone)]
pub(super) struct Typing {
    pub(super) rules: Rules,
    pub(super) nulls: NullValues,
    pub(super) numbers: NumberStyle,
}

impl Typing {
    /// The typing of a configuration and of options.
    pub(super) fn new(config: &InferenceConfig, options: &CsvOptions) -> Self {
        Self {
            rules: Rules::new(&with_formats(config)),
            nulls: options.null_values.clone(),
            numbers: NumberStyle::new(options),
        }
    }

    /// Takes a field into a column's evidence.
    pub(super) fn observe(&self, column: &mut Member, text: &str, place: &Place) {
        match self.numbers.canonical(text) {
            Some(number) if !self.nulls.contains(text) => {
                column.observe(&Value::Number(&number), place, &self.rules);
            }
            _ => column.observe(&self.value(text), place, &self.rules),
        }
    }

    /// The narrowest kind of one field.
    pub(super) fn kind(&self, text: &str) -> Kind {
        let mut member = Member::default();
        self.observe(&mut member, text, &Place::default());
        member.value.kind(Fallback::Varchar)
    }

    /// What a field is. Numbers with leading zeros or a plus are codes: reading them as numbers would lose that.
    fn value<'a>(&self, text: &'a str) -> Value<'a> {
        if self.nulls.contains(text) {
            Value::Null
        } else if text.eq_ignore_ascii_case("true") {
            Value::Bool(true)
        } else if text.eq_ignore_ascii_case("false") {
            Value::Bool(false)
        } else if self.numbers.is_plain() && (is_number(text) || is_number_without_zero(text)) {
            Value::Number(text)
        } else {
            Value::Text(Cow::Borrowed(text))
        }
    }
}

/// The configuration with the formats of tables, unless somebody has chosen formats.
pub(super) fn with_formats(config: &InferenceConfig) -> InferenceConfig {
    let mut config = config.clone();
    let is_chosen = config.format_options.get("timestamp_formats").is_some_and(|text| !text.trim().is_empty());
    if !is_chosen && config.timestamp_formats == InferenceConfig::default().timestamp_formats {
        config.timestamp_formats.extend(FORMATS.map(str::to_owned));
    }
    config
}

/// `.5`, `-.5` and `5.`, which JSON does not allow and spreadsheets write.
pub(super) fn is_number_without_zero(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    match digits.split_once('.') {
        Some(("", fraction)) => !fraction.is_empty() && fraction.bytes().all(|b| b.is_ascii_digit()),
        Some((whole, "")) => is_number(whole) && whole.bytes().all(|b| b.is_ascii_digit()),
        _ => false,
    }
}
