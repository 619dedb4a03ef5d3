//! Options that somebody has set, which a search never changes.

use laminar_schema::Options;

/// Further names of options that are found.
const ALIASES: [(&str, &[&str]); 2] = [("delimiter", &["delim", "sep"]), ("null_values", &["null_value", "nullstr"])];

/// The options that were given.
#[derive(Debug, Clone, Copy)]
pub(super) struct Given<'o>(pub(super) &'o Options);

impl Given<'_> {
    /// Whether an option was given, by whichever of its names.
    pub(super) fn has(&self, name: &str) -> bool {
        let aliases = ALIASES.iter().filter(|(of, _)| *of == name).flat_map(|(_, aliases)| *aliases);
        self.0.get(name).is_some() || aliases.into_iter().any(|alias| self.0.get(alias).is_some())
    }
}
