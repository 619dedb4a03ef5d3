//! A connection that is read by whoever has nothing else to do: by the stream that waits for its messages, or by a task of the
//! connection's own, where the stream's user is at work for a notable part of the time.
//!
//! What one task hands to another wakes a thread, which costs as much as reading hundreds of small messages, and waits for an idle
//! processor: a stream that does little else reads for itself. One whose user works is better served by reading beside it. Whoever
//! reads appends to the same burst, and it goes on, to the inbox or to the stream, in the order it was read in, all of it under one
//! lock.

use std::{
    future::poll_fn,
    ops::ControlFlow,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    time::Duration,
};

use tokio::{sync::Notify, time::Instant};
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::{
    burst::{Burst, MOST, MOST_BYTES},
    inbox::{Inbox, Peer},
    receive::{Parting, parting, said},
    socket::{Received, Socket},
};

/// How often the task looks whether the stream still reads: it takes over after once or twice that. Until then the system keeps what
/// comes.
pub(crate) const LOOK: Duration = Duration::from_millis(100);
/// Of how many parts of the time a stream's user may be at work in one before its task reads, and in half of one before it stops.
const PARTS: u64 = 10;

/// Where a connection lies for both.
pub(crate) struct Desk {
    state: Mutex<State>,
    /// Whether there is a stream that reads this one; the task of one among many reads by itself.
    pub(crate) is_shared: bool,
    /// The task is to look again: it is its turn, or the connection has ended.
    task: Notify,
}

struct State {
    /// `None` between two connections.
    reading: Option<Reading>,
    /// Whether the task reads; otherwise the stream does, when it comes.
    is_tasks_turn: bool,
    /// The stream does not, though it comes.
    is_claimed: bool,
    /// Whether the stream has come since the task looked.
    has_come: bool,
}

/// A connection that is being read.
struct Reading {
    socket: Socket,
    peer: Arc<Peer>,
    /// What was read and not handed over.
    burst: Burst,
    /// Messages to pass over.
    to_skip: u64,
    /// When something came last.
    heard: Instant,
    /// Whether any message came.
    any: bool,
    parted: Option<Parting>,
    /// The task, while the system takes no more of what it writes.
    writer: Option<Waker>,
}

/// What became of what was read.
pub(crate) enum Handed {
    /// There is room for all of it.
    All,
    /// There is not, and the rest waits.
    Part,
    /// There is, and nothing comes behind it.
    Last,
    /// Nothing is taken any more.
    Unwanted,
}

/// A connection that has ended.
pub(crate) struct Ended {
    pub(crate) socket: Socket,
    pub(crate) parting: Parting,
    /// Whether any message came.
    pub(crate) any: bool,
}

impl Desk {
    pub(crate) fn new(is_shared: bool) -> Self {
        let state = State { reading: None, is_tasks_turn: true, is_claimed: false, has_come: false };
        Self { state: Mutex::new(state), is_shared, task: Notify::new() }
    }

    /// Puts a connection there, which its task reads until a stream comes.
    pub(crate) fn open(&self, socket: Socket, peer: &Arc<Peer>, to_skip: u64) {
        let mut state = self.state();
        (state.is_tasks_turn, state.is_claimed) = (true, false);
        state.reading = Some(Reading {
            socket,
            peer: Arc::clone(peer),
            burst: Burst::default(),
            to_skip,
            heard: Instant::now(),
            any: false,
            parted: None,
            writer: None,
        });
    }

    /// Takes the connection away, for that reason or for the one that its peer gave.
    pub(crate) fn close(&self, reason: Option<Parting>) -> Option<Ended> {
        let Reading { socket, any, parted, .. } = self.state().reading.take()?;
        Some(Ended { socket, parting: reason.or(parted).unwrap_or(Parting::Unwanted), any })
    }

    /// For the task: waits until there are messages to be put into the inbox, or the connection has ended. Reads where it is its turn.
    pub(crate) async fn wanted(&self, inbox: &Inbox) {
        poll_fn(|cx| {
            let mut state = self.state();
            let is_turn = state.is_tasks_turn;
            match &mut state.reading {
                Some(reading) if is_turn => reading.read(cx, inbox),
                Some(reading) if reading.parted.is_some() => Poll::Ready(()),
                _ => Poll::Pending,
            }
        })
        .await;
    }

    /// For the task: waits until it is to look again.
    pub(crate) async fn called(&self) {
        self.task.notified().await;
    }

    /// For the task, from time to time: it reads from now on where the stream was not there since the last time. One that waits is not
    /// there either: nothing comes, or whoever waits does not look, and what comes reaches it by the inbox.
    pub(crate) fn look(&self) {
        let mut state = self.state();
        state.is_tasks_turn |= !state.has_come;
        state.has_come = false;
    }

    /// For the task: whether it alone reads, all that is there.
    pub(crate) fn claim(&self, is_claimed: bool) {
        let mut state = self.state();
        state.is_tasks_turn |= is_claimed;
        state.is_claimed = is_claimed;
    }

    /// For the task: puts what was read into the inbox, as far as there is room.
    pub(crate) fn hand_over(&self, inbox: &Inbox) -> Handed {
        let mut state = self.state();
        let Some(reading) = &mut state.reading else { return Handed::Last };
        let goes_on = inbox.put(&mut reading.burst);
        // Waiting for room is none of the peer's silence.
        reading.heard = Instant::now();
        match (goes_on, reading.burst.is_empty()) {
            (false, _) => Handed::Unwanted,
            (true, false) => Handed::Part,
            (true, true) if reading.parted.is_some() => Handed::Last,
            (true, true) => Handed::All,
        }
    }

    /// How long nothing has come.
    pub(crate) fn silence(&self) -> Duration {
        self.state().reading.as_ref().map_or(Duration::ZERO, |reading| reading.heard.elapsed())
    }

    /// For the task: sends a message, and waits until the system has it.
    pub(crate) async fn send(&self, message: Message) -> Result<(), Error> {
        self.writing(Socket::poll_ready).await?;
        if let Some(reading) = &mut self.state().reading {
            reading.socket.write(message)?;
        }
        self.writing(Socket::poll_flush).await
    }

    async fn writing(
        &self,
        mut poll: impl FnMut(&mut Socket, &mut Context<'_>) -> Poll<Result<(), Error>>,
    ) -> Result<(), Error> {
        poll_fn(|cx| {
            let mut state = self.state();
            let Some(reading) = &mut state.reading else { return Poll::Ready(Ok(())) };
            let polled = poll(&mut reading.socket, cx);
            reading.writer = polled.is_pending().then(|| cx.waker().clone());
            polled
        })
        .await
    }

    /// For the stream, when nothing is in the inbox: reads, and yields what came. `None` where the inbox is to be looked into again.
    /// While this waits, the inbox must be able to wake it too.
    pub(crate) fn poll_read(&self, cx: &mut Context<'_>, inbox: &Inbox) -> Poll<Option<Burst>> {
        let mut state = self.state();
        if state.is_claimed {
            return Poll::Pending;
        }
        (state.is_tasks_turn, state.has_come) = (false, true);
        let Some(reading) = &mut state.reading else { return Poll::Pending };
        if reading.read(cx, inbox).is_pending() {
            return Poll::Pending;
        }
        if reading.parted.is_some() {
            self.task.notify_one();
        }
        if reading.burst.is_empty() {
            return Poll::Pending;
        }
        Poll::Ready(inbox.pass(&mut reading.burst))
    }

    /// For the stream: the task reads from now on, until it comes again.
    pub(crate) fn lend(&self) {
        self.state().is_tasks_turn = true;
        self.task.notify_one();
    }

    /// It is held while a burst is read, which both want to have read and none has anything else to do for. Whoever is woken meanwhile
    /// is polled later, and not within.
    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing in here panics between two changes that belong together.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How much of the time a stream's user is at work rather than waiting for messages, over the last few times it came.
#[derive(Default)]
pub(crate) struct Rhythm {
    /// When it came and when it left the last time.
    last: Option<(Instant, Instant)>,
    /// Nanoseconds, of which the last ones count most.
    at_work: u64,
    all: u64,
    /// Whether it is at work for a notable part of the time.
    pub(crate) is_busy: bool,
}

impl Rhythm {
    /// The user comes; yields when.
    pub(crate) fn come(&mut self) -> Instant {
        let now = Instant::now();
        if let Some((came, left)) = self.last {
            let nanoseconds = |since: Instant| u64::try_from((now - since).as_nanos()).unwrap_or(u64::MAX);
            self.count(nanoseconds(left), nanoseconds(came));
        }
        now
    }

    /// The user, who came then, leaves.
    pub(crate) fn leave(&mut self, came: Instant) {
        self.last = Some((came, Instant::now()));
    }

    fn count(&mut self, at_work: u64, all: u64) {
        let fade = |sum: u64, next: u64| (sum - sum / 8).saturating_add(next);
        (self.at_work, self.all) = (fade(self.at_work, at_work), fade(self.all, all));
        let parts = if self.is_busy { 2 * PARTS } else { PARTS };
        self.is_busy = self.at_work > self.all / parts;
    }
}

impl Reading {
    /// Reads what is there, up to a burst, unless some was read before; pending where there is neither a message nor the end.
    fn read(&mut self, cx: &mut Context<'_>, inbox: &Inbox) -> Poll<()> {
        if self.burst.is_empty() && self.parted.is_none() {
            let mut next = self.socket.poll_next(cx);
            if next.is_ready() {
                self.heard = Instant::now();
            }
            while let Poll::Ready(message) = next {
                if self.hear(message, inbox).is_break() {
                    break;
                }
                next = self.socket.next_now();
            }
            // Whoever reads may have written as well, and is the one who is woken when more can be.
            self.writer.take().into_iter().for_each(Waker::wake);
        }
        if self.burst.is_empty() && self.parted.is_none() { Poll::Pending } else { Poll::Ready(()) }
    }

    fn hear(&mut self, message: Received, inbox: &Inbox) -> ControlFlow<()> {
        match message {
            Some(Ok(Message::Text(text))) => self.keep(text.as_bytes(), inbox),
            Some(Ok(Message::Binary(bytes))) => self.keep(&bytes, inbox),
            Some(Ok(Message::Close(frame))) => self.parted = Some(said(frame)),
            // The library answers pings by itself.
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
            Some(Err(e)) => self.parted = Some(parting(e)),
            None => self.parted = Some(Parting::Lost("the connection was closed".to_owned())),
        }
        match self.parted.is_some() || self.burst.len() >= MOST || self.burst.num_bytes() >= MOST_BYTES {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }

    fn keep(&mut self, message: &[u8], inbox: &Inbox) {
        match &mut self.to_skip {
            0 => {
                self.any = true;
                inbox.gather(message, &self.peer, &mut self.burst);
            }
            more => *more -= 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_works_for_a_tenth_of_the_time_is_busy_until_it_is_half_of_that() {
        let mut rhythm = Rhythm::default();
        let mut after = |at_work, all| {
            (0..50).for_each(|_| rhythm.count(at_work, all));
            rhythm.is_busy
        };
        assert_eq!(
            [after(9, 100), after(11, 100), after(6, 100), after(4, 100), after(9, 100)],
            [false, true, true, false, false]
        );
        assert!(after(u64::MAX, u64::MAX));
    }
}
