//! Floating-point numbers as the shortest text that reads back, with a fraction or an exponent, so that it stays a float.

use super::integer;

/// Bytes behind `at` that must be there.
pub(super) const ROOM: usize = 32;

/// Writes a number, `NaN`, `inf` or `-inf` into `out` from `at` on; returns where the text ends.
#[inline]
pub(crate) fn write(out: &mut [u8], at: usize, value: impl zmij::Float) -> usize {
    let mut buffer = zmij::Buffer::new();
    copy_short(out, at, buffer.format(value).as_bytes())
}

/// The same for a finite number, and faster where it has few digits, as prices and measurements do.
#[inline]
pub(crate) fn write_f64(out: &mut [u8], at: usize, value: f64) -> usize {
    const DECIMALS: u64 = 1_000_000;
    // Two numbers of 15 digits never share a nearest float, so one of 15 that reads back is the shortest that does. It
    // reads back when the division of two exact integers, which is rounded to nearest, gives the value.
    const LIMIT: f64 = 1e15;
    let scaled = value.abs() * DECIMALS as f64 + 0.5;
    if scaled < LIMIT {
        let millionths = scaled as u64;
        let is_exact = millionths as f64 / DECIMALS as f64 == value.abs();
        // What is smaller is shorter with an exponent.
        if is_exact && (millionths >= 10 || millionths == 0) {
            out[at] = b'-';
            let at = at + usize::from(value.is_sign_negative());
            let at = integer::write_u64(out, at, millionths / DECIMALS);
            out[at] = b'.';
            return integer::write_decimals(out, at + 1, (millionths % DECIMALS) * 100);
        }
    }
    write(out, at, value)
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
        let mut bits = 0x9E37_79B9_7F4A_7C15_u64;
        let mut check = |value: f64| {
            let mut out = [b'x'; ROOM + 2];
            let end = write(&mut out, 1, value);
            let text = std::str::from_utf8(&out[1..end]).unwrap_or_default();
            assert_eq!(text.parse::<f64>().map(f64::to_bits), Ok(value.to_bits()), "{text}");
            assert!(text.contains(['.', 'e', 'n']), "{text} reads as an integer");
            assert_eq!((out[0], out[end]), (b'x', b'x'));
            lengths[text.len()] = true;
            if value.is_finite() {
                let mut faster = [b'x'; ROOM + 2];
                let end = write_f64(&mut faster, 1, value);
                assert_eq!(std::str::from_utf8(&faster[1..end]), Ok(text));
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
        assert!(lengths[3..=24].iter().all(|seen| *seen), "{lengths:?}");
    }
}
