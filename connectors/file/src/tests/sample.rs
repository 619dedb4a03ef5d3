//! Samples: what they hold, and that taking them consumes nothing.

use std::{io::Read, time::Duration};

use laminar_schema::{InferenceConfig, SchemaInferable};

use super::*;
use crate::open::fill;

async fn sample(source: &FileSource<Uncut>, size: usize) -> SchemaResult<Vec<String>> {
    let config =
        InferenceConfig { sample_size: size, sample_timeout: Duration::from_secs(30), ..InferenceConfig::default() };
    let records = source.sample_records(&config).await?;
    Ok(records.into_iter().map(|r| String::from_utf8(r.value.unwrap()).unwrap()).collect())
}

#[tokio::test]
async fn every_file_gives_its_share() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("a"), "a1\na2\na3\na4\na5\n").unwrap();
    fs::write(dir.path().join("b"), "b1\n").unwrap();
    fs::write(dir.path().join("c"), gzip(b"c1\nc2\nc3\n")).unwrap();
    let source = source_of(dir.path().join("?"), "lines", |_| {});
    for (size, expected) in [
        (0, vec![]),
        (1, vec!["a1"]),
        (3, vec!["a1", "b1", "c1"]),
        (6, vec!["a1", "a2", "b1", "c1", "c2", "c3"]),
        (8, vec!["a1", "a2", "a3", "b1", "c1", "c2", "c3", "a4"]),
        (99, vec!["a1", "a2", "a3", "a4", "a5", "b1", "c1", "c2", "c3"]),
    ] {
        let mut found = sample(&source, size).await.unwrap();
        if size == 99 {
            found.sort();
        }
        assert_eq!(found, expected, "{size}");
    }
    assert_eq!(read_values(&source, None).await.unwrap().len(), 9);
}

#[tokio::test]
async fn many_files_are_looked_into_here_and_there() {
    let dir = tempfile::tempdir().unwrap();
    for i in 0..100 {
        fs::write(dir.path().join(format!("{i:02}")), format!("{i:02}\n")).unwrap();
    }
    let found = sample(&source_of(dir.path().join("*"), "lines", |_| {}), 1000).await.unwrap();
    assert_eq!(found.len(), 16);
    assert_eq!((found[0].as_str(), found[15].as_str()), ("00", "93"));
}

#[tokio::test]
async fn the_header_leads_and_other_headers_stay_out() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("a.csv"), "# c\nid,t\n1,x\n2,\"y\nz\"\n").unwrap();
    fs::write(dir.path().join("b.csv"), "t,id\nx,9\n").unwrap();
    fs::write(dir.path().join("c.csv"), "id,t\n3,x\n").unwrap();
    let source = source_of(dir.path().join("*.csv"), "csv", |_| {});
    assert_eq!(sample(&source, 10).await.unwrap(), ["id,t", "1,x", "2,\"y\nz\"", "3,x"]);
}

/// A reader that yields two bytes at a time.
struct Dribble(&'static [u8]);

impl Read for Dribble {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        let now = buf.len().min(2);
        self.0.read(&mut buf[..now])
    }
}

/// A reader with a bug.
struct Panics;

impl Read for Panics {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        panic!("as planned")
    }
}

#[tokio::test]
async fn a_stream_that_is_read_once_is_replayed() {
    let make = || {
        let input = Dribble(b"id\n1\n2\n33\n4\n");
        FileSource::<Uncut>::from_reader(input, FileSourceConfig::new("-"), &FormatSpec::new("csv")).unwrap()
    };
    let whole = ["-@3:2 [id] 1", "-@5:3 [id] 2", "-@7:4 [id] 33", "-@10:5 [id] 4"];
    for size in [1, 3, 100] {
        let source = make();
        let first = sample(&source, size).await.unwrap();
        assert_eq!(first, ["id", "1", "2", "33", "4"][..(size + 1).min(5)]);
        // Sampling again sees the same.
        assert_eq!(sample(&source, size).await.unwrap(), first);
        assert_eq!(read_values(&source, None).await.unwrap(), whole, "{size}");
        let error = read_values(&source, None).await.unwrap_err().to_string();
        assert!(error.contains("can be read only once"), "{error}");
    }

    // Resuming expects the same bytes again, and passes over what was read of them.
    let batches = read_all(&make(), None, 1).await.unwrap();
    for (i, (_, positions)) in batches.iter().enumerate() {
        assert_eq!(read_values(&make(), Some(positions)).await.unwrap(), whole[i + 1..]);
    }
}

#[tokio::test]
async fn compressed_streams_are_recognised() {
    for packed in [gzip(b"one\ntwo\n"), zstd(b"one\ntwo\n")] {
        let format = FormatSpec::new("lines");
        let input = std::io::Cursor::new(packed);
        let source = FileSource::<Uncut>::from_reader(input, FileSourceConfig::new("-"), &format).unwrap();
        assert_eq!(sample(&source, 1).await.unwrap(), ["one"]);
        assert_eq!(read_values(&source, None).await.unwrap(), ["-@0:1 one", "-@4:2 two"]);
    }
}

#[tokio::test]
async fn a_silent_stream_is_sampled_until_the_time_is_up() {
    let (read, write) = std::io::pipe().unwrap();
    (&write).write_all(b"one\nunfin").unwrap();
    let source = FileSource::<Uncut>::from_reader(read, FileSourceConfig::new("-"), &FormatSpec::new("lines")).unwrap();
    let config = InferenceConfig { sample_timeout: Duration::from_millis(20), ..InferenceConfig::default() };
    // The reader's thread may need longer than that for its first read.
    let mut seen = source.sample_records(&config).await.unwrap();
    while seen.is_empty() {
        seen = source.sample_records(&config).await.unwrap();
    }
    assert_eq!(seen[0].value.as_deref(), Some(&b"one"[..]));
    assert_eq!(seen.len(), 1);
    (&write).write_all(b"ished\n").unwrap();
    drop(write);
    assert_eq!(read_values(&source, None).await.unwrap(), ["-@0:1 one", "-@4:2 unfinished"]);
}

#[tokio::test]
async fn a_broken_stream_says_so() {
    let input = std::io::Cursor::new(gzip(b"one\n")[..12].to_vec());
    let source =
        FileSource::<Uncut>::from_reader(input, FileSourceConfig::new("-"), &FormatSpec::new("lines")).unwrap();
    // Sampling takes it from the stream, and still everybody is told.
    for _ in 0..2 {
        let error = sample(&source, 5).await.unwrap_err().to_string();
        assert!(error.contains("cannot read -"), "{error}");
        let error = read_values(&source, None).await.unwrap_err().to_string();
        assert!(error.contains("cannot read -"), "{error}");
    }
}

/// A reader whose every second read is interrupted by a signal.
struct Interrupted(bool, &'static [u8]);

impl Read for Interrupted {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        self.0 = !self.0;
        if self.0 { Err(std::io::ErrorKind::Interrupted.into()) } else { self.1.read(buf) }
    }
}

#[test]
fn an_interrupted_read_is_tried_again() {
    let source = source_of("-", "lines", |_| {});
    let name = "-".into();
    let mut bytes = source.plan.open_once(&name, Box::new(Interrupted(false, b"one\n"))).unwrap();
    let mut records = source.plan.records(name, 0).unwrap();
    fill(&mut bytes, &mut records).unwrap();
    assert_eq!(records.frames.next().unwrap().unwrap().bytes, b"one");
    fill(&mut bytes, &mut records).unwrap();
    assert!(records.frames.has_ended());
}

#[tokio::test]
async fn a_reader_that_panics_is_no_end_of_input() {
    let source =
        FileSource::<Uncut>::from_reader(Panics, FileSourceConfig::new("-"), &FormatSpec::new("lines")).unwrap();
    let error = read_values(&source, None).await.unwrap_err().to_string();
    assert!(error.contains("the reader thread panicked"), "{error}");
}

#[tokio::test]
async fn followed_files_are_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log");
    let source = source_of(&path, "lines", |c| c.follow = true);
    let config = InferenceConfig { sample_timeout: Duration::from_millis(10), ..InferenceConfig::default() };
    assert_eq!(source.sample_records(&config).await.unwrap(), []);
    let (found, ()) = tokio::join!(sample(&source, 5), async { fs::write(&path, "one\n").unwrap() });
    assert_eq!(found.unwrap(), ["one"]);
}
