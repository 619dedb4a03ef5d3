//! The decode proof: does a schema decode the sample that it came from?

use std::sync::Arc;

use arrow_schema::SchemaRef;

use super::{InferenceWarning, WarningSeverity};
use crate::{
    config::FormatSpec,
    error::{InferError, SchemaError, SchemaResult},
    format::{DecodeSpec, DecoderSet, FormatDecoder, Framing},
    record::{NewRecord, RawBatch, RawRecord},
};

/// What decoding a sample showed.
#[derive(Debug)]
pub struct Proof {
    /// Records of the sample; a header line is none.
    pub sampled: usize,
    /// Why each of them was not decoded, with its place.
    pub errors: Vec<SchemaError>,
}

impl Proof {
    /// Decodes a sample.
    ///
    /// # Errors
    /// The decoder is unusable; that it rejects records is part of the proof.
    pub fn of(decoder: &mut impl FormatDecoder, sample: &RawBatch) -> SchemaResult<Self> {
        let decoded = decoder.decode(sample)?;
        let errors = decoded.rejected.into_iter().map(|r| r.error.at(sample.record(r.record).location())).collect();
        Ok(Self { sampled: sample.len(), errors })
    }

    /// What a person should know: nothing when every record was decoded.
    pub fn warning(&self) -> Option<InferenceWarning> {
        let first = self.errors.first()?;
        Some(InferenceWarning {
            field_name: first.location().field.clone().unwrap_or_default(),
            message: format!(
                "{} of {} sampled records do not decode with this schema, the first: {first}",
                self.errors.len(),
                self.sampled
            ),
            severity: WarningSeverity::Error,
        })
    }
}

/// Decodes `samples` with `schema`, as a decoder of `D` for `format` would, and says what did not fit.
///
/// # Errors
/// `format` is not in `D`; its options are wrong; a column's type is one that the format cannot carry.
pub fn prove<D: DecoderSet>(
    schema: &SchemaRef,
    samples: &[RawRecord],
    format: &FormatSpec,
) -> SchemaResult<Vec<InferenceWarning>> {
    let Some(mut decoder) = D::build(&DecodeSpec::new(Arc::clone(schema), format.clone()))? else {
        let known = D::FORMATS.iter().map(|f| (*f).to_owned()).collect();
        return Err(InferError::UnknownFormat { format: format.name.clone(), known }.into());
    };
    let sample = sample_batch(samples, D::framing(format)?.as_ref());
    Ok(Proof::of(&mut decoder, &sample)?.warning().into_iter().collect())
}

/// The sample as a source would hand it to a decoder.
///
/// Where files begin with a header line, a sample begins with it too: a record has no preamble of its own. Here the
/// header becomes what it is in a stream, the preamble of every partition.
pub fn sample_batch(samples: &[RawRecord], framing: Option<&Framing>) -> RawBatch {
    let has_header = matches!(framing, Some(Framing::Csv(csv)) if csv.has_header);
    let (Some((header, records)), true) = (samples.split_first(), has_header) else {
        return RawBatch::from_records(samples);
    };
    let header: Option<Arc<[u8]>> = header.value.as_deref().map(Arc::from);
    // A preamble belongs to a partition, so a record without one gets one.
    let unnamed: Arc<str> = Arc::from("sample");
    let mut batch = RawBatch::new();
    for record in records {
        let name = record.metadata.partition.as_ref().unwrap_or(&unnamed);
        let partition = batch.partition(name, header.as_ref());
        let headers: Vec<(&str, &[u8])> = record.headers.iter().map(|(n, v)| (n.as_str(), v.as_slice())).collect();
        batch.push(NewRecord {
            value: record.value.as_deref(),
            key: record.key.as_deref(),
            timestamp: record.timestamp,
            partition: Some(partition),
            offset: record.metadata.offset,
            line: record.metadata.line,
            headers: &headers,
        });
    }
    batch
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::{CsvFraming, Encoding};

    #[test]
    fn a_header_line_becomes_the_preamble_of_every_partition() {
        let csv = CsvFraming {
            encoding: Encoding::Utf8,
            delimiter: b",".to_vec(),
            trim: false,
            quote: Some(b'"'),
            escape: Some(b'"'),
            comment: None,
            has_header: true,
            skip_lines: 0,
            line_end: b'\n',
        };
        let samples = [RawRecord::new("a,b"), RawRecord::new("1,2"), RawRecord::new("3,4")];
        let with = sample_batch(&samples, Some(&Framing::Csv(csv.clone())));
        assert_eq!(with.len(), 2);
        assert_eq!(with.record(1).partition().and_then(|p| p.preamble.as_deref()), Some(b"a,b".as_slice()));
        let without = sample_batch(&samples, Some(&Framing::Csv(CsvFraming { has_header: false, ..csv })));
        assert_eq!((without.len(), without.partitions().len()), (3, 0));
        assert!(sample_batch(&[], Some(&Framing::Lines)).is_empty());
    }
}
