//! Rows of batches, in order, of which each batch is held once.
//!
//! Whoever sends them is another task than whoever has made them. A row is no more than its place in the batch on its way: counting holders
//! row by row, of which two processors would do a part each, costs more than sending it.

use std::{collections::VecDeque, ops::Range, sync::Arc};

use tokio_tungstenite::tungstenite::Message;

/// Rows of one batch that lie behind each other.
#[derive(Clone)]
pub(crate) struct Portion {
    batch: Arc<Vec<Message>>,
    range: Range<usize>,
}

impl Portion {
    pub(crate) fn rows(&self) -> &[Message] {
        &self.batch[self.range.clone()]
    }

    pub(crate) fn num_bytes(&self) -> usize {
        self.rows().iter().map(Message::len).sum()
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

    /// Appends a row of a batch.
    pub(crate) fn push(&mut self, batch: &Arc<Vec<Message>>, row: usize) {
        self.len += 1;
        if let Some(last) = self.portions.back_mut()
            && last.range.end == row
            && Arc::ptr_eq(&last.batch, batch)
        {
            last.range.end += 1;
            return;
        }
        self.portions.push_back(Portion { batch: Arc::clone(batch), range: row..row + 1 });
    }

    pub(crate) fn append(&mut self, portion: Portion) {
        self.len += portion.range.len();
        self.portions.push_back(portion);
    }

    /// Takes the first row out; yields its size.
    pub(crate) fn pop(&mut self) -> Option<usize> {
        let first = self.portions.front_mut()?;
        let size = first.rows().first().map_or(0, Message::len);
        first.range.start += 1;
        self.len -= 1;
        if first.range.is_empty() {
            self.portions.pop_front();
        }
        Some(size)
    }

    /// Takes out up to `max` rows of the first batch.
    pub(crate) fn pop_portion(&mut self, max: usize) -> Option<Portion> {
        let first = self.portions.front_mut()?;
        if first.range.len() <= max {
            self.len -= first.range.len();
            return self.portions.pop_front();
        }
        let range = first.range.start..first.range.start + max;
        first.range.start = range.end;
        self.len -= max;
        Some(Portion { batch: Arc::clone(&first.batch), range })
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
mod tests {
    use super::*;

    #[test]
    fn rows_keep_their_order_over_batches() {
        let batch = |rows: &[&str]| Arc::new(rows.iter().map(|row| Message::text(*row)).collect::<Vec<_>>());
        let (one, other) = (batch(&["a", "bb", "ccc"]), batch(&["d"]));
        let mut portions = Portions::default();
        for (batch, row) in [(&one, 0), (&one, 1), (&one, 2), (&other, 0)] {
            portions.push(batch, row);
        }
        assert_eq!((portions.len(), portions.portions.len(), portions.pop()), (4, 2, Some(1)));
        let first = portions.pop_portion(1).unwrap();
        assert_eq!((first.rows(), first.num_bytes(), portions.len()), (&one[1..2], 2, 2));
        let mut sent = Portions::default();
        sent.append(first);
        sent.join(&mut portions);
        assert_eq!((sent.len(), portions.len()), (3, 0));
        let sizes: Vec<_> = std::iter::from_fn(|| sent.pop()).collect();
        assert_eq!((sizes, sent.len()), (vec![2, 3, 1], 0));
    }
}
