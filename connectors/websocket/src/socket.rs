//! A WebSocket that one task at a time reads and writes.
//!
//! The library's own asynchronous half lets one task read and another one write: for each message it stores the task to be woken in two
//! cells that both could touch, which is a fifth of what a message of 100 B takes a loop that only reads. Here that task is compared
//! once for each turn. What is said and understood is the library's.
//!
//! A source's stream may read what its task writes pings to. Below, readiness to read and to write each keep a task of their own; one that
//! reads may write what the library has to say, and then it, and not the other, is woken when more can be written (`desk.rs`).

use std::{
    future::poll_fn,
    io,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{
    Error, Message, WebSocket,
    protocol::{CloseFrame, Role, WebSocketConfig},
};

use crate::line::Line;

/// How long a farewell may take.
pub(crate) const FAREWELL: Duration = Duration::from_secs(1);

/// What comes: a message, what is wrong, or the end.
pub(crate) type Received = Option<Result<Message, Error>>;

/// A connection behind its handshake. Reading and writing each belong to the task that polled it last.
pub(crate) struct Socket {
    inner: WebSocket<Line>,
    /// Nothing more can be read.
    has_ended: bool,
    /// The peer has said farewell.
    is_left: bool,
    /// The system took no more, and what was written since waits behind it.
    is_stuck: bool,
}

impl Socket {
    pub(crate) fn new(line: Line, role: Role, limits: WebSocketConfig) -> Self {
        let inner = WebSocket::from_raw_socket(line, role, Some(limits));
        Self { inner, has_ended: false, is_left: false, is_stuck: false }
    }

    /// The next message; `None` where the connection has ended.
    pub(crate) async fn next(&mut self) -> Received {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Received> {
        self.inner.get_mut().wake(cx);
        self.next_now()
    }

    /// The next message if it is there. Otherwise whoever polled last is woken when it is.
    pub(crate) fn next_now(&mut self) -> Poll<Received> {
        if self.has_ended {
            return Poll::Ready(None);
        }
        let read = ready!(unless_blocked(self.inner.read()));
        self.has_ended = read.is_err();
        self.is_left |= matches!(read, Ok(Message::Close(_)));
        Poll::Ready(match read {
            Err(Error::AlreadyClosed | Error::ConnectionClosed) => None,
            read => Some(read),
        })
    }

    /// Waits until a message may be written.
    pub(crate) fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.get_mut().wake(cx);
        if self.is_stuck { self.poll_flush(cx) } else { Poll::Ready(Ok(())) }
    }

    /// Writes a message behind [`poll_ready`](Self::poll_ready), as far as a buffer that is to be flushed.
    pub(crate) fn write(&mut self, message: Message) -> Result<(), Error> {
        // It was taken over where the system takes no more, too.
        match unless_blocked(self.inner.write(message)) {
            Poll::Ready(written) => written,
            Poll::Pending => {
                self.is_stuck = true;
                Ok(())
            }
        }
    }

    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.get_mut().wake(cx);
        let flushed = ready!(unless_blocked(self.inner.flush()));
        self.is_stuck = false;
        Poll::Ready(match flushed {
            // Everything was written before it was closed.
            Err(Error::ConnectionClosed) => Ok(()),
            flushed => flushed,
        })
    }

    pub(crate) async fn flush(&mut self) -> Result<(), Error> {
        poll_fn(|cx| self.poll_flush(cx)).await
    }

    /// Writes a message, and waits until the system has it.
    pub(crate) async fn send(&mut self, message: Message) -> Result<(), Error> {
        poll_fn(|cx| self.poll_ready(cx)).await?;
        self.write(message)?;
        self.flush().await
    }

    /// Sends the answer to a peer's farewell, which the library has ready and for which the peer waits.
    pub(crate) async fn answer_farewell(&mut self) {
        if self.is_left {
            // Whether it arrives is the peer's concern.
            let _ = timeout(FAREWELL, self.flush()).await;
        }
    }

    /// Says farewell.
    pub(crate) async fn close(&mut self, frame: Option<CloseFrame>) -> Result<(), Error> {
        self.send(Message::Close(frame)).await
    }
}

fn unless_blocked<T>(done: Result<T, Error>) -> Poll<Result<T, Error>> {
    match done {
        Err(Error::Io(e)) if e.kind() == io::ErrorKind::WouldBlock => Poll::Pending,
        done => Poll::Ready(done),
    }
}
