//! `laminar completions SHELL`

use clap::CommandFactory;
use clap_complete::Shell;

use crate::{
    Cli,
    error::{CommandResult, DONE},
    output::print,
};

/// Arguments of `completions`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Shell to complete for
    shell: Shell,
}

/// Prints the script.
pub(crate) fn run(args: &Args) -> CommandResult {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "laminar", &mut script);
    print(&String::from_utf8_lossy(&script))?;
    Ok(DONE)
}
