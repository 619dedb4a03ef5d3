//! Writing a workload's records, one after the other or from any point on.

use super::defect::{Defect, Plan};
use super::random::Random;
use super::template::Column;
use super::write::close_object;
use super::{MAX_COLUMNS, Workload};

/// What a random stream is for. Streams of different purposes are independent, so turning an option on leaves
/// everything that the option does not concern as it was.
#[derive(Debug, Clone, Copy)]
enum Purpose {
    Values = 1,
    Keys = 2,
    Defects = 3,
}

/// Writes the records of one [`Workload`].
///
/// Record `i` is a pure function of the workload, the seed, the options and `i`: [`seek`](Self::seek) costs nothing, and
/// generators on several threads can share out one sequence.
///
/// Cost: O(bytes written). Allocates only when the caller's buffer grows.
#[derive(Debug, Clone)]
pub struct WorkloadGenerator {
    workload: Workload,
    seed: u64,
    next: u64,
    shuffled_keys: bool,
    missing: Rate,
    bad: Rate,
}

impl WorkloadGenerator {
    pub(super) fn new(workload: Workload, seed: u64) -> Self {
        Self { workload, seed, next: 0, shuffled_keys: false, missing: Rate::NEVER, bad: Rate::NEVER }
    }

    /// Writes each record's top-level keys in an order of its own.
    ///
    /// The values stay as they were: a shuffled record decodes to the same row.
    #[must_use]
    pub fn with_shuffled_keys(mut self) -> Self {
        self.shuffled_keys = true;
        self
    }

    /// Leaves out each top-level key with this probability, on top of the keys that the workload itself leaves out.
    ///
    /// Units: `rate` is a fraction; anything outside `0.0..=1.0` is clamped, and NaN is 0.
    #[must_use]
    pub fn with_missing_rate(mut self, rate: f64) -> Self {
        self.missing = Rate::new(rate);
        self
    }

    /// Writes each record malformed with this probability, in one of the ways of [`Defect`].
    ///
    /// The other records keep their bytes, and [`defect_at`](Self::defect_at) tells which is which.
    ///
    /// Units: `rate` is a fraction; anything outside `0.0..=1.0` is clamped, and NaN is 0.
    #[must_use]
    pub fn with_bad_rate(mut self, rate: f64) -> Self {
        self.bad = Rate::new(rate);
        self
    }

    /// The workload that is written.
    #[must_use]
    pub fn workload(&self) -> Workload {
        self.workload
    }

    /// The number of the record that is written next.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.next
    }

    /// Goes to record number `record`, forwards or backwards.
    pub fn seek(&mut self, record: u64) {
        self.next = record;
    }

    /// The defect of record number `record`, if it is one of the malformed ones.
    #[must_use]
    pub fn defect_at(&self, record: u64) -> Option<Defect> {
        self.plan_at(record).map(|(plan, _)| plan.defect)
    }

    /// Appends the next record to `out`: one JSON document without a line feed after it.
    pub fn write_record(&mut self, out: &mut Vec<u8>) {
        let record = self.next;
        self.next = record.wrapping_add(1);

        let columns = self.workload.columns();
        let values = self.stream(Purpose::Values, record);
        let mut keys = self.stream(Purpose::Keys, record);
        let mut plan = self.plan_at(record);
        let mut order: [u8; MAX_COLUMNS] = std::array::from_fn(|index| index as u8);
        let order = &mut order[..columns.len()];
        if self.shuffled_keys {
            shuffle(order, &mut keys);
        }

        let start = out.len();
        let mut separator = b'{';
        for index in order.iter().map(|&index| usize::from(index)) {
            let column = &columns[index];
            let mut random = values.fork(index as u64);
            let defect = plan.as_mut().filter(|(plan, _)| plan.column == index);
            let left_out = self.leaves_out(column, &mut random, &mut keys);
            if left_out && defect.is_none() {
                continue;
            }
            out.push(separator);
            separator = b',';
            column.write_key(out);
            let replaced = defect.is_some_and(|(plan, random)| plan.write_value(random, out));
            if !replaced {
                column.value.write(&mut random, record, out);
            }
        }
        close_object(separator, out);
        if let Some((plan, mut random)) = plan {
            plan.spoil_end(start, &mut random, out);
        }
    }

    /// Decides whether a key is absent: by the workload's own habit, or by the missing rate.
    fn leaves_out(&self, column: &Column, values: &mut Random, keys: &mut Random) -> bool {
        let by_habit = column.present_percent < 100 && !values.percent(column.present_percent);
        let by_rate = self.missing != Rate::NEVER && self.missing.strikes(keys);
        by_habit || by_rate
    }

    fn plan_at(&self, record: u64) -> Option<(Plan, Random)> {
        if self.bad == Rate::NEVER {
            return None;
        }
        let mut random = self.stream(Purpose::Defects, record);
        self.bad.strikes(&mut random).then(|| {
            let plan = Plan::draw(self.workload.columns(), self.workload.projection(), &mut random);
            (plan, random)
        })
    }

    fn stream(&self, purpose: Purpose, record: u64) -> Random {
        Random::for_record(self.seed, purpose as u64, record)
    }
}

/// A probability in units of 2^-53, so that 1.0 strikes always and 0.0 never.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Rate(u64);

impl Rate {
    const NEVER: Self = Self(0);

    fn new(rate: f64) -> Self {
        // `as` saturates and takes NaN to 0.
        Self((rate.clamp(0.0, 1.0) * (1u64 << 53) as f64) as u64)
    }

    fn strikes(self, random: &mut Random) -> bool {
        random.bits() >> 11 < self.0
    }
}

/// Fisher and Yates' shuffle.
fn shuffle(order: &mut [u8], random: &mut Random) {
    for last in (1..order.len()).rev() {
        order.swap(last, random.below(last as u64 + 1) as usize);
    }
}
