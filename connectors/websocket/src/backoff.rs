//! How long to wait before the next attempt to connect.

use std::time::Duration;

const MIN: Duration = Duration::from_millis(100);
const MAX: Duration = Duration::from_secs(10);

/// The distance before attempt number `attempt`, from 0: it doubles up to a limit, and a random half of it is left out, so that
/// those that lost the same server do not all come back at once.
pub(crate) fn before(attempt: u32) -> Duration {
    let whole = longest(attempt);
    whole.mul_f64(0.5 + fastrand::f64() / 2.0)
}

fn longest(attempt: u32) -> Duration {
    MIN.saturating_mul(1 << attempt.min(16)).min(MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_grow_up_to_a_limit_and_differ() {
        let longest: Vec<u128> = [0, 1, 2, 6, 7, 1000].map(|n| longest(n).as_millis()).to_vec();
        assert_eq!(longest, [100, 200, 400, 6400, 10_000, 10_000]);
        let waits: Vec<Duration> = (0..20).map(|_| before(3)).collect();
        assert!(waits.iter().all(|w| (400..=800).contains(&w.as_millis())), "{waits:?}");
        assert!(waits.iter().any(|w| *w != waits[0]), "{waits:?}");
    }
}
