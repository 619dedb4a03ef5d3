//! Every encoding of every value of kawanet's MessagePack test suite, where the corpora are: into the column that the
//! value asks for, into JSON, and back in its shortest form.

use std::{fs, path::PathBuf, sync::Arc};

use arrow_array::RecordBatch;
use arrow_schema::{Field, Schema};
use laminar_formats::{
    AnyDecoder, AnyEncoder,
    framing::{FrameBuffer, Framer},
};
use laminar_schema::{
    DecodeSpec, DecoderSet, EncodeSpec, EncodedBatch, EncoderSet, FormatDecoder, FormatEncoder, FormatSpec, RawBatch,
    ddl::parse_columns, format::Framing,
};
use serde_json::Value;

/// The suite's groups; `None` where the corpora are not.
fn suite() -> Option<serde_json::Map<String, Value>> {
    let Some(corpora) = std::env::var_os("LAMINAR_CORPORA") else {
        println!("skipped: LAMINAR_CORPORA is not set");
        return None;
    };
    // Relative to the repository, wherever the tests run.
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(corpora);
    let text = fs::read_to_string(path.join("msgpack/msgpack-test-suite.json")).unwrap();
    let Value::Object(groups) = serde_json::from_str(&text).unwrap() else { panic!("the suite is no object") };
    Some(groups)
}

fn bytes(dashed: &str) -> Vec<u8> {
    dashed.split('-').filter(|d| !d.is_empty()).map(|digits| u8::from_str_radix(digits, 16).unwrap()).collect()
}

fn encodings(case: &Value) -> Vec<Vec<u8>> {
    case["msgpack"].as_array().unwrap().iter().map(|e| bytes(e.as_str().unwrap())).collect()
}

/// A map of one pair, whose key is `value`.
const ROW: &[u8] = b"\x81\xa5value";

/// The one column `value` of the values.
fn decode(column: &str, values: &[Vec<u8>]) -> RecordBatch {
    let fields: Vec<Field> = parse_columns(column).unwrap().columns.iter().map(|c| c.to_field()).collect();
    let spec = DecodeSpec::new(Arc::new(Schema::new(fields)), FormatSpec::new("msgpack"));
    let mut decoder = AnyDecoder::build(&spec).unwrap().unwrap();
    let records = values.iter().map(|value| [ROW, value].concat());
    let decoded = decoder.decode(&RawBatch::from_values(records)).unwrap();
    assert!(decoded.rejected.is_empty(), "{column} from {values:x?}: {}", decoded.rejected[0].error);
    decoded.batch
}

/// The values of the one column `value`, in their shortest encodings.
fn encode(batch: &RecordBatch) -> Vec<Vec<u8>> {
    let mut out = EncodedBatch::new();
    let spec = EncodeSpec::new(batch.schema(), FormatSpec::new("msgpack"));
    AnyEncoder::build(&spec).unwrap().unwrap().encode(batch, &mut out).unwrap();
    out.iter().map(|record| record.strip_prefix(ROW).unwrap().to_vec()).collect()
}

/// The columns that a case's values go into, and the JSON text that a JSON column has of them.
fn expectation(case: &Value) -> (Vec<&'static str>, String) {
    let object = case.as_object().unwrap();
    let (kind, value) = object.iter().find(|(kind, _)| *kind != "msgpack" && *kind != "bignum").unwrap_or_else(|| {
        let bignum = object.iter().find(|(kind, _)| *kind == "bignum");
        bignum.unwrap()
    });
    let parts = || value.as_array().unwrap();
    match kind.as_str() {
        "nil" => (vec!["value BIGINT", "value VARCHAR", "value BLOB[]"], String::new()),
        "bool" => (vec!["value BOOLEAN"], value.to_string()),
        "binary" => (vec!["value BLOB"], String::new()),
        "number" if value.is_f64() => (vec!["value DOUBLE", "value DECIMAL(38,10)"], value.to_string()),
        "number" if object.contains_key("bignum") => {
            (vec!["value HUGEINT"], object["bignum"].as_str().unwrap().to_owned())
        }
        "number" => (vec!["value BIGINT", "value DOUBLE", "value HUGEINT"], value.to_string()),
        "bignum" => (vec!["value HUGEINT"], value.as_str().unwrap().to_owned()),
        "string" => (vec!["value VARCHAR"], value.to_string()),
        "array" => (vec!["value JSON[]"], value.to_string()),
        "map" => (vec!["value MAP(VARCHAR, JSON)"], value.to_string()),
        // Seconds and nanoseconds; some lie beyond what 64 bits count in nanoseconds, but none in VARCHAR.
        "timestamp" if parts()[1].as_u64().unwrap().is_multiple_of(1000) => (vec!["value TIMESTAMPTZ"], String::new()),
        "timestamp" => (vec!["value VARCHAR"], String::new()),
        "ext" => (vec!["value JSON"], format!("{{\"ext\":{},\"data\":", parts()[0])),
        other => panic!("the suite has a kind that this test does not know: {other}"),
    }
}

#[test]
fn every_encoding_of_a_value_is_the_same_value() {
    let Some(groups) = suite() else { return };
    let (mut cases, mut values) = (0, 0);
    for case in groups.values().flat_map(|cases| cases.as_array().unwrap()) {
        let encodings = encodings(case);
        cases += 1;
        values += encodings.len();
        let (columns, json) = expectation(case);
        // Numbers written as floats are other texts of the same number.
        let texts: Vec<_> = decode("value JSON", &encodings).column(0).as_string_texts();
        for (text, encoding) in texts.iter().zip(&encodings) {
            let is_float = matches!(encoding[0], 0xca | 0xcb);
            let text = if is_float { text.strip_suffix(".0").unwrap_or(text) } else { text };
            let expected = if is_float { json.strip_suffix(".0").unwrap_or(&json) } else { &json };
            // JSON's serializer has its own order of keys and its own escapes, so those are read again.
            match (serde_json::from_str::<Value>(text), serde_json::from_str::<Value>(expected)) {
                (Ok(found), Ok(expected)) if !is_float => assert_eq!(found, expected, "{encoding:x?}"),
                _ if is_float => assert_eq!(text.parse::<f64>().unwrap(), expected.parse::<f64>().unwrap()),
                _ => assert!(text.starts_with(expected), "{encoding:x?}: {text} is not {expected}"),
            }
        }
        for column in columns {
            let batch = decode(column, &encodings);
            let first = batch.slice(0, 1);
            for (row, encoding) in encodings.iter().enumerate() {
                assert_eq!(batch.slice(row, 1).columns(), first.columns(), "{column}: {encoding:x?}");
            }
            // The shortest encoding is the suite's first, where the column keeps the type: a DOUBLE writes no integer.
            let keeps_type =
                !matches!(column, "value DOUBLE" | "value HUGEINT" | "value DECIMAL(38,10)" | "value VARCHAR")
                    || case.get("string").is_some();
            if keeps_type && case.get("ext").is_none() {
                assert_eq!(encode(&first)[0], encodings[0], "{column}");
            }
            assert_eq!(decode(column, &encode(&first)).columns(), first.columns(), "{column}: {:x?}", encode(&first));
        }
    }
    println!("{cases} cases, {values} encodings");
    assert!(cases >= 85 && values >= 220, "the suite has shrunk: {cases} cases, {values} encodings");
}

#[test]
fn a_stream_of_all_encodings_is_cut_where_they_end() {
    let Some(groups) = suite() else { return };
    let all: Vec<Vec<u8>> = groups.values().flat_map(|cases| cases.as_array().unwrap()).flat_map(encodings).collect();
    let mut buffer = FrameBuffer::new(Framer::new(&Framing::MsgPack, 1 << 20).unwrap());
    let stream = all.concat();
    buffer.space(stream.len())[..stream.len()].copy_from_slice(&stream);
    buffer.filled(stream.len());
    buffer.end();
    for value in &all {
        assert_eq!(buffer.next().unwrap().unwrap().bytes, value);
    }
    assert!(buffer.next().unwrap().is_none());
}

/// Texts of a string column, null as nothing.
trait Texts {
    fn as_string_texts(&self) -> Vec<String>;
}

impl Texts for dyn arrow_array::Array {
    fn as_string_texts(&self) -> Vec<String> {
        let texts = arrow_array::cast::AsArray::as_string::<i32>(self);
        texts.iter().map(|text| text.unwrap_or("").to_owned()).collect()
    }
}
