//! `laminar infer`

use std::{
    num::NonZeroUsize,
    path::{Path, PathBuf},
};

use clap::ValueEnum;
use laminar_formats::{avro::avro_schema_of, protobuf::proto_text};
use laminar_schema::{Options, ResolvedSchema, ddl};

use super::schema_report::{self, Reproduction};
use crate::{
    error::{CliError, CommandResult, DONE},
    input::{Found, Input},
    output::{print, print_json, report},
    progress::ProgressLine,
    running::available_cores,
    settings::{Setting, divide, parse_setting, parse_threads},
    terminal::Screen,
};

/// Arguments of `infer`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Files, glob patterns, `-` for standard input, or a URI
    #[arg(required = true, value_name = "INPUT")]
    inputs: Vec<String>,
    /// Format of the records; told by the extension or the first bytes where it is not given
    #[arg(short, long)]
    format: Option<String>,
    /// Records to sample, at most
    #[arg(long, value_name = "N")]
    sample_size: Option<usize>,
    /// Threads that look at a large sample; as many as there are cores where it is not given
    #[arg(long, value_name = "N", value_parser = parse_threads)]
    threads: Option<NonZeroUsize>,
    /// An option of inference or of the format
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = parse_setting)]
    settings: Vec<Setting>,
    /// What to print
    #[arg(short, long, value_enum, default_value_t = Form::Table)]
    output: Form,
    /// Print JSON: the same as -o json
    #[arg(long, conflicts_with = "output")]
    json: bool,
    /// Also write a page with the schema and all its evidence, which needs no other file
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

/// What is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// A table
    Table,
    /// One JSON object
    Json,
    /// A CREATE SOURCE statement
    Ddl,
    /// A Protobuf message of the columns, as the encoder makes it
    Proto,
    /// An Avro schema of the columns, as the encoder makes it
    Avsc,
}

/// Samples the inputs and prints the schema.
pub(crate) async fn run(args: Args) -> CommandResult {
    let form = if args.json { Form::Json } else { args.output };
    if matches!(form, Form::Ddl | Form::Proto | Form::Avsc) && args.inputs.len() > 1 {
        return Err(CliError::usage(
            "what -o ddl, proto and avsc print is of one input, as a source has one path",
            "give a pattern: 'logs/*.json'",
        ));
    }
    let found = Found::look_at(&args.inputs, args.format.as_deref(), "-f").await?;
    let (format_options, mut inference) = divide(&args.settings, &found.format.name)?;
    if let Some(size) = args.sample_size {
        inference.insert("sample_size", size.to_string(), None);
    }
    let input = found.open(format_options).await?;
    let progress = ProgressLine::working(&format!("sampling {}", input.name));
    let resolved = input.resolve(None, &inference, args.threads.unwrap_or_else(available_cores)).await;
    drop(progress);
    let (input, resolved) = resolved?;
    match form {
        Form::Table => print(&schema_report::to_text(&resolved, Screen::stdout()))?,
        Form::Json => print_json(&schema_report::to_json(&resolved))?,
        Form::Ddl => {
            resolved.warnings.iter().for_each(|w| report(&w.to_string()));
            print(&create_source(&input, &resolved))?;
        }
        Form::Proto => {
            resolved.warnings.iter().for_each(|w| report(&w.to_string()));
            print(&proto_text(&resolved.schema, &source_name(&input.name))?)?;
        }
        Form::Avsc => {
            resolved.warnings.iter().for_each(|w| report(&w.to_string()));
            // By the name that the encoder gives its record, so that fingerprints agree.
            let schema = avro_schema_of(&resolved.schema, "row", "")?;
            print(&format!("{schema}\n"))?;
        }
    }
    if let Some(path) = &args.html {
        let ddl = (args.inputs.len() == 1).then(|| create_source(&input, &resolved));
        let from = Reproduction { input: &input.name, command: &args.command(), ddl: ddl.as_deref() };
        let page = schema_report::to_html(&resolved, &from);
        std::fs::write(path, page).map_err(|source| CliError::File {
            action: "write",
            path: path.display().to_string(),
            source,
        })?;
    }
    Ok(DONE)
}

impl Args {
    /// The command that gives the same schema, as a POSIX shell reads it.
    fn command(&self) -> String {
        let mut words = vec!["laminar".to_owned(), "infer".to_owned()];
        words.extend(self.inputs.iter().cloned());
        if let Some(format) = &self.format {
            words.extend(["-f".to_owned(), format.clone()]);
        }
        if let Some(size) = self.sample_size {
            words.extend(["--sample-size".to_owned(), size.to_string()]);
        }
        words.extend(self.settings.iter().flat_map(|s| ["--set".to_owned(), s.to_string()]));
        words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
    }
}

/// A word as a POSIX shell takes it whole.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@%+".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

fn create_source(input: &Input, resolved: &ResolvedSchema) -> String {
    if let Some(remote) = &input.remote {
        let (name, options) = (source_name(&remote.name), remote.options.clone());
        return ddl::ddl_of(&name, &resolved.schema, remote.connector, options, resolved.format.clone());
    }
    let options = Options::from_pairs([("path", input.name.as_str())]);
    ddl::ddl_of(&source_name(&input.name), &resolved.schema, "file", options, resolved.format.clone())
}

/// A name for the source: the file's, up to its first dot.
fn source_name(path: &str) -> String {
    let file = Path::new(path).file_name().and_then(|name| name.to_str()).unwrap_or("input");
    let stem: String =
        file.chars().take_while(|c| *c != '.').map(|c| if c.is_alphanumeric() { c } else { '_' }).collect();
    match stem.trim_matches('_') {
        "" => "input".to_owned(),
        stem => stem.to_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::{quoted, source_name};

    #[test]
    fn words_survive_a_shell() {
        for (word, expected) in
            [("a/b.csv", "a/b.csv"), ("delimiter=;", "'delimiter=;'"), ("it's $x", r"'it'\''s $x'"), ("", "''")]
        {
            assert_eq!(quoted(word), expected);
        }
    }

    #[test]
    fn sources_are_named_after_their_files() {
        for (path, expected) in
            [("dir/Trades.json.gz", "trades"), ("-", "input"), ("logs/*.json", "input"), ("a-b 2024.csv", "a_b_2024")]
        {
            assert_eq!(source_name(path), expected);
        }
    }
}
