//! The schema layer of a streaming engine: bytes in, a frozen Arrow schema and `RecordBatch`es out, and back.
//!
//! ```text
//! RING 2, once per source                                  RING 1, per batch
//! declared columns ──────┐                                 Source::start → RecordStream::next
//! SchemaRegistryAware ───┤                                        │ SourceBatch: one arena, positions
//! SchemaProvider ────────┼─▶ SchemaResolver ─▶ ResolvedSchema     ▼
//! SchemaInferable ───────┘      (frozen SchemaRef) ──build──▶ FormatDecoder::decode
//!                                                                 │ RecordBatch + rejected records
//!                                                              Pipeline ─▶ FormatEncoder ─▶ RecordSink
//! ```
//!
//! A connector declares what it can do with `#[derive(SourceConnector)] #[capabilities(…)]`; asking for what it
//! cannot do is a compile error. Formats are in `laminar-formats`, connectors in crates of their own.
#![forbid(unsafe_code)]

// The derives write absolute paths; this lets them work inside this crate too.
extern crate self as laminar_schema;

mod atomic_file;
pub mod capability;
pub mod config;
pub mod connector;
#[cfg(feature = "ddl")]
pub mod ddl;
pub mod declared;
pub mod default_value;
#[cfg(feature = "ddl")]
pub mod engine;
pub mod error;
pub mod evolution;
pub mod field;
pub mod fingerprint;
pub mod format;
pub mod inference;
#[cfg(feature = "ddl")]
pub mod lock;
pub mod pipeline;
pub mod position;
pub mod predicate;
pub mod record;
pub mod registry;
pub mod resolve;
pub mod types;

#[doc(hidden)]
pub mod __private;

pub use capability::{
    Absent, Capabilities, Capability, ConnectorInfo, SchemaEvolvable, SchemaInferable, SchemaProvider,
    SchemaRegistryAware,
};
pub use config::{
    ConfigError, ConfigErrors, ConnectorConfig, ConnectorConfigSchema, FormatSpec, Options, Secret, SinkConfig,
    SourceConfig,
};
pub use connector::{
    BoxSink, BoxSource, Checkpoint, ConnectorRegistry, Measure, MeasureKind, Measured, Measures, Prepared, RecordSink,
    RecordStream, Sink, SinkBatch, SinkConnector, SinkConnectorFactory, SinkFromConfig, SinkSet, Source,
    SourceConnector, SourceConnectorFactory, SourceFromConfig, SourceSet, SourceVisitor, StaticConnector,
};
pub use declared::{DeclaredColumn, DeclaredSchema};
pub use default_value::DefaultFiller;
pub use error::{
    ConnectorError, DecodeError, EncodeError, ErrorKind, Found, InferError, Location, SchemaError, SchemaResult,
};
pub use evolution::{BatchProjector, ColumnProjection, EvolutionVerdict, SchemaChange, SchemaHistory};
pub use fingerprint::{Fingerprint, fingerprint};
pub use format::{
    ColumnsBatch, ColumnsReader, ColumnsRequest, DecodeSpec, Decoded, DecoderSet, EncodeSpec, EncodedBatch, EncoderSet,
    FormatDecoder, FormatEncoder, FormatFile, FormatInfo, Framing, MetadataColumn, MetadataKind, Rejected, RowRecords,
    Scan, SelfDescription, Skipped, Wrapping, WriterSchemaId,
};
pub use inference::{
    ArrayInference, DetectedFormat, FieldInferenceDetail, FieldMeta, FormatInference, FormatInferenceRegistry,
    InferenceConfig, InferenceWarning, InferredSchema, NumberInference, SampleHead, SampleValue, SampledRange,
    StreamHead, TypeHint, WarningSeverity,
};
pub use pipeline::{Metrics, OnError, Output, Pipeline, PipelineConfig, Summary, Unseen};
pub use position::{Position, Positions};
pub use predicate::{Comparison, Predicate};
pub use record::{ARENA_PADDING, FileSchema, NewRecord, RawBatch, RawRecord, RowsOrigin, SourceBatch, SourceMetadata};
pub use registry::{
    CompatibilityMode, ForeignRegistry, RegisteredSchema, RegistryConfig, RegistryCredentials, RegistryError,
    RegistryKind, RegistryKinds, RegistrySchemaType,
};
pub use resolve::{
    FieldOrigin, ResolutionKind, ResolveError, ResolveRequest, ResolvedSchema, SchemaResolver, StrategyVerdict,
};

/// The derive macros; see `laminar-schema-derive` for their attributes.
#[cfg(feature = "derive")]
pub use laminar_schema_derive::{ConnectorConfig, FormatDecoder, FormatEncoder, SinkConnector, SourceConnector};
