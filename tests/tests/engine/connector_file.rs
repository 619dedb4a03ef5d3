//! Files through whole pipelines: wherever a run is cut short, the next one ends with each record written once.

use std::{
    fs,
    future::{Future, poll_fn},
    io::{Read, Write},
    path::Path,
    pin::pin,
    sync::Arc,
    task::Poll,
    time::Duration,
};

use arrow_schema::{DataType, Field, Schema};
use laminar_connector_file::{FileSink, FileSinkConfig, FileSource, FileSourceConfig};
use laminar_schema::{
    DecodeSpec, FormatSpec, Metrics, SchemaResult, Summary,
    pipeline::{CheckpointStore, OnError, Output, Pipeline, PipelineConfig},
};

/// Reads every `in/*` below `dir` and writes `out`, with a checkpoint after each batch of two records.
fn pipeline(dir: &Path, out: &str) -> SchemaResult<Pipeline<FileSource, FileSink>> {
    let csv = FormatSpec::new("csv");
    let pattern = dir.join("in/*").to_str().unwrap().to_owned();
    let source = FileSource::new(FileSourceConfig::new(pattern), &csv)?;
    let columns = [Field::new("id", DataType::Int64, true), Field::new("text", DataType::Utf8, true)];
    let schema = Arc::new(Schema::new(columns.to_vec()));
    let sink = FileSink::new(FileSinkConfig::new(dir.join(out)));
    let outputs = vec![Output::all("out", sink, csv.clone(), &schema)];
    let config = PipelineConfig {
        max_batch_records: 2,
        checkpoint_interval: Duration::ZERO,
        store: Some(CheckpointStore::open(&dir.join("checkpoint"), "p")?),
        ..PipelineConfig::new("input")
    };
    Ok(Pipeline::new(source, DecodeSpec::new(schema, csv), outputs, OnError::Fail, config))
}

async fn run(dir: &Path, out: &str) -> SchemaResult<Summary> {
    pipeline(dir, out)?.run(std::future::pending(), &Metrics::new()).await
}

/// Runs until the pipeline has had to wait `waits` times, and then drops it where it stands; true when it ended before.
async fn run_and_crash(dir: &Path, out: &str, waits: usize) -> bool {
    let mut running = pin!(run(dir, out));
    let mut left = waits;
    poll_fn(|cx| match running.as_mut().poll(cx) {
        Poll::Ready(summary) => {
            summary.unwrap();
            Poll::Ready(true)
        }
        Poll::Pending if left == 0 => Poll::Ready(false),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}

fn write_input(dir: &Path) {
    fs::create_dir(dir.join("in")).unwrap();
    let rows = |from: usize| -> String { (from..from + 5).map(|i| format!("{i},\"row\n{i}\"\n")).collect() };
    let gzip = |text: String| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    fs::write(dir.join("in/a.csv"), format!("id,text\n{}", rows(0))).unwrap();
    // The second file has its columns the other way round, and the third has no line end at its end.
    fs::write(dir.join("in/b.csv.gz"), gzip("text,id\n\"row\n5\",5\n\"row\n6\",6\n".to_owned())).unwrap();
    fs::write(dir.join("in/c.csv"), format!("id,text\n{}12,last", rows(7))).unwrap();
}

fn content(path: &Path) -> String {
    let mut text = String::new();
    let file = fs::File::open(path).unwrap();
    match path.extension().is_some_and(|e| e == "gz") {
        true => flate2::read::MultiGzDecoder::new(file).read_to_string(&mut text).unwrap(),
        false => std::io::BufReader::new(file).read_to_string(&mut text).unwrap(),
    };
    text
}

fn expected() -> String {
    let rows: String = (0..12).map(|i| format!("{i},\"row\n{i}\"\n")).collect();
    format!("id,text\n{rows}12,last\n")
}

#[tokio::test]
async fn a_crash_anywhere_leaves_each_record_once() {
    for out in ["out.csv", "out.csv.gz"] {
        let mut crashes = 0;
        for waits in 0.. {
            let dir = tempfile::tempdir().unwrap();
            write_input(dir.path());
            let ended = run_and_crash(dir.path(), out, waits).await;
            if !ended {
                crashes += 1;
                // A second crash on the way back is no worse.
                run_and_crash(dir.path(), out, waits / 2).await;
                run(dir.path(), out).await.unwrap();
            }
            assert_eq!(content(&dir.path().join(out)), expected(), "{out}, dropped after {waits} waits");
            if ended {
                break;
            }
        }
        assert!(crashes > 5, "only {crashes} places to crash in {out}");
    }
}

#[tokio::test]
async fn a_finished_run_goes_on_with_what_is_new() {
    let dir = tempfile::tempdir().unwrap();
    write_input(dir.path());
    assert_eq!(run(dir.path(), "out.csv").await.unwrap().records, 13);
    assert_eq!(run(dir.path(), "out.csv").await.unwrap().records, 0);
    assert_eq!(content(&dir.path().join("out.csv")), expected());
    fs::remove_file(dir.path().join("in/a.csv")).unwrap();
    fs::write(dir.path().join("in/d.csv"), "id,text\n13,new\n").unwrap();
    assert_eq!(run(dir.path(), "out.csv").await.unwrap().records, 1);
    assert_eq!(content(&dir.path().join("out.csv")), format!("{}13,new\n", expected()));
}

#[tokio::test]
async fn a_rejected_record_is_located_and_undoes_its_transaction() {
    let dir = tempfile::tempdir().unwrap();
    write_input(dir.path());
    let bad = dir.path().join("in/bb.csv");
    fs::write(&bad, "id,text\n\"5\",\"two\nlines\"\nnone,x\n").unwrap();
    let error = run(dir.path(), "out.csv").await.unwrap_err().to_string();
    let place = format!("input[partition {}, offset 24, line 4] field id: ", bad.display());
    assert!(error.starts_with(&place), "{error}");
    // What was checkpointed before it stays: all of the first two files, and at most the good record in front of it.
    let kept = content(&dir.path().join("out.csv"));
    let before: String = (0..7).map(|i| format!("{i},\"row\n{i}\"\n")).collect();
    let before = format!("id,text\n{before}");
    assert!(kept == before || kept == format!("{before}5,\"two\nlines\"\n"), "{kept}");
}
