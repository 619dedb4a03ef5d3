//! Rows of columns → the wire format.
//!
//! Fields are written in the order of their numbers and numbers of a list packed where the definition says so, as protoc's
//! writers do, so that the same row gives the same bytes.

use arrow_schema::TimeUnit;
use laminar_schema::{EncodeError, Found, SchemaError, SchemaResult};

use super::{
    catalog::{Catalog, FieldType, Kind, Presence},
    column::{Column, Values},
    options::NullLists,
    plan::{Plan, Shape},
    varint::{I32, I64, LEN, VARINT},
};
use crate::cell::temporal::per_second;

/// Writes rows.
pub(super) struct Writer<'p, 'o> {
    pub(super) catalog: &'p Catalog,
    pub(super) out: &'o mut Vec<u8>,
    /// Text that is made up for a field.
    pub(super) scratch: &'o mut Vec<u8>,
    pub(super) null_lists: NullLists,
}

impl Writer<'_, '_> {
    /// Appends one row as a message.
    ///
    /// # Errors
    /// [`EncodeError::Unrepresentable`] with the field's path; what was written of the row is to be cut off.
    // A function of its own for .ci/virtual_calls, which starts here.
    #[inline(never)]
    pub(super) fn encode_record(&mut self, plans: &[Plan], columns: &[Column<'_>], row: usize) -> SchemaResult<()> {
        self.message(plans, columns, row)
    }

    fn message(&mut self, plans: &[Plan], columns: &[Column<'_>], row: usize) -> SchemaResult<()> {
        let catalog = self.catalog;
        for (plan, column) in plans.iter().zip(columns) {
            let f = &catalog.message(plan.message).fields[plan.field];
            let written =
                if column.is_null(row) { self.null(f, &plan.shape) } else { self.field(f, &plan.shape, column, row) };
            if let Err(error) = written {
                return Err(error.in_field(&plan.name));
            }
        }
        Ok(())
    }

    /// Writes nothing, if that is what null is.
    fn null(&self, f: &FieldType, shape: &Shape) -> SchemaResult<()> {
        match (shape, f.presence) {
            (Shape::List(_) | Shape::Map(..), _) if self.null_lists == NullLists::Empty => Ok(()),
            (Shape::List(_) | Shape::Map(..), _) => Err(unrepresentable(
                "null",
                "",
                "a list or a map is never null there; set `null_lists` to 'empty', or make it empty before",
            )),
            (_, Presence::Explicit) if f.default == super::catalog::Default::None => Ok(()),
            _ => Err(unrepresentable(
                "null",
                "",
                "its field has no presence and would be read as zero; make it `optional`",
            )),
        }
    }

    #[inline]
    fn field(&mut self, f: &FieldType, shape: &Shape, column: &Column<'_>, row: usize) -> SchemaResult<()> {
        match (shape, &column.values) {
            (Shape::List(shape), Values::List(spans, items)) => self.list(f, shape, items, spans.of(row)),
            (Shape::Map(entry, shape), Values::Map(ends, pair)) => {
                self.map(f, *entry, shape, pair, ends[row] as usize..ends[row + 1] as usize)
            }
            (shape, values) => self.single(f, shape, values, row, f.presence == Presence::Implicit),
        }
    }

    /// Writes one value with its tag; of one without presence, nothing where it is zero.
    fn single(
        &mut self,
        f: &FieldType,
        shape: &Shape,
        values: &Values<'_>,
        row: usize,
        skips_zero: bool,
    ) -> SchemaResult<()> {
        match shape {
            Shape::Scalar => match f.kind {
                Kind::String | Kind::Bytes => {
                    let bytes = bytes(self.scratch, values, row)?;
                    let is_written = !bytes.is_empty() || !skips_zero;
                    if is_written {
                        push_varint(self.out, u64::from(f.tag));
                        push_varint(self.out, bytes.len() as u64);
                        self.out.extend_from_slice(bytes);
                    }
                    Ok(())
                }
                kind => {
                    let raw = self.raw(kind, values, row)?;
                    if raw != 0 || !skips_zero {
                        push_varint(self.out, u64::from(f.tag));
                        push_raw(self.out, kind, raw);
                    }
                    Ok(())
                }
            },
            Shape::Struct(plans) => {
                let Values::Struct(columns) = values else { return Err(mismatched()) };
                self.delimited(f.tag, |writer| writer.message(plans, columns, row))
            }
            Shape::Timestamp(unit) => self.time(f, values, row, *unit, false),
            Shape::Duration(unit) => self.time(f, values, row, *unit, true),
            Shape::Wrapper(message) => {
                let catalog = self.catalog;
                let inner = &catalog.message(*message).fields[0];
                self.delimited(f.tag, |writer| writer.single(inner, &Shape::Scalar, values, row, true))
            }
            Shape::Paths => {
                let paths = plain_bytes(values, row).ok_or_else(mismatched)?;
                self.delimited(f.tag, |writer| {
                    for path in paths.split(|byte| *byte == b',').filter(|path| !path.is_empty()) {
                        push_varint(writer.out, u64::from(1 << 3 | LEN));
                        push_varint(writer.out, path.len() as u64);
                        writer.out.extend_from_slice(path);
                    }
                    Ok(())
                })
            }
            Shape::List(_) | Shape::Map(..) => Err(mismatched()),
        }
    }

    fn list(
        &mut self,
        f: &FieldType,
        shape: &Shape,
        items: &Column<'_>,
        span: std::ops::Range<usize>,
    ) -> SchemaResult<()> {
        if f.is_packed && f.is_packable() && !span.is_empty() {
            let tag = f.number << 3 | LEN;
            return self.delimited(tag, |writer| {
                for row in span.clone() {
                    let raw = match items.is_null(row) {
                        true => Err(null_item()),
                        false => writer.raw(f.kind, &items.values, row),
                    };
                    push_raw(writer.out, f.kind, raw.map_err(|e| in_item(e, row - span.start))?);
                }
                Ok(())
            });
        }
        for row in span.clone() {
            let written = match items.is_null(row) {
                true => Err(null_item()),
                false => self.single(f, shape, &items.values, row, false),
            };
            written.map_err(|e| in_item(e, row - span.start))?;
        }
        Ok(())
    }

    fn map(
        &mut self,
        f: &FieldType,
        entry: u32,
        shape: &Shape,
        [keys, values]: &[Column<'_>; 2],
        span: std::ops::Range<usize>,
    ) -> SchemaResult<()> {
        let catalog = self.catalog;
        let [key, value] = &catalog.message(entry).fields[..] else { return Err(mismatched()) };
        for row in span {
            if keys.is_null(row) || values.is_null(row) {
                return Err(null_item());
            }
            self.delimited(f.tag, |writer| {
                writer.single(key, &Shape::Scalar, &keys.values, row, false)?;
                writer.single(value, shape, &values.values, row, false)
            })?;
        }
        Ok(())
    }

    /// Writes a timestamp or a duration: its seconds and nanoseconds, which have one sign in a duration.
    fn time(
        &mut self,
        f: &FieldType,
        values: &Values<'_>,
        row: usize,
        unit: TimeUnit,
        is_duration: bool,
    ) -> SchemaResult<()> {
        let Values::Int64(counts) = values else { return Err(mismatched()) };
        let (count, per_second) = (counts[row], per_second(unit));
        let (seconds, rest) = match is_duration {
            true => (count / per_second, count % per_second),
            false => (count.div_euclid(per_second), count.rem_euclid(per_second)),
        };
        let time = super::well_known::Time { seconds, nanos: (rest * (1_000_000_000 / per_second)) as i32 };
        if !(if is_duration { time.is_duration() } else { time.is_timestamp() }) {
            let help = "Protobuf's times are those of the years 1 to 9999, its durations at most 10,000 years";
            return Err(unrepresentable("time", &count.to_string(), help));
        }
        self.delimited(f.tag, |writer| {
            for (number, v) in [(1, time.seconds), (2, i64::from(time.nanos))] {
                if v != 0 {
                    push_varint(writer.out, u64::from(number << 3 | VARINT));
                    push_varint(writer.out, v.cast_unsigned());
                }
            }
            Ok(())
        })
    }

    /// Writes a tag, a length, and what `content` writes behind them.
    #[inline]
    fn delimited(&mut self, tag: u32, content: impl FnOnce(&mut Self) -> SchemaResult<()>) -> SchemaResult<()> {
        push_varint(self.out, u64::from(tag));
        let at = self.out.len();
        // Most are short, and have a length of one byte.
        self.out.push(0);
        content(self)?;
        let len = self.out.len() - at - 1;
        if len < 0x80 {
            self.out[at] = len as u8;
            return Ok(());
        }
        let more = varint_len(len as u64) - 1;
        let end = self.out.len();
        self.out.resize(end + more, 0);
        self.out.copy_within(at + 1..end, at + 1 + more);
        let mut rest = len;
        for byte in &mut self.out[at..=at + more] {
            *byte = rest as u8 | 0x80;
            rest >>= 7;
        }
        self.out[at + more] &= 0x7f;
        Ok(())
    }

    /// A number as it stands on the wire.
    fn raw(&mut self, kind: Kind, values: &Values<'_>, row: usize) -> SchemaResult<u64> {
        if let Values::Dictionary(keys, values) = values {
            return self.raw(kind, values, keys[row]);
        }
        match kind {
            Kind::Double => Ok(double(values, row)?.to_bits()),
            Kind::Float => {
                let v = double(values, row)?;
                let short = v as f32;
                if f64::from(short) != v && !v.is_nan() {
                    return Err(unrepresentable(
                        "double",
                        &v.to_string(),
                        "its field is a `float`; make it a `double`",
                    ));
                }
                Ok(u64::from(short.to_bits()))
            }
            Kind::Bool => match values {
                Values::Boolean(values) => Ok(u64::from(values.value(row))),
                _ => Err(mismatched()),
            },
            Kind::Enum(index) => self.number_of(index, values, row),
            Kind::String | Kind::Bytes | Kind::Message(_) => Err(mismatched()),
            kind => {
                let v = integer(values, row)?;
                let raw = match kind {
                    Kind::Int32 | Kind::Sfixed32 => i32::try_from(v).map(|v| i64::from(v).cast_unsigned()),
                    Kind::Sint32 => i32::try_from(v).map(|v| u64::from((v << 1 ^ v >> 31).cast_unsigned())),
                    Kind::Uint32 | Kind::Fixed32 => u32::try_from(v).map(u64::from),
                    Kind::Sint64 => i64::try_from(v).map(|v| (v << 1 ^ v >> 63).cast_unsigned()),
                    Kind::Uint64 | Kind::Fixed64 => u64::try_from(v),
                    _ => i64::try_from(v).map(i64::cast_unsigned),
                };
                raw.map_err(|_| unrepresentable(kind.word(), &v.to_string(), "its field is too narrow for it"))
            }
        }
    }

    /// The number of an enum's value, from its name or as it is.
    fn number_of(&mut self, index: u32, values: &Values<'_>, row: usize) -> SchemaResult<u64> {
        let enumeration = self.catalog.enumeration(index);
        let number = match values {
            Values::Bytes(..) | Values::LargeBytes(..) | Values::Utf8View(_) => {
                let name = std::str::from_utf8(plain_bytes(values, row).unwrap_or(b"")).unwrap_or("");
                match enumeration.numbers.get(name) {
                    Some(number) => Some(*number),
                    // What the decoder makes of a number without a name.
                    None => name.parse::<i32>().ok(),
                }
                .ok_or_else(|| not_a_name(name))?
            }
            values => {
                let v = integer(values, row)?;
                i32::try_from(v).map_err(|_| unrepresentable("enum", &v.to_string(), "its numbers have 32 bits"))?
            }
        };
        Ok(i64::from(number).cast_unsigned())
    }
}

/// Text or bytes; what has none of its own is written into `scratch`.
#[inline]
fn bytes<'b>(scratch: &'b mut Vec<u8>, values: &'b Values<'_>, row: usize) -> SchemaResult<&'b [u8]> {
    if let Values::Text(cells) = values {
        scratch.clear();
        cells.write(row, scratch);
        return Ok(scratch);
    }
    plain_bytes(values, row).ok_or_else(mismatched)
}

/// Text or bytes of a column that has them.
#[inline]
fn plain_bytes<'b>(values: &'b Values<'_>, row: usize) -> Option<&'b [u8]> {
    Some(match values {
        Values::Bytes(ends, data) => &data[ends[row] as usize..ends[row + 1] as usize],
        Values::LargeBytes(ends, data) => &data[ends[row] as usize..ends[row + 1] as usize],
        Values::Utf8View(values) => values.value(row).as_bytes(),
        Values::BinaryView(values) => values.value(row),
        Values::FixedBinary(values) => values.value(row),
        Values::Dictionary(keys, values) => return plain_bytes(values, keys[row]),
        _ => return None,
    })
}

fn integer(values: &Values<'_>, row: usize) -> SchemaResult<i128> {
    Ok(match values {
        Values::Int8(values) => values[row].into(),
        Values::Int16(values) => values[row].into(),
        Values::Int32(values) => values[row].into(),
        Values::Int64(values) => values[row].into(),
        Values::UInt8(values) => values[row].into(),
        Values::UInt16(values) => values[row].into(),
        Values::UInt32(values) => values[row].into(),
        Values::UInt64(values) => values[row].into(),
        _ => return Err(mismatched()),
    })
}

fn double(values: &Values<'_>, row: usize) -> SchemaResult<f64> {
    Ok(match values {
        Values::Float16(values) => values[row].into(),
        Values::Float32(values) => values[row].into(),
        Values::Float64(values) => values[row],
        _ => return Err(mismatched()),
    })
}

/// Appends a varint.
#[inline]
pub(super) fn push_varint(out: &mut Vec<u8>, mut v: u64) {
    while v >= 0x80 {
        out.push(v as u8 | 0x80);
        v >>= 7;
    }
    out.push(v as u8);
}

/// Bytes of a varint.
fn varint_len(v: u64) -> usize {
    let bits = 64 - (v | 1).leading_zeros() as usize;
    bits.div_ceil(7)
}

#[inline]
fn push_raw(out: &mut Vec<u8>, kind: Kind, raw: u64) {
    match kind.wire_type() {
        I32 => out.extend_from_slice(&(raw as u32).to_le_bytes()),
        I64 => out.extend_from_slice(&raw.to_le_bytes()),
        _ => push_varint(out, raw),
    }
}

#[cold]
fn in_item(error: SchemaError, index: usize) -> SchemaError {
    error.in_field(&format!("[{index}]"))
}

#[cold]
fn unrepresentable(kind: &'static str, text: &str, help: &'static str) -> SchemaError {
    EncodeError::Unrepresentable { format: super::NAME, found: Found::new(kind, text), help }.into()
}

#[cold]
fn null_item() -> SchemaError {
    unrepresentable("null", "", "no item of a list and no value of a map is null there; leave them out before")
}

#[cold]
fn not_a_name(name: &str) -> SchemaError {
    unrepresentable("text", name, "the enum of its field has no value of that name")
}

/// Plans are made from the fields that batches are checked against.
#[cold]
fn mismatched() -> SchemaError {
    unrepresentable("value", "", "its column is of another type than its field; this is a bug of the encoder")
}
