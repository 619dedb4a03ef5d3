//! One column of a batch → JSON values.

use arrow_array::{Array, ArrayRef, StringArray, cast::AsArray};
use arrow_buffer::NullBuffer;
use arrow_schema::{DataType, Field};
use laminar_schema::{EncodeError, Found, SchemaError, SchemaResult, field};

use super::{NAME, options::NonFinite, quote::quote, syntax::Scanner};
use crate::{cell::Cells, column::BinaryEncoding};

/// The keys of a field and of everything inside it, quoted once.
#[derive(Debug)]
pub(super) struct Keys {
    name: String,
    /// `"name":`
    quoted: Vec<u8>,
    children: Vec<Keys>,
}

impl Keys {
    pub(super) fn new(f: &Field) -> Self {
        let mut quoted = Vec::new();
        quote(&mut quoted, f.name());
        quoted.push(b':');
        let children: Vec<Self> = match f.data_type() {
            DataType::Struct(fields) => fields.iter().map(|f| Self::new(f)).collect(),
            DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
                vec![Self::new(item)]
            }
            DataType::Map(entries, _) => vec![Self::new(entries)],
            _ => Vec::new(),
        };
        Self { name: f.name().clone(), quoted, children }
    }
}

/// Refuses types that JSON has no text for.
///
/// # Errors
/// [`EncodeError::UnsupportedType`] with the field's path.
pub(super) fn check_type(f: &Field) -> SchemaResult<()> {
    let inside = match f.data_type() {
        DataType::Struct(fields) => fields.iter().try_for_each(|f| check_type(f)),
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => check_type(item),
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(pair) if pair.len() == 2 && Cells::carry(&pair[0]) => check_type(&pair[1]),
            _ => Err(unsupported(f.data_type())),
        },
        _ if Cells::carry(f) => Ok(()),
        other => Err(unsupported(other)),
    };
    inside.map_err(|e| e.in_field(f.name()))
}

#[cold]
fn unsupported(data_type: &DataType) -> SchemaError {
    let help = "cast it to a plain list, a struct or text";
    EncodeError::UnsupportedType { format: NAME, data_type: data_type.clone(), help }.into()
}

/// One column of a batch, downcast once.
#[derive(Debug)]
pub(super) enum Writer<'a> {
    /// Numbers and booleans: text that stands by itself.
    Bare(Cells<'a>),
    /// Floating-point numbers, which may have no text.
    Float(Cells<'a>),
    /// Text without anything to escape.
    Plain(Cells<'a>),
    /// Any text, or bytes that may be no text.
    Text(Cells<'a>),
    /// JSON text.
    Json(&'a StringArray),
    List {
        /// Items of row i are `ends[i]..ends[i + 1]`.
        ends: Vec<usize>,
        item: Box<Self>,
        nulls: Option<&'a NullBuffer>,
    },
    Struct {
        fields: Vec<Self>,
        keys: &'a [Keys],
        nulls: Option<&'a NullBuffer>,
    },
    Map {
        ends: Vec<usize>,
        key: Cells<'a>,
        value: Box<Self>,
        nulls: Option<&'a NullBuffer>,
    },
}

impl<'a> Writer<'a> {
    /// The writer of a column; `None` when `array` is not of the field's type.
    pub(super) fn new(f: &Field, array: &'a ArrayRef, keys: &'a Keys, encoding: BinaryEncoding) -> Option<Self> {
        if f.data_type() != array.data_type() {
            return None;
        }
        let nulls = array.nulls();
        Some(match f.data_type() {
            DataType::Utf8 if field::is_json(f) => Self::Json(array.as_string()),
            DataType::List(item) => {
                let list = array.as_list::<i32>();
                let ends = list.value_offsets().iter().map(|end| *end as usize).collect();
                Self::list(item, ends, list.values(), keys, nulls, encoding)?
            }
            DataType::LargeList(item) => {
                let list = array.as_list::<i64>();
                let ends = list.value_offsets().iter().map(|end| *end as usize).collect();
                Self::list(item, ends, list.values(), keys, nulls, encoding)?
            }
            DataType::FixedSizeList(item, width) => {
                let list = array.as_fixed_size_list();
                let ends = (0..=list.len()).map(|row| row * *width as usize).collect();
                Self::list(item, ends, list.values(), keys, nulls, encoding)?
            }
            DataType::Struct(fields) => {
                let columns = fields.iter().zip(array.as_struct().columns()).zip(&keys.children);
                let fields = columns.map(|((f, array), keys)| Self::new(f, array, keys, encoding));
                Self::Struct { fields: fields.collect::<Option<_>>()?, keys: &keys.children, nulls }
            }
            DataType::Map(entries, _) => {
                let DataType::Struct(pair) = entries.data_type() else { return None };
                let map = array.as_map();
                let value_keys = keys.children.first()?.children.get(1)?;
                Self::Map {
                    ends: map.value_offsets().iter().map(|end| *end as usize).collect(),
                    key: Cells::new(&pair[0], map.keys(), encoding)?,
                    value: Box::new(Self::new(&pair[1], map.values(), value_keys, encoding)?),
                    nulls,
                }
            }
            data_type => {
                let cells = Cells::new(f, array, encoding)?;
                match data_type {
                    DataType::Float16 | DataType::Float32 | DataType::Float64 => Self::Float(cells),
                    t if t.is_numeric() || matches!(t, DataType::Boolean | DataType::Null) => Self::Bare(cells),
                    t if t.is_temporal() || field::is_uuid(f) => Self::Plain(cells),
                    DataType::Dictionary(_, value) if value.is_numeric() => {
                        if value.is_floating() {
                            Self::Float(cells)
                        } else {
                            Self::Bare(cells)
                        }
                    }
                    _ => Self::Text(cells),
                }
            }
        })
    }

    fn list(
        item: &Field,
        ends: Vec<usize>,
        items: &'a ArrayRef,
        keys: &'a Keys,
        nulls: Option<&'a NullBuffer>,
        encoding: BinaryEncoding,
    ) -> Option<Self> {
        let keys = keys.children.first()?;
        let item = Box::new(Self::new(item, items, keys, encoding)?);
        Some(Self::List { ends, item, nulls })
    }

    fn is_null(&self, row: usize) -> bool {
        match self {
            Self::Bare(cells) | Self::Float(cells) | Self::Plain(cells) | Self::Text(cells) => cells.is_null(row),
            Self::Json(texts) => texts.is_null(row),
            Self::List { nulls, .. } | Self::Struct { nulls, .. } | Self::Map { nulls, .. } => {
                nulls.is_some_and(|nulls| nulls.is_null(row))
            }
        }
    }
}

/// Where values are written, and how.
#[derive(Debug)]
pub(super) struct Output<'o> {
    pub(super) out: &'o mut Vec<u8>,
    pub(super) scratch: &'o mut Vec<u8>,
    pub(super) scanner: &'o mut Scanner,
    pub(super) explicit_nulls: bool,
    pub(super) non_finite: NonFinite,
}

impl Output<'_> {
    /// Writes one row of `fields` as an object.
    ///
    /// # Errors
    /// [`EncodeError::Unrepresentable`] with the field's path.
    pub(super) fn object<'w>(
        &mut self,
        fields: impl Iterator<Item = (&'w Keys, &'w Writer<'w>)>,
        row: usize,
    ) -> SchemaResult<()> {
        self.out.push(b'{');
        let mut is_first = true;
        for (keys, field) in fields {
            if !self.explicit_nulls && field.is_null(row) {
                continue;
            }
            if !std::mem::take(&mut is_first) {
                self.out.push(b',');
            }
            self.out.extend_from_slice(&keys.quoted);
            self.value(field, row).map_err(|e| e.in_field(&keys.name))?;
        }
        self.out.push(b'}');
        Ok(())
    }

    fn value(&mut self, writer: &Writer<'_>, row: usize) -> SchemaResult<()> {
        if writer.is_null(row) {
            self.out.extend_from_slice(b"null");
            return Ok(());
        }
        match writer {
            Writer::Bare(cells) => cells.write(row, self.out),
            Writer::Float(cells) => return self.float(cells, row),
            Writer::Plain(cells) => {
                self.out.push(b'"');
                cells.write(row, self.out);
                self.out.push(b'"');
            }
            Writer::Text(cells) => return self.text(cells, row),
            Writer::Json(texts) => return self.json(texts.value(row)),
            Writer::List { ends, item, .. } => {
                self.out.push(b'[');
                for at in ends[row]..ends[row + 1] {
                    if at > ends[row] {
                        self.out.push(b',');
                    }
                    self.value(item, at).map_err(|e| in_item(e, at - ends[row]))?;
                }
                self.out.push(b']');
            }
            Writer::Struct { fields, keys, .. } => return self.object(keys.iter().zip(fields), row),
            Writer::Map { ends, key, value, .. } => {
                self.out.push(b'{');
                for at in ends[row]..ends[row + 1] {
                    if at > ends[row] {
                        self.out.push(b',');
                    }
                    self.text(key, at)?;
                    self.out.push(b':');
                    self.value(value, at)?;
                }
                self.out.push(b'}');
            }
        }
        Ok(())
    }

    fn float(&mut self, cells: &Cells<'_>, row: usize) -> SchemaResult<()> {
        let start = self.out.len();
        cells.write(row, self.out);
        // What is no number begins with a letter: NaN, inf, -inf.
        let first = self.out[start..].iter().find(|b| **b != b'-');
        if first.is_some_and(u8::is_ascii_digit) {
            return Ok(());
        }
        match self.non_finite {
            NonFinite::Null => {
                self.out.truncate(start);
                self.out.extend_from_slice(b"null");
                Ok(())
            }
            NonFinite::Reject => Err(non_finite(&self.out[start..])),
        }
    }

    fn text(&mut self, cells: &Cells<'_>, row: usize) -> SchemaResult<()> {
        self.scratch.clear();
        cells.write(row, self.scratch);
        match std::str::from_utf8(self.scratch) {
            Ok(text) => {
                quote(self.out, text);
                Ok(())
            }
            Err(_) => Err(not_text(self.scratch)),
        }
    }

    /// Embeds JSON text. A line break in it can only be white space, and would end the record.
    fn json(&mut self, text: &str) -> SchemaResult<()> {
        if !self.scanner.is_document(text.as_bytes()) {
            return Err(not_json(text));
        }
        let start = self.out.len();
        self.out.extend_from_slice(text.as_bytes());
        for byte in &mut self.out[start..] {
            if matches!(*byte, b'\n' | b'\r') {
                *byte = b' ';
            }
        }
        Ok(())
    }
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
fn non_finite(text: &[u8]) -> SchemaError {
    unrepresentable("number", &String::from_utf8_lossy(text), "set `non_finite` to 'null'")
}

#[cold]
fn not_text(bytes: &[u8]) -> SchemaError {
    unrepresentable("bytes", &String::from_utf8_lossy(bytes), "set `binary_encoding` to 'base64' or 'hex'")
}

#[cold]
fn not_json(text: &str) -> SchemaError {
    unrepresentable("text", text, "the column is declared JSON and the text is none; declare it VARCHAR")
}
