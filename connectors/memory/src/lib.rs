//! An in-memory source and sink for tests and embedding
