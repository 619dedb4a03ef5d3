//! Rows of columns → objects.

use std::ops::Range;

use laminar_schema::{EncodeError, Found, SchemaError, SchemaResult};

use super::{
    super::{NAME, options::NonFinite, syntax::Scanner},
    arena::Arena,
    column::{Column, Other, Values},
    plan::Glue,
};
use crate::cell::{Cells, float, integer, write_boolean};

/// Where values are written, and how.
#[derive(Debug)]
pub(in crate::json) struct Output<'o> {
    pub(in crate::json) arena: Arena,
    /// A value's bytes while it is seen whether they are text.
    pub(in crate::json) scratch: &'o mut Vec<u8>,
    pub(in crate::json) scanner: &'o mut Scanner,
    pub(in crate::json) explicit_nulls: bool,
    pub(in crate::json) non_finite: NonFinite,
}

impl Output<'_> {
    /// Writes one row as an object from `at` on, and returns where it ends.
    ///
    /// # Errors
    /// [`EncodeError::Unrepresentable`] with the field's path; what was written of the row is to be cut off.
    // A function of its own for .ci/virtual_calls, which starts here.
    #[inline(never)]
    pub(in crate::json) fn encode_record(
        &mut self,
        at: usize,
        columns: &[Column<'_>],
        row: usize,
    ) -> SchemaResult<usize> {
        self.arena.make_room(at, 0);
        self.object(at, columns, row)
    }

    fn object(&mut self, start: usize, columns: &[Column<'_>], row: usize) -> SchemaResult<usize> {
        let mut at = start;
        for column in columns {
            if !is_null(column, row) {
                at = match self.value(at, column.glue, &column.values, row) {
                    Ok(at) => at,
                    Err(error) => return Err(in_field(error, column)),
                };
            } else if self.explicit_nulls {
                at = self.arena.put_null(at, column.glue);
            }
        }
        Ok(self.arena.enclose(start, at, b'{', b'}'))
    }

    fn list(&mut self, start: usize, item: &Column<'_>, span: Range<usize>) -> SchemaResult<usize> {
        let mut at = start;
        for row in span.clone() {
            self.arena.make_room(at, 0);
            at = self.cell(at, item, row).map_err(|e| in_item(e, row - span.start))?;
        }
        Ok(self.arena.enclose(start, at, b'[', b']'))
    }

    fn map(&mut self, start: usize, [keys, values]: &[Column<'_>; 2], span: Range<usize>) -> SchemaResult<usize> {
        let mut at = start;
        for row in span {
            self.arena.make_room(at, 0);
            at = self.cell(at, keys, row)?;
            at = self.cell(at, values, row)?;
        }
        Ok(self.arena.enclose(start, at, b'{', b'}'))
    }

    /// Writes the glue and the value of a row, null or not.
    #[inline(never)]
    fn cell(&mut self, at: usize, column: &Column<'_>, row: usize) -> SchemaResult<usize> {
        if is_null(column, row) {
            return Ok(self.arena.put_null(at, column.glue));
        }
        self.value(at, column.glue, &column.values, row)
    }

    /// Writes the glue and the value of a row that is not null.
    #[inline(always)]
    fn value(&mut self, start: usize, glue: &Glue, values: &Values<'_>, row: usize) -> SchemaResult<usize> {
        let at = self.arena.put_before(start, glue);
        let window = self.arena.window(at);
        let from = glue.write(window);
        Ok(match values {
            Values::Int64(v) => at + integer::write_i64_within(window, from, v[row]),
            Values::ShortFloat64(v) => match float::write_short(window, from, v[row]) {
                Some(end) => at + end,
                None => return self.float(start, at + from, glue, v[row]),
            },
            Values::Float64(v) if v[row].is_finite() => at + float::write_finite(window, from, v[row]),
            Values::Float64(v) => return self.non_finite(start, glue, v[row]),
            Values::Utf8(ends, texts) => {
                self.arena.put_text(at, from, texts, ends[row] as usize, ends[row + 1] as usize)
            }
            Values::Boolean(v) => at + write_boolean(window, from, v.value(row)),
            Values::Struct(columns) => return self.object(at + from, columns, row),
            Values::List(spans, item) => return self.list(at + from, item, spans.of(row)),
            Values::Other(other) => return self.other(start, at + from, glue, other, row),
        })
    }

    /// Writes the value of a row at `at`, behind the glue that began at `start`. Out of line, so that what is common
    /// stays small.
    #[inline(never)]
    fn other(&mut self, start: usize, at: usize, glue: &Glue, values: &Other<'_>, row: usize) -> SchemaResult<usize> {
        let out = self.arena.bytes();
        Ok(match values {
            Other::Int32(v) => integer::write_i64(out, at, i64::from(v[row])),
            Other::Float32(v) if v[row].is_finite() => float::write(out, at, v[row]),
            Other::Float32(v) => return self.non_finite(start, glue, v[row].into()),
            Other::Float16(v) if v[row].is_finite() => float::write(out, at, v[row].to_f32()),
            Other::Float16(v) => return self.non_finite(start, glue, v[row].into()),
            Other::Bare(cells) => cells.write_at(row, out, at),
            Other::Time(cells) if !cells.is_within_a_day(row) => return Err(not_a_time(cells, row)),
            Other::Quoted(cells) | Other::Time(cells) => {
                let end = cells.write_at(row, out, at);
                self.arena.put_byte(end, b'"')
            }
            Other::Digits(cells) => {
                self.arena.make_room(at, cells.room(row));
                let end = cells.write_at(row, self.arena.bytes(), at);
                self.arena.put_byte(end, b'"')
            }
            Other::LargeUtf8(ends, texts) => {
                self.arena.put_any_text(at, texts, ends[row] as usize, ends[row + 1] as usize)
            }
            Other::Utf8View(texts) => {
                let text = texts.value(row).as_bytes();
                self.arena.put_any_text(at, text, 0, text.len())
            }
            Other::Bytes(cells) => return self.bytes(at, cells, row),
            Other::Json(texts) => return self.json(at, texts.value(row)),
            Other::Map(ends, pair) => return self.map(at, pair, ends[row] as usize..ends[row + 1] as usize),
            Other::Dictionary(keys, entries) => return self.entry(start, glue, entries, keys[row]),
        })
    }

    #[inline(never)]
    fn entry(&mut self, start: usize, glue: &Glue, entries: &Values<'_>, row: usize) -> SchemaResult<usize> {
        self.value(start, glue, entries, row)
    }

    /// Writes a float that is not short after all, or not finite.
    #[inline(never)]
    fn float(&mut self, start: usize, at: usize, glue: &Glue, value: f64) -> SchemaResult<usize> {
        if value.is_finite() {
            return Ok(float::write(self.arena.bytes(), at, value));
        }
        self.non_finite(start, glue, value)
    }

    #[cold]
    #[inline(never)]
    fn non_finite(&mut self, start: usize, glue: &Glue, value: f64) -> SchemaResult<usize> {
        match self.non_finite {
            NonFinite::Null => Ok(self.arena.put_null(start, glue)),
            NonFinite::Reject => Err(non_finite(zmij::Buffer::new().format(value))),
        }
    }

    /// Bytes as the text that they are.
    fn bytes(&mut self, at: usize, cells: &Cells<'_>, row: usize) -> SchemaResult<usize> {
        self.scratch.clear();
        cells.write(row, self.scratch);
        if std::str::from_utf8(self.scratch).is_err() {
            return Err(not_text(self.scratch));
        }
        Ok(self.arena.put_any_text(at, self.scratch, 0, self.scratch.len()))
    }

    /// Embeds JSON text. A line break in it can only be white space, and would end the record.
    fn json(&mut self, mut at: usize, text: &str) -> SchemaResult<usize> {
        if !self.scanner.is_document(text.as_bytes()) {
            return Err(not_json(text));
        }
        let mut rest = text.as_bytes();
        while let Some(end) = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
            at = self.arena.put_all(at, &rest[..end]);
            at = self.arena.put_all(at, b" ");
            rest = &rest[end + 1..];
        }
        Ok(self.arena.put_all(at, rest))
    }
}

#[inline(always)]
fn is_null(column: &Column<'_>, row: usize) -> bool {
    column.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row))
}

#[cold]
fn in_field(error: SchemaError, column: &Column<'_>) -> SchemaError {
    error.in_field(column.name)
}

#[cold]
fn in_item(error: SchemaError, index: usize) -> SchemaError {
    error.in_field(&format!("[{index}]"))
}

#[cold]
fn unrepresentable(kind: &'static str, text: &str, help: &'static str) -> SchemaError {
    EncodeError::Unrepresentable { format: NAME, found: Found::new(kind, text), help }.into()
}

#[cold]
fn non_finite(text: &str) -> SchemaError {
    unrepresentable("number", text, "set `non_finite` to 'null'")
}

#[cold]
fn not_text(bytes: &[u8]) -> SchemaError {
    unrepresentable("bytes", &String::from_utf8_lossy(bytes), "set `binary_encoding` to 'base64' or 'hex'")
}

#[cold]
fn not_a_time(cells: &Cells<'_>, row: usize) -> SchemaError {
    let mut text = Vec::new();
    cells.write(row, &mut text);
    unrepresentable("time", &String::from_utf8_lossy(&text), "a TIME is from 00:00:00 on and before 24:00:00")
}

#[cold]
fn not_json(text: &str) -> SchemaError {
    unrepresentable("text", text, "the column is declared JSON and the text is none; declare it VARCHAR")
}
