//! Dialects that are worth a try, found from what stands in the head.

use memchr::memmem;

use super::given::Given;
use crate::csv::{CsvOptions, Delimiter, Mark};

/// Delimiters of one character, those first that win where all else is equal.
pub(super) const DELIMITERS: [&str; 4] = [",", "|", ";", "\t"];

/// Characters that delimiters of several are made of.
const COMPOUNDS: &[u8] = b"|~^;:#$@!<>\x01\x1f\x1e";

/// Delimiters that are only tried where the usual ones find no table.
const RARE: [&str; 5] = ["\x01", "\x1f", "~", "^", "¬"];

/// Compound delimiters that are tried.
const MAX_COMPOUNDS: usize = 4;

/// Bytes at the front of the head that compound delimiters are looked for in.
const LOOKED_AT: usize = 16 * 1024;

/// The usual dialects. Options that were given are in all of them.
pub(super) fn usual(text: &[u8], base: &CsvOptions, given: &Given<'_>) -> Vec<CsvOptions> {
    let mut delimiters = compounds(text);
    delimiters.extend(DELIMITERS.iter().filter(|d| is_in(text, d)).map(|d| (*d).to_owned()));
    if delimiters.is_empty() {
        delimiters.push(DELIMITERS[0].to_owned());
    }
    with_marks(text, base, given, &delimiters)
}

/// Dialects with delimiters that are seldom seen.
pub(super) fn rare(text: &[u8], base: &CsvOptions, given: &Given<'_>) -> Vec<CsvOptions> {
    if given.has("delimiter") {
        return Vec::new();
    }
    let delimiters: Vec<String> = RARE.iter().filter(|d| is_in(text, d)).map(|d| (*d).to_owned()).collect();
    with_marks(text, base, given, &delimiters)
}

/// Dialects with a delimiter that does not occur, which read every row as one field.
pub(super) fn one_column(text: &[u8], base: &CsvOptions, given: &Given<'_>) -> Vec<CsvOptions> {
    let absent = DELIMITERS.iter().chain(&RARE).find(|d| !is_in(text, d));
    match absent {
        Some(delimiter) if !given.has("delimiter") => with_marks(text, base, given, &[(*delimiter).to_owned()]),
        _ => Vec::new(),
    }
}

fn with_marks(text: &[u8], base: &CsvOptions, given: &Given<'_>, delimiters: &[String]) -> Vec<CsvOptions> {
    let delimiters = match given.has("delimiter") {
        true => std::slice::from_ref(&base.delimiter.0),
        false => delimiters,
    };
    let comments: &[Option<u8>] = match starts_lines(text, b'#') && !given.has("comment") {
        true => &[None, Some(b'#')],
        false => &[None],
    };
    let mut dialects = Vec::new();
    for delimiter in delimiters {
        for quote in quotes(text, delimiter.as_bytes(), base, given) {
            for escape in escapes(text, quote, given) {
                for comment in comments {
                    let mut dialect = base.clone();
                    dialect.delimiter = Delimiter(delimiter.clone());
                    dialect.quote = quote;
                    dialect.escape = escape.or(base.escape);
                    dialect.comment = comment.map(|c| Mark(Some(c))).or(base.comment);
                    dialects.push(dialect);
                }
            }
        }
    }
    dialects
}

fn is_in(text: &[u8], delimiter: &str) -> bool {
    memmem::find(text, delimiter.as_bytes()).is_some()
}

fn starts_lines(text: &[u8], mark: u8) -> bool {
    text.first() == Some(&mark) || memmem::find(text, &[b'\n', mark]).is_some()
}

/// Quotes worth a try, the usual one first: where there is none at all, it does no harm.
fn quotes(text: &[u8], delimiter: &[u8], base: &CsvOptions, given: &Given<'_>) -> Vec<Mark> {
    if given.has("quote") {
        return vec![base.quote];
    }
    let mut quotes = vec![Mark(Some(b'"'))];
    if opens_fields(text, b'\'', delimiter) {
        quotes.push(Mark(Some(b'\'')));
    }
    if memchr::memchr(b'"', text).is_some() {
        quotes.push(Mark(None));
    }
    quotes
}

/// Whether a mark stands at both ends of some field.
fn opens_fields(text: &[u8], mark: u8, delimiter: &[u8]) -> bool {
    let opens = |at: usize| at == 0 || text[at - 1] == b'\n' || text[..at].ends_with(delimiter);
    let closes = |at: usize| {
        let behind = &text[at + 1..];
        behind.is_empty() || behind.starts_with(b"\n") || behind.starts_with(b"\r") || behind.starts_with(delimiter)
    };
    let marks = || memchr::memchr_iter(mark, text);
    marks().any(opens) && marks().any(closes)
}

fn escapes(text: &[u8], quote: Mark, given: &Given<'_>) -> Vec<Option<Mark>> {
    match quote.0 {
        Some(quote) if !given.has("escape") && memmem::find(text, &[b'\\', quote]).is_some() => {
            vec![None, Some(Mark(Some(b'\\')))]
        }
        _ => vec![None],
    }
}

/// Runs of two to four punctuation characters that stand in every one of the first lines.
fn compounds(text: &[u8]) -> Vec<String> {
    let front = &text[..text.len().min(LOOKED_AT)];
    let mut lines = front.split(|b| *b == b'\n').filter(|line| !line.is_empty());
    // The last line may be cut off; the first may be in front of the table.
    let Some(line) = lines.nth(1).or_else(|| front.split(|b| *b == b'\n').find(|line| !line.is_empty())) else {
        return Vec::new();
    };
    let mut found: Vec<String> = Vec::new();
    for run in line.split(|b| !COMPOUNDS.contains(b)).filter(|run| (2..=4).contains(&run.len())) {
        let run = String::from_utf8_lossy(run).into_owned();
        if !found.contains(&run) && found.len() < MAX_COMPOUNDS {
            found.push(run);
        }
    }
    found
}
