//! What a decoder allocates does not depend on the number of records. A binary of its own: it counts for the whole process.

use std::{alloc::System, error::Error};

use ciborium::{cbor, value::Value};
use downstream_cbor::CborDecoder;
use laminar_schema::{
    DecodeSpec, DecoderSet, FormatDecoder, FormatInference, FormatSpec, InferenceConfig, RawBatch, RawRecord,
};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn record(n: u64) -> Result<Vec<u8>, Box<dyn Error>> {
    let at = Value::Tag(1, Box::new(Value::Float(1.5e9 + n as f64)));
    let value = cbor!({
        "id" => n, "price" => n as f64, "symbol" => "S", "raw" => Value::Bytes(vec![1, 2]), "at" => at, "none" => null,
        "venue" => { "name" => "X", "lots" => [n, 2] }, "unknown" => { "a" => [1, 2, 3] },
    })?;
    let mut bytes = Vec::new();
    ciborium::into_writer(&value, &mut bytes)?;
    Ok(bytes)
}

#[test]
fn a_warm_decoder_allocates_per_batch_and_column_only() -> Result<(), Box<dyn Error>> {
    let records = (0..4000).map(record).collect::<Result<Vec<_>, _>>()?;
    let sample: Vec<RawRecord> = records.iter().take(10).map(|bytes| RawRecord::new(bytes.clone())).collect();
    let inferred = downstream_cbor::CborInference.infer(&sample, &InferenceConfig::default())?;
    let without = inferred.schema.fields().iter().filter(|f| f.name() != "unknown").cloned();
    let schema = arrow_schema::Schema::new(without.collect::<Vec<_>>());
    let spec = DecodeSpec::new(schema.into(), FormatSpec::new("cbor"));
    let mut decoder = CborDecoder::build(&spec)?.ok_or("no such format")?;
    let mut allocations = |records: &[Vec<u8>]| {
        let batch = RawBatch::from_values(records);
        let region = Region::new(ALLOCATOR);
        let decoded = decoder.decode(&batch).map(|decoded| decoded.batch.num_rows());
        assert_eq!(decoded.ok(), Some(records.len()));
        let change = region.change();
        change.allocations + change.reallocations
    };
    // Once warm; a column that gave its storage away makes room again in steps of its own.
    allocations(&records);
    allocations(&records);
    let (few, many) = (allocations(&records[..2000]), allocations(&records));
    println!("{few} allocations for 2000 records, {many} for 4000");
    assert_eq!(many, few);
    Ok(())
}
