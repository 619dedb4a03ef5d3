//! The client as the capability of a connector (SPEC.md §2.4): one that has a client hands the calls on.

use std::sync::Arc;

use arrow_schema::SchemaRef;
use laminar_formats::{avro, json_schema, protobuf};
use laminar_schema::{
    RegisteredSchema, RegistryConfig, RegistryError, RegistrySchemaType, SchemaRegistryAware, SchemaResult,
    format::WriterSchemaId,
};

use crate::{
    Deleted, Normalize, Origin, ReferencedSchemas, RegistryClient, SchemaText, SubjectSchema, SubjectVersion, Version,
};

impl SchemaRegistryAware for RegistryClient {
    async fn fetch_schema(&self, config: &RegistryConfig) -> SchemaResult<RegisteredSchema> {
        let latest = self.latest(subject_of(config)?).await?;
        let pin = self.inner.pins.get(&latest.schema.subject);
        let all = match (&latest.origin, pin) {
            (Origin::Pinned { .. }, Some(pin)) => pin.with_references(),
            _ => self.with_references(&latest.schema).await?,
        };
        let schema = registered(&latest.schema, &all)?;
        if self.is_own(&schema.subject) {
            let key = (latest.schema.id, Some(schema.subject.clone()));
            self.caches().mapped.insert(key, Arc::new(schema.clone()));
        }
        Ok(schema)
    }

    /// Fetches a schema, once: the second call for an id asks nobody.
    async fn fetch_schema_by_id(&self, config: &RegistryConfig, id: WriterSchemaId) -> SchemaResult<RegisteredSchema> {
        let schema_id = id.number().ok_or_else(|| RegistryError::NotFound {
            what: format!("schema with id {id}: the ids of this registry are numbers; a UUID is of type = 'glue'"),
        })?;
        let wanted = config.subject.as_deref().map(|subject| self.qualified(subject));
        let key = (schema_id, wanted.clone());
        if let Some(known) = self.caches().mapped.get(&key) {
            return Ok(RegisteredSchema::clone(&known));
        }
        if let Some(pin) = self.inner.pins.values().find(|pin| pin.schema.id == schema_id) {
            return registered(&pin.schema, &pin.with_references());
        }
        let all = self.schema_by_id_with_references(schema_id).await?;
        let versions = self.versions_of_id(schema_id, Deleted::With).await?;
        let own = versions.iter().find(|version| wanted.as_ref() == Some(&version.subject));
        let Some(SubjectVersion { subject, version }) = own.or(versions.first()).cloned() else {
            return Err(RegistryError::NotFound { what: format!("subject with schema id {schema_id}") }.into());
        };
        let schema = SubjectSchema { subject, version, id: schema_id, text: Arc::clone(&all.text) };
        let schema = registered(&schema, &all)?;
        self.caches().mapped.insert(key, Arc::new(schema.clone()));
        Ok(schema)
    }

    async fn check_compatibility(
        &self,
        config: &RegistryConfig,
        current: &RegisteredSchema,
        proposed: &SchemaRef,
    ) -> SchemaResult<bool> {
        let text = text_of(config.schema_type, &current.subject, proposed)?;
        let against = Some(Version::Number(current.version));
        Ok(self.compatibility(&current.subject, against, &text, Normalize::AsConfigured).await?.is_compatible)
    }

    async fn register_schema(&self, config: &RegistryConfig, schema: &SchemaRef) -> SchemaResult<RegisteredSchema> {
        let subject = subject_of(config)?;
        let text = text_of(config.schema_type, subject, schema)?;
        self.register(subject, &text, Normalize::AsConfigured).await?;
        // The answer to a registration names no version.
        let registered = self.lookup(subject, &text, Normalize::AsConfigured, Deleted::Without).await?;
        Ok(RegisteredSchema {
            schema: Arc::clone(schema),
            schema_id: registered.id.into(),
            version: registered.version,
            raw_schema: registered.text.schema.clone().into_bytes(),
            subject: registered.subject,
        })
    }
}

pub(crate) fn subject_of(config: &RegistryConfig) -> Result<&str, RegistryError> {
    config.subject.as_deref().ok_or_else(|| RegistryError::Misconfigured {
        setting: "subject",
        expected: "the subject, or a connector that names it after its topic",
        found: "none".to_owned(),
    })
}

fn registered(schema: &SubjectSchema, all: &ReferencedSchemas) -> SchemaResult<RegisteredSchema> {
    Ok(RegisteredSchema {
        schema: all.arrow_schema(None)?,
        schema_id: schema.id.into(),
        version: schema.version,
        raw_schema: all.self_contained()?,
        subject: schema.subject.clone(),
    })
}

/// The definition of columns, with a record that is called after the subject.
pub(crate) fn text_of(schema_type: RegistrySchemaType, subject: &str, schema: &SchemaRef) -> SchemaResult<SchemaText> {
    let name = record_name(subject);
    let text = match schema_type {
        RegistrySchemaType::Avro => avro::avro_schema_of(schema, &name, "")?,
        RegistrySchemaType::Protobuf => protobuf::proto_text(schema, &name)?,
        RegistrySchemaType::JsonSchema => json_schema::json_schema_of(schema, &name),
    };
    Ok(SchemaText::new(schema_type, text))
}

/// A name that Avro and Protobuf allow, from a subject as `:.ctx:trades-value`.
fn record_name(subject: &str) -> String {
    let (_, subject) = crate::subject::split(subject);
    let subject = subject.strip_suffix("-value").or_else(|| subject.strip_suffix("-key")).unwrap_or(subject);
    let legal = subject.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' });
    let name: String = legal.collect();
    if name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') { name } else { format!("_{name}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_called_after_their_subject() {
        for (subject, expected) in
            [("trades-value", "trades"), (":.eu:a.b-key", "a_b"), ("2nd", "_2nd"), ("", "_"), ("größe", "gr__e")]
        {
            assert_eq!(record_name(subject), expected);
        }
    }
}
