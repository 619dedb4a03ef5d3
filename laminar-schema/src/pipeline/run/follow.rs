//! Batches that were not decoded to their end: what their next record asks for is changed first.

use std::sync::Arc;

use arrow_schema::SchemaRef;

use super::{Running, RunningOutput, decoding, event_time, scan, shares};
use crate::{
    capability::SchemaRegistryAware,
    connector::{SinkConnector, SourceConnector},
    error::{Location, SchemaError, SchemaResult},
    format::{WriterSchema, WriterSchemaId, registered},
    pipeline::{
        Metrics,
        lane::{Lane, Made},
        schema_change::Seen,
    },
    record::{FileSchema, RawBatch},
    registry::RegistryError,
};

/// Why a batch was not decoded to its end.
pub(super) enum Stop {
    /// A record names a writer schema that is not known.
    UnknownWriter(WriterSchemaId),
    /// A record has a field that the schema lacks.
    UnknownField(SchemaError),
}

impl<S: SourceConnector, K: SinkConnector> Running<S, K> {
    /// Takes over what was made of `raw`, and of its rest when it names writer schemas that are not known yet, or has
    /// fields that the schema lacks.
    pub(super) async fn finish(&mut self, raw: &RawBatch, made: Made, metrics: &Metrics) -> SchemaResult<()> {
        let Some((stop, consumed)) = self.take_over(raw, made, metrics).await? else { return Ok(()) };
        let mut rest = raw.suffix(consumed);
        Box::pin(self.go_on(stop, &rest, metrics)).await?;
        loop {
            let made = self.lane.decode(&rest, &mut self.spare.arenas);
            let Some((stop, consumed)) = self.take_over(&rest, made, metrics).await? else { return Ok(()) };
            rest = rest.suffix(consumed);
            Box::pin(self.go_on(stop, &rest, metrics)).await?;
        }
    }

    /// Changes what the first record of `rest` needs to have changed. Boxed where it is called: it is rare, and would be most of
    /// the future of every run.
    #[cold]
    async fn go_on(&mut self, stop: Stop, rest: &RawBatch, metrics: &Metrics) -> SchemaResult<()> {
        match stop {
            Stop::UnknownWriter(id) => {
                let mut place = rest.record(0).location();
                place.fill_from(Location::source(Arc::clone(&self.config.source_name)));
                self.learn(id, place, metrics).await
            }
            Stop::UnknownField(error) => self.follow(rest, error, metrics).await,
        }
    }

    /// Goes on with the schema that the first record of `rest` asks for, or fails.
    async fn follow(&mut self, rest: &RawBatch, error: SchemaError, metrics: &Metrics) -> SchemaResult<()> {
        // Without a follower nobody looks out for unknown fields.
        let Some(follower) = &mut self.follower else { return Err(error) };
        let record = Seen { place: error.location().clone(), positions: &self.positions, metrics };
        let next = {
            let evolvable = self.source.as_schema_evolvable();
            follower.on_unknown_field(&self.spec, rest, &record, evolvable.as_ref())?
        };
        self.change_schema(next).await
    }

    /// Goes on behind what was read, with a file whose schema is new: with its columns, where that is what happens, or without.
    #[cold]
    pub(super) async fn go_on_with_file(&mut self, file: FileSchema, metrics: &Metrics) -> SchemaResult<()> {
        let Some(follower) = &mut self.follower else { return Ok(()) };
        let source = Some(Arc::clone(&self.config.source_name));
        // Before its first row.
        let place = Location { source, partition: Some(file.partition), offset: Some(0), ..Location::default() };
        let next = {
            let record = Seen { place, positions: &self.positions, metrics };
            let evolvable = self.source.as_schema_evolvable();
            follower.on_file(&self.spec, &file.schema, &record, evolvable.as_ref())?
        };
        if let Some(next) = next {
            self.change_schema(next).await?;
        }
        let projections = self.outputs.iter().map(RunningOutput::projection).collect();
        let event_time = event_time(&self.spec, &self.config);
        let known = self.follower.as_ref().map(|follower| follower.known_files(&self.spec.schema));
        let (_, watch) = decoding(&self.spec, self.follower.as_deref());
        let looked_at = (event_time, watch);
        let scan = scan(&self.spec, projections, self.dead_letter.is_some(), looked_at, known.unwrap_or_default());
        self.source.rescan(&scan)?;
        self.stream = self.source.start(Some(&self.positions)).await?;
        Ok(())
    }

    /// Goes on with another schema: another decoder, and outputs that take their columns of its rows.
    async fn change_schema(&mut self, next: SchemaRef) -> SchemaResult<()> {
        let old = self.spec.output_schema();
        self.spec.schema = next;
        let new = self.spec.output_schema();
        for output in &mut self.outputs {
            output.follow(&old, &new).await?;
        }
        let (decode_spec, watch) = decoding(&self.spec, self.follower.as_deref());
        let decoder = self.source.build_decoder(&decode_spec)?;
        let event_time = event_time(&self.spec, &self.config);
        let lane = Lane::new(decoder, &self.spec, shares(&self.outputs, false)?, watch, event_time);
        self.lane = lane.looking_for(self.unseen.names());
        Ok(())
    }

    /// Fetches a writer schema that a record named, and rebuilds the decoder with it.
    #[cold]
    async fn learn(&mut self, id: WriterSchemaId, place: Location, metrics: &Metrics) -> SchemaResult<()> {
        let unknown = |why: &str| RegistryError::NotFound { what: format!("schema with id {id}, {why}") };
        if self.spec.writer_schemas.iter().any(|known| known.id == id) {
            return Err(unknown("which it has just given").into());
        }
        let fetched = {
            let registry = self.source.as_schema_registry_aware();
            let (Some(registry), Some(config)) = (registry, &self.config.registry) else {
                return Err(unknown("for there is no USING SCHEMA REGISTRY").into());
            };
            registry.fetch_schema_by_id(config, id).await?
        };
        self.spec.writer_schemas.push(WriterSchema { id, raw: fetched.raw_schema.clone() });
        let new = match &mut self.follower {
            None => None,
            Some(follower) => {
                let record = Seen { place, positions: &self.positions, metrics };
                let evolvable = self.source.as_schema_evolvable();
                follower.on_new_writer(&self.spec, fetched, &record, evolvable.as_ref())?
            }
        };
        if let Some(new) = new {
            registered::read_on(&mut self.spec.format, &new.before, &new.now);
            return self.change_schema(new.schema).await;
        }
        let (decode_spec, _) = decoding(&self.spec, self.follower.as_deref());
        self.lane.set_decoder(self.source.build_decoder(&decode_spec)?);
        Ok(())
    }
}
