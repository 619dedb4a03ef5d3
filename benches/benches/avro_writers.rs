//! Messages of ten writers, one after the other in turn, against the same messages writer by writer: what it costs that each
//! message has another writer than the one before.
//!
//! Usage: `cargo bench --no-default-features --bench avro_writers -- [--rows N] [--rounds N] [--shuffled] [--check]`
//!
//! A million messages of each of four histories. BACKWARD: every version has a field more, with a default, and loses one of the
//! first. FULL: every version has a field more. PROMOTED: FULL, and fields are `int` in the first half of the versions and `long`
//! in the second. NULLABLE: FULL, and fields may be null in the second half. All are read as the last version says. Every value is
//! checked before anything is timed. With `--shuffled`, writers come in no order that a processor could learn. What is printed is
//! the median of the rounds, of the thread's time on a processor; `--check` exits with 1 below 0.9, of NULLABLE below 0.85.

#![allow(clippy::print_stdout, reason = "a benchmark prints")]

use std::process::ExitCode;

use arrow_array::{Array, RecordBatch, cast::AsArray, types::Int64Type};
use laminar_formats::avro::AvroDecoder;
use laminar_gates::{
    floors::{self, Floor},
    turns::Turns,
};
use laminar_schema::{
    DecodeSpec, DecoderSet, FormatDecoder, FormatSpec, RawBatch,
    config::Options,
    format::{WriterSchema, WriterSchemaId},
};

const VERSIONS: usize = 10;
const ROWS_PER_BATCH: usize = 1000;
const NEEDED: f64 = 0.9;
/// What a row has where its writer had no such field.
const DEFAULT: i64 = -7;

/// Which fields each version of a history has beside `id` and `name`.
struct History {
    name: &'static str,
    /// Whether a version loses the field that came `VERSIONS / 2` versions before it.
    loses: bool,
    /// How fields are written in the first half of the versions and in the second.
    types: [&'static str; 2],
    /// The ratio below which `--check` fails.
    needed: f64,
}

const HISTORIES: [History; 4] = [
    History { name: "BACKWARD", loses: true, types: [r#""long""#; 2], needed: NEEDED },
    History { name: "FULL", loses: false, types: [r#""long""#; 2], needed: NEEDED },
    History { name: "PROMOTED", loses: false, types: [r#""int""#, r#""long""#], needed: NEEDED },
    History { name: "NULLABLE", loses: false, types: [r#""long""#, r#"["long","null"]"#], needed: 0.85 },
];

impl History {
    fn fields(&self, version: usize) -> impl Iterator<Item = usize> {
        let first = if self.loses { (version + 1).saturating_sub(VERSIONS / 2) } else { 0 };
        first..=version
    }

    fn written(&self, version: usize) -> &'static str {
        self.types[usize::from(version >= VERSIONS / 2)]
    }

    fn schema(&self, version: usize) -> String {
        let own: String = self
            .fields(version)
            .map(|field| format!(r#",{{"name":"f{field}","type":{},"default":{DEFAULT}}}"#, self.written(version)))
            .collect();
        format!(
            r#"{{"type":"record","name":"row","fields":[{{"name":"id","type":"long"}},{{"name":"name","type":"string"}}{own}]}}"#
        )
    }

    fn message(&self, id: usize, version: usize) -> Vec<u8> {
        let mut out = vec![0];
        out.extend((version as u32 + 1).to_be_bytes());
        long(id as i64, &mut out);
        let name = format!("name of {id}");
        long(name.len() as i64, &mut out);
        out.extend_from_slice(name.as_bytes());
        for field in self.fields(version) {
            if self.written(version).starts_with('[') {
                out.push(0);
            }
            long(value(id, field), &mut out);
        }
        out
    }

    fn decoder(&self) -> AvroDecoder {
        let last = self.schema(VERSIONS - 1);
        let described = FormatSpec::new("avro").with_options(Options::from_pairs([("schema", last.as_str())]));
        let described = AvroDecoder::describe(&described, None).expect("a schema").expect("one that is given");
        let options = Options::from_pairs([("wire_format", "confluent"), ("reader_schema", last.as_str())]);
        let mut spec = DecodeSpec::new(described.schema, FormatSpec::new("avro").with_options(options));
        let writer =
            |version| WriterSchema { id: WriterSchemaId(version as u128 + 1), raw: self.schema(version).into_bytes() };
        spec.writer_schemas = (0..VERSIONS).map(writer).collect();
        AvroDecoder::build(&spec).expect("columns of the schema").expect("the format is Avro")
    }

    /// Checks the rows of messages with these ids and versions.
    fn assert_rows(&self, batch: &RecordBatch, messages: &[(usize, usize)]) {
        assert_eq!(batch.num_rows(), messages.len());
        let column = |name: &str| batch.column_by_name(name).expect("a column of the last version");
        let (ids, names) = (column("id").as_primitive::<Int64Type>(), column("name").as_string::<i32>());
        for (row, (id, _)) in messages.iter().enumerate() {
            assert_eq!((ids.value(row), names.value(row)), (*id as i64, format!("name of {id}").as_str()));
        }
        for field in self.fields(VERSIONS - 1) {
            let values = column(&format!("f{field}")).as_primitive::<Int64Type>();
            assert_eq!(values.null_count(), 0);
            for (row, (id, version)) in messages.iter().enumerate() {
                let has = self.fields(*version).any(|own| own == field);
                assert_eq!(values.value(row), if has { value(*id, field) } else { DEFAULT });
            }
        }
    }
}

/// Who wrote a message: each in turn, or any.
fn version(id: usize, is_shuffled: bool) -> usize {
    let number = if is_shuffled { (id as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40 } else { id as u64 };
    (number % VERSIONS as u64) as usize
}

fn value(id: usize, field: usize) -> i64 {
    (id * 31 + field) as i64 % 100_000 - 50_000
}

fn long(v: i64, out: &mut Vec<u8>) {
    let mut rest = ((v << 1) ^ (v >> 63)).cast_unsigned();
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

/// The same messages in two orders.
struct Slice {
    in_turn: RawBatch,
    by_writer: RawBatch,
}

/// Decodes one of the orders.
struct Competitor {
    decoder: AvroDecoder,
    is_in_turn: bool,
}

fn main() -> ExitCode {
    let (mut rows, mut rounds, mut is_shuffled, mut check) = (1_000_000, 9, false, false);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut number = || arguments.next().and_then(|text| text.parse().ok());
        match argument.as_str() {
            "--rows" => rows = number().unwrap_or(rows),
            "--rounds" => rounds = number().unwrap_or(rounds),
            "--shuffled" => is_shuffled = true,
            "--check" => check = true,
            // Cargo's own.
            "--bench" => {}
            other => {
                println!("unknown argument {other}; usage: [--rows N] [--rounds N] [--shuffled] [--check]");
                return ExitCode::from(2);
            }
        }
    }
    println!("{VERSIONS} writers, {rows} messages, {ROWS_PER_BATCH} a batch, median of {rounds} rounds");
    let mut floors = Vec::new();
    for history in &HISTORIES {
        let mut slices = Vec::new();
        let mut num_bytes = 0;
        for first in (0..rows).step_by(ROWS_PER_BATCH) {
            let in_turn: Vec<(usize, usize)> =
                (first..rows.min(first + ROWS_PER_BATCH)).map(|id| (id, version(id, is_shuffled))).collect();
            let mut by_writer = in_turn.clone();
            by_writer.sort_by_key(|(id, version)| (*version, *id));
            let batch = |messages: &[(usize, usize)]| {
                RawBatch::from_values(messages.iter().map(|(id, version)| history.message(*id, *version)))
            };
            let slice = Slice { in_turn: batch(&in_turn), by_writer: batch(&by_writer) };
            let mut decoder = history.decoder();
            for (raw, messages) in [(&slice.in_turn, &in_turn), (&slice.by_writer, &by_writer)] {
                let decoded = decoder.decode(raw).expect("a batch");
                assert!(decoded.rejected.is_empty() && decoded.needs.is_none());
                history.assert_rows(&decoded.batch, messages);
            }
            num_bytes += slice.in_turn.num_value_bytes();
            slices.push(slice);
        }
        let mut competitors = [true, false].map(|is_in_turn| Competitor { decoder: history.decoder(), is_in_turn });
        let turns = Turns::take(
            &mut competitors,
            &slices,
            rounds,
            |_| {},
            |competitor, slice| {
                let raw = if competitor.is_in_turn { &slice.in_turn } else { &slice.by_writer };
                assert!(competitor.decoder.decode(raw).is_ok_and(|decoded| decoded.consumed == raw.len()));
            },
        );
        let speed = |index| num_bytes as f64 / turns.seconds(index) / 1e6;
        let ratio = turns.ratio(0, 1);
        println!("{:<9} in turn {:>5.0} MB/s, by writer {:>5.0} MB/s: {ratio:.2}", history.name, speed(0), speed(1));
        floors.push(Floor::new(format!("{}: ten writers in turn", history.name), ratio, history.needed));
    }
    if check && !floors::print_all(&floors) {
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
