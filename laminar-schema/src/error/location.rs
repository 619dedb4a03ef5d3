//! Where in the data something happened.

use std::{fmt, ops::Range, sync::Arc};

/// The place an error or warning speaks of. Every part is optional: each layer fills in what it knows.
///
/// Rendered as `trades[partition 3, offset 8812] field price.amount`, without the parts that are unknown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Location {
    /// Name of the source or sink as SQL knows it, or its connector.
    pub source: Option<Arc<str>>,
    /// Partition: a Kafka partition, a file's path, a stream's name.
    pub partition: Option<Arc<str>>,
    /// Offset of the record in its partition: a Kafka offset, a byte offset in a file.
    pub offset: Option<u64>,
    /// Line in a text file, from 1.
    pub line: Option<u64>,
    /// Row in the batch, from 0, where nothing better is known.
    pub row: Option<u64>,
    /// Row in the record, from 0, where a record has several: in a block of an Avro container.
    pub row_of_record: Option<u64>,
    /// Path of the field: `price.amount`, `items[2].sku`.
    pub field: Option<String>,
    /// Bytes of the record that are meant.
    pub span: Option<Range<usize>>,
}

impl Location {
    /// A place known by its field only.
    pub fn field(path: impl Into<String>) -> Self {
        Self { field: Some(path.into()), ..Self::default() }
    }

    /// A place known by its source only.
    pub fn source(name: impl Into<Arc<str>>) -> Self {
        Self { source: Some(name.into()), ..Self::default() }
    }

    /// True when nothing is known.
    pub fn is_unknown(&self) -> bool {
        *self == Self::default()
    }

    /// Takes over every part of `other` that is unknown here.
    pub fn fill_from(&mut self, other: Self) {
        self.source = self.source.take().or(other.source);
        self.partition = self.partition.take().or(other.partition);
        self.offset = self.offset.or(other.offset);
        self.line = self.line.or(other.line);
        self.row = self.row.or(other.row);
        self.row_of_record = self.row_of_record.or(other.row_of_record);
        self.field = self.field.take().or(other.field);
        self.span = self.span.take().or(other.span);
    }

    pub(super) fn push_outer_field(&mut self, name: &str) {
        self.field = Some(match self.field.take() {
            None => name.to_owned(),
            Some(inner) if inner.starts_with('[') => format!("{name}{inner}"),
            Some(inner) => format!("{name}.{inner}"),
        });
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.source.as_deref().unwrap_or(""))?;
        // A row number is only worth showing where the record has no place of its own.
        let row = self.row.filter(|_| self.offset.is_none() && self.line.is_none());
        let parts = [
            self.partition.as_ref().map(|p| format!("partition {p}")),
            self.offset.map(|o| format!("offset {o}")),
            self.line.map(|l| format!("line {l}")),
            row.map(|r| format!("row {r}")),
            self.row_of_record.map(|r| format!("its row {r}")),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        if !parts.is_empty() {
            write!(f, "[{}]", parts.join(", "))?;
        }
        let mut gap = if self.source.is_some() || !parts.is_empty() { " " } else { "" };
        if let Some(field) = &self.field {
            write!(f, "{gap}field {field}")?;
            gap = " ";
        }
        if let Some(span) = &self.span {
            write!(f, "{gap}at byte {}", span.start)?;
        }
        Ok(())
    }
}
