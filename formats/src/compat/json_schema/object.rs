//! Keywords of objects. A content model that is open allows properties that the schema does not name, a closed one none.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{ChangedPart, Condition, Inclusion, Keywords, scalar::End, shown};

static OPEN: Value = Value::Bool(true);

impl<'v> Inclusion<'v> {
    pub(super) fn object(&mut self, writer: &[Condition<'v>], wanted: &'v Keywords) -> bool {
        let mut all = self.properties(writer, wanted);
        all &= self.required(writer, wanted);
        all &= self.dependencies(writer, wanted);
        all &= self.bound(writer, wanted, "minProperties", End::Lower);
        all &= self.bound(writer, wanted, "maxProperties", End::Upper);
        all &= self.same(writer, wanted, "unevaluatedProperties");
        if let Some(names) = wanted.get("propertyNames") {
            let of_writer: Vec<&Value> = writer.iter().filter_map(|c| c.keywords.get("propertyNames")).collect();
            all &= match of_writer.is_empty() {
                true => {
                    self.at.note(ChangedPart::Constraint, None, Some(format!("propertyNames {}", shown(names))), true)
                }
                false => self.values(&of_writer, names),
            };
        }
        all
    }

    fn properties(&mut self, writer: &[Condition<'v>], wanted: &'v Keywords) -> bool {
        let mut all = true;
        let mut names: BTreeSet<&'v str> = named(wanted).collect();
        names.extend(writer.iter().flat_map(|c| named(c.keywords)));
        // Without any rule for objects, it takes what comes; what the writer names is told where its own rules are read.
        let patterns = map_of(wanted, "patternProperties");
        for name in names {
            let of_writer: Vec<&Value> = writer.iter().flat_map(|c| rules_for(c.keywords, name)).collect();
            let in_writer = writer.iter().any(|c| property(c.keywords, name).is_some());
            let mut rules: Vec<&Value> = property(wanted, name).into_iter().collect();
            let is_named = !rules.is_empty();
            let open_patterns = patterns
                .into_iter()
                .flatten()
                .filter(|(p, _)| may_match(p, name) && !writer.iter().any(|c| pattern_of(c.keywords, p).is_some()));
            rules.extend(open_patterns.map(|(_, rule)| rule));
            if rules.is_empty() {
                rules.push(wanted.get("additionalProperties").unwrap_or(&OPEN));
            }
            self.at.push(name);
            let noted = self.at.changes.len();
            let mut holds = true;
            for rule in &rules {
                holds &= self.values(&of_writer, rule);
            }
            if is_named != in_writer {
                self.at.changes.truncate(noted);
                let schema = |rules: &[&Value]| rules.first().map(|rule| shown(rule));
                let (from, to) = if is_named { (None, schema(&rules)) } else { (schema(&of_writer), None) };
                // A condition beside others need not name what they name.
                if !holds || writer.len() == 1 {
                    self.at.note(ChangedPart::Field, from, to, !holds);
                }
            }
            all &= holds;
            self.at.pop();
        }
        all & self.unnamed(writer, wanted)
    }

    /// Properties that neither names: by pattern, or any other.
    fn unnamed(&mut self, writer: &[Condition<'v>], wanted: &'v Keywords) -> bool {
        let is_closed = writer.iter().any(|c| {
            c.keywords.get("additionalProperties") == Some(&Value::Bool(false))
                && map_of(c.keywords, "patternProperties").is_none_or(|patterns| patterns.is_empty())
        });
        let additional = wanted.get("additionalProperties");
        let others: Vec<&Value> = writer.iter().filter_map(|c| c.keywords.get("additionalProperties")).collect();
        if is_closed {
            if additional.is_none_or(|rule| *rule != Value::Bool(false)) && writer.len() == 1 {
                self.content_model(&others, additional, false);
            }
            return true;
        }
        let mut all = true;
        for (pattern, rule) in map_of(wanted, "patternProperties").into_iter().flatten() {
            let same: Vec<&Value> = writer.iter().filter_map(|c| pattern_of(c.keywords, pattern)).collect();
            self.at.push(pattern);
            all &= match same.is_empty() {
                false => self.values(&same, rule),
                true => {
                    let holds = self.tried(|this| this.values(&others, rule));
                    self.at.note(ChangedPart::Field, None, Some(shown(rule)), !holds)
                }
            };
            self.at.pop();
        }
        let Some(additional) = additional else { return all };
        let by_pattern = writer.iter().filter_map(|c| map_of(c.keywords, "patternProperties")).flatten();
        for (pattern, rule) in by_pattern.filter(|(pattern, _)| pattern_of(wanted, pattern).is_none()) {
            let holds = self.tried(|this| this.values(&[rule], additional));
            if !holds {
                let shown = shown(rule);
                all &= self.at.inside(pattern, |at| at.note(ChangedPart::Field, Some(shown), None, true));
            }
        }
        let holds = self.tried(|this| this.values(&others, additional));
        if others.first().copied() != Some(additional) || !holds {
            self.content_model(&others, Some(additional), !holds);
        }
        all & holds
    }

    fn content_model(&mut self, from: &[&Value], to: Option<&Value>, breaks: bool) {
        let word = |rule: Option<&Value>| {
            Some(match rule {
                None | Some(Value::Bool(true)) => "open".to_owned(),
                Some(Value::Bool(false)) => "closed".to_owned(),
                Some(rule) => format!("open for {}", shown(rule)),
            })
        };
        self.at.note(ChangedPart::ContentModel, word(from.first().copied()), word(to), breaks);
    }

    /// A property that has to be there and has a default may be missing where the writer's content model is closed: nobody else
    /// can have meant it (Confluent's rule).
    fn required(&mut self, writer: &[Condition<'v>], wanted: &'v Keywords) -> bool {
        let required: BTreeSet<&str> = writer.iter().flat_map(|c| texts(c.keywords.get("required"))).collect();
        let is_open = |c: &Condition<'_>| c.keywords.get("additionalProperties").is_none_or(|rule| *rule == OPEN);
        let mut all = true;
        for name in texts(wanted.get("required")).filter(|name| !required.contains(name)) {
            let has_default = property(wanted, name).is_some_and(|rule| rule.get("default").is_some());
            let in_writer = writer.iter().any(|c| property(c.keywords, name).is_some());
            let breaks = !has_default || in_writer || writer.iter().all(is_open);
            all &= self
                .at
                .inside(name, |at| at.note(ChangedPart::RequiredField, None, Some("required".to_owned()), breaks));
        }
        all
    }

    /// What has to be there, or to hold, where another property is there.
    fn dependencies(&mut self, writer: &[Condition<'v>], wanted: &'v Keywords) -> bool {
        let of_writer: Vec<BTreeMap<&str, Vec<&Value>>> = writer.iter().map(|c| dependencies_of(c.keywords)).collect();
        let mut all = true;
        for (name, rules) in dependencies_of(wanted) {
            let found: Vec<&'v Value> = of_writer.iter().filter_map(|d| d.get(name)).flatten().copied().collect();
            for rule in rules {
                let holds = match rule {
                    Value::Array(_) => {
                        let known: BTreeSet<&str> = found.iter().flat_map(|rule| texts(Some(rule))).collect();
                        texts(Some(rule)).all(|name| known.contains(name))
                    }
                    schema => {
                        let schemas: Vec<&Value> = found.iter().copied().filter(|rule| !rule.is_array()).collect();
                        self.tried(|this| this.values(&schemas, schema))
                    }
                };
                if !holds {
                    let (from, to) = (found.first().map(|rule| shown(rule)), Some(shown(rule)));
                    all &= self.at.inside(name, |at| at.note(ChangedPart::Constraint, from, to, true));
                }
            }
        }
        all
    }
}

fn map_of<'v>(keywords: &'v Keywords, word: &str) -> Option<&'v Keywords> {
    keywords.get(word).and_then(Value::as_object)
}

fn named(keywords: &Keywords) -> impl Iterator<Item = &str> {
    map_of(keywords, "properties").into_iter().flat_map(|names| names.keys().map(String::as_str))
}

fn property<'v>(keywords: &'v Keywords, name: &str) -> Option<&'v Value> {
    map_of(keywords, "properties").and_then(|properties| properties.get(name))
}

fn pattern_of<'v>(keywords: &'v Keywords, pattern: &str) -> Option<&'v Value> {
    map_of(keywords, "patternProperties").and_then(|patterns| patterns.get(pattern))
}

/// What certainly holds for a writer's property of that name.
fn rules_for<'v>(keywords: &'v Keywords, name: &str) -> Option<&'v Value> {
    let has_patterns = map_of(keywords, "patternProperties").is_some_and(|patterns| !patterns.is_empty());
    property(keywords, name).or_else(|| keywords.get("additionalProperties").filter(|_| !has_patterns))
}

/// Whether a pattern may match a name. Only those that are a literal beginning are known not to.
fn may_match(pattern: &str, name: &str) -> bool {
    match pattern.strip_prefix('^') {
        Some(literal) if literal.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-') => {
            name.starts_with(literal)
        }
        _ => true,
    }
}

fn texts(list: Option<&Value>) -> impl Iterator<Item = &str> {
    list.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

fn dependencies_of(keywords: &Keywords) -> BTreeMap<&str, Vec<&Value>> {
    let mut found: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for word in ["dependencies", "dependentRequired", "dependentSchemas"] {
        for (name, rule) in map_of(keywords, word).into_iter().flatten() {
            found.entry(name).or_default().push(rule);
        }
    }
    found
}
