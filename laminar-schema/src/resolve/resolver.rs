//! The six steps (SPEC.md §3), in order, each with an account of why it was or was not taken.

use std::{collections::BTreeMap, sync::Arc};

use arrow_schema::{Field, Schema, SchemaRef};

use super::{
    FieldOrigin, ResolutionKind, ResolveError, ResolvedSchema, Strategy, StrategyReport, StrategyVerdict,
    merge::{self, Candidate},
};
use crate::{
    capability::{Capability, ConnectorInfo, SchemaInferable, SchemaProvider, SchemaRegistryAware},
    config::FormatSpec,
    connector::SourceConnector,
    declared::DeclaredSchema,
    default_value::DefaultFiller,
    error::{InferError, SchemaError, SchemaResult},
    field,
    format::{DecodeSpec, DecoderSet},
    inference::{
        FieldMeta, FormatInferenceRegistry, InferenceConfig, InferenceWarning, Proof, SampledRange, sample_batch,
    },
    record::RawRecord,
    registry::RegistryConfig,
};

/// Finds the schema of a source. Ring 2: may do I/O through the source's capabilities.
#[derive(Debug, Default)]
pub struct SchemaResolver {
    pub(super) formats: FormatInferenceRegistry,
}

/// What a user said about a source's schema.
#[derive(Debug, Clone, Copy)]
pub struct ResolveRequest<'a> {
    /// Declared columns, if any.
    pub declared: Option<&'a DeclaredSchema>,
    /// Format of the records.
    pub format: &'a FormatSpec,
    /// `INFER SCHEMA (…)`, when it was written.
    pub inference: Option<&'a InferenceConfig>,
    /// `USING SCHEMA REGISTRY (…)`, when it was written.
    pub registry: Option<&'a RegistryConfig>,
}

impl<'a> ResolveRequest<'a> {
    /// Nothing said but the format.
    pub fn new(format: &'a FormatSpec) -> Self {
        Self { declared: None, format, inference: None, registry: None }
    }

    /// The declared columns, when they leave nothing to find.
    pub(super) fn full_declaration(&self) -> Option<&'a DeclaredSchema> {
        self.declared.filter(|d| !d.has_wildcard && !d.columns.is_empty())
    }
}

impl SchemaResolver {
    /// A resolver that infers the formats of `formats`.
    pub fn new(formats: FormatInferenceRegistry) -> Self {
        Self { formats }
    }

    /// A resolver that infers every format of a decoder set.
    pub fn of<D: DecoderSet>() -> Self {
        Self::new(FormatInferenceRegistry::of::<D>())
    }

    /// Resolves the schema of `source`: declared, wildcard, registry, self-described, sampled, or an error that
    /// says what would help.
    ///
    /// Monomorphised per source: branches of capabilities that its type lacks are compiled away.
    ///
    /// # Errors
    /// [`ResolveError`]; whatever the source's capabilities answer.
    pub async fn resolve<S: SourceConnector>(
        &self,
        source: &S,
        request: &ResolveRequest<'_>,
    ) -> SchemaResult<ResolvedSchema> {
        let mut account = Account::new(source.info(), request);
        account.check_asked_for()?;
        if let Some(declared) = request.full_declaration() {
            return account.declared(declared);
        }
        if let Some(registry) = source.as_schema_registry_aware()
            && let Some(config) = account.registry()
        {
            let registered = registry.fetch_schema(config).await?;
            return account.finish(Candidate {
                schema: registered.schema,
                kind: ResolutionKind::Registry { schema_id: registered.schema_id },
                warnings: Vec::new(),
                details: Vec::new(),
            });
        }
        if let Some(provider) = source.as_schema_provider()
            && account.takes(Strategy::Provider, Capability::Provider)
        {
            let schema = provider.provide_schema().await?;
            let schema = with_field_metadata(&schema, &provider.field_metadata().await?);
            let mut warnings = Vec::new();
            if !provider.is_authoritative() {
                self.prove_provided(source, request, &schema, &mut warnings).await?;
            }
            return account.finish(Candidate {
                schema,
                kind: ResolutionKind::SourceProvided,
                warnings,
                details: Vec::new(),
            });
        }
        if let Some(inferable) = source.as_schema_inferable()
            && account.takes(Strategy::Inference, Capability::Inferable)
        {
            let config = inference_config(request);
            let samples = sample(&inferable, &config).await?;
            let inferred = inferable.infer_from_samples(&samples, &request.format.name, &config, &self.formats).await?;
            let mut resolved = account.finish(Candidate {
                schema: inferred.schema,
                kind: ResolutionKind::Inferred {
                    sample_count: inferred.sample_count,
                    warnings: inferred.warnings.clone(),
                },
                warnings: inferred.warnings,
                details: inferred.field_details,
            })?;
            resolved.sample = sampled_ranges(&samples);
            resolved.evidence = inferred.evidence;
            // The proof runs over the merged schema, so that a declared column that contradicts the data shows now.
            resolved.warnings.extend(prove(source, request, &resolved.schema, &samples)?.warning());
            return Ok(resolved);
        }
        Err(account.no_strategy())
    }

    /// A provider that only guesses is held against a sample, where one can be had.
    async fn prove_provided<S: SourceConnector>(
        &self,
        source: &S,
        request: &ResolveRequest<'_>,
        schema: &SchemaRef,
        warnings: &mut Vec<InferenceWarning>,
    ) -> SchemaResult<()> {
        let guess = "the source's own schema is a best guess";
        let Some(inferable) = source.as_schema_inferable() else {
            warnings.push(InferenceWarning::warning("", format!("{guess}; it was not held against a sample")));
            return Ok(());
        };
        let samples = sample(&inferable, &inference_config(request)).await?;
        let proof = prove(source, request, schema, &samples)?;
        match &proof.first {
            None => {
                let proven = format!("{guess}; it decodes all of {} sampled records", proof.sampled);
                warnings.push(InferenceWarning::warning("", proven));
            }
            Some(first) if proof.rejected == proof.sampled => {
                return Err(ResolveError::NotProven { sampled: proof.sampled, first: first.to_string() }.into());
            }
            Some(_) => warnings.extend(proof.warning()),
        }
        Ok(())
    }
}

async fn sample(source: &impl SchemaInferable, config: &InferenceConfig) -> SchemaResult<Vec<RawRecord>> {
    let samples = source.sample_records(config).await?;
    if samples.is_empty() {
        return Err(InferError::NoSamples { waited: config.sample_timeout }.into());
    }
    Ok(samples)
}

/// Where the records of a sample stand, by partition.
fn sampled_ranges(samples: &[RawRecord]) -> Vec<SampledRange> {
    let mut ranges: BTreeMap<Option<&Arc<str>>, SampledRange> = BTreeMap::new();
    for RawRecord { metadata, .. } in samples {
        let range = ranges.entry(metadata.partition.as_ref()).or_insert_with(|| SampledRange {
            partition: metadata.partition.clone(),
            records: 0,
            first_offset: metadata.offset,
            last_offset: metadata.offset,
        });
        range.records += 1;
        // A header line has no offset, and any offset is more than none.
        range.first_offset = range.first_offset.into_iter().chain(metadata.offset).min();
        range.last_offset = range.last_offset.max(metadata.offset);
    }
    ranges.into_values().collect()
}

pub(super) fn inference_config(request: &ResolveRequest<'_>) -> InferenceConfig {
    let mut config = request.inference.cloned().unwrap_or_default();
    config.format_options = request.format.options.clone();
    config
}

/// Decodes the sample with the schema that came out.
fn prove<S: SourceConnector>(
    source: &S,
    request: &ResolveRequest<'_>,
    schema: &SchemaRef,
    samples: &[RawRecord],
) -> SchemaResult<Proof> {
    let mut decoder = source.build_decoder(&DecodeSpec::new(schema.clone(), request.format.clone()))?;
    let framing = S::Decoder::framing(request.format)?;
    Proof::of(&mut decoder, &sample_batch(samples, framing.as_ref()))
}

/// Puts what the source knows of its fields into their Arrow metadata.
fn with_field_metadata(schema: &SchemaRef, metadata: &std::collections::HashMap<String, FieldMeta>) -> SchemaRef {
    if metadata.is_empty() {
        return schema.clone();
    }
    let fields: Vec<Field> = schema
        .fields()
        .iter()
        .map(|f| {
            let mut f = f.as_ref().clone();
            let Some(meta) = metadata.get(f.name()) else { return f };
            let id = meta.field_id.map(|id| id.to_string());
            let known = [
                (field::FIELD_ID_METADATA, id.as_ref()),
                (field::DESCRIPTION_METADATA, meta.description.as_ref()),
                (field::SOURCE_TYPE_METADATA, meta.source_type.as_ref()),
                (field::DEFAULT_METADATA, meta.default_expr.as_ref()),
            ];
            for (key, value) in known {
                if let Some(value) = value {
                    f = field::with_metadata(f, key, value);
                }
            }
            for (key, value) in &meta.properties {
                f = field::with_metadata(f, key, value);
            }
            f
        })
        .collect();
    Schema::new_with_metadata(fields, schema.metadata().clone()).into()
}

/// The account of one resolution. Not generic, so it is compiled once.
pub(super) struct Account<'a> {
    info: ConnectorInfo,
    request: &'a ResolveRequest<'a>,
    reports: Vec<StrategyReport>,
}

impl<'a> Account<'a> {
    pub(super) fn new(info: ConnectorInfo, request: &'a ResolveRequest<'a>) -> Self {
        Self { info, request, reports: Vec::new() }
    }

    fn report(&mut self, strategy: Strategy, verdict: StrategyVerdict, reason: impl Into<String>) {
        self.reports.push(StrategyReport { strategy, verdict, reason: reason.into() });
    }

    /// A clause that asks for a capability by name is an error where the connector lacks it, whatever else is declared.
    pub(super) fn check_asked_for(&self) -> SchemaResult<()> {
        let asked = [
            (self.request.registry.is_some(), Capability::Registry),
            (self.request.inference.is_some(), Capability::Inferable),
        ];
        for (is_asked, capability) in asked {
            if is_asked && !self.info.supports(capability, &self.request.format.name) {
                return Err(ResolveError::CapabilityAbsent {
                    connector: self.info.name.to_owned(),
                    capability,
                    format: self.request.format.name.clone(),
                    formats: if self.info.capabilities.contains(capability) {
                        self.info.formats_of(capability).iter().map(|f| (*f).to_owned()).collect()
                    } else {
                        Vec::new()
                    },
                }
                .into());
            }
        }
        Ok(())
    }

    /// Step 1.
    pub(super) fn declared(mut self, declared: &DeclaredSchema) -> SchemaResult<ResolvedSchema> {
        let columns = declared.columns.len();
        self.report(Strategy::Declared, StrategyVerdict::Taken, format!("all {columns} columns are declared"));
        for strategy in [Strategy::Wildcard, Strategy::Registry, Strategy::Provider, Strategy::Inference] {
            self.report(strategy, StrategyVerdict::NotNeeded, "every column is declared");
        }
        let candidate = Candidate {
            schema: Schema::empty().into(),
            kind: ResolutionKind::Declared,
            warnings: Vec::new(),
            details: Vec::new(),
        };
        self.merged(candidate)
    }

    /// Notes steps 1 and 2, which a request without a full declaration passes by.
    fn note_declaration(&mut self) {
        if !self.reports.is_empty() {
            return;
        }
        let (declared, wildcard) = match self.request.declared {
            Some(d) if d.has_wildcard => {
                let columns = d.columns.len();
                let why = format!("{columns} declared, * takes the rest from what is found below");
                ("* asks for more than is declared", (StrategyVerdict::Taken, why))
            }
            Some(_) | None => ("no columns are declared", (StrategyVerdict::NotPossible, "there is no *".to_owned())),
        };
        self.report(Strategy::Declared, StrategyVerdict::NotPossible, declared);
        self.report(Strategy::Wildcard, wildcard.0, wildcard.1);
    }

    /// Step 3: the registry to ask, when the statement names one.
    fn registry(&mut self) -> Option<&'a RegistryConfig> {
        self.note_declaration();
        let config = self.request.registry?;
        let why = format!("USING SCHEMA REGISTRY names {}", config.url);
        self.report(Strategy::Registry, StrategyVerdict::Taken, why);
        Some(config)
    }

    /// Steps 4 and 5: whether the connector has the capability for this format.
    pub(super) fn takes(&mut self, strategy: Strategy, capability: Capability) -> bool {
        self.note_passed_by(strategy);
        let supported = self.info.supports(capability, &self.request.format.name);
        let (name, format) = (self.info.name, &self.request.format.name);
        if supported {
            let of = if format.is_empty() { String::new() } else { format!(" for {format}") };
            let why = format!("connector `{name}` has capability `{capability}`{of}");
            self.report(strategy, StrategyVerdict::Taken, why);
        }
        supported
    }

    /// Notes every strategy before `until` that was not possible and has no report yet.
    fn note_passed_by(&mut self, until: Strategy) {
        self.note_declaration();
        let steps = [
            (Strategy::Registry, Capability::Registry),
            (Strategy::Provider, Capability::Provider),
            (Strategy::Inference, Capability::Inferable),
        ];
        for (strategy, capability) in steps {
            if strategy == until {
                break;
            }
            if self.reports.iter().any(|r| r.strategy == strategy) {
                continue;
            }
            let (name, format) = (self.info.name, self.request.format.name.clone());
            let why = if !self.info.capabilities.contains(capability) {
                format!("connector `{name}` has no capability `{capability}`")
            } else if !self.info.supports(capability, &format) {
                let formats = self.info.formats_of(capability).join(", ");
                format!("connector `{name}` has capability `{capability}` for {formats} only, not for {format}")
            } else {
                "there is no USING SCHEMA REGISTRY".to_owned()
            };
            self.report(strategy, StrategyVerdict::NotPossible, why);
        }
    }

    pub(super) fn finish(mut self, candidate: Candidate) -> SchemaResult<ResolvedSchema> {
        for strategy in [Strategy::Registry, Strategy::Provider, Strategy::Inference] {
            if !self.reports.iter().any(|r| r.strategy == strategy) {
                self.report(strategy, StrategyVerdict::NotNeeded, "the schema was already found");
            }
        }
        self.merged(candidate)
    }

    fn merged(self, candidate: Candidate) -> SchemaResult<ResolvedSchema> {
        let mut resolved = merge::merge(self.request.declared, candidate)?;
        // The words are shared by every format that has anything to leave over; see the formats' option tables.
        let options = &self.request.format.options;
        let rescues = ["unknown_fields", "type_mismatch"]
            .into_iter()
            .any(|key| options.get(key).is_some_and(|v| v.eq_ignore_ascii_case("rescue")));
        if rescues && resolved.schema.column_with_name(field::RESCUE_COLUMN).is_none() {
            merge::add_column(&mut resolved, field::json_field(field::RESCUE_COLUMN, true), FieldOrigin::DefaultAdded);
        }
        resolved.strategies = self.reports;
        resolved.format = self.request.format.clone();
        DefaultFiller::new(&resolved.schema)?;
        Ok(resolved)
    }

    /// Step 6.
    #[cold]
    pub(super) fn no_strategy(mut self) -> SchemaError {
        self.note_passed_by(Strategy::Error);
        ResolveError::NoStrategy {
            connector: self.info.name,
            format: self.request.format.name.clone(),
            tried: self.reports,
        }
        .into()
    }
}
