//! `laminar run`

use std::{
    num::NonZeroUsize,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use laminar_schema::{
    config::FromConfigValue,
    ddl::StatementKind,
    engine::{RunOptions, Script},
    field,
    types::field_type_name,
};

use super::{connectors, drift};
use crate::{
    engine::CliEngine,
    error::{CliError, CommandResult, DONE, REJECTED},
    metrics_server,
    output::{print, report, report_warnings},
    read_sql,
    running::{Job, run_all},
    settings::parse_threads,
    table::Table,
};

/// Arguments of `run`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A file of SQL, or `-` for standard input
    #[arg(value_name = "FILE.sql")]
    file: String,
    /// Refuse sources that never end
    #[arg(long)]
    once: bool,
    /// Folder of checkpoints to resume from; without it every run starts at the beginning
    #[arg(long, value_name = "DIR")]
    checkpoint: Option<PathBuf>,
    /// Time between checkpoints, such as 500ms, 10s, 5m
    #[arg(long, value_name = "DURATION", requires = "checkpoint", value_parser = Duration::from_value)]
    checkpoint_interval: Option<Duration>,
    /// Threads of each pipeline that decode and encode; one where it is not given
    #[arg(long, value_name = "N", value_parser = parse_threads)]
    threads: Option<NonZeroUsize>,
    /// How long a partition may be without records before it no longer holds WATERMARK FOR back; 60s where it is not given
    #[arg(long, value_name = "DURATION", value_parser = Duration::from_value)]
    idle_timeout: Option<Duration>,
    /// Serve counters for Prometheus at this address; on the loopback interface where it is only a port
    #[arg(long, value_name = "ADDR")]
    metrics: Option<String>,
}

/// Carries out the statements that show something, then runs the pipelines.
pub(crate) async fn run(args: Args) -> CommandResult {
    let mut engine = CliEngine::new();
    let script = engine.load(&read_sql(&args.file)?)?;
    let code = show(&engine, &script, args.checkpoint.as_deref()).await?;
    let is_dry = |kind: &StatementKind| matches!(kind, StatementKind::AlterSource(alter) if alter.dry_run);
    if script.statements.iter().any(|statement| is_dry(&statement.kind)) {
        let inserts = script.statements.iter().filter(|s| matches!(s.kind, StatementKind::Insert(_))).count();
        if inserts > 0 {
            report(&format!("a dry run changes nothing: {inserts} INSERT of the file not carried out"));
        }
        return Ok(code);
    }
    let usual = RunOptions::default();
    let options = RunOptions {
        checkpoint_dir: args.checkpoint,
        must_end: args.once,
        checkpoint_interval: args.checkpoint_interval.unwrap_or(usual.checkpoint_interval),
        threads: args.threads.map_or(usual.threads, NonZeroUsize::get),
        idle_timeout: args.idle_timeout.unwrap_or(usual.idle_timeout),
        ..usual
    };
    let planned = engine.plan(&script, &options).await?;
    if planned.is_empty() || code != DONE {
        let shows = |kind: &StatementKind| !matches!(kind, StatementKind::Insert(_));
        if planned.is_empty() && !script.statements.iter().any(|statement| shows(&statement.kind)) {
            report("nothing to run: there is no INSERT; `laminar explain` resolves the sources");
        }
        return Ok(code);
    }
    let mut jobs = Vec::new();
    for planned in planned {
        report_warnings(&planned.source, &planned.resolved);
        jobs.push(Job::new(planned.source, planned.pipeline));
    }
    if let Some(address) = &args.metrics {
        let counters = jobs.iter().map(|job| (job.name.clone(), Arc::clone(&job.metrics))).collect();
        metrics_server::serve(address, Arc::new(counters)).await?;
    }
    run_all(jobs).await
}

/// Carries out the statements that print, in order. Yields the exit code of a schema change that is refused.
async fn show(engine: &CliEngine, script: &Script, checkpoints: Option<&Path>) -> CommandResult {
    let mut code = DONE;
    for statement in &script.statements {
        match &statement.kind {
            StatementKind::Explain(name) => print(&engine.bind(&name.name).await?.explain()?)?,
            StatementKind::Describe(name) => print(&describe(engine, &name.name).await?)?,
            StatementKind::ShowCreateSource(name) => {
                print(&format!("{};", engine.show_create_source(&name.name)?.trim_end()))?;
            }
            StatementKind::AlterSource(alter) => {
                let name = &alter.name.name;
                let Some(dir) = checkpoints else {
                    let message =
                        format!("ALTER SOURCE {name} REFRESH SCHEMA compares with the schema of earlier runs");
                    return Err(CliError::usage(message, "name their folder with --checkpoint"));
                };
                let refreshed = engine.refresh_schema(name, dir, alter.dry_run).await?;
                print(&refreshed.to_string())?;
                if refreshed.is_refused() {
                    code = REJECTED;
                }
            }
            StatementKind::ShowDrift(name) => {
                let Some(dir) = checkpoints else {
                    let message = format!("SHOW DRIFT FOR SOURCE {} tells what earlier runs have seen", name.name);
                    return Err(CliError::usage(message, "name their folder with --checkpoint"));
                };
                print(&drift::as_text(&[(name.name.clone(), engine.drift_report(&name.name, dir)?)]))?;
            }
            StatementKind::ShowConnectors => print(&connectors::matrix().to_text())?,
            // Pipelines run after everything is shown; CREATE and DROP have taken effect already.
            _ => {}
        }
    }
    Ok(code)
}

async fn describe(engine: &CliEngine, name: &str) -> Result<String, CliError> {
    let bound = engine.bind(name).await?;
    let mut table = Table::new(["name", "type", "null", "default"]);
    for field in bound.spec.output_schema().fields() {
        let null = if field.is_nullable() { "yes" } else { "no" };
        let default = field::default_expr(field).unwrap_or_default();
        table.push([field.name().clone(), field_type_name(field), null.to_owned(), default.to_owned()]);
    }
    Ok(table.to_text())
}
