//! Why values do not fit, until it is known whether they count.

use std::collections::BTreeMap;

use laminar_schema::{SchemaError, SchemaResult};

/// What is wrong with the fields of one object so far, where the last of equal keys counts.
///
/// Cost: one word while everything fits. Each misfit is O(log fields), however often its key stands again; to look ahead
/// for the key instead would be quadratic.
#[derive(Debug, Default)]
pub(crate) struct Misfits(Option<Box<Reasons>>);

#[derive(Debug, Default)]
struct Reasons {
    /// By the field's index: where its value is on the tape, and why it does not fit.
    overwritable: BTreeMap<usize, (usize, SchemaError)>,
    /// The first reason that no other value takes away.
    lasting: Option<(usize, SchemaError)>,
}

impl Misfits {
    /// Keeps the reason why the value at `at` is refused; `field` is none for a key that the schema lacks.
    #[cold]
    #[inline(never)]
    pub(crate) fn keep(&mut self, field: Option<usize>, at: usize, reason: SchemaError) {
        let reasons = self.0.get_or_insert_default();
        match field {
            Some(field) => {
                reasons.overwritable.insert(field, (at, reason));
            }
            None => {
                reasons.lasting.get_or_insert((at, reason));
            }
        }
    }

    /// Forgets the field's reason: its key stands again.
    #[inline]
    pub(crate) fn forget(&mut self, field: usize) {
        if let Some(reasons) = &mut self.0 {
            reasons.overwritable.remove(&field);
        }
    }

    /// Says whether the object is fine.
    ///
    /// # Errors
    /// The reason that is left of the value that came first.
    #[inline]
    pub(crate) fn finish(self) -> SchemaResult<()> {
        self.0.map_or(Ok(()), |reasons| reasons.first())
    }
}

impl Reasons {
    #[cold]
    #[inline(never)]
    fn first(self) -> SchemaResult<()> {
        let reasons = self.overwritable.into_values().chain(self.lasting);
        reasons.min_by_key(|(at, _)| *at).map_or(Ok(()), |(_, reason)| Err(reason))
    }
}
