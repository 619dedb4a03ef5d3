//! What `convert` and `dlq replay` have in common: which columns are read, and where they are written.

use std::{path::Path, str::FromStr};

use arrow_schema::SchemaRef;
use laminar_connector_file::{STANDARD_STREAM, detect};
use laminar_schema::{
    DeclaredSchema, FormatSpec, OnError, Options, Output, Sink, SinkConfig, SinkSet, pipeline::dead_letter_schema,
};

use crate::{
    engine::CliSinks,
    error::CliError,
    schema_file,
    settings::{Setting, options_of, parse_setting},
};

/// The columns to read.
#[derive(Debug, clap::Args)]
pub(super) struct Columns {
    /// Columns: `a BIGINT, b STRUCT(c DOUBLE)`, with `*` for all others; inferred where they are not given
    #[arg(long, value_name = "COLUMNS", conflicts_with = "schema_file")]
    schema: Option<String>,
    /// A file with the columns: a CREATE SOURCE statement, the columns alone, or a schema in another language
    #[arg(long, value_name = "FILE")]
    schema_file: Option<String>,
}

impl Columns {
    /// What was declared; `None` where the columns are to be inferred.
    pub(super) fn declared(&self) -> Result<Option<DeclaredSchema>, CliError> {
        match (&self.schema, &self.schema_file) {
            (Some(columns), _) => Ok(Some(schema_file::columns_of(columns)?)),
            (None, Some(path)) => schema_file::declared_in(path).map(Some),
            (None, None) => Ok(None),
        }
    }
}

/// Where rows are written, and what becomes of records that make none.
#[derive(Debug, clap::Args)]
pub(super) struct Target {
    /// Format to write; told by the extension of -o where it is not given, else json
    #[arg(long, value_name = "FORMAT")]
    to: Option<String>,
    /// File to write; standard output where it is not given
    #[arg(short, long, value_name = "FILE", default_value = STANDARD_STREAM)]
    output: String,
    /// What to do with records that do not fit: fail, skip, or dlq=FILE to write them there
    #[arg(long, value_name = "POLICY", default_value = "fail")]
    on_error: Policy,
    /// An option of the format to write
    #[arg(long = "to-set", value_name = "KEY=VALUE", value_parser = parse_setting)]
    to_settings: Vec<Setting>,
}

impl Target {
    /// Writing into the file that is read would empty it first.
    pub(super) fn check_not_the_input(&self, input: &str) -> Result<(), CliError> {
        self.files().into_iter().try_for_each(|path| check_not_the_input(input, path))
    }

    /// The files of a pattern are not known here, so that none that is there is written beside one.
    pub(super) fn check_new_beside(&self, input: &str) -> Result<(), CliError> {
        let is_there = |path: &&&String| Path::new(path.as_str()).is_file();
        match self.files().iter().find(is_there) {
            Some(path) if input.contains(['*', '?', '[']) => {
                let message = format!("{path} is there, and may be one of {input}");
                Err(CliError::usage(message, "write to a new file"))
            }
            _ => Ok(()),
        }
    }

    fn files(&self) -> Vec<&String> {
        let dead_letters = match &self.on_error {
            Policy::DeadLetter(path) => Some(path),
            Policy::Fail | Policy::Skip => None,
        };
        [&self.output].into_iter().chain(dead_letters).collect()
    }

    /// Where rows of these columns go.
    pub(super) async fn output(&self, schema: &SchemaRef) -> Result<Output<CliSinks>, CliError> {
        output(&self.output, self.format()?, schema).await
    }

    /// Where records go that do not fit.
    pub(super) async fn on_error(&self) -> Result<OnError<CliSinks>, CliError> {
        Ok(match &self.on_error {
            Policy::Fail => OnError::Fail,
            Policy::Skip => OnError::Skip,
            Policy::DeadLetter(path) => {
                OnError::DeadLetter(output(path, FormatSpec::new("json"), &dead_letter_schema()).await?)
            }
        })
    }

    fn format(&self) -> Result<FormatSpec, CliError> {
        let by_extension = || detect::format_of_path(&self.output);
        let mut format = match &self.to {
            // As for inputs: what the extension tells beyond the name counts when the names agree.
            Some(named) => by_extension()
                .filter(|f| f.name == named.to_ascii_lowercase())
                .unwrap_or_else(|| FormatSpec::new(named)),
            None => match by_extension() {
                Some(format) => format,
                None if self.output == STANDARD_STREAM || Path::new(&self.output).extension().is_none() => {
                    FormatSpec::new("json")
                }
                None => {
                    let message = format!("cannot tell the format of {}", self.output);
                    return Err(CliError::usage(message, "name it with --to, as in `--to json`"));
                }
            },
        };
        format.options.extend(&options_of(&self.to_settings));
        Ok(format)
    }
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

async fn output(path: &str, format: FormatSpec, schema: &SchemaRef) -> Result<Output<CliSinks>, CliError> {
    let options = Options::from_pairs([("path", path)]);
    let sink = CliSinks::create("file", &SinkConfig { options, format: format.clone() })?;
    sink.validate().await?;
    let output = Output::all(path, sink, format, schema);
    // Whether the format can carry the columns is to be known before anything is read.
    output.sink().build_encoder(output.spec())?;
    Ok(output)
}

/// Writing into the file that is read would empty it first.
fn check_not_the_input(input: &str, output: &str) -> Result<(), CliError> {
    let input = input.strip_prefix("file://").unwrap_or(input);
    let same = match (Path::new(input).canonicalize(), Path::new(output).canonicalize()) {
        (Ok(input), Ok(output)) => input == output && input.is_file(),
        _ => false,
    };
    if same {
        return Err(CliError::usage(format!("{output} is the input"), "write to another file"));
    }
    Ok(())
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
