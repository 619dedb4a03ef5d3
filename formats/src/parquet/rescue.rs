//! The column `_rescued` of a file: what no column has, and values that do not turn into their column's type without loss.
//!
//! Which of a file's columns, at any depth, have such values is found once, from its footer. Batches are then converted column by
//! column, and only what was lost is looked for row by row.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, MapArray, RecordBatch, StringArray, builder::StringBuilder, cast::AsArray};
use arrow_buffer::NullBuffer;
use arrow_cast::display::array_value_to_string;
use arrow_schema::{DataType, Field, Fields, Schema};
use laminar_schema::{
    ConfigError, ConnectorConfig, EncodedBatch, FormatEncoder, Options, SchemaResult, field::payload_key,
};

use super::{ParquetOptions, project::is_lossless};
use crate::{
    json::{self, JsonEncoder, JsonOptions, NonFinite},
    policy::{RescueReason, TypeMismatch, UnknownFields},
};

/// What is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Keeps {
    pub(super) unknown: bool,
    pub(super) misfits: bool,
}

impl Keeps {
    /// What the options say, for columns that have `_rescued` among them.
    ///
    /// # Errors
    /// There is no such column, and something to keep.
    pub(super) fn of(options: &ParquetOptions, columns: &Schema) -> SchemaResult<Self> {
        let unknown = options.unknown_fields == UnknownFields::Rescue;
        let misfits = options.type_mismatch == TypeMismatch::Rescue;
        let column = columns.field_with_name(laminar_schema::field::RESCUE_COLUMN);
        if (unknown || misfits) && !column.is_ok_and(|f| laminar_schema::field::is_json(f) && f.is_nullable()) {
            let option = if unknown { "unknown_fields" } else { "type_mismatch" };
            let (expected, reason) = ("a column `_rescued` of type JSON", "declare it, nullable");
            return Err(ConfigError::invalid(option, "rescue", expected, reason).into());
        }
        Ok(Self { unknown, misfits })
    }
}

/// What of a file's column is lost on its way into the schema.
#[derive(Debug)]
pub(super) enum Loss {
    /// All of it: there is no column for it.
    Unknown(Arc<Field>),
    /// The values that are null afterwards.
    Misfits(Arc<Field>),
    /// Something within the fields of a struct: each with its place in the file's struct, and in the column's.
    Fields(Vec<(usize, usize, Loss)>, Vec<String>),
    /// Something within items, or within the values of a map.
    Items(Box<Loss>),
}

impl Loss {
    /// What is lost of a file's column on its way into `to`, or because there is no column.
    pub(super) fn of(file: &Arc<Field>, to: Option<&Field>, keeps: Keeps) -> Option<Self> {
        let Some(to) = to else { return keeps.unknown.then(|| Self::Unknown(Arc::clone(file))) };
        let items = |file, to| Self::of(file, Some(to), keeps).map(|loss| Self::Items(Box::new(loss)));
        match (file.data_type(), to.data_type()) {
            (DataType::Struct(from), DataType::Struct(to)) => Self::of_fields(from, to, keeps),
            (DataType::List(file), DataType::List(to)) | (DataType::LargeList(file), DataType::LargeList(to)) => {
                items(file, to)
            }
            (DataType::Map(file, _), DataType::Map(to, _)) => match (file.data_type(), to.data_type()) {
                (DataType::Struct(file), DataType::Struct(to)) if file.len() == 2 && to.len() == 2 => {
                    items(&file[1], &to[1])
                }
                _ => None,
            },
            (from, to) => (keeps.misfits && !is_lossless(from, to)).then(|| Self::Misfits(Arc::clone(file))),
        }
    }

    fn of_fields(file: &Fields, to: &Fields, keeps: Keeps) -> Option<Self> {
        let mut names = Vec::new();
        let mut losses = Vec::new();
        for (from, field) in file.iter().enumerate() {
            let found = to.iter().position(|to| payload_key(to) == field.name());
            if let Some(loss) = Self::of(field, found.map(|at| to[at].as_ref()), keeps) {
                names.push(field.name().clone());
                losses.push((from, found.unwrap_or(usize::MAX), loss));
            }
        }
        (!losses.is_empty()).then_some(Self::Fields(losses, names))
    }
}

/// Makes the column `_rescued`.
#[derive(Debug, Default)]
pub(super) struct Rescuer {
    /// Of each column that loses something: its place among those that are read, its name, and what it loses.
    losses: Vec<(usize, String, Loss)>,
    object: json::Rescue,
}

impl Rescuer {
    pub(super) fn of(losses: Vec<(usize, String, Loss)>) -> Self {
        Self { losses, object: json::Rescue::new(true) }
    }

    /// The column for a batch of what was read; `converted` yields what a column that is read has become, if it is one.
    ///
    /// # Errors
    /// A value of a type that JSON has no text for.
    pub(super) fn column<'a>(
        &mut self,
        batch: &RecordBatch,
        converted: impl Fn(usize) -> Option<&'a ArrayRef>,
    ) -> SchemaResult<StringArray> {
        let mut lost = Vec::new();
        for (place, name, loss) in &self.losses {
            if let Some(found) = Lost::of(loss, batch.column(*place), converted(*place))? {
                lost.push((name, found));
            }
        }
        if lost.is_empty() {
            return Ok(StringArray::new_null(batch.num_rows()));
        }
        let mut column = StringBuilder::new();
        for row in 0..batch.num_rows() {
            self.object.clear();
            for (name, lost) in &lost {
                let mark = self.object.enter_field(name);
                lost.keep(row, &mut self.object);
                self.object.leave(mark);
            }
            column.append_option(self.object.finish());
        }
        Ok(column.finish())
    }
}

/// What was lost of one column of a batch.
enum Lost<'l> {
    /// Values that are there, as JSON, and where they were lost.
    Values {
        texts: EncodedBatch,
        before: Option<NullBuffer>,
        after: Option<NullBuffer>,
        reason: RescueReason,
    },
    Fields {
        nulls: Option<NullBuffer>,
        fields: Vec<(&'l str, Lost<'l>)>,
    },
    Items {
        array: ArrayRef,
        items: Box<Lost<'l>>,
    },
}

impl<'l> Lost<'l> {
    /// `after` is what the column has become; nothing where there is none.
    fn of(loss: &'l Loss, before: &ArrayRef, after: Option<&ArrayRef>) -> SchemaResult<Option<Self>> {
        match (loss, after) {
            (Loss::Unknown(field), _) => {
                if before.logical_null_count() == before.len() {
                    return Ok(None);
                }
                let (texts, before) = (texts(field, before)?, before.logical_nulls());
                Ok(Some(Self::Values { texts, before, after: None, reason: RescueReason::UnknownField }))
            }
            (Loss::Misfits(field), Some(after)) => {
                if before.logical_null_count() == after.logical_null_count() {
                    return Ok(None);
                }
                let texts = texts(field, before)?;
                let (before, after) = (before.logical_nulls(), after.logical_nulls());
                Ok(Some(Self::Values { texts, before, after, reason: RescueReason::TypeMismatch }))
            }
            (Loss::Fields(losses, names), Some(after)) => {
                let (Some(from), Some(to)) = (before.as_struct_opt(), after.as_struct_opt()) else { return Ok(None) };
                let mut fields = Vec::new();
                for ((from_at, to_at, loss), name) in losses.iter().zip(names) {
                    let after = to.columns().get(*to_at);
                    if let Some(lost) = Self::of(loss, from.column(*from_at), after)? {
                        fields.push((name.as_str(), lost));
                    }
                }
                let nulls = from.nulls().cloned();
                Ok((!fields.is_empty()).then_some(Self::Fields { nulls, fields }))
            }
            (Loss::Items(loss), Some(after)) => {
                let (Some(from), Some(to)) = (items_of(before), items_of(after)) else { return Ok(None) };
                let items = Self::of(loss, from, Some(to))?;
                Ok(items.map(|items| Self::Items { array: Arc::clone(before), items: Box::new(items) }))
            }
            (Loss::Misfits(_) | Loss::Fields(..) | Loss::Items(_), None) => Ok(None),
        }
    }

    /// Keeps what was lost of a row.
    fn keep(&self, row: usize, object: &mut json::Rescue) {
        match self {
            Self::Values { texts, before, after, reason } => {
                let is_there = before.as_ref().is_none_or(|nulls| nulls.is_valid(row));
                let is_lost = match reason {
                    RescueReason::UnknownField => true,
                    RescueReason::TypeMismatch => after.as_ref().is_some_and(|nulls| nulls.is_null(row)),
                };
                if is_there && is_lost {
                    object.keep(text_of(texts, row), *reason);
                }
            }
            Self::Fields { nulls, fields } => {
                if nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
                    return;
                }
                for (name, lost) in fields {
                    let mark = object.enter_field(name);
                    lost.keep(row, object);
                    object.leave(mark);
                }
            }
            Self::Items { array, .. } if array.is_null(row) => {}
            Self::Items { array, items } => {
                let map = array.as_map_opt();
                for (index, item) in span(array, row).enumerate() {
                    let mark = match map {
                        Some(map) => object.enter_field(&key_of(map, item)),
                        None => object.enter_item(index),
                    };
                    items.keep(item, object);
                    object.leave(mark);
                }
            }
        }
    }
}

/// All items of a list, or all values of a map.
fn items_of(array: &ArrayRef) -> Option<&ArrayRef> {
    match array.data_type() {
        DataType::List(_) => Some(array.as_list::<i32>().values()),
        DataType::LargeList(_) => Some(array.as_list::<i64>().values()),
        DataType::Map(..) => Some(array.as_map().values()),
        _ => None,
    }
}

/// Which of the items are a row's.
fn span(array: &ArrayRef, row: usize) -> std::ops::Range<usize> {
    match array.data_type() {
        DataType::List(_) => {
            let ends = array.as_list::<i32>().value_offsets();
            ends[row] as usize..ends[row + 1] as usize
        }
        DataType::LargeList(_) => {
            let ends = array.as_list::<i64>().value_offsets();
            ends[row] as usize..ends[row + 1] as usize
        }
        DataType::Map(..) => {
            let ends = array.as_map().value_offsets();
            ends[row] as usize..ends[row + 1] as usize
        }
        _ => 0..0,
    }
}

fn key_of(map: &MapArray, entry: usize) -> String {
    array_value_to_string(map.keys(), entry).unwrap_or_default()
}

/// The name that values are written under.
const VALUE: &str = "v";

/// Each value of a column as a JSON object with it alone.
fn texts(field: &Field, values: &ArrayRef) -> SchemaResult<EncodedBatch> {
    let encode = |field: Field| -> SchemaResult<EncodedBatch> {
        let schema = Arc::new(Schema::new(vec![field.with_name(VALUE).with_nullable(true)]));
        let options = JsonOptions {
            explicit_nulls: true,
            non_finite: NonFinite::Null,
            ..JsonOptions::from_options(&Options::new())?
        };
        let batch = RecordBatch::try_new(Arc::clone(&schema), vec![Arc::clone(values)])?;
        let mut texts = EncodedBatch::new();
        JsonEncoder::new(schema, &options)?.encode(&batch, &mut texts)?;
        Ok(texts)
    };
    // What says that it is JSON and is none is text.
    let plain = || Field::new(VALUE, field.data_type().clone(), true);
    encode(field.clone()).or_else(|_| encode(plain()))
}

/// What stands between the object's name and its end.
fn text_of(texts: &EncodedBatch, row: usize) -> &str {
    let object = std::str::from_utf8(texts.record(row)).unwrap_or_default().trim_end();
    let value = object.strip_prefix("{\"v\":").and_then(|rest| rest.strip_suffix('}'));
    value.unwrap_or("null")
}
