//! The features of an edition: what they are set to, and what is inherited.
//!
//! Source: "Feature Settings for Editions"; `google/protobuf/descriptor.proto`, `FeatureSet`.

use prost_reflect::prost_types::UninterpretedOption;

use super::text::{Token, tokens};

/// The features that say what bytes mean. The others are checked and go: of `enum_type` both values keep a number that has no
/// name, and text is UTF-8 in a column whatever `utf8_validation` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Features {
    pub(super) presence: Presence,
    pub(super) is_packed: bool,
    pub(super) is_delimited: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    Explicit,
    Implicit,
    Required,
}

impl Features {
    /// What an edition starts from; those of 2024 that are new are not about bytes.
    pub(super) const DEFAULT: Self = Self { presence: Presence::Explicit, is_packed: true, is_delimited: false };

    /// These with what is set beside them.
    pub(super) fn with(mut self, set: &[Setting]) -> Self {
        for setting in set {
            match setting {
                Setting::Presence(presence) => self.presence = *presence,
                Setting::Packed(packed) => self.is_packed = *packed,
                Setting::Delimited(delimited) => self.is_delimited = *delimited,
            }
        }
        self
    }
}

/// One feature, set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Setting {
    Presence(Presence),
    Packed(bool),
    Delimited(bool),
}

impl Setting {
    /// A feature by its name; `None` for one that does not say what bytes mean.
    fn of(feature: &str, value: &str) -> Result<Option<Self>, String> {
        let expected: &[&str] = match feature {
            "field_presence" => &["EXPLICIT", "IMPLICIT", "LEGACY_REQUIRED"],
            "repeated_field_encoding" => &["PACKED", "EXPANDED"],
            "message_encoding" => &["LENGTH_PREFIXED", "DELIMITED"],
            "enum_type" => &["OPEN", "CLOSED"],
            "utf8_validation" => &["VERIFY", "NONE"],
            "json_format" => &["ALLOW", "LEGACY_BEST_EFFORT"],
            "enforce_naming_style" | "default_symbol_visibility" => return Ok(None),
            _ => {
                return Err(format!(
                    "expected a feature of edition 2023 or 2024, found `{feature}`, which may change what bytes mean"
                ));
            }
        };
        Ok(match (feature, value) {
            ("field_presence", "EXPLICIT") => Some(Self::Presence(Presence::Explicit)),
            ("field_presence", "IMPLICIT") => Some(Self::Presence(Presence::Implicit)),
            ("field_presence", "LEGACY_REQUIRED") => Some(Self::Presence(Presence::Required)),
            ("repeated_field_encoding", "PACKED" | "EXPANDED") => Some(Self::Packed(value == "PACKED")),
            ("message_encoding", "LENGTH_PREFIXED" | "DELIMITED") => Some(Self::Delimited(value == "DELIMITED")),
            (_, value) if expected.contains(&value) => None,
            _ => return Err(format!("expected features.{feature} of {}, found `{value}`", expected.join(", "))),
        })
    }

    /// Takes the features out of an element's options as the parser leaves them.
    ///
    /// # Errors
    /// A feature or a value that is none.
    pub(super) fn take(options: &mut Vec<UninterpretedOption>) -> Result<Vec<Self>, String> {
        let mut set = Vec::new();
        for option in options.extract_if(.., |option| is_feature(option)) {
            match &option.name[1..] {
                [] => set.extend(of_aggregate(option.aggregate_value())?),
                // Those of a language are about its code.
                [first, ..] if first.is_extension => {}
                [feature] => set.extend(Self::of(&feature.name_part, option.identifier_value())?),
                _ => return Err(format!("expected features.{} without a part of it", option.name[1].name_part)),
            }
        }
        Ok(set)
    }
}

fn is_feature(option: &UninterpretedOption) -> bool {
    option.name.first().is_some_and(|part| part.name_part == "features" && !part.is_extension)
}

/// `features = { field_presence: IMPLICIT [pb.java] { … } }`, between its braces.
fn of_aggregate(text: &str) -> Result<Vec<Setting>, String> {
    let (mut set, mut depth, mut previous) = (Vec::new(), 0_usize, [None; 2]);
    for (token, _) in tokens(text) {
        match token {
            Token::Sign(b'{' | b'[' | b'<') => depth += 1,
            Token::Sign(b'}' | b']' | b'>') => depth = depth.saturating_sub(1),
            Token::Word(value) if depth == 0 => {
                if let [Some(Token::Word(feature)), Some(Token::Sign(b':'))] = previous {
                    set.extend(Setting::of(feature, value)?);
                }
            }
            _ => {}
        }
        previous = [previous[1], Some(token)];
    }
    Ok(set)
}
