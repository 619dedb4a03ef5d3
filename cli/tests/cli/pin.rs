//! `laminar schema pin`: a subject's latest schema as a file, against a registry of a few lines.

use std::{
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    thread,
};

use crate::laminar::Folder;

/// Starts a registry that knows one subject, `trades-value`, as version 3 with id 7.
fn registry() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    // Ends with the process of the tests.
    thread::spawn(move || listener.incoming().flatten().for_each(|stream| answer(&stream)));
    address
}

/// Answers one request and hangs up.
fn answer(mut stream: &TcpStream) {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let request = lines.next().unwrap_or_default();
    lines.take_while(|line| !line.is_empty()).for_each(drop);
    let (status, body) = match request.contains("/subjects/trades-value/versions/latest") {
        true => ("200 OK", r#"{"subject":"trades-value","version":3,"id":7,"schema":"\"int\""}"#),
        false => ("404 Not Found", r#"{"error_code":40401,"message":"Subject not found."}"#),
    };
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n");
    // A client that has left needs no answer.
    let _ = write!(stream, "{head}Connection: close\r\n\r\n{body}");
}

fn sql(registry: &str) -> String {
    format!("CREATE SOURCE t FROM FILE (path = 'in.avro') FORMAT AVRO {registry};")
}

#[test]
fn a_pin_is_the_latest_schema_of_the_subject() {
    let url = format!("http://{}", registry());
    let of = |options: &str| sql(&format!("USING SCHEMA REGISTRY (url = '{url}'{options})"));
    let folder = Folder::with(&[
        ("q.sql", &of(", subject = 'trades-value', username = 'me', password = 'hunter2'")),
        ("unknown.sql", &of(", subject = 'quotes-value'")),
        ("unnamed.sql", &of("")),
        ("plain.sql", &sql("")),
    ]);
    let pinned = folder.run(&["schema", "pin", "q.sql", "T"]).ended(0, &[]).stdout;
    let pinned: serde_json::Value = serde_json::from_str(&pinned).unwrap();
    let schema = &pinned["schema"];
    assert_eq!((&schema["subject"], &schema["version"], &schema["id"]), (&"trades-value".into(), &3.into(), &7.into()));
    assert!(!pinned.to_string().contains("hunter2"), "{pinned}");

    for (file, source, code, said) in [
        ("unknown.sql", "t", 3, "quotes-value"),
        ("unnamed.sql", "t", 2, "names no subject"),
        ("plain.sql", "t", 2, "has no USING SCHEMA REGISTRY"),
        ("q.sql", "s", 2, "creates no source `s`"),
    ] {
        let ran = folder.run(&["schema", "pin", file, source]).ended(code, &[said]);
        assert_eq!(ran.stdout, "", "{file}");
    }
}

#[test]
fn a_pin_of_a_registry_that_is_down_is_no_file() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let of = format!("USING SCHEMA REGISTRY (url = 'http://{closed}', subject = 'trades-value', timeout = '1s')");
    let folder = Folder::with(&[("q.sql", &sql(&of))]);
    let ran = folder.run(&["schema", "pin", "q.sql", "t"]).ended(3, &[&closed.to_string()]);
    assert_eq!(ran.stdout, "");
}
