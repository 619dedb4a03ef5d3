//! Counters over plain HTTP, as Prometheus scrapes them.

use std::{io, sync::Arc, time::Duration};

use laminar_schema::{Metrics, pipeline::prometheus_text};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::timeout,
};

use crate::{error::CliError, output::report};

/// Longest request that is read.
const MAX_REQUEST_BYTES: usize = 8 * 1024;
/// Time that a client has for a request and its answer.
const CLIENT_TIMEOUT: Duration = Duration::from_secs(5);

/// Counters by the name of their source.
pub(crate) type Counters = Arc<Vec<(String, Arc<Metrics>)>>;

/// Starts to answer `GET /metrics` at `address`; an address without a host is on the loopback interface.
///
/// # Errors
/// The address cannot be listened on.
pub(crate) async fn serve(address: &str, counters: Counters) -> Result<(), CliError> {
    let full = with_host(address);
    let failed = |source: io::Error| CliError::File { action: "serve metrics at", path: full.clone(), source };
    let listener = TcpListener::bind(&full).await.map_err(failed)?;
    let local = listener.local_addr().map_err(failed)?;
    report(&format!("metrics: http://{local}/metrics"));
    tokio::spawn(async move {
        loop {
            // Accepting fails for want of descriptors, say; the pipelines matter more than this page.
            let Ok((client, _)) = listener.accept().await else {
                tokio::time::sleep(CLIENT_TIMEOUT).await;
                continue;
            };
            let counters = Arc::clone(&counters);
            tokio::spawn(async move { timeout(CLIENT_TIMEOUT, answer(client, &counters)).await });
        }
    });
    Ok(())
}

fn with_host(address: &str) -> String {
    match address.strip_prefix(':').unwrap_or(address) {
        port if port.parse::<u16>().is_ok() => format!("127.0.0.1:{port}"),
        _ => address.to_owned(),
    }
}

async fn answer(mut client: TcpStream, counters: &Counters) -> io::Result<()> {
    let mut request = Vec::new();
    while !request.windows(4).any(|w| w == b"\r\n\r\n") && request.len() < MAX_REQUEST_BYTES {
        if client.read_buf(&mut request).await? == 0 {
            break;
        }
    }
    let response = response(&request, counters);
    client.write_all(response.as_bytes()).await?;
    client.shutdown().await
}

fn response(request: &[u8], counters: &Counters) -> String {
    let line = request.split(|b| *b == b'\r').next().unwrap_or_default();
    let mut words = line.split(|b| *b == b' ');
    let (status, body) = match (words.next(), words.next()) {
        (Some(b"GET"), Some(b"/metrics" | b"/")) => {
            ("200 OK", prometheus_text(counters.iter().map(|(name, metrics)| (name.as_str(), &**metrics))))
        }
        (Some(b"GET"), Some(_)) => ("404 Not Found", "the counters are at /metrics\n".to_owned()),
        _ => ("405 Method Not Allowed", "only GET is answered\n".to_owned()),
    };
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_without_a_host_is_local() {
        for (address, expected) in [
            ("9100", "127.0.0.1:9100"),
            (":9100", "127.0.0.1:9100"),
            ("0.0.0.0:9100", "0.0.0.0:9100"),
            ("[::1]:9100", "[::1]:9100"),
        ] {
            assert_eq!(with_host(address), expected);
        }
    }

    #[test]
    fn only_the_page_of_counters_is_there() {
        let counters: Counters = Arc::new(vec![("t".to_owned(), Arc::new(Metrics::new()))]);
        let check = |request: &[u8], status: &str, part: &str| {
            let response = response(request, &counters);
            assert!(response.starts_with(&format!("HTTP/1.1 {status} ")) && response.contains(part), "{response}");
        };
        check(b"GET /metrics HTTP/1.1\r\n\r\n", "200", "laminar_records_total{source=\"t\"} 0");
        check(b"GET /other HTTP/1.1\r\n\r\n", "404", "/metrics");
        check(b"POST /metrics HTTP/1.1\r\n\r\n", "405", "GET");
        check(b"\xff\0", "405", "GET");
        check(b"", "405", "GET");
    }
}
