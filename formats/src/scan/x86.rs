//! AVX2 and the bit instructions that came with it.
#![allow(unsafe_code, reason = "functions that are compiled for an instruction set, and loads from pointers")]

use std::arch::x86_64::{
    __m128i, __m256i, _mm_blendv_epi8, _mm_cvtsi128_si64, _mm_loadu_si128, _mm_madd_epi16, _mm_maddubs_epi16,
    _mm_packus_epi32, _mm_set1_epi8, _mm_set1_epi16, _mm_set1_epi32, _mm_shuffle_epi8, _mm_slli_si128, _mm_subs_epu8,
    _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_min_epu8, _mm256_movemask_epi8, _mm256_or_si256, _mm256_set1_epi8,
    _mm256_sub_epi8,
};

use super::isa::{Isa, Pattern, WINDOW};

/// Proof that this machine has AVX2, BMI1, BMI2, LZCNT and POPCNT.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Avx2(());

impl Avx2 {
    /// The proof, if the machine has them.
    pub(crate) fn detect() -> Option<Self> {
        let has_all = std::arch::is_x86_feature_detected!("avx2")
            && std::arch::is_x86_feature_detected!("bmi1")
            && std::arch::is_x86_feature_detected!("bmi2")
            && std::arch::is_x86_feature_detected!("lzcnt")
            && std::arch::is_x86_feature_detected!("popcnt");
        has_all.then_some(Self(()))
    }
}

/// Long enough for a load of sixteen bytes from every offset below 32.
type Sliding = [u8; 48];

/// Sixteen bytes that choose nothing, then those that choose bytes 0 to 15: a load from offset n moves n bytes to the end.
static TO_THE_END: Sliding = {
    let mut order = [0x80; 48];
    let mut i = 0;
    while i < 16 {
        order[16 + i] = i as u8;
        i += 1;
    }
    order
};

/// Sixteen bytes of ones, then zeros: a load from offset 16 - n has its first n bytes set.
static FIRST_BYTES: Sliding = {
    let mut ones = [0; 48];
    let mut i = 0;
    while i < 16 {
        ones[i] = 0xFF;
        i += 1;
    }
    ones
};

#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
#[inline]
fn load(window: &[u8; WINDOW]) -> __m256i {
    // SAFETY: the window is 32 readable bytes, and `loadu` asks for no alignment.
    unsafe { _mm256_loadu_si256(window.as_ptr().cast()) }
}

#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
#[inline]
fn load_half(bytes: &[u8; 16]) -> __m128i {
    // SAFETY: these are 16 readable bytes, and `loadu` asks for no alignment.
    unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) }
}

/// Sixteen bytes of a table from `offset` on, which is below 32.
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
#[inline]
fn load_from(table: &'static Sliding, offset: usize) -> __m128i {
    // SAFETY: the offset is at most 31 now, and 31 + 16 bytes are in the table.
    let bytes = unsafe { table.as_ptr().add(offset & 31) };
    // SAFETY: as above, and `loadu` asks for no alignment.
    unsafe { _mm_loadu_si128(bytes.cast()) }
}

#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
#[inline]
fn plain_prefix(window: &[u8; WINDOW]) -> usize {
    specials(window).trailing_zeros() as usize
}

#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
#[inline]
fn specials(window: &[u8; WINDOW]) -> u32 {
    let bytes = load(window);
    let quote = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(b'"' as i8));
    let backslash = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(b'\\' as i8));
    let control = _mm256_cmpeq_epi8(_mm256_min_epu8(bytes, _mm256_set1_epi8(0x1F)), bytes);
    let special = _mm256_or_si256(_mm256_or_si256(quote, backslash), control);
    _mm256_movemask_epi8(special) as u32
}

#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
#[inline]
fn starts_with(window: &[u8; WINDOW], pattern: &Pattern) -> bool {
    let same = _mm256_cmpeq_epi8(load(window), load(pattern.bytes()));
    !(_mm256_movemask_epi8(same) as u32) & pattern.mask() == 0
}

#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
#[inline]
fn any_of(window: &[u8; WINDOW], [a, b, c]: [u8; 3]) -> u32 {
    let bytes = load(window);
    let a = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(a as i8));
    let b = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(b as i8));
    let c = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(c as i8));
    _mm256_movemask_epi8(_mm256_or_si256(_mm256_or_si256(a, b), c)) as u32
}

#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
#[inline]
fn not_digits(window: &[u8; WINDOW]) -> u32 {
    let values = _mm256_sub_epi8(load(window), _mm256_set1_epi8(b'0' as i8));
    let digit = _mm256_cmpeq_epi8(_mm256_min_epu8(values, _mm256_set1_epi8(9)), values);
    !(_mm256_movemask_epi8(digit) as u32)
}

#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
#[inline]
fn digits(bytes: &[u8; 16], end: usize) -> u64 {
    sum(_mm_shuffle_epi8(values(bytes), load_from(&TO_THE_END, end)))
}

#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
#[inline]
fn digits_around(bytes: &[u8; 16], dot: usize, end: usize) -> u64 {
    let values = values(bytes);
    // What stands in front of the dot moves into its place; a zero comes in at the front.
    let before = load_from(&FIRST_BYTES, 15_usize.wrapping_sub(dot));
    let joined = _mm_blendv_epi8(values, _mm_slli_si128::<1>(values), before);
    sum(_mm_shuffle_epi8(joined, load_from(&TO_THE_END, end)))
}

/// What digits stand for; 0 for any byte below them, more than 9 for any above.
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
#[inline]
fn values(bytes: &[u8; 16]) -> __m128i {
    _mm_subs_epu8(load_half(bytes), _mm_set1_epi8(b'0' as i8))
}

/// The number that sixteen digits make, the first the highest.
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
#[inline]
fn sum(digits: __m128i) -> u64 {
    let pairs = _mm_maddubs_epi16(digits, _mm_set1_epi16(0x010A));
    let fours = _mm_madd_epi16(pairs, _mm_set1_epi32(0x0001_0064));
    let packed = _mm_packus_epi32(fours, fours);
    let eights = _mm_cvtsi128_si64(_mm_madd_epi16(packed, _mm_set1_epi32(0x0001_2710))) as u64;
    (eights & 0xFFFF_FFFF) * 100_000_000 + (eights >> 32)
}

// SAFETY: each operation looks at every byte that it speaks of; tests hold it against plain code.
unsafe impl Isa for Avx2 {
    #[inline(always)]
    fn plain_prefix(self, window: &[u8; WINDOW]) -> usize {
        // SAFETY: `self` proves that the machine has what the function is compiled for.
        unsafe { plain_prefix(window) }
    }

    #[inline(always)]
    fn specials(self, window: &[u8; WINDOW]) -> u32 {
        // SAFETY: as above.
        unsafe { specials(window) }
    }

    #[inline(always)]
    fn starts_with(self, window: &[u8; WINDOW], pattern: &Pattern) -> bool {
        // SAFETY: as above.
        unsafe { starts_with(window, pattern) }
    }

    #[inline(always)]
    fn any_of(self, window: &[u8; WINDOW], bytes: [u8; 3]) -> u32 {
        // SAFETY: as above.
        unsafe { any_of(window, bytes) }
    }

    #[inline(always)]
    fn not_digits(self, window: &[u8; WINDOW]) -> u32 {
        // SAFETY: as above.
        unsafe { not_digits(window) }
    }

    #[inline(always)]
    fn digits(self, bytes: &[u8; 16], end: usize) -> u64 {
        // SAFETY: as above.
        unsafe { digits(bytes, end) }
    }

    #[inline(always)]
    fn digits_around(self, bytes: &[u8; 16], dot: usize, end: usize) -> u64 {
        // SAFETY: as above.
        unsafe { digits_around(bytes, dot, end) }
    }
}
