//! Where a source can resume: partition → opaque, ordered, serialisable bytes.

use std::{collections::BTreeMap, fmt, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A place in one partition to resume from, opaque to everybody but the connector that made it.
///
/// Order: the bytes compare as the places do, so `max` of two positions is the later one. Numbers are
/// therefore stored big-endian ([`Position::from_u64`]).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position(Box<[u8]>);

impl Position {
    /// Takes over bytes that already compare in order.
    pub fn from_bytes(bytes: impl Into<Box<[u8]>>) -> Self {
        Self(bytes.into())
    }

    /// A position that is one number: an offset, a sequence, a byte count.
    pub fn from_u64(value: u64) -> Self {
        Self(Box::new(value.to_be_bytes()))
    }

    /// The number of [`Position::from_u64`]; `None` when the bytes are something else.
    pub fn as_u64(&self) -> Option<u64> {
        Some(u64::from_be_bytes(self.0.as_ref().try_into().ok()?))
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.as_u64() {
            Some(n) => write!(f, "{n}"),
            None => self.0.iter().try_for_each(|b| write!(f, "{b:02x}")),
        }
    }
}

impl Serialize for Position {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        use base64::Engine as _;
        s.serialize_str(&base64::engine::general_purpose::STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Position {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        use base64::Engine as _;
        let text = String::deserialize(d)?;
        let bytes = base64::engine::general_purpose::STANDARD.decode(text).map_err(serde::de::Error::custom)?;
        Ok(Self(bytes.into()))
    }
}

/// A position for each partition of a source: everything needed to resume it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Positions(BTreeMap<Arc<str>, Position>);

impl Positions {
    /// No partition read yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the position of `partition`, whatever it was.
    pub fn set(&mut self, partition: impl Into<Arc<str>>, position: Position) {
        self.0.insert(partition.into(), position);
    }

    /// The position of `partition`.
    pub fn get(&self, partition: &str) -> Option<&Position> {
        self.0.get(partition)
    }

    /// Takes over every position of `later`, which was reached after this one.
    pub fn advance(&mut self, later: &Self) {
        for (partition, position) in &later.0 {
            match self.0.get_mut(partition) {
                Some(known) => known.clone_from(position),
                None => {
                    self.0.insert(Arc::clone(partition), position.clone());
                }
            }
        }
    }

    /// All partitions with their positions, in order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &Position)> {
        self.0.iter()
    }

    /// True when no partition is known.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Forgets every partition.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

impl<P: Into<Arc<str>>> FromIterator<(P, Position)> for Positions {
    fn from_iter<I: IntoIterator<Item = (P, Position)>>(items: I) -> Self {
        Self(items.into_iter().map(|(p, at)| (p.into(), at)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_order() {
        for (low, high) in [(0, 1), (255, 256), (u64::MAX - 1, u64::MAX)] {
            assert!(Position::from_u64(low) < Position::from_u64(high));
            assert_eq!(Position::from_u64(high).as_u64(), Some(high));
        }
    }

    #[test]
    fn later_positions_win_and_others_stay() {
        let mut at: Positions = [("a", Position::from_u64(1)), ("b", Position::from_u64(7))].into_iter().collect();
        at.advance(&[("a", Position::from_u64(3))].into_iter().collect());
        assert_eq!(serde_json::to_string(&at).ok(), Some(r#"{"a":"AAAAAAAAAAM=","b":"AAAAAAAAAAc="}"#.to_owned()));
    }
}
