//! The file a pipeline resumes from: positions of the source and prepared transactions of the sinks.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::{
    atomic_file,
    connector::Prepared,
    error::{ConnectorError, SchemaResult},
    evolution::DriftReport,
    format::WriterSchemaId,
    position::Positions,
};

/// Version of the file's layout.
const VERSION: u32 = 1;

/// What is stored at a checkpoint.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredCheckpoint {
    version: u32,
    /// Number of the checkpoint, from 1.
    pub epoch: u64,
    /// Number of the version of the source's schema that was in force, in the history beside the checkpoint; 0 without one.
    #[serde(default)]
    pub schema_version: u64,
    /// Id of the newest writer's schema, where a registry has named any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub writer_id: Option<WriterSchemaId>,
    /// How far event time had come, in microseconds since the Unix epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watermark: Option<i64>,
    /// Every schema change that the source has shown up to here.
    #[serde(default, skip_serializing_if = "DriftReport::is_empty")]
    pub drift: DriftReport,
    /// Where the source resumes.
    pub positions: Positions,
    /// The prepared transaction of each sink, by the output's name.
    pub sinks: BTreeMap<String, Prepared>,
}

impl StoredCheckpoint {
    /// A checkpoint of this version's layout.
    pub fn new(epoch: u64, positions: Positions, sinks: BTreeMap<String, Prepared>) -> Self {
        Self {
            version: VERSION,
            epoch,
            schema_version: 0,
            writer_id: None,
            watermark: None,
            drift: DriftReport::new(),
            positions,
            sinks,
        }
    }
}

/// Keeps the last checkpoint of one pipeline in a file that is replaced in one step.
#[derive(Debug, Clone)]
pub struct CheckpointStore {
    path: PathBuf,
}

impl CheckpointStore {
    /// The checkpoint of the pipeline `name` in the folder `dir`, which is made when it is not there.
    ///
    /// # Errors
    /// [`ConnectorError::Io`] when the folder cannot be made.
    pub fn open(dir: &Path, name: &str) -> SchemaResult<Self> {
        fs::create_dir_all(dir).map_err(|e| ConnectorError::io("create", dir.display(), e))?;
        Ok(Self::in_folder(dir, name))
    }

    /// As [`CheckpointStore::open`], for one who only reads. Does no I/O.
    pub(crate) fn in_folder(dir: &Path, name: &str) -> Self {
        Self { path: dir.join(format!("{}.checkpoint.json", file_name_of(name))) }
    }

    /// The last checkpoint; `None` when there is none.
    ///
    /// # Errors
    /// [`ConnectorError::BadCheckpoint`] when the file is not one of ours.
    pub fn load(&self) -> SchemaResult<Option<StoredCheckpoint>> {
        let text = match fs::read(&self.path) {
            Ok(text) => text,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(ConnectorError::io("read", self.path.display(), e).into()),
        };
        let bad =
            |reason: String| ConnectorError::BadCheckpoint { reason: format!("{}: {reason}", self.path.display()) };
        let stored: StoredCheckpoint = serde_json::from_slice(&text).map_err(|e| bad(e.to_string()))?;
        if stored.version != VERSION {
            return Err(bad(format!("expected version {VERSION}, found version {}", stored.version)).into());
        }
        Ok(Some(stored))
    }

    /// Stores a checkpoint: written beside the old one, synced, then renamed over it.
    ///
    /// # Errors
    /// [`ConnectorError::Io`]; either the old or the new checkpoint is then in force.
    pub fn store(&self, checkpoint: &StoredCheckpoint) -> SchemaResult<()> {
        let io_error = |action, e| ConnectorError::io(action, self.path.display(), e);
        let text = serde_json::to_vec(checkpoint).map_err(|e| io_error("encode", e.into()))?;
        Ok(atomic_file::replace(&self.path, &text).map_err(|e| io_error("write", e))?)
    }
}

/// The name of a pipeline as that of a file.
///
/// Names are SQL identifiers: they may hold anything, and differ in more than case. Every other byte is escaped, so that two
/// names never share a file.
pub(crate) fn file_name_of(name: &str) -> String {
    let mut safe = String::new();
    for byte in name.to_lowercase().bytes() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' => safe.push(char::from(byte)),
            _ => safe.push_str(&format!("%{byte:02x}")),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::position::Position;

    #[test]
    fn the_last_checkpoint_comes_back() -> Result<(), Box<dyn std::error::Error>> {
        let dir = tempfile::tempdir()?;
        let store = CheckpointStore::open(&dir.path().join("new"), "a/b c")?;
        assert_eq!(store.load()?, None);
        for epoch in 1..=2 {
            let positions = [("p", Position::from_u64(epoch * 10))].into_iter().collect();
            let sinks = BTreeMap::from([("out".to_owned(), Prepared(vec![1, 2]))]);
            let checkpoint = StoredCheckpoint::new(epoch, positions, sinks);
            store.store(&checkpoint)?;
            assert_eq!(store.load()?, Some(checkpoint));
        }
        Ok(())
    }

    #[test]
    fn two_names_share_a_file_only_where_sql_takes_them_for_one() -> Result<(), Box<dyn std::error::Error>> {
        let dir = tempfile::tempdir()?;
        let path = |name: &str| CheckpointStore::open(dir.path(), name).map(|store| store.path);
        assert_eq!(path("Orders")?, path("orders")?);
        let names = ["a b", "a/b", "a_b", "a%20b", "ä", "../a"];
        let mut paths = names.map(path).into_iter().collect::<SchemaResult<Vec<_>>>()?;
        assert!(paths.iter().all(|p| p.parent() == Some(dir.path())));
        paths.sort();
        paths.dedup();
        assert_eq!(paths.len(), names.len());
        Ok(())
    }

    #[test]
    fn a_foreign_file_is_refused() -> Result<(), Box<dyn std::error::Error>> {
        let dir = tempfile::tempdir()?;
        let store = CheckpointStore::open(dir.path(), "p")?;
        for (text, expected) in [
            ("{", "EOF while parsing"),
            (r#"{"version":9,"epoch":1,"positions":{},"sinks":{}}"#, "expected version 1, found version 9"),
        ] {
            fs::write(&store.path, text)?;
            let error = store.load().err().map(|e| e.to_string()).unwrap_or_default();
            assert!(error.contains("the checkpoint cannot be read") && error.contains(expected), "{error}");
        }
        Ok(())
    }
}
