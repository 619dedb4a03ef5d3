//! The account of one resolution: why each strategy was or was not taken.

use arrow_schema::{Schema, SchemaRef};

use super::{
    FieldOrigin, ResolutionKind, ResolveError, ResolveRequest, ResolvedSchema, Strategy, StrategyReport,
    StrategyVerdict,
    merge::{self, Candidate},
};
use crate::{
    capability::{Capability, ConnectorInfo},
    declared::DeclaredSchema,
    default_value::DefaultFiller,
    error::{SchemaError, SchemaResult},
    field,
    format::Wrapping,
    registry::RegistryConfig,
};

/// The account of one resolution. Not generic, so it is compiled once.
pub(super) struct Account<'a> {
    info: ConnectorInfo,
    request: &'a ResolveRequest<'a>,
    wrapping: Option<Wrapping>,
    reports: Vec<StrategyReport>,
}

impl<'a> Account<'a> {
    /// `wrapping` is how the format wraps its rows, under the options of the request.
    pub(super) fn new(info: ConnectorInfo, request: &'a ResolveRequest<'a>, wrapping: Option<Wrapping>) -> Self {
        Self { info, request, wrapping, reports: Vec::new() }
    }

    pub(super) fn wrapping(&self) -> Option<&Wrapping> {
        self.wrapping.as_ref()
    }

    /// The columns of the rows in records of `schema`, which a registry or the source gave.
    pub(super) fn row_schema(&self, schema: SchemaRef) -> SchemaRef {
        match &self.wrapping {
            Some(wrapping) => wrapping.unwrap(&schema),
            None => schema,
        }
    }

    pub(super) fn request(&self) -> &'a ResolveRequest<'a> {
        self.request
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
    pub(super) fn registry(&mut self) -> Option<&'a RegistryConfig> {
        self.note_declaration();
        let config = self.request.registry?;
        let named = config.connection.foreign.as_ref().map_or(config.url.as_str(), |foreign| foreign.name());
        let why = format!("USING SCHEMA REGISTRY names {named}");
        self.report(Strategy::Registry, StrategyVerdict::Taken, why);
        Some(config)
    }

    /// Step 4: options of the format describe its records.
    pub(super) fn takes_description(&mut self) {
        self.note_passed_by(Strategy::Provider);
        let why = format!("options of format `{}` describe its records", self.request.format.name);
        self.report(Strategy::Provider, StrategyVerdict::Taken, why);
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

    /// The outcome. May be asked for again where a candidate turns out to be wrong.
    pub(super) fn finish(&mut self, candidate: Candidate) -> SchemaResult<ResolvedSchema> {
        for strategy in [Strategy::Registry, Strategy::Provider, Strategy::Inference] {
            if !self.reports.iter().any(|r| r.strategy == strategy) {
                self.report(strategy, StrategyVerdict::NotNeeded, "the schema was already found");
            }
        }
        self.merged(candidate)
    }

    fn merged(&self, candidate: Candidate) -> SchemaResult<ResolvedSchema> {
        let mut resolved = merge::merge(self.request.declared, candidate)?;
        // The words are shared by every format that has anything to leave over; see the formats' option tables.
        let options = &self.request.format.options;
        let rescues = ["unknown_fields", "type_mismatch"]
            .into_iter()
            .any(|key| options.get(key).is_some_and(|v| v.eq_ignore_ascii_case("rescue")));
        if rescues && resolved.schema.column_with_name(field::RESCUE_COLUMN).is_none() {
            merge::add_column(&mut resolved, field::json_field(field::RESCUE_COLUMN, true), FieldOrigin::DefaultAdded);
        }
        for column in self.wrapping.iter().flat_map(|w| &w.added) {
            if resolved.schema.column_with_name(column.name()).is_none() {
                merge::add_column(&mut resolved, column.clone(), FieldOrigin::DefaultAdded);
            }
        }
        resolved.strategies = self.reports.clone();
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
