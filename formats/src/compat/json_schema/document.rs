//! A schema's text as a whole: what its references name, and which conditions a schema in it is made of.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::Condition;

/// A schema with everything that it may refer to.
#[derive(Debug)]
pub(super) struct Document<'v> {
    root: &'v Value,
    /// Schemas by `$id` and `$anchor`.
    names: HashMap<String, &'v Value>,
}

impl<'v> Document<'v> {
    pub(super) fn new(root: &'v Value) -> Self {
        let mut names = HashMap::new();
        // No deeper than the parser of JSON goes.
        collect(root, &mut names);
        Self { root, names }
    }

    pub(super) fn root(&self) -> &'v Value {
        self.root
    }

    /// The conditions that a value has to fulfil: the schema's own keywords, what it refers to and all of `allOf`. `None` where
    /// no value does. A reference that leads out of the text stays a keyword, which only the same one matches.
    pub(super) fn conditions(&self, schema: &'v Value) -> Option<Vec<Condition<'v>>> {
        let mut found = Vec::new();
        let mut seen = HashSet::new();
        let mut left = vec![schema];
        while let Some(schema) = left.pop() {
            match schema {
                Value::Bool(false) => return None,
                Value::Object(keywords) if seen.insert(std::ptr::from_ref(schema)) => {
                    found.push(Condition { keywords, split: None });
                    let all = keywords.get("allOf").and_then(Value::as_array);
                    left.extend(all.into_iter().flatten().rev());
                    left.extend(keywords.get("$ref").and_then(Value::as_str).and_then(|name| self.named(name)));
                }
                _ => {}
            }
        }
        Some(found)
    }

    /// What a reference leads to, in this text.
    pub(super) fn named(&self, reference: &str) -> Option<&'v Value> {
        if let Some(found) = self.names.get(reference) {
            return Some(found);
        }
        match reference.split_once('#') {
            Some((base, fragment)) => {
                let start = if base.is_empty() { Some(self.root) } else { self.names.get(base).copied() };
                start.and_then(|start| start.pointer(&fragment.replace("%25", "%").replace("%24", "$")))
            }
            None => None,
        }
    }
}

fn collect<'v>(value: &'v Value, names: &mut HashMap<String, &'v Value>) {
    match value {
        Value::Object(keywords) => {
            for word in ["$id", "id"] {
                if let Some(id) = keywords.get(word).and_then(Value::as_str) {
                    names.entry(id.trim_end_matches('#').to_owned()).or_insert(value);
                }
            }
            if let Some(anchor) = keywords.get("$anchor").and_then(Value::as_str) {
                names.entry(format!("#{anchor}")).or_insert(value);
            }
            keywords.values().for_each(|inner| collect(inner, names));
        }
        Value::Array(items) => items.iter().for_each(|inner| collect(inner, names)),
        _ => {}
    }
}
