//! Allocations: none per record once warm.

use std::time::Duration;

use laminar_schema::RecordStream as _;

use super::{
    SourceHarness,
    reading::{Polled, Reader, made},
};
use crate::{
    allocations,
    place::Wanted,
    verdict::{Failed, Passed, Verdict},
};

const MAX: usize = 2048;

/// Allocations per record that may be left: those per batch, spread over its records.
const SPREAD: f64 = 0.25;

/// A warm stream makes allocations for a batch, and none for a record. Counted over the whole process, so that what other
/// threads of the source do counts too; the least of three rounds.
///
/// Needs [`count_allocations!`](crate::count_allocations) in the test binary.
pub async fn allocates_nothing_per_record<H: SourceHarness>(harness: H) -> Verdict {
    if !allocations::are_counted() {
        return Passed::skipped("the test binary counts no allocations: add `laminar_testkit::count_allocations!();`");
    }
    let promises = harness.promises();
    let place = harness.fill(Wanted::new(9 * MAX)).await;
    let source = made::<H>(&place.config)?;
    let mut least = f64::INFINITY;
    for _ in 0..3 {
        let mut reader = Reader::start::<H>(&source, None, &promises).await?;
        while reader.seen.len() < 3 * MAX {
            if let Polled::Ended = reader.poll(MAX).await? {
                break;
            }
        }
        let (before, mut count) = (allocations::calls(), 0);
        while count < 5 * MAX {
            // What is still on its way comes, so that batches are as large as they get.
            tokio::time::sleep(Duration::from_millis(5)).await;
            reader.batch.clear();
            match tokio::time::timeout(promises.answers_within, reader.stream.next(&mut reader.batch, MAX)).await {
                Ok(Ok(0)) | Err(_) => break,
                Ok(Ok(read)) => count += read,
                Ok(Err(e)) => return Err(Failed::new("records", format!("the error: {e}"), "")),
            }
        }
        let made = allocations::calls() - before;
        drop(reader);
        if count < MAX {
            let found = format!("only {count}");
            return Err(Failed::new(
                format!("{} records to count with", 5 * MAX),
                found,
                "let `fill` put as many as asked for",
            ));
        }
        least = least.min(made as f64 / count as f64);
    }
    let allowed = promises.client_allocations_per_record + SPREAD;
    if least > allowed {
        let expected = format!("fewer than {allowed} allocations per record, once warm");
        let help = "push bytes into `out.raw_mut()`, which keeps its memory, and reuse what records are read into";
        return Err(Failed::new(expected, format!("{least:.2}"), help));
    }
    Ok(Passed::Checked)
}
