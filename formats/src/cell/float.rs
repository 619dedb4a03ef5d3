//! Floating-point numbers as the shortest text that reads back, with a fraction or an exponent, so that it stays a float.

#![allow(unsafe_code, reason = "texts are made where they belong, and floats below a limit converted unchecked")]

use super::integer;

/// Bytes behind `at` that must be there.
pub(super) const ROOM: usize = 32;

/// Writes a number, `NaN`, `inf` or `-inf` into `out` from `at` on; returns where the text ends.
#[inline]
pub(crate) fn write(out: &mut [u8], at: usize, value: impl zmij::Float) -> usize {
    let mut buffer = zmij::Buffer::new();
    copy_short(out, at, buffer.format(value).as_bytes())
}

/// The same for a finite number, whose text is made where it belongs.
#[inline(always)]
pub(crate) fn write_finite<const N: usize>(out: &mut [u8; N], at: usize, value: f64) -> usize {
    let Some(room) = out[at..].first_chunk_mut::<BUFFER>() else { no_room() };
    let buffer: *mut zmij::Buffer = room.as_mut_ptr().cast();
    // SAFETY: `room` is as large as the buffer, which any address suits, and nothing else uses it meanwhile.
    unsafe { buffer.write(zmij::Buffer::new()) };
    // SAFETY: as above, and a buffer was put there.
    let buffer = unsafe { &mut *buffer };
    at + buffer.format_finite(value).len()
}

/// Size of the buffer that texts are made in, which can stand at any address.
const BUFFER: usize = size_of::<zmij::Buffer>();
static_assertions::const_assert!(align_of::<zmij::Buffer>() == 1);

#[cold]
fn no_room() -> ! {
    panic!("less room behind a number than its type may take")
}

/// As many decimals as short numbers have, and more than prices and measurements mostly do.
const DECIMALS: f64 = 1e6;

/// The number in millionths, if it has no other decimals and eight digits at most before them.
#[inline(always)]
fn millionths(value: f64) -> Option<u64> {
    // Two numbers of 15 digits never share a nearest float, so one of 14 that reads back is the shortest that does. It
    // reads back when the division of two exact integers, which is rounded to nearest, gives the value.
    const LIMIT: f64 = 1e14;
    let scaled = value.abs() * DECIMALS + 0.5;
    if scaled < LIMIT {
        // SAFETY: between 0 and 10^14, and not NaN, for which no comparison holds.
        let millionths = unsafe { scaled.to_int_unchecked::<i64>() };
        let is_exact = millionths as f64 / DECIMALS == value.abs();
        let millionths = millionths.unsigned_abs();
        // What is smaller is shorter with an exponent, zero excepted.
        if is_exact && millionths.wrapping_sub(1) >= 9 {
            return Some(millionths);
        }
    }
    None
}

/// The same as [`write`], and faster, for numbers with few digits, as prices and measurements have; `None` for others.
#[inline(always)]
pub(crate) fn write_short<const N: usize>(out: &mut [u8; N], at: usize, value: f64) -> Option<usize> {
    let millionths = millionths(value)?;
    let (whole, rest) = (millionths / DECIMALS as u64, millionths % DECIMALS as u64);
    out[at] = b'-';
    let at = at + usize::from(value.is_sign_negative());
    let Some(room) = out[at..].first_chunk_mut::<SHORT>() else { no_room() };
    let len = integer::write_leading(room, whole);
    room[len] = b'.';
    Some(at + integer::write_decimals(room, len + 1, rest * 100))
}

/// Bytes behind `at` that [`write_short`] needs: two words, a point, and what is masked off.
const SHORT: usize = 24;

/// Whether it is worth trying [`write_short`] first, by a few of the values.
pub(crate) fn are_mostly_short(values: &[f64]) -> bool {
    const SAMPLE: usize = 8;
    let step = (values.len() / SAMPLE).max(1);
    let sample = values.iter().step_by(step).take(SAMPLE);
    // A missing value is a zero mostly, and says nothing.
    let (short, long) = sample.filter(|value| **value != 0.0).fold((0, 0), |(short, long), value| {
        if millionths(*value).is_some() { (short + 1, long) } else { (short, long + 1) }
    });
    short >= long
}

/// Copies up to 32 bytes as two overlapping halves: a call of memcpy costs more than the copy.
#[inline]
fn copy_short(out: &mut [u8], at: usize, text: &[u8]) -> usize {
    let end = at + text.len();
    let room = &mut out[at..end];
    let copied = copy_halves::<16>(room, text) || copy_halves::<8>(room, text) || copy_halves::<4>(room, text);
    if !copied {
        // No float is shorter than `0.0`.
        copy_halves::<2>(room, text);
    }
    end
}

#[inline]
fn copy_halves<const N: usize>(room: &mut [u8], text: &[u8]) -> bool {
    let (Some(first), Some(last)) = (text.first_chunk::<N>(), text.last_chunk::<N>()) else { return false };
    if let Some(room) = room.first_chunk_mut() {
        *room = *first;
    }
    if let Some(room) = room.last_chunk_mut() {
        *room = *last;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_every_length_read_back() {
        let mut lengths = [false; ROOM];
        let mut num_short = 0;
        let mut bits = 0x9E37_79B9_7F4A_7C15_u64;
        let mut check = |value: f64| {
            let mut out = [b'x'; ROOM + 2];
            let end = write(&mut out, 1, value);
            let text = std::str::from_utf8(&out[1..end]).unwrap_or_default();
            assert_eq!(text.parse::<f64>().map(f64::to_bits), Ok(value.to_bits()), "{text}");
            assert!(text.contains(['.', 'e', 'n']), "{text} reads as an integer");
            assert_eq!((out[0], out[end]), (b'x', b'x'));
            lengths[text.len()] = true;
            let mut same = [b'x'; 1 + ROOM];
            if value.is_finite() {
                let end = write_finite(&mut same, 1, value);
                assert_eq!(std::str::from_utf8(&same[1..end]), Ok(text));
            }
            if let Some(end) = write_short(&mut same, 1, value) {
                assert_eq!(std::str::from_utf8(&same[1..end]), Ok(text));
                num_short += 1;
            }
        };
        for value in [0.0, -0.0, 1e16, 5e-324, f64::MIN_POSITIVE, f64::MAX, f64::MIN, f64::EPSILON, f64::INFINITY] {
            check(value);
        }
        for _ in 0..100_000 {
            bits = bits.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let (any, short) = (f64::from_bits(bits), (bits >> 40) as f64 / 1000.0);
            if any.is_finite() {
                check(any);
            }
            check(short);
            check(-short / 1000.0);
            check((bits >> 44) as f64 * 1e-7);
            check(f64::from_bits(short.to_bits() + 1));
            check((bits >> (bits >> 58)) as f64 / 8.0);
        }
        assert!(num_short > 100_000, "{num_short}");
        assert!(lengths[3..=24].iter().all(|seen| *seen), "{lengths:?}");
    }
}
