//! Recovery: the process ends between any two steps, and another one goes on.

use super::{
    SinkHarness,
    writing::{Times, Writing, is_there},
};
use crate::verdict::{Passed, Verdict};

/// The step after which the process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ends {
    /// Rows were written; the checkpoint is the one before.
    Written,
    /// Rows were prepared, and the checkpoint was not stored.
    Prepared,
    /// The checkpoint was stored, and nothing committed.
    Stored,
    /// Everything was committed.
    Committed,
    /// Everything was committed, and more written.
    WrittenAfterwards,
}

/// A sink is left after each step and opened again with the last checkpoint that was stored: what that holds is there, and
/// nothing later. What was lost is then written again, as the source replays it.
pub async fn recovers_after_each_step<H: SinkHarness>(harness: H) -> Verdict {
    const HELP: &str =
        "`recover` commits the transaction of the last checkpoint if it was not, and undoes everything later";
    let promises = harness.promises();
    let times = if promises.is_exactly_once { Times::Once } else { Times::AtLeastOnce };
    for ends in [Ends::Written, Ends::Prepared, Ends::Stored, Ends::Committed, Ends::WrittenAfterwards] {
        let place = harness.place().await;
        let mut writing = Writing::start(&harness, &place.config, 0, None).await?;
        writing.write(0..10).await?;
        let first = writing.prepare().await?;
        writing.commit(&first).await?;
        writing.write(10..20).await?;
        let (mut last, mut epoch, mut safe) = (first, 1, 10);
        if ends != Ends::Written {
            let second = writing.prepare().await?;
            if ends != Ends::Prepared {
                if ends != Ends::Stored {
                    writing.commit(&second).await?;
                }
                if ends == Ends::WrittenAfterwards {
                    writing.write(20..30).await?;
                }
                (last, epoch, safe) = (second, 2, 20);
            }
        }
        drop(writing);
        let mut writing = Writing::start(&harness, &place.config, epoch, Some(&last)).await?;
        let when = format!("after recovery from an end that came when {}", said(ends));
        if promises.is_transactional {
            is_there(&harness, &place, 0..safe, times, &when, HELP).await?;
        }
        writing.write(safe..30).await?;
        let prepared = writing.prepare().await?;
        writing.commit(&prepared).await?;
        let when = format!("after {when} and the rest");
        is_there(&harness, &place, 0..30, times, &when, HELP).await?;
        writing.close().await?;
    }
    Ok(Passed::Checked)
}

fn said(ends: Ends) -> &'static str {
    match ends {
        Ends::Written => "rows were written",
        Ends::Prepared => "rows were prepared and the checkpoint was not stored",
        Ends::Stored => "the checkpoint was stored and nothing committed",
        Ends::Committed => "everything was committed",
        Ends::WrittenAfterwards => "more was written behind a commit",
    }
}
