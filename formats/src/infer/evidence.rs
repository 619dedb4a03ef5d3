//! What the sample says about one field: counts and extremes that merge in any order.
//!
//! [`Evidence::merge`] is associative and commutative, and observing records one by one is merging them one by one.
//! So a sample may be split over files, partitions or threads, and a permutation of it changes nothing.

use std::collections::BTreeMap;

use laminar_schema::{ArrayInference, InferenceConfig};
use serde::{Deserialize, Serialize};

use super::{
    example::{Example, Place},
    lattice::{Fallback, Kind},
    members::Members,
    number::NumberRange,
    text::{TextFacts, TextRules},
    value::Value,
};

/// How values are looked at; what the configuration says, prepared once.
#[derive(Debug, Clone)]
pub struct Rules {
    /// How texts are looked at.
    pub(crate) texts: TextRules,
    /// How arrays are looked at.
    pub arrays: ArrayInference,
    /// Objects with more distinct keys are maps.
    pub map_threshold: usize,
    /// Objects that have a smaller share of the keys on average are maps.
    pub field_appearance_threshold: f64,
    /// Levels of containers to look into.
    pub max_depth: usize,
}

impl Rules {
    /// Items of an array that are looked at.
    #[inline]
    pub(crate) fn items_looked_at(&self) -> usize {
        match self.arrays {
            ArrayInference::Union => usize::MAX,
            ArrayInference::FirstElement => 1,
            ArrayInference::Jsonb => 0,
        }
    }

    /// The rules of a configuration.
    pub fn new(config: &InferenceConfig) -> Self {
        Self {
            texts: TextRules::new(config),
            arrays: config.array_strategy,
            map_threshold: config.map_threshold,
            field_appearance_threshold: config.field_appearance_threshold,
            max_depth: config.max_depth,
        }
    }
}

/// What is known of one field.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    pub(crate) seen: BTreeMap<Kind, Seen>,
    /// The latest value that is not null.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) last: Option<Example>,
    #[serde(skip_serializing_if = "is_default", default)]
    pub(crate) numbers: NumberRange,
    #[serde(skip_serializing_if = "is_default", default)]
    pub(crate) texts: TextFacts,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) elements: Option<Box<Evidence>>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) members: Option<Box<Members>>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// How often a kind was seen, and where first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Seen {
    /// How often.
    pub count: u64,
    /// The earliest of them; nulls have none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub example: Option<Example>,
}

impl Evidence {
    /// Takes in one value that lies inside `depth` containers of its column.
    pub fn observe(&mut self, value: &Value<'_>, depth: usize, place: &Place, rules: &Rules) {
        match value {
            Value::Null => self.slot(Kind::Null).count += 1,
            Value::Bool(v) => self.note(Kind::Boolean, place, if *v { "true" } else { "false" }),
            Value::Number(text) => {
                let kind = self.numbers.observe(text);
                self.note(kind, place, text);
            }
            Value::Text(text) => {
                let kind = rules.texts.observe(text.as_bytes(), &mut self.texts);
                self.note(kind, place, text);
            }
            Value::Typed { kind, text } => {
                match kind {
                    Kind::Double => self.numbers.observe_non_finite(),
                    Kind::TimestampTz => self.texts.observe_instant(text),
                    _ => {}
                }
                self.note(*kind, place, text);
            }
            Value::List { raw, items } => {
                self.note(Kind::List, place, raw);
                let wanted = if depth < rules.max_depth { rules.items_looked_at() } else { 0 };
                let elements = self.elements.get_or_insert_default();
                for item in items.iter().take(wanted) {
                    elements.observe(item, depth + 1, place, rules);
                }
            }
            Value::Object { raw, members } => {
                self.note(Kind::Struct, place, raw);
                if depth < rules.max_depth {
                    self.members.get_or_insert_default().observe_nested(members, depth + 1, place, rules);
                }
            }
        }
    }

    /// Joins what another part of the sample says.
    pub fn merge(&mut self, other: Self, rules: &Rules) {
        for (kind, seen) in other.seen {
            let slot = self.slot(kind);
            slot.count += seen.count;
            Example::merge(&mut slot.example, seen.example);
        }
        self.numbers.merge(other.numbers);
        self.texts.merge(other.texts);
        if let Some(elements) = other.elements {
            self.elements.get_or_insert_default().merge(*elements, rules);
        }
        if let Some(members) = other.members {
            self.members.get_or_insert_default().merge_nested(*members, rules);
        }
        Example::merge_last(&mut self.last, other.last);
    }

    fn slot(&mut self, kind: Kind) -> &mut Seen {
        self.seen.entry(kind).or_default()
    }

    fn note(&mut self, kind: Kind, place: &Place, text: &str) {
        let seen = self.slot(kind);
        seen.count += 1;
        Example::keep(&mut seen.example, place, text);
        Example::keep_last(&mut self.last, place, text);
    }

    /// The narrowest kind that holds every value seen.
    pub fn kind(&self, fallback: Fallback) -> Kind {
        self.seen.keys().fold(Kind::Null, |all, kind| all.join(*kind, fallback))
    }

    /// The kinds seen, and how often.
    pub fn seen(&self) -> &BTreeMap<Kind, Seen> {
        &self.seen
    }

    /// The earliest value that is not null.
    pub fn first(&self) -> Option<&Example> {
        let mut first = None;
        self.seen.values().for_each(|seen| Example::merge(&mut first, seen.example.as_ref()));
        first
    }

    /// The latest value that is not null.
    pub fn last(&self) -> Option<&Example> {
        self.last.as_ref()
    }

    /// How many values there are, nulls included.
    pub fn values(&self) -> u64 {
        self.seen.values().map(|s| s.count).sum()
    }

    /// How many values there are that are not null.
    pub fn non_nulls(&self) -> u64 {
        self.values() - self.seen.get(&Kind::Null).map_or(0, |s| s.count)
    }

    /// The range of the numbers.
    pub(super) fn numbers(&self) -> &NumberRange {
        &self.numbers
    }

    /// What the texts have in common.
    pub(super) fn texts(&self) -> &TextFacts {
        &self.texts
    }

    /// Fields in here, itself included.
    pub(crate) fn size(&self) -> usize {
        1 + self.elements.as_ref().map_or(0, |e| e.size()) + self.members.as_ref().map_or(0, |m| m.size())
    }

    /// The elements of all arrays.
    pub fn elements(&self) -> Option<&Self> {
        self.elements.as_deref()
    }

    /// The members of all objects.
    pub fn members(&self) -> Option<&Members> {
        self.members.as_deref()
    }
}
