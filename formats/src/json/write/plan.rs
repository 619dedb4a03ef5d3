//! What of a record's text the schema alone decides.

use arrow_schema::{DataType, Field, Schema};
use laminar_schema::{EncodeError, SchemaError, SchemaResult, field};

use super::{
    super::{NAME, quote::quote},
    arena::{WINDOW, Window},
};
use crate::cell::{self, Cells};

/// The text before a value: a comma, the key, a colon, and the quote that opens a string.
///
/// Every value has a comma before it; that of the first becomes the bracket.
#[derive(Debug)]
pub(in crate::json) struct Glue {
    /// The last bytes, which are copied whole however few of them count.
    last: [u8; Self::LAST],
    /// How many of them count.
    last_len: usize,
    /// Where null starts among them: it has no quotes.
    null_at: usize,
    /// What a long key has before them.
    before: Box<[u8]>,
}

impl Glue {
    const LAST: usize = 32;

    fn new(mut text: Vec<u8>, quoted: bool) -> Self {
        if quoted {
            text.push(b'"');
        }
        let last_bytes = text.split_off(text.len().saturating_sub(Self::LAST));
        let mut last = [0; Self::LAST];
        last[..last_bytes.len()].copy_from_slice(&last_bytes);
        let last_len = last_bytes.len();
        Self { last, last_len, null_at: last_len - usize::from(quoted), before: text.into() }
    }

    /// What stands before the last bytes; only long keys have any.
    #[inline(always)]
    pub(super) fn before(&self) -> &[u8] {
        &self.before
    }

    /// Writes the last bytes to the start of `window`, and returns where the value goes.
    #[inline(always)]
    pub(super) fn write(&self, window: &mut Window) -> usize {
        window[..Self::LAST].copy_from_slice(&self.last);
        // The mask changes nothing, and spares the checks of whatever is written from there on.
        self.last_len & (WINDOW / 2 - 1)
    }

    /// Writes the last bytes and null to the start of `window`, and returns where null ends.
    #[inline(always)]
    pub(super) fn write_null(&self, window: &mut Window) -> usize {
        window[..Self::LAST].copy_from_slice(&self.last);
        let at = self.null_at & (WINDOW / 2 - 1);
        window[at..at + 4].copy_from_slice(b"null");
        at + 4
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
            WINDOW + plan.glue.before.len() + cell::BOUNDED_ROOM + marks + Self::slack(&plan.children)
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
