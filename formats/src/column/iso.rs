//! Dates and timestamps as ISO 8601 writes nearly all of them, read at once.
//!
//! What is not understood here is left to [`super::time_text`], which knows all of it.

use super::time_text::{days_in_month, days_since_epoch};
use crate::scan::{Isa, WINDOW};

/// Bytes that must be readable from a text on.
pub(crate) const ISO_WINDOW: usize = 48;

/// A timestamp as it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct IsoInstant {
    /// Seconds since 1970 that a clock shows.
    pub(super) seconds: i64,
    /// Nanoseconds behind them.
    pub(super) nanos: i64,
    /// Whether the text says that the clock is one in UTC.
    pub(super) is_utc: bool,
}

/// Days since 1970 of `YYYY-MM-DD`, which are the first bytes of a window.
#[inline(always)]
fn days(window: &[u8; ISO_WINDOW]) -> Option<i64> {
    let digit = |at: usize| i64::from(window[at].wrapping_sub(b'0'));
    let year = digit(0) * 1000 + digit(1) * 100 + digit(2) * 10 + digit(3);
    let (month, day) = (digit(5) * 10 + digit(6), digit(8) * 10 + digit(9));
    if (month.wrapping_sub(1) as u64 > 11) | (day < 1) | ((day > 28) && day > days_in_month(year, month)) {
        return None;
    }
    Some(days_since_epoch(year, month, day))
}

/// The first bytes of a window that are no digits.
#[inline(always)]
fn others<I: Isa>(isa: I, window: &[u8; ISO_WINDOW]) -> u32 {
    match window.first_chunk::<WINDOW>() {
        Some(window) => isa.not_digits(window),
        None => u32::MAX,
    }
}

/// The days of a text of `len` bytes that is a date.
#[inline(always)]
pub(super) fn date<I: Isa>(isa: I, window: &[u8; ISO_WINDOW], len: usize) -> Option<i64> {
    let is_date = (len == 10) & (others(isa, window) & 0x3FF == 0x90) & (window[4] == b'-') & (window[7] == b'-');
    if is_date { days(window) } else { None }
}

/// A text of `len` bytes that is a date and a time with seconds: `2024-02-29T12:34:56.789Z`.
#[inline(always)]
pub(super) fn instant<I: Isa>(isa: I, window: &[u8; ISO_WINDOW], len: usize) -> Option<IsoInstant> {
    let others = others(isa, window);
    let is_shaped = (others & 0x7_FFFF == 0x1_2490)
        & (window[4] == b'-')
        & (window[7] == b'-')
        & ((window[10] == b'T') | (window[10] == b' '));
    if !is_shaped {
        return None;
    }
    let (seconds, nanos, end) = clock(isa, window, 11, others, len)?;
    let is_utc = len == end + 1 && window[end] == b'Z';
    if !is_utc && len != end {
        return None;
    }
    Some(IsoInstant { seconds: days(window)? * 86_400 + seconds, nanos, is_utc })
}

/// A text of `len` bytes that is a time with seconds, `12:34:56.789`: seconds since midnight, and nanoseconds behind them.
#[inline(always)]
pub(super) fn time<I: Isa>(isa: I, window: &[u8; ISO_WINDOW], len: usize) -> Option<(i64, i64)> {
    let others = others(isa, window);
    if others & 0xFF != 0x24 {
        return None;
    }
    let (seconds, nanos, end) = clock(isa, window, 0, others, len)?;
    (len == end).then_some((seconds, nanos))
}

/// The time that begins at `at`, where digits stand in the places of digits: seconds since midnight, nanoseconds behind them,
/// and where it ends. `others` are the window's bytes that are no digits.
#[inline(always)]
fn clock<I: Isa>(isa: I, window: &[u8; ISO_WINDOW], at: usize, others: u32, len: usize) -> Option<(i64, i64, usize)> {
    let whole = at + 8;
    if len < whole || (window[at + 2] != b':') | (window[at + 5] != b':') {
        return None;
    }
    let two = |at: usize| i64::from(window[at].wrapping_sub(b'0')) * 10 + i64::from(window[at + 1].wrapping_sub(b'0'));
    let (hours, minutes, seconds) = (two(at), two(at + 3), two(at + 6));
    if (hours > 23) | (minutes > 59) | (seconds > 59) {
        return None;
    }
    let (nanos, end) = if len > whole && window[whole] == b'.' {
        let count = (others >> (whole + 1)).trailing_zeros() as usize;
        if !(1..=9).contains(&count) {
            return None;
        }
        let digits: &[u8; 16] = window[whole + 1..].first_chunk()?;
        // At most nine digits, so it fits.
        (isa.digits(digits, count) as i64 * POWERS[9 - count], whole + 1 + count)
    } else {
        (0, whole)
    };
    Some((hours * 3600 + minutes * 60 + seconds, nanos, end))
}

const POWERS: [i64; 10] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000];
