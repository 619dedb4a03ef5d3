//! Numbers in text, evaluated by string arithmetic that shares nothing with our own.

/// The number times 10^`scale`, exactly; `None` where it is none, has more decimals, or needs more than 38 digits.
pub fn scaled(text: &str, scale: i64) -> Option<i128> {
    let (negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (mantissa, exponent) = match rest.find(['e', 'E']) {
        Some(at) => (&rest[..at], exponent(&rest[at + 1..])?),
        None => (rest, 0),
    };
    let (integer, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if integer.len() + fraction.len() == 0 || !all_digits(integer) || !all_digits(fraction) {
        return None;
    }
    let digits = format!("{integer}{fraction}");
    let significant = digits.trim_start_matches('0').trim_end_matches('0');
    if significant.is_empty() {
        return Some(0);
    }
    let trailing = (digits.len() - digits.trim_end_matches('0').len()) as i64;
    let zeros = exponent + scale - fraction.len() as i64 + trailing;
    let zeros = usize::try_from(zeros).ok().filter(|zeros| significant.len() + zeros <= 38)?;
    let value: i128 = format!("{significant}{}", "0".repeat(zeros)).parse().ok()?;
    Some(if negative { -value } else { value })
}

fn exponent(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    // What is longer is beyond every column, in either direction.
    let value = digits.trim_start_matches('0');
    let value = if value.len() > 9 { 999_999_999 } else { value.parse().unwrap_or(0) };
    Some(if text.starts_with('-') { -value } else { value })
}

/// Whether a text is an integer without a fraction or exponent.
pub fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
}

/// Whether a floating-point number stands for an integer's text: it is that integer, or is printed with its digits.
pub fn keeps(v: f64, shortest: &str, text: &str) -> bool {
    let exact = format!("{v:.0}");
    let plain = |text: &str| {
        let digits = text.trim_start_matches(['-', '+']).trim_start_matches('0');
        (text.starts_with('-') && !digits.is_empty(), digits.to_owned())
    };
    plain(&exact) == plain(text) || plain(shortest) == plain(text)
}
