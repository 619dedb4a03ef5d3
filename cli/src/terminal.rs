//! What standard output can show: how wide it is, which characters, and whether in colour.

use std::{
    env,
    fmt::Write as _,
    io::{self, IsTerminal as _},
};

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// What text is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Screen {
    /// Columns; lines may be of any length where there is no such number.
    pub(crate) width: Option<usize>,
    /// Whether characters beyond ASCII are shown.
    pub(crate) unicode: bool,
    /// Whether escape codes colour.
    pub(crate) colour: bool,
}

/// How a piece of text stands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// Headings.
    Bold,
    /// What is less important.
    Dim,
    /// What is well.
    Green,
    /// What should be looked at.
    Yellow,
    /// What is bad.
    Red,
}

impl Screen {
    /// Standard output, as it is connected and as the environment says.
    pub(crate) fn stdout() -> Self {
        let is_terminal = io::stdout().is_terminal();
        let said = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(said).unwrap_or_default().to_ascii_lowercase();
        let is_plain = said("NO_COLOR").is_some() || said("TERM").is_some_and(|term| term == "dumb");
        Self {
            width: is_terminal.then(terminal_size::terminal_size).flatten().map(|(width, _)| usize::from(width.0)),
            unicode: is_terminal || locale.contains("utf-8") || locale.contains("utf8"),
            colour: is_terminal && !is_plain,
        }
    }

    /// `text` in a style, where there are styles.
    pub(crate) fn styled(self, style: Style, text: &str) -> String {
        let code = match style {
            Style::Bold => 1,
            Style::Dim => 2,
            Style::Green => 32,
            Style::Yellow => 33,
            Style::Red => 31,
        };
        if self.colour && !text.is_empty() { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    /// `share` of `cells` cells, 0 to 1: eighths of cells where there are characters for them.
    pub(crate) fn bar(self, share: f64, cells: usize) -> String {
        const EIGHTHS: [char; 7] = ['▏', '▎', '▍', '▌', '▋', '▊', '▉'];
        let steps = if self.unicode { 8 } else { 1 };
        // What is not nothing does not look like nothing.
        let filled = (share.clamp(0.0, 1.0) * (cells * steps) as f64).round().max((share > 0.0).into()) as usize;
        let (whole, part) = (filled / steps, filled % steps);
        let (full, rest) = if self.unicode { ('█', ' ') } else { ('#', '.') };
        let mut bar: String = std::iter::repeat_n(full, whole).collect();
        bar.extend(part.checked_sub(1).and_then(|i| EIGHTHS.get(i)));
        let used = whole + usize::from(part > 0);
        bar.extend(std::iter::repeat_n(rest, cells.saturating_sub(used)));
        bar
    }

    /// Between a thing and its number.
    pub(crate) fn times(self) -> char {
        if self.unicode { '×' } else { 'x' }
    }

    /// `text` on `width` columns at most; what is cut is marked.
    pub(crate) fn cut(self, text: &str, width: usize) -> String {
        if text.width() <= width {
            return text.to_owned();
        }
        let mark = if self.unicode { "…" } else { "~" };
        let mut left = width.saturating_sub(mark.width());
        let mut out = String::new();
        for c in text.chars() {
            let Some(rest) = left.checked_sub(c.width().unwrap_or(0)) else { break };
            left = rest;
            out.push(c);
        }
        if width > 0 {
            out.push_str(mark);
        }
        out
    }

    /// `text` and as many blanks as `width` columns need.
    pub(crate) fn padded(text: &str, width: usize) -> String {
        let blanks = width.saturating_sub(text.width());
        format!("{text}{:blanks$}", "")
    }
}

/// `text` on one line: what would move the cursor, or turn the line round, is written as an escape. Names and values come
/// from outside, and a terminal obeys what it is sent.
pub(crate) fn harmless(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let turns = matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if c.is_control() || turns || matches!(c, '\u{2028}' | '\u{2029}') {
            let _ = write!(out, "{}", c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNICODE: Screen = Screen { width: None, unicode: true, colour: true };
    const ASCII: Screen = Screen { width: None, unicode: false, colour: false };

    #[test]
    fn bars_are_as_long_as_their_share() {
        for (share, unicode, ascii) in [
            (0.0, "    ", "...."),
            (0.001, "▏   ", "#..."),
            (0.5, "██  ", "##.."),
            (0.97, "███▉", "####"),
            (1.0, "████", "####"),
            (7.0, "████", "####"),
            (f64::NAN, "    ", "...."),
        ] {
            assert_eq!((UNICODE.bar(share, 4), ASCII.bar(share, 4)), (unicode.to_owned(), ascii.to_owned()), "{share}");
        }
    }

    #[test]
    fn text_is_cut_to_its_columns() {
        for (text, width, expected) in [
            ("abc", 3, "abc"),
            ("abcd", 3, "ab…"),
            ("日本語", 5, "日本…"),
            ("日本語", 4, "日…"),
            ("abc", 1, "…"),
            ("abc", 0, ""),
        ] {
            assert_eq!(UNICODE.cut(text, width), expected);
        }
        assert_eq!(ASCII.cut("abcd", 3), "ab~");
        assert_eq!(Screen::padded("日", 4), "日  ");
    }

    #[test]
    fn only_colour_has_escape_codes() {
        assert_eq!(UNICODE.styled(Style::Red, "x"), "\x1b[31mx\x1b[0m");
        assert_eq!(ASCII.styled(Style::Red, "x"), "x");
        assert_eq!(harmless("a\x1b[31m\n\u{202e}ß"), "a\\u{1b}[31m\\n\\u{202e}ß");
    }
}
