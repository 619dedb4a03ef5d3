//! One request for all who ask the same at the same time.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::OnceCell;

/// Questions that are on their way, with the place for their answer.
#[derive(Debug)]
pub(crate) struct Flights<K, V> {
    under_way: Mutex<HashMap<K, Arc<OnceCell<V>>>>,
}

impl<K, V> Default for Flights<K, V> {
    fn default() -> Self {
        Self { under_way: Mutex::default() }
    }
}

impl<K: Clone + Eq + Hash, V: Clone> Flights<K, V> {
    /// Yields the answer of `ask`, which only the first of those who want it runs.
    ///
    /// Where the first gives up, as a cancelled task does, the next one asks instead.
    pub(crate) async fn join<F: Future<Output = V>>(&self, key: K, ask: impl FnOnce() -> F) -> V {
        let cell = Arc::clone(self.locked().entry(key.clone()).or_default());
        let passenger = Passenger { flights: self, key, cell };
        passenger.cell.get_or_init(ask).await.clone()
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, HashMap<K, Arc<OnceCell<V>>>> {
        // The map is whole after every statement under its lock.
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One who waits for an answer, and tidies up behind itself, cancelled or not.
struct Passenger<'a, K: Eq + Hash, V> {
    flights: &'a Flights<K, V>,
    key: K,
    cell: Arc<OnceCell<V>>,
}

impl<K: Eq + Hash, V> Drop for Passenger<'_, K, V> {
    fn drop(&mut self) {
        let mut under_way = self.flights.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        let is_current = under_way.get(&self.key).is_some_and(|known| Arc::ptr_eq(known, &self.cell));
        // Two hold the cell when nobody else waits: the map and this one. Others join only under the lock.
        if is_current && (self.cell.initialized() || Arc::strong_count(&self.cell) == 2) {
            under_way.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn many_who_ask_at_once_are_one_question() {
        let (flights, asked) = (Arc::new(Flights::default()), Arc::new(AtomicUsize::new(0)));
        let tasks: Vec<_> = (0..64)
            .map(|_| {
                let (flights, asked) = (Arc::clone(&flights), Arc::clone(&asked));
                tokio::spawn(async move {
                    let ask = || async {
                        tokio::task::yield_now().await;
                        asked.fetch_add(1, Ordering::Relaxed)
                    };
                    flights.join(7, ask).await
                })
            })
            .collect();
        for task in tasks {
            assert_eq!(task.await.unwrap(), 0);
        }
        assert_eq!(asked.load(Ordering::Relaxed), 1);
        assert!(flights.locked().is_empty());
    }

    #[tokio::test]
    async fn the_next_one_asks_where_the_first_gives_up() {
        let flights: Arc<Flights<u32, u32>> = Arc::default();
        let first = tokio::spawn({
            let flights = Arc::clone(&flights);
            async move { flights.join(7, std::future::pending).await }
        });
        tokio::task::yield_now().await;
        let second = tokio::spawn({
            let flights = Arc::clone(&flights);
            async move { flights.join(7, || std::future::ready(2)).await }
        });
        tokio::task::yield_now().await;
        first.abort();
        assert_eq!(second.await.unwrap(), 2);
        assert!(flights.locked().is_empty());
    }
}
