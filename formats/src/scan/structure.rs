//! Where the bytes stand that separate, with those in quotes left out.

use super::{
    isa::{Isa, WINDOW, low_bits},
    marks::{Places, padded},
};

/// Places of the separators of a text that stand outside of quotes, in order, in memory that is reused, and what is known of
/// its quotes.
///
/// A quote opens or closes by how many stand in front of it. Whether that is what it means is for the caller to see: from the
/// counts, a stray one is found without a look at each.
#[derive(Debug, Default)]
pub(crate) struct Structure {
    places: Places,
    doubled: Places,
    /// Separators of the kind that is counted.
    pub(crate) counted: usize,
    /// Quotes that open, by the count of those in front of them.
    pub(crate) opens: usize,
}

/// The bytes that [`Structure::find`] looks for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Separators {
    /// Two separators.
    pub(crate) both: [u8; 2],
    /// A third, whose number is wanted.
    pub(crate) counted: u8,
    pub(crate) quote: Option<u8>,
}

impl Structure {
    /// Finds every separator of `text[..end]`. No more than 2^31 bytes are looked at.
    ///
    /// What stands behind `end` is read where that is faster, and does not count.
    #[inline(always)]
    pub(crate) fn find<I: Isa>(&mut self, isa: I, text: &[u8], end: usize, bytes: Separators) {
        let end = end.min(text.len()).min(1 << 31);
        self.places.clear();
        self.doubled.clear();
        (self.counted, self.opens) = (0, 0);
        let [first, second] = bytes.both;
        let third = bytes.counted;
        // All ones behind a quote that opens; 1 behind one that closes at the end of a window.
        let (mut inside, mut closed) = (0_u32, 0_u32);
        let mut at = 0;
        while at < end {
            let in_text = low_bits(end - at);
            let rest = &text[at..];
            let last;
            let window = match rest.first_chunk::<WINDOW>() {
                Some(window) => window,
                None => {
                    last = padded(rest);
                    &last
                }
            };
            let mut separators = isa.any_of(window, [first, second, third]) & in_text;
            let mut counted = isa.any_of(window, [third; 3]) & in_text;
            if let Some(quote) = bytes.quote {
                let quotes = isa.any_of(window, [quote; 3]) & in_text;
                if quotes != 0 {
                    let within = odd_so_far(quotes) ^ inside;
                    let (opens, closes) = (quotes & within, quotes & !within);
                    let doubled = opens & (closes << 1 | closed);
                    if doubled != 0 {
                        self.doubled.push_all(isa, at as u32, doubled);
                    }
                    self.opens += opens.count_ones() as usize;
                    separators &= !within;
                    counted &= !within;
                    inside = ((within as i32) >> 31) as u32;
                    closed = closes >> 31;
                } else {
                    separators &= !inside;
                    counted &= !inside;
                    closed = 0;
                }
            }
            self.counted += counted.count_ones() as usize;
            self.places.push_all(isa, at as u32, separators);
            at += WINDOW;
        }
        self.doubled.end(isa);
    }

    /// The separators outside of quotes.
    #[inline(always)]
    pub(crate) fn places(&self) -> &[u32] {
        self.places.as_slice()
    }

    /// Quotes that open right behind one that closes, and behind them `u32::MAX`, which none of them is.
    #[inline(always)]
    pub(crate) fn doubled(&self) -> &[u32] {
        self.doubled.as_slice()
    }
}

/// Bit i is set where of the bits up to i, with it, an odd number is.
#[inline(always)]
fn odd_so_far(bits: u32) -> u32 {
    let mut odd = bits;
    odd ^= odd << 1;
    odd ^= odd << 2;
    odd ^= odd << 4;
    odd ^= odd << 8;
    odd ^ odd << 16
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::Portable;

    const BYTES: Separators = Separators { both: *b",\0", counted: b'\n', quote: Some(b'"') };

    /// The same, byte by byte.
    fn expected(text: &[u8], bytes: Separators) -> (Vec<u32>, Vec<u32>, usize, usize) {
        let (mut places, mut doubled, mut counted, mut opens) = (Vec::new(), Vec::new(), 0, 0);
        let mut inside = false;
        for (at, byte) in text.iter().enumerate() {
            if Some(*byte) == bytes.quote {
                inside = !inside;
                opens += usize::from(inside);
                if inside && at > 0 && Some(text[at - 1]) == bytes.quote {
                    doubled.push(at as u32);
                }
            } else if !inside && (bytes.both.contains(byte) || *byte == bytes.counted) {
                places.push(at as u32);
                counted += usize::from(*byte == bytes.counted);
            }
        }
        doubled.push(u32::MAX);
        (places, doubled, counted, opens)
    }

    fn check<I: Isa>(isa: I, text: &[u8], end: usize, bytes: Separators) {
        let mut structure = Structure::default();
        // Twice, since what was found before must not show.
        structure.find(isa, b"\",,\"\",,\"\n\n", 10, bytes);
        structure.find(isa, text, end, bytes);
        let found = (structure.places().to_vec(), structure.doubled().to_vec(), structure.counted, structure.opens);
        assert_eq!(found, expected(&text[..end], bytes), "{text:?} to {end}");
    }

    fn check_all(text: &[u8]) {
        for end in [text.len(), text.len() / 2, text.len().saturating_sub(1), 0] {
            for bytes in [BYTES, Separators { quote: None, ..BYTES }] {
                check(Portable, text, end, bytes);
                #[cfg(all(target_arch = "x86_64", not(laminar_no_avx2)))]
                if let Some(isa) = crate::scan::Avx2::detect() {
                    check(isa, text, end, bytes);
                }
            }
        }
    }

    #[test]
    fn what_is_in_quotes_does_not_count() {
        check_all(b"");
        check_all(b"a,\"b,\"\"\n\",c\n\0");
        check_all(&[b'"'; 100]);
        check_all("naïve,\"zw,ölf\"\n\0".repeat(20).as_bytes());
        let mut state = 1_u32;
        for len in 0..300 {
            let text: Vec<u8> = (0..len)
                .map(|_| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    [b',', b'"', b'\n', 0, b'"', b'a', 0x2D, 0xAC][(state >> 29) as usize]
                })
                .collect();
            check_all(&text);
        }
    }
}
