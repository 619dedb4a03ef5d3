//! Avro messages: four schemas, and rows of them behind Confluent's header.

use laminar_formats::avro::AvroDecoder;
use laminar_schema::{
    DecodeSpec, DecoderSet, FormatSpec, Options, RawBatch,
    format::{WriterSchema, WriterSchemaId},
};

use crate::decoders::Decoding;

/// The schema's id in the messages' headers.
pub const SCHEMA_ID: u32 = 1;

/// A schema, and how its rows are written.
#[derive(Debug, Clone, Copy)]
pub struct AvroCase {
    pub name: &'static str,
    schema: fn() -> String,
    write: fn(&mut Numbers, &mut Vec<u8>),
}

impl AvroCase {
    pub const ALL: [Self; 4] = [
        Self { name: "trades", schema: trades_schema, write: trade },
        Self { name: "wide", schema: wide_schema, write: wide },
        Self { name: "nested", schema: nested_schema, write: order },
        Self { name: "typed", schema: typed_schema, write: typed },
    ];

    /// The schema's text.
    pub fn schema(&self) -> String {
        (self.schema)()
    }

    /// Messages, the same ones each time.
    pub fn messages(&self, num_rows: usize) -> Vec<Vec<u8>> {
        let mut numbers = Numbers(42);
        let message = |_| {
            let mut out = vec![0, 0, 0, 0, SCHEMA_ID as u8];
            (self.write)(&mut numbers, &mut out);
            out
        };
        (0..num_rows).map(message).collect()
    }

    /// Our decoder, into the columns that the schema stands for.
    ///
    /// # Panics
    /// If the schema is none, which would be a mistake here.
    pub fn decoder(&self) -> AvroDecoder {
        self.decoder_of(1)
    }

    /// The same, for messages of so many writers, all with one schema.
    fn decoder_of(&self, writers: u32) -> AvroDecoder {
        let schema = self.schema();
        let described = FormatSpec::new("avro").with_options(Options::from_pairs([("schema", schema.as_str())]));
        let described = AvroDecoder::describe(&described, None).expect("a schema").expect("one that is given");
        let format = FormatSpec::new("avro").with_options(Options::from_pairs([("wire_format", "confluent")]));
        let mut spec = DecodeSpec::new(described.schema, format);
        let writer = |id: u32| WriterSchema { id: WriterSchemaId(id.into()), raw: schema.clone().into_bytes() };
        spec.writer_schemas = (SCHEMA_ID..SCHEMA_ID + writers).map(writer).collect();
        AvroDecoder::build(&spec).expect("columns of the schema").expect("the format is Avro")
    }

    /// Our decoder with a batch for it.
    pub fn decoding(&self, num_rows: usize) -> Decoding<AvroDecoder> {
        Decoding { decoder: self.decoder(), batch: RawBatch::from_values(self.messages(num_rows)) }
    }

    /// Our decoder with a batch of ten writers' messages, each of another writer than the one before.
    pub fn decoding_in_turn(&self, num_rows: usize) -> Decoding<AvroDecoder> {
        let mut messages = self.messages(num_rows);
        for (message, id) in messages.iter_mut().zip((SCHEMA_ID as u8..).take(10).cycle()) {
            message[4] = id;
        }
        Decoding { decoder: self.decoder_of(10), batch: RawBatch::from_values(messages) }
    }
}

/// Numbers that look random.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn is_null(&mut self) -> bool {
        self.below(5) == 0
    }
}

fn long(v: i64, out: &mut Vec<u8>) {
    let mut rest = ((v << 1) ^ (v >> 63)).cast_unsigned();
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

fn double(v: f64, out: &mut Vec<u8>) {
    out.extend_from_slice(&v.to_le_bytes());
}

fn text(v: &str, out: &mut Vec<u8>) {
    long(v.len() as i64, out);
    out.extend_from_slice(v.as_bytes());
}

const SYMBOLS: [&str; 6] = ["BTC-USD", "ETH-USD", "SOL-EUR", "AAPL", "MSFT", "NESN.SW"];

fn trades_schema() -> String {
    r#"{"type":"record","name":"trade","fields":[{"name":"id","type":"long"},{"name":"symbol","type":"string"},
        {"name":"price","type":"double"},{"name":"quantity","type":"double"},{"name":"at","type":"long"},
        {"name":"count","type":"int"},{"name":"is_buy","type":"boolean"},{"name":"venue","type":"string"}]}"#
        .to_owned()
}

fn trade(numbers: &mut Numbers, out: &mut Vec<u8>) {
    long(1_000_000_000 + numbers.next() as i64, out);
    text(SYMBOLS[numbers.below(6) as usize], out);
    double(numbers.below(10_000_000) as f64 / 100.0, out);
    double(numbers.below(1_000) as f64 / 8.0, out);
    long(1_700_000_000_000_000 + numbers.next() as i64, out);
    long(numbers.below(200) as i64, out);
    out.push(numbers.below(2) as u8);
    text(["XNAS", "XNYS", "COINBASE"][numbers.below(3) as usize], out);
}

const WIDE: [&str; 5] = ["long", "double", "string", "int", "boolean"];

fn wide_schema() -> String {
    let field = |index: usize| {
        format!(r#"{{"name":"field_{index}","type":["null","{}"],"default":null}}"#, WIDE[index % WIDE.len()])
    };
    let fields: Vec<String> = (0..40).map(field).collect();
    format!(r#"{{"type":"record","name":"wide","fields":[{}]}}"#, fields.join(","))
}

fn wide(numbers: &mut Numbers, out: &mut Vec<u8>) {
    for index in 0..40 {
        if numbers.is_null() {
            out.push(0);
            continue;
        }
        out.push(2);
        match WIDE[index % WIDE.len()] {
            "long" => long(numbers.next() as i64 - (1 << 30), out),
            "double" => double(numbers.next() as f64 / 16.0, out),
            "string" => text(&format!("value {}", numbers.below(100_000)), out),
            "int" => long(numbers.below(5_000) as i64, out),
            _ => out.push(numbers.below(2) as u8),
        }
    }
}

fn nested_schema() -> String {
    r#"{"type":"record","name":"order","fields":[{"name":"id","type":"long"},
        {"name":"customer","type":{"type":"record","name":"customer","fields":[{"name":"name","type":"string"},
            {"name":"address","type":{"type":"record","name":"address","fields":[{"name":"city","type":"string"},
                {"name":"zip","type":["null","string"]}]}}]}},
        {"name":"lines","type":{"type":"array","items":{"type":"record","name":"line","fields":[
            {"name":"sku","type":"string"},{"name":"quantity","type":"int"},{"name":"price","type":"double"}]}}},
        {"name":"scores","type":{"type":"array","items":"double"}},
        {"name":"labels","type":{"type":"map","values":"string"}}]}"#
        .to_owned()
}

fn order(numbers: &mut Numbers, out: &mut Vec<u8>) {
    long(numbers.next() as i64, out);
    text(&format!("Customer {}", numbers.below(10_000)), out);
    text(["Zürich", "Berlin", "Lyon", "Osaka"][numbers.below(4) as usize], out);
    if numbers.is_null() {
        out.push(0);
    } else {
        out.push(2);
        text(&format!("{:05}", numbers.below(100_000)), out);
    }
    items(numbers, 6, out, |numbers, out| {
        text(&format!("SKU-{:06}", numbers.below(1_000_000)), out);
        long(numbers.below(20) as i64, out);
        double(numbers.below(100_000) as f64 / 100.0, out);
    });
    items(numbers, 8, out, |numbers, out| double(numbers.next() as f64 / 3.0, out));
    items(numbers, 4, out, |numbers, out| {
        text(&format!("key{}", numbers.below(1 << 20)), out);
        text("a label's text", out);
    });
}

fn items(numbers: &mut Numbers, most: u64, out: &mut Vec<u8>, item: fn(&mut Numbers, &mut Vec<u8>)) {
    let count = numbers.below(most);
    if count > 0 {
        long(count as i64, out);
        (0..count).for_each(|_| item(numbers, out));
    }
    out.push(0);
}

fn typed_schema() -> String {
    r#"{"type":"record","name":"payment","fields":[{"name":"reference","type":"string"},
        {"name":"amount","type":{"type":"bytes","logicalType":"decimal","precision":18,"scale":4}},
        {"name":"fee","type":["null",{"type":"bytes","logicalType":"decimal","precision":9,"scale":2}]},
        {"name":"rate","type":{"type":"fixed","name":"rate","size":8,"logicalType":"decimal","precision":18,"scale":8}},
        {"name":"at","type":{"type":"long","logicalType":"timestamp-micros"}},
        {"name":"settled","type":["null",{"type":"long","logicalType":"timestamp-millis"}]},
        {"name":"day","type":{"type":"int","logicalType":"date"}},
        {"name":"currency","type":{"type":"enum","name":"currency","symbols":["CHF","EUR","JPY","USD"]}},
        {"name":"note","type":["null","string"]},{"name":"payload","type":"bytes"}]}"#
        .to_owned()
}

fn typed(numbers: &mut Numbers, out: &mut Vec<u8>) {
    text(&format!("REF{:012}", numbers.next()), out);
    decimal(numbers.next() as i64 * 40 - (1 << 35), out);
    if numbers.is_null() {
        out.push(0);
    } else {
        out.push(2);
        decimal(numbers.below(100_000) as i64 - 50_000, out);
    }
    out.extend_from_slice(&(numbers.next() as i64).to_be_bytes());
    long(1_700_000_000_000_000 + numbers.next() as i64, out);
    if numbers.is_null() {
        out.push(0);
    } else {
        out.push(2);
        long(1_700_000_000_000 + numbers.below(1 << 30) as i64, out);
    }
    long(19_000 + numbers.below(1_000) as i64, out);
    long(numbers.below(4) as i64, out);
    if numbers.is_null() {
        out.push(0);
    } else {
        out.push(2);
        text("Rechnung für Büromaterial, zahlbar in dreissig Tagen", out);
    }
    let payload = numbers.next().to_be_bytes();
    long(payload.len() as i64, out);
    out.extend_from_slice(&payload);
}

/// As few bytes as hold the number.
fn decimal(v: i64, out: &mut Vec<u8>) {
    let bytes = v.to_be_bytes();
    let is_spare = |at: &usize| bytes[*at] == (v >> 63) as u8 && (bytes[at + 1] ^ bytes[*at]) & 0x80 == 0;
    let start = (0..7).take_while(is_spare).count();
    long((8 - start) as i64, out);
    out.extend_from_slice(&bytes[start..]);
}
