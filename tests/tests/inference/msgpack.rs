//! Inference of MessagePack: any sample decodes with its schema and is written back as equal values, whatever the order;
//! and the types that MessagePack knows and JSON does not. rmpv writes and reads on the other side.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::STANDARD};
use expect_test::{Expect, expect};
use laminar_formats::msgpack::{MsgPackDecoder, MsgPackEncoder, MsgPackInference, MsgPackSample};
use laminar_schema::{
    DecodeSpec, DecoderSet, EncodeSpec, EncodedBatch, EncoderSet, FormatDecoder, FormatEncoder, FormatInference,
    FormatSpec, InferenceConfig, NumberInference, RawBatch, RawRecord,
};
use laminar_tests::inferred::{infer_in_every_order, records, show_outcome};
use rmpv::Value;

fn written(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    rmpv::encode::write_value(&mut out, value).unwrap();
    out
}

fn read(mut bytes: &[u8]) -> Value {
    let value = rmpv::decode::read_value(&mut bytes).unwrap();
    assert!(bytes.is_empty(), "something follows {value}");
    value
}

fn check_with(config: &InferenceConfig, samples: &[Value], expected: &Expect) {
    let samples = records(samples.iter().map(written));
    let outcome = infer_in_every_order::<MsgPackDecoder>("msgpack", &samples, 0, config);
    expected.assert_eq(&show_outcome(&outcome));
}

fn check(samples: &[Value], expected: &Expect) {
    check_with(&InferenceConfig::default(), samples, expected);
}

fn row(fields: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    Value::Map(fields.into_iter().map(|(key, value)| (key.into(), value)).collect())
}

fn bin(data: &[u8]) -> Value {
    Value::Binary(data.to_vec())
}

/// An instant in four bytes.
fn instant(seconds: u32) -> Value {
    Value::Ext(-1, seconds.to_be_bytes().to_vec())
}

fn instant_in_nanos(seconds: i64, nanos: u32) -> Value {
    Value::Ext(-1, [&nanos.to_be_bytes()[..], &seconds.to_be_bytes()].concat())
}

#[test]
fn types_that_messagepack_knows() {
    check(
        &[
            row([
                ("i", 1.into()),
                ("u", u64::MAX.into()),
                ("f", Value::F32(0.5)),
                ("d", f64::NAN.into()),
                ("b", bin(b"\0\xff")),
                ("t", instant(5)),
                ("n", instant_in_nanos(5, 1)),
                ("e", Value::Ext(4, vec![1])),
            ]),
            row([("i", (-1).into()), ("u", 2.into()), ("f", 1.5.into()), ("d", 1.into()), ("b", bin(b"text"))]),
        ],
        &expect![[r#"
            i BIGINT 1.00 [2 BIGINT]
            u UBIGINT 1.00 [1 BIGINT, 1 UBIGINT]
            f DOUBLE 1.00 [2 DOUBLE]
            d DOUBLE 1.00 [1 BIGINT, 1 DOUBLE]
            b BLOB 1.00 [2 BLOB]
            t TIMESTAMPTZ 0.50 [1 TIMESTAMPTZ]
            n TIMESTAMPTZ 0.50 [1 TIMESTAMPTZ]
            e JSON 0.50 [1 JSON]
            warning: field e: holds 1 JSON ({"ext":4,"data":"AQ=="}), which has no other type; kept as JSON text
        "#]],
    );
}

#[test]
fn types_that_meet() {
    check(
        &[
            row([
                ("text_bytes", "x".into()),
                ("number_bytes", 1.into()),
                ("instant_text", instant(5)),
                ("instant_iso", instant(5)),
                ("nan_id", f64::INFINITY.into()),
                ("far", instant_in_nanos(i64::MAX, 0)),
                ("ext_int", Value::Ext(4, vec![1])),
            ]),
            row([
                ("text_bytes", bin(b"\xff")),
                ("number_bytes", bin(b"\xff")),
                ("instant_text", "soon".into()),
                ("instant_iso", "2024-02-29T00:00:00Z".into()),
                ("nan_id", 9_007_199_254_740_993_i64.into()),
                ("far", instant(5)),
                ("ext_int", 5.into()),
            ]),
        ],
        &expect![[r#"
            text_bytes BLOB 1.00 [1 BLOB, 1 VARCHAR]
            number_bytes JSON 1.00 [1 BIGINT, 1 BLOB]
            instant_text VARCHAR 1.00 [1 TIMESTAMPTZ, 1 VARCHAR]
            instant_iso TIMESTAMPTZ 1.00 [2 TIMESTAMPTZ]
            nan_id JSON 1.00 [1 BIGINT, 1 DOUBLE]
            far JSON 1.00 [1 JSON, 1 TIMESTAMPTZ]
            ext_int JSON 1.00 [1 BIGINT, 1 JSON]
            warning: field text_bytes: holds 1 VARCHAR (x) and 1 BLOB (/w==), which only BLOB holds together
            warning: field number_bytes: holds 1 BIGINT (1) and 1 BLOB (/w==), which have no type in common; kept as JSON text
            warning: field instant_text: holds 1 TIMESTAMPTZ (1970-01-01T00:00:05Z) and 1 VARCHAR (soon), which only VARCHAR holds together
            warning: field nan_id: no number type holds all of 1 BIGINT (9007199254740993) and 1 DOUBLE (Infinity); kept as JSON text
            warning: field far: holds 1 TIMESTAMPTZ (1970-01-01T00:00:05Z) and 1 JSON (+292277026596-12-04T15:30:07Z), which have no type in common; kept as JSON text
            warning: field ext_int: holds 1 BIGINT (5) and 1 JSON ({"ext":4,"data":"AQ=="}), which have no type in common; kept as JSON text
        "#]],
    );
}

#[test]
fn opting_out_of_dates_leaves_instants() {
    let sample = [row([("t", instant(5)), ("s", "2024-02-29T00:00:00Z".into())])];
    let default = InferenceConfig::default();
    check_with(
        &InferenceConfig { min_confidence: 0.9, ..default.clone() },
        &sample,
        &expect![[r#"
        t TIMESTAMPTZ 1.00 [1 TIMESTAMPTZ]
        s VARCHAR 1.00 [1 TIMESTAMPTZ]
        info: field s: looks like TIMESTAMPTZ with confidence 0.21, below min_confidence = 0.9; kept as VARCHAR
    "#]],
    );
    check_with(
        &InferenceConfig { detect_dates: false, ..default.clone() },
        &sample,
        &expect![[r#"
        t TIMESTAMPTZ 1.00 [1 TIMESTAMPTZ]
        s VARCHAR 1.00 [1 VARCHAR]
    "#]],
    );
    check_with(
        &InferenceConfig { timestamp_formats: Vec::new(), ..default },
        &sample,
        &expect![[r#"
        t TIMESTAMPTZ 1.00 [1 TIMESTAMPTZ]
        s VARCHAR 1.00 [1 VARCHAR]
    "#]],
    );
}

#[test]
fn keys_that_are_no_text() {
    let map = |key: Value| Value::Map(vec![(key, 1.into())]);
    check(
        &[map(1.into()), map(2.5.into()), map(true.into()), map(Value::Nil), map(bin(b"b"))],
        &expect![[r#"
        1 BIGINT 0.20 [1 BIGINT]
        2.5 BIGINT 0.20 [1 BIGINT]
        b BIGINT 0.20 [1 BIGINT]
        null BIGINT 0.20 [1 BIGINT]
        true BIGINT 0.20 [1 BIGINT]
    "#]],
    );
    check(
        &[map("a".into()), map(Value::Array(Vec::new()))],
        &expect![[r#"
        a BIGINT 1.00 [1 BIGINT]
        error: 1 of 2 sampled records are unusable and were left out, the first: expected a key that is text, a number or a boolean at byte 1
    "#]],
    );
    check(
        &[Value::Array(vec![1.into(), 2.into()]), Value::Array(Vec::new())],
        &expect![[r#"
        value BIGINT[] 1.00 [2 LIST]
        value[] BIGINT 1.00 [2 BIGINT]
    "#]],
    );
    check(
        &["a".into(), row([("a", 1.into())])],
        &expect![[r#"
        a BIGINT 1.00 [1 BIGINT]
        error: 1 of 2 sampled records are unusable and were left out, the first: expected an object, found a
    "#]],
    );
}

#[test]
fn malformed_records_are_left_out() {
    let samples: Vec<RawRecord> = records([&b"\x81\xa1a\x01"[..], b"\x81\xa1a", b"\xc1", b"", b"\x81\xa1\xff\x01"]);
    let inferred = infer_in_every_order::<MsgPackDecoder>("msgpack", &samples, 0, &InferenceConfig::default());
    expect![[r#"
        a BIGINT 1.00 [1 BIGINT]
        error: 4 of 5 sampled records are unusable and were left out, the first: expected UTF-8 text at byte 1
    "#]]
    .assert_eq(&show_outcome(&inferred));
}

/// A generator of values that are alike often enough to have a type in common, and at odds often enough not to.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % sides as u64) as usize
    }

    /// A family of scalars; a field usually keeps to one.
    fn scalar(&mut self, family: usize) -> Value {
        let families: [&[Value]; 8] = [
            &[0.into(), 1.into(), (-17).into(), i64::MAX.into(), i64::MIN.into(), Value::Nil],
            &[u64::MAX.into(), (1_u64 << 63).into(), 3.into(), (-1).into()],
            &[1.5.into(), 2.into(), 1e300.into(), (-0.0).into(), 9_007_199_254_740_993_i64.into(), Value::F32(0.1)],
            &[f64::NAN.into(), f64::NEG_INFINITY.into(), 5.into(), 0.25.into(), Value::Nil],
            &[true.into(), false.into(), Value::Nil],
            &[instant(5), instant_in_nanos(-5, 123_456_000), instant_in_nanos(7, 1), instant_in_nanos(1 << 40, 0)],
            &[bin(b""), bin(b"\xff\0"), bin(b"text"), Value::Nil, "text".into()],
            &["".into(), "x\u{e9}\n".into(), "12".into(), "2024-02-29T12:00:00Z".into(), Value::Ext(9, vec![0xff; 3])],
        ];
        let family = families[family % families.len()];
        family[self.roll(family.len())].clone()
    }

    fn value(&mut self, family: usize, depth: usize) -> Value {
        match if depth == 0 { 0 } else { self.roll(8) } {
            0..=4 => self.scalar(family),
            5 => Value::Array((0..self.roll(4)).map(|_| self.value(family, depth - 1)).collect()),
            _ => self.map(depth - 1),
        }
    }

    fn map(&mut self, depth: usize) -> Value {
        let (first, step) = (self.roll(9), 1 + self.roll(2));
        // Steps of one or two around nine keys meet none of them twice.
        let fields = (0..self.roll(5)).map(|i| {
            let key = (first + i * step) % 9;
            // One field in ten strays from its family.
            let family = if self.roll(10) == 0 { self.roll(8) } else { key };
            let name = if key == 8 { Value::from(8) } else { format!("k{key}").into() };
            (name, self.value(family, depth))
        });
        Value::Map(fields.collect())
    }
}

/// Whether what was written means what was read, as `docs/formats/msgpack.md` says it may be written.
fn is_same(read: &Value, written: &Value) -> bool {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    match (read, written) {
        // Field by field; one that was not there is null.
        (Value::Map(read), Value::Map(written)) => {
            let key = |key: &Value| text(key).unwrap_or_else(|| key.to_string());
            let find = |fields: &[(Value, Value)], name: &str| {
                fields.iter().find(|(k, _)| key(k) == name).map_or(Value::Nil, |(_, v)| v.clone())
            };
            read.iter().all(|(k, v)| is_same(v, &find(written, &key(k))))
                && written.iter().all(|(k, v)| is_same(&find(read, &key(k)), v))
        }
        (Value::Array(read), Value::Array(written)) => {
            read.len() == written.len() && read.iter().zip(written).all(|(r, w)| is_same(r, w))
        }
        // Text in a BLOB column; bytes in a JSON column.
        (Value::String(read), Value::Binary(data)) => read.as_bytes() == data,
        (Value::Binary(data), Value::String(_)) => text(written) == Some(STANDARD.encode(data)),
        // Other extensions in a JSON column.
        (Value::Ext(kind, data), Value::Map(_)) if *kind != -1 => {
            let shown = row([("ext", (*kind).into()), ("data", STANDARD.encode(data).into())]);
            is_same(&shown, written)
        }
        (Value::Ext(-1, read), Value::Ext(-1, written)) => seconds(read) == seconds(written),
        // Instants in a column of texts, or in JSON.
        (Value::Ext(-1, data), Value::String(_)) => {
            let (seconds, nanos) = seconds(data);
            let text = text(written).unwrap();
            let instant = chrono::DateTime::from_timestamp(seconds, nanos).unwrap();
            // RFC 3339 has no years of five digits.
            text.starts_with('+') && text.contains(&instant.format("-%m-%dT%H:%M:%S").to_string())
                || chrono::DateTime::parse_from_rfc3339(&text).is_ok_and(|t| t == instant)
        }
        (Value::Ext(-1, _), Value::Binary(text)) => is_same(read, &String::from_utf8(text.clone()).unwrap().into()),
        // An ISO 8601 text beside instants.
        (Value::String(read), Value::Ext(-1, data)) => {
            let (seconds, nanos) = seconds(data);
            let instant = chrono::DateTime::from_timestamp(seconds, nanos).unwrap();
            chrono::DateTime::parse_from_rfc3339(read.as_str().unwrap()).unwrap() == instant
        }
        (Value::F64(_) | Value::F32(_), Value::String(_)) if read.as_f64().unwrap().is_finite() => {
            // A DECIMAL, or a JSON number of more digits than DOUBLE has.
            text(written).unwrap().parse::<f64>().ok() == read.as_f64()
        }
        (Value::F64(_) | Value::F32(_), Value::String(_)) => {
            let v = read.as_f64().unwrap();
            text(written).unwrap()
                == if v.is_nan() {
                    "NaN"
                } else if v > 0.0 {
                    "Infinity"
                } else {
                    "-Infinity"
                }
        }
        (Value::Integer(read), Value::String(_)) => {
            let text = text(written).unwrap();
            text.trim_end_matches('0').trim_end_matches('.') == read.to_string().trim_end_matches('0')
                || text.split('.').next() == Some(&read.to_string())
        }
        (Value::F64(_) | Value::F32(_), Value::F64(_) | Value::F32(_)) => {
            let (read, written) = (read.as_f64().unwrap(), written.as_f64().unwrap());
            read == written || read.is_nan() && written.is_nan()
        }
        (Value::Integer(_), Value::F64(_) | Value::F32(_)) => {
            read.to_string().parse::<f64>().unwrap() == written.as_f64().unwrap()
        }
        (Value::F64(_) | Value::F32(_), Value::Integer(written)) => {
            read.as_f64().unwrap() == written.to_string().parse::<f64>().unwrap()
        }
        (read, written) => read == written,
    }
}

fn seconds(data: &[u8]) -> (i64, u32) {
    match data.len() {
        4 => (u32::from_be_bytes(data.try_into().unwrap()).into(), 0),
        8 => {
            let both = u64::from_be_bytes(data.try_into().unwrap());
            ((both & 0x3_ffff_ffff).try_into().unwrap(), (both >> 34).try_into().unwrap())
        }
        _ => {
            let (nanos, seconds) = data.split_at(4);
            (i64::from_be_bytes(seconds.try_into().unwrap()), u32::from_be_bytes(nanos.try_into().unwrap()))
        }
    }
}

#[test]
fn schemas_decode_their_sample_in_any_order_and_write_it_back() {
    let default = InferenceConfig::default();
    let configs = [
        default.clone(),
        InferenceConfig { map_threshold: 2, max_depth: 2, ..default.clone() },
        InferenceConfig { number_type: NumberInference::Double, timestamp_formats: Vec::new(), ..default.clone() },
        InferenceConfig { number_type: NumberInference::Decimal(12, 3), max_depth: 0, ..default },
    ];
    let mut rows = 0;
    for seed in 0..400 {
        let mut dice = Dice(seed);
        let values: Vec<Value> = (0..=dice.roll(12)).map(|_| dice.map(4)).collect();
        rows += values.len();
        let samples = records(values.iter().map(written));
        for config in &configs {
            // The proof inside is what is tested here; a sample of empty maps has no schema.
            let Ok(whole) = infer_in_every_order::<MsgPackDecoder>("msgpack", &samples, 0, config) else {
                assert!(values.iter().all(|v| v.as_map().unwrap().is_empty()), "seed {seed}: {values:#?}");
                continue;
            };
            assert!(whole.warnings.iter().all(|w| !w.message.contains("unusable")), "seed {seed}: {values:#?}");
            let parts = samples.chunks(1 + dice.roll(5)).map(|chunk| {
                let mut part = MsgPackSample::new(config).unwrap();
                part.observe_all(chunk);
                part
            });
            // A tree of merges, from the right: as good as any.
            let merged = parts.rev().reduce(|mut right, left| {
                right.merge(left);
                right
            });
            assert_eq!(merged.unwrap().finish(config).unwrap(), whole, "seed {seed}: {values:#?}");
            let kept = InferenceConfig { keep_evidence: true, ..config.clone() };
            let evidence = MsgPackInference.infer(&samples, &kept).unwrap().evidence.unwrap();
            assert_eq!(MsgPackInference.replay(&evidence, config).unwrap(), whole, "seed {seed}: {evidence}");

            let format = FormatSpec::new("msgpack");
            let spec = DecodeSpec::new(Arc::clone(&whole.schema), format.clone());
            let mut decoder = MsgPackDecoder::build(&spec).unwrap().unwrap();
            let decoded = decoder.decode(&RawBatch::from_records(&samples)).unwrap();
            let mut out = EncodedBatch::new();
            let spec = EncodeSpec::new(Arc::clone(&whole.schema), format);
            MsgPackEncoder::build(&spec).unwrap().unwrap().encode(&decoded.batch, &mut out).unwrap();
            for (value, record) in values.iter().zip(out.iter()) {
                let back = read(record);
                assert!(is_same(value, &back), "seed {seed}: {value}\nis written as {back}\n{:#?}", whole.schema);
            }
            let again = decoder.decode(&RawBatch::from_values(out.iter())).unwrap();
            assert!(again.rejected.is_empty(), "seed {seed}: {}", again.rejected[0].error);
            assert_eq!(again.batch.num_rows(), values.len());
        }
    }
    assert!(rows > 1000, "the generator has dried up: {rows} rows");
}
