//! Sampling: it consumes nothing, and ends in time.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use laminar_schema::{InferenceConfig, SchemaInferable as _, Source as _, SourceConnector as _};

use super::{
    SourceHarness,
    reading::{Reader, compare, made, show},
};
use crate::{
    place::Wanted,
    verdict::{Failed, Passed, Verdict},
};

/// A source is sampled, twice, and its head is looked at; a stream that is started afterwards still yields everything.
/// Where nothing is, a sample is empty, in time.
pub async fn samples_without_consuming<H: SourceHarness>(harness: H) -> Verdict {
    let promises = harness.promises();
    let place = harness.fill(Wanted::new(50)).await;
    let source = made::<H>(&place.config)?;
    let Some(inferable) = source.as_schema_inferable() else {
        return Passed::does_not_apply("the source does not declare `inferable`");
    };
    let config =
        InferenceConfig { sample_size: 20, sample_timeout: Duration::from_secs(5), ..InferenceConfig::default() };
    let written: BTreeSet<&[u8]> = place.records.iter().map(Vec::as_slice).collect();
    for round in 1..=2 {
        let head = inferable.sample_head(&config).await;
        head.map_err(|e| Failed::new("the head of the source", e.to_string(), "`sample_head` reads what is there"))?;
        let sample = inferable.sample_records(&config).await;
        let sample = sample.map_err(|e| {
            let help = "`sample_records` collects records without consuming them, any number of times";
            Failed::new(format!("sample number {round}"), e.to_string(), help)
        })?;
        let help = "`sample_records` yields up to `sample_size` of the records that a stream would yield";
        if sample.is_empty() || sample.len() > config.sample_size {
            let expected = format!("from 1 to {} records in sample number {round}", config.sample_size);
            return Err(Failed::new(expected, format!("{}", sample.len()), help));
        }
        let values = sample.iter().map(|record| record.value.as_deref().unwrap_or_default());
        // Rows of table sources are samples of another shape.
        let strange = values.clone().find(|value| !written.contains(value));
        if let Some(strange) = strange.filter(|_| !sample.is_empty()) {
            return Err(Failed::new("samples that are records of the source", show(strange), help));
        }
    }
    let mut reader = Reader::start::<H>(&source, None, &promises).await?;
    reader.read_all(place.records.len(), 1000, source.is_bounded()).await?;
    compare(&place.records, &reader.seen, promises.order, false).map_err(|found| {
        let expected = format!("each of {} records once, after the source was sampled", place.records.len());
        Failed::new(expected, found, "sampling must not acknowledge, commit or take away what it reads")
    })?;
    drop(reader);
    let empty = harness.fill(Wanted::new(0)).await;
    if empty.records.is_empty() {
        let source = made::<H>(&empty.config)?;
        let limit = Duration::from_millis(500);
        let config = InferenceConfig { sample_timeout: limit, ..config };
        let started = Instant::now();
        let sampling = async {
            match source.as_schema_inferable() {
                Some(inferable) => inferable.sample_records(&config).await.map(|sample| sample.len()),
                None => Ok(0),
            }
        };
        let help =
            "keep to `config.sample_timeout`; no record at all is an empty sample, or an error that is retryable";
        let expected = "an empty sample where nothing is, within half a second and the time to connect";
        match tokio::time::timeout(limit + promises.answers_within, sampling).await {
            Err(_) => return Err(Failed::new(expected, format!("nothing in {:?}", started.elapsed()), help)),
            Ok(Err(e)) if e.is_retryable() => {}
            Ok(Err(e)) => return Err(Failed::new(expected, format!("the error: {e}"), help)),
            Ok(Ok(0)) => {}
            Ok(Ok(count)) => return Err(Failed::new(expected, format!("{count} records"), help)),
        }
    }
    Ok(Passed::Checked)
}
