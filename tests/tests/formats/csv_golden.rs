//! CSV files → printed rows and rejections. Each folder of `golden/csv` is a case: `columns.sql`, `options` (one
//! `name = value` a line), `input.csv`, and what comes out in `expected.txt`. `BLESS=1` writes the latter.

use std::{fs, path::Path, sync::Arc};

use arrow_schema::{Field, Schema, SchemaRef};
use expect_test::expect_file;
use laminar_formats::{csv::CsvDecoder, msgpack::MsgPackDecoder, raw::RawDecoder};
use laminar_schema::{DecodeSpec, DecoderSet, FormatDecoder, FormatSpec, Options, ddl::parse_columns};
use laminar_tests::frames::{file_records, show};

fn schema(columns: &str) -> SchemaRef {
    let declared = parse_columns(columns).unwrap();
    let fields: Vec<Field> = declared.columns.iter().map(|c| c.to_field()).collect();
    Arc::new(Schema::new(fields))
}

fn decode_file(columns: &str, options: Options, input: &[u8]) -> String {
    let format = FormatSpec::new("csv").with_options(options);
    let decoder = CsvDecoder::framing(&format).and_then(|framing| {
        let spec = DecodeSpec::new(schema(columns), format);
        Ok(CsvDecoder::build(&spec)?.zip(framing))
    });
    match decoder {
        Ok(Some((mut decoder, framing))) => {
            let (records, faults) = file_records(&framing, input);
            let mut out = show(&decoder.decode(&records).unwrap(), &records);
            out.extend(faults.iter().map(|f| format!("{f}\n")));
            out
        }
        Ok(None) => unreachable!("the format is csv"),
        Err(e) => format!("{e}\n"),
    }
}

fn options(text: &str) -> Options {
    let pairs = text.lines().filter_map(|line| line.split_once('='));
    Options::from_pairs(pairs.map(|(name, value)| (name.trim(), value.strip_prefix(' ').unwrap_or(value))))
}

fn check(case: &Path) {
    let read = |name: &str| fs::read(case.join(name)).unwrap_or_default();
    let text = |name: &str| String::from_utf8(read(name)).unwrap();
    let shown = decode_file(&text("columns.sql"), options(&text("options")), &read("input.csv"));
    let expected = case.join("expected.txt");
    if std::env::var_os("BLESS").is_some() {
        fs::write(&expected, &shown).unwrap();
    }
    expect_file![expected.canonicalize().unwrap()].assert_eq(&shown);
}

#[test]
fn golden() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/csv");
    let mut cases: Vec<_> = fs::read_dir(&root).unwrap().map(|e| e.unwrap().path()).collect();
    cases.sort();
    assert!(cases.len() >= 10, "cases are missing from {}", root.display());
    cases.iter().for_each(|case| check(case));
}

/// Expectations of csv-spectrum that contradict their own input.
const WRONG: [(&str, &str); 2] = [
    ("location_coordinates", "expects another phone number than the file holds, and one object rather than a list"),
    ("newlines_crlf", "expects CRLF in a field, but the repository's line ends were normalised to LF"),
];

#[test]
fn csv_spectrum() {
    let Some(corpora) = std::env::var_os("LAMINAR_CORPORA") else {
        println!("skipped: LAMINAR_CORPORA does not name the corpora");
        return;
    };
    // Tests run in their package's folder; the variable is relative to the workspace.
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(corpora).join("csv/csv-spectrum");
    let mut names: Vec<String> = fs::read_dir(root.join("csvs"))
        .unwrap()
        .map(|e| e.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    names.sort();
    assert_eq!(names.len(), 12);
    for name in names {
        let csv = fs::read(root.join(format!("csvs/{name}.csv"))).unwrap();
        let json = fs::read(root.join(format!("json/{name}.json"))).unwrap();
        let expected: serde_json::Value = serde_json::from_slice(&json).unwrap();
        let found = spectrum_rows(&csv);
        if let Some((_, why)) = WRONG.iter().find(|(wrong, _)| *wrong == name) {
            assert_ne!(found, expected, "{name} is known to be wrong ({why}), and is right now");
            println!("{name}: not compared, because it {why}");
        } else {
            assert_eq!(found, expected, "{name}");
        }
    }
}

/// All rows as JSON objects of strings, with the header's columns.
fn spectrum_rows(csv: &[u8]) -> serde_json::Value {
    use arrow_array::{Array, cast::AsArray};

    let format = FormatSpec::new("csv").with_options(Options::from_pairs([("null_values", "\\N")]));
    let framing = CsvDecoder::framing(&format).unwrap().unwrap();
    let (records, faults) = file_records(&framing, csv);
    assert!(faults.is_empty());
    let header = records.partitions()[0].preamble.as_ref().unwrap();
    let names = std::str::from_utf8(header).unwrap().split(',');
    let fields: Vec<Field> = names.map(|n| Field::new(n, arrow_schema::DataType::Utf8, false)).collect();
    let spec = DecodeSpec::new(Arc::new(Schema::new(fields)), format);
    let mut decoder = CsvDecoder::build(&spec).unwrap().unwrap();
    let decoded = decoder.decode(&records).unwrap();
    assert!(decoded.rejected.is_empty(), "{:?}", decoded.rejected);
    let rows = (0..decoded.batch.num_rows()).map(|row| {
        let cells = decoded.batch.columns().iter().zip(spec.schema.fields());
        let object = cells.map(|(column, f)| {
            assert!(!column.is_null(row));
            (f.name().clone(), column.as_string::<i32>().value(row).into())
        });
        serde_json::Value::Object(object.collect())
    });
    rows.collect()
}

#[test]
fn every_option_is_documented() {
    let infos =
        [CsvDecoder::format_info("csv"), MsgPackDecoder::format_info("msgpack"), RawDecoder::format_info("raw")];
    for (name, info) in ["csv", "msgpack", "raw"].into_iter().zip(infos) {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../docs/formats/{name}.md"));
        let text = fs::read_to_string(page).unwrap();
        for option in info.unwrap().options.keys {
            let default = match option.default {
                None => "none".to_owned(),
                Some("") => "empty".to_owned(),
                Some(default) => format!("`{default}`"),
            };
            let row = format!("| `{}` | {default} |", option.key);
            assert!(text.contains(&row), "docs/formats/{name}.md lacks the row {row}");
        }
    }
}
