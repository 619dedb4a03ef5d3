//! The steps of a sink, in the order in which a pipeline takes them.

use super::{
    SinkHarness,
    writing::{Times, Writing, is_there},
};
use crate::verdict::{Passed, Verdict};

/// What was written is there after a commit, once and however often it is committed, and not before.
pub async fn shows_a_commit_once<H: SinkHarness>(harness: H) -> Verdict {
    const HELP: &str =
        "`write` and `prepare` show nothing, `commit` shows what was prepared, and does nothing the second time";
    let promises = harness.promises();
    let place = harness.place().await;
    let mut writing = Writing::start(&harness, &place.config, 0, None).await?;
    for round in 0..2 {
        let (before, after) = (round * 20, round * 20 + 20);
        writing.write(before..before + 7).await?;
        writing.write(before + 7..after).await?;
        if promises.is_transactional {
            is_there(&harness, &place, 0..before, Times::Once, "before anything is prepared", HELP).await?;
        }
        let prepared = writing.prepare().await?;
        if promises.is_transactional {
            is_there(&harness, &place, 0..before, Times::Once, "before it is committed", HELP).await?;
        }
        writing.commit(&prepared).await?;
        is_there(&harness, &place, 0..after, Times::Once, "after a commit", HELP).await?;
        writing.commit(&prepared).await?;
        is_there(&harness, &place, 0..after, Times::Once, "after the same commit again", HELP).await?;
    }
    writing.close().await?;
    is_there(&harness, &place, 0..40, Times::Once, "after it was closed", HELP).await?;
    Ok(Passed::Checked)
}

/// What is aborted is never seen, prepared or not, and what is written afterwards is.
pub async fn abort_leaves_nothing<H: SinkHarness>(harness: H) -> Verdict {
    const HELP: &str = "`abort` undoes everything since the last commit";
    if !harness.promises().is_transactional {
        return Passed::does_not_apply("the sink does not promise to undo anything");
    }
    let place = harness.place().await;
    let mut writing = Writing::start(&harness, &place.config, 0, None).await?;
    writing.write(0..10).await?;
    let prepared = writing.prepare().await?;
    writing.commit(&prepared).await?;
    writing.write(100..110).await?;
    writing.abort().await?;
    is_there(&harness, &place, 0..10, Times::Once, "after an abort", HELP).await?;
    let mut writing = Writing::start(&harness, &place.config, 1, Some(&prepared)).await?;
    writing.write(200..210).await?;
    writing.prepare().await?;
    writing.abort().await?;
    is_there(&harness, &place, 0..10, Times::Once, "after an abort of what was prepared", HELP).await?;
    drop(writing);
    let mut writing = Writing::start(&harness, &place.config, 1, Some(&prepared)).await?;
    writing.write(10..20).await?;
    let prepared = writing.prepare().await?;
    writing.commit(&prepared).await?;
    is_there(&harness, &place, 0..20, Times::Once, "after a commit that follows an abort", HELP).await?;
    Ok(Passed::Checked)
}
