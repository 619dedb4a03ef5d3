//! Message keys → key columns, through a decoder of their own.

use arrow_array::{Array, ArrayRef, RecordBatch, cast::AsArray};
use arrow_schema::FieldRef;
use laminar_schema::{
    ConfigError, DecodeError, DecodeSpec, Decoded, DecoderSet, Found, RawBatch, SchemaError, SchemaResult,
    config::FormatSpec, format::WriterSchemaId, record::NewRecord,
};

use super::{
    changes::NOWHERE,
    layout::{self, Place},
    options::EnvelopeOptions,
};

/// Decodes the keys of some records of a batch.
#[derive(Debug)]
pub(super) struct KeyDecoder<D> {
    decoder: D,
    places: Vec<Place>,
    /// The keys, as values of records.
    keys: RawBatch,
    /// The record that each of them is of.
    records: Vec<u32>,
}

/// Key columns of the records asked for.
#[derive(Debug)]
pub(super) struct Keys {
    /// For each place, its columns.
    pub(super) columns: Vec<Vec<ArrayRef>>,
    /// Place and row there of each record, in the order they were asked for; no row where there is no such key.
    pub(super) found: Vec<(u8, u32)>,
    /// Records whose key does not fit, and why.
    pub(super) rejected: Vec<(u32, SchemaError)>,
    /// An unknown writer schema, and the first record that names it.
    pub(super) needs: Option<(WriterSchemaId, u32)>,
}

impl<D: DecoderSet> KeyDecoder<D> {
    /// A decoder of the key columns, where there are any.
    ///
    /// # Errors
    /// A format that the set lacks; columns that it cannot fill.
    pub(super) fn new(
        key: &[FieldRef],
        options: &EnvelopeOptions,
        format: &FormatSpec,
        spec: &DecodeSpec,
    ) -> SchemaResult<Option<Self>> {
        if key.is_empty() {
            return Ok(None);
        }
        let format = match &options.key_format {
            Some(name) if !name.eq_ignore_ascii_case(&format.name) => FormatSpec::new(name),
            Some(_) | None => of_value(format),
        };
        let (schema, places) = layout::of_key(key, options, &format);
        let own = DecodeSpec { writer_schemas: spec.writer_schemas.clone(), ..DecodeSpec::new(schema, format) };
        let Some(decoder) = D::build(&own)? else {
            let error = ConfigError::invalid(
                "envelope.key_format",
                own.format.name,
                "a format that is linked",
                "there is no such format",
            );
            return Err(error.into());
        };
        Ok(Some(Self { decoder, places, keys: RawBatch::new(), records: Vec::new() }))
    }

    /// Decodes the keys of `records`, which are in growing order.
    ///
    /// # Errors
    /// The decoder is unusable.
    pub(super) fn decode(&mut self, batch: &RawBatch, records: &[u32]) -> SchemaResult<Keys> {
        self.keys.clear();
        self.records.clear();
        let mut rejected = Vec::new();
        for record in records {
            match batch.record(*record as usize).key() {
                Some(key) => {
                    self.keys.push(NewRecord::new(key));
                    self.records.push(*record);
                }
                None => rejected.push((*record, no_key())),
            }
        }
        let Decoded { batch: rows, rejected: refused, rows: row_records, consumed, needs } =
            self.decoder.decode(&self.keys)?;
        rejected.extend(refused.into_iter().map(|r| (self.records[r.record], r.error.in_field("(key)"))));
        let columns: Vec<Vec<ArrayRef>> = self.places.iter().map(|place| columns_at(*place, &rows)).collect();
        let mut found = vec![(0, NOWHERE); records.len()];
        let mut next = 0;
        for row in 0..rows.num_rows() {
            let record = self.records[row_records.record_of(row)];
            while records[next] < record {
                next += 1;
            }
            found[next] = (self.place_of(&rows, row), row as u32);
        }
        let needs = needs.and_then(|id| Some((id, *self.records.get(consumed)?)));
        Ok(Keys { columns, found, rejected, needs })
    }

    /// The place that has the key: the last one that is no null.
    fn place_of(&self, rows: &RecordBatch, row: usize) -> u8 {
        let is_here = |place: &Place| match place {
            Place::Top => true,
            Place::Payload(index) => rows.column(*index).is_valid(row),
        };
        self.places.iter().rposition(is_here).unwrap_or(0) as u8
    }
}

/// The format of the value, for keys. They have no columns of their own for whole documents and what is rescued.
fn of_value(format: &FormatSpec) -> FormatSpec {
    let mut options = format.options.clone();
    options.remove("document_column");
    for key in ["unknown_fields", "type_mismatch"] {
        if options.get(key).is_some_and(|word| word.trim().eq_ignore_ascii_case("rescue")) {
            options.remove(key);
        }
    }
    FormatSpec::new(&format.name).with_options(options)
}

fn columns_at(place: Place, rows: &RecordBatch) -> Vec<ArrayRef> {
    match place {
        Place::Top => rows.columns().to_vec(),
        Place::Payload(index) => rows.column(index).as_struct().columns().to_vec(),
    }
}

#[cold]
pub(super) fn no_key() -> SchemaError {
    DecodeError::NotARow { expected: "a message key", found: Found::kind("none") }.into()
}
