//! The random stream behind every record: splitmix64, keyed by seed and record number.

/// The golden-ratio increment of splitmix64; it is odd, so multiples of it never collide in 64 bits.
const GAMMA: u64 = 0x9E37_79B9_7F4A_7C15;

/// A stream of pseudo-random numbers that is a pure function of its key.
///
/// Source: Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014), `splitmix64`.
#[derive(Debug, Clone)]
pub(super) struct Random(u64);

impl Random {
    /// Opens the stream that belongs to one record and purpose.
    pub(super) fn for_record(seed: u64, purpose: u64, record: u64) -> Self {
        Self(mix(mix(seed.wrapping_add(purpose.wrapping_mul(GAMMA))) ^ mix(record.wrapping_mul(GAMMA))))
    }

    /// Opens a sub-stream, so that what one column draws does not depend on which columns were written before it.
    pub(super) fn fork(&self, lane: u64) -> Self {
        Self(mix(self.0.wrapping_add((lane + 1).wrapping_mul(GAMMA))))
    }

    /// Draws 64 uniform bits.
    pub(super) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GAMMA);
        mix(self.0)
    }

    /// Draws uniformly from `0..bound`, or 0 where `bound` is 0.
    ///
    /// The multiply-shift bias is below `bound / 2^64`, which no sample here can show.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(bound)) >> 64) as u64
    }

    /// Draws uniformly from `min..=max`.
    pub(super) fn between(&mut self, min: i64, max: i64) -> i64 {
        min.wrapping_add(self.below(max.abs_diff(min) + 1) as i64)
    }

    /// Draws a float in `[0, 1)` with 53 random bits.
    pub(super) fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Is true in `percent` of 100 draws.
    pub(super) fn percent(&mut self, percent: u8) -> bool {
        self.below(100) < u64::from(percent)
    }

    /// Draws one element; the tables of the catalogue are never empty.
    pub(super) fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len() as u64) as usize]
    }
}

/// The finaliser of splitmix64: a bijection that spreads every input bit over the output.
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stream_is_the_published_splitmix64() {
        // First outputs for state 1234567, as published with the reference C implementation.
        let mut random = Random(1_234_567);
        assert_eq!(random.bits(), 6_457_827_717_110_365_317);
        assert_eq!(random.bits(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn draws_stay_in_range() {
        let mut random = Random::for_record(1, 2, 3);
        for _ in 0..10_000 {
            assert!((-5..=5).contains(&random.between(-5, 5)));
            assert!((0.0..1.0).contains(&random.unit()));
            assert!(!random.percent(0));
            assert!(random.percent(100));
        }
    }
}
