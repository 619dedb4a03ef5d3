//! The versions of a schema: what was in force, since when, and what had changed.

use std::{
    fmt, fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use arrow_schema::{Schema, SchemaRef};
use serde::{Deserialize, Serialize};

use super::{
    EvolutionVerdict, SchemaChange, diff, evaluate_versions,
    stored_schema::{NotStorable, StoredSchema},
};
use crate::{
    atomic_file,
    error::cut,
    fingerprint::{Fingerprint, fingerprint},
    pipeline::file_name_of,
    position::{Position, Positions},
    registry::CompatibilityMode,
};

/// Version of the file's layout.
const LAYOUT: u32 = 1;

/// How many bytes a file of history may have.
pub const MAX_HISTORY_BYTES: u64 = 64 << 20;

/// A schema that was in force.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SchemaVersion {
    /// Its number, from 0.
    pub version: u64,
    /// The schema.
    pub schema: SchemaRef,
    /// [`fingerprint`] of the schema. Versions that differ only in metadata or layout have the same.
    pub fingerprint: Fingerprint,
    /// Where the source stood when it was first seen.
    pub positions: Positions,
    /// When it was first seen, to the millisecond.
    pub first_seen: SystemTime,
    /// The changes from the version before; none for the first.
    pub changes: Vec<SchemaChange>,
}

impl AsRef<Schema> for SchemaVersion {
    fn as_ref(&self) -> &Schema {
        &self.schema
    }
}

/// The versions of one source's schema, oldest first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SchemaHistory {
    versions: Vec<SchemaVersion>,
}

impl SchemaHistory {
    /// No schema yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// All versions, oldest first.
    pub fn versions(&self) -> &[SchemaVersion] {
        &self.versions
    }

    /// The version in force.
    pub fn latest(&self) -> Option<&SchemaVersion> {
        self.versions.last()
    }

    /// Takes over a schema as the next version; `None` when it is the one in force, to the last entry of its metadata.
    ///
    /// A schema that comes back after another was in force is a new version. `first_seen` before 1970 counts as 1970.
    pub fn record(
        &mut self,
        schema: &SchemaRef,
        positions: Positions,
        first_seen: SystemTime,
    ) -> Option<&SchemaVersion> {
        let changes = match self.latest() {
            Some(latest) if latest.schema == *schema => return None,
            Some(latest) => diff(&latest.schema, schema),
            None => Vec::new(),
        };
        self.versions.push(SchemaVersion {
            version: self.versions.len() as u64,
            schema: SchemaRef::clone(schema),
            fingerprint: fingerprint(schema),
            positions,
            first_seen: from_ms(to_ms(first_seen)),
            changes,
        });
        self.versions.last()
    }

    /// The version that was in force at a place: the last one first seen there or before. A version that was first seen when
    /// nothing of the partition had been read counts as before.
    pub fn version_at(&self, partition: &str, position: &Position) -> Option<&SchemaVersion> {
        self.versions.iter().rev().find(|v| v.positions.get(partition).is_none_or(|first| first <= position))
    }

    /// Whether `proposed` may be the next version: [`evaluate_versions`].
    pub fn evaluate(&self, proposed: &Schema, mode: CompatibilityMode) -> EvolutionVerdict {
        evaluate_versions(&self.versions, proposed, mode)
    }
}

/// Keeps the history of one pipeline in a file beside its checkpoint, which is replaced in one step.
#[derive(Debug, Clone)]
pub struct HistoryStore {
    path: PathBuf,
}

impl HistoryStore {
    /// The history of the pipeline `name` in the folder of its checkpoints: `<name>.schemas.json`.
    pub fn new(dir: &Path, name: &str) -> Self {
        Self { path: dir.join(format!("{}.schemas.json", file_name_of(name))) }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The history; an empty one when there is no file.
    ///
    /// # Errors
    /// The file cannot be read, is larger than [`MAX_HISTORY_BYTES`], or is damaged: no JSON, an unknown layout, numbers with
    /// gaps, or a schema that is not the one whose fingerprint stands beside it.
    pub fn load(&self) -> Result<SchemaHistory, HistoryError> {
        let io_error = |source| HistoryError::Io { action: "read", path: self.shown(), source };
        let file = match fs::File::open(&self.path) {
            Ok(file) => file,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(SchemaHistory::new()),
            Err(e) => return Err(io_error(e)),
        };
        let mut bytes = Vec::new();
        file.take(MAX_HISTORY_BYTES + 1).read_to_end(&mut bytes).map_err(io_error)?;
        if bytes.len() as u64 > MAX_HISTORY_BYTES {
            return Err(HistoryError::TooLarge { path: self.shown() });
        }
        read(&bytes).map_err(|problem| match problem {
            Problem::Damaged(reason) => HistoryError::Damaged { path: self.shown(), reason },
            Problem::Layout(found) => HistoryError::Layout { path: self.shown(), found },
        })
    }

    /// Stores the history: written beside the old file, synced, then renamed over it. The folder is made if it is not there.
    ///
    /// # Errors
    /// The file cannot be written, or would be larger than [`MAX_HISTORY_BYTES`]; a schema has a type that does not
    /// come back from Arrow's own spelling, or is nested too deep. The old file is then still in force.
    pub fn store(&self, history: &SchemaHistory) -> Result<(), HistoryError> {
        let versions = history.versions.iter().map(StoredVersion::of).collect::<Result<Vec<_>, _>>();
        let versions = versions.map_err(|NotStorable { path, reason }| HistoryError::NotStorable { path, reason })?;
        let io_error = |source| HistoryError::Io { action: "write", path: self.shown(), source };
        let text = serde_json::to_vec_pretty(&Stored { layout: LAYOUT, versions }).map_err(|e| io_error(e.into()))?;
        if text.len() as u64 > MAX_HISTORY_BYTES {
            return Err(HistoryError::TooLarge { path: self.shown() });
        }
        if let Some(dir) = self.path.parent() {
            fs::create_dir_all(dir).map_err(io_error)?;
        }
        atomic_file::replace(&self.path, &text).map_err(io_error)
    }

    fn shown(&self) -> String {
        self.path.display().to_string()
    }
}

/// Why a history cannot be read or written.
#[derive(Debug)]
#[non_exhaustive]
pub enum HistoryError {
    /// The system refused.
    Io {
        /// `read` or `write`.
        action: &'static str,
        /// The file.
        path: String,
        /// The system's answer.
        source: io::Error,
    },
    /// The file is no history, or not what was written.
    Damaged {
        /// The file.
        path: String,
        /// What is wrong.
        reason: String,
    },
    /// A later version of this program wrote it.
    Layout {
        /// The file.
        path: String,
        /// Version of its layout.
        found: u32,
    },
    /// It is larger than [`MAX_HISTORY_BYTES`].
    TooLarge {
        /// The file.
        path: String,
    },
    /// A schema cannot be written as JSON.
    NotStorable {
        /// The field.
        path: String,
        /// Why not.
        reason: String,
    },
}

impl fmt::Display for HistoryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { action, path, source } => write!(f, "cannot {action} {}: {source}", cut(path)),
            Self::Damaged { path, reason } => write!(
                f,
                "{} is no history of schemas: {reason}; restore it from a backup, or move it away: versions are then counted \
                 from 0 again, and transitive compatibility knows only what comes after",
                cut(path)
            ),
            Self::Layout { path, found } => write!(
                f,
                "{}: expected layout {LAYOUT}, found layout {found}; use the laminar that wrote it, or a later one",
                cut(path)
            ),
            Self::TooLarge { path } => write!(
                f,
                "{}: expected at most {MAX_HISTORY_BYTES} bytes, found more; move the file away to begin a new history",
                cut(path)
            ),
            Self::NotStorable { path, reason } => {
                write!(f, "field {}: {reason}; give the field another type, or leave it out", cut(path))
            }
        }
    }
}

impl std::error::Error for HistoryError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}

/// The file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    layout: u32,
    versions: Vec<StoredVersion>,
}

/// What every layout has.
#[derive(Deserialize)]
struct Header {
    layout: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredVersion {
    version: u64,
    fingerprint: String,
    first_seen_ms: u64,
    positions: Positions,
    /// For people; they are computed again when the file is read.
    changes: Vec<String>,
    schema: StoredSchema,
}

impl StoredVersion {
    fn of(version: &SchemaVersion) -> Result<Self, NotStorable> {
        Ok(Self {
            version: version.version,
            fingerprint: version.fingerprint.to_string(),
            first_seen_ms: to_ms(version.first_seen),
            positions: version.positions.clone(),
            changes: version.changes.iter().map(ToString::to_string).collect(),
            schema: StoredSchema::of(&version.schema)?,
        })
    }
}

/// What is wrong with the bytes of a file.
enum Problem {
    Damaged(String),
    Layout(u32),
}

fn read(bytes: &[u8]) -> Result<SchemaHistory, Problem> {
    let json = |e: serde_json::Error| Problem::Damaged(e.to_string());
    let Header { layout } = serde_json::from_slice(bytes).map_err(json)?;
    if layout != LAYOUT {
        return Err(Problem::Layout(layout));
    }
    let stored: Stored = serde_json::from_slice(bytes).map_err(json)?;
    let mut history = SchemaHistory::new();
    for (number, version) in stored.versions.into_iter().enumerate() {
        let damaged = |reason: String| Problem::Damaged(format!("version {number}: {reason}"));
        if version.version != number as u64 {
            return Err(damaged(format!("expected number {number}, found {}", version.version)));
        }
        let schema = version.schema.to_schema();
        let schema = schema.map_err(|NotStorable { path, reason }| damaged(format!("field {path}: {reason}")))?;
        let found = fingerprint(&schema).to_string();
        if found != version.fingerprint {
            let expected = cut(&version.fingerprint).to_string();
            return Err(damaged(format!("expected a schema of fingerprint {expected}, found one of {found}")));
        }
        // A time that no clock shows is the latest that one does.
        let first_seen = from_ms(version.first_seen_ms);
        if history.record(&SchemaRef::new(schema), version.positions, first_seen).is_none() {
            return Err(damaged("expected another schema than the version before, found the same".to_owned()));
        }
    }
    Ok(history)
}

fn to_ms(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

fn from_ms(ms: u64) -> SystemTime {
    UNIX_EPOCH.checked_add(Duration::from_millis(ms)).unwrap_or(UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use arrow_schema::{DataType, Field};

    use super::*;

    fn schema(columns: &[(&str, DataType)]) -> SchemaRef {
        let fields: Vec<Field> = columns.iter().map(|(name, t)| Field::new(*name, t.clone(), true)).collect();
        SchemaRef::new(Schema::new(fields))
    }

    fn at(offset: u64) -> Positions {
        [("p0", Position::from_u64(offset))].into_iter().collect()
    }

    fn two_versions() -> SchemaHistory {
        let mut history = SchemaHistory::new();
        let (first, second) = (schema(&[("id", DataType::Int32)]), schema(&[("id", DataType::Int64)]));
        assert!(history.record(&first, Positions::new(), UNIX_EPOCH).is_some());
        assert!(history.record(&first, at(5), UNIX_EPOCH).is_none());
        let seen = UNIX_EPOCH + Duration::from_millis(1_764_363_600_123);
        assert_eq!(history.record(&second, at(10), seen).map(|v| v.version), Some(1));
        history
    }

    #[test]
    fn a_history_comes_back() -> Result<(), Box<dyn std::error::Error>> {
        let dir = tempfile::tempdir()?;
        let store = HistoryStore::new(&dir.path().join("new"), "Orders/eu");
        assert_eq!(store.load()?, SchemaHistory::new());
        let mut history = two_versions();
        store.store(&history)?;
        assert_eq!(store.load()?, history);
        let back = history.versions()[0].schema.clone();
        assert!(history.record(&back, at(20), SystemTime::now()).is_some());
        store.store(&history)?;
        assert_eq!(store.load()?, history);
        let files: Vec<_> =
            fs::read_dir(dir.path().join("new"))?.map(|f| f.map(|f| f.file_name())).collect::<Result<_, _>>()?;
        assert_eq!(files, ["orders%2feu.schemas.json"]);
        Ok(())
    }

    #[test]
    fn the_version_at_a_place() {
        let history = two_versions();
        let number = |partition, offset| history.version_at(partition, &Position::from_u64(offset)).map(|v| v.version);
        assert_eq!(number("p0", 9), Some(0));
        assert_eq!(number("p0", 10), Some(1));
        assert_eq!(number("p1", 0), Some(1));
        assert_eq!(SchemaHistory::new().version_at("p0", &Position::from_u64(0)), None);
        let changes: Vec<String> = history.versions()[1].changes.iter().map(ToString::to_string).collect();
        assert_eq!(changes, ["widen id INTEGER → BIGINT"]);
    }

    #[test]
    fn a_damaged_file_says_what_to_do() -> Result<(), Box<dyn std::error::Error>> {
        let dir = tempfile::tempdir()?;
        let store = HistoryStore::new(dir.path(), "p");
        store.store(&two_versions())?;
        let good = fs::read_to_string(store.path())?;
        let cases = [
            (good[..good.len() / 2].to_owned(), "EOF while parsing"),
            (good.replace("Int64", "Int16"), "version 1: expected a schema of fingerprint"),
            (good.replace("Int64", "Int46"), "version 1: field id: expected an Arrow type, found `Int46`"),
            (good.replace("\"version\": 1", "\"version\": 3"), "version 1: expected number 1, found 3"),
            (good.replace("first_seen_ms", "last_seen_ms"), "unknown field `last_seen_ms`"),
            (String::new(), "EOF while parsing"),
            ("[]".to_owned(), "invalid"),
        ];
        for (text, expected) in cases {
            assert_ne!(text, good);
            fs::write(store.path(), text)?;
            let error = store.load().map(drop).unwrap_err().to_string();
            assert!(error.contains("p.schemas.json is no history of schemas: "), "{error}");
            assert!(error.contains(expected) && error.contains("restore it from a backup"), "{expected}: {error}");
        }
        fs::write(store.path(), good.replace("\"layout\": 1", "\"layout\": 2"))?;
        let error = store.load().map(drop).unwrap_err().to_string();
        assert!(error.contains("expected layout 1, found layout 2; use the laminar that wrote it"), "{error}");
        Ok(())
    }

    #[test]
    fn what_cannot_be_written_leaves_the_old_file() -> Result<(), Box<dyn std::error::Error>> {
        let dir = tempfile::tempdir()?;
        let store = HistoryStore::new(dir.path(), "p");
        let mut history = two_versions();
        store.store(&history)?;
        let wrap = |t, _| DataType::List(Field::new_list_field(t, true).into());
        history.record(&schema(&[("deep", (0..70).fold(DataType::Int8, wrap))]), at(11), UNIX_EPOCH);
        let error = store.store(&history).map(drop).unwrap_err().to_string();
        assert!(error.contains("expected at most 56 levels of nesting, found more"), "{error}");
        assert_eq!(store.load()?, two_versions());
        Ok(())
    }
}
