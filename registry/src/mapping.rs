//! Schemas of a registry → Arrow schemas, and definitions that need no other.

use arrow_schema::SchemaRef;
use laminar_formats::{avro, protobuf};
use laminar_schema::{RegistryError, RegistrySchemaType, SchemaResult};

use crate::{ReferencedSchemas, avro_names};

impl ReferencedSchemas {
    /// Yields one definition that needs no other, as decoders take it: of Avro a schema with the definitions of all types in
    /// it, of Protobuf with imports a descriptor set, otherwise the schema's text.
    ///
    /// # Errors
    /// A text that is no schema; [`RegistryError::Unsupported`] for a JSON Schema with references.
    pub fn self_contained(&self) -> SchemaResult<Vec<u8>> {
        match self.text.schema_type {
            _ if self.referenced.is_empty() => Ok(self.text.schema.clone().into_bytes()),
            RegistrySchemaType::Avro => Ok(avro_names::bundle(self)?.into_bytes()),
            RegistrySchemaType::Protobuf => protobuf::definition_of_text(&self.text.schema, &self.imports()),
            RegistrySchemaType::JsonSchema => {
                Err(RegistryError::Unsupported { operation: "write a JSON Schema and what it refers to as one" }.into())
            }
        }
    }

    /// Yields the columns that the schema stands for; `message` is the full name of a Protobuf message, and the first one of
    /// its file where it is absent.
    ///
    /// # Errors
    /// A text that is no schema, or has what no columns can hold; [`RegistryError::Unsupported`] for JSON Schema.
    pub fn arrow_schema(&self, message: Option<&str>) -> SchemaResult<SchemaRef> {
        match self.text.schema_type {
            RegistrySchemaType::Avro => avro::arrow_schema_of(&avro_names::bundle(self)?),
            RegistrySchemaType::Protobuf => protobuf::columns_of_text(&self.text.schema, &self.imports(), message),
            RegistrySchemaType::JsonSchema => {
                Err(RegistryError::Unsupported { operation: "map a JSON Schema to columns" }.into())
            }
        }
    }

    /// The texts of all referenced schemas by the names that are used for them.
    fn imports(&self) -> Vec<(String, String)> {
        self.referenced.iter().map(|(name, schema)| (name.clone(), schema.text.schema.clone())).collect()
    }
}
