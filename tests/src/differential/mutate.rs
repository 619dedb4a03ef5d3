//! Mutations that know nothing of a format but its telling bytes.

use crate::random::Random;

/// Longest record that mutations make.
const MAX_BYTES: usize = 1 << 12;

/// Bytes at which numbers and lengths of many formats turn over.
const EDGES: &[u8] = &[0, 1, 2, 0x0a, 0x0d, 0x1f, 0x20, 0x22, 0x2c, 0x7f, 0x80, 0x81, 0xbf, 0xc3, 0xa9, 0xfe, 0xff];

/// Changes `record` a few times, or not at all, so that good records surround the others: bits and bytes flipped, inserted and
/// deleted, pieces repeated, moved in from `other` and cut off, lengths grown and shrunk. `telling` are bytes that mean
/// something in the format.
pub fn bytes(random: &mut Random, record: &mut Vec<u8>, other: &[u8], telling: &[u8]) {
    for _ in 0..random.pick(&[0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 3, 5]) {
        let at = random.below(record.len() + 1);
        let byte = match random.below(3) {
            0 => random.bits() as u8,
            1 if !telling.is_empty() => random.pick(telling),
            _ => random.pick(EDGES),
        };
        match random.below(10) {
            0 => {
                if let Some(old) = record.get_mut(at) {
                    *old ^= 1 << random.below(8);
                }
            }
            1 | 2 => {
                if let Some(old) = record.get_mut(at) {
                    *old = byte;
                }
            }
            3 => record.insert(at, byte),
            4 => {
                if at < record.len() {
                    record.remove(at);
                }
            }
            // A length or a small number, one more or one less.
            5 => {
                if let Some(old) = record.get_mut(at) {
                    *old = if random.below(2) == 0 { old.wrapping_add(1) } else { old.wrapping_sub(1) };
                }
            }
            6 => {
                let end = at + random.below(record.len() - at + 1).min(32);
                let piece = record[at..end].to_vec();
                let to = random.below(record.len() + 1);
                record.splice(to..to, piece);
            }
            7 => {
                let from = random.below(other.len() + 1);
                let end = from + random.below(other.len() - from + 1);
                let to = at + random.below(record.len() - at + 1).min(end - from);
                record.splice(at..to, other[from..end].iter().copied());
            }
            8 => {
                let end = at + random.below(record.len() - at + 1).min(16);
                record.drain(at..end);
            }
            _ => record.truncate(at),
        }
        record.truncate(MAX_BYTES);
    }
}
