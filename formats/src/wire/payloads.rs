//! Payloads behind the header of a schema registry, for formats that need no schema of it.

use std::ops::Range;

use laminar_schema::{Decoded, RawBatch, Rejected, RowRecords, SchemaError, SchemaResult, record::NewRecord};

use super::{confluent, unglued::Unglued};

/// Records of a batch without their headers; kept from batch to batch, so that once warm nothing is allocated.
///
/// Payloads are copied, which costs a few percent of decoding JSON and keeps offsets out of every decoder. A batch without headers
/// never comes here.
#[derive(Debug)]
pub(crate) struct Payloads {
    header: Kind,
    batch: RawBatch,
    /// The record that each payload is of.
    records: Vec<u32>,
}

/// The headers that are taken off.
#[derive(Debug)]
enum Kind {
    Confluent,
    Glue(Box<Unglued>),
}

impl Payloads {
    /// Takes headers of Confluent's serializers off.
    pub(crate) fn confluent() -> Self {
        Self { header: Kind::Confluent, batch: RawBatch::new(), records: Vec::new() }
    }

    /// Takes headers of AWS Glue's serializers off, as `unglued` says.
    pub(crate) fn glue(unglued: Unglued) -> Self {
        Self { header: Kind::Glue(Box::new(unglued)), batch: RawBatch::new(), records: Vec::new() }
    }

    /// Decodes what is behind the headers of `batch`. Records without a header are rejected.
    ///
    /// # Errors
    /// What `decode` says.
    pub(crate) fn decode(
        &mut self,
        batch: &RawBatch,
        decode: impl FnOnce(&RawBatch) -> SchemaResult<Decoded>,
    ) -> SchemaResult<Decoded> {
        self.batch.clear();
        self.records.clear();
        let mut rejected = Vec::new();
        for record in 0..batch.len() {
            let payload = match batch.is_tombstone(record) {
                true => None,
                false => {
                    let message = batch.value(record);
                    let payload = match &mut self.header {
                        Kind::Confluent => confluent::split(message).map(|(_, payload)| payload).map_err(Into::into),
                        Kind::Glue(unglued) => unglued.payload(message),
                    };
                    match payload {
                        Ok(payload) => Some(payload),
                        Err(error) => {
                            rejected.push(Rejected { record, error: SchemaError::from(error) });
                            continue;
                        }
                    }
                }
            };
            self.batch.push(NewRecord { value: payload, ..NewRecord::default() });
            self.records.push(record as u32);
        }
        let mut decoded = decode(&self.batch)?;
        if let Kind::Glue(unglued) = &self.header {
            decoded.needs = decoded.needs.and_then(|number| unglued.id_of(number));
        }
        if rejected.is_empty() {
            return Ok(decoded);
        }
        let records = &self.records;
        let rows = 0..decoded.batch.num_rows();
        let of_row = |row| records[decoded.rows.record_of(row)];
        decoded.rows = RowRecords::Indices(rows.map(of_row).collect());
        rejected.extend(decoded.rejected.into_iter().map(|r| Rejected { record: records[r.record] as usize, ..r }));
        rejected.sort_by_key(|r| r.record);
        decoded.rejected = rejected;
        decoded.consumed = records.get(decoded.consumed).map_or(batch.len(), |record| *record as usize);
        decoded.rejected.retain(|r| r.record < decoded.consumed);
        Ok(decoded)
    }
}

/// Puts a header in front of each of the records that end at `ends`, the last of `bytes`; the first of them begins at `first`.
///
/// Cost: one pass over the bytes, from the back.
pub(crate) fn prepend(header: &[u8], bytes: &mut Vec<u8>, ends: &mut [usize], first: usize) {
    bytes.resize(bytes.len() + header.len() * ends.len(), 0);
    for record in (0..ends.len()).rev() {
        let start = record.checked_sub(1).map_or(first, |before| ends[before]);
        let from: Range<usize> = start..ends[record];
        let to = start + header.len() * record;
        ends[record] += header.len() * (record + 1);
        bytes.copy_within(from, to + header.len());
        bytes[to..to + header.len()].copy_from_slice(header);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, Int64Array, RecordBatch};

    use laminar_schema::DecodeError;

    use super::*;

    /// Decodes payloads of one digit; a letter is rejected, and an empty one gives two rows.
    fn digits(batch: &RawBatch) -> SchemaResult<Decoded> {
        let (mut rows, mut records, mut rejected) = (Vec::new(), Vec::new(), Vec::new());
        for record in 0..batch.len() {
            match batch.value(record) {
                [] => {
                    rows.extend([-1, -1]);
                    records.extend([record as u32; 2]);
                }
                [digit @ b'0'..=b'9'] => {
                    rows.push(i64::from(digit - b'0'));
                    records.push(record as u32);
                }
                _ => rejected.push(Rejected { record, error: DecodeError::EmptyRecord.into() }),
            }
        }
        let column: ArrayRef = Arc::new(Int64Array::from(rows));
        let batch_of_rows = RecordBatch::try_from_iter([("n", column)])?;
        let rows = RowRecords::Indices(records);
        Ok(Decoded { batch: batch_of_rows, rejected, rows, consumed: batch.len(), needs: None })
    }

    fn check(records: &[&[u8]], rows: &[u32], rejected: &[usize]) {
        let decoded = Payloads::confluent().decode(&RawBatch::from_values(records), digits).unwrap();
        let found: Vec<u32> = (0..decoded.batch.num_rows()).map(|row| decoded.rows.record_of(row) as u32).collect();
        assert_eq!(found, rows);
        assert_eq!(decoded.rejected.iter().map(|r| r.record).collect::<Vec<_>>(), rejected);
        assert_eq!(decoded.consumed, records.len());
    }

    #[test]
    fn records_keep_their_numbers() {
        check(&[b"\0\0\0\0\x011", b"\0\0\0\0\x012"], &[0, 1], &[]);
        check(&[b"1", b"\0\0\0\0\x012", b"\0\0\0\0\x01x", b"\0\0\0\0\x01", b""], &[1, 3, 3], &[0, 2, 4]);
        check(&[], &[], &[]);
    }

    #[test]
    fn headers_are_put_in_front() {
        let mut bytes = b"before|first||second".to_vec();
        let mut ends = [12, 13, 20];
        prepend(b"\0\0\0\0\x07", &mut bytes, &mut ends, 7);
        let mut start = 7;
        let records = ends.map(|end| {
            let record = bytes[start..end].to_vec();
            start = end;
            record
        });
        assert_eq!(records, [&b"\0\0\0\0\x07first"[..], b"\0\0\0\0\x07|", b"\0\0\0\0\x07|second"]);
        assert_eq!((&bytes[..7], bytes.len()), (&b"before|"[..], 35));
    }
}
