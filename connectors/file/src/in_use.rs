//! Which files sources of this process are reading, so that no sink empties one of them.
//!
//! A lock of the operating system would do the same across processes, but needs an open handle for each file of a
//! pattern for as long as the stream lives.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// How many streams read each file, by its canonical path: links to a file count as the file, other hard links do not.
static READ: Mutex<BTreeMap<PathBuf, usize>> = Mutex::new(BTreeMap::new());

fn read() -> MutexGuard<'static, BTreeMap<PathBuf, usize>> {
    // A count is changed in one step, so a panic elsewhere leaves it whole.
    READ.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Says that files are being read, for as long as it lives.
#[derive(Debug, Default)]
pub(crate) struct Reading(Vec<PathBuf>);

impl Reading {
    /// Notes `files`; what does not exist is no file to protect.
    pub(crate) fn new<P: AsRef<Path>>(files: impl IntoIterator<Item = P>) -> Self {
        let held: Vec<PathBuf> = files.into_iter().filter_map(|path| fs::canonicalize(path).ok()).collect();
        let mut all = read();
        for path in &held {
            *all.entry(path.clone()).or_default() += 1;
        }
        Self(held)
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        let mut all = read();
        for path in &self.0 {
            if let Some(count) = all.get_mut(path) {
                *count -= 1;
                if *count == 0 {
                    all.remove(path);
                }
            }
        }
    }
}

/// Whether a source of this process reads the file.
pub(crate) fn is_read(path: &Path) -> bool {
    fs::canonicalize(path).is_ok_and(|path| read().contains_key(&path))
}
