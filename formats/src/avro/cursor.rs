//! Reading the binary encoding: numbers, lengths, bytes.
//!
//! Source: Avro 1.12 specification, "Binary encoding".

use super::program::Nulls;
use crate::column::is_text;

/// A place in bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor<'b> {
    pub(super) bytes: &'b [u8],
    pub(super) at: usize,
    /// Values of no bytes that may still come.
    empties: usize,
}

/// Bytes that are no value of their type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Malformed {
    /// The record ends inside a value.
    End,
    /// A varint of more than ten bytes, or of more than 64 bits.
    Varint,
    /// An int of more than 32 bits.
    Int,
    /// A boolean that is neither 0 nor 1.
    Boolean,
    /// A length below zero.
    Length,
    /// A number of items that the record has no room for.
    Count,
    /// A branch that the union lacks.
    Branch,
    /// A symbol that the enum lacks.
    Symbol,
    /// Text that is not UTF-8.
    Text,
    /// A decimal or a big-decimal of no bytes, or of too many.
    Decimal,
    /// Values deeper in each other than allowed.
    Depth,
}

impl Malformed {
    /// What was expected, and what stood there.
    pub(super) fn reason(self) -> &'static str {
        match self {
            Self::End => "expected the rest of the value, found the record's end",
            Self::Varint => "expected a varint of at most 64 bits, found a longer one",
            Self::Int => "expected an int, found a number of more than 32 bits",
            Self::Boolean => "expected a boolean, 0 or 1, found another byte",
            Self::Length => "expected a length, found a number below zero",
            Self::Count => "expected a number of items that the record has room for, found a larger one",
            Self::Branch => "expected a branch of the union, found a number that it lacks",
            Self::Symbol => "expected a symbol of the enum, found a number that it lacks",
            Self::Text => "expected UTF-8 text, found other bytes",
            Self::Decimal => "expected a decimal, found bytes that are none",
            Self::Depth => "expected values less deep in each other, found too many levels; raise `max_depth`",
        }
    }
}

/// The bits that say of eight bytes whether a number goes on behind them.
const ENDS: u64 = 0x8080_8080_8080_8080;

/// Most items and records of no bytes, such as nulls in an array, in one datum: nothing else bounds their number.
const MAX_EMPTIES: usize = 1 << 20;

impl<'b> Cursor<'b> {
    /// A place at which a datum begins.
    #[inline(always)]
    pub(super) fn new(bytes: &'b [u8], at: usize) -> Self {
        Self { bytes, at, empties: MAX_EMPTIES }
    }

    /// Counts values of no bytes.
    #[inline]
    pub(super) fn spend(&mut self, empties: usize) -> Result<(), Malformed> {
        self.empties = self.empties.checked_sub(empties).ok_or(Malformed::Count)?;
        Ok(())
    }

    /// Whether there were values of no bytes.
    #[inline]
    pub(super) fn has_spent(&self) -> bool {
        self.empties != MAX_EMPTIES
    }

    /// A number that is mostly of one byte, such as a length or a branch.
    #[inline(always)]
    pub(super) fn short(&mut self) -> Result<i64, Malformed> {
        match self.bytes.get(self.at) {
            Some(first) if *first < 0x80 => {
                self.at += 1;
                Ok(zigzag(u64::from(*first)))
            }
            _ => self.long(),
        }
    }

    /// A number of any length, without a branch on how long it is.
    #[inline(always)]
    pub(super) fn long(&mut self) -> Result<i64, Malformed> {
        // Eight bytes at once hold all that is common.
        if let Some(window) = self.bytes.get(self.at..).and_then(|rest| rest.first_chunk()) {
            let word = u64::from_le_bytes(*window);
            let ends = !word & ENDS;
            if ends != 0 {
                self.at += (ends.trailing_zeros() as usize + 1) / 8;
                // All bits up to the first end.
                return Ok(zigzag(gather(word & (ends ^ (ends - 1)))));
            }
        }
        let (value, at) = long_bytewise(self.bytes, self.at)?;
        self.at = at;
        Ok(value)
    }

    #[inline(always)]
    pub(super) fn int(&mut self) -> Result<i32, Malformed> {
        i32::try_from(self.long()?).map_err(|_| Malformed::Int)
    }

    #[inline(always)]
    pub(super) fn boolean(&mut self) -> Result<bool, Malformed> {
        match self.bytes.get(self.at) {
            Some(byte @ (0 | 1)) => {
                self.at += 1;
                Ok(*byte == 1)
            }
            Some(_) => Err(Malformed::Boolean),
            None => Err(Malformed::End),
        }
    }

    #[inline(always)]
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let window = self.bytes.get(self.at..).and_then(|rest| rest.first_chunk::<N>()).ok_or(Malformed::End)?;
        self.at += N;
        Ok(*window)
    }

    #[inline(always)]
    pub(super) fn float(&mut self) -> Result<f32, Malformed> {
        self.array().map(f32::from_le_bytes)
    }

    #[inline(always)]
    pub(super) fn double(&mut self) -> Result<f64, Malformed> {
        self.array().map(f64::from_le_bytes)
    }

    #[inline(always)]
    pub(super) fn take(&mut self, len: usize) -> Result<&'b [u8], Malformed> {
        let rest = self.bytes.get(self.at..).ok_or(Malformed::End)?;
        let taken = rest.get(..len).ok_or(Malformed::End)?;
        self.at += len;
        Ok(taken)
    }

    /// The number of one to eight bytes, big-endian in two's complement, that stands here; `None` for another length, and where
    /// it is not told apart from what follows. The cursor stays.
    #[inline(always)]
    pub(super) fn big_endian(&self, len: usize) -> Option<i64> {
        let window = self.bytes.get(self.at..)?.first_chunk()?;
        (1..=8).contains(&len).then(|| i64::from_be_bytes(*window) >> (64 - 8 * len))
    }

    /// Text whose length takes one byte, with a window on what follows it, if so much does: the window in which the text is the
    /// beginning, and its length. The cursor stays in front of the length.
    #[inline(always)]
    pub(super) fn short_text(&self) -> Option<(&'b [u8; 64], usize)> {
        let [first, window @ ..] = self.bytes.get(self.at..)?.first_chunk::<65>()?;
        // The sign goes to the top, so that a length below zero is a long one; so is one that more bytes belong to.
        let len = first.rotate_right(1) as usize;
        (len < window.len()).then_some((window, len))
    }

    /// The length in front of bytes or text.
    #[inline(always)]
    pub(super) fn length(&mut self) -> Result<usize, Malformed> {
        match self.bytes.get(self.at) {
            // A number of one byte, and not below zero.
            Some(first) if first & 0x81 == 0 => {
                self.at += 1;
                Ok(usize::from(first >> 1))
            }
            _ => {
                let (len, at) = long_length(self.bytes, self.at)?;
                self.at = at;
                Ok(len)
            }
        }
    }

    /// Passes over a number, which is not looked at.
    #[inline(always)]
    pub(super) fn skip_long(&mut self) -> Result<(), Malformed> {
        match self.bytes.get(self.at..).and_then(|rest| rest.first_chunk()) {
            Some(window) if u64::from_le_bytes(*window) & ENDS != ENDS => {
                self.at += (!u64::from_le_bytes(*window) & ENDS).trailing_zeros() as usize / 8 + 1;
            }
            _ => self.at = long_bytewise(self.bytes, self.at)?.1,
        }
        Ok(())
    }

    #[inline(always)]
    pub(super) fn bytes(&mut self) -> Result<&'b [u8], Malformed> {
        let len = self.length()?;
        self.take(len)
    }

    #[inline]
    pub(super) fn text(&mut self) -> Result<&'b str, Malformed> {
        std::str::from_utf8(self.bytes()?).map_err(|_| Malformed::Text)
    }

    /// Passes over text, and checks it all the same.
    #[inline]
    pub(super) fn skip_text(&mut self) -> Result<(), Malformed> {
        if is_text(self.bytes()?) { Ok(()) } else { Err(Malformed::Text) }
    }

    /// Whether null is what a union with it holds; `None` where its branch is neither, or in more bytes than one.
    #[inline(always)]
    pub(super) fn is_null(&mut self, nulls: Nulls) -> Option<bool> {
        let branch = *self.bytes.get(self.at)?;
        self.at += 1;
        (branch & !2 == 0).then_some(branch != nulls.value_branch())
    }

    /// The number of items in the next block of an array or a map, 0 where there is none; `least` is what an item takes at
    /// least.
    #[inline(always)]
    pub(super) fn block(&mut self, least: usize) -> Result<usize, Malformed> {
        // Mostly it is a number of one byte without a size behind it.
        match self.bytes.get(self.at) {
            Some(first) if first & 0x81 == 0 => {
                let count = usize::from(first >> 1);
                let rest = self.bytes.len() - self.at - 1;
                if least > 0 && count.saturating_mul(least) <= rest || count == 0 {
                    self.at += 1;
                    return Ok(count);
                }
            }
            _ => {}
        }
        self.long_block(least)
    }

    #[inline(never)]
    fn long_block(&mut self, least: usize) -> Result<usize, Malformed> {
        let mut count = self.short()?;
        if count < 0 {
            // The block's size in bytes, for whoever wants to pass over it.
            if self.long()? < 0 {
                return Err(Malformed::Length);
            }
            count = count.checked_neg().ok_or(Malformed::Count)?;
        }
        let count = usize::try_from(count).map_err(|_| Malformed::Count)?;
        match least {
            0 => self.spend(count)?,
            least => {
                let rest = self.bytes.len().saturating_sub(self.at);
                if count.checked_mul(least).is_none_or(|bytes| bytes > rest) {
                    return Err(Malformed::Count);
                }
            }
        }
        Ok(count)
    }
}

/// A number of any length, and where it ends. Not of a cursor, which would have to be in memory for it.
#[cold]
#[inline(never)]
fn long_bytewise(bytes: &[u8], at: usize) -> Result<(i64, usize), Malformed> {
    let mut value = 0_u64;
    for index in 0..10 {
        let byte = *bytes.get(at + index).ok_or(Malformed::End)?;
        // The tenth byte has room for one bit.
        if index == 9 && byte > 1 {
            return Err(Malformed::Varint);
        }
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte < 0x80 {
            return Ok((zigzag(value), at + index + 1));
        }
    }
    Err(Malformed::Varint)
}

/// A length of any number of bytes, and where it ends.
#[inline(never)]
fn long_length(bytes: &[u8], at: usize) -> Result<(usize, usize), Malformed> {
    let (value, at) = long_bytewise(bytes, at)?;
    Ok((usize::try_from(value).map_err(|_| Malformed::Length)?, at))
}

#[inline(always)]
fn zigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
}

/// The seven low bits of each of eight bytes, joined: the upper one of each two neighbours moves down, what it was is taken
/// away and what it becomes is added.
#[inline(always)]
fn gather(word: u64) -> u64 {
    let bytes = word & 0x7f7f_7f7f_7f7f_7f7f;
    // 2^8 - 2^7 is 2^7.
    let pairs = bytes - ((bytes & 0x7f00_7f00_7f00_7f00) >> 1);
    let upper = pairs & 0x3fff_0000_3fff_0000;
    let fours = pairs - upper + (upper >> 2);
    let upper = fours & 0x0fff_ffff_0000_0000;
    fours - upper + (upper >> 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], expected: Result<i64, Malformed>) {
        for padding in [0, 1, 20] {
            let padded = [bytes, &vec![0xff; padding]].concat();
            // What only more bytes could tell is said where there are none.
            if padding > 0 && expected == Err(Malformed::End) {
                continue;
            }
            let mut cursor = Cursor::new(&padded, 0);
            assert_eq!(cursor.long(), expected, "{bytes:x?} and {padding} more");
            if expected.is_ok() {
                assert_eq!(cursor.at, bytes.len());
            }
        }
    }

    #[test]
    fn varints_of_every_length() {
        check(&[], Err(Malformed::End));
        check(&[0x80], Err(Malformed::End));
        check(&[0], Ok(0));
        check(&[1], Ok(-1));
        check(&[0x80, 0], Ok(0));
        check(&[0xfe, 1], Ok(127));
        check(&[0xff; 10], Err(Malformed::Varint));
        check(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1], Ok(i64::MIN));
        check(&[0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1], Ok(i64::MAX));
        check(&[0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2], Err(Malformed::Varint));
        for power in 0..63 {
            for value in [1_i64 << power, (1 << power) - 1, -(1 << power), -(1 << power) - 1] {
                let mut written = Vec::new();
                super::super::container::write_varint(value, &mut written);
                check(&written, Ok(value));
            }
        }
    }
}
