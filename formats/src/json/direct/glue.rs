//! What stands between two values: the predictor of the direct engines.
//!
//! Records of one producer have their keys in the same order and are spaced alike, so what stands between the values of two
//! fields, such as `,"price":`, is the same bytes in nearly every record. It is remembered whole, and one comparison of up
//! to 32 bytes then replaces scanning a key, looking it up, and finding its colon.

use crate::{
    column::{KeyBytes, KeyTable},
    scan::{Cursor, Isa, Pattern, WINDOW},
};

/// What was read last in an object, as a number: nothing, the closing brace, a key without a field that is not remembered,
/// the key of a field, or one that is remembered although no field has it. In that order, so that a field's number is its
/// index and a constant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct State(u32);

impl State {
    /// Nothing yet.
    pub(crate) const FIRST: Self = Self(0);
    /// The closing brace.
    pub(crate) const END: Self = Self(1);
    /// A key that is not remembered.
    pub(crate) const LOST: Self = Self(2);

    /// The key of a field.
    pub(crate) fn of_field(index: usize) -> Self {
        Self(index as u32 + 3)
    }

    /// The index of the field whose key it is; too large for any field otherwise.
    #[inline(always)]
    pub(crate) fn field(self) -> usize {
        self.0.wrapping_sub(3) as usize
    }

    #[inline(always)]
    fn index(self) -> usize {
        self.0 as usize
    }
}

/// One guess of what comes next.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
struct Guess {
    glue: Pattern,
    next: State,
}

const NO_GUESS: Guess = Guess { glue: Pattern::NEVER, next: State::LOST };

/// What stood between values so far in the objects of one struct, by the value that came before.
#[derive(Debug, Default)]
pub(crate) struct GlueTable {
    /// Two guesses per state of what comes next, the one learned last first.
    guesses: Vec<[Guess; 2]>,
    /// Keys that no field has, sorted, with their state's number.
    unknown: Vec<(Box<[u8]>, State)>,
    /// The fields' keys with their closing quote and colon.
    names: Vec<Pattern>,
    /// Grows with every wrong guess and cools down with every object.
    heat: u32,
}

/// Keys without a field that are remembered.
const MAX_UNKNOWN: usize = 1024;
/// What a wrong guess adds to the heat, and the part of it that an object takes away: with n wrong guesses in every object
/// it settles at n * 64.
const MISS: u32 = 8;
const COOLING: u32 = 8;
/// The heat per state from which on nothing is learned any more: a quarter of all guesses are wrong, the producer has no
/// order.
const HOT: u32 = MISS * COOLING / 4;
/// The first records are all wrong guesses, whatever their order.
const MIN_STATES: u32 = 16;

impl GlueTable {
    /// What was guessed to follow `state` and does stand at `at`, and the place behind it.
    #[inline(always)]
    pub(crate) fn guess<'a, I: Isa>(&self, isa: I, state: State, at: Cursor<'a>) -> Option<(State, Cursor<'a>)> {
        let [first, second] = self.guesses.get(state.index())?;
        match at.behind_pattern(isa, &first.glue) {
            Some(behind) => Some((first.next, behind)),
            None => at.behind_pattern(isa, &second.glue).map(|behind| (second.next, behind)),
        }
    }

    /// Takes note of a wrong guess; true where learning from it is in vain.
    pub(crate) fn miss(&mut self) -> bool {
        let hot = (self.guesses.len() as u32).max(MIN_STATES) * HOT;
        self.heat = (self.heat + MISS).min(2 * hot + MISS);
        self.heat > hot
    }

    /// Takes note of an object's end.
    #[inline(always)]
    pub(crate) fn cool(&mut self) {
        if self.heat != 0 {
            self.heat -= self.heat.div_ceil(COOLING);
        }
    }

    /// Remembers what stood between the value of `state` and `next`.
    pub(crate) fn learn(&mut self, keys: &KeyTable, state: State, glue: &[u8], next: State) {
        self.learn_among(keys.keys().len() + self.unknown.len(), state, glue, next);
    }

    /// The same among `fields` that are told apart.
    pub(crate) fn learn_among(&mut self, fields: usize, state: State, glue: &[u8], next: State) {
        let Some(glue) = Pattern::new(glue) else { return };
        let states = State::of_field(fields).index();
        if self.guesses.len() < states {
            self.guesses.resize(states, [NO_GUESS; 2]);
        }
        if let Some(guesses) = self.guesses.get_mut(state.index()).filter(|_| state != State::LOST) {
            guesses[1] = guesses[0];
            guesses[0] = Guess { glue, next };
        }
    }

    /// The state after a key that no field has.
    pub(crate) fn unknown(&mut self, keys: &KeyTable, key: &[u8]) -> State {
        match self.unknown.binary_search_by(|(known, _)| (**known).cmp(key)) {
            Ok(at) => self.unknown[at].1,
            Err(at) if self.unknown.len() < MAX_UNKNOWN && key.len() < WINDOW => {
                let state = State::of_field(keys.keys().len() + self.unknown.len());
                self.unknown.insert(at, (key.into(), state));
                state
            }
            Err(_) => State::LOST,
        }
    }

    /// The field whose key stands at the window's start, closing quote at `len` and colon behind it. The inner `None`
    /// is for a key that no field has, the outer one for a key that is too long to be looked up like this.
    #[inline(always)]
    pub(crate) fn named<I: Isa>(
        &mut self,
        isa: I,
        keys: &KeyTable,
        window: &[u8; WINDOW],
        len: usize,
    ) -> Option<Option<usize>> {
        if self.names.is_empty() {
            self.learn_names(keys);
        }
        let bytes = KeyBytes::of_window(window, len)?;
        // The length too: a field's name may itself hold a quote and a colon.
        let is_key = |name: &Pattern| name.len() == len + 2 && isa.starts_with(window, name);
        Some(keys.probe_where(&bytes, |i| self.names.get(i).is_some_and(is_key)))
    }

    /// Writes down the fields' keys as they stand in compact records. One too long for a pattern is never looked up.
    #[cold]
    #[inline(never)]
    fn learn_names(&mut self, keys: &KeyTable) {
        let name = |key: &str| Pattern::new(&[key.as_bytes(), b"\":"].concat()).unwrap_or(Pattern::NEVER);
        self.names = keys.keys().map(name).collect();
    }
}
