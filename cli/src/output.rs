//! Standard output: data only, buffered, and quiet when its reader goes away.

use std::io::{self, Write};

use laminar_schema::{ResolvedSchema, WarningSeverity};
use serde_json::Value;

use crate::{error::CliError, terminal::harmless};

/// Writes `text` to standard output, with a line end if it has none.
pub(crate) fn print(text: &str) -> Result<(), CliError> {
    let mut out = io::stdout().lock();
    let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    out.write_all(text.as_bytes()).and_then(|()| out.write_all(end.as_bytes())).map_err(CliError::Stdout)?;
    out.flush().map_err(CliError::Stdout)
}

/// Writes one JSON value to standard output, for machines.
pub(crate) fn print_json(value: &Value) -> Result<(), CliError> {
    print(&format!("{value:#}"))
}

/// Writes `text` to standard error. Nobody can be told that this fails.
pub(crate) fn report(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Most warnings of one schema that are shown unasked.
const SHOWN_WARNINGS: usize = 5;

/// Writes what a person should know of a schema before it is used. What is merely good to know is for `explain`.
pub(crate) fn report_warnings(source: &str, resolved: &ResolvedSchema) {
    let serious = || resolved.warnings.iter().filter(|w| w.severity > WarningSeverity::Info);
    for warning in serious().take(SHOWN_WARNINGS) {
        report(&harmless(&format!("{source}: {warning}")));
    }
    let unshown = serious().count().saturating_sub(SHOWN_WARNINGS);
    if unshown > 0 {
        report(&format!("{source}: and {unshown} more warnings; `laminar infer` and `laminar explain` show all"));
    }
}
