//! Files of dead letters → records as they came, each with why it was rejected.

use std::sync::Arc;

use arrow_array::{
    Array, RecordBatch,
    cast::AsArray,
    types::{Int64Type, TimestampMicrosecondType},
};
use arrow_schema::DataType;
use laminar_connector_memory::{MemorySink, MemoryStore};
use laminar_schema::{
    DeclaredColumn, DeclaredSchema, DecodeSpec, FormatSpec, InferenceConfig, Metrics, OnError, Options, Output,
    Pipeline, PipelineConfig, Position, Positions, RawRecord, RecordStream, SchemaInferable, SchemaResult, Source,
    SourceBatch, SourceConnector, SourceMetadata, pipeline::dead_letter_schema,
};

use crate::{
    engine::{CliDecoder, CliEncoder},
    error::CliError,
    input::Found,
    running::available_cores,
};

/// A number, or text where schemas have UUIDs.
const SCHEMA_ID: &str = "schema_id";

/// One record that was rejected.
#[derive(Debug, Clone)]
pub(crate) struct DeadLetter {
    /// The source that it came from.
    pub(crate) source: String,
    /// Why it was rejected, as one word; letters of before there were any have none.
    pub(crate) kind: Option<String>,
    /// Path of the field that did not fit.
    pub(crate) field: Option<String>,
    /// Why it was rejected.
    pub(crate) error: String,
    /// Id of the schema that it named.
    pub(crate) schema_id: Option<serde_json::Value>,
    /// Its bytes, and where they came from.
    pub(crate) record: RawRecord,
}

/// Reads a file of dead letters, all of them into memory; `format` is the file's, if it is named, with these options.
///
/// # Errors
/// A file that cannot be read, or holds something else.
pub(crate) async fn read(file: &str, format: Option<&str>, options: Options) -> Result<Vec<DeadLetter>, CliError> {
    if is_queue(file) {
        let help = "write them into a file and name that: laminar convert URI -o letters.ndjson";
        return Err(CliError::usage("reading dead letters out of a queue would take them away", help));
    }
    let numbered = Box::pin(read_with(file, format, options.clone(), DataType::Int64)).await;
    match numbered {
        // Those of sources whose schemas have UUIDs; what is read once is not there any more.
        Err(error) if std::path::Path::new(file).is_file() => {
            Box::pin(read_with(file, format, options, DataType::Utf8)).await.map_err(|_| error)
        }
        read => read,
    }
}

/// Whether what is read there is gone then.
fn is_queue(uri: &str) -> bool {
    let is_rabbitmq = ["amqp://", "amqps://"].iter().any(|scheme| uri.starts_with(scheme));
    is_rabbitmq && !uri.contains("queue_type=stream")
}

async fn read_with(
    file: &str,
    format: Option<&str>,
    options: Options,
    schema_id: DataType,
) -> Result<Vec<DeadLetter>, CliError> {
    let input = Found::look_at(&[file.to_owned()], format, "--file-format").await?.open(options).await?;
    // Any column may be missing, so that letters of older versions can be read.
    let schema = dead_letter_schema();
    let columns = schema.fields().iter().map(|f| match f.name().as_str() {
        SCHEMA_ID => DeclaredColumn::new(SCHEMA_ID, schema_id.clone()),
        name => DeclaredColumn::new(name, f.data_type().clone()),
    });
    let declared = DeclaredSchema { columns: columns.collect(), ..DeclaredSchema::default() };
    let (input, resolved) = input.resolve(Some(&declared), &Options::new(), available_cores()).await?;
    let spec = DecodeSpec::new(resolved.schema, input.format);
    let store = MemoryStore::new();
    let sink: MemorySink<CliEncoder> = store.column_sink();
    let output = Output::all("letters", sink, FormatSpec::new("json"), &spec.output_schema());
    let config = PipelineConfig::new(input.name.as_str());
    let pipeline = Pipeline::new(input.source, spec, vec![output], OnError::Fail, config);
    let read = pipeline.dispatch(std::future::pending(), &Metrics::new()).await;
    read.map_err(|e| if e.is_row_level() { something_else(file, &format!(": {e}")) } else { e.into() })?;
    let letters: Option<Vec<_>> = store.batches().iter().map(letters_of).collect();
    letters.map(|letters| letters.into_iter().flatten().collect()).ok_or_else(|| something_else(file, ""))
}

fn something_else(file: &str, why: &str) -> CliError {
    let help =
        "name a file that DEAD LETTER TO or `--on-error dlq=FILE` has written, and with --file-format its format";
    CliError::usage(format!("{file} holds something else than dead letters{why}"), help)
}

/// The letters of a batch; `None` where a row says neither whence it came nor what was wrong.
fn letters_of(batch: &RecordBatch) -> Option<Vec<DeadLetter>> {
    (0..batch.num_rows()).map(|row| Row { batch, row }.letter()).collect()
}

struct Row<'a> {
    batch: &'a RecordBatch,
    row: usize,
}

impl Row<'_> {
    fn letter(&self) -> Option<DeadLetter> {
        let partition = self.text("partition").map(Arc::from);
        let place = SourceMetadata::at(partition, self.count("offset"), self.count("line"));
        let timestamp = self.column("timestamp").map(|c| c.as_primitive::<TimestampMicrosecondType>().value(self.row));
        let record = RawRecord {
            key: self.bytes("key"),
            value: self.bytes("record"),
            timestamp: timestamp.map(|micros| micros.div_euclid(1000)),
            headers: self.headers(),
            metadata: place,
        };
        Some(DeadLetter {
            source: self.text("source")?,
            kind: self.text("kind"),
            field: self.text("field"),
            error: self.text("error")?,
            schema_id: self.schema_id(),
            record,
        })
    }

    /// The column, where the row is not null in it.
    fn column(&self, name: &str) -> Option<&dyn Array> {
        let column = self.batch.column_by_name(name)?.as_ref();
        column.is_valid(self.row).then_some(column)
    }

    fn text(&self, name: &str) -> Option<String> {
        Some(self.column(name)?.as_string::<i32>().value(self.row).to_owned())
    }

    fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        Some(self.column(name)?.as_binary::<i32>().value(self.row).to_owned())
    }

    fn integer(&self, name: &str) -> Option<i64> {
        Some(self.column(name)?.as_primitive::<Int64Type>().value(self.row))
    }

    fn schema_id(&self) -> Option<serde_json::Value> {
        match self.column(SCHEMA_ID)?.data_type() {
            DataType::Utf8 => self.text(SCHEMA_ID).map(Into::into),
            _ => self.integer(SCHEMA_ID).map(Into::into),
        }
    }

    fn count(&self, name: &str) -> Option<u64> {
        self.integer(name).and_then(|count| u64::try_from(count).ok())
    }

    fn headers(&self) -> Vec<(String, Vec<u8>)> {
        let Some(entries) = self.column("headers").map(|c| c.as_map().value(self.row)) else { return Vec::new() };
        let (names, values) = (entries.column(0).as_string::<i32>(), entries.column(1).as_binary::<i32>());
        names.iter().zip(values).map(|(n, v)| (n.unwrap_or("").to_owned(), v.unwrap_or(&[]).to_owned())).collect()
    }
}

/// Reads the records of dead letters once more, each from the place that it came from.
#[derive(Debug, SourceConnector)]
#[connector(name = "dead_letters")]
#[capabilities(inferable)]
pub(crate) struct DeadLetterSource {
    letters: Arc<[DeadLetter]>,
}

impl DeadLetterSource {
    pub(crate) fn new(letters: Vec<DeadLetter>) -> Self {
        Self { letters: letters.into() }
    }
}

impl Source for DeadLetterSource {
    type Decoder = CliDecoder;
    type Stream = DeadLetterStream;

    /// There are no checkpoints of it, so there is no position to start from.
    async fn start(&self, _: Option<&Positions>) -> SchemaResult<DeadLetterStream> {
        Ok(DeadLetterStream { letters: Arc::clone(&self.letters), next: 0 })
    }
}

impl SchemaInferable for DeadLetterSource {
    async fn sample_records(&self, config: &InferenceConfig) -> SchemaResult<Vec<RawRecord>> {
        Ok(self.letters.iter().take(config.sample_size).map(|letter| letter.record.clone()).collect())
    }
}

/// A running [`DeadLetterSource`].
#[derive(Debug)]
pub(crate) struct DeadLetterStream {
    letters: Arc<[DeadLetter]>,
    next: usize,
}

impl RecordStream for DeadLetterStream {
    async fn next(&mut self, out: &mut SourceBatch, max: usize) -> SchemaResult<usize> {
        let rest = self.letters.get(self.next..).unwrap_or(&[]);
        let letters = rest.get(..max.max(1)).unwrap_or(rest);
        letters.iter().for_each(|letter| out.raw_mut().push_owned(&letter.record));
        self.next += letters.len();
        out.positions.set(Arc::from("letters"), Position::from_u64(self.next as u64));
        Ok(letters.len())
    }
}
