//! Which fields need quotes, and how they are put around them.

use arrow_array::{Array, ArrayRef, cast::AsArray};
use arrow_schema::DataType;
use memchr::{memchr, memchr2_iter, memmem};

use super::{CsvOptions, Dialect, NullValues, QuotedNulls, options::QuoteStyle};

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// The rules of one encoder.
#[derive(Debug)]
pub(super) struct Quoting {
    dialect: Dialect,
    comment: Option<u8>,
    /// Of each column.
    nulls: Vec<ColumnNulls>,
    quoted_nulls: QuotedNulls,
    style: QuoteStyle,
    /// Bytes without which a text has no structure, some of them twice. Any byte of a longer delimiter is one.
    special: Vec<u8>,
}

/// What means null in one column.
#[derive(Debug)]
struct ColumnNulls {
    texts: NullValues,
    /// Whether a text that holds no special byte needs quotes only where it is empty.
    only_empty: bool,
}

/// What is known of all fields of a column in a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    /// None of them needs quotes, or gets them.
    Bare,
    /// None of them holds a special byte.
    Plain,
    /// Nothing: each one is looked at.
    Nothing,
}

impl Quoting {
    /// The rules for columns of these names.
    pub(super) fn new<'a>(dialect: Dialect, options: &CsvOptions, columns: impl Iterator<Item = &'a str>) -> Self {
        let nulls = columns.map(|name| {
            let texts = options.column_null_values.of(name).unwrap_or(&options.null_values).clone();
            let no_other = texts.texts().next().is_none();
            let only_empty = options.quote_style == QuoteStyle::Needed && !options.trim && no_other;
            ColumnNulls { texts, only_empty }
        });
        let mut special = vec![b'\n', b'\r'];
        special.extend(dialect.quote);
        special.extend_from_slice(&dialect.delimiter);
        Self {
            dialect,
            comment: options.comment.and_then(|c| c.0),
            nulls: nulls.collect(),
            quoted_nulls: options.quoted_nulls,
            style: options.quote_style,
            special,
        }
    }

    /// The text between fields.
    pub(super) fn delimiter(&self) -> &[u8] {
        &self.dialect.delimiter
    }

    /// The text that stands for null in a column.
    #[inline]
    pub(super) fn null(&self, column: usize) -> &[u8] {
        self.nulls[column].texts.written.as_bytes()
    }

    /// Whether the text that stands for null in a column can do so: it never has quotes.
    pub(super) fn can_write_null(&self, column: usize) -> bool {
        !self.has_structure(self.null(column)) && !self.starts_comment(self.null(column))
    }

    /// Whether a value would be read as null in quotes and without.
    #[inline]
    pub(super) fn is_only_null(&self, column: usize, field: &[u8]) -> bool {
        self.quoted_nulls == QuotedNulls::Always && self.nulls[column].texts.contains(field)
    }

    /// What is known of the fields of a column, from its type or from all its bytes at once.
    pub(super) fn known(&self, column: &ArrayRef, index: usize) -> Known {
        if let Some(alphabet) = alphabet(column.data_type()) {
            let is_foreign = |byte: &u8| !alphabet.contains(byte);
            let is_bare = self.style == QuoteStyle::Needed
                && self.special.iter().all(is_foreign)
                && (index != 0 || self.comment.iter().all(is_foreign))
                && self.nulls[index].texts.texts().all(|text| text.as_bytes().iter().any(is_foreign));
            return if is_bare { Known::Bare } else { Known::Nothing };
        }
        let texts = match column.data_type() {
            DataType::Utf8 => {
                let (ends, texts) = (column.as_string::<i32>().value_offsets(), column.as_string::<i32>().value_data());
                &texts[ends[0] as usize..ends[column.len()] as usize]
            }
            DataType::LargeUtf8 => {
                let (ends, texts) = (column.as_string::<i64>().value_offsets(), column.as_string::<i64>().value_data());
                &texts[ends[0] as usize..ends[column.len()] as usize]
            }
            _ => return Known::Nothing,
        };
        if self.has_special(texts) { Known::Nothing } else { Known::Plain }
    }

    /// Bytes that a field of `len` bytes takes at most, with its quotes.
    pub(super) fn room(known: Known, len: usize) -> usize {
        match known {
            Known::Bare => len,
            Known::Plain => len + 2,
            Known::Nothing => 2 * len + 2,
        }
    }

    /// Puts quotes around the field in `out[start..end]`, where they are needed, and yields where it ends then; `None`
    /// when they are needed and there are none. There must be [room](Self::room) for them.
    #[inline]
    pub(super) fn quote(
        &self,
        out: &mut [u8],
        (start, end): (usize, usize),
        known: Known,
        column: usize,
        scratch: &mut Vec<u8>,
    ) -> Option<usize> {
        // Most texts, in few steps.
        let cannot_start = || column == 0 && (self.comment.is_some() || out[start] == BYTE_ORDER_MARK[0]);
        if known == Known::Plain && self.nulls[column].only_empty && start < end && !cannot_start() {
            return Some(end);
        }
        self.quote_with_care(out, (start, end), known, column, scratch)
    }

    fn quote_with_care(
        &self,
        out: &mut [u8],
        (start, end): (usize, usize),
        known: Known,
        column: usize,
        scratch: &mut Vec<u8>,
    ) -> Option<usize> {
        let field = &out[start..end];
        let needs_quotes = (known == Known::Nothing && self.has_structure(field)) || self.is_ambiguous(field, column);
        let Some(quote) = self.dialect.quote else { return (!needs_quotes).then_some(end) };
        if !needs_quotes && self.style == QuoteStyle::Needed {
            return Some(end);
        }
        scratch.clear();
        scratch.extend_from_slice(field);
        let mut at = start;
        let mut put = |bytes: &[u8]| {
            out[at..at + bytes.len()].copy_from_slice(bytes);
            at += bytes.len();
        };
        put(&[quote]);
        let mut from = 0;
        // What is doubled ends one piece and begins the next.
        for mark in memchr2_iter(quote, self.dialect.escape.unwrap_or(quote), scratch) {
            put(&scratch[from..=mark]);
            from = mark;
        }
        put(&scratch[from..]);
        put(&[quote]);
        Some(at)
    }

    /// Whether the text holds what gives CSV its structure, or blanks that would be taken away.
    fn has_structure(&self, field: &[u8]) -> bool {
        (self.has_special(field) && self.has_structure_among_special(field)) || self.has_outer_blanks(field)
    }

    fn has_structure_among_special(&self, field: &[u8]) -> bool {
        let has_delimiter = match &*self.dialect.delimiter {
            [byte] => memchr(*byte, field).is_some(),
            several => {
                // Half a delimiter at the field's end could become a whole one with what follows.
                memmem::find(field, several).is_some() || field.last().is_some_and(|last| several.contains(last))
            }
        };
        has_delimiter || field.iter().any(|byte| matches!(byte, b'\n' | b'\r') || Some(*byte) == self.dialect.quote)
    }

    fn has_outer_blanks(&self, field: &[u8]) -> bool {
        let is_blank = |byte: Option<&u8>| matches!(byte, Some(b' ' | b'\t'));
        self.dialect.trim && (is_blank(field.first()) || is_blank(field.last()))
    }

    /// Whether a field without structure would still be read as something else.
    fn is_ambiguous(&self, field: &[u8], column: usize) -> bool {
        let is_null = self.nulls[column].texts.contains(field);
        is_null || (column == 0 && self.starts_comment(field)) || self.has_outer_blanks(field)
    }

    /// Whether a record that starts with the text would be taken for a comment or a byte order mark.
    fn starts_comment(&self, field: &[u8]) -> bool {
        field.first().is_some_and(|first| Some(*first) == self.comment) || field.starts_with(BYTE_ORDER_MARK)
    }

    /// Whether any byte of the text is a special one: 32 or 8 bytes at a time, without a branch between them.
    fn has_special(&self, text: &[u8]) -> bool {
        let (blocks, rest) = text.as_chunks::<32>();
        let (words, rest) = rest.as_chunks::<8>();
        blocks.iter().any(|block| self.has_special_in(block))
            || words.iter().any(|word| self.has_special_in(word))
            || rest.iter().any(|byte| self.special.contains(byte))
    }

    #[inline]
    fn has_special_in<const N: usize>(&self, block: &[u8; N]) -> bool {
        let mut found = [0; N];
        for special in &self.special {
            for (found, byte) in found.iter_mut().zip(block) {
                *found |= u8::from(byte == special);
            }
        }
        found != [0; N]
    }
}

/// The bytes that texts of a type are made of, where that is known.
fn alphabet(data_type: &DataType) -> Option<&'static [u8]> {
    match data_type {
        DataType::Boolean => Some(b"truefals"),
        t if t.is_floating() => Some(b"0123456789.-+eENaifn"),
        t if t.is_numeric() => Some(b"0123456789.-"),
        t if t.is_temporal() => Some(b"0123456789.-+:TZPMDS"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use laminar_schema::{ConnectorConfig, Options};

    use super::*;

    fn quoting(options: &[(&str, &str)]) -> Quoting {
        let options = CsvOptions::from_options(&Options::from_pairs(options.iter().copied())).unwrap();
        Quoting::new(Dialect::new(&options).unwrap(), &options, ["a"].into_iter())
    }

    #[test]
    fn special_bytes_are_found_in_every_place() {
        for delimiter in [",", "||"] {
            let quoting = quoting(&[("delimiter", delimiter)]);
            for len in 0..100 {
                let mut text = vec![b'x'; len];
                assert!(!quoting.has_special(&text));
                for at in 0..len {
                    for special in [b'\n', b'\r', b'"', delimiter.as_bytes()[0]] {
                        text[at] = special;
                        assert!(quoting.has_special(&text), "{} at {at} of {len}", char::from(special));
                    }
                    text[at] = b'x';
                }
            }
        }
    }
}
