//! `laminar dlq`

use std::{collections::BTreeMap, io::Cursor};

use clap::{Subcommand, builder::PossibleValuesParser};
use laminar_connector_file::detect;
use laminar_schema::{
    ConnectorConfig, DecodeError, DecodeSpec, FormatSpec, InferenceConfig, Location, Pipeline, PipelineConfig,
    ResolveRequest, SchemaResolver, error::cut,
};
use serde_json::{Value, json};

use super::conversion::{Columns, Target};
use crate::{
    dead_letters::{self, DeadLetter, DeadLetterSource},
    engine::CliDecoder,
    error::{CliError, CommandResult, DONE},
    output::{print, print_json, report, report_warnings},
    running::{Job, run_all},
    settings::{Setting, divide, options_of, parse_setting},
    table::Table,
    terminal::harmless,
};

/// Arguments of `dlq`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Show what was rejected and why
    List(ListArgs),
    /// Decode the rejected records once more, and encode those that fit now
    Replay(ReplayArgs),
}

/// Which dead letters.
#[derive(Debug, clap::Args)]
struct Letters {
    /// What DEAD LETTER TO or `--on-error dlq=FILE` has written: a file, a pattern, `-`, or a URI
    #[arg(value_name = "FILE")]
    file: String,
    /// Format of FILE; told by the extension or the first bytes where it is not given
    #[arg(long, value_name = "FORMAT")]
    file_format: Option<String>,
    /// An option of the format of FILE
    #[arg(long = "file-set", value_name = "KEY=VALUE", value_parser = parse_setting)]
    file_settings: Vec<Setting>,
    /// Only those that were rejected for this, as `type_mismatch`
    #[arg(long, value_name = "KIND", value_parser = PossibleValuesParser::new(DecodeError::NAMES))]
    kind: Option<String>,
    /// Only those that came from this source
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
}

impl Letters {
    async fn read(&self) -> Result<Vec<DeadLetter>, CliError> {
        let options = options_of(&self.file_settings);
        let mut letters = dead_letters::read(&self.file, self.file_format.as_deref(), options).await?;
        letters.retain(|letter| {
            self.kind.as_ref().is_none_or(|kind| letter.kind.as_ref() == Some(kind))
                && self.source.as_ref().is_none_or(|source| letter.source == *source)
        });
        Ok(letters)
    }
}

/// Arguments of `dlq list`.
#[derive(Debug, clap::Args)]
struct ListArgs {
    #[command(flatten)]
    letters: Letters,
    /// Print JSON, with whole records
    #[arg(long)]
    json: bool,
}

/// Arguments of `dlq replay`.
#[derive(Debug, clap::Args)]
struct ReplayArgs {
    #[command(flatten)]
    letters: Letters,
    /// Format of the records; told by the first one's first bytes where it is not given
    #[arg(short, long)]
    format: Option<String>,
    #[command(flatten)]
    columns: Columns,
    #[command(flatten)]
    target: Target,
    /// An option of the records' format or of inference
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = parse_setting)]
    settings: Vec<Setting>,
}

/// Shows dead letters, or tries them again.
pub(crate) async fn run(args: Args) -> CommandResult {
    match args.action {
        Action::List(args) => list(args).await,
        Action::Replay(args) => replay(args).await,
    }
}

async fn list(args: ListArgs) -> CommandResult {
    let letters = args.letters.read().await?;
    if args.json {
        print_json(&letters.iter().map(as_json).collect())?;
    } else if !letters.is_empty() {
        print(&as_text(&letters))?;
    }
    report(&counts(&letters));
    Ok(DONE)
}

async fn replay(args: ReplayArgs) -> CommandResult {
    let declared = args.columns.declared()?;
    args.target.check_not_the_input(&args.letters.file)?;
    args.target.check_new_beside(&args.letters.file)?;
    let mut letters = args.letters.read().await?;
    // Each row of a record that was rejected has a letter with all of it.
    letters.dedup_by(|letter, last| is_same_record(letter, last));
    if letters.is_empty() {
        report(&counts(&letters));
        return Ok(DONE);
    }
    let mut format = format_of_records(args.format.as_deref(), &letters)?;
    let (format_options, inference_options) = divide(&args.settings, &format.name)?;
    format.options.extend(&format_options);
    let inference = InferenceConfig::from_options(&inference_options).map_err(|e| CliError::Schema(e.into()))?;
    let request =
        ResolveRequest { declared: declared.as_ref(), inference: Some(&inference), ..ResolveRequest::new(&format) };
    let name = args.letters.file;
    let source = DeadLetterSource::new(letters);
    let resolved = SchemaResolver::of::<CliDecoder>().detect_and_resolve(source, &request).await;
    let (source, resolved) = resolved.map_err(|e| e.at(Location::source(name.as_str())))?;
    report_warnings(&name, &resolved);
    let spec = DecodeSpec::new(resolved.schema, resolved.format);
    let output = args.target.output(&spec.output_schema()).await?;
    let on_error = args.target.on_error().await?;
    let pipeline = Pipeline::new(source, spec, vec![output], on_error, PipelineConfig::new(name.as_str()));
    run_all(vec![Job::of_dead_letters(name, pipeline)]).await
}

fn is_same_record(a: &DeadLetter, b: &DeadLetter) -> bool {
    let (at, last) = (&a.record.metadata, &b.record.metadata);
    let has_place = at.offset.is_some() || at.line.is_some();
    has_place
        && (&a.source, &at.partition, at.offset, at.line) == (&b.source, &last.partition, last.offset, last.line)
        && a.record.value == b.record.value
}

fn format_of_records(named: Option<&str>, letters: &[DeadLetter]) -> Result<FormatSpec, CliError> {
    if let Some(named) = named {
        return Ok(FormatSpec::new(named));
    }
    let first = letters.iter().find_map(|letter| letter.record.value.as_deref()).unwrap_or(&[]);
    // Memory that is read does not fail.
    let found = detect::format_of_stream(Cursor::new(first)).ok().and_then(|(format, _)| format);
    found.ok_or_else(|| {
        CliError::usage("cannot tell the format of the rejected records", "name it with -f, as in `-f json`")
    })
}

fn as_text(letters: &[DeadLetter]) -> String {
    let mut table = Table::new(["source", "place", "kind", "field", "error", "record"]);
    for letter in letters {
        let record = letter.record.value.as_deref().map(String::from_utf8_lossy);
        table.push([
            harmless(&letter.source),
            harmless(&place(letter)),
            harmless(letter.kind.as_deref().unwrap_or_default()),
            harmless(letter.field.as_deref().unwrap_or_default()),
            harmless(&letter.error),
            record.map(|record| harmless(&cut(&record))).unwrap_or_default(),
        ]);
    }
    table.to_text()
}

/// Where a record came from, as far as it is known.
fn place(letter: &DeadLetter) -> String {
    let place = &letter.record.metadata;
    let parts = [
        place.partition.as_ref().map(|partition| partition.to_string()),
        place.offset.map(|offset| format!("offset {offset}")),
        place.line.map(|line| format!("line {line}")),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn as_json(letter: &DeadLetter) -> Value {
    let record = &letter.record;
    let headers: Vec<Value> =
        record.headers.iter().map(|(name, value)| json!({ "name": name, "value": bytes(value) })).collect();
    json!({
        "source": letter.source,
        "partition": record.metadata.partition,
        "offset": record.metadata.offset,
        "line": record.metadata.line,
        "timestamp": record.timestamp,
        "field": letter.field,
        "kind": letter.kind,
        "error": letter.error,
        "schema_id": letter.schema_id,
        "key": record.key.as_deref().map(bytes),
        "headers": headers,
        "record": record.value.as_deref().map(bytes),
    })
}

/// Bytes as text, or as hexadecimal digits where they are none.
fn bytes(bytes: &[u8]) -> Value {
    match std::str::from_utf8(bytes) {
        Ok(text) => json!(text),
        Err(_) => json!({ "hex": bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>() }),
    }
}

/// How many there are, and of which kind.
fn counts(letters: &[DeadLetter]) -> String {
    let mut kinds = BTreeMap::new();
    letters.iter().for_each(|letter| *kinds.entry(letter.kind.as_deref().unwrap_or("unknown")).or_insert(0) += 1);
    let kinds: Vec<String> = kinds.iter().map(|(kind, count)| format!("{count} {}", harmless(kind))).collect();
    let separator = if kinds.is_empty() { "" } else { ": " };
    format!("{} dead letters{separator}{}", letters.len(), kinds.join(", "))
}
