//! A virtual call per record, planted for CI: `.ci/virtual_calls` must see that this decodes through `dyn FormatDecoder`.

use std::{hint::black_box, sync::Arc};

use arrow_schema::{DataType, Field, Schema};
use laminar_formats::json::JsonDecoder;
use laminar_schema::{DecodeSpec, DecoderSet, FormatDecoder, FormatSpec, RawBatch};

/// Decodes each record as a batch of its own, through a decoder whose type only the machine knows.
#[inline(never)]
pub fn decode_each(decoder: &mut Box<dyn FormatDecoder>, records: &[RawBatch]) -> usize {
    records.iter().filter_map(|record| decoder.decode(record).ok()).map(|decoded| decoded.batch.num_rows()).sum()
}

fn main() {
    let schema = Arc::new(Schema::new(vec![Field::new("id", DataType::Int64, false)]));
    let spec = DecodeSpec::new(schema, FormatSpec::new("json"));
    let records = [r#"{"id":1}"#, r#"{"id":2}"#].map(|value| RawBatch::from_values([value]));
    let rows = JsonDecoder::build(&spec).ok().flatten().map(|decoder| {
        let mut decoder: Box<dyn FormatDecoder> = black_box(Box::new(decoder));
        decode_each(&mut decoder, black_box(&records))
    });
    black_box(rows);
}
