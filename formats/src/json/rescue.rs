//! The column `_rescued`: what the schema has no place for, as an object of path → value.

use super::quote::quote;

/// Gathers what is rescued from one record.
#[derive(Debug, Default)]
pub(super) struct Rescue {
    /// Off: paths are not followed at all.
    pub(super) enabled: bool,
    /// Path of the value being walked: `items[2].sku`.
    path: String,
    /// The object so far, without its closing brace; empty while nothing was rescued.
    object: Vec<u8>,
}

impl Rescue {
    pub(super) fn new(enabled: bool) -> Self {
        Self { enabled, ..Self::default() }
    }

    /// Starts over for the next row.
    pub(super) fn clear(&mut self) {
        self.path.clear();
        self.object.clear();
    }

    /// Goes into a field; the result is for [`Rescue::leave`].
    pub(super) fn enter_field(&mut self, key: &str) -> usize {
        let mark = self.path.len();
        if mark > 0 {
            self.path.push('.');
        }
        self.path.push_str(key);
        mark
    }

    /// Goes into an item of a list.
    pub(super) fn enter_item(&mut self, index: usize) -> usize {
        let mark = self.path.len();
        self.path.push('[');
        push_index(&mut self.path, index);
        self.path.push(']');
        mark
    }

    /// Goes back to where the field or item was entered.
    pub(super) fn leave(&mut self, mark: usize) {
        self.path.truncate(mark);
    }

    /// Keeps the value at the current path; `value` is JSON text.
    pub(super) fn keep(&mut self, value: &str) {
        self.object.push(if self.object.is_empty() { b'{' } else { b',' });
        quote(&mut self.object, &self.path);
        self.object.push(b':');
        self.object.extend_from_slice(value.as_bytes());
    }

    /// The object, if anything was rescued.
    pub(super) fn finish(&mut self) -> Option<&str> {
        if self.object.is_empty() {
            return None;
        }
        self.object.push(b'}');
        // Made of UTF-8 pieces only.
        std::str::from_utf8(&self.object).ok()
    }
}

/// By hand, since the standard formatter goes through virtual calls.
fn push_index(path: &mut String, index: usize) {
    if index >= 10 {
        push_index(path, index / 10);
    }
    path.push((b'0' + (index % 10) as u8) as char);
}
