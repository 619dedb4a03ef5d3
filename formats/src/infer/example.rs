//! Values of the sample, kept to be shown.

use std::{borrow::Borrow, cmp::Ordering, fmt, sync::Arc};

use laminar_schema::{SampleValue, SourceMetadata, error::cut};
use serde::{Deserialize, Serialize};

/// A value with its place, cut to what a message may show.
///
/// Of two examples the one that stands earlier is the first and the one that stands later the last; of two in one place,
/// or without a place, the shorter one is both. So whichever order the records come in, the same example is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Example {
    place: Place,
    /// Bytes of the whole value.
    len: usize,
    text: String,
}

/// Where a record of the sample stands, as far as its source knows.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    #[serde(skip_serializing_if = "Option::is_none", default)]
    partition: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    offset: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    line: Option<u64>,
}

impl Place {
    /// The place of a record.
    pub fn of(metadata: &SourceMetadata) -> Self {
        Self { partition: metadata.partition.clone(), offset: metadata.offset, line: metadata.line }
    }
}

impl Example {
    /// A value.
    pub fn new(place: &Place, text: &str) -> Self {
        Self { place: place.clone(), len: text.len(), text: cut(text) }
    }

    /// A place with words of ours, which are not cut.
    pub fn reason(place: &Place, text: &str) -> Self {
        Self { place: place.clone(), len: text.len(), text: text.to_owned() }
    }

    /// The same place with words of ours.
    #[must_use]
    pub fn with_text(self, text: &str) -> Self {
        Self { text: text.to_owned(), len: text.len(), ..self }
    }

    /// Keeps the earlier of the example in `slot` and the value `text`.
    pub fn keep(slot: &mut Option<Self>, place: &Place, text: &str) {
        if slot.as_ref().is_none_or(|old| old.yields_to(place.cmp(&old.place), text)) {
            *slot = Some(Self::new(place, text));
        }
    }

    /// Keeps the later of the example in `slot` and the value `text`.
    pub fn keep_last(slot: &mut Option<Self>, place: &Place, text: &str) {
        if slot.as_ref().is_none_or(|old| old.yields_to(old.place.cmp(place), text)) {
            *slot = Some(Self::new(place, text));
        }
    }

    /// Keeps the earlier of two examples.
    pub fn merge<E: Borrow<Self>>(slot: &mut Option<E>, other: Option<E>) {
        let Some(other) = other else { return };
        let is_earlier = |old: &Self, new: &Self| new.place.cmp(&old.place).then_with(|| new.by_length(old)).is_lt();
        if slot.as_ref().is_none_or(|old| is_earlier(old.borrow(), other.borrow())) {
            *slot = Some(other);
        }
    }

    /// Keeps the later of two examples.
    pub fn merge_last(slot: &mut Option<Self>, other: Option<Self>) {
        let Some(other) = other else { return };
        if slot.as_ref().is_none_or(|old| old.place.cmp(&other.place).then_with(|| other.by_length(old)).is_lt()) {
            *slot = Some(other);
        }
    }

    /// What it is outside this crate.
    pub fn to_sample_value(&self) -> SampleValue {
        let Place { partition, offset, line } = self.place.clone();
        SampleValue { text: self.text.clone(), partition, offset, line }
    }

    fn by_length(&self, other: &Self) -> Ordering {
        self.len.cmp(&other.len).then_with(|| self.text.cmp(&other.text))
    }

    /// Whether `text` takes its place, standing in front of it, behind it or in the same place. Most values lose on
    /// their place, and most others on their length.
    fn yields_to(&self, place: Ordering, text: &str) -> bool {
        match place.then_with(|| text.len().cmp(&self.len)) {
            Ordering::Less => true,
            Ordering::Equal => cut(text) < self.text,
            Ordering::Greater => false,
        }
    }
}

impl fmt::Display for Example {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_sample_value().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kept_examples_do_not_depend_on_order() {
        let at = |line| Place { line, ..Place::default() };
        let values =
            [(at(Some(7)), "late"), (at(Some(2)), "early"), (at(Some(2)), "long one"), (at(Some(7)), "late two")];
        for order in [[0, 1, 2, 3], [3, 2, 1, 0], [1, 0, 3, 2], [1, 3, 2, 0], [2, 3, 0, 1], [3, 0, 2, 1]] {
            let (mut first, mut last) = (None, None);
            let (mut merged_first, mut merged_last) = (None, None);
            for i in order {
                let (place, text) = &values[i];
                Example::keep(&mut first, place, text);
                Example::keep_last(&mut last, place, text);
                Example::merge(&mut merged_first, Some(Example::new(place, text)));
                Example::merge_last(&mut merged_last, Some(Example::new(place, text)));
            }
            assert_eq!((&merged_first, &merged_last), (&first, &last), "{order:?}");
            let shown = [first, last].map(|e| e.map(|e| e.to_string()).unwrap_or_default());
            assert_eq!(shown, ["early at line 2", "late at line 7"], "{order:?}");
        }
    }

    #[test]
    fn values_are_cut_and_words_of_ours_are_not() {
        let long = "x".repeat(100);
        let mut slot = None;
        Example::keep(&mut slot, &Place::default(), &long);
        assert_eq!(slot.map(|e| e.text), Some(cut(&long)));
        assert_eq!(Example::reason(&Place::default(), &long).text, long);
    }
}
