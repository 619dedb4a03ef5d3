//! What stands between two values: the predictor of the direct engines.
//!
//! Records of one producer have their keys in the same order and are spaced alike, so what stands between the values of two
//! fields, such as `,"price":`, is the same bytes in nearly every record. It is remembered whole, and one comparison of up
//! to 32 bytes then replaces scanning a key, looking it up, and finding its colon.

use crate::{
    column::KeyTable,
    scan::{Cursor, Isa, Pattern, WINDOW},
};

/// Where a step leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Step {
    /// Index of the field whose value follows, or [`Step::END`] or [`Step::SKIP`].
    pub(super) field: u32,
    /// The state after that value.
    pub(super) next: u32,
}

impl Step {
    /// The object has ended.
    pub(super) const END: u32 = u32::MAX;
    /// A value follows that no field wants.
    pub(super) const SKIP: u32 = u32::MAX - 1;

    /// The state in which no value was read yet.
    pub(super) const FIRST: u32 = 0;
    /// The state after a key that is not remembered.
    pub(super) const LOST: u32 = 1;

    /// The step to a field's value.
    #[inline(always)]
    pub(super) fn field(index: usize) -> Self {
        Self { field: index as u32, next: index as u32 + 2 }
    }
}

/// One guess of what comes next.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
struct Guess {
    glue: Pattern,
    step: Step,
}

const NO_GUESS: Guess = Guess { glue: Pattern::NEVER, step: Step { field: Step::END, next: Step::FIRST } };

/// What stood between values so far in the objects of one struct, by the value that came before.
#[derive(Debug, Default)]
pub(crate) struct GlueTable {
    /// Two guesses per state, the one learned last first. A state is what came before: nothing, a forgotten key, field
    /// 0 and so on, then the keys of `unknown`.
    guesses: Vec<[Guess; 2]>,
    /// Keys that no field has, sorted, with their state's number.
    unknown: Vec<(Box<[u8]>, u32)>,
    /// The fields' keys with their closing quote and colon.
    names: Vec<Pattern>,
    /// Grows with every wrong guess and falls with every key.
    heat: u32,
}

/// Keys without a field that are remembered.
const MAX_UNKNOWN: usize = 1024;
/// What a wrong guess adds to the heat. A key takes one away, so more than one wrong guess in eight keys heats up.
const MISS: u32 = 8;
/// From here on nothing is learned any more: the producer has no order.
const HOT: u32 = 1024;

impl GlueTable {
    /// The step that what stands at `at` was guessed to be, and the place behind it.
    #[inline(always)]
    pub(super) fn guess<'a, I: Isa>(&self, isa: I, state: u32, at: Cursor<'a>) -> Option<(Step, Cursor<'a>)> {
        let [first, second] = self.guesses.get(state as usize)?;
        match at.behind_pattern(isa, &first.glue) {
            Some(behind) => Some((first.step, behind)),
            None => at.behind_pattern(isa, &second.glue).map(|behind| (second.step, behind)),
        }
    }

    /// Takes note of a wrong guess; true where learning from it is in vain.
    pub(super) fn miss(&mut self) -> bool {
        self.heat = (self.heat + MISS).min(2 * HOT);
        self.heat > HOT
    }

    /// Takes note of an object of `keys` keys.
    #[inline(always)]
    pub(super) fn cool(&mut self, keys: u32) {
        self.heat = self.heat.saturating_sub(keys);
    }

    /// Remembers what stood between the value of `state` and the next step.
    pub(super) fn learn(&mut self, keys: &KeyTable, state: u32, glue: &[u8], step: Step) {
        let Some(glue) = Pattern::new(glue) else { return };
        let states = keys.keys().len() + 2 + self.unknown.len();
        if self.guesses.len() < states {
            self.guesses.resize(states, [NO_GUESS; 2]);
        }
        if let Some(guesses) = self.guesses.get_mut(state as usize).filter(|_| state != Step::LOST) {
            guesses[1] = guesses[0];
            guesses[0] = Guess { glue, step };
        }
    }

    /// The step over the value of a key that no field has.
    pub(super) fn unknown(&mut self, keys: &KeyTable, key: &[u8]) -> Step {
        let next = match self.unknown.binary_search_by(|(known, _)| (**known).cmp(key)) {
            Ok(at) => self.unknown[at].1,
            Err(at) if self.unknown.len() < MAX_UNKNOWN && key.len() < WINDOW => {
                let state = (keys.keys().len() + 2 + self.unknown.len()) as u32;
                self.unknown.insert(at, (key.into(), state));
                state
            }
            Err(_) => Step::LOST,
        };
        Step { field: Step::SKIP, next }
    }

    /// The field whose key stands at the window's start, closing quote at `len` and colon behind it.
    #[inline(always)]
    pub(super) fn named<I: Isa>(&self, isa: I, keys: &KeyTable, window: &[u8; WINDOW], len: usize) -> Option<usize> {
        keys.probe_where(window.get(..len)?, |i| self.names.get(i).is_some_and(|name| isa.starts_with(window, name)))
    }

    /// Makes [`GlueTable::named`] work. Keys too long for a pattern are not found by it.
    pub(super) fn learn_names(&mut self, keys: &KeyTable) {
        if self.names.is_empty() {
            let name = |key: &str| Pattern::new(&[key.as_bytes(), b"\":"].concat()).unwrap_or(Pattern::NEVER);
            self.names = keys.keys().map(name).collect();
        }
    }
}
