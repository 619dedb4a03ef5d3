//! A connection that is read: messages to the inbox, pings both ways, and how it came to its end.

use std::{ops::ControlFlow, sync::Arc, task::Poll, time::Duration};

use bytes::Bytes;
use tokio::{
    sync::watch,
    time::{Instant, MissedTickBehavior, interval_at, timeout},
};
use tokio_tungstenite::tungstenite::{
    self, Message, Utf8Bytes,
    error::ProtocolError,
    protocol::{CloseFrame, frame::coding::CloseCode},
};

use crate::{
    burst::{Burst, MOST, MOST_BYTES},
    config::LinkOptions,
    inbox::{Inbox, Peer},
    socket::{FAREWELL, Received, Socket},
};

/// How a connection is kept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Habits {
    pub(crate) ping_interval: Duration,
    pub(crate) idle_timeout: Duration,
    /// Messages to pass over at the beginning.
    pub(crate) skip_first: u64,
}

impl Habits {
    pub(crate) fn new(link: &LinkOptions, skip_first: u64) -> Self {
        Self { ping_interval: link.ping_interval, idle_timeout: link.idle_timeout, skip_first }
    }
}

/// How a connection came to its end.
#[derive(Debug)]
pub(crate) enum Parting {
    /// The peer said that it has no more to say.
    Done,
    /// The peer closed it for another reason, or it was lost.
    Lost(String),
    /// The peer sent what cannot be read.
    Fault(tungstenite::Error),
    /// Nobody takes messages any more.
    Unwanted,
}

/// Reads until the end, or until the other half of `stop` is dropped; also says whether any message came.
pub(crate) async fn receive(
    socket: &mut Socket,
    inbox: &Inbox,
    peer: &Arc<Peer>,
    habits: Habits,
    stop: &mut watch::Receiver<()>,
) -> (Parting, bool) {
    let mut ticks = interval_at(Instant::now() + habits.ping_interval, habits.ping_interval);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut burst, mut heard, mut to_skip, mut any) = (Burst::default(), Instant::now(), habits.skip_first, false);
    loop {
        let first = tokio::select! {
            biased;
            // Before what a peer says that always says something.
            _ = stop.changed() => return (Parting::Unwanted, any),
            first = socket.next() => first,
            _ = ticks.tick() => {
                if heard.elapsed() >= habits.idle_timeout {
                    return (Parting::Lost(silence(heard.elapsed())), any);
                }
                match timeout(habits.idle_timeout, socket.send(Message::Ping(Bytes::new()))).await {
                    Ok(Ok(())) => {}
                    Ok(Err(e)) => return (parting(e), any),
                    Err(_) => return (Parting::Lost("it takes nothing any more".to_owned()), any),
                }
                continue;
            }
        };
        let mut hear = |message: Received| {
            match message {
                Some(Ok(Message::Text(text))) => pass_on(text.as_bytes(), inbox, peer, &mut burst, &mut to_skip),
                Some(Ok(Message::Binary(bytes))) => pass_on(&bytes, inbox, peer, &mut burst, &mut to_skip),
                Some(Ok(Message::Close(frame))) => return ControlFlow::Break(Some(said(frame))),
                // The library answers pings by itself.
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                Some(Err(e)) => return ControlFlow::Break(Some(parting(e))),
                None => return ControlFlow::Break(Some(Parting::Lost("the connection was closed".to_owned()))),
            }
            if burst.len() >= MOST || burst.num_bytes() >= MOST_BYTES {
                return ControlFlow::Break(None);
            }
            ControlFlow::Continue(())
        };
        let parted = match hear(first) {
            ControlFlow::Break(parted) => parted,
            ControlFlow::Continue(()) => loop {
                // Nothing more is there now.
                let Poll::Ready(message) = socket.next_now() else { break None };
                if let ControlFlow::Break(parted) = hear(message) {
                    break parted;
                }
            },
        };
        any |= !burst.is_empty();
        if !burst.is_empty() && !inbox.put(&mut burst).await {
            return (Parting::Unwanted, any);
        }
        // Waiting for room is none of the peer's silence.
        heard = Instant::now();
        if let Some(parted) = parted {
            socket.answer_farewell().await;
            return (parted, any);
        }
    }
}

fn pass_on(message: &[u8], inbox: &Inbox, peer: &Arc<Peer>, burst: &mut Burst, to_skip: &mut u64) {
    match to_skip {
        0 => inbox.gather(message, peer, burst),
        more => *more -= 1,
    }
}

pub(crate) fn silence(lasted: Duration) -> String {
    format!("nothing came, and no ping was answered, for {} s", lasted.as_secs())
}

/// What a peer that closes a connection means by it.
pub(crate) fn said(frame: Option<CloseFrame>) -> Parting {
    match frame {
        None => Parting::Done,
        Some(frame) if frame.code == CloseCode::Normal => Parting::Done,
        Some(frame) => Parting::Lost(format!("the peer closed it: {} {}", u16::from(frame.code), frame.reason)),
    }
}

/// What an error of the library means.
pub(crate) fn parting(error: tungstenite::Error) -> Parting {
    use tungstenite::Error;
    match error {
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake | ProtocolError::SendAfterClosing) => {
            Parting::Lost("the connection was lost".to_owned())
        }
        Error::Capacity(_) | Error::Utf8(_) | Error::Protocol(_) | Error::AttackAttempt => Parting::Fault(error),
        error => Parting::Lost(error.to_string()),
    }
}

/// Closes a connection with a reason that its peer can read, as far as it still listens.
pub(crate) async fn farewell(socket: &mut Socket, parting: &Parting) {
    let (code, reason) = match parting {
        Parting::Fault(tungstenite::Error::Capacity(_)) => (CloseCode::Size, "the message is too large"),
        Parting::Fault(tungstenite::Error::Utf8(_)) => (CloseCode::Invalid, "the text is no UTF-8"),
        Parting::Fault(_) => (CloseCode::Protocol, "this is no WebSocket's"),
        Parting::Done | Parting::Lost(_) | Parting::Unwanted => (CloseCode::Away, ""),
    };
    let frame = CloseFrame { code, reason: Utf8Bytes::from_static(reason) };
    // Whether it arrives is the peer's concern.
    let _ = timeout(FAREWELL, socket.close(Some(frame))).await;
}
