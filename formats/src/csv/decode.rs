//! CSV records → columns.

use std::{ops::Range, sync::Arc};

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_schema::{DataType, SchemaRef};
use laminar_schema::{
    ConnectorConfig, DecodeError, DecodeSpec, Decoded, DecoderSet, DefaultFiller, FormatDecoder, FormatInference,
    FormatInfo, Found, Framing, Location, RawBatch, SchemaError, SchemaResult,
    config::{ConfigError, FormatSpec},
    field::{RESCUE_COLUMN, payload_key},
    format::Encoding,
};

use super::{
    ColumnNullValues, CsvEngine, CsvOptions, Dialect, Field, NullValues, QuotedNulls, SplitError, Splitter,
    column::{CsvColumn, NoValue},
    direct::{Direct, Run},
    layout::{LayoutRules, Layouts},
    options::RaggedRows,
    rescue::RescuedFields,
};
use crate::{
    policy::{NoContent, RescueReason, TypeMismatch, UnknownFields},
    rows::{Account, Reluctance},
};

/// Decodes CSV records, one row each.
///
/// Columns are found by the header of the record's partition, so partitions may order them differently; records of a
/// partition without a header, such as messages, go by position.
///
/// Cost: O(bytes). Allocates per batch and column, never per accepted record once warm.
#[derive(Debug)]
pub struct CsvDecoder {
    schema: SchemaRef,
    policies: Policies,
    /// The fast way, where there is one.
    direct: Option<Direct>,
    /// Grows with every record that the fast engine leaves to the plain one.
    reluctance: Reluctance,
    engine: CsvEngine,
    splitter: Splitter,
    layouts: Layouts,
    columns: Vec<CsvColumn>,
    defaults: DefaultFiller,
    num_rows: usize,
    rescued: RescuedFields,
    /// The layout of each partition of the batch.
    partition_layouts: Vec<Option<usize>>,
}

/// What the options say about values and records.
#[derive(Debug)]
pub(super) struct Policies {
    null_values: NullValues,
    column_null_values: ColumnNullValues,
    quoted_nulls: QuotedNulls,
    ragged_rows: RaggedRows,
    pub(super) type_mismatch: TypeMismatch,
    empty_records: NoContent,
    tombstones: NoContent,
    pub(super) max_record_bytes: usize,
    /// What the stream was encoded in before its source made UTF-8 of it.
    encoding: Encoding,
    /// Names of the columns, for what is rescued.
    names: Vec<String>,
    /// The column that takes what is rescued.
    rescue: Option<usize>,
}

/// Why a record gives no row. Costs nothing to make: errors are built outside the per-record path.
#[derive(Debug, Clone, Copy)]
enum Rejection {
    Layout,
    TooLarge,
    Utf8,
    Split(SplitError),
    Count,
    Empty,
    Tombstone,
    Column { column: usize, why: NoValue },
}

/// What became of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Row,
    Nothing,
}

impl CsvDecoder {
    /// Builds a decoder.
    ///
    /// # Errors
    /// Options that contradict each other; a column type that CSV cannot carry; a DEFAULT that is no value.
    pub fn new(schema: SchemaRef, options: &CsvOptions) -> SchemaResult<Self> {
        Self::with_engine(schema, options, CsvEngine::best())
    }

    /// Builds a decoder that goes a given way, or the next best one that this machine has.
    ///
    /// # Errors
    /// As [`CsvDecoder::new`].
    pub fn with_engine(schema: SchemaRef, options: &CsvOptions, engine: CsvEngine) -> SchemaResult<Self> {
        let dialect = Dialect::new(options)?;
        options.column_null_values.check(&schema, options)?;
        let defaults = DefaultFiller::new(&schema)?;
        let rescues = options.unknown_fields == UnknownFields::Rescue || options.type_mismatch == TypeMismatch::Rescue;
        let columns: SchemaResult<Vec<CsvColumn>> = schema
            .fields()
            .iter()
            .enumerate()
            .map(|(index, f)| {
                let is_rescue = rescues && f.name() == RESCUE_COLUMN && *f.data_type() == DataType::Utf8;
                CsvColumn::new(f, options, defaults.has_default(index), is_rescue)
            })
            .collect();
        let columns = columns?;
        if rescues && !columns.iter().any(|c| c.is_rescue) {
            return Err(no_rescue_column(options));
        }
        let keys = columns.iter().zip(schema.fields());
        let keys = keys.map(|(c, f)| (!c.is_rescue).then(|| payload_key(f).to_owned())).collect();
        let layouts = Layouts::new(LayoutRules {
            keys,
            duplicates: options.duplicate_fields,
            unknown_fields: options.unknown_fields,
        });
        Ok(Self {
            policies: Policies {
                null_values: options.null_values.clone(),
                column_null_values: options.column_null_values.clone(),
                quoted_nulls: options.quoted_nulls,
                ragged_rows: options.ragged_rows,
                type_mismatch: options.type_mismatch,
                empty_records: options.empty_records,
                tombstones: options.tombstones,
                max_record_bytes: options.max_record_bytes,
                encoding: options.encoding,
                names: schema.fields().iter().map(|f| f.name().clone()).collect(),
                rescue: columns.iter().position(|c| c.is_rescue),
            },
            // What is rescued is gathered record by record.
            reluctance: Reluctance::default(),
            direct: if rescues { None } else { Direct::new(engine, &dialect) },
            engine,
            splitter: Splitter::new(dialect),
            layouts,
            columns,
            defaults,
            num_rows: 0,
            rescued: RescuedFields::default(),
            partition_layouts: Vec::new(),
            schema,
        })
    }

    /// The way that was asked for. A dialect that is not simple goes the plain one in any case.
    pub fn engine(&self) -> CsvEngine {
        self.engine
    }

    /// Decodes records, all of the same layout, up to the first that is left to the plain way, and returns that.
    #[inline(never)]
    fn decode_run(&mut self, batch: &RawBatch, records: Range<usize>, layout: Option<usize>) -> usize {
        let Self { direct: Some(direct), columns, layouts, policies, num_rows, reluctance, .. } = self else {
            return records.start;
        };
        if reluctance.spares() {
            return records.start;
        }
        let layout = layouts.layout(layout);
        if layout.is_broken() {
            return records.start;
        }
        let Range { mut start, end } = records;
        while start < end {
            let count = direct.rows(columns, Run { batch, first: start, end, layout, policies, num_rows: *num_rows });
            if count == 0 {
                break;
            }
            *num_rows += count;
            start += count;
            reluctance.took(count);
        }
        if start < end {
            reluctance.left_one();
        }
        start
    }

    /// The layout of a record's partition.
    #[inline]
    fn layout_of(&self, batch: &RawBatch, record: usize) -> Option<usize> {
        let partition = batch.partition_index(record).and_then(|p| self.partition_layouts.get(p as usize));
        partition.copied().flatten()
    }

    /// Decodes one record into a row; on a rejection the columns are as before.
    #[inline(never)]
    fn decode_record(&mut self, record: &[u8], layout: Option<usize>) -> Result<Outcome, Rejection> {
        let outcome = self.push_record(record, layout);
        if outcome.is_err() {
            self.take_back();
        }
        outcome
    }

    fn push_record(&mut self, record: &[u8], layout: Option<usize>) -> Result<Outcome, Rejection> {
        let Self { policies, splitter, layouts, columns, rescued, .. } = self;
        let layout = layouts.layout(layout);
        if layout.is_broken() {
            return Err(Rejection::Layout);
        }
        if record.len() > policies.max_record_bytes {
            return Err(Rejection::TooLarge);
        }
        if splitter.is_blank(trim_line_end(record)) && layout.num_fields != 1 {
            return match policies.empty_records {
                NoContent::Reject => Err(Rejection::Empty),
                NoContent::Skip => Ok(Outcome::Nothing),
                NoContent::Null => self.push_absent_row(),
            };
        }
        let text = std::str::from_utf8(record).map_err(|_| Rejection::Utf8)?;
        splitter.split(text).map_err(Rejection::Split)?;
        if splitter.len() != layout.num_fields && !policies.accept(splitter.len(), layout.num_fields) {
            return Err(Rejection::Count);
        }
        let row = self.num_rows as u32;
        rescued.clear();
        for (index, (column, field)) in columns.iter_mut().zip(&layout.columns).enumerate() {
            let pushed = match field.and_then(|at| splitter.field(text, at)) {
                // It gets what is left over once everything else is read.
                None if column.is_rescue => continue,
                None => column.push_absent(row),
                Some(field) => match column.push_field(field.text, field.quoted, policies) {
                    Err(NoValue::Mismatch(_) | NoValue::Nested)
                        if column.nullable && policies.type_mismatch == TypeMismatch::Rescue =>
                    {
                        rescued.push(&policies.names[index], Some(field.text), RescueReason::TypeMismatch);
                        column.push_null()
                    }
                    pushed => pushed,
                },
            };
            pushed.map_err(|why| Rejection::Column { column: index, why })?;
        }
        if let Some(rescue) = policies.rescue {
            for (at, name) in &layout.rescued {
                if let Some(field) = splitter.field(text, *at) {
                    let is_null = policies.is_null(name, field);
                    rescued.push(name, (!is_null).then_some(field.text), RescueReason::UnknownField);
                }
            }
            // The column is text, which takes any text.
            let pushed = rescued.finish().map(|json| columns[rescue].push_text(json));
            if !matches!(pushed, Some(Ok(()))) {
                columns[rescue].push_empty();
            }
        }
        self.num_rows += 1;
        Ok(Outcome::Row)
    }

    fn push_absent_row(&mut self) -> Result<Outcome, Rejection> {
        let row = self.num_rows as u32;
        for (column, builder) in self.columns.iter_mut().enumerate() {
            match builder.is_rescue {
                true => builder.push_empty(),
                false => builder.push_absent(row).map_err(|why| Rejection::Column { column, why })?,
            }
        }
        self.num_rows += 1;
        Ok(Outcome::Row)
    }

    /// Removes what a rejected record has left in the columns in front of the one it failed at.
    fn take_back(&mut self) {
        self.columns.iter_mut().for_each(|column| column.truncate(self.num_rows));
    }

    fn decode_entry(&mut self, batch: &RawBatch, index: usize, layout: Option<usize>) -> Result<Outcome, Rejection> {
        if !batch.is_tombstone(index) {
            return self.decode_record(batch.value(index), layout);
        }
        match self.policies.tombstones {
            NoContent::Reject => Err(Rejection::Tombstone),
            NoContent::Skip => Ok(Outcome::Nothing),
            NoContent::Null => self.push_absent_row().inspect_err(|_| self.take_back()),
        }
    }

    /// The error of a rejection of `record`, which must be what was decoded last.
    #[cold]
    fn error(&mut self, rejection: Rejection, record: &[u8], layout: Option<usize>) -> SchemaError {
        let (error, column) = match rejection {
            Rejection::Layout => {
                // A layout that is broken says why.
                return self.layouts.layout(layout).error().unwrap_or_else(|| DecodeError::InvalidUtf8.into());
            }
            Rejection::TooLarge => {
                (DecodeError::TooLarge { size: record.len(), limit: self.policies.max_record_bytes }, None)
            }
            Rejection::Utf8 => (not_text(self.policies.encoding), None),
            Rejection::Split(e) => {
                let span = Some(e.offset()..e.offset() + 1);
                let error = SchemaError::new(DecodeError::Syntax { reason: e.reason().to_owned() });
                return error.at(Location { span, ..Location::default() });
            }
            Rejection::Count => {
                let expected = self.layouts.layout(layout).num_fields;
                (DecodeError::ColumnCount { expected, found: self.splitter.len() }, None)
            }
            Rejection::Empty => (DecodeError::EmptyRecord, None),
            Rejection::Tombstone => (DecodeError::Tombstone, None),
            Rejection::Column { column, why } => {
                let expected = self.schema.field(column).data_type().clone();
                let error = match why {
                    NoValue::Missing => DecodeError::MissingField { expected },
                    NoValue::Null => DecodeError::NullField { expected },
                    NoValue::Mismatch(mismatch) => mismatch.into_error(expected, self.found(record, layout, column)),
                    NoValue::Nested => {
                        let found = self.found(record, layout, column);
                        let inside = self.columns[column].take_error();
                        return inside.unwrap_or_else(|| DecodeError::TypeMismatch { expected, found }.into());
                    }
                };
                (error, Some(column))
            }
        };
        match column {
            Some(column) => SchemaError::new(error).in_field(self.schema.field(column).name()),
            None => error.into(),
        }
    }

    /// The text that a column has in the record that was decoded last.
    #[cold]
    fn found(&self, record: &[u8], layout: Option<usize>, column: usize) -> Found {
        let text = std::str::from_utf8(record).unwrap_or("");
        let at = self.layouts.layout(layout).columns.get(column).copied().flatten();
        let field = at.and_then(|at| self.splitter.field(text, at));
        Found::new("text", field.map_or("", |f| f.text))
    }

    fn finish_batch(&mut self) -> SchemaResult<RecordBatch> {
        let arrays: SchemaResult<Vec<ArrayRef>> = self
            .columns
            .iter_mut()
            .enumerate()
            .map(|(index, column)| {
                let filled = self.defaults.fill(index, column.finish()?, &column.absent);
                column.absent.clear();
                filled
            })
            .collect();
        let options = RecordBatchOptions::new().with_row_count(Some(self.num_rows));
        self.num_rows = 0;
        Ok(RecordBatch::try_new_with_options(Arc::clone(&self.schema), arrays?, &options)?)
    }
}

#[cold]
fn not_text(encoding: Encoding) -> DecodeError {
    match encoding {
        Encoding::Utf8 => DecodeError::InvalidUtf8,
        other => {
            DecodeError::Syntax { reason: format!("expected text in {}, found bytes that are none", other.name()) }
        }
    }
}

impl Policies {
    /// Whether a field of a column that the schema lacks is null.
    fn is_null(&self, column: &str, field: Field<'_>) -> bool {
        let nulls = self.column_null_values.of(column).unwrap_or(&self.null_values);
        (!field.quoted || self.quoted_nulls == QuotedNulls::Always) && nulls.contains(field.text)
    }

    fn accept(&self, found: usize, expected: usize) -> bool {
        match self.ragged_rows {
            RaggedRows::Reject => false,
            RaggedRows::Pad => found < expected,
            RaggedRows::IgnoreExtra => found > expected,
            RaggedRows::Accept => true,
        }
    }
}

#[cold]
fn no_rescue_column(options: &CsvOptions) -> SchemaError {
    let by_unknown = options.unknown_fields == UnknownFields::Rescue;
    let option = if by_unknown { "unknown_fields" } else { "type_mismatch" };
    let expected = format!("a column `{RESCUE_COLUMN}` of type JSON; declare it");
    ConfigError::invalid(option, "rescue", expected, "there is no such column").into()
}

fn trim_line_end(record: &[u8]) -> &[u8] {
    record.strip_suffix(b"\n").map_or(record, |r| r.strip_suffix(b"\r").unwrap_or(r))
}

impl FormatDecoder for CsvDecoder {
    fn output_schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn decode(&mut self, batch: &RawBatch) -> SchemaResult<Decoded> {
        self.layouts.start_batch();
        self.partition_layouts.clear();
        for partition in batch.partitions() {
            let layout = partition.preamble.as_ref().map(|header| self.layouts.index_of(header, &mut self.splitter));
            self.partition_layouts.push(layout);
        }
        let mut account = Account::of(batch.len());
        let (mut index, mut end) = (0, 0);
        while index < batch.len() {
            let layout = self.layout_of(batch, index);
            if index == end {
                end = (index + 1..batch.len()).find(|i| self.layout_of(batch, *i) != layout).unwrap_or(batch.len());
            }
            let run = index..end;
            index = self.decode_run(batch, run.clone(), layout);
            account.one_each(run.start..index);
            if index == end {
                continue;
            }
            match self.decode_entry(batch, index, layout) {
                Ok(Outcome::Row) => account.gave(index, 1),
                Ok(Outcome::Nothing) => account.gave(index, 0),
                Err(rejection) => account.reject(index, self.error(rejection, batch.value(index), layout)),
            }
            index += 1;
        }
        Ok(account.decoded(self.finish_batch()?))
    }

    fn format_name(&self) -> &'static str {
        super::NAME
    }
}

impl DecoderSet for CsvDecoder {
    const FORMATS: &'static [&'static str] = &[super::NAME];

    fn build(spec: &DecodeSpec) -> SchemaResult<Option<Self>> {
        if spec.format.name != super::NAME {
            return Ok(None);
        }
        let options = CsvOptions::from_options(&spec.format.options)?;
        Self::new(Arc::clone(&spec.schema), &options).map(Some)
    }

    fn inference(format: &str) -> Option<Box<dyn FormatInference>> {
        crate::infer::inference(format).filter(|_| format == super::NAME)
    }

    fn framing(format: &FormatSpec) -> SchemaResult<Option<Framing>> {
        if format.name != super::NAME {
            return Ok(None);
        }
        let options = CsvOptions::from_options(&format.options)?;
        Ok(Some(Framing::Csv(Dialect::new(&options)?.framing(&options))))
    }

    fn format_info(format: &str) -> Option<FormatInfo> {
        (format == super::NAME).then(super::info)
    }
}
