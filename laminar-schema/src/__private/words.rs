//! Words compared in constants, and the messages when they do not agree.
//!
//! The `require_…` functions panic, which in a constant is a compile error. They are `track_caller`, so that rustc
//! shows the word in the user's code and not this file.

use crate::ConnectorInfo;

/// Whether two texts are the same.
const fn eq(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut i = 0;
    while i < a.len() {
        if a[i] != b[i] {
            return false;
        }
        i += 1;
    }
    true
}

/// Whether `set` holds `word`.
const fn contains(set: &[&str], word: &str) -> bool {
    let mut i = 0;
    while i < set.len() {
        if eq(set[i], word) {
            return true;
        }
        i += 1;
    }
    false
}

/// A list of words that is put together in a constant.
#[derive(Debug)]
pub struct Words {
    words: [&'static str; Self::CAPACITY],
    len: usize,
}

impl Words {
    /// A number that no engine reaches: an array as long as the words needs a length computed from type parameters,
    /// which Rust does not have.
    const CAPACITY: usize = 128;

    /// The different words in `sets`, in their order.
    ///
    /// # Panics
    /// When there are more than fit.
    pub const fn union(sets: &[&[&'static str]]) -> Self {
        let mut out = Self { words: [""; Self::CAPACITY], len: 0 };
        let mut i = 0;
        while i < sets.len() {
            let mut j = 0;
            while j < sets[i].len() {
                if !contains(out.as_slice(), sets[i][j]) {
                    assert!(out.len < Self::CAPACITY, "a codec set has more than 128 formats");
                    out.words[out.len] = sets[i][j];
                    out.len += 1;
                }
                j += 1;
            }
            i += 1;
        }
        out
    }

    /// The words.
    pub const fn as_slice(&self) -> &[&'static str] {
        self.words.split_at(self.len).0
    }
}

/// Checks that a connector's codec set knows a format.
#[track_caller]
pub const fn require_format(known: Option<&[&str]>, format: &str) {
    let Some(known) = known else { return };
    if contains(known, format) {
        return;
    }
    let text = Text::new().push("unknown format `").push(format).push("`: the connector's codec set lacks it\nhelp: ");
    let text = match nearest(known, format) {
        Some(near) => text.push("did you mean `").push(near).push("`?"),
        None if known.is_empty() => {
            text.push("the set is empty; write `formats()` for a connector with its own columns")
        }
        None => text.push("write one of: ").push_all(known),
    };
    panic!("{}", text.as_str());
}

/// Checks that no format of a variant belongs to an earlier one.
#[track_caller]
pub const fn require_distinct(earlier: &[Option<&[&str]>], own: Option<&[&str]>, variant: &str) {
    let Some(own) = own else { return };
    let mut i = 0;
    while i < earlier.len() {
        if let Some(earlier) = earlier[i]
            && let Some(shared) = shared(earlier, own)
        {
            let text = Text::new().push("format `").push(shared).push("` of variant `").push(variant);
            let text = text.push("` belongs to an earlier variant\n");
            let text = text.push("help: remove one of the two, so that a format has one meaning");
            panic!("{}", text.as_str());
        }
        i += 1;
    }
}

/// The first word of `b` that is in `a`.
const fn shared<'b>(a: &[&str], b: &[&'b str]) -> Option<&'b str> {
    let mut i = 0;
    while i < b.len() {
        if contains(a, b[i]) {
            return Some(b[i]);
        }
        i += 1;
    }
    None
}

/// Checks that no earlier connector has the name of a variant's.
#[track_caller]
pub const fn require_new_name(earlier: &[Option<ConnectorInfo>], own: Option<ConnectorInfo>, variant: &str) {
    let Some(own) = own else { return };
    let mut i = 0;
    while i < earlier.len() {
        if let Some(earlier) = earlier[i]
            && eq(earlier.name, own.name)
        {
            let text = Text::new().push("variant `").push(variant).push("` and an earlier one are both named `");
            let text = text.push(own.name).push("`\nhelp: rename one with `#[connector(name = \"…\")]`, ");
            let text = text.push("or mark one `#[connector(no_create)]`");
            panic!("{}", text.as_str());
        }
        i += 1;
    }
}

/// Checks that the codec set of an enum knows every format of a variant.
#[track_caller]
pub const fn require_covered(known: Option<&[&str]>, own: Option<ConnectorInfo>, variant: &str) {
    let (Some(known), Some(own)) = (known, own) else { return };
    let mut i = 0;
    while i < own.formats.len() {
        if !contains(known, own.formats[i]) {
            let text = Text::new().push("format `").push(own.formats[i]).push("` of variant `").push(variant);
            let text =
                text.push("` is not in the enum's codec set\nhelp: add a variant for it to the set, which has: ");
            let text = text.push_all(known);
            panic!("{}", text.as_str());
        }
        i += 1;
    }
}

/// A message written in a constant. What does not fit is cut off.
struct Text {
    bytes: [u8; 512],
    len: usize,
}

impl Text {
    const fn new() -> Self {
        Self { bytes: [0; 512], len: 0 }
    }

    const fn push(mut self, text: &str) -> Self {
        let text = text.as_bytes();
        // Only whole texts go in, so that the bytes stay UTF-8.
        if self.len + text.len() <= self.bytes.len() {
            let mut i = 0;
            while i < text.len() {
                self.bytes[self.len] = text[i];
                self.len += 1;
                i += 1;
            }
        }
        self
    }

    const fn push_all(mut self, words: &[&str]) -> Self {
        let mut i = 0;
        while i < words.len() {
            self = self.push(if i == 0 { "" } else { ", " }).push(words[i]);
            i += 1;
        }
        self
    }

    const fn as_str(&self) -> &str {
        match std::str::from_utf8(self.bytes.split_at(self.len).0) {
            Ok(text) => text,
            Err(_) => "",
        }
    }
}

/// The word of `known` that `word` is a misspelling of: at most two letters apart.
const fn nearest<'a>(known: &[&'a str], word: &str) -> Option<&'a str> {
    let (mut best, mut best_distance) = (None, 3);
    let mut i = 0;
    while i < known.len() {
        let distance = distance(known[i].as_bytes(), word.as_bytes());
        if distance < best_distance && 2 * distance <= known[i].len() {
            best = Some(known[i]);
            best_distance = distance;
        }
        i += 1;
    }
    best
}

/// Edit distance, of words up to 31 bytes; longer ones are taken to be far apart.
const fn distance(a: &[u8], b: &[u8]) -> usize {
    if a.len() >= 32 || b.len() >= 32 {
        return usize::MAX / 2;
    }
    let mut row = [0; 32];
    let mut j = 0;
    while j <= b.len() {
        row[j] = j;
        j += 1;
    }
    let mut i = 0;
    while i < a.len() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        let mut j = 0;
        while j < b.len() {
            let above = row[j + 1];
            let replaced = diagonal + if a[i] == b[j] { 0 } else { 1 };
            let inserted = if above < row[j] { above + 1 } else { row[j] + 1 };
            row[j + 1] = if replaced < inserted { replaced } else { inserted };
            diagonal = above;
            j += 1;
        }
        i += 1;
    }
    row[b.len()]
}
