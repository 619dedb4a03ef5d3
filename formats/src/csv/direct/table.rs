//! Records → where their fields are.

use super::{Marks, Run, regular::Regular};
use crate::{
    rows::Reluctance,
    scan::{Isa, marks::Marks as Places},
};

/// Records that are split before their columns are filled: enough that starting with a column costs little, and few enough
/// that the spans and the records stay in the nearest cache.
const RECORDS: usize = 128;

/// Bytes of the records that are split together, unless one of them alone has more.
const BYTES: usize = 1 << 16;

/// The longest record that is taken: what is left of 32 bits are the kinds of a field.
const LONGEST: usize = 1 << 29;

/// Where one field is.
#[derive(Debug, Clone, Copy)]
pub(super) struct FieldSpan {
    /// From the first record's start.
    pub(super) start: u32,
    len_and_kind: u32,
}

const QUOTED: u32 = 1;
const ESCAPED: u32 = 2;

impl FieldSpan {
    #[inline(always)]
    pub(super) fn new(start: usize, end: usize, kind: u32) -> Self {
        Self { start: start as u32, len_and_kind: ((end - start) as u32) << 2 | kind }
    }

    #[inline(always)]
    pub(super) fn len(self) -> usize {
        (self.len_and_kind >> 2) as usize
    }

    /// Has every kind that one of the two has, and is short by powers of two only where both are.
    #[inline(always)]
    pub(super) fn either(self, other: Self) -> Self {
        Self { start: self.start, len_and_kind: self.len_and_kind | other.len_and_kind }
    }

    /// Whether it stood in quotes, which are not part of the span.
    #[inline(always)]
    pub(super) fn is_quoted(self) -> bool {
        self.len_and_kind & QUOTED != 0
    }

    /// Whether quotes are doubled in it.
    #[inline(always)]
    pub(super) fn is_escaped(self) -> bool {
        self.len_and_kind & ESCAPED != 0
    }

    /// Whether it is empty, and not in quotes.
    #[inline(always)]
    pub(super) fn is_bare_and_empty(self) -> bool {
        self.len_and_kind == 0
    }
}

/// The fields of a few records, in memory that is reused.
#[derive(Debug, Default)]
pub(super) struct Table {
    regular: Regular,
    /// Of blocks, to try whether they are regular.
    reluctance: Reluctance,
    places: Places,
    fields: Vec<FieldSpan>,
    num_records: usize,
}

/// The records that were split.
pub(super) struct Block<'a> {
    /// The arena from the first record on, with what is readable behind the records.
    pub(super) arena: &'a [u8],
    /// Bytes of the records, with what is between them.
    pub(super) len: usize,
    /// `num_fields` for each record.
    pub(super) fields: &'a [FieldSpan],
    pub(super) num_fields: usize,
    pub(super) num_records: usize,
}

impl Table {
    /// How many records were split last.
    pub(super) fn num_records(&self) -> usize {
        self.num_records
    }

    /// Splits the run's first records, up to one that is no row of as many fields as the layout has; `None` when that is the
    /// first one.
    #[inline(always)]
    pub(super) fn split<'a, I: Isa>(&'a mut self, isa: I, marks: Marks, run: Run<'a>) -> Option<Block<'a>> {
        let num_fields = run.layout.num_fields;
        self.fields.clear();
        self.num_records = 0;
        let limit = Self::limit(run);
        if limit == run.first {
            return None;
        }
        let start = run.batch.span(run.first).start;
        let arena = &run.batch.padded_values()[start..];
        let end = run.batch.span(limit - 1).end - start;
        if !self.reluctance.spares() {
            if self.regular.split(isa, &mut self.fields, (arena, end), marks, run, limit) {
                self.reluctance.took(1);
                self.num_records = limit - run.first;
                return Some(Block {
                    arena,
                    len: end,
                    fields: &self.fields,
                    num_fields,
                    num_records: self.num_records,
                });
            }
            self.reluctance.left_one();
            self.fields.clear();
        }
        self.places.find(isa, arena, end, [marks.delimiter, marks.quote, b'\n']);
        let places = self.places.places();
        let (mut next, mut len) = (0, 0);
        for record in run.first..limit {
            let span = run.batch.span(record);
            let (from, to) = (span.start - start, span.end - start);
            let text = &arena[..to];
            let text = text.strip_suffix(b"\n").map_or(text, |t| t.strip_suffix(b"\r").unwrap_or(t));
            // What ends the record before is not part of this one.
            while (places[next] as usize) < from {
                next += 1;
            }
            let before = self.fields.len();
            let is_row =
                from <= text.len() && record_fields(&mut self.fields, text, from, places, &mut next, marks, num_fields);
            if !is_row {
                self.fields.truncate(before);
                break;
            }
            self.num_records += 1;
            len = to;
        }
        if self.num_records == 0 {
            return None;
        }
        Some(Block { arena, len, fields: &self.fields, num_fields, num_records: self.num_records })
    }

    /// The end of the records that are looked at: before those that need no splitting to be known for none.
    #[inline(always)]
    fn limit(run: Run<'_>) -> usize {
        let (batch, num_fields) = (run.batch, run.layout.num_fields);
        let most = run.end.min(run.first + RECORDS);
        let longest = run.policies.max_record_bytes.min(LONGEST);
        let start = if run.first < most { batch.span(run.first).start } else { 0 };
        let mut end = run.first;
        while end < most && num_fields > 0 {
            let span = batch.span(end);
            let is_blank = span.len() <= 2 && matches!(&batch.padded_values()[span.clone()], [] | b"\n" | b"\r\n");
            let is_full = span.end - start > BYTES && end > run.first;
            if batch.is_tombstone(end) || span.len() > longest || (is_blank && num_fields != 1) || is_full {
                break;
            }
            end += 1;
        }
        end
    }
}

/// Appends the fields of the record that is `text[at..]`; false when they are not `num_fields`, or it is no such record.
///
/// `places[*next..]` are the marks from `at` on.
#[inline(always)]
fn record_fields(
    fields: &mut Vec<FieldSpan>,
    text: &[u8],
    mut at: usize,
    places: &[u32],
    next: &mut usize,
    marks: Marks,
    num_fields: usize,
) -> bool {
    let end = text.len();
    // The place at `next`, if it is in the record; the last one never is.
    let place = |next: usize| Some(places[next] as usize).filter(|place| *place < end);
    for left in (0..num_fields).rev() {
        if marks.has_quote && at < end && text[at] == marks.quote {
            let open = at;
            let mut kind = QUOTED;
            *next += 1;
            let close = loop {
                let Some(found) = place(*next) else { return false };
                *next += 1;
                if text[found] != marks.quote {
                    continue;
                }
                if found + 1 == end || text[found + 1] != marks.quote {
                    break found;
                }
                kind |= ESCAPED;
                *next += 1;
            };
            fields.push(FieldSpan::new(open + 1, close, kind));
            at = close + 1;
            if at == end {
                return left == 0;
            }
            if text[at] != marks.delimiter {
                return false;
            }
            *next += 1;
        } else {
            let close = loop {
                let Some(found) = place(*next) else { break end };
                *next += 1;
                match text[found] {
                    byte if byte == marks.delimiter => break found,
                    b'\n' => return false,
                    // A quote inside a field is text.
                    _ => {}
                }
            };
            fields.push(FieldSpan::new(at, close, 0));
            at = close;
            if at == end {
                return left == 0;
            }
        }
        at += 1;
    }
    // There is a field more.
    false
}
