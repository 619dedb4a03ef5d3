//! `laminar schema`

use clap::Subcommand;
use laminar_formats::avro::{CanonicalError, FingerprintAlgorithm, canonical_form, fingerprint};
use laminar_schema::config::FromConfigValue;
use serde_json::{Value, json};

use crate::{
    error::{CliError, CommandResult, DONE},
    output::{print, print_json},
    read_sql,
};

/// Arguments of `schema`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Say whether a schema may follow those before it: exit code 0 when it may, 1 when not
    Check(super::schema_check::Args),
    /// Say what has changed from one schema to another, column by column
    Diff(super::schema_diff::Args),
    /// Print the latest schema of a source in its registry, to start from while that is down: option `pin_file`
    Pin(super::schema_pin::Args),
    /// Print the fingerprint of an Avro schema, in hexadecimal
    Fingerprint {
        /// A file of an Avro schema, or `-` for standard input
        #[arg(value_name = "FILE")]
        file: String,
        /// rabin, md5 or sha256
        #[arg(long, value_name = "NAME", default_value = "rabin", value_parser = parse_algorithm)]
        algorithm: FingerprintAlgorithm,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Print the parsing canonical form of an Avro schema
    Canonical {
        /// A file of an Avro schema, or `-` for standard input
        #[arg(value_name = "FILE")]
        file: String,
        /// Print JSON: the form as a text
        #[arg(long)]
        json: bool,
    },
}

/// Prints what a schema is known by.
pub(crate) async fn run(args: &Args) -> CommandResult {
    let (text, json) = match &args.action {
        Action::Check(args) => return super::schema_check::run(args),
        Action::Diff(args) => return super::schema_diff::run(args),
        Action::Pin(args) => return super::schema_pin::run(args).await,
        Action::Fingerprint { file, algorithm, json } => {
            let shown = fingerprint(&read_sql(file)?, *algorithm).map_err(|e| not_a_schema(file, &e))?;
            (
                shown.to_string(),
                json.then(|| json!({ "algorithm": algorithm.name(), "fingerprint": shown.to_string() })),
            )
        }
        Action::Canonical { file, json } => {
            let form = canonical_form(&read_sql(file)?).map_err(|e| not_a_schema(file, &e))?;
            (form.clone(), json.then(|| json!({ "canonical": Value::from(form) })))
        }
    };
    match json {
        Some(value) => print_json(&value)?,
        None => print(&text)?,
    }
    Ok(DONE)
}

fn parse_algorithm(text: &str) -> Result<FingerprintAlgorithm, String> {
    FingerprintAlgorithm::from_value(text).map_err(|_| format!("expected {}", FingerprintAlgorithm::TYPE_NAME))
}

fn not_a_schema(file: &str, error: &CanonicalError) -> CliError {
    CliError::usage(
        format!("{file} is no Avro schema: {error}"),
        "name a file of an Avro schema in JSON, as .avsc files are",
    )
}
