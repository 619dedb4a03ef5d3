//! INPUT of a command: a path, a pattern, `-`, or a URI.

use std::{io, num::NonZeroUsize};

use laminar_connector_file::{FileSource, FileSourceConfig, OtherHeader, STANDARD_STREAM, detect};
use laminar_schema::{
    ConnectorConfig, DeclaredSchema, FormatSpec, InferenceConfig, InferenceWarning, Location, Options, ResolveRequest,
    ResolvedSchema, SchemaResolver, Source, SourceSet, error::cut,
};

use crate::{
    engine::{CliDecoder, CliSources},
    error::CliError,
    uri::Remote,
};

/// Bytes of records in one batch: several are on their way at once, and a core's cache should hold one.
const MAX_BATCH_BYTES: usize = 1 << 20;

/// An input with the source that reads it.
#[derive(Debug)]
pub(crate) struct Input {
    /// What it is called in messages: as the user wrote it.
    pub(crate) name: String,
    /// Its format, with all options.
    pub(crate) format: FormatSpec,
    /// What reads it.
    pub(crate) source: CliSources,
    /// Options that names and first bytes suggested. Detection looks closer, where a sample is taken.
    guessed: Vec<String>,
    /// What a URI named, where the input is one.
    pub(crate) remote: Option<Remote>,
}

/// The format of inputs: the one named, or else what their names and first bytes show.
#[derive(Debug)]
pub(crate) struct Found {
    paths: Vec<String>,
    /// The format found, with the options that were found with it.
    pub(crate) format: FormatSpec,
    /// Standard input, when its first bytes had to be looked at.
    stdin: Option<detect::Whole<io::Stdin>>,
    remote: Option<Remote>,
}

impl Found {
    /// Looks at inputs; `named` is the format that the user named.
    ///
    /// # Errors
    /// With `option` as the one that names the format.
    pub(crate) async fn look_at(
        inputs: &[String],
        named: Option<&str>,
        option: &'static str,
    ) -> Result<Self, CliError> {
        if let [only] = inputs
            && let Some(remote) = Remote::parse(only)?
        {
            let format = match named {
                Some(named) => FormatSpec::new(named),
                None => remote.detect().await?,
            };
            return Ok(Self { paths: vec![only.clone()], format, stdin: None, remote: Some(remote) });
        }
        let paths: Vec<String> = inputs.iter().map(|i| local_path(i)).collect::<Result<_, _>>()?;
        if paths.len() > 1 && paths.iter().any(|p| p == STANDARD_STREAM) {
            return Err(CliError::usage("standard input cannot be mixed with other inputs", "give `-` alone"));
        }
        if let Some(named) = named {
            // What the extension tells beyond the name, a delimiter, still counts when the names agree.
            let named = FormatSpec::new(named);
            let format = paths.first().and_then(|p| detect::format_of_path(p)).filter(|f| f.name == named.name);
            return Ok(Self { format: format.unwrap_or(named), paths, stdin: None, remote: None });
        }
        if paths.first().is_some_and(|p| p == STANDARD_STREAM) {
            let (format, whole) =
                detect::format_of_stream(io::stdin()).map_err(|source| unreadable("standard input", source))?;
            let format = format.ok_or_else(|| unknown_format("standard input", option))?;
            return Ok(Self { format, paths, stdin: Some(whole), remote: None });
        }
        let mut format: Option<(FormatSpec, &String)> = None;
        for path in &paths {
            let of_path = format_of_file(path, option)?;
            match &format {
                None => format = Some((of_path, path)),
                Some((first, at)) if *first != of_path => {
                    let message =
                        format!("inputs are in different formats: {at} is {}, {path} is {}", first.name, of_path.name);
                    return Err(CliError::usage(
                        message,
                        format!("name the one that all of them are in with {option}"),
                    ));
                }
                Some(_) => {}
            }
        }
        let (format, _) = format.ok_or_else(|| CliError::usage("no input is given", "name a file, or `-`"))?;
        Ok(Self { format, paths, stdin: None, remote: None })
    }

    /// Makes the source, with `options` of the format in addition to those that were found.
    pub(crate) async fn open(self, options: Options) -> Result<Input, CliError> {
        let Self { paths, mut format, stdin, remote } = self;
        let is_guess = |key: &&str| options.iter().all(|(given, _)| !given.eq_ignore_ascii_case(key));
        let guessed = format.options.iter().map(|(key, _)| key).filter(is_guess).map(str::to_owned).collect();
        format.options.extend(&options);
        let name = paths.join(", ");
        if let Some(remote) = remote {
            let source = remote.source(&format)?;
            source.validate().await?;
            return Ok(Input { name, format, source, guessed, remote: Some(remote) });
        }
        let config = FileSourceConfig { max_batch_bytes: MAX_BATCH_BYTES, ..FileSourceConfig::new(name.clone()) };
        let source = match stdin {
            Some(whole) => FileSource::<CliDecoder>::from_reader(whole, config, &format)?,
            None => FileSource::of_paths(&paths, config, &format)?,
        };
        source.validate().await?;
        Ok(Input { name, format, source: source.into(), guessed, remote: None })
    }
}

impl Input {
    /// Finds the schema, with the columns that are declared and these options of inference, on that many threads.
    /// The input's format then has the options that were found in the data.
    pub(crate) async fn resolve(
        self,
        declared: Option<&DeclaredSchema>,
        inference: &Options,
        threads: NonZeroUsize,
    ) -> Result<(Self, ResolvedSchema), CliError> {
        let inference = InferenceConfig::from_options(inference).map_err(|e| CliError::Schema(e.into()))?;
        let Self { name, mut format, source, guessed, remote } = self;
        if declared.is_none_or(|d| d.has_wildcard || d.columns.is_empty()) {
            let kept = format.options.iter().filter(|(key, _)| guessed.iter().all(|guess| guess != key));
            format.options = Options::from_pairs(kept.map(|(key, value)| (key, value.text.as_str())));
        }
        let inference = InferenceConfig { threads: threads.get(), ..inference };
        let request = ResolveRequest { declared, inference: Some(&inference), ..ResolveRequest::new(&format) };
        let resolved = SchemaResolver::of::<CliDecoder>().detect_and_resolve(source, &request).await;
        let (source, mut resolved) = resolved.map_err(|e| e.at(Location::source(name.as_str())))?;
        if declared.is_none_or(|d| d.has_wildcard || d.columns.is_empty()) {
            resolved.warnings.extend(warning_of_headers(&source));
        }
        Ok((Self { name, format: resolved.format.clone(), source, guessed: Vec::new(), remote }, resolved))
    }
}

/// A warning where files begin with other headers: the schema is that of the first.
fn warning_of_headers(source: &CliSources) -> Option<InferenceWarning> {
    let CliSources::File(files) = source else { return None };
    let others = match files.other_headers() {
        Ok(others) => others,
        Err(e) => return Some(InferenceWarning::warning("", format!("not every file's header could be read: {e}"))),
    };
    let OtherHeader { first, file, header } = others.first()?;
    let more = if others.len() > 1 { format!(" and {} more", others.len() - 1) } else { String::new() };
    let message = format!(
        "{file}{more} begins with another header than {first}, `{}`: columns are found by name, those that the schema lacks are \
         left out, and those that the file lacks are null",
        cut(header)
    );
    Some(InferenceWarning::warning("", message))
}

/// The path that an INPUT means. A URI means a connector.
fn local_path(input: &str) -> Result<String, CliError> {
    let Some((scheme, rest)) = input.split_once("://") else { return Ok(input.to_owned()) };
    let connector = match scheme.to_ascii_lowercase().as_str() {
        "file" => return Ok(rest.to_owned()),
        "ws" | "wss" => "websocket".to_owned(),
        "amqp" | "amqps" => "rabbitmq".to_owned(),
        scheme => scheme.to_owned(),
    };
    // Only the scheme is repeated: the rest may hold a password.
    let known: Vec<&str> = CliSources::MEMBERS.iter().map(|m| m.name).collect();
    if known.contains(&connector.as_str()) {
        let message = format!("connector {connector} is not reached by a URI");
        return Err(CliError::usage(message, "write CREATE SOURCE … into a file, and give it to `laminar run`"));
    }
    let help = format!("linked are: {}; `laminar connectors` shows what they do", known.join(", "));
    Err(CliError::usage(format!("connector {connector} is not linked into this binary"), help))
}

fn format_of_file(path: &str, option: &'static str) -> Result<FormatSpec, CliError> {
    if let Some(format) = detect::format_of_path(path) {
        return Ok(format);
    }
    // A pattern, a folder or nothing at all: opening the source says so better than a format error would.
    if !std::fs::metadata(path).is_ok_and(|m| m.is_file()) {
        return Err(unknown_format(path, option));
    }
    let file = std::fs::File::open(path).map_err(|source| unreadable(path, source))?;
    let (format, _) = detect::format_of_stream(file).map_err(|source| unreadable(path, source))?;
    format.ok_or_else(|| unknown_format(path, option))
}

fn unknown_format(what: &str, option: &str) -> CliError {
    CliError::usage(
        format!("cannot tell the format of {what}"),
        format!("name it with {option}, as in `{option} json`"),
    )
}

fn unreadable(path: &str, source: io::Error) -> CliError {
    CliError::File { action: "read", path: path.to_owned(), source }
}
