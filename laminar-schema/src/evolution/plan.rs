//! What to do with each column, worked out once per pair of schemas.

use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_schema::{DataType, Field, FieldRef, Fields};

use super::{
    ColumnProjection, EvolutionError, MAX_DEPTH,
    conversion::Conversion,
    diff::{list_item, map_parts, with_list_item},
    path,
};
use crate::{
    default_value,
    error::{Location, SchemaError, SchemaResult},
    field::{JSON_EXTENSION, extension_name},
};

/// One column or nested field of the new schema.
#[derive(Debug, Clone)]
pub(super) struct Column {
    /// Its path, for messages.
    pub(super) path: String,
    /// The field in the new schema.
    pub(super) field: FieldRef,
    /// Which of the old fields it was.
    pub(super) source: Option<usize>,
    /// Its DEFAULT, as an array of length one, where it is new.
    pub(super) fill: Option<ArrayRef>,
    /// Its old field may be null, and it may not.
    pub(super) forbids_null: bool,
    /// How its values come about.
    pub(super) step: Step,
    /// Whether a value in it, at any depth, may have no place.
    pub(super) can_fail: bool,
}

/// How values come about.
#[derive(Debug, Clone)]
pub(super) enum Step {
    /// They are the old ones.
    Keep,
    /// They are the old texts, all of which must be JSON.
    Json,
    /// They are converted.
    Convert(Conversion),
    /// A struct of these fields.
    Struct(Fields, Vec<Column>),
    /// A list of such items, after its layout was converted.
    List { layout: Option<Conversion>, item: Box<Column> },
    /// A map of such a key and value.
    Map { entries: FieldRef, sorted: bool, parts: Vec<Column> },
}

impl Step {
    fn can_fail(&self) -> bool {
        match self {
            Self::Keep => false,
            Self::Json => true,
            Self::Convert(conversion) => conversion.can_fail(),
            Self::Struct(_, children) => children.iter().any(|c| c.can_fail),
            Self::List { layout, item } => item.can_fail || layout.as_ref().is_some_and(Conversion::can_fail),
            Self::Map { parts, .. } => parts.iter().any(|c| c.can_fail),
        }
    }
}

impl Column {
    /// The fields of a struct, or the columns. Without a projection all are in their places.
    pub(super) fn of_struct(
        parent: &str,
        from: &Fields,
        to: &Fields,
        projection: Option<&ColumnProjection>,
        depth: usize,
    ) -> SchemaResult<Vec<Self>> {
        let paths = to.iter().map(|f| path::child(parent, f.name())).collect();
        Self::of_parts(
            parent,
            paths,
            &from.iter().collect::<Vec<_>>(),
            &to.iter().collect::<Vec<_>>(),
            projection,
            depth,
        )
    }

    fn of_parts(
        parent: &str,
        paths: Vec<String>,
        from: &[&FieldRef],
        to: &[&FieldRef],
        projection: Option<&ColumnProjection>,
        depth: usize,
    ) -> SchemaResult<Vec<Self>> {
        let mappings = projection.map_or_else(|| (0..from.len()).map(Some).collect(), |p| p.mappings.clone());
        let beyond = mappings.iter().flatten().find(|i| **i >= from.len());
        if mappings.len() != to.len() || beyond.is_some() {
            let most = beyond.map_or(String::new(), |i| format!(" of at least {}", i + 1));
            let expected = format!("{} fields{most}", mappings.len());
            let found = format!("{} fields of {}", to.len(), from.len());
            let error = SchemaError::new(EvolutionError::WrongProjection { expected, found });
            return Err(if parent.is_empty() { error } else { error.at(Location::field(parent)) });
        }
        let nested = |i: usize| projection.and_then(|p| p.nested.get(&i));
        let columns = mappings.iter().zip(to).zip(paths).enumerate();
        columns
            .map(|(i, ((source, to), path))| match source {
                Some(s) => Self::kept(path, *s, from[*s], to, nested(i), depth),
                None => Self::added(path, to),
            })
            .collect()
    }

    fn added(path: String, field: &FieldRef) -> SchemaResult<Self> {
        let fill = default_value::evaluate(field)?;
        if fill.is_none() && !field.is_nullable() {
            let expected = field.data_type().clone();
            return Err(SchemaError::new(EvolutionError::NothingToFill { expected }).at(Location::field(path)));
        }
        let field = Arc::clone(field);
        Ok(Self { path, field, source: None, fill, forbids_null: false, step: Step::Keep, can_fail: false })
    }

    fn kept(
        path: String,
        source: usize,
        from: &Field,
        to: &FieldRef,
        projection: Option<&ColumnProjection>,
        depth: usize,
    ) -> SchemaResult<Self> {
        let step = step(&path, from, to, projection, depth + 1)?;
        let forbids_null = !to.is_nullable() && (from.is_nullable() || *from.data_type() == DataType::Null);
        let can_fail = forbids_null || step.can_fail();
        Ok(Self { path, field: Arc::clone(to), source: Some(source), fill: None, forbids_null, step, can_fail })
    }
}

fn step(
    path: &str,
    from: &Field,
    to: &Field,
    projection: Option<&ColumnProjection>,
    depth: usize,
) -> SchemaResult<Step> {
    let (old, new) = (from.data_type(), to.data_type());
    let becomes_json = extension_name(to) == Some(JSON_EXTENSION) && extension_name(from) != Some(JSON_EXTENSION);
    if old == new && projection.is_none() {
        return Ok(if becomes_json { Step::Json } else { Step::Keep });
    }
    let refused = || {
        let (found, expected) = (Arc::new(from.clone()), Arc::new(to.clone()));
        SchemaError::new(EvolutionError::NoConversion { found, expected }).at(Location::field(path))
    };
    if depth > MAX_DEPTH || becomes_json {
        return Err(refused());
    }
    match (old, new) {
        (DataType::Struct(a), DataType::Struct(b)) => {
            // Without word where they come from, fields are the same ones only if they are called the same.
            let same = || a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.name() == b.name());
            if projection.is_none() && !same() {
                return Err(refused());
            }
            Ok(Step::Struct(b.clone(), Column::of_struct(path, a, b, projection, depth)?))
        }
        (DataType::Map(_, was_sorted), DataType::Map(entries, sorted)) => {
            let (Some(a), Some(b)) = (map_parts(old), map_parts(new)) else { return Err(refused()) };
            // That keys are in order nobody has looked at.
            if *sorted && !was_sorted {
                return Err(refused());
            }
            let paths = [path::KEY, path::VALUE].map(|part| format!("{path}{part}")).into();
            let parts = Column::of_parts(path, paths, &[a.0, a.1], &[b.0, b.1], projection, depth)?;
            Ok(Step::Map { entries: Arc::clone(entries), sorted: *sorted, parts })
        }
        _ => match (list_item(old), list_item(new)) {
            (Some(a), Some(b)) => {
                // Contents of list views are not looked into; the whole can become another list, and another list it.
                if !matches!(new, DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(..)) {
                    let is_same = a.data_type() == b.data_type() && a.is_nullable() == b.is_nullable();
                    let conversion = Conversion::of_list(old, new).filter(|_| is_same && projection.is_none());
                    return conversion.map(Step::Convert).ok_or_else(refused);
                }
                let layout = with_list_item(new, Arc::clone(a));
                let layout =
                    if layout == *old { None } else { Some(Conversion::of_list(old, &layout).ok_or_else(refused)?) };
                let paths = vec![format!("{path}{}", path::ITEM)];
                let mut items = Column::of_parts(path, paths, &[a], &[b], projection, depth)?;
                let item = items.pop().ok_or_else(refused)?;
                Ok(Step::List { layout, item: Box::new(item) })
            }
            _ => Conversion::between(old, new).map(Step::Convert).ok_or_else(refused),
        },
    }
}
