//! Cancellation: a `next` that is dropped before it is ready loses nothing.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
    time::Duration,
};

use laminar_schema::{RecordStream as _, SchemaResult, Source as _};

use super::{
    SourceHarness,
    reading::{Polled, Reader, compare, made},
};
use crate::{
    place::Wanted,
    verdict::{Failed, Passed, Verdict},
};

/// Polls `future` up to `polls` times, or for that long: `None` when it was not ready by then, and is dropped.
async fn given_up<F: Future<Output = SchemaResult<usize>>>(
    future: F,
    polls: usize,
    time: Duration,
) -> Option<SchemaResult<usize>> {
    let mut future = pin!(future);
    let mut left = polls;
    let polling = poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(result) => Poll::Ready(Some(result)),
        Poll::Pending if left <= 1 => Poll::Ready(None),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    });
    tokio::time::timeout(time, polling).await.ok().flatten()
}

/// Futures of `next` are dropped after one, two and more polls, while records come and while the source waits for some: the
/// batch stays as it was, and every record comes once.
pub async fn loses_nothing_when_cancelled<H: SourceHarness>(harness: H) -> Verdict {
    const HELP: &str =
        "move nothing out of the stream before the last `.await` of `next`: a dropped future forgets its locals";
    let promises = harness.promises();
    let place = harness.fill(Wanted::new(200)).await;
    let source = made::<H>(&place.config)?;
    let is_bounded = source.is_bounded();
    let mut reader = Reader::start::<H>(&source, None, &promises).await?;
    let mut records = place.records.clone();
    let mut round = 0;
    let mut ended = false;
    while reader.seen.len() < records.len() && !ended {
        // Every fourth future is waited for, so that there is an end.
        round += 1;
        if round % 4 == 0 {
            ended = matches!(reader.poll(5).await?, Polled::Ended | Polled::Silent);
            continue;
        }
        reader.batch.clear();
        let time = Duration::from_micros(200 * (round as u64 % 7));
        match given_up(reader.stream.next(&mut reader.batch, 5), round % 4, time).await {
            Some(Ok(count)) => ended = matches!(reader.take(count, 5)?, Polled::Ended),
            Some(Err(e)) if e.is_retryable() => {}
            Some(Err(e)) => return Err(Failed::new("records", format!("the error: {e}"), HELP)),
            None if reader.batch.is_empty() && reader.batch.positions.is_empty() => {}
            None => {
                let (count, at) = (reader.batch.len(), &reader.batch.positions);
                let found = format!("{count} records and positions {at:?} in it");
                return Err(Failed::new("the batch as it was, after a dropped `next`", found, HELP));
            }
        }
    }
    if !is_bounded && reader.seen.len() == records.len() {
        // While it waits for records, and while they come.
        for _ in 0..3 {
            reader.batch.clear();
            if let Some(Ok(count)) =
                given_up(reader.stream.next(&mut reader.batch, 5), 100, Duration::from_millis(30)).await
            {
                reader.take(count, 5)?;
            }
            match harness.append(&place, 9).await {
                Some(added) => records.extend(added),
                None => break,
            }
            for polls in [1, 2] {
                reader.batch.clear();
                if let Some(Ok(count)) =
                    given_up(reader.stream.next(&mut reader.batch, 5), polls, Duration::from_millis(2)).await
                {
                    reader.take(count, 5)?;
                }
            }
            reader.read_up_to(records.len(), 5).await?;
        }
    }
    reader.read_all(records.len(), 5, is_bounded).await?;
    compare(&records, &reader.seen, promises.order, false).map_err(|found| {
        Failed::new(
            format!("each of {} records once, whatever futures of `next` are dropped", records.len()),
            found,
            HELP,
        )
    })?;
    Ok(Passed::Checked)
}
