//! Reading as a pipeline does, and judging what came.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::Arc,
    time::{Duration, Instant},
};

use laminar_formats::AnyEncoder;
use laminar_schema::{
    EncodeSpec, EncoderSet, FormatEncoder, FormatSpec, Positions, RecordStream, SchemaError, Source, SourceBatch,
    SourceConfig, record::BatchContent,
};

use super::{Order, SourceHarness, SourcePromises, make};
use crate::{
    place::Wanted,
    verdict::{Failed, Passed, Verdict},
};

/// How long nothing may come behind the last record, before that counts as the end of an unbounded source.
pub(crate) const QUIET: Duration = Duration::from_millis(200);

/// One record, as a stream yielded it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) partition: Option<Arc<str>>,
    pub(crate) value: Vec<u8>,
}

/// A running source, with everything that it has yielded.
pub(crate) struct Reader<S> {
    pub(crate) stream: S,
    pub(crate) batch: SourceBatch,
    pub(crate) seen: Vec<Seen>,
    /// How far it is, over all partitions.
    pub(crate) reached: Positions,
    /// Whether everything that was read is committed before more is.
    pub(crate) commits: bool,
    /// Whether positions mean anything: where there are none, batches need not have them.
    has_places: bool,
    patience: Duration,
}

/// What one poll led to.
pub(crate) enum Polled {
    Records,
    Ended,
    /// Nothing came in all the time there was.
    Silent,
    /// Reading may go on.
    Failed(SchemaError),
}

impl<S: RecordStream> Reader<S> {
    pub(crate) async fn start<H>(
        source: &H::Source,
        from: Option<&Positions>,
        promises: &SourcePromises,
    ) -> Result<Self, Failed>
    where
        H: SourceHarness,
        H::Source: Source<Stream = S>,
    {
        let starting = tokio::time::timeout(promises.answers_within, source.start(from)).await;
        let help = "`start` opens the source at the beginning, or where the positions of an earlier batch say";
        let expected = || match from {
            None => "the source to start".to_owned(),
            Some(from) => format!("the source to start at {from:?}, where a stream of it had been"),
        };
        let stream = match starting {
            Err(_) => return Err(Failed::new(expected(), format!("nothing in {:?}", promises.answers_within), help)),
            Ok(Err(e)) => return Err(Failed::new(expected(), e.to_string(), help)),
            Ok(Ok(stream)) => stream,
        };
        let reached = from.cloned().unwrap_or_default();
        let (batch, patience) = (SourceBatch::new(), promises.answers_within);
        let has_places = promises.is_resumable || promises.waits_for_commits;
        Ok(Self { stream, batch, seen: Vec::new(), reached, commits: false, has_places, patience })
    }

    /// One poll, as a pipeline makes it: into an empty batch.
    pub(crate) async fn poll(&mut self, max: usize) -> Result<Polled, Failed> {
        if self.commits && !self.reached.is_empty() {
            let committed = self.stream.commit(&self.reached).await;
            committed.map_err(|e| {
                Failed::new("a commit of what was read", e.to_string(), "`commit` is told positions of its own batches")
            })?;
        }
        self.batch.clear();
        let polling = tokio::time::timeout(self.patience, self.stream.next(&mut self.batch, max)).await;
        let help = "`next` yields as soon as there is a record, and 0 at the end of a bounded source";
        match polling {
            Err(_) => Ok(Polled::Silent),
            Ok(Err(e)) if e.is_retryable() => Ok(Polled::Failed(e)),
            Ok(Err(e)) => Err(Failed::new("records, or the end", format!("the error: {e}"), help)),
            Ok(Ok(count)) => self.take(count, max),
        }
    }

    /// Takes over what a poll has put into the batch.
    pub(crate) fn take(&mut self, count: usize, max: usize) -> Result<Polled, Failed> {
        let help = "`next` appends up to `max` records and yields how many";
        if count != self.batch.len() {
            let found = format!("{} in the batch, and the answer {count}", self.batch.len());
            return Err(Failed::new("as many records in the batch as the answer says", found, help));
        }
        if count > max {
            return Err(Failed::new(format!("at most {max} records in a batch"), format!("{count}"), help));
        }
        self.reached.advance(&self.batch.positions);
        if count == 0 {
            return Ok(Polled::Ended);
        }
        if self.batch.positions.is_empty() && self.has_places {
            let help = "set `out.positions` to the place behind the batch";
            return Err(Failed::new("positions with each batch of records", "none", help));
        }
        match self.batch.content() {
            BatchContent::Raw(raw) => self.seen.extend(raw.iter().map(|record| Seen {
                partition: record.partition().map(|p| Arc::clone(&p.name)),
                value: record.value().unwrap_or_default().to_vec(),
            })),
            BatchContent::Columns(rows) => {
                let spec = EncodeSpec::new(rows.schema(), FormatSpec::new("json"));
                let rows = AnyEncoder::build(&spec).and_then(|encoder| match encoder {
                    Some(mut encoder) => encoder.encode_batch(rows),
                    None => Ok(Vec::new()),
                });
                let rows = rows.map_err(|e| Failed::new("columns that can be shown as JSON", e.to_string(), help))?;
                self.seen.extend(rows.into_iter().map(|value| Seen { partition: None, value }));
            }
        }
        Ok(Polled::Records)
    }

    /// Polls until so many records were seen, or the end, or nothing comes any more: what is missing is then seen when it is
    /// compared.
    pub(crate) async fn read_up_to(&mut self, want: usize, max: usize) -> Result<(), Failed> {
        let deadline = Instant::now() + 4 * self.patience;
        while self.seen.len() < want {
            match self.poll(max.min(want - self.seen.len())).await? {
                Polled::Ended | Polled::Silent => break,
                Polled::Records => {}
                Polled::Failed(e) if Instant::now() > deadline => {
                    return Err(Failed::new("records", format!("the same error again and again: {e}"), ""));
                }
                Polled::Failed(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
        Ok(())
    }

    /// Reads all of `expected` and a little beyond, in which nothing may come.
    pub(crate) async fn read_all(&mut self, want: usize, max: usize, is_bounded: bool) -> Result<(), Failed> {
        self.read_up_to(want, max).await?;
        if is_bounded {
            // What is too many is seen as such when it is compared.
            loop {
                match self.poll(max).await? {
                    Polled::Records if self.seen.len() <= 2 * want + 1000 => {}
                    // Records that are missing are told first, when they are compared.
                    Polled::Silent if self.seen.len() >= want => {
                        let found = format!("nothing in {:?}, behind {} records", self.patience, self.seen.len());
                        let help = "yield 0 at the end, or let `is_bounded` say that there is none";
                        return Err(Failed::new("the end of a source that says it is bounded", found, help));
                    }
                    _ => return Ok(()),
                }
            }
        }
        self.batch.clear();
        let polled = tokio::time::timeout(QUIET, self.stream.next(&mut self.batch, max)).await;
        match polled {
            Err(_) => Ok(()),
            Ok(Ok(0)) => Err(Failed::new(
                "a source that says it is unbounded to wait for more",
                "its end",
                "let `is_bounded` say whether the source ends by itself",
            )),
            Ok(Ok(count)) => self.take(count, max).map(drop),
            Ok(Err(e)) => Err(Failed::new("a source at its end to wait for more", format!("the error: {e}"), "")),
        }
    }
}

/// Judges what was read: nothing lost, nothing doubled, in the promised order.
pub(crate) fn compare(expected: &[Vec<u8>], seen: &[Seen], order: Order, may_repeat: bool) -> Result<(), String> {
    let mut places: BTreeMap<&[u8], (usize, usize)> = BTreeMap::new();
    for (index, value) in expected.iter().enumerate() {
        places.insert(value, (index, 0));
    }
    let mut strange = Vec::new();
    let mut last: BTreeMap<Option<&str>, usize> = BTreeMap::new();
    let mut disordered = None;
    for record in seen {
        let Some((index, times)) = places.get_mut(record.value.as_slice()) else {
            strange.push(record.value.as_slice());
            continue;
        };
        *times += 1;
        let lane = if order == Order::WithinPartitions { record.partition.as_deref() } else { None };
        let before = last.insert(lane, *index);
        if order != Order::Any && !may_repeat && before.is_some_and(|before| before > *index) {
            disordered.get_or_insert(record.value.as_slice());
        }
    }
    let lost: Vec<&[u8]> = expected.iter().map(Vec::as_slice).filter(|v| places[v].1 == 0).collect();
    let doubled: Vec<&[u8]> = expected.iter().map(Vec::as_slice).filter(|v| places[v].1 > 1 && !may_repeat).collect();
    let mut found = String::new();
    for (what, records) in [("lost", &lost), ("doubled", &doubled), ("never written", &strange)] {
        if let Some(first) = records.first() {
            let separator = if found.is_empty() { "" } else { ", " };
            let _ = write!(found, "{separator}{} {what}, such as {}", records.len(), show(first));
        }
    }
    match disordered {
        _ if !found.is_empty() => Err(found),
        Some(record) => Err(format!("{} behind one that was written later", show(record))),
        None => Ok(()),
    }
}

/// The beginning of a record, for people.
pub(crate) fn show(record: &[u8]) -> String {
    let shown = record[..record.len().min(48)].escape_ascii();
    if record.len() > 48 { format!("`{shown}…`") } else { format!("`{shown}`") }
}

/// Makes the source of a filled place, which must work.
pub(crate) fn made<H: SourceHarness>(config: &SourceConfig) -> Result<H::Source, Failed> {
    make::<H>(config)
        .map_err(|e| Failed::new("a source of the harness's options", e.to_string(), "correct the harness"))
}

/// A stream from the beginning yields every record once, in order, never more than it is asked for, and then ends or waits
/// as `is_bounded` says.
pub async fn reads_everything_once<H: SourceHarness>(harness: H) -> Verdict {
    let promises = harness.promises();
    let place = harness.fill(Wanted::new(100)).await;
    let source = made::<H>(&place.config)?;
    for max in [7, 1, 1000] {
        let mut reader = Reader::start::<H>(&source, None, &promises).await?;
        reader.read_all(place.records.len(), max, source.is_bounded()).await?;
        compare(&place.records, &reader.seen, promises.order, false).map_err(|found| {
            let expected = format!("each of {} records once, {max} at a time", place.records.len());
            Failed::new(expected, found, "a stream from the beginning yields what is there, in the order it promises")
        })?;
        drop(reader);
    }
    Ok(Passed::Checked)
}
