//! The columns of a file, for whoever wants to read another one as if it were this one: `--schema-file x.parquet`.

use std::{fs::File, path::Path};

use arrow_schema::SchemaRef;
use laminar_schema::{ConnectorConfig, ConnectorError, Options, SchemaResult};

use super::{ParquetOptions, describe::describe, error::ParquetReadError, file::SharedFile};

/// Reads the footer of the file at `path`.
///
/// # Errors
/// It cannot be read, or is no Parquet file.
pub(crate) fn read_schema(path: &Path) -> SchemaResult<SchemaRef> {
    let file = File::open(path).map_err(|e| ConnectorError::io("open", path.display(), e))?;
    let file = SharedFile::new(Box::new(file)).map_err(|e| ParquetReadError::of_file(e.to_string()))?;
    Ok(describe(&file, &ParquetOptions::from_options(&Options::new())?)?.schema)
}
