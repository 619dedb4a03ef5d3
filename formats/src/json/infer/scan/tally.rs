//! Journal → tallies.

use laminar_schema::{ARENA_PADDING, RawRecord, error::cut};

use super::{Numbered, State};
use crate::{
    infer::{Kind, NumberRange, TextFacts},
    json::direct::unescape,
    scan::{Cursor, Portable, Utf8Span},
};

/// One value of a record.
#[derive(Debug, Clone, Copy)]
pub(super) struct Noted {
    pub(super) place: u32,
    /// Its position among the members of its object.
    pub(super) position: u32,
    /// Where it begins in its record.
    pub(super) start: u32,
    pub(super) end: u32,
    pub(super) class: Class,
}

/// The position of what is no member.
pub(super) const NO_POSITION: u32 = 0;

/// How a value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Null,
    Bool,
    Integer,
    Fraction,
    Number,
    Text,
    /// A text with an escape in it.
    Escaped,
    Array,
    Object,
}

/// What the values in one place have in common.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) counts: [u64; Kind::ALL.len()],
    /// The first value of each kind.
    pub(super) first: [Span; Kind::ALL.len()],
    /// The last value that is not null.
    pub(super) last: Span,
    /// Sum of the positions among the members of their objects.
    pub(super) positions: u64,
    pub(super) numbers: NumberRange,
    pub(super) texts: TextFacts,
}

/// A value that is kept to be shown, as a part of its record.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    /// [`NONE`](super::shape::NONE) when there is none.
    pub(super) number: Numbered,
    start: u32,
    end: u32,
    is_escaped: bool,
}

impl Default for Span {
    fn default() -> Self {
        let number = Numbered { index: super::shape::NONE, rank: super::shape::NONE };
        Self { number, start: 0, end: 0, is_escaped: false }
    }
}

impl Tally {
    pub(super) fn total(&self) -> u64 {
        self.counts.iter().sum()
    }
}

impl State<'_> {
    /// Takes in the journal of the record that begins at `record` and has these bytes.
    #[inline(always)]
    pub(super) fn commit(&mut self, number: Numbered, record: Cursor<'_>, bytes: &[u8]) {
        let mut journal = std::mem::take(&mut self.journal);
        for noted in journal.drain(..) {
            self.take_in(noted, number, record, bytes);
        }
        self.journal = journal;
        self.objects += 1;
    }

    #[inline(always)]
    fn take_in(&mut self, noted: Noted, number: Numbered, record: Cursor<'_>, bytes: &[u8]) {
        let Some(tally) = self.tallies.get_mut(noted.place as usize) else { return };
        tally.positions += u64::from(noted.position);
        let (mut start, mut end) = (noted.start, noted.end);
        if matches!(noted.class, Class::Text | Class::Escaped) {
            (start, end) = (start + 1, end - 1);
        }
        let text = bytes.get(start as usize..end as usize).unwrap_or(&[]);
        let kind = match noted.class {
            Class::Null => {
                tally.counts[Kind::Null as usize] += 1;
                return;
            }
            Class::Bool => Kind::Boolean,
            Class::Integer => tally.numbers.observe_integer(text),
            Class::Fraction => tally.numbers.observe_fraction(text),
            Class::Number => tally.numbers.observe_bytes(text),
            Class::Text => self.rules.texts.observe(text, &mut tally.texts),
            Class::Escaped if self.rules.texts.may_tell(text) => {
                unescape(Portable, record.advance(noted.start as usize), &mut self.text);
                self.rules.texts.observe(&self.text, &mut tally.texts)
            }
            Class::Escaped => Kind::Varchar,
            Class::Array => Kind::List,
            Class::Object => Kind::Struct,
        };
        tally.counts[kind as usize] += 1;
        let this = Span { number, start, end, is_escaped: noted.class == Class::Escaped };
        // Records come in the order of their places, so only an equal place can make a first value less of one.
        let first = &mut tally.first[kind as usize];
        if first.number.index == super::shape::NONE
            || (first.number.rank == number.rank && is_shorter(this, *first, self.records))
        {
            *first = this;
        }
        let last = &mut tally.last;
        if last.number.rank != number.rank || is_shorter(this, *last, self.records) {
            *last = this;
        }
    }
}

/// Whether a value comes before another in the same place: see [`Example`](crate::infer::Example).
#[inline]
fn is_shorter(this: Span, other: Span, records: &[RawRecord]) -> bool {
    if this.is_escaped || other.is_escaped {
        return is_less(this, other, records);
    }
    let (this_len, other_len) = (this.end - this.start, other.end - other.start);
    this_len < other_len || (this_len == other_len && is_less(this, other, records))
}

#[inline(never)]
fn is_less(this: Span, other: Span, records: &[RawRecord]) -> bool {
    let (a, b) = (this.raw(records), other.raw(records));
    if a == b && this.is_escaped == other.is_escaped {
        return false;
    }
    let is_shown_as_is = |text: &[u8]| text.len() <= 60 && text.iter().all(|b| *b >= b' ' && *b < 0x7F);
    if !this.is_escaped && !other.is_escaped && is_shown_as_is(a) && is_shown_as_is(b) {
        return a < b;
    }
    let (a, b) = (this.text(records), other.text(records));
    a.len() < b.len() || (a.len() == b.len() && cut(&a) < cut(&b))
}

impl Span {
    fn raw<'r>(&self, records: &'r [RawRecord]) -> &'r [u8] {
        let record = records.get(self.number.index as usize).and_then(|r| r.value.as_deref()).unwrap_or(&[]);
        record.get(self.start as usize..self.end as usize).unwrap_or(&[])
    }

    /// Its text.
    pub(super) fn text(&self, records: &[RawRecord]) -> String {
        let raw = self.raw(records);
        let mut text = Vec::new();
        if self.is_escaped {
            unescape_body(raw, &mut text);
        } else {
            text.extend_from_slice(raw);
        }
        // The record was found to be UTF-8, and values begin and end on ASCII.
        String::from_utf8(text).unwrap_or_default()
    }
}

/// Unescapes the body of a string that was found to be well-formed.
#[inline(never)]
fn unescape_body(body: &[u8], out: &mut Vec<u8>) {
    out.clear();
    let mut arena = Vec::with_capacity(body.len() + 2 + ARENA_PADDING + 1);
    arena.push(b'"');
    arena.extend_from_slice(body);
    arena.push(b'"');
    let end = arena.len();
    arena.resize(end + 1 + ARENA_PADDING, 0);
    if let Some(start) = Utf8Span::check(&arena, 0..end).and_then(|span| span.record(0..end)) {
        unescape(Portable, start, out);
    }
}
