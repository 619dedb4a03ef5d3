//! Messages that are whole files → columns, and the set's answers for files that are read as such.

use std::{io::Cursor, sync::Arc};

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use arrow_select::concat::concat_batches;
use laminar_schema::{
    ColumnsReader, ColumnsRequest, ConnectorConfig, DecodeError, DecodeSpec, Decoded, DecoderSet, FormatDecoder,
    FormatFile, FormatInfo, Framing, RawBatch, Rejected, RowRecords, Scan, SchemaError, SchemaResult, SelfDescription,
    config::{ConfigError, FormatSpec},
};

use super::{
    ParquetOptions,
    describe::describe,
    error::{ParquetReadError, guarded},
    file::SharedFile,
    read::ParquetColumns,
};
use crate::policy::NoContent;

/// Rows of a batch inside a message.
const BATCH_ROWS: usize = 8192;

/// Bytes of the rows of one batch of messages, at most: Arrow counts text in 31 bits.
const MAX_BATCH_BYTES: usize = i32::MAX as usize;

/// Decodes records of which each is a whole Parquet file: as many rows as it has.
///
/// A file that is damaged, or does not fit the schema, is one rejected record.
///
/// Cost: O(bytes); opens a file per record, and allocates for each.
#[derive(Debug)]
pub struct ParquetDecoder {
    scan: Scan,
    options: ParquetOptions,
}

impl ParquetDecoder {
    /// Builds a decoder.
    ///
    /// # Errors
    /// A DEFAULT that is no value of its column's type.
    pub fn new(schema: SchemaRef, options: ParquetOptions) -> SchemaResult<Self> {
        laminar_schema::DefaultFiller::new(&schema)?;
        if options.tombstones == NoContent::Null {
            let reason = "a message is a file of any number of rows, and without one there is none";
            return Err(ConfigError::invalid("tombstones", "null", "reject or skip", reason).into());
        }
        Ok(Self { scan: Scan::all(schema), options })
    }

    fn decode_file(&self, file: &[u8], batches: &mut Vec<RecordBatch>) -> SchemaResult<()> {
        if file.len() > self.options.max_record_bytes {
            return Err(DecodeError::TooLarge { size: file.len(), limit: self.options.max_record_bytes }.into());
        }
        let request = ColumnsRequest {
            scan: Some(&self.scan),
            from_row: 0,
            max_batch_rows: BATCH_ROWS,
            max_batch_bytes: usize::MAX / 8,
        };
        let file = Box::new(Cursor::new(file.to_vec()));
        let mut reader = ParquetColumns::open(file, &self.options, &request).map_err(about_record)?;
        let mut bytes: usize = batches.iter().map(RecordBatch::get_array_memory_size).sum();
        while let Some(read) = reader.next().map_err(about_record)? {
            bytes += read.columns.get_array_memory_size();
            if bytes > MAX_BATCH_BYTES {
                let reason = format!("with its rows the batch takes more than {MAX_BATCH_BYTES} bytes; split the file");
                return Err(DecodeError::Syntax { reason }.into());
            }
            batches.push(read.columns);
        }
        Ok(())
    }
}

/// What ends the reading of a file is here about one record.
#[cold]
fn about_record(error: SchemaError) -> SchemaError {
    match std::error::Error::source(&error).and_then(|e| e.downcast_ref::<ParquetReadError>()) {
        Some(known) => DecodeError::Syntax { reason: known.to_string() }.into(),
        None => error,
    }
}

impl FormatDecoder for ParquetDecoder {
    fn output_schema(&self) -> SchemaRef {
        Arc::clone(&self.scan.schema)
    }

    fn decode(&mut self, batch: &RawBatch) -> SchemaResult<Decoded> {
        let (mut batches, mut row_records, mut rejected) = (Vec::new(), Vec::new(), Vec::new());
        for index in 0..batch.len() {
            let record = (!batch.is_tombstone(index)).then(|| batch.value(index));
            let kept = batches.len();
            let decoded = match (record, self.options.tombstones) {
                (Some(file), _) => self.decode_file(file, &mut batches),
                (None, NoContent::Skip | NoContent::Null) => Ok(()),
                (None, NoContent::Reject) => Err(DecodeError::Tombstone.into()),
            };
            match decoded {
                Ok(()) => {
                    let rows: usize = batches[kept..].iter().map(RecordBatch::num_rows).sum();
                    row_records.extend(std::iter::repeat_n(index as u32, rows));
                }
                Err(error) if error.is_row_level() => {
                    batches.truncate(kept);
                    rejected.push(Rejected { record: index, error });
                }
                Err(error) => return Err(error),
            }
        }
        // Checked above by size; what takes no memory may still be more than Arrow can count.
        let rows = guarded(|| Ok(concat_batches(&self.scan.schema, &batches)?));
        let rows = rows.map_err(ParquetReadError::of_file)?;
        let row_records = RowRecords::Indices(row_records);
        Ok(Decoded { batch: rows, rejected, rows: row_records, consumed: batch.len(), needs: None })
    }

    fn format_name(&self) -> &'static str {
        super::NAME
    }
}

impl DecoderSet for ParquetDecoder {
    const FORMATS: &'static [&'static str] = &[super::NAME];

    fn build(spec: &DecodeSpec) -> SchemaResult<Option<Self>> {
        if spec.format.name != super::NAME {
            return Ok(None);
        }
        let options = ParquetOptions::from_options(&spec.format.options)?;
        Self::new(Arc::clone(&spec.schema), options).map(Some)
    }

    fn framing(format: &FormatSpec) -> SchemaResult<Option<Framing>> {
        if format.name != super::NAME {
            return Ok(None);
        }
        ParquetOptions::from_options(&format.options)?;
        Ok(Some(Framing::Columns))
    }

    fn describe(format: &FormatSpec, file: Option<&mut dyn FormatFile>) -> SchemaResult<Option<SelfDescription>> {
        let (true, Some(file)) = (format.name == super::NAME, file) else { return Ok(None) };
        let options = ParquetOptions::from_options(&format.options)?;
        let file = SharedFile::new(Box::new(file)).map_err(|e| ParquetReadError::of_file(e.to_string()))?;
        describe(&file, &options).map(Some)
    }

    fn open_columns(
        format: &FormatSpec,
        request: &ColumnsRequest<'_>,
        file: Box<dyn FormatFile>,
    ) -> SchemaResult<Option<Box<dyn ColumnsReader>>> {
        if format.name != super::NAME {
            return Ok(None);
        }
        let options = ParquetOptions::from_options(&format.options)?;
        Ok(Some(Box::new(ParquetColumns::open(file, &options, request)?)))
    }

    fn format_info(format: &str) -> Option<FormatInfo> {
        (format == super::NAME).then(super::info)
    }
}
