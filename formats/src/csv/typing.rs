//! What one field of a row is: the same for inference and for the sniffer.

use std::borrow::Cow;

use laminar_schema::InferenceConfig;

use super::{ColumnNullValues, CsvOptions, Field, NullValues, QuotedNulls, number_style::NumberStyle};
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
    pub(super) own_nulls: ColumnNullValues,
    pub(super) quoted_nulls: QuotedNulls,
    pub(super) numbers: NumberStyle,
}

impl Typing {
    /// The typing of a configuration and of options.
    pub(super) fn new(config: &InferenceConfig, options: &CsvOptions) -> Self {
        Self {
            rules: Rules::new(&with_formats(config)),
            nulls: options.null_values.clone(),
            own_nulls: options.column_null_values.clone(),
            quoted_nulls: options.quoted_nulls,
            numbers: NumberStyle::new(options),
        }
    }

    /// The null texts of a column of this name.
    pub(super) fn nulls_of(&self, column: &str) -> &NullValues {
        self.own_nulls.of(column).unwrap_or(&self.nulls)
    }

    /// Whether some column has null texts of its own.
    pub(super) fn has_own_nulls(&self) -> bool {
        self.own_nulls != ColumnNullValues::default()
    }

    /// Takes a field into the evidence of a column with these null texts.
    pub(super) fn observe(&self, column: &mut Member, field: Field<'_>, nulls: &NullValues, place: &Place) {
        let text = field.text;
        if (!field.quoted || self.quoted_nulls != QuotedNulls::Never) && nulls.contains(text) {
            return column.observe(&Value::Null, place, &self.rules);
        }
        match self.numbers.canonical(text) {
            Some(number) => column.observe(&Value::Number(&number), place, &self.rules),
            None => column.observe(&self.value(text), place, &self.rules),
        }
    }

    /// The narrowest kind of one field.
    pub(super) fn kind(&self, text: &str) -> Kind {
        let mut member = Member::default();
        self.observe(&mut member, Field { text, quoted: false }, &self.nulls, &Place::default());
        member.value.kind(Fallback::Varchar)
    }

    /// What a field is that is not null. Numbers with leading zeros or a plus are codes: reading them as numbers would lose that.
    fn value<'a>(&self, text: &'a str) -> Value<'a> {
        if text.eq_ignore_ascii_case("true") {
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
