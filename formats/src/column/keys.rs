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
        // Until told better, keys come in the order of the schema. One that is hidden must not be guessed, nor one that
        // is equal to another.
        let mut next: Vec<u32> = (1..=keys.len() as u32).chain([0]).collect();
        for (index, key) in keys.iter().enumerate() {
            let mut at = slot(&KeyBytes::new(key.as_bytes()), slots.len());
            while slots[at] != NONE && keys[slots[at] as usize] != *key {
                at = (at + 1) % slots.len();
            }
            if slots[at] == NONE && !hidden.contains(&index) {
                slots[at] = index as u32;
            } else {
                next[index.checked_sub(1).unwrap_or(keys.len())] = NONE;
            }
        }
        Self { keys, next, slots }
    }

    /// The index of a key that follows key number `after` (`None`: the first of its record).
    #[inline]
    pub fn find(&mut self, key: &str, after: Option<usize>) -> Option<usize> {
        self.find_bytes(key.as_bytes(), after)
    }

    /// The same for a key that nobody has checked to be text: those of the table are.
    #[inline]
    pub(crate) fn find_bytes(&mut self, key: &[u8], after: Option<usize>) -> Option<usize> {
        let state = after.unwrap_or(self.keys.len());
        let guess = self.next[state] as usize;
        if self.keys.get(guess).is_some_and(|k| k.as_bytes() == key) {
            return Some(guess);
        }
        let found = self.probe(key)?;
        self.next[state] = found as u32;
        Some(found)
    }

    /// The index of a key, whatever came before it.
    #[inline(never)]
    pub(crate) fn probe(&self, key: impl AsRef<[u8]>) -> Option<usize> {
        let key = key.as_ref();
        self.probe_where(&KeyBytes::new(key), |index| self.keys[index].as_bytes() == key)
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

/// Where a key's search begins, out of `slots`: from its length and eight bytes each at its start, middle and end.
#[inline(always)]
fn slot(key: &KeyBytes, slots: usize) -> usize {
    let bytes = key.head ^ key.middle.rotate_left(47) ^ key.tail.rotate_left(29) ^ key.len as u64;
    let product = u128::from(bytes) * 0x9E37_79B9_7F4A_7C15;
    // The upper half's low bits depend on the high bits of all three words, the lower half's on their low bits. `slots` is
    // a power of two.
    ((product >> 64) ^ product) as usize & (slots - 1)
}

/// What the search for a key begins with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KeyBytes {
    /// The first eight bytes, or as many as there are, the first lowest.
    head: u64,
    /// The eight bytes in the middle, or as many as there are, the first lowest: names that are numbered differ there.
    middle: u64,
    /// The last eight bytes, or as many as there are, the first lowest.
    tail: u64,
    len: usize,
}

impl KeyBytes {
    /// Those of a key.
    pub(crate) fn new(key: &[u8]) -> Self {
        let (len, last) = (key.len(), key.len().saturating_sub(8));
        let word = |start: usize| key.get(start..).and_then(<[u8]>::first_chunk).map(|word| u64::from_le_bytes(*word));
        let (Some(head), Some(middle), Some(tail)) = (word(0), word(last / 2), word(last)) else {
            let all = key.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte));
            return Self { head: all, middle: all, tail: all, len };
        };
        Self { head, middle, tail, len }
    }

    /// Those of the key that is the window's first `len` bytes, without a branch on how many they are; `None` for none.
    #[inline(always)]
    pub(crate) fn of_window(window: &[u8; 32], len: usize) -> Option<Self> {
        if len == 0 {
            return None;
        }
        let keep = u64::MAX >> (64 - 8 * len.min(8));
        let last = len.saturating_sub(8);
        let tail = u64::from_le_bytes(*window.get(last..)?.first_chunk()?) & keep;
        let middle = u64::from_le_bytes(*window.get(last / 2..)?.first_chunk()?) & keep;
        let head = u64::from_le_bytes(*window.first_chunk()?) & keep;
        Some(Self { head, middle, tail, len })
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn windows_begin_the_search_where_keys_do() {
        let window: [u8; 32] = std::array::from_fn(|i| b'a' + i as u8);
        assert!(KeyBytes::of_window(&window, 0).is_none());
        for len in 1..=32 {
            let of_window = KeyBytes::of_window(&window, len).expect("it is short enough");
            let of_key = KeyBytes::new(&window[..len]);
            let words = |bytes: &KeyBytes| [bytes.head, bytes.middle, bytes.tail];
            assert_eq!(words(&of_window), words(&of_key), "{len}");
        }
    }

    #[test]
    fn searches_are_short() {
        let check = |name: fn(usize) -> String| {
            let keys: Vec<String> = (0..10_000).map(name).collect();
            let table = KeyTable::new(keys.iter().map(String::as_str), &[]);
            for key in &keys {
                let steps = Cell::new(0);
                let found = table.probe_where(&KeyBytes::new(key.as_bytes()), |index| {
                    steps.set(steps.get() + 1);
                    *table.keys[index] == **key
                });
                assert!(found.is_some() && steps.get() < 16, "{key}: {} steps", steps.get());
            }
        };
        check(|i| format!("feature_{i}"));
        check(|i| format!("{i}_normalized"));
        check(|i| format!("feature_{i:06}_normalized"));
        check(|i| format!("measured_feature_{i:06}_normalized_value"));
        check(|i| i.to_string());
        check(|i| format!("{:016x}", i << 20));
        check(|i| format!("{}_per_{}", i / 100, i % 100));
    }

    /// Of equal keys the first is found, by guess and by search.
    #[test]
    fn equal_keys_are_one() {
        let mut table = KeyTable::new(["a", "x", "a", "x"], &[]);
        for after in [None, Some(0), Some(1), Some(2), Some(3)] {
            for (key, expected) in [("a", 0), ("x", 1), ("a", 0)] {
                assert_eq!(
                    (table.find(key, after), table.probe(key)),
                    (Some(expected), Some(expected)),
                    "{key} {after:?}"
                );
            }
        }
        assert_eq!(KeyTable::new(["a", "x", "a"], &[]).find("a", Some(1)), Some(0));
        assert_eq!(KeyTable::new(["a", "x", "a"], &[0]).find("a", Some(1)), Some(2));
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
