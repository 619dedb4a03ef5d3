//! A connection that is written: rows from an outbox, pings that tell what has arrived, and how it came to its end.

use std::{
    collections::VecDeque,
    future::poll_fn,
    sync::Mutex,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use tokio::time::{Instant, MissedTickBehavior, interval_at};
use tokio_tungstenite::tungstenite::{self, Message, protocol::CloseFrame};

use crate::{
    outbox::Outbox,
    portion::Portion,
    receive::{Habits, Parting, parting, said, silence},
    socket::Socket,
};

/// Rows that are handed to the connection before it is flushed, at most.
const BURST: usize = 1024;

/// Messages of the peer that are heard before rows are sent on.
const MOST_HEARD: usize = 32;

/// What those who write, read and watch a connection know of each other.
struct Shared {
    state: Mutex<Pinged>,
}

struct Pinged {
    /// The ping that is out: how many rows were sent before it.
    out: Option<usize>,
    /// Told apart from older ones by its number.
    number: u64,
    heard: Instant,
}

/// Sends what the outbox has until it is closed and everything counts as written, or until the connection ends.
pub(crate) async fn send(socket: &mut Socket, outbox: &Outbox, habits: Habits, acknowledge: bool) -> Parting {
    let shared = Shared { state: Mutex::new(Pinged { out: None, number: 0, heard: Instant::now() }) };
    let parting = tokio::select! {
        parting = talk(socket, outbox, &shared, acknowledge) => parting,
        parting = watch(&shared, outbox, habits) => parting,
        () = outbox.ended() => Parting::Unwanted,
    };
    socket.answer_farewell().await;
    parting
}

/// Closes a connection that has sent everything, and waits for the answer.
pub(crate) async fn goodbye(socket: &mut Socket, frame: Option<CloseFrame>, limit: Duration) {
    // Whether the peer answers is its own concern.
    let _ = tokio::time::timeout(limit, async {
        if socket.close(frame).await.is_ok() {
            while let Some(Ok(_)) = socket.next().await {}
        }
    })
    .await;
}

/// Writes and reads. Reading goes on while writing waits: a peer that sends more than it reads cannot make each side wait for the other.
async fn talk(socket: &mut Socket, outbox: &Outbox, shared: &Shared, acknowledge: bool) -> Parting {
    let mut burst = Burst::default();
    loop {
        if outbox.is_done() {
            return Parting::Done;
        }
        outbox.take(&mut burst.portions, BURST);
        let ping = shared.next_ping(outbox.num_sent(), acknowledge);
        burst.ping = ping.map(|number| Message::Ping(Bytes::copy_from_slice(&number.to_be_bytes())));
        if !burst.is_empty() {
            let sent = poll_fn(|cx| {
                let mut num_heard = 0;
                while let Poll::Ready(message) = socket.poll_next(cx) {
                    if let Some(parting) = hear(message, outbox, shared, acknowledge) {
                        return Poll::Ready(Err(parting));
                    }
                    num_heard += 1;
                    if num_heard == MOST_HEARD {
                        // Writing has its turn, however much the peer says.
                        cx.waker().wake_by_ref();
                        break;
                    }
                }
                ready!(burst.poll_send(socket, cx)).map_err(parting)?;
                socket.poll_flush(cx).map_err(parting)
            });
            if let Err(parting) = sent.await {
                return parting;
            }
            if !acknowledge {
                outbox.release(0);
            }
            continue;
        }
        tokio::select! {
            () = outbox.filled.notified() => {}
            message = socket.next() => {
                if let Some(parting) = hear(message, outbox, shared, acknowledge) {
                    return parting;
                }
            }
        }
    }
}

/// What is handed to the connection before it is flushed: rows, and a ping behind them.
#[derive(Default)]
struct Burst {
    portions: VecDeque<Portion>,
    /// Rows of the first portion that are sent.
    num_sent: usize,
    ping: Option<Message>,
}

impl Burst {
    fn is_empty(&self) -> bool {
        self.portions.is_empty() && self.ping.is_none()
    }

    /// Hands everything to the connection, which may ask to wait in between.
    fn poll_send(&mut self, socket: &mut Socket, cx: &mut Context<'_>) -> Poll<Result<(), tungstenite::Error>> {
        while let Some(first) = self.portions.front() {
            while self.num_sent < first.len() {
                ready!(socket.poll_ready(cx))?;
                socket.write(first.message(self.num_sent))?;
                self.num_sent += 1;
            }
            self.portions.pop_front();
            self.num_sent = 0;
        }
        if self.ping.is_some() {
            ready!(socket.poll_ready(cx))?;
        }
        self.ping.take().map_or(Poll::Ready(Ok(())), |ping| Poll::Ready(socket.write(ping)))
    }
}

/// What a peer says; yields how the connection has ended, where it has.
fn hear(
    message: Option<Result<Message, tungstenite::Error>>,
    outbox: &Outbox,
    shared: &Shared,
    acknowledge: bool,
) -> Option<Parting> {
    match message {
        Some(Ok(Message::Pong(payload))) => {
            let arrived = shared.answered(&payload);
            if let Some(arrived) = arrived.filter(|_| acknowledge) {
                outbox.release(arrived);
            }
            // More may have been sent since, and wants a ping of its own.
            outbox.filled.notify_one();
            None
        }
        Some(Ok(Message::Close(frame))) => Some(said(frame)),
        // What else a peer says is not asked for; the library answers its pings.
        Some(Ok(_)) => {
            shared.hear();
            None
        }
        Some(Err(e)) => Some(parting(e)),
        None => Some(Parting::Lost("the connection was closed".to_owned())),
    }
}

/// Sees that the peer is still there, also while nothing is to be sent.
async fn watch(shared: &Shared, outbox: &Outbox, habits: Habits) -> Parting {
    let mut ticks = interval_at(Instant::now() + habits.ping_interval, habits.ping_interval);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let silent = shared.silent();
        if silent >= habits.idle_timeout {
            return Parting::Lost(silence(silent));
        }
        shared.want_ping();
        outbox.filled.notify_one();
    }
}

impl Shared {
    fn pinged(&self) -> std::sync::MutexGuard<'_, Pinged> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// The number of the ping to send now, if one is due: behind rows that want an answer, where none is out.
    fn next_ping(&self, num_sent: usize, acknowledge: bool) -> Option<u64> {
        let mut pinged = self.pinged();
        let is_due = match pinged.out {
            Some(WANTED) => true,
            Some(_) => false,
            None => acknowledge && num_sent > 0,
        };
        is_due.then(|| {
            pinged.out = Some(num_sent);
            pinged.number += 1;
            pinged.number
        })
    }

    /// How many rows had been sent before the ping that `payload` answers.
    fn answered(&self, payload: &[u8]) -> Option<usize> {
        let mut pinged = self.pinged();
        pinged.heard = Instant::now();
        let is_ours = payload == pinged.number.to_be_bytes();
        pinged.out.take_if(|rows| is_ours && *rows != WANTED)
    }

    fn hear(&self) {
        self.pinged().heard = Instant::now();
    }

    fn silent(&self) -> Duration {
        self.pinged().heard.elapsed()
    }

    /// Has a ping sent, unless one is out.
    fn want_ping(&self) {
        self.pinged().out.get_or_insert(WANTED);
    }
}

/// In place of a number of rows: a ping is wanted and not sent yet.
const WANTED: usize = usize::MAX;
