//! Errors about the data itself: records that do not decode, batches that do not encode, samples without a schema.

use std::{fmt, time::Duration};

use arrow_schema::DataType;

use crate::types::type_name;

/// Longest piece of input that an error message shows, in bytes.
pub const SHOWN_INPUT_BYTES: usize = 64;

/// Cuts `text` to what a message may show of the input, on a character boundary, and marks the cut.
///
/// Control characters are escaped, so that a message stays on one line.
pub fn cut(text: &str) -> String {
    let mut end = text.len().min(SHOWN_INPUT_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let mut shown = String::with_capacity(end + 4);
    for c in text[..end].chars() {
        if c.is_control() { shown.extend(c.escape_default()) } else { shown.push(c) }
    }
    if end < text.len() {
        shown.push('…');
    }
    shown
}

/// What stood in the record instead of what the schema asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Kind of value in the format's own words: `string`, `number`, `object`.
    pub kind: &'static str,
    /// The value's text, already cut to [`SHOWN_INPUT_BYTES`]; empty for containers.
    pub text: String,
}

impl Found {
    /// A value of `kind` whose text is worth showing.
    #[cold]
    pub fn new(kind: &'static str, text: &str) -> Self {
        Self { kind, text: cut(text) }
    }

    /// A value of `kind` with no text of its own.
    #[cold]
    pub fn kind(kind: &'static str) -> Self {
        Self { kind, text: String::new() }
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.kind, self.text.as_str()) {
            (kind, "") if kind != "string" && kind != "text" => f.write_str(kind),
            (kind @ ("string" | "text"), text) => write!(f, "{kind} \"{text}\""),
            (kind, text) => write!(f, "{kind} {text}"),
        }
    }
}

/// One record does not fit. The decoder stays usable at the next record.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum DecodeError {
    /// The bytes are not in the format: bad syntax, bad framing.
    Syntax {
        /// What is wrong, in the format's terms: `unexpected end of input`.
        reason: String,
    },
    /// The bytes are not UTF-8 where the format demands it.
    InvalidUtf8,
    /// A value is of another kind than the column.
    TypeMismatch {
        /// The column's type.
        expected: DataType,
        /// What stood there.
        found: Found,
    },
    /// A value is of the right kind, but does not fit the column's type without loss.
    OutOfRange {
        /// The column's type.
        expected: DataType,
        /// What stood there.
        found: Found,
    },
    /// A NOT NULL column has no value in this record, and no DEFAULT.
    MissingField {
        /// The column's type.
        expected: DataType,
    },
    /// A NOT NULL column is explicitly null in this record.
    NullField {
        /// The column's type.
        expected: DataType,
    },
    /// The record has a field that the schema lacks, under `unknown_fields = 'reject'`.
    UnknownField,
    /// The record has the same field twice, under `duplicate_fields = 'reject'`.
    DuplicateField,
    /// The record is not of the shape that a row needs: a JSON record that is no object.
    NotARow {
        /// What a row is in this format.
        expected: &'static str,
        /// What the record is.
        found: Found,
    },
    /// One record holds several documents, under `multiple_documents = 'reject'`.
    MultipleDocuments,
    /// The record is empty, under `empty_records = 'reject'`.
    EmptyRecord,
    /// The record has no value at all (a tombstone), under `tombstones = 'reject'`.
    Tombstone,
    /// Values are nested deeper than the limit.
    TooDeep {
        /// The limit, in levels.
        limit: usize,
    },
    /// The record is larger than the limit.
    TooLarge {
        /// The record's size in bytes.
        size: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// A row has another number of columns than the header or the schema.
    ColumnCount {
        /// Columns of the schema or header.
        expected: usize,
        /// Columns of this row.
        found: usize,
    },
    /// The schema that the record was written with does not go into the columns, whatever the record's values are.
    WriterSchema {
        /// Why not, with both types and what to do.
        reason: String,
    },
}

impl DecodeError {
    /// Every [`name`](Self::name), in the order of the variants.
    pub const NAMES: [&'static str; 16] = [
        "syntax",
        "invalid_utf8",
        "type_mismatch",
        "out_of_range",
        "missing_field",
        "null_field",
        "unknown_field",
        "duplicate_field",
        "not_a_row",
        "multiple_documents",
        "empty_record",
        "tombstone",
        "too_deep",
        "too_large",
        "column_count",
        "writer_schema",
    ];

    /// What went wrong, as one word for tables and filters; a dead letter has it as `kind`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Syntax { .. } => Self::NAMES[0],
            Self::InvalidUtf8 => Self::NAMES[1],
            Self::TypeMismatch { .. } => Self::NAMES[2],
            Self::OutOfRange { .. } => Self::NAMES[3],
            Self::MissingField { .. } => Self::NAMES[4],
            Self::NullField { .. } => Self::NAMES[5],
            Self::UnknownField => Self::NAMES[6],
            Self::DuplicateField => Self::NAMES[7],
            Self::NotARow { .. } => Self::NAMES[8],
            Self::MultipleDocuments => Self::NAMES[9],
            Self::EmptyRecord => Self::NAMES[10],
            Self::Tombstone => Self::NAMES[11],
            Self::TooDeep { .. } => Self::NAMES[12],
            Self::TooLarge { .. } => Self::NAMES[13],
            Self::ColumnCount { .. } => Self::NAMES[14],
            Self::WriterSchema { .. } => Self::NAMES[15],
        }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax { reason } | Self::WriterSchema { reason } => f.write_str(reason),
            Self::InvalidUtf8 => f.write_str("expected UTF-8 text, found invalid bytes; convert it to UTF-8 first, or read it as raw"),
            Self::TypeMismatch { expected, found } => write!(f, "expected {}, found {found}", expected_name(expected)),
            Self::OutOfRange { expected, found } => {
                write!(f, "expected {}, found {found}, which does not fit without loss", expected_name(expected))
            }
            Self::MissingField { expected } => {
                write!(f, "expected {} (NOT NULL), found no such field; give the column a DEFAULT or drop NOT NULL", expected_name(expected))
            }
            Self::NullField { expected } => {
                write!(f, "expected {} (NOT NULL), found null; drop NOT NULL to keep such records", expected_name(expected))
            }
            Self::UnknownField => f.write_str(
                "the schema has no such field; declare it, or set `unknown_fields` to 'ignore' or 'rescue'",
            ),
            Self::DuplicateField => {
                f.write_str("the field stands twice in the record; set `duplicate_fields` to 'last' to take the last one")
            }
            Self::NotARow { expected, found } => write!(f, "expected {expected}, found {found}"),
            Self::MultipleDocuments => f.write_str(
                "expected one document, found several in one record; set `multiple_documents` to 'split' to make a row of each",
            ),
            Self::EmptyRecord => f.write_str("expected a document, found an empty record; set `empty_records` to 'skip' or 'null'"),
            Self::Tombstone => f.write_str("expected a document, found a tombstone; set `tombstones` to 'skip' or 'null'"),
            Self::TooDeep { limit } => write!(f, "expected at most {limit} levels of nesting, found more; raise `max_depth`"),
            Self::TooLarge { size, limit } => {
                write!(f, "expected at most {limit} bytes in a record, found {size}; raise `max_record_bytes`")
            }
            Self::ColumnCount { expected, found } => {
                write!(f, "expected {expected} columns, found {found}; see `ragged_rows`")
            }
        }
    }
}

/// The type's name for a message about a value. Sixteen fixed bytes are a UUID here: a plain BLOB of that size takes
/// any bytes, so nothing fails to be one, and the extension type that tells them apart is the field's.
fn expected_name(expected: &DataType) -> String {
    match expected {
        DataType::FixedSizeBinary(16) => "UUID".to_owned(),
        other => type_name(other),
    }
}

impl std::error::Error for DecodeError {}

/// A batch cannot be written in the format asked for.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum EncodeError {
    /// The format has no way to write this type.
    UnsupportedType {
        /// The format.
        format: &'static str,
        /// The column's type.
        data_type: DataType,
        /// What to do instead.
        help: &'static str,
    },
    /// One value cannot be written: a NaN in JSON.
    Unrepresentable {
        /// The format.
        format: &'static str,
        /// The value.
        found: Found,
        /// What to do instead.
        help: &'static str,
    },
    /// The batch does not have the schema that the encoder was built for.
    SchemaMismatch {
        /// Fields of the encoder.
        expected: String,
        /// Fields of the batch.
        found: String,
    },
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnsupportedType { format, data_type, help } => {
                write!(f, "format {format} cannot write {}; {help}", type_name(data_type))
            }
            Self::Unrepresentable { format, found, help } => write!(f, "format {format} cannot write {found}; {help}"),
            Self::SchemaMismatch { expected, found } => write!(f, "expected a batch of ({expected}), found ({found})"),
        }
    }
}

impl std::error::Error for EncodeError {}

/// No schema could be inferred.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum InferError {
    /// The source had no record to show within the time allowed.
    NoSamples {
        /// How long it was waited for.
        waited: Duration,
    },
    /// No inference is known for the format.
    UnknownFormat {
        /// The format asked for.
        format: String,
        /// Formats that can be inferred.
        known: Vec<String>,
    },
    /// Not one of the sampled records is in the format.
    NoUsableSample {
        /// Records looked at.
        sampled: usize,
        /// Why the first of them was of no use.
        first: String,
    },
    /// The sampled records are well-formed, but hold no field at all.
    NoFields {
        /// Records looked at.
        sampled: usize,
    },
    /// The sampled records have more fields than any schema should.
    TooManyFields {
        /// Records looked at.
        sampled: usize,
        /// Fields that are told apart, at most.
        limit: usize,
    },
    /// Stored evidence cannot be inferred from again.
    NoReplay {
        /// The format whose evidence it should be.
        format: String,
        /// Why not.
        reason: String,
    },
}

impl fmt::Display for InferError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSamples { waited } => write!(
                f,
                "expected records to sample, found none within {:?}; declare the columns, raise `sample_timeout`, or wait for data",
                waited
            ),
            Self::UnknownFormat { format, known } => {
                write!(
                    f,
                    "no inference for format `{format}`; declare the columns (inference exists for {})",
                    known.join(", ")
                )
            }
            Self::NoUsableSample { sampled, first } => write!(
                f,
                "none of {sampled} sampled records is usable, the first because: {first}; check FORMAT, or declare the columns"
            ),
            Self::NoFields { sampled } => {
                write!(f, "{sampled} sampled records hold no field at all; declare the columns")
            }
            Self::TooManyFields { sampled, limit } => write!(
                f,
                "expected at most {limit} different fields, found more in {sampled} sampled records; their keys may be data: \
                 keep whole documents (JSON: `document_column`), or declare the columns"
            ),
            Self::NoReplay { format, reason } => {
                write!(
                    f,
                    "evidence of format `{format}` cannot be inferred from again: {reason}; sample the source anew"
                )
            }
        }
    }
}

impl std::error::Error for InferError {}
