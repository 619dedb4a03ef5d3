//! Programs of several writers as one, so that their messages are read together, in the order in which they come.
//!
//! Versions of a schema mostly have their fields in one order, and differ in which of them they have. All fields of all of them in
//! that order are the steps; of each writer it is noted which steps are its own.

use super::{
    program::{FillWith, Op, Record, Slot, Step},
    writers::{Unreadable, Writer},
};

/// How messages of several writers are read together.
#[derive(Debug, Default)]
pub(super) struct Merged {
    pub(super) steps: Box<[MergedStep]>,
    /// Columns that none of the writers knows of: a writer, and which of its fills.
    pub(super) fills: Box<[(usize, usize)]>,
    /// Of each writer its bits of [`MergedStep::bit`]; none where it is not one of those that are read together.
    masks: Box<[Option<u64>]>,
    /// Whether all are whose messages are read abreast at all.
    pub(super) has_all: bool,
}

/// A field of some of the writers.
#[derive(Debug)]
pub(super) struct MergedStep {
    /// One of those that have it, and which of its steps it is.
    pub(super) writer: usize,
    pub(super) step: usize,
    /// The bit that those have who have the field; none where all do.
    pub(super) bit: u64,
    /// What the column gets of the others: a writer, and which of its fills.
    pub(super) fill: Option<(usize, usize)>,
    /// That is a value that is read as those of the field are.
    pub(super) is_alike: bool,
}

impl Merged {
    /// Merges the programs of as many of the writers as have the same fields in one order.
    pub(super) fn of(writers: &[Result<Writer, Unreadable>]) -> Self {
        let mut merging = Merging::default();
        let mut has_all = true;
        for (index, writer) in writers.iter().enumerate() {
            let Some(writer) = writer.as_ref().ok().filter(|writer| !writer.reads_alone) else { continue };
            has_all &= merging.try_add(index, &writer.program);
        }
        merging.end(writers.len(), has_all).unwrap_or_default()
    }

    /// Of a writer, the bits of its steps; `None` where its messages are not read together with others.
    #[inline]
    pub(super) fn mask(&self, writer: usize) -> Option<u64> {
        self.masks.get(writer).copied().flatten()
    }
}

/// The programs so far.
#[derive(Default)]
struct Merging<'w> {
    /// Writers that are in it, and their fields.
    writers: Vec<(usize, Vec<usize>)>,
    fields: Vec<Field<'w>>,
    /// Fields in the order of all writers.
    order: Vec<usize>,
    /// Columns that a writer lacks, each by one of those.
    lacks: Vec<Lack<'w>>,
}

struct Field<'w> {
    column: u32,
    name: &'w str,
    slot: &'w Slot,
    /// How many have it, and one of them with the step that it is there.
    num_owners: usize,
    of: (usize, usize),
    /// Fields that stand right before it somewhere.
    before: Vec<usize>,
}

struct Lack<'w> {
    column: u32,
    with: &'w FillWith,
    of: (usize, usize),
}

impl<'w> Merging<'w> {
    /// Adds a writer; false where its fields do not go together with those so far, which then are as before.
    fn try_add(&mut self, writer: usize, program: &'w Record) -> bool {
        let fields: Vec<_> = self.fields.iter().map(|field| (field.num_owners, field.before.len())).collect();
        let num_lacks = self.lacks.len();
        let own = self.add(writer, program);
        match own {
            Some(own) => self.writers.push((writer, own)),
            None => {
                self.fields.truncate(fields.len());
                for (field, (num_owners, before)) in self.fields.iter_mut().zip(fields) {
                    field.num_owners = num_owners;
                    field.before.truncate(before);
                }
                self.lacks.truncate(num_lacks);
                return false;
            }
        }
        true
    }

    /// The first half of it: the writer's fields; `None` where they do not go together with those so far.
    fn add(&mut self, writer: usize, program: &'w Record) -> Option<Vec<usize>> {
        let num_fields = self.fields.len();
        let mut own: Vec<usize> = Vec::new();
        let mut is_order = true;
        for (index, step) in program.steps.iter().enumerate() {
            if step.column == Step::NOWHERE && !matches!(step.slot.op, Op::Skip(_)) {
                // It has no bytes.
                continue;
            }
            let field = self.field(&own, (writer, index), step)?;
            let before = &mut self.fields[field].before;
            if let Some(last) = own.last().filter(|last| !before.contains(last)) {
                before.push(*last);
                is_order = false;
            }
            own.push(field);
        }
        for (index, fill) in program.fills.iter().enumerate() {
            match self.lacks.iter().find(|known| known.column == fill.column) {
                Some(known) if known.with.is_alike(&fill.with) => {}
                Some(_) => return None,
                None => self.lacks.push(Lack { column: fill.column, with: &fill.with, of: (writer, index) }),
            }
        }
        let num_partial = self.fields.iter().filter(|field| field.num_owners <= self.writers.len()).count();
        if num_partial > u64::BITS as usize {
            return None;
        }
        if !is_order || self.fields.len() > num_fields {
            self.order = self.in_order()?;
        }
        Some(own)
    }

    /// The field that a step of a writer's is, behind its `own` so far; `None` where its column is read in another way, or was
    /// met before.
    fn field(&mut self, own: &[usize], of: (usize, usize), step: &'w Step) -> Option<usize> {
        let is_column = step.column != Step::NOWHERE;
        let is_known = |(index, field): (usize, &Field<'_>)| {
            // What goes into no column is known by its name, as often as there are ways to read it.
            let is_same = || field.name == &*step.name && field.slot.is_alike(&step.slot) && !own.contains(&index);
            field.column == step.column && (is_column || is_same())
        };
        if let Some(known) = self.fields.iter().enumerate().position(is_known) {
            let field = &mut self.fields[known];
            field.num_owners += 1;
            return (!own.contains(&known) && field.slot.is_alike(&step.slot)).then_some(known);
        }
        let (column, name, slot) = (step.column, &*step.name, &step.slot);
        self.fields.push(Field { column, name, slot, num_owners: 1, of, before: Vec::new() });
        Some(self.fields.len() - 1)
    }

    /// The fields, each behind those that stand before it anywhere; `None` where there is no such order.
    fn in_order(&self) -> Option<Vec<usize>> {
        let mut order = Vec::with_capacity(self.fields.len());
        let mut is_in = vec![false; self.fields.len()];
        while order.len() < self.fields.len() {
            let is_next =
                |index: &usize| !is_in[*index] && self.fields[*index].before.iter().all(|field| is_in[*field]);
            let next = (0..self.fields.len()).find(is_next)?;
            is_in[next] = true;
            order.push(next);
        }
        Some(order)
    }

    /// What is made of it; `None` where there are no two to be read together.
    fn end(self, num_writers: usize, has_all: bool) -> Option<Merged> {
        let Self { writers, fields, order, lacks } = self;
        let mut bits = vec![0; fields.len()];
        let mut steps = Vec::with_capacity(order.len());
        let mut next_bit = 1_u64;
        for (index, field) in order.iter().map(|index| (*index, &fields[*index])) {
            let (writer, step) = field.of;
            let (mut fill, mut is_alike) = (None, false);
            if field.num_owners < writers.len() {
                bits[index] = next_bit;
                next_bit = next_bit.wrapping_shl(1);
                if field.column != Step::NOWHERE {
                    let lack = lacks.iter().find(|lack| lack.column == field.column)?;
                    fill = Some(lack.of);
                    is_alike = matches!(lack.with, FillWith::Datum(_, slot) if slot.op.is_alike(&field.slot.op));
                }
            }
            steps.push(MergedStep { writer, step, bit: bits[index], fill, is_alike });
        }
        let mut masks = vec![None; num_writers];
        for (writer, own) in &writers {
            masks[*writer] = Some(own.iter().fold(0, |mask, field| mask | bits[*field]));
        }
        let is_of_none = |lack: &&Lack<'_>| fields.iter().all(|field| field.column != lack.column);
        let fills = lacks.iter().filter(is_of_none).map(|lack| lack.of).collect();
        (writers.len() > 1).then(|| Merged { steps: steps.into(), fills, masks: masks.into(), has_all })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_schema::{DataType, Field, Schema as ArrowSchema};

    use super::*;
    use crate::{
        avro::{resolve::Keeps, schema::Schema},
        column::ColumnOptions,
        rows::RootRows,
    };

    /// Writers with these fields of `a` to `d`, which are columns, and others: a word each, `name` for a long, `name:type`
    /// otherwise. Which are read together, and by which steps, `?` behind those that not all have.
    fn check(writers: &[&str], together: &[usize], steps: &str) {
        let columns: Vec<_> = ["a", "b", "c", "d"].map(|name| Field::new(name, DataType::Int64, true)).into();
        let rows = RootRows::new(Arc::new(ArrowSchema::new(columns)), &ColumnOptions::default()).unwrap();
        let writer = |words: &&str| {
            let fields: Vec<String> = words
                .split_whitespace()
                .map(|word| {
                    let (name, kind) = word.split_once(':').unwrap_or((word, "long"));
                    format!(r#"{{"name":"{name}","type":"{kind}"}}"#)
                })
                .collect();
            let schema = format!(r#"{{"type":"record","name":"r","fields":[{}]}}"#, fields.join(","));
            Writer::new(Schema::parse(&schema).unwrap(), None, &rows, Keeps::default()).map_err(|e| Unreadable::new(&e))
        };
        let writers: Vec<_> = writers.iter().map(writer).collect();
        let merged = Merged::of(&writers);
        let are_in: Vec<usize> = (0..writers.len()).filter(|writer| merged.mask(*writer).is_some()).collect();
        assert_eq!(are_in, together);
        assert_eq!(merged.has_all, together.len() == writers.len() && !writers.is_empty());
        let shown = |step: &MergedStep| {
            let name = &writers[step.writer].as_ref().unwrap().program.steps[step.step].name;
            format!("{name}{}", if step.bit == 0 { "" } else { "?" })
        };
        assert_eq!(merged.steps.iter().map(shown).collect::<Vec<_>>().join(" "), steps);
        for step in &merged.steps {
            let owners = writers.iter().enumerate().filter(|(index, writer)| {
                let mask = merged.mask(*index).unwrap_or_default();
                let name = &writers[step.writer].as_ref().unwrap().program.steps[step.step].name;
                let has = writer.as_ref().unwrap().program.steps.iter().any(|own| own.name == *name);
                assert!(step.bit == 0 || mask & step.bit == 0 || has, "{name}");
                mask & step.bit != 0
            });
            assert_eq!(owners.count() == 0, step.bit == 0);
        }
    }

    #[test]
    fn writers_with_fields_in_one_order_are_read_together() {
        check(&[], &[], "");
        check(&["a b", "a b"], &[0, 1], "a b");
        check(&["a", "a b", "a b c", "a b c d"], &[0, 1, 2, 3], "a b? c? d?");
        check(&["a b", "b c", "c d"], &[0, 1, 2], "a? b? c? d?");
        // Whichever comes first.
        check(&["c d", "a b", "b c"], &[0, 1, 2], "a? b? c? d?");
        check(&["a c", "a b", "a b c"], &[0, 1, 2], "a b? c?");
        // Fields of no column are known by their names.
        check(&["a x y", "x a y", "a y"], &[0, 2], "a x? y");
        check(&["a x:string", "a x:int", "a x:string"], &[0, 1, 2], "a x? x?");
    }

    #[test]
    fn others_are_read_apart() {
        check(&["a b", "b a", "a b c"], &[0, 2], "a b c?");
        check(&["a b", "a b:int"], &[], "");
        check(&["a"], &[], "");
        let many = |first: usize| (first..first + 40).map(|field| format!("x{field} ")).collect::<String>();
        check(&[&many(0), &many(0)], &[0, 1], many(0).trim());
        // There is a bit for each of 64 fields that not all have.
        check(&[&many(0), &many(24), &many(40)], &[0, 1], &fields_of_64());
    }

    /// Of the writers with fields 0 to 39 and 24 to 63.
    fn fields_of_64() -> String {
        let all: Vec<_> =
            (0..64).map(|field| format!("x{field}{}", if (24..40).contains(&field) { "" } else { "?" })).collect();
        all.join(" ")
    }
}
