//! Records that are written as RFC 4180 has them → where their fields are, without a look at each mark.

use super::{Marks, Run, table::FieldSpan};
use crate::scan::{
    Isa,
    structure::{Separators, Structure},
};

/// The separators of a few records, in memory that is reused.
#[derive(Debug, Default)]
pub(super) struct Regular {
    structure: Structure,
}

impl Regular {
    /// Appends the fields of all of the run's records up to `limit`, which are `arena[..end]`; false when one of them is not
    /// regular, and then what was appended means nothing.
    ///
    /// Regular are records of as many fields as the layout has, with a quote in front of and behind a field or in no place
    /// of it, but for those that are doubled in quotes. Whether a quote opens or closes was found by counting, so it has to
    /// be shown that the count is right:
    /// - A record's NUL counts only outside of quotes, so every record has an even number of quotes.
    /// - Outside of quotes there are as many line feeds and NULs as end records, so everything in front of those is a
    ///   delimiter.
    /// - A field begins outside of quotes, and ends there. Where one begins with a quote and ends with another, the first
    ///   opens and the last closes.
    /// - As many quotes open as there are such fields and doubled quotes. So none opens, and since they are even none
    ///   closes, anywhere else.
    #[inline(always)]
    pub(super) fn split<I: Isa>(
        &mut self,
        isa: I,
        fields: &mut Vec<FieldSpan>,
        (arena, end): (&[u8], usize),
        marks: Marks,
        run: Run<'_>,
        limit: usize,
    ) -> bool {
        if marks.delimiter == 0 || marks.quote == 0 {
            return false;
        }
        let quote = marks.has_quote.then_some(marks.quote);
        let separators = Separators { delimiter: marks.delimiter, counted: *b"\n\0", quote };
        // With the NUL behind the last one.
        self.structure.find(isa, arena, end + 1, separators);
        let records = Records { structure: &self.structure, arena, quote: marks.quote, run, limit };
        match (self.structure.opens, self.structure.num_doubled) {
            (0, _) => records.split::<false, false>(fields),
            (_, 0) => records.split::<true, false>(fields),
            _ => records.split::<true, true>(fields),
        }
    }
}

/// Records whose separators are known.
struct Records<'a> {
    structure: &'a Structure,
    arena: &'a [u8],
    quote: u8,
    run: Run<'a>,
    limit: usize,
}

impl Records<'_> {
    /// [`Regular::split`], of records with quotes or without, and with doubled ones or without.
    #[inline(always)]
    fn split<const QUOTES: bool, const DOUBLED: bool>(&self, fields: &mut Vec<FieldSpan>) -> bool {
        let Self { structure, arena, quote, run, limit } = *self;
        let num_fields = run.layout.num_fields;
        fields.reserve(num_fields * (limit - run.first));
        let start = run.batch.span(run.first).start;
        let mut places = structure.places();
        let mut quotes = Quotes { structure, arena, quote, count: 0, is_regular: true };
        let mut line_feeds = 0_u32;
        for record in run.first..limit {
            let span = run.batch.span(record);
            let (from, to) = (span.start - start, span.end - start);
            let has_line_feed = arena[from..to].last() == Some(&b'\n');
            let end = to - usize::from(has_line_feed);
            let end = end - usize::from(has_line_feed && end > from && arena[end - 1] == b'\r');
            // Its delimiters, its line feed if it has one, and its NUL.
            let Some((own, rest)) = places.split_at_checked(num_fields + usize::from(has_line_feed)) else {
                return false;
            };
            if own.last().is_none_or(|last| *last as usize != to) {
                return false;
            }
            places = rest;
            line_feeds += u32::from(has_line_feed);
            let mut at = from;
            let delimiters = own.get(..num_fields - 1).unwrap_or(&[]);
            fields.extend(delimiters.iter().map(
                #[inline(always)]
                |end| quotes.field::<QUOTES, DOUBLED>(std::mem::replace(&mut at, *end as usize + 1), *end as usize),
            ));
            fields.push(quotes.field::<QUOTES, DOUBLED>(at, end));
        }
        // A line feed or a NUL more than these stands in front of where its record ends.
        let num_records = (limit - run.first) as u32;
        let counts = structure.counted == line_feeds + num_records && places.is_empty();
        quotes.is_regular & counts & (!QUOTES || structure.opens == quotes.count + structure.num_doubled)
    }
}

/// What is known of the quotes, from field to field.
struct Quotes<'a> {
    structure: &'a Structure,
    arena: &'a [u8],
    quote: u8,
    /// Fields that begin and end with one.
    count: u32,
    /// Whether no field begins with one and does not end with another.
    is_regular: bool,
}

impl Quotes<'_> {
    /// The span of the field that is `arena[start..end]`.
    #[inline(always)]
    fn field<const QUOTES: bool, const DOUBLED: bool>(&mut self, start: usize, end: usize) -> FieldSpan {
        // What stands at the end of one that is empty is no quote, but a separator. Most columns are quoted or not.
        if !QUOTES || self.arena[start] != self.quote {
            return FieldSpan::new(start, end, 0);
        }
        let start = start + 1;
        if end <= start || self.arena[end - 1] != self.quote {
            self.is_regular = false;
            return FieldSpan::new(start, start, 0);
        }
        let end = end - 1;
        self.count += 1;
        let is_doubled = DOUBLED && self.structure.doubled_before(start) != self.structure.doubled_before(end);
        FieldSpan::new(start, end, 1 | u32::from(is_doubled) << 1)
    }
}
