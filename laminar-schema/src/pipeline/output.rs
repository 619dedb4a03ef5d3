//! One sink of a pipeline: which columns it takes, under which names, in which format.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{Schema, SchemaRef};

use super::lane::{Portion, Projection, Rows, Share};
use crate::{
    capability::{Capability, SchemaRegistryAware},
    config::{FormatSpec, column},
    connector::{Checkpoint, Measures, Prepared, RecordSink, SinkBatch, SinkConnector},
    error::{Location, SchemaError, SchemaResult},
    format::{EncodeSpec, EncodedBatch, EncoderSet, FormatEncoder, registered},
    predicate::Predicate,
    registry::RegistryConfig,
    resolve::ResolveError,
};

/// A sink with the columns it gets.
#[derive(Debug)]
pub struct Output<K> {
    name: Arc<str>,
    sink: K,
    spec: EncodeSpec,
    /// Index of each of the spec's columns in the batches written.
    columns: Vec<usize>,
    filter: Option<Predicate>,
    takes_new_columns: bool,
    /// The registry of its schemas, and the format as it was before they were.
    registry: Option<Box<(RegistryConfig, FormatSpec)>>,
}

/// A column of a SELECT list: `price AS p`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SelectedColumn {
    /// Column of the source.
    pub column: String,
    /// Name in the sink.
    pub name: String,
}

impl<K: SinkConnector> Output<K> {
    /// An output of all columns of `schema`.
    pub fn all(name: impl Into<Arc<str>>, sink: K, format: FormatSpec, schema: &SchemaRef) -> Self {
        let columns = (0..schema.fields().len()).collect();
        let spec = EncodeSpec::new(Arc::clone(schema), format);
        Self { name: name.into(), sink, spec, columns, filter: None, takes_new_columns: false, registry: None }
    }

    /// An output of some columns of `schema`, in the order and under the names selected.
    ///
    /// # Errors
    /// [`ResolveError::UnknownColumn`] with the nearest name; [`ResolveError::NameCollision`].
    pub fn select(
        name: impl Into<Arc<str>>,
        sink: K,
        format: FormatSpec,
        schema: &SchemaRef,
        selected: &[SelectedColumn],
    ) -> SchemaResult<Self> {
        let mut columns = Vec::with_capacity(selected.len());
        let mut fields = Vec::with_capacity(selected.len());
        for select in selected {
            let (index, field) = find(schema, &select.column)?;
            let renamed = field.clone().with_name(&select.name);
            if fields.contains(&renamed) || fields.iter().any(|f: &arrow_schema::Field| f.name() == &select.name) {
                return Err(ResolveError::NameCollision {
                    name: select.name.clone(),
                    first: "an earlier column of the SELECT list".to_owned(),
                    second: format!("column `{}`", select.column),
                }
                .into());
            }
            columns.push(index);
            fields.push(renamed);
        }
        let spec = EncodeSpec::new(Arc::new(Schema::new(fields)), format);
        Ok(Self { name: name.into(), sink, spec, columns, filter: None, takes_new_columns: false, registry: None })
    }

    /// The same output of the rows of which `filter` is true. Its columns are those of the schema selected from.
    #[must_use]
    pub fn with_filter(mut self, filter: Predicate) -> Self {
        self.filter = Some(filter);
        self
    }

    /// The same output, which also takes the columns that its source gains while it runs: a `*` in the SELECT list.
    #[must_use]
    pub fn with_new_columns(mut self) -> Self {
        self.takes_new_columns = true;
        self
    }

    /// Whether what it writes may change when its source gains columns or nested fields.
    pub fn may_change(&self) -> bool {
        self.takes_new_columns || self.spec.schema.fields().iter().any(|f| f.data_type().is_nested())
    }

    /// Goes on with a source of which the columns are those of `new` instead of `old`. Yields whether what it writes is
    /// another schema now.
    ///
    /// # Errors
    /// A column that it takes is gone; a new column has the name of one that it has.
    pub(super) fn follow(&mut self, old: &SchemaRef, new: &SchemaRef) -> SchemaResult<bool> {
        let places: Vec<Option<usize>> = old.fields().iter().map(|f| new.index_of(f.name()).ok()).collect();
        let gone = |column: usize| find(new, old.field(column).name()).map(|(place, _)| place);
        let mut fields: Vec<arrow_schema::FieldRef> = Vec::with_capacity(self.columns.len());
        let mut columns = Vec::with_capacity(self.columns.len());
        for (column, field) in self.columns.iter().zip(self.spec.schema.fields()) {
            let place = match places[*column] {
                Some(place) => place,
                // A `*` takes what there is.
                None if self.takes_new_columns => continue,
                None => gone(*column)?,
            };
            columns.push(place);
            fields.push(Arc::new(new.field(place).clone().with_name(field.name())));
        }
        self.columns = columns;
        if self.takes_new_columns {
            let added = (0..new.fields().len()).filter(|place| !places.contains(&Some(*place)));
            for place in added {
                let field = &new.fields()[place];
                if fields.iter().any(|known| known.name() == field.name()) {
                    return Err(ResolveError::NameCollision {
                        name: field.name().clone(),
                        first: "a column of the SELECT list".to_owned(),
                        second: "a column that the source has gained".to_owned(),
                    }
                    .into());
                }
                self.columns.push(place);
                fields.push(Arc::clone(field));
            }
        }
        if let Some(filter) = &self.filter {
            if let Some(column) = filter.columns().into_iter().find(|column| places[*column].is_none()) {
                gone(column)?;
            }
            self.filter = Some(filter.moved(&places.iter().map(|place| place.unwrap_or_default()).collect::<Vec<_>>()));
        }
        let schema = Arc::new(Schema::new_with_metadata(fields, self.spec.schema.metadata().clone()));
        let is_another = schema != self.spec.schema;
        self.spec.schema = schema;
        Ok(is_another)
    }

    /// The same output, which registers the schema that it writes, now and whenever that changes: its messages name it.
    ///
    /// # Errors
    /// The connector has no registry for the format; the registry refuses the schema, or cannot be reached.
    pub async fn with_registry(mut self, config: RegistryConfig) -> SchemaResult<Self> {
        self.registry = Some(Box::new((config, self.spec.format.clone())));
        Box::pin(self.register()).await?;
        Ok(self)
    }

    async fn register(&mut self) -> SchemaResult<()> {
        let Some((config, format)) = self.registry.as_deref() else { return Ok(()) };
        let info = self.sink.info();
        let has_registry = info.supports(Capability::Registry, &format.name);
        let registered = match self.sink.as_schema_registry_aware().filter(|_| has_registry) {
            Some(registry) => registry
                .register_schema(config, &self.sink.value_schema(&self.spec.schema)?)
                .await
                .map_err(in_sink(&self.name))?,
            None => {
                return Err(ResolveError::CapabilityAbsent {
                    connector: info.name.to_owned(),
                    capability: Capability::Registry,
                    format: format.name.clone(),
                    formats: info.formats_of(Capability::Registry).iter().map(|f| (*f).to_owned()).collect(),
                }
                .into());
            }
        };
        let options = K::Encoder::format_info(&format.name).map_or(&[][..], |info| info.options.keys);
        self.spec.format =
            registered::written_as(format, &registered, options, registered::header_of(&config.connection));
        Ok(())
    }

    /// Begins with a source of which the columns are those of `new` instead of `old`, which it was planned with.
    pub(super) async fn resume(&mut self, old: &SchemaRef, new: &SchemaRef) -> SchemaResult<()> {
        if self.follow(old, new)? {
            Box::pin(self.register()).await?;
        }
        Ok(())
    }

    /// Which rows it takes; all of them without one.
    pub fn filter(&self) -> Option<&Predicate> {
        self.filter.as_ref()
    }

    /// Name of the output.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// The sink.
    pub fn sink(&self) -> &K {
        &self.sink
    }

    /// Schema and format of what is written.
    pub fn spec(&self) -> &EncodeSpec {
        &self.spec
    }

    pub(super) fn projection(&self) -> Projection {
        let (schema, columns, filter) = (Arc::clone(&self.spec.schema), self.columns.clone(), self.filter.clone());
        Projection { schema, columns, filter }
    }

    /// What a lane makes for this output: its columns, and where `encodes`, their bytes too, unless the format needs
    /// one encoder for all batches.
    pub(super) fn share(&self, encodes: bool) -> SchemaResult<Share<K::Encoder>> {
        let encoder = match encodes && !self.sink.takes_columns() {
            true => Some(self.sink.build_encoder(&self.spec)?).filter(FormatEncoder::is_stateless),
            false => None,
        };
        Ok(Share { sink: Arc::clone(&self.name), projection: self.projection(), encoder })
    }

    /// Opens the sink and recovers what `last` left.
    pub(super) async fn open(self, last: Option<&Prepared>) -> SchemaResult<RunningOutput<K>> {
        let mut encoder = match self.sink.takes_columns() {
            true => None,
            false => Some(self.sink.build_encoder(&self.spec).map_err(in_sink(&self.name))?),
        };
        let mut writer = self.sink.start(&self.spec).await.map_err(in_sink(&self.name))?;
        writer.recover(last).await.map_err(in_sink(&self.name))?;
        let prologue = encoder.as_mut().map(FormatEncoder::prologue).unwrap_or_default();
        let projection = self.projection();
        let file = match encoder.as_ref().is_some_and(FormatEncoder::has_footer) {
            false => Footed::Never,
            // What a resumed output continues has been ended by its last checkpoint.
            true if last.is_some() => Footed::Complete,
            true => Footed::Open,
        };
        Ok(RunningOutput { output: self, projection, encoder, writer, encoded: EncodedBatch::new(), prologue, file })
    }
}

/// A column that is selected by this name.
pub(crate) fn find<'a>(schema: &'a Schema, name: &str) -> SchemaResult<(usize, &'a arrow_schema::Field)> {
    match column::position(schema, name) {
        Some(index) => Ok((index, schema.field(index))),
        None => Err(ResolveError::UnknownColumn { column: name.to_owned(), help: column::help(schema, name) }.into()),
    }
}

/// An open output.
pub(super) struct RunningOutput<K: SinkConnector> {
    output: Output<K>,
    projection: Projection,
    encoder: Option<K::Encoder>,
    writer: K::Writer,
    encoded: EncodedBatch,
    prologue: Vec<u8>,
    file: Footed,
}

/// How far a file is that cannot be read without its footer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Footed {
    /// The format has none.
    Never,
    /// The footer is to be written before the sink prepares.
    Open,
    /// It was written, and nothing since.
    Complete,
}

impl<K: SinkConnector> RunningOutput<K> {
    pub(super) fn name(&self) -> &str {
        &self.output.name
    }

    /// What the sink tells of itself, beside its name.
    pub(super) fn measures(&self) -> Option<(Arc<str>, Measures)> {
        Some((Arc::clone(&self.output.name), self.writer.measures()?))
    }

    /// Writes what starts a byte stream in the format, so that a result without rows is a file with a header and not
    /// an empty one. Yields whether there was anything to write; a sink that is resumed has it already and leaves it.
    pub(super) async fn begin(&mut self) -> SchemaResult<bool> {
        let is_begun = self.prologue.is_empty() || self.file == Footed::Complete;
        let Some(encoder) = self.encoder.as_ref().filter(|_| !is_begun) else { return Ok(false) };
        let (prologue, delimiter) = (&self.prologue, encoder.delimiter());
        let nothing = SinkBatch::Encoded { records: &self.encoded, prologue, delimiter };
        self.writer.write(nothing).await.map(|()| true).map_err(in_sink(&self.output.name))
    }

    /// Goes on with a source of which the columns are those of `new` instead of `old`: [`Output::follow`].
    pub(super) async fn follow(&mut self, old: &SchemaRef, new: &SchemaRef) -> SchemaResult<()> {
        if self.output.follow(old, new)? && self.encoder.is_some() {
            Box::pin(self.output.register()).await?;
            let encoder = self.output.sink.build_encoder(&self.output.spec);
            self.encoder = Some(encoder.map_err(in_sink(&self.output.name))?);
        }
        self.projection = self.output.projection();
        Ok(())
    }

    /// The columns that it takes, and of which rows.
    pub(super) fn projection(&self) -> Projection {
        self.output.projection()
    }

    /// What lanes make for this output.
    pub(super) fn share(&self, encodes: bool) -> SchemaResult<Share<K::Encoder>> {
        self.output.share(encodes)
    }

    /// Projects, encodes and writes a batch.
    pub(super) async fn write(&mut self, batch: &RecordBatch) -> SchemaResult<()> {
        let columns = self.projection.of(Rows { columns: batch.columns(), num_rows: batch.num_rows() })?;
        self.write_columns(&columns).await
    }

    /// Writes what a lane made of a batch; yields the arena back, where there is one.
    pub(super) async fn write_portion(&mut self, portion: Portion) -> SchemaResult<Option<EncodedBatch>> {
        let records = match portion {
            // A filter may have left nothing, and nothing must not begin another file.
            Portion::Columns(columns) if columns.num_rows() == 0 => return Ok(None),
            Portion::Encoded(records) if records.is_empty() => return Ok(Some(records)),
            Portion::Columns(columns) => return self.write_columns(&columns).await.map(|()| None),
            Portion::Encoded(records) => records,
        };
        // A lane encodes with what the output's own encoder is, so there is one.
        let delimiter = self.encoder.as_ref().map_or(&b""[..], FormatEncoder::delimiter);
        let batch = SinkBatch::Encoded { records: &records, prologue: &self.prologue, delimiter };
        self.writer.write(batch).await.map(|()| Some(records)).map_err(in_sink(&self.output.name))
    }

    async fn write_columns(&mut self, columns: &RecordBatch) -> SchemaResult<()> {
        let Some(encoder) = &mut self.encoder else {
            return self.writer.write(SinkBatch::Columns(columns)).await.map_err(in_sink(&self.output.name));
        };
        self.encoded.clear();
        encoder.encode(columns, &mut self.encoded).map_err(in_sink(&self.output.name))?;
        if self.file == Footed::Complete {
            self.file = Footed::Open;
        }
        let (prologue, delimiter) = (&self.prologue, encoder.delimiter());
        let batch = SinkBatch::Encoded { records: &self.encoded, prologue, delimiter };
        self.writer.write(batch).await.map_err(in_sink(&self.output.name))
    }

    /// Whether what was written can be read only once the output has ended it.
    pub(super) fn has_footer(&self) -> bool {
        self.file != Footed::Never
    }

    /// Ends the open transaction, and before it the file that is open, where that is one with a footer.
    pub(super) async fn prepare(&mut self, checkpoint: Checkpoint<'_>) -> SchemaResult<Prepared> {
        if let (Footed::Open, Some(encoder)) = (self.file, &mut self.encoder) {
            self.encoded.clear();
            self.encoded.bytes_mut().extend(encoder.finish().map_err(in_sink(&self.output.name))?);
            self.encoded.end_record();
            let (prologue, delimiter) = (&self.prologue, encoder.delimiter());
            let batch = SinkBatch::Encoded { records: &self.encoded, prologue, delimiter };
            self.writer.write(batch).await.map_err(in_sink(&self.output.name))?;
            self.file = Footed::Complete;
        }
        self.writer.prepare(checkpoint).await.map_err(in_sink(&self.output.name))
    }

    pub(super) async fn commit(&mut self, prepared: &Prepared) -> SchemaResult<()> {
        self.writer.commit(prepared).await.map_err(in_sink(&self.output.name))
    }

    pub(super) async fn abort(&mut self) -> SchemaResult<()> {
        self.writer.abort().await
    }

    pub(super) async fn close(&mut self) -> SchemaResult<()> {
        let epilogue = match &mut self.encoder {
            // The last checkpoint has ended it.
            Some(encoder) if self.file == Footed::Never => encoder.finish().map_err(in_sink(&self.output.name))?,
            Some(_) | None => Vec::new(),
        };
        self.writer.close(&epilogue).await.map_err(in_sink(&self.output.name))
    }
}

/// Says of an error which sink it is of.
pub(super) fn in_sink(name: &Arc<str>) -> impl Fn(SchemaError) -> SchemaError {
    move |error| error.at(Location::source(Arc::clone(name)))
}
