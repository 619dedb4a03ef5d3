//! Applying changes: the new schema, and where each of its fields comes from.

use std::{collections::BTreeMap, sync::Arc};

use arrow_schema::{DataType, Field, FieldRef, Fields, Schema, SchemaRef};

use super::{
    ColumnProjection, EvolutionError, MAX_DEPTH, SchemaChange,
    diff::{list_item, map_parts, with_list_item, with_map_parts},
    path::{self, Step},
};
use crate::field::{DEFAULT_METADATA, with_metadata};

/// Applies the changes one after the other: the new schema, and the projection that makes its batches of old ones.
///
/// For the changes of [`diff`](super::diff) the schema is exactly the proposed one. Whether they may be applied is not asked
/// here: [`evaluate`](super::evaluate) says it. Cost: O(fields + changes · columns); nothing is read.
///
/// # Errors
/// A change that does not fit the schema as the changes before it have left it.
pub fn apply(current: &Schema, changes: &[SchemaChange]) -> Result<(SchemaRef, ColumnProjection), EvolutionError> {
    let root = Field::new("", DataType::Struct(current.fields().clone()), false);
    let mut root = Node::new(&root.with_metadata(current.metadata().clone()), None, 0);
    let mut rest = changes;
    while let Some(change) = rest.first() {
        let renames = root.renames(rest)?;
        if renames.is_empty() {
            root.apply(change)?;
            rest = &rest[1..];
        } else {
            rest = &rest[renames.len()..];
            root.rename(renames)?;
        }
    }
    let fields = Fields::from_iter(root.children.iter().map(Node::field));
    let schema = Schema::new_with_metadata(fields, root.field.metadata().clone());
    Ok((Arc::new(schema), root.projection()))
}

/// A field while it is being changed.
struct Node {
    /// The field; its type is out of date where `children` have changed.
    field: Field,
    /// Fields of a struct, the item of a list, key and value of a map. Empty for everything else.
    children: Vec<Node>,
    /// Which of the old parent's children it was.
    source: Option<usize>,
    /// How many children it had before.
    width: usize,
    /// What it was called.
    old_name: String,
    /// It lies too deep to be looked into.
    is_whole: bool,
}

impl Node {
    fn new(field: &Field, source: Option<usize>, depth: usize) -> Self {
        let is_whole = depth > MAX_DEPTH;
        let parts: Vec<&FieldRef> = match field.data_type() {
            _ if is_whole => Vec::new(),
            DataType::Struct(fields) => fields.iter().collect(),
            other => match (list_item(other), map_parts(other)) {
                (Some(item), _) => vec![item],
                (None, Some((key, value))) => vec![key, value],
                (None, None) => Vec::new(),
            },
        };
        let children: Vec<Self> =
            parts.into_iter().enumerate().map(|(i, part)| Self::new(part, Some(i), depth + 1)).collect();
        Self { field: field.clone(), width: children.len(), children, source, old_name: field.name().clone(), is_whole }
    }

    /// The field as it is now.
    fn field(&self) -> Field {
        self.field.clone().with_data_type(self.data_type())
    }

    fn data_type(&self) -> DataType {
        let part = |i: usize| self.children.get(i).map(|c| Arc::new(c.field()));
        match (self.field.data_type(), part(0), part(1)) {
            (DataType::Struct(_), _, _) if !self.is_whole => {
                DataType::Struct(self.children.iter().map(Self::field).collect())
            }
            (DataType::Map(..), Some(key), Some(value)) => with_map_parts(self.field.data_type(), key, value),
            (list, Some(item), None) => with_list_item(list, item),
            (other, _, _) => other.clone(),
        }
    }

    /// Changes the field itself by moving it through `change`.
    fn update(&mut self, change: impl FnOnce(Field) -> Field) {
        let field = std::mem::replace(&mut self.field, Field::new("", DataType::Null, true));
        self.field = change(field);
    }

    fn apply(&mut self, change: &SchemaChange) -> Result<(), EvolutionError> {
        let at = change.path();
        match change {
            SchemaChange::ColumnAdded { data_type, nullable, default, .. } => {
                let (siblings, name) = self.siblings(change, at)?;
                if siblings.iter().any(|n| *n.field.name() == name) {
                    return Err(EvolutionError::NameTaken { change: change.clone() });
                }
                let mut field = Field::new(name, data_type.clone(), *nullable);
                if let Some(default) = default {
                    field = with_metadata(field, DEFAULT_METADATA, default);
                }
                siblings.push(Self { width: 0, ..Self::new(&field, None, 0) });
            }
            SchemaChange::ColumnDropped { .. } => {
                let (siblings, name) = self.siblings(change, at)?;
                let i = position(siblings, &name, change)?;
                siblings.remove(i);
            }
            SchemaChange::ColumnMoved { after, .. } => {
                let (siblings, name) = self.siblings(change, at)?;
                let from = position(siblings, &name, change)?;
                if let Some(after) = after.as_ref().filter(|a| siblings.iter().all(|n| n.field.name() != *a)) {
                    let found = format!("no column {after} beside it");
                    return Err(EvolutionError::Stale { change: change.clone(), found });
                }
                let moved = siblings.remove(from);
                let to = after.as_ref().map_or(Ok(0), |after| position(siblings, after, change).map(|i| i + 1))?;
                siblings.insert(to, moved);
            }
            SchemaChange::TypeWidened { from, to, .. }
            | SchemaChange::TypeNarrowed { from, to, .. }
            | SchemaChange::LayoutChanged { from, to, .. } => self.find(change, at)?.change_type(change, from, to)?,
            SchemaChange::NullabilityChanged { nullable, .. } => {
                self.find(change, at)?.update(|f| f.with_nullable(*nullable));
            }
            SchemaChange::ColumnOptional { .. } => {
                self.find(change, at)?;
            }
            SchemaChange::PropertyChanged { key, from, to, .. } => {
                let node = self.find(change, at)?;
                let mut metadata = node.field.metadata().clone();
                let old = match to {
                    Some(to) => metadata.insert(key.clone(), to.clone()),
                    None => metadata.remove(key),
                };
                if old != *from {
                    let found = old.unwrap_or_else(|| "none".to_owned());
                    return Err(EvolutionError::Stale { change: change.clone(), found });
                }
                node.update(|f| f.with_metadata(metadata));
            }
            SchemaChange::ColumnRenamed { .. } => self.rename(std::slice::from_ref(change))?,
        }
        Ok(())
    }

    /// The renames at the head of `changes` that count as one step: those of one parent whose columns are all there now.
    fn renames<'c>(&mut self, changes: &'c [SchemaChange]) -> Result<&'c [SchemaChange], EvolutionError> {
        let mut parent = None;
        let mut count = 0;
        for change in changes {
            let SchemaChange::ColumnRenamed { old_name, .. } = change else { break };
            let steps = steps_of(change, old_name)?;
            let of = steps.split_last().map(|(_, parent)| parent.to_vec());
            let is_there = self.siblings(change, old_name).and_then(|(all, name)| position(all, &name, change)).is_ok();
            if count > 0 && (parent != of || !is_there) {
                break;
            }
            parent = of;
            count += 1;
        }
        Ok(&changes[..count])
    }

    /// Renames fields of one parent at once.
    fn rename(&mut self, changes: &[SchemaChange]) -> Result<(), EvolutionError> {
        let mut found = Vec::new();
        for change in changes {
            let SchemaChange::ColumnRenamed { old_name, new_name } = change else { continue };
            let (old, new) = (steps_of(change, old_name)?, steps_of(change, new_name)?);
            let (Some((_, parent)), Some((Step::Field(new), new_parent))) = (old.split_last(), new.split_last()) else {
                return Err(EvolutionError::BadPath { change: change.clone() });
            };
            if parent != new_parent {
                return Err(EvolutionError::BadPath { change: change.clone() });
            }
            let (siblings, name) = self.siblings(change, old_name)?;
            found.push((position(siblings, &name, change)?, new.clone(), change));
        }
        for (i, new, change) in &found {
            let SchemaChange::ColumnRenamed { old_name, .. } = change else { continue };
            self.siblings(change, old_name)?.0[*i].update(|f| f.with_name(new.clone()));
        }
        for (_, new, change) in &found {
            let SchemaChange::ColumnRenamed { old_name, .. } = change else { continue };
            let (siblings, _) = self.siblings(change, old_name)?;
            if siblings.iter().filter(|n| n.field.name() == new).count() > 1 {
                return Err(EvolutionError::NameTaken { change: (*change).clone() });
            }
        }
        Ok(())
    }

    fn change_type(&mut self, change: &SchemaChange, from: &DataType, to: &DataType) -> Result<(), EvolutionError> {
        let found = self.data_type();
        if found != *from {
            return Err(EvolutionError::Stale { change: change.clone(), found: found.to_string() });
        }
        let field = self.field.clone().with_data_type(to.clone());
        let mut new = Self::new(&field, self.source, 0);
        new.old_name = std::mem::take(&mut self.old_name);
        // A list or map in another layout keeps its contents, and what is known of where they came from.
        let is_container = |t: &DataType| list_item(t).is_some() || map_parts(t).is_some();
        if is_container(from) && is_container(to) && self.children.len() == new.children.len() {
            for (new, old) in new.children.iter_mut().zip(std::mem::take(&mut self.children)) {
                let name = new.field.name().clone();
                if old.field().with_name(&name) == new.field {
                    *new = old;
                    new.update(|f| f.with_name(name));
                }
            }
        }
        *self = new;
        Ok(())
    }

    /// The field at `path`.
    fn find(&mut self, change: &SchemaChange, path: &str) -> Result<&mut Self, EvolutionError> {
        steps_of(change, path)?.iter().try_fold(self, |node, step| node.step(step, change))
    }

    fn step(&mut self, step: &Step, change: &SchemaChange) -> Result<&mut Self, EvolutionError> {
        let unknown = || EvolutionError::UnknownColumn { change: change.clone() };
        let i = match (step, self.field.data_type()) {
            (Step::Field(name), DataType::Struct(_)) => position(&self.children, name, change)?,
            (Step::Item, list) if list_item(list).is_some() => 0,
            (Step::Key, DataType::Map(..)) => 0,
            (Step::Value, DataType::Map(..)) => 1,
            _ => return Err(unknown()),
        };
        self.children.get_mut(i).ok_or_else(unknown)
    }

    /// The fields among which the last step of `path` stands, and its name.
    fn siblings(&mut self, change: &SchemaChange, path: &str) -> Result<(&mut Vec<Self>, String), EvolutionError> {
        let mut steps = steps_of(change, path)?;
        let Some(Step::Field(name)) = steps.pop() else {
            return Err(EvolutionError::BadPath { change: change.clone() });
        };
        let parent = steps.iter().try_fold(self, |node, step| node.step(step, change))?;
        match parent.field.data_type() {
            DataType::Struct(_) => Ok((&mut parent.children, name)),
            _ => Err(EvolutionError::UnknownColumn { change: change.clone() }),
        }
    }

    /// Where the children come from.
    fn projection(&self) -> ColumnProjection {
        let mut nested = BTreeMap::new();
        for (i, child) in self.children.iter().enumerate().filter(|(_, c)| c.source.is_some()) {
            let inner = child.projection();
            let is_in_place = inner.mappings.iter().copied().eq((0..child.width).map(Some)) && inner.nested.is_empty();
            // Names too: fields that are called otherwise are the same ones only where a projection says so.
            if !is_in_place || child.children.iter().any(|c| *c.field.name() != c.old_name) {
                nested.insert(i, inner);
            }
        }
        ColumnProjection { mappings: self.children.iter().map(|c| c.source).collect(), nested }
    }
}

fn position(nodes: &[Node], name: &str, change: &SchemaChange) -> Result<usize, EvolutionError> {
    let mut found = nodes.iter().enumerate().filter(|(_, n)| n.field.name() == name).map(|(i, _)| i);
    match (found.next(), found.next()) {
        (Some(i), None) => Ok(i),
        (Some(_), Some(_)) => Err(EvolutionError::AmbiguousColumn { change: change.clone() }),
        (None, _) => Err(EvolutionError::UnknownColumn { change: change.clone() }),
    }
}

fn steps_of(change: &SchemaChange, path: &str) -> Result<Vec<Step>, EvolutionError> {
    path::parse(path).ok_or_else(|| EvolutionError::BadPath { change: change.clone() })
}
