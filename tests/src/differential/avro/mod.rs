//! Avro, judged by apache-avro: datums of schemas written by hand and of random ones.
//!
//! Lives here: the comparison. Does not live here: schemas and values (`generate`), and what their values are in our
//! columns (`expect`).

mod expect;
mod generate;

use std::{
    fmt,
    io::{self, Read},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use apache_avro::{Schema, from_avro_datum, types::Value};
use laminar_formats::AnyDecoder;
use laminar_schema::{DecodeSpec, DecoderSet, FormatDecoder, FormatSpec, Options, RawBatch};

use super::{Cell, Class, Comparison, Finding, Tally, cell::cell, mutate};
use crate::random::Random;

const END: Class = Class {
    name: "a datum that ends early",
    clause: "apache-avro is wrong: it reads a boolean, a string or a union that is not there as null; \"Binary Encoding\": a boolean \
             is a byte, a string as many as its length says, a union's branch comes first",
};

const REST: Class = Class {
    name: "bytes behind a datum",
    clause: "apache-avro stops there, since it reads from a stream; a message is one datum, \"Data Serialization\": data must \
             be read with the schema it was written with",
};

const VARINT: Class = Class {
    name: "a varint of more than 64 bits",
    clause: "apache-avro is wrong: it drops the upper ones; \"Primitive Types\": a long is a 64-bit signed integer",
};

const BLOCK_SIZE: Class = Class {
    name: "a block whose size in bytes is below zero",
    clause: "apache-avro does not look at it; \"Arrays\": the count is followed by a long that is the block's size in bytes",
};

const DECIMAL: Class = Class {
    name: "a decimal of no bytes",
    clause: "apache-avro takes it for zero; \"Decimal\": the array must contain the two's complement of the unscaled value, which is \
             one byte at least",
};

const UUID: Class = Class {
    name: "a UUID in another notation",
    clause: "apache-avro takes sixteen bytes, braces and URNs too; \"UUID\": the string has to conform with RFC 4122, section 3",
};

const LIMIT: Class = Class {
    name: "more bytes or items than apache-avro makes room for",
    clause: "its limit, which is set low here: it makes room before it reads",
};

const HIDDEN: Class = Class {
    name: "a key that comes twice in a map, first with a value that fits no column",
    clause: "apache-avro has forgotten that value; \"Maps\" says nothing of such keys, and we keep both pairs",
};

const EMPTIES: Class = Class {
    name: "more than 2^20 values of no bytes",
    clause: "our limit: nothing else bounds what a count may claim",
};

/// What apache-avro may make room for at once. It does so before it looks whether there are as many bytes.
const MAX_ROOM: usize = 1 << 12;

/// Valid datums that mutations begin with.
const SEEDS: usize = 256;

/// Our decoders of a schema, and apache-avro's.
pub struct Avro {
    target: usize,
    schema: Schema,
    text: String,
    whole: AnyDecoder,
    /// Every other column alone: the rest is passed over.
    part: AnyDecoder,
    /// Whether what passes over a value sees less than what reads it.
    has_texts_of_values: bool,
    /// Whether there are arrays whose items take no bytes.
    has_empty_items: bool,
    seeds: Vec<Vec<u8>>,
}

/// What we made of a record.
type Ours = Result<Vec<Cell>, String>;

impl Avro {
    fn decoder(text: &str, is_part: bool) -> AnyDecoder {
        let options = Options::from_pairs([("framing", "datum"), ("schema", text)]);
        let format = FormatSpec::new("avro").with_options(options);
        let described = AnyDecoder::describe(&format, None).unwrap_or_else(|e| panic!("{e}: {text}"));
        let mut columns = described.expect("the options have a schema").schema;
        if is_part {
            let every_other: Vec<usize> = (0..columns.fields().len()).step_by(2).collect();
            columns = Arc::new(columns.project(&every_other).expect("columns of the schema"));
        }
        let built = AnyDecoder::build(&DecodeSpec::new(columns, format)).unwrap_or_else(|e| panic!("{e}: {text}"));
        built.expect("Avro is a format")
    }

    /// Decodes records with one of our decoders.
    fn read(decoder: &mut AnyDecoder, records: &[Vec<u8>]) -> Result<Vec<Ours>, String> {
        let batch = RawBatch::from_values(records);
        let decoded = match catch_unwind(AssertUnwindSafe(|| decoder.decode(&batch))) {
            Ok(Ok(decoded)) => decoded,
            Ok(Err(error)) => return Err(format!("the decoder gives up: {error}")),
            Err(_) => return Err("panics".to_owned()),
        };
        let mut ours: Vec<Option<Ours>> = vec![None; records.len()];
        let schema = decoded.batch.schema();
        for row in 0..decoded.batch.num_rows() {
            let columns = schema.fields().iter().zip(decoded.batch.columns());
            let cells = columns.map(|(field, column)| expect::normal(cell(field, column, row))).collect();
            if ours[decoded.rows.record_of(row)].replace(Ok(cells)).is_some() {
                return Err("two rows of one record".to_owned());
            }
        }
        for rejected in &decoded.rejected {
            if ours[rejected.record].replace(Err(rejected.error.to_string())).is_some() {
                return Err("a row and an error of one record".to_owned());
            }
        }
        ours.into_iter().map(|one| one.ok_or_else(|| "neither a row nor an error of a record".to_owned())).collect()
    }

    fn compare(&mut self, records: &[Vec<u8>], tally: &mut Tally) -> Result<(), (Option<usize>, String)> {
        let of_batch = |what| (None, what);
        let whole = Self::read(&mut self.whole, records).map_err(of_batch)?;
        let part = Self::read(&mut self.part, records).map_err(of_batch)?;
        for (index, ((record, whole), part)) in records.iter().zip(whole).zip(part).enumerate() {
            tally.records += 1;
            self.judge(record, &whole, &part, tally).map_err(|what| (Some(index), what))?;
            self.read_abreast(record, &whole).map_err(|what| (Some(index), what))?;
        }
        Ok(())
    }

    /// The same record several times over: as few as are read abreast, so that no other one keeps them from it.
    fn read_abreast(&mut self, record: &[u8], alone: &Ours) -> Result<(), String> {
        let copies = vec![record.to_vec(); 4];
        // Of two errors in a record, either may be told.
        let is_same = |copy: &Ours| copy == alone || copy.is_err() && alone.is_err();
        match Self::read(&mut self.whole, &copies)?.iter().find(|copy| !is_same(copy)) {
            Some(copy) => Err(format!("abreast it is {copy:?}\n  and otherwise {alone:?}")),
            None => Ok(()),
        }
    }

    fn judge(&self, record: &[u8], whole: &Ours, part: &Ours, tally: &mut Tally) -> Result<(), String> {
        let mut class = |class: Class| *tally.classes.entry(class).or_default() += 1;
        let mut datum = Watched { rest: record, is_short: false };
        let theirs = from_avro_datum(&self.schema, &mut datum, None);
        let must = match theirs {
            Err(error) if error.to_string().contains("allocate") => {
                // Records are shorter than that, so nothing that takes bytes comes as often; the rest they have not looked at.
                if self.has_empty_items {
                    class(LIMIT);
                    return Ok(());
                }
                Err(Some(LIMIT))
            }
            Ok(_) if datum.is_short => Err(Some(END)),
            Ok(_) if !datum.rest.is_empty() => Err(Some(REST)),
            Err(_) => Err(None),
            Ok(Value::Record(fields)) => match expect::cells(&self.schema, &fields) {
                Ok(cells) => Ok(cells),
                Err(reason) => Err(Some(reason)),
            },
            Ok(other) => return Err(format!("theirs is no record: {other:?}")),
        };
        match (must, whole) {
            (Ok(must), Ok(found)) => {
                if must != *found {
                    return Err(format!("ours is {found:?}\n  must be {must:?}"));
                }
                let every_other: Vec<Cell> = must.into_iter().step_by(2).collect();
                if part.as_ref() != Ok(&every_other) {
                    return Err(format!("every other column is {part:?}\n  must be {every_other:?}"));
                }
                tally.both_accept += 1;
            }
            (Ok(must), Err(error)) => match self.explained(error, record) {
                Some(reason) => class(reason),
                None => return Err(format!("ours refuses it: {error}\n  must be {must:?}")),
            },
            (Err(reason), Ok(found)) => {
                return Err(format!(
                    "ours is {found:?}\n  must be refused: {}",
                    reason.map_or("as theirs", |c| c.name)
                ));
            }
            (Err(reason), Err(_)) => {
                // Decimals that are too large are no concern of who passes over them.
                let is_of_values = reason.is_some_and(|c| c != END && c != REST && c != LIMIT);
                if part.is_ok() && !is_of_values && !self.has_texts_of_values {
                    return Err(format!("every other column is {part:?}\n  must be refused"));
                }
                match reason {
                    Some(reason) => class(reason),
                    None => tally.both_reject += 1,
                }
            }
        }
        Ok(())
    }

    /// The class of what apache-avro takes and we refuse, by our reason and what the record shows of it.
    fn explained(&self, error: &str, record: &[u8]) -> Option<Class> {
        let is_long = |w: &[u8]| w[..9].iter().all(|b| *b >= 0x80) && (2..0x80).contains(&w[9]);
        let is = |text: &str| error.contains(text);
        match () {
            () if is("varint of at most 64 bits") && record.windows(10).any(is_long) => Some(VARINT),
            () if is("expected a length, found a number below zero") => Some(BLOCK_SIZE),
            () if is("expected a decimal, found bytes that are none") => Some(DECIMAL),
            () if is("expected UUID") => Some(UUID),
            () if is("expected DECIMAL") && self.text.contains("\"map\"") => Some(HIDDEN),
            () if is("a number of items that the record has room for") => Some(EMPTIES),
            () => None,
        }
    }
}

impl Comparison for Avro {
    const FORMAT: &'static str = "avro";
    const TARGETS: usize = generate::SCHEMAS.len() + 40;

    fn new(target: usize, seed: u64) -> Self {
        apache_avro::util::max_allocation_bytes(MAX_ROOM);
        let text = generate::schema_of(target);
        let schema = Schema::parse_str(&text).unwrap_or_else(|e| panic!("{e}: {text}"));
        let mut random = Random(seed ^ (target as u64) << 17);
        let seeds = (0..SEEDS).map(|_| generate::datum(&schema, &mut random)).collect();
        let (whole, part) = (Self::decoder(&text, false), Self::decoder(&text, true));
        let has_texts_of_values = text.contains("\"uuid\"") || text.contains("\"big-decimal\"");
        let has_empty_items = text.contains(r#""items":"null""#);
        Self { target, schema, text, whole, part, has_texts_of_values, has_empty_items, seeds }
    }

    fn records(&mut self, random: &mut Random, count: usize) -> Vec<Vec<u8>> {
        let make = |_| {
            if random.below(64) == 0 {
                let at = random.below(self.seeds.len());
                self.seeds[at] = generate::datum(&self.schema, random);
            }
            let mut record = self.seeds[random.below(self.seeds.len())].clone();
            let other = &self.seeds[random.below(self.seeds.len())];
            mutate::bytes(random, &mut record, other, &[]);
            record
        };
        (0..count).map(make).collect()
    }

    fn examine(&mut self, records: &[Vec<u8>], tally: &mut Tally) -> Result<(), Finding> {
        let Err((record, what)) = self.compare(records, tally) else { return Ok(()) };
        // One alone, by fresh decoders, where that shows it.
        let of = |what: String, records: &[Vec<u8>]| {
            let what = format!("{what}\n  of {}", self.text);
            Finding { format: Self::FORMAT, target: self.target, what, records: records.to_vec() }
        };
        let mut fresh = Self::new(self.target, 0);
        let alone = record.map(|index| &records[index..=index]);
        let finding = match alone.map(|alone| (alone, fresh.compare(alone, &mut Tally::default()))) {
            Some((alone, Err((_, what)))) => of(what, alone),
            _ => of(format!("{what}\n  only among others"), records),
        };
        (self.whole, self.part) = (fresh.whole, fresh.part);
        Err(finding)
    }
}

impl fmt::Debug for Avro {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Avro").field("schema", &self.text).finish_non_exhaustive()
    }
}

/// Bytes, and whether more of them were wanted than there are: apache-avro does not always say so.
struct Watched<'b> {
    rest: &'b [u8],
    is_short: bool,
}

impl Read for Watched<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.is_short |= out.len() > self.rest.len();
        self.rest.read(out)
    }
}
