//! Pauses between the requests for one question.

use std::{
    hash::{BuildHasher, Hasher, RandomState},
    time::Duration,
};

use crate::RetryPolicy;

impl RetryPolicy {
    /// The pause before request number `next`, where the first is 1; `None` where there is to be no other.
    ///
    /// It is drawn from the upper half of the doubled pause: clients that failed together do not come back together.
    pub(crate) fn pause_before(&self, next: u32, asked_for: Option<Duration>) -> Option<Duration> {
        if next > self.max_attempts {
            return None;
        }
        let doubled = self.first_backoff.saturating_mul(1u32.checked_shl(next.saturating_sub(2)).unwrap_or(u32::MAX));
        let longest = doubled.min(self.max_backoff);
        let drawn = longest.mul_f64(0.5 + 0.5 * fraction());
        Some(asked_for.map_or(drawn, |asked| drawn.max(asked).min(self.max_backoff)))
    }
}

/// A number in `0..1`. The standard library keys each hash state anew: random enough to spread clients, and no dependency.
fn fraction() -> f64 {
    let drawn = RandomState::new().build_hasher().finish() >> 40;
    f64::from(u32::try_from(drawn).unwrap_or(0)) / f64::from(1u32 << 24)
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: RetryPolicy = RetryPolicy {
        max_attempts: 5,
        first_backoff: Duration::from_millis(100),
        max_backoff: Duration::from_millis(300),
    };

    #[test]
    fn pauses_double_up_to_the_longest_and_end() {
        for (next, longest) in [(2, 100), (3, 200), (4, 300), (5, 300)] {
            let pause = POLICY.pause_before(next, None).unwrap();
            let (low, high) = (Duration::from_millis(longest / 2), Duration::from_millis(longest));
            assert!((low..=high).contains(&pause), "{next}: {pause:?}");
        }
        assert_eq!(POLICY.pause_before(6, None), None);
    }

    #[test]
    fn the_registrys_wish_is_followed_up_to_the_longest_pause() {
        assert_eq!(POLICY.pause_before(2, Some(Duration::from_millis(250))), Some(Duration::from_millis(250)));
        assert_eq!(POLICY.pause_before(2, Some(Duration::from_secs(3600))), Some(POLICY.max_backoff));
    }

    #[test]
    fn pauses_differ() {
        let drawn: Vec<_> = (0..8).filter_map(|_| POLICY.pause_before(4, None)).collect();
        assert!(drawn.iter().any(|pause| *pause != drawn[0]), "{drawn:?}");
    }
}
