//! Programs of several writers as one, so that their messages are read together, in the order in which they come.
//!
//! Versions of a schema mostly have their fields in one order, and differ in which of them they have, and in how a few of them are
//! written: an `int` has become a `long`, or may be null. All fields of all of them in that order are the steps; of each writer it is
//! noted which steps are its own, and where there are several ways to read one, which way.

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
    /// How it is read.
    pub(super) way: Way,
    /// The bit that those have who have the field; none where all do.
    pub(super) bit: u64,
    /// Where it is not read in one way only, all of them with the bits of those who have it so.
    pub(super) ways: Box<[(Way, u64)]>,
    /// What the column gets of the others: a writer, and which of its fills.
    pub(super) fill: Option<(usize, usize)>,
    /// That is a value that is read as those of the field are.
    pub(super) is_alike: bool,
}

/// How a field is read: one of those that have it so, and which of its steps it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Way {
    pub(super) writer: usize,
    pub(super) step: usize,
}

/// Most ways to read one field.
const MOST_WAYS: usize = 4;

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
    /// Writers that are in it, and their fields, each with the way in which it is read.
    writers: Vec<(usize, Vec<(usize, usize)>)>,
    fields: Vec<Field<'w>>,
    /// Fields in the order of all writers.
    order: Vec<usize>,
    /// Columns that a writer lacks, each by one of those.
    lacks: Vec<Lack<'w>>,
}

struct Field<'w> {
    column: u32,
    name: &'w str,
    ways: Vec<(&'w Slot, Way)>,
    /// How many have it.
    num_owners: usize,
    /// Fields that stand right before it somewhere.
    before: Vec<usize>,
}

struct Lack<'w> {
    column: u32,
    with: &'w FillWith,
    of: (usize, usize),
}

impl Field<'_> {
    /// How many bits tell of a writer whether it has the field, and in which way.
    fn num_bits(&self, num_writers: usize) -> usize {
        match self.ways.len() {
            1 => usize::from(self.num_owners < num_writers),
            several => several,
        }
    }
}

impl<'w> Merging<'w> {
    /// Adds a writer; false where its fields do not go together with those so far, which then are as before.
    fn try_add(&mut self, writer: usize, program: &'w Record) -> bool {
        let sizes = |field: &Field<'_>| (field.num_owners, field.before.len(), field.ways.len());
        let fields: Vec<_> = self.fields.iter().map(sizes).collect();
        let num_lacks = self.lacks.len();
        let own = self.add(writer, program);
        match own {
            Some(own) => self.writers.push((writer, own)),
            None => {
                self.fields.truncate(fields.len());
                for (field, (num_owners, before, ways)) in self.fields.iter_mut().zip(fields) {
                    field.num_owners = num_owners;
                    field.before.truncate(before);
                    field.ways.truncate(ways);
                }
                self.lacks.truncate(num_lacks);
                return false;
            }
        }
        true
    }

    /// The first half of it: the writer's fields; `None` where they do not go together with those so far.
    fn add(&mut self, writer: usize, program: &'w Record) -> Option<Vec<(usize, usize)>> {
        let num_fields = self.fields.len();
        let mut own: Vec<(usize, usize)> = Vec::new();
        let mut is_order = true;
        for (index, step) in program.steps.iter().enumerate() {
            if step.column == Step::NOWHERE && !matches!(step.slot.op, Op::Skip(_)) {
                // It has no bytes.
                continue;
            }
            let (field, way) = self.field(&own, Way { writer, step: index }, step)?;
            let before = &mut self.fields[field].before;
            if let Some((last, _)) = own.last().filter(|(last, _)| !before.contains(last)) {
                before.push(*last);
                is_order = false;
            }
            own.push((field, way));
        }
        for (index, fill) in program.fills.iter().enumerate() {
            match self.lacks.iter().find(|known| known.column == fill.column) {
                Some(known) if known.with.is_alike(&fill.with) => {}
                Some(_) => return None,
                None => self.lacks.push(Lack { column: fill.column, with: &fill.with, of: (writer, index) }),
            }
        }
        let num_writers = self.writers.len() + 1;
        if self.fields.iter().map(|field| field.num_bits(num_writers)).sum::<usize>() > u64::BITS as usize {
            return None;
        }
        if !is_order || self.fields.len() > num_fields {
            self.order = self.in_order()?;
        }
        Some(own)
    }

    /// The field that a step of a writer's is, behind its `own` so far, and in which of its ways; `None` where its column is read in
    /// too many or in one of another kind, or was met before.
    fn field(&mut self, own: &[(usize, usize)], of: Way, step: &'w Step) -> Option<(usize, usize)> {
        let is_column = step.column != Step::NOWHERE;
        let is_own = |index| own.iter().any(|(own, _)| *own == index);
        let is_known = |(index, field): (usize, &Field<'_>)| {
            // What goes into no column is known by its name, as often as there are ways to read it.
            let is_alike = |(slot, _): &(&Slot, Way)| slot.is_alike(&step.slot);
            let is_same = || field.name == &*step.name && field.ways.iter().all(is_alike) && !is_own(index);
            field.column == step.column && (is_column || is_same())
        };
        let Some(known) = self.fields.iter().enumerate().position(is_known) else {
            let (column, name, ways) = (step.column, &*step.name, vec![(&step.slot, of)]);
            self.fields.push(Field { column, name, ways, num_owners: 1, before: Vec::new() });
            return Some((self.fields.len() - 1, 0));
        };
        let field = &mut self.fields[known];
        let way = field.ways.iter().position(|(slot, _)| slot.is_alike(&step.slot)).unwrap_or(field.ways.len());
        if is_own(known) || way == MOST_WAYS {
            return None;
        }
        if way == field.ways.len() {
            // All are near the first one, and one that is not read plainly is near none.
            if !field.ways.iter().any(|(first, _)| first.is_near(&step.slot)) {
                return None;
            }
            field.ways.push((&step.slot, of));
        }
        field.num_owners += 1;
        Some((known, way))
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
        let mut bits = vec![Vec::new(); fields.len()];
        let mut steps = Vec::with_capacity(order.len());
        let mut next_bit = 1_u64;
        for (index, field) in order.iter().map(|index| (*index, &fields[*index])) {
            let (slot, way) = *field.ways.first()?;
            let is_partial = field.num_owners < writers.len();
            let mut fill = None;
            if is_partial && field.column != Step::NOWHERE {
                fill = Some(lacks.iter().find(|lack| lack.column == field.column)?);
            }
            let is_alike =
                fill.is_some_and(|lack| matches!(lack.with, FillWith::Datum(_, of) if of.op.is_alike(&slot.op)));
            bits[index] = vec![0; field.ways.len()];
            for bit in bits[index].iter_mut().take(field.num_bits(writers.len())) {
                *bit = next_bit;
                next_bit = next_bit.wrapping_shl(1);
            }
            let ways = field.ways.iter().map(|(_, way)| *way).zip(bits[index].iter().copied());
            let ways = if field.ways.len() > 1 { ways.collect() } else { Box::default() };
            let bit = if is_partial { bits[index].iter().sum() } else { 0 };
            steps.push(MergedStep { way, bit, ways, fill: fill.map(|lack| lack.of), is_alike });
        }
        let mut masks = vec![None; num_writers];
        for (writer, own) in &writers {
            masks[*writer] = Some(own.iter().fold(0, |mask, (field, way)| mask | bits[*field][*way]));
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
    /// otherwise. Which are read together, and by which steps, with a `|` for each further way to read it and `?` where not all have it.
    fn check(writers: &[&str], together: &[usize], steps: &str) {
        let columns: Vec<_> = ["a", "b", "c", "d"].map(|name| Field::new(name, DataType::Int64, true)).into();
        let rows = RootRows::new(Arc::new(ArrowSchema::new(columns)), &ColumnOptions::default()).unwrap();
        let writer = |words: &&str| {
            let fields: Vec<String> = words
                .split_whitespace()
                .map(|word| {
                    let (name, kind) = word.split_once(':').unwrap_or((word, "long"));
                    let kind = if kind.starts_with('[') { kind.to_owned() } else { format!(r#""{kind}""#) };
                    format!(r#"{{"name":"{name}","type":{kind}}}"#)
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
        let name = |way: Way| &writers[way.writer].as_ref().unwrap().program.steps[way.step].name;
        let shown = |step: &MergedStep| {
            format!(
                "{}{}{}",
                name(step.way),
                "|".repeat(step.ways.len().saturating_sub(1)),
                if step.bit == 0 { "" } else { "?" }
            )
        };
        assert_eq!(merged.steps.iter().map(shown).collect::<Vec<_>>().join(" "), steps);
        for step in &merged.steps {
            let owners = writers.iter().enumerate().filter(|(index, writer)| {
                let mask = merged.mask(*index).unwrap_or_default();
                let name = name(step.way);
                let has = writer.as_ref().unwrap().program.steps.iter().any(|own| own.name == *name);
                assert!(step.bit == 0 || mask & step.bit == 0 || has, "{name}");
                mask & step.bit != 0
            });
            assert_eq!(owners.count() == 0, step.bit == 0);
            for (way, bit) in &step.ways {
                assert_eq!(name(*way), name(step.way));
                let of_it = |writer: &usize| merged.mask(*writer).is_some_and(|mask| mask & bit != 0);
                assert!(of_it(&way.writer) && (0..writers.len()).any(|writer| !of_it(&writer)));
            }
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
    fn a_column_may_be_read_in_some_ways() {
        check(&["a b", "a b:int"], &[0, 1], "a b|");
        check(&["a b:int", "a b", "a", "a b:int"], &[0, 1, 2, 3], "a b|?");
        let five = ["b", "b:int", r#"b:["null","long"]"#, r#"b:["long","null"]"#, r#"b:["null","int"]"#];
        check(&five, &[0, 1, 2, 3], "b|||");
    }

    #[test]
    fn others_are_read_apart() {
        check(&["a b", "b a", "a b c"], &[0, 2], "a b c?");
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
