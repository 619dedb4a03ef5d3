//! A schema registry in this process: a stand-in for Confluent's, over real HTTP on 127.0.0.1, with a store of its own.
//!
//! Paths, bodies, statuses and error codes are those of Confluent's documented REST API, not of our client. It keeps
//! nothing, knows no normalization beyond JSON's white space and order of keys, and judges compatibility only by the function that a test
//! gives it.

mod auth;
mod fault;
mod glue;
mod http;
mod reply;
mod routes;
mod store;
mod subjects;
mod validity;

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::{
    net::{TcpListener, TcpStream},
    task::{AbortHandle, JoinSet},
};

pub use self::{
    auth::Auth,
    fault::Fault,
    glue::{ACCESS_KEY, StandInGlue},
    store::{Checker, StoredReference, StoredSchema},
};
use self::{fault::Faults, http::Connection, store::Store};

/// A running registry; it stops when it is dropped.
#[derive(Debug)]
pub struct StandInRegistry {
    /// Where it listens.
    pub address: SocketAddr,
    shared: Arc<Shared>,
    server: AbortHandle,
}

/// How a registry is started.
#[derive(Debug, Clone, Default)]
pub struct StandInOptions {
    /// Path in front of the API, such as `/apis/ccompat/v7`.
    pub prefix: String,
    /// Whom it lets in.
    pub auth: Auth,
    /// Says why a schema may not follow others; without it all may.
    pub checker: Option<Checker>,
}

/// What the connections share.
#[derive(Debug)]
struct Shared {
    options: StandInOptions,
    store: Mutex<Store>,
    faults: Mutex<Faults>,
    counts: Mutex<BTreeMap<&'static str, usize>>,
}

impl StandInRegistry {
    /// Starts one that lets everybody in.
    ///
    /// # Panics
    /// No port of 127.0.0.1 can be listened on.
    pub async fn start() -> Self {
        Self::with(StandInOptions::default()).await
    }

    /// Starts one.
    ///
    /// # Panics
    /// No port of 127.0.0.1 can be listened on.
    pub async fn with(options: StandInOptions) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port of 127.0.0.1");
        let address = listener.local_addr().expect("a socket that listens has an address");
        let store = Mutex::new(Store::new(options.checker.clone()));
        let shared = Arc::new(Shared { options, store, faults: Mutex::default(), counts: Mutex::default() });
        let server = tokio::spawn(serve(listener, Arc::clone(&shared))).abort_handle();
        Self { address, shared, server }
    }

    /// Its base URL.
    pub fn url(&self) -> String {
        format!("http://{}{}", self.address, self.shared.options.prefix)
    }

    /// Stops it: connections break, and new ones are refused.
    pub fn stop(&self) {
        self.server.abort();
    }

    /// Lets the next `times` requests fail so; several calls follow each other.
    pub fn inject(&self, fault: Fault, times: usize) {
        locked(&self.shared.faults).add(fault, times);
    }

    /// Takes all faults back that have not happened yet.
    pub fn heal(&self) {
        *locked(&self.shared.faults) = Faults::default();
    }

    /// Number of requests that came for an endpoint, such as `GET /schemas/ids/{id}`.
    pub fn count(&self, endpoint: &str) -> usize {
        locked(&self.shared.counts).get(endpoint).copied().unwrap_or_default()
    }

    /// Number of all requests.
    pub fn total(&self) -> usize {
        locked(&self.shared.counts).values().sum()
    }

    /// Puts schemas into a subject without judging them: circles of references cannot be registered.
    pub fn plant(&self, subject: &str, schema: StoredSchema) -> u32 {
        locked(&self.shared.store).plant(subject, schema)
    }
}

impl Drop for StandInRegistry {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Takes connections; those that are open are dropped with it.
async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let mut open = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let shared = Arc::clone(&shared);
        open.spawn(async move { connection(stream, &shared).await });
        while open.try_join_next().is_some() {}
    }
}

/// Answers the requests of one connection until it ends or breaks.
async fn connection(stream: TcpStream, shared: &Shared) {
    let mut connection = Connection::new(stream);
    while connection.wait().await.is_ok() {
        // Bytes that were never read make the system reset the connection when it is closed.
        if locked(&shared.faults).take_if(|fault| matches!(fault, Fault::ConnectionReset)).is_some() {
            *locked(&shared.counts).entry("reset").or_default() += 1;
            return;
        }
        let Ok(request) = connection.request().await else { return };
        let Some(endpoint) = routes::endpoint(&request, &shared.options.prefix) else {
            if connection.reply(reply::no_such_path()).await.is_err() {
                return;
            }
            continue;
        };
        *locked(&shared.counts).entry(endpoint).or_default() += 1;
        let fault = locked(&shared.faults).take_if(|_| true);
        let answer = if shared.options.auth.admits(&request) {
            routes::answer(endpoint, &request, &shared.options.prefix, &mut locked(&shared.store))
        } else {
            reply::unauthorized()
        };
        let went_on = match fault {
            Some(fault) => fault.happen(&mut connection, &request, answer).await,
            None => connection.reply(answer).await,
        };
        if went_on.is_err() {
            return;
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
