//! `laminar explain`

use laminar_schema::engine::RunOptions;
use serde_json::{Value, json};

use super::schema_report;
use crate::{
    engine::CliEngine,
    error::{CommandResult, DONE},
    output::{print, print_json},
    read_sql,
};

/// Arguments of `explain`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A file of SQL, or `-` for standard input
    #[arg(value_name = "FILE.sql")]
    file: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Resolves every source and shows how, and the plan. Nothing runs.
pub(crate) async fn run(args: Args) -> CommandResult {
    let mut engine = CliEngine::new();
    let script = engine.load(&read_sql(&args.file)?)?;
    let planned = engine.plan(&script, &RunOptions::default()).await?;
    let mut out = String::new();
    let mut sources = Vec::new();
    for name in engine.sources() {
        let (explanation, resolved, plan) = match planned.iter().find(|p| p.source == name) {
            Some(p) => (p.explanation.clone(), p.resolved.clone(), p.description.as_str()),
            None => {
                let bound = engine.bind(name).await?;
                (bound.explain()?, bound.resolved, "")
            }
        };
        if args.json {
            sources.push(source_json(name, &resolved, plan));
            continue;
        }
        out.push_str(&explanation);
        for line in plan.lines() {
            out.push_str(&format!("plan: {line}\n"));
        }
        out.push('\n');
    }
    if args.json {
        print_json(&json!({ "sources": sources }))?
    } else {
        print(out.trim_end())?
    }
    Ok(DONE)
}

fn source_json(name: &str, resolved: &laminar_schema::ResolvedSchema, plan: &str) -> Value {
    let mut value = schema_report::to_json(resolved);
    let strategies: Vec<String> = resolved.strategies.iter().map(ToString::to_string).collect();
    if let Some(object) = value.as_object_mut() {
        object.remove("format");
        object.remove("options");
        object.insert("source".to_owned(), name.into());
        object.insert("resolution".to_owned(), resolved.resolution.to_string().into());
        object.insert("strategies".to_owned(), strategies.into());
        object.insert("plan".to_owned(), plan.lines().collect::<Vec<_>>().into());
    }
    value
}
