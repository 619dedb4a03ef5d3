//! What a sample of records says as a whole, and the schema it ends in.

use std::sync::Arc;

use arrow_schema::Schema;
use laminar_schema::{
    InferError, InferenceConfig, InferenceWarning, InferredSchema, SchemaError, SchemaResult, WarningSeverity,
};

use serde::{Deserialize, Serialize};

use super::{
    choose::{Chooser, Spot},
    evidence::{Evidence, Rules},
    example::{Example, Place},
    lattice::Fallback,
    members::{MAX_KEYS, Member, Members},
    text::is_format,
};

/// Records that were of no use.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Unusable {
    count: u64,
    first: Option<Example>,
}

impl Unusable {
    /// Notes one, with the reason.
    pub fn note(&mut self, place: &Place, reason: &str) {
        self.count += 1;
        Example::merge(&mut self.first, Some(Example::reason(place, reason)));
    }

    /// Joins what another part of the sample says.
    pub fn merge(&mut self, other: Self) {
        self.count += other.count;
        Example::merge(&mut self.first, other.first);
    }

    /// The same records, with a reason that is only known now in place of their text.
    #[must_use]
    pub fn because(self, reason: &str) -> Self {
        Self { first: self.first.map(|e| e.with_text(reason)), ..self }
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The first of them.
    pub fn first(&self) -> Option<&Example> {
        self.first.as_ref()
    }

    fn reason(&self) -> String {
        self.first.as_ref().map_or_else(|| "it is empty".to_owned(), ToString::to_string)
    }
}

/// Fields of all levels that a sample may have; see `docs/inference.md`.
pub const MAX_FIELDS: usize = 100_000;

/// Fields that are kept while records are still looked at: more than [`MAX_FIELDS`], since those of objects that turn out to
/// be maps come together. Beyond that memory has its bound, and there is no schema.
const KEPT_FIELDS: usize = 4 * MAX_FIELDS;

/// The sample of a format whose records name their fields.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// Records looked at.
    pub looked_at: u64,
    /// Records that are objects.
    pub objects: Members,
    /// Records that are single values.
    pub values: Evidence,
    /// Records that are neither.
    pub unusable: Unusable,
    /// There were more than [`KEPT_FIELDS`] at some time, and what came then was not looked at.
    #[serde(default)]
    pub(crate) has_too_many: bool,
}

/// Name of the one column that single values go into.
pub const VALUE_COLUMN: &str = "value";

impl Sample {
    /// Joins another part of the sample.
    pub fn merge(&mut self, other: Self, rules: &Rules) {
        self.looked_at += other.looked_at;
        self.objects.merge(other.objects, rules);
        self.values.merge(other.values, rules);
        self.unusable.merge(other.unusable);
        self.has_too_many |= other.has_too_many;
        self.bound();
    }

    /// Notes whether there are too many fields to go on.
    pub(crate) fn bound(&mut self) {
        self.has_too_many |= self.size() > KEPT_FIELDS;
    }

    /// The same for who takes in record by record, which is only now and then worth a look.
    pub(crate) fn bound_at_times(&mut self) {
        if self.looked_at.is_multiple_of(1024) {
            self.bound();
        }
    }

    fn size(&self) -> usize {
        self.objects.size() + self.values.size()
    }

    /// The schema: a column per key, or one column where no record is an object.
    ///
    /// # Errors
    /// [`InferError`] when no record is usable, or when they hold no field, or too many.
    pub fn finish(&self, config: &InferenceConfig, rules: &Rules) -> SchemaResult<InferredSchema> {
        let limit = if self.objects.is_together() { MAX_KEYS } else { MAX_FIELDS };
        if self.has_too_many || self.objects.is_together() || self.size() > MAX_FIELDS {
            return Err(InferError::TooManyFields { sampled: count(self.looked_at), limit }.into());
        }
        let mut chooser = Chooser::new(config, rules, Fallback::Json);
        let (objects, values) = (self.objects.objects(), self.values.values());
        if objects == 0 && values == 0 {
            return Err(no_usable_sample(self.looked_at, &self.unusable));
        }
        if objects == 0 {
            let spot = Spot { name: VALUE_COLUMN, path: VALUE_COLUMN, parents: values, depth: 0 };
            let field = chooser.field(spot, &self.values);
            return Ok(conclude(chooser, vec![field].into(), self.looked_at, &self.unusable));
        }
        if self.objects.is_empty() {
            return Err(InferError::NoFields { sampled: count(self.looked_at) }.into());
        }
        let fields = chooser.fields("", &self.objects.in_order(), objects, 0);
        let mut unusable = self.unusable.clone();
        if values > 0 {
            unusable.count += values;
            // Nulls are the only values that keep no example.
            let stranger = self.values.first().map_or_else(|| "null".to_owned(), ToString::to_string);
            let reason = format!("expected an object, found {stranger}");
            Example::merge(&mut unusable.first, Some(Example::reason(&Place::default(), &reason)));
        }
        Ok(conclude(chooser, fields, self.looked_at, &unusable))
    }
}

/// The columns of a format whose records are rows of fields.
#[derive(Debug)]
pub struct Columns<'a> {
    /// Names and evidence, in their order.
    pub columns: Vec<(&'a str, &'a Member)>,
    /// Records looked at.
    pub looked_at: u64,
    /// Rows among them.
    pub rows: u64,
    /// Records that are no rows.
    pub unusable: &'a Unusable,
}

impl Columns<'_> {
    /// The schema: a column per name.
    ///
    /// # Errors
    /// [`InferError`] when there is no column.
    pub fn finish(&self, config: &InferenceConfig, rules: &Rules) -> SchemaResult<InferredSchema> {
        if self.columns.is_empty() {
            return Err(no_usable_sample(self.looked_at, self.unusable));
        }
        let mut chooser = Chooser::new(config, rules, Fallback::Varchar);
        let fields = chooser.fields("", &self.columns, self.rows, 0);
        Ok(conclude(chooser, fields, self.looked_at, self.unusable))
    }
}

fn conclude(chooser: Chooser<'_>, fields: arrow_schema::Fields, looked_at: u64, unusable: &Unusable) -> InferredSchema {
    let mut warnings = chooser.warnings;
    for hint in &chooser.config.hints {
        if chooser.details.iter().all(|detail| detail.field_name != hint.path) {
            let message =
                "its hint names no field of the schema: members are `a.b`, elements `a[]`, values of a MAP `a{}`";
            warnings.push(InferenceWarning::warning(hint.path.as_str(), message));
        }
    }
    for pattern in chooser.config.timestamp_formats.iter().filter(|pattern| !is_format(pattern)) {
        let message =
            format!("timestamp format `{pattern}` is none that dates in text can be found by; it was passed over");
        warnings.push(InferenceWarning::warning("", message));
    }
    if unusable.count > 0 {
        let message = format!(
            "{} of {looked_at} sampled records are unusable and were left out, the first: {}",
            unusable.count,
            unusable.reason()
        );
        let severity = WarningSeverity::Error;
        warnings.insert(0, InferenceWarning { field_name: String::new(), message, severity });
    }
    InferredSchema {
        field_details: chooser.details,
        warnings,
        ..InferredSchema::new(Arc::new(Schema::new(fields)), count(looked_at))
    }
}

#[cold]
fn no_usable_sample(looked_at: u64, unusable: &Unusable) -> SchemaError {
    InferError::NoUsableSample { sampled: count(looked_at), first: unusable.reason() }.into()
}

/// Evidence as it is kept, to be inferred from again.
pub(crate) fn stored(evidence: &impl Serialize) -> String {
    // Maps have texts as keys and nothing else can fail.
    serde_json::to_string(evidence).unwrap_or_default()
}

/// The evidence that [`stored`] has kept.
///
/// # Errors
/// [`InferError::NoReplay`]
pub(crate) fn replayed<E: for<'e> Deserialize<'e>>(format: &str, evidence: &str) -> SchemaResult<E> {
    serde_json::from_str(evidence)
        .map_err(|e| InferError::NoReplay { format: format.to_owned(), reason: format!("it is damaged: {e}") }.into())
}

fn count(n: u64) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}
