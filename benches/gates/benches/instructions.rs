//! Instruction counts under callgrind, gated by the limits in `../limits`.
//!
//! A count is the same on every machine that runs the same binary, so a limit is absolute and committed: a missing
//! baseline would only be created, not failed. What is counted is one batch of 1,024 records through
//! `FormatDecoder::decode`, warm; the encoder and inference have the same records.
//!
//! Run it with `.ci/instructions`, which installs what it needs and prints the counts beside the limits.

use gungraun::{Callgrind, EventKind, main, prelude::*};
use laminar_connector_generator::workload::{Workload, WorkloadGenerator};
use laminar_formats::{
    avro::{AvroDecoder, AvroEncoder},
    csv::CsvDecoder,
    json::{JsonDecoder, JsonEncoder, JsonEngine},
    msgpack::{MsgPackDecoder, MsgPackEncoder},
    protobuf::ProtobufDecoder,
    raw::RawDecoder,
};
use laminar_gates::{
    avro::AvroCase,
    decoders::{self, Decoding},
    encoders::{self, Encoding},
    input::Case,
    protobuf as messages,
    samples::{self, Sampling},
};
use laminar_schema::{Decoded, DecoderSet, InferredSchema};

const ROWS: usize = 1024;

fn case(name: &str) -> Case {
    Case::ALL.into_iter().find(|case| case.name == name).expect("a name out of `Case::ALL`")
}

/// The default engine. valgrind must offer what the AVX2 engine asks for, or the gates would be another engine's.
fn json(name: &str) -> Decoding<JsonDecoder> {
    let decoding = decoders::json(&case(name), ROWS).warm();
    assert_eq!(decoding.decoder.engine(), JsonEngine::Avx2);
    decoding
}

fn json_portable(name: &str) -> Decoding<JsonDecoder> {
    decoders::json_with(&case(name), ROWS, JsonEngine::Portable).warm()
}

fn json_tape(name: &str) -> Decoding<JsonDecoder> {
    decoders::json_with(&case(name), ROWS, JsonEngine::Tape).warm()
}

fn csv(name: &str) -> Decoding<CsvDecoder> {
    decoders::csv(&case(name), ROWS).warm()
}

fn msgpack(name: &str) -> Decoding<MsgPackDecoder> {
    decoders::msgpack(&case(name), ROWS).warm()
}

fn msgpack_plain(name: &str) -> Decoding<MsgPackDecoder> {
    decoders::msgpack_plain(&case(name), ROWS).warm()
}

fn protobuf(name: &str) -> Decoding<ProtobufDecoder> {
    messages::protobuf(name, ROWS).warm()
}

fn avro_case(name: &str) -> AvroCase {
    AvroCase::ALL.into_iter().find(|case| case.name == name).expect("a name out of `AvroCase::ALL`")
}

fn avro(name: &str) -> Decoding<AvroDecoder> {
    match name {
        "in_turn" => avro_case("trades").decoding_in_turn(ROWS).warm(),
        name => avro_case(name).decoding(ROWS).warm(),
    }
}

fn raw(name: &str) -> Decoding<RawDecoder> {
    decoders::raw(&case(name), ROWS).warm()
}

fn json_rows(name: &str) -> Encoding<JsonEncoder> {
    encoders::json(&case(name), ROWS).warm()
}

fn msgpack_rows(name: &str) -> Encoding<MsgPackEncoder> {
    encoders::msgpack(&case(name), ROWS).warm()
}

fn avro_rows(name: &str) -> Encoding<AvroEncoder> {
    encoders::avro(&avro_case(name), ROWS).warm()
}

fn json_sample(name: &str) -> Sampling {
    samples::json(&case(name), ROWS)
}

/// Fails the benchmark above its limit of instructions per byte of the batch, and prints a line for `.ci/instructions`.
fn gate<D: DecoderSet>(input: &Decoding<D>, name: &str) -> LibraryBenchmarkConfig {
    gate_bytes(input.decoder.format_name(), name, input.batch.num_value_bytes())
}

/// The same for a JSON engine that is not the default one.
fn gate_engine(input: &Decoding<JsonDecoder>, name: &str) -> LibraryBenchmarkConfig {
    let engine = format!("json_{:?}", input.decoder.engine()).to_lowercase();
    gate_bytes(&engine, name, input.batch.num_value_bytes())
}

/// The same for the JSON encoder: per byte of what it writes.
fn gate_encoder(name: &str) -> LibraryBenchmarkConfig {
    gate_bytes("json_encoder", name, json_rows(name).out.num_bytes())
}

/// The same for MessagePack's walker.
fn gate_walker(name: &str) -> LibraryBenchmarkConfig {
    gate_bytes("msgpack_walker", name, msgpack_plain(name).batch.num_value_bytes())
}

/// The same for MessagePack's encoder.
fn gate_msgpack_encoder(name: &str) -> LibraryBenchmarkConfig {
    gate_bytes("msgpack_encoder", name, msgpack_rows(name).out.num_bytes())
}

/// The same for Avro's encoder.
fn gate_avro_encoder(name: &str) -> LibraryBenchmarkConfig {
    gate_bytes("avro_encoder", name, avro_rows(name).out.num_bytes())
}

/// The same for inference: per byte of the sample.
fn gate_inference(name: &str) -> LibraryBenchmarkConfig {
    gate_bytes("json_infer", name, json_sample(name).num_bytes())
}

fn gate_bytes(format: &str, name: &str, bytes: usize) -> LibraryBenchmarkConfig {
    let limits = concat!(env!("CARGO_MANIFEST_DIR"), "/limits");
    let limits = std::fs::read_to_string(limits).expect("a file `limits` beside Cargo.toml");
    let numbers: Option<Vec<f64>> = limits.lines().find_map(|line| {
        let numbers = line.strip_prefix(format)?.strip_prefix(' ')?.strip_prefix(name)?.strip_prefix(' ')?;
        numbers.split_whitespace().map(|number| number.parse().ok()).collect()
    });
    let limit = match numbers.as_deref() {
        Some(&[limit]) => limit,
        Some(&[limit, highest]) => {
            assert!(limit <= highest, "{format} {name}: a limit of {limit} is above the highest allowed, {highest}");
            limit
        }
        _ => panic!("no limit for {format} {name}: add a line to `limits`"),
    };
    eprintln!("gate {format} {name} {bytes} {limit}");
    let mut callgrind = Callgrind::default();
    callgrind.hard_limits([(EventKind::Ir, (limit * bytes as f64) as u64)]);
    let mut config = LibraryBenchmarkConfig::default();
    config.tool(callgrind);
    config
}

/// A generator, and a buffer that is large enough for the batch.
fn warm_generator(name: &str) -> (WorkloadGenerator, Vec<u8>) {
    let mut generator = Workload::parse(name).expect("a workload").generator(42);
    let mut out = Vec::new();
    write_batch(&mut generator, &mut out);
    generator.seek(0);
    (generator, out)
}

fn write_batch(generator: &mut WorkloadGenerator, out: &mut Vec<u8>) {
    out.clear();
    for _ in 0..ROWS {
        generator.write_record(out);
    }
}

fn gate_generator(name: &str) -> LibraryBenchmarkConfig {
    gate_bytes("workload", name, warm_generator(name).1.len())
}

#[library_benchmark(setup = json)]
#[bench::trades(args = ("trades"), config = gate(&json("trades"), "trades"))]
#[bench::wide(args = ("wide"), config = gate(&json("wide"), "wide"))]
#[bench::nested(args = ("nested"), config = gate(&json("nested"), "nested"))]
#[bench::projected(args = ("projected"), config = gate(&json("projected"), "projected"))]
#[bench::escapes(args = ("escapes"), config = gate(&json("escapes"), "escapes"))]
#[bench::floats(args = ("floats"), config = gate(&json("floats"), "floats"))]
#[bench::shuffled(args = ("shuffled"), config = gate(&json("shuffled"), "shuffled"))]
fn json_decode(mut decoding: Decoding<JsonDecoder>) -> (Decoding<JsonDecoder>, Decoded) {
    let decoded = decoding.decode();
    (decoding, decoded)
}

#[library_benchmark(setup = json_portable)]
#[bench::trades(args = ("trades"), config = gate_engine(&json_portable("trades"), "trades"))]
#[bench::wide(args = ("wide"), config = gate_engine(&json_portable("wide"), "wide"))]
#[bench::nested(args = ("nested"), config = gate_engine(&json_portable("nested"), "nested"))]
#[bench::projected(args = ("projected"), config = gate_engine(&json_portable("projected"), "projected"))]
#[bench::escapes(args = ("escapes"), config = gate_engine(&json_portable("escapes"), "escapes"))]
#[bench::floats(args = ("floats"), config = gate_engine(&json_portable("floats"), "floats"))]
#[bench::shuffled(args = ("shuffled"), config = gate_engine(&json_portable("shuffled"), "shuffled"))]
fn json_portable_decode(mut decoding: Decoding<JsonDecoder>) -> (Decoding<JsonDecoder>, Decoded) {
    let decoded = decoding.decode();
    (decoding, decoded)
}

#[library_benchmark(setup = json_tape)]
#[bench::trades(args = ("trades"), config = gate_engine(&json_tape("trades"), "trades"))]
#[bench::wide(args = ("wide"), config = gate_engine(&json_tape("wide"), "wide"))]
#[bench::nested(args = ("nested"), config = gate_engine(&json_tape("nested"), "nested"))]
#[bench::projected(args = ("projected"), config = gate_engine(&json_tape("projected"), "projected"))]
#[bench::escapes(args = ("escapes"), config = gate_engine(&json_tape("escapes"), "escapes"))]
#[bench::floats(args = ("floats"), config = gate_engine(&json_tape("floats"), "floats"))]
#[bench::shuffled(args = ("shuffled"), config = gate_engine(&json_tape("shuffled"), "shuffled"))]
fn json_tape_decode(mut decoding: Decoding<JsonDecoder>) -> (Decoding<JsonDecoder>, Decoded) {
    let decoded = decoding.decode();
    (decoding, decoded)
}

#[library_benchmark(setup = csv)]
#[bench::trades(args = ("trades"), config = gate(&csv("trades"), "trades"))]
#[bench::wide(args = ("wide"), config = gate(&csv("wide"), "wide"))]
#[bench::escapes(args = ("escapes"), config = gate(&csv("escapes"), "escapes"))]
#[bench::floats(args = ("floats"), config = gate(&csv("floats"), "floats"))]
fn csv_decode(mut decoding: Decoding<CsvDecoder>) -> (Decoding<CsvDecoder>, Decoded) {
    let decoded = decoding.decode();
    (decoding, decoded)
}

#[library_benchmark(setup = msgpack)]
#[bench::trades(args = ("trades"), config = gate(&msgpack("trades"), "trades"))]
#[bench::wide(args = ("wide"), config = gate(&msgpack("wide"), "wide"))]
#[bench::nested(args = ("nested"), config = gate(&msgpack("nested"), "nested"))]
#[bench::projected(args = ("projected"), config = gate(&msgpack("projected"), "projected"))]
#[bench::escapes(args = ("escapes"), config = gate(&msgpack("escapes"), "escapes"))]
#[bench::floats(args = ("floats"), config = gate(&msgpack("floats"), "floats"))]
#[bench::shuffled(args = ("shuffled"), config = gate(&msgpack("shuffled"), "shuffled"))]
fn msgpack_decode(mut decoding: Decoding<MsgPackDecoder>) -> (Decoding<MsgPackDecoder>, Decoded) {
    let decoded = decoding.decode();
    (decoding, decoded)
}

#[library_benchmark(setup = msgpack_plain)]
#[bench::trades(args = ("trades"), config = gate_walker("trades"))]
#[bench::wide(args = ("wide"), config = gate_walker("wide"))]
#[bench::nested(args = ("nested"), config = gate_walker("nested"))]
#[bench::projected(args = ("projected"), config = gate_walker("projected"))]
#[bench::escapes(args = ("escapes"), config = gate_walker("escapes"))]
#[bench::floats(args = ("floats"), config = gate_walker("floats"))]
#[bench::shuffled(args = ("shuffled"), config = gate_walker("shuffled"))]
fn msgpack_walker_decode(mut decoding: Decoding<MsgPackDecoder>) -> (Decoding<MsgPackDecoder>, Decoded) {
    let decoded = decoding.decode();
    (decoding, decoded)
}

#[library_benchmark(setup = protobuf)]
#[bench::flat(args = ("flat"), config = gate(&protobuf("flat"), "flat"))]
#[bench::wide(args = ("wide"), config = gate(&protobuf("wide"), "wide"))]
#[bench::nested(args = ("nested"), config = gate(&protobuf("nested"), "nested"))]
#[bench::texts(args = ("texts"), config = gate(&protobuf("texts"), "texts"))]
fn protobuf_decode(mut decoding: Decoding<ProtobufDecoder>) -> (Decoding<ProtobufDecoder>, Decoded) {
    let decoded = decoding.decode();
    (decoding, decoded)
}

#[library_benchmark(setup = avro)]
#[bench::trades(args = ("trades"), config = gate(&avro("trades"), "trades"))]
#[bench::wide(args = ("wide"), config = gate(&avro("wide"), "wide"))]
#[bench::nested(args = ("nested"), config = gate(&avro("nested"), "nested"))]
#[bench::typed(args = ("typed"), config = gate(&avro("typed"), "typed"))]
#[bench::in_turn(args = ("in_turn"), config = gate(&avro("in_turn"), "in_turn"))]
fn avro_decode(mut decoding: Decoding<AvroDecoder>) -> (Decoding<AvroDecoder>, Decoded) {
    let decoded = decoding.decode();
    (decoding, decoded)
}

#[library_benchmark(setup = raw)]
#[bench::trades(args = ("trades"), config = gate(&raw("trades"), "trades"))]
#[bench::wide(args = ("wide"), config = gate(&raw("wide"), "wide"))]
fn raw_decode(mut decoding: Decoding<RawDecoder>) -> (Decoding<RawDecoder>, Decoded) {
    let decoded = decoding.decode();
    (decoding, decoded)
}

#[library_benchmark(setup = json_rows)]
#[bench::trades(args = ("trades"), config = gate_encoder("trades"))]
#[bench::wide(args = ("wide"), config = gate_encoder("wide"))]
#[bench::nested(args = ("nested"), config = gate_encoder("nested"))]
#[bench::projected(args = ("projected"), config = gate_encoder("projected"))]
#[bench::escapes(args = ("escapes"), config = gate_encoder("escapes"))]
#[bench::floats(args = ("floats"), config = gate_encoder("floats"))]
fn json_encoder_write(mut encoding: Encoding<JsonEncoder>) -> Encoding<JsonEncoder> {
    encoding.encode();
    encoding
}

#[library_benchmark(setup = msgpack_rows)]
#[bench::trades(args = ("trades"), config = gate_msgpack_encoder("trades"))]
#[bench::wide(args = ("wide"), config = gate_msgpack_encoder("wide"))]
#[bench::nested(args = ("nested"), config = gate_msgpack_encoder("nested"))]
#[bench::projected(args = ("projected"), config = gate_msgpack_encoder("projected"))]
#[bench::escapes(args = ("escapes"), config = gate_msgpack_encoder("escapes"))]
#[bench::floats(args = ("floats"), config = gate_msgpack_encoder("floats"))]
fn msgpack_encoder_write(mut encoding: Encoding<MsgPackEncoder>) -> Encoding<MsgPackEncoder> {
    encoding.encode();
    encoding
}

#[library_benchmark(setup = avro_rows)]
#[bench::trades(args = ("trades"), config = gate_avro_encoder("trades"))]
#[bench::wide(args = ("wide"), config = gate_avro_encoder("wide"))]
#[bench::nested(args = ("nested"), config = gate_avro_encoder("nested"))]
#[bench::typed(args = ("typed"), config = gate_avro_encoder("typed"))]
fn avro_encoder_write(mut encoding: Encoding<AvroEncoder>) -> Encoding<AvroEncoder> {
    encoding.encode();
    encoding
}

#[library_benchmark(setup = json_sample)]
#[bench::trades(args = ("trades"), config = gate_inference("trades"))]
#[bench::wide(args = ("wide"), config = gate_inference("wide"))]
#[bench::nested(args = ("nested"), config = gate_inference("nested"))]
#[bench::projected(args = ("projected"), config = gate_inference("projected"))]
#[bench::escapes(args = ("escapes"), config = gate_inference("escapes"))]
#[bench::floats(args = ("floats"), config = gate_inference("floats"))]
#[bench::shuffled(args = ("shuffled"), config = gate_inference("shuffled"))]
fn json_infer_sample(sampling: Sampling) -> (Sampling, InferredSchema) {
    let inferred = sampling.infer();
    (sampling, inferred)
}

#[library_benchmark(setup = warm_generator)]
#[bench::trades(args = ("trades"), config = gate_generator("trades"))]
#[bench::wide(args = ("wide"), config = gate_generator("wide"))]
#[bench::nested(args = ("nested"), config = gate_generator("nested"))]
#[bench::floats(args = ("floats"), config = gate_generator("floats"))]
fn workload_write((mut generator, mut out): (WorkloadGenerator, Vec<u8>)) -> (WorkloadGenerator, Vec<u8>) {
    write_batch(&mut generator, &mut out);
    (generator, out)
}

library_benchmark_group!(
    name = instructions,
    benchmarks = [
        json_decode,
        json_portable_decode,
        json_tape_decode,
        csv_decode,
        protobuf_decode,
        msgpack_decode,
        msgpack_walker_decode,
        avro_decode,
        raw_decode,
        json_encoder_write,
        msgpack_encoder_write,
        avro_encoder_write,
        json_infer_sample,
        workload_write,
    ]
);
main!(library_benchmark_groups = instructions);
