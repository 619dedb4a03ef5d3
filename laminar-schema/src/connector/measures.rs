//! What a connector knows of itself beyond what the pipeline counts: how far behind it is, what went wrong and was got over.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

/// What a number is: whether it only grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MeasureKind {
    /// It grows, and a rate follows from two looks at it.
    Counter,
    /// It goes up and down.
    Gauge,
}

/// One kind of number that a source or a sink tells.
#[derive(Debug, PartialEq, Eq)]
pub struct Measure {
    /// Its name as Prometheus scrapes it, such as `laminar_kafka_lag_records`.
    pub name: &'static str,
    /// What it counts, for people.
    pub help: &'static str,
    /// Whether it only grows.
    pub kind: MeasureKind,
}

/// How many records of a partition were not read yet: every source that knows it tells it by this name.
pub const LAG: Measure = Measure {
    name: "laminar_lag_records",
    help: "Records of the partition that are there and were not read yet",
    kind: MeasureKind::Gauge,
};

/// The newest numbers of a running connector. Clones share them, with whoever shows them.
///
/// Cost: a lock for each call; a connector sets them once in a while, never per record.
#[derive(Debug, Clone, Default)]
pub struct Measures(Arc<Mutex<Numbers>>);

/// Numbers by name and partition.
type Numbers = BTreeMap<(&'static str, Arc<str>), Known>;

#[derive(Debug, Clone, Copy)]
struct Known {
    measure: &'static Measure,
    value: u64,
}

/// One number, as [`Measures::all`] yields it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measured {
    /// What it is.
    pub measure: &'static Measure,
    /// The partition that it is about; empty for one of the whole source or sink.
    pub partition: Arc<str>,
    /// Its value.
    pub value: u64,
}

impl Measures {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a number of the whole source or sink.
    pub fn set(&self, measure: &'static Measure, value: u64) {
        self.set_of(measure, &Arc::from(""), value);
    }

    /// Sets a number of one partition.
    pub fn set_of(&self, measure: &'static Measure, partition: &Arc<str>, value: u64) {
        let mut known = self.known();
        known.insert((measure.name, Arc::clone(partition)), Known { measure, value });
    }

    /// Adds to a number of the whole source or sink.
    pub fn add(&self, measure: &'static Measure, more: u64) {
        let mut known = self.known();
        let entry = known.entry((measure.name, Arc::from(""))).or_insert(Known { measure, value: 0 });
        entry.value = entry.value.saturating_add(more);
    }

    /// Forgets the numbers of partitions that `keep` does not name: another process has those now.
    pub fn retain(&self, keep: impl Fn(&str) -> bool) {
        self.known().retain(|(_, partition), _| partition.is_empty() || keep(partition));
    }

    /// Every number, by name and partition.
    pub fn all(&self) -> Vec<Measured> {
        let measured = |((_, partition), known): (&(_, Arc<str>), &Known)| Measured {
            measure: known.measure,
            partition: Arc::clone(partition),
            value: known.value,
        };
        self.known().iter().map(measured).collect()
    }

    /// The sum of a number over the partitions; `None` before it was set for any.
    pub fn total(&self, name: &str) -> Option<u64> {
        let known = self.known();
        let mut values = known.iter().filter(|((n, _), _)| *n == name).map(|(_, known)| known.value).peekable();
        values.peek().is_some().then(|| values.sum())
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Numbers> {
        // A number that was being set when a thread panicked is whole: each is set by one call of the map.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ERRORS: Measure = Measure { name: "errors", help: "", kind: MeasureKind::Counter };

    #[test]
    fn numbers_are_set_added_up_and_forgotten() {
        let measures = Measures::new();
        assert_eq!(measures.total(LAG.name), None);
        for (partition, lag) in [("t/0", 3), ("t/1", 9), ("t/1", 4)] {
            measures.set_of(&LAG, &partition.into(), lag);
        }
        measures.add(&ERRORS, 1);
        measures.add(&ERRORS, 2);
        assert_eq!((measures.total(LAG.name), measures.total("errors")), (Some(7), Some(3)));
        measures.retain(|partition| partition == "t/0");
        let left: Vec<_> =
            measures.all().into_iter().map(|m| (m.measure.name, m.partition.to_string(), m.value)).collect();
        assert_eq!(left, [("errors", String::new(), 3), (LAG.name, "t/0".to_owned(), 3)]);
    }
}
