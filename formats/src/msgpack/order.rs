//! The order in which keys stand: the next key is expected, and compared head and all before anybody has read it.

use crate::column::{KeyTable, is_text};

/// Bytes of a key that can be expected, its head included.
const KEY_BYTES: usize = 32;

/// Keys that the schema lacks and that are remembered; then the oldest is forgotten for each new one.
const MAX_UNKNOWN: usize = 256;

/// What followed what in the records so far: records of one producer have their keys in the same order.
///
/// Each key is a step, which knows the step that followed it last. Those of the schema's fields stay; those of other keys are
/// made as they are met, and their memory has a bound.
#[derive(Debug)]
pub(crate) struct KeyOrder {
    /// The first is where every record begins, then those of the fields, then those of unknown keys.
    steps: Vec<Step>,
    num_fields: usize,
    /// The unknown key that is forgotten next, once there are as many as may be.
    oldest: usize,
}

/// The key that was passed last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Passed(u32);

impl Passed {
    /// None yet.
    pub(super) const NOTHING: Self = Self(0);
    /// One that is not remembered.
    const FORGOTTEN: Self = Self(u32::MAX);

    const fn of_field(index: usize) -> Self {
        Self(index as u32 + 1)
    }

    /// The field whose key it is; that of a key which the schema lacks does not exist.
    #[inline(always)]
    pub(super) const fn field(self) -> usize {
        (self.0 as usize).wrapping_sub(1)
    }
}

/// A key as MessagePack writes it in one short string, and what follows it.
#[derive(Debug, Clone, Copy)]
struct Step {
    /// The bits that stand where `mask` has ones.
    words: [u64; KEY_BYTES / 8],
    mask: [u64; KEY_BYTES / 8],
    len: u32,
    next: u32,
}

impl Step {
    /// The step of a key; one that is never expected where there is none, or a longer one.
    fn new(key: Option<&[u8]>, next: u32) -> Self {
        let mut bytes = [0; KEY_BYTES];
        let mut kept = [0; KEY_BYTES];
        let key = key.filter(|key| key.len() < KEY_BYTES);
        let len = key.map_or(0, |key| 1 + key.len());
        match key {
            Some(key) => {
                bytes[0] = 0xa0 | key.len() as u8;
                bytes[1..len].copy_from_slice(key);
                kept[..len].fill(0xff);
            }
            // What stands nowhere.
            None => bytes[0] = 1,
        }
        Self { words: words(&bytes), mask: words(&kept), len: len as u32, next }
    }

    #[inline(always)]
    fn begins(&self, window: &[u8; KEY_BYTES]) -> bool {
        let ([a, b, c, d], [a_mask, b_mask, c_mask, d_mask]) = (words(window), self.mask);
        [a & a_mask, b & b_mask, c & c_mask, d & d_mask] == self.words
    }
}

#[inline(always)]
fn words(bytes: &[u8; KEY_BYTES]) -> [u64; KEY_BYTES / 8] {
    // The window has exactly as many chunks.
    let [a, b, c, d] = bytes.as_chunks::<8>().0 else { return [0; KEY_BYTES / 8] };
    [u64::from_le_bytes(*a), u64::from_le_bytes(*b), u64::from_le_bytes(*c), u64::from_le_bytes(*d)]
}

impl KeyOrder {
    /// The order of the schema, until records tell better.
    pub(crate) fn new(keys: &KeyTable) -> Self {
        let num_fields = keys.keys().len();
        // A key that is not looked for, or that is found as another field's, is never expected.
        let found = |(index, key): (usize, &str)| (keys.probe(key) == Some(index)).then(|| key.as_bytes().to_vec());
        let of_fields = keys.keys().enumerate().map(found);
        let steps = std::iter::once(None).chain(of_fields).zip(1..).map(|(key, next)| Step::new(key.as_deref(), next));
        Self { steps: steps.collect(), num_fields, oldest: 0 }
    }

    /// The key that is expected behind `passed`, if it stands at the window's start: how many bytes it has.
    #[inline(always)]
    pub(super) fn expected(&self, passed: Passed, window: &[u8; KEY_BYTES]) -> Option<(Passed, usize)> {
        let next = self.steps.get(passed.0 as usize)?.next;
        let step = self.steps.get(next as usize)?;
        step.begins(window).then_some((Passed(next), step.len as usize))
    }

    /// Learns that `key` stands behind `passed`. `None` where the schema lacks it, and it is no text.
    pub(super) fn learn(&mut self, keys: &KeyTable, passed: Passed, key: &[u8]) -> Option<Passed> {
        let next = match keys.probe(key) {
            Some(index) => Passed::of_field(index),
            None if !is_text(key) => return None,
            None if key.len() < KEY_BYTES => self.unknown(key),
            None => Passed::FORGOTTEN,
        };
        if let Some(step) = self.steps.get_mut(passed.0 as usize) {
            step.next = next.0;
        }
        Some(next)
    }

    /// Remembers a key that the schema lacks. Whoever expected the one that is forgotten for it finds another key there, and
    /// learns.
    fn unknown(&mut self, key: &[u8]) -> Passed {
        let of_fields = 1 + self.num_fields;
        let step = Step::new(Some(key), Passed::NOTHING.0);
        let at = of_fields + self.oldest;
        match self.steps.get_mut(at) {
            Some(oldest) => *oldest = step,
            None => self.steps.push(step),
        }
        self.oldest = (self.oldest + 1) % MAX_UNKNOWN;
        Passed(at as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(key: &str) -> [u8; KEY_BYTES] {
        let mut window = [0xc0; KEY_BYTES];
        window[0] = 0xa0 | (key.len() & 31) as u8;
        let len = key.len().min(KEY_BYTES - 1);
        window[1..=len].copy_from_slice(&key.as_bytes()[..len]);
        window
    }

    #[test]
    fn keys_are_expected_where_they_stand() {
        let alphabet: Vec<u8> = (b'a'..=b'z').chain(b'A'..=b'Z').collect();
        for len in 0..40 {
            let key = String::from_utf8(alphabet[..len].to_vec()).unwrap();
            let order = KeyOrder::new(&KeyTable::new([key.as_str()], &[]));
            let mut window = written(&key);
            let expected = (len < 32).then_some((Passed::of_field(0), len + 1));
            assert_eq!(order.expected(Passed::NOTHING, &window), expected, "{key}");
            for at in 0..=len.min(31) {
                window[at] ^= 1;
                assert_eq!(order.expected(Passed::NOTHING, &window), None, "{key} with another byte {at}");
                window[at] ^= 1;
            }
        }
    }

    /// Keys in an order, over and over: from the second time on each is expected.
    fn check(schema: &[&str], hidden: &[usize], record: &[&str]) {
        let keys = KeyTable::new(schema.iter().copied(), hidden);
        let mut order = KeyOrder::new(&keys);
        for round in 0..3 {
            let mut passed = Passed::NOTHING;
            for key in record {
                let guess = order.expected(passed, &written(key));
                assert!(guess.is_some() || round == 0 || key.len() > 31, "{key} of {record:?} in round {round}");
                let learned = || (order.learn(&keys, passed, key.as_bytes()).unwrap(), key.len() + 1);
                let (next, len) = guess.unwrap_or_else(learned);
                let field = keys.probe(key);
                assert_eq!(Some(next.field()).filter(|f| *f < schema.len()), field, "{key} of {record:?}");
                assert_eq!(len, key.len() + 1);
                passed = next;
            }
        }
    }

    #[test]
    fn orders_are_learned() {
        check(&["a", "b", "c"], &[], &["a", "b", "c"]);
        check(&["a", "b", "c"], &[], &["c", "a"]);
        check(&["a", "b"], &[0], &["a", "b"]);
        check(&["a", "a", "b"], &[], &["a", "b"]);
        check(&["a", "b"], &[], &["x", "a", "y", "z", "b", "w"]);
        check(&[], &[], &["x", "y"]);
        check(&["a"], &[], &["", "a", "a_key_of_more_than_thirty_two_bytes"]);
    }

    #[test]
    fn memory_has_a_bound_and_no_text_is_no_key() {
        let keys = KeyTable::new(["a"], &[]);
        let mut order = KeyOrder::new(&keys);
        for i in 0..10 * MAX_UNKNOWN {
            let key = format!("unknown_{i}");
            let passed = order.learn(&keys, Passed::NOTHING, key.as_bytes()).unwrap();
            assert_eq!(order.expected(Passed::NOTHING, &written(&key)), Some((passed, key.len() + 1)));
        }
        assert_eq!(order.steps.len(), 2 + MAX_UNKNOWN);
        assert_eq!(order.learn(&keys, Passed::NOTHING, b"\xff"), None);
        assert!(order.expected(Passed::FORGOTTEN, &written("a")).is_none());
    }
}
