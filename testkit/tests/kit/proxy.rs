//! The proxy's faults, as a plain client sees them.

use std::time::{Duration, Instant};

use laminar_testkit::Proxy;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::timeout,
};

const SOON: Duration = Duration::from_millis(200);

/// A server that sends back what it gets, behind a proxy.
async fn echo() -> Proxy {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut from, mut to) = client.into_split();
                tokio::io::copy(&mut from, &mut to).await
            });
        }
    });
    Proxy::start(address, 1).await.unwrap()
}

/// Sends so many bytes, and yields how many come back before the end or `SOON`.
async fn back(client: &mut TcpStream, count: usize) -> usize {
    let _ = client.write_all(&vec![7; count]).await;
    let (mut came, mut buffer) = (0, vec![0; count]);
    while came < count {
        match timeout(SOON, client.read(&mut buffer)).await {
            Ok(Ok(read)) if read > 0 => came += read,
            _ => break,
        }
    }
    came
}

#[test]
fn each_fault_does_what_it_says() {
    crate::beside_others("proxy", faults());
}

async fn faults() {
    let proxy = echo().await;
    let connect = || TcpStream::connect(proxy.address());
    let mut client = connect().await.unwrap();
    assert_eq!(back(&mut client, 100_000).await, 100_000, "it forwards");
    assert_eq!((proxy.bytes_to_clients(), proxy.connections()), (100_000, 1));
    proxy.black_hole(true);
    assert_eq!(back(&mut client, 10).await, 0, "a black hole");
    proxy.black_hole(false);
    let mut rest = [0; 10];
    timeout(SOON, client.read_exact(&mut rest)).await.unwrap().unwrap();
    proxy.delay(Duration::from_millis(50));
    let started = Instant::now();
    assert_eq!(back(&mut client, 1).await, 1, "a delay");
    assert!(started.elapsed() >= Duration::from_millis(100), "both ways: {:?}", started.elapsed());
    proxy.delay(Duration::ZERO);
    proxy.cut();
    assert_eq!(back(&mut client, 10).await, 0, "a cut");
    let mut client = connect().await.unwrap();
    proxy.truncate_after(1234);
    assert_eq!(back(&mut client, 100_000).await, 1234, "cut in the middle");
    proxy.refuse(true);
    let mut client = connect().await.unwrap();
    assert_eq!(back(&mut client, 10).await, 0, "refused");
    proxy.refuse(false);
    let mut client = connect().await.unwrap();
    assert_eq!(back(&mut client, 10).await, 10, "and taken again");
}
