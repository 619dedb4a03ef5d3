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
        let mut slots = vec![NONE; (keys.len() * 8).next_power_of_two().max(8)];
        for (index, key) in keys.iter().enumerate().filter(|(index, _)| !hidden.contains(index)) {
            let mut at = slot(&KeyBytes::new(key.as_bytes()), slots.len());
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

    /// The index of a key, whatever came before it.
    #[inline(never)]
    pub(crate) fn probe(&self, key: &str) -> Option<usize> {
        self.probe_where(&KeyBytes::new(key.as_bytes()), |index| *self.keys[index] == *key)
    }

    /// As [`KeyTable::probe`], for a caller that compares keys itself.
    #[inline(always)]
    pub(crate) fn probe_where(&self, key: &KeyBytes, is_key: impl Fn(usize) -> bool) -> Option<usize> {
        let mut at = slot(key, self.slots.len());
        loop {
            let index = *self.slots.get(at)?;
            if index == NONE {
                return None;
            }
            if is_key(index as usize) {
                return Some(index as usize);
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
    }

    /// All keys, by index.
    pub(crate) fn keys(&self) -> impl ExactSizeIterator<Item = &str> {
        self.keys.iter().map(|key| &**key)
    }

    /// A key by its index.
    ///
    /// # Panics
    /// When there is no such key.
    pub fn key(&self, index: usize) -> &str {
        &self.keys[index]
    }
}

/// Where a key's search begins, out of `slots`: from its length and its first and last eight bytes.
#[inline(always)]
fn slot(key: &KeyBytes, slots: usize) -> usize {
    let mixed = (key.head ^ key.tail.rotate_left(29) ^ key.len as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    // `slots` is a power of two, and the product's high bits are the mixed ones.
    (mixed >> 32) as usize & (slots - 1)
}

/// What the search for a key begins with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KeyBytes {
    /// The first eight bytes, or as many as there are, the first lowest.
    head: u64,
    /// The last eight bytes, or as many as there are, the first lowest.
    tail: u64,
    len: usize,
}

impl KeyBytes {
    /// Those of a key.
    pub(crate) fn new(key: &[u8]) -> Self {
        let word = |bytes: &[u8]| bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte));
        let len = key.len();
        Self { head: word(&key[..len.min(8)]), tail: word(&key[len.saturating_sub(8)..]), len }
    }

    /// Those of the key that is the window's first `len` bytes, without a branch on how many they are; `None` for none.
    #[inline(always)]
    pub(crate) fn of_window(window: &[u8; 32], len: usize) -> Option<Self> {
        if len == 0 {
            return None;
        }
        let keep = u64::MAX >> (64 - 8 * len.min(8));
        let head = u64::from_le_bytes(*window.first_chunk()?) & keep;
        let tail = u64::from_le_bytes(*window.get(len.saturating_sub(8)..)?.first_chunk()?) & keep;
        Some(Self { head, tail, len })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_begin_the_search_where_keys_do() {
        let window: [u8; 32] = std::array::from_fn(|i| b'a' + i as u8);
        assert!(KeyBytes::of_window(&window, 0).is_none());
        for len in 1..=32 {
            let of_window = KeyBytes::of_window(&window, len).expect("it is short enough");
            let of_key = KeyBytes::new(&window[..len]);
            assert_eq!((of_window.head, of_window.tail), (of_key.head, of_key.tail), "{len}");
        }
    }

    #[test]
    fn keys_are_found_unless_hidden() {
        let keys = ["", "a", "ab", "price", "a_key_of_some_length", "a_key_of_same_length", "ключ"];
        let table = KeyTable::new(keys, &[3]);
        for (i, key) in keys.iter().enumerate() {
            assert_eq!(table.probe(key), (i != 3).then_some(i), "{key}");
        }
        assert_eq!(table.probe("volume"), None);
    }
}
