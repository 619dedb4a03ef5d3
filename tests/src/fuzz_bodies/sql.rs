//! SQL text.

use laminar_schema::{
    ddl::{self, DdlError, Secrets, Statement, StatementKind},
    types,
};

/// Reads bytes as SQL statements, as a type and as columns.
///
/// What is accepted must print as text that says the same. What is refused must point into the text.
///
/// # Panics
/// When it does not.
pub fn ddl(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    if let Some(mut statements) = accepted(text, ddl::parse(text)) {
        let printed: Vec<String> = statements.iter().map(|s| s.to_sql(Secrets::Shown)).collect();
        let printed = printed.join(";\n");
        let again = ddl::parse(&printed);
        let mut again =
            again.unwrap_or_else(|e| panic!("{text:?} prints as\n{printed}\n{}", ddl::render(&printed, &e)));
        for statement in &statements {
            statement.not_supported_yet(text).iter().for_each(|e| assert_points_into(text, e));
            statement.to_sql(Secrets::Masked { connector: &[], format: &[] });
            if let StatementKind::CreateSource(source) = &statement.kind {
                // Wrong options are fine here; a panic is not.
                let _ = (source.inference_config(), source.registry_config());
            }
        }
        statements.iter_mut().chain(&mut again).for_each(Statement::erase_spans);
        assert_eq!(again, statements, "{text:?} prints as\n{printed}");
    }
    if let Some(parsed) = accepted(text, ddl::parse_type(text)) {
        let parsed = parsed.into_field("item", true);
        let printed = types::field_type_name(&parsed);
        let again = ddl::parse_type(&printed).map(|t| t.into_field("item", true));
        assert_eq!(again, Ok(parsed), "{text:?} prints as {printed:?}");
    }
    if let Some(schema) = accepted(text, ddl::parse_columns(text)) {
        let printed = ddl::columns_of(&schema);
        assert_eq!(ddl::parse_columns(&printed), Ok(schema), "{text:?} prints as {printed:?}");
    }
}

fn accepted<T>(text: &str, outcome: Result<T, DdlError>) -> Option<T> {
    outcome.map_err(|error| assert_points_into(text, &error)).ok()
}

fn assert_points_into(text: &str, error: &DdlError) {
    assert!(text.get(error.span.clone()).is_some(), "{text:?}: {error:?}");
    let shown = ddl::render(text, error);
    assert!(shown.starts_with("error: ") && shown.contains('^'), "{text:?}: {shown}");
}
