//! The outcome of a resolution: the frozen schema and an account of every decision.

use std::{collections::BTreeMap, fmt};

use arrow_schema::SchemaRef;

use crate::{
    config::FormatSpec,
    format::WriterSchemaId,
    inference::{FieldInferenceDetail, InferenceConfig, InferenceWarning, SampledRange},
    registry::RegisteredSchema,
};

/// A frozen schema with everything a person may ask about it.
#[derive(Debug, Clone, PartialEq)]
pub struct ResolvedSchema {
    /// The schema. Decoders are built for it once.
    pub schema: SchemaRef,
    /// Where it came from.
    pub resolution: ResolutionKind,
    /// Where each column came from, by column name.
    pub field_origins: BTreeMap<String, FieldOrigin>,
    /// What a person should know.
    pub warnings: Vec<InferenceWarning>,
    /// Evidence per field, where it was inferred.
    pub field_details: Vec<FieldInferenceDetail>,
    /// Every strategy in order, and why it was or was not taken.
    pub strategies: Vec<StrategyReport>,
    /// The format to decode with: as it was asked for, with the options that were found in the data.
    pub format: FormatSpec,
    /// What the registry had, where it was asked.
    pub registered: Option<RegisteredSchema>,
    /// Keys of the options of `format` that were found in the data.
    pub found_options: Vec<String>,
    /// What the schema was inferred with: as it was asked for, with a hint for each field that was lowered because it
    /// did not decode the sample. `None` where nothing was inferred.
    pub inference: Option<InferenceConfig>,
    /// Where the sample was taken, by partition in the order of their names; empty where nothing was sampled.
    pub sample: Vec<SampledRange>,
    /// [`InferredSchema::evidence`](crate::InferredSchema::evidence), where it was asked for.
    pub evidence: Option<String>,
}

/// Where a schema came from.
#[derive(Debug, Clone, PartialEq)]
pub enum ResolutionKind {
    /// The user declared every column.
    Declared,
    /// The source described itself.
    SourceProvided,
    /// A registry had it.
    Registry {
        /// Its id there.
        schema_id: WriterSchemaId,
    },
    /// It was inferred from samples.
    Inferred {
        /// Records looked at.
        sample_count: usize,
        /// What inference warned about.
        warnings: Vec<InferenceWarning>,
    },
}

impl fmt::Display for ResolutionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Declared => f.write_str("declared"),
            Self::SourceProvided => f.write_str("provided by the source"),
            Self::Registry { schema_id } => write!(f, "schema registry, id {schema_id}"),
            Self::Inferred { sample_count, .. } => write!(f, "inferred from {sample_count} records"),
        }
    }
}

/// Where a column came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldOrigin {
    /// The user declared it.
    UserDeclared,
    /// The registry, the source or inference gave it.
    AutoResolved,
    /// A `*` brought it in.
    WildcardInferred,
    /// The framework added it: the rescue column.
    DefaultAdded,
}

impl fmt::Display for FieldOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UserDeclared => "declared",
            Self::AutoResolved => "resolved",
            Self::WildcardInferred => "wildcard",
            Self::DefaultAdded => "added",
        })
    }
}

/// The six steps of resolution, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strategy {
    /// 1: every column is declared.
    Declared,
    /// 2: declared columns and `*`, merged with what 3 to 5 find.
    Wildcard,
    /// 3: a schema registry.
    Registry,
    /// 4: the source describes itself.
    Provider,
    /// 5: sampling.
    Inference,
    /// 6: nothing helps: an error that says what would.
    Error,
}

impl fmt::Display for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Declared => "full declaration",
            Self::Wildcard => "declared columns with *",
            Self::Registry => "schema registry",
            Self::Provider => "self-describing source",
            Self::Inference => "sampling",
            Self::Error => "error",
        })
    }
}

/// Why a strategy was or was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StrategyReport {
    /// The strategy.
    pub strategy: Strategy,
    /// Taken, or not.
    pub verdict: StrategyVerdict,
    /// Why.
    pub reason: String,
}

/// What became of a strategy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StrategyVerdict {
    /// It gave the schema, or a part of it.
    Taken,
    /// It could not be taken.
    NotPossible,
    /// It was not needed: an earlier one had won.
    NotNeeded,
}

impl fmt::Display for StrategyReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = match self.verdict {
            StrategyVerdict::Taken => "taken",
            StrategyVerdict::NotPossible => "not possible",
            StrategyVerdict::NotNeeded => "not needed",
        };
        write!(f, "{}: {verdict}: {}", self.strategy, self.reason)
    }
}
