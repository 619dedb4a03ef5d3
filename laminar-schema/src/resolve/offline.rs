//! Resolution without the source: from the declaration, or from evidence that was kept.

use super::{
    ResolutionKind, ResolveRequest, ResolvedSchema, SchemaResolver, Strategy, account::Account, merge::Candidate,
    resolver::inference_config,
};
use crate::{
    capability::{Capability, ConnectorInfo},
    error::{InferError, SchemaResult},
    format::Wrapping,
};

impl SchemaResolver {
    /// Resolves as [`SchemaResolver::resolve`] does where that needs no I/O: every column is declared, or `evidence` of
    /// an earlier inference is at hand. `None` where only the source or a registry could say.
    ///
    /// `wrapping` is how the format wraps its rows: [`DecoderSet::wrapping`](crate::DecoderSet::wrapping).
    ///
    /// What decoding the sample showed beyond the evidence is known here only where hints say it, as those of
    /// [`ResolvedSchema::inference`] do.
    ///
    /// # Errors
    /// As [`SchemaResolver::resolve`]; [`InferError::NoReplay`] where the evidence is none of the format's.
    pub fn resolve_offline(
        &self,
        info: ConnectorInfo,
        request: &ResolveRequest<'_>,
        wrapping: Option<Wrapping>,
        evidence: Option<&str>,
    ) -> SchemaResult<Option<ResolvedSchema>> {
        let mut account = Account::new(info, request, wrapping);
        account.check_asked_for()?;
        if let Some(declared) = request.full_declaration() {
            return account.declared(declared).map(Some);
        }
        let Some(evidence) = evidence else { return Ok(None) };
        if !account.takes(Strategy::Inference, Capability::Inferable) {
            return Err(account.no_strategy());
        }
        let format = &request.format.name;
        let Some(inferrer) = self.formats.get(format) else {
            let known = self.formats.formats().map(str::to_owned).collect();
            return Err(InferError::UnknownFormat { format: format.clone(), known }.into());
        };
        let config = inference_config(request);
        let inferred = inferrer.replay(evidence, &config)?;
        let mut resolved = account.finish(Candidate {
            schema: inferred.schema,
            kind: ResolutionKind::Inferred { sample_count: inferred.sample_count, warnings: inferred.warnings.clone() },
            warnings: inferred.warnings,
            details: inferred.field_details,
        })?;
        resolved.evidence = inferred.evidence;
        resolved.inference = Some(config);
        Ok(Some(resolved))
    }
}
