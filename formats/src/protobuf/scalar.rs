//! Single values → columns.

use super::{
    catalog::Kind,
    options::UnknownEnums,
    varint::{Fault, Malformed, span_of, zigzag},
    walk::{Unfit, Walker},
};
use crate::column::{Column, ColumnOps, IntegerText, Mismatch, Scalar};

impl Walker<'_, '_, '_> {
    /// Pushes a single value.
    #[inline(always)]
    pub(super) fn scalar(&mut self, column: &mut Column, kind: Kind, raw: u64) -> Result<(), Unfit> {
        match kind {
            Kind::Int64 | Kind::Sfixed64 => integer(column, raw.cast_signed()),
            Kind::Int32 | Kind::Sfixed32 => integer(column, i64::from(raw as u32 as i32)),
            Kind::Double => float(column, f64::from_bits(raw)),
            Kind::String => self.text(column, raw),
            Kind::Bool => match column {
                Column::Boolean(rows) => {
                    rows.push(raw != 0);
                    Ok(())
                }
                column => Ok(column.push_scalar(Scalar::Bool(raw != 0))?),
            },
            Kind::Sint64 => integer(column, zigzag(raw)),
            Kind::Sint32 => integer(column, zigzag(raw & 0xffff_ffff)),
            Kind::Uint32 | Kind::Fixed32 => integer(column, (raw & 0xffff_ffff).cast_signed()),
            Kind::Uint64 | Kind::Fixed64 => unsigned(column, raw),
            Kind::Float => match column {
                Column::Float32(rows) => {
                    rows.push_value(f32::from_bits(raw as u32));
                    Ok(())
                }
                column => float(column, f64::from(f32::from_bits(raw as u32))),
            },
            Kind::Bytes => {
                let (start, end) = span_of(raw);
                Ok(column.push_scalar(Scalar::Bytes(&self.record[start..end]))?)
            }
            Kind::Enum(index) => self.enumeration(column, index, raw as u32 as i32),
            // Of those that are columns, there are actions of their own.
            Kind::Message(_) => Err(Mismatch::Type.into()),
        }
    }

    #[inline(always)]
    fn text(&mut self, column: &mut Column, raw: u64) -> Result<(), Unfit> {
        let (start, end) = span_of(raw);
        if let Column::Utf8(rows) = column {
            if let Some(window) = self.record[start..].first_chunk()
                && rows.push_ascii(window, end - start)
            {
                return Ok(());
            }
            return match rows.push_utf8(&self.record[start..end]) {
                Some(pushed) => Ok(pushed?),
                None => Err(Fault { at: start, why: Malformed::InvalidUtf8 }.into()),
            };
        }
        match std::str::from_utf8(&self.record[start..end]) {
            // Protobuf has no decimals, and writers of them write their text.
            Ok(text) if column.is_decimal() => Ok(column.push_scalar(Scalar::Number(text))?),
            Ok(text) => Ok(column.push_scalar(Scalar::Str(text))?),
            Err(_) => Err(Fault { at: start, why: Malformed::InvalidUtf8 }.into()),
        }
    }

    #[inline]
    fn enumeration(&mut self, column: &mut Column, index: u32, number: i32) -> Result<(), Unfit> {
        if !is_text_column(column) {
            return integer(column, i64::from(number));
        }
        match self.catalog.enumeration(index).name(number) {
            Some(name) => Ok(column.push_scalar(Scalar::Str(name))?),
            None if self.state.unknown_enums == UnknownEnums::Reject => Err(Mismatch::Range.into()),
            None => Ok(column.push_scalar(Scalar::Str(IntegerText::new(i128::from(number)).as_str()))?),
        }
    }
}

#[inline(always)]
fn integer(column: &mut Column, v: i64) -> Result<(), Unfit> {
    let pushed = match column {
        Column::Int64(rows) => rows.push_at(rows.num_rows(), v),
        Column::Int32(rows) => rows.push_at(rows.num_rows(), v),
        Column::UInt32(rows) => rows.push_at(rows.num_rows(), v),
        _ => false,
    };
    if pushed {
        return Ok(());
    }
    Ok(column.push_scalar(Scalar::I64(v))?)
}

#[inline(always)]
fn unsigned(column: &mut Column, v: u64) -> Result<(), Unfit> {
    Ok(column.push_scalar(Scalar::U64(v))?)
}

#[inline(always)]
fn float(column: &mut Column, v: f64) -> Result<(), Unfit> {
    match column {
        Column::Float64(rows) => {
            rows.push_value(v);
            Ok(())
        }
        column => Ok(column.push_scalar(Scalar::F64(v))?),
    }
}

fn is_text_column(column: &Column) -> bool {
    matches!(column, Column::Dictionary(_) | Column::Utf8(_) | Column::LargeUtf8(_) | Column::Utf8View(_))
}
