//! One value of the sample, kept to show it.

use std::{fmt, sync::Arc};

use laminar_schema::{SourceMetadata, error::cut};

/// A value with its place, cut to what a message may show.
///
/// Of two examples the one that stands earlier is kept, and of two without a place the shorter one: whichever
/// order the records come in, the same example is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    place: Place,
    text: String,
}

/// Where a record of the sample stands, as far as its source knows.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    partition: Option<Arc<str>>,
    offset: Option<u64>,
    line: Option<u64>,
}

impl Place {
    /// The place of a record.
    pub fn of(metadata: &SourceMetadata) -> Self {
        Self { partition: metadata.partition.clone(), offset: metadata.offset, line: metadata.line }
    }
}

impl Example {
    /// Keeps the earlier of the example in `slot` and the value `text`.
    pub fn keep(slot: &mut Option<Self>, place: &Place, text: &str) {
        // Most values lose on their place, before their text is looked at.
        if slot.as_ref().is_none_or(|old| *place <= old.place) {
            Self::merge(slot, Some(Self { place: place.clone(), text: cut(text) }));
        }
    }

    /// Keeps the earlier of two examples.
    pub fn merge(slot: &mut Option<Self>, other: Option<Self>) {
        let Some(other) = other else { return };
        let earlier = slot.as_ref().is_none_or(|old| {
            other.place < old.place || (other.place == old.place && Self::shorter(&other.text, &old.text))
        });
        if earlier {
            *slot = Some(other);
        }
    }

    /// A place with words of ours, which are not cut.
    pub fn reason(place: &Place, text: &str) -> Self {
        Self { place: place.clone(), text: text.to_owned() }
    }

    /// The same place with words of ours.
    #[must_use]
    pub fn with_text(self, text: &str) -> Self {
        Self { text: text.to_owned(), ..self }
    }

    fn shorter(a: &str, b: &str) -> bool {
        (a.len(), a) < (b.len(), b)
    }
}

impl fmt::Display for Example {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        match (self.place.line, self.place.offset) {
            (Some(line), _) => write!(f, " at line {line}")?,
            (None, Some(offset)) => write!(f, " at offset {offset}")?,
            (None, None) => return Ok(()),
        }
        match &self.place.partition {
            Some(partition) => write!(f, " of {partition}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kept_example_does_not_depend_on_order() {
        let at = |line| Place { line, ..Place::default() };
        let values = [(at(Some(7)), "late"), (at(Some(2)), "early"), (at(Some(2)), "long one")];
        for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            let mut slot = None;
            for i in order {
                Example::keep(&mut slot, &values[i].0, values[i].1);
            }
            assert_eq!(slot.map(|e| e.to_string()).as_deref(), Some("early at line 2"), "{order:?}");
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
