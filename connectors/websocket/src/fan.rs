//! A server that sends every row to all of its clients, none of which makes the others wait unless it is told to.

use std::{
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use laminar_schema::Measures;
use tokio::{sync::Notify, task::JoinSet, time::timeout};
use tokio_tungstenite::tungstenite::{
    Utf8Bytes,
    protocol::{CloseFrame, frame::coding::CloseCode},
};

use crate::{
    accept::{Acceptor, Arrival},
    config::WebSocketSinkConfig,
    counts::{SINK_CLIENTS, SINK_DISCONNECTED, SINK_DROPPED},
    outbox::{Outbox, Put},
    portion::{Portion, Portions},
    receive::Habits,
    send::{goodbye, send},
    words::OnSlow,
};

/// How long clients may take for what is left when all is written.
const FAREWELL: Duration = Duration::from_secs(5);

/// The clients of a listening sink.
pub(crate) struct Fan {
    config: Arc<WebSocketSinkConfig>,
    guests: Mutex<Guests>,
    /// Somebody came, or nobody can come any more.
    changed: Notify,
    pub(crate) measures: Measures,
}

#[derive(Default)]
struct Guests {
    outboxes: Vec<Arc<Outbox>>,
    /// The last rows, for those who come later.
    last: Portions,
    is_closed: bool,
}

impl Fan {
    /// Begins to let clients in.
    pub(crate) fn start(acceptor: Acceptor, config: Arc<WebSocketSinkConfig>) -> Arc<Self> {
        let measures = Measures::new();
        // Zeros are shown too: that nothing was dropped is worth knowing.
        for measure in [&SINK_CLIENTS, &SINK_DISCONNECTED, &SINK_DROPPED] {
            measures.set(measure, 0);
        }
        let fan = Arc::new(Self { config, guests: Mutex::default(), changed: Notify::new(), measures });
        tokio::spawn(serve(acceptor, Arc::clone(&fan)));
        fan
    }

    /// Waits until so many clients are there.
    pub(crate) async fn gather(&self, min: usize) {
        loop {
            let mut changed = pin!(self.changed.notified());
            changed.as_mut().enable();
            if self.guests().outboxes.len() >= min {
                return;
            }
            changed.await;
        }
    }

    /// Hands `rows` to every client.
    pub(crate) async fn write(&self, rows: &Portion) {
        let (on_slow, keep) = (self.config.sink.on_slow, self.config.sink.replay);
        let mut full = Vec::new();
        {
            // Rows go to clients and to what later ones get in one step, so that nobody gets a row twice or never.
            let mut guests = self.guests();
            guests.last.append(rows.last(keep));
            let too_many = guests.last.len().saturating_sub(keep);
            guests.last.pop(too_many);
            for outbox in &guests.outboxes {
                let mut rows = rows.clone();
                if !self.put(outbox, &mut rows, on_slow) {
                    full.push((Arc::clone(outbox), rows));
                }
            }
        }
        for (outbox, mut rows) in full {
            loop {
                outbox.room(rows.first_bytes()).await;
                if self.put(&outbox, &mut rows, on_slow) {
                    break;
                }
            }
        }
    }

    /// False where some rows are left, for which there is no room, and that is to be waited for.
    fn put(&self, outbox: &Outbox, rows: &mut Portion, on_slow: OnSlow) -> bool {
        match outbox.put(rows, on_slow) {
            Put::Full => return false,
            Put::Done { dropped: 0 } | Put::Over => {}
            // Counted here and not where its connection ends, which may be after the last look at the numbers.
            Put::TooSlow => self.measures.add(&SINK_DISCONNECTED, 1),
            Put::Done { dropped } => self.measures.add(&SINK_DROPPED, dropped),
        }
        true
    }

    /// Waits until every client that is waited for has everything.
    pub(crate) async fn flush(&self) {
        if self.config.sink.on_slow == OnSlow::Block {
            for outbox in self.outboxes() {
                outbox.flushed().await;
            }
        }
    }

    /// Forgets what was not sent.
    pub(crate) fn forget(&self) {
        self.outboxes().iter().for_each(|outbox| outbox.forget());
    }

    /// Lets nobody in any more, and waits for a while until clients have what is left.
    pub(crate) async fn close(&self) {
        let outboxes = self.shut();
        outboxes.iter().for_each(|outbox| outbox.close());
        let limit = if self.config.sink.on_slow == OnSlow::Block { self.config.link.idle_timeout } else { FAREWELL };
        let all = async {
            for outbox in &outboxes {
                outbox.ended().await;
            }
        };
        // Those that are too slow for it are cut off, as their policy would have it.
        if timeout(limit, all).await.is_err() {
            let left = outboxes.iter().filter(|outbox| !outbox.has_ended()).map(|outbox| outbox.num_left()).sum();
            self.measures.add(&SINK_DROPPED, left);
        }
    }

    /// Ends every connection.
    pub(crate) fn stop(&self) {
        self.shut().iter().for_each(|outbox| outbox.end(None));
    }

    fn shut(&self) -> Vec<Arc<Outbox>> {
        self.guests().is_closed = true;
        self.changed.notify_waiters();
        self.outboxes()
    }

    fn outboxes(&self) -> Vec<Arc<Outbox>> {
        self.guests().outboxes.clone()
    }

    /// Makes a buffer for a new client, with the last rows; `None` where nobody is let in any more.
    fn enter(&self) -> Option<Arc<Outbox>> {
        let outbox = Outbox::new(&self.config.sink, false);
        let mut guests = self.guests();
        if guests.is_closed {
            return None;
        }
        // What does not fit into a new buffer are its oldest rows.
        for rows in guests.last.iter() {
            outbox.put(&mut rows.clone(), OnSlow::DropOldest);
        }
        guests.outboxes.push(Arc::clone(&outbox));
        self.count(&guests);
        drop(guests);
        self.changed.notify_waiters();
        Some(outbox)
    }

    fn leave(&self, outbox: &Arc<Outbox>) {
        let mut guests = self.guests();
        guests.outboxes.retain(|other| !Arc::ptr_eq(other, outbox));
        self.count(&guests);
    }

    fn count(&self, guests: &Guests) {
        self.measures.set(&SINK_CLIENTS, u64::try_from(guests.outboxes.len()).unwrap_or(u64::MAX));
    }

    fn guests(&self) -> MutexGuard<'_, Guests> {
        self.guests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn serve(acceptor: Acceptor, fan: Arc<Fan>) {
    let mut clients = JoinSet::new();
    loop {
        let mut changed = pin!(fan.changed.notified());
        changed.as_mut().enable();
        if fan.guests().is_closed {
            break;
        }
        tokio::select! {
            arrival = acceptor.next() => drop(clients.spawn(serve_client(arrival, Arc::clone(&fan)))),
            Some(_) = clients.join_next(), if !clients.is_empty() => {}
            _ = changed => {}
        }
    }
    drop(acceptor);
    while clients.join_next().await.is_some() {}
}

async fn serve_client(arrival: Arrival, fan: Arc<Fan>) {
    let Some((mut socket, _permit)) = arrival.welcome().await else { return };
    let Some(outbox) = fan.enter() else { return };
    // It stops where its buffer has said that it is too slow.
    send(&mut socket, &outbox, Habits::new(&fan.config.link, 0), false).await;
    let is_slow = outbox.has_ended() && !fan.guests().is_closed;
    fan.leave(&outbox);
    let (code, reason) = match (outbox.is_done(), is_slow) {
        (true, _) => (CloseCode::Normal, ""),
        (false, true) => (CloseCode::Policy, "rows came faster than they were taken"),
        (false, false) => (CloseCode::Away, ""),
    };
    goodbye(&mut socket, Some(CloseFrame { code, reason: Utf8Bytes::from_static(reason) }), FAREWELL).await;
    outbox.end(None);
}
