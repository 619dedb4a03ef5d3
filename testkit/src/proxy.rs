//! A proxy between a client and its server that misbehaves when it is told to.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    task::JoinHandle,
    time::sleep,
};

/// Forwards connections to a server, and injects faults into them.
///
/// What it forwards comes in pieces whose sizes follow from a seed, so that nothing can rely on a message arriving whole.
/// Faults last until they are taken back. It ends when it is dropped, and every connection with it.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    upstream: SocketAddr,
    refuses: AtomicBool,
    holds: AtomicBool,
    delay_micros: AtomicU64,
    to_client: AtomicU64,
    connections: AtomicU64,
    /// Bytes that still go to clients before everything is cut; no limit while it is the largest number.
    remaining: AtomicU64,
    random: Mutex<u64>,
    /// Number of cuts so far: a connection ends when it changes.
    cuts: watch::Sender<u64>,
}

impl Proxy {
    /// Listens on the loopback interface, and forwards to `upstream`. The same seed gives the same sizes of pieces.
    ///
    /// # Errors
    /// When nothing can be listened on.
    pub async fn start(upstream: SocketAddr, seed: u64) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            upstream,
            refuses: AtomicBool::new(false),
            holds: AtomicBool::new(false),
            delay_micros: AtomicU64::new(0),
            to_client: AtomicU64::new(0),
            connections: AtomicU64::new(0),
            remaining: AtomicU64::new(u64::MAX),
            random: Mutex::new(seed | 1),
            cuts: watch::Sender::new(0),
        });
        let accepting = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Ok(Self { address, shared, accepting })
    }

    /// Where clients connect to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Cuts every connection that there is; new ones are taken.
    pub fn cut(&self) {
        self.shared.cut();
    }

    /// Whether new connections are closed at once, as by a server that is down.
    pub fn refuse(&self, refuses: bool) {
        self.shared.refuses.store(refuses, Relaxed);
    }

    /// Whether connections stay open while nothing passes, as behind a dead router.
    pub fn black_hole(&self, holds: bool) {
        self.shared.holds.store(holds, Relaxed);
    }

    /// How long each piece waits.
    pub fn delay(&self, delay: Duration) {
        self.shared.delay_micros.store(u64::try_from(delay.as_micros()).unwrap_or(u64::MAX), Relaxed);
    }

    /// Lets so many more bytes through to clients and then cuts every connection, wherever in a message that is. Once.
    pub fn truncate_after(&self, bytes: u64) {
        self.shared.remaining.store(bytes, Relaxed);
    }

    /// Bytes that went to clients so far.
    pub fn bytes_to_clients(&self) -> u64 {
        self.shared.to_client.load(Relaxed)
    }

    /// Connections that were taken so far.
    pub fn connections(&self) -> u64 {
        self.shared.connections.load(Relaxed)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
        self.cut();
    }
}

impl Shared {
    fn cut(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }

    fn random(&self) -> MutexGuard<'_, u64> {
        // A number is whole at any time.
        self.random.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The size of the next piece: mostly large ones, and small ones often enough.
    fn piece(&self) -> usize {
        let mut state = self.random();
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        if (*state).is_multiple_of(8) {
            1 + (*state >> 8) as usize % 64
        } else {
            1024 + (*state >> 8) as usize % 16_384
        }
    }

    /// How many of `bytes` may still go to a client.
    fn allowed(&self, bytes: usize) -> usize {
        let remaining = self.remaining.load(Relaxed);
        if remaining == u64::MAX {
            return bytes;
        }
        let allowed = usize::try_from(remaining).unwrap_or(usize::MAX).min(bytes);
        self.remaining.store(remaining - allowed as u64, Relaxed);
        allowed
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((client, _)) = listener.accept().await {
        if shared.refuses.load(Relaxed) {
            continue;
        }
        shared.connections.fetch_add(1, Relaxed);
        let cuts = *shared.cuts.borrow();
        tokio::spawn(connect(client, Arc::clone(&shared), cuts));
    }
}

/// Forwards both ways until an end, or until there have been more cuts than when the client came.
async fn connect(client: TcpStream, shared: Arc<Shared>, cuts: u64) {
    let mut more = shared.cuts.subscribe();
    let Ok(server) = TcpStream::connect(shared.upstream).await else { return };
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    tokio::select! {
        () = forward(from_client, to_server, &shared, cuts, false) => {}
        () = forward(from_server, to_client, &shared, cuts, true) => {}
        _ = more.wait_for(|now| *now != cuts) => {}
    }
}

async fn forward(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, shared: &Shared, cuts: u64, is_to_client: bool) {
    let mut buffer = vec![0; 17_408];
    loop {
        let piece = shared.piece();
        let read = match from.read(&mut buffer[..piece]).await {
            Ok(0) | Err(_) => return,
            Ok(read) => read,
        };
        let delay = shared.delay_micros.load(Relaxed);
        if delay > 0 {
            sleep(Duration::from_micros(delay)).await;
        }
        while shared.holds.load(Relaxed) {
            sleep(Duration::from_millis(5)).await;
        }
        // Another thread may have cut it, and this one not heard of it yet: what was sent behind a cut does not pass.
        if *shared.cuts.borrow() != cuts {
            return;
        }
        let allowed = if is_to_client { shared.allowed(read) } else { read };
        if to.write_all(&buffer[..allowed]).await.is_err() {
            return;
        }
        if is_to_client {
            shared.to_client.fetch_add(allowed as u64, Relaxed);
        }
        if allowed < read {
            shared.remaining.store(u64::MAX, Relaxed);
            return shared.cut();
        }
    }
}
