//! Which records of a batch gave which rows, and which gave none.

use std::ops::Range;

use arrow_array::RecordBatch;
use laminar_schema::{Decoded, Rejected, RowRecords, SchemaError, SchemaResult};

use super::RootRows;
use crate::column::ColumnOps;

/// What became of the records of one batch, in their order.
#[derive(Debug)]
pub(crate) struct Account {
    num_records: usize,
    num_rows: usize,
    rejected: Vec<Rejected>,
    /// Filled from the first record on that did not give exactly one row: a batch without any costs nothing.
    rows: Option<Vec<u32>>,
}

impl Account {
    /// The account of a batch of so many records.
    pub(crate) fn of(num_records: usize) -> Self {
        Self { num_records, num_rows: 0, rejected: Vec::new(), rows: None }
    }

    /// Notes records that gave one row each.
    #[inline]
    pub(crate) fn one_each(&mut self, records: Range<usize>) {
        self.num_rows += records.len();
        if let Some(rows) = &mut self.rows {
            rows.extend(records.start as u32..records.end as u32);
        }
    }

    /// Notes that a record gave so many rows.
    #[inline]
    pub(crate) fn gave(&mut self, record: usize, given: usize) {
        if given != 1 && self.rows.is_none() {
            self.begin();
        }
        self.num_rows += given;
        if let Some(rows) = &mut self.rows {
            rows.extend(std::iter::repeat_n(record as u32, given));
        }
    }

    /// Notes a record that gives no row.
    #[cold]
    pub(crate) fn reject(&mut self, record: usize, error: SchemaError) {
        self.gave(record, 0);
        self.reject_part(record, error);
    }

    /// Notes a part of a record that gives no row, where the record's other parts may: a row of a block.
    #[cold]
    pub(crate) fn reject_part(&mut self, record: usize, error: SchemaError) {
        self.rejected.push(Rejected { record, error });
    }

    /// Notes what became of a record that was begun behind `before` rows. Where it did not fit, what it has pushed is taken
    /// back.
    #[inline]
    pub(crate) fn settle(&mut self, rows: &mut RootRows, record: usize, before: usize, decoded: SchemaResult<()>) {
        match decoded {
            Ok(()) => self.gave(record, rows.num_rows() - before),
            Err(error) => {
                rows.root.truncate(before);
                self.reject(record, error);
            }
        }
    }

    /// All of it, with the rows that the records gave.
    pub(crate) fn decoded(self, batch: RecordBatch) -> Decoded {
        Decoded {
            batch,
            rejected: self.rejected,
            rows: self.rows.map_or(RowRecords::Identity, RowRecords::Indices),
            consumed: self.num_records,
            needs: None,
        }
    }

    #[cold]
    fn begin(&mut self) {
        let mut rows = Vec::with_capacity(self.num_records);
        rows.extend(0..self.num_rows as u32);
        self.rows = Some(rows);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_schema::{DataType, Field, Schema};
    use laminar_schema::DecodeError;

    use super::*;
    use crate::column::{ColumnOptions, Scalar};

    /// Records that give so many rows each, a row half pushed and an error where it is -1.
    fn check(given: &[i32], expected: RowRecords, rejected: &[usize]) {
        let schema = Schema::new(vec![Field::new("a", DataType::Int64, false)]);
        let mut rows = RootRows::new(Arc::new(schema), &ColumnOptions::default()).unwrap();
        let mut account = Account::of(given.len());
        for (record, given) in given.iter().enumerate() {
            let before = rows.num_rows();
            let push = |rows: &mut RootRows| {
                rows.root.fields[0].column.push_scalar(Scalar::I64(record as i64)).unwrap();
            };
            let decoded = match given {
                -1 => Err(DecodeError::EmptyRecord.into()),
                _ => Ok(()),
            };
            for _ in 0..*given {
                push(&mut rows);
                rows.root.end_row();
            }
            if decoded.is_err() {
                push(&mut rows);
            }
            account.settle(&mut rows, record, before, decoded);
        }
        let decoded = account.decoded(rows.finish().unwrap());
        let num_rows: i32 = given.iter().filter(|n| **n > 0).sum();
        assert_eq!(decoded.batch.num_rows(), num_rows as usize);
        assert_eq!(decoded.rows, expected);
        assert_eq!(decoded.rejected.iter().map(|r| r.record).collect::<Vec<_>>(), rejected);
        assert_eq!(decoded.consumed, given.len());
    }

    #[test]
    fn rows_know_their_records() {
        check(&[], RowRecords::Identity, &[]);
        check(&[1, 1, 1], RowRecords::Identity, &[]);
        check(&[1, 0, 1], RowRecords::Indices(vec![0, 2]), &[]);
        check(&[1, -1, 1], RowRecords::Indices(vec![0, 2]), &[1]);
        check(&[2, -1, 1, 3], RowRecords::Indices(vec![0, 0, 2, 3, 3, 3]), &[1]);
        check(&[-1], RowRecords::Indices(vec![]), &[0]);
    }
}
