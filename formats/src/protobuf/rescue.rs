//! The column `_rescued`: fields that no column has a place for, as they stand on the wire.
//!
//! An array of objects: where the field stood, its number and wire type, its value (a number as text, since JSON's
//! have no 64 bits, or bytes in base64), and why it is there.

use super::varint::{I32, I64, LEN, VARINT, span_of};
use crate::{
    column::IntegerText,
    json::{quote, quote_base64},
    policy::RescueReason,
};

/// Gathers what is rescued from one record.
#[derive(Debug, Default)]
pub(super) struct Rescue {
    /// Off: paths are not followed at all.
    pub(super) is_enabled: bool,
    /// Path of the message being read: `items[2]`.
    path: Vec<u8>,
    /// The array so far, without its closing bracket; empty while nothing was rescued.
    array: Vec<u8>,
}

impl Rescue {
    pub(super) fn new(is_enabled: bool) -> Self {
        Self { is_enabled, ..Self::default() }
    }

    /// Starts over for the next record.
    pub(super) fn clear(&mut self) {
        self.path.clear();
        self.array.clear();
    }

    /// Goes into a field; the result is for [`Rescue::leave`].
    pub(super) fn enter_field(&mut self, name: &str) -> usize {
        let mark = self.path.len();
        if mark > 0 {
            self.path.push(b'.');
        }
        self.path.extend_from_slice(name.as_bytes());
        mark
    }

    /// Goes into an item of a list.
    pub(super) fn enter_item(&mut self, index: usize) -> usize {
        let mark = self.path.len();
        self.path.push(b'[');
        self.path.extend_from_slice(IntegerText::new(index as i128).as_str().as_bytes());
        self.path.push(b']');
        mark
    }

    /// Goes back to where the field or item was entered.
    pub(super) fn leave(&mut self, mark: usize) {
        self.path.truncate(mark);
    }

    /// Keeps the field of a tag, with its raw value.
    pub(super) fn keep(&mut self, record: &[u8], tag: u32, raw: u64, reason: RescueReason) {
        let wire_type = match tag & 7 {
            VARINT => "varint",
            I64 => "i64",
            LEN => "len",
            I32 => "i32",
            _ => "group",
        };
        self.array.extend_from_slice(if self.array.is_empty() { b"[{\"path\":" } else { b",{\"path\":" });
        quote(&mut self.array, std::str::from_utf8(&self.path).unwrap_or(""));
        self.array.extend_from_slice(b",\"number\":");
        self.array.extend_from_slice(IntegerText::new(i128::from(tag >> 3)).as_str().as_bytes());
        self.array.extend_from_slice(b",\"wire_type\":\"");
        self.array.extend_from_slice(wire_type.as_bytes());
        self.array.extend_from_slice(b"\",\"value\":");
        if matches!(tag & 7, VARINT | I64 | I32) {
            quote(&mut self.array, IntegerText::new(i128::from(raw)).as_str());
        } else {
            let (start, end) = span_of(raw);
            quote_base64(&mut self.array, &record[start..end]);
        }
        self.array.extend_from_slice(b",\"reason\":\"");
        self.array.extend_from_slice(reason.word().as_bytes());
        self.array.extend_from_slice(b"\"}");
    }

    /// The array, if anything was rescued.
    pub(super) fn finish(&mut self) -> Option<&str> {
        if self.array.is_empty() {
            return None;
        }
        self.array.push(b']');
        // Made of UTF-8 pieces only.
        std::str::from_utf8(&self.array).ok()
    }
}
