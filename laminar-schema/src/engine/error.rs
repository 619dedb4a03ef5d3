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

    /// Places in the text with what is to be said about each.
    fn marks(&self) -> Vec<(Option<Range<usize>>, String)> {
        match self.error.kind() {
            ErrorKind::Config(errors) => {
                let mark = |e: &crate::ConfigError| (e.span().or_else(|| self.span.clone()), e.to_string());
                errors.0.iter().map(mark).collect()
            }
            ErrorKind::Ddl(e) => vec![(self.span.clone(), e.kind.to_string())],
            _ => vec![(self.span.clone(), self.error.to_string())],
        }
    }
}

impl fmt::Display for StatementError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let ErrorKind::Ddl(error) = self.error.kind() {
            return f.write_str(&ddl::render(&self.text, error));
        }
        for (i, (span, message)) in self.marks().into_iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            match span.filter(|_| !self.text.is_empty()) {
                Some(span) => f.write_str(&ddl::render_message(&self.text, span, &message, None))?,
                None => f.write_str(&message)?,
            }
        }
        Ok(())
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
