//! What to do with a record that does not fit, in the words that all formats share.
//!
//! Each is an option of its own name: `type_mismatch`, `unknown_fields`, `duplicate_fields`, `empty_records`,
//! `tombstones`. None of them disposes of a rejected record: that is ON ERROR's matter alone.

pub(crate) use laminar_schema::impl_option_words as words;

/// A value of another type than its column, or one that does not fit it without loss.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TypeMismatch {
    /// The record is rejected; ON ERROR decides what becomes of it.
    #[default]
    Reject,
    /// The value is null; the record is rejected where the column is NOT NULL.
    Null,
    /// The value is null, as above, and kept in the column
    /// [`RESCUE_COLUMN`](laminar_schema::field::RESCUE_COLUMN).
    Rescue,
}
words! { TypeMismatch: "reject, null or rescue",
    "reject" => Reject, "fail" => Reject, "null" => Null, "rescue" => Rescue,
}

/// A field of the record that the schema has no column for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum UnknownFields {
    /// It is passed over.
    #[default]
    Ignore,
    /// The record is rejected.
    Reject,
    /// It goes into the column [`RESCUE_COLUMN`](laminar_schema::field::RESCUE_COLUMN), as JSON.
    Rescue,
}
words! { UnknownFields: "ignore, reject or rescue", "ignore" => Ignore, "reject" => Reject, "rescue" => Rescue }

/// A record without content: an empty one, or a tombstone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum NoContent {
    /// The record is rejected.
    #[default]
    Reject,
    /// It gives no row.
    Skip,
    /// It gives a row in which every column is absent: its DEFAULT, or null.
    Null,
}
words! { NoContent: "reject, skip or null", "reject" => Reject, "skip" => Skip, "null" => Null }

/// Why a value is in the column `_rescued`, as that says beside the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RescueReason {
    /// The schema has no such field.
    UnknownField,
    /// The value does not fit its column.
    TypeMismatch,
}

impl RescueReason {
    /// Its word in the column.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::UnknownField => "unknown_field",
            Self::TypeMismatch => "type_mismatch",
        }
    }
}
