//! One column of a CSV decoder: where its text goes, and what decides about its nulls.

use arrow_array::ArrayRef;
use arrow_schema::{DataType, Field};
use laminar_schema::{
    SchemaError, SchemaResult,
    field::{is_json, payload_key},
};

use super::{CsvOptions, NullValues, QuotedNulls, decode::Policies, nested::NestedColumn, number_style::NumberStyle};
use crate::{
    column::{Column, ColumnOps, ColumnOptions, Mismatch, Scalar},
    policy::TypeMismatch,
};

/// One column, its builder and its policies.
#[derive(Debug)]
pub(super) struct CsvColumn {
    pub(super) builder: Builder,
    pub(super) nullable: bool,
    has_default: bool,
    pub(super) is_rescue: bool,
    /// The texts that mean null.
    pub(super) nulls: NullValues,
    /// A null text in quotes is null as well.
    pub(super) quoted_nulls: bool,
    /// A null text in quotes is null if it is no value: the column is no text.
    misfit_nulls: bool,
    /// Rows that lack the column and get its DEFAULT.
    pub(super) absent: Vec<u32>,
}

#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "one per column; the large one is the one on the hot path")]
pub(super) enum Builder {
    Text(Column),
    Nested(Box<NestedColumn>),
    /// Numbers that are written in another way.
    Styled(Box<StyledColumn>),
}

/// A column of numbers that are rewritten before they are read.
#[derive(Debug)]
pub(super) struct StyledColumn {
    column: Column,
    style: NumberStyle,
    /// The number as the column reads it; keeps its memory.
    number: String,
}

impl StyledColumn {
    fn push_text(&mut self, text: &str) -> Result<(), NoValue> {
        // What is no number in this style may be one in none: `NaN`. A plain `1.5` is no other number by accident.
        let is_number = self.style.rewrite(text, &mut self.number);
        let number = if is_number { self.number.as_str() } else { text };
        if !is_number && text.bytes().any(|b| b.is_ascii_digit()) {
            return Err(NoValue::Mismatch(Mismatch::Type));
        }
        self.column.push_scalar(Scalar::Text(number)).map_err(NoValue::Mismatch)
    }
}

/// Why a column has no value for a record. Costs nothing to make.
#[derive(Debug, Clone, Copy)]
pub(super) enum NoValue {
    /// It is not there, and there is no DEFAULT.
    Missing,
    /// It is null, and must not be.
    Null,
    /// The text is no such value.
    Mismatch(Mismatch),
    /// The JSON in the field does not fit: [`CsvColumn::take_error`] says why.
    Nested,
}

impl CsvColumn {
    pub(super) fn new(field: &Field, options: &CsvOptions, has_default: bool, is_rescue: bool) -> SchemaResult<Self> {
        let builder = if field.data_type().is_nested() {
            Builder::Nested(Box::new(NestedColumn::new(field, options)?))
        } else {
            let column_options = ColumnOptions {
                binary_encoding: options.binary_encoding,
                timestamp_formats: options.timestamp_formats.clone(),
            };
            let column = Column::new(field, &column_options)?;
            let style = NumberStyle::new(options);
            if style.is_plain() || !field.data_type().is_numeric() {
                Builder::Text(column)
            } else {
                Builder::Styled(Box::new(StyledColumn { column, style, number: String::new() }))
            }
        };
        let nullable = field.is_nullable();
        let nulls = options.column_null_values.of(payload_key(field)).unwrap_or(&options.null_values).clone();
        Ok(Self {
            builder,
            nullable,
            has_default,
            is_rescue,
            nulls,
            quoted_nulls: options.quoted_nulls == QuotedNulls::Always,
            misfit_nulls: options.quoted_nulls == QuotedNulls::UnlessValue && !is_text(field),
            absent: Vec::new(),
        })
    }

    /// Appends a value.
    ///
    /// # Errors
    /// The text is no such value; the column is as before.
    #[inline]
    pub(super) fn push_text(&mut self, text: &str) -> Result<(), NoValue> {
        match &mut self.builder {
            Builder::Text(column) => column.push_scalar(Scalar::Text(text)).map_err(NoValue::Mismatch),
            Builder::Nested(column) => column.push_text(text),
            Builder::Styled(column) => column.push_text(text),
        }
    }

    /// Appends what a field says, as the policies say; all but rescue.
    ///
    /// # Errors
    /// The column has no such value; it is as before.
    #[inline]
    pub(super) fn push_field(&mut self, text: &str, quoted: bool, policies: &Policies) -> Result<(), NoValue> {
        if (!quoted || self.quoted_nulls) && self.nulls.contains(text) {
            return self.push_null();
        }
        match self.push_text(text) {
            // Text in quotes that is no value of a column that is no text: `"",""` from those who quote all.
            Err(_) if self.misfit_nulls && self.nulls.contains(text) => self.push_null(),
            Err(_) if self.nullable && policies.type_mismatch == TypeMismatch::Null => self.push_null(),
            pushed => pushed,
        }
    }

    /// Appends a null row for a field that is null.
    ///
    /// # Errors
    /// The column is NOT NULL.
    #[inline]
    pub(super) fn push_null(&mut self) -> Result<(), NoValue> {
        if !self.nullable {
            return Err(NoValue::Null);
        }
        self.push_empty();
        Ok(())
    }

    /// Appends a null row for a field that is not there, to be filled with the DEFAULT.
    ///
    /// # Errors
    /// The column is NOT NULL and has no DEFAULT.
    #[inline]
    pub(super) fn push_absent(&mut self, row: u32) -> Result<(), NoValue> {
        if self.has_default {
            self.absent.push(row);
        } else if !self.nullable {
            return Err(NoValue::Missing);
        }
        self.push_empty();
        Ok(())
    }

    pub(super) fn push_empty(&mut self) {
        match &mut self.builder {
            Builder::Text(column) => column.push_null(),
            Builder::Nested(column) => column.push_null(),
            Builder::Styled(styled) => styled.column.push_null(),
        }
    }

    pub(super) fn truncate(&mut self, rows: usize) {
        match &mut self.builder {
            Builder::Text(column) => column.truncate(rows),
            Builder::Nested(column) => column.truncate(rows),
            Builder::Styled(styled) => styled.column.truncate(rows),
        }
        while self.absent.pop_if(|row| *row as usize >= rows).is_some() {}
    }

    pub(super) fn finish(&mut self) -> SchemaResult<ArrayRef> {
        match &mut self.builder {
            Builder::Text(column) => Ok(column.finish()),
            Builder::Nested(column) => column.finish(),
            Builder::Styled(styled) => Ok(styled.column.finish()),
        }
    }

    /// Why the last [`NoValue::Nested`] was one.
    #[cold]
    pub(super) fn take_error(&mut self) -> Option<SchemaError> {
        match &mut self.builder {
            Builder::Text(_) | Builder::Styled(_) => None,
            Builder::Nested(column) => column.take_error(),
        }
    }
}

/// Whether any text is a value of the field.
fn is_text(field: &Field) -> bool {
    let value = match field.data_type() {
        DataType::Dictionary(_, value) => value,
        other => other,
    };
    let is_bytes = matches!(value, DataType::Binary | DataType::LargeBinary | DataType::BinaryView);
    is_bytes || (matches!(value, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View) && !is_json(field))
}
