//! `laminar lock`

use std::path::{Path, PathBuf};

use clap::Subcommand;
use laminar_schema::lock::{LOCK_FILE_NAME, LockFile};
use serde_json::json;

use crate::{
    engine::CliEngine,
    error::{CliError, CommandResult, DONE, REJECTED},
    output::{print, print_json, report},
    read_sql,
};

/// Arguments of `lock`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Resolve every source of a SQL file and keep what was found
    Write {
        #[command(flatten)]
        files: Files,
    },
    /// Say what has changed since; ends with 1 when anything has
    Verify {
        #[command(flatten)]
        files: Files,
        /// Connect to nothing: infer again from the evidence in the lock
        #[arg(long)]
        offline: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, clap::Args)]
struct Files {
    /// A file of SQL, or `-` for standard input
    #[arg(value_name = "FILE.sql")]
    sql: String,
    /// The lock; `laminar.lock` beside the SQL file where it is not given
    #[arg(long, value_name = "PATH")]
    lock: Option<PathBuf>,
}

impl Files {
    fn lock_path(&self) -> Result<PathBuf, CliError> {
        match &self.lock {
            Some(path) => Ok(path.clone()),
            None if self.sql == "-" => {
                Err(CliError::usage("standard input has no folder for a lock", "name the lock with --lock"))
            }
            None => Ok(Path::new(&self.sql).with_file_name(LOCK_FILE_NAME)),
        }
    }

    fn engine(&self) -> Result<CliEngine, CliError> {
        let mut engine = CliEngine::new().with_evidence();
        engine.load(&read_sql(&self.sql)?)?;
        Ok(engine)
    }
}

/// Writes a lock, or holds the sources against one.
pub(crate) async fn run(args: Args) -> CommandResult {
    match args.action {
        Action::Write { files } => write(&files).await,
        Action::Verify { files, offline, json } => verify(&files, offline, json).await,
    }
}

async fn write(files: &Files) -> CommandResult {
    let path = files.lock_path()?;
    let mut lock = files.engine()?.lock().await?;
    lock.sql = Path::new(&files.sql).file_name().and_then(|name| name.to_str()).map(str::to_owned);
    lock.write(&path)?;
    for source in &lock.sources {
        for warning in source.warnings.iter().filter(|w| w.severity != "info") {
            let field = if warning.field.is_empty() { String::new() } else { format!("field {}: ", warning.field) };
            report(&format!("{}: {}: {field}{}", source.name, warning.severity, warning.message));
        }
    }
    let sources = if lock.sources.len() == 1 { "source" } else { "sources" };
    report(&format!("{}: {} {sources} locked", path.display(), lock.sources.len()));
    Ok(DONE)
}

async fn verify(files: &Files, offline: bool, as_json: bool) -> CommandResult {
    let path = files.lock_path()?;
    // Before anything is connected to: without a lock there is nothing to compare with.
    let locked = LockFile::read(&path)?;
    let engine = files.engine()?;
    let verdict = if offline { engine.verify_lock_offline(&locked)? } else { engine.verify_lock(&locked).await? };
    if as_json {
        let sources: Vec<_> = verdict
            .sources
            .iter()
            .map(|s| {
                let changes = s.changes.iter().map(|c| {
                    let mut change = json!(c);
                    change["message"] = c.to_string().into();
                    change
                });
                json!({"source": s.source, "compared": s.compared, "changes": changes.collect::<Vec<_>>()})
            })
            .collect();
        print_json(&json!({"unchanged": verdict.is_unchanged(), "sources": sources}))?;
    } else {
        print(&verdict.to_string())?;
    }
    Ok(if verdict.is_unchanged() { DONE } else { REJECTED })
}
