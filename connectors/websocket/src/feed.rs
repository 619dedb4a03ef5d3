//! The connections of a source, at work in tasks of their own: one as a client, any number as a server.

use std::{collections::VecDeque, future::poll_fn, pin::pin, sync::Arc, task::Poll};

use laminar_schema::SchemaResult;
use tokio::{sync::watch, task::JoinSet, time::Instant};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use crate::{
    accept::{Acceptor, Arrival},
    burst::Burst,
    config::WebSocketSourceConfig,
    counts::{CLIENTS, FAULTS, RECONNECTS},
    desk::{Desk, Ended, Rhythm},
    dial::{Dialer, Outage},
    error::{WebSocketFault, lasting},
    inbox::{End, Inbox, Peer},
    place::{Place, Target},
    receive::{Habits, Parting, farewell, receive},
    socket::Socket,
    words::OnFault,
};

/// What brings messages. Dropped, it closes its connections.
pub(crate) struct Feed {
    pub(crate) inbox: Arc<Inbox>,
    /// The server, where there is only one; its records go on being numbered over connections.
    pub(crate) server: Option<Arc<Peer>>,
    /// The connection to it, which may be read here, and when that is of use.
    desk: Option<Arc<Desk>>,
    rhythm: Rhythm,
    /// Tasks end when it is dropped.
    _stop: watch::Sender<()>,
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.inbox.end(End::Closed);
    }
}

impl Feed {
    /// Connects, or listens.
    ///
    /// # Errors
    /// A server that cannot be reached in time or that does not let us in; an address that is taken; a wrong certificate.
    pub(crate) async fn start(config: &Arc<WebSocketSourceConfig>, place: &Place) -> SchemaResult<Self> {
        match place {
            Place::Client(target) => Self::connect(config, target).await,
            Place::Server(address) => Self::listen(config, address, place.about(&config.link).into()).await,
        }
    }

    async fn connect(config: &Arc<WebSocketSourceConfig>, target: &Target) -> SchemaResult<Self> {
        let dialer = Dialer::new(target.clone(), &config.link, limits(config), config.source.subscribe.as_deref());
        let dialer = dialer.map_err(|fault| fault.during("connect"))?;
        let socket = dialer.first().await.map_err(|fault| fault.during("connect"))?;
        let inbox = Inbox::new(&config.source, dialer.about().into(), false);
        let (peer, desk) = (Peer::new(dialer.about().to_owned()), Arc::new(Desk::new(true)));
        let (sender, stop) = watch::channel(());
        let ways = (Arc::clone(&desk), Arc::clone(&inbox), Arc::clone(&peer));
        tokio::spawn(read_on(dialer, socket, ways, Arc::clone(config), stop));
        Ok(Self { inbox, server: Some(peer), desk: Some(desk), rhythm: Rhythm::default(), _stop: sender })
    }

    async fn listen(config: &Arc<WebSocketSourceConfig>, address: &str, about: Arc<str>) -> SchemaResult<Self> {
        let acceptor = Acceptor::bind(address, &config.link, limits(config)).await;
        let acceptor = acceptor.map_err(|fault| fault.during("listen"))?;
        let inbox = Inbox::new(&config.source, about, true);
        let (sender, stop) = watch::channel(());
        tokio::spawn(serve(acceptor, Arc::clone(&inbox), Arc::clone(config), stop));
        Ok(Self { inbox, server: None, desk: None, rhythm: Rhythm::default(), _stop: sender })
    }

    /// As [`Inbox::take`], and waits until there are messages; reads them itself where its user does little but wait. It may be given up
    /// at any time.
    ///
    /// # Errors
    /// As there.
    pub(crate) async fn take(&mut self, taken: &mut VecDeque<Burst>) -> Result<bool, WebSocketFault> {
        let was_busy = self.rhythm.is_busy;
        let came = self.rhythm.come();
        let is_busy = self.rhythm.is_busy;
        if let Some(desk) = self.desk.as_deref().filter(|_| is_busy && !was_busy) {
            desk.lend();
        }
        let desk = self.desk.as_deref().filter(|_| !is_busy);
        let _visit = Visit { came, rhythm: &mut self.rhythm };
        loop {
            if let Some(taken) = self.inbox.take(taken) {
                return taken;
            }
            let mut filled = pin!(self.inbox.filled());
            let read = poll_fn(|cx| match (filled.as_mut().poll(cx), desk) {
                (Poll::Ready(()), _) => Poll::Ready(None),
                (Poll::Pending, Some(desk)) => desk.poll_read(cx, &self.inbox),
                (Poll::Pending, None) => Poll::Pending,
            });
            if let Some(burst) = read.await {
                taken.push_back(burst);
                return Ok(true);
            }
        }
    }
}

/// A user of the stream who waits for messages, and leaves with this.
struct Visit<'a> {
    came: Instant,
    rhythm: &'a mut Rhythm,
}

impl Drop for Visit<'_> {
    fn drop(&mut self) {
        self.rhythm.leave(self.came);
    }
}

/// Bytes of answers to pings that wait for a peer that does not read, at most; the library leaves out older ones for the last.
const MAX_UNSENT_BYTES: usize = 1 << 20;

fn limits(config: &WebSocketSourceConfig) -> WebSocketConfig {
    let (message, frame) = (config.source.max_message_bytes, config.source.max_frame_bytes);
    let unsent = MAX_UNSENT_BYTES + config.source.subscribe.as_ref().map_or(0, String::len);
    let limits = WebSocketConfig::default().max_message_size(Some(message)).max_frame_size(Some(frame));
    limits.max_write_buffer_size(unsent)
}

/// Reads a server, connecting again where a connection is lost.
async fn read_on(
    dialer: Dialer,
    mut socket: Socket,
    (desk, inbox, peer): (Arc<Desk>, Arc<Inbox>, Arc<Peer>),
    config: Arc<WebSocketSourceConfig>,
    mut stop: watch::Receiver<()>,
) {
    let (habits, mut outage) = (Habits::new(&config.link, config.source.skip_first), Outage::default());
    loop {
        let Some(ended) = receive(socket, &desk, &inbox, &peer, habits, &mut stop).await else { return };
        let Ended { socket: mut ending, parting, any } = ended;
        if any {
            outage = Outage::default();
        }
        outage.since.get_or_insert_with(Instant::now);
        let reason = match parting {
            Parting::Done if config.source.end.is_some() => return inbox.end(End::Closed),
            Parting::Done => "the server closed the connection".to_owned(),
            Parting::Lost(reason) => reason,
            Parting::Unwanted => return farewell(&mut ending, &parting).await,
            Parting::Fault(_) => {
                inbox.measures.add(&FAULTS, 1);
                farewell(&mut ending, &parting).await;
                let Parting::Fault(error) = parting else { return };
                if config.source.on_fault == OnFault::Fail {
                    let reason =
                        format!("{error}; see `max_message_bytes`, `max_frame_bytes` and on_fault = 'reconnect'");
                    return inbox.end(End::Failed(lasting(dialer.about(), reason)));
                }
                error.to_string()
            }
        };
        drop(ending);
        let again = tokio::select! {
            again = dialer.again(&mut outage, reason) => again,
            _ = stop.changed() => return,
        };
        match again {
            Ok(connected) => socket = connected,
            Err(fault) => return inbox.end(End::Failed(fault)),
        }
        inbox.measures.add(&RECONNECTS, 1);
    }
}

/// Reads every client that comes.
async fn serve(
    acceptor: Acceptor,
    inbox: Arc<Inbox>,
    config: Arc<WebSocketSourceConfig>,
    mut stop: watch::Receiver<()>,
) {
    let habits = Habits::new(&config.link, config.source.skip_first);
    let mut clients = JoinSet::new();
    loop {
        inbox.measures.set(&CLIENTS, u64::try_from(clients.len()).unwrap_or(u64::MAX));
        tokio::select! {
            arrival = acceptor.next() => {
                clients.spawn(read_client(arrival, Arc::clone(&inbox), habits, stop.clone()));
            }
            Some(_) = clients.join_next(), if !clients.is_empty() => {}
            _ = stop.changed() => break,
        }
    }
    // Nobody can come any more, and those that are there are told so.
    drop(acceptor);
    while clients.join_next().await.is_some() {}
}

async fn read_client(arrival: Arrival, inbox: Arc<Inbox>, habits: Habits, mut stop: watch::Receiver<()>) {
    let peer = Peer::new(arrival.from.to_string());
    let Some((socket, _permit)) = arrival.welcome().await else { return };
    let desk = Desk::new(false);
    let ended = receive(socket, &desk, &inbox, &peer, habits, &mut stop).await;
    let Some(Ended { mut socket, parting, .. }) = ended else { return };
    if matches!(parting, Parting::Fault(_)) {
        inbox.measures.add(&FAULTS, 1);
    }
    farewell(&mut socket, &parting).await;
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::{SinkExt, StreamExt};
    use laminar_formats::AnyDecoder;
    use laminar_schema::{ConnectorConfig, FormatSpec, Options, RecordStream, Source, SourceBatch};
    use tokio::{
        net::{TcpListener, TcpStream},
        time::{sleep, timeout},
    };
    use tokio_tungstenite::{WebSocketStream, accept_async, tungstenite::Message};

    use super::*;
    use crate::source::WebSocketSource;

    /// A server that sends so many numbers and closes, and the configuration of its only client.
    async fn server(numbers: usize) -> Arc<WebSocketSourceConfig> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("ws://{}/", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let mut socket = accept_async(listener.accept().await.unwrap().0).await.unwrap();
            for number in 0..numbers {
                socket.feed(Message::text(number.to_string())).await.unwrap();
                if number % 97 == 0 {
                    socket.flush().await.unwrap();
                    tokio::task::yield_now().await;
                }
            }
            socket.close(None).await.unwrap();
            while socket.next().await.is_some() {}
        });
        let options = Options::from_pairs([("url", url.as_str()), ("end", "close")]);
        Arc::new(WebSocketSourceConfig::from_options(&options).unwrap())
    }

    fn values(bursts: &VecDeque<Burst>) -> Vec<String> {
        let text = |value: &[u8]| String::from_utf8(value.to_vec()).unwrap();
        bursts.iter().flat_map(Burst::iter).filter_map(|record| Some(text(record.value()?))).collect()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn every_message_comes_once_and_in_order_whoever_reads_it() {
        const NUMBERS: usize = 50_000;
        let config = WebSocketSourceConfig::clone(&*server(NUMBERS).await);
        let source: WebSocketSource<AnyDecoder> = WebSocketSource::new(config, &FormatSpec::new("raw")).unwrap();
        let (mut stream, mut batch, mut seen) = (source.start(None).await.unwrap(), SourceBatch::new(), 0);
        for round in 0.. {
            batch.clear();
            // Some are given up while they wait.
            let limit = Duration::from_millis(if round % 3 == 0 { 0 } else { 10_000 });
            let read = timeout(limit, stream.next(&mut batch, 700)).await.map(Result::unwrap);
            if read == Ok(0) {
                break;
            }
            for record in batch.raw_mut().iter() {
                assert_eq!(record.value(), Some(seen.to_string().as_bytes()));
                assert_eq!(record.offset(), Some(seen));
                seen += 1;
            }
            // At work: not worth waking the task for, worth it, and for so long that it comes by itself.
            match round % 20 {
                5..15 => {
                    let since = Instant::now();
                    while since.elapsed() < Duration::from_micros(500) {}
                }
                19 => sleep(Duration::from_millis(120)).await,
                _ => {}
            }
        }
        assert_eq!(seen, NUMBERS as u64);
    }

    #[tokio::test]
    async fn a_stream_that_waits_reads_by_itself_and_the_task_where_it_stays_away() {
        let config = server(6).await;
        let Place::Client(target) = Place::of(&config.link).unwrap() else { panic!("it is a client") };
        let dialer = Dialer::new(target, &config.link, limits(&config), None).unwrap();
        let (socket, peer) = (dialer.first().await.unwrap(), Peer::new(String::new()));
        let (desk, inbox) = (Arc::new(Desk::new(true)), Inbox::new(&config.source, "".into(), false));
        let (_stop, mut stopped) = watch::channel(());
        let mut feed = Feed { inbox, server: None, desk: Some(Arc::clone(&desk)), rhythm: Rhythm::default(), _stop };
        let mut taken = VecDeque::new();
        // There is no task yet.
        desk.open(socket, &peer, 1);
        while taken.is_empty() {
            assert!(feed.take(&mut taken).await.unwrap());
        }
        assert_eq!(values(&taken)[0], "1");
        let habits = Habits::new(&config.link, 0);
        let parted = crate::receive::attend(&desk, &feed.inbox, habits, &mut stopped).await;
        let last = values(&taken).pop().unwrap().parse::<usize>().unwrap();
        let shown: Vec<_> = feed.inbox.show_now(9).into_iter().map(|(value, _)| value).collect();
        assert_eq!(shown, (last + 1..6).map(|number| number.to_string().into_bytes()).collect::<Vec<_>>());
        assert!(matches!(desk.close(parted).unwrap().parting, Parting::Done));
    }

    #[tokio::test]
    async fn nothing_passes_by_what_waits() {
        let (config, peer) = (server(0).await, Peer::new(String::new()));
        let inbox = Inbox::new(&config.source, "".into(), false);
        let (mut first, mut second, mut taken) = (Burst::default(), Burst::default(), VecDeque::new());
        inbox.gather(b"a", &peer, &mut first);
        inbox.gather(b"b", &peer, &mut first);
        inbox.gather(b"c", &peer, &mut second);
        assert!(inbox.put(&mut first) && inbox.pass(&mut second).is_none());
        assert!(inbox.take(&mut taken).unwrap().unwrap());
        assert_eq!((values(&taken), second.len()), (vec!["a".to_owned(), "b".to_owned()], 1));
        let passed = inbox.pass(&mut second).unwrap();
        assert_eq!(passed.iter().map(|record| record.offset()).collect::<Vec<_>>(), [Some(2)]);
        assert!(second.is_empty() && inbox.take(&mut taken).is_none());
    }
    /// A stream of a server that does what `serve` does with its only client; it pings so often, and is idle for so long.
    async fn stream_of<F>(
        serve: impl FnOnce(WebSocketStream<TcpStream>) -> F + Send + 'static,
        ping_interval: &str,
        idle_timeout: &str,
    ) -> crate::stream::WebSocketStream
    where
        F: Future<Output = ()> + Send,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("ws://{}/", listener.local_addr().unwrap());
        tokio::spawn(async move { serve(accept_async(listener.accept().await.unwrap().0).await.unwrap()).await });
        let pairs = [("url", &*url), ("ping_interval", ping_interval), ("idle_timeout", idle_timeout)];
        let config = WebSocketSourceConfig::from_options(&Options::from_pairs(pairs)).unwrap();
        let source: WebSocketSource<AnyDecoder> = WebSocketSource::new(config, &FormatSpec::new("raw")).unwrap();
        source.start(None).await.unwrap()
    }

    async fn next(stream: &mut crate::stream::WebSocketStream) -> Vec<String> {
        let mut batch = SourceBatch::new();
        timeout(Duration::from_secs(20), stream.next(&mut batch, 700)).await.unwrap().unwrap();
        let text = |value: &[u8]| String::from_utf8(value.to_vec()).unwrap();
        batch.raw_mut().iter().filter_map(|record| record.value().map(text)).collect()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_came_before_a_ping_that_fails_is_not_lost() {
        let serve = |mut socket: WebSocketStream<TcpStream>| async move {
            socket.get_ref().set_nodelay(true).unwrap();
            // The stream waits, and reads by itself.
            sleep(Duration::from_millis(50)).await;
            socket.send(Message::text("0")).await.unwrap();
            sleep(Duration::from_millis(15)).await;
            socket.send(Message::text("1")).await.unwrap();
            socket.send(Message::text("2")).await.unwrap();
            // It goes without a word, and the next ping fails.
            socket.get_ref().set_zero_linger().unwrap();
        };
        for _ in 0..5 {
            let mut stream = stream_of(serve, "10ms", "10s").await;
            assert_eq!(next(&mut stream).await, ["0"]);
            // Nobody reads: the task does once it has looked twice.
            sleep(Duration::from_millis(60)).await;
            let mut rest = next(&mut stream).await;
            if rest.len() < 2 {
                rest.extend(next(&mut stream).await);
            }
            assert_eq!(rest, ["1", "2"]);
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_connection_that_nobody_looks_at_is_kept() {
        let serve = |mut socket: WebSocketStream<TcpStream>| async move {
            socket.send(Message::text("0")).await.unwrap();
            // Pings are answered only where they are read.
            let read = async { while socket.next().await.is_some_and(|message| message.is_ok()) {} };
            let _ = timeout(Duration::from_secs(1), read).await;
            // It fails where the connection was given up.
            let sent = socket.send(Message::text("still there")).await;
            sent.unwrap();
            sleep(Duration::from_secs(10)).await;
        };
        let mut stream = stream_of(serve, "50ms", "300ms").await;
        assert_eq!(next(&mut stream).await, ["0"]);
        let mut batch = SourceBatch::new();
        {
            let mut waiting = pin!(stream.next(&mut batch, 700));
            // It waits once, and is not polled again while the user does something else.
            assert!(poll_fn(|cx| Poll::Ready(waiting.as_mut().poll(cx))).await.is_pending());
            sleep(Duration::from_millis(700)).await;
        }
        assert_eq!(next(&mut stream).await, ["still there"]);
    }
}
