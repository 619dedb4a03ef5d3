//! Tape index → text in the record.

use std::ops::Range;

use simd_json::Node;

use super::syntax;

/// Where each tape node's text begins in the record. Found once per document, and only when somebody asks.
///
/// simd-json's first stage notes every structural byte and the first byte of every atom; all but closing brackets,
/// colons and commas begin a tape node, in the same order.
#[derive(Debug, Default)]
pub(super) struct Marks {
    starts: Vec<u32>,
    marked: bool,
}

/// The record's bytes and what simd-json noted about them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source<'t> {
    pub(super) bytes: &'t [u8],
    /// Where they begin in the record, if it has several documents or a byte order mark.
    pub(super) base: usize,
    pub(super) structurals: &'t [u32],
}

impl Marks {
    /// Forgets the last document.
    #[inline]
    pub(super) fn clear(&mut self) {
        self.marked = false;
    }

    /// The text of node `at`, as it stands in the record.
    pub(super) fn text<'t>(&mut self, source: Source<'t>, tape: &[Node<'_>], at: usize) -> &'t str {
        let span = self.span(source, tape, at);
        // simd-json has checked that the record is UTF-8, and values begin and end on ASCII.
        std::str::from_utf8(source.bytes.get(span).unwrap_or(&[])).unwrap_or("")
    }

    /// Where the text of node `at` stands in the record.
    pub(super) fn span(&mut self, source: Source<'_>, tape: &[Node<'_>], at: usize) -> Range<usize> {
        if !self.marked {
            self.mark(source);
        }
        let Some(start) = self.starts.get(at).map(|start| *start as usize) else { return 0..0 };
        let bytes = source.bytes;
        let end = match tape[at] {
            // A number or word: up to white space or structure.
            Node::Static(_) => {
                let rest = &bytes[start..];
                let ends = |b: &u8| matches!(b, b' ' | b'\t' | b'\n' | b'\r' | b',' | b'}' | b']' | 0);
                start + rest.iter().position(ends).unwrap_or(rest.len())
            }
            Node::String(_) => syntax::string(bytes, start).unwrap_or(bytes.len()),
            Node::Object { .. } | Node::Array { .. } => container_end(bytes, start),
        };
        start..end
    }

    fn mark(&mut self, source: Source<'_>) {
        self.starts.clear();
        let begins_node =
            |at: &&u32| source.bytes.get(**at as usize).is_some_and(|b| !matches!(b, b'}' | b']' | b':' | b','));
        self.starts.extend(source.structurals.iter().filter(begins_node));
        self.marked = true;
    }
}

/// The byte behind the bracket that closes the well-formed container at `start`.
fn container_end(bytes: &[u8], start: usize) -> usize {
    let (mut at, mut depth) = (start, 0_usize);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => {
                at = syntax::string(bytes, at).unwrap_or(bytes.len());
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}
