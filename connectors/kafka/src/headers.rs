//! Headers of records: read where somebody wants them.

use std::{str::Utf8Error, sync::Arc};

use laminar_schema::{Location, NewRecord, RawBatch, SchemaError};

use crate::error::KafkaFault;

/// Headers of a record that need no allocation.
const USUAL_HEADERS: usize = 16;

/// Appends a record with its headers; those of most records fit on the stack.
pub(crate) fn push_with_headers<'a>(
    raw: &mut RawBatch,
    record: NewRecord<'_>,
    headers: impl Iterator<Item = Result<(&'a str, &'a [u8]), Utf8Error>>,
) -> Result<(), Utf8Error> {
    let mut headers = headers.peekable();
    if headers.peek().is_none() {
        raw.push(record);
        return Ok(());
    }
    let mut usual: [(&str, &[u8]); USUAL_HEADERS] = [("", &[]); USUAL_HEADERS];
    let mut count = 0;
    for (place, header) in usual.iter_mut().zip(&mut headers) {
        *place = header?;
        count += 1;
    }
    let more = headers.collect::<Result<Vec<_>, _>>()?;
    if more.is_empty() {
        raw.push(NewRecord { headers: &usual[..count], ..record });
    } else {
        raw.push(NewRecord { headers: &[&usual[..], &more[..]].concat(), ..record });
    }
    Ok(())
}

#[cold]
pub(crate) fn bad_header(partition: &Arc<str>, offset: Option<u64>) -> SchemaError {
    let reason =
        "a header's name is not UTF-8; set headers = false to read the records without their headers".to_owned();
    let place = Location { partition: Some(Arc::clone(partition)), offset, ..Location::default() };
    KafkaFault::Refused { reason }.during("read a record").at(place)
}
