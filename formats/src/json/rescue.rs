//! The column `_rescued`: what the schema has no place for, as an object of path → value and reason:
//! `{"price":{"value":"free","reason":"type_mismatch"}}`.

use std::ops::Range;

use super::quote::quote;
use crate::policy::RescueReason;

/// Gathers what is rescued from one record.
#[derive(Debug, Default)]
pub(crate) struct Rescue {
    /// Off: paths are not followed at all.
    pub(crate) enabled: bool,
    /// Path of the value being walked: `items[2].sku`.
    path: String,
    /// The object so far, without its closing brace, and with a comma for its opening one; empty while nothing was
    /// rescued.
    object: Vec<u8>,
    /// Parts of it that were taken back, in the order in which that happened; one may lie within a later one.
    forgotten: Vec<Range<usize>>,
}

impl Rescue {
    pub(crate) fn new(enabled: bool) -> Self {
        Self { enabled, ..Self::default() }
    }

    /// Starts over for the next row.
    pub(crate) fn clear(&mut self) {
        self.path.clear();
        self.object.clear();
        self.forgotten.clear();
    }

    /// How much was rescued so far: the ends of a range for [`Rescue::forget`].
    pub(crate) fn len(&self) -> usize {
        self.object.len()
    }

    /// Takes back what was rescued from a value that another one overwrites.
    pub(crate) fn forget(&mut self, rescued: Range<usize>) {
        if !rescued.is_empty() {
            self.forgotten.push(rescued);
        }
    }

    /// Goes into a field; the result is for [`Rescue::leave`].
    pub(crate) fn enter_field(&mut self, key: &str) -> usize {
        let mark = self.path.len();
        if mark > 0 {
            self.path.push('.');
        }
        self.path.push_str(key);
        mark
    }

    /// Goes into an item of a list.
    pub(crate) fn enter_item(&mut self, index: usize) -> usize {
        let mark = self.path.len();
        self.path.push('[');
        push_index(&mut self.path, index);
        self.path.push(']');
        mark
    }

    /// Goes back to where the field or item was entered.
    pub(crate) fn leave(&mut self, mark: usize) {
        self.path.truncate(mark);
    }

    /// Keeps the value at the current path; `value` is JSON text.
    pub(crate) fn keep(&mut self, value: &str, reason: RescueReason) {
        self.object.push(b',');
        quote(&mut self.object, &self.path);
        self.object.extend_from_slice(b":{\"value\":");
        self.object.extend_from_slice(value.as_bytes());
        self.object.extend_from_slice(b",\"reason\":\"");
        self.object.extend_from_slice(reason.word().as_bytes());
        self.object.extend_from_slice(b"\"}");
    }

    /// The object, if anything was rescued.
    pub(crate) fn finish(&mut self) -> Option<&str> {
        if !self.forgotten.is_empty() {
            self.drop_forgotten();
        }
        *self.object.first_mut()? = b'{';
        self.object.push(b'}');
        // Made of UTF-8 pieces only.
        std::str::from_utf8(&self.object).ok()
    }

    /// Closes the gaps, so that the rest stays where it is until the record's end.
    #[cold]
    fn drop_forgotten(&mut self) {
        self.forgotten.sort_unstable_by_key(|range| range.start);
        let (mut kept, mut from) = (0, 0);
        for range in self.forgotten.drain(..) {
            if range.start > from {
                self.object.copy_within(from..range.start, kept);
                kept += range.start - from;
            }
            from = from.max(range.end);
        }
        self.object.copy_within(from.., kept);
        self.object.truncate(kept + self.object.len() - from);
    }
}

/// By hand, since the standard formatter goes through virtual calls.
fn push_index(path: &mut String, index: usize) {
    if index >= 10 {
        push_index(path, index / 10);
    }
    path.push((b'0' + (index % 10) as u8) as char);
}
