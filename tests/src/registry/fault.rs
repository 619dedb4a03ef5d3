//! What can go wrong with an answer.

use std::{collections::VecDeque, io::Error, time::Duration};

use serde_json::Value;

use super::{
    http::{Connection, Request},
    reply::{self, Reply},
};
use crate::random::Random;

/// A way to fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The answer comes that much later.
    Slow(Duration),
    /// 500 with the code 50001, as when the registry's own store fails.
    InternalError,
    /// 502 with a page of HTML, as a proxy has it.
    BadGateway,
    /// 429, and the seconds after which to come again.
    TooManyRequests(Option<u64>),
    /// Half of the body that the length announces.
    TruncatedBody,
    /// The connection is reset before the request is read.
    ConnectionReset,
    /// A body that is no JSON.
    GarbageJson,
    /// JSON of another shape.
    WrongShape,
    /// No body.
    EmptyBody,
    /// A body of that many bytes, whose length is not announced.
    HugeBody(usize),
    /// Ids, and versions, that are one too high.
    WrongId,
    /// The right answer after some bytes of it were exchanged, by this seed.
    Mutated(u64),
    /// A redirect to another address.
    Redirect(String),
    /// 403 whose message repeats the request's credentials.
    EchoedCredentials,
}

/// Faults that are to come.
#[derive(Debug, Default)]
pub(super) struct Faults(VecDeque<(Fault, usize)>);

impl Faults {
    pub(super) fn add(&mut self, fault: Fault, times: usize) {
        self.0.push_back((fault, times));
    }

    /// The next fault, if it is one of those.
    pub(super) fn take_if(&mut self, wanted: impl Fn(&Fault) -> bool) -> Option<Fault> {
        let (fault, left) = self.0.front_mut().filter(|(fault, left)| *left > 0 && wanted(fault))?;
        let fault = fault.clone();
        *left -= 1;
        if *left == 0 {
            self.0.pop_front();
        }
        Some(fault)
    }
}

impl Fault {
    /// Answers so; an error ends the connection.
    pub(super) async fn happen(self, to: &mut Connection, request: &Request, answer: Reply) -> Result<(), Error> {
        match self {
            Self::Slow(pause) => {
                tokio::time::sleep(pause).await;
                to.reply(answer).await
            }
            Self::InternalError => to.reply(reply::error(50001, "Error in the backend data store")).await,
            Self::BadGateway => to.reply(Reply::new(502, "<html><h1>502 Bad Gateway</h1></html>")).await,
            Self::TooManyRequests(seconds) => {
                let mut reply = reply::error(429, "Too many requests");
                reply.headers.extend(seconds.map(|seconds| ("retry-after", seconds.to_string())));
                to.reply(reply).await
            }
            Self::TruncatedBody => {
                to.head(&answer, Some(answer.body.len())).await?;
                to.write(&answer.body[..answer.body.len() / 2]).await?;
                Err(closed())
            }
            Self::ConnectionReset => Err(closed()),
            Self::GarbageJson => to.reply(Reply::new(200, "{\"schema\": \"int")).await,
            Self::WrongShape => to.reply(Reply::new(200, "{\"hello\": \"world\"}")).await,
            Self::EmptyBody => to.reply(Reply::new(200, "")).await,
            Self::HugeBody(size) => {
                to.head(&answer, None).await?;
                let chunk = vec![b' '; 64 << 10];
                for _ in 0..size.div_ceil(chunk.len()) {
                    to.write(&chunk).await?;
                }
                Err(closed())
            }
            Self::WrongId => to.reply(Reply::new(answer.status, one_higher(&answer.body))).await,
            Self::Mutated(seed) => to.reply(Reply::new(answer.status, mutated(answer.body, seed))).await,
            Self::Redirect(address) => {
                let mut reply = Reply::new(307, "");
                reply.headers.push(("location", address));
                to.reply(reply).await
            }
            Self::EchoedCredentials => {
                let header = request.header("authorization").unwrap_or_default();
                to.reply(reply::error(40301, format!("no access for {header}"))).await
            }
        }
    }
}

fn closed() -> Error {
    Error::from(std::io::ErrorKind::ConnectionAborted)
}

/// The body with up to four bytes exchanged for those that JSON is made of, and others.
fn mutated(mut body: Vec<u8>, seed: u64) -> Vec<u8> {
    const BYTES: &[u8] = b"{}[]\",:0-9eE.\\nulltrue\x00\xff\xc3 ";
    let mut random = Random(seed);
    for _ in 0..=random.below(3) {
        if !body.is_empty() {
            let at = random.below(body.len());
            body[at] = random.pick(BYTES);
        }
    }
    body
}

/// The body with another id and version than the right ones.
fn one_higher(body: &[u8]) -> String {
    let mut body: Value = serde_json::from_slice(body).unwrap_or_default();
    let asked_without = body.get("id").is_none();
    for key in ["id", "version"] {
        if let Some(number) = body.get(key).and_then(Value::as_u64) {
            body[key] = (number + 1).into();
        }
    }
    if asked_without && body.is_object() {
        body["id"] = u32::MAX.into();
    }
    body.to_string()
}
