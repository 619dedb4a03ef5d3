//! The six steps (SPEC.md §3), in order, each with an account of why it was or was not taken.

use arrow_schema::{Field, Schema, SchemaRef};

use super::{
    ResolutionKind, ResolveError, ResolvedSchema, Strategy,
    account::Account,
    lower::{Lowering, MAX_ROUNDS},
    merge::Candidate,
};
use crate::{
    capability::{Capability, SchemaInferable, SchemaProvider, SchemaRegistryAware},
    config::FormatSpec,
    connector::SourceConnector,
    declared::DeclaredSchema,
    error::{InferError, SchemaResult},
    field,
    format::{DecodeSpec, DecoderSet},
    inference::{
        DetectedFormat, FieldMeta, FormatInferenceRegistry, InferenceConfig, InferenceWarning, Proof, SampleHead,
        sample_batch, sampled_ranges,
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

    /// Finds options of the format that nobody set, where the schema will be sampled, and then the schema. Yields the
    /// source as the found options make it; [`ResolvedSchema::format`] has them.
    ///
    /// # Errors
    /// As [`SchemaResolver::resolve`]; found options that the source refuses.
    pub async fn detect_and_resolve<S: SourceConnector>(
        &self,
        source: S,
        request: &ResolveRequest<'_>,
    ) -> SchemaResult<(S, ResolvedSchema)> {
        let Detection { found, samples } = self.detect(&source, request).await?;
        let Some(found) = found else {
            let resolved = self.resolve_sampled(&source, request, samples).await?;
            return Ok((source, resolved));
        };
        let format = FormatSpec { name: request.format.name.clone(), options: found.options };
        let source = if found.found.is_empty() { source } else { source.with_format(&format)? };
        let request = ResolveRequest { format: &format, ..*request };
        let mut resolved = self.resolve_sampled(&source, &request, samples).await?;
        resolved.found_options = found.found;
        resolved.warnings.splice(0..0, found.warnings);
        Ok((source, resolved))
    }

    async fn detect<S: SourceConnector>(&self, source: &S, request: &ResolveRequest<'_>) -> SchemaResult<Detection> {
        let config = inference_config(request);
        let (Some(inferrer), Some(inferable), true) = (
            self.formats.get(&request.format.name),
            source.as_schema_inferable(),
            config.detect_format && will_sample(source, request),
        ) else {
            return Ok(Detection::default());
        };
        if let Some(head) = inferable.sample_head(&config).await? {
            return Ok(match head.bytes.is_empty() {
                // Nothing came in all the time there is: waiting for it again would only take twice as long.
                true => Detection { found: None, samples: (!head.is_whole).then(Vec::new) },
                false => Detection { found: inferrer.detect(head.as_sample(), &config)?, samples: None },
            });
        }
        let samples = inferable.sample_records(&config).await?;
        let found = if samples.is_empty() { None } else { inferrer.detect(SampleHead::Records(&samples), &config)? };
        // Sampling again could wait as long again; what options the format has does not change where records end.
        Ok(Detection { found, samples: Some(samples) })
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
        self.resolve_sampled(source, request, None).await
    }

    /// As [`SchemaResolver::resolve`], with a sample that was taken already.
    async fn resolve_sampled<S: SourceConnector>(
        &self,
        source: &S,
        request: &ResolveRequest<'_>,
        samples: Option<Vec<RawRecord>>,
    ) -> SchemaResult<ResolvedSchema> {
        let mut account = Account::new(source.info(), request, S::Decoder::wrapping(request.format)?);
        account.check_asked_for()?;
        if let Some(declared) = request.full_declaration() {
            return account.declared(declared);
        }
        if let Some(registry) = source.as_schema_registry_aware()
            && let Some(config) = account.registry()
        {
            let registered = registry.fetch_schema(config).await?;
            let mut resolved = account.finish(Candidate {
                schema: account.row_schema(registered.schema.clone()),
                kind: ResolutionKind::Registry { schema_id: registered.schema_id },
                warnings: Vec::new(),
                details: Vec::new(),
            })?;
            resolved.registered = Some(registered);
            return Ok(resolved);
        }
        if let Some(described) = S::Decoder::describe(request.format, None)? {
            account.takes_description();
            return account.finish(Candidate {
                schema: account.row_schema(with_field_metadata(&described.schema, &described.fields)),
                kind: ResolutionKind::SourceProvided,
                warnings: Vec::new(),
                details: Vec::new(),
            });
        }
        if let Some(provider) = source.as_schema_provider()
            && account.takes(Strategy::Provider, Capability::Provider)
        {
            let schema = provider.provide_schema().await?;
            let schema = account.row_schema(with_field_metadata(&schema, &provider.field_metadata().await?));
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
            let samples = match samples {
                Some(samples) => some_of(samples, &config)?,
                None => sample(&inferable, &config).await?,
            };
            return self.infer(source, &inferable, account, config, &samples).await;
        }
        Err(account.no_strategy())
    }

    /// Infers, decodes the sample with what comes out, and lowers the fields that reject records of it.
    async fn infer<S: SourceConnector>(
        &self,
        source: &S,
        inferable: &S::Inferable<'_>,
        mut account: Account<'_>,
        mut config: InferenceConfig,
        samples: &[RawRecord],
    ) -> SchemaResult<ResolvedSchema> {
        let request = account.request();
        let format = request.format.name.as_str();
        let inferrer = self.formats.get(format);
        let widest = inferrer.map_or_else(|| field::json_field("", true), |i| i.widest_type());
        let mut lowering = Lowering::new(widest, account.wrapping().cloned());
        let mut round = 1;
        loop {
            let inferred = inferable.infer_from_samples(samples, format, &config, &self.formats).await?;
            let mut resolved = account.finish(Candidate {
                schema: inferred.schema,
                kind: ResolutionKind::Inferred {
                    sample_count: inferred.sample_count,
                    warnings: inferred.warnings.clone(),
                },
                warnings: inferred.warnings,
                details: inferred.field_details,
            })?;
            // The proof runs over the merged schema, so that a declared column that contradicts the data shows now.
            let proof = prove(source, request, &resolved.schema, samples)?;
            if round < MAX_ROUNDS && lowering.lower(&resolved, &proof, &mut config) {
                round += 1;
                continue;
            }
            resolved.sample = sampled_ranges(samples);
            resolved.evidence = inferred.evidence;
            resolved.inference = Some(config);
            let lowered = lowering.warnings(&resolved);
            resolved.warnings.extend(lowered);
            resolved.warnings.extend(proof.warning());
            return Ok(resolved);
        }
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
        let may_sample = source.info().supports(Capability::Inferable, &request.format.name);
        let Some(inferable) = source.as_schema_inferable().filter(|_| may_sample) else {
            warnings.push(InferenceWarning::warning("", format!("{guess}; it was not held against a sample")));
            return Ok(());
        };
        let config = inference_config(request);
        let samples = inferable.sample_records(&config).await?;
        if samples.is_empty() {
            // The schema is there all the same, and the first records may be long in coming.
            let waited = config.sample_timeout;
            let none = format!("{guess}; there was no record within {waited:?} to hold it against");
            warnings.push(InferenceWarning::warning("", none));
            return Ok(());
        }
        let proof = prove(source, request, schema, &samples)?;
        match proof.errors.first() {
            None => {
                let proven = format!("{guess}; it decodes all of {} sampled records", proof.sampled);
                warnings.push(InferenceWarning::warning("", proven));
            }
            Some(first) if proof.errors.len() == proof.sampled => {
                return Err(ResolveError::NotProven { sampled: proof.sampled, first: first.to_string() }.into());
            }
            Some(_) => warnings.extend(proof.warning()),
        }
        Ok(())
    }
}

/// What looking for options of the format gave: what was found, and the records that it was found in, where those had to
/// be sampled.
#[derive(Default)]
struct Detection {
    found: Option<DetectedFormat>,
    samples: Option<Vec<RawRecord>>,
}

/// Whether the schema will come from a sample: nothing that goes before gives one.
fn will_sample<S: SourceConnector>(source: &S, request: &ResolveRequest<'_>) -> bool {
    let info = source.info();
    let supports = |capability| info.supports(capability, &request.format.name);
    let is_registered = request.registry.is_some() && source.as_schema_registry_aware().is_some();
    let is_provided = source.as_schema_provider().is_some() && supports(Capability::Provider);
    request.full_declaration().is_none() && !is_registered && !is_provided && supports(Capability::Inferable)
}

async fn sample(source: &impl SchemaInferable, config: &InferenceConfig) -> SchemaResult<Vec<RawRecord>> {
    some_of(source.sample_records(config).await?, config)
}

fn some_of(samples: Vec<RawRecord>, config: &InferenceConfig) -> SchemaResult<Vec<RawRecord>> {
    if samples.is_empty() {
        return Err(InferError::NoSamples { waited: config.sample_timeout }.into());
    }
    Ok(samples)
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
