//! Records in an envelope → rows.

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, cast::AsArray};
use arrow_schema::{SchemaRef, TimeUnit};
use laminar_schema::{
    DecodeError, DecodeSpec, Decoded, DecoderSet, Found, RawBatch, Rejected, RowRecords, SchemaError, SchemaResult,
    config::FormatSpec, format::WriterSchemaId,
};

use super::{
    assemble::{Gatherer, Sources, enforce_not_null},
    changes::{Change, Envelope, Image, NOWHERE, Pick, Picker},
    key::{KeyDecoder, Keys},
    layout::{Layout, Place, at},
    options::{EnvelopeKind, EnvelopeOptions},
};

/// A decoder of the set, and what makes rows of its batches.
#[derive(Debug)]
pub struct EnvelopeDecoder<D> {
    schema: SchemaRef,
    pub(super) inner: D,
    key: Option<KeyDecoder<D>>,
    kind: EnvelopeKind,
    layout: Layout,
    picker: Picker,
    gatherer: Gatherer,
    picks: Vec<Pick>,
    /// Records whose keys are wanted.
    wanted: Vec<u32>,
}

impl<D: DecoderSet> EnvelopeDecoder<D> {
    /// Builds the decoder of `format` in the envelope; `None` where the set has no such format.
    ///
    /// # Errors
    /// Columns that the envelope or the format cannot carry; wrong options.
    pub(super) fn build(
        spec: &DecodeSpec,
        options: &EnvelopeOptions,
        format: FormatSpec,
    ) -> SchemaResult<Option<Self>> {
        let layout = Layout::new(&spec.schema, options, &format)?;
        let key = KeyDecoder::new(&layout.key, options, &format, spec)?;
        let own = DecodeSpec {
            writer_schemas: spec.writer_schemas.clone(),
            ..DecodeSpec::new(Arc::clone(&layout.inner), format)
        };
        let Some(inner) = D::build(&own)? else { return Ok(None) };
        Ok(Some(Self {
            schema: Arc::clone(&spec.schema),
            inner,
            kind: options.kind,
            picker: Picker {
                kind: options.kind,
                updates: options.updates,
                other_operations: options.other_operations,
                has_key: key.is_some(),
            },
            key,
            layout,
            gatherer: Gatherer::default(),
            picks: Vec::new(),
            wanted: Vec::new(),
        }))
    }

    pub(super) fn output_schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// Decodes records in order.
    pub(super) fn decode(&mut self, batch: &RawBatch) -> SchemaResult<Decoded> {
        let inner = self.inner.decode(batch)?;
        let mut made = Made {
            rejected: inner.rejected,
            needs: inner.needs.map(|id| (id, inner.consumed)),
            consumed: inner.consumed,
        };
        self.picks.clear();
        self.wanted.clear();
        let envelopes: Vec<Envelope> = match self.kind {
            EnvelopeKind::Upsert => {
                self.pick_newest(batch, &inner.batch, &inner.rows, &mut made);
                Vec::new()
            }
            EnvelopeKind::Debezium | EnvelopeKind::Maxwell | EnvelopeKind::None => {
                let envelopes: Vec<Envelope> =
                    self.layout.places.iter().map(|place| Envelope::at(*place, &inner.batch)).collect();
                self.pick_changes(&envelopes, inner.batch.num_rows(), &inner.rows, &mut made.rejected);
                envelopes
            }
        };
        let keys = self.keys(batch, &mut made)?;
        let no_keys = (Vec::new(), Vec::new());
        // A record may be several documents: it gives all its rows, or none.
        if !made.rejected.is_empty() {
            let mut refused: Vec<u32> = made.rejected.iter().map(|r| r.record as u32).collect();
            refused.sort_unstable();
            self.picks.retain(|pick| refused.binary_search(&pick.record).is_err());
        }
        let (key_columns, found_keys) = keys.map_or(no_keys, |k| (k.columns, k.found));
        let payloads: Vec<&[ArrayRef]> =
            self.layout.places.iter().map(|place| columns_at(*place, &inner.batch)).collect();
        let sources = Sources {
            images: match self.kind {
                // The row itself is the one image.
                EnvelopeKind::Upsert => payloads.iter().map(|row| [*row, *row]).collect(),
                EnvelopeKind::Debezium | EnvelopeKind::Maxwell | EnvelopeKind::None => {
                    envelopes.iter().map(Envelope::images).collect()
                }
            },
            keys: &key_columns,
            found_keys: &found_keys,
            beside: match self.layout.beside {
                0 => Vec::new(),
                n => payloads.iter().map(|p| &p[at::BESIDE..at::BESIDE + n]).collect(),
            },
            times: match self.kind {
                EnvelopeKind::Upsert => Vec::new(),
                EnvelopeKind::Debezium | EnvelopeKind::Maxwell | EnvelopeKind::None => {
                    payloads.iter().map(|p| &p[at::TIME]).collect()
                }
            },
            whole: inner.batch.columns(),
            time_unit: if self.kind == EnvelopeKind::Maxwell { TimeUnit::Second } else { TimeUnit::Millisecond },
        };
        let columns = self.gatherer.gather(&self.schema, &self.layout.roles, &self.picks, &sources)?;
        let (rows, broken) = enforce_not_null(&self.schema, columns, &mut self.picks)?;
        made.rejected.extend(broken.into_iter().map(|(record, error)| Rejected { record: record as usize, error }));
        Ok(made.decoded(rows, &self.picks, batch.len()))
    }

    /// Picks of Debezium's envelopes.
    fn pick_changes(
        &mut self,
        envelopes: &[Envelope],
        num_rows: usize,
        rows: &RowRecords,
        rejected: &mut Vec<Rejected>,
    ) {
        for row in 0..num_rows {
            let record = rows.record_of(row) as u32;
            let before = self.picks.len();
            match self.picker.pick(envelopes, record, row, &mut self.picks) {
                Ok(()) => {
                    if self.picks[before..].iter().any(|pick| pick.image == Image::Key) {
                        self.picks[before].key = self.wanted.len() as u32;
                        self.wanted.push(record);
                    }
                }
                Err(why) => {
                    self.picks.truncate(before);
                    rejected.push(Rejected { record: record as usize, error: DecodeError::from(why).into() });
                }
            }
        }
    }

    /// Picks of rows by their message key: a record without a value is a delete, whatever the format makes of it.
    fn pick_newest(&mut self, batch: &RawBatch, inner: &RecordBatch, rows: &RowRecords, made: &mut Made) {
        made.rejected.retain(|r| !batch.is_tombstone(r.record));
        let mut row = 0;
        for record in 0..made.consumed {
            let pick = Pick {
                record: record as u32,
                row: NOWHERE,
                place: 0,
                image: Image::Key,
                change: Change::Delete,
                key: self.wanted.len() as u32,
            };
            let before = self.picks.len();
            if batch.is_tombstone(record) {
                self.picks.push(pick);
            }
            while row < inner.num_rows() && rows.record_of(row) == record {
                if !batch.is_tombstone(record) {
                    self.picks.push(Pick { row: row as u32, image: Image::After, change: Change::Upsert, ..pick });
                }
                row += 1;
            }
            if self.picks.len() > before {
                self.wanted.push(record as u32);
            }
        }
        if let Some(Place::Payload(index)) = self.layout.places.first().copied() {
            let payload = inner.column(index).as_struct().clone();
            let mut missing: Vec<u32> = Vec::new();
            self.picks.retain(|pick| {
                let has_row = pick.row == NOWHERE || arrow_array::Array::is_valid(&payload, pick.row as usize);
                if !has_row {
                    missing.push(pick.record);
                }
                has_row
            });
            made.rejected
                .extend(missing.into_iter().map(|record| Rejected { record: record as usize, error: no_payload() }));
        }
    }

    /// The keys of the records that want theirs. Records without one are rejected, and their picks taken back.
    fn keys(&mut self, batch: &RawBatch, made: &mut Made) -> SchemaResult<Option<Keys>> {
        let Some(decoder) = self.key.as_mut().filter(|_| !self.wanted.is_empty()) else { return Ok(None) };
        let mut keys = decoder.decode(batch, &self.wanted)?;
        if let Some((id, record)) = keys.needs
            && (record as usize) < made.consumed
        {
            made.stop_at(record as usize, id);
            self.picks.retain(|pick| pick.record < record);
        }
        for (record, error) in std::mem::take(&mut keys.rejected) {
            if (record as usize) < made.consumed {
                made.rejected.push(Rejected { record: record as usize, error });
            }
        }
        let found = &keys.found;
        let mut left: Vec<u32> = Vec::new();
        self.picks.retain(|pick| {
            let has_key = pick.key == NOWHERE || found[pick.key as usize].1 != NOWHERE;
            if !has_key {
                left.push(pick.record);
            }
            has_key
        });
        // A key that gives no row and is no error: an empty one that the format skips.
        left.dedup();
        left.retain(|record| made.rejected.iter().all(|r| r.record != *record as usize));
        made.rejected
            .extend(left.into_iter().map(|record| Rejected { record: record as usize, error: super::key::no_key() }));
        Ok(Some(keys))
    }
}

/// What has been decided about the records of a batch.
struct Made {
    rejected: Vec<Rejected>,
    needs: Option<(WriterSchemaId, usize)>,
    consumed: usize,
}

impl Made {
    /// Leaves the records from `record` on for another time.
    fn stop_at(&mut self, record: usize, id: WriterSchemaId) {
        self.needs = Some((id, record));
        self.consumed = record;
        self.rejected.retain(|r| r.record < record);
    }

    fn decoded(mut self, batch: RecordBatch, picks: &[Pick], num_records: usize) -> Decoded {
        // One reason each, in the order of the records: the first that was found.
        self.rejected.sort_by_key(|r| r.record);
        self.rejected.dedup_by_key(|r| r.record);
        let is_identity =
            picks.len() == num_records && picks.iter().enumerate().all(|(row, p)| p.record as usize == row);
        let rows = match is_identity {
            true => RowRecords::Identity,
            false => RowRecords::Indices(picks.iter().map(|p| p.record).collect()),
        };
        Decoded { batch, rejected: self.rejected, rows, consumed: self.consumed, needs: self.needs.map(|(id, _)| id) }
    }
}

fn columns_at(place: Place, batch: &RecordBatch) -> &[ArrayRef] {
    match place {
        Place::Top => batch.columns(),
        Place::Payload(index) => batch.column(index).as_struct().columns(),
    }
}

#[cold]
fn no_payload() -> SchemaError {
    DecodeError::NotARow {
        expected: "a message with a `payload`, and the schema of Kafka Connect beside it",
        found: Found::kind("none"),
    }
    .into()
}
