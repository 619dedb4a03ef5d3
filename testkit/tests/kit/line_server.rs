//! A server of lines: a client says from which line on, and gets that one and all that follow, also those added later.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// The server of one log; it ends when it is dropped.
pub(crate) struct LineServer {
    pub(crate) address: SocketAddr,
    log: Arc<Mutex<Log>>,
    accepting: JoinHandle<()>,
}

#[derive(Default)]
struct Log {
    bytes: Vec<u8>,
    /// Where each line begins.
    starts: Vec<usize>,
}

impl LineServer {
    pub(crate) async fn start(lines: &[Vec<u8>]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let log = Arc::new(Mutex::new(Log::default()));
        let shared = Arc::clone(&log);
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let shared = Arc::downgrade(&shared);
                tokio::spawn(async move { serve(client, || shared.upgrade()).await });
            }
        });
        let server = Self { address, log, accepting };
        server.append(lines);
        server
    }

    pub(crate) fn append(&self, lines: &[Vec<u8>]) {
        let mut log = self.log.lock().unwrap();
        for line in lines {
            let start = log.bytes.len();
            log.starts.push(start);
            log.bytes.extend_from_slice(line);
            log.bytes.push(b'\n');
        }
    }
}

impl Drop for LineServer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn serve(mut client: TcpStream, log: impl Fn() -> Option<Arc<Mutex<Log>>>) {
    let Ok(first) = client.read_u64().await else { return };
    let (mut at, mut piece) = (None, Vec::new());
    while let Some(log) = log() {
        piece.clear();
        {
            let log = log.lock().unwrap();
            let first = usize::try_from(first).unwrap();
            let start = *at.get_or_insert(log.starts.get(first).copied().unwrap_or(log.bytes.len()));
            let end = log.bytes.len().min(start + 16_384);
            piece.extend_from_slice(&log.bytes[start..end]);
            at = Some(end);
        }
        drop(log);
        if piece.is_empty() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        } else if client.write_all(&piece).await.is_err() {
            return;
        }
    }
}
