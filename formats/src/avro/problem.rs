//! Why a writer's schema cannot be read into columns.

use std::fmt;

/// Most types inside each other that are compared where no column shows them.
pub(super) const MAX_LEVELS: usize = 200;

/// Why a writer's schema cannot be read into columns.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ResolutionError {
    /// The field, from the outermost in; nothing for the record itself.
    pub path: Vec<String>,
    /// The writer's type.
    pub writer: String,
    /// The reader's type, where that is another schema's.
    pub reader: Option<String>,
    /// The column's type, where there is one.
    pub column: Option<String>,
    /// What is wrong.
    pub problem: Problem,
}

/// What keeps a type from being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// The reader's schema asks for another type, which the writer's is not promoted to.
    Types,
    /// Named types of other names.
    Names,
    /// A fixed of another size.
    Sizes,
    /// Decimals of another precision or scale.
    Decimals,
    /// No branch of the reader's union takes the writer's type, or no branch of the writer's fits.
    Union,
    /// The reader has a field without a default, and the writer lacks it.
    MissingField,
    /// A default that is none of its field's type.
    BadDefault,
    /// The column does not take values of this type.
    Column,
    /// The column is NOT NULL, and the writer has no such field.
    MissingColumn,
    /// The reader's field stands for two of the writer's.
    Ambiguous,
    /// More types inside each other than are looked at.
    TooDeep,
}

impl fmt::Display for ResolutionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "field {}: ", self.path.join("."))?;
        }
        let (writer, reader) = (&self.writer, self.reader.as_deref().unwrap_or("nothing"));
        let column = self.column.as_deref().unwrap_or("nothing");
        match self.problem {
            Problem::Types => write!(
                f,
                "the reader's schema expects {reader}, found {writer} in the writer's, which is not promoted to it"
            ),
            Problem::Names => write!(
                f,
                "the reader's schema expects {reader}, found {writer} in the writer's; give the reader's type an alias"
            ),
            Problem::Sizes => {
                write!(f, "the reader's schema expects {reader}, found {writer} of another size in the writer's")
            }
            Problem::Decimals => {
                write!(
                    f,
                    "the reader's schema expects {reader}, found {writer} of another precision or scale in the writer's"
                )
            }
            Problem::Union => {
                write!(f, "the reader's schema expects {reader}, found {writer} in the writer's, which no branch takes")
            }
            Problem::MissingField => {
                write!(
                    f,
                    "the reader's schema expects {reader}, found no such field in the writer's; give it a default"
                )
            }
            Problem::BadDefault => write!(f, "the reader's schema expects {reader}, found a default that is none"),
            Problem::Column => write!(
                f,
                "expected {column}, found Avro's {writer}, which the column does not take; declare it as what `laminar infer` says, or as JSON"
            ),
            Problem::MissingColumn => {
                write!(
                    f,
                    "expected {column} (NOT NULL), found no such field in the writer's schema; give the column a DEFAULT or drop NOT NULL"
                )
            }
            Problem::TooDeep => {
                write!(f, "expected at most {MAX_LEVELS} types inside each other, found more in {writer}")
            }
            Problem::Ambiguous => write!(f, "the reader's field {reader} goes by names of two fields of the writer's"),
        }
    }
}

impl std::error::Error for ResolutionError {}
