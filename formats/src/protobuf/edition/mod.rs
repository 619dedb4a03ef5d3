//! Editions of Protobuf, 2023 and 2024: the compiler and the reflection that we use know proto2 and proto3 only, so that an
//! edition's file is read as one of those.
//!
//! ```text
//! text ─▶ text: labels, reserved names, visibility ─▶ the compiler's parser ─┐
//!                                                                          ├─▶ lower: features ─▶ a descriptor of proto2 or proto3
//! descriptor set ─▶ set: its features as options ──────────────────────────┘
//! ```
//!
//! Lives here: what editions say otherwise. Does not live here: where files are found ([`super::files`]).

mod features;
mod lower;
mod set;
mod text;

#[cfg(test)]
mod tests;

use protox::file::File;

pub(super) use set::pool_of_set;

/// Editions that are read. A later one may have features that change what bytes mean.
const EDITIONS: [&str; 2] = ["2023", "2024"];

/// A text of a definition, parsed; `None` if it is of no edition.
///
/// # Errors
/// What the parser says, by line and column, of which the column is off behind a word that editions leave out; an edition or a
/// feature that is not known, or that the other syntax has no word for.
pub(super) fn parse(name: &str, source: &str) -> Option<Result<File, protox::Error>> {
    let edition = text::edition(source)?;
    Some(is_known(edition).and_then(|()| text::as_proto2(source)).map_or_else(
        |e| Err(protox::Error::new(Refused(format!("{name}:{e}")))),
        |source| {
            let mut file = File::from_source(name, &source)?.file_descriptor_proto().clone();
            lower::lower(&mut file).map_err(|e| protox::Error::new(Refused(format!("{name}: {e}"))))?;
            Ok(File::from(file))
        },
    ))
}

fn is_known(edition: &str) -> Result<(), String> {
    match EDITIONS.contains(&edition) {
        true => Ok(()),
        false => Err(format!("1:1: expected edition {}, found `{edition}`", EDITIONS.join(" or "))),
    }
}

/// Why a file of an edition is not read. Our errors show the debug form of the compiler's, so that both are the same.
struct Refused(String);

impl std::fmt::Debug for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refused {}
