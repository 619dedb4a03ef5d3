//! Names of partitions in positions and locations: `topic/3`.

use std::sync::Arc;

use laminar_schema::Position;

/// The name of a topic's partition, in checkpoints, errors and metadata columns.
pub(crate) fn name(topic: &str, partition: i32) -> Arc<str> {
    format!("{topic}/{partition}").into()
}

/// Topic and partition of a name; `None` when it is none of ours.
pub(crate) fn parse(name: &str) -> Option<(&str, i32)> {
    let (topic, partition) = name.rsplit_once('/')?;
    let partition = partition.parse().ok().filter(|p| *p >= 0)?;
    (!topic.is_empty()).then_some((topic, partition))
}

/// Topic, partition and next offset of a position; `None` when it is none of ours.
pub(crate) fn parse_position<'a>(name: &'a str, position: &Position) -> Option<(&'a str, i32, i64)> {
    let (topic, partition) = parse(name)?;
    Some((topic, partition, i64::try_from(position.as_u64()?).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back() {
        for (topic, partition) in [("a", 0), ("a.b-c_d", 117)] {
            assert_eq!(parse(&name(topic, partition)), Some((topic, partition)));
        }
        for foreign in ["", "a", "/1", "a/", "a/-1", "a/x"] {
            assert_eq!(parse(foreign), None, "{foreign}");
        }
    }
}
