//! Any sample: its schema decodes it, and no order, split or merge of it changes the schema.

use std::fmt::Write as _;

use laminar_formats::{
    csv::CsvDecoder,
    json::{JsonDecoder, JsonSample},
};
use laminar_schema::{InferenceConfig, NumberInference};
use laminar_tests::inferred::{infer_in_every_order, records, with_options};

/// A generator of values that are alike often enough to have a type in common, and at odds often enough not to.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % sides as u64) as usize
    }

    fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.roll(of.len())]
    }

    /// A family of scalars; a field usually keeps to one.
    fn scalar(&mut self, family: usize) -> &'static str {
        const FAMILIES: [&[&str]; 9] = [
            &["0", "-0", "1", "-17", "9223372036854775807", "-9223372036854775808", "null"],
            &["18446744073709551615", "9223372036854775808", "3", "18446744073709551616", "-1"],
            &["1.5", "2", "1e5", "-0.0", "9007199254740993", "0.1234567890123456789", "1e-7", "1.0"],
            &["1e400", "123456789012345678901234567890123456789", "5", "1e-400", "null"],
            &["true", "false", "null"],
            &[
                r#""2024-02-29""#,
                r#""2024-02-29T12:00:00""#,
                r#""2024-02-29 12:00:00.123456789""#,
                r#""0001-01-01 00:00""#,
                "null",
            ],
            &[
                r#""2024-02-29T12:00:00Z""#,
                r#""2024-02-29T12:00:00.5-02:30""#,
                r#""23:59:59""#,
                r#""23:59:59.000000001""#,
                r#""123e4567-e89b-12d3-a456-426614174000""#,
            ],
            &[r#""PT5M""#, r#""P1DT2H""#, r#""-P1Y2MT0.000000001S""#, "null", r#""P1D""#],
            &[r#""""#, r#""x\u00e9\n\ud83d\ude00""#, r#""12""#, r#""2024-02-30""#, r#""-""#],
        ];
        self.pick(FAMILIES[family % FAMILIES.len()])
    }

    fn value(&mut self, out: &mut String, family: usize, depth: usize) {
        match if depth == 0 { 0 } else { self.roll(8) } {
            0..=4 => out.push_str(self.scalar(family)),
            5 => {
                out.push('[');
                for i in 0..self.roll(4) {
                    out.push_str(if i > 0 { ", " } else { "" });
                    self.value(out, family, depth - 1);
                }
                out.push(']');
            }
            _ => self.object(out, depth - 1),
        }
    }

    fn object(&mut self, out: &mut String, depth: usize) {
        out.push('{');
        let (first, step) = (self.roll(9), 1 + self.roll(2));
        for i in 0..self.roll(5) {
            // Steps of one or two around nine keys meet none of them twice.
            let key = (first + i * step) % 9;
            let comma = if i > 0 { "," } else { "" };
            let _ = write!(out, "{comma}\"k{key}\":");
            // One field in ten strays from its family.
            let family = if self.roll(10) == 0 { self.roll(9) } else { key };
            self.value(out, family, depth);
        }
        out.push('}');
    }
}

fn configs() -> Vec<InferenceConfig> {
    let default = InferenceConfig::default();
    vec![
        default.clone(),
        InferenceConfig { map_threshold: 2, max_depth: 2, ..default.clone() },
        InferenceConfig { number_type: NumberInference::Double, timestamp_formats: Vec::new(), ..default.clone() },
        InferenceConfig { number_type: NumberInference::Decimal(12, 3), max_depth: 0, ..default },
    ]
}

#[test]
fn json_schemas_decode_their_sample_in_any_order() {
    let mut rows = 0;
    for seed in 0..400 {
        let mut dice = Dice(seed);
        let texts: Vec<String> = (0..=dice.roll(12))
            .map(|_| {
                let mut text = String::new();
                dice.object(&mut text, 4);
                text
            })
            .collect();
        rows += texts.len();
        let samples = records(&texts);
        for config in configs() {
            // The proof inside is what is tested here; a sample of empty objects has no schema.
            let Ok(whole) = infer_in_every_order::<JsonDecoder>("json", &samples, 0, &config) else {
                assert!(texts.iter().all(|t| t == "{}"), "seed {seed}: {texts:#?}");
                continue;
            };
            assert!(whole.warnings.iter().all(|w| !w.message.contains("unusable")), "seed {seed}: {texts:#?}");
            let parts = samples.chunks(1 + dice.roll(5)).map(|chunk| {
                let mut part = JsonSample::new(&config).unwrap();
                part.observe_all(chunk);
                part
            });
            // A tree of merges, from the right: as good as any.
            let merged = parts.rev().reduce(|mut right, left| {
                right.merge(left);
                right
            });
            assert_eq!(merged.unwrap().finish(&config).unwrap(), whole, "seed {seed}: {texts:#?}");
        }
    }
    assert!(rows > 1000, "the generator has dried up: {rows} rows");
}

#[test]
fn csv_schemas_decode_their_sample_in_any_order() {
    for seed in 0..400 {
        let mut dice = Dice(seed);
        let width = 1 + dice.roll(5);
        let families: Vec<usize> = (0..width).map(|_| dice.roll(10)).collect();
        let mut lines = vec![(0..width).map(|i| format!("c{i}")).collect::<Vec<_>>().join(",")];
        for _ in 0..dice.roll(10) {
            let row: Vec<&str> = families
                .iter()
                .map(|family| match dice.roll(12) {
                    0 => "",
                    1 => dice.pick(&["007", "+1", ".5", "NaN", "TRUE", "a b", "\"q\"\"x\""]),
                    _ => dice.scalar(*family),
                })
                .map(|text| text.trim_matches('"'))
                .map(|text| if text == "q\"\"x" { "\"q\"\"x\"" } else { text })
                .collect();
            lines.push(row.join(","));
        }
        for config in configs() {
            let config = with_options(config, &[("null_values", ",null")]);
            let inferred = infer_in_every_order::<CsvDecoder>("csv", &records(&lines), 1, &config);
            let inferred = inferred.unwrap_or_else(|e| panic!("seed {seed}: {e}: {lines:#?}"));
            assert!(inferred.warnings.iter().all(|w| !w.message.contains("unusable")), "seed {seed}: {lines:#?}");
        }
    }
}
