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
    /// Writes one row as an object.
    ///
    /// # Errors
    /// [`EncodeError::Unrepresentable`] with the field's path; what was written of the row is to be cut off.
    // A function of its own for .ci/virtual_calls, which starts here.
    #[inline(never)]
    pub(in crate::json) fn encode_record(&mut self, columns: &[Column<'_>], row: usize) -> SchemaResult<()> {
        self.arena.make_room(0);
        self.object(columns, row)
    }

    fn object(&mut self, columns: &[Column<'_>], row: usize) -> SchemaResult<()> {
        let start = self.arena.position();
        for column in columns {
            if !is_null(column, row) {
                self.value(column.glue, &column.values, row).map_err(|e| e.in_field(column.name))?;
            } else if self.explicit_nulls {
                self.arena.put_null(column.glue);
            }
        }
        self.arena.enclose(start, b'{', b'}');
        Ok(())
    }

    fn list(&mut self, item: &Column<'_>, span: Range<usize>) -> SchemaResult<()> {
        let start = self.arena.position();
        for at in span.clone() {
            self.arena.make_room(0);
            self.cell(item, at).map_err(|e| in_item(e, at - span.start))?;
        }
        self.arena.enclose(start, b'[', b']');
        Ok(())
    }

    fn map(&mut self, [keys, values]: &[Column<'_>; 2], span: Range<usize>) -> SchemaResult<()> {
        let start = self.arena.position();
        for at in span {
            self.arena.make_room(0);
            self.value(keys.glue, &keys.values, at)?;
            self.cell(values, at)?;
        }
        self.arena.enclose(start, b'{', b'}');
        Ok(())
    }

    /// Writes the glue and the value of a row, null or not.
    fn cell(&mut self, column: &Column<'_>, row: usize) -> SchemaResult<()> {
        if is_null(column, row) {
            self.arena.put_null(column.glue);
            return Ok(());
        }
        self.value(column.glue, &column.values, row)
    }

    /// Writes the glue and the value of a row that is not null.
    #[inline(always)]
    fn value(&mut self, glue: &Glue, values: &Values<'_>, row: usize) -> SchemaResult<()> {
        let (out, at) = self.arena.put_glue(glue);
        let end = match values {
            Values::Int64(v) => integer::write_i64(out, at, v[row]),
            Values::Float64(v) if v[row].is_finite() => float::write_f64(out, at, v[row]),
            Values::Float64(v) => return self.non_finite(glue, v[row]),
            Values::Utf8(ends, texts) => {
                self.arena.put_text(glue, texts, ends[row] as usize, ends[row + 1] as usize);
                return Ok(());
            }
            Values::Boolean(v) => write_boolean(out, at, v.value(row)),
            Values::Struct(columns) => {
                self.arena.seek(at);
                return self.object(columns, row);
            }
            Values::List(spans, item) => {
                self.arena.seek(at);
                return self.list(item, spans.of(row));
            }
            Values::Other(other) => return self.other(glue, other, row),
        };
        self.arena.seek(end);
        Ok(())
    }

    /// Out of line, so that what is common stays small.
    #[inline(never)]
    fn other(&mut self, glue: &Glue, values: &Other<'_>, row: usize) -> SchemaResult<()> {
        let (out, at) = self.arena.put_glue(glue);
        let end = match values {
            Other::Int32(v) => integer::write_i64(out, at, i64::from(v[row])),
            Other::Float32(v) if v[row].is_finite() => float::write(out, at, v[row]),
            Other::Float32(v) => return self.non_finite(glue, v[row].into()),
            Other::Float16(v) if v[row].is_finite() => float::write(out, at, v[row].to_f32()),
            Other::Float16(v) => return self.non_finite(glue, v[row].into()),
            Other::Bare(cells) => cells.write_at(row, out, at),
            Other::Quoted(cells) => {
                let end = cells.write_at(row, out, at);
                out[end] = b'"';
                end + 1
            }
            Other::Digits(cells) => {
                self.arena.make_room(cells.room(row));
                let (out, at) = self.arena.put_glue(glue);
                let end = cells.write_at(row, out, at);
                out[end] = b'"';
                end + 1
            }
            Other::LargeUtf8(ends, texts) => {
                self.arena.put_text(glue, texts, ends[row] as usize, ends[row + 1] as usize);
                return Ok(());
            }
            Other::Utf8View(texts) => {
                let text = texts.value(row).as_bytes();
                self.arena.put_text(glue, text, 0, text.len());
                return Ok(());
            }
            Other::Bytes(cells) => return self.bytes(glue, cells, row),
            Other::Json(texts) => {
                self.arena.seek(at);
                return self.json(texts.value(row));
            }
            Other::Map(ends, pair) => {
                self.arena.seek(at);
                return self.map(pair, ends[row] as usize..ends[row + 1] as usize);
            }
            Other::Dictionary(keys, entries) => return self.entry(glue, entries, keys[row]),
        };
        self.arena.seek(end);
        Ok(())
    }

    #[inline(never)]
    fn entry(&mut self, glue: &Glue, entries: &Values<'_>, row: usize) -> SchemaResult<()> {
        self.value(glue, entries, row)
    }

    #[cold]
    #[inline(never)]
    fn non_finite(&mut self, glue: &Glue, value: f64) -> SchemaResult<()> {
        match self.non_finite {
            NonFinite::Null => {
                self.arena.put_null(glue);
                Ok(())
            }
            NonFinite::Reject => Err(non_finite(zmij::Buffer::new().format(value))),
        }
    }

    /// Bytes as the text that they are.
    fn bytes(&mut self, glue: &Glue, cells: &Cells<'_>, row: usize) -> SchemaResult<()> {
        self.scratch.clear();
        cells.write(row, self.scratch);
        if std::str::from_utf8(self.scratch).is_err() {
            return Err(not_text(self.scratch));
        }
        self.arena.put_text(glue, self.scratch, 0, self.scratch.len());
        Ok(())
    }

    /// Embeds JSON text. A line break in it can only be white space, and would end the record.
    fn json(&mut self, text: &str) -> SchemaResult<()> {
        if !self.scanner.is_document(text.as_bytes()) {
            return Err(not_json(text));
        }
        let mut rest = text.as_bytes();
        while let Some(end) = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
            self.arena.put_all(&rest[..end]);
            self.arena.put_all(b" ");
            rest = &rest[end + 1..];
        }
        self.arena.put_all(rest);
        Ok(())
    }
}

#[inline(always)]
fn is_null(column: &Column<'_>, row: usize) -> bool {
    column.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row))
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
fn not_json(text: &str) -> SchemaError {
    unrepresentable("text", text, "the column is declared JSON and the text is none; declare it VARCHAR")
}
