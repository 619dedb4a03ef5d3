//! Where reading of a stream begins when neither a checkpoint nor a durable consumer knows.

use async_nats::jetstream::consumer::DeliverPolicy;
use laminar_schema::config::FromConfigValue;

/// Where to begin a stream that neither a checkpoint nor a durable consumer knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartAt {
    /// At its oldest record.
    All,
    /// Behind its newest record.
    New,
    /// At its newest record.
    Last,
    /// At the newest record of each subject, oldest first.
    LastPerSubject,
    /// At the first record whose sequence is not lower.
    Sequence(u64),
    /// At the first record that is not older: milliseconds since the Unix epoch.
    Time(i64),
}

impl StartAt {
    /// The same, in JetStream's terms.
    pub(crate) fn policy(self) -> DeliverPolicy {
        match self {
            Self::All => DeliverPolicy::All,
            Self::New => DeliverPolicy::New,
            Self::Last => DeliverPolicy::Last,
            Self::LastPerSubject => DeliverPolicy::LastPerSubject,
            Self::Sequence(start_sequence) => DeliverPolicy::ByStartSequence { start_sequence },
            Self::Time(millis) => match async_nats::datetime::from_nanos(i128::from(millis) * 1_000_000) {
                Ok(start_time) => DeliverPolicy::ByStartTime { start_time },
                // A time that the client cannot say lies before or behind every record.
                Err(_) if millis < 0 => DeliverPolicy::All,
                Err(_) => DeliverPolicy::New,
            },
        }
    }
}

impl FromConfigValue for StartAt {
    const TYPE_NAME: &'static str =
        "all, new, last, last_per_subject, a sequence such as 42, or a time such as 2026-01-31T12:00:00Z";

    fn from_value(text: &str) -> Result<Self, String> {
        let text = text.trim();
        match text.to_ascii_lowercase().as_str() {
            "all" => return Ok(Self::All),
            "new" => return Ok(Self::New),
            "last" => return Ok(Self::Last),
            "last_per_subject" => return Ok(Self::LastPerSubject),
            _ => {}
        }
        if let Ok(time) = chrono::DateTime::parse_from_rfc3339(text) {
            return Ok(Self::Time(time.timestamp_millis()));
        }
        match text.parse() {
            Ok(0) => Err("sequences begin at 1".to_owned()),
            Ok(sequence) => Ok(Self::Sequence(sequence)),
            Err(_) => Err(String::new()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read() {
        assert_eq!(StartAt::from_value("New"), Ok(StartAt::New));
        assert_eq!(StartAt::from_value("last_per_subject"), Ok(StartAt::LastPerSubject));
        assert_eq!(StartAt::from_value("42"), Ok(StartAt::Sequence(42)));
        assert_eq!(StartAt::from_value("1970-01-01T01:00:00.5+01:00"), Ok(StartAt::Time(500)));
        for bad in ["", "0", "-1", "yesterday", "2026-01-31", "earliest"] {
            assert!(StartAt::from_value(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_time_is_told_to_the_millisecond() {
        let DeliverPolicy::ByStartTime { start_time } = StartAt::Time(1_500).policy() else { panic!("another policy") };
        assert_eq!(async_nats::datetime::from_nanos(1_500_000_000).ok(), Some(start_time));
    }
}
