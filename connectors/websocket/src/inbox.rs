//! Messages between the connections that bring them and the stream that takes them: bounded, in the order they came.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use laminar_schema::{Measures, record::RecordRef};
use tokio::sync::{Notify, futures::Notified};

use crate::{
    burst::{Burst, MOST, MOST_BYTES},
    config::SourceOptions,
    counts::DROPPED,
    error::WebSocketFault,
    words::OnOverflow,
};

/// The buffer of a source.
pub(crate) struct Inbox {
    state: Mutex<State>,
    /// What records are said to be of, and whether they say who sent them.
    partition: Arc<str>,
    is_keyed: bool,
    /// Whether messages are compared with others of their peer, so that those of several are kept apart.
    has_sequence: bool,
    filled: Notify,
    drained: Notify,
    max_records: usize,
    max_bytes: usize,
    on_overflow: OnOverflow,
    pub(crate) measures: Measures,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Burst>,
    /// Messages in the queue, and their bytes.
    records: usize,
    bytes: usize,
    /// How many messages have come since the source was started.
    num_messages: u64,
    end: Option<End>,
    /// Bursts that were taken, to be filled again.
    spare: Vec<Burst>,
}

/// Why no more comes.
pub(crate) enum End {
    /// The server has no more to say.
    Closed,
    /// Something went wrong.
    Failed(WebSocketFault),
}

/// A copy of a message that waits, with when it came in milliseconds since the Unix epoch.
pub(crate) type Shown = (Vec<u8>, Option<i64>);

/// So few messages are appended to a burst that waits and is not full.
const FEW: usize = 64;
/// Bursts that are kept to be filled again.
const MAX_SPARE: usize = 8;

/// Who sent a message.
pub(crate) struct Peer {
    /// The server's address, or the client's.
    pub(crate) name: String,
    /// The last number of its records, where they have one.
    pub(crate) last: Mutex<Option<u64>>,
}

impl Peer {
    pub(crate) fn new(name: String) -> Arc<Self> {
        Arc::new(Self { name, last: Mutex::new(None) })
    }
}

impl Inbox {
    pub(crate) fn new(options: &SourceOptions, partition: Arc<str>, is_keyed: bool) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::default(),
            partition,
            is_keyed,
            has_sequence: options.sequence.is_some(),
            filled: Notify::new(),
            drained: Notify::new(),
            max_records: options.max_buffered_records.max(1),
            max_bytes: options.max_buffered_bytes.max(1),
            on_overflow: options.on_overflow,
            measures: Measures::new(),
        })
    }

    /// Makes a message a record of `burst`.
    pub(crate) fn gather(&self, message: &[u8], peer: &Arc<Peer>, burst: &mut Burst) {
        burst.push(message, peer, &self.partition, self.is_keyed);
    }

    /// Takes over messages of `burst`, all for which there is room; what happens to the others is the options' choice. False when
    /// nothing will be taken any more.
    pub(crate) fn put(&self, burst: &mut Burst) -> bool {
        let goes_on = self.put_now(burst);
        self.filled.notify_one();
        goes_on
    }

    /// Waits until there may be more room, from when it is enabled on.
    pub(crate) fn room(&self) -> Notified<'_> {
        self.drained.notified()
    }

    /// Yields a burst to who takes messages without putting it in; `None` where others are to be taken before it.
    pub(crate) fn pass(&self, burst: &mut Burst) -> Option<Burst> {
        let mut state = self.state();
        if !state.queue.is_empty() {
            return None;
        }
        burst.number_last(burst.len(), state.num_messages);
        state.num_messages += burst.len() as u64;
        let next = state.spare.pop().unwrap_or_default();
        drop(state);
        // It may be what there was no room for.
        self.drained.notify_waiters();
        Some(std::mem::replace(burst, next))
    }

    fn put_now(&self, burst: &mut Burst) -> bool {
        let (mut state, mut dropped) = (self.state(), 0);
        if state.end.is_some() {
            return false;
        }
        while !burst.is_empty() {
            let fitting = state.fitting(burst, self.max_records, self.max_bytes);
            if fitting == burst.len() || fitting > 0 && self.on_overflow != OnOverflow::DropOldest {
                state.push(burst, fitting, self.has_sequence);
                continue;
            }
            match self.on_overflow {
                OnOverflow::Block => return true,
                OnOverflow::DropOldest => {
                    // What is oldest of a burst that is larger than the buffer goes like any other.
                    if !state.drop_oldest() {
                        burst.pop();
                        state.num_messages += 1;
                    }
                    dropped += 1;
                }
                OnOverflow::Fail => {
                    let peer = burst.peer.as_ref().map_or_else(String::new, |peer| peer.name.clone());
                    let (records, bytes) = (state.records, state.bytes);
                    state.end = Some(End::Failed(WebSocketFault::Overflow { peer, records, bytes }));
                    return false;
                }
            }
        }
        drop(state);
        if dropped > 0 {
            self.measures.add(&DROPPED, dropped);
        }
        true
    }

    /// Says why no more comes; the first reason stays.
    pub(crate) fn end(&self, end: End) {
        self.state().end.get_or_insert(end);
        self.filled.notify_one();
        self.drained.notify_waiters();
    }

    /// Waits until there may be something to take.
    pub(crate) fn filled(&self) -> Notified<'_> {
        self.filled.notified()
    }

    /// Moves all messages to `taken`, whose bursts are all taken and go back to be filled again; false where there will be none, and
    /// nothing where some may come.
    ///
    /// # Errors
    /// What the connections came to, once every message before it was taken.
    pub(crate) fn take(&self, taken: &mut VecDeque<Burst>) -> Option<Result<bool, WebSocketFault>> {
        let mut state = self.state();
        let State { queue, spare, .. } = &mut *state;
        let room = MAX_SPARE.saturating_sub(spare.len());
        spare.extend(taken.drain(..).take(room).filter_map(|mut burst| burst.clear().then_some(burst)));
        if !queue.is_empty() {
            // The queues change places, so that neither is ever made anew.
            std::mem::swap(queue, taken);
            (state.records, state.bytes) = (0, 0);
            drop(state);
            self.drained.notify_waiters();
            return Some(Ok(true));
        }
        match state.end.take()? {
            End::Closed => {
                state.end = Some(End::Closed);
                Some(Ok(false))
            }
            End::Failed(fault) => {
                state.end = Some(End::Closed);
                Some(Err(fault))
            }
        }
    }

    /// Waits until `size` messages are there, or as many as there is room for, and yields copies of them; they stay.
    pub(crate) async fn show(&self, size: usize) -> Vec<Shown> {
        loop {
            {
                let state = self.state();
                let is_full = state.records >= self.max_records || state.bytes >= self.max_bytes;
                if state.records >= size || is_full || state.end.is_some() {
                    return state.show(size);
                }
            }
            self.filled.notified().await;
        }
    }

    /// Copies of up to `size` messages that are there.
    pub(crate) fn show_now(&self, size: usize) -> Vec<Shown> {
        self.state().show(size)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing in here panics between two changes that belong together.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// How many messages of `burst` there is room for. One that is larger than the whole buffer has it for itself.
    fn fitting(&self, burst: &Burst, max_records: usize, max_bytes: usize) -> usize {
        let (records, mut bytes) = (max_records.saturating_sub(self.records), self.bytes);
        if burst.len() <= records && bytes + burst.num_bytes() <= max_bytes {
            return burst.len();
        }
        let fits = |message: &RecordRef<'_>| {
            let is_first = bytes == 0;
            bytes += message.value().map_or(0, <[u8]>::len);
            is_first || bytes <= max_bytes
        };
        burst.iter().take(records).take_while(fits).count()
    }

    /// Takes over the first `count` messages of a burst, which is left with the others.
    ///
    /// Few are appended to the burst before them, so that neither room nor batches are spent on single messages.
    fn push(&mut self, burst: &mut Burst, count: usize, keeps_apart: bool) {
        let is_small = |last: &Burst| count < FEW && last.len() < MOST && last.num_bytes() < MOST_BYTES;
        let before = burst.num_bytes();
        match self.queue.back_mut() {
            Some(last) if is_small(last) && (!keeps_apart || last.is_of(burst)) => {
                burst.move_to(last, count);
                last.number_last(count, self.num_messages);
                self.bytes += before - burst.num_bytes();
            }
            _ => {
                let mut moved = self.spare.pop().unwrap_or_default();
                if count == burst.len() {
                    std::mem::swap(burst, &mut moved);
                } else {
                    burst.move_to(&mut moved, count);
                }
                moved.number_last(count, self.num_messages);
                self.bytes += moved.num_bytes();
                self.queue.push_back(moved);
            }
        }
        if burst.is_empty() {
            burst.clear();
        }
        self.num_messages += count as u64;
        self.records += count;
    }

    /// Takes the oldest message out; false where there is none.
    fn drop_oldest(&mut self) -> bool {
        let Some(oldest) = self.queue.front_mut() else { return false };
        self.bytes -= oldest.pop().unwrap_or(0);
        self.records -= 1;
        if oldest.is_empty() {
            self.queue.pop_front();
        }
        true
    }

    fn show(&self, size: usize) -> Vec<Shown> {
        let shown = |record: RecordRef<'_>| (record.value().unwrap_or_default().to_vec(), record.timestamp());
        self.queue.iter().flat_map(Burst::iter).take(size).map(shown).collect()
    }
}
