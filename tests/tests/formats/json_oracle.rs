//! JSON against arrow-json, and against itself in other batches, over the generator's workloads.

use std::{io::Cursor, sync::Arc};

use arrow_array::RecordBatch;
use arrow_schema::{DataType, Fields, Schema, SchemaRef};
use arrow_select::concat::concat_batches;
use laminar_connector_generator::workload::{Workload, WorkloadGenerator};
use laminar_formats::json::JsonDecoder;
use laminar_schema::{DecodeSpec, DecoderSet, FormatDecoder, FormatSpec, Options, RawBatch};
use laminar_tests::random::Random;

fn decoder(schema: &SchemaRef, options: &[(&str, &str)]) -> JsonDecoder {
    let format = FormatSpec::new("json").with_options(Options::from_pairs(options.iter().copied()));
    JsonDecoder::build(&DecodeSpec::new(Arc::clone(schema), format)).unwrap().unwrap()
}

fn records(mut generator: WorkloadGenerator, count: usize) -> Vec<Vec<u8>> {
    let record = |_| {
        let mut record = Vec::new();
        generator.write_record(&mut record);
        record
    };
    (0..count).map(record).collect()
}

/// arrow-json knows zones by name only with a database of them.
fn utc_as_offset(schema: &SchemaRef) -> SchemaRef {
    let fields = schema.fields().iter().map(|f| match f.data_type() {
        DataType::Timestamp(unit, Some(_)) => {
            Arc::new(f.as_ref().clone().with_data_type(DataType::Timestamp(*unit, Some("+00:00".into()))))
        }
        _ => Arc::clone(f),
    });
    Arc::new(Schema::new(fields.collect::<Fields>()))
}

fn check(workload: Workload, generator: WorkloadGenerator) {
    let (schema, records) = (workload.schema(), records(generator, 500));
    let decoded = decoder(&schema, &[]).decode(&RawBatch::from_values(&records)).unwrap();
    let first = decoded.rejected.first().map(|r| r.error.to_string());
    assert_eq!(first, None, "{}", workload.name());
    let lines = records.join(&b'\n');
    let peer = arrow_json::ReaderBuilder::new(utc_as_offset(&schema)).with_batch_size(5_000);
    let expected = peer.build(Cursor::new(lines)).unwrap().next().unwrap().unwrap();
    for ((f, ours), theirs) in schema.fields().iter().zip(decoded.batch.columns()).zip(expected.columns()) {
        let theirs = arrow_cast::cast(theirs, f.data_type()).unwrap();
        assert_eq!(&**ours, &*theirs, "{} column {}", workload.name(), f.name());
    }
}

#[test]
fn agrees_with_arrow_json() {
    for workload in Workload::ALL {
        for seed in [1, 42] {
            check(workload, workload.generator(seed));
            check(workload, workload.generator(seed).with_shuffled_keys());
            check(workload, workload.generator(seed).with_missing_rate(0.2));
        }
    }
}

/// Rows of all batches, and the rejected records by their number over all.
fn decode_split(
    decoder: &mut JsonDecoder,
    records: &[Vec<u8>],
    mut size: impl FnMut() -> usize,
) -> (RecordBatch, Vec<String>) {
    let (mut batches, mut rejected, mut from) = (Vec::new(), Vec::new(), 0);
    while from < records.len() {
        let to = (from + size()).min(records.len());
        let decoded = decoder.decode(&RawBatch::from_values(&records[from..to])).unwrap();
        assert_eq!(decoded.consumed, to - from);
        assert_eq!(decoded.batch.num_rows() + decoded.rejected.len(), to - from);
        for row in 0..decoded.batch.num_rows() {
            assert!(decoded.rejected.iter().all(|r| r.record != decoded.rows.record_of(row)));
        }
        rejected.extend(decoded.rejected.iter().map(|r| format!("#{} {}", from + r.record, r.error)));
        batches.push(decoded.batch);
        from = to;
    }
    (concat_batches(&decoder.output_schema(), &batches).unwrap(), rejected)
}

#[test]
fn every_split_gives_the_same_rows() {
    for workload in Workload::ALL {
        let schema = workload.schema();
        let generator = workload.generator(7).with_bad_rate(0.1).with_missing_rate(0.1);
        let records = records(generator.clone(), 300);
        let whole = decode_split(&mut decoder(&schema, &[]), &records, || records.len());
        let bad: Vec<String> = (0..300).filter(|i| generator.defect_at(*i).is_some()).map(|i| i.to_string()).collect();
        let rejected: Vec<&str> = whole.1.iter().map(|r| r[1..].split(' ').next().unwrap()).collect();
        assert_eq!(rejected, bad, "{}: {:#?}", workload.name(), whole.1);
        let mut one_by_one = decoder(&schema, &[]);
        assert_eq!(decode_split(&mut one_by_one, &records, || 1), whole, "{}", workload.name());
        let mut warm = decoder(&schema, &[]);
        for seed in 0..5 {
            let mut random = Random(seed);
            assert_eq!(decode_split(&mut warm, &records, || random.below(90) + 1), whole, "seed {seed}");
        }
    }
}

/// The records in another order give the same rows in that order, whatever was decoded before.
#[test]
fn what_came_before_leaves_no_trace() {
    for workload in Workload::ALL {
        let schema = workload.schema();
        let options = [("type_mismatch", "null"), ("duplicate_fields", "last")];
        let records = records(workload.generator(3).with_bad_rate(0.3).with_shuffled_keys(), 60);
        let mut used = decoder(&schema, &options);
        for record in &records {
            let batch = RawBatch::from_values([record]);
            let (old, new) = (used.decode(&batch).unwrap(), decoder(&schema, &options).decode(&batch).unwrap());
            assert_eq!(old.batch, new.batch);
            let text = |d: &laminar_schema::Decoded| d.rejected.iter().map(|r| r.error.to_string()).collect::<Vec<_>>();
            assert_eq!(text(&old), text(&new));
        }
    }
}
