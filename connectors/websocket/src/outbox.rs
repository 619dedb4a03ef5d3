//! Rows on their way to one peer: bounded, in order, and kept until they count as written.

use std::{
    collections::VecDeque,
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;

use crate::{
    config::SinkOptions,
    error::WebSocketFault,
    portion::{Portion, Portions},
    words::OnSlow,
};

/// The buffer of one connection, or of one server over all connections to it.
pub(crate) struct Outbox {
    state: Mutex<State>,
    /// There is something to send, or the peer has answered.
    pub(crate) filled: Notify,
    /// Something counts as written, or nothing will any more.
    drained: Notify,
    max_records: usize,
    max_bytes: usize,
    /// Whether what was sent is kept until the peer has answered.
    keeps: bool,
}

#[derive(Default)]
struct State {
    waiting: Portions,
    /// Sent, and not known to be there. Where nothing is kept, only their number and bytes are.
    sent: Portions,
    num_sent: usize,
    bytes: usize,
    sent_bytes: usize,
    is_closing: bool,
    fault: Option<WebSocketFault>,
    has_ended: bool,
}

/// What became of rows that were put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Put {
    /// Every row is in the buffer, less so many that were dropped.
    Done { dropped: u64 },
    /// There is no room for the rows that are left.
    Full,
    /// The connection has ended.
    Over,
    /// The connection is to end, since it is too slow; told once.
    TooSlow,
}

impl State {
    fn len(&self) -> usize {
        self.waiting.len() + self.num_sent
    }
}

impl Outbox {
    pub(crate) fn new(options: &SinkOptions, keeps: bool) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::default(),
            filled: Notify::new(),
            drained: Notify::new(),
            max_records: options.max_buffered_records.max(1),
            max_bytes: options.max_buffered_bytes.max(1),
            keeps,
        })
    }

    /// Takes over `rows`, and leaves those in it that there is no room for where that is to be waited for; `on_slow` says what happens then.
    pub(crate) fn put(&self, rows: &mut Portion, on_slow: OnSlow) -> Put {
        let mut state = self.state();
        if state.has_ended || state.is_closing {
            return Put::Over;
        }
        let mut dropped = 0;
        let count = rows.len();
        if state.len() + count <= self.max_records && state.bytes + rows.num_bytes() <= self.max_bytes {
            state.bytes += rows.num_bytes();
            state.waiting.append(rows.split(count));
        }
        while rows.len() > 0 {
            let size = rows.first_bytes();
            while on_slow == OnSlow::DropOldest && !self.has_room(&state, size) {
                let (1, oldest) = state.waiting.pop(1) else { break };
                state.bytes -= oldest;
                dropped += 1;
            }
            if !self.has_room(&state, size) {
                match on_slow {
                    // What cannot be dropped, since it is being sent, makes the new one the one to drop.
                    OnSlow::DropOldest | OnSlow::DropNewest => {
                        rows.split(1);
                        dropped += 1;
                    }
                    OnSlow::Block => {
                        drop(state);
                        self.filled.notify_one();
                        return Put::Full;
                    }
                    OnSlow::Disconnect => {
                        state.has_ended = true;
                        drop(state);
                        // Its connection is most likely stuck in sending, and listens to nothing but this.
                        self.drained.notify_waiters();
                        return Put::TooSlow;
                    }
                }
                continue;
            }
            state.bytes += size;
            state.waiting.append(rows.split(1));
        }
        drop(state);
        self.filled.notify_one();
        Put::Done { dropped }
    }

    /// Whether a row of `size` bytes fits; one that is larger than the whole buffer has it for itself.
    fn has_room(&self, state: &State, size: usize) -> bool {
        state.len() < self.max_records && (state.len() == 0 || state.bytes + size <= self.max_bytes)
    }

    /// Waits until some row more counts as written, having looked by `is_so` first.
    async fn until<T>(&self, mut is_so: impl FnMut(&State) -> Option<T>) -> T {
        loop {
            let mut drained = pin!(self.drained.notified());
            drained.as_mut().enable();
            if let Some(so) = is_so(&self.state()) {
                return so;
            }
            drained.await;
        }
    }

    /// Waits for room for `size` bytes, and for some more so that not every row waits by itself.
    pub(crate) async fn room(&self, size: usize) {
        self.until(|state| {
            let is_half_empty = state.len() <= self.max_records / 2 && state.bytes <= self.max_bytes / 2;
            let fits = state.len() == 0 || is_half_empty && state.bytes + size <= self.max_bytes;
            (state.has_ended || fits).then_some(())
        })
        .await;
    }

    /// Waits until every row counts as written, or the connection has ended: false.
    pub(crate) async fn flushed(&self) -> bool {
        self.until(|state| match state.has_ended {
            true => Some(false),
            false => (state.len() == 0).then_some(true),
        })
        .await
    }

    /// Waits until the connection has ended.
    pub(crate) async fn ended(&self) {
        self.until(|state| state.has_ended.then_some(())).await;
    }

    /// What the connection came to, if that is an error; told once.
    pub(crate) fn take_fault(&self) -> Option<WebSocketFault> {
        self.state().fault.take()
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.state().has_ended
    }

    /// Moves about `max` rows that wait into `batch`: they count as sent.
    pub(crate) fn take(&self, batch: &mut VecDeque<Portion>, max: usize) {
        let mut state = self.state();
        let mut left = max;
        while left > 0 {
            let Some(portion) = state.waiting.pop_portion(left) else { break };
            left -= portion.len();
            state.num_sent += portion.len();
            state.sent_bytes += portion.num_bytes();
            if self.keeps {
                state.sent.append(portion.clone());
            }
            batch.push_back(portion);
        }
    }

    /// How many rows are sent and do not count as written.
    pub(crate) fn num_sent(&self) -> usize {
        self.state().num_sent
    }

    /// The first `count` rows that were sent count as written.
    pub(crate) fn release(&self, count: usize) {
        let mut state = self.state();
        if self.keeps {
            let (rows, bytes) = state.sent.pop(count);
            state.num_sent -= rows;
            state.sent_bytes -= bytes;
            state.bytes -= bytes;
        } else {
            state.num_sent = 0;
            state.bytes -= std::mem::take(&mut state.sent_bytes);
        }
        drop(state);
        self.drained.notify_waiters();
    }

    /// What was sent over a connection that is lost waits again, in its place; where nothing is kept, it is given up.
    pub(crate) fn restore(&self) {
        if !self.keeps {
            return self.release(0);
        }
        let mut state = self.state();
        let mut sent = std::mem::take(&mut state.sent);
        sent.join(&mut state.waiting);
        (state.waiting, state.num_sent, state.sent_bytes) = (sent, 0, 0);
    }

    /// Forgets every row that was not sent. Answers to what was sent are still under way, and stay counted.
    pub(crate) fn forget(&self) {
        let mut state = self.state();
        state.waiting.clear();
        state.bytes = state.sent_bytes;
        drop(state);
        self.drained.notify_waiters();
    }

    /// No more rows will come.
    pub(crate) fn close(&self) {
        self.state().is_closing = true;
        self.filled.notify_one();
    }

    /// How many rows were not handed over to the system, or not answered for where that counts.
    pub(crate) fn num_left(&self) -> u64 {
        u64::try_from(self.state().len()).unwrap_or(u64::MAX)
    }

    /// Whether no more rows will come and every one of them was sent.
    pub(crate) fn is_done(&self) -> bool {
        let state = self.state();
        state.is_closing && state.len() == 0
    }

    /// The connection has ended, for a reason that is an error or not.
    pub(crate) fn end(&self, fault: Option<WebSocketFault>) {
        let mut state = self.state();
        state.has_ended = true;
        state.fault = state.fault.take().or(fault);
        drop(state);
        self.drained.notify_waiters();
        self.filled.notify_one();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing in here panics between two changes that belong together.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use laminar_schema::{ConnectorConfig, Options};

    use super::*;
    use crate::rows::Rows;

    fn rows(range: std::ops::Range<usize>) -> Portion {
        let bytes: String = range.clone().map(|row| row.to_string()).collect();
        Portion::whole(Rows::new(bytes.as_bytes(), 1..=range.len(), true).unwrap())
    }

    fn outbox(keeps: bool) -> Arc<Outbox> {
        let options = SinkOptions::from_options(&Options::from_pairs([("max_buffered_records", "3")]));
        Outbox::new(&options.unwrap(), keeps)
    }

    fn taken(outbox: &Outbox) -> String {
        let mut batch = VecDeque::new();
        outbox.take(&mut batch, 10);
        batch.iter().map(Portion::text).collect()
    }

    #[test]
    fn a_full_buffer_does_what_it_was_told() {
        let check = |on_slow, expected: Put, left: &str| {
            let outbox = outbox(false);
            assert_eq!((outbox.put(&mut rows(0..5), on_slow), &*taken(&outbox)), (expected, left), "{on_slow:?}");
        };
        check(OnSlow::Block, Put::Full, "012");
        check(OnSlow::DropOldest, Put::Done { dropped: 2 }, "234");
        check(OnSlow::DropNewest, Put::Done { dropped: 2 }, "012");
        check(OnSlow::Disconnect, Put::TooSlow, "012");
    }

    #[test]
    fn what_was_sent_is_kept_until_it_counts_as_written() {
        let outbox = outbox(true);
        outbox.put(&mut rows(0..3), OnSlow::Block);
        assert_eq!((taken(&outbox), outbox.num_sent()), ("012".to_owned(), 3));
        outbox.release(1);
        outbox.put(&mut rows(3..4), OnSlow::Block);
        outbox.restore();
        assert_eq!(taken(&outbox), "123");
        outbox.put(&mut rows(4..5), OnSlow::DropNewest);
        outbox.forget();
        assert_eq!((taken(&outbox), outbox.num_sent()), (String::new(), 3));
    }
}
