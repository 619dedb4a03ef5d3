//! Follows the schema of one running pipeline: what it becomes at a record that shows a change, and which version is in force.

use std::{sync::Arc, time::SystemTime};

use arrow_schema::{DataType, Field, FieldRef, Fields, Schema, SchemaRef};

use super::{MAX_EVOLVED_FIELDS, SchemaChanges, TYPE_MISMATCH, UNKNOWN_FIELDS, grow::merged, with_rescue_column};
use crate::{
    capability::SchemaEvolvable,
    config::FormatSpec,
    connector::SourceConnector,
    error::{Location, SHOWN_INPUT_BYTES, SchemaError, SchemaResult},
    evolution::{
        self, DriftVerdict, EvolutionError, EvolutionVerdict, HistoryError, OnSchemaChange, SchemaChange, SchemaHistory,
    },
    field::{self, RESCUE_COLUMN},
    format::{DecodeSpec, DecoderSet, Framing, Wrapping, WriterSchema, WriterSchemaId, registered},
    inference::{FormatInference, InferenceConfig},
    pipeline::{Metrics, StoredCheckpoint, lane::Watch},
    position::Positions,
    record::{RawBatch, RawRecord},
    registry::{CompatibilityMode, RegisteredSchema},
    types::type_name,
};

/// The record that shows a change.
pub(in crate::pipeline) struct Seen<'a> {
    /// Where it is.
    pub(in crate::pipeline) place: Location,
    /// Where the source stood before the batch that it is in.
    pub(in crate::pipeline) positions: &'a Positions,
    /// Who counts.
    pub(in crate::pipeline) metrics: &'a Metrics,
}

impl Seen<'_> {
    fn note(&self, path: &str, change: &str, verdict: DriftVerdict, example: &str) {
        self.metrics.note_drift(path, change, verdict, &self.place, example);
    }
}

/// Columns and nested fields that a change brings.
fn fields_added(change: &SchemaChange) -> usize {
    fn within(data_type: &DataType) -> usize {
        match data_type {
            DataType::Struct(fields) => fields.iter().map(|f| 1 + within(f.data_type())).sum(),
            DataType::List(item) => within(item.data_type()),
            DataType::Map(entries, _) => within(entries.data_type()),
            _ => 0,
        }
    }
    if let SchemaChange::ColumnAdded { data_type, .. } = change { 1 + within(data_type) } else { 0 }
}

/// The schemas that a newer writer brings.
pub(in crate::pipeline) struct NewWriter {
    /// Of the columns.
    pub(in crate::pipeline) schema: SchemaRef,
    /// Of the newest writer so far.
    pub(in crate::pipeline) before: RegisteredSchema,
    /// Of this one.
    pub(in crate::pipeline) now: RegisteredSchema,
}

/// What has changed and whether that may be followed, as the connector says; one that cannot follow can still tell.
fn judged(
    before: &SchemaRef,
    now: &SchemaRef,
    mode: CompatibilityMode,
    evolvable: Option<&impl SchemaEvolvable>,
) -> (Vec<SchemaChange>, EvolutionVerdict) {
    let changes = match evolvable {
        Some(evolvable) => evolvable.diff_schemas(before, now),
        None => evolution::diff(before, now),
    };
    let verdict = match evolvable {
        Some(evolvable) => evolvable.evaluate_evolution(&changes, mode),
        None => evolution::evaluate(&changes, mode),
    };
    (changes, verdict)
}

/// Follows the schema of one running pipeline.
pub(in crate::pipeline) struct Follower {
    pub(in crate::pipeline) config: SchemaChanges,
    format: FormatSpec,
    /// Records show which of their fields the schema lacks.
    notices_fields: bool,
    /// Schemas of files that are known; `None` where there are no files that say theirs.
    files: Option<Vec<SchemaRef>>,
    /// How records wrap rows, where they do.
    wrapping: Option<Wrapping>,
    /// RESCUE is another way to go on.
    can_rescue: bool,
    /// Values are text, and fields are named by a header in front of all records.
    is_csv: bool,
    inferrer: Option<Box<dyn FormatInference>>,
    history: SchemaHistory,
    version: u64,
    added: usize,
}

impl Follower {
    /// Takes up the history where the last checkpoint left it; yields also the schema that was in force then.
    pub(in crate::pipeline) fn open<S: SourceConnector>(
        source: &S,
        config: SchemaChanges,
        spec: &DecodeSpec,
        last: Option<&StoredCheckpoint>,
    ) -> SchemaResult<(Self, SchemaRef)> {
        let mut history = match &config.history {
            Some(store) => store.load().map_err(refused)?,
            None => SchemaHistory::new(),
        };
        let version = last.map_or(0, |last| last.schema_version);
        if history.versions().is_empty() {
            history.record(&spec.schema, Positions::new(), SystemTime::now());
        }
        let Some(in_force) = history.versions().iter().find(|v| v.version == version) else {
            let found = history.versions().len();
            let reason = format!(
                "the checkpoint stands at schema version {version}, and the history beside it has {found}; bring that file \
                 back, or delete the checkpoint to begin anew"
            );
            return Err(EvolutionError::Rejected { reason }.into());
        };
        let schema = Arc::clone(&in_force.schema);
        let is_another = |name: &&String| match (spec.schema.field_with_name(name), schema.field_with_name(name)) {
            (Ok(declared), Ok(known)) => declared.data_type() != known.data_type(),
            (Ok(_), Err(_)) => true,
            (Err(_), _) => false,
        };
        if let Some(name) = config.declared.iter().find(is_another) {
            let reason = format!(
                "column {name} is declared otherwise than in schema version {version}, which the checkpoint stands at; \
                 write ALTER SOURCE … REFRESH SCHEMA to go on with the declaration"
            );
            return Err(EvolutionError::Rejected { reason }.into());
        }
        let follower = Self {
            notices_fields: SchemaChanges::can_notice::<S::Decoder>(&spec.format)?,
            files: SchemaChanges::can_notice_files(source, &spec.format)?.then(Vec::new),
            wrapping: S::Decoder::wrapping(&spec.format)?,
            can_rescue: SchemaChanges::can_rescue::<S::Decoder>(&spec.format),
            is_csv: matches!(S::Decoder::framing(&spec.format)?, Some(Framing::Csv(_))),
            inferrer: S::Decoder::inference(&spec.format.name),
            format: spec.format.clone(),
            config,
            history,
            version,
            added: 0,
        };
        follower.keep()?;
        Ok((follower, schema))
    }

    /// What the decoder is built from, so that it notices what the policy is about, and what its lane looks out for. Under
    /// IGNORE the decoder has one column more than `spec`, the last, which is not for the outputs.
    pub(in crate::pipeline) fn decoding(&self, spec: &DecodeSpec) -> (DecodeSpec, Watch) {
        let mut spec = spec.clone();
        if !self.notices_fields && self.config.policy != OnSchemaChange::Rescue {
            return (spec, Watch::Nothing);
        }
        let mut set = |key: &str, value: &str| {
            spec.format.options.remove(key);
            spec.format.options.insert(key, value, None);
        };
        match self.config.policy {
            OnSchemaChange::Fail | OnSchemaChange::Evolve => {
                set(UNKNOWN_FIELDS, "reject");
                (spec, Watch::UnknownFields)
            }
            OnSchemaChange::Ignore => {
                set(UNKNOWN_FIELDS, "rescue");
                let is_hidden = spec.schema.column_with_name(RESCUE_COLUMN).is_none();
                spec.schema = with_rescue_column(&spec.schema);
                (spec, Watch::Rescued { is_hidden })
            }
            OnSchemaChange::Rescue => {
                set(UNKNOWN_FIELDS, "rescue");
                set(TYPE_MISMATCH, "rescue");
                (spec, Watch::Rescued { is_hidden: false })
            }
        }
    }

    /// How records wrap rows, where they do.
    pub(in crate::pipeline) fn wrapping(&self) -> Option<&Wrapping> {
        self.wrapping.as_ref()
    }

    /// The columns of rows in records of a schema.
    fn of_rows(&self, schema: &SchemaRef) -> SchemaRef {
        self.wrapping.as_ref().map_or_else(|| Arc::clone(schema), |wrapping| wrapping.unwrap(schema))
    }

    /// Number of the version in force.
    pub(in crate::pipeline) fn version(&self) -> u64 {
        self.version
    }

    /// Decides about the first record of `rest` that has a field which `current` lacks: the next schema, or why there is
    /// none. Its place says which field.
    pub(in crate::pipeline) fn on_unknown_field(
        &mut self,
        current: &DecodeSpec,
        rest: &RawBatch,
        record: &Seen<'_>,
        evolvable: Option<&impl SchemaEvolvable>,
    ) -> SchemaResult<SchemaRef> {
        let start = rest.value(0).get(..SHOWN_INPUT_BYTES).unwrap_or(rest.value(0));
        let example = String::from_utf8_lossy(start);
        let next = match self.proposal(current, rest, &record.place) {
            Ok(next) => next,
            Err(error) => {
                let path = record.place.field.as_deref().unwrap_or_default();
                record.note(path, &format!("no place for {path}"), DriftVerdict::Failed, &example);
                return Err(error);
            }
        };
        let (changes, verdict) = judged(&current.schema, &next, self.config.compatibility, evolvable);
        let outcome = match self.config.policy {
            OnSchemaChange::Evolve => {
                self.may_follow(current, &changes, verdict, &next).and_then(|()| self.adopt(&next, record.positions))
            }
            _ => Err(EvolutionError::Changed { changes: changes.clone(), can_rescue: self.can_rescue }.into()),
        };
        let what_becomes = if outcome.is_ok() { DriftVerdict::Evolved } else { DriftVerdict::Failed };
        for change in changes.iter().filter(|c| matches!(c, SchemaChange::ColumnAdded { .. })) {
            record.note(change.path(), &evolution::described(change, &changes), what_becomes, &example);
        }
        outcome.map(|()| next).map_err(|e| e.at(record.place.clone()))
    }

    /// The current schema with the fields of the first record that it lacks. Their types are inferred from all records.
    fn proposal(&mut self, current: &DecodeSpec, rest: &RawBatch, place: &Location) -> SchemaResult<SchemaRef> {
        // What an earlier run has decided at this place holds for this one too, which has fewer or more records to look at.
        let decided = self.history.versions().iter().find(|v| v.version == self.version + 1);
        let first = match &place.field {
            Some(column) if self.is_csv => Arc::new(Schema::new(vec![Field::new(column, DataType::Utf8, true)])),
            _ => self.infer(&[rest.record(0).to_owned()]).map_err(|e| e.at(place.clone()))?,
        };
        let has_all = |schema: &Schema| {
            let merged = merged(schema.fields(), first.fields(), first.fields(), &self.config.prefix);
            merged == *schema.fields()
        };
        if let Some(decided) = decided.filter(|v| has_all(&v.schema)) {
            return Ok(Arc::clone(&decided.schema));
        }
        let most = self.config.inference.sample_size.max(1);
        let records: Vec<RawRecord> = rest.iter().take(most).map(|record| record.to_owned()).collect();
        // A later record may be none at all; the first is one, or the decoder had said so.
        let all = if self.is_csv { None } else { self.infer(&records).ok() }.unwrap_or_else(|| Arc::clone(&first));
        let fields = merged(current.schema.fields(), first.fields(), all.fields(), &self.config.prefix);
        if fields == *current.schema.fields() {
            let reason = "the decoder finds a field that the schema lacks, and inference finds none; declare it, or write ON SCHEMA CHANGE \
                          RESCUE or IGNORE"
                .to_owned();
            return Err(SchemaError::new(EvolutionError::Rejected { reason }).at(place.clone()));
        }
        Ok(Arc::new(Schema::new_with_metadata(fields, current.schema.metadata().clone())))
    }

    fn infer(&self, records: &[RawRecord]) -> SchemaResult<SchemaRef> {
        let Some(inferrer) = &self.inferrer else {
            let reason = format!(
                "the schema lacks the field, and fields of format `{}` do not say their types; add it to the definition, or \
                 write ON SCHEMA CHANGE RESCUE or IGNORE",
                self.format.name
            );
            return Err(EvolutionError::Rejected { reason }.into());
        };
        let config = InferenceConfig {
            format_options: self.format.options.clone(),
            // One record is reason enough here.
            field_appearance_threshold: 0.0,
            keep_evidence: false,
            null_type: DataType::Null,
            ..self.config.inference.clone()
        };
        match inferrer.infer(records, &config) {
            Ok(inferred) => Ok(inferred.schema),
            // Of most formats the row cannot be cut out of its envelope.
            Err(error) if self.wrapping.is_some() => {
                let reason = format!(
                    "the schema lacks the field, and its type is not found ({error}); add it to the definition, or write ON SCHEMA \
                     CHANGE RESCUE or IGNORE"
                );
                Err(EvolutionError::Rejected { reason }.into())
            }
            Err(error) => Err(error),
        }
    }

    fn may_follow(
        &mut self,
        current: &DecodeSpec,
        changes: &[SchemaChange],
        verdict: EvolutionVerdict,
        next: &SchemaRef,
    ) -> SchemaResult<()> {
        let refused = |reason: String| Err(SchemaError::new(EvolutionError::Rejected { reason }));
        if let EvolutionVerdict::Incompatible(reason) = verdict {
            return refused(reason);
        }
        let is_taken = |column: &&crate::format::MetadataColumn| next.column_with_name(&column.name).is_some();
        if let Some(taken) = current.metadata_columns.iter().find(is_taken) {
            let name = &taken.name;
            return refused(format!(
                "a new field is called `{name}`, as INCLUDE … AS {name} is; give that another name"
            ));
        }
        self.added += changes.iter().map(fields_added).sum::<usize>();
        if self.added > MAX_EVOLVED_FIELDS {
            return refused(format!(
                "the schema has gained more than {MAX_EVOLVED_FIELDS} fields; keys that are data belong in a MAP or JSON column"
            ));
        }
        Ok(())
    }

    /// Whether files of columns keep what has no place, which their source must be told.
    pub(in crate::pipeline) fn rescues_files(&self) -> bool {
        self.files.is_some() && self.config.policy == OnSchemaChange::Rescue
    }

    /// The schemas that files may have before they are a change; none where nobody asks.
    pub(in crate::pipeline) fn known_files(&self, current: &SchemaRef) -> Vec<SchemaRef> {
        if self.rescues_files() {
            // What has no place is told row by row.
            return Vec::new();
        }
        self.files.iter().flat_map(|files| std::iter::once(current).chain(files)).cloned().collect()
    }

    /// Decides about a file whose schema has more than all before it: the next schema, where that of the columns changes, or why
    /// the pipeline ends. The same schema is no change again.
    pub(in crate::pipeline) fn on_file(
        &mut self,
        current: &DecodeSpec,
        file: &SchemaRef,
        record: &Seen<'_>,
        evolvable: Option<&impl SchemaEvolvable>,
    ) -> SchemaResult<Option<SchemaRef>> {
        let proposed = self.with_writer(&current.schema, file);
        let (mut changes, _) = judged(&current.schema, &proposed, self.config.compatibility, evolvable);
        // What a format notes about a column comes along with it, and is no change for people.
        changes.retain(|change| !matches!(change, SchemaChange::PropertyChanged { .. }));
        // Types of declared columns stay, and their files' have changed all the same.
        let is_kept =
            |change: &SchemaChange| matches!(change, SchemaChange::TypeWidened { .. }) && !changes.contains(change);
        let kept: Vec<SchemaChange> = evolution::diff(&current.schema, file).into_iter().filter(is_kept).collect();
        changes.extend(kept.iter().cloned());
        self.files.get_or_insert_default().push(Arc::clone(file));
        let (outcome, what_becomes) = match self.config.policy {
            OnSchemaChange::Fail => (
                Err(EvolutionError::Changed { changes: changes.clone(), can_rescue: self.can_rescue }.into()),
                DriftVerdict::Failed,
            ),
            OnSchemaChange::Ignore => (Ok(None), DriftVerdict::Ignored),
            OnSchemaChange::Rescue => (Ok(None), DriftVerdict::Rescued),
            OnSchemaChange::Evolve => match self.followed(current, file, record, evolvable) {
                Ok(next) => (Ok((next != current.schema).then_some(next)), DriftVerdict::Evolved),
                Err(error) => (Err(error), DriftVerdict::Failed),
            },
        };
        for change in &changes {
            let verdict = match what_becomes {
                DriftVerdict::Evolved if kept.contains(change) => DriftVerdict::Ignored,
                other => other,
            };
            record.note(change.path(), &evolution::described(change, &changes), verdict, "the schema of the file");
        }
        outcome.map_err(|e: SchemaError| e.at(record.place.clone()))
    }

    /// Decides about the schema of a writer that was not known: the next schema, where that of the columns changes, or why
    /// the pipeline ends. Writers with an older schema than the newest known one change nothing.
    pub(in crate::pipeline) fn on_new_writer(
        &mut self,
        current: &DecodeSpec,
        registered: RegisteredSchema,
        record: &Seen<'_>,
        evolvable: Option<&impl SchemaEvolvable>,
    ) -> SchemaResult<Option<NewWriter>> {
        let Some(known) = &self.config.writer else {
            self.config.writer = Some(registered);
            return Ok(None);
        };
        if registered.version <= known.version || registered.subject != known.subject {
            return Ok(None);
        }
        let (before, now) = (self.of_rows(&known.schema), self.of_rows(&registered.schema));
        let (changes, _) = judged(&before, &now, self.config.compatibility, evolvable);
        let before = known.clone();
        let example = format!("schema id {}, version {}", registered.schema_id, registered.version);
        self.config.writer = Some(registered.clone());
        if changes.is_empty() {
            return Ok(None);
        }
        let (outcome, what_becomes) = match self.config.policy {
            OnSchemaChange::Fail => (
                Err(EvolutionError::Changed { changes: changes.clone(), can_rescue: self.can_rescue }.into()),
                DriftVerdict::Failed,
            ),
            OnSchemaChange::Ignore => (Ok(None), DriftVerdict::Ignored),
            OnSchemaChange::Rescue => (Ok(None), DriftVerdict::Rescued),
            OnSchemaChange::Evolve => {
                let next = self.followed(current, &now, record, evolvable);
                let what_becomes = if next.is_ok() { DriftVerdict::Evolved } else { DriftVerdict::Failed };
                (next.map(|schema| Some(NewWriter { schema, before, now: registered })), what_becomes)
            }
        };
        for change in &changes {
            record.note(change.path(), &evolution::described(change, &changes), what_becomes, &example);
        }
        outcome.map_err(|e: SchemaError| e.at(record.place.clone()))
    }

    /// The columns with those of a newer writer, in force.
    fn followed(
        &mut self,
        current: &DecodeSpec,
        writer: &SchemaRef,
        record: &Seen<'_>,
        evolvable: Option<&impl SchemaEvolvable>,
    ) -> SchemaResult<SchemaRef> {
        let next = self.with_writer(&current.schema, writer);
        if let Some(reason) = self.misfit(writer, &next) {
            return Err(EvolutionError::Rejected { reason }.into());
        }
        // That values are there for whatever a newer schema brings is the registry's to know: the columns are nullable.
        let (changes, verdict) = judged(&current.schema, &next, self.config.compatibility, evolvable);
        self.may_follow(current, &changes, verdict, &next)?;
        self.adopt(&next, record.positions)?;
        Ok(next)
    }

    /// Id of the newest writer's schema, where a registry has named any.
    pub(in crate::pipeline) fn writer_id(&self) -> Option<WriterSchemaId> {
        self.config.writer.as_ref().map(|writer| writer.schema_id)
    }

    /// Goes on with the newest writer that an earlier run knew. One that the registry has had since is unknown again, so that
    /// its first record shows the change.
    pub(in crate::pipeline) fn resume_writer(&mut self, spec: &mut DecodeSpec, known: RegisteredSchema) {
        if let Some(latest) = &self.config.writer {
            spec.writer_schemas.retain(|writer| writer.id != latest.schema_id);
            registered::read_on(&mut spec.format, latest, &known);
        }
        let id = known.schema_id;
        spec.writer_schemas.push(WriterSchema { id, raw: known.raw_schema.clone() });
        self.config.writer = Some(known);
    }

    /// The columns that hold rows of the writer's schema as well as earlier ones.
    fn with_writer(&self, current: &SchemaRef, writer: &SchemaRef) -> SchemaRef {
        let grown = merged(current.fields(), writer.fields(), writer.fields(), &self.config.prefix);
        let of_writer = |field: &FieldRef| {
            let key = field::payload_key(field);
            writer.fields().iter().find(|found| field::payload_key(found) == key)
        };
        let fields = grown.iter().map(|field| match of_writer(field) {
            _ if self.config.declared.contains(field.name()) => Arc::clone(field),
            // What only earlier writers had.
            None => Arc::new(field.as_ref().clone().with_nullable(true)),
            Some(found) => {
                let is_nullable = field.is_nullable() || found.is_nullable();
                let widened = evolution::diff(
                    &Schema::new(vec![Arc::clone(field)]),
                    &Schema::new(vec![found.as_ref().clone().with_name(field.name())]),
                );
                let is_wider = widened.iter().any(|change| matches!(change, SchemaChange::TypeWidened { .. }));
                let fits = evolution::breaks(&widened).iter().all(|b| b.direction != evolution::Direction::Backward);
                let data_type = if is_wider && fits { found.data_type() } else { field.data_type() };
                Arc::new(field.as_ref().clone().with_data_type(data_type.clone()).with_nullable(is_nullable))
            }
        });
        Arc::new(Schema::new_with_metadata(fields.collect::<Fields>(), current.metadata().clone()))
    }

    /// Why the columns of `next` cannot hold what the writer writes, if that is so; what the user declared, records decide.
    fn misfit(&self, writer: &SchemaRef, next: &SchemaRef) -> Option<String> {
        let narrowed = |change: SchemaChange| match change {
            SchemaChange::TypeNarrowed { name, from, to } if !self.config.declared.contains(&name) => {
                let (from, to) = (type_name(&from), type_name(&to));
                Some(format!("the writer's {name} is {from}, and the column stays {to}; declare the column"))
            }
            _ => None,
        };
        evolution::diff(writer, next).into_iter().find_map(narrowed)
    }

    /// Makes a schema the one in force.
    fn adopt(&mut self, schema: &SchemaRef, positions: &Positions) -> SchemaResult<()> {
        if let Some(known) = self.history.versions().iter().find(|v| v.version > self.version && v.schema == *schema) {
            self.version = known.version;
            return Ok(());
        }
        self.history.record(schema, positions.clone(), SystemTime::now());
        self.version = self.history.latest().map_or(0, |latest| latest.version);
        self.keep()
    }

    /// Before anything of the new version is written: a checkpoint may speak of it.
    fn keep(&self) -> SchemaResult<()> {
        match &self.config.history {
            Some(store) => store.store(&self.history).map_err(refused),
            None => Ok(()),
        }
    }
}

fn refused(error: HistoryError) -> SchemaError {
    EvolutionError::Rejected { reason: error.to_string() }.into()
}
