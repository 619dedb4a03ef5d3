//! Values that nobody wants: passed over without recursion, and checked like any other.

use super::token::{Malformed, Token, token};
use crate::column::is_text;

/// Where a record is malformed, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) at: usize,
    pub(super) why: Malformed,
}

/// Passes over values; its memory is kept from record to record.
#[derive(Debug, Default)]
pub(super) struct Skipper {
    /// Values still to come in the containers around the current one, the innermost last.
    open: Vec<u64>,
}

impl Skipper {
    /// Passes over the value at `at`, which lies inside `depth` containers, and returns where it ends.
    ///
    /// # Errors
    /// It is malformed, or nested deeper than `max_depth`.
    #[inline]
    pub(super) fn skip(&mut self, bytes: &[u8], at: usize, depth: usize, max_depth: usize) -> Result<usize, Fault> {
        let (first, end) = checked(bytes, at)?;
        match first {
            Token::Array(len) => self.container(bytes, at, end, u64::from(len), depth, max_depth),
            Token::Map(len) => self.container(bytes, at, end, u64::from(len) * 2, depth, max_depth),
            _ => Ok(end),
        }
    }

    /// Passes over the values of a container that begins at `start`.
    #[inline(never)]
    fn container(
        &mut self,
        bytes: &[u8],
        start: usize,
        mut at: usize,
        mut left: u64,
        depth: usize,
        max_depth: usize,
    ) -> Result<usize, Fault> {
        self.open.clear();
        if depth >= max_depth {
            return Err(Fault { at: start, why: Malformed::TooDeep });
        }
        loop {
            while left == 0 {
                match self.open.pop() {
                    Some(outer) => left = outer,
                    None => return Ok(at),
                }
            }
            left -= 1;
            let (value, end) = checked(bytes, at)?;
            let inside = match value {
                Token::Array(len) => u64::from(len),
                Token::Map(len) => u64::from(len) * 2,
                _ => {
                    at = end;
                    continue;
                }
            };
            if depth + self.open.len() + 1 >= max_depth {
                return Err(Fault { at, why: Malformed::TooDeep });
            }
            self.open.push(left);
            (left, at) = (inside, end);
        }
    }
}

/// The token at `at`, whose text is UTF-8 if it is one.
#[inline]
pub(super) fn checked(bytes: &[u8], at: usize) -> Result<(Token<'_>, usize), Fault> {
    let found = token(bytes, at).map_err(|why| Fault { at, why })?;
    match found.0 {
        Token::Str(text) if !is_text(text) => Err(Fault { at, why: Malformed::InvalidUtf8 }),
        _ => Ok(found),
    }
}
