//! Which versions a proposed schema is held against, in which direction, and what the mode makes of the differences.

use std::collections::HashMap;

use laminar_schema::registry::{CompatibilityMode, RegistrySchemaType};
#[cfg(feature = "protobuf")]
use prost_reflect::DescriptorPool;

use super::{
    CompatibilityError, CompatibilityOptions,
    change::{Comparison, CompatibilityChange, Direction},
    json_schema,
};

/// The verdict on a proposed schema, and what it rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompatibilityReport {
    /// The mode that was asked for.
    pub mode: CompatibilityMode,
    /// Whether the mode allows the proposed schema.
    pub compatible: bool,
    /// Every difference from the versions that the mode looks at, oldest first, those that do not break too.
    pub changes: Vec<CompatibilityChange>,
}

impl CompatibilityReport {
    /// The differences that the mode forbids.
    pub fn breaking(&self) -> impl Iterator<Item = &CompatibilityChange> {
        self.changes.iter().filter(|change| change.breaks)
    }
}

/// Compares a proposed schema with those before it.
///
/// Input: `history`, the earlier versions, oldest first. Modes that are not transitive look at the last one only. Without a
/// history everything is compatible. Under `NONE` the differences from the last one are listed and none of them breaks.
/// Cost: two comparisons for each version that counts; a comparison ends with an error when it grows too large.
///
/// # Errors
/// [`CompatibilityError`] if a text is no schema, a schema is too complex or its language is not compiled in.
///
/// Source: Avro 1.12 "Schema Resolution"; Protocol Buffers "Updating A Message Type"; JSON Schema draft 4 to 2020-12, with the
/// content models of Confluent's Schema Registry.
pub fn check(
    language: RegistrySchemaType,
    mode: CompatibilityMode,
    proposed: &str,
    history: &[&str],
    options: &CompatibilityOptions,
) -> Result<CompatibilityReport, CompatibilityError> {
    // A build without Avro and Protobuf has no use for them.
    let _ = options;
    judge(mode, history, |old, version, both| match language {
        #[cfg(feature = "avro")]
        RegistrySchemaType::Avro => super::avro::compare(proposed, old, version, both, options),
        #[cfg(feature = "protobuf")]
        RegistrySchemaType::Protobuf => super::protobuf::compare(proposed, old, version, both, options),
        RegistrySchemaType::JsonSchema => json_schema::compare(proposed, old, version, both),
        #[cfg(not(feature = "avro"))]
        RegistrySchemaType::Avro => Err(CompatibilityError::NotCompiledIn { language: "avro" }),
        #[cfg(not(feature = "protobuf"))]
        RegistrySchemaType::Protobuf => Err(CompatibilityError::NotCompiledIn { language: "protobuf" }),
    })
}

/// Compares proposed Protobuf definitions of several files with those before them. Messages are matched by their full names,
/// where [`check`] leaves the package of its one file out.
///
/// # Errors
/// [`CompatibilityError::TooComplex`] if the definitions are too many or stand too deep.
#[cfg(feature = "protobuf")]
pub fn check_descriptors(
    mode: CompatibilityMode,
    proposed: &DescriptorPool,
    history: &[&DescriptorPool],
    options: &CompatibilityOptions,
) -> Result<CompatibilityReport, CompatibilityError> {
    judge(mode, history, |old, _, both| super::protobuf::compare_pools(proposed, old, both, options))
}

/// What both directions find, backward first.
type Both = [Vec<CompatibilityChange>; 2];

fn judge<T: Copy>(
    mode: CompatibilityMode,
    history: &[T],
    compare: impl Fn(T, usize, [Comparison; 2]) -> Result<Both, CompatibilityError>,
) -> Result<CompatibilityReport, CompatibilityError> {
    let start = match is_transitive(mode) {
        true => 0,
        false => history.len().saturating_sub(1),
    };
    let mut changes = Vec::new();
    for (version, old) in history.iter().enumerate().skip(start) {
        let both = [Direction::Backward, Direction::Forward].map(|direction| Comparison::new(direction, version));
        changes.extend(join(compare(*old, version, both)?).into_iter().map(|mut change| {
            change.breaks =
                (looks_back(mode) && change.breaks_backward) || (looks_forward(mode) && change.breaks_forward);
            change
        }));
    }
    let compatible = !changes.iter().any(|change| change.breaks);
    Ok(CompatibilityReport { mode, compatible, changes })
}

/// What both directions have found, each difference once.
fn join([backward, forward]: Both) -> Vec<CompatibilityChange> {
    let mut joined: Vec<CompatibilityChange> = Vec::with_capacity(backward.len() + forward.len());
    let mut places: HashMap<CompatibilityChange, usize> = HashMap::new();
    for change in backward.into_iter().chain(forward) {
        let (breaks_backward, breaks_forward) = (change.breaks_backward, change.breaks_forward);
        let key = CompatibilityChange { breaks_backward: false, breaks_forward: false, ..change };
        let place = *places.entry(key.clone()).or_insert_with(|| {
            joined.push(key);
            joined.len() - 1
        });
        joined[place].breaks_backward |= breaks_backward;
        joined[place].breaks_forward |= breaks_forward;
    }
    joined
}

fn is_transitive(mode: CompatibilityMode) -> bool {
    use CompatibilityMode::{BackwardTransitive, ForwardTransitive, FullTransitive};
    matches!(mode, BackwardTransitive | ForwardTransitive | FullTransitive)
}

fn looks_back(mode: CompatibilityMode) -> bool {
    use CompatibilityMode::{Backward, BackwardTransitive, Full, FullTransitive};
    matches!(mode, Backward | BackwardTransitive | Full | FullTransitive)
}

fn looks_forward(mode: CompatibilityMode) -> bool {
    use CompatibilityMode::{Forward, ForwardTransitive, Full, FullTransitive};
    matches!(mode, Forward | ForwardTransitive | Full | FullTransitive)
}
