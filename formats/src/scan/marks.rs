//! Where the bytes stand that give a text its structure.

use super::isa::{Isa, WINDOW, low_bits};

/// Places of bytes in a text, in order, in memory that is reused.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    places: Places,
}

impl Marks {
    /// Finds every byte of `text[..end]` that is one of three, which may be the same. No more than 2^31 bytes are looked at.
    ///
    /// What stands behind `end` is read where that is faster, and does not count.
    #[inline(always)]
    pub(crate) fn find<I: Isa>(&mut self, isa: I, text: &[u8], end: usize, bytes: [u8; 3]) {
        let end = end.min(text.len()).min(1 << 31);
        self.places.clear();
        let mut at = 0;
        while at < end {
            let left = end - at;
            let found = match text[at..].first_chunk::<WINDOW>() {
                Some(window) => isa.any_of(window, bytes),
                None => isa.any_of(&padded(&text[at..]), bytes),
            };
            self.places.push_all(at as u32, u64::from(found & low_bits(left)));
            at += WINDOW;
        }
        self.places.end();
    }

    /// The places, and behind them `u32::MAX`, which none of them is.
    #[inline(always)]
    pub(crate) fn places(&self) -> &[u32] {
        self.places.as_slice()
    }
}

/// Places that are appended together at most.
const MOST: usize = 64;

/// A list of places, which grows by those of 64 bytes at a time.
#[derive(Debug, Default)]
pub(super) struct Places {
    places: Vec<u32>,
    len: usize,
}

impl Places {
    #[inline(always)]
    pub(super) fn clear(&mut self) {
        self.len = 0;
    }

    #[inline(always)]
    pub(super) fn as_slice(&self) -> &[u32] {
        &self.places[..self.len]
    }

    /// Appends `u32::MAX`.
    #[inline(always)]
    pub(super) fn end(&mut self) {
        self.push_all(u32::MAX, 1);
    }

    /// Appends `base` plus the number of each bit that is set.
    #[inline(always)]
    pub(super) fn push_all(&mut self, base: u32, mut bits: u64) {
        if self.places.len() - self.len < MOST {
            self.grow();
        }
        let count = bits.count_ones() as usize;
        // `grow` made the room.
        let Some(room) = self.places[self.len..].first_chunk_mut::<MOST>() else { return };
        // Eight at a time, whether there are as many or not: their number is harder to predict than it is to write them.
        for eight in room.as_chunks_mut::<8>().0 {
            for place in eight {
                *place = base.wrapping_add(bits.trailing_zeros());
                bits &= bits.wrapping_sub(1);
            }
            if bits == 0 {
                break;
            }
        }
        self.len += count;
    }

    #[inline(never)]
    fn grow(&mut self) {
        self.places.resize((2 * self.places.len()).max(8 * MOST), 0);
    }
}

/// The bytes, of which there are fewer than `N`, with zeros behind them.
#[inline(never)]
pub(super) fn padded<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut window = [0; N];
    window.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    window
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::Portable;

    fn check<I: Isa>(isa: I, text: &[u8], end: usize, bytes: [u8; 3]) {
        let mut marks = Marks::default();
        // Twice, since what was found before must not show.
        marks.find(isa, b"\",,,,\"", 6, bytes);
        marks.find(isa, text, end, bytes);
        let expected = (0..end as u32).filter(|at| bytes.contains(&text[*at as usize])).chain([u32::MAX]);
        assert_eq!(marks.places(), expected.collect::<Vec<_>>(), "{text:?} to {end}");
    }

    fn check_all(text: &[u8]) {
        for end in [text.len(), text.len() / 2, text.len().saturating_sub(1), 0] {
            for bytes in [*b",\"\n", *b"\n\n;", [0, 0xFF, b',']] {
                check(Portable, text, end, bytes);
                #[cfg(all(target_arch = "x86_64", not(laminar_no_avx2)))]
                if let Some(isa) = crate::scan::Avx2::detect() {
                    check(isa, text, end, bytes);
                }
            }
        }
    }

    #[test]
    fn every_place_is_found() {
        check_all(b"");
        check_all(b"a,b\"c\n");
        check_all(&[b','; 100]);
        check_all(&[0; 65]);
        check_all("naïve,\"zwölf\"\n".repeat(20).as_bytes());
        let mut state = 1_u32;
        for len in 0..300 {
            let text: Vec<u8> = (0..len)
                .map(|_| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    [b',', b'"', b'\n', 0, 0xFF, b'a', 0x2D, 0xAC][(state >> 29) as usize]
                })
                .collect();
            check_all(&text);
        }
    }
}
