//! Bytes of a record → journal.

use std::hash::{DefaultHasher, Hasher};

use super::{
    Run, State,
    instance::Scan,
    shape::NONE,
    tally::{Class, NO_POSITION, Noted},
};
use crate::{
    json::direct::{colon, glue, skip_value, unescape},
    scan::{
        Cursor, Portable,
        number::{self, Notation},
        string, word,
    },
};

/// Keys of one object between which glue is learned: further ones are looked up every time.
const MAX_GUESSED: usize = 1024;

/// Takes in records up to the first that is not for the scanner, or up to where the tallies are full; returns the number
/// of the first that was not taken in.
#[inline(always)]
pub(super) fn records<I: Scan>(isa: I, state: &mut State<'_>, run: Run<'_>) -> usize {
    for record in run.first..run.until {
        let (number, ref span) = run.chunk.spans[record];
        let Some(start) = run.checked.record(span.clone()) else { return record };
        if state.tallies.len() >= state.full_at {
            return record;
        }
        state.record_end = start.remaining();
        let root = state.shape.root();
        let taken = start.skip_space().behind(b'{').and_then(|inside| isa.members(state, root, 0, inside));
        if !taken.is_some_and(|end| end.skip_space().is_at_end()) {
            state.journal.clear();
            state.hashes.clear();
            return record;
        }
        state.commit(number, start, &run.chunk.bytes[span.clone()]);
    }
    run.until
}

/// Notes the members of the object whose brace opens right in front of `start`, and returns where it ends. `level` counts
/// the containers around it.
#[inline(always)]
pub(super) fn object<'a, I: Scan>(
    isa: I,
    state: &mut State<'_>,
    object: u32,
    level: usize,
    start: Cursor<'a>,
) -> Option<Cursor<'a>> {
    if level >= state.max_depth {
        return None;
    }
    state.objects_read += 1;
    let this_object = state.objects_read;
    let (mut at, mut before, mut position) = (start, glue::State::FIRST, 0);
    loop {
        (before, at) = match state.shape.objects[object as usize].glue.guess(isa, before, at) {
            Some(guessed) => guessed,
            None => isa.next_key(state, object, before, at)?,
        };
        let shape = &mut state.shape.objects[object as usize];
        let Some(field) = shape.fields.get_mut(before.field()) else { break };
        if field.seen_in == this_object {
            return None;
        }
        field.seen_in = this_object;
        let place = field.place;
        at = value(isa, state, place, position, level + 1, at)?;
        position += 1;
    }
    state.shape.objects[object as usize].glue.cool();
    (before == glue::State::END).then_some(at)
}

/// Reads a key that was not guessed, up to its value; or the object's end.
#[inline(always)]
pub(super) fn key<'a, I: Scan>(
    isa: I,
    state: &mut State<'_>,
    object: u32,
    before: glue::State,
    start: Cursor<'a>,
) -> Option<(glue::State, Cursor<'a>)> {
    let is_hot = state.shape.objects[object as usize].glue.miss();
    let mut at = start.skip_space();
    let (next, end) = if at.byte() == b'}' {
        (glue::State::END, at.advance(1))
    } else {
        if before != glue::State::FIRST {
            at = at.behind(b',')?.skip_space();
        }
        let (is_escaped, end) = string::measure(isa, at)?;
        let key = if is_escaped {
            unescape(Portable, at, &mut state.text)?;
            state.text.as_slice()
        } else {
            quoted(end.since(at))
        };
        let field = match state.shape.field(object, key) {
            Some(field) => field,
            // One record alone may have any number of keys.
            None if state.tallies.len() >= state.full_at + super::FIRST_PLACES => return None,
            None => {
                state.tallies.push(super::Tally::default());
                state.shape.new_field(object, key)
            }
        };
        (glue::State::of_field(field as usize), colon(end)?)
    };
    let shape = &mut state.shape.objects[object as usize];
    if !is_hot && shape.fields.len() <= MAX_GUESSED {
        shape.glue.learn_among(shape.fields.len(), before, end.since(start), next);
    }
    Some((next, end))
}

/// Notes the values of the map whose brace opens right in front of `start`, all in one place, and returns where it ends.
#[inline(always)]
pub(super) fn map<'a, I: Scan>(
    isa: I,
    state: &mut State<'_>,
    values: u32,
    level: usize,
    start: Cursor<'a>,
) -> Option<Cursor<'a>> {
    if level >= state.max_depth {
        return None;
    }
    let first = state.hashes.len();
    let mut at = start.skip_space();
    if let Some(end) = at.behind(b'}') {
        return Some(end);
    }
    loop {
        let (is_escaped, end) = string::measure(isa, at)?;
        // The same key may be written in another way.
        if is_escaped {
            return None;
        }
        let mut hasher = DefaultHasher::new();
        hasher.write(quoted(end.since(at)));
        state.hashes.push(hasher.finish());
        at = value(isa, state, values, NO_POSITION, level + 1, colon(end)?)?.skip_space();
        match at.behind(b',') {
            Some(next) => at = next.skip_space(),
            None => {
                at = at.behind(b'}')?;
                break;
            }
        }
    }
    let hashes = &mut state.hashes[first..];
    hashes.sort_unstable();
    // Equal keys have equal hashes. Others seldom have, and then the record is read in another way for nothing.
    let has_twins = hashes.windows(2).any(|pair| pair[0] == pair[1]);
    state.hashes.truncate(first);
    (!has_twins).then_some(at)
}

/// Notes the items of the array whose bracket opens right in front of `start`, and returns where it ends.
#[inline(always)]
pub(super) fn items<'a, I: Scan>(
    isa: I,
    state: &mut State<'_>,
    place: u32,
    level: usize,
    start: Cursor<'a>,
) -> Option<Cursor<'a>> {
    if level >= state.max_depth {
        return None;
    }
    let mut at = start.skip_space();
    if let Some(end) = at.behind(b']') {
        return Some(end);
    }
    let mut wanted = state.rules.items_looked_at();
    loop {
        at = if wanted > 0 {
            wanted -= 1;
            value(isa, state, place, NO_POSITION, level + 1, at)?
        } else {
            state.walk.nest(level + 1);
            skip_value(isa, &mut state.walk, at)?
        };
        at = at.skip_space();
        match at.behind(b',') {
            Some(next) => at = next.skip_space(),
            None => return at.behind(b']'),
        }
    }
}

/// Notes the value at `at`, and returns where it ends.
#[inline(always)]
fn value<'a, I: Scan>(
    isa: I,
    state: &mut State<'_>,
    place: u32,
    position: u32,
    level: usize,
    at: Cursor<'a>,
) -> Option<Cursor<'a>> {
    let at = at.skip_space();
    let (class, end) = match at.byte() {
        b'"' => {
            let (is_escaped, end) = string::measure(isa, at)?;
            (if is_escaped { Class::Escaped } else { Class::Text }, end)
        }
        b'-' | b'0'..=b'9' => {
            let (notation, end) = number::notation(isa, at)?;
            let class = match notation {
                Notation::Integer => Class::Integer,
                Notation::Fraction => Class::Fraction,
                Notation::Any => Class::Number,
            };
            (class, end)
        }
        b'{' | b'[' => return container(isa, state, place, position, level, at),
        b'n' => (Class::Null, word::skip(at)?),
        _ => (Class::Bool, word::skip(at)?),
    };
    state.note(place, position, class, at, end);
    Some(end)
}

/// Notes the object or array at `at` and, up to `max_levels`, what is in it.
#[inline(always)]
fn container<'a, I: Scan>(
    isa: I,
    state: &mut State<'_>,
    place: u32,
    position: u32,
    level: usize,
    at: Cursor<'a>,
) -> Option<Cursor<'a>> {
    let noted = state.journal.len();
    let (is_object, inside) = (at.byte() == b'{', at.advance(1));
    state.note(place, position, if is_object { Class::Object } else { Class::Array }, at, inside);
    let end = if level > state.max_levels {
        state.walk.nest(level);
        isa.skip_container(&mut state.walk, at)?
    } else if is_object {
        let object = state.object_at(place);
        match state.shape.objects[object as usize].values {
            NONE => isa.members(state, object, level, inside)?,
            values => isa.entries(state, values, level, inside)?,
        }
    } else {
        let items = state.items_at(place);
        isa.elements(state, items, level, inside)?
    };
    if let Some(noted) = state.journal.get_mut(noted) {
        noted.end = (state.record_end - end.remaining()) as u32;
    }
    Some(end)
}

impl State<'_> {
    #[inline(always)]
    fn note(&mut self, place: u32, position: u32, class: Class, start: Cursor<'_>, end: Cursor<'_>) {
        let offset = |at: Cursor<'_>| (self.record_end - at.remaining()) as u32;
        self.journal.push(Noted { place, position, class, start: offset(start), end: offset(end) });
    }

    /// The object that may stand in a place.
    fn object_at(&mut self, place: u32) -> u32 {
        let known = self.shape.places[place as usize].object;
        if known != NONE {
            return known;
        }
        let object = self.shape.new_object();
        self.shape.places[place as usize].object = object;
        object
    }

    /// The place of the items of the array that may stand in a place.
    fn items_at(&mut self, place: u32) -> u32 {
        let known = self.shape.places[place as usize].items;
        if known != NONE {
            return known;
        }
        let items = self.shape.new_place();
        self.tallies.push(super::Tally::default());
        self.shape.places[place as usize].items = items;
        items
    }
}

/// A string's body.
#[inline(always)]
fn quoted(text: &[u8]) -> &[u8] {
    text.get(1..text.len().saturating_sub(1)).unwrap_or(&[])
}
