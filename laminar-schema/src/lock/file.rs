//! The file itself: reading it, and writing it so that no crash leaves half of one.

use std::{
    fmt, fs,
    io::{self, Write as _},
    path::Path,
};

use serde::Deserialize;

use super::{LOCK_VERSION, LockFile};
use crate::error::cut;

/// What the file is called where nobody says otherwise. It stands beside the SQL file.
pub const LOCK_FILE_NAME: &str = "laminar.lock";

/// Why a lock cannot be read, written or used.
#[derive(Debug)]
#[non_exhaustive]
pub enum LockError {
    /// There is no such file.
    Missing {
        /// Where it should be.
        path: String,
    },
    /// The system refused.
    Io {
        /// `read` or `write`.
        action: &'static str,
        /// The file.
        path: String,
        /// The system's answer.
        source: io::Error,
    },
    /// It is no lock.
    Syntax {
        /// The file.
        path: String,
        /// Why not, with line and column.
        reason: String,
    },
    /// A later version of this program wrote it.
    Version {
        /// The file.
        path: String,
        /// Version of its layout.
        found: u32,
    },
    /// A value in it is none.
    Value {
        /// Its key.
        key: &'static str,
        /// The value.
        value: String,
    },
    /// A format's evidence is no JSON, which is a fault of the format.
    Evidence {
        /// The source.
        source: String,
        /// Its format.
        format: String,
        /// Why not.
        reason: String,
    },
    /// It belongs to another SQL file.
    Foreign {
        /// The file.
        path: String,
        /// The SQL file that it belongs to.
        found: String,
        /// The one that it was to be written for.
        expected: String,
    },
}

impl LockError {
    /// True when the system is to blame, and neither the file's contents nor its absence.
    pub fn is_io(&self) -> bool {
        matches!(self, Self::Io { .. })
    }
}

impl fmt::Display for LockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { path } => write!(f, "there is no lock {}; `laminar lock write` makes one", cut(path)),
            Self::Io { action, path, source } => write!(f, "cannot {action} {}: {source}", cut(path)),
            Self::Syntax { path, reason } => {
                write!(f, "{} is no lock: {reason}; restore it, or write it anew with `laminar lock write`", cut(path))
            }
            Self::Version { path, found } => write!(
                f,
                "{} has version {found}, and this program reads versions up to {LOCK_VERSION}; use the laminar that wrote it, or a later one",
                cut(path)
            ),
            Self::Value { key, value } => write!(f, "the lock's `{key}` is \"{}\", which is no such value", cut(value)),
            Self::Evidence { source, format, reason } => {
                write!(f, "source {source}: the evidence of format `{format}` is no JSON: {reason}")
            }
            Self::Foreign { path, found, expected } => write!(
                f,
                "{} belongs to {}, not to {}; name another file with --lock",
                cut(path),
                cut(found),
                cut(expected)
            ),
        }
    }
}

impl std::error::Error for LockError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}

/// What every version of the layout has.
#[derive(Deserialize)]
struct Header {
    version: u32,
}

impl LockFile {
    /// Reads the text of a lock; `path` is for messages.
    ///
    /// # Errors
    /// [`LockError::Syntax`], or [`LockError::Version`] for one that a later program wrote.
    pub fn from_text(text: &str, path: &str) -> Result<Self, LockError> {
        let syntax = |e: serde_json::Error| LockError::Syntax { path: path.to_owned(), reason: e.to_string() };
        let Header { version } = serde_json::from_str(text).map_err(syntax)?;
        match version {
            0 => Err(LockError::Syntax { path: path.to_owned(), reason: "there is no version 0".to_owned() }),
            found if found > LOCK_VERSION => Err(LockError::Version { path: path.to_owned(), found }),
            _ => serde_json::from_str(text).map_err(syntax),
        }
    }

    /// The lock as text: the same for the same lock, with one line for each thing that can change.
    ///
    /// # Errors
    /// None of ours: whatever serde may think of.
    pub fn to_text(&self) -> io::Result<String> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }

    /// Reads a file.
    ///
    /// # Errors
    /// There is none, it cannot be read, or it is no lock.
    pub fn read(path: &Path) -> Result<Self, LockError> {
        let shown = path.display().to_string();
        match fs::read_to_string(path) {
            Ok(text) => Self::from_text(&text, &shown),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Err(LockError::Missing { path: shown }),
            Err(e) if e.kind() == io::ErrorKind::InvalidData => {
                Err(LockError::Syntax { path: shown, reason: e.to_string() })
            }
            Err(source) => Err(LockError::Io { action: "read", path: shown, source }),
        }
    }

    /// Writes a file: beside the old one, synced, then renamed over it.
    ///
    /// # Errors
    /// [`LockError::Foreign`] where a lock of another SQL file of the same folder stands there; it cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), LockError> {
        if let (Some(expected), Ok(Self { sql: Some(found), .. })) = (&self.sql, Self::read(path))
            && found != *expected
            && path.with_file_name(&found).exists()
        {
            let path = path.display().to_string();
            return Err(LockError::Foreign { path, found, expected: expected.clone() });
        }
        let write = || -> io::Result<()> {
            // The process's number keeps two writers apart; the last to finish wins, with a whole file.
            let mut beside = path.as_os_str().to_owned();
            beside.push(format!(".{}.tmp", std::process::id()));
            let beside = Path::new(&beside);
            let written = fs::File::create(beside)
                .and_then(|mut file| {
                    file.write_all(self.to_text()?.as_bytes())?;
                    file.sync_all()
                })
                .and_then(|()| fs::rename(beside, path));
            if written.is_err() {
                // What went wrong is said already; that this is left over too would not help.
                let _ = fs::remove_file(beside);
            }
            written
        };
        write().map_err(|source| LockError::Io { action: "write", path: path.display().to_string(), source })
    }
}
