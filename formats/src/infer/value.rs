//! One value of a sample, as its format tells it.

use std::borrow::Cow;

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
