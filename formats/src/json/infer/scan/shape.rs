//! The places that values have in documents: what the records read so far look like.

use std::collections::HashMap;

use super::super::super::direct::glue::GlueTable;

/// No place, no object.
pub(super) const NONE: u32 = u32::MAX;

/// All places, by number. A place's number is that of its tally.
#[derive(Debug, Default)]
pub(super) struct Shape {
    pub(super) places: Vec<Place>,
    pub(super) objects: Vec<ObjectShape>,
}

/// A place in a document: the document, a member, the items of an array.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// The object that may stand here, or [`NONE`].
    pub(super) object: u32,
    /// The place of the items of the array that may stand here, or [`NONE`].
    pub(super) items: u32,
}

/// The keys that the objects in one place have.
#[derive(Debug)]
pub(super) struct ObjectShape {
    /// What stands between values, to guess the next key by.
    pub(super) glue: GlueTable,
    pub(super) fields: Vec<Field>,
    index: HashMap<Box<[u8]>, u32>,
    /// The place of all values, where keys are told apart no more; otherwise [`NONE`].
    pub(super) values: u32,
}

/// A key of an object.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field {
    pub(super) place: u32,
    /// The object that has had it last: a key that stands twice is not for the scanner.
    pub(super) seen_in: u64,
}

impl Shape {
    /// The object that a record is: the first one made.
    pub(super) fn root(&self) -> u32 {
        0
    }

    pub(super) fn new_place(&mut self) -> u32 {
        self.places.push(Place { object: NONE, items: NONE });
        (self.places.len() - 1) as u32
    }

    pub(super) fn new_object(&mut self) -> u32 {
        let glue = GlueTable::default();
        self.objects.push(ObjectShape { glue, fields: Vec::new(), index: HashMap::new(), values: NONE });
        (self.objects.len() - 1) as u32
    }

    /// The place of a key, if it was seen before.
    pub(super) fn field(&self, object: u32, key: &[u8]) -> Option<u32> {
        self.objects[object as usize].index.get(key).copied()
    }

    /// A key that was not seen before; yields its number in the object.
    pub(super) fn new_field(&mut self, object: u32, key: &[u8]) -> u32 {
        let place = self.new_place();
        let object = &mut self.objects[object as usize];
        let field = object.fields.len() as u32;
        object.fields.push(Field { place, seen_in: 0 });
        object.index.insert(key.into(), field);
        field
    }
}

impl ObjectShape {
    /// The keys, each with its place.
    pub(super) fn keys(&self) -> impl Iterator<Item = (&[u8], u32)> {
        self.index.iter().map(|(key, field)| (&**key, self.fields[*field as usize].place))
    }
}
