//! What has changed since a lock was written, and how it was found out.

use std::fmt;

use serde::Serialize;

/// One thing that is not as the lock says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum LockChange {
    /// The lock has no such source.
    SourceAdded,
    /// The SQL has no such source any more.
    SourceRemoved,
    /// It has another connector.
    ConnectorChanged {
        /// In the lock.
        from: String,
        /// Now.
        to: String,
    },
    /// It has another format.
    FormatChanged {
        /// In the lock.
        from: String,
        /// Now.
        to: String,
    },
    /// An option of the format is another, given or found.
    FormatOptionChanged {
        /// The option.
        option: String,
        /// In the lock.
        from: Option<String>,
        /// Now.
        to: Option<String>,
    },
    /// The schema comes from elsewhere.
    ResolutionChanged {
        /// In the lock.
        from: String,
        /// Now.
        to: String,
    },
    /// Other strategies were taken.
    StrategyChanged {
        /// In the lock.
        from: Vec<String>,
        /// Now.
        to: Vec<String>,
    },
    /// It is inferred in another way.
    InferenceChanged {
        /// The option of inference.
        option: String,
        /// In the lock.
        from: Option<String>,
        /// Now.
        to: Option<String>,
    },
    /// There is a field more.
    FieldAdded {
        /// Its path.
        path: String,
        /// Its type.
        to: String,
    },
    /// There is a field less.
    FieldRemoved {
        /// Its path.
        path: String,
        /// Its type in the lock.
        from: String,
    },
    /// A field has another type.
    TypeChanged {
        /// Its path.
        path: String,
        /// In the lock.
        from: String,
        /// Now.
        to: String,
    },
    /// A field may be null now, or may no longer.
    NullabilityChanged {
        /// Its path.
        path: String,
        /// Whether the lock has it nullable.
        from: bool,
        /// Whether it is now.
        to: bool,
    },
    /// A field's texts are read with other patterns.
    TimestampFormatsChanged {
        /// Its path.
        path: String,
        /// In the lock.
        from: Vec<String>,
        /// Now.
        to: Vec<String>,
    },
    /// The same fields stand in another order.
    OrderChanged {
        /// Path of what holds them; empty for the columns.
        path: String,
        /// In the lock.
        from: Vec<String>,
        /// Now.
        to: Vec<String>,
    },
    /// The fingerprint is another.
    FingerprintChanged {
        /// In the lock.
        from: String,
        /// Now.
        to: String,
    },
    /// The evidence gives another schema than it gave when the lock was written.
    ReplayChanged {
        /// In the lock.
        from: String,
        /// Now.
        to: String,
    },
    /// Nothing can be inferred from the evidence.
    NotReplayed {
        /// Why not.
        reason: String,
    },
    /// The lock contradicts itself: somebody has edited it.
    Contradiction {
        /// In what.
        reason: String,
    },
}

/// How a source was held against the lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Compared {
    /// It was resolved again.
    Resolved,
    /// Its evidence was inferred from again; nothing was connected to.
    Evidence,
    /// Its declaration was compared; nothing else decides its schema.
    Declaration,
    /// It was not: only the source, or a registry, could say.
    NotCompared,
}

/// One source held against the lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SourceVerdict {
    /// The source.
    pub source: String,
    /// How it was compared.
    pub compared: Compared,
    /// What has changed.
    pub changes: Vec<LockChange>,
}

/// All sources held against the lock.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct LockReport {
    /// The sources, in the order of their names.
    pub sources: Vec<SourceVerdict>,
}

impl LockReport {
    /// True when nothing has changed.
    pub fn is_unchanged(&self) -> bool {
        self.sources.iter().all(|s| s.changes.is_empty())
    }
}

impl fmt::Display for Compared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Resolved => "resolved again",
            Self::Evidence => "inferred again from its evidence",
            Self::Declaration => "its declaration was compared",
            Self::NotCompared => "not compared: the lock holds no evidence, so only the source or a registry could say",
        })
    }
}

impl fmt::Display for LockReport {
    /// A line per source, and an indented one per change: `-` for what is gone, `+` for what is new, `~` for the rest.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for SourceVerdict { source, compared, changes } in &self.sources {
            let verdict = match (changes.is_empty(), compared) {
                (true, Compared::NotCompared) => "",
                (true, _) => "unchanged, ",
                (false, _) => "changed, ",
            };
            writeln!(f, "source {source}: {verdict}{compared}")?;
            changes.iter().try_for_each(|change| writeln!(f, "  {change}"))?;
        }
        Ok(())
    }
}

impl fmt::Display for LockChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&one_line(&self.text()))
    }
}

impl LockChange {
    fn text(&self) -> String {
        let or_none = |value: &Option<String>| value.as_ref().map_or("none".to_owned(), |v| format!("'{v}'"));
        let null = |nullable: bool| if nullable { "NULL" } else { "NOT NULL" };
        match self {
            Self::SourceAdded => "+ the source is not in the lock".to_owned(),
            Self::SourceRemoved => "- the source is not in the SQL".to_owned(),
            Self::ConnectorChanged { from, to } => format!("~ connector: {from} → {to}"),
            Self::FormatChanged { from, to } => format!("~ format: {from} → {to}"),
            Self::FormatOptionChanged { option, from, to } => {
                format!("~ format option {option}: {} → {}", or_none(from), or_none(to))
            }
            Self::ResolutionChanged { from, to } => format!("~ resolution: {from} → {to}"),
            Self::StrategyChanged { from, to } => format!("~ strategy: {} → {}", from.join(", "), to.join(", ")),
            Self::InferenceChanged { option, from, to } => {
                format!("~ inference option {option}: {} → {}", or_none(from), or_none(to))
            }
            Self::FieldAdded { path, to } => format!("+ field {path} {to}"),
            Self::FieldRemoved { path, from } => format!("- field {path} {from}"),
            Self::TypeChanged { path, from, to } => format!("~ field {path}: {from} → {to}"),
            Self::NullabilityChanged { path, from, to } => format!("~ field {path}: {} → {}", null(*from), null(*to)),
            Self::TimestampFormatsChanged { path, from, to } => {
                format!("~ field {path}: timestamp formats {} → {}", listed(from), listed(to))
            }
            Self::OrderChanged { path, from, to } => {
                let of = if path.is_empty() { String::new() } else { format!(" of {path}") };
                format!("~ order{of}: {} → {}", from.join(", "), to.join(", "))
            }
            Self::FingerprintChanged { from, to } => format!("~ fingerprint: {from} → {to}"),
            Self::ReplayChanged { from, to } => format!("~ fingerprint of what the evidence says: {from} → {to}"),
            Self::NotReplayed { reason } => format!("~ evidence: {reason}"),
            Self::Contradiction { reason } => format!("~ the lock contradicts itself: {reason}"),
        }
    }
}

/// `text` without what would move a terminal's cursor: names come from outside.
fn one_line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() { out.extend(c.escape_default()) } else { out.push(c) }
    }
    out
}

fn listed(formats: &[String]) -> String {
    if formats.is_empty() { "iso8601".to_owned() } else { formats.join(", ") }
}
