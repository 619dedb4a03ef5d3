//! Records → columns.

use std::sync::Arc;

use arrow_array::{Array as _, RecordBatch, RecordBatchOptions, cast::AsArray as _};
use arrow_schema::{Field, SchemaRef};
use laminar_formats::column::{Column, ColumnOps, ColumnOptions, MapColumn, Mismatch, Scalar, StructColumn};
use laminar_schema::{
    DecodeError, DecodeSpec, Decoded, DecoderSet, FormatDecoder, FormatInference, FormatInfo, FormatSpec, Framing,
    RawBatch, Rejected, RowRecords, SchemaError, SchemaResult,
};

use crate::{
    CborFraming, CborInference, CborOptions, NAME, info, json,
    tokens::{Token, Tokens},
};

/// Decodes CBOR maps into one column per schema field.
///
/// Input: a map per record, or several of them behind each other; a record without a value gives no row.
/// Shape: a row per map × a column per field. A record that has one bad map gives no row, and is rejected.
/// Cost: O(bytes). Allocates per batch and column, never per record of plain CBOR once warm; texts and bytes that come in
/// pieces are put together first.
///
/// Source: RFC 8949, RFC 8742.
#[derive(Debug)]
pub struct CborDecoder {
    schema: SchemaRef,
    root: StructColumn,
    options: CborOptions,
    state: State,
}

/// What is kept from record to record.
#[derive(Debug, Default)]
struct State {
    /// Counts maps, so that a field knows whether it was seen in this one.
    objects: u64,
    /// Text of a number or of a JSON column.
    text: Vec<u8>,
}

/// One walk over one record.
struct Walk<'b, 's> {
    tokens: Tokens<'b>,
    state: &'s mut State,
}

impl CborDecoder {
    /// A decoder for the columns of `schema`.
    ///
    /// # Errors
    /// A column type that no record can fill; a DEFAULT that does not fit.
    pub fn new(schema: SchemaRef, options: CborOptions) -> SchemaResult<Self> {
        let root = StructColumn::new(schema.fields(), &ColumnOptions::default())?;
        Ok(Self { schema, root, options, state: State::default() })
    }

    /// Decodes one record; the columns may hold parts of it where it does not fit, which the caller takes back.
    fn decode_record(&mut self, record: &[u8]) -> SchemaResult<()> {
        let limit = self.options.max_record_bytes;
        if record.len() > limit {
            return Err(DecodeError::TooLarge { size: record.len(), limit }.into());
        }
        if record.is_empty() {
            return Err(
                DecodeError::NotARow { expected: "a map", found: laminar_schema::Found::kind("no bytes") }.into()
            );
        }
        let mut walk = Walk { tokens: Tokens::new(record, self.options.max_depth), state: &mut self.state };
        while !walk.tokens.is_at_end() {
            let (_, token) = walk.untagged()?;
            let Token::Map(pairs) = token else {
                return Err(DecodeError::NotARow { expected: "a map", found: token.found() }.into());
            };
            walk.object(&mut self.root, pairs, 0)?;
        }
        Ok(())
    }

    /// Hands out all rows, with their DEFAULTs.
    fn finish(&mut self) -> SchemaResult<RecordBatch> {
        let rows = self.root.finish();
        let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
        let columns = rows.as_struct().columns().to_vec();
        Ok(RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)?)
    }
}

impl<'b> Walk<'b, '_> {
    /// The next token that is no tag, and the last tag in front of it.
    fn untagged(&mut self) -> SchemaResult<(Option<u64>, Token<'b>)> {
        let mut tag = None;
        loop {
            match self.tokens.next()? {
                Token::Tag(found) => tag = Some(found),
                token => return Ok((tag, token)),
            }
        }
    }

    /// Pushes a row from a map of so many pairs.
    fn object(&mut self, row: &mut StructColumn, mut pairs: Option<u64>, depth: usize) -> SchemaResult<()> {
        let depth = self.tokens.enter(depth)?;
        self.state.objects += 1;
        let object = self.state.objects;
        let mut previous = None;
        while self.tokens.has_more(&mut pairs)? {
            let key = self.tokens.next()?;
            let key = json::key_text(&key)?;
            let Some(index) = row.keys.find(&key, previous) else {
                self.tokens.skip(depth).map_err(|e| SchemaError::from(e).in_field(&key))?;
                continue;
            };
            previous = Some(index);
            let field = &mut row.fields[index];
            if std::mem::replace(&mut field.seen, object) == object {
                // RFC 8949 §5.6: such a map is not valid.
                let reason = "expected each key once in a map, found it twice".to_owned();
                return Err(SchemaError::from(DecodeError::Syntax { reason }).in_field(&key));
            }
            self.value(&mut field.column, &field.field, depth).map_err(|e| e.in_field(&key))?;
        }
        row.push_absent(object)?;
        row.end_row();
        Ok(())
    }

    /// Pushes the next value.
    fn value(&mut self, column: &mut Column, field: &Field, depth: usize) -> SchemaResult<()> {
        if let Column::Json(json_text) = column {
            let before = self.tokens.fork();
            if !matches!(self.tokens.next()?, Token::Null) {
                self.tokens = before;
                self.state.text.clear();
                json::write(&mut self.tokens, &mut self.state.text, depth)?;
                let text = std::str::from_utf8(&self.state.text).map_err(|_| DecodeError::InvalidUtf8)?;
                return json_text.push_document(text).map_err(|m| misfit(m, field, &Token::Text(text.into())));
            }
            return null(column, field);
        }
        let (tag, token) = self.untagged()?;
        let pushed = match (&token, &mut *column) {
            (Token::Null, column) => return null(column, field),
            (Token::Map(pairs), Column::Struct(row)) => return self.object(row, *pairs, depth),
            (Token::Map(pairs), Column::Map(map)) => return self.map(map, field, *pairs, depth),
            (Token::Array(items), Column::List(list)) => {
                let (column, item) = list.item_and_field();
                self.items(column, item, *items, depth)?;
                list.end_row()
            }
            (Token::Array(items), Column::LargeList(list)) => {
                let (column, item) = list.item_and_field();
                self.items(column, item, *items, depth)?;
                list.end_row()
            }
            (scalar, column) => self.scalar(column, tag, scalar),
        };
        pushed.map_err(|mismatch| match tag {
            // Big numbers and decimal fractions are other values than the items behind their tags.
            Some(tag @ 2..=5) => misfit(mismatch, field, &Token::Tag(tag)),
            _ => misfit(mismatch, field, &token),
        })
    }

    fn scalar(&mut self, column: &mut Column, tag: Option<u64>, token: &Token<'_>) -> Result<(), Mismatch> {
        match (tag, token) {
            (Some(2..=5), _) => Err(Mismatch::Type),
            (Some(1), Token::Int(seconds)) if is_timestamp(column) => {
                let seconds = i64::try_from(*seconds).map_err(|_| Mismatch::Range)?;
                column.push_instant(seconds, 0)
            }
            (Some(1), Token::Float(seconds)) if is_timestamp(column) => {
                let (seconds, micros) = instant_of(*seconds).ok_or(Mismatch::Range)?;
                column.push_instant(seconds, micros * 1000)
            }
            (_, Token::Bool(v)) => column.push_scalar(Scalar::Bool(*v)),
            (_, Token::Int(v)) => match (i64::try_from(*v), u64::try_from(*v)) {
                (Ok(v), _) => column.push_scalar(Scalar::I64(v)),
                (_, Ok(v)) => column.push_scalar(Scalar::U64(v)),
                _ => self.number(column, token),
            },
            (_, Token::Float(v)) if v.is_finite() && column.wants_exact_numbers() => self.number(column, token),
            (_, Token::Float(v)) => column.push_scalar(Scalar::F64(*v)),
            (_, Token::Text(text)) => column.push_scalar(Scalar::Str(text)),
            (_, Token::Bytes(bytes)) => column.push_scalar(Scalar::Bytes(bytes)),
            _ => Err(Mismatch::Type),
        }
    }

    /// Pushes a number by its text, which is exact.
    fn number(&mut self, column: &mut Column, token: &Token<'_>) -> Result<(), Mismatch> {
        self.state.text.clear();
        json::write_scalar(&mut self.state.text, token);
        column.push_scalar(Scalar::Number(std::str::from_utf8(&self.state.text).map_err(|_| Mismatch::Type)?))
    }

    fn items(&mut self, column: &mut Column, item: &Field, mut left: Option<u64>, depth: usize) -> SchemaResult<()> {
        let depth = self.tokens.enter(depth)?;
        let mut index = 0;
        while self.tokens.has_more(&mut left)? {
            self.value(column, item, depth).map_err(|e| e.in_field(&format!("[{index}]")))?;
            index += 1;
        }
        Ok(())
    }

    fn map(&mut self, map: &mut MapColumn, field: &Field, mut pairs: Option<u64>, depth: usize) -> SchemaResult<()> {
        let depth = self.tokens.enter(depth)?;
        while self.tokens.has_more(&mut pairs)? {
            let key = self.tokens.next()?;
            let key = json::key_text(&key)?;
            let (keys, key_field) = map.key_and_field();
            keys.push_scalar(Scalar::Text(&key))
                .map_err(|m| misfit(m, key_field, &Token::Text(key.as_ref().into())))?;
            let (values, value_field) = map.value_and_field();
            self.value(values, value_field, depth).map_err(|e| e.in_field(&key))?;
        }
        map.end_row().map_err(|mismatch| misfit(mismatch, field, &Token::Map(None)))
    }
}

fn null(column: &mut Column, field: &Field) -> SchemaResult<()> {
    if !field.is_nullable() {
        return Err(DecodeError::NullField { expected: field.data_type().clone() }.into());
    }
    column.push_null();
    Ok(())
}

#[cold]
fn misfit(mismatch: Mismatch, field: &Field, token: &Token<'_>) -> SchemaError {
    mismatch.into_error(field.data_type().clone(), token.found()).into()
}

fn is_timestamp(column: &Column) -> bool {
    matches!(
        column,
        Column::TimestampSecond(_)
            | Column::TimestampMillisecond(_)
            | Column::TimestampMicrosecond(_)
            | Column::TimestampNanosecond(_)
    )
}

/// Seconds and microseconds of an instant that is given in seconds: a float of today has no more digits than that.
pub(crate) fn instant_of(seconds: f64) -> Option<(i64, u32)> {
    // Beyond, a float is no exact count of microseconds.
    if !(seconds.abs() < 9e9) {
        return None;
    }
    let micros = (seconds * 1e6).round() as i64;
    Some((micros.div_euclid(1_000_000), micros.rem_euclid(1_000_000) as u32))
}

impl FormatDecoder for CborDecoder {
    fn output_schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn decode(&mut self, batch: &RawBatch) -> SchemaResult<Decoded> {
        let (mut rejected, mut rows) = (Vec::new(), Vec::with_capacity(batch.len()));
        for record in 0..batch.len() {
            if batch.is_tombstone(record) {
                continue;
            }
            let before = self.root.num_rows();
            match self.decode_record(batch.value(record)) {
                Ok(()) => rows.resize(self.root.num_rows(), u32::try_from(record).unwrap_or(u32::MAX)),
                Err(error) => {
                    self.root.truncate(before);
                    rejected.push(Rejected { record, error });
                }
            }
        }
        let batch = Decoded {
            rejected,
            rows: RowRecords::Indices(rows),
            consumed: batch.len(),
            ..Decoded::all(self.finish()?)
        };
        Ok(batch)
    }

    fn format_name(&self) -> &'static str {
        NAME
    }
}

impl DecoderSet for CborDecoder {
    const FORMATS: &'static [&'static str] = &[NAME];

    fn build(spec: &DecodeSpec) -> SchemaResult<Option<Self>> {
        if spec.format.name != NAME {
            return Ok(None);
        }
        Self::new(Arc::clone(&spec.schema), CborOptions::read(&spec.format.options)?).map(Some)
    }

    fn inference(format: &str) -> Option<Box<dyn FormatInference>> {
        (format == NAME).then(|| Box::new(CborInference) as _)
    }

    fn framing(format: &FormatSpec) -> SchemaResult<Option<Framing>> {
        if format.name != NAME {
            return Ok(None);
        }
        Ok(Some(match CborOptions::read(&format.options)?.framing {
            CborFraming::Delimited => Framing::Delimited,
            CborFraming::Whole => Framing::Whole,
        }))
    }

    fn format_info(format: &str) -> Option<FormatInfo> {
        (format == NAME).then(info)
    }
}
