//! What the sample says about the members of objects that stand in one place.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use super::{
    evidence::{Evidence, Rules},
    example::Place,
    lattice::{Fallback, Kind},
    value::Value,
};

/// Keys that are told apart in one place, at most. Beyond that their values are looked at together, so that memory has a
/// bound whatever the data; see `docs/inference.md`.
pub const MAX_KEYS: usize = 16_384;

/// What is known of the members of all objects that stand in one place.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Members {
    pub(crate) objects: u64,
    pub(crate) fields: BTreeMap<String, Member>,
    /// All values together, once there are too many keys to tell them apart.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) together: Option<Box<Evidence>>,
}

/// What is known of one member.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Member {
    /// Objects that have it.
    pub present: u64,
    /// Objects that have it more than once.
    pub repeated: u64,
    /// Sum of its positions among the members of its objects.
    pub(crate) positions: u64,
    /// Its values; of a repeated one the last.
    pub value: Evidence,
}

/// Where the values of a key are kept.
enum Slot<'a> {
    Member(&'a mut Member),
    Together(&'a mut Evidence),
}

impl Member {
    /// Takes in the field of one row of a table, where positions say nothing.
    pub fn observe(&mut self, value: &Value<'_>, place: &Place, rules: &Rules) {
        self.present += 1;
        self.value.observe(value, 0, place, rules);
    }

    /// What it says if it was seen so many times instead of once.
    #[must_use]
    pub fn times(mut self, count: u64) -> Self {
        self.present *= count;
        self.value.seen.values_mut().for_each(|seen| seen.count *= count);
        self
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
            let member = match self.slot(key.as_ref(), rules) {
                Slot::Member(member) => member,
                Slot::Together(together) => {
                    together.observe(value, depth, place, rules);
                    continue;
                }
            };
            member.present += 1;
            member.repeated += u64::from(times > 1);
            member.positions += index as u64;
            member.value.observe(value, depth, place, rules);
        }
    }

    /// The same for an object inside a column, which may turn out to be a map.
    pub(super) fn observe_nested(
        &mut self,
        members: &[(impl AsRef<str>, Value<'_>)],
        depth: usize,
        place: &Place,
        rules: &Rules,
    ) {
        self.observe(members, depth, place, rules);
        self.bound(rules);
    }

    /// Joins what another part of the sample says of objects inside a column.
    pub(super) fn merge_nested(&mut self, other: Self, rules: &Rules) {
        self.merge(other, rules);
        self.bound(rules);
    }

    /// Joins what another part of the sample says.
    pub fn merge(&mut self, other: Self, rules: &Rules) {
        self.objects += other.objects;
        if let Some(theirs) = other.together {
            self.put_together(rules).merge(*theirs, rules);
        }
        for (key, theirs) in other.fields {
            match self.slot(&key, rules) {
                Slot::Member(member) => member.merge(theirs, rules),
                Slot::Together(together) => together.merge(theirs.value, rules),
            }
        }
    }

    /// Where the values of a key are kept.
    fn slot(&mut self, key: &str, rules: &Rules) -> Slot<'_> {
        let is_known = self.fields.contains_key(key);
        if self.together.is_some() || (!is_known && self.fields.len() >= MAX_KEYS) {
            return Slot::Together(self.put_together(rules));
        }
        // An entry would allocate the key for every record.
        Slot::Member(match is_known {
            true => self.fields.get_mut(key).expect("the key was found above"),
            false => self.fields.entry(key.to_owned()).or_default(),
        })
    }

    /// Gives up telling keys apart when there are more than `map_threshold`, and not every object has all of them.
    ///
    /// Both conditions stay true once they are, whatever comes later, so it does not matter when this happens.
    pub(crate) fn bound(&mut self, rules: &Rules) {
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

    /// Whether keys are told apart no more.
    pub fn is_together(&self) -> bool {
        self.together.is_some()
    }

    /// Fields in here.
    pub(crate) fn size(&self) -> usize {
        let fields: usize = self.fields.values().map(|m| m.value.size()).sum();
        fields + self.together.as_ref().map_or(0, |t| t.size())
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
