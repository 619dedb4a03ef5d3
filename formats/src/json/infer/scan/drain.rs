//! Tallies → sample, and back: what the sample knows decides what the next records are read as.

use std::collections::BTreeMap;

use super::{
    FIRST_PLACES, State,
    shape::{NONE, Shape},
    tally::{Span, Tally},
};
use crate::infer::{Evidence, Example, Kind, Member, Members, Place, Sample, Seen};

impl State<'_> {
    /// Joins everything tallied to the sample.
    pub(super) fn drain(&mut self, sample: &mut Sample) {
        let root = self.shape.root();
        let members = self.members(root, self.objects, 0);
        sample.objects.merge(members, self.rules);
        sample.bound();
        self.objects = 0;
    }

    /// Forgets all tallies and takes its places from what the sample knows.
    pub(super) fn start_over(&mut self, sample: &Sample) {
        self.shape = Shape::default();
        self.tallies.clear();
        let root = self.shape.new_object();
        self.seed_object(root, &sample.objects);
        self.full_at = 2 * self.tallies.len() + FIRST_PLACES;
    }

    fn seed_object(&mut self, object: u32, members: &Members) {
        if let Some(together) = &members.together {
            let values = self.new_place();
            self.shape.objects[object as usize].values = values;
            self.seed(values, together);
        }
        for (key, member) in &members.fields {
            self.tallies.push(Tally::default());
            let field = self.shape.new_field(object, key.as_bytes());
            let place = self.shape.objects[object as usize].fields[field as usize].place;
            self.seed(place, &member.value);
        }
    }

    fn seed(&mut self, place: u32, evidence: &Evidence) {
        if let Some(elements) = &evidence.elements {
            let items = self.new_place();
            self.shape.places[place as usize].items = items;
            self.seed(items, elements);
        }
        if let Some(members) = &evidence.members {
            let object = self.shape.new_object();
            self.shape.places[place as usize].object = object;
            self.seed_object(object, members);
        }
    }

    fn new_place(&mut self) -> u32 {
        self.tallies.push(Tally::default());
        self.shape.new_place()
    }

    /// What is tallied of an object that was seen `objects` times, with `depth` containers of a column around its members.
    fn members(&self, object: u32, objects: u64, depth: usize) -> Members {
        let Some(shape) = self.shape.objects.get(object as usize) else {
            return Members { objects, ..Members::default() };
        };
        let mut fields = BTreeMap::new();
        for (key, place) in shape.keys() {
            let tally = &self.tallies[place as usize];
            let present = tally.total();
            // Places of records that were not taken in have nothing to say.
            if present > 0 {
                let member =
                    Member { present, repeated: 0, positions: tally.positions, value: self.evidence(place, depth) };
                // The key of a record that was found to be UTF-8.
                fields.insert(String::from_utf8_lossy(key).into_owned(), member);
            }
        }
        let together = (shape.values != NONE).then(|| Box::new(self.evidence(shape.values, depth)));
        Members { objects, fields, together }
    }

    fn evidence(&self, place: u32, depth: usize) -> Evidence {
        let (tally, shape) = (&self.tallies[place as usize], self.shape.places[place as usize]);
        let counted = Kind::ALL.into_iter().filter(|kind| tally.counts[*kind as usize] > 0);
        let seen = counted.map(|kind| {
            let example = self.example(&tally.first[kind as usize]);
            (kind, Seen { count: tally.counts[kind as usize], example })
        });
        let (lists, objects) = (tally.counts[Kind::List as usize], tally.counts[Kind::Struct as usize]);
        let items = || if shape.items == NONE { Evidence::default() } else { self.evidence(shape.items, depth + 1) };
        Evidence {
            seen: seen.collect(),
            last: self.example(&tally.last),
            numbers: tally.numbers,
            texts: tally.texts,
            elements: (lists > 0).then(|| Box::new(items())),
            members: (objects > 0 && depth < self.max_levels)
                .then(|| Box::new(self.members(shape.object, objects, depth + 1))),
        }
    }

    fn example(&self, span: &Span) -> Option<Example> {
        let record = self.records.get(span.number.index as usize)?;
        Some(Example::new(&Place::of(&record.metadata), &span.text(self.records)))
    }
}
