//! Writer × reader × columns → a program, once for each writer.
//!
//! Lives here: the rules of schema resolution, and which columns take which values. Does not live here: reading
//! ([`super::run`]).
//!
//! Source: Avro 1.12 specification, "Schema Resolution".

use std::collections::HashMap;

use arrow_schema::{DataType, Field, Fields, TimeUnit};
use laminar_schema::{
    ARENA_PADDING,
    field::{default_expr, is_json, is_uuid, payload_key},
    types::field_type_name,
};

use super::{
    constant::datum,
    problem::{MAX_LEVELS, Problem, ResolutionError},
    program::{Branch, Fill, FillWith, Items, Nulls, Op, Ratio, Record, Size, Skip, Slot, Source, Step},
    schema::{Kind, Logical, Name, NodeId, RecordField, Schema},
    stride::{strides_over, strides_over_entry},
};

type Resolved<T> = Result<T, Box<ResolutionError>>;

/// Of pairs of a writer's and a reader's type, whether they go together.
#[derive(Default)]
struct Verdicts {
    found: HashMap<(NodeId, NodeId), bool>,
    depth: usize,
}

/// Writer and reader; the same schema where only one is known.
pub(super) struct Resolver<'a> {
    pub(super) writer: &'a Schema,
    pub(super) reader: &'a Schema,
    /// What is kept of values in the column `_rescued`.
    pub(super) keeps: Keeps,
}

/// What is kept in the column `_rescued`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Keeps {
    /// Values that do not fit.
    pub(super) misfits: bool,
    /// Fields that no column has.
    pub(super) unknown: bool,
}

impl Resolver<'_> {
    /// The program for a record whose fields are `columns`, or for the only column where the writer's values are no
    /// records. Columns at `reserved` are filled by somebody else.
    pub(super) fn program(&self, columns: &Fields, rescue: Option<usize>) -> Resolved<Record> {
        let reserved = |index: usize| Some(index) == rescue;
        let fill = |always: bool| rescue.map(|index| Fill { column: index as u32, with: FillWith::Rescued { always } });
        let (w, r) = (self.writer.root(), self.reader.root());
        if let (Kind::Record { .. }, Kind::Record { .. }) = (self.writer.kind(w), self.reader.kind(r)) {
            self.shallow(w, r).map_err(|problem| self.error(w, Some(r), None, problem))?;
            let mut record = self.record(w, r, columns, reserved)?;
            let fill = fill(record.leaves_any(self.keeps.unknown));
            record.fills = record.fills.into_iter().chain(fill).collect();
            return Ok(record);
        }
        let mut own = columns.iter().enumerate().filter(|(index, _)| !reserved(*index));
        let (Some((index, column)), None) = (own.next(), own.next()) else {
            return Err(self.error(w, Some(r), None, Problem::Column));
        };
        let slot = self.slot_or_unfit(w, r, column)?;
        let step = Step { column: index as u32, slot, name: column.name().as_str().into() };
        let record = Record { steps: [step].into(), fills: [].into() };
        let fills = fill(record.leaves_any(self.keeps.unknown)).into_iter().collect();
        Ok(Record { fills, ..record })
    }

    fn error(&self, w: NodeId, r: Option<NodeId>, column: Option<&Field>, problem: Problem) -> Box<ResolutionError> {
        Box::new(ResolutionError {
            path: Vec::new(),
            writer: self.writer.shown(w),
            reader: r.map(|r| self.reader.shown(r)),
            column: column.map(field_type_name),
            problem,
        })
    }

    fn is_same_schema(&self) -> bool {
        std::ptr::eq(self.writer, self.reader)
    }

    fn record(&self, w: NodeId, r: NodeId, columns: &Fields, reserved: impl Fn(usize) -> bool) -> Resolved<Record> {
        let (Kind::Record { fields: written, .. }, Kind::Record { fields: wanted, .. }) =
            (self.writer.kind(w), self.reader.kind(r))
        else {
            return Err(self.error(w, Some(r), None, Problem::Types));
        };
        // Which field of the reader's each of the writer's is, and which column that is.
        let mut steps: Vec<Step> = Vec::with_capacity(written.len());
        let mut is_read = vec![false; wanted.len()];
        let mut is_filled = vec![false; columns.len()];
        for field in written {
            let of_reader = self.reader_field(field, written, wanted);
            let Some(at) = of_reader else {
                self.push_skip(&mut steps, field);
                continue;
            };
            if std::mem::replace(&mut is_read[at], true) {
                return Err(inside(
                    &wanted[at],
                    self.error(field.node, Some(wanted[at].node), None, Problem::Ambiguous),
                ));
            }
            let key = wanted[at].key();
            let column = (0..columns.len()).find(|i| !reserved(*i) && payload_key(&columns[*i]) == key);
            match column {
                Some(index) => {
                    is_filled[index] = true;
                    let slot = self.slot_or_unfit(field.node, wanted[at].node, &columns[index]);
                    let slot = slot.map_err(|e| inside(field, e))?;
                    steps.push(Step { column: index as u32, slot, name: field.name.as_str().into() });
                }
                None => {
                    if !self.is_same_schema() {
                        // What nobody wants must still be what the reader's schema says.
                        self.check(field.node, wanted[at].node, &mut Verdicts::default())
                            .map_err(|e| inside(field, e))?;
                    }
                    self.push_skip(&mut steps, field);
                }
            }
        }
        let mut fills = Vec::new();
        for (at, field) in wanted.iter().enumerate().filter(|(at, _)| !is_read[*at]) {
            if field.default.is_none() {
                return Err(inside(field, self.error(w, Some(wanted[at].node), None, Problem::MissingField)));
            }
        }
        for (index, column) in columns.iter().enumerate().filter(|(i, _)| !is_filled[*i] && !reserved(*i)) {
            let of_reader = wanted.iter().find(|f| f.key() == payload_key(column));
            let with = self.fill(w, of_reader, column)?;
            fills.push(Fill { column: index as u32, with });
        }
        Ok(Record { steps: steps.into(), fills: fills.into() })
    }

    /// The reader's field that a writer's field is: the one of its name, or else one that has it as an alias.
    fn reader_field(&self, field: &RecordField, written: &[RecordField], wanted: &[RecordField]) -> Option<usize> {
        let by_name = wanted.iter().position(|f| f.name == field.name);
        by_name.or_else(|| {
            // An alias counts only where the writer has no field of the reader's own name.
            let is_free = |f: &RecordField| written.iter().all(|w| w.name != f.name);
            wanted.iter().position(|f| f.aliases.contains(&field.name) && is_free(f))
        })
    }

    fn fill(&self, w: NodeId, of_reader: Option<&RecordField>, column: &Field) -> Resolved<FillWith> {
        if let Some((field, default)) = of_reader.and_then(|f| f.default.as_ref().map(|d| (f, d))) {
            let mut bytes = Vec::new();
            let of_reader = Resolver { writer: self.reader, reader: self.reader, keeps: Keeps::default() };
            let written = datum(self.reader, field.node, default, &mut bytes, 0);
            if written.is_none() {
                return Err(inside(field, self.error(w, Some(field.node), None, Problem::BadDefault)));
            }
            let slot = of_reader.slot(field.node, field.node, column).map_err(|e| inside(field, e))?;
            bytes.resize(bytes.len() + ARENA_PADDING, 0);
            return Ok(FillWith::Datum(bytes.into(), Box::new(slot)));
        }
        match (default_expr(column), column.is_nullable()) {
            (Some(_), _) => Ok(FillWith::Default),
            (None, true) => Ok(FillWith::Null),
            (None, false) => {
                let mut error = self.error(w, None, Some(column), Problem::MissingColumn);
                error.path.push(column.name().clone());
                Err(error)
            }
        }
    }

    /// How a value of the writer's type gets into a column; where no value of it ever does and misfits are kept, that it is kept.
    fn slot_or_unfit(&self, w: NodeId, r: NodeId, column: &Field) -> Resolved<Slot> {
        match self.slot(w, r, column) {
            Err(_) if self.keeps.misfits && column.is_nullable() => {
                Ok(Slot { nulls: Nulls::Never, is_required: false, op: Op::Unfit(w) })
            }
            resolved => resolved,
        }
    }

    /// How a value of the writer's type gets into a column.
    fn slot(&self, w: NodeId, r: NodeId, column: &Field) -> Resolved<Slot> {
        let plain = |op| Slot { nulls: Nulls::Never, is_required: !column.is_nullable(), op };
        if is_json(column) && !self.is_document(w, 0) {
            if !self.is_same_schema() {
                self.check(w, r, &mut Verdicts::default())?;
            }
            return Ok(plain(Op::Json(w)));
        }
        match (self.writer.kind(w), self.reader.kind(r)) {
            (Kind::Union(branches), _) => self.union(w, branches, r, column),
            (_, Kind::Union(branches)) => {
                let taken = self.branch_for(w, branches).ok_or_else(|| self.error(w, Some(r), None, Problem::Union))?;
                self.member(branches, taken, column, |resolver, column| resolver.slot(w, branches[taken], column))
            }
            _ => self.op(w, r, column).map(plain),
        }
    }

    /// Whether values of a type are texts of JSON documents already.
    fn is_document(&self, w: NodeId, depth: usize) -> bool {
        match self.writer.kind(w) {
            Kind::Union(branches) if depth == 0 => {
                branches.iter().all(|b| matches!(self.writer.kind(*b), Kind::Null) || self.is_document(*b, 1))
            }
            _ => self.writer.node(w).logical == Logical::Json,
        }
    }

    /// A value that is of the branch `taken` of the reader's union: where the column is the union's struct, its field.
    fn member(
        &self,
        branches: &[NodeId],
        taken: usize,
        column: &Field,
        slot: impl Fn(&Self, &Field) -> Resolved<Slot>,
    ) -> Resolved<Slot> {
        let Some(fields) = self.union_struct(branches, column) else { return slot(self, column) };
        let name = self.reader.branch_name(branches[taken]);
        match fields.iter().position(|f| f.name() == name) {
            Some(index) => {
                let inner = slot(self, &fields[index])?;
                let op = Op::Member(index as u32, Box::new(inner));
                Ok(Slot { nulls: Nulls::Never, is_required: !column.is_nullable(), op })
            }
            // Null is no field of the struct, but the absence of one.
            None => Ok(Slot { nulls: Nulls::Never, is_required: !column.is_nullable(), op: Op::Null }),
        }
    }

    /// The fields of a column that has one for each branch of a union.
    fn union_struct<'f>(&self, branches: &[NodeId], column: &'f Field) -> Option<&'f Fields> {
        let DataType::Struct(fields) = column.data_type() else { return None };
        let values = branches.iter().filter(|b| !matches!(self.reader.kind(**b), Kind::Null));
        let names: Vec<&str> = values.map(|b| self.reader.branch_name(*b)).collect();
        let is_union = names.len() > 1 && fields.iter().map(|f| f.name().as_str()).eq(names);
        is_union.then_some(fields)
    }

    fn union(&self, w: NodeId, branches: &[NodeId], r: NodeId, column: &Field) -> Resolved<Slot> {
        let is_null = |b: &NodeId| matches!(self.writer.kind(*b), Kind::Null);
        let of_reader = match self.reader.kind(r) {
            Kind::Union(of_reader) => Some(of_reader.as_slice()),
            _ => None,
        };
        let may_be_null = of_reader.is_none_or(|of| of.iter().any(|b| matches!(self.reader.kind(*b), Kind::Null)))
            && (of_reader.is_some() || matches!(self.reader.kind(r), Kind::Null));
        // The usual union, of null and one type. What is inside is resolved once, or a deep schema would take for ever.
        let mut of_usual = None;
        if let (2, Some(null)) = (branches.len(), branches.iter().position(is_null)) {
            let of_value = branches[1 - null];
            let is_plain = !matches!(self.writer.kind(of_value), Kind::Null);
            if is_plain && may_be_null {
                let resolved = self.slot(of_value, r, column);
                if let Ok(slot) = &resolved
                    && slot.nulls == Nulls::Never
                {
                    let nulls = if null == 0 { Nulls::First } else { Nulls::Second };
                    return resolved.map(|slot| Slot { nulls, ..slot });
                }
                of_usual = Some(resolved);
            }
        }
        let mut fits = false;
        let mut first: Option<Box<ResolutionError>> = None;
        let resolved: Vec<Branch> = branches
            .iter()
            .map(|branch| {
                if is_null(branch) && may_be_null {
                    return Branch::Null;
                }
                match of_usual.take().unwrap_or_else(|| self.slot(*branch, r, column)) {
                    Ok(slot) => {
                        fits = true;
                        Branch::Value(slot)
                    }
                    Err(error) => {
                        let unfit = Branch::Unfit(error.to_string().into(), *branch);
                        first.get_or_insert(error);
                        unfit
                    }
                }
            })
            .collect();
        match (fits, first) {
            // Where nothing but null fits, the column can be nothing else.
            (false, Some(_)) if !column.is_nullable() || !resolved.iter().any(|b| matches!(b, Branch::Null)) => {
                Err(self.error(w, Some(r), Some(column), Problem::Union))
            }
            (false, Some(error)) => Err(error),
            _ => {
                let op = Op::Union(resolved.into());
                Ok(Slot { nulls: Nulls::Never, is_required: !column.is_nullable(), op })
            }
        }
    }

    /// The reader's branch for a type of the writer's: the first of the same type, or else the first that it is promoted
    /// to.
    fn branch_for(&self, w: NodeId, branches: &[NodeId]) -> Option<usize> {
        let same = |r: &NodeId| {
            let (a, b) = (self.writer.kind(w), self.reader.kind(*r));
            std::mem::discriminant(a) == std::mem::discriminant(b) && self.shallow(w, *r).is_ok()
        };
        let exact = |r: &NodeId| same(r) && self.writer.branch_name(w) == self.reader.branch_name(*r);
        branches
            .iter()
            .position(exact)
            .or_else(|| branches.iter().position(same))
            .or_else(|| branches.iter().position(|r| self.shallow(w, *r).is_ok()))
    }

    /// Whether two types that are no unions go together, their items and fields apart.
    fn shallow(&self, w: NodeId, r: NodeId) -> Result<(), Problem> {
        let same_name = |a: &Name, b: &Name| {
            let is_alias = b.aliases.contains(&a.full);
            if a.short() == b.short() || is_alias { Ok(()) } else { Err(Problem::Names) }
        };
        let (of_writer, of_reader) = (self.writer.node(w), self.reader.node(r));
        match (&of_writer.kind, &of_reader.kind) {
            (Kind::Record { name: a, .. }, Kind::Record { name: b, .. })
            | (Kind::Enum { name: a, .. }, Kind::Enum { name: b, .. }) => same_name(a, b),
            (Kind::Fixed { name: a, size }, Kind::Fixed { name: b, size: wanted }) => {
                same_name(a, b)?;
                if size != wanted {
                    return Err(Problem::Sizes);
                }
                same_decimal(of_writer.logical, of_reader.logical)
            }
            (Kind::Bytes, Kind::Bytes) => same_decimal(of_writer.logical, of_reader.logical),
            (Kind::Int, Kind::Long | Kind::Float | Kind::Double)
            | (Kind::Long, Kind::Float | Kind::Double)
            | (Kind::Float, Kind::Double)
            | (Kind::String, Kind::Bytes)
            | (Kind::Bytes, Kind::String) => Ok(()),
            (a, b) if std::mem::discriminant(a) == std::mem::discriminant(b) => Ok(()),
            _ => Err(Problem::Types),
        }
    }

    /// Whether the reader's schema reads the writer's at all, where no column shows it.
    /// `known` is what has been found of pairs: one that is being looked at goes together as far as it goes, and none is looked at twice.
    fn check(&self, w: NodeId, r: NodeId, known: &mut Verdicts) -> Resolved<()> {
        if known.depth >= MAX_LEVELS {
            return Err(self.error(w, Some(r), None, Problem::TooDeep));
        }
        match known.found.insert((w, r), true) {
            None => {}
            Some(true) => return Ok(()),
            Some(false) => {
                known.found.insert((w, r), false);
                return Err(self.error(w, Some(r), None, Problem::Types));
            }
        }
        known.depth += 1;
        let checked = self.check_once(w, r, known);
        known.depth -= 1;
        known.found.insert((w, r), checked.is_ok());
        checked
    }

    fn check_once(&self, w: NodeId, r: NodeId, known: &mut Verdicts) -> Resolved<()> {
        match (self.writer.kind(w), self.reader.kind(r)) {
            (Kind::Union(branches), _) => {
                let mut checked = branches.iter().map(|b| self.check(*b, r, known));
                match checked.any(|c| c.is_ok()) {
                    true => Ok(()),
                    false => Err(self.error(w, Some(r), None, Problem::Union)),
                }
            }
            (_, Kind::Union(branches)) => match self.branch_for(w, branches) {
                Some(taken) => self.check(w, branches[taken], known),
                None => Err(self.error(w, Some(r), None, Problem::Union)),
            },
            (a, b) => {
                self.shallow(w, r).map_err(|problem| self.error(w, Some(r), None, problem))?;
                match (a, b) {
                    (Kind::Array(a), Kind::Array(b)) | (Kind::Map(a), Kind::Map(b)) => self.check(*a, *b, known),
                    (Kind::Record { fields: written, .. }, Kind::Record { fields: wanted, .. }) => {
                        for field in wanted {
                            let by_alias = |w: &&RecordField| field.aliases.contains(&w.name);
                            let of_writer = written.iter().find(|w| w.name == field.name);
                            match of_writer.or_else(|| written.iter().find(by_alias)) {
                                Some(of_writer) => {
                                    self.check(of_writer.node, field.node, known).map_err(|e| inside(field, e))?;
                                }
                                None if field.default.is_none() => {
                                    return Err(inside(
                                        field,
                                        self.error(w, Some(field.node), None, Problem::MissingField),
                                    ));
                                }
                                None => {}
                            }
                        }
                        Ok(())
                    }
                    _ => Ok(()),
                }
            }
        }
    }

    /// How a value of a type that is no union gets into a column.
    fn op(&self, w: NodeId, r: NodeId, column: &Field) -> Resolved<Op> {
        self.shallow(w, r).map_err(|problem| self.error(w, Some(r), Some(column), problem))?;
        let unfit = || self.error(w, Some(r), Some(column), Problem::Column);
        let data_type = column.data_type();
        let logical = self.reader.node(r).logical;
        Ok(match (self.writer.kind(w), self.reader.kind(r)) {
            (Kind::Null, _) => Op::Null,
            (Kind::Array(item), Kind::Array(wanted)) => match data_type {
                DataType::List(of) | DataType::LargeList(of) | DataType::FixedSizeList(of, _) => {
                    let slot = self.slot(*item, *wanted, of).map_err(|e| at(e, "[]"))?;
                    Op::List(Box::new(Items { least: self.writer.least(*item), strides: strides_over(&slot), slot }))
                }
                _ => return Err(unfit()),
            },
            (Kind::Map(value), Kind::Map(wanted)) => match data_type {
                DataType::Map(entries, _) => match entries.data_type() {
                    DataType::Struct(pair) if pair.len() == 2 && is_text(pair[0].data_type()) => {
                        let slot = self.slot(*value, *wanted, &pair[1]).map_err(|e| at(e, "{}"))?;
                        Op::Map(Box::new(Items {
                            least: 1 + self.writer.least(*value),
                            strides: strides_over_entry(&slot),
                            slot,
                        }))
                    }
                    _ => return Err(unfit()),
                },
                _ => return Err(unfit()),
            },
            (Kind::Record { .. }, Kind::Record { .. }) => match data_type {
                DataType::Struct(fields) => Op::Record(Box::new(self.record(w, r, fields, |_| false)?)),
                _ => return Err(unfit()),
            },
            (Kind::Enum { symbols, .. }, Kind::Enum { symbols: wanted, default, .. }) => {
                if !is_text(data_type) && !matches!(data_type, DataType::Dictionary(_, value) if is_text(value)) {
                    return Err(unfit());
                }
                let known = symbols.iter().map(|symbol| {
                    let known = wanted.contains(symbol).then_some(symbol);
                    known.or_else(|| default.map(|d| &wanted[d])).map(|s| s.as_str().into())
                });
                Op::Enum(known.collect())
            }
            (written, wanted) => return self.primitive(written, wanted, logical, column).ok_or_else(unfit),
        })
    }

    fn primitive(&self, written: &Kind, wanted: &Kind, logical: Logical, column: &Field) -> Option<Op> {
        let data_type = column.data_type();
        let is_text_column = is_text(data_type) || matches!(data_type, DataType::Dictionary(_, v) if is_text(v));
        Some(match (written, wanted) {
            (Kind::Boolean, _) => match data_type {
                DataType::Boolean => Op::Boolean,
                _ => return None,
            },
            (Kind::Int | Kind::Long, Kind::Int | Kind::Long) => {
                let source = if matches!(written, Kind::Int) { Source::Int } else { Source::Long };
                match (count(logical, column), data_type) {
                    (Some(Ratio::ONE), DataType::Timestamp(TimeUnit::Microsecond | TimeUnit::Millisecond, _)) => {
                        Op::Timestamp
                    }
                    (Some(Ratio::ONE), DataType::Date32) if source == Source::Int => Op::Date,
                    (Some(ratio), _) => Op::Count(source, ratio),
                    (None, _) if data_type.is_temporal() && logical != Logical::None => return None,
                    (None, DataType::Int64) if source == Source::Long => Op::Int64,
                    (None, DataType::Int32) if source == Source::Int => Op::Int32,
                    (None, _) if is_number(data_type) || data_type.is_temporal() => Op::Scalar(source),
                    (None, _) => return None,
                }
            }
            (Kind::Int | Kind::Long, Kind::Float) if is_number(data_type) => Op::Scalar(Source::LongToFloat),
            (Kind::Int | Kind::Long, _) if is_number(data_type) => Op::Scalar(Source::LongToDouble),
            (Kind::Float, _) => match data_type {
                DataType::Float32 => Op::Float32,
                _ if is_binary_number(data_type) => Op::Scalar(Source::Float),
                _ => return None,
            },
            (Kind::Double, _) => match data_type {
                DataType::Float64 => Op::Float64,
                _ if is_binary_number(data_type) => Op::Scalar(Source::Double),
                _ => return None,
            },
            (Kind::Bytes, Kind::Bytes) | (Kind::Fixed { .. }, _) if matches!(logical, Logical::Decimal { .. }) => {
                let Logical::Decimal { scale, .. } = logical else { return None };
                let size = match written {
                    Kind::Fixed { size, .. } => Size::Fixed(u32::try_from(*size).ok()?),
                    _ => Size::Length,
                };
                if !is_number(data_type) && !is_text_column {
                    return None;
                }
                Op::Decimal { size, scale }
            }
            (Kind::Bytes, Kind::Bytes) if logical == Logical::BigDecimal => {
                if !is_number(data_type) && !is_text_column {
                    return None;
                }
                Op::BigDecimal
            }
            (Kind::String | Kind::Bytes, Kind::String) => match data_type {
                // The column looks whether it is a document.
                DataType::Utf8 if is_json(column) => Op::Scalar(Source::Text),
                DataType::Utf8 => Op::Text,
                _ if is_text_column || is_uuid(column) || data_type.is_temporal() => match written {
                    Kind::String => Op::Scalar(Source::Text),
                    _ => Op::Scalar(Source::BytesAsText),
                },
                DataType::Binary => Op::Bytes,
                DataType::LargeBinary | DataType::FixedSizeBinary(_) => Op::Scalar(Source::Bytes),
                _ => return None,
            },
            (Kind::String | Kind::Bytes, _) => match data_type {
                DataType::Binary => Op::Bytes,
                DataType::LargeBinary | DataType::FixedSizeBinary(_) => Op::Scalar(Source::Bytes),
                _ if is_text_column => Op::Scalar(Source::BytesAsText),
                _ => return None,
            },
            (Kind::Fixed { size, .. }, _) => match (logical, data_type) {
                (Logical::Duration, DataType::Interval(_)) => Op::Duration,
                (Logical::Uuid, _) if is_text_column => Op::UuidText,
                (_, DataType::Binary | DataType::LargeBinary | DataType::FixedSizeBinary(_)) => {
                    Op::Scalar(Source::Fixed(u32::try_from(*size).ok()?))
                }
                _ => return None,
            },
            _ => return None,
        })
    }

    fn skip(&self, id: NodeId) -> Skip {
        match self.writer.kind(id) {
            Kind::Null => Skip::Fixed(0),
            Kind::Boolean => Skip::Boolean,
            Kind::Int => Skip::Int,
            Kind::Long => Skip::Long,
            Kind::Float => Skip::Fixed(4),
            Kind::Double => Skip::Fixed(8),
            Kind::Fixed { size, .. } => Skip::Fixed(*size),
            Kind::Bytes => Skip::Bytes,
            Kind::String => Skip::Text,
            _ => Skip::Node(id),
        }
    }

    /// Fixed sizes behind each other are passed over together, unless each may have to be found again.
    fn push_skip(&self, steps: &mut Vec<Step>, field: &RecordField) {
        let skip = self.skip(field.node);
        if self.keeps == Keeps::default()
            && let (Skip::Fixed(more), Some(Step { slot: Slot { op: Op::Skip(Skip::Fixed(size)), .. }, .. })) =
                (skip, steps.last_mut())
        {
            *size = size.saturating_add(more);
            return;
        }
        let slot = Slot { nulls: Nulls::Never, is_required: false, op: Op::Skip(skip) };
        steps.push(Step { column: Step::NOWHERE, slot, name: field.name.as_str().into() });
    }
}

fn inside(field: &RecordField, error: Box<ResolutionError>) -> Box<ResolutionError> {
    at(error, &field.name)
}

fn at(mut error: Box<ResolutionError>, name: &str) -> Box<ResolutionError> {
    error.path.insert(0, name.to_owned());
    error
}

fn same_decimal(a: Logical, b: Logical) -> Result<(), Problem> {
    match (a, b) {
        (Logical::Decimal { .. }, Logical::Decimal { .. }) if a != b => Err(Problem::Decimals),
        _ => Ok(()),
    }
}

fn is_text(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)
}

fn is_number(data_type: &DataType) -> bool {
    data_type.is_numeric()
}

/// Columns that take binary floating-point numbers.
fn is_binary_number(data_type: &DataType) -> bool {
    data_type.is_integer() || data_type.is_floating()
}

/// What a count in the unit of `logical` is multiplied with in the unit of the column, where the column holds such counts.
fn count(logical: Logical, column: &Field) -> Option<Ratio> {
    let of_unit = |unit: &TimeUnit| match unit {
        TimeUnit::Second => 1,
        TimeUnit::Millisecond => 1_000,
        TimeUnit::Microsecond => 1_000_000,
        TimeUnit::Nanosecond => 1_000_000_000,
    };
    let per_second = match logical {
        Logical::Date => {
            return match column.data_type() {
                DataType::Date32 => Some(Ratio { times: 1, over: 1 }),
                DataType::Date64 => Some(Ratio { times: 86_400_000, over: 1 }),
                _ => None,
            };
        }
        Logical::TimeMillis => 1_000,
        Logical::TimeMicros => 1_000_000,
        Logical::Timestamp { per_second, .. } => per_second,
        _ => return None,
    };
    let wanted = match (logical, column.data_type()) {
        (Logical::Timestamp { is_instant, .. }, DataType::Timestamp(unit, zone)) => {
            // What a clock shows is no instant, whatever the zone.
            if zone.is_some() && !is_instant {
                return None;
            }
            of_unit(unit)
        }
        (Logical::TimeMillis | Logical::TimeMicros, DataType::Time32(unit) | DataType::Time64(unit)) => of_unit(unit),
        _ => return None,
    };
    Some(match wanted >= per_second {
        true => Ratio { times: wanted / per_second, over: 1 },
        false => Ratio { times: 1, over: per_second / wanted },
    })
}
