//! Files that say what is in them: one whose schema is new is handed over in place of its rows.
//!
//! It is looked at before anything of the file is read, so that the change has the place of its first row. A file that says nothing
//! readable is left to whoever reads it, who is told where it is damaged.

use std::{path::Path, sync::Arc};

use arrow_schema::SchemaRef;
use laminar_schema::{ConfigError, DecoderSet, FileSchema, FormatFile, FormatSpec, Framing, Scan, SchemaResult};

use crate::{
    config::FileSourceConfig,
    open::{ReadPlan, place},
    position::FilePosition,
    provide::describe_file,
    reader::{Event, Outlet, Stop},
};

/// What files are compared with.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    format: FormatSpec,
    scan: Arc<Scan>,
}

impl Known {
    /// What `scan` knows of files; `None` where nobody asks.
    pub(crate) fn of(format: &FormatSpec, scan: Option<&Arc<Scan>>) -> Option<Self> {
        let scan = scan.filter(|scan| !scan.known.is_empty())?;
        Some(Self { format: format.clone(), scan: Arc::clone(scan) })
    }

    /// The schema of an opened file, where it is new.
    ///
    /// # Errors
    /// The file does not say its schema.
    pub(crate) fn new_in_opened<D: DecoderSet>(
        &self,
        name: &Arc<str>,
        file: &mut dyn FormatFile,
    ) -> SchemaResult<Option<FileSchema>> {
        let described = D::describe(&self.format, Some(file)).map_err(|e| e.at(place(name)))?;
        Ok(described.and_then(|described| self.new_of(name, described.schema)))
    }

    /// What a file says, where it is new.
    pub(crate) fn new_of(&self, name: &Arc<str>, schema: SchemaRef) -> Option<FileSchema> {
        self.scan.is_new(&schema).then(|| FileSchema { partition: Arc::clone(name), schema })
    }

    /// The schema of a file that is read record by record, where it is new.
    fn new_in_records<D: DecoderSet>(&self, plan: &ReadPlan, path: &Path, name: &Arc<str>) -> Option<FileSchema> {
        self.new_of(name, describe_file::<D>(plan, &self.format, path).ok()?.schema)
    }
}

/// Tells that a file that is to be read has a new schema; yields whether it has, and reading is over with that.
pub(crate) fn tell_new<D: DecoderSet>(
    known: Option<&Known>,
    plan: &ReadPlan,
    (path, name, from): (&Path, &Arc<str>, Option<FilePosition>),
    out: &Outlet,
) -> Result<bool, Stop> {
    // Of one that was begun, an earlier run has seen the schema.
    let Some(known) = known.filter(|_| !is_begun(from)) else { return Ok(false) };
    match known.new_in_records::<D>(plan, path, name) {
        Some(file) => out.send(Event::NewSchema(Box::new(file))).map(|()| true),
        None => Ok(false),
    }
}

/// Whether an earlier run has read something of a file.
pub(crate) fn is_begun(from: Option<FilePosition>) -> bool {
    from.is_some_and(|from| from.at.offset > 0)
}

/// # Errors
/// The files are followed: which of them are to be entered at their end is not known again once reading has stopped.
pub(crate) fn check_followed(config: &FileSourceConfig, framing: &Framing, scan: &Scan) -> SchemaResult<()> {
    if config.follow && *framing == Framing::AvroContainer && !scan.known.is_empty() {
        let reason = "changes of the schema of files that are followed are not noticed; read them to their end, or remove ON SCHEMA CHANGE";
        return Err(ConfigError::invalid("follow", "true", "false", reason).into());
    }
    Ok(())
}
