//! `laminar drift`

use std::{path::PathBuf, time::Instant};

use laminar_schema::{Metrics, evolution::DriftReport};
use serde_json::json;

use crate::{
    engine::CliEngine,
    error::{CliError, CommandResult, DONE},
    output::{print, print_json, report},
    progress, read_sql,
    table::Table,
};

/// Arguments of `drift`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A file of SQL, or `-` for standard input
    #[arg(value_name = "FILE.sql")]
    file: String,
    /// Show what the runs with this folder of checkpoints have seen; without it every source is read once, to its end
    #[arg(long, value_name = "DIR")]
    checkpoint: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Prints every schema change that the sources of a file have shown.
pub(crate) async fn run(args: Args) -> CommandResult {
    let mut engine = CliEngine::new();
    engine.load(&read_sql(&args.file)?)?;
    let names: Vec<String> = engine.sources().map(str::to_owned).collect();
    if names.is_empty() {
        return Err(CliError::usage(format!("{} creates no source", args.file), "write CREATE SOURCE …"));
    }
    let mut reports = Vec::new();
    for name in names {
        let seen = match &args.checkpoint {
            Some(dir) => engine.drift_report(&name, dir)?,
            None => read_once(&engine, &name).await?,
        };
        reports.push((name, seen));
    }
    if args.json {
        print_json(&as_json(&reports))?;
    } else {
        print(&as_text(&reports))?;
    }
    Ok(DONE)
}

async fn read_once(engine: &CliEngine, name: &str) -> Result<DriftReport, CliError> {
    let (started, metrics) = (Instant::now(), Metrics::new());
    let reading = engine.plan_drift(name).await?;
    let summary = reading.pipeline.dispatch(std::future::pending(), &metrics).await?;
    report(&progress::reading(name, &summary, started.elapsed()));
    Ok(summary.drift.with_verdict(reading.verdict))
}

fn as_json(reports: &[(String, DriftReport)]) -> serde_json::Value {
    let entries = reports.iter().flat_map(|(source, report)| {
        report.entries.iter().map(move |entry| {
            let mut shown = json!(entry);
            shown["source"] = source.as_str().into();
            shown
        })
    });
    json!(entries.collect::<Vec<_>>())
}

/// The reports as one table, with the names of their sources.
pub(super) fn as_text(reports: &[(String, DriftReport)]) -> String {
    let mut table = Table::new(["source", "change", "verdict", "count", "first", "example"]);
    for (source, report) in reports {
        for e in &report.entries {
            let count = e.count.to_string();
            table.push([
                source.clone(),
                e.change.clone(),
                e.verdict.to_string(),
                count,
                e.first.clone(),
                e.example.clone(),
            ]);
        }
        if report.others > 0 {
            let (nothing, others) = (String::new(), report.others.to_string());
            let what = "further changes".to_owned();
            table.push([source.clone(), what, nothing.clone(), others, nothing.clone(), nothing]);
        }
    }
    if reports.iter().all(|(_, report)| report.is_empty()) {
        return "no schema change was seen\n".to_owned();
    }
    table.to_text()
}
