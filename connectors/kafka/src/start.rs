//! Where reading begins in partitions that neither a checkpoint nor a group knows.

use std::collections::BTreeMap;

use laminar_schema::config::FromConfigValue;

/// Where to begin a partition that neither a checkpoint nor a committed offset knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StartAt {
    /// At its oldest record.
    Earliest,
    /// Behind its newest record.
    Latest,
    /// At the first record that is not older: milliseconds since the Unix epoch.
    Timestamp(i64),
    /// At an offset for each partition; partitions not listed begin at their oldest record.
    Offsets(BTreeMap<i32, i64>),
}

impl FromConfigValue for StartAt {
    const TYPE_NAME: &'static str =
        "earliest, latest, a time such as 2026-01-31T12:00:00Z, or offsets by partition such as 0:100,1:250";

    fn from_value(text: &str) -> Result<Self, String> {
        let text = text.trim();
        match text.to_ascii_lowercase().as_str() {
            "earliest" => return Ok(Self::Earliest),
            "latest" => return Ok(Self::Latest),
            _ => {}
        }
        if let Ok(time) = chrono::DateTime::parse_from_rfc3339(text) {
            return Ok(Self::Timestamp(time.timestamp_millis()));
        }
        offsets(text).map(Self::Offsets)
    }
}

/// Reads `0:100,1:250`.
pub(crate) fn offsets(text: &str) -> Result<BTreeMap<i32, i64>, String> {
    let mut offsets = BTreeMap::new();
    for part in text.split(',') {
        let pair = part.trim().split_once(':').and_then(|(partition, offset)| {
            let partition = partition.trim().parse::<i32>().ok().filter(|p| *p >= 0)?;
            Some((partition, offset.trim().parse::<i64>().ok().filter(|o| *o >= 0)?))
        });
        let Some((partition, offset)) = pair else { return Err(String::new()) };
        if offsets.insert(partition, offset).is_some() {
            return Err(format!("partition {partition} stands twice"));
        }
    }
    Ok(offsets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read() {
        assert_eq!(StartAt::from_value("Latest"), Ok(StartAt::Latest));
        assert_eq!(StartAt::from_value("1970-01-01T01:00:00.5+01:00"), Ok(StartAt::Timestamp(500)));
        assert_eq!(StartAt::from_value("0:5, 2:7"), Ok(StartAt::Offsets(BTreeMap::from([(0, 5), (2, 7)]))));
        for bad in ["", "yesterday", "0:-1", "-1:0", "0", "0:1,0:2", "2026-01-31"] {
            assert!(StartAt::from_value(bad).is_err(), "{bad}");
        }
    }
}
