//! JSON text → [`Value`]s that keep the text of every number.
//!
//! simd-json refuses integers over 64 bits and drops the text of the others, which is what inference is about; so
//! this is a small exact parser of its own. It accepts RFC 8259 and nothing else.

use std::{borrow::Cow, fmt};

use crate::infer::Value;

/// Why a text is no JSON. Costs nothing to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed {
    /// The byte that is wrong.
    pub(super) at: usize,
    /// What was expected there.
    pub(super) expected: &'static str,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {} at byte {}", self.expected, self.at)
    }
}

/// Reads one document after another from a record.
#[derive(Debug)]
pub(super) struct Documents<'a> {
    text: &'a str,
    at: usize,
    max_depth: usize,
}

impl<'a> Documents<'a> {
    pub(super) fn new(text: &'a str, max_depth: usize) -> Self {
        Self { text, at: 0, max_depth }
    }

    /// The next document; `None` behind the last one.
    pub(super) fn next(&mut self) -> Result<Option<Value<'a>>, Malformed> {
        self.skip_blanks();
        if self.at == self.text.len() {
            return Ok(None);
        }
        let value = self.value(0)?;
        self.skip_blanks();
        Ok(Some(value))
    }

    fn value(&mut self, depth: usize) -> Result<Value<'a>, Malformed> {
        match self.peek() {
            Some(b'{' | b'[') if depth == self.max_depth => self.fail("fewer levels of nesting"),
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => Ok(Value::Text(self.string()?)),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b'n') => self.word("null", Value::Null),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            _ => self.fail("a value"),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value<'a>, Malformed> {
        let start = self.at;
        let mut members = Vec::new();
        self.at += 1;
        self.skip_blanks();
        if !self.take(b'}') {
            loop {
                self.skip_blanks();
                if self.peek() != Some(b'"') {
                    return self.fail("a key in quotes");
                }
                let key = self.string()?;
                self.skip_blanks();
                if !self.take(b':') {
                    return self.fail("a colon");
                }
                self.skip_blanks();
                members.push((key, self.value(depth + 1)?));
                self.skip_blanks();
                if self.take(b'}') {
                    break;
                }
                if !self.take(b',') {
                    return self.fail("a comma or a closing brace");
                }
            }
        }
        Ok(Value::Object { raw: &self.text[start..self.at], members })
    }

    fn array(&mut self, depth: usize) -> Result<Value<'a>, Malformed> {
        let start = self.at;
        let mut items = Vec::new();
        self.at += 1;
        self.skip_blanks();
        if !self.take(b']') {
            loop {
                self.skip_blanks();
                items.push(self.value(depth + 1)?);
                self.skip_blanks();
                if self.take(b']') {
                    break;
                }
                if !self.take(b',') {
                    return self.fail("a comma or a closing bracket");
                }
            }
        }
        Ok(Value::List { raw: &self.text[start..self.at], items })
    }

    fn number(&mut self) -> Result<Value<'a>, Malformed> {
        let rest = &self.text[self.at..];
        let end = rest.find(|c: char| !matches!(c, '0'..='9' | '-' | '+' | '.' | 'e' | 'E')).unwrap_or(rest.len());
        let number = &rest[..end];
        if !crate::infer::is_number(number) {
            return self.fail("a number");
        }
        self.at += end;
        Ok(Value::Number(number))
    }

    fn word(&mut self, word: &'static str, value: Value<'a>) -> Result<Value<'a>, Malformed> {
        if !self.text[self.at..].starts_with(word) {
            return self.fail("a value");
        }
        self.at += word.len();
        Ok(value)
    }

    /// Reads a string whose opening quote is the next byte.
    fn string(&mut self) -> Result<Cow<'a, str>, Malformed> {
        let bytes = self.text.as_bytes();
        self.at += 1;
        let mut from = self.at;
        let mut unescaped = String::new();
        loop {
            match bytes.get(self.at) {
                Some(b'"') => {
                    let tail = &self.text[from..self.at];
                    self.at += 1;
                    if unescaped.is_empty() {
                        return Ok(Cow::Borrowed(tail));
                    }
                    unescaped.push_str(tail);
                    return Ok(Cow::Owned(unescaped));
                }
                Some(b'\\') => {
                    unescaped.push_str(&self.text[from..self.at]);
                    unescaped.push(self.escape()?);
                    from = self.at;
                }
                Some(0x20..) => self.at += 1,
                Some(_) => return self.fail("an escape for a control character"),
                None => return self.fail("a closing quote"),
            }
        }
    }

    /// Reads an escape whose backslash is the next byte.
    fn escape(&mut self) -> Result<char, Malformed> {
        let c = match self.text.as_bytes().get(self.at + 1) {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode_escape(),
            _ => return self.fail("an escape"),
        };
        self.at += 2;
        Ok(c)
    }

    fn unicode_escape(&mut self) -> Result<char, Malformed> {
        let mut code = self.code_unit()?;
        if (0xD800..0xDC00).contains(&code) {
            let low = self.code_unit()?;
            if !(0xDC00..0xE000).contains(&low) {
                return self.fail("the other half of a surrogate pair");
            }
            code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
        }
        // Only a low surrogate on its own is left that is no character.
        char::from_u32(code).map_or_else(|| self.fail("the first half of a surrogate pair"), Ok)
    }

    fn code_unit(&mut self) -> Result<u32, Malformed> {
        let Some([b'\\', b'u', digits @ ..]) = self.text.as_bytes().get(self.at..self.at + 6) else {
            return self.fail("\\u and four hexadecimal digits");
        };
        let mut code = 0;
        for digit in digits {
            let Some(digit) = char::from(*digit).to_digit(16) else {
                return self.fail("four hexadecimal digits");
            };
            code = code * 16 + digit;
        }
        self.at += 6;
        Ok(code)
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    #[cold]
    fn fail<T>(&self, expected: &'static str) -> Result<T, Malformed> {
        Err(Malformed { at: self.at, expected })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<Value<'_>>, Malformed> {
        let mut documents = Documents::new(text, 128);
        let mut all = Vec::new();
        while let Some(value) = documents.next()? {
            all.push(value);
        }
        Ok(all)
    }

    #[test]
    fn values_keep_the_text_of_numbers() {
        let text = r#" {"a" : [1e5, -0, 12345678901234567890], "b\u00e9\ud83d\ude00" : "x\ny", "c":{}, "d":[null,true,false]} "#;
        let values = read(text).unwrap();
        let [Value::Object { raw, members }] = values.as_slice() else { panic!("{values:?}") };
        assert_eq!(*raw, text.trim());
        let Value::List { items, .. } = &members[0].1 else { panic!("{members:?}") };
        assert_eq!(*items, [Value::Number("1e5"), Value::Number("-0"), Value::Number("12345678901234567890")]);
        assert_eq!((members[1].0.as_ref(), &members[1].1), ("bé😀", &Value::Text("x\ny".into())));
        assert_eq!(members[2].1, Value::Object { raw: "{}", members: Vec::new() });
    }

    #[test]
    fn documents_may_follow_each_other() {
        assert_eq!(read("1 2\n\"a\"").unwrap().len(), 3);
        assert_eq!(read(" \n").unwrap().len(), 0);
    }

    #[test]
    fn only_json_is_json() {
        let check = |text: &str, at, expected| assert_eq!(read(text), Err(Malformed { at, expected }), "{text}");
        check("{", 1, "a key in quotes");
        check("[1,]", 3, "a value");
        check("[1 2]", 3, "a comma or a closing bracket");
        check("{\"a\" 1}", 5, "a colon");
        check("{\"a\":1,}", 7, "a key in quotes");
        check("{'a':1}", 1, "a key in quotes");
        check("[01]", 1, "a number");
        check("[1.]", 1, "a number");
        check("[+1]", 1, "a value");
        check("nul", 0, "a value");
        check("\"a", 2, "a closing quote");
        check("\"\t\"", 1, "an escape for a control character");
        check("\"\\x\"", 1, "an escape");
        check("\"\\u12\"", 1, "\\u and four hexadecimal digits");
        check("\"\\u12é\"", 1, "four hexadecimal digits");
        check("\"\\ud800\"", 7, "\\u and four hexadecimal digits");
        check("\"\\udc00\"", 7, "the first half of a surrogate pair");
        check("\u{feff}1", 0, "a value");
        check(&"[".repeat(200), 128, "fewer levels of nesting");
    }
}
