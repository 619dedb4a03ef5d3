//! Columns → a map per row.

use std::{convert::Infallible, io::Write as _, sync::Arc};

use arrow_array::{
    Array, ArrayRef, BinaryArray, BooleanArray, Float32Array, Float64Array, Int32Array, Int64Array, ListArray,
    RecordBatch, StringArray, StructArray, TimestampMicrosecondArray, UInt64Array, cast::AsArray,
    temporal_conversions::timestamp_us_to_datetime,
};
use arrow_schema::{DataType, Field, Fields, SchemaRef, TimeUnit};
use laminar_schema::{
    EncodeError, EncodeSpec, EncodedBatch, EncoderSet, FormatEncoder, FormatInfo, Found, SchemaError, SchemaResult,
    field::{is_json, payload_key},
};
use minicbor::{Encoder, encode::Error};

use crate::{CborFraming, CborOptions, NAME, info};

/// Encodes each row as one map, whose nulls are written, and whose timestamps are texts of tag 0.
///
/// Cost: O(bytes). Allocates per batch and column, never per row once warm.
#[derive(Debug)]
pub struct CborEncoder {
    schema: SchemaRef,
    options: CborOptions,
    text: Vec<u8>,
}

impl CborEncoder {
    /// An encoder for batches of `schema`.
    ///
    /// # Errors
    /// [`EncodeError::UnsupportedType`], by the column's path.
    pub fn new(schema: SchemaRef, options: CborOptions) -> SchemaResult<Self> {
        check(schema.fields())?;
        Ok(Self { schema, options, text: Vec::new() })
    }
}

fn check(fields: &Fields) -> SchemaResult<()> {
    fields.iter().try_for_each(|field| check_type(field).map_err(|e| e.in_field(field.name())))
}

fn check_type(field: &Field) -> SchemaResult<()> {
    match field.data_type() {
        DataType::Boolean | DataType::Int32 | DataType::Int64 | DataType::UInt64 => Ok(()),
        DataType::Float32 | DataType::Float64 | DataType::Binary => Ok(()),
        DataType::Timestamp(TimeUnit::Microsecond, _) => Ok(()),
        DataType::Utf8 if !is_json(field) => Ok(()),
        DataType::List(item) => check_type(item).map_err(|e| e.in_field("[]")),
        DataType::Struct(fields) => check(fields),
        other => Err(EncodeError::UnsupportedType {
            format: NAME,
            data_type: other.clone(),
            help: "select BOOLEAN, INTEGER, BIGINT, UBIGINT, FLOAT, DOUBLE, VARCHAR, BLOB, TIMESTAMP, lists and structs of them",
        }
        .into()),
    }
}

/// A column of a batch, found once.
enum Column<'a> {
    Boolean(&'a BooleanArray),
    Int32(&'a Int32Array),
    Int64(&'a Int64Array),
    UInt64(&'a UInt64Array),
    Float32(&'a Float32Array),
    Float64(&'a Float64Array),
    Text(&'a StringArray),
    Bytes(&'a BinaryArray),
    Instant(&'a TimestampMicrosecondArray),
    List(&'a ListArray, Box<Column<'a>>),
    Struct(&'a StructArray, Vec<(&'a str, Column<'a>)>),
}

impl<'a> Column<'a> {
    /// `None` where the array is not of the field's type.
    fn new(field: &Field, array: &'a ArrayRef) -> Option<Self> {
        Some(match field.data_type() {
            DataType::Boolean => Self::Boolean(array.as_boolean_opt()?),
            DataType::Int32 => Self::Int32(array.as_primitive_opt()?),
            DataType::Int64 => Self::Int64(array.as_primitive_opt()?),
            DataType::UInt64 => Self::UInt64(array.as_primitive_opt()?),
            DataType::Float32 => Self::Float32(array.as_primitive_opt()?),
            DataType::Float64 => Self::Float64(array.as_primitive_opt()?),
            DataType::Utf8 => Self::Text(array.as_string_opt()?),
            DataType::Binary => Self::Bytes(array.as_binary_opt()?),
            DataType::Timestamp(..) => Self::Instant(array.as_primitive_opt()?),
            DataType::List(item) => {
                let list: &ListArray = array.as_list_opt()?;
                Self::List(list, Box::new(Self::new(item, list.values())?))
            }
            DataType::Struct(_) => {
                let rows = array.as_struct_opt()?;
                Self::Struct(rows, Self::all(rows.fields(), rows.columns())?)
            }
            _ => return None,
        })
    }

    fn all(fields: &'a Fields, arrays: &'a [ArrayRef]) -> Option<Vec<(&'a str, Self)>> {
        fields.iter().zip(arrays).map(|(field, array)| Some((payload_key(field), Self::new(field, array)?))).collect()
    }

    fn is_null(&self, row: usize) -> bool {
        match self {
            Self::Boolean(a) => a.is_null(row),
            Self::Int32(a) => a.is_null(row),
            Self::Int64(a) => a.is_null(row),
            Self::UInt64(a) => a.is_null(row),
            Self::Float32(a) => a.is_null(row),
            Self::Float64(a) => a.is_null(row),
            Self::Text(a) => a.is_null(row),
            Self::Bytes(a) => a.is_null(row),
            Self::Instant(a) => a.is_null(row),
            Self::List(a, _) => a.is_null(row),
            Self::Struct(a, _) => a.is_null(row),
        }
    }
}

/// Writes one record.
struct Writer<'o> {
    out: Encoder<&'o mut Vec<u8>>,
    text: &'o mut Vec<u8>,
}

impl Writer<'_> {
    fn value(&mut self, column: &Column<'_>, row: usize) -> SchemaResult<()> {
        if column.is_null(row) {
            return written(self.out.null());
        }
        match column {
            Column::Boolean(a) => written(self.out.bool(a.value(row))),
            Column::Int32(a) => written(self.out.i32(a.value(row))),
            Column::Int64(a) => written(self.out.i64(a.value(row))),
            Column::UInt64(a) => written(self.out.u64(a.value(row))),
            Column::Float32(a) => written(self.out.f32(a.value(row))),
            Column::Float64(a) => written(self.out.f64(a.value(row))),
            Column::Text(a) => written(self.out.str(a.value(row))),
            Column::Bytes(a) => written(self.out.bytes(a.value(row))),
            Column::Instant(a) => self.instant(a.value(row)),
            Column::List(a, items) => {
                let mut range = a.value_offsets()[row] as usize..a.value_offsets()[row + 1] as usize;
                written(self.out.array(range.len() as u64))?;
                range.try_for_each(|item| self.value(items, item))
            }
            Column::Struct(_, members) => self.object(members, row),
        }
    }

    fn object(&mut self, members: &[(&str, Column<'_>)], row: usize) -> SchemaResult<()> {
        written(self.out.map(members.len() as u64))?;
        for (key, column) in members {
            written(self.out.str(key))?;
            self.value(column, row).map_err(|e| e.in_field(key))?;
        }
        Ok(())
    }

    fn instant(&mut self, micros: i64) -> SchemaResult<()> {
        let Some(time) = timestamp_us_to_datetime(micros) else {
            let found = Found::new("microseconds", &micros.to_string());
            return Err(
                EncodeError::Unrepresentable { format: NAME, found, help: "it is no day of the calendar" }.into()
            );
        };
        self.text.clear();
        // Writing to a vector cannot fail, and what was written is ASCII.
        let _ = write!(self.text, "{}", time.format("%Y-%m-%dT%H:%M:%S%.fZ"));
        written(self.out.tag(minicbor::data::Tag::new(0)).map(|_| ()))?;
        written(self.out.str(&String::from_utf8_lossy(self.text)))
    }
}

/// What is written to a vector is written.
fn written<T>(result: Result<T, Error<Infallible>>) -> SchemaResult<()> {
    result.map(drop).map_err(|_| {
        SchemaError::from(EncodeError::Unrepresentable { format: NAME, found: Found::kind("value"), help: "" })
    })
}

impl FormatEncoder for CborEncoder {
    fn input_schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn encode(&mut self, batch: &RecordBatch, out: &mut EncodedBatch) -> SchemaResult<()> {
        let schema = Arc::clone(&self.schema);
        let columns = (batch.num_columns() == schema.fields().len())
            .then(|| Column::all(schema.fields(), batch.columns()))
            .flatten()
            .ok_or_else(|| EncodeError::SchemaMismatch {
                expected: format!("{:?}", schema.fields()),
                found: format!("{:?}", batch.schema().fields()),
            })?;
        out.set_length_delimited(self.options.framing == CborFraming::Delimited);
        let (bytes, ends) = out.parts_mut();
        for row in 0..batch.num_rows() {
            Writer { out: Encoder::new(&mut *bytes), text: &mut self.text }.object(&columns, row)?;
            ends.push(bytes.len());
        }
        Ok(())
    }

    fn delimiter(&self) -> &'static [u8] {
        b""
    }

    fn is_stateless(&self) -> bool {
        true
    }

    fn format_name(&self) -> &'static str {
        NAME
    }
}

impl EncoderSet for CborEncoder {
    const FORMATS: &'static [&'static str] = &[NAME];

    fn build(spec: &EncodeSpec) -> SchemaResult<Option<Self>> {
        if spec.format.name != NAME {
            return Ok(None);
        }
        Self::new(Arc::clone(&spec.schema), CborOptions::read(&spec.format.options)?).map(Some)
    }

    fn format_info(format: &str) -> Option<FormatInfo> {
        (format == NAME).then(info)
    }
}
