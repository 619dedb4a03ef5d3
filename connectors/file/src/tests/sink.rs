//! The sink's five steps: what is in the file after each of them, and after a crash at each of them.

use std::{io::Read, path::PathBuf};

use laminar_schema::{Checkpoint, FormatSpec, Prepared, RecordSink, Sink, SinkBatch};

use super::*;
use crate::{Compression, FileSink, FileSinkConfig, FileWriter, WriteMode};

async fn open(config: &FileSinkConfig) -> SchemaResult<FileWriter> {
    let spec = EncodeSpec::new(SchemaRef::new(Schema::empty()), FormatSpec::new("lines"));
    FileSink::<Uncut>::new(config.clone()).start(&spec).await
}

async fn write(sink: &mut FileWriter, records: &[&str]) {
    let mut batch = EncodedBatch::new();
    for record in records {
        batch.bytes_mut().extend_from_slice(record.as_bytes());
        batch.end_record();
    }
    sink.write(SinkBatch::Encoded { records: &batch, prologue: b"head\n", delimiter: b"\n" }).await.unwrap();
}

async fn prepare(sink: &mut FileWriter, epoch: u64) -> Prepared {
    sink.prepare(Checkpoint { epoch, positions: &Positions::new() }).await.unwrap()
}

fn content(path: &Path) -> String {
    let mut text = String::new();
    let file = fs::File::open(path).unwrap();
    match path.extension().and_then(|e| e.to_str()) {
        Some("gz") => flate2::read::MultiGzDecoder::new(file).read_to_string(&mut text).unwrap(),
        Some("zst") => zstd::Decoder::new(file).unwrap().read_to_string(&mut text).unwrap(),
        _ => std::io::BufReader::new(file).read_to_string(&mut text).unwrap(),
    };
    text
}

fn paths(dir: &Path) -> [PathBuf; 3] {
    ["out.txt", "out.gz", "out.zst"].map(|name| dir.join("new/dir").join(name))
}

#[tokio::test]
async fn transactions_follow_each_other() {
    let dir = tempfile::tempdir().unwrap();
    for path in paths(dir.path()) {
        let mut sink = open(&FileSinkConfig::new(&path)).await.unwrap();
        sink.recover(None).await.unwrap();
        write(&mut sink, &["a", "b"]).await;
        let first = prepare(&mut sink, 1).await;
        sink.commit(&first).await.unwrap();
        sink.commit(&first).await.unwrap();
        write(&mut sink, &["c"]).await;
        write(&mut sink, &[]).await;
        let second = prepare(&mut sink, 2).await;
        sink.commit(&second).await.unwrap();
        let empty = prepare(&mut sink, 3).await;
        assert_eq!(empty, second, "{path:?}");
        sink.close(b"foot").await.unwrap();
        assert_eq!(content(&path), "head\na\nb\nc\nfoot", "{path:?}");
    }
}

#[tokio::test]
async fn aborting_returns_to_the_last_commit() {
    let dir = tempfile::tempdir().unwrap();
    for path in paths(dir.path()) {
        let mut sink = open(&FileSinkConfig::new(&path)).await.unwrap();
        sink.recover(None).await.unwrap();
        write(&mut sink, &["lost"]).await;
        sink.abort().await.unwrap();
        write(&mut sink, &["a"]).await;
        let first = prepare(&mut sink, 1).await;
        sink.commit(&first).await.unwrap();
        write(&mut sink, &["prepared"]).await;
        prepare(&mut sink, 2).await;
        write(&mut sink, &[&"large".repeat(200_000)]).await;
        sink.abort().await.unwrap();
        write(&mut sink, &["b"]).await;
        sink.close(b"").await.unwrap();
        assert_eq!(content(&path), "head\na\nb\n", "{path:?}");
    }
}

/// How far a run gets before it crashes, after one committed transaction.
const STEPS: [&str; 4] = ["written", "prepared", "stored", "committed"];

#[tokio::test]
async fn a_crash_at_any_step_leaves_each_record_once() {
    let dir = tempfile::tempdir().unwrap();
    for path in paths(dir.path()) {
        for step in STEPS {
            let config = FileSinkConfig::new(&path);
            let mut sink = open(&config).await.unwrap();
            sink.recover(None).await.unwrap();
            write(&mut sink, &["a"]).await;
            let mut stored = prepare(&mut sink, 1).await;
            sink.commit(&stored).await.unwrap();

            write(&mut sink, &["b"]).await;
            if step != "written" {
                let prepared = prepare(&mut sink, 2).await;
                if step != "prepared" {
                    stored = prepared;
                }
                if step == "committed" {
                    sink.commit(&stored).await.unwrap();
                }
            }
            // More reaches the file before the crash than any checkpoint knows of.
            write(&mut sink, &[&"c".repeat(600_000)]).await;
            drop(sink);

            let mut sink = open(&config).await.unwrap();
            sink.recover(Some(&stored)).await.unwrap();
            sink.commit(&stored).await.unwrap();
            if matches!(step, "written" | "prepared") {
                write(&mut sink, &["b"]).await;
            }
            write(&mut sink, &["c"]).await;
            sink.close(b"").await.unwrap();
            assert_eq!(content(&path), "head\na\nb\nc\n", "{path:?} crashed when {step}");
        }
    }
}

#[tokio::test]
async fn modes_decide_about_what_exists() {
    let dir = tempfile::tempdir().unwrap();
    let check = async |before: Option<&str>, mode: WriteMode, expected: &str| {
        let path = dir.path().join("f");
        let _ = fs::remove_file(&path);
        if let Some(before) = before {
            fs::write(&path, before).unwrap();
        }
        let mut sink = open(&FileSinkConfig { mode, ..FileSinkConfig::new(&path) }).await.unwrap();
        match sink.recover(None).await {
            Err(error) => assert!(error.is_config() && error.to_string().contains(expected), "{error}"),
            Ok(()) => {
                write(&mut sink, &["a"]).await;
                sink.close(b"").await.unwrap();
                assert_eq!(fs::read_to_string(&path).unwrap(), expected, "{mode:?} {before:?}");
            }
        }
    };
    check(None, WriteMode::Overwrite, "head\na\n").await;
    check(Some("old\n"), WriteMode::Overwrite, "head\na\n").await;
    check(None, WriteMode::Append, "head\na\n").await;
    check(Some(""), WriteMode::Append, "head\na\n").await;
    check(Some("head\nold\n"), WriteMode::Append, "head\nold\na\n").await;
    check(Some("head\nno line end"), WriteMode::Append, "head\nno line end\na\n").await;
    check(None, WriteMode::ErrorIfExists, "head\na\n").await;
    check(Some(""), WriteMode::ErrorIfExists, "f exists already").await;
    assert_eq!(fs::read_to_string(dir.path().join("f")).unwrap(), "");
}

#[tokio::test]
async fn compressed_output_is_appended_to_as_a_new_member() {
    let dir = tempfile::tempdir().unwrap();
    for path in &paths(dir.path())[1..] {
        for (text, expected) in [("a", "head\na\n"), ("b", "head\na\nb\n")] {
            let config = FileSinkConfig { mode: WriteMode::Append, ..FileSinkConfig::new(path) };
            let mut sink = open(&config).await.unwrap();
            write(&mut sink, &[text]).await;
            sink.close(b"").await.unwrap();
            assert_eq!(content(path), expected);
        }
    }
    // The option wins over the extension.
    let path = dir.path().join("plain.gz");
    let mut sink =
        open(&FileSinkConfig { compression: Compression::None, ..FileSinkConfig::new(&path) }).await.unwrap();
    write(&mut sink, &["a"]).await;
    sink.close(b"").await.unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"head\na\n");
}

#[tokio::test]
async fn checkpoints_that_do_not_fit_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let config = FileSinkConfig::new(dir.path().join("f"));
    let mut sink = open(&config).await.unwrap();
    write(&mut sink, &["a"]).await;
    let prepared = prepare(&mut sink, 1).await;
    drop(sink);
    let check = async |config: &FileSinkConfig, prepared: &Prepared, expected: &str| {
        let mut sink = open(config).await.unwrap();
        let error = sink.recover(Some(prepared)).await.unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    };
    check(&config, &Prepared(b"short".to_vec()), "it is none of the file sink's").await;
    check(&FileSinkConfig::new(dir.path().join("g")), &prepared, "and the sink writes").await;
    fs::write(&config.path, "h").unwrap();
    check(&config, &prepared, "has 1 bytes, and 7 had been written").await;
    assert_eq!(fs::read_to_string(&config.path).unwrap(), "h");
}

#[tokio::test]
async fn two_sinks_cannot_write_one_file() {
    let dir = tempfile::tempdir().unwrap();
    let config = FileSinkConfig::new(dir.path().join("f"));
    let first = open(&config).await.unwrap();
    let error = open(&config).await.unwrap_err().to_string();
    assert!(error.contains("another sink is writing it"), "{error}");
    drop(first);
    open(&config).await.unwrap();
}

#[tokio::test]
async fn devices_take_what_comes_and_undo_nothing() {
    let config = FileSinkConfig::new("/dev/null");
    let mut sink = open(&config).await.unwrap();
    sink.recover(None).await.unwrap();
    write(&mut sink, &["a"]).await;
    let prepared = prepare(&mut sink, 1).await;
    sink.commit(&prepared).await.unwrap();
    sink.abort().await.unwrap();
    sink.close(b"").await.unwrap();
    open(&config).await.unwrap().recover(Some(&prepared)).await.unwrap();
}

#[cfg(unix)]
#[allow(clippy::print_stdout, reason = "a test that cannot run says so")]
#[tokio::test]
async fn a_pipe_that_nobody_reads_yet_does_not_block_the_runtime() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("pipe");
    match std::process::Command::new("mkfifo").arg(&path).status() {
        Ok(status) if status.success() => {}
        other => return println!("skipped: mkfifo does not work here: {other:?}"),
    }
    let config = FileSinkConfig::new(&path);
    // On this runtime's only thread, the reader gets its turn only when opening the writer has let go of it.
    let (sink, mut reader) = tokio::join!(open(&config), async { fs::File::open(&path).unwrap() });
    let mut sink = sink.unwrap();
    write(&mut sink, &["a"]).await;
    sink.close(b"").await.unwrap();
    drop(sink);
    let mut text = String::new();
    reader.read_to_string(&mut text).unwrap();
    assert_eq!(text, "head\na\n");
}

/// Records without delimiters lie behind one header alone.
#[tokio::test]
async fn what_is_appended_to_has_the_same_header() {
    let dir = tempfile::tempdir().unwrap();
    let append = |path: &Path| FileSinkConfig { mode: WriteMode::Append, ..FileSinkConfig::new(path) };
    for path in paths(dir.path()) {
        let mut batch = EncodedBatch::new();
        batch.bytes_mut().push(b'a');
        batch.end_record();
        let write = |prologue| SinkBatch::Encoded { records: &batch, prologue, delimiter: b"" };
        for _ in 0..2 {
            let mut sink = open(&append(&path)).await.unwrap();
            sink.write(write(b"head")).await.unwrap();
            sink.close(b"").await.unwrap();
        }
        for other in [&b"heap"[..], b"headaab"] {
            let mut sink = open(&append(&path)).await.unwrap();
            let error = sink.write(write(other)).await.unwrap_err().to_string();
            assert!(error.contains("begins with another header"), "{error}");
            sink.abort().await.unwrap();
        }
        assert_eq!(content(&path), "headaa", "{path:?}");
    }
}
