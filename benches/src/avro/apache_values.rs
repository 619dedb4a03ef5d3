//! What one would write for any schema: apache-avro's value of each message, then Arrow's builders.

use std::sync::Arc;

use apache_avro::{Schema, from_avro_datum, types::Value};
use arrow_array::{
    ArrayRef, ListArray, MapArray, RecordBatch, StructArray,
    builder::{
        BinaryBuilder, BooleanBuilder, Date32Builder, Decimal128Builder, Float64Builder, Int32Builder, Int64Builder,
        StringBuilder, StringDictionaryBuilder, TimestampMicrosecondBuilder, TimestampMillisecondBuilder,
    },
    types::Int32Type,
};
use arrow_buffer::OffsetBuffer;
use arrow_schema::{DataType, Field, FieldRef, Fields, SchemaRef, TimeUnit};
use laminar_gates::avro::AvroCase;
use laminar_schema::FormatDecoder;

use super::{Messages, Peer};

pub struct ApacheValues {
    schema: Schema,
    columns: Vec<Builder>,
    arrow: SchemaRef,
}

impl ApacheValues {
    pub fn new(case: &AvroCase) -> Self {
        let arrow = case.decoder().output_schema();
        let schema = Schema::parse_str(&case.schema()).expect("a schema");
        Self { schema, columns: arrow.fields().iter().map(Builder::new).collect(), arrow }
    }
}

impl Peer for ApacheValues {
    fn name(&self) -> &str {
        "apache-avro"
    }

    fn decode(&mut self, batch: &Messages) -> RecordBatch {
        for record in 0..batch.raw.len() {
            let mut datum = &batch.raw.value(record)[5..];
            let value = from_avro_datum(&self.schema, &mut datum, None).expect("the messages are valid");
            let Value::Record(fields) = value else { unreachable!("the schemas are records") };
            self.columns.iter_mut().zip(&fields).for_each(|(column, (_, value))| column.push(value));
        }
        let columns = self.columns.iter_mut().map(Builder::finish).collect();
        RecordBatch::try_new(Arc::clone(&self.arrow), columns).expect("the columns are those of the schema")
    }
}

/// The builder of one column. The cases have no null lists, maps or structs.
enum Builder {
    Bool(BooleanBuilder),
    Int(Int32Builder),
    Long(Int64Builder),
    Double(Float64Builder),
    Text(StringBuilder),
    Bytes(BinaryBuilder),
    Date(Date32Builder),
    Millis(TimestampMillisecondBuilder),
    Micros(TimestampMicrosecondBuilder),
    Decimal(Decimal128Builder),
    Enum(StringDictionaryBuilder<Int32Type>),
    List(FieldRef, Vec<i32>, Box<Builder>),
    Map(FieldRef, Vec<i32>, StringBuilder, Box<Builder>),
    Struct(Fields, Vec<Builder>, usize),
}

impl Builder {
    fn new(field: &Arc<Field>) -> Self {
        let zoned = |zone: &Option<Arc<str>>| zone.clone();
        match field.data_type() {
            DataType::Boolean => Self::Bool(BooleanBuilder::new()),
            DataType::Int32 => Self::Int(Int32Builder::new()),
            DataType::Int64 => Self::Long(Int64Builder::new()),
            DataType::Float64 => Self::Double(Float64Builder::new()),
            DataType::Utf8 => Self::Text(StringBuilder::new()),
            DataType::Binary => Self::Bytes(BinaryBuilder::new()),
            DataType::Date32 => Self::Date(Date32Builder::new()),
            DataType::Timestamp(TimeUnit::Millisecond, zone) => {
                Self::Millis(TimestampMillisecondBuilder::new().with_timezone_opt(zoned(zone)))
            }
            DataType::Timestamp(_, zone) => {
                Self::Micros(TimestampMicrosecondBuilder::new().with_timezone_opt(zoned(zone)))
            }
            DataType::Decimal128(..) => {
                Self::Decimal(Decimal128Builder::new().with_data_type(field.data_type().clone()))
            }
            DataType::Dictionary(..) => Self::Enum(StringDictionaryBuilder::new()),
            DataType::List(item) => Self::List(Arc::clone(item), vec![0], Box::new(Self::new(item))),
            DataType::Map(entries, _) => {
                let DataType::Struct(pair) = entries.data_type() else { unreachable!("entries are pairs") };
                Self::Map(Arc::clone(entries), vec![0], StringBuilder::new(), Box::new(Self::new(&pair[1])))
            }
            DataType::Struct(fields) => Self::Struct(fields.clone(), fields.iter().map(Self::new).collect(), 0),
            other => unreachable!("the cases have no {other}"),
        }
    }

    fn push(&mut self, value: &Value) {
        match (self, value) {
            (column, Value::Union(_, inner)) => match &**inner {
                Value::Null => column.push_null(),
                inner => column.push(inner),
            },
            (Self::Bool(b), Value::Boolean(v)) => b.append_value(*v),
            (Self::Int(b), Value::Int(v)) => b.append_value(*v),
            (Self::Long(b), Value::Long(v)) => b.append_value(*v),
            (Self::Double(b), Value::Double(v)) => b.append_value(*v),
            (Self::Text(b), Value::String(v)) => b.append_value(v),
            (Self::Bytes(b), Value::Bytes(v)) => b.append_value(v),
            (Self::Date(b), Value::Date(v)) => b.append_value(*v),
            (Self::Millis(b), Value::TimestampMillis(v)) => b.append_value(*v),
            (Self::Micros(b), Value::TimestampMicros(v)) => b.append_value(*v),
            (Self::Decimal(b), Value::Decimal(v)) => {
                let bytes: Vec<u8> = v.try_into().expect("a decimal has bytes");
                let sign = if bytes[0] & 0x80 == 0 { 0 } else { 0xff };
                let mut wide = [sign; 16];
                wide[16 - bytes.len()..].copy_from_slice(&bytes);
                b.append_value(i128::from_be_bytes(wide));
            }
            (Self::Enum(b), Value::Enum(_, symbol)) => {
                b.append(symbol).expect("few symbols");
            }
            (Self::List(_, ends, items), Value::Array(values)) => {
                values.iter().for_each(|v| items.push(v));
                ends.push(ends[ends.len() - 1] + values.len() as i32);
            }
            (Self::Map(_, ends, keys, of), Value::Map(values)) => {
                // apache-avro's map has forgotten the order.
                let mut sorted: Vec<_> = values.iter().collect();
                sorted.sort_unstable_by_key(|(key, _)| *key);
                for (key, v) in &sorted {
                    keys.append_value(key);
                    of.push(v);
                }
                ends.push(ends[ends.len() - 1] + sorted.len() as i32);
            }
            (Self::Struct(_, columns, rows), Value::Record(fields)) => {
                columns.iter_mut().zip(fields).for_each(|(column, (_, v))| column.push(v));
                *rows += 1;
            }
            (_, other) => unreachable!("the cases have no {other:?} there"),
        }
    }

    fn push_null(&mut self) {
        match self {
            Self::Bool(b) => b.append_null(),
            Self::Int(b) => b.append_null(),
            Self::Long(b) => b.append_null(),
            Self::Double(b) => b.append_null(),
            Self::Text(b) => b.append_null(),
            Self::Millis(b) => b.append_null(),
            Self::Decimal(b) => b.append_null(),
            _ => unreachable!("the cases have no nulls there"),
        }
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Bool(b) => Arc::new(b.finish()),
            Self::Int(b) => Arc::new(b.finish()),
            Self::Long(b) => Arc::new(b.finish()),
            Self::Double(b) => Arc::new(b.finish()),
            Self::Text(b) => Arc::new(b.finish()),
            Self::Bytes(b) => Arc::new(b.finish()),
            Self::Date(b) => Arc::new(b.finish()),
            Self::Millis(b) => Arc::new(b.finish()),
            Self::Micros(b) => Arc::new(b.finish()),
            Self::Decimal(b) => Arc::new(b.finish()),
            Self::Enum(b) => Arc::new(b.finish()),
            Self::List(item, ends, items) => {
                let ends = OffsetBuffer::new(std::mem::replace(ends, vec![0]).into());
                Arc::new(ListArray::new(Arc::clone(item), ends, items.finish(), None))
            }
            Self::Map(entries, ends, keys, values) => {
                let ends = OffsetBuffer::new(std::mem::replace(ends, vec![0]).into());
                let DataType::Struct(pair) = entries.data_type() else { unreachable!("entries are pairs") };
                let columns = vec![Arc::new(keys.finish()) as ArrayRef, values.finish()];
                let pairs = StructArray::new(pair.clone(), columns, None);
                Arc::new(MapArray::new(Arc::clone(entries), ends, pairs, None, false))
            }
            Self::Struct(fields, columns, rows) => {
                *rows = 0;
                let columns = columns.iter_mut().map(Self::finish).collect();
                Arc::new(StructArray::new(fields.clone(), columns, None))
            }
        }
    }
}
