//! Messages between the connections that bring them and the stream that takes them: bounded, in the order they came.

use std::{
    collections::VecDeque,
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use laminar_schema::Measures;
use tokio::sync::Notify;

use crate::{config::SourceOptions, counts::DROPPED, error::WebSocketFault, words::OnOverflow};

/// The buffer of a source.
pub(crate) struct Inbox {
    state: Mutex<State>,
    filled: Notify,
    drained: Notify,
    max_records: usize,
    max_bytes: usize,
    on_overflow: OnOverflow,
    pub(crate) measures: Measures,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Arrived>,
    bytes: usize,
    next_number: u64,
    end: Option<End>,
}

/// Why no more comes.
pub(crate) enum End {
    /// The server has no more to say.
    Closed,
    /// Something went wrong.
    Failed(WebSocketFault),
}

/// A message that waits.
#[derive(Clone)]
pub(crate) struct Arrived {
    pub(crate) payload: Bytes,
    pub(crate) peer: Arc<Peer>,
    /// When it came, in milliseconds since the Unix epoch.
    pub(crate) at: i64,
    /// How many came before it since the source was started.
    pub(crate) number: u64,
}

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
    pub(crate) fn new(options: &SourceOptions) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::default(),
            filled: Notify::new(),
            drained: Notify::new(),
            max_records: options.max_buffered_records.max(1),
            max_bytes: options.max_buffered_bytes.max(1),
            on_overflow: options.on_overflow,
            measures: Measures::new(),
        })
    }

    /// Takes over every message of `burst`, which came from `peer` at `at`; what happens where there is no room is the options'
    /// choice. False when nothing will be taken any more.
    pub(crate) async fn put(&self, burst: &mut VecDeque<Bytes>, peer: &Arc<Peer>, at: i64) -> bool {
        loop {
            // Before looking, so that no sign is missed between looking and waiting.
            let mut drained = pin!(self.drained.notified());
            drained.as_mut().enable();
            let goes_on = self.put_now(burst, peer, at);
            self.filled.notify_one();
            if burst.is_empty() || !goes_on {
                return goes_on;
            }
            drained.await;
        }
    }

    fn put_now(&self, burst: &mut VecDeque<Bytes>, peer: &Arc<Peer>, at: i64) -> bool {
        let (mut state, mut dropped) = (self.state(), 0);
        if state.end.is_some() {
            return false;
        }
        while let Some(first) = burst.front() {
            let size = first.len();
            // One that is larger than the whole buffer has it for itself.
            while state.queue.len() >= self.max_records || state.bytes > 0 && state.bytes + size > self.max_bytes {
                match self.on_overflow {
                    OnOverflow::Block => return true,
                    OnOverflow::DropOldest => {
                        let Some(oldest) = state.queue.pop_front() else { break };
                        state.bytes -= oldest.payload.len();
                        dropped += 1;
                    }
                    OnOverflow::Fail => {
                        let (peer, records, bytes) = (peer.name.clone(), state.queue.len(), state.bytes);
                        state.end = Some(End::Failed(WebSocketFault::Overflow { peer, records, bytes }));
                        return false;
                    }
                }
            }
            let Some(payload) = burst.pop_front() else { break };
            state.bytes += size;
            let number = state.next_number;
            state.next_number += 1;
            state.queue.push_back(Arrived { payload, peer: Arc::clone(peer), at, number });
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

    /// Waits until there are messages and moves them all to `taken`, which is empty; false where there will be none.
    ///
    /// # Errors
    /// What the connections came to, once every message before it was taken.
    pub(crate) async fn take(&self, taken: &mut VecDeque<Arrived>) -> Result<bool, WebSocketFault> {
        loop {
            {
                let mut state = self.state();
                if !state.queue.is_empty() {
                    // The queues change places, so that neither is ever made anew.
                    std::mem::swap(&mut state.queue, taken);
                    state.bytes = 0;
                    drop(state);
                    self.drained.notify_waiters();
                    return Ok(true);
                }
                match state.end.take() {
                    None => {}
                    Some(End::Closed) => {
                        state.end = Some(End::Closed);
                        return Ok(false);
                    }
                    Some(End::Failed(fault)) => {
                        state.end = Some(End::Closed);
                        return Err(fault);
                    }
                }
            }
            self.filled.notified().await;
        }
    }

    /// Waits until `size` messages are there, or as many as there is room for, and yields copies of them; they stay.
    pub(crate) async fn show(&self, size: usize) -> Vec<Arrived> {
        loop {
            {
                let state = self.state();
                let is_full = state.queue.len() >= self.max_records || state.bytes >= self.max_bytes;
                if state.queue.len() >= size || is_full || state.end.is_some() {
                    return state.queue.iter().take(size).cloned().collect();
                }
            }
            self.filled.notified().await;
        }
    }

    /// Copies of up to `size` messages that are there.
    pub(crate) fn show_now(&self, size: usize) -> Vec<Arrived> {
        self.state().queue.iter().take(size).cloned().collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing in here panics between two changes that belong together.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
