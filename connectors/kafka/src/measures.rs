//! What a source tells of itself while it runs, out of librdkafka's statistics.

use laminar_schema::{Measure, MeasureKind, Measures, connector::LAG};
use rdkafka::{Statistics, statistics::Partition};

use crate::{partition, words::Isolation};

const COMMITTED_LAG: Measure = Measure {
    name: "laminar_kafka_committed_lag_records",
    help: "Records of the partition behind the offset that is committed to the group",
    kind: MeasureKind::Gauge,
};
const BUFFERED: Measure = Measure {
    name: "laminar_kafka_buffered_records",
    help: "Records that the client has fetched ahead",
    kind: MeasureKind::Gauge,
};
const RECORDS: Measure = Measure {
    name: "laminar_kafka_received_records_total",
    help: "Records that the client has taken from brokers",
    kind: MeasureKind::Counter,
};
const BYTES: Measure = Measure {
    name: "laminar_kafka_received_bytes_total",
    help: "Bytes of these records, with their framing",
    kind: MeasureKind::Counter,
};
const REBALANCES: Measure = Measure {
    name: "laminar_kafka_rebalances_total",
    help: "How often the group has given this member partitions or taken some away",
    kind: MeasureKind::Counter,
};
const REQUEST_ERRORS: Measure = Measure {
    name: "laminar_kafka_request_errors_total",
    help: "Requests to brokers that failed or were not answered in time",
    kind: MeasureKind::Counter,
};
const BROKERS_UP: Measure = Measure {
    name: "laminar_kafka_brokers_up",
    help: "Brokers that the client is connected to",
    kind: MeasureKind::Gauge,
};
/// Counted by the reader: librdkafka reports an error and goes on by itself.
pub(crate) const ERRORS: Measure = Measure {
    name: "laminar_kafka_errors_total",
    help: "Errors that the client has reported, those it got over among them",
    kind: MeasureKind::Counter,
};

/// Takes the numbers of `statistics` over. Partitions that are not read here any more are forgotten.
pub(crate) fn take_over(measures: &Measures, statistics: &Statistics, isolation: Isolation) {
    let (mut read, mut buffered) = (Vec::new(), 0);
    for topic in statistics.topics.values() {
        for (number, known) in topic.partitions.iter().filter(|(number, known)| **number >= 0 && is_read(known)) {
            let name = partition::name(&topic.topic, *number);
            let end = end(known, isolation);
            // Before the first record there is no place to count from.
            if let Some(lag) = behind(end, known.app_offset) {
                measures.set_of(&LAG, &name, lag);
            }
            if let Some(lag) = behind(end, known.committed_offset) {
                measures.set_of(&COMMITTED_LAG, &name, lag);
            }
            // All partitions share a queue, and each tells its length.
            buffered = buffered.max(counted(known.fetchq_cnt));
            read.push(name);
        }
    }
    measures.retain(|name| read.iter().any(|read| **read == *name));
    measures.set(&BUFFERED, buffered);
    measures.set(&RECORDS, counted(statistics.rxmsgs));
    measures.set(&BYTES, counted(statistics.rxmsg_bytes));
    if let Some(group) = &statistics.cgrp {
        measures.set(&REBALANCES, counted(group.rebalance_cnt));
    }
    let brokers = || statistics.brokers.values();
    measures.set(&REQUEST_ERRORS, brokers().map(|b| b.txerrs + b.rxerrs + b.req_timeouts).sum());
    measures.set(&BROKERS_UP, brokers().filter(|b| b.nodeid >= 0 && b.state == "UP").count() as u64);
}

/// A partition that was given up is still among the statistics, and is not fetched.
fn is_read(known: &Partition) -> bool {
    !matches!(known.fetch_state.as_str(), "none" | "stopping" | "stopped")
}

/// Records of open transactions cannot be read yet by who reads committed ones, and do not count as behind.
fn end(known: &Partition, isolation: Isolation) -> i64 {
    match isolation {
        Isolation::Committed if known.ls_offset >= 0 => known.ls_offset,
        Isolation::Committed | Isolation::Uncommitted => known.hi_offset,
    }
}

/// Negative offsets stand for what is not known.
fn behind(end: i64, at: i64) -> Option<u64> {
    (end >= 0 && at >= 0).then(|| counted(end.saturating_sub(at)))
}

fn counted(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partition(fetch_state: &str, (app, committed, stable, high): (i64, i64, i64, i64)) -> Partition {
        Partition {
            fetch_state: fetch_state.to_owned(),
            app_offset: app,
            committed_offset: committed,
            ls_offset: stable,
            hi_offset: high,
            ..Partition::default()
        }
    }

    fn told(partitions: [Partition; 3], isolation: Isolation) -> Vec<(&'static str, String, u64)> {
        let mut statistics = Statistics::default();
        let mut topic = rdkafka::statistics::Topic { topic: "t".to_owned(), ..Default::default() };
        topic.partitions.extend((-1..).zip(partitions));
        statistics.topics.insert("t".to_owned(), topic);
        let measures = Measures::new();
        measures.set_of(&LAG, &"t/9".into(), 5);
        take_over(&measures, &statistics, isolation);
        let partitions = measures.all().into_iter().filter(|m| !m.partition.is_empty());
        partitions.map(|m| (m.measure.name, m.partition.to_string(), m.value)).collect()
    }

    #[test]
    fn lag_is_of_what_can_be_read_and_of_partitions_that_are() {
        let unread = -1001;
        let partitions = || {
            [
                partition("active", (1, 1, 1, 9)),
                partition("active", (4, 2, 7, 9)),
                partition("active", (unread, unread, 7, 9)),
            ]
        };
        let lag = |lag, committed| {
            let of = |name, partition: &str, value| (name, partition.to_owned(), value);
            vec![of(COMMITTED_LAG.name, "t/0", committed), of(LAG.name, "t/0", lag)]
        };
        assert_eq!(told(partitions(), Isolation::Committed), lag(3, 5));
        assert_eq!(told(partitions(), Isolation::Uncommitted), lag(5, 7));
        assert_eq!(
            told(partitions().map(|p| Partition { fetch_state: "none".to_owned(), ..p }), Isolation::Committed),
            []
        );
    }
}
