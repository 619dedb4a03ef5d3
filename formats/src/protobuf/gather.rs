//! One message's fields, put in order: where each stands, whatever the order and however often it was written.
//!
//! An embedded message that comes in several parts is the message of all parts' fields (documentation, "Last One Wins"), so
//! that parts are not merged: they are read one after the other, as if they were one.

use super::{
    catalog::{Catalog, FieldType, Kind, Label, Message},
    check,
    rescue::Rescue,
    varint::{Fault, GROUP, Malformed, span, tag, value},
};
use crate::policy::{RescueReason, UnknownFields};

/// No value.
const ABSENT: u32 = u32::MAX;
/// One value, and no more.
const SINGLE: u32 = u32::MAX - 1;

/// The values of one field.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slot {
    /// The first one, or the only one that counts. Numbers of a repeated field are the span of one or more.
    pub(super) raw: u64,
    /// Where in the chain the next one is.
    next: u32,
    /// Where in the chain the last one is.
    last: u32,
}

/// A further value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Link {
    raw: u64,
    next: u32,
}

impl Slot {
    pub(super) const EMPTY: Self = Self { raw: 0, next: ABSENT, last: ABSENT };

    /// The slot of one value.
    #[inline(always)]
    pub(super) fn single(raw: u64) -> Self {
        Self { raw, next: SINGLE, last: ABSENT }
    }

    #[inline(always)]
    pub(super) fn is_empty(self) -> bool {
        self.next == ABSENT
    }

    /// The value behind the one at `cursor`, which is 0 for the first, and its own cursor.
    #[inline(always)]
    pub(super) fn after(chain: &[Link], next: u32) -> Option<(u64, u32)> {
        let link = chain.get(next as usize)?;
        Some((link.raw, link.next))
    }

    /// Where the second value is; nowhere where there is none.
    #[inline(always)]
    pub(super) fn second(self) -> u32 {
        self.next
    }

    #[inline(always)]
    fn append(&mut self, chain: &mut Vec<Link>, raw: u64) {
        if self.next == ABSENT {
            *self = Self::single(raw);
            return;
        }
        let link = chain.len() as u32;
        chain.push(Link { raw, next: SINGLE });
        if self.next == SINGLE {
            self.next = link;
        } else {
            chain[self.last as usize].next = link;
        }
        self.last = link;
    }
}

/// Which fields of a message are wanted; the others are only checked.
#[derive(Debug, Clone, Copy)]
pub(super) enum Wanted<'p> {
    All,
    Some(&'p [bool]),
}

/// What gathering needs beside the bytes; kept from record to record.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    /// Those of all messages that are being looked at, the innermost last.
    pub(super) slots: Vec<Slot>,
    pub(super) chain: Vec<Link>,
    /// Room to sort the entries of a map in.
    pub(super) order: Vec<u32>,
}

/// The rules by which a message is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    pub(super) unknown_fields: UnknownFields,
    pub(super) max_depth: usize,
}

/// Why gathering failed.
#[derive(Debug, Clone, Copy)]
pub(super) enum Refused {
    Fault(Fault),
    /// A field that the definition lacks, by its number, and where it stands.
    Unknown(u32, usize),
}

impl From<Fault> for Refused {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// One message of a record.
pub(super) struct Gather<'p, 'r, 's> {
    pub(super) catalog: &'p Catalog,
    pub(super) record: &'r [u8],
    pub(super) rules: Rules,
    pub(super) gathered: &'s mut Gathered,
    pub(super) rescue: &'s mut Rescue,
}

impl Gather<'_, '_, '_> {
    /// Makes slots for the fields of a message that has `depth` messages around it, and fills them from all its parts. The
    /// slots begin at the number that is returned, and are the caller's to remove.
    #[inline]
    pub(super) fn message(
        &mut self,
        message: &Message,
        wanted: Wanted<'_>,
        parts: Slot,
        depth: usize,
    ) -> Result<usize, Refused> {
        let base = self.gathered.slots.len();
        self.gathered.slots.resize(base + message.fields.len(), Slot::EMPTY);
        let (mut raw, mut next) = (parts.raw, parts.second());
        loop {
            self.part(message, wanted, raw, base, depth)?;
            match Slot::after(&self.gathered.chain, next) {
                Some(part) => (raw, next) = part,
                None => return Ok(base),
            }
        }
    }

    #[inline(always)]
    fn part(
        &mut self,
        message: &Message,
        wanted: Wanted<'_>,
        part: u64,
        base: usize,
        depth: usize,
    ) -> Result<(), Refused> {
        if depth > self.rules.max_depth {
            return Err(Fault { at: super::varint::span_of(part).0, why: Malformed::TooDeep }.into());
        }
        let (mut at, end) = super::varint::span_of(part);
        let bytes = &self.record[..end];
        let mut expected = 0;
        while at < end {
            let (tag, value_at) = tag(bytes, at)?;
            let Some(found) = message.find(tag, expected) else {
                at = self.unknown(bytes, at, value_at, tag, depth)?;
                continue;
            };
            let (raw, next) = value(bytes, value_at, tag, 0)?;
            let field = &message.fields[found.index];
            at = next;
            let raw = if found.is_alone { span(value_at, next) } else { raw };
            // A repeated one is most often followed by itself, which the tag's table finds as fast.
            expected = found.index + 1;
            if let Wanted::Some(wanted) = wanted
                && !wanted[found.index]
            {
                check::value(self.catalog, self.record, field, raw, depth, self.rules.max_depth)?;
                continue;
            }
            let slot = &mut self.gathered.slots[base + found.index];
            if field.oneof.is_some() {
                self.oneof(message, found.index, base, depth)?;
                self.gathered.slots[base + found.index].append(&mut self.gathered.chain, raw);
                continue;
            }
            match (field.label, field.kind) {
                (Label::Singular, Kind::Message(_)) | (Label::Repeated | Label::Map, _) => {
                    slot.append(&mut self.gathered.chain, raw);
                }
                (Label::Singular, kind) => {
                    // Written over, and never seen again.
                    let before = std::mem::replace(slot, Slot::single(raw));
                    if kind == Kind::String && !before.is_empty() {
                        check::text(self.record, before.raw)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Forgets what its oneof holds so far, before a member comes; parts of the same message stay.
    #[inline(never)]
    fn oneof(&mut self, message: &Message, member: usize, base: usize, depth: usize) -> Result<(), Fault> {
        let field = &message.fields[member];
        let members = field.oneof.map_or(&[][..], |oneof| &message.oneofs[usize::from(oneof)]);
        for other in members.iter().map(|other| usize::from(*other)) {
            let slot = self.gathered.slots[base + other];
            if slot.is_empty() || other == member && matches!(field.kind, Kind::Message(_)) {
                continue;
            }
            self.gathered.slots[base + other] = Slot::EMPTY;
            self.forgotten(&message.fields[other], slot, depth)?;
        }
        Ok(())
    }

    /// What nobody will look at is checked all the same.
    #[cold]
    fn forgotten(&self, field: &FieldType, slot: Slot, depth: usize) -> Result<(), Fault> {
        let (mut raw, mut next) = (slot.raw, slot.second());
        loop {
            check::value(self.catalog, self.record, field, raw, depth, self.rules.max_depth)?;
            match Slot::after(&self.gathered.chain, next) {
                Some(part) => (raw, next) = part,
                None => return Ok(()),
            }
        }
    }

    /// A field that the definition lacks, whose tag is at `at`. Returns where it ends.
    #[inline(never)]
    fn unknown(&mut self, bytes: &[u8], at: usize, value_at: usize, tag: u32, depth: usize) -> Result<usize, Refused> {
        let (raw, end) = value(bytes, value_at, tag, self.rules.max_depth.saturating_sub(depth))?;
        match self.rules.unknown_fields {
            UnknownFields::Ignore => {}
            UnknownFields::Reject => return Err(Refused::Unknown(tag >> 3, at)),
            UnknownFields::Rescue => {
                debug_assert!(tag & 7 <= GROUP || tag & 7 == super::varint::I32);
                self.rescue.keep(self.record, tag, raw, RescueReason::UnknownField);
            }
        }
        Ok(end)
    }
}
