//! Columns of output rows, gathered from images.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions, new_null_array};
use arrow_cast::{CastOptions, cast_with_options};
use arrow_schema::{DataType, SchemaRef, TimeUnit};
use arrow_select::{filter::filter_record_batch, interleave::interleave};
use laminar_schema::{DecodeError, SchemaError, SchemaResult};

use super::{
    changes::{Image, NOWHERE, Pick, change_column},
    layout::Role,
};

/// What output columns are gathered from.
#[derive(Debug)]
pub(super) struct Sources<'a> {
    /// Images of each place: before and after, column by column.
    pub(super) images: Vec<[&'a [ArrayRef]; 2]>,
    /// Key columns, for each place of the key.
    pub(super) keys: &'a [Vec<ArrayRef>],
    /// Place and row of each key.
    pub(super) found_keys: &'a [(u8, u32)],
    /// Fields beside the row, for each place.
    pub(super) beside: Vec<&'a [ArrayRef]>,
    /// Times since the epoch, for each place, and their unit.
    pub(super) times: Vec<&'a ArrayRef>,
    pub(super) time_unit: TimeUnit,
    /// The inner batch itself.
    pub(super) whole: &'a [ArrayRef],
}

/// Gathers rows; keeps what it needs for that from batch to batch.
#[derive(Debug, Default)]
pub(super) struct Gatherer {
    /// Where each row of a column comes from: a source and a row in it.
    from: Vec<(usize, usize)>,
}

impl Gatherer {
    /// The rows that `picks` say.
    ///
    /// # Errors
    /// Arrow's, when columns are not of the schema's types.
    pub(super) fn gather(
        &mut self,
        schema: &SchemaRef,
        roles: &[Role],
        picks: &[Pick],
        sources: &Sources<'_>,
    ) -> SchemaResult<Vec<ArrayRef>> {
        roles
            .iter()
            .zip(schema.fields())
            .map(|(role, field)| {
                let data_type = field.data_type();
                match *role {
                    Role::Change => Ok(change_column(picks)),
                    Role::Row { column, key } => self.row_column(picks, sources, column, key, data_type),
                    Role::Key(key) => self.key_column(picks, sources, key, data_type),
                    Role::Beside(index) => {
                        let places: Vec<&ArrayRef> = sources.beside.iter().map(|b| &b[index]).collect();
                        self.by_place(picks, &places, data_type)
                    }
                    Role::Time => {
                        let times = self.by_place(picks, &sources.times, &DataType::Int64)?;
                        timestamps(&times, sources.time_unit)
                    }
                    Role::Whole(index) => self.by_place(picks, &[&sources.whole[index]], data_type),
                }
            })
            .collect()
    }

    /// A column of the row. Sources: for each place before and after, for each place of the key the key, and null.
    fn row_column(
        &mut self,
        picks: &[Pick],
        sources: &Sources<'_>,
        column: usize,
        key: Option<usize>,
        data_type: &DataType,
    ) -> SchemaResult<ArrayRef> {
        let mut arrays: Vec<&ArrayRef> = sources.images.iter().flatten().map(|image| &image[column]).collect();
        let keys = arrays.len();
        arrays.extend(key.into_iter().flat_map(|key| sources.keys.iter().map(move |place| &place[key])));
        let null = (arrays.len(), 0);
        let of_pick = |pick: &Pick| match (key, pick.image) {
            // The message key counts wherever it was asked for.
            (Some(_), _) if pick.key != NOWHERE => {
                let (place, row) = sources.found_keys[pick.key as usize];
                (keys + usize::from(place), row as usize)
            }
            (_, Image::Key) => null,
            (_, Image::Before) => (2 * usize::from(pick.place), pick.row as usize),
            (_, Image::After) => (2 * usize::from(pick.place) + 1, pick.row as usize),
        };
        self.from.clear();
        self.from.extend(picks.iter().map(of_pick));
        self.interleave(&arrays, data_type)
    }

    /// A column of the message key alone.
    fn key_column(
        &mut self,
        picks: &[Pick],
        sources: &Sources<'_>,
        key: usize,
        data_type: &DataType,
    ) -> SchemaResult<ArrayRef> {
        let arrays: Vec<&ArrayRef> = sources.keys.iter().map(|place| &place[key]).collect();
        let null = (arrays.len(), 0);
        self.from.clear();
        self.from.extend(picks.iter().map(|pick| match pick.key {
            NOWHERE => null,
            key => (usize::from(sources.found_keys[key as usize].0), sources.found_keys[key as usize].1 as usize),
        }));
        self.interleave(&arrays, data_type)
    }

    /// A column that each place has one of.
    fn by_place(&mut self, picks: &[Pick], places: &[&ArrayRef], data_type: &DataType) -> SchemaResult<ArrayRef> {
        let null = (places.len(), 0);
        self.from.clear();
        self.from.extend(picks.iter().map(|pick| match pick.row {
            NOWHERE => null,
            // What is there once for the whole record has one source.
            row => (usize::from(pick.place).min(places.len() - 1), row as usize),
        }));
        self.interleave(places, data_type)
    }

    fn interleave(&self, arrays: &[&ArrayRef], data_type: &DataType) -> SchemaResult<ArrayRef> {
        // Inserts and snapshots alone: the image is the column.
        if let Some((source, 0)) = self.from.first().copied()
            && let Some(array) = arrays.get(source)
            && array.len() == self.from.len()
            && self.from.iter().enumerate().all(|(row, from)| *from == (source, row))
        {
            return Ok(Arc::clone(array));
        }
        let null = new_null_array(data_type, 1);
        let all: Vec<&dyn Array> = arrays.iter().map(|a| a.as_ref()).chain([null.as_ref()]).collect();
        Ok(interleave(&all, &self.from)?)
    }
}

/// Times since the epoch → TIMESTAMPTZ. Null where the type cannot hold it.
fn timestamps(times: &ArrayRef, unit: TimeUnit) -> SchemaResult<ArrayRef> {
    let utc = |unit| DataType::Timestamp(unit, Some("UTC".into()));
    let options = CastOptions { safe: true, ..CastOptions::default() };
    let times = cast_with_options(times, &utc(unit), &options)?;
    Ok(cast_with_options(&times, &utc(TimeUnit::Microsecond), &options)?)
}

/// Rows of columns whose NOT NULL holds, and the records that break it with the reason, in order.
///
/// # Errors
/// Arrow's, when columns do not fit the schema.
pub(super) fn enforce_not_null(
    schema: &SchemaRef,
    mut columns: Vec<ArrayRef>,
    picks: &mut Vec<Pick>,
) -> SchemaResult<(RecordBatch, Vec<(u32, SchemaError)>)> {
    let mut broken: Vec<(u32, SchemaError)> = Vec::new();
    for (field, column) in schema.fields().iter().zip(&columns) {
        if field.is_nullable() || column.null_count() == 0 {
            continue;
        }
        for pick in picks.iter().enumerate().filter(|(row, _)| column.is_null(*row)).map(|(_, pick)| pick) {
            let error = DecodeError::NullField { expected: field.data_type().clone() };
            broken.push((pick.record, SchemaError::new(error).in_field(field.name())));
        }
    }
    let options = RecordBatchOptions::new().with_row_count(Some(picks.len()));
    if !broken.is_empty() {
        // The first column that breaks it says why; sorting is stable.
        broken.sort_by_key(|(record, _)| *record);
        broken.dedup_by_key(|(record, _)| *record);
        let is_broken = |pick: &Pick| broken.binary_search_by_key(&pick.record, |(record, _)| *record).is_ok();
        let keep: BooleanArray = picks.iter().map(|pick| Some(!is_broken(pick))).collect();
        let fields: Vec<_> = schema.fields().iter().map(|f| f.as_ref().clone().with_nullable(true)).collect();
        let loose = Arc::new(arrow_schema::Schema::new(fields));
        let rows = filter_record_batch(&RecordBatch::try_new_with_options(loose, columns, &options)?, &keep)?;
        picks.retain(|pick| !is_broken(pick));
        columns = rows.columns().to_vec();
    }
    let options = RecordBatchOptions::new().with_row_count(Some(picks.len()));
    Ok((RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)?, broken))
}
