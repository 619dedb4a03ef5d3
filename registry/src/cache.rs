//! A map that keeps a bounded number of entries, for a bounded time.

use std::{
    collections::{BTreeMap, HashMap},
    hash::Hash,
    time::Duration,
};

use tokio::time::Instant;

/// Keeps what was asked for last; lookup and insertion cost O(log entries).
///
/// Time is tokio's, which tests can hold still.
#[derive(Debug)]
pub(crate) struct Cache<K, V> {
    capacity: usize,
    ttl: Option<Duration>,
    entries: HashMap<K, Entry<V>>,
    /// Keys by when they were asked for last.
    by_use: BTreeMap<u64, K>,
    uses: u64,
}

#[derive(Debug)]
struct Entry<V> {
    value: V,
    since: Instant,
    last_use: u64,
}

impl<K: Clone + Eq + Hash, V: Clone> Cache<K, V> {
    /// An empty one; entries do not age without a `ttl`.
    pub(crate) fn new(capacity: usize, ttl: Option<Duration>) -> Self {
        Self { capacity: capacity.max(1), ttl, entries: HashMap::new(), by_use: BTreeMap::new(), uses: 0 }
    }

    /// The entry, if it is there and not too old.
    pub(crate) fn get(&mut self, key: &K) -> Option<V> {
        self.uses += 1;
        let entry = self.entries.get_mut(key)?;
        if self.ttl.is_some_and(|ttl| entry.since.elapsed() >= ttl) {
            return None;
        }
        self.by_use.remove(&entry.last_use);
        entry.last_use = self.uses;
        self.by_use.insert(self.uses, key.clone());
        Some(entry.value.clone())
    }

    /// The entry, however old it is.
    pub(crate) fn get_stale(&self, key: &K) -> Option<V> {
        self.entries.get(key).map(|entry| entry.value.clone())
    }

    /// Adds or renews an entry.
    pub(crate) fn insert(&mut self, key: K, value: V) {
        self.uses += 1;
        let entry = Entry { value, since: Instant::now(), last_use: self.uses };
        if let Some(old) = self.entries.insert(key.clone(), entry) {
            self.by_use.remove(&old.last_use);
        }
        self.by_use.insert(self.uses, key);
        while self.entries.len() > self.capacity {
            let Some((_, oldest)) = self.by_use.pop_first() else { break };
            self.entries.remove(&oldest);
        }
    }

    /// Forgets an entry.
    pub(crate) fn remove(&mut self, key: &K) {
        if let Some(entry) = self.entries.remove(key) {
            self.by_use.remove(&entry.last_use);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_asked_for_the_longest_goes_first() {
        let mut cache = Cache::new(2, None);
        cache.insert(1, 'a');
        cache.insert(2, 'b');
        assert_eq!(cache.get(&1), Some('a'));
        cache.insert(3, 'c');
        assert_eq!((cache.get(&1), cache.get(&2), cache.get(&3)), (Some('a'), None, Some('c')));
        assert_eq!((cache.entries.len(), cache.by_use.len()), (2, 2));
        cache.insert(3, 'd');
        cache.remove(&1);
        assert_eq!((cache.get(&3), cache.entries.len(), cache.by_use.len()), (Some('d'), 1, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn entries_age() {
        let mut cache = Cache::new(2, Some(Duration::from_secs(1)));
        cache.insert(1, 'a');
        tokio::time::advance(Duration::from_millis(999)).await;
        assert_eq!(cache.get(&1), Some('a'));
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!((cache.get(&1), cache.get_stale(&1)), (None, Some('a')));
    }
}
