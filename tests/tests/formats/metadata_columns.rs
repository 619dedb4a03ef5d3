//! Metadata columns hold what belongs to each row's record, in every format, beside records that give no row or several.

use std::fmt::Write as _;

use laminar_connector_memory::{MemoryFeed, MemoryStore};
use laminar_formats::AnyDecoder;
use laminar_schema::{DecoderSet, Metrics, RawRecord, SourceMetadata, engine::RunOptions};
use laminar_tests::engine::TestEngine;

/// A record and the number of rows that it gives; `None` where it is rejected.
type Record = (Option<&'static [u8]>, Option<usize>);

struct Case {
    format: &'static str,
    /// Behind FORMAT.
    options: &'static str,
    /// Columns, one of which is `a` and holds a number.
    columns: &'static str,
    records: &'static [Record],
}

const CASES: [Case; 9] = [
    Case {
        format: "json",
        options: "(multiple_documents = 'split', tombstones = 'null', empty_records = 'skip')",
        columns: "a BIGINT",
        records: &[
            (Some(b"{\"a\":1}"), Some(1)),
            (Some(b"{\"a\":\"x\"}"), None),
            (Some(b"{\"a\":2} {\"a\":3} {\"a\":4}"), Some(3)),
            (Some(b""), Some(0)),
            (None, Some(1)),
            (Some(b"{"), None),
            (Some(b"{\"a\":5}"), Some(1)),
        ],
    },
    Case {
        format: "json",
        options: "(wire_format = 'confluent') ENVELOPE DEBEZIUM (updates = 'both')",
        columns: "a BIGINT",
        records: &[
            (Some(b"\0\0\0\0\x01{\"op\":\"c\",\"after\":{\"a\":1}}"), Some(1)),
            (Some(b"\0\0\0\0\x01{\"op\":\"u\",\"before\":{\"a\":1},\"after\":{\"a\":2}}"), Some(2)),
            (Some(b"{\"op\":\"c\",\"after\":{\"a\":1}}"), None),
            (None, Some(0)),
            (Some(b"\0\0\0\0\x01{\"op\":\"d\",\"before\":{\"a\":2}}"), Some(1)),
        ],
    },
    Case {
        format: "json",
        options: "ENVELOPE UPSERT (key_columns = 'k', key_format = 'raw')",
        columns: "k VARCHAR, a BIGINT",
        records: &[
            (Some(b"{\"a\":1}"), Some(1)),
            (None, Some(1)),
            (Some(b"{\"a\":\"x\"}"), None),
            (Some(b"{\"a\":2}"), Some(1)),
        ],
    },
    Case {
        format: "csv",
        options: "(header = 'false')",
        columns: "a BIGINT, b VARCHAR",
        records: &[(Some(b"1,x"), Some(1)), (Some(b"x,y"), None), (Some(b"2,"), Some(1)), (Some(b"3,z"), Some(1))],
    },
    Case {
        format: "msgpack",
        options: "(multiple_documents = 'split')",
        columns: "a BIGINT",
        records: &[
            (Some(b"\x81\xa1a\x01"), Some(1)),
            (Some(b"\xc1"), None),
            (Some(b"\x81\xa1a\x02\x81\xa1a\x03"), Some(2)),
            (None, Some(0)),
            (Some(b"\x81\xa1a\x04"), Some(1)),
        ],
    },
    Case {
        format: "avro",
        options: "(framing = 'datum', schema = '{\"type\":\"record\",\"name\":\"r\",\"fields\":[{\"name\":\"a\",\"type\":\"long\"}]}')",
        columns: "a BIGINT",
        records: &[
            (Some(b"\x02"), Some(1)),
            (Some(b"\xff"), None),
            (None, Some(0)),
            (Some(b"\x04\x00"), None),
            (Some(b"\x06"), Some(1)),
        ],
    },
    Case {
        format: "avro",
        options: "(wire_format = 'confluent', schema = '{\"type\":\"record\",\"name\":\"r\",\"fields\":[{\"name\":\"a\",\"type\":\"long\"}]}')",
        columns: "a BIGINT",
        records: &[
            (Some(b"\0\0\0\0\x07\x02"), Some(1)),
            (Some(b"\x02"), None),
            (None, Some(0)),
            (Some(b"\0\0\0\0\x08\x04"), Some(1)),
        ],
    },
    Case {
        format: "protobuf",
        options: "(schema = 'syntax = \"proto3\"; message M { int64 a = 1; }')",
        columns: "a BIGINT",
        records: &[
            (Some(b"\x08\x01"), Some(1)),
            (Some(b"\x08"), None),
            (None, Some(0)),
            (Some(b""), Some(1)),
            (Some(b"\x08\x02"), Some(1)),
        ],
    },
    Case {
        format: "raw",
        options: "(tombstones = 'skip')",
        columns: "a VARCHAR",
        records: &[(Some(b"1"), Some(1)), (Some(b"\xff"), None), (None, Some(0)), (Some(b""), Some(1))],
    },
];

/// Record number `n` as the source has it; every third has no key, every second no headers.
fn record(n: usize, value: Option<&[u8]>) -> RawRecord {
    let partition = ["p", "q"][n % 2];
    RawRecord {
        key: (n % 3 != 2).then(|| format!("k{n}").into_bytes()),
        value: value.map(<[u8]>::to_vec),
        timestamp: (n != 1).then_some(n as i64 * 1000),
        headers: if n.is_multiple_of(2) { vec![("h".to_owned(), format!("{n}").into_bytes())] } else { Vec::new() },
        metadata: SourceMetadata::at(Some(partition.into()), None, None),
    }
}

/// The metadata of record number `n` as JSON.
fn expected(n: usize) -> String {
    let base64 = |text: String| {
        use base64::{Engine, prelude::BASE64_STANDARD};
        format!("\"{}\"", BASE64_STANDARD.encode(text))
    };
    let mut shown = String::new();
    let key = if n % 3 == 2 { "null".to_owned() } else { base64(format!("k{n}")) };
    let time = if n == 1 { "null".to_owned() } else { format!("\"1970-01-01T00:00:{n:02}Z\"") };
    let headers = if n.is_multiple_of(2) { format!("{{\"h\":{}}}", base64(n.to_string())) } else { "{}".to_owned() };
    // The offset in its partition, of which there are two that take turns.
    let (partition, offset) = (["p", "q"][n % 2], n / 2);
    write!(shown, r#"{{"k_":{key},"t":{time},"p":"{partition}","o":{offset},"h":{headers}}}"#).unwrap();
    shown
}

async fn check(number: usize, case: &Case, batch: usize) {
    let name = format!("metadata_{number}_{batch}");
    let (feed, store, letters) = (MemoryFeed::new(), MemoryStore::new(), MemoryStore::new());
    assert!(feed.register(&name) && store.register(&name) && letters.register(&format!("{name}_letters")));
    // Keys that UPSERT decodes must be there.
    let needs_key = case.options.contains("UPSERT");
    for (n, (value, _)) in case.records.iter().enumerate() {
        let mut record = record(n, *value);
        if needs_key && record.key.is_none() {
            record.key = Some(format!("k{n}").into_bytes());
        }
        feed.push(record);
    }
    feed.end();
    let sql = format!(
        "CREATE SOURCE s ({}) FROM MEMORY (name = '{name}') FORMAT {} {}
         INCLUDE KEY AS k_, TIMESTAMP AS t, PARTITION AS p, OFFSET AS o, HEADERS AS h ON ERROR DEAD LETTER TO dead;
         CREATE SINK dead INTO MEMORY (name = '{name}_letters') FORMAT JSON;
         CREATE SINK k INTO MEMORY (name = '{name}') FORMAT JSON; INSERT INTO k SELECT k_, t, p, o, h FROM s",
        case.columns, case.format, case.options
    );
    let mut engine = TestEngine::new();
    let script = engine.load(&sql).unwrap();
    let options = RunOptions { max_batch_records: batch, ..RunOptions::default() };
    for planned in engine.plan(&script, &options).await.unwrap() {
        planned.pipeline.run(std::future::pending(), &Metrics::new()).await.unwrap();
    }
    let mut rows = Vec::new();
    for (n, (_, given)) in case.records.iter().enumerate() {
        let mut row = expected(n);
        if needs_key && n % 3 == 2 {
            row = row.replace("\"k_\":null", &format!("\"k_\":\"{}\"", ["azI="][n / 3]));
        }
        rows.extend(std::iter::repeat_n(row, given.unwrap_or(0)));
    }
    // Partitions of a feed are read in the order in which they were pushed to.
    assert_eq!(store.texts(), rows, "format {} {} in batches of {batch}", case.format, case.options);
    let rejected = case.records.iter().filter(|(_, given)| given.is_none()).count();
    assert_eq!(letters.texts().len(), rejected, "format {} {}", case.format, case.options);
}

#[tokio::test]
async fn every_row_has_the_metadata_of_its_record() {
    for (number, case) in CASES.iter().enumerate() {
        for batch in [1, 3, 100] {
            check(number, case, batch).await;
        }
    }
    for format in AnyDecoder::FORMATS.iter().filter(|f| CASES.iter().all(|c| c.format != **f)) {
        println!("skipped: {format}, which has no case here");
    }
}
