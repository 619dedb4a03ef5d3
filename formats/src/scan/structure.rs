//! Where the bytes stand that separate, with those in quotes left out.

use super::{
    isa::{Isa, WINDOW},
    marks::{Places, padded},
};

/// Bytes that are looked at together: as many as one word has bits.
const BLOCK: usize = 2 * WINDOW;

/// Places of the separators of a text that stand outside of quotes, in order, in memory that is reused, and what is known of
/// its quotes.
///
/// A quote opens or closes by how many stand in front of it. Whether that is what it means is for the caller to see: from the
/// counts, a stray one is found without a look at each.
#[derive(Debug, Default)]
pub(crate) struct Structure {
    places: Places,
    /// One per block, from the first that has a quote on. Those behind the text's last block mean nothing.
    doubled: Vec<Doubled>,
    /// Where the first of them begins.
    first_quotes: usize,
    /// Quotes that open right behind one that closes.
    pub(crate) num_doubled: u32,
    /// Separators of the kinds that are counted.
    pub(crate) counted: u32,
    /// Quotes that open, by the count of those in front of them.
    pub(crate) opens: u32,
}

/// Doubled quotes of one block.
#[derive(Debug, Clone, Copy, Default)]
struct Doubled {
    bits: u64,
    /// How many there are in the blocks in front of it.
    before: u32,
}

/// The bytes that [`Structure::find`] looks for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Separators {
    pub(crate) delimiter: u8,
    /// Other separators, whose number is wanted.
    pub(crate) counted: [u8; 2],
    pub(crate) quote: Option<u8>,
}

impl Structure {
    /// Finds every separator of `text[..end]`. No more than 2^31 bytes are looked at.
    #[inline(always)]
    pub(crate) fn find<I: Isa>(&mut self, isa: I, text: &[u8], end: usize, bytes: Separators) {
        let end = end.min(text.len()).min(1 << 31);
        let (blocks, rest) = text[..end].as_chunks::<BLOCK>();
        self.places.clear();
        let mut counted = 0;
        // Up to the first quote: many texts have none.
        let mut plain = 0;
        for block in blocks {
            if bytes.quotes(isa, block) != 0 {
                break;
            }
            counted += bytes.counted(isa, block).count_ones();
            self.places.push_all((plain * BLOCK) as u32, bytes.separators(isa, block));
            plain += 1;
        }
        // From there on it counts whether a byte is inside of quotes.
        let blocks = &blocks[plain..];
        let mut at = plain * BLOCK;
        self.first_quotes = at;
        if self.doubled.len() <= blocks.len() {
            self.doubled.resize(blocks.len() + 1, Doubled::default());
        }
        let mut parity = Parity { counted, ..Parity::default() };
        for (block, doubled) in blocks.iter().zip(&mut self.doubled) {
            let separators = parity.step(isa, block, u64::MAX, bytes, doubled);
            // Long texts in quotes have blocks without any.
            if separators != 0 {
                self.places.push_all(at as u32, separators);
            }
            at += BLOCK;
        }
        if let Some(doubled) = self.doubled.get_mut(blocks.len()) {
            let separators = parity.step(isa, &padded(rest), low_bits(rest.len()), bytes, doubled);
            self.places.push_all(at as u32, separators);
        }
        (self.counted, self.opens, self.num_doubled) = (parity.counted, parity.opens, parity.num_doubled);
    }

    /// The separators outside of quotes.
    #[inline(always)]
    pub(crate) fn places(&self) -> &[u32] {
        self.places.as_slice()
    }

    /// How many of the doubled quotes stand in front of `place`, which is in the text.
    #[inline(always)]
    pub(crate) fn doubled_before(&self, place: usize) -> u32 {
        let Some(place) = place.checked_sub(self.first_quotes) else { return 0 };
        let Some(block) = self.doubled.get(place / BLOCK) else { return self.num_doubled };
        block.before + (block.bits & low_bits(place % BLOCK)).count_ones()
    }
}

impl Separators {
    #[inline(always)]
    fn quotes<I: Isa>(self, isa: I, block: &[u8; BLOCK]) -> u64 {
        self.quote.map_or(0, |quote| any_of(isa, block, [quote; 3]))
    }

    #[inline(always)]
    fn counted<I: Isa>(self, isa: I, block: &[u8; BLOCK]) -> u64 {
        let [first, second] = self.counted;
        any_of(isa, block, [first, second, second])
    }

    #[inline(always)]
    fn separators<I: Isa>(self, isa: I, block: &[u8; BLOCK]) -> u64 {
        let [first, second] = self.counted;
        any_of(isa, block, [self.delimiter, first, second])
    }
}

/// Bit i is set where byte i is one of the three.
#[inline(always)]
fn any_of<I: Isa>(isa: I, block: &[u8; BLOCK], bytes: [u8; 3]) -> u64 {
    let ([low, high], _) = block.as_chunks::<WINDOW>() else { return 0 };
    u64::from(isa.any_of(low, bytes)) | u64::from(isa.any_of(high, bytes)) << WINDOW
}

/// What is known of quotes and separators, from block to block.
#[derive(Debug, Default)]
struct Parity {
    /// All ones behind a quote that opens.
    inside: u64,
    /// 1 where the last byte is a quote that closes.
    closed: u64,
    counted: u32,
    opens: u32,
    num_doubled: u32,
}

impl Parity {
    /// Takes the bytes of a block that are in the text, and returns which of them are separators outside of quotes.
    #[inline(always)]
    fn step<I: Isa>(
        &mut self,
        isa: I,
        block: &[u8; BLOCK],
        in_text: u64,
        bytes: Separators,
        into: &mut Doubled,
    ) -> u64 {
        let quotes = bytes.quotes(isa, block) & in_text;
        let (counted, separators) = (bytes.counted(isa, block), bytes.separators(isa, block));
        // As in most blocks of long texts.
        if quotes == 0 {
            *into = Doubled { bits: 0, before: self.num_doubled };
            self.closed = 0;
            let outside = in_text & !self.inside;
            self.counted += (counted & outside).count_ones();
            return separators & outside;
        }
        let within = odd_so_far(quotes) ^ self.inside;
        let (opens, closes) = (quotes & within, quotes & !within);
        let outside = in_text & !within;
        let doubled = opens & (closes << 1 | self.closed);
        *into = Doubled { bits: doubled, before: self.num_doubled };
        self.num_doubled += doubled.count_ones();
        self.opens += opens.count_ones();
        self.counted += (counted & outside).count_ones();
        self.inside = ((within as i64) >> 63) as u64;
        self.closed = closes >> 63;
        separators & outside
    }
}

/// Bit i is set where of the bits up to i, with it, an odd number is.
#[inline(always)]
fn odd_so_far(bits: u64) -> u64 {
    let mut odd = bits;
    odd ^= odd << 1;
    odd ^= odd << 2;
    odd ^= odd << 4;
    odd ^= odd << 8;
    odd ^= odd << 16;
    odd ^ odd << 32
}

/// The low `count` bits set, of which there are fewer than 64.
#[inline(always)]
fn low_bits(count: usize) -> u64 {
    (1 << count) - 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::Portable;

    const BYTES: Separators = Separators { delimiter: b',', counted: *b"\n\0", quote: Some(b'"') };

    /// The same, byte by byte.
    fn expected(text: &[u8], bytes: Separators) -> (Vec<u32>, Vec<u32>, u32, u32) {
        let (mut places, mut doubled, mut counted, mut opens) = (Vec::new(), Vec::new(), 0, 0);
        let mut inside = false;
        for (at, byte) in text.iter().enumerate() {
            if Some(*byte) == bytes.quote {
                inside = !inside;
                opens += u32::from(inside);
                if inside && at > 0 && Some(text[at - 1]) == bytes.quote {
                    doubled.push(at as u32);
                }
            } else if !inside && (*byte == bytes.delimiter || bytes.counted.contains(byte)) {
                places.push(at as u32);
                counted += u32::from(bytes.counted.contains(byte));
            }
        }
        (places, doubled, counted, opens)
    }

    fn check<I: Isa>(isa: I, text: &[u8], end: usize, bytes: Separators) {
        let mut structure = Structure::default();
        // Twice, since what was found before must not show.
        structure.find(isa, b"\",,\"\",,\"\n\n", 10, bytes);
        structure.find(isa, text, end, bytes);
        let doubled = (0..end).filter(|at| structure.doubled_before(*at) < structure.doubled_before(at + 1));
        let doubled: Vec<_> = doubled.map(|at| at as u32).collect();
        assert_eq!(doubled.len(), structure.num_doubled as usize);
        let found = (structure.places().to_vec(), doubled, structure.counted, structure.opens);
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
