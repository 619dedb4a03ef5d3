//! Floating-point numbers as the shortest text that reads back, with a fraction or an exponent, so that it stays a float.

/// Bytes behind `at` that must be there.
pub(super) const ROOM: usize = 32;

/// Writes a number, `NaN`, `inf` or `-inf` into `out` from `at` on; returns where the text ends.
#[inline]
pub(super) fn write(out: &mut [u8], at: usize, value: impl zmij::Float) -> usize {
    let mut buffer = zmij::Buffer::new();
    copy_short(out, at, buffer.format(value).as_bytes())
}

/// Copies up to 32 bytes as two overlapping halves: a call of memcpy costs more than the copy.
#[inline]
fn copy_short(out: &mut [u8], at: usize, text: &[u8]) -> usize {
    let end = at + text.len();
    let room = &mut out[at..end];
    if let (Some(first), Some(last)) = (text.first_chunk::<16>(), text.last_chunk::<16>()) {
        let behind = room.len() - 16;
        room[..16].copy_from_slice(first);
        room[behind..].copy_from_slice(last);
    } else if let (Some(first), Some(last)) = (text.first_chunk::<8>(), text.last_chunk::<8>()) {
        let behind = room.len() - 8;
        room[..8].copy_from_slice(first);
        room[behind..].copy_from_slice(last);
    } else {
        for (to, from) in room.iter_mut().zip(text) {
            *to = *from;
        }
    }
    end
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
            check((bits >> (bits >> 58)) as f64 / 8.0);
        }
        assert!(lengths[3..=24].iter().all(|seen| *seen), "{lengths:?}");
    }
}
