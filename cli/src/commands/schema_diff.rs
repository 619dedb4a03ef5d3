//! `laminar schema diff`

use arrow_schema::Schema;
use laminar_schema::evolution::{self, Direction, SchemaChange};
use serde_json::json;

use crate::{
    error::{CliError, CommandResult, DONE},
    output::{print, print_json},
    schema_file::declared_in,
};

/// Arguments of `schema diff`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A file of the schema before: .sql .avsc .proto .desc .json .parquet
    #[arg(value_name = "OLD")]
    old: String,
    /// A file of the schema after
    #[arg(value_name = "NEW")]
    new: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Prints every change of the columns.
pub(super) fn run(args: &Args) -> CommandResult {
    let (old, new) = (columns(&args.old)?, columns(&args.new)?);
    let changes = evolution::diff(&old, &new);
    let breaks = evolution::breaks(&changes);
    let broken = |change: &SchemaChange| -> Vec<Direction> {
        breaks.iter().filter(|b| b.change == *change).map(|b| b.direction).collect()
    };
    if args.json {
        let shown = changes.iter().map(|change| {
            let broken: Vec<String> = broken(change).iter().map(ToString::to_string).collect();
            json!({ "path": change.path(), "change": change.to_string(), "breaks": broken })
        });
        print_json(&json!({ "changes": shown.collect::<Vec<_>>() }))?;
        return Ok(DONE);
    }
    if changes.is_empty() {
        print("the columns are the same\n")?;
    }
    for change in &changes {
        let broken: Vec<String> = broken(change).iter().map(ToString::to_string).collect();
        let breaks = if broken.is_empty() { String::new() } else { format!("  (breaks {})", broken.join(" and ")) };
        print(&format!("{change}{breaks}\n"))?;
    }
    Ok(DONE)
}

fn columns(path: &str) -> Result<Schema, CliError> {
    let declared = declared_in(path)?;
    Ok(Schema::new(declared.columns.iter().map(|column| column.to_field()).collect::<Vec<_>>()))
}
