//! Back-pressure: a consumer that stops polling bounds what is buffered.

use std::time::Duration;

use laminar_schema::Source as _;

use super::{
    SourceHarness,
    reading::{Polled, Reader, compare, made},
};
use crate::{
    allocations,
    place::Wanted,
    verdict::{Failed, Passed, Verdict},
};

/// What the measurement itself and other threads need.
const SLACK: usize = 1 << 20;

/// What the allocator of a library outside of Rust keeps to itself.
const OUTSIDE_SLACK: usize = 24 << 20;

/// One batch is read, and then nobody polls for a while: the memory that the process holds by then stays in the bound that
/// the source promises. Afterwards everything else comes.
///
/// Needs [`count_allocations!`](crate::count_allocations) in the test binary; memory outside of Rust is seen where the
/// system tells.
pub async fn bounds_what_it_buffers<H: SourceHarness>(harness: H) -> Verdict {
    let promises = harness.promises();
    if !allocations::are_counted() {
        return Passed::skipped("the test binary counts no allocations: add `laminar_testkit::count_allocations!();`");
    }
    if promises.max_buffered_bytes == usize::MAX {
        return Passed::does_not_apply("the harness promises no bound on what is buffered");
    }
    let bytes = 1024;
    let count = (4 * promises.max_buffered_bytes + OUTSIDE_SLACK) / bytes;
    let place = harness.fill(Wanted { count, bytes }).await;
    let source = made::<H>(&place.config)?;
    let (live, resident) = (allocations::live_bytes(), allocations::resident_bytes());
    let mut reader = Reader::start::<H>(&source, None, &promises).await?;
    let Polled::Records = reader.poll(10).await? else {
        return Err(Failed::new("records", "none", "a stream yields what is there"));
    };
    // Until nothing grows any more; at most two seconds.
    let mut held = 0;
    for _ in 0..10 {
        tokio::time::sleep(Duration::from_millis(200)).await;
        let now = allocations::live_bytes().saturating_sub(live);
        if now <= held {
            break;
        }
        held = now;
    }
    let outside = resident.zip(allocations::resident_bytes()).map_or(0, |(before, now)| now.saturating_sub(before));
    let bound = promises.max_buffered_bytes + SLACK;
    let excess = (held > bound).then_some(held).or((outside > bound + OUTSIDE_SLACK).then_some(outside));
    if let Some(found) = excess {
        let expected = format!("at most {bound} bytes held while nobody polls");
        let help = "read no further ahead than a bounded buffer: a full one must stop the reading";
        return Err(Failed::new(expected, format!("{found} bytes, after 10 records were taken"), help));
    }
    reader.commits = promises.waits_for_commits;
    reader.read_all(place.records.len(), 4096, source.is_bounded()).await?;
    compare(&place.records, &reader.seen, promises.order, false).map_err(|found| {
        let expected = format!("each of {} records once, after nobody had polled for a while", place.records.len());
        Failed::new(expected, found, "a full buffer makes the source wait, and drops nothing")
    })?;
    Ok(Passed::Checked)
}
