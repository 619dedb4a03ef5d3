//! HTTP/1.1, as much of it as a client of the API speaks.

use std::io::{Error, ErrorKind};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::reply::Reply;

/// Longest head of a request.
const MAX_HEAD: usize = 64 << 10;
/// Longest body of a request.
const MAX_BODY: usize = 16 << 20;

/// A request.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) method: String,
    /// Parts of the path, decoded.
    pub(super) path: Vec<String>,
    query: Vec<(String, String)>,
    headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Request {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether a parameter is `true`.
    pub(super) fn flag(&self, name: &str) -> bool {
        self.parameter(name) == Some("true")
    }
}

/// A connection with what was read from it and not used yet.
pub(super) struct Connection {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Connection {
    pub(super) fn new(stream: TcpStream) -> Self {
        // Head and body are two writes, the second of which would else wait for the first one's acknowledgement.
        let _ = stream.set_nodelay(true);
        Self { stream, read: Vec::new() }
    }

    /// Waits for the first byte of a request, which alone is read.
    pub(super) async fn wait(&mut self) -> Result<(), Error> {
        if self.read.is_empty() {
            let mut first = [0];
            self.stream.read_exact(&mut first).await?;
            self.read.push(first[0]);
        }
        Ok(())
    }

    pub(super) async fn request(&mut self) -> Result<Request, Error> {
        let end = loop {
            if let Some(end) = self.read.windows(4).position(|four| four == b"\r\n\r\n") {
                break end;
            }
            self.more(MAX_HEAD).await?;
        };
        let head = String::from_utf8_lossy(&self.read[..end]).into_owned();
        self.read.drain(..end + 4);
        let (line, rest) = head.split_once("\r\n").unwrap_or((&head, ""));
        let mut words = line.split(' ');
        let (Some(method), Some(target)) = (words.next(), words.next()) else { return Err(bad()) };
        let headers = rest.split("\r\n").filter_map(|line| line.split_once(':'));
        let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let mut request = Request {
            method: method.to_owned(),
            path: path.split('/').filter(|part| !part.is_empty()).map(|part| decoded(part, false)).collect(),
            query: pairs.map(|(key, value)| (decoded(key, true), decoded(value, true))).collect(),
            headers,
            body: Vec::new(),
        };
        let length = request.header("content-length").map_or(Ok(0), str::parse).map_err(|_| bad())?;
        if length > MAX_BODY {
            return Err(bad());
        }
        while self.read.len() < length {
            self.more(MAX_BODY).await?;
        }
        request.body = self.read.drain(..length).collect();
        Ok(request)
    }

    pub(super) async fn reply(&mut self, reply: Reply) -> Result<(), Error> {
        let length = reply.body.len();
        self.head(&reply, Some(length)).await?;
        self.stream.write_all(&reply.body).await
    }

    /// Writes status and headers; without a length the body ends with the connection.
    pub(super) async fn head(&mut self, reply: &Reply, length: Option<usize>) -> Result<(), Error> {
        let mut head =
            format!("HTTP/1.1 {} -\r\ncontent-type: application/vnd.schemaregistry.v1+json\r\n", reply.status);
        for (name, value) in &reply.headers {
            head += &format!("{name}: {value}\r\n");
        }
        match length {
            Some(length) => head += &format!("content-length: {length}\r\n\r\n"),
            None => head += "connection: close\r\n\r\n",
        }
        self.stream.write_all(head.as_bytes()).await
    }

    /// Writes bytes as they are.
    pub(super) async fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.stream.write_all(bytes).await
    }

    async fn more(&mut self, most: usize) -> Result<(), Error> {
        if self.read.len() > most || self.stream.read_buf(&mut self.read).await? == 0 {
            return Err(bad());
        }
        Ok(())
    }
}

fn bad() -> Error {
    Error::from(ErrorKind::InvalidData)
}

/// Text with its `%41` decoded, and in a query with its `+`.
fn decoded(text: &str, in_query: bool) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let hex = tail
            .get(..2)
            .and_then(|two| std::str::from_utf8(two).ok())
            .and_then(|two| u8::from_str_radix(two, 16).ok());
        match (first, hex) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &tail[2..];
                continue;
            }
            (b'+', _) if in_query => bytes.push(b' '),
            _ => bytes.push(*first),
        }
        rest = tail;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
