//! Reading on from a position gives exactly what an uninterrupted run would have given.

use super::*;

const NDJSON: &[u8] = b"{\"a\":1}\n\n{\"a\":2}\r\n{\"a\":3}";
const ARRAY: &[u8] = b" [{\"a\":1},\n {\"a\":[2]} , {\"a\":\"]\"}\n]\n";
const CSV: &[u8] = b"# about\nid,text\n1,\"two\nlines\"\n2,\"a \"\"b\"\"\"\r\n# not this\n3,plain\n4,last";
const LINES: &[u8] = b"one\ntwo\n\nfour";

/// Characters of one byte of UTF-8 and of two, in and out of quotes.
const CSV_OF_MANY: &str = "# über\nid,tëxt\n1,\"zwö\nlinés\"\n2,\"ä \"\"b\"\"\"\r\n# not this\n3,plain\n4,ÿ";

fn utf16(text: &str) -> Vec<u8> {
    "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_be_bytes).collect()
}

fn latin_1(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect()
}

/// A file's name, what it holds, and its format.
fn cases() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let mut cases = Vec::new();
    for (format, text) in [("json", NDJSON), ("json", ARRAY), ("csv", CSV), ("lines", LINES), ("whole", LINES)] {
        let (front, back) = text.split_at(text.len() / 2);
        cases.push(("plain.txt", text.to_vec(), format));
        cases.push(("one.gz", gzip(text), format));
        cases.push(("two.gz", [gzip(front), gzip(back)].concat(), format));
        cases.push(("one.zst", zstd(text), format));
        cases.push(("two.zst", [zstd(front), zstd(back)].concat(), format));
    }
    for (format, text) in [("utf-16", utf16(CSV_OF_MANY)), ("latin-1", latin_1(CSV_OF_MANY))] {
        cases.push(("one.zst", zstd(&text), format));
        cases.push(("plain.txt", text, format));
    }
    cases
}

#[tokio::test]
async fn resuming_after_every_record_equals_reading_on() {
    for (name, stored, format) in cases() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(name);
        fs::write(&path, stored).unwrap();
        let source = source_of(&path, format, |_| {});
        let batches = read_all(&source, None, 1).await.unwrap();
        let whole = read_values(&source, None).await.unwrap();
        let one_by_one: Vec<Shown> = batches.iter().flat_map(|(shown, _)| shown.clone()).collect();
        assert_eq!(one_by_one, whole, "{name} {format}");
        assert!(!whole.is_empty(), "{name} {format}");
        for (i, (_, positions)) in batches.iter().enumerate() {
            let rest = read_values(&source, Some(positions)).await.unwrap();
            assert_eq!(rest, whole[i + 1..], "{name} {format} after record {i}");
        }
    }
}

#[tokio::test]
async fn records_carry_their_place() {
    let check = async |format: &str, text: &[u8], expected: &[&str]| {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        fs::write(&path, text).unwrap();
        assert_eq!(read_values(&source_of(&path, format, |_| {}), None).await.unwrap(), expected);
    };
    check("lines", LINES, &["f@0:1 one", "f@4:2 two", "f@8:3 ", "f@9:4 four"]).await;
    check(
        "csv",
        CSV,
        &[
            r#"f@16:3 [id,text] 1,\"two\nlines\""#,
            r#"f@30:5 [id,text] 2,\"a \"\"b\"\"\""#,
            "f@54:7 [id,text] 3,plain",
            "f@62:8 [id,text] 4,last",
        ],
    )
    .await;
    check("lines", b"", &[]).await;
    // Offsets are those of the UTF-8 text, without its mark, whatever the file is encoded in.
    let places = [
        r#"f@17:3 [id,t\xc3\xabxt] 1,\"zw\xc3\xb6\nlin\xc3\xa9s\""#,
        r#"f@33:5 [id,t\xc3\xabxt] 2,\"\xc3\xa4 \"\"b\"\"\""#,
        r"f@58:7 [id,t\xc3\xabxt] 3,plain",
        r"f@66:8 [id,t\xc3\xabxt] 4,\xc3\xbf",
    ];
    check("csv", CSV_OF_MANY.as_bytes(), &places).await;
    check("utf-16", &utf16(CSV_OF_MANY), &places).await;
    check("latin-1", &latin_1(CSV_OF_MANY), &places).await;
    // Half a character is neither dropped nor taken for text.
    let truncated = &utf16("a\n1\n2")[..11];
    check("utf-16", truncated, &["f@2:2 [a] 1", r"f@4:3 [a] \xff"]).await;
}

#[tokio::test]
async fn many_files_are_read_in_order_and_resumed_among() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("b.csv"), "id\n3\n").unwrap();
    fs::write(dir.path().join("a.csv"), "id\n1\n2\n").unwrap();
    fs::write(dir.path().join("c.csv"), "").unwrap();
    fs::write(dir.path().join("d.csv"), gzip(b"other\n4\n5")).unwrap();
    let source = source_of(dir.path().join("*.csv"), "csv", |_| {});
    let whole =
        ["a.csv@3:2 [id] 1", "a.csv@5:3 [id] 2", "b.csv@3:2 [id] 3", "d.csv@6:2 [other] 4", "d.csv@8:3 [other] 5"];
    let batches = read_all(&source, None, 1).await.unwrap();
    assert_eq!(read_values(&source, None).await.unwrap(), whole);
    for (i, (_, positions)) in batches.iter().enumerate() {
        assert_eq!(read_values(&source, Some(positions)).await.unwrap(), whole[i + 1..], "after record {i}");
    }

    // What was read to its end may be archived; new files and appended lines are found.
    let after_three = &batches[3].1;
    fs::remove_file(dir.path().join("a.csv")).unwrap();
    append(&dir.path().join("b.csv"), b"33\n");
    fs::write(dir.path().join("aa.csv"), "id\n0\n").unwrap();
    let rest = read_values(&source, Some(after_three)).await.unwrap();
    assert_eq!(rest, ["aa.csv@3:2 [id] 0", "b.csv@5:3 [id] 33", "d.csv@8:3 [other] 5"]);
}

#[tokio::test]
async fn positions_that_fit_no_file_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let check = async |name: &str, before: &[u8], after: Option<&[u8]>, expected: &str| {
        let path = dir.path().join(name);
        fs::write(&path, before).unwrap();
        let source = source_of(dir.path().join(format!("{name}*")), "lines", |_| {});
        let positions = read_all(&source, None, 2).await.unwrap().remove(0).1;
        match after {
            Some(after) => fs::write(&path, after).unwrap(),
            None => fs::remove_file(&path).unwrap(),
        }
        fs::write(dir.path().join(format!("{name}.other")), "x\n").unwrap();
        let error = read_values(&source, Some(&positions)).await.unwrap_err().to_string();
        assert!(error.contains(expected) && error.contains(name), "{error}");
    };
    let three = b"one\ntwo\nthree\n";
    check("gone", three, None, "was read up to offset 8 and is not among the files of").await;
    check("shorter", three, Some(b"one\n"), "the file has 4 bytes, and 8 had been read").await;
    check("packed", &gzip(three), Some(&gzip(b"one\n")), "the stream has 4 bytes, and 8 had been read").await;
    check("replaced", &gzip(three), Some(&gzip(b"one\nlonger\n")), "offset 8 is inside a record that starts at 4")
        .await;
}

#[tokio::test]
async fn broken_input_is_located() {
    let check = async |name: &str, stored: &[u8], expected: &[&str]| {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(name);
        fs::write(&path, stored).unwrap();
        let source = source_of(&path, "lines", |c| c.max_record_bytes = 8);
        let error = read_values(&source, None).await.unwrap_err().to_string();
        for part in expected.iter().chain([&path.to_str().unwrap()]) {
            assert!(error.contains(part), "{error}");
        }
    };
    check("long", b"short\nmuch too long\nshort", &["offset 6, line 2", "at most 8 bytes in a record, found 13"]).await;
    let packed = gzip(b"one\ntwo\n");
    check("cut.gz", &packed[..packed.len() - 9], &["cannot read", "cut.gz"]).await;
    let packed = zstd(b"one\ntwo\n");
    check("cut.zst", &packed[..packed.len() - 3], &["cannot read", "cut.zst"]).await;
    check("lie.gz", b"plain", &["its name says gzip, its first bytes do not"]).await;
}

#[tokio::test]
async fn records_before_an_error_come_first_and_reading_goes_on_behind_a_bad_one() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("f");
    fs::write(&path, "one\nmuch too long\ntwo\n").unwrap();
    let source = source_of(&path, "lines", |c| c.max_record_bytes = 8);
    let mut stream = source.start(None).await.unwrap();
    let mut batch = SourceBatch::new();
    assert_eq!(stream.next(&mut batch, 10).await.unwrap(), 1);
    assert!(stream.next(&mut batch, 10).await.unwrap_err().is_row_level());
    assert_eq!(stream.next(&mut batch, 10).await.unwrap(), 1);
    assert_eq!(stream.next(&mut batch, 10).await.unwrap(), 0);
    assert_eq!(show(&batch), ["f@0:1 one", "f@18:3 two"]);
}

#[tokio::test]
async fn batches_are_bounded_by_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("f");
    fs::write(&path, "0123456789\n".repeat(100)).unwrap();
    let source = source_of(&path, "lines", |c| c.max_batch_bytes = 100);
    let sizes: Vec<usize> = read_all(&source, None, 1000).await.unwrap().iter().map(|(shown, _)| shown.len()).collect();
    // Each record takes its bytes and a terminator: ten of them fill a batch.
    assert_eq!(sizes, [10; 10]);
}

#[tokio::test]
async fn options_that_contradict_each_other_are_refused() {
    let check = |format: &str, path: &str, change: fn(&mut FileSourceConfig), expected: &str| {
        let mut config = FileSourceConfig::new(path);
        change(&mut config);
        let error = FileSource::<Uncut>::new(config, &FormatSpec::new(format)).unwrap_err();
        assert!(error.is_config() && error.to_string().contains(expected), "{error}");
    };
    check("json", "f", |c| c.start = crate::StartAt::End, "unless `follow` is on");
    check("json", "-", |c| c.follow = true, "standard input is read as it comes anyway");
    check("whole", "f", |c| c.follow = true, "the whole file is one record");
    check("utf-16", "f", |c| c.follow = true, "files in utf-16 are read from their beginning, and cannot be followed");
    check("json", "f", |c| c.max_batch_bytes = 0, "option `max_batch_bytes` = '0'");
    check("jsn", "f", |_| {}, "did you mean `json`?");
}
