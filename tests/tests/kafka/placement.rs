//! What the sink makes of rows: deletes, and the partition of each, judged by another client and by hashes written down here.

use crate::{
    broker::{Topic, brokers},
    sql::run,
};

/// The source of these rows, and a sink of these options into `to`.
fn copy(brokers: &str, (from, to): (&Topic, &Topic), columns: &str, sink: &str) -> String {
    format!(
        "CREATE SOURCE s ({columns}) FROM KAFKA (brokers = '{brokers}', topic = '{}', end = latest) FORMAT JSON;
         CREATE SINK out INTO KAFKA (brokers = '{brokers}', topic = '{}', {sink}) FORMAT JSON;
         INSERT INTO out SELECT * FROM s",
        from.name, to.name
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_row_is_a_record_without_a_value() {
    let Some(brokers) = brokers() else { return };
    let (from, to) = (Topic::create(brokers, "changes", 1).await, Topic::create(brokers, "changed", 1).await);
    let change = |id: u64, op: &str, v: &str| format!(r#"{{"id":{id},"op":"{op}","v":"{v}"}}"#);
    let changes = [
        change(1, "insert", "a"),
        change(2, "read", "b"),
        change(1, "update", "c"),
        change(2, "delete", "b"),
        change(1, "update_before", "c"),
        change(3, "update_after", "d"),
        change(3, "upsert", "e"),
    ];
    from.write(1, changes);
    let sink = "key = 'id', changes = 'op'";
    run(&copy(brokers, (&from, &to), "id BIGINT, op VARCHAR, v VARCHAR", sink)).await.unwrap();
    let seen: Vec<_> = to.read().into_iter().map(|r| (r.key.unwrap_or_default(), r.value)).collect();
    let record = |key: &str, v: &str| (key.to_owned(), Some(format!(r#"{{"id":{key},"v":"{v}"}}"#)));
    let gone = |key: &str| (key.to_owned(), None);
    let expected = [
        record("1", "a"),
        record("2", "b"),
        record("1", "c"),
        gone("2"),
        gone("1"),
        record("3", "d"),
        record("3", "e"),
    ];
    assert_eq!(seen, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_and_partitions_that_are_none_end_the_run() {
    let Some(brokers) = brokers() else { return };
    let to = Topic::create(brokers, "refusing", 2).await;
    let check = async |row: &str, sink: &str, expected: &str| {
        let from = Topic::create(brokers, "refused", 1).await;
        from.write(1, [row]);
        let sql = copy(brokers, (&from, &to), "id BIGINT, op VARCHAR, p BIGINT", sink);
        let error = run(&sql).await.unwrap_err();
        assert!(error.contains(expected), "{row}: {error}");
    };
    let keyed = "key = 'id', changes = 'op'";
    check(r#"{"id":1,"op":"truncate"}"#, keyed, "has `truncate` as its change, expected insert, read,").await;
    check(r#"{"id":1}"#, keyed, "has null as its change").await;
    check(r#"{"op":"delete"}"#, keyed, "has no key").await;
    check(r#"{"id":1}"#, "changes = 'op'", "`key` beside it").await;
    check(r#"{"id":1}"#, "key = 'op', changes = 'id'", "a column of text").await;
    check(r#"{"id":1,"p":-1}"#, "partition = 'p'", "names partition -1, expected a number from 0").await;
    check(r#"{"id":1,"p":2}"#, "partition = 'p'", "has no partition 2").await;
    check(r#"{"id":1}"#, "partition = 'op'", "a column of whole numbers").await;
    assert_eq!(to.read().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_column_or_a_partitioner_says_where_a_record_goes() {
    let Some(brokers) = brokers() else { return };
    const PARTITIONS: i32 = 5;
    let from = Topic::create(brokers, "placed-from", 1).await;
    let key = |id: u64| format!("key-{}", id * id);
    from.write(1, (0..200).map(|id| format!(r#"{{"id":{id},"k":"{}","p":{}}}"#, key(id), id % 5)));
    let check = async |sink: &str, place: &dyn Fn(u64) -> u32| {
        let to = Topic::create(brokers, "placed", PARTITIONS).await;
        run(&copy(brokers, (&from, &to), "id BIGINT, k VARCHAR, p INTEGER", sink)).await.unwrap();
        let placed = |value: String, partition: i32| {
            let row: serde_json::Value = serde_json::from_str(&value).unwrap();
            (row["id"].as_u64().unwrap(), u32::try_from(partition).unwrap())
        };
        let mut seen: Vec<_> = to.read().into_iter().map(|r| placed(r.value.unwrap(), r.partition)).collect();
        seen.sort_unstable();
        let expected: Vec<_> = (0..200).map(|id| (id, place(id) % 5)).collect();
        assert_eq!(seen, expected, "{sink}");
    };
    check("partition = 'p'", &|id| u32::try_from(id % 5).unwrap()).await;
    check("key = 'k'", &|id| murmur2(key(id).as_bytes()) & 0x7fff_ffff).await;
    check("key = 'k', partitioner = murmur2", &|id| murmur2(key(id).as_bytes()) & 0x7fff_ffff).await;
    check("partitioner = murmur2, value = 'id'", &|_| murmur2(b"") & 0x7fff_ffff).await;
    check("key = 'k', partitioner = consistent_random", &|id| crc32(key(id).as_bytes())).await;
    check("key = 'k', partitioner = fnv1a", &|id| fnv1a(key(id).as_bytes()).cast_signed().unsigned_abs()).await;
}

/// MurmurHash2 of 32 bits with the seed of Kafka's Java clients.
///
/// Source: Apache Kafka, `org.apache.kafka.common.utils.Utils.murmur2`.
fn murmur2(bytes: &[u8]) -> u32 {
    const M: u32 = 0x5bd1_e995;
    let mut hash = 0x9747_b28c ^ u32::try_from(bytes.len()).unwrap();
    let (words, rest) = bytes.as_chunks::<4>();
    for word in words {
        let word = u32::from_le_bytes(*word).wrapping_mul(M);
        hash = hash.wrapping_mul(M) ^ (word ^ (word >> 24)).wrapping_mul(M);
    }
    if !rest.is_empty() {
        for (at, byte) in rest.iter().enumerate() {
            hash ^= u32::from(*byte) << (8 * at);
        }
        hash = hash.wrapping_mul(M);
    }
    hash = (hash ^ (hash >> 13)).wrapping_mul(M);
    hash ^ (hash >> 15)
}

/// Source: RFC 1952 §8, bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
    !bytes.iter().fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), step))
}

/// Source: FNV-1a of 32 bits, draft-eastlake-fnv.
fn fnv1a(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

#[test]
fn the_hashes_are_those_that_are_published() {
    // Kafka's UtilsTest has the first three as signed numbers.
    for (text, expected) in [("21", -973_932_308), ("foobar", -790_332_482), ("a-little-bit-long-string", -985_981_536)]
    {
        assert_eq!(murmur2(text.as_bytes()).cast_signed(), expected, "{text}");
    }
    assert_eq!((crc32(b"123456789"), fnv1a(b"foobar")), (0xcbf4_3926, 0xbf9c_f968));
}
