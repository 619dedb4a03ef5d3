//! Datums → columns: a program carried out.
//!
//! Reads may go beyond the record, into what follows it in the batch, which is seen at the record's end: the caller then reads
//! it again with nothing behind it, for the error. So the usual record is not asked at each value whether it has ended.

use arrow_schema::Field;
use laminar_schema::{DecodeError, Found, Location, SchemaError};

use super::{
    cursor::{Cursor, Malformed},
    decode::{Rules, Scratch},
    logical::{big_decimal, decimal_text, push_duration, small, uuid_text},
    program::{Branch, Fill, FillWith, Items, Nulls, Op, Ratio, Record, Size, Skip, Slot, Source, Step},
    rescue::Rescue,
    resolve::Keeps,
    schema::{NodeId, Schema},
    writers::Writer,
};
use crate::column::{Column, ColumnOps, Mismatch, Scalar, StructColumn, TextColumn};

/// What a datum is read with.
pub(super) struct Run<'b, 's> {
    pub(super) cursor: Cursor<'b>,
    pub(super) writer: &'s Schema,
    /// The reader's schema, which defaults are values of.
    pub(super) reader: &'s Schema,
    pub(super) max_depth: usize,
    /// Values that do not fit are null.
    pub(super) is_lenient: bool,
    /// What of them is noted in `rescue` too.
    pub(super) keeps: Keeps,
    /// How the datum is read: what finds it again.
    pub(super) program: &'s Record,
    pub(super) rescue: &'s mut Rescue,
    /// Where the datum begins.
    start: usize,
    /// Texts are looked at one by one; otherwise all of a column together, by whoever finishes it.
    pub(super) checks_text: bool,
    /// Room for text that values are turned into.
    pub(super) text: &'s mut Vec<u8>,
    /// The same, for parts of that text.
    pub(super) digits: &'s mut Vec<u8>,
}

/// Why a datum does not fit. Behind a pointer, so that the usual answer takes a register.
#[derive(Debug)]
pub(super) struct Failure {
    at: usize,
    why: Why,
    /// Fields from the innermost out.
    path: Vec<String>,
}

#[derive(Debug)]
enum Why {
    Malformed(Malformed),
    Unfit(DecodeError),
}

impl Failure {
    /// The error, with places counted from `start`.
    #[cold]
    pub(super) fn into_error(self, start: usize) -> SchemaError {
        let at = self.at.saturating_sub(start);
        let error: SchemaError = match self.why {
            Why::Malformed(malformed) => DecodeError::Syntax { reason: malformed.reason().to_owned() }.into(),
            Why::Unfit(error) => error.into(),
        };
        let error = self.path.into_iter().fold(error, |error, name| error.in_field(&name));
        error.at(Location { span: Some(at..at + 1), ..Location::default() })
    }
}

pub(super) type Done = Result<(), Box<Failure>>;

impl<'b, 's> Run<'b, 's> {
    #[inline(always)]
    pub(super) fn new(writer: &'s Writer, scratch: &'s mut Scratch, rules: Rules, cursor: Cursor<'b>) -> Self {
        let start = cursor.at;
        scratch.rescue.places.clear();
        Self {
            cursor,
            writer: &writer.schema,
            reader: writer.reader.as_deref().unwrap_or(&writer.schema),
            max_depth: rules.max_depth,
            is_lenient: rules.is_lenient,
            keeps: rules.keeps,
            program: &writer.program,
            rescue: &mut scratch.rescue,
            start,
            checks_text: rules.checks_text,
            text: &mut scratch.text,
            digits: &mut scratch.digits,
        }
    }

    /// Goes on with values of another writer's.
    #[inline]
    pub(super) fn turn_to(&mut self, writer: &'s Writer) {
        self.writer = &writer.schema;
        self.reader = writer.reader.as_deref().unwrap_or(&writer.schema);
        self.program = &writer.program;
    }

    #[cold]
    #[inline(never)]
    pub(super) fn malformed(&self, malformed: Malformed) -> Box<Failure> {
        Box::new(Failure { at: self.cursor.at, why: Why::Malformed(malformed), path: Vec::new() })
    }

    #[cold]
    #[inline(never)]
    fn unfit(&self, at: usize, error: DecodeError) -> Box<Failure> {
        Box::new(Failure { at, why: Why::Unfit(error), path: Vec::new() })
    }

    /// Pushes a row of the record that begins here.
    #[inline(never)]
    pub(super) fn record(&mut self, record: &Record, row: &mut StructColumn) -> Done {
        for Step { column, slot, name } in &record.steps {
            let done = match row.fields.get_mut(*column as usize) {
                Some(field) => self.slot_here(slot, &mut field.column, &field.field),
                // It goes nowhere.
                None => match &slot.op {
                    Op::Skip(skip) => self.skip(*skip),
                    _ => Ok(()),
                },
            };
            if let Err(failure) = done {
                return Err(named(failure, name));
            }
        }
        for Fill { column, with } in &record.fills {
            let rows = row.num_rows();
            let field = &mut row.fields[*column as usize];
            match with {
                FillWith::Null => field.column.push_null(),
                FillWith::Default => {
                    field.column.push_null();
                    field.default_rows.push(rows as u32);
                }
                FillWith::Rescued { always } => self.rescued(*always, &mut field.column, &field.field)?,
                FillWith::Datum(bytes, slot) => self.constant(bytes, slot, &mut field.column, &field.field)?,
            }
        }
        row.end_row();
        Ok(())
    }

    /// What did not fit of the datum, which ends here, or has no column.
    fn rescued(&mut self, always: bool, column: &mut Column, field: &Field) -> Done {
        let has_any = always || !self.rescue.places.is_empty();
        if !has_any || !Rescue::object(self, self.start).map_err(|m| self.malformed(m))? {
            column.push_null();
            return Ok(());
        }
        // Made of pieces of UTF-8 only.
        let text = std::str::from_utf8(self.text).unwrap_or("null");
        let pushed = match column {
            Column::Json(rows) => rows.push_document(text),
            column => column.push_scalar(Scalar::Str(text)),
        };
        pushed.map_err(|mismatch| {
            let error = mismatch.into_error(field.data_type().clone(), Found::kind("object"));
            named(self.unfit(self.start, error), field.name())
        })
    }

    /// A default of the reader's.
    #[inline(never)]
    fn constant(&mut self, datum: &[u8], slot: &Slot, column: &mut Column, field: &Field) -> Done {
        self.of_default(datum).slot(slot, column, field).map_err(|failure| named(failure, field.name()))
    }

    /// What reads a default of the reader's, which is no part of the record.
    pub(super) fn of_default<'d>(&'d mut self, datum: &'d [u8]) -> Run<'d, 'd> {
        let Self { reader, program, max_depth, is_lenient, checks_text, .. } = *self;
        Run {
            cursor: Cursor::new(datum, 0),
            writer: reader,
            reader,
            max_depth,
            is_lenient,
            keeps: Keeps::default(),
            program,
            rescue: self.rescue,
            start: 0,
            checks_text,
            text: self.text,
            digits: self.digits,
        }
    }

    /// A value wherever it stands; what stands in a record is read without the call.
    #[inline(never)]
    pub(super) fn slot(&mut self, slot: &Slot, column: &mut Column, field: &Field) -> Done {
        self.slot_here(slot, column, field)
    }

    #[inline(always)]
    fn slot_here(&mut self, slot: &Slot, column: &mut Column, field: &Field) -> Done {
        if slot.nulls != Nulls::Never {
            let is_null = match (self.branch()?, slot.nulls) {
                (0, nulls) => nulls == Nulls::First,
                (1, nulls) => nulls == Nulls::Second,
                _ => return Err(self.malformed(Malformed::Branch)),
            };
            if is_null {
                return self.null(slot, column, field);
            }
        }
        self.value(slot, column, field)
    }

    #[inline(always)]
    fn branch(&mut self) -> Result<i64, Box<Failure>> {
        self.cursor.short().map_err(|m| self.malformed(m))
    }

    #[inline(always)]
    fn null(&mut self, slot: &Slot, column: &mut Column, field: &Field) -> Done {
        if slot.is_required {
            return Err(self.unfit(self.cursor.at, DecodeError::NullField { expected: field.data_type().clone() }));
        }
        column.push_null();
        Ok(())
    }

    #[inline(always)]
    fn value(&mut self, slot: &Slot, column: &mut Column, field: &Field) -> Done {
        macro_rules! read {
            ($read:ident) => {
                match self.cursor.$read() {
                    Ok(value) => value,
                    Err(malformed) => return Err(self.malformed(malformed)),
                }
            };
        }
        match (&slot.op, &mut *column) {
            (Op::Int64, Column::Int64(rows)) => rows.push_value(read!(long)),
            (Op::Float64, Column::Float64(rows)) => rows.push_value(read!(double)),
            (Op::Text, Column::Utf8(rows)) => {
                let start = self.cursor.at;
                if let Err(mismatch) = self.text(rows)? {
                    return self.misfit(mismatch, slot, start, column, field);
                }
            }
            (Op::Int32, Column::Int32(rows)) => rows.push_value(read!(int)),
            (Op::Boolean, Column::Boolean(rows)) => rows.push(read!(boolean)),
            (Op::Float32, Column::Float32(rows)) => rows.push_value(read!(float)),
            (Op::Timestamp, Column::TimestampMicrosecond(rows)) => rows.push_value(read!(long)),
            (Op::Timestamp, Column::TimestampMillisecond(rows)) => rows.push_value(read!(long)),
            (Op::Date, Column::Date32(rows)) => rows.push_value(read!(int)),
            (Op::Bytes, Column::Binary(rows)) => {
                let start = self.cursor.at;
                if !rows.push_bytes(read!(bytes)) {
                    return self.misfit(Mismatch::Range, slot, start, column, field);
                }
            }
            (Op::Record(record), Column::Struct(row)) => return self.record(record, row),
            (Op::List(items), column) => return self.list(items, slot, column, field),
            (Op::Map(items), column) => return self.map(items, slot, column, field),
            (Op::Enum(symbols), Column::Dictionary(rows)) => {
                let start = self.cursor.at;
                let index = usize::try_from(read!(short)).unwrap_or(usize::MAX);
                let pushed = match symbols.get(index) {
                    Some(Some(symbol)) => rows.push_numbered(index, symbol),
                    // The reader's enum has neither the symbol nor a default.
                    Some(None) => Err(Mismatch::Range),
                    None => return Err(self.malformed(Malformed::Symbol)),
                };
                return self.settle(pushed, slot, start, column, field);
            }
            (Op::Decimal { size, scale }, Column::Decimal128(rows)) => {
                let start = self.cursor.at;
                let len = match size {
                    Size::Fixed(size) => *size as usize,
                    Size::Length => read!(length),
                };
                let digits = self.cursor.big_endian(len);
                if digits.is_some_and(|digits| rows.push_unscaled(digits.into(), *scale).is_ok()) {
                    self.cursor.at += len;
                    return Ok(());
                }
                self.cursor.at = start;
                return self.other(slot, column, field);
            }
            _ => return self.other(slot, column, field),
        }
        Ok(())
    }

    /// Pushes text, which is looked at later unless this run is to tell which is none.
    #[inline(always)]
    fn text(&mut self, rows: &mut TextColumn<i32>) -> Result<Result<(), Mismatch>, Box<Failure>> {
        if !self.checks_text {
            // Short text is copied with what is behind it, which is faster than copying as much as there is.
            if let Some((window, len)) = self.cursor.short_text()
                && rows.push_window(rows.num_rows(), window, len)
            {
                self.cursor.at += 1 + len;
                return Ok(Ok(()));
            }
        }
        self.long_text(rows)
    }

    #[inline(never)]
    fn long_text(&mut self, rows: &mut TextColumn<i32>) -> Result<Result<(), Mismatch>, Box<Failure>> {
        let bytes = self.cursor.bytes().map_err(|m| self.malformed(m))?;
        if !self.checks_text {
            return Ok(rows.push_unchecked(bytes));
        }
        rows.push_utf8(bytes).ok_or_else(|| self.malformed(Malformed::Text))
    }

    #[inline(never)]
    fn other(&mut self, slot: &Slot, column: &mut Column, field: &Field) -> Done {
        let start = self.cursor.at;
        let pushed = match &slot.op {
            Op::Null => return self.null(slot, column, field),
            Op::Scalar(source) => {
                let scalar = self.scalar(*source).map_err(|m| self.malformed(m))?;
                column.push_scalar(scalar)
            }
            Op::Count(source, ratio) => {
                let count = match source {
                    Source::Int => self.cursor.int().map(i64::from),
                    _ => self.cursor.long(),
                };
                let count = count.map_err(|m| self.malformed(m))?;
                if *ratio == Ratio::ONE {
                    return self.settle(column.push_count(count), slot, start, column, field);
                }
                match (count.checked_mul(ratio.times), count % ratio.over) {
                    (Some(count), 0) => column.push_count(count / ratio.over),
                    _ => Err(Mismatch::Range),
                }
            }
            Op::Decimal { size, scale } => {
                let len = match size {
                    Size::Fixed(size) => *size as usize,
                    Size::Length => self.cursor.length().map_err(|m| self.malformed(m))?,
                };
                let bytes = self.cursor.take(len).map_err(|m| self.malformed(m))?;
                self.decimal(bytes, i64::from(*scale), column)?
            }
            Op::BigDecimal => {
                let bytes = self.cursor.bytes().map_err(|m| self.malformed(m))?;
                let (digits, scale) = big_decimal(bytes).map_err(|m| self.malformed(m))?;
                self.decimal(digits, scale, column)?
            }
            Op::UuidText => {
                let bytes = self.cursor.array::<16>().map_err(|m| self.malformed(m))?;
                column.push_scalar(Scalar::Str(uuid_text(&bytes, self.text)))
            }
            Op::Duration => {
                let bytes = self.cursor.array::<12>().map_err(|m| self.malformed(m))?;
                push_duration(&bytes, column)
            }
            Op::Enum(symbols) => {
                let index = self.cursor.int().map_err(|m| self.malformed(m))?;
                let index = usize::try_from(index).unwrap_or(usize::MAX);
                match (symbols.get(index), &mut *column) {
                    (None, _) => return Err(self.malformed(Malformed::Symbol)),
                    (Some(Some(symbol)), column) => column.push_scalar(Scalar::Str(symbol)),
                    // The reader's enum has neither the symbol nor a default.
                    (Some(None), _) => Err(Mismatch::Range),
                }
            }
            Op::Union(branches) => {
                let index = self.branch()?;
                match usize::try_from(index).ok().and_then(|i| branches.get(i)) {
                    Some(Branch::Null) => return self.null(slot, column, field),
                    Some(Branch::Value(inner)) => return self.slot(inner, column, field),
                    Some(Branch::Unfit(_, node)) if self.is_lenient && !slot.is_required => {
                        return self.unfit_value(*node, column);
                    }
                    Some(Branch::Unfit(reason, _)) => {
                        let error = DecodeError::Syntax { reason: str::to_owned(reason) };
                        return Err(self.unfit(start, error));
                    }
                    None => return Err(self.malformed(Malformed::Branch)),
                }
            }
            Op::Member(member, inner) => {
                let Column::Struct(row) = column else { return Err(self.mistaken(start)) };
                for (index, field) in row.fields.iter_mut().enumerate() {
                    match index == *member as usize {
                        true => self.slot(inner, &mut field.column, &field.field)?,
                        false => field.column.push_null(),
                    }
                }
                row.end_row();
                return Ok(());
            }
            Op::Json(node) => {
                self.text.clear();
                super::json_text::value(self, *node, 0).map_err(|m| self.malformed(m))?;
                if *self.text == b"null" {
                    return self.null(slot, column, field);
                }
                // Made of pieces of UTF-8 only.
                let text = std::str::from_utf8(self.text).unwrap_or("");
                match &mut *column {
                    Column::Json(rows) => rows.push_document(text),
                    other => other.push_scalar(Scalar::Text(text)),
                }
            }
            Op::Skip(skip) => return self.skip(*skip),
            Op::Unfit(node) => return self.unfit_value(*node, column),
            // Resolution gives these to columns of their type alone, which `value` has taken.
            Op::Boolean | Op::Int32 | Op::Int64 | Op::Float32 | Op::Float64 | Op::Text | Op::Bytes => {
                return Err(self.mistaken(start));
            }
            Op::Timestamp | Op::Date | Op::List(_) | Op::Map(_) | Op::Record(_) => return Err(self.mistaken(start)),
        };
        self.settle(pushed, slot, start, column, field)
    }

    /// A program for another column, which no resolution makes.
    #[cold]
    fn mistaken(&self, at: usize) -> Box<Failure> {
        self.unfit(at, DecodeError::Syntax { reason: "the program is for another column".to_owned() })
    }

    /// What becomes of a value that was read.
    #[inline(always)]
    fn settle(
        &mut self,
        pushed: Result<(), Mismatch>,
        slot: &Slot,
        start: usize,
        column: &mut Column,
        field: &Field,
    ) -> Done {
        match pushed {
            Ok(()) => Ok(()),
            Err(mismatch) => self.misfit(mismatch, slot, start, column, field),
        }
    }

    #[cold]
    #[inline(never)]
    fn misfit(&mut self, mismatch: Mismatch, slot: &Slot, start: usize, column: &mut Column, field: &Field) -> Done {
        if self.is_lenient && !slot.is_required {
            if self.keeps.misfits {
                self.rescue.places.push(start);
            }
            column.push_null();
            return Ok(());
        }
        let found = self.found(slot, start);
        Err(self.unfit(start, mismatch.into_error(field.data_type().clone(), found)))
    }

    /// Passes over a value of a type that does not fit; it is kept where misfits are.
    #[cold]
    #[inline(never)]
    fn unfit_value(&mut self, node: NodeId, column: &mut Column) -> Done {
        let start = self.cursor.at;
        self.skip(Skip::Node(node))?;
        // A value of no bytes stands where the next one does, and has nothing to keep.
        if self.keeps.misfits && self.cursor.at > start {
            self.rescue.places.push(start);
        }
        column.push_null();
        Ok(())
    }

    /// What stood there, read once more.
    fn found(&mut self, slot: &Slot, start: usize) -> Found {
        let end = std::mem::replace(&mut self.cursor.at, start);
        let found = match &slot.op {
            Op::Scalar(source) | Op::Count(source, _) => match self.scalar(*source) {
                Ok(Scalar::I64(v)) => Found::new("number", &v.to_string()),
                Ok(Scalar::F64(v)) => Found::new("number", &v.to_string()),
                Ok(Scalar::Str(text) | Scalar::Text(text)) => Found::new("string", text),
                Ok(Scalar::Bool(_) | Scalar::U64(_) | Scalar::Number(_) | Scalar::Bytes(_)) | Err(_) => {
                    Found::kind("bytes")
                }
            },
            Op::Decimal { .. } | Op::BigDecimal => Found::new("decimal", &String::from_utf8_lossy(self.text)),
            Op::Enum(_) => Found::kind("a symbol that the reader's schema lacks"),
            Op::List(_) => Found::kind("array"),
            Op::Map(_) => Found::kind("map"),
            Op::Duration => Found::kind("duration"),
            _ => Found::kind("bytes"),
        };
        self.cursor.at = end;
        found
    }

    fn scalar(&mut self, source: Source) -> Result<Scalar<'b>, Malformed> {
        Ok(match source {
            Source::Int => Scalar::I64(self.cursor.int()?.into()),
            Source::Long => Scalar::I64(self.cursor.long()?),
            Source::Float => Scalar::F64(self.cursor.float()?.into()),
            Source::Double => Scalar::F64(self.cursor.double()?),
            // The reader's schema asks for the nearest one.
            Source::LongToFloat => Scalar::F64(f64::from(self.cursor.long()? as f32)),
            Source::LongToDouble => Scalar::F64(self.cursor.long()? as f64),
            Source::Text | Source::BytesAsText => Scalar::Str(self.cursor.text()?),
            Source::Bytes => Scalar::Bytes(self.cursor.bytes()?),
            Source::Fixed(size) => Scalar::Bytes(self.cursor.take(size as usize)?),
        })
    }

    /// Pushes the number that `bytes`, big-endian in two's complement, are, divided by 10^`scale`.
    fn decimal(&mut self, bytes: &[u8], scale: i64, column: &mut Column) -> Result<Result<(), Mismatch>, Box<Failure>> {
        if bytes.is_empty() {
            return Err(self.malformed(Malformed::Decimal));
        }
        if let (Some(digits), Ok(scale)) = (small(bytes), u8::try_from(scale)) {
            let pushed = match column {
                Column::Decimal128(rows) => Some(rows.push_unscaled(digits, scale)),
                Column::Decimal64(rows) => Some(rows.push_unscaled(digits, scale)),
                Column::Decimal32(rows) => Some(rows.push_unscaled(digits, scale)),
                _ => None,
            };
            match pushed {
                Some(Ok(())) => return Ok(Ok(())),
                Some(Err(mismatch)) => {
                    // The text is what an error shows.
                    let _ = decimal_text(bytes, i64::from(scale), self.text);
                    return Ok(Err(mismatch));
                }
                None => {}
            }
        }
        let Some(text) = decimal_text(bytes, scale, self.text) else { return Err(self.malformed(Malformed::Decimal)) };
        Ok(match column {
            Column::Utf8(_) | Column::LargeUtf8(_) | Column::Utf8View(_) | Column::Dictionary(_) => {
                column.push_scalar(Scalar::Str(text))
            }
            _ => column.push_scalar(Scalar::Number(text)),
        })
    }

    #[inline(never)]
    fn list(&mut self, items: &Items, slot: &Slot, column: &mut Column, field: &Field) -> Done {
        let start = self.cursor.at;
        let pushed = match column {
            Column::List(rows) => {
                let (item, field) = rows.item_and_field();
                self.items(items, item, field)?;
                rows.end_row()
            }
            Column::LargeList(rows) => {
                let (item, field) = rows.item_and_field();
                self.items(items, item, field)?;
                rows.end_row()
            }
            Column::FixedSizeList(rows) => {
                let (item, field) = rows.item_and_field();
                self.items(items, item, field)?;
                rows.end_row()
            }
            _ => return Err(self.mistaken(start)),
        };
        self.settle(pushed, slot, start, column, field)
    }

    fn items(&mut self, items: &Items, column: &mut Column, field: &Field) -> Done {
        let mut so_far = 0;
        loop {
            let count = self.cursor.block(items.least).map_err(|m| self.malformed(m))?;
            if count == 0 {
                return Ok(());
            }
            match (&items.slot, &mut *column) {
                (Slot { nulls: Nulls::Never, op: Op::Record(record), .. }, Column::Struct(row)) => {
                    for index in 0..count {
                        self.record(record, row).map_err(|failure| numbered(failure, so_far + index))?;
                    }
                }
                (Slot { nulls: Nulls::Never, op: Op::Float64, .. }, Column::Float64(rows))
                    if let Ok(bytes) = self.cursor.take(count.saturating_mul(size_of::<f64>())) =>
                {
                    bytes.as_chunks().0.iter().for_each(|bytes| rows.push_value(f64::from_le_bytes(*bytes)));
                }
                _ => {
                    for index in 0..count {
                        let pushed = self.slot(&items.slot, column, field);
                        pushed.map_err(|failure| numbered(failure, so_far + index))?;
                    }
                }
            }
            so_far += count;
        }
    }

    #[inline(never)]
    fn map(&mut self, items: &Items, slot: &Slot, column: &mut Column, field: &Field) -> Done {
        let start = self.cursor.at;
        let Column::Map(rows) = column else { return Err(self.mistaken(start)) };
        loop {
            let count = self.cursor.block(items.least).map_err(|m| self.malformed(m))?;
            if count == 0 {
                break;
            }
            for _ in 0..count {
                let at = self.cursor.at;
                let pushed = match rows.key() {
                    Column::Utf8(keys) => self.text(keys)?,
                    keys => {
                        let key = self.cursor.text().map_err(|m| self.malformed(m))?;
                        keys.push_scalar(Scalar::Str(key))
                    }
                };
                if pushed.is_err() {
                    return Err(self.malformed(Malformed::Count));
                }
                let (value, of_value) = rows.value_and_field();
                if let Err(failure) = self.slot(&items.slot, value, of_value) {
                    return Err(self.in_key(failure, at));
                }
            }
        }
        let pushed = rows.end_row();
        self.settle(pushed, slot, start, column, field)
    }

    /// The failure of the value behind the key at `at`.
    #[cold]
    #[inline(never)]
    fn in_key(&mut self, failure: Box<Failure>, at: usize) -> Box<Failure> {
        self.cursor.at = at;
        let key = self.cursor.bytes().unwrap_or_default();
        named(failure, &String::from_utf8_lossy(key))
    }

    #[inline]
    pub(super) fn skip(&mut self, skip: Skip) -> Done {
        let skipped = match skip {
            Skip::Fixed(size) => self.cursor.take(size).map(drop),
            Skip::Boolean => self.cursor.boolean().map(drop),
            Skip::Int => self.cursor.int().map(drop),
            Skip::Long => self.cursor.long().map(drop),
            Skip::Bytes => self.cursor.bytes().map(drop),
            Skip::Text => self.cursor.skip_text(),
            Skip::Node(node) => super::skip::value(&mut self.cursor, self.writer, node, self.max_depth),
        };
        skipped.map_err(|m| self.malformed(m))
    }
}

#[cold]
#[inline(never)]
fn named(mut failure: Box<Failure>, name: &str) -> Box<Failure> {
    failure.path.push(name.to_owned());
    failure
}

#[cold]
#[inline(never)]
fn numbered(failure: Box<Failure>, index: usize) -> Box<Failure> {
    named(failure, &format!("[{index}]"))
}
