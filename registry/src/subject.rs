//! Subjects: how they are named after topics and records, and the contexts in front of them.

use laminar_schema::RegistryError;

/// How the subject of a topic's schemas is named; the words of Confluent's serializers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum SubjectStrategy {
    /// The topic's name and `-key` or `-value`: one schema for all of a topic.
    #[default]
    TopicName,
    /// The full name of the record: one schema for all topics.
    RecordName,
    /// Topic and full name of the record: several schemas in a topic.
    TopicRecordName,
    /// This one, whatever topic and record are.
    Explicit(String),
}

/// Which part of a Kafka record a schema is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RecordPart {
    /// Its key.
    Key,
    /// Its value.
    #[default]
    Value,
}

impl SubjectStrategy {
    /// Names the subject; `record` is the full name of an Avro record or a Protobuf message, or the title of a JSON Schema.
    ///
    /// # Errors
    /// [`RegistryError::Misconfigured`] where the strategy needs a record's name and there is none, and for an empty name.
    pub fn subject(&self, topic: &str, part: RecordPart, record: Option<&str>) -> Result<String, RegistryError> {
        let record = || record.ok_or_else(|| wrong("the full name of the record for this strategy", "none"));
        let subject = match self {
            Self::TopicName => match part {
                RecordPart::Key => format!("{topic}-key"),
                RecordPart::Value => format!("{topic}-value"),
            },
            Self::RecordName => record()?.to_owned(),
            Self::TopicRecordName => format!("{topic}-{}", record()?),
            Self::Explicit(subject) => subject.clone(),
        };
        if subject.is_empty() { Err(wrong("a name", "an empty one")) } else { Ok(subject) }
    }
}

#[cold]
fn wrong(expected: &'static str, found: &str) -> RegistryError {
    RegistryError::Misconfigured { setting: "subject", expected, found: found.to_owned() }
}

/// A subject's context and its name within: `:.ctx:name`, or a name alone in the default context.
pub(crate) fn split(subject: &str) -> (Option<&str>, &str) {
    let rest = subject.strip_prefix(":.").and_then(|rest| rest.split_once(':'));
    match rest {
        // One byte before the context's name is its dot, which belongs to it.
        Some((context, name)) => (Some(&subject[1..2 + context.len()]).filter(|context| *context != "."), name),
        None => (None, subject),
    }
}

/// The subject in a context, unless it names one.
pub(crate) fn qualified(context: Option<&str>, subject: &str) -> String {
    match context {
        Some(context) if context != "." && !subject.starts_with(":.") => format!(":{context}:{subject}"),
        _ => subject.to_owned(),
    }
}

/// Reads a context's name.
///
/// # Errors
/// It does not begin with a dot, or has a colon.
pub(crate) fn checked_context(context: &str) -> Result<&str, RegistryError> {
    if context.starts_with('.') && !context.contains(':') {
        return Ok(context);
    }
    let expected = "a name that begins with a dot and has no colon, such as `.staging`";
    Err(RegistryError::Misconfigured { setting: "context", expected, found: format!("`{context}`") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strategies_name_subjects_as_confluents_serializers_do() {
        let check = |strategy: SubjectStrategy, part, expected: &str| {
            assert_eq!(strategy.subject("trades", part, Some("shop.Trade")).unwrap(), expected);
        };
        check(SubjectStrategy::TopicName, RecordPart::Value, "trades-value");
        check(SubjectStrategy::TopicName, RecordPart::Key, "trades-key");
        check(SubjectStrategy::RecordName, RecordPart::Value, "shop.Trade");
        check(SubjectStrategy::TopicRecordName, RecordPart::Key, "trades-shop.Trade");
        check(SubjectStrategy::Explicit("s".into()), RecordPart::Key, "s");
    }

    #[test]
    fn a_name_that_is_missing_is_asked_for() {
        let error = SubjectStrategy::RecordName.subject("t", RecordPart::Value, None).unwrap_err().to_string();
        assert!(error.contains("expected the full name of the record"), "{error}");
        assert!(SubjectStrategy::Explicit(String::new()).subject("t", RecordPart::Value, None).is_err());
    }

    #[test]
    fn contexts_stand_before_subjects() {
        assert_eq!(split(":.ctx:a-value"), (Some(".ctx"), "a-value"));
        assert_eq!(split(":.:a"), (None, "a"));
        assert_eq!(split("a"), (None, "a"));
        assert_eq!(split(":.half"), (None, ":.half"));
        assert_eq!(qualified(Some(".ctx"), "a"), ":.ctx:a");
        assert_eq!(qualified(Some(".ctx"), ":.other:a"), ":.other:a");
        assert_eq!(qualified(Some("."), "a"), "a");
        assert!(checked_context("ctx").is_err());
    }
}
