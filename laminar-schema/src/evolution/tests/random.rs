//! Schemas at random, and schemas that differ a little from others.

use std::{collections::HashSet, sync::Arc};

use arrow_schema::{DataType, Field, FieldRef, Fields, Schema, TimeUnit};

use crate::{
    evolution::relation::widens,
    field::{DEFAULT_METADATA, DESCRIPTION_METADATA, FIELD_ID_METADATA, json_field, uuid_field, with_metadata},
};

/// The numbers of one seed; the same on every machine.
pub(super) struct Dice(pub(super) u64);

/// How far a schema may be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mutation {
    /// In every way.
    Any,
    /// In few places.
    Small,
    /// So that every value keeps its place.
    Widening,
}

const NAMES: [&str; 12] = ["a", "b", "c", "d", "e", "a.b", "", "x[]", "\"q\"", "{key}", "ä", "order by"];

impl Dice {
    pub(super) fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % sides as u64) as usize
    }

    pub(super) fn one_in(&mut self, sides: usize) -> bool {
        self.roll(sides) == 0
    }

    pub(super) fn schema(&mut self) -> Schema {
        let has_ids = self.one_in(2);
        let fields = self.fields(3, has_ids);
        let metadata =
            if self.one_in(4) { [("owner".to_owned(), self.roll(3).to_string())].into() } else { Default::default() };
        Schema::new_with_metadata(fields, metadata)
    }

    fn fields(&mut self, depth: usize, has_ids: bool) -> Fields {
        let names: HashSet<&str> = (0..self.roll(6) + 1).map(|_| NAMES[self.roll(NAMES.len())]).collect();
        let mut names: Vec<&str> = names.into_iter().collect();
        names.sort_unstable();
        self.shuffle(&mut names);
        let mut next_id = self.roll(4);
        let mut field = |name: &str| {
            next_id += 1;
            let field = self.field(name, depth);
            if has_ids { with_metadata(field, FIELD_ID_METADATA, next_id.to_string()) } else { field }
        };
        names.into_iter().map(|name| Arc::new(field(name))).collect::<Vec<FieldRef>>().into()
    }

    fn field(&mut self, name: &str, depth: usize) -> Field {
        let nullable = !self.one_in(3);
        match self.roll(12) {
            0 => json_field(name, nullable),
            1 => uuid_field(name, nullable),
            2 => with_metadata(Field::new(name, DataType::Int64, nullable), DEFAULT_METADATA, "7"),
            3 => with_metadata(Field::new(name, DataType::Utf8, true), DESCRIPTION_METADATA, "text"),
            _ => Field::new(name, self.data_type(depth), nullable),
        }
    }

    fn data_type(&mut self, depth: usize) -> DataType {
        let scalars = scalars();
        if depth == 0 || self.one_in(2) {
            return scalars[self.roll(scalars.len())].clone();
        }
        let item_name = if self.one_in(2) { "item" } else { "element" };
        let nullable = !self.one_in(3);
        let item = |dice: &mut Self| Arc::new(Field::new(item_name, dice.data_type(depth - 1), nullable));
        match self.roll(6) {
            0 => DataType::List(item(self)),
            1 => DataType::LargeList(item(self)),
            2 => DataType::FixedSizeList(item(self), 2),
            3 => {
                let key = Field::new("keys", [DataType::Utf8, DataType::Int32][self.roll(2)].clone(), false);
                let value = Field::new("values", self.data_type(depth - 1), nullable);
                let entries = Field::new("entries", DataType::Struct(vec![key, value].into()), false);
                DataType::Map(Arc::new(entries), false)
            }
            _ => {
                let has_ids = self.one_in(2);
                DataType::Struct(self.fields(depth - 1, has_ids))
            }
        }
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.roll(i + 1));
        }
    }

    pub(super) fn mutated(&mut self, schema: &Schema, how: Mutation) -> Schema {
        let fields = self.mutated_fields(schema.fields(), how, 3);
        let metadata = if self.one_in(8) { Default::default() } else { schema.metadata().clone() };
        Schema::new_with_metadata(fields, metadata)
    }

    fn changes(&mut self, how: Mutation) -> bool {
        self.one_in(if how == Mutation::Small { 12 } else { 4 })
    }

    fn mutated_fields(&mut self, fields: &Fields, how: Mutation, depth: usize) -> Fields {
        let mut new: Vec<FieldRef> = Vec::new();
        for field in fields {
            if self.changes(how) && self.one_in(2) {
                continue;
            }
            new.push(Arc::new(self.mutated_field(field, how, depth)));
        }
        let has_ids = fields.iter().any(|f| f.metadata().contains_key(FIELD_ID_METADATA));
        if has_ids && self.changes(how) {
            // Some get a free name, some change names with each other.
            let mut names: Vec<String> = new.iter().map(|f| f.name().clone()).collect();
            self.shuffle(&mut names);
            if let Some(name) = names.first_mut() {
                name.push_str(" new");
            }
            new = new.iter().zip(names).map(|(f, name)| Arc::new(f.as_ref().clone().with_name(name))).collect();
        }
        while self.changes(how) {
            // A column that was dropped must not come back as another one.
            let name = if how == Mutation::Widening { "added" } else { NAMES[self.roll(NAMES.len())] };
            if new.iter().all(|f| f.name() != name) {
                let field = self.field(name, depth.min(1));
                // Nothing can be filled in for a column that must not be null and has no DEFAULT.
                let field = if how == Mutation::Widening { field.with_nullable(true) } else { field };
                new.push(Arc::new(if has_ids {
                    with_metadata(field, FIELD_ID_METADATA, format!("9{}", new.len()))
                } else {
                    field
                }));
            }
        }
        if self.changes(how) {
            self.shuffle(&mut new);
        }
        new.into()
    }

    fn mutated_field(&mut self, field: &Field, how: Mutation, depth: usize) -> Field {
        let mut new = field.clone();
        if field.metadata().keys().all(|k| k == FIELD_ID_METADATA) {
            new = new.with_data_type(self.mutated_type(field.data_type(), how, depth));
        } else if how != Mutation::Widening && self.changes(how) {
            // What JSON and UUID become without their extension type, and a column without its DEFAULT.
            let mut metadata = field.metadata().clone();
            metadata.retain(|k, _| k == FIELD_ID_METADATA);
            new = new.with_metadata(metadata);
        }
        if self.changes(how) {
            let nullable = how == Mutation::Widening || !field.is_nullable();
            new = new.with_nullable(nullable);
        }
        if self.changes(how) { with_metadata(new, DESCRIPTION_METADATA, "changed") } else { new }
    }

    fn mutated_type(&mut self, data_type: &DataType, how: Mutation, depth: usize) -> DataType {
        let scalars = scalars();
        let inner = |dice: &mut Self, f: &FieldRef, name: &str| {
            Arc::new(dice.mutated_field(f, how, depth.saturating_sub(1)).with_name(name))
        };
        match data_type {
            DataType::Struct(fields) => DataType::Struct(self.mutated_fields(fields, how, depth.saturating_sub(1))),
            DataType::List(item) | DataType::LargeList(item) => {
                let name = if self.one_in(2) { "element" } else { item.name() };
                let item = inner(self, item, name);
                if self.one_in(2) { DataType::List(item) } else { DataType::LargeList(item) }
            }
            DataType::FixedSizeList(item, n) => {
                let item = inner(self, item, item.name());
                if self.one_in(2) { DataType::List(item) } else { DataType::FixedSizeList(item, *n) }
            }
            DataType::Map(entries, _) => match entries.data_type() {
                DataType::Struct(parts) => {
                    let name = if self.one_in(2) { "value" } else { "values" };
                    let parts = vec![Arc::clone(&parts[0]), inner(self, &parts[1], name)];
                    let entries = entries.as_ref().clone().with_data_type(DataType::Struct(parts.into()));
                    DataType::Map(Arc::new(entries), false)
                }
                _ => data_type.clone(),
            },
            scalar if self.changes(how) => {
                let to = &scalars[self.roll(scalars.len())];
                let is_allowed = how == Mutation::Any || widens(scalar, to);
                if is_allowed { to.clone() } else { scalar.clone() }
            }
            scalar => scalar.clone(),
        }
    }
}

/// Types of which random arrays can be made.
fn scalars() -> Vec<DataType> {
    use DataType::*;
    let mut types = vec![
        Boolean,
        Int8,
        Int16,
        Int32,
        Int64,
        UInt8,
        UInt16,
        UInt32,
        UInt64,
        Float32,
        Float64,
        Utf8,
        LargeUtf8,
        Utf8View,
        Binary,
        LargeBinary,
        Date32,
        Date64,
        Decimal128(20, 2),
        Decimal128(38, 4),
        Decimal256(60, 6),
    ];
    types.push(Dictionary(Box::new(Int32), Box::new(Utf8)));
    types.extend([Time32(TimeUnit::Second), Time64(TimeUnit::Microsecond), Time64(TimeUnit::Nanosecond)]);
    types.extend([TimeUnit::Second, TimeUnit::Millisecond, TimeUnit::Microsecond].map(|u| Timestamp(u, None)));
    types
}
