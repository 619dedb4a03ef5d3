//! Arrow's builders by hand, for the columns that a Protobuf message has.

use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, ListArray, MapArray, StructArray,
    builder::{
        ArrayBuilder, BinaryBuilder, BooleanBuilder, DurationMicrosecondBuilder, Float32Builder, Float64Builder,
        Int32Builder, Int64Builder, StringBuilder, StringDictionaryBuilder, TimestampMicrosecondBuilder, UInt32Builder,
        UInt64Builder,
    },
    types::Int32Type,
};
use arrow_buffer::{NullBufferBuilder, OffsetBuffer};
use arrow_schema::{DataType, Field, FieldRef, Fields, TimeUnit};
use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};

/// A column's builder, and the field that fills it.
pub(super) struct Column {
    pub(super) field: FieldDescriptor,
    pub(super) builder: Builder,
}

impl Column {
    /// The columns of a message; every one is a field of it.
    pub(super) fn all(message: &MessageDescriptor, fields: &Fields) -> Vec<Self> {
        let columns = fields.iter().map(|f| {
            let field = message.get_field_by_name(f.name()).expect("every column is a field");
            Self { builder: Builder::new(f, &field), field }
        });
        columns.collect()
    }
}

/// The builder of one column.
pub(super) enum Builder {
    Bool(BooleanBuilder),
    I32(Int32Builder),
    I64(Int64Builder),
    U32(UInt32Builder),
    U64(UInt64Builder),
    F32(Float32Builder),
    F64(Float64Builder),
    Text(StringBuilder),
    /// JSON text, which is a message's in its JSON mapping.
    Json(StringBuilder),
    Bytes(BinaryBuilder),
    Enum(StringDictionaryBuilder<Int32Type>),
    Timestamp(TimestampMicrosecondBuilder),
    Duration(DurationMicrosecondBuilder),
    List(FieldRef, Vec<i32>, Box<Builder>),
    Map(FieldRef, Fields, Vec<i32>, Box<[Builder; 2]>),
    Struct(Fields, Vec<Column>, NullBufferBuilder),
}

impl Builder {
    pub(super) fn new(field: &Field, descriptor: &FieldDescriptor) -> Self {
        match field.data_type() {
            DataType::Boolean => Self::Bool(BooleanBuilder::new()),
            DataType::Int32 => Self::I32(Int32Builder::new()),
            DataType::Int64 => Self::I64(Int64Builder::new()),
            DataType::UInt32 => Self::U32(UInt32Builder::new()),
            DataType::UInt64 => Self::U64(UInt64Builder::new()),
            DataType::Float32 => Self::F32(Float32Builder::new()),
            DataType::Float64 => Self::F64(Float64Builder::new()),
            DataType::Utf8 if laminar_schema::field::is_json(field) => Self::Json(StringBuilder::new()),
            DataType::Utf8 => Self::Text(StringBuilder::new()),
            DataType::Binary => Self::Bytes(BinaryBuilder::new()),
            DataType::Dictionary(..) => Self::Enum(StringDictionaryBuilder::new()),
            DataType::Timestamp(TimeUnit::Microsecond, _) => {
                Self::Timestamp(TimestampMicrosecondBuilder::new().with_data_type(field.data_type().clone()))
            }
            DataType::Duration(TimeUnit::Microsecond) => Self::Duration(DurationMicrosecondBuilder::new()),
            DataType::List(item) => Self::List(Arc::clone(item), vec![0], Box::new(Self::new(item, descriptor))),
            DataType::Map(entries, _) => {
                let DataType::Struct(pair) = entries.data_type() else { unreachable!("a map has pairs") };
                let Kind::Message(entry) = descriptor.kind() else { unreachable!("a map is of entries") };
                let keys = Self::new(&pair[0], &entry.map_entry_key_field());
                let columns = Box::new([keys, Self::new(&pair[1], &entry.map_entry_value_field())]);
                Self::Map(Arc::clone(entries), pair.clone(), vec![0], columns)
            }
            DataType::Struct(fields) => {
                let Kind::Message(message) = descriptor.kind() else { unreachable!("a struct is a message") };
                Self::Struct(fields.clone(), Column::all(&message, fields), NullBufferBuilder::new(0))
            }
            other => unreachable!("no message has {other}"),
        }
    }

    pub(super) fn push_null(&mut self) {
        match self {
            Self::Bool(b) => b.append_null(),
            Self::I32(b) => b.append_null(),
            Self::I64(b) => b.append_null(),
            Self::U32(b) => b.append_null(),
            Self::U64(b) => b.append_null(),
            Self::F32(b) => b.append_null(),
            Self::F64(b) => b.append_null(),
            Self::Text(b) | Self::Json(b) => b.append_null(),
            Self::Bytes(b) => b.append_null(),
            Self::Enum(b) => b.append_null(),
            Self::Timestamp(b) => b.append_null(),
            Self::Duration(b) => b.append_null(),
            Self::Struct(_, columns, nulls) => {
                columns.iter_mut().for_each(|column| column.builder.push_null());
                nulls.append_null();
            }
            // Only inside of a struct that is null, where it does not count what they are.
            Self::List(..) | Self::Map(..) => self.end(),
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Bool(b) => b.len(),
            Self::I32(b) => b.len(),
            Self::I64(b) => b.len(),
            Self::U32(b) => b.len(),
            Self::U64(b) => b.len(),
            Self::F32(b) => b.len(),
            Self::F64(b) => b.len(),
            Self::Text(b) | Self::Json(b) => b.len(),
            Self::Bytes(b) => b.len(),
            Self::Enum(b) => b.len(),
            Self::Timestamp(b) => b.len(),
            Self::Duration(b) => b.len(),
            Self::Struct(_, _, nulls) => nulls.len(),
            Self::List(_, ends, _) | Self::Map(_, _, ends, _) => ends.len() - 1,
        }
    }

    /// Ends a list or a map with what was pushed since the last one.
    pub(super) fn end(&mut self) {
        let (ends, len) = match self {
            Self::List(_, ends, items) => (ends, items.len()),
            Self::Map(_, _, ends, pair) => (ends, pair[0].len()),
            _ => unreachable!("only lists and maps have ends"),
        };
        ends.push(i32::try_from(len).expect("a batch has few items"));
    }

    pub(super) fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Bool(b) => Arc::new(b.finish()),
            Self::I32(b) => Arc::new(b.finish()),
            Self::I64(b) => Arc::new(b.finish()),
            Self::U32(b) => Arc::new(b.finish()),
            Self::U64(b) => Arc::new(b.finish()),
            Self::F32(b) => Arc::new(b.finish()),
            Self::F64(b) => Arc::new(b.finish()),
            Self::Text(b) | Self::Json(b) => Arc::new(b.finish()),
            Self::Bytes(b) => Arc::new(b.finish()),
            Self::Enum(b) => Arc::new(b.finish()),
            Self::Timestamp(b) => Arc::new(b.finish()),
            Self::Duration(b) => Arc::new(b.finish()),
            Self::List(item, ends, items) => {
                let ends = std::mem::replace(ends, vec![0]);
                Arc::new(ListArray::new(Arc::clone(item), OffsetBuffer::new(ends.into()), items.finish(), None))
            }
            Self::Map(entries, fields, ends, pair) => {
                let ends = OffsetBuffer::new(std::mem::replace(ends, vec![0]).into());
                let columns = vec![pair[0].finish(), pair[1].finish()];
                let pairs = StructArray::new(fields.clone(), columns, None);
                Arc::new(MapArray::new(Arc::clone(entries), ends, pairs, None, false))
            }
            Self::Struct(fields, columns, nulls) => {
                let (len, nulls) = (nulls.len(), nulls.finish());
                let columns: Vec<ArrayRef> = columns.iter_mut().map(|column| column.builder.finish()).collect();
                debug_assert!(columns.iter().all(|column| column.len() == len), "every column has a value per row");
                Arc::new(StructArray::new(fields.clone(), columns, nulls))
            }
        }
    }
}
