//! One value of a sample, as its format tells it.

use std::borrow::Cow;

use super::lattice::Kind;

/// A value, borrowed from its record. Numbers keep their text: that is the only exact form they have.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// An explicit null, or what the format's options call null.
    Null,
    /// A boolean.
    Bool(bool),
    /// A number in JSON's grammar.
    Number(&'a str),
    /// A text.
    Text(Cow<'a, str>),
    /// A value whose kind the format itself tells, whatever its text looks like: bytes, an instant, NaN.
    Typed {
        /// Its kind. An instant's text is ISO 8601 in UTC.
        kind: Kind,
        /// Its text, to be shown.
        text: &'a str,
    },
    /// An array.
    List {
        /// Its text, to be shown.
        raw: &'a str,
        /// Its elements.
        items: Vec<Value<'a>>,
    },
    /// An object.
    Object {
        /// Its text, to be shown.
        raw: &'a str,
        /// Its members as they stand: a key may stand twice.
        members: Vec<(Cow<'a, str>, Value<'a>)>,
    },
}
