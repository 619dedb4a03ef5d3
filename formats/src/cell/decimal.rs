//! Decimals as text: all digits of the scale, no exponent.

use std::{fmt::Display, io::Write as _};

/// Appends `unscaled` times 10^-`scale`.
pub(super) fn write(out: &mut Vec<u8>, unscaled: impl Display, scale: i8) {
    let start = out.len();
    // Writing to memory cannot fail.
    let _ = write!(out, "{unscaled}");
    let digits = start + usize::from(out.get(start) == Some(&b'-'));
    match usize::try_from(scale) {
        Ok(0) => {}
        Ok(scale) => {
            let missing = (scale + 1).saturating_sub(out.len() - digits);
            out.splice(digits..digits, std::iter::repeat_n(b'0', missing));
            out.insert(out.len() - scale, b'.');
        }
        Err(_) if out[digits..] == *b"0" => {}
        Err(_) => out.extend(std::iter::repeat_n(b'0', usize::from(scale.unsigned_abs()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            (0, -3, "0"),
        ] {
            let mut out = b"x".to_vec();
            write(&mut out, unscaled, scale);
            assert_eq!(String::from_utf8_lossy(&out[1..]), expected);
        }
    }
}
