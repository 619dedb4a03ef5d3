//! The decoder: records → columns.

use std::fmt;

use arrow_schema::SchemaRef;
use laminar_schema::{
    ConnectorConfig, DecodeError, DecodeSpec, Decoded, DecoderSet, FormatDecoder, FormatInference, FormatInfo,
    FormatSpec, Framing, Location, RawBatch, SchemaError, SchemaResult,
};

use super::{
    direct::Direct,
    json_text::{JsonText, key_text},
    options::{MsgPackFraming, MsgPackOptions},
    skip::Skipper,
    token::Token,
    walk::{Place, WalkState, Walker},
};
use crate::{
    column::{ColumnOps, ColumnOptions, StructColumn},
    json::{MultipleDocuments, Plan, Rescue, push_absent},
    policy::{NoContent, UnknownFields},
    rows::{Account, Reluctance, RootRows},
};

/// Payload key of the column that takes records which are no maps.
const VALUE_KEY: &str = "value";

/// Decodes MessagePack maps into one column per schema field.
///
/// Input: one value per record; see [`MsgPackOptions`] for everything that deviates from it.
/// Shape: one row per value × one column per field; rejected records are listed beside it.
/// Cost: O(bytes). Allocates per batch and column, never per accepted record once warm.
///
/// Source: MessagePack specification.
pub struct MsgPackDecoder {
    plan: Plan,
    rows: RootRows,
    state: WalkState,
    /// No column needs more of a record than its fields.
    is_direct: bool,
    /// To let the direct way try.
    reluctance: Reluctance,
}

impl MsgPackDecoder {
    /// A decoder for the columns of `schema`.
    ///
    /// # Errors
    /// A column type that no record can fill; a DEFAULT that does not fit; options that name a column which is not there
    /// or no JSON.
    pub fn new(schema: SchemaRef, options: &MsgPackOptions) -> SchemaResult<Self> {
        let columns =
            ColumnOptions { timestamp_formats: options.timestamp_formats.clone(), ..ColumnOptions::default() };
        let mut rows = RootRows::new(schema, &columns)?;
        let plan = Plan::new(&mut rows.root, &options.row_rules()?)?;
        Ok(Self {
            rows,
            state: WalkState {
                type_mismatch: options.type_mismatch,
                unknown_fields: options.unknown_fields,
                duplicate_fields: options.duplicate_fields,
                coerce_strings: options.coerce_strings,
                max_depth: options.max_depth,
                rescue: Rescue::new(plan.rescue.is_some()),
                skipper: Skipper::default(),
                json: JsonText::default(),
                objects: 0,
                map_keys: Vec::new(),
                key: Vec::new(),
            },
            is_direct: plan.document.is_none() && plan.value.is_none(),
            reluctance: Reluctance::default(),
            plan,
        })
    }

    /// Sends every record to the walker, which knows all of MessagePack: the plain twin, for tests.
    #[must_use]
    pub fn plain(mut self) -> Self {
        self.is_direct = false;
        self
    }

    /// Lets the direct way try every record, however many it has left to the walker: for tests, whose records are mostly
    /// malformed.
    #[must_use]
    pub fn eager(mut self) -> Self {
        self.reluctance = Reluctance::none();
        self
    }

    /// Decodes records from `first` on the direct way, and returns the number of the first that is left to the walker: the
    /// root of everything that happens per record.
    #[inline(never)]
    fn decode_records(&mut self, batch: &RawBatch, first: usize) -> usize {
        if !self.is_direct || self.reluctance.spares() {
            return first;
        }
        let before = self.rows.num_rows();
        let mut direct = Direct {
            max_depth: self.state.max_depth,
            max_record_bytes: self.plan.max_record_bytes,
            ignores_unknown: self.state.unknown_fields == UnknownFields::Ignore,
            rescue: self.plan.rescue,
            skipper: &mut self.state.skipper,
            json: &mut self.state.json,
        };
        let left = direct.records(&mut self.rows.root, batch, first);
        self.reluctance.took(left - first);
        if left < batch.len() {
            self.rows.root.truncate(before + left - first);
            // Records without content say nothing about the others.
            if !batch.span(left).is_empty() {
                self.reluctance.left_one();
            }
        }
        left
    }

    /// Decodes one record that the direct way has left.
    ///
    /// # Errors
    /// Why the record does not fit; the columns may then hold parts of it, which the caller takes back.
    #[inline(never)]
    fn decode_record(&mut self, batch: &RawBatch, record: usize) -> SchemaResult<()> {
        if batch.is_tombstone(record) {
            return self.blank(self.plan.tombstones, DecodeError::Tombstone);
        }
        let bytes = batch.value(record);
        if bytes.is_empty() {
            return self.blank(self.plan.empty_records, DecodeError::EmptyRecord);
        }
        if bytes.len() > self.plan.max_record_bytes {
            return Err(too_large(bytes.len(), self.plan.max_record_bytes));
        }
        let mut at = self.push_row(bytes, 0)?;
        while at < bytes.len() {
            if self.plan.multiple_documents == MultipleDocuments::Reject {
                return Err(several(at));
            }
            at = self.push_row(bytes, at)?;
        }
        Ok(())
    }

    /// Pushes the row of the value at `at`, and returns where that ends.
    fn push_row(&mut self, bytes: &[u8], at: usize) -> SchemaResult<usize> {
        let Self { plan, rows, state, .. } = self;
        let root = &mut rows.root;
        if state.rescue.enabled {
            state.rescue.clear();
        }
        let mut walker = Walker { bytes, state };
        let (token, inside) = walker.token(at)?;
        let place = Place { at, inside, depth: 0 };
        let end = match (token, plan.value) {
            (Token::Map(len), Some(value)) if plan.value_is_whole && !walker.has_key(place, len)? => {
                walker.whole(root, value, at)?
            }
            (Token::Map(len), _) => walker.object(root, place, len)?,
            (_, Some(value)) => walker.whole(root, value, at)?,
            _ => return Err(walker.not_a_row(at)),
        };
        if plan.document.is_some() || plan.rescue.is_some() {
            let document = match plan.document {
                Some(_) => {
                    walker.json_text(at, 0)?;
                    Some(walker.state.json.as_str())
                }
                None => None,
            };
            plan.push_reserved(root, document, walker.state.rescue.finish())?;
        }
        Ok(end)
    }

    /// Decodes a batch's records; those that went the direct way have texts that nobody has looked at.
    fn decode_all(&mut self, batch: &RawBatch) -> Account {
        let mut account = Account::of(batch.len());
        let mut record = 0;
        while record < batch.len() {
            let left = self.decode_records(batch, record);
            account.one_each(record..left);
            record = left;
            if record < batch.len() {
                let before = self.rows.num_rows();
                let decoded = self.decode_record(batch, record);
                account.settle(&mut self.rows, record, before, decoded);
                record += 1;
            }
        }
        account
    }

    #[cold]
    #[inline(never)]
    fn blank(&mut self, policy: NoContent, error: DecodeError) -> SchemaResult<()> {
        match policy {
            NoContent::Skip => Ok(()),
            NoContent::Reject => Err(error.into()),
            NoContent::Null => {
                self.state.objects += 1;
                push_absent(&mut self.rows.root, self.state.objects)?;
                self.plan.push_reserved(&mut self.rows.root, None, None)?;
                self.rows.root.end_row();
                Ok(())
            }
        }
    }
}

impl Walker<'_, '_> {
    /// Pushes a row that has the whole record as the value of one field.
    fn whole(&mut self, root: &mut StructColumn, index: usize, at: usize) -> SchemaResult<usize> {
        self.state.objects += 1;
        let object = self.state.objects;
        let field = &mut root.fields[index];
        field.seen = object;
        let end = self.value(&mut field.column, &field.field, at, 0).map_err(|e| e.in_field(VALUE_KEY))?;
        push_absent(root, object).map_err(|e| self.at(e, at))?;
        root.end_row();
        Ok(end)
    }

    /// Whether the map at `place` has the key `value`.
    fn has_key(&mut self, place: Place, len: u32) -> SchemaResult<bool> {
        let mut at = place.inside;
        for _ in 0..len {
            let (key, value_at) = self.token(at)?;
            if key_text(&mut self.state.key, key) && self.state.key == VALUE_KEY.as_bytes() {
                return Ok(true);
            }
            // A key that is a container is none, and the map goes into the column whole, which says so.
            if matches!(key, Token::Array(_) | Token::Map(_)) {
                return Ok(false);
            }
            at = self.skip(value_at, place.depth + 1)?;
        }
        Ok(false)
    }

    #[cold]
    #[inline(never)]
    fn not_a_row(&self, at: usize) -> SchemaError {
        self.at(DecodeError::NotARow { expected: "a map", found: self.found(at) }.into(), at)
    }
}

#[cold]
#[inline(never)]
fn too_large(size: usize, limit: usize) -> SchemaError {
    DecodeError::TooLarge { size, limit }.into()
}

#[cold]
#[inline(never)]
fn several(at: usize) -> SchemaError {
    let span = Some(at..at + 1);
    SchemaError::from(DecodeError::MultipleDocuments).at(Location { span, ..Location::default() })
}

impl FormatDecoder for MsgPackDecoder {
    fn output_schema(&self) -> SchemaRef {
        SchemaRef::clone(self.rows.schema())
    }

    fn decode(&mut self, batch: &RawBatch) -> SchemaResult<Decoded> {
        let mut account = self.decode_all(batch);
        if !self.rows.root.check_text() {
            // The walker looks at each text, and finds out which record's is none.
            self.rows.root.truncate(0);
            let is_direct = std::mem::replace(&mut self.is_direct, false);
            account = self.decode_all(batch);
            self.is_direct = is_direct;
        }
        Ok(account.decoded(self.rows.finish()?))
    }

    fn format_name(&self) -> &'static str {
        super::NAME
    }
}

impl DecoderSet for MsgPackDecoder {
    const FORMATS: &'static [&'static str] = &[super::NAME];

    fn build(spec: &DecodeSpec) -> SchemaResult<Option<Self>> {
        if spec.format.name != super::NAME {
            return Ok(None);
        }
        let options = MsgPackOptions::from_options(&spec.format.options)?;
        Self::new(SchemaRef::clone(&spec.schema), &options).map(Some)
    }

    fn inference(format: &str) -> Option<Box<dyn FormatInference>> {
        crate::infer::inference(format).filter(|_| format == super::NAME)
    }

    fn framing(format: &FormatSpec) -> SchemaResult<Option<Framing>> {
        if format.name != super::NAME {
            return Ok(None);
        }
        Ok(Some(match MsgPackOptions::from_options(&format.options)?.framing {
            MsgPackFraming::Values => Framing::MsgPack,
            MsgPackFraming::Whole => Framing::Whole,
        }))
    }

    fn format_info(format: &str) -> Option<FormatInfo> {
        (format == super::NAME).then(super::info)
    }
}

impl fmt::Debug for MsgPackDecoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MsgPackDecoder")
            .field("schema", self.rows.schema())
            .field("plan", &self.plan)
            .finish_non_exhaustive()
    }
}
