//! An Avro reader's schema against a writer's: the rules of schema resolution, decided without data.
//!
//! Source: Avro 1.12 specification, "Schema Resolution", "Aliases" and "Logical Types".

use std::collections::HashMap;

use super::{
    CompatibilityError, CompatibilityOptions,
    change::{ChangedPart, Comparison, CompatibilityChange},
    verdicts::Verdicts,
};
use crate::avro::schema::{Kind, Logical, Name, NodeId, RecordField, Schema};

/// What both directions find, backward first.
pub(super) fn compare(
    new: &str,
    old: &str,
    version: usize,
    [backward, forward]: [Comparison; 2],
    options: &CompatibilityOptions,
) -> Result<[Vec<CompatibilityChange>; 2], CompatibilityError> {
    let parse = |text, version| {
        Schema::parse(text).map_err(|e| CompatibilityError::NotASchema {
            version,
            language: "an Avro schema",
            reason: e.to_string(),
        })
    };
    let (new, old) = (parse(new, None)?, parse(old, Some(version))?);
    let aliases = options.aliases;
    Ok([run(&new, &old, aliases, backward)?, run(&old, &new, aliases, forward)?])
}

fn run(
    reader: &Schema,
    writer: &Schema,
    aliases: bool,
    at: Comparison,
) -> Result<Vec<CompatibilityChange>, CompatibilityError> {
    let mut resolution = Resolution { reader, writer, aliases, at, known: Verdicts::new() };
    resolution.matches(reader.root(), writer.root());
    resolution.at.finish()
}

struct Resolution<'s> {
    reader: &'s Schema,
    writer: &'s Schema,
    aliases: bool,
    at: Comparison,
    known: Verdicts<(NodeId, NodeId)>,
}

impl Resolution<'_> {
    fn matches(&mut self, reader: NodeId, writer: NodeId) -> bool {
        if let Some(known) = self.known.known(&(reader, writer)) {
            return known || self.another(reader, writer);
        }
        self.known.open((reader, writer));
        let matches = !self.at.enter() || self.compare(reader, writer);
        self.at.leave();
        self.known.close((reader, writer), matches);
        matches
    }

    fn another(&mut self, reader: NodeId, writer: NodeId) -> bool {
        let (from, to) = (self.writer.shown(writer), self.reader.shown(reader));
        self.at.note(ChangedPart::Type, Some(from), Some(to), true)
    }

    fn compare(&mut self, reader: NodeId, writer: NodeId) -> bool {
        let (r, w) = (self.reader, self.writer);
        match (r.kind(reader), w.kind(writer)) {
            (Kind::Union(into), Kind::Union(of)) => {
                let mut all = true;
                for branch in of {
                    all &= self.branch(into, *branch);
                }
                // Branches that no data of this writer has are for other readers to mind.
                for branch in into {
                    if !of.iter().any(|b| r.branch_name(*branch) == w.branch_name(*b)) {
                        self.at.note(ChangedPart::Branch, None, Some(r.shown(*branch)), false);
                    }
                }
                all
            }
            (Kind::Union(into), _) => {
                let matches = self.branch(into, writer);
                if matches {
                    self.at.note(ChangedPart::Type, Some(w.shown(writer)), Some(r.shown(reader)), false);
                }
                matches
            }
            (_, Kind::Union(of)) => {
                self.at.note(ChangedPart::Type, Some(w.shown(writer)), Some(r.shown(reader)), false);
                // All of them are looked at, so that all changes are told.
                let mut all = true;
                for branch in of {
                    all &= self.matches(reader, *branch);
                }
                all
            }
            (Kind::Array(into), Kind::Array(of)) => self.inside("[]", *into, *of),
            (Kind::Map(into), Kind::Map(of)) => self.inside("{}", *into, *of),
            (Kind::Record { name: into, fields: to }, Kind::Record { name: of, fields: from }) => {
                let named = self.name(into, of);
                self.fields(to, from) && named
            }
            (Kind::Enum { name: into, symbols: to, default }, Kind::Enum { name: of, symbols: from, .. }) => {
                let named = self.name(into, of);
                self.symbols(to, from, default.is_some()) && named
            }
            (Kind::Fixed { name: into, size: to }, Kind::Fixed { name: of, size: from }) => {
                let named = self.name(into, of);
                let sized =
                    to == from || self.at.note(ChangedPart::Size, Some(from.to_string()), Some(to.to_string()), true);
                self.logical(reader, writer) && named && sized
            }
            (into, of) if into.word() == of.word() => self.logical(reader, writer),
            (into, of) => {
                let (from, to) = (Some(w.shown(writer)), Some(r.shown(reader)));
                self.at.note(ChangedPart::Type, from, to, !is_promoted(of, into))
            }
        }
    }

    fn inside(&mut self, name: &str, reader: NodeId, writer: NodeId) -> bool {
        self.at.push(name);
        let matches = self.matches(reader, writer);
        self.at.pop();
        matches
    }

    /// Whether one of the reader's branches takes a writer's type. Of those that do not, the one of its name says why.
    fn branch(&mut self, into: &[NodeId], writer: NodeId) -> bool {
        let noted = self.at.changes.len();
        let name = self.writer.branch_name(writer);
        // A branch of the same name first, as every implementation does: what a promotion would say is beside the point.
        let (same, others): (Vec<NodeId>, Vec<NodeId>) =
            into.iter().partition(|branch| self.reader.branch_name(**branch) == name);
        let mut why = Vec::new();
        for (branch, is_same) in same.iter().map(|b| (b, true)).chain(others.iter().map(|b| (b, false))) {
            if self.matches(*branch, writer) {
                return true;
            }
            let found = self.at.changes.split_off(noted);
            if is_same {
                why = found;
            }
        }
        match why.is_empty() {
            true => self.at.note(ChangedPart::Branch, Some(self.writer.shown(writer)), None, true),
            false => {
                self.at.changes.extend(why);
                false
            }
        }
    }

    /// Names match without their namespaces; those of records, enums and fixed types count.
    fn name(&mut self, into: &Name, of: &Name) -> bool {
        if into.full == of.full {
            return true;
        }
        let by_alias =
            self.aliases && into.aliases.iter().any(|a| *a == of.full || a.rsplit('.').next() == Some(of.short()));
        let matches = into.short() == of.short() || by_alias;
        self.at.note(ChangedPart::Name, Some(of.full.clone()), Some(into.full.clone()), !matches)
    }

    fn fields(&mut self, to: &[RecordField], from: &[RecordField]) -> bool {
        let by_name: HashMap<&str, usize> = from.iter().enumerate().map(|(i, f)| (f.name.as_str(), i)).collect();
        let mut is_read = vec![false; from.len()];
        let mut all = true;
        for field in to {
            let aliases = field.aliases.iter().filter(|_| self.aliases);
            let found =
                std::iter::once(&field.name).chain(aliases).find_map(|name| by_name.get(name.as_str()).copied());
            let name = found.map_or(&*field.name, |place| self.at.newer(&from[place].name, &field.name)).to_owned();
            self.at.push(&name);
            all &= match found {
                Some(place) => {
                    is_read[place] = true;
                    self.field(field, &from[place])
                }
                None => {
                    let is_missing = field.default.is_none();
                    self.at.note(ChangedPart::Field, None, Some(self.reader.shown(field.node)), is_missing)
                }
            };
            self.at.pop();
        }
        for (field, _) in from.iter().zip(is_read).filter(|(_, is_read)| !is_read) {
            let shown = self.writer.shown(field.node);
            self.at.inside(&field.name, |at| at.note(ChangedPart::Field, Some(shown), None, false));
        }
        all
    }

    fn field(&mut self, to: &RecordField, from: &RecordField) -> bool {
        if to.name != from.name {
            self.at.note(ChangedPart::Name, Some(from.name.clone()), Some(to.name.clone()), false);
        }
        if to.default != from.default {
            let shown =
                |field: &RecordField| field.default.as_ref().map(|d| laminar_schema::error::cut(&d.to_string()));
            self.at.note(ChangedPart::Default, shown(from), shown(to), false);
        }
        self.matches(to.node, from.node)
    }

    /// A symbol that the reader lacks is its default, if it has one.
    fn symbols(&mut self, to: &[String], from: &[String], has_default: bool) -> bool {
        let only = |here: &[String], there: &[String]| {
            let there: std::collections::HashSet<&str> = there.iter().map(String::as_str).collect();
            here.iter().filter(|s| !there.contains(s.as_str())).cloned().collect::<Vec<_>>()
        };
        for symbol in only(to, from) {
            self.at.note(ChangedPart::Symbol, None, Some(symbol), false);
        }
        let mut all = true;
        for symbol in only(from, to) {
            all &= self.at.note(ChangedPart::Symbol, Some(symbol), None, !has_default);
        }
        all
    }

    /// Decimals match where precision and scale do; any other logical type is read as its type.
    fn logical(&mut self, reader: NodeId, writer: NodeId) -> bool {
        let (to, from) = (self.reader.node(reader).logical, self.writer.node(writer).logical);
        if to == from {
            return true;
        }
        let breaks = matches!((to, from), (Logical::Decimal { .. }, Logical::Decimal { .. }));
        let shown = |logical: Logical| match logical {
            Logical::None => "none".to_owned(),
            Logical::Decimal { precision, scale } => format!("decimal({precision}, {scale})"),
            other => format!("{other:?}").to_lowercase(),
        };
        self.at.note(ChangedPart::LogicalType, Some(shown(from)), Some(shown(to)), breaks)
    }
}

/// Whether a reader of one type takes the other.
fn is_promoted(writer: &Kind, reader: &Kind) -> bool {
    matches!(
        (writer, reader),
        (Kind::Int, Kind::Long | Kind::Float | Kind::Double)
            | (Kind::Long, Kind::Float | Kind::Double)
            | (Kind::Float, Kind::Double)
            | (Kind::String, Kind::Bytes)
            | (Kind::Bytes, Kind::String)
    )
}
