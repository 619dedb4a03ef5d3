//! A port that asks who is there as Kafka's brokers do, in front of a broker that does not: a stand-in, of PLAIN and
//! OAUTHBEARER only.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
    task::AbortHandle,
};

/// API keys and their versions, as `ApiVersions` lists them.
const SASL_HANDSHAKE: (u16, [u8; 6]) = (17, [0, 17, 0, 1, 0, 1]);
const API_VERSIONS: u16 = 18;
const SASL_AUTHENTICATE: (u16, [u8; 6]) = (36, [0, 36, 0, 0, 0, 0]);

/// Versions of `ApiVersions` above 0 are refused, with the one that is known: `UNSUPPORTED_VERSION`, a list of one.
const OLD_VERSIONS_ONLY: [u8; 12] = [0, 35, 0, 0, 0, 1, 0, 18, 0, 0, 0, 0];

/// A port that lets in who says the right thing.
#[derive(Debug)]
pub struct SaslFront {
    server: AbortHandle,
}

impl SaslFront {
    /// Starts one at `at`, in front of `to`, for one mechanism and the one answer that it takes.
    ///
    /// # Panics
    /// The port cannot be listened on.
    pub async fn listen(at: SocketAddr, to: SocketAddr, mechanism: &'static str, answer: Vec<u8>) -> Self {
        let listener = TcpListener::bind(at).await.expect("a port of 127.0.0.1");
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let answer = answer.clone();
                // Who is not let in, or leaves, is no concern of the others.
                tokio::spawn(async move { serve(stream, to, mechanism, &answer).await });
            }
        });
        Self { server: server.abort_handle() }
    }
}

impl Drop for SaslFront {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn serve(mut client: TcpStream, to: SocketAddr, mechanism: &str, answer: &[u8]) -> std::io::Result<()> {
    let mut broker = TcpStream::connect(to).await?;
    loop {
        let request = read_frame(&mut client).await?;
        let (Some(head), Some(body)) = (request.first_chunk::<8>(), request.get(8..)) else { return Ok(()) };
        let [key_high, key_low, _, version, correlation @ ..] = *head;
        let key = u16::from_be_bytes([key_high, key_low]);
        let mut response = correlation.to_vec();
        let mut is_let_in = false;
        if key == API_VERSIONS && version > 0 {
            response.extend(OLD_VERSIONS_ONLY);
        } else if key == API_VERSIONS {
            write_frame(&mut broker, &request).await?;
            response = with_sasl(read_frame(&mut broker).await?);
        } else if key == SASL_HANDSHAKE.0 {
            let is_known = behind_client_id(body).and_then(|b| b.get(2..)) == Some(mechanism.as_bytes());
            response.extend(if is_known { 0_i16 } else { 33 }.to_be_bytes());
            response.extend(1_i32.to_be_bytes());
            response.extend(text(mechanism));
        } else if key == SASL_AUTHENTICATE.0 {
            is_let_in = behind_client_id(body).and_then(|b| b.get(4..)) == Some(answer);
            response.extend(if is_let_in { 0_i16 } else { 58 }.to_be_bytes());
            response.extend(text("who are you?"));
            response.extend(0_i32.to_be_bytes());
        } else {
            // Whoever asks for anything else has not said who it is.
            return Ok(());
        }
        write_frame(&mut client, &response).await?;
        if is_let_in {
            return copy_bidirectional(&mut client, &mut broker).await.map(drop);
        }
    }
}

/// What follows the client's name in a request.
fn behind_client_id(body: &[u8]) -> Option<&[u8]> {
    let (length, rest) = body.split_first_chunk::<2>()?;
    rest.get(usize::try_from(i16::from_be_bytes(*length)).unwrap_or(0)..)
}

/// The broker's list of requests, and ours.
fn with_sasl(mut versions: Vec<u8>) -> Vec<u8> {
    // Correlation and error are 6 bytes, and then comes the length of the list.
    let listed: Vec<u8> = versions.split_off(10);
    let ours = [SASL_HANDSHAKE, SASL_AUTHENTICATE];
    let is_ours = |entry: &[u8]| ours.iter().any(|(key, _)| entry.starts_with(&key.to_be_bytes()));
    let mut entries: Vec<&[u8]> = listed.chunks_exact(6).filter(|entry| !is_ours(entry)).collect();
    entries.extend(ours.iter().map(|(_, entry)| entry.as_slice()));
    versions.truncate(6);
    versions.extend(i32::try_from(entries.len()).unwrap_or(0).to_be_bytes());
    entries.iter().for_each(|entry| versions.extend(*entry));
    versions
}

fn text(text: &str) -> Vec<u8> {
    let mut bytes = i16::try_from(text.len()).unwrap_or(0).to_be_bytes().to_vec();
    bytes.extend(text.as_bytes());
    bytes
}

async fn read_frame(stream: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let length = stream.read_u32().await?;
    let mut frame = vec![0; usize::try_from(length.min(1 << 20)).unwrap_or(0)];
    stream.read_exact(&mut frame).await?;
    Ok(frame)
}

async fn write_frame(stream: &mut TcpStream, frame: &[u8]) -> std::io::Result<()> {
    stream.write_u32(u32::try_from(frame.len()).unwrap_or(0)).await?;
    stream.write_all(frame).await
}
