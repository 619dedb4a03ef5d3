//! Which bytes of a text look like secrets: errors show lines of the text, and logs keep errors.
//!
//! Only a connector knows for sure which of its options are secret, and an error may come long before a connector is
//! found. So this looks at names, and rather hides too much.

use std::ops::Range;

/// Parts of option names whose values are hidden.
const NAMES: &[&str] =
    &["password", "passwd", "secret", "token", "credential", "api_key", "apikey", "access_key", "private_key", "jaas"];

/// Words that have options behind the word that follows them.
const OPTIONS_BEHIND: &[&str] = &["from", "into", "format", "schema", "infer"];

/// Bytes of `sql` to hide: values of options with a telling name, and user and password in URLs.
pub(super) fn hidden(sql: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let bytes = sql.as_bytes();
    let (mut armed, mut in_options) = (false, false);
    let mut last_words = ["", ""];
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            quote @ (b'\'' | b'"') => {
                let end = quoted_end(bytes, at, quote);
                // `at + 1 ≤ end`, and both are next to an ASCII quote or at the end of the text.
                let text = sql.get(at + 1..end).unwrap_or_default();
                if armed && !looks_secret(text) {
                    found.push(at + 1..end);
                } else {
                    armed |= looks_secret(text);
                    found.extend(user_info(text).into_iter().map(|r| at + 1 + r.start..at + 1 + r.end));
                }
                at = end + 1;
            }
            b'-' | b'/' if comment_end(bytes, at).is_some() => {
                // A quote in a comment is none, and nobody knows what else stands there.
                let end = comment_end(bytes, at).unwrap_or(bytes.len());
                if looks_secret(sql.get(at..end).unwrap_or_default()) {
                    found.push(at + 2..end);
                }
                at = end;
            }
            b'=' if armed => {
                let start = at + 1 + bytes[at + 1..].iter().take_while(|b| b.is_ascii_whitespace()).count();
                let end = value_end(bytes, start);
                found.push(start..end);
                armed = false;
                at = end;
            }
            b @ (b',' | b'(' | b')' | b';') => {
                // Options follow FROM KAFKA, INTO FILE, FORMAT JSON, SCHEMA REGISTRY and INFER SCHEMA.
                in_options = match b {
                    b'(' => OPTIONS_BEHIND.iter().any(|w| w.eq_ignore_ascii_case(last_words[0])),
                    b',' => in_options,
                    _ => false,
                };
                armed = false;
                at += 1;
            }
            b if is_word(b) => {
                let end = at + bytes[at..].iter().take_while(|b| is_word(**b)).count();
                let word = sql.get(at..end).unwrap_or_default();
                if armed && in_options {
                    found.push(at..end);
                }
                armed |= looks_secret(word);
                last_words = [last_words[1], word];
                at = end;
            }
            _ => at += 1,
        }
    }
    found
}

/// Whether an option of this name looks like a secret.
pub(super) fn looks_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    NAMES.iter().any(|n| name.contains(n))
}

/// Letters, digits, what joins them in option names, and whatever is not ASCII.
fn is_word(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.') || !b.is_ascii()
}

/// Where the quoted text that starts at `at` ends: at its closing quote, or at the end of the text.
fn quoted_end(bytes: &[u8], at: usize, quote: u8) -> usize {
    let mut end = at + 1;
    while end < bytes.len() {
        if bytes[end] == quote {
            if bytes.get(end + 1) != Some(&quote) {
                return end;
            }
            end += 1;
        }
        end += 1;
    }
    bytes.len()
}

/// Where the comment that starts at `at` ends, if one does.
fn comment_end(bytes: &[u8], at: usize) -> Option<usize> {
    match bytes.get(at..at + 2)? {
        b"--" => Some(bytes[at..].iter().position(|b| *b == b'\n').map_or(bytes.len(), |i| at + i)),
        b"/*" => {
            let (mut end, mut depth) = (at + 2, 1);
            while depth > 0 && end < bytes.len() {
                match bytes.get(end..end + 2) {
                    Some(b"/*") => (end, depth) = (end + 2, depth + 1),
                    Some(b"*/") => (end, depth) = (end + 2, depth - 1),
                    _ => end += 1,
                }
            }
            Some(end)
        }
        _ => None,
    }
}

/// Where the value that starts at `start` ends: before a comma or parenthesis outside quotes.
fn value_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start;
    while at < bytes.len() {
        match bytes[at] {
            b'\'' => at = quoted_end(bytes, at, b'\'') + 1,
            b',' | b')' | b';' => return at,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// Every `user:password` in `scheme://user:password@host`, and in lists of such URLs.
///
/// Up to the URL's last `@`: a password may hold what should have been escaped, and a list's later URLs may lack a scheme.
fn user_info(text: &str) -> Vec<Range<usize>> {
    let (mut found, mut from) = (Vec::new(), 0);
    while let Some(at) = text[from..].find("://") {
        let start = from + at + 3;
        let end = url_end(text, start);
        found.extend(text[start..end].rfind('@').map(|at| start..start + at));
        from = end;
    }
    found
}

/// Where the URL whose scheme ends at `start` ends: before white space, or before a comma and another scheme.
fn url_end(text: &str, start: usize) -> usize {
    let ends = |(at, c): &(usize, char)| {
        c.is_whitespace() || (*c == ',' && starts_with_scheme(&text[start + at + c.len_utf8()..]))
    };
    text[start..].char_indices().find(ends).map_or(text.len(), |(at, _)| start + at)
}

fn starts_with_scheme(text: &str) -> bool {
    text.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.')).starts_with("://")
}
