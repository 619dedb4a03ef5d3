//! The first bytes: uncompressed, in their own encoding, and still there afterwards.

use std::{io::Read, time::Duration};

use laminar_schema::{InferenceConfig, SchemaInferable, StreamHead};

use super::*;

async fn head(source: &FileSource<Uncut>) -> SchemaResult<(String, bool)> {
    let config = InferenceConfig { sample_timeout: Duration::from_secs(30), ..InferenceConfig::default() };
    let head = source.sample_head(&config).await?.unwrap();
    Ok((head.bytes.escape_ascii().to_string(), head.is_whole))
}

#[tokio::test]
async fn files_show_what_they_begin_with() {
    let dir = tempfile::tempdir().unwrap();
    let check = async |name: &str, format: &str, stored: &[u8], expected: &str| {
        let path = dir.path().join(name);
        fs::write(&path, stored).unwrap();
        assert_eq!(head(&source_of(&path, format, |_| {})).await.unwrap(), (expected.to_owned(), true), "{name}");
    };
    check("plain", "lines", b"one\ntwo", r"one\ntwo").await;
    check("packed", "lines", &zstd(b"one\ntwo"), r"one\ntwo").await;
    check("empty", "lines", b"", "").await;
    // The options say what encoding the bytes have; whoever looks at them reads them so.
    check("wide", "utf-16", b"a\0\n\0", r"a\x00\n\x00").await;
    check("wide.gz", "utf-16", &gzip(b"a\0\n\0"), r"a\x00\n\x00").await;
    assert!(head(&source_of(dir.path().join("absent"), "lines", |_| {})).await.is_err());

    fs::create_dir(dir.path().join("many")).unwrap();
    fs::write(dir.path().join("many/a"), b"").unwrap();
    fs::write(dir.path().join("many/b"), b"bee").unwrap();
    let many = source_of(dir.path().join("many/*"), "lines", |_| {});
    assert_eq!(head(&many).await.unwrap(), ("bee".to_owned(), true));
}

#[tokio::test]
async fn a_head_has_a_limit_and_damage_behind_its_bytes_is_left_to_the_reader() {
    let dir = tempfile::tempdir().unwrap();
    let check = async |name: &str, stored: Vec<u8>, expected: (usize, bool)| {
        let path = dir.path().join(name);
        fs::write(&path, stored).unwrap();
        let (bytes, is_whole) = head(&source_of(&path, "lines", |_| {})).await.unwrap();
        assert_eq!((bytes.len(), is_whole), expected, "{name}");
    };
    check("exact", vec![b'x'; StreamHead::MAX_BYTES], (StreamHead::MAX_BYTES, true)).await;
    check("more", vec![b'x'; StreamHead::MAX_BYTES + 1], (StreamHead::MAX_BYTES, false)).await;
    check("cut.gz", [gzip(b"one\n"), gzip(b"two\n")[..8].to_vec()].concat(), (5, false)).await;
}

#[tokio::test]
async fn a_stream_that_is_read_once_is_looked_at_and_stays_whole() {
    for size in [3, StreamHead::MAX_BYTES, StreamHead::MAX_BYTES + 1, 3 * StreamHead::MAX_BYTES] {
        let input = std::io::repeat(b'x').take(size as u64);
        let source =
            FileSource::<Uncut>::from_reader(input, FileSourceConfig::new("-"), &FormatSpec::new("lines")).unwrap();
        let is_whole = size <= StreamHead::MAX_BYTES;
        for _ in 0..2 {
            let (bytes, whole) = head(&source).await.unwrap();
            assert_eq!((bytes.len(), whole), (size.min(StreamHead::MAX_BYTES), is_whole), "{size}");
        }
        assert_eq!(read_values(&source, None).await.unwrap()[0].len(), "-@0:1 ".len() + size);
    }
}

#[tokio::test]
async fn a_stream_that_pauses_is_not_waited_for() {
    let (read, write) = std::io::pipe().unwrap();
    (&write).write_all(b"one\nunfin").unwrap();
    let source = FileSource::<Uncut>::from_reader(read, FileSourceConfig::new("-"), &FormatSpec::new("lines")).unwrap();
    // The writer stays open, so that a head that waited for the end would wait for thirty seconds.
    let looked = tokio::time::timeout(Duration::from_secs(20), head(&source)).await;
    assert_eq!(looked.unwrap().unwrap(), (r"one\nunfin".to_owned(), false));
    (&write).write_all(b"ished\n").unwrap();
    drop(write);
    assert_eq!(read_values(&source, None).await.unwrap(), ["-@0:1 one", "-@4:2 unfinished"]);
}

#[tokio::test]
async fn another_format_reads_what_was_looked_at() {
    let text = b"a\0\n\x001\0\n\0";
    let input = std::io::Cursor::new(text);
    let source = FileSource::<Uncut>::from_reader(input, FileSourceConfig::new("-"), &FormatSpec::new("csv")).unwrap();
    assert!(head(&source).await.unwrap().1);
    let source = source.with_format(&FormatSpec::new("utf-16")).unwrap();
    assert_eq!(read_values(&source, None).await.unwrap(), ["-@2:2 [a] 1"]);
    let unknown = source.with_format(&FormatSpec::new("avro")).unwrap_err().to_string();
    assert!(unknown.contains("avro"), "{unknown}");

    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("f"), text).unwrap();
    let followed = source_of(dir.path().join("f"), "csv", |c| c.follow = true);
    let refused = followed.with_format(&FormatSpec::new("utf-16")).unwrap_err().to_string();
    assert!(refused.contains("cannot be followed"), "{refused}");
}
