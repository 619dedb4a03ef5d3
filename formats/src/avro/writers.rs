//! Who wrote a message: schemas by what stands in front of it.

use std::{collections::HashMap, sync::Arc};

use laminar_schema::{ConnectorError, DecodeError, ErrorKind, Location, SchemaError, SchemaResult};

use super::{
    container::MAGIC,
    decode::Rules,
    merged::Merged,
    problem::ResolutionError,
    program::{FillWith, Record},
    resolve::{Keeps, Resolver},
    schema::Schema,
};
use crate::{
    column::OnAbsent,
    rows::RootRows,
    wire::{self, WireFormat},
};

/// A writer's schema, and how it is read into the columns.
#[derive(Debug)]
pub(super) struct Writer {
    pub(super) schema: Schema,
    /// The reader's, where it is another one: its defaults are values of it.
    pub(super) reader: Option<Arc<Schema>>,
    pub(super) program: Record,
    /// Each of its messages is gone through for what is rescued, so that they are read one by one.
    pub(super) reads_alone: bool,
}

impl Writer {
    pub(super) fn new(
        schema: Schema,
        reader: Option<&Arc<Schema>>,
        rows: &RootRows,
        keeps: Keeps,
    ) -> SchemaResult<Self> {
        let rescue = rows.root.fields.iter().position(|f| f.on_absent == OnAbsent::Decoder);
        let resolver = Resolver { writer: &schema, reader: reader.map_or(&schema, |reader| reader), keeps };
        let program = resolver.program(rows.schema().fields(), rescue);
        let program = program.map_err(|source| ConnectorError::External {
            action: "resolve the Avro schema",
            source,
            retryable: false,
        })?;
        let reads_alone = program.fills.iter().any(|fill| matches!(fill.with, FillWith::Rescued { always: true }));
        Ok(Self { schema, reader: reader.cloned(), program, reads_alone })
    }
}

/// A writer's schema that does not go into the columns.
#[derive(Debug, Clone)]
pub(super) struct Unreadable {
    field: Option<String>,
    reason: String,
    /// It is no schema, or not found.
    is_syntax: bool,
}

impl Unreadable {
    /// What [`Writer::new`] says.
    #[cold]
    pub(super) fn new(error: &SchemaError) -> Self {
        let source = match error.kind() {
            ErrorKind::Connector(ConnectorError::External { source, .. }) => source.downcast_ref::<ResolutionError>(),
            _ => None,
        };
        match source.map(|source| (source, source.path.join("."))) {
            Some((source, field)) if !field.is_empty() => {
                let reason = source.to_string();
                let reason = reason.strip_prefix(&format!("field {field}: ")).unwrap_or(&reason).to_owned();
                Self { field: Some(field), reason, is_syntax: false }
            }
            _ => Self { field: None, reason: error.to_string(), is_syntax: false },
        }
    }

    /// An error of one message that is that of others too.
    #[cold]
    pub(super) fn again(error: &SchemaError) -> Self {
        match error.kind() {
            ErrorKind::Decode(DecodeError::WriterSchema { reason }) => {
                Self { field: error.location().field.clone(), reason: reason.clone(), is_syntax: false }
            }
            _ => Self { field: None, reason: error.to_string(), is_syntax: true },
        }
    }

    /// What becomes of each of its messages.
    #[cold]
    pub(super) fn error(&self) -> SchemaError {
        if self.is_syntax {
            return DecodeError::Syntax { reason: self.reason.clone() }.into();
        }
        let error = SchemaError::new(DecodeError::WriterSchema { reason: self.reason.clone() });
        error.at(Location { field: self.field.clone(), ..Location::default() })
    }
}

/// Writers that are found without a look into a map.
const RECENT_WRITERS: usize = 64;
/// Stands in a place where no writer does.
const NO_WRITER: u32 = u32::MAX;

/// What messages are written with.
#[derive(Debug)]
pub(super) struct Writers {
    /// Of those that do not say it.
    pub(super) plain: Option<Writer>,
    /// Of those that do. A schema that does not go into the columns costs its own messages, which say why.
    pub(super) named: Vec<Result<Writer, Unreadable>>,
    /// How messages of several of these are read together.
    pub(super) merged: Merged,
    /// By what stands in front of messages: a registry's id or a fingerprint.
    by_key: HashMap<u64, usize>,
    /// What stood in front of messages lately, each where the last bits of it say, and whose they were: ids of a registry are
    /// dense, so that the writers of one topic rarely share a place.
    recent: [(u64, u32); RECENT_WRITERS],
}

impl Writers {
    /// Only that of messages that do not say theirs.
    pub(super) fn of_plain(plain: Option<Writer>) -> Self {
        Self {
            plain,
            named: Vec::new(),
            merged: Merged::default(),
            by_key: HashMap::new(),
            recent: [(0, NO_WRITER); RECENT_WRITERS],
        }
    }

    pub(super) fn add(&mut self, key: u64, writer: Result<Writer, Unreadable>) {
        self.by_key.insert(key, self.named.len());
        self.named.push(writer);
    }

    /// Merges what those that were added are read with, once all are known.
    pub(super) fn merge(&mut self) {
        self.merged = Merged::of(&self.named);
    }

    #[inline]
    pub(super) fn find(&mut self, key: u64) -> Option<usize> {
        match self.recent[key as usize % RECENT_WRITERS] {
            (known, index) if known == key && index != NO_WRITER => Some(index as usize),
            _ => self.look_up(key),
        }
    }

    #[inline(never)]
    fn look_up(&mut self, key: u64) -> Option<usize> {
        let index = *self.by_key.get(&key)?;
        self.recent[key as usize % RECENT_WRITERS] = (key, index as u32);
        Some(index)
    }

    /// What stands in front of a message; `None` for whatever is not the usual case.
    #[inline(always)]
    pub(super) fn header(rules: Rules, message: &[u8]) -> Option<Header> {
        Some(match rules.wire_format {
            WireFormat::None if rules.is_datum || !message.starts_with(MAGIC) => Header { key: None, len: 0 },
            WireFormat::None => return None,
            // Those of Glue come with numbers in a header of Confluent's.
            WireFormat::Confluent | WireFormat::Glue => {
                let (id, _) = wire::confluent::split(message).ok()?;
                Header { key: Some(id.into()), len: wire::confluent::HEADER_BYTES }
            }
            WireFormat::SingleObject => {
                let (fingerprint, _) = wire::single_object::split(message).ok()?;
                Header { key: Some(fingerprint), len: wire::single_object::HEADER_BYTES }
            }
        })
    }

    /// The writer of messages with a header, if it is known and goes into the columns.
    #[inline]
    pub(super) fn of_header(&mut self, header: Header) -> Option<&Writer> {
        match header.key {
            None => self.of_number(None),
            Some(key) => {
                let index = self.find(key)?;
                self.of_number(Some(index))
            }
        }
    }

    /// The writer with a number that [`Writers::find`] has found, or that of messages that do not say theirs, if it goes into
    /// the columns.
    #[inline]
    pub(super) fn of_number(&self, named: Option<usize>) -> Option<&Writer> {
        match named {
            None => self.plain.as_ref(),
            Some(index) => self.named[index].as_ref().ok(),
        }
    }
}

/// What stands in front of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    /// A registry's id or a fingerprint.
    pub(super) key: Option<u64>,
    /// In bytes.
    pub(super) len: usize,
}
