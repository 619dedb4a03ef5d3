//! Finds options of CSV in the first bytes of a stream.
//!
//! ```text
//! bytes ──encoding──▶ text ──candidates──▶ dialects ──grid──▶ rows ──shape──▶ the dialect whose rows are even
//!                                                                        │ ties: types, columns, quotes
//!                  options ◀──header── ◀──values (nulls, blanks, number styles)──┘
//! ```
//!
//! Options that were given are never changed, and narrow the search. Types of columns are not found here: inference
//! finds them with the options that come out. `docs/formats/csv.md` describes the steps.

mod candidates;
mod columns;
mod encoding;
mod given;
mod grid;
mod header;
mod shape;
mod values;

use std::{borrow::Cow, cmp::Reverse};

use laminar_schema::{
    ConnectorConfig, DetectedFormat, InferenceConfig, InferenceWarning, RawRecord, SampleHead, SchemaResult,
    WarningSeverity, format::Encoding,
};

use super::{CsvOptions, DuplicateColumns, LineEnd, Mark, RaggedRows, names::unique_names, typing::Typing};
use crate::framing::text_of_head;
use columns::{body, columns as evidence, compound_columns, is_typed, kinds};
use given::Given;
use grid::Grid;
use shape::Shape;

/// Bytes of the stream that are looked at.
const MAX_HEAD: usize = 1 << 20;

/// Rows whose types decide between dialects that are otherwise as good.
const TIE_ROWS: usize = 200;

/// Finds the options that `config.format_options` lacks.
///
/// # Errors
/// Options that are wrong, or that contradict each other.
pub(super) fn sniff(head: SampleHead<'_>, config: &InferenceConfig) -> SchemaResult<DetectedFormat> {
    let base = CsvOptions::from_options(&config.format_options)?;
    super::Dialect::new(&base)?;
    let mut search = Search {
        text: Cow::Borrowed(&[]),
        records: None,
        is_whole: true,
        given: Given(&config.format_options),
        config,
        options: base,
        warnings: Vec::new(),
    };
    match head {
        SampleHead::Bytes { bytes, is_whole } => search.take_stream(bytes, is_whole),
        SampleHead::Records(records) => search.take_records(records),
    }
    search.run()?;
    Ok(search.conclude())
}

/// A search, and what it has found so far.
struct Search<'a> {
    /// The head as UTF-8.
    text: Cow<'a, [u8]>,
    /// The records that the text is made of, where it is no stream.
    records: Option<&'a [RawRecord]>,
    is_whole: bool,
    given: Given<'a>,
    config: &'a InferenceConfig,
    options: CsvOptions,
    warnings: Vec<InferenceWarning>,
}

/// A dialect with the shape that it gives the head.
struct Trial {
    options: CsvOptions,
    shape: Shape,
    has_quoted: bool,
    /// Share of the columns that are more than text, in millionths.
    typed: usize,
    /// Columns that look like several.
    compound: usize,
}

impl<'a> Search<'a> {
    fn take_stream(&mut self, bytes: &'a [u8], is_whole: bool) {
        let front = &bytes[..bytes.len().min(MAX_HEAD)];
        self.is_whole = is_whole && front.len() == bytes.len();
        if !self.given.has("encoding") {
            let (encoding, is_guess) = encoding::encoding_of(front, self.is_whole);
            self.options.encoding = encoding;
            if is_guess {
                self.warn("the bytes are no UTF-8, and are read as Latin-1; set encoding if that is wrong");
            }
        }
        self.text = text_of_head(front, self.is_whole, self.options.encoding);
        let has = |byte| memchr::memchr(byte, &self.text).is_some();
        // One line alone may have a carriage return at its end, of which the line feed has not come yet.
        let is_old = !has(b'\n') && memchr::memchr(b'\r', &self.text).is_some_and(|at| at + 1 < self.text.len());
        if !self.given.has("line_end") && is_old {
            self.options.line_end = LineEnd::Cr;
        }
    }

    fn take_records(&mut self, records: &'a [RawRecord]) {
        let mut text = Vec::new();
        let mut taken = 0;
        for record in records {
            let value = record.value.as_deref().unwrap_or_default();
            if text.len() + value.len() > MAX_HEAD {
                break;
            }
            if record.value.is_some() {
                text.extend_from_slice(value);
                text.push(b'\n');
            }
            taken += 1;
        }
        self.records = Some(&records[..taken]);
        self.text = Cow::Owned(text);
        if !self.given.has("header") {
            // Records are no stream, so none of them is a header.
            self.options.header = false;
        }
    }

    fn grid<'t>(&'t self, options: &CsvOptions) -> SchemaResult<Grid<'t>> {
        match self.records {
            Some(records) => Grid::of_records(&self.text, records, options),
            None => Grid::of_stream(&self.text, self.is_whole, options),
        }
    }

    fn run(&mut self) -> SchemaResult<()> {
        let Some(best) = self.best()? else { return Ok(()) };
        let (mut options, mut shape) = (best.options, best.shape);
        let is_stream = self.records.is_none();
        let mut header_names = None;
        let mut skip_lines = 0;
        {
            let mut grid = self.grid(&options)?;
            if is_stream && !self.given.has("ragged_rows") && shape.has_trailing_delimiter(&mut grid) {
                shape.start -= 1;
                options.ragged_rows = RaggedRows::IgnoreExtra;
            }
            let Some(first) = grid.rows.get(shape.start).copied() else { return Ok(()) };
            let rows = body(&grid, &shape);
            values::find(&mut grid, &rows, &mut options, &self.given, self.config, shape.width > 1);
            let typing = Typing::new(self.config, &options);
            let trim = |text: &str| if options.trim { text.trim_ascii().to_owned() } else { text.to_owned() };
            let names: Vec<String> = grid.fields(first).iter().map(|field| trim(field.text)).collect();
            if is_stream && !self.given.has("header") {
                let below = (!rows.is_empty())
                    .then(|| kinds(&evidence(&mut grid, &rows, &typing, values::reader(options.trim))));
                options.header = header::is_header(&names, below.as_deref(), &typing);
            }
            if is_stream && options.header {
                header_names = Some(names);
            }
            if is_stream && !self.given.has("skip_lines") && shape.start > 0 {
                skip_lines = grid.lines_before(first);
            }
        }
        if skip_lines > 0 {
            options.skip_lines = skip_lines;
            self.warn(format!(
                "{skip_lines} lines in front of the table are skipped; set skip_lines to 0 to read them"
            ));
        }
        if let Some(names) = header_names
            && !self.given.has("duplicate_fields")
            && unique_names(names.iter().map(String::as_str)) != names
        {
            options.duplicate_fields = DuplicateColumns::Rename;
        }
        self.find_ragged(&mut options, &shape);
        self.options = options;
        Ok(())
    }

    /// The dialect that fits best; `None` where there is nothing to fit.
    fn best(&mut self) -> SchemaResult<Option<Trial>> {
        let usual = candidates::usual(&self.text, &self.options, &self.given);
        let mut best = self.best_of(usual)?;
        if best.as_ref().is_none_or(|trial| !trial.shape.is_table()) {
            let rare = candidates::rare(&self.text, &self.options, &self.given);
            best = self.best_of(rare)?.filter(|trial| trial.shape.is_table()).or(best);
        }
        if best.as_ref().is_some_and(|trial| !trial.shape.is_table() && trial.shape.evenness() < 1_000_000) {
            // No delimiter cuts the rows alike, so that what looks like one is text.
            let one_column = candidates::one_column(&self.text, &self.options, &self.given);
            if !one_column.is_empty() {
                best = self.best_of(one_column)?.or(best);
                self.warnings.push(InferenceWarning {
                    field_name: String::new(),
                    message:
                        "no delimiter gives all rows as many fields, so each row is kept as one text; set delimiter"
                            .to_owned(),
                    severity: WarningSeverity::Error,
                });
            }
        }
        Ok(best)
    }

    fn best_of(&mut self, candidates: Vec<CsvOptions>) -> SchemaResult<Option<Trial>> {
        let mut trials: Vec<Trial> = Vec::new();
        for options in candidates {
            // A mark that was given may be what a candidate has as delimiter.
            if super::Dialect::new(&options).is_err() {
                continue;
            }
            let grid = self.grid(&options)?;
            if !grid.rows.is_empty() {
                let (shape, has_quoted) = (Shape::of(&grid.rows), grid.has_quoted);
                trials.push(Trial { options, shape, has_quoted, typed: 0, compound: 0 });
            }
        }
        let rank = |trial: &Trial| (trial.shape.is_table(), trial.shape.evenness());
        let Some(top) = trials.iter().map(rank).max() else { return Ok(None) };
        trials.retain(|trial| rank(trial) == top);
        if trials.len() > 1 {
            for trial in &mut trials {
                self.look_into(trial)?;
            }
        }
        let score = |t: &Trial| (Reverse(t.compound), t.typed, t.has_quoted, t.shape.even, t.shape.width);
        let mut found: Option<Trial> = None;
        let mut rival = None;
        for trial in trials {
            let is_other = |best: &Trial| best.options.delimiter != trial.options.delimiter;
            match &found {
                Some(best) if score(best) > score(&trial) => {}
                Some(best) if score(best) == score(&trial) => {
                    if is_other(best) && trial.shape.width > 1 {
                        rival = Some(trial.options.delimiter.0.clone());
                    }
                }
                _ => (found, rival) = (Some(trial), None),
            }
        }
        if let (Some(best), Some(rival)) = (&found, rival) {
            let message =
                format!("the delimiter `{}` fits as well as `{rival}`; set delimiter", best.options.delimiter.0);
            self.warn(message);
        }
        Ok(found)
    }

    /// Looks at the columns that a dialect makes, which tells it from others of the same shape.
    fn look_into(&self, trial: &mut Trial) -> SchemaResult<()> {
        let mut grid = self.grid(&trial.options)?;
        let mut rows = body(&grid, &trial.shape);
        rows.truncate(TIE_ROWS);
        let mut options = trial.options.clone();
        values::find(&mut grid, &rows, &mut options, &self.given, self.config, trial.shape.width > 1);
        let typing = Typing::new(self.config, &options);
        let kinds = kinds(&evidence(&mut grid, &rows, &typing, values::reader(options.trim)));
        trial.typed = kinds.iter().filter(|kind| is_typed(**kind)).count() * 1_000_000 / kinds.len().max(1);
        let others: Vec<&str> = candidates::DELIMITERS.into_iter().filter(|d| *d != options.delimiter.0).collect();
        trial.compound = compound_columns(&mut grid, &rows, &kinds, &others);
        Ok(())
    }

    /// Rows that are short or long in a head that is a table all the same.
    fn find_ragged(&mut self, options: &mut CsvOptions, shape: &Shape) {
        if shape.is_ragged() && !self.given.has("ragged_rows") {
            options.ragged_rows = RaggedRows::Pad;
            let Shape { short, rows, .. } = shape;
            self.warn(format!(
                "{short} of {rows} rows are short, and filled up with nulls; set ragged_rows to reject them"
            ));
        }
    }

    fn warn(&mut self, message: impl Into<String>) {
        self.warnings.push(InferenceWarning::warning("", message));
    }

    /// All options, with those spelled out that are not as they would be by themselves.
    fn conclude(self) -> DetectedFormat {
        let defaults = CsvOptions::from_options(&laminar_schema::Options::new());
        let mut options = self.given.0.clone();
        let mut found = Vec::new();
        let mut set = |name: &str, text: String, is_default: bool| {
            if !self.given.has(name) && !is_default {
                options.insert(name, text, None);
                found.push(name.to_owned());
            }
        };
        let ours = &self.options;
        let mark = |mark: &Mark| mark.0.map(|byte| char::from(byte).to_string()).unwrap_or_default();
        let optional = |m: &Option<Mark>| m.as_ref().map(mark).unwrap_or_default();
        if let Ok(defaults) = defaults {
            set("delimiter", ours.delimiter.0.replace('\t', "\\t"), false);
            set("header", ours.header.to_string(), false);
            set("quote", mark(&ours.quote), ours.quote == defaults.quote);
            set("escape", optional(&ours.escape), ours.escape == defaults.escape);
            set("comment", optional(&ours.comment), ours.comment == defaults.comment);
            set("skip_lines", ours.skip_lines.to_string(), ours.skip_lines == defaults.skip_lines);
            set("line_end", "cr".to_owned(), ours.line_end != LineEnd::Cr);
            let nulls: Vec<&str> = ours.null_values.texts().collect();
            set("null_values", values::list(&nulls), nulls.is_empty());
            set("trim", ours.trim.to_string(), ours.trim == defaults.trim);
            set("ragged_rows", ours.ragged_rows.name().to_owned(), ours.ragged_rows == defaults.ragged_rows);
            set("duplicate_fields", "rename".to_owned(), ours.duplicate_fields != DuplicateColumns::Rename);
            set("encoding", ours.encoding.name().to_owned(), ours.encoding == Encoding::Utf8);
            let decimal = mark(&ours.decimal_separator);
            set("decimal_separator", decimal, ours.decimal_separator == defaults.decimal_separator);
            let thousands = optional(&ours.thousands_separator);
            set("thousands_separator", thousands, ours.thousands_separator == defaults.thousands_separator);
        }
        DetectedFormat { options, found, warnings: self.warnings }
    }
}
