//! Reconnecting: connections that are cut, refused, slow, dead or cut in the middle of a message.

use std::{collections::BTreeSet, time::Duration};

use laminar_schema::Source as _;

use super::{
    SourceHarness,
    reading::{Reader, Seen, compare, made},
};
use crate::{
    place::Wanted,
    proxy::Proxy,
    verdict::{Failed, Passed, Verdict},
};

const COUNT: usize = 2000;

/// Everything comes although the connection to the server fails in every way that [`Proxy`] knows, and nothing comes twice
/// unless the source says that it may.
pub async fn reconnects<H: SourceHarness>(harness: H) -> Verdict {
    let Some(upstream) = harness.upstream() else {
        return Passed::does_not_apply("the source names no server that a proxy could stand in front of");
    };
    let promises = harness.promises();
    let place = harness.fill(Wanted { count: COUNT, bytes: 256 }).await;
    let proxy = Proxy::start(upstream, 7).await.map_err(|e| Failed::new("a proxy", e.to_string(), ""))?;
    let Some(config) = harness.through(&place, proxy.address()) else {
        return Passed::does_not_apply("the harness says no way to go through a proxy");
    };
    let source = made::<H>(&config)?;
    let expected = format!("each of {COUNT} records once, although connections fail");
    let help = "connect again after an error that is retryable, and go on behind the last record that was handed over";
    let failed = |fault: &str, e: Failed| Failed::new(expected.clone(), format!("after {fault}: {}", e.found), help);
    let mut reader = Reader::start::<H>(&source, None, &promises).await?;
    for (step, fault) in ["a cut", "a server that refuses", "a black hole", "a delay", "a cut inside of a message"]
        .into_iter()
        .enumerate()
    {
        let want = reader.seen.len() + COUNT / 8;
        match step {
            0 => proxy.cut(),
            1 => {
                proxy.refuse(true);
                proxy.cut();
            }
            2 => proxy.black_hole(true),
            3 => proxy.delay(Duration::from_millis(2)),
            _ => {
                proxy.delay(Duration::ZERO);
                proxy.truncate_after(20_000);
            }
        }
        let lifting = async {
            tokio::time::sleep(Duration::from_millis(400)).await;
            proxy.refuse(false);
            if step == 2 {
                // What is held back must not come late, behind what a new connection brings.
                proxy.cut();
            }
            proxy.black_hole(false);
        };
        let ((), read) = tokio::join!(lifting, reader.read_up_to(want, 50));
        read.map_err(|e| failed(fault, e))?;
    }
    proxy.delay(Duration::ZERO);
    reader.read_all(COUNT, 50, source.is_bounded()).await.map_err(|e| failed("the last fault", e))?;
    // What came again stood in the way of what had not come.
    let is_missing = |seen: &[Seen]| {
        let values: BTreeSet<&[u8]> = seen.iter().map(|seen| seen.value.as_slice()).collect();
        place.records.iter().any(|record| !values.contains(record.as_slice()))
    };
    while promises.repeats_after_faults && is_missing(&reader.seen) {
        let before = reader.seen.len();
        reader.read_up_to(before + 50, 50).await.map_err(|e| failed("the last fault", e))?;
        if reader.seen.len() == before {
            break;
        }
    }
    compare(&place.records, &reader.seen, promises.order, promises.repeats_after_faults)
        .map_err(|found| Failed::new(expected.clone(), found, help))?;
    if proxy.bytes_to_clients() == 0 {
        return Err(Failed::new("a connection through the proxy", "none", "let `through` name the proxy's address"));
    }
    Ok(Passed::Checked)
}
