//! What an instruction set must be able to do.

use std::fmt::Debug;

/// Bytes that are looked at together.
pub(crate) const WINDOW: usize = 32;

/// An instruction set, as a value whose existence proves that this machine has it.
///
/// All operations are pure, and the same for every instruction set.
///
/// # Safety
/// Memory safety depends on their being what they say: a cursor passes over what they found without looking again.
#[allow(unsafe_code, reason = "implementing it is a promise that unsafe code relies on")]
pub(crate) unsafe trait Isa: Copy + Debug {
    /// How many bytes from the start a JSON string may hold as they are: no quote, backslash or control character.
    fn plain_prefix(self, window: &[u8; WINDOW]) -> usize;

    /// Bit i is set where a JSON string may not hold byte i as it is.
    fn specials(self, window: &[u8; WINDOW]) -> u32;

    /// Whether the window begins with the pattern.
    fn starts_with(self, window: &[u8; WINDOW], pattern: &Pattern) -> bool;

    /// Bit i is set where byte i is one of the three.
    fn any_of(self, window: &[u8; WINDOW], bytes: [u8; 3]) -> u32;

    /// Bit i is set where byte i is no ASCII digit.
    fn not_digits(self, window: &[u8; WINDOW]) -> u32;

    /// The number that the first `end` bytes make; meaningless unless they are digits, of which any byte below them counts
    /// as a zero. `end` is at most 16.
    fn digits(self, bytes: &[u8; 16], end: usize) -> u64;

    /// As [`Isa::digits`], but leaving out the byte at `dot`, which is below `end`.
    fn digits_around(self, bytes: &[u8; 16], dot: usize, end: usize) -> u64;
}

/// Up to [`WINDOW`] bytes to compare with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pattern {
    /// The bytes, then zeros.
    bytes: [u8; WINDOW],
    /// Bit i is set for every byte that counts.
    mask: u32,
    len: u32,
}

impl Pattern {
    /// What no window begins with: a window's first byte is its record's or the NUL behind it, and neither is 0xFF.
    pub(crate) const NEVER: Self = Self { bytes: [0xFF; WINDOW], mask: u32::MAX, len: 0 };

    /// A pattern of `bytes`; `None` when they are too many or one of them is NUL.
    pub(crate) fn new(bytes: &[u8]) -> Option<Self> {
        if bytes.contains(&0) {
            return None;
        }
        let mut pattern = Self { bytes: [0; WINDOW], mask: low_bits(bytes.len()), len: bytes.len() as u32 };
        pattern.bytes.get_mut(..bytes.len())?.copy_from_slice(bytes);
        Some(pattern)
    }

    #[inline(always)]
    pub(crate) fn bytes(&self) -> &[u8; WINDOW] {
        &self.bytes
    }

    #[inline(always)]
    pub(crate) fn mask(&self) -> u32 {
        self.mask
    }

    /// How many bytes count.
    #[inline(always)]
    pub(crate) fn len(&self) -> usize {
        self.len as usize
    }
}

/// The low `count` bits set, at most all 32.
pub(crate) fn low_bits(count: usize) -> u32 {
    if count >= 32 { u32::MAX } else { (1 << count) - 1 }
}
