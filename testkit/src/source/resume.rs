//! Positions: resuming after any batch equals reading on.

use laminar_schema::Source as _;

use super::{
    SourceHarness,
    reading::{Reader, compare, made},
};
use crate::{
    place::Wanted,
    verdict::{Failed, Passed, Verdict},
};

/// Batches of different sizes, so that positions lie anywhere.
const SIZES: [usize; 4] = [1, 7, 3, 13];

/// A stream started at the positions of any batch yields exactly what follows it, also in another process: positions are
/// compared after they were written down and read again.
pub async fn resumes_exactly<H: SourceHarness>(harness: H) -> Verdict {
    let promises = harness.promises();
    if !promises.is_resumable {
        return Passed::does_not_apply("the source does not promise to resume");
    }
    let place = harness.fill(Wanted::new(60)).await;
    let source = made::<H>(&place.config)?;
    let (mut before, mut at, mut round) = (Vec::new(), None, 0);
    // Every stream reads one batch and is left; the next one goes on. One in four reads everything there is.
    while before.len() < place.records.len() {
        let mut reader = Reader::start::<H>(&source, at.as_ref(), &promises).await?;
        reader.read_up_to(SIZES[round % SIZES.len()].min(place.records.len() - before.len()), 13).await?;
        let reached = reader.reached.clone();
        if reader.seen.is_empty() {
            break;
        }
        before.append(&mut reader.seen);
        drop(reader);
        if round.is_multiple_of(4) {
            let mut rest = Reader::start::<H>(&source, Some(&reached), &promises).await?;
            rest.read_all(place.records.len() - before.len(), 1000, source.is_bounded()).await?;
            let mut all = before.clone();
            all.append(&mut rest.seen);
            judge(&place.records, &all, before.len(), &promises)?;
        }
        at = Some(reached);
        round += 1;
    }
    judge(&place.records, &before, before.len(), &promises)?;
    // At the very end there is nothing left.
    let mut rest = Reader::start::<H>(&source, at.as_ref(), &promises).await?;
    rest.read_all(0, 1000, source.is_bounded()).await?;
    let mut all = before.clone();
    all.append(&mut rest.seen);
    judge(&place.records, &all, before.len(), &promises)?;
    Ok(Passed::Checked)
}

fn judge(
    records: &[Vec<u8>],
    seen: &[super::reading::Seen],
    before: usize,
    promises: &super::SourcePromises,
) -> Result<(), Failed> {
    compare(records, seen, promises.order, false).map_err(|found| {
        Failed::new(
            format!("each of {} records once, when a stream resumes after {before} of them", records.len()),
            found,
            "`out.positions` is the place behind the last record of the batch, and `start` begins exactly there",
        )
    })
}
