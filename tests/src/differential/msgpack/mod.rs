//! MessagePack, judged by rmpv.

mod expect;
mod generate;

use arrow_schema::{DataType, SchemaRef};
use laminar_formats::{AnyDecoder, msgpack::MsgPackDecoder};
use laminar_schema::{DecodeSpec, DecoderSet, SchemaResult};
use rmpv::ValueRef;

use super::{Class, Judgement, Oracle, Reading, Target, mutate};
use crate::random::Random;
use expect::{Miss, row};

/// Containers in each other that the default options allow.
const MAX_DEPTH: usize = 128;

const RESERVED: Class = Class {
    name: "the byte 0xc1",
    clause: "rmpv is wrong: it takes 0xc1 for nil; MessagePack specification, \"Formats\": 0xc1 is never used",
};
const DEPTH: Class =
    Class { name: "nesting", clause: "a limit of ours: `max_depth` is 128; the specification sets none" };
/// Texts that are timestamps by some reading of ISO 8601.
const ISO_8601: Class = Class {
    name: "timestamps in text",
    clause: "not judged: MessagePack says nothing about them; tests of columns do",
};
/// Instants whose year has not four digits.
const YEARS: Class = Class {
    name: "far years as text",
    clause: "not judged: ISO 8601 leaves years beyond 9999 to agreement; tests of cells judge them",
};

/// The oracle of one target.
#[derive(Debug)]
pub struct MsgPack {
    schema: SchemaRef,
}

impl Oracle for MsgPack {
    const FORMAT: &'static str = "msgpack";
    const TARGETS: &'static [Target] = &[
        Target {
            columns: "b BOOLEAN, t TINYINT, i BIGINT, u UBIGINT, d DOUBLE, f FLOAT, s VARCHAR, x BLOB, z TIMESTAMPTZ, \
                      p DECIMAL(12,2), h HUGEINT",
            options: &[],
        },
        Target {
            columns: "i BIGINT NOT NULL, l BIGINT[], n STRUCT(a BIGINT, s VARCHAR, l VARCHAR[]), \
                      m MAP(VARCHAR, BIGINT), k MAP(BIGINT, VARCHAR), j JSON, \"1\" BIGINT",
            options: &[],
        },
        Target { columns: "s VARCHAR, i BIGINT, l VARCHAR[], o STRUCT(s VARCHAR, d DOUBLE)", options: &[] },
    ];

    fn new(_: &Target, schema: &SchemaRef) -> Self {
        Self { schema: SchemaRef::clone(schema) }
    }

    fn decoder(spec: &DecodeSpec) -> SchemaResult<Option<AnyDecoder>> {
        Ok(MsgPackDecoder::build(spec)?.map(|decoder| AnyDecoder::MsgPack(decoder.eager())))
    }

    fn generate(&mut self, random: &mut Random) -> Vec<u8> {
        generate::record(random, self.schema.fields())
    }

    fn mutate(&mut self, random: &mut Random, record: &mut Vec<u8>, other: &[u8]) {
        const HEADS: &[u8] = &[
            0x00, 0x7f, 0x80, 0x81, 0x8f, 0x90, 0x91, 0x9f, 0xa0, 0xa1, 0xbf, 0xc0, 0xc1, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6,
            0xc7, 0xc8, 0xc9, 0xca, 0xcb, 0xcc, 0xcd, 0xce, 0xcf, 0xd0, 0xd1, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8,
            0xd9, 0xda, 0xdb, 0xdc, 0xdd, 0xde, 0xdf, 0xe0, 0xff,
        ];
        mutate::bytes(random, record, other, HEADS);
        if random.below(256) == 0 {
            // As deep as allowed, or deeper.
            let depth = 120 + random.below(16);
            let inner = random.pick(&[0x91, 0x81]);
            record.splice(
                0..0,
                std::iter::repeat_n(inner, depth)
                    .flat_map(|head| [head, 0xa0].into_iter().take(usize::from(head == 0x81) + 1)),
            );
        }
    }

    fn judge(&mut self, record: &[u8]) -> Judgement {
        let theirs = |value: &ValueRef<'_>| match row(self.schema.fields(), value) {
            Ok(cells) => Judgement::Theirs(Reading::Row(cells)),
            Err(Miss::Refused) => Judgement::Theirs(Reading::Refused),
            Err(Miss::Unknown(class)) => Judgement::Unknown(class),
        };
        let mut rest = record;
        let Ok(value) = rmpv::decode::read_value_ref_with_max_depth(&mut rest, 1 << 14) else {
            return Judgement::Theirs(Reading::Refused);
        };
        // A record of several values is none by default.
        if !rest.is_empty() {
            return Judgement::Theirs(Reading::Refused);
        }
        let class = if has_reserved(record) {
            RESERVED
        } else if depth(&value) > MAX_DEPTH {
            DEPTH
        } else {
            return theirs(&value);
        };
        match theirs(&value) {
            Judgement::Theirs(reading) => Judgement::Corrected(reading, class, Reading::Refused),
            unknown => unknown,
        }
    }
}

/// Containers in each other.
fn depth(value: &ValueRef<'_>) -> usize {
    match value {
        ValueRef::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        ValueRef::Map(pairs) => 1 + pairs.iter().map(|(key, value)| depth(key).max(depth(value))).max().unwrap_or(0),
        _ => 0,
    }
}

/// Whether the byte 0xc1 stands where a value begins, in a record that rmpv has read to its end.
fn has_reserved(record: &[u8]) -> bool {
    let mut at = 0;
    while let Some(head) = record.get(at) {
        let be = |width: usize| record[at + 1..at + 1 + width].iter().fold(0, |n, byte| n << 8 | usize::from(*byte));
        at += match head {
            0xc1 => return true,
            0xa0..=0xbf => 1 + usize::from(head & 0x1f),
            0xcc | 0xd0 => 2,
            0xcd | 0xd1 | 0xdc | 0xde => 3,
            0xca | 0xce | 0xd2 | 0xdd | 0xdf => 5,
            0xcb | 0xcf | 0xd3 => 9,
            0xc4 | 0xd9 => 2 + be(1),
            0xc5 | 0xda => 3 + be(2),
            0xc6 | 0xdb => 5 + be(4),
            0xc7 => 3 + be(1),
            0xc8 => 4 + be(2),
            0xc9 => 6 + be(4),
            0xd4..=0xd8 => 2 + (1 << (head - 0xd4)),
            _ => 1,
        };
    }
    false
}

/// The type of a MAP's keys or values.
fn pair_of(data_type: &DataType) -> Option<&arrow_schema::Fields> {
    match data_type {
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(pair) => Some(pair),
            _ => None,
        },
        _ => None,
    }
}
