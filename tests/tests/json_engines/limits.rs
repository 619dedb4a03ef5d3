//! Many columns, deep nesting, long records.

use std::sync::Arc;

use arrow_array::{cast::AsArray, types::Int64Type};
use arrow_schema::{DataType, Field, Fields, Schema};
use laminar_schema::RawBatch;
use laminar_tests::{
    differ::{
        Engines,
        target::{options, schema},
    },
    random::Random,
};

use crate::{check, check_schema};

#[test]
fn ten_thousand_columns() {
    let mut order: Vec<usize> = (0..10_000).collect();
    let fields = order.iter().map(|i| Field::new(format!("column_{i}"), DataType::Int64, true));
    let schema = Arc::new(Schema::new(fields.collect::<Fields>()));
    let record = |order: &[usize]| {
        let members: Vec<String> = order.iter().map(|i| format!("\"column_{i}\":{i}")).collect();
        format!("{{{}}}", members.join(","))
    };
    let mut records = vec![record(&order), record(&order[5_000..])];
    let mut random = Random(5);
    (1..order.len()).rev().for_each(|i| order.swap(i, random.below(i + 1)));
    records.extend([
        record(&order),
        record(&order[..100]),
        record(&order[..9_000]).replace(":7,", ":\"x\","),
        record(&order).replace('}', ",\"column_3\":-3}"),
    ]);
    let decoded = check_schema(&schema, &options(&[]), &records);
    assert_eq!((decoded.batch.num_rows(), decoded.rejected.len()), (5, 1));
    assert_eq!(decoded.batch.column(3).as_primitive::<Int64Type>().value(4), -3);
}

/// As many columns as bits in a word, and about as many; all there, one there, none.
#[test]
fn columns_to_beyond_a_word() {
    for count in [1, 2, 31, 32, 33, 63, 64, 65, 127, 128, 129, 1_023, 1_024, 1_025] {
        let fields = (0..count).map(|i| Field::new(format!("c{i}"), DataType::Int64, true));
        let schema = Arc::new(Schema::new(fields.collect::<Fields>()));
        let record = |columns: &mut dyn Iterator<Item = usize>| {
            let members: Vec<String> = columns.map(|i| format!("\"c{i}\":{i}")).collect();
            format!("{{{}}}", members.join(","))
        };
        let last = count - 1;
        let records = [
            record(&mut (0..count)),
            "{}".to_owned(),
            record(&mut (0..count).rev()),
            record(&mut (1..count)),
            record(&mut (0..last)),
            format!("{{\"c{last}\":null}}"),
            format!("{{\"c{last}\":1,\"c0\":2,\"c{last}\":3,\"c{count}\":4}}"),
            " { } ".to_owned(),
        ];
        let decoded = check_schema(&schema, &options(&[]), &records);
        assert_eq!((decoded.batch.num_rows(), decoded.rejected.len()), (records.len(), 0), "{count} columns");
    }
}

#[test]
fn a_hundred_thousand_levels() {
    let nested = |depth: usize| format!("{{\"j\":{}{},\"a\":1}}", "[".repeat(depth - 1), "]".repeat(depth - 1));
    let objects = |depth: usize| format!("{{\"a\":1,\"z\":{}1{}}}", "{\"a\":".repeat(depth - 1), "}".repeat(depth - 1));
    let depth = 100_000;
    let open = [format!("{{\"j\":{}", "[".repeat(depth)), format!("{{\"z\":{}", "{\"a\":".repeat(depth))];
    let records = [
        nested(127),
        nested(128),
        nested(129),
        objects(128),
        objects(129),
        nested(depth),
        objects(depth),
        open[0].clone(),
        open[1].clone(),
    ];
    for columns in ["a BIGINT", "j JSON, a BIGINT", "z JSON", "j VARCHAR[]"] {
        // serde_json is not asked: it would read each level again.
        check_schema(&schema(columns), &options(&[]), &records);
        check(columns, &[("type_mismatch", "null"), ("max_depth", "3")], &records[..6]);
        let decoded = check(columns, &[("type_mismatch", "null"), ("max_depth", "100_000")], &records);
        assert_eq!((decoded.batch.num_rows(), decoded.rejected.len()), (7, 2), "{columns}");
    }
}

/// 100 MiB in one record, most of it in one string; generated, and decoded once by each engine.
#[test]
fn a_record_of_a_hundred_mebibytes() {
    let mut record = b"{\"t\":\"".to_vec();
    record.resize(90 << 20, b'x');
    record.extend_from_slice(b"\\n\",\"l\":[");
    while record.len() < 91 << 20 {
        record.extend_from_slice(b"123456789,\"an item\", ");
    }
    record.extend_from_slice(b"0],\"z\":\"");
    record.resize((100 << 20) - 8, b'y');
    record.extend_from_slice(b"\",\"a\":7}");
    let batch = RawBatch::from_values([b"{\"a\":1}", &record[..], b"{\"a\":2"]);
    let mut engines = Engines::new(&schema("a BIGINT, t VARCHAR"), &options(&[])).unwrap();
    let decoded = engines.decode(&batch).unwrap();
    assert_eq!(decoded.batch.column(0).as_primitive::<Int64Type>().values(), &[1, 7]);
    assert_eq!(decoded.batch.column(1).as_string::<i32>().value_length(1) as usize, (90 << 20) - 6 + 1);
    assert_eq!(decoded.rejected.len(), 1);
    let limit = options(&[("max_record_bytes", "1_000_000")]);
    let decoded = Engines::new(&schema("a BIGINT"), &limit).unwrap().decode(&batch).unwrap();
    assert_eq!((decoded.batch.num_rows(), decoded.rejected.len()), (1, 2));
}
