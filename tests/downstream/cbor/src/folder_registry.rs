//! A schema registry that is a folder: `7.avsc` is the schema of id 7, and `trades-value.subject` has the ids of its versions,
//! one a line, the oldest first. For a test bench, or schemas that are kept in a repository beside the code.

use std::{
    fs,
    io::{ErrorKind, Write as _},
    path::{Path, PathBuf},
};

use arrow_schema::SchemaRef;
use laminar_formats::{
    avro::{arrow_schema_of, avro_schema_of},
    compat::{CompatibilityOptions, check},
};
use laminar_schema::{
    ConnectorConfig, RegisteredSchema, RegistryConfig, RegistryError, RegistryKind, RegistrySchemaType,
    SchemaRegistryAware, SchemaResult, WriterSchemaId,
};

/// Options of `USING SCHEMA REGISTRY (type = 'folder', …)`.
#[derive(Debug, ConnectorConfig)]
pub struct FolderConfig {
    /// Folder of the schemas
    pub path: PathBuf,
}

/// A registry of Avro schemas in a folder. Its files are small and read on the control plane, so they are read at once.
#[derive(Debug)]
pub struct FolderRegistry {
    path: PathBuf,
}

impl RegistryKind for FolderRegistry {
    const NAME: &'static str = "folder";
    type Config = FolderConfig;

    fn open(config: FolderConfig) -> SchemaResult<Self> {
        Ok(Self { path: config.path })
    }
}

/// A version of a subject.
struct Version {
    subject: String,
    version: u32,
    id: u32,
}

impl FolderRegistry {
    fn unreadable(&self, file: &Path, error: &std::io::Error) -> RegistryError {
        RegistryError::Unreachable { url: file.display().to_string(), reason: error.to_string() }
    }

    /// The text of a file; `None` where there is none.
    fn read(&self, name: &str) -> Result<Option<String>, RegistryError> {
        let file = self.path.join(name);
        match fs::read_to_string(&file) {
            Ok(text) => Ok(Some(text)),
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
            Err(e) => Err(self.unreadable(&file, &e)),
        }
    }

    /// All versions of a subject, the oldest first.
    fn versions(&self, subject: &str) -> Result<Vec<Version>, RegistryError> {
        if !self.path.is_dir() {
            let found = self.path.display().to_string();
            return Err(RegistryError::Misconfigured { setting: "path", expected: "a folder", found });
        }
        let name = format!("{subject}.subject");
        let text = self.read(&name)?.unwrap_or_default();
        let version = |(line, number): (&str, u32)| {
            let id = line.trim().parse().map_err(|_| RegistryError::Malformed {
                url: self.path.join(&name).display().to_string(),
                expected: "an id on each line",
                found: laminar_schema::error::cut(line),
            })?;
            Ok(Version { subject: subject.to_owned(), version: number, id })
        };
        text.lines().zip(1..).map(version).collect()
    }

    fn text_of(&self, id: u32) -> Result<String, RegistryError> {
        self.read(&format!("{id}.avsc"))?
            .ok_or_else(|| RegistryError::NotFound { what: format!("schema with id {id}") })
    }

    fn registered(&self, of: Version) -> SchemaResult<RegisteredSchema> {
        let text = self.text_of(of.id)?;
        Ok(RegisteredSchema {
            schema: arrow_schema_of(&text)?,
            schema_id: of.id.into(),
            version: of.version,
            raw_schema: text.into_bytes(),
            subject: of.subject,
        })
    }

    /// Writes a schema under the next id that is free: a file that is there already is never changed.
    fn write(&self, text: &str) -> Result<u32, RegistryError> {
        let written = self.path.join(format!(".new-{}", std::process::id()));
        fs::write(&written, text).map_err(|e| self.unreadable(&written, &e))?;
        let mut id = 1;
        let linked = loop {
            match fs::hard_link(&written, self.path.join(format!("{id}.avsc"))) {
                Err(e) if e.kind() == ErrorKind::AlreadyExists => id += 1,
                other => break other,
            }
        };
        let _ = fs::remove_file(&written);
        linked.map(|()| id).map_err(|e| self.unreadable(&self.path, &e))
    }
}

/// The subject, as the name of a file in the folder.
fn subject_of(config: &RegistryConfig) -> Result<&str, RegistryError> {
    let subject = config.subject.as_deref().unwrap_or_default();
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if subject.is_empty() || subject.starts_with('.') || !subject.chars().all(is_name) {
        let found = if subject.is_empty() { "none".to_owned() } else { laminar_schema::error::cut(subject) };
        let expected = "the subject, of letters, digits, `-`, `_` and `.`";
        return Err(RegistryError::Misconfigured { setting: "subject", expected, found });
    }
    if config.schema_type != RegistrySchemaType::Avro {
        let found = format!("{:?}", config.schema_type);
        return Err(RegistryError::Misconfigured { setting: "schema_type", expected: "avro", found });
    }
    Ok(subject)
}

impl SchemaRegistryAware for FolderRegistry {
    async fn fetch_schema(&self, config: &RegistryConfig) -> SchemaResult<RegisteredSchema> {
        let subject = subject_of(config)?;
        let latest = self.versions(subject)?.pop();
        self.registered(latest.ok_or_else(|| RegistryError::NotFound { what: format!("subject `{subject}`") })?)
    }

    async fn fetch_schema_by_id(&self, config: &RegistryConfig, id: WriterSchemaId) -> SchemaResult<RegisteredSchema> {
        let subject = subject_of(config)?;
        let number = id.number().ok_or_else(|| RegistryError::NotFound { what: format!("schema with id {id}") })?;
        let known = self.versions(subject)?.into_iter().find(|version| version.id == number);
        // A schema of another subject is a schema all the same.
        self.registered(known.unwrap_or_else(|| Version { subject: subject.to_owned(), version: 0, id: number }))
    }

    async fn check_compatibility(
        &self,
        config: &RegistryConfig,
        current: &RegisteredSchema,
        proposed: &SchemaRef,
    ) -> SchemaResult<bool> {
        let text = avro_schema_of(proposed, "Record", "")?;
        let current = String::from_utf8_lossy(&current.raw_schema);
        is_compatible(config, &text, &[&current])
    }

    async fn register_schema(&self, config: &RegistryConfig, schema: &SchemaRef) -> SchemaResult<RegisteredSchema> {
        let subject = subject_of(config)?;
        let text = avro_schema_of(schema, "Record", "")?;
        let versions = self.versions(subject)?;
        let mut history = Vec::new();
        for version in &versions {
            history.push(self.text_of(version.id)?);
        }
        let next = versions.last().map_or(1, |last| last.version + 1);
        if let Some((known, _)) = versions.into_iter().zip(&history).find(|(_, known)| **known == text) {
            return self.registered(known);
        }
        let history: Vec<&str> = history.iter().map(String::as_str).collect();
        if !is_compatible(config, &text, &history)? {
            let reason = format!("it breaks the mode {:?}", config.compatibility);
            return Err(RegistryError::Incompatible { subject: subject.to_owned(), reason }.into());
        }
        let id = self.write(&text)?;
        let file = self.path.join(format!("{subject}.subject"));
        let appended = fs::OpenOptions::new().create(true).append(true).open(&file);
        appended.and_then(|mut file| writeln!(file, "{id}")).map_err(|e| self.unreadable(&file, &e))?;
        self.registered(Version { subject: subject.to_owned(), version: next, id })
    }
}

fn is_compatible(config: &RegistryConfig, proposed: &str, history: &[&str]) -> SchemaResult<bool> {
    let options = CompatibilityOptions::default();
    let checked = check(RegistrySchemaType::Avro, config.compatibility, proposed, history, &options);
    let report = checked.map_err(|e| RegistryError::InvalidSchema {
        subject: config.subject.clone().unwrap_or_default(),
        reason: e.to_string(),
    })?;
    Ok(report.compatible)
}
