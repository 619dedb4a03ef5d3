//! Records whose UTF-8 is checked together, before any of them is decoded.

use laminar_schema::RawBatch;

use crate::scan::Utf8Span;

/// Bytes of records whose UTF-8 is checked at once: few enough to be in the first-level cache when they are decoded.
const CHECKED_BYTES: usize = 16 << 10;

/// Records that were checked for UTF-8 together.
pub(super) struct Checked<'b> {
    /// The first record that was not.
    pub(super) until: usize,
    /// `None` where one of them is no UTF-8: then all of them are the tape's, which finds out which.
    pub(super) span: Option<Utf8Span<'b>>,
}

impl<'b> Checked<'b> {
    /// No record up to `until` was checked.
    pub(super) fn nothing(until: usize) -> Self {
        Self { until, span: None }
    }

    /// Checks records from `first` on.
    #[inline(never)]
    pub(super) fn from(batch: &'b RawBatch, first: usize) -> Self {
        let start = batch.span(first).start;
        let (mut until, mut end) = (first, start);
        while until < batch.len() && (until == first || batch.span(until).end - start <= CHECKED_BYTES) {
            end = batch.span(until).end;
            until += 1;
        }
        Self { until, span: Utf8Span::check(batch.padded_values(), start..end) }
    }
}
