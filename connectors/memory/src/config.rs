//! Options of the memory source and sink.

use laminar_schema::ConnectorConfig;

/// Options of the memory source.
#[derive(Debug, Clone, PartialEq, Eq, ConnectorConfig)]
pub struct MemorySourceConfig {
    /// Name that the program registered a feed under
    pub name: String,
}

/// Options of the memory sink.
#[derive(Debug, Clone, PartialEq, Eq, ConnectorConfig)]
pub struct MemorySinkConfig {
    /// Name that the program registered a store under
    pub name: String,
}
