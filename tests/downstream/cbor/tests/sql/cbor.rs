//! `FORMAT CBOR` in SQL, end to end: files that another library for CBOR has written, and reads.

use std::{error::Error, fs};

use ciborium::{cbor, value::Value};
use laminar_schema::FormatInference;

use crate::{Folder, Outcome, json_lines, run};

fn bytes_of(value: &Value) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes)?;
    Ok(bytes)
}

/// Records behind their lengths, as `framing = 'delimited'` has them.
fn delimited(records: &[Vec<u8>]) -> Vec<u8> {
    let mut out = Vec::new();
    for record in records {
        let mut length = record.len();
        while length >= 0x80 {
            out.push(length as u8 | 0x80);
            length >>= 7;
        }
        out.push(length as u8);
        out.extend_from_slice(record);
    }
    out
}

fn trade(n: u64) -> Result<Value, Box<dyn Error>> {
    let at = Value::Tag(1, Box::new(Value::Float(1_700_000_000.25 + n as f64)));
    let day = Value::Tag(0, Box::new(Value::Text(format!("2024-02-{:02}T12:00:00Z", n % 28 + 1))));
    Ok(cbor!({
        "id" => n, "price" => n as f64 / 4.0, "symbol" => format!("S{n}"), "is_buy" => n % 2 == 0,
        "raw" => Value::Bytes(vec![n as u8, 0xff]), "note" => null, "at" => at, "day" => day,
        "venue" => { "name" => "X", "lots" => [n, n + 1] },
    })?)
}

#[tokio::test]
async fn declared_columns_are_decoded_into_a_json_file() -> Outcome {
    let folder = Folder::new("declared")?;
    let records: Result<Vec<_>, _> = (0..100).map(|n| bytes_of(&trade(n)?)).collect();
    fs::write(folder.path("in.cbor"), delimited(&records?))?;
    let sql = format!(
        "CREATE SOURCE t (id BIGINT NOT NULL, price DOUBLE, symbol VARCHAR, is_buy BOOLEAN, raw BLOB, note VARCHAR,
             at TIMESTAMPTZ, day TIMESTAMPTZ, venue STRUCT(name VARCHAR, lots BIGINT[]), extra BIGINT DEFAULT 7)
         FROM FILE (path = '{}') FORMAT CBOR;
         CREATE SINK o INTO FILE (path = '{}') FORMAT JSON;
         INSERT INTO o SELECT * FROM t",
        folder.path("in.cbor"),
        folder.path("out.json")
    );
    assert_eq!(run(&sql).await?, (100, 0));
    let written = json_lines(folder.path("out.json"))?;
    assert_eq!(written.len(), 100);
    let expected = serde_json::json!({
        "id": 3, "price": 0.75, "symbol": "S3", "is_buy": false, "raw": "A/8=", "note": null,
        "at": "2023-11-14T22:13:23.250Z", "day": "2024-02-04T12:00:00Z", "venue": {"name": "X", "lots": [3, 4]}, "extra": 7,
    });
    assert_eq!(written[3], expected);
    Ok(())
}

#[tokio::test]
async fn nobody_declares_a_column_and_cbor_comes_back_as_cbor() -> Outcome {
    let folder = Folder::new("inferred")?;
    let records: Result<Vec<_>, _> = (0..50).map(|n| bytes_of(&trade(n)?)).collect();
    // A CBOR sequence: one value behind the other, and the file is one record.
    fs::write(folder.path("in.cbor"), records?.concat())?;
    let sql = format!(
        "CREATE SOURCE t FROM FILE (path = '{}') FORMAT CBOR (framing = 'whole') INFER SCHEMA (sample_size = 100);
         CREATE SINK o INTO FILE (path = '{}') FORMAT CBOR;
         CREATE SINK j INTO FILE (path = '{}') FORMAT JSON;
         INSERT INTO o SELECT id, price, symbol, is_buy, raw, at, day, venue FROM t;
         INSERT INTO j SELECT id, at, day, venue FROM t",
        folder.path("in.cbor"),
        folder.path("out.cbor"),
        folder.path("out.json")
    );
    let mut engine = crate::engine().with_evidence();
    engine.load(sql.split_inclusive(';').next().unwrap_or_default())?;
    let bound = engine.bind("t").await?;
    let types: Vec<String> =
        bound.resolved.schema.fields().iter().map(|f| laminar_schema::types::field_type_name(f)).collect();
    let names: Vec<&str> = bound.resolved.schema.fields().iter().map(|f| f.name().as_str()).collect();
    assert_eq!(names, ["id", "price", "symbol", "is_buy", "raw", "note", "at", "day", "venue"]);
    let expected = [
        "BIGINT",
        "DOUBLE",
        "VARCHAR",
        "BOOLEAN",
        "BLOB",
        "VARCHAR",
        "TIMESTAMPTZ",
        "TIMESTAMPTZ",
        "STRUCT(name VARCHAR, lots BIGINT[])",
    ];
    assert_eq!(types, expected);
    let explained = bound.explain()?;
    assert!(explained.contains("format cbor"), "{explained}");
    assert!(explained.contains("in 100.0 % of records, confidence 0.929, seen TIMESTAMPTZ × 50"), "{explained}");
    // What was kept of the sample says the same again, without it.
    let evidence = bound.resolved.evidence.as_deref().ok_or("no evidence")?;
    assert_eq!(downstream_cbor::CborInference.replay(evidence, &bound.inference)?.schema, bound.resolved.schema);

    // One pipeline feeds both sinks.
    assert_eq!(run(&sql).await?, (50, 0));
    assert_eq!(json_lines(folder.path("out.json"))?[2]["at"], "2023-11-14T22:13:22.250Z");
    // The other library reads what ours has written.
    let written = fs::read(folder.path("out.cbor"))?;
    let mut rest = written.as_slice();
    for n in 0..50_u64 {
        // A record of this size has a length of one or two bytes.
        let length = match rest {
            [low @ 0x80..=0xff, high, ..] => usize::from(low & 0x7f) | usize::from(*high) << 7,
            [low, ..] => usize::from(*low),
            [] => return Err("too few records".into()),
        };
        rest = &rest[if length < 0x80 { 1 } else { 2 }..];
        let value: Value = ciborium::from_reader(&rest[..length])?;
        rest = &rest[length..];
        let expected = trade(n)?;
        for (key, value) in value.as_map().ok_or("no map")? {
            let was = expected.as_map().ok_or("no map")?.iter().find(|(k, _)| k == key).map(|(_, v)| v);
            match key.as_text() {
                // Written as text, whatever tag it came with.
                Some("at") => assert_eq!(value.as_tag().map(|(tag, _)| tag), Some(0)),
                _ => assert_eq!(Some(value), was, "{key:?}"),
            }
        }
    }
    assert!(rest.is_empty());
    Ok(())
}

#[tokio::test]
async fn kinds_without_a_common_type_become_json_and_many_keys_a_map() -> Outcome {
    let folder = Folder::new("kinds")?;
    let mut records = vec![
        bytes_of(&cbor!({"v" => 1, "m" => {"a" => 1, "b" => 2}})?)?,
        bytes_of(&cbor!({"v" => "x\"y", "m" => {"c" => 3, "d" => 4}})?)?,
        bytes_of(&cbor!({"v" => {"k" => [true, null, 1.5]}, "m" => {}})?)?,
        bytes_of(&Value::Map(vec![("v".into(), Value::Bytes(vec![0xfb, 0xff])), ("m".into(), Value::Null)]))?,
        bytes_of(&Value::Map(vec![("v".into(), Value::Tag(2, Box::new(Value::Bytes(vec![1; 9]))))]))?,
    ];
    // Of no known length: {_ "v": (_ "ab", "c"), "m": {_ 7: 5}}, with an integer for a key.
    records.push(b"\xbf\x61v\x7f\x62ab\x61c\xff\x61m\xbf\x07\x05\xff\xff".to_vec());
    fs::write(folder.path("in.cbor"), delimited(&records))?;
    let sql = format!(
        "CREATE SOURCE t FROM FILE (path = '{}') FORMAT CBOR INFER SCHEMA (map_threshold = 3);
         CREATE SINK o INTO FILE (path = '{}') FORMAT JSON;
         INSERT INTO o SELECT v, m FROM t",
        folder.path("in.cbor"),
        folder.path("out.json")
    );
    assert_eq!(run(&sql).await?, (6, 0));
    let expected = [
        serde_json::json!({"v": 1, "m": {"a": 1, "b": 2}}),
        serde_json::json!({"v": "x\"y", "m": {"c": 3, "d": 4}}),
        serde_json::json!({"v": {"k": [true, null, 1.5]}, "m": {}}),
        serde_json::json!({"v": "-_8", "m": null}),
        serde_json::json!({"v": "AQEBAQEBAQEB", "m": null}),
        serde_json::json!({"v": "abc", "m": {"7": 5}}),
    ];
    assert_eq!(json_lines(folder.path("out.json"))?, expected);
    Ok(())
}

#[tokio::test]
async fn a_bad_record_says_where_and_spoils_no_other() -> Outcome {
    let text = |text: &str| Value::Text(text.to_owned());
    let deep = (0..100).fold(Value::Null, |inner, _| Value::Array(vec![inner]));
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (bytes_of(&cbor!({"n" => "one"})?)?, "field n: expected BIGINT, found text \"one\""),
        (
            bytes_of(&cbor!({"n" => 1, "v" => {"lots" => [1, 2.5]}})?)?,
            "field v.lots[1]: expected BIGINT, found float 2.5",
        ),
        (
            bytes_of(&cbor!({"n" => u64::MAX})?)?,
            "field n: expected BIGINT, found integer 18446744073709551615, which does not fit",
        ),
        (bytes_of(&cbor!({"n" => null})?)?, "field n: expected BIGINT (NOT NULL), found null"),
        (bytes_of(&cbor!({"v" => null})?)?, "field n: expected BIGINT (NOT NULL), found no such field"),
        (
            bytes_of(&Value::Map(vec![(text("n"), 1.into()), (text("n"), 2.into())]))?,
            "field n: expected each key once in a map",
        ),
        (bytes_of(&cbor!([1, 2])?)?, "expected a map, found array"),
        (bytes_of(&Value::Map(vec![(text("n"), 1.into()), (text("x"), deep)]))?, "field x: expected at most 64 levels"),
        (
            bytes_of(&Value::Map(vec![(text("n"), Value::Tag(2, Box::new(Value::Bytes(vec![1; 9]))))]))?,
            "field n: expected BIGINT, found tag 2",
        ),
        (
            vec![0xa1, 0x61, b'n'],
            "expected CBOR, found that the record ends in the middle of a value, in the value at byte 3",
        ),
        (vec![0xa1, 0x61, 0xff, 0x01], "expected CBOR, found that"),
        (
            vec![0xbf, 0x61, b'n', 0xff],
            "expected CBOR, found that a break stands in place of a value, in the value at byte 3",
        ),
        (vec![0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], "expected a map, found array"),
    ];
    let good = bytes_of(&cbor!({"n" => 7, "v" => {"lots" => [7]}})?)?;
    for (bad, expected) in cases {
        let folder = Folder::new("bad")?;
        fs::write(folder.path("in.cbor"), delimited(&[good.clone(), bad, good.clone()]))?;
        let sql = |on_error: &str| {
            format!(
                "CREATE SOURCE t (n BIGINT NOT NULL, v STRUCT(lots BIGINT[])) FROM FILE (path = '{}') FORMAT CBOR {on_error};
                 CREATE SINK o INTO FILE (path = '{}') FORMAT JSON;
                 INSERT INTO o SELECT * FROM t",
                folder.path("in.cbor"),
                folder.path("out.json")
            )
        };
        let error = run(&sql("ON ERROR FAIL")).await.expect_err(expected).to_string();
        assert!(error.contains(expected), "expected {expected}\nfound {error}");
        assert_eq!(run(&sql("ON ERROR SKIP")).await?, (2, 1), "{expected}");
        let row = serde_json::json!({"n": 7, "v": {"lots": [7]}});
        assert_eq!(json_lines(folder.path("out.json"))?, [row.clone(), row]);
    }
    Ok(())
}

#[test]
fn no_bytes_make_it_panic_and_a_record_is_a_row_or_rejected() -> Outcome {
    use laminar_schema::{
        DecodeSpec, DecoderSet, FormatDecoder, FormatInference, FormatSpec, InferenceConfig, RawBatch, RawRecord,
    };
    let whole = bytes_of(&trade(3)?)?;
    let inferred =
        downstream_cbor::CborInference.infer(&[RawRecord::new(whole.clone())], &InferenceConfig::default())?;
    let spec = DecodeSpec::new(inferred.schema, FormatSpec::new("cbor"));
    let mut decoder = downstream_cbor::CborDecoder::build(&spec)?.ok_or("no such format")?;
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    for round in 0..6_000 {
        let mut record = whole.clone();
        match round % 3 {
            0 => record.truncate(random() as usize % whole.len()),
            1 => record[random() as usize % whole.len()] = random() as u8,
            _ => {
                let length = random() % 40;
                record = (0..length).map(|_| random() as u8).collect();
            }
        }
        let batch = RawBatch::from_values([&whole, &record, &whole]);
        let decoded = decoder.decode(&batch)?;
        let good = decoded.batch.num_rows() + decoded.rejected.len();
        assert!(good >= 3, "{record:02x?}");
        assert_eq!(decoded.batch.slice(0, 1), decoded.batch.slice(decoded.batch.num_rows() - 1, 1), "{record:02x?}");
        let _ = downstream_cbor::CborInference.infer(&[RawRecord::new(record)], &InferenceConfig::default());
    }
    Ok(())
}
