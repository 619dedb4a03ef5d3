//! Payload key → column index, for formats whose records name their fields.

/// The keys of one record type, looked up by text.
///
/// A lookup first tries the key that followed the previous one last time: records of one producer have their keys
/// in the same order. Otherwise it probes a small table whose chains depend on the schema alone, so that no payload
/// can make them long.
#[derive(Debug)]
pub struct KeyTable {
    keys: Vec<Box<str>>,
    /// Key expected after key i; the last entry is the key expected first.
    next: Vec<u32>,
    /// Open addressing: index of a key, or [`NONE`].
    slots: Vec<u32>,
}

/// No key.
const NONE: u32 = u32::MAX;

impl KeyTable {
    /// A table of keys; where two are equal the first one is found. Those of `hidden` are never found.
    pub fn new<'a>(keys: impl IntoIterator<Item = &'a str>, hidden: &[usize]) -> Self {
        let keys: Vec<Box<str>> = keys.into_iter().map(Box::from).collect();
        let mut slots = vec![NONE; (keys.len() * 4).next_power_of_two().max(8)];
        for (index, key) in keys.iter().enumerate().filter(|(index, _)| !hidden.contains(index)) {
            let mut at = slot(key, slots.len());
            while slots[at] != NONE {
                at = (at + 1) % slots.len();
            }
            slots[at] = index as u32;
        }
        // Until told better, keys come in the order of the schema. A hidden key must not be guessed.
        let shown = |index: u32| if hidden.contains(&(index as usize)) { NONE } else { index };
        let next = (1..=keys.len() as u32).chain([0]).map(shown).collect();
        Self { keys, next, slots }
    }

    /// The index of a key that follows key number `after` (`None`: the first of its record).
    #[inline]
    pub fn find(&mut self, key: &str, after: Option<usize>) -> Option<usize> {
        let state = after.unwrap_or(self.keys.len());
        let guess = self.next[state] as usize;
        if self.keys.get(guess).is_some_and(|k| **k == *key) {
            return Some(guess);
        }
        let found = self.probe(key)?;
        self.next[state] = found as u32;
        Some(found)
    }

    #[inline(never)]
    fn probe(&self, key: &str) -> Option<usize> {
        let mut at = slot(key, self.slots.len());
        loop {
            let index = self.slots[at];
            if index == NONE {
                return None;
            }
            if *self.keys[index as usize] == *key {
                return Some(index as usize);
            }
            at = (at + 1) % self.slots.len();
        }
    }

    /// A key by its index.
    ///
    /// # Panics
    /// When there is no such key.
    pub fn key(&self, index: usize) -> &str {
        &self.keys[index]
    }
}

/// Where a key's search begins: from its length and its first and last eight bytes.
#[inline]
fn slot(key: &str, slots: usize) -> usize {
    let bytes = key.as_bytes();
    let word = |part: &[u8]| part.iter().fold(0_u64, |w, b| w << 8 | u64::from(*b));
    let head = word(&bytes[..bytes.len().min(8)]);
    let tail = word(&bytes[bytes.len().saturating_sub(8)..]);
    let mixed = (head ^ tail.rotate_left(29) ^ bytes.len() as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    // `slots` is a power of two, and the product's high bits are the mixed ones.
    (mixed >> 32) as usize & (slots - 1)
}
