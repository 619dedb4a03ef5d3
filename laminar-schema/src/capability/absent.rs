//! The capability that is not there.

use std::future::Future;

use arrow_schema::SchemaRef;

use super::{SchemaEvolvable, SchemaInferable, SchemaProvider, SchemaRegistryAware};
use crate::{
    error::SchemaResult,
    evolution::{ColumnProjection, EvolutionVerdict, SchemaChange},
    format::WriterSchemaId,
    inference::{FieldMeta, FormatInferenceRegistry, InferenceConfig, InferredSchema, StreamHead},
    record::RawRecord,
    registry::{CompatibilityMode, RegisteredSchema, RegistryConfig},
};

/// Stands for a capability that a connector does not have. It has no value, so `Option<Absent>` is zero bytes
/// and every branch on it is compiled away.
#[derive(Debug, Clone, Copy)]
pub enum Absent {}

#[diagnostic::do_not_recommend]
impl SchemaProvider for Absent {
    async fn provide_schema(&self) -> SchemaResult<SchemaRef> {
        match *self {}
    }
}

#[diagnostic::do_not_recommend]
impl SchemaInferable for Absent {
    async fn sample_records(&self, _: &InferenceConfig) -> SchemaResult<Vec<RawRecord>> {
        match *self {}
    }
}

#[diagnostic::do_not_recommend]
impl SchemaRegistryAware for Absent {
    async fn fetch_schema(&self, _: &RegistryConfig) -> SchemaResult<RegisteredSchema> {
        match *self {}
    }
    async fn fetch_schema_by_id(&self, _: &RegistryConfig, _: WriterSchemaId) -> SchemaResult<RegisteredSchema> {
        match *self {}
    }
    async fn check_compatibility(&self, _: &RegistryConfig, _: &RegisteredSchema, _: &SchemaRef) -> SchemaResult<bool> {
        match *self {}
    }
}

#[diagnostic::do_not_recommend]
impl SchemaEvolvable for Absent {
    fn evaluate_evolution(&self, _: &[SchemaChange], _: CompatibilityMode) -> EvolutionVerdict {
        match *self {}
    }
    fn apply_evolution(&self, _: &SchemaRef, _: &[SchemaChange]) -> SchemaResult<(SchemaRef, ColumnProjection)> {
        match *self {}
    }
    fn follows(&self) -> bool {
        match *self {}
    }
    fn schema_version(&self) -> u64 {
        match *self {}
    }
}

/// Writes the capability traits for a pointer to an implementor.
macro_rules! forward {
    ($($pointer:ty),*) => { $(
        impl<T: SchemaProvider + ?Sized> SchemaProvider for $pointer {
            fn provide_schema(&self) -> impl Future<Output = SchemaResult<SchemaRef>> + Send {
                (**self).provide_schema()
            }
            fn is_authoritative(&self) -> bool {
                (**self).is_authoritative()
            }
            fn field_metadata(
                &self,
            ) -> impl Future<Output = SchemaResult<std::collections::HashMap<String, FieldMeta>>> + Send {
                (**self).field_metadata()
            }
        }
        impl<T: SchemaInferable + ?Sized> SchemaInferable for $pointer {
            fn sample_records(&self, c: &InferenceConfig) -> impl Future<Output = SchemaResult<Vec<RawRecord>>> + Send {
                (**self).sample_records(c)
            }
            fn sample_head(
                &self,
                c: &InferenceConfig,
            ) -> impl Future<Output = SchemaResult<Option<StreamHead>>> + Send {
                (**self).sample_head(c)
            }
            fn infer_from_samples(
                &self,
                samples: &[RawRecord],
                format: &str,
                c: &InferenceConfig,
                formats: &FormatInferenceRegistry,
            ) -> impl Future<Output = SchemaResult<InferredSchema>> + Send {
                (**self).infer_from_samples(samples, format, c, formats)
            }
        }
        impl<T: SchemaRegistryAware + ?Sized> SchemaRegistryAware for $pointer {
            fn fetch_schema(&self, c: &RegistryConfig) -> impl Future<Output = SchemaResult<RegisteredSchema>> + Send {
                (**self).fetch_schema(c)
            }
            fn fetch_schema_by_id(
                &self,
                c: &RegistryConfig,
                id: WriterSchemaId,
            ) -> impl Future<Output = SchemaResult<RegisteredSchema>> + Send {
                (**self).fetch_schema_by_id(c, id)
            }
            fn check_compatibility(
                &self,
                c: &RegistryConfig,
                current: &RegisteredSchema,
                proposed: &SchemaRef,
            ) -> impl Future<Output = SchemaResult<bool>> + Send {
                (**self).check_compatibility(c, current, proposed)
            }
            fn register_schema(
                &self,
                c: &RegistryConfig,
                schema: &SchemaRef,
            ) -> impl Future<Output = SchemaResult<RegisteredSchema>> + Send {
                (**self).register_schema(c, schema)
            }
        }
        impl<T: SchemaEvolvable + ?Sized> SchemaEvolvable for $pointer {
            fn diff_schemas(&self, current: &SchemaRef, proposed: &SchemaRef) -> Vec<SchemaChange> {
                (**self).diff_schemas(current, proposed)
            }
            fn evaluate_evolution(&self, changes: &[SchemaChange], mode: CompatibilityMode) -> EvolutionVerdict {
                (**self).evaluate_evolution(changes, mode)
            }
            fn apply_evolution(
                &self,
                current: &SchemaRef,
                changes: &[SchemaChange],
            ) -> SchemaResult<(SchemaRef, ColumnProjection)> {
                (**self).apply_evolution(current, changes)
            }
            fn follows(&self) -> bool {
                (**self).follows()
            }
            fn schema_version(&self) -> u64 {
                (**self).schema_version()
            }
        }
    )* };
}
forward!(&T);

static_assertions::assert_eq_size!(Option<Absent>, ());
static_assertions::assert_impl_all!(Absent: Send, Sync);
