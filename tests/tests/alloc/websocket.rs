//! The WebSocket source as a client allocates nothing for a record: what is left are the library's read buffers, of which one holds
//! many records.
//!
//! Counted are connection, buffer and stream, since all of them run on the thread of the test. The server has another one.

use std::{
    io::Write,
    net::{TcpListener, TcpStream},
};

use laminar_connector_websocket::{WebSocketSource, WebSocketSourceConfig};
use laminar_schema::{ConnectorConfig, FormatSpec, Options, RecordStream, Source, SourceBatch};
use tokio_tungstenite::tungstenite::{
    accept,
    protocol::frame::{
        Frame,
        coding::{Data, OpCode},
    },
};

use crate::ALLOCATIONS;

/// Bytes of records for which there may be one allocation: 13 to 16 kB were counted. They are the library's read buffers, which are made
/// anew while messages hold the last one, and what counts those messages.
const BYTES_PER_ALLOCATION: usize = 8 * 1024;

/// Sends messages of that size until nobody takes them any more.
fn serve(listener: &TcpListener, message_bytes: usize) {
    let mut frame = Vec::new();
    Frame::message(vec![b'x'; message_bytes], OpCode::Data(Data::Text), true).format(&mut frame).unwrap();
    let block = frame.repeat(1000);
    let (tcp, _) = listener.accept().unwrap();
    let mut tcp: TcpStream = accept(tcp).unwrap().get_mut().try_clone().unwrap();
    while tcp.write_all(&block).is_ok() {}
}

/// Reads that many records, and yields how many allocations that took.
async fn read<S: RecordStream>(stream: &mut S, batch: &mut SourceBatch, records: usize) -> usize {
    let (before, mut count) = (ALLOCATIONS.get(), 0);
    while count < records {
        batch.clear();
        count += stream.next(batch, 1000).await.unwrap();
    }
    ALLOCATIONS.get() - before
}

fn check(message_bytes: usize) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || serve(&listener, message_bytes));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        // A small buffer: what is read ahead while records are counted is counted with them.
        let options = Options::from_pairs([("url", url.as_str()), ("max_buffered_records", "2000")]);
        let config = WebSocketSourceConfig::from_options(&options).unwrap();
        let source: WebSocketSource = WebSocketSource::new(config, &FormatSpec::new("raw")).unwrap();
        let (mut stream, mut batch) = (source.start(None).await.unwrap(), SourceBatch::new());
        // Both queues grow to what the source may hold.
        read(&mut stream, &mut batch, 400_000).await;
        for records in [10_000, 80_000] {
            let allocations = read(&mut stream, &mut batch, records).await;
            println!("{records} records of {message_bytes} B: {allocations} allocations");
            // What is there already when counting begins costs nothing, so that there is no lower bound.
            assert!(
                allocations <= 20 + records * (message_bytes + 4) / BYTES_PER_ALLOCATION,
                "{allocations} allocations for {records} records of {message_bytes} B"
            );
        }
    });
    drop(runtime);
    server.join().unwrap();
}

#[test]
fn the_websocket_source() {
    for message_bytes in [20, 100, 1000] {
        check(message_bytes);
    }
}
