//! Runs of records → columns, one column after the other: the fast way for dialects that are simple.
//!
//! ```text
//! records ─▶ regular: separators outside of quotes ─┬─▶ table: a span per field ─▶ fill: column by column
//!         └▶ marks, one by one, where that fails ───┘
//! ```
//!
//! Lives here: what nearly all records are. Does not live here: anything that an error could be made of. A record that is
//! not understood at once is left to the [plain way](super::decode), which accepts, rejects and decodes exactly alike;
//! tests hold one against the other.

mod fill;
mod instance;
mod regular;
mod table;

#[cfg(all(target_arch = "x86_64", not(laminar_no_avx2)))]
use crate::scan::Avx2;
use crate::{column::ISO_WINDOW, scan::Portable};

use super::{Dialect, column::CsvColumn, decode::Policies, layout::Layout};
use instance::Instance;
use laminar_schema::RawBatch;
use table::{FieldSpan, Table};

/// Which way a [`CsvDecoder`](super::CsvDecoder) goes. All of them accept, reject and decode exactly alike; they differ in
/// speed alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CsvEngine {
    /// Record by record, in every dialect: the plain twin, and where the others hand a record that they do not take.
    Plain,
    /// Column by column, on every processor.
    Portable,
    /// The same, for x86-64 processors with AVX2.
    Avx2,
}

impl CsvEngine {
    /// The engines that this machine can run, the slowest first.
    pub fn available() -> impl Iterator<Item = Self> {
        let best = Self::best();
        [Self::Plain, Self::Portable].into_iter().chain((best != Self::Portable).then_some(best))
    }

    /// The fastest engine that this machine can run.
    pub fn best() -> Self {
        #[cfg(all(target_arch = "x86_64", not(laminar_no_avx2)))]
        if Avx2::detect().is_some() {
            return Self::Avx2;
        }
        Self::Portable
    }
}

/// An instruction set, with the proof that this machine has it.
#[derive(Debug, Clone, Copy)]
enum Isas {
    Portable(Portable),
    #[cfg(all(target_arch = "x86_64", not(laminar_no_avx2)))]
    Avx2(Avx2),
}

/// The fast way of one decoder.
#[derive(Debug)]
pub(super) struct Direct {
    isa: Isas,
    marks: Marks,
    table: Table,
    scratch: fill::Scratch,
}

/// The bytes that give records their structure.
#[derive(Debug, Clone, Copy)]
struct Marks {
    delimiter: u8,
    /// A line feed where there are no quotes.
    quote: u8,
    has_quote: bool,
}

/// Records of one batch that have the same layout, as far as they may be looked at.
#[derive(Clone, Copy)]
pub(super) struct Run<'a> {
    pub(super) batch: &'a RawBatch,
    pub(super) first: usize,
    pub(super) end: usize,
    pub(super) layout: &'a Layout,
    pub(super) policies: &'a Policies,
    /// Rows that the columns have.
    pub(super) num_rows: usize,
}

impl Direct {
    /// The fast way that `engine` goes; `None` for the plain engine, and for dialects that are not simple.
    pub(super) fn new(engine: CsvEngine, dialect: &Dialect) -> Option<Self> {
        let isa = match engine {
            CsvEngine::Plain => return None,
            CsvEngine::Portable => Isas::Portable(Portable),
            #[cfg(all(target_arch = "x86_64", not(laminar_no_avx2)))]
            CsvEngine::Avx2 => Avx2::detect().map_or(Isas::Portable(Portable), Isas::Avx2),
            #[cfg(not(all(target_arch = "x86_64", not(laminar_no_avx2))))]
            CsvEngine::Avx2 => Isas::Portable(Portable),
        };
        let &[delimiter] = &*dialect.delimiter else { return None };
        if dialect.trim || dialect.escape.is_some() {
            return None;
        }
        let marks = Marks { delimiter, quote: dialect.quote.unwrap_or(b'\n'), has_quote: dialect.quote.is_some() };
        Some(Self { isa, marks, table: Table::default(), scratch: fill::Scratch::default() })
    }

    /// Appends a row for each of the run's records up to one that is not understood, or to where it is time for a pause, and
    /// returns how many they are. All columns then have as many rows more.
    pub(super) fn rows(&mut self, columns: &mut [CsvColumn], run: Run<'_>) -> usize {
        match self.isa {
            Isas::Portable(isa) => isa.rows(self, columns, run),
            #[cfg(all(target_arch = "x86_64", not(laminar_no_avx2)))]
            Isas::Avx2(isa) => isa.rows(self, columns, run),
        }
    }
}

/// [`Direct::rows`], for one instruction set.
#[inline(always)]
fn rows<I: Instance>(isa: I, direct: &mut Direct, columns: &mut [CsvColumn], run: Run<'_>) -> usize {
    let Direct { marks, table, scratch, .. } = direct;
    let Some(block) = table.split(isa, *marks, run) else { return 0 };
    let mut rows = fill::Rows::new(block, run, marks.quote);
    let mut count = rows.count;
    for (column, field) in columns.iter_mut().zip(&run.layout.columns) {
        rows.count = match field {
            Some(field) => isa.fill(column, &rows, *field, scratch),
            None => fill::absent(column, &rows),
        };
        count = rows.count;
    }
    // Where a record's value was not understood, columns in front of that one have rows too many.
    if count < table.num_records() {
        columns.iter_mut().for_each(|column| column.truncate(run.num_rows + count));
    }
    count
}
