//! A file's columns → those of the frozen schema: matched by name, cast where nothing is lost.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use arrow_array::{Array, ArrayRef, RecordBatch, RecordBatchOptions, StructArray, cast::AsArray, new_null_array};
use arrow_cast::{CastOptions, cast_with_options};
use arrow_schema::{DataType, Field, Fields, Schema, SchemaRef, TimeUnit};
use laminar_schema::{
    DefaultFiller, Scan, SchemaResult, evolution,
    field::{RESCUE_COLUMN, is_json, payload_key},
    types::{field_type_name, type_name},
};

use super::{
    ParquetOptions,
    error::ParquetReadError,
    rescue::{Keeps, Loss, Rescuer},
};
use crate::policy::TypeMismatch;

/// Where each wanted column comes from.
#[derive(Debug)]
pub(super) struct Projection {
    /// Schema of what is yielded: the wanted columns.
    pub(super) schema: SchemaRef,
    /// Roots of the file that are read, growing.
    pub(super) roots: Vec<usize>,
    columns: Vec<Origin>,
    defaults: DefaultFiller,
    rescuer: Rescuer,
    /// Values that do not fit are null.
    is_lenient: bool,
}

#[derive(Debug)]
enum Origin {
    /// The column at this place among those that are read.
    Read(usize),
    /// The file has no such column: DEFAULT, or null.
    Missing,
    /// What no other column takes.
    Rescued,
}

impl Projection {
    /// All that the file has, as it has it.
    ///
    /// # Errors
    /// Two columns of one name.
    pub(super) fn of_file(file: &SchemaRef) -> SchemaResult<Self> {
        check_names(file)?;
        let roots: Vec<usize> = (0..file.fields().len()).collect();
        let columns = roots.iter().map(|at| Origin::Read(*at)).collect();
        Ok(Self {
            schema: Arc::clone(file),
            roots,
            columns,
            defaults: DefaultFiller::default(),
            rescuer: Rescuer::default(),
            is_lenient: false,
        })
    }

    /// The columns of `scan` out of a file with the columns of `file`.
    ///
    /// # Errors
    /// A column of a type that does not turn into the frozen one without loss; a NOT NULL column that is not there; two
    /// columns of a wanted name.
    pub(super) fn new(file: &Schema, scan: &Scan, options: &ParquetOptions) -> SchemaResult<Self> {
        let keeps = Keeps::of(options, &scan.schema)?;
        let is_lenient = options.type_mismatch != TypeMismatch::Reject;
        let is_rescued = |field: &Field| (keeps.unknown || keeps.misfits) && field.name() == RESCUE_COLUMN;
        let wanted: Vec<Arc<Field>> = scan.columns.iter().map(|i| Arc::clone(&scan.schema.fields()[*i])).collect();
        let defaults = DefaultFiller::new(&Schema::new(wanted.clone()))?;
        // In the order of the file, which is the order in which it yields them.
        let mut roots = BTreeMap::new();
        let mut found = Vec::with_capacity(wanted.len());
        for (at, field) in wanted.iter().enumerate() {
            if is_rescued(field) {
                found.push(None);
                continue;
            }
            let Some((root, of_file)) = file.column_with_name(payload_key(field)) else {
                if !field.is_nullable() && !defaults.has_default(at) {
                    let reason = format!(
                        "the file has no such column, and it is {} NOT NULL; give it a DEFAULT or drop NOT NULL",
                        field_type_name(field)
                    );
                    return Err(ParquetReadError::of_column(field.name(), reason).into());
                }
                found.push(None);
                continue;
            };
            if file.fields()[root + 1..].iter().any(|other| other.name() == of_file.name()) {
                return Err(ambiguous(of_file.name()).into());
            }
            // Text is JSON where its writer says so: nobody reads it here to find out.
            let is_text_for_json = is_json(field) && !is_json(of_file) && *of_file.data_type() != DataType::Null;
            let is_unfit = !is_lossless(of_file.data_type(), field.data_type());
            if is_text_for_json || (is_unfit && !(is_lenient && field.is_nullable())) {
                let (has, wants) = (shown(of_file), shown(field));
                let reason = format!(
                    "the file has {has}, which does not turn into {wants} without loss; declare the column as {has}"
                );
                return Err(ParquetReadError::of_column(field.name(), reason).into());
            }
            roots.insert(root, ());
            found.push(Some(root));
        }
        let mut losses = Vec::new();
        if wanted.iter().any(|field| is_rescued(field)) {
            for (root, of_file) in file.fields().iter().enumerate() {
                let is_its = |field: &&Arc<Field>| !is_rescued(field) && payload_key(field) == of_file.name();
                let column = scan.schema.fields().iter().find(is_its);
                // Values of a column that nobody looks at are not missed.
                let is_read = column.is_none_or(|column| wanted.contains(column));
                if let Some(loss) = Loss::of(of_file, column.map(|c| c.as_ref()), keeps).filter(|_| is_read) {
                    roots.insert(root, ());
                    losses.push((root, of_file.name().clone(), loss));
                }
            }
        }
        let roots: Vec<usize> = roots.into_keys().collect();
        for (root, ..) in &mut losses {
            // Each was put among them above.
            *root = roots.binary_search(root).unwrap_or(0);
        }
        let place = |root: Option<usize>| match root.and_then(|root| roots.binary_search(&root).ok()) {
            Some(at) => Origin::Read(at),
            None => Origin::Missing,
        };
        let origin = |(root, field): (Option<usize>, &Arc<Field>)| match is_rescued(field) {
            true => Origin::Rescued,
            false => place(root),
        };
        let columns = found.into_iter().zip(&wanted).map(origin).collect();
        let rescuer = Rescuer::of(losses);
        Ok(Self { schema: Arc::new(Schema::new(wanted)), roots, columns, defaults, rescuer, is_lenient })
    }

    /// The frozen schema's columns of a batch of the columns that are read.
    pub(super) fn project(&mut self, batch: &RecordBatch) -> SchemaResult<RecordBatch> {
        let num_rows = batch.num_rows();
        let mut arrays: Vec<ArrayRef> = Vec::with_capacity(self.columns.len());
        let mut rescued = None;
        for (at, (origin, field)) in self.columns.iter().zip(self.schema.fields()).enumerate() {
            let array = match origin {
                Origin::Rescued => {
                    rescued = Some(at);
                    new_null_array(field.data_type(), num_rows)
                }
                Origin::Missing => {
                    let rows: Vec<u32> = (0..num_rows as u32).collect();
                    self.defaults.fill(at, new_null_array(field.data_type(), num_rows), &rows)?
                }
                Origin::Read(place) => {
                    let array = batch.column(*place);
                    converted(array, field.data_type(), self.is_lenient)
                        .map_err(|e| ParquetReadError::of_column(field.name(), e.to_string()))?
                }
            };
            if !field.is_nullable() && array.null_count() > 0 {
                let reason = format!(
                    "expected {} (NOT NULL), found null; drop NOT NULL to keep such rows",
                    field_type_name(field)
                );
                return Err(ParquetReadError::of_column(field.name(), reason).into());
            }
            arrays.push(array);
        }
        if let Some(at) = rescued {
            let columns = &self.columns;
            let become_of = |place: usize| {
                columns.iter().position(|c| matches!(c, Origin::Read(read) if *read == place)).map(|at| &arrays[at])
            };
            arrays[at] = Arc::new(self.rescuer.column(batch, become_of)?);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(num_rows));
        Ok(RecordBatch::try_new_with_options(Arc::clone(&self.schema), arrays, &options)?)
    }
}

/// # Errors
/// Two columns of one name, which no schema can tell apart.
pub(super) fn check_names(file: &Schema) -> Result<(), ParquetReadError> {
    let mut names = HashSet::with_capacity(file.fields().len());
    match file.fields().iter().find(|field| !names.insert(field.name())) {
        Some(second) => Err(ambiguous(second.name())),
        None => Ok(()),
    }
}

#[cold]
fn ambiguous(column: &str) -> ParquetReadError {
    ParquetReadError::of_column(column, "two columns have this name; declare others of the file's columns, without `*`")
}

/// Whether every value of a file's type is exactly a value of the schema's, and Arrow's cast makes it that.
pub(super) fn is_lossless(from: &DataType, to: &DataType) -> bool {
    use DataType::{
        Binary, BinaryView, Date32, Date64, Decimal128, Decimal256, Dictionary, Duration, FixedSizeBinary, Float16,
        Float32, Float64, Int8, Int16, Int32, Int64, LargeBinary, LargeList, LargeUtf8, List, Map, Null, Struct,
        Time32, Time64, Timestamp, UInt8, UInt16, UInt32, UInt64, Utf8, Utf8View,
    };
    let is_finer = |from: &TimeUnit, to: &TimeUnit| from <= to;
    match (from, to) {
        _ if from == to => true,
        (Null, _) => true,
        (Int8, Int16 | Int32 | Int64 | Float32 | Float64)
        | (Int16, Int32 | Int64 | Float32 | Float64)
        | (Int32, Int64 | Float64)
        | (UInt8, Int16 | Int32 | Int64 | UInt16 | UInt32 | UInt64 | Float32 | Float64)
        | (UInt16, Int32 | Int64 | UInt32 | UInt64 | Float32 | Float64)
        | (UInt32, Int64 | UInt64 | Float64)
        | (Float16, Float32 | Float64)
        | (Float32, Float64) => true,
        (Int8 | Int16 | Int32 | Int64 | UInt8 | UInt16 | UInt32 | UInt64, Decimal128(p, s)) => {
            let digits = match from {
                Int8 | UInt8 => 3,
                Int16 | UInt16 => 5,
                Int32 | UInt32 => 10,
                Int64 => 19,
                _ => 20,
            };
            *s >= 0 && i16::from(*p) - i16::from(*s) >= digits
        }
        (Decimal128(p, s), Decimal128(to_p, to_s) | Decimal256(to_p, to_s))
        | (Decimal256(p, s), Decimal256(to_p, to_s)) => {
            to_s >= s && i16::from(*to_p) - i16::from(*to_s) >= i16::from(*p) - i16::from(*s)
        }
        (Utf8 | LargeUtf8 | Utf8View, Utf8 | LargeUtf8 | Utf8View) => true,
        // Bytes of text are bytes.
        (Utf8 | LargeUtf8 | Utf8View | Binary | LargeBinary | BinaryView, Binary | LargeBinary | BinaryView) => true,
        (FixedSizeBinary(_), Binary | LargeBinary) => true,
        (Date32, Date64) => true,
        (Date32, Timestamp(TimeUnit::Second | TimeUnit::Millisecond | TimeUnit::Microsecond, None)) => true,
        (Time32(from), Time32(to) | Time64(to)) | (Time64(from), Time64(to)) | (Duration(from), Duration(to)) => {
            is_finer(from, to)
        }
        // The instant is the same in every zone. A time without one is none, and does not become one.
        (Timestamp(from, from_zone), Timestamp(to, to_zone)) => {
            is_finer(from, to) && from_zone.is_some() == to_zone.is_some()
        }
        (Dictionary(_, value), _) => is_lossless(value, to),
        (List(from) | LargeList(from), List(to) | LargeList(to)) => is_lossless(from.data_type(), to.data_type()),
        (Map(from, _), Map(to, _)) => match (from.data_type(), to.data_type()) {
            (Struct(from), Struct(to)) if from.len() == 2 && to.len() == 2 => {
                from.iter().zip(to).all(|(from, to)| is_lossless(from.data_type(), to.data_type()))
            }
            _ => false,
        },
        (Struct(from), Struct(to)) => to.iter().all(|to| match from.find(payload_key(to)) {
            Some((_, from)) => is_lossless(from.data_type(), to.data_type()),
            None => to.is_nullable(),
        }),
        _ => false,
    }
}

/// The values in the schema's type; with `is_lenient`, those that do not fit are null. What is of it already is not copied.
fn converted(array: &ArrayRef, to: &DataType, is_lenient: bool) -> Result<ArrayRef, arrow_schema::ArrowError> {
    if array.data_type() == to {
        return Ok(Arc::clone(array));
    }
    match (array.data_type(), to) {
        (DataType::Struct(from), DataType::Struct(to)) => members(array.as_struct(), from, to, is_lenient),
        (DataType::List(_), DataType::List(to)) => {
            let (_, offsets, values, nulls) = array.as_list::<i32>().clone().into_parts();
            let values = converted(&values, to.data_type(), is_lenient)?;
            Ok(Arc::new(arrow_array::ListArray::try_new(Arc::clone(to), offsets, values, nulls)?))
        }
        (DataType::LargeList(_), DataType::LargeList(to)) => {
            let (_, offsets, values, nulls) = array.as_list::<i64>().clone().into_parts();
            let values = converted(&values, to.data_type(), is_lenient)?;
            Ok(Arc::new(arrow_array::LargeListArray::try_new(Arc::clone(to), offsets, values, nulls)?))
        }
        (DataType::Map(_, _), DataType::Map(to, sorted)) => {
            let (_, offsets, entries, nulls, _) = array.as_map().clone().into_parts();
            let DataType::Struct(fields) = to.data_type() else { return cast(array, array.data_type()) };
            let columns =
                entries.columns().iter().zip(fields).map(|(column, to)| converted(column, to.data_type(), is_lenient));
            let entries = StructArray::try_new(fields.clone(), columns.collect::<Result<_, _>>()?, None)?;
            Ok(Arc::new(arrow_array::MapArray::try_new(Arc::clone(to), offsets, entries, nulls, *sorted)?))
        }
        (from, _) if is_lenient && !is_lossless(from, to) => evolution::fitting(array, to),
        _ => cast(array, to),
    }
}

/// The members of a struct by name; those that the file lacks are null.
fn members(
    array: &StructArray,
    from: &Fields,
    to: &Fields,
    is_lenient: bool,
) -> Result<ArrayRef, arrow_schema::ArrowError> {
    let columns = to.iter().map(|to| match from.find(payload_key(to)) {
        Some((index, _)) => converted(array.column(index), to.data_type(), is_lenient),
        None => Ok(new_null_array(to.data_type(), array.len())),
    });
    let columns = columns.collect::<Result<Vec<_>, _>>()?;
    Ok(Arc::new(StructArray::try_new_with_length(to.clone(), columns, array.nulls().cloned(), array.len())?))
}

fn cast(array: &ArrayRef, to: &DataType) -> Result<ArrayRef, arrow_schema::ArrowError> {
    cast_with_options(array, to, &CastOptions { safe: false, ..CastOptions::default() })
}

/// The type's name; Arrow's own where SQL has one name for both.
fn shown(field: &Field) -> String {
    match field.data_type() {
        DataType::Timestamp(unit, zone) => {
            let unit = match unit {
                TimeUnit::Second => "seconds",
                TimeUnit::Millisecond => "milliseconds",
                TimeUnit::Microsecond => "microseconds",
                TimeUnit::Nanosecond => "nanoseconds",
            };
            let name = type_name(&DataType::Timestamp(TimeUnit::Microsecond, zone.clone()));
            format!("{name} in {unit}")
        }
        _ => field_type_name(field),
    }
}

/// Casts statistics of a file to the type of the schema, as the values will be.
pub(super) fn cast_bounds(bounds: &ArrayRef, to: &DataType) -> Option<ArrayRef> {
    if !is_lossless(bounds.data_type(), to) || bounds.data_type().is_nested() {
        return None;
    }
    converted(bounds, to, false).ok()
}
