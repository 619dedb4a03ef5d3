//! How sure a share is that was measured on a sample.

/// The 97.5 % quantile of the normal distribution: 95 % lie between it and its negative.
const Z: f64 = 1.959_963_984_540_054;

/// The lower bound of the 95 % Wilson score interval for a share of which `fits` of `all` were seen.
///
/// Nothing seen is nothing known: 0.
///
/// Source: Wilson (1927), "Probable inference, the law of succession, and statistical inference".
pub fn wilson_lower(fits: u64, all: u64) -> f64 {
    if all == 0 {
        return 0.0;
    }
    let n = all as f64;
    let share = fits as f64 / n;
    let centre = share + Z * Z / (2.0 * n);
    let spread = Z * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
    ((centre - spread) / (1.0 + Z * Z / n)).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_those_of_the_published_formula() {
        let check = |fits, all, expected: f64| {
            let bound = wilson_lower(fits, all);
            assert!((bound - expected).abs() < 5e-5, "{fits} of {all}: {bound}");
        };
        check(0, 0, 0.0);
        check(1, 1, 0.2065);
        check(10, 10, 0.7225);
        check(1000, 1000, 0.9962);
        check(0, 10, 0.0);
        check(5, 10, 0.2366);
        check(81, 263, 0.2553);
    }
}
