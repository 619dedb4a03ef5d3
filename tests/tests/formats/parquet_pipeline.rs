//! Parquet from SQL to rows and back: columns and rows that are read, files that differ, places to resume at, and what
//! checkpoints leave.

use std::{fs, path::Path, sync::Arc};

use arrow_array::{ArrayRef, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray};
use laminar_connector_file::{FileSource, FileSourceConfig};
use laminar_connector_memory::MemoryStore;
use laminar_formats::AnyDecoder;
use laminar_schema::{
    EncodeSpec, EncodedBatch, EncoderSet, FormatEncoder, FormatSpec, Metrics, Options, Positions, RecordStream, Source,
    SourceBatch, Summary, engine::RunOptions, record::BatchContent,
};
use laminar_tests::engine::TestEngine;

/// Runs every pipeline of the text; what a sink named `name` in memory has then, and the summary of the last one.
async fn run(sql: &str, name: &str, options: &RunOptions) -> Result<(Vec<String>, Summary), String> {
    let store = MemoryStore::new();
    assert!(store.register(name));
    let mut engine = TestEngine::new();
    let script = engine.load(sql).map_err(|e| e.to_string())?;
    let mut last = None;
    for planned in engine.plan(&script, options).await.map_err(|e| e.to_string())? {
        let ran = planned.pipeline.run(std::future::pending(), &Metrics::new()).await;
        last = Some(ran.map_err(|e| e.to_string())?);
    }
    Ok((store.texts(), last.unwrap()))
}

/// Writes a file of one batch.
fn write(path: &Path, columns: Vec<(&str, ArrayRef)>, options: &[(&str, &str)]) {
    let columns = columns.into_iter().map(|(name, column)| (name, column, true));
    let batch = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
    let format = FormatSpec::new("parquet").with_options(Options::from_pairs(options.iter().copied()));
    let spec = EncodeSpec::new(batch.schema(), format);
    let mut encoder = laminar_formats::AnyEncoder::build(&spec).unwrap().unwrap();
    let mut file = encoder.prologue();
    let mut out = EncodedBatch::new();
    encoder.encode(&batch, &mut out).unwrap();
    out.iter().for_each(|part| file.extend_from_slice(part));
    file.extend(encoder.finish().unwrap());
    fs::write(path, file).unwrap();
}

/// 1,000 trades in ten row groups of 100: `id` grows, `price` is `id / 10`, `symbol` is one of five.
fn trades(dir: &Path, options: &[(&str, &str)]) -> String {
    let path = dir.join("trades.parquet");
    let ids = || 0..1000_i64;
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("id", Arc::new(Int64Array::from_iter_values(ids()))),
        ("price", Arc::new(Float64Array::from_iter_values(ids().map(|i| i as f64 / 10.0)))),
        ("symbol", Arc::new(StringArray::from_iter_values(ids().map(|i| format!("S{}", i % 5))))),
        ("note", Arc::new(StringArray::from_iter(ids().map(|i| (i % 2 == 0).then(|| "even".to_owned()))))),
    ];
    let mut all = vec![("row_group_rows", "100"), ("data_page_bytes", "100")];
    all.extend_from_slice(options);
    write(&path, columns, &all);
    path.display().to_string()
}

#[tokio::test]
async fn where_and_select_read_only_what_they_need() {
    let dir = tempfile::tempdir().unwrap();
    let path = trades(dir.path(), &[("bloom_filters", "id")]);
    let mut number = 0;
    let mut check = async |select: &str, rows: usize, first: &str, row_groups: u64| {
        number += 1;
        let name = format!("parquet_where_{number}");
        let sql = format!(
            "CREATE SOURCE t FROM FILE (path = '{path}') FORMAT PARQUET;
             CREATE SINK k INTO MEMORY (name = '{name}') FORMAT JSON; INSERT INTO k {select}"
        );
        let (found, summary) = Box::pin(run(&sql, &name, &RunOptions::default())).await.unwrap();
        assert_eq!((found.len(), found.first().map_or("", String::as_str)), (rows, first), "{select}");
        assert_eq!(summary.skipped.row_groups, row_groups, "{select}");
        assert_eq!(summary.records + summary.skipped.rows, 1000, "{select}");
        assert_eq!(summary.rows - summary.left_out, rows as u64, "{select}");
    };
    check("SELECT id FROM t", 1000, r#"{"id":0}"#, 0).await;
    check("SELECT symbol, price FROM t WHERE price > 95", 49, r#"{"symbol":"S1","price":95.1}"#, 9).await;
    check("SELECT price AS p FROM t WHERE id = 250", 1, r#"{"p":25.0}"#, 9).await;
    check("SELECT id FROM t WHERE id IN (5, 995)", 2, r#"{"id":5}"#, 8).await;
    check("SELECT id FROM t WHERE id BETWEEN 99.5 AND 200", 101, r#"{"id":100}"#, 8).await;
    check("SELECT id FROM t WHERE NOT (id < 900 OR symbol <> 'S3')", 20, r#"{"id":903}"#, 9).await;
    check("SELECT id FROM t WHERE note IS NULL AND id >= 990", 5, r#"{"id":991}"#, 9).await;
    check("SELECT id FROM t WHERE symbol = 'S9'", 0, "", 10).await;
    check("SELECT id FROM t WHERE id > 5000", 0, "", 10).await;
}

#[tokio::test]
async fn pruning_drops_nothing_that_the_condition_keeps() {
    let dir = tempfile::tempdir().unwrap();
    let path = trades(dir.path(), &[]);
    let conditions = [
        "price <= 3.3",
        "price <> 3.3",
        "id >= 100",
        "id < 100",
        "NOT id = 7",
        "symbol > 'S3'",
        "note = 'even'",
        "note IS NOT NULL",
        "id IN (1, 500, 999)",
        "id < 10 OR id > 990",
        "NOT (id < 10 OR note IS NULL)",
    ];
    for (number, condition) in conditions.iter().enumerate() {
        let mut results = Vec::new();
        for prune in ["true", "false"] {
            let name = format!("parquet_prune_{number}_{prune}");
            let sql = format!(
                "CREATE SOURCE t FROM FILE (path = '{path}') FORMAT PARQUET (prune = '{prune}');
                 CREATE SINK k INTO MEMORY (name = '{name}') FORMAT JSON;
                 INSERT INTO k SELECT * FROM t WHERE {condition}"
            );
            results.push(run(&sql, &name, &RunOptions::default()).await.unwrap().0);
        }
        assert!(!results[0].is_empty(), "{condition}");
        assert_eq!(results[0], results[1], "{condition}");
    }
}

#[tokio::test]
async fn several_outputs_share_what_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let path = trades(dir.path(), &[]);
    let out = dir.path().join("low.json");
    let sql = format!(
        "CREATE SOURCE t FROM FILE (path = '{path}') FORMAT PARQUET;
         CREATE SINK high INTO MEMORY (name = 'parquet_high') FORMAT JSON;
         CREATE SINK low INTO FILE (path = '{}') FORMAT JSON;
         INSERT INTO high SELECT id FROM t WHERE id >= 950; INSERT INTO low SELECT symbol FROM t WHERE id < 50",
        out.display()
    );
    let (high, summary) = run(&sql, "parquet_high", &RunOptions::default()).await.unwrap();
    assert_eq!((high.len(), fs::read_to_string(&out).unwrap().lines().count()), (50, 50));
    assert_eq!(summary.skipped.row_groups, 8, "what neither wants");
}

#[tokio::test]
async fn conditions_that_do_not_fit_the_columns() {
    let dir = tempfile::tempdir().unwrap();
    let path = trades(dir.path(), &[]);
    let check = async |condition: &str, expected: &str| {
        let sql = format!(
            "CREATE SOURCE t FROM FILE (path = '{path}') FORMAT PARQUET;
             CREATE SINK k INTO MEMORY (name = 'parquet_none') FORMAT JSON; INSERT INTO k SELECT id FROM t WHERE {condition}"
        );
        let error = run(&sql, "parquet_none", &RunOptions::default()).await.unwrap_err();
        assert!(error.contains(expected), "{condition}: {error}");
        assert!(error.contains("^"), "it points at the text: {error}");
    };
    check("prise > 5", "no column `prise`; did you mean `price`?").await;
    check("id = 'x'", "column `id` is BIGINT, and 'x' is no value to compare it with").await;
    check("symbol = 5", "text stands in single quotes").await;
    check("id", "a column by itself is a condition only where it is BOOLEAN").await;
    check("id = 1.5", "no integer is that number").await;
    check("price + 1 > 5", "WHERE compares columns with literals").await;
}

#[tokio::test]
async fn metadata_columns_name_the_file_and_the_row() {
    let dir = tempfile::tempdir().unwrap();
    let path = trades(dir.path(), &[]);
    let sql = format!(
        "CREATE SOURCE t FROM FILE (path = '{path}') FORMAT PARQUET INCLUDE PARTITION AS file, OFFSET AS at, KEY AS k;
         CREATE SINK s INTO MEMORY (name = 'parquet_metadata') FORMAT JSON;
         INSERT INTO s SELECT * FROM t WHERE id IN (5, 777) AND at < 900"
    );
    let (found, _) = run(&sql, "parquet_metadata", &RunOptions::default()).await.unwrap();
    let row = |id: i64| {
        let rest = format!(r#""file":"{path}","at":{id},"k":null}}"#);
        let note = if id % 2 == 0 { r#""even""# } else { "null" };
        format!(r#"{{"id":{id},"price":{:?},"symbol":"S{}","note":{note},{rest}"#, id as f64 / 10.0, id % 5)
    };
    assert_eq!(found, [row(5), row(777)]);
}

#[tokio::test]
async fn files_that_differ_are_read_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str| dir.path().join(name);
    write(
        &file("a.parquet"),
        vec![("id", Arc::new(Int64Array::from(vec![1]))), ("x", Arc::new(StringArray::from(vec!["a"])))],
        &[],
    );
    write(
        &file("b.parquet"),
        vec![
            ("more", Arc::new(Int64Array::from(vec![0]))),
            ("x", Arc::new(StringArray::from(vec!["b"]))),
            ("id", Arc::new(Int32Array::from(vec![2]))),
        ],
        &[],
    );
    write(&file("c.parquet"), vec![("id", Arc::new(Int32Array::from(vec![3])))], &[]);
    let sql = |options: &str, name: &str| {
        format!(
            "CREATE SOURCE t FROM FILE (path = '{}/*.parquet') FORMAT PARQUET {options};
             CREATE SINK k INTO MEMORY (name = '{name}') FORMAT JSON; INSERT INTO k SELECT * FROM t",
            dir.path().display()
        )
    };
    let name = "parquet_files";
    let (found, _) = run(&sql("", name), name, &RunOptions::default()).await.unwrap();
    assert_eq!(found, [r#"{"id":1,"x":"a"}"#, r#"{"id":2,"x":"b"}"#, r#"{"id":3,"x":null}"#]);

    let name = "parquet_files_unknown";
    let error = run(&sql("(unknown_fields = 'reject')", name), name, &RunOptions::default()).await.unwrap_err();
    assert!(error.contains("b.parquet") && error.contains("column more: the schema has no such column"), "{error}");

    write(&file("d.parquet"), vec![("id", Arc::new(Float64Array::from(vec![1.5])))], &[]);
    let name = "parquet_files_double";
    let error = run(&sql("", name), name, &RunOptions::default()).await.unwrap_err();
    let expected = "column id: the file has DOUBLE, which does not turn into BIGINT without loss";
    assert!(error.contains("d.parquet") && error.contains(expected), "{error}");
}

#[tokio::test]
async fn two_columns_of_one_name_are_not_chosen_from() {
    let dir = tempfile::tempdir().unwrap();
    let column = |value: i64| Arc::new(Int64Array::from(vec![value]));
    write(&dir.path().join("a.parquet"), vec![("id", column(1)), ("x", column(2)), ("x", column(3))], &[]);
    let check = async |declared: &str, name: &str| {
        let sql = format!(
            "CREATE SOURCE t {declared} FROM FILE (path = '{}/*.parquet') FORMAT PARQUET;
             CREATE SINK k INTO MEMORY (name = '{name}') FORMAT JSON; INSERT INTO k SELECT * FROM t",
            dir.path().display()
        );
        run(&sql, name, &RunOptions::default()).await.map(|(found, _)| found)
    };
    let expected = "column x: two columns have this name; declare others of the file's columns, without `*`";
    for (number, declared) in ["", "(id BIGINT, *)", "(x BIGINT)"].into_iter().enumerate() {
        let error = check(declared, &format!("parquet_ambiguous_{number}")).await.unwrap_err();
        assert!(error.contains("a.parquet") && error.contains(expected), "{declared}: {error}");
    }
    assert_eq!(check("(id BIGINT)", "parquet_unambiguous").await.unwrap(), [r#"{"id":1}"#]);
}

async fn ids_from(path: &str, from: Option<&Positions>, max: usize, batches: usize) -> (Vec<i64>, Positions) {
    let source: FileSource<AnyDecoder> =
        FileSource::new(FileSourceConfig::new(path), &FormatSpec::new("parquet")).unwrap();
    let mut stream = source.start(from).await.unwrap();
    let (mut batch, mut ids, mut reached) = (SourceBatch::new(), Vec::new(), Positions::new());
    for _ in 0..batches {
        let read = stream.next(&mut batch, max).await.unwrap();
        reached.advance(&batch.positions);
        if read == 0 {
            break;
        }
        let BatchContent::Columns(columns) = batch.content() else { panic!("columns") };
        let column = columns.column_by_name("id").unwrap().as_any().downcast_ref::<Int64Array>().unwrap();
        ids.extend(column.values());
        batch.clear();
    }
    (ids, reached)
}

#[tokio::test]
async fn reading_goes_on_in_the_middle_of_a_row_group() {
    let dir = tempfile::tempdir().unwrap();
    let path = trades(dir.path(), &[]);
    for max in [1, 7, 33, 100, 250] {
        let (mut ids, mut at) = ids_from(&path, None, max, 3).await;
        let stopped_at = ids.len();
        let (more, then) = ids_from(&path, Some(&at), 64, 2).await;
        ids.extend(more);
        at.advance(&then);
        let (rest, end) = ids_from(&path, Some(&at), 8192, usize::MAX).await;
        ids.extend(rest);
        at.advance(&end);
        assert_eq!(ids, (0..1000).collect::<Vec<i64>>(), "stopped behind {stopped_at} rows");
        let again = ids_from(&path, Some(&at), 8192, usize::MAX).await.0;
        assert!(again.is_empty(), "it was read to its end");
    }
}

#[tokio::test]
async fn a_file_that_was_replaced_is_not_resumed() {
    let dir = tempfile::tempdir().unwrap();
    let path = trades(dir.path(), &[]);
    let (_, at) = ids_from(&path, None, 500, 6).await;
    write(Path::new(&path), vec![("id", Arc::new(Int64Array::from(vec![1])))], &[]);
    let source: FileSource<AnyDecoder> =
        FileSource::new(FileSourceConfig::new(&path), &FormatSpec::new("parquet")).unwrap();
    let mut stream = source.start(Some(&at)).await.unwrap();
    let error = stream.next(&mut SourceBatch::new(), 10).await.unwrap_err().to_string();
    assert!(error.contains("it has 1 rows, and 600 had been read; it was replaced"), "{error}");
}

/// Rows of every part of the output that has its name.
fn part_rows(dir: &Path) -> Vec<(String, usize)> {
    let mut parts: Vec<(String, usize)> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "parquet"))
        .map(|path| {
            let file = fs::File::open(&path).unwrap();
            let reader = parquet::arrow::arrow_reader::ParquetRecordBatchReader::try_new(file, 1024).unwrap();
            let rows = reader.map(|batch| batch.unwrap().num_rows()).sum();
            (path.file_name().unwrap().to_string_lossy().into_owned(), rows)
        })
        .collect();
    parts.sort();
    parts
}

#[tokio::test]
async fn every_checkpoint_leaves_files_that_can_be_read() {
    let dir = tempfile::tempdir().unwrap();
    let input = dir.path().join("in.json");
    let line = |i: usize| format!("{{\"id\":{i}}}\n");
    fs::write(&input, (0..10).map(line).collect::<String>()).unwrap();
    let out = dir.path().join("out");
    let sql = format!(
        "CREATE SOURCE s (id BIGINT) FROM FILE (path = '{}') FORMAT JSON;
         CREATE SINK k INTO FILE (path = '{}/big.parquet') FORMAT PARQUET; INSERT INTO k SELECT * FROM s",
        input.display(),
        out.display()
    );
    let options = RunOptions { checkpoint_dir: Some(dir.path().join("state")), ..RunOptions::default() };
    let part = |name: &str, rows| (name.to_owned(), rows);
    run(&sql, "parquet_part_1", &options).await.unwrap();
    assert_eq!(part_rows(&out), [part("big.parquet", 10)]);

    // Nothing new: nothing is written.
    run(&sql, "parquet_part_2", &options).await.unwrap();
    assert_eq!(part_rows(&out), [part("big.parquet", 10)]);

    let append = |text: &str| {
        let old = fs::read_to_string(&input).unwrap();
        fs::write(&input, old + text).unwrap();
    };
    append(&(10..15).map(line).collect::<String>());
    run(&sql, "parquet_part_3", &options).await.unwrap();
    assert_eq!(part_rows(&out), [part("big-2.parquet", 5), part("big.parquet", 10)]);

    // A run that fails leaves what was committed, and no file that cannot be read.
    append(&format!("{}no JSON\n", line(15)));
    let error = run(&sql, "parquet_part_4", &options).await.unwrap_err();
    assert!(error.contains("line 17"), "{error}");
    assert_eq!(part_rows(&out), [part("big-2.parquet", 5), part("big.parquet", 10)]);
    assert_eq!(fs::read_dir(&out).unwrap().count(), 2, "nothing unfinished is left");

    // What a crash leaves unfinished is begun again.
    fs::write(out.join("big-3.parquet.part"), b"PAR1 and no more").unwrap();
    let mended = fs::read_to_string(&input).unwrap().replace("no JSON", r#"{"id":16}"#);
    fs::write(&input, mended).unwrap();
    run(&sql, "parquet_part_5", &options).await.unwrap();
    assert_eq!(part_rows(&out), [part("big-2.parquet", 5), part("big-3.parquet", 2), part("big.parquet", 10)]);

    // A crash between the checkpoint and the commit: the next run commits.
    fs::rename(out.join("big-3.parquet"), out.join("big-3.parquet.part")).unwrap();
    run(&sql, "parquet_part_6", &options).await.unwrap();
    assert_eq!(part_rows(&out), [part("big-2.parquet", 5), part("big-3.parquet", 2), part("big.parquet", 10)]);

    // Without checkpoints a run makes one file, in place of all parts.
    run(&sql, "parquet_part_7", &RunOptions::default()).await.unwrap();
    assert_eq!(part_rows(&out), [part("big.parquet", 17)]);
}

#[tokio::test]
async fn no_rows_make_a_file_all_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let path = trades(dir.path(), &[]);
    let out = dir.path().join("out");
    let sql = format!(
        "CREATE SOURCE t FROM FILE (path = '{path}') FORMAT PARQUET;
         CREATE SINK k INTO FILE (path = '{}/none.parquet') FORMAT PARQUET; INSERT INTO k SELECT id FROM t WHERE id < 0",
        out.display()
    );
    run(&sql, "parquet_nothing", &RunOptions::default()).await.unwrap();
    assert_eq!(part_rows(&out), [("none.parquet".to_owned(), 0)]);
}

#[tokio::test]
async fn a_damaged_page_names_its_row_group_and_column() {
    let dir = tempfile::tempdir().unwrap();
    let path = trades(dir.path(), &[("compression", "none"), ("dictionary", "false"), ("statistics", "none")]);
    let mut file = fs::read(&path).unwrap();
    // A value of `symbol` in some row group gets a length beyond its page.
    let at = file.windows(6).rposition(|w| w == b"\x02\x00\x00\x00S3").unwrap();
    file[at] = 0xff;
    fs::write(&path, file).unwrap();
    let sql = format!(
        "CREATE SOURCE t FROM FILE (path = '{path}') FORMAT PARQUET;
         CREATE SINK k INTO MEMORY (name = 'parquet_damaged') FORMAT JSON; INSERT INTO k SELECT * FROM t"
    );
    let error = run(&sql, "parquet_damaged", &RunOptions::default()).await.unwrap_err();
    assert!(error.contains("trades.parquet") && error.contains("row group 9, column symbol"), "{error}");
    // Whoever does not read the column does not notice.
    let sql = sql.replace("SELECT *", "SELECT id").replace("parquet_damaged", "parquet_damaged_not_read");
    assert_eq!(run(&sql, "parquet_damaged_not_read", &RunOptions::default()).await.unwrap().1.rows, 1000);
}
