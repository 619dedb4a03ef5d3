//! What JetStream says of a delivered record: its reply subject.

/// The parts of a reply subject that a source needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Delivery {
    /// Number of the record in its stream, from 1.
    pub(crate) sequence: u64,
    /// Number of the delivery in its consumer, from 1 and without gaps unless a delivery was lost.
    pub(crate) consumer_sequence: u64,
    /// When the stream took the record: milliseconds since the Unix epoch.
    pub(crate) timestamp: i64,
}

impl Delivery {
    /// Reads `$JS.ACK.<stream>.<consumer>.<delivered>.<sequence>.<consumer sequence>.<nanoseconds>.<pending>`, or the newer form,
    /// which has a domain and an account behind `ACK` and may have more at its end.
    ///
    /// Cost: no allocation.
    pub(crate) fn parse(reply: &str) -> Option<Self> {
        let rest = reply.strip_prefix("$JS.ACK.")?;
        let skipped = if rest.split('.').count() >= 9 { 5 } else { 3 };
        let mut tokens = rest.split('.').skip(skipped);
        let sequence = tokens.next()?.parse().ok()?;
        let consumer_sequence = tokens.next()?.parse().ok()?;
        let nanoseconds: i64 = tokens.next()?.parse().ok()?;
        tokens.next()?;
        Some(Self { sequence, consumer_sequence, timestamp: nanoseconds.div_euclid(1_000_000) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read_and_others_refused() {
        let expected = Some(Delivery { sequence: 7, consumer_sequence: 3, timestamp: 1_700_000_000_123 });
        let check = |reply: &str, expected| assert_eq!(Delivery::parse(reply), expected, "{reply}");
        check("$JS.ACK.S.C.1.7.3.1700000000123456789.0", expected);
        check("$JS.ACK.hub.ACC.S.C.1.7.3.1700000000123456789.0", expected);
        check("$JS.ACK._.ACC.S.C.1.7.3.1700000000123456789.0.token", expected);
        check("$JS.ACK.S.C.1.7.3.1700000000123456789", None);
        check("$JS.ACK.S.C.1.x.3.1700000000123456789.0", None);
        check("_INBOX.abc", None);
        check("", None);
    }
}
