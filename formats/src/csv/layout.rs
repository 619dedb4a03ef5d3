//! Which field of a record belongs to which column.

use std::sync::Arc;

use laminar_schema::{DecodeError, SchemaError};

use super::{Splitter, names::unique_names, options::DuplicateColumns};
use crate::policy::UnknownFields;

/// Layouts kept from batch to batch, which is more headers than one batch of well-behaved files has.
const KEPT_LAYOUTS: usize = 64;

/// The layouts of all partitions seen, found again by their header.
#[derive(Debug)]
pub(super) struct Layouts {
    rules: LayoutRules,
    by_position: Layout,
    known: Vec<(Arc<[u8]>, Layout)>,
}

/// What a layout is made from, besides the header.
#[derive(Debug)]
pub(super) struct LayoutRules {
    /// The payload key of each column; `None` for the rescue column.
    pub(super) keys: Vec<Option<String>>,
    pub(super) duplicates: DuplicateColumns,
    pub(super) unknown_fields: UnknownFields,
}

/// Where the columns stand in the records below one header.
#[derive(Debug)]
pub(super) struct Layout {
    /// For each column the field that holds it; `None` where there is none.
    pub(super) columns: Vec<Option<usize>>,
    /// Fields that a row has.
    pub(super) num_fields: usize,
    /// Fields that go into the rescue column, with their names.
    pub(super) rescued: Vec<(usize, String)>,
    /// Why no record below this header can be decoded.
    broken: Option<(DecodeError, Option<String>)>,
}

impl Layouts {
    pub(super) fn new(rules: LayoutRules) -> Self {
        let by_position = rules.by_position();
        Self { rules, by_position, known: Vec::new() }
    }

    /// Forgets headers when there are too many; indices from before are void.
    pub(super) fn start_batch(&mut self) {
        if self.known.len() > KEPT_LAYOUTS {
            self.known.clear();
        }
    }

    /// The index of the layout of a partition with this header.
    pub(super) fn index_of(&mut self, header: &Arc<[u8]>, splitter: &mut Splitter) -> usize {
        // Nearly always the same allocation as in the batch before.
        let known = self.known.iter().position(|(h, _)| Arc::ptr_eq(h, header) || h == header);
        known.unwrap_or_else(|| {
            self.known.push((Arc::clone(header), self.rules.by_name(header, splitter)));
            self.known.len() - 1
        })
    }

    /// A layout by its index; without one, fields go by position.
    #[inline]
    pub(super) fn layout(&self, index: Option<usize>) -> &Layout {
        match index {
            Some(index) => &self.known[index].1,
            None => &self.by_position,
        }
    }
}

impl Layout {
    #[inline]
    pub(super) fn is_broken(&self) -> bool {
        self.broken.is_some()
    }

    /// Why no record below this header can be decoded.
    #[cold]
    pub(super) fn error(&self) -> Option<SchemaError> {
        let (error, column) = self.broken.as_ref()?;
        let error = SchemaError::new(error.clone());
        Some(match column {
            Some(name) => error.in_field(name),
            None => error,
        })
    }
}

impl LayoutRules {
    fn by_position(&self) -> Layout {
        let mut next = 0;
        let columns = self.keys.iter().map(|key| {
            let field = key.is_some().then_some(next);
            next += usize::from(key.is_some());
            field
        });
        Layout { columns: columns.collect(), num_fields: next, rescued: Vec::new(), broken: None }
    }

    fn by_name(&self, header: &[u8], splitter: &mut Splitter) -> Layout {
        match self.names(header, splitter) {
            Ok(names) => self.place(&names),
            Err(error) => {
                Layout { columns: Vec::new(), num_fields: 0, rescued: Vec::new(), broken: Some((error, None)) }
            }
        }
    }

    fn names(&self, header: &[u8], splitter: &mut Splitter) -> Result<Vec<String>, DecodeError> {
        let header = std::str::from_utf8(header).map_err(|_| DecodeError::InvalidUtf8)?;
        splitter
            .split(header)
            .map_err(|e| DecodeError::Syntax { reason: format!("the header cannot be read: {}", e.reason()) })?;
        let names: Vec<&str> = splitter.fields(header).map(|f| f.text).collect();
        Ok(match self.duplicates {
            DuplicateColumns::Rename => unique_names(names.into_iter()),
            _ => names.into_iter().map(str::to_owned).collect(),
        })
    }

    /// What a header of one field is to be split by so that it has one of the columns.
    fn other_delimiter(&self, names: &[String]) -> Option<char> {
        let [name] = names else { return None };
        let is_column = |text: &str| self.keys.iter().flatten().any(|key| key == text.trim().trim_matches('"'));
        [',', ';', '\t', '|'].into_iter().find(|other| name.contains(*other) && name.split(*other).any(is_column))
    }

    fn place(&self, names: &[String]) -> Layout {
        let find = |key: &String| match self.duplicates {
            DuplicateColumns::Last => names.iter().rposition(|n| n == key),
            DuplicateColumns::First | DuplicateColumns::Reject | DuplicateColumns::Rename => {
                names.iter().position(|n| n == key)
            }
        };
        let columns: Vec<Option<usize>> = self.keys.iter().map(|key| key.as_ref().and_then(find)).collect();
        let is_known = |name: &String| self.keys.iter().flatten().any(|key| key == name);
        let unknown = || names.iter().enumerate().filter(|(_, name)| !is_known(name));
        let rescued = match self.unknown_fields {
            UnknownFields::Rescue => unknown().map(|(at, name)| (at, name.clone())).collect(),
            UnknownFields::Ignore | UnknownFields::Reject => Vec::new(),
        };
        let twice = names.iter().enumerate().find(|(at, name)| is_known(name) && names[..*at].contains(name));
        let broken = if let Some((_, name)) = twice.filter(|_| self.duplicates == DuplicateColumns::Reject) {
            Some((DecodeError::DuplicateField, Some(name.clone())))
        } else if columns.iter().all(Option::is_none) && self.keys.iter().any(Option::is_some) {
            // All rows would be of nulls and DEFAULTs, which is never what is meant.
            let help = match self.other_delimiter(names) {
                Some('\t') => "fields seem to be separated by tabs: set `delimiter` to '\\t'".to_owned(),
                Some(other) => format!("fields seem to be separated by `{other}`: set `delimiter` to '{other}'"),
                None => "set `header` to false if there is none".to_owned(),
            };
            let found = laminar_schema::error::cut(&names.join(","));
            let reason = format!("expected a header with at least one of the columns, found \"{found}\"; {help}");
            Some((DecodeError::Syntax { reason }, None))
        } else if self.unknown_fields == UnknownFields::Reject {
            unknown().next().map(|(_, name)| (DecodeError::UnknownField, Some(name.clone())))
        } else {
            None
        };
        Layout { columns, num_fields: names.len(), rescued, broken }
    }
}
