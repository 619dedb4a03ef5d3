//! Samples of CSV → a schema with evidence.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use arrow_schema::{DataType, Field, Schema};
use laminar_schema::{
    ConnectorConfig, DetectedFormat, FormatInference, InferError, InferenceConfig, InferenceWarning, InferredSchema,
    RawRecord, SampleHead, SchemaResult, WarningSeverity,
    field::{KEY_METADATA, with_metadata},
};

use serde::{Deserialize, Serialize};

use super::{
    CsvOptions, Dialect, DuplicateColumns, RaggedRows, Splitter,
    names::{column_name, unique_names},
    sniff::sniff,
    typing::{Typing, with_formats},
};
use crate::{
    infer::{Columns, Kind, MAX_FIELDS, MAX_KEYS, Member, Place, Unusable, replayed, stored},
    policy::NoContent,
};

/// Infers a schema from CSV records: a column per name of the header, or per position where there is none.
///
/// With the option `header`, the first record of the sample is the header, wherever the others came from.
#[derive(Debug, Clone, Copy, Default)]
pub struct CsvInference;

impl FormatInference for CsvInference {
    fn format_name(&self) -> &str {
        super::NAME
    }

    fn widest_type(&self) -> Field {
        Field::new("", DataType::Utf8, true)
    }

    fn infer(&self, samples: &[RawRecord], config: &InferenceConfig) -> SchemaResult<InferredSchema> {
        let has_header = CsvOptions::from_options(&config.format_options)?.header;
        let (header, records) = match samples.split_first() {
            Some((header, records)) if has_header => (Some(header), records),
            _ => (None, samples),
        };
        let mut sample = CsvSample::new(config, header)?;
        for record in records {
            sample.observe(record);
        }
        sample.finish(config)
    }

    fn detect(&self, head: SampleHead<'_>, config: &InferenceConfig) -> SchemaResult<Option<DetectedFormat>> {
        sniff(head, config).map(Some)
    }

    fn replay(&self, evidence: &str, config: &InferenceConfig) -> SchemaResult<InferredSchema> {
        let seen: Seen = replayed(super::NAME, evidence)?;
        let sample = CsvSample::new(config, None)?;
        if seen.formats != sample.seen.formats {
            let reason = "it was kept with other timestamp formats".to_owned();
            return Err(InferError::NoReplay { format: super::NAME.to_owned(), reason }.into());
        }
        CsvSample { seen, ..sample }.finish(config)
    }
}

/// What a part of a CSV sample says. Parts of one header merge in any order.
#[derive(Debug)]
pub struct CsvSample {
    options: CsvOptions,
    splitter: Splitter,
    typing: Typing,
    seen: Seen,
}

/// Everything that the records say: what is stored to be inferred from again.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Seen {
    /// The timestamp formats that the evidence speaks of by number.
    formats: Vec<String>,
    header: Option<Vec<String>>,
    looked_at: u64,
    /// Rows by their number of fields: which number is right is only known at the end.
    widths: BTreeMap<usize, Rows>,
    empty: Unusable,
    unusable: Unusable,
}

/// Rows of the same number of fields.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Rows {
    count: u64,
    columns: Vec<Member>,
    /// The first of them, should they be of the wrong width.
    first: Unusable,
}

impl CsvSample {
    /// An empty sample below a header, where there is one.
    ///
    /// # Errors
    /// Options of the format that are wrong.
    pub fn new(config: &InferenceConfig, header: Option<&RawRecord>) -> SchemaResult<Self> {
        let options = CsvOptions::from_options(&config.format_options)?;
        let mut splitter = Splitter::new(Dialect::new(&options)?);
        let mut unusable = Unusable::default();
        let header = header.map(|record| {
            names(record, &mut splitter).unwrap_or_else(|reason| {
                unusable.note(&Place::of(&record.metadata), &format!("the header cannot be read: {reason}"));
                Vec::new()
            })
        });
        let typing = Typing::new(config, &options);
        let header = match options.duplicate_fields {
            DuplicateColumns::Rename => header.map(|names| unique_names(names.iter().map(String::as_str))),
            _ => header,
        };
        Ok(Self {
            options,
            splitter,
            typing,
            seen: Seen { formats: with_formats(config).timestamp_formats, header, unusable, ..Seen::default() },
        })
    }

    /// Takes in one record.
    pub fn observe(&mut self, record: &RawRecord) {
        self.seen.looked_at += 1;
        let place = Place::of(&record.metadata);
        let Some(bytes) = record.value.as_deref() else {
            if self.options.tombstones == NoContent::Reject {
                self.seen.unusable.note(&place, "expected a row, found a tombstone");
            }
            return;
        };
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(e) => return self.seen.unusable.note(&place, &format!("invalid UTF-8 at byte {}", e.valid_up_to())),
        };
        let content = if self.options.trim { text.trim_ascii() } else { text.trim_end_matches(['\r', '\n']) };
        if content.is_empty() {
            return self.seen.empty.note(&place, "expected a row, found an empty record");
        }
        if let Err(e) = self.splitter.split(text) {
            return self.seen.unusable.note(&place, &format!("{} at byte {}", e.reason(), e.offset()));
        }
        let width = self.splitter.len();
        // Only a row of a new width can be one too many.
        let held = || self.seen.widths.keys().sum::<usize>();
        if !self.seen.widths.contains_key(&width) && (width > MAX_KEYS || held() + width > MAX_FIELDS) {
            return self.seen.unusable.note(&place, &format!("expected at most {MAX_KEYS} fields, found {width}"));
        }
        let rows = self.seen.widths.entry(width).or_default();
        rows.count += 1;
        rows.first.note(&place, "");
        rows.columns.resize_with(width, Member::default);
        for (index, (column, field)) in rows.columns.iter_mut().zip(self.splitter.fields(text)).enumerate() {
            let nulls = match self.typing.has_own_nulls() {
                true => self.typing.nulls_of(&name_of(self.seen.header.as_deref(), index, width)),
                false => &self.typing.nulls,
            };
            self.typing.observe(column, field, nulls, &place);
        }
    }

    /// Joins another part of the sample.
    pub fn merge(&mut self, other: Self) {
        self.seen.looked_at += other.seen.looked_at;
        for (width, rows) in other.seen.widths {
            let known = self.seen.widths.entry(width).or_default();
            known.count += rows.count;
            known.first.merge(rows.first);
            known.columns.resize_with(width, Member::default);
            for (column, theirs) in known.columns.iter_mut().zip(rows.columns) {
                column.merge(theirs, &self.typing.rules);
            }
        }
        self.seen.empty.merge(other.seen.empty);
        self.seen.unusable.merge(other.seen.unusable);
    }

    /// The schema of everything taken in.
    ///
    /// # Errors
    /// [`InferError`](laminar_schema::InferError) when there is no column.
    pub fn finish(&self, config: &InferenceConfig) -> SchemaResult<InferredSchema> {
        let width = self.width();
        let (columns, rows, unusable) = self.rows_of(width);
        let names: Vec<String> = (0..width).map(|i| self.name(i)).collect();
        let mut warnings = Vec::new();
        let places = self.places();
        let kept: Vec<usize> = (0..width).filter(|i| self.is_kept(*i, &places, &names, &mut warnings)).collect();
        let mut inferred = Columns {
            columns: kept.iter().map(|i| (names[*i].as_str(), &columns[*i])).collect(),
            looked_at: self.seen.looked_at,
            rows,
            unusable: &unusable,
        }
        .finish(config, &self.typing.rules)?;
        inferred.evidence = config.keep_evidence.then(|| stored(&self.seen));
        inferred.warnings.append(&mut warnings);
        if rows == 0 {
            let message = "the sample has a header and no row below it, so every column is VARCHAR";
            inferred.warnings.push(InferenceWarning::warning("", message));
        }
        inferred.warnings.extend(self.header_warning(&inferred.schema));
        inferred.schema = self.with_keys(&inferred.schema, &kept);
        Ok(inferred)
    }

    /// How many fields a row should have.
    fn width(&self) -> usize {
        if let Some(header) = &self.seen.header {
            return header.len();
        }
        let widths = || self.seen.widths.iter();
        let width = match self.options.ragged_rows {
            RaggedRows::Pad | RaggedRows::Accept => widths().map(|(width, _)| *width).next_back(),
            RaggedRows::IgnoreExtra => widths().map(|(width, _)| *width).next(),
            // Of two widths that are as frequent the larger one is no accident.
            RaggedRows::Reject => widths().max_by_key(|(width, rows)| (rows.count, **width)).map(|(width, _)| *width),
        };
        width.unwrap_or(0)
    }

    /// The columns of all rows that the options accept at this width, how many rows, and what is left out.
    fn rows_of(&self, width: usize) -> (Vec<Member>, u64, Unusable) {
        let mut columns = vec![Member::default(); width];
        let mut unusable = self.seen.unusable.clone();
        let mut count = 0;
        for (found, rows) in &self.seen.widths {
            let accepted = *found == width
                || match self.options.ragged_rows {
                    RaggedRows::Reject => false,
                    RaggedRows::Pad => *found < width,
                    RaggedRows::IgnoreExtra => *found > width,
                    RaggedRows::Accept => true,
                };
            if !accepted {
                unusable.merge(rows.first.clone().because(&format!("expected {width} fields, found {found}")));
                continue;
            }
            count += rows.count;
            for (column, theirs) in columns.iter_mut().zip(&rows.columns) {
                column.merge(theirs.clone(), &self.typing.rules);
            }
        }
        match self.options.empty_records {
            // An empty line of a table with one column is a row of one empty field.
            _ if width == 1 => {
                count += self.seen.empty.count();
                let mut empty = Member::default();
                if self.seen.empty.count() > 0 {
                    let nulls = self.typing.nulls_of(&self.name(0));
                    let field = super::Field { text: "", quoted: false };
                    self.typing.observe(&mut empty, field, nulls, &Place::default());
                }
                columns[0].merge(empty.times(self.seen.empty.count()), &self.typing.rules);
            }
            NoContent::Reject => unusable.merge(self.seen.empty.clone()),
            NoContent::Null => count += self.seen.empty.count(),
            NoContent::Skip => {}
        }
        (columns, count, unusable)
    }

    fn name(&self, index: usize) -> String {
        name_of(self.seen.header.as_deref(), index, self.width())
    }

    /// Where each name of the header stands first and last.
    fn places(&self) -> HashMap<&str, (usize, usize)> {
        let mut places = HashMap::new();
        for (at, name) in self.seen.header.iter().flatten().enumerate() {
            places.entry(name.as_str()).or_insert((at, at)).1 = at;
        }
        places
    }

    /// Whether a column is decoded at all: of several with one name only that which the options choose.
    fn is_kept(
        &self,
        index: usize,
        places: &HashMap<&str, (usize, usize)>,
        names: &[String],
        warnings: &mut Vec<InferenceWarning>,
    ) -> bool {
        let Some(header) = &self.seen.header else { return true };
        let (first, last) = places.get(header[index].as_str()).copied().unwrap_or((index, index));
        if first == last {
            return true;
        }
        let kept = match self.options.duplicate_fields {
            DuplicateColumns::First => first == index,
            DuplicateColumns::Last => last == index,
            DuplicateColumns::Reject => false,
            // The names were made different.
            DuplicateColumns::Rename => true,
        };
        if first == index && self.options.duplicate_fields == DuplicateColumns::Reject {
            warnings.push(InferenceWarning {
                field_name: names[index].clone(),
                message:
                    "the header names it more than once, so it was left out; set duplicate_fields to 'rename', 'first' or 'last'"
                        .to_owned(),
                severity: WarningSeverity::Error,
            });
        }
        kept
    }

    /// A header that is no text above columns that are none is most likely the first row.
    fn header_warning(&self, schema: &Schema) -> Option<InferenceWarning> {
        let header = self.seen.header.as_ref()?;
        let typed = header.iter().find(|name| {
            let is_typed = !matches!(self.typing.kind(name), Kind::Varchar | Kind::Null);
            is_typed && schema.field_with_name(name).is_ok_and(|f| *f.data_type() != DataType::Utf8)
        })?;
        let message = format!("the header `{typed}` looks like data; set header to false if the first line is a row");
        Some(InferenceWarning::warning(typed.as_str(), message))
    }

    /// Notes the header's own name of columns that it leaves nameless, for the decoder to find them by.
    fn with_keys(&self, schema: &Arc<Schema>, kept: &[usize]) -> Arc<Schema> {
        let Some(header) = &self.seen.header else { return Arc::clone(schema) };
        let fields: Vec<_> = schema
            .fields()
            .iter()
            .zip(kept)
            .map(|(field, index)| match header[*index].as_str() {
                "" => with_metadata(field.as_ref().clone(), KEY_METADATA, ""),
                _ => field.as_ref().clone(),
            })
            .collect();
        Arc::new(Schema::new(fields))
    }
}

/// The name of the column at a position of so many.
fn name_of(header: Option<&[String]>, index: usize, width: usize) -> String {
    match header.and_then(|names| names.get(index)).map(String::as_str) {
        None | Some("") => column_name(index, width),
        Some(name) => name.to_owned(),
    }
}

fn names(record: &RawRecord, splitter: &mut Splitter) -> Result<Vec<String>, String> {
    let bytes = record.value.as_deref().unwrap_or_default();
    let text = std::str::from_utf8(bytes).map_err(|_| "invalid UTF-8".to_owned())?;
    splitter.split(text).map_err(|e| e.reason().to_owned())?;
    Ok(splitter.fields(text).map(|f| f.text.to_owned()).collect())
}
