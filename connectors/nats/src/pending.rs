//! Deliveries that were handed over and are not acknowledged yet.

/// Reply subjects of deliveries, each with the position behind which it is safe.
///
/// The texts lie in one string: a client's own reply subject would hold on to the buffer that the record came in.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    texts: String,
    /// Mark and end in `texts`, in the order of arrival.
    entries: Vec<(u64, usize)>,
}

impl Pending {
    /// Notes a delivery that is safe once a position beyond `mark` is.
    pub(crate) fn push(&mut self, mark: u64, reply: &str) {
        self.texts.push_str(reply);
        self.entries.push((mark, self.texts.len()));
    }

    /// Takes out the deliveries whose mark lies before `upto`, in the order of arrival.
    pub(crate) fn take_before(&mut self, upto: u64) -> Vec<(u64, String)> {
        let (mut taken, mut kept) = (Vec::new(), Self::default());
        let mut start = 0;
        for (mark, end) in &self.entries {
            let text = &self.texts[start..*end];
            start = *end;
            if *mark < upto {
                taken.push((*mark, text.to_owned()));
            } else {
                kept.push(*mark, text);
            }
        }
        *self = kept;
        taken
    }

    /// Puts deliveries back that could not be acknowledged.
    pub(crate) fn put_back(&mut self, taken: &[(u64, String)]) {
        taken.iter().for_each(|(mark, reply)| self.push(*mark, reply));
    }

    /// Forgets everything: the consumer delivers it again.
    pub(crate) fn clear(&mut self) {
        self.texts.clear();
        self.entries.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_before_a_position_is_taken_once() {
        let mut pending = Pending::default();
        for (mark, reply) in [(1, "a"), (3, "ccc"), (2, "bb"), (1, "again")] {
            pending.push(mark, reply);
        }
        let taken = pending.take_before(3);
        let replies: Vec<&str> = taken.iter().map(|(_, reply)| reply.as_str()).collect();
        assert_eq!(replies, ["a", "bb", "again"]);
        assert_eq!(pending.take_before(3), []);
        pending.put_back(&taken[..1]);
        assert_eq!(pending.take_before(9), [(3, "ccc".to_owned()), (1, "a".to_owned())]);
        pending.push(1, "x");
        pending.clear();
        assert_eq!(pending.take_before(9), []);
    }
}
