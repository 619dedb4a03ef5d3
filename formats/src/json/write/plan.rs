//! What of a record's text the schema alone decides.

use arrow_schema::{DataType, Field, Schema};
use laminar_schema::{EncodeError, SchemaError, SchemaResult, field};

use super::super::{NAME, quote::quote};
use crate::cell::{self, Cells};

/// The text before a value: a comma, the key, a colon, and the quote that opens a string.
///
/// Every value has a comma before it; that of the first becomes the bracket.
#[derive(Debug)]
pub(in crate::json) struct Glue {
    /// The first bytes, which are copied whole whatever their length.
    head: [u8; Self::HEAD],
    /// What follows them.
    tail: Box<[u8]>,
    len: usize,
    /// Its length before null, which has no quotes.
    pub(super) len_of_null: usize,
}

impl Glue {
    pub(super) const HEAD: usize = 32;

    fn new(mut text: Vec<u8>, quoted: bool) -> Self {
        let len_of_null = text.len();
        if quoted {
            text.push(b'"');
        }
        let mut head = [0; Self::HEAD];
        let split = text.len().min(Self::HEAD);
        head[..split].copy_from_slice(&text[..split]);
        Self { head, tail: text[split..].into(), len: text.len(), len_of_null }
    }

    /// Writes it into `out` from `at` on, and returns where it ends.
    #[inline(always)]
    pub(super) fn write(&self, out: &mut [u8], at: usize) -> usize {
        out[at..at + Self::HEAD].copy_from_slice(&self.head);
        if self.len > Self::HEAD {
            self.write_tail(out, at + Self::HEAD);
        }
        at + self.len
    }

    #[inline(never)]
    fn write_tail(&self, out: &mut [u8], at: usize) {
        out[at..at + self.tail.len()].copy_from_slice(&self.tail);
    }
}

/// A field and everything inside it.
#[derive(Debug)]
pub(in crate::json) struct Plan {
    pub(super) name: String,
    pub(super) glue: Glue,
    /// Whether its values are strings.
    pub(super) quoted: bool,
    pub(super) children: Vec<Plan>,
}

impl Plan {
    /// The plans of a schema's fields.
    ///
    /// # Errors
    /// [`EncodeError::UnsupportedType`] for a type that JSON has no text for, with the field's path.
    pub(in crate::json) fn of_schema(schema: &Schema) -> SchemaResult<Vec<Self>> {
        schema.fields().iter().map(|f| Self::of_field(f)).collect()
    }

    fn of_field(f: &Field) -> SchemaResult<Self> {
        let mut text = b",".to_vec();
        quote(&mut text, f.name());
        text.push(b':');
        Self::new(f, text)
    }

    fn new(f: &Field, text: Vec<u8>) -> SchemaResult<Self> {
        let children = Self::inside(f).map_err(|e| e.in_field(f.name()))?;
        let quoted = children.is_empty() && is_quoted(f);
        Ok(Self { name: f.name().clone(), glue: Glue::new(text, quoted), quoted, children })
    }

    fn inside(f: &Field) -> SchemaResult<Vec<Self>> {
        match f.data_type() {
            DataType::Struct(fields) => fields.iter().map(|f| Self::of_field(f)).collect(),
            DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
                Ok(vec![Self::new(item, b",".to_vec())?])
            }
            DataType::Map(entries, _) => match entries.data_type() {
                DataType::Struct(pair) if pair.len() == 2 && Cells::carry(&pair[0]) => {
                    let key = Self {
                        name: pair[0].name().clone(),
                        glue: Glue::new(b",".to_vec(), true),
                        quoted: true,
                        children: Vec::new(),
                    };
                    Ok(vec![key, Self::new(&pair[1], b":".to_vec())?])
                }
                _ => Err(unsupported(f.data_type())),
            },
            _ if Cells::carry(f) => Ok(Vec::new()),
            other => Err(unsupported(other)),
        }
    }

    /// A bound on what a row's columns write once each, whatever their values: all but texts and bytes.
    pub(in crate::json) fn slack(plans: &[Self]) -> usize {
        let one = |plan: &Self| {
            // A closing quote, or a pair of brackets.
            let marks = 2;
            Glue::HEAD + plan.glue.tail.len() + cell::BOUNDED_ROOM + marks + Self::slack(&plan.children)
        };
        // The record's own pair of brackets.
        plans.iter().map(one).sum::<usize>() + 2
    }
}

fn is_quoted(f: &Field) -> bool {
    match f.data_type() {
        DataType::Utf8 => !field::is_json(f),
        DataType::Dictionary(_, value) => is_quoted(&Field::new("", (**value).clone(), true)),
        DataType::Null | DataType::Boolean => false,
        other => !other.is_numeric() && !other.is_nested(),
    }
}

#[cold]
fn unsupported(data_type: &DataType) -> SchemaError {
    let help = "cast it to a plain list, a struct or text";
    EncodeError::UnsupportedType { format: NAME, data_type: data_type.clone(), help }.into()
}
