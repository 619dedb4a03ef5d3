//! Every JSON engine on every case: equal rows, equal rejections with equal places and reasons, whatever was decoded
//! before, whatever stands beside the record, and as serde_json says where its oracle knows the types.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test that fails to unwrap says where")]

mod floats;
mod keys;
mod limits;
mod policies;
mod suite;
mod tokens;
mod values;

use arrow_array::Array;
use arrow_schema::SchemaRef;
use laminar_formats::json::JsonOptions;
use laminar_schema::{Decoded, RawBatch};
use laminar_tests::differ::{
    Engines,
    engines::difference,
    oracle,
    target::{options, schema},
};

/// Decodes the records in every way that must not matter, and judges them by serde_json where options are default.
fn check(columns: &str, words: &[(&str, &str)], records: &[impl AsRef<[u8]>]) -> Decoded {
    let decoded = check_schema(&schema(columns), &options(words), records);
    let knows = decoded.batch.schema().fields().iter().all(|f| oracle::knows(f.data_type()));
    let forgives = words == [("type_mismatch", "null")];
    if knows && (words.is_empty() || forgives) {
        let judged = oracle::check(records.iter().map(AsRef::as_ref), &decoded, forgives, 128);
        assert_eq!(judged, Ok(()), "{columns} {words:?}");
    }
    decoded
}

/// Decodes the records cold and warm, and one by one, cold and after all others.
fn check_schema(schema: &SchemaRef, options: &JsonOptions, records: &[impl AsRef<[u8]>]) -> Decoded {
    let at = |e: String| panic!("{schema} {options:?}: {e}");
    let batch = RawBatch::from_values(records);
    let mut warm = Engines::new(schema, options).unwrap();
    let cold = warm.decode(&batch).unwrap_or_else(at);
    for column in cold.batch.columns() {
        column.to_data().validate_full().unwrap();
    }
    let again = warm.decode(&batch).unwrap_or_else(at);
    difference(&cold, &again).unwrap_or_else(|e| panic!("cold and warm: {e}"));
    let backwards = RawBatch::from_values(records.iter().rev());
    warm.decode(&backwards).unwrap_or_else(at);
    // Each by itself: the rows and the rejection that it had among the others.
    let (mut row, mut rejected) = (0, cold.rejected.iter().peekable());
    for (index, record) in records.iter().enumerate() {
        let alone = RawBatch::from_values([record]);
        let after = warm.decode(&alone).unwrap_or_else(at);
        let shown = || record.as_ref()[..record.as_ref().len().min(500)].escape_ascii().to_string();
        // Building decoders takes longer than decoding a record: of many records some are enough.
        if records.len() <= 200 || index % 17 == 0 {
            let alone = Engines::new(schema, options).unwrap().decode(&alone).unwrap_or_else(at);
            difference(&alone, &after).unwrap_or_else(|e| panic!("cold and warm: {e} in {}", shown()));
        }
        let rows = (row..cold.batch.num_rows()).take_while(|row| cold.rows.record_of(*row) == index).count();
        assert_eq!(after.batch, cold.batch.slice(row, rows), "alone and among others: {}", shown());
        row += rows;
        let refusal = rejected.next_if(|r| r.record == index).map(|r| r.error.to_string());
        let alone = after.rejected.first().map(|r| r.error.to_string());
        assert_eq!(alone, refusal, "alone and among others: {}", shown());
    }
    assert_eq!((row, rejected.count()), (cold.batch.num_rows(), 0));
    cold
}
