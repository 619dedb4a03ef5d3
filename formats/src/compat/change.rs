//! One difference between two schemas, and where the comparison of both has got to.

use std::{collections::HashSet, fmt};

use super::CompatibilityError;

/// Comparisons inside each other.
const MAX_DEPTH: usize = 128;
/// Comparisons in all.
const MAX_STEPS: usize = 500_000;

/// One difference between an earlier schema and the proposed one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CompatibilityChange {
    /// Where, as a JSON pointer of names: `/price`; `[]` is an array's item, `{}` a map's value, and `/` the whole.
    pub path: String,
    /// What has changed.
    pub kind: ChangeKind,
    /// What was there, if anything was.
    pub from: Option<String>,
    /// What is there now, if anything is.
    pub to: Option<String>,
    /// Whether readers of the proposed schema can no longer read data of the earlier one.
    pub breaks_backward: bool,
    /// Whether readers of the earlier schema cannot read data of the proposed one.
    pub breaks_forward: bool,
    /// Whether it breaks under the mode that was asked for.
    pub breaks: bool,
    /// The version that it differs from: its place in the history.
    pub version: usize,
}

/// What has changed, as one word: `field_added`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ChangeKind {
    /// The part of the schema.
    pub part: ChangedPart,
    /// What became of it.
    pub verb: ChangeVerb,
}

/// What became of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChangeVerb {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It is another.
    Changed,
}

/// A part of a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ChangedPart {
    /// A type.
    Type,
    /// The name of a type or field.
    Name,
    /// A field or property.
    Field,
    /// A field that must be there.
    RequiredField,
    /// A default.
    Default,
    /// A symbol of an enum, or a value that is listed.
    Symbol,
    /// A branch of a union.
    Branch,
    /// The size of a fixed type.
    Size,
    /// What values of a type stand for.
    LogicalType,
    /// Whether there is one, or may be many.
    Cardinality,
    /// The group of which at most one field is set.
    Oneof,
    /// A message.
    Message,
    /// An enum.
    Enum,
    /// The bytes that a type is written as.
    Encoding,
    /// Whether properties and items are allowed that the schema does not name.
    ContentModel,
    /// A bound, pattern or other rule for values.
    Constraint,
    /// How schemas are combined: all of, any of, one of, not.
    Combination,
}

impl ChangedPart {
    fn word(self) -> &'static str {
        match self {
            Self::Type => "type",
            Self::Name => "name",
            Self::Field => "field",
            Self::RequiredField => "required_field",
            Self::Default => "default",
            Self::Symbol => "symbol",
            Self::Branch => "branch",
            Self::Size => "size",
            Self::LogicalType => "logical_type",
            Self::Cardinality => "cardinality",
            Self::Oneof => "oneof",
            Self::Message => "message",
            Self::Enum => "enum",
            Self::Encoding => "encoding",
            Self::ContentModel => "content_model",
            Self::Constraint => "constraint",
            Self::Combination => "combination",
        }
    }
}

impl fmt::Display for ChangeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = match self.verb {
            ChangeVerb::Added => "added",
            ChangeVerb::Removed => "removed",
            ChangeVerb::Changed => "changed",
        };
        write!(f, "{}_{verb}", self.part.word())
    }
}

impl fmt::Display for CompatibilityChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, kind, .. } = self;
        match (&self.from, &self.to) {
            (Some(from), Some(to)) => write!(f, "{path}: {kind} from {from} to {to}"),
            (None, Some(one)) | (Some(one), None) => write!(f, "{path}: {kind}, {one}"),
            (None, None) => write!(f, "{path}: {kind}"),
        }
    }
}

/// Who reads whose data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    /// The proposed schema reads data of the earlier one.
    Backward,
    /// The earlier schema reads data of the proposed one.
    Forward,
}

/// The comparison of a reader with a writer: where it is, and what it has found.
#[derive(Debug)]
pub(super) struct Comparison {
    direction: Direction,
    version: usize,
    path: Vec<String>,
    pub(super) changes: Vec<CompatibilityChange>,
    depth: usize,
    steps: usize,
    exceeded: Option<CompatibilityError>,
}

impl Comparison {
    pub(super) fn new(direction: Direction, version: usize) -> Self {
        let (path, changes) = (Vec::new(), Vec::new());
        Self { direction, version, path, changes, depth: 0, steps: 0, exceeded: None }
    }

    /// The other way round, as inside of a `not`.
    pub(super) fn turn(&mut self) {
        self.direction = match self.direction {
            Direction::Backward => Direction::Forward,
            Direction::Forward => Direction::Backward,
        };
    }

    /// Whether the reader is the proposed schema.
    #[cfg(feature = "protobuf")]
    pub(super) fn is_backward(&self) -> bool {
        self.direction == Direction::Backward
    }

    /// The name that a part has in the proposed schema: both directions know it by the same.
    #[cfg(any(feature = "avro", feature = "protobuf"))]
    pub(super) fn newer<'n>(&self, writer: &'n str, reader: &'n str) -> &'n str {
        match self.direction {
            Direction::Backward => reader,
            Direction::Forward => writer,
        }
    }

    /// Goes one comparison deeper; false when it is too deep or takes too long, and then all are to end.
    pub(super) fn enter(&mut self) -> bool {
        self.depth += 1;
        self.steps += 1;
        let exceeded = |what, limit| Some(CompatibilityError::TooComplex { what, limit });
        if self.depth > MAX_DEPTH {
            self.exceeded = exceeded("types inside each other", MAX_DEPTH);
        } else if self.steps > MAX_STEPS {
            self.exceeded = exceeded("pairs of types", MAX_STEPS);
        }
        self.exceeded.is_none()
    }

    pub(super) fn leave(&mut self) {
        self.depth -= 1;
    }

    pub(super) fn inside<T>(&mut self, name: &str, compare: impl FnOnce(&mut Self) -> T) -> T {
        self.push(name);
        let compared = compare(self);
        self.pop();
        compared
    }

    pub(super) fn push(&mut self, name: &str) {
        self.path.push(name.replace('~', "~0").replace('/', "~1"));
    }

    pub(super) fn pop(&mut self) {
        self.path.pop();
    }

    /// Notes a difference and yields whether the reader can live with it.
    pub(super) fn note(
        &mut self,
        part: ChangedPart,
        writer: Option<String>,
        reader: Option<String>,
        breaks: bool,
    ) -> bool {
        let (from, to) = match self.direction {
            Direction::Backward => (writer, reader),
            Direction::Forward => (reader, writer),
        };
        let verb = match (&from, &to) {
            (None, Some(_)) => ChangeVerb::Added,
            (Some(_), None) => ChangeVerb::Removed,
            _ => ChangeVerb::Changed,
        };
        self.changes.push(CompatibilityChange {
            path: format!("/{}", self.path.join("/")),
            kind: ChangeKind { part, verb },
            from,
            to,
            breaks_backward: breaks && self.direction == Direction::Backward,
            breaks_forward: breaks && self.direction == Direction::Forward,
            breaks: false,
            version: self.version,
        });
        !breaks
    }

    /// What was found, each once.
    ///
    /// # Errors
    /// It went too deep, or took too long.
    pub(super) fn finish(self) -> Result<Vec<CompatibilityChange>, CompatibilityError> {
        match self.exceeded {
            Some(error) => Err(error),
            None => {
                let mut seen = HashSet::new();
                Ok(self.changes.into_iter().filter(|change| seen.insert(change.clone())).collect())
            }
        }
    }
}
