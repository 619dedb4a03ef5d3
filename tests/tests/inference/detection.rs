//! Options of a format that nobody set are found before the sample is taken, and everything behind uses them.

use std::{fs, io::Write as _, path::Path, time::Duration};

use expect_test::{Expect, expect};
use laminar_connector_file::{FileSource, FileSourceConfig};
use laminar_connector_memory::{MemoryFeed, MemoryStore};
use laminar_schema::{
    BoxSource, FormatDecoder, FormatInferenceRegistry, FormatSpec, InferenceConfig, Metrics, RecordStream,
    ResolveRequest, SchemaResolver, SourceBatch, SourceConnector, engine::RunOptions, record::BatchContent,
};
use laminar_tests::{
    engine::{TestDecoder, TestEngine},
    guesses::Semicolons,
};

const TEXT: &str = "id;name\n1;Zoë\n2;Łukasz\n";
/// What [`TEXT`] holds where `;` is known to divide it.
const ROWS: [&str; 2] = [r#"{"id":1,"name":"Zoë"}"#, r#"{"id":2,"name":"Łukasz"}"#];

fn engine() -> TestEngine {
    TestEngine::new().with_inference([Box::new(Semicolons) as _])
}

fn utf16(text: &str) -> Vec<u8> {
    "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// The rows of a file, from SQL.
async fn rows(path: &Path, format: &str, name: &str) -> Vec<String> {
    let store = MemoryStore::new();
    assert!(store.register(name));
    let mut engine = engine();
    let sql = format!(
        "CREATE SOURCE s FROM FILE (path = '{}') {format}; CREATE SINK k INTO MEMORY (name = '{name}') FORMAT JSON;
         INSERT INTO k SELECT * FROM s",
        path.display()
    );
    let script = engine.load(&sql).unwrap();
    for planned in engine.plan(&script, &RunOptions::default()).await.unwrap() {
        planned.pipeline.run(std::future::pending(), &Metrics::new()).await.unwrap();
    }
    store.texts()
}

#[tokio::test]
async fn files_are_read_with_what_was_found() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = dir.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    let check = async |path: &Path, name: &str| assert_eq!(rows(path, "FORMAT CSV", name).await, ROWS, "{name}");
    check(&file("plain.csv", TEXT.as_bytes()), "detected_plain").await;
    check(&file("packed.gz", &gzip(TEXT.as_bytes())), "detected_gzip").await;
    check(&file("wide.csv", &utf16(TEXT)), "detected_utf_16").await;
    check(&file("wide.gz", &gzip(&utf16(TEXT))), "detected_utf_16_gzip").await;
    file("many_a", b"");
    file("many_b", TEXT.as_bytes());
    check(&dir.path().join("many_*"), "detected_glob").await;
    // A followed file would never end, so its rows are not waited for; its schema tells.
    let path = file("followed.csv", TEXT.as_bytes());
    let sql = format!("CREATE SOURCE s FROM FILE (path = '{}', follow = true) FORMAT CSV", path.display());
    let mut engine = engine();
    engine.load(&sql).unwrap();
    let bound = engine.bind("s").await.unwrap();
    assert_eq!(bound.resolved.schema.fields().len(), 2);
    assert_eq!(bound.resolved.warnings[0].message, "looked at 25 bytes, the first");
}

#[tokio::test]
async fn what_is_set_or_declared_is_not_looked_for() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("f.csv");
    fs::write(&path, TEXT).unwrap();
    let check = async |rest: &str, expected: &[&str]| {
        let mut engine = engine();
        let sql = format!("CREATE SOURCE s {}", rest.replace("FILE", &format!("FILE (path = '{}')", path.display())));
        engine.load(&sql).unwrap();
        let resolved = engine.bind("s").await.unwrap().resolved;
        let names: Vec<&str> = resolved.schema.fields().iter().map(|f| f.name().as_str()).collect();
        assert_eq!(names, expected, "{rest}");
        resolved.found_options
    };
    assert_eq!(check("FROM FILE FORMAT CSV", &["id", "name"]).await, ["delimiter"]);
    assert_eq!(check("(id BIGINT, *) FROM FILE FORMAT CSV", &["id", "name"]).await, ["delimiter"]);
    let none = Vec::<String>::new();
    assert_eq!(check("FROM FILE FORMAT CSV (delimiter = ',')", &["id;name"]).await, none);
    assert_eq!(check("(a BIGINT) FROM FILE FORMAT CSV", &["a"]).await, none);
    let off = "FROM FILE FORMAT CSV INFER SCHEMA (detect_format = false)";
    assert_eq!(check(off, &["id;name"]).await, none);
}

#[tokio::test]
async fn an_explanation_shows_what_was_found() {
    let check = async |sql: &str, expected: Expect| {
        let mut engine = engine();
        engine.load(sql).unwrap();
        let shown = engine.bind("s").await.unwrap().explain().unwrap();
        let about = |line: &&str| line.contains("found in the data") || line.starts_with("  warning");
        expected.assert_eq(&shown.lines().filter(about).collect::<Vec<_>>().join("\n"));
    };
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("f.csv");
    fs::write(&path, utf16("id;name\n1;x\n")).unwrap();
    check(
        &format!("CREATE SOURCE s FROM FILE (path = '{}') FORMAT CSV (trim = true)", path.display()),
        expect![[r#"
            options of csv found in the data: encoding = 'utf-16', delimiter = ';'
              warning: looked at 26 bytes, all"#]],
    )
    .await;
}

#[tokio::test]
async fn records_are_looked_at_where_there_is_no_stream_and_sampled_once() {
    let feed = MemoryFeed::of_values(["1;a", "2;b"]);
    assert!(feed.register("detected_in_records"));
    let mut engine = engine();
    engine.load("CREATE SOURCE s FROM MEMORY (name = 'detected_in_records') FORMAT CSV (header = false)").unwrap();
    let bound = engine.bind("s").await.unwrap();
    assert_eq!(bound.resolved.found_options, ["delimiter"]);
    assert_eq!(bound.resolved.schema.fields().len(), 2);
    assert_eq!(bound.resolved.warnings[0].message, "looked at 2 records");
    assert_eq!(bound.spec.format.options.get("delimiter"), Some(";"));
    let sampled: Vec<(usize, Option<u64>, Option<u64>)> =
        bound.resolved.sample.iter().map(|r| (r.records, r.first_offset, r.last_offset)).collect();
    assert_eq!(sampled, [(2, Some(0), Some(1))]);
}

fn resolver() -> SchemaResolver {
    let mut formats = FormatInferenceRegistry::of::<TestDecoder>();
    formats.register(Box::new(Semicolons));
    SchemaResolver::new(formats)
}

/// Reads a source to its end with the decoder of what was resolved.
async fn read<S: SourceConnector<Decoder = TestDecoder>>(source: S) -> Vec<String> {
    let format = FormatSpec::new("csv");
    let config = InferenceConfig { sample_timeout: Duration::from_secs(20), ..InferenceConfig::default() };
    let request = ResolveRequest { inference: Some(&config), ..ResolveRequest::new(&format) };
    let (source, resolved) = resolver().detect_and_resolve(source, &request).await.unwrap();
    let spec = laminar_schema::DecodeSpec::new(resolved.schema, resolved.format);
    let mut decoder = source.build_decoder(&spec).unwrap();
    let mut stream = source.start(None).await.unwrap();
    let (mut batch, mut rows) = (SourceBatch::new(), Vec::new());
    while stream.next(&mut batch, 1).await.unwrap() > 0 {
        let BatchContent::Raw(raw) = batch.content() else { panic!("a file has no columns") };
        let decoded = decoder.decode(raw).unwrap().batch;
        rows.push(arrow_cast::pretty::pretty_format_batches(&[decoded]).unwrap().to_string());
        batch.clear();
    }
    rows
}

#[tokio::test]
async fn a_stream_that_is_read_once_loses_nothing_to_being_looked_at() {
    let source = |bytes: Vec<u8>| {
        let input = std::io::Cursor::new(bytes);
        FileSource::<TestDecoder>::from_reader(input, FileSourceConfig::new("-"), &FormatSpec::new("csv")).unwrap()
    };
    let expected = read(source(TEXT.as_bytes().to_vec())).await;
    assert_eq!(expected.len(), 2);
    assert!(expected[0].contains("| id | name |"), "{}", expected[0]);
    // What was kept as it came is read in another encoding than it was opened with.
    assert_eq!(read(source(utf16(TEXT))).await, expected);
    assert_eq!(read(source(gzip(&utf16(TEXT)))).await, expected);
    // Erased, it is remade all the same.
    assert_eq!(read(BoxSource::new(source(TEXT.as_bytes().to_vec()))).await, expected);
}

#[tokio::test(start_paused = true)]
async fn a_silent_stream_is_waited_for_once() {
    let (input, writer) = std::io::pipe().unwrap();
    let format = FormatSpec::new("csv");
    let source = FileSource::<TestDecoder>::from_reader(input, FileSourceConfig::new("-"), &format).unwrap();
    let config = InferenceConfig { sample_timeout: Duration::from_millis(800), ..InferenceConfig::default() };
    let request = ResolveRequest { inference: Some(&config), ..ResolveRequest::new(&format) };
    let began = tokio::time::Instant::now();
    let error = resolver().detect_and_resolve(source, &request).await.unwrap_err().to_string();
    assert!(error.contains("800ms"), "{error}");
    assert!(began.elapsed() < 2 * config.sample_timeout, "{:?}", began.elapsed());
    drop(writer);
}

#[tokio::test]
async fn a_long_stream_is_kept_whole() {
    let line = format!("1;{}\n", "x".repeat(1000));
    let input = std::io::Cursor::new(format!("id;name\n{}", line.repeat(3000)));
    let source =
        FileSource::<TestDecoder>::from_reader(input, FileSourceConfig::new("-"), &FormatSpec::new("csv")).unwrap();
    assert_eq!(read(source).await.len(), 3000);
}
