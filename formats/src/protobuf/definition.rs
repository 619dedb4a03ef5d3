//! Which message a record is: the one that the options name, or that of the schema which its header names.

use arrow_schema::Fields;
use laminar_schema::{
    DecodeError, SchemaError, SchemaResult,
    format::{WriterSchema, WriterSchemaId},
};
use prost_reflect::{FileDescriptor, MessageDescriptor};

use super::{bind::Binding, catalog::Catalog, descriptor, infer::no_definition, options::ProtobufOptions};
use crate::wire::{
    SchemaIdHeader, WireError,
    confluent::{self, MessageIndexes},
};

/// A message, and how it fills the columns.
#[derive(Debug)]
pub(super) struct Definition {
    pub(super) catalog: Catalog,
    pub(super) binding: Binding,
    /// Its id in a registry; that of the options is any.
    id: Option<WriterSchemaId>,
    /// Where it stands in its file, from the file inwards.
    indexes: Vec<u32>,
    file: FileDescriptor,
}

/// The definitions of all records.
#[derive(Debug)]
pub(super) struct Definitions {
    /// What the options name, if they do, and then those of the registry.
    all: Vec<Definition>,
    header: SchemaIdHeader,
}

/// What a record's header says.
pub(super) enum Chosen<'r> {
    /// Number of its definition, and the message.
    Known(usize, &'r [u8]),
    /// The id of a schema that is to be fetched.
    Unknown(WriterSchemaId),
}

impl Definitions {
    /// The definitions for records of the columns.
    ///
    /// # Errors
    /// One that cannot be read, or whose fields do not fill the columns; none at all, where records do not name theirs.
    pub(super) fn new(
        options: &ProtobufOptions,
        writers: &[WriterSchema],
        columns: &Fields,
        is_reserved: impl Fn(usize) -> bool,
    ) -> SchemaResult<Self> {
        let mut all = Vec::new();
        if let Some(message) = descriptor::message(options)? {
            all.push(Definition::new(&message, None, columns, &is_reserved)?);
        } else if options.wire_format == SchemaIdHeader::None {
            return Err(no_definition());
        }
        for writer in writers {
            let message = descriptor::of_writer(&writer.raw, options)?;
            all.push(Definition::new(&message, Some(writer.id), columns, &is_reserved)?);
        }
        Ok(Self { all, header: options.wire_format })
    }

    /// The one definition of a message that is known already.
    pub(super) fn of_message(
        message: &MessageDescriptor,
        options: &ProtobufOptions,
        columns: &Fields,
        is_reserved: impl Fn(usize) -> bool,
    ) -> SchemaResult<Self> {
        let definition = Definition::new(message, None, columns, &is_reserved)?;
        Ok(Self { all: vec![definition], header: options.wire_format })
    }

    pub(super) fn get(&self, index: usize) -> &Definition {
        &self.all[index]
    }

    /// Full name of the message, if it is known by now.
    pub(super) fn name(&self) -> Option<&str> {
        self.all.first().map(|definition| definition.catalog.message(0).full_name.as_str())
    }

    /// Reads a record's header.
    ///
    /// # Errors
    /// It has none, or is another message than the one that is asked for.
    #[inline]
    pub(super) fn choose<'r>(&self, record: &'r [u8]) -> SchemaResult<Chosen<'r>> {
        if self.header == SchemaIdHeader::None {
            return Ok(Chosen::Known(0, record));
        }
        let (id, rest) = confluent::split(record).map_err(no_header)?;
        let id = WriterSchemaId::from(id);
        // Without schemas of a registry, that of the options is every record's.
        let found = match &self.all[..] {
            [only] if only.id.is_none() => Some(0),
            all => all.iter().position(|definition| definition.id == Some(id)),
        };
        let Some(found) = found else { return Ok(Chosen::Unknown(id)) };
        let (indexes, message) = MessageIndexes::split(rest).map_err(no_header)?;
        let definition = &self.all[found];
        if !indexes.iter().eq(definition.indexes.iter().copied()) {
            return Err(definition.another(&indexes));
        }
        Ok(Chosen::Known(found, message))
    }
}

impl Definition {
    fn new(
        message: &MessageDescriptor,
        id: Option<WriterSchemaId>,
        columns: &Fields,
        is_reserved: &impl Fn(usize) -> bool,
    ) -> SchemaResult<Self> {
        let catalog = Catalog::new(message)?;
        let binding = Binding::new(&catalog, 0, columns, is_reserved)?;
        Ok(Self { catalog, binding, id, indexes: indexes(message), file: message.parent_file() })
    }

    /// The header names another message of the file.
    #[cold]
    fn another(&self, found: &MessageIndexes<'_>) -> SchemaError {
        let indexes: Vec<u32> = found.iter().collect();
        let mut at = indexes.iter().map(|index| *index as usize);
        let mut message = at.next().and_then(|index| self.file.messages().nth(index));
        for index in at {
            message = message.and_then(|outer| outer.child_messages().nth(index));
        }
        let expected = &self.catalog.message(0).full_name;
        let found = match message {
            Some(message) => format!("`{}`", message.full_name()),
            None => "none of its file's".to_owned(),
        };
        let reason = format!("expected the message `{expected}`, found {found} (message indexes {indexes:?})");
        DecodeError::Syntax { reason }.into()
    }
}

/// Where a message stands in its file, from the file inwards: the path of a descriptor has a field number before each place.
pub(super) fn indexes(message: &MessageDescriptor) -> Vec<u32> {
    message.path().chunks(2).filter_map(|pair| u32::try_from(*pair.get(1)?).ok()).collect()
}

#[cold]
fn no_header(error: WireError) -> SchemaError {
    DecodeError::from(error).into()
}
