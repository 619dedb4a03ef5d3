//! What may happen with a set of changes, under each compatibility mode.

use std::{collections::HashSet, fmt};

use arrow_schema::Schema;

use super::{SchemaChange, diff, relation::widens};
use crate::{field::EXTENSION_NAME, registry::CompatibilityMode};

/// What may happen with a set of changes.
#[derive(Debug, Clone, PartialEq)]
pub enum EvolutionVerdict {
    /// They are safe and can be applied at once.
    Compatible(Vec<SchemaChange>),
    /// A person must agree first, for the reason given.
    RequiresConfirmation(Vec<SchemaChange>, String),
    /// They are refused, for the reason given.
    Incompatible(String),
}

/// Who reads what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Readers of the new schema read data of the one before.
    Backward,
    /// Readers of the schema before read data of the new one.
    Forward,
}

/// Why a change breaks a direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BreakReason {
    /// The column is required, and the data lack it.
    Missing,
    /// A value may not fit the reader's type.
    Misfit,
    /// The reader takes no null, and there may be one.
    Null,
}

/// A change that keeps one direction from working.
#[derive(Debug, Clone, PartialEq)]
pub struct Break {
    /// The change.
    pub change: SchemaChange,
    /// The direction.
    pub direction: Direction,
    /// Why.
    pub reason: BreakReason,
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Backward => "BACKWARD",
            Self::Forward => "FORWARD",
        })
    }
}

impl fmt::Display for Break {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (data, reader) = match self.direction {
            Direction::Backward => ("data of the schema before", "readers of the new schema"),
            Direction::Forward => ("data of the new schema", "readers of the schema before"),
        };
        write!(f, "{} breaks {}: ", self.change, self.direction)?;
        match self.reason {
            BreakReason::Missing => {
                write!(f, "{data} lack the column, and {reader} have neither null nor DEFAULT to put there")
            }
            BreakReason::Misfit => write!(f, "a value in {data} may not fit the type that {reader} expect"),
            BreakReason::Null => write!(f, "{data} may hold a null where {reader} take none"),
        }
    }
}

/// Whether the changes may be applied under a compatibility mode.
///
/// Rule: refused when a direction that the mode promises is broken. Where the mode promises nothing of the kind, but data of
/// the schema before may be unreadable afterwards, a person must agree. Everything else is safe. So a verdict under FULL is
/// never milder than under BACKWARD and FORWARD.
///
/// One list of changes knows nothing of versions before the last: transitive modes give the verdict of the plain ones here,
/// and [`evaluate_versions`] holds a schema against every version.
pub fn evaluate(changes: &[SchemaChange], mode: CompatibilityMode) -> EvolutionVerdict {
    let (promised, other): (Vec<Break>, Vec<Break>) =
        breaks(changes).into_iter().partition(|b| promises(mode, b.direction));
    if !promised.is_empty() {
        return EvolutionVerdict::Incompatible(listed(&promised));
    }
    let unreadable: Vec<Break> = other.into_iter().filter(|b| b.direction == Direction::Backward).collect();
    if unreadable.is_empty() {
        EvolutionVerdict::Compatible(changes.to_vec())
    } else {
        EvolutionVerdict::RequiresConfirmation(changes.to_vec(), listed(&unreadable))
    }
}

/// Whether `proposed` may follow `versions`, oldest first: under a transitive mode each of them counts, under the others the
/// last. Without a version anything may come.
///
/// The changes of the verdict are those from the last version; a reason names the version that it speaks of, from 0, where it
/// is another.
pub fn evaluate_versions<S: AsRef<Schema>>(
    versions: &[S],
    proposed: &Schema,
    mode: CompatibilityMode,
) -> EvolutionVerdict {
    let Some((last, earlier)) = versions.split_last() else { return EvolutionVerdict::Compatible(Vec::new()) };
    let (mut refused, mut asked) = (Vec::new(), Vec::new());
    let mut hold = |changes: &[SchemaChange], against: &str| match evaluate(changes, mode) {
        EvolutionVerdict::Compatible(_) => {}
        EvolutionVerdict::RequiresConfirmation(_, reason) => asked.push(format!("{against}{reason}")),
        EvolutionVerdict::Incompatible(reason) => refused.push(format!("{against}{reason}")),
    };
    if is_transitive(mode) {
        for (number, version) in earlier.iter().enumerate() {
            hold(&diff(version.as_ref(), proposed), &format!("against version {number}: "));
        }
    }
    let changes = diff(last.as_ref(), proposed);
    hold(&changes, "");
    if !refused.is_empty() {
        EvolutionVerdict::Incompatible(refused.join("; "))
    } else if asked.is_empty() {
        EvolutionVerdict::Compatible(changes)
    } else {
        EvolutionVerdict::RequiresConfirmation(changes, asked.join("; "))
    }
}

/// Every change that breaks a direction, in the order of the changes.
pub fn breaks(changes: &[SchemaChange]) -> Vec<Break> {
    let mut out = Vec::new();
    let mut added: HashSet<&str> = HashSet::new();
    let mut optional: HashSet<&str> = HashSet::new();
    for change in changes {
        let at = change.path();
        let broken: [Option<BreakReason>; 2] = match change {
            SchemaChange::ColumnAdded { nullable, default, .. } => {
                added.insert(at);
                [(!nullable && default.is_none()).then_some(BreakReason::Missing), None]
            }
            // Without word that it is optional it is taken for required.
            SchemaChange::ColumnDropped { .. } => [None, (!optional.contains(at)).then_some(BreakReason::Missing)],
            SchemaChange::ColumnOptional { .. } => {
                optional.insert(at);
                [None, None]
            }
            SchemaChange::TypeWidened { .. } => [None, Some(BreakReason::Misfit)],
            SchemaChange::TypeNarrowed { from, to, .. } => {
                [Some(BreakReason::Misfit), (!widens_container(to, from)).then_some(BreakReason::Misfit)]
            }
            SchemaChange::NullabilityChanged { nullable: true, .. } => [None, Some(BreakReason::Null)],
            SchemaChange::NullabilityChanged { nullable: false, .. } => [Some(BreakReason::Null), None],
            // Text is JSON only where a JSON column wrote it; JSON is always text. A column that is new has no data.
            SchemaChange::PropertyChanged { key, from, to, .. } if key == EXTENSION_NAME && !added.contains(at) => {
                [to.is_some().then_some(BreakReason::Misfit), from.is_some().then_some(BreakReason::Misfit)]
            }
            SchemaChange::PropertyChanged { .. }
            | SchemaChange::ColumnRenamed { .. }
            | SchemaChange::LayoutChanged { .. }
            | SchemaChange::ColumnMoved { .. } => [None, None],
        };
        for (direction, reason) in [Direction::Backward, Direction::Forward].into_iter().zip(broken) {
            out.extend(reason.map(|reason| Break { change: change.clone(), direction, reason }));
        }
    }
    out
}

/// [`widens`], also for lists and maps whose contents are the same: those of a fixed length are lists, sorted maps are maps.
fn widens_container(from: &arrow_schema::DataType, to: &arrow_schema::DataType) -> bool {
    use arrow_schema::DataType::FixedSizeList;
    if let (Some(a), Some(b)) = (diff::list_item(from), diff::list_item(to)) {
        let lengths_fit = match (from, to) {
            (FixedSizeList(_, a), FixedSizeList(_, b)) => a == b,
            (_, FixedSizeList(..)) => false,
            _ => true,
        };
        return lengths_fit && a.data_type() == b.data_type() && a.is_nullable() == b.is_nullable();
    }
    match (diff::map_parts(from), diff::map_parts(to)) {
        (Some(a), Some(b)) => a.0.data_type() == b.0.data_type() && a.1.data_type() == b.1.data_type(),
        _ => widens(from, to),
    }
}

fn promises(mode: CompatibilityMode, direction: Direction) -> bool {
    use CompatibilityMode::{Backward, BackwardTransitive, Forward, ForwardTransitive, Full, FullTransitive, None};
    match mode {
        None => false,
        Backward | BackwardTransitive => direction == Direction::Backward,
        Forward | ForwardTransitive => direction == Direction::Forward,
        Full | FullTransitive => true,
    }
}

fn is_transitive(mode: CompatibilityMode) -> bool {
    use CompatibilityMode::{BackwardTransitive, ForwardTransitive, FullTransitive};
    matches!(mode, BackwardTransitive | ForwardTransitive | FullTransitive)
}

fn listed(breaks: &[Break]) -> String {
    breaks.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
