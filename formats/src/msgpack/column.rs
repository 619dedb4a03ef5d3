//! One column of a batch, downcast once, and its values as MessagePack.

use std::ops::Range;

use arrow_array::{
    Array, ArrayRef, BinaryViewArray, BooleanArray, FixedSizeBinaryArray, StringArray, StringViewArray, cast::AsArray,
    types::*,
};
use arrow_buffer::NullBuffer;
use arrow_schema::{DataType, Field, FieldRef, Fields, TimeUnit};
use half::f16;
use laminar_schema::{EncodeError, Found, SchemaError, SchemaResult, field};

use super::{
    instant::Instant,
    options::{Decimals, MsgPackOptions, Timestamps, Uuids},
    transcode::{Transcoder, push_number},
    write::{push_array, push_bin, push_bool, push_f32, push_f64, push_i64, push_map, push_nil, push_str, push_u64},
};
use crate::{cell::Cells, column::BinaryEncoding};

/// What of a record the schema alone decides: the field's key, and what is inside it.
#[derive(Debug)]
pub(super) struct Plan {
    name: String,
    /// The name as it is written; nothing for items and map entries.
    key: Vec<u8>,
    children: Vec<Plan>,
}

impl Plan {
    /// The plans of fields.
    ///
    /// # Errors
    /// [`EncodeError::UnsupportedType`] for a type that cannot be written, with the field's path.
    pub(super) fn all(fields: &Fields) -> SchemaResult<Vec<Self>> {
        fields.iter().map(|f| Self::new(f, true)).collect()
    }

    fn new(f: &Field, is_named: bool) -> SchemaResult<Self> {
        let mut key = Vec::new();
        if is_named && !push_str(&mut key, f.name().as_bytes()) {
            return Err(unsupported(f.data_type()).in_field(f.name()));
        }
        let children = Self::inside(f).map_err(|e| e.in_field(f.name()))?;
        Ok(Self { name: f.name().clone(), key, children })
    }

    fn inside(f: &Field) -> SchemaResult<Vec<Self>> {
        match f.data_type() {
            DataType::Struct(fields) => Self::all(fields),
            DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
                Ok(vec![Self::new(item, false)?])
            }
            DataType::Map(entries, _) => match entries.data_type() {
                DataType::Struct(pair) if pair.len() == 2 && Cells::carry(&pair[0]) => {
                    pair.iter().map(|f| Self::new(f, false)).collect()
                }
                _ => Err(unsupported(f.data_type())),
            },
            _ if Cells::carry(f) => Ok(Vec::new()),
            other => Err(unsupported(other)),
        }
    }
}

#[cold]
fn unsupported(data_type: &DataType) -> SchemaError {
    let help = "cast it to a plain list, a struct or text";
    EncodeError::UnsupportedType { format: super::NAME, data_type: data_type.clone(), help }.into()
}

/// One column of a batch, and the key before its values.
#[derive(Debug)]
pub(super) struct Column<'a> {
    plan: &'a Plan,
    /// Nothing where no row is null.
    nulls: Option<NullBuffer>,
    values: Values<'a>,
}

#[derive(Debug)]
enum Values<'a> {
    Null,
    Boolean(&'a BooleanArray),
    Int8(&'a [i8]),
    Int16(&'a [i16]),
    Int32(&'a [i32]),
    Int64(&'a [i64]),
    UInt8(&'a [u8]),
    UInt16(&'a [u16]),
    UInt32(&'a [u32]),
    UInt64(&'a [u64]),
    Float16(&'a [f16]),
    Float32(&'a [f32]),
    Float64(&'a [f64]),
    Utf8(&'a [i32], &'a [u8]),
    LargeUtf8(&'a [i64], &'a [u8]),
    Utf8View(&'a StringViewArray),
    Binary(&'a [i32], &'a [u8]),
    LargeBinary(&'a [i64], &'a [u8]),
    BinaryView(&'a BinaryViewArray),
    FixedBinary(&'a FixedSizeBinaryArray),
    /// Instants, as the timestamp extension.
    Instant(&'a [i64], TimeUnit),
    /// What MessagePack has no type for, as text.
    Text(Cells<'a>),
    /// Decimals as floats.
    Float(Cells<'a>),
    /// JSON text, as the values that it stands for.
    Json(&'a StringArray),
    List(Spans<'a>, Box<Column<'a>>),
    Struct(Vec<Column<'a>>),
    /// Entries of a row, their keys and their values.
    Map(&'a [i32], Box<[Column<'a>; 2]>),
    /// Each row's place among the values.
    Dictionary(Vec<usize>, Box<Values<'a>>),
}

/// Which items belong to a row of a list.
#[derive(Debug)]
enum Spans<'a> {
    Small(&'a [i32]),
    Large(&'a [i64]),
    Fixed(usize),
}

impl Spans<'_> {
    fn of(&self, row: usize) -> Range<usize> {
        match self {
            Self::Small(ends) => ends[row] as usize..ends[row + 1] as usize,
            Self::Large(ends) => ends[row] as usize..ends[row + 1] as usize,
            Self::Fixed(width) => row * width..(row + 1) * width,
        }
    }
}

impl<'a> Column<'a> {
    /// The columns of one level; `None` when an array is not of its field's type.
    pub(super) fn all(
        fields: &Fields,
        arrays: &'a [ArrayRef],
        plans: &'a [Plan],
        options: &MsgPackOptions,
    ) -> Option<Vec<Self>> {
        let columns = fields.iter().zip(arrays).zip(plans);
        columns.map(|((f, array), plan)| Self::new(f, array, plan, options)).collect()
    }

    fn new(f: &Field, array: &'a ArrayRef, plan: &'a Plan, options: &MsgPackOptions) -> Option<Self> {
        if f.data_type() != array.data_type() {
            return None;
        }
        Some(Self {
            plan,
            nulls: array.logical_nulls().filter(|nulls| nulls.null_count() > 0),
            values: Values::new(f, array, &plan.children, options)?,
        })
    }

    #[inline]
    fn is_null(&self, row: usize) -> bool {
        self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row))
    }
}

impl<'a> Values<'a> {
    fn new(f: &Field, array: &'a ArrayRef, plans: &'a [Plan], options: &MsgPackOptions) -> Option<Self> {
        Some(match f.data_type() {
            DataType::Null => Self::Null,
            DataType::Boolean => Self::Boolean(array.as_boolean()),
            DataType::Int8 => Self::Int8(array.as_primitive::<Int8Type>().values()),
            DataType::Int16 => Self::Int16(array.as_primitive::<Int16Type>().values()),
            DataType::Int32 => Self::Int32(array.as_primitive::<Int32Type>().values()),
            DataType::Int64 => Self::Int64(array.as_primitive::<Int64Type>().values()),
            DataType::UInt8 => Self::UInt8(array.as_primitive::<UInt8Type>().values()),
            DataType::UInt16 => Self::UInt16(array.as_primitive::<UInt16Type>().values()),
            DataType::UInt32 => Self::UInt32(array.as_primitive::<UInt32Type>().values()),
            DataType::UInt64 => Self::UInt64(array.as_primitive::<UInt64Type>().values()),
            DataType::Float16 => Self::Float16(array.as_primitive::<Float16Type>().values()),
            DataType::Float32 => Self::Float32(array.as_primitive::<Float32Type>().values()),
            DataType::Float64 => Self::Float64(array.as_primitive::<Float64Type>().values()),
            DataType::Utf8 if field::is_json(f) => Self::Json(array.as_string()),
            DataType::Utf8 => {
                Self::Utf8(array.as_string::<i32>().value_offsets(), array.as_string::<i32>().value_data())
            }
            DataType::LargeUtf8 => {
                Self::LargeUtf8(array.as_string::<i64>().value_offsets(), array.as_string::<i64>().value_data())
            }
            DataType::Utf8View => Self::Utf8View(array.as_string_view()),
            DataType::Binary => {
                Self::Binary(array.as_binary::<i32>().value_offsets(), array.as_binary::<i32>().value_data())
            }
            DataType::LargeBinary => {
                Self::LargeBinary(array.as_binary::<i64>().value_offsets(), array.as_binary::<i64>().value_data())
            }
            DataType::BinaryView => Self::BinaryView(array.as_binary_view()),
            DataType::FixedSizeBinary(_) if !field::is_uuid(f) || options.uuids == Uuids::Binary => {
                Self::FixedBinary(array.as_fixed_size_binary())
            }
            DataType::Timestamp(unit, zone) => match options.timestamps {
                Timestamps::Integer => Self::Int64(timestamps(array, *unit)),
                Timestamps::Ext if zone.is_some() => Self::Instant(timestamps(array, *unit), *unit),
                Timestamps::Ext | Timestamps::Text => return Self::text(f, array),
            },
            DataType::Dictionary(..) => {
                let dictionary = array.as_any_dictionary_opt()?;
                // Arrow refuses to look into a dictionary without values, where every row is null.
                let keys = if dictionary.values().is_empty() { Vec::new() } else { dictionary.normalized_keys() };
                let entry = Field::new("", dictionary.values().data_type().clone(), true);
                Self::Dictionary(keys, Box::new(Self::new(&entry, dictionary.values(), plans, options)?))
            }
            DataType::List(_)
            | DataType::LargeList(_)
            | DataType::FixedSizeList(..)
            | DataType::Struct(_)
            | DataType::Map(..) => return Self::nested(f, array, plans, options),
            _ if f.data_type().is_decimal() && options.decimals == Decimals::Float => {
                Self::Float(Cells::new(f, array, BinaryEncoding::Utf8)?)
            }
            _ => return Self::text(f, array),
        })
    }

    fn text(f: &Field, array: &'a ArrayRef) -> Option<Self> {
        Some(Self::Text(Cells::new(f, array, BinaryEncoding::Utf8)?))
    }

    fn nested(f: &Field, array: &'a ArrayRef, plans: &'a [Plan], options: &MsgPackOptions) -> Option<Self> {
        let items = |f: &FieldRef, array| Some(Box::new(Column::new(f, array, plans.first()?, options)?));
        Some(match f.data_type() {
            DataType::List(item) => {
                let list = array.as_list::<i32>();
                Self::List(Spans::Small(list.value_offsets()), items(item, list.values())?)
            }
            DataType::LargeList(item) => {
                let list = array.as_list::<i64>();
                Self::List(Spans::Large(list.value_offsets()), items(item, list.values())?)
            }
            DataType::FixedSizeList(item, width) => {
                let list = array.as_fixed_size_list();
                Self::List(Spans::Fixed(*width as usize), items(item, list.values())?)
            }
            DataType::Struct(fields) => Self::Struct(Column::all(fields, array.as_struct().columns(), plans, options)?),
            DataType::Map(entries, _) => {
                let (DataType::Struct(pair), [key, value]) = (entries.data_type(), plans) else { return None };
                let map = array.as_map();
                let key = Column::new(&pair[0], map.keys(), key, options)?;
                let value = Column::new(&pair[1], map.values(), value, options)?;
                Self::Map(map.value_offsets(), Box::new([key, value]))
            }
            _ => return None,
        })
    }
}

fn timestamps(array: &ArrayRef, unit: TimeUnit) -> &[i64] {
    match unit {
        TimeUnit::Second => array.as_primitive::<TimestampSecondType>().values(),
        TimeUnit::Millisecond => array.as_primitive::<TimestampMillisecondType>().values(),
        TimeUnit::Microsecond => array.as_primitive::<TimestampMicrosecondType>().values(),
        TimeUnit::Nanosecond => array.as_primitive::<TimestampNanosecondType>().values(),
    }
}

/// Where rows are written to, and how.
#[derive(Debug)]
pub(super) struct Writer<'o> {
    pub(super) out: &'o mut Vec<u8>,
    pub(super) explicit_nulls: bool,
    pub(super) decimals: Decimals,
    pub(super) transcoder: &'o mut Transcoder,
    /// The text of a decimal.
    pub(super) scratch: &'o mut Vec<u8>,
}

impl Writer<'_> {
    /// Appends one row: the root of everything that happens per record.
    #[inline(never)]
    pub(super) fn encode_record(&mut self, columns: &[Column<'_>], row: usize) -> SchemaResult<()> {
        self.fields(columns, row)
    }

    fn fields(&mut self, columns: &[Column<'_>], row: usize) -> SchemaResult<()> {
        let len = match self.explicit_nulls {
            true => columns.len(),
            false => columns.iter().filter(|c| !c.is_null(row)).count(),
        };
        if !push_map(self.out, len) {
            return Err(too_long());
        }
        for column in columns {
            let is_null = column.is_null(row);
            if is_null && !self.explicit_nulls {
                continue;
            }
            self.out.extend_from_slice(&column.plan.key);
            if is_null {
                push_nil(self.out);
            } else {
                self.value(&column.values, row).map_err(|e| in_field(e, column))?;
            }
        }
        Ok(())
    }

    fn item(&mut self, column: &Column<'_>, row: usize) -> SchemaResult<()> {
        if column.is_null(row) {
            push_nil(self.out);
            return Ok(());
        }
        self.value(&column.values, row)
    }

    fn value(&mut self, values: &Values<'_>, row: usize) -> SchemaResult<()> {
        let fits = match values {
            Values::Null => {
                push_nil(self.out);
                true
            }
            Values::Boolean(v) => {
                push_bool(self.out, v.value(row));
                true
            }
            Values::Int8(v) => self.integer(v[row].into()),
            Values::Int16(v) => self.integer(v[row].into()),
            Values::Int32(v) => self.integer(v[row].into()),
            Values::Int64(v) => self.integer(v[row]),
            Values::UInt8(v) => self.integer(v[row].into()),
            Values::UInt16(v) => self.integer(v[row].into()),
            Values::UInt32(v) => self.integer(v[row].into()),
            Values::UInt64(v) => {
                push_u64(self.out, v[row]);
                true
            }
            Values::Float16(v) => {
                push_f32(self.out, v[row].to_f32());
                true
            }
            Values::Float32(v) => {
                push_f32(self.out, v[row]);
                true
            }
            Values::Float64(v) => {
                push_f64(self.out, v[row]);
                true
            }
            Values::Utf8(ends, text) => push_str(self.out, &text[ends[row] as usize..ends[row + 1] as usize]),
            Values::LargeUtf8(ends, text) => push_str(self.out, &text[ends[row] as usize..ends[row + 1] as usize]),
            Values::Utf8View(texts) => push_str(self.out, texts.value(row).as_bytes()),
            Values::Binary(ends, data) => push_bin(self.out, &data[ends[row] as usize..ends[row + 1] as usize]),
            Values::LargeBinary(ends, data) => push_bin(self.out, &data[ends[row] as usize..ends[row + 1] as usize]),
            Values::BinaryView(data) => push_bin(self.out, data.value(row)),
            Values::FixedBinary(data) => push_bin(self.out, data.value(row)),
            Values::Instant(v, unit) => {
                Instant::of(v[row], *unit).write(self.out);
                true
            }
            Values::Text(cells) => return self.text(cells, row),
            Values::Float(cells) => return self.float(cells, row),
            Values::Json(texts) => return self.json(texts.value(row)),
            Values::List(spans, items) => return self.list(items, spans.of(row)),
            Values::Struct(columns) => return self.fields(columns, row),
            Values::Map(ends, pair) => return self.map(pair, ends[row] as usize..ends[row + 1] as usize),
            Values::Dictionary(keys, entries) => return self.value(entries, keys[row]),
        };
        if fits { Ok(()) } else { Err(too_long()) }
    }

    #[inline]
    fn integer(&mut self, v: i64) -> bool {
        push_i64(self.out, v);
        true
    }

    fn list(&mut self, items: &Column<'_>, rows: Range<usize>) -> SchemaResult<()> {
        if !push_array(self.out, rows.len()) {
            return Err(too_long());
        }
        let start = rows.start;
        for row in rows {
            self.item(items, row).map_err(|e| in_item(e, row - start))?;
        }
        Ok(())
    }

    fn map(&mut self, pair: &[Column<'_>; 2], rows: Range<usize>) -> SchemaResult<()> {
        if !push_map(self.out, rows.len()) {
            return Err(too_long());
        }
        let [keys, values] = pair;
        for row in rows {
            self.item(keys, row)?;
            self.item(values, row)?;
        }
        Ok(())
    }

    #[inline(never)]
    fn text(&mut self, cells: &Cells<'_>, row: usize) -> SchemaResult<()> {
        self.scratch.clear();
        cells.write(row, self.scratch);
        if !cells.is_within_a_day(row) {
            return Err(not_a_time(self.scratch));
        }
        if push_str(self.out, self.scratch) { Ok(()) } else { Err(too_long()) }
    }

    /// A decimal as the nearest float.
    fn float(&mut self, cells: &Cells<'_>, row: usize) -> SchemaResult<()> {
        self.scratch.clear();
        cells.write(row, self.scratch);
        // Digits, a sign and a point.
        let text = std::str::from_utf8(self.scratch).unwrap_or("");
        if push_number(self.out, text, Decimals::Float) { Ok(()) } else { Err(too_long()) }
    }

    fn json(&mut self, text: &str) -> SchemaResult<()> {
        if self.transcoder.push(self.out, text, self.decimals) { Ok(()) } else { Err(not_json(text)) }
    }
}

#[cold]
#[inline(never)]
fn in_field(error: SchemaError, column: &Column<'_>) -> SchemaError {
    error.in_field(&column.plan.name)
}

#[cold]
#[inline(never)]
fn in_item(error: SchemaError, index: usize) -> SchemaError {
    error.in_field(&format!("[{index}]"))
}

#[cold]
#[inline(never)]
fn too_long() -> SchemaError {
    unrepresentable("value", "of 4 GiB and more", "split it")
}

#[cold]
#[inline(never)]
fn not_a_time(text: &[u8]) -> SchemaError {
    unrepresentable("time", &String::from_utf8_lossy(text), "a TIME is from 00:00:00 on and before 24:00:00")
}

#[cold]
#[inline(never)]
fn not_json(text: &str) -> SchemaError {
    unrepresentable("text", text, "the column is declared JSON and the text is none; declare it VARCHAR")
}

#[cold]
fn unrepresentable(kind: &'static str, text: &str, help: &'static str) -> SchemaError {
    EncodeError::Unrepresentable { format: super::NAME, found: Found::new(kind, text), help }.into()
}
