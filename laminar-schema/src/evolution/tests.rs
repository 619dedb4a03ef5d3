//! Random schemas, and what holds for all of them.

mod applying;
mod batches;
mod differences;
mod fitting;
mod projecting;
mod random;
mod verdicts;

use std::sync::Arc;

use arrow_array::{Array as _, RecordBatch};
use arrow_schema::{Schema, SchemaRef};

use super::*;
use crate::CompatibilityMode;
use batches::{batch_of, same_value};
use random::{Dice, Mutation};

const SEEDS: u64 = 4_000;

#[test]
fn the_changes_make_the_proposed_schema() {
    for seed in 0..4_000 {
        let mut dice = Dice(seed);
        let current = dice.schema();
        let proposed = if seed % 2 == 0 { dice.mutated(&current, Mutation::Any) } else { dice.schema() };
        let changes = diff(&current, &proposed);
        let shown = || changes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        match apply(&current, &changes) {
            Ok((schema, projection)) => {
                assert_eq!(*schema, proposed, "seed {seed}:\n{}", shown());
                assert_eq!(projection.mappings.len(), proposed.fields().len(), "seed {seed}");
            }
            Err(e) => panic!("seed {seed}: {e}\n{}", shown()),
        }
        assert_eq!(changes.is_empty(), current == proposed, "seed {seed}");
    }
}

#[test]
fn widening_keeps_every_value() {
    let mut cells = 0;
    for seed in 0..2_000 {
        let mut dice = Dice(seed);
        let current: SchemaRef = Arc::new(dice.schema());
        let proposed = dice.mutated(&current, Mutation::Widening);
        let (schema, projection) =
            apply(&current, &diff(&current, &proposed)).unwrap_or_else(|e| panic!("{seed}: {e}"));
        let batch = batch_of(&mut dice, &current, 20);
        // A slice has offsets that do not begin at nothing.
        for batch in [batch.slice(3, 9), batch] {
            let new =
                projection.project(&batch, &schema).unwrap_or_else(|e| panic!("{seed}: {e}\n{current:?}\n{schema:?}"));
            assert_eq!(new.num_rows(), batch.num_rows());
            cells += same_cells(&batch, &new, &projection, seed);
        }
    }
    assert!(cells > 50_000, "{cells}");
}

/// Every value that has an old one is that; how many there are.
fn same_cells(old: &RecordBatch, new: &RecordBatch, projection: &ColumnProjection, seed: u64) -> usize {
    let mut cells = 0;
    for (i, (new, source)) in new.columns().iter().zip(&projection.mappings).enumerate() {
        let Some(old) = source.map(|s| old.column(s)) else { continue };
        for row in 0..old.len() {
            let is_same = same_value(old, row, new, row, projection.nested.get(&i));
            assert!(is_same, "seed {seed}, column {i}, row {row}:\n{old:?}\n{new:?}");
            cells += 1;
        }
    }
    cells
}

#[test]
fn any_change_gives_a_batch_or_an_error() {
    let (mut batches, mut errors) = (0, 0);
    for seed in 0..SEEDS {
        let mut dice = Dice(seed);
        let current: SchemaRef = Arc::new(dice.schema());
        let proposed = dice.mutated(&current, Mutation::Any);
        let (schema, projection) =
            apply(&current, &diff(&current, &proposed)).unwrap_or_else(|e| panic!("{seed}: {e}"));
        let batch = batch_of(&mut dice, &current, 12);
        match projection.project(&batch, &schema) {
            Ok(new) => {
                assert_eq!(new.schema(), schema);
                same_cells(&batch, &new, &projection, seed);
                batches += 1;
            }
            Err(e) => {
                assert!(matches!(e.kind(), crate::ErrorKind::Evolution(_)), "seed {seed}: {e}");
                assert!(e.location().field.is_some(), "seed {seed}: {e}");
                errors += 1;
            }
        }
    }
    assert!(batches > 200 && errors > 200, "{batches} {errors}");
}

#[test]
fn what_is_compatible_can_be_read() {
    let mut read = [0; 2];
    for seed in 0..SEEDS {
        let mut dice = Dice(seed);
        let before: SchemaRef = Arc::new(dice.schema());
        let after: SchemaRef = Arc::new(dice.mutated(&before, Mutation::Small));
        let changes = diff(&before, &after);
        let ways = [(CompatibilityMode::Backward, &before, &after), (CompatibilityMode::Forward, &after, &before)];
        for (read, (mode, writer, reader)) in read.iter_mut().zip(ways) {
            // Under FORWARD, narrowing asks, because old data may not fit; new data do.
            if matches!(evaluate(&changes, mode), EvolutionVerdict::Incompatible(_)) || changes.is_empty() {
                continue;
            }
            let batch = batch_of(&mut dice, writer, 8);
            let (schema, projection) = apply(writer, &diff(writer, reader)).unwrap_or_else(|e| panic!("{seed}: {e}"));
            let new = projection.project(&batch, &schema);
            let new = new.unwrap_or_else(|e| panic!("seed {seed} under {mode:?}: {e}\n{changes:#?}"));
            same_cells(&batch, &new, &projection, seed);
            *read += 1;
        }
    }
    assert!(read.iter().all(|n| *n > 200), "{read:?}");
}

/// How much a verdict allows.
fn mildness(verdict: &EvolutionVerdict) -> u8 {
    match verdict {
        EvolutionVerdict::Incompatible(_) => 0,
        EvolutionVerdict::RequiresConfirmation(..) => 1,
        EvolutionVerdict::Compatible(_) => 2,
    }
}

#[test]
fn verdicts_are_monotone() {
    use CompatibilityMode::{Backward, BackwardTransitive, Forward, ForwardTransitive, Full, FullTransitive};
    let mut seen = [0; 3];
    for seed in 0..2_000 {
        let mut dice = Dice(seed);
        let mut versions = vec![dice.schema()];
        for _ in 0..dice.roll(4) {
            let next = dice.mutated(&versions[versions.len() - 1], Mutation::Small);
            versions.push(next);
        }
        let proposed = dice.mutated(&versions[versions.len() - 1], Mutation::Small);
        let of = |mode| mildness(&evaluate_versions(&versions, &proposed, mode));
        let never_milder = [
            (Full, Backward),
            (Full, Forward),
            (FullTransitive, BackwardTransitive),
            (FullTransitive, ForwardTransitive),
            (BackwardTransitive, Backward),
            (ForwardTransitive, Forward),
            (FullTransitive, Full),
            (Backward, CompatibilityMode::None),
            (Forward, CompatibilityMode::None),
        ];
        for (strict, mild) in never_milder {
            assert!(of(strict) <= of(mild), "seed {seed}: {strict:?} is milder than {mild:?}");
        }
        // FULL is what BACKWARD and FORWARD both allow, and nothing else.
        assert_eq!(of(Full) == 2, of(Backward) == 2 && of(Forward) == 2, "seed {seed}");
        seen[usize::from(of(FullTransitive))] += 1;
        seen[1] += usize::from(of(Forward) == 1);
    }
    assert!(seen.iter().all(|n| *n > 20), "{seen:?}");
}

#[test]
fn transitive_modes_look_at_every_version() {
    let schema = |columns: &[(&str, arrow_schema::DataType)]| {
        Schema::new(columns.iter().map(|(n, t)| arrow_schema::Field::new(*n, t.clone(), true)).collect::<Vec<_>>())
    };
    use arrow_schema::DataType::{Int64, Utf8};
    let versions = [schema(&[("id", Int64), ("at", Int64)]), schema(&[("id", Int64)])];
    let proposed = schema(&[("id", Int64), ("at", Utf8)]);
    let last = evaluate_versions(&versions, &proposed, CompatibilityMode::Backward);
    assert!(matches!(last, EvolutionVerdict::Compatible(_)), "{last:?}");
    let all = evaluate_versions(&versions, &proposed, CompatibilityMode::BackwardTransitive);
    let expected = "against version 0: narrow at BIGINT → VARCHAR breaks BACKWARD: a value in data of the schema before may \
                    not fit the type that readers of the new schema expect";
    assert_eq!(all, EvolutionVerdict::Incompatible(expected.to_owned()));
    let first = evaluate_versions::<Schema>(&[], &proposed, CompatibilityMode::FullTransitive);
    assert_eq!(first, EvolutionVerdict::Compatible(Vec::new()));
}
