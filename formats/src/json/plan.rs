//! Documents as rows: the policies about whole documents, and the columns that no field fills.

use laminar_schema::{
    ConfigError, DecodeError, SchemaError, SchemaResult,
    field::{RESCUE_COLUMN, payload_key},
};
use simd_json::Node;

use super::{
    options::{JsonOptions, MultipleDocuments, NonObjects},
    walk::{Walker, push_absent},
};
use crate::{
    column::{Column, ColumnOps, Mismatch, Scalar, StructColumn},
    policy::{NoContent, TypeMismatch, UnknownFields},
};

/// Payload key of the column that takes documents which are no objects.
const VALUE_KEY: &str = "value";

/// The policies about whole records, and where special values go.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) empty_records: NoContent,
    pub(crate) tombstones: NoContent,
    pub(crate) multiple_documents: MultipleDocuments,
    pub(crate) max_depth: usize,
    pub(crate) max_record_bytes: usize,
    /// Column for documents that are no objects.
    pub(crate) value: Option<usize>,
    /// Whether that column is the only one and JSON, so that objects without such a field go there too.
    pub(crate) value_is_whole: bool,
    /// Column for every document whole.
    pub(crate) document: Option<usize>,
    /// Column for what is rescued.
    pub(crate) rescue: Option<usize>,
}

impl Plan {
    pub(crate) fn new(root: &mut StructColumn, options: &JsonOptions) -> SchemaResult<Self> {
        let named = |root: &StructColumn, name: &str| root.fields.iter().position(|f| f.field.name() == name);
        let is_text =
            |root: &StructColumn, i: usize| matches!(root.fields[i].column, Column::Json(_) | Column::Utf8(_));
        let reserve = |root: &mut StructColumn, option: &str, value: &str, name: &str| match named(root, name) {
            Some(index) if is_text(root, index) => {
                root.reserve_field(index);
                Ok(index)
            }
            found => {
                let reason = if found.is_some() { "it is no JSON column" } else { "there is no such column" };
                let expected = format!("a column `{name}` of type JSON; declare it");
                Err(SchemaError::from(ConfigError::invalid(option, value, expected, reason)))
            }
        };
        let value = root.fields.iter().position(|f| payload_key(&f.field) == VALUE_KEY);
        let only_value = value.is_some() && root.fields.len() == 1;
        let takes_value = match options.non_objects {
            Some(NonObjects::Value) if value.is_none() => {
                return Err(ConfigError::invalid("non_objects", "value", "a column `value`; declare it", "").into());
            }
            Some(policy) => policy == NonObjects::Value,
            None => only_value,
        };
        let document = options.document_column.as_deref();
        let document = document.map(|name| reserve(root, "document_column", name, name)).transpose()?;
        let rescue = match (options.unknown_fields, options.type_mismatch) {
            (UnknownFields::Rescue, _) => Some(reserve(root, "unknown_fields", "rescue", RESCUE_COLUMN)?),
            (_, TypeMismatch::Rescue) => Some(reserve(root, "type_mismatch", "rescue", RESCUE_COLUMN)?),
            _ => None,
        };
        Ok(Self {
            empty_records: options.empty_records,
            tombstones: options.tombstones,
            multiple_documents: options.multiple_documents,
            max_depth: options.max_depth,
            max_record_bytes: options.max_record_bytes.unwrap_or(usize::MAX),
            value: value.filter(|_| takes_value),
            value_is_whole: takes_value && only_value && matches!(root.fields[0].column, Column::Json(_)),
            document,
            rescue,
        })
    }

    /// Fills the columns that no field fills: the document's own text, and what was rescued from it.
    #[inline]
    pub(crate) fn push_reserved(
        &self,
        root: &mut StructColumn,
        document: Option<&str>,
        rescued: Option<&str>,
    ) -> SchemaResult<()> {
        if let Some(index) = self.document {
            push_text(root, index, document)?;
        }
        if let Some(index) = self.rescue {
            push_text(root, index, rescued)?;
        }
        Ok(())
    }
}

impl Walker<'_, '_> {
    /// Pushes the row of the document on the tape.
    pub(crate) fn document(mut self, root: &mut StructColumn, plan: &Plan) -> SchemaResult<()> {
        if self.state.rescue.enabled {
            self.state.rescue.clear();
        }
        match (self.tape.first(), plan.value) {
            (Some(Node::Object { len, .. }), value) => match value {
                Some(value) if plan.value_is_whole && !self.has_key(*len, VALUE_KEY) => self.whole(root, value)?,
                _ => {
                    self.object(root, 1, *len)?;
                }
            },
            (Some(_), Some(value)) => self.whole(root, value)?,
            _ => return Err(self.not_a_row()),
        }
        let document = plan.document.map(|_| self.text(0));
        plan.push_reserved(root, document, self.state.rescue.finish())
    }

    /// Pushes a row that has the whole document as the value of one field.
    fn whole(&mut self, root: &mut StructColumn, index: usize) -> SchemaResult<()> {
        self.state.objects += 1;
        let object = self.state.objects;
        let field = &mut root.fields[index];
        field.seen = object;
        self.value(&mut field.column, &field.field, 0).map_err(|e| e.in_field(VALUE_KEY))?;
        push_absent(root, object).map_err(|e| self.at(e, 0))?;
        root.end_row();
        Ok(())
    }

    fn has_key(&self, len: usize, key: &str) -> bool {
        let mut at = 1;
        for _ in 0..len {
            if matches!(self.tape.get(at), Some(Node::String(found)) if *found == key) {
                return true;
            }
            at = self.skip(at + 1);
        }
        false
    }

    #[cold]
    #[inline(never)]
    fn not_a_row(&mut self) -> SchemaError {
        let found = self.found(0);
        self.at(DecodeError::NotARow { expected: "an object", found }.into(), 0)
    }
}

/// Pushes JSON text into a reserved column.
fn push_text(root: &mut StructColumn, index: usize, text: Option<&str>) -> SchemaResult<()> {
    let field = &mut root.fields[index];
    let pushed = match (&mut field.column, text) {
        (column, None) => {
            column.push_null();
            Ok(())
        }
        (Column::Json(json), Some(text)) => json.push_document(text),
        (column, Some(text)) => column.push_scalar(Scalar::Str(text)),
    };
    pushed.map_err(|mismatch| reserved_full(mismatch, &field.field))
}

#[cold]
#[inline(never)]
fn reserved_full(mismatch: Mismatch, field: &arrow_schema::Field) -> SchemaError {
    let found = laminar_schema::Found::kind("object");
    SchemaError::from(mismatch.into_error(field.data_type().clone(), found)).in_field(field.name())
}
