//! What happens to a batch between the source and the sinks, and needs neither: decoding, projecting, encoding.
//!
//! A lane does no I/O and knows no other lane, so that several may work at once. What it made is disposed of in the
//! order in which the source yielded the batches, whichever lane was faster.

use std::sync::Arc;

use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_schema::SchemaRef;

use crate::{
    error::{EncodeError, SchemaError, SchemaResult},
    format::{
        DecodeSpec, Decoded, EncodedBatch, FormatDecoder, FormatEncoder, MetadataColumn, Rejected, WriterSchemaId,
        append_metadata,
    },
    record::{BatchContent, RawBatch, SourceBatch},
};

/// One decoder, and for each output its columns and perhaps an encoder.
pub(super) struct Lane<D, E> {
    decoder: D,
    schema: SchemaRef,
    output_schema: SchemaRef,
    metadata_columns: Vec<MetadataColumn>,
    shares: Vec<Share<E>>,
}

/// What a lane makes for one output.
pub(super) struct Share<E> {
    pub(super) projection: Projection,
    /// None where the output encodes for itself, or takes columns.
    pub(super) encoder: Option<E>,
}

/// The columns that an output takes, under the names it gives them.
#[derive(Debug, Clone)]
pub(super) struct Projection {
    pub(super) schema: SchemaRef,
    /// Index of each of the schema's columns in the batches that are projected.
    pub(super) columns: Vec<usize>,
}

/// What became of a batch in a lane, in the order in which it has to be dealt with.
#[derive(Debug, Default)]
pub(super) struct Made {
    /// Records that did not fit, located in their partition.
    pub(super) rejected: Vec<(usize, SchemaError)>,
    pub(super) num_rows: usize,
    /// One for each output, in order; none where there are no rows. Fewer where one could not be made.
    pub(super) portions: Vec<Portion>,
    /// What ends the pipeline once everything above has been dealt with.
    pub(super) error: Option<SchemaError>,
    /// The first unknown writer schema, and the record that names it: nothing behind it was looked at.
    pub(super) needs: Option<(WriterSchemaId, usize)>,
}

/// A batch as one output gets it.
#[derive(Debug)]
pub(super) enum Portion {
    Columns(RecordBatch),
    Encoded(EncodedBatch),
}

impl<D: FormatDecoder, E: FormatEncoder> Lane<D, E> {
    pub(super) fn new(decoder: D, spec: &DecodeSpec, shares: Vec<Share<E>>) -> Self {
        Self {
            decoder,
            schema: Arc::clone(&spec.schema),
            output_schema: spec.output_schema(),
            metadata_columns: spec.metadata_columns.clone(),
            shares,
        }
    }

    /// Goes on with another decoder, which knows a writer schema that the last one did not.
    pub(super) fn set_decoder(&mut self, decoder: D) {
        self.decoder = decoder;
    }

    /// Makes everything that can be made of a batch. `spare` holds arenas to encode into, where there are any.
    pub(super) fn work(&mut self, batch: &SourceBatch, spare: &mut Vec<EncodedBatch>) -> Made {
        match batch.content() {
            BatchContent::Raw(raw) => self.decode(raw, spare),
            BatchContent::Columns(columns) => {
                let mut made = Made::default();
                let rows = by_name(columns, &self.schema);
                made.error = rows.and_then(|rows| self.share_out(&rows, &mut made, spare)).err();
                made
            }
        }
    }

    /// As [`Lane::work`], of records alone.
    pub(super) fn decode(&mut self, raw: &RawBatch, spare: &mut Vec<EncodedBatch>) -> Made {
        let mut made = Made::default();
        let Decoded { batch, rejected, rows, consumed, needs } = match self.decoder.decode(raw) {
            Ok(decoded) => decoded,
            Err(error) => return Made { error: Some(error), ..made },
        };
        if !rejected.is_empty() {
            let located = |r: Rejected| (r.record, r.error.at(raw.record(r.record).location()));
            made.rejected = rejected.into_iter().map(located).collect();
        }
        made.needs = needs.map(|id| (id, consumed));
        let rows = append_metadata(batch, &self.output_schema, &self.metadata_columns, raw, &rows);
        made.error = rows.and_then(|rows| self.share_out(&rows, &mut made, spare)).err();
        made
    }

    fn share_out(&mut self, rows: &RecordBatch, made: &mut Made, spare: &mut Vec<EncodedBatch>) -> SchemaResult<()> {
        made.num_rows = rows.num_rows();
        if made.num_rows == 0 {
            return Ok(());
        }
        for Share { projection, encoder } in &mut self.shares {
            let columns = projection.of(rows)?;
            made.portions.push(match encoder {
                None => Portion::Columns(columns),
                Some(encoder) => {
                    let mut encoded = spare.pop().unwrap_or_default();
                    encoded.clear();
                    encoder.encode(&columns, &mut encoded)?;
                    Portion::Encoded(encoded)
                }
            });
        }
        Ok(())
    }
}

impl Projection {
    /// The columns of `batch` that are wanted. Copies no values.
    pub(super) fn of(&self, batch: &RecordBatch) -> SchemaResult<RecordBatch> {
        let arrays = self.columns.iter().map(|i| Arc::clone(batch.column(*i))).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        Ok(RecordBatch::try_new_with_options(Arc::clone(&self.schema), arrays, &options)?)
    }
}

/// The columns of a table source in the order of the frozen schema, matched by name.
fn by_name(columns: &RecordBatch, schema: &SchemaRef) -> SchemaResult<RecordBatch> {
    let arrays: Option<Vec<_>> = schema
        .fields()
        .iter()
        .map(|f| columns.column_by_name(f.name()).filter(|a| a.data_type() == f.data_type()).cloned())
        .collect();
    let Some(arrays) = arrays else {
        let shown = |s: &SchemaRef| {
            let fields: Vec<String> =
                s.fields().iter().map(|f| format!("{} {}", f.name(), crate::types::field_type_name(f))).collect();
            fields.join(", ")
        };
        return Err(EncodeError::SchemaMismatch { expected: shown(schema), found: shown(&columns.schema()) }.into());
    };
    Ok(RecordBatch::try_new(Arc::clone(schema), arrays)?)
}
