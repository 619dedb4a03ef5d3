//! The `laminar` command line: a thin shell over the crates, and the worked example of a statically linked engine.
//!
//! Data goes to standard output, everything else to standard error. `docs/cli.md` describes the commands.

#![forbid(unsafe_code)]

mod commands;
mod cpu;
mod dead_letters;
mod engine;
mod error;
mod input;
mod metrics_server;
mod output;
mod progress;
mod running;
mod schema_file;
mod settings;
mod signals;
mod table;
mod terminal;
mod uri;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::error::{CliError, CommandResult, DONE, IO};

/// Finds schemas and moves records: files in, Arrow columns between, files out.
#[derive(Debug, Parser)]
#[command(name = "laminar", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Sample inputs and say which schema they have
    Infer(commands::infer::Args),
    /// Decode records and encode them in another format
    Convert(commands::convert::Args),
    /// Resolve every source of a SQL file and show how, without running anything
    Explain(commands::explain::Args),
    /// Show the schema changes that the sources of a SQL file have shown
    Drift(commands::drift::Args),
    /// Show what was rejected and why, or try it again
    Dlq(commands::dlq::Args),
    /// Keep what the sources of a SQL file were found to be, or say what has changed since
    Lock(commands::lock::Args),
    /// Show the identity of a schema
    Schema(commands::schema::Args),
    /// Run the pipelines of a SQL file
    Run(commands::run::Args),
    /// Show what connectors and formats can do, and their options
    Connectors(commands::connectors::Args),
    /// Write the start of a crate of your own
    New(commands::new_connector::Args),
    /// Show the CPU features used and what is compiled in
    Doctor(commands::doctor::Args),
    /// Print a completion script for a shell
    Completions(commands::completions::Args),
}

fn main() -> ExitCode {
    // Before anything else: a missing instruction kills the process without a word.
    if !cpu::machine_has_what_is_compiled_in() {
        return cpu::refuse();
    }
    start()
}

/// Apart from `main`, whose first instructions must be ones that every machine has.
#[inline(never)]
fn start() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(e) => {
            output::report(&format!("error: cannot start the runtime: {e}"));
            return IO.into();
        }
    };
    let result = runtime.block_on(run(cli.command));
    // A thread that is still blocked on standard input must not keep the process.
    runtime.shutdown_background();
    match result {
        Ok(code) => code.into(),
        Err(e) if e.is_broken_pipe() => DONE.into(),
        Err(e) => {
            output::report(&e.to_string());
            e.exit_code().into()
        }
    }
}

async fn run(command: Command) -> CommandResult {
    match command {
        Command::Infer(args) => commands::infer::run(args).await,
        Command::Convert(args) => commands::convert::run(args).await,
        Command::Explain(args) => commands::explain::run(args).await,
        Command::Drift(args) => commands::drift::run(args).await,
        Command::Dlq(args) => commands::dlq::run(args).await,
        Command::Lock(args) => commands::lock::run(args).await,
        Command::Schema(args) => commands::schema::run(&args).await,
        Command::Run(args) => commands::run::run(args).await,
        Command::Connectors(args) => commands::connectors::run(&args),
        Command::New(args) => commands::new_connector::run(&args),
        Command::Doctor(args) => commands::doctor::run(&args),
        Command::Completions(args) => commands::completions::run(&args),
    }
}

/// Reads a file of SQL text; `-` is standard input.
fn read_sql(path: &str) -> Result<String, CliError> {
    let text = match path {
        "-" => std::io::read_to_string(std::io::stdin()),
        _ => std::fs::read_to_string(path),
    };
    text.map_err(|source| CliError::File { action: "read", path: path.to_owned(), source })
}
