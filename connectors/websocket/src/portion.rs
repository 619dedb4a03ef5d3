//! Rows of batches, in order, of which each batch is held once.
//!
//! Whoever sends them is another task than whoever has made them. A row is no more than its place in the batch on its way: counting holders
//! row by row, of which two processors would do a part each, costs more than sending it.

use std::{collections::VecDeque, ops::Range, sync::Arc};

use tokio_tungstenite::tungstenite::Message;

use crate::rows::Rows;

/// Rows of one batch that lie behind each other.
#[derive(Clone)]
pub(crate) struct Portion {
    batch: Arc<Rows>,
    range: Range<usize>,
}

impl Portion {
    /// All rows of a batch.
    pub(crate) fn whole(batch: Rows) -> Self {
        let range = 0..batch.len();
        Self { batch: Arc::new(batch), range }
    }

    pub(crate) fn len(&self) -> usize {
        self.range.len()
    }

    pub(crate) fn num_bytes(&self) -> usize {
        self.batch.num_bytes(self.range.start, self.range.end)
    }

    /// Bytes of the first row.
    pub(crate) fn first_bytes(&self) -> usize {
        self.batch.num_bytes(self.range.start, self.range.start + 1)
    }

    /// The first row, or the next one of what is left, as a message.
    pub(crate) fn message(&self, index: usize) -> Message {
        self.batch.message(self.range.start + index)
    }

    /// The first `count` rows.
    fn first(&self, count: usize) -> Self {
        let end = (self.range.start + count).min(self.range.end);
        Self { batch: Arc::clone(&self.batch), range: self.range.start..end }
    }

    /// Takes out the first `count` rows.
    pub(crate) fn split(&mut self, count: usize) -> Self {
        let first = self.first(count);
        self.range.start = first.range.end;
        first
    }

    /// The last `count` rows, or all where there are fewer.
    pub(crate) fn last(&self, count: usize) -> Self {
        let start = self.range.end - count.min(self.range.len());
        Self { batch: Arc::clone(&self.batch), range: start..self.range.end }
    }
}

/// Any number of them.
#[derive(Default)]
pub(crate) struct Portions {
    portions: VecDeque<Portion>,
    len: usize,
}

impl Portions {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Appends rows, which continue the last ones where they lie behind them.
    pub(crate) fn append(&mut self, portion: Portion) {
        if portion.range.is_empty() {
            return;
        }
        self.len += portion.len();
        match self.portions.back_mut() {
            Some(last) if last.range.end == portion.range.start && Arc::ptr_eq(&last.batch, &portion.batch) => {
                last.range.end = portion.range.end;
            }
            _ => self.portions.push_back(portion),
        }
    }

    /// Takes out the first `count` rows, or all where there are fewer; yields how many they were, and their bytes.
    pub(crate) fn pop(&mut self, count: usize) -> (usize, usize) {
        let (mut rows, mut bytes) = (0, 0);
        while rows < count {
            let Some(portion) = self.pop_portion(count - rows) else { break };
            rows += portion.len();
            bytes += portion.num_bytes();
        }
        (rows, bytes)
    }

    /// Takes out up to `max` rows of the first batch.
    pub(crate) fn pop_portion(&mut self, max: usize) -> Option<Portion> {
        let first = self.portions.front_mut()?;
        let taken = if first.len() <= max { self.portions.pop_front()? } else { first.split(max) };
        self.len -= taken.len();
        Some(taken)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Portion> {
        self.portions.iter()
    }

    /// Appends all of `other`, which is empty then.
    pub(crate) fn join(&mut self, other: &mut Self) {
        self.portions.append(&mut other.portions);
        self.len += std::mem::take(&mut other.len);
    }

    pub(crate) fn clear(&mut self) {
        self.portions.clear();
        self.len = 0;
    }
}

#[cfg(test)]
impl Portion {
    /// All rows, for tests.
    pub(crate) fn text(&self) -> String {
        self.range.clone().map(|row| self.batch.text(row)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_keep_their_order_over_batches() {
        let batch = |rows: &[&str]| Portion { batch: Rows::of(rows), range: 0..rows.len() };
        let (mut one, other) = (batch(&["a", "bb", "ccc"]), batch(&["d"]));
        let mut portions = Portions::default();
        for portion in [one.split(1), one.split(0), one.split(2), other] {
            portions.append(portion);
        }
        assert_eq!((portions.len(), portions.portions.len(), portions.pop(1)), (4, 2, (1, 1)));
        let first = portions.pop_portion(1).unwrap();
        assert_eq!((&*first.text(), first.num_bytes(), portions.len()), ("bb", 2, 2));
        let mut sent = Portions::default();
        sent.append(first);
        sent.join(&mut portions);
        assert_eq!((sent.len(), portions.len()), (3, 0));
        assert_eq!((sent.pop(2), sent.pop(2), sent.pop(1)), ((2, 5), (1, 1), (0, 0)));
        assert_eq!((&*batch(&["a", "b"]).last(1).text(), &*batch(&["a"]).last(2).text()), ("b", "a"));
    }
}
