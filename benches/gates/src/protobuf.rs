//! Messages that the gates and the peers' benchmark decode: a definition and records each.

use std::{fmt::Write, sync::Arc};

use arrow_schema::SchemaRef;
use laminar_formats::{
    json::JsonDecoder,
    protobuf::{ProtobufDecoder, ProtobufEncoder, proto_text},
};
use laminar_schema::{
    DecodeSpec, DecoderSet, EncodeSpec, EncoderSet, FormatDecoder, FormatEncoder, FormatSpec, Options, RawBatch,
};

use crate::{
    decoders::{self, Decoding},
    input::Case,
};

/// Name of every message.
pub const MESSAGE: &str = "bench.Record";

/// Names of the messages.
pub const NAMES: [&str; 4] = ["flat", "wide", "nested", "texts"];

/// Embedded and repeated messages, packed numbers, maps.
const NESTED: &str = r#"syntax = "proto3"; package bench;
message Record {
    int64 id = 1; Customer customer = 2; repeated Item items = 3; repeated string tags = 4;
    map<string, string> attributes = 5; repeated int32 scores = 6; map<string, int64> counts = 7; double total = 8;
}
message Customer { string name = 1; Address address = 2; bool active = 3; }
message Address { string street = 1; string city = 2; uint32 zip = 3; double lat = 4; double lon = 5; }
message Item { string sku = 1; int32 quantity = 2; double price = 3; }
"#;

/// Texts short and long, an enum, a oneof, Google's own messages.
const TEXTS: &str = r#"syntax = "proto3"; package bench;
import "google/protobuf/timestamp.proto"; import "google/protobuf/duration.proto"; import "google/protobuf/wrappers.proto";
message Record {
    string title = 1; string body = 2; string author = 3; Status status = 4; google.protobuf.Timestamp created = 5;
    google.protobuf.Duration ttl = 6; oneof payment { string card = 7; string iban = 8; int64 voucher = 9; }
    google.protobuf.StringValue nick = 10; google.protobuf.Int64Value score = 11; optional string note = 12; sint64 delta = 13;
    enum Status { DRAFT = 0; ACTIVE = 1; GONE = 2; }
}
"#;

/// A message's definition, its columns, and records of it.
pub struct Messages {
    /// The text of a `.proto` file.
    pub definition: String,
    /// The columns.
    pub schema: SchemaRef,
    /// The records.
    pub records: Vec<Vec<u8>>,
}

/// The message of that name, with so many records.
///
/// # Panics
/// If there is none.
pub fn messages(name: &str, num_rows: usize) -> Messages {
    let workload = |workload: &str| {
        let case = Case::ALL.into_iter().find(|case| case.name == workload).expect("one of the workloads");
        let definition = proto_text(&case.schema(), MESSAGE).expect("Protobuf carries the workloads");
        (definition, decoders::json(&case, num_rows).batch)
    };
    let lines = |line: fn(usize) -> String| RawBatch::from_values((0..num_rows).map(line).collect::<Vec<_>>());
    let (definition, rows) = match name {
        "flat" => workload("trades"),
        "wide" => workload("wide"),
        "nested" => (NESTED.to_owned(), lines(nested)),
        "texts" => (TEXTS.to_owned(), lines(texts)),
        other => panic!("no message `{other}`; there are: {}", NAMES.join(" ")),
    };
    let format = format(&definition);
    let described = ProtobufDecoder::describe(&format, None).expect("a definition").expect("the options name it");
    let schema = described.schema;
    let mut json: JsonDecoder = decoders::decoder("json", Arc::clone(&schema));
    let decoded = json.decode(&rows).expect("the rows fit into their columns");
    assert!(decoded.rejected.is_empty(), "the rows are valid: {:?}", decoded.rejected.first());
    let encoder =
        ProtobufEncoder::build(&EncodeSpec::new(Arc::clone(&schema), format)).expect("columns of the definition");
    let records =
        encoder.expect("the format is Protobuf").encode_batch(&decoded.batch).expect("rows that can be written");
    Messages { definition, schema, records }
}

fn format(definition: &str) -> FormatSpec {
    FormatSpec::new("protobuf").with_options(Options::from_pairs([("schema", definition), ("message", MESSAGE)]))
}

impl Messages {
    /// Our decoder of it.
    ///
    /// # Panics
    /// Never: what the definition is described as can be decoded.
    pub fn decoder(&self) -> ProtobufDecoder {
        let spec = DecodeSpec::new(Arc::clone(&self.schema), format(&self.definition));
        ProtobufDecoder::build(&spec).expect("columns of the definition").expect("the format is Protobuf")
    }
}

/// The records of a message.
pub fn protobuf(name: &str, num_rows: usize) -> Decoding<ProtobufDecoder> {
    let messages = messages(name, num_rows);
    Decoding { decoder: messages.decoder(), batch: RawBatch::from_values(&messages.records) }
}

/// Different for every row and the same every time.
fn mixed(row: usize, salt: usize) -> usize {
    (row.wrapping_mul(0x9E37_79B9) ^ salt.wrapping_mul(0x85EB_CA6B)).wrapping_mul(0xC2B2_AE35) >> 7
}

fn nested(row: usize) -> String {
    let pick = |salt: usize, below: usize| mixed(row, salt) % below;
    let mut line = format!(
        r#"{{"id":{row},"customer":{{"name":"Customer {}","address":{{"street":"{} Main Street","city":"City {}","zip":{},"lat":{}.5,"lon":-{}.25}},"active":{}}},"items":["#,
        pick(1, 100_000),
        1 + pick(2, 900),
        pick(3, 500),
        10_000 + pick(4, 80_000),
        pick(5, 90),
        pick(6, 180),
        pick(7, 2) == 0,
    );
    for item in 0..1 + pick(8, 4) {
        let comma = if item > 0 { "," } else { "" };
        let (sku, price) = (mixed(row, 20 + item) % 100_000, mixed(row, 30 + item) % 10_000);
        let _ = write!(line, r#"{comma}{{"sku":"SKU-{sku:05}","quantity":{},"price":{price}.75}}"#, 1 + item);
    }
    let _ = write!(
        line,
        r#"],"tags":["new","tag{}"],"attributes":{{"channel":"web","color":"c{}"}},"scores":[{},{},{},{}],"counts":{{"clicks":{},"views":{}}},"total":{}.5}}"#,
        pick(9, 40),
        pick(10, 30),
        pick(11, 100),
        pick(12, 1_000),
        pick(13, 100_000),
        pick(14, 10),
        pick(15, 1_000),
        pick(16, 1_000_000),
        pick(17, 10_000),
    );
    line
}

fn texts(row: usize) -> String {
    let pick = |salt: usize, below: usize| mixed(row, salt) % below;
    let status = ["DRAFT", "ACTIVE", "GONE"][pick(1, 3)];
    let payment = match pick(2, 3) {
        0 => format!(r#""card":"4000-{:04}-{:04}""#, pick(3, 10_000), pick(4, 10_000)),
        1 => format!(r#""iban":"DE{:018}""#, mixed(row, 5)),
        _ => format!(r#""voucher":{}"#, mixed(row, 6)),
    };
    let nick = if pick(7, 2) == 0 { format!(r#","nick":"nick{}""#, pick(8, 1_000)) } else { String::new() };
    let note = if pick(9, 4) == 0 { r#","note":"größer als ein Wort: 漢字""#.to_owned() } else { String::new() };
    format!(
        r#"{{"title":"Title number {}","body":"The quick brown fox jumps over {} lazy dogs, again and again, until it is long enough.","author":"a{}","status":"{status}","created":"2024-03-{:02}T12:{:02}:56.789Z","ttl":"PT{}S",{payment}{nick},"score":{}{note},"delta":-{}}}"#,
        pick(10, 100_000),
        pick(11, 1_000),
        pick(12, 5_000),
        1 + pick(13, 28),
        pick(14, 60),
        1 + pick(15, 86_400),
        pick(16, 1_000),
        pick(17, 1_000_000),
    )
}
