//! A connection that is read: messages to the inbox, pings both ways, and how it came to its end.

use std::{future::ready, pin::pin, sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::{
    sync::watch,
    time::{Instant, Interval, MissedTickBehavior, interval_at, timeout},
};
use tokio_tungstenite::tungstenite::{
    self, Message, Utf8Bytes,
    error::ProtocolError,
    protocol::{CloseFrame, frame::coding::CloseCode},
};

use crate::{
    config::LinkOptions,
    desk::{Desk, Ended, Handed, LOOK},
    inbox::{Inbox, Peer},
    socket::{FAREWELL, Socket},
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

/// Reads until the end, or until the other half of `stop` is dropped. What a stream reads of it is handed to that one.
pub(crate) async fn receive(
    socket: Socket,
    desk: &Desk,
    inbox: &Inbox,
    peer: &Arc<Peer>,
    habits: Habits,
    stop: &mut watch::Receiver<()>,
) -> Option<Ended> {
    desk.open(socket, peer, habits.skip_first);
    let reason = attend(desk, inbox, habits, stop).await;
    let mut ended = desk.close(reason)?;
    ended.socket.answer_farewell().await;
    Some(ended)
}

/// Does what is to be done for a connection, beside what a stream reads by itself; yields why that is over, where its peer has not
/// said so.
pub(crate) async fn attend(
    desk: &Desk,
    inbox: &Inbox,
    habits: Habits,
    stop: &mut watch::Receiver<()>,
) -> Option<Parting> {
    let (mut pings, mut looks) = (every(habits.ping_interval), every(LOOK));
    // Nothing comes any more, or nothing can be sent. What is there is read all the same.
    let (mut lost, mut is_silent) = (None, false);
    loop {
        tokio::select! {
            biased;
            // Before what a peer says that always says something.
            _ = stop.changed() => return Some(Parting::Unwanted),
            () = desk.wanted(inbox) => {}
            () = ready(()), if lost.is_some() => return lost,
            () = desk.called() => continue,
            _ = looks.tick(), if desk.is_shared => {
                desk.look();
                continue;
            }
            _ = pings.tick() => {
                let lasted = desk.silence();
                is_silent = lasted >= habits.idle_timeout;
                lost = match is_silent {
                    true => Some(Parting::Lost(silence(lasted))),
                    false => match timeout(habits.idle_timeout, desk.send(Message::Ping(Bytes::new()))).await {
                        Ok(sent) => sent.err().map(parting),
                        Err(_) => Some(Parting::Lost("it takes nothing any more".to_owned())),
                    },
                };
                desk.claim(lost.is_some());
                continue;
            }
        }
        loop {
            // Before looking, so that no sign is missed between looking and waiting.
            let mut room = pin!(inbox.room());
            room.as_mut().enable();
            match desk.hand_over(inbox) {
                Handed::All if is_silent => {
                    (lost, is_silent) = (None, false);
                    desk.claim(false);
                    break;
                }
                Handed::All => break,
                Handed::Part => room.await,
                Handed::Last => return None,
                Handed::Unwanted => return Some(Parting::Unwanted),
            }
        }
    }
}

fn every(period: Duration) -> Interval {
    let mut ticks = interval_at(Instant::now() + period, period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
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
