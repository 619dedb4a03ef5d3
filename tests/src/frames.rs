//! Bytes of a file → records, and decoded records → text.

use std::{fmt::Write as _, sync::Arc};

use arrow_array::{ArrayRef, RecordBatch, cast::AsArray, types::TimestampMicrosecondType};
use arrow_cast::{display::FormatOptions, pretty::pretty_format_batches_with_options};
use arrow_schema::{DataType, TimeUnit};
use laminar_formats::framing::{FrameBuffer, Framer};
use laminar_schema::{Decoded, Framing, NewRecord, RawBatch, SchemaError};

/// Cuts a file into the records of one partition, as a byte source does. Faults of the framing come back beside them.
///
/// # Panics
/// When the framing cannot be executed.
pub fn file_records(framing: &Framing, bytes: &[u8]) -> (RawBatch, Vec<SchemaError>) {
    let framer = Framer::new(framing, 1 << 20).expect("a framing of ours");
    let mut buffer = FrameBuffer::new(framer);
    buffer.space(bytes.len())[..bytes.len()].copy_from_slice(bytes);
    buffer.filled(bytes.len());
    buffer.end();
    let (mut batch, mut faults) = (RawBatch::new(), Vec::new());
    let name: Arc<str> = "file".into();
    // The header is read before anything else, so that the partition is known with it.
    let _ = buffer.find_preamble();
    let preamble = buffer.framer().preamble().cloned();
    let partition = batch.partition(&name, preamble.as_ref());
    loop {
        match buffer.next() {
            Ok(None) => return (batch, faults),
            Ok(Some(frame)) => batch.push(NewRecord {
                value: Some(frame.bytes),
                partition: Some(partition),
                offset: Some(frame.offset),
                line: Some(frame.line),
                ..NewRecord::default()
            }),
            Err(fault) => {
                let goes_on = fault.is_row_level();
                faults.push(fault);
                if !goes_on {
                    return (batch, faults);
                }
            }
        }
    }
}

/// Rows as a table, then a line per rejected record with its place.
///
/// # Panics
/// When a column has no text form.
pub fn show(decoded: &Decoded, records: &RawBatch) -> String {
    let options = FormatOptions::default().with_null("NULL");
    let table = pretty_format_batches_with_options(&[printable(&decoded.batch)], &options);
    let mut out = table.expect("every type prints").to_string();
    out.push('\n');
    for rejected in &decoded.rejected {
        // A clone, because an error is located by value.
        let place = records.record(rejected.record).location();
        let mut located = rejected.error.location().clone();
        located.fill_from(place);
        let _ = writeln!(out, "{located}: {}", rejected.error.message());
    }
    out
}

/// The batch with UTC as an offset: arrow knows zones by name only with a database of them.
fn printable(batch: &RecordBatch) -> RecordBatch {
    let columns = batch.columns().iter().zip(batch.schema_ref().fields()).map(|(column, f)| {
        let column: ArrayRef = match column.data_type() {
            DataType::Timestamp(TimeUnit::Microsecond, Some(zone)) if &**zone == "UTC" => {
                Arc::new(column.as_primitive::<TimestampMicrosecondType>().clone().with_timezone("+00:00"))
            }
            _ => Arc::clone(column),
        };
        (f.name(), column, true)
    });
    RecordBatch::try_from_iter_with_nullable(columns).expect("the columns of a batch")
}
