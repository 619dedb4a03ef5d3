//! A batch of records, decoded and judged.

use std::{
    collections::BTreeMap,
    fmt, fs, io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::Arc,
};

use arrow_schema::{Schema, SchemaRef};
use laminar_formats::AnyDecoder;
use laminar_schema::{
    DecodeSpec, Decoded, FormatDecoder, FormatSpec, Options, RawBatch, SchemaResult, ddl::parse_columns,
};

use super::{Class, Judgement, Oracle, Reading, Target, cell::cell};
use crate::random::Random;

/// How a format's decoder is compared with another one, target by target.
pub trait Comparison: Sized {
    /// The format's name.
    const FORMAT: &'static str;
    /// How many schemas and options it is compared on.
    const TARGETS: usize;

    /// Fresh decoders of a target.
    fn new(target: usize, seed: u64) -> Self;

    /// Mutated records.
    fn records(&mut self, random: &mut Random, count: usize) -> Vec<Vec<u8>>;

    /// Decodes records as one batch, and judges each.
    ///
    /// # Errors
    /// What no class explains; the records up to there are counted.
    fn examine(&mut self, records: &[Vec<u8>], tally: &mut Tally) -> Result<(), Finding>;
}

/// Our decoder and the oracle of one target.
#[derive(Debug)]
pub struct Examiner<O> {
    target: usize,
    decoder: AnyDecoder,
    schema: SchemaRef,
    oracle: O,
    /// Valid records that mutations begin with.
    seeds: Vec<Vec<u8>>,
}

/// How often both sides did what.
#[derive(Debug, Default, Clone)]
pub struct Tally {
    /// Records that were compared.
    pub records: u64,
    /// Both make the same row of it, or none.
    pub both_accept: u64,
    /// Both refuse it.
    pub both_reject: u64,
    /// By class: we take it, or make another row of it, and the library refuses it; the other way around; or nobody knows.
    pub classes: BTreeMap<Class, u64>,
    /// What no class explains.
    pub findings: u64,
}

impl Tally {
    /// Adds another thread's.
    pub fn add(&mut self, other: &Self) {
        self.records += other.records;
        self.both_accept += other.both_accept;
        self.both_reject += other.both_reject;
        self.findings += other.findings;
        for (class, count) in &other.classes {
            *self.classes.entry(*class).or_default() += count;
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { records, both_accept, both_reject, findings, .. } = self;
        write!(f, "{records} records: both accept {both_accept}, both refuse {both_reject}, findings {findings}")?;
        for (class, count) in &self.classes {
            write!(f, "\n  {count:>9} {}: {}", class.name, class.clause)?;
        }
        Ok(())
    }
}

/// Records on which our decoder and the oracle disagree, and no class says why.
#[derive(Debug)]
pub struct Finding {
    /// The format's name.
    pub format: &'static str,
    /// The target's number.
    pub target: usize,
    /// What is wrong.
    pub what: String,
    /// The records, decoded as one batch: one alone where that shows it.
    pub records: Vec<Vec<u8>>,
}

/// Sizes of batches, to be taken in turn: a decoder may take all records of a batch another way because of one of them, and
/// in large batches there is always one; in small ones no neighbour has an effect.
pub const BATCHES: [usize; 4] = [500, 4, 32, 4];

/// Valid records of each target that mutations begin with.
const SEEDS: usize = 256;

impl<O: Oracle> Comparison for Examiner<O> {
    const FORMAT: &'static str = O::FORMAT;
    const TARGETS: usize = O::TARGETS.len();

    /// A fresh decoder and oracle.
    ///
    /// # Panics
    /// When the target is none: its columns or options are refused.
    fn new(target: usize, seed: u64) -> Self {
        let of = &O::TARGETS[target];
        let refused = |what: &dyn fmt::Display| -> ! { panic!("{} target {target}: {what}", O::FORMAT) };
        let schema = schema(of).unwrap_or_else(|e| refused(&e));
        let decoder = O::decoder(&spec::<O>(of, &schema)).unwrap_or_else(|e| refused(&e));
        let Some(decoder) = decoder else { refused(&"there is no such format") };
        let mut oracle = O::new(of, &schema);
        let mut random = Random(seed ^ (target as u64) << 17);
        let seeds = (0..SEEDS).map(|_| oracle.generate(&mut random)).collect();
        Self { target, decoder, schema, oracle, seeds }
    }

    fn records(&mut self, random: &mut Random, count: usize) -> Vec<Vec<u8>> {
        let make = |_| {
            // Now and then one that nobody has seen.
            if random.below(64) == 0 {
                let at = random.below(self.seeds.len());
                self.seeds[at] = self.oracle.generate(random);
            }
            let mut record = self.seeds[random.below(self.seeds.len())].clone();
            let other = &self.seeds[random.below(self.seeds.len())];
            self.oracle.mutate(random, &mut record, other);
            record
        };
        (0..count).map(make).collect()
    }

    fn examine(&mut self, records: &[Vec<u8>], tally: &mut Tally) -> Result<(), Finding> {
        match self.compare(records, tally) {
            Ok(()) => Ok(()),
            Err((record, what)) => Err(self.finding(records, record, what)),
        }
    }
}

impl<O: Oracle> Examiner<O> {
    fn compare(&mut self, records: &[Vec<u8>], tally: &mut Tally) -> Result<(), (Option<usize>, String)> {
        let batch = RawBatch::from_values(records);
        let decoded = catch_unwind(AssertUnwindSafe(|| self.decoder.decode(&batch)));
        let decoded = match decoded {
            Ok(Ok(decoded)) => decoded,
            Ok(Err(e)) => return Err((None, format!("the decoder gives up: {e}"))),
            Err(_) => return Err((None, "panics".to_owned())),
        };
        let ours = self.readings(&decoded, records.len()).map_err(|what| (None, what))?;
        for (index, (record, (ours, error))) in records.iter().zip(ours).enumerate() {
            tally.records += 1;
            let judgement = self.oracle.judge(record);
            let must = match &judgement {
                Judgement::Theirs(must) | Judgement::Corrected(_, _, must) => must,
                Judgement::Unknown(class) => {
                    *tally.classes.entry(*class).or_default() += 1;
                    continue;
                }
            };
            if ours != *must {
                let error = error.map(|e| format!(" ({e})")).unwrap_or_default();
                return Err((Some(index), format!("ours is {ours:?}{error}\n  must be {judgement:?}")));
            }
            match &judgement {
                Judgement::Corrected(theirs, class, must) if theirs != must => {
                    *tally.classes.entry(*class).or_default() += 1;
                }
                _ if ours == Reading::Refused => tally.both_reject += 1,
                _ => tally.both_accept += 1,
            }
        }
        Ok(())
    }

    /// What we made of each record.
    fn readings(&self, decoded: &Decoded, count: usize) -> Result<Vec<(Reading, Option<String>)>, String> {
        let mut readings = vec![(Reading::Nothing, None); count];
        for row in 0..decoded.batch.num_rows() {
            let columns = self.schema.fields().iter().zip(decoded.batch.columns());
            let cells = columns.map(|(field, column)| cell(field, column, row)).collect();
            let record = decoded.rows.record_of(row);
            let Some((reading, _)) = readings.get_mut(record) else { return Err(format!("a row of record {record}")) };
            if *reading != Reading::Nothing {
                return Err(format!("several rows of record {record}"));
            }
            *reading = Reading::Row(cells);
        }
        for rejected in &decoded.rejected {
            let Some((reading, error)) = readings.get_mut(rejected.record) else {
                return Err(format!("an error of record {}", rejected.record));
            };
            if *reading != Reading::Nothing {
                return Err(format!("a row and an error of record {}", rejected.record));
            }
            (*reading, *error) = (Reading::Refused, Some(rejected.error.to_string()));
        }
        Ok(readings)
    }

    /// The finding with as few records as show it, examined by a fresh decoder; this one may be spoilt.
    fn finding(&mut self, records: &[Vec<u8>], record: Option<usize>, what: String) -> Finding {
        let target = self.target;
        let of = |what, records: &[Vec<u8>]| Finding { format: O::FORMAT, target, what, records: records.to_vec() };
        let single = record.into_iter().chain(0..records.len()).find_map(|index| {
            let alone = &records[index..=index];
            let (_, what) = Self::new(target, 0).compare(alone, &mut Tally::default()).err()?;
            Some(of(what, alone))
        });
        let fresh = Self::new(target, 0);
        (self.decoder, self.oracle) = (fresh.decoder, fresh.oracle);
        single.unwrap_or_else(|| of(format!("{what}\n  only among others"), records))
    }
}

impl Finding {
    /// Examines a saved finding again.
    ///
    /// # Errors
    /// What is still wrong.
    pub fn replay<C: Comparison>(target: usize, records: &[Vec<u8>]) -> Result<(), Self> {
        C::new(target, 0).examine(records, &mut Tally::default())
    }

    /// Where it is kept below `folder`: `FORMAT-TARGET.NAME`, records of `LENGTH:BYTES` and a line feed.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn save(&self, folder: &Path, name: &str) -> io::Result<PathBuf> {
        let path = folder.join(format!("{}-{}.{name}", self.format, self.target));
        let mut text = Vec::new();
        for record in &self.records {
            text.extend_from_slice(format!("{}:", record.len()).as_bytes());
            text.extend_from_slice(record);
            text.push(b'\n');
        }
        fs::create_dir_all(folder)?;
        fs::write(&path, text)?;
        Ok(path)
    }
}

/// The columns of a target.
fn schema(target: &Target) -> SchemaResult<SchemaRef> {
    let declared = parse_columns(target.columns)?;
    Ok(Arc::new(Schema::new(declared.columns.iter().map(|c| c.to_field()).collect::<Vec<_>>())))
}

fn spec<O: Oracle>(target: &Target, schema: &SchemaRef) -> DecodeSpec {
    let options = Options::from_pairs(target.options.iter().copied());
    DecodeSpec::new(Arc::clone(schema), FormatSpec::new(O::FORMAT).with_options(options))
}
