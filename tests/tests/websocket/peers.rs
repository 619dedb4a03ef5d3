//! Peers that do what a good one would not: they are made of the library that the connector uses, or of bytes.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
    task::AbortHandle,
};
use tokio_tungstenite::{WebSocketStream, accept_async};

pub(crate) type Socket = WebSocketStream<TcpStream>;

/// A server; it ends with this, and so do its connections.
pub(crate) struct Server {
    pub(crate) url: String,
    pub(crate) port: u16,
    accepting: AbortHandle,
    stop: watch::Sender<()>,
    num_clients: Arc<AtomicUsize>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Server {
    /// Serves each client by `serve`, which is told how many came before it.
    pub(crate) async fn start<F: Future<Output = ()> + Send + 'static>(
        serve: impl Fn(Socket, usize) -> F + Clone + Send + 'static,
    ) -> Self {
        Self::start_at(0, serve).await
    }

    /// The same at a port.
    pub(crate) async fn start_at<F: Future<Output = ()> + Send + 'static>(
        port: u16,
        serve: impl Fn(Socket, usize) -> F + Clone + Send + 'static,
    ) -> Self {
        let handle = move |tcp: TcpStream, number| {
            let serve = serve.clone();
            async move {
                if let Ok(socket) = accept_async(tcp).await {
                    serve(socket, number).await;
                }
            }
        };
        Self::tcp(port, handle).await
    }

    /// Forwards each connection to that port of this machine.
    pub(crate) async fn proxy(to: u16) -> Self {
        Self::tcp(0, move |mut from, _| async move {
            if let Ok(mut to) = TcpStream::connect(("127.0.0.1", to)).await {
                let _ = copy_bidirectional(&mut from, &mut to).await;
            }
        })
        .await
    }

    async fn tcp<F: Future<Output = ()> + Send + 'static>(
        port: u16,
        handle: impl Fn(TcpStream, usize) -> F + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (stop, stopped) = watch::channel(());
        let num_clients = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&num_clients);
        let accepting = tokio::spawn(async move {
            loop {
                let (tcp, _) = listener.accept().await.unwrap();
                let mut stopped = stopped.clone();
                // Cuts before it are none of its concern.
                stopped.mark_unchanged();
                let handled = handle(tcp, count.fetch_add(1, Ordering::SeqCst));
                tokio::spawn(async move {
                    tokio::select! { () = handled => {} _ = stopped.changed() => {} }
                });
            }
        });
        Self { url: format!("ws://127.0.0.1:{port}/"), port, accepting: accepting.abort_handle(), stop, num_clients }
    }

    /// Cuts every connection there is, without a farewell.
    pub(crate) fn cut(&self) {
        self.stop.send_replace(());
    }

    /// How many have connected so far.
    pub(crate) fn num_clients(&self) -> usize {
        self.num_clients.load(Ordering::SeqCst)
    }
}

/// A port that nobody listens at now.
pub(crate) fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
