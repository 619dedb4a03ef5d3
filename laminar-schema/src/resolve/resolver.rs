//! The six steps (SPEC.md §3), in order, each with an account of why it was or was not taken.

use std::{collections::BTreeMap, sync::Arc};

use arrow_schema::{Field, Schema, SchemaRef};

use super::{ResolutionKind, ResolveError, ResolvedSchema, Strategy, account::Account, merge::Candidate};
use crate::{
    capability::{Capability, SchemaInferable, SchemaProvider, SchemaRegistryAware},
    config::FormatSpec,
    connector::SourceConnector,
    declared::DeclaredSchema,
    error::{InferError, SchemaResult},
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
    formats: FormatInferenceRegistry,
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
    fn full_declaration(&self) -> Option<&'a DeclaredSchema> {
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

fn inference_config(request: &ResolveRequest<'_>) -> InferenceConfig {
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
