//! `laminar convert`

use std::num::NonZeroUsize;

use laminar_schema::{DecodeSpec, Pipeline, PipelineConfig};

use super::conversion::{Columns, Target};
use crate::{
    error::CommandResult,
    input::Found,
    output::report_warnings,
    running::{Job, available_cores, run_all},
    settings::{Setting, divide, parse_setting, parse_threads},
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
    #[command(flatten)]
    columns: Columns,
    #[command(flatten)]
    target: Target,
    /// An option of the input's format or of inference
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = parse_setting)]
    settings: Vec<Setting>,
    /// Threads that decode and encode; as many as there are cores where it is not given
    #[arg(long, value_name = "N", value_parser = parse_threads)]
    threads: Option<NonZeroUsize>,
}

/// Decodes the input and encodes it.
pub(crate) async fn run(args: Args) -> CommandResult {
    let declared = args.columns.declared()?;
    let found = Found::look_at(std::slice::from_ref(&args.input), args.format.as_deref(), "-f").await?;
    let (format_options, inference_options) = divide(&args.settings, &found.format.name)?;
    let input = found.open(format_options).await?;
    args.target.check_not_the_input(&args.input)?;
    let threads = args.threads.unwrap_or_else(available_cores);
    let (input, resolved) = input.resolve(declared.as_ref(), &inference_options, threads).await?;
    report_warnings(&input.name, &resolved);
    let spec = DecodeSpec::new(resolved.schema, input.format);
    let output = args.target.output(&spec.output_schema()).await?;
    let on_error = args.target.on_error().await?;
    let config = PipelineConfig { threads: threads.get(), ..PipelineConfig::new(input.name.as_str()) };
    let pipeline = Pipeline::new(input.source, spec, vec![output], on_error, config);
    run_all(vec![Job::new(input.name, pipeline)]).await
}
