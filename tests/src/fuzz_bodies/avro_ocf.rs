//! Avro container files: cut into blocks, and as one message.

use std::{panic::catch_unwind, sync::Arc};

use arrow_schema::{Schema, SchemaRef};
use laminar_formats::{
    avro::{AvroDecoder, AvroOptions},
    framing::{FrameBuffer, Framer},
};
use laminar_schema::{
    ConnectorConfig, DeclaredColumn, DecoderSet, FormatDecoder, FormatSpec, NewRecord, Options, RawBatch, ddl,
    format::Framing,
};

/// Columns that the seeds' files fill, some of them narrower than what is written.
const COLUMNS: &str = "a TINYINT, b VARCHAR NOT NULL, c BIGINT[], d DECIMAL(10,2), e JSON";

/// Decodes a container file by its own columns and by others.
///
/// # Panics
/// When blocks and the file as a whole give other rows, or a file in which we find no fault has other rows for apache-avro.
pub fn avro_ocf(bytes: &[u8]) {
    let declared = ddl::parse_columns(COLUMNS).expect("columns");
    let fields: Vec<_> = declared.columns.iter().map(DeclaredColumn::to_field).collect();
    let fixed = decode(&Arc::new(Schema::new(fields)), bytes);
    let _ = fixed;
    let described = AvroDecoder::describe(&FormatSpec::new("avro"), Some(&mut std::io::Cursor::new(bytes)));
    let Ok(Some(described)) = described else { return };
    let Some(rows) = decode(&described.schema, bytes) else { return };
    // What is no fault of ours may be too much for a library that looks at the schema more closely: it refuses some names, and
    // panics about others.
    let theirs = catch_unwind(|| apache_avro::Reader::new(bytes).map(|rows| rows.take_while(Result::is_ok).count()));
    let Ok(Ok(theirs)) = theirs else { return };
    assert_eq!(rows, theirs, "rows of a file without a fault");
}

/// The number of rows, where there is no fault in the file.
fn decode(schema: &SchemaRef, bytes: &[u8]) -> Option<usize> {
    let options = Options::from_pairs([("max_block_bytes", "1000000")]);
    let options = AvroOptions::from_options(&options).expect("options");
    let mut decoder = AvroDecoder::new(Arc::clone(schema), &options, &[]).ok()?;
    let mut buffer = FrameBuffer::new(Framer::new(&Framing::AvroContainer, 1 << 20).expect("a framing"));
    // In two parts, so that headers and blocks are cut somewhere.
    let (first, second) = bytes.split_at(bytes.len() / 2);
    let (mut blocks, mut faults) = (Vec::new(), 0);
    for part in [first, second, b""] {
        if part.is_empty() {
            buffer.end();
        }
        buffer.space(part.len())[..part.len()].copy_from_slice(part);
        buffer.filled(part.len());
        loop {
            match buffer.next() {
                Ok(Some(frame)) => blocks.push(frame.bytes.to_vec()),
                Ok(None) => break,
                Err(error) if error.is_row_level() => faults += 1,
                Err(_) => return None,
            }
        }
    }
    let mut batch = RawBatch::new();
    let partition = batch.partition(&"file".into(), buffer.framer().preamble());
    for block in &blocks {
        batch.push(NewRecord { partition: Some(partition), ..NewRecord::new(block) });
    }
    let cut = decoder.decode(&batch).expect("a decoder that stays usable");
    let whole = decoder.decode(&RawBatch::from_values([bytes])).expect("a decoder that stays usable");
    let is_faultless = faults == 0 && cut.rejected.is_empty() && whole.rejected.is_empty() && !bytes.is_empty();
    if is_faultless {
        assert_eq!(cut.batch, whole.batch, "the same rows in blocks and as a whole");
    }
    is_faultless.then(|| cut.batch.num_rows())
}
