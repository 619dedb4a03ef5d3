//! Where reading of a stream queue begins when no checkpoint knows.

use laminar_schema::config::FromConfigValue;
use lapin::types::AMQPValue;

/// Where to begin a stream queue that no checkpoint knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartAt {
    /// At its oldest record.
    First,
    /// At the last chunk of records that it has written: at its newest record, or a few before it.
    Last,
    /// Behind its newest record.
    Next,
    /// At the first record whose offset is not lower.
    Offset(u64),
    /// At the chunk that holds the first record that is not older, so that a few may be: seconds since the Unix epoch.
    Time(u64),
}

impl StartAt {
    /// The same, as the argument of a consumer.
    pub(crate) fn argument(self) -> AMQPValue {
        match self {
            Self::First => AMQPValue::LongString("first".into()),
            Self::Last => AMQPValue::LongString("last".into()),
            Self::Next => AMQPValue::LongString("next".into()),
            // An offset beyond what a signed number holds is beyond every stream.
            Self::Offset(offset) => AMQPValue::LongLongInt(i64::try_from(offset).unwrap_or(i64::MAX)),
            Self::Time(seconds) => AMQPValue::Timestamp(seconds),
        }
    }
}

impl FromConfigValue for StartAt {
    const TYPE_NAME: &'static str = "first, last, next, an offset such as 42, or a time such as 2026-01-31T12:00:00Z";

    fn from_value(text: &str) -> Result<Self, String> {
        let text = text.trim();
        match text.to_ascii_lowercase().as_str() {
            "first" => return Ok(Self::First),
            "last" => return Ok(Self::Last),
            "next" => return Ok(Self::Next),
            _ => {}
        }
        if let Ok(time) = chrono::DateTime::parse_from_rfc3339(text) {
            return u64::try_from(time.timestamp()).map(Self::Time).map_err(|_| "it lies before 1970".to_owned());
        }
        text.parse().map(Self::Offset).map_err(|_| String::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read() {
        assert_eq!(StartAt::from_value(" First"), Ok(StartAt::First));
        assert_eq!(StartAt::from_value("last"), Ok(StartAt::Last));
        assert_eq!(StartAt::from_value("NEXT"), Ok(StartAt::Next));
        assert_eq!(StartAt::from_value("0"), Ok(StartAt::Offset(0)));
        assert_eq!(StartAt::from_value("1970-01-01T01:00:02.5+01:00"), Ok(StartAt::Time(2)));
        for bad in ["", "-1", "yesterday", "2026-01-31", "1969-01-01T00:00:00Z", "latest"] {
            assert!(StartAt::from_value(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn offsets_are_numbers_and_times_seconds() {
        assert_eq!(StartAt::Offset(7).argument(), AMQPValue::LongLongInt(7));
        assert_eq!(StartAt::Offset(u64::MAX).argument(), AMQPValue::LongLongInt(i64::MAX));
        assert_eq!(StartAt::Time(9).argument(), AMQPValue::Timestamp(9));
    }
}
