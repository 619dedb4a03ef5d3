//! Samples of records, inferred from in more than one way.

use laminar_formats::json::JsonSample;
use laminar_schema::{InferenceConfig, InferredSchema, RawRecord, SourceMetadata};

/// Records looked at per input.
const MAX_RECORDS: usize = 256;

/// Takes lines for a sample of JSON, with places that an order can be told by and without.
///
/// The scanner must say what the plain reader says, to the last detail and warning, over the whole sample and over
/// halves that are merged.
///
/// # Panics
/// When it does not.
pub fn json_infer(bytes: &[u8]) {
    let lines: Vec<&[u8]> = bytes.split(|b| *b == b'\n').take(MAX_RECORDS).collect();
    let unplaced: Vec<RawRecord> = lines.iter().map(|line| RawRecord::new(*line)).collect();
    let placed: Vec<RawRecord> = unplaced
        .iter()
        .zip(0..)
        .map(|(record, at)| {
            // Two partitions, so that neither offsets nor the order of the records alone decide.
            let metadata = SourceMetadata::at(Some(["b", "a"][at as usize % 2].into()), Some(at / 2), None);
            RawRecord { metadata, ..record.clone() }
        })
        .collect();
    let default = InferenceConfig { keep_evidence: true, threads: 1, ..InferenceConfig::default() };
    let narrow = InferenceConfig { map_threshold: 2, max_depth: 1, ..default.clone() };
    for (records, config) in [(&unplaced, &default), (&placed, &default), (&placed, &narrow)] {
        check(records, config);
    }
}

fn check(records: &[RawRecord], config: &InferenceConfig) {
    let plain = sample(config, |sample| sample.observe_plainly(records));
    let expected = said(&plain, config);
    let scanned = sample(config, |sample| sample.observe_all(records));
    assert_eq!(said(&scanned, config), expected, "the scanner and the plain reader differ on {records:?}");
    let (head, tail) = records.split_at(records.len() / 2);
    let mut merged = sample(config, |sample| sample.observe_all(tail));
    merged.merge(sample(config, |sample| sample.observe_all(head)));
    assert_eq!(said(&merged, config), expected, "halves that are merged differ on {records:?}");
}

fn sample(config: &InferenceConfig, observe: impl FnOnce(&mut JsonSample)) -> JsonSample {
    let mut sample = JsonSample::new(config).unwrap_or_else(|e| panic!("{e}"));
    observe(&mut sample);
    sample
}

/// The schema with all its evidence, or the error.
fn said(sample: &JsonSample, config: &InferenceConfig) -> Result<InferredSchema, String> {
    sample.finish(config).map_err(|error| error.to_string())
}
