//! Schemas of a registry → Arrow schemas, and definitions that need no other.

use arrow_schema::SchemaRef;
use laminar_formats::{avro, json_schema, protobuf};
use laminar_schema::{RegistrySchemaType, SchemaResult};

use crate::{ReferencedSchemas, avro_names, known_imports};

impl ReferencedSchemas {
    /// Yields one definition that needs no other, as decoders take it: of Avro a schema with the definitions of all types in
    /// it, of Protobuf with imports a descriptor set, otherwise the schema's text. Decoders of JSON take none.
    ///
    /// # Errors
    /// A text that is no schema.
    pub fn self_contained(&self) -> SchemaResult<Vec<u8>> {
        let text = || self.text.schema.clone().into_bytes();
        match self.text.schema_type {
            RegistrySchemaType::Avro => Ok(avro_names::bundle(self)?.into_bytes()),
            RegistrySchemaType::Protobuf => match self.imports() {
                imports if imports.is_empty() => Ok(text()),
                imports => protobuf::definition_of_text(&self.text.schema, &imports),
            },
            RegistrySchemaType::JsonSchema => Ok(text()),
        }
    }

    /// Yields the columns that the schema stands for; `message` is the full name of a Protobuf message, and the first one of
    /// its file where it is absent.
    ///
    /// # Errors
    /// A text that is no schema, or has what no columns can hold.
    pub fn arrow_schema(&self, message: Option<&str>) -> SchemaResult<SchemaRef> {
        match self.text.schema_type {
            RegistrySchemaType::Avro => avro::arrow_schema_of(&avro_names::bundle(self)?),
            RegistrySchemaType::Protobuf => protobuf::columns_of_text(&self.text.schema, &self.imports(), message),
            RegistrySchemaType::JsonSchema => {
                let referenced =
                    self.referenced.iter().map(|(name, schema)| (name.clone(), schema.text.schema.clone()));
                json_schema::arrow_schema_of(&self.text.schema, &referenced.collect::<Vec<_>>())
            }
        }
    }

    /// The texts of all files that a Protobuf schema imports, by the names that are used for them.
    fn imports(&self) -> Vec<(String, String)> {
        let own = self.referenced.iter().map(|(name, schema)| (name.clone(), schema.text.schema.clone()));
        let mut imports = own.collect();
        known_imports::complete(&self.text.schema, &mut imports);
        imports
    }
}
