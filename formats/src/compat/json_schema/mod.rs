//! A JSON Schema reader against a writer: whether everything that the writer's schema allows, the reader's allows too.
//!
//! Lives here: schemas as conjunctions of keywords, and one file for the keywords of each kind of value. Does not live here:
//! whether a document is valid, which is never asked.
//!
//! The answer is safe, not complete: a `no` may be a `yes` that only arithmetic on patterns could tell, a `yes` is one but for
//! `oneOf`, whose branches are taken to exclude each other, as Confluent and Apicurio do.

mod array;
mod combine;
mod document;
mod object;
mod scalar;
mod types;

use serde_json::{Map, Value};

use self::{document::Document, types::types_of};
use super::{
    CompatibilityError,
    change::{ChangedPart, Comparison, CompatibilityChange},
    verdicts::Verdicts,
};

/// A schema's keywords.
type Keywords = Map<String, Value>;

/// What both directions find, backward first.
pub(super) fn compare(
    new: &str,
    old: &str,
    version: usize,
    [backward, forward]: [Comparison; 2],
) -> Result<[Vec<CompatibilityChange>; 2], CompatibilityError> {
    let (new, old) = (parse(new, None)?, parse(old, Some(version))?);
    let (new, old) = (Document::new(&new), Document::new(&old));
    Ok([run(&new, &old, backward)?, run(&old, &new, forward)?])
}

fn parse(text: &str, version: Option<usize>) -> Result<Value, CompatibilityError> {
    let not = |reason| CompatibilityError::NotASchema { version, language: "a JSON Schema", reason };
    let value: Value = serde_json::from_str(text).map_err(|e| not(e.to_string()))?;
    match value {
        Value::Object(_) | Value::Bool(_) => Ok(value),
        other => Err(not(format!("an object, true or false is one, and not {}", shown(&other)))),
    }
}

fn run<'v>(
    reader: &'v Document<'v>,
    writer: &'v Document<'v>,
    at: Comparison,
) -> Result<Vec<CompatibilityChange>, CompatibilityError> {
    let mut inclusion = Inclusion { reader, writer, at, known: Verdicts::new() };
    inclusion.values(&[writer.root()], reader.root());
    inclusion.at.finish()
}

/// One of the conditions that a writer's values fulfil.
#[derive(Debug, Clone, Copy)]
struct Condition<'v> {
    keywords: &'v Keywords,
    /// The combination in it that the other conditions have taken one branch of.
    split: Option<&'static str>,
}

/// Whether the writer's values are among the reader's.
struct Inclusion<'v> {
    reader: &'v Document<'v>,
    writer: &'v Document<'v>,
    at: Comparison,
    /// Pairs by their addresses.
    known: Verdicts<(Vec<(usize, bool)>, usize)>,
}

impl<'v> Inclusion<'v> {
    /// Whether values that fulfil all of the writer's schemas fulfil the reader's.
    fn values(&mut self, writer: &[&'v Value], reader: &'v Value) -> bool {
        let mut conditions = Vec::new();
        for value in writer {
            match self.writer.conditions(value) {
                Some(found) => conditions.extend(found),
                None => return true,
            }
        }
        self.conditions(&conditions, reader)
    }

    fn conditions(&mut self, writer: &[Condition<'v>], reader: &'v Value) -> bool {
        let Some(wanted) = self.reader.conditions(reader) else {
            let from = writer.first().map(|c| shown_keywords(c.keywords)).unwrap_or_else(|| "true".to_owned());
            return self.at.note(ChangedPart::Type, Some(from), Some("false".to_owned()), true);
        };
        let address = |keywords: &Keywords| std::ptr::from_ref(keywords) as usize;
        let key = (
            writer.iter().map(|c| (address(c.keywords), c.split.is_some())).collect::<Vec<_>>(),
            std::ptr::from_ref(reader) as usize,
        );
        if let Some(known) = self.known.known(&key) {
            return known || {
                let from = writer.first().map(|c| shown_keywords(c.keywords));
                self.at.note(ChangedPart::Type, from, Some(shown(reader)), true)
            };
        }
        self.known.open(key.clone());
        let mut all = true;
        if self.at.enter() {
            for condition in &wanted {
                all &= self.condition(writer, condition.keywords);
            }
        }
        self.at.leave();
        self.known.close(key, all);
        all
    }

    /// Whether one condition holds: for all values at once, or for those of each branch that the writer has.
    fn condition(&mut self, writer: &[Condition<'v>], wanted: &'v Keywords) -> bool {
        let noted = self.at.changes.len();
        if self.keywords(writer, wanted) {
            return true;
        }
        let why = self.at.changes.split_off(noted);
        let branches = combine::branches(writer).is_some_and(|(place, word, branches)| {
            branches.iter().all(|branch| {
                let Some(taken) = self.writer.conditions(branch) else { return true };
                let mut conditions = writer.to_vec();
                conditions[place].split = Some(word);
                conditions.extend(taken);
                let holds = self.at.enter() && self.condition(&conditions, wanted);
                self.at.leave();
                holds
            })
        });
        self.at.changes.truncate(noted);
        if !branches {
            self.at.changes.extend(why);
        }
        branches
    }

    fn keywords(&mut self, writer: &[Condition<'v>], wanted: &'v Keywords) -> bool {
        let types = types_of(writer);
        if types.is_empty() {
            return true;
        }
        let mut all = self.types(types, wanted);
        all &= self.listed(writer, wanted);
        if types.has_text() {
            all &= self.text(writer, wanted);
        }
        if types.has_number() {
            all &= self.number(writer, types, wanted);
        }
        if types.has_object() {
            all &= self.object(writer, wanted);
        }
        if types.has_array() {
            all &= self.array(writer, wanted);
        }
        all & self.combination(writer, wanted)
    }

    /// Tries without leaving a trace.
    fn tried(&mut self, compare: impl FnOnce(&mut Self) -> bool) -> bool {
        let noted = self.at.changes.len();
        let holds = compare(self);
        self.at.changes.truncate(noted);
        holds
    }

    /// The other way round: whether the reader's values are among the writer's.
    fn turned(&mut self, compare: impl FnOnce(&mut Self) -> bool) -> bool {
        std::mem::swap(&mut self.reader, &mut self.writer);
        self.at.turn();
        let holds = self.tried(compare);
        self.at.turn();
        std::mem::swap(&mut self.reader, &mut self.writer);
        holds
    }

    /// A keyword that holds for the same value only, or where the reader has none.
    fn same(&mut self, writer: &[Condition<'v>], wanted: &'v Keywords, keyword: &str) -> bool {
        let Some(reader) = wanted.get(keyword) else { return self.dropped(writer, keyword) };
        let mut values = writer.iter().filter_map(|c| c.keywords.get(keyword)).peekable();
        let first = values.peek().copied();
        if values.any(|value| value == reader) {
            return true;
        }
        let from = first.map(|value| rule(keyword, value));
        self.at.note(ChangedPart::Constraint, from, Some(rule(keyword, reader)), true)
    }

    /// A keyword that only the writer has narrows what the reader gets, which it can live with.
    fn dropped(&mut self, writer: &[Condition<'v>], keyword: &str) -> bool {
        // Of several conditions, the reader's others may have it.
        if let [only] = writer
            && let Some(value) = only.keywords.get(keyword)
        {
            self.at.note(ChangedPart::Constraint, Some(rule(keyword, value)), None, false);
        }
        true
    }
}

fn rule(keyword: &str, value: &Value) -> String {
    format!("{keyword} {}", shown(value))
}

fn shown(value: &Value) -> String {
    laminar_schema::error::cut(&value.to_string())
}

fn shown_keywords(keywords: &Keywords) -> String {
    match keywords.get("type") {
        Some(Value::String(word)) => word.clone(),
        Some(other) => shown(other),
        None => laminar_schema::error::cut(&serde_json::to_string(keywords).unwrap_or_default()),
    }
}
