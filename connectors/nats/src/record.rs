//! A message as a record: the only place where its bytes are copied.

use async_nats::{HeaderMap, Message};
use laminar_schema::{NewRecord, RawBatch};

/// Headers of a record that need no allocation.
const USUAL_HEADERS: usize = 16;

/// How messages become records.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shape {
    /// What stands before a bucket's keys in their subjects; nothing where it is not a bucket.
    key_prefix: String,
    with_headers: bool,
}

/// Where a message stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Standing {
    pub(crate) partition: u32,
    pub(crate) sequence: Option<u64>,
    pub(crate) timestamp: Option<i64>,
}

impl Shape {
    pub(crate) fn new(bucket: Option<&str>, with_headers: bool) -> Self {
        Self { key_prefix: bucket.map(|bucket| format!("$KV.{bucket}.")).unwrap_or_default(), with_headers }
    }

    /// The key of a message: its subject, or in a bucket what it is called there.
    pub(crate) fn key<'a>(&self, subject: &'a str) -> &'a str {
        subject.strip_prefix(&self.key_prefix).unwrap_or(subject)
    }

    /// The bytes of a message; `None` where a bucket's key was deleted.
    pub(crate) fn value<'a>(&self, payload: &'a [u8], headers: Option<&HeaderMap>) -> Option<&'a [u8]> {
        let is_deleted = !self.key_prefix.is_empty()
            && headers.is_some_and(|headers| {
                let operation = headers.get("KV-Operation").map(async_nats::HeaderValue::as_str);
                matches!(operation, Some("DEL" | "PURGE")) || headers.get("Nats-Marker-Reason").is_some()
            });
        (!is_deleted).then_some(payload)
    }

    /// Appends a message.
    pub(crate) fn push(&self, message: &Message, standing: Standing, raw: &mut RawBatch) {
        let headers = message.headers.as_ref();
        let mut record = NewRecord {
            value: self.value(&message.payload, headers),
            key: Some(self.key(&message.subject).as_bytes()),
            timestamp: standing.timestamp,
            partition: Some(standing.partition),
            offset: standing.sequence,
            line: None,
            headers: &[],
        };
        let Some(headers) = headers.filter(|headers| self.with_headers && !headers.is_empty()) else {
            raw.push(record);
            return;
        };
        let mut few = [("", &[][..]); USUAL_HEADERS];
        let mut many = Vec::new();
        let pairs = headers.iter().flat_map(|(name, values)| {
            let name: &str = name.as_ref();
            values.iter().map(move |value| (name, value.as_str().as_bytes()))
        });
        let mut count = 0;
        for pair in pairs {
            match few.get_mut(count) {
                Some(slot) if many.is_empty() => *slot = pair,
                _ => {
                    if many.is_empty() {
                        many.extend_from_slice(&few[..count]);
                    }
                    many.push(pair);
                }
            }
            count += 1;
        }
        let listed = if many.is_empty() { &mut few[..count] } else { &mut many[..] };
        // The client keeps them in a map, whose order differs from run to run.
        listed.sort_unstable();
        record.headers = listed;
        raw.push(record);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(subject: &str, headers: &[(&str, &str)]) -> Message {
        let mut map = HeaderMap::new();
        headers.iter().for_each(|(name, value)| map.append(*name, *value));
        let headers = (!headers.is_empty()).then_some(map);
        let (payload, reply, status, description) = ("{}".into(), None, None, None);
        Message { subject: subject.into(), reply, payload, headers, status, description, length: 0 }
    }

    fn pushed(shape: &Shape, message: &Message) -> (Option<String>, Option<String>, Vec<(String, String)>) {
        let mut raw = RawBatch::new();
        shape.push(message, Standing { partition: 0, sequence: Some(1), timestamp: None }, &mut raw);
        let record = raw.record(0);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let headers = record.headers().map(|(name, value)| (name.to_owned(), text(value))).collect();
        (record.key().map(text), record.value().map(text), headers)
    }

    #[test]
    fn a_subject_is_the_key_and_headers_stand_in_order() {
        let (with, without) = (Shape::new(None, true), Shape::new(None, false));
        let message = message("a.b", &[("z", "1"), ("a", "2"), ("a", "3")]);
        let (key, value, headers) = pushed(&with, &message);
        assert_eq!((key.as_deref(), value.as_deref()), (Some("a.b"), Some("{}")));
        let expected = [("a", "2"), ("a", "3"), ("z", "1")].map(|(n, v)| (n.to_owned(), v.to_owned()));
        assert_eq!(headers, expected);
        assert_eq!(pushed(&without, &message).2, []);
    }

    #[test]
    fn more_headers_than_usual_are_all_there() {
        let names: Vec<String> = (10..40).map(|n| format!("h{n}")).collect();
        let headers: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "v")).collect();
        let found: Vec<String> =
            pushed(&Shape::new(None, true), &message("s", &headers)).2.into_iter().map(|(name, _)| name).collect();
        assert_eq!(found, names);
    }

    #[test]
    fn a_deleted_key_is_a_tombstone_in_a_bucket_only() {
        let deleted = message("$KV.b.x.y", &[("KV-Operation", "DEL")]);
        assert_eq!(pushed(&Shape::new(Some("b"), true), &deleted).1, None);
        assert_eq!(pushed(&Shape::new(Some("b"), true), &deleted).0.as_deref(), Some("x.y"));
        assert_eq!(pushed(&Shape::new(None, true), &deleted).1.as_deref(), Some("{}"));
        assert_eq!(pushed(&Shape::new(Some("b"), true), &message("$KV.b.x", &[])).1.as_deref(), Some("{}"));
    }
}
