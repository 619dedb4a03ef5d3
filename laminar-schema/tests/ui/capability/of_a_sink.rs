//! A capability that only sources have.

#[path = "../../../../tests/src/bare.rs"]
mod bare;

use laminar_schema::SinkConnector;

#[derive(Debug, Default, SinkConnector)]
#[connector(name = "drain")]
#[capabilities(inferable, registry)]
struct Drain;

bare_sink!(Drain);

impl laminar_schema::SchemaRegistryAware for Drain {
    async fn fetch_schema(
        &self,
        _: &laminar_schema::RegistryConfig,
    ) -> laminar_schema::SchemaResult<laminar_schema::RegisteredSchema> {
        unreachable!()
    }
    async fn fetch_schema_by_id(
        &self,
        _: &laminar_schema::RegistryConfig,
        _: laminar_schema::WriterSchemaId,
    ) -> laminar_schema::SchemaResult<laminar_schema::RegisteredSchema> {
        unreachable!()
    }
    async fn check_compatibility(
        &self,
        _: &laminar_schema::RegistryConfig,
        _: &laminar_schema::RegisteredSchema,
        _: &arrow_schema::SchemaRef,
    ) -> laminar_schema::SchemaResult<bool> {
        unreachable!()
    }
}

fn main() {}
