//! How messages name the schema that they were written with.

use std::{fmt, str::FromStr};

use crate::config::FromConfigValue;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Id of a writer schema in its registry: a number of 32 bits in Confluent's, a UUID in AWS Glue's. Numbers and UUIDs do not
/// meet, since a UUID says its version in bits that numbers do not have.
///
/// Shown, and read, as a number or as `8-4-4-4-12` hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WriterSchemaId(pub u128);

impl WriterSchemaId {
    /// The number; `None` for a UUID.
    pub fn number(self) -> Option<u32> {
        u32::try_from(self.0).ok()
    }

    /// The id as `8-4-4-4-12` hexadecimal digits, whatever it is.
    pub fn as_uuid(self) -> String {
        let hex = format!("{:032x}", self.0);
        [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
    }
}

impl From<u32> for WriterSchemaId {
    fn from(number: u32) -> Self {
        Self(number.into())
    }
}

impl fmt::Display for WriterSchemaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.number() {
            Some(number) => number.fmt(f),
            None => f.pad(&self.as_uuid()),
        }
    }
}

impl FromStr for WriterSchemaId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_dash = |at: usize| matches!(at, 8 | 13 | 18 | 23);
        let is_uuid = text.len() == 36
            && text
                .bytes()
                .enumerate()
                .all(|(at, byte)| if is_dash(at) { byte == b'-' } else { byte.is_ascii_hexdigit() });
        if is_uuid {
            return u128::from_str_radix(&text.replace('-', ""), 16).map(Self).map_err(|e| e.to_string());
        }
        text.parse::<u32>().map(Self::from).map_err(|_| "expected a number or a UUID".to_owned())
    }
}

impl FromConfigValue for WriterSchemaId {
    const TYPE_NAME: &'static str = "integer from 0 to 4294967295, or a UUID";

    fn from_value(text: &str) -> Result<Self, String> {
        text.trim().parse()
    }
}

impl Serialize for WriterSchemaId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.number() {
            Some(number) => serializer.serialize_u32(number),
            None => serializer.collect_str(self),
        }
    }
}

impl<'de> Deserialize<'de> for WriterSchemaId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Number(u32),
            Text(String),
        }
        match Written::deserialize(deserializer)? {
            Written::Number(number) => Ok(number.into()),
            Written::Text(text) => text.parse().map_err(de::Error::custom),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_numbers_or_uuids() {
        for (text, json) in [
            ("7", "7"),
            ("4294967295", "4294967295"),
            ("0ab0c1d2-e3f4-4a5b-8c6d-7e8f90a1b2c3", "\"0ab0c1d2-e3f4-4a5b-8c6d-7e8f90a1b2c3\""),
        ] {
            let id: WriterSchemaId = text.parse().unwrap();
            assert_eq!(id.to_string(), text);
            assert_eq!(serde_json::to_string(&id).unwrap(), json);
            assert_eq!(serde_json::from_str::<WriterSchemaId>(json).unwrap(), id);
        }
        for text in ["", "-1", "4294967296", "0ab0c1d2e3f44a5b8c6d7e8f90a1b2c3", "0ab0c1d2-e3f4-4a5b-8c6d-7e8f90a1b2cé"]
        {
            assert!(text.parse::<WriterSchemaId>().is_err(), "{text}");
        }
    }
}
