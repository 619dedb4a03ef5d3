//! What keeps a Parquet file from being read.

use std::{
    error::Error,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
};

use laminar_schema::{ConnectorError, SchemaError};
use parquet::errors::ParquetError;

/// A Parquet file cannot be read: which part of it, and why.
///
/// It is about the file and not about one of its rows, so no `ON ERROR` skips it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParquetReadError {
    /// The row group, from 0; none where it is about the footer.
    pub row_group: Option<usize>,
    /// The column, by its path.
    pub column: Option<String>,
    /// What is wrong, and what to do where something can be done.
    pub reason: String,
}

impl ParquetReadError {
    /// An error about the file as a whole.
    #[cold]
    pub(super) fn of_file(reason: impl Into<String>) -> Self {
        Self { row_group: None, column: None, reason: reason.into() }
    }

    /// An error about a column of the file.
    #[cold]
    pub(super) fn of_column(column: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { row_group: None, column: Some(column.into()), reason: reason.into() }
    }

    /// The same in a row group.
    #[cold]
    pub(super) fn in_row_group(self, row_group: usize) -> Self {
        Self { row_group: Some(row_group), ..self }
    }
}

impl fmt::Display for ParquetReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(row_group) = self.row_group {
            write!(f, "row group {row_group}, ")?;
        }
        if let Some(column) = &self.column {
            write!(f, "column {column}: ")?;
        } else if self.row_group.is_some() {
            f.write_str("all columns: ")?;
        }
        f.write_str(&self.reason)
    }
}

impl Error for ParquetReadError {}

impl From<ParquetReadError> for SchemaError {
    #[cold]
    fn from(error: ParquetReadError) -> Self {
        let source = Box::new(error);
        ConnectorError::External { action: "read the Parquet file", source, retryable: false }.into()
    }
}

/// Runs a call of the `parquet` crate on bytes that nobody has checked.
///
/// The crate answers most damage with an error, and some with a panic: lengths that contradict each other lead it to
/// slices out of bounds. Whatever it was reading is dropped behind a panic, so nothing half-made is looked at again.
pub(super) fn guarded<T>(call: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(done) => done.map_err(|e| told(&e)),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no reason is given");
            Err(format!("the file is damaged: {}", laminar_schema::error::cut(text)))
        }
    }
}

fn told(error: &ParquetError) -> String {
    match error {
        ParquetError::General(reason) | ParquetError::EOF(reason) => reason.clone(),
        ParquetError::NYI(what) => format!("not supported: {what}"),
        other => {
            let text = other.to_string();
            // An error that passes through Arrow and back says so each time.
            let mut reason = text.as_str();
            for layer in ["External: ", "Arrow: ", "Parquet argument error: ", "Parquet error: ", "EOF: "] {
                reason = reason.strip_prefix(layer).unwrap_or(reason);
            }
            reason.to_owned()
        }
    }
}
