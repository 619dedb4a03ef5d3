//! What a connector can do beyond moving records: four traits, and the set of those that a connector has.
//!
//! Lives here: the capability traits of SPEC.md §2, [`Capabilities`], and [`Absent`], the type that stands for a
//! capability a connector does not have. Does not live here: who asks for them ([`crate::resolve`]).

mod absent;
mod traits;

pub use absent::Absent;
pub use traits::{SchemaEvolvable, SchemaInferable, SchemaProvider, SchemaRegistryAware};

use std::fmt;

/// One of the four capabilities, by its word in `#[capabilities(…)]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Capability {
    /// `provider`: carries its own schema.
    Provider,
    /// `inferable`: records can be sampled.
    Inferable,
    /// `registry`: schemas live in an external registry.
    Registry,
    /// `evolvable`: follows schema changes.
    Evolvable,
}

impl Capability {
    /// All four, in the order of the words.
    pub const ALL: [Self; 4] = [Self::Provider, Self::Inferable, Self::Registry, Self::Evolvable];

    /// The word in `#[capabilities(…)]`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::Inferable => "inferable",
            Self::Registry => "registry",
            Self::Evolvable => "evolvable",
        }
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A set of capabilities, usable in constants.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Capabilities(u8);

impl Capabilities {
    /// No capability.
    pub const NONE: Self = Self(0);
    /// Every capability.
    pub const ALL: Self = Self(0b1111);

    /// A set of one.
    pub const fn of(capability: Capability) -> Self {
        Self(capability.bit())
    }

    /// This set and one more.
    #[must_use]
    pub const fn with(self, capability: Capability) -> Self {
        Self(self.0 | capability.bit())
    }

    /// What is in either set.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is in both sets.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether the capability is in the set.
    pub const fn contains(self, capability: Capability) -> bool {
        self.0 & capability.bit() != 0
    }

    /// The capabilities in the set.
    pub fn iter(self) -> impl Iterator<Item = Capability> {
        Capability::ALL.into_iter().filter(move |c| self.contains(*c))
    }
}

impl fmt::Debug for Capabilities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl fmt::Display for Capabilities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<&str> = self.iter().map(Capability::word).collect();
        if words.is_empty() { f.write_str("none") } else { f.write_str(&words.join(", ")) }
    }
}

/// What is known of a connector without making one: its name, formats, capabilities.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectorInfo {
    /// Name in SQL: `FROM name (…)`.
    pub name: &'static str,
    /// Formats it accepts; empty when it has its own columns and needs none.
    pub formats: &'static [&'static str],
    /// What it can do.
    pub capabilities: Capabilities,
    /// The formats each capability is limited to, by [`Capability::ALL`]'s order; all of `formats` where not limited.
    pub capability_formats: [&'static [&'static str]; 4],
    /// First paragraph of its documentation.
    pub doc: &'static str,
}

impl ConnectorInfo {
    /// Whether the connector has the capability when its records are in `format`.
    pub fn supports(&self, capability: Capability, format: &str) -> bool {
        self.capabilities.contains(capability)
            && (self.formats.is_empty() || self.formats_of(capability).contains(&format))
    }

    /// The formats for which the connector has the capability.
    pub fn formats_of(&self, capability: Capability) -> &'static [&'static str] {
        self.capability_formats[capability as usize]
    }
}
