//! Sources with capabilities that no shipped connector has yet: a registry, a schema of its own, evolution.

use std::{collections::HashMap, marker::PhantomData, sync::Arc};

use arrow_schema::{DataType, Field, Schema, SchemaRef};
use laminar_schema::{
    ColumnProjection, CompatibilityMode, ConnectorConfig, DecoderSet, EvolutionVerdict, FieldMeta, InferenceConfig,
    NewRecord, Position, Positions, RawRecord, RecordStream, RegisteredSchema, RegistryConfig, RegistryError,
    SchemaChange, SchemaEvolvable, SchemaInferable, SchemaProvider, SchemaRegistryAware, SchemaResult, Source,
    SourceBatch, SourceConfig, SourceConnector, SourceFromConfig, WriterSchemaId, evolution::EvolutionError,
    inference::sample_streams,
};

/// Options of both stand-ins.
#[derive(Debug, Clone, ConnectorConfig)]
pub struct StandInConfig {
    /// Records to yield, one a line
    #[config(default = "")]
    pub records: String,
    /// Whether the source's own schema holds for every record
    #[config(default = true)]
    pub authoritative: bool,
    /// Records that may be uncommitted, at most; 0 for any number
    #[config(default = 0)]
    pub max_uncommitted: usize,
}

/// A source with no capability at all.
#[derive(Debug, SourceConnector)]
#[connector(name = "plain")]
pub struct PlainSource<D: DecoderSet> {
    config: StandInConfig,
    decoder: PhantomData<fn() -> D>,
}

/// A source with every capability: its own schema for `raw`, a registry for `framed`, sampling for `json`.
#[derive(Debug, SourceConnector)]
#[connector(name = "stand_in")]
#[capabilities(provider(raw, csv), registry(framed, json), inferable(json, csv), evolvable)]
pub struct StandInSource<D: DecoderSet> {
    config: StandInConfig,
    decoder: PhantomData<fn() -> D>,
}

macro_rules! reads_its_option {
    ($source:ident) => {
        impl<D: DecoderSet> SourceFromConfig for $source<D> {
            type Config = StandInConfig;
            fn from_config(config: StandInConfig, _: &SourceConfig) -> SchemaResult<Self> {
                Ok(Self { config, decoder: PhantomData })
            }
        }

        impl<D: DecoderSet> Source for $source<D> {
            type Decoder = D;
            type Stream = LineStream;
            async fn start(&self, from: Option<&Positions>) -> SchemaResult<LineStream> {
                Ok(LineStream::new(&self.config.records, from, self.config.max_uncommitted))
            }
        }
    };
}
reads_its_option!(PlainSource);
reads_its_option!(StandInSource);

/// Lines of a text, one record each; `\xNN` stands for a byte.
#[derive(Debug)]
pub struct LineStream {
    lines: Vec<Vec<u8>>,
    next: usize,
    committed: usize,
    max_uncommitted: usize,
}

impl LineStream {
    fn new(text: &str, from: Option<&Positions>, max_uncommitted: usize) -> Self {
        let at = from.and_then(|p| p.get("0")).and_then(Position::as_u64).unwrap_or(0);
        let lines = text.lines().filter(|l| !l.trim().is_empty()).map(|l| unescape(l.trim())).collect();
        let next = usize::try_from(at).unwrap_or(usize::MAX);
        let max_uncommitted = if max_uncommitted == 0 { usize::MAX } else { max_uncommitted };
        Self { lines, next, committed: next, max_uncommitted }
    }
}

impl RecordStream for LineStream {
    async fn next(&mut self, out: &mut SourceBatch, max: usize) -> SchemaResult<usize> {
        let max = max.min(self.max_uncommitted - (self.next - self.committed));
        if max == 0 && self.next < self.lines.len() {
            // As a queue does that waits for acknowledgements.
            std::future::pending::<()>().await;
        }
        let raw = out.raw_mut();
        let partition = raw.partition(&Arc::from("0"), None);
        let end = self.lines.len().min(self.next.saturating_add(max));
        let from = self.next.min(end);
        for (index, line) in self.lines[from..end].iter().enumerate() {
            let offset = Some((from + index) as u64);
            raw.push(NewRecord { partition: Some(partition), offset, ..NewRecord::new(line) });
        }
        self.next = end;
        out.positions.set("0", Position::from_u64(end as u64));
        Ok(end - from)
    }

    async fn commit(&mut self, upto: &Positions) -> SchemaResult<()> {
        let at = upto.get("0").and_then(Position::as_u64).and_then(|at| usize::try_from(at).ok());
        self.committed = at.unwrap_or(self.committed);
        Ok(())
    }

    fn wants_commit(&self) -> bool {
        (self.next - self.committed) * 2 >= self.max_uncommitted
    }
}

fn unescape(line: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = line;
    while let Some(at) = rest.find("\\x") {
        out.extend_from_slice(&rest.as_bytes()[..at]);
        match rest.get(at + 2..at + 4).and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => out.push(byte),
            None => out.extend_from_slice(b"\\x"),
        }
        rest = rest.get(at + 4..).unwrap_or("");
    }
    out.extend_from_slice(rest.as_bytes());
    out
}

impl<D: DecoderSet> SchemaProvider for StandInSource<D> {
    async fn provide_schema(&self) -> SchemaResult<SchemaRef> {
        Ok(Arc::new(Schema::new(vec![
            Field::new("symbol", DataType::Utf8, false),
            Field::new("price", DataType::Float64, true),
        ])))
    }

    fn is_authoritative(&self) -> bool {
        self.config.authoritative
    }

    async fn field_metadata(&self) -> SchemaResult<HashMap<String, FieldMeta>> {
        let price = FieldMeta { field_id: Some(2), default_expr: Some("0.5".to_owned()), ..FieldMeta::default() };
        Ok(HashMap::from([("price".to_owned(), price)]))
    }
}

impl<D: DecoderSet> SchemaInferable for StandInSource<D> {
    async fn sample_records(&self, config: &InferenceConfig) -> SchemaResult<Vec<RawRecord>> {
        sample_streams(vec![LineStream::new(&self.config.records, None, 0)], config).await
    }
}

/// Every id below 100 is known here; its definition says which it is.
impl<D: DecoderSet> SchemaRegistryAware for StandInSource<D> {
    async fn fetch_schema(&self, config: &RegistryConfig) -> SchemaResult<RegisteredSchema> {
        self.fetch_schema_by_id(config, WriterSchemaId(7)).await
    }

    async fn fetch_schema_by_id(
        &self,
        config: &RegistryConfig,
        schema_id: WriterSchemaId,
    ) -> SchemaResult<RegisteredSchema> {
        if schema_id.0 >= 100 {
            return Err(RegistryError::NotFound { what: format!("schema with id {schema_id}") }.into());
        }
        Ok(RegisteredSchema {
            schema: Arc::new(Schema::new(vec![Field::new("text", DataType::Utf8, false)])),
            schema_id,
            version: 1,
            raw_schema: format!("v{schema_id}").into_bytes(),
            subject: config.subject.clone().unwrap_or_else(|| "stand_in-value".to_owned()),
        })
    }

    async fn check_compatibility(
        &self,
        _: &RegistryConfig,
        current: &RegisteredSchema,
        proposed: &SchemaRef,
    ) -> SchemaResult<bool> {
        let changes = self.diff_schemas(&current.schema, proposed);
        Ok(matches!(self.evaluate_evolution(&changes, CompatibilityMode::Backward), EvolutionVerdict::Compatible(_)))
    }
}

/// Columns may be added, nothing else: enough to exercise the trait.
impl<D: DecoderSet> SchemaEvolvable for StandInSource<D> {
    fn evaluate_evolution(&self, changes: &[SchemaChange], _: CompatibilityMode) -> EvolutionVerdict {
        let is_addition = |c: &SchemaChange| matches!(c, SchemaChange::ColumnAdded { nullable: true, .. });
        match changes.iter().find(|c| !is_addition(c)) {
            None => EvolutionVerdict::Compatible(changes.to_vec()),
            Some(change) => {
                EvolutionVerdict::Incompatible(format!("only nullable columns may be added, not: {change}"))
            }
        }
    }

    fn apply_evolution(
        &self,
        current: &SchemaRef,
        changes: &[SchemaChange],
    ) -> SchemaResult<(SchemaRef, ColumnProjection)> {
        let mut fields: Vec<_> = current.fields().iter().cloned().collect();
        let mut mappings: Vec<Option<usize>> = (0..fields.len()).map(Some).collect();
        for change in changes {
            let SchemaChange::ColumnAdded { name, data_type, nullable, .. } = change else {
                return Err(EvolutionError::UnknownColumn { change: change.clone() }.into());
            };
            fields.push(Arc::new(Field::new(name, data_type.clone(), *nullable)));
            mappings.push(None);
        }
        Ok((Arc::new(Schema::new(fields)), ColumnProjection::of_columns(mappings)))
    }

    fn schema_version(&self) -> u64 {
        1
    }
}
