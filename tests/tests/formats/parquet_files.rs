//! Parquet files of other writers beside the `parquet` crate's own Arrow reader, damaged files, files of every type, and
//! mutated ones.

use std::{fs, io::Cursor, path::PathBuf, sync::Arc};

use arrow_array::{ArrayRef, Int64Array, RecordBatch, StructArray};
use arrow_schema::{DataType, Field, Fields, Schema};
use arrow_select::concat::concat_batches;
use laminar_formats::AnyDecoder;
use laminar_schema::{
    ColumnsRequest, DecodeSpec, DecoderSet, EncodeSpec, EncodedBatch, EncoderSet, FormatDecoder, FormatEncoder,
    FormatSpec, Options, RawBatch, Scan, SchemaResult, ddl::parse_columns, field,
};
use laminar_tests::fuzz_bodies::{parquet_mutations, parquet_seeds};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

/// A folder of the corpora; `None` where they are not.
fn corpus(folder: &str) -> Option<Vec<PathBuf>> {
    let Some(corpora) = std::env::var_os("LAMINAR_CORPORA") else {
        println!("skipped: LAMINAR_CORPORA is not set");
        return None;
    };
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(corpora).join("parquet/parquet-testing");
    let files = fs::read_dir(path.join(folder)).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = files.filter(|p| p.extension().is_some_and(|e| e == "parquet")).collect();
    files.sort();
    Some(files)
}

/// All rows of a file, read as its own description says.
fn read(bytes: &[u8], options: &[(&str, &str)], max_batch_rows: usize) -> SchemaResult<RecordBatch> {
    let batches = read_batches(bytes, options, max_batch_rows)?;
    Ok(concat_batches(&batches[0].schema(), &batches)?)
}

/// As [`read`], in the batches that come; one without rows is the first.
fn read_batches(bytes: &[u8], options: &[(&str, &str)], max_batch_rows: usize) -> SchemaResult<Vec<RecordBatch>> {
    let format = FormatSpec::new("parquet").with_options(Options::from_pairs(options.iter().copied()));
    let file = || Cursor::new(bytes.to_vec());
    let schema = AnyDecoder::describe(&format, Some(&mut file()))?.unwrap().schema;
    let scan = Scan::all(Arc::clone(&schema));
    let request = ColumnsRequest { scan: Some(&scan), from_row: 0, max_batch_rows, max_batch_bytes: 4 << 20 };
    let mut reader = AnyDecoder::open_columns(&format, &request, Box::new(file()))?.unwrap();
    let mut batches = vec![RecordBatch::new_empty(schema)];
    while let Some(batch) = reader.next()? {
        batches.push(batch.columns);
    }
    Ok(batches)
}

/// What the crate's own reader makes of it. It panics on some of the damaged ones.
fn oracle(bytes: &[u8]) -> Result<Vec<RecordBatch>, String> {
    let read = || {
        let builder = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::copy_from_slice(bytes))?;
        Ok(builder.with_batch_size(700).build()?.collect::<Result<Vec<_>, _>>()?)
    };
    match std::panic::catch_unwind(read) {
        Ok(done) => done.map_err(|e: parquet::errors::ParquetError| e.to_string()),
        Err(_) => Err("it panics".to_owned()),
    }
}

/// Files of `data/` that are refused, and why.
const REFUSED: &[(&str, &str)] = &[
    ("datapage_v1-corrupt-checksum.parquet", "Page CRC checksum mismatch"),
    ("rle-dict-uncompressed-corrupt-checksum.parquet", "Page CRC checksum mismatch"),
    ("nation.dict-malformed.parquet", "Invalid page header"),
    // Not in the specification's terms a file: the field is required.
    ("dict-page-offset-zero.parquet", "Required field total_byte_size is missing"),
    // The crate's own reader yields no row of it, and no error.
    ("repeated_no_annotation.parquet", "6 rows are missing that the footer promises"),
];

/// Two values of a gigabyte each, which take a minute here. The crate's own reader says `index overflow`; ours reads
/// them, one to a batch.
const HUGE: &str = "large_string_map.brotli.parquet";

/// Whether two readers' batches have the same rows in the same order, however they are cut.
fn same_rows(ours: &[RecordBatch], theirs: &[RecordBatch]) -> bool {
    let count = |batches: &[RecordBatch]| batches.iter().map(RecordBatch::num_rows).sum::<usize>();
    let (mut theirs_at, mut from) = (0, 0);
    count(ours) == count(theirs)
        && ours.iter().all(|batch| {
            let mut done = 0;
            while done < batch.num_rows() {
                let other = &theirs[theirs_at];
                let rows = (batch.num_rows() - done).min(other.num_rows() - from);
                if batch.slice(done, rows).columns() != other.slice(from, rows).columns() {
                    return false;
                }
                (done, from) = (done + rows, from + rows);
                if from == other.num_rows() {
                    (theirs_at, from) = (theirs_at + 1, 0);
                }
            }
            true
        })
}

#[test]
fn good_files_read_as_the_crate_reads_them() {
    let Some(files) = corpus("data") else { return };
    let (mut equal, mut wrong) = (0, Vec::new());
    for path in files.iter().filter(|path| !path.ends_with(HUGE)) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let bytes = fs::read(path).unwrap();
        match (read_batches(&bytes, &[("int96", "ns")], 1000), oracle(&bytes)) {
            (Ok(found), Ok(expected)) if same_rows(&found, &expected) => equal += 1,
            (Ok(_), Ok(_)) => wrong.push(format!("{name}: other rows")),
            (Err(e), _) if REFUSED.iter().any(|(n, why)| *n == name && e.to_string().contains(why)) => {}
            (found, expected) => {
                let (found, expected) = (found.map(|b| b.len()), expected.map(|b| b.len()));
                wrong.push(format!("{name}: {found:?}, the crate {expected:?}"));
            }
        }
    }
    println!("{equal} of {} files read as the crate reads them", files.len());
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(equal + REFUSED.len() + 1, files.len());
}

/// Damaged files that read all the same, and why that is right.
const HARMLESS: &[(&str, &str)] =
    &[("ARROW-GH-43605.parquet", "indices of no bits are all 0, which is the one entry that the dictionary has")];

#[test]
fn damaged_files_are_errors() {
    let Some(files) = corpus("bad_data") else { return };
    let mut wrong = Vec::new();
    for path in &files {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        match read(&fs::read(path).unwrap(), &[], 1000) {
            Ok(rows) if !HARMLESS.iter().any(|(n, _)| *n == name) => {
                wrong.push(format!("{name}: {} rows", rows.num_rows()));
            }
            Ok(_) => {}
            Err(error) => println!("{name}: {error}"),
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn written(batch: &RecordBatch, options: &[(&str, &str)]) -> Vec<u8> {
    let format = FormatSpec::new("parquet").with_options(Options::from_pairs(options.iter().copied()));
    let mut encoder = laminar_formats::AnyEncoder::build(&EncodeSpec::new(batch.schema(), format)).unwrap().unwrap();
    let mut file = encoder.prologue();
    let mut out = EncodedBatch::new();
    encoder.encode(batch, &mut out).unwrap();
    out.iter().for_each(|part| file.extend_from_slice(part));
    file.extend(encoder.finish().unwrap());
    file
}

/// Columns of every type that SQL has, from JSON.
fn every_type() -> RecordBatch {
    let columns = "a BOOLEAN, b TINYINT, c SMALLINT, d INTEGER, e BIGINT NOT NULL, f UTINYINT, g USMALLINT, h UINTEGER,
        i UBIGINT, j HUGEINT, k FLOAT, l DOUBLE, m DECIMAL(9,2), n DECIMAL(18,3), o VARCHAR, p BLOB, q UUID, r DATE, s TIME,
        t TIMESTAMP, u TIMESTAMPTZ, v TIMESTAMP_NS, w JSON, x BIGINT[], y STRUCT(a DOUBLE, b VARCHAR[]), z MAP(VARCHAR, INTEGER)";
    let fields: Vec<Field> = parse_columns(columns).unwrap().columns.iter().map(|c| c.to_field()).collect();
    let spec = DecodeSpec::new(Arc::new(Schema::new(fields)), FormatSpec::new("json"));
    let rows = [
        r#"{"a":true,"b":-128,"c":32767,"d":-2147483648,"e":9223372036854775807,"f":255,"g":65535,"h":4294967295,
            "i":18446744073709551615,"j":99999999999999999999999999999999999999,"k":1.5,"l":-0.0,"m":1234567.89,
            "n":-1.001,"o":"tëxt","p":"AAEC","q":"00112233-4455-6677-8899-aabbccddeeff","r":"2024-02-29",
            "s":"23:59:59.999999","t":"2024-02-29T01:02:03.000004","u":"1969-12-31T23:59:59Z",
            "v":"2024-02-29T01:02:03.000000005","w":{"k":[1,null]},"x":[1,null,3],"y":{"a":0.1,"b":["p",null]},
            "z":{"one":1,"two":null}}"#,
        r#"{"e":0}"#,
        r#"{"a":false,"e":-1,"o":"","p":"","w":"text","x":[],"y":{"b":[]},"z":{}}"#,
    ];
    let mut decoder = AnyDecoder::build(&spec).unwrap().unwrap();
    let decoded = decoder.decode(&RawBatch::from_values(rows)).unwrap();
    assert!(decoded.rejected.is_empty(), "{:?}", decoded.rejected);
    decoded.batch
}

#[test]
fn every_type_comes_back_as_itself() {
    let batch = every_type();
    for options in [
        &[][..],
        &[("compression", "zstd(3)"), ("version", "2")],
        &[("compression", "none"), ("dictionary", "false"), ("statistics", "none")],
        &[("row_group_rows", "2"), ("bloom_filters", "*"), ("statistics", "chunk")],
    ] {
        let back = read(&written(&batch, options), &[], 1000).unwrap();
        for (field, found) in batch.schema().fields().iter().zip(back.schema().fields()) {
            assert_eq!((field.name(), field.data_type()), (found.name(), found.data_type()), "{options:?}");
            assert_eq!(field.is_nullable(), found.is_nullable(), "{field:?}");
            assert_eq!(field::extension_name(field), field::extension_name(found), "{field:?}");
        }
        assert_eq!(back.columns(), batch.columns(), "{options:?}");
    }
}

#[test]
fn a_type_that_parquet_lacks_is_refused_by_name() {
    let schema = Arc::new(Schema::new(vec![Field::new(
        "wait",
        DataType::Interval(arrow_schema::IntervalUnit::MonthDayNano),
        true,
    )]));
    let built = laminar_formats::AnyEncoder::build(&EncodeSpec::new(schema, FormatSpec::new("parquet")));
    let error = built.unwrap_err().to_string();
    assert!(error.contains("column `wait`: the format cannot carry INTERVAL"), "{error}");
}

#[test]
fn field_ids_metadata_and_statistics_are_told() {
    let field = field::with_metadata(Field::new("n", DataType::Int64, true), field::FIELD_ID_METADATA, "7");
    let schema = Arc::new(Schema::new(vec![field]));
    let values = Int64Array::from(vec![Some(5), None, Some(-3)]);
    let batch = RecordBatch::try_new(schema, vec![Arc::new(values)]).unwrap();
    let file = written(&batch, &[("row_group_rows", "1"), ("metadata", "origin=test,team=a")]);
    let format = FormatSpec::new("parquet");
    let told = AnyDecoder::describe(&format, Some(&mut Cursor::new(file))).unwrap().unwrap();
    assert_eq!(told.schema.field(0).metadata().get(field::FIELD_ID_METADATA).map(String::as_str), Some("7"));
    assert_eq!(told.schema.metadata().get("origin").map(String::as_str), Some("test"));
    assert_eq!(told.schema.metadata().get("ARROW:schema"), None);
    let meta = &told.fields["n"];
    assert_eq!(meta.field_id, Some(7));
    assert_eq!(meta.properties.get("laminar.null_count").map(String::as_str), Some("1"));
    // One row group has no value, and so no least one.
    assert_eq!(meta.properties.get("laminar.min"), None);
    let file = written(&batch, &[]);
    let told = AnyDecoder::describe(&format, Some(&mut Cursor::new(file))).unwrap().unwrap();
    let property = |name: &str| told.fields["n"].properties.get(name).cloned();
    assert_eq!((property("laminar.min").as_deref(), property("laminar.max").as_deref()), (Some("-3"), Some("5")));
}

#[test]
fn messages_that_are_files_decode_and_damaged_ones_are_rejected() {
    let batch = every_type();
    let good = written(&batch, &[]);
    let bad = &good[..good.len() - 1];
    let spec = DecodeSpec::new(batch.schema(), FormatSpec::new("parquet"));
    let mut decoder = AnyDecoder::build(&spec).unwrap().unwrap();
    let records = RawBatch::from_values([&good[..], bad, b"no file", &good[..]]);
    let decoded = decoder.decode(&records).unwrap();
    assert_eq!(decoded.rejected.iter().map(|r| r.record).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(decoded.batch.num_rows(), 6);
    let of: Vec<usize> = (0..6).map(|row| decoded.rows.record_of(row)).collect();
    assert_eq!(of, [0, 0, 0, 3, 3, 3]);
}

#[test]
fn mutated_files_are_errors_or_rows() {
    std::panic::set_hook(Box::new(|_| {}));
    let found = parquet_mutations(1, 2000);
    let _ = std::panic::take_hook();
    println!("{found:?}");
    assert_eq!(found.read + found.refused, 2000);
    assert!(found.read > 0 && found.refused > 0, "{found:?}");
}

/// 10 million of them: `scripts/fuzz_parquet COUNT [SEED]`.
#[test]
fn many_mutated_files_are_errors_or_rows() {
    let Some(count) = std::env::var("LAMINAR_PARQUET_MUTATIONS").ok().and_then(|n| n.parse().ok()) else {
        println!("skipped: LAMINAR_PARQUET_MUTATIONS is not set");
        return;
    };
    let seed = std::env::var("LAMINAR_SEED").ok().and_then(|n| n.parse().ok()).unwrap_or(1);
    std::panic::set_hook(Box::new(|_| {}));
    let found = std::panic::catch_unwind(|| parquet_mutations(seed, count));
    let _ = std::panic::take_hook();
    println!("seed {seed}: {found:?}");
    assert!(found.is_ok());
}

#[test]
fn seeds_of_the_fuzzer_are_files() {
    for seed in parquet_seeds() {
        assert_eq!(read(&seed, &[], 1000).unwrap().num_rows(), 40);
    }
}

#[test]
fn what_is_ours_alone_is_not_written() {
    let ours = |f: Field| {
        let notes =
            [("laminar.min", "1"), (field::KEY_METADATA, "k"), (field::DESCRIPTION_METADATA, "d"), ("team", "a")];
        notes.into_iter().fold(f, |f, (key, value)| field::with_metadata(f, key, value))
    };
    let inner = Fields::from(vec![ours(Field::new("x", DataType::Int64, true))]);
    let fields = vec![ours(Field::new("n", DataType::Int64, true)), ours(Field::new_struct("s", inner.clone(), true))];
    let values: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), None]));
    let nested = StructArray::new(inner, vec![Arc::clone(&values)], None);
    let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), vec![values, Arc::new(nested)]).unwrap();
    let file = written(&batch, &[]);
    let told = AnyDecoder::describe(&FormatSpec::new("parquet"), Some(&mut Cursor::new(file))).unwrap().unwrap();
    let keys = |f: &Field| {
        let mut keys: Vec<String> = f.metadata().keys().cloned().collect();
        keys.sort();
        keys.retain(|key| key != field::SOURCE_TYPE_METADATA);
        keys
    };
    let [n, s] = &told.schema.fields()[..] else { panic!("two columns") };
    assert_eq!(keys(n), [field::DESCRIPTION_METADATA, "team"]);
    assert_eq!(keys(s), [field::DESCRIPTION_METADATA, "team"]);
    let DataType::Struct(inner) = s.data_type() else { panic!("a struct") };
    assert_eq!(keys(&inner[0]), [field::DESCRIPTION_METADATA, "team"]);
}
