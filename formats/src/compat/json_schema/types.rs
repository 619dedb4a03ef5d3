//! Which types of values schemas allow, and values that they list.

use serde_json::Value;

use super::{ChangedPart, Condition, Inclusion, Keywords, shown};

/// A set of JSON's types, where whole numbers are apart from the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Types(u8);

const NULL: u8 = 1;
const BOOLEAN: u8 = 2;
const INTEGER: u8 = 4;
const FRACTION: u8 = 8;
const TEXT: u8 = 16;
const OBJECT: u8 = 32;
const ARRAY: u8 = 64;
const ALL: u8 = 127;

impl Types {
    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(super) fn has_text(self) -> bool {
        self.0 & TEXT != 0
    }

    pub(super) fn has_number(self) -> bool {
        self.0 & (INTEGER | FRACTION) != 0
    }

    pub(super) fn has_fraction(self) -> bool {
        self.0 & FRACTION != 0
    }

    pub(super) fn has_object(self) -> bool {
        self.0 & OBJECT != 0
    }

    pub(super) fn has_array(self) -> bool {
        self.0 & ARRAY != 0
    }

    fn of_word(word: &str) -> u8 {
        match word {
            "null" => NULL,
            "boolean" => BOOLEAN,
            "integer" => INTEGER,
            "number" => INTEGER | FRACTION,
            "string" => TEXT,
            "object" => OBJECT,
            "array" => ARRAY,
            _ => 0,
        }
    }

    fn of_value(value: &Value) -> u8 {
        match value {
            Value::Null => NULL,
            Value::Bool(_) => BOOLEAN,
            Value::Number(n) if n.is_f64() && n.as_f64().is_some_and(|n| n.fract() != 0.0) => FRACTION,
            Value::Number(_) => INTEGER,
            Value::String(_) => TEXT,
            Value::Object(_) => OBJECT,
            Value::Array(_) => ARRAY,
        }
    }

    /// What `type` allows.
    fn declared(keywords: &Keywords) -> u8 {
        match keywords.get("type") {
            Some(Value::String(word)) => Self::of_word(word),
            Some(Value::Array(words)) => {
                words.iter().filter_map(Value::as_str).fold(0, |all, word| all | Self::of_word(word))
            }
            _ => ALL,
        }
    }

    fn shown(self) -> String {
        let words = [(NULL, "null"), (BOOLEAN, "boolean"), (TEXT, "string"), (OBJECT, "object"), (ARRAY, "array")];
        let mut shown: Vec<&str> = words.iter().filter(|(bit, _)| self.0 & bit != 0).map(|(_, word)| *word).collect();
        match self.0 & (INTEGER | FRACTION) {
            0 => {}
            INTEGER => shown.push("integer"),
            _ => shown.push("number"),
        }
        if self.0 == ALL { "any".to_owned() } else { shown.join(" or ") }
    }
}

/// The types that all conditions allow, by what they declare. Values that they list are looked at as well, since a list without a type is usual.
pub(super) fn types_of(conditions: &[Condition<'_>]) -> Types {
    let of_list = |keywords: &Keywords| match values_of(keywords) {
        // An empty list allows nothing, which some take for a mistake; its type is what counts then.
        Some(values) if !values.is_empty() => values.iter().fold(0, |all, value| all | Types::of_value(value)),
        _ => ALL,
    };
    // A list that contradicts its type allows nothing; it is taken at its type's word.
    let declared = conditions.iter().fold(ALL, |all, c| all & Types::declared(c.keywords));
    let listed = conditions.iter().fold(declared, |all, c| all & of_list(c.keywords));
    Types(if listed == 0 { declared } else { listed })
}

/// The values that `enum` or `const` lists.
fn values_of(keywords: &Keywords) -> Option<Vec<&Value>> {
    match (keywords.get("const"), keywords.get("enum").and_then(Value::as_array)) {
        (Some(value), _) => Some(vec![value]),
        (None, Some(values)) => Some(values.iter().collect()),
        (None, None) => None,
    }
}

impl<'v> Inclusion<'v> {
    pub(super) fn types(&mut self, writer: Types, wanted: &'v Keywords) -> bool {
        let reader = Types(Types::declared(wanted));
        if writer == reader || !wanted.contains_key("type") && writer.0 == ALL {
            return true;
        }
        let breaks = writer.0 & !reader.0 != 0;
        // A condition without a type is one beside another that has it, or a change that the other direction tells.
        if !breaks && !wanted.contains_key("type") {
            return true;
        }
        self.at.note(ChangedPart::Type, Some(writer.shown()), Some(reader.shown()), breaks)
    }

    pub(super) fn listed(&mut self, writer: &[Condition<'v>], wanted: &'v Keywords) -> bool {
        let Some(reader) = values_of(wanted) else { return true };
        let lists: Vec<Vec<&Value>> = writer.iter().filter_map(|c| values_of(c.keywords)).collect();
        let Some(first) = lists.first() else {
            let to = reader.iter().map(|value| shown(value)).collect::<Vec<_>>().join(", ");
            return self.at.note(ChangedPart::Constraint, None, Some(format!("one of {to}")), true);
        };
        if lists.iter().any(|list| list.iter().all(|value| reader.contains(value))) {
            for value in reader.iter().filter(|value| !first.contains(value)) {
                self.at.note(ChangedPart::Symbol, None, Some(shown(value)), false);
            }
            return true;
        }
        for value in first.iter().filter(|value| !reader.contains(value)) {
            self.at.note(ChangedPart::Symbol, Some(shown(value)), None, true);
        }
        false
    }
}
