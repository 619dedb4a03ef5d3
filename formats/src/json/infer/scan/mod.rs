//! Plain records → what they say, straight from their bytes.
//!
//! ```text
//! record ──parse──▶ journal: (place in the document, span) per value ──commit──▶ tally per place ──drain──▶ Sample
//! ```
//!
//! A record counts as a whole or not at all, so its values wait in the journal until it has ended. There is no tree of it
//! and no copy of a value: what is kept to be shown is a span of its record until [`drain`].
//!
//! Lives here: records that are one object of RFC 8259 with each key once. Does not live here: any other record, which is
//! handed back and read by [`super::document`], and every decision: the tallies end in the same [`Sample`] as those
//! records do, and tests hold both ways against each other.

mod drain;
mod instance;
mod parse;
mod shape;
mod tally;

use std::{cmp::Ordering, ops::Range, sync::Arc};

use arrow_schema::Fields;
use laminar_schema::{ARENA_PADDING, RawRecord, SourceMetadata};

use self::{
    instance::Scan,
    shape::Shape,
    tally::{Noted, Tally},
};
use super::super::{direct::Walk, engine::Dispatch, options::JsonOptions};
use crate::{
    infer::{Rules, Sample},
    scan::{Portable, Utf8Span},
};

/// Bytes of records that are copied and read together: few enough to stay in the first-level cache.
const CHUNK_BYTES: usize = 16 << 10;

/// Places in documents that are tallied before what they say is joined to the sample, at first: joining finds out which
/// objects are maps, whose keys are places no more.
const FIRST_PLACES: usize = 1024;

/// Reads records of one sample.
#[derive(Debug)]
pub(super) struct Scanner<'s> {
    records: &'s [RawRecord],
    engine: Dispatch,
    max_record_bytes: usize,
    state: State<'s>,
}

/// What reading a record needs and changes.
#[derive(Debug)]
pub(super) struct State<'s> {
    rules: &'s Rules,
    walk: Walk,
    max_levels: usize,
    max_depth: usize,
    shape: Shape,
    tallies: Vec<Tally>,
    journal: Vec<Noted>,
    /// The key or text that was unescaped last.
    text: Vec<u8>,
    /// Hashes of the keys of maps that are open.
    hashes: Vec<u64>,
    records: &'s [RawRecord],
    /// Objects committed since the last drain.
    objects: u64,
    /// Objects begun, those of records included that were not taken in.
    objects_read: u64,
    /// Length of the record that is being read.
    record_end: usize,
    /// Places from which on the tallies are to be drained.
    full_at: usize,
}

/// A record on its way through the scanner.
#[derive(Debug, Clone, Copy)]
pub(super) struct Numbered {
    /// Its index in the sample.
    index: u32,
    /// Records of equal rank have equal places; otherwise the earlier one has the lower rank.
    rank: u32,
}

/// Records in an arena, each with a NUL behind it and all with the padding that wide loads need.
#[derive(Debug, Default)]
struct Chunk {
    bytes: Vec<u8>,
    spans: Vec<(Numbered, Range<usize>)>,
}

/// Records of a chunk that are known to be UTF-8.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run<'b> {
    chunk: &'b Chunk,
    checked: &'b Utf8Span<'b>,
    first: usize,
    until: usize,
}

impl<'s> Scanner<'s> {
    /// `None` where these options or so many records are not for it.
    pub(super) fn new(
        records: &'s [RawRecord],
        options: &JsonOptions,
        max_depth: usize,
        rules: &'s Rules,
    ) -> Option<Self> {
        let walk = Walk::new(&Fields::empty(), &JsonOptions { max_depth, ..options.clone() })?;
        u32::try_from(records.len()).ok()?;
        let state = State {
            rules,
            walk,
            max_levels: rules.max_depth,
            max_depth,
            shape: Shape::default(),
            tallies: Vec::new(),
            journal: Vec::new(),
            text: Vec::new(),
            hashes: Vec::new(),
            records,
            objects: 0,
            objects_read: 0,
            record_end: 0,
            full_at: 0,
        };
        // A record's spans are 32 bits.
        let max_record_bytes = options.max_record_bytes.unwrap_or(usize::MAX).min(u32::MAX as usize);
        Some(Self { records, engine: Dispatch::best(), max_record_bytes, state })
    }

    /// Takes in all records; those that are not for it go to `other`, which joins them to the sample in its own way.
    pub(super) fn read(mut self, sample: &mut Sample, mut other: impl FnMut(&mut Sample, &RawRecord)) {
        let order = in_order(self.records);
        let mut chunk = Chunk::default();
        let mut rest = order.as_slice();
        self.state.start_over(sample);
        while !rest.is_empty() && !sample.has_too_many {
            let consumed = self.fill(&mut chunk, rest, |record| other(sample, record));
            rest = &rest[consumed..];
            self.read_chunk(&chunk, sample, &mut other);
        }
        self.state.drain(sample);
    }

    /// Copies the next records into `chunk`, and hands over those that cannot be for the scanner. Yields how many it went
    /// through.
    fn fill(&self, chunk: &mut Chunk, order: &[Numbered], mut other: impl FnMut(&RawRecord)) -> usize {
        chunk.clear();
        let mut consumed = 0;
        for number in order {
            let record = &self.records[number.index as usize];
            match record.value.as_deref() {
                Some(value) if value.len() <= self.max_record_bytes => chunk.push(*number, value),
                _ => other(record),
            }
            consumed += 1;
            if chunk.bytes.len() >= CHUNK_BYTES {
                break;
            }
        }
        chunk.bytes.resize(chunk.bytes.len() + ARENA_PADDING, 0);
        consumed
    }

    fn read_chunk(&mut self, chunk: &Chunk, sample: &mut Sample, other: &mut impl FnMut(&mut Sample, &RawRecord)) {
        let whole = Utf8Span::check(&chunk.bytes, 0..chunk.bytes.len());
        let mut first = 0;
        while let Some((number, span)) = chunk.spans.get(first) {
            // Where not all of it is UTF-8, record by record.
            let alone = if whole.is_none() { Utf8Span::check(&chunk.bytes, span.clone()) } else { None };
            if let Some(checked) = whole.as_ref().or(alone.as_ref()) {
                let until = if whole.is_some() { chunk.spans.len() } else { first + 1 };
                let run = Run { chunk, checked, first, until };
                let left = match self.engine {
                    Dispatch::Tape | Dispatch::Portable(_) => Portable.records(&mut self.state, run),
                    #[cfg(all(target_arch = "x86_64", not(laminar_no_avx2)))]
                    Dispatch::Avx2(isa) => isa.records(&mut self.state, run),
                };
                sample.looked_at += (left - first) as u64;
                if self.state.tallies.len() >= self.state.full_at {
                    self.state.drain(sample);
                    self.state.start_over(sample);
                }
                if left > first {
                    first = left;
                    continue;
                }
            }
            other(sample, &self.records[number.index as usize]);
            first += 1;
        }
    }
}

impl Chunk {
    fn clear(&mut self) {
        self.bytes.clear();
        self.spans.clear();
    }

    fn push(&mut self, number: Numbered, value: &[u8]) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(value);
        self.spans.push((number, start..self.bytes.len()));
        self.bytes.push(0);
    }
}

/// The records in the order of their places, which is nearly always the order they are in.
fn in_order(records: &[RawRecord]) -> Vec<Numbered> {
    let place = |index: u32| &records[index as usize].metadata;
    let mut order: Vec<Numbered> = (0..records.len() as u32).map(|index| Numbered { index, rank: 0 }).collect();
    if !order.is_sorted_by(|a, b| by_place(place(a.index), place(b.index)).is_le()) {
        order.sort_by(|a, b| by_place(place(a.index), place(b.index)));
    }
    for at in 1..order.len() {
        let (before, this) = (order[at - 1], order[at]);
        let differs = by_place(place(before.index), place(this.index)).is_ne();
        order[at].rank = before.rank + u32::from(differs);
    }
    order
}

fn by_place(a: &SourceMetadata, b: &SourceMetadata) -> Ordering {
    let by_name = match (&a.partition, &b.partition) {
        (Some(a), Some(b)) if Arc::ptr_eq(a, b) => Ordering::Equal,
        (a, b) => a.cmp(b),
    };
    by_name.then_with(|| (a.offset, a.line).cmp(&(b.offset, b.line)))
}
