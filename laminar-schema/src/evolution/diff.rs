//! The changes from one schema to another, at any depth.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use arrow_schema::{DataType, Field, FieldRef, Fields, Schema};

use super::{
    SchemaChange, path,
    relation::{Relation, relate},
};
use crate::field::{DEFAULT_METADATA, FIELD_ID_METADATA, default_expr};

/// How many levels of nesting are looked into. What lies deeper is compared as a whole, and is narrowed when it differs.
pub const MAX_DEPTH: usize = 64;

/// The changes that make `proposed` of `current`: [`apply`](super::apply) with them yields it.
///
/// Fields are matched by their id (metadata key `PARQUET:field_id`), where the proposed one has an id that a field beside it
/// had before; otherwise by name, unless both have ids, which then differ. So a rename is one where there are ids, and a
/// drop and an add elsewhere. Names that occur twice beside each other cannot be told apart: a struct with such fields is
/// compared as a whole, and of such columns the first counts.
///
/// Order: per level what is dropped, renamed, changed, added and moved. Cost: O(fields · log fields).
pub fn diff(current: &Schema, proposed: &Schema) -> Vec<SchemaChange> {
    let mut out = Vec::new();
    properties(&mut out, "", current.metadata(), proposed.metadata());
    level(&mut out, "", current.fields(), proposed.fields(), 0);
    out
}

/// The fields of a struct, or the columns.
fn level(out: &mut Vec<SchemaChange>, parent: &str, old: &Fields, new: &Fields, depth: usize) {
    let origins = matched(old, new);
    let kept: HashSet<usize> = origins.iter().flatten().copied().collect();
    for (_, field) in old.iter().enumerate().filter(|(i, _)| !kept.contains(i)) {
        let name = path::child(parent, field.name());
        if field.is_nullable() || default_expr(field).is_some() {
            out.push(SchemaChange::ColumnOptional { name: name.clone() });
        }
        out.push(SchemaChange::ColumnDropped { name });
    }
    let pairs = || origins.iter().zip(new).filter_map(|(from, to)| Some((&old[(*from)?], to)));
    out.extend(pairs().filter(|(from, to)| from.name() != to.name()).map(|(from, to)| SchemaChange::ColumnRenamed {
        old_name: path::child(parent, from.name()),
        new_name: path::child(parent, to.name()),
    }));
    for (from, to) in pairs() {
        field(out, &path::child(parent, to.name()), from, to, depth + 1);
    }
    for (_, added) in origins.iter().zip(new).filter(|(from, _)| from.is_none()) {
        let name = path::child(parent, added.name());
        let default = default_expr(added).map(str::to_owned);
        let known: HashMap<String, String> = default.iter().map(|d| (DEFAULT_METADATA.to_owned(), d.clone())).collect();
        let (data_type, nullable) = (added.data_type().clone(), added.is_nullable());
        out.push(SchemaChange::ColumnAdded { name: name.clone(), data_type, nullable, default });
        properties(out, &name, &known, added.metadata());
    }
    moves(out, parent, &origins, new);
}

/// For each new field the old one that it was.
fn matched(old: &Fields, new: &Fields) -> Vec<Option<usize>> {
    let id = |f: &Field| f.metadata().get(FIELD_ID_METADATA).cloned();
    let mut by_id = HashMap::new();
    let mut by_name: HashMap<&str, usize> = HashMap::new();
    for (i, f) in old.iter().enumerate() {
        if let Some(id) = id(f) {
            by_id.entry(id).or_insert(i);
        }
        by_name.entry(f.name()).or_insert(i);
    }
    let mut taken = HashSet::new();
    let mut origins: Vec<Option<usize>> =
        new.iter().map(|f| id(f).and_then(|id| by_id.get(&id).copied()).filter(|i| taken.insert(*i))).collect();
    for (origin, f) in origins.iter_mut().zip(new).filter(|(o, _)| o.is_none()) {
        let same_name = by_name.get(f.name().as_str()).copied();
        *origin = same_name.filter(|i| id(&old[*i]).is_none() || id(f).is_none()).filter(|i| taken.insert(*i));
    }
    origins
}

/// What has changed of a field apart from its name.
fn field(out: &mut Vec<SchemaChange>, at: &str, old: &Field, new: &Field, depth: usize) {
    data_type(out, at, old.data_type(), new.data_type(), depth);
    if old.is_nullable() != new.is_nullable() {
        out.push(SchemaChange::NullabilityChanged { name: at.to_owned(), nullable: new.is_nullable() });
    }
    properties(out, at, old.metadata(), new.metadata());
}

fn data_type(out: &mut Vec<SchemaChange>, at: &str, old: &DataType, new: &DataType, depth: usize) {
    if old == new {
        return;
    }
    let mut changed = |relation, to: &DataType| {
        let (name, from, to) = (at.to_owned(), old.clone(), to.clone());
        out.push(match relation {
            Relation::Layout => SchemaChange::LayoutChanged { name, from, to },
            Relation::Wider => SchemaChange::TypeWidened { name, from, to },
            Relation::Narrower => SchemaChange::TypeNarrowed { name, from, to },
        });
    };
    if depth > MAX_DEPTH {
        return changed(Relation::Narrower, new);
    }
    if let (DataType::Struct(a), DataType::Struct(b)) = (old, new)
        && [a, b].iter().all(|fields| has_unique_names(fields))
    {
        return level(out, at, a, b, depth);
    }
    if let (Some((key, value)), Some((new_key, new_value))) = (map_parts(old), map_parts(new)) {
        // First the container with the old contents, then the contents.
        let to = with_map_parts(new, renamed(key, new_key.name()), renamed(value, new_value.name()));
        if *old != to {
            let is_sorted = |t: &DataType| matches!(t, DataType::Map(_, true));
            let claims_order = is_sorted(new) && !is_sorted(old);
            changed(if claims_order { Relation::Narrower } else { Relation::Layout }, &to);
        }
        field(out, &format!("{at}{}", path::KEY), key, new_key, depth + 1);
        return field(out, &format!("{at}{}", path::VALUE), value, new_value, depth + 1);
    }
    if let (Some(item), Some(new_item)) = (list_item(old), list_item(new)) {
        let to = with_list_item(new, renamed(item, new_item.name()));
        if *old != to {
            let relation = match (old, new) {
                (DataType::FixedSizeList(_, a), DataType::FixedSizeList(_, b)) if a == b => Relation::Layout,
                (_, DataType::FixedSizeList(..)) => Relation::Narrower,
                (DataType::FixedSizeList(..), _) => Relation::Wider,
                _ => Relation::Layout,
            };
            changed(relation, &to);
        }
        return field(out, &format!("{at}{}", path::ITEM), item, new_item, depth + 1);
    }
    changed(relate(old, new), new);
}

/// Changed entries of metadata, in the order of their keys.
fn properties(out: &mut Vec<SchemaChange>, at: &str, old: &HashMap<String, String>, new: &HashMap<String, String>) {
    let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let changed = keys.into_iter().filter(|key| old.get(*key) != new.get(*key));
    out.extend(changed.map(|key| SchemaChange::PropertyChanged {
        name: at.to_owned(),
        key: key.clone(),
        from: old.get(key).cloned(),
        to: new.get(key).cloned(),
    }));
}

/// The fewest moves that bring the kept and the added fields into their new order.
///
/// Before them the kept fields stand in their old order and the added ones behind. The longest run of fields that are in
/// order already stays; each other one goes behind its new neighbour.
fn moves(out: &mut Vec<SchemaChange>, parent: &str, origins: &[Option<usize>], new: &Fields) {
    let mut added = origins.iter().flatten().max().map_or(0, |last| last + 1);
    let places: Vec<usize> = origins
        .iter()
        .map(|origin| {
            origin.unwrap_or_else(|| {
                added += 1;
                added
            })
        })
        .collect();
    let stays = longest_increasing(&places);
    for (i, field) in new.iter().enumerate().filter(|(i, _)| !stays[*i]) {
        let after = i.checked_sub(1).map(|before| new[before].name().clone());
        out.push(SchemaChange::ColumnMoved { name: path::child(parent, field.name()), after });
    }
}

/// Which members belong to a longest increasing subsequence.
fn longest_increasing(places: &[usize]) -> Vec<bool> {
    // `ends[n]` is the member with which a subsequence of n + 1 members can end lowest.
    let mut ends: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::with_capacity(places.len());
    for (i, place) in places.iter().enumerate() {
        let length = ends.partition_point(|end| places[*end] < *place);
        before.push(length.checked_sub(1).map(|n| ends[n]));
        match ends.get_mut(length) {
            Some(end) => *end = i,
            None => ends.push(i),
        }
    }
    let mut stays = vec![false; places.len()];
    let mut at = ends.last().copied();
    while let Some(i) = at {
        stays[i] = true;
        at = before[i];
    }
    stays
}

fn has_unique_names(fields: &Fields) -> bool {
    let mut seen = HashSet::new();
    fields.iter().all(|f| seen.insert(f.name()))
}

fn renamed(field: &FieldRef, name: &str) -> FieldRef {
    if field.name() == name { Arc::clone(field) } else { Arc::new(field.as_ref().clone().with_name(name)) }
}

/// The item of a list of any layout.
pub(super) fn list_item(data_type: &DataType) -> Option<&FieldRef> {
    match data_type {
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::ListView(item)
        | DataType::LargeListView(item)
        | DataType::FixedSizeList(item, _) => Some(item),
        _ => None,
    }
}

/// The same list with another item; any other type is itself.
pub(super) fn with_list_item(data_type: &DataType, item: FieldRef) -> DataType {
    match data_type {
        DataType::List(_) => DataType::List(item),
        DataType::LargeList(_) => DataType::LargeList(item),
        DataType::ListView(_) => DataType::ListView(item),
        DataType::LargeListView(_) => DataType::LargeListView(item),
        DataType::FixedSizeList(_, n) => DataType::FixedSizeList(item, *n),
        other => other.clone(),
    }
}

/// Key and value of a map.
pub(super) fn map_parts(data_type: &DataType) -> Option<(&FieldRef, &FieldRef)> {
    let DataType::Map(entries, _) = data_type else { return None };
    match entries.data_type() {
        DataType::Struct(parts) if parts.len() == 2 => Some((&parts[0], &parts[1])),
        _ => None,
    }
}

/// The same map with another key and value; any other type is itself.
pub(super) fn with_map_parts(data_type: &DataType, key: FieldRef, value: FieldRef) -> DataType {
    let DataType::Map(entries, sorted) = data_type else { return data_type.clone() };
    let parts = DataType::Struct(Fields::from(vec![key, value]));
    DataType::Map(Arc::new(entries.as_ref().clone().with_data_type(parts)), *sorted)
}
