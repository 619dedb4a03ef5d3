//! No decoder allocates per record, and the encoders of JSON, MessagePack, Protobuf and Avro do not: a warm one makes as many
//! allocations for 1,000 records as for 8,000.

#![allow(clippy::unwrap_used, reason = "a test that fails to unwrap says where")]
#![allow(clippy::print_stdout, reason = "it says what was counted")]

mod websocket;

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    sync::{Arc, LazyLock},
};

use arrow_array::{ArrayRef, Int64Array, RecordBatch};
use arrow_schema::{Field, Schema};
use laminar_formats::{AnyDecoder, AnyEncoder, envelope::Enveloped};
use laminar_schema::{
    DecodeSpec, DecoderSet, EncodeSpec, EncodedBatch, EncoderSet, FormatDecoder, FormatEncoder, FormatSpec,
    MetadataColumn, MetadataKind, NewRecord, Options, RawBatch, RowRecords, ddl::parse_columns,
    format::append_metadata,
};

/// The system's allocator, counting the calls of each thread.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

fn count() {
    // A thread that is ending has no counter any more, and nobody who would read it.
    let _ = ALLOCATIONS.try_with(|n| n.set(n.get() + 1));
}

// SAFETY: every call is handed on to the system's allocator as it came; counting does not allocate.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller keeps the contract of `alloc`, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract of `dealloc`; `at` came from the system's allocator.
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller keeps the contract of `realloc`; `at` came from the system's allocator.
        unsafe { System.realloc(at, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Decodes 1,000 and 8,000 records with a warm decoder and compares what that allocates.
fn check<R: AsRef<[u8]>>(
    format: &str,
    options: &[(&str, &str)],
    columns: &str,
    preamble: Option<&str>,
    record: fn(usize) -> R,
) {
    let declared = parse_columns(columns).unwrap();
    let fields: Vec<Field> = declared.columns.iter().map(|c| c.to_field()).collect();
    let format = FormatSpec::new(format).with_options(Options::from_pairs(options.iter().copied()));
    let spec = DecodeSpec::new(Arc::new(Schema::new(fields)), format);
    let mut decoder = Enveloped::<AnyDecoder>::build(&spec).unwrap().unwrap();
    let header: Option<Arc<[u8]>> = preamble.map(|p| p.as_bytes().into());
    let records = |count: usize| {
        let mut batch = RawBatch::new();
        let partition = batch.partition(&"p".into(), header.as_ref());
        for index in 0..count {
            let value = record(index);
            batch.push(NewRecord { partition: Some(partition), ..NewRecord::new(value.as_ref()) });
        }
        batch
    };
    let (few, many) = (records(1_000), records(8_000));
    let mut allocations = |batch: &RawBatch| {
        let before = ALLOCATIONS.get();
        let decoded = decoder.decode(batch).unwrap();
        let made = ALLOCATIONS.get() - before;
        assert!(decoded.rejected.is_empty(), "{}: {}", spec.format.name, decoded.rejected[0].error);
        assert_eq!(decoded.batch.num_rows(), batch.len());
        made
    };
    // The first batches grow the decoder's memory to what the largest needs.
    allocations(&many);
    allocations(&many);
    let (for_few, for_many) = (allocations(&few), allocations(&many));
    assert_eq!(for_few, for_many, "format {} for ({columns})", spec.format.name);
}

const TYPES: &str = "i BIGINT, n INTEGER, d DOUBLE, p DECIMAL(18,4), b BOOLEAN, s VARCHAR, dt DATE, t TIME, \
                     ts TIMESTAMP, tz TIMESTAMPTZ, bin BLOB, id UUID";

fn csv_row(index: usize) -> String {
    let null = if index.is_multiple_of(5) { "" } else { "7" };
    format!(
        "{index},{null},{index}.5e3,-12.{:04},true,\"quoted \"\"{index}\"\"\n\",2024-02-29,12:34:56.789,\
         2024-02-29 01:02:03,2024-02-29T01:02:03.5+01:00,aGVsbG8=,6ba7b810-9dad-11d1-80b4-00c04fd430c8",
        index % 10_000,
    )
}

#[test]
fn csv() {
    check("csv", &[], TYPES, None, csv_row);
    check("csv", &[], TYPES, Some("i,n,d,p,b,s,dt,t,ts,tz,bin,id"), csv_row);
    // Columns out of order, absent with a DEFAULT, and unknown ones that are kept.
    check(
        "csv",
        &[("unknown_fields", "rescue"), ("escape", "\\"), ("trim", "true"), ("delimiter", "||")],
        "b VARCHAR, a BIGINT, c BIGINT DEFAULT 3, _rescued JSON",
        Some("a||x||b"),
        |index| format!(" {index} || \"more \\\"{index}\" ||text"),
    );
    check("csv", &[("type_mismatch", "null"), ("ragged_rows", "accept")], "a BIGINT, b BIGINT", None, |index| {
        ["x,1", "1", "1,2,3", "\"\",\"\""][index % 4].to_owned()
    });
}

const NESTED: &str = "j JSON, l VARCHAR[], ll BIGINT[][], m MAP(VARCHAR, DOUBLE), \
                      st STRUCT(a BIGINT, b STRUCT(c VARCHAR, d TIMESTAMP[])), u UBIGINT";

fn json_row(index: usize) -> String {
    let null = if index.is_multiple_of(5) { "null" } else { "7" };
    format!(
        "{{\"i\":{index},\"n\":{null},\"d\":{index}.5e3,\"p\":-12.{:04},\"b\":true,\"s\":\"quoted \\\"{index}\\\"\\n\",\
         \"dt\":\"2024-02-29\",\"t\":\"12:34:56.789\",\"ts\":\"2024-02-29 01:02:03\",\
         \"tz\":\"2024-02-29T01:02:03.5+01:00\",\"bin\":\"aGVsbG8=\",\"id\":\"6ba7b810-9dad-11d1-80b4-00c04fd430c8\",\
         \"j\":{{\"x\": [{index}, 1.50]}},\"l\":[\"a\",null,\"{index}\"],\"ll\":[[1,2],[],[{index}]],\
         \"m\":{{\"k\":1.5,\"l{}\":null}},\"st\":{{\"a\":1,\"b\":{{\"c\":\"x\",\"d\":[\"2024-01-01T00:00:00Z\"]}}}},\
         \"u\":18446744073709551615,\"unwanted\":[1,{{\"a\":2}}]}}",
        index % 10_000,
        index % 3,
    )
}

#[test]
fn json() {
    check("json", &[], &format!("{TYPES}, {NESTED}"), None, json_row);
    // Few columns of many.
    check("json", &[], "u UBIGINT, s VARCHAR", None, json_row);
    // Numbers that simd-json refuses, and patterns of one's own.
    check("json", &[("timestamp_formats", "%d/%m/%Y %T")], "h HUGEINT, t TIMESTAMP", None, |index| {
        format!("{{\"h\":7{index}0123456789012345678901234,\"t\":\"29/02/2024 12:34:56\",\"z\":1e999}}")
    });
    // Absent keys with and without DEFAULT, keys in changing order, duplicates, rescue, whole documents.
    check(
        "json",
        &[("unknown_fields", "rescue"), ("document_column", "doc"), ("type_mismatch", "null")],
        "a BIGINT, b VARCHAR DEFAULT 'x', s STRUCT(c BIGINT), _rescued JSON, doc JSON",
        None,
        |index| match index % 4 {
            0 => format!("{{\"a\":{index},\"b\":\"{index}\"}}"),
            1 => format!("{{\"b\":\"{index}\",\"z\":[{index}],\"a\":\"no\"}}"),
            2 => format!("{{\"a\":{index},\"s\":{{\"d\":1,\"c\":2}},\"a\":{index}}}"),
            _ => "{}".to_owned(),
        },
    );
}

/// Encodes 1,000 and 8,000 rows with a warm encoder, into the same arena, and compares what that allocates.
fn check_encoder(format: &str, options: &[(&str, &str)], columns: &str, record: fn(usize) -> String) {
    let declared = parse_columns(columns).unwrap();
    let fields: Vec<Field> = declared.columns.iter().map(|c| c.to_field()).collect();
    let schema = Arc::new(Schema::new(fields));
    let json = FormatSpec::new("json");
    let mut decoder = AnyDecoder::build(&DecodeSpec::new(Arc::clone(&schema), json)).unwrap().unwrap();
    let mut rows = |count| {
        let records: Vec<String> = (0..count).map(record).collect();
        let decoded = decoder.decode(&RawBatch::from_values(&records)).unwrap();
        assert!(decoded.rejected.is_empty(), "{}", decoded.rejected[0].error);
        decoded.batch
    };
    let (few, many) = (rows(1_000), rows(8_000));
    let spec = FormatSpec::new(format).with_options(Options::from_pairs(options.iter().copied()));
    let mut encoder = AnyEncoder::build(&EncodeSpec::new(schema, spec)).unwrap().unwrap();
    let mut out = EncodedBatch::new();
    let mut allocations = |batch| {
        out.clear();
        let before = ALLOCATIONS.get();
        encoder.encode(batch, &mut out).unwrap();
        let made = ALLOCATIONS.get() - before;
        assert_eq!(out.len(), batch.num_rows());
        made
    };
    // The first batch grows the arena to what the largest needs.
    allocations(&many);
    assert_eq!(allocations(&few), allocations(&many), "encoding ({columns}) as {format}");
}

#[test]
fn json_encoder() {
    check_encoder("json", &[], &format!("{TYPES}, {NESTED}"), json_row);
    check_encoder("json", &[("binary_encoding", "hex"), ("explicit_nulls", "false")], TYPES, json_row);
    // Texts that are long, and that need an escape for every byte.
    check_encoder("json", &[], "s VARCHAR, t VARCHAR[]", |index| {
        let long = "\\u0001\\n".repeat(index % 600);
        format!("{{\"s\":\"{long}\",\"t\":[\"{index}\",\"{long}\"]}}")
    });
}

/// Records of MessagePack from ones of JSON: an encoder writes them, whose rows are the same.
fn msgpack_rows(columns: &str, options: &[(&str, &str)]) -> Vec<Vec<u8>> {
    rows_of("msgpack", columns, options)
}

fn rows_of(format: &str, columns: &str, options: &[(&str, &str)]) -> Vec<Vec<u8>> {
    let declared = parse_columns(columns).unwrap();
    let fields: Vec<Field> = declared.columns.iter().map(|c| c.to_field()).collect();
    let schema = Arc::new(Schema::new(fields));
    let json = FormatSpec::new("json");
    let mut decoder = AnyDecoder::build(&DecodeSpec::new(Arc::clone(&schema), json)).unwrap().unwrap();
    let records: Vec<String> = (0..200).map(json_row).collect();
    let rows = decoder.decode(&RawBatch::from_values(&records)).unwrap().batch;
    let format = FormatSpec::new(format).with_options(Options::from_pairs(options.iter().copied()));
    AnyEncoder::build(&EncodeSpec::new(schema, format)).unwrap().unwrap().encode_batch(&rows).unwrap()
}

fn msgpack_typed(index: usize) -> Vec<u8> {
    static ROWS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| msgpack_rows(&format!("{TYPES}, {NESTED}"), &[]));
    ROWS[index % ROWS.len()].clone()
}

fn msgpack_counts(index: usize) -> Vec<u8> {
    static ROWS: LazyLock<Vec<Vec<u8>>> =
        LazyLock::new(|| msgpack_rows(TYPES, &[("timestamps", "integer"), ("uuids", "binary")]));
    ROWS[index % ROWS.len()].clone()
}

#[test]
fn msgpack() {
    check("msgpack", &[], &format!("{TYPES}, {NESTED}"), None, msgpack_typed);
    // Few columns of many: what is passed over has maps and lists in it.
    check("msgpack", &[], "u UBIGINT, s VARCHAR", None, msgpack_typed);
    // Counts and bytes for timestamps and UUIDs, floats into exact columns.
    check(
        "msgpack",
        &[("timestamp_formats", "epoch_us")],
        "ts TIMESTAMP, tz TIMESTAMPTZ, id UUID, d DECIMAL(18,4)",
        None,
        msgpack_counts,
    );
    // Absent keys with and without DEFAULT, keys in changing order, duplicates, other keys than text, rescue, whole records.
    check(
        "msgpack",
        &[("unknown_fields", "rescue"), ("document_column", "doc"), ("type_mismatch", "null")],
        "a BIGINT, b VARCHAR DEFAULT 'x', s STRUCT(c BIGINT), m MAP(VARCHAR, BIGINT), _rescued JSON, doc JSON",
        None,
        |index| match index % 5 {
            0 => b"\x82\xa1a\x01\xa1b\xa2xx".to_vec(),
            1 => b"\x83\xa1b\xa1y\xa1z\x92\x01\xc4\x02\0\xff\xa1a\xa2no".to_vec(),
            2 => b"\x83\xa1a\x01\xa1s\x82\xa1d\x01\xa1c\x02\xa1a\x02".to_vec(),
            3 => b"\x82\x07\xcb\x3f\xf0\0\0\0\0\0\0\xa1m\x83\x01\x01\xa1x\x02\x01\x03".to_vec(),
            _ => b"\x80".to_vec(),
        },
    );
}

#[test]
fn msgpack_encoder() {
    check_encoder("msgpack", &[], &format!("{TYPES}, {NESTED}"), json_row);
    check_encoder(
        "msgpack",
        &[("explicit_nulls", "false"), ("decimals", "float"), ("timestamps", "text")],
        TYPES,
        json_row,
    );
    check_encoder("msgpack", &[], "j JSON", |index| {
        format!("{{\"j\":{{\"a\":[{index},1.5,\"\\u00e9\\n\",null],\"b\":{{\"c\":[1,2]}}}}}}")
    });
}

/// A definition of columns as they are written without one, and records from ones of JSON.
const PROTOBUF_COLUMNS: &str =
    "i BIGINT NOT NULL, n INTEGER, d DOUBLE, b BOOLEAN, s VARCHAR, p VARCHAR, tz TIMESTAMPTZ, id VARCHAR";

fn protobuf_definition() -> String {
    let declared = parse_columns(PROTOBUF_COLUMNS).unwrap();
    let fields: Vec<Field> = declared.columns.iter().map(|c| c.to_field()).collect();
    laminar_formats::protobuf::proto_text(&Schema::new(fields), "Record").unwrap()
}

#[test]
fn protobuf() {
    let definition = protobuf_definition();
    // Fields 1 to 8 of every kind, in order and out of it, twice, unknown, with a timestamp.
    let record = |index: usize| match index % 4 {
        0 => b"\x08\x96\x01\x10\x05\x19\0\0\0\0\0\0\xf8\x3f\x20\x01\x2a\x03abc\x3a\x04\x08\x05\x10\0".to_vec(),
        1 => b"\x2a\x02\xc3\xa9\x08\x01\x08\x02\xa3\x06\x08\x01\xa4\x06".to_vec(),
        2 => [b"\x2a\xc8\x01".as_slice(), &[b'x'; 200]].concat(),
        _ => Vec::new(),
    };
    check("protobuf", &[("schema", &definition)], PROTOBUF_COLUMNS, None, record);
    check("protobuf", &[("schema", &definition)], "s VARCHAR, d DOUBLE", None, record);
    let rescue = [("schema", definition.as_str()), ("unknown_fields", "rescue"), ("document_column", "doc")];
    check("protobuf", &rescue, "i BIGINT, tz TIMESTAMP, _rescued JSON, doc JSON", None, record);
    // Embedded messages in parts, lists from several places, maps with keys that come again, enums, JSON.
    let nested = "syntax = \"proto3\"; message M { I a = 1; repeated I b = 2; map<string, int32> c = 3; repeated int32 d = 4; \
                  E e = 5; oneof f { string g = 6; I h = 7; } M i = 8; repeated string j = 9; \
                  message I { int32 x = 1; repeated string y = 2; } enum E { A = 0; B = 1; } }";
    let columns = "a STRUCT(x INTEGER, y VARCHAR[]), b STRUCT(x INTEGER, y VARCHAR[])[], c MAP(VARCHAR, INTEGER), d BIGINT[], \
                   e VARCHAR, g VARCHAR, h JSON, i JSON, j VARCHAR[]";
    check("protobuf", &[("schema", nested), ("message", "M")], columns, None, |index| match index % 3 {
        0 => b"\x0a\x02\x08\x01\x12\x02\x08\x02\x20\x01\x0a\x03\x12\x01a\x20\x02\x12\0\x28\x01\x4a\x01x\x4a\x01y"
            .to_vec(),
        1 => [
            b"\x1a\x05\x0a\x01k\x10\x01\x1a\x05\x0a\x01k\x10\x02".as_slice(),
            b"\x3a\0\x32\x01z\x42\x04\x0a\x02\x08\x07",
        ]
        .concat(),
        _ => (0..20).flat_map(|n| [0x1a, 0x05, 0x0a, 0x01, b'a' + n % 15, 0x10, n]).collect(),
    });
}

#[test]
fn protobuf_encoder() {
    check_encoder("protobuf", &[], TYPES, json_row);
    check_encoder(
        "protobuf",
        &[("null_lists", "empty")],
        "i BIGINT, s VARCHAR, xl BIGINT[], r STRUCT(a BIGINT)",
        json_row,
    );
}

fn avro_datum(index: usize) -> Vec<u8> {
    static ROWS: LazyLock<Vec<Vec<u8>>> =
        LazyLock::new(|| rows_of("avro", &format!("{TYPES}, {NESTED}"), &[("framing", "datum")]));
    ROWS[index % ROWS.len()].clone()
}

#[test]
fn avro() {
    check("avro", &[("framing", "datum")], &format!("{TYPES}, {NESTED}"), None, avro_datum);
    // Few columns of many: what is passed over has maps and lists in it.
    let all = parse_columns(&format!("{TYPES}, {NESTED}")).unwrap();
    let fields: Vec<Field> = all.columns.iter().map(|c| c.to_field()).collect();
    let schema = laminar_formats::avro::avro_schema_of(&Schema::new(fields), "row", "").unwrap();
    check("avro", &[("schema", &schema)], "u UBIGINT, s VARCHAR, st JSON, extra BIGINT DEFAULT 7", None, avro_datum);
    // Unions of several types, promotions, defaults and enums of the reader's.
    let writer = r#"{"type":"record","name":"r","fields":[{"name":"u","type":["null","int",{"type":"array","items":"string"}]},
        {"name":"e","type":{"type":"enum","name":"e","symbols":["A","B"]}},{"name":"n","type":"int"}]}"#;
    let reader = r#"{"type":"record","name":"r","fields":[{"name":"u","type":["null","int",{"type":"array","items":"string"}]},
        {"name":"e","type":{"type":"enum","name":"e","symbols":["A","C"],"default":"C"}},{"name":"n","type":"double"},
        {"name":"d","type":{"type":"array","items":"string"},"default":["x"]}]}"#;
    check(
        "avro",
        &[("schema", writer), ("reader_schema", reader)],
        "u STRUCT(\"int\" INTEGER, \"array\" VARCHAR[]), e VARCHAR, n DOUBLE, d VARCHAR[]",
        None,
        |index| [&[0_u8, 0, 2][..], &[2, 14, 2, 4], &[4, 2, 4, b'a', b'b', 0, 0, 6]][index % 3].to_vec(),
    );
}

#[test]
fn avro_encoder() {
    check_encoder("avro", &[("framing", "datum")], &format!("{TYPES}, {NESTED}"), json_row);
    check_encoder("avro", &[("framing", "datum")], "j JSON", |index| format!("{{\"j\":[{index},{{\"a\":null}}]}}"));
}

#[test]
fn raw() {
    check("raw", &[], "value BLOB", None, |index| format!("record {index}"));
    check("raw", &[], "line VARCHAR NOT NULL", None, |index| "é".repeat(index % 40));
}

fn change(index: usize) -> String {
    let (id, name) = (index, index % 7);
    match index % 3 {
        0 => format!(r#"{{"before":null,"after":{{"id":{id},"name":"{name}"}},"op":"c","ts_ms":{index}}}"#),
        1 => format!(r#"{{"before":{{"id":{id},"name":"a"}},"after":{{"id":{id},"name":null}},"op":"u","ts_ms":1}}"#),
        _ => format!(r#"{{"before":{{"id":{id},"name":"{name}"}},"after":null,"op":"d","source":{{"db":"x"}}}}"#),
    }
}

#[test]
fn envelopes() {
    let columns = "id BIGINT NOT NULL, name VARCHAR, _op VARCHAR";
    check("json", &[("envelope", "debezium")], columns, None, change);
    let inserts = |index| change(index * 3);
    check("json", &[("envelope", "debezium")], columns, None, inserts);
    let beside = [("envelope", "debezium"), ("envelope.source_column", "src"), ("envelope.timestamp_column", "at")];
    check("json", &beside, "id BIGINT, _op VARCHAR, src JSON, at TIMESTAMPTZ", None, change);
}

#[test]
fn headers_in_front_of_documents() {
    let record = |index: usize| [&b"\0\0\0\0\x07"[..], format!(r#"{{"id":{index}}}"#).as_bytes()].concat();
    check("json", &[("wire_format", "confluent")], "id BIGINT", None, record);
}

#[test]
fn metadata_columns() {
    let name: Arc<str> = "p".into();
    let allocations = |count: usize, kinds: &[MetadataKind]| {
        let mut raw = RawBatch::new();
        let partition = raw.partition(&name, None);
        for index in 0..count {
            let headers: [(&str, &[u8]); 1] = [("h", b"1")];
            let offset = Some(index as u64);
            let key = Some(&b"key"[..]);
            let record = NewRecord {
                key,
                timestamp: Some(5),
                partition: Some(partition),
                offset,
                headers: &headers,
                ..NewRecord::new(b"1")
            };
            raw.push(record);
        }
        let ids: ArrayRef = Arc::new(Int64Array::from(vec![1; count]));
        let rows = RecordBatch::try_from_iter([("id", ids)]).unwrap();
        let columns = kinds.iter().map(|kind| MetadataColumn { kind: *kind, name: format!("{kind:?}") });
        let columns: Vec<MetadataColumn> = columns.collect();
        let spec =
            DecodeSpec { metadata_columns: columns.clone(), ..DecodeSpec::new(rows.schema(), FormatSpec::new("json")) };
        let schema = spec.output_schema();
        let before = ALLOCATIONS.get();
        let appended = append_metadata(rows, &schema, &columns, &raw, &RowRecords::Identity).unwrap();
        assert_eq!(appended.num_columns(), 1 + kinds.len());
        ALLOCATIONS.get() - before
    };
    // Nothing where none is asked for.
    assert_eq!(allocations(1_000, &[]), 0);
    use MetadataKind::{Offset, Timestamp};
    assert_eq!(allocations(1_000, &[Timestamp, Offset]), allocations(8_000, &[Timestamp, Offset]));
    // Bytes of keys and headers double what holds them as they grow: a handful for eight times the records.
    let all = MetadataKind::WORDS.map(|(_, kind)| kind);
    assert!(allocations(8_000, &all) <= allocations(1_000, &all) + 40);
}
