//! What derived code calls. No stability promise: only the derives of the same version may use it.

pub use std::{
    option::Option::{self, None, Some},
    result::Result::{self, Err, Ok},
    string::String,
    vec::Vec,
};

pub use arrow_array::RecordBatch;
pub use arrow_schema::SchemaRef;

pub use crate::*;
pub use crate::{
    config::{ConfigKey, FromConfigValue, OptionReader},
    evolution,
    inference::FieldMeta,
};

/// Whether two texts are the same, in constants.
pub const fn str_eq(a: &str, b: &str) -> bool {
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

/// Whether `set` holds `word`, in constants.
pub const fn contains(set: &[&str], word: &str) -> bool {
    let mut i = 0;
    while i < set.len() {
        if str_eq(set[i], word) {
            return true;
        }
        i += 1;
    }
    false
}

/// All of `sets` in one array, in constants. `N` must be the sum of their lengths.
pub const fn concat<const N: usize>(sets: &[&[&'static str]]) -> [&'static str; N] {
    let mut out = [""; N];
    let (mut i, mut n) = (0, 0);
    while i < sets.len() {
        let mut j = 0;
        while j < sets[i].len() {
            out[n] = sets[i][j];
            n += 1;
            j += 1;
        }
        i += 1;
    }
    out
}

/// Whether no word stands twice, in constants.
pub const fn distinct(set: &[&str]) -> bool {
    let mut i = 0;
    while i < set.len() {
        let mut j = i + 1;
        while j < set.len() {
            if str_eq(set[i], set[j]) {
                return false;
            }
            j += 1;
        }
        i += 1;
    }
    true
}

/// Whether no two connectors have the same name, in constants.
pub const fn distinct_names(members: &[ConnectorInfo]) -> bool {
    let mut i = 0;
    while i < members.len() {
        let mut j = i + 1;
        while j < members.len() {
            if str_eq(members[i].name, members[j].name) {
                return false;
            }
            j += 1;
        }
        i += 1;
    }
    true
}

/// The error of a derived `create` for a name that is no member.
#[cold]
pub fn unknown_connector(role: &'static str, name: &str, members: &[ConnectorInfo]) -> SchemaError {
    connector::unknown_connector(role, name, members.iter().map(|m| m.name))
}
