//! Followed files: what is appended comes, and nothing comes twice.

use std::time::Duration;

use super::*;
use crate::{OnTruncate, StartAt, stream::FileStream};

fn following(path: impl AsRef<Path>, change: impl FnOnce(&mut FileSourceConfig)) -> FileSource<Uncut> {
    source_of(path, "lines", |c| {
        c.follow = true;
        change(c);
    })
}

/// Waits for `count` records.
async fn take(stream: &mut FileStream, count: usize, reached: &mut Positions) -> SchemaResult<Vec<Shown>> {
    let mut records = Vec::new();
    let mut batch = SourceBatch::new();
    while records.len() < count {
        assert!(stream.next(&mut batch, count - records.len()).await? > 0, "a followed file does not end");
        records.extend(show(&batch));
        reached.advance(&batch.positions);
        batch.clear();
    }
    Ok(records)
}

#[tokio::test]
async fn appended_lines_come_once_they_are_whole() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log");
    let source = following(&path, |_| {});
    let mut reached = Positions::new();
    let mut stream = source.start(None).await.unwrap();
    // The file need not exist yet.
    fs::write(&path, "one\nha").unwrap();
    assert_eq!(take(&mut stream, 1, &mut reached).await.unwrap(), ["log@0:1 one"]);
    // A cancelled call loses nothing.
    let mut batch = SourceBatch::new();
    assert!(tokio::time::timeout(Duration::from_millis(5), stream.next(&mut batch, 9)).await.is_err());
    append(&path, b"lf\n");
    assert_eq!(take(&mut stream, 1, &mut reached).await.unwrap(), ["log@4:2 half"]);
    drop(stream);

    append(&path, b"three\n");
    let mut stream = source.start(Some(&reached)).await.unwrap();
    assert_eq!(take(&mut stream, 1, &mut reached).await.unwrap(), ["log@9:3 three"]);
}

#[tokio::test]
async fn new_files_and_renamed_ones_are_told_apart() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("app.log");
    fs::write(&log, "one\n").unwrap();
    let source = following(dir.path().join("app.log*"), |_| {});
    let mut reached = Positions::new();
    let mut stream = source.start(None).await.unwrap();
    assert_eq!(take(&mut stream, 1, &mut reached).await.unwrap(), ["app.log@0:1 one"]);

    // The rotated file matches too, and has been read; its writer adds a last line before it lets go.
    let rotated = dir.path().join("app.log.1");
    fs::rename(&log, &rotated).unwrap();
    append(&rotated, b"late\n");
    assert_eq!(take(&mut stream, 1, &mut reached).await.unwrap(), ["app.log@4:2 late"]);
    fs::write(&log, "new\n").unwrap();
    assert_eq!(take(&mut stream, 1, &mut reached).await.unwrap(), ["app.log@0:1 new"]);
    fs::write(dir.path().join("app.log.extra"), "extra\n").unwrap();
    assert_eq!(take(&mut stream, 1, &mut reached).await.unwrap(), ["app.log.extra@0:1 extra"]);
    append(&log, b"newer\n");
    assert_eq!(take(&mut stream, 1, &mut reached).await.unwrap(), ["app.log@4:2 newer"]);
}

#[tokio::test]
async fn a_deleted_file_gives_its_last_line() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log");
    fs::write(&path, "one\nunfinished").unwrap();
    let mut reached = Positions::new();
    let mut stream = following(&path, |_| {}).start(None).await.unwrap();
    assert_eq!(take(&mut stream, 1, &mut reached).await.unwrap(), ["log@0:1 one"]);
    fs::remove_file(&path).unwrap();
    assert_eq!(take(&mut stream, 1, &mut reached).await.unwrap(), ["log@4:2 unfinished"]);
}

#[tokio::test]
async fn truncation_stops_or_restarts() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log");
    for (policy, expected) in [
        (OnTruncate::Fail, Err("the file shrank to 4 bytes after 8 had been read")),
        (OnTruncate::Restart, Ok(["log@0:1 one"])),
    ] {
        fs::write(&path, "one\ntwo\n").unwrap();
        let source = following(&path, |c| c.on_truncate = policy);
        let mut reached = Positions::new();
        let mut stream = source.start(None).await.unwrap();
        take(&mut stream, 2, &mut reached).await.unwrap();
        fs::File::options().write(true).open(&path).unwrap().set_len(4).unwrap();
        let found = take(&mut stream, 1, &mut reached.clone()).await;
        // The same holds when it happened while nobody looked.
        let mut resumed = source.start(Some(&reached)).await.unwrap();
        let after_restart = take(&mut resumed, 1, &mut reached.clone()).await;
        match expected {
            Ok(records) => {
                assert_eq!(found.unwrap(), records);
                assert_eq!(after_restart.unwrap(), records);
            }
            Err(message) => {
                let error = found.unwrap_err().to_string();
                assert!(error.contains(message) && error.contains("offset 8"), "{error}");
                assert!(after_restart.unwrap_err().to_string().contains("truncated or replaced"));
            }
        }
    }
}

#[tokio::test]
async fn starting_at_the_end_leaves_out_what_exists() {
    let dir = tempfile::tempdir().unwrap();
    let (old, new) = (dir.path().join("a.csv"), dir.path().join("b.csv"));
    fs::write(&old, "id\n1\n2\n3").unwrap();
    let source = source_of(dir.path().join("*.csv"), "csv", |c| {
        c.follow = true;
        c.start = StartAt::End;
    });
    let mut stream = source.start(None).await.unwrap();
    let mut batch = SourceBatch::new();
    while stream.inputs.is_empty() {
        assert!(tokio::time::timeout(Duration::from_millis(5), stream.next(&mut batch, 9)).await.is_err());
    }
    append(&old, b"3\n");
    let mut reached = Positions::new();
    assert_eq!(take(&mut stream, 1, &mut reached).await.unwrap(), ["a.csv@7:4 [id] 33"]);
    fs::write(&new, "id\n4\n").unwrap();
    assert_eq!(take(&mut stream, 1, &mut reached).await.unwrap(), ["b.csv@3:2 [id] 4"]);
}

#[tokio::test]
async fn compressed_files_are_not_followed() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log.gz");
    fs::write(&path, gzip(b"one\n")).unwrap();
    let mut stream = following(&path, |_| {}).start(None).await.unwrap();
    let error = take(&mut stream, 1, &mut Positions::new()).await.unwrap_err().to_string();
    assert!(error.contains("compressed files cannot be followed"), "{error}");
}

#[tokio::test]
async fn starting_at_the_end_reads_a_rotated_file_from_its_beginning() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log");
    let line = "x".repeat((64 << 10) - 1) + "\n";
    fs::write(&path, line.repeat(128)).unwrap();
    let mut reached = Positions::new();
    let mut stream = following(&path, |_| {}).start(None).await.unwrap();
    take(&mut stream, 1, &mut reached).await.unwrap();
    drop(stream);

    // The reader cannot be ahead by 8 MiB, so the file is replaced before its first turn is over.
    let source = following(&path, |c| {
        c.start = StartAt::End;
        c.poll_interval = Duration::from_millis(50);
    });
    let mut stream = source.start(Some(&reached)).await.unwrap();
    take(&mut stream, 1, &mut reached).await.unwrap();
    fs::rename(&path, dir.path().join("log.1")).unwrap();
    fs::write(&path, "new\n").unwrap();
    take(&mut stream, 126, &mut reached).await.unwrap();
    let new = tokio::time::timeout(Duration::from_secs(20), take(&mut stream, 1, &mut reached)).await;
    assert_eq!(new.expect("the new file is read").unwrap(), ["log@0:1 new"]);
}

#[tokio::test]
async fn new_files_are_found_while_a_writer_keeps_up() {
    let dir = tempfile::tempdir().unwrap();
    // One record of a terabyte, which takes no room on the disk and longer to read than anybody waits.
    fs::File::create(dir.path().join("endless")).unwrap().set_len(1 << 40).unwrap();
    let source = following(dir.path().join("*"), |c| c.max_record_bytes = 1000);
    let mut stream = source.start(None).await.unwrap();
    let mut batch = SourceBatch::new();
    let error = stream.next(&mut batch, 1).await.unwrap_err();
    assert!(error.is_row_level(), "{error}");
    fs::write(dir.path().join("new"), "one\n").unwrap();
    assert_eq!(take(&mut stream, 1, &mut Positions::new()).await.unwrap(), ["new@0:1 one"]);
}
