//! A Protobuf reader's definitions against a writer's: fields are matched by number, and types by what they are on the wire.
//!
//! Source: Protocol Buffers language guide, "Updating A Message Type"; Protocol Buffers encoding, "Message Structure".

use std::collections::{BTreeMap, HashSet};

use prost_reflect::{
    Cardinality, DescriptorPool, EnumDescriptor, ExtensionDescriptor, FieldDescriptor, FileDescriptor, Kind,
    MessageDescriptor,
};

use super::{
    CompatibilityError, CompatibilityOptions,
    change::{ChangedPart, Comparison, CompatibilityChange},
};
use crate::protobuf::{INLINE_FILE, pool_of_text};

/// What both directions find, backward first.
pub(super) fn compare(
    new: &str,
    old: &str,
    version: usize,
    both: [Comparison; 2],
    options: &CompatibilityOptions,
) -> Result<[Vec<CompatibilityChange>; 2], CompatibilityError> {
    let parse = |text, version| {
        pool_of_text(text).map_err(|e| CompatibilityError::NotASchema {
            version,
            language: "a Protobuf definition",
            reason: e.to_string(),
        })
    };
    // One text is one file, whatever it is called.
    let options = CompatibilityOptions { protobuf_files: false, ..*options };
    compare_pools(&parse(new, None)?, &parse(old, Some(version))?, both, &options)
}

/// What both directions find between sets of files.
pub(super) fn compare_pools(
    new: &DescriptorPool,
    old: &DescriptorPool,
    [backward, forward]: [Comparison; 2],
    options: &CompatibilityOptions,
) -> Result<[Vec<CompatibilityChange>; 2], CompatibilityError> {
    let (new, old) = (Definitions::of(new, options.protobuf_files), Definitions::of(old, options.protobuf_files));
    Ok([run(&new, &old, options, backward)?, run(&old, &new, options, forward)?])
}

/// Messages and enums by their names. Those of a single text go without its package, whose name no record carries.
struct Definitions {
    messages: BTreeMap<String, MessageDescriptor>,
    enums: BTreeMap<String, EnumDescriptor>,
}

impl Definitions {
    fn of(pool: &DescriptorPool, by_file: bool) -> Self {
        let prefix = pool.get_file_by_name(INLINE_FILE).map(|file| format!("{}.", file.package_name()));
        let name = |full: &str| match &prefix {
            Some(prefix) => full.strip_prefix(prefix.as_str()).unwrap_or(full).to_owned(),
            None => full.to_owned(),
        };
        let is_own = |file: &str| !file.starts_with("google/protobuf/");
        let messages = pool.all_messages().filter(|m| is_own(m.parent_file().name()) && !m.is_map_entry());
        let enums = pool.all_enums().filter(|e| is_own(e.parent_file().name()));
        let key = |file: FileDescriptor, full: &str| match by_file {
            true => format!("{}:{full}", file.name()),
            false => name(full),
        };
        Self {
            messages: messages.map(|m| (key(m.parent_file(), m.full_name()), m)).collect(),
            enums: enums.map(|e| (key(e.parent_file(), e.full_name()), e)).collect(),
        }
    }
}

fn run(
    reader: &Definitions,
    writer: &Definitions,
    options: &CompatibilityOptions,
    at: Comparison,
) -> Result<Vec<CompatibilityChange>, CompatibilityError> {
    let mut reading = Reading { reader, writer, json: options.protobuf_json, at, seen: HashSet::new() };
    reading.definitions();
    reading.at.finish()
}

struct Reading<'d> {
    reader: &'d Definitions,
    writer: &'d Definitions,
    /// Whether names count, as they do in JSON.
    json: bool,
    at: Comparison,
    /// Pairs of messages that were compared or are being compared.
    seen: HashSet<(String, String)>,
}

impl Reading<'_> {
    fn definitions(&mut self) {
        let (reader, writer) = (self.reader, self.writer);
        for (name, of) in &writer.messages {
            self.at.push(name);
            match reader.messages.get(name) {
                Some(into) => self.message(into, of),
                // Records of a message that the reader has not are none it can read.
                None => _ = self.at.note(ChangedPart::Message, Some(name.clone()), None, true),
            }
            self.at.pop();
        }
        for name in reader.messages.keys().filter(|name| !writer.messages.contains_key(*name)) {
            self.at.inside(name, |at| at.note(ChangedPart::Message, None, Some(name.clone()), false));
        }
        for (name, of) in &writer.enums {
            self.at.push(name);
            match reader.enums.get(name) {
                Some(into) => self.enumeration(into, of),
                // Its numbers are read by whatever the fields have become, which is looked at there.
                None => _ = self.at.note(ChangedPart::Enum, Some(name.clone()), None, false),
            }
            self.at.pop();
        }
        for name in reader.enums.keys().filter(|name| !writer.enums.contains_key(*name)) {
            self.at.inside(name, |at| at.note(ChangedPart::Enum, None, Some(name.clone()), false));
        }
    }

    fn message(&mut self, into: &MessageDescriptor, of: &MessageDescriptor) {
        if !self.seen.insert((into.full_name().to_owned(), of.full_name().to_owned())) {
            return;
        }
        if self.at.enter() {
            let writers: BTreeMap<u32, Member> = members(of).map(|m| (m.number(), m)).collect();
            let readers: BTreeMap<u32, Member> = members(into).map(|m| (m.number(), m)).collect();
            for (number, from) in &writers {
                let found = readers.get(number);
                self.at.push(self.at.newer(from.name(), found.unwrap_or(from).name()).to_owned().as_str());
                match found {
                    Some(to) => self.field(to, from),
                    None => {
                        // Its number is passed over as one that is unknown. Its name is not, in JSON.
                        let is_reserved = into.reserved_names().any(|name| name == from.name());
                        let breaks = self.json && !is_reserved;
                        self.at.note(ChangedPart::Field, Some(from.shown()), None, breaks);
                    }
                }
                self.at.pop();
            }
            for (_, to) in readers.iter().filter(|(number, _)| !writers.contains_key(number)) {
                let part = if to.is_required() { ChangedPart::RequiredField } else { ChangedPart::Field };
                self.at.inside(to.name(), |at| at.note(part, None, Some(to.shown()), to.is_required()));
            }
            self.oneofs(into, of);
        }
        self.at.leave();
    }

    fn field(&mut self, to: &Member, from: &Member) {
        if to.name() != from.name() || to.json_name() != from.json_name() {
            let shown = |member: &Member| Some(member.json_name().to_owned());
            let breaks = self.json && to.json_name() != from.json_name();
            self.at.note(ChangedPart::Name, shown(from), shown(to), breaks);
        }
        self.cardinality(to, from);
        self.kind(to, from);
    }

    fn cardinality(&mut self, to: &Member, from: &Member) {
        let (into, of) = (to.cardinality(), from.cardinality());
        // A map is written as its entries are, one after the other; JSON has an object for it.
        if to.is_map() != from.is_map() && into == of {
            let word = |member: &Member| Some(if member.is_map() { "map" } else { "repeated" }.to_owned());
            self.at.note(ChangedPart::Cardinality, word(from), word(to), self.json);
        }
        if into == of {
            return;
        }
        let many = |cardinality| cardinality == Cardinality::Repeated;
        let breaks = match (into, of) {
            // It takes one for a list of one, but for JSON's brackets.
            (Cardinality::Repeated, _) => self.json,
            // Of many, it keeps one; of those that are packed, none.
            (_, Cardinality::Repeated) => true,
            (Cardinality::Required, _) => true,
            _ => false,
        };
        let word = |cardinality| {
            let word = match cardinality {
                Cardinality::Required => "required",
                _ if many(cardinality) => "repeated",
                _ => "optional",
            };
            Some(word.to_owned())
        };
        self.at.note(ChangedPart::Cardinality, word(of), word(into), breaks);
    }

    fn kind(&mut self, to: &Member, from: &Member) {
        if to.is_group() != from.is_group() {
            let word =
                |member: &Member| Some(if member.is_group() { "delimited" } else { "length-prefixed" }.to_owned());
            self.at.note(ChangedPart::Encoding, word(from), word(to), true);
        }
        match (to.kind(), from.kind()) {
            (Kind::Message(into), Kind::Message(of)) => {
                let same = local_name(&into) == local_name(&of);
                if !same && !into.is_map_entry() && !of.is_map_entry() {
                    let (from, to) = (of.full_name().to_owned(), into.full_name().to_owned());
                    self.at.note(ChangedPart::Name, Some(from), Some(to), false);
                }
                // Those of one name are looked at where they are defined.
                if !same || into.is_map_entry() {
                    self.message(&into, &of);
                }
            }
            (Kind::Enum(into), Kind::Enum(of)) => {
                if into.name() != of.name() {
                    let (from, to) = (of.full_name().to_owned(), into.full_name().to_owned());
                    self.at.note(ChangedPart::Name, Some(from), Some(to), false);
                    self.enumeration(&into, &of);
                }
            }
            (into, of) if into == of => {}
            (into, of) => {
                let readable = wire_form(&into) == wire_form(&of) || is_text_as_bytes(&into, &of);
                let breaks = !readable || (self.json && json_form(&into) != json_form(&of));
                self.at.note(ChangedPart::Type, Some(shown(&of)), Some(shown(&into)), breaks);
            }
        }
    }

    /// Fields that come together in one oneof: where a writer sets several of them, the reader keeps one.
    fn oneofs(&mut self, into: &MessageDescriptor, of: &MessageDescriptor) {
        let oneof_of = |field: &FieldDescriptor| {
            field.containing_oneof().filter(|oneof| !oneof.is_synthetic()).map(|oneof| oneof.name().to_owned())
        };
        for oneof in into.oneofs().filter(|oneof| !oneof.is_synthetic()) {
            let shared: Vec<FieldDescriptor> = oneof.fields().filter_map(|f| of.get_field(f.number())).collect();
            let groups: HashSet<Option<String>> = shared.iter().map(oneof_of).collect();
            // Together before as well: at most one of them is set.
            let together = groups.len() <= 1 && !groups.contains(&None);
            // One alone may move into a new oneof. Into one that there was it may not, by the guide and by Confluent's registry,
            // whatever has left that one: readers between the two versions may still have both.
            let is_existing = || of.oneofs().any(|own| !own.is_synthetic() && own.name() == oneof.name());
            let breaks = (shared.len() > 1 && !together) || (self.at.is_backward() && is_existing());
            for field in shared.iter().filter(|f| oneof_of(f).as_deref() != Some(oneof.name())) {
                let to = Some(oneof.name().to_owned());
                let in_reader = into.get_field(field.number());
                let name =
                    in_reader.as_ref().map_or(field.name(), |to| self.at.newer(field.name(), to.name())).to_owned();
                self.at.inside(&name, |at| at.note(ChangedPart::Oneof, oneof_of(field), to, breaks));
            }
        }
        for field in of.fields() {
            let Some(oneof) = oneof_of(&field) else { continue };
            if let Some(to) = into.get_field(field.number()).filter(|to| oneof_of(to).is_none()) {
                let name = self.at.newer(field.name(), to.name()).to_owned();
                self.at.inside(&name, |at| at.note(ChangedPart::Oneof, Some(oneof), None, false));
            }
        }
    }

    /// Numbers that the reader has no name for are kept as numbers; JSON has the names.
    fn enumeration(&mut self, into: &EnumDescriptor, of: &EnumDescriptor) {
        let names = |of: &EnumDescriptor| {
            let mut names: BTreeMap<i32, Vec<String>> = BTreeMap::new();
            of.values().for_each(|value| names.entry(value.number()).or_default().push(value.name().to_owned()));
            names
        };
        let (readers, writers) = (names(into), names(of));
        for (number, from) in &writers {
            let shown = |names: &[String]| Some(format!("{} = {number}", names.join(" and ")));
            match readers.get(number) {
                Some(to) if to == from => {}
                Some(to) => {
                    let breaks = self.json && !from.iter().all(|name| to.contains(name));
                    self.at.note(ChangedPart::Symbol, shown(from), shown(to), breaks);
                }
                None => {
                    let reserved: HashSet<&str> = into.reserved_names().collect();
                    let breaks = self.json && !from.iter().all(|name| reserved.contains(name.as_str()));
                    self.at.note(ChangedPart::Symbol, shown(from), None, breaks);
                }
            }
        }
        for (number, to) in readers.iter().filter(|(number, _)| !writers.contains_key(number)) {
            self.at.note(ChangedPart::Symbol, None, Some(format!("{} = {number}", to.join(" and "))), false);
        }
    }
}

/// A field of a message, or an extension of it.
enum Member {
    Field(FieldDescriptor),
    Extension(ExtensionDescriptor),
}

fn members(message: &MessageDescriptor) -> impl Iterator<Item = Member> {
    message.fields().map(Member::Field).chain(message.extensions().map(Member::Extension))
}

/// What fields and extensions have in common.
macro_rules! of_either {
    ($($name:ident: $kind:ty),*) => {
        impl Member {
            $(fn $name(&self) -> $kind {
                match self {
                    Self::Field(field) => field.$name(),
                    Self::Extension(extension) => extension.$name(),
                }
            })*
        }
    };
}

of_either!(number: u32, name: &str, json_name: &str, kind: Kind, cardinality: Cardinality, is_map: bool, is_group: bool);

impl Member {
    fn is_required(&self) -> bool {
        self.cardinality() == Cardinality::Required
    }

    fn shown(&self) -> String {
        format!("{} {} = {}", shown(&self.kind()), self.name(), self.number())
    }
}

/// A message's name without its package.
fn local_name(message: &MessageDescriptor) -> &str {
    message.full_name().strip_prefix(message.package_name()).unwrap_or(message.full_name()).trim_start_matches('.')
}

fn shown(kind: &Kind) -> String {
    match kind {
        Kind::Message(message) => message.full_name().to_owned(),
        Kind::Enum(of) => of.full_name().to_owned(),
        kind => format!("{kind:?}").to_lowercase(),
    }
}

/// Types that are written in the same way.
#[derive(PartialEq, Eq)]
enum WireForm {
    Varint,
    ZigZag,
    Fixed32,
    Fixed64,
    Float,
    Double,
    Text,
    Bytes,
    Message,
}

fn wire_form(kind: &Kind) -> WireForm {
    match kind {
        Kind::Int32 | Kind::Int64 | Kind::Uint32 | Kind::Uint64 | Kind::Bool | Kind::Enum(_) => WireForm::Varint,
        Kind::Sint32 | Kind::Sint64 => WireForm::ZigZag,
        Kind::Fixed32 | Kind::Sfixed32 => WireForm::Fixed32,
        Kind::Fixed64 | Kind::Sfixed64 => WireForm::Fixed64,
        Kind::Float => WireForm::Float,
        Kind::Double => WireForm::Double,
        Kind::String => WireForm::Text,
        Kind::Bytes => WireForm::Bytes,
        Kind::Message(_) => WireForm::Message,
    }
}

/// All text is bytes; not all bytes are text.
fn is_text_as_bytes(reader: &Kind, writer: &Kind) -> bool {
    matches!((reader, writer), (Kind::Bytes, Kind::String))
}

/// Types that JSON writes in the same way.
#[derive(PartialEq, Eq)]
enum JsonForm {
    Number,
    NumberInText,
    Boolean,
    Symbol,
    Fraction,
    Text,
    Base64,
    Object,
}

fn json_form(kind: &Kind) -> JsonForm {
    match kind {
        Kind::Int32 | Kind::Uint32 | Kind::Sint32 | Kind::Fixed32 | Kind::Sfixed32 => JsonForm::Number,
        Kind::Int64 | Kind::Uint64 | Kind::Sint64 | Kind::Fixed64 | Kind::Sfixed64 => JsonForm::NumberInText,
        Kind::Bool => JsonForm::Boolean,
        Kind::Enum(_) => JsonForm::Symbol,
        Kind::Float | Kind::Double => JsonForm::Fraction,
        Kind::String => JsonForm::Text,
        Kind::Bytes => JsonForm::Base64,
        Kind::Message(_) => JsonForm::Object,
    }
}
