//! JSON files → printed rows and rejections. Each folder of `golden/json` is a case: `columns.sql`, `options` (one
//! `name = value` a line), `input.json`, and what comes out in `expected.txt`. `BLESS=1` writes the latter.

use std::{fs, path::Path, sync::Arc};

use arrow_schema::{Field, Schema, SchemaRef};
use expect_test::expect_file;
use laminar_formats::json::JsonDecoder;
use laminar_schema::{DecodeSpec, DecoderSet, FormatDecoder, FormatSpec, Options, ddl::parse_columns};
use laminar_tests::frames::{file_records, show};

fn schema(columns: &str) -> SchemaRef {
    let declared = parse_columns(columns).unwrap();
    let fields: Vec<Field> = declared.columns.iter().map(|c| c.to_field()).collect();
    Arc::new(Schema::new(fields))
}

fn decode_file(columns: &str, options: Options, input: &[u8]) -> String {
    let format = FormatSpec::new("json").with_options(options);
    let built = JsonDecoder::framing(&format)
        .and_then(|framing| Ok((framing, JsonDecoder::build(&DecodeSpec::new(schema(columns), format))?)));
    let (framing, mut decoder) = match built {
        Ok((framing, decoder)) => (framing.unwrap(), decoder.unwrap()),
        Err(e) => return format!("{e}\n"),
    };
    let (records, faults) = file_records(&framing, input);
    let mut out = show(&decoder.decode(&records).unwrap(), &records);
    out.extend(faults.iter().map(|f| format!("{f}\n")));
    out
}

fn options(text: &str) -> Options {
    let pairs = text.lines().filter_map(|line| line.split_once('='));
    Options::from_pairs(pairs.map(|(name, value)| (name.trim(), value.trim())))
}

fn check(case: &Path) {
    let read = |name: &str| fs::read_to_string(case.join(name)).unwrap_or_default();
    let shown = decode_file(&read("columns.sql"), options(&read("options")), read("input.json").as_bytes());
    let expected = case.join("expected.txt");
    if std::env::var_os("BLESS").is_some() {
        fs::write(&expected, &shown).unwrap();
    }
    expect_file![expected.canonicalize().unwrap()].assert_eq(&shown);
}

#[test]
fn golden() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/json");
    let mut cases: Vec<_> = fs::read_dir(&root).unwrap().map(|e| e.unwrap().path()).collect();
    cases.sort();
    assert!(cases.len() >= 20, "cases are missing from {}", root.display());
    cases.iter().for_each(|case| check(case));
    println!("{} cases", cases.len());
}
