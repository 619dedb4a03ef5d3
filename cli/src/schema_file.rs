//! Files of a schema: SQL, Avro, Protobuf, Parquet.

use std::path::Path;

use laminar_formats::{SCHEMA_FILE_EXTENSIONS, read_schema_file};
use laminar_schema::{
    DeclaredColumn, DeclaredSchema,
    ddl::{self, DdlError, StatementKind},
    engine::StatementError,
};

use crate::error::CliError;

/// The columns of the file at `path`.
///
/// # Errors
/// A file that cannot be read, is of no kind that is known, or has no schema or several.
pub(crate) fn declared_in(path: &str) -> Result<DeclaredSchema, CliError> {
    if let Some(schema) = read_schema_file(Path::new(path))? {
        let columns = schema.fields().iter().map(|f| DeclaredColumn::from(&**f)).collect();
        return Ok(DeclaredSchema { columns, ..DeclaredSchema::default() });
    }
    if Path::new(path).extension().is_none_or(|e| !e.eq_ignore_ascii_case("sql")) {
        let known = SCHEMA_FILE_EXTENSIONS.iter().map(|e| format!(" or .{e}")).collect::<String>();
        let help = format!("name a file that ends in .sql{known}");
        return Err(CliError::usage(format!("{path} is no file of a schema that is known"), help));
    }
    let text = crate::read_sql(path)?;
    let is_statement = text.split_whitespace().any(|word| word.eq_ignore_ascii_case("create"));
    if !is_statement {
        return columns_of(&text);
    }
    let statements = ddl::parse(&text).map_err(|e| in_text(&text, e))?;
    let mut sources = statements.into_iter().filter_map(|s| match s.kind {
        StatementKind::CreateSource(source) => Some(source),
        _ => None,
    });
    match (sources.next(), sources.next()) {
        (Some(only), None) => Ok(only.declared),
        (None, _) => Err(CliError::usage(format!("{path} has no CREATE SOURCE"), "write one, or the columns alone")),
        (Some(_), Some(_)) => Err(CliError::usage(format!("{path} has several CREATE SOURCE"), "keep one of them")),
    }
}

/// The columns that a text declares.
pub(crate) fn columns_of(text: &str) -> Result<DeclaredSchema, CliError> {
    ddl::parse_columns(text).map_err(|e| in_text(text, e))
}

fn in_text(text: &str, error: DdlError) -> CliError {
    let span = error.span.clone();
    CliError::Statement(StatementError::new(error, &text.into(), span))
}
