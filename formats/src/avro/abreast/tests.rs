//! Messages abreast give what each of them gives alone.

use std::{fmt::Write as _, sync::Arc};

use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_schema::Schema;
use laminar_schema::{
    DecodeSpec, Decoded, DecoderSet, FormatDecoder, FormatSpec, Options, RawBatch,
    ddl::parse_columns,
    format::{WriterSchema, WriterSchemaId},
};

use crate::avro::{AvroDecoder, container::write_varint};

/// Values in every way in which they are read.
pub(super) const EVERY_KIND: &str = r#"{"type":"record","name":"r","fields":[
    {"name":"b","type":"boolean"}, {"name":"nb","type":["null","boolean"]},
    {"name":"i","type":"int"}, {"name":"ni","type":["int","null"]},
    {"name":"l","type":"long"}, {"name":"nl","type":["null","long"]},
    {"name":"f","type":["float","null"]}, {"name":"d","type":["null","double"]},
    {"name":"s","type":"string"}, {"name":"ns","type":["null","string"]},
    {"name":"y","type":"bytes"}, {"name":"ny","type":["bytes","null"]},
    {"name":"at","type":["null",{"type":"long","logicalType":"local-timestamp-micros"}]},
    {"name":"day","type":{"type":"int","logicalType":"date"}},
    {"name":"time","type":{"type":"int","logicalType":"time-millis"}},
    {"name":"small","type":["null",{"type":"bytes","logicalType":"decimal","precision":9,"scale":2}]},
    {"name":"large","type":{"type":"bytes","logicalType":"decimal","precision":30,"scale":2}},
    {"name":"e","type":["null",{"type":"enum","name":"e","symbols":["A","B","C"]}]},
    {"name":"r","type":{"type":"record","name":"in","fields":[{"name":"x","type":["null","long"]},{"name":"y","type":"string"}]}},
    {"name":"nr","type":["null","in"]},
    {"name":"many","type":{"type":"array","items":"in"}},
    {"name":"none","type":{"type":"array","items":"null"}},
    {"name":"map","type":{"type":"map","values":["null","int"]}}]}"#;

/// Its fields.
pub(super) const FIELDS: [&str; 23] = [
    "b", "nb", "i", "ni", "l", "nl", "f", "d", "s", "ns", "y", "ny", "at", "day", "time", "small", "large", "e", "r",
    "nr", "many", "none", "map",
];

/// Another writer's.
const FEW: &str = r#"{"type":"record","name":"r","fields":[{"name":"s","type":"string"},{"name":"l","type":"int"}]}"#;

pub(super) struct Numbers(pub(super) u64);

impl Numbers {
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    fn long(&mut self, out: &mut Vec<u8>) {
        let shift = self.below(64);
        let value = (self.below(1 << 31) << 33 | self.below(1 << 31) << 2).cast_signed() >> shift;
        write_varint(value, out);
    }

    fn int(&mut self, out: &mut Vec<u8>) {
        write_varint(self.below(1 << 20) as i64 - (1 << 19), out);
    }

    fn text(&mut self, out: &mut Vec<u8>) {
        let text = ["", "a", "Zürich", "sixteen bytes it", "日本語"][self.below(5) as usize];
        let text = text.repeat(if self.below(8) == 0 { 17 } else { 1 });
        write_varint(text.len() as i64, out);
        out.extend_from_slice(text.as_bytes());
    }

    /// The branch of a union with null, which is branch `null`; false where it is null.
    fn has(&mut self, null: i64, out: &mut Vec<u8>) -> bool {
        let is_null = self.below(3) == 0;
        write_varint(if is_null { null } else { 1 - null }, out);
        !is_null
    }

    fn inner(&mut self, out: &mut Vec<u8>) {
        if self.has(0, out) {
            self.long(out);
        }
        self.text(out);
    }

    fn decimal(&mut self, most: u64, out: &mut Vec<u8>) {
        let len = 1 + self.below(most) as usize;
        write_varint(len as i64, out);
        // The number's top is small, so that it has not too many digits.
        out.extend((0..len).map(|at| self.below(if at == 0 { 8 } else { 256 }) as u8));
    }

    fn items(&mut self, out: &mut Vec<u8>, mut item: impl FnMut(&mut Self, &mut Vec<u8>)) {
        let count = self.below(4);
        if count > 0 {
            write_varint(count as i64, out);
            (0..count).for_each(|_| item(self, out));
        }
        out.push(0);
    }

    /// A value of a field of [`EVERY_KIND`].
    pub(super) fn value(&mut self, field: &str, out: &mut Vec<u8>) {
        let is_present = match field {
            "ni" | "f" | "ny" => self.has(1, out),
            "nb" | "nl" | "d" | "ns" | "at" | "small" | "e" | "nr" => self.has(0, out),
            _ => true,
        };
        if !is_present {
            return;
        }
        match field {
            "b" | "nb" => out.push(self.below(2) as u8),
            "i" | "ni" => self.int(out),
            "l" | "nl" => self.long(out),
            "f" => out.extend_from_slice(&(self.below(1000) as f32 / 8.0).to_le_bytes()),
            "d" => out.extend_from_slice(&(self.below(1000) as f64 / 8.0).to_le_bytes()),
            "s" | "ns" | "y" | "ny" => self.text(out),
            "at" => write_varint(1_700_000_000_000_000 + self.below(1 << 30) as i64, out),
            "day" => write_varint(self.below(20_000) as i64, out),
            "time" => write_varint(self.below(86_400_000) as i64, out),
            "small" => self.decimal(3, out),
            "large" => self.decimal(11, out),
            "e" => write_varint(self.below(3) as i64, out),
            "r" | "nr" => self.inner(out),
            "many" => self.items(out, Self::inner),
            // Of nulls, which are read one by one.
            "none" => out.push(0),
            "map" => self.items(out, |numbers, out| {
                numbers.text(out);
                if numbers.has(0, out) {
                    numbers.int(out);
                }
            }),
            other => unreachable!("no field {other}"),
        }
    }

    /// A datum of [`EVERY_KIND`].
    fn datum(&mut self) -> Vec<u8> {
        let mut datum = Vec::new();
        FIELDS.iter().for_each(|field| self.value(field, &mut datum));
        datum
    }
}

/// Rows as text.
fn rows(decoded: &Decoded) -> Vec<String> {
    let options = FormatOptions::new().with_null("null");
    let columns = decoded.batch.columns().iter();
    let columns: Vec<_> = columns.map(|c| ArrayFormatter::try_new(c.as_ref(), &options).unwrap()).collect();
    let row = |row| {
        columns.iter().fold(String::new(), |mut shown, column| {
            write!(shown, "{} | ", column.value(row)).unwrap();
            shown
        })
    };
    (0..decoded.batch.num_rows()).map(row).collect()
}

/// A decoder for messages of `schema`, or of the writers, whose ids begin with 1.
fn decoder(schema: &str, writers: &[&str], columns: Option<&str>, options: &[(&str, &str)]) -> AvroDecoder {
    let given = Options::from_pairs(options.iter().copied().chain([("schema", schema)]));
    let format = FormatSpec::new("avro").with_options(given);
    let columns = match columns {
        Some(columns) => {
            let declared = parse_columns(columns).unwrap();
            Arc::new(Schema::new(declared.columns.iter().map(|c| c.to_field()).collect::<Vec<_>>()))
        }
        None => AvroDecoder::describe(&format, None).unwrap().unwrap().schema,
    };
    let mut spec = DecodeSpec::new(columns, format);
    if options.iter().any(|(key, value)| (*key, *value) == ("wire_format", "confluent")) {
        let writer = |(id, raw): (u128, &&str)| WriterSchema { id: WriterSchemaId(id), raw: raw.as_bytes().to_vec() };
        spec.writer_schemas = (1..).zip(writers).map(writer).collect();
    }
    AvroDecoder::build(&spec).unwrap().unwrap()
}

/// All messages at once against each of them alone, which is never read abreast. Yields rows and rejections.
fn check(schema: &str, columns: Option<&str>, options: &[(&str, &str)], messages: &[Vec<u8>]) -> (usize, usize) {
    let (num_rows, rejected, _) = check_counting(schema, columns, options, messages);
    (num_rows, rejected)
}

/// As [`check`]; yields also how many of the messages were read abreast.
fn check_counting(
    schema: &str,
    columns: Option<&str>,
    options: &[(&str, &str)],
    messages: &[Vec<u8>],
) -> (usize, usize, usize) {
    check_writers(schema, &[schema, schema, FEW], columns, options, messages)
}

/// As [`check_counting`], of messages of these writers.
pub(super) fn check_writers(
    schema: &str,
    writers: &[&str],
    columns: Option<&str>,
    options: &[(&str, &str)],
    messages: &[Vec<u8>],
) -> (usize, usize, usize) {
    let mut alone = decoder(schema, writers, columns, options);
    let (mut expected, mut rejected) = (Vec::new(), Vec::new());
    for (index, message) in messages.iter().enumerate() {
        let decoded = alone.decode(&RawBatch::from_values([message])).unwrap();
        expected.extend(rows(&decoded));
        rejected.extend(decoded.rejected.iter().map(|r| format!("{index}: {}", r.error)));
    }
    let mut together = decoder(schema, writers, columns, options);
    // Twice: the second time memory is warm.
    for _ in 0..2 {
        let decoded = together.decode(&RawBatch::from_values(messages)).unwrap();
        let found: Vec<_> = decoded.rejected.iter().map(|r| format!("{}: {}", r.record, r.error)).collect();
        assert_eq!(found, rejected);
        let found = rows(&decoded);
        assert_eq!(found.len(), expected.len());
        for (row, (found, expected)) in found.iter().zip(&expected).enumerate() {
            assert_eq!(found, expected, "row {row}");
        }
    }
    assert_eq!(alone.num_abreast(), 0);
    (expected.len(), rejected.len(), together.num_abreast() / 2)
}

fn datums(seed: u64, count: usize) -> Vec<Vec<u8>> {
    let mut numbers = Numbers(seed);
    (0..count).map(|_| numbers.datum()).collect()
}

const DATUMS: [(&str, &str); 1] = [("framing", "datum")];

#[test]
fn plain_messages_are_rows() {
    for count in [0, 1, 3, 4, 5, 127, 128, 129, 600] {
        let (num_rows, rejected, abreast) = check_counting(EVERY_KIND, None, &DATUMS, &datums(count as u64, count));
        assert_eq!((num_rows, rejected), (count, 0));
        // A last group may have too few.
        assert!(abreast + 4 > count, "{abreast} of {count} were read abreast");
    }
}

#[test]
fn items_without_bytes_are_read_one_by_one() {
    let schema = r#"{"type":"record","name":"r","fields":[{"name":"a","type":"int"},{"name":"none","type":{"type":"array","items":"null"}}]}"#;
    let mut messages = vec![vec![2, 0]; 40];
    messages[20] = vec![2, 6, 0];
    assert_eq!(check_counting(schema, None, &DATUMS, &messages), (40, 0, 0));
    messages[20] = vec![2, 0];
    assert_eq!(check_counting(schema, None, &DATUMS, &messages), (40, 0, 40));
}

#[test]
fn columns_may_differ_from_what_was_written() {
    let narrow = "i SMALLINT, l INTEGER, more BIGINT DEFAULT 7, r STRUCT(y VARCHAR, z BIGINT), ns VARCHAR, e VARCHAR";
    for mismatch in ["reject", "null"] {
        let options = [("framing", "datum"), ("type_mismatch", mismatch)];
        let (num_rows, rejected) = check(EVERY_KIND, Some(narrow), &options, &datums(5, 400));
        assert_eq!(num_rows + rejected, 400);
        assert_eq!(rejected > 0, mismatch == "reject");
    }
    let rescued = format!("{narrow}, _rescued JSON");
    let options = [("framing", "datum"), ("type_mismatch", "rescue")];
    assert_eq!(check(EVERY_KIND, Some(&rescued), &options, &datums(6, 400)), (400, 0));
    // Null where it may not be.
    let (num_rows, rejected) = check(EVERY_KIND, Some("nl BIGINT NOT NULL, s VARCHAR"), &DATUMS, &datums(7, 400));
    assert!(num_rows > 200 && rejected > 50, "{num_rows} rows");
}

#[test]
fn one_bad_message_costs_itself() {
    for at in [0, 1, 64, 127, 128, 299] {
        let mut messages = datums(8, 300);
        messages[at].pop();
        assert_eq!(check(EVERY_KIND, None, &DATUMS, &messages), (299, 1));
        messages[at] = datums(9, 1).concat();
        messages[at].push(0);
        assert_eq!(check(EVERY_KIND, None, &DATUMS, &messages), (299, 1));
    }
}

#[test]
fn broken_messages_are_told_as_when_alone() {
    let mut numbers = Numbers(10);
    for round in 0..40 {
        let mut messages = datums(100 + round, 150);
        for _ in 0..1 + round % 4 {
            let message = &mut messages[numbers.below(150) as usize];
            match numbers.below(3) {
                0 => message.truncate(numbers.below(message.len() as u64) as usize),
                1 => message.insert(numbers.below(message.len() as u64) as usize, numbers.below(256) as u8),
                _ => {
                    let at = numbers.below(message.len() as u64) as usize;
                    message[at] ^= 1 << numbers.below(8);
                }
            }
        }
        let (num_rows, rejected) = check(EVERY_KIND, None, &DATUMS, &messages);
        assert_eq!(num_rows + rejected, 150);
    }
}

#[test]
fn lengths_beyond_everything_are_refused() {
    let schema = r#"{"type":"record","name":"r","fields":[{"name":"s","type":"string"},{"name":"t","type":"bytes"}]}"#;
    let mut messages = vec![vec![2, b'a', 2, b'b']; 60];
    for (at, length) in [(5, i64::MAX), (20, 1 << 33), (21, (1 << 33) + 1), (40, 1 << 20), (50, 3), (51, -1)] {
        let mut message = Vec::new();
        write_varint(length, &mut message);
        message.extend_from_slice(b"ab");
        messages[at] = message;
    }
    assert_eq!(check(schema, None, &DATUMS, &messages), (54, 6));
}

#[test]
fn writers_take_turns() {
    let mut numbers = Numbers(11);
    let mut messages = Vec::new();
    while messages.len() < 500 {
        let id = 1 + numbers.below(2) as u8;
        for datum in datums(messages.len() as u64, 1 + numbers.below(40) as usize) {
            messages.push([&[0, 0, 0, 0, id][..], &datum].concat());
        }
    }
    let count = messages.len();
    assert_eq!(check(EVERY_KIND, None, &[("wire_format", "confluent")], &messages), (count, 0));
    messages[77][0] = 1;
    messages[300].truncate(4);
    assert_eq!(check(EVERY_KIND, None, &[("wire_format", "confluent")], &messages), (count - 2, 2));
}

/// Messages of the writers 1 to 3, none many in a row.
fn of_three_writers(seed: u64, count: usize) -> Vec<Vec<u8>> {
    let mut numbers = Numbers(seed);
    let message = |datum: Vec<u8>| {
        let id = 1 + numbers.below(3) as u8;
        let mut few = Vec::new();
        numbers.text(&mut few);
        numbers.int(&mut few);
        [&[0, 0, 0, 0, id][..], if id == 3 { &few } else { &datum }].concat()
    };
    datums(seed, count).into_iter().map(message).collect()
}

#[test]
fn messages_of_writers_in_turn_are_rows_in_their_order() {
    let columns = "b BOOLEAN, nl BIGINT, l BIGINT NOT NULL, s VARCHAR NOT NULL, ns VARCHAR DEFAULT 'none', y BLOB, \
                   ny BLOB, small DECIMAL(9, 2), e VARCHAR, r STRUCT(x BIGINT, y VARCHAR), map MAP(VARCHAR, INTEGER), \
                   many STRUCT(x BIGINT, y VARCHAR)[], more BIGINT DEFAULT 7";
    let confluent = [("wire_format", "confluent")];
    for count in [23, 24, 100, 1000] {
        let messages = of_three_writers(count as u64, count);
        let (num_rows, rejected, abreast) = check_counting(EVERY_KIND, Some(columns), &confluent, &messages);
        assert_eq!((num_rows, rejected), (count, 0));
        assert_eq!(abreast == count, count > 23, "{abreast} of {count} were read abreast");
    }
    let mut messages = of_three_writers(3, 400);
    messages[77][0] = 1;
    messages[300].pop();
    assert_eq!(check(EVERY_KIND, Some(columns), &confluent, &messages), (398, 2));
}

#[test]
fn defaults_of_the_reader_are_in_every_row() {
    let reader = r#"{"type":"record","name":"r","fields":[{"name":"s","type":"string"},
        {"name":"a","type":["null","string"],"default":null}, {"name":"b","type":"long","default":-300},
        {"name":"c","type":"string","default":"Zürich"}, {"name":"d","type":{"type":"array","items":"long"},"default":[1,-2]},
        {"name":"e","type":{"type":"map","values":"double"},"default":{"x":0.5}}, {"name":"f","type":"boolean","default":true},
        {"name":"g","type":{"type":"array","items":"string"},"default":[]},
        {"name":"h","type":{"type":"enum","name":"e","symbols":["A","B"]},"default":"B"},
        {"name":"i","type":{"type":"record","name":"in","fields":[{"name":"x","type":["null","int"]}]},"default":{"x":null}},
        {"name":"j","type":{"type":"bytes","logicalType":"decimal","precision":9,"scale":2},"default":"\u0001\u0000"}]}"#;
    let plain = r#"{"type":"record","name":"r","fields":[{"name":"s","type":"string"}]}"#;
    let messages: Vec<Vec<u8>> = (0..200_u8).map(|index| vec![2, b'a' + index % 26]).collect();
    let options = [("framing", "datum"), ("reader_schema", reader)];
    assert_eq!(check_counting(plain, None, &options, &messages), (200, 0, 200));
}
