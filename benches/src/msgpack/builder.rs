//! Arrow's builders by hand, as the peers fill them. The workloads have no null lists or structs.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, ListArray, RecordBatch, StructArray,
    builder::{BooleanBuilder, Float64Builder, Int64Builder, StringBuilder},
};
use arrow_buffer::OffsetBuffer;
use arrow_schema::{DataType, FieldRef, Fields, SchemaRef};

/// The builder of one column.
pub enum Builder {
    Bool(BooleanBuilder),
    Int(Int64Builder),
    Float(Float64Builder),
    Text(StringBuilder),
    List(FieldRef, Vec<i32>, Box<Builder>),
    Struct(Fields, Vec<Builder>),
}

impl Builder {
    pub fn new(data_type: &DataType) -> Self {
        match data_type {
            DataType::Boolean => Self::Bool(BooleanBuilder::new()),
            DataType::Int64 => Self::Int(Int64Builder::new()),
            DataType::Float64 => Self::Float(Float64Builder::new()),
            DataType::Utf8 => Self::Text(StringBuilder::new()),
            DataType::List(item) => Self::List(Arc::clone(item), vec![0], Box::new(Self::new(item.data_type()))),
            DataType::Struct(fields) => Self::Struct(fields.clone(), Self::all(fields)),
            other => unreachable!("the workloads have no {other}"),
        }
    }

    pub fn all(fields: &Fields) -> Vec<Self> {
        fields.iter().map(|f| Self::new(f.data_type())).collect()
    }

    pub fn push_null(&mut self) {
        match self {
            Self::Bool(b) => b.append_null(),
            Self::Int(b) => b.append_null(),
            Self::Float(b) => b.append_null(),
            Self::Text(b) => b.append_null(),
            Self::List(..) | Self::Struct(..) => unreachable!("the workloads have no null lists or structs"),
        }
    }

    fn len(&self) -> usize {
        use arrow_array::builder::ArrayBuilder;
        match self {
            Self::Bool(b) => b.len(),
            Self::Int(b) => b.len(),
            Self::Float(b) => b.len(),
            Self::Text(b) => b.len(),
            Self::List(_, ends, _) => ends.len() - 1,
            Self::Struct(_, columns) => columns[0].len(),
        }
    }

    /// Ends a list with the items pushed since the last one.
    pub fn end_list(&mut self) {
        let Self::List(_, ends, items) = self else { unreachable!("only lists have ends") };
        ends.push(i32::try_from(items.len()).expect("a batch has few items"));
    }

    pub fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Bool(b) => Arc::new(b.finish()),
            Self::Int(b) => Arc::new(b.finish()),
            Self::Float(b) => Arc::new(b.finish()),
            Self::Text(b) => Arc::new(b.finish()),
            Self::List(item, ends, items) => {
                let ends = std::mem::replace(ends, vec![0]);
                Arc::new(ListArray::new(Arc::clone(item), OffsetBuffer::new(ends.into()), items.finish(), None))
            }
            Self::Struct(fields, columns) => {
                let columns = columns.iter_mut().map(Self::finish).collect();
                Arc::new(StructArray::new(fields.clone(), columns, None))
            }
        }
    }
}

/// The batch of what the builders hold.
pub fn finish(schema: &SchemaRef, columns: &mut [Builder]) -> RecordBatch {
    let columns = columns.iter_mut().map(Builder::finish).collect();
    RecordBatch::try_new(Arc::clone(schema), columns).expect("the columns are those of the schema")
}
