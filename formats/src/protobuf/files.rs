//! Where the compiler finds definitions: texts in memory, and directories.

use std::path::{Path, PathBuf};

use protox::file::{File, FileResolver, IncludeFileResolver};

use super::edition;

/// A definition's text, parsed, whatever its syntax or edition.
///
/// # Errors
/// What the parser says.
pub(super) fn parse(name: &str, text: &str) -> Result<File, protox::Error> {
    edition::parse(name, text).unwrap_or_else(|| File::from_source(name, text))
}

/// A file that is there already.
pub(super) struct Inline(pub(super) File);

impl FileResolver for Inline {
    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        if name == self.0.name() { Ok(self.0.clone()) } else { Err(protox::Error::file_not_found(name)) }
    }
}

/// Files of a directory.
pub(super) struct Directory {
    path: PathBuf,
    inner: IncludeFileResolver,
}

impl Directory {
    pub(super) fn new(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        Self { inner: IncludeFileResolver::new(path.clone()), path }
    }
}

impl FileResolver for Directory {
    fn resolve_path(&self, path: &Path) -> Option<String> {
        self.inner.resolve_path(path)
    }

    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        // Whatever is wrong with the file itself, the other one says.
        let text = std::fs::read_to_string(self.path.join(name)).ok();
        text.and_then(|text| edition::parse(name, &text)).unwrap_or_else(|| self.inner.open_file(name))
    }
}
