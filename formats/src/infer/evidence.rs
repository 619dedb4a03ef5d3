//! What the sample says about one field: counts and extremes that merge in any order.
//!
//! [`Evidence::merge`] is associative and commutative, and observing records one by one is merging them one by one.
//! So a sample may be split over files, partitions or threads, and a permutation of it changes nothing.

use std::collections::{BTreeMap, HashMap};

use laminar_schema::{ArrayInference, InferenceConfig};

use super::{
    example::{Example, Place},
    lattice::{Fallback, Kind},
    number::NumberRange,
    text::{TextFacts, TextRules},
    value::Value,
};

/// How values are looked at; what the configuration says, prepared once.
#[derive(Debug, Clone)]
pub struct Rules {
    /// How texts are looked at.
    pub(super) texts: TextRules,
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
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Evidence {
    seen: BTreeMap<Kind, Seen>,
    numbers: NumberRange,
    texts: TextFacts,
    elements: Option<Box<Evidence>>,
    members: Option<Box<Members>>,
}

/// How often a kind was seen, and where first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Seen {
    /// How often.
    pub count: u64,
    /// One of them; nulls have none.
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
                let kind = rules.texts.observe(text, &mut self.texts);
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
                let items = match rules.arrays {
                    _ if depth >= rules.max_depth => &[],
                    ArrayInference::Union => items.as_slice(),
                    ArrayInference::FirstElement => &items[..items.len().min(1)],
                    ArrayInference::Jsonb => &[],
                };
                let elements = self.elements.get_or_insert_default();
                for item in items {
                    elements.observe(item, depth + 1, place, rules);
                }
            }
            Value::Object { raw, members } => {
                self.note(Kind::Struct, place, raw);
                if depth < rules.max_depth {
                    let known = self.members.get_or_insert_default();
                    known.observe(members, depth + 1, place, rules);
                    known.bound(rules);
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
            let known = self.members.get_or_insert_default();
            known.merge(*members, rules);
            known.bound(rules);
        }
    }

    fn slot(&mut self, kind: Kind) -> &mut Seen {
        self.seen.entry(kind).or_default()
    }

    fn note(&mut self, kind: Kind, place: &Place, text: &str) {
        let seen = self.slot(kind);
        seen.count += 1;
        Example::keep(&mut seen.example, place, text);
    }

    /// The narrowest kind that holds every value seen.
    pub fn kind(&self, fallback: Fallback) -> Kind {
        self.seen.keys().fold(Kind::Null, |all, kind| all.join(*kind, fallback))
    }

    /// The kinds seen, and how often.
    pub fn seen(&self) -> &BTreeMap<Kind, Seen> {
        &self.seen
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

    /// The elements of all arrays.
    pub fn elements(&self) -> Option<&Self> {
        self.elements.as_deref()
    }

    /// The members of all objects.
    pub fn members(&self) -> Option<&Members> {
        self.members.as_deref()
    }
}

/// What is known of the members of all objects that stand in one place.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Members {
    objects: u64,
    fields: BTreeMap<String, Member>,
    /// All values together, once there are too many keys to tell them apart.
    together: Option<Box<Evidence>>,
}

/// What is known of one member.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Member {
    /// Objects that have it.
    pub present: u64,
    /// Objects that have it more than once.
    pub repeated: u64,
    /// Sum of its positions among the members of its objects.
    positions: u64,
    /// Its values; of a repeated one the last.
    pub value: Evidence,
}

impl Member {
    /// Takes in the field of one row of a table, where positions say nothing.
    pub fn observe(&mut self, value: &Value<'_>, place: &Place, rules: &Rules) {
        self.present += 1;
        self.value.observe(value, 0, place, rules);
    }

    /// Joins what another part of the sample says.
    pub fn merge(&mut self, other: Self, rules: &Rules) {
        self.present += other.present;
        self.repeated += other.repeated;
        self.positions += other.positions;
        self.value.merge(other.value, rules);
    }
}

impl Members {
    /// Takes in one object, whose members lie inside `depth` containers of their column.
    pub fn observe(&mut self, members: &[(impl AsRef<str>, Value<'_>)], depth: usize, place: &Place, rules: &Rules) {
        self.objects += 1;
        // Of a key that stands twice the last value counts, as it does in decoding.
        let mut standing: HashMap<&str, (usize, u64)> = HashMap::with_capacity(members.len());
        for (index, (key, _)) in members.iter().enumerate() {
            let (last, times) = standing.entry(key.as_ref()).or_default();
            (*last, *times) = (index, *times + 1);
        }
        for (index, (key, value)) in members.iter().enumerate() {
            let (last, times) = standing.get(key.as_ref()).copied().unwrap_or((index, 1));
            if last != index {
                continue;
            }
            if let Some(together) = &mut self.together {
                together.observe(value, depth, place, rules);
                continue;
            }
            let member = self.member(key.as_ref());
            member.present += 1;
            member.repeated += u64::from(times > 1);
            member.positions += index as u64;
            member.value.observe(value, depth, place, rules);
        }
    }

    /// Joins what another part of the sample says.
    pub fn merge(&mut self, other: Self, rules: &Rules) {
        self.objects += other.objects;
        if let Some(theirs) = other.together {
            self.put_together(rules).merge(*theirs, rules);
        }
        for (key, theirs) in other.fields {
            if let Some(together) = &mut self.together {
                together.merge(theirs.value, rules);
                continue;
            }
            self.member(&key).merge(theirs, rules);
        }
    }

    fn member(&mut self, key: &str) -> &mut Member {
        // An entry would allocate the key for every record.
        match self.fields.contains_key(key) {
            true => self.fields.get_mut(key).expect("the key was found in the line above"),
            false => self.fields.entry(key.to_owned()).or_default(),
        }
    }

    /// Gives up telling keys apart when there are more than `map_threshold`, and not every object has all of them.
    ///
    /// Both conditions stay true once they are, whatever comes later, so it does not matter when this happens.
    fn bound(&mut self, rules: &Rules) {
        if self.is_wide(rules) && self.fields.values().any(|m| m.present < self.objects) {
            self.put_together(rules);
        }
    }

    fn put_together(&mut self, rules: &Rules) -> &mut Evidence {
        let together = self.together.get_or_insert_default();
        for member in std::mem::take(&mut self.fields).into_values() {
            together.merge(member.value, rules);
        }
        together
    }

    fn is_wide(&self, rules: &Rules) -> bool {
        self.fields.len() > rules.map_threshold
    }

    /// Objects seen.
    pub fn objects(&self) -> u64 {
        self.objects
    }

    /// True when no object has any key.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty() && self.together.is_none()
    }

    /// Objects have so few of the keys, on average, that those are data rather than names.
    fn is_scattered(&self, rules: &Rules) -> bool {
        let present: u64 = self.fields.values().map(|m| m.present).sum();
        let possible = self.objects as f64 * self.fields.len() as f64;
        (present as f64) < rules.field_appearance_threshold * possible
    }

    /// All values in one, when these objects are maps: many keys or scattered ones, with values of one kind; or
    /// many keys that come and go. A wide object that always has the same keys of several kinds is a struct.
    pub fn as_map(&self, fallback: Fallback, rules: &Rules) -> Option<Evidence> {
        if let Some(together) = &self.together {
            return Some((**together).clone());
        }
        if !self.is_wide(rules) && !self.is_scattered(rules) {
            return None;
        }
        let mut together = Evidence::default();
        for member in self.fields.values() {
            together.merge(member.value.clone(), rules);
        }
        (together.kind(fallback) != Kind::Json).then_some(together)
    }

    /// The members by their mean position in their objects, those in the same place by name: the order in which they
    /// stand in the data, found without regard to which record came first.
    pub fn in_order(&self) -> Vec<(&str, &Member)> {
        let mut fields: Vec<(&str, &Member)> = self.fields.iter().map(|(k, m)| (k.as_str(), m)).collect();
        // a.positions / a.present against b.positions / b.present, without rounding.
        fields.sort_by(|(a_key, a), (b_key, b)| {
            let a_mean = u128::from(a.positions) * u128::from(b.present);
            let b_mean = u128::from(b.positions) * u128::from(a.present);
            a_mean.cmp(&b_mean).then_with(|| a_key.cmp(b_key))
        });
        fields
    }
}
