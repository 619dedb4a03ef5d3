//! `laminar schema check`

use laminar_formats::compat::{
    CompatibilityChange, CompatibilityError, CompatibilityOptions, CompatibilityReport, check,
};
use laminar_schema::registry::{CompatibilityMode, RegistrySchemaType};
use serde_json::{Value, json};

use crate::{
    error::{CliError, CommandResult, DONE, REJECTED},
    output::{print, print_json},
    read_sql,
};

/// Arguments of `schema check`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Language of the schemas: avro, protobuf or json-schema
    #[arg(long, value_name = "NAME", value_parser = parse_language)]
    format: RegistrySchemaType,
    /// NONE, BACKWARD, FORWARD or FULL, or one of the last three with _TRANSITIVE
    #[arg(long, value_name = "MODE", value_parser = str::parse::<CompatibilityMode>)]
    mode: CompatibilityMode,
    /// A file of the proposed schema, or `-` for standard input
    #[arg(long, value_name = "FILE")]
    new: String,
    /// Files of the schemas before it, oldest first
    #[arg(long, value_name = "FILE", required = true, num_args = 1..)]
    old: Vec<String>,
    /// Ignore the aliases of an Avro reader
    #[arg(long)]
    no_aliases: bool,
    /// Protobuf is read from JSON too, where names count
    #[arg(long)]
    protobuf_json: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Compares the schemas and prints every change.
pub(super) fn run(args: &Args) -> CommandResult {
    let new = read_sql(&args.new)?;
    let old = args.old.iter().map(|file| read_sql(file)).collect::<Result<Vec<_>, _>>()?;
    let history: Vec<&str> = old.iter().map(String::as_str).collect();
    let options = CompatibilityOptions {
        aliases: !args.no_aliases,
        protobuf_json: args.protobuf_json,
        ..CompatibilityOptions::default()
    };
    let report = check(args.format, args.mode, &new, &history, &options).map_err(|e| refused(args, &e))?;
    match args.json {
        true => print_json(&to_json(&report))?,
        false => print(&to_text(args, &report))?,
    }
    Ok(if report.compatible { DONE } else { REJECTED })
}

fn to_json(report: &CompatibilityReport) -> Value {
    let change = |c: &CompatibilityChange| json!({ "path": c.path, "kind": c.kind.to_string(), "from": c.from, "to": c.to, "breaks": c.breaks });
    let changes: Vec<Value> = report.changes.iter().map(change).collect();
    json!({ "compatible": report.compatible, "mode": mode_name(report.mode), "changes": changes })
}

/// A line for each change, and the verdict.
fn to_text(args: &Args, report: &CompatibilityReport) -> String {
    let mut lines: Vec<String> = Vec::with_capacity(report.changes.len() + 1);
    for change in &report.changes {
        let direction = match (change.breaks_backward, change.breaks_forward) {
            (true, true) => "breaks BACKWARD and FORWARD",
            (true, false) => "breaks BACKWARD",
            (false, true) => "breaks FORWARD",
            (false, false) => "breaks nothing",
        };
        let since = match &args.old[..] {
            [_] => String::new(),
            several => format!(", since {}", several.get(change.version).map_or("", String::as_str)),
        };
        lines.push(format!("{change} ({direction}{since})"));
    }
    let verdict = if report.compatible { "compatible" } else { "not compatible" };
    lines.push(format!("{verdict} under {}", mode_name(report.mode)));
    lines.join("\n")
}

fn mode_name(mode: CompatibilityMode) -> &'static str {
    CompatibilityMode::NAMES.iter().find(|(_, known)| *known == mode).map_or("", |(name, _)| name)
}

fn parse_language(text: &str) -> Result<RegistrySchemaType, String> {
    match text.to_ascii_lowercase().as_str() {
        "avro" => Ok(RegistrySchemaType::Avro),
        "protobuf" => Ok(RegistrySchemaType::Protobuf),
        "json-schema" => Ok(RegistrySchemaType::JsonSchema),
        _ => Err("expected avro, protobuf or json-schema".to_owned()),
    }
}

fn refused(args: &Args, error: &CompatibilityError) -> CliError {
    let file = match error {
        CompatibilityError::NotASchema { version: Some(version), .. } => args.old.get(*version),
        _ => Some(&args.new),
    };
    CliError::usage(
        format!("{}: {error}", file.map_or("", String::as_str)),
        "name files of schemas in the language of --format",
    )
}
