//! Blocks of an Avro container file: header, then blocks with the same sync marker behind each.
//!
//! Source: Avro 1.12 specification, "Object Container Files".

use memchr::memmem;

use super::{Fault, Step};

const MAGIC: &[u8; 4] = b"Obj\x01";

/// Bytes of a sync marker.
const SYNC: usize = 16;

/// Longest varint, in bytes.
const MAX_VARINT: usize = 10;

/// Finds the header and the blocks' ends, and after a broken block the next one that the sync marker shows.
#[derive(Debug)]
pub(super) struct Container {
    phase: Phase,
    /// The file's marker, once its header was passed. Seeking keeps it.
    sync: Option<[u8; SYNC]>,
    max_record_bytes: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Header,
    Blocks,
    /// Between a broken block and the next marker.
    Lost,
    /// Behind a broken header, where nothing can be understood.
    Broken,
}

impl Container {
    pub(super) fn new(max_record_bytes: usize) -> Self {
        Self { phase: Phase::Header, sync: None, max_record_bytes }
    }

    /// Whether the header is still to come.
    pub(super) fn is_in_front(&self) -> bool {
        self.phase == Phase::Header
    }

    pub(super) fn state(&self) -> u8 {
        u8::from(self.phase != Phase::Header)
    }

    pub(super) fn resume(&mut self, state: u8) {
        self.phase = if state == 0 { Phase::Header } else { Phase::Blocks };
    }

    pub(super) fn step(&mut self, window: &[u8], eof: bool) -> Step {
        let mut from = 0;
        if self.phase == Phase::Header {
            return self.header(window, eof);
        }
        let Some(sync) = self.sync.filter(|_| self.phase != Phase::Broken) else {
            return if eof { Step::End } else { Step::More { drop: window.len() } };
        };
        if self.phase == Phase::Lost {
            let Some(at) = memmem::find(window, &sync) else {
                // The front of a marker may stand at the end.
                return if eof { Step::End } else { Step::More { drop: window.len().saturating_sub(SYNC - 1) } };
            };
            from = at + SYNC;
            self.phase = Phase::Blocks;
        }
        match self.block(&window[from..], &sync, eof) {
            Step::Record { start, end, next } => {
                Step::Record { start: from + start, end: from + end, next: from + next }
            }
            Step::Fault { at, next, reason } => Step::Fault { at: from + at, next: from + next, reason },
            Step::More { drop } => Step::More { drop: from + drop },
            other => other,
        }
    }

    fn header(&mut self, window: &[u8], eof: bool) -> Step {
        let magic = window.len().min(MAGIC.len());
        let fault = match header_len(window) {
            _ if window[..magic] != MAGIC[..magic] => Fault::ContainerMagic,
            Ok(Some(end)) => {
                self.sync = window[..end].last_chunk().copied();
                self.phase = Phase::Blocks;
                return Step::Preamble { start: 0, end, next: end };
            }
            Ok(None) if !eof => return Step::More { drop: 0 },
            // A file of no bytes has no records, as in other formats.
            Ok(None) if window.is_empty() => return Step::End,
            Ok(None) | Err(NoVarint) => Fault::ContainerHeader,
        };
        self.phase = Phase::Broken;
        Step::Fault { at: 0, next: window.len(), reason: fault }
    }

    /// The block that starts the window.
    fn block(&mut self, window: &[u8], sync: &[u8; SYNC], eof: bool) -> Step {
        let (size, head) = match block_head(window) {
            Ok(Some(found)) => found,
            Ok(None) if !eof => return Step::More { drop: 0 },
            Ok(None) if window.is_empty() => return Step::End,
            Ok(None) => return self.truncated(window),
            Err(NoVarint) => return self.lost(Fault::BlockHead, 0),
        };
        let whole = size.saturating_add((head + SYNC) as u64);
        let whole = match usize::try_from(whole) {
            // With the marker, so that a window never holds more than the limit of a block that is not whole yet.
            Ok(whole) if whole <= self.max_record_bytes => whole,
            _ => return self.lost(Fault::BlockTooLarge(size), head),
        };
        match window.get(whole - SYNC..whole) {
            Some(found) if found == sync => Step::Record { start: 0, end: whole - SYNC, next: whole },
            Some(_) => self.lost(Fault::BlockEnd, head),
            None if !eof => Step::More { drop: 0 },
            None => self.truncated(window),
        }
    }

    fn lost(&mut self, reason: Fault, passed: usize) -> Step {
        self.phase = Phase::Lost;
        Step::Fault { at: 0, next: passed, reason }
    }

    fn truncated(&mut self, window: &[u8]) -> Step {
        self.phase = Phase::Lost;
        Step::Fault { at: 0, next: window.len(), reason: Fault::Truncated }
    }

    /// Forgets what is held of a record that is too large: none is, since such a block is never waited for.
    #[allow(clippy::unused_self, reason = "every rule has one")]
    pub(super) fn behead(&mut self) -> usize {
        0
    }
}

/// Bytes that are no varint of 64 bits, or one below zero where none may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoVarint;

/// The zigzag varint of 64 bits at the start of `bytes` and the bytes that it takes; `None` when not all of it is there.
#[inline]
pub(crate) fn read_varint(bytes: &[u8]) -> Result<Option<(i64, usize)>, NoVarint> {
    let mut value = 0_u64;
    for (index, byte) in bytes.iter().take(MAX_VARINT).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * index);
        if *byte < 0x80 {
            // The tenth byte has room for one bit.
            if index == MAX_VARINT - 1 && *byte > 1 {
                return Err(NoVarint);
            }
            return Ok(Some(((value >> 1).cast_signed() ^ -(value & 1).cast_signed(), index + 1)));
        }
    }
    if bytes.len() < MAX_VARINT { Ok(None) } else { Err(NoVarint) }
}

/// Size of a block's values, and the bytes in front of them.
fn block_head(window: &[u8]) -> Result<Option<(u64, usize)>, NoVarint> {
    let Some((count, first)) = read_varint(window)? else { return Ok(None) };
    if count < 0 {
        return Err(NoVarint);
    }
    let Some((size, second)) = read_varint(&window[first..])? else { return Ok(None) };
    let size = u64::try_from(size).map_err(|_| NoVarint)?;
    Ok(Some((size, first + second)))
}

/// Length of the header at the start of `bytes`; `None` when not all of it is there.
fn header_len(bytes: &[u8]) -> Result<Option<usize>, NoVarint> {
    let mut at = MAGIC.len();
    let number = |at: &mut usize| -> Result<Option<i64>, NoVarint> {
        let Some((value, len)) = read_varint(bytes.get(*at..).unwrap_or_default())? else { return Ok(None) };
        *at += len;
        Ok(Some(value))
    };
    loop {
        let Some(count) = number(&mut at)? else { return Ok(None) };
        if count == 0 {
            let end = at + SYNC;
            return Ok((end <= bytes.len()).then_some(end));
        }
        // A negative count has the size of its entries behind it.
        if count < 0 && number(&mut at)?.is_none() {
            return Ok(None);
        }
        // A key and a value each; every one of them takes a byte, which bounds the loop.
        for _ in 0..count.unsigned_abs().saturating_mul(2) {
            let Some(len) = number(&mut at)? else { return Ok(None) };
            let len = usize::try_from(len).map_err(|_| NoVarint)?;
            at = match at.checked_add(len) {
                Some(end) if end <= bytes.len() => end,
                _ => return Ok(None),
            };
        }
    }
}
