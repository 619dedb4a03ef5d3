//! Schemas of a registry → Arrow schemas.

use arrow_schema::SchemaRef;
use laminar_formats::{avro, protobuf};
use laminar_schema::{RegistryError, RegistrySchemaType, SchemaResult};

use crate::{ReferencedSchemas, avro_names};

impl ReferencedSchemas {
    /// Yields one text that needs no other: of Avro the schema with the definitions of all types in it, of the other
    /// languages the schema itself.
    ///
    /// # Errors
    /// An Avro schema that is no JSON; [`RegistryError::Unsupported`] for other languages with references, which have no way
    /// to write several files into one.
    pub fn self_contained(&self) -> Result<String, RegistryError> {
        match self.text.schema_type {
            RegistrySchemaType::Avro => avro_names::bundle(self),
            _ if self.referenced.is_empty() => Ok(self.text.schema.clone()),
            _ => {
                Err(RegistryError::Unsupported { operation: "write a Protobuf or JSON schema and its imports as one" })
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
            RegistrySchemaType::Avro => avro::arrow_schema_of(&self.self_contained()?),
            RegistrySchemaType::Protobuf => {
                let import = |(name, schema): &(String, std::sync::Arc<crate::SubjectSchema>)| {
                    (name.clone(), schema.text.schema.clone())
                };
                let imports: Vec<_> = self.referenced.iter().map(import).collect();
                protobuf::columns_of_text(&self.text.schema, &imports, message)
            }
            RegistrySchemaType::JsonSchema => {
                Err(RegistryError::Unsupported { operation: "map a JSON Schema to columns" }.into())
            }
        }
    }
}
