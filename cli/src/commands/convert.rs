//! `laminar convert`

use std::{num::NonZeroUsize, path::Path, str::FromStr};

use arrow_schema::SchemaRef;
use laminar_connector_file::{STANDARD_STREAM, detect};
use laminar_schema::{
    DeclaredSchema, DecodeSpec, FormatSpec, OnError, Options, Output, Pipeline, PipelineConfig, Sink, SinkConfig,
    SinkSet, pipeline::dead_letter_schema,
};

use crate::{
    engine::CliSinks,
    error::{CliError, CommandResult},
    input::Found,
    output::report_warnings,
    running::{Job, available_cores, run_all},
    schema_file,
    settings::{Setting, divide, options_of, parse_setting, parse_threads},
};

/// Arguments of `convert`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A file, a glob pattern, `-` for standard input, or a URI
    #[arg(value_name = "INPUT")]
    input: String,
    /// Format of the input; told by the extension or the first bytes where it is not given
    #[arg(short, long)]
    format: Option<String>,
    /// Columns: `a BIGINT, b STRUCT(c DOUBLE)`, with `*` for all others; inferred where they are not given
    #[arg(long, value_name = "COLUMNS", conflicts_with = "schema_file")]
    schema: Option<String>,
    /// A file with the columns: a CREATE SOURCE statement, the columns alone, or a schema in another language
    #[arg(long, value_name = "FILE")]
    schema_file: Option<String>,
    /// Format to write; told by the extension of -o where it is not given, else json
    #[arg(long, value_name = "FORMAT")]
    to: Option<String>,
    /// File to write; standard output where it is not given
    #[arg(short, long, value_name = "FILE", default_value = STANDARD_STREAM)]
    output: String,
    /// What to do with records that do not fit: fail, skip, or dlq=FILE to write them there
    #[arg(long, value_name = "POLICY", default_value = "fail")]
    on_error: Policy,
    /// An option of the input's format or of inference
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = parse_setting)]
    settings: Vec<Setting>,
    /// Threads that decode and encode; as many as there are cores where it is not given
    #[arg(long, value_name = "N", value_parser = parse_threads)]
    threads: Option<NonZeroUsize>,
    /// An option of the format to write
    #[arg(long = "to-set", value_name = "KEY=VALUE", value_parser = parse_setting)]
    to_settings: Vec<Setting>,
}

/// What happens to records that do not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Policy {
    Fail,
    Skip,
    DeadLetter(String),
}

impl FromStr for Policy {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "fail" => Ok(Self::Fail),
            "skip" => Ok(Self::Skip),
            _ => match text.strip_prefix("dlq=") {
                Some(path) if !path.is_empty() => Ok(Self::DeadLetter(path.to_owned())),
                _ => Err("expected fail, skip or dlq=FILE"),
            },
        }
    }
}

/// Decodes the input and encodes it.
pub(crate) async fn run(args: Args) -> CommandResult {
    let declared = declared(&args)?;
    let found = Found::look_at(std::slice::from_ref(&args.input), args.format.as_deref()).await?;
    let (format_options, inference_options) = divide(&args.settings, &found.format.name)?;
    let input = found.open(format_options).await?;
    check_not_the_input(&args.input, &args.output)?;
    let threads = args.threads.unwrap_or_else(available_cores);
    let (input, resolved) = input.resolve(declared.as_ref(), &inference_options, threads).await?;
    report_warnings(&input.name, &resolved);
    let spec = DecodeSpec::new(resolved.schema, input.format);

    let output = output(&args.output, to_format(&args)?, &spec.output_schema()).await?;
    let on_error = match &args.on_error {
        Policy::Fail => OnError::Fail,
        Policy::Skip => OnError::Skip,
        Policy::DeadLetter(path) => {
            check_not_the_input(&args.input, path)?;
            OnError::DeadLetter(self::output(path, FormatSpec::new("json"), &dead_letter_schema()).await?)
        }
    };
    let config = PipelineConfig { threads: threads.get(), ..PipelineConfig::new(input.name.as_str()) };
    let pipeline = Pipeline::new(input.source, spec, vec![output], on_error, config);
    run_all(vec![Job::new(input.name, pipeline)]).await
}

async fn output(path: &str, format: FormatSpec, schema: &SchemaRef) -> Result<Output<CliSinks>, CliError> {
    let options = Options::from_pairs([("path", path)]);
    let sink = CliSinks::create("file", &SinkConfig { options, format: format.clone() })?;
    sink.validate().await?;
    let output = Output::all(path, sink, format, schema);
    // Whether the format can carry the columns is to be known before anything is read.
    output.sink().build_encoder(output.spec())?;
    Ok(output)
}

fn to_format(args: &Args) -> Result<FormatSpec, CliError> {
    let by_extension = || detect::format_of_path(&args.output);
    let mut format = match &args.to {
        // As for inputs: what the extension tells beyond the name counts when the names agree.
        Some(named) => {
            by_extension().filter(|f| f.name == named.to_ascii_lowercase()).unwrap_or_else(|| FormatSpec::new(named))
        }
        None => match by_extension() {
            Some(format) => format,
            None if args.output == STANDARD_STREAM || Path::new(&args.output).extension().is_none() => {
                FormatSpec::new("json")
            }
            None => {
                let message = format!("cannot tell the format of {}", args.output);
                return Err(CliError::usage(message, "name it with --to, as in `--to json`"));
            }
        },
    };
    for (key, value) in options_of(&args.to_settings).iter() {
        format.options.insert(key, value.text.clone(), None);
    }
    Ok(format)
}

/// Writing into the file that is read would empty it first.
fn check_not_the_input(input: &str, output: &str) -> Result<(), CliError> {
    let same = match (Path::new(input).canonicalize(), Path::new(output).canonicalize()) {
        (Ok(input), Ok(output)) => input == output && input.is_file(),
        _ => false,
    };
    if same {
        return Err(CliError::usage(format!("{output} is the input"), "write to another file"));
    }
    Ok(())
}

fn declared(args: &Args) -> Result<Option<DeclaredSchema>, CliError> {
    match (&args.schema, &args.schema_file) {
        (Some(columns), _) => Ok(Some(schema_file::columns_of(columns)?)),
        (None, Some(path)) => schema_file::declared_in(path).map(Some),
        (None, None) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_are_read() {
        let check = |text: &str, expected| assert_eq!(text.parse(), expected, "{text}");
        check("fail", Ok(Policy::Fail));
        check("skip", Ok(Policy::Skip));
        check("dlq=bad.json", Ok(Policy::DeadLetter("bad.json".to_owned())));
        check("dlq=", Err("expected fail, skip or dlq=FILE"));
        check("ignore", Err("expected fail, skip or dlq=FILE"));
    }
}
