//! What becomes of a batch that was worked on: bad records are disposed of, good ones are written.

use std::sync::Arc;

use arrow_array::StringArray;

use super::{Running, Step, follow::Stop};
use crate::{
    connector::{SinkConnector, SourceConnector},
    error::{Location, SchemaError, SchemaResult},
    evolution::{DriftVerdict, OnSchemaChange},
    pipeline::{Metrics, dead_letters, lane::Made, schema_change::note_rescued, workers::Done},
    record::{BatchContent, NewRecord, RawBatch, RowsOrigin, SourceBatch},
};

impl<S: SourceConnector, K: SinkConnector> Running<S, K> {
    pub(super) async fn dispose(&mut self, step: Step, metrics: &Metrics) -> SchemaResult<()> {
        match step {
            Step::Done(done) => self.dispose_of_batch(done, metrics).await,
            Step::Uncut(error) => self.reject_uncut(error, metrics).await,
            Step::Failed(error) => Err(error),
            Step::File(mut batch) => {
                metrics.count_skipped(batch.skipped);
                self.advance(&batch);
                match batch.file.take() {
                    Some(file) => Box::pin(self.go_on_with_file(file, metrics)).await,
                    None => Ok(()),
                }
            }
            Step::End(batch) => {
                metrics.count_skipped(batch.skipped);
                self.advance(&batch);
                if let Some(watermarks) = &mut self.watermarks {
                    self.is_dirty |= watermarks.end(metrics);
                }
                Ok(())
            }
        }
    }

    async fn dispose_of_batch(&mut self, done: Done, metrics: &Metrics) -> SchemaResult<()> {
        let Done { mut batch, mut made, mut spare } = done;
        self.spare.arenas.append(&mut spare);
        match batch.content() {
            BatchContent::Raw(raw) => {
                metrics.count_input(raw.len(), raw.num_value_bytes());
                self.unseen.sample(raw);
                self.finish(raw, made, metrics).await?;
            }
            BatchContent::Columns(columns) => {
                metrics.count_input(columns.num_rows(), columns.get_array_memory_size());
                if let (Some(rescued), Some(origin)) = (made.rescued.take(), &batch.origin) {
                    self.note_rescued_rows(&rescued.0, origin, metrics);
                }
                self.take_over(&RawBatch::new(), made, metrics).await?;
            }
        }
        self.advance(&batch);
        metrics.count_skipped(batch.skipped);
        self.is_dirty = true;
        batch.clear();
        self.spare.batches.push(batch);
        Ok(())
    }

    /// Takes over how far the source was read: behind a batch, or behind the end of its last partition.
    fn advance(&mut self, batch: &SourceBatch) {
        if !batch.positions.is_empty() {
            self.positions.advance(&batch.positions);
            self.is_dirty = true;
        }
    }

    /// Disposes of what did not fit, then writes what did; yields why it stopped before the end, and at which record.
    pub(super) async fn take_over(
        &mut self,
        raw: &RawBatch,
        made: Made,
        metrics: &Metrics,
    ) -> SchemaResult<Option<(Stop, usize)>> {
        let Made { rejected, num_rows, num_left_out, portions, error, needs, unknown, rescued, valued, event_times } =
            made;
        for index in valued {
            // Of the schema that the batch was decoded with, which a change comes after.
            if let Some(field) = self.spec.output_schema().fields().get(index) {
                self.unseen.found(field.name());
            }
        }
        if let Some(rescued) = rescued {
            let (column, rows) = *rescued;
            let found = column.iter().enumerate().filter_map(|(row, text)| Some((row, text?)));
            let source = Location::source(Arc::clone(&self.config.source_name));
            let located = found.map(|(row, text)| {
                let mut place = raw.record(rows.record_of(row)).location();
                place.fill_from(source.clone());
                (text, place)
            });
            let wrapping = self.follower.as_ref().and_then(|follower| follower.wrapping());
            note_rescued(located, wrapping, self.rescue_verdict(), metrics);
        }
        let num_rejected = rejected.len();
        let last = self.spent.as_ref().and_then(|_| rejected.last()).map(|(_, error)| error.to_string());
        if !rejected.is_empty() {
            self.reject(raw, rejected, metrics).await?;
        }
        for (output, portion) in self.outputs.iter_mut().zip(portions) {
            self.spare.arenas.extend(output.write_portion(portion).await?);
        }
        self.spend(num_rows + num_rejected, num_rejected, last)?;
        match error {
            Some(error) => return Err(error),
            None => metrics.count_rows(num_rows, num_left_out),
        }
        if let (Some(watermarks), Some(times)) = (&mut self.watermarks, event_times) {
            watermarks.observe(raw, &times, metrics);
        }
        let unknown = unknown.map(|(record, error)| {
            let source = Location::source(Arc::clone(&self.config.source_name));
            (Stop::UnknownField(error.at(source)), record)
        });
        Ok(unknown.or(needs.map(|(id, record)| (Stop::UnknownWriter(id), record))))
    }

    /// Counts what is rescued of rows that never were records: a row's offset is its number in the file.
    fn note_rescued_rows(&self, column: &StringArray, origin: &RowsOrigin, metrics: &Metrics) {
        let place = |row: u64| Location {
            source: Some(Arc::clone(&self.config.source_name)),
            partition: Some(Arc::clone(&origin.partition)),
            offset: Some(row),
            ..Location::default()
        };
        let rows = origin.rows.iter().cloned().flatten();
        let found = column.iter().zip(rows).filter_map(|(text, row)| Some((text?, place(row))));
        note_rescued(found, None, self.rescue_verdict(), metrics);
    }

    /// Counts records against the error budget, where there is one.
    fn spend(&mut self, records: usize, rejected: usize, last: Option<String>) -> SchemaResult<()> {
        let Some(spent) = &mut self.spent else { return Ok(()) };
        Ok(spent.count(records as u64, rejected as u64, || last.unwrap_or_default())?)
    }

    fn rescue_verdict(&self) -> DriftVerdict {
        match self.follower.as_ref().map(|follower| follower.config.policy) {
            Some(OnSchemaChange::Ignore) => DriftVerdict::Ignored,
            _ => DriftVerdict::Rescued,
        }
    }

    /// Disposes of records of `raw` that did not fit: counts them, then fails, skips, or writes dead letters.
    #[cold]
    async fn reject(
        &mut self,
        raw: &RawBatch,
        rejected: Vec<(usize, SchemaError)>,
        metrics: &Metrics,
    ) -> SchemaResult<()> {
        let source = Location::source(Arc::clone(&self.config.source_name));
        let mut rejected: Vec<(usize, SchemaError)> =
            rejected.into_iter().map(|(index, e)| (index, e.at(source.clone()))).collect();
        metrics.count_rejected(&rejected);
        if self.fails_on_rejection && !rejected.is_empty() {
            return Err(rejected.swap_remove(0).1);
        }
        match &mut self.dead_letter {
            Some(output) => {
                output.write(&dead_letters(&self.config.source_name, &self.spec.format, raw, &rejected)?).await
            }
            None => Ok(()),
        }
    }

    /// Disposes of a record that the source could not even cut out of its bytes. One that was cut off by the end of the
    /// input brings what there is of it; of others the dead letter names the place alone.
    #[cold]
    async fn reject_uncut(&mut self, error: SchemaError, metrics: &Metrics) -> SchemaResult<()> {
        let mut raw = RawBatch::new();
        let (place, value) = (error.location(), error.record());
        let partition = place.partition.as_ref().map(|name| raw.partition(name, None));
        raw.push(NewRecord { value, partition, offset: place.offset, line: place.line, ..NewRecord::default() });
        metrics.count_input(1, value.map_or(0, <[u8]>::len));
        self.is_dirty = true;
        let last = self.spent.as_ref().map(|_| error.to_string());
        self.reject(&raw, vec![(0, error)], metrics).await?;
        self.spend(1, 1, last)
    }
}
