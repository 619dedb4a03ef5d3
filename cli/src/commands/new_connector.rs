//! `laminar new connector NAME`

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::{
    error::{CliError, CommandResult, DONE},
    output::print,
};

/// Arguments of `new`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Write a crate with a source and a sink that builds and passes the conformance checks
    Connector(ConnectorArgs),
}

/// Arguments of `new connector`.
#[derive(Debug, clap::Args)]
struct ConnectorArgs {
    /// Name of the crate and, with underscores, of the connector in SQL: my-queue
    name: String,
    /// Folder to make, NAME where it is not given
    #[arg(long, value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    path: Option<PathBuf>,
    /// Checkout of laminar-schema to depend on, instead of the published version
    #[arg(long, value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    laminar_path: Option<PathBuf>,
}

/// What is written, in the order in which it is read.
const FILES: [(&str, &str); 8] = [
    ("README.md", include_str!("../../templates/connector/README.md.txt")),
    ("Cargo.toml", include_str!("../../templates/connector/Cargo.toml.txt")),
    ("src/lib.rs", include_str!("../../templates/connector/lib.rs.txt")),
    ("src/config.rs", include_str!("../../templates/connector/config.rs.txt")),
    ("src/source.rs", include_str!("../../templates/connector/source.rs.txt")),
    ("src/schema.rs", include_str!("../../templates/connector/schema.rs.txt")),
    ("src/sink.rs", include_str!("../../templates/connector/sink.rs.txt")),
    ("tests/conformance.rs", include_str!("../../templates/connector/conformance.rs.txt")),
];

/// Words that no crate can be called: Rust's own, those to come included.
const KEYWORDS: &str = "abstract as async await become box break const continue crate do dyn else enum extern false \
    final fn for gen if impl in let loop macro match mod move mut override priv pub ref return self static struct super \
    trait true try type typeof unsafe unsized use virtual where while yield";

/// Crates that the new one sees beside itself.
const CRATES: &str = "alloc core laminar_formats laminar_schema laminar_testkit proc_macro std tempfile test";

/// Writes the crate.
pub(crate) fn run(args: &Args) -> CommandResult {
    let What::Connector(args) = &args.what;
    let name = Name::new(&args.name)?;
    let folder = args.path.clone().unwrap_or_else(|| PathBuf::from(&name.kebab));
    let laminar = args.laminar_path.as_deref().map(checkout).transpose()?;
    if fs::symlink_metadata(&folder).is_ok() {
        let message = format!("{} is there already", folder.display());
        return Err(CliError::usage(message, "choose another folder with --path; nothing was written"));
    }
    for (file, template) in FILES {
        let path = folder.join(file);
        let written = path.parent().map_or(Ok(()), fs::create_dir_all);
        written
            .and_then(|()| fs::write(&path, name.fill(template, laminar.as_deref())))
            .map_err(|source| CliError::File { action: "write", path: path.display().to_string(), source })?;
    }
    format(&folder);
    let mut said = format!("made {}\n", folder.display());
    for (file, _) in FILES {
        let _ = writeln!(said, "  {file}");
    }
    let _ = writeln!(said, "next: cd {} && cargo test", folder.display());
    print(&said)?;
    Ok(DONE)
}

/// A name in the spellings that are needed.
struct Name {
    kebab: String,
    snake: String,
    pascal: String,
}

impl Name {
    fn new(text: &str) -> Result<Self, CliError> {
        let words: Vec<&str> = text.split(['-', '_']).collect();
        let is_word =
            |word: &&str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        let refused = |why: &str| {
            let help = "write lower-case letters and digits, a letter first, words joined by `-` or `_`: my-queue";
            Err(CliError::usage(format!("no connector can be called `{}`: {why}", text.escape_debug()), help))
        };
        if !words.iter().all(is_word) || !text.starts_with(|c: char| c.is_ascii_lowercase()) {
            return refused("it is no name in kebab or snake case");
        }
        let snake = words.join("_");
        if KEYWORDS.split_whitespace().any(|word| word == snake) {
            return refused("it is a word of Rust's");
        }
        if CRATES.split_whitespace().any(|word| word == snake) {
            return refused("a crate that it needs is called so");
        }
        let pascal = words.iter().map(|word| word[..1].to_ascii_uppercase() + &word[1..]).collect();
        Ok(Self { kebab: words.join("-"), snake, pascal })
    }

    /// Fills a template in. `laminar` is a checkout; without one, crates are named by the version of this binary.
    fn fill(&self, template: &str, laminar: Option<&str>) -> String {
        let dependency = |folder: &str| match laminar {
            Some(laminar) => format!("{{ path = {:?} }}", format!("{laminar}/{folder}")),
            None => format!("{:?}", env!("CARGO_PKG_VERSION")),
        };
        template
            .replace("$kebab$", &self.kebab)
            .replace("$snake$", &self.snake)
            .replace("$Pascal$", &self.pascal)
            .replace("$SQL$", &self.snake.to_ascii_uppercase())
            .replace("$formats$", &dependency("formats"))
            .replace("$schema$", &dependency("laminar-schema"))
            .replace("$testkit$", &dependency("testkit"))
    }
}

/// The absolute path of a checkout.
fn checkout(path: &Path) -> Result<String, CliError> {
    let whole = path.canonicalize().ok().filter(|path| path.join("laminar-schema/Cargo.toml").is_file());
    match whole.as_deref().and_then(Path::to_str) {
        Some(path) => Ok(path.to_owned()),
        None => {
            let message = format!("{} is no checkout of laminar-schema", path.display());
            Err(CliError::usage(message, "name the folder that has `laminar-schema/Cargo.toml`, in UTF-8"))
        }
    }
}

/// Where lines break depends on the name's length. Without rustfmt they are longer than it would have them, and nothing else.
fn format(folder: &Path) {
    let mut rustfmt = Command::new("rustfmt");
    rustfmt.args(["--edition", "2024"]).args([folder.join("src/lib.rs"), folder.join("tests/conformance.rs")]);
    let _ = rustfmt.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
}
