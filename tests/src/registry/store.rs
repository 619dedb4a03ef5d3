//! What the registry has: subjects with versions, schemas by id in each context, rules.

use std::{collections::BTreeMap, fmt, sync::Arc};

use laminar_formats::compat::{CompatibilityOptions, check};
use laminar_schema::RegistrySchemaType;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A schema as the registry keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredSchema {
    /// Its text.
    pub schema: String,
    /// `AVRO`, `PROTOBUF` or `JSON`.
    #[serde(rename = "schemaType", default = "avro", skip_serializing_if = "is_avro")]
    pub schema_type: String,
    /// What it refers to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<StoredReference>,
}

/// How a schema names one of another subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredReference {
    /// Name in the text.
    pub name: String,
    /// Subject.
    pub subject: String,
    /// Version.
    pub version: i64,
}

fn avro() -> String {
    "AVRO".to_owned()
}

fn is_avro(word: &str) -> bool {
    word == "AVRO"
}

impl StoredSchema {
    /// An Avro schema.
    pub fn avro(schema: impl Into<String>) -> Self {
        Self { schema: schema.into(), schema_type: avro(), references: Vec::new() }
    }

    /// The same in another language.
    #[must_use]
    pub fn of_type(mut self, word: &str) -> Self {
        word.clone_into(&mut self.schema_type);
        self
    }

    /// The same with one more reference.
    #[must_use]
    pub fn with_reference(mut self, name: &str, subject: &str, version: i64) -> Self {
        self.references.push(StoredReference { name: name.to_owned(), subject: subject.to_owned(), version });
        self
    }

    /// Whether both say the same: white space and the order of keys do not count in JSON.
    fn is_same(&self, other: &Self) -> bool {
        let json = |text: &str| serde_json::from_str::<Value>(text).ok();
        let equal_json = || json(&self.schema).is_some_and(|own| json(&other.schema) == Some(own));
        self.schema_type == other.schema_type
            && self.references == other.references
            && (self.schema == other.schema || equal_json())
    }
}

/// Says why a schema may not follow earlier ones, the last of which is the latest, under a mode in the API's words.
#[derive(Clone)]
pub struct Checker(Arc<Check>);

type Check = dyn Fn(&str, &StoredSchema, &[StoredSchema]) -> Vec<String> + Send + Sync;

impl Checker {
    /// Takes the function.
    pub fn new(check: impl Fn(&str, &StoredSchema, &[StoredSchema]) -> Vec<String> + Send + Sync + 'static) -> Self {
        Self(Arc::new(check))
    }

    /// By the rules of each language, as this project's own check has them.
    pub fn of_rules() -> Self {
        Self::new(|mode, new, earlier| {
            let language = match new.schema_type.as_str() {
                "PROTOBUF" => RegistrySchemaType::Protobuf,
                "JSON" => RegistrySchemaType::JsonSchema,
                _ => RegistrySchemaType::Avro,
            };
            let mode = mode.parse().unwrap_or_default();
            let earlier: Vec<&str> = earlier.iter().map(|schema| schema.schema.as_str()).collect();
            match check(language, mode, &new.schema, &earlier, &CompatibilityOptions::default()) {
                Ok(report) => report.breaking().map(ToString::to_string).collect(),
                Err(error) => vec![error.to_string()],
            }
        })
    }
}

impl fmt::Debug for Checker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Checker")
    }
}

/// A version of a subject.
#[derive(Debug, Clone, Copy)]
pub(super) struct StoredVersion {
    pub(super) version: u32,
    pub(super) id: u32,
    pub(super) is_deleted: bool,
}

/// A subject, by its name with its context.
#[derive(Debug, Default)]
pub(super) struct Subject {
    pub(super) versions: Vec<StoredVersion>,
    /// Numbers are not used again, also those of versions that are gone for good.
    last_version: u32,
}

impl Subject {
    pub(super) fn live(&self) -> impl DoubleEndedIterator<Item = &StoredVersion> {
        self.versions.iter().filter(|version| !version.is_deleted)
    }
}

/// All that the registry has.
#[derive(Debug)]
pub(super) struct Store {
    pub(super) subjects: BTreeMap<String, Subject>,
    /// Schemas by context and id.
    schemas: BTreeMap<(String, u32), StoredSchema>,
    /// The last id of each context: none is used again.
    last_ids: BTreeMap<String, u32>,
    /// Compatibility modes by subject; that of the registry is the empty one's.
    pub(super) levels: BTreeMap<String, String>,
    /// Modes by subject, likewise.
    pub(super) modes: BTreeMap<String, String>,
    checker: Option<Checker>,
}

impl Store {
    pub(super) fn new(checker: Option<Checker>) -> Self {
        let global = |word: &str| BTreeMap::from([(String::new(), word.to_owned())]);
        let (levels, modes) = (global("BACKWARD"), global("READWRITE"));
        Self { subjects: BTreeMap::new(), schemas: BTreeMap::new(), last_ids: BTreeMap::new(), levels, modes, checker }
    }

    /// The schema with that id in a context.
    pub(super) fn schema(&self, context: &str, id: u32) -> Option<&StoredSchema> {
        self.schemas.get(&(context.to_owned(), id))
    }

    /// That of a version of a subject.
    pub(super) fn schema_of(&self, subject: &str, version: &StoredVersion) -> Option<&StoredSchema> {
        self.schema(context_of(subject), version.id)
    }

    /// The contexts that have something in them.
    pub(super) fn contexts(&self) -> Vec<String> {
        let mut contexts: Vec<_> = self.subjects.keys().map(|subject| context_of(subject).to_owned()).collect();
        contexts.push(".".to_owned());
        contexts.sort();
        contexts.dedup();
        contexts
    }

    /// The version of a subject that has this schema.
    pub(super) fn find(&self, subject: &str, schema: &StoredSchema, with_deleted: bool) -> Option<StoredVersion> {
        let versions = self.subjects.get(subject)?.versions.iter().rev();
        versions
            .filter(|version| with_deleted || !version.is_deleted)
            .find(|version| self.schema_of(subject, version).is_some_and(|known| known.is_same(schema)))
            .copied()
    }

    /// Adds a version, with the id that the schema has in the context already, the wanted or the next one.
    pub(super) fn add(&mut self, subject: &str, schema: StoredSchema, wanted: Option<u32>) -> u32 {
        let context = context_of(subject);
        let mut own = self.schemas.iter().filter(|((known, _), _)| known == context);
        let known = own.find(|(_, known)| known.is_same(&schema)).map(|((_, id), _)| *id);
        let last = self.last_ids.entry(context.to_owned()).or_default();
        let id = wanted.or(known).unwrap_or(*last + 1);
        *last = id.max(*last);
        self.schemas.entry((context.to_owned(), id)).or_insert(schema);
        let entry = self.subjects.entry(subject.to_owned()).or_default();
        entry.last_version += 1;
        entry.versions.push(StoredVersion { version: entry.last_version, id, is_deleted: false });
        id
    }

    pub(super) fn plant(&mut self, subject: &str, schema: StoredSchema) -> u32 {
        self.add(subject, schema, None)
    }

    /// Forgets schemas that no version has.
    pub(super) fn sweep(&mut self) {
        let subjects = &self.subjects;
        self.schemas.retain(|(context, id), _| {
            let of_context = subjects.iter().filter(|(subject, _)| context_of(subject) == context);
            of_context.flat_map(|(_, subject)| &subject.versions).any(|version| version.id == *id)
        });
        self.subjects.retain(|_, subject| !subject.versions.is_empty());
    }

    /// Ids of the schemas that refer to a version of a subject.
    pub(super) fn referring(&self, subject: &str, version: u32) -> Vec<u32> {
        let refers = |context: &str, schema: &StoredSchema| {
            schema.references.iter().any(|reference| {
                qualified(context, &reference.subject) == subject && reference.version == i64::from(version)
            })
        };
        let all = self.schemas.iter().filter(|((context, _), schema)| refers(context, schema));
        all.map(|((_, id), _)| *id).collect()
    }

    /// The mode that applies to a subject.
    pub(super) fn mode(&self, subject: &str) -> &str {
        self.modes.get(subject).or_else(|| self.modes.get("")).map_or("READWRITE", String::as_str)
    }

    /// Why a schema may not follow the given versions of a subject.
    pub(super) fn objections(&self, subject: &str, schema: &StoredSchema, against: &[StoredVersion]) -> Vec<String> {
        let level = self.levels.get(subject).or_else(|| self.levels.get("")).map_or("BACKWARD", String::as_str);
        let mut earlier: Vec<_> =
            against.iter().filter_map(|version| self.schema_of(subject, version).cloned()).collect();
        if !level.ends_with("_TRANSITIVE") && earlier.len() > 1 {
            earlier.drain(..earlier.len() - 1);
        }
        match &self.checker {
            Some(Checker(check)) if level != "NONE" && !earlier.is_empty() => check(level, schema, &earlier),
            _ => Vec::new(),
        }
    }
}

/// The context of a subject: `.` of one that names none.
pub(super) fn context_of(subject: &str) -> &str {
    let named = subject.strip_prefix(':').and_then(|rest| rest.split_once(':')).map(|(context, _)| context);
    named.filter(|context| context.starts_with('.')).unwrap_or(".")
}

/// The subject in a context, unless it names one.
pub(super) fn qualified(context: &str, subject: &str) -> String {
    match subject.strip_prefix(":.:") {
        Some(name) => name.to_owned(),
        None if context == "." || subject.starts_with(":.") => subject.to_owned(),
        None => format!(":{context}:{subject}"),
    }
}
