//! Public JSON suites, where the corpora are: JSONTestSuite, nativejson-benchmark's round trips, RFC 8785's numbers
//! and texts, simdjson's documents.

use std::{fs, path::PathBuf, sync::Arc};

use arrow_array::{Array, RecordBatch, cast::AsArray};
use arrow_schema::{Field, Schema};
use laminar_formats::{AnyDecoder, AnyEncoder};
use laminar_schema::{
    DecodeSpec, Decoded, DecoderSet, EncodeSpec, EncodedBatch, EncoderSet, FormatDecoder, FormatEncoder, FormatSpec,
    Options, RawBatch, ddl::parse_columns, field::json_field,
};
use laminar_tests::frames::file_records;

/// The files of a suite, by name; `None` where the corpora are not.
fn suite(folder: &str) -> Option<Vec<(String, Vec<u8>)>> {
    let Some(corpora) = std::env::var_os("LAMINAR_CORPORA") else {
        println!("skipped: LAMINAR_CORPORA is not set");
        return None;
    };
    // Relative to the repository, wherever the tests run.
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(corpora).join(folder);
    let mut files: Vec<_> = fs::read_dir(&root)
        .unwrap_or_else(|e| panic!("{}: {e}", root.display()))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(&path).unwrap()))
        .filter(|(name, _)| !name.contains("SOURCE") && !name.contains("LICENSE"))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{} is empty", root.display());
    Some(files)
}

fn schema(columns: &str) -> Arc<Schema> {
    let fields: Vec<Field> = parse_columns(columns).unwrap().columns.iter().map(|c| c.to_field()).collect();
    Arc::new(Schema::new(fields))
}

fn decode(schema: &Arc<Schema>, options: &[(&str, &str)], records: &RawBatch) -> Decoded {
    let format = FormatSpec::new("json").with_options(Options::from_pairs(options.iter().copied()));
    let mut decoder = AnyDecoder::build(&DecodeSpec::new(Arc::clone(schema), format)).unwrap().unwrap();
    decoder.decode(records).unwrap()
}

fn encode(batch: &RecordBatch) -> EncodedBatch {
    let spec = EncodeSpec::new(batch.schema(), FormatSpec::new("json"));
    let mut out = EncodedBatch::new();
    AnyEncoder::build(&spec).unwrap().unwrap().encode(batch, &mut out).unwrap();
    out
}

#[test]
fn json_test_suite() {
    let Some(files) = suite("json/JSONTestSuite/test_parsing") else { return };
    let schemas = [schema("v JSON"), schema("w BIGINT"), schema("v BIGINT"), schema("v VARCHAR[], w JSON")];
    let (mut accepted, mut refused) = (0, 0);
    for (name, content) in &files {
        let document = [&b"{\"v\": "[..], content, b"}"].concat();
        let decoded: Vec<Decoded> =
            schemas.iter().map(|s| decode(s, &[], &RawBatch::from_values([&document]))).collect();
        match name.as_bytes()[0] {
            b'y' => {
                // As JSON text, and unwanted.
                assert_eq!(decoded[0].batch.num_rows(), 1, "{name}: {:?}", decoded[0].rejected);
                assert_eq!(decoded[1].batch.num_rows(), 1, "{name}: {:?}", decoded[1].rejected);
                let text = decoded[0].batch.column(0).as_string::<i32>();
                let expected = String::from_utf8(content.clone()).unwrap();
                let expected = expected.trim_matches([' ', '\t', '\n', '\r']);
                assert!(text.is_null(0) || text.value(0) == expected, "{name}");
                // By itself, in the schema that inference would give it, or whole.
                let whole = decode(&schema("value JSON"), &[], &RawBatch::from_values([content]));
                assert_eq!(whole.batch.num_rows(), 1, "{name}: {:?}", whole.rejected);
                accepted += 1;
            }
            b'n' => {
                for d in &decoded {
                    assert_eq!((d.batch.num_rows(), d.rejected.len()), (0, 1), "{name}");
                }
                for options in [&[][..], &[("empty_records", "reject")]] {
                    let alone = decode(&schema("value JSON"), options, &RawBatch::from_values([content]));
                    assert_eq!(alone.batch.num_rows(), 0, "{name}");
                }
                refused += 1;
            }
            _ => {}
        }
    }
    println!("JSONTestSuite: {accepted} accepted, {refused} refused");
    assert!(accepted >= 95 && refused >= 92, "the suite has shrunk");
}

/// Documents that JSON can only be written back as one way come back byte by byte.
#[test]
fn native_json_round_trips() {
    let Some(files) = suite("json/nativejson-roundtrip") else { return };
    for (name, content) in &files {
        let text = std::str::from_utf8(content).unwrap().trim();
        let record = format!("{{\"v\":{text}}}");
        let batch = RawBatch::from_values([&record]);
        let typed = match text.trim_matches(['[', ']', '{', '}']).trim() {
            t if t.starts_with('"') || t == "null" || t.is_empty() || t == "true" || t == "false" => "v JSON",
            t if t.contains(['.', 'e', 'E']) || t == "-0" => "v DOUBLE[]",
            t if t.starts_with('-') => "v BIGINT[]",
            _ => "v UBIGINT[]",
        };
        for columns in ["v JSON", if text.starts_with('[') { typed } else { "v JSON" }] {
            let decoded = decode(&schema(columns), &[], &batch);
            assert!(decoded.rejected.is_empty(), "{name} as {columns}: {:?}", decoded.rejected);
            let out = encode(&decoded.batch);
            let (found, expected) = (out.record(0), record.as_bytes());
            if columns.ends_with("DOUBLE[]") {
                // 1e10 and 10000000000.0 are the same number: the values must agree, and bit by bit.
                let value = |bytes: &[u8]| -> Vec<u64> {
                    let v: serde_json::Value = serde_json::from_slice(bytes).unwrap();
                    let items = v["v"].as_array().unwrap();
                    items.iter().map(|i| i.to_string().parse::<f64>().unwrap().to_bits()).collect()
                };
                let text = std::str::from_utf8(found).unwrap();
                assert_eq!(value(found), value(expected), "{name}: {text}");
            } else {
                assert_eq!(found, expected, "{name} as {columns}");
            }
        }
    }
    println!("nativejson-roundtrip: {} files", files.len());
    assert!(files.len() >= 27, "the suite has shrunk");
}

/// RFC 8785 writes each number the one way that ECMAScript does; its inputs write them in many.
#[test]
fn canonical_numbers_and_texts() {
    let Some(inputs) = suite("json/jcs-rfc8785/input") else { return };
    let outputs = suite("json/jcs-rfc8785/output").unwrap();
    for ((name, input), (_, output)) in inputs.iter().zip(&outputs) {
        let read = |content: &[u8]| {
            let decoded = decode(&schema("value JSON"), &[], &RawBatch::from_values([content]));
            assert!(decoded.rejected.is_empty(), "{name}: {:?}", decoded.rejected);
            let json: serde_json::Value =
                serde_json::from_str(decoded.batch.column(0).as_string::<i32>().value(0)).unwrap();
            json
        };
        // Members change their order, and values keep theirs.
        assert_eq!(canonical(read(input)), canonical(read(output)), "{name}");
    }
    let numbers = br#"{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001]}"#;
    let decoded = decode(&schema("numbers DOUBLE[]"), &[], &RawBatch::from_values([numbers]));
    let list = decoded.batch.column(0).as_list::<i32>().value(0);
    let values = list.as_primitive::<arrow_array::types::Float64Type>();
    assert_eq!(values.values(), &[333_333_333.333_333_3, 1e30, 4.5, 0.002, 1e-27]);
    println!("jcs-rfc8785: {} pairs", inputs.len());
    assert!(inputs.len() >= 6, "the suite has shrunk");
}

/// RFC 8785 knows one kind of number: 56.0 and 56 are the same.
fn canonical(value: serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    match value {
        Value::Number(n) => n.as_f64().unwrap().into(),
        Value::Array(items) => items.into_iter().map(canonical).collect(),
        Value::Object(members) => members.into_iter().map(|(k, v)| (k, canonical(v))).collect(),
        other => other,
    }
}

/// Real documents: cut as a file is, kept whole as JSON text, written and read again.
#[test]
fn real_documents() {
    let Some(files) = suite("json/simdjson-jsonexamples") else { return };
    let schema = Arc::new(Schema::new(vec![json_field("document", true)]));
    let options = [("document_column", "document"), ("non_objects", "reject")];
    let (mut records, mut others) = (0, 0);
    for (name, content) in &files {
        // An array on every line: by default the first would be taken for the whole file.
        let framing = if name == "amazon_cellphones.ndjson" { "lines" } else { "documents" };
        let format = FormatSpec::new("json").with_options(Options::from_pairs([("framing", framing)]));
        let framing = AnyDecoder::framing(&format).unwrap().unwrap();
        let (batch, faults) = file_records(&framing, content);
        assert!(faults.is_empty(), "{name}: {faults:?}");
        let decoded = decode(&schema, &options, &batch);
        assert!(!batch.is_empty(), "{name}");
        // What is no object is rejected by name; everything else is kept.
        for rejected in &decoded.rejected {
            assert!(rejected.error.message().starts_with("expected an object, found"), "{name}: {}", rejected.error);
            others += 1;
        }
        records += decoded.batch.num_rows();
        let again = encode(&decoded.batch);
        let back = decode(&schema, &[], &RawBatch::from_values(again.iter()));
        assert!(back.rejected.is_empty(), "{name}: {:?}", back.rejected.first());
        let (before, after) = (decoded.batch.column(0).as_string::<i32>(), back.batch.column(0).as_string::<i32>());
        for row in 0..before.len() {
            let parse = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
            assert_eq!(parse(before.value(row)), parse(after.value(row)), "{name} row {row}");
        }
        let whole = decode(&self::schema("value JSON"), &[], &batch);
        assert!(whole.rejected.is_empty(), "{name}: {:?}", whole.rejected.first());
    }
    println!("simdjson-jsonexamples: {} files, {records} objects, {others} other records", files.len());
    assert!(files.len() >= 17, "the suite has shrunk");
}
