//! What happens to a batch between the source and the sinks, and needs neither: decoding, projecting, encoding.
//!
//! A lane does no I/O and knows no other lane, so that several may work at once. What it made is disposed of in the
//! order in which the source yielded the batches, whichever lane was faster.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, NullArray, RecordBatch, RecordBatchOptions, StringArray, cast::AsArray};
use arrow_schema::SchemaRef;
use arrow_select::filter::{FilterBuilder, FilterPredicate};

use super::{output::in_sink, unseen::Unvalued, watermark::EventTimes};
use crate::{
    error::{DecodeError, EncodeError, ErrorKind, SchemaError, SchemaResult},
    field::RESCUE_COLUMN,
    format::{
        DecodeSpec, Decoded, EncodedBatch, FormatDecoder, FormatEncoder, MetadataColumn, Rejected, RowRecords,
        WriterSchemaId, append_metadata, metadata_of_rows,
    },
    predicate::Predicate,
    record::{BatchContent, RawBatch, SourceBatch},
};

/// One decoder, and for each output its columns and perhaps an encoder.
pub(super) struct Lane<D, E> {
    decoder: D,
    schema: SchemaRef,
    output_schema: SchemaRef,
    metadata_columns: Vec<MetadataColumn>,
    /// For each column of `schema`, whether some output looks at it. Others a table source need not have read.
    wanted: Vec<bool>,
    shares: Vec<Share<E>>,
    watch: Watch,
    /// Which column of the output schema says when something happened, where there is a watermark.
    event_time: Option<usize>,
    /// Declared columns that no row has had a value in yet.
    unvalued: Unvalued,
}

/// What a lane looks out for beside what its decoder does: signs that the source's schema has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Watch {
    /// Nothing.
    Nothing,
    /// The first record with a field that the schema lacks: it and all behind it are left for another decoder.
    UnknownFields,
    /// What is in the column `_rescued`.
    Rescued {
        /// The outputs do not see the column, which is the last.
        is_hidden: bool,
    },
}

/// What a lane makes for one output.
pub(super) struct Share<E> {
    /// The output's name.
    pub(super) sink: Arc<str>,
    pub(super) projection: Projection,
    /// None where the output encodes for itself, or takes columns.
    pub(super) encoder: Option<E>,
}

/// The columns that an output takes, under the names it gives them.
#[derive(Debug, Clone)]
pub(super) struct Projection {
    pub(super) schema: SchemaRef,
    /// Index of each of the schema's columns in the batches that are projected.
    pub(super) columns: Vec<usize>,
    /// Which rows it takes; all of them without one.
    pub(super) filter: Option<Predicate>,
}

/// The columns of a batch in the order of the output schema, before any output has chosen among them.
#[derive(Clone, Copy)]
pub(super) struct Rows<'a> {
    pub(super) columns: &'a [ArrayRef],
    pub(super) num_rows: usize,
}

/// What became of a batch in a lane, in the order in which it has to be dealt with.
#[derive(Debug, Default)]
pub(super) struct Made {
    /// Records that did not fit, located in their partition.
    pub(super) rejected: Vec<(usize, SchemaError)>,
    pub(super) num_rows: usize,
    /// Rows that a WHERE left out, added up over the outputs.
    pub(super) num_left_out: usize,
    /// One for each output, in order; none where there are no rows. Fewer where one could not be made.
    pub(super) portions: Vec<Portion>,
    /// What ends the pipeline once everything above has been dealt with.
    pub(super) error: Option<SchemaError>,
    /// The first unknown writer schema, and the record that names it: nothing behind it was looked at.
    pub(super) needs: Option<(WriterSchemaId, usize)>,
    /// The first record with a field that the schema lacks: nothing of it or behind it is here.
    pub(super) unknown: Option<(usize, SchemaError)>,
    /// The column `_rescued`, and which record each of its rows came from.
    pub(super) rescued: Option<Box<(StringArray, RowRecords)>>,
    /// Columns of the output schema that have their first value here; empty in most batches.
    pub(super) valued: Vec<usize>,
    /// The times of the rows, where there is a watermark.
    pub(super) event_times: Option<Box<EventTimes>>,
}

/// A batch as one output gets it.
#[derive(Debug)]
pub(super) enum Portion {
    Columns(RecordBatch),
    Encoded(EncodedBatch),
}

impl<D: FormatDecoder, E: FormatEncoder> Lane<D, E> {
    pub(super) fn new(
        decoder: D,
        spec: &DecodeSpec,
        shares: Vec<Share<E>>,
        watch: Watch,
        event_time: Option<usize>,
    ) -> Self {
        Self {
            watch,
            event_time,
            decoder,
            schema: Arc::clone(&spec.schema),
            output_schema: spec.output_schema(),
            metadata_columns: spec.metadata_columns.clone(),
            unvalued: Unvalued::default(),
            wanted: wanted(spec, shares.iter().map(|share| &share.projection), event_time, watch),
            shares,
        }
    }

    /// Tells which of these columns have a value.
    pub(super) fn looking_for(mut self, columns: &[String]) -> Self {
        self.unvalued = Unvalued::of(columns, &self.output_schema);
        self
    }

    /// Goes on with another decoder, which knows a writer schema that the last one did not.
    pub(super) fn set_decoder(&mut self, decoder: D) {
        self.decoder = decoder;
    }

    /// Makes everything that can be made of a batch. `spare` holds arenas to encode into, where there are any.
    pub(super) fn work(&mut self, batch: &SourceBatch, spare: &mut Vec<EncodedBatch>) -> Made {
        match batch.content() {
            BatchContent::Raw(raw) => self.decode(raw, spare),
            BatchContent::Columns(columns) => {
                let mut made = Made::default();
                let num_rows = columns.num_rows();
                let arrays = by_name(columns, &self.schema, &self.wanted).and_then(|mut arrays| {
                    arrays.extend(metadata_of_rows(&self.metadata_columns, batch.origin.as_ref(), num_rows)?);
                    Ok(arrays)
                });
                let shared = arrays.and_then(|arrays| {
                    if let (Watch::Rescued { .. }, Ok(index)) = (self.watch, self.schema.index_of(RESCUE_COLUMN)) {
                        made.rescued = any_rescued(&arrays[index], RowRecords::Identity);
                    }
                    made.event_times = self.event_times(&arrays, RowRecords::Identity);
                    if let (Some(times), Some(origin)) = (&mut made.event_times, &batch.origin) {
                        times.origin = Some(Arc::clone(&origin.partition));
                    }
                    let wanted = &self.wanted;
                    made.valued = self.unvalued.found(&arrays, |index| wanted.get(index).is_none_or(|wanted| *wanted));
                    self.share_out(Rows { columns: &arrays, num_rows }, &mut made, spare)
                });
                made.error = shared.err();
                made
            }
        }
    }

    /// As [`Lane::work`], of records alone.
    pub(super) fn decode(&mut self, raw: &RawBatch, spare: &mut Vec<EncodedBatch>) -> Made {
        let mut made = Made::default();
        let mut decoded = match self.decoder.decode(raw) {
            Ok(decoded) => decoded,
            Err(error) => return Made { error: Some(error), ..made },
        };
        match self.watch {
            Watch::Nothing => {}
            Watch::UnknownFields => {
                made.unknown = cut_at_unknown_field(&mut decoded)
                    .map(|(record, error)| (record, error.at(raw.record(record).location())));
            }
            Watch::Rescued { is_hidden } => made.rescued = rescued(&mut decoded, is_hidden),
        }
        let Decoded { batch, rejected, rows, consumed, needs } = decoded;
        if !rejected.is_empty() {
            let located = |r: Rejected| (r.record, r.error.at(raw.record(r.record).location()));
            made.rejected = rejected.into_iter().map(located).collect();
        }
        made.needs = needs.map(|id| (id, consumed));
        let whole = append_metadata(batch, &self.output_schema, &self.metadata_columns, raw, &rows);
        let shared = whole.and_then(|whole| {
            made.event_times = self.event_times(whole.columns(), rows);
            made.valued = self.unvalued.found(whole.columns(), |_| true);
            self.share_out(Rows { columns: whole.columns(), num_rows: whole.num_rows() }, &mut made, spare)
        });
        made.error = shared.err();
        made
    }

    /// The column of event times, where there is a watermark.
    fn event_times(&self, columns: &[ArrayRef], rows: RowRecords) -> Option<Box<EventTimes>> {
        let times = columns.get(self.event_time?)?;
        Some(Box::new(EventTimes { times: Arc::clone(times), rows, origin: None }))
    }

    fn share_out(&mut self, rows: Rows<'_>, made: &mut Made, spare: &mut Vec<EncodedBatch>) -> SchemaResult<()> {
        made.num_rows = rows.num_rows;
        if made.num_rows == 0 {
            return Ok(());
        }
        for Share { sink, projection, encoder } in &mut self.shares {
            let columns = projection.of(rows)?;
            made.num_left_out += rows.num_rows - columns.num_rows();
            made.portions.push(match encoder {
                None => Portion::Columns(columns),
                Some(encoder) => {
                    let mut encoded = spare.pop().unwrap_or_default();
                    encoded.clear();
                    encoder.encode(&columns, &mut encoded).map_err(in_sink(sink))?;
                    Portion::Encoded(encoded)
                }
            });
        }
        Ok(())
    }
}

/// Takes the first record with a field that the schema lacks out of what was decoded, and all that came of records behind it.
fn cut_at_unknown_field(decoded: &mut Decoded) -> Option<(usize, SchemaError)> {
    let is_unknown = |r: &Rejected| matches!(r.error.kind(), ErrorKind::Decode(DecodeError::UnknownField));
    let at = decoded.rejected.iter().position(is_unknown)?;
    let first = decoded.rejected.drain(at..).next()?;
    let rows = match &mut decoded.rows {
        RowRecords::Identity => first.record,
        RowRecords::Indices(records) => {
            let rows = records.partition_point(|record| (*record as usize) < first.record);
            records.truncate(rows);
            rows
        }
    };
    decoded.batch = decoded.batch.slice(0, rows.min(decoded.batch.num_rows()));
    decoded.consumed = first.record;
    decoded.needs = None;
    Some((first.record, first.error))
}

/// The column `_rescued`, where it has anything in it; taken off the batch where it is hidden.
fn rescued(decoded: &mut Decoded, is_hidden: bool) -> Option<Box<(StringArray, RowRecords)>> {
    let column = match is_hidden {
        true => {
            let last = decoded.batch.num_columns().checked_sub(1)?;
            decoded.batch.remove_column(last)
        }
        false => Arc::clone(decoded.batch.column_by_name(RESCUE_COLUMN)?),
    };
    any_rescued(&column, decoded.rows.clone())
}

/// The column, where it has anything in it.
fn any_rescued(column: &ArrayRef, rows: RowRecords) -> Option<Box<(StringArray, RowRecords)>> {
    let has_any = column.null_count() < column.len();
    let texts = column.as_string_opt().filter(|_| has_any)?;
    Some(Box::new((texts.clone(), rows)))
}

impl Projection {
    /// The columns of `rows` that are wanted, and of these the rows that the filter lets through. Copies no values where
    /// there is no filter, or where it lets all through.
    pub(super) fn of(&self, rows: Rows<'_>) -> SchemaResult<RecordBatch> {
        let chosen = match &self.filter {
            None => None,
            Some(filter) => {
                let kept = filter.evaluate(rows.columns)?;
                (kept.true_count() < rows.num_rows).then(|| self.chosen(&kept))
            }
        };
        let array = |index: &usize| match &chosen {
            None => Ok(Arc::clone(&rows.columns[*index])),
            Some(chosen) => chosen.filter(&rows.columns[*index]),
        };
        let arrays = self.columns.iter().map(array).collect::<Result<_, _>>()?;
        let num_rows = chosen.as_ref().map_or(rows.num_rows, FilterPredicate::count);
        let options = RecordBatchOptions::new().with_row_count(Some(num_rows));
        Ok(RecordBatch::try_new_with_options(Arc::clone(&self.schema), arrays, &options)?)
    }

    fn chosen(&self, kept: &arrow_array::BooleanArray) -> FilterPredicate {
        let builder = FilterBuilder::new(kept);
        // What is used once is as fast without the preparation.
        if self.columns.len() > 1 { builder.optimize().build() } else { builder.build() }
    }

    /// Columns that it looks at, those of its filter too.
    pub(super) fn looks_at(&self) -> impl Iterator<Item = usize> {
        self.columns.iter().copied().chain(self.filter.iter().flat_map(Predicate::columns))
    }
}

/// For each column of the schema, whether some projection looks at it, or the watermark, or who counts what is rescued.
pub(super) fn wanted<'a>(
    spec: &DecodeSpec,
    projections: impl Iterator<Item = &'a Projection>,
    event_time: Option<usize>,
    watch: Watch,
) -> Vec<bool> {
    let mut wanted = vec![false; spec.schema.fields().len()];
    let rescued = match watch {
        Watch::Rescued { is_hidden: false } => spec.schema.index_of(RESCUE_COLUMN).ok(),
        _ => None,
    };
    for column in projections.flat_map(Projection::looks_at).chain(event_time).chain(rescued) {
        // Metadata columns lie behind those of the schema.
        if let Some(wanted) = wanted.get_mut(column) {
            *wanted = true;
        }
    }
    wanted
}

/// The columns of a table source in the order of the frozen schema, matched by name. In place of those that nobody
/// looks at stands whatever takes no memory.
fn by_name(columns: &RecordBatch, schema: &SchemaRef, wanted: &[bool]) -> SchemaResult<Vec<ArrayRef>> {
    let nothing: ArrayRef = Arc::new(NullArray::new(columns.num_rows()));
    let found = |(f, wanted): (&Arc<arrow_schema::Field>, &bool)| match wanted {
        false => Some(Arc::clone(&nothing)),
        true => columns
            .column_by_name(f.name())
            .filter(|a| a.data_type() == f.data_type() && (f.is_nullable() || a.null_count() == 0))
            .cloned(),
    };
    let arrays: Option<Vec<_>> = schema.fields().iter().zip(wanted).map(found).collect();
    arrays.ok_or_else(|| {
        let shown = |s: &SchemaRef| {
            let fields: Vec<String> =
                s.fields().iter().map(|f| format!("{} {}", f.name(), crate::types::field_type_name(f))).collect();
            fields.join(", ")
        };
        EncodeError::SchemaMismatch { expected: shown(schema), found: shown(&columns.schema()) }.into()
    })
}
