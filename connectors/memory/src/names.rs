//! Names of feeds and stores, so that SQL can reach what a program holds.
//!
//! The names are the process's, because SQL has nothing but a name to go by. They do not keep anything alive: a name is
//! free again once the last handle, source and sink of what it named is gone.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use laminar_schema::{ConnectorError, SchemaResult};

/// One table of names.
pub(crate) struct Names<T>(Mutex<BTreeMap<String, Weak<T>>>);

impl<T> Names<T> {
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(BTreeMap::new()))
    }

    /// Gives `value` a name; false when something alive has it already.
    pub(crate) fn register(&self, name: &str, value: &Arc<T>) -> bool {
        // Entries are whole at any time, so a panic elsewhere does not spoil the table.
        let mut names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        names.retain(|_, value| value.strong_count() > 0);
        if names.contains_key(name) {
            return false;
        }
        names.insert(name.to_owned(), Arc::downgrade(value));
        true
    }

    /// What has the name.
    pub(crate) fn find(&self, what: &str, name: &str, help: &'static str) -> SchemaResult<Arc<T>> {
        let names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = names.get(name).and_then(Weak::upgrade);
        found.ok_or_else(|| ConnectorError::NotFound { target: format!("{what} `{name}`"), help }.into())
    }
}
