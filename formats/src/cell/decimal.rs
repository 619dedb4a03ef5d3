//! Decimals as text: all digits of the scale, no exponent.

/// Bytes behind `at` that must be there: 78 digits, 128 zeros of a scale, sign and point.
pub(crate) const ROOM: usize = 288;

/// Writes `digits`, an integer with or without its sign, times 10^-`scale`; returns where the text ends.
pub(crate) fn write(out: &mut [u8], at: usize, digits: impl FnOnce(&mut [u8], usize) -> usize, scale: i8) -> usize {
    let end = digits(out, at);
    let start = at + usize::from(out[at] == b'-' && end > at);
    match usize::try_from(scale) {
        Ok(0) => end,
        Ok(scale) => {
            let missing = (scale + 1).saturating_sub(end - start);
            if missing > 0 {
                out.copy_within(start..end, start + missing);
                out[start..start + missing].fill(b'0');
            }
            let end = end + missing;
            out.copy_within(end - scale..end, end - scale + 1);
            out[end - scale] = b'.';
            end + 1
        }
        Err(_) if out[start..end] == *b"0" => end,
        Err(_) => {
            let zeros = usize::from(scale.unsigned_abs());
            out[end..end + zeros].fill(b'0');
            end + zeros
        }
    }
}

#[cfg(test)]
mod tests {
    use arrow_buffer::i256;

    use super::{super::integer, *};

    #[test]
    fn digits_and_scale() {
        for (unscaled, scale, expected) in [
            (0, 0, "0"),
            (0, 2, "0.00"),
            (5, 2, "0.05"),
            (-5, 2, "-0.05"),
            (-12345, 2, "-123.45"),
            (12, 2, "0.12"),
            (7, -3, "7000"),
            (-7, -1, "-70"),
            (0, -3, "0"),
        ] {
            let mut out = [b'-'; ROOM];
            let end = write(&mut out, 1, |out, at| integer::write_i64(out, at, unscaled), scale);
            assert_eq!(std::str::from_utf8(&out[1..end]), Ok(expected));
        }
    }

    #[test]
    fn the_longest_have_room() {
        for (scale, len) in [(i8::MIN, 1 + 77 + 128), (0, 1 + 77), (i8::MAX, 1 + 1 + 1 + 127)] {
            let mut out = [0; ROOM];
            let end = write(&mut out, 0, |out, at| integer::write_i256(out, at, i256::MIN), scale);
            assert_eq!(end, len);
        }
    }
}
