//! `laminar schema pin`

use laminar_registry::{ClientOptions, RegistryClient};
use laminar_schema::{
    SchemaError,
    ddl::{self, StatementKind},
    engine::StatementError,
};

use crate::{
    error::{CliError, CommandResult, DONE},
    output::print,
    read_sql,
};

/// Arguments of `schema pin`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A file of SQL that creates the source, or `-` for standard input
    #[arg(value_name = "FILE.sql")]
    file: String,
    /// The source, whose USING SCHEMA REGISTRY names a subject
    #[arg(value_name = "SOURCE")]
    source: String,
}

/// Prints the latest schema of the source's subject, with all that it refers to.
pub(super) async fn run(args: &Args) -> CommandResult {
    let text = read_sql(&args.file)?;
    let statements = ddl::parse(&text).map_err(|e| {
        let span = e.span.clone();
        CliError::Statement(StatementError::new(e, &text.as_str().into(), span))
    })?;
    let named = statements.into_iter().find_map(|statement| match statement.kind {
        StatementKind::CreateSource(source) if source.name.name.eq_ignore_ascii_case(&args.source) => Some(source),
        _ => None,
    });
    let Some(source) = named else {
        return Err(CliError::usage(
            format!("{} creates no source `{}`", args.file, args.source),
            "name one of its own",
        ));
    };
    let Some(config) = source.registry_config().map_err(SchemaError::from)? else {
        let message = format!("source `{}` has no USING SCHEMA REGISTRY", args.source);
        return Err(CliError::usage(message, "a schema is pinned from there"));
    };
    let Some(subject) = config.subject.clone() else {
        let message = format!("USING SCHEMA REGISTRY of source `{}` names no subject", args.source);
        return Err(CliError::usage(message, "add the option `subject`"));
    };
    let client = RegistryClient::connected(&config, ClientOptions::default()).map_err(SchemaError::from)?;
    let pinned = client.pin(&subject).await.map_err(SchemaError::from)?;
    print(&format!("{}\n", pinned.to_text()))?;
    Ok(DONE)
}
