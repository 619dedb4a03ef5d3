//! CSV files in other encodings than UTF-8, from SQL to rows; resumed in the middle; and what is no text.

use std::{fs, path::Path};

use laminar_connector_memory::MemoryStore;
use laminar_schema::{Metrics, Summary, engine::RunOptions};
use laminar_tests::engine::TestEngine;

const TEXT: &str = "id,name\n1,Zoë\n2,\"père\nfils\"\n3,ÿ\n";
const ROWS: [&str; 3] = [r#"{"id":1,"name":"Zoë"}"#, r#"{"id":2,"name":"père\nfils"}"#, r#"{"id":3,"name":"ÿ"}"#];

fn utf_16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(bytes).collect()
}

fn latin_1(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect()
}

fn sql(path: &Path, encoding: &str, sink: &str) -> String {
    format!(
        "CREATE SOURCE s (id BIGINT, name VARCHAR) FROM FILE (path = '{}') FORMAT CSV (encoding = '{encoding}')
             INCLUDE OFFSET AS o ON ERROR SKIP;
         CREATE SINK k INTO MEMORY (name = '{sink}') FORMAT JSON; INSERT INTO k SELECT id, name FROM s",
        path.display()
    )
}

async fn run(sql: &str, options: &RunOptions) -> Summary {
    let mut engine = TestEngine::new();
    let script = engine.load(sql).unwrap();
    let planned = engine.plan(&script, options).await.unwrap().remove(0);
    planned.pipeline.run(std::future::pending(), &Metrics::new()).await.unwrap()
}

#[tokio::test]
async fn every_encoding_gives_the_same_rows() {
    let marked = format!("\u{feff}{TEXT}");
    let cases = [
        ("utf-8", TEXT.as_bytes().to_vec()),
        ("utf-16", utf_16(&marked, u16::to_le_bytes)),
        ("utf-16", utf_16(&marked, u16::to_be_bytes)),
        ("utf-16le", utf_16(TEXT, u16::to_le_bytes)),
        ("UTF-16BE", utf_16(&marked, u16::to_be_bytes)),
        ("latin-1", latin_1(TEXT)),
        ("iso-8859-1", latin_1(TEXT)),
    ];
    let dir = tempfile::tempdir().unwrap();
    for (i, (encoding, bytes)) in cases.into_iter().enumerate() {
        let path = dir.path().join(format!("{i}.csv"));
        fs::write(&path, bytes).unwrap();
        let store = MemoryStore::new();
        let name = format!("encoding_{i}");
        assert!(store.register(&name));
        run(&sql(&path, encoding, &name), &RunOptions::default()).await;
        assert_eq!(store.texts(), ROWS, "{i} {encoding}");
    }
}

#[tokio::test]
async fn a_run_that_was_stopped_goes_on_where_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("f.csv");
    let store = MemoryStore::new();
    assert!(store.register("encoding_resumed"));
    let options = RunOptions { checkpoint_dir: Some(dir.path().join("checkpoints")), ..RunOptions::default() };
    // The first run ends with the file; more is appended, and the second run begins in the middle.
    let (front, _) = TEXT.split_at(TEXT.find("3,").unwrap());
    fs::write(&path, utf_16(front, u16::to_le_bytes)).unwrap();
    let sql = sql(&path, "utf-16le", "encoding_resumed");
    assert_eq!(run(&sql, &options).await.rows, 2);
    fs::write(&path, utf_16(TEXT, u16::to_le_bytes)).unwrap();
    assert_eq!(run(&sql, &options).await.rows, 1);
    assert_eq!(store.texts(), ROWS);
}

#[tokio::test]
async fn half_a_character_rejects_its_record_and_no_other() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("f.csv");
    let mut bytes = utf_16("id,name\n1,a\n2,", u16::to_le_bytes);
    bytes.extend([0x00, 0xd8]);
    bytes.extend(utf_16("\n3,c\n", u16::to_le_bytes));
    fs::write(&path, bytes).unwrap();
    let store = MemoryStore::new();
    assert!(store.register("encoding_broken"));
    let skip = sql(&path, "utf-16le", "encoding_broken");
    let summary = run(&skip, &RunOptions::default()).await;
    assert_eq!((summary.rows, summary.rejected), (2, 1));
    assert_eq!(store.texts(), [r#"{"id":1,"name":"a"}"#, r#"{"id":3,"name":"c"}"#]);
    let mut engine = TestEngine::new();
    let script = engine.load(&skip.replace("ON ERROR SKIP", "ON ERROR FAIL")).unwrap();
    let planned = engine.plan(&script, &RunOptions::default()).await.unwrap().remove(0);
    let error = planned.pipeline.run(std::future::pending(), &Metrics::new()).await.unwrap_err().to_string();
    assert!(error.contains("offset 12, line 3]: expected text in utf-16le, found bytes that are none"), "{error}");
}

#[tokio::test]
async fn what_cannot_be_done_in_an_encoding_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("f.csv");
    fs::write(&path, utf_16(TEXT, u16::to_le_bytes)).unwrap();
    let check = async |sql: &str, expected: &str| {
        let mut engine = TestEngine::new();
        let error = match engine.load(sql) {
            Ok(script) => engine.plan(&script, &RunOptions::default()).await.map(drop).unwrap_err().to_string(),
            Err(error) => error.to_string(),
        };
        assert!(error.contains(expected), "{error}");
    };
    let (path, out) = (path.display(), dir.path().join("o.csv"));
    let source = format!("CREATE SOURCE s (id BIGINT) FROM FILE (path = '{path}') FORMAT CSV; ");
    check(
        &format!(
            "{source} CREATE SINK k INTO FILE (path = '{}') FORMAT CSV (encoding = 'utf-16');
             INSERT INTO k SELECT * FROM s",
            out.display()
        ),
        "other encodings are read, not written",
    )
    .await;
    let into_memory = "CREATE SINK k INTO MEMORY (name = 'unused') FORMAT JSON; INSERT INTO k SELECT * FROM s";
    let follow = source.replace("') FORMAT CSV", "', follow = true) FORMAT CSV (encoding = 'utf-16')");
    check(&(follow + into_memory), "files in utf-16 are read from their beginning, and cannot be followed").await;
    let unknown = source.replace("FORMAT CSV", "FORMAT CSV (encoding = 'ebcdic')");
    check(&(unknown + into_memory), "expected utf-8, utf-16, utf-16le, utf-16be or latin-1").await;
}
