//! A place in a record that cannot leave it.
#![allow(unsafe_code, reason = "wide loads reach over the record's end, into bytes that are known to be there")]

use std::{marker::PhantomData, ops::Range, ptr::NonNull};

use laminar_schema::ARENA_PADDING;

use super::isa::{Isa, Pattern};

/// Bytes that must be readable behind a record, its terminator included.
const SLACK: usize = 64;

// Otherwise the last records of every batch would be left to slower code.
const _: () = assert!(SLACK <= ARENA_PADDING + 1);

/// A part of an arena that is known to be UTF-8.
#[derive(Debug, Clone)]
pub(crate) struct Utf8Span<'a> {
    arena: &'a [u8],
    span: Range<usize>,
}

impl<'a> Utf8Span<'a> {
    /// Checks that `arena[span]` is UTF-8; `None` when it is not, or not in the arena.
    pub(crate) fn check(arena: &'a [u8], span: Range<usize>) -> Option<Self> {
        simdutf8::basic::from_utf8(arena.get(span.clone())?).ok()?;
        Some(Self { arena, span })
    }

    /// A cursor over the record at `record`, if it lies in this part, ends with a NUL, and has its slack behind it.
    #[inline(always)]
    pub(crate) fn record(&self, record: Range<usize>) -> Option<Cursor<'a>> {
        let lies_here = self.span.start <= record.start && record.start <= record.end && record.end <= self.span.end;
        // The end is in the arena, so neither sum overflows.
        if !lies_here || record.end + SLACK > self.arena.len() || self.arena[record.end] != 0 {
            return None;
        }
        let arena = NonNull::from(self.arena).cast::<u8>();
        // SAFETY: `record.start <= record.end < arena.len()`, as was just compared.
        let at = unsafe { arena.add(record.start) };
        // SAFETY: as above.
        let end = unsafe { arena.add(record.end) };
        Some(Cursor { at, end, arena: PhantomData })
    }
}

/// A place in a record, or right at its end.
///
/// Invariants: `at <= end`; both point into one arena that lives for `'a` and is readable from `at` to
/// `end + SLACK`; the byte at `end` is NUL; what lies between the record's start and `end` is part of valid UTF-8.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cursor<'a> {
    at: NonNull<u8>,
    end: NonNull<u8>,
    arena: PhantomData<&'a [u8]>,
}

impl<'a> Cursor<'a> {
    /// The byte here; NUL at the record's end.
    #[inline(always)]
    pub(crate) fn byte(self) -> u8 {
        // SAFETY: `at <= end`, and the byte at `end` is readable.
        unsafe { self.at.read() }
    }

    /// The next bytes, which may lie beyond the record's end.
    #[inline(always)]
    pub(crate) fn window<const N: usize>(self) -> &'a [u8; N] {
        const { assert!(N <= SLACK) };
        // SAFETY: `at + N <= end + SLACK`, the arena is readable up to there for `'a`, and bytes need no alignment.
        unsafe { self.at.cast().as_ref() }
    }

    /// This place, `count` bytes further on; the record's end if that is nearer.
    #[inline(always)]
    pub(crate) fn advance(self, count: usize) -> Self {
        let count = count.min(self.remaining());
        // SAFETY: `count` is at most the distance to `end`.
        let at = unsafe { self.at.add(count) };
        Self { at, ..self }
    }

    /// This place, `count` bytes further on.
    ///
    /// # Safety
    /// None of the `count` bytes from here on is NUL. So the record's end, which is one, is not among them.
    #[inline(always)]
    pub(super) unsafe fn skip(self, count: usize) -> Self {
        debug_assert!(count <= self.remaining());
        // SAFETY: `count` is at most the distance to `end`, since no byte in front of the target is the NUL at `end`.
        let at = unsafe { self.at.add(count) };
        Self { at, ..self }
    }

    /// Behind the byte here, if it is `byte`.
    #[inline(always)]
    pub(crate) fn behind(self, byte: u8) -> Option<Self> {
        if self.byte() != byte || byte == 0 {
            return None;
        }
        // SAFETY: the byte here was just compared with one that is no NUL.
        Some(unsafe { self.skip(1) })
    }

    /// Behind the pattern, if it stands here.
    #[inline(always)]
    pub(crate) fn behind_pattern<I: Isa>(self, isa: I, pattern: &Pattern) -> Option<Self> {
        if !isa.starts_with(self.window(), pattern) {
            return None;
        }
        // SAFETY: the bytes here were just found to be the pattern's, and no pattern has a NUL.
        Some(unsafe { self.skip(pattern.len()) })
    }

    /// How many bytes of the record are left.
    #[inline(always)]
    pub(crate) fn remaining(self) -> usize {
        self.end.addr().get() - self.at.addr().get()
    }

    /// Whether the whole record was read.
    #[inline(always)]
    pub(crate) fn is_at_end(self) -> bool {
        self.at == self.end
    }

    /// The bytes from `start` up to here; none if `start` lies further on or in another record.
    #[inline(always)]
    pub(crate) fn since(self, start: Self) -> &'a [u8] {
        if start.end != self.end || start.at > self.at {
            return &[];
        }
        let len = self.at.addr().get() - start.at.addr().get();
        // SAFETY: both lie in the same record, `start` first, and its bytes live for `'a`.
        unsafe { std::slice::from_raw_parts(start.at.as_ptr(), len) }
    }

    /// Behind white space, if there is any here.
    #[inline(always)]
    pub(crate) fn skip_space(self) -> Self {
        if self.byte() > b' ' || self.is_at_end() { self } else { self.skip_spaces() }
    }

    #[inline(never)]
    fn skip_spaces(self) -> Self {
        let mut at = self;
        while matches!(at.byte(), b' ' | b'\t' | b'\n' | b'\r') {
            at = at.advance(1);
        }
        at
    }
}
