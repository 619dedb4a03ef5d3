//! The number that records carry: found in their JSON, and compared with the one before it.

use std::{fmt, sync::PoisonError};

use laminar_schema::Measures;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::{
    counts::{GAPS, MISSING, REPEATS},
    error::WebSocketFault,
    inbox::Peer,
    words::OnGap,
};

/// Where the number stands, and what its gaps mean.
#[derive(Debug)]
pub(crate) struct Sequence {
    path: Vec<String>,
    on_gap: OnGap,
}

impl Sequence {
    /// The number at `path`: a name, or a JSON pointer (RFC 6901).
    pub(crate) fn new(path: &str, on_gap: OnGap) -> Self {
        let path = match path.strip_prefix('/') {
            Some(pointer) => pointer.split('/').map(|part| part.replace("~1", "/").replace("~0", "~")).collect(),
            None => vec![path.to_owned()],
        };
        Self { path, on_gap }
    }

    /// Compares the number of `record` with the last one of its peer, counts what is amiss, and yields the number. A record
    /// without one, such as a heartbeat, is passed over.
    ///
    /// # Errors
    /// A gap or a repeat, where those are to end the run.
    ///
    /// Cost: the record is parsed once more, without an allocation unless fields before the number are nested or escaped.
    pub(crate) fn check(&self, record: &[u8], peer: &Peer, measures: &Measures) -> Result<Option<u64>, WebSocketFault> {
        let Some(found) = self.number(record) else { return Ok(None) };
        let last = peer.last.lock().unwrap_or_else(PoisonError::into_inner).replace(found);
        let Some(expected) = last.map(|last| last.saturating_add(1)) else { return Ok(Some(found)) };
        if found == expected {
            return Ok(Some(found));
        }
        if found > expected {
            measures.add(&GAPS, 1);
            measures.add(&MISSING, found - expected);
        } else {
            measures.add(&REPEATS, 1);
        }
        match self.on_gap {
            OnGap::Warn => Ok(Some(found)),
            OnGap::Fail => Err(WebSocketFault::Gap { peer: peer.name.clone(), expected, found }),
        }
    }

    fn number(&self, record: &[u8]) -> Option<u64> {
        let mut document = serde_json::Deserializer::from_slice(record);
        At(&self.path).deserialize(&mut document).ok().flatten()
    }
}

/// The number below a path.
struct At<'a>(&'a [String]);

impl<'de> DeserializeSeed<'de> for At<'_> {
    type Value = Option<u64>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for At<'_> {
    type Value = Option<u64>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(self.0.is_empty().then_some(number))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    /// Numbers above 2^53 are often sent as text.
    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(text.parse().ok().filter(|_| self.0.is_empty()))
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        let mut found = None;
        while let Some(is_meant) = map.next_key_seed(Is(self.0.first().map(String::as_str)))? {
            match self.0 {
                [_, below @ ..] if is_meant && found.is_none() => found = map.next_value_seed(At(below))?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(found)
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut list: S) -> Result<Self::Value, S::Error> {
        let wanted: Option<usize> = self.0.first().and_then(|part| part.parse().ok());
        let (mut found, mut index) = (None, 0);
        loop {
            let more = match self.0 {
                [_, below @ ..] if wanted == Some(index) => list.next_element_seed(At(below))?.map(|n| found = n),
                _ => list.next_element::<IgnoredAny>()?.map(drop),
            };
            if more.is_none() {
                return Ok(found);
            }
            index += 1;
        }
    }
}

/// Whether a key is the one that is looked for.
struct Is<'a>(Option<&'a str>);

impl<'de> DeserializeSeed<'de> for Is<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Is<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<bool, E> {
        Ok(self.0 == Some(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_where_they_stand() {
        let check = |path: &str, record: &str, expected: Option<u64>| {
            let found = Sequence::new(path, OnGap::Warn).number(record.as_bytes());
            assert_eq!(found, expected, "{path} in {record}");
        };
        check("seq", r#"{"a":[{"seq":1}],"seq":7,"b":{}}"#, Some(7));
        check("seq", r#"{"seq":"18446744073709551615"}"#, Some(u64::MAX));
        check("seq", r#"{"other":7}"#, None);
        check("seq", r#"{"seq":-1}"#, None);
        check("seq", r#"{"seq":1.5}"#, None);
        check("seq", r#"{"seq":null}"#, None);
        check("seq", "no json", None);
        check("seq", "[1,2]", None);
        check("/data/1/seq", r#"{"data":[{"seq":1},{"seq":2}]}"#, Some(2));
        check("/a~1b/~0", r#"{"a/b":{"~":3}}"#, Some(3));
        check("/data/seq", r#"{"data":5}"#, None);
    }

    #[test]
    fn gaps_and_repeats_are_counted_or_end_it() {
        let run = |on_gap, numbers: &[u64]| {
            let (sequence, peer, measures) = (Sequence::new("n", on_gap), Peer::new("p".to_owned()), Measures::new());
            let failed = numbers.iter().find_map(|n| {
                sequence.check(format!(r#"{{"n":{n}}}"#).as_bytes(), &peer, &measures).err().map(|e| e.to_string())
            });
            let total = |name: &str| measures.total(name).unwrap_or(0);
            ([total(GAPS.name), total(MISSING.name), total(REPEATS.name)], failed)
        };
        assert_eq!(run(OnGap::Warn, &[5, 6, 7]), ([0, 0, 0], None));
        assert_eq!(run(OnGap::Warn, &[5, 8, 8, 9, 0, 1]), ([1, 2, 2], None));
        let (_, failed) = run(OnGap::Fail, &[5, 8]);
        assert!(failed.is_some_and(|e| e.starts_with("p: record 6 of `sequence` should have come, and 8 did")));
    }
}
