//! The scanner against the plain reader: whatever the records, they say the same.

use std::{fmt::Write as _, sync::Arc};

use laminar_schema::{ArrayInference, Options, SourceMetadata};

use super::*;

/// A generator of records that are alike often enough to be guessed, and not always well-formed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.roll(of.len() as u64) as usize]
    }

    fn scalar(&mut self, out: &mut String) {
        out.push_str(self.pick(&[
            "1",
            "-0",
            "0",
            "42",
            "123456789012345678",
            "9223372036854775808",
            "-9223372036854775809",
            "1.5",
            "-0.0",
            "10.00",
            "1e5",
            "1E-400",
            "1e999",
            "0.1234567890123456789",
            "123456789012345678901234567890123456789012.5",
            "true",
            "false",
            "null",
            r#""""#,
            r#""abc""#,
            r#""abd""#,
            r#""2024-02-29""#,
            r#""2024-02-30""#,
            r#""2024-02-29 12:00:00""#,
            r#""2024-02-29T12:00:00.123456789Z""#,
            r#""007""#,
            r#""-5""#,
            r#""é\u00e9\n""#,
            r#""\ud83d\ude00""#,
            r#""123e4567-e89b-12d3-a456-426614174000""#,
            r#""23:59:59""#,
            r#""PT5M""#,
            r#""P1DT\u0032H""#,
            r#""a long text of more than sixty-four bytes, so that it is cut when it is shown: 1""#,
            r#""a long text of more than sixty-four bytes, so that it is cut when it is shown: 2""#,
        ]));
    }

    fn space(&mut self, out: &mut String) {
        out.push_str(if self.roll(12) == 0 { self.pick(&[" ", "\n", " \t "]) } else { "" });
    }

    fn value(&mut self, out: &mut String, depth: u64) {
        self.space(out);
        match if depth == 0 { 0 } else { self.roll(10) } {
            0..=6 => self.scalar(out),
            7 => {
                out.push('[');
                for i in 0..self.roll(4) {
                    out.push_str(if i > 0 { "," } else { "" });
                    self.value(out, depth - 1);
                }
                self.space(out);
                out.push(']');
            }
            _ => self.object(out, depth - 1),
        }
        self.space(out);
    }

    fn object(&mut self, out: &mut String, depth: u64) {
        out.push('{');
        self.space(out);
        let (first, keys) = (self.roll(3), if self.roll(9) == 0 { 40 } else { 9 });
        for i in 0..self.roll(7) {
            let key = if self.roll(4) == 0 { self.roll(keys) } else { first + i };
            let comma = if i > 0 { "," } else { "" };
            let name = if self.roll(30) == 0 { format!("\\u006b{key}") } else { format!("k{key}") };
            let _ = write!(out, "{comma}\"{name}\":");
            self.value(out, depth);
        }
        out.push('}');
    }

    fn record(&mut self) -> String {
        let mut text = String::new();
        self.object(&mut text, 4);
        match self.roll(60) {
            0 => text.truncate(text.len() / 2),
            1 => text.push('x'),
            2 => text.insert(0, '\u{feff}'),
            3 => text = "[1]".to_owned(),
            4 => text += " {}",
            5 => text = text.replace('1', "01"),
            _ => {}
        }
        while !text.is_char_boundary(text.len()) {
            text.pop();
        }
        text
    }
}

fn check(records: &[RawRecord], config: &InferenceConfig, what: &str) {
    let (mut plain, mut scanned) = (JsonSample::new(config).unwrap(), JsonSample::new(config).unwrap());
    plain.observe_plainly(records);
    scanned.observe_all(records);
    assert_eq!(scanned.sample, plain.sample, "{what}");
    // Halves, the second one first, read by one and the same.
    let mut parts = JsonSample::new(config).unwrap();
    let (head, tail) = records.split_at(records.len() / 3);
    parts.observe_all(tail);
    parts.observe_all(head);
    assert_eq!(parts.sample, plain.sample, "{what}, in parts");
    let evidence = serde_json::to_string(&plain.sample).unwrap();
    assert_eq!(serde_json::from_str::<Sample>(&evidence).unwrap(), plain.sample, "{what}, stored");
}

fn configs() -> Vec<InferenceConfig> {
    let default = InferenceConfig::default();
    let with = |key: &str, value: &str| Options::from_pairs([(key.to_owned(), value.to_owned())]);
    vec![
        default.clone(),
        InferenceConfig { map_threshold: 3, ..default.clone() },
        InferenceConfig { map_threshold: 0, max_depth: 1, ..default.clone() },
        InferenceConfig { max_depth: 0, array_strategy: ArrayInference::FirstElement, ..default.clone() },
        InferenceConfig { array_strategy: ArrayInference::Jsonb, ..default.clone() },
        InferenceConfig { format_options: with("max_depth", "3"), ..default.clone() },
        InferenceConfig { format_options: with("multiple_documents", "split"), ..default.clone() },
        InferenceConfig { format_options: with("max_record_bytes", "60"), ..default },
    ]
}

#[test]
fn the_scanner_says_what_the_plain_reader_says() {
    for seed in 0..300 {
        let mut dice = Dice(seed);
        let partitions: [Arc<str>; 2] = ["p0".into(), "p1".into()];
        let mut records: Vec<RawRecord> = (0..=dice.roll(40))
            .map(|offset| {
                let metadata = match seed % 4 {
                    0 => SourceMetadata::at(None, None, None),
                    1 => SourceMetadata::at(Some(partitions[0].clone()), Some(offset), Some(offset + 1)),
                    _ => {
                        let partition = partitions[dice.roll(2) as usize].clone();
                        SourceMetadata::at(Some(partition), Some(dice.roll(20)), None)
                    }
                };
                RawRecord { metadata, ..RawRecord::new(dice.record()) }
            })
            .collect();
        if seed % 7 == 0 {
            records.push(RawRecord { value: None, ..RawRecord::new("") });
            records.push(RawRecord::new(b"{\"a\":\"\xFF\"}"));
        }
        for (i, config) in configs().iter().enumerate() {
            check(&records, config, &format!("seed {seed}, config {i}"));
        }
    }
}

#[test]
fn any_number_of_keys_takes_bounded_memory() {
    let config = InferenceConfig::default();
    let keys = |first: usize, count: usize, inner: &str| {
        let members: Vec<String> = (first..first + count).map(|k| format!("\"key{k}\":{inner}")).collect();
        format!("{{{}}}", members.join(","))
    };
    // New keys in every record, within a column: a map, whose keys are not kept.
    let scattered: Vec<RawRecord> =
        (0..3000).map(|i| RawRecord::new(format!("{{\"m\":{}}}", keys(i * 7, 7, "{\"a\":[1]}")))).collect();
    check(&scattered, &config, "scattered");
    // One record with more keys than are told apart.
    check(&[RawRecord::new(format!("{{\"m\":{}}}", keys(0, 40_000, "1")))], &config, "wide");
    let top: Vec<RawRecord> = (0..300).map(|i| RawRecord::new(keys(i * 100, 100, "1.5"))).collect();
    let mut sample = JsonSample::new(&config).unwrap();
    sample.observe_all(&top);
    let error = sample.finish(&config).unwrap_err().to_string();
    assert!(error.contains("16384") && error.contains("document_column"), "{error}");
}

#[test]
fn shapes_that_no_guess_foresees() {
    let texts = [
        r#"{"a":1,"a":2}"#,
        r#"{"a":{"b":1,"\u0062":2}}"#,
        r#"{"a":{"b":1},"a":{"c":1}}"#,
        r#"{"a\":1":1,"a":{"\\":{}}}"#,
        r#"{"a":1,}"#,
        r#"{"a":1 "b":2}"#,
        r#"{,"a":1}"#,
        r#"{"a":[1,2,],"b":1}"#,
        r#"{"a":[],"b":{},"c":[[]],"d":[{}]}"#,
        r#"{"a":nul}"#,
        r#"{"a":1}{"#,
        r#"{"a":"\x"}"#,
        " \n{ \"a\" : [ 1 , { \"b\" : null } ] } \n",
        r#"{}"#,
        "",
        " ",
        "1",
    ];
    for text in texts {
        check(&[RawRecord::new(text)], &InferenceConfig::default(), text);
        check(&[RawRecord::new(r#"{"a":1,"b":2}"#), RawRecord::new(text)], &InferenceConfig::default(), text);
    }
}

#[test]
fn too_many_fields_are_too_many_however_they_are_read() {
    // Each part alone is within the limits; nested objects, since the columns themselves have a lower one.
    let record = |from: usize| {
        let inner = |i: usize| {
            let members: Vec<String> = (0..40).map(|k| format!("\"k{k}\":{k}")).collect();
            format!("\"o{i}\":{{{}}}", members.join(","))
        };
        let members: Vec<String> = (from..from + 50).map(inner).collect();
        RawRecord::new(format!("{{{}}}", members.join(",")))
    };
    let records: Vec<RawRecord> = (0..80).map(|i| record(i * 50)).collect();
    let config = InferenceConfig::default();
    let part = |records: &[RawRecord]| {
        let mut part = JsonSample::new(&config).unwrap();
        part.observe_all(records);
        part
    };
    assert!(part(&records[..24]).finish(&config).is_ok());
    let mut merged = part(&records[40..]);
    merged.merge(part(&records[..40]));
    let mut plain = JsonSample::new(&config).unwrap();
    plain.observe_plainly(&records);
    for whole in [part(&records), merged, plain] {
        let error = whole.finish(&config).unwrap_err().to_string();
        assert!(error.contains("100000"), "{error}");
    }
}
