//! Fields → one column, for all records of a block.

use laminar_schema::RawBatch;

use super::{FieldSpan, ISO_WINDOW, Instance, Run, table::Block};
use crate::{
    column::{Column, ColumnOps, SHORT, Scalar, TextSpan},
    csv::{
        NullValues,
        column::{Builder, CsvColumn},
        decode::Policies,
    },
    scan::number,
};

/// Rows of a block.
pub(super) struct Rows<'a> {
    block: Block<'a>,
    /// The records, as far as they are text.
    text: &'a str,
    policies: &'a Policies,
    quote: u8,
    /// The first of them is this row of the columns.
    first_row: usize,
    /// How many of them are to be filled.
    pub(super) count: usize,
}

impl<'a> Rows<'a> {
    #[inline(always)]
    pub(super) fn new(block: Block<'a>, run: Run<'a>, quote: u8) -> Self {
        let bytes = &block.arena[..block.len];
        let (text, count) = match simdutf8::basic::from_utf8(bytes) {
            Ok(text) => (text, block.num_records),
            Err(_) => text_records(bytes, run.batch, run.first, block.num_records),
        };
        Self { block, text, policies: run.policies, quote, first_row: run.num_rows, count }
    }

    /// The text of a field, with doubled quotes still doubled.
    #[inline(always)]
    fn text(&self, field: FieldSpan) -> Option<&'a str> {
        let start = field.start as usize;
        self.text.get(start..start + field.len())
    }
}

/// The records in front of the first byte that is no text, and their number.
#[cold]
fn text_records<'a>(bytes: &'a [u8], batch: &RawBatch, first: usize, num_records: usize) -> (&'a str, usize) {
    let valid = std::str::from_utf8(bytes).err().map_or(bytes.len(), |e| e.valid_up_to());
    let start = batch.span(first).start;
    let count = (first..first + num_records).take_while(|record| batch.span(*record).end - start <= valid).count();
    (std::str::from_utf8(&bytes[..valid]).unwrap_or(""), count)
}

/// Appends rows of a field that the records do not have, and returns how many.
#[inline(never)]
pub(super) fn absent(column: &mut CsvColumn, rows: &Rows<'_>) -> usize {
    (0..rows.count).take_while(|row| column.push_absent((rows.first_row + row) as u32).is_ok()).count()
}

/// Appends rows of a field up to one that the column does not take, and returns how many.
#[inline(always)]
pub(super) fn column<I: Instance>(
    isa: I,
    column: &mut CsvColumn,
    rows: &Rows<'_>,
    field: usize,
    scratch: &mut Scratch,
) -> usize {
    let mut row = short_texts(column, rows, field, scratch);
    while row < rows.count {
        row = plain_values(isa, column, rows, field, row);
        if row == rows.count || !push_any(column, rows, field, row, &mut scratch.unescaped) {
            break;
        }
        row += 1;
    }
    row
}

/// Appends rows of a column of text whose values are all short and as they are written, and returns how many: the last may
/// be left out, and all of them where one is not.
#[inline(always)]
fn short_texts(column: &mut CsvColumn, rows: &Rows<'_>, field: usize, scratch: &mut Scratch) -> usize {
    let empty_is_null = column.nulls.contains("");
    let other_nulls = column.quoted_nulls || column.nulls.texts().next().is_some();
    let Builder::Text(builder @ (Column::Utf8(_) | Column::LargeUtf8(_))) = &mut column.builder else { return 0 };
    if other_nulls || !scratch.gather(rows, field) {
        return 0;
    }
    let nulls = if empty_is_null { &*scratch.empty } else { &[] };
    let are_pushed = (column.nullable || nulls.is_empty())
        && match builder {
            Column::Utf8(column) => column.push_short(rows.text, &scratch.texts, nulls),
            Column::LargeUtf8(column) => column.push_short(rows.text, &scratch.texts, nulls),
            _ => false,
        };
    if are_pushed { scratch.texts.len() } else { 0 }
}

/// The fields of one column, in memory that is reused.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    /// Where the texts are of the records that were gathered.
    texts: Vec<TextSpan>,
    /// Those of them that are empty and not in quotes.
    empty: Vec<u32>,
    /// The text of a field that had quotes doubled.
    unescaped: String,
}

impl Scratch {
    /// Gathers a field of the records, but for those that end with the block; false when one of them is not short, or has
    /// quotes doubled.
    #[inline(never)]
    fn gather(&mut self, rows: &Rows<'_>, field: usize) -> bool {
        let Some(last_start) = rows.text.len().checked_sub(SHORT) else { return false };
        let Block { fields, num_fields, .. } = rows.block;
        self.texts.resize(rows.count, TextSpan { start: 0, len: 0 });
        self.empty.resize(rows.count, 0);
        let (mut num_texts, mut num_empty, mut all) = (0, 0, FieldSpan::new(0, 0, 0));
        for (text, spans) in self.texts.iter_mut().zip(fields.chunks_exact(num_fields)) {
            let Some(span) = spans.get(field).filter(|span| span.start as usize <= last_start) else { break };
            *text = TextSpan { start: span.start, len: span.len() as u32 };
            all = all.either(*span);
            // Whether a field is empty is harder to predict than it is to write it down.
            if let Some(empty) = self.empty.get_mut(num_empty) {
                *empty = num_texts as u32;
            }
            num_empty += usize::from(span.is_bare_and_empty());
            num_texts += 1;
        }
        self.texts.truncate(num_texts);
        self.empty.truncate(num_empty);
        all.len() < SHORT && !all.is_escaped()
    }
}

/// Appends the value of any row as the plain way does; false when there is none.
#[inline(never)]
fn push_any(column: &mut CsvColumn, rows: &Rows<'_>, field: usize, row: usize, unescaped: &mut String) -> bool {
    let span = rows.block.fields[row * rows.block.num_fields + field];
    let Some(text) = rows.text(span) else { return false };
    let text = if span.is_escaped() { unescape(text, rows.quote, unescaped) } else { text };
    column.push_field(text, span.is_quoted(), rows.policies).is_ok()
}

/// The text with its doubled quotes made single.
fn unescape<'a>(text: &str, quote: u8, unescaped: &'a mut String) -> &'a str {
    unescaped.clear();
    let mut from = 0;
    let quotes = memchr::arch::all::memchr::One::new(quote);
    while let Some(at) = text.as_bytes().get(from..).and_then(|rest| quotes.find(rest)) {
        // One of the two stays. A quote is ASCII, so what is cut is text.
        unescaped.push_str(text.get(from..=from + at).unwrap_or(""));
        from += at + 2;
    }
    unescaped.push_str(text.get(from..).unwrap_or(""));
    unescaped
}

/// Appends values that are written as most are, up to the first that is not, and returns its row.
#[inline(always)]
fn plain_values<I: Instance>(isa: I, column: &mut CsvColumn, rows: &Rows<'_>, field: usize, from: usize) -> usize {
    let nullable = column.nullable;
    let CsvColumn { builder: Builder::Text(builder), nulls, quoted_nulls, .. } = column else { return from };
    let run = Fields { rows, field, from, nullable, nulls, quoted_nulls: *quoted_nulls };
    macro_rules! integers {
        ($column:expr) => {
            run.each($column, |column, row, value| {
                value
                    .number()
                    .and_then(|n| number::whole_integer(isa, n, value.len))
                    .is_some_and(|n| column.push_at(row, n))
            })
        };
    }
    macro_rules! instants {
        ($column:expr) => {
            run.each($column, |column, row, value| column.push_iso(isa, row, value.window, value.len))
        };
    }
    macro_rules! times {
        ($column:expr, $per_second:expr) => {
            run.each($column, |column, row, value| column.push_iso_time(isa, row, value.window, value.len, $per_second))
        };
    }
    macro_rules! texts {
        ($column:expr) => {
            run.each_text($column, |column, value, is_escaped| match is_escaped {
                true => value.rest().is_some_and(|rest| column.push_doubled(isa, rest, value.len, rows.quote)),
                false => {
                    value.rest().is_some_and(|rest| column.push_front(rest, value.len)) || push_text(column, &value)
                }
            })
        };
    }
    match builder {
        Column::Int8(column) => integers!(column),
        Column::Int16(column) => integers!(column),
        Column::Int32(column) => integers!(column),
        Column::Int64(column) => integers!(column),
        Column::UInt8(column) => integers!(column),
        Column::UInt16(column) => integers!(column),
        Column::UInt32(column) => integers!(column),
        Column::UInt64(column) => integers!(column),
        Column::Float64(column) => run.each(column, |column, row, value| {
            value.number().and_then(|n| number::whole_float(isa, n, value.len)).is_some_and(|n| column.push_at(row, n))
        }),
        Column::Decimal128(column) => run.each(column, |column, row, value| {
            let decimal = value.number().and_then(|n| number::whole_decimal(isa, n, value.len));
            decimal.is_some_and(|(digits, places)| column.push_at(row, digits, places))
        }),
        Column::Boolean(column) => run.each(column, |column, row, value| match value.bytes() {
            b"true" => column.push_at(row, true),
            b"false" => column.push_at(row, false),
            _ => false,
        }),
        Column::Date32(column) => {
            run.each(column, |column, row, value| column.push_iso_date(isa, row, value.window, value.len))
        }
        Column::Time32Second(column) => times!(column, 1),
        Column::Time32Millisecond(column) => times!(column, 1_000),
        Column::Time64Microsecond(column) => times!(column, 1_000_000),
        Column::Time64Nanosecond(column) => times!(column, 1_000_000_000),
        Column::TimestampSecond(column) => instants!(column),
        Column::TimestampMillisecond(column) => instants!(column),
        Column::TimestampMicrosecond(column) => instants!(column),
        Column::TimestampNanosecond(column) => instants!(column),
        Column::Utf8(column) => texts!(column),
        Column::LargeUtf8(column) => texts!(column),
        other => run.each(other, |column, _, value| push_text(column, &value)),
    }
}

#[inline(always)]
fn push_text(column: &mut impl ColumnOps, value: &Value<'_>) -> bool {
    value.text().is_some_and(|text| column.push_scalar(Scalar::Text(text)).is_ok())
}

/// One value, without its quotes.
struct Value<'a> {
    /// The records' text, and where in it the value begins.
    all: &'a str,
    start: usize,
    window: &'a [u8; ISO_WINDOW],
    len: usize,
}

impl<'a> Value<'a> {
    #[inline(always)]
    fn number(&self) -> Option<&'a [u8; 32]> {
        self.window.first_chunk()
    }

    /// Its text, and what follows it. Numbers do without, which is why it is not at hand.
    #[inline(always)]
    fn rest(&self) -> Option<&'a str> {
        self.all.get(self.start..)
    }

    #[inline(always)]
    fn text(&self) -> Option<&'a str> {
        self.rest()?.get(..self.len)
    }

    #[inline(always)]
    fn bytes(&self) -> &'a [u8] {
        self.window.get(..self.len).unwrap_or(&[])
    }
}

/// Fields of one column.
struct Fields<'a> {
    rows: &'a Rows<'a>,
    field: usize,
    from: usize,
    nullable: bool,
    nulls: &'a NullValues,
    quoted_nulls: bool,
}

impl Fields<'_> {
    /// Appends values with `push` as long as it takes them, and nulls; returns the first row that is neither.
    #[inline(always)]
    fn each<C: ColumnOps>(&self, column: &mut C, push: impl Fn(&mut C, usize, Value<'_>) -> bool) -> usize {
        self.each_of(column, |column, row, value, is_escaped| !is_escaped && push(column, row, value))
    }

    /// As [`Fields::each`], with values that have quotes doubled, and say so.
    #[inline(always)]
    fn each_text<C: ColumnOps>(&self, column: &mut C, push: impl Fn(&mut C, Value<'_>, bool) -> bool) -> usize {
        self.each_of(column, |column, _, value, is_escaped| push(column, value, is_escaped))
    }

    #[inline(always)]
    fn each_of<C: ColumnOps>(&self, column: &mut C, push: impl Fn(&mut C, usize, Value<'_>, bool) -> bool) -> usize {
        let Rows { block, text, first_row, count, .. } = self.rows;
        let Self { nulls, quoted_nulls, .. } = *self;
        let empty_is_null = nulls.contains("") && self.nullable;
        let other_nulls = quoted_nulls || nulls.texts().next().is_some();
        let spans = block.fields.chunks_exact(block.num_fields);
        for (row, spans) in spans.enumerate().take(*count).skip(self.from) {
            let Some(&span) = spans.get(self.field) else { return row };
            if span.is_bare_and_empty() {
                if !empty_is_null {
                    return row;
                }
                column.push_null();
                continue;
            }
            let start = span.start as usize;
            let Some(window) = block.arena.get(start..).and_then(<[u8]>::first_chunk) else { return row };
            let value = Value { all: text, start, window, len: span.len() };
            // What a text with doubled quotes says is found out where they are made single.
            let is_null = other_nulls
                && (quoted_nulls || !span.is_quoted())
                && (span.is_escaped() || value.text().is_none_or(|t| nulls.contains(t)));
            if is_null || !push(column, first_row + row, value, span.is_escaped()) {
                return row;
            }
        }
        *count
    }
}
