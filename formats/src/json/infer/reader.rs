//! Any record → what it says, by way of its values.

use super::{
    super::{JsonOptions, MultipleDocuments, NonObjects},
    document::Documents,
};
use crate::{
    infer::{Place, Rules, Sample, VALUE_COLUMN, Value},
    policy::NoContent,
};
use laminar_schema::RawRecord;

/// Deepest document that is looked at, whatever `max_depth` allows: the parsers recurse.
const MAX_DEPTH: usize = 1000;

/// Reads records as the options of the format say.
#[derive(Debug, Clone, Copy)]
pub(super) struct DocumentReader<'o> {
    pub(super) options: &'o JsonOptions,
    pub(super) rules: &'o Rules,
}

impl DocumentReader<'_> {
    /// Containers that may be open at once.
    pub(super) fn max_depth(self) -> usize {
        self.options.max_depth.min(MAX_DEPTH)
    }

    /// Takes in one record.
    pub(super) fn observe(self, sample: &mut Sample, record: &RawRecord) {
        sample.looked_at += 1;
        sample.bound_at_times();
        if sample.has_too_many {
            return;
        }
        let place = Place::of(&record.metadata);
        let documents = match self.documents(record) {
            Ok(documents) => documents,
            Err(reason) => return sample.unusable.note(&place, &reason),
        };
        for document in documents {
            match (document, self.options.non_objects) {
                (Value::Object { members, .. }, _) => sample.objects.observe(&members, 0, &place, self.rules),
                (value, Some(NonObjects::Value)) => {
                    sample.objects.observe(&[(VALUE_COLUMN, value)], 0, &place, self.rules);
                }
                (_, Some(NonObjects::Reject)) => sample.unusable.note(&place, "expected an object"),
                (value, None) => sample.values.observe(&value, 0, &place, self.rules),
            }
        }
    }

    /// The documents of a record, or why it is of no use.
    fn documents(self, record: &RawRecord) -> Result<Vec<Value<'_>>, String> {
        let Some(bytes) = &record.value else {
            return nothing(self.options.tombstones, "a tombstone");
        };
        if let Some(limit) = self.options.max_record_bytes.filter(|limit| bytes.len() > *limit) {
            return Err(format!("expected at most {limit} bytes, found {}", bytes.len()));
        }
        let text = std::str::from_utf8(bytes).map_err(|e| format!("invalid UTF-8 at byte {}", e.valid_up_to()))?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut rest = Documents::new(text, self.max_depth());
        let mut documents = Vec::new();
        while let Some(document) = rest.next().map_err(|e| e.to_string())? {
            documents.push(document);
        }
        match documents.len() {
            0 => nothing(self.options.empty_records, "an empty record"),
            2.. if self.options.multiple_documents == MultipleDocuments::Reject => {
                Err("expected one document, found several in one record".to_owned())
            }
            _ => Ok(documents),
        }
    }
}

fn nothing<'a>(policy: NoContent, found: &str) -> Result<Vec<Value<'a>>, String> {
    match policy {
        NoContent::Reject => Err(format!("expected a document, found {found}")),
        NoContent::Skip | NoContent::Null => Ok(Vec::new()),
    }
}
