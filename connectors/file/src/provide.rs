//! The schema of files that carry it: a container's header, a footer.

use std::{
    collections::HashMap,
    fs,
    fs::File,
    io::Cursor,
    path::{Path, PathBuf},
};

use arrow_schema::SchemaRef;
use laminar_schema::{
    ConnectorError, DecoderSet, FieldMeta, FormatFile, FormatSpec, Framing, InferenceConfig, SchemaProvider,
    SchemaResult, SelfDescription,
};

use crate::{
    columns,
    open::{ReadPlan, io_error, place},
    source::{FileSource, OnceState},
};

/// Bytes of a compressed file or of a stream that are looked at for a description, at most: these cannot be entered in
/// any place.
const MAX_HEAD_BYTES: usize = 16 << 20;

impl<D: DecoderSet> SchemaProvider for FileSource<D> {
    /// The schema of the first file. What others say is seen when they are read.
    async fn provide_schema(&self) -> SchemaResult<SchemaRef> {
        self.description().await.map(|d| d.schema)
    }

    async fn field_metadata(&self) -> SchemaResult<HashMap<String, FieldMeta>> {
        self.description().await.map(|d| d.fields)
    }
}

impl<D: DecoderSet> FileSource<D> {
    pub(crate) async fn description(&self) -> SchemaResult<SelfDescription> {
        if self.target.is_read_once() && self.plan.framing == Framing::Columns {
            let mut file = self.take_spooled().await?;
            let name = self.config.path.as_str().into();
            let described = describe::<D>(&self.format, &mut file).map_err(|e| e.at(place(&name)));
            self.put_once(OnceState::Spooled(file));
            return described;
        }
        if self.target.is_read_once() {
            let head = self.head_of_once(&InferenceConfig::default(), MAX_HEAD_BYTES).await?;
            let name = self.config.path.as_str().into();
            return describe::<D>(&self.format, &mut Cursor::new(head.bytes)).map_err(|e| e.at(place(&name)));
        }
        let files = self.target.some_files()?;
        let (plan, format, limit) = (self.plan.clone(), self.format.clone(), self.config.max_spool_bytes);
        let looking = tokio::task::spawn_blocking(move || describe_first::<D>(&plan, &format, &files, limit));
        looking.await.map_err(|error| ConnectorError::External {
            action: "read the schema of the files",
            source: error.into(),
            retryable: false,
        })?
    }
}

fn describe_first<D: DecoderSet>(
    plan: &ReadPlan,
    format: &FormatSpec,
    files: &[PathBuf],
    max_spool_bytes: u64,
) -> SchemaResult<SelfDescription> {
    // A file of no bytes says nothing; where all are such, the first one's error says so.
    let has_bytes = |path: &&PathBuf| fs::metadata(path).is_ok_and(|file| file.len() > 0);
    // `some_files` yields one at least; a glob that matched none is its error.
    let Some(path) = files.iter().find(has_bytes).or(files.first()) else { return Err(no_description(format)) };
    let name = path.to_string_lossy().into();
    let described = if plan.framing == Framing::Columns {
        describe::<D>(format, &mut columns::open(plan, path, &name, max_spool_bytes)?)
    } else {
        return describe_file::<D>(plan, format, path);
    };
    described.map_err(|e| e.at(place(&name)))
}

/// What a file says that is read record by record.
///
/// # Errors
/// It cannot be read, or says nothing.
pub(crate) fn describe_file<D: DecoderSet>(
    plan: &ReadPlan,
    format: &FormatSpec,
    path: &Path,
) -> SchemaResult<SelfDescription> {
    let name = path.to_string_lossy().into();
    let described = if plan.is_plain_file(path)? {
        let mut file = File::open(path).map_err(|e| io_error("open", &name, e))?;
        describe::<D>(format, &mut file)
    } else {
        let (head, _) = plan.head(path, MAX_HEAD_BYTES)?;
        describe::<D>(format, &mut Cursor::new(head))
    };
    described.map_err(|e| e.at(place(&name)))
}

fn describe<D: DecoderSet>(format: &FormatSpec, file: &mut dyn FormatFile) -> SchemaResult<SelfDescription> {
    D::describe(format, Some(file))?.ok_or_else(|| no_description(format))
}

#[cold]
fn no_description(format: &FormatSpec) -> laminar_schema::SchemaError {
    let source = format!("files of format {} do not say what is in them; declare the columns", format.name);
    ConnectorError::External { action: "read the schema of the files", source: source.into(), retryable: false }.into()
}
