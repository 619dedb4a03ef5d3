//! Errors that point into the SQL text.

use std::{fmt, ops::Range, sync::Arc};

use crate::{
    ddl::{self, DdlError},
    error::{ErrorKind, SchemaError},
};

/// An error with the statement it is about. `Display` shows the line of SQL and marks the place.
pub struct StatementError {
    /// The error itself.
    pub error: SchemaError,
    text: Arc<str>,
    span: Option<Range<usize>>,
}

impl StatementError {
    /// An error about the bytes `span` of `text`.
    #[cold]
    pub fn new(error: impl Into<SchemaError>, text: &Arc<str>, span: Range<usize>) -> Self {
        Self { error: error.into(), text: Arc::clone(text), span: Some(span) }
    }

    /// An error that no part of the text is to blame for.
    #[cold]
    pub fn without_span(error: impl Into<SchemaError>) -> Self {
        Self { error: error.into(), text: Arc::from(""), span: None }
    }

    pub(super) fn ddl(error: DdlError, text: &Arc<str>) -> Self {
        let span = error.span.clone();
        Self::new(error, text, span)
    }
}

impl fmt::Display for StatementError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(span) = self.span.clone() else { return self.error.fmt(f) };
        let shown = match self.error.kind() {
            ErrorKind::Ddl(error) => ddl::render(&self.text, error),
            ErrorKind::Config(errors) => ddl::render_config(&self.text, errors, &span),
            _ => ddl::snippet(&self.text, &self.error.to_string(), span, None),
        };
        f.write_str(shown.trim_end())
    }
}

impl fmt::Debug for StatementError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StatementError").field("error", &self.error).field("span", &self.span).finish_non_exhaustive()
    }
}

impl std::error::Error for StatementError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}
