//! Streams that follow a script, on a clock that stands still while anything can be done.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::{
    error::{ConnectorError, DecodeError},
    position::Positions,
    record::NewRecord,
};

/// What a stream does next.
#[derive(Debug, Clone)]
enum Step {
    /// Yields records of a partition.
    Yield(&'static str, usize),
    /// Yields a record of so many bytes.
    Large(usize),
    /// Waits.
    Wait(u64),
    /// Yields records of a partition for ever.
    Forever(&'static str),
    /// Yields nothing for ever.
    Silence,
    /// Fails: a broken record, a failure that passes, one that does not.
    Broken,
    Retryable,
    Fatal,
}
use Step::*;

/// Commits of all streams: sampling must not make any.
static COMMITS: AtomicUsize = AtomicUsize::new(0);

struct Scripted {
    steps: Vec<Step>,
    /// Records of each partition so far.
    offsets: BTreeMap<&'static str, u64>,
    dropped: Arc<AtomicUsize>,
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.dropped.fetch_add(1, Ordering::SeqCst);
    }
}

impl Scripted {
    fn emit(&mut self, out: &mut SourceBatch, partition: &'static str, count: usize) {
        let raw = out.raw_mut();
        let index = raw.partition(&partition.into(), None);
        let offset = self.offsets.entry(partition).or_default();
        for _ in 0..count {
            raw.push(NewRecord { partition: Some(index), offset: Some(*offset), ..NewRecord::new(b"{}") });
            *offset += 1;
        }
    }
}

impl RecordStream for Scripted {
    async fn next(&mut self, out: &mut SourceBatch, max: usize) -> SchemaResult<usize> {
        loop {
            let Some(step) = self.steps.first().cloned() else { return Ok(0) };
            match step {
                Yield(partition, count) => {
                    let now = count.min(max);
                    self.emit(out, partition, now);
                    if now == count {
                        self.steps.remove(0);
                    } else {
                        self.steps[0] = Yield(partition, count - now);
                    }
                    return Ok(now);
                }
                Forever(partition) => {
                    self.emit(out, partition, max);
                    return Ok(max);
                }
                Large(size) => {
                    out.raw_mut().push(NewRecord::new(&vec![b' '; size]));
                    return Ok(1);
                }
                Wait(millis) => {
                    sleep(Duration::from_millis(millis)).await;
                    self.steps.remove(0);
                }
                Silence => std::future::pending().await,
                Broken | Retryable | Fatal => {
                    if !matches!(step, Fatal) {
                        self.steps.remove(0);
                    }
                    let failure = |retryable| {
                        let source = "out of order".into();
                        ConnectorError::External { action: "read", source, retryable }.into()
                    };
                    return Err(match step {
                        Broken => DecodeError::InvalidUtf8.into(),
                        Retryable => failure(true),
                        _ => failure(false),
                    });
                }
            }
        }
    }

    async fn commit(&mut self, _: &Positions) -> SchemaResult<()> {
        COMMITS.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

fn streams(scripts: &[&[Step]], dropped: &Arc<AtomicUsize>) -> Vec<Scripted> {
    let stream =
        |steps: &&[Step]| Scripted { steps: steps.to_vec(), offsets: BTreeMap::new(), dropped: Arc::clone(dropped) };
    scripts.iter().map(stream).collect()
}

fn config(sample_size: usize) -> InferenceConfig {
    InferenceConfig { sample_size, sample_timeout: Duration::from_secs(5), ..InferenceConfig::default() }
}

/// `partition: records, first to last offset` for each partition, or the error; and milliseconds that it took.
async fn sampled(scripts: &[&[Step]], size: usize) -> (String, u128) {
    let (dropped, begin) = (Arc::default(), Instant::now());
    let sample = sample_streams(streams(scripts, &dropped), &config(size)).await;
    assert_eq!(dropped.load(Ordering::SeqCst), scripts.len(), "every stream is dropped");
    assert_eq!(COMMITS.load(Ordering::SeqCst), 0, "nothing is committed");
    let shown = match sample {
        Err(error) => error.to_string(),
        Ok(records) => {
            let places = records.iter().map(|r| (r.metadata.partition.clone(), r.metadata.offset));
            assert!(places.is_sorted(), "by partition, then position");
            let range = |r: SampledRange| {
                let (first, last) = (r.first_offset.unwrap_or(0), r.last_offset.unwrap_or(0));
                format!("{}: {}, {first} to {last}", r.partition.as_deref().unwrap_or("none"), r.records)
            };
            sampled_ranges(&records).into_iter().map(range).collect::<Vec<_>>().join("; ")
        }
    };
    (shown, begin.elapsed().as_millis())
}

async fn check(scripts: &[&[Step]], size: usize, expected: &str, millis: u128) {
    assert_eq!(sampled(scripts, size).await, (expected.to_owned(), millis), "{scripts:?}");
}

#[tokio::test(start_paused = true)]
async fn a_sample_ends_with_its_size_its_time_or_its_streams() {
    check(&[&[Yield("a", 500)]], 100, "a: 100, 0 to 99", 0).await;
    check(&[&[Forever("a")]], 1000, "a: 1000, 0 to 999", 0).await;
    check(&[&[Yield("a", 3)]], 100, "a: 3, 0 to 2", 0).await;
    check(&[&[Yield("a", 3), Silence]], 100, "a: 3, 0 to 2", 5000).await;
    check(&[&[Yield("a", 3), Wait(700), Yield("a", 4)]], 100, "a: 7, 0 to 6", 700).await;
    check(&[&[Silence]], 100, "", 5000).await;
    check(&[&[]], 100, "", 0).await;
    check(&[], 100, "", 0).await;
    check(&[&[Forever("a")]], 0, "", 0).await;
}

#[tokio::test(start_paused = true)]
async fn partitions_give_equal_parts_and_make_up_for_short_ones() {
    check(&[&[Forever("b")], &[Forever("a")]], 100, "a: 50, 0 to 49; b: 50, 0 to 49", 0).await;
    check(&[&[Yield("a", 10)], &[Forever("b")], &[]], 100, "a: 10, 0 to 9; b: 90, 0 to 89", 0).await;
    check(
        &[&[Yield("a", 10)], &[Forever("b")], &[Forever("c")]],
        101,
        "a: 10, 0 to 9; b: 46, 0 to 45; c: 45, 0 to 44",
        0,
    )
    .await;
    // One that is silent is not waited for once the others have more to give, nor is it forgotten.
    check(&[&[Silence], &[Forever("b")]], 100, "b: 100, 0 to 99", 200).await;
    check(&[&[Wait(100), Forever("a")], &[Forever("b")]], 100, "a: 50, 0 to 49; b: 50, 0 to 49", 100).await;
    check(&[&[Wait(900), Yield("a", 9)], &[Yield("b", 80)]], 100, "a: 9, 0 to 8; b: 80, 0 to 79", 900).await;
}

#[tokio::test(start_paused = true)]
async fn one_stream_may_have_several_partitions() {
    let turns: Vec<Step> = (0..100).flat_map(|_| [Yield("a", 1), Yield("b", 1)]).collect();
    check(&[&turns], 100, "a: 50, 0 to 49; b: 50, 0 to 49", 0).await;
    // One comes late: some of what was read of the others is left out for it.
    let late = [Yield("a", 90), Yield("b", 100), Forever("a")];
    check(&[&late], 100, "a: 50, 0 to 49; b: 50, 0 to 49", 0).await;
    let rare = [Yield("a", 90), Yield("b", 1), Forever("a")];
    check(&[&rare], 100, "a: 99, 0 to 98; b: 1, 0 to 0", 0).await;
}

#[tokio::test(start_paused = true)]
async fn failures_end_a_sample_only_where_there_is_nothing_else() {
    let failed = "cannot read: out of order";
    check(&[&[Fatal]], 100, failed, 0).await;
    check(&[&[Yield("a", 2), Fatal]], 100, "a: 2, 0 to 1", 0).await;
    check(&[&[Fatal], &[Yield("b", 5)]], 100, "b: 5, 0 to 4", 0).await;
    check(&[&[Yield("a", 1), Broken, Yield("a", 1)]], 100, "a: 2, 0 to 1", 0).await;
    check(&[&[Retryable, Retryable, Yield("a", 1)]], 100, "a: 1, 0 to 0", 200).await;
    check(&[&vec![Retryable; 100]], 100, failed, 5000).await;
}

#[tokio::test(start_paused = true)]
async fn whatever_streams_have_a_sample_is_as_large_and_as_even_as_it_can_be() {
    const NAMES: [&str; 5] = ["a", "b", "c", "d", "e"];
    for seed in 0..200_u64 {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut below = |limit: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % limit
        };
        let size = usize::try_from(below(300)).unwrap();
        let count = usize::try_from(1 + below(5)).unwrap();
        // One partition each, in pieces, with pauses that are shorter than those that cost a share.
        let mut scripts: Vec<(usize, Vec<Step>)> = Vec::new();
        for name in &NAMES[..count] {
            let mut script = (0, Vec::new());
            for _ in 0..below(6) {
                let records = usize::try_from(1 + below(100)).unwrap();
                script.0 += records;
                script.1.extend([Yield(name, records), Wait(below(30))]);
            }
            scripts.push(script);
        }
        let dropped = Arc::default();
        let steps: Vec<&[Step]> = scripts.iter().map(|(_, steps)| steps.as_slice()).collect();
        let sample = sample_streams(streams(&steps, &dropped), &config(size)).await.unwrap();
        let available: usize = scripts.iter().map(|(records, _)| records).sum();
        assert_eq!(sample.len(), size.min(available), "seed {seed}");
        let taken = |name: &str| sample.iter().filter(|r| r.metadata.partition.as_deref() == Some(name)).count();
        let most = NAMES.iter().map(|name| taken(name)).max().unwrap_or(0);
        for (name, (has, _)) in NAMES.iter().zip(&scripts) {
            assert!(taken(name) == *has || taken(name) + 1 >= most, "seed {seed}: {name} gives {}", taken(name));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn memory_is_bounded() {
    let dropped = Arc::default();
    let sample = sample_streams(streams(&[&[Large(1 << 20)]], &dropped), &config(1000)).await.unwrap();
    assert_eq!(sample.len(), 64);
}

#[tokio::test(start_paused = true)]
async fn a_sample_that_is_cancelled_leaves_nothing_behind() {
    let dropped: Arc<AtomicUsize> = Arc::default();
    let scripts: [&[Step]; 2] = [&[Yield("a", 3), Silence], &[Wait(100), Forever("b")]];
    {
        let config = config(100_000);
        let sampling = sample_streams(streams(&scripts, &dropped), &config);
        assert!(tokio::time::timeout(Duration::from_millis(50), sampling).await.is_err());
    }
    assert_eq!(dropped.load(Ordering::SeqCst), 2);
    assert_eq!(COMMITS.load(Ordering::SeqCst), 0);
}

#[test]
fn parts_are_even_and_add_up() {
    let check = |counts: &[usize], size, expected: &[usize]| assert_eq!(even_parts(counts, size), expected);
    check(&[], 10, &[]);
    check(&[5, 5], 10, &[5, 5]);
    check(&[1, 100, 3], 10, &[1, 6, 3]);
    check(&[100, 100, 100], 10, &[3, 3, 4]);
    check(&[1, 1], 10, &[1, 1]);
    check(&[9, 0], 4, &[4, 0]);
}
