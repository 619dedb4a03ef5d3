//! Which images of a record become rows, and what is said of them.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, RecordBatch, StringArray, StructArray, builder::StringBuilder, cast::AsArray};
use laminar_schema::{DecodeError, Found};

use super::{
    layout::{Place, at},
    options::{EnvelopeKind, OtherOperations, Updates},
};

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    Insert,
    Update,
    UpdateBefore,
    UpdateAfter,
    Delete,
    Read,
    Upsert,
}

impl Change {
    /// The word in the change column.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Insert => "insert",
            Self::Update => "update",
            Self::UpdateBefore => "update_before",
            Self::UpdateAfter => "update_after",
            Self::Delete => "delete",
            Self::Read => "read",
            Self::Upsert => "upsert",
        }
    }
}

/// Which of a record's rows is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Image {
    Before,
    After,
    /// None: nothing but the message key says which row it was.
    Key,
}

/// One output row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pick {
    pub(super) record: u32,
    /// Row of the inner batch; [`NOWHERE`] where the record has no value.
    pub(super) row: u32,
    /// Index of the place that its envelope lies in.
    pub(super) place: u8,
    pub(super) image: Image,
    pub(super) change: Change,
    /// Row of the decoded keys; [`NOWHERE`] where the key is not wanted.
    pub(super) key: u32,
}

/// No row.
pub(super) const NOWHERE: u32 = u32::MAX;

/// Operations and images of one place, as arrays.
#[derive(Debug)]
pub(super) struct Envelope {
    whole: Option<StructArray>,
    op: StringArray,
    before: StructArray,
    after: StructArray,
}

/// Why a record gives no row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NoChange {
    NoEnvelope(EnvelopeKind),
    UnknownOp(EnvelopeKind, String),
    OtherOp(String),
    NoAfter(EnvelopeKind),
    NoBefore,
}

impl Envelope {
    /// The envelope at a place of the inner batch.
    pub(super) fn at(place: Place, batch: &RecordBatch) -> Self {
        let (whole, columns) = match place {
            Place::Top => (None, batch.columns()),
            Place::Payload(index) => {
                let whole = batch.column(index).as_struct();
                (Some(whole.clone()), whole.columns())
            }
        };
        Self {
            whole,
            op: columns[at::OP].as_string().clone(),
            before: columns[at::BEFORE].as_struct().clone(),
            after: columns[at::AFTER].as_struct().clone(),
        }
    }

    /// The operation of a row, where there is an envelope here.
    fn op(&self, row: usize) -> Option<&str> {
        let is_here = self.whole.as_ref().is_none_or(|w| w.is_valid(row)) && self.op.is_valid(row);
        is_here.then(|| self.op.value(row))
    }

    /// Images of the row before and after, column by column.
    pub(super) fn images(&self) -> [&[ArrayRef]; 2] {
        [self.before.columns(), self.after.columns()]
    }
}

/// Picks the rows of a record, whose envelope is in one of several places of inner row `row`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Picker {
    pub(super) kind: EnvelopeKind,
    pub(super) updates: Updates,
    pub(super) other_operations: OtherOperations,
    /// Whether the message key can say which row was deleted.
    pub(super) has_key: bool,
}

impl Picker {
    /// Appends the picks of a record to `picks`.
    ///
    /// # Errors
    /// Why it has none.
    #[inline]
    pub(super) fn pick(
        self,
        envelopes: &[Envelope],
        record: u32,
        row: usize,
        picks: &mut Vec<Pick>,
    ) -> Result<(), NoChange> {
        let found = envelopes.iter().enumerate().find_map(|(place, e)| Some((place, e, e.op(row)?)));
        let Some((place, envelope, op)) = found else {
            return Err(NoChange::NoEnvelope(self.kind));
        };
        let (has_before, has_after) = (envelope.before.is_valid(row), envelope.after.is_valid(row));
        let pick = Pick {
            record,
            row: row as u32,
            place: place as u8,
            image: Image::After,
            change: Change::Insert,
            key: NOWHERE,
        };
        let change = match self.operation(op) {
            Operation::Of(change) => change,
            Operation::Other if self.other_operations == OtherOperations::Skip => return Ok(()),
            Operation::Other => return Err(NoChange::OtherOp(op.to_owned())),
            Operation::Unknown => return Err(NoChange::UnknownOp(self.kind, op.to_owned())),
        };
        match change {
            // Maxwell has the row that was deleted where others have the new one.
            Change::Delete if self.kind != EnvelopeKind::Maxwell => {
                let image = match has_before {
                    true => Image::Before,
                    false if self.has_key => Image::Key,
                    false => return Err(NoChange::NoBefore),
                };
                picks.push(Pick { image, change, ..pick });
            }
            _ if !has_after => return Err(NoChange::NoAfter(self.kind)),
            Change::Update if self.updates == Updates::Both => {
                // A table may log no images before; there is nothing to take back then.
                if has_before {
                    picks.push(Pick { image: Image::Before, change: Change::UpdateBefore, ..pick });
                }
                picks.push(Pick { change: Change::UpdateAfter, ..pick });
            }
            _ => picks.push(Pick { change, ..pick }),
        }
        Ok(())
    }

    fn operation(self, op: &str) -> Operation {
        match (self.kind, op) {
            (EnvelopeKind::Maxwell, "insert") => Operation::Of(Change::Insert),
            (EnvelopeKind::Maxwell, "bootstrap-insert") => Operation::Of(Change::Read),
            (EnvelopeKind::Maxwell, "update") => Operation::Of(Change::Update),
            (EnvelopeKind::Maxwell, "delete") => Operation::Of(Change::Delete),
            (
                EnvelopeKind::Maxwell,
                "bootstrap-start" | "bootstrap-complete" | "heartbeat" | "table-create" | "table-alter" | "table-drop"
                | "database-create" | "database-alter" | "database-drop",
            ) => Operation::Other,
            (EnvelopeKind::Maxwell, _) => Operation::Unknown,
            (_, "c") => Operation::Of(Change::Insert),
            (_, "r") => Operation::Of(Change::Read),
            (_, "u") => Operation::Of(Change::Update),
            (_, "d") => Operation::Of(Change::Delete),
            (_, "t" | "m") => Operation::Other,
            _ => Operation::Unknown,
        }
    }
}

/// What a word for an operation means.
enum Operation {
    Of(Change),
    /// It changes no single row.
    Other,
    Unknown,
}

impl From<NoChange> for DecodeError {
    #[cold]
    fn from(why: NoChange) -> Self {
        let text = |kind, text: &str| Found::new(kind, text);
        let (expected, found) = match why {
            NoChange::NoEnvelope(EnvelopeKind::Maxwell) => (
                "a record of Maxwell with `type` and `data`",
                Found::kind("a record without `type`; rows without an envelope are read without ENVELOPE"),
            ),
            NoChange::NoEnvelope(_) => (
                "a Debezium envelope with `op`, `before` and `after`",
                Found::kind("a record without `op`; rows without an envelope are read without ENVELOPE"),
            ),
            NoChange::UnknownOp(EnvelopeKind::Maxwell, op) => {
                ("a `type` of insert, update, delete or bootstrap-insert", text("string", &op))
            }
            NoChange::UnknownOp(_, op) => ("an operation `op` of c, r, u or d", text("string", &op)),
            NoChange::OtherOp(op) => {
                ("an operation on one row (to skip others, set `other_operations` to 'skip')", text("string", &op))
            }
            NoChange::NoAfter(EnvelopeKind::Maxwell) => ("a row in `data`", Found::kind("null")),
            NoChange::NoAfter(_) => ("a row in `after`", Found::kind("null")),
            NoChange::NoBefore => (
                "the deleted row in `before` (where the table logs none, name the columns of the message key in `key_columns`)",
                Found::kind("null"),
            ),
        };
        Self::NotARow { expected, found }
    }
}

/// The column of changes.
pub(super) fn change_column(picks: &[Pick]) -> ArrayRef {
    let words = || picks.iter().map(|pick| pick.change.word());
    let mut column = StringBuilder::with_capacity(picks.len(), words().map(str::len).sum());
    words().for_each(|word| column.append_value(word));
    Arc::new(column.finish())
}
